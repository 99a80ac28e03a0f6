//! What all estimators share: the trait and its result.

use crate::convergence::{Convergence, LevelReport};
use crate::error::Result;
use crate::field::FlowField;
use crate::image::Image;

/// Finds the motion from one frame to the next.
///
/// # Examples
///
/// An estimator of one's own, and a function that takes any:
///
/// ```
/// use optical_flow::{Error, FlowEstimator, FlowField, FlowResult, Image};
///
/// #[derive(Debug)]
/// struct Still;
/// impl FlowEstimator for Still {
///     fn estimate(&self, first: &Image, _second: &Image) -> Result<FlowResult, Error> {
///         Ok(FlowResult::new(FlowField::zeros(first.dim())))
///     }
/// }
/// let image = Image::new(&ndarray::Array2::<u8>::zeros((8, 8)).view())?;
/// let any: &dyn FlowEstimator = &Still;
/// assert_eq!(any.estimate(&image, &image)?.flow, FlowField::zeros((8, 8)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait FlowEstimator {
    /// The displacement of each pixel of `first`, such that `second` at the displaced place is like it.
    ///
    /// # Errors
    ///
    /// As the estimator says; at least [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for frames of different size.
    fn estimate(&self, first: &Image, second: &Image) -> Result<FlowResult>;
}

/// A flow and how it was found.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct FlowResult {
    /// Displacements, px/frame.
    pub flow: FlowField,
    /// How the last system on the finest level ended; absent for estimators that solve none.
    pub convergence: Option<Convergence>,
    /// What happened on each level of the pyramid, coarse to fine; with an automatic weight the finest may stand there twice, the last time
    /// with the weight that was found.
    pub levels: Vec<LevelReport>,
    /// The smoothness weight that was used, in intensity units.
    pub alpha: Option<f64>,
    /// Standard deviation of the smoothing before estimation, px.
    pub pre_smoothing: f64,
    /// The uniform displacement that the estimation started from, along columns and rows, px/frame.
    pub initial: Shift,
}

/// A uniform displacement, px/frame.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Shift {
    /// Along columns, to the right.
    pub u: f64,
    /// Along rows, down.
    pub v: f64,
}

impl FlowResult {
    /// A flow of which nothing else is known.
    pub fn new(flow: FlowField) -> Self {
        Self {
            flow,
            convergence: None,
            levels: Vec::new(),
            alpha: None,
            pre_smoothing: 0.0,
            initial: Shift::default(),
        }
    }
}
