//! The local Slack's page, as a person uses it: look, press, type, wait.

use std::cell::RefCell;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use end_to_end::failure::Failure;
use end_to_end::outputs::Outputs;
use end_to_end::waiting::until;
use fantoccini::elements::Element;
use fantoccini::error::{CmdError, ErrorStatus};
use fantoccini::{Client, Locator};
use serde_json::Value;

use crate::Screen;
use crate::chromium::Chromium;

/// How long something may take to be seen: functions start cold, and other tests run beside.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// The page, in a browser of its own.
#[derive(Debug)]
pub struct Page {
    client: Client,
    slack: String,
    theme: String,
    // Ends the browser when it is dropped; then others may begin.
    _chromium: Chromium,
    _turn: File,
}

/// The selector of a hook.
pub fn hook(name: &str) -> String {
    format!("[data-testid=\"{name}\"]")
}

impl Page {
    /// Opens the page as `person` at `place`: a channel's name, `app` (the direct conversation with Countersign) or
    /// `home` (its Home tab).
    ///
    /// # Errors
    /// No local cloud runs, or no browser starts.
    pub async fn open(person: &str, place: &str) -> Result<Self, Failure> {
        Self::open_on(Screen::DESKTOP, "light", person, place).await
    }

    /// The same on another screen, and in the theme `light` or `dark`.
    ///
    /// # Errors
    /// As [`Page::open`].
    pub async fn open_on(screen: Screen, theme: &str, person: &str, place: &str) -> Result<Self, Failure> {
        let slack = Outputs::find()?.slack_url;
        let turn = turn(&slack)?;
        let (chromium, client) = Chromium::start(screen).await?;
        let page = Self { client, slack, theme: theme.to_owned(), _chromium: chromium, _turn: turn };
        // The Home tab is gone to: it is drawn anew whenever it is opened, and what is pressed before may be lost.
        page.visit(person, if place == "home" { "app" } else { place }).await?;
        page.client.execute_async(CLOSE_ALL, vec![]).await.map_err(|error| failed("closing modals", &error))?;
        page.gone(&format!("{}[open]", hook("modal"))).await?;
        if place == "home" {
            page.go("home").await?;
        }
        Ok(page)
    }

    /// Goes to a person and a place by their address, as one does while a modal covers what leads there.
    ///
    /// # Errors
    /// There is no such person or place.
    pub async fn visit(&self, person: &str, place: &str) -> Result<(), Failure> {
        let url = format!("{}/?theme={}#/{person}/{place}", self.slack, self.theme);
        self.client.goto(&url).await.map_err(|error| failed("opening the page", &error))?;
        self.see(&format!("{}[data-state=\"live\"]", hook("connection"))).await?;
        self.at(person, place).await
    }

    /// Becomes another person, at the same place.
    ///
    /// # Errors
    /// There is no such person.
    pub async fn be(&self, person: &str) -> Result<(), Failure> {
        self.click(&format!("label:has({})", hook(&format!("you-{person}")))).await?;
        self.see_that(&format!("we are {person}"), &format!("{}:checked", hook(&format!("you-{person}")))).await
    }

    /// Goes to another place of the sidebar than the one that is open; at the Home tab, waits until Countersign has
    /// drawn it anew.
    ///
    /// # Errors
    /// There is no such place.
    pub async fn go(&self, place: &str) -> Result<(), Failure> {
        let before = self.client.execute_async(HOME_HASH, vec![]).await;
        let before = before.map_err(|error| failed("looking at the Home tab", &error))?;
        self.click(&hook(&format!("place-{place}"))).await?;
        self.see_that(&format!("{place} is open"), &current(place)).await?;
        if place != "home" {
            return Ok(());
        }
        until("the Home tab is drawn anew", PATIENCE, || async {
            let hash = self.look("return document.getElementById('home').dataset.hash ?? null", vec![]).await?;
            Ok((hash != Value::Null && hash != before).then_some(()))
        })
        .await
    }

    async fn at(&self, person: &str, place: &str) -> Result<(), Failure> {
        let me = format!("{}:checked", hook(&format!("you-{person}")));
        self.see_that(&format!("we are {person}"), &me).await?;
        self.see_that(&format!("{place} is open"), &current(place)).await
    }

    /// Waits until an element is there, seen or not.
    async fn see_that(&self, what: &str, css: &str) -> Result<(), Failure> {
        until(what, PATIENCE, || async { Ok((self.count(css).await? > 0).then_some(())) }).await
    }

    /// Waits until an element is seen.
    ///
    /// # Errors
    /// It is not.
    pub async fn see(&self, css: &str) -> Result<Element, Failure> {
        until(&format!("{css} is seen"), PATIENCE, || async {
            let found = self.client.find(Locator::Css(css)).await;
            match usable(css, found)? {
                Some(element) => {
                    let shown = usable(css, element.is_displayed().await)?.unwrap_or(false);
                    Ok(shown.then_some(element))
                }
                None => Ok(None),
            }
        })
        .await
    }

    /// Waits until no such element is there.
    ///
    /// # Errors
    /// One stays.
    pub async fn gone(&self, css: &str) -> Result<(), Failure> {
        until(&format!("{css} is gone"), PATIENCE, || async { Ok((self.count(css).await? == 0).then_some(())) }).await
    }

    /// How many such elements there are now.
    ///
    /// # Errors
    /// The browser does not answer.
    pub async fn count(&self, css: &str) -> Result<usize, Failure> {
        Ok(self.client.find_all(Locator::Css(css)).await.map_err(|error| failed(css, &error))?.len())
    }

    /// Clicks an element as soon as it can be clicked.
    ///
    /// # Errors
    /// It cannot.
    pub async fn click(&self, css: &str) -> Result<(), Failure> {
        self.click_at(css, Locator::Css(css)).await
    }

    /// Clicks the label that reads `text`, within a hook.
    ///
    /// # Errors
    /// It cannot be clicked.
    pub async fn click_label(&self, within: &str, text: &str) -> Result<(), Failure> {
        let path = format!("//*[@data-testid=\"{within}\"]//label[normalize-space(.)=\"{text}\"]");
        self.click_at(text, Locator::XPath(&path)).await
    }

    async fn click_at(&self, what: &str, locator: Locator<'_>) -> Result<(), Failure> {
        until(&format!("{what} is clicked"), PATIENCE, || async {
            match usable(what, self.client.find(locator).await)? {
                Some(element) => usable(what, element.click().await),
                None => Ok(None),
            }
        })
        .await
    }

    /// Types into a control, at the end of what it holds.
    ///
    /// # Errors
    /// It takes no text.
    pub async fn type_into(&self, css: &str, text: &str) -> Result<(), Failure> {
        self.see(css).await?.send_keys(text).await.map_err(|error| failed(css, &error))
    }

    /// Types wherever the focus is.
    ///
    /// # Errors
    /// Nothing there takes keys.
    pub async fn keys(&self, keys: &str) -> Result<(), Failure> {
        let focused = self.client.active_element().await.map_err(|error| failed("looking for the focus", &error))?;
        focused.send_keys(keys).await.map_err(|error| failed("typing", &error))
    }

    /// The text of an element, as it is read.
    ///
    /// # Errors
    /// It is not there.
    pub async fn text(&self, css: &str) -> Result<String, Failure> {
        until(&format!("{css} is read"), PATIENCE, || async {
            match usable(css, self.client.find(Locator::Css(css)).await)? {
                Some(element) => usable(css, element.text().await),
                None => Ok(None),
            }
        })
        .await
    }

    /// Waits until an element's text has all these words, in this order.
    ///
    /// # Errors
    /// It does not; says what it has.
    pub async fn reads(&self, css: &str, words: &[&str]) -> Result<String, Failure> {
        let last = RefCell::new(String::new());
        let waited = until(&format!("{css} reads {words:?}"), PATIENCE, || async {
            let text = match usable(css, self.client.find(Locator::Css(css)).await)? {
                Some(element) => usable(css, element.text().await)?.unwrap_or_default(),
                None => String::new(),
            };
            last.replace(text.clone());
            Ok(in_order(&text, words).then_some(text))
        })
        .await;
        waited.map_err(|failure| Failure::new(format!("{failure}; it reads:\n{}", last.take())))
    }

    /// Waits until the focus is on an element.
    ///
    /// # Errors
    /// It stays elsewhere.
    pub async fn focused(&self, css: &str) -> Result<(), Failure> {
        self.see_that(&format!("{css} has the focus"), &format!("{css}:focus")).await
    }

    /// Keeps a picture of what is seen now.
    ///
    /// # Errors
    /// None is taken, or the file can't be written.
    pub async fn picture(&self, file: &Path) -> Result<(), Failure> {
        let picture = self.client.screenshot().await.map_err(|error| failed("taking a picture", &error))?;
        write(file, &picture)
    }

    /// Keeps a picture of an element.
    ///
    /// # Errors
    /// None is taken, or the file can't be written.
    pub async fn picture_of(&self, css: &str, file: &Path) -> Result<(), Failure> {
        let picture = until(&format!("a picture of {css} is taken"), PATIENCE, || async {
            match usable(css, self.client.find(Locator::Css(css)).await)? {
                Some(element) => usable(css, element.screenshot().await),
                None => Ok(None),
            }
        })
        .await?;
        write(file, &picture)
    }

    /// What a script on the page gives. For looking only.
    ///
    /// # Errors
    /// It fails.
    pub async fn look(&self, script: &str, arguments: Vec<Value>) -> Result<Value, Failure> {
        self.client.execute(script, arguments).await.map_err(|error| failed("looking at the page", &error))
    }
}

/// Which Home tab we have been shown last, if any.
const HOME_HASH: &str = "
    const done = arguments[arguments.length - 1];
    const me = location.hash.split('/')[1];
    fetch(`/_local/views?user=${me}`).then((answer) => answer.json()).then(({ home }) => done(home?.hash ?? null));";

/// Closes what tests that failed have left open: a modal belongs to a person, whoever looks.
const CLOSE_ALL: &str = "
    const done = arguments[arguments.length - 1];
    const act = async () => {
        for (const user of ['alice', 'bob', 'carol', 'dave', 'mallory']) {
            const { modals } = await (await fetch(`/_local/views?user=${user}`)).json();
            if (modals.length === 0) continue;
            const body = JSON.stringify({ user, viewId: modals.at(-1).id, all: true });
            await fetch('/_local/close', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
        }
    };
    act().then(() => done(null));";

/// Waits until no other test has a browser at this Slack: two would see each other's modals.
fn turn(slack: &str) -> Result<File, Failure> {
    let port = slack.rsplit(':').next().unwrap_or_default();
    let path = std::env::temp_dir().join(format!("countersign-browser-{port}.lock"));
    let file = File::create(&path).map_err(|error| Failure::of(&format!("writing {}", path.display()), &error))?;
    file.lock().map_err(|error| Failure::of(&format!("locking {}", path.display()), &error))?;
    Ok(file)
}

fn current(place: &str) -> String {
    format!("{}[aria-current=\"page\"]", hook(&format!("place-{place}")))
}

/// Whether `text` has all of `words`, one after the other.
pub fn in_order(text: &str, words: &[&str]) -> bool {
    let mut rest = text;
    words.iter().all(|word| match rest.split_once(word) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// What the driver says of an element that is not there (any more), or not to be used yet.
const NOT_NOW: [ErrorStatus; 4] = [
    ErrorStatus::NoSuchElement,
    ErrorStatus::StaleElementReference,
    ErrorStatus::ElementNotInteractable,
    ErrorStatus::ElementClickIntercepted,
];

/// Nothing, if the element is not there (any more), or not to be used yet: the page draws itself anew all the time.
fn usable<T>(css: &str, given: Result<T, CmdError>) -> Result<Option<T>, Failure> {
    match given {
        Ok(value) => Ok(Some(value)),
        Err(CmdError::Standard(said)) if NOT_NOW.contains(&said.error) => Ok(None),
        Err(error) => Err(failed(css, &error)),
    }
}

fn write(file: &Path, picture: &[u8]) -> Result<(), Failure> {
    std::fs::write(file, picture).map_err(|error| Failure::of(&format!("writing {}", file.display()), &error))
}

fn failed(doing: &str, error: &CmdError) -> Failure {
    Failure::of(doing, error)
}
