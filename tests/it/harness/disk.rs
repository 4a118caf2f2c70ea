//! A disk that is really full: a tmpfs of given size in a mount namespace of its own.
//!
//! The namespace lives with a shell at the end of a pipe, so the mount is gone with the test process. Works as root
//! and, where the kernel lets users make namespaces, as an ordinary user.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
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
        command.args(["/bin/sh", "-c", &script]);
        let child = mounted(command);
        // Processes outside of the namespace reach the disk through the root of one inside.
        let path = PathBuf::from(format!("/proc/{}/root/mnt", child.id()));
        SmallDisk { child, path }
    }

    /// Mounts a disk of this many KiB that servers reach too, which may run as another user and then see nothing of the
    /// namespaces of this one.
    pub(crate) fn for_servers(kib: u32) -> SmallDisk {
        if uid() != 0 {
            return SmallDisk::new(kib);
        }
        let folder =
            tempfile::Builder::new().prefix("pgkeep-disk-").tempdir_in("/tmp").expect("a temporary folder").keep();
        let script = format!(
            "chmod 755 '{0}' && mount -t tmpfs -o size={kib}k,mode=777 none '{0}' && echo mounted && read -r _
             umount -l '{0}'; rmdir '{0}'",
            folder.display()
        );
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &script]);
        SmallDisk { child: mounted(command), path: folder }
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

/// Starts a shell that mounts a disk and keeps it until its input closes.
fn mounted(mut command: Command) -> Child {
    // Out of the terminal's foreground group, so that Ctrl-C leaves it to clean up.
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
    let mut child = command.spawn().expect("a shell can be run");
    let mut answer = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
    output.read_line(&mut answer).expect("a pipe can be read");
    assert_eq!(answer.trim(), "mounted", "this machine lets no test mount a small disk");
    child
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Closes the pipe, at which the shell ends and its namespace with it.
        drop(self.child.wait());
    }
}
