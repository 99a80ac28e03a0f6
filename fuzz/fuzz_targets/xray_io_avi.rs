//! AVI files.

#![no_main]

#[path = "../support/frames.rs"]
mod frames;

use frames::{check, marked};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    check("fuzz.avi", &marked(bytes, &[(0, b"RIFF"), (8, b"AVI ")]));
});
