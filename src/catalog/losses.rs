//! What a dump leaves behind on purpose or because nobody can write it as SQL: told to people, so that nothing is lost
//! in silence.

use crate::catalog::source::Source;
use crate::error::Result;

/// Warns of each.
pub(crate) async fn tell(source: &Source) -> Result<()> {
    for row in &source.query("what cannot be kept", include_str!("losses.sql")).await? {
        // What is gone by now is nothing to lose.
        let Some(what) = row.maybe("what")? else { continue };
        let (loss, hint) = match row.text("reason")?.as_str() {
            Some("system schema") => ("lives in a schema of the system and is not kept", "move it to another schema"),
            Some("invalid index") => ("is invalid and is not kept", "build it again with REINDEX, or drop it"),
            Some("piece of a member") => (
                "was added to what an extension brings and is not kept",
                "create it again after a restore, or let the extension bring it",
            ),
            Some("member of a built-in family") => {
                ("was added to a family of the system and is not kept", "add it again after a restore")
            }
            _ => (
                "has its triggers disabled; it is kept, and will be enforced where it is restored",
                "enable it with ALTER TABLE .. ENABLE TRIGGER ALL, or disable it again after a restore",
            ),
        };
        source.warn(format!("{what} {loss}"), hint);
    }
    Ok(())
}
