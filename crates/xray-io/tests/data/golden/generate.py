#!/usr/bin/env python3
"""Writes the golden TIFF files of this folder and their expected values.

    python generate.py OUT

Needs numpy, tifffile and imagecodecs; versions in README.md. The image is white noise of mean 1800 and deviation 60,
clipped to 12 bits: it tests bytes, not physics.
"""
import hashlib
import json
import os
import sys

import numpy as np
import tifffile

out = sys.argv[1]
u16 = np.random.default_rng(11).normal(1800, 60, (6, 37, 52)).clip(0, 4095).astype(np.uint16)
u8 = (u16 >> 4).astype(np.uint8)
expected = {}


def write(name, array, **options):
    tifffile.imwrite(os.path.join(out, name), array, **{"photometric": "minisblack", "metadata": None, **options})
    digest = hashlib.sha256(array.tobytes()).hexdigest()
    expected[name] = {"shape": array.shape, "dtype": str(array.dtype), "sha256": digest}


write("lzw_u16_p1.tif", u16, compression="lzw", predictor=True, rowsperstrip=10)
write("zstd_u16_p1.tif", u16, compression="zstd", predictor=True, rowsperstrip=10)
write("packbits_u8_p0.tif", u8, compression="packbits", rowsperstrip=10)
write("deflate_u16_be_p1.tif", u16, compression="deflate", predictor=True, byteorder=">")
write("tiled16_u16_deflate.tif", u16, tile=(16, 16), compression="deflate")
write("packed12_u16.tif", u16, bitspersample=12)
write("imagej_single_ifd.tif", u16, photometric=None, imagej=True, truncate=True,
      metadata={"axes": "TYX", "fps": 1087000.0})
json.dump(expected, open(os.path.join(out, "expected.json"), "w"), indent=1)
