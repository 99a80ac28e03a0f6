//! Fig. S1 of Gan et al. (preprint): how genetic programming makes new laws of old ones.
//!
//! A: the flow of the search, with the numbers of a real run. B: crossover, two laws of that run exchanging
//! subtrees. C: mutation, a subtree of one law replaced by a random one. The trees are those of expressions that the run
//! found, on rows generated from the published depth law (Eq. 2) with 3 % noise, as the figure says; exchanged
//! parts are shaded. Takes some seconds. Writes SVG and CSV to `target/figures/gan_figs1_genetic_operators/`; the
//! last line of output is JSON.

#[path = "support/diagram.rs"]
mod diagram;
#[path = "support/symreg_cli.rs"]
#[expect(dead_code, reason = "this example needs only the generated rows")]
mod symreg_cli;

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use diagram::{Page, arrow};
use serde_json::json;
use symreg::{Data, Expression, Operator, SearchResult, SymbolicRegressor, Token};
use symreg_cli::generated;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/gan_figs1_genetic_operators";
const NAMES: [&str; 3] = ["Ps", "Pe", "Ts"];
const SEED: u64 = 1;

fn main() -> Outcome {
    let quick = std::env::args().any(|a| a == "--quick");
    let table = generated(SEED);
    let columns: Vec<Vec<f64>> = NAMES
        .iter()
        .map(|n| table.numbers(n))
        .collect::<Outcome<_>>()?;
    let data = Data::from_columns(
        NAMES.into_iter().zip(columns),
        ("depth", table.numbers("depth")?),
    )?;
    let (population, generations) = if quick { (150, 8) } else { (500, 30) };
    let result = SymbolicRegressor::new()
        .max_genes(1)
        .operators([
            Operator::Add,
            Operator::Sub,
            Operator::Mul,
            Operator::Div,
            Operator::Exp,
            Operator::Erf,
        ])
        .population_size(population)
        .max_generations(generations)
        .runs(1)
        .seed(SEED)
        .fit(&data)?;

    // Two genes of the front that are large enough to have parts, and the parts that they exchange.
    let genes: Vec<&Expression> = result
        .front()
        .models()
        .iter()
        .flat_map(symreg::Model::genes)
        .filter(|g| (5..=14).contains(&g.node_count()))
        .collect();
    let (first, second) = match genes.as_slice() {
        [first, .., second] => (*first, *second),
        _ => return Err("the front has no two laws of 5 to 14 nodes".into()),
    };
    let (i, j) = (inner_node(first)?, inner_node(second)?);
    let (child, other) = (
        exchanged(first, i, second, j)?,
        exchanged(second, j, first, i)?,
    );
    assert_eq!(
        child.0.node_count() + other.0.node_count(),
        first.node_count() + second.node_count(),
        "crossover moves nodes and makes none"
    );
    let fresh = Expression::parse("erf(Ts - 2)", &NAMES)?;
    let mutant = exchanged(second, j, &fresh, fresh.node_count() - 1)?;
    assert_eq!(
        mutant.0.node_count(),
        second.node_count() - part(second, j).len() + fresh.node_count()
    );

    let mut page = Page::default();
    flow_chart(&mut page, &result, population, generations);
    page.heading("B  Crossover: two laws of the run exchange the shaded subtrees");
    let parents = [(first, part(first, i)), (second, part(second, j))];
    page.trees(
        &NAMES,
        &parents.map(|(e, marks)| (e.clone(), marks)),
        &["parent 1", "parent 2"],
    )?;
    page.trees(
        &NAMES,
        &[child.clone(), other.clone()],
        &["child 1", "child 2"],
    )?;
    page.heading("C  Mutation: a subtree is replaced by a random one");
    page.trees(
        &NAMES,
        &[(second.clone(), part(second, j)), mutant.clone()],
        &["before", "after"],
    )?;

    fs::create_dir_all(FOLDER)?;
    let path = Path::new(FOLDER).join("genetic_operators.svg");
    fs::write(&path, page.finish())?;
    println!("{}", path.display());
    let rows = [
        ("parent 1", first),
        ("parent 2", second),
        ("child 1", &child.0),
        ("child 2", &other.0),
        ("mutant", &mutant.0),
    ];
    write_table(&rows)?;
    println!(
        "{}",
        json!({"parents": 2, "children": 2, "population": population, "generations": generations,
               "evaluations": result.runs()[0].evaluations()})
    );
    Ok(())
}

/// The laws as text and as a table.
fn write_table(rows: &[(&str, &Expression)]) -> Outcome {
    let mut csv = String::from("role,nodes,complexity,expression\n");
    for (role, e) in rows {
        let text = e.to_infix(&NAMES)?;
        println!("{role:>9}: {text}");
        writeln!(
            csv,
            "{role},{},{},\"{text}\"",
            e.node_count(),
            e.complexity()
        )?;
    }
    fs::write(Path::new(FOLDER).join("genetic_operators.csv"), csv)?;
    Ok(())
}

/// The largest subtree that is not the whole and not a leaf.
fn inner_node(e: &Expression) -> Outcome<usize> {
    (0..e.node_count() - 1)
        .filter(|&i| e.tokens()[i].arity() > 0)
        .max_by_key(|&i| (part(e, i).len() <= 5, part(e, i).len()))
        .ok_or_else(|| "a law has no inner operator".into())
}

/// Token indices of the subtree at `root`.
fn part(e: &Expression, root: usize) -> Vec<usize> {
    (e.subtree_start(root)..=root).collect()
}

/// `a` with its subtree at `i` replaced by the subtree of `b` at `j`, and where that is now.
fn exchanged(
    a: &Expression,
    i: usize,
    b: &Expression,
    j: usize,
) -> Outcome<(Expression, Vec<usize>)> {
    let start = a.subtree_start(i);
    let moved: &[Token] = &b.tokens()[b.subtree_start(j)..=j];
    let tokens = [&a.tokens()[..start], moved, &a.tokens()[i + 1..]].concat();
    Ok((
        Expression::from_tokens(tokens)?,
        (start..start + moved.len()).collect(),
    ))
}

/// The loop of the search, with the numbers of this run.
fn flow_chart(page: &mut Page, result: &SearchResult, population: usize, generations: usize) {
    page.heading("A  The search (rows generated from Eq. 2 with 3 % noise)");
    let history = result.runs()[0].history();
    let (first, last) = (history[0], history[history.len() - 1]);
    let evaluations = result.runs()[0].evaluations();
    let boxes = [
        (
            "random population".to_owned(),
            format!("{population} laws, RMSE {first:.3}"),
        ),
        (
            "constants fitted".to_owned(),
            format!("{evaluations} fits in all"),
        ),
        (
            "Pareto tournament".to_owned(),
            "RMSE and complexity".to_owned(),
        ),
        ("crossover, mutation".to_owned(), "parts B and C".to_owned()),
        (
            "new population".to_owned(),
            format!("RMSE {last:.3} at the end"),
        ),
    ];
    let (width, gap, top) = (190.0, 42.0, page.height + 20.0);
    for (k, (name, detail)) in boxes.iter().enumerate() {
        let left = 24.0 + k as f64 * (width + gap);
        let _ = write!(
            page.body,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"64\" rx=\"8\" fill=\"#eaf3fb\" stroke=\"#0072b2\" stroke-width=\"2\"/>"
        );
        page.text(left + 0.5 * width, top + 28.0, 16, "middle", name);
        page.text(left + 0.5 * width, top + 49.0, 13, "middle", detail);
        if k > 0 {
            arrow(
                page,
                &[(left - gap + 3.0, top + 32.0), (left - 3.0, top + 32.0)],
            );
        }
    }
    let back = |k: f64| 24.0 + k * (width + gap) + 0.5 * width;
    let low = top + 100.0;
    arrow(
        page,
        &[
            (back(4.0), top + 66.0),
            (back(4.0), low),
            (back(1.0), low),
            (back(1.0), top + 68.0),
        ],
    );
    page.text(
        0.5 * (back(1.0) + back(4.0)),
        low - 8.0,
        14,
        "middle",
        &format!("{generations} generations"),
    );
    page.height = low + 16.0;
}
