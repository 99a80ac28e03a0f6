//! The groups to show: named ones first, then the simplest.

use crate::error::Result;
use crate::exact::index;
use crate::pi::{Group, PiBasis};
use crate::recognize::{NumberCatalog, Recognition};
use crate::system::System;

/// A complete set of independent groups, chosen to be read; see [`NumberCatalog::choose_groups`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChoice {
    groups: Vec<Group>,
    names: Vec<Option<String>>,
    index: u64,
}

impl GroupChoice {
    /// The groups, $n - r$ of them.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The name of the number that each group is a power of, if it was chosen for one.
    pub fn names(&self) -> impl Iterator<Item = Option<&str>> {
        self.names.iter().map(Option::as_deref)
    }

    /// How many times coarser the lattice of the set is than that of all groups. At 1 every group is a product of
    /// whole powers of the set; above, some need rational powers.
    pub fn index(&self) -> u64 {
        self.index
    }
}

impl NumberCatalog {
    /// As many independent groups as there are, chosen to be read: the numbers of the catalog in its order, then groups
    /// of the fewest variables, then of the smallest exponents.
    ///
    /// Named numbers are taken whenever they are independent of those before. Of the other groups, those are taken
    /// first that keep the [`index`](GroupChoice::index) of the set low, so that whole powers suffice where the named
    /// numbers allow it. The order is this crate's choice; any complete set is equivalent.
    ///
    /// # Errors
    ///
    /// As [`System::circuits`].
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::{NumberCatalog, Symbol, System};
    /// let system = System::new([
    ///     ("e", "m"), ("P", "W"), ("V", "m/s"), ("d", "m"), ("K", "W/(m K)"), ("rhoCp", "J/(m^3 K)"),
    ///     ("dTv", "K"), ("dTm", "K"),
    /// ])?;
    /// let catalog = NumberCatalog::laser_melting(&system, [
    ///     ("e", Symbol::KeyholeDepth.into()), ("P", Symbol::EffectivePower.into()),
    ///     ("V", Symbol::ScanSpeed.into()), ("d", Symbol::SpotDiameter.into()),
    ///     ("K", Symbol::ThermalConductivity.into()),
    ///     ("rhoCp", [(Symbol::Density, 1), (Symbol::HeatCapacity, 1)].into()),
    ///     ("dTv", Symbol::VaporizationRise.into()),
    ///     ("dTm", dimless::SymbolProduct::from(Symbol::MeltingRise)),
    /// ])?;
    /// let choice = catalog.choose_groups()?;
    /// let names: Vec<_> = choice.names().flatten().collect();
    /// assert_eq!(names, ["P*", "Pe", "T*", "e/d"]);
    /// assert_eq!(choice.index(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn choose_groups(&self) -> Result<GroupChoice> {
        let system = self.system();
        let basis = system.pi()?;
        let mut choice = Choice {
            basis: &basis,
            groups: Vec::new(),
            names: Vec::new(),
            coordinates: Vec::new(),
            index: 1,
        };
        for number in self.numbers() {
            // Of two numbers that differ by a factor, the group takes the name of the one it equals.
            let found = self.recognize(number.group())?;
            let single = found.as_ref().and_then(Recognition::single);
            let name = single.map_or(number.name(), |(number, _)| number.name());
            choice.try_group(number.group(), Some(name), None)?;
        }
        if !choice.is_complete() {
            let mut circuits = system.circuits()?;
            circuits.sort_by_cached_key(simplicity);
            // The Hermite rows span the lattice even where circuits alone do not.
            circuits.extend(basis.groups().iter().cloned());
            for highest_index in [Some(choice.index), None] {
                for group in &circuits {
                    choice.try_group(group, None, highest_index)?;
                }
            }
        }
        Ok(GroupChoice {
            groups: choice.groups,
            names: choice.names,
            index: choice.index,
        })
    }
}

impl System {
    /// As many independent groups as there are, of the fewest variables, then of the smallest exponents:
    /// [`NumberCatalog::choose_groups`] without named numbers.
    ///
    /// # Errors
    ///
    /// As [`circuits`](Self::circuits).
    pub fn choose_groups(&self) -> Result<GroupChoice> {
        NumberCatalog::new(self).choose_groups()
    }
}

/// Smaller is simpler: variables, sum of exponents, largest exponent, number of negative ones, then the order of variables.
fn simplicity(group: &Group) -> (usize, u128, u64, usize, Vec<i64>) {
    let sizes = || group.exponents().iter().map(|e| e.unsigned_abs());
    (
        group.support().count(),
        sizes().map(u128::from).sum(),
        sizes().max().unwrap_or(0),
        group.exponents().iter().filter(|e| **e < 0).count(),
        group
            .exponents()
            .iter()
            .map(|e| e.saturating_neg())
            .collect(),
    )
}

struct Choice<'a> {
    basis: &'a PiBasis,
    groups: Vec<Group>,
    names: Vec<Option<String>>,
    /// Of the groups in the basis.
    coordinates: Vec<Vec<i64>>,
    index: u64,
}

impl Choice<'_> {
    fn is_complete(&self) -> bool {
        self.groups.len() == self.basis.n_groups()
    }

    /// Takes the group if it is independent of those taken, and leaves the index at most at a bound.
    fn try_group(&mut self, group: &Group, name: Option<&str>, bound: Option<u64>) -> Result<()> {
        if self.is_complete() {
            return Ok(());
        }
        let Some(coordinates) = self.basis.coordinates(group)? else {
            return Ok(());
        };
        self.coordinates.push(coordinates);
        let rows: Vec<&[i64]> = self.coordinates.iter().map(Vec::as_slice).collect();
        let found = u64::try_from(index(&rows)?).unwrap_or(u64::MAX);
        if found == 0 || bound.is_some_and(|bound| found > bound) {
            self.coordinates.pop();
            return Ok(());
        }
        self.groups.push(group.clone());
        self.names.push(name.map(str::to_owned));
        self.index = found;
        Ok(())
    }
}
