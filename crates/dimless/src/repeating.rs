//! Repeating variables: the sets of groups that each choice of them gives, and the circuits.

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::nullspace::integer_rows;
use crate::pi::Group;
use crate::rational::greatest_common_divisor;
use crate::system::System;

/// Most choices of repeating variables that are tried.
pub const MAX_SUBSETS: u64 = 1_000_000;

const OVERFLOW: Error = Error::Overflow {
    operation: "the elimination for a choice of repeating variables",
};

/// The groups that one choice of repeating variables gives: one for each other variable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RepeatingSet {
    repeating: Vec<String>,
    groups: Vec<Group>,
}

impl RepeatingSet {
    /// The repeating variables, in the order of the system.
    pub fn repeating(&self) -> &[String] {
        &self.repeating
    }

    /// The groups, primitive, first exponent positive, in a fixed order.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }
}

/// What all choices of repeating variables of a system give.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RepeatingSets {
    n_regular: usize,
    distinct: Vec<RepeatingSet>,
}

impl RepeatingSets {
    /// How many choices of $r$ variables have independent dimensions.
    pub fn n_regular(&self) -> usize {
        self.n_regular
    }

    /// One choice for each distinct set of groups, the first in the order of the variables. Two sets are the same if
    /// their groups agree up to powers.
    pub fn distinct(&self) -> &[RepeatingSet] {
        &self.distinct
    }
}

impl System {
    /// The groups that these repeating variables give, one for each other variable in the order of the system, which
    /// has a positive exponent in it: the textbook method, exactly.
    ///
    /// The groups span all others, but not always by whole powers; [`pi`](Self::pi) does.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVariable`]; [`Error::LengthMismatch`] unless there are as many as the rank;
    /// [`Error::DependentVariable`] naming the first whose dimension follows from those before it (a name given twice
    /// among them); [`Error::Overflow`].
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::System;
    /// let pipe = System::new([("dp", "Pa"), ("rho", "kg/m^3"), ("v", "m/s"), ("D", "m"), ("mu", "Pa s")])?;
    /// let groups = pipe.with_repeating(&["rho", "v", "D"])?;
    /// let text: Vec<String> = groups.iter().map(ToString::to_string).collect();
    /// assert_eq!(text, ["dp rho^-1 v^-2", "rho^-1 v^-1 D^-1 mu"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_repeating(&self, names: &[&str]) -> Result<Vec<Group>> {
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let index = self.names().iter().position(|n| n == name);
            columns.push(index.ok_or_else(|| Error::UnknownVariable {
                name: (*name).to_owned(),
                present: self.names().to_vec(),
            })?);
        }
        let matrix = independent_rows(self)?;
        if columns.len() != matrix.len() {
            return Err(Error::LengthMismatch {
                name: "list of repeating variables".to_owned(),
                expected: matrix.len(),
                found: columns.len(),
            });
        }
        let mut reduced = matrix;
        if let Some(dependent) = reduce(&mut reduced, &columns)? {
            return Err(Error::DependentVariable {
                name: names[dependent].to_owned(),
            });
        }
        let groups = groups_of(&reduced, &columns, self.n_variables())?;
        Ok(groups
            .into_iter()
            .map(|(_, exponents)| self.make(exponents))
            .collect())
    }

    /// Every choice of repeating variables: how many are regular, and the distinct sets of groups they give.
    ///
    /// # Errors
    ///
    /// [`Error::TooManySubsets`] when there are more than [`MAX_SUBSETS`] choices; [`Error::Overflow`].
    ///
    /// # Performance
    ///
    /// O($\binom{n}{r}\, r^2 n$) integer operations for $n$ variables of rank $r$.
    pub fn repeating_sets(&self) -> Result<RepeatingSets> {
        let mut seen: HashSet<Vec<Vec<i64>>> = HashSet::new();
        let mut distinct = Vec::new();
        let n_regular = self.for_each_regular(|columns, groups| {
            if seen.insert(groups.clone()) {
                distinct.push(RepeatingSet {
                    repeating: columns.iter().map(|&c| self.names()[c].clone()).collect(),
                    groups: groups.into_iter().map(|e| self.make(e)).collect(),
                });
            }
        })?;
        Ok(RepeatingSets {
            n_regular,
            distinct,
        })
    }

    /// All circuits: the groups whose variables contain no smaller group's. Primitive, first exponent positive, in rising
    /// order of their exponents.
    ///
    /// They are the groups that the method of repeating variables can give, and every other group is a product of
    /// rational powers of them.
    ///
    /// # Errors
    ///
    /// As [`repeating_sets`](Self::repeating_sets).
    ///
    /// # Performance
    ///
    /// As [`repeating_sets`](Self::repeating_sets).
    pub fn circuits(&self) -> Result<Vec<Group>> {
        let mut found: HashSet<Vec<i64>> = HashSet::new();
        self.for_each_regular(|_, groups| found.extend(groups))?;
        let mut circuits: Vec<Vec<i64>> = found.into_iter().collect();
        circuits.sort_unstable();
        Ok(circuits.into_iter().map(|e| self.make(e)).collect())
    }

    fn make(&self, exponents: Vec<i64>) -> Group {
        Group::new(Arc::clone(self.shared_names()), exponents)
    }

    /// Calls `visit` with each regular choice of columns and its groups (sign and order canonical); returns how many there are.
    fn for_each_regular(&self, mut visit: impl FnMut(&[usize], Vec<Vec<i64>>)) -> Result<usize> {
        let (matrix, n) = (independent_rows(self)?, self.n_variables());
        let rank = matrix.len();
        let subsets = binomial(n, rank);
        if subsets > u128::from(MAX_SUBSETS) {
            return Err(Error::TooManySubsets {
                subsets,
                limit: MAX_SUBSETS,
            });
        }
        let mut columns: Vec<usize> = (0..rank).collect();
        let mut regular = 0;
        loop {
            let mut reduced = matrix.clone();
            if reduce(&mut reduced, &columns)?.is_none() {
                regular += 1;
                let mut groups: Vec<Vec<i64>> = groups_of(&reduced, &columns, n)?
                    .into_iter()
                    .map(|(_, exponents)| first_positive(exponents))
                    .collect();
                groups.sort_unstable();
                visit(&columns, groups);
            }
            // The next combination in lexicographic order.
            let Some(i) = (0..rank).rev().find(|&i| columns[i] < n - rank + i) else {
                return Ok(regular);
            };
            columns[i] += 1;
            for j in i + 1..rank {
                columns[j] = columns[j - 1] + 1;
            }
        }
    }
}

fn binomial(n: usize, k: usize) -> u128 {
    (0..k.min(n - k)).fold(1_u128, |product, i| {
        product.saturating_mul((n - i) as u128) / (i as u128 + 1)
    })
}

/// As many rows of the dimension matrix as its rank.
fn independent_rows(system: &System) -> Result<Vec<Vec<i128>>> {
    let mut rows = integer_rows(system.dimensions())?;
    let mut done = 0;
    for column in 0..system.n_variables() {
        let Some(found) = (done..rows.len()).find(|&i| rows[i][column] != 0) else {
            continue;
        };
        rows.swap(done, found);
        let (above, below) = rows.split_at_mut(done + 1);
        for row in below {
            eliminate(row, &above[done], column)?;
        }
        done += 1;
    }
    rows.truncate(done);
    Ok(rows)
}

/// Takes `pivot_row` out of `row` in one column, and the common factor out of the result.
fn eliminate(row: &mut [i128], pivot_row: &[i128], column: usize) -> Result<()> {
    let (own, pivot) = (row[column], pivot_row[column]);
    if own == 0 {
        return Ok(());
    }
    let mut common = 0;
    for (mine, theirs) in row.iter_mut().zip(pivot_row) {
        let kept = mine.checked_mul(pivot).ok_or(OVERFLOW)?;
        let taken = theirs.checked_mul(own).ok_or(OVERFLOW)?;
        *mine = kept.checked_sub(taken).ok_or(OVERFLOW)?;
        common = greatest_common_divisor(common, mine.unsigned_abs());
    }
    if let (true, Ok(common)) = (common > 1, i128::try_from(common)) {
        for value in row.iter_mut() {
            *value /= common;
        }
    }
    Ok(())
}

/// Makes row `k` the only one with an entry in `columns[k]`, for all of them. Returns the first whose column depends on
/// those before it, if there is one.
fn reduce(rows: &mut [Vec<i128>], columns: &[usize]) -> Result<Option<usize>> {
    for (k, &column) in columns.iter().enumerate() {
        let Some(found) = (k..rows.len()).find(|&i| rows[i][column] != 0) else {
            return Ok(Some(k));
        };
        rows.swap(k, found);
        let pivot_row = std::mem::take(&mut rows[k]);
        for (i, row) in rows.iter_mut().enumerate() {
            if i != k {
                eliminate(row, &pivot_row, column)?;
            }
        }
        rows[k] = pivot_row;
    }
    Ok(None)
}

/// For each column that is not repeating, the primitive group of it and the repeating ones, with its own exponent positive.
fn groups_of(reduced: &[Vec<i128>], columns: &[usize], n: usize) -> Result<Vec<(usize, Vec<i64>)>> {
    let mut groups = Vec::with_capacity(n - columns.len());
    for other in (0..n).filter(|c| !columns.contains(c)) {
        // Row k says: pivot_k x_k + entry_k x_other = 0.
        let mut own: i128 = 1;
        for (row, &column) in reduced.iter().zip(columns) {
            let pivot = row[column].unsigned_abs();
            let needed = pivot / greatest_common_divisor(pivot, row[other].unsigned_abs());
            let needed = needed / greatest_common_divisor(needed, own.unsigned_abs());
            let needed = i128::try_from(needed).map_err(|_| OVERFLOW)?;
            own = own.checked_mul(needed).ok_or(OVERFLOW)?;
        }
        let mut exponents = vec![0_i64; n];
        exponents[other] = i64::try_from(own).map_err(|_| OVERFLOW)?;
        for (row, &column) in reduced.iter().zip(columns) {
            let product = row[other].checked_mul(own).ok_or(OVERFLOW)?;
            exponents[column] = i64::try_from(-(product / row[column])).map_err(|_| OVERFLOW)?;
        }
        groups.push((other, exponents));
    }
    Ok(groups)
}

fn first_positive(mut exponents: Vec<i64>) -> Vec<i64> {
    if exponents.iter().find(|e| **e != 0).is_some_and(|e| *e < 0) {
        for exponent in &mut exponents {
            *exponent = -*exponent;
        }
    }
    exponents
}
