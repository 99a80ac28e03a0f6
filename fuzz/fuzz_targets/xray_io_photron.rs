//! Photron headers, text and XML, with pixels beside them on a disk.

#![no_main]

#[path = "../support/frames.rs"]
mod frames;

use std::fs;

use frames::{check, marked};
use libfuzzer_sys::fuzz_target;
use xray_io::SequenceReader;

fuzz_target!(|bytes: &[u8]| {
    // The headers alone: their pixels are missed only after they were read.
    check("fuzz.cih", &marked(bytes, &[(0, b"#Camera Information Header\n")]));
    check("fuzz.cihx", &marked(bytes, &[(256, b"CIHX")]));
    let folder = std::env::temp_dir().join(format!("xray_io_photron_{}", std::process::id()));
    if fs::create_dir_all(&folder).is_err() {
        return;
    }
    let (header, pixels) = (folder.join("fuzz.cih"), folder.join("fuzz.mraw"));
    if fs::write(&header, bytes).is_err() || fs::write(&pixels, [7; 96]).is_err() {
        return;
    }
    if let Ok(reader) = xray_io::open(&pixels) {
        let shape = reader.shape();
        // 96 bytes hold at most 96 pixels of 8 bits.
        assert!(shape.n_frames * shape.n_rows * shape.n_columns <= 96);
        let mut frame = vec![0; shape.frame_bytes(reader.pixel_type())];
        for number in 0..shape.n_frames {
            reader.read_native_into(number, &mut frame).expect("a frame that is whole");
        }
    }
    let _ = xray_io::salvage(&pixels);
});
