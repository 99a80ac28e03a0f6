//! The grid of elites: one model a cell of size and function signature.

use std::collections::BTreeMap;

use crate::expression::Token;
use crate::operator::Operator;
use crate::population::Individual;

/// Size and function signature.
type Cell = (u32, u32);

fn cell(individual: &Individual) -> Cell {
    let mut signature = 0_u32;
    for gene in &individual.genes {
        for token in gene.tokens() {
            if let Token::Apply(op) = token {
                if !is_arithmetic(*op) {
                    signature |= 1 << op.code().min(31);
                }
            }
        }
    }
    (size_class(individual.complexity), signature)
}

fn is_arithmetic(op: Operator) -> bool {
    matches!(
        op,
        Operator::Add
            | Operator::Sub
            | Operator::Mul
            | Operator::Div
            | Operator::Neg
            | Operator::Square
    )
}

/// Two classes an octave: complexities 1, 2, 3, 4-5, 6-7, 8-11, 12-15, 16-23, …
fn size_class(complexity: usize) -> u32 {
    let complexity = complexity.max(1);
    let octave = complexity.ilog2();
    let upper = octave > 0 && complexity >= 3 << (octave - 1);
    2 * octave + u32::from(upper)
}

/// The best of each cell, by cell: of equals the simpler, then the earlier. Models without a finite error are kept
/// only where there is no other.
pub(super) fn elites(all: Vec<Individual>) -> Vec<Individual> {
    let mut grid: BTreeMap<Cell, Individual> = BTreeMap::new();
    for individual in all {
        match grid.entry(cell(&individual)) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(individual);
            }
            std::collections::btree_map::Entry::Occupied(mut place) => {
                let elite = place.get();
                let better = (individual.sse.total_cmp(&elite.sse))
                    .then(individual.complexity.cmp(&elite.complexity));
                if better.is_lt() {
                    place.insert(individual);
                }
            }
        }
    }
    let any_valid = grid.values().any(|i| i.sse.is_finite());
    grid.into_values()
        .filter(|i| !any_valid || i.sse.is_finite())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Expression, Result};

    fn individual(text: &str, sse: f64) -> Result<Individual> {
        let gene = Expression::parse(text, &["x", "y"])?;
        Ok(Individual {
            complexity: gene.complexity(),
            genes: vec![gene],
            sse,
        })
    }

    #[test]
    fn sizes_come_two_an_octave() {
        let classes: Vec<u32> = (1..=16).map(size_class).collect();
        assert_eq!(classes, [0, 2, 3, 4, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8]);
        assert_eq!(size_class(0), 0);
        assert_eq!(size_class(400), 17);
    }

    #[test]
    fn each_cell_keeps_its_best() -> Result<()> {
        let all = vec![
            individual("x+y", 5.0)?,
            individual("x-y", 4.0)?,
            individual("x*y", 4.0)?,
            individual("exp(x)", 9.0)?,
            individual("exp(y)", f64::INFINITY)?,
            individual("sin(x)", f64::INFINITY)?,
            individual("exp(x+y)", 7.0)?,
        ];
        let kept: Vec<String> = elites(all)
            .iter()
            .map(|i| i.genes[0].to_infix(&["x", "y"]))
            .collect::<Result<_>>()?;
        // By size, then by signature; sin(x) is not finite and others are.
        assert_eq!(kept, ["exp(x)", "x-y", "exp(x+y)"]);
        Ok(())
    }

    /// Brute force: no model that was ever there beats the elite of its cell.
    #[test]
    fn no_model_beats_the_elite_of_its_cell() {
        let all: Vec<Individual> = (0..300)
            .map(|seed| {
                let gene = crate::population::random_expression_for_tests(seed, 2, 4);
                Individual {
                    complexity: gene.complexity(),
                    genes: vec![gene],
                    sse: f64::from((seed * 7919 % 613) as u32),
                }
            })
            .collect();
        let kept = elites(all.clone());
        let mut cells: Vec<Cell> = kept.iter().map(cell).collect();
        assert!(cells.windows(2).all(|w| w[0] < w[1]));
        let mut occupied: Vec<Cell> = all.iter().map(cell).collect();
        occupied.sort_unstable();
        occupied.dedup();
        cells.dedup();
        assert_eq!(cells, occupied);
        for model in &all {
            let elite = kept.iter().find(|k| cell(k) == cell(model));
            assert!(elite.is_some_and(|e| e.sse <= model.sse));
        }
    }
}
