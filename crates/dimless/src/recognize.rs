//! Recognition of named numbers in groups.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::dimension::{Dimension, power_text};
use crate::error::{Error, Result};
use crate::exact::{solve, whole_numbers};
use crate::number::{NamedNumber, Term};
use crate::pi::Group;
use crate::power::rational_power;
use crate::rational::{Rational, greatest_common_divisor};
use crate::symbol::Symbol;
use crate::system::System;

/// Most numbers that a recognized group is a product of.
const MAX_FACTORS: usize = 3;

/// The product of symbols that a variable stands for: one symbol, or several, as `[(Symbol::Density, 1),
/// (Symbol::HeatCapacity, 1)]` for a volumetric heat capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolProduct(Vec<Term>);

impl From<Symbol> for SymbolProduct {
    fn from(symbol: Symbol) -> Self {
        Self(vec![(symbol, Rational::ONE)])
    }
}

impl<const N: usize> From<[(Symbol, i64); N]> for SymbolProduct {
    fn from(terms: [(Symbol, i64); N]) -> Self {
        Self(terms.map(|(s, power)| (s, Rational::integer(power))).into())
    }
}

impl From<&[Term]> for SymbolProduct {
    fn from(terms: &[Term]) -> Self {
        Self(terms.to_vec())
    }
}

impl fmt::Display for SymbolProduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms = self.0.iter();
        let text: Vec<String> = terms
            .filter_map(|(symbol, power)| power_text(symbol.letter(), *power))
            .collect();
        f.pad(&text.join(" "))
    }
}

/// A symbol that is a product of others, and the factor in front: $\eta P$, $K = \alpha \rho C_p$, $d = 2 r_0$.
///
/// $\eta (P - P_0)$ is a symbol of its own, since it is no product.
fn definition(symbol: Symbol) -> Option<(f64, &'static [Term])> {
    const ONE: Rational = Rational::ONE;
    match symbol {
        Symbol::AbsorbedPower => Some((
            1.0,
            &[(Symbol::Absorptivity, ONE), (Symbol::LaserPower, ONE)],
        )),
        Symbol::ThermalConductivity => Some((
            1.0,
            &[
                (Symbol::ThermalDiffusivity, ONE),
                (Symbol::Density, ONE),
                (Symbol::HeatCapacity, ONE),
            ],
        )),
        Symbol::SpotDiameter => Some((2.0, &[(Symbol::SpotRadius, ONE)])),
        _ => None,
    }
}

/// What a product is made of once composite symbols are written out: a symbol, or a variable that is tied to none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Atom {
    Symbol(Symbol),
    Variable(usize),
}

/// A factor times powers of atoms; atoms are unique, in order, with powers other than 0.
#[derive(Debug, Clone, PartialEq)]
struct Product {
    factor: f64,
    powers: Vec<(Atom, Rational)>,
}

impl Product {
    const ONE: Self = Self {
        factor: 1.0,
        powers: Vec::new(),
    };

    fn of_symbols(terms: &[Term]) -> Result<Self> {
        let mut product = Self::ONE;
        for &(symbol, power) in terms {
            if let Some((factor, parts)) = definition(symbol) {
                product.factor *= rational_power(factor, power);
                for &(part, own) in parts {
                    product.multiply(Atom::Symbol(part), own.times(power)?)?;
                }
            } else {
                product.multiply(Atom::Symbol(symbol), power)?;
            }
        }
        Ok(product)
    }

    fn multiply(&mut self, atom: Atom, power: Rational) -> Result<()> {
        match self.powers.binary_search_by_key(&atom, |(a, _)| *a) {
            Ok(at) => {
                self.powers[at].1 = self.powers[at].1.plus(power)?;
                if self.powers[at].1.is_zero() {
                    self.powers.remove(at);
                }
            }
            Err(_) if power.is_zero() => {}
            Err(at) => self.powers.insert(at, (atom, power)),
        }
        Ok(())
    }

    fn multiply_all(&mut self, other: &Self, power: Rational) -> Result<()> {
        self.factor *= rational_power(other.factor, power);
        for &(atom, own) in &other.powers {
            self.multiply(atom, own.times(power)?)?;
        }
        Ok(())
    }

    fn power_of(&self, atom: Atom) -> Rational {
        let found = self.powers.binary_search_by_key(&atom, |(a, _)| *a);
        found.map_or(Rational::ZERO, |at| self.powers[at].1)
    }
}

/// The powers of `parts` that give `whole` up to a factor; nothing if none do, or if the parts are dependent and
/// `unique` is asked for.
fn powers_of(parts: &[&Product], whole: &Product, unique: bool) -> Result<Option<Vec<Rational>>> {
    let atoms: BTreeSet<Atom> = parts
        .iter()
        .copied()
        .chain([whole])
        .flat_map(|product| product.powers.iter().map(|(atom, _)| *atom))
        .collect();
    let equations: Vec<Vec<Rational>> = atoms
        .into_iter()
        .map(|atom| {
            let sides = parts.iter().copied().chain([whole]);
            sides.map(|product| product.power_of(atom)).collect()
        })
        .collect();
    let solution = solve(&equations, parts.len())?;
    Ok(solution
        .values
        .filter(|_| !unique || solution.free.is_empty()))
}

/// A named number in the variables of one system.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogNumber {
    name: String,
    number: Option<NamedNumber>,
    /// The number itself, with its coefficient.
    product: Product,
    group: Group,
    power: Rational,
}

impl CatalogNumber {
    /// The name, for a [`NamedNumber`] its letter.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of this crate, unless it is one of the user's.
    pub fn number(&self) -> Option<NamedNumber> {
        self.number
    }

    /// The group of the smallest whole powers that is a positive [`power`](Self::power) of the number, up to a factor.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// The power of the number that [`group`](Self::group) is: 2 for a number with square roots.
    pub fn power(&self) -> Rational {
        self.power
    }
}

/// A group as a product of powers of named numbers; see [`NumberCatalog::recognize`].
///
/// It writes itself as `P* Pe^-1 T*^-1`, with a factor other than 1 in front.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognition {
    coefficient: f64,
    factors: Vec<(CatalogNumber, Rational)>,
}

impl Recognition {
    /// The factor $c$ in group = $c \prod_i N_i^{p_i}$.
    pub fn coefficient(&self) -> f64 {
        self.coefficient
    }

    /// The numbers and their powers, none if the group is constant.
    pub fn factors(&self) -> &[(CatalogNumber, Rational)] {
        &self.factors
    }

    /// The number and its power if it is one alone.
    pub fn single(&self) -> Option<(&CatalogNumber, Rational)> {
        match &self.factors[..] {
            [(number, power)] => Some((number, *power)),
            _ => None,
        }
    }
}

impl fmt::Display for Recognition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_coefficient = self.factors.is_empty() || differs_from_one(self.coefficient);
        let mut text = Vec::with_capacity(self.factors.len() + 1);
        if has_coefficient {
            // Seven digits, without the zeros at their end.
            let digits = format!("{:.6e}", self.coefficient);
            text.push(digits.parse().map_or(digits, |v: f64| v.to_string()));
        }
        let alone = self.factors.len() == 1 && !has_coefficient;
        for (number, power) in &self.factors {
            // A name that is a quotient is kept together.
            if number.name.contains('/') && !(alone && *power == Rational::ONE) {
                text.extend(power_text(&format!("({})", number.name), *power));
            } else {
                text.extend(power_text(&number.name, *power));
            }
        }
        f.pad(&text.join(" "))
    }
}

/// The named numbers that the variables of a system can express, by which its groups are recognized.
///
/// # Examples
///
/// ```
/// use dimless::{NumberCatalog, Rational, Symbol, System};
///
/// let system = System::new([
///     ("etaP", "W"), ("V", "m/s"), ("r0", "m"), ("alpha", "m^2/s"),
///     ("rho", "kg/m^3"), ("cp", "J/(kg K)"), ("dT", "K"),
/// ])?;
/// let catalog = NumberCatalog::laser_melting(&system, [
///     ("etaP", Symbol::AbsorbedPower), ("V", Symbol::ScanSpeed), ("r0", Symbol::SpotRadius),
///     ("alpha", Symbol::ThermalDiffusivity), ("rho", Symbol::Density), ("cp", Symbol::HeatCapacity),
///     ("dT", Symbol::LiquidusRise),
/// ])?;
/// let group = system.group(&[
///     ("etaP", 2), ("V", -1), ("r0", -3), ("alpha", -1), ("rho", -2), ("cp", -2), ("dT", -2),
/// ])?;
/// // The square of the keyhole number, without its 1/pi.
/// let found = catalog.recognize(&group)?.ok_or("a named number")?;
/// assert_eq!(found.to_string(), "9.869604 Ke (2021)^2");
///
/// // Another field brings its own numbers.
/// let pipe = System::new([("dp", "Pa"), ("rho", "kg/m^3"), ("v", "m/s"), ("D", "m"), ("mu", "Pa s")])?;
/// let one = Rational::ONE;
/// let catalog = NumberCatalog::new(&pipe)
///     .with_number("Re", 1.0, &[("rho", one), ("v", one), ("D", one), ("mu", Rational::integer(-1))])?
///     .with_number("Eu", 1.0, &[("dp", one), ("rho", Rational::integer(-1)), ("v", Rational::integer(-2))])?;
/// let group = pipe.group(&[("dp", 1), ("D", 1), ("v", -1), ("mu", -1)])?;
/// assert_eq!(catalog.recognize(&group)?.ok_or("a product")?.to_string(), "Re Eu");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct NumberCatalog {
    system: System,
    /// What each variable stands for.
    variables: Vec<Product>,
    numbers: Vec<CatalogNumber>,
}

impl NumberCatalog {
    /// An empty catalog, to be filled by [`with_number`](Self::with_number).
    pub fn new(system: &System) -> Self {
        let variables = (0..system.n_variables())
            .map(|index| Product {
                factor: 1.0,
                powers: vec![(Atom::Variable(index), Rational::ONE)],
            })
            .collect();
        Self {
            system: system.clone(),
            variables,
            numbers: Vec::new(),
        }
    }

    /// The numbers of [`NamedNumber::ALL`] that the variables can express, in that order, from the symbols that the
    /// variables stand for. Variables need not all be tied.
    ///
    /// Composite symbols are written out: $\eta P$ as absorptivity times power, $K$ as $\alpha \rho C_p$, $d$ as $2
    /// r_0$. So a system in $r_0$ and $\alpha$ has a Péclet number although that is defined by $d$ and $K$.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownVariable`]; [`Error::DuplicateName`] for a variable tied twice; [`Error::WrongSymbols`] where the
    /// dimensions differ; [`Error::Overflow`].
    pub fn laser_melting<'a, S: Into<SymbolProduct>>(
        system: &System,
        symbols: impl IntoIterator<Item = (&'a str, S)>,
    ) -> Result<Self> {
        let mut catalog = Self::new(system);
        let mut tied: Vec<&str> = Vec::new();
        for (name, symbols) in symbols {
            if let Some(first) = tied.iter().position(|other| *other == name) {
                return Err(Error::DuplicateName {
                    name: name.to_owned(),
                    first: first + 1,
                    second: tied.len() + 1,
                });
            }
            tied.push(name);
            catalog.tie(name, &symbols.into())?;
        }
        for &number in NamedNumber::ALL {
            let mut product = Product::of_symbols(number.terms())?;
            product.factor *= number.coefficient();
            catalog.add(number.letter().to_owned(), Some(number), product)?;
        }
        Ok(catalog)
    }

    /// The catalog with one more number: a name, and a coefficient times powers of variables.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyName`]; [`Error::InvalidParameter`] unless the coefficient is finite and positive;
    /// [`Error::UnknownVariable`]; [`Error::NotDimensionless`]; [`Error::Overflow`].
    pub fn with_number(
        mut self,
        name: impl Into<String>,
        coefficient: f64,
        powers: &[(&str, Rational)],
    ) -> Result<Self> {
        let name = name.into();
        if name.trim().is_empty() {
            return Err(Error::EmptyName {
                index: self.numbers.len() + 1,
            });
        }
        if !(coefficient.is_finite() && coefficient > 0.0) {
            return Err(Error::InvalidParameter {
                name: "coefficient",
                requirement: "finite and positive",
                found: coefficient.to_string(),
            });
        }
        let mut product = Product {
            factor: coefficient,
            ..Product::ONE
        };
        let mut dimension = Dimension::DIMENSIONLESS;
        for &(variable, power) in powers {
            let index = self.index_of(variable)?;
            product.multiply_all(&self.variables[index], power)?;
            dimension = dimension.times(self.system.dimensions()[index].pow(power)?)?;
        }
        if !dimension.is_dimensionless() {
            let product = powers.iter();
            let text: Vec<String> = product
                .filter_map(|(n, power)| power_text(n, *power))
                .collect();
            return Err(Error::NotDimensionless {
                product: text.join(" "),
                dimension: Box::new(dimension),
            });
        }
        self.add(name, None, product)?;
        Ok(self)
    }

    /// The numbers that the variables can express and that are not constant.
    pub fn numbers(&self) -> &[CatalogNumber] {
        &self.numbers
    }

    /// The system.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// Which named number a group is, up to a power and a factor, or which product of powers of two or three of them.
    ///
    /// The fewest numbers win, then whole powers, then the smallest powers, then no factor besides, then the order of the
    /// catalog. A group that
    /// is constant once composite symbols are written out, such as $d/r_0$, is recognized with no number. Nothing if
    /// no three numbers give the group.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] unless there is one exponent a variable; [`Error::Overflow`].
    ///
    /// # Performance
    ///
    /// O(N³) exact systems of three unknowns for N numbers, when nothing fits; one such system is about a microsecond.
    pub fn recognize(&self, group: impl AsRef<[i64]>) -> Result<Option<Recognition>> {
        let exponents = group.as_ref();
        if exponents.len() != self.variables.len() {
            return Err(Error::LengthMismatch {
                name: "list of exponents".to_owned(),
                expected: self.variables.len(),
                found: exponents.len(),
            });
        }
        let mut whole = Product::ONE;
        for (variable, &exponent) in self.variables.iter().zip(exponents) {
            whole.multiply_all(variable, Rational::integer(exponent))?;
        }
        let n = self.numbers.len();
        for size in 0..=MAX_FACTORS.min(n) {
            let mut best: Option<Match> = None;
            let mut chosen: Vec<usize> = (0..size).collect();
            loop {
                let parts: Vec<&Product> =
                    chosen.iter().map(|&i| &self.numbers[i].product).collect();
                if let Some(powers) = powers_of(&parts, &whole, true)? {
                    let mut coefficient = whole.factor;
                    for (part, power) in parts.iter().zip(&powers) {
                        coefficient /= rational_power(part.factor, *power);
                    }
                    let size = powers.iter().map(|power| {
                        i128::from(power.numerator().unsigned_abs())
                            + i128::from(power.denominator())
                    });
                    let cost = (
                        powers.iter().any(|power| !power.is_integer()),
                        size.sum(),
                        differs_from_one(coefficient),
                    );
                    if best.as_ref().is_none_or(|other| cost < other.cost) {
                        best = Some(Match {
                            cost,
                            chosen: chosen.clone(),
                            powers,
                            coefficient,
                        });
                    }
                }
                if !next_combination(&mut chosen, n) {
                    break;
                }
            }
            if let Some(found) = best {
                let numbers = found.chosen.into_iter().map(|i| self.numbers[i].clone());
                return Ok(Some(Recognition {
                    coefficient: found.coefficient,
                    factors: numbers.zip(found.powers).collect(),
                }));
            }
        }
        Ok(None)
    }

    fn index_of(&self, variable: &str) -> Result<usize> {
        let index = self.system.names().iter().position(|n| n == variable);
        index.ok_or_else(|| Error::UnknownVariable {
            name: variable.to_owned(),
            present: self.system.names().to_vec(),
        })
    }

    fn tie(&mut self, variable: &str, symbols: &SymbolProduct) -> Result<()> {
        let index = self.index_of(variable)?;
        let mut dimension = Dimension::DIMENSIONLESS;
        for (symbol, power) in &symbols.0 {
            dimension = dimension.times(symbol.dimension()?.pow(*power)?)?;
        }
        let expected = self.system.dimensions()[index];
        if dimension != expected {
            return Err(Error::WrongSymbols {
                variable: variable.to_owned(),
                symbols: symbols.to_string(),
                expected: Box::new(expected),
                found: Box::new(dimension),
            });
        }
        self.variables[index] = Product::of_symbols(&symbols.0)?;
        Ok(())
    }

    /// Takes the number in if the variables express it and it is not constant.
    fn add(&mut self, name: String, number: Option<NamedNumber>, product: Product) -> Result<()> {
        let parts: Vec<&Product> = self.variables.iter().collect();
        let Some(powers) = powers_of(&parts, &product, false)? else {
            return Ok(());
        };
        let whole = whole_numbers(&powers)?;
        let common = whole
            .iter()
            .fold(0, |g, v| greatest_common_divisor(g, v.unsigned_abs()));
        let Some(common) = i128::try_from(common).ok().filter(|c| *c > 0) else {
            return Ok(());
        };
        let overflow = Error::Overflow {
            operation: "the powers of a named number",
        };
        let exponents: Option<Vec<i64>> = whole
            .iter()
            .map(|v| i64::try_from(v / common).ok())
            .collect();
        let exponents = exponents.ok_or(overflow)?;
        let mut power = Rational::ONE;
        for (exponent, own) in exponents.iter().zip(&powers) {
            if *exponent != 0 {
                power = Rational::integer(*exponent).over(*own)?;
            }
        }
        let group = Group::new(Arc::clone(self.system.shared_names()), exponents);
        self.numbers.push(CatalogNumber {
            name,
            number,
            product,
            group,
            power,
        });
        Ok(())
    }
}

/// A product of numbers that gives a group.
struct Match {
    /// Whether a power is not whole, the size of the powers, whether there is a factor besides.
    cost: (bool, i128, bool),
    chosen: Vec<usize>,
    powers: Vec<Rational>,
    coefficient: f64,
}

fn differs_from_one(coefficient: f64) -> bool {
    (coefficient - 1.0).abs() > 1e-12
}

/// The next choice of rising indices below `n`, in lexicographic order.
fn next_combination(chosen: &mut [usize], n: usize) -> bool {
    let size = chosen.len();
    let Some(i) = (0..size).rev().find(|&i| chosen[i] < n - size + i) else {
        return false;
    };
    chosen[i] += 1;
    for j in i + 1..size {
        chosen[j] = chosen[j - 1] + 1;
    }
    true
}
