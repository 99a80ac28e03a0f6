//! Which array holds the frames, the flat fields and the dark fields.

use std::collections::BTreeSet;

use hdf5_reader::messages::datatype::Datatype;
use hdf5_reader::{Dataset, Hdf5File};

use super::store::refused;
use crate::error::{Error, Result, cut};
use crate::opener::Role;
use crate::source::Source;

/// Groups that are searched at most, and their depth.
const MAX_GROUPS: usize = 10_000;
const MAX_DEPTH: usize = 16;

/// A convention by which the parts of a file have their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Convention {
    DataExchange,
    Nexus,
    Plain,
}

/// What was found.
pub(super) struct Found {
    pub(super) dataset: Dataset,
    /// Path of the array.
    pub(super) name: String,
    pub(super) convention: Convention,
    /// Frames of the role among those of the array, if it holds several roles.
    pub(super) frames: Option<Vec<usize>>,
}

/// What stands in for an array of fields.
pub(super) enum Content {
    Array(Box<Found>),
    /// One value for all pixels.
    Constant {
        value: f64,
        like: Box<Found>,
    },
}

/// A single number of a data set of one element.
pub(super) fn number(dataset: &Dataset) -> Option<f64> {
    numbers(dataset, 1)?.first().copied()
}

/// The numbers of a data set of at most `most` elements.
pub(super) fn numbers(dataset: &Dataset, most: u64) -> Option<Vec<f64>> {
    if dataset.num_elements().ok()? > most {
        return None;
    }
    let all = |values: Vec<f64>| Some(values);
    macro_rules! read {
        ($type:ty) => {
            dataset
                .read_array::<$type>()
                .ok()?
                .iter()
                .map(|value| f64::from(*value))
                .collect()
        };
    }
    match dataset.dtype() {
        Datatype::FloatingPoint { size: 4, .. } => all(dataset
            .read_array::<f32>()
            .ok()?
            .iter()
            .map(|value| f64::from(*value))
            .collect()),
        Datatype::FloatingPoint { size: 8, .. } => {
            all(dataset.read_array::<f64>().ok()?.iter().copied().collect())
        }
        Datatype::FixedPoint { size, signed, .. } => all(match (size, signed) {
            (1, false) => read!(u8),
            (1, true) => read!(i8),
            (2, false) => read!(u16),
            (2, true) => read!(i16),
            (4, false) => read!(u32),
            (4, true) => read!(i32),
            (8, false) => {
                let values = dataset.read_array::<u64>().ok()?;
                values.iter().map(|value| *value as f64).collect()
            }
            (8, true) => {
                let values = dataset.read_array::<i64>().ok()?;
                values.iter().map(|value| *value as f64).collect()
            }
            _ => return None,
        }),
        _ => None,
    }
}

/// Looks up a data set that may be missing; a damaged one is missing too.
pub(super) fn look(file: &Hdf5File, path: &str) -> Option<Dataset> {
    file.dataset(path).ok()
}

/// The array that the user named, or the one of the role.
pub(super) fn find(
    file: &Hdf5File,
    source: &Source,
    wanted: Option<&str>,
    role: Role,
) -> Result<Content> {
    let path = source.path();
    let open = |name: &str| {
        file.dataset(name)
            .map_err(|refusal| refused(path, &refusal))
    };
    if let Some(name) = wanted {
        let dataset = open(name)?;
        return Ok(Content::Array(Box::new(Found {
            dataset,
            name: name.to_owned(),
            convention: Convention::Plain,
            frames: None,
        })));
    }
    let root = file
        .root_group()
        .map_err(|refusal| refused(path, &refusal))?;
    let (groups, _) = root
        .member_names()
        .map_err(|refusal| refused(path, &refusal))?;
    if let Some(exchange) = groups.iter().find(|name| name.starts_with("exchange")) {
        if let Some(content) = data_exchange(file, source, exchange, role)? {
            return Ok(content);
        }
    }
    if let Some(content) = nexus(file, source, role)? {
        return Ok(content);
    }
    if role != Role::Projection {
        return Err(not_found(source, role));
    }
    let mut candidates = Vec::new();
    walk(file, &mut |group, name, dataset| {
        let is_image = dataset.ndim() >= 2 && dataset.shape().iter().all(|length| *length > 0);
        let is_number = matches!(
            dataset.dtype(),
            Datatype::FixedPoint { .. } | Datatype::FloatingPoint { .. }
        );
        if is_image && is_number {
            candidates.push((format!("{group}/{name}"), dataset.address()));
        }
    });
    // The same array under several names counts once.
    let mut seen = BTreeSet::new();
    candidates.retain(|candidate| seen.insert(candidate.1));
    match &candidates[..] {
        [] => Err(Error::NoFrames {
            path: path.to_owned(),
        }),
        [(name, _)] => Ok(Content::Array(Box::new(Found {
            dataset: open(name)?,
            name: name.clone(),
            convention: Convention::Plain,
            frames: None,
        }))),
        several => {
            let names: Vec<&str> = several
                .iter()
                .map(|candidate| candidate.0.as_str())
                .collect();
            Err(Error::Ambiguous {
                path: path.to_owned(),
                what: "array",
                choices: cut(&names.join(", "), 200),
            })
        }
    }
}

fn not_found(source: &Source, role: Role) -> Error {
    Error::NotFound {
        path: source.path().to_owned(),
        what: "fields",
        name: role.to_string(),
    }
}

fn data_exchange(
    file: &Hdf5File,
    source: &Source,
    group: &str,
    role: Role,
) -> Result<Option<Content>> {
    let found = |name: String| -> Result<Option<Box<Found>>> {
        match file.dataset(&name) {
            Ok(dataset) => Ok(Some(Box::new(Found {
                dataset,
                name,
                convention: Convention::DataExchange,
                frames: None,
            }))),
            Err(hdf5_reader::error::Error::DatasetNotFound(_)) => Ok(None),
            Err(hdf5_reader::error::Error::Context { source: cause, .. })
                if matches!(*cause, hdf5_reader::error::Error::DatasetNotFound(_)) =>
            {
                Ok(None)
            }
            Err(refusal) => Err(refused(source.path(), &refusal)),
        }
    };
    let Some(data) = found(format!("/{group}/data"))? else {
        return Ok(None);
    };
    let (names, constant): (&[&str], &str) = match role {
        Role::Projection => return Ok(Some(Content::Array(data))),
        Role::Flat => (
            &["data_white", "data_flat"],
            "/process/acquisition/flat_fields/flat_field_value",
        ),
        Role::Dark => (
            &["data_dark"],
            "/process/acquisition/dark_fields/dark_field_value",
        ),
    };
    for name in names {
        if let Some(fields) = found(format!("/{group}/{name}"))? {
            return Ok(Some(Content::Array(fields)));
        }
    }
    match look(file, constant).as_ref().and_then(number) {
        Some(value) => Ok(Some(Content::Constant { value, like: data })),
        None => Err(not_found(source, role)),
    }
}

/// An array with a key a frame beside it: 0 projection, 1 flat, 2 dark, 3 invalid.
fn nexus(file: &Hdf5File, source: &Source, role: Role) -> Result<Option<Content>> {
    let mut detector = None;
    walk(file, &mut |group, name, dataset| {
        if name == "image_key" && detector.is_none() {
            // A key may also stand in a group of its own beside the detector's data.
            let parent = group.rsplit_once('/').map_or("", |(parent, _)| parent);
            let places = [
                format!("{group}/data"),
                format!("{parent}/data"),
                format!("{parent}/detector/data"),
            ];
            detector = places
                .into_iter()
                .find_map(|place| Some((look(file, &place)?, place)))
                .map(|data| (data, dataset.clone()));
        }
    });
    let Some(((dataset, name), keys)) = detector else {
        return Ok(None);
    };
    let n_frames = dataset.shape().first().copied().unwrap_or(0);
    let keys = numbers(&keys, n_frames).filter(|keys| keys.len() as u64 == n_frames);
    let Some(keys) = keys else {
        return Err(Error::invalid(
            source.path(),
            "image_key",
            None,
            "one integer a frame",
            "another number of values",
        ));
    };
    let key = match role {
        Role::Projection => 0.0,
        Role::Flat => 1.0,
        Role::Dark => 2.0,
    };
    let frames: Vec<usize> = (0..keys.len())
        .filter(|&frame| (keys[frame] - key).abs() < 0.5)
        .collect();
    if frames.is_empty() {
        return Err(not_found(source, role));
    }
    Ok(Some(Content::Array(Box::new(Found {
        dataset,
        name,
        convention: Convention::Nexus,
        frames: Some(frames),
    }))))
}

/// Visits the data sets of all groups, with the path of the group; what cannot be read is passed over.
fn walk(file: &Hdf5File, visit: &mut dyn FnMut(&str, &str, &Dataset)) {
    let mut todo = vec![(String::new(), 0)];
    let mut seen = BTreeSet::new();
    while let Some((path, depth)) = todo.pop() {
        let Ok(group) = file.group(&path) else {
            continue;
        };
        // Links may lead back to a group.
        if !seen.insert(group.address()) || seen.len() > MAX_GROUPS {
            continue;
        }
        let Ok((groups, datasets)) = group.member_names() else {
            continue;
        };
        for name in &datasets {
            if let Ok(dataset) = group.dataset(name) {
                visit(&path, name, &dataset);
            }
        }
        if depth < MAX_DEPTH {
            for name in groups.into_iter().rev() {
                todo.push((format!("{path}/{name}"), depth + 1));
            }
        }
    }
}
