//! A host remembers which repository it found where, and refuses another one in its place.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli_session::{Keeping, Ran};
use crate::harness::{cli::cli, run_cli};

/// A repository whose owner's identity existed before it, so that the identity names no repository.
struct Old {
    keeping: Keeping,
    identity: String,
    public: String,
}

impl Old {
    fn new() -> Self {
        let keeping = Keeping::empty();
        let maker = Keeping::new();
        let text = fs::read_to_string(&maker.identities()[0]).unwrap();
        let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start)).unwrap().to_owned();
        let file = keeping.folder.path().join("old.key");
        fs::write(&file, format!("AGE-SECRET-KEY-{}\n", line("AGE-SECRET-KEY-"))).unwrap();
        let old = Self { keeping, identity: file.to_str().unwrap().to_owned(), public: line("# public key: ") };
        old.keeping.ok(&["init", "-i", &old.identity]);
        old
    }

    /// Another repository for the same owner, made on another host.
    fn other(&self) -> PathBuf {
        let other = self.keeping.folder.path().join("other");
        let home = self.keeping.folder.path().join("elsewhere");
        let place = other.to_str().unwrap();
        let output =
            run_cli(&["init", "--repo", place, "-r", &self.public], &[("XDG_CONFIG_HOME", home.to_str().unwrap())]);
        assert!(output.status.success());
        other
    }

    fn list(&self) -> Ran {
        self.keeping.run(&["list", "-i", &self.identity])
    }

    fn swap(&self, other: &Path) {
        let (place, between) = (self.keeping.repository(), self.keeping.folder.path().join("between"));
        for (from, to) in [(place.as_path(), between.as_path()), (other, place.as_path()), (between.as_path(), other)] {
            fs::rename(from, to).unwrap();
        }
    }
}

fn id(repository: &Path) -> String {
    let config = fs::read_to_string(repository.join("config")).unwrap();
    config.lines().find_map(|line| line.strip_prefix("id ")).unwrap().to_owned()
}

#[track_caller]
fn told(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "{}{}", ran.stdout, ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "no {word} in: {}", ran.stderr);
    }
}

#[test]
fn another_repository_in_the_place_of_ours_is_refused() {
    let old = Old::new();
    let (place, other) = (old.keeping.repository(), old.other());
    let (ours, theirs) = (id(&place), id(&other));
    let ran = old.list();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "init remembers it");
    old.swap(&other);
    let before = fs::read_dir(&place).unwrap().count();
    let words = ["another repository than before", &theirs, &ours, "pgkeep trust --repo", "known_repositories"];
    let identity = ["-i", &old.identity];
    for command in [&["list"][..], &["verify"], &["show", "latest"], &["dump", "-d", "postgres://u@127.0.0.1:1/x"]] {
        told(&old.keeping.run(&[command, &identity].concat()), 7, &words);
    }
    told(&old.keeping.run(&["verify", "--depth", "stored"]), 7, &words);
    assert_eq!(fs::read_dir(&place).unwrap().count(), before);

    told(&old.keeping.run(&["trust", &ours]), 7, &["nothing was accepted"]);
    told(&old.list(), 7, &words);
    old.keeping.ok(&["trust", &theirs]);
    told(&old.list(), 0, &[]);
    old.swap(&other);
    told(&old.list(), 7, &["another repository than before"]);
    old.keeping.ok(&["trust", "--also"]);
    for _ in 0..2 {
        told(&old.list(), 0, &[]);
        old.swap(&other);
    }
    old.keeping.ok(&["trust", "--forget"]);
    told(&old.list(), 0, &["first use of", &ours, "known_repositories"]);
    assert_eq!(old.list().stderr, "");
}

#[test]
fn one_place_by_any_spelling_is_one_place() {
    let old = Old::new();
    let folder = old.keeping.folder.path();
    std::os::unix::fs::symlink(old.keeping.repository(), folder.join("link")).unwrap();
    let other = old.other();
    let list = |place: &str| {
        let environment = old.keeping.environment();
        let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let arguments = ["list", "-i", &old.identity, "--repo", place];
        Ran::of(cli(&arguments, &environment).current_dir(folder).output().unwrap())
    };
    let url = format!("file://{}", old.keeping.repository().display());
    let spellings = ["repository", "./repository/", "link", "other/../repository", &url];
    for place in spellings {
        let ran = list(place);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{place}");
    }
    old.swap(&other);
    for place in spellings {
        told(&list(place), 7, &["another repository than before"]);
    }
    old.swap(&other);
    // A link that leads elsewhere now.
    fs::remove_file(folder.join("link")).unwrap();
    std::os::unix::fs::symlink(&other, folder.join("link")).unwrap();
    told(&list("link"), 7, &["another repository than before"]);
}

#[test]
fn hosts_without_a_home_say_which_repository_they_mean() {
    let old = Old::new();
    let place = old.keeping.repository().to_str().unwrap().to_owned();
    let (ours, theirs) = (id(&old.keeping.repository()), id(&old.other()));
    let list = |arguments: &[&str], environment: &[(&str, &str)]| {
        let arguments = [&["list", "-i", &old.identity, "--repo", &place], arguments].concat();
        Ran::of(run_cli(&arguments, environment))
    };
    told(&list(&[], &[]), 0, &["no home folder", &ours, "PGKEEP_REPOSITORY_ID"]);
    for (flag, variable) in [(&["--repository-id", ours.as_str()][..], ""), (&[], ours.as_str())] {
        let ran = list(flag, &[("PGKEEP_REPOSITORY_ID", variable)]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    }
    told(&list(&["--repository-id", &theirs], &[]), 7, &["is not the expected repository", &ours, &theirs]);
    told(&list(&[], &[("PGKEEP_REPOSITORY_ID", &theirs)]), 7, &["is not the expected repository"]);
    told(&list(&["--repository-id", "abc"], &[]), 2, &["64 hexadecimal digits"]);
    told(&list(&[], &[("PGKEEP_REPOSITORY_ID", "abc")]), 2, &["PGKEEP_REPOSITORY_ID", "64 hexadecimal digits"]);
    let verify = ["verify", "--depth", "stored", "--repo", &place, "--repository-id", &theirs];
    told(&Ran::of(run_cli(&verify, &[])), 7, &["is not the expected repository"]);
}

#[test]
fn a_memory_that_cannot_be_read_is_no_first_use() {
    let old = Old::new();
    let file = old.keeping.folder.path().join("config/pgkeep/known_repositories");
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text, format!("{} {}\n", id(&old.keeping.repository()), old.keeping.repository().display()));
    fs::write(&file, format!("{text}{}", &text[..70])).unwrap();
    told(&old.list(), 0, &[]);
    fs::write(&file, &text[..60]).unwrap();
    told(&old.list(), 2, &["line 1 of it", "known_repositories", "--repository-id"]);
}
