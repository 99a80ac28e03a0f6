//! Stacks of ImageJ: the description that begins with `ImageJ=`.

use super::Order;
use super::stack::{Axes, Interpretation, Stack};
use crate::calibration::{FrameRate, PixelSize};
use crate::error::{Error, Result, cut};
use crate::metadata::{Metadata, Origin, Recorded};
use crate::opener::Context;
use crate::time::TimeAxis;

/// Meters of a unit as ImageJ writes it; `None` for pixels and what is no length.
fn meters(unit: &str) -> Option<f64> {
    let unit = unescape(unit.trim());
    Some(match unit.to_lowercase().as_str() {
        "m" | "meter" | "meters" | "metre" | "metres" => 1.0,
        "cm" | "centimeter" | "centimeters" | "centimetre" | "centimetres" => 1e-2,
        "mm" | "millimeter" | "millimeters" | "millimetre" | "millimetres" => 1e-3,
        // The two signs for micro: U+00B5 and U+03BC.
        "um" | "µm" | "μm" | "micron" | "microns" | "micrometer" | "micrometers" | "micrometre"
        | "micrometres" => 1e-6,
        "nm" | "nanometer" | "nanometers" | "nanometre" | "nanometres" => 1e-9,
        "inch" | "inches" | "in" => 0.0254,
        _ => return None,
    })
}

/// Resolves escapes such as `\u00B5`.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        out.push_str(&rest[..at]);
        let code = rest
            .get(at + 2..at + 6)
            .and_then(|code| u32::from_str_radix(code, 16).ok());
        if let Some(letter) = code.and_then(char::from_u32) {
            out.push(letter);
            rest = &rest[at + 6..];
        } else {
            out.push_str("\\u");
            rest = &rest[at + 2..];
        }
    }
    out.push_str(rest);
    out
}

/// Seconds of a unit of time as ImageJ writes it.
fn seconds(unit: &str) -> Option<f64> {
    Some(match unescape(unit.trim()).to_lowercase().as_str() {
        "" | "s" | "sec" | "second" | "seconds" => 1.0,
        "ms" | "msec" | "millisecond" | "milliseconds" => 1e-3,
        "us" | "µs" | "μs" | "usec" | "microsecond" | "microseconds" => 1e-6,
        "ns" | "nsec" | "nanosecond" | "nanoseconds" => 1e-9,
        "min" | "minute" | "minutes" => 60.0,
        _ => return None,
    })
}

/// The keys of the description.
struct Keys<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Keys<'a> {
    fn new(text: &'a str) -> Self {
        Self(
            text.lines()
                .filter_map(|line| line.split_once('='))
                .map(|(key, value)| (key.trim(), value))
                .collect(),
        )
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value.trim())
    }

    fn count(&self, stack: &Stack<'_>, key: &'static str) -> Result<u64> {
        match self.get(key) {
            None => Ok(1),
            Some(text) => text.parse().ok().filter(|count| *count > 0).ok_or_else(|| {
                Error::invalid(
                    stack.source.path(),
                    key,
                    None,
                    "a positive whole number",
                    text,
                )
            }),
        }
    }

    fn positive(&self, key: &str, metadata: &mut Metadata) -> Option<f64> {
        let text = self.get(key)?;
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() && value > 0.0 => Some(value),
            // ImageJ writes zero where nothing is known.
            Ok(0.0) => None,
            _ => {
                metadata.note(
                    key,
                    format!("{:?} is not positive and finite; left out", cut(text, 80)),
                );
                None
            }
        }
    }
}

pub(super) fn interpret(
    stack: &Stack<'_>,
    text: &str,
    mut found: Interpretation,
    metadata: &mut Metadata,
    context: &mut Context<'_>,
) -> Result<Interpretation> {
    let keys = Keys::new(text);
    found.format = Some("ImageJ TIFF");
    let images = keys.count(stack, "images")?;
    found.contiguous = stack.contiguous("images= of ImageJ", images, context, &mut found.order)?;
    let n_planes = match &found.order {
        Order::AsStored(n) => *n as u64,
        Order::Listed(pages) => pages.len() as u64,
    };
    if found.contiguous.is_none() && images != n_planes {
        metadata.note(
            "images",
            format!(
                "ImageJ claims {images} images, the file has {n_planes} pages; those are taken"
            ),
        );
    }
    let axis = axes(stack, &keys, n_planes, metadata, context, &mut found)?;
    space(stack, &keys, metadata)?;
    if axis == 'T' || context.stack_as_time() {
        found.time_axis = time(stack, &keys, metadata)?;
    } else {
        let name = if axis == 'Z' { "depth" } else { "channel" };
        metadata.note(
            "axis",
            format!("the stack's axis is {name}, not time: no time axis"),
        );
    }
    Ok(found)
}

/// The axis of the sequence, and the order of its pages.
fn axes(
    stack: &Stack<'_>,
    keys: &Keys<'_>,
    n_planes: u64,
    metadata: &mut Metadata,
    context: &Context<'_>,
    found: &mut Interpretation,
) -> Result<char> {
    let (channels, slices) = (keys.count(stack, "channels")?, keys.count(stack, "slices")?);
    let frames = keys.count(stack, "frames")?;
    let axes = Axes([('C', channels), ('Z', slices), ('T', frames)]);
    let claimed = axes.n_planes();
    // A stack without any of the three keys has one axis without a name; it is taken as time.
    if claimed == Some(1) {
        return Ok('T');
    }
    if claimed != Some(n_planes) {
        if channels == 1 && slices == 1 {
            return Ok('T');
        }
        metadata.note(
            "channels, slices, frames",
            format!("{channels} x {slices} x {frames} is not the number of images, {n_planes}: taken in stored order"),
        );
        return Ok('T');
    }
    let (axis, planes) = axes.sequence(stack, context)?;
    if planes
        .iter()
        .enumerate()
        .any(|(i, plane)| i as u64 != *plane)
        || planes.len() as u64 != n_planes
    {
        found.order = Order::Listed(planes.into_iter().map(|plane| plane as usize).collect());
    }
    Ok(axis)
}

fn origin(stack: &Stack<'_>, key: &str, text: &str) -> Origin {
    Origin::File {
        path: stack.source.path().display().to_string(),
        key: key.to_owned(),
        text: cut(text, 80),
    }
}

fn space(stack: &Stack<'_>, keys: &Keys<'_>, metadata: &mut Metadata) -> Result<()> {
    let Some(unit) = keys.get("unit") else {
        return Ok(());
    };
    let Some(meters) = meters(unit) else {
        if !matches!(unit.to_lowercase().as_str(), "pixel" | "pixels" | "px" | "") {
            metadata.note(
                "unit",
                format!("{:?} is no known length: no pixel size", cut(unit, 80)),
            );
        }
        return Ok(());
    };
    let Some(per_unit) = stack
        .pixels_per_unit
        .filter(|value| value.is_finite() && *value > 0.0)
    else {
        metadata.note("unit", "a unit without an XResolution: no pixel size");
        return Ok(());
    };
    let text = format!("{per_unit} a {unit}");
    let origin = origin(stack, "XResolution", &text);
    metadata.pixel_size = Some(Recorded::new(
        PixelSize::from_meters(meters / per_unit)?,
        "m",
        origin,
    ));
    Ok(())
}

/// `finterval` is the interval in `tunit`; `fps` a rate, which is taken where there is no interval.
fn time(stack: &Stack<'_>, keys: &Keys<'_>, metadata: &mut Metadata) -> Result<TimeAxis> {
    let tunit = keys.get("tunit").unwrap_or_default();
    let scale = seconds(tunit);
    let interval = keys.positive("finterval", metadata);
    let fps = keys.positive("fps", metadata);
    if let (Some(_), None) = (interval, scale) {
        metadata.note(
            "tunit",
            format!(
                "{:?} is no known time: finterval is left out",
                cut(tunit, 80)
            ),
        );
    }
    let interval = interval
        .zip(scale)
        .map(|(interval, scale)| interval * scale);
    let (rate, key, text) = match (interval, fps) {
        (Some(interval), fps) => {
            if let Some(fps) = fps {
                // fps may also be the speed of display; a difference is reported, the interval counts.
                if (fps * interval - 1.0).abs() > 0.01 {
                    let text = format!(
                        "fps = {fps} is not 1/finterval = {}; the interval counts",
                        1.0 / interval
                    );
                    metadata.note("fps", text);
                }
            }
            // The inverse of a rounded interval is a rounded rate: a rate that says the same is the better text.
            let same = fps.filter(|fps| (fps * interval - 1.0).abs() < 1e-12);
            (
                same.map_or_else(
                    || FrameRate::from_interval_seconds(interval),
                    FrameRate::from_hertz,
                ),
                "finterval",
                keys.get("finterval"),
            )
        }
        (None, Some(fps)) => (FrameRate::from_hertz(fps), "fps", keys.get("fps")),
        (None, None) => return Ok(TimeAxis::unknown()),
    };
    let Ok(rate) = rate else {
        return Ok(TimeAxis::unknown());
    };
    metadata.frame_rate = Some(Recorded::new(
        rate,
        "Hz",
        origin(stack, key, text.unwrap_or_default()),
    ));
    TimeAxis::uniform(0.0, interval.unwrap_or_else(|| rate.interval_seconds()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_length_and_time() {
        for micro in ["um", "µm", "\u{3bc}m", "micron", "\\u00B5m", "\\u00b5m"] {
            assert_eq!(meters(micro), Some(1e-6), "{micro}");
        }
        assert_eq!(meters("pixel"), None);
        assert_eq!(seconds("\\u00B5s"), Some(1e-6));
        assert_eq!(unescape("a\\uZZZZb\\u00"), "a\\uZZZZb\\u00");
        assert_eq!(unescape("\\u00e9\\u"), "é\\u");
    }
}
