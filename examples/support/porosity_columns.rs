//! The measured porosities with the raw columns that are public.

use dimless::{LawData, ProcessTable, Result, Source, Symbol, dataset};

/// The 92 porosities: target the porosity, labels the materials; the columns that are public.
pub fn porosity_data() -> Result<LawData> {
    let inputs = [
        (Symbol::AbsorbedPower, "etaP"),
        (Symbol::ScanSpeed, "V"),
        (Symbol::SpotDiameter, "d"),
        (Symbol::HatchSpacing, "H"),
        (Symbol::LayerThickness, "L"),
        (Symbol::Density, "rho"),
        (Symbol::HeatCapacity, "cp"),
        (Symbol::ThermalDiffusivity, "alpha"),
        (Symbol::MeltingRise, "dTm"),
    ];
    let table = dataset::porosity()?;
    let rows = ProcessTable::new(&table)
        .column(Symbol::AbsorbedPower, "absorbed_power")
        .column(Symbol::ScanSpeed, "scan_speed")
        .column(Symbol::SpotDiameter, "spot_diameter")
        .column(Symbol::HatchSpacing, "hatch_spacing")
        .column(Symbol::LayerThickness, "layer_thickness")
        .materials("material", &Source::PorosityTable);
    let columns = rows.with_symbols(&inputs)?;
    LawData::from_table(&columns, &inputs.map(|input| input.1), &[("porosity", 1)])?
        .labels_from(&columns, "material")
}
