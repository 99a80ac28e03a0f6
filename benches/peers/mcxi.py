"""One band image (mean, Hann window, transform, band RMS) of 512 x 512 uint16 pixels by numpy and scipy.fft, beside the bench `mcxi`;
twelve dynamic modes of 32 frames by PyDMD.

Makes its own environment in target/peers/mcxi, builds the bench, and in each of five rounds runs ours (CPU time of the bench's
process over its images) and then each peer (CPU time of a call). Prints medians and ratios; the last line is JSON."""
import json, os, pathlib, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENV = ROOT / 'target/peers/mcxi'
PINS = ['numpy==2.4.6', 'scipy==1.17.1', 'pydmd==2025.8.1']
if sys.prefix != str(ENV):
    if not (ENV / 'bin/python').exists():
        subprocess.run([sys.executable, '-m', 'venv', str(ENV)], check=True)
        subprocess.run([str(ENV / 'bin/pip'), 'install', '--quiet', *PINS], check=True)
    os.execv(ENV / 'bin/python', [str(ENV / 'bin/python'), __file__, *sys.argv[1:]])
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
    os.environ[name] = '1'
import statistics, time
import numpy as np, scipy, scipy.fft as sf
from pydmd import DMD

OURS = ROOT / 'target/release/examples/mcxi_image_time'
subprocess.run(['cargo', 'build', '--quiet', '--release', '--example', 'mcxi_image_time'], cwd=ROOT, check=True)


def band_image(frames, fft, **kw):
    T = len(frames)
    w = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(T) / T)).astype(np.float32)[:, None, None]
    k1, k2 = 1 + T // 32, T // 4
    d = frames.astype(np.float32)
    d -= d.mean(0)
    d *= w
    X = fft(d, axis=0, **kw)[k1:k2 + 1]
    return np.sqrt(2 * (X.real**2 + X.imag**2).sum(0) / (T * (w.astype(np.float64)**2).sum()))


def cpu(f):
    start = time.process_time()
    f()
    return 1e3 * (time.process_time() - start)


results = {}
print('numpy', np.__version__, 'scipy', scipy.__version__)
for T in (32, 64, 128, 256):
    # the generator of our program: the top bits of a linear congruence
    n = T * 512 * 512
    state = np.empty(n, np.uint32)
    a, c, x = 1664525, 1013904223, np.uint64(1)
    powers = np.cumprod(np.full(4096, a, np.uint32), dtype=np.uint32)
    sums = np.cumsum(np.concatenate([[1], powers[:-1]]).astype(np.uint32), dtype=np.uint32)
    for i in range(0, n, 4096):
        state[i:i + 4096] = powers * np.uint32(x) + sums * np.uint32(c)
        x = state[i + 4095]
    frames = (500 + (state >> 16) % 1000).astype(np.uint16).reshape(T, 512, 512)
    peers = {'scipy_1_worker': lambda: band_image(frames, sf.rfft),
             'scipy_2_workers': lambda: band_image(frames, sf.rfft, workers=2),
             'numpy': lambda: band_image(frames, np.fft.rfft)}
    # the load of the machine, of which CPU times still see the caches and the memory
    load = os.getloadavg()[0]
    times = {'ours': [], 'read': [], **{name: [] for name in peers}}
    for _ in range(5):
        line = json.loads(subprocess.run([str(OURS), str(T)], check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        times['ours'].append(line['cpu_ms'])
        times['read'].append(line['read_ms'])
        for name, f in peers.items():
            times[name].append(cpu(f))
    ours_sum = line['mean']
    theirs = float(band_image(frames, sf.rfft).mean())
    assert abs(ours_sum / theirs - 1) < 1e-5, (ours_sum, theirs)
    if T == 32:
        snapshots = frames.reshape(T, -1).T.astype(np.float64)
        modes = DMD(svd_rank=12)
        pydmd_ms = statistics.median(cpu(lambda: modes.fit(snapshots)) for _ in range(3))
        assert abs(np.abs(modes.eigs).sum() / line['modes_factors'] - 1) < 1e-5, (np.abs(modes.eigs).sum(), line['modes_factors'])
        print(f"PyDMD, 12 modes of 32 frames: {pydmd_ms:.0f} ms, ours {line['modes_ms']:.0f}: {pydmd_ms / line['modes_ms']:.1f} times")
    median = {name: statistics.median(values) for name, values in times.items()}
    ratio = {name: [f(t / o for t, o in zip(times[name], times['ours'])) for f in (statistics.median, min, max)] for name in peers}
    print(f'load {load:.1f}; T = {T}: ' + ', '.join(f'{name} {ms:.2f} ms' for name, ms in median.items()))
    for name, (mid, low, high) in ratio.items():
        print(f'    {name} / ours: {mid:.1f} ({low:.1f} to {high:.1f})')
    print(f"    share of the read bandwidth: {median['read'] / median['ours']:.2f}")
    results[T] = {'median_ms': median, 'ratio': ratio, 'read_share': median['read'] / median['ours'],
                  'load': load, 'frames_per_cpu_second': 1e3 * T / median['ours']}
print(json.dumps(results))
