//! Scanned tracks whose keyhole depth obeys a stated law.

use crate::alloy::Alloy;
use crate::camera::Camera;
use crate::detector::Detector;
use crate::error::{Error, Result, positive, require};
use crate::film::Film;
use crate::flow::Position;
use crate::keyhole::{Keyhole, ProfileKeyhole};
use crate::pool::HalfEllipse;
use crate::pulse::{PulseModel, PulseNoise, SpotPulse};
use crate::random::{Purpose, normal, stream};
use crate::scene::{Plate, Scene};

/// One setting of a scanned track.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProcessCase {
    /// Laser power in W.
    pub power_w: f64,
    /// Scan speed in m/s.
    pub speed_m_s: f64,
    /// Spot diameter in µm.
    pub spot_um: f64,
    /// The alloy.
    pub alloy: Alloy,
}

impl ProcessCase {
    /// The Keyhole number $Ke = \eta P/\left(\pi\rho c\,(T_l - T_0)\sqrt{\alpha V r^3}\right)$ for an absorptivity, with $r$ the
    /// spot radius (doi 10.1038/s41467-021-22704-0). For a beam that has been on for a time $t$ only, the speed is
    /// $\max(V, r/t)$.
    pub fn keyhole_number(&self, absorptivity: f64, on_s: Option<f64>) -> f64 {
        let (heat, rise, diffusivity) = self.alloy.thermal();
        let r = 0.5e-6 * self.spot_um;
        let speed = on_s.map_or(self.speed_m_s, |t| self.speed_m_s.max(r / t));
        let root = (diffusivity * speed * r * r * r).sqrt();
        absorptivity * self.power_w / (std::f64::consts::PI * heat * rise * root)
    }

    /// Depth in µm by the linear law of Gan et al. (2021), $e/r = 0.4\,(Ke - 1.4)$, 0 below its threshold.
    ///
    /// The absorptivity is the caller's: about 0.7 brings the law to measured depths of deep keyholes in Ti-6Al-4V, 0.3 in Al6061.
    pub fn depth_um(&self, absorptivity: f64) -> f64 {
        (0.4 * (self.keyhole_number(absorptivity, None) - 1.4)).max(0.0) * 0.5 * self.spot_um
    }

    fn validate(&self) -> Result<()> {
        positive("power_w", self.power_w)?;
        positive("speed_m_s", self.speed_m_s)?;
        positive("spot_um", self.spot_um)
    }
}

/// A film of a scanned track.
///
/// The keyhole has the relative profile of spot pulses, a mean width of a third of the spot and 0.13 of the depth, and
/// fluctuates from frame to frame by 15 % (white, as measured at 50 kHz) about the depth of the law. The pool reaches 15 µm below
/// and lags behind by its half length. Statistics and pool are invented.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MovingBeam {
    case: ProcessCase,
    camera: Camera,
    thickness_um: f64,
    depth_um: f64,
    exposure: f64,
}

impl MovingBeam {
    /// A track of this case with this mean depth in µm, filmed by a camera; plate of 500 µm.
    pub fn new(case: ProcessCase, depth_um: f64, camera: Camera) -> Self {
        Self {
            depth_um,
            case,
            camera,
            thickness_um: 500.0,
            exposure: 0.0,
        }
    }

    /// Thickness of the plate in µm (500 unless set).
    pub fn thickness_um(mut self, thickness_um: f64) -> Self {
        self.thickness_um = thickness_um;
        self
    }

    /// Exposure as a share of the frame time, averaged over four sub-frames (an instant unless set).
    pub fn exposure(mut self, exposure: f64) -> Self {
        self.exposure = exposure;
        self
    }

    /// The film: the beam crosses the middle 80 % of the image.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a case, camera or plate outside its range, or a depth that does not fit the image.
    pub fn film(&self, seed: u64) -> Result<Film> {
        self.case.validate()?;
        self.camera.validate()?;
        positive("thickness_um", self.thickness_um)?;
        let px = self.camera.pixel_size_um();
        let surface = 0.1 * self.camera.n_rows() as f64;
        let (depth, width) = (
            self.depth_um / px,
            (self.case.spot_um / 3.0 + 0.13 * self.depth_um) / px,
        );
        let (room, pool_depth) = (
            0.99 * self.camera.n_rows() as f64 - surface,
            1.45 * depth + 15.0 / px,
        );
        require(
            self.depth_um.is_finite() && self.depth_um >= 0.0 && pool_depth < room,
            "depth_um",
            "within the image with the pool's margin",
            self.depth_um,
        )?;
        let speed = self.camera.pixels_per_frame(self.case.speed_m_s);
        let (first, span) = (
            0.1 * self.camera.n_columns() as f64,
            0.8 * self.camera.n_columns() as f64,
        );
        let n_frames = (span / speed).floor() as usize + 1;
        if n_frames > 100_000 {
            return Err(Error::TooLarge {
                what: "frames",
                limit: 100_000,
                found: n_frames as u64,
            });
        }
        let mut rng = stream(seed, 0, Purpose::Depth);
        let depths: Vec<f64> = (0..n_frames)
            .map(|_| depth * (1.0 + 0.15 * normal(&mut rng)).clamp(0.55, 1.45))
            .collect();
        let widths = depths
            .iter()
            .map(|d| if *d > 0.0 { width } else { 0.0 })
            .collect();
        let keyhole = ProfileKeyhole::new(first, depths, widths).speed(speed);
        let half = 1.2 * pool_depth.max(0.5 * self.case.spot_um / px);
        let thickness = self.thickness_um / px;
        let path = (2.0 * half).min(thickness);
        let pool = HalfEllipse::new(
            Position::new(first - 0.5 * half, surface),
            1.3 * half,
            pool_depth,
            path,
        );
        let plate = Plate {
            thickness,
            attenuation: self.case.alloy.attenuation() * px * 1e-6,
            surface_row: surface,
            face_texture: 0.02,
        };
        let scene = Scene::new(self.camera, plate)
            .liquid_deficit(self.case.alloy.liquid_deficit())
            .pool(pool)
            .pool_speed(speed)
            .keyhole(Keyhole::Profile(keyhole));
        let detector = if self.exposure > 0.0 {
            Detector::new(5000.0).exposure(self.exposure, 4)
        } else {
            Detector::new(5000.0)
        };
        Ok(Film::new(scene, detector).n_frames(n_frames).seed(seed))
    }
}

/// A beam pulsed while it moves at `speed_m_s` over Ti-6Al-4V: the depths of a spot pulse along a track, at 50 kHz.
///
/// The equilibrium depth is that of the pulse's law at the time a spot of this size is lit, $\min(t, r/V)$.
///
/// # Errors
/// As [`SpotPulse::validate`] and for a speed that is not positive or carries the beam out of the image.
pub fn moving_beam(power_w: f64, spot_radius_um: f64, speed_m_s: f64, seed: u64) -> Result<Film> {
    positive("speed_m_s", speed_m_s)?;
    let pulse = SpotPulse::new(power_w, spot_radius_um).model(PulseModel::calibrated());
    pulse.validate()?;
    let lit = spot_radius_um * 1e-6 / speed_m_s;
    let noise = PulseNoise::Seed { seed, run: 0 };
    let history = pulse.simulate_with(&noise, |time| pulse.equilibrium_depth(time.min(lit)))?;
    let camera = Camera::new(256, 1024, 1.93, 50_000.0);
    let px = camera.pixel_size_um();
    let deepest = history.depth_um.iter().fold(1.0_f64, |a, b| a.max(*b)) / px;
    let surface = 40.0;
    let speed = camera.pixels_per_frame(speed_m_s);
    let scaled = |values: &[f64]| values.iter().map(|value| value / px).collect();
    let keyhole = ProfileKeyhole::new(80.0, scaled(&history.depth_um), scaled(&history.width_um))
        .speed(speed);
    let plate = Plate {
        thickness: 750.0 / px,
        attenuation: Alloy::Ti64.attenuation() * px * 1e-6,
        surface_row: surface,
        face_texture: 0.02,
    };
    let half = (1.5 * deepest).max(2.0 * spot_radius_um / px);
    let pool = HalfEllipse::new(
        Position::new(80.0 - 0.3 * half, surface),
        1.3 * half,
        deepest + 12.0 / px,
        half,
    );
    let scene = Scene::new(camera, plate)
        .liquid_deficit(Alloy::Ti64.liquid_deficit())
        .pool(pool)
        .pool_speed(speed)
        .keyhole(Keyhole::Profile(keyhole));
    Ok(Film::new(scene, Detector::new(5000.0))
        .n_frames(history.n_frames())
        .seed(seed))
}

/// All combinations of powers, speeds, spots and alloys.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProcessMatrix {
    powers_w: Vec<f64>,
    speeds_m_s: Vec<f64>,
    spots_um: Vec<f64>,
    alloys: Vec<Alloy>,
}

impl ProcessMatrix {
    /// The matrix of these powers in W, speeds in m/s, spot diameters in µm and alloys.
    pub fn new(
        powers_w: Vec<f64>,
        speeds_m_s: Vec<f64>,
        spots_um: Vec<f64>,
        alloys: Vec<Alloy>,
    ) -> Self {
        Self {
            powers_w,
            speeds_m_s,
            spots_um,
            alloys,
        }
    }

    /// The cases: alloys outermost, then spots, speeds and powers.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a setting that is not positive, [`Error::TooLarge`] above 1 000 000 cases.
    pub fn cases(&self) -> Result<Vec<ProcessCase>> {
        let n = [
            self.powers_w.len(),
            self.speeds_m_s.len(),
            self.spots_um.len(),
            self.alloys.len(),
        ]
        .iter()
        .fold(1_u64, |n, k| n.saturating_mul(*k as u64));
        if n > 1_000_000 {
            return Err(Error::TooLarge {
                what: "cases of a process matrix",
                limit: 1_000_000,
                found: n,
            });
        }
        let mut cases = Vec::with_capacity(n as usize);
        for alloy in &self.alloys {
            for spot in &self.spots_um {
                for speed in &self.speeds_m_s {
                    for power in &self.powers_w {
                        let case = ProcessCase {
                            power_w: *power,
                            speed_m_s: *speed,
                            spot_um: *spot,
                            alloy: *alloy,
                        };
                        case.validate()?;
                        cases.push(case);
                    }
                }
            }
        }
        Ok(cases)
    }

    /// A film of every case whose depth in µm obeys a law; seeds count up from `seed`.
    ///
    /// # Errors
    /// As [`cases`](Self::cases) and [`MovingBeam::film`].
    pub fn films(
        &self,
        camera: Camera,
        seed: u64,
        depth_law: impl Fn(&ProcessCase) -> f64,
    ) -> Result<Vec<Film>> {
        let cases = self.cases()?.into_iter().enumerate();
        cases
            .map(|(i, case)| {
                MovingBeam::new(case, depth_law(&case), camera).film(seed.wrapping_add(i as u64))
            })
            .collect()
    }
}
