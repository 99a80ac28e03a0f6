//! Reading of 64 x 512 x 512 frames of 16 bits into a buffer that is used again, on one thread, beside plain reading of
//! the same bytes and the `tiff` crate. Noise of mean 1800 and deviation 60, as a camera of 12 bits gives it.

#[path = "support/interleaved.rs"]
mod interleaved;

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group};
use tiff::decoder::{Decoder, DecodingResult};
use tiff::encoder::{Compression, DeflateLevel, TiffEncoder, colortype};
use xray_io::{
    ByteOrder, Opener, PixelType, RawDescription, SequenceReader, TiffLayout, TiffWriter,
};

const FRAMES: usize = 64;
const SIZE: usize = 512;
const PIXELS: usize = SIZE * SIZE;

fn noise() -> Vec<u16> {
    let mut state = 11_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    // Twelve uniform numbers have the deviation 1.
    (0..FRAMES * PIXELS)
        .map(|_| (1800.0 + 60.0 * ((0..12).map(|_| next()).sum::<f64>() - 6.0)) as u16)
        .collect()
}

fn with_tiff(path: &Path, compression: Compression, pixels: &[u16]) {
    let file = BufWriter::new(File::create(path).expect("a file"));
    let mut encoder = TiffEncoder::new(file)
        .expect("an encoder")
        .with_compression(compression);
    for frame in pixels.chunks_exact(PIXELS) {
        encoder
            .write_image::<colortype::Gray16>(SIZE as u32, SIZE as u32, frame)
            .expect("a page");
    }
}

/// A TIFF of one strip a page with samples of 12 bits, which no writer at hand makes.
fn packed_12(path: &Path, pixels: &[u16]) {
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    let strip = (PIXELS * 3 / 2) as u32;
    let directory = 2 + 9 * 12 + 4;
    let first = 8 + FRAMES as u32 * strip;
    out.write_all(b"II\x2a\0")
        .and_then(|()| out.write_all(&first.to_le_bytes()))
        .expect("written");
    for pair in pixels.chunks_exact(2) {
        let (a, b) = (pair[0], pair[1]);
        out.write_all(&[(a >> 4) as u8, (a << 4 | b >> 8) as u8, b as u8])
            .expect("written");
    }
    for page in 0..FRAMES as u32 {
        let entry = |tag: u16, kind: u16, value: u32| {
            let mut bytes = [tag.to_le_bytes(), kind.to_le_bytes()].concat();
            bytes.extend(1_u32.to_le_bytes());
            bytes.extend(value.to_le_bytes());
            bytes
        };
        let size = SIZE as u32;
        let tags = [
            entry(256, 4, size),
            entry(257, 4, size),
            entry(258, 3, 12),
            entry(259, 3, 1),
            entry(262, 3, 1),
            entry(273, 4, 8 + page * strip),
            entry(277, 3, 1),
            entry(278, 4, size),
            entry(279, 4, strip),
        ];
        let next = if page + 1 == FRAMES as u32 {
            0
        } else {
            first + (page + 1) * directory
        };
        out.write_all(&9_u16.to_le_bytes())
            .and_then(|()| out.write_all(&tags.concat()))
            .and_then(|()| out.write_all(&next.to_le_bytes()))
            .expect("written");
    }
}

fn ours(path: &Path, buffer: &mut [u8]) {
    let reader = xray_io::open(path).expect("a readable file");
    for (frame, part) in buffer.chunks_exact_mut(PIXELS * 2).enumerate() {
        reader.read_native_into(frame, part).expect("a frame");
    }
}

fn theirs(path: &Path) -> u64 {
    let mut decoder =
        Decoder::new(BufReader::new(File::open(path).expect("a file"))).expect("a decoder");
    let mut last = 0;
    loop {
        let DecodingResult::U16(pixels) = decoder.read_image().expect("a page") else {
            return 0;
        };
        last += u64::from(pixels[PIXELS - 1]);
        if !decoder.more_images() {
            return last;
        }
        decoder.next_image().expect("a page");
    }
}

fn files(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    std::fs::create_dir_all(folder).expect("a folder");
    let pixels = noise();
    let bytes = pixels
        .iter()
        .flat_map(|pixel| pixel.to_ne_bytes())
        .collect();
    let order = if cfg!(target_endian = "big") {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    };
    let description = RawDescription::new(SIZE, SIZE, PixelType::U16).byte_order(order);
    let sequence = Opener::new()
        .raw(description)
        .open_bytes("noise.raw", bytes)
        .expect("frames");
    let path = |name: &str| folder.join(format!("{name}.tif"));
    TiffWriter::new()
        .write(path("plain"), &sequence)
        .expect("written");
    TiffWriter::new()
        .layout(TiffLayout::Big)
        .write(path("big"), &sequence)
        .expect("written");
    with_tiff(
        &path("deflate"),
        Compression::Deflate(DeflateLevel::Balanced),
        &pixels,
    );
    with_tiff(&path("lzw"), Compression::Lzw, &pixels);
    packed_12(&path("packed12"), &pixels);
    ["plain", "big", "deflate", "lzw", "packed12"]
        .map(|name| (name, path(name)))
        .to_vec()
}

fn reading(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-xray-io");
    let files = files(&folder);
    let mut buffer = vec![0; FRAMES * PIXELS * 2];
    let mut group = criterion.benchmark_group("xray-io/read");
    group
        .throughput(Throughput::Bytes(buffer.len() as u64))
        .sample_size(10);
    group.bench_function("pread/64x512x512", |bencher| {
        bencher.iter(|| {
            use std::io::Read;
            let mut file = File::open(&files[0].1).expect("a file");
            for part in buffer.chunks_exact_mut(PIXELS * 2) {
                file.read_exact(part).expect("bytes");
            }
            black_box(&buffer);
        });
    });
    group.bench_function("memcpy/64x512x512", |bencher| {
        let source = vec![1_u8; PIXELS * 2];
        bencher.iter(|| {
            for part in buffer.chunks_exact_mut(PIXELS * 2) {
                part.copy_from_slice(black_box(&source));
            }
            black_box(&buffer);
        });
    });
    for (name, path) in &files {
        group.bench_function(format!("{name}/64x512x512"), |bencher| {
            bencher.iter(|| {
                ours(path, &mut buffer);
                black_box(&buffer);
            });
        });
        if *name != "packed12" {
            group.bench_function(format!("{name}-tiff-crate/64x512x512"), |bencher| {
                bencher.iter(|| black_box(theirs(path)));
            });
        }
    }
    group.bench_function("open-last-page/64", |bencher| {
        let mut frame = vec![0; PIXELS * 2];
        bencher.iter(|| {
            let reader = xray_io::open(&files[0].1).expect("a readable file");
            reader
                .read_native_into(FRAMES - 1, &mut frame)
                .expect("a frame");
            black_box(&frame);
        });
    });
    group.finish();
}

/// A Photron header and pixels of 12 bits.
fn mraw(folder: &Path, pixels: &[u16]) -> PathBuf {
    let header = folder.join("noise.cih");
    let text = format!(
        "#Camera Information Header\r\nRecord Rate(fps) : 50000\r\nTotal Frame : {FRAMES}\r\nStart Frame : 0\r\n\
         Save Step : 1\r\nImage Width : {SIZE}\r\nImage Height : {SIZE}\r\nColor Bit : 12\r\nFile Format : MRaw\r\n\r\n"
    );
    std::fs::write(&header, text).expect("written");
    let packed: Vec<u8> = pixels
        .chunks_exact(2)
        .flat_map(|pair| {
            [
                (pair[0] >> 4) as u8,
                (pair[0] << 4 | pair[1] >> 8) as u8,
                pair[1] as u8,
            ]
        })
        .collect();
    std::fs::write(folder.join("noise.mraw"), packed).expect("written");
    header
}

fn cameras(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-xray-io");
    std::fs::create_dir_all(&folder).expect("a folder");
    let pixels = noise();
    let header = mraw(&folder, &pixels);
    let mut buffer = vec![0; FRAMES * PIXELS * 2];
    let mut group = criterion.benchmark_group("xray-io/mraw12");
    group
        .throughput(Throughput::Bytes(buffer.len() as u64))
        .sample_size(20);
    group.bench_function("memcpy/64x512x512", |bencher| {
        let source: Vec<u8> = pixels
            .iter()
            .flat_map(|pixel| pixel.to_ne_bytes())
            .collect();
        bencher.iter(|| {
            buffer.copy_from_slice(black_box(&source));
            black_box(&buffer);
        });
    });
    group.bench_function("read/64x512x512", |bencher| {
        bencher.iter(|| {
            ours(&header, &mut buffer);
            black_box(&buffer);
        });
    });
    group.finish();
}

criterion_group!(benches, reading, cameras);

/// With `XRAY_IO_BENCH=FOLDER`, the files of that folder in turns; else the benches.
fn main() {
    if let Some(folder) = std::env::var_os("XRAY_IO_BENCH") {
        let rounds = std::env::var("XRAY_IO_BENCH_ROUNDS").ok();
        let rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(5);
        interleaved::measure(folder.as_ref(), rounds);
        return;
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
