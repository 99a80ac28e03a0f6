//! A folder with one file a frame.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::metadata::Metadata;
use crate::opener::{Context, Opener};
use crate::pixel::PixelType;
use crate::reader::{SequenceReader, SequenceShape};
use crate::time::TimeAxis;

/// Texts in natural order: runs of digits by their number, so that `frame_9` comes before `frame_10`.
///
/// Equal numbers with a different count of leading zeros are ordered by that count, so that the order is total.
fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut a_rest, mut b_rest) = (a, b);
    loop {
        let (a_digits, b_digits) = (leading_digits(a_rest), leading_digits(b_rest));
        if !a_digits.is_empty() && !b_digits.is_empty() {
            let (x, y) = (
                a_digits.trim_start_matches('0'),
                b_digits.trim_start_matches('0'),
            );
            let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
            if order != Ordering::Equal {
                return order;
            }
            a_rest = &a_rest[a_digits.len()..];
            b_rest = &b_rest[b_digits.len()..];
            continue;
        }
        let (mut a_chars, mut b_chars) = (a_rest.chars(), b_rest.chars());
        match (a_chars.next(), b_chars.next()) {
            (None, None) => return a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            (x, y) if x != y => return x.cmp(&y),
            _ => {
                a_rest = a_chars.as_str();
                b_rest = b_chars.as_str();
            }
        }
    }
}

fn leading_digits(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    &text[..end]
}

/// The last number in a file name without its ending.
fn last_number(name: &str) -> Option<u64> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let end = stem.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = stem[..end]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |i| {
            i + stem[i..].chars().next().map_or(1, char::len_utf8)
        });
    stem[start..end].parse().ok()
}

/// One file a frame, opened again for each reading, so that no folder is too large for the count of open files.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    files: Vec<PathBuf>,
    /// What was wrong with a file when the folder was opened.
    faults: Vec<Option<Error>>,
    options: Opener,
    format: &'static str,
    shape: SequenceShape,
    pixel_type: PixelType,
    metadata: Metadata,
    time_axis: TimeAxis,
}

fn open_file(path: &Path, options: &Opener) -> Result<Box<dyn SequenceReader>> {
    let reader = options.open(path)?;
    let found = reader.shape().n_frames as u64;
    if found != 1 {
        // Several files of several frames each are repeats or parts: which, only the user can say.
        return Err(Error::FrameCount {
            path: path.to_owned(),
            claimed_by: "a folder of single frames",
            claimed: 1,
            found,
        });
    }
    Ok(reader)
}

impl Folder {
    fn check(&self, reader: &dyn SequenceReader, frame: usize) -> Result<()> {
        let shape = reader.shape();
        let differs = |what, expected: String, found: String| Error::Inconsistent {
            path: reader.path().to_owned(),
            frame: Some(frame),
            what,
            expected,
            found,
        };
        let (rows, columns) = (self.shape.n_rows, self.shape.n_columns);
        if (shape.n_rows, shape.n_columns) != (rows, columns) {
            let found = format!("{}x{}", shape.n_rows, shape.n_columns);
            return Err(differs(
                "rows x columns",
                format!("{rows}x{columns}"),
                found,
            ));
        }
        if reader.pixel_type() != self.pixel_type {
            let found = reader.pixel_type().to_string();
            return Err(differs("pixel type", self.pixel_type.to_string(), found));
        }
        Ok(())
    }
}

impl SequenceReader for Folder {
    fn format(&self) -> &'static str {
        self.format
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn shape(&self) -> SequenceShape {
        self.shape
    }

    fn pixel_type(&self) -> PixelType {
        self.pixel_type
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn time_axis(&self) -> &TimeAxis {
        &self.time_axis
    }

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.shape.check_frame(frame)?;
        self.shape
            .check_bytes(1, self.pixel_type, destination.len())?;
        if let Some(fault) = &self.faults[frame] {
            return Err(fault.clone());
        }
        let reader = open_file(&self.files[frame], &self.options)?;
        // The file may have been changed since the folder was opened.
        self.check(&reader, frame)?;
        reader
            .read_native_into(0, destination)
            .map_err(|error| error.of_frame(frame))
    }
}

/// The files of a folder.
struct Listed {
    /// Those whose ending is the most common one of those that this build reads, in natural order.
    chosen: Vec<(String, PathBuf)>,
    /// How many have another such ending.
    n_others: usize,
}

/// `tiff` and `tif` are one ending.
fn list(path: &Path, limits: &Limits) -> Result<Listed> {
    let mut files: Vec<(String, String, PathBuf)> = Vec::new();
    let entries = std::fs::read_dir(path).map_err(|source| Error::io(path, "list", source))?;
    for entry in entries {
        let entry = entry.map_err(|source| Error::io(path, "list", source))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((_, extension)) = name.rsplit_once('.') else {
            continue;
        };
        let extension = match extension.to_ascii_lowercase().as_str() {
            "tiff" => "tif".to_owned(),
            other => other.to_owned(),
        };
        if name.starts_with('.') || !super::is_known_extension(&extension) || entry.path().is_dir()
        {
            continue;
        }
        files.push((extension, name, entry.path()));
        limits.check_frames(path, files.len() as u64)?;
    }
    let count = |extension: &str| files.iter().filter(|file| file.0 == extension).count();
    let mut extensions: Vec<&str> = files.iter().map(|file| file.0.as_str()).collect();
    extensions.sort_unstable();
    extensions.dedup();
    // Of equally common ones the first in the alphabet.
    let best = extensions
        .iter()
        .copied()
        .max_by(|a, b| count(a).cmp(&count(b)).then_with(|| b.cmp(a)));
    let best = best.map(str::to_owned);
    let n_files = files.len();
    let mut chosen: Vec<(String, PathBuf)> = files
        .into_iter()
        .filter(|file| Some(&file.0) == best.as_ref())
        .map(|(_, name, path)| (name, path))
        .collect();
    chosen.sort_by(|a, b| natural_order(&a.0, &b.0));
    let n_others = n_files - chosen.len();
    Ok(Listed { chosen, n_others })
}

/// The least step of the numbering, and its gaps: (the number before, the number after).
fn gaps(numbers: &[u64]) -> (u64, Vec<(u64, u64)>) {
    let step = numbers
        .windows(2)
        .filter_map(|pair| pair[1].checked_sub(pair[0]))
        .min()
        .unwrap_or(1)
        .max(1);
    let gaps = numbers
        .windows(2)
        .filter(|pair| pair[1].wrapping_sub(pair[0]) != step)
        .map(|pair| (pair[0], pair[1]))
        .collect();
    (step, gaps)
}

pub(crate) fn open_folder(
    path: &Path,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let Listed {
        chosen: listed,
        n_others,
    } = list(path, context.limits())?;
    let options = context.for_file();
    let n_frames = listed.len();
    let mut folder: Option<Folder> = None;
    let mut faults = vec![None; n_frames];
    for (frame, (_, file)) in listed.iter().enumerate() {
        let opened = open_file(file, &options).and_then(|reader| {
            if let Some(folder) = &folder {
                folder.check(&reader, frame)?;
                return Ok(());
            }
            let shape = SequenceShape {
                n_frames,
                ..reader.shape()
            };
            folder = Some(Folder {
                path: path.to_owned(),
                files: listed.iter().map(|file| file.1.clone()).collect(),
                faults: Vec::new(),
                options: options.clone(),
                format: reader.format(),
                shape,
                pixel_type: reader.pixel_type(),
                metadata: reader.metadata().clone(),
                time_axis: TimeAxis::unknown(),
            });
            Ok(())
        });
        if let Err(error) = opened {
            let error = error.of_frame(frame);
            context.fault(error.clone())?;
            faults[frame] = Some(error);
        }
    }
    let Some(mut folder) = folder else {
        return Err(faults
            .into_iter()
            .flatten()
            .next()
            .unwrap_or(Error::NoFrames {
                path: path.to_owned(),
            }));
    };
    folder.faults = faults;
    if n_others > 0 {
        let text = format!("{n_others} files of other formats in this folder are no frames of it");
        folder.metadata.note("files", text);
    }
    number(&mut folder, &listed, context)?;
    Ok(Box::new(folder))
}

/// Reports gaps in the numbering, and makes the time axis irregular where there are some and the rate is known.
fn number(folder: &mut Folder, listed: &[(String, PathBuf)], context: &Context<'_>) -> Result<()> {
    let numbers: Option<Vec<u64>> = listed.iter().map(|file| last_number(&file.0)).collect();
    let Some(numbers) = numbers.filter(|numbers| numbers.windows(2).all(|pair| pair[0] < pair[1]))
    else {
        folder.metadata.note(
            "file names",
            "not all of them end in a number that increases: gaps cannot be seen",
        );
        return Ok(());
    };
    let (step, gaps) = gaps(&numbers);
    if gaps.is_empty() {
        return Ok(());
    }
    for (before, after) in gaps.iter().take(100) {
        folder.metadata.note(
            "file names",
            format!("gap in the numbering between {before} and {after}"),
        );
    }
    if let Some(rate) = &context.user().frame_rate {
        let dt = rate.value.interval_seconds();
        let starts = numbers
            .iter()
            .map(|number| (number - numbers[0]) as f64 / step as f64 * dt)
            .collect();
        folder.time_axis = TimeAxis::irregular(starts)?;
    }
    Ok(())
}

impl Context<'_> {
    /// The settings under which one file of a folder is opened: strict, and without what the user knows.
    fn for_file(&self) -> Opener {
        self.options()
            .clone()
            .lenient(false)
            .metadata(Metadata::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ordered_as_numbers() {
        let mut names = [
            "f10.tif",
            "f9.tif",
            "f08.tif",
            "f8.tif",
            "f1a2.tif",
            "f1a10.tif",
            "a.tif",
            "f.tif",
        ];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(
            names,
            [
                "a.tif",
                "f.tif",
                "f1a2.tif",
                "f1a10.tif",
                "f8.tif",
                "f08.tif",
                "f9.tif",
                "f10.tif"
            ]
        );
        let huge = "9".repeat(40);
        assert_eq!(
            natural_order(&format!("f{huge}"), &format!("f1{huge}")),
            Ordering::Less
        );
    }

    #[test]
    fn the_last_number_of_the_stem_counts() {
        assert_eq!(last_number("0NN_Ti64_P100_0012.tif"), Some(12));
        assert_eq!(last_number("frame.tif"), None);
        assert_eq!(last_number("µ12"), Some(12));
        assert_eq!(last_number("12µ"), Some(12));
        assert_eq!(gaps(&[8, 9, 10, 12]), (1, vec![(10, 12)]));
        assert_eq!(gaps(&[0, 36, 72]), (36, vec![]));
    }
}
