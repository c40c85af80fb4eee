//! The record as it is.

use crate::log::{Files, Publisher, pinned};
use crate::story::{Story, story};
use std::sync::LazyLock;
use verify::{Outcome, Trusted, Verdict, verify};

/// The record, made once.
pub(crate) static STORY: LazyLock<Story> = LazyLock::new(story);

/// Its folder.
pub(crate) static FOLDER: LazyLock<Files> = LazyLock::new(|| Publisher::default().folder(&STORY.leaves));

/// Stands in for RSA: nobody else makes these, in tests.
pub(crate) fn rsa(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    signature == record::entry::EntryHash::of(&[key, message].concat()).to_string().as_bytes()
}

/// What comes of a folder, with the right keys pinned.
pub(crate) fn judged(files: &Files) -> Verdict {
    verify(files, &Trusted { keys: Some(&pinned()), as_of: None, known: &[], rsa: &rsa }).unwrap()
}

#[test]
fn nothing_is_found_in_the_record_as_it_is() {
    let verdict = judged(&FOLDER);
    for finding in &verdict.findings {
        println!("{} {}: {}", finding.code, finding.at, finding.sentence);
    }
    assert_eq!(verdict.findings, []);
    assert_eq!(verdict.outcome, Outcome::Intact);
    let figures = &verdict.figures;
    println!("{figures:?}");
    assert_eq!(figures.size, u64::try_from(STORY.leaves.len()).unwrap());
    assert!(figures.size > 256, "a full tile: {figures:?}");
    assert_eq!(figures.table_entries, figures.size);
    assert_eq!((figures.requests, figures.grants), (12, 7), "{figures:?}");
    assert!(figures.words_checked > 16 && figures.words_erased == 0, "{figures:?}");
    assert!(figures.approvals >= 8 && figures.credentials >= 4, "{figures:?}");
}

/// Every event that a request can have is of a kind that is judged.
#[test]
fn the_story_has_most_of_what_can_happen() {
    let kinds: std::collections::BTreeSet<String> = STORY.leaves.iter().map(crate::story::Leaf::kind).collect();
    for kind in [
        "requestSubmitted",
        "requestDenied",
        "approvalGiven",
        "termsNarrowed",
        "requestApproved",
        "requestCancelled",
        "requestLapsed",
        "approversReminded",
        "provisioningStarted",
        "grantActivated",
        "expiryAnnounced",
        "credentialsRequested",
        "credentialsIssued",
        "revocationStarted",
        "tombstonePlaced",
        "grantEnded",
        "verifiedEnded",
        "tombstoneRemoved",
        "commandRefused",
        "panicProposed",
        "panicStarted",
        "offboardingStarted",
        "sweepFinished",
        "personReinstated",
        "accountFirstSeen",
        "policyPublished",
        "deploymentSeen",
        "logStarted",
        "heartbeat",
        "dailySummary",
    ] {
        assert!(kinds.contains(kind), "{kind}");
    }
}
