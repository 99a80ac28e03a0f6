//! Colors and marker shapes that stay distinct for color-blind readers.

/// A color in 8-bit sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

impl Color {
    /// A color from its three 8-bit sRGB components.
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// Black.
    pub const BLACK: Self = Self::rgb(0, 0, 0);
    /// White.
    pub const WHITE: Self = Self::rgb(255, 255, 255);
    /// The light gray of points that are context, not message.
    pub const LIGHT_GRAY: Self = Self::rgb(190, 190, 190);
    /// The ground on which a legend shows a white line.
    pub const DARK_GRAY: Self = Self::rgb(90, 90, 90);

    /// Relative luminance of WCAG 2.2, from 0 (black) to 1 (white).
    ///
    /// # References
    /// W3C, Web Content Accessibility Guidelines 2.2, definition "relative luminance".
    pub fn luminance(self) -> f64 {
        let [r, g, b] = self.linear();
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// Contrast ratio of WCAG 2.2 between two colors, from 1 to 21.
    ///
    /// # References
    /// W3C, Web Content Accessibility Guidelines 2.2, definition "contrast ratio".
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The color mixed with white: 0 is the color itself, 1 is white.
    pub(crate) fn tint(self, white: f64) -> Self {
        let mix = |c: u8| (f64::from(c) + white * (255.0 - f64::from(c))).round() as u8;
        Self::rgb(mix(self.red), mix(self.green), mix(self.blue))
    }

    /// Linear-light components, each from 0 to 1 (IEC 61966-2-1).
    pub(crate) fn linear(self) -> [f64; 3] {
        [self.red, self.green, self.blue].map(|c| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        })
    }

    pub(crate) fn ink(self) -> kuva::render::color::Color {
        kuva::render::color::Color::Rgb(self.red, self.green, self.blue)
    }
}

/// The eight colors of Okabe and Ito in the order in which series take them; black comes last,
/// since laws and axes are black.
///
/// # References
/// M. Okabe and K. Ito, Color Universal Design (2008).
pub const OKABE_ITO: [Color; 8] = [
    Color::rgb(0, 114, 178),   // blue
    Color::rgb(213, 94, 0),    // vermilion
    Color::rgb(0, 158, 115),   // bluish green
    Color::rgb(230, 159, 0),   // orange
    Color::rgb(204, 121, 167), // reddish purple
    Color::rgb(86, 180, 233),  // sky blue
    Color::rgb(240, 228, 66),  // yellow
    Color::rgb(0, 0, 0),       // black
];

/// The shape of a data point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Marker {
    /// A disk.
    Circle,
    /// An upright square.
    Square,
    /// A triangle that points up.
    TriangleUp,
    /// A square on its corner.
    Diamond,
    /// A triangle that points down.
    TriangleDown,
    /// An upright cross.
    Plus,
    /// A cross on its side.
    Cross,
    /// A five-pointed star.
    Star,
}

impl Marker {
    /// All shapes in the order in which series take them.
    pub const ALL: [Self; 8] = [
        Self::Circle,
        Self::Square,
        Self::TriangleUp,
        Self::Diamond,
        Self::TriangleDown,
        Self::Plus,
        Self::Cross,
        Self::Star,
    ];

    /// Corners around the origin for a marker of half-width 1, y down; empty for the disk.
    ///
    /// All shapes have about the area of the disk, so that none looks heavier.
    pub(crate) fn corners(self) -> Vec<(f64, f64)> {
        let polygon = |n: usize, radius: [f64; 2], turn: f64| {
            (0..n)
                .map(|i| {
                    let angle = std::f64::consts::TAU * i as f64 / n as f64 + turn;
                    let r = radius[i % 2];
                    (r * angle.sin(), -r * angle.cos())
                })
                .collect::<Vec<_>>()
        };
        let cross = |arm: f64, half: f64| {
            vec![
                (-half, -arm),
                (half, -arm),
                (half, -half),
                (arm, -half),
                (arm, half),
                (half, half),
                (half, arm),
                (-half, arm),
                (-half, half),
                (-arm, half),
                (-arm, -half),
                (-half, -half),
            ]
        };
        let turned = |points: Vec<(f64, f64)>| {
            let s = std::f64::consts::FRAC_1_SQRT_2;
            points
                .into_iter()
                .map(|(x, y)| (s * (x - y), s * (x + y)))
                .collect()
        };
        match self {
            Self::Circle => Vec::new(),
            Self::Square => vec![(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            Self::TriangleUp => polygon(3, [1.35, 1.35], 0.0),
            Self::TriangleDown => polygon(3, [1.35, 1.35], std::f64::consts::PI),
            Self::Diamond => polygon(4, [1.3, 1.3], 0.0),
            Self::Plus => cross(1.25, 0.38),
            Self::Cross => turned(cross(1.25, 0.38)),
            Self::Star => polygon(10, [1.5, 0.62], 0.0),
        }
    }
}

/// Color and shape of the series at `index`, counted from zero.
///
/// Both go round with period eight. The shape goes one step further at each turn, so that the
/// pair repeats only after 64 series.
pub(crate) fn style_of(index: usize) -> (Color, Marker) {
    let turn = index / OKABE_ITO.len();
    (
        OKABE_ITO[index % OKABE_ITO.len()],
        Marker::ALL[(index + turn) % Marker::ALL.len()],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CIE L*a*b* (D65) of linear sRGB.
    fn lab([r, g, b]: [f64; 3]) -> [f64; 3] {
        let f = |t: f64| {
            if t > 216.0 / 24389.0 {
                t.cbrt()
            } else {
                (24389.0 / 27.0 * t + 16.0) / 116.0
            }
        };
        let x = f((0.412_456_4 * r + 0.357_576_1 * g + 0.180_437_5 * b) / 0.950_47);
        let y = f(0.212_672_9 * r + 0.715_152_2 * g + 0.072_175 * b);
        let z = f((0.019_333_9 * r + 0.119_192 * g + 0.950_304_1 * b) / 1.088_83);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    /// Machado, Oliveira and Fernandes, IEEE Trans. Vis. Comput. Graph. 15, 1291 (2009),
    /// doi 10.1109/TVCG.2009.113, table 1, severity 1.0.
    const PROTANOPIA: [[f64; 3]; 3] = [
        [0.152_286, 1.052_583, -0.204_868],
        [0.114_503, 0.786_281, 0.099_216],
        [-0.003_882, -0.048_116, 1.051_998],
    ];
    const DEUTERANOPIA: [[f64; 3]; 3] = [
        [0.367_322, 0.860_646, -0.227_968],
        [0.280_085, 0.672_501, 0.047_413],
        [-0.011_820, 0.042_940, 0.968_881],
    ];
    const NORMAL: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

    fn seen(color: Color, eye: &[[f64; 3]; 3]) -> [f64; 3] {
        let c = color.linear();
        let mixed = eye.map(|row| (0..3).map(|k| row[k] * c[k]).sum::<f64>().clamp(0.0, 1.0));
        lab(mixed)
    }

    fn least_distance(colors: &[Color], eye: &[[f64; 3]; 3]) -> f64 {
        let mut least = f64::INFINITY;
        for (i, &a) in colors.iter().enumerate() {
            for &b in &colors[i + 1..] {
                let (p, q) = (seen(a, eye), seen(b, eye));
                let d = (0..3).map(|k| (p[k] - q[k]).powi(2)).sum::<f64>().sqrt();
                least = least.min(d);
            }
        }
        least
    }

    #[test]
    fn palette_stays_distinct_for_color_blind_eyes() {
        // A difference of 2.3 in CIE76 is just noticeable; five times that is plain to see.
        for eye in [&NORMAL, &PROTANOPIA, &DEUTERANOPIA] {
            let least = least_distance(&OKABE_ITO, eye);
            assert!(least > 11.5, "least distance {least}");
        }
    }

    #[test]
    fn color_distance_test_can_fail() {
        // Red and green of equal weight are the textbook failure.
        let bad = [Color::rgb(200, 60, 0), Color::rgb(110, 110, 0)];
        assert!(least_distance(&bad, &NORMAL) > 40.0);
        assert!(least_distance(&bad, &DEUTERANOPIA) < 11.5);
    }

    #[test]
    fn contrast_has_the_known_extremes() {
        assert!((Color::BLACK.contrast(Color::WHITE) - 21.0).abs() < 1e-12);
        assert!((Color::WHITE.contrast(Color::WHITE) - 1.0).abs() < 1e-12);
        // WCAG's own example of the least gray that passes 4.5:1 on white.
        assert!((Color::rgb(118, 118, 118).contrast(Color::WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn sixty_four_series_differ_in_color_or_shape() {
        let mut seen = std::collections::HashSet::new();
        for index in 0..64 {
            assert!(seen.insert(style_of(index)), "series {index} repeats");
        }
        assert_eq!(style_of(64), style_of(0));
    }

    #[test]
    fn the_first_eight_series_differ_in_both() {
        let colors: std::collections::HashSet<_> = (0..8).map(|i| style_of(i).0).collect();
        let shapes: std::collections::HashSet<_> = (0..8).map(|i| style_of(i).1).collect();
        assert_eq!((colors.len(), shapes.len()), (8, 8));
    }
}
