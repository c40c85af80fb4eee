//! A walk: one random step after the other, each a call or two of both.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use aws::table::Table;
use end_to_end::dice::Dice;
use end_to_end::failure::Failure;
use model::digest::Digest;
use model::identity::{Actor, Cause, Identity};
use model::limits::Slot;
use model::names::{PersonId, RequestId, SweepId};
use model::policy::Policy;
use model::time::Time;
use record::chain::{self, Head, Link};
use serde::Serialize;
use workflow::double::World;
use workflow::ports::{Commit, CommitError, Stored, StoredAccount, StoredSweep, StoredSystem};

use crate::activity::Activities;
use crate::both::Both;
use crate::log::Logging;
use crate::place::Place;
use crate::times;

/// Who there is.
pub(crate) const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];

/// What they ask for.
pub(crate) const ENTITLEMENTS: [&str; 3] = ["logs-read", "orders-db-debug", "prod-admin"];

/// Where this is.
pub(crate) struct Walk<'a> {
    pub(crate) both: Both,
    pub(crate) dice: Dice,
    pub(crate) policy: Policy,
    /// Which step this is, from 1.
    pub(crate) step: u64,
    /// What commits came to.
    pub(crate) outcomes: BTreeSet<&'static str>,
    /// Each request in every version that it had.
    pub(crate) requests: BTreeMap<RequestId, Vec<Stored>>,
    pub(crate) sweeps: BTreeMap<SweepId, Vec<StoredSweep>>,
    pub(crate) accounts: BTreeMap<String, Vec<StoredAccount>>,
    pub(crate) systems: BTreeMap<&'static str, Vec<StoredSystem>>,
    /// The commit before, to be sent again.
    pub(crate) last: Option<Commit>,
    /// Who took which slot last.
    pub(crate) holders: BTreeMap<(PersonId, Slot), RequestId>,
    /// Requests that messages were about.
    pub(crate) noted: BTreeSet<RequestId>,
    /// When a message was claimed last.
    pub(crate) claimed_at: Option<Time>,
    /// Where pages ended, in the words of either side.
    pub(crate) cursors: Vec<(Option<String>, Option<String>)>,
    pub(crate) logging: Logging,
    pub(crate) activities: Activities,
    place: &'a Place,
    /// Marks of signatures, and when DynamoDB deletes them.
    pub(crate) marks: BTreeMap<Digest, Time>,
}

/// A name, as it is checked.
pub(crate) fn named<T: FromStr<Err: std::error::Error>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|error| Failure::of(text, &error))
}

/// Somebody at the API.
pub(crate) fn actor(person: &str) -> Result<Actor, Failure> {
    let principal = format!("arn:aws:iam::111111111111:user/{person}");
    Ok(Actor { person: named(person)?, identity: Identity::Api { principal }, mfa: true })
}

/// The entries for `events` after `head`, and its end after them.
pub(crate) fn links<E: Serialize>(
    head: Head,
    stream: &str,
    by: &Cause,
    events: &[E],
    at: Time,
) -> Result<(Vec<Link>, Head), Failure> {
    let unwritable = |error: serde_json::Error| Failure::of("writing an event", &error);
    let cause = serde_json::to_value(by).map_err(unwritable)?;
    let (mut links, mut head) = (Vec::new(), head);
    for event in events {
        let event = serde_json::to_value(event).map_err(unwritable)?;
        let (link, next) = chain::append(head, stream, &at.to_string(), cause.clone(), event)
            .map_err(|error| Failure::of("writing an entry", &error))?;
        links.push(link);
        head = next;
    }
    Ok((links, head))
}

impl<'a> Walk<'a> {
    /// At the beginning, in a place that is empty.
    pub(crate) fn new(place: &'a Place, seed: u64) -> Result<Self, Failure> {
        let double = World::new(times::beginning());
        double.gate_by_anchor();
        let policy =
            Policy::load(&World::sample_bundle()).map_err(|_| Failure::new("the sample bundle is no bundle"))?;
        Ok(Self {
            both: Both { double, table: Table::new(place.client.clone(), &place.name) },
            dice: Dice::of(0x7AB1E, seed),
            policy,
            step: 0,
            outcomes: BTreeSet::new(),
            requests: BTreeMap::new(),
            sweeps: BTreeMap::new(),
            accounts: BTreeMap::new(),
            systems: BTreeMap::new(),
            last: None,
            holders: BTreeMap::new(),
            noted: BTreeSet::new(),
            claimed_at: None,
            cursors: Vec::new(),
            logging: Logging::default(),
            activities: Activities::default(),
            place,
            marks: BTreeMap::new(),
        })
    }

    /// So many steps; then everything is compared.
    pub(crate) async fn go(&mut self, steps: u64) -> Result<(), Failure> {
        for step in 1..=steps {
            self.step = step;
            let seconds = times::passing(&mut self.dice);
            self.pass(seconds).await?;
            match self.dice.below(100) {
                0..20 => self.submit().await?,
                20..42 => self.change().await?,
                42..46 => self.again().await?,
                46..56 => self.look().await?,
                56..60 => self.list().await?,
                60..65 => self.note().await?,
                65..74 => self.sweep().await?,
                74..77 => self.account().await?,
                77..80 => self.system().await?,
                80..91 => self.log().await?,
                _ => self.act().await?,
            }
        }
        self.compare_all().await
    }

    /// Time passes, for AWS.
    async fn pass(&mut self, seconds: u64) -> Result<(), Failure> {
        self.both.double.pass(seconds);
        let now = self.now();
        let over: Vec<Digest> = self.marks.iter().filter(|(_, at)| **at <= now).map(|(mark, _)| *mark).collect();
        for mark in over {
            self.marks.remove(&mark);
            self.place.forget(&format!("REPLAY#{mark}"), "REPLAY").await?;
        }
        Ok(())
    }

    /// What time it is for AWS.
    pub(crate) fn now(&self) -> Time {
        self.both.double.aws_now()
    }

    /// One of the people.
    pub(crate) fn person(&mut self) -> Result<PersonId, Failure> {
        named(self.dice.one(&PEOPLE).copied().unwrap_or_default())
    }

    /// One of the requests, and now and then one that there never was.
    pub(crate) fn request(&mut self) -> Result<RequestId, Failure> {
        let known: Vec<RequestId> = self.requests.keys().cloned().collect();
        match self.dice.one(&known) {
            Some(id) if self.dice.below(20) > 0 => Ok(id.clone()),
            _ => self.new_request(),
        }
    }

    /// The id of a request that there is not yet. Ids come in no order.
    pub(crate) fn new_request(&mut self) -> Result<RequestId, Failure> {
        named(&format!("req_0198c0ffee007000{:016x}", self.dice.number()))
    }

    /// Up to how many are asked for.
    pub(crate) fn limit(&mut self) -> u32 {
        self.dice.one(&[0, 1, 2, 3, 5, 1_000]).copied().unwrap_or(1)
    }

    /// One of the versions that something had: mostly the last, `None` if it is to be made anew. Now and then one that
    /// it does not have yet, as `ahead` makes it.
    pub(crate) fn version<T: Clone>(&mut self, versions: &[T], ahead: impl Fn(&mut T, u64)) -> Option<T> {
        match self.dice.below(20) {
            0 => None,
            1..=3 => self.dice.one(versions).cloned(),
            4 => {
                let mut later = versions.last().cloned()?;
                ahead(&mut later, self.dice.below(3).saturating_add(1));
                Some(later)
            }
            _ => versions.last().cloned(),
        }
    }

    /// Remembers what a commit came to.
    pub(crate) fn came_to(&mut self, outcome: &Result<(), CommitError>) {
        let word = match outcome {
            Ok(()) => "stored",
            Err(CommitError::Conflict) => "Conflict",
            Err(CommitError::Replayed) => "Replayed",
            Err(CommitError::KeyUsed) => "KeyUsed",
            Err(CommitError::SlotTaken) => "SlotTaken",
            Err(CommitError::Barred(_)) => "Barred",
            Err(CommitError::NotAnchored) => "NotAnchored",
            Err(CommitError::Unavailable(fault)) if fault.code == "ValidationException" => "ValidationException",
            Err(CommitError::Unavailable(_)) => "another fault",
        };
        self.outcomes.insert(word);
    }
}
