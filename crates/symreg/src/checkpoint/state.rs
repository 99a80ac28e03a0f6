//! What a search has found so far, written and read.

use super::bytes::{Reader, Writer};
use crate::custom::CustomOperator;
use crate::error::CheckpointProblem;
use crate::evolution::{ClosedRun, Run};
use crate::expression::{Expression, MAX_NODES, Token};
use crate::memory::FitMemory;
use crate::operator::Operator;
use crate::population::Individual;
use crate::regressor::SymbolicRegressor;
use crate::search::Search;
use crate::search_result::CandidatePoint;
use crate::seeding::Enumeration;
use crate::selection::Selection;

type Result<T> = std::result::Result<T, CheckpointProblem>;

/// More fits than any search makes; sums of a few such numbers do not overflow.
const MOST_FITS: u64 = 1 << 48;

pub(super) fn write(search: &Search, out: &mut Writer) {
    out.count(search.enumeration.level);
    out.u64(search.enumeration.fits);
    write_individuals(&search.enumeration.found, out);
    out.count(search.closed.len());
    for run in &search.closed {
        out.count(run.generation);
        out.u64(run.evaluations);
        write_individuals(&run.archive, out);
        write_numbers(&run.history, out);
        out.count(run.last.len());
        for point in &run.last {
            out.count(point.complexity);
            out.f64(point.error);
            out.count(point.n_genes);
        }
    }
    out.u8(u8::from(search.run.is_some()));
    if let Some(run) = &search.run {
        out.u32(run.index);
        out.count(run.generation);
        out.u64(run.evaluations);
        out.count(run.islands.len());
        for population in &run.islands {
            write_individuals(population, out);
        }
        write_individuals(&run.archive, out);
        write_numbers(&run.history, out);
        for layer in run.memory.layers() {
            write_individuals(layer, out);
        }
    }
}

fn write_numbers(numbers: &[f64], out: &mut Writer) {
    out.count(numbers.len());
    for number in numbers {
        out.f64(*number);
    }
}

fn write_individuals(individuals: &[Individual], out: &mut Writer) {
    out.count(individuals.len());
    for individual in individuals {
        out.f64(individual.sse);
        out.count(individual.genes.len());
        for gene in &individual.genes {
            out.count(gene.node_count());
            for token in gene.tokens() {
                write_token(*token, out);
            }
        }
    }
}

/// A variable is 0 and its index, a constant 1 and its bits, an operator 2 and its place among all, one
/// of the user's own 3 and its name.
fn write_token(token: Token, out: &mut Writer) {
    match token {
        Token::Variable(index) => {
            out.u8(0);
            out.u16(index);
        }
        Token::Constant(value) => {
            out.u8(1);
            out.f64(value);
        }
        Token::Apply(Operator::Custom(op)) => {
            out.u8(3);
            out.text(op.name());
        }
        Token::Apply(op) => {
            out.u8(2);
            let place = Operator::ALL.iter().position(|o| *o == op);
            out.u8(place.map_or(u8::MAX, |p| p as u8));
        }
    }
}

/// Reads into a search that has not begun.
pub(super) fn read(search: &mut Search, from: &mut Reader) -> Result<()> {
    let limits = Limits {
        settings: &search.settings,
        columns: search.data.n_columns(),
    };
    let levels = search.settings.enumeration_levels as u64;
    let generations = search.settings.max_generations as u64;
    let enumeration = Enumeration {
        level: from.number(0, levels, "more levels than the search has")? as usize,
        fits: from.number(0, MOST_FITS, "too many fits")?,
        found: limits.valid_individuals(from)?,
    };
    let mut closed = Vec::new();
    // Two counts of numbers, three of lists.
    for _ in 0..from.count(40)? {
        let generation = from.number(generations, generations, "a run that ended early")?;
        let run = ClosedRun {
            generation: generation as usize,
            evaluations: from.number(0, MOST_FITS, "too many fits")?,
            archive: limits.valid_individuals(from)?,
            history: history(from, generation)?,
            last: points(from)?,
        };
        closed.push(run);
    }
    let runs = search.settings.runs;
    let run = match from.u8()? {
        0 if closed.is_empty() || closed.len() == runs => None,
        1 if closed.len() < runs => {
            let index = from.u32()?;
            if index as usize != search.settings.first_run + closed.len() {
                return Err(from.wrong("runs out of order"));
            }
            let generation = from.number(0, generations, "more generations than a run has")?;
            let evaluations = from.number(0, MOST_FITS, "too many fits")?;
            let islands = from.count(8)?;
            if islands != search.settings.islands {
                return Err(from.wrong("another number of islands"));
            }
            Some(Run {
                index,
                generation: generation as usize,
                evaluations,
                islands: (0..islands)
                    .map(|_| limits.population(from))
                    .collect::<Result<_>>()?,
                archive: limits.valid_individuals(from)?,
                history: history(from, generation)?,
                memory: limits.memory(from)?,
            })
        }
        _ => return Err(from.wrong("a run that cannot be there")),
    };
    if !from.is_at_end() {
        return Err(from.wrong("bytes are left over"));
    }
    search.enumeration = enumeration;
    search.closed = closed;
    search.run = run;
    Ok(())
}

/// The best error after each generation, the first one included.
fn history(from: &mut Reader, generation: u64) -> Result<Vec<f64>> {
    let count = from.count(8)?;
    if count as u64 != generation + 1 {
        return Err(from.wrong("a history of another length"));
    }
    (0..count).map(|_| error(from)).collect()
}

fn error(from: &mut Reader) -> Result<f64> {
    let value = from.f64()?;
    if value >= 0.0 {
        Ok(value)
    } else {
        Err(from.wrong("an error that is negative or no number"))
    }
}

fn points(from: &mut Reader) -> Result<Vec<CandidatePoint>> {
    let count = from.count(24)?;
    (0..count)
        .map(|_| {
            Ok(CandidatePoint {
                complexity: from.number(1, u64::from(u32::MAX), "a complexity out of range")?
                    as usize,
                error: error(from)?,
                n_genes: from.number(1, 1000, "a number of genes out of range")? as usize,
            })
        })
        .collect()
}

struct Limits<'a> {
    settings: &'a SymbolicRegressor,
    columns: usize,
}

impl Limits<'_> {
    fn population(&self, from: &mut Reader) -> Result<Vec<Individual>> {
        let individuals = self.individuals(from)?;
        let fits = match self.settings.selection {
            Selection::QualityDiversity => !individuals.is_empty(),
            _ => individuals.len() == self.settings.population_size,
        };
        if fits {
            Ok(individuals)
        } else {
            Err(from.wrong("a population of another size"))
        }
    }

    /// Two layers of at most half of what is remembered, each structure once.
    fn memory(&self, from: &mut Reader) -> Result<FitMemory> {
        let layers = [self.valid_individuals(from)?, self.valid_individuals(from)?];
        let sizes = layers.each_ref().map(Vec::len);
        let memory = FitMemory::from_layers(layers);
        let most = self.settings.remembered_fits / 2;
        if sizes.iter().any(|size| *size > most) || memory.layers().map(<[_]>::len) != sizes {
            return Err(from.wrong("a memory of fits that cannot be there"));
        }
        Ok(memory)
    }

    fn valid_individuals(&self, from: &mut Reader) -> Result<Vec<Individual>> {
        let individuals = self.individuals(from)?;
        if individuals.iter().all(|i| i.sse.is_finite()) {
            Ok(individuals)
        } else {
            Err(from.wrong("an error that is not finite"))
        }
    }

    fn individuals(&self, from: &mut Reader) -> Result<Vec<Individual>> {
        // Error, number of genes, number of nodes, a variable.
        let count = from.count(8 + 8 + 8 + 3)?;
        (0..count).map(|_| self.individual(from)).collect()
    }

    fn individual(&self, from: &mut Reader) -> Result<Individual> {
        let sse = error(from)?;
        let most = self.settings.max_genes as u64;
        let genes: Vec<Expression> = (0..from.number(1, most, "a number of genes out of range")?)
            .map(|_| self.gene(from))
            .collect::<Result<_>>()?;
        Ok(Individual {
            complexity: genes.iter().map(|g| self.settings.measure.of(g)).sum(),
            genes,
            sse,
        })
    }

    fn gene(&self, from: &mut Reader) -> Result<Expression> {
        let nodes = from.count(2)?;
        if nodes > self.settings.max_nodes.min(MAX_NODES) {
            return Err(from.wrong("a gene with too many nodes"));
        }
        let tokens: Vec<Token> = (0..nodes)
            .map(|_| self.token(from))
            .collect::<Result<_>>()?;
        let gene = Expression::from_tokens(tokens)
            .map_err(|_| from.wrong("a gene that is no expression"))?;
        if gene.depth() > self.settings.max_depth {
            return Err(from.wrong("a gene that is too deep"));
        }
        Ok(gene)
    }

    fn token(&self, from: &mut Reader) -> Result<Token> {
        match from.u8()? {
            0 => {
                let index = from.u16()?;
                if usize::from(index) < self.columns {
                    Ok(Token::Variable(index))
                } else {
                    Err(from.wrong("a variable that the data do not have"))
                }
            }
            1 => Ok(Token::Constant(from.f64()?)),
            2 => {
                let place = usize::from(from.u8()?);
                let op = Operator::ALL.get(place).copied();
                op.map(Token::Apply)
                    .ok_or_else(|| from.wrong("an unknown operator"))
            }
            3 => {
                let name = from.text()?;
                CustomOperator::of_name(&name)
                    .map(|op| Token::Apply(Operator::Custom(op)))
                    .ok_or_else(|| from.wrong("an operator that has not been registered"))
            }
            _ => Err(from.wrong("an unknown token")),
        }
    }
}
