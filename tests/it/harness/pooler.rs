//! PgBouncer in transaction mode before a test server.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::keeper::Keeper;
use super::programs::installed;
use super::server::{SUPERUSER, Server, free_port};

/// A running PgBouncer.
pub(crate) struct Pooler {
    keeper: Keeper,
    port: u16,
}

impl Pooler {
    /// Starts one that gives each database at most `connections` server connections.
    pub(crate) fn start(server: &Server, connections: u32) -> Pooler {
        let pgbouncer = installed("pgbouncer", "pgbouncer");
        let start = format!("'{}' -q \"$dir/pgbouncer.ini\"", pgbouncer.display());
        let keeper = Keeper::new("pooler", ":", &start);
        keeper.write("users", format!("\"{SUPERUSER}\" \"\"\n"));
        for _ in 0..10 {
            let port = free_port();
            keeper.write("pgbouncer.ini", configuration(server, &keeper, port, connections));
            let pid = keeper.start("");
            let until = Instant::now() + Duration::from_secs(20);
            while keeper.runs(pid) && Instant::now() < until {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Pooler { keeper, port };
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
        panic!("PgBouncer does not start: {}", keeper.log());
    }

    /// Where to reach this database through the pooler.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgresql://{SUPERUSER}@127.0.0.1:{}/{database}", self.port)
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        self.keeper.log()
    }
}

fn configuration(server: &Server, keeper: &Keeper, port: u16, connections: u32) -> String {
    let (folder, host, server_port) = (keeper.folder().display(), server.host(), server.port());
    format!(
        "[databases]\n* = host={host} port={server_port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         unix_socket_dir =\nauth_type = trust\nauth_file = {folder}/users\npool_mode = transaction\n\
         default_pool_size = {connections}\nserver_reset_query_always = 0\n"
    )
}
