//! Links: how the target of a scaling law depends on its group.

mod isotonic;
mod polynomial;

use std::fmt;

use crate::error::{Error, Result};
pub(crate) use isotonic::Isotonic;
pub(crate) use polynomial::Polynomial;

/// The largest degree of a polynomial link.
pub const MAX_DEGREE: usize = 6;

/// The form in which the target $y$ of a scaling law depends on its group $\Pi$.
///
/// A group is known up to powers only, so most forms have a power $p$ of the group, tried from a list
/// ([`LawSearch::powers`](crate::LawSearch::powers)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Link {
    /// $y = c_0 + c_1 \Pi^p$; the default, and the one that is least wrong outside the range of the data.
    #[default]
    Linear,
    /// $y = \sum_j c_j \Pi^{jp}$ to this degree, at most [`MAX_DEGREE`]. High degrees explode outside the range of the data.
    Polynomial(usize),
    /// $y = \sum_j c_j (\ln \Pi)^j$ to this degree, at most [`MAX_DEGREE`].
    LogPolynomial(usize),
    /// $y = c\, \Pi^b$ with a free real power, by least squares of $y$ itself. For those of $\ln y$ take
    /// [`LogPolynomial`](Self::LogPolynomial) of the first degree with [`LawSearch::log_target`](crate::LawSearch::log_target).
    Power,
    /// $y = a - b\, e^{-c\, \Pi^p}$ with $c > 0$: saturation at $a$.
    ExponentialSaturation,
    /// The best rising or falling function: isotonic regression (Ayer et al., Ann. Math. Stat. 26, 641 (1955), doi
    /// 10.1214/aoms/1177728423), linear between the rows and constant beyond them.
    Monotone,
}

impl Link {
    /// Checks the degree.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(self) -> Result<()> {
        match self {
            Self::Polynomial(degree) | Self::LogPolynomial(degree)
                if !(1..=MAX_DEGREE).contains(&degree) =>
            {
                Err(Error::InvalidParameter {
                    name: "link",
                    requirement: "of a degree from 1 to 6",
                    found: degree.to_string(),
                })
            }
            _ => Ok(()),
        }
    }

    /// The number of constants fitted to the rows, a free power or rate included; for [`Monotone`](Self::Monotone) the two
    /// that the flattest such function has.
    pub const fn n_constants(self) -> usize {
        match self {
            Self::Linear | Self::Power | Self::Monotone => 2,
            Self::Polynomial(degree) | Self::LogPolynomial(degree) => degree + 1,
            Self::ExponentialSaturation => 3,
        }
    }

    const fn degree(self) -> usize {
        match self {
            Self::Polynomial(degree) | Self::LogPolynomial(degree) => degree,
            _ => 1,
        }
    }

    const fn has_intercept(self) -> bool {
        !matches!(self, Self::Power)
    }

    /// What is tried for the inner constants before they are refined.
    fn transforms(self, powers: &[f64]) -> Vec<Transform> {
        match self {
            Self::Linear | Self::Polynomial(_) => powers
                .iter()
                .map(|&power| Transform::Power(power))
                .collect(),
            Self::LogPolynomial(_) | Self::Monotone => vec![Transform::Logarithm],
            Self::Power => [0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0]
                .iter()
                .flat_map(|&b| [Transform::Power(b), Transform::Power(-b)])
                .collect(),
            // A centered group is near 1: from almost straight to a step.
            Self::ExponentialSaturation => powers
                .iter()
                .flat_map(|&power| {
                    (-4..=3).map(move |k| Transform::Saturation {
                        power,
                        rate: f64::powi(2.0, k),
                    })
                })
                .collect(),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear => f.pad("linear"),
            Self::Polynomial(degree) => f.pad(&format!("polynomial of degree {degree}")),
            Self::LogPolynomial(degree) => {
                f.pad(&format!("polynomial of degree {degree} in the logarithm"))
            }
            Self::Power => f.pad("power"),
            Self::ExponentialSaturation => f.pad("exponential saturation"),
            Self::Monotone => f.pad("monotone"),
        }
    }
}

/// What is done to the logarithm of the group, less its center, before the polynomial.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Transform {
    Power(f64),
    Logarithm,
    Saturation { power: f64, rate: f64 },
}

impl Transform {
    pub(crate) fn apply(self, u: f64) -> f64 {
        match self {
            Self::Power(power) => libm::exp(power * u),
            Self::Logarithm => u,
            Self::Saturation { power, rate } => libm::exp(-rate * libm::exp(power * u)),
        }
    }

    /// The value and its derivative by the constant that is refined.
    fn with_derivative(self, u: f64) -> (f64, f64) {
        let value = self.apply(u);
        match self {
            Self::Power(_) => (value, value * u),
            Self::Logarithm => (value, 0.0),
            Self::Saturation { power, .. } => (value, -value * libm::exp(power * u)),
        }
    }

    fn refined(self, step: f64) -> Option<Self> {
        match self {
            Self::Power(power) => Some(Self::Power(power + step)),
            Self::Logarithm => None,
            Self::Saturation { power, rate } => {
                let rate = rate + step;
                (rate > 0.0).then_some(Self::Saturation { power, rate })
            }
        }
    }
}

/// A link fitted to rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawLink"))]
pub struct FittedLink {
    link: Link,
    /// The mean logarithm of the group over the rows, taken away before all else.
    center: f64,
    transform: Transform,
    shape: Shape,
    /// Least and largest logarithm of the group among the rows of the fit.
    range: (f64, f64),
}

/// The unchecked form that is read before [`FittedLink`] accepts it.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct RawLink {
    link: Link,
    center: f64,
    transform: Transform,
    shape: Shape,
    range: (f64, f64),
}

#[cfg(feature = "serde")]
impl TryFrom<RawLink> for FittedLink {
    type Error = Error;

    fn try_from(raw: RawLink) -> Result<Self> {
        raw.link.validate()?;
        let in_range = |power: f64| power.is_finite() && power.abs() <= 1e6;
        let transform = match (raw.link, raw.transform) {
            (Link::Linear | Link::Polynomial(_) | Link::Power, Transform::Power(power)) => {
                in_range(power)
            }
            (Link::LogPolynomial(_) | Link::Monotone, Transform::Logarithm) => true,
            (Link::ExponentialSaturation, Transform::Saturation { power, rate }) => {
                in_range(power) && rate.is_finite() && rate > 0.0
            }
            _ => false,
        };
        let shape = match &raw.shape {
            Shape::Polynomial(polynomial) => {
                raw.link != Link::Monotone
                    && polynomial.is_of(raw.link.degree(), raw.link.has_intercept())
            }
            Shape::Isotonic(isotonic) => raw.link == Link::Monotone && isotonic.is_valid(),
        };
        let ends = raw.range.0 <= raw.range.1 && raw.range.0.is_finite() && raw.range.1.is_finite();
        if !(transform && shape && ends && raw.center.is_finite()) {
            return Err(Error::InvalidParameter {
                name: "link",
                requirement: "one whose constants, transform and range belong together",
                found: raw.link.to_string(),
            });
        }
        Ok(Self {
            link: raw.link,
            center: raw.center,
            transform: raw.transform,
            shape: raw.shape,
            range: raw.range,
        })
    }
}

#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Shape {
    Polynomial(Polynomial),
    Isotonic(Isotonic),
}

impl FittedLink {
    /// The form.
    pub const fn link(&self) -> Link {
        self.link
    }

    /// The power $p$ or $b$ of the group; nothing where the form has none.
    pub const fn power(&self) -> Option<f64> {
        match self.transform {
            Transform::Power(power) | Transform::Saturation { power, .. } => Some(power),
            Transform::Logarithm => None,
        }
    }

    /// The constants of the form as [`Link`] writes it: $c_0, c_1, \ldots$; for a power law $c$ (its power is
    /// [`power`](Self::power)); for a saturation $a$, $b$, $c$. None for a monotone link.
    ///
    /// They are those of the group itself in SI units, and leave the range of a float where the group is very large or
    /// small; [`predict`](Self::predict) does not suffer from that.
    pub fn constants(&self) -> Vec<f64> {
        let Shape::Polynomial(polynomial) = &self.shape else {
            return Vec::new();
        };
        let plain = polynomial.monomials();
        match self.transform {
            Transform::Power(power) => {
                let factor = libm::exp(-power * self.center);
                let mut scale = if self.link.has_intercept() {
                    1.0
                } else {
                    factor
                };
                plain
                    .iter()
                    .map(|c| {
                        let scaled = c * scale;
                        scale *= factor;
                        scaled
                    })
                    .collect()
            }
            Transform::Logarithm => shifted(&plain, -self.center),
            Transform::Saturation { power, rate } => {
                let a = plain.first().copied().unwrap_or(0.0);
                let b = plain.get(1).copied().unwrap_or(0.0);
                vec![a, -b, rate * libm::exp(-power * self.center)]
            }
        }
    }

    /// The value for a group of this size.
    pub fn predict(&self, group: f64) -> f64 {
        self.predict_logarithm(libm::log(group))
    }

    pub(crate) fn predict_logarithm(&self, logarithm: f64) -> f64 {
        let u = logarithm - self.center;
        match &self.shape {
            Shape::Polynomial(polynomial) => polynomial.at(self.transform.apply(u)),
            Shape::Isotonic(isotonic) => isotonic.at(u),
        }
    }

    /// The least and the largest group among the rows of the fit.
    pub fn range(&self) -> (f64, f64) {
        (libm::exp(self.range.0), libm::exp(self.range.1))
    }

    pub(crate) fn is_inside(&self, logarithm: f64) -> bool {
        (self.range.0..=self.range.1).contains(&logarithm)
    }
}

/// The coefficients of $q(x) = p(x + h)$.
fn shifted(coefficients: &[f64], h: f64) -> Vec<f64> {
    let mut shifted = coefficients.to_vec();
    for first in 0..shifted.len() {
        for j in (first..shifted.len().saturating_sub(1)).rev() {
            shifted[j] += h * shifted[j + 1];
        }
    }
    shifted
}

/// Fits one link to one group under many weightings of the rows, with buffers that are used again.
#[derive(Debug)]
pub(crate) struct Fitter<'a> {
    link: Link,
    powers: &'a [f64],
    target: &'a [f64],
    transformed: Vec<f64>,
    derivative: Vec<f64>,
}

/// The best fit under one weighting, before it is turned into a [`FittedLink`].
#[derive(Debug, Clone)]
pub(crate) struct Fit {
    transform: Transform,
    shape: Shape,
    /// Weighted sum of squared residuals.
    pub(crate) ssr: f64,
}

impl Fit {
    /// The value at a logarithm of the group less the center.
    pub(crate) fn at(&self, u: f64) -> f64 {
        match &self.shape {
            Shape::Polynomial(polynomial) => polynomial.at(self.transform.apply(u)),
            Shape::Isotonic(isotonic) => isotonic.at(u),
        }
    }

    pub(crate) const fn power(&self) -> Option<f64> {
        match self.transform {
            Transform::Power(power) | Transform::Saturation { power, .. } => Some(power),
            Transform::Logarithm => None,
        }
    }

    /// The derivatives of the value at `u` by the constants of the link (in some basis of them), and by `u` itself; nothing for
    /// a monotone link, which has none.
    pub(crate) fn derivatives(&self, u: f64) -> Option<(Vec<f64>, f64)> {
        let Shape::Polynomial(polynomial) = &self.shape else {
            return None;
        };
        let (t, by_inner) = self.transform.with_derivative(u);
        let (mut constants, slope) = polynomial.basis_at(t);
        let by_logarithm = match self.transform {
            Transform::Power(power) => power * t,
            Transform::Logarithm => 1.0,
            Transform::Saturation { power, rate } => by_inner * rate * power,
        };
        match self.transform {
            // The power of a polynomial link is not one of its constants.
            Transform::Saturation { .. } => constants.push(slope * by_inner),
            Transform::Power(_) if !polynomial.has_intercept() => constants.push(slope * by_inner),
            _ => {}
        }
        Some((constants, slope * by_logarithm))
    }
}

impl<'a> Fitter<'a> {
    pub(crate) fn new(link: Link, powers: &'a [f64], target: &'a [f64]) -> Self {
        Self {
            link,
            powers,
            target,
            transformed: vec![0.0; target.len()],
            derivative: Vec::new(),
        }
    }

    /// The best fit under each weighting (nothing where the group has too few values among its rows), for centered
    /// logarithms `u` of the group.
    pub(crate) fn best<W: AsRef<[f64]>>(
        &mut self,
        u: &[f64],
        weightings: &[W],
    ) -> Vec<Option<Fit>> {
        if self.link == Link::Monotone {
            let fits = weightings.iter().map(|weights| {
                let (isotonic, ssr) = Isotonic::fit(u, self.target, weights.as_ref())?;
                Some(Fit {
                    transform: Transform::Logarithm,
                    shape: Shape::Isotonic(isotonic),
                    ssr,
                })
            });
            return fits.collect();
        }
        let mut best: Vec<Option<Fit>> = vec![None; weightings.len()];
        for transform in self.link.transforms(self.powers) {
            for (t, &u) in self.transformed.iter_mut().zip(u) {
                *t = transform.apply(u);
            }
            for (best, weights) in best.iter_mut().zip(weightings) {
                let fit = self.polynomial(transform, weights.as_ref());
                if let Some(fit) = fit {
                    if best.as_ref().is_none_or(|b| fit.ssr < b.ssr) {
                        *best = Some(fit);
                    }
                }
            }
        }
        if matches!(self.link, Link::Power | Link::ExponentialSaturation) {
            for (best, weights) in best.iter_mut().zip(weightings) {
                if let Some(start) = best.take() {
                    *best = Some(self.refine(start, u, weights.as_ref()));
                }
            }
        }
        best
    }

    fn polynomial(&self, transform: Transform, weights: &[f64]) -> Option<Fit> {
        let (degree, intercept) = (self.link.degree(), self.link.has_intercept());
        let (polynomial, ssr) =
            Polynomial::fit(&self.transformed, self.target, weights, degree, intercept)?;
        Some(Fit {
            transform,
            shape: Shape::Polynomial(polynomial),
            ssr,
        })
    }

    /// Gauss-Newton steps in the inner constant; the outer ones follow by least squares at each step (variable projection
    /// with Kaufman's derivative).
    fn refine(&mut self, start: Fit, u: &[f64], weights: &[f64]) -> Fit {
        let mut best = start;
        for _ in 0..50 {
            let Shape::Polynomial(polynomial) = &best.shape else {
                return best;
            };
            let slope = polynomial.slope();
            let transform = best.transform;
            self.derivative.clear();
            for (t, &u) in self.transformed.iter_mut().zip(u) {
                let (value, derivative) = transform.with_derivative(u);
                *t = value;
                self.derivative.push(slope * derivative);
            }
            // The part of the derivative that the outer constants cannot follow.
            let (t, d) = (&self.transformed, &self.derivative);
            let intercept = self.link.has_intercept();
            let Some((followed, _)) = Polynomial::fit(t, d, weights, 1, intercept) else {
                return best;
            };
            let (mut along, mut norm) = (0.0, 0.0);
            for ((&t, &d), (&y, &w)) in t.iter().zip(d).zip(self.target.iter().zip(weights)) {
                let free = d - followed.at(t);
                along += w * free * (y - polynomial.at(t));
                norm += w * free * free;
            }
            if !(norm > 0.0 && along.is_finite()) {
                return best;
            }
            let mut step = along / norm;
            let mut improved = None;
            for _ in 0..12 {
                if let Some(transform) = transform.refined(step) {
                    for (t, &u) in self.transformed.iter_mut().zip(u) {
                        *t = transform.apply(u);
                    }
                    let fit = self.polynomial(transform, weights);
                    improved = fit.filter(|fit| fit.ssr < best.ssr);
                    if improved.is_some() {
                        break;
                    }
                }
                step *= 0.5;
            }
            let Some(fit) = improved else {
                return best;
            };
            let gained = best.ssr - fit.ssr;
            best = fit;
            if gained <= 1e-13 * best.ssr {
                return best;
            }
        }
        best
    }

    /// The fit as the link of a law.
    pub(crate) fn finish(&self, fit: Fit, center: f64, u: &[f64]) -> FittedLink {
        let range = u.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |r, &u| {
            (r.0.min(u), r.1.max(u))
        });
        FittedLink {
            link: self.link,
            center,
            transform: fit.transform,
            shape: fit.shape,
            range: (range.0 + center, range.1 + center),
        }
    }
}
