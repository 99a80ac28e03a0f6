//! Exact integer elimination: the saturated kernel lattice of a dimension matrix and its Hermite normal form.

use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::rational::greatest_common_divisor;

const OVERFLOW: Error = Error::Overflow {
    operation: "the elimination of the dimension matrix",
};

/// The rows of the Hermite normal form of $\ker D \cap \mathbb{Z}^n$, with $n$ minus rank rows.
///
/// The variables are inserted from the last to the first. At each step the lattice of the dimensions seen so far has an
/// echelon basis, and each of its vectors a representation by the variables. A dimension that the lattice
/// already spans leaves one relation behind, whose first exponent is the pivot of a new row; the rows below are
/// those of the variables after it. Representations are reduced by the rows found so far, which keeps all values small:
/// elimination of the whole matrix at once leaves 128 bits at some 20 variables.
pub(crate) fn kernel_lattice(dimensions: &[Dimension]) -> Result<Vec<Vec<i64>>> {
    let constraints = integer_rows(dimensions)?;
    let n = dimensions.len();
    let m = constraints.len();
    let mut lattice = Lattice {
        n_constraints: m,
        basis: Vec::with_capacity(m),
        relations: Vec::with_capacity(n),
    };
    for variable in (0..n).rev() {
        let mut row = vec![0; m + n];
        for (value, constraint) in row.iter_mut().zip(&constraints) {
            *value = constraint[variable];
        }
        row[m + variable] = 1;
        lattice.insert(row, m + variable)?;
    }
    let mut kernel = Vec::with_capacity(lattice.relations.len());
    for (row, _) in lattice.relations.iter().rev() {
        let exponents = &row[m..];
        for constraint in &constraints {
            if dot(constraint, exponents)? != 0 {
                let index = kernel.len() + 1;
                return Err(Error::CheckFailed { index });
            }
        }
        let exact: Result<Vec<i64>> = exponents
            .iter()
            .map(|&v| i64::try_from(v).map_err(|_| OVERFLOW))
            .collect();
        kernel.push(exact?);
    }
    Ok(kernel)
}

/// The lattice of the dimensions inserted so far. A row is a vector of scaled dimension exponents, followed by the
/// exponents of the variables that make it.
struct Lattice {
    n_constraints: usize,
    /// Rows in echelon form with positive pivots, each with the column of its pivot, in rising order of columns.
    basis: Vec<(Vec<i128>, usize)>,
    /// Rows whose dimension part is 0, each with the column of its pivot, in falling order of columns.
    relations: Vec<(Vec<i128>, usize)>,
}

impl Lattice {
    /// Inserts the row of one variable; `column` holds its exponent 1.
    fn insert(&mut self, mut row: Vec<i128>, column: usize) -> Result<()> {
        let mut spanned = true;
        for c in 0..self.n_constraints {
            if row[c] == 0 {
                continue;
            }
            let at = self.basis.partition_point(|(_, pivot)| *pivot < c);
            match self.basis.get_mut(at) {
                Some((other, pivot)) if *pivot == c => {
                    euclid(&mut row, other, c)?;
                    // The later steps multiply the representations: they start from reduced ones.
                    reduce(&mut row, &self.relations)?;
                }
                _ => {
                    make_positive(&mut row, c)?;
                    self.basis.insert(at, (std::mem::take(&mut row), c));
                    spanned = false;
                    break;
                }
            }
        }
        if spanned {
            make_positive(&mut row, column)?;
            reduce(&mut row, &self.relations)?;
            self.relations.push((row, column));
        }
        for i in 1..self.basis.len() {
            let (above, rest) = self.basis.split_at_mut(i);
            let (pivot_row, c) = &rest[0];
            for (row, _) in above {
                let quotient = floor_quotient(row[*c], pivot_row[*c]);
                subtract(row, pivot_row, quotient)?;
            }
        }
        for (row, _) in &mut self.basis {
            reduce(row, &self.relations)?;
        }
        Ok(())
    }
}

/// Euclid's algorithm on one column of two rows: `row` ends with 0 there, `pivot_row` with the positive divisor.
fn euclid(row: &mut Vec<i128>, pivot_row: &mut Vec<i128>, column: usize) -> Result<()> {
    loop {
        let quotient = floor_quotient(row[column], pivot_row[column]);
        subtract(row, pivot_row, quotient)?;
        if row[column] == 0 {
            return Ok(());
        }
        std::mem::swap(row, pivot_row);
    }
}

/// Brings the entries at the pivots of the relations to `0..pivot`; newer relations have earlier pivots.
fn reduce(row: &mut [i128], relations: &[(Vec<i128>, usize)]) -> Result<()> {
    for (relation, column) in relations.iter().rev() {
        let quotient = floor_quotient(row[*column], relation[*column]);
        subtract(row, relation, quotient)?;
    }
    Ok(())
}

/// Changes the sign of a row if its entry in a column is negative.
fn make_positive(row: &mut [i128], column: usize) -> Result<()> {
    if row[column] < 0 {
        for value in row {
            *value = value.checked_neg().ok_or(OVERFLOW)?;
        }
    }
    Ok(())
}

/// The rows of the dimension matrix that are not 0, each scaled to whole numbers without a common factor.
pub(crate) fn integer_rows(dimensions: &[Dimension]) -> Result<Vec<Vec<i128>>> {
    let mut rows = Vec::new();
    for base in 0..7 {
        if dimensions.iter().all(|d| d.exponents()[base].is_zero()) {
            continue;
        }
        let mut scale: i128 = 1;
        for dimension in dimensions {
            if dimension.exponents()[base].is_integer() {
                continue;
            }
            let denominator = i128::from(dimension.exponents()[base].denominator());
            let common =
                greatest_common_divisor(scale.unsigned_abs(), denominator.unsigned_abs()) as i128;
            scale = scale.checked_mul(denominator / common).ok_or(OVERFLOW)?;
        }
        let mut row = Vec::with_capacity(dimensions.len());
        for dimension in dimensions {
            let exponent = dimension.exponents()[base];
            let factor = if scale == 1 {
                1
            } else {
                scale / i128::from(exponent.denominator())
            };
            let scaled = i128::from(exponent.numerator()).checked_mul(factor);
            row.push(scaled.ok_or(OVERFLOW)?);
        }
        let common = row.iter().fold(0, |g, v: &i128| match g {
            1 => 1,
            _ => greatest_common_divisor(g, v.unsigned_abs()),
        });
        match i128::try_from(common) {
            Ok(1) => {}
            Ok(common) => row.iter_mut().for_each(|value| *value /= common),
            Err(_) => return Err(OVERFLOW),
        }
        rows.push(row);
    }
    Ok(rows)
}

/// The quotient rounded down, for a positive divisor; 128-bit division is slow and rarely needed.
fn floor_quotient(value: i128, divisor: i128) -> i128 {
    if (0..divisor).contains(&value) {
        return 0;
    }
    match (i64::try_from(value), i64::try_from(divisor)) {
        (Ok(value), Ok(1)) => i128::from(value),
        (Ok(value), Ok(divisor)) => i128::from(value.div_euclid(divisor)),
        _ => value.div_euclid(divisor),
    }
}

/// Subtracts a multiple of one row from another.
fn subtract(row: &mut [i128], other: &[i128], factor: i128) -> Result<()> {
    if factor == 0 {
        return Ok(());
    }
    for (mine, theirs) in row.iter_mut().zip(other) {
        if *theirs == 0 {
            continue;
        }
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
