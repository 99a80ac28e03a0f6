//! Terms that a law may be a sum of: power products of the inputs, and functions of them with their
//! scale and shift on a grid.

use super::pieces::Piece;
use super::vocabulary::Vocabulary;
use crate::expression::Token;
use crate::kernel::loops::map;
use crate::operator::Operator;

/// A term with its values on the screening rows.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub(super) tokens: Vec<Token>,
    pub(super) values: Vec<f64>,
    /// Terms of one family differ only in the numbers of a grid.
    pub(super) family: usize,
}

/// A product of powers of the inputs.
#[derive(Debug, Clone)]
pub(super) struct Monomial {
    /// Twice the exponent of each variable.
    pub(super) halves: Vec<i32>,
    pub(super) tokens: Vec<Token>,
    pub(super) values: Vec<f64>,
}

/// Power products, simplest first: exponents of -1, 0 and 1 before others, at most `most`.
///
/// Inputs that are not positive on all rows enter only with exponents of 1 and more.
pub(super) fn monomials(
    columns: &[Vec<f64>],
    variables: &[u16],
    vocabulary: &Vocabulary,
    most: usize,
) -> Vec<Monomial> {
    let choices: Vec<Vec<i32>> = variables
        .iter()
        .map(|&v| {
            let positive = columns[usize::from(v)].iter().all(|x| *x > 0.0);
            if positive {
                vec![0, 2, -2, 4, -4, 1, -1, 6]
            } else {
                vec![0, 2, 4, 6]
            }
        })
        .collect();
    let price = |halves: i32| match halves {
        0 => 0,
        2 | -2 => 1,
        4 | -4 | 1 | -1 => 4,
        _ => 6,
    };
    // All products of a price, price after price, so that the list may stop anywhere.
    let mut out: Vec<Monomial> = Vec::new();
    let dearest: i32 = 6 * variables.len() as i32;
    for total in 1..=dearest {
        let mut chosen = vec![0; variables.len()];
        let mut found: Vec<Vec<i32>> = Vec::new();
        by_price(&choices, &price, total, 0, &mut chosen, &mut found, most);
        for halves in found {
            if out.len() >= most {
                return out;
            }
            let factors: Vec<(Vec<Token>, i32)> = variables
                .iter()
                .map(|&v| vec![Token::Variable(v)])
                .zip(halves.iter().copied())
                .collect();
            let Some(tokens) = vocabulary.power_product(&factors) else {
                continue;
            };
            let n = columns.first().map_or(0, Vec::len);
            let mut values = vec![1.0; n];
            for (&v, &h) in variables.iter().zip(&halves) {
                for (value, &x) in values.iter_mut().zip(&columns[usize::from(v)]) {
                    *value *= half_power(x, h);
                }
            }
            out.push(Monomial {
                halves,
                tokens,
                values,
            });
        }
    }
    out
}

fn by_price(
    choices: &[Vec<i32>],
    price: &impl Fn(i32) -> i32,
    left: i32,
    at: usize,
    chosen: &mut Vec<i32>,
    found: &mut Vec<Vec<i32>>,
    most: usize,
) {
    if found.len() >= most {
        return;
    }
    if at == choices.len() {
        if left == 0 {
            found.push(chosen.clone());
        }
        return;
    }
    // What the variables that are left can cost at most.
    let reachable = choices[at..]
        .iter()
        .map(|c| c.iter().map(|&h| price(h)).max().unwrap_or(0))
        .sum::<i32>();
    if left > reachable {
        return;
    }
    for &h in &choices[at] {
        if price(h) <= left {
            chosen[at] = h;
            by_price(choices, price, left - price(h), at + 1, chosen, found, most);
        }
    }
    chosen[at] = 0;
}

pub(super) fn half_power(x: f64, halves: i32) -> f64 {
    if halves % 2 == 0 {
        x.powi(halves / 2)
    } else {
        x.sqrt().powi(halves)
    }
}

/// A function of one argument `a * m + b` whose constants do not come out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// erf, or tanh where there is no erf.
    Step,
    Exp,
    Log,
    Root,
    Reciprocal,
    ReciprocalRoot,
    Sin,
    Cos,
}

/// A shape over each of some power products, with scale and shift on a coarse grid: the fit starts from
/// the points of the grid. Shape after shape.
pub(super) fn wrapped(monomials: &[Monomial], vocabulary: &Vocabulary) -> Vec<Term> {
    use Shape::{Cos, Exp, Log, Reciprocal, ReciprocalRoot, Root, Sin, Step};
    let mut out = Vec::new();
    let spreads: Vec<Option<Spread>> = monomials.iter().map(|m| Spread::of(&m.values)).collect();
    for shape in [Step, Exp, Sin, Cos, Log, Reciprocal, Root, ReciprocalRoot] {
        for (index, (monomial, spread)) in monomials.iter().zip(&spreads).enumerate() {
            let Some(spread) = spread else {
                continue;
            };
            let family = 8 * index + shape as usize;
            for (scale, shift) in shape.grid(spread) {
                if let Some(term) = shape.term(scale, shift, monomial, vocabulary) {
                    out.push(Term {
                        tokens: term.0,
                        values: term.1,
                        family,
                    });
                }
            }
        }
    }
    out
}

/// Quantiles of a column.
struct Spread {
    least: f64,
    /// The 5, 25, 50, 75 and 95 per cent quantiles.
    quantiles: [f64; 5],
    largest: f64,
}

impl Spread {
    /// The quantiles and the middles between them.
    fn centers(&self) -> [f64; 9] {
        let q = &self.quantiles;
        std::array::from_fn(|k| 0.5 * (q[k / 2] + q[k.div_ceil(2)]))
    }

    fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let (least, largest) = (*sorted.first()?, *sorted.last()?);
        let at = |q: f64| sorted[(q * (sorted.len() - 1) as f64).round() as usize];
        (least.is_finite() && largest.is_finite() && largest > least).then(|| Self {
            least,
            quantiles: [at(0.05), at(0.25), at(0.5), at(0.75), at(0.95)],
            largest,
        })
    }
}

impl Shape {
    /// Scale and shift of the argument.
    fn grid(self, spread: &Spread) -> Vec<(f64, f64)> {
        let Spread {
            least,
            quantiles,
            largest,
        } = spread;
        let width = (quantiles[3] - quantiles[1]).max(1e-3 * (largest - least));
        let range = largest - least;
        match self {
            Self::Step => quantiles[1..4]
                .iter()
                .flat_map(|c| [0.4, 1.2].map(|w| (1.0 / (w * width), -c / (w * width))))
                .collect(),
            Self::Exp => [0.6, 2.5]
                .into_iter()
                .flat_map(|w| [(1.0 / (w * width), 0.0), (-1.0 / (w * width), 0.0)])
                .collect(),
            Self::Log | Self::Root | Self::Reciprocal | Self::ReciprocalRoot => {
                // Beyond both ends of the range, near and far; 1 + m and 1 - m where they are defined.
                let mut grid: Vec<(f64, f64)> = [0.1, 0.8]
                    .into_iter()
                    .flat_map(|f| [(1.0, f * range - least), (-1.0, f * range + largest)])
                    .collect();
                grid.extend([(1.0, 1.0), (-1.0, 1.0)]);
                grid
            }
            Self::Sin | Self::Cos => {
                let turn = std::f64::consts::TAU / range;
                [0.3, 0.6, 1.0, 1.5, 2.2, 3.0]
                    .into_iter()
                    .map(|cycles| (cycles * turn, 0.0))
                    .chain([(1.0, 0.0)])
                    .collect()
            }
        }
    }

    /// Tokens and values of the shape at `scale * m + shift`.
    fn term(
        self,
        scale: f64,
        shift: f64,
        monomial: &Monomial,
        vocabulary: &Vocabulary,
    ) -> Option<(Vec<Token>, Vec<f64>)> {
        let of = |op| vocabulary.has(op).then_some(op);
        let constant = |c: f64| [Token::Constant(c)];
        let scaled = || vocabulary.binary(Operator::Mul, &constant(scale), &monomial.tokens);
        // For functions of one constant the scale comes out: only its sign is kept.
        let shifted = || {
            let op = if scale < 0.0 {
                Operator::Sub
            } else {
                Operator::Add
            };
            vocabulary.binary(op, &constant(shift), &monomial.tokens)
        };
        let (function, argument) = match self {
            Self::Step => {
                let function = of(Operator::Erf).or(of(Operator::Tanh))?;
                (
                    function,
                    vocabulary.binary(Operator::Add, &constant(shift), &scaled()?)?,
                )
            }
            Self::Exp => (of(Operator::Exp)?, scaled()?),
            Self::Log => (of(Operator::Log)?, shifted()?),
            Self::Root | Self::ReciprocalRoot => (of(Operator::Sqrt)?, shifted()?),
            Self::Reciprocal => (Operator::Div, shifted()?),
            Self::Sin => (of(Operator::Sin)?, scaled()?),
            Self::Cos => (of(Operator::Cos)?, scaled()?),
        };
        let one = constant(1.0);
        let tokens = match self {
            Self::Reciprocal => vocabulary.binary(Operator::Div, &one, &argument)?,
            Self::ReciprocalRoot => {
                let root = vocabulary.unary(function, &argument)?;
                vocabulary.binary(Operator::Div, &one, &root)?
            }
            _ => vocabulary.unary(function, &argument)?,
        };
        let arguments = monomial.values.iter().map(|m| scale * m + shift);
        let values: Vec<f64> = match self {
            Self::Reciprocal => arguments.map(|z| 1.0 / z).collect(),
            Self::ReciprocalRoot => arguments.map(|z| 1.0 / z.sqrt()).collect(),
            _ => map(function, &arguments.collect::<Vec<f64>>()),
        };
        values
            .iter()
            .all(|v| v.abs() < 1e8)
            .then_some((tokens, values))
    }
}

/// Functions of one or two inputs, times power products of the others; of one input, also times powers of
/// it. Simplest first, at most `most`.
pub(super) fn modulated(
    columns: &[Vec<f64>],
    variables: &[u16],
    monomials: &[Monomial],
    vocabulary: &Vocabulary,
    most: usize,
) -> Vec<Term> {
    let functions = functions(columns, variables, vocabulary);
    // Each function with the power products that share no input with it, as far down the list as there
    // is room.
    let mut order: Vec<(usize, usize, usize)> = Vec::new();
    for (j, function) in functions.iter().enumerate() {
        let alone = function.holds.iter().filter(|h| **h).count() == 1;
        let fitting = monomials.iter().enumerate().filter(|(_, m)| {
            let disjoint = m
                .halves
                .iter()
                .zip(&function.holds)
                .all(|(h, held)| *h == 0 || !held);
            let same = alone
                && m.halves
                    .iter()
                    .zip(&function.holds)
                    .all(|(h, held)| *h == 0 || *held);
            disjoint || same
        });
        for (rank, (i, _)) in fitting.enumerate().take(most) {
            order.push((rank, j, i));
        }
    }
    order.sort_unstable();
    let term = |(_, j, i): &(usize, usize, usize)| {
        let (monomial, function) = (&monomials[*i], &functions[*j]);
        let values = monomial.values.iter().zip(&function.values);
        Some(Term {
            tokens: vocabulary.binary(Operator::Mul, &monomial.tokens, &function.tokens)?,
            values: values.map(|(m, f)| m * f).collect(),
            family: 0,
        })
    };
    order.iter().take(most).filter_map(term).collect()
}

/// Transcendental functions of the first `most` of the pieces that are no power products.
pub(super) fn composed(pieces: &[Piece], vocabulary: &Vocabulary, most: usize) -> Vec<Term> {
    use Operator::{Cos, Erf, Exp, Log, Sin, Tanh};
    let mut out = Vec::new();
    for piece in pieces.iter().filter(|p| !p.is_monomial).take(most) {
        for op in [Sin, Cos, Exp, Log, Tanh, Erf] {
            for sign in [1.0, -1.0] {
                if sign < 0.0 && op != Exp {
                    continue;
                }
                let scaled =
                    || vocabulary.binary(Operator::Mul, &[Token::Constant(sign)], &piece.tokens);
                let argument = if op == Exp {
                    scaled()
                } else {
                    Some(piece.tokens.clone())
                };
                let Some(tokens) = argument.and_then(|a| vocabulary.unary(op, &a)) else {
                    continue;
                };
                let values: Vec<f64> = piece
                    .values
                    .iter()
                    .map(|v| op.apply_unary(sign * v))
                    .collect();
                if values.iter().all(|v| v.abs() < 1e8) {
                    out.push(Term {
                        tokens,
                        values,
                        family: 0,
                    });
                }
            }
        }
    }
    out
}

/// A transcendental function of one or two inputs.
struct Function {
    tokens: Vec<Token>,
    values: Vec<f64>,
    /// Which inputs it holds.
    holds: Vec<bool>,
}

fn functions(columns: &[Vec<f64>], variables: &[u16], vocabulary: &Vocabulary) -> Vec<Function> {
    use Operator::{Add, Cos, Div, Erf, Exp, Log, Mul, Sin, Square, Sub, Tanh};
    let mut arguments: Vec<(Vec<Token>, Vec<f64>, Vec<bool>)> = Vec::new();
    let held = |of: &[usize]| (0..variables.len()).map(|k| of.contains(&k)).collect();
    let column = |k: usize| &columns[usize::from(variables[k])];
    for (a, &v) in variables.iter().enumerate() {
        arguments.push((vec![Token::Variable(v)], column(a).clone(), held(&[a])));
    }
    for (op, ordered) in [(Mul, false), (Sub, false), (Div, true), (Add, false)] {
        for a in 0..variables.len() {
            for b in 0..variables.len() {
                if a == b || !ordered && b < a {
                    continue;
                }
                let (x, y) = (variables[a], variables[b]);
                let Some(tokens) =
                    vocabulary.binary(op, &[Token::Variable(x)], &[Token::Variable(y)])
                else {
                    continue;
                };
                let values = column(a)
                    .iter()
                    .zip(column(b))
                    .map(|(x, y)| op.apply_binary(*x, *y));
                arguments.push((tokens, values.collect(), held(&[a, b])));
            }
        }
    }
    let mut out: Vec<Function> = Vec::new();
    for (argument, values, holds) in &arguments {
        let mut offer = |tokens: Option<Vec<Token>>, values: Vec<f64>| {
            let usable = values.iter().all(|v| v.abs() < 1e8);
            if let (Some(tokens), true) = (tokens, usable) {
                out.push(Function {
                    tokens,
                    values,
                    holds: holds.clone(),
                });
            }
        };
        for op in [Cos, Sin, Exp, Log, Tanh, Erf] {
            let at = |sign: f64| {
                values
                    .iter()
                    .map(|v| op.apply_unary(sign * v))
                    .collect::<Vec<f64>>()
            };
            if op == Exp {
                for sign in [-1.0, 1.0] {
                    let scaled = vocabulary.binary(Mul, &[Token::Constant(sign)], argument);
                    offer(scaled.and_then(|s| vocabulary.unary(op, &s)), at(sign));
                }
                continue;
            }
            let tokens = vocabulary.unary(op, argument);
            if matches!(op, Cos | Log | Tanh) {
                let square = tokens.as_ref().and_then(|t| vocabulary.unary(Square, t));
                offer(square, at(1.0).iter().map(|v| v * v).collect());
            }
            offer(tokens, at(1.0));
        }
    }
    out
}

/// Functions of one input with a minimum or maximum where it may be: $(x - c)^2$, and of
/// $b + (x - c)^2$ the reciprocal, the logarithm and the exponential.
pub(super) fn bumps(
    columns: &[Vec<f64>],
    variables: &[u16],
    vocabulary: &Vocabulary,
    first_family: usize,
) -> Vec<Term> {
    let mut out = Vec::new();
    for (index, &v) in variables.iter().enumerate() {
        let column = &columns[usize::from(v)];
        let Some(spread) = Spread::of(column) else {
            continue;
        };
        let width =
            (spread.quantiles[3] - spread.quantiles[1]).max(1e-3 * (spread.largest - spread.least));
        for center in spread.centers() {
            for (kind, depth) in [
                (0, 0.0),
                (1, 0.1),
                (1, 0.4),
                (1, 1.5),
                (2, 0.1),
                (2, 0.4),
                (2, 1.5),
                (3, 0.4),
                (3, 2.0),
            ] {
                let depth = depth * width * width;
                let Some(tokens) = bump(kind, center, depth, v, vocabulary) else {
                    continue;
                };
                let values = column
                    .iter()
                    .map(|x| {
                        let square = (x - center) * (x - center);
                        match kind {
                            0 => square,
                            1 => 1.0 / (depth + square),
                            2 => Operator::Log.apply_unary(depth + square),
                            _ => Operator::Exp.apply_unary(-square / depth),
                        }
                    })
                    .collect();
                out.push(Term {
                    tokens,
                    values,
                    family: first_family + 4 * index + kind,
                });
            }
        }
    }
    out
}

fn bump(
    kind: usize,
    center: f64,
    depth: f64,
    v: u16,
    vocabulary: &Vocabulary,
) -> Option<Vec<Token>> {
    let constant = |c: f64| [Token::Constant(c)];
    let shifted = vocabulary.binary(Operator::Sub, &[Token::Variable(v)], &constant(center))?;
    let square = vocabulary.unary(Operator::Square, &shifted)?;
    let above = || vocabulary.binary(Operator::Add, &constant(depth), &square);
    match kind {
        0 => Some(square),
        1 => vocabulary.binary(Operator::Div, &constant(1.0), &above()?),
        2 => vocabulary.unary(Operator::Log, &above()?),
        _ => {
            let scaled = vocabulary.binary(Operator::Mul, &constant(-1.0 / depth), &square)?;
            vocabulary.unary(Operator::Exp, &scaled)
        }
    }
}

/// `exp(a m) - 1`, `exp(a m) + 1`, `tanh(a m)` and `erf(a m)`: functions without a shift, which are factors
/// of laws.
pub(super) fn unshifted(monomials: &[Monomial], vocabulary: &Vocabulary) -> Vec<Term> {
    let mut out = Vec::new();
    for monomial in monomials {
        let Some(spread) = Spread::of(&monomial.values) else {
            continue;
        };
        let size = spread.quantiles[2]
            .abs()
            .max(1e-3 * (spread.largest - spread.least));
        for scale in [-3.0, -1.3, -0.5, -0.2, 0.1, 0.17, 0.3, 0.55, 1.0, 1.8, 3.0].map(|s| s / size)
        {
            let scaled =
                || vocabulary.binary(Operator::Mul, &[Token::Constant(scale)], &monomial.tokens);
            let mut offer = |tokens: Option<Vec<Token>>, values: &dyn Fn() -> Vec<f64>| {
                if let Some(tokens) = tokens {
                    out.push(Term {
                        tokens,
                        values: values(),
                        family: 0,
                    });
                }
            };
            let arguments: Vec<f64> = monomial.values.iter().map(|m| scale * m).collect();
            let exponential = map(Operator::Exp, &arguments);
            for one in [-1.0, 1.0] {
                let sum = scaled()
                    .and_then(|s| vocabulary.unary(Operator::Exp, &s))
                    .and_then(|e| vocabulary.binary(Operator::Add, &[Token::Constant(one)], &e));
                offer(sum, &|| exponential.iter().map(|e| e + one).collect());
            }
            // Odd functions: one sign is enough.
            for op in [Operator::Tanh, Operator::Erf] {
                if scale > 0.0 {
                    let function = scaled().and_then(|s| vocabulary.unary(op, &s));
                    offer(function, &|| map(op, &arguments));
                }
            }
        }
    }
    out
}
