//! A disk that is really full: a tmpfs of given size in a mount namespace of its own.
//!
//! The namespace lives with a shell at the end of a pipe, so the mount is gone with the test process. Works as root
//! and, where the kernel lets users make namespaces, as an ordinary user.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::programs::{installed, uid};

/// A folder on a disk of a few MiB.
pub(crate) struct SmallDisk {
    child: Child,
    path: PathBuf,
}

impl SmallDisk {
    /// Mounts a disk of this many KiB.
    pub(crate) fn new(kib: u32) -> SmallDisk {
        let script = format!("mount -t tmpfs -o size={kib}k,mode=777 none /mnt && echo mounted && read -r _");
        let mut command = Command::new(installed("unshare", "util-linux"));
        command.args(if uid() == 0 { ["-m", "--"].as_slice() } else { &["-U", "-r", "-m", "--"] });
        command.args(["/bin/sh", "-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("unshare can be run");
        let mut answer = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
        output.read_line(&mut answer).expect("a pipe can be read");
        assert_eq!(answer.trim(), "mounted", "this machine lets no test mount a small disk");
        // Processes outside of the namespace reach the disk through the root of one inside.
        let path = PathBuf::from(format!("/proc/{}/root/mnt", child.id()));
        SmallDisk { child, path }
    }

    /// A program that sees the disk at `/mnt`, for those that resolve the links of [`SmallDisk::path`].
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(installed("nsenter", "util-linux"));
        command.args(["-t", &self.child.id().to_string(), "-m"]);
        if uid() != 0 {
            command.args(["-U", "--preserve-credentials"]);
        }
        command.arg("--").arg(program);
        command
    }

    /// Its folder, for this process and those it starts.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Closes the pipe, at which the shell ends and its namespace with it.
        drop(self.child.wait());
    }
}
