#!/usr/bin/env python3
"""Writes the HDF5 files of this folder: arrays that stand elsewhere, and arrays compressed by blosc.

    python generate.py OUT

Needs numpy, h5py and hdf5plugin; versions in README.md.
"""
import os
import sys

import h5py
import hdf5plugin
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

# A ramp with steps and noise: matches near and far, runs, and streams that do not compress.
rng = np.random.default_rng(3)
ramp = (np.arange(150 * 170).reshape(1, 150, 170) // 97 % 600).astype(np.uint16)
ramp[0, 60:64] += rng.integers(0, 3, (4, 170), dtype=np.uint16)
ramp[0, 20:50] = 0
with h5py.File(os.path.join(out, "blosc.h5"), "w") as file:
    for codec in ("blosclz", "lz4", "lz4hc", "zlib", "zstd"):
        for filters in range(3) if codec in ("blosclz", "zstd") else [1]:
            plugins = {"blosc1": hdf5plugin.Blosc(cname=codec, clevel=5, shuffle=filters),
                       "blosc2": hdf5plugin.Blosc2(cname=codec, clevel=5, filters=filters)}
            for name, plugin in plugins.items():
                file.create_dataset(f"{name}_{codec}_{filters}", data=ramp, chunks=(1, 75, 170), compression=plugin)
    file.create_dataset("plain", data=ramp, compression="gzip")
    file.create_dataset("zeros", data=np.zeros((1, 150, 170), np.uint16), chunks=(1, 150, 170), compression=hdf5plugin.Blosc2())
    wide = ramp.astype(np.float32) * 1.5
    file.create_dataset("wide", data=wide, chunks=(1, 150, 170), compression=hdf5plugin.Blosc2(cname="blosclz", clevel=9))
    file.create_dataset("wide_plain", data=wide, compression="gzip")
    # Several blocks a chunk, which are boxes in blosc 2.
    rows, columns = np.mgrid[0:600, 0:700]
    large = ((rows * 7 + columns // 5) % 251).astype(np.uint16)[None]
    for name, plugin in (("large1", hdf5plugin.Blosc(cname="lz4")), ("large2", hdf5plugin.Blosc2(cname="zstd"))):
        file.create_dataset(name, data=large, chunks=(1, 500, 700), compression=plugin)
    file.create_dataset("large_plain", data=large, chunks=(1, 600, 700), compression="gzip", shuffle=True)
