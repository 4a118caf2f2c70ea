//! A second reader, made from FORMAT.md alone: stock `age`, `zstd` and `b3sum` and a few lines, none of the library's.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pgkeep::codec::seal::ExposeSecret;
use serde_json::Value;

use crate::harness::programs::installed;
use crate::repository::{Place, dump, rows, runtime};

fn run(program: &str, package: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new(installed(program, package));
    let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feed = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} failed");
    feed.join().unwrap().unwrap();
    output.stdout
}

fn age(identity: &Path, sealed: &[u8]) -> Vec<u8> {
    run("age", "age", &["-d", "-i", identity.to_str().unwrap()], sealed)
}

fn b3sum(path: &Path) -> String {
    let line = run("b3sum", "b3sum", &["--no-names", path.to_str().unwrap()], b"");
    String::from_utf8(line).unwrap().trim().to_owned()
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// What the owner's file in `keys/` gives.
struct Keys {
    repository: String,
    content: PathBuf,
    structure: PathBuf,
    content_ids: [u8; 32],
    structure_ids: [u8; 32],
    mac: [u8; 32],
}

fn keys(place: &Place, folder: &Path) -> Keys {
    let owner = folder.join("owner");
    std::fs::write(&owner, place.identity.secret().unwrap().expose_secret()).unwrap();
    let file: Value = serde_json::from_slice(&age(&owner, &std::fs::read(&place.files("keys")[0]).unwrap())).unwrap();
    assert_eq!((&file["kind"], &file["format"]), (&"pgkeep keys".into(), &1.into()));
    let epoch = &file["epochs"][0];
    let master = unhex(epoch["master"].as_str().unwrap());
    let derive = |what: &str| blake3::derive_key(&format!("pgkeep 2026-11-20 format 1: {what}"), &master);
    let derived =
        ["ids of content chunks", "ids of structure chunks", "row hashes", "tags of tables", "MAC of records"];
    let derived = derived.map(derive);
    let commitment =
        blake3::derive_key("pgkeep 2026-11-20 format 1: commitment to the derived keys", &derived.concat());
    let domain = |name: &str| {
        let path = folder.join(name);
        std::fs::write(&path, epoch[name].as_str().unwrap()).unwrap();
        let recipient = run("age-keygen", "age", &["-y", path.to_str().unwrap()], b"");
        (path, String::from_utf8(recipient).unwrap().trim().to_owned())
    };
    let ((content, content_recipient), (structure, structure_recipient)) = (domain("content"), domain("structure"));
    let statement = format!("pgkeep keys 1\n{content_recipient}\n{structure_recipient}\n{}\n", hex(&commitment));
    let id = run("b3sum", "b3sum", &["--no-names"], statement.as_bytes());
    let repository = String::from_utf8(id).unwrap().trim().to_owned();
    assert_eq!(file["repository"], repository.as_str());
    let config = std::fs::read_to_string(place.path().join("config")).unwrap();
    assert_eq!(config, format!("pgkeep repository\nformat 1\nid {repository}\n"));
    let [content_ids, structure_ids, _, _, mac] = derived;
    Keys { repository, content, structure, content_ids, structure_ids, mac }
}

/// Body of a record.
fn record(keys: &Keys, kind: &[u8; 8], sealed: &[u8]) -> Vec<u8> {
    let plain = age(&keys.structure, sealed);
    let (signed, mac) = plain.split_last_chunk::<32>().unwrap();
    let mut hasher = blake3::Hasher::new_keyed(&keys.mac);
    hasher.update(&unhex(&keys.repository)).update(signed);
    assert_eq!(hasher.finalize().as_bytes(), mac);
    assert_eq!(&signed[..8], kind);
    assert_eq!((u32_at(signed, 8), u32_at(signed, 12)), (1, 1));
    assert_eq!(signed[16..48], [0; 32], "an owner wrote it, and no feature is needed");
    assert_eq!(u32_at(signed, 48), signed.len() - 56);
    signed[56..].to_vec()
}

/// The bytes of a chunk, and what its header says: kind, transform, rows.
fn chunk(identity: &Path, sealed: &[u8]) -> (Vec<u8>, (u8, u8, usize)) {
    let plain = age(identity, sealed);
    assert_eq!((u32_at(&plain, 0), u32_at(&plain, 4), plain[8]), (0x184D_2A50, 16, 1));
    let (kind, transform, length, rows) = (plain[9], plain[10], u32_at(&plain, 16), u32_at(&plain, 20));
    let bytes = run("zstd", "zstd", &["-dc"], &plain);
    assert_eq!(bytes.len(), length);
    let bytes = if transform == 1 { rows_of(&bytes, rows) } else { bytes };
    (bytes, (kind, transform, rows))
}

/// The inverse of the columns transform, as plainly as it can be said.
fn rows_of(columns: &[u8], count: usize) -> Vec<u8> {
    let mut rows = vec![Vec::new(); count];
    let mut open: Vec<usize> = (0..count).collect();
    let mut values = columns.split_inclusive(|byte| *byte == b'\t' || *byte == b'\n');
    while !open.is_empty() {
        for row in &open {
            rows[*row].extend_from_slice(values.next().unwrap());
        }
        open.retain(|row| rows[*row].ends_with(b"\t"));
    }
    assert!(values.next().is_none());
    rows.concat()
}

/// Every chunk that the index lists, cut out of its pack: id, bytes, kind.
fn chunks(place: &Place, keys: &Keys) -> Vec<(String, Vec<u8>, u8)> {
    let mut found = Vec::new();
    for file in place.files("index") {
        let body = record(keys, b"pgk-indx", &std::fs::read(file).unwrap());
        assert_eq!(u32_at(&body, 0), 0, "it replaces no other");
        let mut at = 8;
        for _ in 0..u32_at(&body, 4) {
            let name = hex(&body[at..at + 32]);
            let pack = std::fs::read(place.path().join(format!("packs/{}/{name}", &name[..2]))).unwrap();
            assert_eq!(u32_at(&body, at + 32), pack.len());
            let domain = body[at + 40];
            let trailer = trailer(keys, &pack);
            let count = u32_at(&body, at + 44);
            assert_eq!((u32_at(&trailer, 4), trailer[0]), (count, domain));
            at += 48;
            for number in 0..count {
                let entry = &body[at..at + 52];
                let said = &trailer[8 + number * 84..][..84];
                let (start, length) = (u32_at(entry, 32), u32_at(entry, 36));
                let sealed = &pack[start..start + length];
                assert_eq!((&said[..32], &said[64..]), (&entry[..32], &entry[32..]), "index and trailer agree");
                assert_eq!(*blake3::hash(sealed).as_bytes(), said[32..64]);
                let (identity, ids) = if domain == 1 {
                    (&keys.content, &keys.content_ids)
                } else {
                    (&keys.structure, &keys.structure_ids)
                };
                let (bytes, (kind, ..)) = chunk(identity, sealed);
                assert_eq!(blake3::keyed_hash(ids, &bytes).as_bytes()[..], entry[..32]);
                assert_eq!((kind, bytes.len()), (entry[44], u32_at(entry, 40)));
                found.push((hex(&entry[..32]), bytes, kind));
                at += 52;
            }
        }
        assert_eq!((u32_at(&body, at), at + 4), (0, body.len()), "no bases");
    }
    found
}

fn trailer(keys: &Keys, pack: &[u8]) -> Vec<u8> {
    let footer = &pack[pack.len() - 16..];
    assert_eq!((&footer[8..], u32_at(footer, 4)), (&b"pgk-pack"[..], 1));
    let end = pack.len() - 16;
    record(keys, b"pgk-trlr", &pack[end - u32_at(footer, 0)..end])
}

#[test]
fn stock_programs_read_everything() {
    let (place, orders) = runtime().block_on(async {
        let (place, repository) = Place::new().await;
        let orders = rows(0, 60_000);
        dump(&repository, &[("order", &orders), ("lines", b"no tabs\nat all\n")]).await;
        (place, orders)
    });
    for folder in ["keys", "packs", "index", "snapshots"] {
        for path in place.files(folder) {
            assert_eq!(b3sum(&path), path.file_name().unwrap().to_str().unwrap());
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let keys = keys(&place, folder.path());
    let chunks = chunks(&place, &keys);
    let bytes = |id: &str| chunks.iter().find(|chunk| chunk.0 == id).unwrap().1.clone();

    let body = record(&keys, b"pgk-snap", &std::fs::read(&place.files("snapshots")[0]).unwrap());
    let snapshot: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&snapshot["sequence"], &snapshot["source"]["database"]), (&1.into(), &"shop".into()));
    let stream = |name: &str| {
        let refs = snapshot["manifest"][name].as_array().unwrap().iter();
        String::from_utf8(refs.flat_map(|one| bytes(one["id"].as_str().unwrap())).collect()).unwrap()
    };
    let contents = stream("contents");
    assert!(contents.starts_with("{\"pgkeep\":\"contents\"") && contents.lines().count() == 3, "{contents}");
    let facts: Vec<Value> = stream("facts").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(facts[0]["part"]["rows"], 60_000);
    let lists = stream("lists");
    let ids: Vec<&str> = lists.lines().map(|line| line.split('\t').nth(3).unwrap()).collect();
    let (first, rest) = ids.split_at(facts[0]["part"]["chunks"].as_u64().unwrap() as usize);
    assert!(first.iter().flat_map(|id| bytes(id)).eq(orders.iter().copied()), "rows of the first part");
    assert_eq!(rest.iter().flat_map(|id| bytes(id)).collect::<Vec<u8>>(), b"no tabs\nat all\n");
}
