//! What an estimation works in, kept from one to the next.

use super::HornSchunck;
use super::automatic::{self, Quality};
use super::level::{Pyramid, Stage};
use crate::convergence::LevelReport;
use crate::estimator::Shift;
use crate::field::FlowField;
use crate::system::Hierarchy;

/// Memory for [`HornSchunck::estimate_into`], kept from pair to pair.
///
/// Empty until it is first used; about 90 bytes a pixel then. What an estimation finds does not depend on what was estimated in it before.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    pub(super) pyramid: Pyramid,
    hierarchy: Hierarchy,
    /// One for each level, the finest first.
    stages: Vec<Stage>,
}

/// A displacement on a level of the pyramid, px of the level.
fn scaled(shift: Shift, level: usize) -> (f32, f32) {
    let scale = 0.5_f64.powi(level as i32);
    ((shift.u * scale) as f32, (shift.v * scale) as f32)
}

impl Workspace {
    /// No memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes room for the levels of the pyramid.
    pub(super) fn prepare(&mut self) {
        let levels = &self.pyramid.levels;
        self.stages.resize_with(levels.len(), Stage::default);
        for (stage, level) in self.stages.iter_mut().zip(levels) {
            stage.resize(level.dim());
        }
        if let Some(level) = levels.first() {
            self.hierarchy.resize(level.dim());
        }
    }

    /// From the coarsest level to the finest.
    pub(super) fn run(
        &mut self,
        settings: &HornSchunck,
        shift: Shift,
        alpha: f64,
        reports: &mut Vec<LevelReport>,
    ) {
        for (n, level) in self.pyramid.levels.iter().enumerate().rev() {
            let start = scaled(shift, n);
            let (fine, coarse) = self.stages.split_at_mut(n + 1);
            match coarse.first() {
                None => fine[n].uniform(start.0, start.1),
                Some(coarse) => fine[n].expand(&coarse.field),
            }
            let mut solver = (&mut self.hierarchy, n);
            reports.push(level.refine(settings, &mut fine[n], start, alpha, &mut solver));
        }
    }

    /// A run with a weight of its own choice: by the law for noisy frames; else the finest level is solved again, around the field of a
    /// first run, with the weight that predicts best.
    pub(super) fn run_automatic(
        &mut self,
        settings: &HornSchunck,
        shift: Shift,
        quality: Quality,
        reports: &mut Vec<LevelReport>,
    ) -> f64 {
        if let Some(alpha) = automatic::law(quality) {
            self.run(settings, shift, alpha, reports);
            return alpha;
        }
        let guess = automatic::guess(quality);
        self.run(settings, shift, guess, reports);
        let (Some(level), Some(stage)) = (self.pyramid.levels.first(), self.stages.first_mut())
        else {
            return guess;
        };
        let hierarchy = &mut self.hierarchy;
        let alpha = automatic::by_prediction(level, &stage.field, quality, hierarchy);
        let mut solver = (hierarchy, 0);
        reports.push(level.refine(settings, stage, scaled(shift, 0), alpha, &mut solver));
        alpha
    }

    /// Hands the field over; takes the memory of the one that stands there.
    pub(super) fn give_field(&mut self, flow: &mut FlowField) {
        if let Some(stage) = self.stages.first_mut() {
            stage.field.0.exchange(&mut flow.u);
            stage.field.1.exchange(&mut flow.v);
        }
    }
}
