//! Everything outside, as narrow traits: one verb each, and each verb one statement in a role.
//!
//! Contract of every port: a call may be repeated with the same arguments and has the same
//! outcome; an error may mean that the effect happened or that it did not.

macro_rules! port {
    ($(#[$doc:meta])* $name:ident { $($(#[$method_doc:meta])* fn $method:ident($($arg:ident: $type:ty),* $(,)?) -> $out:ty;)+ }) => {
        $(#[$doc])*
        pub trait $name: Send + Sync {
            $($(#[$method_doc])* fn $method(&self, $($arg: $type),*) -> impl Future<Output = $out> + Send;)+
        }
    };
}

/// Declares a trait that stands for several ports together, and that whatever has them all is.
///
/// ```
/// use workflow::ports::{Clock, LoadRequest};
///
/// workflow::together! {
///     /// What it takes to look.
///     pub Looking: LoadRequest, Clock,
/// }
/// ```
#[macro_export]
macro_rules! together {
    ($(#[$doc:meta])* $vis:vis $name:ident: $($port:path),+ $(,)?) => {
        $(#[$doc])*
        $vis trait $name: $($port +)+ {}

        impl<P: $($port +)+> $name for P {}
    };
}

mod accounts;
mod activity;
mod functions;
mod log;
mod policies;
mod probes;
mod roles;
mod sequencing;
mod sweeps;
mod system;
mod watching;
mod witness;

pub use accounts::{AccountCommit, CommitAccount, LoadAccount, Observation, StoredAccount};
pub use activity::{
    Activity, ActivityCommit, CommitActivity, DigestKeys, DigestRead, FileRead, FindDueActivity, Habits, KeepCopies,
    KeepUses, KnowDigests, KnowFiles, KnowHabits, LiveKeys, LoadActivity, LoadUses, LookUp, LookupBy, ObjectFacts,
    Parts, PublicKey, ReadObject, StoredActivity, TakeBytes, TrailSettings, VerifyDigest,
};
pub use functions::{DeploymentSettings, ReadFunction};
pub use log::{Anchors, CheckpointFound, LogObjects, LogSettings, Put, Sign, SignAsFormer};
pub use policies::{
    ListPolicies, MakePolicy, PolicyFound, PolicySpec, ReadPolicy, ReadTarget, RemovePolicy, ReplacePolicy, TargetFound,
};
pub use probes::{ProbeDecision, Verdict};
pub use roles::{KillSessions, ListRoles, MakeRole, ReadRole, RemoveRole, RoleFound, RoleSpec};
pub use sequencing::{
    ANCHOR_COPIES, Anchor, Batch, FindUnlogged, KeepAnchor, LogHead, Logged, MarkLogged, MoveLog, Outbox, ReadLog,
    ReadOutbox, ReadStreams, Unlogged, anchor_copy,
};
pub use sweeps::{
    Bar, Barring, CommitSweep, FindChanged, FindSweeps, LoadSweep, LoadSweepEntries, ReadBar, StoredSweep, SweepCommit,
};
pub use system::{CommitSystem, LoadSystem, StoredSystem, SystemCommit};
pub use watching::{ListOnRole, ReadBoundary};
pub use witness::{Submissions, WitnessSettings};

use model::digest::Digest;
use model::lifecycle::State;
use model::limits::{Held, Slot};
use model::names::{AccountId, EntitlementName, IdempotencyKey, PersonId, PrincipalArn, RequestId, SweepId};
use model::policy::Policy;
use model::request::{Request, Status};
use model::stream::Place;
use model::time::{Time, Window};
use model::words::Salt;
use record::chain::{Head, Link};
use record::words::Beside;
use std::future::Future;
use std::sync::Arc;

/// Something outside did not do what it was asked to, or did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not {doing}: {code}")]
pub struct Fault {
    /// What was attempted, as a verb phrase.
    pub doing: &'static str,
    /// The service's error code, or `timeout`, `unreadable`, …; never a message with data in it.
    pub code: String,
}

impl Fault {
    /// A fault while `doing`.
    pub fn new(doing: &'static str, code: impl Into<String>) -> Self {
        Self { doing, code: code.into() }
    }
}

/// What is made for a grant in AWS: it goes by the request's id, in the grant's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Artifact<'a> {
    /// The account.
    pub account: &'a AccountId,
    /// The name.
    pub id: &'a RequestId,
}

impl<'a> Artifact<'a> {
    /// What is made for `request`.
    pub fn of(request: &'a Request) -> Self {
        Self { account: &request.account, id: &request.id }
    }
}

/// A request as stored: its state, the end of its chain, and when it last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The state.
    pub state: State,
    /// The end of its chain; `head.seq` is the version that a write is conditioned on.
    pub head: Head,
    /// The time of its last event.
    pub at: Time,
}

/// A condition that goes into the same transaction as a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// This signed message takes effect once.
    Replay {
        /// Digest of the signature.
        key: Digest,
        /// When the mark may be forgotten: after the signature is too old to be accepted.
        forget_at: Time,
    },
    /// This person is not barred.
    NotBarred {
        /// Who.
        person: PersonId,
    },
    /// The log of the record is anchored, and was not long ago. It reads nothing of the request: it
    /// goes with every change that begins to make access, and with no other.
    Anchored {
        /// When it must have been anchored at the earliest.
        not_before: Time,
    },
    /// This idempotency key is used once per person.
    Idempotency {
        /// Whose key.
        person: PersonId,
        /// The key.
        key: IdempotencyKey,
        /// Digest of what was asked with it.
        payload: Digest,
        /// When the mark may be forgotten.
        forget_at: Time,
    },
    /// This slot of a person's is free, and is theirs from now on.
    Slot {
        /// Whose slot.
        person: PersonId,
        /// Which one.
        slot: Slot,
        /// Until when at the latest.
        until: Time,
        /// Who may hold it, having given it up.
        instead_of: Option<RequestId>,
    },
}

/// One state change: events and state, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Which request.
    pub id: RequestId,
    /// The version the change was decided on; 0: the request must not exist.
    pub expected: u64,
    /// The new entries of its chain. Never empty.
    pub links: Vec<Link>,
    /// The state after them.
    pub next: Stored,
    /// Further conditions.
    pub guards: Vec<Guard>,
}

/// Why a commit changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Somebody else changed the request first: read again and decide again.
    #[error("the request changed meanwhile")]
    Conflict,
    /// The signed message took effect before.
    #[error("this message took effect before")]
    Replayed,
    /// The idempotency key was used before.
    #[error("this idempotency key was used before")]
    KeyUsed,
    /// Somebody else's request holds the slot.
    #[error("the slot is taken")]
    SlotTaken,
    /// Somebody it rests on is barred.
    #[error("{0} is barred")]
    Barred(PersonId),
    /// The log of the record was not anchored for too long: nothing that gives access is stored.
    #[error("the record is not anchored")]
    NotAnchored,
    /// The store did not answer, or refused; the commit may have happened.
    #[error(transparent)]
    Unavailable(#[from] Fault),
}

/// A page of ids, and where the next one starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page<T> {
    /// The entries, in order.
    pub items: Vec<T>,
    /// Where to go on; `None`: this was the last page. Opaque, and safe in a URL.
    pub cursor: Option<String>,
}

/// Which requests to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// All of one person, the newest first.
    Requester(PersonId),
    /// All in one status, the newest first.
    Status(Status),
    /// Those that wait for countersignatures, of one entitlement, the oldest first.
    Queue(EntitlementName),
}

port! {
    /// Reads one request, strongly consistent.
    LoadRequest {
        /// The request, if it exists.
        fn load(id: &RequestId) -> Result<Option<Stored>, Fault>;
    }
}

port! {
    /// Reads many requests at once, each strongly consistent: to show them, or to go on from, as a
    /// change is conditioned on the version that was read.
    LoadRequests {
        /// Those of `ids` that exist, in the same order.
        fn load_many(ids: &[RequestId]) -> Result<Vec<Stored>, Fault>;
    }
}

port! {
    /// Stores one state change.
    CommitRequest {
        /// Stores it, if every condition holds.
        fn commit(commit: Commit) -> Result<(), CommitError>;
    }
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its place, from 1: where it lies, whatever its bytes say.
    pub seq: u64,
    /// Its bytes, which the chain is over.
    pub bytes: Vec<u8>,
    /// What persons said in it, unless it was erased.
    pub words: Beside,
}

impl From<Link> for StoredEntry {
    fn from(link: Link) -> Self {
        Self { seq: link.seq, bytes: link.bytes, words: link.words }
    }
}

port! {
    /// Reads a request's chain, strongly consistent.
    LoadEntries {
        /// Up to `limit` entries after place `after`, in order.
        fn entries(id: &RequestId, after: u64, limit: u32) -> Result<Vec<StoredEntry>, Fault>;
    }
}

port! {
    /// Erases what persons said. No function has it: an operator does this, as themselves.
    EraseWords {
        /// Takes the words from beside the entry at `place`. Nothing, if there are none any more.
        fn erase_words(place: &Place) -> Result<(), Fault>;
    }
}

port! {
    /// Lists requests. An index may lag: whoever acts on an entry reads it again first.
    ListRequests {
        /// Ids, page by page. A cursor that is not one of ours gives an empty page.
        fn list(listing: &Listing, cursor: Option<&str>, limit: u32) -> Result<Page<RequestId>, Fault>;
    }
}

port! {
    /// Finds what is due. An index may lag.
    FindDue {
        /// Up to `limit` requests with something due before `before`, the most overdue first.
        fn due(before: Time, limit: u32) -> Result<Vec<RequestId>, Fault>;
    }
}

port! {
    /// Looks up the marks of a person's requests: idempotency keys and slots.
    FindByKey {
        /// The request made with it, and the digest of what was asked.
        fn request_for_key(person: &PersonId, key: &IdempotencyKey) -> Result<Option<(RequestId, Digest)>, Fault>;
        /// The slots that were taken and not forgotten, strongly consistent.
        fn slots(person: &PersonId) -> Result<Vec<Held>, Fault>;
    }
}

port! {
    /// The policy in force.
    Policies {
        /// The last good bundle, at most some seconds old.
        fn policy() -> Result<Arc<Policy>, Fault>;
    }
}

/// Time, and waiting for it.
pub trait Clock: Send + Sync {
    /// Now, in whole seconds.
    fn now(&self) -> Time;

    /// Waits before a repeated attempt, about `milliseconds`, with jitter.
    fn pause(&self, milliseconds: u64) -> impl Future<Output = ()> + Send;
}

/// New ids and salts.
pub trait Identifiers: Send + Sync {
    /// An id no request has.
    fn request_id(&self) -> RequestId;

    /// An id no sweep has.
    fn sweep_id(&self) -> SweepId;

    /// A salt that nobody can guess.
    fn salt(&self) -> Salt;
}

port! {
    /// The one-time schedule that ends a grant.
    ArmRevocation {
        /// Makes sure that it exists and fires at `at`. One that exists for another time is a
        /// fault, `schedule_mismatch`: it is never adopted.
        fn arm(id: &RequestId, at: Time) -> Result<(), Fault>;
    }
}

port! {
    /// Deletes the schedule that ends a grant.
    DisarmRevocation {
        /// Makes sure that it does not exist. One of its name that is not ours is left alone.
        fn disarm(id: &RequestId) -> Result<(), Fault>;
    }
}

/// Credentials of one session. No `Debug`: nothing of it may be printed.
pub struct Credentials {
    /// The access key's id; no secret.
    pub access_key_id: String,
    /// Secret.
    pub secret_access_key: String,
    /// Secret.
    pub session_token: String,
    /// When STS ends the session.
    pub expires_at: Time,
    /// How much of the packed policy's size is used, in percent.
    pub packed_percent: Option<i32>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

port! {
    /// Gets sessions of a base role, or of the role that a grant's policy is attached to.
    AssumeBaseRole {
        /// A session for `request`, narrowed by `session_policy`, for `seconds`.
        fn assume(request: &Request, role: &PrincipalArn, session_policy: &str, seconds: i32) -> Result<Credentials, Fault>;
    }
}

/// What came of claiming a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is ours to send.
    Ours,
    /// It was posted.
    Posted,
    /// It was tried, and can't be posted there.
    Unreachable,
    /// Somebody is about to send it, and not for longer than a minute. Whether they will is open.
    Held,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It is there.
    Posted {
        /// The conversation.
        channel: String,
        /// The message, within it.
        ts: String,
        /// What it shows, as a digest.
        shown: Digest,
    },
    /// It can't be posted there until a person changes something: an archived channel, somebody who left.
    Unreachable {
        /// The code of the reason.
        code: String,
    },
}

/// A message about a request: what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The entry it is about.
    pub seq: u64,
    /// For whom.
    pub target: String,
    /// What became of it.
    pub sent: Sent,
}

port! {
    /// Remembers which messages were sent.
    RememberNotes {
        /// Claims the message about entry `seq` for `target`.
        fn claim(id: &RequestId, seq: u64, target: &str, now: Time) -> Result<Claim, Fault>;
        /// Gives up the claim that was made at `claimed_at`, so that the next one gets it at once.
        /// Nothing, if somebody else has it by now or the message was posted.
        fn release(id: &RequestId, seq: u64, target: &str, claimed_at: Time) -> Result<(), Fault>;
        /// Notes what became of it.
        fn note(id: &RequestId, seq: u64, target: &str, sent: &Sent) -> Result<(), Fault>;
        /// All messages about `id` that were sent, or could not be, in the order of entries.
        fn notes(id: &RequestId) -> Result<Vec<Note>, Fault>;
    }
}

/// The window of a stored request, if it has one.
pub fn window(stored: &Stored) -> Option<Window> {
    stored.state.plan().map(|plan| plan.window)
}

/// An event of the record, on its way to the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The event's name: the bus's `detail-type`.
    pub name: String,
    /// The `detail`, as JSON.
    pub detail: String,
    /// When it happened.
    pub at: Time,
}

port! {
    /// Puts events onto the bus.
    PublishEvents {
        /// The places in `events` of those that were not taken.
        fn publish(events: &[Published]) -> Result<Vec<usize>, Fault>;
    }
}
