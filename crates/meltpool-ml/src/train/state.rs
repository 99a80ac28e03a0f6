//! The whole state of a run, in memory and in a file.

use std::path::Path;

use super::{EpochRecord, Trainer};
use crate::checkpoint::{check_version, note, tensor};
use crate::error::{Error, Result};
use crate::network::{NetworkConfig, Parameters};
use crate::optimizer::AdamState;
use crate::safetensors::{Array, File};

const FORMAT: &str = "meltpool-ml training state";
const VERSION: &str = "1";

#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) weights: Vec<Vec<f32>>,
    pub(super) adam: AdamState,
    pub(super) average: Option<Vec<Vec<f32>>>,
    /// Epoch, loss and weights.
    pub(super) best: Option<(usize, f64, Vec<Vec<f32>>)>,
    pub(super) epochs: Vec<EpochRecord>,
}

impl State {
    pub(super) fn new(weights: Vec<Vec<f32>>, averages: bool) -> Self {
        Self {
            adam: AdamState::new(&weights),
            average: averages.then(|| weights.clone()),
            weights,
            best: None,
            epochs: Vec::new(),
        }
    }

    /// Everything that is saved as arrays, with a name each.
    fn groups(&self) -> Vec<(&'static str, &Vec<Vec<f32>>)> {
        let mut groups = vec![
            ("weights", &self.weights),
            ("first", &self.adam.first),
            ("second", &self.adam.second),
        ];
        groups.extend(self.average.as_ref().map(|a| ("average", a)));
        groups.extend(self.best.as_ref().map(|b| ("best", &b.2)));
        groups
    }

    pub(super) fn save(
        &self,
        path: &Path,
        trainer: &Trainer,
        config: &NetworkConfig,
        parameters: &Parameters,
    ) -> Result<()> {
        let json = |value: serde_json::Result<String>| {
            value.map_err(|e| Error::Checkpoint {
                path: path.to_owned(),
                reason: format!("the state cannot be written: {e}"),
            })
        };
        let mut file = File::default();
        let mut insert = |name: &str, text: String| file.notes.insert(name.into(), text);
        insert("format", FORMAT.into());
        insert("version", VERSION.into());
        insert("trainer", json(serde_json::to_string(trainer))?);
        insert("config", json(serde_json::to_string(config))?);
        insert("epochs", json(serde_json::to_string(&self.epochs))?);
        insert("step", json(serde_json::to_string(&self.adam.step))?);
        let best = self.best.as_ref().map(|(epoch, loss, _)| (*epoch, *loss));
        insert("best", json(serde_json::to_string(&best))?);
        for (group, arrays) in self.groups() {
            for (k, values) in arrays.iter().enumerate() {
                let array = Array {
                    shape: vec![values.len()],
                    values: values.clone(),
                };
                file.arrays.insert(array_name(group, parameters, k), array);
            }
        }
        file.write(path)
    }

    pub(super) fn load(
        path: &Path,
        trainer: &Trainer,
        config: &NetworkConfig,
        parameters: &Parameters,
        start: &[Vec<f32>],
    ) -> Result<Self> {
        let file = File::read(path)?;
        check_version(path, &file, FORMAT, VERSION)?;
        let other = |what: &str| Error::Checkpoint {
            path: path.to_owned(),
            reason: format!("it belongs to a run with other {what}"),
        };
        if note::<NetworkConfig>(path, &file, "config")? != *config {
            return Err(other("networks"));
        }
        let theirs: Trainer = note(path, &file, "trainer")?;
        // where it runs and what it writes may change
        let mut own = trainer.clone();
        own.device = theirs.device;
        own.checkpoint.clone_from(&theirs.checkpoint);
        own.checkpoint_every = theirs.checkpoint_every;
        if theirs != own {
            return Err(other("settings"));
        }
        let best: Option<(usize, f64)> = note(path, &file, "best")?;
        let read = |group: &str| -> Result<Vec<Vec<f32>>> {
            start
                .iter()
                .enumerate()
                .map(|(k, values)| {
                    let name = array_name(group, parameters, k);
                    let array = tensor(path, &file, &name)?;
                    if array.values.len() == values.len() {
                        Ok(array.values.clone())
                    } else {
                        Err(Error::ShapeMismatch {
                            what: name,
                            expected: vec![values.len()],
                            found: array.shape.clone(),
                        })
                    }
                })
                .collect()
        };
        Ok(Self {
            weights: read("weights")?,
            adam: AdamState {
                step: note(path, &file, "step")?,
                first: read("first")?,
                second: read("second")?,
            },
            average: if trainer.ema.is_some() || trainer.swa.is_some() {
                Some(read("average")?)
            } else {
                None
            },
            best: match best {
                Some((epoch, loss)) => Some((epoch, loss, read("best")?)),
                None => None,
            },
            epochs: note(path, &file, "epochs")?,
        })
    }
}

fn array_name(group: &str, parameters: &Parameters, k: usize) -> String {
    match parameters.names.get(k) {
        Some(name) => format!("{group}/{name}"),
        None => format!("{group}/extra{k}"),
    }
}
