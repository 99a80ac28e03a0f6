"""Times xray-io beside tifffile, OpenCV, h5py, pyMRAW and the `tiff` crate on the same files, in turns, in one run.

Usage: python3 benches/peers/xray_io.py [--rounds N] [--frames N] [--features LIST] [--ours PROGRAM]

Makes a virtual environment of its own with the versions below (target/peers/xray_io), writes a stack of frames of 512 x 512
pixels of 16 bits in ten forms (target/bench-xray-io-peers), and in each round runs the bench `xray_io` over them (which takes
plain reading and copying of the same bytes in turns with ours, into one buffer that is used again) and then each peer in a
process of its own, one thread each. `--features xray-io/libdeflate,xray-io/zstd-c` takes the C codecs; `--ours` a program that
does what the bench does. Wall and CPU time of opening and reading everything into memory are given side by side: on a machine
that others use, CPU time is the fairer one. The peers' sums are compared with the sum of the frames. The last line of output
is one JSON object with the medians of the ratios (time of the peer over ours; for plain reading and copying: ours reaches
this share of their speed).
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
PINNED = ["numpy==2.4.6", "tifffile==2026.3.3", "imagecodecs==2026.3.6", "h5py==3.16.0", "pyMRAW==0.33.0", "numba",
          "opencv-python-headless"]
SIZE = 512

# One process a measurement, and several times in it: the peer's import and first calls do not count.
TASK = r"""
import json, sys, time
import numpy as np
path, n, task = sys.argv[1], int(sys.argv[2]), sys.argv[3]
shape = (n, 512, 512)
if task.startswith("tifffile"):
    import tifffile
elif task == "h5py":
    import h5py
elif task == "opencv":
    import cv2
    cv2.setNumThreads(1)
elif task.startswith("pymraw"):
    import pyMRAW
    if task == "pymraw_numba":
        pyMRAW._read_uint12_video_prec(path, shape)
# Where the peer can read into an array of the caller, it does: touched before and used again, as ours.
buffer = np.ones(shape, np.uint16)
def work():
    if task == "tifffile":
        return tifffile.imread(path, maxworkers=1, out=buffer)
    if task == "tifffile_last":
        with tifffile.TiffFile(path) as file:
            return file.pages[n - 1].asarray()
    if task == "h5py":
        with h5py.File(path) as file:
            file["exchange/data"].read_direct(buffer)
        return buffer
    if task == "opencv":
        return cv2.imreadmulti(path, flags=cv2.IMREAD_UNCHANGED)[1]
    if task == "pymraw_numba":
        return pyMRAW._read_uint12_video_prec(path, shape)
    if task == "pymraw_numpy":
        return pyMRAW._read_uint12_video(path, shape)
    with open(path, "rb", buffering=0) as file:
        file.seek(128)
        file.readinto(buffer)
    return buffer
times = []
for _ in range(3):
    wall, cpu = time.perf_counter(), time.process_time()
    out = work()
    times.append([time.perf_counter() - wall, time.process_time() - cpu])
print(json.dumps([times, int(sum(int(frame.sum(dtype=np.uint64)) for frame in out))]))
"""

# File, peer's task, the kind of ours that it is held against: `read` into a buffer that is used again where the peer does so
# too, `fresh` where it makes new memory, `threads` on two threads where the peer can use only one (the library of h5py holds a
# lock); `touch` is no reading at all, only new memory that is written once: no program is faster than that with new memory.
COMPARISONS = [
    ("plain.tif", "tifffile", "read"), ("big.tif", "tifffile", "read"), ("imagej.tif", "tifffile", "read"),
    ("deflate.tif", "tifffile", "read"), ("lzw.tif", "tifffile", "read"), ("lzw.tif", "opencv", "fresh"),
    ("zstd.tif", "tifffile", "read"), ("plain.tif", "tifffile_last", "last"), ("deflate.tif", "tifffile_last", "last"),
    ("gzip.h5", "h5py", "read"), ("gzip.h5", "h5py", "threads"), ("contig.h5", "h5py", "read"),
    ("p12.mraw", "pymraw_numba", "fresh"), ("p12.mraw", "pymraw_numpy", "fresh"), ("p12.mraw", "pymraw_numba", "read"),
    ("p12.mraw", "pymraw_numba", "touch"),
    ("vol.npy", "readinto", "read"),
]
# Ours against plain reading of the file's bytes, copying of the decoded ones, or the `tiff` crate, in one process.
LIMITS = [("plain.tif", "pread"), ("big.tif", "pread"), ("imagej.tif", "pread"), ("contig.h5", "pread"),
          ("p16.mraw", "pread"), ("vol.npy", "pread"), ("p12.mraw", "memcpy"), ("plain.tif", "tiff-crate"),
          ("deflate.tif", "tiff-crate"), ("lzw.tif", "tiff-crate"), ("zstd.tif", "tiff-crate")]
COMPRESSED = ["deflate.tif", "lzw.tif", "zstd.tif", "gzip.h5"]


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
    for bits, pixels in ((12, packed), (16, frames)):
        (FILES / f"p{bits}.mraw").write_bytes(pixels.tobytes())
        (FILES / f"p{bits}.cih").write_text(
            "#Camera Information Header\r\nRecord Rate(fps) : 50000\r\nStart Frame : 0\r\nSave Step : 1\r\n"
            f"Total Frame : {n}\r\nImage Width : {SIZE}\r\nImage Height : {SIZE}\r\nColor Bit : {bits}\r\n"
            "File Format : MRaw\r\n\r\n"
        )
    return int(frames.sum(dtype=np.uint64)), int(frames[n - 1].sum(dtype=np.uint64))


def ours(arguments):
    """Wall and CPU seconds of each file and kind."""
    environment = dict(os.environ, XRAY_IO_BENCH=str(FILES), XRAY_IO_BENCH_ROUNDS="5", RAYON_NUM_THREADS="2")
    command = ["cargo", "bench", "--quiet", "--bench", "xray_io", "--features", arguments.features]
    if arguments.ours:
        command = [arguments.ours, str(FILES), "5"]
    done = subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    files = json.loads(done.stdout.splitlines()[-1])
    return {("ours", name, kind): times for name, kinds in files.items() for kind, times in kinds.items()}


def peer(name, task, n):
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")
    command = [sys.executable, "-c", TASK, str(FILES / name), str(n), task]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-1:]
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=250)
    parser.add_argument("--features", default="")
    parser.add_argument("--ours")
    arguments = parser.parse_args()
    enter_environment()
    total, last = write_files(arguments.frames)
    rounds, failures = [], {}
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}, load {os.getloadavg()[0]:.1f}", flush=True)
        times = ours(arguments)
        for name, task in dict.fromkeys(comparison[:2] for comparison in COMPARISONS):
            seconds, answer = peer(name, task, arguments.frames)
            if seconds is None:
                failures[f"{task} {name}"] = answer
                continue
            assert answer == (last if task.endswith("_last") else total), f"{task} {name}: sum {answer}"
            times[task, name] = seconds
        rounds.append(times)

    def median(over, under, which):
        """The median over the rounds of the ratio of medians; in one process, of the ratios of each turn."""
        values = []
        for times in rounds:
            if over not in times or under not in times:
                continue
            a, b = [[pair[which] for pair in times[key]] for key in (over, under)]
            in_turns = over[0] == under[0] == "ours"
            values.append(statistics.median(x / y for x, y in zip(a, b) if y) if in_turns and all(b)
                          else statistics.median(a) / (statistics.median(b) or float("nan")))
        return round(statistics.median(values), 3) if values else None

    def ratio(over, under):
        return {"wall": median(over, under, 0), "cpu": median(over, under, 1)}

    results = {}
    for name, task, kind in COMPARISONS:
        results[f"{task} {name}, {kind}"] = ratio((task, name), ("ours", name, kind))
    for name, limit in LIMITS:
        label = "over ours: tiff-crate" if limit == "tiff-crate" else f"share of {limit}"
        results[f"{label} {name}"] = ratio(("ours", name, limit), ("ours", name, "read"))
    for name in COMPRESSED:
        found = ratio(("ours", name, "read"), ("ours", name, "threads"))
        results[f"efficiency on two threads {name}"] = {"wall": found["wall"] and round(found["wall"] / 2, 3), "cpu": found["cpu"]}
    for key, value in results.items():
        print(f"{key}: {value}")
    for key, reason in failures.items():
        print(f"failed: {key}: {reason}")
    print(json.dumps({"machine": platform.processor() or platform.machine(), "rounds": arguments.rounds,
                      "frames": arguments.frames, "pinned": PINNED, "load": os.getloadavg(), "ratios": results,
                      "failed": list(failures)}))


if __name__ == "__main__":
    main()
