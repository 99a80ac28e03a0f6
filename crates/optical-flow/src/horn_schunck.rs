//! Horn and Schunck's method on a pyramid.

mod automatic;
mod jacobi;
mod level;
mod linear;
mod sequence;
mod workspace;

use crate::convergence::Convergence;
use crate::error::{Error, Result};
use crate::estimator::{FlowEstimator, FlowResult, Shift};
use crate::field::FlowField;
use crate::image::Image;
use crate::interpolate::Interpolation;
use crate::parallel::both;
use crate::phase::global_shift;
use crate::pyramid::depth;
pub use sequence::SequenceFlow;
pub use workspace::Workspace;

/// The smoothness weight $\alpha$ of Horn and Schunck's functional.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Alpha {
    /// This weight, in units of intensity as [`Image`] states it.
    Fixed(f64),
    /// Found from the frames: the weight whose field, estimated from a part of the pixels, best predicts the others.
    Automatic,
}

impl From<f64> for Alpha {
    fn from(alpha: f64) -> Self {
        Self::Fixed(alpha)
    }
}

/// How the linear system of each warp is solved.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Solver {
    /// V(1,1) cycles with red-black block Gauss-Seidel: converged in a few cycles at any weight. Five-point means.
    #[default]
    Multigrid,
    /// Red-black block successive over-relaxation with this factor, above 0 and below 2. Five-point means.
    Sor(f64),
    /// The published iteration, in double precision with nine-point means; stopped by the relative change of the field, which is
    /// not convergence.
    Jacobi,
}

/// How many levels the pyramid has.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Depth {
    /// As many as leave at least 32 px on the shorter side of the coarsest.
    #[default]
    Automatic,
    /// As many as bring a largest displacement, in px/frame, down to one pixel.
    Displacement(f64),
    /// This number, at least 1; the coarsest keeps at least 4 px on its shorter side.
    Levels(usize),
}

/// Smoothing of both frames before estimation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum PreSmoothing {
    /// A Gaussian of this standard deviation in px; none for 0.
    Gaussian(f64),
    /// From the noise of the frames: see [`noise_level`](crate::noise_level).
    Automatic,
}

/// Horn and Schunck's optical flow with pyramid, warps, and a solver that converges.
///
/// It minimizes $$E = \iint (I_x u + I_y v + I_t)^2 + \alpha_v^2\left(|\nabla u|^2 + |\nabla v|^2\right) dx\,dy$$
/// around the field of the coarser level. $\alpha$ is an intensity: frames scaled by a factor want it scaled by the same.
/// It is stated as in the published iteration, where $\alpha^2(\bar u - u)$ stands with the nine-point mean $\bar u$, so that
/// $\alpha_v^2 = \alpha^2/3$; the five-point solvers use $\alpha_5^2 = \tfrac43\alpha^2$, which is the same smoothing.
///
/// The defaults: automatic weight and smoothing, multigrid to a relative residual of 1e-3 or 12 cycles, cubic B-spline, depth by size,
/// a start from phase correlation. [`HornSchunck::song`] is the published setting.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
/// use optical_flow::{FlowEstimator, HornSchunck, Image};
///
/// let frame = |dx: f32| Array2::from_shape_fn((64, 64), |(y, x)| {
///     0.5 + 0.2 * (0.4 * (x as f32 - dx)).sin() + 0.2 * (0.3 * y as f32 + 0.2 * (x as f32 - dx)).cos()
/// });
/// let result = HornSchunck::new().alpha(0.2)
///     .estimate(&Image::new(&frame(0.0).view())?, &Image::new(&frame(0.7).view())?)?;
/// assert!((result.flow.u[[32, 32]] - 0.7).abs() < 0.02);
/// assert!(result.convergence.is_some_and(|c| c.residual <= 1e-3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Accuracy
///
/// Mean end-point errors of the automatic configuration on generated 8-bit pairs of 512 x 512 px: 0.0008 to 0.0012 px for uniform motion of 0.1
/// to 10 px, 0.0064 px for a shear, 0.0087 px for a vortex, 0.0123 px for particles.
///
/// # Performance
///
/// $O(n)$ in the number of pixels for multigrid; about 90 bytes a pixel. Many pairs of one size want [`HornSchunck::estimate_into`], which keeps that memory.
///
/// # References
///
/// B. K. P. Horn and B. G. Schunck, Artif. Intell. 17, 185 (1981), doi 10.1016/0004-3702(81)90024-2, Eqs. 7 and 8.
/// W. L. Briggs, V. E. Henson and S. F. McCormick, A Multigrid Tutorial, doi 10.1137/1.9780898719505 (V cycles).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HornSchunck {
    pub(crate) alpha: Alpha,
    pub(crate) solver: Solver,
    pub(crate) tolerance: f64,
    pub(crate) max_iterations: usize,
    pub(crate) depth: Depth,
    pub(crate) warps: usize,
    pub(crate) interpolation: Interpolation,
    pub(crate) pre_smoothing: PreSmoothing,
    pub(crate) start_from_phase: bool,
    pub(crate) update_limit: f64,
    pub(crate) energy_check: bool,
    pub(crate) integration: f64,
    pub(crate) median_radius: usize,
}

impl Default for HornSchunck {
    fn default() -> Self {
        Self::new()
    }
}

impl HornSchunck {
    /// The automatic configuration.
    pub fn new() -> Self {
        Self {
            alpha: Alpha::Automatic,
            solver: Solver::Multigrid,
            tolerance: 1e-3,
            max_iterations: 12,
            depth: Depth::Automatic,
            warps: 1,
            interpolation: Interpolation::CubicBSpline,
            pre_smoothing: PreSmoothing::Automatic,
            start_from_phase: true,
            update_limit: 2.0,
            energy_check: true,
            integration: 0.0,
            median_radius: 0,
        }
    }

    /// The setting of Song et al., Metals 16(5), 487 (2026), doi 10.3390/met16050487, as its review record states it.
    ///
    /// $\alpha = 0.1$, tolerance 1e-4 on the relative change of the field, at most 200 sweeps a level, nine-point means. What the record leaves
    /// open is as in this crate: intensities from 0 to 1, a pyramid down to 16 px, one warp a level, no smoothing, no limits. The
    /// sweeps of each level are in [`FlowResult::levels`].
    pub fn song() -> Self {
        Self {
            alpha: Alpha::Fixed(0.1),
            solver: Solver::Jacobi,
            tolerance: 1e-4,
            max_iterations: 200,
            depth: Depth::Levels(usize::MAX),
            warps: 1,
            interpolation: Interpolation::CubicBSpline,
            pre_smoothing: PreSmoothing::Gaussian(0.0),
            start_from_phase: false,
            update_limit: f64::INFINITY,
            energy_check: false,
            integration: 0.0,
            median_radius: 0,
        }
    }

    /// The smoothness weight: a number, or [`Alpha::Automatic`] (the default).
    pub fn alpha(mut self, alpha: impl Into<Alpha>) -> Self {
        self.alpha = alpha.into();
        self
    }

    /// The solver; multigrid if not said.
    pub fn solver(mut self, solver: Solver) -> Self {
        self.solver = solver;
        self
    }

    /// Where the solver stops: true relative residual, or relative change of the field for [`Solver::Jacobi`]. Default 1e-3.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The most cycles or sweeps of one solve. Default 12 cycles.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    /// The depth of the pyramid.
    pub fn depth(mut self, depth: Depth) -> Self {
        self.depth = depth;
        self
    }

    /// Warps, each with a solve, on each level. Default 1.
    pub fn warps(mut self, warps: usize) -> Self {
        self.warps = warps;
        self
    }

    /// How the second frame is interpolated; cubic B-spline if not said.
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// Smoothing of both frames first.
    pub fn pre_smoothing(mut self, pre_smoothing: PreSmoothing) -> Self {
        self.pre_smoothing = pre_smoothing;
        self
    }

    /// Whether to start from the uniform shift that phase correlation finds, where there is one beyond the reach of the pyramid. Default yes.
    pub fn start_from_phase(mut self, start_from_phase: bool) -> Self {
        self.start_from_phase = start_from_phase;
        self
    }

    /// The largest change of a component by one warp, in pixels of the level. Default 2; infinite for no limit.
    pub fn update_limit(mut self, update_limit: f64) -> Self {
        self.update_limit = update_limit;
        self
    }

    /// Whether a level's start is dropped where it explains the frames worse than the start of the pyramid does. Default yes.
    pub fn energy_check(mut self, energy_check: bool) -> Self {
        self.energy_check = energy_check;
        self
    }

    /// Standard deviation in px of a Gaussian over which the data term is gathered; none for 0, the default.
    ///
    /// A. Bruhn, J. Weickert and C. Schnörr, "Lucas/Kanade meets Horn/Schunck", Int. J. Comput. Vis. 61, 211 (2005).
    pub fn integration(mut self, integration: f64) -> Self {
        self.integration = integration;
        self
    }

    /// Radius of a median filter on the field after each warp: 0 for none (the default), 1 for 3 x 3, 2 for 5 x 5 px. It keeps edges of motion.
    pub fn median_radius(mut self, median_radius: usize) -> Self {
        self.median_radius = median_radius;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for the first that is out of range.
    pub fn validate(&self) -> Result<()> {
        if let Alpha::Fixed(alpha) = self.alpha {
            Error::positive("alpha", alpha)?;
        }
        if let Solver::Sor(omega) = self.solver {
            if !(omega > 0.0 && omega < 2.0) {
                return Err(Error::parameter(
                    "solver",
                    "a factor above 0 and below 2",
                    omega,
                ));
            }
        }
        Error::positive("tolerance", self.tolerance)?;
        Error::at_least("max_iterations", "at least 1", self.max_iterations == 0, 0)?;
        Error::at_least(
            "warps",
            "from 1 to 100",
            self.warps == 0 || self.warps > 100,
            self.warps,
        )?;
        match self.depth {
            Depth::Displacement(largest) => Error::positive("depth", largest)?,
            Depth::Levels(0) => return Err(Error::parameter("depth", "at least 1 level", 0)),
            _ => {}
        }
        if let PreSmoothing::Gaussian(sigma) = self.pre_smoothing {
            Error::pre_smoothing(sigma)?;
        }
        if !(0.0..=100.0).contains(&self.integration) {
            return Err(Error::parameter(
                "integration",
                "from 0 to 100 px",
                self.integration,
            ));
        }
        Error::at_least(
            "median_radius",
            "at most 2",
            self.median_radius > 2,
            self.median_radius,
        )?;
        if self.update_limit.is_nan() || self.update_limit <= 0.0 {
            return Err(Error::parameter(
                "update_limit",
                "positive",
                self.update_limit,
            ));
        }
        Ok(())
    }

    fn n_levels(&self, (rows, columns): (usize, usize)) -> usize {
        match self.depth {
            Depth::Automatic => depth(rows, columns, 32),
            Depth::Displacement(largest) => {
                let wanted = 1 + largest.max(1.0).log2().ceil() as usize;
                wanted.min(depth(rows, columns, 8))
            }
            Depth::Levels(usize::MAX) => depth(rows, columns, 16),
            Depth::Levels(n) => n.min(depth(rows, columns, 4)),
        }
    }
}

/// The smallest frame that is taken.
const SMALLEST: usize = 8;

/// Frames of one size, not too small.
pub(crate) fn check_frames(first: &Image, second: &Image) -> Result<()> {
    Error::same_shape("second", first.dim(), second.dim())?;
    let (rows, columns) = first.dim();
    if rows.min(columns) < SMALLEST {
        return Err(Error::TooSmall {
            what: "first",
            needed: SMALLEST,
            found: (rows, columns),
        });
    }
    Ok(())
}

impl FlowEstimator for HornSchunck {
    fn estimate(&self, first: &Image, second: &Image) -> Result<FlowResult> {
        let mut result = FlowResult::new(FlowField::zeros((0, 0)));
        self.estimate_into(first, second, &mut Workspace::new(), &mut result)?;
        Ok(result)
    }
}

impl HornSchunck {
    /// [`FlowEstimator::estimate`] in memory that is kept from pair to pair; the result is the same, bit for bit.
    ///
    /// Frames of any size may follow each other; memory is made anew where the size changes.
    ///
    /// # Errors
    ///
    /// As [`FlowEstimator::estimate`]; the result is as it was then.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::Array2;
    /// use optical_flow::{FlowEstimator, FlowField, FlowResult, HornSchunck, Image, Workspace};
    ///
    /// let frame = |dx: f32| Array2::from_shape_fn((64, 64), |(y, x)| {
    ///     0.5 + 0.2 * (0.4 * (x as f32 - dx)).sin() + 0.2 * (0.3 * y as f32 + 0.2 * (x as f32 - dx)).cos()
    /// });
    /// let frames = (0..4)
    ///     .map(|k| Image::new(&frame(0.5 * k as f32).view()))
    ///     .collect::<Result<Vec<_>, _>>()?;
    /// let method = HornSchunck::new().alpha(0.2);
    /// let mut workspace = Workspace::new();
    /// let mut result = FlowResult::new(FlowField::zeros((64, 64)));
    /// for pair in frames.windows(2) {
    ///     method.estimate_into(&pair[0], &pair[1], &mut workspace, &mut result)?;
    ///     assert_eq!(result, method.estimate(&pair[0], &pair[1])?);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn estimate_into(
        &self,
        first: &Image,
        second: &Image,
        workspace: &mut Workspace,
        result: &mut FlowResult,
    ) -> Result<()> {
        self.validate()?;
        check_frames(first, second)?;
        result.levels.clear();
        result.alpha = None;
        result.pre_smoothing = 0.0;
        result.initial = Shift::default();
        if first == second {
            // no motion between equal frames: the minimum of the functional
            result.flow = FlowField::zeros(first.dim());
            result.convergence = Some(Convergence::exact(self.tolerance));
            return Ok(());
        }
        let is_automatic =
            self.alpha == Alpha::Automatic || self.pre_smoothing == PreSmoothing::Automatic;
        let quality = if is_automatic {
            automatic::Quality::of(first, second)
        } else {
            automatic::Quality::default()
        };
        let (settings, sigma) = automatic::settle(self, quality);
        let n_levels = self.n_levels(first.dim());
        let pyramid = &mut workspace.pyramid;
        let ((), shift) = both(
            first.dim().0 * first.dim().1,
            || pyramid.fill(first, second, sigma, n_levels, self.interpolation),
            || {
                if self.start_from_phase {
                    global_shift(first, second, n_levels)
                } else {
                    Shift::default()
                }
            },
        );
        workspace.prepare();
        let reports = &mut result.levels;
        let alpha = match self.alpha {
            Alpha::Fixed(alpha) => {
                workspace.run(&settings, shift, alpha, reports);
                alpha
            }
            Alpha::Automatic => workspace.run_automatic(&settings, shift, quality, reports),
        };
        workspace.give_field(&mut result.flow);
        let last = result.levels.last();
        result.convergence = last.and_then(|level| level.solves.last().copied());
        result.alpha = Some(alpha);
        result.pre_smoothing = sigma;
        result.initial = shift;
        Ok(())
    }
}
