//! Synthetic X-ray films of a laser melting metal, with exact truth beside each frame.

mod absorptivity;
mod alloy;
mod camera;
mod detector;
mod error;
mod film;
mod filter;
mod flow;
mod keyhole;
mod pool;
pub mod preset;
mod pulse;
mod random;
mod scene;
mod sphere;
mod spot_radiograph;
mod texture;

pub use absorptivity::Absorptivity;
pub use alloy::Alloy;
pub use camera::Camera;
pub use detector::{BlurOrder, Detector, FlatStructure, SpectralLine};
pub use error::{Error, Result};
pub use film::{Film, FilmPlan, KeyholeGeometry, Recording, VelocityField, WallRow};
pub use flow::{
    Eddy, Flow, LambOseen, LayeredFlow, LogisticArea, Position, QuietFlow, Rankine, Shear,
    StreamFlow, Uniform, Velocity, WallFlow,
};
pub use keyhole::{Keyhole, PinchOffKeyhole, PrescribedKeyhole, ProfileKeyhole, Slice, WallSpeed};
pub use pool::HalfEllipse;
pub use pulse::{PulseHistory, PulseModel, PulseNoise, SpotPulse};
pub use scene::{Plate, Scene};
pub use sphere::{Pore, Powder, Spatter, SphereState};
pub use spot_radiograph::SpotRadiograph;
pub use texture::Texture;
