//! Exact integer elimination: the saturated kernel lattice of a dimension matrix and its Hermite normal form.

use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::rational::greatest_common_divisor;

const OVERFLOW: Error = Error::Overflow {
    operation: "the elimination of the dimension matrix",
};

/// The rows of the Hermite normal form of $\ker D \cap \mathbb{Z}^n$, with $n$ minus rank rows.
///
/// $[D^\top | I]$ is brought to echelon form by unimodular row operations; the rows whose left part vanishes span the
/// saturated lattice, and their right parts are brought to the normal form.
pub(crate) fn kernel_lattice(dimensions: &[Dimension]) -> Result<Vec<Vec<i64>>> {
    let columns = integer_rows(dimensions)?;
    let n = dimensions.len();
    let m = columns.len();
    let mut rows: Vec<Vec<i128>> = (0..n)
        .map(|j| {
            let left = columns.iter().map(|row| row[j]);
            left.chain((0..n).map(|k| i128::from(j == k))).collect()
        })
        .collect();
    let mut rank = 0;
    for column in 0..m {
        if clear_below(&mut rows, rank, column)? {
            rank += 1;
        }
    }
    let mut kernel: Vec<Vec<i128>> = rows.split_off(rank);
    for row in &mut kernel {
        row.drain(..m);
    }
    hermite(&mut kernel, n)?;
    for (index, row) in kernel.iter().enumerate() {
        for constraint in &columns {
            if dot(constraint, row)? != 0 {
                return Err(Error::CheckFailed { index: index + 1 });
            }
        }
    }
    kernel
        .into_iter()
        .map(|row| {
            row.into_iter()
                .map(|v| i64::try_from(v).map_err(|_| OVERFLOW))
                .collect()
        })
        .collect()
}

/// The rows of the dimension matrix that are not 0, each scaled to whole numbers without a common factor.
fn integer_rows(dimensions: &[Dimension]) -> Result<Vec<Vec<i128>>> {
    let mut rows = Vec::new();
    for base in 0..7 {
        let mut scale: i128 = 1;
        for dimension in dimensions {
            let denominator = i128::from(dimension.exponents()[base].denominator());
            let common =
                greatest_common_divisor(scale.unsigned_abs(), denominator.unsigned_abs()) as i128;
            scale = scale.checked_mul(denominator / common).ok_or(OVERFLOW)?;
        }
        let mut row = Vec::with_capacity(dimensions.len());
        for dimension in dimensions {
            let exponent = dimension.exponents()[base];
            let factor = scale / i128::from(exponent.denominator());
            let scaled = i128::from(exponent.numerator()).checked_mul(factor);
            row.push(scaled.ok_or(OVERFLOW)?);
        }
        let common = row.iter().fold(0, |g, v: &i128| {
            greatest_common_divisor(g, v.unsigned_abs())
        });
        if common == 0 {
            continue;
        }
        if let Ok(common) = i128::try_from(common) {
            for value in &mut row {
                *value /= common;
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Euclid's algorithm on one column of the rows from `top` on: one entry stays, in row `top`, or none.
fn clear_below(rows: &mut [Vec<i128>], top: usize, column: usize) -> Result<bool> {
    loop {
        let smallest = (top..rows.len())
            .filter(|&i| rows[i][column] != 0)
            .min_by_key(|&i| rows[i][column].unsigned_abs());
        let Some(pivot) = smallest else {
            return Ok(false);
        };
        rows.swap(top, pivot);
        let (upper, lower) = rows.split_at_mut(top + 1);
        let pivot_row = &upper[top];
        let mut done = true;
        for row in lower {
            if row[column] == 0 {
                continue;
            }
            let quotient = row[column]
                .checked_div_euclid(pivot_row[column])
                .ok_or(OVERFLOW)?;
            subtract(row, pivot_row, quotient)?;
            done &= row[column] == 0;
        }
        if done {
            return Ok(true);
        }
    }
}

/// Row-style Hermite normal form: echelon, positive pivots, entries above a pivot in `0..pivot`.
fn hermite(rows: &mut [Vec<i128>], width: usize) -> Result<()> {
    let mut top = 0;
    for column in 0..width {
        if top == rows.len() {
            break;
        }
        if !clear_below(rows, top, column)? {
            continue;
        }
        if rows[top][column] < 0 {
            for value in &mut rows[top] {
                *value = value.checked_neg().ok_or(OVERFLOW)?;
            }
        }
        let (above, rest) = rows.split_at_mut(top);
        let pivot_row = &rest[0];
        for row in above {
            let quotient = row[column].div_euclid(pivot_row[column]);
            subtract(row, pivot_row, quotient)?;
        }
        top += 1;
    }
    Ok(())
}

/// Subtracts a multiple of one row from another.
fn subtract(row: &mut [i128], other: &[i128], factor: i128) -> Result<()> {
    if factor == 0 {
        return Ok(());
    }
    for (mine, theirs) in row.iter_mut().zip(other) {
        *mine = theirs
            .checked_mul(factor)
            .and_then(|product| mine.checked_sub(product))
            .ok_or(OVERFLOW)?;
    }
    Ok(())
}

fn dot(a: &[i128], b: &[i128]) -> Result<i128> {
    a.iter().zip(b).try_fold(0i128, |sum, (x, y)| {
        x.checked_mul(*y)
            .and_then(|product| sum.checked_add(product))
            .ok_or(OVERFLOW)
    })
}
