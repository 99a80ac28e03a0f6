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

/// Coefficients on the pixels of the image.
#[derive(Debug, Clone)]
pub(crate) struct Coefficients {
    /// Data term: the symmetric matrix and the right-hand side.
    pub(crate) j11: Plane,
    pub(crate) j12: Plane,
    pub(crate) j22: Plane,
    pub(crate) r1: Plane,
    pub(crate) r2: Plane,
    /// Weight of the edge to the next column and to the next row.
    pub(crate) right: Plane,
    pub(crate) below: Plane,
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

fn is_even(color: usize, y: usize) -> bool {
    (color + y) % 2 == 0
}

impl WeightedGrid {
    pub(crate) fn new(c: &Coefficients) -> Self {
        let (rows, columns) = c.j11.dim();
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
        let mut colors = [color(), color()];
        let mut natural = vec![vec![0.0_f32; columns]; 9];
        let zeros = vec![0.0_f32; columns];
        for y in 0..rows {
            let above = if y > 0 { c.below.row(y - 1) } else { &zeros };
            let right = c.right.row(y);
            let below = if y + 1 < rows { c.below.row(y) } else { &zeros };
            let j = [c.j11.row(y), c.j12.row(y), c.j22.row(y)];
            let (r1, r2) = (c.r1.row(y), c.r2.row(y));
            for x in 0..columns {
                let wl = if x > 0 { right[x - 1] } else { 0.0 };
                let wr = if x + 1 < columns { right[x] } else { 0.0 };
                let (wa, wb) = (above[x], below[x]);
                let k = (wl + wr) + (wa + wb);
                let (a, b, d) = (j[0][x], j[1][x], j[2][x]);
                let own = (a * d - b * b).max(0.0);
                let scale = 1.0 / (k * (k + a + d) + own).max(1e-30);
                let p = [scale * (d + k), -scale * b, scale * (a + k)];
                let (r1, r2) = (r1[x], r2[x]);
                let values = [
                    p[0],
                    p[1],
                    p[2],
                    p[0] * r1 + p[1] * r2,
                    p[1] * r1 + p[2] * r2,
                    wl,
                    wr,
                    wa,
                    wb,
                ];
                for (row, value) in natural.iter_mut().zip(values) {
                    row[x] = value;
                }
            }
            let at = (y + 1) * stride + 1..(y + 1) * stride + 1 + half;
            let [red, black] = &mut colors;
            let (even, odd) = if is_even(0, y) {
                (red, black)
            } else {
                (black, red)
            };
            let evens = even.p.iter_mut().chain(&mut even.q).chain(&mut even.w);
            let odds = odd.p.iter_mut().chain(&mut odd.q).chain(&mut odd.w);
            for ((even, odd), row) in evens.zip(odds).zip(&natural) {
                dispatch(
                    Split,
                    (&mut even[at.clone()], &mut odd[at.clone()], &row[..]),
                );
            }
        }
        Self {
            rows,
            columns,
            half,
            stride,
            colors,
        }
    }

    fn relax(&mut self, color: usize, omega: f32) {
        let (stride, half, rows) = (self.stride, self.half, self.rows);
        let [red, black] = &mut self.colors;
        let (own, other) = if color == 0 {
            (red, &*black)
        } else {
            (black, &*red)
        };
        let mut u = std::mem::take(&mut own.u);
        let mut v = std::mem::take(&mut own.v);
        let own_ref = &*own;
        let work = |y: usize, u: &mut [f32], v: &mut [f32]| {
            let start = (y + 1) * stride + 1;
            let left = if is_even(color, y) { start - 1 } else { start };
            let around = [left, left + 1, start - stride, start + stride];
            let range = start..start + half;
            dispatch(
                Relax,
                (
                    u,
                    v,
                    Cells {
                        u: around.map(|at| &other.u[at..at + half]),
                        v: around.map(|at| &other.v[at..at + half]),
                        w: [0, 1, 2, 3].map(|k| &own_ref.w[k][range.clone()]),
                        p: [0, 1, 2].map(|k| &own_ref.p[k][range.clone()]),
                        q: [0, 1].map(|k| &own_ref.q[k][range.clone()]),
                        omega,
                    },
                ),
            );
        };
        let inner = stride..(rows + 1) * stride;
        if is_parallel(rows * self.columns) {
            bands(
                [&mut u[inner.clone()], &mut v[inner]],
                stride,
                |first, [u, v]| {
                    for (k, (u, v)) in u
                        .chunks_exact_mut(stride)
                        .zip(v.chunks_exact_mut(stride))
                        .enumerate()
                    {
                        work(first + k, &mut u[1..=half], &mut v[1..=half]);
                    }
                },
            );
        } else {
            for y in 0..rows {
                let range = (y + 1) * stride + 1..(y + 1) * stride + 1 + half;
                work(y, &mut u[range.clone()], &mut v[range]);
            }
        }
        own.u = u;
        own.v = v;
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
        for _ in 0..sweeps {
            self.relax(0, omega);
            self.relax(1, omega);
        }
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
            let k = Coefficients {
                j11: product(&gx, &gx, 1.0),
                j12: product(&gx, &gy, 1.0),
                j22: product(&gy, &gy, 1.0),
                r1: product(&gx, &c, -1.0),
                r2: product(&gy, &c, -1.0),
                right: value(4, 0.1),
                below: value(5, 0.2),
            };
            let (mut u, mut v) = (Plane::new(rows, columns), Plane::new(rows, columns));
            WeightedGrid::new(&k).sweep(&mut u, &mut v, 1.7, 500);
            for y in 0..rows {
                for x in 0..columns {
                    let e = gx.at(y, x) * u.at(y, x) + gy.at(y, x) * v.at(y, x) + c.at(y, x);
                    let mut left = [-gx.at(y, x) * e, -gy.at(y, x) * e];
                    let mut add = |w: f32, yy: usize, xx: usize| {
                        left[0] += w * (u.at(yy, xx) - u.at(y, x));
                        left[1] += w * (v.at(yy, xx) - v.at(y, x));
                    };
                    if x > 0 {
                        add(k.right.at(y, x - 1), y, x - 1);
                    }
                    if x + 1 < columns {
                        add(k.right.at(y, x), y, x + 1);
                    }
                    if y > 0 {
                        add(k.below.at(y - 1, x), y - 1, x);
                    }
                    if y + 1 < rows {
                        add(k.below.at(y, x), y + 1, x);
                    }
                    assert!(left[0].abs() < 1e-5 && left[1].abs() < 1e-5, "{left:?}");
                }
            }
        }
    }
}
