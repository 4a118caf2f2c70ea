//! What a snapshot remembers of its source beside objects and rows.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::dump::options::Options;
use crate::error::{Error, Result};
use crate::hash::hex;
use crate::pg::{Session, settings, sql};
use crate::repository::{Head, Moment, Server, Source, Times, new_uid};
use crate::text::Text;

/// The source at the moment of the server snapshot.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) name: Text,
    pub(super) standby: bool,
    oid: u32,
    server: Server,
    visible: String,
    lsn: Option<String>,
    /// By the server's clock, and by ours.
    times: (Timestamp, Timestamp),
    control: Option<Control>,
}

/// The server's identity and last checkpoint.
#[derive(Clone, Debug)]
struct Control {
    system_identifier: u64,
    timeline: u32,
    redo_lsn: String,
    next_xid: String,
}

/// Reads them inside the lead's transaction.
pub(super) async fn read(session: &mut Session) -> Result<Facts> {
    let statement = sql::for_version(include_str!("facts.sql"), session.major());
    let rows = session.query(statement).await.map_err(|e| e.while_doing("read the properties of the database"))?;
    let row = rows.one()?;
    let string = |column: &str| row.text(column).map(|text| text.lossy().into_owned());
    let maybe = |column: &str| row.maybe(column).map(|value| value.map(|text| text.lossy().into_owned()));
    let shown = |text: Text| text.lossy().into_owned();
    let names = row.texts("extensions")?.into_iter().map(shown);
    let server = Server {
        version: session.version(),
        version_text: string("version_text")?,
        encoding: string("encoding")?,
        locale_provider: string("provider")?,
        collate: string("collate")?,
        ctype: string("ctype")?,
        collation_version: maybe("collation_version")?,
        extensions: names.zip(row.texts("extension_versions")?.into_iter().map(shown)).collect(),
    };
    let server_time = string("server_time")?.parse().map_err(|_| Error::usage("the server's clock shows no time"))?;
    Ok(Facts {
        name: row.text("name")?,
        standby: row.boolean("standby")?,
        oid: row.number("oid")?,
        server,
        visible: string("visible")?,
        lsn: maybe("lsn")?,
        times: (server_time, Timestamp::now()),
        control: control(session).await?,
    })
}

impl Facts {
    /// What the snapshot says about itself, once the rows are copied.
    pub(super) fn head(&self, options: &Options, missing: usize) -> Head {
        let (server, client) = self.times;
        let moment = Moment {
            lsn: self.lsn.clone(),
            snapshot: Some(self.visible.clone()),
            timeline: self.control.as_ref().map(|control| control.timeline),
            redo: self.control.as_ref().map(|control| control.redo_lsn.clone()),
            next_xid: self.control.as_ref().map(|control| control.next_xid.clone()),
        };
        Head {
            run: options.writing.run.map_or_else(new_uid, |run| hex(&run)),
            source: Source {
                system: self.control.as_ref().map_or(0, |control| control.system_identifier),
                database_oid: self.oid,
                database: self.name.clone(),
                host: options.source.hosts.first().map(ToString::to_string).unwrap_or_default(),
                label: options.label.clone(),
            },
            server: self.server.clone(),
            times: Times { server, client, finished: Timestamp::now() },
            settings: format_settings(options),
            selected: !options.selection.is_whole(),
            options: options.selection.switches().into_iter().map(String::from).collect(),
            missing: missing as u64,
            databases: options.among.as_ref().map(|among| among.pattern.clone()),
            standby: self.standby,
            moment: Some(moment),
        }
    }
}

/// Settings that change what COPY prints; see `pg::settings`.
const FORMAT_SETTINGS: [(&str, &str); 5] = [
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    (settings::FLOAT_DIGITS, "3"),
    ("bytea_output", "hex"),
];

fn format_settings(options: &Options) -> BTreeMap<String, String> {
    let mut all = BTreeMap::from(FORMAT_SETTINGS.map(|(name, value)| (name.into(), value.into())));
    if let Some(digits) = options.extra_float_digits {
        all.insert(settings::FLOAT_DIGITS.into(), digits.to_string());
    }
    all
}

/// In a savepoint, since a refusal must not end the transaction that holds the server snapshot.
async fn control(session: &mut Session) -> Result<Option<Control>> {
    session.run("SAVEPOINT control").await?;
    let answer = session.query(include_str!("control.sql")).await;
    session.run("ROLLBACK TO SAVEPOINT control; RELEASE SAVEPOINT control").await?;
    let Ok(rows) = answer else { return Ok(None) };
    let row = rows.one()?;
    let string = |column: &str| row.text(column).map(|text| text.lossy().into_owned());
    Ok(Some(Control {
        system_identifier: row.number::<i64>("system_identifier")?.cast_unsigned(),
        timeline: row.number("timeline")?,
        redo_lsn: string("redo_lsn")?,
        next_xid: string("next_xid")?,
    }))
}
