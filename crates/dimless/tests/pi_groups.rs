//! Pi groups against an exact oracle, and their algebraic properties on random systems.

use dimless::{Dimension, Error, Rational, System};
use proptest::prelude::*;
use serde_json::Value;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("{value} is no text"))
}

fn integers(value: &Value) -> Result<Vec<i64>, String> {
    let list = value.as_array().ok_or("no list")?;
    list.iter()
        .map(|v| v.as_i64().ok_or_else(|| format!("{v} is no integer")))
        .collect()
}

fn rows(value: &Value) -> Result<Vec<Vec<i64>>, String> {
    value
        .as_array()
        .ok_or("no list")?
        .iter()
        .map(integers)
        .collect()
}

fn check(problem: &Value) -> Outcome {
    let mut variables = Vec::new();
    for variable in problem["variables"].as_array().ok_or("no variables")? {
        let mut exponents = [Rational::ZERO; 7];
        for (slot, fraction) in exponents
            .iter_mut()
            .zip(variable["dim"].as_array().ok_or("no dim")?)
        {
            *slot = text(fraction)?.parse()?;
        }
        variables.push((text(&variable["name"])?, Dimension::new(exponents)));
    }
    let system = System::from_dimensions(variables)?;
    let basis = system.pi()?;
    let id = text(&problem["id"])?;
    assert_eq!(
        Some(system.rank()? as u64),
        problem["rank"].as_u64(),
        "{id}"
    );
    assert_eq!(
        Some(system.n_groups()? as u64),
        problem["n_groups"].as_u64(),
        "{id}"
    );
    let found: Vec<Vec<i64>> = basis
        .groups()
        .iter()
        .map(|g| g.exponents().to_vec())
        .collect();
    assert_eq!(found, rows(&problem["lattice_basis_hnf"])?, "{id}");
    let unusable: Vec<Value> = basis
        .unusable_variables()
        .into_iter()
        .map(Value::from)
        .collect();
    assert_eq!(Value::from(unusable), problem["unusable_variables"], "{id}");
    let circuits = system.circuits()?;
    let found: Vec<Vec<i64>> = circuits.iter().map(|g| g.exponents().to_vec()).collect();
    let mut expected = rows(&problem["circuits"])?;
    expected.sort_unstable();
    assert_eq!(found, expected, "{id}");
    let sets = system.repeating_sets()?;
    let count = |key: &str| problem[key].as_u64();
    assert_eq!(
        Some(sets.n_regular() as u64),
        count("n_nonsingular_repeating_sets"),
        "{id}"
    );
    assert_eq!(
        Some(sets.distinct().len() as u64),
        count("n_distinct_pi_sets"),
        "{id}"
    );
    for set in sets.distinct() {
        let names: Vec<&str> = set.repeating().iter().map(String::as_str).collect();
        let textbook = system.with_repeating(&names)?;
        assert_eq!(textbook.len(), set.groups().len());
        for group in textbook {
            assert!(
                system.dimension_of(group.exponents())?.is_dimensionless(),
                "{id}"
            );
        }
    }
    for circuit in rows(&problem["circuits"])? {
        check_coordinates(&basis, &circuit)?;
    }
    for (name, group) in problem["named"].as_object().ok_or("no named groups")? {
        let exponents = integers(group)?;
        check_coordinates(&basis, &exponents)?;
        let powers: Vec<(&str, i64)> = system
            .names()
            .iter()
            .map(String::as_str)
            .zip(exponents.iter().copied())
            .collect();
        assert_eq!(
            system.group(&powers)?.exponents(),
            exponents,
            "{id}: {name}"
        );
    }
    Ok(())
}

/// The coordinates of a group rebuild it.
fn check_coordinates(basis: &dimless::PiBasis, exponents: &[i64]) -> Outcome {
    let coordinates = basis.coordinates(exponents)?.ok_or("not in the lattice")?;
    let mut rebuilt = vec![0; exponents.len()];
    for (group, factor) in basis.groups().iter().zip(coordinates) {
        for (sum, exponent) in rebuilt.iter_mut().zip(group.exponents()) {
            *sum += factor * exponent;
        }
    }
    assert_eq!(rebuilt, exponents);
    Ok(())
}

fn check_all(json: &str, n_problems: usize) -> Outcome {
    let problems: Value = serde_json::from_str(json)?;
    let problems = problems.as_array().ok_or("no list")?;
    assert_eq!(problems.len(), n_problems);
    problems.iter().try_for_each(check)
}

#[test]
fn agrees_with_the_oracle_on_18_problems() -> Outcome {
    check_all(include_str!("data/pi_groups/pi_oracle.json"), 18)
}

#[test]
fn agrees_with_the_oracle_on_12_variables_and_a_rational_input() -> Outcome {
    check_all(include_str!("data/pi_groups/pi_extra.json"), 2)
}

#[test]
fn classic_groups_come_out() -> Outcome {
    let pendulum = System::new([("T", "s"), ("l", "m"), ("g", "m/s^2"), ("m", "kg")])?.pi()?;
    assert_eq!(pendulum.groups()[0].to_string(), "T^2 l^-1 g");
    assert_eq!(pendulum.unusable_variables(), ["m"]);
    let blast = System::new([("R", "m"), ("E", "J"), ("rho", "kg/m^3"), ("t", "s")])?.pi()?;
    assert_eq!(blast.groups()[0].to_string(), "R^5 E^-1 rho t^-2");
    let bohr = System::new([
        ("a", "m"),
        ("hbar", "J s"),
        ("m", "kg"),
        ("q", "C"),
        ("eps", "F/m"),
    ])?;
    assert_eq!(bohr.pi()?.groups()[0].to_string(), "a hbar^-2 m q^2 eps^-1");
    Ok(())
}

#[test]
fn a_scaled_rational_basis_would_miss_half_of_these_groups() -> Outcome {
    // With sqrt-free rational elimination the basis of {F, rho, mu, v, D} has index 2 in the lattice.
    let system = System::new([
        ("F", "N"),
        ("rho", "kg/m^3"),
        ("mu", "Pa s"),
        ("v", "m/s"),
        ("D", "m"),
    ])?;
    let basis = system.pi()?;
    let reynolds = system.group(&[("rho", 1), ("v", 1), ("D", 1), ("mu", -1)])?;
    assert!(basis.contains(&reynolds));
    assert!(!basis.contains([1, 0, 0, 0, 0]));
    assert!(!basis.contains([1, 0]));
    Ok(())
}

#[test]
fn unusual_systems_are_ordinary_answers() -> Outcome {
    let independent = System::new([("m", "kg"), ("l", "m"), ("t", "s")])?;
    assert_eq!((independent.rank()?, independent.n_groups()?), (3, 0));
    assert_eq!(independent.pi()?.unusable_variables(), ["m", "l", "t"]);
    assert!(independent.pi()?.contains([0, 0, 0]));
    let numbers = System::new([("a", "1"), ("b", "rad")])?;
    assert_eq!((numbers.rank()?, numbers.n_groups()?), (0, 2));
    assert_eq!(numbers.pi()?.groups()[1].exponents(), [0, 1]);
    let one = System::new([("theta", "1")])?;
    assert_eq!(one.pi()?.groups()[0].to_string(), "theta");
    let case = System::new([("k", "1/K"), ("K", "W/(m*K)"), ("T", "K")])?;
    assert_eq!(case.pi()?.groups()[0].to_string(), "k T");
    assert_eq!(case.pi()?.groups()[0].exponent("K"), Some(0));
    assert_eq!(case.pi()?.groups()[0].exponent("q"), None);
    Ok(())
}

#[test]
fn circuits_and_sets_of_unusual_systems() -> Outcome {
    let independent = System::new([("m", "kg"), ("l", "m"), ("t", "s")])?;
    assert!(independent.circuits()?.is_empty());
    let sets = independent.repeating_sets()?;
    assert_eq!((sets.n_regular(), sets.distinct().len()), (1, 1));
    assert!(sets.distinct()[0].groups().is_empty());
    // No repeating variable at all: each pure number is its own group.
    let numbers = System::new([("a", "1"), ("b", "rad")])?;
    let text: Vec<String> = numbers
        .circuits()?
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(text, ["b", "a"]);
    assert_eq!(numbers.with_repeating(&[])?.len(), 2);
    // A pure number stands in no group but its own.
    let angle = System::new([("theta", "deg"), ("x", "m"), ("y", "um")])?;
    let text: Vec<String> = angle.circuits()?.iter().map(ToString::to_string).collect();
    assert_eq!(text, ["x y^-1", "theta"]);
    Ok(())
}

#[test]
fn units_of_variables_count_by_their_dimension() -> Outcome {
    let plain = System::new([("K", "Pa m^(1/2)"), ("s", "Pa"), ("A", "m^2"), ("dT", "K")])?;
    let other = System::new([
        ("K", "MPa m^0.5"),
        ("s", "N/mm²"),
        ("A", "um^2"),
        ("dT", "delta_degC"),
    ])?;
    assert_eq!(plain, other);
    assert_eq!(plain.pi()?.groups()[0].to_string(), "K^4 s^-4 A^-1");
    assert_eq!(plain.pi()?.unusable_variables(), ["dT"]);
    // An absolute scale with an offset is no unit of a power product; the variable is named.
    let absolute = System::new([("T", "°C")]);
    assert!(matches!(absolute, Err(Error::NamedUnit { ref name, .. }) if name == "T"));
    Ok(())
}

#[test]
fn bad_systems_are_typed_errors() -> Outcome {
    let empty = System::new(Vec::<(&str, &str)>::new());
    assert!(matches!(empty, Err(Error::EmptySystem)));
    let double = System::new([("P", "W"), ("V", "m/s"), ("P", "W")]);
    assert!(matches!(
        double,
        Err(Error::DuplicateName {
            first: 1,
            second: 3,
            ..
        })
    ));
    assert!(matches!(
        System::new([("", "m")]),
        Err(Error::EmptyName { index: 1 })
    ));
    let unit = System::new([("P", "W/m*K")]);
    assert!(matches!(unit, Err(Error::NamedUnit { ref name, .. }) if name == "P"));
    let many = System::new((0..1000).map(|i| (format!("x{i}"), "m")));
    assert!(matches!(many, Err(Error::TooLarge { limit: 256, .. })));
    let system = System::new([("P", "W"), ("t", "s"), ("E", "J")])?;
    let wrong = system.group(&[("P", 1), ("t", 2), ("E", -1)]);
    let message = wrong.err().ok_or("an error")?.to_string();
    assert_eq!(
        message,
        "P t^2 E^-1 is not dimensionless: its dimension is s"
    );
    assert!(matches!(
        system.group(&[("Q", 1)]),
        Err(Error::UnknownVariable { .. })
    ));
    assert!(matches!(
        system.group(&[("P", 1), ("P", 1)]),
        Err(Error::DuplicateName { .. })
    ));
    let basis = system.pi()?;
    let group = &basis.groups()[0];
    assert!(matches!(
        group.evaluate(&[1.0]),
        Err(Error::LengthMismatch { .. })
    ));
    assert!(matches!(
        group.evaluate(&[1.0, f64::NAN, 1.0]),
        Err(Error::InvalidValue { .. })
    ));
    assert!(matches!(
        group.evaluate(&[1.0, 1.0, 0.0]),
        Err(Error::InvalidValue { .. })
    ));
    Ok(())
}

#[test]
fn exponents_that_do_not_fit_are_an_error() -> Outcome {
    let huge = |n: i64| Dimension::LENGTH.pow(Rational::integer(n));
    // Large exponents themselves are fine: x^(2^62 - 1) y^-(2^62).
    let system = System::from_dimensions([("x", huge(1 << 62)?), ("y", huge((1 << 62) - 1)?)])?;
    assert_eq!(
        system.pi()?.groups()[0].exponents(),
        [(1 << 62) - 1, -(1 << 62)]
    );
    // The group of coprime products of fractions needs more than 64 bits.
    let tiny = Rational::new(1, i64::MAX)?;
    let large = Dimension::LENGTH.pow(Rational::integer(i64::MAX - 1))?;
    let overflow = System::from_dimensions([("x", Dimension::LENGTH.pow(tiny)?), ("y", large)])?;
    assert!(matches!(overflow.pi(), Err(Error::Overflow { .. })));
    assert!(matches!(overflow.rank(), Err(Error::Overflow { .. })));
    Ok(())
}

#[test]
fn dense_systems_of_many_variables_stay_exact() -> Outcome {
    // Elimination of the whole matrix at once overflows 128 bits here, although the basis itself is small.
    let mut state = 12_345_u64;
    let mut next = |n: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % n) as i64
    };
    let mut dimensions = Vec::new();
    for _ in 0..60 {
        let mut exponents = [Rational::ZERO; 7];
        for exponent in &mut exponents {
            *exponent = Rational::new(next(9) - 4, next(6) + 1)?;
        }
        dimensions.push(Dimension::new(exponents));
    }
    let system = named(&dimensions)?;
    let rows = exponents(&system)?;
    assert_eq!(rows.len(), 53);
    for row in &rows {
        assert!(system.dimension_of(row)?.is_dimensionless());
    }
    assert_eq!(hermite(rows.clone()), rows);
    Ok(())
}

/// All maximal minors of a small matrix, by expansion.
fn minors_gcd(rows: &[Vec<i64>]) -> u128 {
    fn determinant(m: &[Vec<i128>]) -> i128 {
        if m.is_empty() {
            return 1;
        }
        (0..m.len())
            .map(|c| {
                let minor: Vec<Vec<i128>> = m[1..]
                    .iter()
                    .map(|r| {
                        r.iter()
                            .enumerate()
                            .filter(|(i, _)| *i != c)
                            .map(|(_, v)| *v)
                            .collect()
                    })
                    .collect();
                let sign = if c % 2 == 0 { 1 } else { -1 };
                sign * m[0][c] * determinant(&minor)
            })
            .sum()
    }
    fn gcd(a: u128, b: u128) -> u128 {
        if b == 0 { a } else { gcd(b, a % b) }
    }
    let (k, n) = (rows.len(), rows.first().map_or(0, Vec::len));
    let mut divisor = 0;
    for mask in 0u32..1 << n {
        if mask.count_ones() as usize == k {
            let square: Vec<Vec<i128>> = rows
                .iter()
                .map(|r| {
                    (0..n)
                        .filter(|i| mask >> i & 1 == 1)
                        .map(|i| i128::from(r[i]))
                        .collect()
                })
                .collect();
            divisor = gcd(divisor, determinant(&square).unsigned_abs());
        }
    }
    divisor
}

/// Row-style Hermite normal form, written independently of the crate for the test of permutations.
fn hermite(mut rows: Vec<Vec<i64>>) -> Vec<Vec<i64>> {
    let n = rows.first().map_or(0, Vec::len);
    let mut top = 0;
    for c in 0..n {
        while let Some(p) = (top..rows.len())
            .filter(|&i| rows[i][c] != 0)
            .min_by_key(|&i| rows[i][c].abs())
        {
            rows.swap(top, p);
            if rows[top][c] < 0 {
                rows[top].iter_mut().for_each(|v| *v = -*v);
            }
            let pivot = rows[top].clone();
            for (i, row) in rows.iter_mut().enumerate() {
                if i != top {
                    let q = row[c].div_euclid(pivot[c]);
                    row.iter_mut().zip(&pivot).for_each(|(v, p)| *v -= q * p);
                }
            }
            if rows[top + 1..].iter().all(|r| r[c] == 0) {
                top += 1;
                break;
            }
        }
    }
    rows
}

prop_compose! {
    /// Up to eight variables with small, sometimes fractional, exponents of the first four base dimensions.
    fn any_system()(n in 1usize..9)(
        exponents in prop::collection::vec(prop::array::uniform4((-3i64..4, 1i64..3)), n)
    ) -> Vec<Dimension> {
        exponents.into_iter().map(|row| {
            let mut all = [Rational::ZERO; 7];
            for (slot, (p, q)) in all.iter_mut().zip(row) {
                *slot = Rational::new(p, q).expect("small");
            }
            Dimension::new(all)
        }).collect()
    }
}

fn named(dimensions: &[Dimension]) -> Result<System, Error> {
    System::from_dimensions(
        dimensions
            .iter()
            .enumerate()
            .map(|(i, d)| (format!("x{i}"), *d)),
    )
}

fn exponents(system: &System) -> Result<Vec<Vec<i64>>, Error> {
    Ok(system
        .pi()?
        .groups()
        .iter()
        .map(|g| g.exponents().to_vec())
        .collect())
}

proptest! {
    #[test]
    fn every_group_is_dimensionless_and_the_lattice_saturated(dimensions in any_system()) {
        let system = named(&dimensions)?;
        let rows = exponents(&system)?;
        for row in &rows {
            prop_assert!(system.dimension_of(row)?.is_dimensionless());
        }
        if !rows.is_empty() {
            prop_assert_eq!(minors_gcd(&rows), 1);
        }
        prop_assert_eq!(hermite(rows.clone()), rows);
    }

    #[test]
    fn other_base_units_leave_the_basis(dimensions in any_system(), shear in prop::array::uniform4(-2i64..3)) {
        // Force, length, time in place of mass, length, time, and a random shear: both unimodular.
        let changed: Vec<Dimension> = dimensions.iter().map(|d| {
            let e = d.exponents();
            let (m, l, t, k) = (e[0], e[1], e[2], e[3]);
            let add = |a: Rational, b: Rational, f: i64| a.plus(b.times(f.into())?);
            let l = add(l, m, -1)?;
            let t = add(t, m, 2)?;
            let k = add(k, m, shear[0])?;
            let t = add(t, k, shear[1])?;
            let l = add(l, t, shear[2])?;
            let m = add(m, l, shear[3])?;
            Ok(Dimension::new([k, m, t, l, e[4], e[5], e[6]]))
        }).collect::<Result<_, Error>>()?;
        prop_assert_eq!(exponents(&named(&dimensions)?)?, exponents(&named(&changed)?)?);
    }

    #[test]
    fn permuting_variables_permutes_the_lattice(dimensions in any_system(), seed in any::<u64>()) {
        let n = dimensions.len();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|i| (*i as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));
        let permuted: Vec<Dimension> = order.iter().map(|&i| dimensions[i]).collect();
        let rows = exponents(&named(&dimensions)?)?;
        let moved = rows.iter().map(|row| order.iter().map(|&i| row[i]).collect()).collect();
        prop_assert_eq!(hermite(moved), exponents(&named(&permuted)?)?);
    }

    #[test]
    fn units_do_not_change_values(
        dimensions in any_system(),
        values in prop::collection::vec(0.1f64..10.0, 8),
        scales in prop::array::uniform4(0.25f64..4.0),
    ) {
        let system = named(&dimensions)?;
        let scaled: Vec<f64> = dimensions.iter().zip(&values).map(|(d, v)| {
            scales.iter().zip(d.exponents()).fold(*v, |v, (s, e)| v * s.powf(e.to_f64()))
        }).collect();
        for group in system.pi()?.groups() {
            // Random systems have groups of exponents in the hundreds, whose values leave the range of doubles.
            let steps: i64 = group.exponents().iter().map(|e| e.abs()).sum();
            if steps > 60 {
                continue;
            }
            let plain = group.evaluate(&values[..dimensions.len()])?;
            let other = group.evaluate(&scaled)?;
            prop_assert!((plain / other - 1.0).abs() < 1e-12, "{} and {}", plain, other);
        }
    }
}

#[test]
fn repeating_variables_must_fit_and_be_independent() -> Outcome {
    let pipe = System::new([
        ("dp", "Pa"),
        ("rho", "kg/m^3"),
        ("v", "m/s"),
        ("D", "m"),
        ("mu", "Pa s"),
    ])?;
    assert!(matches!(
        pipe.with_repeating(&["rho", "v"]),
        Err(Error::LengthMismatch {
            expected: 3,
            found: 2,
            ..
        })
    ));
    let dependent = |names: &[&str], expected: &str| matches!(pipe.with_repeating(names), Err(Error::DependentVariable { name }) if name == expected);
    assert!(dependent(&["dp", "rho", "v"], "v"));
    assert!(dependent(&["rho", "v", "rho"], "rho"));
    assert!(matches!(
        pipe.with_repeating(&["rho", "v", "x"]),
        Err(Error::UnknownVariable { .. })
    ));
    let many = System::new((0..40).map(|i| {
        (
            format!("x{i}"),
            ["m", "kg", "s", "K", "A", "mol", "cd"][i % 7],
        )
    }))?;
    assert!(matches!(
        many.repeating_sets(),
        Err(Error::TooManySubsets {
            subsets: 18_643_560,
            ..
        })
    ));
    Ok(())
}

proptest! {
    /// A circuit has no group inside its support, and every group of the basis contains one.
    #[test]
    fn circuits_are_minimal_and_inside_every_group(dims in prop::collection::vec(prop::array::uniform3(-2_i64..=2), 2..7)) {
        let variables = dims.iter().enumerate().map(|(i, d)| {
            let mut exponents = [Rational::ZERO; 7];
            for (slot, e) in exponents.iter_mut().zip(d) {
                *slot = Rational::from(*e);
            }
            (format!("x{i}"), Dimension::new(exponents))
        });
        let system = System::from_dimensions(variables).unwrap();
        let support = |e: &[i64]| -> Vec<bool> { e.iter().map(|v| *v != 0).collect() };
        let inside = |a: &[bool], b: &[bool]| a.iter().zip(b).all(|(x, y)| *y || !*x);
        let circuits: Vec<Vec<bool>> = system.circuits().unwrap().iter().map(|g| support(g.exponents())).collect();
        for (i, a) in circuits.iter().enumerate() {
            for b in &circuits[..i] {
                prop_assert!(!inside(a, b) && !inside(b, a));
            }
        }
        for group in system.pi().unwrap().groups() {
            prop_assert!(circuits.iter().any(|c| inside(c, &support(group.exponents()))));
        }
        for set in system.repeating_sets().unwrap().distinct() {
            prop_assert_eq!(set.groups().len(), system.n_groups().unwrap());
        }
    }
}
