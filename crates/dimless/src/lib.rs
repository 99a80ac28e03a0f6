//! Exact dimensional analysis: units, Buckingham Pi groups and the dimensionless numbers of laser melting.
//!
//! It is for research code that starts from a table with units and ends with a scaling law: which dimensionless groups the
//! variables allow, what the named numbers of laser powder bed fusion are on this data, and what the published laws
//! predict. All algebra of dimensions and exponents is exact; no floating-point null space, no truncated fraction. It
//! is not a compile-time unit checker: units are text, read and checked at run time.
//!
//! # A first example
//!
//! From a CSV table with units to its dimensionless groups, and their values in each row:
//!
//! ```
//! use dimless::Table;
//!
//! let table = Table::parse(
//!     "alloy,P [W],V [mm/s],d [um],K [W/(m*K)],dT [K]\n\
//!      Ti-6Al-4V,150,400,95,30,3017\n\
//!      Al6061,416,300,88,90,2494\n",
//! )?;
//! let basis = table.system(&["P", "V", "d", "K", "dT"])?.pi()?;
//! assert_eq!(basis.rank(), 4);
//! for group in basis.groups() {
//!     assert_eq!(group.to_string(), "P d^-1 K^-1 dT^-1");
//!     let values = group.evaluate_table(&table)?;
//!     assert!((values[0] - 17.445).abs() < 1e-3);
//! }
//! assert_eq!(basis.unusable_variables(), ["V"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The published depth law on one experiment, without the measured depth:
//!
//! ```
//! use dimless::{DepthAbsorptivity, ExponentialDepthLaw, FixedPoint, Material, NamedNumber, Process, Source, SpotDiameter};
//!
//! let alloy = Material::named("Ti-6Al-4V")?;
//! let source = Source::GanTableS1;
//! let process = Process::new()
//!     .laser_power(260.0)
//!     .scan_speed(0.4)
//!     .spot_diameter(SpotDiameter::from_micrometers(95.0)?)
//!     .absorptivity(1.0)
//!     .material(&alloy, &source);
//! let keyhole_number = process.number(NamedNumber::KeyholeNumber2019)?;
//! let law = ExponentialDepthLaw::published();
//! let depths = FixedPoint::new(0.0, law.plateau())
//!     .solve_depth(keyhole_number, &law, &DepthAbsorptivity::of(&alloy, &source)?)?;
//! let depth = depths.single().ok_or("one depth")?;
//! assert!((1.0..5.12).contains(&depth.value));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Concepts
//!
//! - A [`Dimension`] is seven exact [`Rational`] exponents; a [`Unit`] is a factor and a dimension, read from text; a
//!   [`Quantity`] is a value with a dimension.
//! - A [`System`] is a list of named variables with dimensions. Its [`PiBasis`] is the Hermite normal form of the lattice of
//!   all dimensionless products of whole powers: every such product is a whole combination of the basis, in one way.
//! - [`System::repeating_sets`] gives all sets of groups by repeating variables, [`System::with_repeating`] the one of a
//!   choice, and [`System::circuits`] the groups of fewest variables.
//! - A [`Symbol`] is a quantity of laser melting; a [`NamedNumber`] is an exact power product of symbols.
//! - A [`Material`] holds what several sources say, side by side; a [`Process`] holds one experiment.
//! - A [`Table`] holds columns with units; [`dataset`] holds three measured ones.
//!
//! # Conventions
//!
//! - All values are in SI base units; a column or text in another unit is converted when it is read.
//! - Exponents follow the order of the variables. Groups of a basis have a positive first exponent.
//! - The spot **diameter** $d$ and **radius** $r_0$ have two types, [`SpotDiameter`] and [`SpotRadius`]. The preprint
//!   normalizes the keyhole depth by $d$ ([`NamedNumber::DepthToDiameter`]), Gan et al. (2021) by $r_0$
//!   ([`NamedNumber::DepthToRadius`]).
//! - The ambient temperature is 298 K unless set.
//! - Exponentials and error functions come from `libm`, so that results have the same bits on every platform.
//!
//! # Choosing a number
//!
//! Three keyhole numbers are in use. They have different sizes and exponents, and are not to be mixed.
//!
//! | | power | length | Use it with |
//! |---|---|---|---|
//! | [`NamedNumber::KeyholeNumber2019`] | above the threshold | $d^2$ | single tracks, [`ExponentialDepthLaw`] |
//! | [`NamedNumber::KeyholeNumberMultiTrack`] | absorbed | $d H$ | printed parts, [`PorosityLaw`] |
//! | [`NamedNumber::KeyholeNumber2021`] | absorbed | $r_0^{3/2}$, $1/\pi$ | single tracks where the threshold is unknown |
//!
//! # Feature flags
//!
//! | feature | adds |
//! |---|---|
//! | `serde` | `Serialize` and `Deserialize` of data types; what is read is checked as by the constructors |
//!
//! # References
//!
//! - E. Buckingham, *On physically similar systems*, Phys. Rev. 4, 345 (1914), doi 10.1103/PhysRev.4.345.
//! - Gan et al., *Discovering universal scaling laws in 3D printing of metals with genetic programming and dimensional
//!   analysis* (preprint), and its journal successor, Nat. Commun. 12, 2379 (2021), doi 10.1038/s41467-021-22704-0.

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
mod repeating;
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
pub use repeating::{MAX_SUBSETS, RepeatingSet, RepeatingSets};
pub use spot::{SpotDiameter, SpotRadius};
pub use symbol::Symbol;
pub use system::{MAX_VARIABLES, System};
pub use table::{Table, TableLimits};
pub use unit::{MAX_UNIT_DEPTH, MAX_UNIT_LENGTH, Unit, UnitProblem};
