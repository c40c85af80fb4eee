//! Streams of accounts and of the system itself.

use crate::codes::Code;
use crate::entry::Entry;
use crate::finding::{At, Found, shown};
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

/// What the log says of itself.
#[derive(Debug, Default)]
pub(crate) struct System {
    /// What summaries say, the last of each stream and place.
    pub(crate) heads: Vec<Head>,
    /// When summaries were made.
    pub(crate) summaries: Vec<i64>,
    /// When the log began.
    pub(crate) started: Option<i64>,
    /// The digest that was published last.
    policy: Option<String>,
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
            ("sys_deployment", "deploymentSeen") => {}
            ("sys_log", "heartbeat") => {
                let size = entry.data.get("size").and_then(serde_json::Value::as_u64);
                if size.is_none_or(|size| size > index) {
                    find(Code::MalformedEvent, "It says more leaves than there are before it.".to_owned());
                }
            }
            ("sys_log", "logStarted") => {
                if entry.seq != 1 {
                    find(Code::ImpossibleEvent, "The log began before.".to_owned());
                }
                self.started = self.started.or(Some(entry.at));
            }
            ("sys_log", "dailySummary") => self.summary(entry, index),
            ("sys_log", "defectFound") => {
                let (what, code) = (entry.text("entry").unwrap_or("a stream"), entry.text("code").unwrap_or("no code"));
                find(Code::DefectRecorded, format!("The log found a defect in {}: {}.", shown(what), shown(code)));
            }
            ("sys_log", "keyChanged") => find(Code::KeyChanged, "The log's key was changed here.".to_owned()),
            (_, kind) => {
                let sentence = format!("`{}` is no event of this stream that this program knows.", shown(kind));
                find(Code::UnknownEvent, sentence);
            }
        }
    }

    fn summary(&mut self, entry: &Entry, index: u64) {
        self.summaries.push(entry.at);
        let streams = entry.data.get("streams").and_then(serde_json::Value::as_array);
        for said in streams.into_iter().flatten() {
            let text = |name: &str| said.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
            let seq = said.get("seq").and_then(serde_json::Value::as_u64);
            if let (Some(stream), Some(seq), Some(hash)) = (text("stream"), seq, text("hash")) {
                self.heads.push(Head { stream, seq, hash, index, of: entry.seq, at: entry.at });
            }
        }
    }
}
