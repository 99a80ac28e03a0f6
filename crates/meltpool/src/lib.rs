//! Libraries for research on laser powder bed fusion (LPBF), under one roof.
//!
//! This crate re-exports the workspace's crates under short names and adds nothing of its own.
//! Each of them can be used alone; take this one when you need several.
//!
//! | here | crate | holds | state |
//! |---|---|---|---|
//! | [`dimless`] | `dimless` | units, Buckingham Pi groups, dimensionless numbers, measured tables | usable |
//! | [`symreg`] | `symreg` | symbolic regression by genetic programming | usable |
//! | [`plot`] | `meltpool-plot` | figures in one house style | usable |
//! | [`io`] | `xray-io` | X-ray sequences and signals | error type only |
//! | [`mcxi`] | `mcxi` | move contrast X-ray imaging | usable |
//! | [`flow`] | `optical-flow` | velocimetry | usable |
//! | [`morphology`] | `meltpool-morphology` | keyhole, melt pool, pores | usable |
//! | [`sim`] | `meltpool-sim` | synthetic radiographs with truth | error type only |
//! | `ml` | `meltpool-ml` | learned models (feature `ml`) | usable |
//!
//! # Feature flags
//!
//! Each crate stands behind a feature of its short name; all but `ml` are in the default.

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
#[cfg(feature = "flow")]
pub use optical_flow as flow;
#[cfg(feature = "symreg")]
pub use symreg;
#[cfg(feature = "io")]
pub use xray_io as io;
