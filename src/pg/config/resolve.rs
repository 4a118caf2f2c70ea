//! From everything that may name a server to one [`Config`], in libpq's order: what is given, the service, the
//! variables, the defaults.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::conninfo;
use super::environment::Environment;
use super::keywords::{Settings, invalid};
use super::passfile::Passwords;
use super::service;
use super::{
    Address, ChannelBinding, Config, DEFAULT_CONNECT_TIMEOUT, DEFAULT_PORT, Host, Methods, Password, Target, Tls,
};
use crate::error::{Error, Result};
use crate::limits::STALL_TOLD;
use crate::text::Text;

/// Where servers put their sockets: Debian's and Red Hat's folder, then the one of PostgreSQL itself.
pub(super) const SOCKET_FOLDERS: [&str; 3] = ["/var/run/postgresql", "/run/postgresql", "/tmp"];

/// What was given on a command line. Debug shows nothing of the database, which may be a URL with a password.
#[derive(Clone, Default)]
pub struct Given {
    /// `-h`: host, address or folder of a socket, or several with commas.
    pub host: Option<Text>,
    /// `-p`: port, or several with commas.
    pub port: Option<Text>,
    /// `-U`: role.
    pub user: Option<Text>,
    /// `-d`: database, connection string or URL. As in pg_dump, what a connection string says wins over the others.
    pub database: Option<Text>,
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, user, database: _ } = self;
        f.debug_struct("Given").field("host", host).field("port", port).field("user", user).finish_non_exhaustive()
    }
}

impl Config {
    /// A connection string or URL alone, without any environment; it must name the user.
    ///
    /// # Errors
    ///
    /// As [`Config::resolve`].
    pub fn parse(text: impl Into<Text>) -> Result<Config> {
        let given = Given { database: Some(text.into()), ..Given::default() };
        Self::resolve(&given, &Environment::empty())
    }

    /// What is given, completed by the environment as libpq does it. `DATABASE_URL` counts where nothing else names a
    /// host, a database or a service.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] on unknown parameters and impossible values; [`Error::Unsupported`] on parameters that cannot be
    /// honoured and would be dangerous to ignore. No error shows a password.
    pub fn resolve(given: &Given, environment: &Environment<'_>) -> Result<Config> {
        let mut settings = explicit(given)?;
        let variables = environment.settings()?;
        let named = |of: &Settings| ["host", "hostaddr", "dbname", "service"].iter().any(|word| of.names(word));
        if !named(&settings)
            && !named(&variables)
            && let Some(url) = environment.bytes("DATABASE_URL")
        {
            if !conninfo::is_connection_string(&url) {
                return Err(Error::usage("DATABASE_URL is not a PostgreSQL URL"));
            }
            settings.complete_with(conninfo::parse(&url)?);
        }
        let service = settings.get("service")?.or(variables.get("service")?).map(str::to_owned);
        if let Some(service) = service {
            settings.complete_with(service::find(&service, settings.get("servicefile")?, environment)?);
        }
        settings.complete_with(variables);
        settings.check()?;
        config(&settings, environment)
    }
}

fn explicit(given: &Given) -> Result<Settings> {
    let mut settings = Settings::default();
    for (keyword, value) in [("host", &given.host), ("port", &given.port), ("user", &given.user)] {
        if let Some(value) = value {
            settings.set(keyword.as_bytes(), value.clone(), "the command line")?;
        }
    }
    match &given.database {
        Some(text) if conninfo::is_connection_string(text.as_bytes()) => {
            settings.override_with(conninfo::parse(text.as_bytes())?);
        }
        Some(name) => settings.set(b"dbname", name.clone(), "the command line")?,
        None => {}
    }
    Ok(settings)
}

fn config(settings: &Settings, environment: &Environment<'_>) -> Result<Config> {
    let user = settings.text("user").cloned().or_else(|| environment.user.as_deref().map(Text::from));
    let Some(user) = user else {
        return Err(Error::Usage {
            message: "no role is named to log in as".into(),
            hint: Some("give -U, or user= in the connection string".into()),
        });
    };
    let mut warnings = Vec::new();
    let hosts = hosts(settings)?;
    let password = settings.text("password").map(|password| Password::from(password.as_bytes()));
    let passwords = match &password {
        Some(_) => Passwords::default(),
        None => passwords(settings, environment, &mut warnings)?,
    };
    let network = hosts.iter().any(|host| matches!(host.address, Address::Tcp { .. }));
    let name = settings.text("application_name").or(settings.text("fallback_application_name"));
    Ok(Config {
        database: settings.text("dbname").unwrap_or(&user).clone(),
        tls: Tls::resolve(settings, environment, network, &mut warnings)?,
        application_name: name.cloned().unwrap_or_else(|| "pgkeep".into()),
        options: settings.text("options").cloned(),
        connect_timeout: connect_timeout(settings)?,
        stall_timeout: None,
        stall_told: STALL_TOLD,
        channel_binding: channel_binding(settings)?,
        methods: methods(settings)?,
        target: target(settings)?,
        hosts,
        user,
        password,
        passwords,
        warnings,
    })
}

fn passwords(settings: &Settings, environment: &Environment<'_>, warnings: &mut Vec<String>) -> Result<Passwords> {
    let file = settings.get("passfile")?.map(PathBuf::from);
    let Some(file) = file.or_else(|| environment.home.as_ref().map(|home| home.join(".pgpass"))) else {
        return Ok(Passwords::default());
    };
    let (passwords, why) = Passwords::read(&file);
    warnings.extend(why);
    Ok(passwords)
}

/// The lists `host`, `hostaddr` and `port` side by side.
fn hosts(settings: &Settings) -> Result<Vec<Host>> {
    let list = |keyword| -> Result<Vec<&str>> { Ok(settings.get(keyword)?.map_or(vec![], |v| v.split(',').collect())) };
    let (names, ips, ports) = (list("host")?, list("hostaddr")?, list("port")?);
    let count = names.len().max(ips.len()).max(1);
    if !names.is_empty() && !ips.is_empty() && names.len() != ips.len() {
        return Err(Error::usage(format!("{} host names were given for {} addresses", names.len(), ips.len())));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(Error::usage(format!("{} ports were given for {count} hosts", ports.len())));
    }
    let mut hosts = Vec::with_capacity(count);
    for at in 0..count {
        let port = port(ports.get(at).or(ports.first()).copied().unwrap_or_default())?;
        let name = names.get(at).copied().unwrap_or_default();
        let ip = ips.get(at).copied().filter(|ip| !ip.is_empty());
        let ip = ip.map(|ip| ip.parse().map_err(|_| invalid("hostaddr", ip))).transpose()?;
        let address = match (name, ip) {
            (name, Some(_)) => Address::Tcp { name: name.into(), ip },
            ("", None) => local(port),
            (name, None) if name.starts_with('/') => Address::Unix(name.into()),
            (name, None) if name.starts_with('@') => {
                return Err(Error::unsupported("sockets in the abstract namespace are not supported", "use a folder"));
            }
            (name, None) => Address::Tcp { name: name.into(), ip: None },
        };
        hosts.push(Host { address, port });
    }
    Ok(hosts)
}

fn port(text: &str) -> Result<u16> {
    match text.trim() {
        "" => Ok(DEFAULT_PORT),
        // It is not shown: after `user:pa/ss@host` it would be half a password.
        text => text.parse().ok().filter(|port| *port > 0).ok_or_else(|| Error::Usage {
            message: "the port of a server is not a number from 1 to 65535".into(),
            hint: Some("in a URL a / in a password is written %2F, a : in a host goes into [ ]".into()),
        }),
    }
}

/// The server on this machine: through its socket if there is one, else over loopback.
fn local(port: u16) -> Address {
    let socket = SOCKET_FOLDERS.iter().find(|folder| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists());
    match socket {
        Some(folder) => Address::Unix(folder.into()),
        None => Address::Tcp { name: "localhost".into(), ip: None },
    }
}

fn connect_timeout(settings: &Settings) -> Result<Option<Duration>> {
    let Some(text) = settings.get("connect_timeout")? else { return Ok(Some(DEFAULT_CONNECT_TIMEOUT)) };
    let seconds: i32 = text.trim().parse().map_err(|_| invalid("connect_timeout", text))?;
    Ok(u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs))
}

fn channel_binding(settings: &Settings) -> Result<ChannelBinding> {
    use ChannelBinding::{Disable, Prefer, Require};
    let choices = [("disable", Disable), ("prefer", Prefer), ("require", Require)];
    Ok(settings.choice("channel_binding", &choices)?.unwrap_or_default())
}

fn target(settings: &Settings) -> Result<Target> {
    let choices = [
        ("any", Target::Any),
        ("read-write", Target::ReadWrite),
        ("read-only", Target::ReadOnly),
        ("primary", Target::Primary),
        ("standby", Target::Standby),
        ("prefer-standby", Target::PreferStandby),
    ];
    Ok(settings.choice("target_session_attrs", &choices)?.unwrap_or_default())
}

/// `scram-sha-256,md5`, or with ! before each what is not wanted.
fn methods(settings: &Settings) -> Result<Methods> {
    let Some(text) = settings.get("require_auth")? else { return Ok(Methods::default()) };
    let negative = text.trim_start().starts_with('!');
    let mut methods = Methods { none: negative, password: negative, md5: negative, scram: negative };
    for word in text.split(',').map(str::trim) {
        let bare = word.strip_prefix('!').unwrap_or(word);
        if word.starts_with('!') != negative {
            return Err(Error::usage("require_auth names methods either with ! or without, not both"));
        }
        match bare {
            "none" => methods.none = !negative,
            "password" => methods.password = !negative,
            "md5" => methods.md5 = !negative,
            "scram-sha-256" => methods.scram = !negative,
            "gss" | "sspi" | "oauth" => {}
            _ => return Err(invalid("require_auth", bare)),
        }
    }
    Ok(methods)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::ffi::OsString;

    use super::*;
    use crate::pg::config::{Roots, TlsMode};

    fn resolve(given: &Given, variables: &[(&str, &str)], home: Option<&Path>) -> Result<Config> {
        let variables: HashMap<_, _> = variables.iter().map(|(name, value)| (*name, OsString::from(value))).collect();
        let variable = |name: &str| variables.get(name).cloned();
        let home = home.map(Path::to_owned);
        Config::resolve(given, &Environment { variable: &variable, home, user: Some("ann".into()) })
    }

    fn with(database: &str, variables: &[(&str, &str)]) -> Config {
        let given = Given { database: Some(database.into()), ..Given::default() };
        resolve(&given, variables, None).unwrap()
    }

    #[test]
    fn defaults_follow_the_user() {
        let config = resolve(&Given::default(), &[], None).unwrap();
        assert_eq!((config.user, config.database), ("ann".into(), "ann".into()));
        let config = with("user=bob host=h", &[]);
        assert_eq!((config.database, config.hosts), ("bob".into(), vec![Host::tcp("h", 5432)]));
        assert_eq!(config.tls.mode, TlsMode::Prefer);
        assert!(Config::parse("host=h").is_err(), "nobody names a role");
    }

    #[test]
    fn what_is_given_wins_over_variables() {
        let variables =
            [("PGHOST", "env"), ("PGPORT", "7"), ("PGUSER", "eve"), ("PGDATABASE", "envdb"), ("PGPASSWORD", "p")];
        let config = with("shop", &variables);
        assert_eq!(config.hosts, [Host::tcp("env", 7)]);
        assert_eq!((config.user, config.database, config.password), ("eve".into(), "shop".into(), Some("p".into())));
        let config = with("postgres://h:8/d", &variables);
        assert_eq!((config.hosts, config.database), (vec![Host::tcp("h", 8)], "d".into()));
        let given = Given {
            host: Some("flag".into()),
            port: Some("9".into()),
            database: Some("host=string".into()),
            user: None,
        };
        assert_eq!(resolve(&given, &variables, None).unwrap().hosts, [Host::tcp("string", 9)]);
    }

    #[test]
    fn database_url_is_the_last_resort() {
        let url = ("DATABASE_URL", "postgres://bob:pw@h:8/shop?sslmode=require");
        let config = resolve(&Given { user: Some("flag".into()), ..Given::default() }, &[url], None).unwrap();
        assert_eq!(
            (config.hosts, config.user, config.database),
            (vec![Host::tcp("h", 8)], "flag".into(), "shop".into())
        );
        assert_eq!(config.tls.mode, TlsMode::Require);
        assert_eq!(with("other", &[url]).database, "other");
        assert_ne!(
            resolve(&Given::default(), &[url, ("PGDATABASE", "env")], None).unwrap().hosts[0],
            Host::tcp("h", 8)
        );
        let error = resolve(&Given::default(), &[("DATABASE_URL", "mysql://root:pw@h/d")], None).unwrap_err();
        assert!(!error.to_string().contains("pw"));
    }

    #[test]
    fn no_error_shows_a_password() {
        for text in
            ["postgres://u:s3cr/et@h/d", "postgres://u:s3cret%@h/d", "password=it is s3cret user=u", "password='s3cret"]
        {
            let given = Given { database: Some(text.into()), ..Given::default() };
            let error = Config::parse(text).unwrap_err();
            assert!(!format!("{given:?} {error} {error:?}").contains("s3cr"), "{error:?}");
        }
    }

    #[test]
    fn lists_of_hosts() {
        let config = with("host=a,/run/pg,::1 port=1,2,3 user=u", &[]);
        assert_eq!(config.hosts, [Host::tcp("a", 1), Host::unix("/run/pg", 2), Host::tcp("::1", 3)]);
        let config = with("host=a,b port=7 hostaddr=10.0.0.1,10.0.0.2", &[]);
        let ip = "10.0.0.2".parse().ok();
        assert_eq!(config.hosts[1], Host { address: Address::Tcp { name: "b".into(), ip }, port: 7 });
        for bad in ["host=a,b port=1,2,3", "host=a,b hostaddr=10.0.0.1", "port=0", "port=x", "hostaddr=h", "port=70000"]
        {
            assert!(Config::parse(format!("user=u {bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_rest_of_the_parameters() {
        let config = with("connect_timeout=7 application_name=x options='-c a=b' channel_binding=require", &[]);
        assert_eq!(config.connect_timeout, Some(Duration::from_secs(7)));
        assert_eq!((config.application_name, config.options), ("x".into(), Some("-c a=b".into())));
        assert_eq!(config.channel_binding, ChannelBinding::Require);
        assert_eq!(with("connect_timeout=0", &[]).connect_timeout, None);
        assert_eq!(with("target_session_attrs=standby", &[]).target, Target::Standby);
        let methods = with("require_auth=!password,!none", &[]).methods;
        assert_eq!(methods, Methods { none: false, password: false, md5: true, scram: true });
        let methods = with("x", &[("PGREQUIREAUTH", "scram-sha-256")]).methods;
        assert_eq!(methods, Methods { none: false, password: false, md5: false, scram: true });
        assert!(Config::parse("user=u require_auth=md5,!none").is_err());
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        for bad in ["gssencmode=require", "sslcrl=/x", "requirepeer=root", "replication=database", "sslkeylogfile=/x"] {
            let error = Config::parse(format!("user=u {bad}")).unwrap_err();
            assert!(matches!(error, Error::Unsupported { .. }), "{bad}");
            let keyword = bad.split('=').next().unwrap();
            assert!(error.to_string().contains(keyword), "{error}");
        }
        for good in
            ["gssencmode=prefer", "krbsrvname=x", "keepalives=0", "sslcompression=1", "replication=false", "sslcrl="]
        {
            assert!(Config::parse(format!("user=u host=h {good}")).is_ok(), "{good}");
        }
    }

    #[test]
    fn modes_of_encryption() {
        let parse = |text: &str| Config::parse(format!("user=u host=h {text}"));
        assert!(parse("sslmode=verify-full").is_err(), "nobody says whom to trust");
        assert!(parse("sslmode=verify-ca sslrootcert=/nowhere.crt").is_err());
        assert!(parse("sslmode=require sslrootcert=/nowhere.crt").is_err());
        assert!(parse("sslmode=disable sslrootcert=/nowhere.crt").is_ok());
        let system = parse("sslrootcert=system").unwrap().tls;
        assert_eq!((system.mode, system.roots), (TlsMode::VerifyFull, Roots::System));
        assert!(parse("sslrootcert=system sslmode=require").is_err());
        assert!(parse("sslnegotiation=direct").is_err());
        assert!(parse("sslnegotiation=direct sslmode=require").unwrap().tls.direct);
        assert!(parse("sslmode=verify_full").unwrap_err().hint().unwrap().contains("verify-full"));
        assert!(parse("ssl_max_protocol_version=TLSv1.1").is_err());
    }

    #[test]
    fn files_in_the_home_directory() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            let path = home.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        };
        write(".pgpass", "h:5432:shop:ann:from file\n");
        write(".pg_service.conf", "[s]\nhost=h\ndbname=shop\n");
        write(".postgresql/root.crt", "");
        write(".postgresql/postgresql.crt", "");
        let given = Given { database: Some("service=s".into()), ..Given::default() };
        let config = resolve(&given, &[("PGHOST", "env"), ("PGSYSCONFDIR", "/nowhere")], Some(home.path())).unwrap();
        assert_eq!(config.hosts, [Host::tcp("h", 5432)]);
        assert_eq!(config.password_for(&config.hosts[0]), Some(&"from file".into()));
        assert_eq!(config.with_database("other").password_for(&config.hosts[0]), None);
        assert_eq!(config.tls.roots, Roots::File(home.path().join(".postgresql/root.crt")));
        assert!(config.tls.certificate.is_some());
        let missing = Given { database: Some("service=t".into()), ..Given::default() };
        assert!(
            resolve(&missing, &[("PGSYSCONFDIR", "/nowhere")], Some(home.path()))
                .unwrap_err()
                .to_string()
                .contains("\"t\"")
        );
    }
}
