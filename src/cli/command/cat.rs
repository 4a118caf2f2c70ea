//! `pgkeep cat`: the rows of one table of a snapshot.

use std::io::Write as _;

use clap::{Args, ValueEnum};
use futures_util::StreamExt as _;
use pgkeep::cat::{self, Format, Options};
use pgkeep::text::Text;

use crate::cli::exit::Outcome;
use crate::cli::flags::{Identities, Place};
use crate::cli::{Context, opening};

/// Write the rows of one table of a snapshot
#[derive(Args, Debug)]
#[command(after_long_help = "\
Values are written as the server printed them. `copy` and `csv` are what COPY reads; in `jsonl` every value is a string
or null. `csv` and `jsonl` are UTF-8, `copy` is in the encoding of the database, byte by byte, unless --encoding says
otherwise; a value that cannot be converted is an error that names its row.

Examples:
  pgkeep cat latest payments.payment --format csv > payments.csv
  pgkeep cat latest ord.order --format jsonl --columns id,total --limit 10
  pgkeep cat latest menu.item | psql scratch -c 'COPY menu.item FROM STDIN'")]
pub(crate) struct Cat {
    /// Snapshot to read: `latest`, `latest~1`, the start of an id, or a database's name for its latest
    snapshot: String,
    /// Table, as `schema.table`
    table: String,
    /// How to write rows
    #[arg(long, value_enum, default_value_t = How::Copy)]
    format: How,
    /// Only these columns, in this order
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    columns: Vec<String>,
    /// At most so many rows
    #[arg(long, value_name = "ROWS")]
    limit: Option<u64>,
    /// Write rows in this encoding: UTF8, or that of the database
    #[arg(long, short = 'E', value_name = "ENCODING")]
    encoding: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    identities: Identities,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum How {
    /// COPY's text format
    Copy,
    /// Comma-separated, with a header
    Csv,
    /// One JSON object a row
    Jsonl,
}

impl Cat {
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let reader =
            context.cancellation.unless(opening::reader(&self.place, &self.identities, &self.snapshot)).await?;
        let format = match self.format {
            How::Copy => Format::Copy,
            How::Csv => Format::Csv,
            How::Jsonl => Format::JsonLines,
        };
        let columns = self.columns.iter().map(|name| Text::from(name.as_str())).collect();
        let options = Options { format, columns, limit: self.limit, encoding: self.encoding };
        let mut rows = context.cancellation.unless(cat::rows(&reader, &self.table, &options)).await?;
        let mut out = std::io::stdout().lock();
        while let Some(block) = context.cancellation.unless(async { rows.next().await.transpose() }).await? {
            out.write_all(&block)?;
        }
        out.flush()?;
        Ok(())
    }
}
