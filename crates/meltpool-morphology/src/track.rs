//! Pores through time: optimal assignment to constant-velocity predictions.

use xray_io::{FrameRate, PixelSize};

use crate::assignment::assign;
use crate::error::{Error, Result};
use crate::outline::Point;
use crate::pore::Pore;

/// How a track began or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum TrackEnd {
    /// With the film, or by appearing or vanishing.
    #[default]
    Free,
    /// Begun by splitting off this track, or ended by merging into it.
    Other(usize),
}

/// A pore in one frame of its track.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrackPoint {
    /// Frame.
    pub frame: usize,
    /// The pore as it was measured.
    pub pore: Pore,
    /// Position by the Kalman filter.
    pub filtered: Point,
}

/// One pore through time.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Track {
    /// Where it was seen, in order of frames; frames may be missing.
    pub points: Vec<TrackPoint>,
    /// How it began.
    pub begin: TrackEnd,
    /// How it ended.
    pub end: TrackEnd,
}

/// Velocity between two sightings of a pore.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrackVelocity {
    /// The earlier frame.
    pub from: usize,
    /// The later frame.
    pub to: usize,
    /// Along columns in m/s.
    pub u_m_s: f64,
    /// Along rows (down) in m/s.
    pub v_m_s: f64,
    /// $\sqrt{u^2+v^2}$ in m/s.
    pub speed_m_s: f64,
    /// Standard error of a component in m/s: of two positions, $\sqrt{\sigma_1^2+\sigma_2^2}/\Delta t$.
    pub error_m_s: f64,
}

impl Track {
    /// Velocities between consecutive sightings.
    pub fn velocities(&self, pixel_size: PixelSize, frame_rate: FrameRate) -> Vec<TrackVelocity> {
        let scale = pixel_size.meters() * frame_rate.hertz();
        self.points
            .windows(2)
            .map(|pair| {
                let frames = (pair[1].frame - pair[0].frame) as f64;
                let (a, b) = (pair[0].pore, pair[1].pore);
                let u = scale * (b.center.x - a.center.x) / frames;
                let v = scale * (b.center.y - a.center.y) / frames;
                TrackVelocity {
                    from: pair[0].frame,
                    to: pair[1].frame,
                    u_m_s: u,
                    v_m_s: v,
                    speed_m_s: libm::hypot(u, v),
                    error_m_s: scale * libm::hypot(a.center_error, b.center_error) / frames,
                }
            })
            .collect()
    }

    /// Where it is in a frame, between sightings by a straight line; `None` outside its life.
    pub fn position(&self, frame: usize) -> Option<Point> {
        let after = self.points.partition_point(|p| p.frame < frame);
        let b = self.points.get(after)?;
        if b.frame == frame {
            return Some(b.pore.center);
        }
        let a = self.points.get(after.checked_sub(1)?)?;
        let t = (frame - a.frame) as f64 / (b.frame - a.frame) as f64;
        let (p, q) = (a.pore.center, b.pore.center);
        Some(Point::new(p.x + t * (q.x - p.x), p.y + t * (q.y - p.y)))
    }
}

/// Links pores of consecutive frames to tracks.
///
/// Each track predicts its next place by a Kalman filter of constant velocity; pores are assigned to predictions so that the sum of squared
/// distances is least (Hungarian method), none farther than `gate_px`. A track may be unseen for `max_gap` frames. One that ends
/// where another goes on with about the sum of both volumes has merged into it; one that begins where another loses its
/// volume has split off.
///
/// # Examples
///
/// ```
/// use meltpool_morphology::{Point, Pore, PoreTracker};
///
/// let pore = |x: f64, y: f64| Pore { center: Point::new(x, y), center_error: 0.1, radius: 5.0, peak: 0.05, signal_to_noise: 9.0 };
/// // two pores that pass each other
/// let frames: Vec<Vec<Pore>> = (0..10).map(|n| vec![pore(10.0 + 4.0 * n as f64, 20.0), pore(50.0 - 4.0 * n as f64, 23.0)]).collect();
/// let tracks = PoreTracker::new().apply(&frames)?;
/// assert_eq!(tracks.len(), 2);
/// assert!(tracks.iter().all(|track| track.points.len() == 10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// R. E. Kalman, J. Basic Eng. 82, 35 (1960), doi 10.1115/1.3662552; R. Jonker and A. Volgenant, Computing 38, 325 (1987), doi
/// 10.1007/BF02278710.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PoreTracker {
    gate_px: f64,
    max_gap: usize,
    acceleration_px: f64,
    start_speed_px: f64,
}

impl Default for PoreTracker {
    fn default() -> Self {
        Self::new()
    }
}

/// Position and velocity along one axis with their covariance.
#[derive(Debug, Clone, Copy)]
struct Filter {
    x: f64,
    v: f64,
    xx: f64,
    xv: f64,
    vv: f64,
}

impl Filter {
    fn start(x: f64, error: f64, speed: f64) -> Self {
        Self {
            x,
            v: 0.0,
            xx: error * error,
            xv: 0.0,
            vv: speed * speed,
        }
    }

    /// One frame on, under white acceleration of this deviation.
    fn predict(&mut self, acceleration: f64) {
        let q = acceleration * acceleration;
        self.x += self.v;
        self.xx += 2.0 * self.xv + self.vv + 0.25 * q;
        self.xv += self.vv + 0.5 * q;
        self.vv += q;
    }

    fn update(&mut self, measured: f64, error: f64) {
        let total = self.xx + error * error;
        let (gx, gv) = (self.xx / total, self.xv / total);
        let off = measured - self.x;
        self.x += gx * off;
        self.v += gv * off;
        self.vv -= gv * self.xv;
        self.xv *= 1.0 - gx;
        self.xx *= 1.0 - gx;
    }
}

struct Live {
    track: usize,
    x: Filter,
    y: Filter,
    gap: usize,
}

impl PoreTracker {
    /// A tracker with the defaults below.
    pub fn new() -> Self {
        Self {
            gate_px: 12.0,
            max_gap: 2,
            acceleration_px: 1.0,
            start_speed_px: 5.0,
        }
    }

    /// Farthest distance from the prediction in pixels (12 unless set).
    pub fn gate_px(mut self, gate_px: f64) -> Self {
        self.gate_px = gate_px;
        self
    }

    /// Frames that a track may be unseen (2 unless set).
    pub fn max_gap(mut self, max_gap: usize) -> Self {
        self.max_gap = max_gap;
        self
    }

    /// Standard deviation of the change of velocity from frame to frame in pixels a frame (1 unless set).
    pub fn acceleration_px(mut self, acceleration_px: f64) -> Self {
        self.acceleration_px = acceleration_px;
        self
    }

    /// Standard deviation of the velocity of a new track in pixels a frame (5 unless set).
    pub fn start_speed_px(mut self, start_speed_px: f64) -> Self {
        self.start_speed_px = start_speed_px;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        Error::positive("gate_px", self.gate_px)?;
        Error::positive("acceleration_px", self.acceleration_px)?;
        Error::positive("start_speed_px", self.start_speed_px)
    }

    /// The tracks, in the order of their first sightings. $O(n^3)$ a frame in pores.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate); [`Error::NonFinite`] for a pore without place; [`Error::TooLarge`] above 2000 pores in a frame.
    pub fn apply(&self, frames: &[Vec<Pore>]) -> Result<Vec<Track>> {
        self.validate()?;
        let mut tracks: Vec<Track> = Vec::new();
        let mut live: Vec<Live> = Vec::new();
        let mut dead: Vec<Live> = Vec::new();
        for (frame, pores) in frames.iter().enumerate() {
            if pores.len() > 2000 {
                return Err(Error::TooLarge {
                    what: "number of pores in a frame",
                    limit: 2000,
                    found: pores.len() as u64,
                });
            }
            for pore in pores {
                Error::all_finite("pores", &[pore.center.x, pore.center.y, pore.radius])?;
            }
            for one in &mut live {
                one.x.predict(self.acceleration_px);
                one.y.predict(self.acceleration_px);
            }
            let costs: Vec<Vec<f64>> = live
                .iter()
                .map(|one| {
                    let cost = |pore: &Pore| {
                        let (dx, dy) = (pore.center.x - one.x.x, pore.center.y - one.y.x);
                        dx * dx + dy * dy
                    };
                    pores.iter().map(cost).collect()
                })
                .collect();
            let gate = self.gate_px * self.gate_px;
            let chosen = assign(&costs, pores.len(), gate);
            let mut taken = vec![false; pores.len()];
            let mut next = Vec::with_capacity(pores.len());
            for (mut one, chosen) in live.drain(..).zip(chosen) {
                match chosen {
                    Some(k) => {
                        taken[k] = true;
                        let error = error_of(&pores[k]);
                        one.x.update(pores[k].center.x, error);
                        one.y.update(pores[k].center.y, error);
                        one.gap = 0;
                        tracks[one.track].points.push(TrackPoint {
                            frame,
                            pore: pores[k],
                            filtered: Point::new(one.x.x, one.y.x),
                        });
                        next.push(one);
                    }
                    None if one.gap < self.max_gap => {
                        one.gap += 1;
                        next.push(one);
                    }
                    None => dead.push(one),
                }
            }
            for (pore, _) in pores.iter().zip(taken).filter(|(_, taken)| !taken) {
                let error = error_of(pore);
                next.push(Live {
                    track: tracks.len(),
                    x: Filter::start(pore.center.x, error, self.start_speed_px),
                    y: Filter::start(pore.center.y, error, self.start_speed_px),
                    gap: 0,
                });
                tracks.push(Track {
                    points: vec![TrackPoint {
                        frame,
                        pore: *pore,
                        filtered: pore.center,
                    }],
                    begin: TrackEnd::Free,
                    end: TrackEnd::Free,
                });
            }
            live = next;
        }
        self.join(&mut tracks, frames.len());
        Ok(tracks)
    }

    /// Merges and splits: neighbors whose volume changes by about that of the track that ends or begins.
    fn join(&self, tracks: &mut [Track], n_frames: usize) {
        let volume = |p: &TrackPoint| p.pore.radius * p.pore.radius * p.pore.radius;
        // frame and volume before and after a frame, for the others
        let around = |track: &Track, frame: usize| -> Option<(f64, f64, Point)> {
            let after = track.points.partition_point(|p| p.frame <= frame);
            let (a, b) = (
                track.points.get(after.checked_sub(1)?)?,
                track.points.get(after)?,
            );
            Some((volume(a), volume(b), b.pore.center))
        };
        for i in 0..tracks.len() {
            let (first, last) = (
                tracks[i].points[0],
                tracks[i].points[tracks[i].points.len() - 1],
            );
            for is_end in [true, false] {
                let (own, frame) = if is_end {
                    (last, last.frame)
                } else {
                    (first, first.frame.wrapping_sub(1))
                };
                if (is_end && frame + 1 >= n_frames) || (!is_end && first.frame == 0) {
                    continue;
                }
                let partner = (0..tracks.len()).filter(|j| *j != i).find(|j| {
                    around(&tracks[*j], frame).is_some_and(|(before, after, place)| {
                        let gain = if is_end {
                            after - before
                        } else {
                            before - after
                        };
                        let reach = self.gate_px + own.pore.radius;
                        (gain / volume(&own) - 1.0).abs() < 0.5
                            && place.distance(own.pore.center) < reach
                    })
                });
                if let Some(j) = partner {
                    if is_end {
                        tracks[i].end = TrackEnd::Other(j);
                    } else {
                        tracks[i].begin = TrackEnd::Other(j);
                    }
                }
            }
        }
    }
}

/// Error of a position, at least a hundredth of a pixel.
fn error_of(pore: &Pore) -> f64 {
    if pore.center_error.is_finite() {
        pore.center_error.max(0.01)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pore(x: f64, y: f64, radius: f64) -> Pore {
        Pore {
            center: Point::new(x, y),
            center_error: 0.5,
            radius,
            peak: 0.05,
            signal_to_noise: 9.0,
        }
    }

    #[test]
    fn crossing_pores_keep_their_names_through_a_gap() {
        let frames: Vec<Vec<Pore>> = (0..12)
            .map(|n| {
                let t = f64::from(n);
                let mut list = vec![pore(10.0 + 6.0 * t, 30.0 + 2.0 * t, 5.0)];
                if n != 5 {
                    list.insert(0, pore(80.0 - 5.0 * t, 45.0, 6.0));
                }
                list
            })
            .collect();
        let tracks = PoreTracker::new().apply(&frames).unwrap();
        assert_eq!(tracks.len(), 2);
        assert_eq!(tracks[0].points.len() + tracks[1].points.len(), 23);
        for track in &tracks {
            let r = track.points[0].pore.radius;
            assert!(
                track
                    .points
                    .iter()
                    .all(|p| (p.pore.radius - r).abs() < 1e-12)
            );
        }
        let gap = tracks[0].position(5).unwrap();
        assert!((gap.x - 55.0).abs() < 1e-9);
        assert_eq!(tracks[0].position(99), None);
    }

    #[test]
    fn the_error_of_a_velocity_is_that_of_two_positions() {
        let frames: Vec<Vec<Pore>> = (0..3)
            .map(|n| vec![pore(3.0 * f64::from(n), 4.0 * f64::from(n), 5.0)])
            .collect();
        let track = &PoreTracker::new().apply(&frames).unwrap()[0];
        let px = PixelSize::from_micrometers(1.0).unwrap();
        let rate = FrameRate::from_hertz(1.087e6).unwrap();
        let v = track.velocities(px, rate);
        assert!((v[0].speed_m_s - 5.0 * 1.087).abs() < 1e-9);
        assert!((v[0].error_m_s - 0.5 * 2.0_f64.sqrt() * 1.087).abs() < 1e-9);
    }

    #[test]
    fn a_merger_and_a_split_are_named() {
        let cube = |v: f64| v.cbrt();
        let merged: Vec<Vec<Pore>> = (0..8)
            .map(|n| {
                let t = f64::from(n);
                if n < 4 {
                    vec![
                        pore(10.0 + 3.0 * t, 20.0, 5.0),
                        pore(34.0 - 3.0 * t, 20.0, 4.0),
                    ]
                } else {
                    vec![pore(22.0, 20.0, cube(125.0 + 64.0))]
                }
            })
            .collect();
        let tracks = PoreTracker::new().apply(&merged).unwrap();
        let ends: Vec<TrackEnd> = tracks.iter().map(|t| t.end).collect();
        assert_eq!(tracks.len(), 2);
        assert_eq!(
            ends.iter().filter(|e| **e != TrackEnd::Free).count(),
            1,
            "{ends:?}"
        );
        // backwards in time it is a split
        let split: Vec<Vec<Pore>> = merged.into_iter().rev().collect();
        let tracks = PoreTracker::new().apply(&split).unwrap();
        let begins = tracks.iter().filter(|t| t.begin != TrackEnd::Free).count();
        assert_eq!((tracks.len(), begins), (2, 1));
    }

    #[test]
    fn empty_frames_and_bad_pores() {
        assert!(PoreTracker::new().apply(&[]).unwrap().is_empty());
        assert!(
            PoreTracker::new()
                .apply(&[vec![], vec![]])
                .unwrap()
                .is_empty()
        );
        let one = PoreTracker::new()
            .apply(&[vec![pore(1.0, 1.0, 2.0)]])
            .unwrap();
        let px = PixelSize::from_micrometers(1.0).unwrap();
        let rate = FrameRate::from_hertz(1.0).unwrap();
        assert!(one[0].velocities(px, rate).is_empty());
        assert!(
            PoreTracker::new()
                .apply(&[vec![pore(f64::NAN, 1.0, 2.0)]])
                .is_err()
        );
        assert!(PoreTracker::new().gate_px(0.0).apply(&[]).is_err());
    }
}
