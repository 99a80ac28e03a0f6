//! Predictions beside labels, and the course of training.

use std::fmt::Write as _;

use meltpool_ml::{Bootstrap, Inputs, NetworkConfig, Targets, Trainer};
use meltpool_plot::{
    Axis, Color, Curve, Marker, OKABE_ITO, PanelFigure, ParityFigure, ScatterFigure, Series,
};
use ndarray::{Array2, Axis as Along};
use serde_json::{Value, json};

use crate::ml::{Outcome, Task};
use crate::ml_scores::{TARGETS, folder, page, save};

/// Models of one figure.
pub struct Parity {
    rows: Vec<(String, Array2<f64>, Array2<f64>)>,
    losses: Vec<Vec<f64>>,
    report: Value,
}

fn style(number: usize) -> (Color, Marker) {
    let markers = [Marker::Cross, Marker::Circle, Marker::Square];
    (OKABE_ITO[[4, 5, 2][number % 3]], markers[number % 3])
}

impl Parity {
    pub fn new() -> Self {
        Self {
            rows: Vec::new(),
            losses: Vec::new(),
            report: json!({}),
        }
    }

    /// Trains a model and keeps its predictions of the test part.
    pub fn add(
        &mut self,
        task: &Task,
        name: &str,
        config: &NetworkConfig,
        trainer: &Trainer,
        inputs: &Inputs,
    ) -> Outcome {
        let targets: Targets = task.hard();
        let trained = trainer.clone().seed(task.seed).fit(
            config,
            &inputs.select(&task.split.train),
            &targets,
        )?;
        let microns = task.microns(&trained.network, inputs)?;
        let scores = task.score(&microns)?;
        let pick = |table: &Array2<f64>| table.select(Along(0), &task.split.test);
        let (labels, predicted) = (pick(&task.set.labels), pick(&microns));
        let mut found = json!({ "n_test": labels.nrows() });
        for (k, target) in TARGETS.into_iter().enumerate() {
            let interval = Bootstrap::new().r2(&labels.column(k), &predicted.column(k))?;
            println!(
                "{name}, {target}: R² {:.4} [{:.4}, {:.4}] (bootstrap of {} frames), MAE {:.1} µm",
                scores[k].r2.unwrap_or(f64::NAN),
                interval.low,
                interval.high,
                labels.nrows(),
                scores[k].mae
            );
            found[target] = json!({ "r2": scores[k].r2, "low": interval.low, "high": interval.high, "mae_um": scores[k].mae });
        }
        self.report[name] = found;
        self.rows.push((name.to_owned(), labels, predicted));
        self.losses.push(
            trained
                .history
                .epochs
                .iter()
                .map(|e| e.train_loss)
                .collect(),
        );
        Ok(())
    }

    /// R² of both targets.
    pub fn r2(&self, name: &str) -> [f64; 2] {
        TARGETS.map(|target| self.report[name][target]["r2"].as_f64().unwrap_or(f64::NAN))
    }

    /// Draws, writes and prints.
    pub fn finish(self, name: &str, mut more: Value) -> Outcome {
        let mut figure = PanelFigure::new(3).theme(page(75.0));
        let mut csv = "model,target,label_um,predicted_um\n".to_owned();
        for (k, target) in TARGETS.into_iter().enumerate() {
            let mut panel = ParityFigure::new(Axis::new(format!("{target} depth"), "µm"));
            for (number, (model, labels, predicted)) in self.rows.iter().enumerate() {
                let (x, y) = (labels.column(k).to_vec(), predicted.column(k).to_vec());
                for (x, y) in x.iter().zip(&y) {
                    writeln!(csv, "\"{model}\",{target},{x:.2},{y:.2}")?;
                }
                let (color, marker) = style(number);
                panel = panel.series(
                    Series::new(model.as_str(), x, y)
                        .color(color)
                        .marker(marker),
                );
            }
            figure = figure.panel(panel);
        }
        let mut panel = ScatterFigure::new(
            Axis::dimensionless("epoch").log(),
            Axis::dimensionless("mean square loss").log(),
        );
        for (number, losses) in self.losses.iter().enumerate() {
            let x: Vec<f64> = (1..=losses.len()).map(|k| k as f64).collect();
            panel = panel.curve(
                Curve::new(self.rows[number].0.as_str(), x, losses.clone()).color(style(number).0),
            );
        }
        figure = figure.panel(panel);
        std::fs::write(folder(name)?.join("predictions.csv"), csv)?;
        save(&figure, name)?;
        more["models"] = self.report;
        println!("{more}");
        Ok(())
    }
}
