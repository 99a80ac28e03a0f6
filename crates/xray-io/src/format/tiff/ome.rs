//! OME-TIFF: the XML of the Open Microscopy Environment in the description (schema 2016-06).

use roxmltree::{Document, Node, ParsingOptions};

use super::Order;
use super::stack::{Axes, Interpretation, Stack};
use crate::calibration::{FrameRate, PixelSize};
use crate::error::{Error, Result, cut};
use crate::metadata::{Metadata, Origin, Recorded};
use crate::opener::Context;
use crate::time::TimeAxis;

/// Elements of an OME description, at most.
const MAX_NODES: u32 = 4_000_000;

/// Meters of a unit of length; the schema's default is µm.
fn meters(unit: Option<&str>) -> Option<f64> {
    Some(match unit.unwrap_or("µm") {
        "m" => 1.0,
        "cm" => 1e-2,
        "mm" => 1e-3,
        "µm" | "μm" | "um" => 1e-6,
        "nm" => 1e-9,
        "pm" => 1e-12,
        _ => return None,
    })
}

/// Seconds of a unit of time; the schema's default is s.
fn seconds(unit: Option<&str>) -> Option<f64> {
    Some(match unit.unwrap_or("s") {
        "s" => 1.0,
        "ms" => 1e-3,
        "µs" | "μs" | "us" => 1e-6,
        "ns" => 1e-9,
        "ps" => 1e-12,
        "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children()
        .find(|child| child.tag_name().name() == name)
}

pub(super) fn interpret(
    stack: &Stack<'_>,
    text: &str,
    mut found: Interpretation,
    metadata: &mut Metadata,
    context: &mut Context<'_>,
) -> Result<Interpretation> {
    let path = stack.source.path();
    // Latin-1 bytes that were no UTF-8 have become letters already, so the declared encoding does not matter.
    let options = ParsingOptions {
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        Error::invalid(path, "ImageDescription", None, "well-formed OME-XML", error)
    })?;
    found.format = Some("OME-TIFF");
    let mut images = document
        .root_element()
        .children()
        .filter(|node| node.tag_name().name() == "Image");
    let pixels = images.next().and_then(|image| child(image, "Pixels"));
    let Some(pixels) = pixels else {
        return Err(Error::unsupported(
            path,
            "OME-XML",
            "without an Image: its metadata is in a companion file",
        ));
    };
    let others = images.count();
    if others > 0 {
        metadata.note(
            "OME Image",
            format!("{others} more images are left out; the first is taken"),
        );
    }
    let axes = axes(stack, pixels)?;
    let claimed = axes.n_planes().unwrap_or(u64::MAX);
    let claimed_by = "SizeC x SizeZ x SizeT of OME";
    found.contiguous = stack.contiguous(claimed_by, claimed, context, &mut found.order)?;
    let n_pages = match &found.order {
        Order::AsStored(n) => *n as u64,
        Order::Listed(pages) => pages.len() as u64,
    };
    if claimed > n_pages {
        // In a contiguous stack this was reported above.
        if found.contiguous.is_none() {
            let path = path.to_owned();
            context.fault(Error::FrameCount {
                path,
                claimed_by,
                claimed,
                found: n_pages,
            })?;
        }
    } else {
        if claimed < n_pages {
            metadata.note(
                "OME Pixels",
                format!("{n_pages} pages, of which OME names {claimed}; the others are left out"),
            );
        }
        let pages = page_table(stack, pixels, &axes, claimed, n_pages)?;
        let (axis, planes) = axes.sequence(stack, context)?;
        let order: Vec<usize> = planes
            .iter()
            .map(|&plane| pages.get(plane))
            .collect::<Result<_>>()?;
        if order.len() as u64 != n_pages || order.iter().enumerate().any(|(i, page)| i != *page) {
            found.order = Order::Listed(order);
        }
        if axis == 'T' || context.stack_as_time() {
            found.time_axis = time(stack, pixels, axis, &planes, &axes, metadata, context)?;
        } else {
            metadata.note(
                "axis",
                format!("the stack's axis is {axis}, not time: no time axis"),
            );
        }
    }
    space(stack, pixels, metadata)?;
    Ok(found)
}

/// Sizes and order of the axes.
fn axes(stack: &Stack<'_>, pixels: Node<'_, '_>) -> Result<Axes> {
    let path = stack.source.path();
    let size =
        |name: &'static str| -> Result<u64> {
            match pixels.attribute(name) {
                None => Ok(1),
                Some(text) => text.parse().ok().filter(|size| *size > 0).ok_or_else(|| {
                    Error::invalid(path, name, None, "a positive whole number", text)
                }),
            }
        };
    let dimension_order = pixels.attribute("DimensionOrder").unwrap_or("XYCZT");
    let mut axes = [('C', 1), ('Z', 1), ('T', 1)];
    let known = matches!(
        dimension_order,
        "XYCZT" | "XYCTZ" | "XYZCT" | "XYZTC" | "XYTCZ" | "XYTZC"
    );
    if !known {
        return Err(Error::invalid(
            path,
            "DimensionOrder",
            None,
            "XY and the letters C, Z, T",
            dimension_order,
        ));
    }
    let (c, z, t) = (size("SizeC")?, size("SizeZ")?, size("SizeT")?);
    for (axis, letter) in axes.iter_mut().zip(dimension_order.chars().skip(2)) {
        *axis = (
            letter,
            match letter {
                'C' => c,
                'Z' => z,
                _ => t,
            },
        );
    }
    Ok(Axes(axes))
}

/// Which page holds each plane.
struct PageTable<'a> {
    stack: &'a Stack<'a>,
    pages: Option<Vec<Option<u32>>>,
}

impl PageTable<'_> {
    fn get(&self, plane: u64) -> Result<usize> {
        let Some(pages) = &self.pages else {
            return Ok(plane as usize);
        };
        pages
            .get(plane as usize)
            .copied()
            .flatten()
            .map(|page| page as usize)
            .ok_or_else(|| {
                let found = format!("nothing for plane {plane}");
                Error::invalid(
                    self.stack.source.path(),
                    "TiffData",
                    None,
                    "a page for each plane",
                    found,
                )
            })
    }
}

fn page_table<'a>(
    stack: &'a Stack<'a>,
    pixels: Node<'_, '_>,
    axes: &Axes,
    n_planes: u64,
    n_pages: u64,
) -> Result<PageTable<'a>> {
    let path = stack.source.path();
    let blocks: Vec<Node<'_, '_>> = pixels
        .children()
        .filter(|node| node.tag_name().name() == "TiffData")
        .collect();
    let own_name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let own_id = pixels.document().root_element().attribute("UUID");
    for block in &blocks {
        let other = block
            .children()
            .filter(|node| node.tag_name().name() == "UUID")
            .find_map(|uuid| {
                // A file that was renamed still knows its identifier.
                let is_own = |name: &str| {
                    name == own_name || (own_id.is_some() && uuid.text().map(str::trim) == own_id)
                };
                uuid.attribute("FileName")
                    .filter(|name| !is_own(name))
                    .map(str::to_owned)
            });
        if let Some(other) = other {
            // Planes of a set of files: the others may hold most of it.
            return Err(Error::unsupported(
                path,
                "OME-TIFF of several files, such as",
                other,
            ));
        }
    }
    let sequential = blocks.iter().all(|block| block.attributes().len() == 0);
    if sequential {
        return Ok(PageTable { stack, pages: None });
    }
    // No more planes than pages: checked by the caller, so this cannot be made large by the text alone.
    let mut pages = vec![None; n_planes as usize];
    for block in blocks {
        let number = |name: &'static str, default: u64| -> Result<u64> {
            match block.attribute(name) {
                None => Ok(default),
                Some(text) => text.parse().map_err(|_| {
                    Error::invalid(path, "TiffData", None, "made of whole numbers", text)
                }),
            }
        };
        let first = number("IFD", 0)?;
        // Without an IFD and a count, a block speaks of all planes from here on.
        let default = if block.has_attribute("IFD") {
            1
        } else {
            n_planes
        };
        let count = number("PlaneCount", default)?;
        let (c, z, t) = (
            number("FirstC", 0)?,
            number("FirstZ", 0)?,
            number("FirstT", 0)?,
        );
        for (name, at) in [('C', c), ('Z', z), ('T', t)] {
            if at >= axes.length(name) {
                return Err(Error::invalid(
                    path,
                    "TiffData",
                    None,
                    "inside the size of its axis",
                    at,
                ));
            }
        }
        let start = axes.plane(|name| match name {
            'C' => c,
            'Z' => z,
            _ => t,
        });
        for i in 0..count.min(n_planes - start) {
            let page = first.saturating_add(i);
            if page >= n_pages {
                return Err(Error::invalid(
                    path,
                    "TiffData",
                    None,
                    "a page of this file",
                    page,
                ));
            }
            pages[(start + i) as usize] = Some(page as u32);
        }
    }
    Ok(PageTable {
        stack,
        pages: Some(pages),
    })
}

fn origin(stack: &Stack<'_>, key: &str, text: &str) -> Origin {
    Origin::File {
        path: stack.source.path().display().to_string(),
        key: key.to_owned(),
        text: cut(text, 80),
    }
}

fn positive(node: Node<'_, '_>, name: &str) -> Option<f64> {
    node.attribute(name)?
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite() && *value > 0.0)
}

fn space(stack: &Stack<'_>, pixels: Node<'_, '_>, metadata: &mut Metadata) -> Result<()> {
    let Some(size) = positive(pixels, "PhysicalSizeX") else {
        return Ok(());
    };
    let unit = pixels.attribute("PhysicalSizeXUnit");
    let Some(scale) = meters(unit) else {
        let unit = cut(unit.unwrap_or_default(), 80);
        metadata.note(
            "PhysicalSizeXUnit",
            format!("{unit:?} is no known length: no pixel size"),
        );
        return Ok(());
    };
    if let Some(y) = positive(pixels, "PhysicalSizeY") {
        let y_scale = meters(pixels.attribute("PhysicalSizeYUnit")).unwrap_or(f64::NAN);
        if (y * y_scale / (size * scale) - 1.0).abs() > 1e-3 {
            metadata.note(
                "PhysicalSizeY",
                "pixels are not square; the size along x is taken",
            );
        }
    }
    let text = format!("{size} {}", unit.unwrap_or("µm"));
    let origin = origin(stack, "PhysicalSizeX", &text);
    metadata.pixel_size = Some(Recorded::new(
        PixelSize::from_meters(size * scale)?,
        "m",
        origin,
    ));
    Ok(())
}

/// `TimeIncrement`, else the `DeltaT` of each plane.
fn time(
    stack: &Stack<'_>,
    pixels: Node<'_, '_>,
    axis: char,
    planes: &[u64],
    axes: &Axes,
    metadata: &mut Metadata,
    context: &Context<'_>,
) -> Result<TimeAxis> {
    if let Some(increment) = positive(pixels, "TimeIncrement") {
        let unit = pixels.attribute("TimeIncrementUnit");
        if let Some(scale) = seconds(unit) {
            let text = format!("{increment} {}", unit.unwrap_or("s"));
            let rate = FrameRate::from_interval_seconds(increment * scale)?;
            metadata.frame_rate = Some(Recorded::new(
                rate,
                "Hz",
                origin(stack, "TimeIncrement", &text),
            ));
            return TimeAxis::uniform(0.0, increment * scale);
        }
        let unit = cut(unit.unwrap_or_default(), 80);
        metadata.note("TimeIncrementUnit", format!("{unit:?} is no known time"));
    }
    let mut starts = vec![None; planes.len()];
    for plane in pixels
        .children()
        .filter(|node| node.tag_name().name() == "Plane")
    {
        let at = |name: &str| {
            plane
                .attribute(name)
                .and_then(|text| text.parse::<u64>().ok())
                .unwrap_or(0)
        };
        let index = axes.plane(|name| {
            at(match name {
                'C' => "TheC",
                'Z' => "TheZ",
                _ => "TheT",
            })
        });
        let frame = at(match axis {
            'T' => "TheT",
            'Z' => "TheZ",
            _ => "TheC",
        });
        let delta = plane
            .attribute("DeltaT")
            .and_then(|text| text.parse::<f64>().ok());
        let value = delta
            .zip(seconds(plane.attribute("DeltaTUnit")))
            .map(|(delta, scale)| delta * scale);
        if planes.get(frame as usize) == Some(&index) {
            starts[frame as usize] = value;
        }
    }
    let Some(starts) = starts.into_iter().collect::<Option<Vec<f64>>>() else {
        return Ok(TimeAxis::unknown());
    };
    match TimeAxis::from_stamps(starts, context.uniformity()) {
        Ok(time_axis) => {
            if let Some(rate) = time_axis.frame_rate() {
                let origin = Origin::Derived {
                    from: "DeltaT of the planes".into(),
                };
                metadata.frame_rate = Some(Recorded::new(rate, "Hz", origin));
            }
            Ok(time_axis)
        }
        Err(error) => {
            metadata.note("DeltaT", format!("{error}: no time axis"));
            Ok(TimeAxis::unknown())
        }
    }
}
