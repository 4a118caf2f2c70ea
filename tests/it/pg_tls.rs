//! TLS with real servers: every sslmode with certificates of a real authority, client certificates, channel binding.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use pgkeep::pg::{Config, Session};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};

use crate::harness::{Server, block_on, versions};

const HBA: [&str; 4] = [
    "hostssl all onlytls 127.0.0.1/32 trust",
    "host all onlytls 127.0.0.1/32 reject",
    "hostnossl all onlyplain 127.0.0.1/32 trust",
    "host all onlyplain 127.0.0.1/32 reject",
];

fn params(common_name: &str, names: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

fn authority(common_name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = params(common_name, &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

struct Place {
    server: Server,
    folder: tempfile::TempDir,
}

impl Place {
    /// A server that shows this certificate, and whose clients are signed by that authority.
    fn new(major: u32, certificate: String, key: &KeyPair, clients: Option<String>) -> Self {
        let mut setup = Server::setup(major).set("ssl", "on");
        setup = setup.file("server.crt", certificate).file("server.key", key.serialize_pem());
        if let Some(clients) = clients {
            setup = setup.file("clients.crt", clients).set("ssl_ca_file", "clients.crt");
            setup = setup.hba("hostssl all carol 127.0.0.1/32 cert").hba("host all carol 127.0.0.1/32 reject");
        }
        for line in HBA {
            setup = setup.hba(line);
        }
        let server = setup.hba("host all dora 127.0.0.1/32 scram-sha-256").start();
        server.existing("postgres").psql(
            "CREATE ROLE onlytls LOGIN; CREATE ROLE onlyplain LOGIN; CREATE ROLE carol LOGIN;
             CREATE ROLE dora LOGIN PASSWORD 'pw'",
        );
        Self { server, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    /// Whether the session is encrypted, or why there is none.
    fn connect(&self, host: &str, user: &str, more: &str) -> Result<bool, String> {
        let port = self.server.port();
        let text = format!("host={host} hostaddr=127.0.0.1 port={port} user={user} password=pw dbname=postgres {more}");
        let config = Config::parse(text).map_err(|error| error.to_string())?;
        block_on(async {
            let mut session = Session::connect(&config).await.map_err(|error| format!("{error:?}"))?;
            // Rows through the same stream, and a cancel request that goes the same way.
            let mut copy = session
                .copy_out("COPY (SELECT repeat('x', 1000) FROM generate_series(1, 5000)) TO STDOUT")
                .await
                .unwrap();
            while copy.block().await.unwrap().is_some() {}
            assert_eq!(copy.rows(), Some(5000));
            session.cancel_token().cancel().await.unwrap();
            let rows = session.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").await;
            let rows = match rows {
                Err(error) if error.sqlstate() == Some("57014") => {
                    session.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").await.unwrap()
                }
                rows => rows.unwrap(),
            };
            Ok(rows.one().unwrap().boolean("ssl").unwrap())
        })
    }
}

#[test]
fn modes_with_an_authority() {
    for major in versions() {
        let ca = authority("an authority");
        let key = KeyPair::generate().unwrap();
        let certificate = params("db.example", &["db.example", "*.pool.example"]).signed_by(&key, &ca).unwrap();
        let place = Place::new(major, certificate.pem(), &key, None);
        let root = place.file("root.crt", &ca.pem());
        let wrong = place.file("wrong.crt", &authority("somebody else").pem());
        let connect = |host: &str, user: &str, more: &str| place.connect(host, user, more);

        assert_eq!(connect("db.example", "postgres", "sslmode=disable"), Ok(false));
        assert_eq!(connect("db.example", "postgres", "sslmode=allow"), Ok(false));
        assert_eq!(connect("db.example", "postgres", ""), Ok(true), "prefer is the default");
        assert_eq!(connect("any", "postgres", "sslmode=require"), Ok(true));
        assert_eq!(connect("any", "onlytls", "sslmode=allow"), Ok(true));
        assert_eq!(connect("any", "onlyplain", "sslmode=prefer"), Ok(false));
        assert!(connect("any", "onlytls", "sslmode=disable").unwrap_err().contains("28000"));
        assert!(connect("any", "onlyplain", "sslmode=require").unwrap_err().contains("28000"));

        for (host, mode, roots, good) in [
            ("any", "verify-ca", &root, true),
            ("db.example", "verify-full", &root, true),
            ("a.pool.example", "verify-full", &root, true),
            ("any", "verify-full", &root, false),
            ("a.b.pool.example", "verify-full", &root, false),
            ("127.0.0.1", "verify-full", &root, false),
            ("db.example", "verify-full", &wrong, false),
            ("db.example", "verify-ca", &wrong, false),
            ("db.example", "require", &wrong, false),
            ("any", "require", &root, true),
        ] {
            let found = connect(host, "postgres", &format!("sslmode={mode} sslrootcert={roots}"));
            assert_eq!(found.is_ok(), good, "{host} {mode} {roots}: {found:?}");
            assert!(good || found.unwrap_err().contains("TLS failed"));
        }
        assert!(connect("db.example", "postgres", "sslrootcert=system").is_err(), "the public does not know us");
        for version in ["TLSv1.2", "TLSv1.3"] {
            let only = format!("sslmode=require ssl_min_protocol_version={version} ssl_max_protocol_version={version}");
            assert_eq!(connect("any", "postgres", &only), Ok(true), "{version}");
        }
        let direct = connect("any", "postgres", "sslmode=require sslnegotiation=direct connect_timeout=5");
        assert_eq!(direct.is_ok(), major >= 17, "{direct:?}");
    }
}

#[test]
fn a_server_without_tls() {
    let url = Server::shared(18).existing("postgres").url();
    let connect = |mode: &str| {
        let config = Config::parse(format!("{url}?sslmode={mode}")).unwrap();
        block_on(Session::connect(&config)).map(drop).map_err(|error| format!("{error:?}"))
    };
    assert!(connect("prefer").is_ok());
    assert!(connect("require").unwrap_err().contains("does not offer TLS"));
}

/// The certificate that the documentation of PostgreSQL tells people to make: for itself, and an authority besides.
#[test]
fn the_usual_certificate_that_signs_itself() {
    for names in [&["db.example"][..], &[]] {
        let key = KeyPair::generate().unwrap();
        let mut params = params("db.example", names);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        let place = Place::new(18, pem.clone(), &key, None);
        let own = place.file("own.crt", &pem);
        let mut again = params.clone();
        again.serial_number = Some(7.into());
        let similar = place.file("similar.crt", &again.self_signed(&KeyPair::generate().unwrap()).unwrap().pem());
        for (host, mode, roots, good) in [
            ("db.example", "verify-full", &own, true),
            ("any", "verify-ca", &own, true),
            ("any", "verify-full", &own, false),
            ("db.example", "verify-ca", &similar, false),
        ] {
            let found = place.connect(host, "postgres", &format!("sslmode={mode} sslrootcert={roots}"));
            assert_eq!(found.is_ok(), good, "{host} {mode} {roots}: {found:?}");
        }
    }
}

#[test]
fn an_expired_certificate_is_not_believed() {
    let key = KeyPair::generate().unwrap();
    let mut params = params("db.example", &["db.example"]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let pem = params.self_signed(&key).unwrap().pem();
    let place = Place::new(18, pem.clone(), &key, None);
    let own = place.file("own.crt", &pem);
    let error = place.connect("db.example", "postgres", &format!("sslmode=verify-ca sslrootcert={own}")).unwrap_err();
    assert!(error.contains("Expired"), "{error}");
}

#[test]
fn certificates_of_clients() {
    for major in versions() {
        let ca = authority("an authority");
        let key = KeyPair::generate().unwrap();
        let mut server = params("db.example", &[]);
        server.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
        let place = Place::new(major, server.signed_by(&key, &ca).unwrap().pem(), &key, Some(ca.pem()));
        let client_key = KeyPair::generate().unwrap();
        let certificate = params("carol", &[]).signed_by(&client_key, &ca).unwrap();
        let (crt, key) = (place.file("c.crt", &certificate.pem()), place.file("c.key", &client_key.serialize_pem()));
        let root = place.file("root.crt", &ca.pem());
        let with = format!("sslmode=verify-full sslrootcert={root} sslcert={crt} sslkey={key}");
        assert_eq!(place.connect("127.0.0.1", "carol", &with), Ok(true));
        assert!(place.connect("127.0.0.1", "carol", &format!("{with} sslcertmode=disable")).is_err());
        assert!(place.connect("127.0.0.1", "carol", "sslmode=require").is_err());
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let error = place.connect("127.0.0.1", "carol", &with).unwrap_err();
        assert!(error.contains("chmod 600"), "{error}");
    }
}

#[test]
fn passwords_are_bound_to_the_channel() {
    for major in versions() {
        for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384] {
            let key = KeyPair::generate_for(algorithm).unwrap();
            let place = Place::new(major, params("db", &[]).self_signed(&key).unwrap().pem(), &key, None);
            for (user, more, good) in [
                ("dora", "sslmode=require channel_binding=require", true),
                ("dora", "sslmode=require channel_binding=prefer", true),
                ("dora", "sslmode=require channel_binding=disable", true),
                ("dora", "sslmode=disable channel_binding=prefer", true),
                ("dora", "sslmode=disable channel_binding=require", false),
                ("postgres", "sslmode=require channel_binding=require", false),
            ] {
                let found = place.connect("db", user, more);
                assert_eq!(found.is_ok(), good, "{user} {more}: {found:?}");
            }
        }
    }
}
