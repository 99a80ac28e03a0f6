//! Checkpoints: a search that goes on from one has the bits of a search that was never interrupted, and nothing that is
//! not the checkpoint of this search is taken for one.

use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use symreg::{
    CheckpointProblem, Data, Error, Result, RunControl, Search, SearchResult, Selection,
    StopReason, SymbolicRegressor,
};

/// Rows of a law with a wiggle that no short law has.
fn data() -> Result<Data> {
    let x: Vec<f64> = (0..40)
        .map(|i| 0.3 + f64::from(i * 37 % 40) / 10.0)
        .collect();
    let z: Vec<f64> = (0..40)
        .map(|i| 0.2 + f64::from(i * 23 % 40) / 12.0)
        .collect();
    let y = (x.iter().zip(&z))
        .map(|(x, z)| x * z - 2.0 * libm::exp(-z) + 0.03 * libm::sin(40.0 * x))
        .collect();
    Data::from_columns([("x", x), ("z", z)], ("y", y))
}

fn search() -> SymbolicRegressor {
    SymbolicRegressor::gan()
        .population_size(24)
        .max_generations(4)
        .runs(2)
        .seed(8)
}

fn kinds() -> Vec<SymbolicRegressor> {
    let islands = search().islands(2).migration_interval(2).migration_size(3);
    vec![
        search().enumeration_levels(2),
        search().remembered_fits(30),
        search().sampled_rows(12),
        islands.clone().guesses(["x*z", "exp(-z)"]),
        islands.selection(Selection::NsgaII),
        search().selection(Selection::QualityDiversity),
    ]
}

/// A folder of this test, removed when it is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("symreg-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("state")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn problem<T: std::fmt::Debug>(outcome: Result<T>) -> CheckpointProblem {
    match outcome {
        Err(Error::Checkpoint { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

/// Before anything, in the middle of enumeration, behind it, at each generation of each run, at the end.
#[test]
fn a_search_goes_on_from_every_step_to_the_same_bits() -> Result<()> {
    let data = data()?;
    for settings in kinds() {
        let mut whole = settings.search(&data)?;
        let mut states = vec![whole.to_bytes()];
        while whole.advance() {
            states.push(whole.to_bytes());
        }
        states.push(whole.to_bytes());
        let steps = settings_steps(&settings);
        assert_eq!(states.len(), steps + 2);
        let last = whole.to_bytes();
        let result = whole.finish()?;
        for (step, state) in states.iter().enumerate() {
            let mut resumed = Search::from_bytes(&settings, &data, state)?;
            assert_eq!(
                &resumed.to_bytes(),
                state,
                "step {step} is written as it was read"
            );
            while resumed.advance() {}
            assert_eq!(resumed.to_bytes(), last, "after step {step}");
            assert_eq!(resumed.finish()?, result, "after step {step}");
        }
    }
    Ok(())
}

/// Levels and generations, the first of each run included.
fn settings_steps(settings: &SymbolicRegressor) -> usize {
    let enumerated = settings == &kinds()[0];
    if enumerated { 2 + 10 } else { 10 }
}

#[test]
fn a_stopped_search_goes_on_from_its_file_whatever_the_interval() -> Result<()> {
    let data = data()?;
    let settings = search().enumeration_levels(1);
    let whole = settings.fit(&data)?;
    let folder = Folder::new("stopped");
    for interval in [0, 1, 3, 100] {
        let control = RunControl::new()
            .checkpoint(folder.file())
            .checkpoint_interval(interval);
        let mut seen = Vec::new();
        let part = settings.fit_controlled(&data, &control, |p| {
            seen.push((p.run, p.generation));
            if (p.run, p.generation) == (1, 2) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        assert!(part.was_stopped());
        assert_ne!(part, whole);
        let mut first = None;
        let resumed = settings.fit_controlled(&data, &control.clone().resume(true), |p| {
            first = first.or(Some((p.run, p.generation)));
            ControlFlow::Continue(())
        })?;
        assert_eq!(resumed, whole, "interval {interval}");
        assert_eq!(first, Some((1, 2)), "it begins where the other ended");
        // The file is at its end now, and gives the result once more.
        if interval < 2 {
            let again = settings.fit_controlled(&data, &control.resume(true), |p| {
                assert_eq!((p.run, p.generation), (1, 4));
                ControlFlow::Continue(())
            })?;
            assert_eq!(again, whole);
        }
    }
    // Without a file there is nothing to go on from.
    let absent = RunControl::new()
        .checkpoint(folder.0.join("other"))
        .resume(true);
    assert_eq!(
        settings.fit_controlled(&data, &absent, |_| ControlFlow::Continue(()))?,
        whole
    );
    Ok(())
}

#[test]
fn limits_that_only_end_a_search_may_change() -> Result<()> {
    let data = data()?;
    let folder = Folder::new("limits");
    let control = RunControl::new().checkpoint(folder.file()).resume(true);
    let go_on = |_: &symreg::Progress| ControlFlow::Continue(());
    let short = search().max_evaluations(50);
    let part = short.fit_controlled(&data, &control, go_on)?;
    assert_eq!(part.runs()[0].stop_reason(), StopReason::MaxEvaluations);
    assert_eq!(part, short.fit_controlled(&data, &control, go_on)?);
    assert_eq!(
        search().fit_controlled(&data, &control, go_on)?,
        search().fit(&data)?
    );
    Ok(())
}

const CHILD: &str = "SYMREG_TEST_CHECKPOINT";

fn long_search() -> SymbolicRegressor {
    search().enumeration_levels(1).max_generations(12)
}

/// The part of the test below that runs in the process that is killed.
#[test]
fn child_that_is_killed() -> Result<()> {
    let Some(path) = std::env::var_os(CHILD) else {
        return Ok(());
    };
    let control = RunControl::new().checkpoint(PathBuf::from(path));
    long_search().fit_controlled(&data()?, &control, |p| {
        println!("step {} {}", p.run, p.generation);
        // It waits for leave to go on, so that it never comes to its end before it is killed.
        let mut line = String::new();
        let _ = std::io::stdin().read_line(&mut line);
        ControlFlow::Continue(())
    })?;
    Ok(())
}

/// `Child::kill` is SIGKILL on Unix: nothing of the process runs after it.
#[test]
fn a_killed_process_goes_on_to_the_same_bits() -> Result<(), Box<dyn std::error::Error>> {
    let data = data()?;
    let whole = long_search().fit(&data)?;
    for steps in [1, 4, 9, 16] {
        let folder = Folder::new(&format!("killed-{steps}"));
        let mut child = Command::new(std::env::current_exe()?)
            .args([
                "--exact",
                "child_that_is_killed",
                "--nocapture",
                "--test-threads",
                "1",
            ])
            .env(CHILD, folder.file())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (output, input) = (child.stdout.take(), child.stdin.take());
        let mut lines = BufReader::new(output.ok_or("no output")?).lines();
        let mut input = input.ok_or("no input")?;
        for _ in 0..steps {
            while !lines.next().ok_or("the child ended")??.contains("step") {}
            input.write_all(b"\n")?;
        }
        // Somewhere in the next step, or while its state is written.
        child.kill()?;
        let status = child.wait()?;
        assert!(!status.success(), "it was killed before its end");
        let control = RunControl::new().checkpoint(folder.file()).resume(true);
        let mut resumed_at = None;
        let resumed = long_search().fit_controlled(&data, &control, |p| {
            resumed_at = resumed_at.or(Some(p.total_evaluations));
            ControlFlow::Continue(())
        })?;
        assert_eq!(resumed, whole, "killed after {steps} steps");
        assert!(resumed_at > Some(0), "it did not begin anew");
    }
    Ok(())
}

/// What a crash may leave beside the file does no harm.
#[test]
fn a_partial_file_is_no_checkpoint_and_is_written_over() -> Result<(), Box<dyn std::error::Error>> {
    let data = data()?;
    let folder = Folder::new("partial");
    std::fs::write(folder.0.join("state.partial"), b"half of a")?;
    let control = RunControl::new().checkpoint(folder.file()).resume(true);
    let result: SearchResult =
        search().fit_controlled(&data, &control, |_| ControlFlow::Continue(()))?;
    assert_eq!(result, search().fit(&data)?);
    assert!(!folder.0.join("state.partial").exists());
    Ok(())
}

#[test]
fn names_why_a_checkpoint_does_not_fit() -> Result<(), Box<dyn std::error::Error>> {
    let data = data()?;
    let settings = search();
    let mut state = settings.search(&data)?;
    state.advance();
    let bytes = state.to_bytes();
    let read = |bytes: &[u8]| problem(Search::from_bytes(&settings, &data, bytes));

    assert_eq!(read(b""), CheckpointProblem::NoCheckpoint);
    assert_eq!(
        read(b"PNG is another thing"),
        CheckpointProblem::NoCheckpoint
    );
    let mut format = bytes.clone();
    format[8] = 99;
    assert_eq!(
        read(&format),
        CheckpointProblem::Format {
            expected: 1,
            found: 99
        }
    );
    assert!(matches!(
        read(&bytes[..bytes.len() - 1]),
        CheckpointProblem::Length { .. }
    ));
    assert!(matches!(
        read(&bytes[..12]),
        CheckpointProblem::Malformed { .. }
    ));
    assert!(matches!(
        read(&[bytes.as_slice(), &[0]].concat()),
        CheckpointProblem::Length { .. }
    ));
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    assert_eq!(read(&damaged), CheckpointProblem::Checksum);
    // The first digit of the version, its checksum put right.
    let mut version = bytes.clone();
    version[22] = b'9';
    assert!(matches!(
        read(&sealed(version)),
        CheckpointProblem::Version { .. }
    ));

    Ok(())
}

#[test]
fn names_what_differs_from_the_search_that_wrote_it() -> Result<()> {
    let data = data()?;
    let settings = search();
    let mut state = settings.search(&data)?;
    state.advance();
    let bytes = state.to_bytes();
    for other in [
        settings.clone().seed(9),
        settings.clone().max_genes(3),
        settings.clone().guesses(["x"]),
        settings.clone().islands(2),
        settings.clone().max_generations(5),
    ] {
        let outcome = Search::from_bytes(&other, &data, &bytes);
        assert_eq!(problem(outcome), CheckpointProblem::Settings);
    }
    let (x, z, y) = (
        data.columns()[0].clone(),
        data.columns()[1].clone(),
        data.target().to_vec(),
    );
    let mut moved = x.clone();
    moved[3] += 1e-15;
    let pair = |x: Vec<f64>, z: Vec<f64>| [("x", x), ("z", z)];
    for (other, expected) in [
        (
            Data::from_columns(
                pair(x[1..].to_vec(), z[1..].to_vec()),
                ("y", y[1..].to_vec()),
            )?,
            "number of rows",
        ),
        (
            Data::from_columns([("x", x.clone())], ("y", y.clone()))?,
            "number of columns",
        ),
        (
            Data::from_columns([("x", x.clone()), ("w", z.clone())], ("y", y.clone()))?,
            "names",
        ),
        (
            Data::from_columns(pair(moved, z.clone()), ("y", y.clone()))?,
            "values",
        ),
        (Data::from_columns(pair(z, x), ("y", y))?, "values"),
    ] {
        let outcome = Search::from_bytes(&settings, &other, &bytes);
        assert_eq!(problem(outcome), CheckpointProblem::Data { what: expected });
    }

    Ok(())
}

#[test]
fn names_the_file_that_cannot_be_used() -> Result<(), Box<dyn std::error::Error>> {
    let data = data()?;
    let settings = search();
    let mut damaged = settings.search(&data)?.to_bytes();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let folder = Folder::new("errors");
    std::fs::write(folder.file(), &damaged)?;
    let control = RunControl::new().checkpoint(folder.file()).resume(true);
    let error = settings
        .fit_controlled(&data, &control, |_| ControlFlow::Continue(()))
        .expect_err("a damaged file");
    assert!(error.to_string().contains("state"), "{error}");
    let nowhere = RunControl::new().checkpoint(folder.0.join("no/folder"));
    let error = problem(settings.fit_controlled(&data, &nowhere, |_| ControlFlow::Continue(())));
    assert!(matches!(
        error,
        CheckpointProblem::Io {
            action: "written",
            ..
        }
    ));
    Ok(())
}

/// The checksum put right, by the definition of FNV-1a.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 8;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in &bytes[..end] {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    bytes[end..].copy_from_slice(&hash.to_le_bytes());
    bytes
}

/// A state in the second run, of a search with little in it.
fn tiny() -> Result<(SymbolicRegressor, Data, Vec<u8>)> {
    let data = data()?;
    let settings = search()
        .population_size(6)
        .max_generations(1)
        .remembered_fits(8);
    let mut state = settings.search(&data)?;
    while state.progress().run == 0 {
        state.advance();
    }
    let bytes = state.to_bytes();
    Ok((settings, data, bytes))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Any damage is an error of a checkpoint.
    #[test]
    fn damaged_bytes_are_refused(at in any::<prop::sample::Index>(), flip in 1_u8..=255, cut in any::<prop::sample::Index>()) {
        let (settings, data, bytes) = tiny().unwrap();
        let mut damaged = bytes.clone();
        damaged[at.index(bytes.len())] ^= flip;
        let is_refused = |bytes: &[u8]| matches!(Search::from_bytes(&settings, &data, bytes), Err(Error::Checkpoint { .. }));
        prop_assert!(is_refused(&damaged));
        let short = &bytes[..cut.index(bytes.len())];
        prop_assert!(is_refused(short));
    }

    /// Bytes made up by somebody who knows the checksum: refused, or a search that can go on.
    #[test]
    fn forged_bytes_are_refused_or_can_go_on(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let (settings, data, mut bytes) = tiny().unwrap();
        for (at, value) in edits {
            let place = at.index(bytes.len());
            bytes[place] = value;
        }
        let bytes = sealed(bytes);
        match Search::from_bytes(&settings, &data, &bytes) {
            Ok(mut search) => {
                prop_assert_eq!(search.to_bytes(), bytes);
                while search.advance() {}
                let is_finished = matches!(search.finish(), Ok(_) | Err(Error::NoValidModel { .. }));
                prop_assert!(is_finished);
            }
            Err(error) => {
                let is_typed = matches!(error, Error::Checkpoint { .. });
                prop_assert!(is_typed, "{}", error);
            }
        }
    }
}
