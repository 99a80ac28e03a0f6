//! The real experiment behind Mojumder et al., arXiv 2509.03029 (2025): NIST's spot run on bare Ti-6Al-4V (doi 10.18434/mds2-2525), if its files are there.
//!
//! What is seen: the absorptance at each frame, and pool and keyhole depth by a ridge of a, E, t and an LSTM (T = 5) beside the labels, on blocks of 15 frames with
//! an embargo of 5. Put the files into a folder and name it by `--data FOLDER` (else `nist/` in the folder named by `MELTPOOL_TEST_DATA`, else in `shared/data`);
//! the example names each file, its bytes and SHA-256, and says what is missing. Images lie unpacked in the folder `frames`, named
//! by three digits. The archive holds no depths: `--labels FILE` gives `frame,pool_um,keyhole_um`; without it the run ends after the co-registration.
//! Without the files a simulated run (`spot148`) is written in the same layout and read by the same code, and the figure says so.
//! 20 s; `--quick`: 20 epochs. Output: `target/figures/nist_spot/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use meltpool_ml::{
    Alignment, Preprocess, SplitStrategy, absorbed_energy, frame_values, signal_windows,
};
use meltpool_plot::{Axis, Curve, OKABE_ITO, PanelFigure, ScatterFigure, Series};
use ndarray::{Array2, s};
use serde_json::json;
use sha2::{Digest, Sha256};
use xray_io::{ImageSequence, SequenceReaderExt, SignalTableReader, TiffWriter};

#[path = "support/ml.rs"]
mod ml;
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml::{Outcome, Set, Task, argument, flag, lstm, signal_trainer};
use ml_scores::{TARGETS, folder, page, save};

/// Name, bytes and SHA-256 as the archive's own record gives them; the first is needed here.
const FILES: [(&str, u64, &str); 7] = [
    (
        "Spot on Bare Metal_Calibrated Absorption Data.csv",
        6_497_288,
        "0e96b220852d762fde846e406cc44c6fc874cef22e7e41db7f4025dbcc9ca274",
    ),
    (
        "Scan on Bare Metal_Calibrated Absorption Data.csv",
        6_657_476,
        "1c64f24e84c274d9f9ae27fb09e79b86cda2fda5bee4b67da3567c8a59ca499d",
    ),
    (
        "Spot on Bare Metal_XrayImages_Raw.zip",
        178_878_695,
        "9b2bf101742fb2bfd175a2e237da3b10ae4de512c3daa983133aae36eda949e3",
    ),
    (
        "Spot on Bare Metal_XrayImages_processed_captioned.zip",
        8_849_453,
        "4d683cf48c4a15458d60dd32b759528a672ba1d6908cc537c43c9e25854c2a98",
    ),
    (
        "Spot on Bare Metal_XrayImages_processed_wAbsorption.zip",
        21_764_959,
        "75a63c58bd25062a1122a080f169661e578ff260f49ab5fb1b959298d340b7e6",
    ),
    (
        "Scan on Bare Metal_XrayImages_Raw.zip",
        210_482_529,
        "734870226b6fa5ec30e93becd3d8c7c032c3fbc36e39aed16a7b99841aa779ae",
    ),
    (
        "Beam Profile_5p5micron pixels_Normalized Integral.csv",
        73_643,
        "c6f60469a629350dfb5af39fd484cb06ccf986c7d926361592f05b549e8246ff",
    ),
];

fn data_folder() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let near = [
        root.join("shared/data/nist"),
        root.join("../shared/data/nist"),
    ];
    let named = std::env::var_os("MELTPOOL_TEST_DATA").map(|f| PathBuf::from(f).join("nist"));
    let given = argument("--data").map(PathBuf::from).or(named);
    given.unwrap_or_else(|| near.iter().find(|f| f.exists()).unwrap_or(&near[0]).clone())
}

/// Says of each file whether it is there and the archive's own. True if the table is.
fn inventory(data: &Path) -> bool {
    let mut has_table = false;
    for (number, (name, bytes, expected)) in FILES.into_iter().enumerate() {
        let path = data.join(name);
        let Ok(content) = std::fs::read(&path) else {
            println!("missing: {name} ({bytes} bytes, sha256 {expected})");
            continue;
        };
        let found = Sha256::digest(&content)
            .iter()
            .fold(String::new(), |text, b| text + &format!("{b:02x}"));
        if found == expected {
            println!("found: {name}");
        } else {
            println!(
                "warning: {name} has {} bytes and sha256 {found}, not the archive's {bytes} and {expected}",
                content.len()
            );
        }
        has_table |= number == 0;
    }
    has_table
}

/// A simulated run in the layout of the archive: 500 rows of 40 ns a frame, the frame's number in its first row, images and labels.
fn stand_in(data: &Path) -> Outcome {
    let set = Set::new("spot148", 128, 1000)?;
    std::fs::create_dir_all(data.join("frames"))?;
    let mut table = "\u{feff},Time,InputLaser,AbsoluteAbsorption,AbsAbsorptionUncertainty,RelativeAbsorption,CameraTrigger,FrameTrigger,FrameNumber\r\n".to_owned();
    let mut labels = "frame,pool_um,keyhole_um\n".to_owned();
    let images = set.raw_images()?;
    for row in 0..set.runs.len() {
        let (frame, a) = (80 + row, set.windows[[row, 19]]);
        for k in 0..500 {
            let (n, number) = (row * 500 + k, if k == 0 { frame } else { 0 });
            let power = if a > 0.1 { 232.0 } else { 0.0 };
            write!(
                table,
                "{n},{:.8},{power},{:.5},--,{:.5},0,{},{number}\r\n",
                40e-9 * n as f64,
                a * power,
                100.0 * a,
                u8::from(k == 0)
            )?;
        }
        writeln!(
            labels,
            "{frame},{:.3},{:.3}",
            set.labels[[row, 0]],
            set.labels[[row, 1]]
        )?;
        let one = ImageSequence::new(images.slice(s![row..=row, 0, .., ..]).to_owned())?;
        TiffWriter::new().write(data.join(format!("frames/frame_{frame:03}.tif")), &one)?;
    }
    std::fs::write(data.join(FILES[0].0), table)?;
    std::fs::write(data.join("labels.csv"), labels)?;
    Ok(())
}

fn main() -> Outcome {
    let mut data = data_folder();
    println!("looking into the folder of the NIST files");
    let is_real = inventory(&data);
    if !is_real {
        data = folder("nist_spot")?.join("stand_in");
        println!(
            "the table of the spot run is not there: a simulated run (spot148) in the same layout takes its place"
        );
        stand_in(&data)?;
    }
    let source = if is_real {
        "NIST, spot on bare Ti-6Al-4V"
    } else {
        "simulated in its place"
    };

    // one value a frame: the first row of the exposure, as in the archive's own notebook
    let table = SignalTableReader::new().open(data.join(FILES[0].0))?;
    let percent = table.signal("RelativeAbsorption")?;
    let numbers: Vec<u64> = table
        .signal("FrameNumber")?
        .values()
        .iter()
        .map(|v| *v as u64)
        .collect();
    let time: Vec<f64> = (0..numbers.len())
        .map(|k| table.time_axis().start(k).unwrap_or(f64::NAN))
        .collect();
    // dashes are rows without a laser
    let values: Vec<f64> = percent
        .values()
        .iter()
        .map(|v| if v.is_finite() { v / 100.0 } else { 0.0 })
        .collect();
    let (frames, signal) = frame_values(&numbers, &time, &values, Alignment::Start)?;
    let (_, exposed) = frame_values(&numbers, &time, &values, Alignment::Exposure(2.5e-6))?;
    let on = signal.iter().filter(|a| **a > 0.1).count();
    println!(
        "{source}: {} rows, frames {} to {}, {on} of them with the laser on",
        numbers.len(),
        frames[0],
        frames[frames.len() - 1]
    );
    let mut report =
        json!({ "real": is_real, "frames": frames.len(), "on": on, "rows": numbers.len() });
    let x: Vec<f64> = frames.iter().map(|f| *f as f64).collect();
    let panel = ScatterFigure::new(
        Axis::dimensionless("frame"),
        Axis::dimensionless("absorptance").range(-0.1, 1.1),
    )
    .note(source);
    let panel = panel
        .curve(Curve::new("start of exposure", x.clone(), signal.clone()).color(OKABE_ITO[4]))
        .curve(
            Curve::new("mean of exposure", x.clone(), exposed)
                .color(OKABE_ITO[5])
                .dashed(),
        );
    let mut figure = PanelFigure::new(3).theme(page(75.0)).panel(panel);

    let images = data.join("frames");
    if images.exists() {
        let read = Preprocess::new()
            .rotation_deg(-7.0)
            .apply(&xray_io::open(&images)?.read_all()?)?;
        println!(
            "{} images, turned by 7 degrees: {:?}",
            read.len_of(ndarray::Axis(0)),
            &read.shape()[2..]
        );
        report["images"] = json!(read.len_of(ndarray::Axis(0)));
    } else {
        println!(
            "missing: images unpacked into {}",
            images
                .file_name()
                .map_or_else(String::new, |n| n.display().to_string())
        );
    }

    let labels = argument("--labels").map_or_else(|| data.join("labels.csv"), PathBuf::from);
    if labels.exists() {
        figure = models(figure, &labels, &frames, &signal, &mut report)?;
    } else {
        println!("missing: labels (frame,pool_um,keyhole_um); the archive holds none");
    }
    assert!(
        frames.len() >= 148,
        "the run has at least the 148 annotated frames: {}",
        frames.len()
    );
    save(&figure, "nist_spot")?;
    println!("{report}");
    Ok(())
}

/// Depths by a ridge and an LSTM beside the labels of tested blocks, a panel a target.
fn models(
    mut figure: PanelFigure,
    labels: &Path,
    frames: &[u64],
    signal: &[f64],
    report: &mut serde_json::Value,
) -> Outcome<PanelFigure> {
    let text = std::fs::read_to_string(labels)?;
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|l| l.split(',').map(str::parse).collect())
        .collect::<Result<_, _>>()?;
    let known: BTreeMap<u64, [f64; 2]> = rows.iter().map(|r| (r[0] as u64, [r[1], r[2]])).collect();
    let kept: Vec<usize> = (0..frames.len())
        .filter(|k| known.contains_key(&frames[*k]))
        .collect();
    let windows = signal_windows(signal, 20, 0.0)?.select(ndarray::Axis(0), &kept);
    let energy = absorbed_energy(signal, 232.0, 20e-6)?;
    let first = signal.iter().position(|a| *a > 0.1).unwrap_or(0) as f64;
    let n = kept.len();
    let physics = Array2::from_shape_fn((n, 2), |(r, k)| {
        if k == 0 {
            energy[kept[r]]
        } else {
            20.0 * (kept[r] as f64 - first + 1.0)
        }
    });
    let depths = Array2::from_shape_fn((n, 2), |(r, k)| known[&frames[kept[r]]][k]);
    let set = Set::given(
        ndarray::Array4::zeros((n, 1, 1, 1)),
        vec![0; n],
        windows,
        physics,
        depths.clone(),
        depths,
    );
    let strategy = SplitStrategy::Blocked {
        block: 15,
        test_share: 0.2,
        embargo: 5,
    };
    let task = Task::new(&set, strategy.split(&set.runs, 1)?, 1)?;
    let inputs = set.sequences(&task.split.train, 5, true)?;
    let trainer = signal_trainer(if flag("--quick") { 20 } else { 800 }, n);
    let network = task.network(&lstm(5, 3), &trainer, &inputs)?;
    let (ridge, learned) = (task.ridge("a,E,t")?, task.microns(&network, &inputs)?);
    for (k, target) in TARGETS.into_iter().enumerate() {
        let x: Vec<f64> = kept.iter().map(|k| frames[*k] as f64).collect();
        let tested: Vec<usize> = task.split.test.clone();
        let of = |table: &Array2<f64>| tested.iter().map(|r| table[[*r, k]]).collect::<Vec<f64>>();
        let at: Vec<f64> = tested.iter().map(|r| x[*r]).collect();
        let mut panel = ScatterFigure::new(
            Axis::dimensionless("frame"),
            Axis::new(format!("{target} depth"), "µm"),
        );
        panel = panel.curve(Curve::new("labels", x, set.labels.column(k).to_vec()));
        for (name, table, color) in [
            ("ridge, tested", &ridge, OKABE_ITO[4]),
            ("LSTM, tested", &learned, OKABE_ITO[5]),
        ] {
            let score = task.score(table)?[k];
            println!(
                "{name}, {target}: R² {}, MAE {:.1} µm",
                score.r2.map_or("undefined".into(), |r| format!("{r:.3}")),
                score.mae
            );
            report[format!("{name} {target}")] = json!({ "r2": score.r2, "mae_um": score.mae });
            panel = panel.series(Series::new(name, at.clone(), of(table)).color(color));
        }
        figure = figure.panel(panel);
    }
    Ok(figure)
}
