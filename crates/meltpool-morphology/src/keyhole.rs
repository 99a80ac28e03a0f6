//! The keyhole in a frame: from contrast to outline and size, or the reason why there is none.

mod steps;

use ndarray::ArrayView2;

use crate::contour::trace;
use crate::contrast::{ContrastFilm, Unusable};
use crate::error::{Error, Result};
use crate::geometry::{KeyholeGauge, KeyholeGeometry};
use crate::outline::Outline;
use crate::refine::EdgeShape;

/// The contrast from which a pixel belongs to the keyhole.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Threshold {
    /// Otsu's, within a window around what stands out by five times the noise.
    #[default]
    Otsu,
    /// This contrast: 0.12 is 1.12 times the background.
    Fixed(f64),
}

/// Why no keyhole is given for a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Missing {
    /// The frame itself cannot be measured.
    Unusable(Unusable),
    /// Nothing stands out of the noise below the surface.
    NothingBright,
    /// Something stands out, but it does not reach the surface.
    NotAtSurface,
    /// The largest region at the surface has fewer pixels than allowed.
    TooSmall {
        /// Its pixels.
        n_pixels: usize,
    },
    /// The keyhole touches a side or the bottom of the image, so that its size is unknown.
    CutByBorder,
    /// The contrast drops at too small a share of the outline: it is a line of equal value in a slope, the edge of nothing
    /// ([`KeyholeFinder::min_confidence`]).
    NoEdge,
}

/// A keyhole that was found in a frame.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Keyhole {
    /// What it encloses below the surface, in pixels.
    pub outline: Outline,
    /// Size and shape.
    pub geometry: KeyholeGeometry,
    /// Standard uncertainty of each quantity: half the change when the threshold moves by plus and minus the noise, and, in quadrature,
    /// when all edges move together by the scatter of single edge places.
    pub uncertainty: KeyholeGeometry,
    /// The contrast used as threshold.
    pub threshold: f64,
    /// Standard deviation of the smoothed image below the surface.
    pub noise: f64,
    /// Share of the outline below the surface's margin at which the contrast drops outwards by more than three times the noise, from 0 to 1.
    pub confidence: f64,
    /// Whether a user has drawn it.
    pub corrected: bool,
}

/// What was seen in a frame.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::large_enum_variant,
    reason = "most frames have a keyhole, and there are few frames"
)]
pub enum Sighting {
    /// A keyhole.
    Seen(Keyhole),
    /// None, and why.
    Missing(Missing),
}

impl Sighting {
    /// The keyhole, if there is one.
    pub fn keyhole(&self) -> Option<&Keyhole> {
        match self {
            Self::Seen(keyhole) => Some(keyhole),
            Self::Missing(_) => None,
        }
    }

    /// Why there is none, if so.
    pub fn missing(&self) -> Option<Missing> {
        match self {
            Self::Seen(_) => None,
            Self::Missing(missing) => Some(*missing),
        }
    }
}

/// Finds the keyhole in frames of contrast.
///
/// Steps: a Gaussian of `smoothing_px`; the noise from the median of absolute deviations below the surface; what exceeds it fivefold gives a
/// window, Otsu's level in it the threshold (twice, the second time around what the first has found; again inside, if what was found is the melt pool with something
/// much brighter in it); of the regions above it that
/// reach the surface the largest, followed down to `low_share` of its contrast (hysteresis), its holes filled; its line of equal value by
/// marching squares; each point of that line moved along its normal, at most by `refine_px`, to where the blurred [`EdgeShape`] fits best.
///
/// Rows less than `surface_margin_px` below the surface are not looked at: there the edge of the plate is blurred. The outline is carried up
/// from the first row below them.
///
/// # Examples
///
/// ```
/// use meltpool_morphology::{EdgeShape, KeyholeFinder, KeyholeGauge, PixelSize};
/// use ndarray::Array2;
///
/// // a slot of 20 by 60 pixels below the surface in row 10
/// let contrast = Array2::from_shape_fn((100, 120), |(y, x)| {
///     let inside = (10..70).contains(&y) && (50..70).contains(&x);
///     (if inside { 0.2_f32 } else { 0.0 }) + 0.002 * ((7 * x + 5 * y) % 11) as f32
/// });
/// let gauge = KeyholeGauge::new(PixelSize::from_micrometers(1.0)?);
/// let finder = KeyholeFinder::new(gauge, 9.5).edge(EdgeShape::Step, 0.0);
/// let sighting = finder.apply(&contrast.view())?;
/// let keyhole = sighting.keyhole().ok_or("no keyhole")?;
/// assert!((keyhole.geometry.depth_um - 60.0).abs() < 0.3);
/// assert!((keyhole.geometry.width_half_um - 20.0).abs() < 0.3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    expect(
        clippy::unsafe_derive_deserialize,
        reason = "the macro that slices arrays expands to unsafe code of ndarray"
    )
)]
pub struct KeyholeFinder {
    gauge: KeyholeGauge,
    surface_row: f64,
    threshold: Threshold,
    smoothing_px: f64,
    surface_margin_px: f64,
    max_depth_px: f64,
    min_area_px: usize,
    refine_px: f64,
    edge: EdgeShape,
    blur_px: f64,
    low_share: f64,
    min_confidence: f64,
}

impl KeyholeFinder {
    /// A finder that measures with this gauge below a surface in this row.
    pub fn new(gauge: KeyholeGauge, surface_row: f64) -> Self {
        Self {
            gauge,
            surface_row,
            threshold: Threshold::Otsu,
            smoothing_px: 0.8,
            surface_margin_px: 4.0,
            max_depth_px: f64::INFINITY,
            min_area_px: 50,
            refine_px: 3.0,
            edge: EdgeShape::Round,
            blur_px: 1.0,
            low_share: 0.15,
            min_confidence: 0.25,
        }
    }

    /// The threshold (Otsu's unless set).
    pub fn threshold(mut self, threshold: Threshold) -> Self {
        self.threshold = threshold;
        self
    }

    /// Standard deviation of the smoothing in pixels (0.8 unless set).
    pub fn smoothing_px(mut self, smoothing_px: f64) -> Self {
        self.smoothing_px = smoothing_px;
        self
    }

    /// Rows below the surface that are not looked at (4 unless set).
    pub fn surface_margin_px(mut self, surface_margin_px: f64) -> Self {
        self.surface_margin_px = surface_margin_px;
        self
    }

    /// Depth below the surface that is searched (to the bottom of the image unless set). A small one is faster.
    pub fn max_depth_px(mut self, max_depth_px: f64) -> Self {
        self.max_depth_px = max_depth_px;
        self
    }

    /// Fewest pixels of a keyhole (50 unless set).
    pub fn min_area_px(mut self, min_area_px: usize) -> Self {
        self.min_area_px = min_area_px;
        self
    }

    /// What the walls look like (round unless set), and the standard deviation in pixels of the blur of the detector (1 unless set).
    ///
    /// The path through a cavity with round walls rises from its wall as a root: under a Gaussian of width $\sigma$ its steepest place
    /// lies $0.765\,\sigma$ inside the wall, its half-maximum further still. The fit of the blurred edge takes that out.
    pub fn edge(mut self, edge: EdgeShape, blur_px: f64) -> Self {
        self.edge = edge;
        self.blur_px = blur_px;
        self
    }

    /// With Otsu's threshold: the share of the contrast over its surroundings down to which the region is followed (0.15 unless set; at
    /// least three times the noise there; 1 stays at Otsu's level).
    pub fn low_share(mut self, low_share: f64) -> Self {
        self.low_share = low_share;
        self
    }

    /// The least [`Keyhole::confidence`] (0.25 unless set; with 0 every region is a keyhole). Through noise the edges of a keyhole are
    /// lost one by one; a melt pool whose contrast fades out, or a slope of the background, has none.
    pub fn min_confidence(mut self, min_confidence: f64) -> Self {
        self.min_confidence = min_confidence;
        self
    }

    /// How far an edge may lie from the line of the threshold (3 px unless set; 0 keeps that line).
    pub fn refine_px(mut self, refine_px: f64) -> Self {
        self.refine_px = refine_px;
        self
    }

    /// The gauge.
    pub fn gauge(&self) -> &KeyholeGauge {
        &self.gauge
    }

    /// Row of the surface.
    pub fn surface_row(&self) -> f64 {
        self.surface_row
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        self.gauge.validate()?;
        Error::finite("surface_row", self.surface_row)?;
        Error::between("smoothing_px", self.smoothing_px, 0.0, 100.0)?;
        Error::between("surface_margin_px", self.surface_margin_px, 0.0, 1e6)?;
        Error::between("refine_px", self.refine_px, 0.0, 50.0)?;
        Error::between("blur_px", self.blur_px, 0.0, 50.0)?;
        Error::between("low_share", self.low_share, 0.0, 1.0)?;
        Error::between("min_confidence", self.min_confidence, 0.0, 1.0)?;
        if let Threshold::Fixed(level) = self.threshold {
            Error::positive("threshold", level)?;
        }
        if self.max_depth_px > 0.0 {
            Ok(())
        } else {
            Err(Error::parameter(
                "max_depth_px",
                "positive",
                self.max_depth_px,
            ))
        }
    }

    /// The keyhole in a frame of contrast.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate); [`Error::InvalidParameter`] for a surface that leaves no row to look at.
    pub fn apply(&self, contrast: &ArrayView2<f32>) -> Result<Sighting> {
        let zone = self.zone(contrast.dim())?;
        if contrast.iter().any(|value| !value.is_finite()) {
            return Ok(Sighting::Missing(Missing::Unusable(Unusable::NonFinite)));
        }
        self.find(contrast, zone)
    }

    /// The keyholes of a film, frame by frame, on several threads with feature `rayon`.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub fn apply_all(&self, film: &ContrastFilm) -> Result<Vec<Sighting>> {
        let (_, n_rows, n_columns) = film.frames.dim();
        self.zone((n_rows, n_columns))?;
        let one = |n: usize| match film.unusable.get(n).copied().flatten() {
            Some(why) => Ok(Sighting::Missing(Missing::Unusable(why))),
            None => self.apply(&film.frame(n)),
        };
        #[cfg(feature = "rayon")]
        {
            use rayon::prelude::*;
            (0..film.n_frames()).into_par_iter().map(one).collect()
        }
        #[cfg(not(feature = "rayon"))]
        {
            (0..film.n_frames()).map(one).collect()
        }
    }

    /// The keyhole as a user has drawn it: what is true in the mask, its largest region. Put it in place of a sighting and go on.
    ///
    /// The uncertainty is that of all edges moving together by half a pixel. `Missing` only for a mask that is empty or lies above
    /// the surface; a drawn keyhole may touch the border.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub fn corrected(&self, mask: &ArrayView2<bool>) -> Result<Sighting> {
        self.zone(mask.dim())?;
        let field = mask.mapv(|inside| f32::from(u8::from(inside)));
        match trace(&field.view(), 0.5, 0.0).into_iter().next() {
            Some(outline) => self.drawn(&outline),
            None => Ok(Sighting::Missing(Missing::NothingBright)),
        }
    }

    /// The keyhole within an outline that a user has drawn, as [`corrected`](Self::corrected).
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate).
    pub fn drawn(&self, outline: &Outline) -> Result<Sighting> {
        self.validate()?;
        let Some(geometry) = self.gauge.measure(outline, self.surface_row)? else {
            return Ok(Sighting::Missing(Missing::NothingBright));
        };
        let uncertainty = self.moved(&geometry, outline, 0.5)?;
        Ok(Sighting::Seen(Keyhole {
            outline: outline
                .below(self.surface_row)
                .unwrap_or_else(|| outline.clone()),
            geometry,
            uncertainty,
            threshold: 0.5,
            noise: 0.0,
            confidence: 1.0,
            corrected: true,
        }))
    }

    /// First row to look at and one past the last.
    fn zone(&self, shape: (usize, usize)) -> Result<[usize; 2]> {
        self.validate()?;
        let first = (self.surface_row + self.surface_margin_px).ceil().max(0.0);
        let last = (self.surface_row + self.max_depth_px)
            .ceil()
            .min(shape.0 as f64);
        if first + 3.0 > last || shape.1 < 3 {
            return Err(Error::parameter(
                "surface_row",
                "at least three rows and columns with its margin inside the image",
                format!("{} in {} by {} pixels", self.surface_row, shape.0, shape.1),
            ));
        }
        Ok([first as usize, last as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};
    use xray_io::PixelSize;

    fn finder() -> KeyholeFinder {
        KeyholeFinder::new(
            KeyholeGauge::new(PixelSize::from_micrometers(1.0).unwrap()),
            19.5,
        )
    }

    /// A cavity with round walls, 0.2 deep in the middle, with ripples of 0.005.
    fn scene(left: f64, right: f64, bottom: f64) -> Array2<f32> {
        Array2::from_shape_fn((120, 160), |(y, x)| {
            let (x, y) = (x as f64, y as f64);
            let (middle, radius) = (0.5 * (left + right), 0.5 * (right - left));
            let path = (1.0 - ((x - middle) / radius).powi(2)).max(0.0).sqrt();
            let end = ((bottom - y) / 8.0).clamp(0.0, 1.0).sqrt();
            let ripple = 0.005 * ((12.9898 * x + 78.233 * y).sin() * 43758.5453).fract();
            (if y < 20.0 { 1.0 } else { 0.2 * path * end } + ripple) as f32
        })
    }

    #[test]
    fn a_round_cavity_ends_where_its_path_does() {
        let sighting = finder()
            .edge(EdgeShape::Round, 0.0)
            .apply(&scene(60.0, 100.0, 90.0).view())
            .unwrap();
        let keyhole = sighting.keyhole().unwrap();
        let g = keyhole.geometry;
        // ripples of a fortieth of the contrast move each wall by some tenths of a pixel
        assert!((g.width_half_um - 40.0).abs() < 0.5, "{g:?}");
        assert!((g.depth_um - 70.5).abs() < 1.0, "{g:?}");
        assert!(keyhole.confidence > 0.95 && keyhole.uncertainty.depth_um < 1.0);
    }

    /// A bright hill without a wall: its line of equal value is no keyhole, unless that is asked for.
    #[test]
    fn a_slope_without_an_edge_is_no_keyhole() {
        let hill = Array2::from_shape_fn((160, 200), |(y, x)| {
            let (dy, dx) = (y as f64 - 20.0, x as f64 - 100.0);
            let height = 0.05 * libm::exp(-(dx * dx + dy * dy) / 1800.0);
            (height + 0.002 * (((7 * x + 5 * y) % 11) as f64 - 5.0)) as f32
        });
        let found = finder().apply(&hill.view()).unwrap();
        assert_eq!(found.missing(), Some(Missing::NoEdge));
        let asked = finder().min_confidence(0.0).apply(&hill.view()).unwrap();
        assert!(asked.keyhole().is_some_and(|k| k.confidence < 0.25));
        assert!(finder().min_confidence(1.5).validate().is_err());
    }

    #[test]
    fn what_cannot_be_measured_is_missing_with_a_reason() {
        let missing = |image: Array2<f32>| finder().apply(&image.view()).unwrap().missing();
        assert_eq!(
            missing(Array2::zeros((120, 160))),
            Some(Missing::NothingBright)
        );
        assert_eq!(
            missing(scene(-10.0, 30.0, 90.0)),
            Some(Missing::CutByBorder)
        );
        assert_eq!(
            missing(scene(60.0, 100.0, 150.0)),
            Some(Missing::CutByBorder)
        );
        let mut buried = scene(60.0, 100.0, 90.0);
        buried.slice_mut(s![..50, ..]).fill(0.0);
        assert_eq!(missing(buried), Some(Missing::NotAtSurface));
        let mut bad = scene(60.0, 100.0, 90.0);
        bad[(110, 3)] = f32::NAN;
        assert_eq!(missing(bad), Some(Missing::Unusable(Unusable::NonFinite)));
        assert!(matches!(
            missing(scene(78.0, 82.0, 30.0)),
            Some(Missing::TooSmall { .. } | Missing::NothingBright)
        ));
    }

    #[test]
    fn a_correction_is_measured_as_drawn() {
        let mut mask = Array2::from_elem((120, 160), false);
        mask.slice_mut(s![10..80, 40..70]).fill(true);
        let drawn = finder().corrected(&mask.view()).unwrap();
        let keyhole = drawn.keyhole().unwrap();
        assert!(keyhole.corrected);
        assert!((keyhole.geometry.depth_um - 60.0).abs() < 0.01);
        assert!((keyhole.geometry.width_half_um - 30.0).abs() < 0.01);
        assert!((keyhole.uncertainty.depth_um - 0.5).abs() < 0.05);
        mask.fill(false);
        assert!(
            finder()
                .corrected(&mask.view())
                .unwrap()
                .missing()
                .is_some()
        );
    }

    #[test]
    fn impossible_settings_are_refused() {
        let image = scene(60.0, 100.0, 90.0);
        for bad in [
            finder().smoothing_px(-1.0),
            finder().threshold(Threshold::Fixed(0.0)),
            finder().max_depth_px(0.0),
            KeyholeFinder::new(*finder().gauge(), 118.0),
            KeyholeFinder::new(*finder().gauge(), f64::NAN),
        ] {
            assert!(bad.apply(&image.view()).is_err());
        }
        assert!(finder().apply(&Array2::zeros((1, 50)).view()).is_err());
    }

    #[test]
    fn a_mirror_image_gives_the_mirror_outline() {
        let image = scene(55.0, 91.0, 90.0);
        let flipped = image.slice(s![.., ..;-1]);
        let a = finder().apply(&image.view()).unwrap();
        let b = finder().apply(&flipped).unwrap();
        let (a, b) = (a.keyhole().unwrap(), b.keyhole().unwrap());
        assert!((a.geometry.area_um2 / b.geometry.area_um2 - 1.0).abs() < 2e-3);
        assert!((a.geometry.centroid.x + b.geometry.centroid.x - 159.0).abs() < 0.05);
    }
}
