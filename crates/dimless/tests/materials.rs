//! Material records: the values of the collection, conditions, sources and contradictions.

use approx::assert_relative_eq;
use dimless::{
    Condition, Error, Material, NamedNumber, Process, Property, PropertyKind, Source, Symbol,
    Verification,
};
use serde_json::Value;

type Outcome = Result<(), Box<dyn std::error::Error>>;

const COLLECTION: &str = include_str!("data/materials/materials.json");

fn source(key: &str) -> Result<Source, String> {
    Ok(match key {
        "gan_table_S1" => Source::GanTableS1,
        "keyhole_table" => Source::KeyholeTable,
        "porosity_table" => Source::PorosityTable,
        "srep_5_16446" => Source::SolidificationTexture2015,
        "lpbf_fork" => Source::PyDimensionFork,
        _ => return Err(format!("unknown source {key}")),
    })
}

fn kind(key: &str) -> Result<PropertyKind, String> {
    Ok(match key {
        "rho" | "rho_liq" => PropertyKind::Density,
        "cp" | "cp_liq" => PropertyKind::HeatCapacity,
        "k" | "k_liq" => PropertyKind::ThermalConductivity,
        "alpha" => PropertyKind::ThermalDiffusivity,
        "Tm" => PropertyKind::MeltingPoint,
        "Tv" => PropertyKind::VaporizationPoint,
        "eta_min" => PropertyKind::MinimumAbsorptivity,
        "Tv_minus_T0" => PropertyKind::VaporizationRise,
        "Tl_minus_T0" => PropertyKind::LiquidusRise,
        "Tm_minus_T0" => PropertyKind::MeltingRise,
        "Lv" => PropertyKind::LatentHeatOfVaporization,
        "Lm" => PropertyKind::LatentHeatOfFusion,
        "A" => PropertyKind::Absorptivity,
        "dT" => PropertyKind::LiquidRange,
        "mu" => PropertyKind::DynamicViscosity,
        "dsigma_dT" => PropertyKind::SurfaceTensionCoefficient,
        // The source has them exchanged; the records have them under their names.
        "T_liquidus_as_printed" => PropertyKind::SolidusTemperature,
        "T_solidus_as_printed" => PropertyKind::LiquidusTemperature,
        _ => return Err(format!("unknown property {key}")),
    })
}

#[test]
fn every_value_of_the_collection_is_on_record() -> Outcome {
    let collection: Value = serde_json::from_str(COLLECTION)?;
    let mut n_values = 0;
    for (name, sources) in collection.as_object().ok_or("no object")? {
        if name == "_note" {
            continue;
        }
        let material = Material::named(name)?;
        for (source_key, values) in sources.as_object().ok_or("no object")? {
            let source = source(source_key)?;
            for (key, value) in values.as_object().ok_or("no object")? {
                if key == "P0_W_by_spot_m" {
                    for (spot, power) in value.as_object().ok_or("no object")? {
                        let process = Process::new()
                            .with_value(Symbol::SpotDiameter, spot.parse()?)
                            .material(&material, &source);
                        assert_eq!(process.value(Symbol::ThresholdPower), power.as_f64());
                        n_values += 1;
                    }
                    continue;
                }
                let ours = material.value(kind(key)?, &source)?;
                assert_eq!(Some(ours), value.as_f64(), "{name} {source_key} {key}");
                n_values += 1;
            }
        }
    }
    assert_eq!(n_values, 90);
    Ok(())
}

#[test]
fn melt_properties_have_their_conditions() -> Outcome {
    let titanium = Material::named("Ti64")?;
    let tensions: Vec<_> = titanium
        .values(PropertyKind::SurfaceTension)
        .map(|p| (p.value(), p.stated_condition(), p.source().clone()))
        .collect();
    assert_eq!(
        tensions,
        [
            (
                1.52,
                Some(Condition::Liquidus),
                Source::ParabolicFlights2008
            ),
            (
                1.389,
                Some(Condition::Temperature(1933.15)),
                Source::Schneider2002
            ),
            (
                1.5,
                Some(Condition::Temperature(1600.0)),
                Source::MetalsReview2026
            ),
            (1.65, None, Source::PyDimensionFork),
        ]
    );
    let inconel = Material::named("IN718")?;
    let liquidus = inconel
        .values(PropertyKind::LiquidusTemperature)
        .next()
        .ok_or("no liquidus")?;
    assert_eq!(liquidus.stated_condition(), Some(Condition::Exchanged));
    Ok(())
}

#[test]
fn every_record_says_whether_its_source_was_read() -> Outcome {
    let mut used = Vec::new();
    for material in Material::all()? {
        for property in material.properties() {
            let source = property.source();
            assert!(Source::ALL.contains(source), "{source}");
            // Nothing ships that was not seen where the record says.
            assert_ne!(source.verification(), Verification::Unverified);
            used.push(source.clone());
        }
    }
    for source in Source::ALL {
        assert!(used.contains(source), "{source} has no record");
        assert!(!source.citation().is_empty());
    }
    let own = Source::Other("a note".to_owned());
    assert_eq!(own.verification(), Verification::Unverified);
    Ok(())
}

#[test]
fn contradictions_are_listed_by_size() -> Outcome {
    let titanium = Material::named("Ti64")?;
    let list = titanium.contradictions(1.05);
    let ratios: Vec<f64> = list.iter().map(dimless::Comparison::ratio).collect();
    assert!(ratios.windows(2).all(|pair| pair[0] >= pair[1]));
    assert!(ratios.iter().all(|ratio| *ratio > 1.05));
    let find = |symbol| list.iter().find(|c| c.quantity() == symbol);
    let density = find(Symbol::Density).ok_or("no density")?;
    assert_relative_eq!(density.ratio(), 5316.0 / 3920.0);
    assert_eq!(density.values().len(), 5);
    // Rises that one source states and another implies: 3315 - 298 and 3267, 1630 and 1430.
    let rise = find(Symbol::VaporizationRise).ok_or("no rise")?;
    assert_relative_eq!(rise.ratio(), 3267.0 / 3017.0);
    let melting = find(Symbol::MeltingRise).ok_or("no melting rise")?;
    assert_relative_eq!(melting.ratio(), 1630.0 / 1430.0);
    // The fork's range and its two points: 1637 both ways for this alloy, but not for another.
    let fork = |name: &str, kind| Material::named(name)?.value(kind, &Source::PyDimensionFork);
    for (name, difference) in [
        ("Ti64", 0.0),
        ("Al6061", 10.0),
        ("Al2024", 11.0),
        ("SS304", 17.0),
        ("Cu", 0.0),
    ] {
        let points =
            fork(name, PropertyKind::VaporizationPoint)? - fork(name, PropertyKind::MeltingPoint)?;
        // Whole numbers all three.
        let range = fork(name, PropertyKind::LiquidRange)?;
        approx::assert_abs_diff_eq!(range - points, difference, epsilon = 1e-9);
    }
    assert!(titanium.contradictions(1e9).is_empty());
    assert!(Material::new("own").contradictions(1.0).is_empty());
    Ok(())
}

#[test]
fn a_property_may_be_negative_where_its_sign_means_something() -> Outcome {
    let own = Source::Other("own".to_owned());
    let kind = PropertyKind::SurfaceTensionCoefficient;
    for value in [-2.6e-4, 3e-4] {
        let process = Process::new().property(Property::new(kind, value, own.clone())?);
        let magnitude = process.value(Symbol::SurfaceTensionCoefficient);
        assert_eq!(magnitude, Some(value.abs()));
    }
    assert!(Property::new(kind, f64::NAN, own.clone()).is_err());
    assert!(matches!(
        Property::new(PropertyKind::SurfaceTension, -1.5, own),
        Err(Error::InvalidValue { .. })
    ));
    Ok(())
}

/// The estimate of Ca 0.0267 and of We 3.41 and Oh 0.0144 at 20 um from viscosity 5 mPa s, density 4000 kg/m³, surface
/// tension 1.5 N/m and 8 m/s, recomputed by hand from the values of the review.
#[test]
fn melt_flow_numbers_of_a_published_estimate() -> Outcome {
    let process = Process::new()
        .material(&Material::named("Ti64")?, &Source::MetalsReview2026)
        .flow_velocity(8.0)
        .characteristic_length(20e-6);
    for (number, value, tolerance) in [
        (NamedNumber::Capillary, 0.0267, 5e-5),
        (NamedNumber::Weber, 3.41, 5e-3),
        (NamedNumber::Ohnesorge, 0.0144, 5e-5),
        (NamedNumber::Reynolds, 128.0, 1e-9),
        (
            NamedNumber::Bond,
            4000.0 * 9.806_65 * 20e-6 * 20e-6 / 1.5,
            1e-12,
        ),
    ] {
        approx::assert_abs_diff_eq!(process.number(number)?, value, epsilon = tolerance);
    }
    // The review itself prints 320 with another kinematic viscosity for 0.8 m/s over 200 um: the same 128 by its mu and rho.
    let exterior = process.flow_velocity(0.8).characteristic_length(200e-6);
    assert_relative_eq!(exterior.number(NamedNumber::Reynolds)?, 128.0);
    Ok(())
}
