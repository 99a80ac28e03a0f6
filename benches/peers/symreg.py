"""Runs symreg beside other programs for symbolic regression, in turns, in one run.

Usage: python3 benches/peers/symreg.py [--seconds S] [--seeds N] [--rounds R] [--gplearn] [--without NAME] [--kernel] [--setup] [ID ...]

Makes a virtual environment of its own with the versions below (target/peers/symreg), a package of its own with the Rust
crate `symbolic_regression` (target/peers/symbolic_regression), and builds the example `symreg_problems` and the bench
`symreg_kernel`. Search: for each noise-free problem of benches/data/symreg/problems.csv and each seed, first ours, then Operon and
symbolic_regression (and gplearn, which is slow, with --gplearn) on the same rows, with the same operators, one
thread, until S seconds of processor time (default 5; 2 seeds). Kernel: in each round ours (the bench symreg_kernel),
Operon's in single precision and that of dynamic_expressions, the kernel of symbolic_regression, on the same 100 trees, by
processor time.
`--without operon` or `--without symbolic_regression` leaves one out; `--setup` makes the environments, runs each peer
for a moment and ends; `--kernel` leaves out the searches. benches/peers/README.md says what favors whom. The last line of output is one JSON object.
"""

import argparse
import csv
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "target" / "peers" / "symreg"
PINNED = ["numpy==2.4.6", "pyoperon==0.6.2", "gplearn==0.4.3"]
CRATE = ROOT / "target" / "peers" / "symbolic_regression"
MANIFEST = """[package]
name = "symbolic-regression-peer"
version = "0.0.0"
edition = "2024"
publish = false

[workspace]

[dependencies]
cpu-time = "1.0.0"
dynamic_expressions = "=0.10.1"
libm = "0.2.16"
ndarray = "0.17.2"
num-traits = "0.2.19"
serde_json = "1.0.149"
symbolic_regression = "=0.12.3"
"""
TABLE = ROOT / "benches" / "data" / "symreg" / "problems.csv"
OPERON = {"add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "sqrt": "Sqrt", "exp": "Exp", "log": "Log",
          "sin": "Sin", "cos": "Cos", "tanh": "Tanh", "square": "Square"}


def problems(wanted):
    with open(TABLE, newline="", encoding="utf-8") as handle:
        rows = [r for r in csv.DictReader(handle) if float(r["noise_frac_std"]) == 0.0]
    return [r for r in rows if not wanted or any(w in r["id"] for w in wanted)]


def read(path):
    import numpy as np

    table = np.loadtxt(path, delimiter=",", skiprows=1)
    return table[:, :-1], table[:, -1]


def operon(path, operators, seconds, seed):
    """Seconds of processor time until R2 > 0.999 on the training rows, and the best R2.

    NSGA-II on R2 and length, population 1000, five Levenberg-Marquardt steps on every child, length up to 50: the
    settings of its authors' comparisons.
    """
    import numpy as np
    import pyoperon as op

    x, y = read(path)
    dataset = op.Dataset(np.asfortranarray(np.column_stack((x, y))))
    target = max(dataset.Variables, key=lambda v: v.Index)
    inputs = [v.Hash for v in dataset.Variables if v.Hash != target.Hash]
    problem = op.Problem(dataset)
    problem.TrainingRange = op.Range(0, dataset.Rows)
    problem.TestRange = op.Range(dataset.Rows - 1, dataset.Rows)
    problem.Target, problem.InputHashes = target, inputs
    primitives = op.NodeType.Constant | op.NodeType.Variable
    for name in operators:
        if name in OPERON:
            primitives |= getattr(op.NodeType, OPERON[name])
    problem.ConfigurePrimitiveSet(primitives)
    primitives = problem.PrimitiveSet
    length, depth = 50, 10
    creator = op.BalancedTreeCreator(primitives, inputs, 0.0)
    trees = op.UniformLengthTreeInitializer(creator)
    trees.ParameterizeDistribution(2, 10)
    trees.MinDepth, trees.MaxDepth = 1, 1000
    constants = op.NormalCoefficientInitializer()
    constants.ParameterizeDistribution(0, 1)
    dispatch = op.DispatchTable()
    optimizer = op.LMOptimizer(dispatch, problem, max_iter=5)
    coefficients = op.CoefficientOptimizer(optimizer)
    huge = 10**12
    error, size = op.Evaluator(problem, dispatch, op.R2(), True), op.LengthEvaluator(problem)
    evaluator = op.MultiEvaluator(problem)
    for part in (error, size):
        part.Budget = huge
        evaluator.Add(part)
    evaluator.Budget = huge
    selectors = []
    compare = op.CrowdedComparison()
    for _ in range(2):
        selector = op.TournamentSelector(compare)
        selector.TournamentSize = 5
        selectors.append(selector)
    crossover, mutation = op.SubtreeCrossover(0.9, depth, length), op.MultiMutation()
    kinds = [op.NormalOnePointMutation(), op.ChangeVariableMutation(inputs), op.ChangeFunctionMutation(primitives),
             op.ReplaceSubtreeMutation(creator, constants, depth, length),
             op.InsertSubtreeMutation(creator, constants, depth, length),
             op.RemoveSubtreeMutation(primitives)]
    kinds[0].ParameterizeDistribution(0, 1)
    for kind in kinds:
        mutation.Add(kind, 1.0)
    generator = op.BasicOffspringGenerator(evaluator, crossover, mutation, *selectors, coefficients)
    config = op.GeneticAlgorithmConfig(
        generations=10**9, max_evaluations=huge, local_iterations=5, population_size=1000, pool_size=1000,
        p_crossover=1.0, p_mutation=0.25, p_local=1.0, p_lamarck=1.0, epsilon=1e-6, seed=seed, max_time=10**9)
    sorter = op.RankSorter()
    reinserter = op.KeepBestReinserter(compare)
    algorithm = op.NSGA2Algorithm(config, problem, trees, constants, generator, reinserter, sorter)
    state = {"hit": None}
    start = time.process_time()

    def finish():
        quality = -algorithm.BestModel.GetFitness(0)
        print(json.dumps({"seconds_to_hit": state["hit"], "r2": float(quality)}), flush=True)
        os._exit(0)

    def report():
        elapsed = time.process_time() - start
        if state["hit"] is None and -algorithm.BestModel.GetFitness(0) > 0.999:
            state["hit"] = elapsed
            finish()
        if elapsed > seconds:
            finish()

    algorithm.Run(op.RandomGenerator(np.uint64(seed)), report, threads=1)
    finish()


def gplearn(path, operators, seconds, seed):
    import numpy as np
    from gplearn.genetic import SymbolicRegressor

    x, y = read(path)
    names = [n for n in operators if n in {"add", "sub", "mul", "div", "sqrt", "log", "sin", "cos"}]
    start = time.process_time()
    model = SymbolicRegressor(population_size=1000, generations=1, tournament_size=20, parsimony_coefficient=1e-3,
                              function_set=names, warm_start=True, random_state=seed)
    hit, best, generation = None, float("-inf"), 0
    with np.errstate(all="ignore"):
        while time.process_time() - start < seconds and hit is None:
            generation += 1
            model.set_params(generations=generation)
            model.fit(x, y)
            f = model.predict(x)
            matrix = np.column_stack((f, np.ones(len(f))))
            weights = np.linalg.lstsq(matrix, y, rcond=None)[0]
            best = max(best, 1 - float(((y - matrix @ weights) ** 2).sum() / ((y - y.mean()) ** 2).sum()))
            if best > 0.999:
                hit = time.process_time() - start
    print(json.dumps({"seconds_to_hit": hit, "r2": best}))


def operon_kernel(rows):
    """Node evaluations a second of Operon on the committed trees, and how many agree with numpy."""
    import numpy as np
    import pyoperon as op

    out = {}
    for name in ("arithmetic", "mixed"):
        lines = [line.split(" ", 1) for line in (TABLE.parent / f"trees_{name}.txt").read_text().splitlines() if line]
        index = np.arange(rows)
        values = np.column_stack([0.5 + ((index * 31 + k * 977) % 9973) * (1.5 / 9973.0) for k in range(10)])
        values = np.asfortranarray(values.astype(np.float32))
        dataset = op.Dataset(values)
        hashes = {v.Name: v.Hash for v in dataset.Variables}
        trees = [op.InfixParser.Parse(text, hashes) for _, text in lines]
        nodes = sum(int(count) for count, _ in lines)
        result = np.zeros((len(trees), rows), dtype=np.float32)
        op.EvaluateTrees(trees, dataset, op.Range(0, rows), result, 1)
        start, turns = time.process_time(), 0
        while time.process_time() - start < 0.5:
            op.EvaluateTrees(trees, dataset, op.Range(0, rows), result, 1)
            turns += 1
        out[name] = nodes * rows * turns / (time.process_time() - start) / 1e9
    print(json.dumps(out))


def child(*arguments):
    """A peer in a process of its own: its memory, its time."""
    python = HOME / "bin" / "python"
    done = subprocess.run([python, __file__, "--child", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def rust_peer(*arguments):
    """The Rust crate in a process of its own, on one thread."""
    program = CRATE / "target" / "release" / "symbolic-regression-peer"
    environment = os.environ | {"RAYON_NUM_THREADS": "1"}
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def set_up(peers):
    """Environment and package of the peers; what is there already is not made again."""
    if any(peer in ("operon", "gplearn") for peer in peers):
        python = HOME / "bin" / "python"
        if not python.exists():
            venv.create(HOME, with_pip=True)
        listed = subprocess.run([python, "-m", "pip", "freeze"], capture_output=True, text=True, check=True).stdout
        if not set(PINNED) <= set(listed.split()):
            subprocess.run([python, "-m", "pip", "install", "-q", *PINNED], check=True)
    if "symbolic_regression" in peers:
        (CRATE / "src").mkdir(parents=True, exist_ok=True)
        (CRATE / "Cargo.toml").write_text(MANIFEST, encoding="utf-8")
        shutil.copyfile(Path(__file__).with_name("symbolic_regression.rs"), CRATE / "src" / "main.rs")
        # Compiled for this very processor; ours chooses among two instruction sets as it runs.
        environment = os.environ | {"RUSTFLAGS": "-C target-cpu=native"}
        subprocess.run(["cargo", "build", "-q", "--release", "--target-dir", CRATE / "target"], check=True, cwd=CRATE,
                       env=environment)


def search_by(peer, path, problem, seconds, seed):
    if peer == "symbolic_regression":
        return rust_peer("search", path, problem["ops"], seconds, seed)
    return child(peer, path, problem["ops"], seconds, seed)


def try_peers(peers):
    """Each peer for a moment on a line with a little scatter, which all of them must find."""
    path = ROOT / "target" / "peers" / "line.csv"
    rows = [f"{k / 10},{(k * 7) % 11},{3 * k / 10 + 1 + 1e-3 * ((k * 5) % 7)}" for k in range(1, 60)]
    path.write_text("\n".join(["a,b,target", *rows]) + "\n", encoding="utf-8")
    problem = {"ops": "add sub mul div"}
    found = {peer: search_by(peer, path, problem, 5.0, 1) for peer in peers}
    for peer, result in found.items():
        print(f"{peer}: {result}")
    return all(result and result["seconds_to_hit"] is not None for result in found.values())


def ours(problem, seed, seconds, folder):
    command = [ROOT / "target/release/examples/symreg_problems", "--seconds", seconds, "--first-seed", seed, "--seeds", 1,
               "--write", folder, "--exactly", problem["id"]]
    text = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return json.loads(text.strip().splitlines()[-1])["problems"][0]


def kernel_of_ours(rows):
    """Gnode/s of ours by processor time, for each kind of tree and precision."""
    done = subprocess.run(["cargo", "bench", "-q", "--bench", "symreg_kernel", "--", str(rows)],
                          capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout.strip().splitlines()[-1])["gnodes"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--gplearn", action="store_true")
    parser.add_argument("--without", action="append", default=[], choices=["operon", "symbolic_regression"])
    parser.add_argument("--kernel", action="store_true")
    parser.add_argument("--setup", action="store_true")
    parser.add_argument("ids", nargs="*")
    options = parser.parse_args()
    peers = [p for p in ("operon", "symbolic_regression") if p not in options.without]
    peers += ["gplearn"] if options.gplearn else []
    set_up(peers)
    if options.setup:
        works = try_peers(peers)
        print(json.dumps({"peers": peers, "works": works}))
        sys.exit(0 if works else 1)
    subprocess.run(["cargo", "build", "-q", "--release", "--example", "symreg_problems"], check=True, cwd=ROOT)
    folder = ROOT / "target" / "peers" / "symreg_data"
    print(f"{platform.platform()}, {os.cpu_count()} cores, {', '.join(PINNED)}, symbolic_regression 0.12.3")

    kernels = {"ours_f64": [], "ours_f32": []}
    for _ in range(options.rounds):
        own = kernel_of_ours(10240)
        for precision in ("f64", "f32"):
            kernels[f"ours_{precision}"].append({name: own[name][precision] for name in own})
        if "operon" in peers:
            kernels.setdefault("operon_f32", []).append(child("kernel", 10240))
        if "symbolic_regression" in peers:
            rates = rust_peer("kernel", 10240, TABLE.parent)
            for kind in ("f64", "f32"):
                rate = rates and {name: rates[name][kind][0] for name in rates}
                kernels.setdefault(f"dynamic_expressions_{kind}", []).append(rate)
    kernel = {k: {n: statistics.median(r[n] for r in rounds) for n in ("arithmetic", "mixed")}
              for k, rounds in kernels.items() if rounds and all(rounds)}
    for name, rates in kernel.items():
        print(f"{name}: {rates['arithmetic']:.2f} and {rates['mixed']:.2f} Gnode/s, arithmetic and mixed")

    table = []
    for problem in [] if options.kernel else problems(options.ids):
        line = {"id": problem["id"]}
        for seed in range(1, options.seeds + 1):
            own = ours(problem, seed, options.seconds, folder)
            line.setdefault("ours", []).append(own["seconds_to_hit"])
            line.setdefault("exact", []).append(own["exact"])
            for peer in peers:
                found = search_by(peer, folder / f"{problem['id']}__s{seed}.csv", problem, options.seconds, seed)
                line.setdefault(peer, []).append(found and found["seconds_to_hit"])
        table.append(line)
        print(json.dumps(line), flush=True)

    def median(times):
        """Of the time to the goal, a miss counting as longer than any time; None if half of the runs miss."""
        value = statistics.median(t if t is not None else float("inf") for t in times)
        return None if value == float("inf") else value

    def against(peer):
        """Hits of a peer, problems that it solves, and on how many of them ours is faster."""
        solved = [(median(l["ours"]), median(l[peer])) for l in table if median(l[peer]) is not None]
        return {"hits": sum(t is not None for l in table for t in l[peer]), "solved": len(solved),
                "ours_faster": sum(a is not None and a < b for a, b in solved)}

    def ratio(peer):
        """Ours over the peer, in the peer's precision."""
        own = kernel[f"ours_{peer[-3:]}"]
        return {n: own[n] / kernel[peer][n] for n in ("arithmetic", "mixed")}

    print(json.dumps({
        "seconds": options.seconds, "seeds": options.seeds, "kernel_gnodes": kernel,
        "kernel_ratio": {name: ratio(name) for name in kernel if not name.startswith("ours")},
        "runs": sum(len(l["ours"]) for l in table),
        "hits": sum(t is not None for l in table for t in l["ours"]),
        "exact": sum(sum(l["exact"]) for l in table),
        "peers": {peer: against(peer) for peer in peers},
        "problems": table,
    }))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        what, *rest = sys.argv[2:]
        if what == "kernel":
            operon_kernel(int(rest[0]))
        else:
            path, operators, seconds, seed = rest
            {"operon": operon, "gplearn": gplearn}[what](path, operators.split(), float(seconds), int(seed))
    else:
        main()
