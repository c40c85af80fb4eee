//! `~/.aws/config`: one section is written, everything else stays as it is, byte for byte.

use crate::failure::{Exit, Failure};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Marks a section as one that this program wrote, and may write anew.
const MARK: &str = "# Made by `countersign configure`, which may make it anew.";

/// Where the file is.
///
/// # Errors
/// Neither `AWS_CONFIG_FILE` nor `HOME` is set.
pub(crate) fn config_file() -> Result<PathBuf, Failure> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || set("HOME").map(|home| home.join(".aws").join("config"));
    set("AWS_CONFIG_FILE").or_else(home).ok_or_else(|| {
        Failure::new(Exit::Failed, "no_home", "neither AWS_CONFIG_FILE nor HOME says where the AWS files are")
    })
}

/// Writes a profile into the file. One of that name that this program did not write is replaced only if `force` says so.
///
/// # Errors
/// There is such a profile, or the file can't be read or written.
pub(crate) fn write_profile(file: &Path, name: &str, settings: &[(&str, String)], force: bool) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Failed, "aws_files", format!("can't write {}: {error}", file.display()))
    };
    // Some keep it elsewhere and link to it; the link stays.
    let target = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
    let before = match std::fs::read_to_string(&target) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(error)),
    };
    let after = with_profile(&before, name, settings, force).ok_or_else(|| {
        let sentence = format!("{} has a profile `{name}` that countersign did not make", file.display());
        Failure::new(Exit::Failed, "profile_exists", sentence).advise("Give another --name, or --force to replace it.")
    })?;
    let folder = target.parent().unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    // A whole file takes the other's place: nobody ever reads half of one.
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    new.write_all(after.as_bytes()).map_err(failed)?;
    if let Ok(old) = std::fs::metadata(&target) {
        new.as_file().set_permissions(old.permissions()).map_err(failed)?;
    }
    new.as_file().sync_all().map_err(failed)?;
    new.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The file's text with this profile in it; `None` if there is one of that name that is not ours.
fn with_profile(text: &str, name: &str, settings: &[(&str, String)], force: bool) -> Option<String> {
    let heading = if name == "default" { "[default]".to_owned() } else { format!("[profile {name}]") };
    let mut section = format!("{heading}\n{MARK}\n");
    for (key, value) in settings {
        section.push_str(key);
        section.push_str(" = ");
        section.push_str(value);
        section.push('\n');
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let Some(start) = lines.iter().position(|line| names(line, name)) else {
        let gap = match text {
            "" => "",
            _ if text.ends_with("\n\n") => "",
            _ if text.ends_with('\n') => "\n",
            _ => "\n\n",
        };
        return Some(format!("{text}{gap}{section}"));
    };
    let (before, from) = lines.split_at(start);
    let body = from.get(1..).unwrap_or_default();
    let ours = body.first().is_some_and(|line| line.trim_end() == MARK);
    if !ours && !force {
        return None;
    }
    let next = body.iter().position(|line| line.trim_start().starts_with('[')).unwrap_or(body.len());
    let (inside, after) = body.split_at(next);
    // What stands between the last setting and the next heading belongs to that.
    let setting = |line: &&str| {
        let line = line.trim();
        !(line.is_empty() || line.starts_with(['#', ';']))
    };
    let kept = inside.iter().rposition(setting).map_or(usize::from(ours), |last| last.saturating_add(1));
    let kept = inside.get(kept..).unwrap_or_default();
    Some(format!("{}{section}{}{}", before.concat(), kept.concat(), after.concat()))
}

/// Whether this line is the heading of profile `name`.
fn names(line: &str, name: &str) -> bool {
    let inside = line.trim().strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let Some((inside, _)) = inside else { return false };
    let unquoted = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    match inside.trim().split_once(char::is_whitespace) {
        Some(("profile", rest)) => unquoted(rest) == name,
        Some(_) => false,
        None => name == "default" && inside.trim() == "default",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHERS: &str =
        "[default]\nregion = eu-central-1\n\n# my own\n[profile  \"work\"]\nsso_session=x\n  nested = y";

    fn settings(value: &str) -> Vec<(&'static str, String)> {
        vec![("credential_process", value.to_owned())]
    }

    #[test]
    fn a_new_profile_comes_last_and_nothing_else_changes() {
        let after = with_profile(OTHERS, "orders", &settings("one"), false).unwrap();
        assert_eq!(after, format!("{OTHERS}\n\n[profile orders]\n{MARK}\ncredential_process = one\n"));
        assert_eq!(with_profile("", "x", &[], false).unwrap(), format!("[profile x]\n{MARK}\n"));
    }

    #[test]
    fn our_own_profile_is_written_anew_in_its_place() {
        let first = with_profile(OTHERS, "orders", &settings("one"), false).unwrap();
        let tail = "\n# the next one\n[profile last]\nregion = x\n";
        let second = with_profile(&format!("{first}{tail}"), "orders", &settings("two"), false).unwrap();
        assert_eq!(second, format!("{}{tail}", first.replace("one", "two")));
    }

    #[test]
    fn somebody_elses_profile_is_left_alone_unless_forced() {
        for name in ["work", "default"] {
            assert_eq!(with_profile(OTHERS, name, &settings("x"), false), None, "{name}");
            let forced = with_profile(OTHERS, name, &settings("x"), true).unwrap();
            assert!(forced.contains("credential_process = x\n"), "{forced}");
        }
        let forced = with_profile(OTHERS, "default", &settings("x"), true).unwrap();
        assert!(forced.ends_with("\n\n# my own\n[profile  \"work\"]\nsso_session=x\n  nested = y"), "{forced}");
        assert!(!forced.contains("eu-central-1"), "{forced}");
    }

    #[test]
    fn a_link_stays_a_link_and_the_files_mode_stays() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("config"));
        std::fs::write(&real, OTHERS).unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_profile(&link, "orders", &settings("one"), false).unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(std::fs::read_to_string(&real).unwrap().starts_with(OTHERS));
        let missing = folder.path().join("new").join("config");
        write_profile(&missing, "orders", &settings("one"), false).unwrap();
        assert!(missing.is_file());
    }
}
