//! High-speed X-ray image sequences: the types that carry them, and files that hold them.
//!
//! It is for radiographs of laser melting, tens of thousands to millions of frames a second, in the files that people
//! really hold. Frames are read when they are asked for, in any order and from any thread, into the caller's buffer;
//! values have units and say where they come from; a damaged file is an error that names the place, never a shorter
//! sequence. It is not for color pictures or movies, and it does not segment, filter in time or estimate flow: see
//! `meltpool-morphology`, `mcxi` and `optical-flow`.
//!
//! # A first example
//!
#![cfg_attr(feature = "tiff", doc = "```")]
#![cfg_attr(not(feature = "tiff"), doc = "```text")]
//! use ndarray::Array3;
//! use xray_io::{FrameRate, ImageSequence, Metadata, PixelSize, SequenceReader, SequenceReaderExt, TiffWriter};
//!
//! // A bright spot that moves by one column a frame, at 50 kHz and 1.93 µm a pixel.
//! let frames = Array3::from_shape_fn((8, 16, 16), |(t, r, c)| if (r, c) == (8, 4 + t) { 900.0 } else { 100.0 });
//! let metadata = Metadata::new()
//!     .with_frame_rate(FrameRate::from_kilohertz(50.0)?)
//!     .with_pixel_size(PixelSize::from_micrometers(1.93)?);
//! let path = std::env::temp_dir().join(format!("xray_io_guide_{}.tif", std::process::id()));
//! TiffWriter::new().write(&path, &ImageSequence::new(frames)?.with_metadata(metadata)?)?;
//!
//! // The format is found by content. Only headers are read here.
//! let reader = xray_io::open(&path)?;
//! assert_eq!(reader.format(), "ImageJ TIFF");
//! let calibration = reader.metadata().calibration().ok_or("calibrated")?;
//! assert!((calibration.meters_per_second(1.0) - 0.0965).abs() < 1e-9);
//! assert!((reader.time_axis().start(3).ok_or("known")? - 60e-6).abs() < 1e-12);
//!
//! // One frame; three at a time; all of them.
//! assert_eq!(reader.read_frame_f32(3)?[[8, 7]], 900.0);
//! let mut windows = reader.windows(3, 1)?;
//! while let Some(window) = windows.next_window() {
//!     assert_eq!(window?.n_frames(), 3);
//! }
//! assert_eq!(reader.read_all()?.n_frames(), 8);
//! # drop(reader);
//! # std::fs::remove_file(path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Concepts
//!
//! - A [`SequenceReader`] gives shape, pixel type, [`Metadata`], [`TimeAxis`], and frames in their stored type;
//!   [`SequenceReaderExt`] adds typed and `f32` frames, ranges, [`Windows`], regions and [`ImageSequence`], the whole in
//!   memory. Readers of readers ([`Cropped`], [`Selected`]) are readers too, and so is an [`ImageSequence`].
//! - [`open`] finds the format; an [`Opener`] sets [`Limits`], strictness, choices, and what the user knows better.
//! - Each value of the [`Metadata`] is [`Recorded`]: value, unit, [`Origin`] (file and key, user, derived, assumed). What
//!   was mended or left out stands in its notes.
//! - A [`TimeAxis`] is unknown, uniform or irregular, and is only uniform if it was found so.
//! - A [`Correction`] makes a reader of a reader: each frame is computed when it is asked for, times and notes go with it.
//! - A [`Signal`] is a time series beside the frames, with its own [`TimeAxis`].
//! - [`salvage`] keeps the whole frames of a damaged file and says what is wrong with the others.
//!
//! # Conventions
//!
//! - Axes are frames, rows (down), columns (right), in the order of the file: where a TIFF says by its orientation that row 0 is not the
//!   top row, a note of the metadata repeats it.
//! - Stored values are handed out as they are: no scaling, no inversion where white is zero, no shift of effective bits.
//!   `f32` is by value. Bytes are in the order of this machine.
//! - The time of a frame is the start of its exposure, in seconds. Lengths are in meters, rates in hertz.
//! - No pixel size is `None`, never 1; the playback rate of a movie is no frame rate.
//!
//! # Reading, correcting, saving
//!
#![cfg_attr(feature = "tiff", doc = "```no_run")]
#![cfg_attr(not(feature = "tiff"), doc = "```text")]
//! use xray_io::{Despeckle, DivideDelayed, FlatField, FrameRate, Opener, SequenceReaderExt, TiffWriter};
//!
//! let frames = Opener::new().frame_rate(FrameRate::from_kilohertz(50.0)?).open("scan/")?; // one TIFF a frame
//! let fields = FlatField::from_readers(&xray_io::open("flats/")?, &xray_io::open("darks/")?)?;
//! let transmission = frames.correct(&fields)?.correct(&Despeckle::new())?;
//! TiffWriter::new().write("transmission.tif", &transmission)?;
//! TiffWriter::new().write("motion.tif", &transmission.correct(&DivideDelayed::new(1))?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Formats
//!
//! | format | read | written | feature |
//! |---|---|---|---|
//! | TIFF, BigTIFF: both byte orders, strips and tiles; 1 to 32 packed bits, 8 to 64-bit integers, f16, f32, f64; none, PackBits, LZW, deflate, zstd; predictors 2 and 3 | gray, or one plane of color | uncompressed, deflate | `tiff` |
//! | ImageJ stacks, also those of one directory above 4 GB; OME-TIFF of one file; shapes of tifffile | yes | ImageJ | `tiff` |
//! | TIFF with LZMA | yes | no | `lzma` |
//! | TIFF with LERC, without a mask of missing pixels | yes | no | `lerc` |
//! | TIFF with JPEG, fax, JPEG 2000, WebP | refused by name | no | |
//! | HDF5: Data Exchange, NeXus tomography, plain arrays; contiguous, compact, chunked and virtual; deflate, shuffle, fletcher32, scale-offset, n-bit, szip, LZF, LZ4, zstd, bitshuffle, blosc, blosc2 | yes | Data Exchange, contiguous | `hdf5` |
//! | HDF5: unlimited or irregular mappings of virtual data sets, and their sources in other folders; external links and files; other filters | refused by name | no | |
//! | Photron `.cih`, `.cihx` with `.mraw` of 8, 10, 12, 16 bits | yes | no | `photron` |
//! | Phantom `.cine`: 8, 16 bits, 10 and 12 bits packed | gray | no | `phantom` |
//! | NPY, NPZ: both orders, both byte orders | yes | NPY | `npy` |
//! | PNG: gray, 1 to 16 bits | yes | no | `png` |
//! | MATLAB 4 and 5 (7.3 by `hdf5`) | real arrays | no | `mat` |
//! | AVI: uncompressed gray of 8 bits | yes | no | `avi` |
//! | raw, as a [`RawDescription`] says | yes | no | none |
//! | folders of one file a frame, in natural order | yes | no | that of the files |
//! | vector fields `.flo`; `.vti` for ParaView | yes | yes | none |
//! | signals in tables of text (CSV), by [`SignalTableReader`] | yes | no | none |
//! | signals in TDMS | yes | no | `tdms` |
//!
//! ## Coverage
//!
//! What the readers do with a public set of files, whose pixels are known by their SHA-256, and what other programs read.
//! The second and third column are measured: a test makes them. "Raw" is without the meaning of the parts, "part" with
//! limits; these cells are taken from the programs' documentation.
//!
#![doc = include_str!("../coverage.md")]
//!
//! # Choosing a method
//!
//! | you want | call |
//! |---|---|
//! | everything, and it fits into memory | [`read_all`](SequenceReaderExt::read_all) |
//! | a buffer of your own, again and again | [`read_range_into`](SequenceReaderExt::read_range_into), [`read_f32_into`](SequenceReader::read_f32_into) |
//! | some consecutive frames at a time | [`windows`](SequenceReaderExt::windows) |
//! | a part of each frame | [`crop`](SequenceReaderExt::crop) |
//! | flat and dark fields of a file, and their use | [`Opener::role`], [`FlatField`] |
//! | what moves, not what stays | [`DivideDelayed`], [`LogDelta`] |
//! | counts of companded pixels | [`Linearize`] with the table of the camera |
//! | noise of single pixels gone | [`Despeckle`]; known bad pixels [`HotPixels`] |
//! | the same brightness in all frames | [`Flicker`] |
//! | frames that stay in place | [`DriftSearch`], [`ShiftFrames`] |
//! | another size or direction | [`Resample`], [`BinPixels`], [`Rotate`] |
//! | a value of a signal for each frame | [`Coregistration`]; its offset [`OffsetSearch`] |
//! | what a damaged file still has | [`salvage`] |
//!
//! # Feature flags
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `tiff`, `npy`, `png`, `hdf5`, `photron`, `phantom` | yes | these formats, in pure Rust |
//! | `rayon` | yes | ranges of frames on several threads, with the same result |
//! | `mat`, `avi`, `tdms` | no | these formats, in pure Rust |
//! | `lerc` | no | LERC in TIFF, in pure Rust |
//! | `lzma` | no | LZMA in TIFF, in pure Rust |
//! | `libdeflate` | no | inflates by libdeflate: C code, built by `cc` |
//! | `zstd-c` | no | zstd by its C library, built by `cc` |
//! | `serde` | no | serialization of types and settings |
//!
//! Without features the crate is the vocabulary that others share: types, readers, corrections, signals, raw files.
//!
//! # References
//!
//! - TIFF Revision 6.0, Aldus Corporation, 1992; the BigTIFF design, 2004; Adobe Photoshop TIFF Technical Note 3, 2005
//!   (floating-point predictor).
//! - Open Microscopy Environment, OME-TIFF and the schema 2016-06.
//! - The HDF5 File Format Specification, version 3.0; De Carlo et al., J. Synchrotron Rad. 21 (2014), doi
//!   10.1107/S160057751401604X (Data Exchange); NeXus application definition `NXtomo`.
//! - Gan et al., Nat. Commun. 12, 2379 (2021), doi 10.1038/s41467-021-22704-0, supplement (division by the delayed stack).
//! - NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays".

#![cfg_attr(
    not(all(feature = "tiff", feature = "npy", feature = "png", feature = "hdf5")),
    allow(
        dead_code,
        reason = "each format uses its part of the core; with these on, all of it must be used"
    )
)]

mod calibration;
#[cfg(any(
    feature = "tiff",
    feature = "npy",
    feature = "hdf5",
    feature = "mat",
    feature = "photron",
    feature = "phantom"
))]
mod codec;
mod correct;
mod error;
mod format;
mod limits;
mod metadata;
mod opener;
mod parallel;
mod pixel;
mod reader;
mod roi;
mod sequence;
mod signal;
mod source;
mod time;
mod write;

pub use calibration::{Calibration, FrameRate, PixelSize};
pub use correct::{
    BinFrames, BinPixels, Corrected, Correction, Despeckle, DivideDelayed, DriftSearch, FlatField,
    Flicker, FrameKernel, HotPixels, Interpolation, Linearize, LogDelta, MinusLog, Normalize,
    Prepared, Resample, Rotate, Shift, ShiftFrames, Stretch, mean_frame, median_frame,
};
pub use error::{CodecProblem, Error, Result};
pub use format::{ByteOrder, RawDescription};
pub use limits::Limits;
pub use metadata::{EffectiveBits, Metadata, Note, Origin, Recorded};
pub use opener::{Opener, Role, Salvage, open, salvage};
pub use pixel::{Pixel, PixelType, f16_to_f32};
pub use reader::{
    Cropped, NativeFrame, Selected, SequenceReader, SequenceReaderExt, SequenceShape, Window,
    Windows,
};
pub use roi::RegionOfInterest;
pub use sequence::ImageSequence;
#[cfg(feature = "tdms")]
pub use signal::TdmsFile;
pub use signal::{
    AffineTimeMap, Coregistration, FrameRule, FrameValues, Offset, OffsetSearch, Signal,
    SignalTable, SignalTableReader,
};
pub use time::{Exposure, TimeAxis, TimeOf, Timing};
#[cfg(feature = "hdf5")]
pub use write::DataExchangeWriter;
#[cfg(feature = "npy")]
pub use write::write_npy;
pub use write::{Flo, Vti, read_flo, read_vti, write_flo, write_vti};
#[cfg(feature = "tiff")]
pub use write::{TiffCompression, TiffLayout, TiffWriter};
