//! Libraries for research on laser powder bed fusion (LPBF), from X-ray frames to scaling laws, under one roof.
//!
//! This crate re-exports the others under short names and adds nothing but a [`prelude`]. Each of them can be used alone;
//! take this one when you need several, or do not know yet which.
//!
//! ```sh
//! cargo add meltpool                                              # all but the learned models
//! cargo add meltpool --features ml                                # those as well
//! cargo add meltpool --no-default-features --features io,flow     # two of them
//! ```
//!
//! The arrays of all of them are those of [`ndarray`], which is re-exported as well, so that its version always fits.
//!
//! # What is where
//!
//! | here | crate | holds |
//! |---|---|---|
#![cfg_attr(
    feature = "io",
    doc = "| [`io`] | `xray-io` | image sequences, calibration, file formats, flat field and other corrections, signals beside frames |"
)]
#![cfg_attr(
    feature = "mcxi",
    doc = "| [`mcxi`] | `mcxi` | what moves, by temporal frequency: motion contrast, detection, zones at rest |"
)]
#![cfg_attr(
    feature = "flow",
    doc = "| [`flow`] | `optical-flow` | velocity fields in m/s from pairs of frames |"
)]
#![cfg_attr(
    feature = "morphology",
    doc = "| [`morphology`] | `meltpool-morphology` | keyhole, melt pool, pores: outlines, sizes, tracks, cycle, forces |"
)]
#![cfg_attr(
    feature = "sim",
    doc = "| [`sim`] | `meltpool-sim` | radiographs and signals whose truth is known |"
)]
#![cfg_attr(
    feature = "dimless",
    doc = "| [`dimless`] | `dimless` | units, Buckingham Pi groups, dimensionless numbers, measured tables |"
)]
#![cfg_attr(
    feature = "symreg",
    doc = "| [`symreg`] | `symreg` | symbolic regression: short laws with their evidence |"
)]
#![cfg_attr(
    feature = "plot",
    doc = "| [`plot`] | `meltpool-plot` | figures in one house style, SVG, PNG and CSV |"
)]
#![cfg_attr(
    feature = "ml",
    doc = "| [`ml`] | `meltpool-ml` | learned estimates from frames and absorptivity |"
)]
//!
//! # I have a TIFF stack
//!
//! Open it, whatever its format; correct it by flat and dark field; look at what moves:
//!
#![cfg_attr(all(feature = "io", feature = "mcxi", feature = "plot"), doc = "```")]
#![cfg_attr(
    not(all(feature = "io", feature = "mcxi", feature = "plot")),
    doc = "```text"
)]
//! use meltpool::io::{self, FlatField};
//! use meltpool::plot::RadiographFigure;
//! use meltpool::prelude::*;
//! # use meltpool::{io::{Metadata, TiffWriter}, ndarray::Array3};
//! # let folder = std::env::temp_dir().join(format!("meltpool_guide_{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let path = |name: &str| folder.join(name);
//! # let write = |name: &str, value: &dyn Fn(usize, usize, usize) -> f32, n: usize| -> Result<(), Box<dyn std::error::Error>> {
//! #     let metadata = Metadata::new().with_frame_rate(FrameRate::from_kilohertz(50.0)?).with_pixel_size(PixelSize::from_micrometers(1.93)?);
//! #     let frames = Array3::from_shape_fn((n, 48, 64), |(t, y, x)| value(t, y, x));
//! #     Ok(TiffWriter::new().write(folder.join(name), &ImageSequence::new(frames)?.with_metadata(metadata)?)?)
//! # };
//! # write("dark.tif", &|_, _, _| 100.0, 4)?;
//! # write("flat.tif", &|_, y, x| 1100.0 + (x + y) as f32, 4)?;
//! # write("scan.tif", &|t, y, x| 600.0 + 0.5 * (x + y) as f32 + if x < 20 { 40.0 * (0.9 * t as f32 + 0.4 * y as f32).sin() } else { 0.0 }, 32)?;
//!
//! let fields = FlatField::from_readers(&io::open(path("flat.tif"))?, &io::open(path("dark.tif"))?)?;
//! let transmission = io::open(path("scan.tif"))?.correct(&fields)?.read_all()?;
//! let calibration = transmission.calibration().ok_or("the file states neither pixel size nor frame rate")?;
//! println!("{} frames at {} Hz", transmission.n_frames(), calibration.frame_rate().hertz());
//!
//! let moving = MoveContrast::new(calibration.frame_rate()).band(Band::from_fraction(0.05, 0.25)).image(&transmission.view())?;
//! let pixel_um = calibration.pixel_size().micrometers();
//! let figure = RadiographFigure::new(&moving, pixel_um, Axis::dimensionless("motion contrast")).scale_bar_um(50.0);
//! figure.save_all(&folder, "moving")?; // .svg, .png, .csv
//! # assert!(moving[[20, 10]] > 20.0 * moving[[20, 50]]);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # I have a table with units
//!
//! Units stand in its header. The groups follow exactly; a search says which of them the rows follow, and how firmly; a second one
//! finds the form without being told any:
//!
#![cfg_attr(all(feature = "dimless", feature = "symreg"), doc = "```")]
#![cfg_attr(not(all(feature = "dimless", feature = "symreg")), doc = "```text")]
//! use meltpool::prelude::*;
//! # let mut text = "P [W],V [mm/s],r [um],a [mm^2/s],c [J/(m^3*K)],T [K],depth [um]\n".to_owned();
//! # for i in 0..36_u32 {
//! #     let (p, v, r) = (60.0 + 40.0 * f64::from(i % 4), 400.0 + 250.0 * f64::from(i / 4 % 3), 40.0 + 10.0 * f64::from(i / 12));
//! #     let number = p / (3.2e6 * 1630.0 * (1.0e-5 * v * 1e-3 * (r * 1e-6_f64).powi(3)).sqrt());
//! #     let depth = r * (0.2 * number + 0.3) * (1.0 + 0.01 * f64::from(i * 7 % 11) / 5.0 - 0.01);
//! #     text += &format!("{p},{v},{r},10,3200000,1630,{depth}\n");
//! # }
//!
//! let table = Table::parse(&text)?; // or Table::open("tracks.csv")?
//! let inputs = ["P", "V", "r", "a", "c", "T"];
//! let groups = table.system(&inputs)?.pi()?; // P r^-1 a^-1 c^-1 T^-1 and V r a^-1
//! let found = LawSearch::new().fit(&LawData::from_table(&table, &inputs, &[("depth", 1), ("r", -1)])?)?;
//! println!("{}", found.best()); // depth r^-1 = 0.29 + 0.20 (P V^-0.5 r^-1.5 a^-0.5 c^-1 T^-1)
//!
//! let columns = groups.groups().iter().enumerate().map(|(i, g)| Ok((format!("pi{i}"), g.evaluate_table(&table)?)));
//! let columns = columns.collect::<Result<Vec<_>, meltpool::dimless::Error>>()?;
//! let depth = table.column("depth")?.iter().zip(table.column("r")?).map(|(e, r)| e / r).collect();
//! let rows = Data::from_columns(columns, ("depth", depth))?;
//! let search = SymbolicRegressor::new().max_genes(1).population_size(100).runs(1).seed(1);
//! let law = search.fit(&rows)?;
//! println!("{}", law.front().shortest(&rows)?.ok_or("no law")?.to_infix_rounded(3));
//! # assert_eq!(found.best().group().to_string(), "P^2 V^-1 r^-3 a^-1 c^-2 T^-2");
//! # assert!(law.front().shortest(&rows)?.ok_or("no law")?.r2() > 0.99);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # I have two frames
//!
//! Where did the melt go between them, in m/s?
//!
#![cfg_attr(all(feature = "io", feature = "flow"), doc = "```")]
#![cfg_attr(not(all(feature = "io", feature = "flow")), doc = "```text")]
//! use meltpool::flow::{Calibration, Image};
//! use meltpool::prelude::*;
//! # use meltpool::ndarray::Array2;
//! # let wave = |y: f32, x: f32| 1000.0 + 200.0 * (0.35 * x + 0.1 * y).sin() + 200.0 * (0.3 * y - 0.2 * x).cos();
//! # let [first, second] = [0.0_f32, 1.5].map(|by| Array2::from_shape_fn((64, 64), |(y, x)| wave(y as f32, x as f32 - by)));
//!
//! // let first = meltpool::io::open("scan.tif")?.read_frame_f32(100)?;
//! let (a, b) = Image::pair(&first.view(), &second.view())?; // one scale of intensity for both
//! let found = HornSchunck::new().estimate(&a, &b)?;
//! let scale = Calibration::new(PixelSize::from_micrometers(1.0)?, FrameRate::from_hertz(1.087e6)?);
//! let velocity = found.flow.in_meters_per_second(scale);
//! println!("{:.2} m/s to the right, {:.2} down", velocity.u[[32, 32]], velocity.v[[32, 32]]);
//! # assert!((velocity.u[[32, 32]] - 1.63).abs() < 0.05 && velocity.v[[32, 32]].abs() < 0.05);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # I have a film of a keyhole
//!
//! Its depth frame by frame, with an uncertainty, or the reason why there is none. Here the film is simulated, so the answer is known:
//!
#![cfg_attr(
    all(feature = "io", feature = "morphology", feature = "sim"),
    doc = "```"
)]
#![cfg_attr(
    not(all(feature = "io", feature = "morphology", feature = "sim")),
    doc = "```text"
)]
//! use meltpool::morphology::{Background, Contrast, TipFit};
//! use meltpool::prelude::*;
//! use meltpool::sim::{Alloy, Camera, Detector, preset};
//!
//! let case = preset::ProcessCase { power_w: 300.0, speed_m_s: 1.5, spot_um: 80.0, alloy: Alloy::Ti64 };
//! let film = preset::MovingBeam::new(case, 90.0, Camera::new(110, 320, 2.0, 50_000.0)).film(1)?;
//! let plan = film.map_detector(|_| Detector::new(4e4)).plan()?;
//! let frames = plan.record()?.frames; // or meltpool::io::open("scan.tif")?.read_all()?.into_array()
//!
//! let film = Contrast::new(Background::TemporalMedian).dark(20.0).apply(&frames.view())?;
//! let finder = KeyholeFinder::new(KeyholeGauge::new(PixelSize::from_micrometers(2.0)?), 11.0); // surface in row 11
//! for (n, sighting) in finder.apply_all(&film)?.iter().enumerate().skip(6).take(3) {
//!     let keyhole = sighting.keyhole().ok_or("no keyhole")?;
//!     let truth = plan.keyhole_geometry(n)?;
//!     let tip = TipFit::new().apply(&keyhole.outline, 11.0)?.ok_or("not pointed")?; // the outline ends above it
//!     let depth_um = 2.0 * (tip.row - 11.0);
//!     println!("outline {:.1} µm, tip {depth_um:.1} ± {:.1} µm, {:.1} in truth", keyhole.geometry.depth_um, 2.0 * tip.error_px, truth.depth_um);
//! #   assert!((depth_um - truth.depth_um).abs() < 5.0);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The whole way
//!
//! The workspace's example `photons_to_law` goes all of it: a matrix of powers, speeds, spots and alloys as radiographs, their correction, the depths, the
//! groups, the law that the simulator obeys, and how much each step adds to the error. Its guide (`docs/guide`) holds theory, practice
//! and the choice of methods.
//!
//! # Feature flags
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `io` | yes | `xray-io` with its default formats, as `io` |
//! | `mcxi`, `flow`, `morphology`, `sim`, `dimless`, `symreg`, `plot` | yes | the crate of that name |
//! | `ml` | no | `meltpool-ml`, as `ml`; networks on burn by its own features |
//!
//! The features of the crates themselves (`serde`, further formats, `dimensions`) are switched on by naming the crate as a dependency beside this one.

pub mod prelude;

#[cfg(all(
    doctest,
    feature = "dimless",
    feature = "flow",
    feature = "io",
    feature = "mcxi",
    feature = "morphology",
    feature = "plot",
    feature = "sim",
    feature = "symreg"
))]
mod guide;

#[cfg(feature = "dimless")]
pub use dimless;
#[cfg(feature = "mcxi")]
pub use mcxi;
#[cfg(feature = "ml")]
pub use meltpool_ml as ml;
#[cfg(feature = "morphology")]
pub use meltpool_morphology as morphology;
#[cfg(feature = "plot")]
pub use meltpool_plot as plot;
#[cfg(feature = "sim")]
pub use meltpool_sim as sim;
pub use ndarray;
#[cfg(feature = "flow")]
pub use optical_flow as flow;
#[cfg(feature = "symreg")]
pub use symreg;
#[cfg(feature = "io")]
pub use xray_io as io;
