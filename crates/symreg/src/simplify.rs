//! Rewriting to a canonical, never larger form.

use crate::expression::{Expression, Token, arguments};
use crate::operator::Operator;

use Operator::{Add, Div, Erf, Erfc, Exp, Log, Mul, Neg, Pow, Sqrt, Square, Sub};

impl Expression {
    /// An equal expression that is no larger: constants folded and merged, double signs removed,
    /// the arguments of commutative operators put in a fixed order.
    ///
    /// Values agree to rounding wherever all intermediate values are finite; a zero may change its
    /// sign. Folding that would give a number that is not finite is not done. O(n²)
    /// at worst.
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::Expression;
    /// let e = Expression::parse("2*(3*x) - -y", &["x", "y"])?.simplified();
    /// assert_eq!(e.to_infix(&["x", "y"])?, "y+6*x");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn simplified(&self) -> Self {
        let mut stack: Vec<Vec<Token>> = Vec::new();
        for token in self.tokens() {
            let piece = match *token {
                Token::Apply(op) if op.arity() == 1 => {
                    let a = stack.pop().unwrap_or_default();
                    rewrite_unary(op, a)
                }
                Token::Apply(op) => {
                    let b = stack.pop().unwrap_or_default();
                    let a = stack.pop().unwrap_or_default();
                    rewrite_binary(op, a, b)
                }
                leaf => vec![leaf],
            };
            stack.push(piece);
        }
        Self::from_valid(stack.pop().unwrap_or_default())
    }

    /// The canonical form of a gene, which is used only up to a factor and a constant term: what
    /// the gene's weight and the bias can hold is taken out. `None` for a gene that is constant.
    pub(crate) fn canonical_gene(&self) -> Option<Self> {
        let mut gene = self.simplified();
        while let Some(stripped) = strip(gene.tokens()) {
            let next = Self::from_valid(stripped).simplified();
            // A factor that comes from deep inside can cost more outside.
            if next.complexity() > gene.complexity() {
                break;
            }
            gene = next;
        }
        let has_variable = gene
            .tokens()
            .iter()
            .any(|t| matches!(t, Token::Variable(_)));
        has_variable.then_some(gene)
    }
}

fn constant(tokens: &[Token]) -> Option<f64> {
    match tokens {
        [Token::Constant(c)] => Some(*c),
        _ => None,
    }
}

/// Operator and arguments of an expression whose root is an operator of two arguments.
fn split(tokens: &[Token]) -> Option<(Operator, &[Token], &[Token])> {
    let root = tokens.len() - 1;
    let Token::Apply(op) = tokens[root] else {
        return None;
    };
    match arguments(tokens, root) {
        (Some(a), Some(_)) => Some((op, &tokens[..=a], &tokens[a + 1..root])),
        _ => None,
    }
}

/// `(op, c, f)` of an expression `c op f`.
fn scaled(tokens: &[Token]) -> Option<(Operator, f64, &[Token])> {
    let (op, a, b) = split(tokens)?;
    constant(a).map(|c| (op, c, b))
}

/// The argument of a root `-f`.
fn negated(tokens: &[Token]) -> Option<&[Token]> {
    match tokens.split_last() {
        Some((Token::Apply(Neg), rest)) => Some(rest),
        _ => None,
    }
}

/// `f` of a term `-f`, `-c * f` or `-c / f`.
fn without_sign(tokens: &[Token]) -> Option<Vec<Token>> {
    if let Some(f) = negated(tokens) {
        return Some(f.to_vec());
    }
    match scaled(tokens) {
        Some((op @ (Mul | Div), c, f)) if c < 0.0 => Some(with_constant(op, -c, f)),
        _ => None,
    }
}

fn join(op: Operator, a: &[Token], b: &[Token]) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(a.len() + b.len() + 1);
    tokens.extend_from_slice(a);
    tokens.extend_from_slice(b);
    tokens.push(Token::Apply(op));
    tokens
}

/// `c op f`, with the rules applied once more.
fn with_constant(op: Operator, c: f64, f: &[Token]) -> Vec<Token> {
    rewrite_binary(op, vec![Token::Constant(c)], f.to_vec())
}

fn rewrite_unary(op: Operator, mut a: Vec<Token>) -> Vec<Token> {
    if let Some(c) = constant(&a) {
        let value = op.apply_unary(c);
        if value.is_finite() {
            return vec![Token::Constant(value)];
        }
    }
    if op == Neg {
        if let Some(inner) = negated(&a) {
            return inner.to_vec();
        }
        if let Some((inner, c, f)) = scaled(&a) {
            match inner {
                Mul | Div => return with_constant(inner, -c, f),
                Add => return with_constant(Sub, -c, f),
                Sub => return with_constant(Add, -c, f),
                _ => {}
            }
        }
        if let Some((Sub, x, y)) = split(&a) {
            return rewrite_binary(Sub, y.to_vec(), x.to_vec());
        }
    }
    a.push(Token::Apply(op));
    a
}

fn rewrite_binary(op: Operator, a: Vec<Token>, b: Vec<Token>) -> Vec<Token> {
    match (constant(&a), constant(&b)) {
        (Some(x), Some(y)) => {
            let value = op.apply_binary(x, y);
            if value.is_finite() {
                return vec![Token::Constant(value)];
            }
        }
        // Constants first: f + c -> c + f, f - c -> -c + f, f * c -> c * f, f / c -> (1/c) * f.
        (None, Some(c)) => match op {
            Add | Mul => return rewrite_binary(op, b, a),
            Sub => return with_constant(Add, -c, &a),
            Div if (1.0 / c).is_normal() => return with_constant(Mul, 1.0 / c, &a),
            _ => {}
        },
        (Some(c), None) => {
            if let Some(merged) = merge_constants(op, c, &b) {
                return merged;
            }
        }
        (None, None) => {
            if let (Add | Sub, Some(f)) = (op, without_sign(&b)) {
                return rewrite_binary(if op == Add { Sub } else { Add }, a, f);
            }
            if let (Add, Some(f)) = (op, without_sign(&a)) {
                return rewrite_binary(Sub, b, f);
            }
        }
    }
    if op.is_commutative() && order(&b) < order(&a) {
        return join(op, &b, &a);
    }
    join(op, &a, &b)
}

#[expect(clippy::float_cmp, reason = "only exactly 1 and -1 change nothing")]
/// `c op (d op' f)` and `c op (-f)` with one constant instead of two, where that is exact up to
/// rounding; also `0 + f`, `1 * f`.
fn merge_constants(op: Operator, c: f64, b: &[Token]) -> Option<Vec<Token>> {
    match op {
        Add if c == 0.0 => return Some(b.to_vec()),
        Mul if c == 1.0 => return Some(b.to_vec()),
        Mul if c == -1.0 => return Some(rewrite_unary(Neg, b.to_vec())),
        Sub if c == 0.0 => return Some(rewrite_unary(Neg, b.to_vec())),
        _ => {}
    }
    if let Some(f) = negated(b) {
        return match op {
            Add => Some(with_constant(Sub, c, f)),
            Sub => Some(with_constant(Add, c, f)),
            Mul | Div => Some(with_constant(op, -c, f)),
            _ => None,
        };
    }
    let (inner, d, f) = scaled(b)?;
    let (outer, merged) = match (op, inner) {
        (Add, Add) => (Add, c + d),
        (Add, Sub) => (Sub, c + d),
        (Sub, Add) => (Sub, c - d),
        (Sub, Sub) => (Add, c - d),
        (Mul, Mul) => (Mul, c * d),
        (Mul, Div) => (Div, c * d),
        (Div, Mul) => (Div, c / d),
        (Div, Div) => (Mul, c / d),
        _ => return None,
    };
    let exact = matches!(op, Add | Sub) || merged.is_normal();
    (exact && merged.is_finite()).then(|| with_constant(outer, merged, f))
}

/// Order of the arguments of commutative operators: constants, then shorter, then by tokens.
fn order(tokens: &[Token]) -> (usize, Vec<u32>) {
    let key = |t: &Token| match *t {
        Token::Constant(_) => 0,
        Token::Variable(v) => 1 + u32::from(v),
        Token::Apply(op) => 0x2_0000 + op.code(),
    };
    (tokens.len(), tokens.iter().map(key).collect())
}

/// Takes a factor or constant term out of a gene, or of the argument of its outermost function
/// where it comes out as one. `None` when there is nothing to take.
fn strip(tokens: &[Token]) -> Option<Vec<Token>> {
    if let Some((op, a, b)) = split(tokens) {
        return match (op, constant(a)) {
            (Add | Sub, Some(_)) => Some(b.to_vec()),
            (Pow, _) if constant(b).is_some() => {
                let (factor, base) = factored(a)?;
                (factor > 0.0).then(|| join(Pow, &base, b))
            }
            _ => factored(tokens).map(|(_, rest)| rest),
        };
    }
    let (&Token::Apply(op), argument) = tokens.split_last()? else {
        return None;
    };
    let argument = match op {
        Neg => return Some(argument.to_vec()),
        // erfc = 1 - erf.
        Erfc => return Some([argument, &[Token::Apply(Erf)]].concat()),
        Exp => match split(argument) {
            Some((Add, a, b)) if constant(a).is_some() => b.to_vec(),
            _ => return None,
        },
        Log | Sqrt => factored(argument).filter(|(factor, _)| *factor > 0.0)?.1,
        Square => factored(argument)?.1,
        _ => return None,
    };
    Some([argument, vec![Token::Apply(op)]].concat())
}

#[expect(clippy::float_cmp, reason = "only exactly 1 changes nothing")]
/// `(k, f)` such that the expression is `k * f` and `f` is shorter or has fewer free constants:
/// the constant factor of products and quotients, and of sums all of whose terms have one.
fn factored(tokens: &[Token]) -> Option<(f64, Vec<Token>)> {
    if let Some(f) = negated(tokens) {
        return Some((-1.0, f.to_vec()));
    }
    let (op, a, b) = split(tokens)?;
    let (factor, rest) = match (op, constant(a)) {
        (Mul, Some(c)) => (c, b.to_vec()),
        (Div, Some(c)) => {
            let (over, f) = factored(b).unwrap_or_else(|| (1.0, b.to_vec()));
            (c / over, join(Div, &[Token::Constant(1.0)], &f))
        }
        (Mul | Div, None) => {
            let whole = |t: &[Token]| (1.0, t.to_vec());
            let (x, y) = (factored(a), factored(b));
            if x.is_none() && y.is_none() {
                return None;
            }
            let ((k, f), (l, g)) = (x.unwrap_or_else(|| whole(a)), y.unwrap_or_else(|| whole(b)));
            (if op == Mul { k * l } else { k / l }, join(op, &f, &g))
        }
        (Add | Sub, Some(c)) => {
            let (k, g) = factored(b)?;
            (k, join(op, &[Token::Constant(c / k)], &g))
        }
        (Add | Sub, None) => {
            let ((k, f), (l, g)) = (factored(a)?, factored(b)?);
            (k, join(op, &f, &join(Mul, &[Token::Constant(l / k)], &g)))
        }
        _ => return None,
    };
    // Taking out 1 changes nothing, and a factor beyond the range of numbers cannot be taken.
    let usable = factor.is_normal() && factor != 1.0;
    let finite = rest
        .iter()
        .all(|t| !matches!(t, Token::Constant(c) if !c.is_finite()));
    (usable && finite).then_some((factor, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Result;
    use crate::population::{is_regular, random_expression_for_tests};
    use proptest::prelude::*;

    const NAMES: [&str; 3] = ["x", "y", "z"];

    fn simple(text: &str) -> Result<String> {
        Expression::parse(text, &NAMES)?
            .simplified()
            .to_infix(&NAMES)
    }

    fn canonical(text: &str) -> Result<Option<String>> {
        Expression::parse(text, &NAMES)?
            .canonical_gene()
            .map(|g| g.to_infix(&NAMES))
            .transpose()
    }

    #[test]
    fn merges_constants_and_signs() -> Result<()> {
        for (text, expected) in [
            ("2+3", "5"),
            ("exp(0)*x", "x"),
            ("2*(3*x)", "6*x"),
            ("(x+1)+2", "3+x"),
            ("x-2", "-2+x"),
            ("x/4", "0.25*x"),
            ("6/(2*x)", "3/x"),
            ("2*(3/x)", "6/x"),
            ("8/(2/x)", "4*x"),
            ("-(-x)", "x"),
            ("-(x-y)", "y-x"),
            ("-(2*x)", "-2*x"),
            ("x-(-y)", "x+y"),
            ("x-(-2*y)", "x+2*y"),
            ("x+(-2/y)", "x-2/y"),
            ("-2*x+y", "y-2*x"),
            ("x+(-y)", "x-y"),
            ("(-x)+y", "y-x"),
            ("1-(2-x)", "-1+x"),
            ("z*x", "x*z"),
            ("exp(y)+x", "x+exp(y)"),
            ("log(-1)+x", "x+log(-1)"),
            ("x/0", "x/0"),
        ] {
            assert_eq!(simple(text)?, expected, "{text}");
        }
        Ok(())
    }

    #[test]
    fn takes_out_of_a_gene_what_weight_and_bias_hold() -> Result<()> {
        for (text, expected) in [
            ("3+2*x", Some("x")),
            ("-exp(2+x)", Some("exp(x)")),
            ("log(2*x)", Some("log(x)")),
            ("sqrt(2*(x/y))-7", Some("sqrt(x/y)")),
            ("5/(x+2)", Some("1/(2+x)")),
            ("(2*x)*y", Some("x*y")),
            ("(3*x)/(2*y)", Some("x/y")),
            ("erfc(x)", Some("erf(x)")),
            ("square(3*x)", Some("square(x)")),
            ("(2*x)^y", Some("(2*x)^y")),
            ("(2*x)^1.5", Some("x^1.5")),
            ("1/(3*x)", Some("1/x")),
            ("exp(2*x)", Some("exp(2*x)")),
            ("2*x+3*y", Some("x+1.5*y")),
            ("(2*x-3*y)/(5*z)", Some("(x-1.5*y)/z")),
            ("(2+4*x)*y", Some("y*(0.5+x)")),
            ("sqrt(2+4*x)", Some("sqrt(0.5+x)")),
            ("log(-2*x)", Some("log(-2*x)")),
            ("1/(2+4*x)", Some("1/(0.5+x)")),
            ("4", None),
        ] {
            assert_eq!(canonical(text)?.as_deref(), expected, "{text}");
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// A gene and its canonical form differ by a factor and a constant term: fitted to two
        /// points, they agree at a third.
        #[test]
        fn a_canonical_gene_is_an_affine_image(seed in any::<u64>()) {
            let e = random_expression_for_tests(seed, 3, 5);
            let Some(g) = e.canonical_gene() else { return Ok(()) };
            prop_assert!(g.complexity() <= e.complexity());
            let rows = [[0.7, 1.3, 2.9], [3.1, 0.2, 0.9], [1.1, 2.3, 0.4]];
            let at = |x: &Expression| rows.map(|r| x.evaluate_row(&r).unwrap());
            let (a, b) = (at(&e), at(&g));
            let regular = rows.iter().all(|r| is_regular(&e, r) && is_regular(&g, r))
                && a.iter().chain(&b).all(|v| v.is_finite() && v.abs() < 1e6)
                && (b[1] - b[0]).abs() > 1e-3 * (b[1].abs() + b[0].abs())
                // Otherwise rounding has taken what the slope is made of.
                && (a[1] - a[0]).abs() > 1e-3 * (a[1].abs() + a[0].abs());
            if regular {
                let slope = (a[1] - a[0]) / (b[1] - b[0]);
                let predicted = a[0] + slope * (b[2] - b[0]);
                let size = a.iter().map(|v| v.abs()).fold(0.0, f64::max)
                    + slope.abs() * b.iter().map(|v| v.abs()).fold(0.0, f64::max);
                prop_assert!((predicted - a[2]).abs() <= 1e-6 * size, "{:?} {:?}", e, g);
            }
        }

        #[test]
        fn keeps_values_and_never_grows(seed in any::<u64>()) {
            let e = random_expression_for_tests(seed, 3, 6);
            let s = e.simplified();
            prop_assert!(s.node_count() <= e.node_count());
            prop_assert!(s.complexity() <= e.complexity(), "{:?} {:?}", e, s);
            prop_assert_eq!(&s.simplified(), &s, "not idempotent");
            for row in [[0.7, 1.3, 2.9], [3.1, 0.2, 0.9]] {
                let (a, b) = (e.evaluate_row(&row).unwrap(), s.evaluate_row(&row).unwrap());
                if is_regular(&e, &row) && is_regular(&s, &row) && a.abs() < 1e100 {
                    prop_assert!((a - b).abs() <= 1e-8 * a.abs(), "{} {} from {:?} to {:?}", a, b, e, s);
                }
            }
        }
    }
}
