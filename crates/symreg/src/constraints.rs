//! What a law must meet to be considered at all.

use std::fmt;
use std::sync::Arc;

#[cfg(feature = "dimensions")]
use crate::dimensions::{ConstantDimensions, DimensionCheck};
use crate::expression::{Expression, Token, arguments, subtree_start};
use crate::interval::{BoxAnalysis, Interval, Monotonicity};
use crate::operator::Operator;
use crate::{Data, Error, Model, Result};

/// Parts of the box that a proof may cut it into.
const MAX_BOXES: usize = 200;

/// Conditions on the laws of a search. A model that breaks one is never fitted, or, for a condition on its
/// values, counts as one of infinite error.
///
/// # Examples
///
/// No function inside of a function, and a law that is proved to rise with the power:
///
/// ```
/// use symreg::{Constraints, Data, Monotonicity, Operator, SymbolicRegressor};
/// let power: Vec<f64> = (1..40).map(|i| 0.1 * f64::from(i)).collect();
/// let depth = power.iter().map(|p| 5.0 - 4.0 * (-p).exp() + 0.1 * (20.0 * p).sin()).collect();
/// let data = Data::from_columns([("power", power)], ("depth", depth))?;
/// let rules = Constraints::new()
///     .max_nesting(Operator::Exp, Operator::Exp, 0)
///     .max_uses(Operator::Div, 1)
///     .monotone("power", Monotonicity::NonDecreasing);
/// let search = SymbolicRegressor::new().population_size(50).max_generations(2).runs(1);
/// let result = search.enumeration_levels(1).constraints(rules).fit(&data)?;
/// for law in result.front().models() {
///     assert!(law.predict_row(&[1.0])? <= law.predict_row(&[2.0])?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Constraints {
    nesting: Vec<(Operator, Operator, usize)>,
    uses: Vec<(Operator, usize)>,
    argument_nodes: Vec<(Operator, usize, usize)>,
    required: Vec<String>,
    range: Option<(f64, f64)>,
    monotone: Vec<(String, Monotonicity)>,
    widened: f64,
    predicate: Option<Predicate>,
    #[cfg(feature = "dimensions")]
    units: Option<Units>,
}

/// A condition of the user's own.
#[derive(Clone)]
struct Predicate(Arc<Admits>);

type Admits = dyn Fn(&[Expression]) -> bool + Send + Sync;

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Predicate")
    }
}

impl PartialEq for Predicate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A closure cannot be written.
#[cfg(feature = "serde")]
impl serde::Serialize for Predicate {
    fn serialize<S: serde::Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("a predicate cannot be written"))
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Predicate {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> std::result::Result<Self, D::Error> {
        Err(serde::de::Error::custom("a predicate cannot be read"))
    }
}

#[cfg(feature = "dimensions")]
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Units {
    columns: Vec<(String, dimless::Dimension)>,
    target: dimless::Dimension,
    constants: ConstantDimensions,
}

impl Constraints {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so many `inner` on any way down from an `outer`, itself not counted.
    pub fn max_nesting(mut self, outer: Operator, inner: Operator, most: usize) -> Self {
        self.nesting.push((outer, inner, most));
        self
    }

    /// At most so many uses of an operator in all genes together.
    pub fn max_uses(mut self, op: Operator, most: usize) -> Self {
        self.uses.push((op, most));
        self
    }

    /// At most so many nodes in argument 0 or 1 of an operator: the exponent of a power, say.
    pub fn max_argument_nodes(mut self, op: Operator, argument: usize, most: usize) -> Self {
        self.argument_nodes.push((op, argument, most));
        self
    }

    /// A column that every law must hold.
    pub fn requires(mut self, column: impl Into<String>) -> Self {
        self.required.push(column.into());
        self
    }

    /// The law is proved to be defined and within these bounds everywhere in the box of the rows.
    ///
    /// The proof is by interval arithmetic ([`BoxAnalysis`]) on at most 200 parts of the box: a law that
    /// keeps the bounds but cannot be proved to is refused too.
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// The law is proved never to fall, or never to rise, with this column in the box of the rows; as for
    /// [`range`](Self::range).
    pub fn monotone(mut self, column: impl Into<String>, way: Monotonicity) -> Self {
        self.monotone.push((column.into(), way));
        self
    }

    /// Proofs hold in the box of the rows widened by a share of each side (default 0); a positive column
    /// stays positive ([`Data::widened_ranges`]).
    pub fn widened(mut self, share: f64) -> Self {
        self.widened = share;
        self
    }

    /// Any condition on the genes of a model. It must give the same answer for the same genes, or a search
    /// does not repeat; it is called from several threads.
    pub fn predicate(
        mut self,
        admits: impl Fn(&[Expression]) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.predicate = Some(Predicate(Arc::new(admits)));
        self
    }

    /// The dimensions of columns and target: laws must agree with them.
    ///
    /// With pure constants a target with a dimension has no bias, and every gene has the target's
    /// dimension; a constant that is added to something with a dimension is dropped. With
    /// [`ConstantDimensions::Free`] constants, weights and bias carry whatever is needed, and only their
    /// places are checked.
    #[cfg(feature = "dimensions")]
    pub fn units<N: Into<String>>(
        mut self,
        columns: impl IntoIterator<Item = (N, dimless::Dimension)>,
        target: dimless::Dimension,
        constants: ConstantDimensions,
    ) -> Self {
        self.units = Some(Units {
            columns: columns.into_iter().map(|(n, d)| (n.into(), d)).collect(),
            target,
            constants,
        });
        self
    }

    /// Text that tells apart all constraints but predicates, of which it holds only that there is one.
    pub(crate) fn fingerprint(&self) -> String {
        format!("{self:?}")
    }
}

/// Constraints made ready for the columns of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    constraints: Constraints,
    required: Vec<usize>,
    monotone: Vec<(usize, Monotonicity)>,
    sides: Vec<Interval>,
    #[cfg(feature = "dimensions")]
    dimensions: Vec<dimless::Dimension>,
    through_origin: bool,
    has_any: bool,
}

impl Rules {
    pub(crate) fn new(constraints: &Constraints, data: &Data) -> Result<Self> {
        let index = |name: &String| {
            let found = data.names().iter().position(|n| n == name);
            found.ok_or_else(|| Error::UnknownColumn {
                name: name.clone(),
                available: data.names().join(", "),
            })
        };
        let required = constraints
            .required
            .iter()
            .map(index)
            .collect::<Result<_>>()?;
        let mut monotone = Vec::with_capacity(constraints.monotone.len());
        for (name, way) in &constraints.monotone {
            if !matches!(
                way,
                Monotonicity::NonDecreasing | Monotonicity::NonIncreasing
            ) {
                return Err(invalid(
                    "monotone",
                    "NonDecreasing or NonIncreasing",
                    format!("{way:?}"),
                ));
            }
            monotone.push((index(name)?, *way));
        }
        if let Some((low, high)) = constraints.range {
            if low.is_nan() || high.is_nan() || low > high {
                return Err(invalid(
                    "range",
                    "rising bounds",
                    format!("{low} to {high}"),
                ));
            }
        }
        if !(constraints.widened >= 0.0 && constraints.widened.is_finite()) {
            return Err(invalid(
                "widened",
                "finite and not negative",
                constraints.widened.to_string(),
            ));
        }
        for (op, argument, _) in &constraints.argument_nodes {
            if *argument >= op.arity() {
                let found = format!("argument {argument} of {}", op.name());
                return Err(invalid(
                    "max_argument_nodes",
                    "an argument that the operator has",
                    found,
                ));
            }
        }
        let mut rules = Self {
            has_any: *constraints != Constraints::default(),
            constraints: constraints.clone(),
            required,
            monotone,
            sides: data.widened_ranges(constraints.widened),
            ..Self::default()
        };
        rules.take_units(data)?;
        Ok(rules)
    }

    #[cfg(feature = "dimensions")]
    fn take_units(&mut self, data: &Data) -> Result<()> {
        let Some(units) = &self.constraints.units else {
            return Ok(());
        };
        for (name, _) in &units.columns {
            data.column(name)?;
        }
        for name in data.names() {
            let found = units.columns.iter().find(|(n, _)| n == name);
            let (_, dimension) = found.ok_or_else(|| {
                invalid(
                    "units",
                    "a dimension for every column",
                    format!("none for `{name}`"),
                )
            })?;
            self.dimensions.push(*dimension);
        }
        self.through_origin = units.constants == ConstantDimensions::Dimensionless
            && !units.target.is_dimensionless();
        Ok(())
    }

    #[cfg(not(feature = "dimensions"))]
    #[expect(clippy::unnecessary_wraps, reason = "with units it may fail")]
    fn take_units(&mut self, _: &Data) -> Result<()> {
        self.through_origin = false;
        Ok(())
    }

    /// Whether there is anything to check.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_any
    }

    /// Whether models have no bias.
    pub(crate) fn through_origin(&self) -> bool {
        self.through_origin
    }

    /// The genes in the form that the rules admit; none if there is no such form.
    pub(crate) fn admitted(&self, genes: Vec<Expression>) -> Vec<Expression> {
        if self.is_empty() {
            return genes;
        }
        let genes = self.with_units(genes);
        if self.admits(&genes) {
            genes
        } else {
            Vec::new()
        }
    }

    #[cfg(feature = "dimensions")]
    fn with_units(&self, genes: Vec<Expression>) -> Vec<Expression> {
        let Some(units) = &self.constraints.units else {
            return genes;
        };
        if units.constants == ConstantDimensions::Free {
            return genes;
        }
        genes
            .into_iter()
            .filter_map(|g| {
                let mended = DimensionCheck::new().mended(&g, &self.dimensions)?;
                if mended == g {
                    Some(g)
                } else {
                    mended.canonical_gene()
                }
            })
            .collect()
    }

    /// The kinds of rules there are, by the names of their setters.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        let c = &self.constraints;
        #[cfg(feature = "dimensions")]
        let has_units = c.units.is_some();
        #[cfg(not(feature = "dimensions"))]
        let has_units = false;
        [
            ("max_nesting", !c.nesting.is_empty()),
            ("max_uses", !c.uses.is_empty()),
            ("max_argument_nodes", !c.argument_nodes.is_empty()),
            ("requires", !c.required.is_empty()),
            ("range", c.range.is_some()),
            ("monotone", !c.monotone.is_empty()),
            ("predicate", c.predicate.is_some()),
            ("units", has_units),
        ]
        .into_iter()
        .filter_map(|(name, is_there)| is_there.then_some(name))
        .collect()
    }

    #[cfg(not(feature = "dimensions"))]
    #[expect(clippy::unused_self, reason = "with units it looks at them")]
    fn with_units(&self, genes: Vec<Expression>) -> Vec<Expression> {
        genes
    }

    /// Whether these genes keep all rules that do not depend on their constants.
    pub(crate) fn admits(&self, genes: &[Expression]) -> bool {
        let c = &self.constraints;
        let count = |op: Operator| -> usize {
            let tokens = genes.iter().flat_map(Expression::tokens);
            tokens.filter(|t| **t == Token::Apply(op)).count()
        };
        !genes.is_empty()
            && c.uses.iter().all(|(op, most)| count(*op) <= *most)
            && self
                .required
                .iter()
                .all(|v| genes.iter().any(|g| g.variables().contains(v)))
            && genes.iter().all(|g| {
                c.nesting
                    .iter()
                    .all(|(outer, inner, most)| nesting(g.tokens(), *outer, *inner) <= *most)
                    && c.argument_nodes.iter().all(|(op, argument, most)| {
                        largest_argument(g.tokens(), *op, *argument) <= *most
                    })
            })
            && self.agrees_with_units(genes)
            && c.predicate.as_ref().is_none_or(|p| (p.0)(genes))
    }

    #[cfg(feature = "dimensions")]
    fn agrees_with_units(&self, genes: &[Expression]) -> bool {
        let Some(units) = &self.constraints.units else {
            return true;
        };
        let check = DimensionCheck::new().constants(units.constants);
        genes.iter().all(|gene| match units.constants {
            ConstantDimensions::Dimensionless => check.fits(gene, &self.dimensions, units.target),
            // The weight takes on what is left.
            ConstantDimensions::Free => check.of(gene, &self.dimensions).is_ok(),
        })
    }

    #[cfg(not(feature = "dimensions"))]
    #[expect(clippy::unused_self, reason = "with units it looks at them")]
    fn agrees_with_units(&self, _: &[Expression]) -> bool {
        true
    }

    /// Whether a fitted model keeps all rules.
    pub(crate) fn keeps(&self, model: &Model) -> bool {
        self.is_empty() || (self.admits(model.genes()) && self.proves(&model.expression()))
    }

    /// Whether there are rules on the values of a law.
    pub(crate) fn has_proofs(&self) -> bool {
        self.constraints.range.is_some() || !self.monotone.is_empty()
    }

    /// Whether the rules on the values of a whole law are proved.
    pub(crate) fn proves(&self, law: &Expression) -> bool {
        let analysis = BoxAnalysis::new().max_boxes(MAX_BOXES);
        let in_range = self.constraints.range.is_none_or(|(low, high)| {
            analysis.range(law, &self.sides).is_ok_and(|report| {
                report.is_defined()
                    && report
                        .enclosure()
                        .is_some_and(|e| e.low() >= low && e.high() <= high)
            })
        });
        in_range
            && self.monotone.iter().all(|(variable, way)| {
                analysis
                    .monotonicity(law, &self.sides, *variable)
                    .is_ok_and(|found| found == *way || found == Monotonicity::Constant)
            })
    }
}

fn invalid(name: &'static str, requirement: &'static str, found: String) -> Error {
    Error::InvalidParameter {
        name,
        requirement,
        found,
    }
}

/// The most `inner` on a way down from an `outer`.
fn nesting(tokens: &[Token], outer: Operator, inner: Operator) -> usize {
    // Of each finished part: the most `inner` on a way down from its root, and from an `outer` in it.
    let mut stack: Vec<(usize, usize)> = Vec::new();
    for token in tokens {
        let Token::Apply(op) = *token else {
            stack.push((0, 0));
            continue;
        };
        let (mut below, mut worst) = (0, 0);
        for _ in 0..op.arity() {
            let (b, w) = stack.pop().unwrap_or_default();
            below = below.max(b);
            worst = worst.max(w);
        }
        if op == outer {
            worst = worst.max(below);
        }
        stack.push((below + usize::from(op == inner), worst));
    }
    stack.pop().map_or(0, |(_, worst)| worst)
}

/// Nodes of the largest of these arguments.
fn largest_argument(tokens: &[Token], op: Operator, argument: usize) -> usize {
    let sizes = (0..tokens.len())
        .filter(|&root| tokens[root] == Token::Apply(op))
        .filter_map(|root| {
            let (first, second) = arguments(tokens, root);
            let place = if argument == 0 { first } else { second }?;
            Some(place + 1 - subtree_start(tokens, place))
        });
    sizes.max().unwrap_or(0)
}
