//! The keywords of libpq: which we honour, which we accept without need, and which we refuse.
//!
//! Owns [`Settings`], what one source (a connection string, a service, the environment) says. Values stay bytes.
//! Source of the list: "Parameter Key Words" of the PostgreSQL 18 documentation, and names that older versions had.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::text::Text;

/// Every keyword that may be written, with the environment variable that stands for it.
pub(super) const KEYWORDS: &[(&str, &str)] = &[
    ("application_name", "PGAPPNAME"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("client_encoding", "PGCLIENTENCODING"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("dbname", "PGDATABASE"),
    ("fallback_application_name", ""),
    ("gssdelegation", "PGGSSDELEGATION"),
    ("gssencmode", "PGGSSENCMODE"),
    ("gsslib", "PGGSSLIB"),
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("keepalives", ""),
    ("keepalives_count", ""),
    ("keepalives_idle", ""),
    ("keepalives_interval", ""),
    ("krbsrvname", "PGKRBSRVNAME"),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    ("max_protocol_version", "PGMAXPROTOCOLVERSION"),
    ("min_protocol_version", "PGMINPROTOCOLVERSION"),
    ("oauth_client_id", ""),
    ("oauth_client_secret", ""),
    ("oauth_issuer", ""),
    ("oauth_scope", ""),
    ("options", "PGOPTIONS"),
    ("passfile", "PGPASSFILE"),
    ("password", "PGPASSWORD"),
    ("port", "PGPORT"),
    ("replication", ""),
    ("require_auth", "PGREQUIREAUTH"),
    ("requirepeer", "PGREQUIREPEER"),
    ("scram_client_key", ""),
    ("scram_server_key", ""),
    ("service", "PGSERVICE"),
    ("servicefile", ""),
    ("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    ("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    ("sslcert", "PGSSLCERT"),
    ("sslcertmode", "PGSSLCERTMODE"),
    ("sslcompression", "PGSSLCOMPRESSION"),
    ("sslcrl", "PGSSLCRL"),
    ("sslcrldir", "PGSSLCRLDIR"),
    ("sslkey", "PGSSLKEY"),
    ("sslkeylogfile", ""),
    ("sslmode", "PGSSLMODE"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("sslpassword", ""),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslsni", "PGSSLSNI"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("tcp_user_timeout", ""),
    ("user", "PGUSER"),
    // Obsolete, without effect in libpq itself.
    ("authtype", ""),
    ("tty", ""),
];

/// Keywords whose request we cannot grant and must not ignore: these values are harmless, others are refused.
const REFUSED: &[(&str, &[&str], &str)] = &[
    ("gssencmode", &["disable", "prefer"], "GSSAPI encryption is not supported; use TLS (sslmode=verify-full)"),
    ("requirepeer", &[], "the owner of a socket cannot be checked; connect over TLS with sslmode=verify-full instead"),
    ("sslcrl", &[], "revocation lists are not supported; trust only what is in sslrootcert"),
    ("sslcrldir", &[], "revocation lists are not supported; trust only what is in sslrootcert"),
    ("sslpassword", &[], "encrypted client keys are not supported; decrypt it with `openssl pkey`"),
    ("sslkeylogfile", &[], "TLS keys are never written down"),
    ("scram_client_key", &[], "give the password instead"),
    ("scram_server_key", &[], "give the password instead"),
    ("replication", &["false", "off", "no", "0"], "a dump needs an ordinary connection"),
    ("min_protocol_version", &["3.0"], "pgkeep speaks protocol 3.0"),
];

/// What one source says; a keyword that is present with an empty value asks for the default.
#[derive(Clone, Default)]
pub(super) struct Settings(BTreeMap<&'static str, Text>);

impl Settings {
    /// Sets a keyword; `source` says where it stands, for people.
    pub(super) fn set(&mut self, keyword: &[u8], value: impl Into<Text>, source: &str) -> Result<()> {
        let Some((known, _)) = KEYWORDS.iter().find(|(known, _)| known.as_bytes() == keyword) else {
            let keyword = Text::from(keyword);
            return Err(Error::Usage {
                message: format!("{source} has the unknown connection parameter {keyword:?}"),
                hint: Some("the parameters are those of libpq: host, port, dbname, user, sslmode, ..".into()),
            });
        };
        let value = value.into();
        if value.as_bytes().contains(&0) {
            return Err(Error::usage(format!("the value of {known} in {source} contains a NUL byte")));
        }
        self.0.insert(known, value);
        Ok(())
    }

    /// Takes over what is not set here yet.
    pub(super) fn complete_with(&mut self, other: Settings) {
        for (keyword, value) in other.0 {
            self.0.entry(keyword).or_insert(value);
        }
    }

    /// Takes over everything that the other sets.
    pub(super) fn override_with(&mut self, other: Settings) {
        self.0.extend(other.0);
    }

    /// Whether somebody set it, empty or not.
    pub(super) fn names(&self, keyword: &str) -> bool {
        self.0.contains_key(keyword)
    }

    /// The value, unless empty.
    pub(super) fn text(&self, keyword: &str) -> Option<&Text> {
        debug_assert!(KEYWORDS.iter().any(|(known, _)| *known == keyword), "{keyword} is a keyword");
        self.0.get(keyword).filter(|value| !value.is_empty())
    }

    /// The value, unless empty, which must be UTF-8.
    pub(super) fn get(&self, keyword: &str) -> Result<Option<&str>> {
        let Some(value) = self.text(keyword) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| invalid(keyword, value))
    }

    /// One of these words.
    pub(super) fn choice<T: Copy>(&self, keyword: &str, choices: &[(&str, T)]) -> Result<Option<T>> {
        let Some(value) = self.get(keyword)? else { return Ok(None) };
        match choices.iter().find(|(word, _)| *word == value) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
                Err(Error::Usage {
                    message: format!("{value:?} is no value of the connection parameter {keyword}"),
                    hint: Some(format!("it can be {}", words.join(", "))),
                })
            }
        }
    }

    /// Refuses what would be unsafe to ignore.
    pub(super) fn check(&self) -> Result<()> {
        for (keyword, harmless, hint) in REFUSED {
            if let Some(value) = self.text(keyword)
                && !harmless.iter().any(|harmless| *value == **harmless)
            {
                return Err(Error::unsupported(
                    format!("the connection parameter {keyword} cannot be honoured"),
                    *hint,
                ));
            }
        }
        Ok(())
    }
}

/// An error that shows the value; never for passwords.
pub(super) fn invalid(keyword: &str, value: impl std::fmt::Display) -> Error {
    Error::usage(format!("\"{value}\" is no value of the connection parameter {keyword}"))
}
