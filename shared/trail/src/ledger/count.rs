//! Counting: an entry into a summary, and out of it again.

use super::bounded::{Left, cut, put};
use crate::call::{Call, Category};
use crate::entry::{Entry, Origin, When};
use crate::summary::{ActionSeen, MOST_ACTIONS, MOST_ERRORS, MOST_KEYS, MOST_RESOURCES, MOST_SOURCES, Seen, Summary};
use std::collections::BTreeSet;

/// Longest name of a user agent that is counted, in characters.
const LONGEST_AGENT: usize = 64;

/// What a call is counted under, beside the totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Under {
    Action,
    Resource,
    Address,
    Agent,
    Error,
    Region,
    Origin,
}

impl Summary {
    /// The summary of these entries, each of another call.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut summary = Self::default();
        for entry in entries {
            summary.apply(entry);
        }
        summary
    }

    /// Counts a call.
    pub fn apply(&mut self, entry: &Entry) {
        let call = &entry.call;
        self.first = Some(self.first.map_or(call.at, |first| first.min(call.at)));
        self.last = Some(self.last.map_or(call.at, |last| last.max(call.at)));
        self.total(entry, u64::saturating_add);
        for (under, name) in names(entry) {
            self.put(under, name, call);
        }
        self.follow(call);
        self.tallies.add(entry);
    }

    /// Counts a call as another record of it says. Returns whether the summary is then perhaps not what it would be, had
    /// only that record come.
    pub(super) fn replace(&mut self, known: &Entry, better: &Entry) -> bool {
        let (was, is) = (names(known), names(better));
        self.tallies.replace(known, better);
        self.total(known, u64::saturating_sub);
        self.total(better, u64::saturating_add);
        let mut is_exact = known.call.opened == better.call.opened && known.call.at == better.call.at;
        for (under, name) in &was {
            let stays = is.contains(&(*under, name.clone()));
            let left = self.cut(*under, name, &known.call);
            self.uncounted = self.uncounted.saturating_sub(left.missing);
            is_exact &= stays || left.exact;
            if stays {
                self.put(*under, name.clone(), &better.call);
            }
        }
        for (under, name) in is.into_iter().filter(|one| !was.contains(one)) {
            self.put(under, name, &better.call);
        }
        self.follow(&better.call);
        !is_exact
    }

    /// Remembers the key of the session that a call opened.
    fn follow(&mut self, call: &Call) {
        let Some(opened) = call.opened.as_ref().filter(|opened| !opened.access_key_id.is_empty()) else { return };
        self.keys.insert(opened.access_key_id.clone());
        if self.keys.len() > MOST_KEYS {
            self.keys.pop_last();
            self.uncounted = self.uncounted.saturating_add(1);
        }
    }

    fn total(&mut self, entry: &Entry, by: fn(u64, u64) -> u64) {
        let call = &entry.call;
        let once = Seen::once(call);
        for (number, holds) in [
            (&mut self.calls, true),
            (&mut self.reads, call.read_only),
            (&mut self.denied, once.denied > 0),
            (&mut self.failed, once.failed > 0),
            (&mut self.data_calls, call.category == Category::Data),
            (&mut self.after_end, entry.when == When::After),
            (&mut self.chained, entry.chained),
            (&mut self.by_services, !call.caller.invoked_by.is_empty()),
        ] {
            if holds {
                *number = by(*number, 1);
            }
        }
        // Few rules, so they need no bound.
        let times = self.rules.entry(entry.rule).or_default();
        *times = by(*times, 1);
        self.rules.retain(|_, times| *times > 0);
    }

    fn put(&mut self, under: Under, name: String, call: &Call) {
        let once = Seen::once(call);
        let dropped = match under {
            Under::Action => {
                let action = ActionSeen { seen: once, action: call.action.clone(), read_only: call.read_only };
                put(&mut self.actions, MOST_ACTIONS, name, action)
            }
            Under::Resource => put(&mut self.resources, MOST_RESOURCES, name, once),
            Under::Address => put(&mut self.addresses, MOST_SOURCES, name, once),
            Under::Agent => put(&mut self.agents, MOST_SOURCES, name, once),
            Under::Error => put(&mut self.errors, MOST_ERRORS, name, 1),
            Under::Region => put(&mut self.regions, MOST_SOURCES, name, 1),
            Under::Origin => put(&mut self.origins, MOST_SOURCES, name, 1),
        };
        self.uncounted = self.uncounted.saturating_add(dropped);
    }

    fn cut(&mut self, under: Under, name: &str, call: &Call) -> Left {
        let once = Seen::once(call);
        match under {
            Under::Action => {
                let action = ActionSeen { seen: once, action: call.action.clone(), read_only: call.read_only };
                cut(&mut self.actions, MOST_ACTIONS, name, &action)
            }
            Under::Resource => cut(&mut self.resources, MOST_RESOURCES, name, &once),
            Under::Address => cut(&mut self.addresses, MOST_SOURCES, name, &once),
            Under::Agent => cut(&mut self.agents, MOST_SOURCES, name, &once),
            Under::Error => cut(&mut self.errors, MOST_ERRORS, name, &1),
            Under::Region => cut(&mut self.regions, MOST_SOURCES, name, &1),
            Under::Origin => cut(&mut self.origins, MOST_SOURCES, name, &1),
        }
    }
}

impl Seen {
    /// One call.
    fn once(call: &Call) -> Self {
        let denied = call.is_denied();
        let failed = call.error.is_some() && !denied;
        Self { times: 1, denied: denied.into(), failed: failed.into(), first: call.at, last: call.at }
    }
}

/// All that an entry is counted under, each once.
fn names(entry: &Entry) -> BTreeSet<(Under, String)> {
    let call = &entry.call;
    let origin = match &entry.origin {
        Origin::Trail { .. } => "trail",
        Origin::Bus {} => "bus",
        Origin::Lookup {} => "lookup",
        Origin::Logs { .. } => "logs",
    };
    let one = [
        (Under::Action, action(call)),
        (Under::Address, call.address.clone()),
        (Under::Agent, agent(&call.agent)),
        (Under::Error, call.error.clone().unwrap_or_default()),
        (Under::Region, call.region.clone()),
        (Under::Origin, origin.to_owned()),
    ];
    let resources = call.resources.iter().map(|resource| (Under::Resource, resource.clone()));
    one.into_iter().chain(resources).filter(|(_, name)| !name.is_empty()).collect()
}

/// As recorded; apart where one name stands for two actions, as with a version of an object.
fn action(call: &Call) -> String {
    let Call { service, name, .. } = call;
    let is_version = call.action.as_ref().is_some_and(|action| action.contains("ObjectVersion"));
    if is_version && !name.contains("Version") {
        format!("{service}:{name} (version)")
    } else {
        format!("{service}:{name}")
    }
}

/// The program, without its version: `aws-cli` of `aws-cli/2.9 Python/3.9`, `S3Console` of `[S3Console/0.4, …]`.
fn agent(agent: &str) -> String {
    let agent = agent.trim_start_matches('[');
    agent.split(['/', ' ', ',', ']']).next().unwrap_or_default().chars().take(LONGEST_AGENT).collect()
}
