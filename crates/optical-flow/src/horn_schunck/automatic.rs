//! Weight and smoothing from the frames themselves.

use super::level::{Level, smoothness};
use super::linear::{Linearized, Linearizer};
use super::{HornSchunck, PreSmoothing};
use crate::image::Image;
use crate::noise::{noise, texture_gradient};
use crate::plane::{Field, Plane};
use crate::system::Hierarchy;

/// Noise over gradient above which frames count as noisy.
const NOISY: f64 = 0.25;

/// Largest automatic smoothing, px.
const MOST_SMOOTHING: f64 = 1.75;

/// Factor of the law for noisy frames.
const LAW: f64 = 4.5;

/// Side of the squares of pixels that are left out in turn.
const BLOCK: usize = 8;

/// A score so much above the best counts as the same.
const SAME: f64 = 1.01;

/// Noise and texture of two frames.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Quality {
    /// Standard deviation of the noise, in intensity.
    noise: f64,
    /// Root mean square gradient of what is not noise, in intensity a pixel.
    gradient: f64,
}

impl Quality {
    pub(super) fn of(first: &Image, second: &Image) -> Self {
        let mut sum = Self {
            noise: 0.0,
            gradient: 0.0,
        };
        for image in [first, second] {
            let level = noise(image.plane());
            sum.noise += 0.5 * level;
            sum.gradient += 0.5 * texture_gradient(image.plane(), level);
        }
        // frames of pure noise have no gradient; a tenth of the noise keeps the ratio finite
        sum.gradient = sum.gradient.max(0.05 * sum.noise);
        sum
    }

    fn is_noisy(self) -> bool {
        self.noise > NOISY * self.gradient
    }
}

/// The settings with the automatic smoothing and, for noisy frames, what goes with it: the data term gathered, and a second warp.
pub(super) fn settle(settings: &HornSchunck, quality: Quality) -> (HornSchunck, f64) {
    let mut settings = settings.clone();
    let sigma = match settings.pre_smoothing {
        PreSmoothing::Gaussian(sigma) => sigma,
        PreSmoothing::Automatic if quality.is_noisy() => {
            settings.integration = settings.integration.max(4.0);
            settings.warps = settings.warps.max(2);
            (quality.noise / quality.gradient)
                .sqrt()
                .min(MOST_SMOOTHING)
        }
        PreSmoothing::Automatic => 0.0,
    };
    (settings, sigma)
}

/// The weight for noisy frames; for frames without any texture every weight gives the same field.
pub(super) fn law(quality: Quality) -> Option<f64> {
    if quality.gradient <= 0.0 {
        return Some(1.0);
    }
    quality
        .is_noisy()
        .then(|| LAW * (quality.gradient * quality.noise).sqrt())
}

/// A weight to begin with, for frames that are not noisy: large enough for the coarse levels, whose linearization is rough.
pub(super) fn guess(quality: Quality) -> f64 {
    2.0 * quality.gradient
}

/// The weight for the finest level, by prediction around a field that is nearly right.
pub(super) fn by_prediction(
    level: &Level,
    field: &Field,
    quality: Quality,
    hierarchy: &mut Hierarchy,
) -> f64 {
    let scale = quality.gradient;
    let linearized = Linearizer { level, field }.planes();
    let mut kept = linearized.weight.clone();
    for y in 0..kept.rows() {
        for (x, w) in kept.row_mut(y).iter_mut().enumerate() {
            if (y / BLOCK + x / BLOCK) % 2 == 1 {
                *w = 0.0;
            }
        }
    }
    let candidate = |k: i32| scale * 2.0_f64.powf(0.5 * f64::from(k));
    // smaller weights predict the residual of the linearization, not the motion
    let (least, most) = (1, 8);
    let mut solved = field.clone();
    let mut scores = vec![None; (most - least + 1) as usize];
    let mut score = |k: i32| -> f64 {
        let at = &mut scores[(k - least) as usize];
        *at.get_or_insert_with(|| {
            let alpha = candidate(k);
            predict(&linearized, &kept, field, alpha, hierarchy, &mut solved)
        })
    };
    // one valley: down it from the middle, two steps at a time, then one
    let mut best = 2;
    for step in [2, 1] {
        loop {
            let mut next = best;
            for k in [best - step, best + step] {
                if (least..=most).contains(&k) && score(k) < score(next) {
                    next = k;
                }
            }
            if next == best {
                break;
            }
            best = next;
        }
    }
    let limit = SAME * score(best);
    // the smoothest field that predicts as well
    while best < most && score(best + 1) <= limit {
        best += 1;
    }
    candidate(best)
}

/// How badly a field from the kept pixels predicts the others.
fn predict(
    linearized: &Linearized,
    kept: &Plane,
    around: &Field,
    alpha: f64,
    hierarchy: &mut Hierarchy,
    solved: &mut Field,
) -> f64 {
    hierarchy
        .system(
            0,
            usize::MAX,
            smoothness(alpha),
            || (),
            |(), y, row| linearized.products(kept, around, y, row),
        )
        .multigrid(around, solved, 1e-2, 4);
    linearized.prediction_error(kept, around, solved)
}
