//! The names of nearly every script: `use meltpool::prelude::*;`.
//!
//! Names that two crates share (`Contrast`, `Error`, `Calibration`) and functions (`io::open`) are not here; take them from their crate.

#[cfg(feature = "dimless")]
pub use dimless::{LawData, LawSearch, Table};
#[cfg(feature = "mcxi")]
pub use mcxi::{Band, MoveContrast};
#[cfg(feature = "morphology")]
pub use meltpool_morphology::{KeyholeFinder, KeyholeGauge};
#[cfg(feature = "plot")]
pub use meltpool_plot::{Axis, Figure, ScatterFigure, Series};
#[cfg(feature = "flow")]
pub use optical_flow::{FlowEstimator, HornSchunck};
#[cfg(feature = "symreg")]
pub use symreg::{Data, SymbolicRegressor};
#[cfg(feature = "io")]
pub use xray_io::{FrameRate, ImageSequence, PixelSize, SequenceReaderExt};
