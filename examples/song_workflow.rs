//! The workflow of Song et al., Metals 16(5), 487 (2026), doi 10.3390/met16050487: one film through every step, from raw radiograph to velocities and shapes.
//!
//! What is seen: a raw frame, its absorbance after flat and dark field, the motion contrast of 32 frames, the speed by optical flow between two band-passed
//! frames, the keyhole's outline, and its depth over time. The paper's figure was not at hand: steps and panels are inferred from its review record. All
//! simulated (`scan_cycle`, 2e4 photons, 1.087 MHz, 1 µm), so that the errors printed are against the truth. Some 20 s. Output: `target/figures/song_workflow/`.

use mcxi::{Band, BandPass, ContrastToNoise, MoveContrast};
use meltpool_morphology::{Period, Summary};
use meltpool_plot::{
    Axis, Colormap, Contrast, PanelFigure, RadiographFigure, ScatterFigure, Series, Theme,
};
use meltpool_sim::{Detector, preset};
use ndarray::{Array2, Axis as Dimension, s};
use optical_flow::{
    Calibration, FlowError, FlowEstimator, FlowField, FrameRate, HornSchunck, Image, PixelSize,
};
use serde_json::json;

#[path = "support/morphology.rs"]
mod morphology;
#[path = "support/motion.rs"]
mod motion;
use morphology::{Outcome, finder, save, simulate, with_outlines};

fn shown(
    image: &Array2<f32>,
    label: &str,
    unit: &str,
    map: Colormap,
    percent: [f64; 2],
) -> RadiographFigure {
    let axis = if unit.is_empty() {
        Axis::dimensionless(label)
    } else {
        Axis::new(label, unit)
    };
    RadiographFigure::new(&image.slice(s![40..340, 150..500]).to_owned(), 1.0, axis)
        .colormap(map)
        .contrast(Contrast::Percentile {
            low: percent[0],
            high: percent[1],
        })
        .scale_bar_um(100.0)
}

#[expect(clippy::too_many_lines, reason = "one page, panel by panel")]
fn main() -> Outcome {
    let (n, middle) = (32, 16);
    let film = preset::scan_cycle(512, 512)
        .map_detector(|_| Detector::new(2e4))
        .n_frames(n)
        .seed(1);
    let found = simulate(&film)?;
    let rate = FrameRate::from_hertz(1.087e6)?;

    // 1, 2: raw frame, absorbance by flat and dark field
    let raw = found
        .counts
        .index_axis(Dimension(0), middle)
        .mapv(f32::from);
    let still = motion::rectangle((512, 512), motion::STILL_ROWS, motion::STILL_COLUMNS);
    let absorbance = motion::absorbance_of(&found.plan, &still)?;
    let one = absorbance.index_axis(Dimension(0), middle).to_owned();

    // 3: what moves
    let band = Band::from_fraction(0.03, 0.25);
    let contrast = MoveContrast::new(rate)
        .band(band)
        .image(&absorbance.view())?;
    let liquid = found.plan.liquid_mask(middle)?;
    let cnr = |image: &Array2<f32>| -> Outcome<f64> {
        Ok(ContrastToNoise::new(&image.mapv(f64::from), &liquid, &still)?.over_background())
    };
    let gain = [cnr(&one)?.abs(), cnr(&contrast)?];

    // 4: velocities
    let filtered = BandPass::new(rate, band).apply(&absorbance.view())?;
    let [a, b] = [middle, middle + 1].map(|k| filtered.index_axis(Dimension(0), k).to_owned());
    let (first, second) = Image::pair(&a.view(), &b.view())?;
    let flow = HornSchunck::new().estimate(&first, &second)?.flow;
    let scale = Calibration::new(PixelSize::from_micrometers(1.0)?, rate);
    let truth = found.plan.velocity_field(middle)?;
    let truth = FlowField::new(truth.u, truth.v)?;
    let keyhole = found.plan.keyhole_mask(middle + 1)?;
    let scored = Array2::from_shape_fn(liquid.dim(), |at| liquid[at] && !keyhole[at]);
    let unit = scale.meters_per_second(1.0);
    let error = unit * FlowError::between(&flow, &truth, Some(&scored))?.end_point;
    let rest =
        unit * FlowError::between(&FlowField::zeros(truth.dim()), &truth, Some(&scored))?.end_point;

    // 5, 6: shapes and their cycle
    let sightings = finder(&found.plan)?.apply_all(&found.film)?;
    let mut depths = Vec::new();
    let mut errors = Vec::new();
    for (k, sighting) in sightings.iter().enumerate() {
        let depth = sighting
            .keyhole()
            .ok_or("a keyhole is missing")?
            .geometry
            .depth_um;
        errors.push((depth - found.plan.keyhole_geometry(k)?.depth_um).abs());
        depths.push(depth);
    }
    let depth_error = Summary::of(errors).ok_or("no depth")?.median;
    let period = 1e6
        * Period::of(&depths, rate)?
            .ok_or("nothing varies")?
            .seconds
            .value;
    println!(
        "contrast to noise of the melt: {:.2} in one frame, {:.2} in motion contrast",
        gain[0], gain[1]
    );
    println!("velocities: {error:.2} m/s from the truth on average (a field at rest: {rest:.2})");
    println!(
        "depths: {depth_error:.2} µm from the truth (median); period {period:.1} µs (true 24)"
    );
    assert!(gain[1] > gain[0] && error < rest && depth_error < 1.0);

    let outline = sightings[middle]
        .keyhole()
        .ok_or("no keyhole")?
        .outline
        .moved(-150.0, -40.0);
    let outlined = with_outlines(
        &found.film.frame(middle).slice(s![40..340, 150..500]),
        [-0.1, 0.5],
        &[(&outline, 0.6)],
        2,
    );
    let speed = flow.in_meters_per_second(scale).speed();
    let times: Vec<f64> = (0..n).map(|k| k as f64 / 1.087).collect();
    let page = PanelFigure::new(2)
        .panel(shown(
            &raw,
            "1 raw frame",
            "counts",
            Colormap::Gray,
            [5.0, 80.0],
        ))
        .panel(shown(
            &one,
            "2 absorbance",
            "",
            Colormap::Gray,
            [20.0, 99.0],
        ))
        .panel(shown(
            &contrast,
            "3 motion contrast",
            "",
            Colormap::Cividis,
            [1.0, 99.0],
        ))
        .panel(shown(
            &speed,
            "4 speed",
            "m/s",
            Colormap::Cividis,
            [1.0, 99.0],
        ))
        .panel(
            RadiographFigure::new(&outlined, 0.5, Axis::dimensionless("5 keyhole outlined"))
                .colormap(Colormap::Gray)
                .contrast(Contrast::Window {
                    low: -0.1,
                    high: 0.6,
                })
                .scale_bar_um(100.0),
        )
        .panel(
            ScatterFigure::new(Axis::new("time", "µs"), Axis::new("6 keyhole depth", "µm"))
                .series(Series::new("each frame", times, depths)),
        )
        .theme(Theme::page().height_mm(215.0));
    let table = format!(
        "quantity,value\ncnr_frame,{}\ncnr_motion,{}\nvelocity_error_m_s,{error}\ndepth_error_um,{depth_error}\nperiod_us,{period}\n",
        gain[0], gain[1]
    );
    save("song_workflow", &page, &table)?;
    println!(
        "{}",
        json!({ "cnr_frame": gain[0], "cnr_motion": gain[1], "velocity_error_m_s": error, "velocity_error_at_rest_m_s": rest, "depth_error_um_median": depth_error, "period_us": period, "panels_inferred": true })
    );
    Ok(())
}
