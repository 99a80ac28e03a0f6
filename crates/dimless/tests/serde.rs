//! Stored values read back, and what is read is checked as by the constructors.
#![cfg(feature = "serde")]

use dimless::{
    AbsorptivityLaw, Dimension, EnergyDensity, ExponentialDepthLaw, Group, LawData, LawSearch,
    LawSearchResult, Link, Material, NamedNumber, Process, Property, PropertyKind, Quantity,
    Rational, Source, SpotDiameter, System, Table, TwoGroupSearch, TwoGroupSearchResult,
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

#[test]
fn laws_read_back_and_predict_the_same() -> Outcome {
    let system = System::new([("a", "m"), ("b", "m"), ("v", "m/s"), ("w", "m/s")])?;
    let wave = |i: i32, k: f64| 1.0 + 0.7 * f64::sin(f64::from(i) * k);
    let columns = [1.3, 2.1, 0.7, 2.9].map(|k| (0..40).map(|i| wave(i, k)).collect::<Vec<_>>());
    let target: Vec<f64> = (0..40)
        .map(|i| 2.0 + columns[0][i] / columns[1][i] - 0.5 * columns[2][i] / columns[3][i])
        .collect();
    let labels = (0..40).map(|i| ["one", "two"][i % 2]);
    let data = LawData::new(system, &columns, "y", &target)?.labels(labels)?;
    round_trip(&data)?;
    for link in [
        Link::Polynomial(3),
        Link::ExponentialSaturation,
        Link::Monotone,
    ] {
        let search = LawSearch::new()
            .max_exponent(1)
            .link(link)
            .leave_label_out(true);
        round_trip(&search)?;
        let found = search.fit(&data)?;
        round_trip(&found)?;
        if link != Link::Monotone {
            round_trip(&search.refine(&data, found.best())?)?;
            round_trip(&search.bootstrap_exponents(&data, found.best(), 5)?)?;
        }
        round_trip(&search.bootstrap(&data, 5)?)?;
    }
    let search = TwoGroupSearch::new().max_exponent(1);
    round_trip(&search)?;
    let found = search.fit(&data)?;
    round_trip(&found)?;
    let stored = serde_json::to_string(&found)?;
    let read: TwoGroupSearchResult = serde_json::from_str(&stored)?;
    assert_eq!(
        read.best().predict_rows(&data)?,
        found.best().predict_rows(&data)?
    );
    assert!(serde_json::from_str::<LawSearchResult>("{\"laws\":[],\"n_groups\":3}").is_err());
    assert!(
        serde_json::from_str::<TwoGroupSearchResult>("{\"laws\":[],\"n_groups\":3,\"n_pairs\":3}")
            .is_err()
    );
    let cubic = serde_json::to_string(
        LawSearch::new()
            .link(Link::Polynomial(3))
            .fit(&data)?
            .best(),
    )?;
    assert!(cubic.contains("\"degree\":3"));
    let broken = cubic.replace("\"degree\":3", "\"degree\":9");
    assert!(serde_json::from_str::<dimless::ScalingLaw>(&broken).is_err());
    let monotone = LawSearch::new().link(Link::Monotone).fit(&data)?;
    let stored = serde_json::to_string(monotone.best())?;
    let (before, rest) = stored.split_once("\"knots\":[").ok_or("knots")?;
    let (_, after) = rest.split_once("]]").ok_or("knots")?;
    let broken = format!("{before}\"knots\":[]{after}");
    assert!(serde_json::from_str::<dimless::ScalingLaw>(&broken).is_err());
    let broken = stored.replace("\"link\":\"Monotone\"", "\"link\":\"Linear\"");
    assert!(serde_json::from_str::<dimless::ScalingLaw>(&broken).is_err());
    Ok(())
}
