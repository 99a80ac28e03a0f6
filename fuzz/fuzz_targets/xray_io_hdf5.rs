//! HDF5 files.

#![no_main]

#[path = "../support/frames.rs"]
mod frames;

use frames::{check, marked};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    check("fuzz.h5", &marked(bytes, &[(0, b"\x89HDF\r\n\x1a\n")]));
});
