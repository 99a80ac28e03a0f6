//! What is subtracted from each pixel before the transform.

/// The least-squares polynomial in time that is subtracted from each pixel.
///
/// Images use [`Detrend::Linear`] unless set: slow drift lies in the lowest frequencies and leaks into the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Detrend {
    /// Nothing.
    None,
    /// The mean.
    Mean,
    /// A straight line.
    #[default]
    Linear,
    /// A parabola.
    Quadratic,
}

impl Detrend {
    /// Number of coefficients: 0 to 3.
    pub fn n_terms(self) -> usize {
        match self {
            Self::None => 0,
            Self::Mean => 1,
            Self::Linear => 2,
            Self::Quadratic => 3,
        }
    }

    /// Orthonormal polynomials over `n_frames` frames by Gram and Schmidt, twice; needs as many frames as terms.
    pub(crate) fn polynomials(self, n_frames: usize) -> Vec<Vec<f64>> {
        let time = |n: usize| {
            if n_frames > 1 {
                2.0 * n as f64 / (n_frames - 1) as f64 - 1.0
            } else {
                0.0
            }
        };
        let mut basis: Vec<Vec<f64>> = Vec::new();
        for order in 0..self.n_terms() {
            let mut next: Vec<f64> = (0..n_frames)
                .map(|n| (0..order).fold(1.0, |power, _| power * time(n)))
                .collect();
            for _ in 0..2 {
                for earlier in &basis {
                    let dot: f64 = next.iter().zip(earlier).map(|(a, b)| a * b).sum();
                    for (value, with) in next.iter_mut().zip(earlier) {
                        *value -= dot * with;
                    }
                }
            }
            let norm = next.iter().map(|v| v * v).sum::<f64>().sqrt();
            for value in &mut next {
                *value /= norm;
            }
            basis.push(next);
        }
        basis
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_orthonormal() {
        let basis = Detrend::Quadratic.polynomials(31);
        for (i, a) in basis.iter().enumerate() {
            for (j, b) in basis.iter().enumerate() {
                let dot: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                approx::assert_abs_diff_eq!(dot, f64::from(u8::from(i == j)), epsilon = 1e-15);
            }
        }
    }
}
