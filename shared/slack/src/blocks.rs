//! Block Kit, built so that a person's words cannot become markup.
//!
//! INVARIANT (inert words): Slack reads markup in two places, `mrkdwn` texts and a message's fallback text. Both are
//! [`Markup`], and a [`Markup`] is made of our own sentences, escaped texts of the operators, checked names and numbers.
//! What people wrote, and what quotes it, is [`Words`], and becomes `plain_text`.

use model::names::{PersonId, RequestId, SlackUser};
use model::text::inert;
use model::time::Time;
use serde::Serialize;
use serde_json::{Value, json};

use crate::limits::{ACTIONS_ELEMENTS, BUTTON_TEXT, FALLBACK_TEXT, HEADER_TEXT, MESSAGE_BLOCKS, SECTION_TEXT};
use crate::payload::Action;

/// A message, as Slack takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    text: String,
    blocks: Vec<Value>,
}

impl Message {
    /// What notifications show, and clients that know no blocks. Says what the blocks say, without a person's words.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The blocks.
    pub fn blocks(&self) -> &[Value] {
        &self.blocks
    }

    /// The body that answers a slash command: only who gave it sees it.
    pub fn as_answer(&self) -> Value {
        json!({"response_type": "ephemeral", "text": self.text, "blocks": self.blocks})
    }

    pub(crate) fn new(text: Markup, blocks: impl IntoIterator<Item = Block>) -> Self {
        let blocks = blocks.into_iter().map(|block| block.0).take(MESSAGE_BLOCKS).collect();
        Self { text: cut(text.0, FALLBACK_TEXT), blocks }
    }
}

/// How a person is shown: their Slack user if one is known.
pub type Names<'a> = &'a dyn Fn(&PersonId) -> Option<SlackUser>;

/// Text in which Slack reads markup.
#[derive(Debug, Clone, Default)]
pub(crate) struct Markup(String);

impl Markup {
    /// Our own sentence, markup and all.
    pub(crate) fn ours(sentence: &'static str) -> Self {
        Self(sentence.to_owned())
    }

    /// More of our own.
    #[must_use]
    pub(crate) fn and(mut self, sentence: &'static str) -> Self {
        self.0.push_str(sentence);
        self
    }

    /// Other markup.
    #[must_use]
    pub(crate) fn then(mut self, other: &Self) -> Self {
        self.0.push_str(&other.0);
        self
    }

    /// A text of the operators, such as an environment's name: on one line, escaped, and then at most `longest`
    /// characters.
    #[must_use]
    pub(crate) fn operators(mut self, text: &str, longest: usize) -> Self {
        let mut left = longest;
        for c in inert(text, longest).chars() {
            let escaped = escape(c.encode_utf8(&mut [0; 4]));
            let Some(rest) = left.checked_sub(escaped.chars().count()) else { break };
            self.0.push_str(&escaped);
            left = rest;
        }
        self
    }

    /// A checked name, as code.
    #[must_use]
    pub(crate) fn code(mut self, name: &str) -> Self {
        self.0.push('`');
        self.0.push_str(&escape(&inert(name, 256)).replace('`', "'"));
        self.0.push('`');
        self
    }

    /// A number.
    #[must_use]
    pub(crate) fn number(mut self, number: usize) -> Self {
        self.0.push_str(&number.to_string());
        self
    }

    /// A person: mentioned if we know their Slack user.
    #[must_use]
    pub(crate) fn person(self, person: &PersonId, names: Names<'_>) -> Self {
        match names(person) {
            Some(user) => {
                let mut mentioned = self;
                // The id holds capitals and digits only.
                let user = user.as_str().rsplit('/').next().unwrap_or_default().to_owned();
                mentioned.0.extend(["<@", &user, ">"]);
                mentioned
            }
            None => self.code(person.as_str()),
        }
    }

    /// Several persons, at most `most` of them by name.
    #[must_use]
    pub(crate) fn persons<'p>(
        self,
        persons: impl Iterator<Item = &'p PersonId>,
        most: usize,
        names: Names<'_>,
    ) -> Self {
        let persons: Vec<&PersonId> = persons.collect();
        let more = persons.len().saturating_sub(most);
        let mut listed = self;
        for (index, person) in persons.into_iter().take(most).enumerate() {
            listed = if index == 0 { listed } else { listed.and(", ") }.person(person, names);
        }
        if more > 0 { listed.and(" and ").number(more).and(" more") } else { listed }
    }

    /// A point in time, in the reader's own zone; in UTC where that can't be shown.
    #[must_use]
    pub(crate) fn time(mut self, time: Time) -> Self {
        let (second, utc) = (time.as_second().to_string(), time.to_string());
        self.0.extend(["<!date^", &second, "^{date_short_pretty} {time_secs}|", &utc, ">"]);
        self
    }
}

/// Text that Slack shows as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words(String);

impl Words {
    /// Somebody's words, on one line, at most `longest` characters.
    pub(crate) fn of(text: &str, longest: usize) -> Self {
        Self(inert(text, longest))
    }

    /// Lines, each made inert, altogether at most `longest` characters.
    pub(crate) fn lines<T: AsRef<str>>(lines: impl IntoIterator<Item = T>, longest: usize) -> Self {
        let lines: Vec<String> = lines.into_iter().map(|line| inert(line.as_ref(), longest)).collect();
        Self(cut(lines.join("\n"), longest))
    }

    /// Several, one below the other.
    pub(crate) fn stacked(several: impl IntoIterator<Item = Self>) -> Self {
        Self(several.into_iter().map(|words| words.0).collect::<Vec<_>>().join("\n"))
    }

    /// With our own label before it.
    #[must_use]
    pub(crate) fn labelled(self, label: &'static str) -> Self {
        Self(format!("{label}{}", self.0))
    }
}

/// One block.
#[derive(Debug, Clone)]
pub(crate) struct Block(Value);

impl Block {
    /// A heading.
    pub(crate) fn header(heading: &'static str) -> Self {
        Self(json!({"type": "header", "text": plain(heading.to_owned(), HEADER_TEXT)}))
    }

    /// What we say.
    pub(crate) fn markup(text: Markup) -> Self {
        Self(json!({"type": "section", "text": mrkdwn(text)}))
    }

    /// What a person said, or what quotes it.
    pub(crate) fn words(words: Words) -> Self {
        Self(json!({"type": "section", "text": plain(words.0, SECTION_TEXT)}))
    }

    /// What we say, in small print.
    pub(crate) fn context(text: Markup) -> Self {
        Self(json!({"type": "context", "elements": [mrkdwn(text)]}))
    }

    /// Buttons, each with its label and what it says when it is pressed.
    pub(crate) fn buttons(value: &str, buttons: &[(Action, &'static str)]) -> Self {
        let elements: Vec<Value> =
            buttons.iter().take(ACTIONS_ELEMENTS).map(|(action, label)| button(*action, label, value)).collect();
        Self(json!({"type": "actions", "elements": elements}))
    }
}

fn button(action: Action, label: &'static str, value: &str) -> Value {
    let text = plain(label.to_owned(), BUTTON_TEXT);
    let mut button = json!({"type": "button", "action_id": action.as_str(), "text": text, "value": value});
    let style = match action {
        Action::Approve => Some("primary"),
        Action::Deny | Action::Revoke => Some("danger"),
        Action::Cancel => None,
    };
    if let (Some(style), Some(button)) = (style, button.as_object_mut()) {
        button.insert("style".to_owned(), json!(style));
    }
    button
}

fn plain(text: String, longest: usize) -> Value {
    json!({"type": "plain_text", "text": filled(cut(text, longest)), "emoji": false})
}

/// Verbatim: Slack makes no links and mentions of its own.
fn mrkdwn(text: Markup) -> Value {
    json!({"type": "mrkdwn", "text": filled(cut(text.0, SECTION_TEXT)), "verbatim": true})
}

/// Slack refuses a whole message for one empty text.
fn filled(text: String) -> String {
    if text.is_empty() { "–".to_owned() } else { text }
}

fn cut(text: String, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text;
    }
    let mut cut: String = text.chars().take(longest.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// The three characters that begin markup.
/// Source: <https://docs.slack.dev/messaging/formatting-message-text>.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A request's id, as code.
pub(crate) fn id(request: &RequestId) -> Markup {
    Markup::default().code(request.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_texts_are_escaped() {
        let text = Markup::ours("*Where:* ").operators("prod <!channel> & <https://x|y>", 100);
        assert_eq!(text.0, "*Where:* prod &lt;!channel&gt; &amp; &lt;https://x|y&gt;");
        assert_eq!(Markup::default().code("a`b\n<c>").0, "`a'b &lt;c&gt;`");
    }

    #[test]
    fn persons_are_mentioned_by_checked_ids_only() {
        let (alice, bob): (PersonId, PersonId) = ("alice".parse().unwrap(), "bob".parse().unwrap());
        let names = |person: &PersonId| (person.as_str() == "alice").then(|| "T0COUNTER1/U0ALICE01".parse().unwrap());
        let listed = Markup::default().persons([&alice, &bob, &bob, &bob].into_iter(), 2, &names);
        assert_eq!(listed.0, "<@U0ALICE01>, `bob` and 2 more");
    }
}
