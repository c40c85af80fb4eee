//! A form as Slack sends it, read without leniency: what two readers could understand differently is refused.

use crate::limits::{BODY_BYTES, FORM_FIELDS};

/// Why a form was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Larger than [`BODY_BYTES`].
    #[error("the body is larger than {BODY_BYTES} bytes")]
    TooLarge,
    /// More than [`FORM_FIELDS`] fields.
    #[error("the form has more than {FORM_FIELDS} fields")]
    TooManyFields,
    /// A `%` without two hexadecimal digits, or bytes that are not UTF-8.
    #[error("the form is not percent-encoded UTF-8")]
    Encoding,
    /// A field twice.
    #[error("the form has a field twice")]
    Duplicate,
}

/// The fields of a form, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// If it is too large, or not exactly one form.
    pub fn read(body: &[u8]) -> Result<Self, FormError> {
        within_bounds(body)?;
        let mut fields: Vec<(String, String)> = Vec::new();
        for pair in body.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |b| *b == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(FormError::Duplicate);
            }
            if fields.len() >= FORM_FIELDS {
                return Err(FormError::TooManyFields);
            }
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    /// The field named so.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Whether a body, form or not, is small enough to be read.
pub(crate) fn within_bounds(body: &[u8]) -> Result<(), FormError> {
    if body.len() > BODY_BYTES { Err(FormError::TooLarge) } else { Ok(()) }
}

fn decode(encoded: &[u8]) -> Result<String, FormError> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.iter();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
                let (high, low) = (digit(bytes.next()), digit(bytes.next()));
                let (Some(high), Some(low)) = (high, low) else { return Err(FormError::Encoding) };
                u8::try_from(high << 4 | low).map_err(|_| FormError::Encoding)?
            }
            other => *other,
        });
    }
    String::from_utf8(decoded).map_err(|_| FormError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_could_be_read_two_ways_is_refused() {
        for (body, error) in [
            ("a=1&a=2", FormError::Duplicate),
            ("a=1&%61=2", FormError::Duplicate),
            ("a=%", FormError::Encoding),
            ("a=%4", FormError::Encoding),
            ("a=%+1", FormError::Encoding),
            ("a=%zz", FormError::Encoding),
            ("a=%ff", FormError::Encoding),
            ("a=%c0%af", FormError::Encoding),
        ] {
            assert_eq!(Form::read(body.as_bytes()), Err(error), "{body}");
        }
        assert_eq!(Form::read(b"a=\xff"), Err(FormError::Encoding));
        assert_eq!(Form::read(&vec![b'a'; BODY_BYTES + 1]), Err(FormError::TooLarge));
        let many: String = (0..=FORM_FIELDS).flat_map(|n| ["f".to_owned(), n.to_string(), "=&".to_owned()]).collect();
        assert_eq!(Form::read(many.as_bytes()), Err(FormError::TooManyFields));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_back(value in "(?s).{0,80}") {
            let body = form_urlencoded::Serializer::new(String::new()).append_pair("text", &value).append_pair("x", "y").finish();
            let form = Form::read(body.as_bytes()).unwrap();
            prop_assert_eq!(form.get("text"), Some(value.as_str()));
        }

        #[test]
        fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Form::read(&body);
        }
    }
}
