//! Fig. S6 of Gan et al.: the dimensionless numbers of keyhole depth (Eq. 1) and of porosity (Eq. 4), derived.
//!
//! For both lists of variables: the dimension matrix and its rank, the groups by repeating variables, the lattice basis
//! of all groups, the paper's own numbers as members of it, and how many other choices there are. The text of the
//! preprint has lost the picture, so this is the derivation, not its copy. No data; takes a second.
//! The figure and the same tables as Markdown and LaTeX go to `target/figures/gan_figs6_dimensional_analysis/`; the
//! last line of output is JSON. `--quick` changes nothing.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use dimless::{Group, System};
use meltpool_plot::{Figure, PanelFigure, TableFigure, Theme};
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/gan_figs6_dimensional_analysis";
/// Variables of both problems: name, unit, as text, as LaTeX.
const VARIABLES: [(&str, &str, &str, &str); 12] = [
    ("e", "m", "e", "e"),
    ("Phi", "1", "Φ", r"\Phi"),
    ("etaPe", "W", "η(P−P₀)", r"\eta(P-P_0)"),
    ("etamP", "W", "ηₘP", r"\eta_m P"),
    ("V", "m/s", "V", "V"),
    ("d", "m", "d", "d"),
    ("K", "W/(m K)", "K", "K"),
    ("rhoCp", "J/(m^3 K)", "ρCₚ", r"\rho C_p"),
    ("dTv", "K", "Tᵥ−T₀", "(T_v-T_0)"),
    ("dTm", "K", "Tₘ−T₀", "(T_m-T_0)"),
    ("H", "m", "H", "H"),
    ("L", "m", "L", "L"),
];
/// With these the textbook method gives the numbers of Eq. 1 as they are, but for T* upside down.
const REPEATING: [&str; 4] = ["d", "K", "rhoCp", "dTv"];

type Powers = &'static [(&'static str, i64)];

struct Problem {
    title: &'static str,
    variables: &'static [&'static str],
    /// The paper's numbers, as text, as LaTeX, and as powers.
    numbers: &'static [(&'static str, &'static str, Powers)],
}

const PE: (&str, &str, Powers) = (
    "Pe",
    r"\mathrm{Pe}",
    &[("V", 1), ("d", 1), ("rhoCp", 1), ("K", -1)],
);
const T: (&str, &str, Powers) = ("T*", "T^*", &[("dTv", 1), ("dTm", -1)]);
const PROBLEMS: [Problem; 2] = [
    Problem {
        title: "Keyhole depth, Eq. 1",
        variables: &["e", "etaPe", "V", "d", "K", "rhoCp", "dTv", "dTm"],
        numbers: &[
            ("e*", "e^*", &[("e", 1), ("d", -1)]),
            (
                "P*",
                "P^*",
                &[("etaPe", 1), ("d", -1), ("K", -1), ("dTv", -1)],
            ),
            PE,
            T,
        ],
    },
    Problem {
        title: "Porosity, Eq. 4",
        variables: &[
            "Phi", "etamP", "V", "d", "K", "rhoCp", "dTv", "dTm", "H", "L",
        ],
        numbers: &[
            ("Φ", r"\Phi", &[("Phi", 1)]),
            (
                "Pₘ*",
                "P_m^*",
                &[("etamP", 1), ("L", -1), ("K", -1), ("dTm", -1)],
            ),
            (
                "Pᵥ*",
                "P_v^*",
                &[("etamP", 1), ("H", -1), ("K", -1), ("dTv", -1)],
            ),
            PE,
            ("H*", "H^*", &[("H", 1), ("d", -1)]),
            T,
        ],
    },
];

fn main() -> Outcome<()> {
    let (mut markdown, mut latex) = (String::new(), String::new());
    let mut counts = Vec::new();
    for (problem, (stem, height)) in PROBLEMS.iter().zip([("figs6a", 144.0), ("figs6b", 146.0)]) {
        let derived = derive(problem)?;
        let page = PanelFigure::new(1)
            .panel(derived.matrix)
            .panel(derived.groups);
        let page = page.theme(Theme::page().height_mm(height));
        println!(
            "   {}",
            page.save_all(Path::new(FOLDER), stem)?.png.display()
        );
        markdown.push_str(&derived.markdown);
        latex.push_str(&derived.latex);
        counts.push(derived.counts);
    }
    // Regular and distinct sets and circuits by an independent exact program (sympy).
    assert_eq!(counts[0], [8, 4, 4, 35, 23, 14]);
    assert_eq!(counts[1], [10, 4, 6, 48, 31, 22]);
    for (name, text) in [("figs6.md", markdown), ("figs6.tex", latex)] {
        let path = Path::new(FOLDER).join(name);
        std::fs::write(&path, text)?;
        println!("{}", path.display());
    }
    let keys = [
        "variables",
        "rank",
        "groups",
        "regular_sets",
        "distinct_sets",
        "circuits",
    ];
    let object = |values: &[usize; 6]| -> serde_json::Map<String, serde_json::Value> {
        keys.iter()
            .zip(values)
            .map(|(k, v)| ((*k).to_owned(), json!(v)))
            .collect()
    };
    println!(
        "{}",
        json!({"depth": object(&counts[0]), "porosity": object(&counts[1])})
    );
    Ok(())
}

struct Derived {
    matrix: TableFigure,
    groups: TableFigure,
    markdown: String,
    latex: String,
    /// Variables, rank, groups, regular sets, distinct sets, circuits.
    counts: [usize; 6],
}

fn derive(problem: &Problem) -> Outcome<Derived> {
    let units = problem.variables.iter().map(|name| (*name, entry(name).1));
    let system = System::new(units)?;
    let basis = system.pi()?;
    let sets = system.repeating_sets()?;
    let (regular, distinct) = (sets.n_regular(), sets.distinct().len());
    let circuits = system.circuits()?.len();
    let (n, rank) = (system.n_variables(), basis.rank());
    println!(
        "{}: {n} variables, rank {rank}, {} groups; {regular} regular choices of repeating variables give {distinct} \
         distinct sets; {circuits} circuits",
        problem.title,
        basis.n_groups(),
    );
    let repeating = REPEATING.map(|name| entry(name).2).join(", ");
    let mut notes = vec![
        format!(
            "rank {rank}: {n} − {rank} = {} independent groups",
            basis.n_groups()
        ),
        format!(
            "{regular} regular choices of {rank} repeating variables, {distinct} distinct sets of groups, \
             {circuits} circuits"
        ),
        format!("By repeating variables {repeating}:"),
    ];
    let textbook: Vec<String> = system
        .with_repeating(&REPEATING)?
        .iter()
        .map(text)
        .collect();
    notes.extend(
        textbook
            .chunks(3)
            .map(|chunk| format!("   {}", chunk.join(",  "))),
    );

    // The paper's numbers in the lattice basis; they span all whole groups if their determinant is 1.
    let mut numbers = Vec::new();
    let mut coordinates = Vec::new();
    for (name, latex, powers) in problem.numbers {
        let group = system.group(powers)?;
        let found = basis
            .coordinates(group.exponents())?
            .ok_or("not dimensionless")?;
        let member = (1..)
            .map(|i| format!("Π{}", subscript(i)))
            .zip(found.iter().copied());
        let member = product(member);
        println!("   {name} = {} = {member}", text(&group));
        numbers.push(Number {
            name,
            latex,
            group,
            member,
        });
        coordinates.push(found);
    }
    let index = determinant(&coordinates).abs();
    assert_eq!(
        index, 1,
        "the paper's numbers generate every group by whole powers"
    );
    let basis_text: Vec<String> = basis.groups().iter().map(text).collect();
    Ok(Derived {
        matrix: matrix_table(problem, &system, &notes),
        groups: groups_table(problem, &numbers, &basis_text),
        markdown: markdown(problem, &system, &notes, &numbers, &basis_text)?,
        latex: latex(problem, &numbers)?,
        counts: [n, rank, basis.n_groups(), regular, distinct, circuits],
    })
}

/// One of the paper's numbers.
struct Number {
    name: &'static str,
    latex: &'static str,
    group: Group,
    /// Its expression in the lattice basis.
    member: String,
}

/// Header and rows of the dimension matrix.
fn matrix_cells(problem: &Problem, system: &System) -> Vec<Vec<String>> {
    let symbols = problem
        .variables
        .iter()
        .map(|name| entry(name).2.to_owned());
    let mut cells = vec![std::iter::once(String::new()).chain(symbols).collect()];
    for (index, unit) in ["kg", "m", "s", "K"].into_iter().enumerate() {
        let exponents = system
            .dimensions()
            .iter()
            .map(|d| d.exponents()[index].to_string());
        cells.push(std::iter::once(unit.to_owned()).chain(exponents).collect());
    }
    cells
}

fn matrix_table(problem: &Problem, system: &System, notes: &[String]) -> TableFigure {
    let mut cells = matrix_cells(problem, system).into_iter();
    let table = TableFigure::new(cells.next().unwrap_or_default());
    let table = cells.fold(table, TableFigure::row);
    let table = table.title(format!("{}: dimensions", problem.title));
    notes
        .iter()
        .fold(table, |table, note| table.note(note.as_str()))
}

fn groups_table(problem: &Problem, numbers: &[Number], basis: &[String]) -> TableFigure {
    let mut table = TableFigure::new(["number", "as in the paper", "in the lattice basis below"])
        .title(format!("{}: groups", problem.title));
    for number in numbers {
        table = table.row([
            number.name.to_owned(),
            text(&number.group),
            number.member.clone(),
        ]);
    }
    for (i, chunk) in basis.chunks(3).enumerate() {
        let named = chunk.iter().enumerate();
        let named = named.map(|(k, g)| format!("Π{} = {g}", subscript(3 * i + k + 1)));
        table = table.note(named.collect::<Vec<_>>().join(",  "));
    }
    table.note("Every group of whole powers is a product of whole powers of the paper's.")
}

fn markdown(
    problem: &Problem,
    system: &System,
    notes: &[String],
    numbers: &[Number],
    basis: &[String],
) -> Outcome<String> {
    let mut out = format!("## {}\n\n", problem.title);
    for (i, row) in matrix_cells(problem, system).iter().enumerate() {
        writeln!(out, "| {} |", row.join(" | "))?;
        if i == 0 {
            writeln!(out, "|{}", " --- |".repeat(row.len()))?;
        }
    }
    writeln!(out)?;
    for note in notes {
        writeln!(out, "{}  ", note.trim())?;
    }
    writeln!(out, "\n| number | in the lattice basis |\n| --- | --- |")?;
    for number in numbers {
        writeln!(
            out,
            "| ${} = {}$ | {} |",
            number.latex,
            fraction(&number.group),
            number.member
        )?;
    }
    writeln!(out, "\nLattice basis: {}.\n", basis.join(", "))?;
    Ok(out)
}

fn latex(problem: &Problem, numbers: &[Number]) -> Outcome<String> {
    let mut out = format!("% {}\n\\begin{{align}}\n", problem.title);
    for (i, number) in numbers.iter().enumerate() {
        let end = if i + 1 < numbers.len() { " \\\\" } else { "" };
        writeln!(
            out,
            "  {} &= {}{end}",
            number.latex,
            fraction(&number.group)
        )?;
    }
    out += "\\end{align}\n";
    Ok(out)
}

fn entry(name: &str) -> (&'static str, &'static str, &'static str, &'static str) {
    let found = VARIABLES.into_iter().find(|v| v.0 == name);
    found.expect("the list holds the variables of both problems")
}

/// A group as text: `V d ρCₚ K⁻¹`.
fn text(group: &Group) -> String {
    product(group.support().map(|(name, power)| {
        let symbol = entry(name).2;
        let bracketed = symbol.contains('−') && !symbol.contains('(');
        (
            if bracketed {
                format!("({symbol})")
            } else {
                symbol.to_owned()
            },
            power,
        )
    }))
}

fn product(factors: impl Iterator<Item = (String, i64)>) -> String {
    let digit = |c: char| {
        "⁰¹²³⁴⁵⁶⁷⁸⁹"
            .chars()
            .nth(c.to_digit(10).unwrap_or(0) as usize)
            .unwrap_or(c)
    };
    let written = factors.filter(|f| f.1 != 0).map(|(symbol, power)| {
        let power = match power {
            1 => String::new(),
            p => p
                .to_string()
                .chars()
                .map(|c| if c == '-' { '⁻' } else { digit(c) })
                .collect(),
        };
        symbol + &power
    });
    written.collect::<Vec<_>>().join(" ")
}

fn subscript(number: usize) -> String {
    let digit = |c: char| {
        "₀₁₂₃₄₅₆₇₈₉"
            .chars()
            .nth(c.to_digit(10).unwrap_or(0) as usize)
    };
    number.to_string().chars().filter_map(digit).collect()
}

/// A group as LaTeX.
fn fraction(group: &Group) -> String {
    let side = |sign: i64| -> Vec<String> {
        let factors = group.support().filter(|f| f.1.signum() == sign);
        let power = |p: i64| {
            if p.abs() == 1 {
                String::new()
            } else {
                format!("^{{{}}}", p.abs())
            }
        };
        factors
            .map(|(name, p)| entry(name).3.to_owned() + &power(p))
            .collect()
    };
    let (above, below) = (side(1).join(r"\,"), side(-1).join(r"\,"));
    let above = if above.is_empty() {
        "1".to_owned()
    } else {
        above
    };
    if below.is_empty() {
        above
    } else {
        format!(r"\frac{{{above}}}{{{below}}}")
    }
}

/// Determinant of a small matrix of whole numbers, by its first row.
fn determinant(rows: &[Vec<i64>]) -> i64 {
    let Some((first, rest)) = rows.split_first() else {
        return 1;
    };
    let minor = |skip: usize| -> Vec<Vec<i64>> {
        let without = |row: &Vec<i64>| {
            row.iter()
                .enumerate()
                .filter(|(j, _)| *j != skip)
                .map(|(_, v)| *v)
                .collect()
        };
        rest.iter().map(without).collect()
    };
    let terms = first.iter().enumerate().filter(|(_, v)| **v != 0);
    terms
        .map(|(j, v)| if j % 2 == 0 { 1 } else { -1 } * v * determinant(&minor(j)))
        .sum()
}
