//! People's words beside the record: its bytes hold hashes, so that what was said can be erased and the record still be
//! shown to be whole.
//!
//! Words in a JSON value are an object with exactly the keys `salt` and `text`; their hash is one with exactly `hash`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// What the hash of words begins with.
const PURPOSE: &[u8] = b"countersign.words.v1\n";

/// Length of a salt, in bytes.
const SALT: usize = 16;

/// Words with the salt of their hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// 16 bytes, as hexadecimal digits in lower case.
    pub salt: String,
    /// What was said.
    pub text: String,
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Said(…)")
    }
}

/// Words beside what holds their hashes: by hash, as 64 hexadecimal digits.
pub type Beside = BTreeMap<String, Said>;

/// The hash of words: SHA-256 of `countersign.words.v1`, a line feed, the salt's bytes and the text, as hexadecimal
/// digits. `None`: the salt is not one.
pub fn hash(said: &Said) -> Option<String> {
    let mut salt = [0; SALT];
    if said.salt.chars().any(|c| c.is_ascii_uppercase()) || hex::decode_to_slice(&said.salt, &mut salt).is_err() {
        return None;
    }
    let digest = Sha256::new().chain_update(PURPOSE).chain_update(salt).chain_update(&said.text).finalize();
    Some(hex::encode(digest))
}

/// The value with the hashes of all words in it in their place, and the words.
pub fn split(value: Value) -> (Value, Beside) {
    let mut beside = Beside::new();
    let hashed = hashed(value, &mut beside);
    (hashed, beside)
}

/// The value with the words in it again, as far as they are `beside` it. Words that do not have the hash that they lie
/// under were not said, and are left out.
pub fn fill(value: Value, beside: &Beside) -> Value {
    match value {
        Value::Object(members) => {
            let said = hash_in(&members).and_then(|hash| beside.get(hash).filter(|said| is(said, hash)));
            match said {
                Some(Said { salt, text }) => Value::Object(Map::from_iter([
                    ("salt".to_owned(), Value::from(salt.as_str())),
                    ("text".to_owned(), Value::from(text.as_str())),
                ])),
                None => Value::Object(members.into_iter().map(|(key, value)| (key, fill(value, beside))).collect()),
            }
        }
        Value::Array(items) => items.into_iter().map(|item| fill(item, beside)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// Whether these words have this hash.
pub fn is(said: &Said, hash: &str) -> bool {
    self::hash(said).as_deref() == Some(hash)
}

fn hashed(value: Value, beside: &mut Beside) -> Value {
    match value {
        Value::Object(members) => match words_in(&members).and_then(|said| Some((hash(&said)?, said))) {
            Some((hash, said)) => {
                beside.insert(hash.clone(), said);
                Value::Object(Map::from_iter([("hash".to_owned(), Value::from(hash))]))
            }
            None => Value::Object(members.into_iter().map(|(key, value)| (key, hashed(value, beside))).collect()),
        },
        Value::Array(items) => items.into_iter().map(|item| hashed(item, beside)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn words_in(members: &Map<String, Value>) -> Option<Said> {
    let text = |key: &str| members.get(key).and_then(Value::as_str).map(str::to_owned);
    (members.len() == 2).then(|| Some(Said { salt: text("salt")?, text: text("text")? }))?
}

fn hash_in(members: &Map<String, Value>) -> Option<&str> {
    members.get("hash").filter(|_| members.len() == 1).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn said(text: &str) -> Said {
        Said { salt: "01".repeat(16), text: text.to_owned() }
    }

    #[test]
    fn the_hash_is_over_purpose_salt_and_text() {
        // printf 'countersign.words.v1\n\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1orders are stuck' | sha256sum
        insta::assert_snapshot!(hash(&said("orders are stuck")).unwrap());
    }

    #[test]
    fn words_are_found_wherever_they_are_and_nothing_else_is() {
        let words = json!({"salt": "01".repeat(16), "text": "orders are stuck"});
        let hash = hash(&said("orders are stuck")).unwrap();
        let value = json!({"request": {"justification": words, "list": [1, [words]]}, "hash": "x", "text": "y"});
        let (left, beside) = split(value.clone());
        let hashed = json!({"hash": hash});
        assert_eq!(
            left,
            json!({"request": {"justification": hashed, "list": [1, [hashed]]}, "hash": "x", "text": "y"})
        );
        assert_eq!(beside, Beside::from([(hash, said("orders are stuck"))]));
        assert_eq!(fill(left, &beside), value);
        for none in [
            json!({"salt": "01", "text": "x"}),
            json!({"salt": "0A".repeat(16), "text": "x"}),
            json!({"salt": "01".repeat(16), "text": 1}),
            json!({"salt": "01".repeat(16), "text": "x", "more": 1}),
            json!({"text": "x"}),
        ] {
            assert_eq!(split(none.clone()), (none, Beside::new()));
        }
    }

    #[test]
    fn words_that_were_changed_beside_are_not_shown() {
        let (left, mut beside) = split(json!({"reason": {"salt": "01".repeat(16), "text": "not today"}}));
        for said in beside.values_mut() {
            said.text = "yes, of course".to_owned();
        }
        assert_eq!(fill(left.clone(), &beside), left);
        assert_eq!(fill(left.clone(), &Beside::new()), left, "erased");
    }

    #[test]
    fn words_are_not_printed() {
        assert!(!format!("{:?}", said("secret plan")).contains("secret"));
    }

    proptest! {
        #[test]
        fn what_is_split_is_filled_again(texts in prop::collection::vec("(?s).{0,20}", 0..5), deep in 0usize..4) {
            let mut value: Value = texts
                .iter()
                .enumerate()
                .map(|(n, text)| json!({"salt": format!("{n:032x}"), "text": text}))
                .collect();
            for _ in 0..deep {
                value = json!({"a": [value], "b": null});
            }
            let (left, beside) = split(value.clone());
            prop_assert_eq!(beside.len(), texts.len());
            prop_assert!(!left.to_string().contains("salt"));
            prop_assert_eq!(fill(left, &beside), value);
        }
    }
}
