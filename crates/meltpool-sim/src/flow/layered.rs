//! A flow that differs through the thickness of the pool.

use super::{Flow, Position, Velocity};
use crate::error::{Result, finite, require};

/// A flow in layers through the thickness: the same pattern with another factor in each layer.
///
/// A radiograph adds up what lies along the beam, so a two-dimensional flow measured from it is some average. In layer
/// $k$ of $n$ the velocity is $f_k\,\mathbf{u}(x, y)$ and each layer carries a texture of its own; no matter crosses layers,
/// so each is free of divergence where $\mathbf{u}$ is. The truth of the projection is the mean over layers.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LayeredFlow {
    flow: Flow,
    factors: Vec<f64>,
}

impl LayeredFlow {
    /// Layers of this flow with these factors, from the front of the plate to its back.
    pub fn new(flow: Flow, factors: Vec<f64>) -> Self {
        Self { flow, factors }
    }

    /// `n` layers with factors $\cos(\pi z)$ at their middles $z$ from -1/2 to 1/2: fastest at mid-thickness, at rest at the faces.
    pub fn cosine(flow: Flow, n: usize) -> Self {
        let factors = (0..n)
            .map(|k| libm::cos(std::f64::consts::PI * ((k as f64 + 0.5) / n as f64 - 0.5)))
            .collect();
        Self::new(flow, factors)
    }

    /// The pattern.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// The factor of each layer.
    pub fn factors(&self) -> &[f64] {
        &self.factors
    }

    /// Velocity in one layer.
    pub fn layer_velocity(&self, layer: usize, at: Position, time: f64) -> Option<Velocity> {
        let factor = *self.factors.get(layer)?;
        let velocity = self.flow.velocity(at, time);
        Some(Velocity {
            u: factor * velocity.u,
            v: factor * velocity.v,
        })
    }

    /// Mean velocity over the layers: the truth to which a measurement in projection compares.
    pub fn velocity(&self, at: Position, time: f64) -> Velocity {
        let n = self.factors.len().max(1) as f64;
        let mean = self.factors.iter().sum::<f64>() / n;
        let velocity = self.flow.velocity(at, time);
        Velocity {
            u: mean * velocity.u,
            v: mean * velocity.v,
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        require(
            (1..=64).contains(&self.factors.len()),
            "factors",
            "between 1 and 64 layers",
            self.factors.len(),
        )?;
        require(
            self.flow.is_steady(),
            "flow",
            "steady in a layered flow",
            "an unsteady flow",
        )?;
        self.factors
            .iter()
            .try_for_each(|factor| finite("factors", *factor))?;
        self.flow.validate()
    }
}
