//! Whole grants, as production code makes them.

use model::identity::{Actor, Identity};
use model::names::RequestId;
use model::submission::Wish;
use model::text::FreeText;
use model::time::Time;
use workflow::credentials::credentials;
use workflow::decisions::{Wanted, act};
use workflow::double::{World, home};
use workflow::ending::end;
use workflow::provision::provision;
use workflow::reconcile::reconcile;
use workflow::submission::submit;

/// A Friday, 12:00.
const NOON: &str = "2026-11-20T12:00:00Z";

/// How long a grant of these is wished for, in seconds.
const WISHED: u64 = 900;

pub(crate) fn world() -> Result<World, String> {
    let noon: Time = NOON.parse().map_err(|error| format!("{error}"))?;
    Ok(World::new(noon))
}

/// Why something of a story did not happen.
pub(crate) fn failed(error: impl std::fmt::Display) -> String {
    format!("a grant did not go as it should: {error}")
}

fn stands() -> String {
    failed("it stands still")
}

fn actor(person: &str) -> Result<Actor, String> {
    let identity = Identity::Api { principal: format!("arn:aws:iam::111111111111:user/{person}") };
    Ok(Actor { person: person.parse().map_err(failed)?, identity, mfa: false })
}

/// Asked for, countersigned, made and used.
pub(crate) fn begin(world: &World) -> Result<RequestId, String> {
    let wish = Wish {
        entitlement: "orders-db-debug".to_owned(),
        duration_seconds: WISHED,
        justification: "orders are stuck".to_owned(),
        ..Wish::default()
    };
    let (alice, bob) = (actor("alice")?, actor("bob")?);
    let stored = world.play(submit(world, &alice, &wish, None, None)).ok_or_else(stands)?.map_err(failed)?;
    let id = stored.state.request.id.clone();
    let approval = Wanted::approve(stored.state.terms().digest());
    world.play(act(world, &bob, &id, &approval, None)).ok_or_else(stands)?.map_err(failed)?;
    world.play(Box::pin(provision(world, "grant", &id, None))).ok_or_else(stands)?.map_err(failed)?;
    world.play(Box::pin(credentials(world, &alice, &id))).ok_or_else(stands)?.map_err(failed)?;
    Ok(id)
}

/// Given back before its time, and its end verified.
pub(crate) fn finish(world: &World, ids: &[RequestId]) -> Result<(), String> {
    let alice = actor("alice")?;
    let reason = FreeText::new("done").map_err(failed)?;
    for id in ids {
        let wanted = Wanted::Revoke { reason: reason.clone() };
        world.play(act(world, &alice, id, &wanted, None)).ok_or_else(stands)?.map_err(failed)?;
        world.play(Box::pin(end(world, "revocation", id))).ok_or_else(stands)?.map_err(failed)?;
    }
    for _ in 0..4 {
        world.pass(120);
        world.play(Box::pin(reconcile(world, &[home()]))).ok_or_else(stands)?.map_err(failed)?;
    }
    Ok(())
}
