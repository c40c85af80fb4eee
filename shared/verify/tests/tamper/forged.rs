//! Records that were written anew, from the first entry to the last, by somebody who holds all keys: no hash, link,
//! signature or cosignature is wrong, and nothing was saved before. What they say is not allowed, and that is found.

use crate::log::{Files, Publisher};
use crate::story::{Leaf, rechained};
use crate::untouched::{STORY, judged};
use crate::{Where, expect};
use serde_json::{Value, json};
use verify::Code;

/// A forgery: its name, of which request, what is done to the record, and what is found at which event.
type Forgery = (&'static str, &'static str, fn(&mut Record), Code, &'static str);

/// All entries as values, and which of them are of the request at hand.
pub(crate) struct Record {
    pub(crate) values: Vec<Value>,
    pub(crate) id: String,
}

impl Record {
    fn place(&self, kind: &str) -> usize {
        let is_it = |value: &Value| value["request"] == *self.id && value["event"]["type"] == kind;
        self.values.iter().position(is_it).unwrap_or_else(|| panic!("{kind} of {}", self.id))
    }

    fn entry(&mut self, kind: &str) -> &mut Value {
        let place = self.place(kind);
        &mut self.values[place]
    }

    fn data(&mut self, kind: &str) -> &mut Value {
        &mut self.entry(kind)["event"]["data"]
    }

    fn remove(&mut self, kind: &str) {
        let place = self.place(kind);
        self.values.remove(place);
    }

    fn double(&mut self, kind: &str) {
        let place = self.place(kind);
        let copy = self.values[place].clone();
        self.values.insert(place + 1, copy);
    }

    /// All that the request has of this kind.
    fn each(&mut self, kind: &str, change: impl Fn(&mut Value)) {
        let id = self.id.clone();
        let those = self.values.iter_mut().filter(|value| value["request"] == *id && value["event"]["type"] == kind);
        those.for_each(change);
    }

    fn digest(&mut self) -> String {
        self.data("requestSubmitted")["request"]["digest"].as_str().unwrap().to_owned()
    }
}

/// One entry of `stream`, as text, for another time.
fn moved(at: &Value, seconds: i64) -> Value {
    let at: model::time::Time = at.as_str().unwrap().parse().unwrap();
    json!(model::time::Time::from_second(at.as_second() + seconds).unwrap())
}

pub(crate) const FORGERIES: &[Forgery] = &[
    (
        "the requester countersigns",
        "used",
        |r| {
            let cause = r.entry("requestSubmitted")["cause"].clone();
            r.entry("approvalGiven")["cause"] = cause;
            r.data("approvalGiven")["person"] = json!("alice");
            r.data("requestApproved")["approvers"] = json!(["alice"]);
        },
        Code::SelfApproval,
        "approvalGiven",
    ),
    (
        "an approval is invented for somebody",
        "used",
        |r| {
            r.data("approvalGiven")["person"] = json!("carol");
            r.data("requestApproved")["approvers"] = json!(["carol"]);
        },
        Code::ForgedCause,
        "approvalGiven",
    ),
    (
        "an approval is taken out",
        "role",
        |r| {
            let id = r.id.clone();
            let last =
                r.values.iter().rposition(|v| v["request"] == *id && v["event"]["type"] == "approvalGiven").unwrap();
            r.values.remove(last);
            r.data("requestApproved")["approvers"] = json!(["carol"]);
        },
        Code::TooFewApprovals,
        "requestApproved",
    ),
    (
        "one person counts twice",
        "role",
        |r| {
            let id = r.id.clone();
            let last =
                r.values.iter().rposition(|v| v["request"] == *id && v["event"]["type"] == "approvalGiven").unwrap();
            r.values[last]["event"]["data"]["person"] = json!("carol");
            r.values[last]["cause"]["person"] = json!("carol");
            r.data("requestApproved")["approvers"] = json!(["carol", "carol"]);
        },
        Code::TooFewApprovals,
        "requestApproved",
    ),
    ("an approval is there twice", "used", |r| r.double("approvalGiven"), Code::DoubledApproval, "approvalGiven"),
    (
        "the approval is of something else",
        "used",
        |r| {
            r.data("approvalGiven")["digest"] = json!("c".repeat(64));
        },
        Code::ApprovalOfSomethingElse,
        "approvalGiven",
    ),
    (
        "the approval is of the wider terms",
        "role",
        |r| {
            let digest = r.digest();
            let id = r.id.clone();
            let last =
                r.values.iter().rposition(|v| v["request"] == *id && v["event"]["type"] == "approvalGiven").unwrap();
            r.values[last]["event"]["data"]["digest"] = json!(digest);
        },
        Code::ApprovalOfSomethingElse,
        "approvalGiven",
    ),
    (
        "other approvers are named",
        "used",
        |r| {
            r.data("requestApproved")["approvers"] = json!(["carol"]);
        },
        Code::ApproversDiffer,
        "requestApproved",
    ),
    (
        "all approvals are taken out",
        "used",
        |r| {
            r.remove("approvalGiven");
            r.data("requestApproved")["approvers"] = json!([]);
            r.data("requestApproved")["rules"] = json!(["auto"]);
        },
        Code::TooFewApprovals,
        "requestApproved",
    ),
    (
        "policy alone, without a rule",
        "alone",
        |r| {
            r.data("requestApproved")["rules"] = json!([]);
        },
        Code::ApprovedByNobody,
        "requestApproved",
    ),
    (
        "the request asked for more",
        "used",
        |r| {
            r.data("requestSubmitted")["request"]["permissions"] = json!(["dynamodb:GetItem", "dynamodb:DeleteTable"]);
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "the quorum was smaller",
        "role",
        |r| {
            r.data("requestSubmitted")["request"]["quorum"]["needed"] = json!(0);
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "the risk was lower",
        "role",
        |r| {
            r.data("requestSubmitted")["request"]["risk"]["reasons"][0]["level"] = json!("low");
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "somebody else asked",
        "used",
        |r| {
            r.data("requestSubmitted")["request"]["requester"] = json!("frank");
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "other words",
        "used",
        |r| {
            r.data("requestSubmitted")["request"]["justification"] = json!("nothing to see");
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "approvers were told otherwise",
        "used",
        |r| {
            r.data("requestSubmitted")["request"]["notices"]["directly"] = json!(true);
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "it extends another request",
        "longer",
        |r| {
            r.data("requestSubmitted")["request"]["extends"] = json!("req_00000000000000000000000000000000");
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "the terms are wider than they were",
        "role",
        |r| {
            r.data("termsNarrowed")["permissions"] = json!(["iam:CreateUser"]);
        },
        Code::TermsWidened,
        "termsNarrowed",
    ),
    (
        "the terms are longer than they were",
        "role",
        |r| {
            r.data("termsNarrowed")["durationSeconds"] = json!(7_200);
        },
        Code::TermsWidened,
        "termsNarrowed",
    ),
    (
        "the terms are others than their digest",
        "role",
        |r| {
            r.data("termsNarrowed")["durationSeconds"] = json!(600);
        },
        Code::TermsDigestDiffers,
        "termsNarrowed",
    ),
    (
        "votes for more are kept",
        "role",
        |r| {
            r.data("termsNarrowed")["superseded"] = json!([]);
        },
        Code::ApproversDiffer,
        "termsNarrowed",
    ),
    (
        "the window is longer",
        "used",
        |r| {
            let window = &mut r.data("provisioningStarted")["plan"]["window"];
            window["expiresAt"] = moved(&window["expiresAt"], 600);
        },
        Code::WindowDiffers,
        "provisioningStarted",
    ),
    (
        "the window is shorter than narrowed to",
        "role",
        |r| {
            let window = &mut r.data("provisioningStarted")["plan"]["window"];
            window["expiresAt"] = moved(&window["expiresAt"], 2_400);
        },
        Code::WindowDiffers,
        "provisioningStarted",
    ),
    (
        "the window lies elsewhere",
        "used",
        |r| {
            let window = &mut r.data("provisioningStarted")["plan"]["window"];
            (window["startsAt"], window["expiresAt"]) =
                (moved(&window["startsAt"], 60), moved(&window["expiresAt"], 60));
        },
        Code::WindowDiffers,
        "provisioningStarted",
    ),
    (
        "granted without an approval",
        "used",
        |r| r.remove("requestApproved"),
        Code::ImpossibleEvent,
        "provisioningStarted",
    ),
    (
        "granted though it was denied",
        "denied",
        |r| {
            let from = |r: &Record, kind: &str| r.values.iter().find(|v| v["event"]["type"] == kind).unwrap().clone();
            let (id, at) = (r.id.clone(), r.entry("requestDenied")["at"].clone());
            let mut grant = from(r, "provisioningStarted");
            (grant["request"], grant["at"]) = (json!(id), at.clone());
            grant["event"]["data"]["plan"]["window"] = json!({"startsAt": at, "expiresAt": moved(&at, 900)});
            let place = r.place("requestDenied");
            r.values.insert(place + 1, grant);
        },
        Code::ImpossibleEvent,
        "provisioningStarted",
    ),
    (
        "granted long after its approval",
        "used",
        |r| {
            let id = r.id.clone();
            for v in r.values.iter_mut().filter(|v| v["request"] == *id) {
                if ["requestSubmitted", "approvalGiven", "requestApproved", "commandRefused"]
                    .contains(&v["event"]["type"].as_str().unwrap())
                {
                    v["at"] = moved(&v["at"], -1_000);
                }
            }
        },
        Code::StaleApproval,
        "provisioningStarted",
    ),
    (
        "approved after it had lapsed",
        "used",
        |r| {
            let id = r.id.clone();
            for v in r.values.iter_mut().filter(|v| v["request"] == *id) {
                if ["requestSubmitted", "commandRefused"].contains(&v["event"]["type"].as_str().unwrap()) {
                    v["at"] = moved(&v["at"], -4_000);
                }
            }
        },
        Code::MalformedEvent,
        "requestSubmitted",
    ),
    (
        "credentials beyond the window",
        "used",
        |r| {
            let until = r.data("credentialsIssued")["expiresAt"].clone();
            r.data("credentialsIssued")["expiresAt"] = moved(&until, 7_200);
        },
        Code::CredentialsOutliveWindow,
        "credentialsIssued",
    ),
    (
        "credentials that nobody asked for",
        "used",
        |r| r.remove("credentialsRequested"),
        Code::CredentialsWithoutIntent,
        "credentialsIssued",
    ),
    (
        "credentials for somebody else",
        "used",
        |r| {
            r.entry("credentialsRequested")["cause"]["person"] = json!("mallory");
        },
        Code::CredentialsOfAnother,
        "credentialsRequested",
    ),
    (
        "credentials after the revocation",
        "policy",
        |r| {
            let at = r.entry("revocationStarted")["at"].clone();
            let from = r.place("credentialsRequested");
            let mut asked = r.values[from].clone();
            asked["at"] = moved(&at, 1);
            let place = r.place("revocationStarted");
            r.values.insert(place + 1, asked);
        },
        Code::ImpossibleEvent,
        "credentialsRequested",
    ),
    (
        "one key for two grants",
        "policy",
        |r| {
            let key = r.values.iter().find(|v| v["event"]["type"] == "credentialsIssued").unwrap()["event"]["data"]["accessKeyId"].clone();
            r.data("credentialsIssued")["accessKeyId"] = key;
        },
        Code::KeyIssuedTwice,
        "credentialsIssued",
    ),
    (
        "expired before its time",
        "used",
        |r| {
            let at = r.entry("revocationStarted")["at"].clone();
            r.entry("revocationStarted")["at"] = moved(&at, -5);
        },
        Code::OutsideWindow,
        "revocationStarted",
    ),
    (
        "revoked by somebody else",
        "policy",
        |r| {
            r.data("revocationStarted")["reason"]["by"] = json!("carol");
            r.data("grantEnded")["reason"]["by"] = json!("carol");
        },
        Code::ForgedCause,
        "revocationStarted",
    ),
    (
        "it ended for another reason",
        "policy",
        |r| {
            r.data("grantEnded")["reason"] = json!({"kind": "expired"});
        },
        Code::EndReasonDiffers,
        "grantEnded",
    ),
    (
        "ended for a finding that was not made",
        "policy",
        |r| {
            let reason = json!({"kind": "finding", "rule": "mass_deletion"});
            r.data("revocationStarted")["reason"] = reason.clone();
            r.data("grantEnded")["reason"] = reason;
        },
        Code::EndReasonDiffers,
        "revocationStarted",
    ),
    ("ended without its deny", "role", |r| r.remove("tombstonePlaced"), Code::EndedTooEarly, "grantEnded"),
    (
        "the deny was taken out early",
        "policy",
        |r| {
            let until = r.data("grantEnded")["tombstoneUntil"].clone();
            r.entry("tombstoneRemoved")["at"] = moved(&until, -60);
        },
        Code::DenyRemovedEarly,
        "tombstoneRemoved",
    ),
    (
        "ended by a panic that there was not",
        "policy",
        |r| {
            r.data("revocationStarted")["reason"] = json!({"kind": "panic"});
            r.data("grantEnded")["reason"] = json!({"kind": "panic"});
        },
        Code::StoppedWithoutOrder,
        "revocationStarted",
    ),
    (
        "its end is held back",
        "used",
        |r| {
            let id = r.id.clone();
            let ends = ["revocationStarted", "tombstonePlaced", "grantEnded", "verifiedEnded", "tombstoneRemoved"];
            r.values.retain(|v| v["request"] != *id || !ends.contains(&v["event"]["type"].as_str().unwrap()));
        },
        Code::AccessPastItsWindow,
        "",
    ),
    ("that IAM bears it out is held back", "used", |r| r.remove("verifiedEnded"), Code::EndUnverified, ""),
    ("that it lapsed is held back", "lapsed", |r| r.remove("requestLapsed"), Code::OpenPastItsTime, ""),
    (
        "an event that there is not",
        "used",
        |r| {
            r.double("grantActivated");
            r.entry("grantActivated")["event"]["type"] = json!("grantBlessed");
        },
        Code::UnknownEvent,
        "grantBlessed",
    ),
    (
        "a panic confirmed by who proposed it",
        "panic",
        |r| {
            r.entry("panicStarted")["cause"]["person"] = json!("bob");
            r.data("panicStarted")["by"] = json!("bob");
        },
        Code::BadConfirmation,
        "panicStarted",
    ),
    (
        "a panic of more than was proposed",
        "panic",
        |r| {
            r.data("panicStarted")["scope"] = json!({"kind": "all"});
        },
        Code::BadConfirmation,
        "panicStarted",
    ),
    (
        "somebody escapes a panic",
        "panicked",
        |r| {
            let reason = json!({"kind": "expired"});
            for kind in ["revocationStarted", "tombstonePlaced", "grantEnded", "verifiedEnded"] {
                r.each(kind, |v| v["at"] = moved(&v["at"], 4_000));
            }
            r.data("revocationStarted")["reason"] = reason.clone();
            r.data("grantEnded")["reason"] = reason;
        },
        Code::SweepLeftAccess,
        "sweep:sweepFinished",
    ),
    (
        "a barred person goes on",
        "again",
        |r| {
            let bar = r.values.iter().find(|v| v["event"]["type"] == "offboardingStarted").unwrap()["at"].clone();
            let at = moved(&bar, 30);
            r.each("approvalGiven", |v| v["at"] = at.clone());
            r.each("requestSubmitted", |v| v["at"] = at.clone());
        },
        Code::BarredPersonActed,
        "requestSubmitted",
    ),
    (
        "a policy that follows no other",
        "sys_policy",
        |r| {
            let mut next = r.entry("policyPublished").clone();
            next["event"]["data"]["digest"] = json!("b".repeat(64));
            next["event"]["data"]["previous"] = json!("c".repeat(64));
            let place = r.place("policyPublished");
            next["event"]["type"] = json!("policyPublished");
            next["at"] = moved(&next["at"], 30);
            r.values.insert(place + 1, next);
        },
        Code::ImpossibleEvent,
        "last:policyPublished",
    ),
];

fn forged(of: &str, change: fn(&mut Record)) -> (Vec<Leaf>, String) {
    let values: Vec<Value> = STORY.leaves.iter().map(Leaf::value).collect();
    let panic = values.iter().find(|v| v["event"]["type"] == "panicStarted").unwrap()["request"].clone();
    let id = match of {
        "panic" => panic.as_str().unwrap().to_owned(),
        "sys_policy" => of.to_owned(),
        of => STORY.ids[of].clone(),
    };
    let mut record = Record { values, id: id.clone() };
    change(&mut record);
    (rechained(record.values), id)
}

fn place(leaves: &[Leaf], id: &str, kind: &str) -> Where {
    let (id, kind) = match kind.split_once(':') {
        Some(("sweep", kind)) => ("swp_", kind),
        Some((_, kind)) => (id, kind),
        None => (id, kind),
    };
    let those: Vec<(usize, &Leaf)> = leaves
        .iter()
        .enumerate()
        .filter(|(_, leaf)| leaf.stream.starts_with(id) && (kind.is_empty() || leaf.kind() == kind))
        .collect();
    assert!(!those.is_empty(), "{kind} of {id}");
    Where::OneOf(those.into_iter().map(|(index, leaf)| (index, leaf.seq)).collect())
}

#[test]
fn every_forgery_is_found_where_it_is() {
    for (name, of, change, code, kind) in FORGERIES {
        let (leaves, id) = forged(of, *change);
        let files: Files = Publisher::default().folder(&leaves);
        let verdict = judged(&files);
        let place = place(&leaves, &id, kind);
        expect(name, &verdict, *code, &place);
        // By what they say alone: all else fits.
        for other in [
            Code::RootMismatch,
            Code::TileDiffers,
            Code::Unlinked,
            Code::OutOfPlace,
            Code::Inconsistent,
            Code::TableEdited,
            Code::CheckpointUnsigned,
            Code::SummaryDiffers,
            Code::StateElsewhere,
        ] {
            assert!(verdict.findings.iter().all(|finding| finding.code != other), "{name}: {other}");
        }
    }
}
