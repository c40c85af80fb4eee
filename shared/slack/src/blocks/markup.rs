//! Texts in which Slack reads markup.

use model::amount::display_duration;
use model::names::{PersonId, RequestId, SlackChannel, SlackUser};
use model::text::inert;
use model::time::Time;
use serde_json::{Value, json};

use super::words::filled;
use crate::limits::SECTION_TEXT;

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

    /// How long: `1h30m`.
    #[must_use]
    pub(crate) fn duration(mut self, seconds: u64) -> Self {
        self.0.push_str(&display_duration(seconds));
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

    /// Several persons, at most `most` of them by name: `a, b and c`.
    #[must_use]
    pub(crate) fn persons<'p>(
        self,
        persons: impl Iterator<Item = &'p PersonId>,
        most: usize,
        names: Names<'_>,
    ) -> Self {
        let persons: Vec<&PersonId> = persons.collect();
        let more = persons.len().saturating_sub(most);
        let last = persons.len().saturating_sub(1);
        let mut listed = self;
        for (index, person) in persons.into_iter().take(most).enumerate() {
            let between = match index {
                0 => "",
                _ if index == last => " and ",
                _ => ", ",
            };
            listed = listed.and(between).person(person, names);
        }
        if more > 0 { listed.and(" and ").number(more).and(" more") } else { listed }
    }

    /// Several checked names, each as code, at most `most` of them.
    #[must_use]
    pub(crate) fn codes<'n>(self, listed: impl IntoIterator<Item = &'n str>, most: usize) -> Self {
        let all: Vec<&str> = listed.into_iter().collect();
        let more = all.len().saturating_sub(most);
        let mut text = self;
        for (index, name) in all.into_iter().take(most).enumerate() {
            text = text.and(if index == 0 { "" } else { ", " }).code(name);
        }
        if more > 0 { text.and(" and ").number(more).and(" more") } else { text }
    }

    /// A channel.
    #[must_use]
    pub(crate) fn channel(mut self, channel: &SlackChannel) -> Self {
        // The id holds capitals and digits only.
        self.0.extend(["<#", channel.as_str(), ">"]);
        self
    }

    /// A point in time to the minute, in the reader's own zone; in UTC where that can't be shown.
    #[must_use]
    pub(crate) fn time(self, time: Time) -> Self {
        self.date(time, "{date_short_pretty} {time}")
    }

    /// A point in time to the second, in the reader's own zone; in UTC where that can't be shown.
    #[must_use]
    pub(crate) fn second(self, time: Time) -> Self {
        self.date(time, "{date_short_pretty} {time_secs}")
    }

    fn date(mut self, time: Time, form: &'static str) -> Self {
        let (second, utc) = (time.as_second().to_string(), time.to_string());
        self.0.extend(["<!date^", &second, "^", form, "|", &utc, ">"]);
        self
    }

    /// Whether nothing was said.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// At most `longest` characters, without tearing a mention, a time, an escaped character or code apart.
    pub(super) fn within(self, longest: usize) -> String {
        if self.0.chars().count() <= longest {
            return self.0;
        }
        let mut cut: String = self.0.chars().take(longest.saturating_sub(1)).collect();
        // Each `<` begins a tag of ours, each `&` an escaped character: all others are escaped.
        for (begin, end) in [('<', '>'), ('&', ';')] {
            if let Some(begun) = cut.rfind(begin)
                && cut.get(begun..).is_some_and(|tail| !tail.contains(end))
            {
                cut.truncate(begun);
            }
        }
        if cut.matches('`').count().rem_euclid(2) == 1
            && let Some(begun) = cut.rfind('`')
        {
            cut.truncate(begun);
        }
        cut.push('…');
        cut
    }

    /// As a text object. Verbatim: Slack makes no links and mentions of its own.
    pub(super) fn object(self) -> Value {
        json!({"type": "mrkdwn", "text": filled(self.within(SECTION_TEXT)), "verbatim": true})
    }
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
    use proptest::prelude::*;

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
        let listed = |several: &[&PersonId]| Markup::default().persons(several.iter().copied(), 2, &names).0;
        assert_eq!(listed(&[&alice, &bob, &bob, &bob]), "<@U0ALICE01>, `bob` and 2 more");
        assert_eq!(listed(&[&alice, &bob]), "<@U0ALICE01> and `bob`");
    }

    proptest! {
        #[test]
        fn a_cut_tears_nothing_apart(text in "[a<>&`]{0,30}", longest in 1usize..160) {
            let names = |_: &PersonId| Some("T0COUNTER1/U0ALICE01".parse().unwrap());
            let whole = Markup::ours("It is ")
                .person(&"alice".parse().unwrap(), &names)
                .operators(&text.replace('`', ""), 100)
                .code(&text)
                .time(Time::EPOCH)
                .code(&text);
            let cut = whole.within(longest);
            prop_assert!(cut.chars().count() <= longest);
            prop_assert_eq!(cut.matches('<').count(), cut.matches('>').count());
            prop_assert_eq!(cut.matches('&').count(), cut.matches(';').count());
            prop_assert_eq!(cut.matches('`').count() % 2, 0);
        }
    }
}
