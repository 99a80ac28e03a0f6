//! A page of trees and boxes as SVG.

use std::error::Error;
use std::fmt::Write as _;

use symreg::{Expression, Token};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// An SVG page that grows downward.
#[derive(Default)]
pub struct Page {
    pub body: String,
    pub height: f64,
}

const WIDTH: f64 = 1160.0;

impl Page {
    pub fn text(&mut self, x: f64, y: f64, size: u32, anchor: &str, text: &str) {
        let _ = write!(
            self.body,
            "<text x=\"{x:.0}\" y=\"{y:.0}\" font-size=\"{size}\" text-anchor=\"{anchor}\">{text}</text>"
        );
    }

    pub fn heading(&mut self, text: &str) {
        self.height += 44.0;
        self.text(16.0, self.height, 19, "start", text);
        self.height += 14.0;
    }

    /// Trees side by side under their captions and above their formulas.
    pub fn trees(
        &mut self,
        names: &[&str],
        trees: &[(Expression, Vec<usize>)],
        captions: &[&str],
    ) -> Outcome {
        let slot = WIDTH / trees.len() as f64;
        let top = self.height + 30.0;
        let mut lowest = top;
        for (k, ((e, marks), caption)) in trees.iter().zip(captions).enumerate() {
            let picture = rounded(e)?.to_svg(names, marks)?;
            let (width, height) = (size(&picture, "width")?, size(&picture, "height")?);
            let scale = (1.0_f64).min((slot - 40.0) / width);
            let left = slot * (k as f64 + 0.5) - 0.5 * scale * width;
            self.text(slot * (k as f64 + 0.5), top - 10.0, 15, "middle", caption);
            let inner = picture
                .split_once('>')
                .and_then(|(_, rest)| rest.rsplit_once("</svg>"))
                .ok_or("a tree without a picture")?
                .0;
            let _ = write!(
                self.body,
                "<g transform=\"translate({left:.1} {top:.1}) scale({scale:.3})\">{inner}</g>"
            );
            let below = top + scale * height + 24.0;
            self.text(
                slot * (k as f64 + 0.5),
                below,
                14,
                "middle",
                &e.to_infix_rounded(names, 3)?,
            );
            lowest = lowest.max(below);
        }
        self.height = lowest + 10.0;
        Ok(())
    }

    pub fn finish(self) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{0:.0}\" viewBox=\"0 0 {WIDTH} {0:.0}\" \
             font-family=\"Arial, DejaVu Sans, sans-serif\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>{1}</svg>\n",
            self.height + 20.0,
            self.body
        )
    }
}

/// The law with numbers short enough for a picture.
fn rounded(e: &Expression) -> Outcome<Expression> {
    let tokens = e.tokens().iter().map(|t| match t {
        Token::Constant(c) => format!("{c:.2e}").parse().map(Token::Constant),
        other => Ok(*other),
    });
    Ok(Expression::from_tokens(tokens.collect::<Result<_, _>>()?)?)
}

fn size(picture: &str, name: &str) -> Outcome<f64> {
    let start = picture
        .find(&format!(" {name}=\""))
        .ok_or("a picture without a size")?
        + name.len()
        + 3;
    let length = picture[start..]
        .find('"')
        .ok_or("a picture without a size")?;
    Ok(picture[start..start + length].parse()?)
}

/// A line with a head at its end.
pub fn arrow(page: &mut Page, points: &[(f64, f64)]) {
    let path: Vec<String> = points
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    let _ = write!(
        page.body,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#555\" stroke-width=\"2\"/>",
        path.join(" ")
    );
    if let [.., (ax, ay), (bx, by)] = points {
        let length = (bx - ax).hypot(by - ay);
        let (dx, dy) = ((bx - ax) / length, (by - ay) / length);
        let _ = write!(
            page.body,
            "<polygon points=\"{:.1},{:.1} {:.1},{:.1} {:.1},{:.1}\" fill=\"#555\"/>",
            bx,
            by,
            bx - 9.0 * dx - 5.0 * dy,
            by - 9.0 * dy + 5.0 * dx,
            bx - 9.0 * dx + 5.0 * dy,
            by - 9.0 * dy - 5.0 * dx
        );
    }
}
