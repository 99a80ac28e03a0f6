//! Outlines on radiographs, after Fig. 2a of Gan et al. (preprint of Nat. Commun. 12, 2379).
//!
//! What is seen: a public synchrotron frame (where at hand) with the outline of its keyhole, and a simulated frame (`scan_cycle`) with keyhole and melt pool, found
//! (white) beside what is true in the simulation (its overlap is printed). The melt pool of the public frames cannot be seen in a frame
//! and is not drawn. Some 10 s. Output: `target/figures/gan_fig2a_outlines/`.

use std::fmt::Write as _;

use meltpool_morphology::{
    Background, Contrast, EdgeShape, KeyholeFinder, KeyholeGauge, PixelSize, PoolFinder, Threshold,
    intersection_over_union,
};
use meltpool_plot::{Axis, Colormap, Contrast as Range, PanelFigure, RadiographFigure, Theme};
use meltpool_sim::{Detector, preset};
use ndarray::{Array2, s};
use serde_json::json;

#[path = "support/morphology.rs"]
mod support;
use support::{Outcome, finder, real_frames, save, simulate, with_outlines};

fn main() -> Outcome {
    let mut page = PanelFigure::new(1).theme(Theme::page().height_mm(200.0));
    let mut table = "frame,depth_um,depth_uncertainty_um,width_half_um,area_um2\n".to_owned();
    let real = real_frames()?;
    println!(
        "frames: {}",
        if real.is_some() {
            "public synchrotron frame 16; simulated (scan_cycle)"
        } else {
            "simulated (scan_cycle) only"
        }
    );
    if let Some(frames) = &real {
        let still = Array2::from_shape_fn((400, 1024), |(y, _)| y >= 250);
        let film = Contrast::new(Background::TemporalMedian)
            .gain_region(still)
            .apply(&frames.view())?;
        let gauge = KeyholeGauge::new(PixelSize::from_micrometers(1.93)?);
        let finder = KeyholeFinder::new(gauge, 90.0)
            .threshold(Threshold::Fixed(0.12))
            .edge(EdgeShape::Step, 0.8)
            .smoothing_px(1.6)
            .surface_margin_px(8.0)
            .max_depth_px(150.0);
        let sighting = finder.apply(&film.frame(16))?;
        let keyhole = sighting.keyhole().ok_or("no keyhole")?;
        let g = keyhole.geometry;
        writeln!(
            table,
            "public 16,{:.2},{:.2},{:.2},{:.1}",
            g.depth_um, keyhole.uncertainty.depth_um, g.width_half_um, g.area_um2
        )?;
        let counts = frames.index_axis(ndarray::Axis(0), 16);
        let outline = keyhole.outline.moved(-380.0, -60.0);
        let image = with_outlines(
            &counts.slice(s![60..200, 380..720]),
            [400.0, 2300.0],
            &[(&outline, 3000.0)],
            3,
        );
        page = page.panel(
            RadiographFigure::new(&image, 1.93 / 3.0, Axis::new("intensity", "counts"))
                .colormap(Colormap::Gray)
                .contrast(Range::Window {
                    low: 400.0,
                    high: 3000.0,
                })
                .scale_bar_um(100.0),
        );
    }
    let film = preset::scan_cycle(512, 512).map_detector(|_| Detector::new(2e4));
    let found = simulate(&film.n_frames(9).seed(1))?;
    let finder = finder(&found.plan)?;
    let sighting = finder.apply(&found.film.frame(8))?;
    let keyhole = sighting.keyhole().ok_or("no keyhole")?;
    let plate = Array2::from_shape_fn((512, 512), |(y, x)| y > 360 && x < 200);
    let pool = PoolFinder::new(PixelSize::from_micrometers(1.0)?, finder.surface_row())
        .apply(&found.film.frame(8), &keyhole.outline, &plate.view())?
        .ok_or("no pool")?;
    let overlap = |outline: &meltpool_morphology::Outline, truth: Array2<bool>| {
        intersection_over_union(&outline.mask((512, 512)).view(), &truth.view())
    };
    let keyhole_iou = overlap(&keyhole.outline, found.plan.keyhole_mask(8)?)?;
    let pool_iou = overlap(&pool.outline, found.plan.pool_mask(8)?)?;
    println!(
        "intersection over union: keyhole {keyhole_iou:.3}, melt pool {pool_iou:.3}; pool {:.0} ± {:.0} µm deep, {:.0} µm long, confidence {:.2}",
        pool.depth_um, pool.depth_error_um, pool.length_um, pool.confidence
    );
    assert!(keyhole_iou >= 0.95 && pool_iou >= 0.85);
    let g = keyhole.geometry;
    writeln!(
        table,
        "simulated 8,{:.2},{:.2},{:.2},{:.1}",
        g.depth_um, keyhole.uncertainty.depth_um, g.width_half_um, g.area_um2
    )?;
    let lines = [
        keyhole.outline.moved(-40.0, -60.0),
        pool.outline.moved(-40.0, -60.0),
    ];
    let image = found.film.frame(8);
    let image = with_outlines(
        &image.slice(s![60..320, 40..470]),
        [-0.1, 0.4],
        &[(&lines[0], 0.6), (&lines[1], 0.6)],
        2,
    );
    page = page.panel(
        RadiographFigure::new(&image, 0.5, Axis::dimensionless("I / plate − 1"))
            .colormap(Colormap::Gray)
            .contrast(Range::Window {
                low: -0.1,
                high: 0.6,
            })
            .scale_bar_um(50.0),
    );
    save("gan_fig2a_outlines", &page, &table)?;
    println!(
        "{}",
        json!({ "keyhole_iou": keyhole_iou, "pool_iou": pool_iou, "public_frame": real.is_some() })
    );
    Ok(())
}
