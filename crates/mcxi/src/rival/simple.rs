//! Statistics and differences over time.

use ndarray::{Array2, Array3, ArrayView3, Axis, Zip};

use crate::error::{Error, Result};
use crate::sample::{Real, Sample};

fn check<S>(frames: &ArrayView3<'_, S>, purpose: &'static str, needed: usize) -> Result<()> {
    let (n_frames, n_rows, n_columns) = frames.dim();
    if frames.is_empty() {
        return Err(Error::EmptySequence {
            n_frames,
            n_rows,
            n_columns,
        });
    }
    if n_frames < needed {
        return Err(Error::TooFewFrames {
            purpose,
            needed,
            found: n_frames,
        });
    }
    Ok(())
}

/// Mean and sum of squared deviations of each pixel, by Welford's recurrence.
fn moments<S: Sample>(frames: &ArrayView3<'_, S>) -> (Array2<f64>, Array2<f64>) {
    let (_, n_rows, n_columns) = frames.dim();
    let mut mean = Array2::zeros((n_rows, n_columns));
    let mut square = Array2::zeros((n_rows, n_columns));
    for (n, frame) in frames.outer_iter().enumerate() {
        let weight = 1.0 / (n + 1) as f64;
        Zip::from(&mut mean).and(&mut square).and(&frame).for_each(
            |mean: &mut f64, square: &mut f64, pixel| {
                let value = pixel.real().as_f64();
                let before = value - *mean;
                *mean += before * weight;
                *square += before * (value - *mean);
            },
        );
    }
    (mean, square)
}

/// Standard deviation over time, divided by $T - 1$, in units of the input.
///
/// # Errors
///
/// [`Error::EmptySequence`]; [`Error::TooFewFrames`] for fewer than two.
pub fn temporal_std<S: Sample>(frames: &ArrayView3<'_, S>) -> Result<Array2<S::Real>> {
    check(frames, "a standard deviation", 2)?;
    let n = frames.dim().0 as f64 - 1.0;
    let (_, square) = moments(frames);
    Ok(square.mapv(|s| <S::Real as Real>::of((s / n).sqrt())))
}

/// $\sqrt{\max(0, s^2 - \mu/g)}$: what photon noise of $g$ photons a count does not explain, in counts.
///
/// # Errors
///
/// As [`temporal_std`]; [`Error::InvalidParameter`] if `photons_per_count` is not positive.
pub fn excess_std<S: Sample>(
    frames: &ArrayView3<'_, S>,
    photons_per_count: f64,
) -> Result<Array2<S::Real>> {
    if photons_per_count.is_nan() || photons_per_count <= 0.0 {
        return Err(Error::parameter(
            "photons_per_count",
            "positive",
            photons_per_count,
        ));
    }
    check(frames, "a standard deviation", 2)?;
    let n = frames.dim().0 as f64 - 1.0;
    let (mean, square) = moments(frames);
    Ok(Zip::from(&mean).and(&square).map_collect(|mean, square| {
        let excess = square / n - mean / photons_per_count;
        <S::Real as Real>::of(if excess.is_nan() {
            excess
        } else {
            excess.max(0.0).sqrt()
        })
    }))
}

/// Each frame less the mean over time.
///
/// # Errors
///
/// [`Error::EmptySequence`].
pub fn subtract_mean<S: Sample>(frames: &ArrayView3<'_, S>) -> Result<Array3<S::Real>> {
    check(frames, "a mean", 1)?;
    let (mean, _) = moments(frames);
    Ok(subtract(frames, &mean))
}

/// Each frame less the median over time.
///
/// # Errors
///
/// [`Error::EmptySequence`].
pub fn subtract_median<S: Sample>(frames: &ArrayView3<'_, S>) -> Result<Array3<S::Real>> {
    check(frames, "a median", 1)?;
    let mut values = Vec::new();
    let median = frames.map_axis(Axis(0), |samples| {
        values.clear();
        values.extend(samples.iter().map(|v| v.real().as_f64()));
        if values.iter().any(|v| v.is_nan()) {
            return f64::NAN;
        }
        values.sort_unstable_by(f64::total_cmp);
        let half = values.len() / 2;
        if values.len() % 2 == 1 {
            values[half]
        } else {
            f64::midpoint(values[half - 1], values[half])
        }
    });
    Ok(subtract(frames, &median))
}

fn subtract<S: Sample>(frames: &ArrayView3<'_, S>, image: &Array2<f64>) -> Array3<S::Real> {
    let mut out = Array3::from_elem(frames.dim(), <S::Real as Real>::NAN);
    for (mut out, frame) in out.outer_iter_mut().zip(frames.outer_iter()) {
        Zip::from(&mut out)
            .and(&frame)
            .and(image)
            .for_each(|out, pixel, image| {
                *out = <S::Real as Real>::of(pixel.real().as_f64() - image);
            });
    }
    out
}

/// Means of each frame and the next.
///
/// # Errors
///
/// [`Error::EmptySequence`]; [`Error::TooFewFrames`] for fewer than two.
pub fn pair_means<S: Sample>(frames: &ArrayView3<'_, S>) -> Result<Array3<S::Real>> {
    check(frames, "a pair", 2)?;
    let half = <S::Real as Real>::of(0.5);
    Ok(pairs(frames, 1, |a, b| (a + b) * half))
}

/// Frames less those `lag` before.
///
/// # Errors
///
/// [`Error::EmptySequence`]; [`Error::TooFewFrames`] if there are not more frames than `lag`.
pub fn differences<S: Sample>(frames: &ArrayView3<'_, S>, lag: usize) -> Result<Array3<S::Real>> {
    check(frames, "a difference", lag.saturating_add(1))?;
    Ok(pairs(frames, lag, |a, b| b - a))
}

fn pairs<S: Sample>(
    frames: &ArrayView3<'_, S>,
    lag: usize,
    f: impl Fn(S::Real, S::Real) -> S::Real,
) -> Array3<S::Real> {
    let (n_frames, n_rows, n_columns) = frames.dim();
    let shape = (n_frames - lag, n_rows, n_columns);
    Array3::from_shape_fn(shape, |(n, y, x)| {
        f(frames[[n, y, x]].real(), frames[[n + lag, y, x]].real())
    })
}
