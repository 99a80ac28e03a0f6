//! The records.

use crate::error::Result;
use crate::material::PropertyKind::{
    Absorptivity, AbsorptivityCoefficient, Density, DynamicViscosity, HeatCapacity,
    LatentHeatOfFusion, LatentHeatOfVaporization, LiquidRange, LiquidusRise, LiquidusTemperature,
    MeltingPoint, MeltingRise, MinimumAbsorptivity, SolidusTemperature, SurfaceTension,
    SurfaceTensionCoefficient, ThermalConductivity, ThermalDiffusivity, ThresholdPower,
    VaporizationPoint, VaporizationRise,
};
use crate::material::{Condition, Material, Property, PropertyKind, Source};
use crate::spot::SpotDiameter;

/// A property, its value and the state in which the source says that it holds.
type Stated = (PropertyKind, f64, Option<Condition>);

struct Record {
    name: &'static str,
    aliases: &'static [&'static str],
    /// Spot diameter [um] and threshold power \[W\], Table S1.
    threshold_power: &'static [(f64, f64)],
    stated: &'static [(Source, &'static [Stated])],
}

const fn plain(kind: PropertyKind, value: f64) -> Stated {
    (kind, value, None)
}

const fn liquid(kind: PropertyKind, value: f64) -> Stated {
    (kind, value, Some(Condition::Liquid))
}

const fn at(kelvin: f64, kind: PropertyKind, value: f64) -> Stated {
    (kind, value, Some(Condition::Temperature(kelvin)))
}

// The decoded absorptivity coefficients and minimum absorptivities reproduce every absorptivity published beside the
// 90 keyhole depths to 5.3e-4; see `ProcessAbsorptivity`. The minimum absorptivities equal those of Table S1.
// The vaporization points under `Assumed` stand where the porosity table states none: that of SS316 for SS316L, and
// for IN718 a value without a source.
const RECORDS: [Record; 9] = [
    Record {
        name: "Ti-6Al-4V",
        aliases: &["Ti64", "Ti6Al4V"],
        threshold_power: &[(95.0, 100.0), (140.0, 125.0)],
        stated: &[
            (
                Source::GanTableS1,
                &[
                    liquid(Density, 5316.0),
                    liquid(HeatCapacity, 730.0),
                    liquid(ThermalConductivity, 30.0),
                    plain(MeltingPoint, 1900.0),
                    plain(VaporizationPoint, 3315.0),
                    plain(MinimumAbsorptivity, 0.26),
                ],
            ),
            (
                Source::KeyholeTable,
                &[
                    plain(Density, 3920.0),
                    plain(HeatCapacity, 830.0),
                    plain(ThermalConductivity, 33.4),
                    plain(ThermalDiffusivity, 1.02656e-5),
                    plain(VaporizationRise, 3267.0),
                    plain(LiquidusRise, 1630.0),
                    plain(LatentHeatOfVaporization, 9_255_000.0),
                    plain(LatentHeatOfFusion, 286_000.0),
                ],
            ),
            (
                Source::PorosityTable,
                &[
                    plain(Density, 3920.0),
                    plain(HeatCapacity, 830.0),
                    plain(ThermalDiffusivity, 1.03e-5),
                    plain(MeltingRise, 1430.0),
                ],
            ),
            (
                Source::Decoded,
                &[
                    plain(AbsorptivityCoefficient, 3.494e-11),
                    plain(MinimumAbsorptivity, 0.26),
                ],
            ),
            (
                Source::ParabolicFlights2008,
                &[
                    (SurfaceTension, 1.52, Some(Condition::Liquidus)),
                    (DynamicViscosity, 4.76e-3, Some(Condition::Liquidus)),
                ],
            ),
            (
                Source::Schneider2002,
                &[
                    at(1933.15, SurfaceTension, 1.389),
                    plain(SurfaceTensionCoefficient, -9.017e-4),
                ],
            ),
            (
                Source::MetalsReview2026,
                &[
                    at(1600.0, SurfaceTension, 1.5),
                    liquid(DynamicViscosity, 0.005),
                    liquid(Density, 4000.0),
                ],
            ),
            (
                Source::PyDimensionFork,
                &[
                    plain(Absorptivity, 0.27),
                    plain(Density, 3920.0),
                    plain(ThermalConductivity, 33.4),
                    plain(LatentHeatOfVaporization, 9_880_000.0),
                    plain(LiquidRange, 1637.0),
                    plain(VaporizationPoint, 3560.0),
                    plain(SurfaceTension, 1.65),
                    plain(MeltingPoint, 1923.0),
                    (DynamicViscosity, 3.25e-3, Some(Condition::Liquidus)),
                    (HeatCapacity, 700.0, Some(Condition::Liquidus)),
                ],
            ),
        ],
    },
    Record {
        name: "Al6061",
        aliases: &["AA6061", "Aluminum 6061"],
        threshold_power: &[(88.0, 250.0)],
        stated: &[
            (
                Source::GanTableS1,
                &[
                    liquid(Density, 2415.0),
                    liquid(HeatCapacity, 1170.0),
                    liquid(ThermalConductivity, 90.0),
                    plain(MeltingPoint, 894.0),
                    plain(VaporizationPoint, 2792.0),
                    plain(MinimumAbsorptivity, 0.1),
                ],
            ),
            (
                Source::KeyholeTable,
                &[
                    plain(Density, 2415.0),
                    plain(HeatCapacity, 1170.0),
                    plain(ThermalConductivity, 90.0),
                    plain(ThermalDiffusivity, 3.18522e-5),
                    plain(VaporizationRise, 2499.0),
                    plain(LiquidusRise, 622.0),
                    plain(LatentHeatOfVaporization, 10_530_000.0),
                    plain(LatentHeatOfFusion, 380_000.0),
                ],
            ),
            (
                Source::Decoded,
                &[
                    plain(AbsorptivityCoefficient, 3.2505e-12),
                    plain(MinimumAbsorptivity, 0.1),
                ],
            ),
            (
                Source::PyDimensionFork,
                &[
                    plain(Absorptivity, 0.04),
                    plain(Density, 2415.0),
                    plain(ThermalConductivity, 90.0),
                    plain(LatentHeatOfVaporization, 12_200_000.0),
                    plain(LiquidRange, 1877.0),
                    plain(VaporizationPoint, 2792.0),
                    plain(SurfaceTension, 0.9),
                    plain(MeltingPoint, 925.0),
                    (DynamicViscosity, 1.3e-3, Some(Condition::Liquidus)),
                    (HeatCapacity, 1180.0, Some(Condition::Liquidus)),
                ],
            ),
        ],
    },
    Record {
        name: "SS316",
        aliases: &["316 stainless steel"],
        threshold_power: &[(110.0, 100.0)],
        stated: &[
            (
                Source::GanTableS1,
                &[
                    liquid(Density, 6681.0),
                    liquid(HeatCapacity, 790.0),
                    liquid(ThermalConductivity, 26.9),
                    plain(MeltingPoint, 1723.0),
                    plain(VaporizationPoint, 3122.0),
                    plain(MinimumAbsorptivity, 0.33),
                ],
            ),
            (
                Source::KeyholeTable,
                &[
                    plain(Density, 6881.0),
                    plain(HeatCapacity, 790.0),
                    plain(ThermalConductivity, 26.9),
                    plain(ThermalDiffusivity, 4.9485e-6),
                    plain(VaporizationRise, 2829.0),
                    plain(LiquidusRise, 1430.0),
                    plain(LatentHeatOfVaporization, 6_336_000.0),
                    plain(LatentHeatOfFusion, 260_000.0),
                ],
            ),
            (
                Source::Decoded,
                &[
                    plain(AbsorptivityCoefficient, 2.512e-11),
                    plain(MinimumAbsorptivity, 0.33),
                ],
            ),
            (
                Source::MeltPoolProgram,
                &[
                    plain(Density, 7800.0),
                    liquid(HeatCapacity, 790.0),
                    liquid(ThermalConductivity, 60.0),
                    plain(SolidusTemperature, 1693.0),
                    plain(LiquidusTemperature, 1733.0),
                    plain(LatentHeatOfFusion, 272_000.0),
                    plain(DynamicViscosity, 7.0e-3),
                    plain(SurfaceTensionCoefficient, -4.0e-4),
                ],
            ),
        ],
    },
    Record {
        name: "SS316L",
        aliases: &["316L stainless steel", "316L"],
        threshold_power: &[],
        stated: &[
            (
                Source::PorosityTable,
                &[
                    plain(Density, 6881.0),
                    plain(HeatCapacity, 790.0),
                    plain(ThermalDiffusivity, 4.95e-6),
                    plain(MeltingRise, 1429.0),
                ],
            ),
            (Source::Assumed, &[plain(VaporizationPoint, 3122.0)]),
        ],
    },
    Record {
        name: "IN718",
        aliases: &["Inconel 718", "Alloy 718"],
        threshold_power: &[],
        stated: &[
            (
                Source::PorosityTable,
                &[
                    plain(Density, 7400.0),
                    plain(HeatCapacity, 720.0),
                    plain(ThermalDiffusivity, 5.56e-6),
                    plain(MeltingRise, 1316.0),
                ],
            ),
            (Source::Assumed, &[plain(VaporizationPoint, 3190.0)]),
            (
                Source::SolidificationTexture2015,
                &[
                    plain(Density, 8100.0),
                    liquid(ThermalConductivity, 29.6),
                    liquid(HeatCapacity, 720.0),
                    (LiquidusTemperature, 1609.0, Some(Condition::Exchanged)),
                    (SolidusTemperature, 1533.0, Some(Condition::Exchanged)),
                    liquid(DynamicViscosity, 7.0e-3),
                    plain(SurfaceTensionCoefficient, -3.7e-4),
                ],
            ),
        ],
    },
    Record {
        name: "SS304",
        aliases: &["304 stainless steel"],
        threshold_power: &[],
        stated: &[(
            Source::PyDimensionFork,
            &[
                plain(Absorptivity, 0.4),
                plain(Density, 6900.0),
                plain(ThermalConductivity, 28.0),
                plain(LatentHeatOfVaporization, 7_450_000.0),
                plain(LiquidRange, 1407.0),
                plain(VaporizationPoint, 3090.0),
                plain(SurfaceTension, 1.8),
                plain(MeltingPoint, 1700.0),
                (DynamicViscosity, 6.5e-3, Some(Condition::Liquidus)),
                (HeatCapacity, 750.0, Some(Condition::Liquidus)),
            ],
        )],
    },
    Record {
        name: "Al2024",
        aliases: &["AA2024", "Aluminum 2024"],
        threshold_power: &[],
        stated: &[(
            Source::PyDimensionFork,
            &[
                plain(Absorptivity, 0.04),
                plain(Density, 2500.0),
                plain(ThermalConductivity, 85.5),
                plain(LatentHeatOfVaporization, 12_200_000.0),
                plain(LiquidRange, 1887.0),
                plain(VaporizationPoint, 2792.0),
                plain(SurfaceTension, 0.9),
                plain(MeltingPoint, 916.0),
                (DynamicViscosity, 1.3e-3, Some(Condition::Liquidus)),
                (HeatCapacity, 1180.0, Some(Condition::Liquidus)),
            ],
        )],
    },
    Record {
        name: "Al6056",
        aliases: &["AA6056", "Aluminum 6056"],
        threshold_power: &[],
        stated: &[(
            Source::AluminumWelding2016,
            &[
                liquid(Density, 2590.0),
                plain(SolidusTemperature, 860.0),
                plain(LiquidusTemperature, 917.0),
                plain(VaporizationPoint, 2740.0),
                plain(LatentHeatOfFusion, 387_000.0),
                plain(LatentHeatOfVaporization, 10_800_000.0),
                plain(SurfaceTension, 0.914),
                plain(SurfaceTensionCoefficient, -3.5e-4),
            ],
        )],
    },
    Record {
        name: "Copper",
        aliases: &["Cu"],
        threshold_power: &[],
        stated: &[(
            Source::PyDimensionFork,
            &[
                plain(Absorptivity, 0.12),
                plain(Density, 7960.0),
                plain(ThermalConductivity, 146.0),
                plain(LatentHeatOfVaporization, 5_310_000.0),
                plain(LiquidRange, 1477.0),
                plain(VaporizationPoint, 2835.0),
                plain(SurfaceTension, 1.3),
                plain(MeltingPoint, 1358.0),
                (DynamicViscosity, 4.0e-3, Some(Condition::Liquidus)),
                (HeatCapacity, 510.0, Some(Condition::Liquidus)),
            ],
        )],
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
    for &(diameter, power) in record.threshold_power {
        let spot = SpotDiameter::from_micrometers(diameter)?;
        let property = Property::new(ThresholdPower, power, Source::GanTableS1)?;
        material = material.property(property.condition(Condition::Spot(spot)));
    }
    for (source, list) in record.stated {
        for &(kind, value, condition) in *list {
            let property = Property::new(kind, value, source.clone())?;
            material = material.property(match condition {
                Some(condition) => property.condition(condition),
                None => property,
            });
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
            Some(
                "no material \"unobtainium\" among Ti-6Al-4V, Al6061, SS316, SS316L, IN718, SS304, Al2024, Al6056, Copper"
            )
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
