//! The state of a search as bytes, and back.
//!
//! All numbers are little endian, floating-point numbers are their bits.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | the mark `symregCK` |
//! | 4 | version of this format |
//! | 8 | length of all, the checksum included |
//! | 2 + n | version of this crate, as text |
//! | 8 | hash of the settings, of those that only end a search excepted |
//! | 4 × 8 | rows, columns, hash of the names, hash of the values |
//! | … | enumeration: level, fits, individuals found |
//! | … | runs that are over: generations, evaluations, archive, history, last generation |
//! | … | the run that goes on: index, generation, evaluations, islands, archive, history |
//! | 8 | checksum of all bytes before: FNV-1a, which every change of a single byte changes |
//!
//! What follows from the rest is not stored: complexities, guesses, fronts fitted to convergence.

mod bytes;
mod file;
mod fingerprint;
mod state;

use crate::error::CheckpointProblem;
use crate::regressor::SymbolicRegressor;
use crate::search::Search;
use crate::{Data, Error, Result};

use bytes::{Reader, Writer, fnv};
pub(crate) use file::{load, save};

const MARK: [u8; 8] = *b"symregCK";
const FORMAT: u32 = 1;
/// Mark, format, length.
const HEADER: usize = 20;
const CHECKSUM: usize = 8;
/// Largest checkpoint that is read, in bytes.
const MAX_BYTES: u64 = 1 << 30;

impl<'a> Search<'a> {
    /// The whole state of the search: [`from_bytes`](Self::from_bytes) goes on from here to the same bits.
    ///
    /// O(individuals × nodes). [`RunControl::checkpoint`](crate::RunControl::checkpoint) writes it to a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.raw(&MARK);
        out.u32(FORMAT);
        out.u64(0);
        out.text(env!("CARGO_PKG_VERSION"));
        out.u64(fingerprint::of_settings(&self.settings));
        for part in fingerprint::of_data(self.data) {
            out.u64(part);
        }
        state::write(self, &mut out);
        let mut bytes = out.into_bytes();
        let length = (bytes.len() + CHECKSUM) as u64;
        bytes[HEADER - 8..HEADER].copy_from_slice(&length.to_le_bytes());
        let checksum = fnv(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// A search that goes on where [`to_bytes`](Self::to_bytes) was called, with the same settings and data.
    ///
    /// `time_limit`, `max_evaluations` and `target_error` may differ: they only end a search.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] saying what does not fit: no checkpoint, another version, other settings or data,
    /// truncated or changed bytes, a state that no search has; and the errors of [`SymbolicRegressor::search`].
    /// Memory is bounded by a small multiple of the number of bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::{Data, Search, SymbolicRegressor};
    /// let x: Vec<f64> = (1..30).map(f64::from).collect();
    /// let y = x.iter().map(|x| x.sqrt() + (0.1 * x).sin()).collect();
    /// let data = Data::from_columns([("x", x)], ("y", y))?;
    /// let settings = SymbolicRegressor::gan().population_size(30).max_generations(4).runs(1);
    /// let mut search = settings.search(&data)?;
    /// search.advance();
    /// let bytes = search.to_bytes();
    /// while search.advance() {}
    /// let mut resumed = Search::from_bytes(&settings, &data, &bytes)?;
    /// while resumed.advance() {}
    /// assert_eq!(resumed.finish()?, search.finish()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_bytes(settings: &SymbolicRegressor, data: &'a Data, bytes: &[u8]) -> Result<Self> {
        let mut search = Self::new(settings, data)?;
        restore(&mut search, bytes).map_err(|problem| Error::Checkpoint {
            path: None,
            problem,
        })?;
        Ok(search)
    }
}

fn restore(search: &mut Search, bytes: &[u8]) -> Result<(), CheckpointProblem> {
    if !bytes.starts_with(&MARK) {
        return Err(CheckpointProblem::NoCheckpoint);
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(CheckpointProblem::TooLarge {
            found: bytes.len() as u64,
            limit: MAX_BYTES,
        });
    }
    let mut header = Reader::new(bytes, MARK.len());
    let format = header.u32()?;
    if format != FORMAT {
        return Err(CheckpointProblem::Format {
            expected: FORMAT,
            found: format,
        });
    }
    let length = header.u64()?;
    if length != bytes.len() as u64 || bytes.len() < HEADER + CHECKSUM {
        return Err(CheckpointProblem::Length {
            expected: length,
            found: bytes.len() as u64,
        });
    }
    let (content, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
    if fnv(content).to_le_bytes() != checksum {
        return Err(CheckpointProblem::Checksum);
    }
    let mut reader = Reader::new(content, HEADER);
    let version = reader.text()?;
    if version != env!("CARGO_PKG_VERSION") {
        return Err(CheckpointProblem::Version {
            expected: env!("CARGO_PKG_VERSION"),
            found: version,
        });
    }
    if reader.u64()? != fingerprint::of_settings(&search.settings) {
        return Err(CheckpointProblem::Settings);
    }
    let expected = fingerprint::of_data(search.data);
    for (part, what) in
        expected
            .into_iter()
            .zip(["number of rows", "number of columns", "names", "values"])
    {
        if reader.u64()? != part {
            return Err(CheckpointProblem::Data { what });
        }
    }
    state::read(search, &mut reader)
}
