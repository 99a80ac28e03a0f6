//! Which parameters a search accepts.

use super::SymbolicRegressor;
use crate::clock::HAS_CLOCK;
use crate::descent::ConstantOptimizer;
use crate::{Error, Result};

/// Most individuals of all islands, and most nodes and genes of one, that a search accepts.
const MAX_POPULATION: usize = 1_000_000;
const MAX_ISLANDS: usize = 1_000;
const MAX_GENE_NODES: usize = 400;
const MAX_GENES: usize = 10;
const MAX_STARTS: usize = 10_000;
/// Fewest rows that a sample may have.
const MIN_SAMPLE: usize = 10;

impl SymbolicRegressor {
    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] naming the first that is out of range.
    pub fn validate(&self) -> Result<()> {
        if self.operators.is_empty() {
            return Err(invalid("operators", "at least one operator", "none"));
        }
        if (1..MIN_SAMPLE).contains(&self.sampled_rows) {
            let found = self.sampled_rows;
            return Err(invalid("sampled_rows", "0 (all) or at least 10", found));
        }
        self.validate_sizes()?;
        self.validate_islands()?;
        self.validate_probabilities()?;
        self.mutations.validate()?;
        self.loss.validate()?;
        if let ConstantOptimizer::GradientDescent(descent) = &self.optimizer {
            descent.validate()?;
        }
        if !(self.target_error >= 0.0 && self.target_error.is_finite()) {
            return Err(invalid(
                "target_error",
                "finite and not negative",
                self.target_error,
            ));
        }
        if !HAS_CLOCK && self.time_limit.is_some() {
            let found = format!("{:?}", self.time_limit);
            return Err(invalid(
                "time_limit",
                "none on a machine without a clock",
                found,
            ));
        }
        let (low, high) = self.constant_range;
        if !(low.is_finite() && high.is_finite() && low < high && (high - low).is_finite()) {
            return Err(invalid(
                "constant_range",
                "finite and rising",
                format!("{low} to {high}"),
            ));
        }
        Ok(())
    }

    fn validate_sizes(&self) -> Result<()> {
        let most = u32::MAX as usize - 1;
        for (name, value, (low, high), requirement) in [
            (
                "population_size",
                self.population_size,
                (2, MAX_POPULATION),
                "from 2 to 1000000",
            ),
            (
                "max_generations",
                self.max_generations,
                (0, most),
                "below 4294967295",
            ),
            ("runs", self.runs, (1, 10_000), "from 1 to 10000"),
            (
                "first_run",
                self.first_run,
                (0, 1_000_000),
                "from 0 to 1000000",
            ),
            ("max_genes", self.max_genes, (1, MAX_GENES), "from 1 to 10"),
            ("max_depth", self.max_depth, (1, 30), "from 1 to 30"),
            (
                "max_nodes",
                self.max_nodes,
                (3, MAX_GENE_NODES),
                "from 3 to 400",
            ),
            (
                "max_complexity",
                self.max_complexity,
                (1, usize::MAX),
                "at least 1",
            ),
            (
                "tournament_size",
                self.tournament_size,
                (1, MAX_POPULATION),
                "from 1 to 1000000",
            ),
            (
                "enumeration_levels",
                self.enumeration_levels,
                (0, 5),
                "from 0 to 5",
            ),
            (
                "guesses",
                self.guesses.len(),
                (0, MAX_STARTS),
                "at most 10000",
            ),
            (
                "warm_start",
                self.warm_models.len(),
                (0, MAX_STARTS),
                "at most 10000 models",
            ),
            (
                "fit_iterations",
                self.fit_iterations,
                (0, 10_000),
                "from 0 to 10000",
            ),
            (
                "remembered_fits",
                self.remembered_fits,
                (0, 1_000_000),
                "from 0 to 1000000",
            ),
        ] {
            if !(low..=high).contains(&value) {
                return Err(invalid(name, requirement, value));
            }
        }
        Ok(())
    }

    fn validate_islands(&self) -> Result<()> {
        if !(1..=MAX_ISLANDS).contains(&self.islands) {
            return Err(invalid("islands", "from 1 to 1000", self.islands));
        }
        let individuals = self.islands.saturating_mul(self.population_size);
        if individuals > MAX_POPULATION {
            let requirement = "so few that all have at most 1000000 individuals";
            return Err(invalid("islands", requirement, self.islands));
        }
        if self.migration_interval > u32::MAX as usize {
            let requirement = "at most 4294967295";
            return Err(invalid(
                "migration_interval",
                requirement,
                self.migration_interval,
            ));
        }
        // Without effect on a single island.
        if self.islands > 1 && self.migration_size > self.population_size {
            let requirement = "at most the population size";
            return Err(invalid("migration_size", requirement, self.migration_size));
        }
        Ok(())
    }

    fn validate_probabilities(&self) -> Result<()> {
        for (name, value) in [
            ("pareto_probability", self.pareto_probability),
            ("elite_fraction", self.elite_fraction),
            ("crossover_probability", self.crossover_probability),
            ("mutation_probability", self.mutation_probability),
            (
                "high_level_crossover_probability",
                self.high_level_crossover_probability,
            ),
            ("gene_exchange_probability", self.gene_exchange_probability),
            ("constant_probability", self.constant_probability),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return Err(invalid(name, "in [0, 1]", value));
            }
        }
        if self.crossover_probability + self.mutation_probability > 1.0 + 1e-12 {
            return Err(invalid(
                "mutation_probability",
                "at most 1 less the crossover probability",
                self.mutation_probability,
            ));
        }
        Ok(())
    }
}

fn invalid(name: &'static str, requirement: &'static str, found: impl std::fmt::Display) -> Error {
    Error::InvalidParameter {
        name,
        requirement,
        found: found.to_string(),
    }
}
