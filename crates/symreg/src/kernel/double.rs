//! Elementary functions without branches, so that loops over them vectorize.
//!
//! Each is one safe body of ordinary arithmetic in a fixed order, without lookups. What is fused is fused on every path, by
//! software where the machine has no instruction for it: the same input gives the same bits on every path and platform.
//! Errors are a few units in the last place; the tests state them.

#![expect(
    clippy::inline_always,
    reason = "a body takes on the instruction set of the loop that it is put into"
)]

use super::polynomial::{choose, polynomial};

/// Adding and subtracting it rounds to a whole number; its low bits then hold that number.
const MAGIC: f64 = 6_755_399_441_055_744.0;
/// What the nearest double is less than the logarithm of two.
const LN_2_REST: f64 = 2.319_046_813_846_299_6e-17;

#[inline(always)]
fn round(x: f64) -> f64 {
    (x + MAGIC) - MAGIC
}

/// $2^k$ for a whole `k` from -1022 to 1023.
#[inline(always)]
fn power_of_two(k: f64) -> f64 {
    f64::from_bits((k + MAGIC).to_bits().wrapping_add(1023) << 52)
}

/// `k` and `e` with $\exp x = 2^k (1 + e)$, for arguments within ±746.
#[inline(always)]
fn reduced_exp(x: f64) -> (f64, f64) {
    let k = round(x * std::f64::consts::LOG2_E);
    let r = (-k).mul_add(LN_2_REST, (-k).mul_add(std::f64::consts::LN_2, x));
    // Chebyshev interpolation of (exp r - 1 - r - r^2/2) / r^3 on ±0.3466; error 3.4e-19 in exp r.
    let q = polynomial(
        [
            0.166_666_666_666_666_69,
            0.041_666_666_666_666_664,
            0.008_333_333_333_330_063,
            0.001_388_888_888_888_655_4,
            0.000_198_412_698_630_429_63,
            2.480_158_731_713_689_2e-5,
            2.755_726_847_655_369_5e-6,
            2.755_728_298_137_34e-7,
            2.510_037_761_960_637_2e-8,
            2.091_123_100_592_285e-9,
        ],
        r,
    );
    (k, (r * r).mul_add(r.mul_add(q, 0.5), r))
}

/// The exponential function.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    let x = choose(x > 710.0, 710.0, x);
    let x = choose(x < -746.0, -746.0, x);
    let (k, e) = reduced_exp(x);
    // Two factors, since the power itself may be out of range where the result is not.
    let half = round(0.5 * k);
    (1.0 + e) * power_of_two(half) * power_of_two(k - half)
}

/// The natural logarithm.
#[inline(always)]
pub(crate) fn log(x: f64) -> f64 {
    const HALF_ROOT: u64 = 0x3fe6_a09e_667f_3bcd;
    let small = x < f64::MIN_POSITIVE;
    let scaled = x * choose(small, 18_014_398_509_481_984.0, 1.0);
    // x = 2^k (1 + f) with 1 + f from sqrt(1/2) to sqrt(2).
    let shifted = scaled
        .to_bits()
        .wrapping_add(0x3ff0_0000_0000_0000 - HALF_ROOT);
    let exponent = f64::from_bits((shifted >> 52) | 0x4330_0000_0000_0000);
    let k = exponent
        - choose(
            small,
            4_503_599_627_370_496.0 + 1077.0,
            4_503_599_627_370_496.0 + 1023.0,
        );
    let f = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff).wrapping_add(HALF_ROOT)) - 1.0;
    // fdlibm, e_log.c.
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z * polynomial(
        [
            6.666_666_666_666_735e-1,
            3.999_999_999_940_942e-1,
            2.857_142_874_366_239e-1,
            2.222_219_843_214_978_4e-1,
            1.818_357_216_161_805e-1,
            1.531_383_769_920_937_3e-1,
            1.479_819_860_511_658_6e-1,
        ],
        z,
    );
    let half_square = 0.5 * f * f;
    let low = s.mul_add(half_square + r, k * LN_2_REST) - half_square;
    let value = k.mul_add(std::f64::consts::LN_2, low + f);
    let value = choose(x > f64::MAX, x, value);
    let at_zero = choose(x == 0.0, f64::NEG_INFINITY, f64::NAN);
    choose(x > 0.0, value, at_zero)
}

/// Arguments of sine and cosine above this go to the library function.
pub(crate) const TRIGONOMETRIC_LIMIT: f64 = 1.0e6;

/// Sine and cosine of the remainder, and the quadrant.
#[inline(always)]
fn quadrant(x: f64) -> (f64, f64, u64) {
    let n = round(x * std::f64::consts::FRAC_2_PI);
    // Half of pi in three parts. The first difference is exact: a multiple of 2^-53 below one.
    let first = (-n).mul_add(std::f64::consts::FRAC_PI_2, x);
    let r = (-n).mul_add(6.123_233_995_736_766e-17, first);
    let error = (-n).mul_add(6.123_233_995_736_766e-17, first - r);
    let tail = (-n).mul_add(-1.497_384_904_859_169_8e-33, error);
    let z = r * r;
    // fdlibm, k_sin.c and k_cos.c.
    let s = polynomial(
        [
            8.333_333_333_322_49e-3,
            -1.984_126_982_985_795e-4,
            2.755_731_370_707_006_8e-6,
            -2.505_076_025_340_686_3e-8,
            1.589_690_995_211_55e-10,
        ],
        z,
    );
    let cube = z * r;
    let rest = z.mul_add((-cube).mul_add(s, 0.5 * tail), -tail);
    let sine = r - cube.mul_add(1.666_666_666_666_663_2e-1, rest);
    let c = z * polynomial(
        [
            4.166_666_666_666_66e-2,
            -1.388_888_888_887_411e-3,
            2.480_158_728_947_673e-5,
            -2.755_731_435_139_066_3e-7,
            2.087_572_321_298_175e-9,
            -1.135_964_755_778_819_5e-11,
        ],
        z,
    );
    let half = 0.5 * z;
    let w = 1.0 - half;
    let cosine = w + (((1.0 - w) - half) + z.mul_add(c, -r * tail));
    (sine, cosine, (n + MAGIC).to_bits())
}

#[inline(always)]
fn signed(value: f64, quadrant: u64) -> f64 {
    f64::from_bits(value.to_bits() ^ ((quadrant & 2) << 62))
}

/// The sine of an angle within [`TRIGONOMETRIC_LIMIT`].
#[inline(always)]
pub(crate) fn sin(x: f64) -> f64 {
    let (sine, cosine, n) = quadrant(x);
    signed(choose(n & 1 == 0, sine, cosine), n)
}

/// The cosine of an angle within [`TRIGONOMETRIC_LIMIT`].
#[inline(always)]
pub(crate) fn cos(x: f64) -> f64 {
    let (sine, cosine, n) = quadrant(x);
    let n = n.wrapping_add(1);
    signed(choose(n & 1 == 1, cosine, sine), n)
}

/// The hyperbolic tangent.
#[inline(always)]
pub(crate) fn tanh(x: f64) -> f64 {
    let twice = 2.0 * x.abs();
    let twice = choose(twice > 44.0, 44.0, twice);
    let (k, e) = reduced_exp(twice);
    let scale = power_of_two(k);
    // exp(2|x|) - 1 without cancellation.
    let less_one = scale.mul_add(e, scale - 1.0);
    (less_one / (less_one + 2.0)).copysign(x)
}

/// The error function within ±1.
#[inline(always)]
fn erf_small(x: f64) -> f64 {
    // Chebyshev interpolation of erf(x)/x in x^2 from 0 to 1; relative error 1.5e-19.
    x * polynomial(
        [
            std::f64::consts::FRAC_2_SQRT_PI,
            -0.376_126_389_031_837_5,
            0.112_837_916_709_548_79,
            -0.026_866_170_645_076_792,
            0.005_223_977_624_818_014_5,
            -0.000_854_832_698_083_379,
            0.000_120_553_311_116_427_1,
            -1.492_559_526_683_118_2e-5,
            1.646_100_048_412_136_8e-6,
            -1.635_031_270_105_469_5e-7,
            1.465_977_527_404_743_6e-8,
            -1.137_284_885_679_167_4e-9,
            5.957_176_147_748_911e-11,
        ],
        x * x,
    )
}

/// The complementary error function from 0.8 on.
#[inline(always)]
fn erfc_large(x: f64) -> f64 {
    let x = choose(x > 28.0, 28.0, x);
    let (above, below) = (x + 2.5, 2.0_f64.mul_add(x, 1.0));
    let reciprocal = 1.0 / (above * below);
    let t = (x - 2.5) * below * reciprocal;
    // Chebyshev interpolation of (1 + 2x) exp(x^2) erfc(x) in t = (x - 2.5)/(x + 2.5) for x from 0.8 to 28, after
    // M. M. Shepherd and J. G. Laframboise, Math. Comput. 36, 249 (1981), doi 10.1090/S0025-5718-1981-0595058-X; relative
    // error 2.9e-17.
    let value = polynomial(
        [
            1.264_838_184_366_861_5,
            -0.122_356_763_082_404_92,
            -0.099_024_539_573_601_55,
            0.157_629_919_023_316_66,
            -0.102_967_056_038_736_2,
            0.032_760_893_264_170_45,
            0.000_931_892_827_831_915_9,
            -0.004_382_078_250_784_901,
            0.000_491_865_548_698_541_5,
            0.000_632_123_467_391_267,
            -8.847_588_103_707_27e-5,
            -0.000_113_518_579_090_275_56,
            6.242_595_717_382_366_5e-6,
            2.270_004_776_849_353_6e-5,
            2.698_443_535_795_265_6e-6,
            -4.285_861_512_209_293e-6,
            -1.750_599_759_455_535_3e-6,
            7.689_035_171_681_582e-7,
            6.025_096_109_757_238e-7,
            -2.560_514_120_322_755e-7,
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
pub(crate) fn erf(x: f64) -> f64 {
    let size = x.abs();
    let large = (1.0 - erfc_large(size)).copysign(x);
    choose(size >= 0.9, large, erf_small(x))
}

/// The complementary error function.
#[inline(always)]
pub(crate) fn erfc(x: f64) -> f64 {
    let size = x.abs();
    let large = erfc_large(size);
    let large = choose(x < 0.0, 2.0 - large, large);
    choose(size >= 0.8, large, 1.0 - erf_small(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance in units in the last place of the reference.
    fn ulps(found: f64, wanted: f64) -> f64 {
        if found.to_bits() == wanted.to_bits() || (found.is_nan() && wanted.is_nan()) {
            return 0.0;
        }
        let next = f64::from_bits(wanted.abs().to_bits() + 1) - wanted.abs();
        ((found - wanted) / next).abs()
    }

    fn worst(
        f: impl Fn(f64) -> f64,
        reference: impl Fn(f64) -> f64,
        range: (f64, f64),
    ) -> (f64, f64) {
        let mut worst = (0.0, 0.0);
        for i in 0..200_000 {
            let part = (f64::from(i) + 0.5 * libm::sin(f64::from(i))) / 200_000.0;
            let x = range.0 + (range.1 - range.0) * part;
            let error = ulps(f(x), reference(x));
            if error > worst.0 {
                worst = (error, x);
            }
        }
        worst
    }

    #[test]
    fn errors_are_a_few_units_in_the_last_place() {
        for (name, f, g, range, most) in [
            (
                "exp",
                exp as fn(f64) -> f64,
                libm::exp as fn(f64) -> f64,
                (-700.0, 700.0),
                1.0,
            ),
            ("exp", exp, libm::exp, (-1.0, 1.0), 1.0),
            ("log", log, libm::log, (1e-3, 3.0), 1.0),
            ("log", log, libm::log, (0.5, 1e9), 1.0),
            ("sin", sin, libm::sin, (-7.0, 7.0), 1.0),
            ("sin", sin, libm::sin, (-1e6, 1e6), 1.0),
            ("cos", cos, libm::cos, (-7.0, 7.0), 1.0),
            ("cos", cos, libm::cos, (-1e6, 1e6), 1.0),
            ("tanh", tanh, libm::tanh, (-3.0, 3.0), 4.0),
            ("tanh", tanh, libm::tanh, (-1e-3, 1e-3), 4.0),
            ("erf", erf, libm::erf, (-4.0, 4.0), 4.0),
            ("erf", erf, libm::erf, (-1e-3, 1e-3), 4.0),
            ("erfc", erfc, libm::erfc, (-4.0, 6.0), 8.0),
            ("erfc", erfc, libm::erfc, (5.0, 26.0), 8.0),
        ] {
            let (error, x) = worst(f, g, range);
            assert!(error <= most, "{name} {range:?}: {error} ulp at {x}");
        }
    }

    /// Same value, both not a number, or within 8 units.
    fn close(found: f64, wanted: f64) -> bool {
        found.to_bits() == wanted.to_bits()
            || (found.is_nan() && wanted.is_nan())
            || ulps(found, wanted) <= 8.0
    }

    #[test]
    fn special_values_are_those_of_the_library() {
        let values = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            f64::MIN_POSITIVE,
            5e-324,
            1e-310,
            -1e-310,
            1e-20,
            f64::EPSILON,
            0.8,
            0.9,
            -0.9,
            6.0,
            27.0,
            30.0,
            700.0,
            709.78,
            710.0,
            -708.5,
            -745.0,
            -746.0,
            1e6,
            1e300,
            -1e300,
            f64::MAX,
            f64::MIN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ];
        for (name, f, g) in [
            ("exp", exp as fn(f64) -> f64, libm::exp as fn(f64) -> f64),
            ("log", log, libm::log),
            ("tanh", tanh, libm::tanh),
            ("erf", erf, libm::erf),
            ("erfc", erfc, libm::erfc),
        ] {
            for x in values {
                assert!(close(f(x), g(x)), "{name}({x:e}): {:e}, {:e}", f(x), g(x));
            }
        }
        for (f, g) in [
            (sin as fn(f64) -> f64, libm::sin as fn(f64) -> f64),
            (cos, libm::cos),
        ] {
            for x in values
                .into_iter()
                .filter(|x| x.abs() <= TRIGONOMETRIC_LIMIT)
            {
                assert!(close(f(x), g(x)), "{x:e}: {:e}, {:e}", f(x), g(x));
            }
        }
    }
}
