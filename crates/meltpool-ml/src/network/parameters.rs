//! Named arrays of numbers: what a network has learned.

use super::config::{Init, NetworkConfig};
use super::graph::{Part, Role, record};
use crate::error::{Error, Result};
use crate::random::{Purpose, Random};

/// The parameters of a network: plain arrays with names, in the order of its layers.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    pub(crate) names: Vec<String>,
    pub(crate) shapes: Vec<Vec<usize>>,
    pub(crate) values: Vec<Vec<f32>>,
}

impl Parameters {
    /// The start of a network: the same seed gives the same bits on every machine and device.
    ///
    /// # Errors
    /// As [`NetworkConfig::validate`].
    pub fn new(config: &NetworkConfig, seed: u64) -> Result<Self> {
        let parts = record(config)?;
        let values = parts.iter().enumerate().map(|(k, part)| {
            let n: usize = part.shape.iter().product();
            initial(
                part.role,
                n,
                config.init,
                &mut Random::new(seed, Purpose::Initial, k as u64),
            )
        });
        Ok(Self {
            values: values.collect(),
            names: parts.iter().map(|p| p.name.clone()).collect(),
            shapes: parts.into_iter().map(|p: Part| p.shape).collect(),
        })
    }

    /// Number of arrays.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Number of values in all arrays.
    pub fn n_values(&self) -> usize {
        self.values.iter().map(Vec::len).sum()
    }

    /// Names, shapes and values, row by row.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[usize], &[f32])> {
        let rest = self.shapes.iter().zip(&self.values);
        self.names
            .iter()
            .zip(rest)
            .map(|(name, (shape, values))| (name.as_str(), shape.as_slice(), values.as_slice()))
    }

    /// The array of a name.
    pub fn get(&self, name: &str) -> Option<(&[usize], &[f32])> {
        self.iter()
            .find(|(own, _, _)| *own == name)
            .map(|(_, shape, values)| (shape, values))
    }

    /// Replaces the values of an array.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for an unknown name, [`Error::ShapeMismatch`] for another shape.
    pub fn set(&mut self, name: &str, shape: &[usize], values: Vec<f32>) -> Result<()> {
        let Some(k) = self.names.iter().position(|own| own == name) else {
            return Err(Error::InvalidParameter {
                name: "name",
                requirement: "that of an array of this network",
                found: name.into(),
            });
        };
        if self.shapes[k] != shape || values.len() != self.values[k].len() {
            return Err(Error::ShapeMismatch {
                what: name.into(),
                expected: self.shapes[k].clone(),
                found: shape.to_vec(),
            });
        }
        self.values[k] = values;
        Ok(())
    }

    /// Refuses parameters that are not those of a network.
    pub(crate) fn fit(&self, config: &NetworkConfig) -> Result<()> {
        let parts = record(config)?;
        crate::error::same_length("the parameters", parts.len(), self.len())?;
        for (part, (name, shape, values)) in parts.iter().zip(self.iter()) {
            if part.name != name
                || part.shape != shape
                || values.len() != shape.iter().product::<usize>()
            {
                return Err(Error::ShapeMismatch {
                    what: format!("{name}, where {} is expected", part.name),
                    expected: part.shape.clone(),
                    found: shape.to_vec(),
                });
            }
        }
        Ok(())
    }
}

fn initial(role: Role, n: usize, init: Init, rng: &mut Random) -> Vec<f32> {
    let mut uniform = |limit: f64, n: usize| -> Vec<f32> {
        (0..n)
            .map(|_| (limit * (2.0 * rng.uniform() - 1.0)) as f32)
            .collect()
    };
    let inverse_root = |n: usize| 1.0 / (n as f64).sqrt();
    let glorot = |n_in: usize, n_out: usize| (6.0 / (n_in + n_out) as f64).sqrt();
    match (role, init) {
        (Role::Share { n_branches }, _) => vec![1.0 / n_branches as f32; n],
        (Role::Kernel { fan_in, fan_out }, Init::Keras) => uniform(glorot(fan_in, fan_out), n),
        (Role::Kernel { fan_in, .. }, _) | (Role::Bias { fan_in }, Init::PyTorch) => {
            uniform(inverse_root(fan_in), n)
        }
        (Role::Input { n_inputs, n_hidden }, Init::Keras) => {
            uniform(glorot(n_inputs, 4 * n_hidden), n)
        }
        (Role::Recurrent { n_hidden }, Init::Keras) => orthogonal(n_hidden, 4 * n_hidden, rng),
        (Role::Input { n_hidden, .. } | Role::Recurrent { n_hidden }, _)
        | (Role::GateBias { n_hidden, .. }, Init::PyTorch) => uniform(inverse_root(n_hidden), n),
        (
            Role::GateBias {
                n_hidden,
                first: true,
            },
            Init::Keras,
        ) => (0..4 * n_hidden)
            .map(|k| f32::from(u8::from(k / n_hidden == 1)))
            .collect(),
        (Role::Bias { .. } | Role::GateBias { .. }, _) => vec![0.0; n],
    }
}

/// Rows that are orthonormal, from normal numbers by Gram and Schmidt, twice for accuracy.
fn orthogonal(n_rows: usize, n_columns: usize, rng: &mut Random) -> Vec<f32> {
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(n_rows);
    while rows.len() < n_rows {
        let mut row: Vec<f64> = (0..n_columns).map(|_| rng.normal()).collect();
        for _ in 0..2 {
            for other in &rows {
                let along: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
                for (value, other) in row.iter_mut().zip(other) {
                    *value -= along * other;
                }
            }
        }
        let norm = row.iter().map(|v| v * v).sum::<f64>().sqrt();
        rows.push(row.into_iter().map(|v| v / norm).collect());
    }
    rows.into_iter().flatten().map(|v| v as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recurrent_kernels_of_keras_are_orthogonal_and_forget_gates_start_open() -> Result<()> {
        let p = Parameters::new(&NetworkConfig::lstm(5, 1, 1), 3)?;
        let (_, recurrent) = p.get("branch0.lstm.recurrent").unwrap_or_default();
        for i in 0..32 {
            for j in 0..32 {
                let rows = recurrent[i * 128..][..128]
                    .iter()
                    .zip(&recurrent[j * 128..][..128]);
                let product: f32 = rows.map(|(a, b)| a * b).sum();
                let expected = f32::from(u8::from(i == j));
                assert!((product - expected).abs() < 1e-5, "{i} {j} {product}");
            }
        }
        let (_, bias) = p.get("branch0.lstm.bias").unwrap_or_default();
        assert_eq!(bias.iter().sum::<f32>(), 32.0);
        assert_eq!(bias[32], 1.0);
        Ok(())
    }

    #[test]
    fn starts_keep_their_limits_and_depend_on_the_seed() -> Result<()> {
        for init in [Init::PyTorch, Init::ZeroBias] {
            let config = NetworkConfig::cnn(16, 2, 2).with_init(init);
            let p = Parameters::new(&config, 1)?;
            let (_, kernel) = p.get("branch0.conv1.weight").unwrap_or_default();
            let limit = 1.0 / (32.0_f32 * 9.0).sqrt();
            let top = kernel.iter().fold(0.0_f32, |top, v| top.max(v.abs()));
            assert!(top <= limit && top > 0.99 * limit, "{top} {limit}");
            let (_, bias) = p.get("branch0.conv1.bias").unwrap_or_default();
            assert_eq!(bias.iter().all(|b| *b == 0.0), init == Init::ZeroBias);
            assert_eq!(p, Parameters::new(&config, 1)?);
            assert_ne!(p, Parameters::new(&config, 2)?);
        }
        Ok(())
    }

    #[test]
    fn arrays_are_replaced_only_by_their_like() -> Result<()> {
        let mut p = Parameters::new(&NetworkConfig::lstm(1, 1, 1), 0)?;
        p.set("output.bias", &[1], vec![2.0])?;
        assert_eq!(p.get("output.bias"), Some((&[1][..], &[2.0][..])));
        assert!(p.set("output.bias", &[2], vec![2.0, 3.0]).is_err());
        assert!(p.set("unknown", &[1], vec![2.0]).is_err());
        Ok(())
    }
}
