//! Quantiles of Student's t distribution.

/// The value that a t variable of `degrees` degrees of freedom stays below with `probability`
/// (above 1/2). By bisection on the distribution function, to a few ulp.
pub(crate) fn t_quantile(probability: f64, degrees: f64) -> f64 {
    let tail = 1.0 - probability;
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    while upper_tail(high, degrees) > tail && high < 1e300 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if upper_tail(middle, degrees) > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Probability of a value above `t` ≥ 0.
fn upper_tail(t: f64, degrees: f64) -> f64 {
    if degrees > 1e7 {
        return 0.5 * libm::erfc(t / std::f64::consts::SQRT_2);
    }
    0.5 * incomplete_beta(0.5 * degrees, 0.5, degrees / (degrees + t * t))
}

/// The regularized incomplete beta function by its continued fraction (DLMF 8.17.22), evaluated by
/// the method of Lentz.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = libm::exp(
        libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b)
            + a * libm::log(x)
            + b * libm::log1p(-x),
    );
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let guard = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    for m in 1..20_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        result *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let change = d * c;
        result *= change;
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// `scipy.stats.t.ppf`, SciPy 1.17.1.
    #[test]
    fn agrees_with_scipy() {
        for (probability, degrees, expected) in T_QUANTILES {
            assert_relative_eq!(
                t_quantile(probability, degrees),
                expected,
                max_relative = 1e-9
            );
        }
    }

    const T_QUANTILES: [(f64, f64, f64); 8] = [
        (0.975, 1.0, 12.706_204_736_174_694),
        (0.975, 2.0, 4.302_652_729_749_462),
        (0.995, 5.0, 4.032_142_983_555_228),
        (0.975, 27.0, 2.051_830_516_480_284_6),
        (0.841_344_746_068_543, 12.5, 1.041_631_923_908_966_4),
        (0.975, 117.0, 1.980_447_598_683_402_5),
        (0.9995, 3.0, 12.923_978_636_687_961),
        (0.975, 100_000.0, 1.959_987_707_534_609_5),
    ];
}
