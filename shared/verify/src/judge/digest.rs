//! The digests that people countersign, computed anew. The encoding is that of `docs/record.md`, "Digests", over the JSON
//! of the leaf; nothing of the program that wrote it takes part.

use crate::entry::hash;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Lengths before parts, so that nothing can move from one part into the next.
struct Encoding(Sha256);

/// What a digest covers is not there, or of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Incomplete(pub(crate) &'static str);

type Encoded<T> = Result<T, Incomplete>;

impl Encoding {
    fn of(purpose: &str) -> Self {
        let mut encoding = Self(Sha256::new());
        encoding.text(purpose);
        encoding
    }

    fn bytes(&mut self, part: &[u8]) {
        self.0.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(part);
    }

    fn text(&mut self, part: &str) {
        self.bytes(part.as_bytes());
    }

    fn number(&mut self, part: u64) {
        self.bytes(&part.to_be_bytes());
    }

    fn count(&mut self, parts: usize) {
        self.number(u64::try_from(parts).unwrap_or(u64::MAX));
    }

    fn list<'a>(&mut self, parts: impl ExactSizeIterator<Item = &'a str>) {
        self.count(parts.len());
        parts.for_each(|part| self.text(part));
    }

    fn maybe(&mut self, part: Option<&str>) {
        self.number(u64::from(part.is_some()));
        if let Some(part) = part {
            self.text(part);
        }
    }

    fn digest(self) -> String {
        hex::encode(self.0.finalize())
    }
}

/// A field of an object.
fn field<'a>(of: &'a Value, name: &'static str) -> Encoded<&'a Value> {
    of.get(name).ok_or(Incomplete(name))
}

fn text<'a>(of: &'a Value, name: &'static str) -> Encoded<&'a str> {
    field(of, name)?.as_str().ok_or(Incomplete(name))
}

fn number(of: &Value, name: &'static str) -> Encoded<u64> {
    field(of, name)?.as_u64().ok_or(Incomplete(name))
}

fn flag(of: &Value, name: &'static str) -> Encoded<u64> {
    field(of, name)?.as_bool().map(u64::from).ok_or(Incomplete(name))
}

fn items<'a>(of: &'a Value, name: &'static str) -> Encoded<&'a Vec<Value>> {
    field(of, name)?.as_array().ok_or(Incomplete(name))
}

fn texts<'a>(of: &'a Value, name: &'static str) -> Encoded<Vec<&'a str>> {
    items(of, name)?.iter().map(|item| item.as_str().ok_or(Incomplete(name))).collect()
}

/// A text that may be `null` or absent.
fn optional<'a>(of: &'a Value, name: &'static str) -> Encoded<Option<&'a str>> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(Incomplete(name)),
    }
}

/// The digest of a request, from the `request` of `requestSubmitted`.
///
/// # Errors
/// What of it is missing or of another kind.
pub(crate) fn of_request(request: &Value) -> Encoded<String> {
    let extends = optional(request, "extends")?;
    let mut encoding = Encoding::of("countersign.request.v4");
    encoding.text(text(request, "id")?);
    encoding.text(text(request, "requester")?);
    let identity = field(request, "identity")?;
    let door = text(identity, "door")?;
    encoding.text(door);
    encoding.text(match door {
        "slack" => text(identity, "user")?,
        "api" => text(identity, "principal")?,
        _ => return Err(Incomplete("door")),
    });
    for name in ["entitlement", "account", "environment"] {
        encoding.text(text(request, name)?);
    }
    mechanism(&mut encoding, field(request, "mechanism")?)?;
    for name in ["permissions", "resources", "mayOutlive", "sourceIps"] {
        encoding.list(texts(request, name)?.into_iter());
    }
    encoding.number(flag(request, "mfaAtDoor")?);
    encoding.number(number(request, "durationSeconds")?);
    words(&mut encoding, field(request, "justification")?)?;
    encoding.maybe(optional(request, "ticket")?);
    encoding.maybe(optional(request, "channel")?);
    encoding.text(text(request, "submittedAt")?);
    encoding.number(number(request, "approvalWindowSeconds")?);
    risk(&mut encoding, field(request, "risk")?)?;
    let judged = field(request, "judged")?;
    encoding.text(text(judged, "entitlement")?);
    encoding.text(text(judged, "policy")?);
    let quorum = field(request, "quorum")?;
    encoding.number(number(quorum, "needed")?);
    encoding.list(texts(quorum, "groups")?.into_iter());
    told(&mut encoding, field(request, "notices")?)?;
    encoding.maybe(extends);
    Ok(encoding.digest())
}

fn mechanism(encoding: &mut Encoding, mechanism: &Value) -> Encoded<()> {
    let kind = text(mechanism, "kind")?;
    encoding.text(kind);
    match kind {
        "session" => encoding.text(text(mechanism, "baseRole")?),
        "role" => {
            encoding.list(texts(mechanism, "principals")?.into_iter());
            encoding.number(flag(mechanism, "mfa")?);
        }
        "policy" => encoding.text(text(mechanism, "targetRole")?),
        _ => return Err(Incomplete("kind")),
    }
    Ok(())
}

/// A person's words, by their hash.
fn words(encoding: &mut Encoding, words: &Value) -> Encoded<()> {
    let said = text(words, "hash")?;
    hash(said).ok_or(Incomplete("hash"))?;
    encoding.text(said);
    Ok(())
}

fn risk(encoding: &mut Encoding, risk: &Value) -> Encoded<()> {
    encoding.text(text(risk, "level")?);
    let reasons = items(risk, "reasons")?;
    encoding.count(reasons.len());
    for reason in reasons {
        encoding.text(text(reason, "sentence")?);
    }
    encoding.count(reasons.len());
    for reason in reasons {
        let rule = Value::from(vec![text(reason, "code")?, text(reason, "level")?]);
        encoding.text(&rule.to_string());
    }
    Ok(())
}

/// Who is told, and when again.
fn told(encoding: &mut Encoding, notices: &Value) -> Encoded<()> {
    encoding.number(flag(notices, "directly")?);
    encoding.number(number(notices, "warnBeforeSeconds")?);
    let reminders = items(notices, "reminders")?;
    encoding.count(reminders.len());
    for reminder in reminders {
        encoding.number(number(reminder, "afterSeconds")?);
        encoding.list(texts(reminder, "groups")?.into_iter());
        encoding.maybe(optional(reminder, "channel")?);
    }
    Ok(())
}

/// The digest of the terms that a request was narrowed to.
pub(crate) fn of_terms(request: &str, permissions: &[String], resources: &[String], seconds: u64) -> String {
    let mut encoding = Encoding::of("countersign.terms.v1");
    encoding.text(request);
    encoding.list(permissions.iter().map(String::as_str));
    encoding.list(resources.iter().map(String::as_str));
    encoding.number(seconds);
    encoding.digest()
}

#[cfg(test)]
mod tests;
