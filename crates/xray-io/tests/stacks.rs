//! What descriptions of ImageJ and OME say about the order, time and size of pages.

#![cfg(feature = "tiff")]

use std::error::Error;
use std::io::Cursor;

use tiff::encoder::{Rational, TiffEncoder, colortype};
use tiff::tags::Tag;
use xray_io::{Error as IoError, FrameRate, Opener, SequenceReader, SequenceReaderExt, Timing};

type TestResult = Result<(), Box<dyn Error>>;

/// Pages of 2 x 3 pixels that all hold the number of their page.
fn stack(pages: u16, description: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    let mut encoder = TiffEncoder::new(Cursor::new(&mut bytes))?;
    for page in 0..pages {
        let mut image = encoder.new_image::<colortype::Gray16>(3, 2)?;
        if page == 0 {
            image
                .encoder()
                .write_tag(Tag::ImageDescription, description)?;
            image.x_resolution(Rational {
                n: 1_000_000,
                d: 1_930_000,
            });
        }
        image.write_data(&[page; 6])?;
    }
    Ok(bytes)
}

fn pages(reader: &dyn SequenceReader) -> xray_io::Result<Vec<u16>> {
    (0..reader.shape().n_frames)
        .map(|frame| Ok(reader.read_frame::<u16>(frame)?[[1, 2]]))
        .collect()
}

#[test]
fn hyperstacks_of_imagej_have_channels_fastest() -> TestResult {
    let bytes = stack(
        12,
        "ImageJ=1.54f\nimages=12\nchannels=2\nslices=3\nframes=2\nhyperstack=true\nfinterval=0.5\n",
    )?;
    let open = |opener: Opener| opener.open_bytes("x.tif", bytes.clone());
    assert!(matches!(
        open(Opener::new()),
        Err(IoError::Ambiguous { what: "slice", .. })
    ));
    assert!(matches!(
        open(Opener::new().slice(1)),
        Err(IoError::Ambiguous {
            what: "channel",
            ..
        })
    ));
    let reader = open(Opener::new().slice(1).channel(1))?;
    assert_eq!(pages(&reader)?, [3, 9]);
    assert_eq!(reader.time_axis().interval(), Some(0.5));
    assert!(matches!(
        open(Opener::new().slice(3).channel(0)),
        Err(IoError::NotFound { what: "slice", .. })
    ));
    Ok(())
}

#[test]
fn a_stack_in_depth_has_no_time_unless_told() -> TestResult {
    let bytes = stack(
        4,
        "ImageJ=1.54f\nimages=4\nslices=4\nfinterval=20\ntunit=\\u00B5s\nunit=\\u00B5m\n",
    )?;
    let reader = Opener::new().open_bytes("x.tif", bytes.clone())?;
    assert_eq!(pages(&reader)?, [0, 1, 2, 3]);
    assert_eq!(reader.time_axis().timing(), &Timing::Unknown);
    assert!(
        reader
            .metadata()
            .notes
            .iter()
            .any(|note| note.text.contains("depth"))
    );
    let reader = Opener::new()
        .stack_as_time(true)
        .open_bytes("x.tif", bytes)?;
    approx::assert_relative_eq!(
        reader.time_axis().interval().ok_or("known")?,
        20e-6,
        max_relative = 1e-12
    );
    let size = reader.metadata().pixel_size.as_ref().ok_or("known")?.value;
    approx::assert_relative_eq!(size.micrometers(), 1.93, max_relative = 1e-12);
    Ok(())
}

#[test]
fn no_unit_is_no_pixel_size() -> TestResult {
    for text in [
        "ImageJ=1.54f\nimages=2\nframes=2\n",
        "ImageJ=1.54f\nimages=2\nframes=2\nunit=pixel\n",
        "",
        "notes",
    ] {
        let reader = Opener::new().open_bytes("x.tif", stack(2, text)?)?;
        assert_eq!(reader.metadata().pixel_size, None, "{text:?}");
        assert_eq!(reader.time_axis().timing(), &Timing::Unknown);
    }
    Ok(())
}

fn ome(pixels: &str, inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><OME xmlns=\"http://www.openmicroscopy.org/Schemas/OME/2016-06\" UUID=\"urn:uuid:a\">\
         <Image ID=\"Image:0\"><Pixels ID=\"Pixels:0\" Type=\"uint16\" SizeX=\"3\" SizeY=\"2\" {pixels}>{inside}\
         </Pixels></Image></OME>"
    )
}

#[test]
fn ome_orders_pages_by_its_dimensions_and_tables() -> TestResult {
    let text = ome(
        "DimensionOrder=\"XYZCT\" SizeZ=\"2\" SizeC=\"3\" SizeT=\"2\" TimeIncrement=\"4\" TimeIncrementUnit=\"ms\"",
        "<TiffData/>",
    );
    let reader = Opener::new()
        .slice(1)
        .channel(2)
        .open_bytes("x.tif", stack(12, &text)?)?;
    assert_eq!(pages(&reader)?, [5, 11]);
    approx::assert_relative_eq!(
        reader.time_axis().interval().ok_or("known")?,
        4e-3,
        max_relative = 1e-12
    );

    let table =
        "<TiffData IFD=\"2\" FirstT=\"0\"/><TiffData IFD=\"0\" FirstT=\"1\" PlaneCount=\"2\"/>";
    let text = ome(
        "DimensionOrder=\"XYCZT\" SizeZ=\"1\" SizeC=\"1\" SizeT=\"3\"",
        table,
    );
    let reader = Opener::new().open_bytes("x.tif", stack(3, &text)?)?;
    assert_eq!(pages(&reader)?, [2, 0, 1]);
    Ok(())
}

#[test]
fn times_of_ome_planes_make_a_uniform_or_an_irregular_axis() -> TestResult {
    let with = |times: [f64; 3]| {
        let planes = times.iter().enumerate().fold(String::new(), |text, (t, time)| {
            text + &format!("<Plane TheC=\"0\" TheZ=\"0\" TheT=\"{t}\" DeltaT=\"{time}\" DeltaTUnit=\"ms\"/>")
        });
        ome(
            "DimensionOrder=\"XYCZT\" SizeZ=\"1\" SizeC=\"1\" SizeT=\"3\"",
            &planes,
        )
    };
    let reader = Opener::new().open_bytes("x.tif", stack(3, &with([0.0, 2.0, 4.0]))?)?;
    approx::assert_relative_eq!(
        reader.time_axis().interval().ok_or("uniform")?,
        2e-3,
        max_relative = 1e-12
    );
    let reader = Opener::new().open_bytes("x.tif", stack(3, &with([0.0, 2.0, 5.0]))?)?;
    assert!(matches!(reader.time_axis().timing(), Timing::Irregular(starts) if starts.len() == 3));
    Ok(())
}

#[test]
fn ome_that_claims_what_is_not_there_is_refused() -> TestResult {
    let size = |n: u32| format!("DimensionOrder=\"XYCZT\" SizeZ=\"1\" SizeC=\"1\" SizeT=\"{n}\"");
    let open = |text: &str| stack(3, text).map(|bytes| Opener::new().open_bytes("x.tif", bytes));
    let claimed = open(&ome(&size(4), ""))?;
    assert!(matches!(
        claimed,
        Err(IoError::FrameCount {
            claimed: 4,
            found: 3,
            ..
        })
    ));
    let page = open(&ome(&size(3), "<TiffData IFD=\"3\" PlaneCount=\"3\"/>"))?;
    assert!(matches!(
        page,
        Err(IoError::InvalidField {
            field: "TiffData",
            ..
        })
    ));
    let other = "<TiffData IFD=\"0\"><UUID FileName=\"b.ome.tif\">urn:uuid:b</UUID></TiffData>";
    assert!(matches!(
        open(&ome(&size(3), other))?,
        Err(IoError::Unsupported { .. })
    ));
    let renamed = "<TiffData IFD=\"0\" PlaneCount=\"3\"><UUID FileName=\"old.tif\">urn:uuid:a</UUID></TiffData>";
    assert_eq!(pages(&open(&ome(&size(3), renamed))??)?, [0, 1, 2]);
    let entities = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]>";
    let text = ome(&size(3), "").replace("<OME", &format!("{entities}<OME"));
    assert!(open(&text)?.is_err());
    Ok(())
}

#[test]
fn a_page_of_another_shape_is_refused_and_left_out_by_salvage() -> TestResult {
    let mut bytes = Vec::new();
    let mut encoder = TiffEncoder::new(Cursor::new(&mut bytes))?;
    encoder.write_image::<colortype::Gray16>(3, 2, &[1; 6])?;
    encoder.write_image::<colortype::Gray16>(2, 2, &[2; 4])?;
    encoder.write_image::<colortype::Gray16>(3, 2, &[3; 6])?;
    let error = Opener::new()
        .open_bytes("x.tif", bytes.clone())
        .err()
        .ok_or("refused")?;
    assert!(
        matches!(error, IoError::Inconsistent { frame: Some(1), .. }),
        "{error}"
    );
    let salvage = Opener::new().salvage_bytes("x.tif", bytes)?;
    assert_eq!(salvage.reader().frame_numbers(), [0, 2]);
    assert_eq!(pages(salvage.reader())?, [1, 3]);
    Ok(())
}

/// A rate is that of the files that are there: numbers that rise by 36 are no gaps, and a gap is as long as it is.
#[test]
fn folders_have_both_endings_and_times_by_the_step_of_their_numbers() -> TestResult {
    let folder = tempfile::tempdir()?;
    for (number, ending) in [(0, "tif"), (36, "tiff"), (72, "tif"), (144, "TIFF")] {
        let name = format!("frame_{number:04}.{ending}");
        std::fs::write(folder.path().join(name), stack(1, "")?)?;
    }
    std::fs::write(folder.path().join("note.npy"), b"no frame")?;
    let rate = FrameRate::from_hertz(1000.0)?;
    let reader = Opener::new().frame_rate(rate).open(folder.path())?;
    assert_eq!(reader.shape().n_frames, 4);
    let times: Vec<Option<f64>> = (0..4).map(|i| reader.time_axis().start(i)).collect();
    for (found, expected) in times.iter().zip([0.0, 1e-3, 2e-3, 4e-3]) {
        assert!(
            found.is_some_and(|t| (t - expected).abs() < 1e-12),
            "{times:?}"
        );
    }
    let notes = format!("{:?}", reader.metadata().notes);
    assert!(notes.contains("1 files of other formats"), "{notes}");
    // The number in an error is that of the folder, not of the file.
    let mut cut = stack(1, "")?;
    cut.truncate(cut.len() - 4);
    std::fs::write(folder.path().join("frame_0036.tiff"), cut)?;
    let error = Opener::new()
        .open(folder.path())
        .expect_err("a file is cut");
    assert_eq!(error.frame(), Some(1), "{error}");
    Ok(())
}

#[test]
fn an_orientation_is_said_and_not_applied() -> TestResult {
    for (value, is_said) in [(1_u16, false), (4, true)] {
        let mut bytes = Vec::new();
        let mut encoder = TiffEncoder::new(Cursor::new(&mut bytes))?;
        let mut image = encoder.new_image::<colortype::Gray16>(3, 2)?;
        image.encoder().write_tag(Tag::Orientation, value)?;
        image.write_data(&[1, 2, 3, 4, 5, 6])?;
        let reader = Opener::new().open_bytes("x.tif", bytes)?;
        assert_eq!(reader.read_frame::<u16>(0)?[[0, 2]], 3);
        let notes = format!("{:?}", reader.metadata().notes);
        assert_eq!(notes.contains("Orientation"), is_said, "{notes}");
    }
    Ok(())
}

/// A description of more pages than the chain has says that the chain was cut.
#[test]
fn a_chain_shorter_than_its_shape_is_an_error() -> TestResult {
    let open = |claimed: u16, pages: u16| -> Result<_, Box<dyn Error>> {
        let bytes = stack(pages, &format!("{{\"shape\": [{claimed}, 2, 3]}}"))?;
        Ok((Opener::new().open_bytes("x.tif", bytes.clone()), bytes))
    };
    assert_eq!(open(6, 6)?.0?.shape().n_frames, 6);
    // Further pages belong to something else.
    assert_eq!(open(2, 3)?.0?.shape().n_frames, 3);
    let (cut, bytes) = open(6, 3)?;
    assert!(matches!(
        cut,
        Err(IoError::FrameCount {
            claimed: 6,
            found: 3,
            ..
        })
    ));
    let salvaged = Opener::new().salvage_bytes("x.tif", bytes)?;
    assert_eq!(
        (salvaged.reader().shape().n_frames, salvaged.faults().len()),
        (3, 1)
    );
    Ok(())
}
