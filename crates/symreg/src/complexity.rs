//! Measures of an expression's size.

use crate::expression::{Expression, Token};

/// A measure of how long or involved an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ComplexityMeasure {
    /// Sum of the node counts of all full subtrees (the default): [`Expression::complexity`].
    #[default]
    Expressional,
    /// Number of nodes.
    NodeCount,
}

impl ComplexityMeasure {
    /// The measure of one expression.
    #[must_use]
    pub fn of(self, expression: &Expression) -> usize {
        match self {
            Self::Expressional => expression.complexity(),
            Self::NodeCount => expression.node_count(),
        }
    }
}

impl Expression {
    /// Expressional complexity: the sum, over all nodes, of the node count of the full subtree
    /// rooted there.
    ///
    /// A balanced tree is cheaper than a chain of as many nodes. The sum equals
    /// $\sum_{\text{nodes}} (\text{depth} + 1)$ with the root at depth 0, since each node is
    /// counted once by itself and once by each of its ancestors. O(n) time.
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::Expression;
    /// let e = Expression::parse("exp(c*(Ps/(Pe*Ts)))", &["Ps", "Pe", "Ts", "c"])?;
    /// assert_eq!(e.complexity(), 27);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # References
    ///
    /// Smits and Kotanchek, *Pareto-front exploitation in symbolic regression*, in Genetic
    /// Programming Theory and Practice II (2005), doi 10.1007/0-387-23254-0_17. The measure that
    /// Gan et al. state for their keyhole and porosity laws.
    #[must_use]
    pub fn complexity(&self) -> usize {
        let mut sizes: Vec<usize> = Vec::with_capacity(self.node_count());
        let mut total = 0;
        for token in self.tokens() {
            let mut size = 1;
            for _ in 0..token.arity() {
                size += sizes.pop().unwrap_or(0);
            }
            total += size;
            sizes.push(size);
        }
        total
    }

    /// Depth of the deepest node; a single leaf has depth 0. O(n) time.
    #[must_use]
    pub fn depth(&self) -> usize {
        depth(self.tokens())
    }
}

pub(crate) fn depth(tokens: &[Token]) -> usize {
    let mut depths: Vec<usize> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let mut deepest = None;
        for _ in 0..token.arity() {
            deepest = deepest.max(depths.pop());
        }
        depths.push(deepest.map_or(0, |d| d + 1));
    }
    depths.pop().unwrap_or(0)
}

#[cfg(test)]
pub(crate) fn complexity_by_depths(e: &Expression) -> usize {
    fn walk(tokens: &[Token], root: usize, depth: usize) -> usize {
        let (a, b) = crate::expression::arguments(tokens, root);
        depth
            + 1
            + a.map_or(0, |i| walk(tokens, i, depth + 1))
            + b.map_or(0, |i| walk(tokens, i, depth + 1))
    }
    walk(e.tokens(), e.node_count() - 1, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counted by hand from the definition.
    #[test]
    fn golden_values() -> crate::Result<()> {
        let names = ["x", "y", "z", "w", "Ps", "Pe", "Ts", "c", "Pm", "Hs"];
        for (text, expected) in [
            ("x", 1),
            ("x+y", 5),
            ("exp(Ps/(Pe*Ts))", 17),
            ("exp(c*(Ps/(Pe*Ts)))", 27),
            ("erf(Pm/(Pe*Hs)-c)", 27),
            ("(x+y)+(z+w)", 17),
            ("x+(y+(z+w))", 19),
            ("-x", 3),
            ("2.3*x", 5),
        ] {
            let e = Expression::parse(text, &names)?;
            assert_eq!(e.complexity(), expected, "{text}");
            assert_eq!(complexity_by_depths(&e), expected, "{text}");
        }
        assert_eq!(Expression::parse("exp(c*(Ps/(Pe*Ts)))", &names)?.depth(), 4);
        assert_eq!(Expression::parse("x", &names)?.depth(), 0);
        Ok(())
    }
}
