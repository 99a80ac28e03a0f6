//! The records.

use crate::error::Result;
use crate::material::PropertyKind::{
    AbsorptivityCoefficient, Density, HeatCapacity, LatentHeatOfFusion, LatentHeatOfVaporization,
    LiquidusRise, MeltingPoint, MeltingRise, MinimumAbsorptivity, ThermalConductivity,
    ThermalDiffusivity, ThresholdPower, VaporizationPoint, VaporizationRise,
};
use crate::material::{Condition, Material, Property, PropertyKind, Source};
use crate::spot::SpotDiameter;

struct Record {
    name: &'static str,
    aliases: &'static [&'static str],
    /// Density, heat capacity and conductivity of the liquid, melting and vaporization point, minimum absorptivity.
    table_s1: Option<[f64; 6]>,
    /// Spot diameter [um] and threshold power \[W\], Table S1.
    threshold_power: &'static [(f64, f64)],
    keyhole_table: &'static [(PropertyKind, f64)],
    porosity_table: &'static [(PropertyKind, f64)],
    decoded: &'static [(PropertyKind, f64)],
    assumed: &'static [(PropertyKind, f64)],
}

const TABLE_S1_KINDS: [PropertyKind; 6] = [
    Density,
    HeatCapacity,
    ThermalConductivity,
    MeltingPoint,
    VaporizationPoint,
    MinimumAbsorptivity,
];

// The decoded absorptivity coefficients and minimum absorptivities reproduce every absorptivity published beside the
// 90 keyhole depths to 5.3e-4; see `ProcessAbsorptivity`. The minimum absorptivities equal those of Table S1.
// The vaporization points under `assumed` stand where the porosity table states none: that of SS316 for SS316L, and
// for IN718 a value without a source.
const RECORDS: [Record; 5] = [
    Record {
        name: "Ti-6Al-4V",
        aliases: &["Ti64", "Ti6Al4V"],
        table_s1: Some([5316.0, 730.0, 30.0, 1900.0, 3315.0, 0.26]),
        threshold_power: &[(95.0, 100.0), (140.0, 125.0)],
        keyhole_table: &[
            (Density, 3920.0),
            (HeatCapacity, 830.0),
            (ThermalConductivity, 33.4),
            (ThermalDiffusivity, 1.02656e-5),
            (VaporizationRise, 3267.0),
            (LiquidusRise, 1630.0),
            (LatentHeatOfVaporization, 9_255_000.0),
            (LatentHeatOfFusion, 286_000.0),
        ],
        porosity_table: &[
            (Density, 3920.0),
            (HeatCapacity, 830.0),
            (ThermalDiffusivity, 1.03e-5),
            (MeltingRise, 1430.0),
        ],
        decoded: &[
            (AbsorptivityCoefficient, 3.494e-11),
            (MinimumAbsorptivity, 0.26),
        ],
        assumed: &[],
    },
    Record {
        name: "Al6061",
        aliases: &["AA6061", "Aluminum 6061"],
        table_s1: Some([2415.0, 1170.0, 90.0, 894.0, 2792.0, 0.1]),
        threshold_power: &[(88.0, 250.0)],
        keyhole_table: &[
            (Density, 2415.0),
            (HeatCapacity, 1170.0),
            (ThermalConductivity, 90.0),
            (ThermalDiffusivity, 3.18522e-5),
            (VaporizationRise, 2499.0),
            (LiquidusRise, 622.0),
            (LatentHeatOfVaporization, 10_530_000.0),
            (LatentHeatOfFusion, 380_000.0),
        ],
        porosity_table: &[],
        decoded: &[
            (AbsorptivityCoefficient, 3.2505e-12),
            (MinimumAbsorptivity, 0.1),
        ],
        assumed: &[],
    },
    Record {
        name: "SS316",
        aliases: &["316 stainless steel"],
        table_s1: Some([6681.0, 790.0, 26.9, 1723.0, 3122.0, 0.33]),
        threshold_power: &[(110.0, 100.0)],
        keyhole_table: &[
            (Density, 6881.0),
            (HeatCapacity, 790.0),
            (ThermalConductivity, 26.9),
            (ThermalDiffusivity, 4.9485e-6),
            (VaporizationRise, 2829.0),
            (LiquidusRise, 1430.0),
            (LatentHeatOfVaporization, 6_336_000.0),
            (LatentHeatOfFusion, 260_000.0),
        ],
        porosity_table: &[],
        decoded: &[
            (AbsorptivityCoefficient, 2.512e-11),
            (MinimumAbsorptivity, 0.33),
        ],
        assumed: &[],
    },
    Record {
        name: "SS316L",
        aliases: &["316L stainless steel", "316L"],
        table_s1: None,
        threshold_power: &[],
        keyhole_table: &[],
        porosity_table: &[
            (Density, 6881.0),
            (HeatCapacity, 790.0),
            (ThermalDiffusivity, 4.95e-6),
            (MeltingRise, 1429.0),
        ],
        decoded: &[],
        assumed: &[(VaporizationPoint, 3122.0)],
    },
    Record {
        name: "IN718",
        aliases: &["Inconel 718", "Alloy 718"],
        table_s1: None,
        threshold_power: &[],
        keyhole_table: &[],
        porosity_table: &[
            (Density, 7400.0),
            (HeatCapacity, 720.0),
            (ThermalDiffusivity, 5.56e-6),
            (MeltingRise, 1316.0),
        ],
        decoded: &[],
        assumed: &[(VaporizationPoint, 3190.0)],
    },
];

/// All records as materials.
pub(super) fn all() -> Result<Vec<Material>> {
    RECORDS.iter().map(material).collect()
}

fn material(record: &Record) -> Result<Material> {
    let mut material = Material::new(record.name);
    for alias in record.aliases {
        material = material.alias(*alias);
    }
    for (kind, value) in TABLE_S1_KINDS
        .into_iter()
        .zip(record.table_s1.into_iter().flatten())
    {
        let property = Property::new(kind, value, Source::GanTableS1)?;
        let of_liquid = matches!(kind, Density | HeatCapacity | ThermalConductivity);
        material = material.property(if of_liquid {
            property.condition(Condition::Liquid)
        } else {
            property
        });
    }
    for &(diameter, power) in record.threshold_power {
        let spot = SpotDiameter::from_micrometers(diameter)?;
        let property = Property::new(ThresholdPower, power, Source::GanTableS1)?;
        material = material.property(property.condition(Condition::Spot(spot)));
    }
    let lists = [
        (Source::KeyholeTable, record.keyhole_table),
        (Source::PorosityTable, record.porosity_table),
        (Source::Decoded, record.decoded),
        (Source::Assumed, record.assumed),
    ];
    for (source, list) in lists {
        for &(kind, value) in list {
            material = material.property(Property::new(kind, value, source.clone())?);
        }
    }
    Ok(material)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn every_record_is_found_by_each_of_its_names() -> Result<()> {
        for record in all()? {
            assert_eq!(Material::named(record.name())?, record);
            for alias in record.aliases() {
                assert_eq!(Material::named(alias)?, record);
            }
            assert!(!record.properties().is_empty());
        }
        assert_eq!(Material::named("in 718")?.name(), "IN718");
        Ok(())
    }

    #[test]
    fn unknown_names_and_missing_properties_say_what_there_is() -> Result<()> {
        let message = Material::named("unobtainium").map_err(|e| e.to_string());
        assert_eq!(
            message.err().as_deref(),
            Some("no material \"unobtainium\" among Ti-6Al-4V, Al6061, SS316, SS316L, IN718")
        );
        let inconel = Material::named("IN718")?;
        assert!(matches!(
            inconel.value(ThermalConductivity, &Source::PorosityTable),
            Err(Error::MissingProperty { .. })
        ));
        Ok(())
    }

    #[test]
    fn listed_diffusivities_agree_with_conductivity_over_heat_capacity() -> Result<()> {
        for name in ["Ti64", "Al6061", "SS316"] {
            let record = Material::named(name)?;
            let of = |kind| record.value(kind, &Source::KeyholeTable);
            let diffusivity = of(ThermalConductivity)? / (of(Density)? * of(HeatCapacity)?);
            // The table prints six digits.
            approx::assert_relative_eq!(diffusivity, of(ThermalDiffusivity)?, max_relative = 5e-6);
        }
        Ok(())
    }
}
