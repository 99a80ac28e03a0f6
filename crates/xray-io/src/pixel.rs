//! Types of stored pixels, and their values as `f32`.

use std::fmt;

/// Type of the stored pixels, in the byte order of this machine once they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say all")]
pub enum PixelType {
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    /// IEEE 754 binary16; handed out as its bits in `u16`.
    F16,
    F32,
    F64,
}

impl PixelType {
    /// Bytes of one pixel.
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// The name that NumPy gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::F16 => "float16",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }

    /// Whether every value of this type is a value of `f32`.
    pub fn is_exact_in_f32(self) -> bool {
        !matches!(
            self,
            Self::U32 | Self::U64 | Self::I32 | Self::I64 | Self::F64
        )
    }
}

impl fmt::Display for PixelType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

mod sealed {
    pub trait Sealed: bytemuck::Pod + Send + Sync {}
}

/// A Rust type in which stored pixels can be read without change.
pub trait Pixel: sealed::Sealed {
    /// The stored type.
    const TYPE: PixelType;
}

macro_rules! pixel {
    ($($type:ty => $variant:ident),*) => {
        $(impl sealed::Sealed for $type {}
        impl Pixel for $type {
            const TYPE: PixelType = PixelType::$variant;
        })*
    };
}
pixel!(u8 => U8, u16 => U16, u32 => U32, u64 => U64, i8 => I8, i16 => I16, i32 => I32, i64 => I64, f32 => F32, f64 => F64);

/// The value of binary16 bits; every one is exact in `f32`.
pub fn f16_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let mantissa = u32::from(bits & 0x3ff);
    match exponent {
        0 => {
            // Zero and subnormal: an integer times 2^-24.
            let magnitude = mantissa as f32 * (1.0 / 16_777_216.0);
            f32::from_bits(sign | magnitude.to_bits())
        }
        31 => f32::from_bits(sign | 0x7f80_0000 | (mantissa << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (mantissa << 13)),
    }
}

/// Pixels that are converted at a time: the block lies on the stack, so the compiler sees no overlap.
const BLOCK: usize = 128;

macro_rules! convert {
    ($bytes:expr, $out:expr, $size:literal, $value:expr) => {
        for (out, bytes) in $out.iter_mut().zip($bytes.chunks_exact($size)) {
            let mut array = [0; $size];
            array.copy_from_slice(bytes);
            *out = $value(array);
        }
    };
}

/// Native bytes as `f32` by value. Both sides hold the same number of pixels.
pub(crate) fn to_f32(pixel_type: PixelType, bytes: &[u8], out: &mut [f32]) {
    match pixel_type {
        PixelType::U8 => convert!(bytes, out, 1, |b: [u8; 1]| f32::from(b[0])),
        PixelType::I8 => convert!(bytes, out, 1, |b| f32::from(i8::from_ne_bytes(b))),
        PixelType::U16 => convert!(bytes, out, 2, |b| f32::from(u16::from_ne_bytes(b))),
        PixelType::I16 => convert!(bytes, out, 2, |b| f32::from(i16::from_ne_bytes(b))),
        PixelType::F16 => convert!(bytes, out, 2, |b| f16_to_f32(u16::from_ne_bytes(b))),
        PixelType::U32 => convert!(bytes, out, 4, |b| u32::from_ne_bytes(b) as f32),
        PixelType::I32 => convert!(bytes, out, 4, |b| i32::from_ne_bytes(b) as f32),
        PixelType::F32 => convert!(bytes, out, 4, f32::from_ne_bytes),
        PixelType::U64 => convert!(bytes, out, 8, |b| u64::from_ne_bytes(b) as f32),
        PixelType::I64 => convert!(bytes, out, 8, |b| i64::from_ne_bytes(b) as f32),
        PixelType::F64 => convert!(bytes, out, 8, |b| f64::from_ne_bytes(b) as f32),
    }
}

/// The part of `buffer` into which native pixels of at most four bytes are read before [`widen`].
pub(crate) fn narrow_part(pixel_type: PixelType, buffer: &mut [f32]) -> &mut [u8] {
    let length = buffer.len();
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(buffer);
    let start = length * (4 - pixel_type.bytes());
    &mut bytes[start..]
}

/// Converts what stands in [`narrow_part`] to `f32`, front to back, in place.
///
/// The front of the wide values never passes the front of the narrow ones: pixel i is read from byte
/// `n (4 - s) + i s` and written to byte `4 i`, and `4 i <= n (4 - s) + i s` for i <= n.
pub(crate) fn widen(pixel_type: PixelType, buffer: &mut [f32]) {
    if pixel_type == PixelType::F32 {
        return;
    }
    let size = pixel_type.bytes();
    let narrow_start = buffer.len() * (4 - size);
    let length = buffer.len();
    let mut block = [0_u8; BLOCK * 4];
    let mut done = 0;
    while done < length {
        let n = BLOCK.min(length - done);
        let start = narrow_start + done * size;
        let bytes: &[u8] = bytemuck::cast_slice(buffer);
        block[..n * size].copy_from_slice(&bytes[start..start + n * size]);
        to_f32(pixel_type, &block[..n * size], &mut buffer[done..done + n]);
        done += n;
    }
}

/// Reverses the bytes of each pixel.
pub(crate) fn swap_bytes(bytes: &mut [u8], size: usize) {
    match size {
        2 => bytes.chunks_exact_mut(2).for_each(|pixel| pixel.swap(0, 1)),
        4 => bytes.chunks_exact_mut(4).for_each(<[u8]>::reverse),
        8 => bytes.chunks_exact_mut(8).for_each(<[u8]>::reverse),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary16_fits_its_definition() {
        for bits in 0..=u16::MAX {
            let value = f16_to_f32(bits);
            let (exponent, mantissa) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
            let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
            let expected = match exponent {
                0 => sign * mantissa * 2f64.powi(-24),
                31 if mantissa == 0.0 => sign * f64::INFINITY,
                31 => f64::NAN,
                _ => sign * (1.0 + mantissa / 1024.0) * 2f64.powi(exponent - 15),
            };
            assert!(
                f64::from(value).to_bits() == expected.to_bits()
                    || (value.is_nan() && expected.is_nan()),
                "{bits:04x}"
            );
            assert_eq!(value.is_sign_negative(), bits >> 15 == 1);
        }
    }

    #[test]
    fn widening_in_place_equals_conversion_aside() {
        for n in [0, 1, 2, 127, 128, 129, 1000] {
            for pixel_type in [
                PixelType::U8,
                PixelType::I8,
                PixelType::U16,
                PixelType::I16,
                PixelType::F16,
                PixelType::I32,
            ] {
                let bytes: Vec<u8> = (0..n * pixel_type.bytes())
                    .map(|i| (i * 37 % 251) as u8)
                    .collect();
                let mut aside = vec![0.0; n];
                to_f32(pixel_type, &bytes, &mut aside);
                let mut buffer = vec![0.0; n];
                narrow_part(pixel_type, &mut buffer).copy_from_slice(&bytes);
                widen(pixel_type, &mut buffer);
                let bits = |v: &[f32]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&buffer), bits(&aside), "{pixel_type} {n}");
            }
        }
    }
}
