//! SHA-256 over an injective encoding: two different things never encode to the same bytes.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// A SHA-256, shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a digest: expected 64 hexadecimal digits in lower case")]
pub struct DigestError;

impl Digest {
    /// The digest of `bytes` as they are.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = DigestError;
    fn from_str(text: &str) -> Result<Self, DigestError> {
        if text.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(DigestError);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| DigestError)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;
    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// Builds a digest from parts. Every part is preceded by its length, every list by its number of
/// elements, and the whole by a purpose, so that moving a character from one part to the next, or
/// using one kind of digest as another, changes the result.
#[derive(Debug, Clone)]
pub struct Encoding(Sha256);

impl Encoding {
    /// Starts an encoding for one purpose, for example `countersign.request.v1`.
    pub fn of(purpose: &str) -> Self {
        Self(Sha256::new()).text(purpose)
    }

    /// Adds a text.
    #[must_use]
    pub fn text(self, part: &str) -> Self {
        self.bytes(part.as_bytes())
    }

    /// Adds bytes.
    #[must_use]
    pub fn bytes(mut self, part: &[u8]) -> Self {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, part: u64) -> Self {
        self.bytes(&part.to_be_bytes())
    }

    /// Adds a text that may be absent; absent differs from empty.
    #[must_use]
    pub fn maybe(self, part: Option<&str>) -> Self {
        match part {
            Some(part) => self.number(1).text(part),
            None => self.number(0),
        }
    }

    /// Adds a list of texts, in order.
    #[must_use]
    pub fn list<'a>(self, parts: impl ExactSizeIterator<Item = &'a str>) -> Self {
        let counted = self.number(parts.len() as u64);
        parts.fold(counted, Self::text)
    }

    /// The digest of all parts.
    pub fn digest(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(parts: &[Vec<String>]) -> Digest {
        parts.iter().fold(Encoding::of("test"), |e, list| e.list(list.iter().map(String::as_str))).digest()
    }

    #[test]
    fn a_stable_value() {
        let digest = Encoding::of("countersign.test.v1").text("a").number(7).maybe(None).digest();
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        assert_eq!(format!("{digest:?}"), format!("Digest({digest})"));
        insta::assert_snapshot!(digest.to_string());
    }

    proptest! {
        #[test]
        fn different_parts_never_meet(
            a in prop::collection::vec(prop::collection::vec("[ab]{0,3}", 0..3), 0..3),
            b in prop::collection::vec(prop::collection::vec("[ab]{0,3}", 0..3), 0..3),
        ) {
            prop_assert_eq!(a == b, encode(&a) == encode(&b));
        }
    }
}
