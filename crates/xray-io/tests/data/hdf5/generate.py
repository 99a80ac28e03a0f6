#!/usr/bin/env python3
"""Writes the HDF5 files of this folder: arrays that stand elsewhere.

    python generate.py OUT

Needs numpy and h5py; versions in README.md.
"""
import os
import sys

import h5py
import numpy as np

out = sys.argv[1]
frames = np.arange(2 * 3 * 4, dtype=np.uint16).reshape(2, 3, 4)
with h5py.File(os.path.join(out, "part.h5"), "w") as file:
    file["frames"] = frames
with h5py.File(os.path.join(out, "external_link.h5"), "w") as file:
    file["exchange/data"] = h5py.ExternalLink("part.h5", "/frames")
with h5py.File(os.path.join(out, "virtual.h5"), "w", libver="latest") as file:
    layout = h5py.VirtualLayout(shape=frames.shape, dtype=frames.dtype)
    layout[...] = h5py.VirtualSource("part.h5", "frames", shape=frames.shape)
    file.create_virtual_dataset("exchange/data", layout)
with h5py.File(os.path.join(out, "external_file.h5"), "w") as file:
    frames.tofile(os.path.join(out, "frames.bin"))
    file.create_dataset("exchange/data", frames.shape, frames.dtype, external=[("frames.bin", 0, frames.nbytes)])
