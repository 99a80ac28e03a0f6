//! The linear system of one linearization, and its solvers on planes split by color.
//!
//! For each pixel with $k$ existing neighbors, $(J + akI)(u, v)^T - a\sum_n (u_n, v_n)^T = r$: the five-point form of
//! Horn and Schunck's equations with natural borders. $J$ is any symmetric positive semidefinite $2\times2$ matrix.

mod hierarchy;

use crate::kernel::dispatch::dispatch;
use crate::kernel::filter::squares;
use crate::kernel::relax::{
    Cells, Correct, Invert, InvertRow, Join, Mean2, Mean4, OverRelax, Relax, Residual, ResidualRow,
    RightHandSide, Split,
};
use crate::parallel::{BAND, bands, is_parallel};
use crate::plane::Plane;
pub(crate) use hierarchy::Hierarchy;

/// Cells of one color, each plane with a frame of zeros around it.
#[derive(Debug, Clone)]
struct Color {
    j: [Vec<f32>; 3],
    p: [Vec<f32>; 3],
    q: [Vec<f32>; 2],
    u: Vec<f32>,
    v: Vec<f32>,
}

/// One grid of the hierarchy.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    rows: usize,
    columns: usize,
    half: usize,
    stride: usize,
    a: f32,
    /// Even and odd sums of row and column.
    colors: [Color; 2],
}

/// One row of coefficients, as the caller fills it.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) j11: &'a mut [f32],
    pub(crate) j12: &'a mut [f32],
    pub(crate) j22: &'a mut [f32],
    pub(crate) r1: &'a mut [f32],
    pub(crate) r2: &'a mut [f32],
}

/// Whether cells of a color lie on the even columns of a row.
fn is_even(color: usize, y: usize) -> bool {
    (color + y) % 2 == 0
}

/// The rows of a plane without its frame.
fn inner(plane: &mut [f32], stride: usize) -> &mut [f32] {
    let n = plane.len();
    &mut plane[stride..n - stride]
}

impl Grid {
    /// Builds the grid; `fill` writes the coefficients of a row. Returns the sum of squares of the right-hand side too.
    #[expect(
        clippy::too_many_lines,
        reason = "one pass over the rows writes all planes while they are in the cache"
    )]
    pub(crate) fn new(
        (rows, columns): (usize, usize),
        a: f32,
        fill: impl Fn(usize, Row<'_>) + Sync + Send,
    ) -> (Self, f64) {
        let half = columns.div_ceil(2);
        let stride = half + 2;
        let plane = || vec![0.0_f32; (rows + 2) * stride];
        let color = || Color {
            j: [plane(), plane(), plane()],
            p: [plane(), plane(), plane()],
            q: [plane(), plane()],
            u: plane(),
            v: plane(),
        };
        let mut colors = [color(), color()];
        let [red, black] = &mut colors;
        let [j0, j1, j2] = &mut red.j;
        let [k0, k1, k2] = &mut black.j;
        let [p0, p1, p2] = &mut red.p;
        let [o0, o1, o2] = &mut black.p;
        let [q0, q1] = &mut red.q;
        let [b0, b1] = &mut black.q;
        let planes = [
            j0, j1, j2, p0, p1, p2, q0, q1, k0, k1, k2, o0, o1, o2, b0, b1,
        ]
        .map(|plane| inner(plane, stride));
        let sums = bands(planes, stride, |first, parts| {
            let mut natural = vec![vec![0.0_f32; columns]; 5];
            let mut halves = vec![[vec![0.0_f32; half], vec![0.0_f32; half]]; 2];
            let mut ak = vec![0.0_f32; half];
            let mut sum = 0.0;
            let n = parts[0].len() / stride;
            let mut parts = parts;
            for k in 0..n {
                let y = first + k;
                if let [j11, j12, j22, r1, r2] = &mut natural[..] {
                    fill(
                        y,
                        Row {
                            j11,
                            j12,
                            j22,
                            r1,
                            r2,
                        },
                    );
                    sum += squares(r1) + squares(r2);
                }
                let around = k * stride + 1..k * stride + 1 + half;
                let (red, black) = parts.split_at_mut(8);
                let (even, odd) = if is_even(0, y) {
                    (red, black)
                } else {
                    (black, red)
                };
                for c in 0..3 {
                    dispatch(
                        Split,
                        (
                            &mut even[c][around.clone()],
                            &mut odd[c][around.clone()],
                            &natural[c][..],
                        ),
                    );
                }
                for (c, halves) in halves.iter_mut().enumerate() {
                    let [e, o] = halves;
                    dispatch(Split, (&mut e[..], &mut o[..], &natural[3 + c][..]));
                }
                let vertical = f32::from(u8::from(y > 0)) + f32::from(u8::from(y + 1 < rows));
                for (parity, side) in [even, odd].into_iter().enumerate() {
                    let cells = columns.div_ceil(2) - parity * (columns % 2);
                    ak.fill(a * (vertical + 2.0));
                    for (i, x) in [
                        (0, parity),
                        (cells.max(1) - 1, 2 * cells.max(1) - 2 + parity),
                    ] {
                        let k = vertical
                            + f32::from(u8::from(x > 0))
                            + f32::from(u8::from(x + 1 < columns));
                        ak[i] = a * k;
                    }
                    let [j11, j12, j22, p11, p12, p22, q1, q2] = side else {
                        continue;
                    };
                    let j = [
                        &j11[around.clone()],
                        &j12[around.clone()],
                        &j22[around.clone()],
                    ];
                    dispatch(
                        Invert,
                        InvertRow {
                            p: [
                                &mut p11[around.clone()],
                                &mut p12[around.clone()],
                                &mut p22[around.clone()],
                            ],
                            j,
                            ak: &ak,
                            a,
                        },
                    );
                    for p in [&mut *p11, p12, p22] {
                        p[around.start + cells..around.end].fill(0.0);
                    }
                    dispatch(
                        RightHandSide,
                        (
                            [&mut q1[around.clone()], &mut q2[around.clone()]],
                            [
                                &p11[around.clone()],
                                &p12[around.clone()],
                                &p22[around.clone()],
                            ],
                            [&halves[0][parity][..], &halves[1][parity][..]],
                            a,
                        ),
                    );
                }
            }
            sum
        });
        let grid = Self {
            rows,
            columns,
            half,
            stride,
            a,
            colors,
        };
        (grid, sums.iter().sum())
    }

    fn range(&self, y: usize) -> std::ops::Range<usize> {
        let start = (y + 1) * self.stride + 1;
        start..start + self.half
    }

    /// The grid of twice the step: means of the data term, a quarter of the coupling, no right-hand side.
    fn coarser(&self) -> Self {
        let (rows, columns) = (self.rows.div_ceil(2), self.half);
        Self::new((rows, columns), 0.25 * self.a, |y, row| {
            let outs = [row.j11, row.j12, row.j22];
            for (c, out) in outs.into_iter().enumerate() {
                // the frame of zeros stands for a missing last row
                let at = |color: usize, y: usize| &self.colors[color].j[c][self.range(y)];
                dispatch(
                    Mean4,
                    (
                        out,
                        [
                            at(0, 2 * y),
                            at(1, 2 * y),
                            at(0, 2 * y + 1),
                            at(1, 2 * y + 1),
                        ],
                        0.25,
                    ),
                );
            }
            row.r1.fill(0.0);
            row.r2.fill(0.0);
        })
        .0
    }

    /// Writes a field into the planes.
    pub(crate) fn set(&mut self, u: &Plane, v: &Plane) {
        for y in 0..self.rows {
            let range = self.range(y);
            let [red, black] = &mut self.colors;
            let (even, odd) = if is_even(0, y) {
                (red, black)
            } else {
                (black, red)
            };
            for (even, odd, row) in [
                (&mut even.u, &mut odd.u, u.row(y)),
                (&mut even.v, &mut odd.v, v.row(y)),
            ] {
                dispatch(
                    Split,
                    (&mut even[range.clone()], &mut odd[range.clone()], row),
                );
            }
        }
    }

    /// Reads the field.
    pub(crate) fn get(&self, u: &mut Plane, v: &mut Plane) {
        for y in 0..self.rows {
            self.join_row(y, |color| &color.u, u.row_mut(y));
            self.join_row(y, |color| &color.v, v.row_mut(y));
        }
    }

    fn join_row(&self, y: usize, pick: impl Fn(&Color) -> &Vec<f32>, out: &mut [f32]) {
        let range = self.range(y);
        let even = usize::from(!is_even(0, y));
        let (even, odd) = (&self.colors[even], &self.colors[1 - even]);
        dispatch(Join, (out, &pick(even)[range.clone()], &pick(odd)[range]));
    }

    fn cells<'a>(
        own: &'a Color,
        other: &'a Color,
        stride: usize,
        half: usize,
        color: usize,
        y: usize,
    ) -> Cells<'a> {
        let start = (y + 1) * stride + 1;
        let left = if is_even(color, y) { start - 1 } else { start };
        let at = |plane: &'a Vec<f32>| {
            [
                &plane[left..left + half],
                &plane[left + 1..left + 1 + half],
                &plane[start - stride..start - stride + half],
                &plane[start + stride..start + stride + half],
            ]
        };
        let range = start..start + half;
        Cells {
            u: at(&other.u),
            v: at(&other.v),
            p11: &own.p[0][range.clone()],
            p12: &own.p[1][range.clone()],
            p22: &own.p[2][range.clone()],
            q1: &own.q[0][range.clone()],
            q2: &own.q[1][range],
        }
    }

    /// Relaxes the cells of one color in some rows.
    fn relax_color(&mut self, color: usize, omega: Option<f32>, y: std::ops::Range<usize>) {
        let (stride, half) = (self.stride, self.half);
        let [red, black] = &mut self.colors;
        let (own, other) = if color == 0 {
            (red, &*black)
        } else {
            (black, &*red)
        };
        let mut u = std::mem::take(&mut own.u);
        let mut v = std::mem::take(&mut own.v);
        let work = |y: usize, u: &mut [f32], v: &mut [f32]| {
            let cells = Self::cells(own, other, stride, half, color, y);
            match omega {
                None => dispatch(Relax, (u, v, cells)),
                Some(omega) => dispatch(OverRelax, (u, v, cells, omega)),
            }
        };
        if y.len() > BAND && is_parallel(self.rows * self.columns) {
            let inner = stride..(self.rows + 1) * stride;
            bands(
                [&mut u[inner.clone()], &mut v[inner]],
                stride,
                |first, [u, v]| {
                    let rows = u.chunks_exact_mut(stride).zip(v.chunks_exact_mut(stride));
                    for (k, (u, v)) in rows.enumerate() {
                        work(first + k, &mut u[1..=half], &mut v[1..=half]);
                    }
                },
            );
        } else {
            for y in y {
                let range = (y + 1) * stride + 1..(y + 1) * stride + 1 + half;
                work(y, &mut u[range.clone()], &mut v[range]);
            }
        }
        own.u = u;
        own.v = v;
    }

    /// One sweep of red-black relaxation; on one thread black rows follow one row behind the red ones, with the same bits.
    pub(crate) fn sweep(&mut self, omega: Option<f32>) {
        if is_parallel(self.rows * self.columns) {
            self.relax_color(0, omega, 0..self.rows);
            self.relax_color(1, omega, 0..self.rows);
            return;
        }
        for y in 0..self.rows {
            self.relax_color(0, omega, y..y + 1);
            if y > 0 {
                self.relax_color(1, omega, y - 1..y);
            }
        }
        self.relax_color(1, omega, self.rows - 1..self.rows);
    }

    /// Residual of a row of one color.
    fn residual_row(&self, color: usize, y: usize, out1: &mut [f32], out2: &mut [f32]) {
        let (own, other) = (&self.colors[color], &self.colors[1 - color]);
        let range = self.range(y);
        dispatch(
            Residual,
            ResidualRow {
                out1,
                out2,
                u: &own.u[range.clone()],
                v: &own.v[range],
                cells: Self::cells(own, other, self.stride, self.half, color, y),
                a: self.a,
            },
        );
    }

    /// The norm of the residual $b - Ax$ over both components.
    pub(crate) fn residual_norm(&self) -> f64 {
        let bands: Vec<usize> = (0..self.rows).step_by(BAND).collect();
        let sums = crate::parallel::map(bands, self.rows * self.columns, |first| {
            let mut out1 = vec![0.0; self.half];
            let mut out2 = vec![0.0; self.half];
            let mut sum = 0.0;
            for y in first..(first + BAND).min(self.rows) {
                for color in 0..2 {
                    self.residual_row(color, y, &mut out1, &mut out2);
                    sum += squares(&out1) + squares(&out2);
                }
            }
            sum
        });
        sums.iter().sum::<f64>().sqrt()
    }

    /// Sets this grid's right-hand side to the restricted residual of a finer one whose black cells were relaxed last, and its
    /// field to zero. Returns the norm of that residual.
    fn restrict_from(&mut self, fine: &Self) -> f64 {
        let (stride, half, columns, a) = (self.stride, self.half, self.columns, self.a);
        let inner = stride..(self.rows + 1) * stride;
        let rows = self.rows;
        let [red, black] = &mut self.colors;
        for plane in [&mut red.u, &mut red.v, &mut black.u, &mut black.v] {
            plane.fill(0.0);
        }
        let [r0, r1] = &mut red.q;
        let [b0, b1] = &mut black.q;
        let p = [&red.p, &black.p];
        let outs = [r0, r1, b0, b1].map(|plane| &mut plane[inner.clone()]);
        let sums = bands(outs, stride, |first, mut outs| {
            let mut fine_rows = vec![vec![0.0_f32; fine.half]; 4];
            let mut natural = [vec![0.0_f32; columns], vec![0.0_f32; columns]];
            let mut halves = [
                [vec![0.0_f32; half], vec![0.0_f32; half]],
                [vec![0.0_f32; half], vec![0.0_f32; half]],
            ];
            let n = outs[0].len() / stride;
            let mut sum = 0.0;
            for k in 0..n {
                let y = first + k;
                let [a1, a2, b1, b2] = &mut fine_rows[..] else {
                    continue;
                };
                fine.residual_row(0, 2 * y, a1, a2);
                sum += squares(a1) + squares(a2);
                if 2 * y + 1 < fine.rows {
                    fine.residual_row(0, 2 * y + 1, b1, b2);
                    sum += squares(b1) + squares(b2);
                } else {
                    b1.fill(0.0);
                    b2.fill(0.0);
                }
                dispatch(Mean2, (&mut natural[0][..], &a1[..], &b1[..], 0.25));
                dispatch(Mean2, (&mut natural[1][..], &a2[..], &b2[..], 0.25));
                for c in 0..2 {
                    let [e, o] = &mut halves[c];
                    dispatch(Split, (&mut e[..], &mut o[..], &natural[c][..]));
                }
                let here = k * stride + 1..k * stride + 1 + half;
                let there = (y + 1) * stride + 1..(y + 1) * stride + 1 + half;
                let (red, black) = outs.split_at_mut(2);
                for (color, side) in [red, black].into_iter().enumerate() {
                    let parity = usize::from(!is_even(color, y));
                    let [q1, q2] = side else { continue };
                    dispatch(
                        RightHandSide,
                        (
                            [&mut q1[here.clone()], &mut q2[here.clone()]],
                            [
                                &p[color][0][there.clone()],
                                &p[color][1][there.clone()],
                                &p[color][2][there.clone()],
                            ],
                            [&halves[0][parity][..], &halves[1][parity][..]],
                            a,
                        ),
                    );
                }
            }
            sum
        });
        debug_assert!(rows > 0);
        sums.iter().sum::<f64>().sqrt()
    }

    /// Adds a coarser grid's field to the black cells; the red ones are relaxed next, from black ones alone.
    fn correct_from(&mut self, coarse: &Self) {
        let (stride, half, rows) = (self.stride, self.half, self.rows);
        let columns = self.columns;
        let inner = stride..(rows + 1) * stride;
        let black = &mut self.colors[1];
        let outs = [&mut black.u[inner.clone()], &mut black.v[inner]];
        bands(outs, stride, |first, mut outs| {
            let n_c = coarse.columns;
            let mut near = vec![0.0_f32; n_c];
            let mut far = vec![0.0_f32; n_c];
            // between the two rows, with a repeated cell on each side
            let mut column = vec![0.0_f32; n_c + 2];
            let n = outs[0].len() / stride;
            for k in 0..n {
                let y = first + k;
                let other = if y % 2 == 0 {
                    (y / 2).saturating_sub(1)
                } else {
                    (y / 2 + 1).min(coarse.rows - 1)
                };
                for (c, out) in outs.iter_mut().enumerate() {
                    if c == 0 {
                        coarse.join_row(y / 2, |color| &color.u, &mut near);
                        coarse.join_row(other, |color| &color.u, &mut far);
                    } else {
                        coarse.join_row(y / 2, |color| &color.v, &mut near);
                        coarse.join_row(other, |color| &color.v, &mut far);
                    }
                    for (out, (near, far)) in column[1..].iter_mut().zip(near.iter().zip(&far)) {
                        *out = 3.0 * near + far;
                    }
                    column[0] = column[1];
                    column[n_c + 1] = column[n_c];
                    // black cells: odd columns in even rows
                    let even = is_even(1, y);
                    let cells = half - usize::from(!even) * (columns % 2);
                    let here = &mut out[k * stride + 1..k * stride + 1 + cells];
                    let far = if even {
                        &column[..cells]
                    } else {
                        &column[2..2 + cells]
                    };
                    dispatch(Correct, (here, &column[1..=cells], far));
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::{load, relative};

    fn oracle_grid() -> (Grid, f64) {
        let plane = |name| {
            let array = load(name);
            Plane::from_fn(48, 64, |at| array[at] as f32)
        };
        let (ix, iy, it) = (
            plane("one_level_Ix"),
            plane("one_level_Iy"),
            plane("one_level_It"),
        );
        Grid::new((48, 64), 0.1 * 0.1 / 4.0, |y, row| {
            for x in 0..64 {
                let (gx, gy, c) = (ix.at(y, x), iy.at(y, x), it.at(y, x));
                row.j11[x] = gx * gx;
                row.j12[x] = gx * gy;
                row.j22[x] = gy * gy;
                row.r1[x] = -gx * c;
                row.r2[x] = -gy * c;
            }
        })
    }

    fn distance(u: &Plane, v: &Plane) -> f64 {
        let found: Vec<f64> = u
            .data()
            .iter()
            .chain(v.data())
            .map(|x| f64::from(*x))
            .collect();
        let expected = ndarray::concatenate![
            ndarray::Axis(0),
            load("one_level_5pt_u"),
            load("one_level_5pt_v")
        ];
        relative(&found, &expected)
    }

    #[test]
    fn multigrid_and_over_relaxation_meet_the_direct_solution() {
        let (mut u, mut v) = (Plane::new(48, 64), Plane::new(48, 64));
        let result = Hierarchy::new(oracle_grid(), true).multigrid(&mut u, &mut v, 1e-6, 40);
        assert!(
            result.is_converged() && result.iterations < 15,
            "{result:?}"
        );
        // single precision, and a third of the field hardly has data
        assert!(distance(&u, &v) < 1e-5, "{}", distance(&u, &v));
        let (mut u, mut v) = (Plane::new(48, 64), Plane::new(48, 64));
        let result = Hierarchy::new(oracle_grid(), false).sor(&mut u, &mut v, 1.9, 1e-6, 2000);
        assert!(result.is_converged(), "{result:?}");
        assert!(distance(&u, &v) < 2e-5, "{}", distance(&u, &v));
    }

    /// A random system with the operator written out cell by cell, for odd and even sizes.
    #[test]
    fn residual_is_that_of_the_plain_operator() {
        for (rows, columns) in [(8, 8), (9, 13), (12, 7), (33, 20), (8, 41)] {
            let value = |seed: usize| {
                move |(y, x): (usize, usize)| {
                    (((y * 31 + x * 17 + seed * 101) * 2_654_435) % 1009) as f32 / 1009.0 - 0.5
                }
            };
            let gx = Plane::from_fn(rows, columns, value(1));
            let gy = Plane::from_fn(rows, columns, value(2));
            let c = Plane::from_fn(rows, columns, value(3));
            let a = 0.03_f32;
            let (grid, sum) = Grid::new((rows, columns), a, |y, row| {
                for x in 0..columns {
                    let (gx, gy, c) = (gx.at(y, x), gy.at(y, x), c.at(y, x));
                    row.j11[x] = gx * gx;
                    row.j12[x] = gx * gy;
                    row.j22[x] = gy * gy;
                    row.r1[x] = -gx * c;
                    row.r2[x] = -gy * c;
                }
            });
            let mut grid = grid;
            let (u, v) = (
                Plane::from_fn(rows, columns, value(4)),
                Plane::from_fn(rows, columns, value(5)),
            );
            grid.set(&u, &v);
            let (mut expected, mut norm) = (0.0, 0.0);
            for y in 0..rows {
                for x in 0..columns {
                    let (g, h, c) = (gx.at(y, x), gy.at(y, x), c.at(y, x));
                    let e = g * u.at(y, x) + h * v.at(y, x) + c;
                    let (mut r1, mut r2) = (-g * e, -h * e);
                    for (dy, dx) in [(0, 1), (1, 0), (0, -1), (-1, 0)] {
                        let (yy, xx) = (y as isize + dy, x as isize + dx);
                        if yy >= 0 && xx >= 0 && yy < rows as isize && xx < columns as isize {
                            r1 += a * (u.at(yy as usize, xx as usize) - u.at(y, x));
                            r2 += a * (v.at(yy as usize, xx as usize) - v.at(y, x));
                        }
                    }
                    expected += f64::from(r1 * r1 + r2 * r2);
                    norm += f64::from((g * c).powi(2) + (h * c).powi(2));
                }
            }
            approx::assert_relative_eq!(grid.residual_norm(), expected.sqrt(), max_relative = 1e-4);
            approx::assert_relative_eq!(sum, norm, max_relative = 1e-5);
            let (mut back_u, mut back_v) = (u.clone(), v.clone());
            grid.get(&mut back_u, &mut back_v);
            assert_eq!((back_u, back_v), (u, v));
            let mut hierarchy = Hierarchy::new((grid, sum), true);
            let (mut u, mut v) = (Plane::new(rows, columns), Plane::new(rows, columns));
            assert!(hierarchy.multigrid(&mut u, &mut v, 1e-4, 60).is_converged());
        }
    }

    #[test]
    fn both_instruction_sets_give_the_same_bits() {
        let run = || {
            let (mut u, mut v) = (Plane::new(48, 64), Plane::new(48, 64));
            let result = Hierarchy::new(oracle_grid(), true).multigrid(&mut u, &mut v, 1e-4, 5);
            (u, v, result)
        };
        let wide = run();
        crate::kernel::dispatch::BASELINE_ONLY.set(true);
        let narrow = run();
        crate::kernel::dispatch::BASELINE_ONLY.set(false);
        assert_eq!(wide, narrow);
    }
}
