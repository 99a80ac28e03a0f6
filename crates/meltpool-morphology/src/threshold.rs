//! Levels that part an image into two, and the noise of an image.

use crate::error::{Error, Result};

/// Otsu's threshold: the level that makes the variance between two classes largest, over 512 equal steps of the range.
///
/// Values that are not finite are left out; `None` if fewer than two different ones remain. Among equal levels the middle is taken.
/// $O(n)$.
///
/// # References
///
/// N. Otsu, IEEE Trans. Syst. Man Cybern. 9, 62 (1979), doi 10.1109/TSMC.1979.4310076, Eq. 18.
pub fn otsu(values: impl IntoIterator<Item = f32> + Clone) -> Option<f64> {
    const N: usize = 512;
    let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
    for value in values.clone() {
        if value.is_finite() {
            low = low.min(value);
            high = high.max(value);
        }
    }
    if low >= high {
        return None;
    }
    let (low, span) = (f64::from(low), f64::from(high) - f64::from(low));
    let mut counts = [0_u64; N];
    for value in values {
        if value.is_finite() {
            let bin = ((f64::from(value) - low) / span * N as f64) as usize;
            counts[bin.min(N - 1)] += 1;
        }
    }
    let total: u64 = counts.iter().sum();
    let mean = counts
        .iter()
        .enumerate()
        .map(|(i, n)| i as f64 * *n as f64)
        .sum::<f64>()
        / total as f64;
    let (mut below, mut sum) = (0_u64, 0.0);
    let (mut best, mut first, mut last) = (-1.0, 0, 0);
    for (i, n) in counts.iter().enumerate().take(N - 1) {
        below += n;
        sum += i as f64 * *n as f64;
        let w = below as f64 / total as f64;
        if w == 0.0 || below == total {
            continue;
        }
        let between = (mean * w - sum / total as f64).powi(2) / (w * (1.0 - w));
        if between > best * (1.0 + 1e-12) {
            (best, first, last) = (between, i, i);
        } else if between >= best * (1.0 - 1e-12) {
            last = i;
        }
    }
    Some(low + (0.5 * (first + last) as f64 + 1.0) / N as f64 * span)
}

/// Median of values, the mean of the two middle ones of an even number; `None` for none.
pub(crate) fn median(values: &mut [f32]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let n = values.len();
    let (below, value, _) = values.select_nth_unstable_by(n / 2, f32::total_cmp);
    let upper = f64::from(*value);
    if n % 2 == 1 {
        return Some(upper);
    }
    let lower = below.iter().copied().max_by(f32::total_cmp);
    Some(0.5 * (upper + lower.map_or(upper, f64::from)))
}

/// Standard deviation of white noise by the median of absolute values, $1.4826\,\mathrm{med}|x - \mathrm{med}\,x|$; `None` for no finite value.
///
/// Holds for normal noise; up to half of the values may be anything.
pub fn robust_sigma(values: impl IntoIterator<Item = f32>) -> Option<f64> {
    let mut values: Vec<f32> = values.into_iter().filter(|v| v.is_finite()).collect();
    let middle = median(&mut values)?;
    for value in &mut values {
        *value = (f64::from(*value) - middle).abs() as f32;
    }
    median(&mut values).map(|deviation| 1.482_602_218_505_602 * deviation)
}

/// Value at a quantile from 0 to 1 of finite values, linear between neighbors.
///
/// # Errors
///
/// [`Error::TooFew`] for no value, [`Error::InvalidParameter`] for a quantile outside 0 to 1, [`Error::NonFinite`].
pub fn quantile(values: &[f64], at: f64) -> Result<f64> {
    Error::between("at", at, 0.0, 1.0)?;
    Error::at_least("a quantile", "values", 1, values.len())?;
    Error::all_finite("values", values)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(of_sorted(&sorted, at))
}

pub(crate) fn of_sorted(sorted: &[f64], at: f64) -> f64 {
    let place = at * (sorted.len() - 1) as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let next = sorted[(low + 1).min(sorted.len() - 1)];
    sorted[low] + part * (next - sorted[low])
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn otsu_parts_two_classes_and_the_direct_form_agrees() {
        let values: Vec<f32> = (0..300)
            .map(|i| {
                if i % 3 == 0 {
                    5.0 + 0.01 * i as f32
                } else {
                    1.0 + 0.002 * i as f32
                }
            })
            .collect();
        let level = otsu(values.iter().copied()).unwrap();
        assert!(level > 1.6 && level < 5.0);
        // between-class variance of the cut, directly
        let score = |t: f64| {
            let (a, b): (Vec<f64>, Vec<f64>) =
                values.iter().map(|v| f64::from(*v)).partition(|v| *v < t);
            let mean = |s: &[f64]| s.iter().sum::<f64>() / s.len() as f64;
            a.len() as f64 * b.len() as f64 * (mean(&a) - mean(&b)).powi(2)
        };
        for k in 1..100 {
            assert!(score(level) >= 0.999 * score(1.0 + 0.07 * f64::from(k)));
        }
    }

    #[test]
    fn a_constant_has_no_threshold() {
        assert_eq!(otsu([2.0_f32; 9]), None);
        assert_eq!(otsu([f32::NAN; 3]), None);
        assert_eq!(robust_sigma([f32::NAN; 3]), None);
    }

    #[test]
    fn sigma_of_a_normal_sample() {
        // quantiles of the normal law
        let z = [
            -1.645_f32, -1.036, -0.674, -0.385, -0.126, 0.126, 0.385, 0.674, 1.036, 1.645,
        ];
        assert_relative_eq!(
            robust_sigma(z.map(|z| 3.0 * z)).unwrap(),
            3.0,
            max_relative = 0.25
        );
    }

    #[test]
    fn quantiles_are_linear_between_values() {
        assert_relative_eq!(quantile(&[3.0, 1.0, 2.0, 4.0], 0.5).unwrap(), 2.5);
        assert!(quantile(&[], 0.5).is_err() && quantile(&[1.0], 1.5).is_err());
    }
}
