//! Regions of ImageJ: `.roi` files and sets of them in `.zip` archives.

use std::io::Read;

use crate::error::{Error, Result};
use crate::label::Annotation;
use crate::outline::{Outline, Point};

const ROI: &str = "ImageJ region";
const ZIP: &str = "zip archive";
/// Most points of a region.
const MAX_POINTS: usize = 1 << 20;
/// Largest region file after unpacking.
const MAX_BYTES: u64 = 1 << 26;
/// Most regions of a set.
const MAX_REGIONS: usize = 1 << 16;

struct Bytes<'a>(&'a [u8], &'static str);

impl Bytes<'_> {
    fn part(&self, offset: usize, n: usize) -> Result<&[u8]> {
        offset
            .checked_add(n)
            .and_then(|end| self.0.get(offset..end))
            .ok_or(Error::Malformed {
                format: self.1,
                offset: offset.min(self.0.len()),
                problem: "the file ends here",
            })
    }

    fn u8(&self, offset: usize) -> Result<u8> {
        Ok(self.part(offset, 1)?[0])
    }

    fn be16(&self, offset: usize) -> Result<i16> {
        let b = self.part(offset, 2)?;
        Ok(i16::from_be_bytes([b[0], b[1]]))
    }

    fn be32(&self, offset: usize) -> Result<i32> {
        let b = self.part(offset, 4)?;
        Ok(i32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }

    fn le16(&self, offset: usize) -> Result<usize> {
        let b = self.part(offset, 2)?;
        Ok(usize::from(u16::from_le_bytes([b[0], b[1]])))
    }

    fn le32(&self, offset: usize) -> Result<usize> {
        let b = self.part(offset, 4)?;
        Ok(u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)
    }
}

/// Reads a region of ImageJ: polygon, freehand, traced, rectangle or oval, with sub-pixel coordinates where the file has them.
///
/// The frame is the slice position less one (`None` if 0, "all slices"). In ImageJ a pixel reaches from one whole number to the next, here its center is
/// at a whole number: half a pixel is taken off. Ovals become polygons of 256 points.
///
/// # Errors
///
/// [`Error::Malformed`] with the byte at which the file does not follow its format, [`Error::Unsupported`] for lines, points, angles and composite
/// regions, [`Error::TooLarge`] above 2^20 points.
///
/// # References
///
/// `ij.io.RoiDecoder` of ImageJ 1.54: bytes big-endian, header of 64 bytes.
#[expect(clippy::too_many_lines, reason = "one header in one place")]
pub fn imagej_roi(bytes: &[u8]) -> Result<Annotation> {
    let b = Bytes(bytes, ROI);
    if b.part(0, 4)? != b"Iout" {
        return Err(Error::Malformed {
            format: ROI,
            offset: 0,
            problem: "it does not begin with Iout",
        });
    }
    b.part(0, 64)?;
    let kind = b.u8(6)?;
    let [top, left, bottom, right] =
        [b.be16(8)?, b.be16(10)?, b.be16(12)?, b.be16(14)?].map(f64::from);
    let options = b.be16(50)?;
    let position = b.be32(56)?;
    let header2 = b.be32(60)?;
    let is_sub_pixel = options & 128 != 0;
    if b.be32(36)? > 0 {
        return Err(Error::Unsupported {
            format: ROI,
            what: "a composite region".to_owned(),
        });
    }
    let points: Vec<Point> = match kind {
        1 | 2 => {
            // rectangles and ovals keep sub-pixel bounds as four floats
            let float = |k: usize| -> Result<f64> {
                Ok(f64::from(f32::from_bits(b.be32(18 + 4 * k)? as u32)))
            };
            let [x, y, w, h] = if is_sub_pixel && b.be16(4)? >= 223 {
                [float(0)?, float(1)?, float(2)?, float(3)?]
            } else {
                [left, top, right - left, bottom - top]
            };
            if kind == 1 {
                vec![
                    Point::new(x, y),
                    Point::new(x + w, y),
                    Point::new(x + w, y + h),
                    Point::new(x, y + h),
                ]
            } else {
                (0..256)
                    .map(|i| {
                        let t = std::f64::consts::TAU * f64::from(i) / 256.0;
                        Point::new(
                            x + 0.5 * w * (1.0 + libm::cos(t)),
                            y + 0.5 * h * (1.0 + libm::sin(t)),
                        )
                    })
                    .collect()
            }
        }
        0 | 7 | 8 => {
            let mut n = usize::from(b.be16(16)? as u16);
            if n == 0 {
                // more points than two bytes hold
                n = usize::try_from(b.be32(18)?).unwrap_or(0);
            }
            if n > MAX_POINTS {
                return Err(Error::TooLarge {
                    what: "number of points of a region",
                    limit: MAX_POINTS as u64,
                    found: n as u64,
                });
            }
            let start = 64;
            let mut points = Vec::new();
            if is_sub_pixel {
                let floats = start + 4 * n;
                b.part(floats, 8 * n)?;
                for i in 0..n {
                    let float = |offset: usize| -> Result<f64> {
                        Ok(f64::from(f32::from_bits(b.be32(offset)? as u32)))
                    };
                    points.push(Point::new(
                        float(floats + 4 * i)?,
                        float(floats + 4 * (n + i))?,
                    ));
                }
            } else {
                b.part(start, 4 * n)?;
                for i in 0..n {
                    points.push(Point::new(
                        left + f64::from(b.be16(start + 2 * i)?),
                        top + f64::from(b.be16(start + 2 * (n + i))?),
                    ));
                }
            }
            points
        }
        other => {
            let name = match other {
                3 => "a line",
                4 => "a freehand line",
                5 => "a polyline",
                6 => "no region",
                9 => "an angle",
                10 => "points",
                _ => "an unknown kind",
            };
            return Err(Error::Unsupported {
                format: ROI,
                what: format!("{name} (kind {other})"),
            });
        }
    };
    let mut name = String::new();
    if header2 > 0 {
        let at = header2 as usize;
        if let (Ok(offset), Ok(length)) = (b.be32(at + 16), b.be32(at + 20)) {
            if (1..=4096).contains(&length) && offset > 0 {
                if let Ok(text) = b.part(offset as usize, 2 * length as usize) {
                    let units = text
                        .chunks_exact(2)
                        .map(|p| u16::from_be_bytes([p[0], p[1]]));
                    name = char::decode_utf16(units)
                        .map(|c| c.unwrap_or('\u{fffd}'))
                        .collect();
                }
            }
        }
    }
    let frame = usize::try_from(position)
        .ok()
        .filter(|p| *p > 0)
        .map(|p| p - 1);
    let outline = Outline::new(points)?.moved(-0.5, -0.5);
    Ok(Annotation {
        frame,
        name,
        outline,
    })
}

/// Reads a set of regions as ImageJ's ROI manager saves it: a zip archive of `.roi` files, in the order of the archive.
///
/// Names of files without `.roi` are the names of regions that have none. Other files are passed over.
///
/// # Errors
///
/// As [`imagej_roi`], with bytes counted in the region's own file; [`Error::Malformed`] for a broken archive, [`Error::Unsupported`] for methods
/// other than stored and deflated, [`Error::TooLarge`] above 64 MiB a region or 65 536 regions.
pub fn imagej_roi_set(bytes: &[u8]) -> Result<Vec<Annotation>> {
    let b = Bytes(bytes, ZIP);
    let wrong = |offset: usize, problem: &'static str| Error::Malformed {
        format: ZIP,
        offset,
        problem,
    };
    // the end of the directory lies within the last 64 KiB
    let lowest = bytes.len().saturating_sub(22 + 65_535);
    let end = (lowest..bytes.len().saturating_sub(21))
        .rev()
        .find(|at| bytes[*at..].starts_with(b"PK\x05\x06"))
        .ok_or_else(|| wrong(bytes.len(), "it has no directory"))?;
    let n = b.le16(end + 10)?;
    let mut at = b.le32(end + 16)?;
    if n > MAX_REGIONS {
        return Err(Error::TooLarge {
            what: "number of regions",
            limit: MAX_REGIONS as u64,
            found: n as u64,
        });
    }
    let mut found = Vec::new();
    for _ in 0..n {
        if b.part(at, 4)? != b"PK\x01\x02" {
            return Err(wrong(at, "an entry of the directory is expected here"));
        }
        let (method, packed, size) = (b.le16(at + 10)?, b.le32(at + 20)?, b.le32(at + 24)?);
        let (name_len, extra, comment) = (b.le16(at + 28)?, b.le16(at + 30)?, b.le16(at + 32)?);
        let local = b.le32(at + 42)?;
        let name = String::from_utf8_lossy(b.part(at + 46, name_len)?).into_owned();
        at += 46 + name_len + extra + comment;
        let Some(stem) = name.strip_suffix(".roi") else {
            continue;
        };
        if size as u64 > MAX_BYTES {
            return Err(Error::TooLarge {
                what: "size of a region",
                limit: MAX_BYTES,
                found: size as u64,
            });
        }
        if b.part(local, 4)? != b"PK\x03\x04" {
            return Err(wrong(local, "a file of the archive is expected here"));
        }
        let start = local + 30 + b.le16(local + 26)? + b.le16(local + 28)?;
        let data = b.part(start, packed)?;
        let mut region = match method {
            0 => imagej_roi(data)?,
            8 => {
                let mut plain = Vec::new();
                flate2::read::DeflateDecoder::new(data)
                    .take(MAX_BYTES + 1)
                    .read_to_end(&mut plain)
                    .map_err(|_| wrong(start, "a deflated file cannot be unpacked"))?;
                if plain.len() as u64 > MAX_BYTES {
                    return Err(Error::TooLarge {
                        what: "size of a region",
                        limit: MAX_BYTES,
                        found: plain.len() as u64,
                    });
                }
                imagej_roi(&plain)?
            }
            other => {
                return Err(Error::Unsupported {
                    format: ZIP,
                    what: format!("compression method {other}"),
                });
            }
        };
        if region.name.is_empty() {
            stem.rsplit('/')
                .next()
                .unwrap_or(stem)
                .clone_into(&mut region.name);
        }
        found.push(region);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;

    /// A region as ImageJ writes it: kind, bounds, integer coordinates relative to the corner.
    fn roi(kind: u8, bounds: [i16; 4], points: &[(i16, i16)], position: i32) -> Vec<u8> {
        let mut out = vec![0; 64];
        out[..4].copy_from_slice(b"Iout");
        out[4..6].copy_from_slice(&228_i16.to_be_bytes());
        out[6] = kind;
        for (k, value) in bounds.iter().enumerate() {
            out[8 + 2 * k..10 + 2 * k].copy_from_slice(&value.to_be_bytes());
        }
        out[16..18].copy_from_slice(&(points.len() as i16).to_be_bytes());
        out[56..60].copy_from_slice(&position.to_be_bytes());
        for of in [|p: &(i16, i16)| p.0, |p: &(i16, i16)| p.1] {
            for p in points {
                out.extend(of(p).to_be_bytes());
            }
        }
        out
    }

    fn zip(files: &[(&str, Vec<u8>, bool)]) -> Vec<u8> {
        let (mut out, mut directory) = (Vec::new(), Vec::new());
        for (name, data, deflate) in files {
            let packed = if *deflate {
                let mut e =
                    flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
                e.write_all(data).unwrap();
                e.finish().unwrap()
            } else {
                data.clone()
            };
            let local = out.len() as u32;
            let mut common = Vec::new();
            common.extend([
                20_u8,
                0,
                0,
                0,
                if *deflate { 8 } else { 0 },
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
            ]);
            common.extend((packed.len() as u32).to_le_bytes());
            common.extend((data.len() as u32).to_le_bytes());
            common.extend((name.len() as u16).to_le_bytes());
            common.extend([0, 0]);
            out.extend(b"PK\x03\x04");
            out.extend(&common);
            out.extend(name.as_bytes());
            out.extend(&packed);
            directory.extend(b"PK\x01\x02\x14\x00");
            directory.extend(&common);
            directory.extend([0; 10]);
            directory.extend(local.to_le_bytes());
            directory.extend(name.as_bytes());
        }
        let (start, size) = (out.len() as u32, directory.len() as u32);
        out.extend(&directory);
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend((files.len() as u16).to_le_bytes());
        out.extend((files.len() as u16).to_le_bytes());
        out.extend(size.to_le_bytes());
        out.extend(start.to_le_bytes());
        out.extend([0, 0]);
        out
    }

    #[test]
    fn polygons_rectangles_and_ovals() {
        let polygon =
            imagej_roi(&roi(0, [5, 10, 65, 30], &[(0, 0), (20, 0), (10, 60)], 4)).unwrap();
        assert_eq!((polygon.frame, polygon.outline.area()), (Some(3), 600.0));
        assert_eq!(polygon.outline.points()[0], Point::new(9.5, 4.5));
        let rectangle = imagej_roi(&roi(1, [5, 10, 25, 40], &[], 0)).unwrap();
        assert_eq!((rectangle.frame, rectangle.outline.area()), (None, 600.0));
        let oval = imagej_roi(&roi(2, [0, 0, 20, 40], &[], 0)).unwrap();
        assert!((oval.outline.area() / (200.0 * std::f64::consts::PI) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn sub_pixel_coordinates_win() {
        let mut bytes = roi(7, [0, 0, 10, 10], &[(0, 0), (9, 0), (9, 9)], 0);
        bytes[50..52].copy_from_slice(&128_i16.to_be_bytes());
        for value in [0.25_f32, 9.25, 9.25, 0.75, 0.75, 9.75] {
            bytes.extend(value.to_be_bytes());
        }
        let found = imagej_roi(&bytes).unwrap();
        assert_eq!(found.outline.points()[2], Point::new(8.75, 9.25));
    }

    #[test]
    fn sets_stored_and_deflated() {
        let one = roi(0, [0, 0, 9, 9], &[(0, 0), (9, 0), (9, 9)], 1);
        let set = zip(&[
            ("0001.roi", one.clone(), true),
            ("readme.txt", vec![1, 2], false),
            ("b.roi", one, false),
        ]);
        let found = imagej_roi_set(&set).unwrap();
        assert_eq!(
            found.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(),
            ["0001", "b"]
        );
        for end in 0..set.len() {
            assert!(imagej_roi_set(&set[..end]).is_err());
        }
    }

    #[test]
    fn what_is_no_region_is_refused_by_name() {
        assert!(matches!(
            imagej_roi(b"PNG!"),
            Err(Error::Malformed { offset: 0, .. })
        ));
        assert!(matches!(
            imagej_roi(&roi(10, [0; 4], &[(1, 1)], 0)),
            Err(Error::Unsupported { .. })
        ));
        let mut long = roi(0, [0; 4], &[], 0);
        long[18..22].copy_from_slice(&i32::MAX.to_be_bytes());
        assert!(matches!(imagej_roi(&long), Err(Error::TooLarge { .. })));
        let whole = roi(0, [0, 0, 9, 9], &[(0, 0), (9, 0), (9, 9)], 1);
        for end in 0..whole.len() {
            assert!(imagej_roi(&whole[..end]).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..300), is_roi in any::<bool>()) {
            if is_roi && bytes.len() > 8 {
                bytes[..4].copy_from_slice(b"Iout");
                bytes[6] %= 12;
            }
            let _ = imagej_roi(&bytes);
            let _ = imagej_roi_set(&bytes);
        }
    }
}
