//! Names of copies of tables that the target has already. Reads only.

use crate::error::Result;
use crate::pg::{Connector, Row, sql};
use crate::restore::options::Options;
use crate::restore::prepare::finding::Finding;
use crate::restore::rename::Place;
use crate::text;
use crate::text::Text;

/// Names that are taken on the target, as findings.
pub(crate) async fn look(places: &[Place], connector: &Connector, options: &Options) -> Result<Vec<Finding>> {
    let looks = options.meets_others() && !options.clean;
    if places.is_empty() || !looks {
        return Ok(Vec::new());
    }
    let list = places.iter().map(|(schema, name)| text!["(", schema.literal(), ", ", name.literal(), ")"]);
    let statement = sql::with_list(include_str!("taken_names.sql"), "$places", &Text::join(list, ", "));
    let mut session = connector.connect().await?;
    let rows = session.query(statement).await;
    let rows = rows.map_err(|e| e.while_doing("look for the names of copies on the target"))?;
    session.close().await;
    let finding = |row: &Row| {
        Ok(Finding {
            fatal: true,
            message: format!("the name {}.{} is taken on the target", row.text("schema")?, row.text("name")?),
            hint: "give the copy another name, from which those of its indexes and sequences follow".into(),
        })
    };
    rows.iter().map(finding).collect()
}
