//! Gan et al. (preprint of Nat. Commun. 12, 2379), overview: from radiographs and measured depths through dimensionless numbers and a search to one law.
//!
//! What is seen: a radiograph with the outline that is found in it (simulated), ninety measured depths against power (data of Cunningham et al. 2019 and Gan et al. 2021), the two groups
//! that exact dimensional analysis leaves, the front of laws of a search on the Ti-6Al-4V rows, and all rows on the law found. The figure itself was not at hand: the panels are
//! inferred from the paper's text, and every panel is computed here. Some ten seconds (`--quick`: a smaller search). Output: `target/figures/gan_fig1_overview/`.

use dimless::{LawSearch, Source, dataset};
use meltpool_plot::{
    Axis, Colormap, Contrast, PanelFigure, ParetoFigure, RadiographFigure, ScatterFigure, Series,
    TableFigure, Theme,
};
use meltpool_sim::{Detector, preset};
use ndarray::s;
use serde_json::json;

#[path = "support/keyhole.rs"]
#[expect(
    dead_code,
    reason = "the laws that hold themselves are for other figures"
)]
mod keyhole;
#[path = "support/keyhole_columns.rs"]
mod keyhole_columns;
#[path = "support/morphology.rs"]
mod morphology;
use keyhole::{keyhole_search, keyholes};
use morphology::{Outcome, finder, is_quick, save, simulate, with_outlines};

const ALLOYS: [&str; 3] = ["Ti-6Al-4V", "Al6061", "SS316"];

#[expect(clippy::too_many_lines, reason = "one page, panel by panel")]
fn main() -> Outcome {
    // a radiograph and its keyhole
    let film = preset::scan_cycle(512, 512).map_detector(|_| Detector::new(2e4));
    let found = simulate(&film.n_frames(8).seed(1))?;
    let sightings = finder(&found.plan)?.apply_all(&found.film)?;
    let keyhole = sightings[4].keyhole().ok_or("no keyhole")?;
    let outline = keyhole.outline.moved(-200.0, -40.0);
    let window = s![40..300, 200..500];
    let image = with_outlines(
        &found.film.frame(4).slice(window),
        [-0.1, 0.5],
        &[(&outline, 0.6)],
        2,
    );
    let radiograph =
        RadiographFigure::new(&image, 0.5, Axis::dimensionless("simulated: I / plate − 1"))
            .colormap(Colormap::Gray)
            .contrast(Contrast::Window {
                low: -0.1,
                high: 0.6,
            })
            .scale_bar_um(50.0);

    // measured depths
    let rows = dataset::keyhole_rows()?;
    let mut measured = ScatterFigure::new(
        Axis::new("laser power", "W"),
        Axis::new("keyhole depth, measured", "µm"),
    );
    for alloy in ALLOYS {
        let chosen: Vec<_> = rows.iter().filter(|row| row.material == alloy).collect();
        let x: Vec<f64> = chosen.iter().map(|row| row.power).collect();
        let y: Vec<f64> = chosen.iter().map(|row| 1e6 * row.keyhole_depth).collect();
        measured = measured.series(Series::new(alloy, x, y));
    }

    // dimensionless numbers: the complete set of groups, and the one that the rows prefer
    let data = keyhole_columns::keyhole_data()?;
    let law = LawSearch::new().max_exponent(3).fit(&data)?;
    let best = law.best();
    let basis = data.system().pi()?;
    let names = (1..=basis.n_groups()).map(|k| format!("Π{k}"));
    let header = std::iter::once("power of".to_owned()).chain(names);
    let mut groups =
        TableFigure::new(header.chain(["best".to_owned()])).title("dimensionless groups");
    for (k, variable) in basis.names().iter().enumerate() {
        let of = |group: &dimless::Group| group.exponents()[k].to_string();
        let cells = basis.groups().iter().chain([best.group()]).map(of);
        groups = groups.row(std::iter::once(variable.clone()).chain(cells));
    }

    // the search, as of the paper, on one alloy
    let all = keyholes(&Source::GanTableS1)?;
    let (ti, rest) = all.data.split_by_label(&all.material, |m| m == ALLOYS[0])?;
    let mut search = keyhole_search(1).runs(2);
    if is_quick() {
        search = search.population_size(150).max_generations(10);
    }
    let result = search.fit(&ti)?;
    let (_, chosen) = result.front().knee().ok_or("the front has no knee")?;
    let points = result.front().points();
    let place = points
        .iter()
        .position(|p| p.0 == chosen.complexity())
        .ok_or("the knee is on the front")?;
    let front = ParetoFigure::new(
        Axis::dimensionless("complexity"),
        Axis::dimensionless("RMSE of e/d").log(),
        points.iter().map(|p| p.0 as f64).collect::<Vec<_>>(),
        points.iter().map(|p| p.1).collect::<Vec<_>>(),
    )
    .candidates_label("front, Ti-6Al-4V")
    .highlight("knee", place);

    // the law: all alloys on one curve of the preferred group
    let values = data.group_values(best.group())?;
    let power = best.link().power().ok_or("a link with a power")?;
    let number: Vec<f64> = values.iter().map(|v| v.powf(power)).collect();
    let target = data.target();
    let mut collapse = ScatterFigure::new(
        Axis::dimensionless("preferred group, to its power"),
        Axis::dimensionless("depth over radius e/r"),
    )
    .note(format!("R² {:.3}", best.scores().r_squared));
    for alloy in ALLOYS {
        let chosen: Vec<usize> = (0..rows.len())
            .filter(|k| rows[*k].material == alloy)
            .collect();
        let pick = |list: &[f64]| chosen.iter().map(|k| list[*k]).collect::<Vec<f64>>();
        collapse = collapse.series(Series::new(alloy, pick(&number), pick(&target)));
    }
    let (r2, r2_others) = (chosen.r2(), chosen.score(&rest)?.r2);
    println!(
        "preferred group of raw columns: {} (R2 {:.3})",
        best.group(),
        best.scores().r_squared
    );
    println!(
        "knee of the search on {}: {} (R2 {r2:.3}, other alloys {r2_others:.3})",
        ALLOYS[0],
        chosen.to_infix_rounded(3)
    );
    assert!(best.scores().r_squared > 0.97 && r2 > 0.97);

    let page = PanelFigure::new(2)
        .panel(radiograph)
        .panel(measured)
        .panel(groups)
        .panel(front)
        .panel(collapse)
        .theme(Theme::page().height_mm(220.0));
    let table = format!(
        "quantity,value\nr2_group,{}\nr2_knee,{r2}\nr2_knee_other_alloys,{r2_others}\n",
        best.scores().r_squared
    );
    save("gan_fig1_overview", &page, &table)?;
    println!(
        "{}",
        json!({ "group": best.group().to_string(), "r2_group": best.scores().r_squared, "law": chosen.to_infix_rounded(4), "r2_knee": r2, "r2_knee_other_alloys": r2_others, "panels_inferred": true })
    );
    Ok(())
}
