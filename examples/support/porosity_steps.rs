//! Printed parts as two dimensionless numbers, and the form of Eq. 5 of Gan et al. (preprint) fitted to them.

use std::error::Error;

use dimless::{NamedNumber, ProcessTable, PropertyKind, Source, Symbol, Table, dataset};
use symreg::{ConstantFit, Data, Expression, Model};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The 92 printed parts as numbers.
pub struct Parts {
    /// Material of each row.
    pub material: Vec<String>,
    /// Normalized energy density of each row.
    pub energy: Vec<f64>,
    /// Keyhole number for many tracks of each row.
    pub keyhole: Vec<f64>,
    /// Porosity of each row, a fraction.
    pub porosity: Vec<f64>,
}

impl Parts {
    /// Reads the rows; absorbed powers as published.
    pub fn read() -> Outcome<Self> {
        let table = dataset::porosity()?;
        let rows = processes(&table);
        Ok(Self {
            material: table.text("material")?.to_vec(),
            energy: rows.number(NamedNumber::NormalizedEnergyDensity)?,
            keyhole: rows.number(NamedNumber::KeyholeNumberMultiTrack)?,
            porosity: table.column("porosity")?.to_vec(),
        })
    }

    /// Some rows, one as often as it is listed.
    pub fn data(&self, rows: &[usize]) -> Outcome<Data> {
        let pick = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
        Ok(Data::from_columns(
            [("NED", pick(&self.energy)), ("Ke", pick(&self.keyhole))],
            ("porosity", pick(&self.porosity)),
        )?)
    }
}

/// The porosity table states no vaporization point.
const VAPORIZATION: [Source; 2] = [Source::GanTableS1, Source::Assumed];

fn processes(table: &Table) -> ProcessTable<'_> {
    ProcessTable::new(table)
        .column(Symbol::AbsorbedPower, "absorbed_power")
        .column(Symbol::ScanSpeed, "scan_speed")
        .column(Symbol::SpotDiameter, "spot_diameter")
        .column(Symbol::HatchSpacing, "hatch_spacing")
        .column(Symbol::LayerThickness, "layer_thickness")
        .materials("material", &Source::PorosityTable)
        .property_from(PropertyKind::VaporizationPoint, &VAPORIZATION)
}

/// The parts as the five numbers that Gan et al. searched (Pm*, Pe, Pv*, H*, T*), and the material of each.
pub fn five_numbers() -> Outcome<(Data, Vec<String>)> {
    let table = dataset::porosity()?;
    let rows = processes(&table);
    let numbers = [
        (NamedNumber::MeltingEfficiency, "Pm"),
        (NamedNumber::Peclet, "Pe"),
        (NamedNumber::VaporizationEfficiency, "Pv"),
        (NamedNumber::NormalizedHatch, "Hs"),
        (NamedNumber::NormalizedTemperature, "Ts"),
    ];
    let columns = numbers
        .into_iter()
        .map(|(number, name)| Ok((name, rows.number(number)?)))
        .collect::<Outcome<Vec<_>>>()?;
    let porosity = table.column("porosity")?.to_vec();
    Ok((
        Data::from_columns(columns, ("porosity", porosity))?,
        table.text("material")?.to_vec(),
    ))
}

/// What [`fit_steps`] finds.
pub struct Steps {
    /// The middle of the fusion step, in NED.
    pub energy: f64,
    /// The middle of the keyhole step, in Ke.
    pub keyhole: f64,
    /// The law.
    pub model: Model,
}

/// The form of Eq. 5 with its five coefficients fitted to rows.
pub fn fit_steps(data: &Data) -> Outcome<Steps> {
    let genes = ["erfc(NED-2.04)", "erf(Ke-2.09)"];
    let genes: Result<Vec<_>, _> = genes
        .iter()
        .map(|gene| Expression::parse(gene, data.names()))
        .collect();
    let model = ConstantFit::new().starts(1).fit(&genes?, data)?;
    let constants: Vec<f64> = model
        .genes()
        .iter()
        .flat_map(Expression::constants)
        .collect();
    match (constants.as_slice(), model.weights()) {
        ([energy, keyhole], [fusion, keyhole_weight]) if *fusion > 0.0 && *keyhole_weight > 0.0 => {
            Ok(Steps {
                energy: *energy,
                keyhole: *keyhole,
                model,
            })
        }
        _ => Err("a step has vanished or changed its sign".into()),
    }
}
