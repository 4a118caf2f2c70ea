//! Fingerprints of rows: one keyed xxh3-128 a row, which decides where a chunk ends and adds up to the digest.
//!
//! A row is the bytes up to and with its newline. Bytes after the last newline are a row too, without a newline: the
//! server never sends such, but COPY takes it as a row, and nothing is ever lost here.
//!
//! One hash serves the cut (its low 64 bits) and the digest (their sum), so one key is derived for both. Whoever knows
//! it can tell where rows of his own choice would be cut and what they would sum up to, and nothing else.

use std::fmt;

use memchr::memchr_iter;
use xxhash_rust::xxh3;
use xxhash_rust::xxh3::Xxh3;
use zeroize::Zeroizing;

use crate::hash::Digest;

/// The key of all row hashes of a repository.
#[derive(Clone)]
pub struct RowKey {
    /// Secret of xxh3, bytes 0 to 191 of the extended output of BLAKE3 keyed with the 32 bytes over nothing. A secret
    /// of random bytes is faster on short rows than a seed, and seeds have only 64 bits.
    secret: Zeroizing<[u8; 192]>,
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowKey(..)")
    }
}

impl RowKey {
    /// From 32 derived bytes.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        let mut secret = Zeroizing::new([0; 192]);
        blake3::Hasher::new_keyed(key).finalize_xof().fill(&mut *secret);
        Self { secret }
    }

    /// Hash of one whole row with its newline.
    #[inline]
    #[must_use]
    pub fn hash(&self, row: &[u8]) -> u128 {
        xxh3::xxh3_128_with_secret(row, &*self.secret)
    }
}

/// Length and hash of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) len: usize,
    pub(super) hash: u128,
}

/// Finds the rows in a stream of blocks and sums them up; holds no row in memory, however long it is.
pub struct Digester {
    key: RowKey,
    digest: Digest,
    /// The row that the next block goes on with; of length 0 between rows.
    open: Box<Xxh3>,
    open_len: usize,
}

impl Digester {
    /// Before the first row.
    #[must_use]
    pub fn new(key: &RowKey) -> Self {
        let open = Box::new(Xxh3::with_secret(*key.secret));
        Self { key: key.clone(), digest: Digest::default(), open, open_len: 0 }
    }

    /// Takes the next rows, or pieces of them: where a block ends means nothing.
    pub fn push(&mut self, block: &[u8]) {
        let mut start = 0;
        for newline in memchr_iter(b'\n', block) {
            self.end_row(&block[start..=newline]);
            start = newline + 1;
        }
        self.open_row(&block[start..]);
    }

    /// The digest of all rows.
    #[must_use]
    pub fn finish(mut self) -> Digest {
        if self.open_len > 0 {
            self.end_row(&[]);
        }
        self.digest
    }

    /// Takes the rest of a row, up to its newline.
    #[inline]
    pub(super) fn end_row(&mut self, rest: &[u8]) -> Row {
        let row = if self.open_len == 0 {
            Row { len: rest.len(), hash: self.key.hash(rest) }
        } else {
            self.open.update(rest);
            let row = Row { len: self.open_len + rest.len(), hash: self.open.digest128() };
            self.open.reset();
            self.open_len = 0;
            row
        };
        self.digest.rows += 1;
        self.digest.bytes += row.len as u64;
        self.digest.sum = self.digest.sum.wrapping_add(row.hash);
        row
    }

    /// Takes bytes of a row whose newline is still to come.
    pub(super) fn open_row(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.open.update(bytes);
            self.open_len += bytes.len();
        }
    }

    /// Bytes taken of the row whose newline is still to come.
    pub(super) fn open_len(&self) -> usize {
        self.open_len
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn digest(blocks: &[&[u8]]) -> Digest {
        let mut digester = Digester::new(&RowKey::new(&[7; 32]));
        blocks.iter().for_each(|block| digester.push(block));
        digester.finish()
    }

    #[test]
    fn key_is_kept_out_of_debug_and_decides() {
        assert_eq!(format!("{:?}", RowKey::new(&[7; 32])), "RowKey(..)");
        assert_ne!(RowKey::new(&[7; 32]).hash(b"a\n"), RowKey::new(&[8; 32]).hash(b"a\n"));
    }

    #[test]
    fn hash_is_pinned() {
        // A stored digest is compared for years: neither the secret nor the hash may ever change.
        let key = RowKey::new(&[7; 32]);
        assert_eq!(format!("{:032x}", key.hash(b"1\tone\n")), "f67aa03f425cc06b9a56f7c784962898");
        assert_eq!(format!("{:032x}", key.hash(&[b'x'; 1000])), "320ee90853b64992685f134aabddf422");
    }

    #[test]
    fn bytes_after_the_last_newline_are_a_row() {
        let digest = digest(&[b"a\nb"]);
        let key = RowKey::new(&[7; 32]);
        assert_eq!((digest.rows, digest.bytes), (2, 3));
        assert_eq!(digest.sum, key.hash(b"a\n").wrapping_add(key.hash(b"b")));
    }

    proptest! {
        #[test]
        fn digest_knows_neither_blocks_nor_order(
            mut rows in prop::collection::vec(prop::collection::vec(any::<u8>().prop_filter("newline", |b| *b != 10), 0..400), 0..20),
            at in any::<prop::sample::Index>(),
        ) {
            rows.iter_mut().for_each(|row| row.push(b'\n'));
            let all = rows.concat();
            let (one, two) = all.split_at(at.index(all.len() + 1));
            let expected = digest(&[&all]);
            prop_assert_eq!(expected, digest(&[one, two]));
            let bytes: Vec<&[u8]> = all.chunks(1).collect();
            prop_assert_eq!(expected, digest(&bytes));
            rows.reverse();
            prop_assert_eq!(expected, digest(&[&rows.concat()]));
        }
    }
}
