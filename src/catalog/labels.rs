//! Security labels. The target needs the same label providers.

use crate::catalog::comments::subjects;
use crate::catalog::draft::Draft;
use crate::catalog::source::Source;
use crate::error::Result;
use crate::pg::Rows;
use crate::text;

pub(crate) async fn rows(source: &Source) -> Result<Rows> {
    source.query("security labels", include_str!("labels.sql")).await
}

/// Fills the labels of all drafts.
pub(crate) fn fill(rows: &Rows, drafts: &mut [Draft]) -> Result<()> {
    for (at, subject, row) in subjects(rows, drafts)? {
        let (provider, label) = (row.text("provider")?, row.text("label")?);
        drafts[at].labels.push(text![
            "SECURITY LABEL FOR ",
            provider.ident(),
            " ON ",
            subject,
            " IS ",
            label.literal()
        ]);
    }
    Ok(())
}
