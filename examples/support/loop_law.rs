//! From measured depths to a law: what `photons_to_law` and its test share.
#![allow(dead_code, reason = "example and test use their part")]

use dimless::{Group, LawData, LawSearch, ProcessTable, Source, Symbol, Table};
use meltpool_sim::preset::ProcessCase;
use symreg::{
    ConstantFit, ConstantUncertainty, Data, Expression, Operator, ParetoFront, SymbolicRegressor,
};

use super::photons::{Outcome, absorptivity};

/// The depth of one setting.
pub struct Depths {
    pub case: ProcessCase,
    /// Mean depth in µm.
    pub depth_um: f64,
    /// Standard error of that mean in µm.
    pub error_um: f64,
}

/// A law that was found, and how it stands to the true one.
pub struct Found {
    /// What `symreg` gives, as text, and its exponents of the two groups where it holds them as one product only.
    pub text: String,
    pub exponents: Option<Vec<f64>>,
    /// The group that `dimless` prefers among all of the seven raw columns within its bound, as text.
    pub group: String,
    /// Slope in the Keyhole number and value at zero, with intervals at 95 %.
    pub coefficients: [f64; 2],
    pub intervals: [[f64; 2]; 2],
    pub r2: f64,
    /// Keyhole number and e/r of each row, for figures.
    pub keyhole_number: Vec<f64>,
    pub relative_depth: Vec<f64>,
    pub relative_error: Vec<f64>,
    pub front: ParetoFront,
}

impl Found {
    /// Whether `symreg` holds $P^*$ and $Pe$ only as $P^* Pe^{-1/2}$, and `dimless` prefers the same group of raw columns.
    pub fn is_group(&self) -> [bool; 2] {
        let by_symreg = self
            .exponents
            .as_deref()
            .is_some_and(|e| (e[0] - 1.0).abs() < 1e-6 && (e[1] + 0.5).abs() < 1e-6);
        [
            by_symreg,
            self.group == "etaP^2 V^-1 r0^-3 alpha^-1 c^-2 dT^-2",
        ]
    }

    /// Which of these coefficients are within their intervals.
    pub fn holds(&self, truth: [f64; 2]) -> [bool; 2] {
        [0, 1].map(|k| (self.intervals[k][0]..=self.intervals[k][1]).contains(&truth[k]))
    }
}

/// The columns that the depth may depend on, in the units of a laboratory's table; dimless converts and checks them.
pub fn table(rows: &[Depths]) -> Outcome<Table> {
    let column = |of: &dyn Fn(&Depths) -> f64| rows.iter().map(of).collect::<Vec<f64>>();
    let raw = Table::new()
        .with_column("power", "W", column(&|r| r.case.power_w))?
        .with_column("speed", "mm/s", column(&|r| 1e3 * r.case.speed_m_s))?
        .with_column("spot", "um", column(&|r| r.case.spot_um))?
        .with_column("absorptivity", "1", column(&|r| absorptivity(r.case.alloy)))?
        .with_column("depth", "um", column(&|r| r.depth_um))?
        .with_text("alloy", rows.iter().map(|r| r.case.alloy.name()))?;
    let columns = ProcessTable::new(&raw)
        .column(Symbol::LaserPower, "power")
        .column(Symbol::ScanSpeed, "speed")
        .column(Symbol::SpotDiameter, "spot")
        .column(Symbol::Absorptivity, "absorptivity")
        .materials("alloy", &Source::KeyholeTable)
        .with_symbols(&[
            (Symbol::AbsorbedPower, "etaP"),
            (Symbol::ScanSpeed, "V"),
            (Symbol::SpotRadius, "r0"),
            (Symbol::ThermalDiffusivity, "alpha"),
            (Symbol::Density, "rho"),
            (Symbol::HeatCapacity, "cp"),
            (Symbol::LiquidusRise, "dT"),
        ])?;
    let per_volume = columns.column("rho")?.iter().zip(columns.column("cp")?);
    let per_volume = per_volume.map(|(rho, cp)| rho * cp).collect();
    Ok(columns.with_column("c", "J/(m^3*K)", per_volume)?)
}

const INPUTS: [&str; 6] = ["etaP", "V", "r0", "alpha", "c", "dT"];

/// Searches the law of these depths: the group by `dimless` from raw columns, the form by `symreg` from the complete set of groups.
pub fn find(rows: &[Depths], seed: u64) -> Outcome<Found> {
    let table = table(rows)?;
    let raw = LawData::from_table(&table, &INPUTS, &[("depth", 1), ("r0", -1)])?;
    let preferred = LawSearch::new().max_exponent(3).fit(&raw)?;
    let group = preferred.best().group().to_string();

    let system = table.system(&INPUTS)?;
    let number = |powers: &[(&str, i64)]| -> Outcome<(Group, Vec<f64>)> {
        let group = system.group(powers)?;
        let values = group.evaluate_table(&table)?;
        Ok((group, values))
    };
    let (_, power) = number(&[
        ("etaP", 1),
        ("r0", -1),
        ("alpha", -1),
        ("c", -1),
        ("dT", -1),
    ])?;
    let (_, peclet) = number(&[("V", 1), ("r0", 1), ("alpha", -1)])?;
    let radius: Vec<f64> = table.column("r0")?.to_vec();
    let relative_depth = raw.target();
    let relative_error: Vec<f64> = rows
        .iter()
        .zip(&radius)
        .map(|(row, r)| 1e-6 * row.error_um / r)
        .collect();
    let data = Data::from_columns(
        [("P", power.clone()), ("Pe", peclet.clone())],
        ("depth", relative_depth.clone()),
    )?
    .with_sigmas(&relative_error)?;

    let result = SymbolicRegressor::new()
        .operators([
            Operator::Add,
            Operator::Sub,
            Operator::Mul,
            Operator::Div,
            Operator::Sqrt,
            Operator::Square,
            Operator::Exp,
            Operator::Log,
        ])
        .max_genes(1)
        .population_size(200)
        .runs(1)
        .seed(seed)
        .fit(&data)?;
    let law = result.front().shortest(&data)?.ok_or("no law")?;
    let exponents = law.expression().power_product(&data)?;

    // the constants of that structure, as slope in the Keyhole number and value at zero
    let keyhole_number: Vec<f64> = power
        .iter()
        .zip(&peclet)
        .map(|(p, pe)| p / pe.sqrt() / std::f64::consts::PI)
        .collect();
    let line = Data::from_columns(
        [("Ke", keyhole_number.clone())],
        ("depth", relative_depth.clone()),
    )?
    .with_sigmas(&relative_error)?;
    let fitted = ConstantFit::new().fit(&[Expression::parse("Ke", &["Ke"])?], &line)?;
    let stated = ConstantUncertainty::new().linear(&fitted, &line)?;
    let interval = |k: usize| [stated.constants()[k].low, stated.constants()[k].high];
    Ok(Found {
        text: law.to_infix_rounded(4),
        exponents,
        group,
        coefficients: [fitted.weights()[0], fitted.bias()],
        intervals: [interval(1), interval(0)],
        r2: fitted.r2(),
        keyhole_number,
        relative_depth,
        relative_error,
        front: result.front().clone(),
    })
}
