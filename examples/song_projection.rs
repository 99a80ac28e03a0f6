//! Song et al., Metals 16(5), 487 (2026): what a two-dimensional velocity means for a flow that differs through the thickness.
//!
//! What is seen: a simulated pool whose liquid moves in eight layers, fastest at mid-thickness and at rest at the faces (512 x 512 px, absorbance
//! without noise): the mean speed along the beam, the speed at mid-thickness, and what Horn-Schunck finds from the liquid's texture alone and from all that
//! is in view. The table has other methods too: the error against both truths, and the factor by which the found field is a multiple of the mean one. Simulated frames; some 20 s.
//! Output: `target/figures/song_projection/`.

use std::fmt::Write as _;

use meltpool_plot::{Axis, Colormap, PanelFigure, Theme};
use meltpool_sim::{Flow, LayeredFlow, Texture, Uniform, Velocity, preset};
use ndarray::Array2;
use optical_flow::{FlowError, FlowEstimator, FlowField, HornSchunck, Image, LiuShen, LucasKanade};
use serde_json::json;

#[path = "support/flow.rs"]
mod flow;
use flow::{Outcome, image, save};

/// Two frames to be compared.
type Frames = (Image, Image);

/// The factor by which a field is a multiple of another, by least squares.
fn factor(found: &FlowField, truth: &FlowField, mask: &Array2<bool>) -> f64 {
    let (mut product, mut square) = (0.0, 0.0);
    for (at, _) in mask.indexed_iter().filter(|(_, inside)| **inside) {
        for (a, b) in [(found.u[at], truth.u[at]), (found.v[at], truth.v[at])] {
            product += f64::from(a * b);
            square += f64::from(b * b);
        }
    }
    product / square
}

fn main() -> Outcome<()> {
    let film = preset::layered(512, 512).n_frames(2).seed(1);
    let plan = film.plan()?;
    // those of the preset, by its definition
    let still = Flow::Uniform(Uniform::new(Velocity { u: 0.0, v: 0.0 }));
    let layers = LayeredFlow::cosine(still, 8);
    let factors = layers.factors();
    let mean_factor = factors.iter().sum::<f64>() / factors.len() as f64;
    let middle_factor = factors.iter().copied().fold(0.0, f64::max);
    let mean = plan.velocity_field(0)?;
    let mean = FlowField::new(mean.u, mean.v)?;
    let ratio = (middle_factor / mean_factor) as f32;
    let middle = FlowField::new(&mean.u * ratio, &mean.v * ratio)?;
    let (liquid, keyhole) = (plan.liquid_mask(0)?, plan.keyhole_mask(1)?);
    let scored = Array2::from_shape_fn(liquid.dim(), |at| liquid[at] && !keyhole[at]);
    // the liquid's texture alone: what a film without it lacks; and all that a detector sees
    let plain = film
        .map_scene(|scene| scene.texture(Texture::None))
        .plan()?;
    let whole = (plan.absorbance(0)?, plan.absorbance(1)?);
    let texture = (
        &whole.0 - &plain.absorbance(0)?,
        &whole.1 - &plain.absorbance(1)?,
    );
    // a method that conserves amounts wants values from zero, of either sign
    let most = f64::from(texture.0.iter().copied().fold(0.0, f32::max));
    let texture = (
        Image::with_range(&texture.0.view(), 0.0, most)?,
        Image::with_range(&texture.1.view(), 0.0, most)?,
    );
    let whole = Image::pair(&whole.0.view(), &whole.1.view())?;
    let unit = plan.camera().pixels_per_frame(1.0).recip();
    let mut table = "method,error_to_mean_m_s,error_to_middle_m_s,factor_of_mean\n".to_owned();
    let mut rows = Vec::new();
    let mut page = PanelFigure::new(2).theme(Theme::page().height_mm(150.0));
    let picture = |field: &FlowField, title: &str| {
        let speed = field.speed().mapv(|v| v * unit as f32);
        let axis = Axis::new(title, "m/s");
        image(&speed, 1.0, axis, Colormap::Cividis, Some((0.0, 4.0)))
    };
    page = page
        .panel(picture(&mean, "mean along the beam"))
        .panel(picture(&middle, "mid-thickness"));
    let zero = FlowError::between(&FlowField::zeros(mean.dim()), &mean, Some(&scored))?.end_point;
    let methods: [(&str, Box<dyn FlowEstimator>, &Frames); 4] = [
        (
            "Horn-Schunck on the texture",
            Box::new(HornSchunck::new()),
            &texture,
        ),
        (
            "Liu-Shen on the texture",
            Box::new(LiuShen::new()),
            &texture,
        ),
        (
            "Lucas-Kanade on the texture",
            Box::new(LucasKanade::new()),
            &texture,
        ),
        ("Horn-Schunck on all", Box::new(HornSchunck::new()), &whole),
    ];
    for (name, method, (first, second)) in methods {
        let found = method.estimate(first, second)?.flow;
        let to_mean = FlowError::between(&found, &mean, Some(&scored))?.end_point * unit;
        let to_middle = FlowError::between(&found, &middle, Some(&scored))?.end_point * unit;
        let of_mean = factor(&found, &mean, &scored);
        assert!(to_mean.is_finite() && of_mean.is_finite());
        println!(
            "{name}: {to_mean:.2} m/s from the mean, {to_middle:.2} from mid-thickness, {of_mean:.2} times the mean"
        );
        writeln!(table, "{name},{to_mean:.4},{to_middle:.4},{of_mean:.4}")?;
        rows.push(json!({ "method": name, "to_mean_m_s": to_mean, "to_middle_m_s": to_middle, "factor_of_mean": of_mean }));
        if name.starts_with("Horn-Schunck") {
            page = page.panel(picture(&found, name));
        }
    }
    save("song_projection", &page, &table)?;
    println!(
        "{}",
        json!({ "fields": rows, "middle_over_mean": ratio, "zero_field_m_s": zero * unit })
    );
    Ok(())
}
