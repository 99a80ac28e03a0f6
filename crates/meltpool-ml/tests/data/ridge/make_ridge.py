"""Writes ridge.json: R2 and mean absolute error of the cubic ridge on the first data seed of multi148 and n2000, with the test rows.

python make_ridge.py FOLDER_OF_THE_TABLES > ridge.json"""
import csv, itertools, json, sys
import numpy as np

folder = sys.argv[1]


def poly(F, deg=3):
    n, k = F.shape
    c = [np.ones(n)]
    for d in range(1, deg + 1):
        for t in itertools.combinations_with_replacement(range(k), d):
            c.append(np.prod(F[:, t], 1))
    return np.stack(c, 1)


def fit(F, Y, tr, lam=1e-2):
    m, s = F[tr].mean(0), F[tr].std(0) + 1e-9
    Z = poly(np.clip((F - m) / s, -3, 3))
    A = Z[tr]
    R = lam * len(tr) * np.eye(Z.shape[1])
    R[0, 0] = 0
    return Z @ np.linalg.solve(A.T @ A + R, A.T @ Y[tr])


out = []
for name, file in (("multi148", "multi148_table.csv"), ("n2000", "n2000_sequences.csv")):
    rows = list(csv.DictReader(open(f"{folder}/{file}")))
    col = lambda k: np.array([float(r[k]) for r in rows])
    run, Y = col("run").astype(int), np.stack([col("pool_depth_label_um"), col("keyhole_depth_label_um")], 1)
    a = col("absorptance_t0")
    mean5 = np.mean([col(f"absorptance_t-{k}") if k else a for k in range(5)], 0)
    E, t = col("cum_signal_energy_J"), col("t_us")
    for split in ("random", "run"):
        rng = np.random.default_rng(0)
        n = len(Y)
        if split == "random":
            pm = rng.permutation(n)
            te = np.sort(pm[: n // 5])
        else:
            runs = np.unique(run)
            o = rng.permutation(runs)
            te = np.where(np.isin(run, o[: max(1, len(runs) // 5)]))[0]
        tr = np.setdiff1d(np.arange(n), te)
        for inputs, F in (("a", [a]), ("a,mean5", [a, mean5]), ("a,E,t", [a, E, t]), ("a,mean5,E,t", [a, mean5, E, t])):
            p = fit(np.stack(F, 1), Y, tr)
            r2 = 1 - ((Y[te] - p[te]) ** 2).sum(0) / ((Y[te] - Y[te].mean(0)) ** 2).sum(0)
            mae = np.abs(Y[te] - p[te]).mean(0)
            out.append(dict(set=name, split=split, inputs=inputs, r2=r2.tolist(), mae=mae.tolist(), test=te.tolist() if name == "multi148" else (te.tolist() if split == "random" else [int(x) for x in o[: max(1, len(runs) // 5)]])))
print(json.dumps(out))
