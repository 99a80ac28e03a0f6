//! The grammar of unit texts, what it refuses, and where.

use approx::assert_relative_eq;
use dimless::{Dimension, Error, MAX_UNIT_DEPTH, MAX_UNIT_LENGTH, Rational, Unit, UnitProblem};
use proptest::prelude::*;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Reads a text that must be refused; gives the byte offset and the problem.
fn problem(text: &str) -> Result<(usize, UnitProblem), String> {
    match Unit::parse(text) {
        Err(Error::InvalidUnit {
            position, problem, ..
        }) => Ok((position, problem)),
        other => Err(format!("{text:?} gave {other:?}")),
    }
}

#[test]
#[expect(clippy::float_cmp, reason = "these factors are exact")]
fn derived_units_have_their_base_units() -> Outcome {
    for (unit, base) in [
        ("N", "kg m s^-2"),
        ("Pa", "kg m^-1 s^-2"),
        ("J", "kg m^2 s^-2"),
        ("W", "kg m^2 s^-3"),
        ("C", "s A"),
        ("V", "kg m^2 s^-3 A^-1"),
        ("F", "kg^-1 m^-2 s^4 A^2"),
        ("Ω", "kg m^2 s^-3 A^-2"),
        ("ohm", "kg m^2 s^-3 A^-2"),
        ("S", "kg^-1 m^-2 s^3 A^2"),
        ("Wb", "kg m^2 s^-2 A^-1"),
        ("T", "kg s^-2 A^-1"),
        ("H", "kg m^2 s^-2 A^-2"),
        ("lx", "m^-2 cd"),
        ("Hz", "s^-1"),
        ("Gy", "m^2 s^-2"),
        ("kat", "s^-1 mol"),
        ("rad", "1"),
    ] {
        let read = Unit::parse(unit)?;
        assert_eq!(read.dimension().to_string(), base, "{unit}");
        assert_eq!(read.factor(), 1.0, "{unit}");
    }
    // Identities between them, independent of the table of exponents.
    for (left, right) in [
        ("W", "V A"),
        ("J", "N m"),
        ("Pa", "N/m^2"),
        ("Ω", "V/A"),
        ("F", "C/V"),
        ("S", "1/Ω"),
        ("Wb", "V s"),
        ("T", "Wb/m^2"),
        ("H", "Wb/A"),
        ("Gy", "J/kg"),
    ] {
        assert_eq!(Unit::parse(left)?, Unit::parse(right)?);
    }
    Ok(())
}

#[test]
#[expect(clippy::float_cmp, reason = "these factors are exact")]
fn factors_are_exact_decimals() -> Outcome {
    for (text, factor) in [
        ("mm^2", 1e-6),
        ("mm²", 1e-6),
        ("um", 1e-6),
        ("\u{b5}m", 1e-6),
        ("\u{3bc}m", 1e-6),
        ("um^3", 1e-18),
        ("kg", 1.0),
        ("g/cm^3", 1e3),
        ("mW", 1e-3),
        ("MW", 1e6),
        ("dam", 10.0),
        ("das", 10.0),
        ("L", 1e-3),
        ("mL", 1e-6),
        ("bar", 1e5),
        ("mbar", 100.0),
        ("min", 60.0),
        ("h", 3600.0),
        ("d", 86400.0),
        ("km/h", 1.0 / 3.6),
        ("J/mm^3", 1e9),
        ("%", 0.01),
        ("ppm", 1e-6),
        ("eV", 1.602_176_634e-19),
        ("meV", 1.602_176_634e-22),
        ("angstrom", 1e-10),
        ("Å", 1e-10),
        ("in", 0.0254),
        ("ft", 0.3048),
        ("atm", 101_325.0),
        ("t", 1000.0),
        ("qm", 1e-30),
        ("Qm", 1e30),
        ("1", 1.0),
        ("1/s", 1.0),
        ("min^2", 3600.0),
    ] {
        // At most two roundings: the factor that is no power of ten, and the power of ten.
        assert_relative_eq!(Unit::parse(text)?.factor(), factor, max_relative = 3e-16);
    }
    assert_eq!(Unit::parse("um")?.to_si(95.0), 95e-6);
    assert_eq!(Unit::parse("deg")?.to_si(180.0), std::f64::consts::PI);
    assert_eq!(
        Unit::parse("delta_degC")?.dimension(),
        Dimension::TEMPERATURE
    );
    assert_relative_eq!(Unit::parse("delta_degF")?.to_si(9.0), 5.0);
    assert_relative_eq!(
        Unit::parse("mm^(1/2)")?.factor(),
        0.001_f64.sqrt(),
        max_relative = 1e-15
    );
    Ok(())
}

#[test]
fn spellings_of_one_unit_agree() -> Outcome {
    let expected = Dimension::of("W m^-1 K^-1")?;
    for text in [
        "W/(m*K)",
        "W/(m·K)",
        "W/(m⋅K)",
        "W/(m K)",
        "W / ( m × K )",
        "W/m/K",
        "W*m^-1*K^-1",
        "W m⁻¹ K⁻¹",
        "W·m**-1·K**(-1)",
        "W(m K)^-1",
        " W/(m*K) ",
        "(W)/((m)(K))",
        "W m^\u{2212}1 K^-1.0",
        "W*1/(m*K)",
    ] {
        assert_eq!(Dimension::of(text)?, expected, "{text:?}");
    }
    let root = Dimension::MASS.pow(Rational::new(-1, 2)?)?;
    for text in [
        "kg^-1/2",
        "kg^(-1/2)",
        "kg^-0.5",
        "kg^( - 1 / 2 )",
        "1/kg^1/2",
        "1/kg^0.5",
    ] {
        assert_eq!(Dimension::of(text)?, root, "{text:?}");
    }
    assert_eq!(Dimension::of("kg^2/s")?, Dimension::of("kg kg s^-1")?);
    assert_eq!(Dimension::of("J/kg/K")?, Dimension::of("J/(kg K)")?);
    Ok(())
}

#[test]
fn a_product_after_a_division_is_refused_with_both_spellings() -> Outcome {
    for (text, position, grouped, reordered) in [
        ("W/m*K", 3, "W/(m*K)", "W*K/m"),
        ("W/m K", 4, "W/(m*K)", "W*K/m"),
        ("W/m·K", 3, "W/(m*K)", "W*K/m"),
        ("W / m (K s)", 6, "W /(m*(K s))", "W*(K s)/ m"),
        ("J/kg/m*K", 6, "J/kg/(m*K)", "J*K/kg/m"),
        ("N m/s^2 kg^-1", 8, "N m/(s^2*kg^-1)", "N m*kg^-1/s^2"),
        ("s (W/m*K)", 6, "W/(m*K)", "W*K/m"),
    ] {
        let expected = UnitProblem::AmbiguousProduct {
            grouped: grouped.to_owned(),
            reordered: reordered.to_owned(),
        };
        assert_eq!(problem(text)?, (position, expected), "{text}");
        // Both spellings are accepted, and differ.
        assert_ne!(Dimension::of(grouped)?, Dimension::of(reordered)?);
    }
    let message = Unit::parse("W/m*K").err().ok_or("an error")?.to_string();
    assert_eq!(
        message,
        "unit \"W/m*K\", byte 3: a product after a division is ambiguous; write W/(m*K) or W*K/m"
    );
    Ok(())
}

#[test]
fn offset_temperatures_are_refused_with_the_way_out() -> Outcome {
    for text in ["°C", "degC", "℃", "W/(m °C)", "degC^2"] {
        let (_, problem) = problem(text)?;
        assert!(
            matches!(
                problem,
                UnitProblem::OffsetTemperature { plain: "degC", .. }
            ),
            "{text}"
        );
        assert!(problem.to_string().contains("Quantity::from_celsius"));
        assert!(problem.to_string().contains("delta_degC"));
    }
    assert!(matches!(
        problem("°F")?.1,
        UnitProblem::OffsetTemperature { plain: "degF", .. }
    ));
    assert_eq!(
        Dimension::of("W/(m delta_degC)")?,
        Dimension::of("W/(m K)")?
    );
    Ok(())
}

#[test]
fn mistakes_are_named_at_their_place() -> Outcome {
    use UnitProblem as P;
    for text in ["", "  ", "\t"] {
        assert_eq!(problem(text)?, (0, P::Empty));
    }
    let unknown = |symbol: &str| P::UnknownSymbol {
        symbol: symbol.to_owned(),
    };
    assert_eq!(problem("kg furlong")?, (3, unknown("furlong")));
    assert_eq!(problem("w")?, (0, unknown("w")));
    assert_eq!(problem("kk")?, (0, unknown("kk")));
    assert_eq!(problem("mmin")?, (0, unknown("mmin")));
    assert_eq!(problem("(m")?, (0, P::UnbalancedParenthesis));
    assert_eq!(problem("m)")?, (1, P::UnbalancedParenthesis));
    assert_eq!(problem("m^(1")?, (2, P::UnbalancedParenthesis));
    assert_eq!(problem("()")?, (1, P::Unexpected { found: ')' }));
    assert_eq!(problem("m*")?, (2, P::UnexpectedEnd));
    assert_eq!(problem("m//s")?, (2, P::Unexpected { found: '/' }));
    assert_eq!(problem("/s")?, (0, P::Unexpected { found: '/' }));
    assert_eq!(problem("m-s")?, (1, P::Unexpected { found: '-' }));
    assert_eq!(problem("µm,s")?, (3, P::Unexpected { found: ',' }));
    assert_eq!(problem("m^2^3")?, (3, P::RepeatedExponent));
    assert_eq!(problem("m²³^2")?, (5, P::RepeatedExponent));
    let number = |number: &str| P::NumberInUnit {
        number: number.to_owned(),
    };
    assert_eq!(problem("10 m")?, (0, number("10")));
    assert_eq!(problem("m/2")?, (2, number("2")));
    assert_eq!(
        problem("m2")?,
        (
            0,
            P::DigitAfterSymbol {
                symbol: "m".to_owned(),
                digits: "2".to_owned()
            }
        )
    );
    for text in [
        "m^",
        "m^x",
        "m^-",
        "m^1e3",
        "m^(1/0)",
        "m^()",
        "m^(1,5)",
        "m⁻",
        "m^99999999999999999999",
    ] {
        let (_, problem) = problem(text)?;
        assert!(
            matches!(
                problem,
                P::InvalidExponent { .. } | P::Unexpected { .. } | P::NumberInUnit { .. }
            ),
            "{text}: {problem:?}"
        );
    }
    for text in [
        "km^100",
        "m^9223372036854775807 m",
        "(m^4611686018427387904)^4",
        "min^999",
    ] {
        assert_eq!(problem(text)?.1, P::OutOfRange, "{text}");
    }
    Ok(())
}

#[test]
fn size_is_capped_before_any_work() -> Outcome {
    let limit = MAX_UNIT_LENGTH;
    for text in [
        "(".repeat(1_000_000),
        "m ".repeat(1_000_000),
        "²".repeat(500_000),
    ] {
        assert_eq!(problem(&text)?, (limit, UnitProblem::TooLong { limit }));
    }
    let limit = MAX_UNIT_DEPTH;
    let deep = |n: usize| format!("{}m{}", "(".repeat(n), ")".repeat(n));
    assert!(Unit::parse(&deep(limit)).is_ok());
    assert_eq!(
        problem(&deep(limit + 1))?,
        (limit, UnitProblem::TooDeep { limit })
    );
    let error = Unit::parse(&"x".repeat(1_000_000))
        .err()
        .ok_or("an error")?;
    assert!(error.to_string().len() < 200);
    Ok(())
}

prop_compose! {
    /// A factor as text with its expected dimension.
    fn any_factor()(
        index in 0usize..8, prefix in prop::sample::select(vec!["", "k", "m", "u", "G"]), power in -3i64..4, style in 0usize..3
    ) -> (String, Dimension) {
        let (symbol, dimension) = [
            ("m", [0, 1, 0, 0, 0, 0, 0]),
            ("g", [1, 0, 0, 0, 0, 0, 0]),
            ("s", [0, 0, 1, 0, 0, 0, 0]),
            ("K", [0, 0, 0, 1, 0, 0, 0]),
            ("A", [0, 0, 0, 0, 1, 0, 0]),
            ("mol", [0, 0, 0, 0, 0, 1, 0]),
            ("W", [1, 2, -3, 0, 0, 0, 0]),
            ("Pa", [1, -1, -2, 0, 0, 0, 0]),
        ][index];
        let exponent = match style {
            0 => format!("^{power}"),
            1 => format!("^({power}/2)"),
            _ => format!("**{power}.0"),
        };
        let power = Rational::new(power, if style == 1 { 2 } else { 1 }).expect("small");
        let dimension = Dimension::from_integers(dimension).pow(power).expect("small");
        (format!("{prefix}{symbol}{exponent}"), dimension)
    }
}

proptest! {
    #[test]
    fn products_and_quotients_read_back(factors in prop::collection::vec(any_factor(), 1..5), below in any_factor()) {
        let mut expected = Dimension::DIMENSIONLESS;
        for (_, dimension) in &factors {
            expected = expected.times(*dimension)?;
        }
        let texts: Vec<&str> = factors.iter().map(|(text, _)| text.as_str()).collect();
        let product = texts.join(" ");
        prop_assert_eq!(Dimension::of(&product)?, expected);
        prop_assert_eq!(Dimension::of(&texts.join("*"))?, expected);
        prop_assert_eq!(Dimension::of(&format!("{product}/({})", below.0))?, expected.over(below.1)?);
        // Conversion there and back, to the rounding of two operations each way.
        let unit = Unit::parse(&product)?;
        prop_assert!((unit.from_si(unit.to_si(1.7)) / 1.7 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn reading_never_panics(text in any::<String>()) {
        let _ = Unit::parse(&text);
    }

    #[test]
    fn reading_unit_like_text_never_panics(text in "[mkgsKW1-3/*^() .·²⁻°Cµ+-]{0,40}") {
        let _ = Unit::parse(&text);
    }
}
