//! High-speed X-ray image sequences and the signals beside them.

mod calibration;
#[cfg(any(feature = "tiff", feature = "npy"))]
mod codec;
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
mod source;
mod time;
mod write;

pub use calibration::{Calibration, FrameRate, PixelSize};
pub use error::{CodecProblem, Error, Result};
pub use format::{ByteOrder, RawDescription};
pub use limits::Limits;
pub use metadata::{EffectiveBits, Metadata, Note, Origin, Recorded};
pub use opener::{Opener, Salvage, open, salvage};
pub use pixel::{Pixel, PixelType, f16_to_f32};
pub use reader::{
    Cropped, NativeFrame, Selected, SequenceReader, SequenceReaderExt, SequenceShape, Window,
    Windows,
};
pub use roi::RegionOfInterest;
pub use sequence::ImageSequence;
pub use time::{Exposure, TimeAxis, TimeOf, Timing};
#[cfg(feature = "npy")]
pub use write::write_npy;
pub use write::{Flo, read_flo, write_flo, write_vti};
#[cfg(feature = "tiff")]
pub use write::{TiffCompression, TiffLayout, TiffWriter};
