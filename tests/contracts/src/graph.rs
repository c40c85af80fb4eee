//! Who depends on whom, and who may.
//!
//! Only normal dependencies count: what tests and build scripts need never runs in a function.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use crate::Complaints;

/// A package and what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder from the root; `None` for what comes from elsewhere.
    pub folder: Option<String>,
    /// The packages it needs, by their keys in [`Graph`].
    pub needs: BTreeSet<String>,
}

/// All packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph(BTreeMap<String, Package>);

/// What may not be reached from where promises are kept without AWS, clock and chance: networks, runtimes, randomness.
const OUTSIDE: &[&str] = &[
    "async-io",
    "async-std",
    "axum",
    "curl",
    "fastrand",
    "getrandom",
    "h2",
    "hyper",
    "isahc",
    "mio",
    "native-tls",
    "openssl",
    "quinn",
    "rand",
    "rand_core",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "tokio",
    "ureq",
    "uuid",
];

/// As [`OUTSIDE`], by the beginning of the name.
const OUTSIDE_FAMILIES: &[&str] = &["aws-", "aws_", "hyper-", "lambda_", "openssl-", "quinn-", "rustls-", "tokio-"];

/// What could read a clock, files or the machine, but is not a network: not in `model` either, except [`TOLERATED`].
const AMBIENT: &[&str] = &[
    "chrono",
    "directories",
    "dirs",
    "dotenvy",
    "home",
    "jiff",
    "memmap2",
    "notify",
    "num_cpus",
    "stacker",
    "tempfile",
    "time",
    "walkdir",
];

/// What `model` may reach of [`AMBIENT`], and why. An entry that is no longer reached is a complaint.
const TOLERATED: &[(&str, &str)] = &[
    ("chrono", "Cedar's type for its `datetime` values; Cedar has no function that gives the present time"),
    ("jiff", "dates and RFC 3339 in `model::time`; `Timestamp::now` is a disallowed method in clippy.toml"),
    ("stacker", "Cedar asks how much stack is left, so that a deep policy is an error and not a crash"),
    ("time", "an option of `serde_with`, which Cedar needs, that `cargo metadata` counts in; it is not built"),
];

/// Folders and what each may depend on, inside this repository. Arrows point inwards.
const INWARDS: &[(&str, &[&str])] = &[
    ("shared/model", &[]),
    ("shared/record", &[]),
    ("shared/trail", &["shared/model"]),
    ("shared/verify", &["shared/record", "shared/trail"]),
    ("shared/evidence", &["shared/record"]),
    ("shared/workflow", &["shared/model", "shared/record", "shared/trail"]),
    ("shared/aws", &["shared/workflow", "shared/model", "shared/record", "shared/trail"]),
    ("shared/slack", &["shared/workflow", "shared/model", "shared/record", "shared/trail"]),
    ("shared/lambda", &["shared/workflow", "shared/model", "shared/record"]),
    ("functions/*", &["shared/*"]),
    (
        "cli",
        &[
            "shared/aws",
            "shared/evidence",
            "shared/slack",
            "shared/workflow",
            "shared/model",
            "shared/record",
            "shared/trail",
            "shared/verify",
        ],
    ),
    // The stand-in for Slack shares nothing with our side of Slack: two readings of Slack's documentation.
    ("tests/local-slack", &[]),
    // What is fuzzed are the functions themselves too, each with the in-memory world behind it.
    ("tests/fuzz", &["functions/*", "shared/*"]),
    // The functions themselves, over simulated ports.
    ("tests/simulation", &["functions/*", "shared/*", "tests/*"]),
    ("tests/*", &["shared/*", "tests/*"]),
    ("xtask", &["shared/*", "tests/*"]),
];

fn matches(pattern: &str, folder: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => folder.strip_prefix(start).is_some_and(|rest| !rest.contains('/')),
        None => pattern == folder,
    }
}

impl Graph {
    /// Reads what `cargo metadata --format-version 1` prints.
    ///
    /// # Errors
    /// If it is not that.
    pub fn read(metadata: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(metadata).map_err(|error| error.to_string())?;
        let text = |value: &Value, pointer: &str| {
            value
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| format!("there is no {pointer}"))
        };
        let list = |value: &Value, pointer: &str| {
            value.pointer(pointer).and_then(Value::as_array).cloned().ok_or_else(|| format!("there is no {pointer}"))
        };
        let root = format!("{}/", text(&value, "/workspace_root")?);
        let mut packages = BTreeMap::new();
        for package in list(&value, "/packages")? {
            let manifest = text(&package, "/manifest_path")?;
            let folder =
                manifest.strip_prefix(&root).and_then(|path| path.strip_suffix("/Cargo.toml")).map(str::to_owned);
            packages.insert(
                text(&package, "/id")?,
                Package { name: text(&package, "/name")?, folder, needs: BTreeSet::new() },
            );
        }
        for node in list(&value, "/resolve/nodes")? {
            let id = text(&node, "/id")?;
            for needed in list(&node, "/deps")? {
                let normal = list(&needed, "/dep_kinds")?.iter().any(|kind| kind.get("kind") == Some(&Value::Null));
                if let (true, Some(package)) = (normal, packages.get_mut(&id)) {
                    package.needs.insert(text(&needed, "/pkg")?);
                }
            }
        }
        Ok(Self(packages))
    }

    /// A made-up graph: name, folder (empty: from elsewhere), and the names it needs.
    pub fn of(packages: &[(&str, &str, &[&str])]) -> Self {
        let package = |(name, folder, needs): &(&str, &str, &[&str])| {
            let folder = Some((*folder).to_owned()).filter(|folder| !folder.is_empty());
            let needs = needs.iter().map(|name| (*name).to_owned()).collect();
            ((*name).to_owned(), Package { name: (*name).to_owned(), folder, needs })
        };
        Self(packages.iter().map(package).collect())
    }

    /// The packages of this repository: folder and name.
    pub fn own(&self) -> Vec<(&str, &str)> {
        self.0.values().filter_map(|package| Some((package.folder.as_deref()?, package.name.as_str()))).collect()
    }

    fn needs(&self, key: &str) -> impl Iterator<Item = (&String, &Package)> {
        let needs = self.0.get(key).map(|package| &package.needs);
        needs.into_iter().flatten().filter_map(|key| Some((key, self.0.get(key)?)))
    }

    /// Everything that `key` reaches, by name, with the way there.
    fn reached(&self, key: &str) -> BTreeMap<&str, String> {
        let mut ways: BTreeMap<&str, String> = BTreeMap::new();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut next: VecDeque<(&str, String)> = VecDeque::from([(key, String::new())]);
        while let Some((at, way)) = next.pop_front() {
            for (key, package) in self.needs(at) {
                if seen.insert(key) {
                    let way = format!("{way} → {}", package.name);
                    ways.entry(&package.name).or_insert_with(|| way.clone());
                    next.push_back((key, way));
                }
            }
        }
        ways
    }
}

/// What breaks the direction of dependencies.
pub fn complaints(graph: &Graph) -> Complaints {
    let mut complaints = Vec::new();
    for (key, package) in &graph.0 {
        let Some(folder) = &package.folder else { continue };
        let Some((_, allowed)) = INWARDS.iter().find(|(pattern, _)| matches(pattern, folder)) else {
            complaints.push(format!("{folder} has no place in the direction of dependencies: give it one"));
            continue;
        };
        for (_, needed) in graph.needs(key) {
            let inside = needed.folder.as_ref().filter(|inside| *inside != folder);
            if let Some(inside) = inside.filter(|inside| !allowed.iter().any(|pattern| matches(pattern, inside))) {
                complaints.push(format!("{folder} depends on {inside}"));
            }
            let sdk = needed.name.starts_with("aws-");
            if sdk && !(folder == "shared/aws" || folder == "cli" || folder.starts_with("tests/")) {
                complaints.push(format!("{folder} depends on {}: only shared/aws speaks to AWS", needed.name));
            }
        }
        complaints.extend(reached_complaints(graph, key, folder));
    }
    complaints
}

fn reached_complaints(graph: &Graph, key: &str, folder: &str) -> Complaints {
    let reached = graph.reached(key);
    let never = |name: &str| match folder {
        "shared/model" | "shared/record" | "shared/trail" | "shared/workflow" => {
            OUTSIDE.contains(&name) || OUTSIDE_FAMILIES.iter().any(|family| name.starts_with(family))
        }
        // Its optional `parquet` hashes with seeds by chance; what is written does not depend on them.
        "shared/evidence" => {
            (OUTSIDE.contains(&name) && name != "getrandom")
                || OUTSIDE_FAMILIES.iter().any(|family| name.starts_with(family))
        }
        "shared/slack" => name.starts_with("aws-sdk-") || name == "aws-config" || name.starts_with("lambda_"),
        "shared/aws" => name.starts_with("lambda_"),
        "shared/lambda" => name.starts_with("aws-sdk-") || name == "aws-config",
        // What makes exports and evidence is for people's own machines.
        _ if folder.starts_with("functions/") => matches!(name, "evidence" | "parquet"),
        _ => false,
    };
    let mut complaints: Complaints =
        reached.iter().filter(|(name, _)| never(name)).map(|(_, way)| format!("{folder} reaches{way}")).collect();
    if folder == "shared/record" || folder == "shared/model" {
        let tolerated = |name: &str| folder == "shared/model" && TOLERATED.iter().any(|(known, _)| *known == name);
        let ambient = reached.iter().filter(|(name, _)| AMBIENT.contains(name) && !tolerated(name));
        complaints.extend(ambient.map(|(_, way)| format!("{folder} reaches{way}: a clock, files or the machine")));
    }
    if folder == "shared/model" {
        let stale = TOLERATED.iter().filter(|(name, _)| !reached.contains_key(name));
        complaints.extend(stale.map(|(name, _)| format!("{folder} no longer reaches {name}: stop tolerating it")));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (&'static str, &'static str, &'static [&'static str]);

    /// As the repository is, in small.
    const SOUND: &[Row] = &[
        ("model", "shared/model", &["cedar", "jiff"]),
        ("record", "shared/record", &["sha2"]),
        ("workflow", "shared/workflow", &["model", "record"]),
        ("aws", "shared/aws", &["workflow", "aws-sdk-iam"]),
        ("slack", "shared/slack", &["model", "reqwest"]),
        ("lambda", "shared/lambda", &["workflow", "lambda_runtime"]),
        ("grant", "functions/grant", &["aws", "lambda", "model", "lambda_runtime"]),
        ("countersign", "cli", &["aws"]),
        ("local-slack", "tests/local-slack", &["axum"]),
        ("end-to-end", "tests/end-to-end", &["aws-sdk-iam", "model", "local-slack"]),
        ("cedar", "", &["chrono", "stacker", "time"]),
        ("chrono", "", &[]),
        ("jiff", "", &[]),
        ("stacker", "", &[]),
        ("time", "", &[]),
        ("sha2", "", &["getrandom-free"]),
        ("getrandom-free", "", &[]),
        ("aws-sdk-iam", "", &["tokio"]),
        ("reqwest", "", &["tokio"]),
        ("axum", "", &["tokio"]),
        ("lambda_runtime", "", &["tokio"]),
        ("tokio", "", &[]),
        ("uuid", "", &["getrandom"]),
        ("getrandom", "", &[]),
    ];

    fn with(name: &str, needs: &'static [&'static str]) -> Complaints {
        let changed: Vec<Row> =
            SOUND.iter().map(|row| if row.0 == name { (row.0, row.1, needs) } else { *row }).collect();
        complaints(&Graph::of(&changed))
    }

    #[test]
    fn a_sound_graph_is_taken() {
        assert_eq!(complaints(&Graph::of(SOUND)), Vec::<String>::new());
    }

    #[test]
    fn every_wrong_arrow_is_found() {
        let wrong: &[(&str, &'static [&'static str], &str)] = &[
            ("model", &["cedar", "jiff", "workflow"], "shared/model depends on shared/workflow"),
            ("model", &["cedar", "jiff", "uuid"], "shared/model reaches → uuid"),
            ("model", &["cedar", "jiff", "uuid"], "shared/model reaches → uuid → getrandom"),
            ("record", &["chrono"], "shared/record reaches → chrono: a clock, files or the machine"),
            ("model", &["cedar"], "shared/model no longer reaches jiff: stop tolerating it"),
            ("workflow", &["model", "record", "reqwest"], "shared/workflow reaches → reqwest → tokio"),
            ("workflow", &["aws"], "shared/workflow depends on shared/aws"),
            ("slack", &["aws"], "shared/slack depends on shared/aws"),
            (
                "lambda",
                &["workflow", "aws-sdk-iam"],
                "shared/lambda depends on aws-sdk-iam: only shared/aws speaks to AWS",
            ),
            ("grant", &["aws-sdk-iam"], "functions/grant depends on aws-sdk-iam: only shared/aws speaks to AWS"),
            ("aws", &["grant"], "shared/aws depends on functions/grant"),
            ("local-slack", &["slack"], "tests/local-slack depends on shared/slack"),
            ("countersign", &["local-slack"], "cli depends on tests/local-slack"),
        ];
        for (name, needs, complaint) in wrong {
            let found = with(name, needs);
            assert!(found.iter().any(|one| one == complaint), "{complaint}: {found:?}");
        }
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        let found = complaints(&Graph::of(&[("common", "shared/common", &[])]));
        assert_eq!(found, ["shared/common has no place in the direction of dependencies: give it one"]);
    }
}
