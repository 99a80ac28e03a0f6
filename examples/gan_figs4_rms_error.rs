//! Fig. S4 of Gan et al. (preprint): the error of the candidate laws of keyhole depth on the rows that trained them and on others.
//!
//! The laws of the front of the keyhole search (five runs of genetic programming on the measured Ti-6Al-4V rows): a, their RMSE on
//! these rows falls with complexity; b, on Al6061 and SS316, which no law has seen, it does not. Marked is the knee; the line is
//! Eq. 2 with its published coefficients. Depths are measured; the absorptivity in P* is reconstructed from them, as in the paper.
//! Takes some seconds. Figures and tables go to `target/figures/gan_figs4_rms_error/`; the last line of output is JSON.

#[path = "support/keyhole.rs"]
#[expect(dead_code, reason = "this example needs the rows and the search")]
mod keyhole;

use std::error::Error;
use std::path::Path;

use dimless::{ExponentialDepthLaw, Source};
use keyhole::{keyhole_search, keyholes};
use meltpool_plot::{
    Axis, Curve, Figure, Marker, OKABE_ITO, PanelFigure, ScatterFigure, Series, Theme,
};
use serde_json::json;
use symreg::{Data, Score};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/gan_figs4_rms_error";
const ALLOYS: [&str; 3] = ["Ti-6Al-4V", "Al6061", "SS316"];

fn main() -> Outcome {
    let quick = std::env::args().any(|a| a == "--quick");
    let keyholes = keyholes(&Source::GanTableS1)?;
    let rows = ALLOYS
        .iter()
        .map(|alloy| {
            Ok(keyholes
                .data
                .split_by_label(&keyholes.material, |m| m == *alloy)?
                .0)
        })
        .collect::<Outcome<Vec<Data>>>()?;
    let search = keyhole_search(1).population_size(if quick { 250 } else { 1000 });
    let result = search.fit(&rows[0])?;
    let front = result.front();
    let (knee, law) = front.knee().ok_or("the front has no knee")?;
    println!("   C  RMSE of e/d: Ti-6Al-4V, Al6061, SS316; depth =");
    // Complexity and the error on each alloy; not a number where a law is not defined on all rows.
    let mut errors: Vec<(f64, Vec<f64>)> = Vec::new();
    for (i, model) in front.models().iter().enumerate() {
        let found = rows
            .iter()
            .map(|data| Ok(model.score(data)?.rmse))
            .collect::<Outcome<Vec<f64>>>()?;
        println!(
            "{}{:4} {:7.3} {:7.3} {:7.3}  {}",
            if i == knee.index { '*' } else { ' ' },
            model.complexity(),
            found[0],
            found[1],
            found[2],
            model.to_infix_rounded(4)
        );
        errors.push((model.complexity() as f64, found));
    }
    let published = rows.iter().map(published).collect::<Outcome<Vec<f64>>>()?;
    let chosen = &errors[knee.index].1;
    let last = &errors[errors.len() - 1].1;
    // More complexity fits the training rows better and the others no better than the knee.
    assert!(last[0] < chosen[0] && (chosen[0] - published[0]).abs() < 0.02);

    let end = errors.iter().fold(0.0_f64, |m, e| m.max(e.0)) + 2.0;
    let panel = |alloys: &[usize], note: &str| {
        let mut figure = ScatterFigure::new(
            Axis::dimensionless("expressional complexity").range(0.0, end),
            Axis::dimensionless("RMSE of e/d")
                .log()
                .range(0.1, if alloys.len() == 1 { 1.0 } else { 10.0 }),
        )
        .note(note);
        for &k in alloys {
            let shown = errors
                .iter()
                .filter(|e| e.1[k].is_finite() && e.1[k] < 10.0);
            let (x, y): (Vec<f64>, Vec<f64>) = shown.map(|e| (e.0, e.1[k])).unzip();
            let name = format!("Eq. 2 as published, {}", ALLOYS[k]);
            let line = Curve::new(name, [0.0, end], [published[k]; 2]).color(OKABE_ITO[k]);
            figure = figure.curve(line.dashed());
            figure = figure.series(
                Series::new(ALLOYS[k], x, y)
                    .color(OKABE_ITO[k])
                    .marker(Marker::ALL[k]),
            );
        }
        let x = vec![law.complexity() as f64; alloys.len()];
        let y: Vec<f64> = alloys.iter().map(|&k| chosen[k]).collect();
        figure.series(
            Series::new("knee", x, y)
                .color(OKABE_ITO[4])
                .marker(Marker::ALL[3]),
        )
    };
    let page = PanelFigure::new(2)
        .panel(panel(&[0], "training rows, measured"))
        .panel(panel(&[1, 2], "test rows, measured"))
        .theme(Theme::page().height_mm(95.0));
    let files = page.save_all(Path::new(FOLDER), "rms_error")?;
    println!("{}", files.png.display());
    println!(
        "{}",
        json!({"law": law.to_infix(), "rmse_knee": chosen, "rmse_most_complex": last,
               "rmse_published": published, "alloys": ALLOYS, "laws": errors.len()})
    );
    Ok(())
}

/// The RMSE of Eq. 2 with the published coefficients.
fn published(data: &Data) -> Outcome<f64> {
    let law = ExponentialDepthLaw::published();
    let [ps, pe, ts] = [data.column("Ps")?, data.column("Pe")?, data.column("Ts")?];
    let predicted = (0..data.n_rows())
        .map(|i| law.predict(ps[i] / (pe[i] * ts[i])))
        .collect::<Result<Vec<f64>, _>>()?;
    Ok(Score::of(data.target(), &predicted)?.rmse)
}
