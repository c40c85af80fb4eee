//! Two countersignatures.

use browser::form::{field, modal};
use browser::page::hook;
use end_to_end::failure::Failure;

use crate::play;

#[tokio::test]
async fn the_first_of_two_countersignatures_is_counted_and_the_second_decides() -> Result<(), Failure> {
    play("alice", "home", async |page| {
        let ask = format!("{} {}[data-value=\"prod-admin\"]", hook("home"), hook("action-ask"));
        page.click(&ask).await?;
        page.see(&field("justification")).await?;
        page.reads(&modal("ask"), &["critical", "2 of", "have to countersign"]).await?;
        page.type_into(&field("justification"), "Restoring the orders table").await?;
        let request = page.send().await?;
        page.click(&hook("modal-close")).await?;
        page.gone(&modal("notice")).await?;

        page.be("bob").await?;
        page.go("approvals").await?;
        let card = page.message(&[&request], Some("approve")).await?;
        page.reads(card.css(), &["prod-admin", "critical", "0 of 2"]).await?;
        page.click(&card.button("approve")).await?;
        page.reads(card.css(), &["1 of 2", "Bob"]).await?;
        page.see(&card.button("approve")).await?;

        // Bob's second press counts for nothing, and only he is told.
        let known = page.privately().await?;
        page.click(&card.button("approve")).await?;
        let told = page.private(&[&request, "already_approved"], &known).await?;
        page.reads(card.css(), &["1 of 2"]).await?;

        page.be("carol").await?;
        page.gone(told.css()).await?;
        page.click(&card.button("approve")).await?;
        page.reads(card.css(), &["Active", "Bob", "Carol"]).await?;
        page.gone(&card.button("approve")).await
    })
    .await
}
