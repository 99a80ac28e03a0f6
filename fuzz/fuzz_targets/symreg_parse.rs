//! Expression texts: no input panics, and what is read holds together.
//!
//! Beside the absence of panics this checks that an error points into the text, that the printed form is read
//! back token for token, that evaluation takes what the parser gives, and that simplification never adds
//! complexity.

#![no_main]

use libfuzzer_sys::fuzz_target;
use symreg::{Error, Expression, MAX_NODES, MAX_TEXT_LENGTH, ParseProblem};

const NAMES: [&str; 3] = ["a", "b", "x1"];

fuzz_target!(|text: &str| {
    let expression = match Expression::parse(text, &NAMES) {
        Ok(expression) => expression,
        Err(Error::Parse { position, .. }) => {
            assert!(position <= text.len(), "position {position} in {} bytes", text.len());
            return;
        }
        Err(_) => return,
    };
    assert!(text.len() <= MAX_TEXT_LENGTH);
    assert!(expression.node_count() <= MAX_NODES);
    assert!(expression.constants().all(f64::is_finite));

    let printed = expression.to_infix(&NAMES).expect("three names for three variables");
    match Expression::parse(&printed, &NAMES) {
        Ok(again) => assert_eq!(again, expression, "printed as {printed:?}"),
        // Parentheses may make the printed form longer or deeper than the limits that the text just met.
        Err(Error::Parse { problem: ParseProblem::TooDeep(_) | ParseProblem::TooLong(_), .. }) => {}
        Err(error) => panic!("{printed:?} is not read back: {error}"),
    }

    // Every row has a value, which may be NaN or infinite, but no refusal.
    for row in [[0.5, 1.5, 2.0], [0.0, -1.0, 1e300], [-2.5, 1e-300, 0.0]] {
        expression.evaluate_row(&row).expect("three values for three variables");
    }
    let simpler = expression.simplified();
    assert!(simpler.complexity() <= expression.complexity(), "{printed:?} became more complex");
});
