//! Unit texts: no input panics, and what is read holds together.
//!
//! Beside the absence of panics this checks that an error points into the text, that conversion there and
//! back returns the value, and that a printed dimension is read back as itself.

#![no_main]

use dimless::{Dimension, Error, MAX_UNIT_LENGTH, Quantity, Unit};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let unit = match text.parse::<Unit>() {
        Ok(unit) => unit,
        Err(Error::InvalidUnit { position, .. }) => {
            assert!(position <= text.len(), "position {position} in {} bytes", text.len());
            return;
        }
        Err(_) => return,
    };
    assert_eq!(Unit::parse(text).ok(), Some(unit), "the two ways of reading differ");
    assert!(text.len() <= MAX_UNIT_LENGTH);

    let there = unit.to_si(1.5);
    assert!(there.is_finite() && there > 0.0, "1.5 became {there:e}");
    let back = unit.from_si(there);
    // One rounding each for the scale and the power of ten, both ways; a fractional power of ten is itself
    // rounded, and its exponent is at most 250.
    assert!((back / 1.5 - 1.0).abs() < 1e-12, "1.5 came back as {back:e}");

    let dimension = unit.dimension();
    let printed = dimension.to_string();
    if printed.len() <= MAX_UNIT_LENGTH {
        assert_eq!(Dimension::of(&printed).ok(), Some(dimension), "printed as {printed:?}");
    }
    if let Ok(quantity) = format!("2.5 {text}").parse::<Quantity>() {
        assert_eq!(quantity.dimension(), dimension);
    }
});
