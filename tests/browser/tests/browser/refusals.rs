//! What is refused, and how that is said.

use browser::form::{error, field, modal};
use browser::page::hook;
use end_to_end::failure::Failure;
use serde_json::json;

use crate::play;

/// Words that would call everybody and look important, were they not inert.
const LOUD: &str = "<!channel> *bold* & `code`, see <https://example.com|here>";

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost() -> Result<(), Failure> {
    play("alice", "home", async |page| {
        let ask = format!("{} {}[data-value=\"prod-admin\"]", hook("home"), hook("action-ask"));
        page.click(&ask).await?;

        // Without a justification the form is not even sent.
        page.see(&field("justification")).await?;
        page.submit().await?;
        page.see(&error("justification", "prod-admin")).await?;
        page.see(&format!("{}[aria-invalid=\"true\"]", field("justification"))).await?;

        // Blanks are no justification, which Countersign says.
        page.type_into(&field("justification"), "   ").await?;
        page.submit().await?;
        page.reads(&error("justification", "prod-admin"), &["say in a sentence why"]).await?;

        // More than the entitlement holds is refused where it was written.
        page.type_into(&field("justification"), "Adding an administrator").await?;
        page.type_into(&field("permissions"), "iam:CreateUser").await?;
        page.submit().await?;
        page.reads(&error("permissions", "prod-admin"), &["iam:CreateUser"]).await?;
        page.gone(&error("justification", "prod-admin")).await?;
        let typed = page.see(&field("justification")).await?.prop("value").await.ok().flatten();
        assert_eq!(typed.as_deref().map(str::trim), Some("Adding an administrator"));
        assert_eq!(page.count(&modal("notice")).await?, 0, "nothing was asked for");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_reason_is_shown_as_it_was_typed_and_the_late_one_is_told_who_decided() -> Result<(), Failure> {
    play("alice", "app", async |page| {
        let request = page.ask_for_orders("Order 1003 is stuck").await?;

        // Carol looks for words while Bob denies.
        page.be("carol").await?;
        page.go("approvals").await?;
        let card = page.message(&[&request], Some("deny")).await?;
        page.click(&card.button("deny")).await?;
        page.see(&modal("deny")).await?;
        page.visit("bob", "approvals").await?;
        page.click(&card.button("deny")).await?;
        page.reads(&modal("deny"), &["Alice", "orders-db-debug", "Order 1003 is stuck"]).await?;
        page.type_into(&field("reason"), LOUD).await?;
        page.submit().await?;
        page.gone(&format!("{}[open]", hook("modal"))).await?;

        // Everybody reads it, and nobody is called by it.
        page.reads(card.css(), &["Denied", "Bob", LOUD]).await?;
        page.gone(&card.button("approve")).await?;
        page.gone(&card.button("deny")).await?;
        let script = "return [...document.querySelectorAll(arguments[0])].map((node) => node.textContent)";
        let marked = card.part(":is(strong, code, a, .mention)");
        let marked = page.look(script, vec![json!(marked)]).await?.to_string();
        assert!(["bold", "here", "channel"].iter().all(|word| !marked.contains(word)), "not inert: {marked}");

        page.visit("carol", "approvals").await?;
        page.type_into(&field("reason"), "Not during the sale").await?;
        page.submit().await?;
        page.reads(&modal("notice"), &["Denied", "Bob", &request]).await?;
        page.click(&hook("modal-close")).await?;
        page.gone(&format!("{}[open]", hook("modal"))).await?;
        page.reads(card.css(), &["Denied", "Bob", LOUD]).await?;

        page.be("alice").await?;
        page.go("app").await?;
        page.message(&[&request, "denied", LOUD], None).await.map(|_| ())
    })
    .await
}

#[tokio::test]
async fn nobody_countersigns_their_own_request() -> Result<(), Failure> {
    play("alice", "app", async |page| {
        let request = page.ask_for_orders("Order 1004 is stuck").await?;
        page.go("approvals").await?;
        let card = page.message(&[&request], Some("approve")).await?;
        let known = page.privately().await?;
        page.click(&card.button("approve")).await?;
        let told = page.private(&["self_approval"], &known).await?;
        page.reads(card.css(), &["0 of 1"]).await?;
        page.see(&card.button("approve")).await?;
        page.be("bob").await?;
        page.see(&card.button("approve")).await?;
        page.gone(told.css()).await
    })
    .await
}

#[tokio::test]
async fn who_may_ask_for_nothing_finds_nothing() -> Result<(), Failure> {
    play("mallory", "home", async |page| {
        // Her Home tab leads her to no form; the command opens one in which there is nothing.
        page.see(&format!("{} {}", hook("home"), hook("action-refresh"))).await?;
        assert_eq!(page.count(&format!("{} {}", hook("home"), hook("action-ask"))).await?, 0);
        page.click(&hook("place-approvals")).await?;
        page.type_into(&hook("composer"), "/access\n").await?;
        page.see(&modal("ask")).await?;
        page.type_into(&field("entitlement"), "orders").await?;
        page.see(&format!("{}[data-state=\"empty\"]", hook("options-entitlement"))).await?;
        assert_eq!(page.count(&hook("option-orders-db-debug")).await?, 0);
        Ok(())
    })
    .await
}
