//! Messages of the open conversation, found by what they hold: other requests are told of in the same places.

use end_to_end::failure::Failure;
use end_to_end::waiting::until;
use serde_json::json;

use crate::page::{PATIENCE, Page, hook};

/// A message, by its place in the page.
#[derive(Debug, Clone)]
pub struct Message {
    css: String,
    /// Its identifier in its conversation.
    pub ts: String,
}

impl Message {
    /// The selector of a part of it.
    pub fn part(&self, css: &str) -> String {
        format!("{} {css}", self.css)
    }

    /// The selector of one of its buttons.
    pub fn button(&self, action: &str) -> String {
        self.part(&hook(&format!("action-{action}")))
    }

    /// Its own selector.
    pub fn css(&self) -> &str {
        &self.css
    }
}

/// Those whose text has all the words, or whose buttons do in their values, and that have the button, if one is named.
const FIND: &str = "
    const [words, action, ephemeral, known] = arguments;
    const holds = (message, word) => message.textContent.includes(word)
        || [...message.querySelectorAll('[data-value]')].some((button) => button.dataset.value.includes(word));
    const all = [...document.querySelectorAll('[data-testid=timeline] > [data-testid=message]')];
    return all.filter((message) => words.every((word) => holds(message, word))
        && (!action || message.querySelector(`[data-testid=\"action-${action}\"]`))
        && (message.dataset.ephemeral === 'true') === ephemeral
        && !known.includes(message.dataset.ts)).map((message) => message.dataset.ts);";

impl Page {
    /// Waits for a message in the open conversation that has these words, and this button, if one is named.
    ///
    /// # Errors
    /// There is none.
    pub async fn message(&self, words: &[&str], action: Option<&str>) -> Result<Message, Failure> {
        self.wait_for(words, action, false, &[]).await
    }

    /// Waits for a message that only we see, with these words, and which is none of the `known` ones.
    ///
    /// # Errors
    /// There is none.
    pub async fn private(&self, words: &[&str], known: &[String]) -> Result<Message, Failure> {
        self.wait_for(words, None, true, known).await
    }

    /// The messages that only we see, so far.
    ///
    /// # Errors
    /// The page cannot be looked at.
    pub async fn privately(&self) -> Result<Vec<String>, Failure> {
        self.found(&[], None, true, &[]).await
    }

    async fn wait_for(
        &self,
        words: &[&str],
        action: Option<&str>,
        ephemeral: bool,
        known: &[String],
    ) -> Result<Message, Failure> {
        let with = action.map(|action| format!(" and the button {action}")).unwrap_or_default();
        let ts = until(&format!("a message with {words:?}{with} is seen"), PATIENCE, || async {
            Ok(self.found(words, action, ephemeral, known).await?.pop())
        })
        .await?;
        Ok(Message { css: format!("{} > {}[data-ts=\"{ts}\"]", hook("timeline"), hook("message")), ts })
    }

    async fn found(
        &self,
        words: &[&str],
        action: Option<&str>,
        ephemeral: bool,
        known: &[String],
    ) -> Result<Vec<String>, Failure> {
        let found = self.look(FIND, vec![json!(words), json!(action), json!(ephemeral), json!(known)]).await?;
        serde_json::from_value(found).map_err(|error| Failure::of("reading what was found", &error))
    }
}
