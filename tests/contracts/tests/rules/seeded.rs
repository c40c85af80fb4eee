//! What is shipped can't have the defects that are there on purpose (`model::seeded`).

use crate::holds;
use contracts::Complaints;
use contracts::repository;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What may say so: the feature itself.
const ITSELF: &str = "shared/model/Cargo.toml";

/// Every file below a folder that builds or deploys by what it says.
fn orders(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(repository::root().join(folder)).unwrap() {
        let path = folder.join(entry.unwrap().file_name());
        let at = repository::root().join(&path);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if at.is_dir() {
            if !matches!(name.as_str(), "target" | ".git" | "node_modules" | "corpus" | "malformed" | "crashes") {
                orders(&path, found);
            }
        } else if ["toml", "yaml", "yml", "py", "sh", "md"].iter().any(|end| name.ends_with(&format!(".{end}")))
            || path.starts_with(".ci")
        {
            found.push(path.to_string_lossy().into_owned());
        }
    }
}

/// What is wrong with a file that builds or deploys.
fn complaints(path: &str, text: &str) -> Complaints {
    let asks = |word: &str| text.lines().any(|line| !line.trim_start().starts_with('#') && line.contains(word));
    let mut complaints = Vec::new();
    if path == ITSELF {
        if !text.contains("\nseeded = []\n") || text.matches("seeded = ").count() != 1 || asks("default") {
            complaints.push(format!("{path}: the feature has to be by itself, and nobody's default"));
        }
    } else if ["model/seeded", "\"seeded\"", "COUNTERSIGN_SEEDED_DEFECT"].iter().any(|word| asks(word)) {
        complaints.push(format!("{path} asks for defects"));
    }
    if asks("--all-features") {
        complaints.push(format!("{path} asks for all features, and so for defects"));
    }
    complaints
}

#[test]
fn nothing_asks_for_defects() {
    let mut found = Vec::new();
    orders(Path::new(""), &mut found);
    for known in [".ci/run", ".cargo/config.toml", "Cargo.toml", "template.yaml", "infra/spoke.yaml", ITSELF] {
        assert!(found.iter().any(|path| path == known), "{known}: {found:?}");
    }
    holds(&found.iter().flat_map(|path| complaints(path, &repository::text(path).unwrap())).collect());
}

#[test]
fn whatever_asks_for_them_is_found() {
    for (path, text) in [
        ("Cargo.toml", "model = { path = \"shared/model\", features = [\"seeded\"] }"),
        (".ci/run", "cargo build --release --features model/seeded"),
        ("README.md", "cargo lambda build --all-features"),
        ("template.yaml", "  COUNTERSIGN_SEEDED_DEFECT: no-seal"),
        (ITSELF, "[features]\ndefault = [\"seeded\"]\nseeded = []\n"),
        (ITSELF, "[features]\nseeded = [\"std\"]\n"),
    ] {
        assert_eq!(complaints(path, text).len(), 1, "{path}: {text}");
    }
    assert_eq!(complaints(".ci/run", "cargo xtask defects"), Vec::<String>::new());
}

/// As cargo itself sees the workspace when it builds all of it, with what every package asks for.
#[test]
fn model_is_built_without_them() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(repository::root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let nodes = metadata.pointer("/resolve/nodes").and_then(serde_json::Value::as_array).unwrap();
    let model = nodes.iter().find(|node| node["id"].as_str().is_some_and(|id| id.contains("/shared/model#"))).unwrap();
    assert_eq!(model["features"], serde_json::json!([]));
}

/// Without the feature nothing is chosen: what reads the environment is not compiled.
#[test]
fn what_chooses_a_defect_is_not_compiled_without_them() {
    let source = repository::text("shared/model/src/seeded.rs").unwrap();
    let items: Vec<&str> = source.split("\n\n").filter(|item| item.contains("env::var")).collect();
    assert!(items.len() == 1 && items.iter().all(|item| item.contains("#[cfg(feature = \"seeded\")]\npub fn is(")));
}
