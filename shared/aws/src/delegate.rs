//! Hands port traits on to the fields of a function's own struct of ports.

#[doc(hidden)]
pub mod types {
    pub use model::digest::Digest;
    pub use model::documents::Probe;
    pub use model::limits::Held;
    pub use model::names::{AccountId, EntitlementName, IdempotencyKey, PersonId, PrincipalArn, RequestId, SweepId};
    pub use model::policy::Policy;
    pub use model::request::Request;
    pub use model::stream::{Place, Stream, SystemStream};
    pub use model::system::Code;
    pub use model::time::Time;
    pub use model::words::Salt;
    pub use record::chain::Head;
    pub use std::collections::{BTreeMap, BTreeSet};
    pub use std::sync::Arc;
    pub use trail::shrink::Use;
    pub use workflow::ports;
    pub use workflow::ports::{
        AccountCommit, ActivityCommit, Anchor, Artifact, Bar, Batch, CheckpointFound, Claim, Commit, CommitError,
        Credentials, DigestRead, Fault, FileRead, Habits, Listing, LogHead, Logged, LookupBy, Note, ObjectFacts,
        Outbox, Page, Parts, PolicyFound, PolicySpec, PublicKey, Put, RoleFound, RoleSpec, Sent, Stored, StoredAccount,
        StoredActivity, StoredEntry, StoredSweep, StoredSystem, SweepCommit, SystemCommit, TargetFound, Verdict,
    };
}

/// Implements port traits for a struct by handing them on to its fields:
/// `delegate! { Ports { table: LoadRequest, CommitRequest; clock: Clock; } }`.
#[macro_export]
macro_rules! delegate {
    (@ $ports:ident $field:ident EraseWords) => {
        $crate::delegate! { @@ $ports $field EraseWords [erase_words(place: &Place) -> Result<(), Fault>] }
    };
    (@ $ports:ident $field:ident Clock) => {
        impl $crate::delegate::types::ports::Clock for $ports {
            fn now(&self) -> $crate::delegate::types::Time {
                $crate::delegate::types::ports::Clock::now(&self.$field)
            }
            async fn pause(&self, milliseconds: u64) {
                $crate::delegate::types::ports::Clock::pause(&self.$field, milliseconds).await
            }
        }
    };
    (@ $ports:ident $field:ident Identifiers) => {
        impl $crate::delegate::types::ports::Identifiers for $ports {
            fn request_id(&self) -> $crate::delegate::types::RequestId {
                $crate::delegate::types::ports::Identifiers::request_id(&self.$field)
            }
            fn sweep_id(&self) -> $crate::delegate::types::SweepId {
                $crate::delegate::types::ports::Identifiers::sweep_id(&self.$field)
            }
            fn salt(&self) -> $crate::delegate::types::Salt {
                $crate::delegate::types::ports::Identifiers::salt(&self.$field)
            }
        }
    };
    (@ $ports:ident $field:ident LoadRequest) => {
        $crate::delegate! { @@ $ports $field LoadRequest [load(id: &RequestId) -> Result<Option<Stored>, Fault>] }
    };
    (@ $ports:ident $field:ident LoadRequests) => {
        $crate::delegate! { @@ $ports $field LoadRequests [load_many(ids: &[RequestId]) -> Result<Vec<Stored>, Fault>] }
    };
    (@ $ports:ident $field:ident CommitRequest) => {
        $crate::delegate! { @@ $ports $field CommitRequest [commit(commit: Commit) -> Result<(), CommitError>] }
    };
    (@ $ports:ident $field:ident Submissions) => {
        $crate::delegate! { @@ $ports $field Submissions [
            submission(key: &str) -> Result<Option<Vec<u8>>, Fault>,
            remembered() -> Result<Option<CheckpointFound>, Fault>,
            remember(note: &str, instead_of: Option<&str>) -> Result<bool, Fault>,
            answer(key: &str, bytes: &[u8]) -> Result<Put, Fault>
        ] }
    };
    (@ $ports:ident $field:ident LoadEntries) => {
        $crate::delegate! { @@ $ports $field LoadEntries [
            entries(id: &RequestId, after: u64, limit: u32) -> Result<Vec<StoredEntry>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident ListRequests) => {
        $crate::delegate! { @@ $ports $field ListRequests [
            list(listing: &Listing, cursor: Option<&str>, limit: u32) -> Result<Page<RequestId>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident FindDue) => {
        $crate::delegate! { @@ $ports $field FindDue [due(before: Time, limit: u32) -> Result<Vec<RequestId>, Fault>] }
    };
    (@ $ports:ident $field:ident FindByKey) => {
        $crate::delegate! { @@ $ports $field FindByKey [
            request_for_key(person: &PersonId, key: &IdempotencyKey) -> Result<Option<(RequestId, Digest)>, Fault>,
            slots(person: &PersonId) -> Result<Vec<Held>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident LoadSweep) => {
        $crate::delegate! { @@ $ports $field LoadSweep [
            load_sweep(id: &SweepId) -> Result<Option<StoredSweep>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident CommitSweep) => {
        $crate::delegate! { @@ $ports $field CommitSweep [
            commit_sweep(commit: SweepCommit) -> Result<(), CommitError>
        ] }
    };
    (@ $ports:ident $field:ident LoadSweepEntries) => {
        $crate::delegate! { @@ $ports $field LoadSweepEntries [
            sweep_entries(id: &SweepId, after: u64, limit: u32) -> Result<Vec<StoredEntry>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident FindChanged) => {
        $crate::delegate! { @@ $ports $field FindChanged [changed(since: Time, limit: u32) -> Result<Vec<Stream>, Fault>] }
    };
    (@ $ports:ident $field:ident FindSweeps) => {
        $crate::delegate! { @@ $ports $field FindSweeps [running_sweeps(limit: u32) -> Result<Vec<SweepId>, Fault>] }
    };
    (@ $ports:ident $field:ident Observation) => {
        impl $crate::delegate::types::ports::Observation for $ports {
            fn observe_seconds(&self) -> u64 {
                $crate::delegate::types::ports::Observation::observe_seconds(&self.$field)
            }
        }
    };
    (@ $ports:ident $field:ident LoadAccount) => {
        $crate::delegate! { @@ $ports $field LoadAccount [
            load_account(id: &AccountId) -> Result<Option<StoredAccount>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident CommitAccount) => {
        $crate::delegate! { @@ $ports $field CommitAccount [
            commit_account(commit: AccountCommit) -> Result<(), CommitError>
        ] }
    };
    (@ $ports:ident $field:ident ReadFunction) => {
        $crate::delegate! { @@ $ports $field ReadFunction [function_code(name: &str) -> Result<Option<Code>, Fault>] }
    };
    (@ $ports:ident $field:ident FindUnlogged) => {
        $crate::delegate! { @@ $ports $field FindUnlogged [
            unlogged(limit: u32) -> Result<Vec<Stream>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident ReadOutbox) => {
        $crate::delegate! { @@ $ports $field ReadOutbox [
            logged_up_to(streams: &[Stream]) -> Result<Vec<Option<Head>>, Fault>,
            outbox(stream: &Stream, logged: Head, limit: u32) -> Result<Outbox, Fault>
        ] }
    };
    (@ $ports:ident $field:ident ReadStreams) => {
        $crate::delegate! { @@ $ports $field ReadStreams [
            entries_at(places: &[Place]) -> Result<Vec<Option<Vec<u8>>>, Fault>,
            stream_end(stream: &Stream) -> Result<Option<(Head, Time)>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident ReadLog) => {
        $crate::delegate! { @@ $ports $field ReadLog [
            log_head() -> Result<Option<LogHead>, Fault>,
            batch(first: u64) -> Result<Option<Batch>, Fault>,
            anchor() -> Result<Option<Anchor>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident MoveLog) => {
        $crate::delegate! { @@ $ports $field MoveLog [
            stage(batch: &Batch) -> Result<bool, Fault>,
            move_head(next: &LogHead, batch: &Batch, before: Option<&str>) -> Result<(), CommitError>,
            applied(head: &LogHead) -> Result<bool, Fault>
        ] }
    };
    (@ $ports:ident $field:ident MarkLogged) => {
        $crate::delegate! { @@ $ports $field MarkLogged [
            mark_logged(logged: &[Logged], at: Time) -> Result<(), Fault>,
            pass_over(place: &Place) -> Result<(), Fault>
        ] }
    };
    (@ $ports:ident $field:ident KeepAnchor) => {
        $crate::delegate! { @@ $ports $field KeepAnchor [
            keep_anchor(anchor: &Anchor, before: Option<&Anchor>) -> Result<bool, Fault>
        ] }
    };
    (@ $ports:ident $field:ident LoadSystem) => {
        $crate::delegate! { @@ $ports $field LoadSystem [
            load_system(stream: SystemStream) -> Result<Option<StoredSystem>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident CommitSystem) => {
        $crate::delegate! { @@ $ports $field CommitSystem [
            commit_system(commit: SystemCommit) -> Result<(), CommitError>
        ] }
    };
    (@ $ports:ident $field:ident Sign) => {
        $crate::delegate! { @@ $ports $field Sign [
            sign(message: &[u8]) -> Result<[u8; 64], Fault>
        ] }
    };
    (@ $ports:ident $field:ident SignAsFormer) => {
        $crate::delegate! { @@ $ports $field SignAsFormer [
            sign_as_former(message: &[u8]) -> Result<[u8; 64], Fault>
        ] }
    };
    (@ $ports:ident $field:ident LogObjects) => {
        $crate::delegate! { @@ $ports $field LogObjects [
            tile(path: &str) -> Result<Option<Vec<u8>>, Fault>,
            put_tile(path: &str, bytes: &[u8]) -> Result<Put, Fault>,
            checkpoint() -> Result<Option<CheckpointFound>, Fault>,
            put_checkpoint(note: &str, instead_of: Option<&str>) -> Result<bool, Fault>
        ] }
    };
    (@ $ports:ident $field:ident Anchors) => {
        $crate::delegate! { @@ $ports $field Anchors [
            put_anchor(key: &str, bytes: &[u8]) -> Result<Put, Fault>,
            anchored(key: &str) -> Result<Option<Vec<u8>>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident ReadBar) => {
        $crate::delegate! { @@ $ports $field ReadBar [bar(person: &PersonId) -> Result<Option<Bar>, Fault>] }
    };
    (@ $ports:ident $field:ident Policies) => {
        $crate::delegate! { @@ $ports $field Policies [policy() -> Result<Arc<Policy>, Fault>] }
    };
    (@ $ports:ident $field:ident ArmRevocation) => {
        $crate::delegate! { @@ $ports $field ArmRevocation [arm(id: &RequestId, at: Time) -> Result<(), Fault>] }
    };
    (@ $ports:ident $field:ident DisarmRevocation) => {
        $crate::delegate! { @@ $ports $field DisarmRevocation [disarm(id: &RequestId) -> Result<(), Fault>] }
    };
    (@ $ports:ident $field:ident MakeRole) => {
        $crate::delegate! { @@ $ports $field MakeRole [
            create_role(spec: &RoleSpec) -> Result<bool, Fault>,
            put_role_policy(of: Artifact<'_>, name: &'static str, document: &str) -> Result<(), Fault>
        ] }
    };
    (@ $ports:ident $field:ident ReadRole) => {
        $crate::delegate! { @@ $ports $field ReadRole [
            role(of: Artifact<'_>) -> Result<Option<RoleFound>, Fault>,
            role_policy(of: Artifact<'_>, name: &'static str) -> Result<Option<String>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident RemoveRole) => {
        $crate::delegate! { @@ $ports $field RemoveRole [remove_role(of: Artifact<'_>) -> Result<(), Fault>] }
    };
    (@ $ports:ident $field:ident ListRoles) => {
        $crate::delegate! { @@ $ports $field ListRoles [role_names(account: &AccountId) -> Result<Vec<String>, Fault>] }
    };
    (@ $ports:ident $field:ident ListOnRole) => {
        $crate::delegate! { @@ $ports $field ListOnRole [on_role(of: Artifact<'_>) -> Result<Vec<String>, Fault>] }
    };
    (@ $ports:ident $field:ident ReadBoundary) => {
        $crate::delegate! { @@ $ports $field ReadBoundary [
            bounded(role: &PrincipalArn) -> Result<Option<bool>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident KillSessions) => {
        $crate::delegate! { @@ $ports $field KillSessions [
            put_kill(role: &PrincipalArn, name: &str, document: &str) -> Result<(), Fault>,
            kill(role: &PrincipalArn, name: &str) -> Result<Option<String>, Fault>,
            remove_kill(role: &PrincipalArn, name: &str) -> Result<(), Fault>
        ] }
    };
    (@ $ports:ident $field:ident MakePolicy) => {
        $crate::delegate! { @@ $ports $field MakePolicy [
            create_policy(spec: &PolicySpec) -> Result<bool, Fault>,
            attach_policy(of: Artifact<'_>, role: &PrincipalArn) -> Result<(), Fault>
        ] }
    };
    (@ $ports:ident $field:ident ReplacePolicy) => {
        $crate::delegate! { @@ $ports $field ReplacePolicy [
            replace_policy(of: Artifact<'_>, document: &str) -> Result<(), Fault>
        ] }
    };
    (@ $ports:ident $field:ident ReadPolicy) => {
        $crate::delegate! { @@ $ports $field ReadPolicy [
            policy(of: Artifact<'_>) -> Result<Option<PolicyFound>, Fault>,
            attached(of: Artifact<'_>, role: &PrincipalArn) -> Result<bool, Fault>
        ] }
    };
    (@ $ports:ident $field:ident ReadTarget) => {
        $crate::delegate! { @@ $ports $field ReadTarget [
            target(role: &PrincipalArn) -> Result<Option<TargetFound>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident RemovePolicy) => {
        $crate::delegate! { @@ $ports $field RemovePolicy [remove_policy(of: Artifact<'_>) -> Result<(), Fault>] }
    };
    (@ $ports:ident $field:ident ListPolicies) => {
        $crate::delegate! { @@ $ports $field ListPolicies [policy_names(account: &AccountId) -> Result<Vec<String>, Fault>] }
    };
    (@ $ports:ident $field:ident ProbeDecision) => {
        $crate::delegate! { @@ $ports $field ProbeDecision [
            probe_role(role: &PrincipalArn, probe: &Probe) -> Result<Verdict, Fault>,
            probe_document(document: &str, probe: &Probe) -> Result<Verdict, Fault>
        ] }
    };
    (@ $ports:ident $field:ident AssumeBaseRole) => {
        $crate::delegate! { @@ $ports $field AssumeBaseRole [
            assume(request: &Request, role: &PrincipalArn, session_policy: &str, seconds: i32) -> Result<Credentials, Fault>
        ] }
    };
    (@ $ports:ident $field:ident RememberNotes) => {
        $crate::delegate! { @@ $ports $field RememberNotes [
            claim(id: &RequestId, seq: u64, target: &str, now: Time) -> Result<Claim, Fault>,
            release(id: &RequestId, seq: u64, target: &str, claimed_at: Time) -> Result<(), Fault>,
            note(id: &RequestId, seq: u64, target: &str, sent: &Sent) -> Result<(), Fault>,
            notes(id: &RequestId) -> Result<Vec<Note>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident LoadActivity) => {
        $crate::delegate! { @@ $ports $field LoadActivity [
            activity(id: &RequestId) -> Result<Option<StoredActivity>, Fault>,
            parts(id: &RequestId, slots: &BTreeSet<String>) -> Result<Parts, Fault>,
            parts_from(id: &RequestId, from: Option<&str>, limit: u32) -> Result<Parts, Fault>
        ] }
    };
    (@ $ports:ident $field:ident CommitActivity) => {
        $crate::delegate! { @@ $ports $field CommitActivity [
            commit_activity(commit: ActivityCommit) -> Result<(), CommitError>
        ] }
    };
    (@ $ports:ident $field:ident FindDueActivity) => {
        $crate::delegate! { @@ $ports $field FindDueActivity [
            due_activity(before: Time, limit: u32) -> Result<Vec<RequestId>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident LiveKeys) => {
        $crate::delegate! { @@ $ports $field LiveKeys [
            live_keys() -> Result<BTreeMap<String, RequestId>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident KnowHabits) => {
        $crate::delegate! { @@ $ports $field KnowHabits [
            habits(person: &PersonId) -> Result<Option<Habits>, Fault>,
            keep_habits(person: &PersonId, habits: &Habits) -> Result<(), Fault>
        ] }
    };
    (@ $ports:ident $field:ident KeepUses) => {
        $crate::delegate! { @@ $ports $field KeepUses [
            keep_use(entitlement: &EntitlementName, id: &RequestId, ended_at: Time, used: &Use) -> Result<(), Fault>
        ] }
    };
    (@ $ports:ident $field:ident LoadUses) => {
        $crate::delegate! { @@ $ports $field LoadUses [
            uses(entitlement: &EntitlementName, limit: u32) -> Result<Vec<Use>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident KnowFiles) => {
        $crate::delegate! { @@ $ports $field KnowFiles [
            note_file(file: &FileRead) -> Result<(), Fault>,
            files(account: &str, region: &str, hour: Time) -> Result<Vec<FileRead>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident KnowDigests) => {
        $crate::delegate! { @@ $ports $field KnowDigests [
            note_digest(digest: &DigestRead) -> Result<(), Fault>,
            digests(account: &str, from: Time, until: Time) -> Result<Vec<DigestRead>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident ReadObject) => {
        const _: () = {
            use $crate::delegate::types::*;
            impl ports::ReadObject for $ports {
                async fn read_object<T: ports::TakeBytes>(
                    &self,
                    bucket: &str,
                    key: &str,
                    take: &mut T,
                ) -> Result<Option<ObjectFacts>, Fault> {
                    ports::ReadObject::read_object(&self.$field, bucket, key, take).await
                }
            }
        };
    };
    (@ $ports:ident $field:ident KeepCopies) => {
        $crate::delegate! { @@ $ports $field KeepCopies [keep_copy(name: &str, text: &[u8]) -> Result<(), Fault>] }
    };
    (@ $ports:ident $field:ident LookUp) => {
        $crate::delegate! { @@ $ports $field LookUp [
            look_up(region: &str, by: &LookupBy, from: Time, to: Time, cursor: Option<&str>) -> Result<Page<String>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident DigestKeys) => {
        $crate::delegate! { @@ $ports $field DigestKeys [
            digest_keys(region: &str, from: Time, to: Time) -> Result<Vec<PublicKey>, Fault>
        ] }
    };
    (@ $ports:ident $field:ident VerifyDigest) => {
        impl $crate::delegate::types::ports::VerifyDigest for $ports {
            fn verifies(&self, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
                $crate::delegate::types::ports::VerifyDigest::verifies(&self.$field, key, message, signature)
            }
        }
    };
    (@ $ports:ident $field:ident TrailSettings) => {
        impl $crate::delegate::types::ports::TrailSettings for $ports {
            fn bucket(&self) -> Option<&str> {
                $crate::delegate::types::ports::TrailSettings::bucket(&self.$field)
            }
            fn region(&self) -> &str {
                $crate::delegate::types::ports::TrailSettings::region(&self.$field)
            }
            fn regions(&self) -> &[String] {
                $crate::delegate::types::ports::TrailSettings::regions(&self.$field)
            }
            fn data_events(&self) -> &[String] {
                $crate::delegate::types::ports::TrailSettings::data_events(&self.$field)
            }
            fn copies(&self) -> bool {
                $crate::delegate::types::ports::TrailSettings::copies(&self.$field)
            }
            fn own_roles(&self) -> &[String] {
                $crate::delegate::types::ports::TrailSettings::own_roles(&self.$field)
            }
            fn home(&self) -> &$crate::delegate::types::AccountId {
                $crate::delegate::types::ports::TrailSettings::home(&self.$field)
            }
            fn delay_seconds(&self) -> u64 {
                $crate::delegate::types::ports::TrailSettings::delay_seconds(&self.$field)
            }
        }
    };
    (@@ $ports:ident $field:ident $port:ident [$($method:ident($($arg:ident: $type:ty),*) -> $out:ty),+]) => {
        const _: () = {
            // In a block of their own, so that the caller's own names do not matter.
            use $crate::delegate::types::*;
            impl ports::$port for $ports {
                $(async fn $method(&self, $($arg: $type),*) -> $out {
                    ports::$port::$method(&self.$field, $($arg),*).await
                })+
            }
        };
    };
    ($ports:ident { $($field:ident: $($port:ident),+;)+ }) => {
        $($($crate::delegate! { @ $ports $field $port })+)+
    };
}

#[cfg(test)]
mod tests {
    use crate::managed::{ManagedPolicies, TargetRoles};
    use crate::policy::PolicyStore;
    use crate::probes::Probes;
    use crate::roles::Roles;
    use crate::schedules::ArmingSchedules;
    use crate::sessions::Sessions;
    use crate::table::Table;
    use crate::time::{SystemClock, UuidIds};
    use workflow::ports::{
        ArmRevocation, AssumeBaseRole, Clock, CommitRequest, CommitSystem, DisarmRevocation, FindByKey, FindDue,
        FindUnlogged, Identifiers, KeepAnchor, KillSessions, ListOnRole, ListPolicies, ListRequests, ListRoles,
        LoadEntries, LoadRequest, LoadRequests, LoadSystem, MakePolicy, MakeRole, MarkLogged, MoveLog, Policies,
        ProbeDecision, ReadBoundary, ReadLog, ReadOutbox, ReadPolicy, ReadRole, ReadStreams, ReadTarget, RememberNotes,
        RemovePolicy, RemoveRole, ReplacePolicy,
    };

    struct Ports {
        table: Table,
        policies: PolicyStore,
        schedules: ArmingSchedules,
        roles: Roles,
        managed: ManagedPolicies,
        targets: TargetRoles,
        probes: Probes,
        sessions: Sessions,
        clock: SystemClock,
        ids: UuidIds,
    }

    crate::delegate! {
        Ports {
            table: LoadRequest, LoadRequests, CommitRequest, LoadEntries, ListRequests, FindDue, FindByKey, RememberNotes,
                FindUnlogged, ReadOutbox, ReadStreams, ReadLog, MoveLog, MarkLogged, KeepAnchor, LoadSystem,
                CommitSystem;
            policies: Policies;
            schedules: ArmRevocation, DisarmRevocation;
            roles: MakeRole, ReadRole, RemoveRole, ListRoles, ListOnRole, ReadBoundary, KillSessions;
            managed: MakePolicy, ReplacePolicy, ReadPolicy, RemovePolicy, ListPolicies;
            targets: ReadTarget;
            probes: ProbeDecision;
            sessions: AssumeBaseRole;
            clock: Clock;
            ids: Identifiers;
        }
    }

    fn is_every_port<P>(_: &P)
    where
        P: LoadRequest
            + LoadRequests
            + CommitRequest
            + LoadEntries
            + ListRequests
            + FindDue
            + FindByKey
            + RememberNotes
            + Policies,
        P: ArmRevocation + DisarmRevocation + MakeRole + ReadRole + RemoveRole + ListRoles + KillSessions,
        P: MakePolicy + ReplacePolicy + ReadPolicy + ReadTarget + RemovePolicy + ListPolicies,
        P: FindUnlogged + ReadOutbox + ReadStreams + ReadLog + MoveLog + MarkLogged + KeepAnchor,
        P: LoadSystem + CommitSystem,
        P: ListOnRole + ReadBoundary + ProbeDecision + AssumeBaseRole + Clock + Identifiers,
    {
    }

    #[tokio::test]
    async fn a_call_reaches_the_field_it_is_handed_to() {
        let world = crate::double::World::answering(vec![(200, "{}")]);
        let clients = world.clients();
        let target = crate::schedules::ScheduleTarget {
            function_arn: String::new(),
            role_arn: String::new(),
            dead_letters_arn: String::new(),
        };
        let boundary = "arn:aws:iam::111111111111:policy/countersign-boundary/countersign-boundary".parse().unwrap();
        let accounts = clients.accounts(boundary, None);
        let ports = Ports {
            table: clients.table("countersign"),
            policies: clients.policies("countersign"),
            schedules: clients.arming_schedules("countersign-expiry", target),
            roles: clients.roles(&accounts),
            managed: clients.managed_policies(&accounts),
            targets: clients.target_roles(&accounts, "arn:aws:iam::111111111111:role/credentials".parse().unwrap()),
            probes: clients.probes(&accounts),
            sessions: clients.sessions(),
            clock: SystemClock,
            ids: UuidIds,
        };
        is_every_port(&ports);
        assert_eq!(ports.load(&ports.request_id()).await, Ok(None));
        assert_eq!(world.operations(), ["GetItem"]);
        assert!(ports.now() > "2025-01-01T00:00:00Z".parse().unwrap());
    }
}
