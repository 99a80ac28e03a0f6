//! Synthetic X-ray films of a laser melting metal, with exact truth beside each frame.

mod camera;
mod detector;
mod error;
mod film;
mod filter;
mod flow;
mod keyhole;
mod pool;
pub mod preset;
mod random;
mod scene;
mod sphere;
mod texture;

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
pub use scene::{Plate, Scene};
pub use sphere::{Pore, Powder, Spatter, SphereState};
pub use texture::Texture;
