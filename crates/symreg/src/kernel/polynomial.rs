//! What the elementary functions of both precisions are made of.

#![expect(
    clippy::inline_always,
    reason = "a body takes on the instruction set of the loop that it is put into"
)]

use std::ops::{Add, Mul};

/// The value of a polynomial, constant coefficient first, by halves (G. Estrin, 1960): the chain of dependent steps
/// is as long as the logarithm of the degree.
#[inline(always)]
pub(super) fn polynomial<T, const N: usize>(coefficients: [T; N], x: T) -> T
where
    T: Copy + Add<Output = T> + Mul<Output = T>,
{
    let mut terms = coefficients;
    let mut length = N;
    let mut power = x;
    while length > 1 {
        let half = length / 2;
        let mut k = 0;
        while k < half {
            terms[k] = terms[2 * k] + terms[2 * k + 1] * power;
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
