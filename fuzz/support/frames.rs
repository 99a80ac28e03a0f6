//! What every file of frames must hold, whatever its bytes.

use xray_io::{Limits, Opener, RegionOfInterest, SequenceReader};

/// Opens the bytes under this name; what is read without an error is whole, a region is a part of its frame, and salvage
/// finds what strict reading finds.
pub fn check(name: &str, bytes: &[u8]) {
    // The fuzzer's own hook ends the process at a panic that the library catches and makes an error of; one that reaches the
    // fuzzer still does.
    static CAUGHT: std::sync::Once = std::sync::Once::new();
    CAUGHT.call_once(|| drop(std::panic::take_hook()));
    let limits = Limits::new().max_frame_bytes(16 << 20).max_total_bytes(64 << 20).max_frames(10_000).max_ifds(10_000);
    let opener = Opener::new().limits(limits);
    let Ok(reader) = opener.open_bytes(name, bytes.to_vec()) else {
        let _ = opener.salvage_bytes(name, bytes.to_vec());
        return;
    };
    let shape = reader.shape();
    assert!(shape.n_frames > 0 && shape.n_rows > 0 && shape.n_columns > 0);
    let size = reader.pixel_type().bytes();
    let mut frame = vec![0; shape.frame_bytes(reader.pixel_type())];
    let mut whole = 0;
    for number in 0..shape.n_frames.min(64) {
        if reader.read_native_into(number, &mut frame).is_ok() {
            whole += 1;
            let region = RegionOfInterest::new(shape.n_rows / 2, shape.n_columns / 2, 1, 1);
            let mut pixel = vec![0; size];
            reader.read_native_region_into(number, &region, &mut pixel).expect("a part of a readable frame");
            let at = (region.row * shape.n_columns + region.column) * size;
            assert_eq!(pixel, frame[at..at + size]);
        }
    }
    if shape.n_frames <= 64 && whole > 0 {
        let salvage = opener.salvage_bytes(name, bytes.to_vec()).expect("some frames are whole");
        assert_eq!(salvage.reader().shape().n_frames, whole);
    }
}

/// The bytes with those of a mark in their place, so that none is spent on finding it.
pub fn marked(bytes: &[u8], marks: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, mark) in marks {
        if bytes.len() < at + mark.len() {
            bytes.resize(at + mark.len(), 0);
        }
        bytes[*at..at + mark.len()].copy_from_slice(mark);
    }
    bytes
}
