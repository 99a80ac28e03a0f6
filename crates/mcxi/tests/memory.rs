//! A stack four times as large as the memory that a process may have: the same bits as in memory.
//!
//! This program runs itself again under `ulimit -v`; the child reads the stack from a file and prints a digest.
#![cfg(target_os = "linux")]

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

use mcxi::{Band, BandImage, FrameRate, MoveContrast};
use ndarray::Array3;

type Outcome = Result<(), Box<dyn std::error::Error>>;

const N_FRAMES: usize = 2048;
const SIZE: usize = 256;
const WINDOW: usize = 32;
/// Address space of the child: a quarter of the pixels.
const LIMIT_KIB: usize = N_FRAMES * SIZE * SIZE * 2 / 4 / 1024;

fn pixel(n: usize, index: usize) -> u16 {
    let mixed = (n as u64 * 65_537 + index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56;
    (1000 + 3 * (index % 97) + mixed as usize + (n * (index % 13)) % 11) as u16
}

fn contrast() -> Result<MoveContrast, xray_io::Error> {
    let rate = FrameRate::from_kilohertz(50.0)?;
    Ok(MoveContrast::new(rate).bands([
        Band::from_fraction(0.05, 0.2),
        Band::from_fraction(0.2, 0.4),
    ]))
}

/// FNV-1a over the bits of images.
fn digest(state: u64, images: &[BandImage<f32>]) -> u64 {
    images
        .iter()
        .flat_map(|image| image.image.iter())
        .fold(state, |hash, v| {
            (hash ^ u64::from(v.to_bits())).wrapping_mul(0x0000_0100_0000_01B3)
        })
}

fn write_stack(path: &Path) -> Outcome {
    let mut header = format!(
        "{{'descr': '<u2', 'fortran_order': False, 'shape': ({N_FRAMES}, {SIZE}, {SIZE}), }}"
    );
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    file.write_all(b"\x93NUMPY\x01\x00")?;
    file.write_all(&(header.len() as u16).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    for n in 0..N_FRAMES {
        let frame: Vec<u8> = (0..SIZE * SIZE)
            .flat_map(|i| pixel(n, i).to_le_bytes())
            .collect();
        file.write_all(&frame)?;
    }
    Ok(file.flush()?)
}

#[test]
fn a_stack_four_times_the_memory_gives_the_same_bits() -> Outcome {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("mcxi_memory.npy");
    write_stack(&path)?;
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -v {LIMIT_KIB} && exec \"$0\" \"$@\""))
        .arg(std::env::current_exe()?)
        .args([
            "--exact",
            "under_the_limit",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("MCXI_STACK", &path)
        .env("MALLOC_ARENA_MAX", "1")
        .env("RAYON_NUM_THREADS", "2")
        .output()?;
    std::fs::remove_file(&path)?;
    let text = String::from_utf8(output.stdout)?;
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8(output.stderr)?
    );
    let found = text
        .lines()
        .find_map(|line| {
            line.split_once("digests ")
                .map(|(_, digests)| digests.to_owned())
        })
        .ok_or("the child printed no digest")?;

    let frames = Array3::from_shape_fn((N_FRAMES, SIZE, SIZE), |(n, y, x)| pixel(n, y * SIZE + x));
    let contrast = contrast()?;
    let windows = contrast.sliding(&frames.view(), WINDOW, WINDOW)?;
    let sliding = windows
        .iter()
        .fold(0, |hash, window| digest(hash, &window.images));
    let whole = digest(0, &contrast.images(&frames.view())?);
    println!(
        "{} MiB of pixels under {} MiB of address space: digests {sliding:016x} {whole:016x}",
        (N_FRAMES * SIZE * SIZE * 2) >> 20,
        LIMIT_KIB >> 10
    );
    assert_eq!(found, format!("{sliding:016x} {whole:016x}"));
    Ok(())
}

#[test]
#[ignore = "run by the other test, with less memory"]
fn under_the_limit() -> Outcome {
    let Some(path) = std::env::var_os("MCXI_STACK") else {
        return Ok(());
    };
    let mut all = Vec::<u16>::new();
    assert!(
        all.try_reserve_exact(N_FRAMES * SIZE * SIZE).is_err(),
        "the stack would fit into memory: the limit does not hold"
    );
    let reader = xray_io::open(Path::new(&path))?;
    let contrast = contrast()?;
    let mut sliding = 0;
    contrast.sliding_from(reader.as_ref(), WINDOW, WINDOW, |window| {
        sliding = digest(sliding, &window.images);
        ControlFlow::Continue(())
    })?;
    let whole = digest(0, &contrast.images_from(reader.as_ref(), 8 << 20)?);
    println!("digests {sliding:016x} {whole:016x}");
    Ok(())
}
