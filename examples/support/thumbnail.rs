//! Small pictures of large ones.

use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const WIDTH: usize = 400;
const MOST_BYTES: usize = 60_000;

/// Rows of RGB pixels.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[f32; 3]>,
}

/// Writes a PNG at 400 px of width and at most 60 kB: each pixel the mean of what it covers, colors in fewer steps until it fits.
pub fn write(from: &Path, to: &Path) -> Outcome {
    let small = read(from)?.shrunk(WIDTH);
    for bits in [8, 6, 5, 4, 3] {
        let bytes = small.encoded(bits)?;
        if bytes.len() <= MOST_BYTES {
            return Ok(fs::write(to, bytes)?);
        }
    }
    Err(format!("{} does not fit into {MOST_BYTES} bytes", from.display()).into())
}

fn read(path: &Path) -> Outcome<Picture> {
    let mut decoder = png::Decoder::new(BufReader::new(File::open(path)?));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info()?;
    let mut bytes = vec![0; reader.output_buffer_size().ok_or("a picture too large")?];
    let info = reader.next_frame(&mut bytes)?;
    let n = info.color_type.samples();
    let pixels = bytes[..info.buffer_size()]
        .chunks_exact(n)
        .map(|p| {
            let color = if n >= 3 {
                [p[0], p[1], p[2]]
            } else {
                [p[0]; 3]
            };
            // what is transparent is white
            let alpha = if n % 2 == 0 {
                f32::from(p[n - 1]) / 255.0
            } else {
                1.0
            };
            color.map(|c| alpha * f32::from(c) + 255.0 * (1.0 - alpha))
        })
        .collect();
    Ok(Picture {
        width: info.width as usize,
        height: info.height as usize,
        pixels,
    })
}

impl Picture {
    /// With this width, or as it is if it has less.
    fn shrunk(&self, width: usize) -> Self {
        let width = width.min(self.width);
        let height = (self.height * width).div_ceil(self.width).max(1);
        let parts = |n: usize, of: usize| -> Vec<Vec<(usize, f32)>> {
            let step = of as f64 / n as f64;
            (0..n)
                .map(|i| {
                    let (from, to) = (i as f64 * step, ((i + 1) as f64 * step).min(of as f64));
                    (from as usize..(to.ceil() as usize).min(of))
                        .map(|k| (k, (to.min((k + 1) as f64) - from.max(k as f64)) as f32))
                        .collect()
                })
                .collect()
        };
        let (columns, rows) = (parts(width, self.width), parts(height, self.height));
        let mut pixels = Vec::with_capacity(width * height);
        for row in &rows {
            for column in &columns {
                let (mut sum, mut weight) = ([0.0_f32; 3], 0.0);
                for (y, wy) in row {
                    for (x, wx) in column {
                        let pixel = self.pixels[y * self.width + x];
                        weight += wx * wy;
                        for (s, p) in sum.iter_mut().zip(pixel) {
                            *s += wx * wy * p;
                        }
                    }
                }
                pixels.push(sum.map(|s| s / weight));
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    fn encoded(&self, bits: u32) -> Outcome<Vec<u8>> {
        let levels = ((1_u32 << bits) - 1) as f32;
        let rounded = |v: f32| ((v / 255.0 * levels).round() * 255.0 / levels).round() as u8;
        let data: Vec<u8> = self.pixels.iter().flat_map(|p| p.map(rounded)).collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        encoder.write_header()?.write_image_data(&data)?;
        Ok(bytes)
    }
}
