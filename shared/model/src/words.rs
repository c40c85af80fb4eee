//! People's words where they are stored: with a salt, so that the record holds their hash alone and they can be erased
//! without breaking it.

use crate::digest::{Digest, DigestError};
use crate::text::{FreeText, inert};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the hash of words begins with.
const PURPOSE: &str = "countersign.words.v1\n";

/// What is shown where words were erased.
pub const ERASED: &str = "[erased]";

/// 16 random bytes, as 32 hexadecimal digits: without them nobody can try guesses at erased words against their hash.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Salt([u8; 16]);

impl Salt {
    /// A salt of these bytes, each of them random.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

impl TryFrom<String> for Salt {
    type Error = DigestError;
    fn try_from(text: String) -> Result<Self, DigestError> {
        let mut bytes = [0; 16];
        if text.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(DigestError);
        }
        hex::decode_to_slice(&text, &mut bytes).map_err(|_| DigestError)?;
        Ok(Self(bytes))
    }
}

impl From<Salt> for String {
    fn from(salt: Salt) -> Self {
        hex::encode(salt.0)
    }
}

/// A person's words, or what is left of them: their hash. Written as `{"salt","text"}` or `{"hash"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Words(Box<Content>);

/// Boxed: states hold many, and futures hold states.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Content {
    hash: Digest,
    said: Option<Said>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    salt: Salt,
    text: FreeText,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hashed {
    hash: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Said(Said),
    Hashed(Hashed),
}

impl From<Stored> for Words {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Said(Said { salt, text }) => Self::new(text, salt),
            Stored::Hashed(Hashed { hash }) => Self::of(hash, None),
        }
    }
}

impl From<Words> for Stored {
    fn from(words: Words) -> Self {
        let Content { hash, said } = *words.0;
        match said {
            Some(said) => Self::Said(said),
            None => Self::Hashed(Hashed { hash }),
        }
    }
}

impl Words {
    /// These words, with a salt that no others have.
    pub fn new(text: FreeText, salt: Salt) -> Self {
        let bytes = [PURPOSE.as_bytes(), &salt.0, text.as_str().as_bytes()].concat();
        Self::of(Digest::of(&bytes), Some(Said { salt, text }))
    }

    fn of(hash: Digest, said: Option<Said>) -> Self {
        Self(Box::new(Content { hash, said }))
    }

    /// SHA-256 of `countersign.words.v1`, a line feed, the salt's bytes and the text: what the record holds for ever.
    pub fn hash(&self) -> Digest {
        self.0.hash
    }

    /// The words, unless they were erased.
    pub fn said(&self) -> Option<&FreeText> {
        self.0.said.as_ref().map(|said| &said.text)
    }

    /// The words as typed, or [`ERASED`].
    pub fn shown(&self) -> &str {
        self.said().map_or(ERASED, FreeText::as_str)
    }

    /// The words on one line, at most `longest` characters, as [`FreeText::inert`]; or [`ERASED`].
    pub fn inert(&self, longest: usize) -> String {
        inert(self.shown(), longest)
    }

    /// What is left of them once text and salt are gone.
    #[must_use]
    pub fn erased(&self) -> Self {
        Self::of(self.0.hash, None)
    }
}

/// Why something was refused: in a person's words, or in a sentence of the policy's, which is nobody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reason {
    /// A person's.
    Said(Words),
    /// The policy's.
    Policy(String),
}

impl Reason {
    /// The words as typed, the policy's sentence, or [`ERASED`].
    pub fn shown(&self) -> &str {
        match self {
            Self::Said(words) => words.shown(),
            Self::Policy(sentence) => sentence,
        }
    }

    /// The person's words, if they are a person's.
    pub fn words(&self) -> Option<&Words> {
        match self {
            Self::Said(words) => Some(words),
            Self::Policy(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::text;
    use serde_json::{Value, from_value, json, to_value};

    fn words(salt: u8) -> Words {
        Words::new(text("orders are stuck"), Salt::new([salt; 16]))
    }

    #[test]
    fn the_hash_is_over_purpose_salt_and_text() {
        // printf 'countersign.words.v1\n\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1orders are stuck' | sha256sum
        insta::assert_snapshot!(words(1).hash().to_string());
        assert_ne!(words(1).hash(), words(2).hash(), "the same words of two people have nothing in common");
        assert_ne!(words(1).hash(), Words::new(text("orders are stuck."), Salt::new([1; 16])).hash());
    }

    #[test]
    fn erased_words_keep_their_hash_and_nothing_else() {
        let (said, erased) = (words(1), words(1).erased());
        let (whole, left) = (to_value(&said).unwrap(), to_value(&erased).unwrap());
        assert_eq!(whole, json!({"salt": "01".repeat(16), "text": "orders are stuck"}));
        assert_eq!(left, json!({"hash": said.hash()}));
        assert_eq!(
            (from_value::<Words>(whole).unwrap(), from_value::<Words>(left).unwrap()),
            (said.clone(), erased.clone())
        );
        assert_eq!((said.shown(), said.inert(7).as_str()), ("orders are stuck", "orders…"));
        assert_eq!((erased.said(), erased.shown(), erased.inert(80).as_str()), (None, ERASED, ERASED));
        assert_eq!(erased.erased(), erased);
    }

    #[test]
    fn what_are_no_words_is_not_read_as_some() {
        let (salt, hash) = ("01".repeat(16), words(1).hash());
        for wrong in [
            json!({"salt": salt}),
            json!({"text": "x"}),
            json!({"salt": "01", "text": "x"}),
            json!({"salt": "0A".repeat(16), "text": "x"}),
            json!({"salt": salt, "text": " "}),
            json!({"salt": salt, "text": "x", "hash": hash}),
            json!({"hash": "x"}),
            json!("x"),
            Value::Null,
        ] {
            assert!(from_value::<Words>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_salt_is_not_printed() {
        assert!(!format!("{:?}", words(7)).contains("07"), "{:?}", words(7));
    }

    #[test]
    fn the_policys_sentence_is_a_text_of_its_own() {
        let (said, policy) = (Reason::Said(words(1)), Reason::Policy("too risky".to_owned()));
        assert_eq!(to_value(&policy).unwrap(), "too risky");
        for reason in [said.clone(), Reason::Said(words(1).erased()), policy.clone()] {
            assert_eq!(from_value::<Reason>(to_value(&reason).unwrap()).unwrap(), reason);
        }
        assert_eq!((said.shown(), policy.shown()), ("orders are stuck", "too risky"));
        assert_eq!((said.words(), policy.words()), (Some(&words(1)), None));
    }
}
