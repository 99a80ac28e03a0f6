//! A coupled five-point system with a weight on each edge, relaxed on planes split by color.

use crate::kernel::dispatch::{Kernel, dispatch};
use crate::kernel::relax::{Join, Split};
use crate::parallel::{bands, is_parallel};
use crate::plane::Plane;

/// Cells of one color: $P = (J + \sum w)^{-1}$, $q = Pr$, the weights to the left, right, above and below, and the field.
#[derive(Debug, Clone)]
struct Color {
    p: [Vec<f32>; 3],
    q: [Vec<f32>; 2],
    w: [Vec<f32>; 4],
    u: Vec<f32>,
    v: Vec<f32>,
}

#[derive(Debug, Clone)]
pub(crate) struct WeightedGrid {
    rows: usize,
    columns: usize,
    half: usize,
    stride: usize,
    colors: [Color; 2],
}

/// One row of coefficients, as the caller fills it.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// Data term: the symmetric matrix and the right-hand side.
    pub(crate) j: [&'a mut [f32]; 3],
    pub(crate) r: [&'a mut [f32]; 2],
    /// Weights of the edges to the left, right, above and below; those over the border are set to zero later.
    pub(crate) w: [&'a mut [f32]; 4],
}

struct Cells<'a> {
    u: [&'a [f32]; 4],
    v: [&'a [f32]; 4],
    w: [&'a [f32]; 4],
    p: [&'a [f32]; 3],
    q: [&'a [f32]; 2],
    omega: f32,
}

#[derive(Debug, Clone, Copy)]
struct Relax;

impl Kernel<(&mut [f32], &mut [f32], Cells<'_>)> for Relax {
    #[expect(
        clippy::inline_always,
        reason = "a body takes the instruction set of its caller only if it is inlined"
    )]
    #[inline(always)]
    fn run((u, v, cells): (&mut [f32], &mut [f32], Cells<'_>)) {
        let n = u.len();
        let v = &mut v[..n];
        let [ul, ur, ua, ub] = cells.u.map(|s| &s[..n]);
        let [vl, vr, va, vb] = cells.v.map(|s| &s[..n]);
        let [wl, wr, wa, wb] = cells.w.map(|s| &s[..n]);
        let [p11, p12, p22] = cells.p.map(|s| &s[..n]);
        let [q1, q2] = cells.q.map(|s| &s[..n]);
        for x in 0..n {
            let su = (wl[x] * ul[x] + wr[x] * ur[x]) + (wa[x] * ua[x] + wb[x] * ub[x]);
            let sv = (wl[x] * vl[x] + wr[x] * vr[x]) + (wa[x] * va[x] + wb[x] * vb[x]);
            u[x] += cells.omega * (p11[x] * su + p12[x] * sv + q1[x] - u[x]);
            v[x] += cells.omega * (p12[x] * su + p22[x] * sv + q2[x] - v[x]);
        }
    }
}

/// Sweeps of one pass over the memory: their rows fit into the cache of a core.
const TOGETHER: usize = 4;

/// From a row of the data term and its right-hand side to $P$ and $q$, given the weights of the edges.
#[derive(Debug, Clone, Copy)]
struct Invert;

impl Kernel<([&mut [f32]; 5], [&mut [f32]; 4])> for Invert {
    #[expect(
        clippy::inline_always,
        reason = "a body takes the instruction set of its caller only if it is inlined"
    )]
    #[inline(always)]
    fn run(([j11, j12, j22, r1, r2], w): ([&mut [f32]; 5], [&mut [f32]; 4])) {
        let n = j11.len();
        let (j12, j22, r1, r2) = (&mut j12[..n], &mut j22[..n], &mut r1[..n], &mut r2[..n]);
        let [wl, wr, wa, wb] = w.map(|s| &s[..n]);
        for x in 0..n {
            let k = (wl[x] + wr[x]) + (wa[x] + wb[x]);
            let (a, b, d) = (j11[x], j12[x], j22[x]);
            // the determinant of J is not negative: no cancellation below zero
            let own = (a * d - b * b).max(0.0);
            let scale = 1.0 / (k * (k + a + d) + own).max(1e-30);
            let (p11, p12, p22) = (scale * (d + k), -scale * b, scale * (a + k));
            let (s, t) = (r1[x], r2[x]);
            j11[x] = p11;
            j12[x] = p12;
            j22[x] = p22;
            r1[x] = p11 * s + p12 * t;
            r2[x] = p12 * s + p22 * t;
        }
    }
}

fn is_even(color: usize, y: usize) -> bool {
    (color + y) % 2 == 0
}

impl WeightedGrid {
    pub(crate) fn new((rows, columns): (usize, usize)) -> Self {
        let half = columns.div_ceil(2);
        let stride = half + 2;
        let plane = || vec![0.0_f32; (rows + 2) * stride];
        let color = || Color {
            p: [plane(), plane(), plane()],
            q: [plane(), plane()],
            w: [plane(), plane(), plane(), plane()],
            u: plane(),
            v: plane(),
        };
        Self {
            rows,
            columns,
            half,
            stride,
            colors: [color(), color()],
        }
    }

    /// Sets the system; `fill` writes the coefficients of a row.
    pub(crate) fn fill(&mut self, fill: impl Fn(usize, Row<'_>) + Sync + Send) {
        let (rows, columns, stride, half) = (self.rows, self.columns, self.stride, self.half);
        let [red, black] = &mut self.colors;
        let mut planes = Vec::with_capacity(18);
        for color in [red, black] {
            let all = color.p.iter_mut().chain(&mut color.q).chain(&mut color.w);
            planes.extend(all.map(|plane| &mut plane[stride..(rows + 1) * stride]));
        }
        let Ok(planes) = <[&mut [f32]; 18]>::try_from(planes) else {
            return;
        };
        bands(planes, stride, |first, mut parts| {
            let mut natural: [Vec<f32>; 9] = std::array::from_fn(|_| vec![0.0_f32; columns]);
            for k in 0..parts[0].len() / stride {
                let y = first + k;
                let [j11, j12, j22, r1, r2, wl, wr, wa, wb] =
                    natural.each_mut().map(Vec::as_mut_slice);
                fill(
                    y,
                    Row {
                        j: [&mut *j11, &mut *j12, &mut *j22],
                        r: [&mut *r1, &mut *r2],
                        w: [&mut *wl, &mut *wr, &mut *wa, &mut *wb],
                    },
                );
                wl[0] = 0.0;
                wr[columns - 1] = 0.0;
                if y == 0 {
                    wa.fill(0.0);
                }
                if y + 1 == rows {
                    wb.fill(0.0);
                }
                dispatch(Invert, ([j11, j12, j22, r1, r2], [wl, wr, wa, wb]));
                let at = k * stride + 1..k * stride + 1 + half;
                let (red, black) = parts.split_at_mut(9);
                let (even, odd) = if is_even(0, y) {
                    (red, black)
                } else {
                    (black, red)
                };
                for ((even, odd), row) in even.iter_mut().zip(odd).zip(&natural) {
                    let (even, odd) = (&mut even[at.clone()], &mut odd[at.clone()]);
                    dispatch(Split, (even, odd, &row[..]));
                }
            }
        });
    }

    fn cells<'a>(
        &self,
        own: &'a Color,
        other: &'a Color,
        color: usize,
        y: usize,
        omega: f32,
    ) -> Cells<'a> {
        let (stride, half) = (self.stride, self.half);
        let start = (y + 1) * stride + 1;
        let left = if is_even(color, y) { start - 1 } else { start };
        let around = [left, left + 1, start - stride, start + stride];
        let range = start..start + half;
        Cells {
            u: around.map(|at| &other.u[at..at + half]),
            v: around.map(|at| &other.v[at..at + half]),
            w: own.w.each_ref().map(|plane| &plane[range.clone()]),
            p: own.p.each_ref().map(|plane| &plane[range.clone()]),
            q: own.q.each_ref().map(|plane| &plane[range.clone()]),
            omega,
        }
    }

    fn relax_row(&mut self, color: usize, y: usize, omega: f32) {
        let at = (y + 1) * self.stride + 1..(y + 1) * self.stride + 1 + self.half;
        let own = &mut self.colors[color];
        let (mut u, mut v) = (std::mem::take(&mut own.u), std::mem::take(&mut own.v));
        let cells = self.cells(
            &self.colors[color],
            &self.colors[1 - color],
            color,
            y,
            omega,
        );
        dispatch(Relax, (&mut u[at.clone()], &mut v[at], cells));
        let own = &mut self.colors[color];
        own.u = u;
        own.v = v;
    }

    fn relax(&mut self, color: usize, omega: f32) {
        let (stride, half, rows) = (self.stride, self.half, self.rows);
        let own = &mut self.colors[color];
        let (mut u, mut v) = (std::mem::take(&mut own.u), std::mem::take(&mut own.v));
        let (own, other) = (&self.colors[color], &self.colors[1 - color]);
        let inner = stride..(rows + 1) * stride;
        let planes = [&mut u[inner.clone()], &mut v[inner]];
        bands(planes, stride, |first, [u, v]| {
            let lines = u.chunks_exact_mut(stride).zip(v.chunks_exact_mut(stride));
            for (k, (u, v)) in lines.enumerate() {
                let cells = self.cells(own, other, color, first + k, omega);
                dispatch(Relax, (&mut u[1..=half], &mut v[1..=half], cells));
            }
        });
        let own = &mut self.colors[color];
        own.u = u;
        own.v = v;
    }

    /// Sweeps; on one thread some at a time are one pass over the memory, each color a row behind the one before it.
    fn relax_all(&mut self, omega: f32, mut sweeps: usize) {
        if is_parallel(self.rows * self.columns) {
            for _ in 0..sweeps {
                self.relax(0, omega);
                self.relax(1, omega);
            }
            return;
        }
        while sweeps > 0 {
            let stages = 2 * sweeps.min(TOGETHER);
            for t in 0..self.rows + stages {
                for stage in 0..stages {
                    if t >= stage && t - stage < self.rows {
                        self.relax_row(stage % 2, t - stage, omega);
                    }
                }
            }
            sweeps -= stages / 2;
        }
    }

    /// Sweeps of red-black over-relaxation from the field in `u` and `v`.
    pub(crate) fn sweep(&mut self, u: &mut Plane, v: &mut Plane, omega: f32, sweeps: usize) {
        for y in 0..self.rows {
            let at = (y + 1) * self.stride + 1..(y + 1) * self.stride + 1 + self.half;
            let [red, black] = &mut self.colors;
            let (even, odd) = if is_even(0, y) {
                (red, black)
            } else {
                (black, red)
            };
            dispatch(
                Split,
                (&mut even.u[at.clone()], &mut odd.u[at.clone()], u.row(y)),
            );
            dispatch(Split, (&mut even.v[at.clone()], &mut odd.v[at], v.row(y)));
        }
        self.relax_all(omega, sweeps);
        for y in 0..self.rows {
            let at = (y + 1) * self.stride + 1..(y + 1) * self.stride + 1 + self.half;
            let [red, black] = &self.colors;
            let (even, odd) = if is_even(0, y) {
                (red, black)
            } else {
                (black, red)
            };
            dispatch(
                Join,
                (u.row_mut(y), &even.u[at.clone()], &odd.u[at.clone()]),
            );
            dispatch(Join, (v.row_mut(y), &even.v[at.clone()], &odd.v[at]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The equations cell by cell: their residual vanishes after many sweeps.
    #[test]
    fn sweeps_meet_the_equations() {
        for (rows, columns) in [(9, 12), (10, 7), (16, 33)] {
            let value = |seed: usize, low: f32| {
                Plane::from_fn(rows, columns, |(y, x)| {
                    low + ((y * 37 + x * 91 + seed * 57) % 101) as f32 / 101.0
                })
            };
            let (gx, gy, c) = (value(1, -0.5), value(2, -0.5), value(3, -0.5));
            let product = |a: &Plane, b: &Plane, s: f32| {
                Plane::from_fn(rows, columns, |(y, x)| s * a.at(y, x) * b.at(y, x))
            };
            let j = [
                product(&gx, &gx, 1.0),
                product(&gx, &gy, 1.0),
                product(&gy, &gy, 1.0),
            ];
            let r = [product(&gx, &c, -1.0), product(&gy, &c, -1.0)];
            let (right, below) = (value(4, 0.1), value(5, 0.2));
            let (mut u, mut v) = (Plane::new(rows, columns), Plane::new(rows, columns));
            let mut grid = WeightedGrid::new((rows, columns));
            grid.fill(|y, row| {
                for (out, plane) in row.j.into_iter().chain(row.r).zip(j.iter().chain(&r)) {
                    out.copy_from_slice(plane.row(y));
                }
                let [wl, wr, wa, wb] = row.w;
                wl[1..].copy_from_slice(&right.row(y)[..columns - 1]);
                wr.copy_from_slice(right.row(y));
                wa.copy_from_slice(below.row(y.max(1) - 1));
                wb.copy_from_slice(below.row(y));
            });
            grid.sweep(&mut u, &mut v, 1.7, 500);
            for y in 0..rows {
                for x in 0..columns {
                    let e = gx.at(y, x) * u.at(y, x) + gy.at(y, x) * v.at(y, x) + c.at(y, x);
                    let mut left = [-gx.at(y, x) * e, -gy.at(y, x) * e];
                    let mut add = |w: f32, yy: usize, xx: usize| {
                        left[0] += w * (u.at(yy, xx) - u.at(y, x));
                        left[1] += w * (v.at(yy, xx) - v.at(y, x));
                    };
                    if x > 0 {
                        add(right.at(y, x - 1), y, x - 1);
                    }
                    if x + 1 < columns {
                        add(right.at(y, x), y, x + 1);
                    }
                    if y > 0 {
                        add(below.at(y - 1, x), y - 1, x);
                    }
                    if y + 1 < rows {
                        add(below.at(y, x), y + 1, x);
                    }
                    assert!(left[0].abs() < 1e-5 && left[1].abs() < 1e-5, "{left:?}");
                }
            }
        }
    }
}
