//! What stands before and after all else in a script, so that psql runs no command of others, and a script that ends in
//! the middle cannot be committed as if it were whole.

use crate::error::{Error, Result};
use crate::text;
use crate::text::Text;

/// Settings of a script; what pgkeep makes sure of on its own sessions.
const PREAMBLE: &str = "\
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET DateStyle = 'ISO, MDY';
SET IntervalStyle = 'postgres';
SET lc_monetary = 'C';
SET array_nulls = on;
SET transform_null_equals = off;
";

/// psql takes the end of its input for the end of rows, and with -1 commits what it has: two equal rows that a deferred
/// key refuses stay until the script has come to its end. Outside of a transaction there is only one of them.
const UNFINISHED: &str = "
-- a transaction around this script can be committed only where its last line has run
CREATE TEMPORARY TABLE IF NOT EXISTS pgkeep_script (
    line pg_catalog.int4,
    CONSTRAINT this_script_is_incomplete UNIQUE (line) DEFERRABLE INITIALLY DEFERRED
) ON COMMIT DELETE ROWS;
INSERT INTO pg_temp.pgkeep_script SELECT 1 FROM pg_catalog.generate_series(1,
    CASE WHEN pg_catalog.transaction_timestamp() < pg_catalog.statement_timestamp() THEN 2 ELSE 1 END);

";

/// No table takes its first line as a row: no encoding has a zero byte. Outside of rows it is an error of psql.
pub(super) const BROKEN_OFF: &str = "
\\000\tthis script is incomplete
\\.
DO 'BEGIN RAISE EXCEPTION ''this script is incomplete: pgkeep could not read the rest of the snapshot''; END';
";

/// The key between `\restrict` and `\unrestrict`: psql runs no command of its own until it meets it again.
#[derive(Clone, Debug)]
pub struct RestrictKey(String);

impl RestrictKey {
    /// One that nobody can guess.
    ///
    /// # Panics
    ///
    /// Where the operating system gives no random bytes.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        Self(crate::hash::hex(&bytes))
    }

    /// One that somebody chose, so that equal snapshots give equal scripts.
    ///
    /// # Errors
    ///
    /// Anything but letters and digits.
    pub fn new(key: &str) -> Result<Self> {
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::usage("a restrict key is letters and digits, and at least one of them"));
        }
        Ok(Self(key.to_owned()))
    }

    pub(super) fn head(&self, encoding: &str) -> Text {
        let encoding = Text::from(if encoding == "SQL_ASCII" { "SQL_ASCII" } else { "UTF8" });
        let client = text!["SET client_encoding = ", encoding.literal(), ";\n"];
        text!["-- written by pgkeep\n\n\\restrict ", self.0, "\n\n", client, PREAMBLE, UNFINISHED]
    }

    pub(super) fn end(&self) -> Text {
        text!["DELETE FROM pg_temp.pgkeep_script;\n\n\\unrestrict ", self.0, "\n"]
    }
}
