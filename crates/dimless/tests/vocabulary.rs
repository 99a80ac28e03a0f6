//! The vocabulary: exact identities between named numbers, energy densities, symbols.

use std::collections::{BTreeMap, HashSet};

use approx::assert_relative_eq;
use dimless::{
    Dimension, EnergyDensity, Error, NamedNumber, NamedNumber as N, Process, Rational, Symbol,
    Symbol as S, Unit,
};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// A power product as exact exponents and a coefficient.
#[derive(Debug, Clone, PartialEq)]
struct Product {
    coefficient: f64,
    exponents: BTreeMap<Symbol, Rational>,
}

impl Product {
    fn one() -> Self {
        Self {
            coefficient: 1.0,
            exponents: BTreeMap::new(),
        }
    }

    fn times(mut self, symbol: Symbol, exponent: Rational) -> Outcome<Self> {
        let sum = match self.exponents.remove(&symbol) {
            Some(old) => old.plus(exponent)?,
            None => exponent,
        };
        if !sum.is_zero() {
            self.exponents.insert(symbol, sum);
        }
        Ok(self)
    }

    /// Multiplies by a power of a number, written in symbols that do not follow from others: r_0 = d/2, alpha = K/(rho C_p),
    /// h_s = C_p (T_l - T_0).
    fn number(mut self, number: NamedNumber, power: Rational) -> Outcome<Self> {
        self.coefficient *= number.coefficient().powf(power.to_f64());
        for &(symbol, exponent) in number.terms() {
            let exponent = exponent.times(power)?;
            let inverse = exponent.negated()?;
            self = match symbol {
                S::SpotRadius => {
                    self.coefficient /= 2f64.powf(exponent.to_f64());
                    self.times(S::SpotDiameter, exponent)?
                }
                S::ThermalDiffusivity => self
                    .times(S::ThermalConductivity, exponent)?
                    .times(S::Density, inverse)?
                    .times(S::HeatCapacity, inverse)?,
                S::MeltingEnthalpy => self
                    .times(S::HeatCapacity, exponent)?
                    .times(S::LiquidusRise, exponent)?,
                other => self.times(other, exponent)?,
            };
        }
        Ok(self)
    }

    /// Puts one symbol for another.
    fn with(mut self, old: Symbol, new: Symbol) -> Outcome<Self> {
        match self.exponents.remove(&old) {
            Some(exponent) => self.times(new, exponent),
            None => Ok(self),
        }
    }
}

fn product(factors: &[(NamedNumber, i64)]) -> Outcome<Product> {
    factors
        .iter()
        .try_fold(Product::one(), |product, &(number, power)| {
            product.number(number, Rational::integer(power))
        })
}

fn assert_equal(left: &Product, right: &Product, factor: f64) {
    assert_eq!(left.exponents, right.exponents);
    assert_relative_eq!(
        left.coefficient,
        factor * right.coefficient,
        max_relative = 1e-15
    );
}

#[test]
fn numbers_follow_from_each_other_by_exact_exponents() -> Outcome {
    type Side<'a> = &'a [(NamedNumber, i64)];
    let identities: &[(Side, Side, f64)] = &[
        (
            &[(N::KeyholeNumber2019, 1)],
            &[
                (N::NormalizedPower, 1),
                (N::Peclet, -1),
                (N::NormalizedTemperature, -1),
            ],
            1.0,
        ),
        (
            &[(N::KeyholeNumberMultiTrack, 1)],
            &[
                (N::VaporizationEfficiency, 1),
                (N::Peclet, -1),
                (N::NormalizedTemperature, -1),
            ],
            1.0,
        ),
        (
            &[(N::NormalizedEnergyDensity, 1)],
            &[
                (N::MeltingEfficiency, 1),
                (N::Peclet, -1),
                (N::NormalizedHatch, -1),
            ],
            1.0,
        ),
        (
            &[(N::KeyholeNumber2021, 1)],
            &[(N::NormalizedEnthalpy, 1)],
            1.0,
        ),
        (
            &[(N::Ohnesorge, 2)],
            &[(N::Weber, 1), (N::Reynolds, -2)],
            1.0,
        ),
        (
            &[(N::Capillary, 1)],
            &[(N::Weber, 1), (N::Reynolds, -1)],
            1.0,
        ),
        (
            &[(N::Capillary, 1)],
            &[(N::Ohnesorge, 2), (N::Reynolds, 1)],
            1.0,
        ),
        (
            &[(N::NormalizedPowerByRadius, 1)],
            &[(N::NormalizedPower, 1)],
            2.0,
        ),
        (&[(N::PecletByRadius, 1)], &[(N::Peclet, 1)], 0.5),
        (&[(N::HatchToRadius, 1)], &[(N::NormalizedHatch, 1)], 2.0),
        (&[(N::DepthToRadius, 1)], &[(N::DepthToDiameter, 1)], 2.0),
    ];
    for (left, right, factor) in identities {
        assert_equal(&product(left)?, &product(right)?, *factor);
    }
    // With the scan speed over the spot diameter, Pr = Pe/Re.
    let reynolds = product(&[(N::Peclet, 1), (N::Reynolds, -1)])?
        .with(S::FlowVelocity, S::ScanSpeed)?
        .with(S::CharacteristicLength, S::SpotDiameter)?;
    assert_equal(&product(&[(N::Prandtl, 1)])?, &reynolds, 1.0);
    // Pe_vap = eta P/(d K (T_v - T_m)) * Pe * L_v/(C_p (T_m - T_0)).
    let rest = product(&[(N::VaporizationPeclet, 1), (N::Peclet, -1)])?
        .times(S::LatentHeatOfVaporization, Rational::integer(-1))?
        .times(S::HeatCapacity, Rational::integer(1))?
        .times(S::MeltingRise, Rational::integer(1))?;
    let power = Product::one()
        .times(S::AbsorbedPower, Rational::integer(1))?
        .times(S::SpotDiameter, Rational::integer(-1))?
        .times(S::ThermalConductivity, Rational::integer(-1))?
        .times(S::LiquidRange, Rational::integer(-1))?;
    assert_equal(&rest, &power, 1.0);
    Ok(())
}

#[test]
fn numbers_have_the_values_of_their_formulas() -> Outcome {
    // Round values, so that each result can be read off the formula.
    let process = Process::new()
        .laser_power(200.0)
        .absorptivity(0.5)
        .scan_speed(2.0)
        .with_value(S::SpotRadius, 50e-6)
        .with_value(S::ThresholdPower, 100.0)
        .hatch_spacing(200e-6)
        .layer_thickness(50e-6)
        .with_value(S::Density, 4000.0)
        .with_value(S::HeatCapacity, 500.0)
        .with_value(S::ThermalConductivity, 20.0)
        .with_value(S::VaporizationRise, 3000.0)
        .with_value(S::MeltingRise, 1500.0)
        .with_value(S::LiquidusRise, 1600.0)
        .with_value(S::LatentHeatOfFusion, 250e3)
        .with_value(S::LatentHeatOfVaporization, 1e7)
        .with_value(S::DynamicViscosity, 5e-3)
        .with_value(S::SurfaceTension, 1.6)
        .with_value(S::SurfaceTensionCoefficient, 2e-4)
        .flow_velocity(1.0)
        .characteristic_length(1e-4)
        .characteristic_time(1e-3)
        .temperature_difference(1000.0)
        .keyhole_depth(300e-6)
        .gravity(10.0);
    let alpha = 1e-5;
    for (number, value) in [
        (N::NormalizedPower, 50.0 / (1e-4 * 20.0 * 3000.0)),
        (N::NormalizedPowerByRadius, 50.0 / (5e-5 * 20.0 * 3000.0)),
        (N::Peclet, 20.0),
        (N::PecletByRadius, 10.0),
        (N::HatchToRadius, 4.0),
        (N::DepthToRadius, 6.0),
        (
            N::NormalizedEnergyDensity,
            100.0 / (2.0 * 1e-8 * 2e6 * 1500.0),
        ),
        (
            N::NormalizedEnthalpy,
            100.0
                / (std::f64::consts::PI
                    * 4000.0
                    * 500.0
                    * 1600.0
                    * (alpha * 2.0 * 5e-5f64.powi(3)).sqrt()),
        ),
        (
            N::VaporizationPeclet,
            1e7 * 4000.0 * 100.0 * 2.0 / (400.0 * 1500.0 * 1500.0),
        ),
        (N::Marangoni, 2e-4 * 1000.0 * 1e-4 / (5e-3 * alpha)),
        (N::Capillary, 5e-3 / 1.6),
        (N::Weber, 0.25),
        (N::Fourier, 1.0),
        (N::Stefan, 2.0),
        (N::Ohnesorge, 5e-3 / 0.8),
        (N::Bond, 4000.0 * 10.0 * 1e-8 / 1.6),
        (N::Prandtl, 0.125),
        (N::Reynolds, 80.0),
    ] {
        assert_relative_eq!(process.number(number)?, value, max_relative = 1e-13);
    }
    // Without a statement h_s is C_p (T_l - T_0); another reading of it is stated.
    let absolute = process.melting_enthalpy(500.0 * 1900.0);
    let ratio = absolute.number(N::KeyholeNumber2021)? / absolute.number(N::NormalizedEnthalpy)?;
    assert_relative_eq!(ratio, 1900.0 / 1600.0, max_relative = 1e-13);
    Ok(())
}

#[test]
fn energy_densities_have_their_dimension() -> Outcome {
    for &density in EnergyDensity::ALL {
        assert_eq!(density.dimension()?, Dimension::of(density.unit())?);
        assert!(!density.dimension()?.is_dimensionless());
        assert_eq!(
            Unit::parse(density.unit())?.factor().to_bits(),
            1f64.to_bits()
        );
    }
    let process = Process::new().laser_power(200.0).scan_speed(0.8);
    let linear = process.energy_density(EnergyDensity::Linear)?;
    assert_relative_eq!(linear.value_in("J/mm")?, 0.25, max_relative = 1e-15);
    let missing = process.energy_density(EnergyDensity::Volumetric);
    assert_eq!(
        missing.map_err(|e| e.to_string()),
        Err("VED needs H, which has no value".to_owned())
    );
    // The normalized energy density is the absorbed one by volume over the heat of melting.
    let process = process
        .absorptivity(0.5)
        .hatch_spacing(1e-4)
        .layer_thickness(4e-5)
        .with_value(S::Density, 4000.0)
        .with_value(S::HeatCapacity, 500.0)
        .with_value(S::MeltingRise, 1500.0);
    let volumetric = process.energy_density(EnergyDensity::Volumetric)?.value();
    assert_relative_eq!(
        process.number(N::NormalizedEnergyDensity)?,
        0.5 * volumetric / (4000.0 * 500.0 * 1500.0),
        max_relative = 1e-13
    );
    let columns = EnergyDensity::Linear.evaluate_columns(|symbol| match symbol {
        S::LaserPower => Some(&[200.0, 100.0][..]),
        S::ScanSpeed => Some(&[0.8, 0.0][..]),
        _ => None,
    });
    assert!(matches!(
        columns,
        Err(Error::InvalidValue { row: Some(2), .. })
    ));
    Ok(())
}

#[test]
fn letters_tell_symbols_and_numbers_apart() {
    let letters: HashSet<_> = Symbol::ALL.iter().map(|s| s.letter()).collect();
    assert_eq!(letters.len(), Symbol::ALL.len());
    let letters: HashSet<_> = NamedNumber::ALL.iter().map(|n| n.letter()).collect();
    assert_eq!(letters.len(), NamedNumber::ALL.len());
}

#[test]
fn every_number_says_where_it_is_defined_or_that_it_is_unverified() {
    for number in NamedNumber::ALL {
        let source = number.source();
        let is_named = ["doi ", "(preprint)", "http", "GitHub", "unverified"]
            .iter()
            .any(|mark| source.contains(mark));
        assert!(is_named, "{number}: {source}");
        assert!(!number.formula().is_empty());
    }
}
