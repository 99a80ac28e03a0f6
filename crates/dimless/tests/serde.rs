//! Stored values read back, and what is read is checked as by the constructors.
#![cfg(feature = "serde")]

use dimless::{
    AbsorptivityLaw, Dimension, EnergyDensity, ExponentialDepthLaw, Group, Material, NamedNumber,
    Process, Property, PropertyKind, Quantity, Rational, Source, SpotDiameter, System, Table,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) -> Outcome {
    let stored = serde_json::to_string(value)?;
    assert_eq!(&serde_json::from_str::<T>(&stored)?, value, "{stored}");
    Ok(())
}

#[test]
fn values_read_back() -> Outcome {
    round_trip(&Rational::new(-3, 2)?)?;
    round_trip(&Dimension::of("Pa m^0.5")?)?;
    round_trip(&Quantity::new(25.0, "W/(m*K)")?)?;
    let system = System::new([("P", "W"), ("t", "s"), ("E", "J")])?;
    round_trip(&system)?;
    round_trip(&system.pi()?.groups()[0])?;
    round_trip(&NamedNumber::KeyholeNumber2021)?;
    round_trip(&Table::parse("alloy,P [kW]\nTi64,0.15\n")?)?;
    let titanium = Material::named("Ti64")?;
    round_trip(&titanium)?;
    round_trip(
        &Process::new()
            .laser_power(1.0)
            .gravity(3.7)
            .material(&titanium, &Source::GanTableS1),
    )?;
    round_trip(&titanium.compare(PropertyKind::Density))?;
    round_trip(&titanium.contradictions(1.1))?;
    round_trip(&EnergyDensity::Volumetric)?;
    round_trip(&AbsorptivityLaw::SolvedDepth(
        ExponentialDepthLaw::published(),
    ))?;
    round_trip(&SpotDiameter::from_micrometers(95.0)?)?;
    Ok(())
}

#[test]
fn stored_nonsense_is_refused() {
    assert!(serde_json::from_str::<Rational>("\"1/0\"").is_err());
    assert!(serde_json::from_str::<SpotDiameter>("-1.0").is_err());
    assert!(serde_json::from_str::<System>("[]").is_err());
    assert!(serde_json::from_str::<Group>("[[\"P\",1],[\"P\",-1]]").is_err());
    let property = |value: &str| {
        let text = format!(
            "{{\"kind\":\"Density\",\"value\":{value},\"condition\":null,\"source\":\"GanTableS1\"}}"
        );
        serde_json::from_str::<Property>(&text)
    };
    assert!(property("5316.0").is_ok_and(|p| p.kind() == PropertyKind::Density));
    assert!(property("-1.0").is_err());
    let ragged =
        "[{\"name\":\"a\",\"data\":{\"text\":[\"x\"]}},{\"name\":\"b\",\"data\":{\"text\":[]}}]";
    assert!(serde_json::from_str::<Table>(ragged).is_err());
}
