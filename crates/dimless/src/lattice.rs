//! All groups whose exponents are within a bound.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::pi::{Group, PiBasis};
use crate::rational::greatest_common_divisor;

/// Most products that [`PiBasis::groups_within`] tries before it gives up.
pub const MAX_LATTICE_POINTS: u64 = 20_000_000;

impl PiBasis {
    /// All dimensionless groups with exponents of at most `max_exponent` in magnitude, each once up to powers:
    /// primitive, first exponent positive; in rising order of the sum of the magnitudes of
    /// their exponents, and among equals those of the first variables first.
    ///
    /// Groups with exponents in halves within a bound are, up to powers, those with whole exponents within twice the bound.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] above [`MAX_LATTICE_POINTS`] products tried.
    ///
    /// # Performance
    ///
    /// O($(2M + 1)^k$) products at most for $k$ groups in the basis and the bound $M$; those whose leading exponents are
    /// out of bounds are not tried. With nine groups or more even a bound of 4 may be too much: leave variables out, or lower it.
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::System;
    ///
    /// let convection = System::new([
    ///     ("h", "m"), ("dT", "K"), ("g", "m/s^2"), ("alpha", "1/K"), ("nu", "m^2/s"), ("kappa", "m^2/s"),
    /// ])?;
    /// let groups = convection.pi()?.groups_within(3)?;
    /// assert_eq!(groups.len(), 51);
    /// assert_eq!(groups[0].to_string(), "dT alpha");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn groups_within(&self, max_exponent: u32) -> Result<Vec<Group>> {
        let rows: Vec<&[i64]> = self.groups().iter().map(Group::exponents).collect();
        let pivots: Vec<usize> = rows
            .iter()
            .map(|row| row.iter().position(|&e| e != 0).unwrap_or(row.len()))
            .collect();
        let mut walk = Walk {
            rows: &rows,
            pivots: &pivots,
            bound: i128::from(max_exponent),
            tried: 0,
            found: Vec::new(),
        };
        walk.descend(0, &vec![0; self.names().len()], false)?;
        let mut found = walk.found;
        found.sort_unstable_by(|a, b| size(a).cmp(&size(b)).then_with(|| b.cmp(a)));
        let names = self.shared_names();
        Ok(found
            .into_iter()
            .map(|exponents| Group::new(Arc::clone(names), exponents))
            .collect())
    }
}

/// The sum of the magnitudes of exponents.
pub(crate) fn size(exponents: &[i64]) -> u64 {
    exponents
        .iter()
        .fold(0, |sum, e| sum.saturating_add(e.unsigned_abs()))
}

struct Walk<'a> {
    /// Hermite normal form: row i is the last with an entry in its pivot column.
    rows: &'a [&'a [i64]],
    pivots: &'a [usize],
    bound: i128,
    tried: u64,
    found: Vec<Vec<i64>>,
}

impl Walk<'_> {
    /// Tries all multiples of row `level` and of those below it, added to `sum`. `started` says whether a row above has
    /// a multiple other than 0; the first such multiple is positive, and so is then the first exponent.
    fn descend(&mut self, level: usize, sum: &[i128], started: bool) -> Result<()> {
        let Some(row) = self.rows.get(level) else {
            let mut exponents = Vec::with_capacity(sum.len());
            let mut common = 0;
            for &exponent in sum {
                // Within the bound, which has 32 bits.
                exponents.push(exponent as i64);
                common = greatest_common_divisor(common, exponent.unsigned_abs());
            }
            if started && common == 1 {
                self.found.push(exponents);
            }
            return Ok(());
        };
        let pivot = self.pivots[level];
        let step = i128::from(row[pivot]);
        // Columns up to the next pivot are final once this multiple is chosen.
        let end = self.pivots.get(level + 1).copied().unwrap_or(sum.len());
        let least = if started {
            div_ceil(-self.bound - sum[pivot], step)
        } else {
            0
        };
        let most = (self.bound - sum[pivot]).div_euclid(step);
        for multiple in least..=most {
            self.tried += 1;
            if self.tried > MAX_LATTICE_POINTS {
                return Err(Error::TooLarge {
                    what: "number of products tried within the exponent bound",
                    limit: MAX_LATTICE_POINTS,
                    found: self.tried,
                });
            }
            // Exponents and multiples have at most 64 and 33 bits, and there are at most 256 rows: no overflow.
            let next: Vec<i128> = sum
                .iter()
                .zip(row.iter())
                .map(|(s, e)| s + multiple * i128::from(*e))
                .collect();
            let within = next[pivot..end].iter().all(|e| e.abs() <= self.bound);
            if within {
                self.descend(level + 1, &next, started || multiple != 0)?;
            }
        }
        Ok(())
    }
}

/// The least whole number not below `a / b` for positive `b`.
fn div_ceil(a: i128, b: i128) -> i128 {
    -((-a).div_euclid(b))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::System;

    /// Every vector of the cube, kept if it is dimensionless, primitive and canonical.
    fn direct(system: &System, bound: i64) -> Result<BTreeSet<Vec<i64>>> {
        let n = system.n_variables();
        let mut found = BTreeSet::new();
        let mut point = vec![-bound; n];
        loop {
            let common = point.iter().fold(0, |c, e| {
                greatest_common_divisor(c, e.unsigned_abs().into())
            });
            let first = point.iter().find(|e| **e != 0).copied().unwrap_or(0);
            if common == 1 && first > 0 && system.dimension_of(&point)?.is_dimensionless() {
                found.insert(point.clone());
            }
            let Some(place) = (0..n).rev().find(|&i| point[i] < bound) else {
                return Ok(found);
            };
            point[place] += 1;
            point[place + 1..].fill(-bound);
        }
    }

    #[test]
    fn agrees_with_trying_the_whole_cube() -> Result<()> {
        let systems = [
            System::new([
                ("v", "m/s"),
                ("L", "m"),
                ("nu", "m^2/s"),
                ("t", "s"),
                ("D", "m"),
            ])?,
            System::new([
                ("K", "Pa m^(1/2)"),
                ("s", "Pa"),
                ("a", "m"),
                ("b", "1"),
                ("E", "Pa"),
            ])?,
            System::new([("m", "kg"), ("l", "m"), ("g", "m/s^2"), ("T", "s")])?,
            System::new([("m", "kg"), ("l", "m")])?,
        ];
        for system in &systems {
            for bound in 0..=3 {
                let groups = system.pi()?.groups_within(bound)?;
                let ours: Vec<_> = groups.iter().map(|g| g.exponents().to_vec()).collect();
                let set: BTreeSet<_> = ours.iter().cloned().collect();
                assert_eq!(ours.len(), set.len());
                assert_eq!(set, direct(system, bound.into())?);
            }
        }
        Ok(())
    }

    #[test]
    fn gives_up_on_too_many_products() -> Result<()> {
        let names: Vec<String> = (0..12).map(|i| format!("x{i}")).collect();
        let system = System::new(names.iter().map(|n| (n.as_str(), "m")))?;
        assert!(matches!(
            system.pi()?.groups_within(9),
            Err(Error::TooLarge { .. })
        ));
        Ok(())
    }
}
