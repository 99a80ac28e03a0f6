//! Virtual data sets of HDF5, as h5py writes and reads them.

#![cfg(feature = "hdf5")]

#[path = "support/digest.rs"]
mod digest;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use digest::digest;
use ndarray::Array3;
use serde_json::Value;
use xray_io::{
    DataExchangeWriter, ImageSequence, Opener, PixelType, RawDescription, SequenceReader,
    SequenceReaderExt,
};

type TestResult = Result<(), Box<dyn Error>>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/virtual")
}

#[test]
fn pixels_are_those_of_the_library() -> TestResult {
    let text = fs::read_to_string(folder().join("expected.json"))?;
    let expected: serde_json::Map<String, Value> = serde_json::from_str(&text)?;
    assert_eq!(expected.len(), 6);
    for (key, entry) in expected {
        let (file, array) = key.split_once("::").ok_or("a file and an array")?;
        let reader = Opener::new().dataset(array).open(folder().join(file))?;
        let shape = reader.shape();
        let lengths: Vec<usize> = serde_json::from_value(entry["shape"].clone())?;
        assert_eq!(
            shape.n_pixels() * shape.n_frames,
            lengths.iter().product::<usize>()
        );
        assert_eq!(shape.n_columns, lengths[lengths.len() - 1]);
        let found = digest(&reader, shape.n_frames)?;
        assert_eq!(Some(found.as_str()), entry["sha256"].as_str(), "{key}");
    }
    Ok(())
}

#[test]
fn ranges_regions_and_notes_go_through() -> TestResult {
    let reader = Opener::new()
        .dataset("mixed")
        .open(folder().join("old_mixed.h5"))?;
    let all = reader.read_all()?;
    let shape = reader.shape();
    let mut range = vec![0; 3 * shape.frame_bytes(reader.pixel_type())];
    reader.read_native_range_into(1..4, &mut range)?;
    let range = range
        .chunks_exact(2)
        .map(|pixel| u16::from_ne_bytes([pixel[0], pixel[1]]));
    let all = all.view();
    let frames = all.outer_iter().skip(1).take(3);
    let expected: Vec<u16> = frames.flatten().map(|value| *value as u16).collect();
    assert_eq!(range.collect::<Vec<_>>(), expected);
    let notes = format!("{:?}", reader.metadata());
    assert!(notes.contains("fill value"), "{notes}");
    let whole = xray_io::open(folder().join("old_frames.h5"))?;
    assert_eq!(whole.format(), "Data Exchange HDF5");
    assert!(!format!("{:?}", whole.metadata()).contains("fill value"));
    Ok(())
}

#[test]
fn a_missing_source_is_named_and_the_other_frames_are_salvaged() -> TestResult {
    let empty = tempfile::tempdir()?;
    for name in ["old_frames.h5", "old_a.h5"] {
        fs::copy(folder().join(name), empty.path().join(name))?;
    }
    let path = empty.path().join("old_frames.h5");
    let error = xray_io::open(&path).err().ok_or("a source is missing")?;
    assert!(error.to_string().contains("old_b.h5"), "{error}");
    assert!(matches!(error, xray_io::Error::Io { .. }), "{error:?}");
    let salvage = xray_io::salvage(&path)?;
    assert_eq!(salvage.reader().frame_numbers(), [0, 1, 2]);
    let faults: Vec<String> = salvage.faults().iter().map(ToString::to_string).collect();
    assert!(
        faults.iter().all(|fault| fault.contains("old_b.h5")),
        "{faults:?}"
    );
    let whole = xray_io::open(folder().join("old_a.h5"))?;
    assert_eq!(
        salvage.reader().read_all()?.view(),
        whole.read_all()?.view()
    );
    Ok(())
}

#[test]
fn a_source_of_another_type_or_shape_is_refused() -> TestResult {
    let temporary = tempfile::tempdir()?;
    let at = |name: &str| temporary.path().join(name);
    for name in ["old_frames.h5", "old_a.h5"] {
        fs::copy(folder().join(name), at(name))?;
    }
    let text = |path: &Path| xray_io::open(path).err().map(|error| error.to_string());
    // Frames of f32, where 16-bit integers are promised; then two frames for three.
    let floats = ImageSequence::new(Array3::zeros((3, 8, 10)))?;
    DataExchangeWriter::new().write(at("old_b.h5"), &floats)?;
    let other_type = text(&at("old_frames.h5")).ok_or("refused")?;
    assert!(
        other_type.contains("another type") && other_type.contains("old_b.h5"),
        "{other_type}"
    );
    let short = Opener::new()
        .raw(RawDescription::new(8, 10, PixelType::U16))
        .open_bytes("two.raw", vec![0; 2 * 160])?;
    DataExchangeWriter::new().write(at("old_b.h5"), &short)?;
    let too_few = text(&at("old_frames.h5")).ok_or("refused")?;
    assert!(
        too_few.contains("old_b.h5") && too_few.contains("[2, 8, 10]"),
        "{too_few}"
    );
    // No such array in the source.
    fs::copy(folder().join("old_mixed.h5"), at("old_b.h5"))?;
    let no_array = text(&at("old_frames.h5")).ok_or("refused")?;
    assert!(no_array.contains("old_b.h5"), "{no_array}");
    // Bytes in memory have no folder.
    let bytes = fs::read(folder().join("old_frames.h5"))?;
    let memory = Opener::new().open_bytes("old_frames.h5", bytes.clone());
    let memory = memory.err().ok_or("refused")?.to_string();
    assert!(
        memory.contains("old_a.h5") && memory.contains("memory"),
        "{memory}"
    );
    // A name of the same length that leads out of the folder; its list has another checksum then.
    let mut changed = bytes;
    let place = changed
        .windows(8)
        .position(|part| part == b"old_a.h5")
        .ok_or("a name")?;
    changed[place..place + 3].copy_from_slice(b"../");
    fs::write(at("outside.h5"), changed)?;
    let damaged = text(&at("outside.h5")).ok_or("refused")?;
    assert!(damaged.contains("checksum"), "{damaged}");
    Ok(())
}

#[test]
fn cut_or_changed_files_are_errors_and_never_panic() -> TestResult {
    let temporary = tempfile::tempdir()?;
    for name in ["new_a.h5", "new_b.h5"] {
        fs::copy(folder().join(name), temporary.path().join(name))?;
    }
    let whole = fs::read(folder().join("new_mixed.h5"))?;
    let path = temporary.path().join("new_mixed.h5");
    let expected = xray_io::open(folder().join("new_mixed.h5"))?.read_all()?;
    for length in (0..whole.len()).step_by(61) {
        fs::write(&path, &whole[..length])?;
        assert!(xray_io::open(&path).is_err(), "cut to {length}");
    }
    let mut n_refused = 0;
    for place in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        fs::write(&path, &bytes)?;
        // What is not refused must be the same frames: headers, links and lists have checksums.
        match xray_io::open(&path).and_then(|reader| reader.read_all()) {
            Ok(frames) => assert_eq!(frames.view(), expected.view(), "byte {place}"),
            Err(_) => n_refused += 1,
        }
    }
    assert!(n_refused > 100, "{n_refused}");
    Ok(())
}
