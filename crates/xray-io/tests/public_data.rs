//! Every file of the shared set that these formats read, against its manifest.

#![cfg(all(feature = "tiff", feature = "npy"))]

#[path = "support/data.rs"]
mod data;
#[path = "support/digest.rs"]
mod digest;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;

use data::data;
use digest::{digest, sha256};
use serde_json::Value;
use xray_io::{Metadata, Opener, PixelType, RawDescription, SequenceReader, SequenceReaderExt};

type TestResult = Result<(), Box<dyn Error>>;

/// The name that the oracles give the type; they call single bits `bool`.
fn same_type(found: PixelType, expected: &str) -> bool {
    found.name() == expected || (expected == "bool" && found == PixelType::U8)
}

fn manifest(path: &std::path::Path) -> Result<serde_json::Map<String, Value>, Box<dyn Error>> {
    let value: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    Ok(value.as_object().ok_or("an object")?.clone())
}

#[cfg(any(feature = "hdf5", feature = "mat"))]
fn has_ending(name: &str, ending: &str) -> bool {
    std::path::Path::new(name)
        .extension()
        .is_some_and(|found| found == ending)
}

fn numbers(value: &Value) -> Vec<usize> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_u64)
        .map(|n| n as usize)
        .collect()
}

fn shape(reader: &dyn SequenceReader) -> Vec<usize> {
    let shape = reader.shape();
    vec![shape.n_frames, shape.n_rows, shape.n_columns]
}

/// What differs from the entry of the manifest.
fn compare(reader: &dyn SequenceReader, entry: &Value) -> Result<(), String> {
    let mut expected = numbers(&entry["shape"]);
    if expected.len() == 2 {
        expected.insert(0, 1);
    }
    if shape(reader) != expected {
        return Err(format!("shape {:?}, expected {expected:?}", shape(reader)));
    }
    let dtype = entry["dtype"].as_str().unwrap_or_default();
    if !same_type(reader.pixel_type(), dtype) {
        return Err(format!("type {}, expected {dtype}", reader.pixel_type()));
    }
    let found = digest(reader, reader.shape().n_frames).map_err(|error| error.to_string())?;
    if Some(found.as_str()) != entry["sha256"].as_str() {
        return Err("other pixels".to_owned());
    }
    metadata(reader.metadata(), reader, entry)
}

fn metadata(metadata: &Metadata, reader: &dyn SequenceReader, entry: &Value) -> Result<(), String> {
    let close = |name: &str, found: Option<f64>| match (entry[name].as_f64(), found) {
        (None, _) => Ok(()),
        // Resolutions are fractions of 32-bit numbers.
        (Some(expected), Some(found)) if (found / expected - 1.0).abs() < 1e-6 => Ok(()),
        (Some(expected), found) => Err(format!("{name} {found:?}, expected {expected}")),
    };
    close(
        "frame_rate_hz",
        metadata.frame_rate.as_ref().map(|rate| rate.value.hertz()),
    )?;
    close(
        "frame_interval_us",
        reader.time_axis().interval().map(|dt| dt * 1e6),
    )?;
    close(
        "pixel_size_um",
        metadata
            .pixel_size
            .as_ref()
            .map(|size| size.value.micrometers()),
    )?;
    close("frame_interval_s", reader.time_axis().interval())?;
    close("first_frame_time_s", reader.time_axis().start(0))?;
    if let Some(expected) = entry["exposure_s"].as_f64() {
        // Phantom stores it in units of 2^-32 s.
        let found = reader.time_axis().exposure(0);
        if found.is_none_or(|found| (found - expected).abs() > 1.0 / 4_294_967_296.0) {
            return Err(format!("exposure {found:?}, expected {expected}"));
        }
    }
    let trigger = metadata
        .trigger_frame
        .as_ref()
        .map(|frame| frame.value as f64);
    close("first_image_no", trigger)?;
    let shift = metadata
        .effective_bits
        .as_ref()
        .map(|bits| f64::from(bits.value.shift));
    close("effective_shift", shift)?;
    for (i, time) in entry["frame_times_s"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let (expected, found) = (
            time.as_f64().unwrap_or(f64::NAN),
            reader.time_axis().start(i),
        );
        // A uniform axis is the line through the stamps, which have a resolution of 2^-32 s.
        if found.is_none_or(|found| (found - expected).abs() > 1e-9) {
            return Err(format!("frame {i} at {found:?}, expected {expected}"));
        }
    }
    close(
        "effective_bits",
        metadata
            .effective_bits
            .as_ref()
            .map(|bits| f64::from(bits.value.bits)),
    )
}

fn report(failures: &BTreeMap<String, String>) {
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn our_own_valid_files_equal_their_manifest() -> TestResult {
    let Some(folder) = data("synthetic/valid") else {
        return Ok(());
    };
    let all = manifest(&folder.join("expected.json"))?;
    let files = all["files"].as_object().ok_or("files")?;
    let (mut failures, mut read, mut refused) = (BTreeMap::new(), 0, Vec::new());
    for (key, entry) in files {
        let (name, dataset) = key
            .split_once("::")
            .map_or((key.as_str(), None), |(name, set)| (name, Some(set)));
        let extension = name.rsplit('.').next().unwrap_or_default();
        let opener = match (extension, dataset) {
            ("tif" | "npy", None) => Opener::new(),
            ("npz", Some(dataset)) => Opener::new().dataset(dataset),
            ("cih" | "cihx", None) if cfg!(feature = "photron") => Opener::new(),
            ("cine", None) if cfg!(feature = "phantom") => Opener::new(),
            ("h5" | "nxs", Some(dataset)) if cfg!(feature = "hdf5") => {
                // Data Exchange arrays are found by their meaning, others by their name.
                if dataset == "/exchange/data" {
                    Opener::new()
                } else {
                    Opener::new().dataset(dataset)
                }
            }
            ("mat", Some(dataset)) if cfg!(feature = "hdf5") && name == "abs_v73.mat" => {
                Opener::new().dataset(dataset)
            }
            ("mat", Some(dataset)) if cfg!(feature = "mat") && name != "abs_v73.mat" => {
                Opener::new().dataset(dataset)
            }
            ("avi", None) if cfg!(feature = "avi") => Opener::new(),
            ("raw", None) => Opener::new().raw(RawDescription::new(37, 52, PixelType::U16)),
            _ if name == "seq/" => Opener::new(),
            _ => continue,
        };
        match opener.open(folder.join(name)) {
            Ok(reader) => match compare(&reader, entry) {
                Ok(()) => read += 1,
                Err(problem) => drop(failures.insert(key.clone(), problem)),
            },
            Err(xray_io::Error::FeatureMissing {
                feature: "lerc", ..
            }) if !cfg!(feature = "lerc") => {
                refused.push(key.clone());
            }
            Err(xray_io::Error::FeatureMissing {
                feature: "lzma", ..
            }) if !cfg!(feature = "lzma") => {
                refused.push(key.clone());
            }
            Err(error) => drop(failures.insert(key.clone(), error.to_string())),
        }
    }
    println!("{read} read, refused by name: {refused:?}");
    report(&failures);
    let lzma = if cfg!(feature = "lzma") { 3 } else { 0 };
    let lerc = if cfg!(feature = "lerc") { 3 } else { 0 };
    let photron = if cfg!(feature = "photron") { 6 } else { 0 };
    let phantom = if cfg!(feature = "phantom") { 4 } else { 0 };
    assert!(
        read >= 59 + lerc + lzma + photron + phantom,
        "{read} files only"
    );
    Ok(())
}

#[test]
fn gray_files_of_other_programs_equal_their_manifest() -> TestResult {
    let Some(folder) = data("third-party") else {
        return Ok(());
    };
    let all = manifest(&folder.join("expected_manifest.json"))?;
    let (mut failures, mut read, mut refused, mut planes) =
        (BTreeMap::new(), 0, BTreeMap::new(), 0);
    for (name, entry) in all.iter().filter(|(name, _)| name.contains(".tif")) {
        let path = folder.join(name);
        let pages = entry["pages"].as_array().ok_or("pages")?;
        let page_shape = numbers(&pages[0]["shape"]);
        match Opener::new().open(&path) {
            Ok(reader) => {
                if page_shape.len() != 2 {
                    failures.insert(name.clone(), "color was read as gray".to_owned());
                    continue;
                }
                let found = shape(&reader);
                if found[0] != pages.len() || found[1..] != page_shape[..] {
                    failures.insert(name.clone(), format!("shape {found:?}"));
                    continue;
                }
                for (number, page) in pages.iter().enumerate() {
                    let single = (&reader).select(vec![number])?;
                    match compare(&single, page) {
                        Ok(()) => read += 1,
                        Err(problem) => {
                            drop(failures.insert(format!("{name} page {number}"), problem));
                        }
                    }
                }
            }
            Err(error @ xray_io::Error::Unsupported { .. }) => {
                let compression = pages[0]["compression"].as_u64().unwrap_or(0);
                let is_palette = pages[0]["photometric"].as_u64() == Some(3);
                let is_gray = page_shape.len() == 2 && !is_palette;
                if is_gray && !matches!(compression, 2..=4 | 6 | 7) {
                    failures.insert(name.clone(), error.to_string());
                }
                refused.insert(name.clone(), error.to_string());
                planes += check_planes(&path, pages, &page_shape, &mut failures)?;
            }
            Err(error) => drop(failures.insert(name.clone(), error.to_string())),
        }
    }
    println!("{read} gray pages, {planes} files of color by planes, refused by name: {refused:#?}");
    report(&failures);
    assert!(read >= 80, "{read} pages only");
    assert!(planes >= 30, "{planes} files by planes only");
    Ok(())
}

#[cfg(feature = "mat")]
#[test]
fn variables_of_matlab_equal_their_manifest() -> TestResult {
    let Some(folder) = data("third-party") else {
        return Ok(());
    };
    let all = manifest(&folder.join("expected_manifest.json"))?;
    let (mut failures, mut read, mut refused) = (BTreeMap::new(), 0, 0);
    for (name, entry) in all.iter().filter(|(name, _)| has_ending(name, "mat")) {
        for (variable, entry) in entry["vars"].as_object().into_iter().flatten() {
            let key = format!("{name}::{variable}");
            let reader = Opener::new().dataset(variable).open(folder.join(name));
            let is_real = !entry["dtype"]
                .as_str()
                .unwrap_or("complex")
                .starts_with("complex");
            match reader {
                Ok(reader) if is_real => match compare(&reader, entry) {
                    Ok(()) => read += 1,
                    Err(problem) => drop(failures.insert(key, problem)),
                },
                Err(xray_io::Error::Unsupported { .. }) if !is_real => refused += 1,
                other => drop(failures.insert(key, format!("{other:?}"))),
            }
        }
    }
    println!("{read} variables, {refused} refused by name");
    report(&failures);
    assert!(read >= 12, "{read} variables only");
    Ok(())
}

#[cfg(feature = "hdf5")]
#[test]
fn arrays_of_other_programs_equal_their_manifest() -> TestResult {
    let Some(folder) = data("third-party") else {
        return Ok(());
    };
    let all = manifest(&folder.join("expected_manifest.json"))?;
    let (mut failures, mut read, mut refused) = (BTreeMap::new(), 0, 0);
    for (name, entry) in all.iter().filter(|(name, _)| has_ending(name, "h5")) {
        for (dataset, entry) in entry["datasets"].as_object().ok_or("data sets")? {
            let reader = Opener::new().dataset(dataset).open(folder.join(name));
            let key = format!("{name}::{dataset}");
            if entry["sha256"].is_null() {
                // Texts and compounds.
                match reader {
                    Err(xray_io::Error::Unsupported { .. }) => refused += 1,
                    other => drop(failures.insert(key, format!("{other:?}"))),
                }
                continue;
            }
            // Numbers and lists are read as pictures of one row, the first of many axes as frames.
            let mut entry = entry.clone();
            let dims = numbers(&entry["shape"]);
            let shape = match dims[..] {
                [] => vec![1, 1, 1],
                [n] => vec![1, 1, n],
                [.., rows, columns] => {
                    let n: usize = dims[..dims.len() - 2].iter().product();
                    vec![n, rows, columns]
                }
            };
            entry["shape"] = serde_json::json!(shape);
            match reader {
                Ok(reader) => match compare(&reader, &entry) {
                    Ok(()) => read += 1,
                    Err(problem) => drop(failures.insert(key, problem)),
                },
                Err(error) => drop(failures.insert(key, error.to_string())),
            }
        }
    }
    println!("{read} arrays, {refused} refused by name");
    report(&failures);
    assert_eq!(read, 75);
    Ok(())
}

#[cfg(feature = "hdf5")]
#[test]
fn fields_are_found_by_their_meaning() -> TestResult {
    use xray_io::Role;
    let Some(folder) = data("synthetic/valid") else {
        return Ok(());
    };
    let sum = |name: &str, role: Role| -> Result<(usize, f64), Box<dyn Error>> {
        let reader = Opener::new().role(role).open(folder.join(name))?;
        let all = reader.read_all()?;
        Ok((
            all.n_frames(),
            all.view().iter().map(|value| f64::from(*value)).sum(),
        ))
    };
    for name in [
        "dx_contig_latest.h5",
        "dx_data_flat.h5",
        "dx_gzip_earliest.h5",
    ] {
        assert_eq!(sum(name, Role::Dark)?, (3, 574_132.0));
        assert_eq!(sum(name, Role::Flat)?, (4, 26_932_354.0));
    }
    let pixels = 37.0 * 52.0;
    assert_eq!(
        sum("dx_no_flat_scalars.h5", Role::Flat)?,
        (1, 3500.0 * pixels)
    );
    assert_eq!(
        sum("dx_no_flat_scalars.h5", Role::Dark)?,
        (1, 100.0 * pixels)
    );
    // One dark and one flat frame come before the projections.
    assert_eq!(sum("nxtomo.nxs", Role::Dark)?.0, 1);
    assert_eq!(sum("nxtomo.nxs", Role::Flat)?.0, 1);
    assert_eq!(sum("nxtomo.nxs", Role::Projection)?, (6, 20_778_529.0));
    let reader = xray_io::open(folder.join("nxtomo.nxs"))?;
    let size = reader
        .metadata()
        .pixel_size
        .as_ref()
        .map(|size| size.value.micrometers());
    assert!(size.is_some_and(|size| (size - 1.93).abs() < 1e-9));
    assert!(
        reader
            .time_axis()
            .exposure(0)
            .is_some_and(|seconds| (seconds - 1e-6).abs() < 1e-15)
    );
    let missing = Opener::new()
        .role(Role::Flat)
        .open(folder.join("dx_bigendian.h5"));
    assert!(matches!(missing, Err(xray_io::Error::NotFound { .. })));
    Ok(())
}

/// Files of several samples a pixel, read plane by plane and put together as the oracle has them.
fn check_planes(
    path: &std::path::Path,
    pages: &[Value],
    shape: &[usize],
    failures: &mut BTreeMap<String, String>,
) -> Result<usize, Box<dyn Error>> {
    let [a, b, c] = shape[..] else { return Ok(0) };
    let planar = pages[0]["planar"].as_u64() == Some(2);
    let samples = if planar { a } else { c };
    let (rows, columns) = if planar { (b, c) } else { (a, b) };
    let mut planes = Vec::new();
    for plane in 0..samples {
        let Ok(reader) = Opener::new().plane(plane).open(path) else {
            return Ok(0);
        };
        let mut bytes = vec![0; reader.shape().frame_bytes(reader.pixel_type())];
        reader.read_native_into(0, &mut bytes)?;
        planes.push((bytes, reader.pixel_type().bytes()));
    }
    let size = planes[0].1;
    let mut all = Vec::new();
    if planar {
        for plane in &planes {
            all.extend_from_slice(&plane.0);
        }
    } else {
        for pixel in 0..rows * columns {
            for plane in &planes {
                all.extend_from_slice(&plane.0[pixel * size..(pixel + 1) * size]);
            }
        }
    }
    let found = sha256(&all);
    if Some(found.as_str()) != pages[0]["sha256"].as_str() {
        failures.insert(path.display().to_string(), "other planes".to_owned());
        return Ok(0);
    }
    Ok(1)
}

#[test]
fn regions_ranges_windows_and_threads_give_the_same_pixels() -> TestResult {
    let Some(folder) = data("synthetic/valid") else {
        return Ok(());
    };
    for name in [
        "strip_u16_be.tif",
        "tiled16_u16_deflate.tif",
        "packed12_u16.tif",
        "deflate_f32_p1.tif",
        "imagej_single_ifd.tif",
        "stack_fortran.npy",
        "stack.npy",
        "seq",
    ] {
        let reader = xray_io::open(folder.join(name))?;
        let all = reader.read_all()?;
        let region = xray_io::RegionOfInterest::new(3, 7, 11, 13);
        let cropped = (&reader).crop(region)?.read_all()?;
        let expected = all.view().slice_move(ndarray::s![.., 3..14, 7..20]);
        assert_eq!(cropped.view(), expected, "{name}");
        let mut range = vec![0; 3 * reader.shape().frame_bytes(reader.pixel_type())];
        reader.read_native_range_into(2..5, &mut range)?;
        let mut single = range.clone();
        for (i, frame) in single.chunks_exact_mut(range.len() / 3).enumerate() {
            reader.read_native_into(2 + i, frame)?;
        }
        assert_eq!(range, single, "{name}");
        let mut windows = reader.windows(3, 2)?;
        while let Some(window) = windows.next_window() {
            let window = window?;
            for (i, frame) in window.frames().enumerate() {
                assert_eq!(frame, all.frame(window.start() + i), "{name}");
            }
        }
    }
    Ok(())
}
