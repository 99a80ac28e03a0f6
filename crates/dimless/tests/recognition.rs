//! Named numbers in groups, groups in chosen groups, and the choice of groups to show.

use approx::assert_relative_eq;
use dimless::{
    CatalogNumber, Dimension, Error, Group, Material, NamedNumber, NumberCatalog, Process,
    Rational, Recognition, Source, SpotDiameter, Symbol, SymbolProduct, System,
};
use proptest::prelude::*;
use serde_json::Value;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn integers(value: &Value) -> Outcome<Vec<i64>> {
    let list = value.as_array().ok_or("no list")?;
    Ok(list
        .iter()
        .map(|v| v.as_i64().ok_or("no integer"))
        .collect::<Result<_, _>>()?)
}

/// Names and exponents.
type Named = Vec<(String, Vec<i64>)>;

/// The system of a problem of the oracle, and a catalog of its named groups.
fn problem(problem: &Value) -> Outcome<(System, NumberCatalog, Named)> {
    let mut variables = Vec::new();
    for variable in problem["variables"].as_array().ok_or("no variables")? {
        let mut exponents = [Rational::ZERO; 7];
        for (slot, text) in exponents
            .iter_mut()
            .zip(variable["dim"].as_array().ok_or("no dim")?)
        {
            *slot = text.as_str().ok_or("no text")?.parse()?;
        }
        let name = variable["name"].as_str().ok_or("no name")?;
        variables.push((name, Dimension::new(exponents)));
    }
    let system = System::from_dimensions(variables)?;
    let mut catalog = NumberCatalog::new(&system);
    let mut named = Vec::new();
    for (name, group) in problem["named"].as_object().ok_or("no named groups")? {
        let exponents = integers(group)?;
        let names = system.names().iter().map(String::as_str);
        let powers: Vec<(&str, Rational)> = names
            .zip(exponents.iter().copied().map(Rational::integer))
            .collect();
        catalog = catalog.with_number(name, 1.0, &powers)?;
        named.push((name.clone(), exponents));
    }
    Ok((system, catalog, named))
}

/// The exponents of a recognized product.
fn exponents_of(found: &Recognition, n: usize) -> Outcome<Vec<Rational>> {
    let mut sum = vec![Rational::ZERO; n];
    for (number, power) in found.factors() {
        for (total, exponent) in sum.iter_mut().zip(number.group().exponents()) {
            let own = Rational::integer(*exponent)
                .times(*power)?
                .over(number.power())?;
            *total = total.plus(own)?;
        }
    }
    Ok(sum)
}

fn oracle() -> Outcome<Vec<Value>> {
    let mut all: Vec<Value> = serde_json::from_str(include_str!("data/pi_groups/pi_oracle.json"))?;
    all.extend(serde_json::from_str::<Vec<Value>>(include_str!(
        "data/pi_groups/pi_extra.json"
    ))?);
    Ok(all)
}

#[test]
fn named_groups_of_the_oracle_are_recognized_with_their_powers() -> Outcome {
    let mut n_named = 0;
    for value in oracle()? {
        let (_, catalog, named) = problem(&value)?;
        for (name, exponents) in named {
            for power in [1, -1, 2, -3] {
                let group: Vec<i64> = exponents.iter().map(|e| e * power).collect();
                let found = catalog.recognize(&group)?.ok_or("recognized")?;
                let (number, found_power) = found.single().ok_or("one number")?;
                assert_eq!(
                    (number.name(), found_power),
                    (name.as_str(), Rational::integer(power))
                );
                assert_relative_eq!(found.coefficient(), 1.0);
            }
            n_named += 1;
        }
    }
    assert!(n_named > 35, "{n_named}");
    Ok(())
}

#[test]
fn circuits_of_the_oracle_are_products_of_named_groups() -> Outcome {
    let (mut recognized, mut all) = (0, 0);
    for value in oracle()? {
        let (system, catalog, named) = problem(&value)?;
        let named: Vec<Group> = named
            .into_iter()
            .map(|(_, exponents)| {
                let names = system.names().iter().map(String::as_str);
                system.group(&names.zip(exponents).collect::<Vec<_>>())
            })
            .collect::<Result<_, _>>()?;
        for circuit in system.circuits()? {
            all += 1;
            let found = catalog.recognize(&circuit)?;
            if let Some(found) = &found {
                recognized += 1;
                let expected: Vec<Rational> = circuit
                    .exponents()
                    .iter()
                    .copied()
                    .map(Rational::integer)
                    .collect();
                assert_eq!(exponents_of(found, system.n_variables())?, expected);
            }
            // Three independent numbers or fewer: recognized exactly if they span the circuit.
            if named.len() <= 3 {
                if let Ok(expression) = system.express(&circuit, &named) {
                    assert_eq!(expression.is_some(), found.is_some(), "{circuit}");
                }
            }
        }
    }
    println!("{recognized} of {all} circuits");
    assert!(recognized > 90, "{recognized} of {all}");
    Ok(())
}

#[test]
fn shown_groups_of_the_oracle_are_complete_and_named_first() -> Outcome {
    for value in oracle()? {
        let (system, catalog, _) = problem(&value)?;
        let choice = catalog.choose_groups()?;
        assert_eq!(choice.groups().len(), system.n_groups()?);
        let names: Vec<Option<&str>> = choice.names().collect();
        assert!(names.is_sorted_by_key(Option::is_none), "{names:?}");
        let mut whole = true;
        for row in system.pi()?.groups() {
            let expression = system.express(row, choice.groups())?.ok_or("complete")?;
            whole &= expression.is_whole();
        }
        assert_eq!(whole, choice.index() == 1, "{}", value["id"]);
        // Without names, whole powers suffice on every one of these systems.
        assert_eq!(system.choose_groups()?.index(), 1, "{}", value["id"]);
    }
    Ok(())
}

fn eq1() -> Outcome<(System, NumberCatalog)> {
    let system = System::new([
        ("e", "m"),
        ("P", "W"),
        ("V", "m/s"),
        ("d", "m"),
        ("K", "W/(m K)"),
        ("rhoCp", "J/(m^3 K)"),
        ("dTv", "K"),
        ("dTm", "K"),
    ])?;
    let product: SymbolProduct = [(Symbol::Density, 1), (Symbol::HeatCapacity, 1)].into();
    let catalog = NumberCatalog::laser_melting(
        &system,
        [
            ("e", Symbol::KeyholeDepth.into()),
            ("P", Symbol::EffectivePower.into()),
            ("V", Symbol::ScanSpeed.into()),
            ("d", Symbol::SpotDiameter.into()),
            ("K", Symbol::ThermalConductivity.into()),
            ("rhoCp", product),
            ("dTv", Symbol::VaporizationRise.into()),
            ("dTm", SymbolProduct::from(Symbol::MeltingRise)),
        ],
    )?;
    Ok((system, catalog))
}

fn text(catalog: &NumberCatalog, group: &Group) -> Outcome<String> {
    Ok(catalog.recognize(group)?.ok_or("recognized")?.to_string())
}

#[test]
fn groups_of_the_preprint_have_their_names() -> Outcome {
    let (system, catalog) = eq1()?;
    let is = |powers: &[(&str, i64)], expected: &str| -> Outcome {
        assert_eq!(text(&catalog, &system.group(powers)?)?, expected);
        Ok(())
    };
    is(&[("P", 1), ("d", -1), ("K", -1), ("dTv", -1)], "P*")?;
    is(&[("P", -2), ("d", 2), ("K", 2), ("dTv", 2)], "P*^-2")?;
    is(&[("V", 1), ("d", 1), ("rhoCp", 1), ("K", -1)], "Pe")?;
    is(&[("dTv", 1), ("dTm", -1)], "T*")?;
    is(&[("e", 1), ("d", -1)], "e/d")?;
    // P*/(Pe T*) has a name of its own.
    let keyhole = [
        ("P", 1),
        ("V", -1),
        ("d", -2),
        ("rhoCp", -1),
        ("dTv", -2),
        ("dTm", 1),
    ];
    is(&keyhole, "Ke (2019)")?;
    // The depth over the length of diffusion: a product of two.
    is(&[("e", 1), ("V", 1), ("rhoCp", 1), ("K", -1)], "Pe (e/d)")?;
    is(&[("P", 1), ("d", -1), ("K", -1), ("dTm", -1)], "P* T*")?;
    Ok(())
}

#[test]
fn products_of_three_numbers_where_the_catalog_lacks_the_name() -> Outcome {
    let (system, full) = eq1()?;
    let mut catalog = NumberCatalog::new(&system);
    for name in ["P*", "Pe", "T*"] {
        let number = full
            .numbers()
            .iter()
            .find(|n| n.name() == name)
            .ok_or("a number")?;
        let powers: Vec<(&str, Rational)> = number
            .group()
            .support()
            .map(|(n, e)| (n, Rational::integer(e)))
            .collect();
        catalog = catalog.with_number(name, 1.0, &powers)?;
    }
    let keyhole = system.group(&[
        ("P", 1),
        ("V", -1),
        ("d", -2),
        ("rhoCp", -1),
        ("dTv", -2),
        ("dTm", 1),
    ])?;
    assert_eq!(text(&catalog, &keyhole)?, "P* Pe^-1 T*^-1");
    let depth = system.group(&[("e", 1), ("d", -1)])?;
    assert_eq!(catalog.recognize(&depth)?, None);
    Ok(())
}

#[test]
fn composite_symbols_are_written_out_with_their_factors() -> Outcome {
    let system = System::new([
        ("eta", "1"),
        ("P", "W"),
        ("V", "m/s"),
        ("r0", "m"),
        ("d", "m"),
        ("e", "m"),
        ("alpha", "m^2/s"),
        ("rho", "kg/m^3"),
        ("cp", "J/(kg K)"),
        ("K", "W/(m K)"),
        ("dTl", "K"),
        ("other", "m"),
    ])?;
    let symbols = [
        ("eta", Symbol::Absorptivity),
        ("P", Symbol::LaserPower),
        ("V", Symbol::ScanSpeed),
        ("r0", Symbol::SpotRadius),
        ("d", Symbol::SpotDiameter),
        ("e", Symbol::KeyholeDepth),
        ("alpha", Symbol::ThermalDiffusivity),
        ("rho", Symbol::Density),
        ("cp", Symbol::HeatCapacity),
        ("K", Symbol::ThermalConductivity),
        ("dTl", Symbol::LiquidusRise),
    ];
    let catalog = NumberCatalog::laser_melting(&system, symbols)?;
    let recognized =
        |powers: &[(&str, i64)]| -> Outcome<String> { text(&catalog, &system.group(powers)?) };
    // Pe = V d / alpha is twice the number by radius, which has its own name.
    assert_eq!(recognized(&[("V", 1), ("r0", 1), ("alpha", -1)])?, "Pe_r");
    assert_eq!(
        recognized(&[("V", 1), ("d", 1), ("rho", 1), ("cp", 1), ("K", -1)])?,
        "Pe"
    );
    assert_eq!(recognized(&[("e", 2), ("r0", -2)])?, "(e/r_0)^2");
    // Ke = (1/pi) eta P / (dT rho cp sqrt(alpha V r0^3)), with the conductivity in place of the diffusivity.
    let ke = [
        ("eta", -2),
        ("P", -2),
        ("dTl", 2),
        ("K", 1),
        ("rho", 1),
        ("cp", 1),
        ("V", 1),
        ("r0", 3),
    ];
    assert_eq!(recognized(&ke)?, "0.1013212 Ke (2021)^-2");
    // Constant by definition: no number, only a factor.
    assert_eq!(recognized(&[("d", 1), ("r0", -1)])?, "2");
    assert_eq!(
        recognized(&[("K", 1), ("alpha", -1), ("rho", -1), ("cp", -1)])?,
        "1"
    );
    // A variable tied to no symbol is in no number.
    let untied = system.group(&[("other", 1), ("d", -1)])?;
    assert_eq!(catalog.recognize(&untied)?, None);

    // Factor and powers agree with the values on one experiment.
    let process = Process::new()
        .laser_power(260.0)
        .scan_speed(0.4)
        .spot_diameter(SpotDiameter::from_micrometers(95.0)?)
        .absorptivity(0.6)
        .keyhole_depth(120e-6)
        .material(&Material::named("Ti-6Al-4V")?, &Source::KeyholeTable);
    let mut values: Vec<f64> = Vec::new();
    for (name, symbol) in symbols {
        values.push(process.value(symbol).ok_or_else(|| format!("no {name}"))?);
    }
    values.push(1.0);
    // The sources round conductivity and diffusivity apart from each other; here they must agree.
    values[9] = values[6] * values[7] * values[8];
    for number in catalog.numbers() {
        let found = catalog.recognize(number.group())?.ok_or("recognized")?;
        let mut product = found.coefficient();
        for (factor, power) in found.factors() {
            let named = factor.number().ok_or("a number of the crate")?;
            let value = named.evaluate(|symbol| {
                let at = symbols.iter().position(|(_, s)| *s == symbol);
                match at {
                    Some(at) => Some(values[at]),
                    None if symbol == Symbol::AbsorbedPower => Some(values[0] * values[1]),
                    None => process.value(symbol),
                }
            })?;
            product *= value.powf(power.to_f64());
        }
        assert_relative_eq!(
            product,
            number.group().evaluate(&values)?,
            max_relative = 1e-12
        );
    }
    let names: Vec<&str> = catalog.numbers().iter().map(CatalogNumber::name).collect();
    assert!(
        ["Pe", "e/d", "e/r_0", "Ke (2021)"]
            .iter()
            .all(|n| names.contains(n)),
        "{names:?}"
    );
    // The power above a threshold is no product of what is given.
    assert!(!names.contains(&"P*") && !names.contains(&"Ke (2019)"));
    Ok(())
}

#[test]
fn named_first_even_where_that_costs_whole_powers() -> Outcome {
    let system = System::new([
        ("etaP", "W"),
        ("V", "m/s"),
        ("r0", "m"),
        ("alpha", "m^2/s"),
        ("rho", "kg/m^3"),
        ("cp", "J/(kg K)"),
        ("dT", "K"),
    ])?;
    let catalog = NumberCatalog::laser_melting(
        &system,
        [
            ("etaP", Symbol::AbsorbedPower),
            ("V", Symbol::ScanSpeed),
            ("r0", Symbol::SpotRadius),
            ("alpha", Symbol::ThermalDiffusivity),
            ("rho", Symbol::Density),
            ("cp", Symbol::HeatCapacity),
            ("dT", Symbol::LiquidusRise),
        ],
    )?;
    let choice = catalog.choose_groups()?;
    let shown: Vec<String> = choice.groups().iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "V r0 alpha^-1",
            "etaP^2 V^-1 r0^-3 alpha^-1 rho^-2 cp^-2 dT^-2",
            "V^2 cp^-1 dT^-1",
        ]
    );
    assert_eq!(
        choice.names().collect::<Vec<_>>(),
        [Some("Pe_r"), Some("Ke (2021)"), None]
    );
    assert_eq!(choice.index(), 2);
    assert_eq!(catalog.numbers()[0].number(), Some(NamedNumber::Peclet));
    let keyhole = catalog.numbers().iter().find(|n| n.name() == "Ke (2021)");
    assert_eq!(keyhole.ok_or("a number")?.power(), Rational::integer(2));
    let simplest: Vec<String> = system
        .choose_groups()?
        .groups()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        simplest,
        [
            "V r0 alpha^-1",
            "V^2 cp^-1 dT^-1",
            "etaP V^-1 alpha^-2 rho^-1"
        ]
    );
    Ok(())
}

#[test]
fn what_does_not_fit_is_a_typed_error() -> Outcome {
    let system = System::new([("V", "m/s"), ("d", "m"), ("t", "s")])?;
    let tie = |ties: &[(&'static str, Symbol)]| {
        NumberCatalog::laser_melting(&system, ties.iter().copied())
    };
    assert!(matches!(
        tie(&[("x", Symbol::ScanSpeed)]),
        Err(Error::UnknownVariable { .. })
    ));
    assert!(matches!(
        tie(&[("V", Symbol::ScanSpeed), ("V", Symbol::ScanSpeed)]),
        Err(Error::DuplicateName {
            first: 1,
            second: 2,
            ..
        })
    ));
    let wrong = tie(&[("d", Symbol::ScanSpeed)]).err().ok_or("an error")?;
    assert_eq!(
        wrong.to_string(),
        "variable \"d\" has the dimension m, but V has m s^-1"
    );
    let one = Rational::ONE;
    let new = || NumberCatalog::new(&system);
    assert!(matches!(
        new().with_number(" ", 1.0, &[]),
        Err(Error::EmptyName { index: 1 })
    ));
    assert!(matches!(
        new().with_number("N", f64::NAN, &[]),
        Err(Error::InvalidParameter {
            name: "coefficient",
            ..
        })
    ));
    assert!(matches!(
        new().with_number("N", 1.0, &[("V", one), ("t", one)]),
        Err(Error::NotDimensionless { ref product, .. }) if product == "V t"
    ));
    assert!(matches!(
        new().with_number("N", 1.0, &[("q", one)]),
        Err(Error::UnknownVariable { .. })
    ));
    assert!(matches!(
        new().recognize([1, 0]),
        Err(Error::LengthMismatch { .. })
    ));
    // Not dimensionless, and constant: no number, and the number one.
    assert_eq!(new().recognize([1, 0, 0])?, None);
    assert_eq!(new().recognize([0, 0, 0])?.ok_or("one")?.to_string(), "1");
    // A number that is constant is left out.
    assert!(new().with_number("one", 2.0, &[])?.numbers().is_empty());
    let independent = System::new([("m", "kg"), ("l", "m")])?;
    assert!(independent.choose_groups()?.groups().is_empty());
    Ok(())
}

proptest! {
    /// Any product of the groups of any set is expressed by them with those powers, and sets span all groups.
    #[test]
    fn every_set_expresses_every_group(
        dims in prop::collection::vec(prop::array::uniform3(-2_i64..=2), 2..7),
        powers in prop::array::uniform6(-3_i64..=3),
    ) {
        let variables = dims.iter().enumerate().map(|(i, d)| {
            let exponents = [d[0], d[1], d[2], 0, 0, 0, 0];
            (format!("x{i}"), Dimension::from_integers(exponents))
        });
        let system = System::from_dimensions(variables)?;
        let basis = system.pi()?;
        for circuit in system.circuits()? {
            prop_assert!(basis.contains(&circuit));
        }
        for set in system.repeating_sets()?.distinct() {
            for group in basis.groups() {
                prop_assert!(system.express(group, set.groups())?.is_some());
            }
            let mut product = vec![0; dims.len()];
            for (group, power) in set.groups().iter().zip(powers) {
                product.iter_mut().zip(group.exponents()).for_each(|(p, e)| *p += e * power);
            }
            let found = system.express(&product, set.groups())?.expect("a product of them");
            let expected: Vec<Rational> =
                powers[..set.groups().len()].iter().copied().map(Rational::integer).collect();
            prop_assert_eq!(found.powers(), expected);
            prop_assert!(found.is_whole());
        }
        let choice = system.choose_groups()?;
        prop_assert_eq!(choice.groups().len(), system.n_groups()?);
        let mut whole = true;
        for group in basis.groups() {
            whole &= system.express(group, choice.groups())?.expect("complete").is_whole();
        }
        prop_assert_eq!(whole, choice.index() == 1);
    }
}
