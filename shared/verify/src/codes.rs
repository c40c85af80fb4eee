//! The kinds of finding. A code, once used, keeps its meaning and stays.

use crate::finding::Severity;
use serde::{Serialize, Serializer};
use std::fmt;

macro_rules! codes {
    ($($severity:ident { $($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+ })+) => {
        /// A kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($($(#[doc = $doc])+ $name,)+)+
        }

        impl Code {
            /// Every one.
            pub const ALL: &[Self] = &[$($(Self::$name,)+)+];

            /// As it is written.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$name => $code,)+)+
                }
            }

            /// How much it weighs.
            pub fn severity(self) -> Severity {
                match self {
                    $($(Self::$name => Severity::$severity,)+)+
                }
            }

            /// What it means, for the list of them.
            pub fn meaning(self) -> &'static str {
                match self {
                    $($(Self::$name => concat!($($doc),+),)+)+
                }
            }
        }
    };
}

codes! {
    Broken {
        // The log.
        /// The log has no checkpoint that can be read.
        CheckpointMissing = "checkpoint_missing",
        /// A checkpoint is not of the form of one.
        CheckpointMalformed = "checkpoint_malformed",
        /// A checkpoint has no valid signature of the log's pinned key.
        CheckpointUnsigned = "checkpoint_unsigned",
        /// A checkpoint is signed by a key of the log alone that was retired before.
        RetiredKey = "retired_key",
        /// The log's checkpoint is of fewer entries than one that was anchored, cosigned or saved: the log was cut.
        CheckpointBehind = "checkpoint_behind",
        /// Two checkpoints of one size have different roots: the log shows different records to different people.
        TwoRoots = "two_roots",
        /// An anchored, cosigned or saved checkpoint is not one of these entries: they were rewritten since.
        Inconsistent = "inconsistent",
        /// The entries do not give the root that the log signed.
        RootMismatch = "root_mismatch",
        /// A bundle of entries is missing.
        BundleMissing = "bundle_missing",
        /// A bundle of entries can't be read.
        BundleMalformed = "bundle_malformed",
        /// A narrower bundle holds other entries than the wider one.
        BundleDiffers = "bundle_differs",
        /// A hash tile is missing.
        TileMissing = "tile_missing",
        /// A hash tile holds other hashes than the entries give.
        TileDiffers = "tile_differs",
        /// An anchored or cosigned checkpoint lies under the name of another size.
        Misnamed = "misnamed",
        /// What the witness is said to have cosigned bears no valid cosignature of it.
        CosignatureMissing = "cosignature_missing",
        /// The witness refused a checkpoint: it had seen one that this one does not go on from.
        WitnessRefused = "witness_refused",
        /// An entry says that it was made after it was cosigned.
        FromTheFuture = "from_the_future",
        // Entries and streams.
        /// A leaf is not an entry in canonical form.
        NotAnEntry = "not_an_entry",
        /// An entry is not the next of its stream: one before it is missing, doubled or moved.
        OutOfPlace = "out_of_place",
        /// An entry does not name the hash of the one before it.
        Unlinked = "unlinked",
        /// An entry is older than the one before it in its stream.
        Backwards = "backwards",
        /// An event lacks what it has to say.
        MalformedEvent = "malformed_event",
        /// An event can't follow those before it.
        ImpossibleEvent = "impossible_event",
        /// A text beside an entry is not the one whose hash the entry holds.
        WordsDiffer = "words_differ",
        /// A day's summary names an entry as a stream's last that the log does not hold there.
        SummaryDiffers = "summary_differs",
        // What was decided.
        /// A request's digest is not that of what it says.
        DigestDiffers = "digest_differs",
        /// The digest of narrower terms is not that of what they say.
        TermsDigestDiffers = "terms_digest_differs",
        /// Terms that an approver narrowed go beyond those before them.
        TermsWidened = "terms_widened",
        /// An event says one person, and was caused by another, or by none.
        ForgedCause = "forged_cause",
        /// A requester countersigned, or narrowed, their own request.
        SelfApproval = "self_approval",
        /// A person countersigned the same terms twice.
        DoubledApproval = "doubled_approval",
        /// A countersignature is for another digest than that of the terms as they were.
        ApprovalOfSomethingElse = "approval_of_something_else",
        /// A countersignature came after the request had lapsed.
        LateApproval = "late_approval",
        /// Fewer distinct persons countersigned than the request's quorum takes.
        TooFewApprovals = "too_few_approvals",
        /// Those named as approvers are not those who countersigned.
        ApproversDiffer = "approvers_differ",
        /// Policy is said to have approved alone, and names no rule.
        ApprovedByNobody = "approved_by_nobody",
        /// Access was made longer after its approval than approvals hold.
        StaleApproval = "stale_approval",
        /// The window is not as long as countersigned, or does not begin when it was stored.
        WindowDiffers = "window_differs",
        /// Access was made after its window, or ended as expired before the window was over.
        OutsideWindow = "outside_window",
        /// Credentials were asked for outside the window.
        CredentialsOutsideWindow = "credentials_outside_window",
        /// Credentials were handed out that nobody had asked for before.
        CredentialsWithoutIntent = "credentials_without_intent",
        /// Credentials are said to hold beyond the window.
        CredentialsOutliveWindow = "credentials_outlive_window",
        /// Somebody else than the requester asked for credentials.
        CredentialsOfAnother = "credentials_of_another",
        /// Credentials were asked for without the second factor that the request demands.
        SecondFactorMissing = "second_factor_missing",
        /// Credentials were handed out for a grant whose requester uses a role of their own identity.
        CredentialsOfRole = "credentials_of_role",
        /// One access key is in the record twice.
        KeyIssuedTwice = "key_issued_twice",
        /// The end says another reason than its beginning, or one that nothing before it bears out.
        EndReasonDiffers = "end_reason_differs",
        /// An end is recorded before the deny was in place for as long as it has to be.
        EndedTooEarly = "ended_too_early",
        /// A deny was taken out before it may be.
        DenyRemovedEarly = "deny_removed_early",
        /// A person who was barred asked, countersigned or was countersigned for, or fetched credentials.
        BarredPersonActed = "barred_person_acted",
        /// Something was ended by a panic or an offboarding that is not in the record.
        StoppedWithoutOrder = "stopped_without_order",
        /// A sweep is finished, and a request of its scope was not ended by then.
        SweepLeftAccess = "sweep_left_access",
        /// Who proposed a panic confirmed it as well, or it was confirmed too late.
        BadConfirmation = "bad_confirmation",
        // Beside the log.
        /// The table holds other bytes for an entry than the log.
        TableEdited = "table_edited",
        /// The table lacks an entry that the log holds.
        TableMissing = "table_missing",
        /// The table holds an entry that the log should have by now, and has not.
        NotLogged = "not_logged",
        /// A state in the table is older than its stream: the table, or the state, was set back.
        StateBehind = "state_behind",
        /// A state in the table names another last entry than its stream has.
        StateElsewhere = "state_elsewhere",
        /// A stream has no state in the table.
        StateMissing = "state_missing",
        /// CloudTrail's digest does not hold: signature, chain, or a file that it lists.
        TrailBroken = "trail_broken",
        /// A call bears the id of a grant that is not in the record.
        CallOfUnknownGrant = "call_of_unknown_grant",
        /// A call under a grant's id worked outside its window.
        CallOutsideWindow = "call_outside_window",
        /// A call under a grant's id worked though it had been denied before.
        CallAfterEnd = "call_after_end",
        /// A call under a grant's id was made with a key that the record did not hand out.
        KeyNotIssued = "key_not_issued",
        /// Two records of one call say different things.
        CallForged = "call_forged",
    }
    Doubtful {
        /// The folder's own keys are not those that are pinned.
        KeysDiffer = "keys_differ",
        /// A line of keys can't be read.
        KeyUnreadable = "key_unreadable",
        /// No witness vouches for the newest entries, though one is pinned, and had the time.
        NotCosigned = "not_cosigned",
        /// Entries were cosigned later than they have to be.
        LoggedLate = "logged_late",
        /// The witness could not judge a checkpoint: it did not know the log, or could not read what it was given.
        WitnessCouldNotJudge = "witness_could_not_judge",
        /// For longer than its heartbeat takes the log says nothing.
        Silence = "silence",
        /// A day has no summary.
        SummaryMissing = "summary_missing",
        /// The log itself found a defect in what it was to take in.
        DefectRecorded = "defect_recorded",
        /// A stream is of no kind that this program knows: what is in it was not judged.
        UnknownStream = "unknown_stream",
        /// An event is of no kind that this program knows: it was not judged.
        UnknownEvent = "unknown_event",
        /// A request waits for longer than it can.
        OpenPastItsTime = "open_past_its_time",
        /// A grant's end is not recorded long after its window.
        AccessPastItsWindow = "access_past_its_window",
        /// An end was recorded, and long after it nothing says that IAM bears it out.
        EndUnverified = "end_unverified",
        /// A state in the table names an entry that the copy of its stream does not hold.
        StateAhead = "state_ahead",
        /// A file of the table's copy can't be read.
        TableUnreadable = "table_unreadable",
        /// CloudTrail's digests can't be checked: a signature or a public key is not in the folder.
        TrailUnsigned = "trail_unsigned",
        /// CloudTrail's digests leave a time out.
        TrailGap = "trail_gap",
        /// A file of CloudTrail can't be read.
        TrailUnreadable = "trail_unreadable",
        /// No digest lists a file of CloudTrail.
        TrailUnlisted = "trail_unlisted",
        /// A call under a grant's id worked within 60 s after its window.
        CallAtTheEdge = "call_at_the_edge",
        /// Credentials are in the record, and in no record of CloudTrail, though it covers their time.
        IssuedKeyUnseen = "issued_key_unseen",
    }
    Note {
        /// No keys were pinned: the log was held against keys that came with it.
        KeysNotPinned = "keys_not_pinned",
        /// There is no witness: nobody but the log vouches for order and time.
        NoWitness = "no_witness",
        /// Nothing was anchored, or the anchors are not in the folder.
        NoAnchors = "no_anchors",
        /// The witness had seen another checkpoint than it was told, and was asked again.
        WitnessAskedAgain = "witness_asked_again",
        /// The log's key was changed.
        KeyChanged = "key_changed",
        /// A tile, bundle or narrower copy of one lies in the folder that the checkpoint does not cover.
        BeyondCheckpoint = "beyond_checkpoint",
        /// The table holds an entry that is too new to be in the log.
        NotYetLogged = "not_yet_logged",
        /// Credentials were asked for before a grant's end began and came after it: they were never handed out.
        CredentialsTooLate = "credentials_too_late",
        /// A call under a grant's id outside its window was refused.
        CallRefused = "call_refused",
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_code_is_another_and_is_described() {
        let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        let page = include_str!("../../../docs/record.md");
        for code in Code::ALL {
            let line = page.lines().find(|line| line.starts_with(&format!("| `{code}` |")));
            let line = line.unwrap_or_else(|| panic!("docs/record.md does not tell of {code}"));
            assert!(line.contains(&format!("| {} |", code.severity().as_str())), "{line}");
            assert!(line.contains(code.meaning().trim()), "{line}");
        }
    }
}
