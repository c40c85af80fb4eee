//! Which messages an event makes, and for whom; and what a message shows of the request as it is now.

use crate::targets::{Kind, Note, To};
use model::activity::{Finding, Severity};
use model::event::Event;
use model::lifecycle::{ATTEMPTS_BEFORE_ALARM, EndReason, Phase, State};
use model::names::{GroupName, PersonId, SlackChannel, SlackUser};
use model::policy::Policy;
use model::request::{Request, Status};
use model::time::Time;
use slack::blocks::Message;
use slack::render::thread::Target;
use slack::render::{Card, approver, card, requester, thread};

/// Most approvers who are asked in direct messages. More are asked in channels only.
const MOST_DIRECT: usize = 25;

/// A request as it is now, and what it takes to tell about it.
pub(crate) struct Scene<'a> {
    pub(crate) state: &'a State,
    pub(crate) policy: &'a Policy,
    /// What is out of the ordinary about it.
    pub(crate) unusual: &'a [String],
    /// When it is told: who is on call then is asked.
    pub(crate) now: Time,
}

impl Scene<'_> {
    fn request(&self) -> &Request {
        &self.state.request
    }

    /// A person's Slack user.
    fn slack_user(&self, person: &PersonId) -> Option<SlackUser> {
        self.policy.catalog().person(person).and_then(|person| person.slack.first().cloned())
    }

    /// The channel in which approvers are asked, if countersignatures are needed at all and policy did not refuse it.
    fn channel(&self) -> Option<&SlackChannel> {
        self.request().channel.as_ref().filter(|_| self.is_put_before_approvers())
    }

    fn is_put_before_approvers(&self) -> bool {
        self.request().quorum.needed > 0 && !self.state.denied_by_policy()
    }

    /// The members of `groups` who may still be asked: not the requester, nor who has countersigned.
    fn askable(&self, groups: &[GroupName]) -> Vec<PersonId> {
        let voted = |person: &PersonId| self.state.approvals().iter().any(|approval| approval.person == *person);
        let members = self.policy.catalog().members(groups, self.now).map(|person| person.id.clone());
        members.filter(|person| *person != self.request().requester && !voted(person)).collect()
    }

    /// Who is asked by now.
    fn asked(&self) -> Vec<PersonId> {
        let rounds = match &self.state.phase {
            Phase::Pending { reminded, .. } => *reminded,
            Phase::Approved { .. }
            | Phase::Provisioning { .. }
            | Phase::Active { .. }
            | Phase::Revoking { .. }
            | Phase::Denied { .. }
            | Phase::Cancelled { .. }
            | Phase::Lapsed { .. }
            | Phase::Ended { .. } => 0,
        };
        let request = self.request();
        let groups: Vec<GroupName> =
            request.notices.asked(&request.quorum.groups, rounds).into_iter().cloned().collect();
        self.askable(&groups)
    }

    /// What a message of `kind` shows now; `None`: it was said once.
    pub(crate) fn shown(&self, kind: Kind) -> Option<Message> {
        let names = |person: &PersonId| self.slack_user(person);
        match kind {
            Kind::Card => Some(card(&Card { state: self.state, unusual: self.unusual, names: &names })),
            Kind::Reminder => Some(approver::reminder(self.state, &names)),
            Kind::Asked => Some(requester::asked(self.state, &self.asked(), &names)),
            Kind::Access => Some(requester::access(self.state, &names)),
            Kind::Warning => Some(requester::warning(self.state, &names)),
            Kind::Ended => Some(requester::ended(self.state, &names)),
            Kind::Told | Kind::Instead => None,
        }
    }

    fn note(&self, kind: Kind, to: To) -> Option<Note> {
        self.shown(kind).map(|message| Note { kind, to, message })
    }

    /// For the requester, if they use Slack.
    fn for_requester(&self, kind: Kind) -> Option<Note> {
        self.slack_user(&self.request().requester).and_then(|user| self.note(kind, To::Person(user)))
    }

    fn tell_requester(&self, message: Message) -> Option<Note> {
        let user = self.slack_user(&self.request().requester)?;
        Some(Note { kind: Kind::Told, to: To::Person(user), message })
    }

    fn below(&self, message: Message) -> Option<Note> {
        self.channel().map(|channel| Note { kind: Kind::Told, to: To::Thread(channel.clone()), message })
    }

    /// One for each of `persons` who uses Slack.
    fn directly(&self, kind: Kind, persons: &[PersonId]) -> Vec<Option<Note>> {
        if persons.len() > MOST_DIRECT {
            tracing::warn!(request.id = %self.request().id, persons = persons.len(),
                "only {MOST_DIRECT} of {} approvers are asked directly", persons.len());
        }
        let users = persons.iter().take(MOST_DIRECT).filter_map(|person| self.slack_user(person));
        users.map(|user| self.note(kind, To::Person(user))).collect()
    }

    /// The messages that `event` makes.
    pub(crate) fn notes(&self, event: &Event) -> Vec<Note> {
        let (request, approvals) = (self.request(), self.state.approvals());
        let names = |person: &PersonId| self.slack_user(person);
        let pending = self.state.status() == Status::Pending;
        let notes: Vec<Option<Note>> = match event {
            Event::RequestSubmitted { .. } if self.is_put_before_approvers() => {
                let card = self.channel().and_then(|channel| self.note(Kind::Card, To::Channel(channel.clone())));
                // Without a channel there is no other way to ask.
                let directly = request.notices.directly || card.is_none();
                let mut notes = vec![card];
                if directly && pending {
                    notes.extend(self.directly(Kind::Card, &self.asked()));
                }
                notes.push(self.for_requester(Kind::Asked));
                notes
            }
            Event::ApproversReminded { round, groups } if pending => self.asked_again(*round, groups),
            // The quorum's last countersignature is told with the approval.
            Event::ApprovalGiven { .. } if pending => {
                vec![self.below(thread::countersigned(request, approvals, &names))]
            }
            Event::TermsNarrowed { superseded, .. } => self.narrowed(superseded, pending),
            Event::RequestDenied { by, reason, .. } => vec![
                self.tell_requester(requester::denied(request, by.as_ref(), reason.shown(), &names)),
                by.as_ref().and_then(|by| self.below(thread::denied(Some(by), reason.shown(), &names))),
            ],
            Event::RequestApproved { .. } => vec![self.below(thread::approved(approvals, &names))],
            // Whoever withdrew it knows it, and who left is not told.
            Event::RequestCancelled { reason } => vec![
                reason
                    .as_ref()
                    .filter(|reason| **reason != EndReason::Offboarded)
                    .and_then(|reason| self.tell_requester(requester::stopped(request, reason, &names))),
                self.below(thread::cancelled(reason.as_ref(), &names)),
            ],
            Event::RequestLapsed {} => {
                vec![self.tell_requester(requester::lapsed(request)), self.below(thread::lapsed())]
            }
            Event::GrantActivated { .. } => match self.state.plan() {
                Some(plan) => vec![self.for_requester(Kind::Access), self.below(thread::active(plan.window))],
                None => Vec::new(),
            },
            Event::ExpiryAnnounced { .. } if self.state.status() == Status::Active => {
                vec![self.for_requester(Kind::Warning)]
            }
            // What ends at its time has ended before anybody reads that it is about to.
            Event::RevocationStarted { reason: EndReason::Expired } => Vec::new(),
            // Whoever ends their own access knows it.
            Event::RevocationStarted { reason: EndReason::Revoked { by, .. } } if *by == request.requester => {
                Vec::new()
            }
            Event::RevocationStarted { reason } => vec![
                self.tell_requester(requester::revocation_started(request, reason, &names)),
                self.below(thread::ending(reason, &names)),
            ],
            Event::RevocationAttemptFailed { attempt, next_attempt_at, .. } if *attempt == ATTEMPTS_BEFORE_ALARM => {
                vec![self.tell_requester(requester::delayed(request, *next_attempt_at))]
            }
            Event::GrantEnded { reason, evidence, .. } => {
                vec![self.for_requester(Kind::Ended), self.below(thread::ended(reason, evidence, &names))]
            }
            Event::EndedUnverified { code, .. } => {
                vec![self.tell_requester(requester::unverified(request, code)), self.below(thread::unverified(code))]
            }
            Event::DriftFound { differences } => vec![self.below(thread::deny_drifted(differences))],
            Event::ActivityFinding { finding } => self.found(finding),
            Event::ActivitySummarised { activity } => vec![self.below(slack::render::activity::summary(activity))],
            Event::RequestSubmitted { .. }
            | Event::ApproversReminded { .. }
            | Event::ApprovalGiven { .. }
            | Event::ProvisioningStarted { .. }
            | Event::ProvisioningAttemptFailed { .. }
            | Event::NameTaken { .. }
            | Event::ExpiryAnnounced { .. }
            | Event::CredentialsRequested {}
            | Event::CredentialsIssued { .. }
            | Event::CredentialsFailed { .. }
            | Event::TombstonePlaced { .. }
            | Event::RevocationAttemptFailed { .. }
            | Event::VerifiedEnded { .. }
            | Event::VerificationAttemptFailed { .. }
            | Event::TombstoneRemoved {}
            | Event::RunReported { .. }
            | Event::WordsErased { .. }
            | Event::CommandRefused { .. } => Vec::new(),
        };
        notes.into_iter().flatten().collect()
    }

    /// Something odd was noticed: in the thread, and to those who countersigned if it can't wait until somebody looks
    /// there. What is only worth knowing is counted in the summary.
    fn found(&self, finding: &Finding) -> Vec<Option<Note>> {
        let message = slack::render::activity::found(self.request(), finding, &|person| self.slack_user(person));
        let mut notes = Vec::new();
        if finding.severity >= Severity::Medium {
            notes.push(self.below(message.clone()));
        }
        if finding.severity >= Severity::High || notes.iter().all(Option::is_none) {
            let persons = self.state.approvals().iter().take(MOST_DIRECT).map(|approval| &approval.person);
            let users =
                persons.filter_map(|person| self.slack_user(person)).filter(|_| finding.severity > Severity::Low);
            notes.extend(
                users.map(|user| Some(Note { kind: Kind::Told, to: To::Person(user), message: message.clone() })),
            );
        }
        notes
    }

    /// It was narrowed: the requester is told, and whoever countersigned more is asked again.
    fn narrowed(&self, superseded: &[PersonId], pending: bool) -> Vec<Option<Note>> {
        let names = |person: &PersonId| self.slack_user(person);
        // Who has countersigned again meanwhile is not asked.
        let again: Vec<PersonId> = superseded
            .iter()
            .filter(|person| pending && self.state.approvals().iter().all(|approval| approval.person != **person))
            .cloned()
            .collect();
        let mut notes = vec![
            requester::narrowed(self.state, &names).and_then(|message| self.tell_requester(message)),
            thread::narrowed(self.state, &again, &names).and_then(|message| self.below(message)),
        ];
        notes.extend(self.directly(Kind::Reminder, &again));
        notes
    }

    /// A round of asking again: those who were asked before, or more people.
    fn asked_again(&self, round: u32, groups: &[GroupName]) -> Vec<Option<Note>> {
        let request = self.request();
        let names = |person: &PersonId| self.slack_user(person);
        let Phase::Pending { lapses_at, .. } = &self.state.phase else { return Vec::new() };
        if groups.is_empty() {
            let asked = self.asked();
            let mut notes = vec![self.below(thread::reminder(round, &asked, *lapses_at, &names))];
            if request.notices.directly || self.channel().is_none() {
                notes.extend(self.directly(Kind::Reminder, &asked));
            }
            return notes;
        }
        let new = self.askable(groups);
        let mut notes = vec![self.below(thread::escalated(groups, &new, &names))];
        // The channels of this round, and of those before it that were missed.
        let of_them = |reminder: &&model::notices::Reminder| reminder.groups.iter().any(|group| groups.contains(group));
        for channel in request.notices.reminders.iter().filter(of_them).filter_map(|reminder| reminder.channel.as_ref())
        {
            if Some(channel) != self.channel() {
                notes.push(self.note(Kind::Card, To::Channel(channel.clone())));
            }
        }
        notes.extend(self.directly(Kind::Card, &new));
        notes
    }

    /// Who is told instead of `note`, which can't be posted where it belongs, for the reason `why`.
    pub(crate) fn instead(&self, note: &Note, why: &str) -> Vec<Note> {
        let names = |person: &PersonId| self.slack_user(person);
        let notes = match (&note.to, note.kind) {
            // Approvers are asked one by one.
            (To::Channel(channel), Kind::Card) if self.state.status() == Status::Pending => {
                let mut notes = self.directly(Kind::Card, &self.asked());
                let said = self.tell_requester(thread::unreachable(Target::Channel(channel), why, &names));
                notes.push(said.map(|note| Note { kind: Kind::Instead, ..note }));
                notes
            }
            // Whoever is in the channel can pass it on.
            (To::Person(_), Kind::Asked | Kind::Access) => {
                let said = self.below(thread::unreachable(Target::Person(&self.request().requester), why, &names));
                vec![said.map(|note| Note { kind: Kind::Instead, ..note })]
            }
            (To::Channel(_) | To::Thread(_) | To::Person(_), _) => Vec::new(),
        };
        notes.into_iter().flatten().collect()
    }
}
