//! Windows, credentials, ends and orders.

use super::{Forgery, Record, moved};
use serde_json::json;
use verify::Code;

/// A grant goes on through a panic of its scope, until its window is over.
fn escape(r: &mut Record) {
    let reason = json!({"kind": "expired"});
    for kind in ["revocationStarted", "tombstonePlaced", "grantEnded", "verifiedEnded"] {
        r.each(kind, |v| v["at"] = moved(&v["at"], 4_000));
    }
    r.data("revocationStarted")["reason"] = reason.clone();
    r.data("grantEnded")["reason"] = reason;
}

pub(super) const FORGERIES: &[Forgery] = &[
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
        "its deny is said to take no time",
        "role",
        |r| {
            let at = r.entry("tombstonePlaced")["at"].clone();
            r.data("tombstonePlaced")["quarantineUntil"] = at.clone();
            r.entry("grantEnded")["at"] = moved(&at, 5);
        },
        Code::EndedTooEarly,
        "tombstonePlaced",
    ),
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
    ("somebody escapes a panic", "panicked", escape, Code::SweepLeftAccess, "sweep:sweepFinished"),
    (
        "somebody escapes a panic whose words are erased after that",
        "panicked",
        |r| {
            escape(r);
            let mut erased = r.values.iter().find(|v| v["event"]["type"] == "sweepFinished").unwrap().clone();
            erased["event"] = json!({"type": "wordsErased", "data": {}});
            erased["at"] = moved(&erased["at"], 5_000);
            r.values.push(erased);
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
