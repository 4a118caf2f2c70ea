//! Text from databases, servers and files, made safe for a terminal.
//!
//! A table may be called anything, also an escape sequence that retitles or clears a terminal. Everything that is not
//! our own wording goes through here before a person sees it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// One line: control characters, and those that reorder text, are shown as `\n`, `\x1b`, `\u{202e}`.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if !is_unsafe(letter) => out.push(letter),
            _ if u32::from(letter) < 0x100 => write!(out, "\\x{:02x}", u32::from(letter)).expect("strings take all"),
            _ => write!(out, "\\u{{{:x}}}", u32::from(letter)).expect("strings take all"),
        }
    }
    Cow::Owned(out)
}

/// Several lines, as servers write details: each made safe, and all but the first behind `indent`, so that none can
/// pass for a line of ours.
pub(crate) fn lines(text: &str, indent: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, part) in text.lines().enumerate() {
        if at > 0 {
            out.push('\n');
            out.push_str(indent);
        }
        out.push_str(&line(part));
    }
    out
}

fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_shown_and_not_obeyed() {
        assert_eq!(line("plain \"Ordér\" 訂單"), "plain \"Ordér\" 訂單");
        assert_eq!(line("a\x1b[2Jb\nc\td\u{7f}\u{9b}"), "a\\x1b[2Jb\\nc\\td\\x7f\\x9b");
        assert_eq!(line("\u{202e}gpj.exe"), "\\u{202e}gpj.exe");
    }

    #[test]
    fn further_lines_are_indented() {
        assert_eq!(lines("a\npgkeep: error: b\x07", "    "), "a\n    pgkeep: error: b\\x07");
        assert_eq!(lines("", "  "), "");
    }
}
