//! A proposal as a unified diff of the entitlement's lines in the catalog.

use super::{Line, Proposal};
use std::fmt::Write as _;

impl Proposal {
    /// The change to `permissions` and `resources` of the entitlement named so, in the catalog's own form: each list as a
    /// block, which YAML takes for the same wherever it was written otherwise. Empty if nothing changes.
    pub fn diff(&self, name: &str) -> String {
        if !self.changes() {
            return String::new();
        }
        let mut lines: Vec<(char, String)> = vec![(' ', format!("  {}:", quoted(name)))];
        for (key, list) in [("permissions", &self.permissions), ("resources", &self.resources)] {
            lines.push((' ', format!("    {key}:")));
            let mut written: Vec<&String> =
                list.iter().filter(|line| is_kept(line)).map(|line| &line.pattern).collect();
            for line in list {
                if is_kept(line) {
                    lines.push((' ', item(&line.pattern)));
                    continue;
                }
                lines.push(('-', item(&line.pattern)));
                for pattern in line.becomes() {
                    if !written.contains(&pattern) {
                        written.push(pattern);
                        lines.push(('+', item(pattern)));
                    }
                }
            }
        }
        let old = lines.iter().filter(|(sign, _)| *sign != '+').count();
        let new = lines.iter().filter(|(sign, _)| *sign != '-').count();
        let mut diff = format!("--- {name}\n+++ {name}\n@@ -1,{old} +1,{new} @@\n");
        for (sign, line) in lines {
            // Writing to a text can't fail.
            let _ = writeln!(diff, "{sign}{line}");
        }
        diff
    }
}

fn is_kept(line: &Line) -> bool {
    line.becomes() == std::slice::from_ref(&line.pattern)
}

fn item(pattern: &str) -> String {
    format!("      - {}", quoted(pattern))
}

/// A text as YAML takes it, in quotes unless it is plainly a text. Patterns hold neither quotes nor backslashes.
fn quoted(text: &str) -> String {
    // What YAML 1.1 or 1.2 takes for something else than a text.
    let word = ["false", "n", "no", "null", "off", "on", "true", "y", "yes"].contains(&text);
    let plain = !word
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(':')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ":/._*?-".contains(c));
    if plain { text.to_owned() } else { format!("\"{text}\"") }
}
