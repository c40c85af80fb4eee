//! The other ways to the form.

use browser::form::modal;
use browser::page::hook;
use end_to_end::failure::Failure;

use crate::play;

#[tokio::test]
async fn the_global_shortcut_opens_the_form() -> Result<(), Failure> {
    play("alice", "general", async |page| {
        page.click(&hook("shortcuts")).await?;
        page.click(&hook("shortcut-ask_for_access")).await?;
        page.choose("logs", "logs-read").await?;
        page.reads(&modal("ask"), &["orders application", "low"]).await.map(|_| ())
    })
    .await
}

#[tokio::test]
async fn the_command_alone_opens_the_form() -> Result<(), Failure> {
    play("alice", "general", async |page| {
        page.type_into(&hook("composer"), "/access\n").await?;
        page.choose("prod", "prod-admin").await?;
        page.click(&hook("modal-close")).await?;
        page.gone(&format!("{}[open]", hook("modal"))).await
    })
    .await
}
