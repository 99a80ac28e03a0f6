//! The measured keyholes with the raw columns from which the Keyhole number is to be found.

use dimless::{
    LawData, Material, Process, ProcessAbsorptivity, Result, Source, Symbol, System, Table, dataset,
};

/// The columns that the depth may depend on. None of them is dimensionless.
pub const INPUTS: [(&str, Symbol); 7] = [
    ("etaP", Symbol::AbsorbedPower),
    ("V", Symbol::ScanSpeed),
    ("r0", Symbol::SpotRadius),
    ("alpha", Symbol::ThermalDiffusivity),
    ("rho", Symbol::Density),
    ("cp", Symbol::HeatCapacity),
    ("dT", Symbol::LiquidusRise),
];

/// The 90 rows: the inputs, the depth, and the material. The absorptivity is that of the process alone (no
/// measured depth enters it), the properties are those published beside the depths.
pub fn keyhole_columns() -> Result<Table> {
    let rows = dataset::keyhole_rows()?;
    let mut columns = vec![Vec::new(); INPUTS.len()];
    for row in &rows {
        let material = Material::named(&row.material)?;
        let absorptivity =
            ProcessAbsorptivity::of(&material)?.predict(row.power, row.scan_speed, row.spot)?;
        let process = Process::new()
            .laser_power(row.power)
            .absorptivity(absorptivity)
            .scan_speed(row.scan_speed)
            .spot_diameter(row.spot)
            .material(&material, &Source::KeyholeTable);
        for (column, (_, symbol)) in columns.iter_mut().zip(INPUTS) {
            column.push(process.value(symbol).unwrap_or(f64::NAN));
        }
    }
    let depth = rows.iter().map(|row| row.keyhole_depth).collect();
    let mut table = Table::new()
        .with_text("material", rows.iter().map(|row| row.material.as_str()))?
        .with_column("e", "m", depth)?;
    for (column, (name, symbol)) in columns.into_iter().zip(INPUTS) {
        table = table.with_column(name, symbol.unit(), column)?;
    }
    Ok(table)
}

/// The same as the rows of a search: target e/r0, labels the materials.
pub fn keyhole_data() -> Result<LawData> {
    let table = keyhole_columns()?;
    LawData::from_table(
        &table,
        &INPUTS.map(|input| input.0),
        &[("e", 1), ("r0", -1)],
    )?
    .labels_from(&table, "material")
}

/// The 92 porosities with the raw columns that are public; target the porosity, labels the materials.
pub fn porosity_data() -> Result<LawData> {
    let inputs = [
        ("etaP", Symbol::AbsorbedPower),
        ("V", Symbol::ScanSpeed),
        ("d", Symbol::SpotDiameter),
        ("H", Symbol::HatchSpacing),
        ("L", Symbol::LayerThickness),
        ("rho", Symbol::Density),
        ("cp", Symbol::HeatCapacity),
        ("alpha", Symbol::ThermalDiffusivity),
        ("dTm", Symbol::MeltingRise),
    ];
    let table = dataset::porosity()?;
    let mut columns = vec![Vec::new(); inputs.len()];
    for row in dataset::porosity_rows()? {
        let process = Process::new()
            .absorbed_power(row.absorbed_power)
            .scan_speed(row.scan_speed)
            .spot_diameter(row.spot)
            .hatch_spacing(row.hatch_spacing)
            .layer_thickness(row.layer_thickness)
            .material(&Material::named(&row.material)?, &Source::PorosityTable);
        for (column, (_, symbol)) in columns.iter_mut().zip(inputs) {
            column.push(process.value(symbol).unwrap_or(f64::NAN));
        }
    }
    let system = System::new(inputs.map(|(name, symbol)| (name, symbol.unit())))?;
    LawData::new(system, &columns, "porosity", table.column("porosity")?)?
        .labels_from(&table, "material")
}
