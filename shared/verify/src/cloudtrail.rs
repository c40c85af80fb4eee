//! What AWS itself recorded, held against the grants, both ways: every call under a grant's id lies in its window and was
//! made with a key that the record hands out; every key that the record hands out was seen.

mod digests;
mod record;

use crate::codes::Code;
use crate::finding::{At, Found, shown};
use crate::folder::Folder;
use crate::judge::request::{Mechanism, Request};
use crate::time::text;
use record::{Opened, Record};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Where its files lie in the folder.
pub(crate) const TRAIL: &str = "trail/";

/// How long after its window a call may still be recorded without having been let in after it, in seconds.
const EDGE: i64 = 60;

/// How long IAM may take until a deny holds everywhere, in seconds: the longest that the simulation takes it to be.
const SPREADS: i64 = 120;

/// How long CloudTrail takes to deliver, in seconds. Source: CloudTrail user guide, "How CloudTrail works": within an
/// average of about 5 minutes; twice what it says for most.
const DELIVERED_WITHIN: i64 = 1_800;

/// RSA with PKCS #1 v1.5 and SHA-256: key (PKCS #1, DER), message, signature.
pub type Rsa<'a> = &'a dyn Fn(&[u8], &[u8], &[u8]) -> bool;

/// A file of calls.
#[derive(Debug, Clone, Copy)]
struct File<'a> {
    path: &'a str,
    /// What it tells of keys counts for those that were handed out from then on: what was done with others before would be
    /// in a file that a digest lists.
    since: i64,
}

/// What the join needs of all calls.
#[derive(Debug, Default)]
struct Join<'a> {
    /// Whose key it is.
    owners: HashMap<&'a str, &'a str>,
    /// Names of the roles whose sessions are handed out.
    roles: BTreeSet<&'a str>,
    /// Keys that CloudTrail saw, each with the least [`File::since`] of the files that tell of it.
    seen: HashMap<String, i64>,
    /// Sessions that were opened for a grant and that the record does not know, by grant.
    unrecorded: BTreeMap<String, BTreeMap<String, At>>,
    /// What was said of a call before, by region and id.
    said: HashMap<(String, String), [u8; 32]>,
    /// From when until when there are records.
    times: Option<(i64, i64)>,
}

/// Judges CloudTrail's part of the folder, if it is there.
pub(crate) fn judge<F: Folder>(
    folder: &F,
    requests: &BTreeMap<String, Request>,
    rsa: Rsa<'_>,
    found: &mut Found,
) -> Result<(), F::Error> {
    let files: Vec<String> = folder.list(TRAIL)?.into_iter().filter(|path| path.ends_with(".json.gz")).collect();
    if files.is_empty() {
        return Ok(());
    }
    let (digests, logs): (Vec<String>, Vec<String>) =
        files.into_iter().partition(|path| path.contains("/CloudTrail-Digest/"));
    let listed = digests::judge(folder, &digests, rsa, found)?;
    let mut join = Join::default();
    for (id, request) in requests {
        join.owners.extend(request.keys.iter().map(|key| (key.id.as_str(), id.as_str())));
        join.roles.extend(request.role.as_deref());
    }
    for path in &logs {
        let bytes = folder.read(path)?.unwrap_or_default();
        let Some(records) = record::read(&bytes) else {
            found.add(Code::TrailUnreadable, At::path(path), "It is not a file of CloudTrail's.");
            continue;
        };
        // Until when there are digests that don't list it.
        let until = listed.until(path).filter(|_| !listed.files.contains(path));
        let since = until.map_or(i64::MIN, |until| until.saturating_sub(DELIVERED_WITHIN));
        let mut newest = None;
        for record in &records {
            found.figures.trail_records = found.figures.trail_records.saturating_add(1);
            newest = newest.max(Some(record.at));
            let (first, last) = join.times.unwrap_or((record.at, record.at));
            join.times = Some((first.min(record.at), last.max(record.at)));
            join.take(record, File { path, since }, requests, found);
        }
        if until.is_some_and(|until| is_due(path, newest, until)) {
            found.add(Code::TrailUnlisted, At::path(path), "No digest lists it.");
        }
    }
    join.finish(requests, found);
    Ok(())
}

/// Whether digests until then would list the file at `path`, of which `newest` is the time of the newest record. Whoever puts
/// one there chooses its name and what is in it: the earlier of both counts, and what CloudTrail would not have named so is
/// always due.
fn is_due(path: &str, newest: Option<i64>, until: i64) -> bool {
    let Some(delivered) = digests::delivered(path) else { return true };
    let told = newest.map_or(delivered, |newest| newest.min(delivered));
    // What a digest lists was delivered in its time: what was made shortly before its end may be in the next one.
    told.saturating_add(DELIVERED_WITHIN) < until
}

impl Join<'_> {
    fn saw(&mut self, key: &str, file: File<'_>) {
        let since = self.seen.entry(key.to_owned()).or_insert(file.since);
        *since = file.since.min(*since);
    }

    fn take(&mut self, record: &Record, file: File<'_>, requests: &BTreeMap<String, Request>, found: &mut Found) {
        let at = || At { stream: record.grant.clone(), ..At::path(file.path) };
        if let Some(key) = &record.key {
            self.saw(key, file);
        }
        if let Some(opened) = &record.opened {
            self.saw(&opened.key, file);
            self.open(record, opened, file.path);
        }
        let owner = record.key.as_deref().and_then(|key| self.owners.get(key).copied());
        let Some(grant) = owner.or(record.grant.as_deref()) else { return };
        found.figures.trail_calls = found.figures.trail_calls.saturating_add(1);
        let what = format!("{} at {} ({})", shown(&record.name), text(record.at), shown(&record.id));
        // What is done in such a session would count as Countersign's own.
        if record.opened.as_ref().is_some_and(|opened| opened.ours) {
            found.add(Code::KeyNotIssued, at(), format!("{what} opened a session of a role of Countersign's own."));
        }
        let place = (record.region.clone(), record.id.clone());
        if *self.said.entry(place).or_insert(record.digest) != record.digest {
            found.add(Code::CallForged, at(), format!("Two records say different things of {what}."));
        }
        let Some(request) = requests.get(grant).filter(|request| request.window.is_some()) else {
            let sentence = format!("{what} bears the id {}, which is no grant of the record.", shown(grant));
            return found.add(Code::CallOfUnknownGrant, at(), sentence);
        };
        let (starts, expires) = request.window.unwrap_or_default();
        let inside = (starts..expires).contains(&record.at);
        let denied = request.denied_at.is_some_and(|denied| record.at > denied.saturating_add(SPREADS));
        if record.refused {
            if !inside || denied {
                found.add(Code::CallRefused, at(), format!("{what} was refused, as it has to be."));
            }
        } else if !inside && (expires..expires.saturating_add(EDGE)).contains(&record.at) {
            found.add(Code::CallAtTheEdge, at(), format!("{what} was let in just after the window."));
        } else if !inside {
            found.add(Code::CallOutsideWindow, at(), format!("{what} was let in outside the window."));
        } else if denied {
            found.add(Code::CallAfterEnd, at(), format!("{what} was let in though the grant had been ended."));
        }
        // Sessions of the grant's own base role have keys that were handed out; those of a chain have others.
        let of_its_role = request.mechanism != Mechanism::Role && request.role.is_some() && record.role == request.role;
        if let Some(key) = record.key.as_ref().filter(|_| of_its_role && record.direct && owner.is_none()) {
            found.add(
                Code::KeyNotIssued,
                at(),
                format!("{what} was made with {}, which was never handed out.", shown(key)),
            );
        }
    }

    /// A session that was opened. Whoever opens one of a role of their own chooses its name and source identity, and
    /// Countersign's own roles work under the id of a request: what has to be in the record are sessions of the roles that
    /// it hands out, and whatever else Countersign's own roles open.
    fn open(&mut self, record: &Record, opened: &Opened, path: &str) {
        let handed_out = opened.role.as_deref().is_none_or(|role| self.roles.contains(role));
        let by_us = record.ours && !opened.ours;
        let Some(grant) = opened.grant.as_ref().filter(|grant| grant.starts_with("req_")) else { return };
        if (handed_out || by_us) && !self.owners.contains_key(opened.key.as_str()) {
            let at = At { stream: Some(grant.clone()), ..At::path(path) };
            self.unrecorded.entry(grant.clone()).or_default().insert(opened.key.clone(), at);
        }
    }

    fn finish(self, requests: &BTreeMap<String, Request>, found: &mut Found) {
        for (id, keys) in self.unrecorded {
            // Each intent is one call to STS. Where its answer was lost, or came to a worker that died, nothing was handed
            // out, and the record knows no key.
            let lost = requests.get(&id).map_or(0, Request::without_key);
            for (key, at) in keys.into_iter().skip(usize::try_from(lost).unwrap_or(usize::MAX)) {
                let sentence =
                    format!("{} was made for {}, and the record does not hand it out.", shown(&key), shown(&id));
                found.add(Code::KeyNotIssued, at, sentence);
            }
        }
        let Some((first, last)) = self.times else { return };
        for (id, request) in requests {
            for key in &request.keys {
                let since = self.seen.get(&key.id);
                let is_seen = since.is_some_and(|since| *since <= key.at);
                if !is_seen && key.at > first && key.at.saturating_add(DELIVERED_WITHIN) < last {
                    let who = if since.is_some() {
                        "Nothing but files that no digest lists"
                    } else {
                        "No record of CloudTrail"
                    };
                    let sentence = format!("{who} knows {}.", shown(&key.id));
                    found.add(Code::IssuedKeyUnseen, At::entry(key.index, id, key.seq), sentence);
                }
            }
        }
    }
}
