//! The negative control of the stagnation map: a pool in which all liquid moves at 1.3 m/s, so that any zone found is false.
//!
//! What is seen: the area that the map of motion contrast calls stationary, against the smoothing of the band power, for three
//! false-alarm probabilities and two numbers of photons; without smoothing the texture's own gaps count as rest. All simulated
//! (`no_stagnation`); `--input STACK --pixel-um X --rate-hz Y` maps own frames (all rows below a fifth are then taken for liquid, the lower
//! left for still). Some 20 s. Output: `target/figures/song_negative_control/`.

use std::fmt::Write as _;
use std::path::Path;

use mcxi::{Band, FrameRate, MoveContrast, Normalization, StagnationMap};
use meltpool_plot::{Axis, Figure, ScatterFigure, Series, Theme};
use meltpool_sim::{Detector, preset};
use serde_json::json;

#[path = "support/motion.rs"]
mod motion;
use motion::{Outcome, STILL_COLUMNS, STILL_ROWS, absorbance_of, own_frames, rectangle};

const SIGMAS_PX: [f64; 6] = [0.0, 1.0, 1.5, 2.0, 3.0, 4.0];

fn main() -> Outcome<()> {
    let mut films = Vec::new();
    if let Some(own) = own_frames()? {
        let (_, n_rows, n_columns) = own.frames.dim();
        let still = rectangle(
            (n_rows, n_columns),
            3 * n_rows / 4..n_rows,
            0..n_columns / 3,
        );
        let liquid = rectangle(
            (n_rows, n_columns),
            n_rows / 5..n_rows,
            n_columns / 3..n_columns,
        );
        let absorbance = Normalization::new()
            .gain_region(still.clone())
            .absorbance(true)
            .apply(&own.frames.view())?;
        films.push((
            "own frames".to_owned(),
            absorbance,
            liquid,
            still,
            own.rate,
            own.pixel_um,
        ));
    } else {
        for photons in [2e3, 2e4] {
            let plan = preset::no_stagnation(512, 512)
                .n_frames(32)
                .seed(1)
                .map_detector(|_| Detector::new(photons))
                .plan()?;
            let still = rectangle((512, 512), STILL_ROWS, STILL_COLUMNS);
            let absorbance = absorbance_of(&plan, &still)?;
            let liquid = plan.liquid_mask(16)?;
            let rate = FrameRate::from_hertz(1.087e6)?;
            films.push((
                format!("{photons} photons"),
                absorbance,
                liquid,
                still,
                rate,
                1.0,
            ));
        }
    }
    let mut figure = ScatterFigure::new(
        Axis::new("smoothing of the band power", "px"),
        Axis::new("liquid called stationary", "%"),
    )
    .theme(Theme::page());
    let mut table = "film,false_alarm_probability,sigma_px,area_um2,share_of_liquid\n".to_owned();
    let mut rows = Vec::new();
    for (name, absorbance, liquid, still, rate, pixel_um) in &films {
        let n_liquid = liquid.iter().filter(|inside| **inside).count() as f64;
        for probability in [1e-1, 1e-2, 1e-3] {
            let mut shares = Vec::new();
            for sigma_px in SIGMAS_PX {
                let contrast = MoveContrast::new(*rate).band(Band::from_fraction(0.03, 0.25));
                let map = StagnationMap::new(contrast)
                    .false_alarm_probability(probability)
                    .smoothing_px(sigma_px)
                    .apply(&absorbance.view(), liquid, still)?;
                let share = map.n_pixels() as f64 / n_liquid;
                let area = map.n_pixels() as f64 * pixel_um * pixel_um;
                writeln!(
                    table,
                    "{name},{probability},{sigma_px},{area:.0},{share:.5}"
                )?;
                rows.push(json!({ "film": name, "p": probability, "sigma_px": sigma_px, "area_um2": area, "share": share }));
                shares.push(100.0 * share);
            }
            println!("{name}, p {probability}: {shares:.2?} % at {SIGMAS_PX:?} px");
            assert!(
                shares.windows(2).all(|pair| pair[1] < pair[0] + 1.0),
                "smoothing removes false zones"
            );
            let label = format!("{name}, p = {probability}");
            figure = figure.series(Series::new(label, SIGMAS_PX, shares));
        }
    }
    std::fs::create_dir_all("target/figures/song_negative_control")?;
    std::fs::write("target/figures/song_negative_control/table.csv", table)?;
    let files = figure.save_all(
        Path::new("target/figures/song_negative_control"),
        "song_negative_control",
    )?;
    println!("wrote {}", files.png.display());
    println!("{}", json!({ "false_zones": rows }));
    Ok(())
}
