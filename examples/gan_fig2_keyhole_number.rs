//! Fig. 2B of Gan et al.: ninety measured keyhole depths fall on one curve of the Keyhole number.
//!
//! Reads the keyhole depths measured by X-ray imaging in Ti-6Al-4V, Al6061 and SS316, reduces them
//! by dimensional analysis, verifies the published law, then *searches* for it by genetic
//! programming on the training alloy alone, and prints what these rows decide and what they do
//! not. Data: the project's own table of published measurements (Cunningham et al. 2019,
//! doi 10.1126/science.aav4687; Gan et al. 2021, doi 10.1038/s41467-021-22704-0); nothing here is
//! simulated. Takes about twenty seconds on two cores. Figures and tables go to
//! `target/figures/gan_fig2_keyhole_number/`; the last line of output is JSON. With `--quick` the
//! searches are a quarter as long.

#[path = "support/keyhole.rs"]
mod keyhole;

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use dimless::{ExponentialDepthLaw, Source, System};
use keyhole::{FUNCTIONS, Keyholes, keyhole_search, keyholes, self_consistent};
use meltpool_plot::{
    Axis, Band, Curve, Figure, OKABE_ITO, ParetoFigure, ParityFigure, ScatterFigure, Series, Theme,
};
use serde_json::{Map, Value};
use symreg::{
    ConstantFit, Criterion, Data, Expression, Model, Operator, ParetoFront, Penalty, RunResult,
    Score, SearchResult, SymbolicRegressor,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const ALLOYS: [&str; 3] = ["Ti-6Al-4V", "Al6061", "SS316"];
const TRAINING: &str = ALLOYS[0];
const SEED: u64 = 1;
const FOLDER: &str = "target/figures/gan_fig2_keyhole_number";

fn main() -> Outcome<()> {
    let start = Instant::now();
    let quick = std::env::args().any(|a| a == "--quick");
    let search = keyhole_search(SEED);
    let search = if quick {
        search.population_size(250).max_generations(15)
    } else {
        search
    };
    let mut summary = Map::new();
    let keyholes = keyholes(&Source::GanTableS1)?;

    println!("1. Dimensional analysis of Eq. 1");
    print_groups()?;
    println!(
        "\n2. The published law, e/d = 5.12 - 5.07 exp(-Ke), Ke = P*/(Pe T*), Table S1, T0 = 298 K"
    );
    let published = verify_published(&keyholes, &mut summary)?;
    println!("\n3. The search, on the 71 rows of {TRAINING} alone");
    let (ti, rest) = keyholes
        .data
        .split_by_label(&keyholes.material, |m| m == TRAINING)?;
    let result = search_one_alloy(&search, &ti, &rest, &mut summary)?;
    let (_, chosen) = result.front().knee().ok_or("the front has no knee")?;
    println!("\n4. The chosen structure with T* where the paper has it");
    let refitted = place_t_star(&keyholes, &ti, &mut summary)?;
    println!("\n5. What the {TRAINING} rows do not decide");
    print_undecided(&search, chosen, &ti, &rest, &mut summary)?;
    println!("\n6. Two alloys, {TRAINING} and Al6061; tested on SS316");
    search_two_alloys(&search, &keyholes, &published.predicted, &mut summary)?;
    println!("\n7. Figures");
    draw(&keyholes, &published, refitted, &result, chosen)?;

    let seconds = start.elapsed().as_secs_f64();
    summary.insert("seconds".into(), ((seconds * 10.0).round() / 10.0).into());
    println!("{}", Value::Object(summary));
    Ok(())
}

/// What the published law gives for each row.
struct Published {
    keyhole_number: Vec<f64>,
    /// Depths with the measured depth in the absorptivity.
    predicted: Vec<f64>,
    /// Depths without it.
    leak_free: Vec<f64>,
    scores: [Score; 2],
}

fn verify_published(keyholes: &Keyholes, summary: &mut Map<String, Value>) -> Outcome<Published> {
    let law = ExponentialDepthLaw::published();
    let [ps, pe, ts] = [0, 1, 2].map(|j| &keyholes.data.columns()[j]);
    let keyhole_number: Vec<f64> = (0..ps.len()).map(|i| ps[i] / (pe[i] * ts[i])).collect();
    let predicted = keyhole_number
        .iter()
        .map(|k| law.predict(*k))
        .collect::<Result<Vec<f64>, _>>()?;
    let leak_free = self_consistent(keyholes, law)?;
    let [train, test] = print_scores("published", keyholes, &predicted)?;
    let [train_free, test_free] = print_scores("published, self-consistent", keyholes, &leak_free)?;
    println!("   (self-consistent: the measured depth does not enter the absorptivity)");
    assert!((train.r2 - 0.9773).abs() < 5e-4 && (test.r2 - 0.8818).abs() < 2e-3);
    assert!((train.rmse - 0.180).abs() < 2e-3 && (test.rmse - 0.567).abs() < 2e-3);
    assert!((train_free.r2 - 0.962).abs() < 5e-3 && (test_free.r2 - 0.833).abs() < 5e-3);
    summary.insert("r2_train_published".into(), train.r2.into());
    summary.insert("r2_test_published".into(), test.r2.into());
    summary.insert("rmse_train_published".into(), train.rmse.into());
    summary.insert("rmse_test_published".into(), test.rmse.into());
    summary.insert("r2_train_self_consistent".into(), train_free.r2.into());
    summary.insert("r2_test_self_consistent".into(), test_free.r2.into());
    Ok(Published {
        keyhole_number,
        predicted,
        leak_free,
        scores: [train, test],
    })
}

fn search_one_alloy(
    regressor: &SymbolicRegressor,
    ti: &Data,
    rest: &Data,
    summary: &mut Map<String, Value>,
) -> Outcome<SearchResult> {
    println!(
        "   constant on these rows, so its exponent cannot be learned here: {}",
        constants(ti)?
    );
    let result = search("nine functions, one gene", regressor, ti)?;
    print_front(result.front(), ti, rest, 16)?;
    let (knee, chosen) = result.front().knee().ok_or("the front has no knee")?;
    println!(
        "   chosen: the knee (*) of ln RMSE between complexities {} and {}, RMSE {:.3} and {:.3}",
        knee.complexity_range.0, knee.complexity_range.1, knee.error_range.0, knee.error_range.1
    );
    let holding = print_runs(&result, ti, true)?;
    summary.insert("law".into(), chosen.to_infix().into());
    summary.insert("r2_train_selected".into(), chosen.r2().into());
    summary.insert("r2_test_selected".into(), chosen.score(rest)?.r2.into());
    summary.insert("group_found".into(), (holding >= 4).into());
    summary.insert("seeds_with_group".into(), holding.into());
    Ok(result)
}

/// Eq. 2 with its three coefficients fitted to the training alloy.
fn place_t_star(
    keyholes: &Keyholes,
    ti: &Data,
    summary: &mut Map<String, Value>,
) -> Outcome<ExponentialDepthLaw> {
    let gene = Expression::parse("exp(-1*(Ps/(Pe*Ts)))", ti.names())?;
    let model = ConstantFit::new().fit(&[gene], ti)?;
    println!(
        "   fitted on {TRAINING}: depth = {}",
        model.to_infix_rounded(4)
    );
    let rate = model.genes()[0].constants().next().ok_or("no rate")?;
    let law = ExponentialDepthLaw::new(model.bias(), -model.weights()[0], -rate);
    let [_, test] = print_scores("refitted", keyholes, &model.predict_data(&keyholes.data)?)?;
    print_scores(
        "refitted, self-consistent",
        keyholes,
        &self_consistent(keyholes, law)?,
    )?;
    summary.insert("law_with_t_star".into(), model.to_infix().into());
    summary.insert("r2_test_with_t_star".into(), test.r2.into());
    Ok(law)
}

fn print_undecided(
    base: &SymbolicRegressor,
    chosen: &Model,
    ti: &Data,
    rest: &Data,
    summary: &mut Map<String, Value>,
) -> Outcome<()> {
    let with = |extra| base.clone().operators(FUNCTIONS.into_iter().chain([extra]));
    for (key, label, variant) in [
        ("log", "with log", with(Operator::Log)),
        ("sqrt", "with sqrt", with(Operator::Sqrt)),
        ("two_genes", "up to two genes", base.clone().max_genes(2)),
        ("four_genes", "up to four genes", base.clone().max_genes(4)),
    ] {
        let result = search(label, &variant, ti)?;
        summary.insert(
            format!("seeds_with_group_{key}"),
            print_runs(&result, ti, false)?.into(),
        );
        print_best(&result, chosen, ti, rest)?;
    }
    println!(
        "   So the ratio is the parsimonious choice, not the only one: laws that break it have a lower BIC"
    );
    println!(
        "   on these rows. RMSE rewards them, and P* holds the measured depth through the absorptivity."
    );
    Ok(())
}

fn search_two_alloys(
    regressor: &SymbolicRegressor,
    keyholes: &Keyholes,
    published: &[f64],
    summary: &mut Map<String, Value>,
) -> Outcome<()> {
    let (two, steel) = keyholes
        .data
        .split_by_label(&keyholes.material, |m| m != ALLOYS[2])?;
    let result = search("nine functions, one gene", regressor, &two)?;
    print_front(result.front(), &two, &steel, 8)?;
    let holding = print_runs(&result, &two, true)?;
    let (_, law) = result.front().knee().ok_or("the front has no knee")?;
    let product = law
        .expression()
        .power_product(&two)?
        .ok_or("the law at the knee holds no single group")?;
    let selected = law.score(&steel)?.r2;
    let published = Score::of(steel.target(), &pick(keyholes, published, ALLOYS[2]))?.r2;
    println!("   SS316, R2: selected {selected:.4}, published {published:.4}");
    print_links(&two, &steel)?;
    summary.insert("law_two_alloys".into(), law.to_infix().into());
    summary.insert("t_star_exponent".into(), (product[2] / product[0]).into());
    summary.insert("seeds_with_group_two_alloys".into(), holding.into());
    summary.insert("r2_ss316_two_alloys".into(), selected.into());
    summary.insert("r2_ss316_published".into(), published.into());
    Ok(())
}

/// The variables of Eq. 1, their groups, and the paper's four numbers as members of the lattice.
fn print_groups() -> Outcome<()> {
    let system = System::new([
        ("e", "m"),
        ("etaP", "W"),
        ("V", "m/s"),
        ("d", "m"),
        ("K", "W/(m*K)"),
        ("rhoCp", "J/(m^3*K)"),
        ("dTv", "K"),
        ("dTm", "K"),
    ])?;
    let basis = system.pi()?;
    println!(
        "   8 variables, rank {}, {} groups; a lattice basis:",
        basis.rank(),
        basis.n_groups()
    );
    for group in basis.groups() {
        println!("     {group}");
    }
    for (name, powers) in [
        ("e*", vec![("e", 1), ("d", -1)]),
        ("P*", vec![("etaP", 1), ("d", -1), ("K", -1), ("dTv", -1)]),
        ("Pe", vec![("rhoCp", 1), ("V", 1), ("d", 1), ("K", -1)]),
        ("T*", vec![("dTv", 1), ("dTm", -1)]),
    ] {
        let group = system.group(&powers)?;
        let member = basis.contains(group.exponents());
        println!(
            "   {name} = {group}: {}",
            if member {
                "dimensionless, in the lattice"
            } else {
                "NO GROUP"
            }
        );
        assert!(member);
    }
    Ok(())
}

/// Values of the rows of one alloy.
fn pick(keyholes: &Keyholes, values: &[f64], alloy: &str) -> Vec<f64> {
    let rows = keyholes.material.iter().zip(values);
    rows.filter(|(m, _)| *m == alloy).map(|(_, v)| *v).collect()
}

/// Scores on the training alloy and on the two others together, which are returned, and on each.
fn print_scores(name: &str, keyholes: &Keyholes, predicted: &[f64]) -> Outcome<[Score; 2]> {
    let score = |keep: &dyn Fn(&str) -> bool| {
        let select = |values: &[f64]| -> Vec<f64> {
            let rows = keyholes.material.iter().zip(values);
            rows.filter(|(m, _)| keep(m)).map(|(_, v)| *v).collect()
        };
        Score::of(&select(keyholes.data.target()), &select(predicted))
    };
    let (train, test) = (score(&|m| m == TRAINING)?, score(&|m| m != TRAINING)?);
    let (al, ss) = (score(&|m| m == ALLOYS[1])?, score(&|m| m == ALLOYS[2])?);
    println!(
        "   {name:29} R2 {TRAINING} {:.4} (RMSE {:.3}), Al6061+SS316 {:.4} (RMSE {:.3}), Al6061 {:.4}, SS316 {:.4}",
        train.r2, train.rmse, test.r2, test.rmse, al.r2, ss.r2
    );
    Ok([train, test])
}

/// The constant columns with their values by both property sets.
fn constants(ti: &Data) -> Outcome<String> {
    let names = ti.report().constant_columns().join(", ");
    let other = keyholes(&Source::KeyholeTable)?;
    let row = other
        .material
        .iter()
        .position(|m| m == TRAINING)
        .ok_or("no training row")?;
    Ok(format!(
        "{names} = {:.3} (Table S1; {:.3} by the properties of the keyhole table)",
        ti.column("Ts")?[0],
        other.data.column("Ts")?[row]
    ))
}

/// Searches with a progress line on standard error: one that is overwritten on a terminal, else one
/// a run.
fn search(label: &str, regressor: &SymbolicRegressor, data: &Data) -> Outcome<SearchResult> {
    let start = Instant::now();
    let terminal = std::io::stderr().is_terminal();
    let result = regressor.fit_observed(data, |p| {
        if terminal || p.generation == p.max_generations {
            eprint!(
                "{}   searching ({label}): run {}/{}, generation {:2}/{}, best RMSE {:.4}{}",
                if terminal { "\r" } else { "" },
                p.run + 1,
                p.n_runs,
                p.generation,
                p.max_generations,
                p.best_error,
                if terminal { "   " } else { "\n" }
            );
        }
        // A progress line that cannot be written is no reason to stop.
        let _ = std::io::stderr().flush();
        ControlFlow::Continue(())
    })?;
    if terminal {
        eprint!("\r{:78}\r", "");
    }
    let evaluations: u64 = result.runs().iter().map(RunResult::evaluations).sum();
    println!(
        "   {label}: {} runs, {evaluations} models fitted in {:.1} s",
        result.runs().len(),
        start.elapsed().as_secs_f64()
    );
    Ok(result)
}

/// Whether a law holds P* and Pe only as P*/Pe.
fn holds_ratio(model: &Model, data: &Data) -> Outcome<bool> {
    Ok(model
        .expression()
        .has_scaling_symmetry(&[1.0, 1.0, 0.0], data)?)
}

fn print_front(front: &ParetoFront, train: &Data, test: &Data, most: usize) -> Outcome<()> {
    println!("     C   k   RMSE     AIC    AICc     BIC  R2test  P*/Pe  depth =");
    let knee = front.knee().map(|(k, _)| k.index);
    for (i, model) in front.models().iter().enumerate().take(most) {
        let criterion = |c: Criterion| c.of(model, Penalty::FittedConstants).unwrap_or(f64::NAN);
        println!(
            "   {}{:3} {:3} {:6.4} {:7.1} {:7.1} {:7.1} {:7.3}  {:5}  {}",
            if knee == Some(i) { '*' } else { ' ' },
            model.complexity(),
            model.fitted_constants(),
            model.rmse(),
            criterion(Criterion::Aic),
            criterion(Criterion::Aicc),
            criterion(Criterion::Bic),
            model.score(test)?.r2,
            if holds_ratio(model, train)? {
                "only"
            } else {
                "no"
            },
            model.to_infix_rounded(4)
        );
    }
    Ok(())
}

/// The law at the knee of each run; returns how many of them hold P* and Pe only as P*/Pe.
fn print_runs(result: &SearchResult, data: &Data, each: bool) -> Outcome<usize> {
    let mut holding = 0;
    for (i, run) in result.runs().iter().enumerate() {
        let (_, model) = run.front().knee().ok_or("the front of a run has no knee")?;
        let holds = holds_ratio(model, data)?;
        holding += usize::from(holds);
        if each {
            let group = model.expression().power_product(data)?;
            let text = group.map_or("none".into(), |e| {
                format!("Ps^{} Pe^{} Ts^{}", e[0], e[1], e[2])
            });
            println!(
                "     run {i}: group {text:18} {}",
                model.to_infix_rounded(4)
            );
        }
    }
    println!(
        "     the knee holds P* and Pe only as P*/Pe on {holding} of {} runs",
        result.runs().len()
    );
    Ok(holding)
}

/// Three decimals, or a power of ten where a law explodes.
fn short(value: f64) -> String {
    if value.abs() < 1000.0 {
        format!("{value:.3}")
    } else {
        format!("{value:.0e}")
    }
}

/// The knee and the law of least BIC of a search, beside the BIC of the chosen law.
fn print_best(result: &SearchResult, chosen: &Model, train: &Data, test: &Data) -> Outcome<()> {
    let bic = |m: &Model| {
        Criterion::Bic
            .of(m, Penalty::FittedConstants)
            .unwrap_or(f64::NAN)
    };
    let knee = result.front().knee().map(|(_, m)| m);
    let least = result
        .front()
        .best(Criterion::Bic, Penalty::FittedConstants)
        .map(|(m, _)| m);
    for (name, model) in [("knee", knee), ("least BIC", least)] {
        let Some(model) = model else { continue };
        println!(
            "     {name:9} BIC {:.1} ({:+.1} against the chosen law), P*/Pe {}, R2 test {}: {}",
            bic(model),
            bic(model) - bic(chosen),
            if holds_ratio(model, train)? {
                "only"
            } else {
                "broken"
            },
            short(model.score(test)?.r2),
            model.to_infix_rounded(3)
        );
    }
    Ok(())
}

/// BIC of link functions of P*/Pe T*^b: what two alloys say of link and exponent.
fn print_links(two: &Data, ss: &Data) -> Outcome<()> {
    println!("   BIC (R2 on SS316) of links of x = P*/Pe T*^b:");
    println!(
        "     {:22}{:>18}{:>18}{:>18}{:>18}",
        "link", "b = -2", "b = -1", "b = -1/2", "b = 0"
    );
    for (name, gene) in [
        ("linear", "x"),
        ("power, x^c", "(x)^0.7"),
        ("exponential", "exp(-0.5*(x))"),
        ("hyperbolic, x/(c+x)", "(x)/(2+x)"),
    ] {
        print!("     {name:22}");
        for group in ["Ps/Pe/square(Ts)", "Ps/Pe/Ts", "Ps/Pe/sqrt(Ts)", "Ps/Pe"] {
            // The letter stands in no function name but exp, which is kept.
            let text = gene
                .replace("exp", "E")
                .replace('x', group)
                .replace('E', "exp");
            let model = ConstantFit::new().fit(&[Expression::parse(&text, two.names())?], two)?;
            let bic = Criterion::Bic
                .of(&model, Penalty::FittedConstants)
                .unwrap_or(f64::NAN);
            print!("{:>18}", format!("{bic:.1} ({:.3})", model.score(ss)?.r2));
        }
        println!();
    }
    let free = Expression::parse("(Ps/Pe*Ts^-1)^0.7", two.names())?;
    let model = ConstantFit::new().fit(&[free], two)?;
    let exponents: Vec<f64> = model.genes()[0].constants().collect();
    println!(
        "   power law with b free: b = {:.3}, c = {:.3}",
        exponents[0], exponents[1]
    );
    println!(
        "   Decided: T* enters with an exponent near -1. Not decided: the link; here the power law beats the exponential."
    );
    Ok(())
}

fn draw(
    keyholes: &Keyholes,
    published: &Published,
    refitted: ExponentialDepthLaw,
    result: &SearchResult,
    chosen: &Model,
) -> Outcome<()> {
    let ke = &published.keyhole_number;
    let curve = |law: ExponentialDepthLaw| {
        move |k: f64| law.plateau() - law.amplitude() * (-law.rate() * k).exp()
    };
    let range = |values: &[f64]| {
        values
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(l, h), k| (l.min(*k), h.max(*k)))
    };
    let all = (0.0, range(ke).1 * 1.03);
    let trained = range(&pick(keyholes, ke, TRAINING));
    let [train, test] = published.scores;
    let mut law = ScatterFigure::new(
        Axis::dimensionless("Keyhole number Ke = P*/(Pe T*)"),
        Axis::dimensionless("keyhole depth e/d"),
    )
    .curve(Curve::from_fn(
        "published: 5.12 − 5.07 exp(−Ke)",
        all,
        curve(ExponentialDepthLaw::published()),
    ))
    .curve(
        Curve::from_fn_extrapolated(
            "same form, refitted on Ti-6Al-4V",
            trained,
            all,
            curve(refitted),
        )
        .color(OKABE_ITO[3]),
    )
    .note(format!(
        "published law: R² {:.3} training, {:.3} test",
        train.r2, test.r2
    ))
    .theme(Theme::page());
    let mut parity = ParityFigure::new(Axis::dimensionless("keyhole depth e/d"))
        .band(Band::Relative(0.15))
        .note("published law, self-consistent");
    for (alloy, role) in ALLOYS.into_iter().zip(["training", "test", "test"]) {
        let measured = pick(keyholes, keyholes.data.target(), alloy);
        let name = format!("{alloy} ({role}, {})", measured.len());
        law = law.series(Series::new(
            name,
            pick(keyholes, ke, alloy),
            measured.clone(),
        ));
        parity = parity.series(Series::new(
            alloy,
            measured,
            pick(keyholes, &published.leak_free, alloy),
        ));
    }
    let front = result.front().models();
    let candidates = result.runs().iter().flat_map(RunResult::last_generation);
    let (x, y): (Vec<f64>, Vec<f64>) = front
        .iter()
        .map(|m| (m.complexity() as f64, m.rmse()))
        .chain(candidates.map(|c| (c.complexity as f64, c.error)))
        .unzip();
    let knee = front
        .iter()
        .position(|m| m == chosen)
        .ok_or("the chosen law is not on the front")?;
    let label = |m: &Model| {
        m.to_infix_rounded(3)
            .replace("Ps", "P*")
            .replace("Ts", "T*")
    };
    let pareto = ParetoFigure::new(
        Axis::dimensionless("expressional complexity"),
        Axis::dimensionless("RMSE of e/d").log(),
        x,
        y,
    )
    .candidates_label("last generation of five runs")
    .highlight(format!("simplest: {}", label(&front[0])), 0)
    .highlight(format!("chosen: {}", label(chosen)), knee)
    .theme(Theme::page());
    let figures: [(&str, &dyn Figure); 3] = [
        ("fig2b_keyhole_number", &law),
        ("pareto_front", &pareto),
        ("parity_self_consistent", &parity),
    ];
    for (stem, figure) in figures {
        println!(
            "   {}",
            figure.save_all(Path::new(FOLDER), stem)?.png.display()
        );
    }
    Ok(())
}
