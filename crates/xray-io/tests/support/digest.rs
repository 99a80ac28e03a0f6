//! The fingerprint by which manifests know pixels.

use sha2::{Digest, Sha256};
use xray_io::SequenceReader;

/// SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let hex = |text: String, byte: &u8| text + &format!("{byte:02x}");
    Sha256::digest(bytes).iter().fold(String::new(), hex)
}

/// That of the pixels of the first frames in C order, little-endian.
pub(crate) fn digest(reader: &dyn SequenceReader, n_frames: usize) -> xray_io::Result<String> {
    let size = reader.shape().frame_bytes(reader.pixel_type());
    let mut bytes = vec![0; n_frames * size];
    for (number, frame) in bytes.chunks_exact_mut(size).enumerate() {
        reader.read_native_into(number, frame)?;
    }
    if cfg!(target_endian = "big") {
        let pixels = bytes.chunks_exact_mut(reader.pixel_type().bytes());
        pixels.for_each(<[u8]>::reverse);
    }
    Ok(sha256(&bytes))
}
