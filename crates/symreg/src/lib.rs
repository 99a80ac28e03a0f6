//! Symbolic regression: short formulas found in data, with the evidence for and against them.
//!
//! Give it a table of inputs and a target; it enumerates what is simple, searches the rest of the space of
//! formulas by genetic programming, fits every constant, and returns the *Pareto front* of error against complexity,
//! the information criteria of each law, and what the rows cannot decide. It is made for scaling
//! laws: a handful of dimensionless inputs, tens to thousands of rows, an answer that a person
//! reads. It is not made for black-box prediction from many inputs.
//!
//! ```
//! use symreg::{Data, SymbolicRegressor};
//!
//! // Depths that follow 5 - 5 exp(-p / q), seen through some scatter.
//! let p: Vec<f64> = (0..60).map(|i| 0.5 + 0.4 * f64::from(i % 20)).collect();
//! let q: Vec<f64> = (0..60).map(|i| 4.0 + f64::from(i / 20)).collect();
//! let depth: Vec<f64> = p.iter().zip(&q).enumerate()
//!     .map(|(i, (p, q))| 5.0 - 5.0 * (-p / q).exp() + 0.002 * f64::from(i as u32 * 7 % 11) - 0.01)
//!     .collect();
//! let data = Data::from_columns([("p", p), ("q", q)], ("depth", depth))?;
//!
//! let result = SymbolicRegressor::new().max_genes(1).population_size(200).runs(1).seed(3).fit(&data)?;
//! for law in result.front().models() {
//!     println!("{:3}  {:.4}  {}", law.complexity(), law.rmse(), law.to_infix_rounded(3));
//! }
//! let law = result.front().shortest(&data)?.ok_or("no law")?;
//! assert!(law.r2() > 0.9999);
//! // It holds p and q only as p / q.
//! assert_eq!(law.expression().power_product(&data)?, Some(vec![1.0, -1.0]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Concepts
//!
//! - **Expression** ([`Expression`]): a formula as a flat postfix program, read from text
//!   ([`Expression::parse`]) and written so that the parser reads back the same
//!   ([`Expression::to_infix`]).
//! - **Gene and model** ([`Model`]): a model is a bias plus a weighted sum of one or more genes.
//!   Weights and bias follow in closed form, constants inside the genes by variable projection
//!   and Levenberg-Marquardt ([`ConstantFit`]), so evolution only has to find structures.
//! - **Complexity** ([`Expression::complexity`]): the sum of the node counts of all full subtrees.
//! - **Front and knee** ([`ParetoFront`], [`Knee`]): the laws that no other beats in both error
//!   and complexity, and the one where more complexity stops paying; through noise rather the knee among the laws that
//!   the rows pay for ([`ParetoFront::supported_knee`]).
//!   A front that ends in a much better law, as nearly exact data give, has no knee: take the
//!   least BIC there.
//! - **Enumeration** ([`SymbolicRegressor::enumeration_levels`]): before evolution, sums, products and
//!   quotients of small formulas are screened in closed form, in seven forms of the target (its square,
//!   logarithm, reciprocal, …), two terms at a time over all pairs. A term that is good alone may be no part
//!   of the law, so nothing is grown one term after the other.
//! - **Runs and islands** ([`SymbolicRegressor::runs`], [`SymbolicRegressor::islands`]): runs are independent and show
//!   by their agreement whether luck decided; islands of one run exchange their best. [`Selection`] says how parents are
//!   chosen, [`MutationWeights`] how children differ from them.
//! - **Start** ([`SymbolicRegressor::guesses`], [`SymbolicRegressor::warm_start`]): laws that somebody expects, or an
//!   earlier front, take part from the first generation.
//! - **Constraints** ([`Constraints`]): what a law must meet to be considered: limits on its structure, units, and a range or
//!   monotonicity that is proved for the whole box of the rows.
//! - **Weights** ([`Data::with_weights`], [`Data::with_sigmas`]): rows that count more or less, and rows whose uncertainty is
//!   known, so that $\chi^2$ is the misfit.
//! - **Loss** ([`Loss`]): what is minimized beside squared residuals: absolute values against outliers, quantiles, your own.
//! - **Operators of your own** ([`OperatorDefinition`]): a closure, its derivative and perhaps a loop over blocks.
//! - **Many rows** ([`Evaluator`]): one law or many on the same rows, in double or single precision, with the widest vectors
//!   that the machine has.
//! - **Steps** ([`Search`]): a level of enumeration or a generation at a time, the whole state as bytes.
//!   [`RunControl`] writes it to a file, from which a killed search goes on to the same bits.
//! - **Choice** ([`ParetoFront::shortest`]): the law of least description length, which pays for constants
//!   and for structure. A search among many structures fits noise; a criterion that counts constants alone
//!   does not see that.
//! - **Criteria** ([`Criterion`]): AIC, AICc and BIC on the number of constants that the data can
//!   tell apart ([`Model::fitted_constants`]), or on that and the choice of structure
//!   ([`Penalty::ConstantsAndStructure`]: the extended BIC). They rank; they do not test.
//! - **Evidence** ([`DescriptionLength`], [`ParetoFront::ties`], [`ConstantUncertainty`]): other criteria, laws
//!   that the rows do not tell apart, and how far each constant can go.
//! - **Agreement** ([`Agreement`]): how many independent runs come to the same law, by each rule of choice.
//! - **Symmetry** ([`Expression::power_product`], [`Expression::has_scaling_symmetry`]): whether a
//!   law, however written, holds its inputs only as one product of powers.
//! - **Last simplification** ([`Expression::condensed`], [`ConstantSnapping`]): like terms collected, round
//!   numbers where the rows allow them, and a test that two laws are one ([`Expression::equivalence`]).
//! - **Between the rows** ([`BoxAnalysis`]): the range of a law over a box of its inputs, its poles and proofs
//!   of monotonicity, by interval arithmetic.
//! - **Results** ([`Export`], [`HtmlReport`], [`VariableImportance`], [`ResidualTable`]): the law in other
//!   languages, and all there is to say of it on one page.
//! - **What the rows cannot tell** ([`Data::report`]): constant, collinear and log-collinear
//!   columns, found before the search.
//!
//! # Choosing a method
//!
//! | you have | use |
//! |---|---|
//! | a table and no idea | [`SymbolicRegressor`] with the defaults, then [`ParetoFront::shortest`], and look at the front |
//! | the search of Gan et al. | [`SymbolicRegressor::gan`] |
//! | outliers, or a wish for a quantile | [`SymbolicRegressor::loss`] |
//! | known uncertainties | [`Data::with_sigmas`] |
//! | inputs that are uncertain themselves | [`ErrorsInVariables`] on the laws of a front |
//! | quantities with units | [`Constraints`] with feature `dimensions`, or dimensionless groups by the crate `dimless` first |
//! | laws that may be near | [`SymbolicRegressor::guesses`], [`SymbolicRegressor::warm_start`] |
//! | many thousand rows | [`SymbolicRegressor::sampled_rows`] |
//! | hours of searching | [`SymbolicRegressor::fit_controlled`] with [`RunControl::checkpoint`], [`JsonLines`] for a log |
//! | a wish for one readable group | [`SymbolicRegressor::max_genes`]`(1)`, then the knee and [`Expression::power_product`] |
//! | a structure from theory | [`ConstantFit`] |
//! | several candidate laws | [`ConstantFit`] on each, [`Criterion`] to rank, [`Model::score`] on rows of another group |
//! | a law to use elsewhere | [`ConstantSnapping`], then [`Export`] |
//! | a law to show | [`HtmlReport`] |
//! | rows of several materials | [`Data::split_by_label`]: train on some, test on the others |
//!
#![doc = include_str!("../features.md")]
//! # Conventions
//!
//! - Inputs are columns of `f64` without NaN or infinities; a [`Data`] refuses them by name and row.
//! - No operator is protected: a law that is undefined on a training row is discarded, on another
//!   row it is counted in [`Score::n_undefined`].
//! - A law may have a pole between two rows, where no row shows it: [`BoxAnalysis::range`] finds it or
//!   proves that there is none.
//! - R² is $1 - \mathrm{SSE}/\mathrm{SST}$ about the mean of the rows it is evaluated on, so it can
//!   be negative.
//! - The same data, parameters and seed give the same bits, whatever the number of threads: random
//!   streams are ChaCha8, keyed by seed, run, island, generation and slot, sums run in a fixed order, and
//!   elementary functions are the crate's own or those of the `libm` crate, not the platform's.
//!
//! # Feature flags
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `rayon` | yes | fits the individuals of a generation on several threads |
//! | `dimensions` | no | physical dimensions of expressions, by the crate `dimless` |
//! | `progress` | no | `ProgressBar`, a line on a terminal that shows where a search is |
//! | `serde` | no | serialization of parameters, expressions and results |
//!
//! # References
//!
//! - Gan et al., *Discovering universal scaling laws in 3D printing of metals with genetic
//!   programming and dimensional analysis* (preprint); journal successor Nat. Commun. 12, 2379
//!   (2021), doi 10.1038/s41467-021-22704-0: the procedure that this crate follows.
//! - Searson, *GPTIPS 2*, in Handbook of Genetic Programming Applications (2015),
//!   doi 10.1007/978-3-319-20883-1_22: multigene models and most defaults.
//! - Smits and Kotanchek 2005, doi 10.1007/0-387-23254-0_17: Pareto tournaments and expressional
//!   complexity.
//! - Deb et al. 2002, doi 10.1109/4235.996017, and Mouret and Clune 2015, arXiv 1504.04909: the other ways to select.
//! - Golub and Pereyra 1973, doi 10.1137/0710036, and Kaufman 1975, doi 10.1007/BF01932995:
//!   variable projection.

mod agreement;
mod checkpoint;
mod clock;
mod complexity;
mod condense;
mod constant;
mod constraints;
mod context;
mod control;
mod criterion;
mod custom;
mod data;
mod descent;
mod description_length;
#[cfg(feature = "dimensions")]
mod dimensions;
mod equivalence;
mod error;
mod errors_in_variables;
mod evaluator;
mod events;
mod evolution;
mod export;
mod expression;
mod fitter;
mod format;
mod front;
mod importance;
mod interval;
mod island;
mod kernel;
mod linear;
mod loss;
mod map_all;
mod memory;
mod model;
mod mutation;
mod neighborhood;
mod operator;
mod outputs;
mod parse;
mod population;
mod program;
mod progress;
#[cfg(feature = "progress")]
mod progress_bar;
mod random;
mod ranking;
mod refit;
mod regressor;
mod report;
mod residuals;
mod search;
mod search_result;
mod seeding;
mod selection;
mod simplify;
mod snapping;
mod starts;
mod student;
mod symmetry;
mod template;
mod uncertainty;
mod variation;
mod watch;

pub use agreement::{Agreement, Choice};
pub use complexity::ComplexityMeasure;
pub use constant::{ConstantFit, Convergence, Reason};
pub use constraints::Constraints;
pub use control::{RunControl, Stopper};
pub use criterion::{Criterion, Penalty};
pub use custom::{CustomOperator, OperatorDefinition};
pub use data::{Data, DataReport, Dependence};
pub use descent::{ConstantOptimizer, GradientDescent};
pub use description_length::{DescriptionLength, Noise};
#[cfg(feature = "dimensions")]
pub use dimensions::{ConstantDimensions, DimensionCause, DimensionCheck};
pub use equivalence::Equivalence;
pub use error::{CheckpointProblem, Error, IoCause, ParseProblem, Result};
pub use errors_in_variables::{ErrorsInVariables, ErrorsInVariablesFit};
pub use evaluator::Evaluator;
pub use events::JsonLines;
pub use export::{Export, Language};
pub use expression::{Expression, MAX_NODES, Token};
pub use front::{Knee, ParetoFront, knee, pareto_front};
pub use importance::{Importance, VariableImportance};
pub use interval::{BoxAnalysis, Interval, Monotonicity, Pole, PoleKind, RangeReport};
pub use kernel::real::Real;
pub use loss::{CustomLoss, Loss};
pub use model::{Model, Score};
pub use mutation::MutationWeights;
pub use operator::Operator;
pub use outputs::{SharedLaw, SharedResult};
pub use parse::{MAX_NESTING, MAX_TEXT_LENGTH};
pub use program::Program;
pub use progress::{Phase, Progress};
#[cfg(feature = "progress")]
pub use progress_bar::ProgressBar;
pub use ranking::{RankedModel, akaike_weights};
pub use regressor::SymbolicRegressor;
pub use report::HtmlReport;
pub use residuals::ResidualTable;
pub use search::Search;
pub use search_result::{CandidatePoint, RunResult, SearchResult, StopReason};
pub use selection::Selection;
pub use snapping::{ConstantSnapping, Snap, SnappedLaw};
pub use template::{Template, TemplateLaw, TemplateResult};
pub use uncertainty::{
    ConstantInterval, ConstantIntervals, ConstantUncertainty, IntervalMethod, Resampling,
};
