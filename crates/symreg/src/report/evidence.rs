//! What is known of the constants, and what the rows cannot tell.

use std::fmt::Write as _;

use crate::{ConstantSnapping, ConstantUncertainty, Data, Error, Model, Result};

use super::markup::{escaped, short, table};
use super::{mathml, r2_text};

/// Most rows for which constants are fitted again and again, for profiles and round numbers.
const MAX_REFIT_ROWS: usize = 20_000;

pub(super) fn write_constants(page: &mut String, law: &Model, data: &Data) -> Result<()> {
    page.push_str("<h2>Constants</h2>\n");
    if data.n_rows() > MAX_REFIT_ROWS {
        page.push_str(
            "<p>There are too many rows for profiles and round numbers on this page.</p>\n",
        );
        return Ok(());
    }
    match ConstantUncertainty::new().linear(law, data) {
        Ok(linear) => {
            let profile = ConstantUncertainty::new().profile(law, data)?;
            let rows: Vec<Vec<String>> = linear
                .constants()
                .iter()
                .zip(profile.constants())
                .map(|(c, p)| {
                    vec![
                        escaped(&c.name),
                        short(c.estimate),
                        short(c.standard_error),
                        format!("{} to {}", short(c.low), short(c.high)),
                        format!("{} to {}", short(p.low), short(p.high)),
                    ]
                })
                .collect();
            page.push_str(&table(
                &[
                    "constant",
                    "value",
                    "standard error",
                    "95 % interval, linear",
                    "95 % interval, profile",
                ],
                &rows,
            ));
            page.push_str(
                "<p class=\"note\">The structure is taken as given: that it was chosen among many is not part of the intervals.</p>\n",
            );
        }
        Err(Error::TooFewRows { .. }) => {
            page.push_str("<p>There are too few rows for intervals.</p>\n");
        }
        Err(other) => return Err(other),
    }
    match ConstantSnapping::new().apply(law, data) {
        Ok(snapped) if !snapped.snaps().is_empty() => {
            let numbers: Vec<String> = snapped
                .snaps()
                .iter()
                .map(|s| format!("{} → {}", short(s.from), escaped(&s.text)))
                .collect();
            let _ = writeln!(
                page,
                "<p>Round numbers that lower the BIC: {}. The law is then</p>\n<div class=\"law\">{}<code>{}</code></div>\n\
                 <p>with R² {}, {} fitted constants and BIC {}.</p>",
                numbers.join(", "),
                mathml::equation(data.target_name(), snapped.expression(), snapped.names()),
                escaped(&snapped.to_infix()),
                r2_text(snapped.r2()),
                snapped.fitted_constants(),
                short(snapped.value())
            );
        }
        Ok(_) => {
            page.push_str("<p>No constant can be a round number without raising the BIC.</p>\n");
        }
        Err(Error::TooFewRows { .. }) => {}
        Err(other) => return Err(other),
    }
    Ok(())
}

pub(super) fn write_limits(page: &mut String, data: &Data) {
    let report = data.report();
    page.push_str("<h2>What these rows cannot tell</h2>\n<ul>\n");
    let mut none = true;
    for name in report.constant_columns() {
        none = false;
        let _ = writeln!(
            page,
            "<li class=\"warn\">{} has one value in all rows: its role cannot be learned.</li>",
            escaped(name)
        );
    }
    for dependence in report.dependent_columns() {
        none = false;
        let kind = if dependence.logarithmic {
            "a power product"
        } else {
            "a linear combination"
        };
        let _ = writeln!(
            page,
            "<li class=\"warn\">{} is {kind} of {}: laws that exchange them fit equally well.</li>",
            escaped(&dependence.column),
            escaped(&dependence.on.join(", "))
        );
    }
    if none {
        page.push_str("<li>No input is constant, and none follows from the others.</li>\n");
    }
    page.push_str("</ul>\n");
}
