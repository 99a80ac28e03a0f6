//! A layer of long short-term memory with its four gates in one matrix, forward and back through time.

use super::real::{Real, matrix, matrix_mut, multiply_into};
use crate::kernel::{Job, dispatch};

/// Sizes of a layer and of its batch.
#[expect(clippy::struct_field_names, reason = "all are numbers of something")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layer {
    pub(crate) n_samples: usize,
    pub(crate) n_steps: usize,
    pub(crate) n_inputs: usize,
    pub(crate) n_hidden: usize,
}

/// What the way back needs: arrays with the step first.
#[derive(Debug, Clone)]
pub(crate) struct Memory<F> {
    /// Inputs, step by step.
    inputs: Vec<F>,
    /// Gates i, f, g, o after their functions.
    gates: Vec<F>,
    /// Cells, with the zeros before the first step.
    cells: Vec<F>,
    /// tanh of the cells.
    squashed: Vec<F>,
    /// Hidden states, with the zeros before the first step.
    hidden: Vec<F>,
}

impl<F: Real> Memory<F> {
    /// The hidden state after each step: steps x samples x units.
    #[cfg(test)]
    pub(crate) fn hidden(&self, layer: &Layer) -> &[F] {
        &self.hidden[layer.n_samples * layer.n_hidden..]
    }
}

/// $i, f, o = \sigma(\cdot)$, $g = \tanh(\cdot)$, $c \leftarrow fc + ig$, $h \leftarrow o\tanh c$ for a batch; `sums` holds the four blocks
/// of each sample and is left with the gates.
struct Gates<'a, F> {
    n_hidden: usize,
    sums: &'a mut [F],
    before: &'a [F],
    cells: &'a mut [F],
    squashed: &'a mut [F],
    hidden: &'a mut [F],
}

impl<F: Real> Job for Gates<'_, F> {
    #[inline(always)]
    fn run(self) {
        let n = self.n_hidden;
        for (k, gates) in self.sums.chunks_exact_mut(4 * n).enumerate() {
            let part = k * n..(k + 1) * n;
            let (input_forget, rest) = gates.split_at_mut(2 * n);
            let (candidate, output) = rest.split_at_mut(n);
            for value in &mut *input_forget {
                *value = value.sigmoid();
            }
            for value in &mut *candidate {
                *value = value.hyperbolic_tangent();
            }
            for value in &mut *output {
                *value = value.sigmoid();
            }
            let (input, forget) = input_forget.split_at(n);
            let cells = &mut self.cells[part.clone()];
            let gates = input.iter().zip(forget).zip(&*candidate);
            for ((cell, before), ((i, f), g)) in
                cells.iter_mut().zip(&self.before[part.clone()]).zip(gates)
            {
                *cell = *f * *before + *i * *g;
            }
            let squashed = &mut self.squashed[part.clone()];
            for (to, cell) in squashed.iter_mut().zip(&*cells) {
                *to = cell.hyperbolic_tangent();
            }
            let hidden = self.hidden[part].iter_mut();
            for (to, (o, squashed)) in hidden.zip(output.iter().zip(&*squashed)) {
                *to = *o * *squashed;
            }
        }
    }
}

impl Layer {
    /// Hidden states of the last step. `x` is samples x steps x inputs, `w` inputs x 4 units, `r` units x 4 units.
    pub(crate) fn forward<F: Real>(
        &self,
        x: &[F],
        w: &[F],
        r: &[F],
        bias: &[F],
    ) -> (Vec<F>, Memory<F>) {
        let (b, t, i, h) = (self.n_samples, self.n_steps, self.n_inputs, self.n_hidden);
        let mut inputs = Vec::with_capacity(x.len());
        for step in 0..t {
            for sample in 0..b {
                inputs.extend_from_slice(&x[(sample * t + step) * i..(sample * t + step + 1) * i]);
            }
        }
        let mut gates = Vec::with_capacity(t * b * 4 * h);
        for _ in 0..t * b {
            gates.extend_from_slice(bias);
        }
        multiply_into(
            &matrix(&inputs, t * b, i),
            &matrix(w, i, 4 * h),
            F::one(),
            &mut matrix_mut(&mut gates, t * b, 4 * h),
        );
        let mut cells = vec![F::zero(); (t + 1) * b * h];
        let mut squashed = vec![F::zero(); t * b * h];
        let mut hidden = vec![F::zero(); (t + 1) * b * h];
        for s in 0..t {
            let sums = &mut gates[s * b * 4 * h..(s + 1) * b * 4 * h];
            let (before, after) = hidden.split_at_mut((s + 1) * b * h);
            if s > 0 {
                multiply_into(
                    &matrix(&before[s * b * h..], b, h),
                    &matrix(r, h, 4 * h),
                    F::one(),
                    &mut matrix_mut(sums, b, 4 * h),
                );
            }
            let (old, new) = cells.split_at_mut((s + 1) * b * h);
            let here = s * b * h..(s + 1) * b * h;
            dispatch(Gates {
                n_hidden: h,
                sums,
                before: &old[here.clone()],
                cells: &mut new[..b * h],
                squashed: &mut squashed[here],
                hidden: &mut after[..b * h],
            });
        }
        let last = hidden[t * b * h..].to_vec();
        let memory = Memory {
            inputs,
            gates,
            cells,
            squashed,
            hidden,
        };
        (last, memory)
    }

    /// Gradients of `w`, `r` and the bias from that of the last hidden state; cost twice the way forward.
    pub(crate) fn backward<F: Real>(
        &self,
        memory: &Memory<F>,
        r: &[F],
        gradient: &[F],
    ) -> (Vec<F>, Vec<F>, Vec<F>) {
        let (b, t, i, h) = (self.n_samples, self.n_steps, self.n_inputs, self.n_hidden);
        let one = F::one();
        let mut sums = vec![F::zero(); t * b * 4 * h];
        let mut dh = gradient.to_vec();
        let mut dc = vec![F::zero(); b * h];
        for s in (0..t).rev() {
            let here = &mut sums[s * b * 4 * h..(s + 1) * b * 4 * h];
            for sample in 0..b {
                let gates = &memory.gates[(s * b + sample) * 4 * h..][..4 * h];
                let before = &memory.cells[(s * b + sample) * h..][..h];
                let squashed = &memory.squashed[(s * b + sample) * h..][..h];
                let out = &mut here[sample * 4 * h..(sample + 1) * 4 * h];
                let (dh, dc) = (&dh[sample * h..][..h], &mut dc[sample * h..][..h]);
                for k in 0..h {
                    let (i, f, g, o) = (gates[k], gates[h + k], gates[2 * h + k], gates[3 * h + k]);
                    let tanh = squashed[k];
                    let d = dc[k] + dh[k] * o * (one - tanh * tanh);
                    out[k] = d * g * i * (one - i);
                    out[h + k] = d * before[k] * f * (one - f);
                    out[2 * h + k] = d * i * (one - g * g);
                    out[3 * h + k] = dh[k] * tanh * o * (one - o);
                    dc[k] = d * f;
                }
            }
            if s > 0 {
                multiply_into(
                    &matrix(here, b, 4 * h),
                    &matrix(r, h, 4 * h).t(),
                    F::zero(),
                    &mut matrix_mut(&mut dh, b, h),
                );
            }
        }
        let mut dw = vec![F::zero(); i * 4 * h];
        multiply_into(
            &matrix(&memory.inputs, t * b, i).t(),
            &matrix(&sums, t * b, 4 * h),
            F::zero(),
            &mut matrix_mut(&mut dw, i, 4 * h),
        );
        let mut dr = vec![F::zero(); h * 4 * h];
        if t > 1 {
            let n = (t - 1) * b;
            multiply_into(
                &matrix(&memory.hidden[b * h..t * b * h], n, h).t(),
                &matrix(&sums[b * 4 * h..], n, 4 * h),
                F::zero(),
                &mut matrix_mut(&mut dr, h, 4 * h),
            );
        }
        let mut db = vec![F::zero(); 4 * h];
        for row in sums.chunks_exact(4 * h) {
            for (sum, value) in db.iter_mut().zip(row) {
                *sum += *value;
            }
        }
        (dw, dr, db)
    }
}
