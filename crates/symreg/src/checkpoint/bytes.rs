//! Numbers to bytes and back. The reader never allocates more than the bytes that are left can fill.

use crate::error::CheckpointProblem;

type Result<T> = std::result::Result<T, CheckpointProblem>;

#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.raw(&value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.raw(&value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.raw(&value.to_le_bytes());
    }

    pub(super) fn f64(&mut self, value: f64) {
        self.u64(value.to_bits());
    }

    /// Text of less than 65536 bytes; what is longer is for hashes, where the length does not have to be read back.
    pub(super) fn text(&mut self, value: &str) {
        self.u16(value.len() as u16);
        self.raw(value.as_bytes());
    }

    pub(super) fn count(&mut self, value: usize) {
        self.u64(value as u64);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

#[derive(Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let left = self.bytes.get(self.at..).unwrap_or_default();
        if left.len() < count {
            return Err(CheckpointProblem::Malformed {
                offset: self.at,
                what: "the bytes end too early",
            });
        }
        self.at += count;
        Ok(&left[..count])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(super) fn f64(&mut self) -> Result<f64> {
        Ok(f64::from_bits(self.u64()?))
    }

    pub(super) fn text(&mut self) -> Result<String> {
        let length = usize::from(self.u16()?);
        let bytes = self.take(length)?.to_vec();
        String::from_utf8(bytes).map_err(|_| self.wrong("text is no UTF-8"))
    }

    /// A number of items of at least `size` bytes each, all of which must still follow.
    pub(super) fn count(&mut self, size: usize) -> Result<usize> {
        let count = self.u64()?;
        let left = self.bytes.len() - self.at;
        if count > (left / size) as u64 {
            return Err(self.wrong("more items than bytes"));
        }
        Ok(count as usize)
    }

    /// The number of something that must lie in a range.
    pub(super) fn number(&mut self, low: u64, high: u64, what: &'static str) -> Result<u64> {
        let value = self.u64()?;
        if (low..=high).contains(&value) {
            Ok(value)
        } else {
            Err(self.wrong(what))
        }
    }

    /// The problem with what was read last.
    pub(super) fn wrong(&self, what: &'static str) -> CheckpointProblem {
        CheckpointProblem::Malformed {
            offset: self.at,
            what,
        }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }
}

/// FNV-1a of 64 bits. Each step is a bijection of the state for a given byte and of the byte for a given state, so two
/// inputs of one length that differ in one byte never have the same hash.
pub(super) fn fnv(bytes: &[u8]) -> u64 {
    let mut hash = Fnv::default();
    hash.add(bytes);
    hash.0
}

/// A hash that is fed piece by piece.
#[derive(Debug)]
pub(super) struct Fnv(pub(super) u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published values of the hash (draft-eastlake-fnv, appendix C).
    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn numbers_come_back_and_counts_are_bounded() -> Result<()> {
        let mut out = Writer::default();
        out.u8(7);
        out.u16(300);
        out.u32(70_000);
        out.f64(-0.0);
        out.text("añb");
        out.count(2);
        out.raw(&[1, 2]);
        let bytes = out.into_bytes();
        let mut reader = Reader::new(&bytes, 0);
        assert_eq!(
            (reader.u8()?, reader.u16()?, reader.u32()?),
            (7, 300, 70_000)
        );
        assert_eq!(reader.f64()?.to_bits(), (-0.0_f64).to_bits());
        assert_eq!(reader.text()?, "añb");
        assert_eq!(reader.count(1)?, 2);
        assert!(!reader.is_at_end());
        assert_eq!(reader.u16()?, 0x0201);
        assert!(reader.is_at_end());
        assert!(reader.u8().is_err());

        let huge = u64::MAX.to_le_bytes();
        assert!(Reader::new(&huge, 0).count(1).is_err());
        assert!(Reader::new(&huge, 100).u8().is_err());
        assert!(Reader::new(&[1, 0, 0xff], 0).text().is_err());
        Ok(())
    }
}
