//! What is reported of a band.

/// What an image shows of the band, with $c_k$ = 1 at zero and Nyquist and 2 elsewhere, and $S_1 = \sum w$, $S_2 = \sum w^2$.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Measure {
    /// $\big(\sum_{k \in B} c_k|X_k|^2/(N S_2)\big)^{1/2}$, the standard deviation of what lies in the band, in units of the input.
    #[default]
    Rms,
    /// The square of [`Rms`](Self::Rms), in squared units of the input.
    Power,
    /// $\sum_{k \in B} c_k|X_k|/S_1$: amplitudes of sinusoids, added.
    SumAmplitude,
    /// $\max_{k \in B} c_k|X_k|/S_1$: the amplitude of the strongest sinusoid.
    MaxAmplitude,
    /// The frequency of the largest $|X_k|$ in Hz, the lowest if several are equal; not a number where the band is empty of power.
    PeakFrequency,
    /// $\sum f_k|X_k|^2/\sum|X_k|^2$ in Hz; not a number where the band is empty of power.
    CentroidFrequency,
}
