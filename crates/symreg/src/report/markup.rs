//! Pieces of HTML and SVG.

use std::fmt::Write as _;

/// Text that means itself between and inside of tags.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Control characters are not allowed in a document.
            c if c.is_control() && c != '\n' && c != '\t' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A number for reading, four significant digits.
pub(super) fn short(value: f64) -> String {
    if value.is_nan() {
        return "undefined".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    // Minus zero is zero to a reader.
    let text = crate::format::round_significant(value + 0.0, 4);
    text.replace('-', "−")
}

/// A coordinate: two decimals are a fiftieth of a pixel. Never NaN or infinite.
pub(super) fn at(value: f64) -> String {
    let value = if value.is_finite() {
        value.clamp(-1e5, 1e5)
    } else {
        0.0
    };
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A table, its first row the head. Cells are markup already.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = String::from("<div class=\"scroll\"><table>\n<thead><tr>");
    for cell in head {
        let _ = write!(out, "<th>{}</th>", escaped(cell));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        let class = if row.first().is_some_and(|c| c.contains("class=\"chosen\"")) {
            " class=\"row\""
        } else {
            ""
        };
        let _ = write!(out, "<tr{class}>");
        for cell in row {
            let _ = write!(out, "<td>{cell}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    out
}

/// The style of the page: readable on a screen and on paper.
pub(super) const STYLE: &str = "\
body{font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;color:#1b1b1b;background:#fff;\
max-width:1120px;margin:0 auto;padding:24px}\
h1{font-size:26px;margin:0 0 4px}h2{font-size:20px;margin:36px 0 8px;border-bottom:1px solid #ddd;padding-bottom:4px}\
p.lead{color:#555;margin:0 0 16px}\
.law{background:#f4f7fa;border-left:4px solid #0072b2;padding:12px 16px;overflow-x:auto;font-size:20px}\
.law code{font-size:14px;color:#444;display:block;margin-top:8px;white-space:pre-wrap;overflow-wrap:anywhere}\
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}\
pre{background:#f6f6f6;padding:10px 12px;overflow-x:auto;font-size:13px;line-height:1.4;margin:6px 0}\
table{border-collapse:collapse;font-size:13px}th{text-align:left;border-bottom:2px solid #999;padding:4px 6px;white-space:nowrap}\
td{border-bottom:1px solid #e3e3e3;padding:4px 6px;vertical-align:top;white-space:nowrap}td code{display:inline-block;min-width:260px;max-width:420px;white-space:normal;overflow-wrap:anywhere}\
tr.row td{background:#eaf3fb}.scroll{overflow-x:auto}.figures{display:flex;flex-wrap:wrap;gap:20px}\
figure{margin:0}figcaption{font-size:14px;color:#444;max-width:520px}\
.warn{color:#a33c00;font-weight:600}.note{color:#555;font-size:14px}\
summary{cursor:pointer;padding:3px 0}svg text{font-family:system-ui,Arial,'DejaVu Sans',sans-serif}\
@media print{body{max-width:none;padding:0}h2{break-after:avoid}figure,table{break-inside:avoid}}";
