//! One convolutional block: convolution (cross-correlation) with zero padding, bias, ReLU and 2 x 2 max pooling, forward and back.
//!
//! The pixels under the kernel are laid out as columns, strip by strip of rows so that they stay in cache, and multiplied with all
//! filters at once. Only the pooled values and which of four pixels each came from are kept for the way back.

use super::real::{Real, matrix, matrix_mut, multiply_into};
use crate::parallel;

/// Sizes of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) n_channels: usize,
    pub(crate) n_rows: usize,
    pub(crate) n_columns: usize,
    pub(crate) n_filters: usize,
    /// Side of the kernel, odd.
    pub(crate) kernel: usize,
}

/// Marks a pooled pixel that ReLU set to zero.
const OFF: u8 = 4;
/// Values of the columns of one strip.
const STRIP: usize = 96 * 1024;

impl Block {
    pub(crate) fn input_len(&self) -> usize {
        self.n_channels * self.n_rows * self.n_columns
    }
    pub(crate) fn output_len(&self) -> usize {
        self.n_filters * (self.n_rows / 2) * (self.n_columns / 2)
    }
    fn n_taps(&self) -> usize {
        self.n_channels * self.kernel * self.kernel
    }
    /// Rows of a strip, even.
    fn strip_rows(&self) -> usize {
        let rows = STRIP / (self.n_taps() * self.n_columns);
        (rows / 2 * 2).clamp(2, (self.n_rows / 2 * 2).max(2))
    }

    /// Pixels under the kernel for output rows `first..first + rows`: one row a tap, one column an output pixel.
    fn unfold<F: Real>(&self, image: &[F], first: usize, rows: usize, columns: &mut [F]) {
        let (width, half) = (self.n_columns, self.kernel / 2);
        let mut out = columns.chunks_exact_mut(width);
        for channel in image.chunks_exact(self.n_rows * width) {
            for ky in 0..self.kernel {
                for kx in 0..self.kernel {
                    for row in first..first + rows {
                        let Some(to) = out.next() else { return };
                        let y = (row + ky).wrapping_sub(half);
                        if y >= self.n_rows {
                            to.fill(F::zero());
                            continue;
                        }
                        let from = &channel[y * width..(y + 1) * width];
                        if kx < half {
                            let gap = (half - kx).min(width);
                            to[..gap].fill(F::zero());
                            to[gap..].copy_from_slice(&from[..width - gap]);
                        } else {
                            let gap = (kx - half).min(width);
                            to[..width - gap].copy_from_slice(&from[gap..]);
                            to[width - gap..].fill(F::zero());
                        }
                    }
                }
            }
        }
    }

    /// The transpose of [`unfold`](Self::unfold): adds columns back to the pixels they came from.
    fn fold<F: Real>(&self, columns: &[F], first: usize, rows: usize, image: &mut [F]) {
        let (width, half) = (self.n_columns, self.kernel / 2);
        let mut lines = columns.chunks_exact(width);
        let add = |to: &mut [F], from: &[F]| {
            for (to, from) in to.iter_mut().zip(from) {
                *to += *from;
            }
        };
        for channel in image.chunks_exact_mut(self.n_rows * width) {
            for ky in 0..self.kernel {
                for kx in 0..self.kernel {
                    for row in first..first + rows {
                        let Some(from) = lines.next() else { return };
                        let y = (row + ky).wrapping_sub(half);
                        if y >= self.n_rows {
                            continue;
                        }
                        let to = &mut channel[y * width..(y + 1) * width];
                        if kx < half {
                            let gap = (half - kx).min(width);
                            add(&mut to[..width - gap], &from[gap..]);
                        } else {
                            let gap = (kx - half).min(width);
                            add(&mut to[gap..], &from[..width - gap]);
                        }
                    }
                }
            }
        }
    }

    fn forward_one<F: Real>(
        &self,
        image: &[F],
        weights: &[F],
        bias: &[F],
        strip: &mut Strip<F>,
    ) -> (Vec<F>, Vec<u8>) {
        let (width, half_width) = (self.n_columns, self.n_columns / 2);
        let pooled_area = (self.n_rows / 2) * half_width;
        let mut pooled = vec![F::zero(); self.output_len()];
        let mut choice = vec![OFF; self.output_len()];
        let mut first = 0;
        while first + 1 < self.n_rows {
            let rows = self.strip_rows().min((self.n_rows - first) / 2 * 2);
            let n = rows * width;
            let columns = &mut strip.columns[..self.n_taps() * n];
            self.unfold(image, first, rows, columns);
            let out = &mut strip.outputs[..self.n_filters * n];
            multiply_into(
                &matrix(weights, self.n_filters, self.n_taps()),
                &matrix(columns, self.n_taps(), n),
                F::zero(),
                &mut matrix_mut(out, self.n_filters, n),
            );
            for (filter, plane) in out.chunks_exact(n).enumerate() {
                for pair in 0..rows / 2 {
                    let (upper, rest) = plane[2 * pair * width..].split_at(width);
                    let start = filter * pooled_area + (first / 2 + pair) * half_width;
                    let values = &mut pooled[start..start + half_width];
                    let choices = &mut choice[start..start + half_width];
                    for ((value, choice), (a, b)) in values
                        .iter_mut()
                        .zip(choices)
                        .zip(upper.chunks_exact(2).zip(rest[..width].chunks_exact(2)))
                    {
                        let (mut top, mut which) = (a[0], 0);
                        if a[1] > top {
                            (top, which) = (a[1], 1);
                        }
                        if b[0] > top {
                            (top, which) = (b[0], 2);
                        }
                        if b[1] > top {
                            (top, which) = (b[1], 3);
                        }
                        let sum = top + bias[filter];
                        // a comparison that lets NaN through
                        let off = sum <= F::zero();
                        *value = if off { F::zero() } else { sum };
                        *choice = if off { OFF } else { which };
                    }
                }
            }
            first += rows;
        }
        (pooled, choice)
    }

    fn strip<F: Real>(&self) -> Strip<F> {
        let n = self.strip_rows() * self.n_columns;
        Strip {
            columns: vec![F::zero(); self.n_taps() * n],
            outputs: vec![F::zero(); self.n_filters * n],
        }
    }

    /// Pooled outputs of a batch of images, and from which pixel each came.
    pub(crate) fn forward<F: Real>(
        &self,
        images: &[F],
        weights: &[F],
        bias: &[F],
    ) -> (Vec<F>, Vec<u8>) {
        let n = images.len() / self.input_len();
        let results = parallel::map(n, |k| {
            let image = &images[k * self.input_len()..(k + 1) * self.input_len()];
            self.forward_one(image, weights, bias, &mut self.strip())
        });
        let mut pooled = Vec::with_capacity(n * self.output_len());
        let mut choice = Vec::with_capacity(n * self.output_len());
        for (values, choices) in results {
            pooled.extend_from_slice(&values);
            choice.extend_from_slice(&choices);
        }
        (pooled, choice)
    }

    /// Gradients of weights and bias, and of the images if they are wanted.
    pub(crate) fn backward<F: Real>(
        &self,
        images: &[F],
        weights: &[F],
        choice: &[u8],
        gradient: &[F],
        wants_images: bool,
    ) -> (Vec<F>, Vec<F>, Option<Vec<F>>) {
        let n = images.len() / self.input_len();
        let results = parallel::map(n, |k| {
            let image = &images[k * self.input_len()..(k + 1) * self.input_len()];
            let part = k * self.output_len()..(k + 1) * self.output_len();
            self.backward_one(
                image,
                weights,
                &choice[part.clone()],
                &gradient[part],
                wants_images,
            )
        });
        // a fixed order: the same bits for any number of threads
        let mut weight_gradient = vec![F::zero(); weights.len()];
        let mut bias_gradient = vec![F::zero(); self.n_filters];
        let mut image_gradient = wants_images.then(|| Vec::with_capacity(images.len()));
        for (w, b, x) in results {
            for (sum, part) in weight_gradient.iter_mut().zip(&w) {
                *sum += *part;
            }
            for (sum, part) in bias_gradient.iter_mut().zip(&b) {
                *sum += *part;
            }
            if let Some(all) = &mut image_gradient {
                all.extend_from_slice(&x);
            }
        }
        (weight_gradient, bias_gradient, image_gradient)
    }

    fn backward_one<F: Real>(
        &self,
        image: &[F],
        weights: &[F],
        choice: &[u8],
        gradient: &[F],
        wants_image: bool,
    ) -> (Vec<F>, Vec<F>, Vec<F>) {
        let (width, half_width) = (self.n_columns, self.n_columns / 2);
        let pooled_area = (self.n_rows / 2) * half_width;
        let n_taps = self.n_taps();
        let mut strip: Strip<F> = self.strip();
        let mut weight_gradient = vec![F::zero(); weights.len()];
        let mut bias_gradient = vec![F::zero(); self.n_filters];
        let mut image_gradient = vec![F::zero(); if wants_image { image.len() } else { 0 }];
        let mut first = 0;
        while first + 1 < self.n_rows {
            let rows = self.strip_rows().min((self.n_rows - first) / 2 * 2);
            let n = rows * width;
            let columns = &mut strip.columns[..n_taps * n];
            let outputs = &mut strip.outputs[..self.n_filters * n];
            outputs.fill(F::zero());
            for (filter, plane) in outputs.chunks_exact_mut(n).enumerate() {
                let mut sum = F::zero();
                for pair in 0..rows / 2 {
                    let start = filter * pooled_area + (first / 2 + pair) * half_width;
                    for x in 0..half_width {
                        let which = choice[start + x];
                        if which != OFF {
                            let value = gradient[start + x];
                            let row = 2 * pair + usize::from(which / 2);
                            plane[row * width + 2 * x + usize::from(which % 2)] = value;
                            sum += value;
                        }
                    }
                }
                bias_gradient[filter] += sum;
            }
            self.unfold(image, first, rows, columns);
            multiply_into(
                &matrix(outputs, self.n_filters, n),
                &matrix(columns, n_taps, n).t(),
                F::one(),
                &mut matrix_mut(&mut weight_gradient, self.n_filters, n_taps),
            );
            if wants_image {
                multiply_into(
                    &matrix(weights, self.n_filters, n_taps).t(),
                    &matrix(outputs, self.n_filters, n),
                    F::zero(),
                    &mut matrix_mut(columns, n_taps, n),
                );
                self.fold(columns, first, rows, &mut image_gradient);
            }
            first += rows;
        }
        (weight_gradient, bias_gradient, image_gradient)
    }
}

struct Strip<F> {
    columns: Vec<F>,
    outputs: Vec<F>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Random};

    /// Convolution, ReLU and pooling as the definition says, pixel by pixel.
    fn direct(block: &Block, image: &[f64], weights: &[f64], bias: &[f64]) -> Vec<f64> {
        let (rows, columns, k) = (
            block.n_rows as isize,
            block.n_columns as isize,
            block.kernel,
        );
        let half = (k / 2) as isize;
        let at = |f: usize, y: isize, x: isize| {
            let mut sum = bias[f];
            for c in 0..block.n_channels {
                for ky in 0..k {
                    for kx in 0..k {
                        let (v, u) = (y + ky as isize - half, x + kx as isize - half);
                        if (0..rows).contains(&v) && (0..columns).contains(&u) {
                            sum += weights[((f * block.n_channels + c) * k + ky) * k + kx]
                                * image[(c as isize * rows * columns + v * columns + u) as usize];
                        }
                    }
                }
            }
            sum.max(0.0)
        };
        let mut out = Vec::new();
        for f in 0..block.n_filters {
            for y in 0..rows / 2 {
                for x in 0..columns / 2 {
                    let four = [(0, 0), (0, 1), (1, 0), (1, 1)];
                    let values = four.map(|(dy, dx)| at(f, 2 * y + dy, 2 * x + dx));
                    out.push(values.into_iter().fold(f64::MIN, f64::max));
                }
            }
        }
        out
    }

    #[test]
    fn blocks_are_those_of_the_definition() {
        let mut rng = Random::new(1, Purpose::Test, 0);
        for (n_channels, n_rows, n_columns, n_filters, kernel) in [
            (1, 8, 8, 2, 3),
            (3, 7, 9, 4, 3),
            (2, 6, 5, 3, 5),
            (2, 2, 3, 1, 7),
            (40, 34, 64, 3, 3),
        ] {
            let block = Block {
                n_channels,
                n_rows,
                n_columns,
                n_filters,
                kernel,
            };
            let mut draw = |n: usize| (0..n).map(|_| rng.normal()).collect::<Vec<f64>>();
            let images = draw(2 * block.input_len());
            let weights = draw(n_filters * n_channels * kernel * kernel);
            let bias = draw(n_filters);
            let (pooled, _) = block.forward(&images, &weights, &bias);
            let expected: Vec<f64> = images
                .chunks(block.input_len())
                .flat_map(|image| direct(&block, image, &weights, &bias))
                .collect();
            for (a, b) in pooled.iter().zip(&expected) {
                approx::assert_relative_eq!(a, b, epsilon = 1e-10);
            }
        }
    }

    #[test]
    fn gradients_are_those_of_central_differences() {
        let block = Block {
            n_channels: 2,
            n_rows: 6,
            n_columns: 7,
            n_filters: 3,
            kernel: 3,
        };
        let mut rng = Random::new(2, Purpose::Test, 0);
        let mut draw = |n: usize| (0..n).map(|_| rng.normal()).collect::<Vec<f64>>();
        let images = draw(2 * block.input_len());
        let weights = draw(3 * 2 * 9);
        let bias = draw(3);
        let pull = draw(2 * block.output_len());
        let loss = |x: &[f64], w: &[f64], b: &[f64]| -> f64 {
            block
                .forward(x, w, b)
                .0
                .iter()
                .zip(&pull)
                .map(|(a, b)| a * b)
                .sum()
        };
        let (_, choice) = block.forward(&images, &weights, &bias);
        let (dw, db, dx) = block.backward(&images, &weights, &choice, &pull, true);
        let check = |gradient: &[f64], values: &[f64], loss: &dyn Fn(&[f64]) -> f64| {
            for k in 0..values.len() {
                let mut moved = values.to_vec();
                moved[k] += 1e-6;
                let up = loss(&moved);
                moved[k] -= 2e-6;
                let slope = (up - loss(&moved)) / 2e-6;
                // rounding of the difference: 1e-16 * 100 / 1e-6
                approx::assert_abs_diff_eq!(gradient[k], slope, epsilon = 1e-6);
            }
        };
        check(&dw, &weights, &|w| loss(&images, w, &bias));
        check(&db, &bias, &|b| loss(&images, &weights, b));
        check(&dx.unwrap_or_default(), &images, &|x| {
            loss(x, &weights, &bias)
        });
    }
}
