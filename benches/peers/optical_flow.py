"""Errors and processor time of optical flow beside OpenCV, scikit-image and OpenPIV: the same pairs, one thread, one run.

Usage: python3 benches/peers/optical_flow.py [FOLDER] [--rounds R] [--pairs NAME,NAME] [--slow]

FOLDER holds pairs as `examples/flow_benchmark.rs` takes them (default: the test data where they are at hand, else the five small pairs
of `crates/optical-flow/tests/data/small`). Makes its own environment in target/peers/optical_flow. In each of R rounds (default 3) ours,
by `flow_benchmark`, then every peer on every pair; medians of processor time. Pairs of color are read as gray by OpenCV, keyhole scenes
are scored inside the pool. `--slow` adds the TV-L1 of OpenCV and scikit-image. For each pair the last lines say which peer is the
cheapest among those whose error is at most a quarter above ours, and how much longer it takes. The last line is JSON."""
import argparse, json, os, pathlib, statistics, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENV = ROOT / 'target/peers/optical_flow'
PINS = ['numpy==2.4.6', 'scipy==1.17.1', 'opencv-contrib-python-headless==5.0.0.93', 'scikit-image==0.26.0', 'openpiv==0.26.1']
if sys.prefix != str(ENV):
    if not (ENV / 'bin/python').exists():
        subprocess.run([sys.executable, '-m', 'venv', str(ENV)], check=True)
        subprocess.run([str(ENV / 'bin/pip'), 'install', '--quiet', *PINS], check=True)
    os.execv(ENV / 'bin/python', [str(ENV / 'bin/python'), __file__, *sys.argv[1:]])
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'NUMBA_NUM_THREADS', 'RAYON_NUM_THREADS'):
    os.environ[name] = '1'
import csv, time, warnings
import cv2
import numpy as np
from scipy.interpolate import RegularGridInterpolator

warnings.filterwarnings('ignore')
cv2.setNumThreads(1)
OURS = ROOT / 'target/release/examples/flow_benchmark'
METHODS = ['auto', 'fixed', 'robust', 'non-local', 'dis', 'farneback', 'lk', 'tvl1', 'piv']


def dis(preset, refine=None, stride=None, finest=None):
    def flow(a, b):
        d = cv2.DISOpticalFlow_create(preset)
        if refine is not None:
            d.setVariationalRefinementIterations(refine)
            d.setPatchStride(stride)
            d.setFinestScale(finest)
        return d.calc(a, b, None)
    return flow


def lucas_kanade(a, b):
    rows, columns = a.shape
    y, x = np.mgrid[0:rows:4, 0:columns:4]
    points = np.stack([x.ravel(), y.ravel()], -1).astype(np.float32).reshape(-1, 1, 2)
    moved, _, _ = cv2.calcOpticalFlowPyrLK(a, b, points, None, winSize=(21, 21), maxLevel=3)
    return cv2.resize((moved - points).reshape(*x.shape, 2), (columns, rows), interpolation=cv2.INTER_LINEAR)


def scikit(name, **options):
    def flow(a, b):
        import skimage.registration
        v, u = getattr(skimage.registration, 'optical_flow_' + name)(a / 255.0, b / 255.0, **options)
        return np.stack([u, v], -1)
    return flow


def openpiv(a, b, sizes=(64, 32, 16)):
    from openpiv import filters, validation, windef
    s = windef.PIVSettings()
    s.windowsizes, s.overlap, s.num_iterations = sizes, tuple(n // 2 for n in sizes), len(sizes)
    s.show_all_plots = s.show_plot = s.sig2noise_validate = False
    s.subpixel_method, s.deformation_method = 'gaussian', 'symmetric'
    a, b = a.astype(np.int32), b.astype(np.int32)
    x, y, u, v, s2n = windef.first_pass(a, b, s)
    u, v = (np.ma.masked_array(z, mask=np.ma.nomask) for z in (u, v))
    flags = validation.typical_validation(u, v, s2n, s)
    u, v = filters.replace_outliers(u, v, flags, method='localmean', max_iter=10, kernel_size=2)
    for i in range(1, len(sizes)):
        x, y, u, v, s2n, _ = windef.multipass_img_deform(a, b, i, x, y, u, v, s)
    u, v = np.ma.filled(u, 0.0), np.ma.filled(v, 0.0)
    gy, gx = np.mgrid[0:a.shape[0], 0:a.shape[1]]
    ys, xs = y[:, 0], x[0, :]
    if ys[0] > ys[-1]:
        ys, u, v = ys[::-1], u[::-1], v[::-1]
    at = (np.clip(gy, ys[0], ys[-1]), np.clip(gx, xs[0], xs[-1]))
    return np.stack([RegularGridInterpolator((ys, xs), np.asarray(c, float), bounds_error=False, fill_value=None)(at)
                     for c in (u, v)], -1)


PEERS = {'DIS fast': dis(1), 'DIS medium': dis(2), 'DIS fs0 vr10': dis(2, 10, 3, 0),
         'Farnebaeck': lambda a, b: cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 3, 15, 3, 5, 1.2, 0),
         'PyrLK (4 px grid)': lucas_kanade,
         'DeepFlow': lambda a, b: cv2.optflow.createOptFlow_DeepFlow().calc(a, b, None),
         'skimage ILK r7': scikit('ilk', radius=7), 'OpenPIV 64/32/16': openpiv}
SLOW = {'TV-L1': lambda a, b: cv2.optflow.DualTVL1OpticalFlow_create().calc(a, b, None), 'skimage TV-L1': scikit('tvl1')}


def read_flo(path):
    data = path.read_bytes()
    columns, rows = np.frombuffer(data, '<i4', 2, 4)
    return np.frombuffer(data, '<f4', 2 * rows * columns, 12).reshape(rows, columns, 2)


def error(flow, truth, mask):
    known = (np.abs(truth) < 1e9).all(-1) & (mask if mask is not None else True)
    return float(np.hypot(*np.moveaxis(flow - truth, -1, 0))[known].mean())


def folder_of_pairs(given):
    if given:
        return pathlib.Path(given)
    for base in (os.environ.get('MELTPOOL_TEST_DATA'), ROOT / 'shared/data', ROOT / '../shared/data'):
        if base and (pathlib.Path(base) / 'optical-flow').exists():
            return pathlib.Path(base) / 'optical-flow'
    return ROOT / 'crates/optical-flow/tests/data/small'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', nargs='?')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--pairs')
    parser.add_argument('--slow', action='store_true')
    options = parser.parse_args()
    folder = folder_of_pairs(options.folder).resolve()
    truths = ENV / 'truth'
    truths.mkdir(exist_ok=True)
    for left in truths.glob('*.flo'):
        left.unlink()
    subprocess.run(['cargo', 'build', '--quiet', '--release', '--example', 'flow_benchmark'], cwd=ROOT, check=True)
    peers = PEERS | (SLOW if options.slow else {})
    times, errors = {}, {}
    print('OpenCV', cv2.__version__, PINS[3], PINS[4], 'load', round(os.getloadavg()[0], 1))
    for _ in range(options.rounds):
        command = [str(OURS), str(folder), '--methods', ','.join(METHODS), '--export', str(truths)]
        command += ['--pairs', options.pairs] if options.pairs else []
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        with open(ROOT / 'target/figures/flow_benchmark/flow_benchmark.csv') as table:
            for row in csv.DictReader(table):
                times.setdefault((row['pair'], 'ours ' + row['method']), []).append(float(row['cpu_ms']))
                errors[row['pair'], 'ours ' + row['method']] = float(row['aee_px'])
        for truth in sorted(truths.glob('*.flo')):
            pair = truth.stem
            place = next(p for p in sorted(folder.rglob('frame10.png')) if p.parent.name == pair and (
                cv2.imread(str(p), 0).shape == read_flo(truth).shape[:2])).parent
            a, b = (cv2.imread(str(place / name), 0) for name in ('frame10.png', 'frame11.png'))
            inside = place.parent / 'keyhole_pool_mask.png'
            mask = cv2.imread(str(inside), 0) > 0 if pair.startswith('keyhole') and inside.exists() else None
            for name, flow in peers.items():
                start = time.process_time()
                try:
                    found = flow(a, b)
                except Exception as problem:
                    print('failed:', name, pair, repr(problem)[:120])
                    continue
                times.setdefault((pair, name), []).append(1e3 * (time.process_time() - start))
                errors[pair, name] = error(np.asarray(found, float), read_flo(truth), mask)
    out = {}
    for pair in sorted({pair for pair, _ in errors}):
        table = {name: {'aee_px': e, 'cpu_ms': statistics.median(times[p, name])} for (p, name), e in errors.items() if p == pair}
        print(f'{pair}: ' + ', '.join(f"{n} {v['aee_px']:.4f} px {v['cpu_ms']:.1f} ms" for n, v in table.items()))
        own = [table['ours ' + m] for m in METHODS]
        best = min(own, key=lambda v: v['aee_px'])
        rivals = {n: v for n, v in table.items() if not n.startswith('ours')}
        least = min(v['aee_px'] for v in rivals.values())
        line = {'methods': table, 'error_over_best_peer': best['aee_px'] / least,
                'automatic_error_over_best_peer': table['ours auto']['aee_px'] / least}
        for m in METHODS:
            near = {n: v for n, v in rivals.items() if v['aee_px'] <= 1.25 * table['ours ' + m]['aee_px']}
            if near:
                cheapest = min(near, key=lambda n: near[n]['cpu_ms'])
                ratio = near[cheapest]['cpu_ms'] / table['ours ' + m]['cpu_ms']
                line['time_ratio_' + m] = {'peer': cheapest, 'ratio': ratio}
                print(f'    {m}: {cheapest} takes {ratio:.1f} times as long')
            else:
                print(f'    {m}: no peer is as good')
        out[pair] = line
    print(json.dumps(out))


main()
