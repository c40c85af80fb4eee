//! What is said when something can't be done, and how persons are named.

use model::identity::Actor;
use model::names::{PersonId, SlackUser};
use model::policy::Policy;
use model::refusal::{Refusal, RefusalKind};
use slack::blocks::{Message, View};
use slack::render::{answer, notice};
use workflow::ports::Stored;
use workflow::views::may_see;

/// A code, and the sentence to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) code: &'static str,
    pub(crate) sentence: &'static str,
}

pub(crate) const UNAVAILABLE: Said = Said {
    code: "unavailable",
    sentence: "a service this depends on did not answer; nothing is half done, try again in a moment",
};

pub(crate) const NOT_FOUND: Said =
    Said { code: "request_not_found", sentence: "there is no such request, or you may not see it" };

pub(crate) const UNKNOWN_CALLER: Said = Said {
    code: "unknown_caller",
    sentence: "your Slack user belongs to no person in the catalog; ask its operators to add it",
};

pub(crate) const DENIED_BY_POLICY: Said =
    Said { code: "denied_by_policy", sentence: "policy does not let you ask for this; the attempt is on record" };

pub(crate) const BARRED: Said =
    Said { code: "barred", sentence: "you were offboarded; nothing can be asked for in your name" };

pub(crate) const SENT_ALREADY: Said = Said {
    code: "sent_already",
    sentence: "this form made a request before; see it in your Home tab, and open the form anew for another one",
};

impl Said {
    /// As a private message.
    pub(crate) fn message(self) -> Message {
        answer::not_done(self.code, self.sentence)
    }

    /// As a modal.
    pub(crate) fn view(self) -> View {
        notice::view("Countersign", &self.message())
    }
}

/// A person's Slack user.
pub(crate) fn slack_user(policy: &Policy, person: &PersonId) -> Option<SlackUser> {
    policy.catalog().person(person).and_then(|person| person.slack.first().cloned())
}

/// Why something was refused. Who came too late is told who did it already, if they may see that.
pub(crate) fn refused(
    policy: &Policy,
    actor: &Actor,
    refusal: &Refusal,
    stored: &Stored,
    now: model::time::Time,
) -> Message {
    let names = |person: &PersonId| slack_user(policy, person);
    match refusal.kind() {
        RefusalKind::Conflict if may_see(policy, actor, stored, now) => {
            answer::too_late(refusal, &stored.state, &names)
        }
        RefusalKind::Conflict | RefusalKind::Forbidden | RefusalKind::TooOften => {
            answer::refusal(refusal, &stored.state.request.id)
        }
    }
}
