//! The eleven Al6061 movies of Gan et al.

use super::track::{MovingBeam, ProcessCase};
use crate::alloy::Alloy;
use crate::camera::Camera;
use crate::error::{Error, Result};
use crate::film::Film;

/// Settings of one movie, as its caption prints them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GanMovie {
    /// Number of the movie, from 1.
    pub number: u8,
    /// Laser power in W.
    pub power_w: f64,
    /// Scan speed in m/s.
    pub speed_m_s: f64,
    /// Spot size in µm.
    pub spot_um: f64,
    /// Measured depth of the keyhole in µm (Nat. Commun. 12, 2379), which the caption does not state.
    pub depth_um: f64,
    /// Frames a second.
    pub frame_rate_hz: f64,
    /// Size of a pixel in µm.
    pub pixel_size_um: f64,
    /// Exposure of a frame in µs.
    pub exposure_us: f64,
    /// Thickness of the plate in mm.
    pub thickness_mm: f64,
}

const fn movie(number: u8, power_w: f64, speed_m_s: f64, depth_um: f64) -> GanMovie {
    GanMovie {
        number,
        power_w,
        speed_m_s,
        spot_um: 88.0,
        depth_um,
        frame_rate_hz: 50_000.0,
        pixel_size_um: 1.98,
        exposure_us: 1.0,
        thickness_mm: 0.75,
    }
}

/// The captions of movies S1 to S11 of Gan et al. (preprint to doi 10.1038/s41467-021-22704-0), in their order.
///
/// The supplement contradicts itself:
/// - every caption says "under stationary laser illumination" and states a scan speed of 0.3 to 1.2 m/s; the heading says
///   "stationary and scanning". The films here scan.
/// - the captions state 1.98 µm a pixel, the methods 1.93 µm. The table and the films hold 1.98.
/// - the methods give Al6061 samples 0.75 mm thick and, in the next sentence but one, a lit top surface 1 mm wide. The films take 0.75.
/// - the movies are not ordered by speed: S4 and S5 (0.75 and 0.45 m/s) come after S3 (0.9), S11 (0.75) after S10 (1.2).
pub const GAN_MOVIES: [GanMovie; 11] = [
    movie(1, 416.0, 0.3, 390.0),
    movie(2, 416.0, 0.6, 182.0),
    movie(3, 416.0, 0.9, 70.0),
    movie(4, 416.0, 0.75, 89.0),
    movie(5, 416.0, 0.45, 225.0),
    movie(6, 520.0, 0.3, 562.0),
    movie(7, 520.0, 0.45, 332.0),
    movie(8, 520.0, 0.6, 232.0),
    movie(9, 520.0, 0.9, 115.0),
    movie(10, 520.0, 1.2, 58.8),
    movie(11, 520.0, 0.75, 161.0),
];

/// A film with the settings of movie 1 to 11 and the measured depth; 480 x 512 pixels (the supplement states no size).
///
/// # Errors
/// [`Error::NoSuchEntry`] for another number.
pub fn gan_movie(number: usize, seed: u64) -> Result<Film> {
    let missing = Error::NoSuchEntry {
        what: "movie",
        first: 1,
        last: GAN_MOVIES.len(),
        found: number,
    };
    let movie = number
        .checked_sub(1)
        .and_then(|i| GAN_MOVIES.get(i))
        .ok_or(missing)?;
    let camera = Camera::new(480, 512, movie.pixel_size_um, movie.frame_rate_hz);
    let case = ProcessCase {
        power_w: movie.power_w,
        speed_m_s: movie.speed_m_s,
        spot_um: movie.spot_um,
        alloy: Alloy::Al6061,
    };
    MovingBeam::new(case, movie.depth_um, camera)
        .thickness_um(movie.thickness_mm * 1e3)
        .exposure(movie.exposure_us * 1e-6 * movie.frame_rate_hz)
        .film(seed)
}
