//! What the record says of one request, read from its bytes.

use crate::recording::Recording;
use serde_json::Value;
use std::collections::BTreeMap;

/// An entry, read.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) data: Value,
    pub(super) cause: Value,
    pub(super) prev: String,
    pub(super) seq: u64,
    pub(super) stream: String,
    /// Which of the calls that took effect committed it.
    pub(super) order: u64,
    /// When, by AWS's clock.
    pub(super) at: i64,
    /// When, as it says itself.
    pub(super) says: i64,
}

/// A request's life.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    pub(super) entries: Vec<Entry>,
    /// From when until when access may exist, as the intent says.
    pub(super) window: Option<(i64, i64)>,
    /// What is granted: actions and resources.
    pub(super) permissions: Vec<String>,
    pub(super) resources: Vec<String>,
    /// Whose own a role of the grant may be entered by.
    pub(super) principals: Vec<String>,
    /// What the catalog lets outlive a grant, or lets it open.
    pub(super) may_outlive: Vec<String>,
    /// What was asked for and taken away.
    pub(super) taken: Vec<String>,
}

/// Seconds since 1970 of a time as the record writes it.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    // Days from the civil calendar. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Story {
    /// All of them, by stream.
    pub(super) fn all(recording: &Recording) -> BTreeMap<String, Self> {
        let of = recording.streams.iter().map(|(stream, committed)| {
            let mut story = Self::default();
            for one in committed {
                let value: Value = serde_json::from_slice(&one.bytes).unwrap_or_default();
                let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
                let entry = Entry {
                    name: value.pointer("/event/type").and_then(Value::as_str).unwrap_or_default().to_owned(),
                    data: value.pointer("/event/data").cloned().unwrap_or_default(),
                    cause: value["cause"].clone(),
                    prev: text("prev"),
                    seq: value["seq"].as_u64().unwrap_or_default(),
                    stream: text("request"),
                    order: one.order,
                    at: one.at,
                    says: seconds(&text("at")).unwrap_or_default(),
                };
                story.take(&entry);
                story.entries.push(entry);
            }
            (stream.clone(), story)
        });
        of.collect()
    }

    fn take(&mut self, entry: &Entry) {
        match entry.name.as_str() {
            "requestSubmitted" => {
                self.permissions = texts(entry.data.pointer("/request/permissions"));
                self.resources = texts(entry.data.pointer("/request/resources"));
                self.principals = texts(entry.data.pointer("/request/mechanism/principals"));
                self.may_outlive = texts(entry.data.pointer("/request/mayOutlive"));
            }
            "termsNarrowed" => {
                let left = texts(entry.data.get("permissions"));
                self.taken.extend(self.permissions.iter().filter(|asked| !left.contains(asked)).cloned());
                (self.permissions, self.resources) = (left, texts(entry.data.get("resources")));
            }
            "provisioningStarted" => {
                let time = |name: &str| entry.data.pointer(name).and_then(Value::as_str).and_then(seconds);
                self.window = time("/plan/window/startsAt").zip(time("/plan/window/expiresAt"));
            }
            _ => {}
        }
    }

    /// The first entry of this name.
    pub(super) fn first(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Whether an entry of one of these names was committed before a call.
    pub(super) fn has_before(&self, names: &[&str], order: u64) -> bool {
        self.entries.iter().any(|entry| entry.order < order && names.contains(&entry.name.as_str()))
    }

    /// Whether it was ended because its time was over, by the clock of whoever ended it.
    pub(super) fn ended_on_time(&self) -> bool {
        let ended = self.first("revocationStarted").map(|entry| entry.says);
        ended.zip(self.window).is_some_and(|(at, (_, end))| at >= end)
    }

    /// From which call on nothing may be possible any more, as the record says.
    pub(super) fn denied(&self) -> Option<u64> {
        const FINAL: [&str; 5] =
            ["tombstonePlaced", "grantEnded", "requestDenied", "requestCancelled", "requestLapsed"];
        self.entries.iter().find(|entry| FINAL.contains(&entry.name.as_str())).map(|entry| entry.order)
    }
}
