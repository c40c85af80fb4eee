//! What may go wrong in a history, and how often: each seed draws some kinds of fault and leaves others out, so that rare
//! ones meet by themselves too.

use crate::dice::Dice;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal,)+) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Fault {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

faults! {
    /// A worker dies, and the call it was about to make is not made.
    CrashBefore = "crash before a call",
    /// A worker dies, and the call it had made is done.
    CrashAfter = "crash after a call",
    /// An error, and nothing is done.
    ErrorBefore = "error, not done",
    /// An error, and it is done.
    ErrorAfter = "error, done",
    /// Too many calls.
    Throttle = "throttled",
    /// Too many calls of one kind, for a while.
    Burst = "burst of throttling",
    /// DynamoDB's transactions meet.
    Conflict = "transaction conflict",
    /// One kind of call never works.
    Outage = "loss of a component",
    /// IAM does not show what was written just now.
    StaleIam = "IAM behind",
    /// Indexes do not show what was stored just now.
    StaleIndex = "index behind",
    /// The index of what is to be logged is behind.
    StaleOutbox = "outbox index behind",
    /// The clock of a worker is wrong.
    Skew = "clock skew",
    /// A worker stands still while the world goes on.
    Freeze = "freeze and thaw",
    /// A worker is killed when its time is up.
    Timeout = "function timeout",
    /// A message comes twice.
    Duplicate = "duplicate message",
    /// Messages overtake each other.
    Reorder = "reordered messages",
    /// A message comes late.
    Delay = "delayed message",
    /// A message never comes.
    Lost = "lost message",
    /// What came once comes once more, long after.
    Redelivery = "redelivered message",
    /// The bus takes some events of a batch.
    PartialBatch = "partial batch",
    /// A record of the stream that nobody can read.
    Poison = "poison record",
    /// A timer does not fire.
    MissedTimer = "missed timer",
    /// Slack does not take a message, or takes it and says that it did not.
    SlackDown = "Slack down",
    /// The secret that Slack signs with is changed.
    Rotation = "secret rotated",
    /// A name is taken in IAM before we come.
    Squatting = "name squatted",
    /// Somebody changes what we made.
    Drift = "drift in IAM",
    /// IAM has no room left.
    Quota = "quota exceeded",
    /// Catalog and policies change.
    PolicyChange = "policy changed",
    /// Somebody leaves or joins a group.
    Membership = "membership changed",
    /// The policy can't be read.
    NoPolicy = "policy unreadable",
    /// A person clicks twice.
    DoubleClick = "double click",
    /// Slack sends the very same once more.
    SlackRetry = "Slack's retry",
    /// Somebody presses a button of long ago, or of another request.
    StaleClick = "stale click",
    /// Somebody sends what Slack did not sign, or in another's name.
    Forged = "forged message",
    /// The witness does not answer for a while.
    SlowWitness = "slow witness",
    /// What is read of the table is damaged: an attribute is not there, or cut.
    Damaged = "damaged item",
    /// IAM is behind for up to two minutes, with each document by itself.
    IamUnordered = "IAM out of order",
    /// CloudTrail tells of a call, or of a file, twice.
    TrailTwice = "CloudTrail tells twice",
    /// What CloudTrail tells comes much later.
    TrailLate = "CloudTrail is late",
    /// An hour of the trail has no digest.
    TrailGap = "hour without a digest",
    /// Somebody makes up calls, or signs a digest themselves.
    TrailForged = "forged activity",
}

impl Fault {
    /// Those that came later: they are drawn for themselves, so that earlier seeds have their earlier faults.
    pub const LATER: &[Self] =
        &[Self::Damaged, Self::IamUnordered, Self::TrailTwice, Self::TrailLate, Self::TrailGap, Self::TrailForged];

    fn is_later(self) -> bool {
        Self::LATER.contains(&self)
    }
}

/// How often each kind of fault happened.
#[derive(Debug)]
pub struct Hits(Vec<AtomicU64>);

impl Default for Hits {
    fn default() -> Self {
        Self(Fault::ALL.iter().map(|_| AtomicU64::new(0)).collect())
    }
}

impl Hits {
    /// Counts one.
    pub fn count(&self, fault: Fault) {
        self.add(fault, 1);
    }

    /// Counts so many.
    pub fn add(&self, fault: Fault, times: u64) {
        if let Some(count) = self.0.get(fault as usize) {
            count.fetch_add(times, Ordering::Relaxed);
        }
    }

    /// How often.
    pub fn of(&self, fault: Fault) -> u64 {
        self.0.get(fault as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

/// What a history is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What may go wrong.
    pub faults: BTreeSet<Fault>,
    /// How many of a thousand calls fail in a way that may.
    pub calls_permille: usize,
    /// How many steps it has until everything heals.
    pub steps: usize,
    /// How many requests there are at most.
    pub requests: usize,
    /// Whether access depends on the log's anchor.
    pub anchored: bool,
    /// Whether a witness vouches for the log.
    pub witnessed: bool,
    /// Whether sessions are used, and CloudTrail tells of it.
    pub trailed: bool,
}

impl Plan {
    /// That of a seed.
    pub fn draw(dice: &mut Dice) -> Self {
        // Most histories have a few kinds, some all, and some none: those show what the others are held against.
        let each = [0, 15, 30, 30, 60, 100].get(dice.below(6)).copied().unwrap_or(30);
        let first = Fault::ALL.iter().copied().filter(|fault| !fault.is_later());
        let faults = first.filter(|_| dice.percent(each)).collect();
        let mut plan = Self {
            faults,
            calls_permille: [5, 20, 60].get(dice.below(3)).copied().unwrap_or(20),
            steps: 120_usize.saturating_add(dice.below(160)),
            requests: 1_usize.saturating_add(dice.below(5)),
            anchored: dice.percent(40),
            witnessed: dice.percent(40),
            trailed: false,
        };
        let mut later = dice.split();
        plan.faults.extend(Fault::LATER.iter().copied().filter(|_| later.percent(each)));
        plan.trailed = later.percent(10);
        plan
    }

    /// The same without what came later.
    #[must_use]
    pub fn as_it_was(mut self) -> Self {
        self.faults.retain(|fault| !fault.is_later());
        self.trailed = false;
        self
    }

    /// Whether this may go wrong.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }
}
