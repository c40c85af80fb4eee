//! Countersign as people see it: through a Slack client, in a browser, against a local cloud.
//!
//! `cargo xtask test` runs this beside a local cloud of its own, and finds or installs Chromium; with
//! `cargo xtask local up` it can be run by itself. Each test has a browser of its own, makes its own requests, and finds
//! messages by their request ids. One has the browser at a time, since what a person has open is theirs and not the
//! page's; other tests may run beside. Words are checked for facts only: who, what, how long, and what comes of it.

mod countersigning;
mod doors;
mod keyboard;
mod refusals;
mod story;

use std::path::Path;

use browser::page::Page;
use end_to_end::failure::Failure;

/// Plays a test on the page, opened as `person` at `place`. If it fails, a picture of what was to be seen then is kept.
async fn play(person: &str, place: &str, test: impl AsyncFnOnce(&Page) -> Result<(), Failure>) -> Result<(), Failure> {
    let page = Page::open(person, place).await?;
    let played = test(&page).await;
    let Err(failure) = played else { return Ok(()) };
    let name = std::thread::current().name().unwrap_or("test").replace("::", "-");
    let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
    match page.picture(&picture).await {
        Ok(()) => Err(Failure::new(format!("{failure}\nwhat was to be seen then: {}", picture.display()))),
        Err(_) => Err(failure),
    }
}
