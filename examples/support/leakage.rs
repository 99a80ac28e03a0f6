//! What a law scores when its input holds the answer: the depth law on shuffled depths.

use std::error::Error;

use dimless::{
    ExponentialDepthLaw, Material, NamedNumber, Process, ProcessAbsorptivity, Source, dataset,
};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use symreg::{ConstantFit, Data, Expression, Score};

use crate::keyhole::Keyholes;

/// The Keyhole number of 2021 of each row, which no measured depth enters: settings, the properties beside the
/// published depths, and the absorptivity decoded from power, speed and spot.
pub fn keyhole_numbers_2021() -> Result<Vec<f64>, Box<dyn Error>> {
    let number = |row: dataset::KeyholeRow| {
        let alloy = Material::named(&row.material)?;
        let absorptivity = ProcessAbsorptivity::of(&alloy)?;
        Process::new()
            .laser_power(row.power)
            .scan_speed(row.scan_speed)
            .spot_diameter(row.spot)
            .absorptivity(absorptivity.predict(row.power, row.scan_speed, row.spot)?)
            .material(&alloy, &Source::KeyholeTable)
            .number(NamedNumber::KeyholeNumber2021)
    };
    let rows = dataset::keyhole_rows()?.into_iter();
    Ok(rows.map(number).collect::<Result<_, dimless::Error>>()?)
}

/// Eq. 2 with its three coefficients fitted by least squares, and its R².
///
/// The rate is the square of the fitted constant, so the law saturates or, in the limit, is a line: without that,
/// shuffled depths are mostly fitted by a growing exponential. Starts from the published rate.
pub fn refit_law(
    keyhole_number: &[f64],
    depth: &[f64],
) -> Result<(ExponentialDepthLaw, f64), Box<dyn Error>> {
    let data = Data::from_columns([("Ke", keyhole_number.to_vec())], ("depth", depth.to_vec()))?;
    let gene = Expression::parse("exp(-square(1)*Ke)", data.names())?;
    let model = ConstantFit::new().starts(1).fit(&[gene], &data)?;
    let mut constants = model.genes()[0].constants();
    let (Some(root), None) = (constants.next(), constants.next()) else {
        return Err("the gene has one constant".into());
    };
    Ok((
        ExponentialDepthLaw::new(model.bias(), -model.weights()[0], root * root),
        model.r2(),
    ))
}

/// Slope and intercept of the line of least squares.
pub fn line(x: &[f64], y: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let covariance: f64 = x
        .iter()
        .zip(y)
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    let slope = covariance / x.iter().map(|x| (x - mean_x).powi(2)).sum::<f64>();
    (slope, mean_y - slope * mean_x)
}

/// R² of both laws on shuffled depths of some rows, each fitted anew to each shuffle.
pub struct Shuffled {
    /// Eq. 2, whose absorptivity takes the shuffled depth; shuffles without a fit are left out.
    pub leaking: Vec<f64>,
    /// A line in the Keyhole number of 2021.
    pub leak_free: Vec<f64>,
}

/// Shuffles the depths of `rows` (ChaCha8 from `seed`) `count` times.
pub fn shuffled(
    keyholes: &Keyholes,
    rows: &[usize],
    count: usize,
    seed: u64,
) -> Result<Shuffled, Box<dyn Error>> {
    let pick = |values: &[f64]| rows.iter().map(|&i| values[i]).collect::<Vec<f64>>();
    let mut depth = pick(keyholes.data.target());
    let unit = pick(&keyholes.unit_keyhole_number);
    let ke_2021 = pick(&keyhole_numbers_2021()?);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut found = Shuffled {
        leaking: Vec::new(),
        leak_free: Vec::new(),
    };
    for _ in 0..count {
        depth.shuffle(&mut random);
        let absorbed = rows
            .iter()
            .zip(&depth)
            .zip(&unit)
            .map(|((&row, depth), unit)| Ok(keyholes.absorptivity[row].predict(*depth)? * unit));
        let leaking = absorbed.collect::<Result<Vec<f64>, dimless::Error>>()?;
        if let Ok((_, r2)) = refit_law(&leaking, &depth) {
            found.leaking.push(r2);
        }
        let (slope, intercept) = line(&ke_2021, &depth);
        let predicted: Vec<f64> = ke_2021.iter().map(|k| intercept + slope * k).collect();
        found.leak_free.push(Score::of(&depth, &predicted)?.r2);
    }
    Ok(found)
}

/// A percentile by linear interpolation between the sorted values.
pub fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = percent / 100.0 * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    below + (above - below) * rank.fract()
}
