//! Damaged files: an error that says where, never a panic, never fewer frames in silence, never much memory.

#![cfg(all(feature = "tiff", feature = "npy"))]

#[path = "support/data.rs"]
mod data;

use std::error::Error;
use std::fs;
use std::path::Path;

use data::data;
use serde_json::Value;
use xray_io::{Opener, SequenceReader, SequenceReaderExt};

type TestResult = Result<(), Box<dyn Error>>;

fn is_ours(name: &str) -> bool {
    let endings = [
        (".tif", true),
        (".npy", true),
        (".npz", true),
        (".cih", cfg!(feature = "photron")),
        (".cihx", cfg!(feature = "photron")),
        (".mraw", cfg!(feature = "photron")),
        (".cine", cfg!(feature = "phantom")),
        (".h5", cfg!(feature = "hdf5")),
        (".mat", cfg!(feature = "mat")),
    ];
    endings
        .iter()
        .any(|(ending, is_built)| *is_built && name.ends_with(ending))
}

fn read(path: &Path) -> xray_io::Result<(usize, usize)> {
    let reader = xray_io::open(path)?;
    let frames = reader.shape().n_frames;
    for frame in 0..frames {
        reader.read_frame_f32(frame)?;
    }
    Ok((frames, reader.metadata().notes.len()))
}

/// Resident memory of this process in bytes and its peak, where the system says so.
fn memory() -> Option<(u64, u64)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let bytes = |key: &str| -> Option<u64> {
        let line = status.lines().find(|line| line.starts_with(key))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
    };
    Some((bytes("VmRSS:")?, bytes("VmHWM:")?))
}

/// Does the work, and holds the peak of the memory against 64 MiB and four times the file.
fn within_memory<T>(path: &Path, work: impl FnOnce() -> T) -> Result<T, Box<dyn Error>> {
    // Linux takes this to forget the peak; elsewhere the peak of the process stands for that of the file.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let before = memory();
    let result = work();
    if let (Some((before, _)), Some((_, peak))) = (before, memory()) {
        let (grown, length) = (peak.saturating_sub(before), fs::metadata(path)?.len());
        if grown > (64 << 20) + 4 * length {
            return Err(format!("{}: {} MiB", path.display(), grown >> 20).into());
        }
    }
    Ok(result)
}

#[test]
fn damaged_files_are_errors_and_cost_little() -> TestResult {
    let Some(folder) = data("synthetic/malformed") else {
        return Ok(());
    };
    let all: Value = serde_json::from_str(&fs::read_to_string(folder.join("malformed.json"))?)?;
    let (mut failures, mut salvaged) = (Vec::new(), 0);
    for (name, entry) in all
        .as_object()
        .ok_or("an object")?
        .iter()
        .filter(|(name, _)| is_ours(name))
    {
        let path = folder.join(name);
        let must = entry["must"].as_str().unwrap_or_default();
        let result = within_memory(&path, || read(&path))?;
        println!(
            "{name}: {}",
            result
                .as_ref()
                .map_or_else(ToString::to_string, |ok| format!("{ok:?}"))
        );
        match (&result, must) {
            (Ok(_), must) if must.starts_with("no panic") => {}
            // The geometry is whole; what is wrong is left unknown, and a note says so.
            (Ok((6, notes)), _)
                if [
                    "mraw_rate_zero",
                    "mraw_save_step_zero",
                    "mraw_shutter_garbage",
                ]
                .iter()
                .any(|start| name.starts_with(start))
                    && *notes > 0 => {}
            (Ok((6, _)), "readable") => {}
            // A stream that holds more than its strip is read up to the strip's size.
            (Ok(_), must) if must.contains("stop at 512 bytes") => {}
            (Ok((6, notes)), must)
                if must.contains("the IFD count with a warning") && *notes > 0 => {}
            (Ok(frames), _) => failures.push(format!("{name} gave {frames:?}")),
            (Err(error), _) => {
                let text = error.to_string();
                // Pixels that fall short lie in a file beside the header.
                let stem = name.strip_suffix(".cih").unwrap_or(name);
                if !text.contains(stem) {
                    failures.push(format!("{name}: the error does not name the file: {text}"));
                }
            }
        }
        if let Ok(salvage) = within_memory(&path, || xray_io::salvage(&path))? {
            salvaged += 1;
            let reader = salvage.reader();
            for frame in 0..reader.shape().n_frames {
                reader
                    .read_frame_f32(frame)
                    .map_err(|error| format!("{name}: salvaged frame: {error}"))?;
            }
            if result.is_err() && salvage.faults().is_empty() {
                failures.push(format!("{name}: salvage reports nothing"));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    println!("{salvaged} salvaged");
    Ok(())
}

#[test]
fn fuzzed_files_of_other_programs_do_no_harm() -> TestResult {
    let Some(folder) = data("third-party/malformed-tiff-image-tiff-MIT") else {
        return Ok(());
    };
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let _ = within_memory(&path, || read(&path))?;
        let _ = within_memory(&path, || xray_io::salvage(&path))?;
        count += 1;
    }
    assert!(count >= 60);
    Ok(())
}

#[cfg(feature = "hdf5")]
#[test]
fn lengths_that_overflow_are_an_error() {
    // Found by fuzzing: old layouts whose lengths have a product above 64 bits, also where a file has another ending.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/fuzz");
    for name in ["hdf5_layout_overflow.h5", "mat_of_hdf5_layout_overflow.mat"] {
        let path = folder.join(name);
        assert!(xray_io::open(&path).is_err(), "{name}");
        let _ = xray_io::salvage(&path);
    }
}

#[cfg(feature = "tdms")]
#[test]
fn damaged_signals_say_where_or_are_whole() -> TestResult {
    let (Some(folder), Some(valid)) = (data("synthetic/malformed"), data("synthetic/valid")) else {
        return Ok(());
    };
    let whole = xray_io::TdmsFile::open(valid.join("photodiode.tdms"))?;
    let n_values = |file: &xray_io::TdmsFile| -> xray_io::Result<usize> {
        file.names().map(|name| Ok(file.signal(name)?.len())).sum()
    };
    let all: Value = serde_json::from_str(&fs::read_to_string(folder.join("malformed.json"))?)?;
    let mut count = 0;
    for name in all.as_object().ok_or("an object")?.keys() {
        let path = folder.join(name);
        if path.extension().is_none_or(|ending| ending != "tdms") {
            continue;
        }
        count += 1;
        let outcome = within_memory(&path, || xray_io::TdmsFile::open(&path))?;
        println!("{name}: {:?}", outcome.as_ref().map(n_values));
        match outcome {
            Err(error) => assert!(error.to_string().contains(name), "{error}"),
            Ok(_) if name.contains("__trunc") => panic!("{name} was read"),
            // A changed byte may lie in a value, in a name or in a number of values; none of them makes more of them.
            Ok(file) => assert!(
                n_values(&file).is_err() || n_values(&file)? <= n_values(&whole)?,
                "{name}"
            ),
        }
    }
    assert!(count >= 9);
    // Every cut within a segment is an error that names the place.
    let bytes = fs::read(valid.join("photodiode.tdms"))?;
    let mut segments = 0;
    for length in 1..bytes.len() {
        match xray_io::TdmsFile::open_bytes("cut.tdms", bytes[..length].to_vec()) {
            Err(error) => assert!(
                matches!(error, xray_io::Error::Truncated { .. }),
                "{length}: {error}"
            ),
            Ok(_) => segments += 1,
        }
    }
    // A file that ends with a segment is whole.
    assert!(segments <= 3, "{segments}");
    Ok(())
}

#[cfg(feature = "mat")]
#[test]
fn bad_variables_do_no_harm() -> TestResult {
    let Some(folder) = data("third-party/malformed-mat-scipy-BSD3") else {
        return Ok(());
    };
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        println!("{}: {:?}", path.display(), read(&path));
        let _ = xray_io::salvage(&path);
    }
    Ok(())
}

#[test]
fn every_cut_of_a_file_is_an_error_or_salvaged_with_a_report() -> TestResult {
    let Some(folder) = data("synthetic/valid") else {
        return Ok(());
    };
    for name in [
        "strip_u16_le.tif",
        "imagej_tyx.tif",
        "bigtiff_u16.tif",
        "tiled16_u16_deflate.tif",
        "stack.npy",
        "synth_u16.cine",
        "synth_p10.cine",
        "gray8_raw.avi",
    ] {
        if name.contains(".avi") && !cfg!(feature = "avi") {
            continue;
        }
        if name.contains(".cine") && !cfg!(feature = "phantom") {
            continue;
        }
        let whole = fs::read(folder.join(name))?;
        for percent in (0..100).step_by(3) {
            let cut = whole[..whole.len() * percent / 100].to_vec();
            let result = Opener::new()
                .open_bytes(name, cut.clone())
                .and_then(|reader| reader.read_all());
            assert!(
                result.is_err(),
                "{name} cut to {percent} % is read without an error"
            );
            if let Ok(salvage) = Opener::new().salvage_bytes(name, cut) {
                assert!(!salvage.faults().is_empty(), "{name} cut to {percent} %");
                assert!(
                    salvage.reader().shape().n_frames < 6,
                    "{name} cut to {percent} %"
                );
            }
        }
    }
    Ok(())
}

/// Pages that claim many strips each and have no table for them cost no memory.
#[test]
fn places_for_pages_that_cannot_be_read_are_bounded() -> TestResult {
    let (rows, pages) = (4_000_000_u32, 100_u32);
    let entry = |tag: u16, kind: u16, count: u32, value: u32| -> Vec<u8> {
        let mut bytes = tag.to_le_bytes().to_vec();
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
        bytes
    };
    let mut file = b"II*\0".to_vec();
    file.extend(8_u32.to_le_bytes());
    for page in 0..pages {
        let entries = [
            entry(256, 4, 1, 1),
            entry(257, 4, 1, rows),
            entry(258, 3, 1, 8),
            entry(259, 3, 1, 1),
            entry(262, 3, 1, 1),
            entry(273, 4, 1, 8),
            entry(277, 3, 1, 1),
            entry(278, 4, 1, 1),
            entry(279, 4, 1, 1),
        ];
        file.extend((entries.len() as u16).to_le_bytes());
        file.extend(entries.concat());
        let next = file.len() as u32 + 4;
        file.extend(if page + 1 < pages { next } else { 0 }.to_le_bytes());
    }
    let path = std::env::temp_dir().join(format!("xray-io-places-{}.tif", std::process::id()));
    fs::write(&path, &file)?;
    let salvaged = within_memory(&path, || xray_io::salvage(&path).map(|s| s.faults().len()));
    let strict = xray_io::open(&path);
    fs::remove_file(&path)?;
    assert!(strict.is_err());
    if let Ok(faults) = salvaged? {
        assert!(faults > 0);
    }
    Ok(())
}

/// An entry of an archive that inflates to far more than its array is refused before it is inflated.
#[test]
fn an_entry_longer_than_its_array_is_not_inflated() -> TestResult {
    use std::io::Write;
    let mut array = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let header = "{'descr': '<u2', 'fortran_order': False, 'shape': (1, 4, 4), }";
    array.extend(format!("{header:<117}\n").bytes());
    array.extend([7_u8; 32]);
    let whole = array.len();
    let write = |array: &[u8]| -> std::io::Result<Vec<u8>> {
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(array)?;
        let data = encoder.finish()?;
        let mut crc = flate2::Crc::new();
        crc.update(array);
        let mut common = 8_u16.to_le_bytes().to_vec();
        common.extend([0; 4]);
        common.extend(crc.sum().to_le_bytes());
        common.extend((data.len() as u32).to_le_bytes());
        common.extend((array.len() as u32).to_le_bytes());
        common.extend(5_u16.to_le_bytes());
        let mut file = b"PK\x03\x04\x14\0\0\0".to_vec();
        file.extend(&common);
        file.extend([0; 2]);
        file.extend(b"a.npy");
        file.extend(&data);
        let start = file.len() as u32;
        file.extend(b"PK\x01\x02\x14\0\x14\0\0\0");
        file.extend(&common);
        file.extend([0; 12]);
        file.extend([0; 4]);
        file.extend(b"a.npy");
        let length = file.len() as u32 - start;
        file.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
        file.extend(length.to_le_bytes());
        file.extend(start.to_le_bytes());
        file.extend([0; 2]);
        Ok(file)
    };
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.npz");
    fs::write(&path, write(&array)?)?;
    assert_eq!(xray_io::open(&path)?.read_frame::<u16>(0)?[[3, 3]], 0x0707);
    array.resize(whole + (256 << 20), 0);
    fs::write(&path, write(&array)?)?;
    drop(array);
    let error = within_memory(&path, || xray_io::open(&path).map(|_| ()))?;
    let text = error
        .expect_err("more bytes than the array has")
        .to_string();
    assert!(text.contains("size of an entry"), "{text}");
    Ok(())
}

/// A pipe has no end to read to: it is refused and not waited for.
#[cfg(unix)]
#[test]
fn a_pipe_is_refused() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("fifo.tif");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    if made.is_ok_and(|status| status.success()) {
        let error = xray_io::open(&path).map(|_| ()).expect_err("a pipe");
        assert!(error.to_string().contains("pipe"), "{error}");
    }
    Ok(())
}
