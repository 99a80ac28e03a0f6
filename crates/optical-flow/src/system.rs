//! The linear system of one linearization, and its solvers on planes split by color.
//!
//! For each pixel with $k$ existing neighbors, $(J + akI)(u, v)^T - a\sum_n (u_n, v_n)^T = r$: the five-point form of
//! Horn and Schunck's equations with natural borders. $J$ is any symmetric positive semidefinite $2\times2$ matrix.

mod hierarchy;
mod transfer;

use crate::kernel::dispatch::dispatch;
use crate::kernel::filter::squares;
use crate::kernel::relax::{
    Cells, Invert, InvertRow, Join, Mean4, OverRelax, Relax, Residual, ResidualRow, RightHandSide,
    Split,
};
use crate::parallel::{BAND, bands, chunks_with, is_parallel};
use crate::plane::{Field, Plane};
pub(crate) use hierarchy::{Hierarchy, System};

/// Cells of one color, each plane with a frame of zeros around it.
#[derive(Debug, Clone)]
struct Color {
    p: [Vec<f32>; 3],
    q: [Vec<f32>; 2],
    u: Vec<f32>,
    v: Vec<f32>,
}

/// One grid of the hierarchy. Its planes are filled again for each system.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    rows: usize,
    columns: usize,
    half: usize,
    stride: usize,
    a: f32,
    /// Even and odd sums of row and column.
    colors: [Color; 2],
    /// The data term of the next coarser grid: means over two by two cells.
    means: [Plane; 3],
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

/// Even and odd values of the three coefficients and the two right-hand sides of a row.
struct Halves([[Vec<f32>; 2]; 5]);

impl Halves {
    fn new(half: usize) -> Self {
        Self(std::array::from_fn(|_| [vec![0.0; half], vec![0.0; half]]))
    }

    fn split(&mut self, natural: &[Vec<f32>; 5]) {
        for ([even, odd], row) in self.0.iter_mut().zip(natural) {
            dispatch(Split, (&mut even[..], &mut odd[..], &row[..]));
        }
    }
}

/// Rows that a band is filled through, and the memory of what fills them.
struct Filling<S> {
    natural: [Vec<f32>; 5],
    here: Halves,
    above: Halves,
    ak: Vec<f32>,
    memory: S,
}

impl Grid {
    /// A grid of zeros.
    fn allocate((rows, columns): (usize, usize)) -> Self {
        let half = columns.div_ceil(2);
        let stride = half + 2;
        let plane = || vec![0.0_f32; (rows + 2) * stride];
        let color = || Color {
            p: [plane(), plane(), plane()],
            q: [plane(), plane()],
            u: plane(),
            v: plane(),
        };
        Self {
            rows,
            columns,
            half,
            stride,
            a: 0.0,
            colors: [color(), color()],
            means: std::array::from_fn(|_| Plane::new(rows.div_ceil(2), half)),
        }
    }

    /// Sets the system; `fill` writes the coefficients of a row, with memory of its own from row to row. Without a right-hand side that one is not touched. Returns the sum
    /// of squares of the right-hand side.
    #[expect(
        clippy::too_many_lines,
        reason = "one pass over the rows writes all planes while they are in the cache"
    )]
    fn fill<S: Send>(
        &mut self,
        a: f32,
        has_right_hand_side: bool,
        memory: impl Fn() -> S + Sync + Send,
        fill: impl Fn(&mut S, usize, Row<'_>) + Sync + Send,
    ) -> f64 {
        let (rows, columns, half, stride) = (self.rows, self.columns, self.half, self.stride);
        self.a = a;
        let [red, black] = &mut self.colors;
        let [p0, p1, p2] = &mut red.p;
        let [o0, o1, o2] = &mut black.p;
        let [q0, q1] = &mut red.q;
        let [b0, b1] = &mut black.q;
        let [m0, m1, m2] = self.means.each_mut().map(Plane::data_mut);
        let wide = |plane| (inner(plane, stride), BAND * stride);
        let narrow = |plane| (plane, BAND / 2 * half);
        let planes = [
            wide(p0),
            wide(p1),
            wide(p2),
            wide(q0),
            wide(q1),
            wide(o0),
            wide(o1),
            wide(o2),
            wide(b0),
            wide(b1),
            narrow(m0),
            narrow(m1),
            narrow(m2),
        ];
        let filling = || Filling {
            natural: std::array::from_fn(|_| vec![0.0_f32; columns]),
            here: Halves::new(half),
            above: Halves::new(half),
            ak: vec![0.0_f32; half],
            memory: memory(),
        };
        let sums = chunks_with(
            planes,
            rows * columns,
            filling,
            |filling, band, mut parts| {
                let first = band * BAND;
                let Filling {
                    natural,
                    here,
                    above,
                    ak,
                    memory,
                } = filling;
                let mut sum = 0.0;
                let n = parts[0].len() / stride;
                let (colors, means) = parts.split_at_mut(10);
                for k in 0..n {
                    let y = first + k;
                    let [j11, j12, j22, r1, r2] = natural.each_mut().map(Vec::as_mut_slice);
                    fill(
                        memory,
                        y,
                        Row {
                            j11,
                            j12,
                            j22,
                            r1,
                            r2,
                        },
                    );
                    if has_right_hand_side {
                        sum += squares(&natural[3]) + squares(&natural[4]);
                    }
                    here.split(natural);
                    let around = k * stride + 1..k * stride + 1 + half;
                    let (red, black) = colors.split_at_mut(5);
                    let sides = if is_even(0, y) {
                        [red, black]
                    } else {
                        [black, red]
                    };
                    let vertical = f32::from(u8::from(y > 0)) + f32::from(u8::from(y + 1 < rows));
                    for (parity, side) in sides.into_iter().enumerate() {
                        let cells = half - parity * (columns % 2);
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
                        let [p11, p12, p22, q1, q2] = side else {
                            continue;
                        };
                        let [p11, p12, p22] = [p11, p12, p22].map(|p| &mut p[around.clone()]);
                        let value = |c: usize| &here.0[c][parity][..];
                        dispatch(
                            Invert,
                            InvertRow {
                                p: [&mut *p11, &mut *p12, &mut *p22],
                                j: [value(0), value(1), value(2)],
                                ak: &*ak,
                                a,
                            },
                        );
                        for p in [&mut *p11, &mut *p12, &mut *p22] {
                            p[cells..].fill(0.0);
                        }
                        if has_right_hand_side {
                            dispatch(
                                RightHandSide,
                                (
                                    [&mut q1[around.clone()], &mut q2[around.clone()]],
                                    [&*p11, &*p12, &*p22],
                                    [value(3), value(4)],
                                    a,
                                ),
                            );
                        }
                    }
                    if k % 2 == 0 {
                        std::mem::swap(here, above);
                        if k + 1 < n {
                            continue;
                        }
                        // no last row
                        for half in here.0.iter_mut().flatten() {
                            half.fill(0.0);
                        }
                    }
                    for (c, mean) in means.iter_mut().enumerate() {
                        let ([a, b], [c, d]) = (&above.0[c], &here.0[c]);
                        let out = &mut mean[k / 2 * half..][..half];
                        dispatch(Mean4, (out, [&a[..], &b[..], &c[..], &d[..]], 0.25));
                    }
                }
                sum
            },
        );
        sums.iter().sum()
    }

    #[inline]
    fn range(&self, y: usize) -> std::ops::Range<usize> {
        let start = (y + 1) * self.stride + 1;
        start..start + self.half
    }

    /// Becomes the grid of twice the step: means of the data term, a quarter of the coupling, no right-hand side.
    fn coarsen(&mut self, fine: &Self) {
        self.fill(
            0.25 * fine.a,
            false,
            || (),
            |(), y, row| {
                let outs = [row.j11, row.j12, row.j22];
                for (out, mean) in outs.into_iter().zip(&fine.means) {
                    out.copy_from_slice(mean.row(y));
                }
            },
        );
    }

    /// Writes a field into the planes.
    pub(crate) fn set(&mut self, (u, v): &Field) {
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
    pub(crate) fn get(&self, (u, v): &mut Field) {
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

    #[inline]
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

    /// Relaxes the cells of one color in a row.
    fn relax_row(&mut self, color: usize, omega: Option<f32>, y: usize) {
        let (stride, half) = (self.stride, self.half);
        let range = self.range(y);
        let [red, black] = &mut self.colors;
        let (own, other) = if color == 0 {
            (red, &*black)
        } else {
            (black, &*red)
        };
        let (mut u, mut v) = (std::mem::take(&mut own.u), std::mem::take(&mut own.v));
        let cells = Self::cells(own, other, stride, half, color, y);
        let (here_u, here_v) = (&mut u[range.clone()], &mut v[range]);
        match omega {
            None => dispatch(Relax, (here_u, here_v, cells)),
            Some(omega) => dispatch(OverRelax, (here_u, here_v, cells, omega)),
        }
        own.u = u;
        own.v = v;
    }

    /// Relaxes the cells of one color, on several threads.
    fn relax_color(&mut self, color: usize, omega: Option<f32>) {
        let (stride, half, rows) = (self.stride, self.half, self.rows);
        let [red, black] = &mut self.colors;
        let (own, other) = if color == 0 {
            (red, &*black)
        } else {
            (black, &*red)
        };
        let (mut u, mut v) = (std::mem::take(&mut own.u), std::mem::take(&mut own.v));
        let inner = stride..(rows + 1) * stride;
        let planes = [&mut u[inner.clone()], &mut v[inner]];
        bands(planes, stride, |first, [u, v]| {
            let lines = u.chunks_exact_mut(stride).zip(v.chunks_exact_mut(stride));
            for (k, (u, v)) in lines.enumerate() {
                let cells = Self::cells(own, other, stride, half, color, first + k);
                let (u, v) = (&mut u[1..=half], &mut v[1..=half]);
                match omega {
                    None => dispatch(Relax, (u, v, cells)),
                    Some(omega) => dispatch(OverRelax, (u, v, cells, omega)),
                }
            }
        });
        own.u = u;
        own.v = v;
    }

    /// Sweeps of red-black relaxation. On one thread each color follows a row behind the one before it, so that all sweeps
    /// are one pass over the memory, with the same bits.
    pub(crate) fn smooth(&mut self, sweeps: usize, omega: Option<f32>) {
        if is_parallel(self.rows * self.columns) {
            for _ in 0..sweeps {
                self.relax_color(0, omega);
                self.relax_color(1, omega);
            }
            return;
        }
        for t in 0..self.rows + 2 * sweeps {
            for stage in 0..2 * sweeps {
                if t >= stage && t - stage < self.rows {
                    self.relax_row(stage % 2, omega, t - stage);
                }
            }
        }
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::{load, relative};

    fn oracle_system(hierarchy: &mut Hierarchy, levels: usize) -> System<'_> {
        let plane = |name| {
            let array = load(name);
            Plane::from_fn(48, 64, |at| array[at] as f32)
        };
        let (ix, iy, it) = (
            plane("one_level_Ix"),
            plane("one_level_Iy"),
            plane("one_level_It"),
        );
        hierarchy.system(
            0,
            levels,
            0.1 * 0.1 / 4.0,
            || (),
            |(), y, row| {
                for x in 0..64 {
                    let (gx, gy, c) = (ix.at(y, x), iy.at(y, x), it.at(y, x));
                    row.j11[x] = gx * gx;
                    row.j12[x] = gx * gy;
                    row.j22[x] = gy * gy;
                    row.r1[x] = -gx * c;
                    row.r2[x] = -gy * c;
                }
            },
        )
    }

    fn distance((u, v): &Field) -> f64 {
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
        let zero = (Plane::new(48, 64), Plane::new(48, 64));
        let mut field = zero.clone();
        let mut hierarchy = Hierarchy::new((48, 64));
        let result =
            oracle_system(&mut hierarchy, usize::MAX).multigrid(&zero, &mut field, 1e-6, 40);
        assert!(
            result.is_converged() && result.iterations < 15,
            "{result:?}"
        );
        // single precision, and a third of the field hardly has data
        assert!(distance(&field) < 1e-5, "{}", distance(&field));
        let result = oracle_system(&mut hierarchy, 1).sor(&zero, &mut field, 1.9, 1e-6, 2000);
        assert!(result.is_converged(), "{result:?}");
        assert!(distance(&field) < 2e-5, "{}", distance(&field));
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
            let mut grid = Grid::allocate((rows, columns));
            let fill = |(): &mut (), y: usize, row: Row<'_>| {
                for x in 0..columns {
                    let (gx, gy, c) = (gx.at(y, x), gy.at(y, x), c.at(y, x));
                    row.j11[x] = gx * gx;
                    row.j12[x] = gx * gy;
                    row.j22[x] = gy * gy;
                    row.r1[x] = -gx * c;
                    row.r2[x] = -gy * c;
                }
            };
            let sum = grid.fill(a, true, || (), fill);
            let field = (
                Plane::from_fn(rows, columns, value(4)),
                Plane::from_fn(rows, columns, value(5)),
            );
            grid.set(&field);
            let (u, v) = &field;
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
            let mut back = (Plane::new(rows, columns), Plane::new(rows, columns));
            grid.get(&mut back);
            assert_eq!(back, field);
            let mut hierarchy = Hierarchy::new((rows, columns));
            let mut system = hierarchy.system(0, usize::MAX, a, || (), fill);
            let zero = (Plane::new(rows, columns), Plane::new(rows, columns));
            assert!(system.multigrid(&zero, &mut back, 1e-4, 60).is_converged());
        }
    }

    #[test]
    fn both_instruction_sets_give_the_same_bits() {
        let run = || {
            let zero = (Plane::new(48, 64), Plane::new(48, 64));
            let mut field = zero.clone();
            let mut hierarchy = Hierarchy::new((48, 64));
            let result =
                oracle_system(&mut hierarchy, usize::MAX).multigrid(&zero, &mut field, 1e-4, 5);
            (field, result)
        };
        let wide = run();
        crate::kernel::dispatch::BASELINE_ONLY.set(true);
        let narrow = run();
        crate::kernel::dispatch::BASELINE_ONLY.set(false);
        assert_eq!(wide, narrow);
    }
}
