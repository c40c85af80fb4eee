//! How else an action can be written so that IAM still takes it for the same, and how it can be written to look the same.

/// A way to write an action.
pub(crate) struct Spelling {
    /// What was done to it.
    pub(crate) how: &'static str,
    /// Writes it so.
    pub(crate) write: fn(&str) -> String,
}

const fn spelling(how: &'static str, write: fn(&str) -> String) -> Spelling {
    Spelling { how, write }
}

fn parts(action: &str) -> (&str, &str) {
    action.split_once(':').unwrap()
}

fn head(name: &str, length: usize) -> String {
    name.chars().take(length).collect()
}

fn tail(name: &str, length: usize) -> String {
    name.chars().skip(name.chars().count().saturating_sub(length)).collect()
}

/// Where the second word of a name such as `PassRole` begins.
fn second_word(name: &str) -> usize {
    name.char_indices().skip(1).find(|(_, c)| c.is_ascii_uppercase()).map_or(name.len(), |(at, _)| at)
}

fn swapped(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }).collect()
}

fn every_other(name: &str, mark: char) -> String {
    name.chars().enumerate().map(|(at, c)| if at % 2 == 0 { c } else { mark }).collect()
}

fn with_name(action: &str, name: impl FnOnce(&str) -> String) -> String {
    let (service, old) = parts(action);
    format!("{service}:{}", name(old))
}

/// Spellings that IAM takes for the action. In the last, for every other too.
pub(crate) const SAME: [Spelling; 18] = [
    spelling("as it is", str::to_owned),
    spelling("lower case", str::to_ascii_lowercase),
    spelling("upper case", str::to_ascii_uppercase),
    spelling("swapped case", swapped),
    spelling("upper service", |action| {
        let (service, name) = parts(action);
        format!("{}:{}", service.to_ascii_uppercase(), name.to_ascii_lowercase())
    }),
    spelling("star at the end", |action| format!("{action}*")),
    spelling("star for the last", |action| with_name(action, |name| format!("{}*", head(name, name.len() - 1)))),
    spelling("star after the verb", |action| with_name(action, |name| format!("{}*", head(name, second_word(name))))),
    spelling("star for the verb", |action| with_name(action, |name| format!("*{}", tail(name, 4)))),
    spelling("star in the middle", |action| with_name(action, |name| format!("{}*{}", head(name, 1), tail(name, 1)))),
    spelling("a letter left", |action| with_name(action, |name| format!("{}*", head(name, 1)))),
    spelling("question mark at the end", |action| with_name(action, |name| format!("{}?", head(name, name.len() - 1)))),
    spelling("every other a question mark", |action| with_name(action, |name| every_other(name, '?'))),
    spelling("all question marks", |action| with_name(action, |name| "?".repeat(name.len()))),
    spelling("stars between letters", |action| {
        with_name(action, |name| name.chars().flat_map(|c| [c, '*']).collect::<String>())
    }),
    spelling("the whole service", |action| with_name(action, |_| "*".to_owned())),
    spelling("the whole service, not quite", |action| with_name(action, |_| "?*".to_owned())),
    spelling("everything", |_| "*".to_owned()),
];

fn first_of(action: &str, from: &[char], to: char) -> String {
    match action.split_once(from) {
        Some((before, after)) => format!("{before}{to}{after}"),
        None => format!("{action}{to}"),
    }
}

/// Spellings that look like the action, or mean it elsewhere, and that IAM's form of an action does not know.
pub(crate) const LOOKALIKES: [Spelling; 18] = [
    spelling("a Cyrillic letter", |action| first_of(action, &['a', 'A'], '\u{430}')),
    spelling("another Cyrillic letter", |action| first_of(action, &['e', 'E'], '\u{435}')),
    spelling("a Greek letter", |action| first_of(action, &['o', 'O'], '\u{3bf}')),
    spelling("a full-width letter", |action| first_of(action, &['s', 'S'], '\u{ff53}')),
    spelling("a dotless i", |action| first_of(action, &['i', 'I'], '\u{131}')),
    spelling("a long s", |action| first_of(action, &['s', 'S'], '\u{17f}')),
    spelling("the Kelvin sign", |action| first_of(action, &['k', 'K'], '\u{212a}')),
    spelling("a full-width colon", |action| first_of(action, &[':'], '\u{ff1a}')),
    spelling("a full-width star", |action| format!("{action}\u{ff0a}")),
    spelling("nothing, of no width", |action| format!("{action}\u{200b}")),
    spelling("a soft hyphen", |action| action.replacen(':', ":\u{ad}", 1)),
    spelling("right to left", |action| format!("\u{202e}{action}")),
    spelling("a combining accent", |action| format!("{action}\u{301}")),
    spelling("a space before", |action| format!(" {action}")),
    spelling("a space after", |action| format!("{action} ")),
    spelling("a pattern for the service", |action| format!("*:{}", parts(action).1)),
    spelling("a letter of the service", |action| {
        let (service, name) = parts(action);
        format!("{}?:{name}", head(service, service.len() - 1))
    }),
    spelling("everything of every service", |_| "*:*".to_owned()),
];
