//! Exact dimensional analysis: units, Buckingham Pi groups and the dimensionless numbers of laser melting.
//!
//! It is for research code that starts from a table with units and ends with a scaling law: which dimensionless groups the
//! variables allow, which of them the data follow and how firmly, what the named numbers of laser powder bed fusion are on this
//! data, and what the published laws predict. All algebra of dimensions and exponents is exact; no floating-point null space, no truncated fraction. It
//! is not a compile-time unit checker: units are text, read and checked at run time.
//!
//! # A first example
//!
//! From a CSV table with units in its header to its dimensionless groups and a scaling law. The rows are keyhole depths of three
//! alloys, with absorbed power `P`, speed `V`, spot radius `r`, diffusivity `a`, volumetric heat capacity `c` and the rise
//! to melting `T`:
//!
//! ```text
//! alloy,P [W],V [mm/s],r [um],depth [um],a [mm^2/s],c [J/(m^3*K)],T [K]
//! Ti-6Al-4V,45.6,400,47.5,33.0,10.27,3253600,1630
//! Ti-6Al-4V,64.7,400,47.5,85.3,10.27,3253600,1630
//! …
//! ```
//!
//! ```
//! use dimless::{LawData, LawSearch, Table};
//! # use dimless::{AbsorptivityLaw, ProcessTable, Source, Symbol, dataset};
//! # let rows = dataset::keyhole()?;
//! # let rows = ProcessTable::new(&rows).column(Symbol::LaserPower, "power").column(Symbol::ScanSpeed, "scan_speed")
//! #     .column(Symbol::SpotDiameter, "spot_diameter").materials("material", &Source::KeyholeTable)
//! #     .absorptivity_law(AbsorptivityLaw::Settings);
//! # let [p, a, rho, cp, t] = [Symbol::AbsorbedPower, Symbol::ThermalDiffusivity, Symbol::Density, Symbol::HeatCapacity,
//! #     Symbol::LiquidusRise].map(|symbol| rows.symbol(symbol));
//! # let ([p, a, rho, cp, t], all) = ([p?, a?, rho?, cp?, t?], dataset::keyhole()?);
//! # let mut text = "alloy,P [W],V [mm/s],r [um],depth [um],a [mm^2/s],c [J/(m^3*K)],T [K]\n".to_owned();
//! # for i in 0..all.n_rows() {
//! #     let [v, d, e] = ["scan_speed", "spot_diameter", "keyhole_depth"].map(|name| all.column(name).map(|c| c[i]));
//! #     text += &format!("{},{},{},{},{},{},{},{}\n", all.text("material")?[i], p[i], v? * 1e3, d? * 5e5, e? * 1e6,
//! #         a[i] * 1e6, rho[i] * cp[i], t[i]);
//! # }
//! let table = Table::parse(&text)?; // or Table::open("tracks.csv")?
//! let inputs = ["P", "V", "r", "a", "c", "T"];
//! for group in table.system(&inputs)?.pi()?.groups() {
//!     println!("{group}"); // P r^-1 a^-1 c^-1 T^-1 and V r a^-1: all others follow from these
//! }
//! let data = LawData::from_table(&table, &inputs, &[("depth", 1), ("r", -1)])?
//!     .labels_from(&table, "alloy")?;
//! let found = LawSearch::new().leave_label_out(true).fit(&data)?;
//! for law in found.front() {
//!     println!("{:.3} {}", law.scores().r_squared, law.group()); // 0.234, 0.694, 0.816, 0.978
//! }
//! let best = found.best();
//! println!("{best}"); // depth r^-1 = -0.3059 + 0.1220 (P V^-0.5 r^-1.5 a^-0.5 c^-1 T^-1)
//! let unseen = best.scores().left_out.as_ref().ok_or("labels")?; // each alloy from the two others
//! println!("R2 {:.3}, unseen alloys {:.3}", best.scores().r_squared, unseen.r_squared); // 0.978, 0.966
//! # assert_eq!(table.system(&inputs)?.n_groups()?, 2);
//! # assert_eq!(best.group().to_string(), "P^2 V^-1 r^-3 a^-1 c^-2 T^-2");
//! # assert!(best.scores().r_squared > 0.977 && unseen.r_squared > 0.96);
//! # println!("{text}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! That is the Keyhole number of Gan et al. (2021), found without a hint. The bound on the exponents (4 unless set) is a prior:
//! before you believe a group, look at the front, at the groups that do as well
//! ([`LawSearchResult::alternatives`]), at resampled rows ([`LawSearch::bootstrap`]) and at rows the law has not seen.
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
//! - [`LawData`] holds rows for learning: variables, a dimensionless target, labels. A [`LawSearch`] fits a [`Link`] to every group
//!   within a bound on the exponents ([`PiBasis::groups_within`]) and gives a [`ScalingLaw`] for each, with its [`LawScores`]; it
//!   resamples rows ([`LawBootstrap`]) and fits real exponents ([`RefinedLaw`]). A [`TwoGroupSearch`] looks for two groups whose
//!   effects add up.
//! - [`System::express`] writes a group as powers of any others. A [`NumberCatalog`] tells which named number a group is,
//!   and chooses the groups to show.
//! - A [`Symbol`] is a quantity of laser melting; a [`NamedNumber`] is an exact power product of symbols.
//!   An [`EnergyDensity`] is one with a dimension left.
//! - A [`Material`] holds what several sources say, side by side, and lists where they contradict each other; a
//!   [`Source`] says whether it was read. A [`Process`] holds one experiment.
//! - [`MutualInformation`] bounds the error of every law of given inputs; [`ActiveSubspace`] finds the groups along which a
//!   response changes; [`ThresholdPower`] estimates the least power for a keyhole.
//! - A [`Table`] holds columns with units; [`dataset`] holds three measured ones. A [`ProcessTable`] makes each row of a
//!   table a process, and a named number a column.
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
//! # Choosing a link
//!
//! | | form | Use it when |
//! |---|---|---|
//! | [`Link::Linear`] | $c_0 + c_1 \Pi^p$ | nothing is known; it extrapolates least badly |
//! | [`Link::Polynomial`] | $\sum c_j \Pi^{jp}$ | the line bends, and predictions stay within the rows |
//! | [`Link::LogPolynomial`] | $\sum c_j (\ln \Pi)^j$ | the group spans decades; often with [`LawSearch::log_target`] |
//! | [`Link::Power`] | $c\, \Pi^b$ | scaling through the origin |
//! | [`Link::ExponentialSaturation`] | $a - b\, e^{-c \Pi^p}$ | the target levels off |
//! | [`Link::Monotone`] | isotonic regression | which group matters, whatever the form; it flatters the rows of the fit |
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
//! [`NamedNumber::NormalizedEnthalpy`] is the third, unless another enthalpy at melting is stated. Volumetric and linear
//! energy density are not dimensionless and carry over to no other alloy or machine.
//!
//! # Feature flags
//!
//! | feature | adds |
//! |---|---|
//! | `serde` | `Serialize` and `Deserialize` of data types; what is read is checked as by the constructors |
//! | `uom` | `TryFrom` both ways between [`Quantity`] and the `f64` quantities of `uom` |
//!
//! # References
//!
//! - E. Buckingham, *On physically similar systems*, Phys. Rev. 4, 345 (1914), doi 10.1103/PhysRev.4.345.
//! - Gan et al., *Discovering universal scaling laws in 3D printing of metals with genetic programming and dimensional
//!   analysis* (preprint), and its journal successor, Nat. Commun. 12, 2379 (2021), doi 10.1038/s41467-021-22704-0.

pub mod dataset;

mod absorptivity;
mod absorptivity_law;
mod active_subspace;
mod bootstrap;
mod choice;
mod convergence;
mod dimension;
mod energy_density;
mod error;
mod exact;
mod express;
mod fixed_point;
mod formula;
mod lattice;
mod law;
mod law_data;
mod law_search;
mod law_search_result;
mod linear;
mod link;
mod material;
mod mutual_information;
mod nullspace;
mod number;
mod pi;
mod power;
mod process;
mod process_table;
mod quantity;
mod random;
mod rational;
mod recognize;
mod refinement;
mod repeating;
mod scaling_law;
mod spot;
mod symbol;
mod system;
mod table;
mod threshold_power;
mod two_group_law;
mod two_group_search;
mod two_group_search_result;
mod unit;
#[cfg(feature = "uom")]
mod uom;

pub use absorptivity::{DepthAbsorptivity, ProcessAbsorptivity};
pub use absorptivity_law::AbsorptivityLaw;
pub use active_subspace::{ActiveDirections, ActiveSubspace, GradientModel};
pub use bootstrap::{ExponentBootstrap, GroupCount, Interval, LawBootstrap};
pub use choice::GroupChoice;
pub use convergence::{Convergence, Reason};
pub use dimension::Dimension;
pub use energy_density::EnergyDensity;
pub use error::{Error, Result};
pub use express::Expression;
pub use fixed_point::{FixedPoint, FixedPoints, Root};
pub use lattice::MAX_LATTICE_POINTS;
pub use law::{ExponentialDepthLaw, PorosityLaw};
pub use law_data::LawData;
pub use law_search::LawSearch;
pub use law_search_result::{Alternative, LawSearchResult};
pub use link::{FittedLink, Link, MAX_DEGREE};
pub use material::{Comparison, Condition, Material, Property, PropertyKind, Source, Verification};
pub use mutual_information::{ColumnTransform, InformationEstimate, MutualInformation};
pub use number::{NamedNumber, Term};
pub use pi::{Group, PiBasis};
pub use process::Process;
pub use process_table::ProcessTable;
pub use quantity::Quantity;
pub use rational::Rational;
pub use recognize::{CatalogNumber, NumberCatalog, Recognition, SymbolProduct};
pub use refinement::RefinedLaw;
pub use repeating::{MAX_SUBSETS, RepeatingSet, RepeatingSets};
pub use scaling_law::{LawScores, LawTest, LeftOut, LeftOutLabel, ScalingLaw};
pub use spot::{SpotDiameter, SpotRadius};
pub use symbol::Symbol;
pub use system::{MAX_VARIABLES, System};
pub use table::{Table, TableLimits};
pub use threshold_power::{ThresholdEstimate, ThresholdGroup, ThresholdPower};
pub use two_group_law::TwoGroupLaw;
pub use two_group_search::{GroupShape, MAX_CURVE_PAIRS, TwoGroupSearch};
pub use two_group_search_result::TwoGroupSearchResult;
pub use unit::{MAX_UNIT_DEPTH, MAX_UNIT_LENGTH, Unit, UnitProblem};
