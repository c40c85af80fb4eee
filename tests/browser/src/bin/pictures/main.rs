//! Takes the README's pictures: a request from the form to access, light and dark.
//!
//! `cargo xtask pictures` runs this beside a local cloud of its own.

mod shrink;

use std::path::{Path, PathBuf};

use browser::Screen;
use browser::form::{field, modal};
use browser::message::Message;
use browser::page::{Page, hook};
use end_to_end::failure::Failure;

const DESKTOP: Screen = Screen { width: 1000, height: 1280, scale: 2 };
const HOME: Screen = Screen { width: 1000, height: 640, scale: 2 };
const PHONE: Screen = Screen { width: 430, height: 932, scale: 2 };

/// A modal scrolls; in a picture all of it is seen.
const UNROLL: &str = "
    const modal = document.getElementById('modal');
    modal.style.maxHeight = 'none';
    document.activeElement.blur();";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let folder = std::env::args().nth(1).ok_or_else(|| Failure::new("usage: pictures <folder>"))?;
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder).map_err(|error| Failure::of(&format!("making {}", folder.display()), &error))?;
    for theme in ["light", "dark"] {
        let file = |name: &str| folder.join(format!("{name}-{theme}.png"));
        let request = ask(theme, &file).await?;
        on_a_phone(theme, &request, &file("phone")).await?;
        countersign(theme, &request, &file).await?;
        home(theme, &file("home")).await?;
        for name in ["form", "card", "phone", "active", "home"] {
            shrink::shrink(&file(name))?;
        }
    }
    Ok(())
}

/// Alice asks; the form, and the card that Bob sees.
async fn ask(theme: &str, file: &impl Fn(&str) -> PathBuf) -> Result<String, Failure> {
    let page = Page::open_on(DESKTOP, theme, "alice", "home").await?;
    page.click(&format!("{} {}", hook("home"), hook("action-ask"))).await?;
    page.choose("orders", "orders-db-debug").await?;
    page.choose_duration(1800).await?;
    page.tick("permissions", "dynamodb:GetItem").await?;
    page.tick("permissions", "dynamodb:UpdateItem").await?;
    page.type_into(&field("ticket"), "OPS-1204").await?;
    let why = "Order 1002 has been stuck in paying since 18:40. I want to look at it and set it free.";
    page.type_into(&field("justification"), why).await?;
    page.look(UNROLL, vec![]).await?;
    page.picture_of(&modal("ask"), &file("form")).await?;
    let request = page.send().await?;
    page.click(&hook("modal-close")).await?;
    page.be("bob").await?;
    page.go("approvals").await?;
    let card = card(&page, &request).await?;
    page.picture_of(card.css(), &file("card")).await?;
    Ok(request)
}

/// The card where approvers read it.
async fn on_a_phone(theme: &str, request: &str, file: &Path) -> Result<(), Failure> {
    let page = Page::open_on(PHONE, theme, "bob", "approvals").await?;
    card(&page, request).await?;
    page.picture(file).await
}

/// Bob countersigns; the card afterwards.
async fn countersign(theme: &str, request: &str, file: &impl Fn(&str) -> PathBuf) -> Result<(), Failure> {
    let page = Page::open_on(DESKTOP, theme, "bob", "approvals").await?;
    let card = card(&page, request).await?;
    page.click(&card.button("approve")).await?;
    page.reads(card.css(), &["Active", "Bob"]).await?;
    page.see(&card.part(&hook("open-thread"))).await?;
    page.picture_of(card.css(), &file("active")).await
}

/// What Alice has now, and what she may ask for.
async fn home(theme: &str, file: &Path) -> Result<(), Failure> {
    let page = Page::open_on(HOME, theme, "alice", "home").await?;
    // Nothing is on its way, and no pointer rests on anything.
    page.see(&format!("{}[data-in-flight=\"0\"]", hook("waiting"))).await?;
    page.look("document.body.style.pointerEvents = 'none'", vec![]).await?;
    page.picture(file).await
}

async fn card(page: &Page, request: &str) -> Result<Message, Failure> {
    page.message(&[request], Some("approve")).await
}
