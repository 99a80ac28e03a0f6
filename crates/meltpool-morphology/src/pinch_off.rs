//! A neck that closes: width, speeds of its walls, contact.

use xray_io::{FrameRate, PixelSize};

use crate::error::{Error, Result};
use crate::keyhole::Sighting;
use crate::outline::{Outline, Point};
use crate::statistics::Interval;

/// The neck of a keyhole in a frame: the narrowest place between a wider part above and a wider part below.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Neck {
    /// Its row.
    pub row: f64,
    /// Columns of the left and the right wall.
    pub walls: [f64; 2],
    /// Width in pixels.
    pub width: f64,
    /// Largest width below it over its own: 1 is no neck.
    pub prominence: f64,
}

/// The most prominent neck of an outline below a surface row; `None` if the width nowhere grows again with depth by a fifth or more. Of two equal necks the
/// upper one.
pub fn neck(outline: &Outline, surface_row: f64) -> Option<Neck> {
    let [_, _, _, bottom] = outline.bounds();
    let depth = bottom - surface_row;
    if depth <= 4.0 {
        return None;
    }
    let n = ((2.0 * depth) as usize).clamp(8, 100_000);
    let rows: Vec<(f64, [f64; 2])> = (0..n)
        .filter_map(|i| {
            let row = surface_row + (i as f64 + 0.5) / n as f64 * depth;
            let columns = outline.crossings(row);
            Some((row, [*columns.first()?, *columns.last()?]))
        })
        .collect();
    let width = |i: usize| rows[i].1[1] - rows[i].1[0];
    // largest width below and above each row
    let mut below = vec![0.0_f64; rows.len() + 1];
    for i in (0..rows.len()).rev() {
        below[i] = below[i + 1].max(width(i));
    }
    let (mut above, mut best) = (0.0_f64, None::<Neck>);
    for i in 0..rows.len() {
        above = above.max(width(i));
        let lobe = above.min(below[i]);
        let prominence = lobe / width(i).max(1e-6);
        if prominence > best.map_or(1.2, |b| b.prominence) {
            best = Some(Neck {
                row: rows[i].0,
                walls: rows[i].1,
                width: width(i),
                prominence,
            });
        }
    }
    best
}

/// One measurement of a neck: walls at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NeckSample {
    /// Time in frames.
    pub frame: f64,
    /// Column of the rear wall, or of the left one.
    pub rear: f64,
    /// Column of the front wall, or of the right one.
    pub front: f64,
    /// Standard deviation of each column in pixels.
    pub sigma: f64,
}

/// What is known of a pinch-off.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PinchOff {
    /// Contact in frames.
    pub contact_frame: Interval,
    /// Where the walls meet, in pixels.
    pub place: Point,
    /// Speed of the front wall at contact in m/s, towards the rear wall.
    pub front_m_s: Interval,
    /// Speed of the rear wall at contact in m/s, towards the front wall.
    pub rear_m_s: Interval,
    /// Speed at which the walls collide in m/s.
    pub closing_m_s: Interval,
    /// Acceleration of each wall while the ramp lasts, front and rear, in m/s².
    pub acceleration_m_s2: [f64; 2],
    /// Frames in which the neck was seen to close.
    pub n_moving: usize,
}

/// Speeds and contact of a closing neck.
///
/// The model: the walls rest, are accelerated evenly during `ramp` frames, then move evenly until they meet. From positions alone
/// a neck that closes within about a frame does not tell speed from ramp: the ramp is a stated assumption with a range, and the interval is
/// that over the range, over the start of the motion, and over the errors of the walls.
///
/// With three or more samples in even motion before contact no ramp is needed: see [`PinchOffFit::even`].
///
/// # Examples
///
/// ```
/// use meltpool_morphology::{FrameRate, NeckSample, PinchOffFit, PixelSize};
///
/// // walls at 0.734 and 0.740 px/frame: 7.98 and 8.04 m/s at 1 µm and 10.87 MHz
/// let samples: Vec<NeckSample> = (0..9)
///     .map(|n| n as f64)
///     .map(|t| NeckSample { frame: t, rear: 100.0 + 0.740 * t, front: 115.0 - 0.734 * t, sigma: 0.05 })
///     .collect();
/// let (px, rate) = (PixelSize::from_micrometers(1.0)?, FrameRate::from_hertz(10.87e6)?);
/// let event = PinchOffFit::new(px, rate).even(&samples, 90.0)?;
/// assert!((event.front_m_s.value - 7.98).abs() < 0.01 && (event.contact_frame.value - 10.18).abs() < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PinchOffFit {
    pixel_size: PixelSize,
    frame_rate: FrameRate,
    ramp: [f64; 2],
}

impl PinchOffFit {
    /// A fit for this pixel and frame rate; ramp of 1 to 2 µs.
    pub fn new(pixel_size: PixelSize, frame_rate: FrameRate) -> Self {
        let frames = |us: f64| us * 1e-6 * frame_rate.hertz();
        Self {
            pixel_size,
            frame_rate,
            ramp: [frames(1.0), frames(2.0)],
        }
    }

    /// Shortest and longest acceleration in frames (1 to 2 µs unless set, the window that the review record states).
    pub fn ramp(mut self, shortest: f64, longest: f64) -> Self {
        self.ramp = [shortest, longest];
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] unless the ramp is positive and ascending.
    pub fn validate(&self) -> Result<()> {
        Error::positive("ramp", self.ramp[0])?;
        Error::positive("ramp", self.ramp[1])?;
        Error::between("ramp", self.ramp[0], 0.0, self.ramp[1])
    }

    fn scale(&self) -> f64 {
        self.pixel_size.meters() * self.frame_rate.hertz()
    }

    /// Speeds of walls in even motion, by straight lines through all samples; intervals are two standard errors by the stated errors of the
    /// walls or the scatter, whichever is larger. `row` is the neck's.
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] below three samples; [`Error::NonFinite`]; [`Error::InvalidParameter`] if the walls do not approach each other.
    pub fn even(&self, samples: &[NeckSample], row: f64) -> Result<PinchOff> {
        Error::finite("row", row)?;
        check(samples, 3)?;
        let t: Vec<f64> = samples.iter().map(|s| s.frame).collect();
        let line = |of: fn(&NeckSample) -> f64| {
            crate::statistics::Line::fit(&t, &samples.iter().map(of).collect::<Vec<_>>())
        };
        let (front, rear) = (line(|s| s.front)?, line(|s| s.rear)?);
        let mean = t.iter().sum::<f64>() / t.len() as f64;
        let spread: f64 = t.iter().map(|t| (t - mean) * (t - mean)).sum();
        let sigma =
            (samples.iter().map(|s| s.sigma * s.sigma).sum::<f64>() / t.len() as f64).sqrt();
        let stated = sigma / spread.sqrt();
        let error = |line: &crate::statistics::Line| 2.0 * line.slope_error.max(stated);
        let closing = rear.slope - front.slope;
        if closing <= 0.0 {
            return Err(Error::parameter(
                "samples",
                "a neck that closes",
                format!("{closing} px/frame"),
            ));
        }
        let contact = (front.intercept - rear.intercept) / closing;
        let width = front.intercept - rear.intercept - closing * mean;
        let both = libm::hypot(error(&front), error(&rear));
        // relative errors of the width in the middle and of the speed
        let at_mean = 2.0 * 2.0_f64.sqrt() * sigma / (t.len() as f64).sqrt();
        let late = libm::hypot(at_mean / closing, (width * both) / (closing * closing));
        let s = self.scale();
        let around = |value: f64, by: f64| Interval {
            value,
            low: value - by,
            high: value + by,
        };
        Ok(PinchOff {
            contact_frame: around(contact, late),
            place: Point::new(rear.intercept + rear.slope * contact, row),
            front_m_s: around(-front.slope * s, error(&front) * s),
            rear_m_s: around(rear.slope * s, error(&rear) * s),
            closing_m_s: around(closing * s, both * s),
            acceleration_m_s2: [0.0; 2],
            n_moving: samples.len(),
        })
    }

    /// Speeds of walls that start from rest and meet between the last sample and the frame `closed`, in which the neck was no more.
    ///
    /// For each ramp in the range and each start in whole hundredths of a frame the speeds follow by least squares; those are kept that fit the
    /// samples within 3 of their standard deviations (or as well as the best) and put the contact between the last sample and
    /// `closed`. The value is the best fit, the interval all that is kept, each with two standard errors of its own.
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] below three samples; [`Error::NonFinite`]; [`Error::InvalidParameter`] for a frame of closure before the last
    /// sample, or if no motion of the model fits.
    pub fn accelerated(&self, samples: &[NeckSample], closed: f64, row: f64) -> Result<PinchOff> {
        self.validate()?;
        Error::finite("row", row)?;
        check(samples, 3)?;
        let last = samples[samples.len() - 1].frame;
        if !closed.is_finite() || closed <= last {
            return Err(Error::parameter(
                "closed",
                "a frame after the last sample",
                closed,
            ));
        }
        let mut fits: Vec<RampFit> = Vec::new();
        let n_ramps = if self.ramp[0] < self.ramp[1] { 21 } else { 1 };
        for i in 0..n_ramps {
            let share = if n_ramps > 1 {
                f64::from(i) / f64::from(n_ramps - 1)
            } else {
                0.0
            };
            let ramp = self.ramp[0] + share * (self.ramp[1] - self.ramp[0]);
            let first = samples[0].frame;
            let n = (((closed - first) * 100.0) as usize).min(1_000_000);
            for k in 0..n {
                let start = first + k as f64 / 100.0;
                fits.extend(
                    RampFit::at(samples, start, ramp)
                        .filter(|f| last < f.contact && f.contact <= closed),
                );
            }
        }
        let Some(best) = fits
            .iter()
            .copied()
            .min_by(|a, b| a.misfit.total_cmp(&b.misfit))
        else {
            return Err(Error::parameter(
                "samples",
                "a neck that closes from rest within the range of the ramp",
                samples.len(),
            ));
        };
        let kept: Vec<RampFit> = fits
            .into_iter()
            .filter(|f| f.misfit <= best.misfit + 9.0)
            .collect();
        let s = self.scale();
        let range = |of: fn(&RampFit) -> (f64, f64), scale: f64| {
            let (low, high) = kept
                .iter()
                .map(of)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |r, (v, e)| {
                    (r.0.min(v - 2.0 * e), r.1.max(v + 2.0 * e))
                });
            Interval {
                value: of(&best).0 * scale,
                low: low * scale,
                high: high * scale,
            }
        };
        let rate = self.frame_rate.hertz();
        let acceleration = |speed: f64| speed * s / (best.ramp / rate);
        Ok(PinchOff {
            contact_frame: range(|f| (f.contact, 0.0), 1.0),
            place: Point::new(best.place, row),
            front_m_s: range(|f| (f.at_contact[0], f.error * f.reached), s),
            rear_m_s: range(|f| (f.at_contact[1], f.error * f.reached), s),
            closing_m_s: range(
                |f| (f.at_contact[0] + f.at_contact[1], 1.5 * f.error * f.reached),
                s,
            ),
            acceleration_m_s2: best.speeds.map(acceleration),
            n_moving: samples
                .iter()
                .filter(|sample| sample.frame > best.start)
                .count(),
        })
    }
}

fn check(samples: &[NeckSample], needed: usize) -> Result<()> {
    Error::at_least("a closing neck", "samples", needed, samples.len())?;
    for s in samples {
        Error::all_finite("samples", &[s.frame, s.rear, s.front])?;
        Error::positive("sigma", s.sigma)?;
    }
    if samples.windows(2).all(|pair| pair[0].frame < pair[1].frame) {
        Ok(())
    } else {
        Err(Error::parameter(
            "samples",
            "in ascending order of frames",
            "another order",
        ))
    }
}

/// Walls that start at a time with a ramp: the least-squares speeds.
#[derive(Debug, Clone, Copy)]
struct RampFit {
    start: f64,
    ramp: f64,
    /// Final speeds of front and rear in px/frame towards each other.
    speeds: [f64; 2],
    /// Speeds at contact, which may come within the ramp.
    at_contact: [f64; 2],
    /// Share of the final speed that is reached at contact.
    reached: f64,
    error: f64,
    contact: f64,
    place: f64,
    misfit: f64,
}

impl RampFit {
    fn at(samples: &[NeckSample], start: f64, ramp: f64) -> Option<Self> {
        let travel = |t: f64| {
            let tau = (t - start).max(0.0);
            if tau < ramp {
                0.5 * tau * tau / ramp
            } else {
                tau - 0.5 * ramp
            }
        };
        // weighted line over travel: position = rest ∓ speed · travel
        let (mut w, mut d, mut dd) = (0.0, 0.0, 0.0);
        let (mut p, mut dp) = ([0.0; 2], [0.0; 2]);
        for s in samples {
            let (weight, x) = (1.0 / (s.sigma * s.sigma), travel(s.frame));
            w += weight;
            d += weight * x;
            dd += weight * x * x;
            for (k, value) in [s.front, s.rear].into_iter().enumerate() {
                p[k] += weight * value;
                dp[k] += weight * x * value;
            }
        }
        let spread = w * dd - d * d;
        if spread <= 1e-9 * w * w {
            return None;
        }
        let slope: [f64; 2] = std::array::from_fn(|k| (w * dp[k] - d * p[k]) / spread);
        let rest: [f64; 2] = std::array::from_fn(|k| (p[k] - slope[k] * d) / w);
        let speeds = [-slope[0], slope[1]];
        if speeds[0] + speeds[1] <= 0.0 {
            return None;
        }
        let needed = (rest[0] - rest[1]) / (speeds[0] + speeds[1]);
        let after = if needed < 0.5 * ramp {
            (2.0 * ramp * needed.max(0.0)).sqrt()
        } else {
            needed + 0.5 * ramp
        };
        let reached = (after / ramp).min(1.0);
        let misfit = samples.iter().map(|s| {
            let x = travel(s.frame);
            let f = (s.front - rest[0] - slope[0] * x) / s.sigma;
            let r = (s.rear - rest[1] - slope[1] * x) / s.sigma;
            f * f + r * r
        });
        Some(Self {
            start,
            ramp,
            speeds,
            at_contact: speeds.map(|v| v * reached),
            reached,
            error: (w / spread).sqrt(),
            contact: start + after,
            place: rest[1] + slope[1] * needed,
            misfit: misfit.sum(),
        })
    }
}

/// A keyhole whose depth drops from one frame to the next at a neck: its tail has come off.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PinchOffEvent {
    /// The last frame in which the keyhole is whole.
    pub frame: usize,
    /// Its neck there.
    pub neck: Neck,
    /// Area below the neck in µm²: that of the pore to be.
    pub tail_area_um2: f64,
    /// Walls in the row of the neck up to that frame.
    pub samples: Vec<NeckSample>,
}

/// Pinch-offs in a film: a keyhole loses at least `min_loss` of its depth to the next frame, ends near where its neck was, and has not regained the depth a
/// frame later.
///
/// `sigma_px` is the standard deviation of a wall in pixels (the uncertainty of widths over $\sqrt2$).
///
/// # Errors
///
/// [`Error::InvalidParameter`] for a loss outside 0 to 1 or a deviation that is not positive.
pub fn pinch_offs(
    sightings: &[Sighting],
    surface_row: f64,
    pixel_size: PixelSize,
    min_loss: f64,
    sigma_px: f64,
) -> Result<Vec<PinchOffEvent>> {
    Error::between("min_loss", min_loss, 0.0, 1.0)?;
    Error::positive("sigma_px", sigma_px)?;
    Error::finite("surface_row", surface_row)?;
    let px = pixel_size.micrometers();
    let mut found = Vec::new();
    for frame in 0..sightings.len().saturating_sub(1) {
        let (Some(a), Some(b)) = (sightings[frame].keyhole(), sightings[frame + 1].keyhole())
        else {
            continue;
        };
        let (before, after) = (a.geometry.depth_um / px, b.geometry.depth_um / px);
        let Some(neck) = neck(&a.outline, surface_row) else {
            continue;
        };
        // a neck that a single frame has lost is none that has closed
        let next = sightings.get(frame + 2).and_then(Sighting::keyhole);
        let is_back = next.is_some_and(|k| before - k.geometry.depth_um / px < min_loss * before);
        let at = neck.row - surface_row;
        if is_back || before - after < min_loss * before || (after - at).abs() > 0.15 * before {
            continue;
        }
        let mut samples: Vec<NeckSample> = (0..=frame)
            .rev()
            .map_while(|n| {
                let columns = sightings[n].keyhole()?.outline.crossings(neck.row);
                Some(NeckSample {
                    frame: n as f64,
                    rear: *columns.first()?,
                    front: *columns.last()?,
                    sigma: sigma_px,
                })
            })
            .collect();
        samples.reverse();
        found.push(PinchOffEvent {
            frame,
            neck,
            tail_area_um2: a.outline.below(neck.row).map_or(0.0, |t| t.area()) * px * px,
            samples,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit() -> PinchOffFit {
        PinchOffFit::new(
            PixelSize::from_micrometers(1.0).unwrap(),
            FrameRate::from_hertz(1.087e6).unwrap(),
        )
    }

    #[test]
    fn numbers_of_the_record() {
        // F38: 7.98 and 8.04 m/s in px/frame, closing 16.02 m/s
        let scale = fit().scale();
        assert!((scale - 1.087).abs() < 1e-12);
        assert!((7.98 / scale - 7.34).abs() < 0.005 && (8.04 / scale - 7.40).abs() < 0.005);
        assert!((16.02 / scale - 14.7).abs() < 0.05);
        // F51: 10 to 20 µm at 16.02 m/s
        assert!((10.0_f64 / 16.02 - 0.62).abs() < 0.005 && (20.0_f64 / 16.02 - 1.25).abs() < 0.005);
        assert!(
            (10.0_f64 / 16.02 * 1.087 - 0.68).abs() < 0.005
                && (20.0_f64 / 16.02 * 1.087 - 1.36).abs() < 0.005
        );
        // F31: 1 to 2 µs in frames, and the acceleration to 8 m/s
        let [short, long] = fit().ramp;
        assert!((short - 1.087).abs() < 1e-9 && (long - 2.174).abs() < 1e-9);
        assert!((8.0_f64 / 2e-6 - 4e6).abs() < 1.0 && (8.0_f64 / 1e-6 - 8e6).abs() < 1.0);
    }

    fn travel(t: f64, start: f64, ramp: f64) -> f64 {
        let tau = (t - start).max(0.0);
        if tau < ramp {
            0.5 * tau * tau / ramp
        } else {
            tau - 0.5 * ramp
        }
    }

    #[test]
    fn a_known_ramp_gives_the_speeds_and_an_unknown_one_an_interval() {
        let (v, start, ramp) = ([7.98 / 1.087, 8.04 / 1.087], 14.0, 1.6);
        let samples: Vec<NeckSample> = (10..=15)
            .map(|n| {
                let d = travel(f64::from(n), start, ramp);
                NeckSample {
                    frame: f64::from(n),
                    rear: 92.5 + v[1] * d,
                    front: 107.5 - v[0] * d,
                    sigma: 0.02,
                }
            })
            .collect();
        let open = fit().accelerated(&samples, 16.0, 90.0).unwrap();
        assert!(
            open.front_m_s.contains(7.98)
                && open.rear_m_s.contains(8.04)
                && open.closing_m_s.contains(16.02)
        );
        // one moving sample cannot tell speed from ramp and start
        assert!(
            open.closing_m_s.high - open.closing_m_s.low > 4.0,
            "{open:?}"
        );
        assert!(open.contact_frame.contains(15.8177));
        // the ramp of 1 to 2 µs is 1.09 to 2.17 frames; a film ten times as fast needs no ramp at all
        let fast = PinchOffFit::new(
            PixelSize::from_micrometers(1.0).unwrap(),
            FrameRate::from_hertz(10.87e6).unwrap(),
        );
        let even: Vec<NeckSample> = (157..=158)
            .chain(159..=160)
            .map(|n| {
                let d = 10.0 * travel(f64::from(n - 2) / 10.0, start, ramp);
                NeckSample {
                    frame: f64::from(n),
                    rear: 92.5 + 0.1 * v[1] * d,
                    front: 107.5 - 0.1 * v[0] * d,
                    sigma: 0.02,
                }
            })
            .collect();
        let sharp = fast.even(&even[1..], 90.0).unwrap();
        assert!(
            (sharp.front_m_s.value / 7.98 - 1.0).abs() < 0.03
                && (sharp.rear_m_s.value / 8.04 - 1.0).abs() < 0.03
        );
    }

    #[test]
    fn a_neck_is_found_between_lobes_and_not_in_a_slot() {
        let side: Vec<(f64, f64)> = vec![
            (26.0, 0.0),
            (20.0, 60.0),
            (6.0, 80.0),
            (17.0, 95.0),
            (2.0, 110.0),
        ];
        let mut points: Vec<Point> = side
            .iter()
            .map(|(w, y)| Point::new(100.0 + w, *y))
            .collect();
        points.extend(side.iter().rev().map(|(w, y)| Point::new(100.0 - w, *y)));
        let found = neck(&Outline::new(points).unwrap(), 0.0).unwrap();
        assert!(
            (found.row - 80.0).abs() < 1.0 && (found.width - 12.0).abs() < 1.0,
            "{found:?}"
        );
        let slot =
            [(90.0, 0.0), (110.0, 0.0), (110.0, 80.0), (90.0, 80.0)].map(|(x, y)| Point::new(x, y));
        assert_eq!(neck(&Outline::new(slot).unwrap(), 0.0), None);
        assert_eq!(neck(&Outline::new(slot).unwrap(), 79.0), None);
    }

    #[test]
    fn two_equal_necks_give_the_upper_one() {
        let side = [
            (20.0, 0.0),
            (5.0, 20.0),
            (20.0, 40.0),
            (5.0, 60.0),
            (20.0, 80.0),
        ];
        let mut points: Vec<Point> = side.iter().map(|(w, y)| Point::new(w + 50.0, *y)).collect();
        points.extend(side.iter().rev().map(|(w, y)| Point::new(50.0 - w, *y)));
        let found = neck(&Outline::new(points).unwrap(), 0.0).unwrap();
        assert!((found.row - 20.0).abs() < 0.6, "{found:?}");
    }

    #[test]
    fn necks_that_open_or_lack_samples_are_refused() {
        let sample = |t: f64, w: f64| NeckSample {
            frame: t,
            rear: 50.0 - w,
            front: 50.0 + w,
            sigma: 0.1,
        };
        let opening = [sample(0.0, 1.0), sample(1.0, 2.0), sample(2.0, 3.0)];
        assert!(fit().even(&opening, 1.0).is_err());
        assert!(fit().accelerated(&opening, 3.0, 1.0).is_err());
        assert!(fit().even(&opening[..2], 1.0).is_err());
        assert!(fit().accelerated(&opening, 1.0, 1.0).is_err());
        let unordered = [opening[1], opening[0], opening[2]];
        assert!(fit().even(&unordered, 1.0).is_err());
        assert!(
            fit()
                .ramp(2.0, 1.0)
                .accelerated(&opening, 3.0, 1.0)
                .is_err()
        );
    }
}
