//! Sampling a row of points between the pixels of an image.

use super::dispatch::Kernel;

/// Pixels that surround the image, so that taps are always inside.
pub(crate) const PAD: usize = 3;

/// Points that are prepared together.
const CHUNK: usize = 64;

/// Weights of four taps at a fraction between the second and the third.
pub(crate) trait Taps: Copy {
    fn weights(self, t: f32) -> [f32; 4];
}

/// The cubic B-spline, on prefiltered values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BSpline;

impl Taps for BSpline {
    #[inline(always)]
    fn weights(self, t: f32) -> [f32; 4] {
        let s = 1.0 - t;
        let (t2, s2) = (t * t, s * s);
        let (w0, w3) = (s2 * s * (1.0 / 6.0), t2 * t * (1.0 / 6.0));
        [
            w0,
            2.0 / 3.0 - t2 * (1.0 - 0.5 * t),
            2.0 / 3.0 - s2 * (1.0 - 0.5 * s),
            w3,
        ]
    }
}

/// Cubic convolution with a parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys(pub(crate) f32);

impl Taps for Keys {
    #[inline(always)]
    fn weights(self, t: f32) -> [f32; 4] {
        let a = self.0;
        let (t2, t3) = (t * t, t * t * t);
        [
            a * (t3 - 2.0 * t2 + t),
            (a + 2.0) * t3 - (a + 3.0) * t2 + 1.0,
            -(a + 2.0) * t3 + (2.0 * a + 3.0) * t2 - a * t,
            a * (t2 - t3),
        ]
    }
}

/// Linear between the two nearest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linear;

impl Taps for Linear {
    #[inline(always)]
    fn weights(self, t: f32) -> [f32; 4] {
        [0.0, 1.0 - t, t, 0.0]
    }
}

/// A row of points to sample.
#[derive(Debug)]
pub(crate) struct Points<'a> {
    pub(crate) out: &'a mut [f32],
    /// Column of each point, within `0 ..= columns - 1 + 1`, moved by the padding.
    pub(crate) x: &'a [f32],
    pub(crate) y: &'a [f32],
    /// The padded image.
    pub(crate) image: &'a [f32],
    pub(crate) stride: usize,
}

/// Samples a row. Points are in pixels of the padded image and have a tap before and two behind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample;

impl<T: Taps> Kernel<(Points<'_>, T)> for Sample {
    #[inline(always)]
    fn run((points, taps): (Points<'_>, T)) {
        let n = points.out.len();
        let (x, y) = (&points.x[..n], &points.y[..n]);
        let mut base = [0_u32; CHUNK];
        let mut wx = [[0.0_f32; 4]; CHUNK];
        let mut wy = [[0.0_f32; 4]; CHUNK];
        for (start, out) in (0..n).step_by(CHUNK).zip(points.out.chunks_mut(CHUNK)) {
            let m = out.len();
            let (x, y) = (&x[start..][..m], &y[start..][..m]);
            for k in 0..m {
                let (ix, iy) = (x[k] as i32, y[k] as i32);
                wx[k] = taps.weights(x[k] - ix as f32);
                wy[k] = taps.weights(y[k] - iy as f32);
                base[k] = ((iy - 1) * points.stride as i32 + ix - 1) as u32;
            }
            for k in 0..m {
                let mut sum = [0.0_f32; 4];
                for (j, weight) in wy[k].iter().enumerate() {
                    let at = base[k] as usize + j * points.stride;
                    let row = &points.image[at..at + 4];
                    for i in 0..4 {
                        sum[i] += weight * row[i];
                    }
                }
                let w = &wx[k];
                out[k] = (w[0] * sum[0] + w[1] * sum[1]) + (w[2] * sum[2] + w[3] * sum[3]);
            }
        }
    }
}

/// A square of points at one fraction between pixels.
#[derive(Debug)]
pub(crate) struct Square<'a> {
    /// The padded image from the first tap on.
    pub(crate) image: &'a [f32],
    pub(crate) stride: usize,
    pub(crate) side: usize,
    /// Along columns and down, from 0 to 1.
    pub(crate) fraction: [f32; 2],
}

/// Samples a square by the cubic B-spline, along rows and then down. The scratch has `side` values for each of `side + 3` rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SampleSquare;

impl Kernel<(Square<'_>, &mut [f32], &mut [f32])> for SampleSquare {
    #[inline(always)]
    fn run((square, scratch, out): (Square<'_>, &mut [f32], &mut [f32])) {
        let n = square.side;
        let wx = BSpline.weights(square.fraction[0]);
        let wy = BSpline.weights(square.fraction[1]);
        for (j, middle) in scratch.chunks_exact_mut(n).enumerate() {
            let row = &square.image[j * square.stride..][..n + 3];
            for x in 0..n {
                middle[x] = (wx[0] * row[x] + wx[1] * row[x + 1])
                    + (wx[2] * row[x + 2] + wx[3] * row[x + 3]);
            }
        }
        for (j, out) in out.chunks_exact_mut(n).enumerate() {
            let [a, b, c, d] = [0, 1, 2, 3].map(|k| &scratch[(j + k) * n..][..n]);
            for x in 0..n {
                out[x] = (wy[0] * a[x] + wy[1] * b[x]) + (wy[2] * c[x] + wy[3] * d[x]);
            }
        }
    }
}
