//! Two ways of measuring velocities, compared row by row.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::statistics::{Interval, bootstrap};

/// A velocity measured twice: by hand and from the flow, for instance.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VelocityPair {
    /// What was followed: rows of one track are not independent.
    pub track: String,
    /// The reference in m/s.
    pub reference_m_s: f64,
    /// The other in m/s.
    pub measured_m_s: f64,
    /// The relative difference in percent as it was printed, if it was.
    pub printed_percent: Option<f64>,
}

/// What the pairs say.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VelocityTable {
    /// Relative difference of each pair in percent of the reference.
    pub relative_percent: Vec<f64>,
    /// Mean of the relative differences in percent.
    pub mean_percent: f64,
    /// Largest relative difference in percent.
    pub max_percent: f64,
    /// Mean of measured less reference in m/s, with a 95 % interval by drawing whole tracks.
    pub bias_m_s: Interval,
    /// Standard deviation of measured less reference in m/s, with $n - 1$.
    pub std_m_s: f64,
    /// Tracks: what is independent.
    pub n_tracks: usize,
    /// Rows whose printed percentage is not that of their own velocities, rounded as printed.
    pub inconsistent: Vec<usize>,
    /// Whether the interval of the bias lies within plus and minus the margin (two one-sided tests at 2.5 %).
    pub is_equivalent: bool,
}

impl VelocityTable {
    /// Compares pairs; equivalence is within `margin_m_s`; 2000 resamples of ChaCha8.
    ///
    /// With few tracks (the interval needs some ten) the interval is too narrow; the number of tracks says so.
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] below two pairs, [`Error::InvalidParameter`] for a reference that is not positive or a margin that is not,
    /// [`Error::NonFinite`].
    pub fn new(pairs: &[VelocityPair], margin_m_s: f64, seed: u64) -> Result<Self> {
        Error::at_least("a table of velocities", "pairs", 2, pairs.len())?;
        Error::positive("margin_m_s", margin_m_s)?;
        for pair in pairs {
            Error::positive("reference_m_s", pair.reference_m_s)?;
            Error::all_finite("measured_m_s", &[pair.measured_m_s])?;
        }
        let off = |pair: &VelocityPair| pair.measured_m_s - pair.reference_m_s;
        let relative: Vec<f64> = pairs
            .iter()
            .map(|p| 100.0 * off(p).abs() / p.reference_m_s)
            .collect();
        let n = pairs.len() as f64;
        let mean = pairs.iter().map(off).sum::<f64>() / n;
        let square = pairs
            .iter()
            .map(|p| (off(p) - mean) * (off(p) - mean))
            .sum::<f64>();
        let mut tracks: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for pair in pairs {
            tracks.entry(&pair.track).or_default().push(off(pair));
        }
        let groups: Vec<Vec<f64>> = tracks.into_values().collect();
        let bias_m_s = bootstrap(&groups, 2000, seed, |v| {
            v.iter().sum::<f64>() / v.len() as f64
        });
        Ok(Self {
            mean_percent: relative.iter().sum::<f64>() / n,
            max_percent: relative.iter().fold(0.0, |a, b| a.max(*b)),
            std_m_s: (square / (n - 1.0)).sqrt(),
            n_tracks: groups.len(),
            inconsistent: (0..pairs.len())
                .filter(|i| {
                    pairs[*i]
                        .printed_percent
                        .is_some_and(|p| (p - relative[*i]).abs() > 0.0051)
                })
                .collect(),
            is_equivalent: bias_m_s.low > -margin_m_s && bias_m_s.high < margin_m_s,
            bias_m_s,
            relative_percent: relative,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table R1 of the review record of doi 10.3390/met16050487: pore, manual, flow, printed percent.
    #[expect(clippy::approx_constant, reason = "a velocity of 3.14 m/s")]
    const TABLE_R1: [(u8, f64, f64, f64); 27] = [
        (1, 3.09, 3.14, 1.62),
        (1, 3.92, 3.91, 0.26),
        (1, 3.87, 3.84, 0.76),
        (2, 3.10, 3.16, 1.94),
        (2, 2.85, 2.84, 0.35),
        (2, 2.16, 2.12, 1.18),
        (3, 2.91, 2.93, 0.69),
        (2, 2.16, 2.15, 0.46),
        (3, 2.91, 2.87, 1.37),
        (2, 1.54, 1.51, 1.95),
        (3, 2.91, 2.96, 1.72),
        (3, 3.41, 3.46, 1.47),
        (3, 3.75, 3.70, 1.33),
        (3, 4.26, 4.22, 0.94),
        (3, 3.52, 3.57, 1.42),
        (4, 3.10, 3.07, 0.97),
        (3, 3.41, 3.35, 1.76),
        (4, 4.67, 4.64, 0.64),
        (3, 1.88, 1.86, 1.06),
        (4, 4.48, 4.51, 0.67),
        (4, 3.26, 3.30, 1.23),
        (4, 3.92, 3.90, 0.51),
        (4, 3.41, 3.36, 1.47),
        (4, 4.48, 4.46, 0.45),
        (4, 3.26, 3.27, 0.31),
        (4, 2.79, 2.75, 1.43),
        (4, 3.52, 3.50, 0.57),
    ];

    fn table() -> Vec<VelocityPair> {
        TABLE_R1
            .iter()
            .map(
                |(pore, reference_m_s, measured_m_s, printed)| VelocityPair {
                    track: format!("pore {pore}"),
                    reference_m_s: *reference_m_s,
                    measured_m_s: *measured_m_s,
                    printed_percent: Some(*printed),
                },
            )
            .collect()
    }

    #[test]
    fn table_r1_flags_two_rows() -> Result<()> {
        let found = VelocityTable::new(&table(), 0.1, 1)?;
        assert_eq!(found.inconsistent, [2, 5]);
        assert!((found.relative_percent[2] - 0.78).abs() < 0.005);
        assert!((found.relative_percent[5] - 1.85).abs() < 0.005);
        assert!(
            (found.mean_percent - 1.08).abs() < 0.005 && (found.max_percent - 1.95).abs() < 0.005
        );
        assert!((found.bias_m_s.value + 0.007).abs() < 5e-4);
        // the 0.036 m/s of summaries divides by n
        let by_n = found.std_m_s * (26.0_f64 / 27.0).sqrt();
        assert!((found.std_m_s - 0.0371).abs() < 5e-5 && (by_n - 0.036).abs() < 5e-4);
        assert_eq!(found.n_tracks, 4);
        assert!(found.is_equivalent && found.bias_m_s.low < found.bias_m_s.value);
        assert_eq!(found, VelocityTable::new(&table(), 0.1, 1)?);
        Ok(())
    }

    #[test]
    fn arithmetic_of_the_record() {
        let scale = 1.087;
        let speeds: Vec<f64> = TABLE_R1.iter().map(|r| r.1).collect();
        let (low, high) = speeds
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |r, v| (r.0.min(*v), r.1.max(*v)));
        // F47: displacements of 1.42 to 4.30 px, not 3 to 4; F46: half a pixel of that
        assert!((low / scale - 1.42).abs() < 0.005 && (high / scale - 4.30).abs() < 0.005);
        assert!(
            (50.0 * scale / high - 11.6).abs() < 0.05 && (50.0 * scale / low - 35.3).abs() < 0.05
        );
        // F45: 1.087 over 0.05 and 0.02, over 0.06 and 0.01
        assert!((scale / 0.05 - 21.7).abs() < 0.05 && (scale / 0.02 - 54.3).abs() < 0.06);
        assert!((scale / 0.06 - 18.0).abs() < 0.2 && (scale / 0.01 - 109.0).abs() < 0.5);
        // F19: 0.5 over 12 m/s; F20: 12 m/s in pixels; F40: 0.8 m/s
        assert!((50.0_f64 / 12.0 - 4.17).abs() < 0.005 && (12.0_f64 / scale - 11.04).abs() < 0.005);
        assert!((0.8_f64 / scale - 0.74).abs() < 0.005);
        // F53: two percent of the speeds
        assert!((0.02 * low - 0.03).abs() < 0.005 && (0.02 * high - 0.09).abs() < 0.005);
        // whole-pixel clicks: 3, √2, √13 and √17 px
        for (speed, px2) in [(3.26, 9.0_f64), (1.54, 2.0), (3.92, 13.0), (4.48, 17.0)] {
            assert!((px2.sqrt() * scale - speed).abs() < 0.006);
        }
        // F06, F35, F36: 29 intervals, a cycle of 24 µs, its frequency in steps of a film of 30 frames, 5 µs
        assert!((29.0_f64 / scale - 26.7).abs() < 0.05 && (24.0 * scale - 26.1_f64).abs() < 0.05);
        assert!(
            (29.0_f64 / scale / 26.1 - 1.02).abs() < 0.005 && (5.0 * scale - 5.4_f64).abs() < 0.05
        );
        assert!((1e3_f64 / 24.0 / (1e3 * scale / 30.0) - 1.15).abs() < 0.005);
        // F03: 500 mm/s
        assert!((0.5_f64 / scale - 0.460).abs() < 5e-4);
    }

    #[test]
    fn tables_without_data_are_refused() {
        assert!(VelocityTable::new(&table()[..1], 0.1, 0).is_err());
        assert!(VelocityTable::new(&table(), 0.0, 0).is_err());
        let mut bad = table();
        bad[3].reference_m_s = 0.0;
        assert!(VelocityTable::new(&bad, 0.1, 0).is_err());
    }
}
