"""Times xray-io beside tifffile, h5py and pyMRAW on the same files, in turns, in one run.

Usage: python3 benches/peers/xray_io.py [--rounds N] [--frames N]

Makes a virtual environment of its own with the versions below (target/peers/xray_io), writes a stack of frames of 512 x 512
pixels of 16 bits in ten forms (target/bench-xray-io-peers), builds the bench `xray_io`, and in each round runs the
Rust benches of the files and then each peer in a process of its own, one thread each. What counts is wall time of opening
and reading everything into memory; run it on a machine that is otherwise idle. The peers' sums are compared with the sum of
the frames. The last line of output is one JSON object with the medians and ratios (time of the peer over ours; for plain
reading and copying: ours reaches this share of their speed).
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "target" / "peers" / "xray_io"
FILES = ROOT / "target" / "bench-xray-io-peers"
PINNED = ["numpy==2.4.6", "tifffile==2026.3.3", "imagecodecs==2026.3.6", "h5py==3.16.0", "pyMRAW==0.33.0", "numba"]
SIZE = 512

# One process a measurement: the peer's import and first calls do not count.
TASK = r"""
import json, sys, time
import numpy as np
path, n, task = sys.argv[1], int(sys.argv[2]), sys.argv[3]
shape = (n, 512, 512)
if task.startswith("tifffile"):
    import tifffile
elif task == "h5py":
    import h5py
elif task.startswith("pymraw"):
    import pyMRAW
    if task == "pymraw_numba":
        pyMRAW._read_uint12_video_prec(path, shape)
start = time.perf_counter()
if task == "tifffile":
    out = tifffile.imread(path, maxworkers=1)
elif task == "tifffile_last":
    with tifffile.TiffFile(path) as file:
        out = file.pages[n - 1].asarray()
elif task == "h5py":
    with h5py.File(path) as file:
        out = file["exchange/data"][...]
elif task == "pymraw_numba":
    out = pyMRAW._read_uint12_video_prec(path, shape)
elif task == "pymraw_numpy":
    out = pyMRAW._read_uint12_video(path, shape)
elif task == "np_load":
    out = np.load(path)
took = time.perf_counter() - start
print(json.dumps([took, int(out.sum(dtype=np.uint64))]))
"""

# File, peer's task, which of our benches it is held against.
COMPARISONS = [
    ("plain.tif", "tifffile", "read"), ("big.tif", "tifffile", "read"), ("imagej.tif", "tifffile", "read"),
    ("deflate.tif", "tifffile", "read"), ("lzw.tif", "tifffile", "read"), ("zstd.tif", "tifffile", "read"),
    ("plain.tif", "tifffile_last", "last"), ("deflate.tif", "tifffile_last", "last"),
    ("gzip.h5", "h5py", "read"), ("contig.h5", "h5py", "read"),
    ("p12.mraw", "pymraw_numba", "read"), ("p12.mraw", "pymraw_numpy", "read"), ("vol.npy", "np_load", "read"),
]
# Ours against plain reading of the file's bytes, or copying of the decoded ones.
LIMITS = [("plain.tif", "pread"), ("big.tif", "pread"), ("imagej.tif", "pread"), ("contig.h5", "pread"),
          ("vol.npy", "pread"), ("p12.mraw", "memcpy")]


def enter_environment():
    """Starts this script again in its own environment, made first where it is missing."""
    python = HOME / ("Scripts" if os.name == "nt" else "bin") / "python"
    if Path(sys.executable).absolute() == python.absolute():
        return
    if not python.exists():
        venv.create(HOME, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PINNED], check=True)
    sys.exit(subprocess.run([python, __file__, *sys.argv[1:]]).returncode)


def write_files(n):
    """Frames with a smooth background, noise and a dark column that moves, as a camera of 12 bits gives them."""
    import h5py
    import numpy as np
    import tifffile

    FILES.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    base = 1500 + 900 * np.exp(-((x - 256) ** 2 + (y - 256) ** 2) / (2 * 220**2))
    noise = [rng.normal(0, 35, (SIZE, SIZE)).astype(np.float32) for _ in range(16)]
    frames = np.empty((n, SIZE, SIZE), np.uint16)
    for i in range(n):
        depth = 60 + 20 * np.sin(i / 12)
        keyhole = 400 * np.exp(-((x - (100 + 0.3 * i)) ** 2) / (2 * 12**2)) * (y > 150) * (y < 150 + depth)
        frames[i] = np.clip(base + keyhole + np.roll(noise[i % 16], (i * 7) % SIZE, axis=0), 0, 4095)
    options = {"photometric": "minisblack", "metadata": None}
    np.save(FILES / "vol.npy", frames)
    tifffile.imwrite(FILES / "plain.tif", frames, contiguous=False, **options)
    tifffile.imwrite(FILES / "big.tif", frames, bigtiff=True, **options)
    tifffile.imwrite(FILES / "imagej.tif", frames, imagej=True, metadata={"axes": "TYX", "fps": 50000.0})
    for codec in ("deflate", "lzw", "zstd"):
        tifffile.imwrite(FILES / f"{codec}.tif", frames, compression=codec, predictor=False, **options)
    with h5py.File(FILES / "gzip.h5", "w") as file:
        file.create_dataset("exchange/data", data=frames, chunks=(1, SIZE, SIZE), compression="gzip", compression_opts=4)
    with h5py.File(FILES / "contig.h5", "w") as file:
        file.create_dataset("exchange/data", data=frames)
    pairs = frames.reshape(-1, 2)
    first, second = pairs[:, 0], pairs[:, 1]
    packed = np.stack([first >> 4, ((first & 15) << 4) | (second >> 8), second & 255], 1).astype(np.uint8)
    (FILES / "p12.mraw").write_bytes(packed.tobytes())
    (FILES / "p12.cih").write_text(
        "#Camera Information Header\r\nRecord Rate(fps) : 50000\r\nStart Frame : 0\r\nSave Step : 1\r\n"
        f"Total Frame : {n}\r\nImage Width : {SIZE}\r\nImage Height : {SIZE}\r\nColor Bit : 12\r\nFile Format : MRaw\r\n\r\n"
    )
    return int(frames.sum(dtype=np.uint64)), int(frames[n - 1].sum(dtype=np.uint64))


def ours():
    """Runs the benches of the files; median seconds by file and kind."""
    environment = dict(os.environ, XRAY_IO_BENCH=str(FILES))
    command = ["cargo", "bench", "--quiet", "--bench", "xray_io", "--", "xray-io/file", "--warm-up-time", "0.3",
               "--measurement-time", "1", "--noplot"]
    subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    found = {}
    for path in FILES.iterdir():
        folder = ROOT / "target" / "criterion" / f"xray-io_file_{path.name}"
        for kind in ("read", "last", "pread", "memcpy"):
            estimates = folder / kind / "new" / "estimates.json"
            if estimates.exists():
                found[path.name, kind] = json.loads(estimates.read_text())["median"]["point_estimate"] * 1e-9
    return found


def peer(name, task, n):
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")
    command = [sys.executable, "-c", TASK, str(FILES / name), str(n), task]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-1:]
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=250)
    arguments = parser.parse_args()
    enter_environment()
    total, last = write_files(arguments.frames)
    rounds, failures = [], {}
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", flush=True)
        times = {("ours", *key): seconds for key, seconds in ours().items()}
        for name, task, _ in COMPARISONS:
            seconds, answer = peer(name, task, arguments.frames)
            if seconds is None:
                failures[f"{task} {name}"] = answer
                continue
            assert answer == (last if task.endswith("_last") else total), f"{task} {name}: sum {answer}"
            times[task, name] = seconds
        rounds.append(times)

    def ratio(over, under):
        values = [times[over] / times[under] for times in rounds if over in times and under in times]
        return [round(f(values), 3) for f in (statistics.median, min, max)] if values else None

    results = {}
    for name, task, kind in COMPARISONS:
        results[f"{task} {name}"] = ratio((task, name), ("ours", name, kind))
    for name, limit in LIMITS:
        results[f"share of {limit} {name}"] = ratio(("ours", name, limit), ("ours", name, "read"))
    for key, value in results.items():
        print(f"{key}: {value}")
    for key, reason in failures.items():
        print(f"failed: {key}: {reason}")
    print(json.dumps({"machine": platform.processor() or platform.machine(), "rounds": arguments.rounds,
                      "frames": arguments.frames, "pinned": PINNED, "ratios": results, "failed": list(failures)}))


if __name__ == "__main__":
    main()
