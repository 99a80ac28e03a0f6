//! Lines of equal value on a grid.

use std::collections::HashMap;

use crate::{Axis, Color, Error, Grid, Result};

/// How often a line in one cell is cut in half at most.
const MAX_HALVINGS: u32 = 8;
/// How far a drawn line may be off, as a fraction of the side of the grid.
const TOLERANCE: f64 = 1e-4;

/// Contour lines of a quantity on the axes of a figure, with their levels written on them.
///
/// # Examples
/// ```
/// use meltpool_plot::{Axis, Contours, Figure, Grid, Nodes, ScatterFigure, Series};
///
/// let energy = Grid::from_fn(Nodes::linear(100.0, 500.0, 60), Nodes::linear(0.2, 2.0, 60), |p, v| p / v);
/// let figure = ScatterFigure::new(Axis::new("laser power", "W"), Axis::new("scan speed", "m/s"))
///     .contours(Contours::new("energy of a meter of track (J)", energy, [200.0, 500.0, 1000.0]))
///     .series(Series::new("runs", [200.0, 350.0], [0.6, 1.1]));
/// assert!(figure.to_svg()?.contains(">500</text>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Contours {
    name: String,
    grid: Grid,
    levels: Vec<f64>,
    color: Color,
    dashed: bool,
    labeled: bool,
}

impl Contours {
    /// Solid black lines at some levels, which rise; the legend shows the name. A level that the grid
    /// does not reach has no line.
    pub fn new(name: impl Into<String>, grid: Grid, levels: impl Into<Vec<f64>>) -> Self {
        Self {
            name: name.into(),
            grid,
            levels: levels.into(),
            color: Color::BLACK,
            dashed: false,
            labeled: true,
        }
    }

    /// The color; black by default.
    pub fn color(mut self, color: Color) -> Self {
        self.color = color;
        self
    }

    /// Draws the lines dashed.
    pub fn dashed(mut self) -> Self {
        self.dashed = true;
        self
    }

    /// Leaves the levels unwritten. By default each level stands once on its longest line, where one
    /// is long enough and the number hides no other.
    pub fn unlabeled(mut self) -> Self {
        self.labeled = false;
        self
    }

    /// Checks grid and levels.
    ///
    /// # Errors
    /// As [`Grid::validate`], and [`Error::InvalidParameter`] unless there is a level and all are
    /// finite and rising.
    pub fn validate(&self) -> Result<()> {
        self.grid.validate()?;
        let rising = self.levels.windows(2).all(|w| w[0] < w[1]);
        if self.levels.is_empty() || !rising || !self.levels.iter().all(|l| l.is_finite()) {
            return Err(Error::InvalidParameter {
                name: "levels",
                requirement: "at least one, finite and rising",
                found: format!("{:?}", self.levels),
            });
        }
        Ok(())
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }

    pub(crate) fn ink(&self) -> Color {
        self.color
    }

    pub(crate) fn is_dashed(&self) -> bool {
        self.dashed
    }

    pub(crate) fn is_labeled(&self) -> bool {
        self.labeled
    }

    /// Refuses nodes that a logarithmic axis cannot show.
    pub(crate) fn check_scale(&self, x_axis: &Axis, y_axis: &Axis) -> Result<()> {
        for (axis, array, nodes) in [(x_axis, "x", self.grid.x()), (y_axis, "y", self.grid.y())] {
            if axis.is_log() && nodes.first() <= 0.0 {
                return Err(Error::NonPositiveOnLog {
                    axis: axis.label().to_owned(),
                    series: self.name.clone(),
                    array,
                    index: 0,
                    value: nodes.first(),
                });
            }
        }
        Ok(())
    }

    /// The lines of each level.
    pub(crate) fn lines(&self) -> Result<Vec<(f64, Vec<Line>)>> {
        self.levels
            .iter()
            .map(|&level| Ok((level, self.grid.level_lines(level)?)))
            .collect()
    }
}

type Point = (f64, f64);
type Line = Vec<Point>;

/// The piece of a line in one cell, between two of its edges.
struct Arc {
    edges: [usize; 2],
    points: Line,
}

impl Grid {
    /// The lines on which the quantity has a value; a closed line ends in its first point.
    ///
    /// Between the nodes the quantity is bilinear in the steps of the grid, and every point of a line
    /// lies on the exact level of that function: where it crosses the edges of the cells, and in a
    /// cell on its hyperbola, so densely that straight pieces are off by less than $10^{-4}$ of the
    /// side of the grid. In a cell that the level crosses four times, the value at the saddle decides which crossings belong
    /// together. A node of exactly the value counts as above it.
    ///
    /// # Errors
    /// As [`Grid::validate`], and [`Error::InvalidParameter`] for a level that is not finite.
    ///
    /// # Performance
    /// O(nodes) time, O(cells crossed) memory.
    ///
    /// # References
    /// Marching cubes in two dimensions; the saddle after the asymptotic decider of G. M. Nielson and
    /// B. Hamann, Proc. IEEE Visualization '91 (1991), doi 10.1109/VISUAL.1991.175782 (doi
    /// unverified).
    pub fn level_lines(&self, level: f64) -> Result<Vec<Line>> {
        self.validate()?;
        if !level.is_finite() {
            return Err(Error::InvalidParameter {
                name: "level",
                requirement: "finite",
                found: level.to_string(),
            });
        }
        let (rows, columns) = self.values().dim();
        let side = (rows.max(columns) - 1) as f64;
        let mut arcs = Vec::new();
        for j in 0..rows - 1 {
            for i in 0..columns - 1 {
                let at = |di: usize, dj: usize| self.values()[(j + dj, i + di)];
                let cell = Cell {
                    z: [at(0, 0), at(1, 0), at(0, 1), at(1, 1)],
                    level,
                };
                // Bottom, right, top and left edge: twice the number of the node at their lower or left
                // end, plus one for those that rise.
                let node = j * columns + i;
                let edges = [2 * node, 2 * node + 3, 2 * (node + columns), 2 * node + 1];
                for [from, to] in cell.pairs() {
                    let points = cell.arc(from, to, side);
                    arcs.push(Arc {
                        edges: [edges[from], edges[to]],
                        points: points
                            .into_iter()
                            .map(|(x, y)| (i as f64 + x, j as f64 + y))
                            .collect(),
                    });
                }
            }
        }
        let mut lines = chain(&arcs);
        for point in lines.iter_mut().flatten() {
            *point = (self.x().between(point.0), self.y().between(point.1));
        }
        Ok(lines)
    }
}

/// The values at the corners (0, 0), (1, 0), (0, 1), (1, 1) of a unit square, and a level.
struct Cell {
    z: [f64; 4],
    level: f64,
}

/// The corners of the bottom, right, top and left edge, the lower or left one first.
const EDGES: [[usize; 2]; 4] = [[0, 1], [1, 3], [2, 3], [0, 2]];

impl Cell {
    /// The edges that the lines of this cell join, in pairs.
    fn pairs(&self) -> Vec<[usize; 2]> {
        if self.z.iter().any(|z| z.is_nan()) {
            return Vec::new();
        }
        let above = self.z.map(|z| z >= self.level);
        let crossed: Vec<usize> = (0..4)
            .filter(|&e| above[EDGES[e][0]] != above[EDGES[e][1]])
            .collect();
        match crossed[..] {
            [a, b] => vec![[a, b]],
            [] => Vec::new(),
            _ => {
                // Opposite corners are on the same side; the saddle lies with one of the two pairs.
                if (self.saddle() >= self.level) == above[0] {
                    vec![[0, 1], [2, 3]]
                } else {
                    vec![[0, 3], [1, 2]]
                }
            }
        }
    }

    /// The value where both slopes of the bilinear function vanish.
    fn saddle(&self) -> f64 {
        // Differences from the level keep the products in range.
        let [a, b, c, d] = self.z.map(|z| z - self.level);
        self.level + (a * d - b * c) / (a + d - b - c)
    }

    /// Where the level crosses an edge.
    fn crossing(&self, edge: usize) -> Point {
        let [from, to] = EDGES[edge].map(|corner| self.z[corner]);
        // Halves, since the difference of two numbers may leave the range of numbers.
        let t = (0.5 * self.level - 0.5 * from) / (0.5 * to - 0.5 * from);
        let t = if t.is_nan() { 0.5 } else { t.clamp(0.0, 1.0) };
        match edge {
            0 => (t, 0.0),
            1 => (1.0, t),
            2 => (t, 1.0),
            _ => (0.0, t),
        }
    }

    /// The line between two edges.
    fn arc(&self, from: usize, to: usize, side: f64) -> Line {
        let (start, end) = (self.crossing(from), self.crossing(to));
        let flat = (end.0 - start.0).abs() >= (end.1 - start.1).abs();
        let [z00, z10, z01, z11] = self.z;
        let twist = z11 - z10 - z01 + z00;
        // The line is y(x) or x(y), whichever is longer along its variable: a monotone branch.
        let (along, across) = if flat {
            (z10 - z00, z01 - z00)
        } else {
            (z01 - z00, z10 - z00)
        };
        let swap = |p: Point| if flat { p } else { (p.1, p.0) };
        let (p, q) = (swap(start), swap(end));
        let at = |t: f64| {
            let x = p.0 + t * (q.0 - p.0);
            let y = (self.level - z00 - along * x) / (across + twist * x);
            let straight = p.1 + t * (q.1 - p.1);
            let y = if y.is_finite() { y } else { straight };
            (x, y.clamp(p.1.min(q.1), p.1.max(q.1)))
        };
        // Halves each piece until its middle is near enough to the line.
        let off = |from: f64, to: f64| {
            let (a, b) = (at(from), at(to));
            (at(0.5 * (from + to)).1 - 0.5 * (a.1 + b.1)).abs() / side
        };
        let mut ends = vec![(1.0, 0)];
        let mut from = 0.0;
        let mut points = vec![start];
        while let Some((to, halvings)) = ends.pop() {
            if halvings < MAX_HALVINGS && off(from, to) > 0.5 * TOLERANCE {
                ends.push((to, halvings + 1));
                ends.push((0.5 * (from + to), halvings + 1));
            } else {
                points.push(if ends.is_empty() { end } else { swap(at(to)) });
                from = to;
            }
        }
        points
    }
}

/// Arcs joined where they share an edge: open lines first, then closed ones.
fn chain(arcs: &[Arc]) -> Vec<Line> {
    let mut at_edge: HashMap<usize, [Option<usize>; 2]> = HashMap::new();
    for (index, arc) in arcs.iter().enumerate() {
        for edge in arc.edges {
            let slot = at_edge.entry(edge).or_default();
            slot[usize::from(slot[0].is_some())] = Some(index);
        }
    }
    let sharing = |edge: usize| at_edge.get(&edge).copied().unwrap_or_default();
    let mut used = vec![false; arcs.len()];
    let mut lines = Vec::new();
    for open in [true, false] {
        for first in 0..arcs.len() {
            let lone = |&k: &usize| sharing(arcs[first].edges[k])[1].is_none();
            let start = if open { (0..2).find(lone) } else { Some(0) };
            let (false, Some(start)) = (used[first], start) else {
                continue;
            };
            let mut line: Line = Vec::new();
            let mut edge = arcs[first].edges[start];
            let mut next = Some(first);
            while let Some(index) = next {
                used[index] = true;
                let arc = &arcs[index];
                let forward = arc.edges[0] == edge;
                let skip = usize::from(!line.is_empty());
                if forward {
                    line.extend(arc.points.iter().skip(skip));
                } else {
                    line.extend(arc.points.iter().rev().skip(skip));
                }
                edge = arc.edges[usize::from(forward)];
                next = sharing(edge).into_iter().flatten().find(|&k| !used[k]);
            }
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::Nodes;

    fn bilinear(grid: &Grid, (x, y): Point) -> f64 {
        // For grids of unit steps from 0.
        let z = grid.values();
        let (rows, columns) = z.dim();
        let (i, j) = (
            (x.floor() as usize).min(columns - 2),
            (y.floor() as usize).min(rows - 2),
        );
        let (u, v) = (x - i as f64, y - j as f64);
        z[(j, i)] * (1.0 - u) * (1.0 - v)
            + z[(j, i + 1)] * u * (1.0 - v)
            + z[(j + 1, i)] * (1.0 - u) * v
            + z[(j + 1, i + 1)] * u * v
    }

    #[test]
    fn a_plane_gives_its_straight_line_exactly() -> Result<()> {
        let nodes = Nodes::linear(-1.0, 1.0, 9);
        let grid = Grid::from_fn(nodes, nodes, |x, y| 3.0 * x - 2.0 * y + 0.1);
        let lines = grid.level_lines(0.4)?;
        assert_eq!(lines.len(), 1);
        for &(x, y) in &lines[0] {
            assert!((3.0 * x - 2.0 * y - 0.3).abs() < 1e-13, "{x} {y}");
        }
        // It enters and leaves through the border, from end to end.
        let (a, b) = (lines[0][0], lines[0][lines[0].len() - 1]);
        let border = |p: Point| (p.0.abs() - 1.0).abs() < 1e-12 || (p.1.abs() - 1.0).abs() < 1e-12;
        assert!(border(a) && border(b));
        let length: f64 = lines[0]
            .windows(2)
            .map(|w| (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1))
            .sum();
        assert!((length - (b.0 - a.0).hypot(b.1 - a.1)).abs() < 1e-12);
        Ok(())
    }

    #[test]
    fn a_product_gives_its_hyperbola_exactly_on_one_cell() -> Result<()> {
        // x y is bilinear, so the line of one coarse cell is exact.
        let nodes = Nodes::linear(0.5, 4.0, 2);
        let grid = Grid::from_fn(nodes, nodes, |x, y| x * y);
        let lines = grid.level_lines(4.0)?;
        assert_eq!(lines.len(), 1);
        assert!(lines[0].len() > 10);
        for (x, y) in &lines[0] {
            assert!((x * y - 4.0).abs() < 1e-12, "{x} {y}");
        }
        // Straight pieces stay as near as promised.
        for w in lines[0].windows(2) {
            for k in 1..20 {
                let t = f64::from(k) / 20.0;
                let x = w[0].0 + t * (w[1].0 - w[0].0);
                let y = w[0].1 + t * (w[1].1 - w[0].1);
                // Distance from the line to first order.
                let off = (x * y - 4.0).abs() / x.hypot(y);
                assert!(off < TOLERANCE * 3.5, "{off}");
            }
        }
        Ok(())
    }

    #[test]
    fn circles_close_and_converge_with_the_square_of_the_step() -> Result<()> {
        let worst = |n: usize| -> Result<f64> {
            let nodes = Nodes::linear(-2.0, 2.0, n);
            let grid = Grid::from_fn(nodes, nodes, f64::hypot);
            let lines = grid.level_lines(1.3)?;
            assert_eq!(lines.len(), 1);
            assert_eq!(lines[0].first(), lines[0].last());
            let off = lines[0].iter().map(|(x, y)| (x.hypot(*y) - 1.3).abs());
            Ok(off.fold(0.0, f64::max))
        };
        let (coarse, fine) = (worst(21)?, worst(41)?);
        assert!(coarse < 0.2f64.powi(2) / (8.0 * 1.3) * 1.5, "{coarse}");
        assert!((3.0..5.5).contains(&(coarse / fine)), "{coarse} {fine}");
        Ok(())
    }

    #[test]
    fn every_point_lies_on_the_bilinear_level_of_a_rough_field() -> Result<()> {
        let nodes = Nodes::linear(0.0, 15.0, 16);
        let rough = |x: f64, y: f64| ((x * 7.3 + y * 11.9).sin() * 43.7).fract();
        let grid = Grid::from_fn(nodes, nodes, rough);
        let mut crossings = 0;
        for level in [-0.6, -0.1, 0.0, 0.3, 0.7] {
            for line in grid.level_lines(level)? {
                crossings += line.len();
                assert!(line.len() >= 2);
                for p in line {
                    assert!((bilinear(&grid, p) - level).abs() < 1e-9, "{p:?} {level}");
                }
            }
        }
        assert!(crossings > 500);
        Ok(())
    }

    #[test]
    fn the_saddle_decides_which_crossings_join() -> Result<()> {
        let nodes = Nodes::linear(0.0, 1.0, 2);
        // Saddle value (3·3 − 0·0)/(3 + 3 − 0 − 0) = 1.5.
        let grid = Grid::new(nodes, nodes, &array![[3.0, 0.0], [0.0, 3.0]]);
        let corner = |lines: &[Line]| {
            // Whether a line cuts off the corner (1, 0), which is low.
            lines
                .iter()
                .any(|l| l.iter().all(|p| p.0 - p.1 > 0.0 && p.0 >= 0.5))
        };
        let low = grid.level_lines(1.4)?;
        let high = grid.level_lines(1.6)?;
        assert_eq!((low.len(), high.len()), (2, 2));
        assert!(corner(&low), "below the saddle the high corners are joined");
        assert!(!corner(&high));
        Ok(())
    }

    #[test]
    fn no_line_enters_a_cell_with_a_blank_node() -> Result<()> {
        let nodes = Nodes::linear(0.0, 4.0, 5);
        let grid = Grid::from_fn(nodes, nodes, |x, y| {
            if (x, y) == (2.0, 2.0) { f64::NAN } else { x }
        });
        let lines = grid.level_lines(1.5)?;
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().flatten().all(|p| p.1 <= 1.0 || p.1 >= 3.0));
        assert!(grid.level_lines(9.0)?.is_empty());
        assert!(grid.level_lines(f64::NAN).is_err());
        Ok(())
    }

    #[test]
    fn on_a_logarithmic_grid_power_laws_are_straight_and_exact() -> Result<()> {
        let grid = Grid::from_fn(
            Nodes::logarithmic(0.01, 100.0, 9),
            Nodes::logarithmic(1.0, 1000.0, 7),
            |x, y| (x * y * y).log10(),
        );
        for (x, y) in grid.level_lines(1.7)?.into_iter().flatten() {
            assert!(((x * y * y).log10() - 1.7).abs() < 1e-12);
        }
        Ok(())
    }

    #[test]
    fn refuses_levels_that_do_not_rise() {
        let nodes = Nodes::linear(0.0, 1.0, 2);
        let contours =
            |levels: &[f64]| Contours::new("z", Grid::from_fn(nodes, nodes, |x, y| x + y), levels);
        assert!(contours(&[0.5, 1.0]).validate().is_ok());
        for levels in [&[][..], &[1.0, 1.0], &[2.0, 1.0], &[f64::NAN]] {
            assert!(contours(levels).validate().is_err(), "{levels:?}");
        }
    }
}
