//! Walls through time: drift of the keyhole and speeds of its walls.

use xray_io::{FrameRate, PixelSize};

use crate::error::{Error, Result};
use crate::keyhole::Sighting;
use crate::statistics::Line;

/// How fast the keyhole moves across the image, by four definitions.
///
/// They differ: the front wall follows the beam, the rear wall and the centroid also the changes of shape.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KeyholeDrift {
    /// Of the front wall at half depth, in pixels a frame with standard error.
    pub front: Line,
    /// Of the rear wall at half depth.
    pub rear: Line,
    /// Of the centroid.
    pub centroid: Line,
    /// Of the lowest point.
    pub tip: Line,
}

impl KeyholeDrift {
    /// Straight lines through the places over the frames in which the keyhole was found.
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] below three such frames.
    pub fn of(sightings: &[Sighting]) -> Result<Self> {
        let seen: Vec<(f64, _)> = sightings
            .iter()
            .enumerate()
            .filter_map(|(frame, s)| Some((frame as f64, s.keyhole()?.geometry)))
            .collect();
        let frames: Vec<f64> = seen.iter().map(|s| s.0).collect();
        let line = |of: fn(&crate::geometry::KeyholeGeometry) -> f64| {
            Line::fit(&frames, &seen.iter().map(|s| of(&s.1)).collect::<Vec<_>>())
        };
        Ok(Self {
            front: line(|g| g.front_column)?,
            rear: line(|g| g.rear_column)?,
            centroid: line(|g| g.centroid.x)?,
            tip: line(|g| g.tip.x)?,
        })
    }
}

/// Both walls at a depth, in two consecutive frames.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WallSpeed {
    /// The earlier frame.
    pub frame: usize,
    /// Speed of the left wall to the right in m/s.
    pub left_m_s: f64,
    /// Speed of the right wall to the right in m/s.
    pub right_m_s: f64,
    /// Standard error of each in m/s, from the uncertainty of the widths at half depth.
    pub error_m_s: f64,
}

/// Speeds of the walls at a depth below the surface, for all pairs of consecutive frames that reach so deep.
///
/// # Errors
///
/// [`Error::InvalidParameter`] for a row that is not finite.
pub fn wall_speeds(
    sightings: &[Sighting],
    row: f64,
    pixel_size: PixelSize,
    frame_rate: FrameRate,
) -> Result<Vec<WallSpeed>> {
    Error::finite("row", row)?;
    let scale = pixel_size.meters() * frame_rate.hertz();
    let ends = |sighting: &Sighting| {
        let keyhole = sighting.keyhole()?;
        let columns = keyhole.outline.crossings(row);
        // each wall has half the uncertainty of the width in variance
        let sigma = keyhole.uncertainty.width_half_um / pixel_size.micrometers() / 2.0_f64.sqrt();
        Some((*columns.first()?, *columns.last()?, sigma))
    };
    Ok(sightings
        .windows(2)
        .enumerate()
        .filter_map(|(frame, pair)| {
            let (a, b) = (ends(&pair[0])?, ends(&pair[1])?);
            Some(WallSpeed {
                frame,
                left_m_s: scale * (b.0 - a.0),
                right_m_s: scale * (b.1 - a.1),
                error_m_s: scale * libm::hypot(a.2, b.2),
            })
        })
        .collect())
}
