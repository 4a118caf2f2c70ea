//! Whatever a chunk's file holds is decoded within its bounds or refused; what we encode decodes to itself.
//!
//! `cargo fuzz run -s none chunk`

#![no_main]

use libfuzzer_sys::fuzz_target;
use pgkeep::codec::chunk::{self, Options};
use pgkeep::codec::cut::{Cut, Extent};

const BYTES_MAX: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((header, decoded)) = chunk::decode(bytes, BYTES_MAX) {
        assert!(decoded.len() <= BYTES_MAX && decoded.len() == header.raw_len as usize);
    }
    let rows = bytes.iter().filter(|byte| **byte == b'\n').count() as u32;
    let cut = Cut { bytes: bytes.to_vec(), rows, extent: Extent::WholeRows };
    let encoded = chunk::encode(0, &cut, Options { level: 1, verify: true }).expect("what is encoded decodes");
    let (header, _) = chunk::open(&encoded).expect("what is encoded opens");
    // Beyond the checksum, that random bytes never meet: a valid chunk with one byte changed.
    if let Some((at, rest)) = bytes.split_first_chunk::<2>() {
        let mut damaged = encoded;
        let at = usize::from(u16::from_le_bytes(*at)) % damaged.len();
        damaged[at] ^= rest.first().copied().unwrap_or(1);
        // The header has no checksum: age and the chunk id protect it.
        if let Ok((read, decoded)) = chunk::decode(&damaged, bytes.len())
            && read == header
        {
            assert_eq!(decoded, bytes);
        }
    }
});
