//! `pgkeep diff`: what changed between two snapshots.

use clap::Args;
use pgkeep::diff::{self, Change, Difference};

use crate::cli::exit::Outcome;
use crate::cli::flags::{Identities, Place};
use crate::cli::{Context, opening, screen, units};

/// Show what changed between two snapshots
#[derive(Args, Debug)]
#[command(after_long_help = "\
Objects are compared by the statements that create them, tables by number and digest of their rows. Lines that begin
with `-` are only in the first snapshot, with `+` only in the second.

Examples:
  pgkeep diff latest~1 latest
  pgkeep diff 3f9a2c latest --json")]
pub(crate) struct Diff {
    /// The first snapshot
    before: String,
    /// The second snapshot
    after: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    identities: Identities,
}

impl Diff {
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let work = async {
            let repository = opening::open(&self.place, &self.identities).await?;
            let before = repository.reader(&repository.resolve(&self.before).await?).await?;
            let after = repository.reader(&repository.resolve(&self.after).await?).await?;
            diff::run(&before, &after).await
        };
        let difference = context.cancellation.unless(work).await?;
        context.output.result("diff", &difference, &text(&difference))?;
        Ok(())
    }
}

fn text(difference: &Difference) -> String {
    if difference.is_empty() {
        return "nothing changed\n".into();
    }
    let mut text = String::new();
    let groups = [("dropped", &difference.dropped), ("added", &difference.added), ("changed", &difference.changed)];
    for (what, changes) in groups {
        for change in changes {
            text += &change_text(what, change);
        }
    }
    for table in &difference.tables {
        let (before, after) = (units::counted(table.before, "row"), units::count(table.after));
        let detail = if table.before == table.after { "others".into() } else { format!("now {after}") };
        text += &format!("rows of {}: {before}, {detail}\n", screen::line(&table.table));
    }
    text
}

fn change_text(what: &str, change: &Change) -> String {
    let mut text = format!("{what} {} {}\n", change.kind.noun(), screen::line(&change.name));
    for (sign, statements) in [("-", &change.before), ("+", &change.after)] {
        for statement in statements {
            for line in statement.lossy().lines() {
                text += &format!("  {sign} {}\n", screen::line(line));
            }
        }
    }
    text
}
