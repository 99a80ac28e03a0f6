//! Checkpoint files: written so that a file is always whole, read within a limit.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use super::MAX_BYTES;
use crate::error::{CheckpointProblem, IoCause};
use crate::search::Search;
use crate::{Data, Error, Result, SymbolicRegressor};

/// Writes a file in one step: the bytes go to a file beside it, are forced to the disk, and that file takes the place of
/// the old one. Whenever the process or the machine dies, one of the two is there and whole.
pub(crate) fn save(path: &Path, search: &Search) -> Result<()> {
    let bytes = search.to_bytes();
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let attempt = || -> io::Result<()> {
        let mut file = File::create(&partial)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&partial, path)?;
        sync_folder(path)
    };
    attempt().map_err(|source| problem(path, "written", source))
}

/// Makes the new name last.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The search that a file holds, `None` if there is no file.
pub(crate) fn load<'a>(
    path: &Path,
    settings: &SymbolicRegressor,
    data: &'a Data,
) -> Result<Option<Search<'a>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(problem(path, "opened", error)),
    };
    let mut bytes = Vec::new();
    // A file that grows or tells no size is read no further.
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| problem(path, "read", error))?;
    match Search::from_bytes(settings, data, &bytes) {
        Ok(search) => Ok(Some(search)),
        Err(Error::Checkpoint { problem, .. }) => Err(Error::Checkpoint {
            path: Some(path.to_owned()),
            problem,
        }),
        Err(error) => Err(error),
    }
}

fn problem(path: &Path, action: &'static str, source: io::Error) -> Error {
    Error::Checkpoint {
        path: Some(path.to_owned()),
        problem: CheckpointProblem::Io {
            action,
            source: IoCause::from(source),
        },
    }
}
