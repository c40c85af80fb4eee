//! Names, patterns, amounts and times: the small texts that everything else is made of.

use super::text;
use evidence::moment::Moment;
use model::actions::{level, pattern_covers, pattern_matches, resource_covers};
use model::amount::{display_duration, parse_duration};
use model::digest::Digest;
use model::names::{
    AccountId, EntitlementName, GroupName, IdempotencyKey, PersonId, PrincipalArn, RequestId, SlackChannel, SlackUser,
    SweepId, TicketId,
};
use model::scope::{check_action, check_resource};
use model::stream::{Place, Stream};
use model::text::{FreeText, inert};
use model::time::Time;
use model::words::Salt;
use record::entry::EntryHash;
use serde_json::Value;
use std::fmt::Display;
use std::str::FromStr;
use trail::digest::Object;
use trail::ledger::{Cursor, PartKey};

/// What is taken is one spelling of itself, and JSON takes it by the same door.
fn spelled_once<T>(text: &str) -> Option<T>
where
    T: FromStr + Display + PartialEq,
{
    let read: T = text.parse().ok()?;
    assert_eq!(read.to_string(), text, "two spellings of one name");
    Some(read)
}

/// ARNs of principals and resources, and keys of objects.
pub(crate) fn arn(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Some(arn) = spelled_once::<PrincipalArn>(text) {
        let kind = if arn.is_role() { "role" } else { "user" };
        let head = format!("arn:{}:iam::{}:{kind}/", arn.partition(), arn.account());
        let path = text.strip_prefix(&head).expect("an ARN is made of its parts");
        assert!(path.ends_with(arn.name()) && !arn.name().is_empty());
        assert!(arn.account().parse::<AccountId>().is_ok() && text.len() <= 512);
        // What a trust policy would take for more than one.
        assert!(!text.contains(['*', '?', '$', '"', '\\']) && text.is_ascii());
    }
    if check_resource(text).is_ok() {
        assert!(!text.chars().any(char::is_control), "control characters in a resource");
        assert!(resource_covers(text, text) && resource_covers("*", text));
    }
    if let Some((bucket, key)) = text.split_once('/') {
        let object = Object { bucket: bucket.to_owned(), key: key.to_owned() };
        let digest = trail::digest::place::Place::of(&object);
        let place = trail::place::Place::of(bucket, key);
        if let (Some(digest), Some(place)) = (digest, place) {
            assert_eq!((digest.account, digest.region), (place.account, place.region), "two readers of a key differ");
        }
    }
}

/// Three lines: a pattern, another, and an action. Our matching is that of a matcher written anew here; what covers a
/// pattern matches all that the pattern matches.
pub(crate) fn action_pattern(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let mut lines = text.splitn(3, '\n');
    let (outer, inner, action) =
        (lines.next().unwrap_or_default(), lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let short = |text: &str| text.len() <= 200;
    if ![outer, inner, action].into_iter().all(short) {
        return;
    }
    for pattern in [outer, inner] {
        if check_action(pattern).is_err() {
            continue;
        }
        assert!(pattern.is_ascii(), "letters that only look like others");
        // A `*` by itself is every action; an action has a service.
        if check_action(action).is_ok() && !action.contains(['*', '?']) {
            assert_eq!(pattern_matches(pattern, action), fits(pattern, action), "{pattern} {action}");
        }
    }
    let sound = check_action(outer).is_ok() && check_action(inner).is_ok();
    if sound && pattern_covers(outer, inner) {
        for (service, name, _) in model::actions::matching(inner).take(20) {
            let one = format!("{service}:{name}");
            assert!(pattern_matches(outer, &one), "{outer} covers {inner}, and not {one}");
        }
    }
    let _ = level(action);
}

/// IAM's wildcards without case, by a table of what was matched so far.
fn fits(pattern: &str, action: &str) -> bool {
    let lower = |text: &str| text.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<u8>>();
    let (pattern, action) = (lower(pattern), lower(action));
    let mut reached: Vec<bool> = (0..=action.len()).map(|at| at == 0).collect();
    for symbol in pattern {
        let mut next = vec![false; reached.len()];
        let mut any = false;
        for (at, here) in reached.iter().enumerate() {
            any |= *here;
            let before = at.checked_sub(1);
            next[at] = match symbol {
                b'*' => any,
                b'?' => before.is_some_and(|before| reached[before]),
                letter => before.is_some_and(|before| reached[before] && action[before] == letter),
            };
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

/// Durations as people type them, held against a reading of the whole text at once.
pub(crate) fn duration_text(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let read = parse_duration(text);
    assert_eq!(read.as_ref().ok().copied(), counted(text), "{text:?}");
    match read {
        Ok(seconds) => {
            assert_eq!(parse_duration(&display_duration(seconds)).ok(), Some(seconds), "{text:?}");
        }
        Err(error) => assert!(!error.to_string().chars().any(char::is_control)),
    }
}

fn counted(text: &str) -> Option<u64> {
    let mut rest = text.trim().to_ascii_lowercase();
    let mut total = 0_u64;
    for (unit, seconds) in [('d', 86_400_u64), ('h', 3_600), ('m', 60), ('s', 1)] {
        if let Some((digits, after)) = rest.split_once(unit) {
            if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            total = total.saturating_add(digits.parse::<u64>().ok()?.saturating_mul(seconds));
            rest = after.to_owned();
        }
    }
    (rest.is_empty() && (1..=366 * 86_400).contains(&total)).then_some(total)
}

/// Times: what evidence takes, the model takes for the same; what is written is read as it was.
pub(crate) fn times(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let (time, moment) = (text.parse::<Time>(), text.parse::<Moment>());
    if let Ok(time) = time {
        let written = time.to_string();
        assert_eq!(written.parse::<Time>().ok(), Some(time));
        let again = written.parse::<Moment>().ok().map(Moment::as_second);
        assert_eq!(again, Some(time.as_second()), "{written}");
        assert!((1..=7).contains(&time.weekday()) && time.hour() < 24);
        assert_eq!(time.for_schedule().len(), 19);
    }
    if let (Ok(moment), true) = (moment, text.len() == 20) {
        assert_eq!(moment.to_string(), text);
        if let Ok(time) = Time::from_second(moment.as_second()) {
            assert_eq!(text.parse::<Time>().ok(), Some(time));
        }
    }
    for other in ["Z", "T00:00:00Z", "+00:00"] {
        let _ = format!("{text}{other}").parse::<Time>();
    }
}

/// Ids and names, by their one door each; and free text, which is inert wherever it is shown.
pub(crate) fn identifiers(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let plain = |known: &str| known.bytes().all(|byte| byte.is_ascii_graphic()) && known.len() <= 128;
    let taken: [Option<String>; 11] = [
        spelled_once::<PersonId>(text).map(String::from),
        spelled_once::<EntitlementName>(text).map(String::from),
        spelled_once::<GroupName>(text).map(String::from),
        spelled_once::<RequestId>(text).map(String::from),
        spelled_once::<SweepId>(text).map(String::from),
        spelled_once::<AccountId>(text).map(String::from),
        spelled_once::<TicketId>(text).map(String::from),
        spelled_once::<SlackChannel>(text).map(String::from),
        spelled_once::<SlackUser>(text).map(String::from),
        spelled_once::<IdempotencyKey>(text).map(String::from),
        spelled_once::<Stream>(text).map(String::from),
    ];
    for name in taken.into_iter().flatten() {
        assert!(plain(&name) && !name.contains(['"', '\'', '<', '>', '&', '*', '`', '\\']), "{name}");
        // Keys of items are made of names and `#`: none may begin another's key.
        assert!(!name.contains('#') || name.parse::<TicketId>().is_ok());
    }
    for longest in [0, 1, 7, 4_000] {
        let shown = inert(text, longest);
        assert!(shown.chars().count() <= longest);
        assert!(!shown.chars().any(hides), "{shown:?}");
        assert_eq!(inert(&shown, longest), shown, "what is inert stays as it is");
    }
    if let Ok(said) = FreeText::new(text) {
        let tag = said.for_session_tag();
        assert!(
            tag.chars().count() <= 256 && tag.chars().all(|c| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c))
        );
        let stored = serde_json::to_value(&said).expect("a text");
        assert_eq!(serde_json::from_value::<FreeText>(stored).ok(), Some(said));
    }
}

/// What ends a line, turns its neighbours around, or is not seen at all.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What lists give to go on from, and what places are called by.
pub(crate) fn cursors(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(cursor) = text.parse::<Cursor>() {
        assert_eq!(cursor.to_string().parse::<Cursor>().ok(), Some(cursor));
    }
    spelled_once::<PartKey>(text);
    spelled_once::<Place>(text);
    let lower = text.to_ascii_lowercase();
    for digest in [text, lower.as_str()] {
        if let Ok(read) = digest.parse::<Digest>() {
            assert_eq!(read.to_string(), digest.to_ascii_lowercase());
        }
        if let Ok(read) = digest.parse::<EntryHash>() {
            assert_eq!(read.to_string(), digest.to_ascii_lowercase());
        }
    }
    if let Ok(salt) = Salt::try_from(text.to_owned()) {
        assert_eq!(String::from(salt), text);
    }
    // By the door of stored data.
    let value = Value::from(text);
    assert_eq!(serde_json::from_value::<Place>(value.clone()).is_ok(), text.parse::<Place>().is_ok());
    assert_eq!(serde_json::from_value::<Digest>(value.clone()).is_ok(), text.parse::<Digest>().is_ok());
    assert_eq!(serde_json::from_value::<Time>(value).is_ok(), text.parse::<Time>().is_ok());
}
