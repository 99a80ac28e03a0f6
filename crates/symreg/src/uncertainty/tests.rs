use super::*;
use crate::ConstantFit;
use approx::assert_relative_eq;

/// 2 + 3 exp(-0.8 x) with a scatter that needs no random numbers.
fn data() -> Result<Data> {
    let x: Vec<f64> = (0..25).map(|i| 0.15 * f64::from(i)).collect();
    let y = x
        .iter()
        .enumerate()
        .map(|(i, v)| 2.0 + 3.0 * (-0.8 * v).exp() + 0.1 * ((i * 7 % 11) as f64 / 11.0 - 0.45))
        .collect();
    Data::from_columns([("x", x)], ("y", y))
}

fn model(data: &Data) -> Result<Model> {
    ConstantFit::new().fit(&[Expression::parse("exp(-0.7*x)", &["x"])?], data)
}

const ESTIMATES: [f64; 3] = [
    1.979_919_397_517_982_5,
    3.005_656_810_798_818,
    -0.783_268_390_608_425_1,
];
const COVARIANCE: [[f64; 3]; 3] = [
    [
        0.000_551_426_319_528_504_1,
        -0.000_331_858_761_191_562_9,
        -0.000_393_597_806_135_031_8,
    ],
    [
        -0.000_331_858_761_191_562_9,
        0.000_553_049_475_506_072_4,
        0.000_140_050_503_661_046_34,
    ],
    [
        -0.000_393_597_806_135_031_8,
        0.000_140_050_503_661_046_34,
        0.000_338_910_970_700_813_83,
    ],
];
const LINEAR: [[f64; 2]; 3] = [
    [1.931_219_738_851_384, 2.028_619_056_184_581],
    [2.956_885_529_637_296, 3.054_428_091_960_34],
    [-0.821_447_428_974_819_9, -0.745_089_352_242_030_3],
];
const PROFILE: [[f64; 2]; 3] = [
    [1.929_559_875_377_735_7, 2.026_919_185_314_685],
    [2.957_121_567_439_35, 3.054_678_991_371_494_2],
    [-0.821_655_719_606_867_1, -0.745_471_082_571_500_7],
];

/// `scipy.optimize.curve_fit`, SciPy 1.17.1: estimates and covariance.
#[test]
fn covariance_agrees_with_scipy() -> Result<()> {
    let data = data()?;
    let found = ConstantUncertainty::new().linear(&model(&data)?, &data)?;
    for (i, constant) in found.constants().iter().enumerate() {
        // curve_fit stops at a relative change of 1e-15 in a forward-difference Jacobian.
        assert_relative_eq!(constant.estimate, ESTIMATES[i], max_relative = 1e-7);
        for (j, expected) in COVARIANCE[i].into_iter().enumerate() {
            assert_relative_eq!(found.covariance()[[i, j]], expected, max_relative = 1e-5);
        }
        assert_relative_eq!(constant.low, LINEAR[i][0], max_relative = 1e-6);
        assert_relative_eq!(constant.high, LINEAR[i][1], max_relative = 1e-6);
    }
    assert_eq!(found.degrees_of_freedom(), 22);
    Ok(())
}

/// Roots of the profile by `scipy.optimize.brentq` around `least_squares` on the others.
#[test]
fn profile_agrees_with_scipy() -> Result<()> {
    let data = data()?;
    let found = ConstantUncertainty::new().profile(&model(&data)?, &data)?;
    for (constant, [low, high]) in found.constants().iter().zip(PROFILE) {
        assert_relative_eq!(constant.low, low, max_relative = 1e-6);
        assert_relative_eq!(constant.high, high, max_relative = 1e-6);
    }
    Ok(())
}

/// For a law linear in its constants the profile is the linear interval.
#[test]
fn profile_is_linear_for_linear_laws_of_either_sign() -> Result<()> {
    let x: Vec<f64> = (1..20).map(f64::from).collect();
    let y = x
        .iter()
        .enumerate()
        .map(|(i, v)| 7.0 - 3.0 / v + 0.1 * ((i * 5 % 7) as f64 - 3.0))
        .collect();
    let data = Data::from_columns([("x", x)], ("y", y))?;
    let model = ConstantFit::new().fit(&[Expression::parse("1/x", &["x"])?], &data)?;
    let linear = ConstantUncertainty::new()
        .level(0.9)
        .linear(&model, &data)?;
    let profile = ConstantUncertainty::new()
        .level(0.9)
        .profile(&model, &data)?;
    assert_eq!(linear.constants().len(), 2);
    assert_relative_eq!(
        linear.constants()[1].estimate,
        model.weights()[0],
        max_relative = 1e-9
    );
    for (a, b) in linear.constants().iter().zip(profile.constants()) {
        assert_relative_eq!(a.low, b.low, max_relative = 1e-6);
        assert_relative_eq!(a.high, b.high, max_relative = 1e-6);
    }
    Ok(())
}

#[test]
fn bootstrap_agrees_with_the_linear_error_and_repeats() -> Result<()> {
    let data = data()?;
    let model = model(&data)?;
    let linear = ConstantUncertainty::new().linear(&model, &data)?;
    for resampling in [Resampling::Rows, Resampling::Residuals] {
        let way = ConstantUncertainty::new()
            .resampling(resampling)
            .resamples(600)
            .seed(4);
        let found = way.bootstrap(&model, &data)?;
        assert_eq!(found, way.bootstrap(&model, &data)?);
        assert_ne!(found, way.clone().seed(5).bootstrap(&model, &data)?);
        assert_eq!(found.failed(), 0);
        for (a, b) in found.constants().iter().zip(linear.constants()) {
            // 25 rows and 600 resamples: agreement within a third is what can be asked.
            let ratio = a.standard_error / b.standard_error;
            assert!(
                (0.66..1.5).contains(&ratio),
                "{resampling:?} {}: {ratio}",
                a.name
            );
            assert!(a.low < b.estimate && b.estimate < a.high);
        }
    }
    Ok(())
}

#[test]
fn says_which_constants_the_rows_cannot_tell() -> Result<()> {
    let data = data()?;
    // exp(a*x + b) with a weight: b and the weight are one.
    let model = ConstantFit::new().fit(&[Expression::parse("exp(-0.7*x+0.1)", &["x"])?], &data)?;
    let found = ConstantUncertainty::new().linear(&model, &data)?;
    let finite: Vec<bool> = found
        .constants()
        .iter()
        .map(|c| c.standard_error.is_finite())
        .collect();
    assert_eq!(finite, [true, false, true, false], "{found:?}");
    assert!(ConstantUncertainty::new().level(1.0).validate().is_err());
    assert!(ConstantUncertainty::new().resamples(1).validate().is_err());
    Ok(())
}
