//! Models found without chance, before evolution: sums, quotients and products of small formulas, screened
//! together in closed form.
//!
//! A law of interest is often a sum after one step is undone: its square, logarithm or reciprocal is
//! linear in simple terms, or its logarithm is, up to powers of the inputs. So
//!
//! 1. pieces are grown from the bottom up, each kept once by its values ([`pieces`]); power products
//!    of the inputs, and functions of them on a coarse grid of scale and shift, are added
//!    ([`dictionary`]);
//! 2. for each form of the target ([`targets`]) the best terms, the best *pairs* over all pairs
//!    ([`pairs`]) and exchanged sums of a few more are found in closed form ([`space`]). Pairs are never
//!    grown greedily: the best single term of a sum is often no part of it;
//! 3. the logarithm of the target is searched for products ([`products`]), and
//!    $y (1 + \sum v_i h_i) = b + \sum w_i g_i$ for quotients ([`quotients`]);
//! 4. the constants of what was found are fitted, to some rows first and to all rows for the best.

mod dictionary;
mod pairs;
mod pieces;
mod polynomials;
mod products;
mod quotients;
mod refine;
mod space;
mod sums;
mod targets;
mod vocabulary;

use crate::Data;
use crate::context::Context;
use crate::expression::{Expression, Token};
use crate::population::{Alphabet, Individual};

use dictionary::{Monomial, Term};
use pieces::{Piece, Pieces};
use vocabulary::Vocabulary;

/// Rows that candidates are screened on.
const SCREENING_ROWS: usize = 128;

/// How much is tried. Each level repeats the one before with more of everything: simple laws are found in
/// milliseconds, and a search that has found an exact one stops there.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Most pieces without and with transcendental functions, and their greatest cost.
    algebraic: usize,
    transcendental: usize,
    max_cost: usize,
    /// Most power products, those of them that functions are put around, and products with functions.
    monomials: usize,
    wrapped: usize,
    modulated: usize,
    /// Sums and products that functions are put around.
    composed: usize,
    /// Terms of which all pairs are tried, for the target as it is and for its other forms.
    paired: usize,
    paired_forms: usize,
    /// Terms that longer sums are made of.
    extended: usize,
    /// Single terms and pairs of each form that are fitted.
    singles: usize,
    pairs: usize,
    /// Single terms that longer sums start from, and most terms of one.
    starts: usize,
    most_terms: usize,
    /// Models fitted to all rows beside those on the front.
    finalists: usize,
    /// Models that are changed in all small ways, and how often.
    changed: usize,
    rounds: usize,
}

const LEVELS: [Effort; 5] = [
    Effort {
        algebraic: 150,
        transcendental: 100,
        max_cost: 6,
        monomials: 80,
        wrapped: 6,
        modulated: 100,
        composed: 0,
        paired: 300,
        paired_forms: 200,
        extended: 1_000,
        singles: 15,
        pairs: 20,
        starts: 1,
        most_terms: 6,
        finalists: 10,
        changed: 4,
        rounds: 1,
    },
    Effort {
        algebraic: 1_200,
        transcendental: 800,
        max_cost: 7,
        monomials: 400,
        wrapped: 40,
        modulated: 600,
        composed: 60,
        paired: 1_500,
        paired_forms: 800,
        extended: 3_000,
        singles: 20,
        pairs: 40,
        starts: 1,
        most_terms: 8,
        finalists: 20,
        changed: 8,
        rounds: 1,
    },
    Effort {
        algebraic: 4_000,
        transcendental: 4_000,
        max_cost: 9,
        monomials: 2_500,
        wrapped: 400,
        modulated: 2_400,
        composed: 300,
        paired: 6_000,
        paired_forms: 2_000,
        extended: 8_000,
        singles: 40,
        pairs: 100,
        starts: 1,
        most_terms: 11,
        finalists: 40,
        changed: 12,
        rounds: 2,
    },
    Effort {
        algebraic: 6_000,
        transcendental: 5_000,
        max_cost: 10,
        monomials: 3_000,
        wrapped: 400,
        modulated: 6_000,
        composed: 1_000,
        paired: 10_000,
        paired_forms: 6_000,
        extended: 14_000,
        singles: 60,
        pairs: 150,
        starts: 5,
        most_terms: 12,
        finalists: 60,
        changed: 16,
        rounds: 2,
    },
    Effort {
        algebraic: 16_000,
        transcendental: 12_000,
        max_cost: 11,
        monomials: 6_000,
        wrapped: 800,
        modulated: 16_000,
        composed: 4_000,
        paired: 24_000,
        paired_forms: 16_000,
        extended: 40_000,
        singles: 100,
        pairs: 300,
        starts: 10,
        most_terms: 12,
        finalists: 100,
        changed: 24,
        rounds: 3,
    },
];

/// What the screening works with.
struct Material {
    data: Data,
    effort: Effort,
    vocabulary: Vocabulary,
    algebraic: Vec<Piece>,
    transcendental: Vec<Piece>,
    modulated: Vec<Term>,
    composed: Vec<Term>,
    monomials: Vec<Monomial>,
    wrapped: Vec<Term>,
    bumps: Vec<Term>,
    unshifted: Vec<Term>,
    variables: Vec<u16>,
}

impl Material {
    fn new(data: &Data, alphabet: &Alphabet, effort: Effort) -> Self {
        let data = data.thinned(SCREENING_ROWS);
        let vocabulary = Vocabulary::new(alphabet);
        let columns = data.columns();
        let variables = &alphabet.variables;
        let grow =
            |all, cost, most| Pieces::grow(columns, variables, &vocabulary, all, cost, most).list;
        let algebraic = grow(false, effort.max_cost, effort.algebraic);
        let mut transcendental = grow(true, effort.max_cost, effort.transcendental);
        transcendental.retain(|p| p.is_transcendental);
        let monomials = dictionary::monomials(columns, variables, &vocabulary, effort.monomials);
        let simple: Vec<Monomial> = monomials
            .iter()
            .filter(|m| m.halves.iter().all(|h| matches!(h, -2 | 0 | 2)))
            .take(effort.wrapped)
            .cloned()
            .collect();
        let wrapped = dictionary::wrapped(&simple, &vocabulary);
        let base = wrapped.iter().map(|t| t.family + 1).max().unwrap_or(0);
        let bumps = dictionary::bumps(columns, variables, &vocabulary, base);
        let unshifted =
            dictionary::unshifted(&simple[..simple.len().min(effort.wrapped)], &vocabulary);
        let modulated = dictionary::modulated(
            columns,
            variables,
            &monomials,
            &vocabulary,
            effort.modulated,
        );
        let composed = dictionary::composed(&algebraic, &vocabulary, effort.composed);
        Self {
            data,
            effort,
            vocabulary,
            algebraic,
            transcendental,
            modulated,
            composed,
            monomials,
            wrapped,
            bumps,
            unshifted,
            variables: variables.clone(),
        }
    }
}

/// The enumeration, level by level.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Enumeration {
    /// Levels done.
    pub(crate) level: usize,
    /// Models fitted.
    pub(crate) fits: u64,
    /// The models found, best first.
    pub(crate) found: Vec<Individual>,
}

impl Enumeration {
    /// Goes through the next level; `false` if there is none.
    pub(crate) fn advance(&mut self, context: Context) -> bool {
        let Context {
            settings,
            data,
            alphabet,
            ..
        } = context;
        let level = LEVELS
            .get(self.level)
            .filter(|_| self.level < settings.enumeration_levels);
        let Some(&effort) = level else {
            return false;
        };
        self.level += 1;
        let material = Material::new(data, alphabet, effort);
        let mut candidates = products::candidates(&material);
        candidates.extend(quotients::candidates(&material));
        candidates.extend(sums::candidates(&material, settings.max_genes));
        let (found, fits) = refine::refine(candidates, &material, context);
        self.fits += fits;
        self.found.extend(found);
        self.found.sort_by(|a, b| {
            a.sse
                .total_cmp(&b.sse)
                .then(a.complexity.cmp(&b.complexity))
        });
        true
    }
}

/// Genes of a model with rough constants.
type Candidate = Vec<Expression>;

/// A single gene from tokens that are well formed by construction.
fn gene(tokens: Vec<Token>) -> Option<Expression> {
    Expression::from_tokens(tokens).ok()
}
