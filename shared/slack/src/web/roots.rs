//! Whose word it takes that Slack answers: the machine's root certificates, read quickly.
//!
//! The HTTP client's own way decodes them in constant time, as if they were keys, and once for each file that they are in.
//! They are public, and Linux keeps all of them in one file.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Certificate;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// All certificates in a file; `None` if there is none, or one that can't be read: half of a list is no list.
pub(super) fn in_file(file: &Path) -> Option<Vec<Certificate>> {
    certificates(&std::fs::read_to_string(file).ok()?)
}

fn certificates(text: &str) -> Option<Vec<Certificate>> {
    let read = |block: &str| {
        let (encoded, _) = block.split_once(END)?;
        let encoded: String = encoded.split_ascii_whitespace().collect();
        Certificate::from_der(&STANDARD.decode(encoded).ok()?).ok()
    };
    let all: Option<Vec<Certificate>> = text.split(BEGIN).skip(1).map(read).collect();
    all.filter(|all| !all.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = concat!("-----BEGIN CERTIFICATE-----\nAQID\nBAUG\n-----END CERTIFICATE-----\n", "# words\n");

    #[test]
    fn all_or_none_are_read() {
        assert_eq!(certificates(&ONE.repeat(3)).map(|all| all.len()), Some(3));
        let windows = ONE.replace('\n', "\r\n");
        assert_eq!(certificates(&windows).map(|all| all.len()), Some(1));
        let (cut, wrong) = (ONE.replace(END, ""), ONE.replace("BAUG", "BA?G"));
        for text in ["", "no certificate", &format!("{ONE}{cut}"), &format!("{wrong}{ONE}")] {
            assert!(certificates(text).is_none(), "{text}");
        }
        assert!(in_file(Path::new("/nowhere/at/all")).is_none());
    }
}
