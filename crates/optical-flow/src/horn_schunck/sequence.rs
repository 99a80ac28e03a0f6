//! Sequences of frames, with smoothness in time.

use super::level::{Level, Motion, Pyramid, limit, smoothness};
use super::linear::Linearizer;
use super::{Alpha, HornSchunck, automatic, check_frames};
use crate::convergence::{Convergence, StopReason};
use crate::error::{Error, Result};
use crate::estimator::{FlowEstimator, FlowResult, Shift};
use crate::field::FlowField;
use crate::image::Image;
use crate::median::median;
use crate::phase::global_shift;
use crate::plane::{Field, Plane};
use crate::pyramid::expand;
use crate::system::{Hierarchy, System};

/// The motion through a sequence of three or more frames, each field smooth in space and all of them in time.
///
/// To the sum of Horn and Schunck's functionals of all pairs comes the change at a pixel from one pair to the next,
///
/// $$E = \sum_t E_t + \tau\,\alpha_v^2 \sum_t |\mathbf u_{t+1} - \mathbf u_t|^2,$$
///
/// so that with a coupling $\tau = 1$ two fields in time are held together as two neighbors in space are. Noise that differs from frame to frame is averaged
/// where the motion lasts. A large coupling gives one field for the whole sequence. The systems of the pairs are solved in turn, forward and backward
/// in time, each by multigrid, and before each sweep the change that all have in common, on a pyramid with warps as in [`HornSchunck`], which holds the other parameters (its solver is not used). The weight, the smoothing and the gathering of
/// the data are those that it finds for the pair in the middle.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
/// use optical_flow::{Image, SequenceFlow};
///
/// let frame = |dx: f32| Array2::from_shape_fn((64, 64), |(y, x)| {
///     0.5 + 0.2 * (0.4 * (x as f32 - dx)).sin() + 0.2 * (0.3 * y as f32 + 0.2 * (x as f32 - dx)).cos()
/// });
/// let frames = (0..4)
///     .map(|k| Image::new(&frame(0.8 * k as f32).view()))
///     .collect::<Result<Vec<_>, _>>()?;
/// let results = SequenceFlow::new().estimate_all(&frames)?;
/// assert_eq!(results.len(), 3);
/// assert!((results[1].flow.u[[32, 32]] - 0.8).abs() < 0.02);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Performance
///
/// $O(n \cdot \text{pairs} \cdot \text{sweeps})$; some 60 bytes a pixel and pair.
///
/// # References
///
/// J. Weickert and C. Schnörr, J. Math. Imaging Vis. 14, 245 (2001), doi 10.1023/A:1011286029287 (smoothness in space and time; there nonlinear).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SequenceFlow {
    method: HornSchunck,
    coupling: f64,
    sweeps: usize,
}

impl Default for SequenceFlow {
    fn default() -> Self {
        Self::new()
    }
}

impl SequenceFlow {
    /// The automatic [`HornSchunck`], a coupling of 0.1, 4 sweeps.
    pub fn new() -> Self {
        Self {
            method: HornSchunck::new(),
            coupling: 0.1,
            sweeps: 4,
        }
    }

    /// The parameters of each pair.
    pub fn method(mut self, method: HornSchunck) -> Self {
        self.method = method;
        self
    }

    /// The weight $\tau$ of changes in time, as a multiple of that of changes from pixel to pixel; 0 for pairs by themselves.
    pub fn coupling(mut self, coupling: f64) -> Self {
        self.coupling = coupling;
        self
    }

    /// Sweeps through time on the finest level, forward and backward in turn; twice as many on the next, four times on the coarser ones.
    pub fn sweeps(mut self, sweeps: usize) -> Self {
        self.sweeps = sweeps;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for the first that is out of range, those of the method included.
    pub fn validate(&self) -> Result<()> {
        self.method.validate()?;
        Error::not_negative("coupling", self.coupling)?;
        Error::at_least(
            "sweeps",
            "from 1 to 1000",
            self.sweeps == 0 || self.sweeps > 1000,
            self.sweeps,
        )
    }

    /// The motion from each frame to the next. The residual of each result is that of its equations with the fields before and after it as they
    /// came out.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`], [`Error::TooFewFrames`] below two, [`Error::ShapeMismatch`] and [`Error::TooSmall`] for the frames.
    pub fn estimate_all(&self, frames: &[Image]) -> Result<Vec<FlowResult>> {
        self.validate()?;
        let n_pairs = frames.len().saturating_sub(1);
        if n_pairs == 0 {
            return Err(Error::TooFewFrames {
                needed: 2,
                found: frames.len(),
            });
        }
        for frame in &frames[1..] {
            check_frames(&frames[0], frame)?;
        }
        let at = (n_pairs - 1) / 2;
        let middle = (&frames[at], &frames[at + 1]);
        let quality = automatic::Quality::of(middle.0, middle.1);
        let (settings, sigma) = automatic::settle(&self.method, quality);
        let alpha = match self.method.alpha {
            Alpha::Fixed(alpha) => alpha,
            Alpha::Automatic => {
                if let Some(alpha) = automatic::law(quality) {
                    alpha
                } else {
                    let pilot = self.method.estimate(middle.0, middle.1)?;
                    pilot.alpha.unwrap_or(automatic::guess(quality))
                }
            }
        };
        let n_levels = self.method.n_levels(frames[0].dim());
        let interpolation = self.method.interpolation;
        let pyramids: Vec<Vec<Level>> = frames
            .windows(2)
            .map(|pair| {
                let mut pyramid = Pyramid::default();
                pyramid.fill(&pair[0], &pair[1], sigma, n_levels, interpolation);
                pyramid.levels
            })
            .collect();
        let shifts: Vec<Shift> = frames
            .windows(2)
            .map(|pair| {
                if self.method.start_from_phase {
                    global_shift(&pair[0], &pair[1], n_levels)
                } else {
                    Shift::default()
                }
            })
            .collect();
        let mut hierarchy = Hierarchy::new(frames[0].dim());
        let (fields, ends) = self.descend(&settings, &pyramids, &shifts, alpha, &mut hierarchy);
        let results = fields.into_iter().zip(ends).zip(shifts);
        Ok(results
            .map(|(((u, v), convergence), initial)| {
                let mut result = FlowResult::new(FlowField {
                    u: u.into_array(),
                    v: v.into_array(),
                });
                result.convergence = Some(convergence);
                result.alpha = Some(alpha);
                result.pre_smoothing = sigma;
                result.initial = initial;
                result
            })
            .collect())
    }

    /// From the coarsest level to the finest, all pairs together; and how the last systems ended.
    fn descend(
        &self,
        settings: &HornSchunck,
        pyramids: &[Vec<Level>],
        shifts: &[Shift],
        alpha: f64,
        hierarchy: &mut Hierarchy,
    ) -> (Vec<Field>, Vec<Convergence>) {
        let mut fields: Vec<Field> = Vec::new();
        let mut ends = Vec::new();
        let n_levels = pyramids.first().map_or(0, Vec::len);
        for n in (0..n_levels).rev() {
            let levels: Vec<&Level> = pyramids.iter().map(|levels| &levels[n]).collect();
            let scale = 0.5_f64.powi(n as i32);
            fields = levels
                .iter()
                .enumerate()
                .map(|(t, level)| {
                    let (rows, columns) = level.dim();
                    let start = (
                        Plane::filled(rows, columns, (shifts[t].u * scale) as f32),
                        Plane::filled(rows, columns, (shifts[t].v * scale) as f32),
                    );
                    let Some((u, v)) = fields.get(t) else {
                        return start;
                    };
                    let found = (expand(u, rows, columns, 2.0), expand(v, rows, columns, 2.0));
                    let step = (rows / 64).max(1);
                    let left = |field| level.mismatch(Motion::Field(field), step);
                    if settings.energy_check && left(&found) > left(&start) {
                        start
                    } else {
                        found
                    }
                })
                .collect();
            for _ in 0..settings.warps {
                let before = fields.clone();
                let mut window = Window {
                    data: levels
                        .iter()
                        .zip(&before)
                        .map(|(level, field)| {
                            Linearizer { level, field }
                                .planes()
                                .gathered(field, settings.integration)
                        })
                        .collect(),
                    a: smoothness(alpha),
                    coupling: self.coupling as f32,
                    level: n,
                    hierarchy: &mut *hierarchy,
                };
                window.solve(settings, &mut fields, self.sweeps << n.min(2));
                if n == 0 {
                    ends = window.ends(settings, &fields, self.sweeps);
                }
                for (field, before) in fields.iter_mut().zip(&before) {
                    limit(field, before, settings.update_limit as f32);
                    if settings.median_radius > 0 {
                        median(&mut field.0, settings.median_radius);
                        median(&mut field.1, settings.median_radius);
                    }
                }
            }
        }
        (fields, ends)
    }
}

/// The linear systems of all pairs on a level.
struct Window<'a> {
    /// Products of the gradient, and right-hand side.
    data: Vec<[Plane; 5]>,
    a: f32,
    coupling: f32,
    level: usize,
    hierarchy: &'a mut Hierarchy,
}

impl Window<'_> {
    /// The system of a pair, the fields before and after it held.
    fn system(&mut self, t: usize, fields: &[Field]) -> System<'_> {
        let b = self.coupling * self.a;
        let mut around = Vec::with_capacity(2);
        if b > 0.0 && t > 0 {
            around.push(&fields[t - 1]);
        }
        if b > 0.0 && t + 1 < fields.len() {
            around.push(&fields[t + 1]);
        }
        let more = b * around.len() as f32;
        let data = &self.data[t];
        self.hierarchy.system(
            self.level,
            usize::MAX,
            self.a,
            || (),
            |(), y, row| {
                let outs = [
                    &mut *row.j11,
                    row.j12,
                    &mut *row.j22,
                    &mut *row.r1,
                    &mut *row.r2,
                ];
                for (out, plane) in outs.into_iter().zip(data) {
                    out.copy_from_slice(plane.row(y));
                }
                for out in [row.j11, row.j22] {
                    for value in out {
                        *value += more;
                    }
                }
                for field in &around {
                    for (out, plane) in [(&mut *row.r1, &field.0), (&mut *row.r2, &field.1)] {
                        for (out, value) in out.iter_mut().zip(plane.row(y)) {
                            *out += b * value;
                        }
                    }
                }
            },
        )
    }

    /// Sweeps through time, forward and backward in turn.
    fn solve(&mut self, settings: &HornSchunck, fields: &mut [Field], sweeps: usize) {
        let n = fields.len();
        // pairs that do not know of each other are solved once
        let sweeps = if self.coupling > 0.0 && n > 1 {
            sweeps
        } else {
            1
        };
        for sweep in 0..sweeps {
            if self.coupling > 0.0 && n > 1 {
                self.shift_all(settings, fields);
            }
            for k in 0..n {
                let t = if sweep % 2 == 0 { k } else { n - 1 - k };
                let mut own = fields[t].clone();
                self.system(t, fields).multigrid(
                    &fields[t],
                    &mut own,
                    settings.tolerance,
                    settings.max_iterations,
                );
                fields[t] = own;
            }
        }
    }

    /// The change that all fields have in common, which sweeps through time would find slowly: the mean of the equations, where the coupling
    /// cancels, is solved for the mean field.
    fn shift_all(&mut self, settings: &HornSchunck, fields: &mut [Field]) {
        let part = 1.0 / fields.len() as f32;
        let (rows, columns) = fields[0].0.dim();
        let mut mean = (Plane::new(rows, columns), Plane::new(rows, columns));
        for (u, v) in &*fields {
            for (sum, plane) in [(&mut mean.0, u), (&mut mean.1, v)] {
                for (sum, value) in sum.data_mut().iter_mut().zip(plane.data()) {
                    *sum += part * value;
                }
            }
        }
        let mut shifted = mean.clone();
        let data = &self.data;
        let known = &mean;
        let fields_now = &*fields;
        self.hierarchy
            .system(
                self.level,
                usize::MAX,
                self.a,
                || (),
                |(), y, row| {
                    for out in [&mut *row.j11, &mut *row.j12, &mut *row.j22] {
                        out.fill(0.0);
                    }
                    row.r1.fill(0.0);
                    row.r2.fill(0.0);
                    let (mean_u, mean_v) = (known.0.row(y), known.1.row(y));
                    for (data, field) in data.iter().zip(fields_now) {
                        let [j11, j12, j22, r1, r2] = data.each_ref().map(|plane| plane.row(y));
                        let (u, v) = (field.0.row(y), field.1.row(y));
                        for x in 0..columns {
                            let (du, dv) = (u[x] - mean_u[x], v[x] - mean_v[x]);
                            row.j11[x] += part * j11[x];
                            row.j12[x] += part * j12[x];
                            row.j22[x] += part * j22[x];
                            row.r1[x] += part * (r1[x] - j11[x] * du - j12[x] * dv);
                            row.r2[x] += part * (r2[x] - j12[x] * du - j22[x] * dv);
                        }
                    }
                },
            )
            .multigrid(
                &mean,
                &mut shifted,
                settings.tolerance,
                settings.max_iterations,
            );
        for (u, v) in fields {
            for (plane, (new, old)) in [(u, (&shifted.0, &mean.0)), (v, (&shifted.1, &mean.1))] {
                let changes = new.data().iter().zip(old.data());
                for (value, (new, old)) in plane.data_mut().iter_mut().zip(changes) {
                    *value += new - old;
                }
            }
        }
    }

    /// How well the equations of each pair are met.
    fn ends(
        &mut self,
        settings: &HornSchunck,
        fields: &[Field],
        sweeps: usize,
    ) -> Vec<Convergence> {
        (0..fields.len())
            .map(|t| {
                let residual = self.system(t, fields).residual(&fields[t]);
                Convergence {
                    reason: if residual <= settings.tolerance {
                        StopReason::Tolerance
                    } else {
                        StopReason::MaxIterations
                    },
                    iterations: sweeps,
                    residual,
                    update: None,
                    tolerance: settings.tolerance,
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The equations of all pairs, cell by cell, hold after many sweeps.
    #[test]
    fn sweeps_meet_the_equations_in_space_and_time() {
        let (rows, columns, n) = (12, 15, 4);
        let value = |seed: usize| {
            Plane::from_fn(rows, columns, |(y, x)| {
                ((y * 37 + x * 91 + seed * 57 + x * y) % 101) as f32 / 101.0 - 0.5
            })
        };
        let data: Vec<[Plane; 5]> = (0..n)
            .map(|t| {
                let (gx, gy, c) = (value(3 * t), value(3 * t + 1), value(3 * t + 2));
                let product = |a: &Plane, b: &Plane, s: f32| {
                    Plane::from_fn(rows, columns, |(y, x)| s * a.at(y, x) * b.at(y, x))
                };
                [
                    product(&gx, &gx, 1.0),
                    product(&gx, &gy, 1.0),
                    product(&gy, &gy, 1.0),
                    product(&gx, &c, -1.0),
                    product(&gy, &c, -1.0),
                ]
            })
            .collect();
        let (a, coupling) = (0.3, 0.7);
        let mut hierarchy = Hierarchy::new((rows, columns));
        let mut fields: Vec<Field> = (0..n)
            .map(|_| (Plane::new(rows, columns), Plane::new(rows, columns)))
            .collect();
        let mut window = Window {
            data: data.clone(),
            a,
            coupling,
            level: 0,
            hierarchy: &mut hierarchy,
        };
        let settings = HornSchunck::new().tolerance(1e-6).max_iterations(50);
        window.solve(&settings, &mut fields, 60);
        let ends = window.ends(&settings, &fields, 60);
        assert!(ends.iter().all(|end| end.residual < 1e-5), "{ends:?}");
        for t in 0..n {
            for y in 0..rows {
                for x in 0..columns {
                    let at = |k: usize| data[t][k].at(y, x);
                    let (u, v) = (fields[t].0.at(y, x), fields[t].1.at(y, x));
                    let mut left = [at(3) - at(0) * u - at(1) * v, at(4) - at(1) * u - at(2) * v];
                    let mut add = |w: f32, tt: usize, yy: usize, xx: usize| {
                        left[0] += w * (fields[tt].0.at(yy, xx) - u);
                        left[1] += w * (fields[tt].1.at(yy, xx) - v);
                    };
                    for (dy, dx) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
                        let (yy, xx) = (y as isize + dy, x as isize + dx);
                        if (0..rows as isize).contains(&yy) && (0..columns as isize).contains(&xx) {
                            add(a, t, yy as usize, xx as usize);
                        }
                    }
                    if t > 0 {
                        add(coupling * a, t - 1, y, x);
                    }
                    if t + 1 < n {
                        add(coupling * a, t + 1, y, x);
                    }
                    assert!(left[0].abs() < 2e-5 && left[1].abs() < 2e-5, "{left:?}");
                }
            }
        }
    }

    #[test]
    fn rejects_what_it_cannot_work_with() -> Result<()> {
        let image = Image::new(&ndarray::Array2::<u8>::zeros((16, 16)).view())?;
        let one = std::slice::from_ref(&image);
        assert!(matches!(
            SequenceFlow::new().estimate_all(one),
            Err(Error::TooFewFrames {
                needed: 2,
                found: 1
            })
        ));
        for bad in [
            SequenceFlow::new().coupling(f64::NAN),
            SequenceFlow::new().sweeps(0),
            SequenceFlow::new().method(HornSchunck::new().alpha(0.0)),
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
        Ok(())
    }
}
