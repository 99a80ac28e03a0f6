//! Decompression into a slice of known length.
//!
//! The length comes from the geometry of the image, never from the stream. A stream that holds more is read up to that
//! length; one that holds less is an error.

#[cfg(any(feature = "tiff", feature = "npy", feature = "hdf5", feature = "mat"))]
mod deflate;
#[cfg(feature = "lerc")]
mod lerc;
#[cfg(feature = "lzma")]
mod lzma;
#[cfg(feature = "tiff")]
mod lzw;
#[cfg(feature = "tiff")]
mod packbits;
#[cfg(any(feature = "tiff", feature = "photron", feature = "phantom"))]
mod packed;
#[cfg(any(feature = "tiff", feature = "hdf5"))]
mod zstd;

#[cfg(feature = "npy")]
pub(crate) use deflate::inflate_raw;
#[cfg(any(feature = "tiff", feature = "hdf5", feature = "mat"))]
pub(crate) use deflate::inflate_zlib;
#[cfg(feature = "lerc")]
pub(crate) use lerc::decode_lerc;
#[cfg(feature = "lzma")]
pub(crate) use lzma::decode_xz;
#[cfg(feature = "tiff")]
pub(crate) use lzw::decode_lzw;
#[cfg(feature = "tiff")]
pub(crate) use packbits::decode_packbits;
#[cfg(any(feature = "photron", feature = "phantom"))]
pub(crate) use packed::read_packed;
#[cfg(feature = "tiff")]
pub(crate) use packed::unpack_row;
#[cfg(any(feature = "tiff", feature = "hdf5"))]
pub(crate) use zstd::decode_zstd;
