//! Sampling a row of points between the pixels of an image.

use super::dispatch::Kernel;

/// Pixels that surround the image, so that taps are always inside.
pub(crate) const PAD: usize = 3;

/// Points that are prepared together.
const CHUNK: usize = 64;

/// Points that are sampled side by side.
const BLOCK: usize = 8;

/// A value for each point of a block.
type Lanes = [f32; BLOCK];

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
        let (image, stride) = (points.image, points.stride);
        let mut first = [0_u32; CHUNK];
        let (mut tx, mut ty) = ([0.0_f32; CHUNK], [0.0_f32; CHUNK]);
        let mut wx = [[0.0_f32; CHUNK]; 4];
        let mut wy = [[0.0_f32; CHUNK]; 4];
        for (start, out) in (0..n).step_by(CHUNK).zip(points.out.chunks_mut(CHUNK)) {
            let m = out.len();
            for (t, values) in [(&mut tx, points.x), (&mut ty, points.y)] {
                let values = &values[start..][..m];
                if let Ok(values) = <&[f32; CHUNK]>::try_from(values) {
                    *t = *values;
                    continue;
                }
                t[..m].copy_from_slice(values);
                let last = t[m - 1];
                t[m..].fill(last);
            }
            for k in 0..CHUNK {
                let (fx, ix) = whole(tx[k]);
                let (fy, iy) = whole(ty[k]);
                tx[k] -= fx;
                ty[k] -= fy;
                let above = iy.wrapping_sub(1).wrapping_mul(stride as u32);
                first[k] = above.wrapping_add(ix).wrapping_sub(1);
            }
            for (w, t) in [(&mut wx, &tx), (&mut wy, &ty)] {
                for k in 0..CHUNK {
                    [w[0][k], w[1][k], w[2][k], w[3][k]] = taps.weights(t[k]);
                }
            }
            for (begin, out) in (0..m).step_by(BLOCK).zip(out.chunks_mut(BLOCK)) {
                let weights = [at(&wx, begin), at(&wy, begin)];
                let mut base = [0; BLOCK];
                for k in 0..BLOCK {
                    base[k] = first[begin + k].wrapping_sub(k as u32);
                }
                let found = block(base, &weights, image, stride);
                if let Ok(out) = <&mut Lanes>::try_from(&mut *out) {
                    *out = found;
                    continue;
                }
                let n = out.len();
                out.copy_from_slice(&found[..n]);
            }
        }
    }
}

/// The whole part of a value from 0 to 2^23, as both types: where numbers are 2^23 and above they have no fraction, and their last bits are the
/// integer. A conversion would not be compiled to vectors.
#[inline(always)]
fn whole(value: f32) -> (f32, u32) {
    const BIG: f32 = 8_388_608.0;
    let near = (value + BIG) - BIG;
    let whole = if near > value { near - 1.0 } else { near };
    (whole, (whole + BIG).to_bits() & 0x007f_ffff)
}

#[inline(always)]
fn load(values: &[f32]) -> Lanes {
    let mut lanes = [0.0; BLOCK];
    lanes.copy_from_slice(&values[..BLOCK]);
    lanes
}

/// The weights of a block.
#[inline(always)]
fn at(weights: &[[f32; CHUNK]; 4], begin: usize) -> [Lanes; 4] {
    let [a, b, c, d] = weights;
    [
        load(&a[begin..]),
        load(&b[begin..]),
        load(&c[begin..]),
        load(&d[begin..]),
    ]
}

#[inline(always)]
fn times(a: Lanes, b: Lanes) -> Lanes {
    let mut out = [0.0; BLOCK];
    for k in 0..BLOCK {
        out[k] = a[k] * b[k];
    }
    out
}

#[inline(always)]
fn plus(a: Lanes, b: Lanes) -> Lanes {
    let mut out = [0.0; BLOCK];
    for k in 0..BLOCK {
        out[k] = a[k] + b[k];
    }
    out
}

/// The points of a block. Those whose first pixels, less the number of the point, are the same, lie side by side on pixels one after the other;
/// in a smooth field that is one group, or two.
#[inline(always)]
fn block(base: [u32; BLOCK], weights: &[[Lanes; 4]; 2], image: &[f32], stride: usize) -> Lanes {
    let mut found = group(base, 0, weights, image, stride);
    let mut differs = 0;
    for k in 0..BLOCK {
        differs |= base[k] ^ base[0];
    }
    if differs == 0 {
        return found;
    }
    for k in 1..BLOCK {
        if base[k] != base[k - 1] {
            let other = group(base, k, weights, image, stride);
            for l in 0..BLOCK {
                found[l] = if base[l] == base[k] {
                    other[l]
                } else {
                    found[l]
                };
            }
        }
    }
    found
}

/// Those points of a block that are in a group with point `k`; the values of the others are not theirs.
#[inline(always)]
fn group(
    base: [u32; BLOCK],
    k: usize,
    weights: &[[Lanes; 4]; 2],
    image: &[f32],
    stride: usize,
) -> Lanes {
    let first = base[k] as usize;
    let end = first + 3 * stride + BLOCK + 3;
    if end > image.len() {
        return alone(base, k, weights, image, stride);
    }
    let [wx, wy] = weights;
    let mut sums = [[0.0; BLOCK]; 4];
    for j in 0..4 {
        let row = &image[first + j * stride..][..BLOCK + 3];
        for i in 0..4 {
            sums[i] = plus(sums[i], times(wy[j], load(&row[i..])));
        }
    }
    plus(
        plus(times(wx[0], sums[0]), times(wx[1], sums[1])),
        plus(times(wx[2], sums[2]), times(wx[3], sums[3])),
    )
}

/// [`group`], point by point in the same order of sums, where the pixels of a whole block would not be inside.
#[cold]
fn alone(
    base: [u32; BLOCK],
    k: usize,
    [wx, wy]: &[[Lanes; 4]; 2],
    image: &[f32],
    stride: usize,
) -> Lanes {
    std::array::from_fn(|l| {
        if base[l] != base[k] {
            return 0.0;
        }
        let first = base[l].wrapping_add(l as u32) as usize;
        let down = |i: usize| {
            let at = |j: usize| wy[j][l] * image[first + j * stride + i];
            (((0.0 + at(0)) + at(1)) + at(2)) + at(3)
        };
        (wx[0][l] * down(0) + wx[1][l] * down(1)) + (wx[2][l] * down(2) + wx[3][l] * down(3))
    })
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
