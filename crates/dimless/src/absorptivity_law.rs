//! The choice of a law of the absorptivity for a process.

use crate::absorptivity::{DepthAbsorptivity, ProcessAbsorptivity};
use crate::error::{Error, Result};
use crate::fixed_point::FixedPoint;
use crate::law::ExponentialDepthLaw;
use crate::material::{Material, Source};
use crate::number::NamedNumber;
use crate::process::Process;
use crate::spot::SpotDiameter;
use crate::symbol::Symbol;

/// How the absorptivity of a process follows from its settings and material.
///
/// # Examples
///
/// ```
/// use dimless::{AbsorptivityLaw, Material, Process, Source, SpotDiameter, Symbol};
///
/// let process = Process::new()
///     .laser_power(103.198)
///     .scan_speed(0.4)
///     .spot_diameter(SpotDiameter::from_micrometers(95.0)?);
/// let titanium = Material::named("Ti64")?;
/// let process = AbsorptivityLaw::Settings.apply(process, &titanium, &Source::KeyholeTable)?;
/// assert!((process.value(Symbol::Absorptivity).ok_or("no value")? - 0.442).abs() < 5e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum AbsorptivityLaw {
    /// [`ProcessAbsorptivity`] with the decoded constants of the material: power, speed and spot alone. Known for Ti-6Al-4V,
    /// Al6061 and SS316.
    Settings,
    /// [`DepthAbsorptivity`] at the measured depth, with the flat absorptivity of the source. A law of the depth that is
    /// tested with it has seen the depth that it predicts.
    MeasuredDepth,
    /// [`DepthAbsorptivity`] at the depth that a law predicts with that same absorptivity; the depth is not used. There must
    /// be one such depth between 0 and the plateau of the law.
    SolvedDepth(ExponentialDepthLaw),
}

impl AbsorptivityLaw {
    /// The process with the absorptivity of this law, in place of one that was set.
    ///
    /// # Errors
    ///
    /// [`Error::MissingInput`] or [`Error::MissingSymbol`] naming a setting that the law needs;
    /// [`Error::MissingProperty`] of the material; [`Error::InvalidValue`] and [`Error::InvalidParameter`] for settings
    /// without meaning; [`Error::NotUnique`] when there is not one depth.
    pub fn apply(&self, process: Process, material: &Material, source: &Source) -> Result<Process> {
        let setting = |symbol| {
            process.value(symbol).ok_or(Error::MissingInput {
                quantity: "absorptivity law",
                symbol,
            })
        };
        let absorptivity = match self {
            Self::Settings => {
                let spot = SpotDiameter::from_meters(setting(Symbol::SpotDiameter)?)?;
                ProcessAbsorptivity::of(material)?.predict(
                    setting(Symbol::LaserPower)?,
                    setting(Symbol::ScanSpeed)?,
                    spot,
                )?
            }
            Self::MeasuredDepth => {
                let law = DepthAbsorptivity::of(material, source)?;
                let depth = if setting(Symbol::KeyholeDepth)? == 0.0 {
                    0.0
                } else {
                    process.number(NamedNumber::DepthToDiameter)?
                };
                law.predict(depth)?
            }
            Self::SolvedDepth(law) => {
                let absorptivity = DepthAbsorptivity::of(material, source)?;
                let unit = process.clone().absorptivity(1.0);
                let depths = FixedPoint::new(0.0, law.plateau()).solve_depth(
                    unit.number(NamedNumber::KeyholeNumber2019)?,
                    law,
                    &absorptivity,
                )?;
                let depth = depths.single().ok_or_else(|| Error::NotUnique {
                    quantity: "depth that determines its own absorptivity",
                    found: depths.n_roots(),
                })?;
                absorptivity.predict(depth.value)?
            }
        };
        Ok(process.absorptivity(absorptivity))
    }
}
