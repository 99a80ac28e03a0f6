//! Regions of ImageJ, sets of them, and annotations in CSV.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meltpool_morphology::{annotations_csv, imagej_roi, imagej_roi_set};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(region) = imagej_roi(bytes) {
        // 256 points of an oval come from no bytes
        assert!(region.outline.points().len() <= 256.max(bytes.len()));
    }
    let _ = imagej_roi(&[b"Iout", bytes].concat());
    let _ = imagej_roi_set(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = annotations_csv(text);
        let _ = annotations_csv(&format!("frame,name,x,y\n{text}"));
    }
});
