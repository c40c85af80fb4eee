//! Every defect there is, and where it is looked for first.

use super::Suite::{self, Aws, Histories, Model, Promises, Publication, Slack};

/// A defect on purpose.
#[derive(Debug)]
pub(super) struct Defect {
    /// Its name, as `model::seeded!` has it where the rule is.
    pub(super) name: &'static str,
    /// The suite that is known to notice it soonest.
    pub(super) suite: Suite,
    /// Part of the names of the tests in it that do. Empty: any.
    pub(super) tests: &'static str,
}

const fn by(name: &'static str, suite: Suite, tests: &'static str) -> Defect {
    Defect { name, suite, tests }
}

/// All of them. What the tests here don't find in the sources, or find there and not here, is a failure.
pub(super) const DEFECTS: &[Defect] = &[
    // Who countersigns, and what.
    by("self-approval", Model, "lifecycle::"),
    by("an-alias-approves-itself", Histories, "no_history"),
    by("anybody-approves", Model, "lifecycle::"),
    by("one-person-twice", Model, "lifecycle::"),
    by("quorum-of-one-less", Model, "lifecycle::"),
    by("any-digest", Model, "lifecycle::"),
    by("trust-the-message", Promises, "narrowing::"),
    by("approve-after-expiry", Model, "lifecycle::"),
    by("an-older-policy-counts", Model, "lifecycle::"),
    by("stale-membership", Histories, "no_history"),
    by("the-barred-countersign", Promises, "sweeps::"),
    by("a-limit-of-one-more", Model, "limits::"),
    by("replays-count", Promises, "once::"),
    by("keys-are-forgotten", Promises, "once::"),
    // What is written into IAM.
    by("forget-the-condition", Model, "documents::"),
    by("no-seal", Model, "documents::"),
    by("escapes-are-open", Model, "documents::"),
    by("narrower-is-granted-wide", Model, "terms::"),
    by("kill-policy-of-another", Histories, "no_history"),
    // How access comes.
    by("grant-before-schedule", Promises, "round_trips::"),
    by("adopt-a-role", Promises, "standing::"),
    by("adopt-a-policy", Promises, "shared_role::"),
    by("skip-the-read-back", Promises, "standing::"),
    by("no-anchor-needed", Promises, "log::"),
    by("credentials-for-anybody", Model, "lifecycle::"),
    by("credentials-without-intent", Model, "lifecycle::"),
    by("credentials-past-the-window", Promises, "zombies::credentials"),
    by("credentials-after-the-end", Promises, "zombies::nothing"),
    by("no-second-factor", Model, "lifecycle::"),
    by("a-secret-in-the-record", Promises, "broken::from_an_early"),
    // How it goes.
    by("ended-by-any-schedule", Model, "lifecycle::"),
    by("revoke-without-tombstone", Promises, "races::"),
    by("sessions-live-on", Promises, "races::"),
    by("the-deny-stays", Promises, "broken::from_an_early"),
    by("no-quarantine", Promises, "zombies::"),
    by("a-sweep-is-over-at-once", Model, "sweep::"),
    by("a-panic-forgets-what-waits", Promises, "sweeps::"),
    by("nothing-lapses", Promises, "asking_again::"),
    by("the-stuck-stay-stuck", Promises, "crashes::"),
    by("ends-are-not-retried", Promises, "broken::"),
    by("orphans-stay", Promises, "orphans::"),
    by("roles-of-others-are-removed", Promises, "orphans::"),
    by("drift-is-let-be", Promises, "drift::"),
    by("clocks-are-not-watched", Aws, "watch::"),
    // What is told and kept.
    by("not-chained-to-the-one-before", Promises, "log::anchors::"),
    by("a-leaf-is-left-out", Promises, "log::anchors::"),
    by("sign-what-was-meant", Promises, "log::beside::"),
    by("an-older-checkpoint-over-a-newer", Promises, "log::beside::"),
    by("the-witness-forgets", Promises, "witness::"),
    by("erased-words-stay", Promises, "erasure::"),
    by("drop-the-last-of-a-batch", Publication, ""),
    by("poison-is-skipped", Publication, ""),
    by("told-twice", Promises, "once::"),
    // Slack's door.
    by("no-signature-needed", Slack, "signature::"),
    by("signatures-never-age", Slack, "signature::"),
    by("any-workspace", Slack, ""),
];
