"""Virtual data sets of h5py: python3 generate.py FOLDER. Pixels by h5py go into expected.json."""

import hashlib
import json
import os
import sys

import h5py
import numpy as np

out = sys.argv[1]
frames = np.random.default_rng(3).integers(0, 4096, (6, 8, 10)).astype("<u2")


def path(name):
    return os.path.join(out, name)


def source(name):
    return h5py.VirtualSource(name, "exchange/data", shape=(3, 8, 10))


# Lists of version 0 and version 1, object headers of version 1 and version 2.
for tag, libver in (("old", "earliest"), ("new", "latest")):
    a, b = f"{tag}_a.h5", f"{tag}_b.h5"
    with h5py.File(path(a), "w", libver=libver) as file:
        file["exchange/data"] = frames[:3]
    with h5py.File(path(b), "w", libver=libver) as file:
        file.create_dataset("exchange/data", data=frames[3:], chunks=(1, 8, 10), compression="gzip")
    with h5py.File(path(f"{tag}_mixed.h5"), "w", libver=libver) as file:
        layout = h5py.VirtualLayout(shape=(5, 16, 23), dtype="<u2")
        layout[0:5:2, 0:8, 0:10] = source(a)
        layout[1:4:2, 8:16, 13:23] = source(b)[0:2]
        layout[0, 8:16:2, 10:20:3] = source(b)[2, 1:5, 2:6]
        layout[4, 9:11, 1:6] = source(a)[1, 0:5, 3:5]  # another shape, as many elements
        file.create_virtual_dataset("mixed", layout, fillvalue=9)

with h5py.File(path("old_frames.h5"), "w", libver="earliest") as file:
    layout = h5py.VirtualLayout(shape=(6, 8, 10), dtype="<u2")
    layout[:3], layout[3:] = source("old_a.h5"), source("old_b.h5")
    array = file.create_virtual_dataset("exchange/data", layout, fillvalue=7)
    array.attrs["units"] = "counts"

with h5py.File(path("new_same.h5"), "w", libver="latest") as file:
    for i in range(3):
        file[f"frames/f{i}"] = frames[i]
    file["line"] = frames[3].ravel()
    layout = h5py.VirtualLayout(shape=(4, 8, 10), dtype="<u2")
    for i in range(3):
        layout[i] = h5py.VirtualSource(file[f"frames/f{i}"])
    file.create_virtual_dataset("stack", layout, fillvalue=1)
    layout = h5py.VirtualLayout(shape=(8, 10), dtype="<u2")
    layout[:] = h5py.VirtualSource(file["line"])
    file.create_virtual_dataset("folded", layout)
    layout = h5py.VirtualLayout(shape=(2, 2, 8, 10), dtype="<u2")
    layout[0], layout[1] = h5py.VirtualSource(file["stack"])[0:2], h5py.VirtualSource(file["stack"])[2:4]
    file.create_virtual_dataset("nested", layout)

expected = {}
for name, array in (("old_frames.h5", "exchange/data"), ("old_mixed.h5", "mixed"), ("new_mixed.h5", "mixed"),
                    ("new_same.h5", "stack"), ("new_same.h5", "folded"), ("new_same.h5", "nested")):
    with h5py.File(path(name)) as file:
        pixels = np.ascontiguousarray(file[array][...])
    expected[f"{name}::{array}"] = {"shape": pixels.shape, "sha256": hashlib.sha256(pixels.tobytes()).hexdigest()}
with open(path("expected.json"), "w") as file:
    json.dump(expected, file, indent=1)
    file.write("\n")
