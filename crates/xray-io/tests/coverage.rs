//! The coverage table of the crate guide, made from what the readers do with the public files.
//!
//! `UPDATE_GOLDEN=1 cargo test -p xray-io --features avi,lerc,lzma,mat,tdms --test coverage` writes `coverage.md` again. What other
//! programs read is not measured here; it is what their documentation and sources say.

#![cfg(all(
    feature = "tiff",
    feature = "npy",
    feature = "hdf5",
    feature = "photron",
    feature = "phantom",
    feature = "mat",
    feature = "avi",
    feature = "tdms",
    feature = "lerc",
    feature = "lzma"
))]

#[path = "support/data.rs"]
mod data;
#[path = "support/digest.rs"]
mod digest;

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use data::data;
use digest::{digest, sha256};
use serde_json::Value;
use xray_io::{
    Error as IoError, Opener, PixelType, RawDescription, SequenceReader, SignalTableReader,
    TdmsFile,
};

/// A row of the table: its name, the files by the start and the end of their keys, and what others read: tifffile, h5py,
/// PIMS, DXchange, pyMRAW.
struct Family {
    name: &'static str,
    starts: &'static [&'static str],
    ends: &'static str,
    others: [&'static str; 5],
}

#[rustfmt::skip]
const FAMILIES: &[Family] = &[
    family("TIFF: strips, tiles, all sample types", &["strip_", "tiled16"], ".tif", ["yes", "", "yes", "yes", ""]),
    family("BigTIFF", &["bigtiff", "tiled32"], ".tif", ["yes", "", "yes", "", ""]),
    family("TIFF: PackBits, LZW, deflate, zstd", &["packbits_", "lzw_", "deflate_", "zstd_"], ".tif", ["yes", "", "part", "", ""]),
    family("TIFF: LZMA", &["lzma_"], ".tif", ["yes", "", "part", "", ""]),
    family("TIFF: LERC", &["lerc_"], ".tif", ["yes", "", "part", "", ""]),
    family("TIFF: 10, 12, 14 bits packed", &["packed"], ".tif", ["yes", "", "part", "", ""]),
    family("ImageJ and shaped stacks", &["imagej_", "shaped_"], ".tif", ["yes", "", "yes", "", ""]),
    family("OME-TIFF", &["ome"], ".tif", ["yes", "", "part", "", ""]),
    family("folder of frames, natural order", &["seq/"], "", ["part", "", "part", "yes", ""]),
    family("HDF5: Data Exchange", &["dx_"], "/exchange/data", ["", "raw", "", "yes", ""]),
    family("HDF5: NeXus tomography", &["nxtomo"], "", ["", "raw", "", "yes", ""]),
    family("HDF5: virtual data sets", &["vds.h5"], "", ["", "yes", "", "", ""]),
    family("Photron .cih with .mraw", &["synth_"], ".cih", ["", "", "", "", "yes"]),
    family("Photron .cihx with .mraw", &["synth_"], ".cihx", ["", "", "", "", "yes"]),
    family("Phantom .cine", &["synth_"], ".cine", ["", "", "yes", "", ""]),
    family("NPY, NPZ, raw", &["stack", "raw_"], "", ["", "", "part", "part", ""]),
    family("MATLAB 4, 5, 7.3", &["abs_"], "", ["", "part", "", "", ""]),
    family("uncompressed AVI", &["gray8"], ".avi", ["", "", "yes", "", ""]),
    family("tables of signals", &["absorptivity", "scope", "nist", "cmu"], "", ["", "", "", "", ""]),
    family("TDMS signals", &["photodiode"], "", ["", "", "", "", ""]),
];

const fn family(
    name: &'static str,
    starts: &'static [&'static str],
    ends: &'static str,
    others: [&'static str; 5],
) -> Family {
    Family {
        name,
        starts,
        ends,
        others,
    }
}

enum Outcome {
    Equal,
    Refused,
    Wrong(String),
}

fn outcome(folder: &Path, key: &str, entry: &Value) -> Outcome {
    let (name, part) = key
        .split_once("::")
        .map_or((key, None), |(name, part)| (name, Some(part)));
    let path = folder.join(name);
    let is = |ending: &str| path.extension().is_some_and(|found| found == ending);
    if is("csv") {
        // The values of every table are compared in the tests of signals.
        return match SignalTableReader::new().open(&path) {
            Ok(_) => Outcome::Equal,
            Err(error) => Outcome::Wrong(error.to_string()),
        };
    }
    if is("tdms") {
        let channel = TdmsFile::open(&path).and_then(|file| file.signal(part.unwrap_or_default()));
        return match channel {
            Ok(signal) => {
                let bytes: Vec<u8> = signal
                    .values()
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect();
                if Some(sha256(&bytes).as_str()) == entry["sha256"].as_str() {
                    Outcome::Equal
                } else {
                    Outcome::Wrong("other values".to_owned())
                }
            }
            Err(error) => Outcome::Wrong(error.to_string()),
        };
    }
    let mut opener = Opener::new();
    if let Some(part) = part {
        opener = opener.dataset(part);
    }
    if is("raw") {
        opener = opener.raw(RawDescription::new(37, 52, PixelType::U16));
    }
    match opener
        .open(&path)
        .and_then(|reader| digest(&reader, reader.shape().n_frames))
    {
        Ok(found) if Some(found.as_str()) == entry["sha256"].as_str() => Outcome::Equal,
        Ok(_) => Outcome::Wrong("other pixels".to_owned()),
        Err(IoError::Unsupported { .. } | IoError::UnknownFormat { .. }) => Outcome::Refused,
        Err(error) => Outcome::Wrong(error.to_string()),
    }
}

#[test]
#[cfg(target_endian = "little")]
fn the_table_of_the_guide_is_what_the_readers_do() -> Result<(), Box<dyn Error>> {
    let Some(folder) = data("synthetic/valid") else {
        return Ok(());
    };
    let all: Value = serde_json::from_str(&fs::read_to_string(folder.join("expected.json"))?)?;
    let files = all["files"].as_object().ok_or("files")?;
    let mut table = String::from(
        "| files | equal to the manifest | refused by name | tifffile | h5py | PIMS | DXchange | pyMRAW |\n|---|---|---|---|---|---|---|---|\n",
    );
    let mut counted = 0;
    for family in FAMILIES {
        let (mut equal, mut refused, mut n) = (0, 0, 0);
        for (key, entry) in files {
            let belongs = family.starts.iter().any(|start| key.starts_with(start))
                && key.ends_with(family.ends);
            if !belongs {
                continue;
            }
            n += 1;
            match outcome(&folder, key, entry) {
                Outcome::Equal => equal += 1,
                Outcome::Refused => refused += 1,
                Outcome::Wrong(problem) => panic!("{key}: {problem}"),
            }
        }
        assert!(n > 0, "no file of {}", family.name);
        counted += n;
        let others: Vec<&str> = family
            .others
            .iter()
            .map(|cell| if cell.is_empty() { "no" } else { cell })
            .collect();
        writeln!(
            table,
            "| {} | {equal} of {n} | {refused} | {} |",
            family.name,
            others.join(" | ")
        )?;
    }
    // The goldens of the corrections are the only files that are in no row.
    let goldens = files
        .keys()
        .filter(|key| key.starts_with("golden_"))
        .count();
    assert_eq!(counted + goldens, files.len());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("coverage.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &table)?;
    }
    assert_eq!(fs::read_to_string(&path)?, table);
    Ok(())
}
