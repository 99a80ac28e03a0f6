//! Size and shape of a keyhole from its outline.

use xray_io::PixelSize;

use crate::error::{Error, Result};
use crate::outline::{Outline, Point};

/// Which way the beam moves in the image: the front wall leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ScanDirection {
    /// Towards larger columns.
    #[default]
    Right,
    /// Towards smaller columns.
    Left,
}

impl ScanDirection {
    pub(crate) fn sign(self) -> f64 {
        match self {
            Self::Right => 1.0,
            Self::Left => -1.0,
        }
    }
}

/// The tail of a J-shaped keyhole.
///
/// The published d and h are not defined where they are used; this is our reading. `length_um` (d) is the horizontal distance from the foot
/// of the front wall, the point of the outline that lies farthest forward and down (at 45°), to the rearmost point of the lower half.
/// `height_um` (h) is the depth of the tip below the notch, the deepest bay of the rear wall in front of the chord from a tenth of the depth to
/// that rearmost point.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Hook {
    /// d in µm.
    pub length_um: f64,
    /// h in µm.
    pub height_um: f64,
    /// d over h.
    pub ratio: f64,
    /// How far the hook protrudes behind the notch, in µm.
    pub protrusion_um: f64,
}

/// Size and shape of a keyhole in a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KeyholeGeometry {
    /// Depth of the lowest point below the surface line in µm.
    pub depth_um: f64,
    /// Area below the surface line in µm².
    pub area_um2: f64,
    /// Length of the outline below the surface line, the mouth included, in µm.
    pub perimeter_um: f64,
    /// Width half a pixel below the surface line in µm.
    pub opening_um: f64,
    /// Width at a quarter of the depth in µm.
    pub width_quarter_um: f64,
    /// Width at half of the depth in µm.
    pub width_half_um: f64,
    /// Width at three quarters of the depth in µm.
    pub width_three_quarter_um: f64,
    /// Area over depth in µm.
    pub mean_width_um: f64,
    /// Largest width in µm, over rows half a pixel apart.
    pub largest_width_um: f64,
    /// Depth over width at half depth.
    pub aspect_ratio: f64,
    /// $2\sqrt{A/\pi}$ in µm.
    pub equivalent_diameter_um: f64,
    /// $4\pi A/P^2$.
    pub circularity: f64,
    /// Inclination of the front wall from the vertical in degrees, positive if it runs backwards with depth; the angle with the surface is
    /// 90° less this. `None` where fewer than three rows lie in the range of depths.
    pub front_angle_deg: Option<f64>,
    /// The same of the rear wall.
    pub rear_angle_deg: Option<f64>,
    /// How far the keyhole reaches behind the rear edge of its mouth, in µm (0 if it does not).
    pub tail_length_um: f64,
    /// Area below two thirds of the depth in µm²: the tail of the keyhole cycle.
    pub tail_area_um2: f64,
    /// The hook of a J shape; `None` if the rear wall has no bay of at least half a pixel.
    pub hook: Option<Hook>,
    /// Lowest point in pixels.
    pub tip: Point,
    /// Centroid in pixels.
    pub centroid: Point,
    /// Column of the front wall at half depth, in pixels.
    pub front_column: f64,
    /// Column of the rear wall at half depth, in pixels.
    pub rear_column: f64,
}

impl KeyholeGeometry {
    /// All scalar quantities with their names, NaN where a quantity does not exist: the columns of tables.
    pub fn columns(&self) -> [(&'static str, f64); 24] {
        let hook = |of: fn(&Hook) -> f64| self.hook.as_ref().map_or(f64::NAN, of);
        [
            ("depth_um", self.depth_um),
            ("area_um2", self.area_um2),
            ("perimeter_um", self.perimeter_um),
            ("opening_um", self.opening_um),
            ("width_quarter_um", self.width_quarter_um),
            ("width_half_um", self.width_half_um),
            ("width_three_quarter_um", self.width_three_quarter_um),
            ("mean_width_um", self.mean_width_um),
            ("largest_width_um", self.largest_width_um),
            ("aspect_ratio", self.aspect_ratio),
            ("equivalent_diameter_um", self.equivalent_diameter_um),
            ("circularity", self.circularity),
            ("front_angle_deg", self.front_angle_deg.unwrap_or(f64::NAN)),
            ("rear_angle_deg", self.rear_angle_deg.unwrap_or(f64::NAN)),
            ("tail_length_um", self.tail_length_um),
            ("tail_area_um2", self.tail_area_um2),
            ("hook_length_um", hook(|h| h.length_um)),
            ("hook_height_um", hook(|h| h.height_um)),
            ("hook_ratio", hook(|h| h.ratio)),
            ("tip_x_px", self.tip.x),
            ("tip_y_px", self.tip.y),
            ("centroid_x_px", self.centroid.x),
            ("front_column_px", self.front_column),
            ("rear_column_px", self.rear_column),
        ]
    }

    /// Quantity by quantity; what is absent in either is absent.
    pub(crate) fn zip(&self, other: &Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let point = |a: Point, b: Point| Point::new(f(a.x, b.x), f(a.y, b.y));
        Self {
            depth_um: f(self.depth_um, other.depth_um),
            area_um2: f(self.area_um2, other.area_um2),
            perimeter_um: f(self.perimeter_um, other.perimeter_um),
            opening_um: f(self.opening_um, other.opening_um),
            width_quarter_um: f(self.width_quarter_um, other.width_quarter_um),
            width_half_um: f(self.width_half_um, other.width_half_um),
            width_three_quarter_um: f(self.width_three_quarter_um, other.width_three_quarter_um),
            mean_width_um: f(self.mean_width_um, other.mean_width_um),
            largest_width_um: f(self.largest_width_um, other.largest_width_um),
            aspect_ratio: f(self.aspect_ratio, other.aspect_ratio),
            equivalent_diameter_um: f(self.equivalent_diameter_um, other.equivalent_diameter_um),
            circularity: f(self.circularity, other.circularity),
            front_angle_deg: self
                .front_angle_deg
                .zip(other.front_angle_deg)
                .map(|(a, b)| f(a, b)),
            rear_angle_deg: self
                .rear_angle_deg
                .zip(other.rear_angle_deg)
                .map(|(a, b)| f(a, b)),
            tail_length_um: f(self.tail_length_um, other.tail_length_um),
            tail_area_um2: f(self.tail_area_um2, other.tail_area_um2),
            hook: self.hook.zip(other.hook).map(|(a, b)| Hook {
                length_um: f(a.length_um, b.length_um),
                height_um: f(a.height_um, b.height_um),
                ratio: f(a.ratio, b.ratio),
                protrusion_um: f(a.protrusion_um, b.protrusion_um),
            }),
            tip: point(self.tip, other.tip),
            centroid: point(self.centroid, other.centroid),
            front_column: f(self.front_column, other.front_column),
            rear_column: f(self.rear_column, other.rear_column),
        }
    }
}

/// Measures keyholes on their outlines.
///
/// # Examples
///
/// ```
/// use meltpool_morphology::{KeyholeGauge, Outline, PixelSize, Point};
///
/// let slot = Outline::new([(10.0, 5.0), (30.0, 5.0), (30.0, 65.0), (10.0, 65.0)].map(|(x, y)| Point::new(x, y)))?;
/// let shape = KeyholeGauge::new(PixelSize::from_micrometers(2.0)?).measure(&slot, 5.0)?.ok_or("nothing below the surface")?;
/// assert!((shape.depth_um - 120.0).abs() < 1e-9 && (shape.aspect_ratio - 3.0).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KeyholeGauge {
    pixel_size: PixelSize,
    direction: ScanDirection,
    angle_range: [f64; 2],
}

impl KeyholeGauge {
    /// A gauge for pixels of this size; the beam moves to the right.
    pub fn new(pixel_size: PixelSize) -> Self {
        Self {
            pixel_size,
            direction: ScanDirection::Right,
            angle_range: [0.2, 0.7],
        }
    }

    /// Which way the beam moves (right unless set).
    pub fn direction(mut self, direction: ScanDirection) -> Self {
        self.direction = direction;
        self
    }

    /// Shares of the depth between which walls are fitted by straight lines (0.2 to 0.7 unless set).
    pub fn angle_range(mut self, from: f64, to: f64) -> Self {
        self.angle_range = [from, to];
        self
    }

    /// Size of a pixel.
    pub fn pixel_size(&self) -> PixelSize {
        self.pixel_size
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] unless the range of the angle ascends within 0 to 1.
    pub fn validate(&self) -> Result<()> {
        let [from, to] = self.angle_range;
        if 0.0 <= from && from < to && to <= 1.0 {
            return Ok(());
        }
        Err(Error::parameter(
            "angle_range",
            "ascending within 0 to 1",
            format!("{from} to {to}"),
        ))
    }

    /// The geometry of what an outline encloses below a surface row; `None` if nothing lies below it.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate), and for a surface row that is not finite.
    ///
    /// # Accuracy
    ///
    /// On rasterized shapes (share of each pixel that is covered, contour at one half): areas within 0.5 %, depths of round tips within 0.1
    /// px, widths within 0.2 px, wall angles within 0.2°. A right-angled corner pointing down loses up to 0.4 px of depth.
    pub fn measure(&self, outline: &Outline, surface_row: f64) -> Result<Option<KeyholeGeometry>> {
        self.validate()?;
        Error::finite("surface_row", surface_row)?;
        let Some(body) = outline.below(surface_row) else {
            return Ok(None);
        };
        let Some(moments) = body.moments() else {
            return Ok(None);
        };
        let px = self.pixel_size.micrometers();
        let tip = lowest(&body);
        let depth = tip.y - surface_row;
        if depth <= 0.0 {
            return Ok(None);
        }
        let walls = |share: f64| Walls::at(&body, surface_row + share * depth, self.direction);
        let width = |share: f64| walls(share).map_or(0.0, |w| w.width);
        let half = walls(0.5);
        let opening = Walls::at(
            &body,
            surface_row + (0.5_f64).min(0.5 * depth),
            self.direction,
        );
        let n = ((2.0 * depth).ceil() as usize).clamp(1, 100_000);
        let row_of = |i: usize| surface_row + (i as f64 + 0.5) / n as f64 * depth;
        // edge by edge, so that each edge is looked at once
        let mut crossings: Vec<Vec<f64>> = vec![Vec::new(); n];
        for (a, b) in body.edges() {
            let (low, high) = (a.y.min(b.y), a.y.max(b.y));
            let index = |y: f64| (y - surface_row) / depth * n as f64 - 0.5;
            let first = (index(low).floor().max(0.0) as usize).min(n);
            let last = ((index(high).ceil() + 1.0).max(0.0) as usize).min(n);
            for (i, columns) in crossings.iter_mut().enumerate().take(last).skip(first) {
                let row = row_of(i);
                if (a.y <= row) != (b.y <= row) {
                    columns.push(a.x + (row - a.y) / (b.y - a.y) * (b.x - a.x));
                }
            }
        }
        let profile: Vec<(f64, Walls)> = crossings
            .into_iter()
            .enumerate()
            .filter_map(|(i, mut columns)| {
                columns.sort_unstable_by(f64::total_cmp);
                Walls::of(&columns, self.direction).map(|walls| (row_of(i), walls))
            })
            .collect();
        let largest = profile.iter().fold(0.0_f64, |a, (_, w)| a.max(w.width));
        let angle = |side: fn(&Walls) -> f64| {
            let rows = profile.iter().filter(|(row, _)| {
                let share = (row - surface_row) / depth;
                self.angle_range[0] <= share && share <= self.angle_range[1]
            });
            let points: Vec<[f64; 2]> = rows.map(|(row, w)| [*row, side(w)]).collect();
            slope(&points).map(|slope| -libm::atan(slope).to_degrees())
        };
        let sign = self.direction.sign();
        let mouth_rear = opening.map_or(sign * tip.x, |w| w.rear);
        let rearmost = body
            .points()
            .iter()
            .fold(f64::INFINITY, |a, p| a.min(sign * p.x));
        let tail = body.below(surface_row + depth * 2.0 / 3.0);
        let width_half = half.map_or(0.0, |w| w.width);
        Ok(Some(KeyholeGeometry {
            depth_um: depth * px,
            area_um2: moments.area * px * px,
            perimeter_um: body.perimeter() * px,
            opening_um: opening.map_or(0.0, |w| w.width) * px,
            width_quarter_um: width(0.25) * px,
            width_half_um: width_half * px,
            width_three_quarter_um: width(0.75) * px,
            mean_width_um: moments.area / depth * px,
            largest_width_um: largest * px,
            aspect_ratio: if width_half > 0.0 {
                depth / width_half
            } else {
                f64::INFINITY
            },
            equivalent_diameter_um: body.equivalent_diameter() * px,
            circularity: body.circularity(),
            front_angle_deg: angle(|w| w.front),
            rear_angle_deg: angle(|w| w.rear),
            tail_length_um: (mouth_rear - rearmost).max(0.0) * px,
            tail_area_um2: tail.map_or(0.0, |t| t.area()) * px * px,
            hook: self.hook(&body, &profile, tip, depth),
            tip,
            centroid: moments.centroid,
            front_column: half.map_or(f64::NAN, |w| sign * w.front),
            rear_column: half.map_or(f64::NAN, |w| sign * w.rear),
        }))
    }

    fn hook(
        &self,
        body: &Outline,
        profile: &[(f64, Walls)],
        tip: Point,
        depth: f64,
    ) -> Option<Hook> {
        let (px, sign) = (self.pixel_size.micrometers(), self.direction.sign());
        let surface = tip.y - depth;
        let lower = profile.partition_point(|(row, _)| row - surface < 0.5 * depth);
        let rearmost = (lower..profile.len())
            .min_by(|a, b| profile[*a].1.rear.total_cmp(&profile[*b].1.rear))?;
        // above the rearmost point, and not at the flare of the mouth
        let upper = profile.partition_point(|(row, _)| row - surface < 0.1 * depth);
        if upper >= rearmost {
            return None;
        }
        // the deepest bay of the rear wall behind its chord from near the mouth to the rearmost point
        let (top, bottom) = (profile[upper], profile[rearmost]);
        let bay = |i: usize| {
            let share = (profile[i].0 - top.0) / (bottom.0 - top.0);
            profile[i].1.rear - top.1.rear - share * (bottom.1.rear - top.1.rear)
        };
        let notch = (upper..rearmost).max_by(|a, b| bay(*a).total_cmp(&bay(*b)))?;
        let protrusion = profile[notch].1.rear - bottom.1.rear;
        if bay(notch) < 0.5 {
            return None;
        }
        let height = tip.y - profile[notch].0;
        if protrusion < 0.5 || height <= 0.0 {
            return None;
        }
        let foot = body
            .points()
            .iter()
            .map(|p| (sign * p.x + p.y, sign * p.x))
            .max_by(|a, b| a.0.total_cmp(&b.0))?
            .1;
        let length = foot - profile[rearmost].1.rear;
        Some(Hook {
            length_um: length * px,
            height_um: height * px,
            ratio: length / height,
            protrusion_um: protrusion * px,
        })
    }
}

/// The lowest point; the middle of a flat bottom.
fn lowest(body: &Outline) -> Point {
    let bottom = body
        .points()
        .iter()
        .fold(f64::NEG_INFINITY, |a, p| a.max(p.y));
    let flat: Vec<f64> = body
        .points()
        .iter()
        .filter(|p| p.y > bottom - 1e-6)
        .map(|p| p.x)
        .collect();
    let (low, high) = flat
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |r, x| {
            (r.0.min(*x), r.1.max(*x))
        });
    Point::new(0.5 * (low + high), bottom)
}

/// Walls in a row along the direction of the scan, in pixels; the front has the larger value.
#[derive(Debug, Clone, Copy)]
struct Walls {
    front: f64,
    rear: f64,
    width: f64,
}

impl Walls {
    fn at(body: &Outline, row: f64, direction: ScanDirection) -> Option<Self> {
        Self::of(&body.crossings(row), direction)
    }

    /// Of ascending crossings.
    fn of(columns: &[f64], direction: ScanDirection) -> Option<Self> {
        let (first, last) = (*columns.first()?, *columns.last()?);
        let width = columns.chunks_exact(2).map(|pair| pair[1] - pair[0]).sum();
        let (rear, front) = match direction {
            ScanDirection::Right => (first, last),
            ScanDirection::Left => (-last, -first),
        };
        Some(Self { front, rear, width })
    }
}

/// Least-squares slope of the second coordinate over the first.
fn slope(points: &[[f64; 2]]) -> Option<f64> {
    if points.len() < 3 {
        return None;
    }
    let n = points.len() as f64;
    let mean = |k: usize| points.iter().map(|p| p[k]).sum::<f64>() / n;
    let (a, b) = (mean(0), mean(1));
    let (mut xx, mut xy) = (0.0, 0.0);
    for p in points {
        xx += (p[0] - a) * (p[0] - a);
        xy += (p[0] - a) * (p[1] - b);
    }
    (xx > 0.0).then(|| xy / xx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contour::outlines;
    use approx::assert_relative_eq;
    use ndarray::Array2;

    const FINE: usize = 16;

    /// Share of each pixel that a polygon covers, by 16 × 16 samples.
    fn coverage(shape: &Outline, size: (usize, usize)) -> Array2<f32> {
        let mut out = Array2::zeros(size);
        for fine in 0..size.0 * FINE {
            let row = (fine as f64 + 0.5) / FINE as f64 - 0.5;
            for pair in shape.crossings(row).chunks_exact(2) {
                for column in 0..size.1 {
                    let (a, b) = (column as f64 - 0.5, column as f64 + 0.5);
                    let inside = (pair[1].min(b) - pair[0].max(a)).max(0.0);
                    out[(fine / FINE, column)] += inside as f32 / FINE as f32;
                }
            }
        }
        out
    }

    fn turned(points: &[(f64, f64)], about: (f64, f64), degrees: f64) -> Outline {
        let (s, c) = degrees.to_radians().sin_cos();
        let turn = |(x, y): &(f64, f64)| {
            let (dx, dy) = (x - about.0, y - about.1);
            Point::new(about.0 + c * dx - s * dy, about.1 + s * dx + c * dy)
        };
        Outline::new(points.iter().map(turn).collect::<Vec<_>>()).unwrap()
    }

    fn seen(shape: &Outline) -> Outline {
        outlines(&coverage(shape, (140, 130)).view(), 0.5)
            .unwrap()
            .swap_remove(0)
    }

    fn gauge() -> KeyholeGauge {
        KeyholeGauge::new(PixelSize::from_micrometers(1.0).unwrap())
    }

    const J: [(f64, f64); 6] = [
        (60.2, 0.0),
        (80.2, 0.0),
        (80.2, 100.2),
        (40.2, 100.2),
        (40.2, 75.2),
        (60.2, 75.2),
    ];

    #[test]
    fn ellipses_at_any_angle() {
        for degrees in [0.0, 7.0, 33.0, 61.0, 90.0] {
            let (a, b) = (50.3, 17.6);
            let points: Vec<(f64, f64)> = (0..3000)
                .map(|i| {
                    let t = std::f64::consts::TAU * f64::from(i) / 3000.0;
                    (65.2 + a * t.cos(), 64.7 + b * t.sin())
                })
                .collect();
            let truth = turned(&points, (65.2, 64.7), degrees);
            let surface = 30.3;
            let shape = gauge().measure(&seen(&truth), surface).unwrap();
            let exact = gauge().measure(&truth, surface).unwrap().unwrap();
            let Some(shape) = shape else {
                panic!("nothing found at {degrees}")
            };
            assert!((shape.area_um2 / exact.area_um2 - 1.0).abs() < 0.005);
            let (s, c) = degrees.to_radians().sin_cos();
            let depth = 64.7 + (a * s).hypot(b * c) - surface;
            assert!((shape.depth_um - depth).abs() < 0.1, "{degrees}: {shape:?}");
            // a tenth of a pixel for each wall
            assert!((shape.width_half_um - exact.width_half_um).abs() < 0.2);
            assert!((shape.centroid.x - exact.centroid.x).abs() < 0.05);
        }
    }

    #[test]
    fn rectangles_give_their_angle() {
        for degrees in [-20.0, -6.5, 0.0, 3.0, 12.0, 28.0] {
            let rectangle = [(50.0, -30.0), (74.0, -30.0), (74.0, 100.0), (50.0, 100.0)];
            let truth = turned(&rectangle, (62.0, 50.0), degrees);
            let surface = 20.0;
            let shape = gauge()
                .measure(&seen(&truth), surface)
                .unwrap()
                .ok_or("none")
                .unwrap();
            let exact = gauge().measure(&truth, surface).unwrap().unwrap();
            assert!((shape.area_um2 / exact.area_um2 - 1.0).abs() < 0.005);
            // turning right by rows-down axes leans the wall backwards
            assert!((shape.front_angle_deg.unwrap() - degrees).abs() < 0.2);
            assert!((shape.rear_angle_deg.unwrap() - degrees).abs() < 0.2);
            let corner = if degrees == 0.0 { 0.1 } else { 0.4 };
            assert!((shape.depth_um - exact.depth_um).abs() < corner);
        }
    }

    #[test]
    fn a_j_has_a_hook_and_its_mirror_image_the_same() {
        for degrees in [0.0, 4.0, -9.0] {
            let truth = turned(&J, (65.0, 50.0), degrees);
            let shape = gauge().measure(&seen(&truth), 10.0).unwrap().unwrap();
            let exact = gauge().measure(&truth, 10.0).unwrap().unwrap();
            assert!((shape.area_um2 / exact.area_um2 - 1.0).abs() < 0.005);
            let (hook, exact) = (shape.hook.unwrap(), exact.hook.unwrap());
            assert!((hook.length_um - exact.length_um).abs() < 0.7, "{hook:?}");
            assert!(
                (hook.ratio / exact.ratio - 1.0).abs() < 0.05,
                "{hook:?} {exact:?}"
            );
            let flip = |p: &Point| Point::new(129.0 - p.x, p.y);
            let mirrored =
                Outline::new(truth.points().iter().map(flip).collect::<Vec<_>>()).unwrap();
            let left = gauge()
                .direction(ScanDirection::Left)
                .measure(&seen(&mirrored), 10.0)
                .unwrap()
                .unwrap();
            assert_relative_eq!(left.depth_um, shape.depth_um, epsilon = 1e-3);
            assert_relative_eq!(left.hook.unwrap().ratio, hook.ratio, max_relative = 1e-3);
            assert_relative_eq!(
                left.front_angle_deg.unwrap(),
                shape.front_angle_deg.unwrap(),
                epsilon = 0.01
            );
            assert_relative_eq!(
                left.front_column,
                129.0 - shape.front_column,
                epsilon = 1e-3
            );
        }
        let hook = gauge()
            .measure(&turned(&J, (0.0, 0.0), 0.0), 0.0)
            .unwrap()
            .unwrap()
            .hook
            .unwrap();
        assert_relative_eq!(hook.length_um, 40.0, epsilon = 1e-9);
        assert_relative_eq!(hook.height_um, 25.0, epsilon = 0.6);
        assert_relative_eq!(hook.protrusion_um, 20.0, epsilon = 1e-9);
    }

    #[test]
    fn sizes_scale_with_the_pixel_and_do_not_move_with_place() {
        let truth = turned(&J, (0.0, 0.0), 0.0);
        let one = gauge().measure(&truth, 0.0).unwrap().unwrap();
        let two = KeyholeGauge::new(PixelSize::from_micrometers(2.5).unwrap())
            .measure(&truth, 0.0)
            .unwrap()
            .unwrap();
        assert_relative_eq!(two.depth_um, 2.5 * one.depth_um, max_relative = 1e-12);
        assert_relative_eq!(two.area_um2, 6.25 * one.area_um2, max_relative = 1e-12);
        assert_relative_eq!(two.aspect_ratio, one.aspect_ratio, max_relative = 1e-12);
        let moved = |p: &Point| Point::new(p.x + 7.25, p.y + 3.5);
        let there = Outline::new(truth.points().iter().map(moved).collect::<Vec<_>>()).unwrap();
        let there = gauge().measure(&there, 3.5).unwrap().unwrap();
        assert_relative_eq!(there.tail_length_um, one.tail_length_um, epsilon = 1e-9);
        assert_relative_eq!(there.width_quarter_um, one.width_quarter_um, epsilon = 1e-9);
    }

    #[test]
    fn nothing_below_the_surface_is_none() {
        let truth = turned(&J, (0.0, 0.0), 0.0);
        assert_eq!(gauge().measure(&truth, 200.0).unwrap(), None);
        assert!(gauge().measure(&truth, f64::NAN).is_err());
        assert!(gauge().angle_range(0.7, 0.2).measure(&truth, 0.0).is_err());
    }
}
