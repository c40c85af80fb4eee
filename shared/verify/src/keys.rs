//! Whose signatures count.

use crate::codes::Code;
use crate::finding::{At, Found, shown};
use record::note::{Kind, VerifierKey, read_key};

/// The keys of the log and of its witnesses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Keys {
    /// All of them.
    pub(crate) all: Vec<VerifierKey>,
    /// The log's name.
    pub(crate) origin: Option<String>,
    /// Whether there is a witness among them.
    pub(crate) witnessed: bool,
}

impl Keys {
    /// Reads lines `log <vkey>`, `log <vkey> until <leaves>` and `witness <vkey>`; empty lines and those with `#` before them
    /// say nothing.
    pub(crate) fn read(text: &str, path: &str, found: &mut Found) -> Self {
        let mut keys = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let Some(key) = read_key(line) else {
                let sentence = format!("`{}` is neither `log <key>` nor `witness <key>`.", shown(line));
                found.add(Code::KeyUnreadable, At::path(path), sentence);
                continue;
            };
            match key.kind() {
                Kind::Ed25519 => {
                    // One log; a key that it had before, or has next, bears the same name.
                    if keys.origin.as_ref().is_some_and(|origin| origin != key.name()) {
                        found.add(
                            Code::KeyUnreadable,
                            At::path(path),
                            "Keys of two logs are named; the first is taken.",
                        );
                        continue;
                    }
                    keys.origin = Some(key.name().to_owned());
                }
                Kind::Cosignature => keys.witnessed = true,
            }
            keys.all.push(key);
        }
        keys
    }

    /// The same keys, whatever their order.
    pub(crate) fn same(&self, other: &Self) -> bool {
        let has = |keys: &Self, key: &VerifierKey| keys.all.contains(key);
        self.all.iter().all(|key| has(other, key)) && other.all.iter().all(|key| has(self, key))
    }
}
