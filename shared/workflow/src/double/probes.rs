//! IAM's own evaluation, as the judge judges.

use super::{Verb, World};
use crate::ports::{Fault, ProbeDecision, Verdict};
use model::documents::{ContextValue, Probe};
use model::names::PrincipalArn;
use model::time::Time;

impl ProbeDecision for World {
    async fn probe_role(&self, role: &PrincipalArn, probe: &Probe) -> Result<Verdict, Fault> {
        self.call(Verb::ProbeRole, text(probe, "aws:SourceIdentity"), role, |inner| {
            let (cloud, documents) = (&inner.cloud, &mut inner.documents);
            if !cloud.knows(role) {
                return Err(Fault::new("ask IAM what it would decide", "NoSuchEntity"));
            }
            let session = text(probe, "aws:SourceIdentity");
            let tag = text(probe, "aws:PrincipalTag/countersign:request");
            let begun = date(probe, "aws:TokenIssueTime");
            let at = date(probe, "aws:CurrentTime").unwrap_or(inner.now);
            Ok(cloud.verdict(role, (&probe.action, &probe.resource), at, (session, tag, begun), documents))
        })
        .await
    }

    async fn probe_document(&self, document: &str, probe: &Probe) -> Result<Verdict, Fault> {
        self.call(Verb::ProbeDocument, "", "", |inner| {
            let at = date(probe, "aws:CurrentTime").unwrap_or(inner.now);
            let verdict = inner.documents.verdict(document, (&probe.action, &probe.resource), at);
            verdict.ok_or_else(|| Fault::new("ask IAM what it would decide", "InvalidInput"))
        })
        .await
    }
}

fn value<'a>(probe: &'a Probe, key: &str) -> Option<&'a ContextValue> {
    probe.context.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
}

fn text<'a>(probe: &'a Probe, key: &str) -> &'a str {
    match value(probe, key) {
        Some(ContextValue::Text(text)) => text,
        Some(ContextValue::Date(_) | ContextValue::Flag(_)) | None => "",
    }
}

fn date(probe: &Probe, key: &str) -> Option<Time> {
    match value(probe, key) {
        Some(ContextValue::Date(date)) => Some(*date),
        Some(ContextValue::Text(_) | ContextValue::Flag(_)) | None => None,
    }
}
