//! The iteration of Horn and Schunck itself, in double precision, with a nine-point mean.

use crate::convergence::{Convergence, StopReason};

/// One linearization, row by row.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) ix: Vec<f64>,
    pub(crate) iy: Vec<f64>,
    /// $c = I_t - I_x u_0 - I_y v_0$.
    pub(crate) c: Vec<f64>,
}

/// When the sweeps end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) alpha: f64,
    pub(crate) tolerance: f64,
    pub(crate) max_sweeps: usize,
}

/// The nine-point mean of a row: 1/6 of each edge neighbor, 1/12 of each corner, the border repeated.
fn mean_row(
    field: &[f64],
    rows: usize,
    columns: usize,
    y: usize,
    padded: &mut [Vec<f64>; 3],
    out: &mut [f64],
) {
    for (k, padded) in padded.iter_mut().enumerate() {
        let row = (y + k).saturating_sub(1).min(rows - 1);
        let row = &field[row * columns..][..columns];
        padded.resize(columns + 2, 0.0);
        padded[1..=columns].copy_from_slice(row);
        padded[0] = row[0];
        padded[columns + 1] = row[columns - 1];
    }
    let [above, here, below] = padded;
    for x in 0..columns {
        let edges = ((above[x + 1] + below[x + 1]) + here[x]) + here[x + 2];
        let corners = ((above[x] + above[x + 2]) + below[x]) + below[x + 2];
        out[x] = edges / 6.0 + corners / 12.0;
    }
}

impl Problem {
    /// Sweeps until $\lVert\Delta u\rVert/\lVert u\rVert$ falls below the tolerance; a field of zero never meets the rule.
    pub(crate) fn solve(
        &self,
        u: &mut Vec<f64>,
        v: &mut Vec<f64>,
        rule: Rule,
        mut observe: impl FnMut(usize, f64, &[f64], &[f64]),
    ) -> Convergence {
        let (rows, columns) = (self.rows, self.columns);
        let mut next = (vec![0.0; u.len()], vec![0.0; v.len()]);
        let mut padded = [Vec::new(), Vec::new(), Vec::new()];
        let (mut mean_u, mut mean_v) = (vec![0.0; columns], vec![0.0; columns]);
        let square = rule.alpha * rule.alpha;
        let mut result = Convergence {
            reason: StopReason::MaxIterations,
            iterations: 0,
            residual: f64::NAN,
            update: None,
            tolerance: rule.tolerance,
        };
        for sweep in 1..=rule.max_sweeps {
            let (mut change, mut size) = (0.0, 0.0);
            for y in 0..rows {
                mean_row(u, rows, columns, y, &mut padded, &mut mean_u);
                mean_row(v, rows, columns, y, &mut padded, &mut mean_v);
                let at = y * columns;
                for x in 0..columns {
                    let i = at + x;
                    let (ix, iy) = (self.ix[i], self.iy[i]);
                    let t = (ix * mean_u[x] + iy * mean_v[x] + self.c[i])
                        / (square + ix * ix + iy * iy);
                    let (a, b) = (mean_u[x] - ix * t, mean_v[x] - iy * t);
                    change += (a - u[i]).powi(2) + (b - v[i]).powi(2);
                    size += u[i] * u[i] + v[i] * v[i];
                    next.0[i] = a;
                    next.1[i] = b;
                }
            }
            std::mem::swap(u, &mut next.0);
            std::mem::swap(v, &mut next.1);
            result.iterations = sweep;
            let update = if size > 0.0 {
                (change / size).sqrt()
            } else if change == 0.0 {
                // nothing moves, and nothing ever will
                0.0
            } else {
                f64::INFINITY
            };
            result.update = Some(update);
            observe(sweep, update, u, v);
            if update < rule.tolerance || (size == 0.0 && change == 0.0) {
                result.reason = if size == 0.0 {
                    StopReason::Exact
                } else {
                    StopReason::Tolerance
                };
                break;
            }
        }
        result.residual = self.residual(u, v, rule.alpha);
        result
    }

    /// $\lVert b - Ax\rVert/\lVert b\rVert$ of $\alpha^2(u - \bar u) + I_x(I_x u + I_y v) = -I_x c$, likewise for $v$.
    pub(crate) fn residual(&self, u: &[f64], v: &[f64], alpha: f64) -> f64 {
        let (rows, columns) = (self.rows, self.columns);
        let mut padded = [Vec::new(), Vec::new(), Vec::new()];
        let (mut mean_u, mut mean_v) = (vec![0.0; columns], vec![0.0; columns]);
        let (mut sum, mut norm) = (0.0, 0.0);
        let square = alpha * alpha;
        for y in 0..rows {
            mean_row(u, rows, columns, y, &mut padded, &mut mean_u);
            mean_row(v, rows, columns, y, &mut padded, &mut mean_v);
            for x in 0..columns {
                let i = y * columns + x;
                let (ix, iy, c) = (self.ix[i], self.iy[i], self.c[i]);
                let e = ix * u[i] + iy * v[i] + c;
                sum += (square * (mean_u[x] - u[i]) - ix * e).powi(2)
                    + (square * (mean_v[x] - v[i]) - iy * e).powi(2);
                norm += c * c * (ix * ix + iy * iy);
            }
        }
        if norm > 0.0 { (sum / norm).sqrt() } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::{load, relative};

    fn problem() -> Problem {
        let flat = |name| load(name).into_iter().collect();
        Problem {
            rows: 48,
            columns: 64,
            ix: flat("one_level_Ix"),
            iy: flat("one_level_Iy"),
            c: flat("one_level_It"),
        }
    }

    fn rule(tolerance: f64, max_sweeps: usize) -> Rule {
        Rule {
            alpha: 0.1,
            tolerance,
            max_sweeps,
        }
    }

    #[test]
    fn follows_the_iteration_sweep_by_sweep() {
        let norms: Vec<f64> = load("jacobi_update_norm").into_iter().collect();
        let (mut u, mut v) = (vec![0.0; 48 * 64], vec![0.0; 48 * 64]);
        let mut checked = 0;
        problem().solve(&mut u, &mut v, rule(1e-300, 400), |sweep, update, u, v| {
            if sweep >= 2 {
                // differences of nearly equal fields in another order of additions
                approx::assert_relative_eq!(update, norms[sweep - 2], max_relative = 1e-9);
            }
            if [1, 10, 200].contains(&sweep) {
                let found = [u, v];
                for (name, found) in ["u", "v"].iter().zip(found) {
                    let expected = load(&format!("jacobi_{sweep:03}_{name}"));
                    assert!(relative(found, &expected) < 1e-12);
                    checked += 1;
                }
            }
        });
        assert_eq!(checked, 6);
    }

    #[test]
    fn stops_after_the_published_numbers_of_sweeps() {
        for (tolerance, sweeps, error) in [(1e-3, 137, 0.483_371), (1e-4, 1574, 0.073_027)] {
            let (mut u, mut v) = (vec![0.0; 48 * 64], vec![0.0; 48 * 64]);
            let result = problem().solve(&mut u, &mut v, rule(tolerance, 2000), |_, _, _, _| {});
            assert_eq!(result.iterations, sweeps);
            assert_eq!(result.reason, StopReason::Tolerance);
            // the rule is not convergence: the field is that far from the solution
            let both: Vec<f64> = u.into_iter().chain(v).collect();
            let exact = ndarray::concatenate![
                ndarray::Axis(0),
                load("one_level_9pt_u"),
                load("one_level_9pt_v")
            ];
            approx::assert_relative_eq!(relative(&both, &exact), error, max_relative = 1e-4);
        }
    }

    #[test]
    fn meets_the_direct_solution_and_its_residual_vanishes() {
        let flat = |name| load(name).into_iter().collect::<Vec<f64>>();
        let (mut u, mut v) = (flat("one_level_9pt_u"), flat("one_level_9pt_v"));
        assert!(problem().residual(&u, &v, 0.1) < 1e-12);
        let result = problem().solve(&mut u, &mut v, rule(1e-13, 3), |_, _, _, _| {});
        assert!(result.residual < 1e-12 && relative(&u, &load("one_level_9pt_u")) < 1e-10);
    }

    #[test]
    fn the_energy_never_rises() {
        let p = problem();
        let energy = |u: &[f64], v: &[f64]| {
            let mut sum = 0.0;
            for i in 0..u.len() {
                sum += (p.ix[i] * u[i] + p.iy[i] * v[i] + p.c[i]).powi(2);
            }
            // alpha^2 (u, u - mean(u)): the nine-point quadratic form
            let mut padded = [Vec::new(), Vec::new(), Vec::new()];
            let mut mean = vec![0.0; 64];
            for field in [u, v] {
                for y in 0..48 {
                    mean_row(field, 48, 64, y, &mut padded, &mut mean);
                    for x in 0..64 {
                        sum += 0.01 * field[y * 64 + x] * (field[y * 64 + x] - mean[x]);
                    }
                }
            }
            sum
        };
        let (mut u, mut v) = (vec![0.0; 48 * 64], vec![0.0; 48 * 64]);
        let mut last = energy(&u, &v);
        p.solve(&mut u, &mut v, rule(1e-300, 100), |_, _, u, v| {
            let now = energy(u, v);
            assert!(now <= last * (1.0 + 1e-12), "{now} after {last}");
            last = now;
        });
    }
}
