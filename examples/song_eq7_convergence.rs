//! Song et al., Metals 16(5), 487 (2026), Eqs. 7 and 8: how far the iteration is from its solution when its stopping rule is met.
//!
//! What is seen: true relative residual and distance to the converged field of one level, against sweeps, of the published Jacobi iteration, of
//! over-relaxation and of multigrid, with the update norm by which the published rule stops. Simulated noisy keyhole frames (256 x 256 px).
//! Some 10 s. Output: `target/figures/song_eq7_convergence/`.

use std::fmt::Write as _;

use meltpool_plot::{Axis, ScatterFigure, Series, Theme};
use meltpool_sim::{Detector, preset};
use optical_flow::{
    Alpha, Depth, FlowEstimator, FlowField, HornSchunck, Image, PreSmoothing, Solver,
};
use serde_json::json;

#[path = "support/flow.rs"]
mod flow;
use flow::{Outcome, save};

fn distance(found: &FlowField, exact: &FlowField) -> f64 {
    let (mut sum, mut norm) = (0.0, 0.0);
    for (a, b) in found
        .u
        .iter()
        .chain(&found.v)
        .zip(exact.u.iter().chain(&exact.v))
    {
        sum += f64::from(a - b).powi(2);
        norm += f64::from(*b).powi(2);
    }
    f64::sqrt(sum / norm)
}

#[expect(clippy::too_many_lines, reason = "one figure, straight through")]
fn main() -> Outcome<()> {
    let film = preset::scan_cycle(256, 256)
        .n_frames(2)
        .seed(3)
        .map_detector(|_| Detector::new(2e3));
    let plan = film.plan()?;
    let (first, second) = Image::pair(&plan.frame(0)?.view(), &plan.frame(1)?.view())?;
    let one_level = || {
        HornSchunck::song()
            .alpha(Alpha::Fixed(0.1))
            .depth(Depth::Levels(1))
            .pre_smoothing(PreSmoothing::Gaussian(0.0))
            .tolerance(1e-300)
    };
    // 200 Jacobi sweeps are near nothing here: the solution is that of many V cycles
    let exact = one_level()
        .solver(Solver::Multigrid)
        .tolerance(1e-6)
        .max_iterations(60)
        .estimate(&first, &second)?;
    let exact_residual = exact.convergence.map_or(f64::NAN, |c| c.residual);
    let mut table = "solver,sweeps,update_norm,residual,distance\n".to_owned();
    let mut figure = ScatterFigure::new(
        Axis::new("work", "sweeps of the finest grid").log(),
        Axis::dimensionless("relative to the solution").log(),
    )
    .theme(Theme::page());
    let solvers: [(&str, Solver, usize, &[usize]); 3] = [
        (
            "Jacobi, as published",
            Solver::Jacobi,
            1,
            &[1, 3, 10, 30, 100, 200, 400, 1000, 2000],
        ),
        (
            "over-relaxation 1.9",
            Solver::Sor(1.9),
            1,
            &[5, 10, 20, 50, 100, 200, 400],
        ),
        (
            "multigrid V(1,1)",
            Solver::Multigrid,
            2,
            &[1, 2, 3, 4, 6, 8],
        ),
    ];
    let mut rule: Option<(usize, f64, f64)> = None;
    let mut at_200 = f64::NAN;
    for (name, solver, sweeps_each, counts) in solvers {
        let (mut work, mut residuals, mut distances) = (Vec::new(), Vec::new(), Vec::new());
        for &n in counts {
            let result = one_level()
                .solver(solver)
                .max_iterations(n)
                .estimate(&first, &second)?;
            let Some(c) = result.convergence else {
                continue;
            };
            // the nine-point and the five-point solution differ in the shape of their smoothing, not by the solver: each is
            // compared with its own
            let away = if solver == Solver::Jacobi {
                f64::NAN
            } else {
                distance(&result.flow, &exact.flow)
            };
            let update = c.update.unwrap_or(f64::NAN);
            writeln!(
                table,
                "{name},{},{update:e},{:e},{away:e}",
                n * sweeps_each,
                c.residual
            )?;
            println!(
                "{name}: {} sweeps, update {update:.1e}, residual {:.1e}, distance {away:.1e}",
                n * sweeps_each,
                c.residual
            );
            work.push((n * sweeps_each) as f64);
            residuals.push(c.residual);
            if away.is_finite() {
                distances.push(away);
            }
            if solver == Solver::Jacobi && n == 200 {
                at_200 = c.residual;
            }
        }
        figure = figure.series(Series::new(
            format!("{name}: residual"),
            work.clone(),
            residuals,
        ));
        if distances.len() == work.len() {
            figure = figure.series(Series::new(format!("{name}: distance"), work, distances));
        }
    }
    // the rule itself, and the distance to the nine-point solution
    let long = one_level()
        .max_iterations(20_000)
        .tolerance(1e-9)
        .estimate(&first, &second)?;
    for tolerance in [1e-3, 1e-4, 1e-5] {
        let stopped = one_level()
            .max_iterations(20_000)
            .tolerance(tolerance)
            .estimate(&first, &second)?;
        let Some(c) = stopped.convergence else {
            continue;
        };
        let away = distance(&stopped.flow, &long.flow);
        println!(
            "the rule at {tolerance:e}: {} sweeps, residual {:.2e}, {:.1} % from the solution",
            c.iterations,
            c.residual,
            100.0 * away
        );
        writeln!(
            table,
            "rule {tolerance:e},{},{tolerance:e},{:e},{away:e}",
            c.iterations, c.residual
        )?;
        if (tolerance / 1e-4 - 1.0_f64).abs() < 1e-9 {
            rule = Some((c.iterations, c.residual, away));
        }
    }
    let (sweeps, residual, away) = rule.ok_or("the rule")?;
    assert!(
        exact_residual <= 1e-5,
        "multigrid converges to single precision"
    );
    assert!(away > 10.0 * 1e-4, "the rule is not convergence");
    save("song_eq7_convergence", &figure, &table)?;
    println!(
        "{}",
        json!({ "sweeps_at_1e-4": sweeps, "residual_at_1e-4": residual, "distance_at_1e-4": away, "residual_after_200": at_200, "multigrid_residual": exact_residual })
    );
    Ok(())
}
