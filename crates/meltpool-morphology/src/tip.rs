//! The tip of a pointed keyhole, below what stands out of the noise.

use crate::error::{Error, Result};
use crate::outline::Outline;

/// Most rows of a fit.
const MOST_ROWS: f64 = 4096.0;

/// Carries the walls of a pointed keyhole on to where they meet.
///
/// The path of X-rays through a tip goes to zero with its width, so the last pixels of a pointed keyhole vanish in the noise: an outline ends too high,
/// always. Its walls above are known to a fraction of a pixel. This fit takes the width of the outline in the rows of its lowest part, a straight line through
/// them by least squares, and the row in which that line is zero:
/// $$w(y) = a + b\,y, \qquad y_{tip} = -a/b.$$
/// It assumes that the walls go on straight; a round or blunt tip is put too deep, by up to the radius of its curvature. The standard error is that
/// of the line, by $\sigma_{tip}^2 = (\sigma_a^2 + 2 y\,\sigma_{ab} + y^2\sigma_b^2)/b^2$. $O(n)$ in the points of the outline times the rows.
///
/// # Examples
///
/// ```
/// use meltpool_morphology::{Outline, Point, TipFit};
///
/// // a wedge whose tip is in row 60, seen down to row 54 only
/// let wedge = [(20.0, 0.0), (40.0, 0.0), (31.0, 54.0), (29.0, 54.0)].map(|(x, y)| Point::new(x, y));
/// let tip = TipFit::new().apply(&Outline::new(wedge)?, 0.0)?.ok_or("no tip")?;
/// assert!((tip.row - 60.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TipFit {
    from_share: f64,
    margin_px: f64,
    reach_share: f64,
}

/// A tip that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tip {
    /// Its row in the image.
    pub row: f64,
    /// Standard error of that in pixels, from the scatter of the widths about the line.
    pub error_px: f64,
    /// Rows of the fit.
    pub n_rows: usize,
}

impl Default for TipFit {
    fn default() -> Self {
        Self::new()
    }
}

impl TipFit {
    /// The defaults; all of them are ours, the first two chosen on simulated keyholes that are straight in the last quarter of their depth.
    pub fn new() -> Self {
        Self {
            from_share: 0.85,
            margin_px: 1.0,
            reach_share: 0.25,
        }
    }

    /// Share of the depth of the outline below which the walls are taken as straight (0.85 unless set).
    pub fn from_share(mut self, from_share: f64) -> Self {
        self.from_share = from_share;
        self
    }

    /// Rows above the end of the outline that are left out, since they are round by blur and threshold (1 px unless set).
    pub fn margin_px(mut self, margin_px: f64) -> Self {
        self.margin_px = margin_px;
        self
    }

    /// How far below the end of the outline a tip may lie, as a share of its depth (0.25 unless set); beyond, there is none.
    pub fn reach_share(mut self, reach_share: f64) -> Self {
        self.reach_share = reach_share;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        Error::between("from_share", self.from_share, 0.0, 0.99)?;
        Error::between("margin_px", self.margin_px, 0.0, 1e3)?;
        Error::between("reach_share", self.reach_share, 0.0, 10.0)
    }

    /// The tip of an outline below a surface; `None` where fewer than four rows are left, the walls do not close, or they meet
    /// above the end of the outline or out of reach below it.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate); [`Error::InvalidParameter`] for a surface that is not finite.
    pub fn apply(&self, outline: &Outline, surface_row: f64) -> Result<Option<Tip>> {
        self.validate()?;
        Error::finite("surface_row", surface_row)?;
        let end = outline.points().iter().map(|p| p.y);
        let end = end.fold(f64::NEG_INFINITY, f64::max);
        let depth = end - surface_row;
        if depth.is_nan() || depth <= 0.0 {
            return Ok(None);
        }
        let first = (surface_row + self.from_share * depth).ceil();
        // Every row, or as many as there are in a large image.
        let span = end - self.margin_px - first;
        let step = (span / MOST_ROWS).max(1.0);
        let mut samples = Vec::new();
        for k in 0..=(span / step).floor().max(-1.0) as i64 {
            let row = first + k as f64 * step;
            let crossings = outline.crossings(row);
            if let (Some(left), Some(right)) = (crossings.first(), crossings.last()) {
                samples.push((row - end, right - left));
            }
        }
        if samples.len() < 4 {
            return Ok(None);
        }
        let n = samples.len() as f64;
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| samples.iter().map(of).sum::<f64>() / n;
        let (y, w) = (mean(&|s| s.0), mean(&|s| s.1));
        let spread = samples.iter().map(|s| (s.0 - y) * (s.0 - y)).sum::<f64>();
        let slope = samples.iter().map(|s| (s.0 - y) * (s.1 - w)).sum::<f64>() / spread;
        if slope.is_nan() || slope >= 0.0 {
            return Ok(None);
        }
        let below = y - w / slope;
        if !(-1.0..=self.reach_share * depth).contains(&below) {
            return Ok(None);
        }
        let rest = samples.iter().map(|s| s.1 - w - slope * (s.0 - y));
        let variance = rest.map(|r| r * r).sum::<f64>() / (n - 2.0);
        let error = (variance * (1.0 / n + (below - y) * (below - y) / spread)).sqrt() / -slope;
        Ok(Some(Tip {
            row: end + below,
            error_px: error,
            n_rows: samples.len(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Point;

    fn outline(points: &[(f64, f64)]) -> Result<Outline> {
        Outline::new(
            points
                .iter()
                .map(|(x, y)| Point::new(*x, *y))
                .collect::<Vec<_>>(),
        )
    }

    /// Rows so far out that adding one to them changes nothing.
    #[test]
    fn coordinates_of_any_size_end() -> Result<()> {
        for (from, to) in [(1e18, 1e18 + 1e4), (0.0, 1e18), (-1e300, 1e300)] {
            let far = outline(&[(0.0, from), (9.0, from), (5.0, to)])?;
            if let Some(tip) = TipFit::new().apply(&far, from)? {
                assert!(tip.n_rows <= 4097);
            }
        }
        Ok(())
    }

    /// A leaning wedge of this slope whose end is cut off.
    #[test]
    fn a_wedge_cut_off_anywhere_has_the_tip_of_the_whole() -> Result<()> {
        for (lean, slope, cut) in [(0.0, 0.3, 4.0), (0.4, 0.5, 6.0), (-0.2, 1.0, 2.0)] {
            let at = |y: f64, side: f64| (50.0 + lean * y + side * 0.5 * slope * (80.0 - y), y);
            let end = 80.0 - cut;
            let cut = outline(&[at(0.0, -1.0), at(0.0, 1.0), at(end, 1.0), at(end, -1.0)])?;
            let tip = TipFit::new().apply(&cut, 0.0)?;
            assert!(
                tip.is_some_and(|t| (t.row - 80.0).abs() < 1e-9 && t.error_px < 1e-9),
                "{tip:?}"
            );
        }
        Ok(())
    }

    /// The error of the line is what repeated walls with noise show.
    #[test]
    fn the_standard_error_is_that_of_walls_with_noise() -> Result<()> {
        let mut state = 7_u32;
        let mut random = || {
            let sum: f64 = (0..12)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    f64::from(state >> 8) / f64::from(1 << 24)
                })
                .sum();
            sum - 6.0
        };
        let (mut off, mut stated, mut n) = (0.0, 0.0, 0.0);
        for _ in 0..400 {
            let half = |y: f64| 0.25 * (100.0 - y);
            let mut points: Vec<(f64, f64)> = (0..=95)
                .map(|y| {
                    let y = f64::from(y);
                    (40.0 - half(y) + 0.2 * random(), y)
                })
                .collect();
            points.extend((0..=95).rev().map(|y| {
                let y = f64::from(y);
                (40.0 + half(y) + 0.2 * random(), y)
            }));
            if let Some(tip) = TipFit::new().apply(&outline(&points)?, 0.0)? {
                off += (tip.row - 100.0) * (tip.row - 100.0);
                stated += tip.error_px * tip.error_px;
                n += 1.0;
            }
        }
        // 400 draws: the ratio of the two scatters by some 4 %
        let ratio = (off / stated).sqrt();
        assert!(n > 390.0 && (ratio - 1.0).abs() < 0.15, "{n} {ratio}");
        Ok(())
    }

    #[test]
    fn a_slot_a_bulge_and_too_few_rows_have_no_tip() -> Result<()> {
        let slot = outline(&[(0.0, 0.0), (10.0, 0.0), (10.0, 60.0), (0.0, 60.0)])?;
        assert_eq!(TipFit::new().apply(&slot, 0.0)?, None);
        let bulge = outline(&[(4.0, 0.0), (6.0, 0.0), (20.0, 60.0), (-10.0, 60.0)])?;
        assert_eq!(TipFit::new().apply(&bulge, 0.0)?, None);
        let short = outline(&[(0.0, 0.0), (10.0, 0.0), (5.0, 12.0)])?;
        assert_eq!(TipFit::new().apply(&short, 0.0)?, None);
        assert_eq!(TipFit::new().apply(&slot, 70.0)?, None);
        assert!(TipFit::new().from_share(1.5).apply(&slot, 0.0).is_err());
        assert!(TipFit::new().apply(&slot, f64::NAN).is_err());
        Ok(())
    }
}
