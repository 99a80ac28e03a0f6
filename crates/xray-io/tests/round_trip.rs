//! What is written is read back, by us and by the `tiff` crate, and what that crate writes is read by us.

#![cfg(all(feature = "tiff", feature = "npy"))]

#[path = "support/bytes.rs"]
mod bytes;

use std::error::Error;
use std::io::Cursor;

use bytes::{TYPES, bytes_of};
use ndarray::Array3;
use proptest::prelude::*;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::encoder::{Compression, Predictor, TiffEncoder, colortype};
use xray_io::{
    ByteOrder, FrameRate, ImageSequence, Metadata, Opener, PixelSize, PixelType, RawDescription,
    RegionOfInterest, SequenceReader, SequenceReaderExt, TiffCompression, TiffLayout, TiffWriter,
    TimeAxis, write_npy,
};

type TestResult = Result<(), Box<dyn Error>>;

/// Frames of any type from bytes.
fn typed(
    pixel_type: PixelType,
    shape: (usize, usize, usize),
    seed: u64,
) -> xray_io::Result<Box<dyn SequenceReader>> {
    let mut state = seed | 1;
    let length = shape.0 * shape.1 * shape.2 * pixel_type.bytes();
    let bytes = (0..length)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 59) as u8
        })
        .collect();
    let order = if cfg!(target_endian = "big") {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    };
    let description = RawDescription::new(shape.1, shape.2, pixel_type).byte_order(order);
    Opener::new()
        .raw(description)
        .open_bytes("memory.raw", bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn tiff_and_npy_give_back_what_was_written(
        kind in 0_usize..TYPES.len(),
        frames in 1_usize..4,
        rows in 1_usize..20,
        columns in 1_usize..20,
        strip in 1_usize..25,
        deflate in any::<bool>(),
        big in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let folder = tempfile::tempdir()?;
        let original = typed(TYPES[kind], (frames, rows, columns), seed)?;
        let expected = bytes_of(&original)?;
        let writer = TiffWriter::new()
            .compression(if deflate { TiffCompression::Deflate } else { TiffCompression::None })
            .layout(if big { TiffLayout::Big } else { TiffLayout::Classic })
            .rows_per_strip(strip);
        let path = folder.path().join("x.tif");
        writer.write(&path, &original)?;
        let back = xray_io::open(&path)?;
        prop_assert_eq!(back.shape(), original.shape());
        prop_assert_eq!(back.pixel_type(), original.pixel_type());
        prop_assert_eq!(bytes_of(&back)?, &expected[..]);

        let path = folder.path().join("x.npy");
        write_npy(&path, &original)?;
        let back = xray_io::open(&path)?;
        prop_assert_eq!(back.shape(), original.shape());
        prop_assert_eq!(back.pixel_type(), original.pixel_type());
        prop_assert_eq!(bytes_of(&back)?, &expected[..]);
    }

    #[test]
    fn the_tiff_crate_reads_what_we_write(
        frames in 1_usize..4,
        rows in 1_usize..20,
        columns in 1_usize..20,
        strip in 1_usize..25,
        deflate in any::<bool>(),
        big in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let folder = tempfile::tempdir()?;
        let original = typed(PixelType::U16, (frames, rows, columns), seed)?;
        let path = folder.path().join("x.tif");
        TiffWriter::new()
            .compression(if deflate { TiffCompression::Deflate } else { TiffCompression::None })
            .layout(if big { TiffLayout::Big } else { TiffLayout::Classic })
            .rows_per_strip(strip)
            .write(&path, &original)?;
        let mut decoder = Decoder::new(std::io::BufReader::new(std::fs::File::open(&path)?))?;
        for frame in 0..frames {
            prop_assert_eq!(decoder.dimensions()?, (columns as u32, rows as u32));
            let DecodingResult::U16(pixels) = decoder.read_image()? else { panic!("another type") };
            let expected = original.read_frame::<u16>(frame)?;
            prop_assert_eq!(expected.as_slice(), Some(&pixels[..]));
            prop_assert_eq!(decoder.more_images(), frame + 1 < frames);
            if decoder.more_images() {
                decoder.next_image()?;
            }
        }
    }

    #[test]
    fn we_read_what_the_tiff_crate_writes(
        frames in 1_usize..4,
        rows in 1_u32..30,
        columns in 1_u32..30,
        compression in 0_usize..4,
        differences in any::<bool>(),
        big in any::<bool>(),
        values in proptest::collection::vec(0_u16..500, 30 * 30 * 3),
    ) {
        let pixels = (rows * columns) as usize;
        let compression = [
            Compression::Uncompressed,
            Compression::Lzw,
            Compression::Deflate(tiff::encoder::DeflateLevel::Fast),
            Compression::Packbits,
        ][compression];
        let predictor = if differences { Predictor::Horizontal } else { Predictor::None };
        let mut bytes = Vec::new();
        macro_rules! write_with {
            ($encoder:expr) => {{
                let mut encoder = $encoder?.with_compression(compression).with_predictor(predictor);
                for frame in 0..frames {
                    encoder.write_image::<colortype::Gray16>(columns, rows, &values[frame * pixels..][..pixels])?;
                }
            }};
        }
        if big {
            write_with!(TiffEncoder::new_big(Cursor::new(&mut bytes)));
        } else {
            write_with!(TiffEncoder::new(Cursor::new(&mut bytes)));
        }
        let reader = Opener::new().open_bytes("x.tif", bytes)?;
        prop_assert_eq!(reader.shape().n_frames, frames);
        for frame in 0..frames {
            let found = reader.read_frame::<u16>(frame)?;
            prop_assert_eq!(found.as_slice(), Some(&values[frame * pixels..][..pixels]));
        }
    }

    #[test]
    fn a_crop_of_the_file_is_the_file_of_the_crop(
        row in 0_usize..12,
        column in 0_usize..12,
        n_rows in 1_usize..8,
        n_columns in 1_usize..8,
        deflate in any::<bool>(),
        kind in 0_usize..TYPES.len(),
    ) {
        let folder = tempfile::tempdir()?;
        let original = typed(TYPES[kind], (2, 19, 19), 5)?;
        let path = folder.path().join("x.tif");
        let compression = if deflate { TiffCompression::Deflate } else { TiffCompression::None };
        TiffWriter::new().compression(compression).rows_per_strip(4).write(&path, &original)?;
        let region = RegionOfInterest::new(row, column, n_rows, n_columns);
        let from_file = bytes_of(&xray_io::open(&path)?.crop(region)?)?;
        let from_memory = bytes_of(&(&original).crop(region)?)?;
        prop_assert_eq!(&from_file, &from_memory);
        let whole = bytes_of(&original)?;
        let size = TYPES[kind].bytes();
        let mut expected = Vec::new();
        for frame in 0..2 {
            for r in row..row + n_rows {
                let start = ((frame * 19 + r) * 19 + column) * size;
                expected.extend_from_slice(&whole[start..start + n_columns * size]);
            }
        }
        prop_assert_eq!(from_file, expected);
    }
}

#[test]
fn calibration_survives_the_file() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("x.tif");
    for layout in [TiffLayout::Classic, TiffLayout::Big] {
        for (size, rate) in [(1.93, 50e3), (1.0, 1.087e6), (1.98, 20e3)] {
            let sequence = ImageSequence::new(Array3::ones((3, 4, 5)))?
                .with_metadata(Metadata::new().with_pixel_size(PixelSize::from_micrometers(size)?))?
                .with_time_axis(TimeAxis::uniform(0.0, 1.0 / rate)?)?;
            TiffWriter::new().layout(layout).write(&path, &sequence)?;
            let back = xray_io::open(&path)?.read_all()?;
            let calibration = back.calibration().ok_or("calibrated")?;
            approx::assert_relative_eq!(
                calibration.pixel_size().micrometers(),
                size,
                max_relative = 1e-12
            );
            approx::assert_relative_eq!(
                calibration.frame_rate().hertz(),
                rate,
                max_relative = 1e-14
            );
            assert_eq!(back.view(), sequence.view());
        }
    }
    Ok(())
}

#[test]
fn folders_are_read_in_natural_order_and_gaps_are_told() -> TestResult {
    let folder = tempfile::tempdir()?;
    for number in [8, 9, 10, 12] {
        let frame = ImageSequence::new(Array3::from_elem((1, 2, 3), number as f32))?;
        TiffWriter::new().write(folder.path().join(format!("frame_{number}.tif")), &frame)?;
    }
    std::fs::write(folder.path().join("notes.txt"), "not a frame")?;
    let reader = Opener::new()
        .frame_rate(FrameRate::from_hertz(1000.0)?)
        .open(folder.path())?;
    assert_eq!(reader.shape().n_frames, 4);
    let firsts: Vec<f32> = reader
        .iter_f32()
        .map(|frame| frame.map(|frame| frame[[0, 0]]))
        .collect::<Result<_, _>>()?;
    assert_eq!(firsts, [8.0, 9.0, 10.0, 12.0]);
    assert_eq!(
        reader.time_axis().interval(),
        None,
        "a gap makes the axis irregular"
    );
    approx::assert_relative_eq!(
        reader.time_axis().start(3).ok_or("known")?,
        4e-3,
        max_relative = 1e-12
    );
    assert!(
        reader
            .metadata()
            .notes
            .iter()
            .any(|note| note.text.contains("between 10 and 12"))
    );

    let other = ImageSequence::new(Array3::zeros((1, 2, 4)))?;
    TiffWriter::new().write(folder.path().join("frame_13.tif"), &other)?;
    let error = xray_io::open(folder.path())
        .err()
        .ok_or("another shape is refused")?;
    assert_eq!(error.frame(), Some(4), "{error}");
    let salvage = xray_io::salvage(folder.path())?;
    assert_eq!(salvage.reader().frame_numbers(), [0, 1, 2, 3]);
    Ok(())
}

#[test]
fn a_stack_of_one_directory_beyond_the_file_is_refused_and_salvaged() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("x.tif");
    let one = ImageSequence::new(Array3::from_shape_fn((1, 4, 5), |(_, r, c)| {
        (r * 5 + c) as f32
    }))?;
    TiffWriter::new().write(&path, &one)?;
    let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
    assert!(text.contains("images=1\n"));
    let mut bytes = std::fs::read(&path)?;
    let at = bytes
        .windows(9)
        .position(|window| window == b"images=1\n")
        .ok_or("images")?;
    bytes[at + 7] = b'7';
    // Behind the first frame stand the tags, not frames; there is room for some claims, not for seven.
    let error = Opener::new()
        .open_bytes("x.tif", bytes.clone())
        .err()
        .ok_or("refused")?;
    assert!(
        matches!(error, xray_io::Error::FrameCount { claimed: 7, .. }),
        "{error}"
    );
    let salvage = Opener::new().salvage_bytes("x.tif", bytes)?;
    assert_eq!(salvage.reader().read_frame_f32(0)?, one.frame(0));
    assert_eq!(salvage.faults().len(), 1);
    Ok(())
}

#[test]
fn a_stack_whose_only_page_is_lost_is_not_salvaged_from_elsewhere() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("x.tif");
    let one = ImageSequence::new(Array3::ones((1, 4, 5)))?;
    TiffWriter::new()
        .layout(TiffLayout::Classic)
        .write(&path, &one)?;
    let mut bytes = std::fs::read(&path)?;
    let at = bytes
        .windows(9)
        .position(|window| window == b"images=1\n")
        .ok_or("images")?;
    bytes[at + 7] = b'7';
    // The tag of the strip offset, of type 4 and count 1; its value is sent past the end.
    let tag = [0x11, 0x01, 4, 0, 1, 0, 0, 0];
    let at = bytes
        .windows(8)
        .position(|window| window == tag)
        .ok_or("StripOffsets")?
        + 8;
    bytes[at..at + 4].copy_from_slice(&0x7fff_0000_u32.to_le_bytes());
    let error = Opener::new()
        .salvage_bytes("x.tif", bytes)
        .err()
        .ok_or("nothing is whole")?;
    assert_eq!(error.offset(), Some(0x7fff_0000), "{error}");
    Ok(())
}

#[test]
fn a_sequence_larger_than_memory_is_an_error_and_no_abort() -> TestResult {
    #[derive(Debug)]
    struct Huge(ImageSequence);
    impl SequenceReader for Huge {
        fn format(&self) -> &'static str {
            "test"
        }
        fn path(&self) -> &std::path::Path {
            std::path::Path::new("")
        }
        fn shape(&self) -> xray_io::SequenceShape {
            xray_io::SequenceShape {
                n_frames: usize::MAX / 64,
                n_rows: 4,
                n_columns: 5,
            }
        }
        fn pixel_type(&self) -> PixelType {
            PixelType::F32
        }
        fn metadata(&self) -> &Metadata {
            self.0.metadata()
        }
        fn time_axis(&self) -> &TimeAxis {
            self.0.time_axis()
        }
        fn read_native_into(&self, _: usize, destination: &mut [u8]) -> xray_io::Result<()> {
            self.0.read_native_into(0, destination)
        }
    }
    let huge = Huge(ImageSequence::new(Array3::ones((1, 4, 5)))?);
    assert!(huge.read_all().is_err());
    assert_eq!(
        huge.read_frame_f32(usize::MAX / 64 - 1)?,
        ndarray::Array2::ones((4, 5))
    );
    Ok(())
}

#[test]
fn the_file_that_is_read_is_not_overwritten() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("scan.tif");
    let sequence = ImageSequence::new(Array3::ones((3, 8, 8)))?;
    TiffWriter::new().write(&path, &sequence)?;
    let reader = xray_io::open(&path)?;
    let despeckled = (&reader).correct(&xray_io::Despeckle::new())?;
    let same = folder.path().join(".").join("scan.tif");
    assert!(TiffWriter::new().write(&same, &despeckled).is_err());
    assert!(write_npy(&same, &reader).is_err());
    let single = ImageSequence::new(Array3::ones((1, 8, 8)))?;
    let scan = folder.path().join("scan");
    std::fs::create_dir(&scan)?;
    for name in ["frame_1.tif", "frame_2.tif"] {
        TiffWriter::new().write(scan.join(name), &single)?;
    }
    let frames = xray_io::open(&scan)?;
    let again = TiffWriter::new().write(scan.join("frame_2.tif"), &frames);
    assert!(again.is_err());
    assert_eq!(xray_io::open(&scan)?.read_all()?.n_frames(), 2);
    assert_eq!(xray_io::open(&path)?.read_all()?.n_frames(), 3);
    Ok(())
}
