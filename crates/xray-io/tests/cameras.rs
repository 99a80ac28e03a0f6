//! Clips of real cameras: Photron headers with their pixels, a Phantom clip.

#[path = "support/data.rs"]
mod data;
#[path = "support/digest.rs"]
mod digest;

use std::error::Error;
use std::fs;

use data::data;
use digest::digest;
use xray_io::{Error as IoError, SequenceReader, SequenceReaderExt, Timing};

type TestResult = Result<(), Box<dyn Error>>;

fn close(found: Option<f64>, expected: f64, relative: f64) {
    assert!(
        found.is_some_and(|found| (found / expected - 1.0).abs() <= relative),
        "{found:?}, expected {expected}"
    );
}

#[cfg(feature = "photron")]
#[test]
fn a_clip_of_a_nova_s16_has_its_pixels_and_times() -> TestResult {
    let Some(folder) = data("third-party/mraw-pyMRAW-MIT") else {
        return Ok(());
    };
    // The header and the pixels open the same sequence.
    for name in ["ball_12bit.cihx", "ball_12bit.mraw"] {
        let reader = xray_io::open(folder.join(name))?;
        let shape = reader.shape();
        assert_eq!(
            (shape.n_frames, shape.n_rows, shape.n_columns),
            (15, 384, 384)
        );
        assert_eq!(
            digest(&reader, 15)?,
            "72e92de42669032f6b77b6ff301a4e466c466ef9c1c465bcd46f8f4ce0907a2e"
        );
        let axis = reader.time_axis();
        close(axis.interval(), 1.0 / 30e3, 1e-12);
        close(axis.start(0), 52.0 / 30e3, 1e-12);
        // The shutter of 50000 is an inverse: 20 µs.
        close(axis.exposure(0), 20e-6, 1e-12);
        let metadata = reader.metadata();
        assert_eq!(
            metadata.trigger_frame.as_ref().map(|frame| frame.value),
            Some(52)
        );
        let camera = metadata.camera.as_ref().map(|camera| camera.value.as_str());
        assert_eq!(
            camera,
            Some("FASTCAM Nova S16 type 1100K-M-64GB 10GbE model")
        );
        assert_eq!(metadata.pixel_size, None);
    }
    Ok(())
}

#[cfg(feature = "photron")]
#[test]
fn a_header_of_an_sa_z_gives_the_interval_of_the_kept_frames() -> TestResult {
    let Some(folder) = data("third-party/mraw-pyMRAW-MIT") else {
        return Ok(());
    };
    let name = "sample_60k_16bit.cih";
    // Its pixels are not at hand: that is named, and zeros take their place.
    assert!(matches!(
        xray_io::open(folder.join(name)),
        Err(IoError::NotFound {
            what: "file of pixels",
            ..
        })
    ));
    let temporary = tempfile::tempdir()?;
    fs::copy(folder.join(name), temporary.path().join(name))?;
    let pixels = temporary.path().join("sample_60k_16bit.mraw");
    fs::write(&pixels, vec![0; 12 * 896 * 368 * 2])?;
    let reader = xray_io::open(temporary.path().join(name))?;
    let axis = reader.time_axis();
    close(axis.interval(), 600e-6, 1e-12);
    close(axis.exposure(0), 1.25e-6, 1e-12);
    close(axis.start(0), 49_300.0 / 60e3, 1e-12);
    let metadata = reader.metadata();
    close(
        metadata.frame_rate.as_ref().map(|rate| rate.value.hertz()),
        60e3 / 36.0,
        1e-12,
    );
    let mode = metadata
        .trigger_mode
        .as_ref()
        .map(|mode| mode.value.as_str());
    assert_eq!(mode, Some("Start"));
    assert_eq!(reader.shape().n_frames, 12);
    // Without a frame: the claim and what is there.
    fs::write(&pixels, vec![0; 11 * 896 * 368 * 2 + 100])?;
    assert!(matches!(
        xray_io::open(&pixels),
        Err(IoError::FrameCount {
            claimed: 12,
            found: 11,
            ..
        })
    ));
    let salvage = xray_io::salvage(&pixels)?;
    assert_eq!(salvage.reader().shape().n_frames, 11);
    assert_eq!(salvage.faults().len(), 1);
    Ok(())
}

#[cfg(feature = "photron")]
#[test]
fn rounded_rows_ten_bits_and_colors() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (cih, mraw) = (folder.path().join("x.cih"), folder.path().join("x.mraw"));
    let header = |bits: u32, color: &str| {
        format!(
            "#Camera Information Header\r\nRecord Rate(fps) : 1000\r\nTotal Frame : 2\r\nImage Width : 4\r\n\
             Image Height : 1\r\nColor Type : {color}\r\nColor Bit : {bits}\r\nFile Format : MRaw\r\n\r\n"
        )
    };
    // 1, 2, 3, 4 and 1021, 1022, 1023, 0 in ten bits, the most significant first.
    fs::write(&cih, header(10, "Mono"))?;
    let groups = [[1_u64, 2, 3, 4], [1021, 1022, 1023, 0]];
    let bytes: Vec<u8> = groups
        .iter()
        .flat_map(|group| {
            let word = group.iter().fold(0, |word, value| word << 10 | value);
            word.to_be_bytes()[3..].to_vec()
        })
        .collect();
    fs::write(&mraw, &bytes)?;
    let reader = xray_io::open(&cih)?;
    assert_eq!(
        reader.read_frame::<u16>(0)?.as_slice(),
        Some(&[1, 2, 3, 4][..])
    );
    assert_eq!(
        reader.read_frame::<u16>(1)?.as_slice(),
        Some(&[1021, 1022, 1023, 0][..])
    );
    assert!(matches!(
        reader.time_axis().timing(),
        Timing::Uniform { .. }
    ));
    // Two rows of 16 bytes are rounded rows; 17 bytes are neither.
    let mut padded = Vec::new();
    for group in bytes.chunks_exact(5) {
        padded.extend_from_slice(group);
        padded.resize(padded.len().div_ceil(16) * 16, 0xff);
    }
    fs::write(&mraw, &padded)?;
    let reader = xray_io::open(&cih)?;
    assert_eq!(
        reader.read_frame::<u16>(1)?.as_slice(),
        Some(&[1021, 1022, 1023, 0][..])
    );
    fs::write(&mraw, &padded[..17])?;
    assert!(matches!(
        xray_io::open(&cih),
        Err(IoError::FrameCount {
            claimed: 2,
            found: 3,
            ..
        })
    ));
    fs::write(&cih, header(16, "Color"))?;
    assert!(matches!(
        xray_io::open(&cih),
        Err(IoError::Unsupported { .. })
    ));
    Ok(())
}

#[cfg(feature = "phantom")]
#[test]
fn a_clip_of_a_phantom_camera_has_its_pixels_and_the_times_of_its_stamps() -> TestResult {
    let Some(folder) = data("third-party/cine-pims-BSD3") else {
        return Ok(());
    };
    let reader = xray_io::open(folder.join("cine_781.cine"))?;
    let shape = reader.shape();
    assert_eq!(
        (shape.n_frames, shape.n_rows, shape.n_columns),
        (15, 256, 256)
    );
    assert_eq!(
        digest(&reader, 8)?,
        "636c387b8582934a8b2d950b287426f76badc2a1f9dadd6e17e707d3d23d4a59"
    );
    let metadata = reader.metadata();
    // Fourteen intervals of 111.071 µs; the setup says 90 kHz.
    close(
        metadata.frame_rate.as_ref().map(|rate| rate.value.hertz()),
        9003.213,
        1e-6,
    );
    close(reader.time_axis().start(0), -0.60167, 1e-4);
    close(reader.time_axis().exposure(0), 9.696e-6, 1e-4);
    assert!(
        metadata
            .notes
            .iter()
            .any(|note| note.subject == "FrameRate")
    );
    assert_eq!(
        metadata.effective_bits.as_ref().map(|bits| bits.value.bits),
        Some(12)
    );
    for (key, value) in [
        ("BlackLevel", "64"),
        ("WhiteLevel", "4064"),
        ("Decimation", "1"),
    ] {
        let found = metadata.entries.iter().find(|entry| entry.0 == key);
        assert_eq!(found.map(|entry| entry.1.as_str()), Some(value));
    }
    Ok(())
}

#[cfg(feature = "phantom")]
#[test]
fn jitter_of_one_stamp_makes_the_axis_irregular() -> TestResult {
    let Some(folder) = data("synthetic/valid") else {
        return Ok(());
    };
    let reader = xray_io::open(folder.join("synth_u16_jitter.cine"))?;
    assert!(matches!(reader.time_axis().timing(), Timing::Irregular(_)));
    assert_eq!(reader.metadata().frame_rate, None);
    let reader = xray_io::open(folder.join("synth_u16.cine"))?;
    assert!(matches!(
        reader.time_axis().timing(),
        Timing::Uniform { .. }
    ));
    Ok(())
}
