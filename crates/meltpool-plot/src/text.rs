//! Widths of texts and the writing of numbers.

use kuva::render::layout::{ComputedLayout, Layout};
use kuva::render::render::{Primitive, TextAnchor, TextSpan};

use crate::Color;
use crate::theme::POINTS_PER_MM;

/// Height of a line of text, as a multiple of the text size.
pub(crate) const LINE: f64 = 1.3;
/// Height of capitals and digits above the base line (DejaVu Sans: 0.729 em).
pub(crate) const CAP: f64 = 0.73;
/// Depth of letters such as g below the base line (DejaVu Sans: 0.236 em).
pub(crate) const DESCENT: f64 = 0.24;

/// Width of a text in points.
pub(crate) fn width(text: &str, size: u32) -> f64 {
    // kuva keeps its glyph table private, but tells how much room its tick labels take: the
    // sum of the advances, at least two ems. The padding lifts every text above that floor.
    const PADDING: &str = "MMMM";
    let room = |text: String| {
        let layout = Layout::new((0.0, 1.0), (0.0, 1.0))
            .with_tick_size(size)
            .with_y_categories(vec![text]);
        ComputedLayout::from_layout(&layout).y_tick_label_px
    };
    room(format!("{PADDING}{}", clean(text))) - room(PADDING.to_owned())
}

pub(crate) fn mm(points: f64) -> f64 {
    points / POINTS_PER_MM
}

/// The text with control characters, which SVG cannot hold, replaced by spaces.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// A text at its base line.
pub(crate) fn label(
    text: &str,
    (x, y): (f64, f64),
    size: u32,
    anchor: TextAnchor,
    color: Color,
) -> Primitive {
    Primitive::Text {
        x,
        y,
        // kuva reads $…$ as mathematics; here a dollar is a dollar.
        content: clean(text).replace('$', "\\$"),
        size,
        anchor,
        rotate: None,
        bold: false,
        color: Some(color.ink()),
    }
}

/// A text that reads upward, centered on `y`, its base line at `x`.
pub(crate) fn upright(text: &str, at: (f64, f64), size: u32) -> Primitive {
    let mut primitive = label(text, at, size, TextAnchor::Middle, Color::BLACK);
    if let Primitive::Text { rotate, .. } = &mut primitive {
        *rotate = Some(-90.0);
    }
    primitive
}

/// A bold text that starts at `x`.
pub(crate) fn bold(text: &str, (x, y): (f64, f64), size: u32) -> Primitive {
    let mut span = TextSpan::plain(clean(text));
    span.bold = true;
    Primitive::RichText {
        x,
        y,
        spans: vec![span],
        size,
        anchor: TextAnchor::Start,
        color: Some(Color::BLACK.ink()),
    }
}

/// A number with a true minus sign.
pub(crate) fn signed(text: &str) -> String {
    text.replace('-', "−")
}

/// An integer in superscript digits.
pub(crate) fn superscript(value: i32) -> String {
    value
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '0' => '⁰',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            _ => '⁹',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_add_up_and_match_the_font() {
        // Advance widths of DejaVu Sans, in units of 1/2048 em.
        assert!((width("M", 10) - 1767.0 / 204.8).abs() < 1e-9);
        assert!((width("i", 10) - 569.0 / 204.8).abs() < 1e-9);
        assert!((width("Mi", 10) - width("M", 10) - width("i", 10)).abs() < 1e-9);
        assert!(width("", 10).abs() < 1e-12);
        assert!((width("µm²", 20) / width("µm²", 10) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn writes_exponents() {
        assert_eq!(superscript(-1203), "⁻¹²⁰³");
        assert_eq!(signed("-0.5"), "−0.5");
    }
}
