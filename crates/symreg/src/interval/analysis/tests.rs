use super::*;
use crate::kernel::workspace::{Columns, Workspace};
use crate::population::random_expression_for_tests;
use proptest::prelude::*;

const NAMES: [&str; 2] = ["x", "y"];

fn parsed(text: &str) -> Result<Expression> {
    Expression::parse(text, &NAMES)
}

fn sides(x: (f64, f64), y: (f64, f64)) -> Result<Vec<Interval>> {
    Ok(vec![Interval::new(x.0, x.1)?, Interval::new(y.0, y.1)?])
}

#[test]
fn encloses_known_ranges_tightly() -> Result<()> {
    for (text, low, high) in [
        ("x*x-2*x", -1.0, 3.0),
        ("sin(x)", -(1_f64.sin()), 1.0),
        ("x^3-x", -2.0 / (3.0 * 3_f64.sqrt()), 24.0),
        ("exp(-x)*y", (-3_f64).exp(), 2.0 * 1_f64.exp()),
        ("abs(x)-y", -2.0, 2.0),
        ("square(x-y)", 0.0, 9.0),
    ] {
        let report = BoxAnalysis::new()
            .max_boxes(4096)
            .range(&parsed(text)?, &sides((-1.0, 3.0), (1.0, 2.0))?)?;
        let found = report.enclosure().unwrap();
        assert!(report.is_defined(), "{text}");
        assert!(
            found.contains(low) && found.contains(high),
            "{text}: {found:?}"
        );
        assert!(found.width() < 1.03 * (high - low), "{text}: {found:?}");
        let seen = report.attained().unwrap();
        assert!(found.low <= seen.low && seen.high <= found.high);
    }
    Ok(())
}

#[test]
fn finds_poles_and_tells_proved_from_possible() -> Result<()> {
    let whole = sides((-1.0, 3.0), (1.0, 2.0))?;
    for (text, kind, proved) in [
        ("1/(x-2)", PoleKind::Denominator, true),
        ("1/(x-y)", PoleKind::Denominator, true),
        ("log(x)", PoleKind::Logarithm, true),
        ("sqrt(x)", PoleKind::Root, true),
        ("x^0.5", PoleKind::Power, true),
        ("x^(-2)", PoleKind::Power, true),
        ("exp(500*x)", PoleKind::Overflow, true),
        // Zero only at a point that is no corner of a part: 1/3.
        ("1/square(x-1/3)", PoleKind::Denominator, false),
    ] {
        let report = BoxAnalysis::new().range(&parsed(text)?, &whole)?;
        assert_eq!(report.poles().len(), 1, "{text}");
        let pole = &report.poles()[0];
        assert_eq!((pole.kind, pole.proved), (kind, proved), "{text}");
    }
    for text in [
        "1/(x+y)",
        "log(x+y+0.1)",
        "1/(x*x-x+1)",
        "1/(1+exp(-x))",
        "(x^2+1)^(-0.5)",
    ] {
        let positive = sides((-0.9, 3.0), (1.0, 2.0))?;
        let report = BoxAnalysis::new().range(&parsed(text)?, &positive)?;
        assert!(report.is_defined(), "{text}: {report:?}");
    }
    let near = BoxAnalysis::new().range(&parsed("1/(x-2)")?, &whole)?;
    let region = near.poles()[0].region[0];
    assert!(region.contains(2.0) && region.width() < 0.1, "{region:?}");
    Ok(())
}

#[test]
fn proves_monotonicity_and_finds_counterexamples() -> Result<()> {
    use Monotonicity::{Constant, Neither, NonDecreasing, NonIncreasing, Undecided};
    for (text, expected) in [
        ("x+y", NonDecreasing),
        ("y", Constant),
        ("5-5*exp(-x/y)", NonDecreasing),
        ("erfc(x*y)", NonIncreasing),
        ("x*x", Neither),
        ("x^3+x", NonDecreasing),
        ("x^3", NonDecreasing),
        ("max(x,y)", NonDecreasing),
        ("1/(x+2)", NonIncreasing),
        ("1/x", Undecided),
        ("tanh(x)-0.5*erf(x)", Undecided),
        ("sin(x)", Neither),
        ("y^x", NonDecreasing),
    ] {
        let found =
            BoxAnalysis::new().monotonicity(&parsed(text)?, &sides((-1.0, 3.0), (1.0, 2.0))?, 0)?;
        if text.starts_with("tanh") {
            // sech² x against exp(-x²)/sqrt(pi): the latter is smaller everywhere here.
            assert!(matches!(found, NonDecreasing | Undecided), "{found:?}");
        } else {
            assert_eq!(found, expected, "{text}");
        }
    }
    assert!(
        BoxAnalysis::new()
            .monotonicity(&parsed("x")?, &sides((0.0, 1.0), (0.0, 1.0))?, 2)
            .is_err()
    );
    assert!(
        BoxAnalysis::new()
            .range(&parsed("y")?, &[Interval::ALL])
            .is_err()
    );
    assert!(BoxAnalysis::new().max_boxes(0).validate().is_err());
    Ok(())
}

/// Undefined and infinite parts can end in numbers again: NaN to the power of 0 is 1, exp(-∞) is 0.
#[test]
fn encloses_numbers_that_come_from_undefined_parts() -> Result<()> {
    let point = sides((-2.0, -2.0), (1.0, 1.0))?;
    for (text, value) in [
        ("log(x)^(y-y)", 1.0),
        ("exp(-y/(x-x))", 0.0),
        ("exp(log(x-x))", 0.0),
        ("1/(y/(x-x))", 0.0),
        ("1^log(x)", 1.0),
    ] {
        let law = parsed(text)?;
        assert!(
            (law.evaluate_row(&[-2.0, 1.0])? - value).abs() <= 0.0,
            "{text}"
        );
        let report = BoxAnalysis::new().range(&law, &point)?;
        assert!(
            report.enclosure().is_some_and(|e| e.contains(value)),
            "{text}: {report:?}"
        );
        assert!(!report.is_defined(), "{text}");
    }
    Ok(())
}

#[test]
fn widened_ranges_keep_their_sign() -> Result<()> {
    let data = Data::from_columns(
        [
            ("a", vec![0.1, 8.1]),
            ("b", vec![-8.0, 0.0]),
            ("c", vec![5.0, 6.0]),
        ],
        ("t", vec![1.0, 2.0]),
    )?;
    let found = data.widened_ranges(0.25);
    assert_eq!((found[0].low, found[0].high), (0.05, 10.1));
    assert_eq!((found[1].low, found[1].high), (-10.0, 2.0));
    assert_eq!((found[2].low, found[2].high), (4.75, 6.25));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// No value, and no derivative, computed at a point of the box lies outside; no point of a
    /// box that is proved to be defined is undefined.
    #[test]
    fn is_sound(seed in any::<u64>(), x in -3.0_f64..3.0, y in -3.0_f64..3.0,
                w in 0.0_f64..2.0, h in 0.0_f64..2.0, at in prop::array::uniform8(0.0_f64..=1.0)) {
        let e = random_expression_for_tests(seed, 2, 4);
        let part = sides((x, x + w), (y, y + h)).unwrap();
        let report = BoxAnalysis::new().max_boxes(32).range(&e, &part).unwrap();
        let whole = pass(&e, &part);
        for pair in at.chunks(2) {
            let point = [
                (x + pair[0] * w).min(x + w),
                (y + pair[1] * h).min(y + h),
            ];
            let value = e.evaluate_row(&point).unwrap();
            if report.is_defined() {
                prop_assert!(value.is_finite(), "{:?} at {:?}", e, point);
            }
            if value.is_finite() {
                let enclosure = report.enclosure();
                prop_assert!(enclosure.is_some_and(|i| i.contains(value)),
                    "{:?} at {:?}: {} not in {:?}", e, point, value, enclosure);
            }
            let columns: Vec<Vec<f64>> = point.iter().map(|v| vec![*v]).collect();
            let mut gradient = [0.0; 2];
            Workspace::default().gradient_by_variables(e.tokens(), Columns::new(&columns), 0, &mut gradient);
            for (g, d) in gradient.iter().zip(&whole.gradient) {
                // The computed derivative has rounding of its own.
                let slack = 1e-9 * g.abs().max(1e-9);
                if value.is_finite() && g.is_finite() && whole.undefined.is_empty() {
                    prop_assert!(d.low - slack <= *g && *g <= d.high + slack,
                        "{:?} at {:?}: derivative {} not in {:?}", e, point, g, d);
                }
            }
        }
    }
}
