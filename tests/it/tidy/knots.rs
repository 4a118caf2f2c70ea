//! Files that import each other in a circle, inside each folder of `src`.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{bare, without_tests, words};
use super::rules::File;

/// A path in code, one name after the other: `crate`, `pg`, `Session`.
type Names = Vec<String>;

/// Sets of files of one top module of which each reaches each other by imports, the largest first.
pub(crate) fn knots(files: &[File]) -> Vec<Vec<String>> {
    let modules: BTreeMap<Names, &File> = files.iter().map(|file| (module(&file.path), file)).collect();
    let codes: BTreeMap<&Names, String> =
        modules.iter().map(|(name, file)| (name, without_tests(&bare(&file.text)))).collect();
    let faces: BTreeMap<&Names, BTreeMap<String, Names>> =
        codes.iter().map(|(name, code)| (*name, face(name, code))).collect();
    let mut edges: BTreeMap<&Names, BTreeSet<&Names>> = BTreeMap::new();
    for (name, code) in &codes {
        let found = paths(name, &without_faces(code)).into_iter().filter_map(|path| target(path, &modules, &faces));
        edges.insert(name, found.filter(|other| other != name && other.get(1) == name.get(1)).collect());
    }
    let mut found: Vec<Vec<String>> = Vec::new();
    let mut seen: BTreeSet<&Names> = BTreeSet::new();
    for &name in codes.keys() {
        let knot: Vec<&Names> =
            reached(name, &edges).into_iter().filter(|o| reached(o, &edges).contains(name)).collect();
        if knot.len() > 1 && seen.insert(name) {
            seen.extend(&knot);
            found.push(knot.iter().map(|name| modules[*name].path.clone()).collect());
        }
    }
    found.retain(|knot| knot.len() > 1);
    found.sort_by_key(|knot| std::cmp::Reverse(knot.len()));
    found.dedup();
    found
}

/// `src/pg/config/mod.rs` is `crate`, `pg`, `config`.
fn module(path: &str) -> Names {
    let path = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs").trim_end_matches("/mod");
    let names = path.split('/').filter(|name| *name != "lib").map(str::to_owned);
    ["crate".to_owned()].into_iter().chain(names).collect()
}

/// The file that a path leads to, through what a folder shows of its files.
fn target<'a>(
    mut path: Names,
    modules: &'a BTreeMap<Names, &File>,
    faces: &BTreeMap<&Names, BTreeMap<String, Names>>,
) -> Option<&'a Names> {
    for _ in 0..8 {
        let length = (2..=path.len()).rev().find(|length| modules.contains_key(&path[..*length]))?;
        let (name, _) = modules.get_key_value(&path[..length])?;
        let shown = path.get(length).and_then(|next| faces.get(name)?.get(next));
        match shown {
            Some(shown) => path = shown.iter().chain(&path[length + 1..]).cloned().collect(),
            None => return Some(name),
        }
    }
    None
}

fn reached<'a>(from: &'a Names, edges: &BTreeMap<&'a Names, BTreeSet<&'a Names>>) -> BTreeSet<&'a Names> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(name) = open.pop() {
        open.extend(edges.get(name).into_iter().flatten().filter(|next| found.insert(**next)));
    }
    found
}

/// Where re-exports begin and end.
fn re_exports(code: &str) -> impl Iterator<Item = (usize, usize)> {
    words(code, "use").filter_map(|at| {
        let before = code[..at].trim_end();
        let public = before.ends_with("pub") || before.ends_with(')') && before.rfind("pub(") > before.rfind(';');
        Some((at, at + code[at..].find(';')?)).filter(|_| public)
    })
}

/// Names that a module shows, with where they are.
fn face(module: &Names, code: &str) -> BTreeMap<String, Names> {
    let shown = re_exports(code).flat_map(|(from, to)| {
        let tree = code[from + 3..to].trim_start();
        let mut found = Vec::new();
        expand(tree, &mut Vec::new(), &mut found);
        found
    });
    let named = shown.filter_map(|path| Some((path.last()?.clone(), absolute(module, path))));
    named.collect()
}

fn without_faces(code: &str) -> String {
    let mut out = code.to_owned();
    for (from, to) in re_exports(code).collect::<Vec<_>>() {
        out.replace_range(from..to, &" ".repeat(to - from));
    }
    out
}

/// Every path of a module's code that begins in the crate, absolute.
fn paths(module: &Names, code: &str) -> Vec<Names> {
    let mut roots: Vec<String> = vec!["crate".into(), "super".into(), "self".into()];
    roots.extend(words(code, "mod").filter_map(|at| {
        let rest = code[at + 3..].trim_start();
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        rest[name.len()..].trim_start().starts_with(';').then_some(name)
    }));
    let mut found = Vec::new();
    for root in &roots {
        for at in words(code, root) {
            if code[at + root.len()..].trim_start().starts_with("::") && !code[..at].trim_end().ends_with("::") {
                expand(&code[at..], &mut Vec::new(), &mut found);
            }
        }
    }
    found.into_iter().map(|path| absolute(module, path)).collect()
}

/// `super::a` of `crate::b::c` is `crate::b::a`, and so is `a` of `crate::b`.
fn absolute(module: &Names, path: Names) -> Names {
    let climbs = path.iter().take_while(|name| *name == "super").count();
    let skipped = climbs.max(usize::from(path[0] == "self"));
    match path[0].as_str() {
        "crate" => path,
        _ => module[..module.len().saturating_sub(climbs).max(1)].iter().chain(&path[skipped..]).cloned().collect(),
    }
}

/// The paths of a tree, `a::{b, c::d}`; returns what follows it.
fn expand<'a>(tree: &'a str, before: &mut Names, found: &mut Vec<Names>) -> &'a str {
    let tree = tree.trim_start();
    if let Some(mut rest) = tree.strip_prefix('{') {
        loop {
            rest = expand(rest, before, found).trim_start();
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let name: String = tree.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let rest = tree[name.len()..].trim_start().trim_start_matches('*');
    if name.is_empty() {
        return rest;
    }
    if name != "self" || before.is_empty() {
        before.push(name.clone());
    }
    let after = match rest.strip_prefix("::") {
        Some(deeper) if deeper.trim_start().starts_with(|c: char| c.is_alphabetic() || "_{".contains(c)) => {
            expand(deeper, before, found)
        }
        _ => {
            found.push(before.clone());
            rest
        }
    };
    if name != "self" || before.last().is_some_and(|last| *last == name) {
        before.pop();
    }
    match after.trim_start().strip_prefix("as ") {
        Some(alias) => alias.trim_start().trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        None => after,
    }
}
