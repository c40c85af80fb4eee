//! The Home tab: my requests, what waits for me, what I may ask for.

use crate::said::{self, UNAVAILABLE, UNKNOWN_CALLER};
use crate::{NotShown, Ports, door};
use lambda::http::Answer;
use lambda::problem::Problem;
use model::catalog::Entitlement;
use model::lifecycle::State;
use model::names::{PersonId, SlackUser};
use slack::blocks::View;
use slack::render::home;
use workflow::overview;
use workflow::ports::Stored;

/// How many entitlements are counted; the view shows fewer.
const COUNTED: usize = 500;

/// Somebody opened their Home tab, or wants it anew. Slack sends an event again that is not taken, which is what is
/// wanted if it may work then.
pub(crate) async fn opened<P: Ports>(ports: &P, user: &SlackUser) -> Result<Answer, Problem> {
    match show(ports, user).await {
        Ok(()) => Ok(Answer::received()),
        Err(not) => {
            tracing::warn!(error.code = %not.code, "a Home tab was not shown");
            if not.passes { Err(Problem::unavailable()) } else { Ok(Answer::received()) }
        }
    }
}

/// Shows the Home tab as it is now; if that fails it stays as it was.
pub(crate) async fn publish<P: Ports>(ports: &P, user: &SlackUser) {
    if let Err(not) = show(ports, user).await {
        tracing::warn!(error.code = %not.code, "a Home tab stays as it was");
    }
}

async fn show<P: Ports>(ports: &P, user: &SlackUser) -> Result<(), NotShown> {
    ports.publish_home(user, &view(ports, user).await).await
}

async fn view<P: Ports>(ports: &P, user: &SlackUser) -> View {
    let Ok(policy) = ports.policy().await else { return home::unavailable(UNAVAILABLE.sentence) };
    let Some(actor) = door::person(&policy, user) else { return home::unavailable(UNKNOWN_CALLER.sentence) };
    let overview = match overview::of(ports, &actor).await {
        Ok(overview) => overview,
        Err(fault) => {
            tracing::error!(error.code = %fault.code, "unavailable: {fault}");
            return home::unavailable(UNAVAILABLE.sentence);
        }
    };
    let now = ports.now();
    let allowed: Vec<&Entitlement> = policy.requestable(&actor, now).take(COUNTED).collect();
    let names = |person: &PersonId| said::slack_user(&policy, person);
    home::view(&home::Home {
        person: &actor.person,
        mine: &states(&overview.mine),
        more_mine: overview.more_mine,
        waiting: &states(&overview.waiting),
        more_waiting: overview.more_waiting,
        allowed: &allowed,
        now,
        names: &names,
    })
}

fn states(stored: &[Stored]) -> Vec<&State> {
    stored.iter().map(|stored| &stored.state).collect()
}
