//! Small files of another program that lie beside the tests, whole and damaged.

#![cfg(feature = "tiff")]

#[path = "support/digest.rs"]
mod digest;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use digest::digest;
use serde_json::Value;
use xray_io::{Limits, Opener, SequenceReader, SequenceReaderExt};

type TestResult = Result<(), Box<dyn Error>>;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden")
}

fn expected() -> Result<serde_json::Map<String, Value>, Box<dyn Error>> {
    let value: Value = serde_json::from_str(&fs::read_to_string(folder().join("expected.json"))?)?;
    Ok(value.as_object().ok_or("an object")?.clone())
}

#[test]
fn every_file_equals_its_digest() -> TestResult {
    for (name, entry) in expected()? {
        let reader = xray_io::open(folder().join(&name))?;
        let shape = reader.shape();
        let found = [shape.n_frames, shape.n_rows, shape.n_columns];
        assert_eq!(serde_json::to_value(found)?, entry["shape"], "{name}");
        assert_eq!(
            Some(reader.pixel_type().name()),
            entry["dtype"].as_str(),
            "{name}"
        );
        let digest = digest(&reader, shape.n_frames)?;
        assert_eq!(Some(digest.as_str()), entry["sha256"].as_str(), "{name}");
    }
    let stack = xray_io::open(folder().join("imagej_single_ifd.tif"))?;
    let rate = stack.time_axis().frame_rate().ok_or("a rate")?.hertz();
    approx::assert_relative_eq!(rate, 1.087e6, max_relative = 1e-12);
    Ok(())
}

/// The next of a fixed sequence of numbers.
fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 11) as usize
}

#[test]
fn changed_bytes_never_panic_and_never_cost_much() -> TestResult {
    let limits = Limits::new().max_frame_bytes(4 << 20).max_frames(10_000);
    let opener = Opener::new().limits(limits);
    let mut state = 20_261_121;
    let (mut refused, mut read) = (0, 0);
    for (name, _) in expected()? {
        let whole = fs::read(folder().join(&name))?;
        // Tags stand at the front or the end of these files; the middle is pixels.
        let edges = [
            0..600.min(whole.len()),
            whole.len() - 1200..whole.len(),
            0..whole.len(),
        ];
        for round in 0..600 {
            let mut bytes = whole.clone();
            for _ in 0..=round % 4 {
                let range = edges[next(&mut state) % edges.len()].clone();
                let at = range.start + next(&mut state) % range.len();
                bytes[at] = match next(&mut state) % 4 {
                    0 => 0xff,
                    1 => 0,
                    2 => bytes[at] ^ (1 << (next(&mut state) % 8)),
                    _ => next(&mut state) as u8,
                };
            }
            match opener.open_bytes(&name, bytes.clone()) {
                Ok(reader) => {
                    read += 1;
                    for frame in 0..reader.shape().n_frames.min(8) {
                        let _ = reader.read_frame_f32(frame);
                    }
                }
                Err(_) => refused += 1,
            }
            let _ = opener.salvage_bytes(&name, bytes);
        }
    }
    assert!(
        refused > 300 && read > 300,
        "{refused} refused, {read} opened"
    );
    Ok(())
}
