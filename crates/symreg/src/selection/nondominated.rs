//! NSGA-II on complexity and the logarithm of the error.

use std::cmp::Ordering;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::population::Individual;

/// Rank of each point, 0 for those that no other dominates, 1 for those that only they dominate, and so on.
///
/// One sweep by rising complexity: the last member of a front has its least error, so a point is dominated by a front
/// exactly if it is by that member, and the first front that does not dominate it is found by bisection.
fn ranks(points: &[(usize, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&i, &j| {
        (points[i].0.cmp(&points[j].0))
            .then(points[i].1.total_cmp(&points[j].1))
            .then(i.cmp(&j))
    });
    let mut rank = vec![0; points.len()];
    let mut last: Vec<(usize, f64)> = Vec::new();
    for i in order {
        let point = points[i];
        let front = last.partition_point(|end| {
            end.1 < point.1 || (end.1.total_cmp(&point.1).is_eq() && end.0 < point.0)
        });
        rank[i] = front;
        if front == last.len() {
            last.push(point);
        } else {
            last[front] = point;
        }
    }
    rank
}

/// Crowding distance of each member of one front (Deb et al., section III-B): for each objective the distance of its
/// two neighbors over the front's extent, summed; infinite at the ends.
fn crowding(front: &[(f64, f64)]) -> Vec<f64> {
    let mut distance = vec![0.0; front.len()];
    for complexity in [true, false] {
        let objective = |p: &(f64, f64)| if complexity { p.0 } else { p.1 };
        let mut order: Vec<usize> = (0..front.len()).collect();
        order.sort_by(|&i, &j| {
            objective(&front[i])
                .total_cmp(&objective(&front[j]))
                .then(i.cmp(&j))
        });
        let (Some(&first), Some(&last)) = (order.first(), order.last()) else {
            return distance;
        };
        let extent = objective(&front[last]) - objective(&front[first]);
        distance[first] = f64::INFINITY;
        distance[last] = f64::INFINITY;
        if extent > 0.0 {
            for w in order.windows(3) {
                distance[w[1]] += (objective(&front[w[2]]) - objective(&front[w[0]])) / extent;
            }
        }
    }
    distance
}

/// Rank and crowding distance of each individual. Those without a finite error rank behind all others.
pub(super) fn ranked(population: &[Individual]) -> Vec<(usize, f64)> {
    let valid: Vec<usize> = (0..population.len())
        .filter(|&i| population[i].sse.is_finite())
        .collect();
    let points: Vec<(usize, f64)> = valid
        .iter()
        .map(|&i| (population[i].complexity, population[i].sse))
        .collect();
    let rank = ranks(&points);
    let mut keys = vec![(usize::MAX, 0.0); population.len()];
    let mut fronts: Vec<Vec<usize>> = Vec::new();
    for (k, &r) in rank.iter().enumerate() {
        if fronts.len() <= r {
            fronts.resize_with(r + 1, Vec::new);
        }
        fronts[r].push(k);
    }
    for (r, front) in fronts.iter().enumerate() {
        let members: Vec<(f64, f64)> = front
            .iter()
            .map(|&k| {
                let (complexity, sse) = points[k];
                (complexity as f64, libm::log(sse.max(f64::MIN_POSITIVE)))
            })
            .collect();
        for (&k, distance) in front.iter().zip(crowding(&members)) {
            keys[valid[k]] = (r, distance);
        }
    }
    keys
}

/// Whether the first is preferred: lower rank, then larger distance (the crowded comparison).
fn preferred(a: (usize, f64), b: (usize, f64)) -> Ordering {
    a.0.cmp(&b.0).then(b.1.total_cmp(&a.1))
}

/// The better of two individuals drawn at random, the first of equals.
pub(super) fn binary_tournament(keys: &[(usize, f64)], rng: &mut ChaCha8Rng) -> usize {
    let (a, b) = (
        rng.random_range(0..keys.len()),
        rng.random_range(0..keys.len()),
    );
    if preferred(keys[b], keys[a]).is_lt() {
        b
    } else {
        a
    }
}

/// The `size` best by rank and crowding distance.
pub(super) fn survivors(all: Vec<Individual>, size: usize) -> Vec<Individual> {
    let keys = ranked(&all);
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|&i, &j| preferred(keys[i], keys[j]).then(i.cmp(&j)));
    order.truncate(size);
    // In the order in which they stood: where an individual is says nothing about its rank.
    order.sort_unstable();
    let mut kept = order.into_iter().peekable();
    all.into_iter()
        .enumerate()
        .filter(|(i, _)| kept.next_if_eq(i).is_some())
        .map(|(_, individual)| individual)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Expression;
    use proptest::prelude::*;

    /// Fronts peeled off one after the other by comparing all pairs, as Deb et al. define them.
    fn peeled(points: &[(usize, f64)]) -> Vec<usize> {
        let dominates =
            |a: (usize, f64), b: (usize, f64)| a.0 <= b.0 && a.1 <= b.1 && (a.0 < b.0 || a.1 < b.1);
        let mut rank = vec![usize::MAX; points.len()];
        for front in 0..points.len() {
            let left: Vec<usize> = (0..points.len())
                .filter(|&i| rank[i] == usize::MAX)
                .collect();
            for &i in &left {
                if !left.iter().any(|&j| dominates(points[j], points[i])) {
                    rank[i] = front;
                }
            }
        }
        rank
    }

    proptest! {
        #[test]
        fn ranks_are_those_of_peeled_fronts(points in prop::collection::vec((1_usize..12, 0_u32..12), 0..80)) {
            let points: Vec<(usize, f64)> = points.into_iter().map(|(c, e)| (c, f64::from(e))).collect();
            prop_assert_eq!(ranks(&points), peeled(&points));
        }
    }

    /// Five points on a line: (0, 4), (1, 2), (2, 1), (4, 0.5), (8, 0), of extents 8 and 4.
    #[test]
    fn crowding_distances_by_hand() {
        let front = [(0.0, 4.0), (1.0, 2.0), (2.0, 1.0), (4.0, 0.5), (8.0, 0.0)];
        let inf = f64::INFINITY;
        let expected = [
            inf,
            2.0 / 8.0 + 3.0 / 4.0,
            3.0 / 8.0 + 1.5 / 4.0,
            6.0 / 8.0 + 1.0 / 4.0,
            inf,
        ];
        assert_eq!(crowding(&front), expected);
        assert_eq!(crowding(&[(1.0, 1.0)]), [inf]);
        assert!(crowding(&[]).is_empty());
        // No extent, no distance.
        assert_eq!(crowding(&[(1.0, 1.0); 3]), [inf, 0.0, inf]);
    }

    fn population(points: &[(usize, f64)]) -> Vec<Individual> {
        points
            .iter()
            .map(|&(complexity, sse)| Individual {
                genes: vec![Expression::variable(0)],
                complexity,
                sse,
            })
            .collect()
    }

    #[test]
    fn whole_ranks_survive_then_the_least_crowded() {
        // Front 0 by hand, in ln(sse): (1, 4), (2, 2), (3, 1.5), (9, 0), of which the second is the most crowded
        // (0.25 + 0.625 against 0.875 + 0.5). Behind it one dominated model, then one that is not finite.
        let at = |complexity, logarithm| (complexity, libm::exp(logarithm));
        let all = population(&[
            at(9, 5.0),
            at(1, 4.0),
            (1, f64::INFINITY),
            at(2, 2.0),
            at(3, 1.5),
            at(9, 0.0),
        ]);
        let kept = |size| -> Vec<usize> {
            let chosen = survivors(all.clone(), size);
            let place = |i: &Individual| all.iter().position(|a| a == i);
            chosen.iter().filter_map(place).collect()
        };
        assert_eq!(kept(3), [1, 4, 5]);
        assert_eq!(kept(4), [1, 3, 4, 5]);
        assert_eq!(kept(5), [0, 1, 3, 4, 5]);
        assert_eq!(kept(6), [0, 1, 2, 3, 4, 5]);
    }
}
