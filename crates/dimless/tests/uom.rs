//! Conversions to and from `uom`.
#![cfg(feature = "uom")]

use dimless::{Dimension, Error, Quantity};
use uom::si::amount_of_substance::mole;
use uom::si::electric_current::ampere;
use uom::si::f64::{
    AmountOfSubstance, ElectricCurrent, Length, LuminousIntensity, Mass, Power, Ratio,
    TemperatureInterval, ThermalConductivity, ThermodynamicTemperature, Time, Velocity,
};
use uom::si::length::{meter, micrometer};
use uom::si::luminous_intensity::candela;
use uom::si::mass::{gram, kilogram};
use uom::si::power::{kilowatt, watt};
use uom::si::ratio::{percent, ratio};
use uom::si::temperature_interval::kelvin as kelvin_difference;
use uom::si::thermal_conductivity::watt_per_meter_kelvin;
use uom::si::thermodynamic_temperature::{degree_celsius, kelvin};
use uom::si::time::second;
use uom::si::velocity::millimeter_per_second;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// There and back keeps the bits, and `unit` has the dimension of the type.
macro_rules! round_trip {
    ($($type:ident, $base:ident, $unit:literal, $dimension:expr;)*) => {
        $(
            let quantity = Quantity::new(2.5, $unit)?;
            assert_eq!(quantity.dimension(), $dimension);
            let typed = $type::try_from(quantity)?;
            assert_eq!(typed.get::<$base>().to_bits(), 2.5_f64.to_bits());
            assert_eq!(Quantity::try_from(typed)?, quantity);
        )*
    };
}

#[test]
fn the_seven_base_dimensions_go_both_ways() -> Outcome {
    round_trip! {
        Mass, kilogram, "kg", Dimension::MASS;
        Length, meter, "m", Dimension::LENGTH;
        Time, second, "s", Dimension::TIME;
        ThermodynamicTemperature, kelvin, "K", Dimension::TEMPERATURE;
        TemperatureInterval, kelvin_difference, "K", Dimension::TEMPERATURE;
        ElectricCurrent, ampere, "A", Dimension::CURRENT;
        AmountOfSubstance, mole, "mol", Dimension::AMOUNT;
        LuminousIntensity, candela, "cd", Dimension::LUMINOUS_INTENSITY;
        Ratio, ratio, "1", Dimension::DIMENSIONLESS;
        Power, watt, "W", Dimension::of("kg m^2 s^-3")?;
        ThermalConductivity, watt_per_meter_kelvin, "W/(m K)", Dimension::of("kg m s^-3 K^-1")?;
    }
    Ok(())
}

#[test]
fn units_are_converted_by_both_sides_alike() -> Outcome {
    let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-15, "{a} and {b}");
    close(
        Quantity::try_from(Length::new::<micrometer>(95.0))?.value_in("um")?,
        95.0,
    );
    close(
        Quantity::try_from(Velocity::new::<millimeter_per_second>(400.0))?.value(),
        0.4,
    );
    close(Mass::try_from(Quantity::new(3.0, "g")?)?.get::<gram>(), 3.0);
    close(
        Power::try_from(Quantity::new(0.25, "kW")?)?.get::<kilowatt>(),
        0.25,
    );
    close(
        Ratio::try_from(Quantity::new(12.0, "%")?)?.get::<percent>(),
        12.0,
    );
    let boiling = ThermodynamicTemperature::new::<degree_celsius>(100.0);
    close(
        Quantity::try_from(boiling)?.value(),
        Quantity::from_celsius(100.0)?.value(),
    );
    Ok(())
}

#[test]
fn other_dimensions_and_values_are_refused() -> Outcome {
    let error = Length::try_from(Quantity::new(1.0, "s")?);
    assert!(matches!(
        error,
        Err(Error::DimensionMismatch { ref left, ref right, .. })
            if **left == Dimension::TIME && **right == Dimension::LENGTH
    ));
    // A rational dimension fits no type of uom.
    assert!(Length::try_from(Quantity::new(1.0, "m^(1/2)")?).is_err());
    for value in [f64::NAN, f64::INFINITY] {
        let quantity = Quantity::try_from(Time::new::<second>(value));
        assert!(matches!(quantity, Err(Error::InvalidValue { .. })));
    }
    Ok(())
}
