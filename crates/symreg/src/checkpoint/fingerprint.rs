//! What a checkpoint belongs to: settings and data as hashes.

use super::bytes::{Fnv, Writer, fnv};
use crate::descent::{ConstantOptimizer, GradientDescent};
use crate::operator::Operator;
use crate::{Data, SymbolicRegressor};

/// Hash of all settings that decide the course of a search, and of the operators that this version knows.
pub(super) fn of_settings(settings: &SymbolicRegressor) -> u64 {
    // Every field is named, so that a new one is not forgotten.
    let SymbolicRegressor {
        operators,
        population_size,
        max_generations,
        runs,
        first_run,
        seed,
        max_genes,
        max_depth,
        max_nodes,
        max_complexity,
        tournament_size,
        pareto_probability,
        elite_fraction,
        crossover_probability,
        mutation_probability,
        high_level_crossover_probability,
        gene_exchange_probability,
        constant_range,
        constant_probability,
        fit_iterations,
        remembered_fits,
        sampled_rows,
        measure,
        enumeration_levels,
        islands,
        migration_interval,
        migration_size,
        selection,
        mutations,
        optimizer,
        guesses,
        warm_models,
        constraints,
        loss,
        target_error: _,
        max_evaluations: _,
        time_limit: _,
    } = settings;
    let mut out = Writer::default();
    for list in [&Operator::ALL[..], operators] {
        out.count(list.len());
        for op in list {
            out.text(op.name());
            out.u8(op.arity() as u8);
        }
    }
    for number in [
        population_size,
        max_generations,
        runs,
        first_run,
        max_genes,
        max_depth,
        max_nodes,
        max_complexity,
        tournament_size,
        fit_iterations,
        remembered_fits,
        sampled_rows,
        enumeration_levels,
        islands,
        migration_interval,
        migration_size,
    ] {
        out.count(*number);
    }
    out.u64(*seed);
    for number in [
        *pareto_probability,
        *elite_fraction,
        *crossover_probability,
        *mutation_probability,
        *high_level_crossover_probability,
        *gene_exchange_probability,
        constant_range.0,
        constant_range.1,
        *constant_probability,
    ] {
        out.f64(number);
    }
    for number in mutations.in_order() {
        out.f64(number);
    }
    out.u8(*measure as u8);
    out.u8(*selection as u8);
    write_optimizer(optimizer, &mut out);
    for texts in std::iter::once(guesses).chain(warm_models) {
        out.count(texts.len());
        for text in texts {
            out.count(text.len());
            out.raw(text.as_bytes());
        }
    }
    out.raw(constraints.fingerprint().as_bytes());
    out.raw(format!("{loss:?}").as_bytes());
    fnv(&out.into_bytes())
}

fn write_optimizer(optimizer: &ConstantOptimizer, out: &mut Writer) {
    match optimizer {
        ConstantOptimizer::LevenbergMarquardt => out.u8(0),
        ConstantOptimizer::GradientDescent(descent) => {
            let GradientDescent {
                epochs,
                batch_size,
                learning_rate,
                decay,
            } = descent;
            out.u8(1);
            out.count(*epochs);
            out.count(*batch_size);
            out.f64(*learning_rate);
            out.f64(*decay);
        }
    }
}

/// Rows, columns, hash of the names, hash of the bits of all values.
pub(super) fn of_data(data: &Data) -> [u64; 4] {
    let mut names = Fnv::default();
    for name in data
        .names()
        .iter()
        .map(String::as_str)
        .chain([data.target_name()])
    {
        names.add(&(name.len() as u64).to_le_bytes());
        names.add(name.as_bytes());
    }
    let mut values = Fnv::default();
    for column in data
        .columns()
        .iter()
        .map(Vec::as_slice)
        .chain([data.target(), data.weights().unwrap_or_default()])
    {
        for value in column {
            values.add(&value.to_bits().to_le_bytes());
        }
    }
    if let Some(variance) = data.noise_variance() {
        values.add(&variance.to_bits().to_le_bytes());
    }
    [
        data.n_rows() as u64,
        data.n_columns() as u64,
        names.0,
        values.0,
    ]
}
