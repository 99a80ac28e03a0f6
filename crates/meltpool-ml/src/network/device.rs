//! Where networks run: the only file that names a backend of burn.

use crate::error::{Error, Result};

/// Where a network runs, chosen at run time.
///
/// [`Native`](Self::Native) is this crate's own engine on plain arrays and always there; the others are burn's, each behind the
/// feature of its name. All compute the same network; numbers agree to rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Device {
    /// This crate's engine on the processor.
    #[default]
    Native,
    /// burn's own engine on the processor (feature `flex`).
    Flex,
    /// burn's older engine on the processor (feature `ndarray`).
    NdArray,
    /// The first graphics card by WebGPU (feature `wgpu`).
    Wgpu,
    /// An NVIDIA card by its number (feature `cuda`).
    Cuda(usize),
    /// libtorch on the processor (feature `tch`).
    Tch,
}

impl Device {
    /// Name of the device and of its feature.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Flex => "flex",
            Self::NdArray => "ndarray",
            Self::Wgpu => "wgpu",
            Self::Cuda(_) => "cuda",
            Self::Tch => "tch",
        }
    }

    /// Whether this build has it.
    ///
    /// # Errors
    /// [`Error::DeviceMissing`] with the feature that brings it.
    pub fn validate(self) -> Result<()> {
        let is_here = match self {
            Self::Native => true,
            Self::Flex => cfg!(feature = "flex"),
            Self::NdArray => cfg!(feature = "ndarray"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Cuda(_) => cfg!(feature = "cuda"),
            Self::Tch => cfg!(feature = "tch"),
        };
        if is_here {
            Ok(())
        } else {
            Err(Error::DeviceMissing {
                device: self.name(),
                feature: self.name(),
            })
        }
    }

    /// burn's device, `None` for the native engine.
    #[cfg(feature = "burn")]
    pub(crate) fn burn(self) -> Result<Option<burn_tensor::Device>> {
        self.validate()?;
        Ok(match self {
            #[cfg(feature = "flex")]
            Self::Flex => Some(burn_tensor::Device::flex()),
            #[cfg(feature = "ndarray")]
            Self::NdArray => {
                #[expect(deprecated, reason = "burn keeps it for comparison")]
                let device = burn_tensor::Device::ndarray();
                Some(device)
            }
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Some(burn_tensor::Device::wgpu(
                burn_tensor::DeviceKind::DefaultDevice,
            )),
            #[cfg(feature = "cuda")]
            Self::Cuda(number) => Some(burn_tensor::Device::cuda(number)),
            #[cfg(feature = "tch")]
            Self::Tch => {
                #[expect(deprecated, reason = "burn keeps it for comparison")]
                let device = burn_tensor::Device::libtorch();
                Some(device)
            }
            _ => None,
        })
    }
}
