//! What the elementary functions of both precisions are made of.

#![expect(
    clippy::inline_always,
    reason = "a body takes on the instruction set of the loop that it is put into"
)]

use std::ops::Mul;

/// A product and a sum with one rounding: an instruction where the path has it, exact by software elsewhere.
pub(super) trait Fused: Copy + Mul<Output = Self> {
    fn times_plus(self, factor: Self, term: Self) -> Self;
}

impl Fused for f64 {
    #[inline(always)]
    fn times_plus(self, factor: Self, term: Self) -> Self {
        self.mul_add(factor, term)
    }
}

impl Fused for f32 {
    #[inline(always)]
    fn times_plus(self, factor: Self, term: Self) -> Self {
        self.mul_add(factor, term)
    }
}

/// The value of a polynomial, constant coefficient first, by halves (G. Estrin, 1960): the chain of dependent steps
/// is as long as the logarithm of the degree.
#[inline(always)]
pub(super) fn polynomial<T: Fused, const N: usize>(coefficients: [T; N], x: T) -> T {
    let mut terms = coefficients;
    let mut length = N;
    let mut power = x;
    while length > 1 {
        let half = length / 2;
        let mut k = 0;
        while k < half {
            terms[k] = terms[2 * k + 1].times_plus(power, terms[2 * k]);
            k += 1;
        }
        if length % 2 == 1 {
            terms[half] = terms[length - 1];
        }
        length -= half;
        power = power * power;
    }
    terms[0]
}

#[inline(always)]
pub(super) fn choose<T>(condition: bool, then: T, otherwise: T) -> T {
    if condition { then } else { otherwise }
}
