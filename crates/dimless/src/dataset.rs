//! Measured data from the literature, as tables of this crate.
//!
//! The values are measurements, which are facts; the tables, their columns and units are this crate's own. Each row
//! carries its source.

use crate::error::{Error, Result};
use crate::spot::SpotDiameter;
use crate::table::Table;

const KEYHOLE: &str = include_str!("../data/keyhole.csv");
const POROSITY: &str = include_str!("../data/porosity.csv");
const RAYLEIGH_BENARD: &str = include_str!("../data/rayleigh_benard.csv");

/// 90 measured keyhole depths of bare plates: 71 rows of Ti-6Al-4V, 12 of Al6061, 7 of SS316.
///
/// Columns: `material` (text), `power` \[W\], `scan_speed` \[m/s\], `spot_diameter` \[m\], `keyhole_depth` \[m\], `source`
/// (text).
///
/// # Errors
///
/// None for the table of this crate, which a test reads.
///
/// # References
///
/// Ti-6Al-4V: Cunningham et al., Science 363, 849 (2019), doi 10.1126/science.aav4687. Al6061 and SS316: Gan et al.,
/// Nat. Commun. 12, 2379 (2021), doi 10.1038/s41467-021-22704-0.
///
/// # Examples
///
/// ```
/// let table = dimless::dataset::keyhole()?;
/// assert_eq!(table.n_rows(), 90);
/// assert_eq!(table.filter_text("material", |m| m == "Ti-6Al-4V")?.n_rows(), 71);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn keyhole() -> Result<Table> {
    Table::parse(KEYHOLE)
}

/// 92 measured porosities of printed parts: 47 rows of IN718, 19 of Ti-6Al-4V, 26 of SS316L.
///
/// Columns: `material` and `series` (text; the series are labels of this crate for rows of equal constants),
/// `absorbed_power` \[W\], `scan_speed` \[m/s\], `spot_diameter` \[m\], `hatch_spacing` \[m\], `layer_thickness` \[m\],
/// `porosity` (fraction), `source` and `note` (text).
///
/// `absorbed_power` is the published product of absorptivity and laser power; the raw powers are not public. The note
/// of row 9 says that its power is probably a typing error of the source: 105 W where six rows of its series have 173 W.
///
/// # Errors
///
/// None for the table of this crate, which a test reads.
///
/// # References
///
/// The papers that the preprint names: Wang and Liu, J. Mater. Process. Technol. 273, 116238 (2019) for IN718; Kasperovich et
/// al., Mater. Des. 105, 160 (2016), doi 10.1016/j.matdes.2016.05.070, for Ti-6Al-4V; Cherry et al., Int. J. Adv. Manuf.
/// Technol. 76, 869 (2015), doi 10.1007/s00170-014-6297-2, for SS316L. The two DOIs are unverified.
pub fn porosity() -> Result<Table> {
    Table::parse(POROSITY)
}

/// 56 measured heat fluxes through helium heated from below, Rayleigh numbers from 1.1e8 to 2.87e13.
///
/// Columns: `heat_flux` \[W/m²\], `height` \[m\], `temperature_difference` \[K\], `thermal_conductivity` \[W/(m K)\],
/// `gravity` \[m/s²\], `thermal_expansion` \[1/K\], `kinematic_viscosity` and `thermal_diffusivity` \[m²/s\], `rayleigh`
/// and `nusselt` (numbers, as published with the rows), `source` (text). Height, temperature difference and gravity are
/// the same in all rows.
///
/// # Errors
///
/// None for the table of this crate, which a test reads.
///
/// # References
///
/// Rows labeled Niemela of the table published with IT-PI (github.com/ALD-Lab/IT_PI), which does not name the paper:
/// probably Niemela and Sreenivasan, J. Fluid Mech. 557, 411 (2006) (unverified).
///
/// # Examples
///
/// ```
/// let table = dimless::dataset::rayleigh_benard()?;
/// let system = table.system(&[
///     "height", "temperature_difference", "gravity", "thermal_expansion", "kinematic_viscosity", "thermal_diffusivity",
/// ])?;
/// let rayleigh = system.group(&[
///     ("gravity", 1), ("thermal_expansion", 1), ("temperature_difference", 1), ("height", 3),
///     ("kinematic_viscosity", -1), ("thermal_diffusivity", -1),
/// ])?;
/// let values = rayleigh.evaluate_table(&table)?;
/// assert!((values[0] / table.column("rayleigh")?[0] - 1.0).abs() < 7e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn rayleigh_benard() -> Result<Table> {
    Table::parse(RAYLEIGH_BENARD)
}

/// One measured keyhole depth.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KeyholeRow {
    /// Name of the material, as [`Material::named`](crate::Material::named) takes it.
    pub material: String,
    /// Laser power \[W\].
    pub power: f64,
    /// Scan speed \[m/s\].
    pub scan_speed: f64,
    /// Spot diameter.
    pub spot: SpotDiameter,
    /// Keyhole depth \[m\].
    pub keyhole_depth: f64,
}

/// The rows of [`keyhole`] as values.
///
/// # Errors
///
/// None for the table of this crate, which a test reads.
pub fn keyhole_rows() -> Result<Vec<KeyholeRow>> {
    let table = keyhole()?;
    let material = table.text("material")?;
    let power = table.column("power")?;
    let scan_speed = table.column("scan_speed")?;
    let spot = table.column("spot_diameter")?;
    let keyhole_depth = table.column("keyhole_depth")?;
    (0..table.n_rows())
        .map(|row| {
            Ok(KeyholeRow {
                material: material[row].clone(),
                power: power[row],
                scan_speed: scan_speed[row],
                spot: SpotDiameter::from_meters(spot[row])?,
                keyhole_depth: keyhole_depth[row],
            })
        })
        .collect()
}

/// One measured porosity.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PorosityRow {
    /// Name of the material, as [`Material::named`](crate::Material::named) takes it.
    pub material: String,
    /// Label of the rows that share their constants.
    pub series: String,
    /// Absorbed laser power \[W\].
    pub absorbed_power: f64,
    /// Scan speed \[m/s\].
    pub scan_speed: f64,
    /// Spot diameter.
    pub spot: SpotDiameter,
    /// Hatch spacing \[m\].
    pub hatch_spacing: f64,
    /// Layer thickness \[m\].
    pub layer_thickness: f64,
    /// Porosity as a fraction of the volume.
    pub porosity: f64,
}

/// The rows of [`porosity`] as values.
///
/// # Errors
///
/// None for the table of this crate, which a test reads.
pub fn porosity_rows() -> Result<Vec<PorosityRow>> {
    let table = porosity()?;
    let material = table.text("material")?;
    let series = table.text("series")?;
    let absorbed_power = table.column("absorbed_power")?;
    let scan_speed = table.column("scan_speed")?;
    let spot = table.column("spot_diameter")?;
    let hatch_spacing = table.column("hatch_spacing")?;
    let layer_thickness = table.column("layer_thickness")?;
    let porosity = table.column("porosity")?;
    (0..table.n_rows())
        .map(|row| {
            Ok::<_, Error>(PorosityRow {
                material: material[row].clone(),
                series: series[row].clone(),
                absorbed_power: absorbed_power[row],
                scan_speed: scan_speed[row],
                spot: SpotDiameter::from_meters(spot[row])?,
                hatch_spacing: hatch_spacing[row],
                layer_thickness: layer_thickness[row],
                porosity: porosity[row],
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn published_numbers_follow_from_the_columns_of_convection() -> Result<()> {
        let table = rayleigh_benard()?;
        assert_eq!((table.n_rows(), table.n_columns()), (56, 11));
        let names: Vec<&str> = table.names().filter(|n| *n != "source").collect();
        let system = table.system(&names)?;
        let rayleigh = system.group(&[
            ("gravity", 1),
            ("thermal_expansion", 1),
            ("temperature_difference", 1),
            ("height", 3),
            ("kinematic_viscosity", -1),
            ("thermal_diffusivity", -1),
        ])?;
        let nusselt = system.group(&[
            ("heat_flux", 1),
            ("height", 1),
            ("thermal_conductivity", -1),
            ("temperature_difference", -1),
        ])?;
        for (name, group, tolerance) in [("rayleigh", rayleigh, 6.7e-4), ("nusselt", nusselt, 5e-3)]
        {
            // Measured: 1.00065 to 1.00067, and 0.9951 to 1.0014; the source does not say why.
            for (ours, published) in group
                .evaluate_table(&table)?
                .iter()
                .zip(table.column(name)?)
            {
                assert_relative_eq!(ours, published, max_relative = tolerance);
            }
        }
        let (low, high) = (1.1e8, 2.87e13);
        assert!(
            table
                .column("rayleigh")?
                .iter()
                .all(|r| (low..=high).contains(r))
        );
        Ok(())
    }
}
