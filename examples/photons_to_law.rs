//! From photons to a law: radiographs of a process matrix, corrected, measured, made dimensionless, and the law that the simulator obeys found again.
//!
//! What is seen: a raw radiograph, the same frame as motion contrast with the outline that is found, measured against true depths, the law with the data, and its
//! two coefficients with their intervals for each seed. All simulated: settings of power, speed, spot and alloy whose depth obeys e/r = 0.4 (Ke - 1.4) (Gan et al., Nat.
//! Commun. 12, 2379, 2021) and fluctuates by 15 % from frame to frame; nobody tells the programs after the camera any of it. Each step's share of the error is
//! printed: depth of the law, mean true depth of the frames, measured depth, law. The choice of motion contrast and the settings of the tip were made on
//! seed 1; the other seeds are new to them. Two and a half minutes of processor time, the films on all cores (`--quick`: fewer settings, one seed). Output: `target/figures/photons_to_law/`.

use std::fmt::Write as _;
use std::time::Instant;

use meltpool_morphology::{Summary, quantile};
use meltpool_plot::{
    Axis, Colormap, Contrast, Curve, PanelFigure, RadiographFigure, ScatterFigure, Series, Theme,
};
use meltpool_sim::preset::ProcessMatrix;
use meltpool_sim::{Alloy, Camera};
use ndarray::s;
use serde_json::json;

#[path = "support/loop_law.rs"]
mod loop_law;
#[path = "support/morphology.rs"]
mod morphology;
#[path = "support/photons.rs"]
mod photons;
use loop_law::{Depths, Found, find};
use morphology::{is_quick, save, with_outlines};
use photons::{Against, Campaign, Depth, Measured, Outcome, Recorded, TRUE_COEFFICIENTS};

const ALLOYS: [Alloy; 3] = [Alloy::Ti64, Alloy::Al6061, Alloy::Ss316];

#[expect(clippy::too_many_lines, reason = "straight through, step by step")]
fn main() -> Outcome {
    let start = Instant::now();
    let quick = is_quick();
    let seeds = if quick { 1..=1 } else { 1..=5 };
    let powers = if quick {
        vec![150.0, 320.0]
    } else {
        vec![150.0, 220.0, 320.0, 460.0]
    };
    let campaign = Campaign {
        matrix: ProcessMatrix::new(
            powers,
            vec![0.4, 0.7, 1.2],
            vec![80.0, 110.0],
            ALLOYS.to_vec(),
        ),
        camera: Camera::new(224, 448, 2.0, 50_000.0),
        photons: 5e4,
        depths_um: [70.0, 260.0],
        max_frames: 40,
    };
    let cases = campaign.cases()?;
    println!(
        "films: simulated, {} settings of power, speed, spot and alloy, 50 kHz, 2 µm/px",
        cases.len()
    );

    println!("\n1. Which contrast? Depth of the tip in each frame of seed 1, px");
    let mut compared = campaign.measure(1, &Against::ALL)?;
    for (how, measured) in Against::ALL.iter().zip(&compared) {
        let errors = frame_errors(measured, |d| d.tip)?;
        println!(
            "   {:24} found in {:5.1} % of the frames, error median {:.2}, 95 % {:.2}, mean {:+.2}",
            how.name(),
            100.0 * errors.share,
            errors.median,
            errors.q95,
            errors.mean
        );
    }
    let errors = Against::ALL
        .iter()
        .zip(&compared)
        .map(|(_, m)| frame_errors(m, |d| d.tip))
        .collect::<Outcome<Vec<_>>>()?;
    let outline = frame_errors(&compared[2], |d| d.outline)?;
    println!(
        "   motion contrast, the end of the outline in place of the tip: error median {:.2}, mean {:+.2}",
        outline.median, outline.mean
    );
    assert!(
        errors[2].share > errors[0].share && errors[2].share > errors[1].share,
        "motion contrast helps"
    );

    println!(
        "\n2. The law, seed by seed; true: e/r = {} Ke - {}",
        TRUE_COEFFICIENTS[0], -TRUE_COEFFICIENTS[1]
    );
    let first = compared.pop().ok_or("no film")?;
    let prescribed = find(&rows(&first, |_| None), 1)?;
    report("depths of the law", 1, &prescribed);
    let (mut from_truth, mut from_films, mut all_errors) = (Vec::new(), Vec::new(), Vec::new());
    let mut first = Some(first);
    let mut shown = Vec::new();
    for seed in seeds.clone() {
        let measured = match first.take() {
            Some(measured) => measured,
            None => campaign
                .measure(seed, &[Against::Motion])?
                .pop()
                .ok_or("no film")?,
        };
        from_truth.push(find(&rows(&measured, |d| Some(d.truth)), seed)?);
        from_films.push(find(&rows(&measured, |d| d.tip), seed)?);
        report("true depths", seed, &from_truth[from_truth.len() - 1]);
        report("measured depths", seed, &from_films[from_films.len() - 1]);
        all_errors.push(frame_errors(&measured, |d| d.tip)?);
        if seed == 1 {
            shown = measured;
        }
    }

    println!("\n3. What each step adds, as root mean square over the settings, in µm of depth");
    let budget = budget(&shown)?;
    println!(
        "   law to mean true depth of the frames {:.2}, to mean measured depth {:.2} ({:+.2} on average)",
        budget[0], budget[1], budget[2]
    );
    let count = |list: &[Found], k: usize| {
        list.iter()
            .filter(|f| f.holds(TRUE_COEFFICIENTS)[k])
            .count()
    };
    let n = from_films.len();
    println!(
        "   coefficients inside their 95 % intervals: slope {} of {n}, value at zero {} of {n}; from true depths {} and {}",
        count(&from_films, 0),
        count(&from_films, 1),
        count(&from_truth, 0),
        count(&from_truth, 1)
    );
    let groups = from_films
        .iter()
        .filter(|f| f.is_group() == [true, true])
        .count();
    println!("   the group of the Keyhole number found by both searches on {groups} of {n} seeds");

    println!("\n4. Figure");
    let recorded = campaign
        .record(&cases[0], 1000)
        .map_err(|e| e.to_string())?;
    let found = &from_films[0];
    let page = PanelFigure::new(2)
        .panel(radiograph(&recorded, false)?)
        .panel(radiograph(&recorded, true)?)
        .panel(parity(&shown)?)
        .panel(law(found, &shown))
        .panel(coefficients("slope", 0, &from_films, &from_truth))
        .panel(coefficients("value at Ke = 0", 1, &from_films, &from_truth))
        .theme(Theme::page().height_mm(215.0));
    save("photons_to_law", &page, &table(&shown)?)?;
    let seconds = (10.0 * start.elapsed().as_secs_f64()).round() / 10.0;
    println!(
        "{}",
        json!({
            "group_found": groups == n, "seeds_with_group": groups, "seeds": n, "settings": cases.len(), "law": found.text,
            "coefficients": found.coefficients, "intervals": found.intervals, "true_coefficients": TRUE_COEFFICIENTS,
            "inside": [count(&from_films, 0), count(&from_films, 1)], "inside_from_true_depths": [count(&from_truth, 0), count(&from_truth, 1)],
            "coefficients_by_seed": from_films.iter().map(|f| f.coefficients).collect::<Vec<_>>(),
            "depth_error_px_median": all_errors[0].median, "depth_error_px_mean": all_errors[0].mean, "frames_found": all_errors[0].share,
            "depth_error_px_median_by_contrast": errors.iter().map(|e| e.median).collect::<Vec<_>>(), "frames_found_by_contrast": errors.iter().map(|e| e.share).collect::<Vec<_>>(),
            "rms_um_fluctuation": budget[0], "rms_um_measurement": budget[1], "r2": found.r2, "seconds": seconds
        })
    );
    assert!(
        prescribed.is_group() == [true, true] && (prescribed.coefficients[0] - 0.4).abs() < 1e-6
    );
    assert_eq!(groups, n, "the group of the Keyhole number");
    assert!(all_errors.iter().all(|e| e.median < 2.0 && e.share > 0.9));
    // of 2 n intervals at 95 % one or two may miss; one seed of few settings decides nothing
    assert!(
        quick || count(&from_films, 0) + count(&from_films, 1) + 2 >= 2 * n,
        "intervals"
    );
    Ok(())
}

/// Errors of the depth over all frames, in pixels of 2 µm.
struct Errors {
    share: f64,
    median: f64,
    q95: f64,
    mean: f64,
}

fn frame_errors(measured: &[Measured], of: impl Fn(&Depth) -> Option<f64>) -> Outcome<Errors> {
    let frames = || measured.iter().flat_map(|m| &m.frames);
    let errors: Vec<f64> = frames()
        .filter_map(|d| Some((of(d)? - d.truth) / 2.0))
        .collect();
    let sizes: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
    Ok(Errors {
        share: errors.len() as f64 / frames().count() as f64,
        median: quantile(&sizes, 0.5)?,
        q95: quantile(&sizes, 0.95)?,
        mean: errors.iter().sum::<f64>() / errors.len() as f64,
    })
}

/// One row a setting: the mean depth of its frames and the standard error of that, with the relative scatter of all films; without a depth a frame, those of the law.
fn rows(measured: &[Measured], of: impl Fn(&Depth) -> Option<f64>) -> Vec<Depths> {
    let means: Vec<_> = measured.iter().map(|m| (m, m.mean(&of))).collect();
    let scatter = Summary::of(
        means
            .iter()
            .filter_map(|(_, mean)| mean.map(|[mean, std, _]| (std / mean).powi(2))),
    );
    let scatter = scatter.map_or(0.001, |s| s.mean.sqrt());
    let row = |(m, mean): &(&Measured, Option<[f64; 3]>)| match mean {
        Some([mean, _, n]) => Depths {
            case: m.case,
            depth_um: *mean,
            error_um: scatter * mean / n.sqrt(),
        },
        None => Depths {
            case: m.case,
            depth_um: m.law_um,
            error_um: scatter * m.law_um,
        },
    };
    means.iter().map(row).collect()
}

fn report(from: &str, seed: u64, found: &Found) {
    let [slope, zero] = found.intervals;
    println!(
        "   seed {seed}, {from:17} {:38} group {:?}; e/r = {:.4} [{:.4}, {:.4}] Ke {:+.4} [{:.4}, {:.4}], R2 {:.4}",
        found.text,
        found.is_group(),
        found.coefficients[0],
        slope[0],
        slope[1],
        found.coefficients[1],
        zero[0],
        zero[1],
        found.r2
    );
}

/// Root mean square of mean true less law and of mean measured less mean true depth of the same frames, and the mean of the latter; µm.
fn budget(measured: &[Measured]) -> Outcome<[f64; 3]> {
    let mut sums = [0.0; 3];
    for m in measured {
        let [truth, ..] = m
            .mean(|d| d.tip.map(|_| d.truth))
            .ok_or("a film without a keyhole")?;
        let [found, ..] = m.mean(|d| d.tip).ok_or("a film without a keyhole")?;
        for (sum, part) in sums.iter_mut().zip([
            (truth - m.law_um).powi(2),
            (found - truth).powi(2),
            found - truth,
        ]) {
            *sum += part / measured.len() as f64;
        }
    }
    Ok([sums[0].sqrt(), sums[1].sqrt(), sums[2]])
}

/// The part of a middle frame around the keyhole: counts, or motion contrast with its outline.
fn radiograph(recorded: &Recorded, motion: bool) -> Outcome<RadiographFigure> {
    let pixel_um = recorded.plan.camera().pixel_size_um();
    let frame = recorded.raw.n_frames() / 2;
    let truth = recorded.plan.keyhole_geometry(recorded.first + frame)?;
    let left = (truth.mouth_column as usize)
        .saturating_sub(130)
        .min(448 - 260);
    let window = s![0..200, left..left + 260];
    if !motion {
        let part = recorded.raw.frame(frame).slice(window).to_owned();
        return Ok(
            RadiographFigure::new(&part, pixel_um, Axis::new("raw frame", "counts"))
                .contrast(Contrast::Percentile {
                    low: 20.0,
                    high: 85.0,
                })
                .scale_bar_um(100.0),
        );
    }
    let film = recorded
        .contrast(Against::Motion)
        .map_err(|e| e.to_string())?;
    let sightings = recorded.sightings(&film).map_err(|e| e.to_string())?;
    let outline = sightings[frame]
        .keyhole()
        .map(|k| k.outline.moved(-(left as f64), 0.0));
    let lines: Vec<_> = outline.iter().map(|o| (o, 0.4_f32)).collect();
    let part = with_outlines(&film.frame(frame).slice(window), [-0.1, 0.3], &lines, 3);
    Ok(RadiographFigure::new(
        &part,
        pixel_um / 3.0,
        Axis::dimensionless("motion contrast, outline"),
    )
    .colormap(Colormap::Gray)
    .contrast(Contrast::Window {
        low: -0.1,
        high: 0.4,
    })
    .scale_bar_um(100.0))
}

/// Mean measured against mean true depth of the films.
fn parity(measured: &[Measured]) -> Outcome<ScatterFigure> {
    let mut figure = ScatterFigure::new(
        Axis::new("true mean depth", "µm"),
        Axis::new("measured mean depth", "µm"),
    );
    for alloy in ALLOYS {
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for m in measured.iter().filter(|m| m.case.alloy == alloy) {
            x.push(m.mean(|d| Some(d.truth)).ok_or("no frames")?[0]);
            y.push(m.mean(|d| d.tip).ok_or("no keyhole")?[0]);
        }
        figure = figure.series(Series::new(alloy.name(), x, y));
    }
    Ok(figure.curve(Curve::new("equal", vec![70.0, 270.0], vec![70.0, 270.0])))
}

/// The law with the data of seed 1.
fn law(found: &Found, measured: &[Measured]) -> ScatterFigure {
    let [slope, zero] = found.coefficients;
    let greatest = found.keyhole_number.iter().copied().fold(0.0, f64::max);
    let mut figure = ScatterFigure::new(
        Axis::dimensionless("Keyhole number Ke"),
        Axis::dimensionless("depth over radius e/r"),
    );
    for alloy in ALLOYS {
        let chosen: Vec<usize> = (0..measured.len())
            .filter(|k| measured[*k].case.alloy == alloy)
            .collect();
        let pick = |list: &[f64]| chosen.iter().map(|k| list[*k]).collect::<Vec<f64>>();
        let series = Series::new(
            alloy.name(),
            pick(&found.keyhole_number),
            pick(&found.relative_depth),
        );
        figure = figure.series(series.y_error(pick(&found.relative_error)));
    }
    figure
        .curve(Curve::from_fn("found", (1.4, greatest), move |ke| {
            slope * ke + zero
        }))
        .curve(
            Curve::from_fn("true", (1.4, greatest), |ke| {
                TRUE_COEFFICIENTS[0] * ke + TRUE_COEFFICIENTS[1]
            })
            .dashed(),
        )
}

/// A coefficient for each seed with its interval, from measured and from true depths.
fn coefficients(label: &str, k: usize, films: &[Found], truths: &[Found]) -> ScatterFigure {
    let series = |name: &str, list: &[Found], shift: f64| {
        let x: Vec<f64> = (1..=list.len()).map(|seed| seed as f64 + shift).collect();
        let y: Vec<f64> = list.iter().map(|f| f.coefficients[k]).collect();
        let half: Vec<f64> = list
            .iter()
            .map(|f| 0.5 * (f.intervals[k][1] - f.intervals[k][0]))
            .collect();
        Series::new(name, x, y).y_error(half)
    };
    let last = films.len() as f64 + 0.5;
    ScatterFigure::new(
        Axis::dimensionless("seed").range(0.5, last),
        Axis::dimensionless(label),
    )
    .series(series("from measured depths", films, -0.1))
    .series(series("from true depths", truths, 0.1))
    .curve(Curve::new("true", vec![0.5, last], vec![TRUE_COEFFICIENTS[k]; 2]).dashed())
}

fn table(measured: &[Measured]) -> Outcome<String> {
    let mut text =
        "alloy,power_W,speed_m_s,spot_um,law_um,true_um,measured_um,std_um,frames,found\n"
            .to_owned();
    for m in measured {
        let [truth, ..] = m.mean(|d| Some(d.truth)).ok_or("no frames")?;
        let [found, std, n] = m.mean(|d| d.tip).ok_or("no keyhole")?;
        let c = &m.case;
        writeln!(
            text,
            "{},{},{},{},{:.2},{truth:.2},{found:.2},{std:.2},{},{n}",
            c.alloy.name(),
            c.power_w,
            c.speed_m_s,
            c.spot_um,
            m.law_um,
            m.frames.len()
        )?;
    }
    Ok(text)
}
