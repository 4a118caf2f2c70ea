//! What on the target needs that which `-c` removes and would not come back: a removal never takes it along, so it has to
//! be told before anything is removed. Reads only.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::object::{Object, Space};
use crate::pg::{Connector, sql};
use crate::plan::is_created;
use crate::restore::options::Options;
use crate::restore::prepare::finding::Finding;
use crate::restore::prepare::plan::Plan;
use crate::text;
use crate::text::Text;

/// Findings for everything that stands in the way of the removal.
pub(crate) async fn look(plan: &Plan, connector: &Connector, options: &Options) -> Result<Vec<Finding>> {
    let wanted: Vec<Text> = plan.objects().filter(|object| is_created(object)).filter_map(row).collect();
    if !options.clean || !options.meets_others() || wanted.is_empty() {
        return Ok(Vec::new());
    }
    let statement = sql::with_list(include_str!("dependents.sql"), "$objects", &Text::join(wanted, ", "));
    let mut session = connector.connect().await?;
    let rows = session.query(statement).await.map_err(|e| e.while_doing("look for what needs what is removed"))?;
    session.close().await;
    let mut needs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in &rows {
        let shown = |column| row.text(column).map(|text| text.lossy().replace(['\n', '\r'], " "));
        needs.entry(shown("dependent")?).or_default().push(shown("needed")?);
    }
    let finding = |(dependent, needed): (String, Vec<String>)| Finding {
        fatal: true,
        message: format!("{dependent} needs {}, which -c would remove, and would not come back", needed.join(" and ")),
        hint: "drop it first, or select what it needs and it together".into(),
    };
    Ok(needs.into_iter().map(finding).collect())
}

/// Routines by their name alone: one of the same name with other arguments is not looked at.
fn row(object: &Object) -> Option<Text> {
    let kind = match object.kind.facts().space? {
        Space::Schema => "schema",
        Space::Extension => "extension",
        Space::Relation => "relation",
        Space::Routine => "routine",
        Space::Type => "type",
    };
    let schema = object.name.schema.as_ref().map_or_else(|| "NULL".into(), Text::literal);
    Some(text!["('", kind, "', ", schema, ", ", object.name.name.literal(), ")"])
}
