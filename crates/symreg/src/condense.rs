//! The last simplification of a law: like terms and like factors collected.

use crate::expression::{Expression, Token, subtree_start};
use crate::operator::Operator;

use Operator::{
    Abs, Add, Cos, Div, Erf, Erfc, Exp, Log, Mul, Neg, Pow, Sin, Sqrt, Square, Sub, Tanh,
};

type Tokens = Vec<Token>;

impl Expression {
    /// An equal expression with like terms and like factors collected, for results.
    ///
    /// Beyond [`simplified`](Self::simplified), it sees through sums and products as wholes:
    /// `x*y/x` is `y`, `2*x+y-x` is `x+y`, `x*x` is `square(x)`, `exp(log(x))` is `x`,
    /// `1+2*erfc(x)` is `3-2*erf(x)`. It may use square, square root and power where they make the law shorter,
    /// also if a search was not given them. Sums and products are put together so that the
    /// [`complexity`](Self::complexity) is least.
    ///
    /// Never more complex and never longer than [`simplified`](Self::simplified). Values agree to
    /// rounding wherever all intermediate values of the original are finite and none under- or
    /// overflows. The result may be defined where the original is not: `x/x` at 0. O(n²).
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::Expression;
    /// let law = Expression::parse("(2*x*y - x*y)/(x*sqrt(y)) + erfc(x) + 1", &["x", "y"])?;
    /// assert_eq!(law.condensed().to_infix(&["x", "y"])?, "2+sqrt(y)-erf(x)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn condensed(&self) -> Self {
        let mut best = self.simplified();
        // Collecting may bring new likes together; each round is no larger, so that few are needed.
        for _ in 0..8 {
            let Some(sum) = build(best.tokens()) else {
                break;
            };
            let Some(next) = emit_sum(&sum).map(Self::from_valid) else {
                break;
            };
            let size = |e: &Self| (e.complexity(), e.node_count());
            let (now, then) = (size(&best), size(&next));
            if next == best || then.0 > now.0 || then.1 > now.1 {
                break;
            }
            best = next;
        }
        best
    }
}

/// A constant and terms, each a factor times a product of powers.
#[derive(Debug, Clone, PartialEq)]
struct Sum {
    constant: f64,
    terms: Vec<(f64, Monomial)>,
}

/// Powers of expressions that are no products themselves, in a fixed order.
type Monomial = Vec<(Tokens, f64)>;

fn constant(value: f64) -> Option<Sum> {
    value.is_finite().then(|| Sum {
        constant: value,
        terms: Vec::new(),
    })
}

fn atom(tokens: Tokens) -> Sum {
    Sum {
        constant: 0.0,
        terms: vec![(1.0, vec![(tokens, 1.0)])],
    }
}

/// `None` where a number would not be finite: such a law is left as it is.
fn build(tokens: &[Token]) -> Option<Sum> {
    let mut stack: Vec<Sum> = Vec::new();
    for token in tokens {
        let next = match *token {
            Token::Constant(c) => constant(c)?,
            Token::Variable(_) => atom(vec![*token]),
            Token::Apply(op) if op.arity() == 1 => {
                let a = stack.pop()?;
                unary(op, a)?
            }
            Token::Apply(op) => {
                let b = stack.pop()?;
                let a = stack.pop()?;
                binary(op, a, b)?
            }
        };
        stack.push(next);
    }
    stack.pop()
}

/// The number that a sum is, if it is one.
fn number(a: &Sum) -> Option<f64> {
    a.terms.is_empty().then_some(a.constant)
}

/// The factor and the powers of a sum of one term.
fn single(a: &Sum) -> Option<(f64, &Monomial)> {
    match a.terms.as_slice() {
        [(k, m)] if a.constant == 0.0 => Some((*k, m)),
        _ => None,
    }
}

fn scaled(mut a: Sum, factor: f64) -> Option<Sum> {
    a.constant *= factor;
    for (k, _) in &mut a.terms {
        *k *= factor;
    }
    checked(a)
}

/// Only with finite numbers, without terms of factor 0.
fn checked(mut a: Sum) -> Option<Sum> {
    a.terms.retain(|(k, _)| *k != 0.0);
    let finite = a.constant.is_finite()
        && a.terms
            .iter()
            .all(|(k, m)| k.is_finite() && m.iter().all(|(_, e)| e.is_finite()));
    finite.then_some(a)
}

fn added(mut a: Sum, b: Sum) -> Option<Sum> {
    a.constant += b.constant;
    for (k, m) in b.terms {
        match a.terms.iter_mut().find(|(_, other)| *other == m) {
            Some((own, _)) => *own += k,
            None => a.terms.push((k, m)),
        }
    }
    a.terms.sort_by(|(_, m), (_, n)| {
        key(m)
            .partial_cmp(&key(n))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    without_erfc(checked(a)?)
}

/// Order of terms: shorter first.
fn key(m: &Monomial) -> (usize, Vec<(u64, f64)>) {
    let length = m.iter().map(|(t, _)| t.len()).sum();
    let parts = m
        .iter()
        .flat_map(|(t, e)| t.iter().map(|token| token_key(token, *e)))
        .collect();
    (length, parts)
}

fn token_key(token: &Token, exponent: f64) -> (u64, f64) {
    match *token {
        Token::Variable(v) => (1 + u64::from(v), exponent),
        Token::Constant(c) => (0, c),
        Token::Apply(op) => (0x2_0000 + u64::from(op.code()), exponent),
    }
}

/// `c + k erfc(f)` is `(c + k) - k erf(f)`: one form of two, and no digits lost, as the constant is
/// there anyway. Without a constant erfc stays, which is exact where it is small.
fn without_erfc(mut a: Sum) -> Option<Sum> {
    let erfc = |m: &Monomial| matches!(m.as_slice(), [(t, e)] if t.last() == Some(&Token::Apply(Erfc)) && is(*e, 1.0));
    if a.constant == 0.0 {
        return Some(a);
    }
    let Some(at) = a.terms.iter().position(|(_, m)| erfc(m)) else {
        return Some(a);
    };
    let (k, mut m) = a.terms.remove(at);
    if let Some(root) = m[0].0.last_mut() {
        *root = Token::Apply(Erf);
    }
    a.constant += k;
    let rest = Sum {
        constant: 0.0,
        terms: vec![(-k, m)],
    };
    added(a, rest)
}

#[expect(clippy::float_cmp, reason = "only exactly this number changes nothing")]
fn is(value: f64, number: f64) -> bool {
    value == number
}

/// A sum as one factor: its own powers if it is one term, else itself as a whole.
fn as_factor(a: Sum) -> Option<(f64, Monomial)> {
    if let Some((k, m)) = single(&a) {
        return Some((k, m.clone()));
    }
    // A factor that all terms share goes outside.
    let first = a.terms.first()?.0;
    let alike = a.terms.iter().all(|(k, _)| is(k.abs(), first.abs()))
        && (a.constant == 0.0 || is(a.constant.abs(), first.abs()));
    let factor = if alike { first } else { 1.0 };
    let inside = if alike && !is(factor, 1.0) {
        scaled(a, 1.0 / factor)?
    } else {
        a
    };
    // The factor must come back exactly.
    if alike && !inside.terms.iter().all(|(k, _)| is(k.abs(), 1.0)) {
        return None;
    }
    Some((factor, vec![(emit_sum(&inside)?, 1.0)]))
}

fn multiplied(a: (f64, Monomial), b: (f64, Monomial)) -> Option<Sum> {
    let mut factor = a.0 * b.0;
    let mut powers = a.1;
    for (base, exponent) in b.1 {
        match powers.iter_mut().find(|(other, _)| *other == base) {
            Some((_, own)) => *own += exponent,
            None => powers.push((base, exponent)),
        }
    }
    powers.retain(|(_, e)| *e != 0.0);
    // exp(f)^k exp(g) is exp(k f + g).
    let (exponentials, mut powers): (Monomial, Monomial) = powers
        .into_iter()
        .partition(|(t, _)| t.last() == Some(&Token::Apply(Exp)));
    if exponentials.len() > 1 {
        let mut argument = constant(0.0)?;
        for (t, e) in &exponentials {
            argument = added(argument, scaled(build(&t[..t.len() - 1])?, *e)?)?;
        }
        if let Some(c) = number(&argument) {
            factor *= Exp.apply_unary(c);
        } else {
            let mut tokens = emit_sum(&argument)?;
            tokens.push(Token::Apply(Exp));
            powers.push((tokens, 1.0));
        }
    } else {
        powers.extend(exponentials);
    }
    powers.sort_by(|x, y| {
        let k = |p: &(Tokens, f64)| key(&vec![p.clone()]);
        k(x).partial_cmp(&k(y)).unwrap_or(std::cmp::Ordering::Equal)
    });
    if powers.is_empty() {
        return constant(factor);
    }
    checked(Sum {
        constant: 0.0,
        terms: vec![(factor, powers)],
    })
}

fn product(a: Sum, b: Sum) -> Option<Sum> {
    match (number(&a), number(&b)) {
        (Some(c), _) => scaled(b, c),
        (None, Some(c)) => scaled(a, c),
        (None, None) => multiplied(as_factor(a)?, as_factor(b)?),
    }
}

fn inverse((k, m): (f64, Monomial)) -> Option<(f64, Monomial)> {
    let factor = 1.0 / k;
    factor
        .is_normal()
        .then(|| (factor, m.into_iter().map(|(t, e)| (t, -e)).collect()))
}

fn power(a: &Sum, exponent: f64) -> Option<Sum> {
    if let Some(c) = number(a) {
        return constant(Pow.apply_binary(c, exponent));
    }
    if exponent == 0.0 {
        return constant(1.0);
    }
    let whole = exponent.fract() == 0.0;
    if let Some((k, m)) = single(a) {
        if whole {
            let mut powers = m.clone();
            for (base, e) in &mut powers {
                *e *= exponent;
                if (0.5 * *e).fract() == 0.0 && base.last() == Some(&Token::Apply(Abs)) {
                    base.pop();
                }
            }
            return multiplied((Pow.apply_binary(k, exponent), Vec::new()), (1.0, powers));
        }
        if let ([(base, e)], true) = (m.as_slice(), k > 0.0) {
            // (k f)^a is k^a f^a for a positive k; of powers of f only the first keeps its sign.
            let factor = Pow.apply_binary(k, exponent);
            if is(*e, 1.0) {
                return multiplied((factor, Vec::new()), (1.0, vec![(base.clone(), exponent)]));
            }
            if is(*e, 2.0) && is(exponent, 0.5) {
                let mut size = base.clone();
                size.push(Token::Apply(Abs));
                return scaled(atom(size), factor);
            }
        }
    }
    checked(Sum {
        constant: 0.0,
        terms: vec![(1.0, vec![(emit_sum(a)?, exponent)])],
    })
}

fn unary(op: Operator, a: Sum) -> Option<Sum> {
    if op == Neg {
        return scaled(a, -1.0);
    }
    if let Some(c) = number(&a) {
        return constant(op.apply_unary(c));
    }
    match op {
        Square => return power(&a, 2.0),
        Sqrt => return power(&a, 0.5),
        // exp(k log f) is f^k.
        Exp => {
            if let Some((k, [(t, e)])) = single(&a).map(|(k, m)| (k, m.as_slice())) {
                if is(*e, 1.0) && t.last() == Some(&Token::Apply(Log)) {
                    return power(&build(&t[..t.len() - 1])?, k);
                }
            }
        }
        Log => {
            if let Some((k, [(t, e)])) = single(&a).map(|(k, m)| (k, m.as_slice())) {
                if is(k, 1.0) && t.last() == Some(&Token::Apply(Exp)) {
                    return scaled(build(&t[..t.len() - 1])?, *e);
                }
            }
        }
        _ => {}
    }
    let negative = a.constant <= 0.0 && a.terms.iter().all(|(k, _)| *k < 0.0);
    let (a, sign) = match op {
        Sin | Tanh | Erf if negative => (scaled(a, -1.0)?, -1.0),
        Cos | Abs if negative => (scaled(a, -1.0)?, 1.0),
        _ => (a, 1.0),
    };
    let mut tokens = emit_sum(&a)?;
    let inner = tokens.last().copied();
    if matches!(op, Abs | Cos) && inner == Some(Token::Apply(Abs)) {
        tokens.pop();
    }
    let is_positive = matches!(inner, Some(Token::Apply(Square | Exp | Sqrt | Erfc)));
    if !(op == Abs && is_positive) {
        tokens.push(Token::Apply(op));
    }
    scaled(atom(tokens), sign)
}

fn binary(op: Operator, a: Sum, b: Sum) -> Option<Sum> {
    match op {
        Add => added(a, b),
        Sub => added(a, scaled(b, -1.0)?),
        Mul => product(a, b),
        Div => match (number(&a), number(&b)) {
            (_, Some(0.0)) => None,
            (_, Some(c)) => {
                let mut a = a;
                a.constant /= c;
                for (k, _) in &mut a.terms {
                    *k /= c;
                }
                checked(a)
            }
            (Some(c), None) => scaled(multiplied(inverse(as_factor(b)?)?, (1.0, Vec::new()))?, c),
            (None, None) => multiplied(as_factor(a)?, inverse(as_factor(b)?)?),
        },
        Pow => match number(&b) {
            Some(c) => power(&a, c),
            None => Some(atom(joined(emit_sum(&a)?, &emit_sum(&b)?, Pow))),
        },
        _ => {
            if let (Some(x), Some(y)) = (number(&a), number(&b)) {
                return constant(op.apply_binary(x, y));
            }
            let (x, y) = (emit_sum(&a)?, emit_sum(&b)?);
            if x == y {
                return Some(a);
            }
            Some(atom(joined(x, &y, op)))
        }
    }
}

fn joined(mut a: Tokens, b: &[Token], op: Operator) -> Tokens {
    a.extend_from_slice(b);
    a.push(Token::Apply(op));
    a
}

/// Puts pieces together in pairs, the two shortest first, so that the sum of all subtree sizes is
/// least (Huffman).
fn paired<T>(
    mut pieces: Vec<T>,
    size: impl Fn(&T) -> usize,
    join: impl Fn(T, T) -> T,
) -> Option<T> {
    while pieces.len() > 1 {
        // Of equally short ones the earlier.
        let shortest = |pieces: &[T]| (0..pieces.len()).min_by_key(|&i| (size(&pieces[i]), i));
        let i = shortest(&pieces)?;
        let a = pieces.remove(i);
        let j = shortest(&pieces)?;
        let b = pieces.remove(j);
        let at = i.min(j).min(pieces.len());
        pieces.insert(at, join(a, b));
    }
    pieces.pop()
}

/// Tokens of a sum.
fn emit_sum(a: &Sum) -> Option<Tokens> {
    let mut pieces: Vec<(Tokens, bool)> = Vec::new();
    if a.constant != 0.0 || a.terms.is_empty() {
        pieces.push((vec![Token::Constant(a.constant.abs())], a.constant < 0.0));
    }
    // Terms of one factor share it: 2*x + 2*y is 2*(x + y).
    let mut rest: Vec<&(f64, Monomial)> = a.terms.iter().collect();
    while let Some(size) = rest.first().map(|t| t.0.abs()) {
        let (group, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|t| is(t.0.abs(), size));
        rest = others;
        if group.len() == 1 || is(size, 1.0) {
            for (k, m) in group {
                pieces.push((emit_term(k.abs(), m)?, *k < 0.0));
            }
        } else {
            let inside: Option<Vec<(Tokens, bool)>> = group
                .iter()
                .map(|(k, m)| Some((emit_term(1.0, m)?, *k < 0.0)))
                .collect();
            let (tokens, negative) = added_up(inside?)?;
            pieces.push((joined(vec![Token::Constant(size)], &tokens, Mul), negative));
        }
    }
    let (tokens, negative) = added_up(pieces)?;
    Some(if negative { negated(tokens) } else { tokens })
}

/// Pieces with their signs, as one.
fn added_up(pieces: Vec<(Tokens, bool)>) -> Option<(Tokens, bool)> {
    paired(
        pieces,
        |p| p.0.len(),
        |(a, minus_a), (b, minus_b)| match (minus_a, minus_b) {
            (false, false) => (joined(a, &b, Add), false),
            (true, true) => (joined(a, &b, Add), true),
            (false, true) => (joined(a, &b, Sub), false),
            (true, false) => (joined(b, &a, Sub), false),
        },
    )
}

/// With the sign in a constant where there is one.
fn negated(mut tokens: Tokens) -> Tokens {
    if let [Token::Constant(c)] = tokens.as_mut_slice() {
        *c = -*c;
        return tokens;
    }
    let root = tokens.len() - 1;
    let takes_sign =
        matches!(tokens[root], Token::Apply(Mul | Div)) && subtree_start(&tokens, root - 1) == 1;
    if let (true, Token::Constant(c)) = (takes_sign, &mut tokens[0]) {
        // `c*f` or `c/f`: the constant is the first argument of the root.
        *c = -*c;
    } else {
        tokens.push(Token::Apply(Neg));
    }
    tokens
}

/// Tokens of `k` times a product of powers, `k` positive.
fn emit_term(k: f64, m: &Monomial) -> Option<Tokens> {
    if let ([(t, e)], true) = (m.as_slice(), is(k, 1.0)) {
        if is(*e, -1.0) && t.last() == Some(&Token::Apply(Exp)) {
            let argument = scaled(build(&t[..t.len() - 1])?, -1.0)?;
            let mut tokens = emit_sum(&argument)?;
            tokens.push(Token::Apply(Exp));
            return Some(tokens);
        }
    }
    let raised = |above: bool| -> Vec<Tokens> {
        m.iter()
            .filter(|(_, e)| (*e > 0.0) == above)
            .map(|(t, e)| emit_power(t, e.abs()))
            .collect()
    };
    let (mut above, below) = (raised(true), raised(false));
    let multiply = |a: Tokens, b: Tokens| joined(a, &b, Mul);
    if above.is_empty() || !is(k, 1.0) {
        above.insert(0, vec![Token::Constant(k)]);
    }
    let numerator = paired(above, Vec::len, multiply)?;
    match paired(below, Vec::len, multiply) {
        None => Some(numerator),
        Some(denominator) => Some(joined(numerator, &denominator, Div)),
    }
}

fn emit_power(base: &[Token], exponent: f64) -> Tokens {
    let mut tokens = base.to_vec();
    if is(exponent, 1.0) {
        return tokens;
    }
    if is(exponent, 2.0) {
        tokens.push(Token::Apply(Square));
    } else if is(exponent, 0.5) {
        tokens.push(Token::Apply(Sqrt));
    } else {
        tokens.push(Token::Constant(exponent));
        tokens.push(Token::Apply(Pow));
    }
    tokens
}

#[cfg(test)]
mod tests;
