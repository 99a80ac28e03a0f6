//! The course of a search as lines of JSON.

use std::io::{self, Write};
use std::ops::ControlFlow;

use crate::clock::Clock;
use crate::progress::{Phase, Progress};
use crate::search_result::{RunResult, SearchResult};

/// Writes one JSON object a line for every level of enumeration, every generation, and the end of a search.
///
/// Lines are flushed one by one, for programs that read along. Their keys are `event` (`enumeration`, `generation` or
/// `end`), `seconds` since the writer was made, and
///
/// | event | keys |
/// |---|---|
/// | `enumeration` | `level`, `levels`, `evaluations`, `total_evaluations`, `best_error`, `front_size` |
/// | `generation` | `run`, `runs` (runs count from 0), `generation`, `generations`, `evaluations`, `total_evaluations`, `best_error`, `front_size` |
/// | `end` | `runs`, `evaluations` (of evolution), `stop_reason`, `front`: objects of `complexity`, `rmse`, `r2` and `law` |
///
/// A number that is not finite is `null`. Except for `seconds`, the lines are the same for the same search.
///
/// # Examples
///
/// ```
/// use symreg::{Data, JsonLines, SymbolicRegressor};
/// let x: Vec<f64> = (1..30).map(f64::from).collect();
/// let y = x.iter().map(|x| x.sqrt() + (0.1 * x).sin()).collect();
/// let data = Data::from_columns([("x", x)], ("y", y))?;
/// let search = SymbolicRegressor::gan().population_size(30).max_generations(2).runs(1);
/// let mut events = JsonLines::new(Vec::new());
/// let result = search.fit_observed(&data, |p| events.observe(p))?;
/// let text = String::from_utf8(events.finish(&result)?)?;
/// assert_eq!(text.lines().count(), 4);
/// assert!(text.starts_with("{\"event\":\"generation\",\"seconds\":"));
/// assert!(text.ends_with("}]}\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct JsonLines<W> {
    writer: W,
    started: Clock,
    error: Option<io::Error>,
}

impl<W: Write> JsonLines<W> {
    /// A writer of events whose clock starts now.
    pub fn new(writer: W) -> Self {
        Self {
            writer,
            started: Clock::start(),
            error: None,
        }
    }

    /// Writes where the search stands. It never stops a search: an error of the writer ends the writing, and
    /// [`finish`](Self::finish) or [`into_inner`](Self::into_inner) return it.
    pub fn observe(&mut self, progress: &Progress) -> ControlFlow<()> {
        let place = match progress.phase {
            Phase::Enumeration => format!(
                "\"level\":{},\"levels\":{}",
                progress.level, progress.n_levels
            ),
            Phase::Evolution => format!(
                "\"run\":{},\"runs\":{},\"generation\":{},\"generations\":{}",
                progress.run, progress.n_runs, progress.generation, progress.max_generations
            ),
        };
        let event = match progress.phase {
            Phase::Enumeration => "enumeration",
            Phase::Evolution => "generation",
        };
        let rest = format!(
            "{place},\"evaluations\":{},\"total_evaluations\":{},\"best_error\":{},\"front_size\":{}",
            progress.evaluations,
            progress.total_evaluations,
            number(progress.best_error),
            progress.front_size
        );
        self.line(event, &rest);
        ControlFlow::Continue(())
    }

    /// Writes the end of the search and gives the writer back.
    ///
    /// # Errors
    ///
    /// The first error of the writer.
    pub fn finish(mut self, result: &SearchResult) -> io::Result<W> {
        let laws: Vec<String> = result
            .front()
            .models()
            .iter()
            .map(|m| {
                // Names are letters, digits and underscores: nothing in a law has to be escaped.
                format!(
                    "{{\"complexity\":{},\"rmse\":{},\"r2\":{},\"law\":\"{}\"}}",
                    m.complexity(),
                    number(m.rmse()),
                    number(m.r2()),
                    m.to_infix()
                )
            })
            .collect();
        let evaluations: u64 = result.runs().iter().map(RunResult::evaluations).sum();
        let reason = result.runs().last().map(RunResult::stop_reason);
        let rest = format!(
            "\"runs\":{},\"evaluations\":{evaluations},\"stop_reason\":{},\"front\":[{}]",
            result.runs().len(),
            reason.map_or_else(|| "null".to_owned(), |r| format!("\"{r:?}\"")),
            laws.join(",")
        );
        self.line("end", &rest);
        self.into_inner()
    }

    /// Gives the writer back.
    ///
    /// # Errors
    ///
    /// The first error of the writer.
    pub fn into_inner(self) -> io::Result<W> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.writer),
        }
    }

    fn line(&mut self, event: &str, rest: &str) {
        if self.error.is_some() {
            return;
        }
        let elapsed = self.started.elapsed();
        let seconds = number(elapsed.map_or(f64::NAN, |e| e.as_secs_f64()));
        let line = format!("{{\"event\":\"{event}\",\"seconds\":{seconds},{rest}}}\n");
        let written = self
            .writer
            .write_all(line.as_bytes())
            .and_then(|()| self.writer.flush());
        self.error = written.err();
    }
}

/// A number of JSON, which has neither infinities nor NaN.
fn number(value: f64) -> String {
    if value.is_finite() {
        format!("{value:?}")
    } else {
        "null".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Data, Result, SymbolicRegressor};

    fn data() -> Result<Data> {
        let x: Vec<f64> = (1..30).map(f64::from).collect();
        let y = x
            .iter()
            .map(|x| libm::exp(0.1 * x) + 0.1 * libm::sin(*x))
            .collect();
        Data::from_columns([("x", x)], ("y", y))
    }

    fn search() -> SymbolicRegressor {
        SymbolicRegressor::gan()
            .enumeration_levels(1)
            .population_size(20)
            .max_generations(2)
            .runs(2)
    }

    #[test]
    fn every_line_is_an_object_that_says_where_the_search_is()
    -> std::result::Result<(), Box<dyn std::error::Error>> {
        let mut events = JsonLines::new(Vec::new());
        let result = search().fit_observed(&data()?, |p| events.observe(p))?;
        let text = String::from_utf8(events.finish(&result)?)?;
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(serde_json::from_str)
            .collect::<std::result::Result<_, _>>()?;
        let kinds: Vec<&str> = lines.iter().filter_map(|l| l["event"].as_str()).collect();
        let generations = ["generation"; 6];
        assert_eq!(
            kinds,
            [&["enumeration"][..], &generations, &["end"]].concat()
        );
        assert_eq!(lines[0]["level"], 1);
        assert_eq!(lines[4]["run"], 1);
        assert_eq!(lines[6]["generation"], 2);
        assert!(lines[6]["best_error"].as_f64().is_some_and(|e| e > 0.0));
        let end = &lines[7];
        assert_eq!(end["stop_reason"], "MaxGenerations");
        let front = end["front"].as_array().ok_or("a front")?;
        assert_eq!(front.len(), result.front().models().len());
        let laws: Vec<String> = result
            .front()
            .models()
            .iter()
            .map(crate::Model::to_infix)
            .collect();
        let written: Vec<&str> = front.iter().filter_map(|m| m["law"].as_str()).collect();
        assert_eq!(written, laws);
        Ok(())
    }

    #[test]
    fn a_writer_that_fails_does_not_stop_the_search() -> Result<()> {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let data = data()?;
        let mut events = JsonLines::new(Full);
        let result = search().fit_observed(&data, |p| events.observe(p))?;
        assert!(!result.was_stopped());
        let error = events.finish(&result).err().map(|e| e.kind());
        assert_eq!(error, Some(io::ErrorKind::StorageFull));
        Ok(())
    }

    #[test]
    fn what_is_not_finite_is_null() {
        assert_eq!(number(f64::INFINITY), "null");
        assert_eq!(number(f64::NAN), "null");
        assert_eq!(number(1.5e-9), "1.5e-9");
    }
}
