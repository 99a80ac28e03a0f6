//! Values of expressions on rows of inputs.

use ndarray::{Array1, ArrayRef2};

use crate::expression::{Expression, Token};
use crate::kernel::real::Real;
use crate::kernel::workspace::{Columns, Workspace};
use crate::{Error, Result};

/// Evaluates many expressions on the same rows: a plan that owns the columns and the scratch space.
///
/// In double precision, or with columns of `f32` in single: twice the rows a second for arithmetic, three
/// times with functions, and results that are good to some six digits.
///
/// # Examples
///
/// ```
/// use symreg::{Evaluator, Expression};
/// let mut evaluator = Evaluator::new(vec![vec![4.0, 9.0], vec![1.0, 2.0]])?;
/// let mut values = [0.0; 2];
/// evaluator.evaluate_into(&Expression::parse("sqrt(x) + y", &["x", "y"])?, &mut values)?;
/// assert_eq!(values, [3.0, 5.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Evaluator<T: Real = f64> {
    columns: Vec<Vec<T>>,
    n_rows: usize,
    workspace: Workspace<T>,
}

impl<T: Real> Evaluator<T> {
    /// A plan for these columns, one a variable.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for columns of different lengths.
    pub fn new(columns: Vec<Vec<T>>) -> Result<Self> {
        let n_rows = columns.first().map_or(0, Vec::len);
        for (index, column) in columns.iter().enumerate() {
            if column.len() != n_rows {
                return Err(Error::LengthMismatch {
                    column: format!("{}", index + 1),
                    expected: n_rows,
                    found: column.len(),
                });
            }
        }
        Ok(Self {
            columns,
            n_rows,
            workspace: Workspace::default(),
        })
    }

    /// The number of rows.
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Values on all rows. Values that are undefined come out as NaN or infinite; nothing is patched.
    ///
    /// # Errors
    ///
    /// [`Error::VariableOutOfRange`]; [`Error::LengthMismatch`] unless there is one place a row.
    ///
    /// # Performance
    ///
    /// O(rows × nodes), by blocks that stay in the first-level cache, with the widest vectors the machine has; no allocation after
    /// the first calls.
    pub fn evaluate_into(&mut self, expression: &Expression, values: &mut [T]) -> Result<()> {
        expression.check_variables(self.columns.len())?;
        if values.len() != self.n_rows {
            return Err(Error::LengthMismatch {
                column: "list of values".to_owned(),
                expected: self.n_rows,
                found: values.len(),
            });
        }
        let columns = Columns::new(&self.columns);
        self.workspace.fill(expression.tokens(), columns, values);
        Ok(())
    }
}

impl Expression {
    /// Values on all rows of `x` (rows × variables).
    ///
    /// Values that are undefined come out as NaN or infinite; nothing is patched. O(rows × nodes).
    ///
    /// # Errors
    ///
    /// [`Error::VariableOutOfRange`] if the expression uses a variable that `x` does not have.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use symreg::Expression;
    /// let e = Expression::parse("sqrt(x) + y", &["x", "y"])?;
    /// assert_eq!(e.evaluate(&array![[4.0, 1.0], [9.0, 2.0]])?, array![3.0, 5.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evaluate(&self, x: &ArrayRef2<f64>) -> Result<Array1<f64>> {
        self.check_variables(x.ncols())?;
        let columns: Vec<Vec<f64>> = x.columns().into_iter().map(|c| c.to_vec()).collect();
        let mut out = vec![0.0; x.nrows()];
        Workspace::default().fill(self.tokens(), Columns::new(&columns), &mut out);
        Ok(Array1::from_vec(out))
    }

    /// The value for one row of inputs.
    ///
    /// # Errors
    ///
    /// [`Error::VariableOutOfRange`] if the expression uses a variable that `row` does not have.
    pub fn evaluate_row(&self, row: &[f64]) -> Result<f64> {
        self.check_variables(row.len())?;
        let columns: Vec<Vec<f64>> = row.iter().map(|&v| vec![v]).collect();
        let mut out = [0.0];
        Workspace::default().fill(self.tokens(), Columns::new(&columns), &mut out);
        Ok(out[0])
    }

    pub(crate) fn check_variables(&self, columns: usize) -> Result<()> {
        let largest = self.tokens().iter().filter_map(|t| match t {
            Token::Variable(v) => Some(usize::from(*v)),
            _ => None,
        });
        match largest.max() {
            Some(index) if index >= columns => Err(Error::VariableOutOfRange { index, columns }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
pub(crate) fn evaluate_recursively(e: &Expression, row: &[f64]) -> f64 {
    fn walk(tokens: &[Token], root: usize, row: &[f64]) -> f64 {
        match tokens[root] {
            Token::Constant(c) => c,
            Token::Variable(v) => row[usize::from(v)],
            Token::Apply(op) => match crate::expression::arguments(tokens, root) {
                (Some(a), Some(b)) => op.apply_binary(walk(tokens, a, row), walk(tokens, b, row)),
                (Some(a), None) => op.apply_unary(walk(tokens, a, row)),
                _ => f64::NAN,
            },
        }
    }
    walk(e.tokens(), e.node_count() - 1, row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::{is_regular, random_expression_for_tests};
    use approx::assert_relative_eq;
    use ndarray::Array2;
    use proptest::prelude::*;

    fn sample(rows: usize, columns: usize) -> Array2<f64> {
        Array2::from_shape_fn((rows, columns), |(i, j)| {
            0.3 + ((i * 37 + j * 91) % 101) as f64 / 23.0 - if j == 2 { 2.0 } else { 0.0 }
        })
    }

    /// The value at a row with the result of node `k` a millionth larger.
    fn with_rounding(e: &Expression, row: &[f64], k: usize) -> f64 {
        let mut stack = Vec::new();
        for (place, token) in e.tokens().iter().enumerate() {
            let value = match *token {
                Token::Constant(c) => c,
                Token::Variable(v) => row[usize::from(v)],
                Token::Apply(op) if op.arity() == 1 => op.apply_unary(stack.pop().unwrap()),
                Token::Apply(op) => {
                    let (b, a) = (stack.pop().unwrap(), stack.pop().unwrap());
                    op.apply_binary(a, b)
                }
            };
            stack.push(if place == k {
                value * (1.0 + 1e-6)
            } else {
                value
            });
        }
        stack[0]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// The blocked evaluator and the recursive one run the same operations in the same order.
        #[test]
        fn agrees_bit_for_bit_with_the_recursive_evaluator(seed in any::<u64>(), rows in 1_usize..600) {
            let e = random_expression_for_tests(seed, 3, 8);
            let x = sample(rows, 3);
            let fast = e.evaluate(&x).unwrap();
            for (i, row) in x.rows().into_iter().enumerate() {
                let slow = evaluate_recursively(&e, row.as_slice().unwrap());
                prop_assert!(fast[i].to_bits() == slow.to_bits() || (fast[i].is_nan() && slow.is_nan()),
                    "{:?} row {}: {} {}", e, i, fast[i], slow);
            }
        }

        /// Every path of the kernel gives the same bits, for every length of the last block.
        #[test]
        fn all_instruction_sets_give_the_same_bits(seed in any::<u64>(), rows in 1_usize..600) {
            let e = random_expression_for_tests(seed, 3, 8);
            let x = sample(rows, 3);
            let columns: Vec<Vec<f64>> = x.columns().into_iter().map(|c| c.to_vec()).collect();
            let run = |baseline: bool| {
                crate::kernel::dispatch::BASELINE_ONLY.set(baseline);
                let mut values = vec![0.0; rows];
                let mut gradients = vec![Vec::new(); e.constants().count()];
                let mut workspace = Workspace::default();
                workspace.fill(e.tokens(), Columns::new(&columns), &mut values);
                let plain: Vec<u64> = values.iter().map(|v| v.to_bits()).collect();
                workspace.evaluate_with_constants(e.tokens(), Columns::new(&columns), &mut values, &mut gradients);
                crate::kernel::dispatch::BASELINE_ONLY.set(false);
                let all = gradients.concat();
                (plain, all.iter().chain(&values).map(|v| if v.is_nan() { 0 } else { v.to_bits() }).collect::<Vec<u64>>())
            };
            let (narrow, wide) = (run(true), run(false));
            for (a, b) in narrow.0.iter().zip(&wide.0) {
                prop_assert!(a == b || (f64::from_bits(*a).is_nan() && f64::from_bits(*b).is_nan()));
            }
            prop_assert_eq!(narrow.1, wide.1);
        }

        /// Single precision: the same bits on every path, and near the double where that is well conditioned.
        #[test]
        fn single_precision_is_the_same_on_all_paths_and_near_double(seed in any::<u64>(), rows in 1_usize..600) {
            let e = random_expression_for_tests(seed, 3, 6);
            let x = sample(rows, 3);
            let double: Vec<Vec<f64>> = x.columns().into_iter().map(|c| c.iter().map(|v| f64::from(*v as f32)).collect()).collect();
            let single: Vec<Vec<f32>> = double.iter().map(|c| c.iter().map(|v| *v as f32).collect()).collect();
            let run = |baseline: bool| {
                crate::kernel::dispatch::BASELINE_ONLY.set(baseline);
                let mut values = vec![0.0_f32; rows];
                Workspace::default().fill(e.tokens(), Columns::new(&single), &mut values);
                crate::kernel::dispatch::BASELINE_ONLY.set(false);
                values
            };
            let (narrow, wide) = (run(true), run(false));
            for (i, (a, b)) in narrow.iter().zip(&wide).enumerate() {
                prop_assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()));
                let row: Vec<f64> = double.iter().map(|c| c[i]).collect();
                let value = e.evaluate_row(&row).unwrap();
                // How far a rounding of any input, constant or intermediate value reaches, to first order and twenty times over.
                let nodes = e.node_count();
                let moved = (0..nodes).map(|k| (with_rounding(&e, &row, k) - value).abs()).fold(0.0, f64::max);
                if is_regular(&e, &row) && moved < 1e-5 * value.abs() && value.abs() > 1e-3 {
                    prop_assert!((f64::from(*b) - value).abs() < 2e-3 * value.abs(), "{:?}: {} {}", e, b, value);
                }
            }
        }

        #[test]
        fn derivatives_by_constants_agree_with_central_differences(seed in any::<u64>()) {
            let e = random_expression_for_tests(seed, 3, 6);
            let x = sample(7, 3);
            let columns: Vec<Vec<f64>> = x.columns().into_iter().map(|c| c.to_vec()).collect();
            let constants: Vec<f64> = e.constants().collect();
            let mut gradients = vec![Vec::new(); constants.len()];
            let mut values = vec![0.0; 7];
            let mut workspace = Workspace::default();
            workspace.evaluate_with_constants(e.tokens(), Columns::new(&columns), &mut values, &mut gradients);
            for k in 0..constants.len() {
                let at = |c: f64, row: &[f64]| {
                    let mut shifted = e.clone();
                    let mut new = constants.clone();
                    new[k] = c;
                    shifted.set_constants(&mut new.into_iter());
                    shifted.evaluate_row(row).unwrap()
                };
                for (i, row) in x.rows().into_iter().enumerate() {
                    let row = row.as_slice().unwrap();
                    if !is_regular(&e, row) {
                        continue;
                    }
                    let c = constants[k];
                    let h = 1e-5 * c.abs().max(0.1);
                    let (p2, p1, m1, m2) = (at(c + 2.0 * h, row), at(c + h, row), at(c - h, row), at(c - 2.0 * h, row));
                    let coarse = (p2 - m2) / (4.0 * h);
                    let fine = (p1 - m1) / (2.0 * h);
                    // A steep argument may have left a branch of max at all four points and not at the middle.
                    let near = (at(c + 1e-4 * h, row) - at(c - 1e-4 * h, row)) / (2e-4 * h);
                    // Only where the differences themselves have converged and are smooth.
                    let scale = values[i].abs().max(1.0);
                    let size = fine.abs().max(1e-3 * scale);
                    if fine.is_finite() && coarse.is_finite() && size < 1e6 * scale && (fine - coarse).abs() < 1e-7 * size && (fine - near).abs() < 1e-3 * size {
                        prop_assert!((gradients[k][i] - fine).abs() < 1e-5 * size,
                            "{} by constant {}: {} against {}", e.to_infix(&["x","y","z"]).unwrap(), k, gradients[k][i], fine);
                    }
                }
            }
        }
    }

    #[test]
    fn gradient_by_variables_adds_up_repeated_uses() -> Result<()> {
        let e = Expression::parse("x*x + x/y", &["x", "y"])?;
        let columns = vec![vec![3.0], vec![2.0]];
        let mut gradient = [0.0; 2];
        let value = Workspace::default().gradient_by_variables(
            e.tokens(),
            Columns::new(&columns),
            0,
            &mut gradient,
        );
        assert_relative_eq!(value, 10.5);
        assert_relative_eq!(gradient[0], 6.5);
        assert_relative_eq!(gradient[1], -0.75);
        Ok(())
    }

    #[test]
    fn reports_the_first_row_that_is_not_finite() -> Result<()> {
        let e = Expression::parse("log(x)", &["x"])?;
        let mut x: Vec<f64> = vec![1.0; 700];
        x[513] = -1.0;
        x[600] = -1.0;
        let columns = vec![x];
        let mut out = vec![0.0; 700];
        let bad = Workspace::default().evaluate(e.tokens(), Columns::new(&columns), &mut out);
        assert_eq!(bad, Some(513));
        Ok(())
    }

    #[test]
    fn a_missing_variable_is_an_error() -> Result<()> {
        let e = Expression::parse("x+y", &["x", "y"])?;
        assert_eq!(
            e.evaluate_row(&[1.0]),
            Err(Error::VariableOutOfRange {
                index: 1,
                columns: 1
            })
        );
        Ok(())
    }

    #[test]
    fn no_rows_give_no_values() -> Result<()> {
        let e = Expression::parse("x", &["x"])?;
        assert_eq!(e.evaluate(&Array2::zeros((0, 1)))?.len(), 0);
        Ok(())
    }
}
