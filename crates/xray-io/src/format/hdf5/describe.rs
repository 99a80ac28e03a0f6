//! Times, sizes and conditions of a recording, by the conventions of Data Exchange and NeXus.

use hdf5_reader::{Dataset, Hdf5File};

use super::find::{Convention, Found, look, number, numbers};
use crate::calibration::{FrameRate, PixelSize};
use crate::error::Result;
use crate::metadata::{Metadata, Origin, Recorded};
use crate::opener::Context;
use crate::source::Source;
use crate::time::TimeAxis;

/// Names of units and their size in SI.
const TIMES: &[(&str, f64)] = &[
    ("s", 1.0),
    ("sec", 1.0),
    ("second", 1.0),
    ("seconds", 1.0),
    ("ms", 1e-3),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("μs", 1e-6),
    ("microseconds", 1e-6),
    ("ns", 1e-9),
];
const LENGTHS: &[(&str, f64)] = &[
    ("m", 1.0),
    ("mm", 1e-3),
    ("um", 1e-6),
    ("µm", 1e-6),
    ("μm", 1e-6),
    ("micron", 1e-6),
    ("microns", 1e-6),
    ("nm", 1e-9),
];
const ENERGIES: &[(&str, f64)] = &[("eV", 1.0), ("keV", 1e3), ("KeV", 1e3), ("MeV", 1e6)];
const RATES: &[(&str, f64)] = &[("Hz", 1.0), ("kHz", 1e3), ("MHz", 1e6), ("fps", 1.0)];

fn unit_of(dataset: &Dataset) -> Option<String> {
    let text = dataset.attribute("units").ok()?.read_string().ok()?;
    Some(text.trim_matches(['\0', ' ']).to_owned())
}

/// The size of the unit of a data set in SI; `None`, and a note, if it is not known. No unit is taken as SI, by the
/// standards.
fn scale(
    dataset: &Dataset,
    name: &str,
    units: &[(&str, f64)],
    metadata: &mut Metadata,
) -> Option<f64> {
    let Some(unit) = unit_of(dataset).filter(|unit| !unit.is_empty()) else {
        metadata.note(name, "no unit: taken as SI");
        return Some(1.0);
    };
    let known = units.iter().find(|known| known.0 == unit);
    if known.is_none() {
        metadata.note(
            name,
            format!("{unit:?} is no known unit: the value is left out"),
        );
    }
    known.map(|known| known.1)
}

struct Looker<'a> {
    file: &'a Hdf5File,
    path: String,
}

impl Looker<'_> {
    /// The first of the data sets that is there, in SI, with where it stands.
    fn value(
        &self,
        names: &[&str],
        units: &[(&str, f64)],
        metadata: &mut Metadata,
    ) -> Option<(f64, Origin)> {
        names.iter().find_map(|name| {
            let dataset = look(self.file, name)?;
            // Some write one value a frame.
            let value =
                number(&dataset).or_else(|| numbers(&dataset, 1 << 20)?.into_iter().next_back())?;
            let scale = scale(&dataset, name, units, metadata)?;
            let text = format!("{value} {}", unit_of(&dataset).unwrap_or_default());
            let origin = Origin::File {
                path: self.path.clone(),
                key: (*name).to_owned(),
                text: text.trim_end().to_owned(),
            };
            let value = value * scale;
            (value.is_finite() && value > 0.0).then_some((value, origin))
        })
    }
}

/// Fills the metadata and gives the time axis of all frames of the array.
pub(super) fn describe(
    file: &Hdf5File,
    source: &Source,
    found: &Found,
    n_frames: usize,
    metadata: &mut Metadata,
    context: &Context<'_>,
) -> Result<TimeAxis> {
    let looker = Looker {
        file,
        path: source.path().display().to_string(),
    };
    let group = found.name.rsplit_once('/').map_or("", |(group, _)| group);
    let in_group = |name: &str| format!("{group}/{name}");
    let detector = "/measurement/instrument/detector";
    let at = |name: &str| format!("{detector}/{name}");
    let (exposure, size, rate): (Vec<String>, Vec<String>, Vec<String>) = match found.convention {
        Convention::Plain => return Ok(TimeAxis::unknown()),
        Convention::DataExchange => (
            vec![at("exposure_time")],
            vec![at("actual_pixel_size_x"), at("pixel_size_x")],
            vec![at("frame_rate")],
        ),
        Convention::Nexus => (
            vec![in_group("count_time")],
            vec![in_group("x_pixel_size")],
            vec![in_group("frame_rate")],
        ),
    };
    let names = |paths: &[String], units, metadata: &mut Metadata| {
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        looker.value(&paths, units, metadata)
    };
    if let Some((meters, origin)) = names(&size, LENGTHS, metadata) {
        metadata.pixel_size = Some(Recorded::new(PixelSize::from_meters(meters)?, "m", origin));
    }
    let energies = [
        "/measurement/instrument/monochromator/energy",
        "/entry/instrument/beam/incident_energy",
    ];
    if let Some((energy, origin)) = looker.value(&energies, ENERGIES, metadata) {
        metadata.beam_energy = Some(Recorded::new(energy, "eV", origin));
    }
    let distances = [
        "/measurement/instrument/detector/distance",
        "/entry/instrument/detector/distance",
    ];
    if let Some((meters, origin)) = looker.value(&distances, LENGTHS, metadata) {
        metadata.detector_distance = Some(Recorded::new(meters, "m", origin));
    }
    let mut axis = times(file, found, n_frames, &in_group("time"), metadata, context);
    let rate = names(&rate, RATES, metadata);
    match (axis.frame_rate(), rate) {
        (Some(by_times), rate) => {
            if let Some((hertz, _)) =
                rate.filter(|rate| (rate.0 / by_times.hertz() - 1.0).abs() > 0.01)
            {
                metadata.note(
                    "frame_rate",
                    format!(
                        "{hertz} Hz at the detector, {} Hz by the times, which are taken",
                        by_times.hertz()
                    ),
                );
            }
            let from = "time".to_owned();
            metadata.frame_rate = Some(Recorded::new(by_times, "Hz", Origin::Derived { from }));
        }
        (None, Some((hertz, origin))) => {
            let rate = FrameRate::from_hertz(hertz)?;
            metadata.frame_rate = Some(Recorded::new(rate, "Hz", origin));
            if matches!(axis.timing(), crate::Timing::Unknown) {
                axis = TimeAxis::uniform(0.0, rate.interval_seconds())?;
            }
        }
        (None, None) => {}
    }
    if let Some((seconds, origin)) = names(&exposure, TIMES, metadata) {
        metadata.exposure = Some(Recorded::new(seconds, "s", origin));
        axis = axis.with_exposure(seconds)?;
    }
    Ok(axis)
}

/// The starts of the frames, if the file has one a frame.
fn times(
    file: &Hdf5File,
    found: &Found,
    n_frames: usize,
    name: &str,
    metadata: &mut Metadata,
    context: &Context<'_>,
) -> TimeAxis {
    if found.convention != Convention::DataExchange {
        return TimeAxis::unknown();
    }
    let Some(dataset) = look(file, name) else {
        return TimeAxis::unknown();
    };
    let values = numbers(&dataset, n_frames as u64).filter(|values| values.len() == n_frames);
    let Some(values) = values else {
        metadata.note(name, "not one time a frame: no time axis");
        return TimeAxis::unknown();
    };
    let Some(scale) = scale(&dataset, name, TIMES, metadata) else {
        return TimeAxis::unknown();
    };
    let starts = values.into_iter().map(|time| time * scale).collect();
    match TimeAxis::from_stamps(starts, context.uniformity()) {
        Ok(axis) => axis,
        Err(error) => {
            metadata.note(name, format!("no time axis: {error}"));
            TimeAxis::unknown()
        }
    }
}
