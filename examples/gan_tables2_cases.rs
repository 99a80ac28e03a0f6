//! The Al6061 cases of the movies of Gan et al. (preprint of Nat. Commun. 12, 2379): simulated radiograph, settings, Keyhole number, measured depth.
//!
//! What is seen: a frame of each of the eleven settings with the outline that is found, and depths found over depths set. The supplement's Table S2 was
//! not seen: settings are those of the movie captions, depths those that the simulator is given from the published measurements, so that the Keyhole
//! number (absorptivity 0.3) and e* are computed here. At 5000 photons a keyhole in aluminum is about as faint as noise and melt pool: only some of the
//! eleven are found, one of them wrongly, and the picture shows it. All simulated. Some 20 s. Output: `target/figures/gan_tables2_cases/`.

use std::fmt::Write as _;

use meltpool_morphology::{Background, Contrast as Contrasted, Summary};
use meltpool_plot::{
    Axis, Colormap, Contrast, Curve, PanelFigure, RadiographFigure, ScatterFigure, Series, Theme,
};
use meltpool_sim::Alloy;
use meltpool_sim::preset::{self, GAN_MOVIES, ProcessCase};
use ndarray::{Array2, Axis as Axis3, s};
use serde_json::json;

#[path = "support/morphology.rs"]
mod support;
use support::{Outcome, before_the_laser, finder, save, tiled, with_outlines};

#[expect(
    clippy::too_many_lines,
    clippy::single_match_else,
    reason = "straight through, case by case"
)]
fn main() -> Outcome {
    println!("frames: simulated (gan_movie 1 to 11)");
    let mut table = "movie,power_W,speed_m_s,keyhole_number,depth_set_um,depth_found_um,uncertainty_um,e_star\n".to_owned();
    let (mut set, mut got, mut parts, mut errors, mut missing) =
        (vec![], vec![], vec![], vec![], 0);
    for movie in &GAN_MOVIES {
        let film = preset::gan_movie(usize::from(movie.number), 1)?;
        // a frame in the middle of the track, where the pool is whole
        let plan = film.plan()?;
        let frame = plan.n_frames() / 2;
        let counts = plan.frame(frame)?.insert_axis(Axis3(0));
        let still = Array2::from_shape_fn(plan.camera().shape(), |(y, _)| y > 440);
        let contrast =
            Contrasted::new(Background::Image(before_the_laser(&plan)?)).gain_region(still);
        let contrast = contrast.apply(&counts.view())?;
        let finder = finder(&plan)?;
        let sighting = finder.apply(&contrast.frame(0))?;
        let truth = plan.keyhole_geometry(frame)?;
        let case = ProcessCase {
            power_w: movie.power_w,
            speed_m_s: movie.speed_m_s,
            spot_um: movie.spot_um,
            alloy: Alloy::Al6061,
        };
        let number = case.keyhole_number(0.3, None);
        let image = contrast.frame(0);
        let column = truth.mouth_column as usize;
        let (top, left) = (30_usize, column.saturating_sub(60).min(512 - 120));
        let keyhole = sighting.keyhole();
        let outline = keyhole.map(|k| k.outline.moved(-(left as f64), -(top as f64)));
        let lines: Vec<_> = outline.iter().map(|o| (o, 0.7_f32)).collect();
        parts.push(with_outlines(
            &image.slice(s![top..top + 360, left..left + 120]),
            [-0.15, 0.45],
            &lines,
            2,
        ));
        match keyhole {
            Some(k) => {
                let e_star = k.geometry.depth_um / (0.5 * movie.spot_um);
                writeln!(
                    table,
                    "{},{},{},{number:.3},{:.2},{:.2},{:.2},{e_star:.3}",
                    movie.number,
                    movie.power_w,
                    movie.speed_m_s,
                    truth.depth_um,
                    k.geometry.depth_um,
                    k.uncertainty.depth_um
                )?;
                set.push(truth.depth_um);
                got.push(k.geometry.depth_um);
                errors.push((k.geometry.depth_um - truth.depth_um).abs());
                println!(
                    "movie {:>2}: Ke {number:.2}, {:.1} µm set, {:.1} µm found (confidence {:.2})",
                    movie.number, truth.depth_um, k.geometry.depth_um, k.confidence
                );
            }
            None => {
                missing += 1;
                writeln!(
                    table,
                    "{},{},{},{number:.3},{:.2},,,",
                    movie.number, movie.power_w, movie.speed_m_s, truth.depth_um
                )?;
                println!(
                    "movie {:>2}: Ke {number:.2}, {:.1} µm set, not found: {:?}",
                    movie.number,
                    truth.depth_um,
                    sighting.missing()
                );
            }
        }
    }
    let error = Summary::of(errors).ok_or("nothing found")?;
    println!(
        "found {} of 11, depth error median {:.2} µm, largest {:.2} µm",
        set.len(),
        error.median,
        error.max
    );
    let picture = RadiographFigure::new(
        &tiled(&parts, 11),
        0.99,
        Axis::dimensionless("I / plate − 1"),
    )
    .colormap(Colormap::Gray)
    .contrast(Contrast::Window {
        low: -0.15,
        high: 0.7,
    })
    .scale_bar_um(200.0);
    let most = set.iter().copied().fold(0.0, f64::max);
    let depths = ScatterFigure::new(Axis::new("depth set", "µm"), Axis::new("depth found", "µm"))
        .series(Series::new("middle frame of each movie", set.clone(), got))
        .curve(Curve::new("equal", vec![0.0, most], vec![0.0, most]));
    let page = PanelFigure::new(1)
        .panel(picture)
        .panel(depths)
        .theme(Theme::page().height_mm(170.0));
    save("gan_tables2_cases", &page, &table)?;
    println!(
        "{}",
        json!({ "cases": 11, "found": set.len(), "missing": missing, "depth_error_um_median": error.median, "depth_error_um_max": error.max })
    );
    Ok(())
}
