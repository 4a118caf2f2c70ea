//! Flags that several commands share, spelled as in pg_dump where they mean the same.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use pgkeep::error::Cause;
use pgkeep::hash::RepositoryId;
use pgkeep::pg::config::Given;
use pgkeep::pg::{Config, Password, Session};
use pgkeep::progress::{Event, Events};
use pgkeep::text::Text;
use pgkeep::{Error, Result};

use super::{environment, screen};

/// Where the repository is.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Repository")]
pub(crate) struct Place {
    /// Folder of the repository [default: $PGKEEP_REPOSITORY]
    #[arg(long, value_name = "LOCATION")]
    repo: Option<String>,
}

impl Place {
    /// The place as it was typed or stands in the environment.
    pub(crate) fn name(&self) -> Result<String> {
        let named = match &self.repo {
            Some(name) => Some(name.clone()),
            None => environment::variable("PGKEEP_REPOSITORY")?,
        };
        named.filter(|name| !name.is_empty()).ok_or_else(|| Error::Usage {
            message: "no repository is named".into(),
            hint: Some("name its folder: `--repo FOLDER`, or set PGKEEP_REPOSITORY; `pgkeep init` makes one".into()),
        })
    }
}

/// Who opens the repository.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Repository")]
pub(crate) struct Identities {
    /// File with an owner's identity; may be given several times [default: $PGKEEP_IDENTITY, which holds paths or the
    /// identity itself, then the folder in which `pgkeep init` leaves identities]
    #[arg(long = "identity", short = 'i', value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Id of the repository that must be at the location, as `pgkeep init` printed it [default: $PGKEEP_REPOSITORY_ID,
    /// then what this host remembers of it]
    #[arg(long, value_name = "ID", value_parser = repository_id)]
    repository_id: Option<RepositoryId>,
}

impl Identities {
    /// The id that the place must hold, where that was said.
    pub(crate) fn repository_id(&self) -> Result<Option<RepositoryId>> {
        match (self.repository_id, environment::variable("PGKEEP_REPOSITORY_ID")?) {
            (Some(id), _) => Ok(Some(id)),
            (None, Some(text)) => {
                repository_id(&text).map(Some).map_err(|e| Error::usage(format!("PGKEEP_REPOSITORY_ID: {e}")))
            }
            (None, None) => Ok(None),
        }
    }
}

/// The id of a repository as it is printed.
pub(crate) fn repository_id(text: &str) -> Result<RepositoryId, String> {
    text.trim().parse().map_err(|()| "a repository's id has 64 hexadecimal digits".to_owned())
}

/// Where the server is; libpq's environment variables, service file and password file count too.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Database to connect to: a name, a URL or a libpq connection string [default: $DATABASE_URL, then libpq's
    /// $PGDATABASE]
    #[arg(long, short, value_name = "DATABASE")]
    pub(crate) dbname: Option<String>,
    /// Server's host name or socket folder [default: $PGHOST, then localhost]. Each of its addresses may take 30 s to let
    /// us in, or as many seconds as connect_timeout= in the URL or $PGCONNECT_TIMEOUT says
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
    /// Give a connection up where the server neither sends nor takes a byte for so long: milliseconds, or a number with
    /// ms, s, min or h [default: wait for ever]. A statement that works for long or waits for a lock sends nothing
    /// either, so this must be longer than the longest build of an index and the longest wait for a lock. Without it, a
    /// server that falls silent in the middle of a table's rows is told after 30 s and waited for
    #[arg(long, value_name = "TIME", value_parser = duration)]
    stall_timeout: Option<Duration>,
}

impl Connection {
    /// The server as it was typed, completed by the environment, and a password that was asked for where one is needed
    /// and a terminal is there.
    pub(crate) async fn config(&self, database: Option<&str>, events: &Events) -> Result<Config> {
        let text = |value: &Option<String>| value.as_deref().map(Text::from);
        let given = Given {
            host: text(&self.host),
            port: text(&self.port),
            user: text(&self.username),
            database: database.map(Text::from).or_else(|| text(&self.dbname)),
        };
        let mut config = environment::resolve(&given)?;
        config.stall_timeout = self.stall_timeout.filter(|limit| !limit.is_zero());
        for message in config.warnings.drain(..) {
            events(Event::Warning { message, hint: None });
        }
        if self.password || (!self.no_password && wants_password(&config).await) {
            let prompt = format!("Password for role {}: ", screen::line(&config.user.lossy()));
            match environment::ask_secret(&prompt) {
                Some(password) => config.password = Some(Password::from(password.as_bytes())),
                None if self.password => {
                    return Err(Error::Usage {
                        message: "there is no terminal to ask for a password on".into(),
                        hint: Some("leave -W out; set PGPASSWORD or write a line into ~/.pgpass".into()),
                    });
                }
                None => {}
            }
        }
        Ok(config)
    }
}

impl Connection {
    /// Whether anything names a database, so that it is not only the default by the role's name.
    pub(crate) fn names_database(&self) -> Result<bool> {
        let by_variable = |name| environment::variable(name).map(|value| value.is_some());
        Ok(self.dbname.is_some() || by_variable("PGDATABASE")? || by_variable("DATABASE_URL")?)
    }
}

/// Whether the server asks for a password that nobody has given yet. Costs a connection, so that a person is asked
/// before the work starts and not in the middle of it; programs without a terminal are never asked.
async fn wants_password(config: &Config) -> bool {
    if config.password.is_some() || !environment::has_terminal() {
        return false;
    }
    match Session::connect(config).await {
        Ok(session) => {
            session.close().await;
            false
        }
        Err(Error::Connect { source, .. }) => matches!(*source, Cause::NoPassword),
        // Told when the work itself connects.
        Err(_) => false,
    }
}

/// A time as PostgreSQL's settings have it.
pub(crate) fn duration(written: &str) -> Result<Duration, String> {
    let digits = written.find(|c: char| !c.is_ascii_digit()).unwrap_or(written.len());
    let (number, unit) = written.split_at(digits);
    let factor = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return Err("write a number of milliseconds, or one with ms, s, min or h".into()),
    };
    // The server counts milliseconds in 31 bits.
    let milliseconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    let milliseconds = milliseconds.filter(|milliseconds| *milliseconds <= i32::MAX.unsigned_abs().into());
    milliseconds.map(Duration::from_millis).ok_or_else(|| "not a time that a server can wait".into())
}

/// How much at once.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Jobs {
    /// Parts to move at the same time; the server sees one connection more
    #[arg(long, short, value_name = "NUMBER", default_value = "4")]
    pub(crate) jobs: NonZeroU16,
}

impl Jobs {
    pub(crate) fn number(self) -> usize {
        usize::from(self.jobs.get())
    }
}
