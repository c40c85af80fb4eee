//! The bucket of anchors, and the witness.

use super::WITNESS;
use super::keys::{LOG_KEY, NEXT_KEY, signing, verifier};
use crate::double::{Verb, World};
use crate::ports::{Anchors, CheckpointFound, Fault, Put, Submissions};
use ed25519_dalek::Signer as _;
use record::note::{Kind, Signature, VerifierKey};
use record::witness::{Submission, judge};

impl World {
    /// The witness looks at what was submitted and not answered, in order.
    pub fn witness_answers(&self) {
        let log = &mut self.lock().log;
        let submitted: Vec<(String, Vec<u8>)> = log
            .anchors
            .iter()
            .filter_map(|(key, bytes)| Some((key.strip_prefix("submissions/")?.to_owned(), bytes.clone())))
            .collect();
        for (size, bytes) in submitted {
            let (cosigned, refused) = (format!("cosigned/{size}"), format!("refused/{size}"));
            if log.anchors.contains_key(&cosigned) || log.anchors.contains_key(&refused) {
                continue;
            }
            let keys: Vec<VerifierKey> = [&LOG_KEY, &NEXT_KEY].into_iter().filter_map(|key| key.parse().ok()).collect();
            let judged = Submission::parse(&bytes).and_then(|submission| judge(log.witnessed, &submission, &keys));
            match judged {
                Ok(cosign) => {
                    log.witnessed = Some((cosign.checkpoint().size(), *cosign.checkpoint().root()));
                    let time = 1_795_201_200;
                    let signature = signing(2).sign(cosign.message(time).as_bytes()).to_bytes();
                    let key = verifier(WITNESS, Kind::Cosignature, &signing(2));
                    let note = cosign.signed.note.with(Signature::cosignature(&key, time, &signature));
                    log.anchors.extend(note.map(|note| (cosigned, note.to_string().into_bytes())));
                }
                Err(refusal) => {
                    let answer = format!("{} {}", refusal.status(), refusal.body());
                    log.anchors.insert(refused, answer.into_bytes());
                }
            }
        }
    }

    /// What is submitted to the witness and not answered, by key.
    pub fn submitted(&self) -> Vec<String> {
        let log = &self.lock().log;
        let names = log.anchors.keys().filter_map(|key| key.strip_prefix("submissions/"));
        let answered = |name: &&str| {
            ["cosigned", "refused"].iter().any(|answer| log.anchors.contains_key(&format!("{answer}/{name}")))
        };
        names.filter(|name| !answered(name)).map(|name| format!("submissions/{name}")).collect()
    }
}

impl Anchors for World {
    async fn put_anchor(&self, key: &str, bytes: &[u8]) -> Result<Put, Fault> {
        self.call(Verb::PutAnchor, key, "", |inner| {
            if inner.log.anchors.contains_key(key) {
                return Ok(Put::Exists);
            }
            inner.log.anchors.insert(key.to_owned(), bytes.to_vec());
            Ok(Put::Written)
        })
        .await
    }

    async fn anchored(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.call(Verb::Anchored, key, "", |inner| Ok(inner.log.anchors.get(key).cloned())).await
    }
}

impl Submissions for World {
    async fn submission(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.call(Verb::Submission, key, "", |inner| Ok(inner.log.anchors.get(key).cloned())).await
    }

    async fn remembered(&self) -> Result<Option<CheckpointFound>, Fault> {
        self.call(Verb::Remembered, "", "", |inner| {
            let found = inner.log.remembered.clone();
            Ok(found.map(|(note, version)| CheckpointFound { note, version: version.to_string() }))
        })
        .await
    }

    async fn remember(&self, note: &str, instead_of: Option<&str>) -> Result<bool, Fault> {
        self.call(Verb::Remember, "", "", |inner| {
            let version = inner.log.remembered.as_ref().map(|(_, version)| version.to_string());
            if version.as_deref() != instead_of {
                return Ok(false);
            }
            let next = inner.log.remembered.as_ref().map_or(1, |(_, version)| version.saturating_add(1));
            inner.log.remembered = Some((note.to_owned(), next));
            Ok(true)
        })
        .await
    }

    async fn answer(&self, key: &str, bytes: &[u8]) -> Result<Put, Fault> {
        self.call(Verb::Answer, key, "", |inner| {
            if inner.log.anchors.contains_key(key) {
                return Ok(Put::Exists);
            }
            inner.log.anchors.insert(key.to_owned(), bytes.to_vec());
            Ok(Put::Written)
        })
        .await
    }
}
