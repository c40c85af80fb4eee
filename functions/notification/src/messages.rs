//! Which messages an event makes, and for whom.

use model::event::Event;
use model::lifecycle::ATTEMPTS_BEFORE_ALARM;
use model::names::{PersonId, SlackChannel, SlackUser};
use model::policy::Policy;
use model::request::Status;
use slack::blocks::Message;
use slack::render::{approval_card, requester, thread};
use workflow::ports::{Stored, window};

/// For whom a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The approvers' channel: the card that is countersigned on.
    Card(SlackChannel),
    /// The approvers, under the card.
    Thread(SlackChannel),
    /// The requester, directly.
    Requester(SlackUser),
}

impl Audience {
    /// The name under which a card is remembered.
    pub(crate) const CARD: &'static str = "card";

    /// The name under which a message for this audience is remembered.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Card(_) => Self::CARD,
            Self::Thread(_) => "thread",
            Self::Requester(_) => "requester",
        }
    }
}

/// A message for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) audience: Audience,
    pub(crate) message: Message,
}

/// The messages that `event` makes, given the request as it is now.
pub(crate) fn of(event: &Event, stored: &Stored, policy: &Policy) -> Vec<Note> {
    let request = &stored.state.request;
    let names = |person: &PersonId| policy.catalog().person(person).and_then(|person| person.slack.first().cloned());
    let direct =
        |message: Message| names(&request.requester).map(|user| Note { audience: Audience::Requester(user), message });
    // Approvers were asked only if countersignatures are needed.
    let channel = request.channel.clone().filter(|_| request.quorum.needed > 0);
    let below = |message: Message| channel.clone().map(|channel| Note { audience: Audience::Thread(channel), message });
    let approvals = stored.state.approvals();
    let pending = stored.state.status() == Status::Pending;
    let notes: Vec<Option<Note>> = match event {
        Event::RequestSubmitted { .. } if pending => {
            let approvers: Vec<PersonId> = policy
                .catalog()
                .members(&request.quorum.groups)
                .map(|person| person.id.clone())
                .filter(|person| *person != request.requester)
                .collect();
            let card = channel.clone().map(|channel| Note {
                audience: Audience::Card(channel),
                message: approval_card(request, approvals, &names),
            });
            vec![card, direct(requester::pending(request, &approvers, &names))]
        }
        // The quorum's last countersignature is told with the approval.
        Event::ApprovalGiven { .. } if pending => vec![below(thread::countersigned(request, approvals, &names))],
        Event::RequestDenied { by, reason, .. } => vec![
            direct(requester::denied(request, by.as_ref(), reason, &names)),
            // What policy denied was never put before the approvers.
            by.as_ref().and_then(|by| below(thread::denied(Some(by), reason, &names))),
        ],
        Event::RequestApproved { .. } => {
            vec![direct(requester::approved(request, approvals, &names)), below(thread::approved(approvals, &names))]
        }
        Event::RequestCancelled {} => vec![direct(requester::cancelled(request)), below(thread::cancelled())],
        Event::RequestLapsed {} => vec![direct(requester::lapsed(request)), below(thread::lapsed())],
        Event::GrantActivated { .. } => match window(stored) {
            Some(window) => vec![direct(requester::active(request, window))],
            None => Vec::new(),
        },
        Event::RevocationStarted { reason } => vec![direct(requester::revocation_started(request, reason, &names))],
        Event::RevocationAttemptFailed { attempt, next_attempt_at, .. } if *attempt == ATTEMPTS_BEFORE_ALARM => {
            vec![direct(requester::delayed(request, *next_attempt_at))]
        }
        Event::GrantEnded { reason, evidence, .. } => vec![
            direct(requester::ended(request, reason, evidence, &names)),
            below(thread::ended(reason, evidence, &names)),
        ],
        Event::RequestSubmitted { .. }
        | Event::ApprovalGiven { .. }
        | Event::ProvisioningStarted { .. }
        | Event::ProvisioningAttemptFailed { .. }
        | Event::CredentialsRequested {}
        | Event::CredentialsIssued { .. }
        | Event::CredentialsFailed { .. }
        | Event::TombstonePlaced { .. }
        | Event::RevocationAttemptFailed { .. }
        | Event::TombstoneRemoved {}
        | Event::CommandRefused { .. } => Vec::new(),
    };
    notes.into_iter().flatten().collect()
}
