//! Tables of signals against the values they were made of.

#[path = "support/data.rs"]
mod data;

use std::error::Error;
use std::fs;

use data::data;
use serde_json::Value;
use sha2::{Digest, Sha256};
use xray_io::{Coregistration, Error as IoError, SignalTableReader};

type TestResult = Result<(), Box<dyn Error>>;

fn digest(values: &[f64]) -> String {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    Sha256::digest(&bytes)
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn every_table_equals_its_manifest() -> TestResult {
    let Some(folder) = data("synthetic/valid") else {
        return Ok(());
    };
    let all: Value = serde_json::from_str(&fs::read_to_string(folder.join("expected.json"))?)?;
    let mut read = 0;
    for (key, entry) in all["files"].as_object().ok_or("files")? {
        let Some((name, column)) = key
            .split_once("::")
            .filter(|(name, _)| name.contains(".csv"))
        else {
            continue;
        };
        let table = SignalTableReader::new().open(folder.join(name))?;
        let values = match column.strip_suffix("@frame") {
            Some(column) => {
                let found = Coregistration::by_frame_number(&table, column, "FrameNumber")?;
                let frames: Vec<Value> = found.frames.iter().map(|frame| (*frame).into()).collect();
                assert_eq!(Some(&frames), entry["frames"].as_array(), "{key}");
                assert!(
                    (found.map.interval - 20e-6).abs() < 1e-12,
                    "{key}: {:?}",
                    found.map
                );
                assert!(found.map.residual < 1e-12, "{key}: {:?}", found.map);
                found.values
            }
            // The manifest counts columns; the first one is the time.
            None if column == "1" => {
                let name = table.names().next().ok_or("a column")?;
                table.signal(name)?.values().to_vec()
            }
            None => table.signal(column)?.values().to_vec(),
        };
        assert_eq!(
            Some(digest(&values).as_str()),
            entry["sha256"].as_str(),
            "{key}"
        );
        if let Some(dt) = entry["dt_s"].as_f64() {
            let found = table.time_axis().interval().ok_or("uniform")?;
            assert!((found / dt - 1.0).abs() < 1e-9, "{key}: {found}");
        }
        read += 1;
    }
    assert_eq!(read, 7);
    Ok(())
}

#[test]
fn what_is_left_out_is_said() -> TestResult {
    let Some(folder) = data("synthetic/valid") else {
        return Ok(());
    };
    let table = SignalTableReader::new().open(folder.join("nist_tdw.csv"))?;
    assert_eq!(table.n_rows(), 98);
    let note = table
        .notes()
        .iter()
        .find(|note| note.subject == "rows without a time");
    assert!(note.is_some_and(|note| note.text.starts_with("1 with values and 5 without any")));
    let table = SignalTableReader::new().open(folder.join("nist_frame_held.csv"))?;
    let missing = table.signal("AbsAbsorptionUncertainty")?;
    assert!(
        missing.values()[0].is_nan(),
        "two dashes are missing, not 0"
    );
    Ok(())
}

#[test]
fn damaged_tables_are_errors_with_their_line() {
    let Some(folder) = data("synthetic/malformed") else {
        return;
    };
    for (name, expected) in [
        ("signal_gap.csv", 4),
        ("signal_backwards.csv", 4),
        ("signal_ragged.csv", 3),
        ("signal_text.csv", 3),
    ] {
        match SignalTableReader::new().open(folder.join(name)) {
            Err(IoError::InvalidRow { line, .. }) => assert_eq!(line, expected, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[cfg(feature = "tdms")]
#[test]
fn two_segments_of_tdms_are_one_signal() -> TestResult {
    use xray_io::TdmsFile;
    let Some(folder) = data("synthetic") else {
        return Ok(());
    };
    let bytes = fs::read(folder.join("valid/photodiode.tdms"))?;
    let file = TdmsFile::open_bytes("x.tdms", bytes.clone())?;
    assert_eq!(file.names().collect::<Vec<_>>(), ["/daq/pd"]);
    let signal = file.signal("/daq/pd")?;
    assert_eq!(signal.unit(), "V");
    assert_eq!(signal.len(), 2100);
    assert_eq!(
        digest(signal.values()),
        "4d96bff0c89d96be738956fae2e9a09d1790f7fac0214e1895eb39705073cab4"
    );
    assert_eq!(signal.time_axis().interval(), Some(1e-6));
    assert_eq!(signal.time_axis().start(0), Some(-1e-4));
    // Every cut but the one between the segments is an error.
    let mut whole = 0;
    for length in (1..bytes.len()).step_by(13) {
        whole += usize::from(TdmsFile::open_bytes("x.tdms", bytes[..length].to_vec()).is_ok());
    }
    assert_eq!(whole, 0);
    for i in 0..6 {
        let path = folder.join(format!("malformed/photodiode__mut{i}.tdms"));
        let _ = TdmsFile::open(path);
    }
    Ok(())
}
