//! The gallery in one command: every example is built and run, its line of JSON checked, its picture made a thumbnail.
//!
//! `cargo run --release --features full --example gallery -- [--only WORD[,WORD…]] [--quick] [--features LIST] [--update]`. What is run are the examples of the
//! manifest, those that ask for a feature only where LIST (`full` unless given) brings it. Held are: exit code 0; a last line that is a JSON object; the keys that
//! `examples/gallery.keys` names for it, each a finite number, text, flag or list of them; a picture for each example that is a figure; a row of
//! `examples/README.md`. `--update` writes the keys anew. Thumbnails (400 px wide, at most 60 kB) are redrawn to `examples/thumbnails/` except with `--quick`, whose
//! pictures have less in them. Takes the sum of the times that it prints: some half an hour, a few minutes with `--quick`. Table: `target/figures/gallery/gallery.csv`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Map, Value, json};

#[path = "support/thumbnail.rs"]
mod thumbnail;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

const KEYS: &str = "examples/gallery.keys";
const README: &str = "examples/README.md";

struct Options {
    only: Vec<String>,
    features: String,
    quick: bool,
    update: bool,
}

/// Names of examples with the features that they lack.
type LeftOut = Vec<(String, Vec<String>)>;

/// What a run gave: its line of JSON, or what was wrong.
struct Run {
    seconds: f64,
    line: Result<Map<String, Value>, String>,
    picture: Option<PathBuf>,
}

fn main() -> Outcome {
    let options = options()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::env::set_current_dir(root)?;
    let (names, left_out) = examples(&options)?;
    for (name, needs) in &left_out {
        println!("left out: {name} needs the feature {}", needs.join(", "));
    }
    if names.is_empty() {
        return Err("no example has such a name".into());
    }
    build(&names, &options)?;

    let mut keys = read_keys();
    let readme = fs::read_to_string(README)?;
    let (mut table, mut failed, mut total) = ("example,seconds,ok,picture\n".to_owned(), 0, 0.0);
    for name in &names {
        let run = run(name, options.quick)?;
        let mut wrong = Vec::new();
        match &run.line {
            Err(why) => wrong.push(why.clone()),
            Ok(line) if options.update => {
                keys.insert(name.clone(), line.keys().cloned().collect());
            }
            Ok(line) => wrong.extend(problems(line, keys.get(name))),
        }
        // a row of the table of figures begins with a thumbnail, or the place for one
        let row = format!("({name}.rs)");
        let is_figure = readme.lines().any(|line| {
            line.contains(&row) && (line.starts_with("| ![") || line.starts_with("| | "))
        });
        match (&run.picture, is_figure) {
            (None, true) => wrong.push("it drew no picture".to_owned()),
            (Some(picture), true) if !options.quick => {
                thumbnail::write(
                    picture,
                    Path::new(&format!("examples/thumbnails/{name}.png")),
                )?;
            }
            _ => {}
        }
        if !readme.contains(&row) {
            wrong.push(format!("it has no row in {README}"));
        }
        let picture = run
            .picture
            .map_or_else(String::new, |path| path.display().to_string());
        println!(
            "{name:32} {:7.1} s  {}  {picture}",
            run.seconds,
            if wrong.is_empty() { "ok" } else { "FAILED" }
        );
        for why in &wrong {
            println!("    {why}");
        }
        failed += usize::from(!wrong.is_empty());
        total += run.seconds;
        writeln!(
            table,
            "{name},{:.2},{},{picture}",
            run.seconds,
            wrong.is_empty()
        )?;
    }
    fs::create_dir_all("target/figures/gallery")?;
    fs::write("target/figures/gallery/gallery.csv", table)?;
    if options.update {
        write_keys(&keys)?;
    }
    println!(
        "{}",
        json!({ "examples": names.len(), "failed": failed, "left_out": left_out.len(), "seconds": (10.0 * total).round() / 10.0, "quick": options.quick })
    );
    if failed > 0 {
        return Err(format!("{failed} of {} examples failed", names.len()).into());
    }
    Ok(())
}

fn options() -> Outcome<Options> {
    let mut options = Options {
        only: Vec::new(),
        features: "full".to_owned(),
        quick: false,
        update: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--update" => options.update = true,
            "--features" => options.features = arguments.next().ok_or("--features needs a list")?,
            "--only" => {
                let words = arguments.next().ok_or("--only needs words")?;
                options.only.extend(words.split(',').map(str::to_owned));
            }
            other => return Err(format!(
                "unknown option {other}; there are --only WORDS, --quick, --features LIST, --update"
            )
            .into()),
        }
    }
    Ok(options)
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The names of the examples to run, and those whose features are missing.
fn examples(options: &Options) -> Outcome<(Vec<String>, LeftOut)> {
    let output = cargo()
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    let host = packages
        .iter()
        .find(|p| p["name"] == "meltpool-workspace")
        .ok_or("no host package")?;
    let given: BTreeSet<&str> = options
        .features
        .split([',', ' '])
        .filter(|f| !f.is_empty())
        .collect();
    let mut brought = given.clone();
    for feature in &given {
        brought.extend(
            host["features"][feature]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str),
        );
    }
    let (mut names, mut left_out) = (Vec::new(), Vec::new());
    // a word that is a whole name means that one example
    let is_name = |word: &str| Path::new(&format!("examples/{word}.rs")).exists();
    for target in host["targets"].as_array().into_iter().flatten() {
        let name = target["name"].as_str().unwrap_or_default();
        let wanted = options.only.is_empty()
            || options.only.iter().any(|word| {
                if is_name(word) {
                    name == word
                } else {
                    name.contains(word.as_str())
                }
            });
        if target["kind"] != json!(["example"]) || name == "gallery" || !wanted {
            continue;
        }
        let needs = target["required-features"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let missing: Vec<String> = needs
            .filter(|f| !brought.contains(f))
            .map(str::to_owned)
            .collect();
        if missing.is_empty() {
            names.push(name.to_owned());
        } else {
            left_out.push((name.to_owned(), missing));
        }
    }
    names.sort_unstable();
    Ok((names, left_out))
}

fn build(names: &[String], options: &Options) -> Outcome {
    let mut command = cargo();
    command.args(["build", "--release", "--features", &options.features]);
    for name in names {
        command.args(["--example", name]);
    }
    if command.status()?.success() {
        Ok(())
    } else {
        Err("the examples do not build".into())
    }
}

fn run(name: &str, quick: bool) -> Outcome<Run> {
    let here = std::env::current_exe()?;
    let program = here.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(program);
    if quick {
        command.arg("--quick");
    }
    let folder = PathBuf::from("target/figures").join(name);
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output()?;
    let seconds = start.elapsed().as_secs_f64();
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("");
    let line = if output.status.success() {
        match serde_json::from_str(last) {
            Ok(Value::Object(line)) => Ok(line),
            _ => Err(format!("its last line is no JSON object: {last}")),
        }
    } else {
        let error = String::from_utf8_lossy(&output.stderr);
        let end: Vec<&str> = error.lines().rev().take(3).collect();
        Err(format!(
            "{}: {}",
            output.status,
            end.into_iter().rev().collect::<Vec<_>>().join(" | ")
        ))
    };
    Ok(Run {
        seconds,
        line,
        picture: picture(&folder, name)?,
    })
}

/// The picture named like the example, else the first one of its folder.
fn picture(folder: &Path, name: &str) -> Outcome<Option<PathBuf>> {
    let own = folder.join(format!("{name}.png"));
    if own.exists() || !folder.exists() {
        return Ok(own.exists().then_some(own));
    }
    let mut pictures = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "png") {
            pictures.push(path);
        }
    }
    pictures.sort();
    Ok(pictures.into_iter().next())
}

/// What is wrong with a line of JSON.
fn problems(line: &Map<String, Value>, keys: Option<&BTreeSet<String>>) -> Vec<String> {
    let Some(keys) = keys else {
        return vec![format!(
            "{KEYS} names no keys for it (--update writes them)"
        )];
    };
    let missing = keys
        .iter()
        .filter(|key| !line.contains_key(*key))
        .map(|key| format!("the key {key} is missing"));
    // serde_json writes a number that is not finite as null
    let empty = keys
        .iter()
        .filter(|key| line.get(*key).is_some_and(has_null))
        .map(|key| format!("the value of {key} is no finite number"));
    missing.chain(empty).collect()
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.iter().any(has_null),
        Value::Object(map) => map.values().any(has_null),
        _ => false,
    }
}

/// Lines `example: key key …`.
fn read_keys() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(KEYS).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    lines
        .map(|(name, keys)| {
            (
                name.to_owned(),
                keys.split(' ').map(str::to_owned).collect(),
            )
        })
        .collect()
}

fn write_keys(keys: &BTreeMap<String, BTreeSet<String>>) -> Outcome {
    let mut text = String::new();
    for (name, keys) in keys {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        writeln!(text, "{name}: {}", keys.join(" "))?;
    }
    Ok(fs::write(KEYS, text)?)
}
