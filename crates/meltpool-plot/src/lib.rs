//! House style for scientific figures of melt pools: laws against data, Pareto fronts, fields, radiographs.
//!
//! This crate turns arrays and points into figures that can go into a paper as they are: in
//! millimeters, with units on every axis, legible text, shapes besides colors, a scale bar on
//! each image, and the drawn data beside the picture. It is a thin layer: axes, ticks and both
//! renderers are those of [kuva](https://docs.rs/kuva). It is no general plotting library, knows
//! nothing of melt pools, and opens no window.
//!
//! ```
//! use meltpool_plot::{Axis, Curve, Figure, ScatterFigure, Series};
//!
//! let figure = ScatterFigure::new(
//!     Axis::dimensionless("Keyhole number Ke"),
//!     Axis::dimensionless("keyhole aspect ratio e*"),
//! )
//! .series(Series::new("Ti-6Al-4V", [2.0, 4.0, 8.0], [0.21, 0.52, 0.95]))
//! .series(Series::new("Al6061", [3.0, 5.0, 9.0], [0.40, 0.58, 1.10]))
//! .curve(Curve::from_fn_extrapolated("law", (2.0, 9.0), (1.0, 12.0), |ke| 0.12 * ke))
//! .note("e* = 0.12 Ke");
//! let folder = std::env::temp_dir().join("meltpool-plot-guide");
//! let files = figure.save_all(&folder, "law_against_data")?; // .svg, .png and .csv
//! assert!(files.png.ends_with("law_against_data.png"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Concepts
//!
//! - A **figure** is a plain description: axes, data, notes. All kinds share the trait
//!   [`Figure`], which checks, draws and saves. Nothing is drawn before it is asked for.
//! - An [`Axis`] always shows its unit; a pure number is marked `(–)`. [`Axis::log`] takes any
//!   positive values, also those of an error of $10^{-28}$.
//! - A [`Series`] is a group of points; each takes the next color of [`OKABE_ITO`] *and* the next
//!   shape of [`Marker::ALL`], so that no information rests on color alone.
//! - A [`Curve`] is a line: a law is solid where it was fitted and dashed beyond. It may have an
//!   interval around it.
//! - A [`Grid`] holds a quantity at regular [`Nodes`]; [`Contours`] are its lines of equal value.
//! - The [`Theme`] holds size, resolution, text and line widths; [`Theme::column`] is 89 mm wide,
//!   [`Theme::page`] 183 mm.
//! - Legend, notes and labels look for a place where they cover no data; what finds none goes
//!   above the frame. Text that does not fit is an [`Error`], never cut.
//!
//! # Conventions
//!
//! - Lengths of a figure are in millimeters, text and lines in points (1/72 inch), and both hold
//!   for the printed figure. No text is below 10 pt. One unit of the SVG is one point.
//! - A PNG has millimeters × dpi / 25.4 pixels, rounded, and states its resolution in `pHYs`.
//! - Images have rows down and columns to the right; pixels are squares in micrometers.
//! - Labels are plain Unicode, such as `η`, `µm²`, `10⁻³`, `e*`, `T₀`; `$` is a dollar sign.
//! - The same figure gives the same bytes, and the font is part of the program: nothing has to be
//!   installed.
//!
//! # Choosing a figure
//!
//! | question | figure |
//! |---|---|
//! | does a law hold for the data of several groups? | [`ScatterFigure`] |
//! | which of many laws is simple and accurate? | [`ParetoFigure`] |
//! | how far are predictions from measurements? | [`ParityFigure`] |
//! | what does a frame show, and how large is it? | [`RadiographFigure`] |
//! | how does a quantity vary with two others? | [`HeatmapFigure`]; [`Contours`] on any figure with axes |
//! | what are the exact entries of a small table? | [`TableFigure`] |
//! | all of these on one page | [`PanelFigure`] |
//!
//! ```
//! use meltpool_plot::{Axis, Colormap, Contrast, Figure, RadiographFigure};
//! use ndarray::Array2;
//!
//! let frame = Array2::from_shape_fn((64, 96), |(y, x)| ((x as f32 - 48.0) / 20.0).cos() * y as f32);
//! let png = RadiographFigure::new(&frame, 1.9, Axis::new("intensity", "counts"))
//!     .colormap(Colormap::Cividis)
//!     .contrast(Contrast::Percentile { low: 1.0, high: 99.0 })
//!     .scale_bar_um(50.0)
//!     .to_png()?;
//! assert_eq!(&png[1..4], b"PNG");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Feature flags
//!
//! None.
//!
//! # References
//!
//! - M. Okabe and K. Ito, Color Universal Design (2008): the palette.
//! - G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, IEEE Trans. Vis. Comput. Graph. 15,
//!   1291 (2009), doi 10.1109/TVCG.2009.113: the eyes it is tested with.
//! - J. R. Nuñez, C. R. Anderton and R. S. Renslow, PLoS ONE 13, e0199239 (2018),
//!   doi 10.1371/journal.pone.0199239: the color map cividis.

mod axis;
mod chart;
mod colorbar;
mod colormap;
mod contour;
mod drawing;
mod error;
mod figure;
mod frame;
mod grid;
mod heatmap;
mod palette;
mod panel;
mod pareto;
mod parity;
mod radiograph;
mod raster;
mod scatter;
mod series;
mod shape;
mod table;
mod text;
mod theme;
mod ticks;

pub use axis::{Axis, Scale};
pub use colormap::{Colormap, Contrast};
pub use contour::Contours;
pub use drawing::Drawing;
pub use error::{Error, Result};
pub use figure::{Figure, FigureFiles};
pub use grid::{Grid, Nodes};
pub use heatmap::HeatmapFigure;
pub use palette::{Color, Marker, OKABE_ITO};
pub use panel::PanelFigure;
pub use pareto::ParetoFigure;
pub use parity::{Band, ParityFigure};
pub use radiograph::RadiographFigure;
pub use scatter::ScatterFigure;
pub use series::{Curve, Series};
pub use table::TableFigure;
pub use theme::Theme;
