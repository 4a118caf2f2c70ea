//! Rows transpose and come back; hostile columns come back as rows that transpose to them, or are refused.
//!
//! `cargo fuzz run -s none columns`

#![no_main]

use libfuzzer_sys::fuzz_target;
use pgkeep::codec::columns;

fuzz_target!(|bytes: &[u8]| {
    let Some((rows, bytes)) = bytes.split_first() else { return };
    let newlines = bytes.iter().filter(|byte| **byte == b'\n').count() as u32;
    if let Some(transposed) = columns::encode(bytes) {
        assert_eq!(columns::decode(&transposed, newlines).as_deref(), Ok(bytes));
    }
    for rows in [u32::from(*rows), newlines] {
        if let Ok(back) = columns::decode(bytes, rows) {
            assert_eq!(columns::encode(&back).unwrap_or_else(|| back.clone()), bytes);
        }
    }
});
