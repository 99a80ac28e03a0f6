//! Symbolic regression.

mod complexity;
mod constant;
mod criterion;
mod data;
mod error;
mod eval;
mod evolution;
mod expression;
mod format;
mod front;
mod linear;
mod model;
mod operator;
mod parse;
mod population;
mod random;
mod regressor;
mod search_result;
mod selection;
mod simplify;
mod symmetry;
mod variation;

pub use complexity::ComplexityMeasure;
pub use constant::{ConstantFit, Convergence, Reason};
pub use criterion::{Criterion, Penalty};
pub use data::{Data, DataReport, Dependence};
pub use error::{Error, ParseProblem, Result};
pub use expression::{Expression, MAX_NODES, Token};
pub use front::{Knee, ParetoFront, knee, pareto_front};
pub use model::{Model, Score};
pub use operator::Operator;
pub use parse::{MAX_NESTING, MAX_TEXT_LENGTH};
pub use regressor::{Progress, SymbolicRegressor};
pub use search_result::{CandidatePoint, RunResult, SearchResult, StopReason};
