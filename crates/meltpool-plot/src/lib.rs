//! House style for scientific figures of melt pools: laws against data, Pareto fronts, radiographs.

mod axis;
mod chart;
mod colormap;
mod drawing;
mod error;
mod figure;
mod frame;
mod palette;
mod panel;
mod pareto;
mod parity;
mod radiograph;
mod raster;
mod scatter;
mod series;
mod shape;
mod text;
mod theme;
mod ticks;

pub use axis::{Axis, Scale};
pub use colormap::{Colormap, Contrast};
pub use drawing::Drawing;
pub use error::{Error, Result};
pub use figure::{Figure, FigureFiles};
pub use palette::{Color, Marker, OKABE_ITO};
pub use panel::PanelFigure;
pub use pareto::ParetoFigure;
pub use parity::{Band, ParityFigure};
pub use radiograph::RadiographFigure;
pub use scatter::ScatterFigure;
pub use series::{Curve, Series};
pub use theme::Theme;
