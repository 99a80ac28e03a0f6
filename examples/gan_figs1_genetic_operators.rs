//! Fig. S1 of Gan et al. (preprint): how genetic programming makes new laws of old ones.
//!
//! A: the flow of the search, with the numbers of a real run. B: crossover, two laws of that run exchanging
//! subtrees. C: mutation, a subtree of one law replaced by a random one. The trees are those of expressions that the run
//! found, on rows generated from the published depth law (Eq. 2) with 3 % noise, as the figure says; exchanged
//! parts are shaded. Takes some seconds. Writes SVG and CSV to `target/figures/gan_figs1_genetic_operators/`; the
//! last line of output is JSON.

#[path = "support/symreg_cli.rs"]
#[expect(dead_code, reason = "this example needs only the generated rows")]
mod symreg_cli;

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::json;
use symreg::{Data, Expression, Operator, SearchResult, SymbolicRegressor, Token};
use symreg_cli::generated;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/gan_figs1_genetic_operators";
const NAMES: [&str; 3] = ["Ps", "Pe", "Ts"];
const SEED: u64 = 1;

fn main() -> Outcome {
    let quick = std::env::args().any(|a| a == "--quick");
    let table = generated(SEED)?;
    let columns: Vec<Vec<f64>> = NAMES.iter().map(|n| table.numbers(n)).collect::<Outcome<_>>()?;
    let data = Data::from_columns(NAMES.into_iter().zip(columns), ("depth", table.numbers("depth")?))?;
    let (population, generations) = if quick { (150, 8) } else { (500, 30) };
    let result = SymbolicRegressor::new()
        .max_genes(1)
        .operators([Operator::Add, Operator::Sub, Operator::Mul, Operator::Div, Operator::Exp, Operator::Erf])
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
    let (child, other) = (exchanged(first, i, second, j)?, exchanged(second, j, first, i)?);
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
    page.trees(&parents.map(|(e, marks)| (e.clone(), marks)), &["parent 1", "parent 2"])?;
    page.trees(&[child.clone(), other.clone()], &["child 1", "child 2"])?;
    page.heading("C  Mutation: a subtree is replaced by a random one");
    page.trees(&[(second.clone(), part(second, j)), mutant.clone()], &["before", "after"])?;

    fs::create_dir_all(FOLDER)?;
    let path = Path::new(FOLDER).join("genetic_operators.svg");
    fs::write(&path, page.finish())?;
    println!("{}", path.display());
    let mut csv = String::from("role,nodes,complexity,expression\n");
    let rows = [
        ("parent 1", first),
        ("parent 2", second),
        ("child 1", &child.0),
        ("child 2", &other.0),
        ("mutant", &mutant.0),
    ];
    for (role, e) in rows {
        let text = e.to_infix(&NAMES)?;
        println!("{role:>9}: {text}");
        writeln!(csv, "{role},{},{},\"{text}\"", e.node_count(), e.complexity())?;
    }
    fs::write(Path::new(FOLDER).join("genetic_operators.csv"), csv)?;
    println!(
        "{}",
        json!({"parents": 2, "children": 2, "population": population, "generations": generations,
               "evaluations": result.runs()[0].evaluations()})
    );
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
fn exchanged(a: &Expression, i: usize, b: &Expression, j: usize) -> Outcome<(Expression, Vec<usize>)> {
    let start = a.subtree_start(i);
    let moved: &[Token] = &b.tokens()[b.subtree_start(j)..=j];
    let tokens = [&a.tokens()[..start], moved, &a.tokens()[i + 1..]].concat();
    Ok((Expression::from_tokens(tokens)?, (start..start + moved.len()).collect()))
}

/// An SVG page that grows downward.
#[derive(Default)]
struct Page {
    body: String,
    height: f64,
}

const WIDTH: f64 = 1160.0;

impl Page {
    fn text(&mut self, x: f64, y: f64, size: u32, anchor: &str, text: &str) {
        let _ = write!(
            self.body,
            "<text x=\"{x:.0}\" y=\"{y:.0}\" font-size=\"{size}\" text-anchor=\"{anchor}\">{text}</text>"
        );
    }

    fn heading(&mut self, text: &str) {
        self.height += 44.0;
        self.text(16.0, self.height, 19, "start", text);
        self.height += 14.0;
    }

    /// Trees side by side under their captions and above their formulas.
    fn trees(&mut self, trees: &[(Expression, Vec<usize>)], captions: &[&str]) -> Outcome {
        let slot = WIDTH / trees.len() as f64;
        let top = self.height + 30.0;
        let mut lowest = top;
        for (k, ((e, marks), caption)) in trees.iter().zip(captions).enumerate() {
            let picture = rounded(e)?.to_svg(&NAMES, marks)?;
            let (width, height) = (size(&picture, "width")?, size(&picture, "height")?);
            let scale = (1.0_f64).min((slot - 40.0) / width);
            let left = slot * (k as f64 + 0.5) - 0.5 * scale * width;
            self.text(slot * (k as f64 + 0.5), top - 10.0, 15, "middle", caption);
            let inner = picture
                .split_once('>')
                .and_then(|(_, rest)| rest.rsplit_once("</svg>"))
                .ok_or("a tree without a picture")?
                .0;
            let _ = write!(
                self.body,
                "<g transform=\"translate({left:.1} {top:.1}) scale({scale:.3})\">{inner}</g>"
            );
            let below = top + scale * height + 24.0;
            self.text(slot * (k as f64 + 0.5), below, 14, "middle", &e.to_infix_rounded(&NAMES, 3)?);
            lowest = lowest.max(below);
        }
        self.height = lowest + 10.0;
        Ok(())
    }

    fn finish(self) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{0:.0}\" viewBox=\"0 0 {WIDTH} {0:.0}\" \
             font-family=\"Arial, DejaVu Sans, sans-serif\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>{1}</svg>\n",
            self.height + 20.0,
            self.body
        )
    }
}

/// The law with numbers short enough for a picture.
fn rounded(e: &Expression) -> Outcome<Expression> {
    let tokens = e.tokens().iter().map(|t| match t {
        Token::Constant(c) => format!("{c:.2e}").parse().map(Token::Constant),
        other => Ok(*other),
    });
    Ok(Expression::from_tokens(tokens.collect::<Result<_, _>>()?)?)
}

fn size(picture: &str, name: &str) -> Outcome<f64> {
    let start = picture.find(&format!(" {name}=\"")).ok_or("a picture without a size")? + name.len() + 3;
    let length = picture[start..].find('"').ok_or("a picture without a size")?;
    Ok(picture[start..start + length].parse()?)
}

/// The loop of the search, with the numbers of this run.
fn flow_chart(page: &mut Page, result: &SearchResult, population: usize, generations: usize) {
    page.heading("A  The search (rows generated from Eq. 2 with 3 % noise)");
    let history = result.runs()[0].history();
    let (first, last) = (history[0], history[history.len() - 1]);
    let evaluations = result.runs()[0].evaluations();
    let boxes = [
        ("random population".to_owned(), format!("{population} laws, RMSE {first:.3}")),
        ("constants fitted".to_owned(), format!("{evaluations} fits in all")),
        ("Pareto tournament".to_owned(), "RMSE and complexity".to_owned()),
        ("crossover, mutation".to_owned(), "parts B and C".to_owned()),
        ("new population".to_owned(), format!("RMSE {last:.3} at the end")),
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
            arrow(page, &[(left - gap + 3.0, top + 32.0), (left - 3.0, top + 32.0)]);
        }
    }
    let back = |k: f64| 24.0 + k * (width + gap) + 0.5 * width;
    let low = top + 100.0;
    arrow(page, &[(back(4.0), top + 66.0), (back(4.0), low), (back(1.0), low), (back(1.0), top + 68.0)]);
    page.text(0.5 * (back(1.0) + back(4.0)), low - 8.0, 14, "middle", &format!("{generations} generations"));
    page.height = low + 16.0;
}

/// A line with a head at its end.
fn arrow(page: &mut Page, points: &[(f64, f64)]) {
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = write!(
        page.body,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#555\" stroke-width=\"2\"/>",
        path.join(" ")
    );
    if let [.., (ax, ay), (bx, by)] = points {
        let length = (bx - ax).hypot(by - ay);
        let (dx, dy) = ((bx - ax) / length, (by - ay) / length);
        let _ = write!(
            page.body,
            "<polygon points=\"{:.1},{:.1} {:.1},{:.1} {:.1},{:.1}\" fill=\"#555\"/>",
            bx, by,
            bx - 9.0 * dx - 5.0 * dy, by - 9.0 * dy + 5.0 * dx,
            bx - 9.0 * dx + 5.0 * dy, by - 9.0 * dy - 5.0 * dx
        );
    }
}
