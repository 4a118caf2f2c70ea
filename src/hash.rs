//! Names of stored things and fingerprints of rows: fixed-size values that print as hexadecimal.
//!
//! Owns the types, not the keys: what is hashed under which key is the repository's affair (`repository/FORMAT.md`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]);
    digits.map(char::from).collect()
}

/// The bytes behind hexadecimal digits of either case, if that is all there is.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

macro_rules! hash {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Persisted: 32 bytes, or 64 lower-case hexadecimal digits where the form is text.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ();
            fn from_str(text: &str) -> Result<Self, ()> {
                unhex(text).and_then(|b| b.try_into().ok()).map(Self).ok_or(())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&hex(&self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(|()| serde::de::Error::custom("not a hash of 64 hexadecimal digits"))
            }
        }
    };
}

hash! {
    /// Name of a chunk: keyed BLAKE3 of its bytes before any transform, so that encodings can change and
    /// deduplication goes on.
    ChunkId
}
hash! {
    /// Name of a stored object: BLAKE3 of its stored bytes, what `b3sum` prints.
    StoredId
}
impl StoredId {
    /// Name of an object with these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

hash! {
    /// Name of a repository: a hash of its public keys and of a commitment to its secrets, so that nobody can put
    /// other keys in their place.
    RepositoryId
}

/// Fingerprint of rows that does not depend on their order; the digest of a table is the sum of its parts.
///
/// It detects accidents. Protection against tampering rests on chunk ids, age and MACs. Two digests compare only where
/// they were made under the same digest seed, encoding, settings and output format of the server.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Digest {
    /// Number of rows: of newlines in COPY text, and one more where the last byte is none.
    pub rows: u64,
    /// Bytes of COPY text, newlines included.
    pub bytes: u64,
    /// Sum modulo 2^128 of the seeded xxh3-128 of each row with its newline.
    pub sum: u128,
}

impl Digest {
    /// Adds what another part of the same table has.
    pub fn add(&mut self, other: Digest) {
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

impl std::iter::Sum for Digest {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |mut all, part| {
            all.add(part);
            all
        })
    }
}

#[derive(Serialize, Deserialize)]
struct StoredDigest {
    rows: u64,
    bytes: u64,
    /// 32 hexadecimal digits, big-endian: JSON numbers do not hold 128 bits.
    sum: String,
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        StoredDigest { rows: self.rows, bytes: self.bytes, sum: format!("{:032x}", self.sum) }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = StoredDigest::deserialize(deserializer)?;
        let sum = u128::from_str_radix(&stored.sum, 16).map_err(serde::de::Error::custom)?;
        Ok(Self { rows: stored.rows, bytes: stored.bytes, sum })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_round_trip() {
        let id = StoredId(std::array::from_fn(|at| at as u8));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(unhex("abc"), None);
        assert_eq!(unhex("zz"), None);
        assert_eq!(unhex("é0"), None);
    }
}
