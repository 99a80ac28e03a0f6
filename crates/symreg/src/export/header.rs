//! What stands above an exported law.

use std::collections::BTreeMap;

use crate::{Data, Expression, Operator, Score, Token};

/// What is known of a law besides its text.
pub(super) struct Header<'a> {
    pub(super) description: &'a str,
    pub(super) units: &'a BTreeMap<String, String>,
    pub(super) names: &'a [&'a str],
    /// The law as printed, rounded or not.
    pub(super) law: &'a Expression,
    pub(super) digits: Option<usize>,
    pub(super) data: Option<&'a Data>,
    /// Score of the law with all digits.
    pub(super) exact: Option<Score>,
    /// Score of the law as printed.
    pub(super) printed: Option<Score>,
}

/// The range of one variable on the rows.
pub(super) struct Range<'a> {
    /// Index of the variable.
    pub(super) index: usize,
    pub(super) name: &'a str,
    pub(super) bounds: Option<(f64, f64)>,
    pub(super) unit: Option<&'a str>,
}

impl<'a> Header<'a> {
    /// The variables that the law holds, or that have a unit, with their ranges.
    pub(super) fn ranges(&self) -> Vec<Range<'a>> {
        let used = self.law.variables();
        self.names
            .iter()
            .enumerate()
            .map(|(index, name)| Range {
                index,
                name,
                bounds: self.data.and_then(|d| d.column(name).ok()).and_then(limits),
                unit: self.units.get(*name).map(String::as_str),
            })
            .filter(|r| used.contains(&r.index))
            .collect()
    }

    pub(super) fn target(&self) -> &'a str {
        self.data.map_or("value", Data::target_name)
    }

    pub(super) fn infix(&self) -> String {
        self.law.to_infix(self.names).unwrap_or_default()
    }

    /// The lines for people, with `called[i]` the name of variable `i` in the language.
    pub(super) fn lines(&self, called: &[String]) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.description.is_empty() {
            lines.push(self.description.to_owned());
            lines.push(String::new());
        }
        let unit = |name: &str| {
            self.units
                .get(name)
                .map_or_else(String::new, |u| format!(", in {u}"))
        };
        lines.push(format!(
            "{}{} = {}",
            self.target(),
            unit(self.target()),
            self.infix()
        ));
        if let (Some(data), Some(exact), Some(printed)) = (self.data, self.exact, self.printed) {
            lines.push(format!(
                "on {} rows: R2 = {:.6}, RMSE = {:.6e}",
                data.n_rows(),
                printed.r2,
                printed.rmse
            ));
            if let Some(digits) = self.digits {
                lines.push(format!(
                    "numbers rounded to {digits} significant digits; with all digits R2 = {:.6}, RMSE = {:.6e}",
                    exact.r2, exact.rmse
                ));
            }
        } else if let Some(digits) = self.digits {
            lines.push(format!("numbers rounded to {digits} significant digits"));
        }
        for range in self.ranges() {
            let name = called.get(range.index).map_or(range.name, String::as_str);
            let also = if name == range.name {
                String::new()
            } else {
                format!(" ({})", range.name)
            };
            let bounds = range
                .bounds
                .map_or_else(String::new, |(low, high)| format!(" {low} to {high}"));
            let unit = unit(range.name);
            if !(bounds.is_empty() && unit.is_empty() && also.is_empty()) {
                lines.push(format!("{name}{also}:{bounds}{unit}"));
            }
        }
        for (name, arity) in self.own_operators() {
            let arguments = if arity == 1 {
                "one number"
            } else {
                "two numbers"
            };
            lines.push(format!(
                "{name} is a function of {arguments} that is defined elsewhere"
            ));
        }
        lines.into_iter().map(|l| one_line(&l)).collect()
    }

    /// Names and numbers of arguments of the operators that only the caller knows.
    fn own_operators(&self) -> Vec<(&'static str, usize)> {
        let mut all = Vec::new();
        for token in self.law.tokens() {
            if let Token::Apply(op @ Operator::Custom(_)) = token {
                let one = (op.name(), op.arity());
                if !all.contains(&one) {
                    all.push(one);
                }
            }
        }
        all
    }
}

/// Text from outside without line breaks and other control characters, and without what would end
/// a comment.
fn one_line(text: &str) -> String {
    let mut line = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .replace("*/", "* /");
    // A backslash at the end would join the next line to a comment of C.
    if line.trim_end().ends_with('\\') {
        line.push_str(" .");
    }
    line
}

fn limits(column: &[f64]) -> Option<(f64, f64)> {
    let low = column.iter().copied().fold(f64::INFINITY, f64::min);
    let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (low <= high).then_some((low, high))
}
