"""Times dimless beside other programs for dimensional analysis, in turns, in one run.

Usage: python3 benches/peers/dimless.py [--rounds N] [--buckinghampy FOLDER] [--pydimension FOLDER] [--it-pi FOLDER]

Makes a virtual environment of its own with the versions below (target/peers/dimless), builds the bench `dimless`, and in
each round runs first the Rust benches and then the peers. BuckinghamPy, PyDimension and IT-PI are not in the package
registry (a package of a like name is another program): give the folder of a checkout, at the commit below, to measure
one; else the recorded figure is printed, marked "recorded". benches/peers/README.md says what is compared with what. The last
line of output is one JSON object with the medians and ratios (peer over ours).
"""

import argparse
import contextlib
import csv
import importlib.util
import io
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "target" / "peers" / "dimless"
PINNED = ["numpy==2.4.6", "scipy==1.17.1", "sympy==1.14.0", "pint==0.25.3"]
# Only where a checkout is given.
EXTRA = {"buckinghampy": ["tabulate==0.9.0"], "pydimension": ["scikit-learn==1.9.1"], "it_pi": ["cma==4.5.0"]}
COMMITS = {"buckinghampy": "e02cca3", "pydimension": "7cf5aa9", "it_pi": "000e138"}
# Seconds (least, most) by earlier runs of the commits above: Python 3.11.7, numpy 2.4.6, scipy 1.17.1, sympy 1.14.0,
# scikit-learn 1.9.1, cma 4.5.0, on a shared machine of two cores. PyDimension: pattern search of 20 starts on the
# 71 Ti-6Al-4V rows; IT-PI: main() with one input, kraskov, k = 8, on the same rows.
RECORDED = {"buckinghampy": (6.9, 10.1), "pydimension": (2.5, 2.5), "it_pi": (8.2, 8.2)}

# Exponents of mass, length, time, temperature; the systems of benches/dimless.rs.
KEYHOLE_2021 = {
    "etaP": (1, 2, -3, 0), "V": (0, 1, -1, 0), "r0": (0, 1, 0, 0), "alpha": (0, 2, -1, 0),
    "rho": (1, -3, 0, 0), "cp": (0, 2, -2, -1), "dT": (0, 0, 0, 1),
}
CONVECTION_12 = {
    "U": (0, 1, -1, 0), "L": (0, 1, 0, 0), "D": (0, 1, 0, 0), "rho": (1, -3, 0, 0), "mu": (1, -1, -1, 0),
    "k": (1, 1, -3, -1), "cp": (0, 2, -2, -1), "dT": (0, 0, 0, 1), "g": (0, 1, -2, 0), "beta": (0, 0, 0, -1),
    "sigma": (1, 0, -2, 0), "omega": (0, 0, -1, 0),
}
# Constants published beside the keyhole depths; absorptivity max(minimum, 0.7 (1 - exp(-C P/(V d^2)))).
# Density, heat capacity, diffusivity, liquidus less ambient, minimum, C: the crate's records.
CONSTANTS = {
    "Ti-6Al-4V": (3920.0, 830.0, 1.02656e-5, 1630.0, 0.26, 3.494e-11),
    "Al6061": (2415.0, 1170.0, 3.18522e-5, 622.0, 0.10, 3.2505e-12),
    "SS316": (6881.0, 790.0, 4.9485e-6, 1430.0, 0.33, 2.512e-11),
}
# Ours. The last ones are the search in data; a build without them says so.
BENCHES = {
    "basis_keyhole": "dimless/pi_basis/keyhole_2021",
    "units_keyhole": "dimless/pi_basis/keyhole_2021_from_units",
    "basis_convection": "dimless/pi_basis/convection_12",
    "sets_convection": "dimless/repeating_sets/convection_12",
    "search_keyhole": "dimless/lattice_search/keyhole_71",
}
# What is compared: name of the comparison, ours, peer.
COMPARISONS = [
    ("units and basis of keyhole_2021: pint pi_theorem", "units_keyhole", "pint_keyhole"),
    ("basis of keyhole_2021: pint pi_theorem", "basis_keyhole", "pint_keyhole"),
    ("basis of keyhole_2021: sympy nullspace", "basis_keyhole", "sympy_keyhole"),
    ("basis of convection_12: pint pi_theorem", "basis_convection", "pint_convection"),
    ("basis of convection_12: sympy nullspace", "basis_convection", "sympy_convection"),
    ("all sets of convection_12: BuckinghamPy", "sets_convection", "buckinghampy"),
    ("group of 71 keyhole depths: scipy, free exponents", "search_keyhole", "scipy_free"),
    ("group of 71 keyhole depths: PyDimension", "search_keyhole", "pydimension"),
    ("group of 71 keyhole depths: IT-PI", "search_keyhole", "it_pi"),
]


def enter_environment(extra):
    """Starts this script again in its own environment, made first where it is missing."""
    python = HOME / ("Scripts" if os.name == "nt" else "bin") / "python"
    if Path(sys.prefix).resolve() == HOME.resolve():
        return
    if not python.exists():
        venv.create(HOME, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINNED, *extra], check=True)
    one_thread = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    sys.exit(subprocess.run([python, __file__, *sys.argv[1:]], env={**os.environ, **one_thread}).returncode)


# ---------------------------------------------------------------- ours


def build():
    """The bench executable and the names of its benches."""
    command = ["cargo", "bench", "--bench", "dimless", "--no-run", "--message-format=json"]
    out = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    artifacts = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    paths = [a["executable"] for a in artifacts if a.get("executable") and a["target"]["name"] == "dimless"]
    listed = subprocess.run([paths[-1], "--bench", "--list"], check=True, stdout=subprocess.PIPE, text=True).stdout
    names = {line.rsplit(": ", 1)[0] for line in listed.splitlines() if line.endswith(": benchmark")}
    return paths[-1], names


def run_bench(executable, name):
    """Criterion's median of one bench, in seconds."""
    home = HOME / "criterion"
    options = ["--warm-up-time", "0.2", "--measurement-time", "0.5", "--sample-size", "20", "--noplot"]
    command = [executable, "--bench", *options, f"^{name}$"]
    environment = {**os.environ, "CRITERION_HOME": str(home), "RAYON_NUM_THREADS": "1"}
    subprocess.run(command, cwd=ROOT, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    group, size = name.rsplit("/", 1)
    estimates = home / group.replace("/", "_") / size / "new" / "estimates.json"
    return json.loads(estimates.read_text())["median"]["point_estimate"] * 1e-9


# ---------------------------------------------------------------- peers


def timed(function, least=0.2):
    """CPU seconds of one call, over as many as take `least` seconds."""
    calls, start = 0, time.process_time()
    while True:
        function()
        calls += 1
        elapsed = time.process_time() - start
        if elapsed >= least:
            return elapsed / calls


def columns(system):
    return list(zip(*system.values()))


def is_group(system, powers):
    """Whether a product of powers is dimensionless, exactly."""
    from sympy import nsimplify

    exponents = [nsimplify(powers.get(name, 0), rational=True) for name in system]
    return any(exponents) and all(sum(e * c for e, c in zip(exponents, row)) == 0 for row in columns(system))


def pint_peer(system):
    import pint

    names = ("[mass]", "[length]", "[time]", "[temperature]")
    texts = {
        name: "*".join(f"{base}**{power}" for base, power in zip(names, powers) if power)
        for name, powers in system.items()
    }
    registry = pint.UnitRegistry()
    groups = registry.pi_theorem(texts)
    return (lambda: registry.pi_theorem(texts)), len(groups), all(is_group(system, g) for g in groups)


def sympy_peer(system):
    from sympy import Matrix

    rows = columns(system)
    vectors = Matrix(rows).nullspace()
    good = all(is_group(system, dict(zip(system, v))) for v in vectors)
    return (lambda: Matrix(rows).nullspace()), len(vectors), good


def keyhole_rows():
    """Columns of KEYHOLE_2021 in its order, depth in radii, and alloy, from the crate's own table."""
    import numpy as np

    inputs, target, alloys = [], [], []
    with open(ROOT / "crates/dimless/data/keyhole.csv", newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(line for line in handle if not line.startswith("#")):
            power, speed, spot, depth = (
                float(row[k]) for k in ("power [W]", "scan_speed [m/s]", "spot_diameter [m]", "keyhole_depth [m]")
            )
            rho, cp, alpha, rise, minimum, c = CONSTANTS[row["material"]]
            eta = max(minimum, 0.7 * (1 - math.exp(-c * power / (speed * spot**2))))
            inputs.append((eta * power, speed, spot / 2, alpha, rho, cp, rise))
            target.append(depth / (spot / 2))
            alloys.append(row["material"])
    return np.array(inputs), np.array(target), np.array(alloys) == "Ti-6Al-4V"


def r2(measured, predicted):
    return 1 - ((measured - predicted) ** 2).sum() / ((measured - measured.mean()) ** 2).sum()


def scipy_peer():
    """Power to the first, free exponents of speed and radius, the rest by homogeneity; a line; Nelder-Mead, 3 starts."""
    import numpy as np
    from scipy.optimize import minimize

    inputs, target, train = keyhole_rows()
    dimensions = np.array(columns(KEYHOLE_2021), float)
    rest = -np.linalg.inv(dimensions[:, 3:]) @ dimensions[:, :3]
    logs = np.log(inputs)
    x, y = logs[train], target[train]

    def exponents(free):
        given = np.array([1.0, *free])
        return np.concatenate([given, rest @ given])

    def fit(free):
        group = x @ exponents(free)
        matrix = np.column_stack([np.ones(len(y)), np.exp(group - group.mean())])
        coefficients = np.linalg.lstsq(matrix, y, rcond=None)[0]
        return coefficients, group.mean(), r2(y, matrix @ coefficients)

    def search():
        starts = ([-0.5, -1.5], [-1.0, -2.0], [0.0, -1.0])
        found = [minimize(lambda free: -fit(free)[2], s, method="Nelder-Mead") for s in starts]
        return min(found, key=lambda f: f.fun)

    best = search()
    coefficients, center, score = fit(best.x)
    other = np.exp(logs[~train] @ exponents(best.x) - center)
    answer = {
        "exponents_V_r0_alpha": [round(float(e), 3) for e in exponents(best.x)[1:4]],
        "r2_train": round(float(score), 4),
        "r2_other_alloys": round(float(r2(target[~train], coefficients[0] + coefficients[1] * other)), 2),
    }
    return search, answer


def load(folder, *candidates):
    path = next((Path(folder) / c for c in candidates if (Path(folder) / c).exists()), None)
    if path is None:
        raise FileNotFoundError(f"none of {candidates} in {folder}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def buckinghampy_peer(folder):
    module = load(folder, "buckinghampy/buckinghampi.py", "src/buckinghampi.py")

    def all_sets():
        problem = module.BuckinghamPi()
        # All sets: the program stops at 20 a variable unless told otherwise.
        setattr(problem, "_BuckinghamPi__flagged_var_max_sets", 10**9)
        for name, powers in CONVECTION_12.items():
            text = "*".join(f"{base}**({power})" for base, power in zip("mltk", powers) if power)
            problem.add_variable(name=name, dimensions=text)
        problem.generate_pi_terms()
        return len(problem.pi_terms)

    return all_sets, {"sets": all_sets(), "expected": 273}


def pydimension_peer(folder):
    import numpy as np

    module = load(folder, "scaling_law/utils/solver.py")
    inputs, target, train = keyhole_rows()
    # Columns: Pe, V^2/(cp dT), etaP/(V^3 r0^2 rho).
    basis = np.array([
        [0, 1, 1, -1, 0, 0, 0],
        [0, 2, 0, 0, 0, -1, -1],
        [1, -3, -2, 0, -1, 0, 0],
    ]).T

    def search():
        return module.DimensionlessLearning(inputs[train], target[train], basis).fit(method="pattern_search", seed=0)

    score, powers, _ = search()
    return search, {"r2_train": round(float(score), 4), "exponents": [round(float(p), 3) for p in np.ravel(powers)]}


def it_pi_peer(folder):
    import numpy as np

    module = load(folder, "IT_PI.py")
    inputs, target, train = keyhole_rows()
    order = ["etaP", "V", "rho", "cp", "dT", "r0", "alpha"]
    names = list(KEYHOLE_2021)
    x = inputs[train][:, [names.index(n) for n in order]]
    dimensions = np.asmatrix(np.array([KEYHOLE_2021[n] for n in order], float).T)

    def search():
        with contextlib.redirect_stdout(io.StringIO()):
            return module.main(x, target[train].reshape(-1, 1), dimensions, order, num_input=1, estimator="kraskov",
                               estimator_params={"k": 8}, seed=42)

    return search, {"label": search()["labels"][0]}


# ---------------------------------------------------------------- the run


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="turns of ours and theirs; at least 5 count (default 5)")
    for peer in EXTRA:
        parser.add_argument(f"--{peer.replace('_', '-')}", metavar="FOLDER", help=f"a checkout at {COMMITS[peer]}")
    arguments = parser.parse_args()
    given = {peer: getattr(arguments, peer) for peer in EXTRA if getattr(arguments, peer)}
    enter_environment([package for peer in given for package in EXTRA[peer]])

    peers, answers, failed = {}, {}, {}
    for name, system in (("keyhole", KEYHOLE_2021), ("convection", CONVECTION_12)):
        for kind, make in (("pint", pint_peer), ("sympy", sympy_peer)):
            peers[f"{kind}_{name}"], count, good = make(system)
            expected = len(system) - 4
            answers[f"{kind}_{name}"] = {"groups": count, "expected": expected, "all_dimensionless": good}
    peers["scipy_free"], answers["scipy_free"] = scipy_peer()
    for peer, make in (("buckinghampy", buckinghampy_peer), ("pydimension", pydimension_peer), ("it_pi", it_pi_peer)):
        if peer in given:
            try:
                peers[peer], answers[peer] = make(given[peer])
            except Exception as error:  # whatever another program raises is reported, not hidden
                failed[peer] = f"{type(error).__name__}: {error}"

    executable, known = build()
    ours = {key: name for key, name in BENCHES.items() if name in known}
    times = {name: [] for name in [*ours, *peers]}
    for turn in range(arguments.rounds):
        for key, name in ours.items():
            times[key].append(run_bench(executable, name))
        for key, function in peers.items():
            times[key].append(timed(function))
        print(f"round {turn + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
    median = {key: statistics.median(values) for key, values in times.items()}

    print(f"{platform.platform()}, Python {platform.python_version()}, {', '.join(PINNED)}; medians of {arguments.rounds} rounds")
    print("ours: wall clock by criterion, one thread; theirs: CPU time, one thread; a shared machine")
    summary = {}
    for label, mine, peer in COMPARISONS:
        entry = {"ours_s": median.get(mine), "peer_s": median.get(peer), "recorded": False, "ratio": None}
        text_ours = f"{1e6 * median[mine]:.2f} us" if mine in median else "not in this build"
        if peer in failed:
            text_peer = f"failed, {failed[peer]}"
            entry["failed"] = failed[peer]
        elif peer in median:
            text_peer = f"{1e6 * median[peer]:.0f} us"
        else:
            low, high = RECORDED[peer]
            span = f"{low} s" if low == high else f"{low} to {high} s"
            text_peer = f"{span} (recorded, {COMMITS[peer]})"
            entry.update(peer_s=low, recorded=True)
        shown = ""
        if mine in median and peer in median:
            turns = [theirs / our for theirs, our in zip(times[peer], times[mine])]
            entry["ratio"] = round(median[peer] / median[mine], 1)
            entry["ratio_least_most"] = [round(min(turns), 1), round(max(turns), 1)]
            shown = f", ratio {entry['ratio']}"
        elif mine in median and entry["recorded"]:
            # Of two runs, so no measured ratio.
            entry["ratio_to_recorded"] = round(entry["peer_s"] / median[mine], 1)
            shown = f", about {entry['ratio_to_recorded']:.0f} times the least recorded"
        print(f"   {label}: {text_peer}; ours {text_ours}{shown}")
        summary[f"{mine}/{peer}"] = entry
    print("answers of the peers (ours are held by the tests of the crate):")
    for peer, answer in answers.items():
        print(f"   {peer}: {answer}")
    print(json.dumps({"rounds": arguments.rounds, "comparisons": summary, "answers": answers}))


if __name__ == "__main__":
    main()
