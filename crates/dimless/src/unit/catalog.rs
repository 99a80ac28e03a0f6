//! The symbols that unit texts may use.

use crate::dimension::Dimension;
use crate::rational::Rational;
use crate::unit::Unit;

/// Prefix symbols and their powers of ten; `da` comes first so that it is tried before `d`.
const PREFIXES: [(&str, i64); 26] = [
    ("da", 1),
    ("Q", 30),
    ("R", 27),
    ("Y", 24),
    ("Z", 21),
    ("E", 18),
    ("P", 15),
    ("T", 12),
    ("G", 9),
    ("M", 6),
    ("k", 3),
    ("h", 2),
    ("d", -1),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("\u{b5}", -6),
    ("\u{3bc}", -6),
    ("n", -9),
    ("p", -12),
    ("f", -15),
    ("a", -18),
    ("z", -21),
    ("y", -24),
    ("r", -27),
    ("q", -30),
];

struct Entry {
    symbol: &'static str,
    scale: f64,
    power_of_ten: i64,
    dimension: [i64; 7],
    takes_prefix: bool,
}

/// An SI unit, which takes prefixes.
const fn si(symbol: &'static str, dimension: [i64; 7]) -> Entry {
    decimal(symbol, 0, dimension)
}

/// A power of ten times an SI unit, with prefixes.
const fn decimal(symbol: &'static str, power_of_ten: i64, dimension: [i64; 7]) -> Entry {
    Entry {
        symbol,
        scale: 1.0,
        power_of_ten,
        dimension,
        takes_prefix: true,
    }
}

/// A unit that takes no prefix.
const fn plain(symbol: &'static str, scale: f64, power_of_ten: i64, dimension: [i64; 7]) -> Entry {
    Entry {
        symbol,
        scale,
        power_of_ten,
        dimension,
        takes_prefix: false,
    }
}

const NUMBER: [i64; 7] = [0; 7];
const LENGTH: [i64; 7] = [0, 1, 0, 0, 0, 0, 0];
const VOLUME: [i64; 7] = [0, 3, 0, 0, 0, 0, 0];
const TIME: [i64; 7] = [0, 0, 1, 0, 0, 0, 0];
const TEMPERATURE: [i64; 7] = [0, 0, 0, 1, 0, 0, 0];
const ENERGY: [i64; 7] = [1, 2, -2, 0, 0, 0, 0];
const PRESSURE: [i64; 7] = [1, -1, -2, 0, 0, 0, 0];
const RESISTANCE: [i64; 7] = [1, 2, -3, 0, -2, 0, 0];

/// Exponents: mass, length, time, temperature, current, amount, luminous intensity.
const ENTRIES: &[Entry] = &[
    // SI base units; the gram stands for the kilogram, which is its multiple by prefix.
    si("m", LENGTH),
    decimal("g", -3, [1, 0, 0, 0, 0, 0, 0]),
    si("s", TIME),
    si("K", TEMPERATURE),
    si("A", [0, 0, 0, 0, 1, 0, 0]),
    si("mol", [0, 0, 0, 0, 0, 1, 0]),
    si("cd", [0, 0, 0, 0, 0, 0, 1]),
    // SI derived units with names of their own.
    si("rad", NUMBER),
    si("sr", NUMBER),
    si("Hz", [0, 0, -1, 0, 0, 0, 0]),
    si("N", [1, 1, -2, 0, 0, 0, 0]),
    si("Pa", PRESSURE),
    si("J", ENERGY),
    si("W", [1, 2, -3, 0, 0, 0, 0]),
    si("C", [0, 0, 1, 0, 1, 0, 0]),
    si("V", [1, 2, -3, 0, -1, 0, 0]),
    si("F", [-1, -2, 4, 0, 2, 0, 0]),
    si("ohm", RESISTANCE),
    si("Ohm", RESISTANCE),
    si("\u{3a9}", RESISTANCE),
    si("\u{2126}", RESISTANCE),
    si("S", [-1, -2, 3, 0, 2, 0, 0]),
    si("Wb", [1, 2, -2, 0, -1, 0, 0]),
    si("T", [1, 0, -2, 0, -1, 0, 0]),
    si("H", [1, 2, -2, 0, -2, 0, 0]),
    si("lm", [0, 0, 0, 0, 0, 0, 1]),
    si("lx", [0, -2, 0, 0, 0, 0, 1]),
    si("Bq", [0, 0, -1, 0, 0, 0, 0]),
    si("Gy", [0, 2, -2, 0, 0, 0, 0]),
    si("Sv", [0, 2, -2, 0, 0, 0, 0]),
    si("kat", [0, 0, -1, 0, 0, 1, 0]),
    // Units accepted beside the SI, all exact.
    decimal("L", -3, VOLUME),
    decimal("l", -3, VOLUME),
    decimal("bar", 5, PRESSURE),
    Entry {
        symbol: "eV",
        scale: 1.602_176_634,
        power_of_ten: -19,
        dimension: ENERGY,
        takes_prefix: true,
    },
    plain("t", 1.0, 3, [1, 0, 0, 0, 0, 0, 0]),
    plain("min", 60.0, 0, TIME),
    plain("h", 3600.0, 0, TIME),
    plain("d", 86400.0, 0, TIME),
    plain("atm", 101_325.0, 0, PRESSURE),
    plain("angstrom", 1.0, -10, LENGTH),
    plain("\u{c5}", 1.0, -10, LENGTH),
    plain("\u{212b}", 1.0, -10, LENGTH),
    plain("in", 254.0, -4, LENGTH),
    plain("ft", 3048.0, -4, LENGTH),
    plain("deg", std::f64::consts::PI / 180.0, 0, NUMBER),
    plain("\u{b0}", std::f64::consts::PI / 180.0, 0, NUMBER),
    plain("%", 1.0, -2, NUMBER),
    plain("ppm", 1.0, -6, NUMBER),
    plain("delta_degC", 1.0, 0, TEMPERATURE),
    plain("delta_degF", 5.0 / 9.0, 0, TEMPERATURE),
];

/// Symbols of temperature scales with an offset, and their plain names.
const OFFSET_SCALES: [(&str, &str); 6] = [
    ("degC", "degC"),
    ("\u{b0}C", "degC"),
    ("\u{2103}", "degC"),
    ("degF", "degF"),
    ("\u{b0}F", "degF"),
    ("\u{2109}", "degF"),
];

/// The plain name of an offset temperature scale.
pub(super) fn offset_scale(symbol: &str) -> Option<&'static str> {
    let found = OFFSET_SCALES.iter().find(|(name, _)| *name == symbol)?;
    Some(found.1)
}

/// The unit of a symbol: an exact match first, then a prefix and a unit that takes prefixes.
pub(super) fn lookup(symbol: &str) -> Option<Unit> {
    if let Some(entry) = ENTRIES.iter().find(|entry| entry.symbol == symbol) {
        return Some(unit(entry, 0));
    }
    PREFIXES.iter().find_map(|&(prefix, power)| {
        let rest = symbol.strip_prefix(prefix)?;
        let entry = ENTRIES
            .iter()
            .find(|entry| entry.takes_prefix && entry.symbol == rest)?;
        Some(unit(entry, power))
    })
}

fn unit(entry: &Entry, prefix: i64) -> Unit {
    Unit {
        scale: entry.scale,
        power_of_ten: Rational::integer(entry.power_of_ten + prefix),
        dimension: Dimension::from_integers(entry.dimension),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_unique_and_prefixed_forms_hide_no_symbol() {
        for (i, entry) in ENTRIES.iter().enumerate() {
            assert!(
                ENTRIES[..i].iter().all(|e| e.symbol != entry.symbol),
                "{} is listed twice",
                entry.symbol
            );
        }
        // A prefixed form that equals another prefixed form would make the reading depend on the order.
        let mut forms = Vec::new();
        for (prefix, power) in PREFIXES {
            for entry in ENTRIES.iter().filter(|e| e.takes_prefix) {
                forms.push((format!("{prefix}{}", entry.symbol), power, entry.symbol));
            }
        }
        forms.sort();
        for pair in forms.windows(2) {
            assert_ne!(pair[0].0, pair[1].0, "{pair:?}");
        }
    }
}
