//! What is kept of activity, and of what was read for it.

use super::{Inner, Verb, World};
use crate::ports::{
    Activity, ActivityCommit, CommitActivity, CommitError, DigestRead, Fault, FileRead, FindDueActivity, Habits,
    KeepUses, KnowDigests, KnowFiles, KnowHabits, LiveKeys, LoadActivity, LoadUses, Parts, StoredActivity,
};
use model::names::{EntitlementName, PersonId, RequestId};
use model::time::Time;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use trail::shrink::Use;

/// Most items of one transaction. Source: DynamoDB API reference, `TransactWriteItems`.
const MOST_ITEMS: usize = 100;

/// A digest's place: account, end, Region, trail, and whether it is no backfill.
type DigestKey = (String, Time, String, String, bool);

#[derive(Debug, Default, Clone)]
pub(super) struct Kept {
    activity: BTreeMap<RequestId, (StoredActivity, Parts)>,
    keys: BTreeMap<String, (RequestId, Time)>,
    habits: BTreeMap<PersonId, Habits>,
    uses: BTreeMap<EntitlementName, BTreeMap<(Time, RequestId), Use>>,
    /// By account, Region, hour and key.
    files: BTreeMap<(String, String, Time, String), FileRead>,
    digests: BTreeMap<DigestKey, DigestRead>,
}

impl World {
    /// What is kept of a grant's activity, and its parts, past the gate.
    pub fn kept(&self, id: &RequestId) -> Option<(StoredActivity, Parts)> {
        self.lock().kept.activity.get(id).cloned()
    }

    /// The keys by which more calls are found, with their grants, past the gate.
    pub fn kept_keys(&self) -> BTreeMap<String, RequestId> {
        self.lock().kept.live_keys()
    }

    /// The files that were read, past the gate.
    pub fn files_read(&self) -> Vec<FileRead> {
        self.lock().kept.files.values().cloned().collect()
    }

    /// The digests that were judged, past the gate.
    pub fn digests_judged(&self) -> Vec<DigestRead> {
        self.lock().kept.digests.values().cloned().collect()
    }

    /// What a person is known to use, past the gate.
    pub fn set_habits(&self, person: &PersonId, habits: Habits) {
        self.lock().kept.habits.insert(person.clone(), habits);
    }
}

impl Kept {
    fn live_keys(&self) -> BTreeMap<String, RequestId> {
        self.keys.iter().map(|(key, (id, _))| (key.clone(), id.clone())).collect()
    }

    fn commit(&mut self, commit: ActivityCommit) -> Result<(), CommitError> {
        // Refused before anything is looked at.
        if commit.parts.len().saturating_add(commit.keys.len()) >= MOST_ITEMS {
            return Err(Fault::new("keep activity", "ValidationException").into());
        }
        let (version, mut parts) =
            self.activity.get(&commit.id).map_or((0, Parts::new()), |(kept, parts)| (kept.version, parts.clone()));
        if version != commit.expected {
            return Err(CommitError::Conflict);
        }
        parts.extend(commit.parts);
        for (key, until) in commit.keys {
            self.keys.insert(key, (commit.id.clone(), until));
        }
        let kept = StoredActivity { activity: as_text(&commit.next)?, version: version.saturating_add(1) };
        self.activity.insert(commit.id, (kept, parts));
        Ok(())
    }
}

/// A value as a table that holds it as text would give it back.
fn as_text<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, Fault> {
    let unreadable = |_| Fault::new("keep activity", "unreadable");
    let text = serde_json::to_string(value).map_err(unreadable)?;
    serde_json::from_str(&text).map_err(unreadable)
}

fn hour(at: Time) -> Time {
    Time::from_second(at.as_second().div_euclid(3_600).saturating_mul(3_600)).unwrap_or(at)
}

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

impl LoadActivity for World {
    async fn activity(&self, id: &RequestId) -> Result<Option<StoredActivity>, Fault> {
        self.call(Verb::Activity, id, "", |inner| Ok(inner.kept.activity.get(id).map(|(kept, _)| kept.clone()))).await
    }

    async fn parts(&self, id: &RequestId, slots: &BTreeSet<String>) -> Result<Parts, Fault> {
        self.call(Verb::Parts, id, "", |inner| {
            let all = inner.kept.activity.get(id).map(|(_, parts)| parts.clone()).unwrap_or_default();
            let of_slots = |name: &String| slots.iter().any(|slot| name.starts_with(slot));
            Ok(all.into_iter().filter(|(name, _)| of_slots(name)).collect())
        })
        .await
    }

    async fn parts_from(&self, id: &RequestId, from: Option<&str>, limit: u32) -> Result<Parts, Fault> {
        self.call(Verb::PartsFrom, id, from.unwrap_or_default(), |inner| {
            let all = inner.kept.activity.get(id).map(|(_, parts)| parts.clone()).unwrap_or_default();
            let behind = all.into_iter().filter(|(name, _)| from.is_none_or(|from| from <= name.as_str()));
            Ok(behind.take(count(limit)).collect())
        })
        .await
    }
}

impl CommitActivity for World {
    async fn commit_activity(&self, commit: ActivityCommit) -> Result<(), CommitError> {
        let (on, detail) = (commit.id.clone(), commit.parts.len());
        self.call(Verb::CommitActivity, on, detail, |inner: &mut Inner| inner.kept.commit(commit)).await
    }
}

impl FindDueActivity for World {
    async fn due_activity(&self, before: Time, limit: u32) -> Result<Vec<RequestId>, Fault> {
        self.call(Verb::DueActivity, "", "", |inner| {
            let due = |activity: &Activity| activity.due.filter(|due| *due < before);
            let all = inner.kept.activity.iter();
            let mut found: Vec<(Time, RequestId)> =
                all.filter_map(|(id, (kept, _))| Some((due(&kept.activity)?, id.clone()))).collect();
            found.sort();
            Ok(found.into_iter().take(count(limit)).map(|(_, id)| id).collect())
        })
        .await
    }
}

impl LiveKeys for World {
    async fn live_keys(&self) -> Result<BTreeMap<String, RequestId>, Fault> {
        self.call(Verb::LiveKeys, "", "", |inner| Ok(inner.kept.live_keys())).await
    }
}

impl KnowHabits for World {
    async fn habits(&self, person: &PersonId) -> Result<Option<Habits>, Fault> {
        self.call(Verb::Habits, person, "", |inner| Ok(inner.kept.habits.get(person).cloned())).await
    }

    async fn keep_habits(&self, person: &PersonId, habits: &Habits) -> Result<(), Fault> {
        self.call(Verb::KeepHabits, person, "", |inner| {
            inner.kept.habits.insert(person.clone(), as_text(habits)?);
            Ok(())
        })
        .await
    }
}

impl KeepUses for World {
    async fn keep_use(
        &self,
        entitlement: &EntitlementName,
        id: &RequestId,
        ended_at: Time,
        used: &Use,
    ) -> Result<(), Fault> {
        self.call(Verb::KeepUse, id, entitlement, |inner| {
            let of_entitlement = inner.kept.uses.entry(entitlement.clone()).or_default();
            of_entitlement.insert((ended_at, id.clone()), as_text(used)?);
            Ok(())
        })
        .await
    }
}

impl LoadUses for World {
    async fn uses(&self, entitlement: &EntitlementName, limit: u32) -> Result<Vec<Use>, Fault> {
        self.call(Verb::Uses, entitlement, "", |inner| {
            let uses = inner.kept.uses.get(entitlement).into_iter().flat_map(|uses| uses.values().rev().cloned());
            Ok(uses.take(count(limit)).collect())
        })
        .await
    }
}

impl KnowFiles for World {
    async fn note_file(&self, file: &FileRead) -> Result<(), Fault> {
        self.call(Verb::NoteFile, &file.key, "", |inner| {
            let place = (file.account.clone(), file.region.clone(), hour(file.delivered_at), file.key.clone());
            inner.kept.files.insert(place, as_text(file)?);
            Ok(())
        })
        .await
    }

    async fn files(&self, account: &str, region: &str, hour: Time) -> Result<Vec<FileRead>, Fault> {
        self.call(Verb::Files, account, region, |inner| {
            let of_hour =
                |place: &(String, String, Time, String)| place.0 == account && place.1 == region && place.2 == hour;
            let files = inner.kept.files.iter().filter(|(place, _)| of_hour(place));
            Ok(files.map(|(_, file)| file.clone()).collect())
        })
        .await
    }
}

impl KnowDigests for World {
    async fn note_digest(&self, digest: &DigestRead) -> Result<(), Fault> {
        self.call(Verb::NoteDigest, &digest.link.object.key, "", |inner| {
            let proof = &digest.proof;
            let place =
                (digest.account.clone(), proof.until, proof.region.clone(), proof.trail.clone(), !proof.backfill);
            inner.kept.digests.insert(place, as_text(digest)?);
            Ok(())
        })
        .await
    }

    async fn digests(&self, account: &str, from: Time, until: Time) -> Result<Vec<DigestRead>, Fault> {
        self.call(Verb::Digests, account, "", |inner| {
            let between = |place: &DigestKey| place.0 == account && from < place.1 && place.1 <= until;
            let digests = inner.kept.digests.iter().filter(|(place, _)| between(place));
            Ok(digests.map(|(_, digest)| digest.clone()).collect())
        })
        .await
    }
}
