//! What every port can be asked to do.

/// A port's verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the port's method of the same name")]
pub enum Verb {
    Load,
    LoadMany,
    Commit,
    Entries,
    EraseWords,
    List,
    Due,
    RequestForKey,
    Slots,
    Arm,
    Disarm,
    CreateRole,
    PutRolePolicy,
    Role,
    RolePolicy,
    RemoveRole,
    RoleNames,
    PutKill,
    Kill,
    RemoveKill,
    CreatePolicy,
    AttachPolicy,
    ReplacePolicy,
    Policy,
    Attached,
    Target,
    RemovePolicy,
    PolicyNames,
    ProbeRole,
    ProbeDocument,
    OnRole,
    Bounded,
    Assume,
    Claim,
    Release,
    Note,
    Notes,
    LoadSweep,
    CommitSweep,
    RunningSweeps,
    SweepEntries,
    Changed,
    ReadBar,
    LoadAccount,
    CommitAccount,
    Activity,
    Parts,
    PartsFrom,
    CommitActivity,
    DueActivity,
    LiveKeys,
    Habits,
    KeepHabits,
    KeepUse,
    Uses,
    NoteFile,
    Files,
    NoteDigest,
    Digests,
    ReadObject,
    KeepCopy,
    LookUp,
    DigestKeys,
    Sign,
    SignAsFormer,
    Tile,
    PutTile,
    Checkpoint,
    PutCheckpoint,
    PutAnchor,
    Anchored,
    Unlogged,
    LoggedUpTo,
    Outbox,
    EntriesAt,
    StreamEnd,
    LogHead,
    Batch,
    Anchor,
    Stage,
    MoveHead,
    Applied,
    MarkLogged,
    PassOver,
    KeepAnchor,
    LoadSystem,
    CommitSystem,
    FunctionCode,
    Submission,
    Remembered,
    Remember,
    Answer,
}

impl Verb {
    /// Whether it changes something outside.
    pub fn writes(self) -> bool {
        match self {
            Self::Commit
            | Self::EraseWords
            | Self::Arm
            | Self::Disarm
            | Self::CreateRole
            | Self::PutRolePolicy
            | Self::RemoveRole
            | Self::PutKill
            | Self::RemoveKill
            | Self::CreatePolicy
            | Self::AttachPolicy
            | Self::ReplacePolicy
            | Self::RemovePolicy
            | Self::Assume
            | Self::CommitSweep
            | Self::CommitAccount
            | Self::Claim
            | Self::Release
            | Self::Note
            | Self::CommitActivity
            | Self::KeepHabits
            | Self::KeepUse
            | Self::NoteFile
            | Self::NoteDigest
            | Self::Sign
            | Self::SignAsFormer
            | Self::PutTile
            | Self::PutCheckpoint
            | Self::PutAnchor
            | Self::Stage
            | Self::MoveHead
            | Self::Applied
            | Self::MarkLogged
            | Self::PassOver
            | Self::KeepAnchor
            | Self::CommitSystem
            | Self::Remember
            | Self::Answer => true,
            Self::Load
            | Self::LoadMany
            | Self::Entries
            | Self::List
            | Self::Due
            | Self::RequestForKey
            | Self::Slots
            | Self::Role
            | Self::RolePolicy
            | Self::RoleNames
            | Self::Kill
            | Self::Policy
            | Self::Attached
            | Self::Target
            | Self::PolicyNames
            | Self::ProbeRole
            | Self::ProbeDocument
            | Self::OnRole
            | Self::Bounded
            | Self::LoadSweep
            | Self::LoadAccount
            | Self::RunningSweeps
            | Self::SweepEntries
            | Self::Changed
            | Self::ReadBar
            | Self::Notes
            | Self::Activity
            | Self::Parts
            | Self::PartsFrom
            | Self::DueActivity
            | Self::LiveKeys
            | Self::Habits
            | Self::Uses
            | Self::Files
            | Self::Digests
            | Self::ReadObject
            | Self::KeepCopy
            | Self::LookUp
            | Self::DigestKeys
            | Self::Tile
            | Self::Checkpoint
            | Self::Anchored
            | Self::Unlogged
            | Self::LoggedUpTo
            | Self::Outbox
            | Self::EntriesAt
            | Self::StreamEnd
            | Self::LogHead
            | Self::Batch
            | Self::Anchor
            | Self::LoadSystem
            | Self::FunctionCode
            | Self::Submission
            | Self::Remembered => false,
        }
    }

    /// Whether its answer tells AWS's time to a worker that holds its own clock against it: one of DynamoDB, or of the
    /// log's buckets.
    pub fn tells_time(self) -> bool {
        let elsewhere = matches!(
            self,
            Self::Arm
                | Self::Disarm
                | Self::ReadObject
                | Self::KeepCopy
                | Self::LookUp
                | Self::DigestKeys
                | Self::Sign
                | Self::SignAsFormer
                | Self::FunctionCode
        );
        !elsewhere && !self.asks_iam()
    }

    /// Whether it is put to IAM or STS.
    fn asks_iam(self) -> bool {
        matches!(
            self,
            Self::CreateRole
                | Self::PutRolePolicy
                | Self::Role
                | Self::RolePolicy
                | Self::RemoveRole
                | Self::RoleNames
                | Self::PutKill
                | Self::Kill
                | Self::RemoveKill
                | Self::CreatePolicy
                | Self::AttachPolicy
                | Self::ReplacePolicy
                | Self::Policy
                | Self::Attached
                | Self::Target
                | Self::RemovePolicy
                | Self::PolicyNames
                | Self::ProbeRole
                | Self::ProbeDocument
                | Self::OnRole
                | Self::Bounded
                | Self::Assume
        )
    }

    /// Whether it changes something in IAM, STS or the scheduler.
    pub(super) fn writes_cloud(self) -> bool {
        matches!(
            self,
            Self::Arm
                | Self::Disarm
                | Self::CreateRole
                | Self::PutRolePolicy
                | Self::RemoveRole
                | Self::PutKill
                | Self::RemoveKill
                | Self::CreatePolicy
                | Self::AttachPolicy
                | Self::ReplacePolicy
                | Self::RemovePolicy
                | Self::Assume
        )
    }

    /// As a verb phrase, for a fault.
    pub(super) fn doing(self) -> &'static str {
        match self {
            Self::Load => "read the request",
            Self::LoadMany => "read requests",
            Self::Commit => "store the change",
            Self::Entries | Self::SweepEntries => "read the record",
            Self::EraseWords => "erase words",
            Self::List => "list requests",
            Self::Due => "find what is due",
            Self::Slots => "look up a person's slots",
            Self::RequestForKey => "find the request of an idempotency key",
            Self::Arm => "make the schedule",
            Self::Disarm => "delete the schedule",
            Self::CreateRole => "make the role",
            Self::PutRolePolicy => "write the role's policy",
            Self::Role => "read the role",
            Self::RolePolicy => "read the role's policy",
            Self::RemoveRole => "take the role out",
            Self::RoleNames => "list the roles",
            Self::PutKill => "write the deny",
            Self::Kill => "read the deny",
            Self::RemoveKill => "take the deny out",
            Self::CreatePolicy => "make the policy",
            Self::AttachPolicy => "attach the policy",
            Self::ReplacePolicy => "change the policy",
            Self::Policy => "read the policy",
            Self::Attached => "read where the policy is attached",
            Self::Target => "read the target role",
            Self::RemovePolicy => "take the policy out",
            Self::PolicyNames => "list the policies",
            Self::ProbeRole | Self::ProbeDocument => "ask IAM what it would decide",
            Self::OnRole => "list what is on the role",
            Self::Bounded => "read the base role",
            Self::Assume => "get credentials",
            Self::LoadSweep => "read the sweep",
            Self::CommitSweep => "store the sweep",
            Self::RunningSweeps => "list sweeps",
            Self::Changed => "list what changed",
            Self::LoadAccount => "read what is known of the account",
            Self::CommitAccount => "note what was found in an account",
            Self::ReadBar => "read whether somebody is barred",
            Self::Activity | Self::Parts | Self::PartsFrom => "read what is kept of activity",
            Self::CommitActivity => "keep activity",
            Self::DueActivity => "find activity that is due",
            Self::LiveKeys => "read the keys of grants",
            Self::Habits => "read what is usual",
            Self::KeepHabits => "keep what is usual",
            Self::KeepUse => "keep what a grant was used for",
            Self::Uses => "read what grants were used for",
            Self::NoteFile => "note a file",
            Self::Files => "read which files were read",
            Self::NoteDigest => "note a digest",
            Self::Digests => "read which digests were judged",
            Self::ReadObject => "read a file of the trail",
            Self::KeepCopy => "keep a copy of records",
            Self::LookUp => "look into the event history",
            Self::DigestKeys => "read the keys of digests",
            Self::Sign | Self::SignAsFormer => "sign the checkpoint",
            Self::Tile | Self::Checkpoint => "read the log's files",
            Self::PutTile | Self::PutCheckpoint => "write the log's files",
            Self::PutAnchor | Self::Anchored | Self::KeepAnchor => "anchor the log",
            Self::Unlogged | Self::LoggedUpTo | Self::Outbox | Self::MarkLogged | Self::PassOver => {
                "read or mark what is to be logged"
            }
            Self::EntriesAt | Self::StreamEnd => "read streams",
            Self::LogHead | Self::Batch | Self::Anchor => "read where the log is",
            Self::Stage | Self::MoveHead | Self::Applied => "move the log on",
            Self::FunctionCode => "read what code runs",
            Self::LoadSystem | Self::CommitSystem => "put on record what happened to the system",
            Self::Submission | Self::Remembered | Self::Remember | Self::Answer => "vouch for the log",
            Self::Claim | Self::Release | Self::Note | Self::Notes => "remember the message",
        }
    }
}
