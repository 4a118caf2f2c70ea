//! Runs a program for the tests so that nothing of it stays behind, not even after `kill -9` of the test process.
//!
//! Statics are never dropped, and a parent-death signal fires when a thread ends; so a small shell (`keeper.sh`) holds
//! a pipe to the test process. As root the shell and its program run as an ordinary user.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::programs::{scratch_of_servers, uid};

/// `nobody`: servers refuse to run as root.
const ORDINARY_USER: u32 = 65534;

/// One kept program.
pub(crate) struct Keeper {
    folder: PathBuf,
    shell: Mutex<Shell>,
}

struct Shell {
    child: Child,
    /// Closed to make the shell clean up.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Keeper {
    /// Makes a folder and runs `prepare` in it. Both fragments of shell see `$dir`; `start` also `$argument`.
    pub(crate) fn new(name: &str, prepare: &str, start: &str) -> Keeper {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = scratch_of_servers().join(format!("pgkeep-{name}-{}-{number}", process::id()));
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", include_str!("keeper.sh"), "keeper"]).arg(&folder).args([prepare, start]);
        shell.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8").current_dir("/");
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // Out of the terminal's foreground group: Ctrl-C ends the tests, and their end closes the pipe.
        shell.process_group(0);
        if uid() == 0 {
            shell.uid(ORDINARY_USER).gid(ORDINARY_USER);
        }
        let mut child = shell.spawn().expect("/bin/sh can be run");
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
        let keeper = Keeper { folder, shell: Mutex::new(Shell { child, orders, answers }) };
        let answer = keeper.order("");
        assert_eq!(answer, "prepared", "cannot prepare {name}: {}", keeper.log());
        keeper
    }

    /// The folder that goes away with this value.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the program has written so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("log")).unwrap_or_default()).into_owned()
    }

    /// Starts the program and returns its process id.
    pub(crate) fn start(&self, argument: &str) -> u32 {
        self.order(&format!("start {argument}")).parse().expect("the keeper answers with a process id")
    }

    /// Stops the program by this signal and waits for its end.
    pub(crate) fn stop(&self, signal: &str) {
        self.order(&format!("stop {signal}"));
    }

    /// Whether the process that `start` returned still runs.
    pub(crate) fn runs(&self, pid: u32) -> bool {
        let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        state.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
    }

    /// Writes a file into the folder, readable only to the user that the program runs as.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.folder.join(path);
        fs::write(&path, bytes).expect("a file in an own folder");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("mode of an own file");
        let owner = fs::metadata(&self.folder).expect("the folder is there");
        chown(&path, Some(owner.uid()), Some(owner.gid())).expect("owner of an own file");
    }

    /// Gives one order and returns the answer. The first answer comes unasked: whether the folder is prepared.
    fn order(&self, line: &str) -> String {
        let mut shell = self.shell.lock().expect("nothing panics while it holds the pipe");
        if let (false, Some(orders)) = (line.is_empty(), shell.orders.as_mut()) {
            drop(writeln!(orders, "{line}"));
        }
        let mut answer = String::new();
        drop(shell.answers.read_line(&mut answer));
        answer.trim().to_owned()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let Ok(shell) = self.shell.get_mut() else { return };
        shell.orders = None;
        drop(shell.child.wait());
    }
}
