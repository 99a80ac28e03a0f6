//! Small formulas from the bottom up, each kept once by its values.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use super::vocabulary::Vocabulary;
use crate::expression::Token;
use crate::kernel::dispatch::{Job, dispatch};
use crate::kernel::loops::map;
use crate::operator::Operator;

/// Largest value that a piece may have.
const LARGEST: f64 = 1e8;
/// Sums over rows that tell two pieces apart.
const PROBES: usize = 12;

/// A formula with its values on the screening rows.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) tokens: Vec<Token>,
    pub(super) values: Vec<f64>,
    /// Operators and leaves, a square counted as one.
    pub(super) cost: usize,
    /// Whether it holds a transcendental function; none is put into another.
    pub(super) is_transcendental: bool,
    /// Whether it is a product of powers of the inputs.
    pub(super) is_monomial: bool,
}

/// All pieces up to a cost, cheapest first.
#[derive(Debug)]
pub(super) struct Pieces {
    pub(super) list: Vec<Piece>,
    seen: Signatures,
    most: usize,
    all_functions: bool,
}

impl Pieces {
    /// Grows pieces of at most `max_cost`, at most `most` of them, without transcendental functions unless
    /// `all_functions`.
    ///
    /// Two pieces whose values differ by a constant factor are one piece: the first, which is the
    /// cheapest. O(most²) combinations at worst, each over the rows.
    pub(super) fn grow(
        columns: &[Vec<f64>],
        variables: &[u16],
        vocabulary: &Vocabulary,
        all_functions: bool,
        max_cost: usize,
        most: usize,
    ) -> Self {
        let mut pieces = Self {
            list: Vec::new(),
            seen: Signatures::default(),
            most,
            all_functions,
        };
        for &v in variables {
            pieces.offer(Piece {
                tokens: vec![Token::Variable(v)],
                values: columns[usize::from(v)].clone(),
                cost: 1,
                is_transcendental: false,
                is_monomial: true,
            });
        }
        // Ends of the pieces of each cost.
        let mut ends = vec![0, pieces.list.len()];
        for cost in 2..=max_cost {
            if pieces.list.len() >= most {
                break;
            }
            pieces.extend_to(cost, &ends, vocabulary);
            ends.push(pieces.list.len());
        }
        pieces
    }

    fn extend_to(&mut self, cost: usize, ends: &[usize], vocabulary: &Vocabulary) {
        for a in ends[cost - 2]..ends[cost - 1] {
            for op in UNARY.into_iter().chain(vocabulary.custom(1)) {
                if self.list.len() < self.most && (self.all_functions || !is_transcendental(op)) {
                    self.offer_unary(op, a, vocabulary);
                }
            }
        }
        // A constant counts as one; its value is fitted later.
        if cost >= 3 {
            for a in ends[cost - 3]..ends[cost - 2] {
                self.offer_with_one(a, vocabulary);
            }
        }
        for left in 1..cost.saturating_sub(1) {
            let right = cost - 1 - left;
            for a in ends[left - 1]..ends[left] {
                for b in ends[right - 1]..ends[right] {
                    if self.list.len() >= self.most {
                        return;
                    }
                    self.offer_binary(a, b, left <= right && (left < right || a <= b), vocabulary);
                }
            }
        }
    }

    fn offer_unary(&mut self, op: Operator, a: usize, vocabulary: &Vocabulary) {
        let piece = &self.list[a];
        let transcendental = is_transcendental(op);
        if transcendental && piece.is_transcendental {
            return;
        }
        let root = piece.tokens.last().copied();
        let undone = match op {
            Operator::Square => {
                matches!(root, Some(Token::Apply(Operator::Sqrt | Operator::Square)))
            }
            Operator::Sqrt => matches!(root, Some(Token::Apply(Operator::Square | Operator::Sqrt))),
            Operator::Abs => {
                matches!(
                    root,
                    Some(Token::Apply(
                        Operator::Square | Operator::Sqrt | Operator::Abs
                    ))
                )
            }
            _ => false,
        };
        if undone {
            return;
        }
        let Some(tokens) = vocabulary.unary(op, &piece.tokens) else {
            return;
        };
        let values = map(op, &piece.values);
        let (cost, monomial) = (
            piece.cost + 1,
            piece.is_monomial && matches!(op, Operator::Square | Operator::Sqrt),
        );
        let is_transcendental = transcendental || piece.is_transcendental;
        if op == Operator::Exp && vocabulary.has(Operator::Mul) {
            // The other sign; the constant is fitted in both.
            let argument = self.list[a].tokens.clone();
            let scaled = |c| {
                let with = vocabulary.binary(Operator::Mul, &[Token::Constant(c)], &argument)?;
                vocabulary.unary(op, &with)
            };
            let arguments: Vec<f64> = self.list[a].values.iter().map(|v| -v).collect();
            let negative = map(op, &arguments);
            for (c, values) in [(1.0, values), (-1.0, negative)] {
                if let Some(tokens) = scaled(c) {
                    self.offer(Piece {
                        tokens,
                        values,
                        cost,
                        is_transcendental,
                        is_monomial: false,
                    });
                }
            }
            return;
        }
        self.offer(Piece {
            tokens,
            values,
            cost,
            is_transcendental,
            is_monomial: monomial,
        });
    }

    /// `1 + a`, `1 - a`.
    fn offer_with_one(&mut self, a: usize, vocabulary: &Vocabulary) {
        for op in [Operator::Add, Operator::Sub] {
            let piece = &self.list[a];
            if piece.tokens.len() > 2 && piece.tokens[0] == Token::Constant(1.0) {
                continue;
            }
            let Some(tokens) = vocabulary.binary(op, &[Token::Constant(1.0)], &piece.tokens) else {
                continue;
            };
            let new = Piece {
                values: piece
                    .values
                    .iter()
                    .map(|v| op.apply_binary(1.0, *v))
                    .collect(),
                tokens,
                cost: piece.cost + 2,
                is_transcendental: piece.is_transcendental,
                is_monomial: false,
            };
            self.offer(new);
        }
    }

    fn offer_binary(&mut self, a: usize, b: usize, ordered: bool, vocabulary: &Vocabulary) {
        for op in BINARY.into_iter().chain(vocabulary.custom(2)) {
            // Each unordered pair once; a - b and b - a differ by a factor.
            let once = op.is_commutative() || op == Operator::Sub;
            if once && !ordered || a == b && op != Operator::Mul {
                continue;
            }
            let (x, y) = (&self.list[a], &self.list[b]);
            let Some(tokens) = vocabulary.binary(op, &x.tokens, &y.tokens) else {
                continue;
            };
            let piece = Piece {
                values: x
                    .values
                    .iter()
                    .zip(&y.values)
                    .map(|(u, v)| op.apply_binary(*u, *v))
                    .collect(),
                tokens,
                cost: x.cost + y.cost + 1,
                is_transcendental: x.is_transcendental
                    || y.is_transcendental
                    || is_transcendental(op),
                is_monomial: x.is_monomial
                    && y.is_monomial
                    && matches!(op, Operator::Mul | Operator::Div),
            };
            self.offer(piece);
        }
    }

    /// Keeps a piece that is finite, varies, and is not a multiple of one that is there.
    fn offer(&mut self, piece: Piece) {
        if self.list.len() >= self.most {
            return;
        }
        if let Some(key) = signature(&piece.values) {
            if self.seen.insert(key) {
                self.list.push(piece);
            }
        }
    }
}

const UNARY: [Operator; 9] = [
    Operator::Square,
    Operator::Sqrt,
    Operator::Exp,
    Operator::Log,
    Operator::Sin,
    Operator::Cos,
    Operator::Tanh,
    Operator::Erf,
    Operator::Abs,
];

const BINARY: [Operator; 7] = [
    Operator::Mul,
    Operator::Div,
    Operator::Add,
    Operator::Sub,
    Operator::Pow,
    Operator::Min,
    Operator::Max,
];

fn is_transcendental(op: Operator) -> bool {
    matches!(
        op,
        Operator::Exp
            | Operator::Log
            | Operator::Sin
            | Operator::Cos
            | Operator::Tanh
            | Operator::Erf
            | Operator::Erfc
            | Operator::Custom(_)
    )
}

/// Signatures that were met.
pub(super) type Signatures = HashSet<[i64; PROBES], BuildHasherDefault<Mixed>>;

/// A hash of numbers that are no one's choice: a product and a shift a word.
#[derive(Debug, Default)]
pub(super) struct Mixed(u64);

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        for word in bytes.chunks(8) {
            let mut whole = [0; 8];
            whole[..word.len()].copy_from_slice(word);
            let mixed = (self.0 ^ u64::from_le_bytes(whole)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.0 = mixed ^ (mixed >> 29);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What two columns have in common that differ by a factor: sums of their values over the largest,
/// to some nine digits. `None` for a column that is not finite, too large, or constant.
pub(super) fn signature(values: &[f64]) -> Option<[i64; PROBES]> {
    dispatch(Signature(values))
}

struct Signature<'a>(&'a [f64]);

impl Job for Signature<'_> {
    type Output = Option<[i64; PROBES]>;

    #[expect(
        clippy::inline_always,
        reason = "put into the function of each instruction set"
    )]
    #[inline(always)]
    fn run(self) -> Option<[i64; PROBES]> {
        let values = self.0;
        // Of the values of the largest size the first: its sign counts.
        let (mut size, mut is_fine) = (0.0_f64, true);
        for v in values {
            is_fine &= v.abs() <= LARGEST;
            size = if v.abs() > size { v.abs() } else { size };
        }
        if !is_fine || size < 1.0 / LARGEST {
            return None;
        }
        let largest = *values.iter().find(|v| v.abs() >= size)?;
        let first = values[0];
        let mut farthest = 0.0_f64;
        for v in values {
            let far = (v - first).abs();
            farthest = if far > farthest { far } else { farthest };
        }
        if farthest <= 1e-9 * size {
            return None;
        }
        // Sums with alternating signs over every twelfth row: no row is left out.
        let mut sums = [0.0; PROBES];
        for (k, block) in values.chunks(PROBES).enumerate() {
            let sign = if k % 2 == 0 { 1.0 } else { -0.7 };
            // Twice the same: of a length that the compiler knows, and the last, shorter block.
            if let Ok(block) = <&[f64; PROBES]>::try_from(block) {
                for (sum, value) in sums.iter_mut().zip(block) {
                    *sum += sign * value;
                }
            } else {
                for (sum, value) in sums.iter_mut().zip(block) {
                    *sum += sign * value;
                }
            }
        }
        let mut out = [0; PROBES];
        for (out, sum) in out.iter_mut().zip(sums) {
            // To the nearest whole number, ties to even, without a call: far below 2^51 it is what adding and taking
            // away 1.5 2^52 leaves.
            let scaled = sum / largest * f64::from(1 << 28);
            *out = ((scaled + ROUNDING) - ROUNDING) as i64;
        }
        Some(out)
    }
}

/// $1.5 \cdot 2^{52}$.
const ROUNDING: f64 = 6_755_399_441_055_744.0;
