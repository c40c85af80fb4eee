use super::*;
use proptest::prelude::*;

const OLD: &str = "0123456789abcdef0123456789abcdef";
const NEW: &str = "fedcba9876543210fedcba9876543210";
const AT: i64 = 1_800_000_000;

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn both() -> Signatures {
    Signatures::new(vec![secret(OLD), secret(NEW)]).unwrap()
}

fn sign(key: &str, timestamp: &str, body: &[u8]) -> String {
    format!("v0={}", hex::encode(mac(key, timestamp, body).unwrap().finalize().into_bytes()))
}

fn at(second: i64) -> Time {
    Time::from_second(second).unwrap()
}

#[test]
fn slacks_published_example() {
    // Slack's example secret is not hexadecimal, so `Signatures::new` would refuse it.
    let key = "8f742231b10e8888abcd99yyyzzz85a5";
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
        &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
        &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F\
        96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    assert_eq!(sign(key, "1531420618", body.as_bytes()), signature);
    let signatures = Signatures { secrets: vec![secret(key)] };
    let verified = signatures.verify(at(1_531_420_618), Some("1531420618"), Some(signature), body.as_bytes()).unwrap();
    assert_eq!(verified.replay_key, Digest::of(&hex::decode(signature.trim_start_matches("v0=")).unwrap()));
}

#[test]
fn secrets_that_cannot_be_any_are_refused() {
    let new = |secrets: &[&str]| Signatures::new(secrets.iter().map(|text| secret(text)).collect()).err();
    assert_eq!(new(&[]), Some(SecretError::Number { found: 0 }));
    assert_eq!(new(&[OLD, NEW, OLD]), Some(SecretError::Number { found: 3 }));
    assert_eq!(new(&[""]), Some(SecretError::NotASecret { number: 1 }));
    assert_eq!(new(&[OLD, "0123456789abcdef0123456789abcde"]), Some(SecretError::NotASecret { number: 2 }));
    assert_eq!(new(&["changeme-changeme-changeme-change"]), Some(SecretError::NotASecret { number: 1 }));
    assert_eq!(new(&[OLD]), None);
}

#[test]
fn either_secret_does_and_no_other() {
    for key in [OLD, NEW] {
        let signature = sign(key, "1800000000", b"a=b");
        assert!(both().verify(at(AT), Some("1800000000"), Some(&signature), b"a=b").is_ok());
    }
    let other = sign("00000000000000000000000000000000", "1800000000", b"a=b");
    assert_eq!(both().verify(at(AT), Some("1800000000"), Some(&other), b"a=b"), Err(SignatureError::WrongSignature));
}

/// Somebody who rotates secrets may begin by entering the old one twice.
#[test]
fn a_secret_that_is_given_twice_is_one() {
    let twice = Signatures::new(vec![secret(OLD), secret(OLD)]).unwrap();
    let signature = sign(OLD, "1800000000", b"a=b");
    assert!(twice.verify(at(AT), Some("1800000000"), Some(&signature), b"a=b").is_ok());
}

#[test]
fn what_is_wrong_has_a_code_that_stays() {
    let codes = [
        (SignatureError::NoTimestamp, "missing_timestamp"),
        (SignatureError::MalformedTimestamp, "malformed_timestamp"),
        (SignatureError::NoSignature, "missing_signature"),
        (SignatureError::MalformedSignature, "malformed_signature"),
        (SignatureError::WrongSignature, "wrong_signature"),
        (SignatureError::Stale, "stale_timestamp"),
    ];
    for (error, code) in codes {
        assert_eq!(error.code(), code);
    }
}

#[test]
fn five_minutes_either_way_and_no_more() {
    let signature = sign(OLD, "1800000000", b"x");
    for (now, expected) in [
        (AT - 301, Err(SignatureError::Stale)),
        (AT - 300, Ok(())),
        (AT, Ok(())),
        (AT + 300, Ok(())),
        (AT + 301, Err(SignatureError::Stale)),
    ] {
        assert_eq!(both().verify(at(now), Some("1800000000"), Some(&signature), b"x").map(drop), expected, "{now}");
    }
}

#[test]
fn headers_that_are_almost_right() {
    let verify = |timestamp: Option<&str>, signature: Option<&str>| {
        both().verify(at(AT), timestamp, signature, b"x").map(drop).unwrap_err()
    };
    let good = sign(OLD, "1800000000", b"x");
    for timestamp in [
        "",
        "+1800000000",
        "-1800000000",
        " 1800000000",
        "1800000000 ",
        "1800000000.0",
        "1.8e9",
        "0x6b49d200",
        "99999999999999999999",
        "1800000000,1800000000",
        "١٨٠٠٠٠٠٠٠٠",
        "1800000000\n",
    ] {
        // Even when it is rightly signed.
        let signature = sign(OLD, timestamp, b"x");
        assert_eq!(verify(Some(timestamp), Some(&signature)), SignatureError::MalformedTimestamp, "{timestamp:?}");
    }
    assert_eq!(verify(None, Some(&good)), SignatureError::NoTimestamp);
    assert_eq!(verify(Some("1800000000"), None), SignatureError::NoSignature);
    let digits = good.trim_start_matches("v0=");
    for signature in [
        String::new(),
        "v0=".to_owned(),
        digits.to_owned(),
        format!("v1={digits}"),
        format!("V0={digits}"),
        format!("v0={}", digits.to_uppercase()),
        format!("{good},{good}"),
        format!("{good} "),
        format!(" {good}"),
        format!("{good}00"),
        good.chars().take(66).collect(),
        format!("v0={}", "ß".repeat(32)),
    ] {
        assert_eq!(verify(Some("1800000000"), Some(&signature)), SignatureError::MalformedSignature, "{signature:?}");
    }
    // The time stamp is part of what is signed, as written.
    assert_eq!(verify(Some("01800000000"), Some(&good)), SignatureError::WrongSignature);
}

#[test]
fn secrets_are_not_printed() {
    assert!(!format!("{:?}", both()).contains(OLD));
}

proptest! {
    #[test]
    fn one_changed_bit_is_noticed(body in prop::collection::vec(any::<u8>(), 1..300), place: prop::sample::Index, bit in 0u8..8) {
        let signature = sign(NEW, "1800000000", &body);
        let verified = both().verify(at(AT), Some("1800000000"), Some(&signature), &body);
        prop_assert!(verified.is_ok());
        let mut tampered = body.clone();
        tampered[place.index(body.len())] ^= 1 << bit;
        let verified = both().verify(at(AT), Some("1800000000"), Some(&signature), &tampered);
        prop_assert_eq!(verified, Err(SignatureError::WrongSignature));
    }

    #[test]
    fn any_headers_are_survived(timestamp in "\\PC{0,20}", signature in "(v0=)?\\PC{0,70}", body in prop::collection::vec(any::<u8>(), 0..50)) {
        let verified = both().verify(at(AT), Some(&timestamp), Some(&signature), &body);
        prop_assert!(verified.is_err());
    }
}
