//! Which parameters a search accepts.

use super::SymbolicRegressor;
use crate::descent::ConstantOptimizer;
use crate::{Error, Result};

/// Most individuals of all islands, and most nodes and genes of one, that a search accepts.
const MAX_POPULATION: usize = 1_000_000;
const MAX_ISLANDS: usize = 1_000;
const MAX_GENE_NODES: usize = 400;
const MAX_GENES: usize = 10;
const MAX_STARTS: usize = 10_000;

impl SymbolicRegressor {
    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] naming the first that is out of range.
    pub fn validate(&self) -> Result<()> {
        let count = |name, value: usize, low: usize, high: usize, requirement| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(invalid(name, requirement, value))
            }
        };
        if self.operators.is_empty() {
            return Err(invalid("operators", "at least one operator", "none"));
        }
        count(
            "population_size",
            self.population_size,
            2,
            MAX_POPULATION,
            "from 2 to 1000000",
        )?;
        count(
            "max_generations",
            self.max_generations,
            0,
            u32::MAX as usize - 1,
            "below 4294967295",
        )?;
        count("runs", self.runs, 1, 10_000, "from 1 to 10000")?;
        count("max_genes", self.max_genes, 1, MAX_GENES, "from 1 to 10")?;
        count("max_depth", self.max_depth, 1, 30, "from 1 to 30")?;
        count(
            "max_nodes",
            self.max_nodes,
            3,
            MAX_GENE_NODES,
            "from 3 to 400",
        )?;
        count(
            "max_complexity",
            self.max_complexity,
            1,
            usize::MAX,
            "at least 1",
        )?;
        count(
            "tournament_size",
            self.tournament_size,
            1,
            MAX_POPULATION,
            "from 1 to 1000000",
        )?;
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
        count("islands", self.islands, 1, MAX_ISLANDS, "from 1 to 1000")?;
        let individuals = self.islands.saturating_mul(self.population_size);
        count(
            "islands",
            individuals,
            1,
            MAX_POPULATION,
            "so few that all have at most 1000000 individuals",
        )?;
        count(
            "migration_interval",
            self.migration_interval,
            0,
            u32::MAX as usize,
            "at most 4294967295",
        )?;
        count(
            "migration_size",
            self.migration_size,
            0,
            // Without effect on a single island.
            if self.islands == 1 {
                MAX_POPULATION
            } else {
                self.population_size
            },
            "at most the population size",
        )?;
        count(
            "enumeration_levels",
            self.enumeration_levels,
            0,
            5,
            "from 0 to 5",
        )?;
        if !(self.target_rmse >= 0.0 && self.target_rmse.is_finite()) {
            return Err(invalid(
                "target_rmse",
                "finite and not negative",
                self.target_rmse,
            ));
        }
        self.mutations.validate()?;
        if let ConstantOptimizer::GradientDescent(descent) = &self.optimizer {
            descent.validate()?;
        }
        count(
            "guesses",
            self.guesses.len(),
            0,
            MAX_STARTS,
            "at most 10000",
        )?;
        count(
            "warm_start",
            self.warm_models.len(),
            0,
            MAX_STARTS,
            "at most 10000 models",
        )?;
        let (low, high) = self.constant_range;
        if !(low.is_finite() && high.is_finite() && low < high && (high - low).is_finite()) {
            return Err(invalid(
                "constant_range",
                "finite and rising",
                format!("{low} to {high}"),
            ));
        }
        count(
            "fit_iterations",
            self.fit_iterations,
            0,
            10_000,
            "from 0 to 10000",
        )
    }
}

fn invalid(name: &'static str, requirement: &'static str, found: impl std::fmt::Display) -> Error {
    Error::InvalidParameter {
        name,
        requirement,
        found: found.to_string(),
    }
}
