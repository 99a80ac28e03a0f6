//! Where the random numbers of a pulse come from.

use crate::error::{Error, Result};

/// The noise of a pulse.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum PulseNoise {
    /// None: the mean course.
    None,
    /// ChaCha8 streams of this seed and run.
    Seed {
        /// The seed.
        seed: u64,
        /// Number of the run, so that runs of one seed differ.
        run: u64,
    },
    /// Given arrays, one value a step: for comparison with other programs. The measured signal is then the plume-free absorptance.
    Arrays {
        /// Unit-variance drive of the depth.
        depth: Vec<f64>,
        /// Unit-variance drive of the width.
        width: Vec<f64>,
        /// Unit-variance drive of the plume.
        plume: Vec<f64>,
        /// Uniform number below which a collapse happens when it is under rate times step.
        event: Vec<f64>,
        /// Uniform number of its size.
        size: Vec<f64>,
    },
}

impl PulseNoise {
    pub(crate) fn validate(&self, n_steps: usize) -> Result<()> {
        let Self::Arrays {
            depth,
            width,
            plume,
            event,
            size,
        } = self
        else {
            return Ok(());
        };
        for (name, values) in [
            ("depth", depth),
            ("width", width),
            ("plume", plume),
            ("event", event),
            ("size", size),
        ] {
            if values.len() != n_steps {
                return Err(Error::LengthMismatch {
                    name,
                    expected: n_steps,
                    found: values.len(),
                });
            }
            values
                .iter()
                .try_for_each(|value| crate::error::finite(name, *value))?;
        }
        Ok(())
    }
}
