//! Flags that several commands share, spelled as in pg_dump where they mean the same.

use std::path::PathBuf;

use clap::Args;

/// Where the repository is.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Repository")]
pub(crate) struct Place {
    /// Folder of the repository [default: $PGKEEP_REPOSITORY]
    #[arg(long, value_name = "PLACE")]
    pub(crate) repo: Option<String>,
}

/// Who opens the repository.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Repository")]
pub(crate) struct Identities {
    /// File with an owner's identity; may be given several times [default: $PGKEEP_IDENTITY, which holds paths or the
    /// identity itself, then the folder in which `pgkeep init` leaves identities]
    #[arg(long = "identity", short, value_name = "FILE")]
    pub(crate) identity: Vec<PathBuf>,
}

/// Where the server is; libpq's environment variables, service file and password file count too.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Database to connect to: a name, a URL or a libpq connection string [default: $DATABASE_URL, then libpq's
    /// $PGDATABASE]
    #[arg(long, short, value_name = "DATABASE")]
    pub(crate) dbname: Option<String>,
    /// Server's host name or socket folder [default: $PGHOST, then localhost]
    #[arg(long, short = 'h', value_name = "HOST")]
    pub(crate) host: Option<String>,
    /// Server's port [default: $PGPORT, then 5432]
    #[arg(long, short, value_name = "PORT")]
    pub(crate) port: Option<String>,
    /// Role to connect as [default: $PGUSER, then the user of the operating system]
    #[arg(long, short = 'U', value_name = "ROLE")]
    pub(crate) username: Option<String>,
    /// Never ask for a password
    #[arg(long, short = 'w', conflicts_with = "password")]
    pub(crate) no_password: bool,
    /// Ask for a password before connecting
    #[arg(long, short = 'W')]
    pub(crate) password: bool,
}

/// Which schemas and tables.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Selection")]
pub(crate) struct Selection {
    /// Only schemas that match; may be given several times
    #[arg(long = "schema", short = 'n', value_name = "PATTERN")]
    pub(crate) schemas: Vec<String>,
    /// No schemas that match; may be given several times
    #[arg(long = "exclude-schema", short = 'N', value_name = "PATTERN")]
    pub(crate) exclude_schemas: Vec<String>,
    /// Only tables, views and sequences that match, whatever their schema; may be given several times
    #[arg(long = "table", short = 't', value_name = "PATTERN")]
    pub(crate) tables: Vec<String>,
    /// No tables, views and sequences that match; may be given several times
    #[arg(long = "exclude-table", short = 'T', value_name = "PATTERN")]
    pub(crate) exclude_tables: Vec<String>,
}
