//! The main job, click by click: ask, look, countersign, get in, end.

use browser::form::{field, modal};
use browser::page::{hook, in_order};
use end_to_end::failure::Failure;

use crate::play;

#[tokio::test]
async fn from_the_home_tab_to_the_end_of_access() -> Result<(), Failure> {
    play("alice", "home", async |page| {
        // Alice asks; the form follows what she chooses.
        page.click(&format!("{} {}", hook("home"), hook("action-ask"))).await?;
        page.choose("orders", "orders-db-debug").await?;
        let form = page.reads(&modal("ask"), &["medium", "One of", "Bob", "Carol", "has to countersign"]).await?;
        assert!(form.contains("dynamodb:UpdateItem"), "the risk has its reason: {form}");
        page.choose_duration(1800).await?;
        page.tick("permissions", "dynamodb:GetItem").await?;
        page.reads(&modal("ask"), &["1 of 3 selected", "low", "dynamodb:GetItem", "Bob"]).await?;
        page.type_into(&field("ticket"), "OPS-7").await?;
        page.type_into(&field("justification"), "Order 1002 is stuck in paying").await?;
        let request = page.send().await?;
        page.reads(&modal("notice"), &["orders-db-debug", "30m", "Bob"]).await?;
        page.click(&hook("modal-close")).await?;
        page.gone(&modal("notice")).await?;

        // Bob reads what he needs, in the order in which he needs it.
        page.be("bob").await?;
        page.go("approvals").await?;
        let card = page.message(&[&request], Some("approve")).await?;
        let facts = ["Alice", "orders-db-debug", "dynamodb:GetItem", "111111111111", "30m", "low"];
        let words = ["Order 1002 is stuck in paying", "OPS-7", "Approve", "Deny", "Details"];
        let text = page.reads(card.css(), &[facts.as_slice(), &words].concat()).await?;
        if text.contains("Unusual") {
            assert!(in_order(&text, &["low", "Unusual", "Order 1002"]), "the unusual is between: {text}");
        }
        page.click(&card.button("details")).await?;
        page.reads(&modal("details"), &["Alice", "Order 1002 is stuck", "dynamodb:GetItem", "table/orders", &request])
            .await?;
        page.click(&hook("modal-close")).await?;
        page.gone(&modal("details")).await?;
        page.click(&card.button("approve")).await?;
        page.private(&["orders-db-debug", &request], &[]).await?;

        // The card says what became of it, in place, and offers nothing that does not apply any more.
        page.reads(card.css(), &["Active", "Bob"]).await?;
        page.gone(&card.button("approve")).await?;
        page.gone(&card.button("deny")).await?;

        // Alice is told how to get in, and ends it when she is done.
        page.be("alice").await?;
        page.go("app").await?;
        let access = page.message(&[&request, "countersign exec"], Some("revoke")).await?;
        page.reads(access.css(), &["orders-db-debug", &format!("countersign exec {request}")]).await?;
        page.click(&access.button("revoke")).await?;
        page.click(&hook("confirm-no")).await?;
        page.gone(&format!("{}[open]", hook("confirm"))).await?;
        page.click(&access.button("revoke")).await?;
        page.click(&hook("confirm-yes")).await?;
        page.message(&[&request, "has ended", ", verified"], None).await?;
        page.reads(access.css(), &["Ended"]).await?;
        page.gone(&access.button("revoke")).await?;
        page.go("approvals").await?;
        page.reads(card.css(), &["Ended", "Alice"]).await?;
        page.gone(&card.button("revoke")).await
    })
    .await
}
