//! What a search works with, and what every island of it does alike.

use std::collections::HashSet;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::Data;
use crate::constraints::Rules;
use crate::descent::ConstantOptimizer;
use crate::expression::Expression;
use crate::fitter::{Fitter, Outcome};
use crate::map_all::map_all;
use crate::model::law_of;
use crate::population::{Alphabet, Individual, pick, skeleton};
use crate::random::{Place, Purpose};
use crate::regressor::SymbolicRegressor;

/// Attempts to make a child whose structure the new generation does not have yet.
const ATTEMPTS: usize = 6;
/// The same where most structures are refused.
const ATTEMPTS_UNDER_RULES: usize = 60;
/// Cancellation of its terms at which a model is no law: five digits of its values are left.
const MOST_CANCELLATION: f64 = 1e10;
/// Relative decrease of the residual that ends the fit of a new individual.
const FIT_TOLERANCE: f64 = 1e-6;

/// Settings, rows and alphabet of a search.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) settings: &'a SymbolicRegressor,
    pub(crate) data: &'a Data,
    pub(crate) alphabet: &'a Alphabet,
    pub(crate) rules: &'a Rules,
}

/// A structure that waits for its fit, and where it was made.
#[derive(Debug)]
pub(crate) struct Offspring {
    pub(crate) place: Place,
    pub(crate) genes: Vec<Expression>,
}

impl Context<'_> {
    /// Calls `make` until it gives a structure that is not in `seen`, a few times at most.
    pub(crate) fn distinct(
        self,
        seen: &mut HashSet<Vec<u32>>,
        rng: &mut ChaCha8Rng,
        make: impl Fn(&mut ChaCha8Rng) -> Vec<Expression>,
    ) -> Vec<Expression> {
        let mut genes = Vec::new();
        let attempts = if self.rules.is_empty() {
            ATTEMPTS
        } else {
            ATTEMPTS_UNDER_RULES
        };
        for _ in 0..attempts {
            genes = self.canonical(make(rng));
            if !genes.is_empty() && seen.insert(skeleton(&genes)) {
                break;
            }
        }
        if genes.is_empty() {
            genes.push(Expression::variable(pick(rng, &self.alphabet.variables)));
        }
        genes
    }

    /// Canonical genes without those that are constant, occur twice or exceed the limits of size.
    pub(crate) fn canonical(self, genes: Vec<Expression>) -> Vec<Expression> {
        let mut complexity = 0;
        let mut out: Vec<Expression> = Vec::with_capacity(genes.len());
        for gene in genes.into_iter().filter_map(|g| g.canonical_gene()) {
            let size = self.settings.measure.of(&gene);
            // Taking constants together can make a gene deeper than what it was made from.
            if gene.node_count() <= self.settings.max_nodes
                && gene.depth() <= self.settings.max_depth
                && complexity + size <= self.settings.max_complexity
                && !out.contains(&gene)
            {
                complexity += size;
                out.push(gene);
            }
        }
        self.rules.admitted(out)
    }

    /// A fitter of the models of this search.
    pub(crate) fn fitter(&self) -> Fitter<'_> {
        Fitter::new(self.data)
            .through_origin(self.rules.through_origin())
            .loss(&self.settings.loss)
    }

    pub(crate) fn random_model(self, rng: &mut ChaCha8Rng, slot: usize) -> Vec<Expression> {
        let count = rng.random_range(1..=self.settings.max_genes);
        (0..count)
            .map(|k| self.alphabet.ramped(rng, slot + 7 * k))
            .collect()
    }

    /// Whether a fitted model has digits left, and the rules on its values are proved.
    pub(crate) fn accepts(self, genes: &[Expression], outcome: &Outcome) -> bool {
        if outcome.cancellation > MOST_CANCELLATION {
            return false;
        }
        !self.rules.has_proofs() || {
            let bias = (!self.rules.through_origin()).then_some(outcome.coefficients[0]);
            self.rules
                .proves(&law_of(bias, &outcome.coefficients[1..], genes))
        }
    }

    /// Fits the constants of new structures, each by itself.
    pub(crate) fn evaluate(self, models: &[Offspring]) -> Vec<Individual> {
        let settings = self.settings;
        let rows = self.data.n_rows();
        map_all(
            models,
            || self.fitter(),
            |fitter, model| {
                if !self.rules.is_empty() && !self.rules.admits(&model.genes) {
                    return Individual::refused(model.genes.clone(), settings.measure);
                }
                Individual::fitted(model.genes.clone(), rows, settings.measure, |genes| {
                    if let ConstantOptimizer::GradientDescent(descent) = &settings.optimizer {
                        let rng = &mut model.place.stream(settings.seed, Purpose::Descent);
                        return descent.fit(genes, self.data, fitter, rng);
                    }
                    let outcome =
                        fitter.fit_either_sign(genes, settings.fit_iterations, FIT_TOLERANCE);
                    outcome
                        .ok()
                        .filter(|o| self.accepts(genes, o))
                        .map(|o| o.sse)
                })
            },
        )
    }
}
