//! Files of all formats that are found by content: no input panics, hangs or asks for much memory, and what is read
//! without an error is whole.
//!
//! Beside the absence of panics this checks that salvage finds every frame that strict reading finds, and that a region
//! of a frame is a part of it.

#![no_main]

#[path = "../support/frames.rs"]
#[expect(dead_code, reason = "no mark is set here")]
mod frames;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    frames::check("fuzz", bytes);
});
