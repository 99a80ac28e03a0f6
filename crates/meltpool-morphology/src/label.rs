//! Tables of labels: one row a frame.

use std::fmt::Write as _;

use crate::error::{Error, Result};
use crate::keyhole::Sighting;
use crate::outline::{Outline, Point};

/// The labels of a film as CSV: frame, state, then each quantity with its standard uncertainty in the column after it.
///
/// State is `seen`, `corrected`, or the reason why there is no keyhole; then all numbers are empty. A quantity that does not exist
/// is empty too: nothing is invented. Numbers are written so that they read back to the same bits.
pub fn labels_csv(sightings: &[Sighting]) -> String {
    let names = sightings
        .iter()
        .find_map(Sighting::keyhole)
        .map(|k| k.geometry.columns().map(|c| c.0));
    let mut out = "frame,state".to_owned();
    for name in names.iter().flatten() {
        let _ = write!(out, ",{name},{name}_uncertainty");
    }
    out.push_str(",confidence\n");
    let cell = |out: &mut String, value: f64| {
        let _ = if value.is_finite() {
            write!(out, ",{value}")
        } else {
            write!(out, ",")
        };
    };
    for (frame, sighting) in sightings.iter().enumerate() {
        let _ = write!(out, "{frame},");
        match sighting {
            Sighting::Seen(keyhole) => {
                out.push_str(if keyhole.corrected {
                    "corrected"
                } else {
                    "seen"
                });
                let values = keyhole.geometry.columns();
                for ((_, value), (_, error)) in values.iter().zip(keyhole.uncertainty.columns()) {
                    cell(&mut out, *value);
                    cell(&mut out, if value.is_finite() { error } else { f64::NAN });
                }
                cell(&mut out, keyhole.confidence);
            }
            Sighting::Missing(missing) => {
                let text = format!("{missing:?}");
                let word: String = text
                    .chars()
                    .take_while(char::is_ascii_alphanumeric)
                    .collect();
                out.push_str(&word);
                for _ in 0..=names.map_or(0, |n| 2 * n.len()) {
                    out.push(',');
                }
            }
        }
        out.push('\n');
    }
    out
}

/// An outline that a user has drawn in a frame.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Annotation {
    /// Frame, counted from 0; `None` if the file does not say.
    pub frame: Option<usize>,
    /// What it is called.
    pub name: String,
    /// The outline in pixels.
    pub outline: Outline,
}

/// Most rows of a CSV of annotations.
const MAX_ROWS: usize = 10_000_000;

/// Annotations from CSV with the columns `frame`, `name`, `x`, `y` in any order: consecutive rows of equal frame and name are the points of
/// one outline, with the centers of pixels at whole numbers.
///
/// # Errors
///
/// [`Error::Cell`] with line and column for a cell that cannot be read or a column that is missing; [`Error::TooFew`] for an outline of less than
/// three points; [`Error::TooLarge`] above ten million rows.
///
/// # Examples
///
/// ```
/// use meltpool_morphology::annotations_csv;
///
/// let found = annotations_csv("frame,name,x,y\n3,keyhole,10,5\n3,keyhole,30,5\n3,keyhole,20,60\n")?;
/// assert_eq!((found[0].frame, found[0].outline.area()), (Some(3), 550.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn annotations_csv(text: &str) -> Result<Vec<Annotation>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let bad = |line: usize, column: &str, requirement: &'static str, found: &str| Error::Cell {
        line,
        column: column.to_owned(),
        requirement,
        found: found.chars().take(80).collect(),
    };
    let header = reader
        .headers()
        .map_err(|_| bad(1, "all", "a header of text", ""))?
        .clone();
    let place = |name: &str| {
        let found = header.iter().position(|h| h.eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            bad(
                1,
                name,
                "a column of this name",
                &header.iter().collect::<Vec<_>>().join(","),
            )
        })
    };
    let columns = [place("frame")?, place("name")?, place("x")?, place("y")?];
    let mut groups: Vec<(usize, String, Vec<Point>)> = Vec::new();
    for (row, record) in reader.records().enumerate() {
        let line = row + 2;
        if row >= MAX_ROWS {
            return Err(Error::TooLarge {
                what: "number of rows",
                limit: MAX_ROWS as u64,
                found: row as u64 + 1,
            });
        }
        let record = record.map_err(|_| bad(line, "all", "a row of text", ""))?;
        let cell = |k: usize| record.get(columns[k]).unwrap_or("");
        let frame = cell(0)
            .parse::<usize>()
            .map_err(|_| bad(line, "frame", "a whole number from 0", cell(0)))?;
        let number = |k: usize, name: &str| {
            let value = cell(k).parse::<f64>().ok().filter(|v| v.is_finite());
            value.ok_or_else(|| bad(line, name, "a finite number", cell(k)))
        };
        let point = Point::new(number(2, "x")?, number(3, "y")?);
        match groups.last_mut() {
            Some((f, name, points)) if *f == frame && name == cell(1) => points.push(point),
            _ => groups.push((frame, cell(1).to_owned(), vec![point])),
        }
    }
    groups
        .into_iter()
        .map(|(frame, name, points)| {
            Ok(Annotation {
                frame: Some(frame),
                name,
                outline: Outline::new(points)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyhole::Missing;

    #[test]
    fn annotations_say_where_they_are_wrong() {
        let wrong = annotations_csv("x,y,frame,name\n1,2,0,k\n1,zwei,0,k\n");
        assert!(
            matches!(wrong, Err(Error::Cell { line: 3, ref column, .. }) if column == "y"),
            "{wrong:?}"
        );
        assert!(matches!(
            annotations_csv("x,y\n"),
            Err(Error::Cell { line: 1, .. })
        ));
        assert!(annotations_csv("frame,name,x,y\n0,a,1,1\n0,b,2,2\n").is_err());
        assert!(annotations_csv("frame,name,x,y\n").unwrap().is_empty());
        assert!(annotations_csv("frame,name,x,y\n-1,a,1,1\n").is_err());
        assert!(annotations_csv("").is_err());
    }

    #[test]
    fn frames_without_keyhole_stay_empty() {
        let table = labels_csv(&[Sighting::Missing(Missing::TooSmall { n_pixels: 3 })]);
        assert_eq!(table, "frame,state,confidence\n0,TooSmall,\n");
    }
}
