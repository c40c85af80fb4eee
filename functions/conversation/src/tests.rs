//! What Slack sends to what it gets back, with a Slack that keeps what it is shown and refuses some of it.

mod acts;
mod deny;
mod door;
mod extend;
mod form;
mod home;
mod options;
mod press;
mod preview;
mod slack;
mod submit;

use crate::Installation;
use ::slack::workspace::Workspace;
use model::identity::{Actor, Identity};
use model::names::RequestId;
use model::submission::Wish;
use slack::Site;
use std::sync::LazyLock;

const SECRET: &str = "5c1f0a7e9b2d4f6380a1c3e5d7092b4f";

const ALICE: &str = "U0ALICE01";
const BOB: &str = "U0BOB00001";
const CAROL: &str = "U0CAROL001";
const DAVE: &str = "U0DAVE0001";
const MALLORY: &str = "U0MALLORY1";
/// In our workspace, and in no catalog.
const STRANGER: &str = "U0STRANGE1";

static HERE: LazyLock<Installation> = LazyLock::new(|| Installation {
    workspace: Workspace::new(vec!["T0COUNTER1".to_owned()], "A0COUNTER1".to_owned()),
    accounts: vec!["111111111111".parse().unwrap()],
});

fn person(id: &str) -> Actor {
    let principal = format!("arn:aws:iam::111111111111:user/{id}");
    Actor { person: id.parse().unwrap(), identity: Identity::Api { principal }, mfa: false }
}

/// A request of alice's that waits to be countersigned.
async fn asked(site: &Site, entitlement: &str) -> RequestId {
    let wish = Wish {
        entitlement: entitlement.to_owned(),
        duration_seconds: 1_800,
        justification: "orders are stuck".to_owned(),
        ..Wish::default()
    };
    let stored = workflow::submission::submit(&site.world, &person("alice"), &wish, None, None).await.unwrap();
    stored.state.request.id.clone()
}

/// Where a request is.
/// The same, countersigned by bob, with access.
async fn live(site: &Site, entitlement: &str) -> RequestId {
    let id = asked(site, entitlement).await;
    site.press(BOB, "approve", &id).await;
    Box::pin(workflow::provision::provision(&site.world, "grant", &id, None)).await.unwrap();
    assert_eq!(status(site, &id), "active");
    site.take_told();
    id
}

fn status(site: &Site, id: &RequestId) -> &'static str {
    site.world.stored(id).unwrap().state.status().as_str()
}

/// The record of a request, as text.
fn record(site: &Site, id: &RequestId) -> String {
    site.world.chain(id).iter().map(|entry| String::from_utf8(entry.clone()).unwrap()).collect()
}
