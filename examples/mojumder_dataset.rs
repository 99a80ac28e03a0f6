//! The data set of Mojumder et al., arXiv 2509.03029 (2025), as far as its source is known: 148 consecutive frames of one spot pulse.
//!
//! What is seen: four frames before, early in, late in and after the pulse, the absorptance of each frame, and the labels of pool and keyhole depth. The paper's 148 annotated samples are, as far as can be inferred, frames 80 to 227 of NIST's spot run on Ti-6Al-4V at 50 kHz (doi
//! 10.18434/mds2-2525): one experiment, so that a random test part consists of neighbors of training frames. Here a simulated run takes its place
//! (`spot148`: nominal 232 W, 1 frame before, 103 with and 44 after the laser; the real pulse has some 101 with and 46 after). 2 s.
//! Output: `target/figures/mojumder_dataset/`.

use std::fmt::Write as _;

use meltpool_plot::{Axis, Curve, OKABE_ITO, PanelFigure, RadiographFigure, ScatterFigure};
use ndarray::s;
use serde_json::json;

#[path = "support/ml.rs"]
mod ml;
use ml::{Outcome, Set};
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml_scores::{TARGETS, folder, page, save};

fn main() -> Outcome {
    let set = Set::new("spot148", 128, 1000)?;
    let images = set.raw_images()?;
    let samples = set.samples();
    let times: Vec<f64> = samples.iter().map(|s| s.time_us).collect();
    let signal = set.windows.column(19).to_vec();
    // laser-off frames have a signal of 0.01 times a normal number
    let is_on: Vec<bool> = signal.iter().map(|a| *a > 0.1).collect();
    let before = is_on.iter().take_while(|on| !**on).count();
    let on = is_on.iter().filter(|on| **on).count();
    let after = samples.len() - before - on;
    let closed = set.truth.column(1).iter().filter(|d| **d <= 0.0).count();
    println!(
        "{} frames of one run: {before} before, {on} with, {after} after the laser; {closed} without a keyhole",
        samples.len()
    );
    assert_eq!((samples.len(), before, on, after), (148, 1, 103, 44));

    let mut figure = PanelFigure::new(3).theme(page(120.0));
    for frame in [0, 60, 103, 120] {
        let image = images.slice(s![frame, 0, .., ..]).to_owned();
        println!(
            "panel: frame {frame}, {:.0} µm true pool depth",
            set.truth[[frame, 0]]
        );
        let axis = Axis::dimensionless(format!("frame {frame}, transmission")).range(0.7, 1.7);
        figure = figure.panel(RadiographFigure::new(&image, 676.0 / 128.0, axis));
    }
    let time = || Axis::new("time since laser on", "µs");
    let panel = ScatterFigure::new(time(), Axis::dimensionless("absorptance").range(-0.1, 1.1));
    figure =
        figure.panel(panel.curve(
            Curve::new("simulated signal", times.clone(), signal.clone()).color(OKABE_ITO[4]),
        ));
    let mut panel = ScatterFigure::new(time(), Axis::new("label: depth", "µm"));
    for (k, target) in TARGETS.into_iter().enumerate() {
        let labels = set.labels.column(k).to_vec();
        panel = panel.curve(Curve::new(target, times.clone(), labels).color(OKABE_ITO[[4, 5][k]]));
    }
    figure = figure.panel(panel);
    let mut csv =
        "frame,time_us,absorptance,pool_label_um,keyhole_label_um,pool_truth_um,keyhole_truth_um\n"
            .to_owned();
    for row in 0..samples.len() {
        let (l, t) = (set.labels.row(row), set.truth.row(row));
        writeln!(
            csv,
            "{row},{},{:.5},{:.3},{:.3},{:.3},{:.3}",
            times[row], signal[row], l[0], l[1], t[0], t[1]
        )?;
    }
    std::fs::write(folder("mojumder_dataset")?.join("dataset.csv"), csv)?;
    save(&figure, "mojumder_dataset")?;
    println!(
        "{}",
        json!({ "frames": samples.len(), "before": before, "on": on, "after": after, "without_keyhole": closed })
    );
    Ok(())
}
