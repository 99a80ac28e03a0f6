//! Systems of variables with dimensions.

use std::collections::HashMap;
use std::sync::Arc;

use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::nullspace::kernel_lattice;
use crate::pi::{Group, PiBasis};

/// The largest number of variables of a [`System`].
pub const MAX_VARIABLES: usize = 256;

/// Variables with their dimensions: the input of Buckingham's theorem.
///
/// Names are case sensitive, so `k` and `K` are two variables. The order of the variables fixes the order of the
/// exponents in every group.
///
/// # Examples
///
/// ```
/// use dimless::System;
///
/// let system = System::new([("P", "W"), ("V", "m/s"), ("d", "m"), ("K", "W/(m*K)"), ("dT", "K")])?;
/// assert_eq!((system.rank()?, system.n_groups()?), (4, 1));
/// assert_eq!(system.pi()?.groups()[0].to_string(), "P d^-1 K^-1 dT^-1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// E. Buckingham, *On physically similar systems*, Phys. Rev. 4, 345 (1914), doi 10.1103/PhysRev.4.345.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "Vec<(String, Dimension)>",
        into = "Vec<(String, Dimension)>"
    )
)]
pub struct System {
    names: Arc<[String]>,
    dimensions: Vec<Dimension>,
}

impl System {
    /// A system of names and unit texts, `("K", "W/(m*K)")`; only the dimension of a unit counts.
    ///
    /// # Errors
    ///
    /// Those of [`from_dimensions`](Self::from_dimensions); a unit that cannot be read is an [`Error::NamedUnit`]
    /// naming its variable.
    pub fn new<N, U>(variables: impl IntoIterator<Item = (N, U)>) -> Result<Self>
    where
        N: Into<String>,
        U: AsRef<str>,
    {
        let mut parsed = Vec::new();
        for (name, unit) in variables {
            let name = name.into();
            match Dimension::of(unit.as_ref()) {
                Ok(dimension) => parsed.push((name, dimension)),
                Err(source) => {
                    let source = Box::new(source);
                    return Err(Error::NamedUnit { name, source });
                }
            }
        }
        Self::from_dimensions(parsed)
    }

    /// A system of names and dimensions.
    ///
    /// # Errors
    ///
    /// [`Error::EmptySystem`], [`Error::EmptyName`], [`Error::DuplicateName`], and [`Error::TooLarge`] above
    /// [`MAX_VARIABLES`].
    pub fn from_dimensions<N: Into<String>>(
        variables: impl IntoIterator<Item = (N, Dimension)>,
    ) -> Result<Self> {
        let mut names: Vec<String> = Vec::new();
        let mut dimensions = Vec::new();
        let mut seen = HashMap::new();
        for (name, dimension) in variables {
            let name = name.into();
            let index = names.len() + 1;
            if index > MAX_VARIABLES {
                return Err(Error::TooLarge {
                    what: "number of variables",
                    limit: MAX_VARIABLES as u64,
                    found: index as u64,
                });
            }
            if name.trim().is_empty() {
                return Err(Error::EmptyName { index });
            }
            if let Some(first) = seen.insert(name.clone(), index) {
                return Err(Error::DuplicateName {
                    name,
                    first,
                    second: index,
                });
            }
            names.push(name);
            dimensions.push(dimension);
        }
        if names.is_empty() {
            return Err(Error::EmptySystem);
        }
        Ok(Self {
            names: names.into(),
            dimensions,
        })
    }

    /// The names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn shared_names(&self) -> &Arc<[String]> {
        &self.names
    }

    /// The dimensions, in the order of the names.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The number of variables $n$.
    pub fn n_variables(&self) -> usize {
        self.names.len()
    }

    /// The rank $r$ of the dimension matrix.
    ///
    /// # Errors
    ///
    /// As [`pi`](Self::pi).
    pub fn rank(&self) -> Result<usize> {
        Ok(self.n_variables() - self.n_groups()?)
    }

    /// The number of independent dimensionless groups, $n - r$; 0 is an ordinary answer.
    ///
    /// # Errors
    ///
    /// As [`pi`](Self::pi).
    pub fn n_groups(&self) -> Result<usize> {
        Ok(kernel_lattice(&self.dimensions)?.len())
    }

    /// The canonical basis of all dimensionless groups: the row-style Hermite normal form of the saturated lattice
    /// $\ker D \cap \mathbb{Z}^n$, where $D$ is the dimension matrix.
    ///
    /// Every dimensionless product of whole powers is a whole-number combination of these groups, in exactly one way;
    /// a scaled rational basis, as most codes return it, misses some. The basis depends on the order of the variables
    /// and on nothing else. Each group is checked to be dimensionless by exact arithmetic before it is returned.
    ///
    /// # Errors
    ///
    /// [`Error::Overflow`] when an exponent leaves 64 bits, or an intermediate value 128 bits.
    ///
    /// # Performance
    ///
    /// O(r n³) integer operations at most, O(n²) memory; microseconds for a dozen variables, some 30 ms for a dense
    /// system of 256.
    ///
    /// # References
    ///
    /// H. Cohen, *A Course in Computational Algebraic Number Theory*, section 2.4, doi 10.1007/978-3-662-02945-9.
    pub fn pi(&self) -> Result<PiBasis> {
        let rows = kernel_lattice(&self.dimensions)?;
        Ok(PiBasis::new(Arc::clone(&self.names), rows))
    }

    /// The group of the named powers, checked to be dimensionless; variables not named have the exponent 0.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVariable`]; [`Error::DuplicateName`] when a name occurs twice; [`Error::NotDimensionless`] with
    /// the dimension that is left; [`Error::Overflow`].
    pub fn group(&self, powers: &[(&str, i64)]) -> Result<Group> {
        let mut exponents = vec![0; self.n_variables()];
        for (position, (name, exponent)) in powers.iter().enumerate() {
            let first = powers.iter().position(|(other, _)| other == name);
            if let Some(first) = first.filter(|&first| first < position) {
                return Err(Error::DuplicateName {
                    name: (*name).to_owned(),
                    first: first + 1,
                    second: position + 1,
                });
            }
            let index = self.names.iter().position(|n| n == name);
            let index = index.ok_or_else(|| Error::UnknownVariable {
                name: (*name).to_owned(),
                present: self.names.to_vec(),
            })?;
            exponents[index] = *exponent;
        }
        let group = Group::new(Arc::clone(&self.names), exponents);
        let dimension = self.dimension_of(group.exponents())?;
        if dimension.is_dimensionless() {
            Ok(group)
        } else {
            Err(Error::NotDimensionless {
                product: group.to_string(),
                dimension: Box::new(dimension),
            })
        }
    }

    /// The dimension of a product of whole powers of all variables.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] unless there is one exponent a variable; [`Error::Overflow`].
    pub fn dimension_of(&self, exponents: &[i64]) -> Result<Dimension> {
        if exponents.len() != self.n_variables() {
            return Err(Error::LengthMismatch {
                name: "list of exponents".to_owned(),
                expected: self.n_variables(),
                found: exponents.len(),
            });
        }
        let factors = self.dimensions.iter().zip(exponents);
        factors.filter(|(_, exponent)| **exponent != 0).try_fold(
            Dimension::DIMENSIONLESS,
            |product, (dimension, exponent)| product.times(dimension.pow((*exponent).into())?),
        )
    }
}

impl TryFrom<Vec<(String, Dimension)>> for System {
    type Error = Error;

    fn try_from(variables: Vec<(String, Dimension)>) -> Result<Self> {
        Self::from_dimensions(variables)
    }
}

impl From<System> for Vec<(String, Dimension)> {
    fn from(system: System) -> Self {
        system
            .names
            .iter()
            .cloned()
            .zip(system.dimensions)
            .collect()
    }
}
