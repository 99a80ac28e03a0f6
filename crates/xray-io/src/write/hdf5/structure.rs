//! Superblock, object headers and their messages, as bytes.
//!
//! The HDF5 File Format Specification, version 3.0, sections II (superblock), IV.A.1.b (object header, version 2) and
//! IV.A.2 (messages). Addresses and lengths have 8 bytes.

use crate::pixel::PixelType;

/// An address that does not exist.
const UNDEFINED: [u8; 8] = [0xff; 8];

/// Types of values that are written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Number(PixelType),
    /// A text of this many bytes, the zero byte at its end included.
    Text(usize),
}

/// A text that belongs to an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> Attribute<'a> {
    pub(super) fn new(name: &'a str, value: &'a str) -> Self {
        Self { name, value }
    }

    /// Message of version 3.
    fn bytes(&self) -> Vec<u8> {
        let datatype = Kind::Text(self.value.len() + 1).bytes();
        let dataspace = dataspace(&[]);
        let mut bytes = vec![3, 0];
        bytes.extend((self.name.len() as u16 + 1).to_le_bytes());
        bytes.extend((datatype.len() as u16).to_le_bytes());
        bytes.extend((dataspace.len() as u16).to_le_bytes());
        // The name is UTF-8.
        bytes.push(1);
        bytes.extend(self.name.as_bytes());
        bytes.push(0);
        bytes.extend(datatype);
        bytes.extend(dataspace);
        bytes.extend(self.value.as_bytes());
        bytes.push(0);
        bytes
    }
}

impl Kind {
    fn size(self) -> u64 {
        match self {
            Self::Number(pixel_type) => pixel_type.bytes() as u64,
            Self::Text(length) => length as u64,
        }
    }

    /// Datatype message of version 1.
    fn bytes(self) -> Vec<u8> {
        let (class, bits, properties): (u8, [u8; 3], Vec<u8>) = match self {
            // Ends with a zero byte, UTF-8.
            Self::Text(_) => (3, [0x10, 0, 0], Vec::new()),
            Self::Number(pixel_type) => {
                let n_bits = pixel_type.bytes() as u16 * 8;
                let mut properties = [0_u16.to_le_bytes(), n_bits.to_le_bytes()].concat();
                match float_layout(pixel_type) {
                    None => (
                        0,
                        [if is_signed(pixel_type) { 8 } else { 0 }, 0, 0],
                        properties,
                    ),
                    Some((exponent_bits, bias)) => {
                        let mantissa = n_bits as u8 - 1 - exponent_bits;
                        properties.extend([mantissa, exponent_bits, 0, mantissa]);
                        properties.extend(bias.to_le_bytes());
                        // The leading one is not stored; the sign is the last bit.
                        (1, [0x20, n_bits as u8 - 1, 0], properties)
                    }
                }
            }
        };
        let mut bytes = vec![1 << 4 | class];
        bytes.extend(bits);
        bytes.extend((self.size() as u32).to_le_bytes());
        bytes.extend(properties);
        bytes
    }
}

fn is_signed(pixel_type: PixelType) -> bool {
    matches!(
        pixel_type,
        PixelType::I8 | PixelType::I16 | PixelType::I32 | PixelType::I64
    )
}

/// Bits of the exponent and its bias.
fn float_layout(pixel_type: PixelType) -> Option<(u8, u32)> {
    match pixel_type {
        PixelType::F16 => Some((5, 15)),
        PixelType::F32 => Some((8, 127)),
        PixelType::F64 => Some((11, 1023)),
        _ => None,
    }
}

/// Dataspace message of version 2; without lengths it is one value.
fn dataspace(dims: &[u64]) -> Vec<u8> {
    let mut bytes = vec![2, dims.len() as u8, 0, u8::from(!dims.is_empty())];
    bytes.extend(dims.iter().flat_map(|length| length.to_le_bytes()));
    bytes
}

/// The header of a contiguous data set.
pub(super) struct DatasetHeader<'a> {
    pub(super) kind: Kind,
    pub(super) dims: &'a [u64],
    pub(super) address: u64,
    pub(super) attributes: &'a [Attribute<'a>],
}

impl DatasetHeader<'_> {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let bytes = self.dims.iter().product::<u64>() * self.kind.size();
        let mut messages = Messages::default();
        messages.put(0x01, &dataspace(self.dims));
        messages.put(0x03, &self.kind.bytes());
        // Fill value of version 3: allocated late, written if set, not defined.
        messages.put(0x05, &[3, 0x0a]);
        // Layout of version 3, contiguous.
        let layout = [
            &[3, 1][..],
            &self.address.to_le_bytes(),
            &bytes.to_le_bytes(),
        ]
        .concat();
        messages.put(0x08, &layout);
        messages.attributes(self.attributes);
        messages.header()
    }
}

/// The header of a group whose links stand in it.
pub(super) fn group_header(links: &[(&str, u64)], attributes: &[Attribute<'_>]) -> Vec<u8> {
    let mut messages = Messages::default();
    // Link info: neither a heap nor an index of names. Group info: the defaults.
    messages.put(0x02, &[&[0, 0][..], &UNDEFINED, &UNDEFINED].concat());
    messages.put(0x0a, &[0, 0]);
    for (name, address) in links {
        let link = [
            &[1, 0, name.len() as u8],
            name.as_bytes(),
            &address.to_le_bytes(),
        ]
        .concat();
        messages.put(0x06, &link);
    }
    messages.attributes(attributes);
    messages.header()
}

#[derive(Default)]
struct Messages(Vec<u8>);

impl Messages {
    fn put(&mut self, kind: u8, body: &[u8]) {
        self.0.push(kind);
        self.0.extend((body.len() as u16).to_le_bytes());
        self.0.push(0);
        self.0.extend(body);
    }

    fn attributes(&mut self, attributes: &[Attribute<'_>]) {
        for attribute in attributes {
            self.put(0x0c, &attribute.bytes());
        }
    }

    /// Object header of version 2 with a length of four bytes, no times, and the checksum behind it.
    fn header(self) -> Vec<u8> {
        let mut bytes = b"OHDR\x02\x02".to_vec();
        bytes.extend((self.0.len() as u32).to_le_bytes());
        bytes.extend(self.0);
        with_checksum(bytes)
    }
}

/// Superblock of version 2.
pub(super) fn superblock(root: u64, end: u64) -> Vec<u8> {
    let mut bytes = b"\x89HDF\r\n\x1a\n\x02\x08\x08\x00".to_vec();
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend(UNDEFINED);
    bytes.extend(end.to_le_bytes());
    bytes.extend(root.to_le_bytes());
    with_checksum(bytes)
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend(lookup3(&bytes).to_le_bytes());
    bytes
}

/// Jenkins' hash `lookup3` (`hashlittle`, seed 0), which HDF5 takes as checksum of its structures.
fn lookup3(bytes: &[u8]) -> u32 {
    let word = |part: &[u8], i: usize| {
        (0..4).fold(0_u32, |word, k| {
            word | u32::from(part.get(4 * i + k).copied().unwrap_or(0)) << (8 * k)
        })
    };
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let [mut a, mut b, mut c] = [start; 3];
    let mut rest = bytes;
    while rest.len() > 12 {
        a = a.wrapping_add(word(rest, 0));
        b = b.wrapping_add(word(rest, 1));
        c = c.wrapping_add(word(rest, 2));
        for (shift, to) in [(4, 0), (6, 1), (8, 2), (16, 0), (19, 1), (4, 2)] {
            let (x, y, z) = match to {
                0 => (&mut a, &mut c, b),
                1 => (&mut b, &mut a, c),
                _ => (&mut c, &mut b, a),
            };
            *x = x.wrapping_sub(*y) ^ y.rotate_left(shift);
            *y = y.wrapping_add(z);
        }
        rest = &rest[12..];
    }
    if rest.is_empty() {
        return c;
    }
    a = a.wrapping_add(word(rest, 0));
    b = b.wrapping_add(word(rest, 1));
    c = c.wrapping_add(word(rest, 2));
    for (shift, to) in [(14, 2), (11, 0), (25, 1), (16, 2), (4, 0), (14, 1), (24, 2)] {
        let (x, y) = match to {
            0 => (&mut a, c),
            1 => (&mut b, a),
            _ => (&mut c, b),
        };
        *x = (*x ^ y).wrapping_sub(y.rotate_left(shift));
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_jenkins() {
        // From the self test in the source of lookup3.
        assert_eq!(lookup3(b""), 0xdead_beef);
        assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
    }
}
