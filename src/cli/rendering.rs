//! Flags for what to leave out of definitions or to write differently, spelled as in pg_dump and pg_restore.

use clap::Args;
use pgkeep::text::Text;
use pgkeep::{Error, Result, plan, restore};

/// What to leave out: on a dump, so that no restore can bring it back.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Definitions")]
pub(crate) struct Omit {
    /// Leave owners out: everything belongs to the role that restores
    #[arg(long, short = 'O')]
    no_owner: bool,
    /// Leave privileges (GRANT and REVOKE) out
    #[arg(long, short = 'x', visible_alias = "no-acl")]
    no_privileges: bool,
    /// Leave comments out
    #[arg(long)]
    no_comments: bool,
    /// Leave security labels out
    #[arg(long)]
    no_security_labels: bool,
    /// Put everything into the database's own tablespace
    #[arg(long)]
    no_tablespaces: bool,
    /// Create tables with the target's default access method
    #[arg(long)]
    no_table_access_method: bool,
    /// Leave compression methods of columns out
    #[arg(long)]
    no_toast_compression: bool,
}

impl Omit {
    /// What is meant.
    pub(crate) fn chosen(self) -> plan::Omit {
        plan::Omit {
            owners: self.no_owner,
            grants: self.no_privileges,
            comments: self.no_comments,
            labels: self.no_security_labels,
            tablespaces: self.no_tablespaces,
            access_methods: self.no_table_access_method,
            compression: self.no_toast_compression,
        }
    }
}

/// How a restore changes definitions.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Definitions")]
pub(crate) struct Rendering {
    #[command(flatten)]
    omissions: Omit,
    /// Give to another role what this one owned; may be given several times
    #[arg(long, value_name = "OLD=NEW")]
    map_owner: Vec<String>,
}

impl Rendering {
    /// What is meant.
    pub(crate) fn chosen(&self) -> Result<restore::Rendering> {
        let pair = |written: &String| match written.split_once('=') {
            Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((Text::from(old), Text::from(new))),
            _ => Err(Error::Usage {
                message: format!("{written} names no two roles"),
                hint: Some("write --map-owner OLD=NEW".into()),
            }),
        };
        let owners = self.map_owner.iter().map(pair).collect::<Result<_>>()?;
        Ok(restore::Rendering { omit: self.omissions.chosen(), owners })
    }
}
