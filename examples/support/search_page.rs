//! What the figures of both searches of Gan et al. share: settings, convergence, candidates, agreement, success.

use std::error::Error;
use std::ops::ControlFlow;
use std::time::Instant;

use meltpool_plot::{Axis, Color, Curve, ParetoFigure, ScatterFigure, TableFigure};
use serde_json::{Value, json};
use symreg::{
    Agreement, Choice, Data, Model, Operator, Result as SymregResult, RunResult, SearchResult,
    SymbolicRegressor,
};

use crate::problems::{CHOICE_KEYS, CHOICES, N_CHOICES, Problem};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The settings of a search that its figure states.
#[derive(Debug, Clone)]
pub struct Setup {
    pub operators: Vec<Operator>,
    pub population: usize,
    pub generations: usize,
    pub runs: usize,
    pub max_genes: usize,
    pub seed: u64,
}

impl Setup {
    /// A tenth of the work, to try an example.
    pub fn quick(self) -> Self {
        Self {
            population: self.population / 5,
            generations: self.generations / 3,
            ..self
        }
    }

    /// Genetic programming alone, as the paper has it.
    pub fn gan(&self) -> SymbolicRegressor {
        self.on(SymbolicRegressor::gan())
    }

    /// The same with enumeration before it, and deeper trees.
    pub fn full(&self) -> SymbolicRegressor {
        self.on(SymbolicRegressor::new())
    }

    fn on(&self, base: SymbolicRegressor) -> SymbolicRegressor {
        base.operators(self.operators.iter().copied())
            .population_size(self.population)
            .max_generations(self.generations)
            .runs(self.runs)
            .max_genes(self.max_genes)
            .seed(self.seed)
    }

    /// The settings of the `gan` preset as a table.
    pub fn table(&self, terminals: &str) -> TableFigure {
        let names = self.operators.iter().map(|o| match o {
            Operator::Sub => "−",
            Operator::Mul => "×",
            Operator::Div => "÷",
            other => other.name(),
        });
        // In two lines where one is too long for a column.
        let (signs, functions): (Vec<&str>, Vec<&str>) =
            names.partition(|n| n.chars().count() == 1);
        TableFigure::new(["setting", "here"])
            .row(["terminals", terminals])
            .row(["functions", &signs.join(" ")])
            .row(["", &functions.join(" ")])
            .row([
                "population".to_owned(),
                format!("{} × {} runs", self.population, self.runs),
            ])
            .row(["generations".to_owned(), self.generations.to_string()])
            .row([
                "genes, levels".to_owned(),
                format!("up to {}, up to 4", self.max_genes),
            ])
            .row(["selection", "Pareto tournament, 10"])
            .row(["cross., mutation", "0.40, 0.58"])
            .row(["constants", "least squares"])
    }
}

/// A search with one line of progress a run on standard error.
pub fn search(
    label: &str,
    regressor: &SymbolicRegressor,
    data: &Data,
) -> SymregResult<SearchResult> {
    let start = Instant::now();
    let result = regressor.fit_observed(data, |p| {
        if p.generation == p.max_generations {
            eprintln!(
                "   searching ({label}): run {} of {}, RMSE {:.4}, {:.0} s",
                p.run + 1,
                p.n_runs,
                p.best_error,
                start.elapsed().as_secs_f64()
            );
        }
        ControlFlow::Continue(())
    })?;
    let evaluations: u64 = result.runs().iter().map(RunResult::evaluations).sum();
    println!(
        "   {label}: {} runs, {evaluations} models fitted in {:.0} s",
        result.runs().len(),
        start.elapsed().as_secs_f64()
    );
    Ok(result)
}

/// A law for reading: a dot for products, the stars of the paper's symbols.
pub fn readable(model: &Model, symbols: &[(&str, &str)]) -> String {
    let mut text = model.to_infix_rounded(3).replace('*', "·");
    for (name, symbol) in symbols {
        text = text.replace(name, symbol);
    }
    text
}

/// All candidates of the last generations, the front, and the laws to be marked; `rows` says what was searched.
pub fn candidates(
    result: &SearchResult,
    rows: &str,
    error: Axis,
    marks: &[(String, &Model)],
) -> ParetoFigure {
    let front = result.front().models();
    let last: Vec<_> = result
        .runs()
        .iter()
        .flat_map(RunResult::last_generation)
        .collect();
    // The axis ends with the simplest law: what fits worse than it says nothing.
    let worst = front.first().map_or(f64::INFINITY, |m| 1.5 * m.rmse());
    let (x, y): (Vec<f64>, Vec<f64>) = front
        .iter()
        .map(|m| (m.complexity() as f64, m.rmse()))
        .chain(
            last.iter()
                .filter(|c| c.error <= worst)
                .map(|c| (c.complexity as f64, c.error)),
        )
        .unzip();
    let mut figure = ParetoFigure::new(
        Axis::dimensionless("expressional complexity"),
        error.log(),
        x,
        y,
    )
    .candidates_label(format!(
        "{rows}: {} models, {} runs",
        last.len(),
        result.runs().len()
    ));
    for (label, model) in marks {
        if let Some(index) = front.iter().position(|m| m == *model) {
            figure = figure.highlight(label, index);
        }
    }
    figure
}

/// Least error after each generation, the first run in black.
pub fn convergence(result: &SearchResult, error: Axis) -> ScatterFigure {
    let mut figure = ScatterFigure::new(Axis::dimensionless("generation"), error.log());
    let curve = |name: &str, run: &RunResult| {
        let generations: Vec<f64> = (0..run.history().len()).map(|g| g as f64).collect();
        Curve::new(name, generations, run.history())
    };
    for (i, run) in result.runs().iter().enumerate().skip(1) {
        let name = if i == 1 { "other runs" } else { "" };
        figure = figure.curve(curve(name, run).color(Color::LIGHT_GRAY));
    }
    match result.runs().first() {
        Some(first) => figure.curve(curve("first run", first)),
        None => figure,
    }
}

/// How many runs agree with the choice of all, by each rule, for several searches of the same rows.
pub fn agreement(searches: &[(&str, &SearchResult)], data: &Data) -> Outcome<(TableFigure, Value)> {
    let header = std::iter::once("law chosen by").chain(searches.iter().map(|s| s.0));
    let mut table = TableFigure::new(header.map(str::to_owned)).title("runs that agree on the law");
    let all = searches
        .iter()
        .map(|(_, result)| Agreement::of_all(result, data))
        .collect::<SymregResult<Vec<_>>>()?;
    let mut summary = serde_json::Map::new();
    for (k, (name, result)) in searches.iter().enumerate() {
        println!(
            "   {name}: the law of least description length of each run (* the same function as that of all)"
        );
        let by_length = all[k]
            .iter()
            .find(|a| a.choice() == Choice::DescriptionLength)
            .ok_or("no agreement by description length")?;
        for (run, agrees) in result.runs().iter().zip(by_length.runs()) {
            if let Some(law) = by_length.choice().of(run.front(), data)? {
                let mark = if *agrees { '*' } else { ' ' };
                println!("   {mark} {}", law.to_infix_rounded(3));
            }
        }
        let shares = all[k]
            .iter()
            .map(|a| (a.choice().name().to_owned(), json!(a.share())))
            .collect();
        summary.insert((*name).to_owned(), Value::Object(shares));
    }
    for (i, first) in all[0].iter().enumerate() {
        let counts = all
            .iter()
            .map(|found| format!("{} of {}", found[i].agreeing(), found[i].runs().len()));
        table = table.row(std::iter::once(first.choice().name().to_owned()).chain(counts));
    }
    Ok((table, Value::Object(summary)))
}

/// On how many seeds the laws of each of [`CHOICES`] hold the true groups, and on how many any law of the front does, on
/// rows generated from a law of Gan et al.
pub fn success(
    problem: &Problem,
    regressor: &SymbolicRegressor,
    seeds: u64,
) -> Outcome<[usize; N_CHOICES + 1]> {
    let mut counts = [0; N_CHOICES + 1];
    for seed in 1..=seeds {
        let data = problem.rows(seed, problem.n_rows, 0.0, problem.noise)?;
        let result = regressor
            .clone()
            .operators(problem.operators.iter().copied())
            .seed(seed)
            .fit(&data)?;
        let groups = problem
            .groups(&result, &data)?
            .ok_or("a problem without groups")?;
        let mut any = false;
        for model in result.front().models() {
            // The true groups and all of the inputs.
            any |= problem.has_true_groups(model, &data)? == Some(true)
                && model.expression().variables().len() == problem.names.len();
        }
        for (count, held) in counts.iter_mut().zip(groups.into_iter().chain([any])) {
            *count += usize::from(held);
        }
    }
    Ok(counts)
}

/// The count of each rule of choice, by its name.
fn of_each_rule(counts: &[usize]) -> String {
    let parts = CHOICES.iter().zip(counts);
    let parts: Vec<String> = parts.map(|(c, n)| format!("{} {n}", c.name())).collect();
    parts.join(", ")
}

/// The counts of [`success`] for the preset and for the full search, as a table and as JSON.
pub fn success_of_both(problem: &Problem, seeds: u64) -> Outcome<(TableFigure, Value)> {
    let presets = [
        ("gan", SymbolicRegressor::gan()),
        ("full", SymbolicRegressor::new()),
    ];
    let mut found = Vec::new();
    for (name, regressor) in &presets {
        let start = Instant::now();
        let counts = success(problem, regressor, seeds)?;
        println!(
            "   {name} preset: true groups of {seeds} seeds: {}, any of the front {} ({:.0} s)",
            of_each_rule(&counts),
            counts[N_CHOICES],
            start.elapsed().as_secs_f64()
        );
        found.push(counts);
    }
    let mut table = TableFigure::new(["true groups in the law of", "gan", "full"])
        .title(format!("searches of {seeds} generated tables"));
    let rules = CHOICES.iter().map(|c| c.name()).chain(["any of the front"]);
    for (i, rule) in rules.enumerate() {
        table = table.row([
            rule.to_owned(),
            found[0][i].to_string(),
            found[1][i].to_string(),
        ]);
    }
    let summary = |counts: &[usize]| -> Value {
        CHOICE_KEYS
            .iter()
            .copied()
            .chain(["front"])
            .map(str::to_owned)
            .zip(counts.iter().map(|c| json!(c)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    Ok((
        table,
        json!({"seeds": seeds, "gan": summary(&found[0]), "full": summary(&found[1])}),
    ))
}
