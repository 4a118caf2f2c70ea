//! zstd: one frame that states its length and has a checksum, with or without a base that it is a difference to.
//!
//! Contexts are kept by thread, since making one costs more than compressing a small chunk.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{self, CCtx, CParameter, DCtx};

use crate::error::Fault;

/// Level used unless someone asks for another. On transposed rows level 3 takes 1.7 times as long and gains nothing on
/// numbers and JSON, 5 % on prose (`benches/codec.rs`).
pub const LEVEL_DEFAULT: i32 = 1;
/// Levels that can be asked for.
pub const LEVELS: std::ops::RangeInclusive<i32> = 1..=19;

/// First bytes of a zstd frame. Other formats that the library also knows are not ours.
const MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();

/// Largest window of a difference, as a power of two: what decoders accept without being told.
const WINDOW_LOG_MAX: u32 = 27;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// One zstd frame.
#[must_use]
pub fn compress(bytes: &[u8], level: i32) -> Vec<u8> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = kept.get_or_insert_with(|| {
            let mut new = Compressor::new(level).expect("zstd refuses no level");
            new.include_checksum(true).expect("zstd has checksums");
            new
        });
        compressor.set_compression_level(level).expect("zstd refuses no level");
        compressor.compress(bytes).expect("the buffer has the size that zstd asks for, and memory is there")
    })
}

/// What is in exactly one frame, of at most `max` bytes; nothing is allocated before its length is known.
pub fn decompress(frame: &[u8], max: usize) -> Result<Vec<u8>, Fault> {
    let len = stated_len(frame, max)?;
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = kept.get_or_insert_with(|| Decompressor::new().expect("memory is there"));
        let mut bytes = Vec::with_capacity(len);
        decompressor.decompress_to_buffer(frame, &mut bytes).map_err(|error| broken(&error.to_string()))?;
        if bytes.len() == len { Ok(bytes) } else { Err(broken("its length is not the stated one")) }
    })
}

/// One zstd frame that needs `base` to be read again.
#[must_use]
pub fn compress_with_base(bytes: &[u8], base: &[u8], level: i32) -> Vec<u8> {
    let window = (bytes.len() + base.len()).next_power_of_two().ilog2().clamp(10, WINDOW_LOG_MAX);
    let mut context = CCtx::create();
    // Plain levels remember too few positions to find rows again in a base of a megabyte.
    let parameters = [
        CParameter::CompressionLevel(level),
        CParameter::ChecksumFlag(true),
        CParameter::WindowLog(window),
        CParameter::EnableLongDistanceMatching(true),
    ];
    for parameter in parameters {
        context.set_parameter(parameter).expect("zstd refuses none of these");
    }
    context.ref_prefix(base).expect("zstd takes any prefix before a frame");
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(bytes.len()));
    context.compress2(&mut frame, bytes).expect("the buffer has the size that zstd asks for, and memory is there");
    frame
}

/// What is in exactly one frame that was made with this base, of at most `max` bytes.
pub fn decompress_with_base(frame: &[u8], base: &[u8], max: usize) -> Result<Vec<u8>, Fault> {
    let len = stated_len(frame, max)?;
    let mut context = DCtx::create();
    let mut bytes = Vec::with_capacity(len);
    context.ref_prefix(base).map_err(|code| broken(zstd_safe::get_error_name(code)))?;
    context.decompress(&mut bytes, frame).map_err(|code| broken(zstd_safe::get_error_name(code)))?;
    if bytes.len() == len { Ok(bytes) } else { Err(broken("its length is not the stated one")) }
}

/// Length of what is in the frame, if these bytes are one whole frame and it is at most `max`.
fn stated_len(frame: &[u8], max: usize) -> Result<usize, Fault> {
    if !frame.starts_with(&MAGIC) || zstd_safe::find_frame_compressed_size(frame) != Ok(frame.len()) {
        return Err(broken("it is not one whole frame"));
    }
    let len = zstd_safe::get_frame_content_size(frame).ok().flatten().and_then(|len| usize::try_from(len).ok());
    match len {
        Some(len) if len <= max => Ok(len),
        Some(len) => Err(broken(&format!("it states {len} bytes where {max} are allowed"))),
        None => Err(broken("it does not state its length")),
    }
}

fn broken(problem: &str) -> Fault {
    Fault::damaged(format!("its zstd frame does not decompress: {problem}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lies_about_length_are_refused() {
        let frame = compress(&[b'a'; 1000], 3);
        assert_eq!(decompress(&frame, 1000).unwrap().len(), 1000);
        assert!(decompress(&frame, 999).is_err());
        assert!(decompress(&frame[..frame.len() - 1], 1000).is_err());
        assert!(decompress(&[&frame[..], &frame].concat(), 5000).is_err());
        assert!(decompress(&[&frame[..], b"x"].concat(), 5000).is_err());
        assert!(decompress(b"", 10).is_err());
        // A frame whose header states 2^60 bytes: refused before anything of that size is allocated.
        let lie = [&MAGIC[..], &[0xE0], &(1_u64 << 60).to_le_bytes(), &[1, 0, 0]].concat();
        assert!(decompress(&lie, usize::MAX >> 8).is_err());
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let frame = compress(b"one\ttwo\tthree\nfour\tfive\tsix\n", 3);
        for bit in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let read = decompress(&flipped, 1000);
            assert!(read.as_deref().map_or(true, |read| read == b"one\ttwo\tthree\nfour\tfive\tsix\n"), "bit {bit}");
        }
    }

    #[test]
    fn a_difference_is_small() {
        let row = |at: u32| format!("{at}\t{}\n", blake3::hash(&at.to_le_bytes()));
        let base: String = (0..30_000).map(row).collect();
        let new: String = (0..30_000).map(|at| if at % 1000 == 7 { row(at + 1_000_000) } else { row(at) }).collect();
        let difference = compress_with_base(new.as_bytes(), base.as_bytes(), 3);
        assert!(difference.len() * 50 < compress(new.as_bytes(), 3).len(), "{} bytes", difference.len());
        assert_eq!(decompress_with_base(&difference, base.as_bytes(), new.len()).unwrap(), new.as_bytes());
        assert!(decompress_with_base(&difference, &base.as_bytes()[1..], new.len()).is_err());
        assert!(decompress(&difference, new.len()).is_err());
    }

    proptest! {
        #[test]
        fn round_trip(bytes in prop::collection::vec(any::<u8>(), 0..3000), base in prop::collection::vec(any::<u8>(), 0..300), level in LEVELS) {
            prop_assert_eq!(&decompress(&compress(&bytes, level), bytes.len()).unwrap(), &bytes);
            let frame = compress_with_base(&bytes, &base, level);
            prop_assert_eq!(&decompress_with_base(&frame, &base, bytes.len()).unwrap(), &bytes);
        }
    }
}
