//! Every status against every command. ARCHITECTURE.md shows the snapshots.

use super::activity::{activity, finding, run};
use super::*;
use crate::activity::Completeness;
use crate::request::Status;

/// A state of each column, at [`NOW`], of a request that takes two votes and lasts 30 minutes.
fn columns(mechanism: Option<Mechanism>) -> Vec<(&'static str, State)> {
    let request = request(|facts| {
        facts.quorum.needed = 2;
        if let Some(mechanism) = mechanism {
            facts.mechanism = mechanism;
        }
    });
    let at = |seconds| request.submitted_at.plus(seconds);
    let pending = submit(request.clone(), &needs_approvals(), at(0)).next;
    let voted = step(&pending, &approve(&request, "bob"), at(10));
    let approved = step(&voted, &approve(&request, "carol"), at(15));
    let provisioning = step(&approved, &Command::StartProvisioning, at(20));
    let active = step(&provisioning, &Command::Activate { evidence: evidence(at(30)) }, at(30));
    // A role's are not asked of us.
    let fetch = Command::RequestCredentials { by: by_slack("alice") };
    let used = decide(&active, &fetch, at(35)).map_or_else(|_| active.clone(), |transition| transition.next);
    let revoking = step(&used, &revoke("bob"), at(40));
    let closed = step(&revoking, &Command::PlaceTombstone, at(50));
    let ended = step(&closed, &Command::End { evidence: evidence(at(NOW)) }, at(NOW));
    let deny = Command::Deny { by: by_slack("bob"), reason: words("no"), permission: granted(true) };
    vec![
        ("pending", pending.clone()),
        ("pending, Bob voted", voted),
        ("approved", approved),
        ("provisioning", provisioning),
        ("active", active),
        ("revoking", revoking),
        ("revoking, deny in place", closed),
        ("denied", step(&pending, &deny, at(10))),
        ("cancelled", step(&pending, &Command::Cancel { by: by_slack("alice") }, at(10))),
        ("lapsed", step(&pending, &Command::Lapse, at(3_600))),
        ("ended", ended.clone()),
        ("ended, verified", step(&ended, &Command::Verify { evidence: evidence(at(NOW)) }, at(NOW))),
    ]
}

/// Seconds after submission at which a row is decided, unless it says otherwise.
const NOW: u64 = 50 + QUARANTINE;
/// Before the deny has been in place long enough.
const SOON: u64 = 60;
/// When half of the time for countersignatures is over.
const HALF: u64 = 1_800;
/// Within the last five minutes of the window.
const LAST_MINUTES: u64 = 1_600;
/// After the window, and after the request lapsed.
const LATE: u64 = 7_200;

/// Each row: what is attempted, when, and the command.
fn rows(request: &Request) -> Vec<(&'static str, u64, Command)> {
    let at = |seconds| request.submitted_at.plus(seconds);
    let other = request.judged.entitlement;
    let with = |by: &str, digest, may, judged, vote| {
        let permission = granted(may);
        Command::Approve { by: by_slack(by), digest, permission, judged, vote: Box::new(vote) }
    };
    let vote = |by: &str, digest, may, judged| with(by, digest, may, judged, Vote::default());
    let lasting = |seconds| Vote {
        narrower: Some(Narrower { duration_seconds: Some(seconds), ..Narrower::default() }),
        ..Vote::default()
    };
    let (digest, judged) = (request.digest(), Some(request.judged));
    let changed = Some(Judged { policy: other, ..request.judged });
    let deny = |by: &str, may| Command::Deny { by: by_slack(by), reason: words("no"), permission: granted(may) };
    let end = |by: &str, may| Command::Revoke { by: by_slack(by), reason: words("enough"), permission: granted(may) };
    let code = || "aws_said_no".to_owned();
    vec![
        ("approve: Bob", NOW, vote("bob", digest, true, judged)),
        ("approve: Carol", NOW, vote("carol", digest, true, judged)),
        ("approve: Carol, for less", NOW, with("carol", digest, true, judged, lasting(600))),
        ("approve: Carol, for more", NOW, with("carol", digest, true, judged, lasting(1_801))),
        ("approve: Carol, who saw something else", NOW, vote("carol", other, true, judged)),
        ("approve: Carol, policy has changed", NOW, vote("carol", digest, true, changed)),
        ("approve: Carol, entitlement is gone", NOW, vote("carol", digest, true, None)),
        ("approve: Carol, too late", LATE, vote("carol", digest, true, judged)),
        ("approve: Alice, who asked", NOW, vote("alice", digest, true, judged)),
        ("approve: Mallory, who may not", NOW, vote("mallory", digest, false, judged)),
        ("deny: Carol", NOW, deny("carol", true)),
        ("deny: Alice, who asked", NOW, deny("alice", true)),
        ("deny: Mallory, who may not", NOW, deny("mallory", false)),
        ("cancel: Alice, who asked", NOW, Command::Cancel { by: by_slack("alice") }),
        ("cancel: Bob", NOW, Command::Cancel { by: by_slack("bob") }),
        ("revoke: Alice, who asked", NOW, end("alice", false)),
        ("revoke: Bob, who may", NOW, end("bob", true)),
        ("revoke: Mallory, who may not", NOW, end("mallory", false)),
        ("lapse: too early", NOW, Command::Lapse),
        ("lapse", LATE, Command::Lapse),
        ("remind: too early", NOW, Command::Remind),
        ("remind", HALF, Command::Remind),
        ("remind: too late", LATE, Command::Remind),
        ("warn: too early", NOW, Command::Warn),
        ("warn", LAST_MINUTES, Command::Warn),
        ("warn: after the window", LATE, Command::Warn),
        ("startProvisioning", NOW, Command::StartProvisioning),
        ("startProvisioning: after the window", LATE, Command::StartProvisioning),
        ("provisioningFailed", NOW, Command::ProvisioningFailed { code: code() }),
        ("provisioningFailed: after the window", LATE, Command::ProvisioningFailed { code: code() }),
        ("nameTaken", NOW, Command::NameTaken { code: code(), finding: "somebody else's".to_owned() }),
        ("activate", NOW, Command::Activate { evidence: evidence(at(NOW)) }),
        ("activate: after the window", LATE, Command::Activate { evidence: evidence(at(LATE)) }),
        ("credentials: Alice, who asked", NOW, Command::RequestCredentials { by: by_slack("alice") }),
        ("credentials: Alice, after the window", LATE, Command::RequestCredentials { by: by_slack("alice") }),
        ("credentials: Bob", NOW, Command::RequestCredentials { by: by_slack("bob") }),
        (
            "issueCredentials",
            NOW,
            Command::IssueCredentials { access_key_id: "ASIAEXAMPLE".to_owned(), expires_at: at(LATE) },
        ),
        ("credentialsFailed", NOW, Command::CredentialsFailed { code: code() }),
        ("startRevocation: expired, too early", NOW, Command::StartRevocation { reason: EndReason::Expired }),
        ("startRevocation: expired", LATE, Command::StartRevocation { reason: EndReason::Expired }),
        ("startRevocation: panic", NOW, Command::StartRevocation { reason: EndReason::Panic }),
        ("stop: panic", NOW, Command::Stop { reason: EndReason::Panic }),
        ("placeTombstone", NOW, Command::PlaceTombstone),
        ("revocationFailed", NOW, Command::RevocationFailed { code: code() }),
        ("end: too early", SOON, Command::End { evidence: evidence(at(SOON)) }),
        ("end", NOW, Command::End { evidence: evidence(at(NOW)) }),
        ("verify", NOW, Command::Verify { evidence: evidence(at(NOW)) }),
        ("verificationFailed", NOW, Command::VerificationFailed { code: code() }),
        ("noteDrift", NOW, Command::NoteDrift { differences: vec!["deny_missing".to_owned()] }),
        ("noteDrift: after the deny", LATE, Command::NoteDrift { differences: vec!["deny_missing".to_owned()] }),
        ("removeTombstone: too early", NOW, Command::RemoveTombstone),
        ("removeTombstone", LATE, Command::RemoveTombstone),
        ("noteFinding", NOW, Command::NoteFinding { finding: Box::new(finding(at(NOW))), end: false }),
        ("noteFinding: one that ends it", NOW, Command::NoteFinding { finding: Box::new(finding(at(NOW))), end: true }),
        ("reportRun: Alice, who asked", NOW, Command::ReportRun { by: by_slack("alice"), run: Box::new(run()) }),
        ("reportRun: Bob", NOW, Command::ReportRun { by: by_slack("bob"), run: Box::new(run()) }),
        ("noteActivity", NOW, Command::NoteActivity { activity: Box::new(activity(Completeness::Provisional, 7)) }),
        ("eraseWords", NOW, Command::EraseWords { by: "arn:aws:iam::111111111111:user/ops".to_owned() }),
        ("noteRefusal", NOW, Command::NoteRefusal { command: "approve".to_owned(), code: "self_approval".to_owned() }),
    ]
}

/// What a cell says: the next status in bold, `✓` for something recorded without a change of
/// status, `–` for nothing to do, or the code of the refusal.
fn cell(state: &State, command: &Command, now: Time) -> String {
    match decide(state, command, now) {
        Ok(transition) if transition.next.status() != state.status() => format!("**{}**", transition.next.status()),
        Ok(transition) if transition.events.is_empty() && transition.effects.is_empty() => "–".to_owned(),
        Ok(transition) if transition.events.is_empty() => "again".to_owned(),
        Ok(_) => "✓".to_owned(),
        Err(refusal) => format!("`{}`", refusal.code()),
    }
}

fn cells(mechanism: Option<Mechanism>) -> (Vec<&'static str>, Vec<(&'static str, Vec<String>)>) {
    let columns = columns(mechanism);
    let request = &columns.first().unwrap().1.request;
    let rows = rows(request)
        .into_iter()
        .map(|(label, at, command)| {
            let now = request.submitted_at.plus(at);
            (label, columns.iter().map(|(_, state)| cell(state, &command, now)).collect())
        })
        .collect();
    (columns.iter().map(|(label, _)| *label).collect(), rows)
}

fn markdown(columns: &[&str], rows: &[(&str, Vec<String>)]) -> String {
    let line = |first: &str, cells: &[String]| format!("| {first} | {} |\n", cells.join(" | "));
    let head: Vec<String> = columns.iter().map(|label| (*label).to_owned()).collect();
    let rule: Vec<String> = columns.iter().map(|_| "---".to_owned()).collect();
    let body: String = rows.iter().map(|(label, cells)| line(label, cells)).collect();
    line("", &head) + &line("---", &rule) + &body
}

#[test]
fn every_status_against_every_command() {
    let (columns, rows) = cells(None);
    insta::assert_snapshot!(markdown(&columns, &rows));
}

/// Only what a grant that is a policy on a shared role does otherwise: nothing, once it was used. One
/// that was not is taken out after the quarantine, as a role is.
#[test]
fn what_an_unused_policy_does_otherwise() {
    let mechanism = facts("legacy-debug").mechanism;
    let (_, session) = cells(None);
    assert_eq!(cells(Some(mechanism.clone())).1, session);
    let request = request(|facts| facts.mechanism = mechanism);
    let pending = submit(request.clone(), &needs_approvals(), request.submitted_at).next;
    let at = |seconds| request.submitted_at.plus(seconds);
    let approved = step(&pending, &approve(&request, "bob"), at(10));
    let provisioning = step(&approved, &Command::StartProvisioning, at(20));
    let revoking = step(&provisioning, &revoke("bob"), at(40));
    let end = |seconds| Command::End { evidence: evidence(at(seconds)) };
    assert_eq!(decide(&revoking, &end(45), at(45)).unwrap_err().code(), "overtaken");
    let closed = step(&revoking, &Command::PlaceTombstone, at(50));
    assert_eq!(decide(&closed, &end(NOW - 1), at(NOW - 1)).unwrap_err().code(), "too_early");
    assert!(matches!(step(&closed, &end(NOW), at(NOW)).phase, Phase::Ended { residue: None, .. }));
    // Over before it was denied: its sessions, if there were any, are sealed.
    assert!(matches!(step(&revoking, &end(LATE), at(LATE)).phase, Phase::Ended { residue: None, .. }));
}

/// Only what a grant with a role of its own does otherwise.
#[test]
fn what_a_role_does_otherwise() {
    let (columns, session) = cells(None);
    let (_, role) = cells(Some(role_mechanism()));
    let rows: Vec<_> =
        role.into_iter().zip(session).filter(|(role, session)| role != session).map(|(role, _)| role).collect();
    insta::assert_snapshot!(markdown(&columns, &rows));
}

#[test]
fn the_table_leaves_nothing_out() {
    let columns = columns(None);
    for status in Status::ALL {
        assert!(columns.iter().any(|(_, state)| state.status() == status), "{status}");
    }
    let request = &columns.first().unwrap().1.request;
    let mut verbs: Vec<_> = rows(request).iter().map(|(_, _, command)| command.verb()).collect();
    verbs.dedup();
    assert_eq!(verbs.len(), 28, "a command is new: give it a row");
}
