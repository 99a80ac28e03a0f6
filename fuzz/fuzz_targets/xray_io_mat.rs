//! MATLAB files of version 5, or of 4 where the mark of 5 is spoiled.

#![no_main]

#[path = "../support/frames.rs"]
#[expect(dead_code, reason = "no mark is set here")]
mod frames;

use frames::{check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    check("fuzz.mat", bytes);
});
