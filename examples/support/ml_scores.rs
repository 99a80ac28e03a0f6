//! Scores of models over seeds: gathered, printed, written and drawn.
#![allow(dead_code, reason = "each example uses its part")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use meltpool_ml::{Score, paired_test};
use meltpool_plot::{Axis, Figure, OKABE_ITO, PanelFigure, ScatterFigure, Series, Theme};
use rayon::prelude::*;
use serde_json::{Value, json};

pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Names of the targets.
pub const TARGETS: [&str; 2] = ["pool", "keyhole"];

/// The work of each seed, several at a time.
pub fn of_seeds<T: Send>(n: u64, work: impl Fn(u64) -> Outcome<T> + Sync) -> Outcome<Vec<T>> {
    let results: Result<Vec<T>, String> = (0..n)
        .into_par_iter()
        .map(|seed| work(seed).map_err(|e| format!("seed {seed}: {e}")))
        .collect();
    Ok(results?)
}

/// Mean and standard deviation (NaN without values).
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0).max(1.0)).sqrt())
}

/// Seed and scores of both targets.
type Row = (u64, Vec<Score>);

/// Scores of models (rows) under conditions (such as splits), one a seed.
#[derive(Default)]
pub struct Scores {
    order: Vec<(String, String)>,
    rows: BTreeMap<(String, String), Vec<Row>>,
}

impl Scores {
    pub fn add(&mut self, condition: &str, model: &str, seed: u64, scores: Vec<Score>) {
        let key = (condition.to_owned(), model.to_owned());
        if !self.rows.contains_key(&key) {
            self.order.push(key.clone());
        }
        self.rows.entry(key).or_default().push((seed, scores));
    }

    /// R² of a target where it is defined, by seed.
    pub fn r2(&self, condition: &str, model: &str, target: usize) -> BTreeMap<u64, f64> {
        let rows = self.rows.get(&(condition.to_owned(), model.to_owned()));
        rows.into_iter()
            .flatten()
            .filter_map(|(seed, s)| s[target].r2.map(|r2| (*seed, r2)))
            .collect()
    }

    /// Mean and standard deviation of R² of a target.
    pub fn summary(&self, condition: &str, model: &str, target: usize) -> (f64, f64) {
        let values: Vec<f64> = self.r2(condition, model, target).into_values().collect();
        mean_and_deviation(&values)
    }

    /// Prints mean and standard deviation of R², and mean absolute errors, with a remark for a model.
    pub fn print(&self, remark: impl Fn(&str) -> String) {
        let mut conditions: Vec<&String> = Vec::new();
        for (condition, _) in &self.order {
            if !conditions.contains(&condition) {
                conditions.push(condition);
            }
        }
        for condition in conditions {
            println!(
                "{condition}: R² pool / keyhole, mean ± standard deviation over seeds; MAE in µm; (seeds)"
            );
            for key in self.order.iter().filter(|key| key.0 == *condition) {
                self.print_row(key, &remark(&key.1));
            }
        }
    }

    fn print_row(&self, key: &(String, String), remark: &str) {
        let (condition, model) = key;
        let rows = &self.rows[key];
        let mae = |k: usize| rows.iter().map(|r| r.1[k].mae).sum::<f64>() / rows.len() as f64;
        let [pool, keyhole] = [0, 1].map(|k| self.summary(condition, model, k));
        let defined: usize = (0..2).map(|k| self.r2(condition, model, k).len()).sum();
        let undefined = 2 * rows.len() - defined;
        let missing = if undefined > 0 {
            format!(", R² undefined {undefined} times")
        } else {
            String::new()
        };
        println!(
            "  {model:30} {:.4} ± {:.3} / {:.4} ± {:.3}   MAE {:.1} / {:.1}  ({}{missing}){}",
            pool.0,
            pool.1,
            keyhole.0,
            keyhole.1,
            mae(0),
            mae(1),
            rows.len(),
            remark
        );
    }

    /// Prints the paired difference of two models, target by target, and returns mean differences and standard errors.
    pub fn compare(&self, condition: &str, a: &str, b: &str) -> Outcome<Value> {
        let mut found = Vec::new();
        for (k, target) in TARGETS.into_iter().enumerate() {
            let (x, y) = (self.r2(condition, a, k), self.r2(condition, b, k));
            let pairs: Vec<(f64, f64)> = x
                .iter()
                .filter_map(|(seed, x)| y.get(seed).map(|y| (*x, *y)))
                .collect();
            if pairs.len() < 2 {
                continue;
            }
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let t = paired_test(&x, &y, 0)?;
            println!(
                "  {condition}: {a} minus {b}, {target}: {:+.4} ± {:.4} (standard error), p = {:.3}, {} pairs",
                t.mean_difference, t.standard_error, t.p_value, t.n
            );
            found.push(json!([t.mean_difference, t.standard_error]));
        }
        Ok(json!(found))
    }

    /// One line a condition, model and seed.
    pub fn csv(&self) -> String {
        let mut text =
            "condition,model,seed,r2_pool,r2_keyhole,mae_pool_um,mae_keyhole_um\n".to_owned();
        for key in &self.order {
            for (seed, s) in &self.rows[key] {
                let r2 = |k: usize| s[k].r2.map_or(String::new(), |v| format!("{v:.5}"));
                // writing to a string cannot fail
                let _ = writeln!(
                    text,
                    "\"{}\",\"{}\",{seed},{},{},{:.3},{:.3}",
                    key.0,
                    key.1,
                    r2(0),
                    r2(1),
                    s[0].mae,
                    s[1].mae
                );
            }
        }
        text
    }

    /// Means of R² as `{"condition: model": [pool, keyhole, sd, sd]}`.
    pub fn json(&self) -> Value {
        let rows = self.order.iter().map(|(condition, model)| {
            let [pool, keyhole] = [0, 1].map(|k| self.summary(condition, model, k));
            (
                format!("{condition}: {model}"),
                json!([pool.0, keyhole.0, pool.1, keyhole.1]),
            )
        });
        Value::Object(rows.collect())
    }

    /// Models as rows, a panel a target, a color a condition; bars are standard deviations over seeds.
    pub fn figure(&self, conditions: &[&str], models: &[&str], least: f64) -> PanelFigure {
        let mut page = PanelFigure::new(2).theme(page(34.0 + 9.0 * models.len() as f64));
        for (k, target) in TARGETS.into_iter().enumerate() {
            let names = Axis::categories("case", models.iter().rev().copied());
            let axis = Axis::dimensionless(format!("R², depth of the {target}")).range(least, 1.02);
            let mut panel = ScatterFigure::new(axis, names);
            for (number, condition) in conditions.iter().enumerate() {
                let (mut x, mut y, mut bar) = (Vec::new(), Vec::new(), Vec::new());
                for (place, model) in models.iter().rev().enumerate() {
                    let (mean, deviation) = self.summary(condition, model, k);
                    if mean.is_finite() && mean > least {
                        x.push(mean);
                        // bars end at the edge of the panel
                        bar.push(deviation.min(mean - least));
                        y.push(
                            place as f64
                                + 0.16 * (0.5 * (conditions.len() as f64 - 1.0) - number as f64),
                        );
                    } else {
                        println!(
                            "  not drawn: {model}, {condition}, {target}: {mean:.2} below {least}"
                        );
                    }
                }
                if !x.is_empty() {
                    let series = Series::new(*condition, x, y).x_error(bar);
                    panel = panel.series(series.color(OKABE_ITO[[4, 5, 2, 6][number % 4]]));
                }
            }
            page = page.panel(panel);
        }
        page
    }
}

/// A page of this height in mm.
pub fn page(height_mm: f64) -> Theme {
    Theme::page().height_mm(height_mm.clamp(40.0, 240.0))
}

/// The folder of an example's output.
pub fn folder(name: &str) -> Outcome<PathBuf> {
    let folder = Path::new("target/figures").join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Saves the figure of an example and prints where it is.
pub fn save(figure: &impl Figure, name: &str) -> Outcome {
    let files = figure.save_all(&folder(name)?, name)?;
    println!("wrote {}", files.png.display());
    Ok(())
}

/// Saves scores, and ends the output with their means as one line of JSON beside further numbers.
pub fn finish(name: &str, scores: &Scores, mut more: Value) -> Outcome {
    std::fs::write(folder(name)?.join("scores.csv"), scores.csv())?;
    more["r2"] = scores.json();
    println!("{more}");
    Ok(())
}
