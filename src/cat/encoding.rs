//! Between the encodings of databases and UTF-8.
//!
//! Tables come from the `encoding_rs` crate, which has those of the web; where PostgreSQL's differ, PostgreSQL's hold. What
//! has no character is never replaced by another one.

use std::borrow::Cow;

use encoding_rs::Encoding;

/// How text of a database is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Charset {
    /// UTF-8, or bytes that only may be it.
    Utf8,
    /// Every byte is the character of its number, but for these.
    Latin(&'static [(u8, char)]),
    /// By a table of the web.
    Web {
        table: &'static Encoding,
        /// Characters of the table with what PostgreSQL has for them.
        instead: &'static [(char, Option<char>)],
        /// Whether bytes that mean nothing in it become control characters there.
        has_gaps: bool,
    },
}

const TURKISH: &[(u8, char)] = &[(0xD0, 'Ğ'), (0xDD, 'İ'), (0xDE, 'Ş'), (0xF0, 'ğ'), (0xFD, 'ı'), (0xFE, 'ş')];

impl Charset {
    /// That of an encoding by PostgreSQL's name; `None` where no table is known.
    pub(super) fn of(encoding: &str) -> Option<Self> {
        use encoding_rs::*;
        let web = |table| Self::Web { table, instead: &[], has_gaps: false };
        let windows = |table| Self::Web { table, instead: &[], has_gaps: true };
        let other = |table, instead| Self::Web { table, instead, has_gaps: false };
        Some(match encoding {
            "UTF8" | "SQL_ASCII" => Self::Utf8,
            "LATIN1" => Self::Latin(&[]),
            "LATIN5" => Self::Latin(TURKISH),
            "LATIN2" => web(ISO_8859_2),
            "LATIN3" => web(ISO_8859_3),
            "LATIN4" => web(ISO_8859_4),
            "LATIN6" => web(ISO_8859_10),
            "LATIN7" => web(ISO_8859_13),
            "LATIN8" => web(ISO_8859_14),
            "LATIN9" => web(ISO_8859_15),
            "LATIN10" => web(ISO_8859_16),
            "ISO_8859_5" => web(ISO_8859_5),
            "ISO_8859_6" => web(ISO_8859_6),
            "ISO_8859_7" => web(ISO_8859_7),
            "ISO_8859_8" => web(ISO_8859_8),
            "WIN866" => web(IBM866),
            "WIN874" => windows(WINDOWS_874),
            "WIN1250" => windows(WINDOWS_1250),
            "WIN1251" => windows(WINDOWS_1251),
            "WIN1252" => windows(WINDOWS_1252),
            "WIN1253" => windows(WINDOWS_1253),
            "WIN1254" => windows(WINDOWS_1254),
            "WIN1255" => Self::Web { table: WINDOWS_1255, instead: &[('\u{5ba}', None)], has_gaps: true },
            "WIN1256" => windows(WINDOWS_1256),
            "WIN1257" => windows(WINDOWS_1257),
            "WIN1258" => windows(WINDOWS_1258),
            "KOI8R" => web(KOI8_R),
            "KOI8U" => other(KOI8_U, &[('\u{45e}', Some('\u{255d}')), ('\u{40e}', Some('\u{256c}'))]),
            "EUC_JP" => other(EUC_JP, &[('\u{a6}', Some('\u{ffe4}'))]),
            "EUC_KR" => web(EUC_KR),
            "EUC_CN" => other(GBK, &[('\u{b7}', Some('\u{30fb}')), ('\u{2014}', Some('\u{2015}'))]),
            _ => return None,
        })
    }

    /// The bytes as UTF-8; `None` where some of them are no character.
    pub(super) fn utf8<'a>(self, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        if bytes.is_ascii() {
            return std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
        }
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Self::Latin(instead) => {
                let character =
                    |byte: &u8| instead.iter().find(|(at, _)| at == byte).map_or(char::from(*byte), |(_, c)| *c);
                Some(bytes.iter().map(character).collect::<String>().into())
            }
            Self::Web { table, instead, has_gaps } => {
                let text = table.decode_without_bom_handling_and_without_replacement(bytes)?;
                let is_other = |c: char| {
                    has_gaps && ('\u{80}'..='\u{9f}').contains(&c)
                        || ('\u{e000}'..='\u{f8ff}').contains(&c)
                        || instead.iter().any(|(from, _)| *from == c)
                };
                if !text.contains(is_other) {
                    return Some(text);
                }
                let known = |c: char| instead.iter().find(|(from, _)| *from == c).and_then(|(_, to)| *to);
                text.chars()
                    .map(|c| if is_other(c) { known(c) } else { Some(c) })
                    .collect::<Option<String>>()
                    .map(Cow::Owned)
            }
        }
    }

    /// Text as bytes of this encoding; `None` where it has not all of the characters.
    pub(super) fn bytes(self, text: &str) -> Option<Vec<u8>> {
        let one = |c: char| {
            let mut buffer = [0; 4];
            let written: Cow<'_, [u8]> = match self {
                Self::Utf8 => Cow::Owned(c.encode_utf8(&mut buffer).as_bytes().to_vec()),
                Self::Latin(_) => {
                    let byte =
                        (0..=u8::MAX).find(|byte| self.utf8(&[*byte]).is_some_and(|read| read.chars().eq([c])))?;
                    Cow::Owned(vec![byte])
                }
                Self::Web { table, instead, .. } => {
                    let c = instead.iter().find(|(_, to)| *to == Some(c)).map_or(c, |(from, _)| *from);
                    Cow::Owned(table.encode(c.encode_utf8(&mut buffer)).0.into_owned())
                }
            };
            // What cannot be written would be read back as something else.
            self.utf8(&written).is_some_and(|read| read.chars().eq([c])).then(|| written.into_owned())
        };
        text.chars().map(one).collect::<Option<Vec<Vec<u8>>>>().map(|all| all.concat())
    }
}

/// Whether two names mean the same encoding, as PostgreSQL compares them.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let plain = |name: &str| {
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        if name == "unicode" { "utf8".to_owned() } else { name }
    };
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(encoding: &str, bytes: &[u8]) -> Option<String> {
        Charset::of(encoding).expect("a known encoding").utf8(bytes).map(Cow::into_owned)
    }

    #[test]
    fn bytes_are_read_as_postgresql_reads_them() {
        for (encoding, bytes, text) in [
            ("LATIN1", &b"caf\xe9 \x85"[..], Some("café \u{85}")),
            ("LATIN5", b"\xfd\xe9", Some("ıé")),
            ("LATIN9", b"\xa4", Some("€")),
            ("WIN1252", b"\x80\xe9", Some("€é")),
            ("WIN1252", b"a\x81", None),
            ("WIN1255", b"\xca", None),
            ("KOI8U", b"\xae\xbe\xc1", Some("╝╬а")),
            ("EUC_JP", b"\xc6\xfc\xcb\xdc\x8f\xa2\xc3\x8e\xb1", Some("日本￤ｱ")),
            ("EUC_CN", b"\xa1\xa4\xa1\xaa\xd6\xd0", Some("・―中")),
            ("EUC_KR", b"\xc7\xd1", Some("한")),
            ("EUC_KR", b"\xff", None),
            ("SQL_ASCII", "é".as_bytes(), Some("é")),
            ("SQL_ASCII", b"\xe9", None),
        ] {
            assert_eq!(read(encoding, bytes).as_deref(), text, "{encoding}");
            // Of JIS X 0212, behind 8F, the tables have the way from bytes alone: names of columns cannot be written in it.
            if let Some(text) = text.filter(|_| !bytes.contains(&0x8F)) {
                let charset = Charset::of(encoding).expect("a known encoding");
                assert_eq!(charset.bytes(text).as_deref(), Some(bytes), "{encoding}");
            }
        }
        assert!(["EUC_TW", "EUC_JIS_2004", "MULE_INTERNAL"].iter().all(|name| Charset::of(name).is_none()));
        assert_eq!(Charset::of("LATIN1").expect("known").bytes("日"), None);
        assert_eq!(Charset::of("WIN1251").expect("known").bytes("日"), None);
    }

    #[test]
    fn names_of_encodings_are_compared_loosely() {
        assert!(is_same("utf-8", "UTF8") && is_same("Unicode", "UTF8") && is_same("latin-1", "LATIN1"));
        assert!(!is_same("LATIN1", "LATIN10"));
    }
}
