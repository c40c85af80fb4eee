//! Without a mouse.

use browser::form::{field, modal};
use browser::page::{Page, hook};
use end_to_end::failure::Failure;
use serde_json::json;

use crate::play;

/// More than the page has to stop at.
const STOPS: usize = 60;

/// Presses Tab until the focus is on what `css` selects.
async fn tab_to(page: &Page, css: &str) -> Result<(), Failure> {
    for _ in 0..STOPS {
        let there = page.look("return document.activeElement.matches(arguments[0])", vec![json!(css)]).await?;
        if there == json!(true) {
            return Ok(());
        }
        page.keys("\u{e004}").await?;
    }
    Err(Failure::new(format!("Tab does not lead to {css}")))
}

const DOWN: &str = "\u{e015}";
const ENTER: &str = "\u{e007}";

#[tokio::test]
async fn a_request_is_made_with_the_keyboard_alone() -> Result<(), Failure> {
    play("alice", "home", async |page| {
        page.see(&format!("{} {}", hook("home"), hook("action-ask"))).await?;
        tab_to(page, &format!("{} {}", hook("home"), hook("action-ask"))).await?;
        page.keys(ENTER).await?;

        // The form has the focus where one begins, and the list of what may be asked for follows the arrows.
        page.see(&field("entitlement")).await?;
        page.focused(&field("entitlement")).await?;
        page.keys("order").await?;
        page.see(&format!("{}[data-state=\"ready\"]", hook("options-entitlement"))).await?;
        page.see(&hook("option-orders-db-debug")).await?;
        page.changing(async || page.keys(ENTER).await).await?;
        tab_to(page, &field("duration")).await?;
        page.changing(async || page.keys(DOWN).await).await?;
        page.reads(&modal("ask"), &["medium"]).await?;
        tab_to(page, &field("justification")).await?;
        page.keys("No mouse at hand").await?;
        tab_to(page, &hook("modal-submit")).await?;
        page.keys(ENTER).await?;
        let request = page.confirmed().await?;
        page.reads(&modal("notice"), &["orders-db-debug", "2h"]).await?;
        tab_to(page, &hook("modal-close")).await?;
        page.keys(ENTER).await?;
        page.gone(&modal("notice")).await?;

        tab_to(page, &hook("place-approvals")).await?;
        page.keys(ENTER).await?;
        let card = page.message(&[&request], Some("approve")).await?;
        page.reads(card.css(), &["Alice", "2h", "No mouse at hand"]).await.map(|_| ())
    })
    .await
}
