//! Files of one folder, read in turns with plain reading and copying of the same bytes: what benches/peers/xray_io.py
//! compares.
//!
//! Each round measures every kind once, one after the other, into the same buffer, which was written before, so that a
//! change of the machine's load meets all kinds alike. The first round warms the page cache and does not count. CPU time is
//! that of all threads, by the scheduler of the system where it says so.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use tiff::decoder::Decoder;
use xray_io::SequenceReader;

/// Wall and CPU seconds of one measurement.
type Times = (f64, f64);

/// Nanoseconds that the threads of this process have run, 0 where the system does not say.
fn cpu_nanoseconds() -> f64 {
    let tasks = fs::read_dir("/proc/self/task");
    tasks
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<f64>().ok())
        .sum()
}

/// Seconds of one call; short ones are repeated until the clock of the scheduler, which may count in milliseconds, can
/// be believed.
fn timed(mut work: impl FnMut()) -> Times {
    let cpu = cpu_nanoseconds();
    let start = Instant::now();
    let mut n = 0.0;
    while n < 1.0 || start.elapsed().as_secs_f64() < 0.1 {
        work();
        n += 1.0;
    }
    let wall = start.elapsed().as_secs_f64();
    (wall / n, (cpu_nanoseconds() - cpu) * 1e-9 / n)
}

fn pread(path: &Path, buffer: &mut [u8], piece: usize) {
    let mut file = File::open(path).expect("a file");
    for part in buffer.chunks_mut(piece) {
        file.read_exact(part).expect("bytes");
    }
}

fn ours(path: &Path, buffer: &mut [u8], frame_bytes: usize) {
    let reader = xray_io::open(path).expect("a readable file");
    for (frame, part) in buffer.chunks_exact_mut(frame_bytes).enumerate() {
        reader.read_native_into(frame, part).expect("a frame");
    }
}

/// The `tiff` crate, as far as it has the codec.
fn tiff_crate(path: &Path) -> Option<()> {
    let mut decoder = Decoder::new(BufReader::new(File::open(path).ok()?)).ok()?;
    loop {
        black_box(decoder.read_image().ok()?);
        if !decoder.more_images() {
            return Some(());
        }
        decoder.next_image().ok()?;
    }
}

/// Measures the files of a folder, and prints one line of JSON: wall and CPU seconds by file and kind, all rounds.
pub fn measure(folder: &Path, rounds: usize) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending != "cih"))
        .collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let mut kinds: Vec<(&str, Vec<Times>)> = Vec::new();
        let reader = xray_io::open(&path).expect("a readable file");
        let shape = reader.shape();
        let bytes = shape.frame_bytes(reader.pixel_type());
        let mut buffer = vec![1_u8; shape.n_frames * bytes];
        let source = vec![2_u8; buffer.len()];
        let stored = fs::metadata(&path).expect("a file").len() as usize;
        let stored = stored.min(buffer.len());
        // A file of 12 bits has three quarters of the bytes; pieces are frames in each case.
        let piece = stored.div_ceil(shape.n_frames);
        let has_peer =
            path.extension().is_some_and(|ending| ending == "tif") && tiff_crate(&path).is_some();
        for round in 0..=rounds {
            let mut note = |kind: &'static str, times: Times| {
                if round == 0 {
                    kinds.push((kind, Vec::new()));
                } else if let Some(found) = kinds.iter_mut().find(|found| found.0 == kind) {
                    found.1.push(times);
                }
            };
            note(
                "pread",
                timed(|| pread(&path, &mut buffer[..stored], piece)),
            );
            note("read", timed(|| ours(&path, &mut buffer, bytes)));
            note(
                "memcpy",
                timed(|| {
                    for (to, from) in buffer.chunks_mut(bytes).zip(source.chunks(bytes)) {
                        to.copy_from_slice(black_box(from));
                    }
                }),
            );
            note(
                "threads",
                timed(|| {
                    let all = 0..shape.n_frames;
                    reader
                        .read_native_range_into(all, &mut buffer)
                        .expect("frames");
                }),
            );
            note(
                "fresh",
                timed(|| {
                    let mut fresh = vec![0_u8; buffer.len()];
                    ours(&path, &mut fresh, bytes);
                    black_box(&fresh);
                }),
            );
            note(
                "touch",
                timed(|| {
                    let mut fresh = vec![0_u8; buffer.len()];
                    for part in fresh.chunks_mut(bytes) {
                        part.fill(black_box(1));
                    }
                    black_box(&fresh);
                }),
            );
            note(
                "last",
                timed(|| {
                    let reader = xray_io::open(&path).expect("a readable file");
                    let part = &mut buffer[..bytes];
                    reader
                        .read_native_into(shape.n_frames - 1, part)
                        .expect("a frame");
                }),
            );
            if has_peer {
                note("tiff-crate", timed(|| assert!(tiff_crate(&path).is_some())));
            }
            black_box(&buffer);
        }
        let kinds: Vec<String> = kinds
            .iter()
            .map(|(kind, times)| {
                format!(
                    "{kind:?}: {:?}",
                    times.iter().map(|t| [t.0, t.1]).collect::<Vec<_>>()
                )
            })
            .collect();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        files.push(format!("{name:?}: {{{}}}", kinds.join(", ")));
    }
    println!("{{{}}}", files.join(", "));
}
