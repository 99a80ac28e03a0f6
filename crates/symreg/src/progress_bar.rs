//! A line on a terminal that shows where a search is.

use std::io::{self, IsTerminal, Stderr, Write};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::progress::{Phase, Progress};

/// Time between two drawings.
const PAUSE: Duration = Duration::from_millis(100);
/// Characters of the bar.
const WIDTH: usize = 24;

/// A progress bar for terminals: one line that is drawn again at most ten times a second.
///
/// ```text
/// run 2/5 [###########-------------] 14/30  RMSE 3.214e-2  17 laws  41230 fits  3 s
/// ```
///
/// Errors of the terminal are ignored.
///
/// # Examples
///
/// ```
/// use symreg::{Data, ProgressBar, SymbolicRegressor};
/// let x: Vec<f64> = (1..30).map(f64::from).collect();
/// let y = x.iter().map(|x| x.sqrt() + (0.1 * x).sin()).collect();
/// let data = Data::from_columns([("x", x)], ("y", y))?;
/// let search = SymbolicRegressor::gan().population_size(30).max_generations(2).runs(1);
/// let mut bar = ProgressBar::stderr();
/// let result = search.fit_observed(&data, |p| bar.observe(p))?;
/// bar.finish();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ProgressBar<W> {
    /// None where nobody would see it.
    writer: Option<W>,
    started: Instant,
    drawn: Option<Instant>,
    latest: Option<Progress>,
    length: usize,
}

impl ProgressBar<Stderr> {
    /// A bar on standard error; without effect where that is no terminal.
    #[must_use]
    pub fn stderr() -> Self {
        let mut bar = Self::new(io::stderr());
        if !io::stderr().is_terminal() {
            bar.writer = None;
        }
        bar
    }
}

impl<W: Write> ProgressBar<W> {
    /// A bar on any writer.
    pub fn new(writer: W) -> Self {
        Self {
            writer: Some(writer),
            started: Instant::now(),
            drawn: None,
            latest: None,
            length: 0,
        }
    }

    /// Shows where the search stands; it never stops it.
    pub fn observe(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.latest = Some(*progress);
        if self.drawn.is_none_or(|at| at.elapsed() >= PAUSE) {
            self.draw();
        }
        ControlFlow::Continue(())
    }

    /// Draws the last state and ends the line; the writer, unless there is no terminal.
    pub fn finish(mut self) -> Option<W> {
        self.draw();
        let mut writer = self.writer?;
        if self.length > 0 {
            // A terminal that is gone needs no line end.
            let _ = writeln!(writer);
        }
        Some(writer)
    }

    fn draw(&mut self) {
        let (Some(writer), Some(progress)) = (&mut self.writer, &self.latest) else {
            return;
        };
        let line = line(progress, self.started.elapsed());
        let length = line.chars().count();
        let rest = self.length.saturating_sub(length);
        let drawn = write!(writer, "\r{line}{:rest$}", "").and_then(|()| writer.flush());
        if drawn.is_ok() {
            self.length = length;
        }
        self.drawn = Some(Instant::now());
    }
}

fn line(progress: &Progress, elapsed: Duration) -> String {
    let (head, done, all) = match progress.phase {
        Phase::Enumeration => ("enumeration".to_owned(), progress.level, progress.n_levels),
        Phase::Evolution => (
            format!("run {}/{}", progress.run + 1, progress.n_runs),
            progress.generation,
            progress.max_generations,
        ),
    };
    let filled = (WIDTH * done).checked_div(all).unwrap_or(WIDTH).min(WIDTH);
    format!(
        "{head} [{}{}] {done}/{all}  RMSE {:.3e}  {} laws  {} fits  {} s",
        "#".repeat(filled),
        "-".repeat(WIDTH - filled),
        progress.best_error,
        progress.front_size,
        progress.total_evaluations,
        elapsed.as_secs()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(phase: Phase, generation: usize) -> Progress {
        Progress {
            phase,
            run: 1,
            n_runs: 5,
            generation,
            max_generations: 30,
            level: 1,
            n_levels: 3,
            evaluations: 100,
            total_evaluations: 41_230,
            best_error: 0.032_14,
            front_size: 17,
        }
    }

    #[test]
    fn a_line_shows_the_place_and_the_error() {
        assert_eq!(
            line(&progress(Phase::Evolution, 14), Duration::from_secs(3)),
            "run 2/5 [###########-------------] 14/30  RMSE 3.214e-2  17 laws  41230 fits  3 s"
        );
        let enumerating = line(&progress(Phase::Enumeration, 0), Duration::ZERO);
        assert!(enumerating.starts_with("enumeration [########----------------] 1/3  "));
        // No generations at all.
        let none = Progress {
            max_generations: 0,
            ..progress(Phase::Evolution, 0)
        };
        assert!(line(&none, Duration::ZERO).contains("[########################] 0/0"));
    }

    #[test]
    fn draws_the_first_and_the_last_state_over_each_other() {
        let mut bar = ProgressBar::new(Vec::new());
        for generation in 0..=30 {
            assert!(
                bar.observe(&progress(Phase::Evolution, generation))
                    .is_continue()
            );
        }
        let written = String::from_utf8(bar.finish().unwrap()).unwrap();
        let lines: Vec<&str> = written.trim_end().split('\r').collect();
        assert!(lines[1].contains(" 0/30 ") && lines[lines.len() - 1].contains(" 30/30 "));
        assert!(lines.len() < 31, "not every state is drawn");
        assert!(written.ends_with('\n'));
        // Nothing seen, nothing drawn.
        assert_eq!(ProgressBar::new(Vec::new()).finish(), Some(Vec::new()));
    }
}
