//! Pareto tournaments.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::population::Individual;

/// Index of a parent by tournament: `size` individuals are drawn with replacement. With
/// probability `pareto` one of those that no other drawn one dominates in error and complexity is
/// taken at random; else the one of least error, the simpler of equals.
pub(super) fn tournament(
    population: &[Individual],
    size: usize,
    pareto: f64,
    rng: &mut ChaCha8Rng,
) -> usize {
    let drawn: Vec<usize> = (0..size)
        .map(|_| rng.random_range(0..population.len()))
        .collect();
    if rng.random_bool(pareto) {
        let mut best: Vec<usize> = drawn
            .iter()
            .copied()
            .filter(|&i| {
                !drawn
                    .iter()
                    .any(|&j| population[j].dominates(&population[i]))
            })
            .collect();
        best.sort_unstable();
        best.dedup();
        return best[rng.random_range(0..best.len())];
    }
    let better = |i: usize, j: usize| {
        let (a, b) = (&population[i], &population[j]);
        a.sse
            .total_cmp(&b.sse)
            .then(a.complexity.cmp(&b.complexity))
            .is_lt()
    };
    drawn
        .into_iter()
        .reduce(|best, i| if better(i, best) { i } else { best })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Expression;
    use crate::random::{Purpose, stream};

    fn population() -> Vec<Individual> {
        // 0 and 2 form the front; 1 is dominated by 2, 3 by both.
        [(1, 9.0), (5, 4.0), (5, 3.0), (9, 9.5)]
            .into_iter()
            .map(|(complexity, sse)| Individual {
                genes: vec![Expression::variable(0)],
                complexity,
                sse,
            })
            .collect()
    }

    #[test]
    fn pareto_tournaments_take_undominated_individuals_of_any_complexity() {
        let mut taken = [0_usize; 4];
        for k in 0..300 {
            let rng = &mut stream(1, 0, 0, k, Purpose::Offspring);
            taken[tournament(&population(), 40, 1.0, rng)] += 1;
        }
        assert_eq!((taken[1], taken[3]), (0, 0));
        assert!(taken[0] > 80 && taken[2] > 80, "{taken:?}");
    }

    #[test]
    fn plain_tournaments_take_the_least_error() {
        for k in 0..50 {
            let rng = &mut stream(1, 0, 0, k, Purpose::Offspring);
            assert_eq!(tournament(&population(), 40, 0.0, rng), 2);
        }
    }
}
