"""Writes simulated sets and their splits as the reference program draws them, so that our models see the same frames, labels and
test rows as the peers' recorded results: `python3 benches/peers/meltpool_ml_sets.py FOLDER [multi148|single148|n2000 [SIZE]]...`.

For seed s: data seed 1000 + s, split seed s. Each folder FOLDER/NAME_SIZE/s holds `table.csv` (run, absorbed energy in J, time in µs, labels
drawn without images, labels drawn with images and truth in µs, whether the row is tested in the random and in the run split, 20
values of absorptance, the newest last) and, for SIZE above 0, `images.npy`. Needs numpy alone."""
import pathlib, sys
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'crates/meltpool-sim/tests/data/spot_pulse'))
from spot_pulse import dataset, dataset_single

SEEDS = {'multi148': 10, 'single148': 10, 'n2000': 5}


def make(name, size, seed, with_images):
    if name == 'single148':
        return dataset_single(seed, max(size, 64), with_images=with_images)
    return dataset(2000 if name == 'n2000' else 148, max(size, 64), seed, with_images=with_images)


def tested(runs, seed):
    n = len(runs)
    random, by_run = np.zeros(n, int), np.zeros(n, int)
    random[np.random.default_rng(seed).permutation(n)[:n // 5]] = 1
    order = np.random.default_rng(seed).permutation(np.unique(runs))
    by_run[np.isin(runs, order[:max(1, len(order) // 5)])] = 1
    return random, by_run


def write(root, name, size):
    for s in range(SEEDS[name] if size == 0 else 5):
        folder = pathlib.Path(root) / f'{name}_{size}' / str(s)
        folder.mkdir(parents=True, exist_ok=True)
        plain = make(name, 0, 1000 + s, False)
        drawn = make(name, size, 1000 + s, True) if size else plain
        random, by_run = tested(plain['run'], s)
        if size:
            # the reference drops a copy of truth and signal with the images; labels are another draw
            assert np.array_equal(plain['seq'], drawn['seq']) and np.array_equal(plain['truth'], drawn['truth'])
            np.save(folder / 'images.npy', drawn['img'])
        columns = [plain['run'], plain['E'], plain['t'], *plain['label'].T, *drawn['label'].T, *plain['truth'].T, random, by_run,
                   *plain['seq'].T]
        names = ('run,energy_J,time_us,pool_label_um,keyhole_label_um,pool_label_images_um,keyhole_label_images_um,pool_truth_um,'
                 'keyhole_truth_um,is_random_test,is_run_test,' + ','.join(f'a{k}' for k in range(-19, 1)))
        rows = zip(*(c.tolist() for c in columns))
        (folder / 'table.csv').write_text(names + '\n' + ''.join(','.join(repr(v) for v in row) + '\n' for row in rows))
        print(folder, len(random), flush=True)


if __name__ == '__main__':
    root, wanted = sys.argv[1], sys.argv[2:]
    pairs = [(wanted[k], int(wanted[k + 1])) for k in range(0, len(wanted), 2)]
    for name, size in pairs or [('multi148', 0), ('single148', 0), ('n2000', 0), ('multi148', 64), ('multi148', 128), ('n2000', 64)]:
        write(root, name, size)
