//! Random histories: several persons at both doors, votes that don't count, every step of the
//! system at any time, clocks that jump. What holds after every step is one function each.

use super::*;
use crate::digest::Digest;
use crate::refusal::Refusal;
use crate::request::Status;
use crate::samples::by_api;
use proptest::prelude::*;
use std::collections::BTreeSet;

const PERSONS: [&str; 5] = ["alice", "bob", "carol", "dave", "mallory"];

/// How a request begins.
#[derive(Debug, Clone)]
struct Start {
    quorum: u8,
    decision: Decision,
    role: bool,
    mfa: bool,
    duration: u64,
}

/// One attempt, before it meets a state.
#[derive(Debug, Clone)]
enum Attempt {
    /// What would bring the request on from where it is.
    Onward,
    /// What reconciliation does to it, at the time it is due.
    Due,
    Approve {
        who: usize,
        api: bool,
        may: bool,
        stale: bool,
        changed: bool,
        narrower: Option<Less>,
    },
    Deny {
        who: usize,
        may: bool,
    },
    Cancel {
        who: usize,
    },
    Revoke {
        who: usize,
        may: bool,
    },
    Credentials {
        who: usize,
        mfa: bool,
    },
    System(Command),
}

/// What an approver grants less of, before it meets a state.
#[derive(Debug, Clone, Copy)]
enum Less {
    Time(u64),
    FirstAction,
    OneAction,
    OneResource,
    /// Not less at all.
    More,
}

impl Less {
    fn wanted(self, state: &State) -> Narrower {
        let none = Narrower::default;
        match self {
            Self::Time(seconds) => {
                let seconds = state.terms().duration_seconds().saturating_sub(seconds).max(SHORTEST_GRANT);
                Narrower { duration_seconds: Some(seconds), ..none() }
            }
            Self::FirstAction => Narrower { permissions: Some(state.terms().permissions()[..1].to_vec()), ..none() },
            Self::OneAction => Narrower { permissions: Some(vec!["dynamodb:GetItem".to_owned()]), ..none() },
            Self::OneResource => Narrower { resources: Some(state.terms().resources()[..1].to_vec()), ..none() },
            Self::More => Narrower { duration_seconds: Some(state.terms().duration_seconds() + 1), ..none() },
        }
    }
}

/// What is granted, by this test's own reckoning: actions, resources, seconds.
type Agreed = (Vec<String>, Vec<String>, u64);

/// What happened so far.
struct History {
    start: Start,
    state: State,
    /// Events and when they happened.
    record: Vec<(Event, Time)>,
    /// Who cast a vote that should count, by this test's own reckoning.
    countersigned: BTreeSet<&'static str>,
    /// What they countersigned.
    agreed: Agreed,
    statuses: Vec<Status>,
    began: Option<Time>,
}

fn starts() -> impl Strategy<Value = Start> {
    let rules = Vec::new;
    let decision = prop_oneof![
        1 => Just(Decision::Deny { reason: "no".to_owned(), rules: rules() }),
        3 => Just(Decision::AutoApprove { rules: rules() }),
        6 => Just(Decision::NeedsApprovals { rules: rules() }),
    ];
    (0u8..4, decision, any::<bool>(), any::<bool>(), SHORTEST_GRANT..7_200)
        .prop_map(|(quorum, decision, role, mfa, duration)| Start { quorum, decision, role, mfa, duration })
}

fn attempts() -> impl Strategy<Value = Attempt> {
    let who = || 0..PERSONS.len();
    let code = || "aws_said_no".to_owned();
    let nothing = || Evidence { checked_at: crate::samples::noon(), findings: Vec::new() };
    let system = prop::sample::select(vec![
        Command::Lapse,
        Command::Remind,
        Command::Warn,
        Command::StartProvisioning,
        Command::ProvisioningFailed { code: code() },
        Command::Activate { evidence: nothing() },
        Command::IssueCredentials { access_key_id: "ASIAEXAMPLE".to_owned(), expires_at: crate::samples::noon() },
        Command::CredentialsFailed { code: code() },
        Command::StartRevocation { reason: EndReason::Expired },
        Command::StartRevocation { reason: EndReason::Panic },
        Command::StartRevocation { reason: EndReason::Offboarded },
        Command::Stop { reason: EndReason::Panic },
        Command::PlaceTombstone,
        Command::RevocationFailed { code: code() },
        Command::End { evidence: nothing() },
        Command::Verify { evidence: nothing() },
        Command::VerificationFailed { code: code() },
        Command::NoteDrift { differences: vec!["deny_missing".to_owned()] },
        Command::RemoveTombstone,
        Command::EraseWords { by: "arn:aws:iam::111111111111:user/ops".to_owned() },
        Command::NoteRefusal { command: "approve".to_owned(), code: "self_approval".to_owned() },
    ]);
    let rarely = || prop::bool::weighted(0.1);
    prop_oneof![
        6 => Just(Attempt::Onward),
        2 => Just(Attempt::Due),
        6 => (who(), any::<bool>(), prop::bool::weighted(0.8), rarely(), rarely(), less())
            .prop_map(|(who, api, may, stale, changed, narrower)| {
                Attempt::Approve { who, api, may, stale, changed, narrower }
            }),
        1 => (who(), any::<bool>()).prop_map(|(who, may)| Attempt::Deny { who, may }),
        1 => who().prop_map(|who| Attempt::Cancel { who }),
        1 => (who(), any::<bool>()).prop_map(|(who, may)| Attempt::Revoke { who, may }),
        2 => (who(), any::<bool>()).prop_map(|(who, mfa)| Attempt::Credentials { who, mfa }),
        4 => system.prop_map(Attempt::System),
    ]
}

fn less() -> impl Strategy<Value = Option<Less>> {
    let some = prop_oneof![
        (0..4_000u64).prop_map(Less::Time),
        Just(Less::FirstAction),
        Just(Less::OneAction),
        Just(Less::OneResource),
        Just(Less::More),
    ];
    prop::option::weighted(0.4, some)
}

/// Seconds between attempts; a worker's clock may be behind another's.
fn jumps() -> impl Strategy<Value = i64> {
    let quarantine = i64::try_from(QUARANTINE).unwrap();
    prop::sample::select(vec![-2, 0, 0, 0, 1, 10, quarantine - 1, quarantine, 60, 600, 5_000, 100_000])
}

/// What brings a request on from where it is, if anything does.
fn onward(state: &State, now: Time) -> Command {
    match state.status() {
        Status::Pending => approve_terms(state, "bob"),
        Status::Approved => Command::StartProvisioning,
        Status::Provisioning => Command::Activate { evidence: evidence(now) },
        Status::Active => revoke("alice"),
        Status::Revoking if matches!(state.phase, Phase::Revoking { quarantine_until: None, .. }) => {
            Command::PlaceTombstone
        }
        Status::Revoking => Command::End { evidence: evidence(now) },
        Status::Ended if !verified(state) => Command::Verify { evidence: evidence(now) },
        Status::Denied | Status::Cancelled | Status::Lapsed | Status::Ended => Command::RemoveTombstone,
    }
}

fn verified(state: &State) -> bool {
    matches!(state.phase, Phase::Ended { verification: Verification::Verified { .. }, .. })
}

fn lapses_at(state: &State) -> Time {
    state.request.submitted_at.plus(state.request.approval_window_seconds)
}

/// What reconciliation does to a request that is due.
fn reconcile(state: &State, now: Time) -> Command {
    match state.status() {
        Status::Pending if now < lapses_at(state) => Command::Remind,
        Status::Pending => Command::Lapse,
        Status::Approved | Status::Provisioning => Command::StartProvisioning,
        Status::Active if state.plan().is_some_and(|plan| now < plan.window.expires_at()) => Command::Warn,
        Status::Active => Command::StartRevocation { reason: EndReason::Expired },
        Status::Revoking | Status::Denied | Status::Cancelled | Status::Lapsed | Status::Ended => onward(state, now),
    }
}

impl History {
    fn begin(start: Start) -> Self {
        let request = request(|facts| {
            facts.quorum.needed = start.quorum;
            facts.duration_seconds = start.duration;
            facts.mfa_at_door = start.mfa;
            if start.role {
                facts.mechanism = role_mechanism();
            }
        });
        let now = request.submitted_at;
        let first = submit(request, &start.decision, now);
        let statuses = vec![Status::Pending, first.next.status()];
        let record = first.events.into_iter().map(|event| (event, now)).collect();
        let request = &first.next.request;
        let agreed = (request.permissions.clone(), request.resources.clone(), request.duration_seconds);
        Self { start, state: first.next, record, countersigned: BTreeSet::new(), agreed, statuses, began: None }
    }

    fn command(&self, attempt: &Attempt, now: Time) -> Command {
        let request = &self.state.request;
        let slack = |who: usize| by_slack(PERSONS[who]);
        match attempt.clone() {
            Attempt::Onward => onward(&self.state, now),
            Attempt::Due => reconcile(&self.state, now),
            Attempt::Approve { who, api, may, stale, changed, narrower } => Command::Approve {
                by: if api { by_api(PERSONS[who]) } else { slack(who) },
                digest: self.seen(stale),
                permission: granted(may),
                judged: (!changed).then_some(request.judged),
                vote: Box::new(Vote { narrower: narrower.map(|less| less.wanted(&self.state)), ..Vote::default() }),
            },
            Attempt::Deny { who, may } => {
                Command::Deny { by: slack(who), reason: words("no"), permission: granted(may) }
            }
            Attempt::Cancel { who } => Command::Cancel { by: slack(who) },
            Attempt::Revoke { who, may } => {
                Command::Revoke { by: slack(who), reason: words("enough"), permission: granted(may) }
            }
            Attempt::Credentials { who, mfa } => Command::RequestCredentials { by: Actor { mfa, ..slack(who) } },
            Attempt::System(command) => command,
        }
    }

    /// What a voter saw: the terms as they are, or, `stale`, what was asked for before it was narrowed, or something
    /// else altogether.
    fn seen(&self, stale: bool) -> Digest {
        let request = &self.state.request;
        match (stale, self.state.narrowed.is_some()) {
            (false, _) => self.state.terms().digest(),
            (true, true) => request.digest(),
            (true, false) => request.judged.policy,
        }
    }

    fn go(&mut self, command: &Command, now: Time) {
        let before = self.state.clone();
        match decide(&before, command, now) {
            Ok(transition) => {
                self.note_vote(command);
                if transition.next.status() == Status::Provisioning && before.status() == Status::Approved {
                    self.began = Some(now);
                }
                effects_are_in_order(&before, &transition);
                self.state = transition.next;
                self.record.extend(transition.events.into_iter().map(|event| (event, now)));
            }
            Err(refusal) => {
                let note = Command::NoteRefusal { command: command.verb().to_owned(), code: refusal.code().to_owned() };
                let noted = decide(&before, &note, now).unwrap();
                assert_eq!(noted.next.phase, before.phase, "a refusal changes nothing");
                assert!(noted.effects.is_empty());
                refusals_have_reasons(&refusal);
                self.state = noted.next;
                self.record.extend(noted.events.into_iter().map(|event| (event, now)));
            }
        }
        self.statuses.push(self.state.status());
        terminal_states_absorb(&before, &self.state);
        assert_eq!(self.state.check(), Ok(()), "every state that commands lead to is sound");
        self.only_known_ways();
        self.access_rests_on_votes();
        self.window_is_as_countersigned();
        self.granted_is_what_the_last_saw();
        self.due_exactly_while_something_has_to_happen();
    }

    /// Whether this command is a vote that counts, said without the code under test.
    fn note_vote(&mut self, command: &Command) {
        if let Command::Approve { by, digest, permission, judged, vote } = command {
            let request = &self.state.request;
            assert!(
                permission.granted && *digest == self.state.terms().digest() && *judged == Some(request.judged),
                "a vote that must not count"
            );
            if let Some(Narrower { permissions, resources, duration_seconds }) = &vote.narrower {
                let before = self.agreed.clone();
                let (actions, all, seconds) = &mut self.agreed;
                *actions = permissions.clone().unwrap_or_else(|| before.0.clone());
                *all = resources.clone().unwrap_or_else(|| before.1.clone());
                *seconds = duration_seconds.unwrap_or(*seconds);
                assert!(*seconds <= before.2, "nobody lengthens it");
                // Whoever voted for more did not see this.
                if self.agreed != before {
                    self.countersigned.clear();
                }
            }
            self.countersigned.insert(PERSONS.into_iter().find(|name| *name == by.person.as_str()).unwrap());
        }
    }

    /// P1: no access without policy's word or enough distinct persons other than the requester.
    fn access_rests_on_votes(&self) {
        let beyond = [Status::Approved, Status::Provisioning, Status::Active, Status::Revoking, Status::Ended];
        if !self.statuses.iter().any(|status| beyond.contains(status)) {
            return;
        }
        let alone = self.start.quorum == 0 && matches!(self.start.decision, Decision::AutoApprove { .. });
        assert!(!self.countersigned.contains("alice"), "the requester");
        assert!(alone || self.countersigned.len() >= usize::from(self.start.quorum.max(1)));
        for approval in self.state.approvals() {
            assert_eq!(approval.digest, self.state.terms().digest());
            assert!(self.countersigned.contains(approval.person.as_str()));
        }
    }

    /// INV-13: a life is a path of the graph; what was refused is never made, what is being ended
    /// never comes back.
    fn only_known_ways(&self) {
        use Status::{Active, Approved, Cancelled, Denied, Ended, Lapsed, Pending, Provisioning, Revoking};
        let ways = |from| match from {
            Pending => &[Approved, Denied, Cancelled, Lapsed][..],
            Approved => &[Provisioning, Cancelled, Lapsed],
            Provisioning => &[Active, Revoking],
            Active => &[Revoking],
            Revoking => &[Ended],
            Denied | Cancelled | Lapsed | Ended => &[],
        };
        for pair in self.statuses.windows(2) {
            assert!(pair[0] == pair[1] || ways(pair[0]).contains(&pair[1]), "{} to {}", pair[0], pair[1]);
        }
    }

    /// What documents are made of is what those who countersigned saw, and no more than was asked for.
    fn granted_is_what_the_last_saw(&self) {
        let (terms, request) = (self.state.terms(), &self.state.request);
        let (permissions, resources, seconds) = &self.agreed;
        assert_eq!((terms.permissions(), terms.resources()), (&permissions[..], &resources[..]));
        assert_eq!(terms.duration_seconds(), *seconds);
        let covered = |all: &[String], one: &String| all.iter().any(|own| crate::actions::pattern_covers(own, one));
        assert!(permissions.iter().all(|action| covered(&request.permissions, action)), "{permissions:?}");
        assert!(resources.iter().all(|resource| request.resources.contains(resource)), "{resources:?}");
        assert!(*seconds <= self.start.duration);
    }

    fn window_is_as_countersigned(&self) {
        if let Some(plan) = self.state.plan() {
            let window = plan.window;
            assert_eq!(Some(window.starts_at()), self.began);
            assert_eq!(window.starts_at().seconds_until(window.expires_at()), self.agreed.2);
        }
    }

    fn due_exactly_while_something_has_to_happen(&self) {
        let over = match &self.state.phase {
            Phase::Denied { .. } | Phase::Cancelled { .. } | Phase::Lapsed { .. } => true,
            Phase::Ended { residue, .. } => residue.is_none() && verified(&self.state),
            Phase::Pending { .. }
            | Phase::Approved { .. }
            | Phase::Provisioning { .. }
            | Phase::Active { .. }
            | Phase::Revoking { .. } => false,
        };
        assert_eq!(self.state.due_at().is_none(), over);
    }

    /// The record, read back from its bytes, rebuilds the state.
    fn record_rebuilds_the_state(&self) {
        let mut rebuilt = None;
        for (event, at) in &self.record {
            let bytes = serde_json::to_vec(event).unwrap();
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(value["type"], event.name());
            let read: Event = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(read, *event);
            rebuilt = Some(evolve(rebuilt, &read, *at).unwrap());
        }
        assert_eq!(rebuilt.as_ref(), Some(&self.state));
        let snapshot = serde_json::to_string(&self.state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&snapshot).unwrap(), self.state);
    }

    /// Left to reconciliation alone, which looks every minute, every request comes to rest.
    fn comes_to_rest(&mut self, mut clock: Time) {
        for _ in 0..10 + self.start.duration.div_euclid(60) {
            let Some(due) = self.state.due_at() else { return };
            clock = clock.plus(60).max(due);
            let command = reconcile(&self.state, clock);
            self.go(&command, clock);
        }
        panic!("{} does not come to rest", self.state.status());
    }
}

fn terminal_states_absorb(before: &State, after: &State) {
    // Words are forgotten, and nothing else of it.
    let (before, after) = (&before.clone().wordless(), &after.clone().wordless());
    match (&before.phase, &after.phase) {
        (Phase::Denied { .. } | Phase::Cancelled { .. } | Phase::Lapsed { .. }, _) => {
            assert_eq!(before.phase, after.phase);
        }
        // All that may still happen is that it is verified, and that the deny which outlasted the grant
        // is taken out.
        (Phase::Ended { residue, .. }, Phase::Ended { residue: left, .. }) => {
            assert!(residue == left || left.is_none());
            let same = |state: &State| (state.plan().cloned(), state.approvals().to_vec());
            assert_eq!(same(before), same(after));
        }
        (Phase::Ended { .. }, _) => panic!("`ended` was left"),
        _ => {}
    }
}

/// P3 and P7: the way out first; nothing is made or handed out but from the one state it belongs
/// to; the deny before anything is taken out.
fn effects_are_in_order(before: &State, transition: &Transition) {
    let place = |wanted: fn(&Effect) -> bool| transition.effects.iter().position(wanted);
    let status = transition.next.status();
    if let Some(made) = place(|effect| *effect == Effect::MakeAccess) {
        assert_eq!(status, Status::Provisioning);
        assert!(place(|effect| matches!(effect, Effect::ArmRevocation { .. })).unwrap() < made);
    }
    if place(|effect| *effect == Effect::AssumeBaseRole).is_some() {
        assert_eq!((before.status(), status), (Status::Active, Status::Active));
    }
    if let Some(removed) = place(|effect| *effect == Effect::RemoveAccess) {
        assert_eq!(status, Status::Revoking);
        assert!(place(|effect| *effect == Effect::PlaceTombstone).unwrap() < removed);
    }
}

fn refusals_have_reasons(refusal: &Refusal) {
    assert!(!refusal.to_string().is_empty());
    assert!(refusal.code().chars().all(|c| c.is_ascii_lowercase() || c == '_'));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_history_breaks_a_promise(start in starts(), attempts in prop::collection::vec((attempts(), jumps()), 0..40)) {
        let mut history = History::begin(start);
        let mut clock = history.state.request.submitted_at;
        for (attempt, jump) in attempts {
            clock = match (&attempt, history.state.due_at()) {
                (Attempt::Due, Some(due)) => due.max(clock),
                _ => Time::from_second(clock.as_second() + jump).unwrap(),
            };
            let command = history.command(&attempt, clock);
            history.go(&command, clock);
        }
        history.record_rebuilds_the_state();
        history.comes_to_rest(clock);
        history.record_rebuilds_the_state();
    }
}
