//! One channel of an image in memory: rows one after the other.

use ndarray::{Array2, ArrayView2};

/// Components along columns and rows.
pub(crate) type Field = (Plane, Plane);

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Plane {
    rows: usize,
    columns: usize,
    data: Vec<f32>,
}

impl Plane {
    pub(crate) fn new(rows: usize, columns: usize) -> Self {
        Self::filled(rows, columns, 0.0)
    }

    pub(crate) fn filled(rows: usize, columns: usize, value: f32) -> Self {
        Self {
            rows,
            columns,
            data: vec![value; rows * columns],
        }
    }

    pub(crate) fn from_view(view: &ArrayView2<'_, f32>) -> Self {
        let (rows, columns) = view.dim();
        Self {
            rows,
            columns,
            data: view.iter().copied().collect(),
        }
    }

    pub(crate) fn from_fn(
        rows: usize,
        columns: usize,
        f: impl FnMut((usize, usize)) -> f32,
    ) -> Self {
        let data = (0..rows)
            .flat_map(|y| (0..columns).map(move |x| (y, x)))
            .map(f)
            .collect();
        Self {
            rows,
            columns,
            data,
        }
    }

    /// Takes this size; what it holds then is not said.
    pub(crate) fn resize(&mut self, rows: usize, columns: usize) {
        (self.rows, self.columns) = (rows, columns);
        self.data.resize(rows * columns, 0.0);
    }

    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.resize(other.rows, other.columns);
        self.data.copy_from_slice(&other.data);
    }

    pub(crate) fn fill(&mut self, value: f32) {
        self.data.fill(value);
    }

    /// Hands its values to an array and takes the array's memory, without a copy. What it holds then is not said.
    pub(crate) fn exchange(&mut self, array: &mut Array2<f32>) {
        let (rows, columns) = self.dim();
        let (spare, _) = std::mem::take(array).into_raw_vec_and_offset();
        *array = std::mem::take(self).into_array();
        self.data = spare;
        self.resize(rows, columns);
    }

    pub(crate) fn into_array(self) -> Array2<f32> {
        let Self {
            rows,
            columns,
            data,
        } = self;
        // the length is rows times columns by construction
        Array2::from_shape_vec((rows, columns), data)
            .unwrap_or_else(|_| Array2::zeros((rows, columns)))
    }

    pub(crate) fn dim(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn row(&self, y: usize) -> &[f32] {
        &self.data[y * self.columns..][..self.columns]
    }

    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [f32] {
        &mut self.data[y * self.columns..][..self.columns]
    }

    pub(crate) fn data(&self) -> &[f32] {
        &self.data
    }

    pub(crate) fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    pub(crate) fn at(&self, y: usize, x: usize) -> f32 {
        self.data[y * self.columns + x]
    }

    #[cfg(test)]
    /// The value at the nearest pixel of the image.
    pub(crate) fn clamped(&self, y: isize, x: isize) -> f32 {
        self.at(
            y.clamp(0, self.rows as isize - 1) as usize,
            x.clamp(0, self.columns as isize - 1) as usize,
        )
    }
}
