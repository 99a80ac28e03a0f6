//! The measured keyholes of Gan et al. as dimensionless numbers, shared by examples and tests.

use std::error::Error;

use dimless::{
    DepthAbsorptivity, ExponentialDepthLaw, FixedPoint, Material, NamedNumber, Process, Source,
    dataset,
};
use symreg::{Data, Operator, SymbolicRegressor};

/// The 90 rows, reduced.
pub struct Keyholes {
    /// Alloy of each row.
    pub material: Vec<String>,
    /// Columns `Ps` (P*), `Pe`, `Ts` (T*); target `depth` (e/d). The absorptivity in P* comes from
    /// the measured depth, as in the paper.
    pub data: Data,
    /// The Keyhole number of each row for an absorptivity of 1, which no measured depth enters.
    pub unit_keyhole_number: Vec<f64>,
    /// The absorptivity law of each row.
    pub absorptivity: Vec<DepthAbsorptivity>,
}

/// Reads the rows and forms the numbers of Eqs. 1 to 3 with properties from `source`, T0 = 298 K.
/// Absorptivity and threshold power are always those of Table S1, the only source that states them.
pub fn keyholes(source: &Source) -> Result<Keyholes, Box<dyn Error>> {
    let mut material = Vec::new();
    let mut columns = vec![Vec::new(); 4];
    let (mut unit_keyhole_number, mut absorptivity) = (Vec::new(), Vec::new());
    for row in dataset::keyhole_rows()? {
        let alloy = Material::named(&row.material)?;
        let absorption = DepthAbsorptivity::of(&alloy, &Source::GanTableS1)?;
        let shape = Process::new()
            .spot_diameter(row.spot)
            .keyhole_depth(row.keyhole_depth);
        let depth = shape.number(NamedNumber::DepthToDiameter)?;
        let threshold = Process::new()
            .spot_diameter(row.spot)
            .material(&alloy, &Source::GanTableS1)
            .value(dimless::Symbol::ThresholdPower)
            .ok_or("no threshold power")?;
        let process = Process::new()
            .laser_power(row.power)
            .threshold_power(threshold)
            .scan_speed(row.scan_speed)
            .spot_diameter(row.spot)
            .material(&alloy, source);
        let measured = process.clone().absorptivity(absorption.predict(depth)?);
        columns[0].push(measured.number(NamedNumber::NormalizedPower)?);
        columns[1].push(measured.number(NamedNumber::Peclet)?);
        columns[2].push(measured.number(NamedNumber::NormalizedTemperature)?);
        columns[3].push(depth);
        let unit = process
            .absorptivity(1.0)
            .number(NamedNumber::KeyholeNumber2019)?;
        unit_keyhole_number.push(unit);
        absorptivity.push(absorption);
        material.push(row.material);
    }
    let depth = columns.pop().unwrap_or_default();
    let data = Data::from_columns(
        ["Ps", "Pe", "Ts"].into_iter().zip(columns),
        ("depth", depth),
    )?;
    Ok(Keyholes {
        material,
        data,
        unit_keyhole_number,
        absorptivity,
    })
}

/// Depths e/d in which each row's absorptivity is that of the depth predicted, not measured.
pub fn self_consistent(
    keyholes: &Keyholes,
    law: ExponentialDepthLaw,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let solver = FixedPoint::new(0.0, law.plateau() + 1.0);
    let rows = keyholes
        .unit_keyhole_number
        .iter()
        .zip(&keyholes.absorptivity);
    rows.map(|(unit, absorptivity)| {
        let found = solver.solve_depth(*unit, &law, absorptivity)?;
        Ok(found.single().ok_or("not exactly one depth")?.value)
    })
    .collect()
}

/// The function set of the search. The paper shows its own only in pictures. This one has neither
/// logarithm nor root; the main example prints what they change.
pub const FUNCTIONS: [Operator; 9] = [
    Operator::Add,
    Operator::Sub,
    Operator::Mul,
    Operator::Div,
    Operator::Square,
    Operator::Exp,
    Operator::Tanh,
    Operator::Erf,
    Operator::Erfc,
];

/// The search of the main example: one gene of the default depth, five runs.
pub fn keyhole_search(seed: u64) -> SymbolicRegressor {
    SymbolicRegressor::gan()
        .operators(FUNCTIONS)
        .max_genes(1)
        .seed(seed)
}
