//! The elementary functions of [`double`](super::double) in single precision: the same methods with shorter polynomials.

#![expect(
    clippy::inline_always,
    reason = "a body takes on the instruction set of the loop that it is put into"
)]

use super::polynomial::{choose, polynomial};

/// Adding and subtracting it rounds to a whole number; its low bits then hold that number.
const MAGIC: f32 = 12_582_912.0;
/// What the nearest number is less than the logarithm of two.
const LN_2_REST: f32 = -1.904_654_2e-9;

#[inline(always)]
fn round(x: f32) -> f32 {
    (x + MAGIC) - MAGIC
}

/// $2^k$ for a whole `k` from -126 to 127.
#[inline(always)]
fn power_of_two(k: f32) -> f32 {
    f32::from_bits((k + MAGIC).to_bits().wrapping_add(127) << 23)
}

/// `k` and `e` with $\exp x = 2^k (1 + e)$, for arguments within ±105.
#[inline(always)]
fn reduced_exp(x: f32) -> (f32, f32) {
    let k = round(x * std::f32::consts::LOG2_E);
    let r = (-k).mul_add(LN_2_REST, (-k).mul_add(std::f32::consts::LN_2, x));
    // Chebyshev interpolation of (exp r - 1 - r) / r^2 on ±0.3466; error 5e-9 in exp r.
    let q = polynomial(
        [
            5.0e-1,
            1.666_666_7e-1,
            4.166_646_5e-2,
            8.333_298e-3,
            1.393_366_3e-3,
            1.989_930_4e-4,
        ],
        r,
    );
    (k, (r * r).mul_add(q, r))
}

/// The exponential function.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let x = choose(x > 89.0, 89.0, x);
    let x = choose(x < -105.0, -105.0, x);
    let (k, e) = reduced_exp(x);
    let half = round(0.5 * k);
    (1.0 + e) * power_of_two(half) * power_of_two(k - half)
}

/// The natural logarithm.
#[inline(always)]
pub(crate) fn log(x: f32) -> f32 {
    const HALF_ROOT: u32 = 0x3f35_04f3;
    let small = x < f32::MIN_POSITIVE;
    let scaled = x * choose(small, 33_554_432.0, 1.0);
    // x = 2^k (1 + f) with 1 + f from sqrt(1/2) to sqrt(2).
    let shifted = scaled.to_bits().wrapping_add(0x3f80_0000 - HALF_ROOT);
    let exponent = f32::from_bits((shifted >> 23) | 0x4b00_0000);
    let k = exponent - choose(small, 8_388_608.0 + 152.0, 8_388_608.0 + 127.0);
    let f = f32::from_bits((shifted & 0x007f_ffff).wrapping_add(HALF_ROOT)) - 1.0;
    // fdlibm, e_logf.c as revised in FreeBSD.
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z * polynomial([0.666_666_6, 0.400_009_72, 0.284_987_87, 0.242_790_79], z);
    let half_square = 0.5 * f * f;
    let low = s.mul_add(half_square + r, k * LN_2_REST) - half_square;
    let value = k.mul_add(std::f32::consts::LN_2, low + f);
    let value = choose(x > f32::MAX, x, value);
    let at_zero = choose(x == 0.0, f32::NEG_INFINITY, f32::NAN);
    choose(x > 0.0, value, at_zero)
}

/// Arguments of sine and cosine above this go to the library function.
pub(crate) const TRIGONOMETRIC_LIMIT: f32 = 4096.0;

/// Sine and cosine of the remainder, and the quadrant.
#[inline(always)]
fn quadrant(x: f32) -> (f32, f32, u32) {
    let n = round(x * std::f32::consts::FRAC_2_PI);
    // Half of pi in three parts; the first difference is exact.
    let first = (-n).mul_add(std::f32::consts::FRAC_PI_2, x);
    let r = (-n).mul_add(-1.715_124_5e-15, (-n).mul_add(-4.371_139e-8, first));
    let z = r * r;
    // S. L. Moshier, Cephes library, sinf.c and cosf.c.
    let sine = (r * z).mul_add(
        polynomial([-1.666_665_5e-1, 8.332_161e-3, -1.951_529_6e-4], z),
        r,
    );
    let cosine = (z * z).mul_add(
        polynomial([4.166_664_6e-2, -1.388_731_6e-3, 2.443_315_7e-5], z),
        z.mul_add(-0.5, 1.0),
    );
    (sine, cosine, (n + MAGIC).to_bits())
}

#[inline(always)]
fn signed(value: f32, quadrant: u32) -> f32 {
    f32::from_bits(value.to_bits() ^ ((quadrant & 2) << 30))
}

/// The sine of an angle within [`TRIGONOMETRIC_LIMIT`].
#[inline(always)]
pub(crate) fn sin(x: f32) -> f32 {
    let (sine, cosine, n) = quadrant(x);
    signed(choose(n & 1 == 0, sine, cosine), n)
}

/// The cosine of an angle within [`TRIGONOMETRIC_LIMIT`].
#[inline(always)]
pub(crate) fn cos(x: f32) -> f32 {
    let (sine, cosine, n) = quadrant(x);
    let n = n.wrapping_add(1);
    signed(choose(n & 1 == 1, cosine, sine), n)
}

/// The hyperbolic tangent.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let twice = 2.0 * x.abs();
    let twice = choose(twice > 20.0, 20.0, twice);
    let (k, e) = reduced_exp(twice);
    let scale = power_of_two(k);
    // exp(2|x|) - 1 without cancellation.
    let less_one = scale.mul_add(e, scale - 1.0);
    (less_one / (less_one + 2.0)).copysign(x)
}

/// The error function within ±1.
#[inline(always)]
fn erf_small(x: f32) -> f32 {
    // Chebyshev interpolation of erf(x)/x in x^2 from 0 to 1; relative error 1.4e-9.
    x * polynomial(
        [
            std::f32::consts::FRAC_2_SQRT_PI,
            -3.761_262_7e-1,
            1.128_359_7e-1,
            -2.685_432_9e-2,
            5.189_312e-3,
            -8.018_855e-4,
            7.882_497e-5,
        ],
        x * x,
    )
}

/// The complementary error function from 0.8 on.
#[inline(always)]
fn erfc_large(x: f32) -> f32 {
    let x = choose(x > 10.5, 10.5, x);
    let (above, below) = (x + 2.5, 2.0_f32.mul_add(x, 1.0));
    let reciprocal = 1.0 / (above * below);
    let t = (x - 2.5) * below * reciprocal;
    // Chebyshev interpolation of (1 + 2x) exp(x^2) erfc(x) in t = (x - 2.5)/(x + 2.5) for x from 0.8 to 10.5, as in
    // double precision; relative error 9e-9.
    let value = polynomial(
        [
            1.264_838_2,
            -1.223_569e-1,
            -9.902_55e-2,
            1.576_360_9e-1,
            -1.029_489_6e-1,
            3.268_415_5e-2,
            8.279_232e-4,
            -4.013_897e-3,
            6.542_470_5e-4,
        ],
        t,
    );
    // The square and what its rounding leaves out.
    let square = x * x;
    let low = x.mul_add(x, -square);
    let bell = exp(-square);
    (value * above * reciprocal) * (-bell).mul_add(low, bell)
}

/// The error function.
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    let size = x.abs();
    let large = (1.0 - erfc_large(size)).copysign(x);
    choose(size >= 0.9, large, erf_small(x))
}

/// The complementary error function.
#[inline(always)]
pub(crate) fn erfc(x: f32) -> f32 {
    let size = x.abs();
    let large = erfc_large(size);
    let large = choose(x < 0.0, 2.0 - large, large);
    choose(size >= 0.8, large, 1.0 - erf_small(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance in units in the last place of the reference, which is good to double precision.
    fn ulps(found: f32, wanted: f64) -> f64 {
        let rounded = wanted as f32;
        if found.to_bits() == rounded.to_bits() || (found.is_nan() && wanted.is_nan()) {
            return 0.0;
        }
        let next = f32::from_bits(rounded.abs().to_bits() + 1) - rounded.abs();
        ((f64::from(found) - wanted) / f64::from(next)).abs()
    }

    fn worst(
        f: impl Fn(f32) -> f32,
        reference: impl Fn(f64) -> f64,
        range: (f32, f32),
    ) -> (f64, f32) {
        let mut worst = (0.0, 0.0);
        for i in 0..200_000 {
            let part = (f64::from(i) + 0.5 * libm::sin(f64::from(i))) / 200_000.0;
            let x = range.0 + (range.1 - range.0) * part as f32;
            let error = ulps(f(x), reference(f64::from(x)));
            if error > worst.0 {
                worst = (error, x);
            }
        }
        worst
    }

    #[test]
    fn errors_are_a_few_units_in_the_last_place() {
        type Pair = (&'static str, fn(f32) -> f32, fn(f64) -> f64);
        let functions: [Pair; 7] = [
            ("exp", exp, libm::exp),
            ("log", log, libm::log),
            ("sin", sin, libm::sin),
            ("cos", cos, libm::cos),
            ("tanh", tanh, libm::tanh),
            ("erf", erf, libm::erf),
            ("erfc", erfc, libm::erfc),
        ];
        let function = |name| functions.iter().find(|f| f.0 == name).unwrap();
        for (name, range, most) in [
            ("exp", (-80.0, 80.0), 1.5),
            ("exp", (-1.0, 1.0), 1.0),
            ("exp", (-104.0, -86.0), 1.5),
            ("log", (1e-3, 3.0), 1.0),
            ("log", (0.5, 1e9), 1.0),
            ("log", (1e-44, 1e-37), 1.0),
            ("sin", (-1.5, 1.5), 2.0),
            ("cos", (-1.5, 1.5), 2.0),
            ("tanh", (-3.0, 3.0), 4.0),
            ("tanh", (-1e-3, 1e-3), 4.0),
            ("erf", (-4.0, 4.0), 4.0),
            ("erf", (-1e-3, 1e-3), 4.0),
            ("erfc", (-4.0, 6.0), 8.0),
            ("erfc", (5.0, 9.0), 8.0),
        ] {
            let &(_, f, g) = function(name);
            let (error, x) = worst(f, g, range);
            assert!(error <= most, "{name} {range:?}: {error} ulp at {x}");
        }
        // Near a zero the rest of half of pi is what is left: a part of the unit of one.
        for (name, f, g) in [functions[2], functions[3]] {
            for range in [(-7.0, 7.0), (-4096.0, 4096.0)] {
                let mut most = 0.0_f64;
                for i in 0..200_000_i32 {
                    let x = range.0 + (range.1 - range.0) * (i as f32 / 200_000.0);
                    most = most.max((f64::from(f(x)) - g(f64::from(x))).abs());
                }
                assert!(most < 1.2e-7, "{name} {range:?}: {most}");
            }
        }
    }

    #[test]
    fn special_values_are_those_of_the_library() {
        let values = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            f32::MIN_POSITIVE,
            1e-45,
            -1e-40,
            1e-20,
            f32::EPSILON,
            0.8,
            0.9,
            -0.9,
            6.0,
            10.0,
            11.0,
            88.7,
            89.0,
            -87.4,
            -103.9,
            -106.0,
            1e30,
            -1e30,
            f32::MAX,
            f32::MIN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
        ];
        for (name, f, g) in [
            ("exp", exp as fn(f32) -> f32, libm::exp as fn(f64) -> f64),
            ("log", log, libm::log),
            ("tanh", tanh, libm::tanh),
            ("erf", erf, libm::erf),
            ("erfc", erfc, libm::erfc),
        ] {
            for x in values {
                let wanted = g(f64::from(x));
                let close = ulps(f(x), wanted) <= 8.0;
                assert!(close, "{name}({x:e}): {:e}, {wanted:e}", f(x));
            }
        }
        for (f, g) in [
            (sin as fn(f32) -> f32, libm::sin as fn(f64) -> f64),
            (cos, libm::cos),
        ] {
            for x in values
                .into_iter()
                .filter(|x| x.abs() <= TRIGONOMETRIC_LIMIT)
            {
                assert!(ulps(f(x), g(f64::from(x))) <= 8.0, "{x:e}: {:e}", f(x));
            }
        }
    }
}
