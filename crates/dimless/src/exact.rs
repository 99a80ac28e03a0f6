//! Exact solution of small linear systems of fractions.

use crate::error::{Error, Result};
use crate::rational::{Rational, greatest_common_divisor};

const OVERFLOW: Error = Error::Overflow {
    operation: "the exact solution of a linear system",
};

/// What an exact linear system has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Solution {
    /// One value an unknown, those in `free` at 0; nothing if the equations contradict each other.
    pub(crate) values: Option<Vec<Rational>>,
    /// The unknowns whose columns follow from those before them.
    pub(crate) free: Vec<usize>,
}

/// Solves equations whose last entry is the right-hand side. Each equation is scaled to whole numbers, then eliminated
/// in 128 bits without fractions.
pub(crate) fn solve(equations: &[Vec<Rational>], n_unknowns: usize) -> Result<Solution> {
    let mut rows = Vec::with_capacity(equations.len());
    for equation in equations {
        debug_assert_eq!(equation.len(), n_unknowns + 1);
        if equation.iter().any(|v| !v.is_zero()) {
            rows.push(whole_numbers(equation)?);
        }
    }
    let mut pivots = Vec::new();
    let mut free = Vec::new();
    for column in 0..n_unknowns {
        let done = pivots.len();
        let Some(found) = (done..rows.len()).find(|&i| rows[i][column] != 0) else {
            free.push(column);
            continue;
        };
        rows.swap(done, found);
        let pivot_row = std::mem::take(&mut rows[done]);
        for (_, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != done) {
            eliminate(row, &pivot_row, column)?;
        }
        rows[done] = pivot_row;
        pivots.push(column);
    }
    let contradiction = rows[pivots.len()..].iter().any(|row| row[n_unknowns] != 0);
    if contradiction {
        return Ok(Solution { values: None, free });
    }
    let mut values = vec![Rational::ZERO; n_unknowns];
    for (row, &column) in rows.iter().zip(&pivots) {
        values[column] = fraction(row[n_unknowns], row[column])?;
    }
    let values = Some(values);
    Ok(Solution { values, free })
}

/// The fractions times their smallest common denominator.
pub(crate) fn whole_numbers(values: &[Rational]) -> Result<Vec<i128>> {
    let mut scale: i128 = 1;
    for value in values {
        let denominator = i128::from(value.denominator());
        let common = gcd(scale, denominator)?;
        scale = scale.checked_mul(denominator / common).ok_or(OVERFLOW)?;
    }
    let scaled = values.iter().map(|value| {
        let factor = scale / i128::from(value.denominator());
        i128::from(value.numerator()).checked_mul(factor)
    });
    scaled.map(|value| value.ok_or(OVERFLOW)).collect()
}

fn gcd(a: i128, b: i128) -> Result<i128> {
    i128::try_from(greatest_common_divisor(a.unsigned_abs(), b.unsigned_abs()))
        .map_err(|_| OVERFLOW)
}

fn fraction(numerator: i128, denominator: i128) -> Result<Rational> {
    let common = gcd(numerator, denominator)?.max(1);
    let part = |value: i128| i64::try_from(value / common).map_err(|_| OVERFLOW);
    Rational::new(part(numerator)?, part(denominator)?)
}

/// Takes `pivot_row` out of `row` in one column, and the common factor out of the result.
fn eliminate(row: &mut [i128], pivot_row: &[i128], column: usize) -> Result<()> {
    if row[column] == 0 {
        return Ok(());
    }
    let common = gcd(row[column], pivot_row[column])?;
    let (own, pivot) = (row[column] / common, pivot_row[column] / common);
    let mut common = 0;
    for (mine, theirs) in row.iter_mut().zip(pivot_row) {
        let kept = mine.checked_mul(pivot).ok_or(OVERFLOW)?;
        let taken = theirs.checked_mul(own).ok_or(OVERFLOW)?;
        *mine = kept.checked_sub(taken).ok_or(OVERFLOW)?;
        common = greatest_common_divisor(common, mine.unsigned_abs());
    }
    if let (true, Ok(common)) = (common > 1, i128::try_from(common)) {
        for value in row {
            *value /= common;
        }
    }
    Ok(())
}

/// The greatest common divisor of the maximal minors of independent rows of whole numbers: how many times coarser
/// the lattice they span is than the one of all whole vectors in their space. 0 for dependent rows.
pub(crate) fn index(rows: &[&[i64]]) -> Result<i128> {
    let mut rows: Vec<Vec<i128>> = rows
        .iter()
        .map(|row| row.iter().copied().map(i128::from).collect())
        .collect();
    let n_columns = rows.first().map_or(0, Vec::len);
    let mut product: i128 = 1;
    for at in 0..rows.len() {
        // Operations on columns bring the row to one entry, the divisor of what is left of it.
        loop {
            let entry = |c: &usize| rows[at][*c].unsigned_abs();
            let smallest = (at..n_columns).filter(|c| entry(c) != 0).min_by_key(entry);
            let Some(pivot) = smallest else {
                return Ok(0);
            };
            for row in &mut rows {
                row.swap(at, pivot);
            }
            let mut done = true;
            for column in at + 1..n_columns {
                let quotient = rows[at][column].div_euclid(rows[at][at]);
                if rows[at][column] == 0 {
                    continue;
                }
                for row in &mut rows[at..] {
                    let taken = row[at].checked_mul(quotient).ok_or(OVERFLOW)?;
                    row[column] = row[column].checked_sub(taken).ok_or(OVERFLOW)?;
                }
                done &= rows[at][column] == 0;
            }
            if done {
                break;
            }
        }
        let divisor = rows[at][at].checked_abs().ok_or(OVERFLOW)?;
        product = product.checked_mul(divisor).ok_or(OVERFLOW)?;
    }
    Ok(product)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rationals(rows: &[Vec<i64>]) -> Vec<Vec<Rational>> {
        rows.iter()
            .map(|r| r.iter().copied().map(Rational::integer).collect())
            .collect()
    }

    #[test]
    fn unique_free_and_contradictory_systems() -> Result<()> {
        let unique = solve(&rationals(&[vec![2, 0, 1], vec![1, 3, 1]]), 2)?;
        let half = Rational::new(1, 2)?;
        assert_eq!(unique.values, Some(vec![half, Rational::new(1, 6)?]));
        assert!(unique.free.is_empty());
        let free = solve(&rationals(&[vec![1, 1, 2]]), 2)?;
        assert_eq!(
            free.values,
            Some(vec![Rational::integer(2), Rational::ZERO])
        );
        assert_eq!(free.free, [1]);
        let none = solve(&rationals(&[vec![1, 1, 2], vec![2, 2, 5]]), 2)?;
        assert_eq!(none.values, None);
        assert_eq!(solve(&[], 0)?.values, Some(vec![]));
        Ok(())
    }

    #[test]
    fn the_index_is_the_divisor_of_the_minors() -> Result<()> {
        assert_eq!(index(&[])?, 1);
        assert_eq!(index(&[&[2, 4, 6]])?, 2);
        assert_eq!(index(&[&[1, 0, 1], &[1, 0, 1]])?, 0);
        // Minors 4, 6, -2.
        assert_eq!(index(&[&[1, 1, 2], &[1, 5, 8]])?, 2);
        Ok(())
    }

    proptest! {
        #[test]
        fn solutions_solve(
            matrix in prop::collection::vec(prop::collection::vec(-4_i64..=4, 4), 1..6),
            x in prop::array::uniform4(-6_i64..=6),
        ) {
            let equations: Vec<Vec<i64>> = matrix.iter().map(|row| {
                let side = row.iter().zip(&x).map(|(a, b)| a * b).sum();
                row.iter().copied().chain([side]).collect()
            }).collect();
            let found = solve(&rationals(&equations), 4)?.values.expect("made to have one");
            for equation in rationals(&equations) {
                let mut sum = Rational::ZERO;
                for (a, b) in equation.iter().zip(&found) {
                    sum = sum.plus(a.times(*b)?)?;
                }
                prop_assert_eq!(sum, equation[4]);
            }
        }

        #[test]
        fn the_index_agrees_with_all_minors(rows in prop::collection::vec(prop::array::uniform4(-5_i64..=5), 2)) {
            let mut divisor = 0;
            for i in 0..4 {
                for j in i + 1..4 {
                    let minor = rows[0][i] * rows[1][j] - rows[0][j] * rows[1][i];
                    divisor = greatest_common_divisor(divisor, u128::from(minor.unsigned_abs()));
                }
            }
            let views: Vec<&[i64]> = rows.iter().map(|r| &r[..]).collect();
            prop_assert_eq!(index(&views)?.unsigned_abs(), divisor);
        }
    }
}
