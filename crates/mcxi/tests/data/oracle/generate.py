"""Writes the .npy files of this folder with mcxi_ref.py: `python3 generate.py` (numpy 2.4, scipy 1.17)."""
import numpy as np
from mcxi_ref import *

FS = 1.087e6
ORDERS = {'none': -1, 'mean': 0, 'linear': 1, 'quadratic': 2}

def scene(T, rng):
    y, x = np.mgrid[0:12, 0:10]
    n = np.arange(T)[:, None, None]
    s = 1000 + 50 * rng.standard_normal((12, 10)) + (20 + y) * np.cos(2 * np.pi * (0.07 + 0.01 * x) * n + 0.3 * y) \
        + 3 * n / T * x + 5 * rng.standard_normal((T, 12, 10))
    return s.astype(np.float32)

rng = np.random.default_rng(7)
for T in (30, 32, 37):
    s = scene(T, rng)
    np.save(f'T{T}_input.npy', s)
    S64 = s.astype(np.float64)
    f1, f2 = 0.06 * FS, 0.25 * FS
    for win in ('rect', 'hann'):
        for o in (0, 1):
            S = Spectrum(S64, FS, win, o)
            b = f'T{T}_{win}_d{o}_'
            for name, image in (('band_rms', S.band_rms(f1, f2)), ('sum_amp', S.band_sum_amplitude(f1, f2)),
                                ('max_amp', S.band_max(f1, f2)), ('peakfreq', S.peak_frequency(f1, f2)),
                                ('centroid', S.centroid_frequency(f1, f2)), ('noise_psd', S.noise_psd_tail(0.35 * FS))):
                np.save(f'{b}{name}.npy', image)
            if (win, o) in (('rect', 0), ('hann', 1)):
                np.save(f'{b}spectrum.npy', np.stack([S.X.real, S.X.imag], -1))
    np.save(f'T{T}_bandpass_taper.npy', bandpass_sequence(S64, FS, .06 * FS, .25 * FS, .03 * FS))
    np.save(f'T{T}_bandpass_ideal_nopad.npy', bandpass_sequence(S64, FS, .06 * FS, .25 * FS, 0, pad=None))
    np.save(f'T{T}_sliding16_4.npy', sliding_band_rms(S64, FS, 16, 4, .06 * FS, .25 * FS)[0])
    np.save(f'T{T}_svd1_8.npy', svd_filter(S64, 1, 8))
    L, R, it = rpca_ialm(S64.reshape(T, -1))
    np.save(f'T{T}_rpca_sparse.npy', R.reshape(s.shape))
# What the first set lacks: other windows, orders and lengths; zero padding; many frequencies of an odd length.
rng = np.random.default_rng(11)
for T, nfft in ((64, None), (128, None), (24, 64), (50, 80), (151, None)):
    s = scene(T, rng)
    np.save(f'more_T{T}_input.npy', s)
    S64 = s.astype(np.float64)
    for win in ('rect', 'hann', 'hamming', 'blackman'):
        for name, o in ORDERS.items():
            S = Spectrum(S64, FS, win, o, nfft=nfft)
            np.save(f'more_T{T}_{win}_{name}.npy', np.stack([S.band_rms(0.06 * FS, 0.25 * FS), S.band_rms(0, 0.5 * FS)]))
