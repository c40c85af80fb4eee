//! Whoever asked for as much as they may is told what to do.

use super::*;
use model::policy::{Bundle, Policy};
use std::sync::Arc;
use workflow::double::World;

/// The sample catalog, in which one request may wait.
fn one_at_a_time() -> Site {
    let site = Site::new();
    let sample = World::sample_bundle();
    let catalog = sample.catalog.replace("openRequests: 1000", "openRequests: 1");
    site.world.set_policy(Some(Arc::new(Policy::load(&Bundle { catalog, ..sample }).unwrap())));
    site
}

#[tokio::test]
async fn the_command_and_the_form_say_what_to_do() {
    let site = one_at_a_time();
    let id = asked(&site, "orders-db-debug").await;
    let told = site.commands(ALICE, "orders-db-debug 30m orders are stuck").await;
    assert!(told.contains("too_many_requests") && told.contains("cancel one that you need no more"), "{told}");
    let form = site.form_for(ALICE, "orders-db-debug").await;
    site.put(&form, "justification", &serde_json::json!({"value": "orders are stuck"}));
    site.submit(ALICE, &form).await;
    assert!(site.view_says(&form, "too_many_requests"), "{}", site.view(&form));
    // What waits for nobody is asked for all the same, and what is decided makes room.
    assert!(site.commands(ALICE, "logs-read 30m looking").await.contains("approved by policy"));
    site.press(ALICE, "cancel", &id).await;
    let told = site.commands(ALICE, "orders-db-debug 30m orders are stuck").await;
    assert!(told.contains("waits to be countersigned"), "{told}");
}
