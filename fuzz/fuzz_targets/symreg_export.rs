//! Whatever the parser reads can be written, simplified and enclosed: no input panics.
//!
//! Beside the absence of panics this checks that the last simplification never adds complexity, that the infix line of
//! an export is read back, and that a value at a point of a box lies in the enclosure over the box.

#![no_main]

use libfuzzer_sys::fuzz_target;
use symreg::{BoxAnalysis, Error, Export, Expression, Interval, Language, ParseProblem};

const NAMES: [&str; 3] = ["lambda", "_b", "x1"];
/// Longer expressions only cost time.
const MAX_NODES: usize = 200;

fuzz_target!(|text: &str| {
    let Ok(expression) = Expression::parse(text, &NAMES) else { return };
    if expression.node_count() > MAX_NODES {
        return;
    }
    for language in Language::ALL {
        for digits in [None, Some(3)] {
            let mut export = Export::new(language);
            if let Some(digits) = digits {
                export = export.digits(digits);
            }
            let written = export.expression(&expression, &NAMES).expect("three names for three variables");
            assert!(!written.is_empty());
        }
    }
    expression.to_svg(&NAMES, &[0]).expect("three names for three variables");
    let rounded = expression.to_infix_rounded(&NAMES, 4).expect("three names for three variables");
    match Expression::parse(&rounded, &NAMES) {
        Ok(_) | Err(Error::Parse { problem: ParseProblem::TooDeep(_) | ParseProblem::TooLong(_), .. }) => {}
        Err(error) => panic!("{rounded:?} is not read back: {error}"),
    }

    let condensed = expression.condensed();
    assert!(condensed.complexity() <= expression.complexity(), "{rounded:?} became more complex");
    assert!(condensed.node_count() <= expression.node_count(), "{rounded:?} became longer");

    let sides = [(-1.0, 2.0), (0.0, 0.5), (1e-3, 1e3)].map(|(low, high)| Interval::new(low, high).expect("low to high"));
    let report = BoxAnalysis::new().max_boxes(16).range(&expression, &sides).expect("three sides");
    for row in [[-1.0, 0.0, 1e-3], [2.0, 0.5, 1e3], [0.3, 0.25, 7.0]] {
        let value = expression.evaluate_row(&row).expect("three values for three variables");
        if value.is_finite() {
            let inside = report.enclosure().is_some_and(|e| e.contains(value));
            assert!(inside, "{rounded:?} at {row:?} is {value}, outside of {:?}", report.enclosure());
        } else {
            assert!(!report.is_defined(), "{rounded:?} at {row:?} is {value}, and was said to be defined");
        }
    }
});
