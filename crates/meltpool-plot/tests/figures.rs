//! What a figure shows, how large it is, and what it refuses.

use std::error::Error as StdError;
use std::path::Path;

use meltpool_plot::{
    Axis, Band, Color, Contours, Contrast, Curve, Error, Figure, Grid, HeatmapFigure, Marker,
    Nodes, PanelFigure, ParetoFigure, ParityFigure, RadiographFigure, ScatterFigure, Series,
    TableFigure, Theme,
};
use ndarray::{Array2, array};

type Outcome = Result<(), Box<dyn StdError>>;

fn scatter() -> ScatterFigure {
    let x: Vec<f64> = (0..7).map(f64::from).collect();
    let y: Vec<f64> = x.iter().map(|v| 2.0 * v + 1.0).collect();
    ScatterFigure::new(Axis::new("laser power", "W"), Axis::new("depth", "µm"))
        .series(Series::new("Ti-6Al-4V", x.clone(), y.clone()).marker(Marker::Circle))
        .curve(Curve::from_fn("law", (0.0, 6.0), |v| 2.0 * v + 1.0))
        .note("d = 2 P + 1")
}

fn pareto() -> ParetoFigure {
    ParetoFigure::new(
        Axis::new("complexity", "nodes"),
        Axis::dimensionless("error").log(),
        [1.0, 2.0, 2.0, 3.0, 4.0, 5.0],
        [1.0, 0.5, 0.7, 0.6, 1e-14, 1e-14],
    )
    .highlight("chosen", 4)
}

fn parity() -> ParityFigure {
    ParityFigure::new(Axis::new("depth", "µm"))
        .series(Series::new("test", [1.0, 2.0, 3.0], [1.1, 1.9, 3.2]))
        .band(Band::Absolute(0.25))
}

fn radiograph() -> RadiographFigure {
    let image = Array2::from_shape_fn((40, 60), |(i, j)| (i * j) as f32);
    RadiographFigure::new(&image, 2.0, Axis::new("intensity", "counts"))
}

fn heatmap() -> HeatmapFigure {
    let power = Nodes::linear(100.0, 500.0, 50);
    let speed = Nodes::logarithmic(0.1, 10.0, 40);
    let energy = Grid::from_fn(power, speed, |p, v| p / v);
    HeatmapFigure::new(
        energy.clone(),
        Axis::new("laser power", "W"),
        Axis::new("scan speed", "m/s").log(),
        Axis::new("energy", "J/m").log(),
    )
    .contours(Contours::new("energy", energy, [50.0, 200.0, 1000.0]))
    .series(Series::new("runs", [200.0, 300.0], [1.0, 2.0]))
}

fn table() -> TableFigure {
    TableFigure::new(["", "V", "d"])
        .title("dimensions")
        .row(["m", "1", "1"])
        .row(["s", "-1", "0"])
        .note("rank 2")
}

fn all() -> Vec<(&'static str, Box<dyn Figure>)> {
    vec![
        ("scatter", Box::new(scatter())),
        ("pareto", Box::new(pareto())),
        ("parity", Box::new(parity())),
        ("radiograph", Box::new(radiograph())),
        ("heatmap", Box::new(heatmap())),
        ("table", Box::new(table())),
        (
            "page",
            Box::new(
                PanelFigure::new(2)
                    .panel(radiograph())
                    .panel(scatter())
                    .panel(pareto())
                    .panel(radiograph())
                    .panel(heatmap())
                    .panel(table())
                    .theme(Theme::page().height_mm(220.0)),
            ),
        ),
    ]
}

/// A decoded PNG.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
    per_meter: Option<(u32, u32)>,
}

impl Picture {
    fn read(bytes: &[u8]) -> Result<Self, Box<dyn StdError>> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info()?;
        let mut buffer = vec![0; reader.output_buffer_size().ok_or("too large")?];
        let info = reader.next_frame(&mut buffer)?;
        assert_eq!(info.color_type, png::ColorType::Rgb);
        let per_meter = reader.info().pixel_dims.map(|d| {
            assert_eq!(d.unit, png::Unit::Meter);
            (d.xppu, d.yppu)
        });
        Ok(Self {
            width: info.width as usize,
            height: info.height as usize,
            pixels: buffer.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect(),
            per_meter,
        })
    }

    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        self.pixels[y * self.width + x]
    }

    /// Number of dark pixels in a part given in fractions of width and height.
    fn dark(&self, x: (f64, f64), y: (f64, f64)) -> usize {
        let part = |(a, b): (f64, f64), n: usize| (a * n as f64) as usize..(b * n as f64) as usize;
        part(y, self.height)
            .flat_map(|j| part(x, self.width).map(move |i| (i, j)))
            .filter(|&(i, j)| self.at(i, j).iter().all(|&c| c < 100))
            .count()
    }
}

/// All values of an attribute, in order.
fn attributes(svg: &str, element: &str, name: &str) -> Vec<String> {
    svg.split(&format!("<{element} "))
        .skip(1)
        .filter_map(|part| {
            let tag = part.split('>').next()?;
            let value = tag.split(&format!("{name}=\"")).nth(1)?;
            Some(value.split('"').next()?.to_owned())
        })
        .collect()
}

fn numbers(svg: &str, element: &str, name: &str) -> Result<Vec<f64>, Box<dyn StdError>> {
    attributes(svg, element, name)
        .iter()
        .map(|v| Ok(v.parse()?))
        .collect()
}

#[test]
fn svg_shows_labels_units_points_and_the_law() -> Outcome {
    let svg = scatter().to_svg()?;
    for text in [
        "laser power (W)",
        "depth (µm)",
        "Ti-6Al-4V",
        "d = 2 P + 1",
        ">law<",
    ] {
        assert!(svg.contains(text), "{text} is missing");
    }
    // Seven points and the sample of the legend.
    assert_eq!(svg.matches("<circle ").count(), 8);
    // The law in one piece over its range, and its sample.
    let lines = attributes(&svg, "path", "d");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].matches('L').count() >= 240);
    Ok(())
}

#[test]
fn svg_has_the_size_in_millimeters_and_points_as_units() -> Outcome {
    let svg = scatter().to_svg()?;
    assert!(svg.starts_with(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"89mm\" height=\"70mm\" \
         viewBox=\"0 0 252.2835 198.4252\""
    ));
    Ok(())
}

#[test]
fn no_text_is_smaller_than_ten_points() -> Outcome {
    for (name, figure) in all() {
        let sizes = numbers(&figure.to_svg()?, "text", "font-size")?;
        assert!(sizes.len() > 3, "{name}");
        assert!(sizes.iter().all(|&s| s >= 10.0), "{name}: {sizes:?}");
    }
    Ok(())
}

#[test]
fn png_has_exact_pixels_and_states_its_resolution() -> Outcome {
    for (dpi, per_meter) in [(300, 11811), (72, 2835), (600, 23622)] {
        let theme = Theme::column().dpi(dpi);
        let picture = Picture::read(&scatter().theme(theme.clone()).to_png()?)?;
        let expected = |mm: f64| (mm / 25.4 * f64::from(dpi)).round() as usize;
        assert_eq!(
            (picture.width, picture.height),
            (expected(89.0), expected(70.0))
        );
        assert_eq!(picture.per_meter, Some((per_meter, per_meter)));
    }
    Ok(())
}

#[test]
fn png_shows_axes_and_text_without_any_font_of_the_system() -> Outcome {
    for (name, figure) in all() {
        let picture = Picture::read(&figure.to_png()?)?;
        let dark = picture.dark((0.0, 1.0), (0.0, 1.0));
        assert!(dark > picture.pixels.len() / 200, "{name} is nearly blank");
    }
    let picture = Picture::read(&scatter().to_png()?)?;
    // The label of the vertical axis, and that of the horizontal one.
    assert!(picture.dark((0.0, 0.05), (0.2, 0.8)) > 300);
    assert!(picture.dark((0.2, 0.9), (0.93, 1.0)) > 300);
    Ok(())
}

#[test]
fn every_sign_that_labels_need_is_in_the_font() -> Outcome {
    let figure = |sign: char| {
        ScatterFigure::new(
            Axis::dimensionless(format!("a {sign} b")),
            Axis::dimensionless("y"),
        )
        .series(Series::new("s", [0.0, 1.0], [0.0, 1.0]))
        .to_png()
    };
    // A sign of the private use area is in no font: it gives the box of missing signs.
    let missing = figure('\u{e123}')?;
    assert_eq!(missing, figure('\u{e124}')?);
    for sign in "µ²³⁰⁴⁻×·ηαρπΔΠ≈−±√₀₁ₚ°∝≤".chars() {
        assert_ne!(missing, figure(sign)?, "{sign}");
    }
    Ok(())
}

#[test]
fn the_same_figure_gives_the_same_bytes_in_every_thread() -> Outcome {
    let write = || -> Result<Vec<(String, Vec<u8>)>, Error> {
        all()
            .iter()
            .map(|(_, f)| Ok((f.to_svg()?, f.to_png()?)))
            .collect()
    };
    let first = write()?;
    let handles: Vec<_> = (0..2).map(|_| std::thread::spawn(write)).collect();
    for handle in handles {
        assert!(handle.join().map_err(|_| "a thread failed")?? == first);
    }
    Ok(())
}

#[test]
fn a_point_stands_over_the_ticks_of_its_values() -> Outcome {
    for log in [false, true] {
        let axis = |label: &str| {
            let axis = Axis::dimensionless(label);
            if log {
                axis.log().range(0.5, 200.0)
            } else {
                axis.range(-3.0, 17.0)
            }
        };
        let svg = ScatterFigure::new(axis("x"), axis("y"))
            .series(Series::new("", [10.0], [10.0]).marker(Marker::Circle))
            .to_svg()?;
        let (cx, cy) = (
            numbers(&svg, "circle", "cx")?[0],
            numbers(&svg, "circle", "cy")?[0],
        );
        let x: Vec<f64> = numbers(&svg, "line", "x1")?;
        let y: Vec<f64> = numbers(&svg, "line", "y1")?;
        let labels: Vec<f64> = svg
            .split("<text ")
            .filter(|t| t.contains(">10</text>"))
            .filter_map(|t| t.split("x=\"").nth(1)?.split('"').next()?.parse().ok())
            .collect();
        assert!(x.iter().any(|v| (v - cx).abs() < 0.02), "{cx} in {x:?}");
        assert!(y.iter().any(|v| (v - cy).abs() < 0.02), "{cy} in {y:?}");
        assert!(
            labels.iter().any(|v| (v - cx).abs() < 0.02),
            "{cx} in {labels:?}"
        );
    }
    Ok(())
}

#[test]
fn the_scale_bar_is_as_long_as_it_says() -> Outcome {
    // A dark image, so that only bar and label are white.
    let image = Array2::from_elem((150, 200), 1.0f32);
    let figure = RadiographFigure::new(&image, 1.9, Axis::new("intensity", "counts"))
        .contrast(Contrast::Window {
            low: 0.0,
            high: 9.0,
        })
        .scale_bar_um(100.0);
    let svg = figure.to_svg()?;
    let image_width = numbers(&svg, "image", "width")?[0];
    let fills = attributes(&svg, "rect", "fill");
    let widths = attributes(&svg, "rect", "width");
    // White rectangles: page, two outlines, and last the bar.
    let white: Vec<f64> = fills
        .iter()
        .zip(&widths)
        .filter(|(f, _)| f.as_str() == "#ffffff")
        .filter_map(|(_, w)| w.parse().ok())
        .collect();
    let expected = 100.0 / (1.9 * 200.0) * image_width;
    let bar = *white.last().ok_or("no bar")?;
    assert!(
        (bar - expected).abs() < 0.011,
        "{bar} instead of {expected} pt"
    );

    // In the PNG, white between black counts by its share of each pixel.
    let picture = Picture::read(&figure.to_png()?)?;
    let mut longest = 0.0f64;
    for y in 0..picture.height {
        let mut run = None;
        for x in 0..picture.width {
            match (picture.at(x, y), &mut run) {
                ([0, 0, 0], _) => {
                    longest = longest.max(run.unwrap_or(0.0));
                    run = Some(0.0);
                }
                ([r, g, b], Some(sum)) if r == g && g == b => *sum += f64::from(r) / 255.0,
                _ => run = None,
            }
        }
    }
    let pixels = expected * 300.0 / 72.0;
    // Eight bits at both ends, and rounding in 32-bit coordinates.
    assert!(
        (longest - pixels).abs() < 0.02,
        "{longest} instead of {pixels}"
    );
    assert!(svg.contains("100 µm"));
    Ok(())
}

#[test]
fn image_pixels_keep_their_place_and_value() -> Outcome {
    let image = array![[0.0f32, 1.0], [0.5, 0.0]];
    let contrast = Contrast::Window {
        low: 0.0,
        high: 1.0,
    };
    let theme = Theme::column().width_mm(150.0).height_mm(100.0);
    let figure = RadiographFigure::new(&image, 50.0, Axis::dimensionless("t"))
        .contrast(contrast)
        .theme(theme);
    let svg = figure.to_svg()?;
    let get = |name: &str| numbers(&svg, "image", name).map(|v| v[0] * 300.0 / 72.0);
    let (x, y, width, height) = (get("x")?, get("y")?, get("width")?, get("height")?);
    assert!((width - height).abs() < 0.1);
    let picture = Picture::read(&figure.to_png()?)?;
    let at = |i: f64, j: f64| picture.at((x + j * width) as usize, (y + i * height) as usize);
    assert_eq!(at(0.1, 0.4), [0, 0, 0]);
    assert_eq!(at(0.1, 0.6), [255, 255, 255]);
    assert_eq!(at(0.6, 0.4), [128, 128, 128]);
    // The edges between the pixels are where they belong.
    assert_eq!(at(0.1, 0.495), [0, 0, 0]);
    assert_eq!(at(0.1, 0.505), [255, 255, 255]);
    Ok(())
}

#[test]
fn svg_holds_the_image_with_its_own_pixels() -> Outcome {
    let svg = radiograph().to_svg()?;
    let coded = attributes(&svg, "image", "href");
    assert_eq!(coded.len(), 2, "the image and its color bar");
    let data = coded[0]
        .strip_prefix("data:image/png;base64,")
        .ok_or("no PNG")?;
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut bytes = Vec::new();
    for four in data.trim_end_matches('=').as_bytes().chunks(4) {
        let word = four.iter().fold(0u32, |w, &c| w << 6 | u32::from(digit(c)));
        let bits = 6 * four.len();
        for k in 1..=bits / 8 {
            bytes.push((word >> (bits - 8 * k)) as u8);
        }
    }
    let picture = Picture::read(&bytes)?;
    assert_eq!((picture.width, picture.height), (60, 40));
    assert_eq!(picture.at(0, 0), [0, 0, 0]);
    assert_eq!(picture.at(59, 39), [255, 255, 255]);
    Ok(())
}

#[test]
fn heat_map_colors_stand_at_their_nodes_and_lines_lie_on_them() -> Outcome {
    // Black and white halves by a step at x = 0; red contour line there, and a blank node.
    let nodes = Nodes::linear(-1.5, 1.5, 4);
    let mut values = Array2::from_shape_fn((4, 4), |(_, i)| if i < 2 { 0.0 } else { 1.0 });
    values[(3, 0)] = f64::NAN;
    let grid = Grid::new(nodes, nodes, &values);
    let red = Color::rgb(255, 0, 0);
    let figure = HeatmapFigure::new(
        grid.clone(),
        Axis::new("x", "m"),
        Axis::new("y", "m"),
        Axis::dimensionless("step"),
    )
    .colormap(meltpool_plot::Colormap::Viridis)
    .contours(Contours::new("", grid, [0.5]).color(red).unlabeled());
    let svg = figure.to_svg()?;
    let get = |name: &str| numbers(&svg, "image", name).map(|v| v[0] * 300.0 / 72.0);
    let (x, y, width, height) = (get("x")?, get("y")?, get("width")?, get("height")?);
    // The image fills the frame: both reach half a step beyond the nodes.
    let frame = svg.split("<clipPath").nth(1).ok_or("no frame")?;
    assert!((numbers(frame, "rect", "width")?[0] * 300.0 / 72.0 - width).abs() < 0.1);
    let picture = Picture::read(&figure.to_png()?)?;
    let at = |i: f64, j: f64| picture.at((x + j * width) as usize, (y + i * height) as usize);
    let (first, last) = ([68, 1, 84], [253, 231, 37]);
    assert_eq!((at(0.9, 0.2), at(0.1, 0.8)), (first, last));
    assert_eq!(at(0.1, 0.1), [255; 3], "the blank node is at the top left");
    assert_eq!(at(0.3, 0.1), first);
    // The line at x = 0 is drawn on the image: middle of the width, below the blank cells.
    let [r, g, b] = at(0.8, 0.5);
    assert!(r > 200 && g < 60 && b < 60, "{r} {g} {b}");
    assert!(svg.contains("step (–)"));
    let tables = figure.draw()?.to_csv();
    assert!(tables[0].starts_with("y (m) \\ x (m),-1.5,-0.5,0.5,1.5\n-1.5,0,0,1,1\n"));
    assert!(tables[1].contains("contour,\" = 0.5, line 1\",0,-1.5,,"));
    Ok(())
}

#[test]
fn contour_lines_carry_their_levels_and_keep_clear_of_points() -> Outcome {
    let nodes = Nodes::linear(0.0, 10.0, 21);
    let plane = Grid::from_fn(nodes, nodes, |x, y| x + y);
    let axis = |label: &str| Axis::new(label, "m").range(0.0, 10.0);
    // The points lie on the line of 6.
    let figure = ScatterFigure::new(axis("x"), axis("y"))
        .contours(Contours::new("x + y (m)", plane, [-5.0, 6.0, 12.5]).dashed())
        .series(Series::new("runs", [2.0, 3.0, 4.0], [4.0, 3.0, 2.0]));
    let svg = figure.to_svg()?;
    assert!(svg.contains(">6</text>") && svg.contains(">12.5</text>"));
    assert!(!svg.contains(">−5</text>"), "no line, no number");
    assert!(svg.contains(">x + y (m)</text>"));
    // Without data the axes show the grid.
    let plane = Grid::from_fn(nodes, nodes, |x, y| x + y);
    let bare = ScatterFigure::new(Axis::new("x", "m"), Axis::new("y", "m"))
        .contours(Contours::new("", plane, [6.0]));
    assert!(bare.to_svg()?.contains(">10</text>"));
    assert!(bare.draw()?.to_csv()[0].contains("contour"));
    Ok(())
}

#[test]
fn an_interval_is_a_band_of_its_values_below_the_curve() -> Outcome {
    let curve = || Curve::new("law", [0.0, 1.0, 2.0], [1.0, 2.0, 3.0]);
    let figure = ScatterFigure::new(Axis::new("x", "m"), Axis::new("y", "m"))
        .curve(curve().interval("95 %", [0.5, 1.0, 1.5], [2.0, 4.0, 9.0]));
    let svg = figure.to_svg()?;
    assert!(svg.contains(">95 %</text>"));
    // The axes hold the interval, and its outline closes after twice three corners.
    assert!(svg.contains(">8</text>"));
    let outline = attributes(&svg, "path", "d");
    let band = outline.iter().find(|d| d.ends_with('Z')).ok_or("no band")?;
    assert_eq!(band.matches('L').count(), 5);
    let csv = &figure.draw()?.to_csv()[0];
    assert!(csv.contains("lower,95 %,1,1,,") && csv.contains("upper,95 %,2,9,,"));
    let figure = ScatterFigure::new(Axis::new("x", "m"), Axis::new("y", "m"))
        .curve(curve().interval("95 %", [0.5, 2.5, 1.5], [2.0, 2.0, 9.0]));
    assert!(matches!(
        figure.to_svg(),
        Err(Error::InvertedInterval { index: 1, .. })
    ));
    Ok(())
}

#[test]
fn refuses_grids_that_do_not_fit_their_axes() {
    let even = Nodes::linear(1.0, 2.0, 3);
    let ratios = Nodes::logarithmic(1.0, 2.0, 3);
    let figure = |x: Nodes, y: Nodes, value: Axis, z: fn(f64, f64) -> f64| {
        HeatmapFigure::new(
            Grid::from_fn(x, y, z),
            Axis::new("x", "m"),
            Axis::new("y", "m").log(),
            value,
        )
    };
    let value = || Axis::new("z", "m");
    assert!(
        figure(even, ratios, value(), |x, y| x * y)
            .validate()
            .is_ok()
    );
    for (x, y) in [(even, even), (ratios, ratios)] {
        assert!(matches!(
            figure(x, y, value(), |x, y| x * y).to_svg(),
            Err(Error::InvalidParameter { name: "nodes", .. })
        ));
    }
    assert!(matches!(
        figure(even, ratios, value().log(), |x, _| x - 1.0).to_svg(),
        Err(Error::InvalidParameter { name: "grid", .. })
    ));
    let flat = figure(even, ratios, value().log(), |_, _| 3.0).to_svg();
    assert!(flat.is_ok(), "one value gets a window around it");
    let zero = Nodes::linear(0.0, 1.0, 3);
    let field = Grid::from_fn(zero, zero, |x, y| x + y);
    let log = ScatterFigure::new(Axis::new("x", "m").log(), Axis::new("y", "m"))
        .contours(Contours::new("z", field, [0.5]));
    assert!(matches!(
        log.to_svg(),
        Err(Error::NonPositiveOnLog { array: "x", .. })
    ));
}

#[test]
fn an_embedded_font_is_a_megabyte_and_only_what_is_used() -> Outcome {
    let plain = scatter().to_svg()?;
    let embedded = scatter().theme(Theme::column().embed_font(true)).to_svg()?;
    assert_eq!(embedded.matches("@font-face").count(), 1);
    let added = embedded.len() - plain.len();
    assert!((500_000..1_100_000).contains(&added), "{added}");
    Ok(())
}

#[test]
fn pareto_front_matches_the_definition() {
    let (x, y): (Vec<f64>, Vec<f64>) = (0..60)
        .map(|i| (f64::from(i * 7 % 13), f64::from(i * i * 31 % 47)))
        .unzip();
    let figure = ParetoFigure::new(
        Axis::dimensionless("x"),
        Axis::dimensionless("y"),
        x.clone(),
        y.clone(),
    );
    let dominated =
        |i: usize| (0..60).any(|j| x[j] <= x[i] && y[j] <= y[i] && (x[j] < x[i] || y[j] < y[i]));
    let mut slow: Vec<(u64, u64)> = (0..60)
        .filter(|&i| !dominated(i))
        .map(|i| (x[i] as u64, y[i] as u64))
        .collect();
    slow.sort_unstable();
    slow.dedup();
    let fast: Vec<(u64, u64)> = figure
        .front()
        .into_iter()
        .map(|i| (x[i] as u64, y[i] as u64))
        .collect();
    assert_eq!(fast, slow);
}

#[test]
fn parity_axes_share_range_and_length() -> Outcome {
    let svg = parity().to_svg()?;
    assert!(svg.contains("measured depth (µm)") && svg.contains("predicted depth (µm)"));
    assert!(svg.contains("±0.25 µm"));
    // The clip is the frame.
    let frame = svg.split("<clipPath").nth(1).ok_or("no frame")?;
    let side = |name: &str| numbers(frame, "rect", name).map(|v| v[0]);
    assert!((side("width")? - side("height")?).abs() < 0.011);
    Ok(())
}

#[test]
fn csv_holds_every_point_with_labels_and_units() -> Outcome {
    let tables = scatter().draw()?.to_csv();
    let mut lines = tables[0].lines();
    assert_eq!(
        lines.next(),
        Some("kind,name,laser power (W),depth (µm),x_error,y_error")
    );
    assert_eq!(lines.next(), Some("point,Ti-6Al-4V,0,1,,"));
    assert_eq!(
        tables[0]
            .lines()
            .filter(|l| l.starts_with("point,"))
            .count(),
        7
    );
    assert_eq!(
        tables[0]
            .lines()
            .filter(|l| l.starts_with("curve,"))
            .count(),
        241
    );
    Ok(())
}

#[test]
fn saves_three_kinds_of_file_and_one_table_a_panel() -> Outcome {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("figures/nested");
    let files = scatter().save_all(&folder, "one")?;
    assert_eq!(std::fs::read_to_string(&files.svg)?, scatter().to_svg()?);
    assert_eq!(std::fs::read(&files.png)?, scatter().to_png()?);
    assert_eq!(files.csv, [folder.join("one.csv")]);
    let page = PanelFigure::new(2).panel(scatter()).panel(parity());
    let files = page.save_all(&folder, "two")?;
    assert_eq!(
        files.csv,
        [folder.join("two_a.csv"), folder.join("two_b.csv")]
    );
    assert!(files.csv.iter().all(|p| p.exists()));
    Ok(())
}

#[test]
fn an_unwritable_path_gives_the_path_and_the_cause() -> Outcome {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(folder)?;
    let blocked = folder.join("a_file");
    std::fs::write(&blocked, "x")?;
    let error = scatter().save_all(&blocked.join("sub"), "s").unwrap_err();
    assert!(matches!(&error, Error::Io { path, .. } if path.ends_with("a_file/sub")));
    assert!(StdError::source(&error).is_some());
    assert!(scatter().save_svg(&folder.join("none/s.svg")).is_err());
    Ok(())
}

#[test]
fn refuses_bad_images() {
    let axis = || Axis::dimensionless("t");
    let flat = Array2::<f32>::zeros((8, 8));
    for size in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = RadiographFigure::new(&flat, size, axis())
            .validate()
            .unwrap_err();
        assert!(
            matches!(
                error,
                Error::InvalidParameter {
                    name: "pixel_size_um",
                    ..
                }
            ),
            "{error}"
        );
    }
    let mut spoiled = flat.clone();
    spoiled[[3, 5]] = f32::NAN;
    assert!(matches!(
        RadiographFigure::new(&spoiled, 1.0, axis()).validate(),
        Err(Error::NonFinitePixel {
            row: 3,
            column: 5,
            ..
        })
    ));
    let empty = Array2::<f32>::zeros((0, 8));
    assert!(matches!(
        RadiographFigure::new(&empty, 1.0, axis()).to_png(),
        Err(Error::Empty { .. })
    ));
    let huge = Array2::<f32>::zeros((4097, 4096));
    assert!(matches!(
        RadiographFigure::new(&huge, 1.0, axis()).to_svg(),
        Err(Error::RasterTooLarge {
            rows: 4097,
            columns: 4096,
            ..
        })
    ));
    let bar = RadiographFigure::new(&flat, 1.0, axis()).scale_bar_um(8.1);
    assert!(matches!(
        bar.validate(),
        Err(Error::InvalidParameter {
            name: "scale_bar_um",
            ..
        })
    ));
}

#[test]
fn refuses_bad_data_with_name_and_index() {
    let axes = || (Axis::dimensionless("Ke"), Axis::new("depth", "µm").log());
    let figure = |y: f64| {
        let (x_axis, y_axis) = axes();
        ScatterFigure::new(x_axis, y_axis).series(Series::new("runs", [1.0, 2.0], [1.0, y]))
    };
    assert!(figure(2.0).validate().is_ok());
    let error = figure(0.0).to_svg().unwrap_err();
    assert_eq!(
        error.to_string(),
        "y of \"runs\" is 0 at index 1, but the axis \"depth\" is logarithmic"
    );
    assert!(matches!(
        figure(f64::INFINITY).to_png(),
        Err(Error::NonFinite {
            array: "y",
            index: 1,
            ..
        })
    ));
    let (x_axis, y_axis) = axes();
    assert!(matches!(
        ScatterFigure::new(x_axis, y_axis).to_svg(),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        pareto().highlight("none", 6).validate(),
        Err(Error::InvalidParameter {
            name: "highlight",
            ..
        })
    ));
    assert!(parity().band(Band::Relative(1.0)).validate().is_err());
    assert!(PanelFigure::new(0).panel(parity()).validate().is_err());
    assert!(PanelFigure::new(2).validate().is_err());
}

#[test]
fn a_label_that_does_not_fit_is_an_error_and_not_cut() {
    let long = "a label that is much too long for a figure of this width";
    let figure = ScatterFigure::new(Axis::dimensionless(long), Axis::dimensionless("y"))
        .series(Series::new("s", [0.0, 1.0], [0.0, 1.0]));
    assert!(matches!(figure.to_svg(), Err(Error::TextTooLong { .. })));
    let small = scatter().theme(Theme::column().width_mm(24.0).height_mm(24.0));
    assert!(small.to_svg().is_err());
}

#[test]
fn markup_and_dollars_in_labels_are_text() -> Outcome {
    let svg = ScatterFigure::new(
        Axis::new("a<b & \"c\" $x$", "€"),
        Axis::dimensionless("y\n\u{1}z"),
    )
    .series(Series::new("</svg>", [0.0, 1.0], [0.0, 1.0]))
    .to_svg()?;
    assert!(svg.contains("a&lt;b &amp; &quot;c&quot; $x$ (€)"), "{svg}");
    assert!(svg.contains("&lt;/svg&gt;"));
    assert!(!svg.trim_end().chars().any(char::is_control));
    Ok(())
}

#[test]
fn extreme_numbers_give_a_figure_or_an_error() {
    let values = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        1e-320,
        1e-300,
        1e-12,
        1e12,
        1e300,
        1.0 + f64::EPSILON,
        f64::MAX,
        f64::MIN,
        f64::NAN,
        f64::INFINITY,
    ];
    let theme = Theme::column().dpi(72);
    for &a in &values {
        for &b in &values {
            for log in [false, true] {
                let y = Axis::new("y", "m");
                let y = if log { y.log() } else { y };
                let x = Axis::new("x", "m");
                let series = Series::new("s", [0.0, 1.0], [a, b]).y_error([1.0, 1e-9]);
                let figure = ScatterFigure::new(x.clone(), y.clone())
                    .series(series.clone())
                    .curve(Curve::new("c", [0.0, 1.0], [b, a]))
                    .theme(theme.clone());
                if let Ok(svg) = figure.to_svg() {
                    assert!(
                        !svg.contains("NaN") && !svg.contains("inf"),
                        "{a} {b} {log}"
                    );
                    assert!(svg.len() < 100_000, "{a} {b} {log}");
                    assert!(figure.to_png().is_ok(), "{a} {b} {log}");
                }
                let fixed = ScatterFigure::new(x, y.range(a, b)).series(series);
                let _ = fixed.theme(theme.clone()).to_svg();
            }
        }
    }
}

#[test]
fn extreme_grids_give_a_figure_or_an_error() {
    let values = [
        0.0,
        5e-324,
        1e-300,
        1.0,
        -1.0,
        1e300,
        f64::MAX,
        f64::MIN,
        f64::NAN,
    ];
    let theme = Theme::column().dpi(72);
    let axis = |log: bool| {
        if log {
            Axis::new("x", "m").log()
        } else {
            Axis::new("x", "m")
        }
    };
    for &a in &values {
        for &b in &values {
            let z = array![[a, b, a], [b, a, 1.0], [0.0, b, b]];
            for log in [false, true] {
                let nodes = if log {
                    Nodes::logarithmic(1e-9, 1e9, 3)
                } else {
                    Nodes::linear(-1.0, 1e6, 3)
                };
                let grid = Grid::new(nodes, nodes, &z);
                let levels = if a < b {
                    vec![a, 0.5 * a + 0.5 * b, b]
                } else {
                    vec![0.5, 0.7]
                };
                let contours = || Contours::new("z", grid.clone(), levels.clone());
                let lines = ScatterFigure::new(axis(log), axis(log)).contours(contours());
                let value = Axis::new("z", "m");
                let map = HeatmapFigure::new(grid.clone(), axis(log), axis(log), value.clone());
                let log_map = HeatmapFigure::new(grid.clone(), axis(log), axis(log), value.log());
                let figures: [&dyn Figure; 3] = [
                    &lines.theme(theme.clone()),
                    &map.contours(contours()).theme(theme.clone()),
                    &log_map.theme(theme.clone()),
                ];
                for figure in figures {
                    if let Ok(svg) = figure.to_svg() {
                        assert!(
                            !svg.contains("NaN") && !svg.contains("inf"),
                            "{a} {b} {log}"
                        );
                        assert!(figure.to_png().is_ok(), "{a} {b} {log}");
                    }
                }
            }
        }
    }
    // Nodes whose axis a figure cannot show are refused as well.
    for nodes in [
        Nodes::linear(-1e308, 7e307, 3),
        Nodes::logarithmic(1e-300, 1e300, 3),
    ] {
        let grid = Grid::from_fn(nodes, nodes, |_, _| 1.0);
        let map = HeatmapFigure::new(grid, axis(false), axis(false), Axis::new("z", "m"));
        assert!(map.to_svg().is_err(), "{nodes:?}");
    }
}
