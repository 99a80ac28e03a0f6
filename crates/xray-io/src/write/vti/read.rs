//! Reading vector fields from VTK ImageData.

use std::ops::Range;
use std::path::Path;

use ndarray::Array2;

use super::tag::{Tag, next_tag};
use crate::calibration::PixelSize;
use crate::error::{Error, Result, cut};
use crate::limits::Limits;
use crate::source::Source;

/// A vector field of a `.vti` file in the conventions of this crate: row 0 at the top, `u` to the right, `v` down.
#[derive(Debug, Clone, PartialEq)]
pub struct Vti {
    /// Component along x, in the unit of the file.
    pub u: Array2<f32>,
    /// Component along y, down, in the unit of the file.
    pub v: Array2<f32>,
    /// The spacing in meters; `None` if it is 1, which VTK takes where nothing is known.
    pub pixel_size: Option<PixelSize>,
}

/// Reads a vector field from VTK ImageData of one slice, as [`write_vti`](super::write_vti) and ParaView write it.
///
/// The array is the one that `PointData` or `CellData` name as vectors, or else the only one of two or three components;
/// a third component is left out. `Float32` and `Float64` are read, as text, base64 or appended, in both byte orders,
/// uncompressed. The second component is turned, and so are the rows, since VTK has y up.
///
/// # Errors
///
/// [`Error::InvalidField`] or [`Error::Truncated`] if the file is damaged, [`Error::Unsupported`] for several slices or
/// pieces, other types, compressed data and directions that are turned, [`Error::NotFound`] if it has no vectors,
/// [`Error::LimitExceeded`].
///
/// # Examples
///
/// ```
/// use ndarray::{Array2, array};
/// use xray_io::{PixelSize, read_vti, write_vti};
///
/// let (u, v) = (array![[1.0, 2.0, 3.0]], Array2::zeros((1, 3)));
/// let path = std::env::temp_dir().join(format!("xray_io_doc_{}.vti", std::process::id()));
/// write_vti(&path, &u, &v, Some(PixelSize::from_micrometers(2.0)?))?;
/// assert_eq!(read_vti(&path)?.u, u);
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_vti(path: impl AsRef<Path>) -> Result<Vti> {
    read(&Source::open(path.as_ref())?)
}

fn read(source: &Source) -> Result<Vti> {
    let path = source.path();
    let limits = Limits::new();
    limits.check_metadata_bytes(path, 0)?;
    // Numbers as text or base64 stand between the tags, so the whole file is looked through.
    let bytes = source.read_vec("the file", 0, source.len())?;
    let header = Header::read(path, &bytes)?;
    let [n_rows, n_columns] = header.size;
    limits.frame_bytes(path, n_rows as u64, n_columns as u64, 24)?;
    let values = header.values(path, &bytes)?;
    let component = |k: usize, sign: f32| {
        Array2::from_shape_fn((n_rows, n_columns), |(row, column)| {
            let at = (n_rows - 1 - row) * n_columns + column;
            sign * values[at * header.n_components + k]
        })
    };
    Ok(Vti {
        u: component(0, 1.0),
        v: component(1, -1.0),
        pixel_size: header.pixel_size,
    })
}

/// Where the numbers of an array stand.
#[derive(Debug, Clone)]
enum Place {
    Ascii(Range<usize>),
    Base64(Range<usize>),
    Raw(usize),
}

struct Header {
    /// Rows and columns.
    size: [usize; 2],
    pixel_size: Option<PixelSize>,
    n_components: usize,
    is_double: bool,
    is_big: bool,
    /// Bytes of the length in front of the data.
    length_bytes: usize,
    place: Place,
}

/// An array of vectors, as its tag describes it.
struct Candidate<'a> {
    tag: Tag<'a>,
    is_of_points: bool,
    is_chosen: bool,
    n_components: usize,
    /// Where the text between its tags ends.
    end: usize,
}

fn numbers<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split_ascii_whitespace()
        .map(|word| word.parse().ok())
        .collect()
}

impl Header {
    fn read(path: &Path, bytes: &[u8]) -> Result<Self> {
        let invalid = |field, requirement, found: &str| {
            Error::invalid(path, field, None, requirement, cut(found, 80))
        };
        let (mut file, mut image, mut n_pieces) = (None, None, 0);
        let mut candidates: Vec<Candidate<'_>> = Vec::new();
        let (mut section, mut appended) = (None, None);
        let mut at = 0;
        while let Some(tag) = next_tag(path, bytes, at)? {
            at = tag.place.end;
            match tag.name {
                "VTKFile" => file = Some(tag),
                "ImageData" => image = Some(tag),
                "Piece" => n_pieces += 1,
                "PointData" | "CellData" => {
                    section = Some((tag.name == "PointData", tag.get("Vectors")));
                }
                "/PointData" | "/CellData" => section = None,
                "DataArray" => {
                    let Some((is_of_points, vectors)) = section else {
                        continue;
                    };
                    let n_components = tag.get("NumberOfComponents").unwrap_or("1");
                    let n_components = n_components.parse().unwrap_or(0);
                    let end = bytes[at..].iter().position(|byte| *byte == b'<');
                    let end = end.map_or(bytes.len(), |end| at + end);
                    if matches!(n_components, 2 | 3) {
                        candidates.push(Candidate {
                            is_of_points,
                            is_chosen: vectors.is_some() && vectors == tag.get("Name"),
                            n_components,
                            end,
                            tag,
                        });
                    }
                }
                "AppendedData" => {
                    appended = Some(tag);
                    break;
                }
                _ => {}
            }
        }
        let file = file.ok_or_else(|| invalid("VTKFile", "present", "nothing"))?;
        let kind = file.get("type").unwrap_or_default();
        if kind != "ImageData" {
            return Err(Error::unsupported(path, "VTK data of type", kind));
        }
        if let Some(compressor) = file.get("compressor") {
            return Err(Error::unsupported(path, "compressor", compressor));
        }
        let image = image.ok_or_else(|| invalid("ImageData", "present", "nothing"))?;
        if n_pieces != 1 {
            return Err(Error::unsupported(path, "number of pieces", n_pieces));
        }
        let candidate = choose(path, candidates)?;
        let length_bytes = match file.get("header_type") {
            None | Some("UInt32") => 4,
            Some("UInt64") => 8,
            Some(other) => return Err(Error::unsupported(path, "header_type", other)),
        };
        let is_double = match candidate.tag.get("type").unwrap_or_default() {
            "Float32" => false,
            "Float64" => true,
            other => return Err(Error::unsupported(path, "vectors of type", other)),
        };
        Ok(Self {
            size: size(path, &image, candidate.is_of_points)?,
            pixel_size: spacing(path, &image)?,
            n_components: candidate.n_components,
            is_double,
            is_big: file.get("byte_order") == Some("BigEndian"),
            length_bytes,
            place: place(path, bytes, &candidate, appended.as_ref())?,
        })
    }

    /// All components of all points, as they stand in the file.
    fn values(&self, path: &Path, bytes: &[u8]) -> Result<Vec<f32>> {
        let n = self.size[0] * self.size[1] * self.n_components;
        let size = if self.is_double { 8 } else { 4 };
        let short =
            |what: &'static str, offset: usize, needed: usize, available: usize| Error::Truncated {
                path: path.to_owned(),
                frame: None,
                what,
                offset: offset as u64,
                needed: needed as u64,
                available: available as u64,
            };
        let needed = self.length_bytes + n * size;
        let decoded;
        let (start, data): (usize, &[u8]) = match &self.place {
            Place::Ascii(range) => {
                let text = String::from_utf8_lossy(&bytes[range.clone()]);
                let values: Option<Vec<f64>> = numbers(&text);
                let at = Some(range.start as u64);
                let values = values.ok_or_else(|| {
                    Error::invalid(path, "vectors", at, "numbers", cut(text.trim(), 40))
                })?;
                if values.len() != n {
                    let (requirement, found) = ("as many numbers as the extent says", values.len());
                    return Err(Error::invalid(path, "vectors", at, requirement, found));
                }
                return Ok(values.into_iter().map(|value| value as f32).collect());
            }
            Place::Base64(range) => {
                decoded = base64(&bytes[range.clone()], needed).ok_or_else(|| {
                    let at = Some(range.start as u64);
                    Error::invalid(path, "vectors", at, "base64", "another character")
                })?;
                (range.start, &decoded)
            }
            Place::Raw(at) => (*at, bytes.get(*at..).unwrap_or_default()),
        };
        if data.len() < needed {
            return Err(short("vectors", start, needed, data.len()));
        }
        let (head, data) = data[..needed].split_at(self.length_bytes);
        let mut word = [0; 8];
        word[..head.len()].copy_from_slice(head);
        if self.is_big {
            word[..head.len()].reverse();
        }
        let claimed = u64::from_le_bytes(word);
        if claimed != (n * size) as u64 {
            let requirement = "that of the extent";
            let at = Some(start as u64);
            return Err(Error::invalid(
                path,
                "length of the vectors",
                at,
                requirement,
                claimed,
            ));
        }
        let value = |part: &[u8]| {
            let mut word = [0; 8];
            word[..size].copy_from_slice(part);
            if self.is_big {
                word[..size].reverse();
            }
            if self.is_double {
                f64::from_le_bytes(word) as f32
            } else {
                f32::from_le_bytes([word[0], word[1], word[2], word[3]])
            }
        };
        Ok(data.chunks_exact(size).map(value).collect())
    }
}

/// The array that is named as the vectors, else the only one.
fn choose<'a>(path: &Path, candidates: Vec<Candidate<'a>>) -> Result<Candidate<'a>> {
    let names: Vec<&str> = candidates
        .iter()
        .map(|candidate| candidate.tag.get("Name").unwrap_or_default())
        .collect();
    let n_chosen = candidates
        .iter()
        .filter(|candidate| candidate.is_chosen)
        .count();
    if candidates.len() > 1 && n_chosen != 1 {
        return Err(Error::Ambiguous {
            path: path.to_owned(),
            what: "array of vectors",
            choices: cut(&names.join(", "), 200),
        });
    }
    let is_only = candidates.len() == 1;
    candidates
        .into_iter()
        .find(|candidate| candidate.is_chosen || is_only)
        .ok_or_else(|| Error::NotFound {
            path: path.to_owned(),
            what: "array of",
            name: "vectors".to_owned(),
        })
}

/// Rows and columns of the points or cells.
fn size(path: &Path, image: &Tag<'_>, is_of_points: bool) -> Result<[usize; 2]> {
    let text = image.get("WholeExtent").unwrap_or_default();
    let wrong = || {
        Error::invalid(
            path,
            "WholeExtent",
            None,
            "six whole numbers in pairs",
            cut(text, 80),
        )
    };
    let extent: Vec<i64> = numbers(text)
        .filter(|extent: &Vec<i64>| extent.len() == 6)
        .ok_or_else(wrong)?;
    let mut lengths = [0_u64; 3];
    for (length, pair) in lengths.iter_mut().zip(extent.chunks_exact(2)) {
        let steps = pair[1]
            .checked_sub(pair[0])
            .and_then(|steps| u64::try_from(steps).ok());
        // Along an axis without extent there still is one cell.
        *length = match (steps.ok_or_else(wrong)?, is_of_points) {
            (steps, true) => steps.saturating_add(1),
            (steps, false) => steps.max(1),
        };
    }
    if lengths[2] != 1 {
        return Err(Error::unsupported(path, "number of slices", lengths[2]));
    }
    Limits::new().frame_bytes(path, lengths[1], lengths[0], 24)?;
    Ok([lengths[1] as usize, lengths[0] as usize])
}

fn spacing(path: &Path, image: &Tag<'_>) -> Result<Option<PixelSize>> {
    if let Some(direction) = image.get("Direction") {
        let found: Option<Vec<f64>> = numbers(direction);
        if found.as_deref() != Some(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]) {
            return Err(Error::unsupported(path, "Direction", direction));
        }
    }
    let Some(text) = image.get("Spacing") else {
        return Ok(None);
    };
    match numbers::<f64>(text).as_deref() {
        Some([x, y, _]) if (x - y).abs() <= 1e-6 * x.abs() => {
            let is_unit = (x - 1.0).abs() < f64::EPSILON;
            if is_unit {
                Ok(None)
            } else {
                PixelSize::from_meters(*x).map(Some)
            }
        }
        Some([..]) | None => Err(Error::invalid(
            path,
            "Spacing",
            None,
            "three numbers, the first two equal",
            cut(text, 80),
        )),
    }
}

fn place(
    path: &Path,
    bytes: &[u8],
    candidate: &Candidate<'_>,
    appended: Option<&Tag<'_>>,
) -> Result<Place> {
    let inline = candidate.tag.place.end..candidate.end;
    match candidate.tag.get("format").unwrap_or("ascii") {
        "ascii" => return Ok(Place::Ascii(inline)),
        "binary" => return Ok(Place::Base64(inline)),
        "appended" => {}
        other => return Err(Error::unsupported(path, "format of an array", other)),
    }
    let invalid = |field, requirement, found: &str| {
        Error::invalid(path, field, None, requirement, cut(found, 80))
    };
    let tag = appended.ok_or_else(|| invalid("AppendedData", "present", "nothing"))?;
    let text = candidate.tag.get("offset").unwrap_or_default();
    let offset: usize = text
        .parse()
        .map_err(|_| invalid("offset of an array", "a whole number", text))?;
    // Behind the tag, white space and a low line.
    let mark = bytes[tag.place.end..]
        .iter()
        .position(|byte| !byte.is_ascii_whitespace());
    let start = mark
        .map(|mark| tag.place.end + mark)
        .filter(|start| bytes[*start] == b'_')
        .and_then(|start| (start + 1).checked_add(offset))
        .filter(|start| *start <= bytes.len())
        .ok_or_else(|| invalid("appended data", "_ and the data at their offset", text))?;
    match tag.get("encoding").unwrap_or("base64") {
        "raw" => Ok(Place::Raw(start)),
        "base64" => Ok(Place::Base64(start..bytes.len())),
        other => Err(Error::unsupported(path, "encoding", other)),
    }
}

/// At most `most` bytes; stops at padding or a tag, `None` at any other character.
fn base64(text: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(most.min(text.len()));
    let (mut window, mut bits) = (0_u32, 0);
    for byte in text.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' | b'<' => break,
            _ => return None,
        };
        window = window << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((window >> bits) as u8);
            window &= (1 << bits) - 1;
        }
        if out.len() == most {
            break;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::super::write_vti;
    use super::*;

    type TestResult = std::result::Result<(), Box<dyn std::error::Error>>;

    fn parse(text: &[u8]) -> Result<Vti> {
        read(&Source::memory(Path::new("field.vti"), text.to_vec()))
    }

    fn file(head: &str, array: &str, rest: &str) -> Vec<u8> {
        format!(
            "<?xml version=\"1.0\"?>\n<!-- a > b -->\n<VTKFile type=\"ImageData\" {head}>\n\
             <ImageData WholeExtent=\"0 1 0 1 0 0\" Spacing=\"2e-06 2e-06 1\">\n<Piece Extent=\"0 1 0 1 0 0\">\n\
             <PointData Vectors='w'>\n<DataArray type=\"Float32\" Name=\"other\" NumberOfComponents=\"3\" format=\"ascii\"/>\n\
             {array}</PointData></Piece></ImageData>{rest}</VTKFile>"
        )
        .into_bytes()
    }

    #[test]
    fn there_and_back_and_every_cut_is_an_error() -> TestResult {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("field.vti");
        let u = Array2::from_shape_fn((3, 5), |(r, c)| (r * 10 + c) as f32 - 3.5);
        let v = u.mapv(|value| 7.0 - 2.0 * value);
        for size in [None, Some(PixelSize::from_micrometers(1.93)?)] {
            write_vti(&path, &u, &v, size)?;
            let field = read_vti(&path)?;
            assert_eq!((&field.u, &field.v, field.pixel_size), (&u, &v, size));
        }
        let whole = std::fs::read(&path)?;
        let data = whole.len() - "\n</AppendedData>\n</VTKFile>\n".len();
        for cut in 0..data {
            assert!(parse(&whole[..cut]).is_err(), "cut at {cut}");
        }
        Ok(())
    }

    #[test]
    fn forms_of_other_programs_are_read() -> TestResult {
        let values: Vec<f64> = (1..=12).map(f64::from).collect();
        let expected = Vti {
            u: array![[7.0, 10.0], [1.0, 4.0]],
            v: array![[-8.0, -11.0], [-2.0, -5.0]],
            pixel_size: Some(PixelSize::from_micrometers(2.0)?),
        };
        let words: Vec<String> = values.iter().map(f64::to_string).collect();
        let ascii = words.join(" \n");
        let array = |kind: &str, body: &str| {
            format!(
                "<DataArray type=\"{kind}\" Name=\"w\" NumberOfComponents=\"3\" {body}</DataArray>"
            )
        };
        let found = parse(&file(
            "",
            &array("Float32", &format!("format=\"ascii\">{ascii}")),
            "",
        ))?;
        assert_eq!(found, expected);
        // Base64 of Python: a length of 32 bits and the values, both big-endian.
        let text = "AAAAYD/wAAAAAAAAQAAAAAAAAABACAAAAAAAAEAQAAAAAAAAQBQAAAAAAABAGAAAAAAAAEAcAAAAAAAAQCAAAAAAAABAIgAAAAAAAEAkAAAAAAAAQCYAAAAAAABAKAAAAAAAAA==";
        let big = "byte_order=\"BigEndian\"";
        let body = format!("format=\"binary\">\n  {text}\n");
        assert_eq!(parse(&file(big, &array("Float64", &body), ""))?, expected);
        let appended = format!("<AppendedData encoding=\"base64\">_AAAA{text}</AppendedData>");
        let body = "format=\"appended\" offset=\"4\">";
        assert_eq!(
            parse(&file(big, &array("Float64", body), &appended))?,
            expected
        );
        Ok(())
    }

    #[test]
    fn what_is_not_read_is_named() {
        let array = "<DataArray type=\"Float32\" Name=\"w\" NumberOfComponents=\"3\" format=\"ascii\">1</DataArray>";
        for (head, array, named) in [
            (
                "compressor=\"vtkZLibDataCompressor\"",
                array,
                "vtkZLibDataCompressor",
            ),
            ("header_type=\"UInt16\"", array, "UInt16"),
            ("", array, "as many numbers"),
            ("", &array.replace("Float32", "Int8"), "Int8"),
            ("", &array.replace("\"w\"", "\"x\""), "several array"),
            (
                "",
                &array.replace("ascii\">1", "binary\">AA"),
                "needs 52 bytes",
            ),
            (
                "",
                &array.replace("ascii\">1", "appended\" offset=\"0\">"),
                "AppendedData",
            ),
        ] {
            let text = parse(&file(head, array, ""))
                .err()
                .map(|error| error.to_string());
            assert!(
                text.as_ref().is_some_and(|text| text.contains(named)),
                "{named}: {text:?}"
            );
        }
        for text in ["", "<VTKFile", "<VTKFile a>", "<VTKFile type=\"PolyData\">"] {
            assert!(parse(text.as_bytes()).is_err());
        }
    }
}
