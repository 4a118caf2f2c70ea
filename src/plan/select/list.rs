//! The list of what a snapshot holds, one line an object, to be edited and given back: what is restored, and in which
//! order.
//!
//! A line names its object by the position in the snapshot and says what it is, so that a list of another snapshot is
//! refused where it would mean something else. Owner, comments, labels and grants go with their object.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::object::{Kind, Object, ObjectId};
use crate::plan::select::Selected;

/// What a line stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    Definition,
    /// Rows of a table, or large objects.
    Rows,
    /// Where a sequence stood.
    Position,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Line {
    /// Where it stands in the file, from 1.
    number: usize,
    object: ObjectId,
    part: Part,
    /// What it says that this is.
    label: String,
}

/// A list as somebody wants it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List {
    lines: Vec<Line>,
}

impl List {
    /// Reads lines of [`List::of`]; blank ones and those that start with a semicolon mean nothing.
    ///
    /// # Errors
    ///
    /// A line of another form, or one that is there twice.
    pub fn parse(text: &str) -> Result<Self> {
        let mut lines: Vec<Line> = Vec::new();
        let mut seen = BTreeMap::new();
        for (at, written) in text.lines().enumerate() {
            let written = written.trim();
            if written.is_empty() || written.starts_with(';') {
                continue;
            }
            let number = at + 1;
            let line = line(number, written)
                .ok_or_else(|| refusal(number, "it is no line of `pgkeep show --list`".to_owned()))?;
            if let Some(first) = seen.insert((line.object, line.part), number) {
                return Err(refusal(number, format!("it repeats line {first}")));
            }
            lines.push(line);
        }
        Ok(Self { lines })
    }

    /// All lines of a snapshot, in the order of its objects.
    #[must_use]
    pub fn of(objects: &[Object], sequences: &BTreeSet<ObjectId>) -> String {
        let mut all = String::new();
        for object in objects {
            let parts = [
                (Part::Definition, has_definition(object)),
                (Part::Rows, object.table.is_some()),
                (Part::Position, sequences.contains(&object.id)),
            ];
            for (part, _) in parts.into_iter().filter(|(_, there)| *there) {
                all += &format!("{}{}; {}\n", object.id.0, suffix(part), label(object, part));
            }
        }
        all
    }

    /// Leaves of what was selected only what has a line here, in the order of the lines.
    pub(super) fn narrow(&self, objects: &[Object], selected: &mut Selected) -> Result<()> {
        let mut wanted = BTreeSet::new();
        for line in &self.lines {
            let object = objects.get(line.object.0 as usize);
            let known = object.map(|object| label(object, line.part));
            if known.as_ref() != Some(&line.label) {
                let is = known.unwrap_or_else(|| "nothing".to_owned());
                let problem =
                    format!("{}{} is {is} in this snapshot, not {}", line.object.0, suffix(line.part), line.label);
                return Err(refusal(line.number, problem));
            }
            wanted.insert((line.object, line.part));
        }
        for (at, object) in objects.iter().enumerate() {
            let rows = if object.kind == Kind::Sequence { Part::Position } else { Part::Rows };
            let defined = wanted.contains(&(object.id, Part::Definition));
            selected.keep[at] &= defined || !has_definition(object);
            selected.data[at] &= wanted.contains(&(object.id, rows));
            selected.statistics[at] &= defined || selected.data[at];
        }
        let of = |part: Part| self.lines.iter().filter(move |line| line.part == part).map(|line| line.object);
        // What has no line stays where it is.
        let order: Vec<usize> = of(Part::Definition).map(|id| id.0 as usize).collect();
        let mut places = order.clone();
        places.sort_unstable();
        for (place, at) in places.into_iter().zip(order) {
            selected.order[place] = at;
        }
        selected.rows_first = of(Part::Rows).collect();
        Ok(())
    }
}

fn suffix(part: Part) -> &'static str {
    match part {
        Part::Definition => "",
        Part::Rows => ".rows",
        Part::Position => ".position",
    }
}

fn line(number: usize, written: &str) -> Option<Line> {
    let (key, label) = written.split_once(';')?;
    let key = key.trim();
    let (id, part) = match key.split_once('.') {
        None => (key, Part::Definition),
        Some((id, "rows")) => (id, Part::Rows),
        Some((id, "position")) => (id, Part::Position),
        Some(_) => return None,
    };
    let object = ObjectId(id.parse().ok()?);
    Some(Line { number, object, part, label: label.trim().to_owned() })
}

/// What people read of it, in one line.
fn label(object: &Object, part: Part) -> String {
    let what = match part {
        Part::Definition => "",
        Part::Rows => "rows of ",
        Part::Position => "position of ",
    };
    let name: String = object.name.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{what}{} {name}", object.kind.noun()).trim().to_owned()
}

/// Whether there are statements for it. A database is made by a switch of its own.
fn has_definition(object: &Object) -> bool {
    let Object { create, compression, owner, finish, comments, labels, grants, .. } = object;
    let statements = [create, compression, finish, comments, labels].iter().any(|all| !all.is_empty());
    object.kind != Kind::Database && (statements || owner.is_some() || !grants.is_empty())
}

fn refusal(line: usize, problem: String) -> Error {
    Error::Usage {
        message: format!("line {line} of the list: {problem}"),
        hint: Some("`pgkeep show --list` writes the lines of a snapshot; leave lines out, or move them".into()),
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::select::tests::pos;
    use crate::plan::select::{Selection, select};

    use super::*;

    fn written() -> String {
        let pos = pos().0;
        let sequences = pos.iter().filter(|object| object.kind == Kind::Sequence).map(|object| object.id);
        List::of(&pos, &sequences.collect())
    }

    fn selected(text: &str) -> Result<Selected> {
        select(&pos().0, &Selection { list: Some(List::parse(text)?), ..Selection::default() })
    }

    #[test]
    fn the_whole_list_is_the_whole_snapshot() {
        let all = select(&pos().0, &Selection::default()).expect("everything");
        let mut listed = selected(&written()).expect("a list of this snapshot");
        listed.rows_first.clear();
        assert_eq!(listed, all);
        assert_eq!(selected(&format!("; x\r\n\n{}", written().replace('\n', "\r\n"))).expect("CRLF").keep, all.keep);
    }

    #[test]
    fn lines_are_left_out_and_moved() {
        let text = written();
        let line = |end: &str| text.lines().find(|line| line.ends_with(end)).expect(end).to_owned();
        let (table, other, rows) =
            (line("; table payments.payment"), line("; table ord.order"), line("rows of table ord.order"));
        let chosen = selected(&format!("{table}\n;{rows}\n{other}")).expect("a list");
        let at = |name: &str| pos().at(name);
        let kept: Vec<usize> =
            (0..chosen.keep.len()).filter(|&at| chosen.keep[at] && has_definition(&pos().0[at])).collect();
        assert_eq!(kept, {
            let mut both = vec![at("ord.order"), at("payments.payment")];
            both.sort_unstable();
            both
        });
        assert!(!chosen.data.contains(&true));
        let places: Vec<usize> = chosen.order.iter().copied().filter(|at| kept.contains(at)).collect();
        assert_eq!(places, [at("payments.payment"), at("ord.order")]);
        assert!(selected(&rows).expect("rows").data[at("ord.order")]);
    }

    #[test]
    fn lists_that_mean_something_else_are_refused() {
        let first = written().lines().next().expect("a line").to_owned();
        let (key, _) = first.split_once(';').expect("a key");
        for (text, problem) in [
            (format!("{first}\n\n{first}"), "line 3 of the list: it repeats line 1".to_owned()),
            (format!("{key}; table x.y"), format!("line 1 of the list: {key} is ")),
            ("99999; table x.y".into(), "line 1 of the list: 99999 is nothing in this snapshot, not table x.y".into()),
            (key.to_owned(), "line 1 of the list: it is no line of `pgkeep show --list`".into()),
            (format!("{key}.x; y"), "line 1 of the list: it is no line".into()),
        ] {
            let refused = selected(&text).expect_err(&text).to_string();
            assert!(refused.starts_with(&problem), "{refused}");
        }
    }
}
