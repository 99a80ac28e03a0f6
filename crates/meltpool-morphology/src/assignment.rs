//! Optimal assignment: the Hungarian method by shortest augmenting paths.

/// Column of each row (or `None`) that makes the sum of costs least, if leaving a row out costs `unassigned`.
///
/// Costs above `unassigned` are never taken. $O(r^2(r + c))$.
///
/// # References
///
/// R. Jonker and A. Volgenant, Computing 38, 325 (1987), doi 10.1007/BF02278710.
pub(crate) fn assign(costs: &[Vec<f64>], n_columns: usize, unassigned: f64) -> Vec<Option<usize>> {
    let n = costs.len();
    // each row has a column of its own for staying out
    let m = n_columns + n;
    let cost = |row: usize, column: usize| -> f64 {
        if column < n_columns {
            let c = costs[row][column];
            if c <= unassigned { c } else { 1e18 }
        } else if column - n_columns == row {
            unassigned
        } else {
            1e18
        }
    };
    let (mut u, mut v) = (vec![0.0; n + 1], vec![0.0; m + 1]);
    let mut owner = vec![0_usize; m + 1]; // row (from 1) of each column (from 1)
    let mut way = vec![0_usize; m + 1];
    for row in 1..=n {
        owner[0] = row;
        let mut at = 0;
        let mut least = vec![f64::INFINITY; m + 1];
        let mut used = vec![false; m + 1];
        loop {
            used[at] = true;
            let (here, mut delta, mut next) = (owner[at], f64::INFINITY, 0);
            for j in 1..=m {
                if used[j] {
                    continue;
                }
                let reduced = cost(here - 1, j - 1) - u[here] - v[j];
                if reduced < least[j] {
                    (least[j], way[j]) = (reduced, at);
                }
                if least[j] < delta {
                    (delta, next) = (least[j], j);
                }
            }
            for j in 0..=m {
                if used[j] {
                    u[owner[j]] += delta;
                    v[j] -= delta;
                } else {
                    least[j] -= delta;
                }
            }
            at = next;
            if owner[at] == 0 {
                break;
            }
        }
        while at != 0 {
            owner[at] = owner[way[at]];
            at = way[at];
        }
    }
    let mut found = vec![None; n];
    for j in 1..=n_columns {
        if owner[j] > 0 {
            found[owner[j] - 1] = Some(j - 1);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn total(costs: &[Vec<f64>], columns: &[Option<usize>], unassigned: f64) -> f64 {
        let one = |(row, c): (usize, &Option<usize>)| c.map_or(unassigned, |c| costs[row][c]);
        columns.iter().enumerate().map(one).sum()
    }

    /// The least sum over all ways.
    fn brute(costs: &[Vec<f64>], row: usize, used: &mut Vec<bool>, unassigned: f64) -> f64 {
        if row == costs.len() {
            return 0.0;
        }
        let mut best = unassigned + brute(costs, row + 1, used, unassigned);
        for c in 0..used.len() {
            if !used[c] && costs[row][c] <= unassigned {
                used[c] = true;
                best = best.min(costs[row][c] + brute(costs, row + 1, used, unassigned));
                used[c] = false;
            }
        }
        best
    }

    proptest! {
        #[test]
        fn the_sum_is_the_least_of_all(values in proptest::collection::vec(0.0_f64..10.0, 0..25), columns in 1_usize..6) {
            let costs: Vec<Vec<f64>> = values.chunks_exact(columns).take(5).map(<[f64]>::to_vec).collect();
            let found = assign(&costs, columns, 6.0);
            let best = brute(&costs, 0, &mut vec![false; columns], 6.0);
            prop_assert!((total(&costs, &found, 6.0) - best).abs() < 1e-9);
            let mut taken: Vec<usize> = found.iter().flatten().copied().collect();
            taken.sort_unstable();
            taken.dedup();
            prop_assert_eq!(taken.len(), found.iter().flatten().count());
        }
    }

    #[test]
    fn nothing_to_assign() {
        assert!(assign(&[], 3, 1.0).is_empty());
        assert_eq!(assign(&[vec![], vec![]], 0, 1.0), [None, None]);
    }
}
