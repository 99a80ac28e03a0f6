//! Exact dimensional analysis: units, Buckingham Pi groups and the dimensionless numbers of laser melting.

pub mod dataset;

mod absorptivity;
mod dimension;
mod error;
mod fixed_point;
mod law;
mod material;
mod nullspace;
mod number;
mod pi;
mod power;
mod process;
mod quantity;
mod rational;
mod spot;
mod symbol;
mod system;
mod table;
mod unit;

pub use absorptivity::{DepthAbsorptivity, ProcessAbsorptivity};
pub use dimension::Dimension;
pub use error::{Error, Result};
pub use fixed_point::{Convergence, FixedPoint, FixedPoints, Reason, Root};
pub use law::{ExponentialDepthLaw, PorosityLaw};
pub use material::{Condition, Material, Property, PropertyKind, Source};
pub use number::{NamedNumber, Term};
pub use pi::{Group, PiBasis};
pub use process::Process;
pub use quantity::Quantity;
pub use rational::Rational;
pub use spot::{SpotDiameter, SpotRadius};
pub use symbol::Symbol;
pub use system::{MAX_VARIABLES, System};
pub use table::{Table, TableLimits};
pub use unit::{MAX_UNIT_DEPTH, MAX_UNIT_LENGTH, Unit, UnitProblem};
