//! Fixed-width binary: little-endian numbers and hashes, read with every length checked before it is believed.

use crate::error::Fault;

/// Takes fields off the front of bytes.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(too_short)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or_else(too_short)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Fault> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A count of things that take at least `width` bytes each, all of them still to come.
    pub(crate) fn count(&mut self, width: usize) -> Result<usize, Fault> {
        let count = self.u32()? as usize;
        match count.checked_mul(width) {
            Some(bytes) if bytes <= self.rest.len() => Ok(count),
            _ => Err(too_short()),
        }
    }

    pub(crate) fn end(self) -> Result<(), Fault> {
        if self.rest.is_empty() { Ok(()) } else { Err(Fault::damaged("bytes follow its end")) }
    }
}

fn too_short() -> Fault {
    Fault::damaged("it is shorter than it says")
}

/// A count that the format stores in 32 bits.
pub(crate) fn count(count: usize) -> [u8; 4] {
    u32::try_from(count).expect("packs and index files are cut long before they hold 2^32 of anything").to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lying_counts_are_refused_before_anything_is_allocated() {
        let mut lie = u32::MAX.to_le_bytes().to_vec();
        lie.extend([0; 64]);
        assert!(Fields::new(&lie).count(32).is_err());
        assert!(Fields::new(&lie).count(usize::MAX).is_err());
        assert!(Fields::new(&[1, 0, 0]).u32().is_err());
        assert!(Fields::new(&[1]).end().is_err());
    }
}
