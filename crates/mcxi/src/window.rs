//! Weights of the frames before the transform.

use std::f64::consts::TAU;

/// A weight for each frame, $w_n$, $n = 0 \ldots T-1$; all are periodic, so that $w_n = a_0 - a_1\cos(2\pi n/T) + a_2\cos(4\pi n/T)$.
///
/// The window of images is Hann unless set: it keeps a strong slow signal out of the other frequencies. It also halves the record:
/// on some thirty frames of a broad spectrum the rectangular window detects more. Source: F. J. Harris, Proc. IEEE 66, 51 (1978),
/// doi 10.1109/PROC.1978.10837, Eqs. 27, 31 and 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Window {
    /// 1 for every frame.
    Rectangular,
    /// $a = (0.5, 0.5, 0)$.
    #[default]
    Hann,
    /// $a = (0.54, 0.46, 0)$.
    Hamming,
    /// $a = (0.42, 0.5, 0.08)$.
    Blackman,
}

impl Window {
    /// The coefficients $a_0, a_1, a_2$.
    pub fn coefficients(self) -> [f64; 3] {
        match self {
            Self::Rectangular => [1.0, 0.0, 0.0],
            Self::Hann => [0.5, 0.5, 0.0],
            Self::Hamming => [0.54, 0.46, 0.0],
            Self::Blackman => [0.42, 0.5, 0.08],
        }
    }

    /// The weights of `n_frames` frames.
    pub fn weights(self, n_frames: usize) -> Vec<f64> {
        let [a0, a1, a2] = self.coefficients();
        (0..n_frames)
            .map(|n| {
                let phase = TAU * n as f64 / n_frames as f64;
                a0 - a1 * libm::cos(phase) + a2 * libm::cos(2.0 * phase)
            })
            .collect()
    }

    /// $S_1 = \sum_n w_n$ and $S_2 = \sum_n w_n^2$.
    pub fn sums(self, n_frames: usize) -> WindowSums {
        let weights = self.weights(n_frames);
        WindowSums {
            first: weights.iter().sum(),
            second: weights.iter().map(|w| w * w).sum(),
        }
    }

    /// Squared correlation of the spectra of white noise `lag` frequencies apart: for Hann 4/9 at 1 and 1/36 at 2, for the rectangular
    /// window 0.
    pub fn correlation(self, lag: usize) -> f64 {
        if lag == 0 {
            return 1.0;
        }
        let [a0, a1, a2] = self.coefficients();
        // The transform of the weights is this comb, and the covariance of two frequencies is its convolution with itself.
        let comb = [a2 / 2.0, -a1 / 2.0, a0, -a1 / 2.0, a2 / 2.0];
        let at = |lag: usize| -> f64 { (lag..comb.len()).map(|i| comb[i] * comb[i - lag]).sum() };
        let r = at(lag) / at(0);
        r * r
    }
}

/// Sums of the weights of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WindowSums {
    /// $S_1$, which scales amplitudes.
    pub first: f64,
    /// $S_2$, which scales densities.
    pub second: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_coefficients() {
        for window in [
            Window::Rectangular,
            Window::Hann,
            Window::Hamming,
            Window::Blackman,
        ] {
            let [a0, a1, a2] = window.coefficients();
            let sums = window.sums(37);
            approx::assert_relative_eq!(sums.first, 37.0 * a0, max_relative = 1e-13);
            let second = 37.0 * (a0 * a0 + 0.5 * (a1 * a1 + a2 * a2));
            approx::assert_relative_eq!(sums.second, second, max_relative = 1e-13);
        }
    }

    #[test]
    fn correlations_of_the_hann_window() {
        approx::assert_relative_eq!(Window::Hann.correlation(1), 4.0 / 9.0, epsilon = 1e-15);
        approx::assert_relative_eq!(Window::Hann.correlation(2), 1.0 / 36.0, epsilon = 1e-15);
        assert!(Window::Hann.correlation(3).abs() < 1e-15);
        assert!(Window::Rectangular.correlation(1).abs() < 1e-15);
    }
}
