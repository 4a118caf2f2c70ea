//! TLS of a connection: rustls set up as the configuration says, and the step from a plain socket to an encrypted one.
//!
//! Owns what is trusted. Without a root nothing is checked, as with libpq; which roots there are is decided by `config`,
//! and a way back to plain text is never taken here.

mod binding;
mod name;
mod verifier;

use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use crate::error::Cause;
use crate::pg::config::{Address, ClientCertificate, Host, Roots, Tls, TlsMode, TlsVersions};
use crate::pg::connection::Stream;
use crate::pg::tls::verifier::{Trust, Verifier};
use crate::pg::wire::violation;

/// Everything that is needed to encrypt a connection to one host.
#[derive(Clone)]
pub(crate) struct TlsClient {
    connector: TlsConnector,
    name: ServerName<'static>,
    direct: bool,
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An encrypted stream.
pub(crate) struct Encrypted {
    pub(crate) stream: Box<dyn Stream>,
    /// What binds a SCRAM exchange to it (`tls-server-end-point`), where the server's certificate allows it.
    pub(crate) binding: Option<Vec<u8>>,
}

/// What came of asking for TLS.
pub(crate) enum Offer {
    Encrypted(Encrypted),
    /// The server has no TLS; the stream is as it was.
    Refused(Box<dyn Stream>),
}

impl TlsClient {
    /// Reads the files that the configuration names. `ip` is the address that is connected to.
    pub(crate) fn prepare(tls: &Tls, host: &Host, ip: IpAddr) -> Result<Self, Cause> {
        let name = match &host.address {
            Address::Tcp { name, .. } => name.as_str(),
            Address::Unix(_) => "",
        };
        if name.is_empty() && tls.mode == TlsMode::VerifyFull {
            return Err(violation("sslmode=verify-full needs a host name to check, not only hostaddr"));
        }
        let mut config = client_config(tls, name)?;
        config.enable_sni = !tls.hide_name;
        config.resumption = Resumption::disabled();
        if tls.direct {
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        // A name that DNS would not have is not sent to the server; the verifier checks the one that was written.
        let name = ServerName::try_from(name.to_owned()).unwrap_or_else(|_| ServerName::from(ip));
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name, direct: tls.direct })
    }

    /// Asks the server for TLS, unless it starts at once, and shakes hands.
    pub(crate) async fn encrypt(&self, mut stream: Box<dyn Stream>) -> Result<Offer, Cause> {
        if !self.direct {
            let mut request = BytesMut::new();
            frontend::ssl_request(&mut request);
            stream.write_all(&request).await?;
            stream.flush().await?;
            // Exactly one byte: what follows it unencrypted would be somebody else's.
            match stream.read_u8().await? {
                b'S' => {}
                b'N' => return Ok(Offer::Refused(stream)),
                other => return Err(violation(format!("the server answers {other:#04x} to a request for TLS"))),
            }
        }
        let stream = self.connector.connect(self.name.clone(), stream).await.map_err(handshake)?;
        let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let binding = certificate.and_then(|certificate| binding::end_point(certificate));
        Ok(Offer::Encrypted(Encrypted { stream: Box::new(stream), binding }))
    }
}

/// Beginning of the message of every failed handshake.
pub(crate) const HANDSHAKE_FAILED: &str = "TLS failed: ";

fn handshake(error: std::io::Error) -> Cause {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(inner) => violation(format!("{HANDSHAKE_FAILED}{inner}")),
        None => Cause::Io(error),
    }
}

fn client_config(tls: &Tls, host: &str) -> Result<ClientConfig, Cause> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let versions: &[_] = match tls.versions {
        TlsVersions::All => rustls::ALL_VERSIONS,
        TlsVersions::Only12 => &[&rustls::version::TLS12],
        TlsVersions::Only13 => &[&rustls::version::TLS13],
    };
    let host = (tls.mode == TlsMode::VerifyFull).then(|| host.to_owned());
    let verifier = Verifier { trust: trust(&tls.roots)?, host, algorithms };
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| violation(format!("TLS cannot be set up: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    match &tls.certificate {
        None => Ok(config.with_no_client_auth()),
        Some(certificate) => {
            let (chain, key) = client_certificate(certificate)?;
            config
                .with_client_auth_cert(chain, key)
                .map_err(|error| violation(format!("the client certificate does not fit its key: {error}")))
        }
    }
}

fn trust(roots: &Roots) -> Result<Option<Trust>, Cause> {
    let exact = match roots {
        Roots::None => return Ok(None),
        Roots::System => rustls_native_certs::load_native_certs().certs,
        Roots::File(file) => certificates(file, "root certificate file")?,
    };
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(exact.iter().cloned());
    if store.is_empty() {
        return Err(violation("there is no usable root certificate to check the server's with"));
    }
    let exact = if matches!(roots, Roots::File(_)) { exact } else { Vec::new() };
    Ok(Some(Trust { store, exact }))
}

fn certificates(file: &Path, what: &str) -> Result<Vec<CertificateDer<'static>>, Cause> {
    let unreadable = |error| violation(format!("cannot read {what} {}: {error}", file.display()));
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).map_err(unreadable)?.collect();
    let all = all.map_err(unreadable)?;
    if all.is_empty() {
        return Err(violation(format!("there is no certificate in {what} {}", file.display())));
    }
    Ok(all)
}

fn client_certificate(
    files: &ClientCertificate,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Cause> {
    let chain = certificates(&files.certificate, "client certificate file")?;
    let shown = files.key.display();
    let metadata =
        fs::metadata(&files.key).map_err(|e| violation(format!("cannot read client key file {shown}: {e}")))?;
    // As libpq: nobody else may read it, but for a group that root gave it to.
    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    if metadata.mode() & forbidden != 0 {
        return Err(violation(format!("client key file {shown} can be read by others; run `chmod 600 {shown}`")));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| violation(format!("there is no unencrypted key in client key file {shown}: {error}")))?;
    Ok((chain, key))
}
