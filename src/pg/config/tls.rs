//! What a connection string says about encryption, and where the certificates are.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::keywords::{Settings, invalid};
use crate::error::{Error, Result};

/// How connections are encrypted and whom they trust.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// When to encrypt, and what to check.
    pub mode: TlsMode,
    /// Whether TLS starts at once instead of being asked for (`sslnegotiation=direct`, servers 17+).
    pub direct: bool,
    /// Whose certificates are trusted. With a file, certificates are checked whenever TLS is used.
    pub roots: Roots,
    /// What to show the server if it asks who we are.
    pub certificate: Option<ClientCertificate>,
    /// Not to tell the server's name in clear while TLS starts (`sslsni=0`).
    pub hide_name: bool,
    /// Versions of TLS to offer.
    pub versions: TlsVersions,
}

/// libpq's `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsMode {
    /// Never encrypt.
    Disable,
    /// Encrypt only where the server refuses anything else.
    Allow,
    /// Encrypt where the server can.
    #[default]
    Prefer,
    /// Always encrypt.
    Require,
    /// And the server's certificate is signed by a trusted root.
    VerifyCa,
    /// And it is for the host that was asked for.
    VerifyFull,
}

/// Whose certificates are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Roots {
    /// Nobody says: certificates are not checked.
    #[default]
    None,
    /// Certificates in this PEM file.
    File(PathBuf),
    /// What the operating system trusts (`sslrootcert=system`).
    System,
}

/// A certificate for ourselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// PEM file with it and, after it, those that lead to a root.
    pub certificate: PathBuf,
    /// PEM file with its key, which nobody else may read.
    pub key: PathBuf,
}

/// Versions of TLS to offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersions {
    /// 1.2 and 1.3.
    #[default]
    All,
    /// Only 1.2.
    Only12,
    /// Only 1.3.
    Only13,
}

/// Whether a SCRAM exchange is bound to the TLS connection, so that nobody can sit between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where the server can.
    #[default]
    Prefer,
    /// Always; without it the server is not let in on anything.
    Require,
}

impl Tls {
    /// What the settings say; `network` is whether any host is not a Unix socket.
    pub(super) fn resolve(
        settings: &Settings,
        environment: &Environment<'_>,
        network: bool,
        warnings: &mut Vec<String>,
    ) -> Result<Self> {
        let mode = mode(settings)?;
        let direct = settings.choice("sslnegotiation", &[("postgres", false), ("direct", true)])?.unwrap_or_default();
        if direct && mode < TlsMode::Require {
            return Err(Error::Usage {
                message: "sslnegotiation=direct needs encryption".into(),
                hint: Some("add sslmode=require, or better sslmode=verify-full".into()),
            });
        }
        let roots = roots(settings, environment, mode, network, warnings)?;
        let hide_name = settings.choice("sslsni", &[("1", false), ("0", true)])?.unwrap_or_default();
        let certificate = certificate(settings, environment)?;
        Ok(Self { mode, direct, roots, certificate, hide_name, versions: versions(settings)? })
    }
}

fn mode(settings: &Settings) -> Result<TlsMode> {
    let modes = [
        ("disable", TlsMode::Disable),
        ("allow", TlsMode::Allow),
        ("prefer", TlsMode::Prefer),
        ("require", TlsMode::Require),
        ("verify-ca", TlsMode::VerifyCa),
        ("verify-full", TlsMode::VerifyFull),
    ];
    let mode = settings.choice("sslmode", &modes)?;
    match settings.get("sslrootcert")? {
        Some("system") if mode.is_some_and(|mode| mode != TlsMode::VerifyFull) => Err(Error::Usage {
            message: "sslrootcert=system trusts every public authority, so the name must be checked too".into(),
            hint: Some("use sslmode=verify-full".into()),
        }),
        Some("system") => Ok(TlsMode::VerifyFull),
        _ => Ok(mode.unwrap_or_default()),
    }
}

fn roots(
    settings: &Settings,
    environment: &Environment<'_>,
    mode: TlsMode,
    network: bool,
    warnings: &mut Vec<String>,
) -> Result<Roots> {
    let home = |name: &str| environment.home.as_ref().map(|home| home.join(".postgresql").join(name));
    let wanted = network && mode != TlsMode::Disable;
    let file = match settings.get("sslrootcert")? {
        Some("system") => return Ok(Roots::System),
        Some(file) if wanted && !Path::new(file).exists() => {
            return Err(Error::usage(format!("root certificate file {file} does not exist")));
        }
        Some(file) => Some(PathBuf::from(file)),
        None => home("root.crt").filter(|file| file.exists()),
    };
    if let Some(list) = home("root.crl").filter(|list| wanted && file.is_some() && list.exists()) {
        warnings.push(format!("{} is not used: revocation lists are not supported", list.display()));
    }
    match file {
        Some(file) => Ok(Roots::File(file)),
        None if wanted && mode >= TlsMode::VerifyCa => Err(Error::Usage {
            message: "there is no root certificate to verify the server's with".into(),
            hint: Some("set sslrootcert to a file of trusted certificates, or to system for the public ones".into()),
        }),
        None => Ok(Roots::None),
    }
}

fn certificate(settings: &Settings, environment: &Environment<'_>) -> Result<Option<ClientCertificate>> {
    let home = environment.home.as_ref().map(|home| home.join(".postgresql"));
    let modes = [("disable", None), ("allow", Some(false)), ("require", Some(true))];
    let Some(required) = settings.choice("sslcertmode", &modes)?.unwrap_or(Some(false)) else { return Ok(None) };
    let certificate = match settings.get("sslcert")? {
        Some(file) => Some(PathBuf::from(file)),
        None => home.as_ref().map(|home| home.join("postgresql.crt")).filter(|file| file.exists()),
    };
    let Some(certificate) = certificate else {
        return match required {
            true => Err(Error::usage("sslcertmode=require, but there is no client certificate; set sslcert")),
            false => Ok(None),
        };
    };
    let key = settings.get("sslkey")?.map(PathBuf::from).or_else(|| home.map(|home| home.join("postgresql.key")));
    match key {
        Some(key) => Ok(Some(ClientCertificate { certificate, key })),
        None => Err(Error::usage("there is a client certificate but no key for it; set sslkey")),
    }
}

fn versions(settings: &Settings) -> Result<TlsVersions> {
    let number =
        |keyword| settings.choice(keyword, &[("TLSv1", 10), ("TLSv1.1", 11), ("TLSv1.2", 12), ("TLSv1.3", 13)]);
    let (min, max) = (number("ssl_min_protocol_version")?, number("ssl_max_protocol_version")?);
    match (min.unwrap_or(12).max(12), max.unwrap_or(13)) {
        (12, 13) => Ok(TlsVersions::All),
        (12, 12) => Ok(TlsVersions::Only12),
        (13, 13) => Ok(TlsVersions::Only13),
        (_, 10 | 11) => {
            Err(Error::unsupported("TLS before 1.2 is not supported", "set ssl_max_protocol_version=TLSv1.2"))
        }
        (min, max) => Err(invalid("ssl_max_protocol_version", format!("{max} below {min}"))),
    }
}
