//! Operators of the user's own.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{PoisonError, RwLock};

use crate::operator::NAMED_CONSTANTS;
use crate::parse::check_names;
use crate::{Error, Operator, Result};

/// All operators that have been registered, in order.
static REGISTRY: RwLock<Vec<&'static Definition>> = RwLock::new(Vec::new());

/// Most bytes of a name.
const MAX_NAME_LENGTH: usize = 64;

type Value = dyn Fn(f64, f64) -> f64 + Send + Sync;
type Slopes = dyn Fn(f64, f64, f64) -> (f64, f64) + Send + Sync;
type Block = dyn Fn(&[f64], &[f64], &mut [f64]) + Send + Sync;

/// What an operator of the user's is.
pub(crate) struct Definition {
    /// Place among the registered ones.
    index: u32,
    name: &'static str,
    arity: usize,
    value: Box<Value>,
    slopes: Box<Slopes>,
    block: Option<Box<Block>>,
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.arity)
    }
}

/// An operator that has been registered: the payload of [`Operator::Custom`].
#[derive(Clone, Copy, Debug)]
pub struct CustomOperator(&'static Definition);

/// Makes an operator from a closure and its derivative.
///
/// Registered, it is an [`Operator`] like the others: expression text holds it by its name, searches
/// take it into their function set, constants inside it are fitted with the derivative given. Both
/// closures must give the same bits for the same arguments, or a search does not repeat.
/// In single precision it is computed in double.
///
/// # Examples
///
/// ```
/// use symreg::{Expression, OperatorDefinition};
/// let gauss = OperatorDefinition::unary(
///     "gauss",
///     |x| (-x * x).exp(),
///     |x, value| -2.0 * x * value,
/// )
/// .register()?;
/// let e = Expression::parse("2*gauss(x)", &["x"])?;
/// assert_eq!(e.evaluate_row(&[0.0])?, 2.0);
/// assert_eq!(gauss.name(), "gauss");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct OperatorDefinition(Definition);

impl OperatorDefinition {
    /// A function of one argument, and its derivative as a function of the argument and the value.
    pub fn unary(
        name: &str,
        value: impl Fn(f64) -> f64 + Send + Sync + 'static,
        slope: impl Fn(f64, f64) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self::new(
            name,
            1,
            move |a, _| value(a),
            move |a, _, v| (slope(a, v), 0.0),
        )
    }

    /// A function of two arguments, and its partial derivatives as a function of the arguments and the value.
    pub fn binary(
        name: &str,
        value: impl Fn(f64, f64) -> f64 + Send + Sync + 'static,
        slopes: impl Fn(f64, f64, f64) -> (f64, f64) + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, 2, value, slopes)
    }

    fn new(
        name: &str,
        arity: usize,
        value: impl Fn(f64, f64) -> f64 + Send + Sync + 'static,
        slopes: impl Fn(f64, f64, f64) -> (f64, f64) + Send + Sync + 'static,
    ) -> Self {
        Self(Definition {
            index: 0,
            // Operators live as long as the program, and their names with them.
            name: name.to_owned().leak(),
            arity,
            value: Box::new(value),
            slopes: Box::new(slopes),
            block: None,
        })
    }

    /// A way to compute many values at once: `block(a, b, values)`, slices of equal length, `b` empty for a
    /// function of one argument. It must give the bits that the closure of the value gives.
    pub fn block(
        mut self,
        block: impl Fn(&[f64], &[f64], &mut [f64]) + Send + Sync + 'static,
    ) -> Self {
        self.0.block = Some(Box::new(block));
        self
    }

    /// Makes the operator known to the whole program, for good: the few bytes of it are never freed.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] for a name that cannot stand in expression text, or is longer than 64 bytes; [`Error::NameClash`] for the
    /// name of a function, a constant, or an operator that is registered already.
    pub fn register(self) -> Result<Operator> {
        if self.0.name.len() > MAX_NAME_LENGTH {
            return Err(Error::InvalidName {
                name: self.0.name.to_owned(),
            });
        }
        check_names(&[self.0.name])?;
        if NAMED_CONSTANTS.iter().any(|(n, _)| *n == self.0.name) {
            return Err(Error::NameClash {
                name: self.0.name.to_owned(),
                taken_by: "a constant",
            });
        }
        let mut registry = REGISTRY.write().unwrap_or_else(PoisonError::into_inner);
        // Once more under the lock: another thread may have been faster.
        if registry.iter().any(|d| d.name == self.0.name) {
            return Err(Error::NameClash {
                name: self.0.name.to_owned(),
                taken_by: "an operator registered before",
            });
        }
        let definition: &'static Definition = Box::leak(Box::new(Definition {
            index: registry.len() as u32,
            ..self.0
        }));
        registry.push(definition);
        Ok(Operator::Custom(CustomOperator(definition)))
    }
}

impl CustomOperator {
    /// The registered operator of this name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let registry = REGISTRY.read().unwrap_or_else(PoisonError::into_inner);
        registry.iter().find(|d| d.name == name).map(|d| Self(d))
    }

    pub(crate) const fn name(self) -> &'static str {
        self.0.name
    }

    pub(crate) const fn arity(self) -> usize {
        self.0.arity
    }

    /// Place among the registered ones.
    pub(crate) const fn index(self) -> u32 {
        self.0.index
    }

    pub(crate) fn value(self, a: f64, b: f64) -> f64 {
        (self.0.value)(a, b)
    }

    pub(crate) fn slopes(self, a: f64, b: f64, value: f64) -> (f64, f64) {
        (self.0.slopes)(a, b, value)
    }

    /// Computes a block if there is a way to; whether there is.
    pub(crate) fn fill(self, a: &[f64], b: &[f64], out: &mut [f64]) -> bool {
        if let Some(block) = &self.0.block {
            block(a, b, out);
        }
        self.0.block.is_some()
    }
}

impl PartialEq for CustomOperator {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for CustomOperator {}

impl PartialOrd for CustomOperator {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CustomOperator {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.name.cmp(other.0.name)
    }
}

impl Hash for CustomOperator {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

/// Written as its name.
#[cfg(feature = "serde")]
impl serde::Serialize for CustomOperator {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name)
    }
}

/// Read by its name, which must have been registered before.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for CustomOperator {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::of_name(&name).ok_or_else(|| {
            serde::de::Error::custom(format!("no operator `{name}` has been registered"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConstantFit, Criterion, Data, Expression, Penalty, SymbolicRegressor};
    use approx::assert_relative_eq;

    fn bump() -> Operator {
        static BUMP: std::sync::OnceLock<Operator> = std::sync::OnceLock::new();
        *BUMP.get_or_init(|| {
            OperatorDefinition::unary(
                "bump",
                |x| 1.0 / (1.0 + x * x),
                |x, value| -2.0 * x * value * value,
            )
            .block(|a, _, out| {
                for (o, x) in out.iter_mut().zip(a) {
                    *o = 1.0 / (1.0 + x * x);
                }
            })
            .register()
            .unwrap()
        })
    }

    fn hypot() -> Operator {
        static HYPOT: std::sync::OnceLock<Operator> = std::sync::OnceLock::new();
        *HYPOT.get_or_init(|| {
            OperatorDefinition::binary("hypot", libm::hypot, |a, b, v| (a / v, b / v))
                .register()
                .unwrap()
        })
    }

    #[test]
    fn is_read_evaluated_printed_and_differentiated() -> Result<()> {
        let (bump, hypot) = (bump(), hypot());
        assert_eq!((bump.arity(), hypot.arity()), (1, 2));
        let e = Expression::parse("3*bump(0.5*x)+hypot(x,4)", &["x"])?;
        assert_relative_eq!(
            e.evaluate_row(&[3.0])?,
            3.0 / 3.25 + 5.0,
            max_relative = 1e-15
        );
        assert_eq!(Expression::parse(&e.to_infix(&["x"])?, &["x"])?, e);
        // Blocks, single values and single precision agree.
        let x: Vec<f64> = (0..1300).map(|i| 0.01 * f64::from(i)).collect();
        let table = ndarray::Array2::from_shape_vec((1300, 1), x.clone()).unwrap();
        let values = e.evaluate(&table)?;
        for (i, v) in x.iter().enumerate() {
            assert_eq!(values[i].to_bits(), e.evaluate_row(&[*v])?.to_bits());
        }
        let mut evaluator = crate::Evaluator::new(vec![vec![3.0_f32]])?;
        let mut single = [0.0_f32];
        evaluator.evaluate_into(&e, &mut single)?;
        assert_relative_eq!(single[0], 5.923_077, max_relative = 1e-6);
        Ok(())
    }

    #[test]
    fn constants_inside_are_fitted_and_searches_use_it() -> Result<()> {
        let bump = bump();
        let x: Vec<f64> = (0..60).map(|i| 0.1 * f64::from(i)).collect();
        let y: Vec<f64> = x.iter().map(|x| 2.0 + 5.0 / (1.0 + 0.49 * x * x)).collect();
        let data = Data::from_columns([("x", x)], ("y", y))?;
        let model = ConstantFit::new().fit(&[Expression::parse("bump(1.1*x)", &["x"])?], &data)?;
        assert_relative_eq!(model.weights()[0], 5.0, max_relative = 1e-9);
        for levels in [0, 1] {
            let result = SymbolicRegressor::new()
                .operators([bump, Operator::Mul, Operator::Add])
                .population_size(60)
                .max_generations(10)
                .enumeration_levels(levels)
                .runs(1)
                .fit(&data)?;
            let best = result
                .front()
                .best(Criterion::Bic, Penalty::FittedConstants);
            let law = best.unwrap().0;
            assert!(law.r2() > 1.0 - 1e-12, "{}", law.to_infix());
        }
        Ok(())
    }

    #[test]
    fn names_are_taken_once() {
        let _ = bump();
        let again = |name: &str| OperatorDefinition::unary(name, |x| x, |_, _| 1.0).register();
        for name in ["bump", "exp", "pi"] {
            assert!(
                matches!(again(name), Err(Error::NameClash { .. })),
                "{name}"
            );
        }
        assert!(matches!(again("2x"), Err(Error::InvalidName { .. })));
        assert!(matches!(again("a b"), Err(Error::InvalidName { .. })));
    }
}
