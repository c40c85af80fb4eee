//! The environment variables that a function reads, found in its source.

use std::collections::BTreeSet;

/// The doors of `lambda::settings`.
const DOORS: &[&str] = &["required", "optional", "parsed", "list"];

/// The names that `source` reads through `lambda::settings`.
///
/// # Errors
/// If a name is not written out there: then nobody could tell what the function needs.
pub fn read_by(source: &str) -> Result<BTreeSet<String>, String> {
    let mut names = BTreeSet::new();
    for call in source.split("settings::").skip(1) {
        let door = call.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        if !DOORS.contains(&door) {
            continue;
        }
        let arguments = call.split_once('(').map_or("", |(_, arguments)| arguments.trim_start());
        let name = arguments.strip_prefix('"').and_then(|rest| rest.split_once('"')).map(|(name, _)| name);
        match name {
            Some(name) => names.insert(name.to_owned()),
            None => return Err(format!("settings::{door} is asked for a name that is not written there")),
        };
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_through_every_door() {
        let source = r#"use lambda::{settings, start}; settings::required("A")?; settings::parsed::<u32>(
            "B", "a number")?; x(settings::list("C", "a list")?); settings::optional("D")"#;
        assert_eq!(read_by(source).unwrap().into_iter().collect::<Vec<_>>(), ["A", "B", "C", "D"]);
        assert!(read_by("settings::required(name)").is_err());
        assert!(read_by("use lambda::settings::SettingError;").unwrap().is_empty());
    }
}
