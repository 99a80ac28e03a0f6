//! Other ways to show what moves, for comparison and use: each takes the same sequence and gives an image or a sequence.
//!
//! | | what it is | source |
//! |---|---|---|
//! | [`temporal_std`] | kinetic imaging, digital variance angiography | V. I. Orias et al., Invest. Radiol. 54, 2 (2019), as cited in reviews, not read |
//! | [`excess_std`] | the same less photon noise | |
//! | [`subtract_median`], [`subtract_mean`] | temporal subtraction | |
//! | [`pair_means`], [`differences`] | pairwise averages and differences of frames | |
//! | [`svd_filter`] | some of the temporal principal components | |
//! | [`DynamicModes`] | modes that oscillate and decay, and the part of a sequence in a band of them | J. H. Tu et al., J. Comput. Dyn. 1, 391 (2014), doi 10.3934/jcd.2014.1.391 |
//! | [`RobustPca`] | low rank + sparse, inexact augmented Lagrangian | Z. Lin, M. Chen, Y. Ma, arXiv:1009.5055, Algorithm 5 |

mod modes;
mod robust;
mod simple;
mod svd;

pub use modes::{DynamicModes, Modes};
pub use robust::{RobustPca, RobustPcaResult, StopReason};
pub use simple::{
    differences, excess_std, pair_means, subtract_mean, subtract_median, temporal_std,
};
pub use svd::svd_filter;
