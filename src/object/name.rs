//! What an object is called, as the catalog has it and as people read it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text;
use crate::text::Text;

/// Name of an object as the catalog has it, unquoted.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Name {
    /// Its schema, or the schema of the table it belongs to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub schema: Option<Text>,
    /// The table (or domain) it belongs to, for constraints, triggers, rules, policies, defaults, indexes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub table: Option<Text>,
    /// Its own name; what it joins, for kinds without a name of their own.
    pub name: Text,
    /// Argument types of routines, operators and casts, ready for SQL, without parentheses.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub arguments: Option<Text>,
}

impl Name {
    /// Name of something outside schemas.
    pub fn plain(name: impl Into<Text>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Name of something in a schema.
    pub fn in_schema(schema: impl Into<Text>, name: impl Into<Text>) -> Self {
        Self { schema: Some(schema.into()), name: name.into(), ..Self::default() }
    }

    /// Name of something that belongs to a table.
    pub fn on_table(schema: impl Into<Text>, table: impl Into<Text>, name: impl Into<Text>) -> Self {
        Self { schema: Some(schema.into()), table: Some(table.into()), name: name.into(), arguments: None }
    }

    /// `"schema"."name"`, quoted for SQL; without the table and the arguments.
    #[must_use]
    pub fn sql(&self) -> Text {
        match &self.schema {
            Some(schema) => text![schema.ident(), ".", self.name.ident()],
            None => self.name.ident(),
        }
    }
}

impl fmt::Display for Name {
    /// As people write it: `schema.table.name(arguments)`, unquoted and on one line: `\n` stands for a newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &Text| text.lossy().replace('\n', "\\n").replace('\r', "\\r");
        for outer in [&self.schema, &self.table].into_iter().flatten() {
            write!(f, "{}.", shown(outer))?;
        }
        f.write_str(&shown(&self.name))?;
        match &self.arguments {
            Some(arguments) => write!(f, "({})", shown(arguments)),
            None => Ok(()),
        }
    }
}
