//! Networks in files, and weights from Keras and PyTorch.

use std::path::Path;

use crate::error::{Error, Result};
use crate::network::{Branch, ImageHead, Network, NetworkConfig, Parameters};
use crate::safetensors::{Array, File};

/// Version of the layout of a saved network.
const VERSION: &str = "1";

/// Who wrote the weights that are imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Convention {
    /// Keras: dense and recurrent kernels input by output, convolutions row, column, input, output; flattened maps row, column, channel.
    Keras,
    /// PyTorch: dense and recurrent kernels output by input, convolutions output, input, row, column; flattened maps channel, row, column.
    PyTorch,
}

impl Network {
    /// Writes the network as a safetensors file with its configuration in the notes; beside first, then in its place.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut file = File::default();
        file.notes
            .insert("format".into(), "meltpool-ml network".into());
        file.notes.insert("version".into(), VERSION.into());
        let config = serde_json::to_string(self.config()).map_err(|e| Error::Checkpoint {
            path: path.to_owned(),
            reason: format!("the configuration cannot be written: {e}"),
        })?;
        file.notes.insert("config".into(), config);
        for (name, shape, values) in self.parameters().iter() {
            let array = Array {
                shape: shape.to_vec(),
                values: values.to_vec(),
            };
            file.arrays.insert(name.into(), array);
        }
        file.write(path)
    }

    /// Reads a network that [`save`](Self::save) wrote, for the native device.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Checkpoint`] for a file that is damaged or something else, [`Error::CheckpointVersion`],
    /// [`Error::MissingTensor`], [`Error::ShapeMismatch`].
    pub fn load(path: &Path) -> Result<Self> {
        let file = File::read(path)?;
        check_version(path, &file, "meltpool-ml network", VERSION)?;
        let config: NetworkConfig = note(path, &file, "config")?;
        let mut parameters = Parameters::new(&config, 0)?;
        let names: Vec<String> = parameters
            .iter()
            .map(|(name, _, _)| name.to_owned())
            .collect();
        for name in names {
            let array = tensor(path, &file, &name)?;
            parameters.set(&name, &array.shape, array.values.clone())?;
        }
        Self::from_parameters(config, parameters)
    }

    /// Takes weights of another framework from a safetensors file.
    ///
    /// `names` pairs our names ([`Parameters::iter`]) with those of the file. Layouts are turned as the convention says; of two vectors
    /// of recurrent bias the second may be left out of `names` and is then zero, as for weights of Keras. Gates are in the order
    /// input, forget, cell, output in both.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Checkpoint`], [`Error::MissingTensor`] for an unpaired array or one that the file lacks,
    /// [`Error::ShapeMismatch`].
    pub fn import(
        config: NetworkConfig,
        path: &Path,
        convention: Convention,
        names: &[(&str, &str)],
    ) -> Result<Self> {
        let file = File::read(path)?;
        let mut parameters = Parameters::new(&config, 0)?;
        let own: Vec<(String, Vec<usize>)> = parameters
            .iter()
            .map(|(n, shape, _)| (n.to_owned(), shape.to_vec()))
            .collect();
        for (name, shape) in own {
            let Some((_, theirs)) = names.iter().find(|(ours, _)| *ours == name) else {
                if name.ends_with(".lstm.bias2") {
                    parameters.set(&name, &shape, vec![0.0; shape[0]])?;
                    continue;
                }
                return Err(Error::MissingTensor {
                    path: path.to_owned(),
                    name,
                });
            };
            let array = tensor(path, &file, theirs)?;
            let (found, mut values) = turned(array, convention);
            if name.ends_with(".dense.weight") && convention == Convention::Keras {
                values = channels_first(&config, &name, &values, shape[1]);
            }
            parameters.set(&name, &found, values)?;
        }
        Self::from_parameters(config, parameters)
    }
}

/// An array in our layout.
fn turned(array: &Array, convention: Convention) -> (Vec<usize>, Vec<f32>) {
    let (shape, values) = (&array.shape, &array.values);
    match (convention, shape.as_slice()) {
        (Convention::PyTorch, [rows, columns]) => {
            let place = |k: usize| values[(k % rows) * columns + k / rows];
            (
                vec![*columns, *rows],
                (0..values.len()).map(place).collect(),
            )
        }
        (Convention::Keras, [high, wide, n_in, n_out]) => {
            let mut out = Vec::with_capacity(values.len());
            for o in 0..*n_out {
                for i in 0..*n_in {
                    for y in 0..*high {
                        for x in 0..*wide {
                            out.push(values[((y * wide + x) * n_in + i) * n_out + o]);
                        }
                    }
                }
            }
            (vec![*n_out, *n_in, *high, *wide], out)
        }
        _ => (shape.clone(), values.clone()),
    }
}

/// Rows of the kernel after flattened maps, from the order row, column, channel to channel, row, column.
fn channels_first(config: &NetworkConfig, name: &str, values: &[f32], n_out: usize) -> Vec<f32> {
    let number = name
        .strip_prefix("branch")
        .and_then(|n| n.strip_suffix(".dense.weight"));
    let branch = number
        .and_then(|n| n.parse::<usize>().ok())
        .and_then(|n| config.branches.get(n));
    let Some(Branch::Image(image)) = branch else {
        return values.to_vec();
    };
    let (rows, columns) = match image.head {
        ImageHead::Flatten => (
            image.n_rows >> image.filters.len(),
            image.n_columns >> image.filters.len(),
        ),
        ImageHead::Pooled(side) => (side, side),
    };
    let channels = image.filters.last().copied().unwrap_or(1);
    if values.len() != rows * columns * channels * n_out {
        return values.to_vec();
    }
    let mut out = Vec::with_capacity(values.len());
    for channel in 0..channels {
        for place in 0..rows * columns {
            let row = place * channels + channel;
            out.extend_from_slice(&values[row * n_out..(row + 1) * n_out]);
        }
    }
    out
}

pub(crate) fn tensor<'a>(path: &Path, file: &'a File, name: &str) -> Result<&'a Array> {
    file.arrays.get(name).ok_or_else(|| Error::MissingTensor {
        path: path.to_owned(),
        name: name.into(),
    })
}

/// A note of the file, from JSON.
pub(crate) fn note<T: serde::de::DeserializeOwned>(
    path: &Path,
    file: &File,
    name: &str,
) -> Result<T> {
    let broken = |reason: String| Error::Checkpoint {
        path: path.to_owned(),
        reason,
    };
    let text = file
        .notes
        .get(name)
        .ok_or_else(|| broken(format!("the note {name:?} is missing")))?;
    serde_json::from_str(text).map_err(|e| broken(format!("the note {name:?} cannot be read: {e}")))
}

pub(crate) fn check_version(
    path: &Path,
    file: &File,
    format: &str,
    version: &'static str,
) -> Result<()> {
    let own = file.notes.get("format");
    if own.is_none_or(|own| own != format) {
        return Err(Error::Checkpoint {
            path: path.to_owned(),
            reason: format!("this is no {format}"),
        });
    }
    let found = file.notes.get("version").cloned().unwrap_or_default();
    if found == version {
        Ok(())
    } else {
        Err(Error::CheckpointVersion {
            path: path.to_owned(),
            expected: version,
            found,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Inputs;
    use ndarray::{Array2, Array4};

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn a_saved_network_is_read_bit_for_bit() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("net.safetensors");
        let network = Network::new(NetworkConfig::fusion(16, 2), 3)?;
        network.save(&path)?;
        assert_eq!(Network::load(&path)?, network);
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn damaged_files_are_named_and_a_good_one_survives_a_failed_write() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("net.safetensors");
        let network = Network::new(NetworkConfig::lstm(2, 1, 1), 3)?;
        network.save(&path)?;
        let good = std::fs::read(&path)?;
        for n in [0, 4, 8, 100, good.len() - 1] {
            std::fs::write(&path, &good[..n])?;
            assert!(
                matches!(Network::load(&path), Err(Error::Checkpoint { .. })),
                "{n}"
            );
        }
        let mut huge = good.clone();
        huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        std::fs::write(&path, &huge)?;
        assert!(matches!(
            Network::load(&path),
            Err(Error::Checkpoint { .. })
        ));
        let text = String::from_utf8_lossy(&good).into_owned();
        let place = text.find("\"version\":\"1\"").ok_or("no version")?;
        let mut newer = good.clone();
        newer[place + 11] = b'9';
        std::fs::write(&path, &newer)?;
        assert!(matches!(
            Network::load(&path),
            Err(Error::CheckpointVersion { found, .. }) if found == "9"
        ));
        // a folder that does not exist: nothing is written, nothing is left
        assert!(matches!(
            network.save(&folder.path().join("none/net.safetensors")),
            Err(Error::Io { .. })
        ));
        Ok(())
    }

    /// The network of a random start as another framework would hold it.
    fn foreign(network: &Network, convention: Convention) -> File {
        let mut file = File::default();
        for (name, shape, values) in network.parameters().iter() {
            let array = match (convention, shape) {
                (Convention::PyTorch, [n_in, n_out]) => Array {
                    shape: vec![*n_out, *n_in],
                    values: (0..values.len())
                        .map(|k| values[(k % n_in) * n_out + k / n_in])
                        .collect(),
                },
                (Convention::Keras, [n_out, n_in, high, wide]) => {
                    let mut out = Vec::new();
                    for y in 0..*high {
                        for x in 0..*wide {
                            for i in 0..*n_in {
                                for o in 0..*n_out {
                                    out.push(values[((o * n_in + i) * high + y) * wide + x]);
                                }
                            }
                        }
                    }
                    Array {
                        shape: vec![*high, *wide, *n_in, *n_out],
                        values: out,
                    }
                }
                // maps of 4 x 4 pixels and 32 channels, flattened row, column, channel
                (Convention::Keras, [512, n_out]) => {
                    let mut out = Vec::new();
                    for place in 0..16 {
                        for channel in 0..32 {
                            let row = channel * 16 + place;
                            out.extend_from_slice(&values[row * n_out..(row + 1) * n_out]);
                        }
                    }
                    Array {
                        shape: shape.to_vec(),
                        values: out,
                    }
                }
                _ => Array {
                    shape: shape.to_vec(),
                    values: values.to_vec(),
                },
            };
            file.arrays.insert(format!("their/{name}"), array);
        }
        file
    }

    #[test]
    fn weights_of_keras_and_pytorch_are_turned() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("other.safetensors");
        let network = Network::new(NetworkConfig::fusion(16, 1), 3)?;
        let pairs: Vec<(String, String)> = network
            .parameters()
            .iter()
            .map(|(n, _, _)| (n.to_owned(), format!("their/{n}")))
            .collect();
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        let inputs = Inputs::new()
            .with_images(Array4::from_shape_fn((2, 1, 16, 16), |(n, _, y, x)| {
                ((n + y * x) as f32).sin()
            }))
            .with_vectors(Array2::from_elem((2, 1), 0.3));
        for convention in [Convention::Keras, Convention::PyTorch] {
            foreign(&network, convention).write(&path)?;
            let read = Network::import(network.config().clone(), &path, convention, &pairs)?;
            assert_eq!(read.predict(&inputs)?, network.predict(&inputs)?);
            assert!(matches!(
                Network::import(network.config().clone(), &path, convention, &pairs[1..]),
                Err(Error::MissingTensor { .. })
            ));
        }
        Ok(())
    }
}
