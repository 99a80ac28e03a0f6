//! What is known about a recording, each value with its unit and where it comes from.

use std::fmt;

use crate::calibration::{Calibration, FrameRate, PixelSize};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Origin {
    /// The user said so.
    User,
    /// A key of a file.
    File {
        /// The file, as it was opened.
        path: String,
        /// Key, tag or data set.
        key: String,
        /// The value as it stands there, cut to 80 characters.
        text: String,
    },
    /// Computed from other values.
    Derived {
        /// From what.
        from: String,
    },
    /// A convention of the format, not a value of the file.
    Assumed {
        /// The convention.
        reason: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User => f.write_str("user"),
            Self::File { path, key, text } => write!(f, "{path}, {key}: {text}"),
            Self::Derived { from } => write!(f, "derived from {from}"),
            Self::Assumed { reason } => write!(f, "assumed: {reason}"),
        }
    }
}

/// A value, its unit, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Recorded<T> {
    /// The value, in `unit`.
    pub value: T,
    /// The unit, SI; empty for texts and counts.
    pub unit: &'static str,
    /// Where it comes from.
    pub origin: Origin,
}

impl<T> Recorded<T> {
    /// A value with its unit and origin.
    pub fn new(value: T, unit: &'static str, origin: Origin) -> Self {
        Self {
            value,
            unit,
            origin,
        }
    }
}

/// Order in which bits of a sample lie in a wider word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EffectiveBits {
    /// Bits that carry the value.
    pub bits: u32,
    /// How far the value must be shifted right to start at bit 0; not applied on reading.
    pub shift: u32,
}

/// A value as a text, in the unit of its field.
trait Shown {
    fn shown(&self) -> String;
}

macro_rules! shown {
    ($($type:ty: $value:ident => $text:expr),*) => {
        $(impl Shown for $type {
            fn shown(&self) -> String {
                let $value = self;
                $text
            }
        })*
    };
}
shown!(
    f64: value => format!("{value:?}"),
    i64: value => value.to_string(),
    bool: value => value.to_string(),
    String: value => value.clone(),
    FrameRate: value => format!("{:?}", value.hertz()),
    PixelSize: value => format!("{:?}", value.meters()),
    EffectiveBits: value => format!("{} from bit {}, in", value.bits, value.shift)
);

/// Something that was mended, assumed or left out while a file was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Note {
    /// What it concerns: a key, tag or frame.
    pub subject: String,
    /// What was done about it.
    pub text: String,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident, $setter:ident: $type:ty, $unit:literal;)*) => {
        /// What is known about a recording; what is not known is `None`, never a guess.
        ///
        /// # Examples
        ///
        /// ```
        /// use xray_io::{FrameRate, Metadata, PixelSize};
        ///
        /// let metadata = Metadata::new()
        ///     .with_frame_rate(FrameRate::from_kilohertz(50.0)?)
        ///     .with_pixel_size(PixelSize::from_micrometers(1.93)?)
        ///     .with_laser_power(260.0);
        /// assert!(metadata.calibration().is_some());
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Default)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[non_exhaustive]
        pub struct Metadata {
            $($(#[$doc])* pub $name: Option<Recorded<$type>>,)*
            /// Keys and values of the file as texts, as far as its format has them and the limit of metadata allows.
            pub entries: Vec<(String, String)>,
            /// What was mended, assumed or left out.
            pub notes: Vec<Note>,
        }

        impl Metadata {
            /// Puts the values of `other` in the place of those here, where it has them; keeps its notes too.
            pub fn override_with(&mut self, other: &Self) {
                $(if other.$name.is_some() { self.$name.clone_from(&other.$name); })*
                self.entries.extend_from_slice(&other.entries);
                self.notes.extend_from_slice(&other.notes);
            }

            /// Name, value with unit, and origin of everything that is known.
            pub fn known(&self) -> Vec<(&'static str, String, &Origin)> {
                let mut known = Vec::new();
                $(if let Some(recorded) = &self.$name {
                    let value = format!("{} {}", recorded.value.shown(), recorded.unit);
                    known.push((stringify!($name), value.trim_end().to_owned(), &recorded.origin));
                })*
                known
            }

            /// The unit of each field, empty for texts and counts.
            pub const UNITS: &'static [(&'static str, &'static str)] = &[$((stringify!($name), $unit)),*];
        }

        /// One setter a field, for values that the user gives.
        impl Metadata {
            $(#[doc = concat!("Sets `", stringify!($name), "` as given by the user.")]
            pub fn $setter(mut self, value: impl Into<$type>) -> Self {
                self.$name = Some(Recorded::new(value.into(), $unit, Origin::User));
                self
            })*
        }
    };
}

fields! {
    /// Frames a second as kept in the file.
    frame_rate, with_frame_rate: FrameRate, "Hz";
    /// Exposure time of a frame, in seconds; where it differs between frames, the time axis has it.
    exposure, with_exposure: f64, "s";
    /// Number of the first stored frame, counted in recorded frames from the trigger; negative before it.
    trigger_frame, with_trigger_frame: i64, "";
    /// Edge of a pixel in the plane of the sample.
    pixel_size, with_pixel_size: PixelSize, "m";
    /// Bits that carry the value, and where they start.
    effective_bits, with_effective_bits: EffectiveBits, "bit";
    /// Power of the laser, in watts.
    laser_power, with_laser_power: f64, "W";
    /// Speed of the scan, in meters a second.
    scan_speed, with_scan_speed: f64, "m/s";
    /// Diameter of the spot, in meters.
    spot_diameter, with_spot_diameter: f64, "m";
    /// Distance of the focus from the surface, in meters, positive above it.
    focus_offset, with_focus_offset: f64, "m";
    /// The alloy.
    material, with_material: String, "";
    /// Thickness of the sample along the beam, in meters.
    thickness, with_thickness: f64, "m";
    /// The gas.
    atmosphere, with_atmosphere: String, "";
    /// Energy of the photons, in electronvolts.
    beam_energy, with_beam_energy: f64, "eV";
    /// The scintillator.
    scintillator, with_scintillator: String, "";
    /// Distance from the sample to the detector, in meters.
    detector_distance, with_detector_distance: f64, "m";
    /// The camera.
    camera, with_camera: String, "";
    /// How the recording was triggered, as the camera calls it.
    trigger_mode, with_trigger_mode: String, "";
    /// The stored value 0 is white; the values are not inverted.
    white_is_zero, with_white_is_zero: bool, "";
}

impl Metadata {
    /// Nothing known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Pixel size and frame rate together, if both are known.
    pub fn calibration(&self) -> Option<Calibration> {
        Some(Calibration::new(
            self.pixel_size.as_ref()?.value,
            self.frame_rate.as_ref()?.value,
        ))
    }

    /// Adds a note on what was mended, assumed or left out.
    pub fn note(&mut self, subject: impl Into<String>, text: impl Into<String>) {
        self.notes.push(Note {
            subject: subject.into(),
            text: text.into(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Result;

    #[test]
    fn the_user_overrides_the_file_and_the_origin_says_so() -> Result<()> {
        let mut metadata = Metadata::new();
        let origin = Origin::File {
            path: "a.cih".into(),
            key: "Record Rate(fps)".into(),
            text: "30".into(),
        };
        metadata.frame_rate = Some(Recorded::new(FrameRate::from_hertz(30.0)?, "Hz", origin));
        metadata.exposure = Some(Recorded::new(
            1e-6,
            "s",
            Origin::Derived {
                from: "shutter".into(),
            },
        ));
        metadata.override_with(
            &Metadata::new()
                .with_frame_rate(FrameRate::from_hertz(5e4)?)
                .with_material("Al6061"),
        );
        let known = metadata.known();
        assert_eq!(known.len(), 3);
        assert_eq!(known[0].2, &Origin::User);
        assert_eq!(known[1].1, "1e-6 s");
        assert_eq!(
            metadata.calibration(),
            None,
            "no pixel size is never a pixel size of 1"
        );
        Ok(())
    }

    #[test]
    fn setters_carry_the_unit_of_their_field() {
        let metadata = Metadata::new()
            .with_laser_power(1.0)
            .with_thickness(1.0)
            .with_beam_energy(1.0);
        for (name, unit) in Metadata::UNITS {
            if let Some(found) = metadata.known().iter().find(|known| known.0 == *name) {
                assert!(found.1.ends_with(unit));
            }
        }
    }
}
