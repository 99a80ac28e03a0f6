//! The header of a `.npy` file: a Python dictionary as text (NEP 1).

use crate::error::{Error, Result, cut};
use crate::format::ByteOrder;
use crate::limits::Limits;
use crate::pixel::PixelType;
use crate::source::Source;

/// Type, order and shape of an array.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    pub(super) pixel_type: PixelType,
    pub(super) byte_order: ByteOrder,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<u64>,
}

impl Header {
    /// Reads the header at `start` of an array of `length` bytes; the header and where the pixels start.
    pub(super) fn read(
        source: &Source,
        start: u64,
        length: u64,
        limits: &Limits,
    ) -> Result<(Self, u64)> {
        let path = source.path();
        let mut head = [0; 12];
        source.read_exact_at("the header", start, &mut head[..10])?;
        if !head.starts_with(b"\x93NUMPY") {
            let found = head[..6].escape_ascii().to_string();
            return Err(Error::invalid(
                path,
                "magic",
                Some(start),
                "\\x93NUMPY",
                found,
            ));
        }
        let (text_start, text_bytes) = match head[6] {
            1 => (10, u64::from(u16::from_le_bytes([head[8], head[9]]))),
            2 | 3 => {
                source.read_exact_at("the header", start, &mut head)?;
                (
                    12,
                    u64::from(u32::from_le_bytes([head[8], head[9], head[10], head[11]])),
                )
            }
            version => return Err(Error::unsupported(path, "NPY version", version)),
        };
        limits.check_metadata_bytes(path, text_bytes)?;
        let data = start + text_start + text_bytes;
        if text_start + text_bytes > length {
            source.check_range("the header", start + text_start, text_bytes)?;
            return Err(Error::invalid(
                path,
                "header length",
                Some(start + 8),
                "inside the array",
                text_bytes,
            ));
        }
        let text = source.read_vec("the header", start + text_start, text_bytes)?;
        let text = String::from_utf8_lossy(&text);
        let header = Self::parse(&text).map_err(|problem| {
            let (field, requirement) = problem.field();
            match problem {
                Problem::Type(found) => Error::unsupported(path, field, found),
                Problem::Text(found) => {
                    Error::invalid(path, field, Some(start + text_start), requirement, found)
                }
            }
        })?;
        Ok((header, data))
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        let bad = |text: &str| Problem::Text(cut(text.trim(), 80));
        let after = |key: &str| -> Result<&str, Problem> {
            let at = [format!("'{key}'"), format!("\"{key}\"")]
                .iter()
                .find_map(|quoted| text.find(quoted.as_str()).map(|at| at + quoted.len()))
                .ok_or_else(|| bad(text))?;
            text[at..]
                .trim_start()
                .strip_prefix(':')
                .map(str::trim_start)
                .ok_or_else(|| bad(text))
        };
        let descr = after("descr")?;
        let quote = descr.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let Some(quote) = quote else {
            return Err(Problem::Type(cut(
                descr.split(['\n', '}']).next().unwrap_or_default(),
                80,
            )));
        };
        let descr = &descr[1..];
        let descr = &descr[..descr.find(quote).ok_or_else(|| bad(text))?];
        let (byte_order, pixel_type) =
            type_of(descr).ok_or_else(|| Problem::Type(cut(descr, 80)))?;
        let order = after("fortran_order")?;
        let fortran_order = match (order.starts_with("True"), order.starts_with("False")) {
            (true, _) => true,
            (_, true) => false,
            _ => return Err(bad(text)),
        };
        let shape = after("shape")?.strip_prefix('(').ok_or_else(|| bad(text))?;
        let shape = shape[..shape.find(')').ok_or_else(|| bad(text))?]
            .trim()
            .trim_end_matches(',');
        let shape = if shape.is_empty() {
            Vec::new()
        } else {
            // Python 2 wrote long numbers with an L.
            shape
                .split(',')
                .map(|length| {
                    length
                        .trim()
                        .trim_end_matches('L')
                        .parse()
                        .map_err(|_| bad(shape))
                })
                .collect::<Result<_, _>>()?
        };
        Ok(Self {
            pixel_type,
            byte_order,
            fortran_order,
            shape,
        })
    }
}

enum Problem {
    /// A type that is not read: objects, records, texts, complex numbers.
    Type(String),
    /// The text is no header.
    Text(String),
}

impl Problem {
    fn field(&self) -> (&'static str, &'static str) {
        match self {
            Self::Type(_) => ("descr", "a number"),
            Self::Text(_) => ("header", "a dictionary of descr, fortran_order and shape"),
        }
    }
}

fn type_of(descr: &str) -> Option<(ByteOrder, PixelType)> {
    let native = if cfg!(target_endian = "big") {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    };
    let (order, kind) = match descr.split_at_checked(1)? {
        ("<", kind) => (ByteOrder::Little, kind),
        (">", kind) => (ByteOrder::Big, kind),
        ("|" | "=", kind) => (native, kind),
        _ => (native, descr),
    };
    Some((
        order,
        match kind {
            // A truth value is a byte of 0 or 1.
            "u1" | "b1" | "?" => PixelType::U8,
            "u2" => PixelType::U16,
            "u4" => PixelType::U32,
            "u8" => PixelType::U64,
            "i1" => PixelType::I8,
            "i2" => PixelType::I16,
            "i4" => PixelType::I32,
            "i8" => PixelType::I64,
            "f2" => PixelType::F16,
            "f4" => PixelType::F32,
            "f8" => PixelType::F64,
            _ => return None,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_as_numpy_writes_them() {
        let header =
            Header::parse("{'descr': '>u2', 'fortran_order': True, 'shape': (6, 37, 52), }    \n");
        assert!(
            header.is_ok_and(|header| header.byte_order == ByteOrder::Big
                && header.fortran_order
                && header.pixel_type == PixelType::U16
                && header.shape == [6, 37, 52])
        );
        assert!(
            Header::parse("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }")
                .is_ok_and(|h| h.shape == [3])
        );
        assert!(
            Header::parse("{'descr': '<f8', 'fortran_order': False, 'shape': (), }")
                .is_ok_and(|h| h.shape.is_empty())
        );
        for object in ["'|O'", "'<c8'", "[('a', '<f8')]", "'<U7'"] {
            let text = format!("{{'descr': {object}, 'fortran_order': False, 'shape': (3,), }}");
            assert!(
                matches!(Header::parse(&text), Err(Problem::Type(_))),
                "{text}"
            );
        }
        for bad in [
            "",
            "{}",
            "{'descr': '<f8'",
            "{'descr': '<f8', 'fortran_order': 1, 'shape': (3,)}",
        ] {
            assert!(matches!(Header::parse(bad), Err(Problem::Text(_))), "{bad}");
        }
    }
}
