//! Sweeps of the coupled five-point system, on planes split by color.
//!
//! Each cell holds $u \leftarrow P\,S + q$ with $S$ the sum of its neighbors, $P = aM$, $q = Mr$ and $M = (J + akI)^{-1}$. Cells of one color
//! have neighbors of the other color only, and each color is stored in a plane of its own, so that all loads are contiguous.

use super::dispatch::Kernel;

/// What a row of cells of one color reads: its coefficients and its neighbors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells<'a> {
    /// Neighbors left, right, above and below.
    pub(crate) u: [&'a [f32]; 4],
    pub(crate) v: [&'a [f32]; 4],
    pub(crate) p11: &'a [f32],
    pub(crate) p12: &'a [f32],
    pub(crate) p22: &'a [f32],
    pub(crate) q1: &'a [f32],
    pub(crate) q2: &'a [f32],
}

impl<'a> Cells<'a> {
    #[inline(always)]
    fn cut(&self, n: usize) -> Self {
        let cut = |slice: &'a [f32]| &slice[..n];
        Self {
            u: [
                cut(self.u[0]),
                cut(self.u[1]),
                cut(self.u[2]),
                cut(self.u[3]),
            ],
            v: [
                cut(self.v[0]),
                cut(self.v[1]),
                cut(self.v[2]),
                cut(self.v[3]),
            ],
            p11: cut(self.p11),
            p12: cut(self.p12),
            p22: cut(self.p22),
            q1: cut(self.q1),
            q2: cut(self.q2),
        }
    }

    #[inline(always)]
    fn solved(&self, x: usize) -> [f32; 2] {
        let su = (self.u[0][x] + self.u[1][x]) + (self.u[2][x] + self.u[3][x]);
        let sv = (self.v[0][x] + self.v[1][x]) + (self.v[2][x] + self.v[3][x]);
        [
            self.p11[x] * su + self.p12[x] * sv + self.q1[x],
            self.p12[x] * su + self.p22[x] * sv + self.q2[x],
        ]
    }
}

/// Gauss-Seidel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Relax;

impl Kernel<(&mut [f32], &mut [f32], Cells<'_>)> for Relax {
    #[inline(always)]
    fn run((u, v, cells): (&mut [f32], &mut [f32], Cells<'_>)) {
        let n = u.len();
        let v = &mut v[..n];
        let cells = cells.cut(n);
        for x in 0..n {
            let [a, b] = cells.solved(x);
            u[x] = a;
            v[x] = b;
        }
    }
}

/// Successive over-relaxation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OverRelax;

impl Kernel<(&mut [f32], &mut [f32], Cells<'_>, f32)> for OverRelax {
    #[inline(always)]
    fn run((u, v, cells, omega): (&mut [f32], &mut [f32], Cells<'_>, f32)) {
        let n = u.len();
        let v = &mut v[..n];
        let cells = cells.cut(n);
        for x in 0..n {
            let [a, b] = cells.solved(x);
            u[x] += omega * (a - u[x]);
            v[x] += omega * (b - v[x]);
        }
    }
}

/// What a residual is made of and where it goes.
#[derive(Debug)]
pub(crate) struct ResidualRow<'a> {
    pub(crate) out1: &'a mut [f32],
    pub(crate) out2: &'a mut [f32],
    pub(crate) u: &'a [f32],
    pub(crate) v: &'a [f32],
    pub(crate) cells: Cells<'a>,
    pub(crate) a: f32,
}

/// The residual $b - Ax$ of the cells, by $M^{-1} = a P^{-1}$.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Residual;

impl Kernel<ResidualRow<'_>> for Residual {
    #[inline(always)]
    fn run(row: ResidualRow<'_>) {
        let n = row.out1.len();
        let out2 = &mut row.out2[..n];
        let (u, v) = (&row.u[..n], &row.v[..n]);
        let cells = row.cells.cut(n);
        for x in 0..n {
            let [a, b] = cells.solved(x);
            let (d1, d2) = (a - u[x], b - v[x]);
            let (p11, p12, p22) = (cells.p11[x], cells.p12[x], cells.p22[x]);
            // cells beyond the border have no coefficients, and no change either
            let scale = row.a / (p11 * p22 - p12 * p12).max(1e-30);
            row.out1[x] = scale * (p22 * d1 - p12 * d2);
            out2[x] = scale * (p11 * d2 - p12 * d1);
        }
    }
}

/// Coefficients of a row of cells from the data term and its right-hand side.
#[derive(Debug)]
pub(crate) struct InvertRow<'a> {
    pub(crate) p: [&'a mut [f32]; 3],
    pub(crate) j: [&'a [f32]; 3],
    /// Times the number of neighbors, $ak$.
    pub(crate) ak: &'a [f32],
    pub(crate) a: f32,
}

/// $P = a (J + akI)^{-1}$.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Invert;

impl Kernel<InvertRow<'_>> for Invert {
    #[inline(always)]
    fn run(row: InvertRow<'_>) {
        let [p11, p12, p22] = row.p;
        let n = p11.len();
        let (p12, p22) = (&mut p12[..n], &mut p22[..n]);
        let [j11, j12, j22] = row.j.map(|slice| &slice[..n]);
        let ak = &row.ak[..n];
        for x in 0..n {
            // the determinant of J is not negative: no cancellation below zero
            let own = (j11[x] * j22[x] - j12[x] * j12[x]).max(0.0);
            let scale = row.a / (ak[x] * (ak[x] + j11[x] + j22[x]) + own).max(1e-30);
            p11[x] = scale * (j22[x] + ak[x]);
            p12[x] = -scale * j12[x];
            p22[x] = scale * (j11[x] + ak[x]);
        }
    }
}

/// $q = Mr = Pr/a$.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RightHandSide;

impl Kernel<([&mut [f32]; 2], [&[f32]; 3], [&[f32]; 2], f32)> for RightHandSide {
    #[inline(always)]
    fn run((q, p, r, a): ([&mut [f32]; 2], [&[f32]; 3], [&[f32]; 2], f32)) {
        let [q1, q2] = q;
        let n = q1.len();
        let q2 = &mut q2[..n];
        let [p11, p12, p22] = p.map(|slice| &slice[..n]);
        let [r1, r2] = r.map(|slice| &slice[..n]);
        let scale = 1.0 / a;
        for x in 0..n {
            q1[x] = scale * (p11[x] * r1[x] + p12[x] * r2[x]);
            q2[x] = scale * (p12[x] * r1[x] + p22[x] * r2[x]);
        }
    }
}

/// Even and odd values of a row into two rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Split;

impl Kernel<(&mut [f32], &mut [f32], &[f32])> for Split {
    #[inline(always)]
    fn run((even, odd, row): (&mut [f32], &mut [f32], &[f32])) {
        let n = row.len() / 2;
        for (x, pair) in row.chunks_exact(2).enumerate().take(n) {
            even[x] = pair[0];
            odd[x] = pair[1];
        }
        if row.len() % 2 == 1 {
            even[n] = row[row.len() - 1];
            odd[n] = 0.0;
        }
    }
}

/// The opposite of [`split`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Join;

impl Kernel<(&mut [f32], &[f32], &[f32])> for Join {
    #[inline(always)]
    fn run((row, even, odd): (&mut [f32], &[f32], &[f32])) {
        let last = row.len() / 2;
        for (x, pair) in row.chunks_exact_mut(2).enumerate() {
            pair[0] = even[x];
            pair[1] = odd[x];
        }
        if row.len() % 2 == 1 {
            let n = row.len();
            row[n - 1] = even[last];
        }
    }
}

/// `out += (3 * near + far) / 16`: the correction of a row of cells from two coarse cells each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Correct;

impl Kernel<(&mut [f32], &[f32], &[f32])> for Correct {
    #[inline(always)]
    fn run((out, near, far): (&mut [f32], &[f32], &[f32])) {
        let n = out.len();
        let (near, far) = (&near[..n], &far[..n]);
        for x in 0..n {
            out[x] += (3.0 * near[x] + far[x]) * (1.0 / 16.0);
        }
    }
}

/// `out = scale * (a + b + c + d)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mean4;

impl Kernel<(&mut [f32], [&[f32]; 4], f32)> for Mean4 {
    #[inline(always)]
    fn run((out, rows, scale): (&mut [f32], [&[f32]; 4], f32)) {
        let n = out.len();
        let [a, b, c, d] = rows.map(|slice| &slice[..n]);
        for x in 0..n {
            out[x] = scale * ((a[x] + b[x]) + (c[x] + d[x]));
        }
    }
}

/// `out = scale * (a + b)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mean2;

impl Kernel<(&mut [f32], &[f32], &[f32], f32)> for Mean2 {
    #[inline(always)]
    fn run((out, a, b, scale): (&mut [f32], &[f32], &[f32], f32)) {
        let n = out.len();
        let (a, b) = (&a[..n], &b[..n]);
        for x in 0..n {
            out[x] = scale * (a[x] + b[x]);
        }
    }
}
