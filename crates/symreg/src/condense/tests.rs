use super::*;
use crate::Result;
use crate::population::{is_regular, random_expression_for_tests};
use proptest::prelude::*;

const NAMES: [&str; 3] = ["x", "y", "z"];

#[test]
fn collects_terms_and_factors() -> Result<()> {
    for (text, expected) in [
        ("x-x", "0"),
        ("x/x", "1"),
        ("x+x", "2*x"),
        ("x*x", "square(x)"),
        ("x*x*x", "x^3"),
        ("2*x+y-x", "x+y"),
        ("x*y/x", "y"),
        ("x/(y/z)/z", "x/y"),
        ("(x+y)*z/(x+y)", "z"),
        ("sqrt(x)*sqrt(x)", "x"),
        ("sqrt(square(x))", "abs(x)"),
        ("square(abs(x))", "square(x)"),
        ("x^0.5", "sqrt(x)"),
        ("square(sqrt(abs(x)))", "abs(x)"),
        ("x^2", "square(x)"),
        ("x^1", "x"),
        ("x^0", "1"),
        ("1/x^2", "1/square(x)"),
        ("exp(log(x)*2)", "square(x)"),
        ("log(exp(x+y))", "x+y"),
        ("exp(x)*exp(y)", "exp(x+y)"),
        ("exp(x)/exp(y)", "exp(x-y)"),
        ("1/exp(x)", "exp(-x)"),
        ("2/exp(x)", "2/exp(x)"),
        ("1+2*erfc(x)", "3-2*erf(x)"),
        ("erfc(x)", "erfc(x)"),
        ("-1+erfc(x)", "-erf(x)"),
        (
            "0.0591*erfc(x)+0.0591*erf(y)+0.0639",
            "0.123+0.0591*(erf(y)-erf(x))",
        ),
        ("erf(-x)", "-erf(x)"),
        ("cos(-2*x)", "cos(2*x)"),
        ("abs(-x)", "abs(x)"),
        ("0*exp(x)+y", "y"),
        ("-2*x", "-2*x"),
        ("y-2*x", "y-2*x"),
        ("-(x*y)", "-(x*y)"),
        ("max(x,x)", "x"),
        ("x/0", "x/0"),
        ("(2*x+2*y)/4", "0.5*(x+y)"),
    ] {
        let found = Expression::parse(text, &NAMES)?
            .condensed()
            .to_infix(&NAMES)?;
        assert_eq!(found, expected, "{text}");
    }
    Ok(())
}

/// How far rounding can have moved the value: errors of a few units in the last place at each
/// node, carried to the root by the slopes.
fn rounding(e: &Expression, row: &[f64]) -> f64 {
    let mut stack: Vec<(f64, f64)> = Vec::new();
    for token in e.tokens() {
        let (value, carried) = match *token {
            Token::Constant(c) => (c, 0.0),
            Token::Variable(v) => (row[usize::from(v)], 0.0),
            Token::Apply(op) if op.arity() == 1 => {
                let (a, error) = stack.pop().unwrap();
                let value = op.apply_unary(a);
                (value, op.slope(a, value).abs() * error)
            }
            Token::Apply(op) => {
                let ((b, by_b), (a, by_a)) = (stack.pop().unwrap(), stack.pop().unwrap());
                let value = op.apply_binary(a, b);
                let (da, db) = op.slopes(a, b, value);
                (value, da.abs() * by_a + db.abs() * by_b)
            }
        };
        stack.push((value, carried + 16.0 * f64::EPSILON * value.abs()));
    }
    stack.pop().unwrap().1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn keeps_values_and_never_grows(seed in any::<u64>()) {
        let e = random_expression_for_tests(seed, 3, 6);
        let s = e.condensed();
        prop_assert!(s.node_count() <= e.node_count());
        prop_assert!(s.complexity() <= e.complexity(), "{:?} {:?}", e, s);
        for row in [[0.7, 1.3, 2.9], [3.1, 0.2, 0.9], [-1.7, 2.2, -0.4]] {
            let (a, b) = (e.evaluate_row(&row).unwrap(), s.evaluate_row(&row).unwrap());
            if is_regular(&e, &row) && is_regular(&s, &row) {
                let tolerance = 1e-9 * a.abs() + 4.0 * (rounding(&e, &row) + rounding(&s, &row));
                prop_assert!((a - b).abs() <= tolerance, "{} {} from {:?} to {:?}", a, b, e, s);
            }
            // What was defined stays defined.
            if is_regular(&e, &row) {
                prop_assert!(b.is_finite(), "{:?} to {:?} at {:?}", e, s, row);
            }
        }
    }
}
