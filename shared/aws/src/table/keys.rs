//! The keys of the table's items.

use model::digest::Digest;
use model::limits::{Slot, SlotKind};
use model::names::{AccountId, IdempotencyKey, PersonId, RequestId, SweepId};
use model::stream::{Place, Stream};
use model::time::Time;

/// Highest place an entry's key can hold.
pub(super) const LAST_SEQ: u64 = 999_999;

/// The sort key that no entry's is greater than.
pub(super) const LAST_ENTRY: &str = "EVENT#999999";

/// The partition of everything that has something due.
pub(super) const OPEN: &str = "OPEN";

fn partition(id: &RequestId) -> String {
    format!("REQ#{id}")
}

/// The request whose partition this is.
pub(super) fn request(pk: &str) -> Option<RequestId> {
    pk.strip_prefix("REQ#")?.parse().ok()
}

pub(super) fn state(id: &RequestId) -> (String, String) {
    (partition(id), "STATE".to_owned())
}

pub(super) fn entry(id: &RequestId, seq: u64) -> (String, String) {
    (partition(id), format!("EVENT#{seq:06}"))
}

/// In a partition of their own, so that whoever may note messages may not write requests.
pub(super) fn note(id: &RequestId, seq: u64, target: &str) -> (String, String) {
    (notes(id), format!("{seq:06}#{target}"))
}

/// The partition of all messages about a request.
pub(super) fn notes(id: &RequestId) -> String {
    format!("NOTE#{id}")
}

pub(super) fn replay(signature: &Digest) -> (String, String) {
    (format!("REPLAY#{signature}"), "REPLAY".to_owned())
}

/// The key itself is the client's and may say something; its digest does not.
pub(super) fn idempotency(person: &PersonId, key: &IdempotencyKey) -> (String, String) {
    (format!("IDEM#{person}#{}", Digest::of(key.as_str().as_bytes())), "IDEM".to_owned())
}

/// The partition of a person's slots. No digest of a key is called so.
pub(super) fn slots(person: &PersonId) -> String {
    format!("IDEM#{person}#SLOTS")
}

pub(super) fn slot(person: &PersonId, slot: Slot) -> (String, String) {
    let kind = match slot.kind {
        SlotKind::Hour => "HOUR",
        SlotKind::Open => "OPEN",
        SlotKind::Vote => "VOTE",
    };
    (slots(person), format!("{kind}#{:05}", slot.number))
}

/// The slot with this sort key.
pub(super) fn read_slot(sk: &str) -> Option<Slot> {
    let (kind, number) = sk.split_once('#')?;
    let kind = match kind {
        "HOUR" => SlotKind::Hour,
        "OPEN" => SlotKind::Open,
        "VOTE" => SlotKind::Vote,
        _ => return None,
    };
    Some(Slot { kind, number: number.parse().ok()? })
}

/// Sorts by time, then by request.
pub(super) fn due(at: Time, id: &RequestId) -> String {
    format!("{at}#{id}")
}

/// The partition, in the index of what is due, of sweeps that are being carried out.
pub(super) const SWEEPS: &str = "SWEEPS";

/// The partitions, in the index by status, of sweeps and of accounts, by when each changed last.
pub(super) const CHANGED_SWEEPS: &str = "CHANGED#SWEEPS";
/// See [`CHANGED_SWEEPS`].
pub(super) const CHANGED_ACCOUNTS: &str = "CHANGED#ACCOUNTS";

/// Where a stream that changed last at `at` sorts there.
pub(super) fn changed(at: Time, of: &Stream) -> String {
    format!("{at}#{of}")
}

/// The stream that sorts there.
pub(super) fn changed_stream(sk: &str) -> Option<Stream> {
    sk.split_once('#')?.1.parse().ok()
}

fn sweep_partition(id: &SweepId) -> String {
    format!("SWEEP#{id}")
}

/// The sweep whose partition this is.
pub(super) fn sweep(pk: &str) -> Option<SweepId> {
    pk.strip_prefix("SWEEP#")?.parse().ok()
}

pub(super) fn sweep_state(id: &SweepId) -> (String, String) {
    (sweep_partition(id), "STATE".to_owned())
}

pub(super) fn sweep_entry(id: &SweepId, seq: u64) -> (String, String) {
    (sweep_partition(id), format!("EVENT#{seq:06}"))
}

pub(super) fn account_state(id: &AccountId) -> (String, String) {
    (format!("ACCOUNT#{id}"), "STATE".to_owned())
}

pub(super) fn account_entry(id: &AccountId, seq: u64) -> (String, String) {
    (format!("ACCOUNT#{id}"), format!("EVENT#{seq:06}"))
}

pub(super) fn bar(person: &PersonId) -> (String, String) {
    (format!("BARRED#{person}"), "BARRED".to_owned())
}

/// The partition, in the index of what is due, of activity that is to be looked at again.
pub(super) const ACTIVITY: &str = "ACTIVITY";

/// The partition of what is kept of a grant's activity: one of its own, so that whoever keeps it may not write requests.
pub(super) fn activity(id: &RequestId) -> String {
    format!("ACT#{id}")
}

/// The grant whose partition this is.
pub(super) fn active(pk: &str) -> Option<RequestId> {
    pk.strip_prefix("ACT#")?.parse().ok()
}

/// Sorts before every part.
pub(super) const SUMMARY: &str = "!SUMMARY";

/// What the sort key of a part begins with.
pub(super) const PART: &str = "PART#";

/// The partition of access keys by which calls of grants are found.
pub(super) const KEYS: &str = "KEY";

/// Files of one hour of an account and Region.
pub(super) fn files(account: &str, region: &str, hour: Time) -> String {
    format!("FILE#{account}#{region}#{hour}")
}

/// Digests of an account.
pub(super) fn digests(account: &str) -> String {
    format!("DIGEST#{account}")
}

pub(super) fn habits(person: &PersonId) -> (String, String) {
    (format!("SEEN#{person}"), "SEEN".to_owned())
}

/// Uses of an entitlement.
pub(super) fn uses(entitlement: &model::names::EntitlementName) -> String {
    format!("USE#{entitlement}")
}

/// The partition of a stream's state and entries.
fn stream(of: &Stream) -> String {
    match of {
        Stream::Account(id) => format!("ACCOUNT#{id}"),
        Stream::Request(id) => partition(id),
        Stream::Sweep(id) => sweep_partition(id),
        Stream::System(_) => format!("SYSTEM#{of}"),
    }
}

/// Where a stream's state is.
pub(super) fn stream_state(of: &Stream) -> (String, String) {
    (stream(of), "STATE".to_owned())
}

/// Where an entry of any stream is.
pub(super) fn event(place: &Place) -> (String, String) {
    (stream(&place.stream), format!("EVENT#{:06}", place.seq))
}

/// The partition of a stream's outbox: one of its own, so that whoever marks what is logged may not write records.
fn outbox(of: &Stream) -> String {
    format!("OUT#{of}")
}

/// The stream whose outbox this is.
pub(super) fn out_stream(pk: &str) -> Option<Stream> {
    pk.strip_prefix("OUT#")?.parse().ok()
}

/// The stream that has its state, its entries or its outbox in this partition.
pub(super) fn stream_of(pk: &str) -> Option<Stream> {
    let account = || pk.strip_prefix("ACCOUNT#")?.parse().ok().map(Stream::Account);
    let owned = request(pk).map(Stream::Request).or_else(|| sweep(pk).map(Stream::Sweep)).or_else(account);
    owned.or_else(|| out_stream(pk))
}

/// An entry's item in the outbox.
pub(super) fn out(place: &Place) -> (String, String) {
    (outbox(&place.stream), format!("{:06}", place.seq))
}

/// The sort key that none of an entry's in an outbox is greater than.
pub(super) const LAST_OUT: &str = "999999";

/// What the log knows of a stream: a partition that its sequencer alone writes. Whoever may put entries into an outbox may
/// not say what of it is logged, or passed over.
fn logged(of: &Stream) -> String {
    format!("LOGGED#{of}")
}

/// Up to where a stream is logged.
pub(super) fn last_logged(of: &Stream) -> (String, String) {
    (logged(of), "LAST".to_owned())
}

/// That a place was passed over, as there is no entry for it.
pub(super) fn passed_over(place: &Place) -> (String, String) {
    (logged(&place.stream), format!("{:06}", place.seq))
}

/// How many partitions of the index there are of what is to be logged: all streams write there.
pub(super) const SHARDS: u8 = 16;

/// Which of them a stream is in: the last hexadecimal digit of its SHA-256.
pub(super) fn shard(of: &Stream) -> u8 {
    let digit = Digest::of(of.to_string().as_bytes()).to_string().chars().last().and_then(|digit| digit.to_digit(16));
    digit.and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0)
}

/// The partition, in the index of what is due, of what is to be logged.
pub(super) fn unlogged(shard: u8) -> String {
    format!("UNLOGGED#{shard:x}")
}

/// Sorts by time, then by place.
pub(super) fn unlogged_since(at: Time, place: &Place) -> String {
    format!("{at}#{}#{:06}", place.stream, place.seq)
}

const LOG: &str = "LOG";

pub(super) fn log_head() -> (String, String) {
    (LOG.to_owned(), "HEAD".to_owned())
}

/// The batch whose first leaf has this index.
pub(super) fn log_batch(first: u64) -> (String, String) {
    (LOG.to_owned(), format!("BATCH#{first:012}"))
}

pub(super) fn log_anchor() -> (String, String) {
    (LOG.to_owned(), "ANCHOR".to_owned())
}

/// One of the copies of when that was.
pub(super) fn log_anchor_copy(copy: u8) -> (String, String) {
    (LOG.to_owned(), format!("ANCHOR#{copy:02}"))
}
