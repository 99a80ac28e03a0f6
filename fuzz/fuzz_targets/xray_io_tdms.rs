//! Signals in TDMS files: no bytes panic, and a channel holds no more values than the file has bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use xray_io::TdmsFile;

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    // A segment that names its data: what is spent on the mark and the flags finds nothing new.
    bytes.resize(bytes.len().max(8), 0);
    bytes[..4].copy_from_slice(b"TDSm");
    let Ok(file) = TdmsFile::open_bytes("fuzz.tdms", bytes.clone()) else {
        return;
    };
    let names: Vec<String> = file.names().map(str::to_owned).collect();
    let mut values = 0;
    for name in &names {
        if let Ok(signal) = file.signal(name) {
            values += signal.len();
        }
    }
    // Names that stand twice show the same channel.
    if names.iter().collect::<std::collections::BTreeSet<_>>().len() == names.len() {
        assert!(values <= bytes.len());
    }
});
