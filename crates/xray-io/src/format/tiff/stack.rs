//! What a file says about its pages as a whole: ImageJ, OME, and the shape that tifffile writes.

use super::layout::Layout;
use super::{Order, imagej, ome};
use crate::error::{Error, Result};
use crate::metadata::Metadata;
use crate::opener::Context;
use crate::source::Source;
use crate::time::TimeAxis;

/// What is known about the pages before the description is read.
pub(super) struct Stack<'a> {
    pub(super) source: &'a Source,
    pub(super) layout: &'a Layout,
    pub(super) n_pages: usize,
    pub(super) pixels_per_unit: Option<f64>,
    /// Where the pixels of the first page start.
    pub(super) first_offset: u64,
    pub(super) description: &'a str,
}

/// What the description adds.
pub(super) struct Interpretation {
    pub(super) format: Option<&'static str>,
    /// Where the frames start that follow each other without directories of their own.
    pub(super) contiguous: Option<u64>,
    pub(super) order: Order,
    pub(super) time_axis: TimeAxis,
}

impl Stack<'_> {
    pub(super) fn interpret(
        &self,
        metadata: &mut Metadata,
        context: &mut Context<'_>,
    ) -> Result<Interpretation> {
        let plain = Interpretation {
            format: None,
            contiguous: None,
            order: Order::AsStored(self.n_pages),
            time_axis: TimeAxis::unknown(),
        };
        let text = self.description.trim_start_matches('\u{feff}').trim_start();
        if text.starts_with("ImageJ=") {
            return imagej::interpret(self, text, plain, metadata, context);
        }
        if text.starts_with("<?xml") && text.contains("<OME") || text.starts_with("<OME") {
            return ome::interpret(self, text, plain, metadata, context);
        }
        if let Some(claimed) = shaped(text, self.layout) {
            let mut plain = plain;
            plain.contiguous = self.contiguous(
                "the shape in ImageDescription",
                claimed,
                context,
                &mut plain.order,
            )?;
            if plain.contiguous.is_none() && claimed > self.n_pages as u64 {
                // A chain of directories that was cut.
                context.fault(Error::FrameCount {
                    path: self.source.path().to_owned(),
                    claimed_by: "the shape in ImageDescription",
                    claimed,
                    found: self.n_pages as u64,
                })?;
            }
            if plain.contiguous.is_none() && claimed != self.n_pages as u64 {
                metadata.note(
                    "ImageDescription",
                    format!(
                        "its shape claims {claimed} pages, the file has {}; those are taken",
                        self.n_pages
                    ),
                );
            }
            return Ok(plain);
        }
        Ok(plain)
    }

    /// Where frames without directories start, if the file has one directory and claims several frames. They must all
    /// fit into the file.
    pub(super) fn contiguous(
        &self,
        claimed_by: &'static str,
        claimed: u64,
        context: &mut Context<'_>,
        order: &mut Order,
    ) -> Result<Option<u64>> {
        if self.n_pages != 1 || claimed <= 1 {
            return Ok(None);
        }
        let path = self.source.path();
        if !self.layout.is_plain() {
            let found = format!(
                "{claimed} frames in one directory with {}",
                self.layout.compression.name()
            );
            return Err(Error::unsupported(path, "a stack of", found));
        }
        let bytes =
            (self.layout.n_rows * self.layout.n_columns * self.layout.pixel_type.bytes()) as u64;
        let found = (self.source.len() - self.first_offset) / bytes;
        let whole = found.min(claimed);
        if whole < claimed {
            context.fault(Error::FrameCount {
                path: path.to_owned(),
                claimed_by,
                claimed,
                found,
            })?;
        }
        context.limits().check_frames(path, whole)?;
        *order = Order::AsStored(whole as usize);
        Ok(Some(self.first_offset))
    }
}

/// The axes of a hyperstack, from the fastest: letter and length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axes(pub(super) [(char, u64); 3]);

impl Axes {
    pub(super) fn length(&self, axis: char) -> u64 {
        self.0
            .iter()
            .find(|(name, _)| *name == axis)
            .map_or(1, |(_, length)| *length)
    }

    /// Number of planes, if it can be counted.
    pub(super) fn n_planes(&self) -> Option<u64> {
        self.0
            .iter()
            .try_fold(1_u64, |product, (_, length)| product.checked_mul(*length))
    }

    /// Index of a plane.
    pub(super) fn plane(&self, of: impl Fn(char) -> u64) -> u64 {
        self.0
            .iter()
            .rev()
            .fold(0, |plane, (name, length)| plane * length + of(*name))
    }

    /// Which axis is the sequence, and the planes of its frames. Of the other axes one position must have been chosen,
    /// unless they have only one.
    pub(super) fn sequence(
        &self,
        stack: &Stack<'_>,
        context: &Context<'_>,
    ) -> Result<(char, Vec<u64>)> {
        let path = stack.source.path();
        let (t, z, c) = (self.length('T'), self.length('Z'), self.length('C'));
        let axis = if t > 1 || (z == 1 && c == 1) {
            'T'
        } else if z > 1 && context.slice().is_none() {
            'Z'
        } else if c > 1 && context.channel().is_none() {
            'C'
        } else {
            'T'
        };
        let chosen =
            |name: char, length: u64, choice: Option<usize>, what: &'static str| -> Result<u64> {
                match choice {
                    _ if axis == name => Ok(0),
                    Some(choice) if (choice as u64) < length => Ok(choice as u64),
                    Some(choice) => Err(Error::NotFound {
                        path: path.to_owned(),
                        what,
                        name: choice.to_string(),
                    }),
                    None if length == 1 => Ok(0),
                    None => Err(Error::Ambiguous {
                        path: path.to_owned(),
                        what,
                        choices: format!("0 to {}", length - 1),
                    }),
                }
            };
        let slice = chosen('Z', z, context.slice(), "slice")?;
        let channel = chosen('C', c, context.channel(), "channel")?;
        let length = self.length(axis);
        context.limits().check_frames(path, length)?;
        let plane_of = |frame: u64| {
            self.plane(|name| match name {
                _ if name == axis => frame,
                'Z' => slice,
                'C' => channel,
                _ => 0,
            })
        };
        Ok((axis, (0..length).map(plane_of).collect()))
    }
}

/// Number of frames that a description like `{"shape": [6, 37, 52]}` claims, if its last two lengths are those of a page.
fn shaped(text: &str, layout: &Layout) -> Option<u64> {
    let rest = text.strip_prefix('{')?;
    let rest = &rest[rest.find("\"shape\"")? + 7..];
    let rest = rest
        .trim_start()
        .strip_prefix(':')?
        .trim_start()
        .strip_prefix('[')?;
    let lengths: Vec<u64> = rest[..rest.find(']')?]
        .split(',')
        .map(|length| length.trim().parse().ok())
        .collect::<Option<_>>()?;
    match lengths[..] {
        [ref frames @ .., rows, columns]
            if (rows, columns) == (layout.n_rows as u64, layout.n_columns as u64) =>
        {
            frames
                .iter()
                .try_fold(1_u64, |product, length| product.checked_mul(*length))
                .filter(|n| *n > 0)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_counted_from_the_fastest_axis() {
        let axes = Axes([('C', 2), ('Z', 3), ('T', 4)]);
        assert_eq!(axes.n_planes(), Some(24));
        assert_eq!(axes.plane(|name| if name == 'T' { 3 } else { 0 }), 18);
        assert_eq!(
            axes.plane(|name| if name == 'C' { 1 } else { 2 }),
            1 + 2 * 2 + 2 * 6
        );
        assert_eq!(Axes([('C', u64::MAX), ('Z', 2), ('T', 1)]).n_planes(), None);
    }
}
