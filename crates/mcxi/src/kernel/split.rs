//! The transform of real samples of a power of two, many pixels side by side.
//!
//! Split-radix by frequency for real input: sums of the two halves give the even frequencies, and of their differences the four
//! quarters give one complex transform of a quarter of the length, for the frequencies $4q + 1$. P. Duhamel and H. Hollmann,
//! Electron. Lett. 20, 14 (1984), doi 10.1049/el:19840012, in the form for real input of Sorensen et al. (1987), doi
//! 10.1109/TASSP.1987.1165220; the complex transforms are radix 4. Nothing is put in order: a table says where a frequency lies.

use std::f64::consts::TAU;

use super::lane::{LANES, Lane};
use crate::sample::Real;

/// Where a frequency lies after the transform: its real and imaginary part, and the sign of the latter (0: there is none).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place<R> {
    pub(crate) re: usize,
    pub(crate) im: usize,
    pub(crate) sign: R,
}

/// Tables of a transform of one length.
#[derive(Debug, Clone)]
pub(crate) struct Split<R> {
    n: usize,
    /// $e^{-2\pi i j/m}$ for $j < m/4$, for $m = n, n/2, \ldots, 8$.
    odd: Vec<Vec<[R; 2]>>,
    /// At $\log_2 m$: $W_m^j, W_m^{2j}, W_m^{3j}$ for $j < m/4$.
    radix4: Vec<Vec<[R; 6]>>,
    /// $1/\sqrt 2$.
    half_root: R,
    /// Of the frequencies 0 to $n/2$.
    places: Vec<Place<R>>,
}

/// $e^{-2\pi i j/m}$.
fn unit<R: Real>(j: usize, m: usize) -> [R; 2] {
    let angle = TAU * (j % m) as f64 / m as f64;
    [R::of(libm::cos(angle)), R::of(-libm::sin(angle))]
}

/// Frequency of each place after [`complex`] of this length.
fn order(len: usize) -> Vec<usize> {
    match len {
        1 => vec![0],
        2 => vec![0, 1],
        _ => {
            let quarter = order(len / 4);
            (0..4)
                .flat_map(|r| quarter.iter().map(move |q| 4 * q + r))
                .collect()
        }
    }
}

impl<R: Real> Split<R> {
    /// Whether this transform covers a length.
    pub(crate) fn covers(n: usize) -> bool {
        n >= 4 && n.is_power_of_two()
    }

    /// Tables of a length that it [covers](Self::covers).
    pub(crate) fn new(n: usize) -> Self {
        let sizes = || std::iter::successors(Some(n), |m| Some(m / 2)).take_while(|m| *m >= 8);
        let odd = sizes()
            .map(|m| (0..m / 4).map(|j| unit(j, m)).collect())
            .collect();
        let radix4 = (0..n.ilog2())
            .map(|log| {
                let m = 1_usize << log;
                (0..m / 4)
                    .map(|j| {
                        let (one, two, three) = (unit(j, m), unit(2 * j, m), unit(3 * j, m));
                        [one[0], one[1], two[0], two[1], three[0], three[1]]
                    })
                    .collect()
            })
            .collect();
        let (one, none) = (R::of(1.0), R::zero());
        let blank = Place {
            re: 0,
            im: 0,
            sign: none,
        };
        let mut places = vec![blank; n / 2 + 1];
        places[n / 2].re = 1;
        places[n / 4] = Place {
            re: 2,
            im: 3,
            sign: one,
        };
        for m in sizes() {
            for (position, q) in order(m / 4).into_iter().enumerate() {
                let frequency = (4 * q + 1) * (n / m);
                let (frequency, sign) = if frequency > n / 2 {
                    (n - frequency, R::of(-1.0))
                } else {
                    (frequency, one)
                };
                places[frequency] = Place {
                    re: m / 2 + position,
                    im: 3 * m / 4 + position,
                    sign,
                };
            }
        }
        Self {
            n,
            odd,
            radix4,
            half_root: R::of(std::f64::consts::FRAC_1_SQRT_2),
            places,
        }
    }

    /// Where a frequency lies.
    #[inline(always)]
    pub(crate) fn place(&self, frequency: usize) -> Place<R> {
        self.places[frequency]
    }

    /// Factors of the first step, of a length of at least 8.
    pub(crate) fn first(&self) -> &[[R; 2]] {
        self.odd.first().map_or(&[], Vec::as_slice)
    }

    /// Transforms `n` values in place.
    #[inline(always)]
    pub(crate) fn transform(&self, x: &mut [Lane<R>]) {
        self.steps(x, 0);
    }

    /// The same after the first step, of a length of at least 8.
    #[inline(always)]
    pub(crate) fn transform_halved(&self, x: &mut [Lane<R>]) {
        let m = self.n;
        let (c, d) = x[m / 2..m].split_at_mut(m / 4);
        self.complex(c, d);
        self.steps(x, 1);
    }

    /// The steps from the one numbered `from` on.
    #[inline(always)]
    fn steps(&self, x: &mut [Lane<R>], from: usize) {
        let mut m = self.n >> from;
        for odd in &self.odd[from.min(self.odd.len())..] {
            if m == 8 {
                break;
            }
            let (head, tail) = x[..m].split_at_mut(m / 2);
            let (a, b) = head.split_at_mut(m / 4);
            let (c, d) = tail.split_at_mut(m / 4);
            for ((((a, b), c), d), w) in a
                .iter_mut()
                .zip(b.iter_mut())
                .zip(c.iter_mut())
                .zip(d.iter_mut())
                .zip(odd)
            {
                halve(&mut a.0, &mut b.0, &mut c.0, &mut d.0, *w);
            }
            self.complex(c, d);
            m /= 2;
        }
        match &mut x[..m.min(8)] {
            [a, b, c, d, e, f, g, h] => last8(
                &mut a.0,
                &mut b.0,
                &mut c.0,
                &mut d.0,
                &mut e.0,
                &mut f.0,
                &mut g.0,
                &mut h.0,
                self.half_root,
            ),
            [a, b, c, d] => last(&mut a.0, &mut b.0, &mut c.0, &mut d.0),
            _ => {}
        }
    }

    /// A complex transform in place, its output in the order of [`order`].
    #[inline(always)]
    fn complex(&self, re: &mut [Lane<R>], im: &mut [Lane<R>]) {
        let mut len = re.len();
        while len > 8 {
            let twiddles = &self.radix4[len.ilog2() as usize];
            for (re, im) in re.chunks_exact_mut(len).zip(im.chunks_exact_mut(len)) {
                radix4(re, im, twiddles);
            }
            len /= 4;
        }
        if len == 8 {
            for (re, im) in re.chunks_exact_mut(8).zip(im.chunks_exact_mut(8)) {
                if let ([r0, r1, r2, r3, r4, r5, r6, r7], [i0, i1, i2, i3, i4, i5, i6, i7]) =
                    (re, im)
                {
                    plain8(
                        &mut r0.0,
                        &mut r1.0,
                        &mut r2.0,
                        &mut r3.0,
                        &mut r4.0,
                        &mut r5.0,
                        &mut r6.0,
                        &mut r7.0,
                        &mut i0.0,
                        &mut i1.0,
                        &mut i2.0,
                        &mut i3.0,
                        &mut i4.0,
                        &mut i5.0,
                        &mut i6.0,
                        &mut i7.0,
                        self.half_root,
                    );
                }
            }
        } else if len == 4 {
            for (re, im) in re.chunks_exact_mut(4).zip(im.chunks_exact_mut(4)) {
                if let ([r0, r1, r2, r3], [i0, i1, i2, i3]) = (re, im) {
                    plain4(
                        &mut r0.0, &mut r1.0, &mut r2.0, &mut r3.0, &mut i0.0, &mut i1.0,
                        &mut i2.0, &mut i3.0,
                    );
                }
            }
        } else if len == 2 {
            for part in [re, im] {
                for pair in part.chunks_exact_mut(2) {
                    if let [a, b] = pair {
                        plain2(&mut a.0, &mut b.0);
                    }
                }
            }
        }
    }
}

// The lanes of a step are one loop over arrays that are known not to overlap: only so is it compiled to vectors.

/// Sums of the halves stay; their differences go, as complex numbers times `w`, to the places of the second half.
#[inline(always)]
fn halve<R: Real>(
    a: &mut [R; LANES],
    b: &mut [R; LANES],
    c: &mut [R; LANES],
    d: &mut [R; LANES],
    w: [R; 2],
) {
    for l in 0..LANES {
        let (re, im) = (a[l] - c[l], d[l] - b[l]);
        a[l] = a[l] + c[l];
        b[l] = b[l] + d[l];
        c[l] = re * w[0] - im * w[1];
        d[l] = re * w[1] + im * w[0];
    }
}

/// The transform of four real values: frequencies 0 and 2, real and imaginary part of frequency 1.
#[inline(always)]
fn last<R: Real>(a: &mut [R; LANES], b: &mut [R; LANES], c: &mut [R; LANES], d: &mut [R; LANES]) {
    for l in 0..LANES {
        let (even, odd) = (a[l] + c[l], b[l] + d[l]);
        let (re, im) = (a[l] - c[l], d[l] - b[l]);
        a[l] = even + odd;
        b[l] = even - odd;
        c[l] = re;
        d[l] = im;
    }
}

/// The transform of eight real values, as three steps would leave it.
#[inline(always)]
#[expect(
    clippy::too_many_arguments,
    reason = "the compiler knows of references, not of arrays of them, that they do not overlap"
)]
fn last8<R: Real>(
    a: &mut [R; LANES],
    b: &mut [R; LANES],
    c: &mut [R; LANES],
    d: &mut [R; LANES],
    e: &mut [R; LANES],
    f: &mut [R; LANES],
    g: &mut [R; LANES],
    h: &mut [R; LANES],
    root: R,
) {
    for l in 0..LANES {
        let (re0, im0) = (a[l] - e[l], g[l] - c[l]);
        let (re1, im1) = (b[l] - f[l], h[l] - d[l]);
        let (s0, s1, s2, s3) = (a[l] + e[l], b[l] + f[l], c[l] + g[l], d[l] + h[l]);
        // times (1 - i)/sqrt(2)
        let (t, u) = ((re1 + im1) * root, (im1 - re1) * root);
        e[l] = re0 + t;
        f[l] = re0 - t;
        g[l] = im0 + u;
        h[l] = im0 - u;
        let (even, odd) = (s0 + s2, s1 + s3);
        a[l] = even + odd;
        b[l] = even - odd;
        c[l] = s0 - s2;
        d[l] = s3 - s1;
    }
}

#[inline(always)]
fn plain2<R: Real>(a: &mut [R; LANES], b: &mut [R; LANES]) {
    for l in 0..LANES {
        let (sum, difference) = (a[l] + b[l], a[l] - b[l]);
        a[l] = sum;
        b[l] = difference;
    }
}

/// Real and imaginary parts of a complex transform of four values.
#[inline(always)]
fn four<R: Real>(re: [R; 4], im: [R; 4]) -> [[R; 2]; 4] {
    let (t0r, t0i) = (re[0] + re[2], im[0] + im[2]);
    let (t1r, t1i) = (re[0] - re[2], im[0] - im[2]);
    let (t2r, t2i) = (re[1] + re[3], im[1] + im[3]);
    // -i times the difference
    let (t3r, t3i) = (im[1] - im[3], re[3] - re[1]);
    [
        [t0r + t2r, t0i + t2i],
        [t1r + t3r, t1i + t3i],
        [t0r - t2r, t0i - t2i],
        [t1r - t3r, t1i - t3i],
    ]
}

#[inline(always)]
#[expect(
    clippy::too_many_arguments,
    reason = "the compiler knows of references, not of arrays of them, that they do not overlap"
)]
fn plain4<R: Real>(
    r0: &mut [R; LANES],
    r1: &mut [R; LANES],
    r2: &mut [R; LANES],
    r3: &mut [R; LANES],
    i0: &mut [R; LANES],
    i1: &mut [R; LANES],
    i2: &mut [R; LANES],
    i3: &mut [R; LANES],
) {
    for l in 0..LANES {
        let y = four([r0[l], r1[l], r2[l], r3[l]], [i0[l], i1[l], i2[l], i3[l]]);
        [r0[l], i0[l]] = y[0];
        [r1[l], i1[l]] = y[1];
        [r2[l], i2[l]] = y[2];
        [r3[l], i3[l]] = y[3];
    }
}

/// A complex transform of eight values, in the order of [`order`].
#[inline(always)]
#[expect(
    clippy::too_many_arguments,
    reason = "the compiler knows of references, not of arrays of them, that they do not overlap"
)]
fn plain8<R: Real>(
    r0: &mut [R; LANES],
    r1: &mut [R; LANES],
    r2: &mut [R; LANES],
    r3: &mut [R; LANES],
    r4: &mut [R; LANES],
    r5: &mut [R; LANES],
    r6: &mut [R; LANES],
    r7: &mut [R; LANES],
    i0: &mut [R; LANES],
    i1: &mut [R; LANES],
    i2: &mut [R; LANES],
    i3: &mut [R; LANES],
    i4: &mut [R; LANES],
    i5: &mut [R; LANES],
    i6: &mut [R; LANES],
    i7: &mut [R; LANES],
    root: R,
) {
    for l in 0..LANES {
        let y = four([r0[l], r2[l], r4[l], r6[l]], [i0[l], i2[l], i4[l], i6[l]]);
        let z = four([r1[l], r3[l], r5[l], r7[l]], [i1[l], i3[l], i5[l], i7[l]]);
        // times the eighth roots of 1
        let z1 = [(z[1][0] + z[1][1]) * root, (z[1][1] - z[1][0]) * root];
        let z3 = [(z[3][1] - z[3][0]) * root, (z[3][0] + z[3][1]) * -root];
        [r0[l], i0[l]] = [y[0][0] + z[0][0], y[0][1] + z[0][1]];
        [r1[l], i1[l]] = [y[0][0] - z[0][0], y[0][1] - z[0][1]];
        [r2[l], i2[l]] = [y[1][0] + z1[0], y[1][1] + z1[1]];
        [r3[l], i3[l]] = [y[1][0] - z1[0], y[1][1] - z1[1]];
        [r4[l], i4[l]] = [y[2][0] + z[2][1], y[2][1] - z[2][0]];
        [r5[l], i5[l]] = [y[2][0] - z[2][1], y[2][1] + z[2][0]];
        [r6[l], i6[l]] = [y[3][0] + z3[0], y[3][1] + z3[1]];
        [r7[l], i7[l]] = [y[3][0] - z3[0], y[3][1] - z3[1]];
    }
}

#[inline(always)]
#[expect(
    clippy::too_many_arguments,
    reason = "the compiler knows of references, not of arrays of them, that they do not overlap"
)]
fn turned4<R: Real>(
    r0: &mut [R; LANES],
    r1: &mut [R; LANES],
    r2: &mut [R; LANES],
    r3: &mut [R; LANES],
    i0: &mut [R; LANES],
    i1: &mut [R; LANES],
    i2: &mut [R; LANES],
    i3: &mut [R; LANES],
    w: &[R; 6],
) {
    for l in 0..LANES {
        let y = four([r0[l], r1[l], r2[l], r3[l]], [i0[l], i1[l], i2[l], i3[l]]);
        [r0[l], i0[l]] = y[0];
        r1[l] = y[1][0] * w[0] - y[1][1] * w[1];
        i1[l] = y[1][0] * w[1] + y[1][1] * w[0];
        r2[l] = y[2][0] * w[2] - y[2][1] * w[3];
        i2[l] = y[2][0] * w[3] + y[2][1] * w[2];
        r3[l] = y[3][0] * w[4] - y[3][1] * w[5];
        i3[l] = y[3][0] * w[5] + y[3][1] * w[4];
    }
}

#[inline(always)]
fn radix4<R: Real>(re: &mut [Lane<R>], im: &mut [Lane<R>], twiddles: &[[R; 6]]) {
    let quarter = re.len() / 4;
    let (re01, re23) = re.split_at_mut(2 * quarter);
    let (re0, re1) = re01.split_at_mut(quarter);
    let (re2, re3) = re23.split_at_mut(quarter);
    let (im01, im23) = im.split_at_mut(2 * quarter);
    let (im0, im1) = im01.split_at_mut(quarter);
    let (im2, im3) = im23.split_at_mut(quarter);
    let re = re0.iter_mut().zip(re1).zip(re2).zip(re3);
    let im = im0.iter_mut().zip(im1).zip(im2).zip(im3);
    for (((((r0, r1), r2), r3), (((i0, i1), i2), i3)), w) in re.zip(im).zip(twiddles) {
        turned4(
            &mut r0.0, &mut r1.0, &mut r2.0, &mut r3.0, &mut i0.0, &mut i1.0, &mut i2.0, &mut i3.0,
            w,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every length against the sum of the definition, in f64.
    #[test]
    fn agrees_with_the_sum_of_the_definition() {
        for n in [4_usize, 8, 16, 32, 64, 128, 256, 512] {
            let split = Split::<f64>::new(n);
            let value = |t: usize, l: usize| libm::sin((t * t * 7 + 3 * l * t) as f64 * 0.37);
            let mut x: Vec<Lane<f64>> = (0..n)
                .map(|t| Lane(std::array::from_fn(|l| value(t, l))))
                .collect();
            split.transform(&mut x);
            for k in 0..=n / 2 {
                let place = split.place(k);
                for lane in 0..LANES {
                    let (mut re, mut im) = (0.0, 0.0);
                    for t in 0..n {
                        let [c, s] = unit::<f64>(k * t, n);
                        re += c * value(t, lane);
                        im += s * value(t, lane);
                    }
                    approx::assert_abs_diff_eq!(x[place.re].0[lane], re, epsilon = 2e-12);
                    let found = place.sign * x[place.im].0[lane];
                    approx::assert_abs_diff_eq!(found, im, epsilon = 2e-12);
                }
            }
        }
    }
}
