//! Streams of accounts and of the system itself.

use crate::codes::Code;
use crate::entry::Entry;
use crate::finding::{At, Found, shown};
use record::note::VerifierKey;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a day's summary says of a stream: its last entry's place and hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) stream: String,
    pub(crate) seq: u64,
    pub(crate) hash: String,
    /// The leaf of the summary.
    pub(crate) index: u64,
    /// Its place in the log's own stream.
    pub(crate) of: u64,
    /// When it was made.
    pub(crate) at: i64,
}

/// A change of the log's key, as the log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyChange {
    /// The leaf that says so.
    pub(crate) index: u64,
    /// The key before.
    pub(crate) from: VerifierKey,
    /// The key from then on.
    pub(crate) to: VerifierKey,
}

/// What the log says of itself.
#[derive(Debug, Default)]
pub(crate) struct System {
    /// What summaries say, the last of each stream and place.
    pub(crate) heads: Vec<Head>,
    /// When summaries were made.
    pub(crate) summaries: Vec<i64>,
    /// When the log began.
    pub(crate) started: Option<i64>,
    /// Its changes of key.
    pub(crate) key_changes: Vec<KeyChange>,
    /// Its key, as it says.
    key: Option<String>,
    /// The digest that was published last.
    policy: Option<String>,
    /// What of each function runs, by name.
    functions: BTreeMap<String, Value>,
}

/// All of a key, to be compared and pinned.
fn shown_key(key: &VerifierKey) -> String {
    shown(&key.to_string())
}

/// The last entry's kind of each stream of an account.
pub(crate) type Accounts = BTreeMap<String, bool>;

/// An entry of an account: what was found there that no request owns.
pub(crate) fn account(known: &mut Accounts, entry: &Entry, index: u64, found: &mut Found) {
    let mut find = |code, sentence: String| found.add(code, At::entry(index, &entry.stream, entry.seq), sentence);
    let before = known.insert(entry.stream.clone(), true).is_some();
    match entry.kind.as_str() {
        "accountFirstSeen" | "orphanObserved" | "orphanRemoved" => {}
        kind => {
            let sentence = format!("`{}` is no event of an account that this program knows.", shown(kind));
            return find(Code::UnknownEvent, sentence);
        }
    }
    if before == (entry.kind == "accountFirstSeen") {
        find(Code::ImpossibleEvent, format!("`{}` can't follow in the stream of an account.", entry.kind));
    }
    if entry.text("account") != entry.stream.strip_prefix("acc_") {
        find(Code::MalformedEvent, "It is about another account than that of its stream.".to_owned());
    }
}

impl System {
    /// An entry of `sys_policy`, `sys_deployment` or `sys_log`.
    pub(crate) fn take(&mut self, entry: &Entry, index: u64, found: &mut Found) {
        let at = At::entry(index, &entry.stream, entry.seq);
        let mut find = |code, sentence: String| found.add(code, at.clone(), sentence);
        match (entry.stream.as_str(), entry.kind.as_str()) {
            ("sys_policy", "policyPublished") => {
                let digest = entry.text("digest").map(str::to_owned);
                if digest.is_none() {
                    find(Code::MalformedEvent, "It does not say what was published.".to_owned());
                }
                if self.policy.is_some() && entry.text("previous") != self.policy.as_deref() {
                    let sentence = "It says another policy than the one that was published before it.";
                    find(Code::ImpossibleEvent, sentence.to_owned());
                }
                self.policy = digest;
            }
            ("sys_deployment", "deploymentSeen") => self.deployed(entry, &mut find),
            ("sys_log", "heartbeat") => {
                let size = entry.data.get("size").and_then(Value::as_u64);
                if size.is_none_or(|size| size > index) {
                    find(Code::MalformedEvent, "It says more leaves than there are before it.".to_owned());
                }
            }
            ("sys_log", "logStarted") => {
                if entry.seq != 1 {
                    find(Code::ImpossibleEvent, "The log began before.".to_owned());
                }
                self.started = self.started.or(Some(entry.at));
                self.key = entry.text("key").map(str::to_owned);
            }
            ("sys_log", "dailySummary") => self.summary(entry, index),
            ("sys_log", "defectFound") => {
                let (what, code) = (entry.text("entry").unwrap_or("a stream"), entry.text("code").unwrap_or("no code"));
                find(Code::DefectRecorded, format!("The log found a defect in {}: {}.", shown(what), shown(code)));
            }
            ("sys_log", "keyChanged") => self.key_changed(entry, index, &mut find),
            (_, kind) => {
                let sentence = format!("`{}` is no event of this stream that this program knows.", shown(kind));
                find(Code::UnknownEvent, sentence);
            }
        }
    }

    /// What of a function runs, if it was what the log knew before and is another.
    fn deployed(&mut self, entry: &Entry, find: &mut impl FnMut(Code, String)) {
        let part = |name: &str| entry.data.get(name).filter(|part| part.is_object()).cloned();
        let hash = |code: &Value| code.get("sha256").is_some_and(Value::is_string);
        let (code, previous) = (part("code"), part("previous"));
        let Some(function) = entry.text("function").filter(|_| code.iter().chain(&previous).all(hash)) else {
            return find(Code::MalformedEvent, "It does not say what of which function runs.".to_owned());
        };
        let known = match &code {
            Some(code) => self.functions.insert(function.to_owned(), code.clone()),
            None => self.functions.remove(function),
        };
        if known != previous || code == previous {
            let sentence = format!("It says of {} other code before it than the log does.", shown(function));
            find(Code::ImpossibleEvent, sentence);
        }
    }

    /// A change of key goes on from the key that the log had.
    fn key_changed(&mut self, entry: &Entry, index: u64, find: &mut impl FnMut(Code, String)) {
        let key = |name: &str| entry.text(name).and_then(|key| key.parse::<VerifierKey>().ok());
        let (Some(from), Some(to)) = (key("from"), key("to")) else {
            return find(Code::MalformedEvent, "It does not say which key came in the place of which.".to_owned());
        };
        if self.key.as_deref() != Some(&from.to_string()) {
            let sentence = "It says another key before it than the log had.";
            find(Code::ImpossibleEvent, sentence.to_owned());
        }
        let sentence =
            format!("From here on the log's key is {}; before, it was {}.", shown_key(&to), shown_key(&from));
        find(Code::KeyChanged, sentence);
        self.key = Some(to.to_string());
        self.key_changes.push(KeyChange { index, from, to });
    }

    fn summary(&mut self, entry: &Entry, index: u64) {
        self.summaries.push(entry.at);
        let streams = entry.data.get("streams").and_then(Value::as_array);
        for said in streams.into_iter().flatten() {
            let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
            let seq = said.get("seq").and_then(Value::as_u64);
            if let (Some(stream), Some(seq), Some(hash)) = (text("stream"), seq, text("hash")) {
                self.heads.push(Head { stream, seq, hash, index, of: entry.seq, at: entry.at });
            }
        }
    }
}
