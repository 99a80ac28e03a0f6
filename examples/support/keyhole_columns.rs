//! The measured keyholes and porosities with the raw columns from which their numbers are to be found.

use dimless::{AbsorptivityLaw, LawData, ProcessTable, Result, Source, Symbol, dataset};

/// The columns that the depth may depend on. None of them is dimensionless.
pub const INPUTS: [(Symbol, &str); 7] = [
    (Symbol::AbsorbedPower, "etaP"),
    (Symbol::ScanSpeed, "V"),
    (Symbol::SpotRadius, "r0"),
    (Symbol::ThermalDiffusivity, "alpha"),
    (Symbol::Density, "rho"),
    (Symbol::HeatCapacity, "cp"),
    (Symbol::LiquidusRise, "dT"),
];

/// The 90 keyholes: target e/r0, labels the materials. The absorptivity is that of the process alone (no measured depth
/// enters it), the properties are those published beside the depths.
pub fn keyhole_data() -> Result<LawData> {
    let table = dataset::keyhole()?;
    let rows = ProcessTable::new(&table)
        .column(Symbol::LaserPower, "power")
        .column(Symbol::ScanSpeed, "scan_speed")
        .column(Symbol::SpotDiameter, "spot_diameter")
        .materials("material", &Source::KeyholeTable)
        .absorptivity_law(AbsorptivityLaw::Settings);
    let columns = rows.with_symbols(&INPUTS)?;
    let target = [("keyhole_depth", 1), ("r0", -1)];
    LawData::from_table(&columns, &INPUTS.map(|input| input.1), &target)?
        .labels_from(&columns, "material")
}
