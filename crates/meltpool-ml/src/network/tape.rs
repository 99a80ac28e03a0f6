//! The engine on plain arrays: it remembers what was computed and goes back through it for gradients.

use super::convolution::Block;
use super::dropout::Masks;
use super::graph::{Engine, Role};
use super::real::{Real, matrix, matrix_mut, multiply_into};
use super::recurrent::{Layer, Memory};

enum Value<F> {
    Own(Vec<F>),
    Parameter(usize),
}

enum Op<F> {
    Input,
    Parameter(usize),
    Conv {
        x: usize,
        w: usize,
        b: usize,
        block: Block,
        choice: Vec<u8>,
    },
    Cells {
        x: usize,
        dim: [usize; 3],
        side: usize,
    },
    Same(usize),
    Dense {
        x: usize,
        w: usize,
        b: usize,
    },
    Relu(usize),
    Sigmoid(usize),
    Lstm {
        w: usize,
        r: usize,
        b: usize,
        layer: Layer,
        memory: Memory<F>,
    },
    Concatenate(Vec<usize>),
    Add(usize, usize),
    Multiply(usize, usize),
    Scale(usize, usize),
    Modulate {
        x: usize,
        s: usize,
        t: usize,
        area: usize,
    },
}

struct Node<F> {
    shape: Vec<usize>,
    value: Value<F>,
    op: Op<F>,
    /// Whether a parameter stands behind it.
    learns: bool,
}

/// Values of all operations, in their order.
pub(crate) struct Tape<'p, F> {
    parameters: &'p [Vec<F>],
    next: usize,
    nodes: Vec<Node<F>>,
    dropout: Option<Masks>,
}

impl<'p, F: Real> Tape<'p, F> {
    pub(crate) fn new(parameters: &'p [Vec<F>]) -> Self {
        Self {
            parameters,
            next: 0,
            nodes: Vec::new(),
            dropout: None,
        }
    }

    pub(crate) fn with_dropout(mut self, dropout: Option<Masks>) -> Self {
        self.dropout = dropout;
        self
    }

    fn push(&mut self, shape: Vec<usize>, value: Vec<F>, op: Op<F>, learns: bool) -> usize {
        self.nodes.push(Node {
            shape,
            value: Value::Own(value),
            op,
            learns,
        });
        self.nodes.len() - 1
    }

    pub(crate) fn input(&mut self, shape: Vec<usize>, values: Vec<F>) -> usize {
        self.push(shape, values, Op::Input, false)
    }

    pub(crate) fn value(&self, node: usize) -> &[F] {
        match &self.nodes[node].value {
            Value::Own(values) => values,
            Value::Parameter(number) => &self.parameters[*number],
        }
    }

    fn learns(&self, nodes: &[usize]) -> bool {
        nodes.iter().any(|n| self.nodes[*n].learns)
    }

    fn columns(&self, node: usize) -> usize {
        self.nodes[node].shape.iter().skip(1).product()
    }

    fn rows(&self, node: usize) -> usize {
        self.nodes[node].shape[0]
    }

    fn map(&mut self, x: usize, f: impl Fn(F) -> F, op: Op<F>) -> usize {
        let values = self.value(x).iter().map(|v| f(*v)).collect();
        self.push(
            self.nodes[x].shape.clone(),
            values,
            op,
            self.nodes[x].learns,
        )
    }

    #[cfg(test)]
    pub(crate) fn hidden_states(&self) -> Option<Vec<F>> {
        self.nodes.iter().find_map(|node| match &node.op {
            Op::Lstm { layer, memory, .. } => Some(memory.hidden(layer).to_vec()),
            _ => None,
        })
    }

    /// Gradients of all parameters, given those of some nodes.
    pub(crate) fn backward(&self, seeds: Vec<(usize, Vec<F>)>) -> Vec<Vec<F>> {
        let mut gradients: Vec<Option<Vec<F>>> = (0..self.nodes.len()).map(|_| None).collect();
        let mut results: Vec<Vec<F>> = self.parameters.iter().map(|_| Vec::new()).collect();
        for (node, seed) in seeds {
            add_to(&mut gradients[node], seed);
        }
        for (number, node) in self.nodes.iter().enumerate().rev() {
            let Some(gradient) = gradients[number].take() else {
                continue;
            };
            if node.learns {
                self.back(node, number, gradient, &mut gradients, &mut results);
            }
        }
        for (result, values) in results.iter_mut().zip(self.parameters) {
            if result.is_empty() {
                *result = vec![F::zero(); values.len()];
            }
        }
        results
    }

    #[expect(clippy::too_many_lines, reason = "one arm an operation")]
    fn back(
        &self,
        node: &Node<F>,
        number: usize,
        gradient: Vec<F>,
        gradients: &mut [Option<Vec<F>>],
        results: &mut [Vec<F>],
    ) {
        match &node.op {
            Op::Input => {}
            Op::Parameter(parameter) => {
                let result = &mut results[*parameter];
                if result.is_empty() {
                    *result = gradient;
                } else {
                    for (sum, value) in result.iter_mut().zip(gradient) {
                        *sum += value;
                    }
                }
            }
            Op::Conv {
                x,
                w,
                b,
                block,
                choice,
            } => {
                let wants = self.nodes[*x].learns;
                let (dw, db, dx) =
                    block.backward(self.value(*x), self.value(*w), choice, &gradient, wants);
                add_to(&mut gradients[*w], dw);
                add_to(&mut gradients[*b], db);
                if let Some(dx) = dx {
                    add_to(&mut gradients[*x], dx);
                }
            }
            Op::Cells { x, dim, side } => {
                let mut dx = vec![F::zero(); self.value(*x).len()];
                cells(dim, *side, self.rows(*x), |pixel, cell, share| {
                    dx[pixel] += gradient[cell] * share;
                });
                add_to(&mut gradients[*x], dx);
            }
            Op::Same(x) => add_to(&mut gradients[*x], gradient),
            Op::Dense { x, w, b } => {
                let (rows, n_in, n_out) = (self.rows(*x), self.columns(*x), self.columns(number));
                let dy = matrix(&gradient, rows, n_out);
                let mut dw = vec![F::zero(); n_in * n_out];
                multiply_into(
                    &matrix(self.value(*x), rows, n_in).t(),
                    &dy,
                    F::zero(),
                    &mut matrix_mut(&mut dw, n_in, n_out),
                );
                add_to(&mut gradients[*w], dw);
                let mut db = vec![F::zero(); n_out];
                for row in gradient.chunks_exact(n_out) {
                    for (sum, value) in db.iter_mut().zip(row) {
                        *sum += *value;
                    }
                }
                add_to(&mut gradients[*b], db);
                if self.nodes[*x].learns {
                    let mut dx = vec![F::zero(); rows * n_in];
                    multiply_into(
                        &dy,
                        &matrix(self.value(*w), n_in, n_out).t(),
                        F::zero(),
                        &mut matrix_mut(&mut dx, rows, n_in),
                    );
                    add_to(&mut gradients[*x], dx);
                }
            }
            Op::Relu(x) => {
                let own = self.value(number).iter();
                let pass = |(d, y): (F, &F)| if *y > F::zero() { d } else { F::zero() };
                add_to(
                    &mut gradients[*x],
                    gradient.into_iter().zip(own).map(pass).collect(),
                );
            }
            Op::Sigmoid(x) => {
                let own = self.value(number).iter();
                let pass = |(d, y): (F, &F)| d * *y * (F::one() - *y);
                add_to(
                    &mut gradients[*x],
                    gradient.into_iter().zip(own).map(pass).collect(),
                );
            }
            Op::Lstm {
                w,
                r,
                b,
                layer,
                memory,
            } => {
                let (dw, dr, db) = layer.backward(memory, self.value(*r), &gradient);
                add_to(&mut gradients[*w], dw);
                add_to(&mut gradients[*r], dr);
                add_to(&mut gradients[*b], db);
            }
            Op::Concatenate(parts) => {
                let width = self.columns(number);
                let mut first = 0;
                for part in parts {
                    let n = self.columns(*part);
                    if self.nodes[*part].learns {
                        let rows = gradient.chunks_exact(width);
                        let own = rows.flat_map(|row| row[first..first + n].iter().copied());
                        add_to(&mut gradients[*part], own.collect());
                    }
                    first += n;
                }
            }
            Op::Add(a, b) => {
                add_to(&mut gradients[*a], gradient.clone());
                add_to(&mut gradients[*b], gradient);
            }
            Op::Multiply(a, b) => {
                for (to, other) in [(*a, *b), (*b, *a)] {
                    if !self.nodes[to].learns {
                        continue;
                    }
                    let values = gradient.iter().zip(self.value(other));
                    add_to(&mut gradients[to], values.map(|(d, v)| *d * *v).collect());
                }
            }
            Op::Scale(x, s) => {
                let (values, scale) = (self.value(*x), self.value(*s));
                let n = scale.len();
                let mut ds = vec![F::zero(); n];
                for (row, d) in values.chunks_exact(n).zip(gradient.chunks_exact(n)) {
                    for k in 0..n {
                        ds[k] += row[k] * d[k];
                    }
                }
                add_to(&mut gradients[*s], ds);
                let columns = scale.iter().cycle();
                add_to(
                    &mut gradients[*x],
                    gradient.iter().zip(columns).map(|(d, s)| *d * *s).collect(),
                );
            }
            Op::Modulate { x, s, t, area } => {
                let (values, scale) = (self.value(*x), self.value(*s));
                let mut ds = Vec::with_capacity(scale.len());
                let mut dt = Vec::with_capacity(scale.len());
                let mut dx = Vec::with_capacity(values.len());
                let planes = values.chunks_exact(*area).zip(gradient.chunks_exact(*area));
                for ((plane, d), s) in planes.zip(scale) {
                    let (mut product, mut sum) = (F::zero(), F::zero());
                    for (v, d) in plane.iter().zip(d) {
                        product += *v * *d;
                        sum += *d;
                        dx.push(*d * (F::one() + *s));
                    }
                    ds.push(product);
                    dt.push(sum);
                }
                add_to(&mut gradients[*s], ds);
                add_to(&mut gradients[*t], dt);
                add_to(&mut gradients[*x], dx);
            }
        }
    }
}

fn add_to<F: Real>(slot: &mut Option<Vec<F>>, gradient: Vec<F>) {
    match slot {
        None => *slot = Some(gradient),
        Some(sum) => {
            for (sum, value) in sum.iter_mut().zip(gradient) {
                *sum += value;
            }
        }
    }
}

/// Visits pixel, cell and the pixel's share of the cell.
fn cells<F: Real>(dim: &[usize; 3], side: usize, n: usize, mut visit: impl FnMut(usize, usize, F)) {
    let [channels, rows, columns] = *dim;
    let (high, wide) = (rows / side, columns / side);
    let share = F::of(1.0 / (high * wide) as f64);
    for plane in 0..n * channels {
        for y in 0..rows {
            for x in 0..columns {
                let cell = (plane * side + y / high) * side + x / wide;
                visit((plane * rows + y) * columns + x, cell, share);
            }
        }
    }
}

impl<F: Real> Engine for Tape<'_, F> {
    type T = usize;

    fn parameter(&mut self, _: String, shape: &[usize], _: Role) -> usize {
        self.nodes.push(Node {
            // rows first, so that a vector is one row
            shape: if shape.len() == 1 {
                vec![1, shape[0]]
            } else {
                shape.to_vec()
            },
            value: Value::Parameter(self.next),
            op: Op::Parameter(self.next),
            learns: true,
        });
        self.next += 1;
        self.nodes.len() - 1
    }

    fn conv_block(&mut self, x: &usize, w: &usize, b: &usize, block: Block) -> usize {
        let (pooled, choice) = block.forward(self.value(*x), self.value(*w), self.value(*b));
        let shape = vec![
            self.rows(*x),
            block.n_filters,
            block.n_rows / 2,
            block.n_columns / 2,
        ];
        let op = Op::Conv {
            x: *x,
            w: *w,
            b: *b,
            block,
            choice,
        };
        self.push(shape, pooled, op, true)
    }

    fn pool_cells(&mut self, x: &usize, dim: [usize; 3], side: usize) -> usize {
        let n = self.rows(*x);
        let mut out = vec![F::zero(); n * dim[0] * side * side];
        let values = self.value(*x);
        cells(&dim, side, n, |pixel, cell, share| {
            out[cell] += values[pixel] * share;
        });
        let learns = self.nodes[*x].learns;
        self.push(
            vec![n, dim[0] * side * side],
            out,
            Op::Cells { x: *x, dim, side },
            learns,
        )
    }

    fn flatten(&mut self, x: &usize, n: usize) -> usize {
        let values = self.value(*x).to_vec();
        self.push(
            vec![self.rows(*x), n],
            values,
            Op::Same(*x),
            self.nodes[*x].learns,
        )
    }

    fn dense(&mut self, x: &usize, w: &usize, b: &usize) -> usize {
        let (rows, n_in, n_out) = (self.rows(*x), self.columns(*x), self.columns(*w));
        let bias = self.value(*b);
        let mut out = Vec::with_capacity(rows * n_out);
        for _ in 0..rows {
            out.extend_from_slice(bias);
        }
        multiply_into(
            &matrix(self.value(*x), rows, n_in),
            &matrix(self.value(*w), n_in, n_out),
            F::one(),
            &mut matrix_mut(&mut out, rows, n_out),
        );
        self.push(
            vec![rows, n_out],
            out,
            Op::Dense {
                x: *x,
                w: *w,
                b: *b,
            },
            true,
        )
    }

    fn relu(&mut self, x: &usize) -> usize {
        // a comparison that lets NaN through
        self.map(
            *x,
            |v| if v <= F::zero() { F::zero() } else { v },
            Op::Relu(*x),
        )
    }

    fn sigmoid(&mut self, x: &usize) -> usize {
        self.map(*x, Real::sigmoid, Op::Sigmoid(*x))
    }

    fn lstm(&mut self, x: &usize, w: &usize, r: &usize, b: &usize) -> usize {
        let shape = &self.nodes[*x].shape;
        let layer = Layer {
            n_samples: shape[0],
            n_steps: shape[1],
            n_inputs: shape[2],
            n_hidden: self.rows(*r),
        };
        let (last, memory) = layer.forward(
            self.value(*x),
            self.value(*w),
            self.value(*r),
            self.value(*b),
        );
        let op = Op::Lstm {
            w: *w,
            r: *r,
            b: *b,
            layer,
            memory,
        };
        self.push(vec![layer.n_samples, layer.n_hidden], last, op, true)
    }

    fn concatenate(&mut self, parts: &[usize]) -> usize {
        let rows = self.rows(parts[0]);
        let width = parts.iter().map(|p| self.columns(*p)).sum();
        let mut out = Vec::with_capacity(rows * width);
        for row in 0..rows {
            for part in parts {
                let n = self.columns(*part);
                out.extend_from_slice(&self.value(*part)[row * n..(row + 1) * n]);
            }
        }
        let learns = self.learns(parts);
        self.push(
            vec![rows, width],
            out,
            Op::Concatenate(parts.to_vec()),
            learns,
        )
    }

    fn dropout(&mut self, x: &usize, n: usize) -> usize {
        let Some(masks) = &mut self.dropout else {
            return *x;
        };
        let mask = masks.next(n).into_iter().map(|v| F::of(f64::from(v)));
        let mask = mask.collect();
        let mask = self.input(vec![self.rows(*x), n], mask);
        self.multiply(x, &mask)
    }

    fn add(&mut self, a: &usize, b: &usize) -> usize {
        let pairs = self.value(*a).iter().zip(self.value(*b));
        let out = pairs.map(|(a, b)| *a + *b).collect();
        let learns = self.learns(&[*a, *b]);
        self.push(self.nodes[*a].shape.clone(), out, Op::Add(*a, *b), learns)
    }

    fn multiply(&mut self, a: &usize, b: &usize) -> usize {
        let pairs = self.value(*a).iter().zip(self.value(*b));
        let out = pairs.map(|(a, b)| *a * *b).collect();
        let learns = self.learns(&[*a, *b]);
        self.push(
            self.nodes[*a].shape.clone(),
            out,
            Op::Multiply(*a, *b),
            learns,
        )
    }

    fn scale_columns(&mut self, x: &usize, scale: &usize) -> usize {
        let columns = self.value(*scale).iter().cycle();
        let out = self
            .value(*x)
            .iter()
            .zip(columns)
            .map(|(x, s)| *x * *s)
            .collect();
        self.push(
            self.nodes[*x].shape.clone(),
            out,
            Op::Scale(*x, *scale),
            true,
        )
    }

    fn modulate(&mut self, x: &usize, s: &usize, t: &usize, dim: [usize; 3]) -> usize {
        let area = dim[1] * dim[2];
        let pairs = self.value(*s).iter().zip(self.value(*t));
        let planes = self.value(*x).chunks_exact(area).zip(pairs);
        let out = planes
            .flat_map(|(plane, (s, t))| plane.iter().map(|v| (F::one() + *s) * *v + *t))
            .collect();
        let op = Op::Modulate {
            x: *x,
            s: *s,
            t: *t,
            area,
        };
        self.push(self.nodes[*x].shape.clone(), out, op, true)
    }
}
