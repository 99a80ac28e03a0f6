//! The course of a pulse.

use rand_chacha::ChaCha8Rng;

use super::{PulseNoise, SpotPulse};
use crate::random::{Purpose, normal, stream, uniform};

/// The course of a pulse at its frames. Frame `k` is at `k + 1` frame times after the laser was switched on.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PulseHistory {
    /// Time since the laser was switched on in µs.
    pub time_us: Vec<f64>,
    /// Depth of the keyhole in µm.
    pub depth_um: Vec<f64>,
    /// Mean depth without fluctuation in µm.
    pub mean_depth_um: Vec<f64>,
    /// Width of the keyhole in µm.
    pub width_um: Vec<f64>,
    /// Absorptance.
    pub absorptance: Vec<f64>,
    /// Half width of the pool in µm.
    pub pool_half_width_um: Vec<f64>,
    /// Depth of the pool in µm.
    pub pool_depth_um: Vec<f64>,
    /// Relative change of the signal by the plume.
    pub plume: Vec<f64>,
    /// Energy absorbed since the start in J.
    pub absorbed_j: Vec<f64>,
    /// Energy in the pool over its start in J: $\frac23\pi H(R^3 - R_0^3)$.
    pub pool_j: Vec<f64>,
    /// Energy lost by conduction around the pool in J.
    pub lost_j: Vec<f64>,
    /// The measured signal: $g\,\eta\,(1 + p) + \epsilon$.
    pub signal: Vec<f64>,
}

impl PulseHistory {
    /// Number of frames.
    pub fn n_frames(&self) -> usize {
        self.time_us.len()
    }

    /// Area of the pool's outline at a frame in µm², $\frac\pi2 R h$.
    pub fn pool_area_um2(&self, frame: usize) -> Option<f64> {
        let (half, depth) = (
            self.pool_half_width_um.get(frame)?,
            self.pool_depth_um.get(frame)?,
        );
        Some(0.5 * std::f64::consts::PI * half * depth)
    }

    /// Area of the keyhole's outline at a frame in µm², $0.94\,d\,w$ as in the reference program.
    pub fn keyhole_area_um2(&self, frame: usize) -> Option<f64> {
        Some(0.94 * self.depth_um.get(frame)? * self.width_um.get(frame)?)
    }

    /// A third channel: the light of the hot surface as a photodiode would see it, noise-free, relative to boiling metal.
    ///
    /// The pool shines at 0.15 of the boiling vapor front (some 2400 K against 3315 K at 0.9 µm by Wien's law), the keyhole's
    /// opening at 1, plume attenuation included: $s = (1 + p)^{-1}(0.15\,\pi R^2 + \tfrac\pi4 w^2)/\pi r_0^2$. The model is invented; it
    /// exists so that learned models can be tried on three channels.
    pub fn thermal_signal(&self, spot_radius_um: f64) -> Vec<f64> {
        let spot = std::f64::consts::PI * spot_radius_um * spot_radius_um;
        (0..self.n_frames())
            .map(|k| {
                let (pool, width) = (self.pool_half_width_um[k], self.width_um[k]);
                let bright = 0.15 * std::f64::consts::PI * pool * pool
                    + 0.25 * std::f64::consts::PI * width * width;
                bright / spot / (1.0 + self.plume[k]).max(0.1)
            })
            .collect()
    }

    /// The thermal channel with white noise of 1 % of its mean, from the stream of this seed and run.
    pub fn measured_thermal_signal(&self, spot_radius_um: f64, seed: u64, run: u64) -> Vec<f64> {
        let mut signal = self.thermal_signal(spot_radius_um);
        let mean = signal.iter().sum::<f64>() / signal.len().max(1) as f64;
        let mut rng = stream(seed, run, Purpose::ThirdChannel);
        for value in &mut signal {
            *value += 0.01 * mean * normal(&mut rng);
        }
        signal
    }
}

/// Random drives of one step.
struct Drive {
    depth: f64,
    width: f64,
    plume: f64,
    event: f64,
    size: f64,
}

fn drive(noise: &PulseNoise, rng: &mut Option<ChaCha8Rng>, step: usize) -> Option<Drive> {
    match noise {
        PulseNoise::None => None,
        PulseNoise::Seed { .. } => rng.as_mut().map(|rng| Drive {
            depth: normal(rng),
            width: normal(rng),
            plume: normal(rng),
            event: uniform(rng),
            size: uniform(rng),
        }),
        PulseNoise::Arrays {
            depth,
            width,
            plume,
            event,
            size,
        } => Some(Drive {
            depth: depth[step],
            width: width[step],
            plume: plume[step],
            event: event[step],
            size: size[step],
        }),
    }
}

pub(super) fn run(
    pulse: &SpotPulse,
    noise: &PulseNoise,
    depth_law: impl Fn(f64) -> f64,
) -> PulseHistory {
    let (m, on_s) = pulse.parts();
    let (r0, dt) = (pulse.spot_radius_um() * 1e-6, m.step);
    let every = m.steps_per_frame();
    let rise = m.melting_k - m.ambient_k;
    let enthalpy = m.density * (m.heat_capacity * rise * m.pool_superheat + m.latent_heat);
    let keep = |time: f64| libm::exp(-dt / time);
    let (eu, ep, ec) = (
        keep(m.fluctuation_time),
        keep(m.plume_time),
        keep(m.collapse_time),
    );
    let (gu, gp) = ((1.0 - eu * eu).sqrt(), (1.0 - ep * ep).sqrt());
    let mut rng = match noise {
        PulseNoise::Seed { seed, run } => Some(stream(*seed, *run, Purpose::Depth)),
        _ => None,
    };
    let (mut mean, mut slow, mut radius) = (0.0_f64, 0.0_f64, m.pool_start);
    let (mut u, mut shape, mut collapse, mut plume) = (0.0, 0.0, 0.0_f64, 0.0);
    let (mut absorbed, mut lost) = (0.0, 0.0);
    let mut out = PulseHistory::default();
    for i in 0..pulse.n_steps() {
        let time = (i + 1) as f64 * dt;
        let on = time <= on_s + 1e-12;
        let power = if on { pulse.power_w() } else { 0.0 };
        let target = if on { depth_law(time) } else { 0.0 };
        mean += dt / if on { m.depth_time } else { m.collapse_time } * (target - mean);
        if if on { target <= 0.0 } else { mean <= 1e-6 } {
            mean = 0.0;
        }
        if let Some(z) = drive(noise, &mut rng, i) {
            u = eu * u + gu * z.depth;
            shape = eu * shape + gu * m.width_fluctuation * z.width;
            plume = ep * plume + gp * m.plume * z.plume;
            let (low, high) = m.collapse_sizes;
            let hit = z.event < m.collapse_rate * dt;
            collapse = (ec * collapse).max(if hit {
                low + (high - low) * z.size
            } else {
                0.0
            });
        }
        let strength = m.fluctuation + m.fluctuation_onset * libm::exp(-mean / r0);
        let depth = mean * (1.0 + strength * u).max(0.0) * (1.0 - collapse);
        let width = if depth > 0.0 {
            (m.width_offset + m.width_slope * depth) * (1.0 + shape)
        } else {
            0.0
        };
        let eta = if on {
            m.absorptivity.absorptance(depth / r0, shape)
        } else {
            0.0
        };
        absorbed += eta * power * dt;
        slow += dt / m.pool_lag * (mean - slow);
        let loss = std::f64::consts::TAU * m.pool_conductivity * rise * m.pool_loss * radius;
        let area = std::f64::consts::TAU * radius * radius * enthalpy;
        radius = (radius + dt * ((eta * power - loss) / area).max(-0.5)).max(1e-6);
        lost += loss * dt;
        let pool_depth = if radius > 2e-6 {
            (m.pool_depth_width * radius + m.pool_depth_keyhole * slow).max(depth + m.pool_margin)
        } else {
            0.0
        };
        if (i + 1) % every == 0 {
            let seen = if m.plume_follows_depth {
                plume * (1.0 - libm::exp(-mean / r0))
            } else {
                plume
            };
            out.time_us.push(time * 1e6);
            out.depth_um.push(depth * 1e6);
            out.mean_depth_um.push(mean * 1e6);
            out.width_um.push(width * 1e6);
            out.absorptance.push(eta);
            out.pool_half_width_um.push(radius * 1e6);
            out.pool_depth_um.push(pool_depth * 1e6);
            out.plume.push(seen);
            out.absorbed_j.push(absorbed);
            let cubes = radius * radius * radius - m.pool_start * m.pool_start * m.pool_start;
            out.pool_j
                .push(std::f64::consts::TAU / 3.0 * enthalpy * cubes);
            out.lost_j.push(lost);
        }
    }
    out.signal = match noise {
        PulseNoise::Seed { seed, run } => {
            let mut rng = stream(*seed, *run, Purpose::Signal);
            let gain = 1.0 + m.signal_gain * normal(&mut rng);
            let signal = out.absorptance.iter().zip(&out.plume);
            signal
                .map(|(eta, p)| gain * eta * (1.0 + p) + m.signal_noise * normal(&mut rng))
                .collect()
        }
        _ => out.absorptance.clone(),
    };
    out
}
