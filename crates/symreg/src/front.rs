//! Error against complexity: dominance, the Pareto front and its knee.

use crate::{Criterion, Data, Model, Penalty, Result};

/// Indices of the points that no other point dominates, by rising complexity.
///
/// A point dominates another when it is no worse in complexity and in error and better in one. Of
/// equal points the first is kept; points whose error is NaN are left out. O(n log n).
///
/// # Examples
///
/// ```
/// assert_eq!(symreg::pareto_front(&[(1, 9.0), (5, 3.0), (3, 4.0), (6, 3.5), (5, 3.0)]), [0, 2, 1]);
/// ```
#[must_use]
pub fn pareto_front(points: &[(usize, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len())
        .filter(|&i| !points[i].1.is_nan())
        .collect();
    order.sort_by(|&i, &j| {
        points[i]
            .0
            .cmp(&points[j].0)
            .then(points[i].1.total_cmp(&points[j].1))
            .then(i.cmp(&j))
    });
    let mut best = f64::INFINITY;
    let mut first = true;
    order.retain(|&i| {
        let keep = first || points[i].1 < best;
        if keep {
            best = points[i].1;
            first = false;
        }
        keep
    });
    order
}

/// The corner of a front, where more complexity stops paying.
///
/// With $u = (C - C_{\min})/(C_{\max} - C_{\min})$ and
/// $v = (\ln E - \ln E_{\min})/(\ln E_{\max} - \ln E_{\min})$ over the front, it is the point
/// farthest below the chord from $(0, 1)$ to $(1, 0)$: the largest $(1 - u - v)/\sqrt 2$. It
/// depends on the ends of the front, which is why they are part of the value.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Knee {
    /// Index of the point among those given.
    pub index: usize,
    /// Distance below the chord, in (0, 0.71].
    pub distance: f64,
    /// Least and greatest complexity of the front.
    pub complexity_range: (usize, usize),
    /// Least and greatest error of the front.
    pub error_range: (f64, f64),
}

/// The knee of a front given by rising complexity and falling error.
///
/// `None` with fewer than three points, or when none lies below the chord. Of equally distant
/// points the simplest is taken. Errors must be positive.
///
/// # Examples
///
/// ```
/// let knee = symreg::knee(&[(1, 1.0), (3, 0.1), (20, 0.09), (40, 0.08)]).ok_or("no knee")?;
/// assert_eq!(knee.index, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn knee(front: &[(usize, f64)]) -> Option<Knee> {
    knee_among(front, |_| true)
}

/// The knee of a front among those of its points that are `eligible`, by index.
fn knee_among(front: &[(usize, f64)], eligible: impl Fn(usize) -> bool) -> Option<Knee> {
    let (first, last) = (front.first()?, front.last()?);
    if front.len() < 3 || last.1.is_nan() || last.1 <= 0.0 || first.0 >= last.0 {
        return None;
    }
    let width = (last.0 - first.0) as f64;
    let height = libm::log(first.1) - libm::log(last.1);
    if height.is_nan() || height <= 0.0 {
        return None;
    }
    let mut best: Option<(usize, f64)> = None;
    for (index, &(complexity, error)) in front.iter().enumerate() {
        let u = (complexity - first.0) as f64 / width;
        let v = (libm::log(error) - libm::log(last.1)) / height;
        let distance = (1.0 - u - v) / std::f64::consts::SQRT_2;
        if eligible(index) && distance > 1e-12 && best.is_none_or(|(_, d)| distance > d) {
            best = Some((index, distance));
        }
    }
    best.map(|(index, distance)| Knee {
        index,
        distance,
        complexity_range: (first.0, last.0),
        error_range: (last.1, first.1),
    })
}

/// Relative gain in the sum of squares below which two models count as equally accurate.
const ROUNDING: f64 = 1e-9;

/// Models that no other model dominates in error and complexity, by rising complexity.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ParetoFront {
    models: Vec<Model>,
}

impl ParetoFront {
    /// The front of some models. A more complex one must lower the sum of squares by more than
    /// rounding (relative 1e-9); of equal ones that with the shorter, then smaller text is kept.
    #[must_use]
    pub fn from_models(mut models: Vec<Model>) -> Self {
        models.sort_by_cached_key(|m| {
            let text = m.canonical_text();
            (m.complexity(), text.len(), text)
        });
        let points: Vec<(usize, f64)> = models
            .iter()
            .map(|m| (m.complexity(), m.floored_objective()))
            .collect();
        let mut slots: Vec<Option<Model>> = models.into_iter().map(Some).collect();
        let mut best = f64::INFINITY;
        let mut keep = pareto_front(&points);
        keep.retain(|&i| {
            let gains = points[i].1 < best * (1.0 - ROUNDING);
            if gains {
                best = points[i].1;
            }
            gains
        });
        Self {
            models: keep.into_iter().filter_map(|i| slots[i].take()).collect(),
        }
    }

    /// The models by rising complexity and falling error.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// Complexity and RMSE of each model.
    #[must_use]
    pub fn points(&self) -> Vec<(usize, f64)> {
        self.models
            .iter()
            .map(|m| (m.complexity(), m.rmse()))
            .collect()
    }

    /// The knee of the front in complexity and ln RMSE, and the model there.
    #[must_use]
    pub fn knee(&self) -> Option<(Knee, &Model)> {
        knee(&self.floored_points()).map(|k| (k, &self.models[k.index]))
    }

    /// The knee of the front among the laws that the rows support ([`supported`](Self::supported)).
    ///
    /// A law with one useless gene more costs a unit of complexity and fits the noise a little better, so that
    /// the knee of the whole front often lies a step or two behind the law that made the rows. The front is measured
    /// from end to end as before, its long tail of useless laws included; only a supported one can be the knee.
    ///
    /// # Errors
    ///
    /// As [`DescriptionLength::of`](crate::DescriptionLength::of).
    pub fn supported_knee(&self, data: &Data) -> Result<Option<(Knee, &Model)>> {
        let supported = self.supported_indices(data)?;
        Ok(
            knee_among(&self.floored_points(), |i| supported.contains(&i))
                .map(|k| (k, &self.models[k.index])),
        )
    }

    fn floored_points(&self) -> Vec<(usize, f64)> {
        self.models
            .iter()
            .map(|m| {
                (
                    m.complexity(),
                    (m.floored_objective() / m.n_rows() as f64).sqrt(),
                )
            })
            .collect()
    }

    /// The model with the least value of a criterion, and that value.
    #[must_use]
    pub fn best(&self, criterion: Criterion, penalty: Penalty) -> Option<(&Model, f64)> {
        self.ranked(criterion, penalty).into_iter().next()
    }

    /// All models for which the criterion is defined, best first, with its value. Those within 2
    /// of the first are ties.
    #[must_use]
    pub fn ranked(&self, criterion: Criterion, penalty: Penalty) -> Vec<(&Model, f64)> {
        let mut ranked: Vec<(&Model, f64)> = self
            .models
            .iter()
            .filter_map(|m| criterion.of(m, penalty).map(|value| (m, value)))
            .collect();
        ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
        ranked
    }

    /// One front of several.
    #[must_use]
    pub fn merged<'a>(fronts: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::from_models(
            fronts
                .into_iter()
                .flat_map(|f| f.models.iter().cloned())
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn brute_force(points: &[(usize, f64)]) -> Vec<(usize, f64)> {
        let dominated = |p: &(usize, f64)| {
            points
                .iter()
                .any(|q| q.0 <= p.0 && q.1 <= p.1 && (q.0 < p.0 || q.1 < p.1))
        };
        let mut kept: Vec<_> = points.iter().copied().filter(|p| !dominated(p)).collect();
        kept.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        kept.dedup();
        kept
    }

    proptest! {
        #[test]
        fn front_agrees_with_brute_force(points in prop::collection::vec((1_usize..30, 0_u32..40), 0..60)) {
            let points: Vec<(usize, f64)> = points.into_iter().map(|(c, e)| (c, f64::from(e))).collect();
            let found: Vec<(usize, f64)> = pareto_front(&points).into_iter().map(|i| points[i]).collect();
            prop_assert_eq!(found, brute_force(&points));
        }

        #[test]
        fn a_dominated_point_changes_nothing(points in prop::collection::vec((1_usize..30, 1_u32..40), 1..40)) {
            let mut points: Vec<(usize, f64)> = points.into_iter().map(|(c, e)| (c, f64::from(e))).collect();
            let before: Vec<_> = pareto_front(&points).into_iter().map(|i| points[i]).collect();
            let (c, e) = points[0];
            points.push((c + 1, e + 1.0));
            let after: Vec<_> = pareto_front(&points).into_iter().map(|i| points[i]).collect();
            prop_assert_eq!(before, after);
        }
    }

    #[test]
    fn the_corner_of_an_l_is_the_knee() {
        let front = [(1, 1.0), (2, 0.5), (4, 0.01), (30, 0.009), (60, 0.008)];
        let found = knee(&front).unwrap();
        assert_eq!(found.index, 2);
        assert_eq!(found.complexity_range, (1, 60));
        assert_eq!(found.error_range, (0.008, 1.0));
    }

    /// The law of least length is not last on the front, and not its knee.
    #[test]
    fn the_supported_knee_is_a_law_that_the_rows_pay_for() -> Result<()> {
        let x: Vec<f64> = (0..60).map(|i| 0.1 * f64::from(i)).collect();
        let noise = |i: usize, k: usize| ((i * k % 61) as f64 / 61.0 - 0.5) * 0.1;
        let y = (0..60)
            .map(|i| 1.0 + 2.0 * (-x[i]).exp() + noise(i, 23))
            .collect();
        let z: Vec<f64> = (0..60).map(|i| noise(i, 23) + 4.0 * noise(i, 37)).collect();
        let data = Data::from_columns([("x", x), ("z", z)], ("y", y))?;
        let models = [
            &["x"][..],
            &["exp(-1*x)"],
            &["exp(-1*x)", "z"],
            &["exp(-1*x)", "z", "z^2"],
        ]
        .iter()
        .map(|genes| {
            let genes: Result<Vec<crate::Expression>> = genes
                .iter()
                .map(|g| crate::Expression::parse(g, &["x", "z"]))
                .collect();
            crate::ConstantFit::new().fit(&genes?, &data)
        })
        .collect::<Result<Vec<_>>>()?;
        let front = ParetoFront::from_models(models);
        let (knee, law) = front.supported_knee(&data)?.expect("a knee");
        assert_eq!(law.to_infix_rounded(1), "1+2*exp(-1*x)");
        assert_eq!(Some(law), front.shortest(&data)?);
        assert_eq!(front.models().len(), 4);
        assert_eq!(knee.complexity_range.1, front.models()[3].complexity());
        Ok(())
    }

    #[test]
    fn a_straight_or_short_front_has_no_knee() {
        assert_eq!(knee(&[(1, 1.0), (9, 0.1)]), None);
        assert_eq!(knee(&[]), None);
        // Straight in ln E.
        let e = std::f64::consts::E;
        assert_eq!(knee(&[(1, 1.0), (2, 1.0 / e), (3, 1.0 / (e * e))]), None);
        // Above the chord.
        assert_eq!(knee(&[(1, 1.0), (2, 0.99), (3, 0.01)]), None);
        assert_eq!(knee(&[(1, 1.0), (2, 0.5), (3, 0.0)]), None);
    }
}
