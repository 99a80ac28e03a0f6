//! Many expressions as one program.

use std::collections::HashMap;

use crate::expression::Token;
use crate::kernel::loops::{Source, apply};
use crate::kernel::real::{Real, apply_binary, apply_unary};
use crate::kernel::scratch::Scratch;
use crate::kernel::workspace::BLOCK;
use crate::operator::Operator;
use crate::{Error, Expression, Result};

/// Several expressions as one program in which equal subtrees are one node, computed once.
///
/// For the laws of a front or the genes of a population on the same rows. Subtrees are equal if their operators, variables and
/// constants are, to the last bit; the arguments of sums and products may be exchanged, which changes no bit. Values
/// are those of [`Evaluator`](crate::Evaluator), bit for bit.
///
/// # Examples
///
/// ```
/// use symreg::{Expression, Program};
/// let names = ["x", "y"];
/// let laws = [Expression::parse("exp(x/y) + x", &names)?, Expression::parse("2*exp(x/y)", &names)?];
/// let mut program = Program::<f64>::new(&laws);
/// // x, y, x/y, exp, the sum; 2 and the product: 7 of 12 nodes.
/// assert_eq!((program.n_nodes(), program.n_distinct()), (12, 7));
/// let mut values = vec![vec![0.0; 2]; 2];
/// program.evaluate_into(&[vec![0.0, 1.0], vec![1.0, 1.0]], &mut values)?;
/// assert_eq!(values[1][0], 2.0);
/// assert!((values[0][1] - 1_f64.exp() - 1.0).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Program<T: Real = f64> {
    nodes: Vec<Node<T>>,
    /// The node of each expression.
    roots: Vec<usize>,
    n_nodes: usize,
    n_variables: usize,
    /// Columns that are in use at once.
    n_columns: usize,
    scratch: Scratch<T>,
}

#[derive(Debug, Clone, Copy)]
enum Node<T> {
    Constant(T),
    Input(usize),
    /// An operator, its operands, and the column for its values, in which none of them is.
    Apply(Operator, usize, Option<usize>, usize),
}

/// What makes two nodes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Constant(u64),
    Input(u16),
    Apply(u32, usize, Option<usize>),
}

impl<T: Real> Program<T> {
    /// The program of these expressions. O(nodes).
    #[must_use]
    pub fn new(expressions: &[Expression]) -> Self {
        let mut nodes = Vec::new();
        let mut known: HashMap<Key, usize> = HashMap::new();
        let mut roots = Vec::with_capacity(expressions.len());
        let (mut n_nodes, mut n_variables) = (0, 0);
        for expression in expressions {
            n_nodes += expression.node_count();
            let mut stack: Vec<usize> = Vec::new();
            for token in expression.tokens() {
                let (key, node) = match *token {
                    Token::Constant(c) => {
                        (Key::Constant(c.to_bits()), Node::Constant(T::from_f64(c)))
                    }
                    Token::Variable(v) => {
                        n_variables = n_variables.max(usize::from(v) + 1);
                        (Key::Input(v), Node::Input(usize::from(v)))
                    }
                    Token::Apply(op) => {
                        let second = (op.arity() == 2).then(|| stack.pop().unwrap_or(0));
                        let first = stack.pop().unwrap_or(0);
                        let ordered = match second {
                            Some(b) if matches!(op, Operator::Add | Operator::Mul) && b < first => {
                                (b, Some(first))
                            }
                            _ => (first, second),
                        };
                        let key = Key::Apply(op.code(), ordered.0, ordered.1);
                        (key, Self::folded(&nodes, op, first, second))
                    }
                };
                let place = *known.entry(key).or_insert_with(|| {
                    nodes.push(node);
                    nodes.len() - 1
                });
                stack.push(place);
            }
            roots.extend(stack.pop());
        }
        let mut program = Self {
            nodes,
            roots,
            n_nodes,
            n_variables,
            n_columns: 0,
            scratch: Scratch::default(),
        };
        program.place();
        program
    }

    /// An operator on nodes, or its value where they are constants.
    fn folded(nodes: &[Node<T>], op: Operator, first: usize, second: Option<usize>) -> Node<T> {
        match (nodes[first], second.map(|b| nodes[b])) {
            (Node::Constant(a), None) => Node::Constant(apply_unary(op, a)),
            (Node::Constant(a), Some(Node::Constant(b))) => Node::Constant(apply_binary(op, a, b)),
            _ => Node::Apply(op, first, second, 0),
        }
    }

    /// Gives each operator a column, which is free again after its last use.
    fn place(&mut self) {
        let mut last_use: Vec<usize> = (0..self.nodes.len()).collect();
        for (i, node) in self.nodes.iter().enumerate() {
            if let Node::Apply(_, a, b, _) = *node {
                last_use[a] = i;
                if let Some(b) = b {
                    last_use[b] = i;
                }
            }
        }
        for &root in &self.roots {
            last_use[root] = usize::MAX;
        }
        let mut free: Vec<usize> = Vec::new();
        for i in 0..self.nodes.len() {
            let Node::Apply(op, a, b, _) = self.nodes[i] else {
                continue;
            };
            let column = free.pop().unwrap_or_else(|| {
                self.n_columns += 1;
                self.n_columns - 1
            });
            self.nodes[i] = Node::Apply(op, a, b, column);
            // Only now: an operand and the result are never in one column.
            let other = b.filter(|b| *b != a);
            for operand in [Some(a), other].into_iter().flatten() {
                if let (Node::Apply(_, _, _, used), true) =
                    (self.nodes[operand], last_use[operand] == i)
                {
                    free.push(used);
                }
            }
        }
    }

    /// Nodes of all expressions.
    #[must_use]
    pub const fn n_nodes(&self) -> usize {
        self.n_nodes
    }

    /// Nodes that differ.
    #[must_use]
    pub fn n_distinct(&self) -> usize {
        self.nodes.len()
    }

    /// Values of each expression on all rows of `columns`, one a variable. Values that are undefined come out as NaN or infinite.
    ///
    /// # Errors
    ///
    /// [`Error::VariableOutOfRange`]; [`Error::LengthMismatch`] for columns of different lengths, and unless there is a place for each
    /// row; [`Error::CountMismatch`] unless there is one list of values for each expression.
    ///
    /// # Performance
    ///
    /// O(rows × distinct nodes), by blocks, with the widest vectors the machine has.
    pub fn evaluate_into(&mut self, columns: &[Vec<T>], values: &mut [Vec<T>]) -> Result<()> {
        if self.n_variables > columns.len() {
            return Err(Error::VariableOutOfRange {
                index: self.n_variables - 1,
                columns: columns.len(),
            });
        }
        if values.len() != self.roots.len() {
            return Err(Error::CountMismatch {
                what: "lists of values",
                expected: self.roots.len(),
                found: values.len(),
            });
        }
        let rows = columns.first().or(values.first()).map_or(0, Vec::len);
        let lists = columns.iter().chain(values.iter()).enumerate();
        for (index, list) in lists {
            if list.len() != rows {
                return Err(Error::LengthMismatch {
                    column: if index < columns.len() {
                        format!("{}", index + 1)
                    } else {
                        "list of values".to_owned()
                    },
                    expected: rows,
                    found: list.len(),
                });
            }
        }
        self.scratch.shape(self.n_columns, BLOCK.min(rows));
        for start in (0..rows).step_by(BLOCK) {
            let length = BLOCK.min(rows - start);
            self.block(columns, start, length);
            for (&root, out) in self.roots.iter().zip(values.iter_mut()) {
                let out = &mut out[start..start + length];
                match self.nodes[root] {
                    Node::Constant(c) => out.fill(c),
                    Node::Input(v) => out.copy_from_slice(&columns[v][start..start + length]),
                    Node::Apply(_, _, _, column) => {
                        out.copy_from_slice(self.scratch.column(column, length));
                    }
                }
            }
        }
        Ok(())
    }

    fn block(&mut self, columns: &[Vec<T>], start: usize, length: usize) {
        for node in &self.nodes {
            let Node::Apply(op, a, b, column) = *node else {
                continue;
            };
            let (target, others) = self.scratch.apart(column);
            let nodes = &self.nodes;
            let source = |operand: usize| match nodes[operand] {
                Node::Constant(c) => Source::Constant(c),
                Node::Input(v) => Source::Column(&columns[v][start..start + length]),
                Node::Apply(_, _, _, column) => Source::Column(others.column(column, length)),
            };
            apply(op, source(a), b.map(source), &mut target[..length]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Evaluator;
    use crate::population::random_expression_for_tests;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn values_are_those_of_each_expression_alone(seed in any::<u64>(), rows in 1_usize..2500, count in 1_usize..8) {
            let mut expressions: Vec<Expression> = (0..count as u64)
                .map(|k| random_expression_for_tests(seed.wrapping_add(k), 3, 5))
                .collect();
            // One whole expression again, and as a part of another.
            expressions.push(expressions[0].clone());
            let mut tokens = expressions[0].tokens().to_vec();
            tokens.extend([Token::Variable(1), Token::Apply(Operator::Mul)]);
            expressions.push(Expression::from_valid(tokens));
            let columns: Vec<Vec<f64>> = (0..3)
                .map(|j| (0..rows).map(|i| 0.2 + ((i * 37 + j * 91) % 101) as f64 / 23.0).collect())
                .collect();
            let mut program = Program::new(&expressions);
            prop_assert!(program.n_distinct() < program.n_nodes());
            let mut values = vec![vec![0.0; rows]; expressions.len()];
            program.evaluate_into(&columns, &mut values).unwrap();
            let mut evaluator = Evaluator::new(columns).unwrap();
            let mut alone = vec![0.0; rows];
            for (expression, together) in expressions.iter().zip(&values) {
                evaluator.evaluate_into(expression, &mut alone).unwrap();
                for (a, b) in alone.iter().zip(together) {
                    prop_assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()));
                }
            }
        }
    }

    #[test]
    fn columns_are_used_again() {
        // A chain of a hundred operators needs two.
        let text = format!("{}x{}", "tanh(".repeat(100), ")".repeat(100));
        let chain = Expression::parse(&text, &["x"]).unwrap();
        let program = Program::<f64>::new(&[chain]);
        assert_eq!((program.n_distinct(), program.n_columns), (101, 2));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let e = Expression::parse("x + y", &["x", "y"]).unwrap();
        let mut program = Program::<f32>::new(&[e]);
        let two = [vec![1.0, 2.0], vec![1.0, 2.0]];
        assert!(matches!(
            program.evaluate_into(&two[..1], &mut [vec![0.0; 2]]),
            Err(Error::VariableOutOfRange {
                index: 1,
                columns: 1
            })
        ));
        assert!(matches!(
            program.evaluate_into(&two, &mut []),
            Err(Error::CountMismatch { expected: 1, .. })
        ));
        assert!(matches!(
            program.evaluate_into(&two, &mut [vec![0.0; 3]]),
            Err(Error::LengthMismatch { found: 3, .. })
        ));
    }
}
