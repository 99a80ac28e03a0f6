//! A whole result on one page that needs no network.

mod chart;
mod evidence;
mod markup;
mod mathml;
mod tree;

use std::fmt::Write as _;

use crate::{
    BoxAnalysis, Criterion, Data, Error, Export, Language, Model, Noise, ParetoFront, Penalty,
    RankedModel, ResidualTable, Result, SearchResult, VariableImportance,
};

use chart::{BLUE, Chart, GRAY, GREEN, ORANGE, Scale, bars};
use markup::{STYLE, escaped, short, table};

/// Points drawn in a chart of rows; of more rows evenly spaced ones are taken.
const MAX_POINTS: usize = 2000;
/// Share of its width by which each input's range is widened to look for poles.
const WIDENED: f64 = 0.1;

/// Writes a front of laws as one HTML file: no scripts, no links, nothing to load.
///
/// It shows the chosen law as mathematics, the front with knee and ties, all laws with their criteria,
/// measured against predicted values, residuals, the regression error characteristic, the importance
/// of the inputs, the tree, intervals of the constants, round numbers that the rows allow, possible
/// poles between the rows, what the rows cannot tell, and the law in every [`Language`].
///
/// # Examples
///
/// ```
/// use symreg::{Data, HtmlReport, SymbolicRegressor};
/// let x: Vec<f64> = (1..30).map(|i| 0.1 * f64::from(i)).collect();
/// let y: Vec<f64> = x.iter().map(|v| 1.0 + 2.0 * v * v).collect();
/// let data = Data::from_columns([("x", x)], ("y", y))?;
/// let result = SymbolicRegressor::new().population_size(50).max_generations(2).runs(1).fit(&data)?;
/// let page = HtmlReport::new().title("A parabola").write(result.front(), &data)?;
/// assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HtmlReport {
    title: String,
    notes: Vec<String>,
    units: Vec<(String, String)>,
    chosen: Option<usize>,
    seed: u64,
    #[cfg_attr(feature = "serde", serde(skip))]
    test: Option<Data>,
    histories: Vec<Vec<f64>>,
}

impl Default for HtmlReport {
    fn default() -> Self {
        Self::new()
    }
}

impl HtmlReport {
    /// A report that chooses the law of least description length, as [`ParetoFront::shortest`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            title: "Laws found in data".to_owned(),
            notes: Vec::new(),
            units: Vec::new(),
            chosen: None,
            seed: 0,
            test: None,
            histories: Vec::new(),
        }
    }

    /// The heading.
    pub fn title(mut self, value: impl Into<String>) -> Self {
        self.title = value.into();
        self
    }

    /// Adds a paragraph below the heading: where the rows come from, how the search ran.
    pub fn note(mut self, value: impl Into<String>) -> Self {
        self.notes.push(value.into());
        self
    }

    /// The unit of an input or of the target.
    pub fn unit(mut self, name: impl Into<String>, unit: impl Into<String>) -> Self {
        self.units.push((name.into(), unit.into()));
        self
    }

    /// The law to show in detail, by its place on the front (default: that of [`ParetoFront::shortest`]).
    pub fn chosen(mut self, value: usize) -> Self {
        self.chosen = Some(value);
        self
    }

    /// Seed of the permutations of the importance (default 0).
    pub fn seed(mut self, value: u64) -> Self {
        self.seed = value;
        self
    }

    /// Rows that no law was fitted to, for the errors beside those of the training rows.
    pub fn test(mut self, value: Data) -> Self {
        self.test = Some(value);
        self
    }

    /// Adds the course of the least error of each run of a search.
    pub fn search(mut self, result: &SearchResult) -> Self {
        self.histories = result.runs().iter().map(|r| r.history().to_vec()).collect();
        self
    }

    /// The page for a front and the rows it was fitted to.
    ///
    /// # Errors
    ///
    /// [`Error::NoValidModel`] for a front without laws; [`Error::InvalidParameter`] if the chosen place is
    /// not on the front; [`Error::UnknownColumn`] if `data` or the test rows lack a column that a law uses.
    pub fn write(&self, front: &ParetoFront, data: &Data) -> Result<String> {
        let models = front.models();
        if models.is_empty() {
            return Err(Error::NoValidModel {
                evaluations: 0,
                constraints: Vec::new(),
            });
        }
        let ranking = front.ranking(Criterion::Bic, Penalty::FittedConstants);
        let chosen = match self.chosen {
            Some(index) if index >= models.len() => {
                return Err(Error::InvalidParameter {
                    name: "chosen",
                    requirement: "a place on the front",
                    found: index.to_string(),
                });
            }
            Some(index) => index,
            None => front
                .ranking_by_description_length(data, Noise::of(data))?
                .first()
                .map_or(models.len() - 1, |ranked| ranked.index),
        };
        let law = &models[chosen];
        let mut page = self.head();
        self.write_law(&mut page, law, &ranking, data)?;
        self.write_front(&mut page, front, &ranking, chosen, data)?;
        self.write_rows(&mut page, law, data)?;
        self.write_inputs(&mut page, law, data)?;
        evidence::write_constants(&mut page, law, data)?;
        evidence::write_limits(&mut page, data);
        self.write_exports(&mut page, law, data)?;
        page.push_str("</body>\n</html>\n");
        Ok(page)
    }

    fn head(&self) -> String {
        let title = escaped(&self.title);
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
             <p class=\"lead\">Symbolic regression by symreg {}</p>\n",
            env!("CARGO_PKG_VERSION")
        );
        for note in &self.notes {
            let _ = writeln!(page, "<p>{}</p>", escaped(note));
        }
        page
    }

    fn named(&self, name: &str) -> String {
        match self.units.iter().find(|(n, _)| n == name) {
            Some((_, unit)) => format!("{name} ({unit})"),
            None => name.to_owned(),
        }
    }

    fn write_law(
        &self,
        page: &mut String,
        law: &Model,
        ranking: &[RankedModel<'_>],
        data: &Data,
    ) -> Result<()> {
        let expression = law.expression();
        let _ = write!(
            page,
            "<h2>The chosen law</h2>\n<div class=\"law\">{}<code>{} = {}</code></div>\n<p>R² {} and RMSE {} on {} rows; \
             complexity {}; {} fitted constants that the rows can tell apart.",
            mathml::equation(data.target_name(), &expression.condensed(), law.names()),
            escaped(data.target_name()),
            escaped(&law.to_infix()),
            r2_text(law.r2()),
            short(law.rmse()),
            law.n_rows(),
            law.complexity(),
            law.fitted_constants()
        );
        if let Some(test) = &self.test {
            let score = law.score(test)?;
            let _ = write!(
                page,
                " On {} rows that it was not fitted to: R² {}, RMSE {}.",
                score.n_rows,
                r2_text(score.r2),
                short(score.rmse)
            );
        }
        page.push_str("</p>\n");
        if self.chosen.is_none() {
            page.push_str("<p>It has the least description length, which pays for constants and for the choice among structures.</p>\n");
        }
        let of_law = ranking.iter().find(|r| r.model == law);
        if let Some(difference) = of_law.map(|r| r.difference).filter(|d| *d > 2.0) {
            let _ = writeln!(
                page,
                "<p>Its BIC, which does not pay for the search over structures, is {} above the least, that of \
                 <code>{}</code>.</p>",
                short(difference),
                ranking
                    .first()
                    .map_or_else(String::new, |r| escaped(&r.model.to_infix_rounded(4)))
            );
            return Ok(());
        }
        let ties: Vec<String> = ranking
            .iter()
            .filter(|r| r.is_tied() && r.model != law)
            .map(|r| {
                format!(
                    "<li><code>{}</code> (difference {}, weight {})</li>",
                    escaped(&r.model.to_infix_rounded(4)),
                    short(r.difference),
                    weight_text(r.weight)
                )
            })
            .collect();
        if ties.is_empty() {
            page.push_str("<p>No other law of the front is within 2 of the least BIC.</p>\n");
        } else {
            let _ = writeln!(
                page,
                "<p class=\"warn\">Within 2 of the least BIC, so that these rows do not decide between them:</p>\n<ul>{}</ul>",
                ties.concat()
            );
        }
        Ok(())
    }

    fn write_front(
        &self,
        page: &mut String,
        front: &ParetoFront,
        ranking: &[RankedModel<'_>],
        chosen: usize,
        data: &Data,
    ) -> Result<()> {
        let models = front.models();
        let points: Vec<(f64, f64)> = front
            .points()
            .into_iter()
            .map(|(c, e)| (c as f64, e))
            .collect();
        let positive = points.iter().all(|p| p.1 > 0.0);
        let mut chart = Chart::new(
            "error against complexity",
            Scale::holding(points.iter().map(|p| p.0), false),
            Scale::holding(points.iter().map(|p| p.1), positive),
            "complexity",
            &format!("RMSE of {}", self.named(data.target_name())),
        );
        chart.line(&points, GRAY, "", true);
        for ((x, y), model) in points.iter().zip(models) {
            chart.dot(*x, *y, 4.5, BLUE, &model.to_infix_rounded(4));
        }
        let knee = front.knee();
        if let Some((knee, _)) = &knee {
            let (x, y) = points[knee.index];
            chart.ring(x, y, 12.0, GREEN);
        }
        let (x, y) = points[chosen];
        chart.ring(x, y, 8.0, ORANGE);
        let mut legend = vec![(BLUE, false, "law"), (ORANGE, true, "chosen")];
        if knee.is_some() {
            legend.push((GREEN, true, "knee"));
        }
        chart.legend(&legend);
        page.push_str("<h2>Error against complexity</h2>\n<div class=\"figures\">\n");
        figure(
            page,
            &chart.finish(),
            "Laws that no other beats in both error and complexity.",
        );
        if self.histories.iter().any(|h| h.len() > 1) {
            figure(
                page,
                &self.history_chart(),
                "Least error after each generation, one line a run: RMSE where squares are minimized, else the root of twice the mean loss.",
            );
        }
        page.push_str("</div>\n");
        match knee {
            Some((knee, _)) => {
                let _ = writeln!(
                    page,
                    "<p class=\"note\">The knee is the point farthest below the chord of the front in complexity ({} to {}) and ln RMSE.</p>",
                    knee.complexity_range.0, knee.complexity_range.1
                );
            }
            None => page.push_str("<p class=\"note\">This front has no knee.</p>\n"),
        }
        self.write_table(page, models, ranking, chosen, data)
    }

    fn write_table(
        &self,
        page: &mut String,
        models: &[Model],
        ranking: &[RankedModel<'_>],
        chosen: usize,
        data: &Data,
    ) -> Result<()> {
        let mut head = vec![
            "",
            "complexity",
            "law",
            "constants",
            "RMSE",
            "R²",
            "BIC",
            "Δ",
            "weight",
            "MDL (nats)",
        ];
        if self.test.is_some() {
            head.push("R² on test rows");
        }
        head.push("poles");
        let mut rows = Vec::with_capacity(models.len());
        for (index, model) in models.iter().enumerate() {
            let ranked = ranking.iter().find(|r| r.index == index);
            let of = |f: fn(&RankedModel<'_>) -> f64| {
                ranked.map_or_else(|| "undefined".to_owned(), |r| short(f(r)))
            };
            let length = model.description_length(data, Noise::of(data))?.total();
            let mark = if index == chosen {
                "<span class=\"chosen\">●</span>"
            } else {
                ""
            };
            let mut row = vec![
                mark.to_owned(),
                model.complexity().to_string(),
                format!("<code>{}</code>", escaped(&model.to_infix_rounded(4))),
                model.fitted_constants().to_string(),
                short(model.rmse()),
                r2_text(model.r2()),
                of(|r| r.value),
                of(|r| r.difference),
                ranked.map_or_else(String::new, |r| weight_text(r.weight)),
                short(length),
            ];
            if let Some(test) = &self.test {
                row.push(r2_text(model.score(test)?.r2));
            }
            row.push(poles(model, data)?);
            rows.push(row);
        }
        page.push_str(&table(&head, &rows));
        let _ = writeln!(
            page,
            "<p class=\"note\">Δ and weight: difference in BIC from the best, and Akaike weight among these laws. They rank laws, they do \
             not test them; the search over structures is not paid for. Poles: looked for by interval arithmetic over the ranges of the \
             inputs, widened by {} % of their width.</p>",
            100.0 * WIDENED
        );
        Ok(())
    }

    fn history_chart(&self) -> String {
        let longest = self.histories.iter().map(Vec::len).max().unwrap_or(0);
        let all = || self.histories.iter().flatten().copied();
        let positive = all().all(|v| v > 0.0);
        let mut chart = Chart::new(
            "least error after each generation",
            Scale::holding([0.0, longest.saturating_sub(1) as f64], false),
            Scale::holding(all(), positive),
            "generation",
            "least error",
        );
        for history in &self.histories {
            let points: Vec<(f64, f64)> = history
                .iter()
                .enumerate()
                .map(|(i, v)| (i as f64, *v))
                .collect();
            chart.line(&points, BLUE, "", false);
        }
        chart.finish()
    }

    fn write_rows(&self, page: &mut String, law: &Model, data: &Data) -> Result<()> {
        let mut tables = vec![("training rows", BLUE, ResidualTable::of_model(law, data)?)];
        if let Some(test) = &self.test {
            tables.push(("test rows", ORANGE, ResidualTable::of_model(law, test)?));
        }
        let target = self.named(data.target_name());
        let values = || {
            tables
                .iter()
                .flat_map(|t| t.2.measured().iter().chain(t.2.predicted()).copied())
        };
        let mut parity = Chart::new(
            "predicted against measured values",
            Scale::holding(values(), false),
            Scale::holding(values(), false),
            &format!("measured {target}"),
            &format!("predicted {target}"),
        );
        let (low, high) = values()
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(v), h.max(v))
            });
        parity.line(&[(low, low), (high, high)], GRAY, "6 4", false);
        let predicted = || tables.iter().flat_map(|t| t.2.predicted().iter().copied());
        let residuals = || tables.iter().flat_map(|t| t.2.residuals().iter().copied());
        let mut scatter = Chart::new(
            "residuals against predicted values",
            Scale::holding(predicted(), false),
            Scale::holding(residuals(), false),
            &format!("predicted {target}"),
            &format!("measured − predicted {target}"),
        );
        scatter.line(&[(low, 0.0), (high, 0.0)], GRAY, "6 4", false);
        let curves: Vec<Vec<(f64, f64)>> = tables.iter().map(|t| t.2.error_curve()).collect();
        let mut error = Chart::new(
            "regression error characteristic",
            Scale::from_zero(curves.iter().flatten().map(|p| p.0)),
            Scale::from_zero([1.0]),
            &format!("absolute error of {target}"),
            "share of rows within it",
        );
        let mut legend = Vec::new();
        for ((name, color, table), curve) in tables.iter().zip(&curves) {
            let n = table.measured().len();
            let step = n.div_ceil(MAX_POINTS).max(1);
            for i in (0..n).step_by(step) {
                let (y, f, r) = (
                    table.measured()[i],
                    table.predicted()[i],
                    table.residuals()[i],
                );
                let title = format!("row {i}: measured {}, predicted {}", short(y), short(f));
                parity.dot(y, f, 3.2, color, &title);
                scatter.dot(f, r, 3.2, color, &title);
            }
            let thinned = thinned(curve);
            let mut steps = vec![(0.0, 0.0)];
            steps.extend(thinned);
            error.line(&steps, color, "", true);
            legend.push((*color, false, *name));
        }
        if tables.len() > 1 {
            parity.legend(&legend);
        }
        page.push_str("<h2>Row by row</h2>\n<div class=\"figures\">\n");
        figure(
            page,
            &parity.finish(),
            "A perfect law puts all points on the dashed line.",
        );
        let trend = tables[0].2.durbin_watson();
        figure(
            page,
            &scatter.finish(),
            &format!(
                "Durbin-Watson statistic in the order of prediction {}: about 2 without a trend, toward 0 where a bend is missed.",
                short(trend)
            ),
        );
        figure(
            page,
            &error.finish(),
            "Share of rows whose error is at most so large.",
        );
        page.push_str("</div>\n");
        write_worst(page, &tables[0].2);
        Ok(())
    }

    fn write_inputs(&self, page: &mut String, law: &Model, data: &Data) -> Result<()> {
        let found = VariableImportance::new()
            .seed(self.seed)
            .of_model(law, data)?;
        let entries: Vec<(String, f64, f64)> = found
            .iter()
            .map(|i| (i.name.clone(), i.permutation, i.permutation_spread))
            .collect();
        page.push_str("<h2>Inputs and structure</h2>\n<div class=\"figures\">\n");
        figure(
            page,
            &bars("fall of R² when an input is shuffled", &entries),
            "Fall of R² when the column is shuffled; the line is the spread over 20 shuffles.",
        );
        let condensed = law.expression().condensed();
        figure(
            page,
            &tree::drawing(&condensed, law.names(), &[]),
            "The tree of the law, simplified.",
        );
        page.push_str("</div>\n");
        let ranges = data.ranges();
        let rows: Vec<Vec<String>> = found
            .iter()
            .map(|i| {
                let range = data
                    .names()
                    .iter()
                    .position(|n| *n == i.name)
                    .map_or_else(String::new, |j| {
                        format!("{} to {}", short(ranges[j].low()), short(ranges[j].high()))
                    });
                vec![
                    escaped(&self.named(&i.name)),
                    range,
                    short(i.permutation),
                    short(i.variance_share),
                    short(i.gradient_share),
                ]
            })
            .collect();
        page.push_str(&table(
            &[
                "input",
                "range",
                "fall of R²",
                "total share of variance",
                "share from the gradient",
            ],
            &rows,
        ));
        Ok(())
    }

    fn write_exports(&self, page: &mut String, law: &Model, data: &Data) -> Result<()> {
        page.push_str("<h2>The law in other languages</h2>\n");
        for language in Language::ALL {
            let mut export = Export::new(language);
            for (name, unit) in &self.units {
                export = export.unit(name.clone(), unit.clone());
            }
            let _ = writeln!(
                page,
                "<details><summary>{}</summary><pre>{}</pre></details>",
                language.name(),
                escaped(&export.model(law, data)?)
            );
        }
        Ok(())
    }
}

/// The rows that a law fits worst.
fn write_worst(page: &mut String, training: &ResidualTable) {
    let rows: Vec<Vec<String>> = training
        .worst(5)
        .into_iter()
        .map(|i| {
            vec![
                i.to_string(),
                short(training.measured()[i]),
                short(training.predicted()[i]),
                short(training.residuals()[i]),
            ]
        })
        .collect();
    page.push_str("<p>The training rows with the largest residuals, counted from 0:</p>\n");
    page.push_str(&table(&["row", "measured", "predicted", "residual"], &rows));
}

fn figure(page: &mut String, drawing: &str, caption: &str) {
    let _ = writeln!(
        page,
        "<figure>{drawing}<figcaption>{}</figcaption></figure>",
        escaped(caption)
    );
}

/// R² with as many digits as tell it from 1.
fn r2_text(r2: f64) -> String {
    if r2.is_nan() {
        return "undefined".to_owned();
    }
    let missing = (1.0 - r2).abs();
    if r2 > 0.99 && missing > 0.0 {
        format!("1 − {}", short(missing))
    } else {
        format!("{r2:.4}").replace('-', "−")
    }
}

/// A weight, or that it is next to nothing.
fn weight_text(weight: f64) -> String {
    if weight < 0.001 {
        "&lt; 0.001".to_owned()
    } else {
        short(weight)
    }
}

/// At most as many points of a curve as a chart shows, the last among them.
fn thinned(curve: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let step = curve.len().div_ceil(MAX_POINTS).max(1);
    let mut points: Vec<(f64, f64)> = curve.iter().copied().step_by(step).collect();
    if let Some(last) = curve.last().filter(|l| points.last() != Some(*l)) {
        points.push(*last);
    }
    points
}

/// What interval arithmetic says of a law between and just beyond the rows.
fn poles(model: &Model, data: &Data) -> Result<String> {
    let mut sides = Vec::with_capacity(model.names().len());
    let widened = data.widened_ranges(WIDENED);
    for name in model.names() {
        let place = data.names().iter().position(|n| n == name);
        sides.push(place.map_or(crate::Interval::point(0.0), |j| widened[j]));
    }
    let report = BoxAnalysis::new().range(&model.expression().condensed(), &sides)?;
    Ok(if report.is_defined() {
        "none, proved".to_owned()
    } else if report.poles().iter().any(|p| p.proved) {
        "<span class=\"warn\">yes</span>".to_owned()
    } else {
        "not excluded".to_owned()
    })
}

#[cfg(test)]
mod tests;
