//! A quantity at the nodes of a regular grid.

use ndarray::{Array2, ArrayRef2};

use crate::{Error, Result, Scale};

/// Largest number of nodes of a grid.
const MAX_NODES: usize = 16 << 20;

/// Positions along one side of a grid: from a first to a last one, in equal steps or equal ratios.
///
/// # Examples
/// ```
/// use meltpool_plot::Nodes;
///
/// assert_eq!(Nodes::linear(0.0, 4.0, 3).at(1), 2.0);
/// assert_eq!(Nodes::logarithmic(1.0, 100.0, 3).at(1), 10.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nodes {
    first: f64,
    last: f64,
    count: usize,
    scale: Scale,
}

impl Nodes {
    /// `count` positions in equal steps, both ends included.
    pub const fn linear(first: f64, last: f64, count: usize) -> Self {
        Self {
            first,
            last,
            count,
            scale: Scale::Linear,
        }
    }

    /// `count` positive positions in equal ratios, both ends included: equal steps on a
    /// logarithmic axis.
    pub const fn logarithmic(first: f64, last: f64, count: usize) -> Self {
        Self {
            scale: Scale::Logarithmic,
            ..Self::linear(first, last, count)
        }
    }

    /// The position of a node, counted from 0.
    pub fn at(&self, index: usize) -> f64 {
        self.between(index as f64)
    }

    /// The number of nodes.
    pub const fn n_nodes(&self) -> usize {
        self.count
    }

    /// Checks ends and number.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] unless there are at least two nodes, the ends are finite and
    /// rising, and, for equal ratios, positive.
    pub fn validate(&self) -> Result<()> {
        let invalid = |requirement, found: String| {
            Err(Error::InvalidParameter {
                name: "nodes",
                requirement,
                found,
            })
        };
        let found = format!("{} to {}", self.first, self.last);
        if self.count < 2 {
            return invalid("at least two a side", self.count.to_string());
        }
        if !((self.last - self.first).is_finite() && self.first < self.last) {
            return invalid("finite and rising", found);
        }
        if self.is_log() && !(self.first > 0.0 && (self.last / self.first).is_finite()) {
            return invalid("positive and of finite ratio for equal ratios", found);
        }
        Ok(())
    }

    pub(crate) fn is_log(&self) -> bool {
        self.scale == Scale::Logarithmic
    }

    pub(crate) fn first(&self) -> f64 {
        self.first
    }

    /// The position at a fractional index.
    pub(crate) fn between(&self, index: f64) -> f64 {
        let t = index / self.count.saturating_sub(1).max(1) as f64;
        if t == 0.0 {
            self.first
        } else if (t - 1.0).abs() < f64::EPSILON {
            self.last
        } else if self.is_log() {
            self.first * (self.last / self.first).powf(t)
        } else {
            self.first + t * (self.last - self.first)
        }
    }

    /// From half a step before the first node to half a step behind the last.
    pub(crate) fn reach(&self) -> (f64, f64) {
        let last = self.count.saturating_sub(1) as f64;
        (self.between(-0.5), self.between(last + 0.5))
    }
}

/// Values of a quantity $z(x, y)$ at the nodes of a regular grid.
///
/// Row `j` and column `i` of the values belong to node `j` along y and node `i` along x; the first
/// row is the lowest in a figure. A NaN is a node without a value: it stays blank, and no contour
/// line enters the cells around it.
///
/// # Examples
/// ```
/// use meltpool_plot::{Grid, Nodes};
///
/// let grid = Grid::from_fn(Nodes::linear(-2.0, 2.0, 41), Nodes::linear(-2.0, 2.0, 41), |x, y| {
///     x.hypot(y)
/// });
/// let circle = grid.level_lines(1.0)?;
/// assert_eq!(circle.len(), 1);
/// assert!(circle[0].iter().all(|(x, y)| (x.hypot(*y) - 1.0).abs() < 2e-3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    x: Nodes,
    y: Nodes,
    values: Array2<f64>,
}

impl Grid {
    /// Values of one row a node along y and one column a node along x. They are copied.
    pub fn new<T: Copy + Into<f64>>(x: Nodes, y: Nodes, values: &ArrayRef2<T>) -> Self {
        Self {
            x,
            y,
            values: values.mapv(Into::into),
        }
    }

    /// The values of a function.
    ///
    /// Nodes that [`Grid::validate`] refuses give a grid without values, which it refuses too.
    pub fn from_fn(x: Nodes, y: Nodes, function: impl Fn(f64, f64) -> f64) -> Self {
        let good = x.validate().is_ok() && y.validate().is_ok();
        let shape = if good && x.count.saturating_mul(y.count) <= MAX_NODES {
            (y.count, x.count)
        } else {
            (0, 0)
        };
        Self {
            x,
            y,
            values: Array2::from_shape_fn(shape, |(j, i)| function(x.at(i), y.at(j))),
        }
    }

    /// Checks nodes and values.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for the nodes, [`Error::RasterTooLarge`] above 16 million of them,
    /// [`Error::GridShape`] if the values are not one a node, [`Error::InfiniteNode`], and
    /// [`Error::Empty`] if every value is NaN.
    pub fn validate(&self) -> Result<()> {
        self.x.validate()?;
        self.y.validate()?;
        let (rows, columns) = (self.y.count, self.x.count);
        if rows.saturating_mul(columns) > MAX_NODES {
            return Err(Error::RasterTooLarge {
                rows,
                columns,
                limit: MAX_NODES,
            });
        }
        if self.values.dim() != (rows, columns) {
            return Err(Error::GridShape {
                expected: (rows, columns),
                found: self.values.dim(),
            });
        }
        if let Some(((row, column), &value)) =
            self.values.indexed_iter().find(|(_, v)| v.is_infinite())
        {
            return Err(Error::InfiniteNode { row, column, value });
        }
        if self.values.iter().all(|v| v.is_nan()) {
            return Err(Error::Empty {
                series: "grid".to_owned(),
            });
        }
        Ok(())
    }

    /// The nodes along x.
    pub const fn x(&self) -> &Nodes {
        &self.x
    }

    /// The nodes along y.
    pub const fn y(&self) -> &Nodes {
        &self.y
    }

    /// The values, one row a node along y.
    pub const fn values(&self) -> &Array2<f64> {
        &self.values
    }

    /// The least and the greatest value that is not NaN.
    pub(crate) fn extremes(&self) -> (f64, f64) {
        let numbers = self.values.iter().filter(|v| !v.is_nan());
        numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| {
            (low.min(v), high.max(v))
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn ends_are_exact_and_cells_reach_half_a_step_beyond() {
        let nodes = Nodes::logarithmic(0.1, 1000.0, 5);
        assert_eq!((nodes.at(0), nodes.at(4)), (0.1, 1000.0));
        let (low, high) = nodes.reach();
        assert!((low / (0.1 / 10f64.sqrt()) - 1.0).abs() < 1e-12);
        assert!((high / (1000.0 * 10f64.sqrt()) - 1.0).abs() < 1e-12);
        assert_eq!(Nodes::linear(0.0, 4.0, 5).reach(), (-0.5, 4.5));
    }

    #[test]
    fn refuses_bad_grids_with_the_place() {
        let nodes = Nodes::linear(0.0, 1.0, 2);
        let grid = |z: f64| Grid::new(nodes, nodes, &array![[0.0, 1.0], [z, 2.0]]);
        assert!(grid(f64::NAN).validate().is_ok());
        assert!(matches!(
            grid(f64::NEG_INFINITY).validate(),
            Err(Error::InfiniteNode {
                row: 1,
                column: 0,
                ..
            })
        ));
        let message = Grid::new(nodes, nodes, &array![[0.0f32, 1.0]]).validate();
        assert_eq!(
            message.unwrap_err().to_string(),
            "a grid of 2 x 2 nodes (rows x columns) has 1 x 2 values"
        );
        let blank = Grid::from_fn(nodes, nodes, |_, _| f64::NAN);
        assert!(matches!(blank.validate(), Err(Error::Empty { .. })));
        let huge = Nodes::linear(0.0, 1.0, usize::MAX);
        assert!(matches!(
            Grid::from_fn(huge, nodes, |x, _| x).validate(),
            Err(Error::RasterTooLarge { .. })
        ));
    }

    #[test]
    fn refuses_bad_nodes() {
        for nodes in [
            Nodes::linear(0.0, 1.0, 1),
            Nodes::linear(1.0, 1.0, 3),
            Nodes::linear(0.0, f64::NAN, 3),
            Nodes::linear(-f64::MAX, f64::MAX, 3),
            Nodes::logarithmic(0.0, 1.0, 3),
            Nodes::logarithmic(-1.0, 1.0, 3),
        ] {
            assert!(nodes.validate().is_err(), "{nodes:?}");
            let grid = Grid::from_fn(nodes, Nodes::linear(0.0, 1.0, 2), |x, y| x + y);
            assert!(grid.validate().is_err(), "{nodes:?}");
        }
    }
}
