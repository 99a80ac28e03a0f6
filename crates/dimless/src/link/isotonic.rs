//! Isotonic regression.

/// The monotone function of least weighted squares: linear between its knots, constant beyond them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Isotonic {
    /// Rising abscissae with the value at each.
    knots: Vec<(f64, f64)>,
}

struct Block {
    first: usize,
    last: usize,
    weight: f64,
    /// Weighted mean of the target.
    mean: f64,
}

impl Isotonic {
    /// The better of the rising and the falling function, by pooling adjacent violators (Ayer et al., Ann. Math. Stat. 26, 641
    /// (1955), doi 10.1214/aoms/1177728423), and its weighted sum of squared residuals; nothing when all rows that count have one
    /// abscissa.
    pub(crate) fn fit(u: &[f64], y: &[f64], weights: &[f64]) -> Option<(Self, f64)> {
        let mut order: Vec<usize> = (0..u.len()).filter(|&i| weights[i] > 0.0).collect();
        order.sort_by(|&i, &j| u[i].total_cmp(&u[j]));
        // Rows of one abscissa have one value.
        let mut points: Vec<(f64, f64, f64)> = Vec::new();
        for &i in &order {
            match points.last_mut() {
                Some((at, weight, mean)) if *at >= u[i] => {
                    *weight += weights[i];
                    *mean += weights[i] * (y[i] - *mean) / *weight;
                }
                _ => points.push((u[i], weights[i], y[i])),
            }
        }
        if points.len() < 2 {
            return None;
        }
        let mut best: Option<(Self, f64)> = None;
        for sign in [1.0, -1.0] {
            let fitted = Self::rising(&points, sign);
            let residual = |&i: &usize| (weights[i], y[i] - fitted.at(u[i]));
            let ssr = order.iter().map(residual).map(|(w, r)| w * r * r).sum();
            if best.as_ref().is_none_or(|(_, least)| ssr < *least) {
                best = Some((fitted, ssr));
            }
        }
        best
    }

    /// Whether there are knots, finite and rising in their abscissae.
    #[cfg(feature = "serde")]
    pub(super) fn is_valid(&self) -> bool {
        let finite = |knot: &(f64, f64)| knot.0.is_finite() && knot.1.is_finite();
        !self.knots.is_empty()
            && self.knots.iter().all(finite)
            && self.knots.windows(2).all(|pair| pair[0].0 < pair[1].0)
    }

    /// Rising in `sign` times the target.
    fn rising(points: &[(f64, f64, f64)], sign: f64) -> Self {
        let mut blocks: Vec<Block> = Vec::new();
        for (index, &(_, weight, mean)) in points.iter().enumerate() {
            let mut block = Block {
                first: index,
                last: index,
                weight,
                mean,
            };
            while let Some(before) = blocks.pop() {
                if sign * before.mean < sign * block.mean {
                    blocks.push(before);
                    break;
                }
                let weight = before.weight + block.weight;
                let shift = (block.mean - before.mean) * (block.weight / weight);
                block = Block {
                    first: before.first,
                    last: block.last,
                    weight,
                    mean: before.mean + shift,
                };
            }
            blocks.push(block);
        }
        let mut knots = Vec::with_capacity(2 * blocks.len());
        for block in &blocks {
            knots.push((points[block.first].0, block.mean));
            if block.last > block.first {
                knots.push((points[block.last].0, block.mean));
            }
        }
        Self { knots }
    }

    pub(crate) fn at(&self, u: f64) -> f64 {
        let after = self.knots.partition_point(|knot| knot.0 <= u);
        match (
            after.checked_sub(1).and_then(|i| self.knots.get(i)),
            self.knots.get(after),
        ) {
            (Some(left), Some(right)) => {
                let part = (u - left.0) / (right.0 - left.0);
                left.1 + part * (right.1 - left.1)
            }
            (Some(only), None) | (None, Some(only)) => only.1,
            (None, None) => f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    /// The min-max formula of isotonic regression, for distinct abscissae in rising order.
    fn direct(y: &[f64], w: &[f64]) -> Vec<f64> {
        let mean = |i: usize, j: usize| {
            let weight: f64 = w[i..=j].iter().sum();
            (i..=j).map(|k| w[k] * y[k]).sum::<f64>() / weight
        };
        (0..y.len())
            .map(|k| {
                let least = |i| {
                    (k..y.len())
                        .map(|j| mean(i, j))
                        .fold(f64::INFINITY, f64::min)
                };
                (0..=k).map(least).fold(f64::NEG_INFINITY, f64::max)
            })
            .collect()
    }

    #[test]
    fn agrees_with_the_min_max_formula() -> Result<(), Box<dyn std::error::Error>> {
        let u: Vec<f64> = (0..25).map(f64::from).collect();
        let y: Vec<f64> = u.iter().map(|x| 0.2 * x + libm::sin(2.3 * x)).collect();
        let w: Vec<f64> = u.iter().map(|x| 1.0 + x % 3.0).collect();
        let (fit, _) = Isotonic::fit(&u, &y, &w).ok_or("a fit")?;
        for (x, wanted) in u.iter().zip(direct(&y, &w)) {
            assert_relative_eq!(fit.at(*x), wanted, max_relative = 1e-13);
        }
        let falling: Vec<f64> = y.iter().map(|y| -y).collect();
        let (mirror, _) = Isotonic::fit(&u, &falling, &w).ok_or("a fit")?;
        assert_relative_eq!(mirror.at(7.5), -fit.at(7.5), max_relative = 1e-13);
        assert_relative_eq!(fit.at(-3.0), fit.at(0.0));
        assert_relative_eq!(fit.at(99.0), fit.at(24.0));
        Ok(())
    }

    #[test]
    fn equal_abscissae_share_a_value() -> Result<(), Box<dyn std::error::Error>> {
        let (fit, ssr) =
            Isotonic::fit(&[1.0, 1.0, 2.0], &[0.0, 2.0, 5.0], &[1.0, 3.0, 1.0]).ok_or("a fit")?;
        assert_relative_eq!(fit.at(1.0), 1.5);
        assert_relative_eq!(ssr, 1.5 * 1.5 + 3.0 * 0.25);
        assert!(Isotonic::fit(&[1.0, 1.0], &[0.0, 2.0], &[1.0, 1.0]).is_none());
        Ok(())
    }
}
