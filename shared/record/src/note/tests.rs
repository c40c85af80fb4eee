#![expect(clippy::arithmetic_side_effects, reason = "a sum that overflows fails the test")]

use super::*;
use crate::sample::{Key, signed};
use proptest::prelude::*;

/// Source: C2SP signed-note, "Example".
const EXAMPLE_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const EXAMPLE: &str = "This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
";

/// Source: Go, `golang.org/x/mod/sumdb/note`, example of `Open`.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO: &str = "If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
";

fn key(text: &str) -> VerifierKey {
    text.parse().unwrap()
}

fn note(text: &str) -> Note {
    Note::parse(text.as_bytes()).unwrap()
}

#[test]
fn published_notes_verify() {
    for (known, text) in [(EXAMPLE_KEY, EXAMPLE), (GO_KEY, GO)] {
        let (keys, note) = ([key(known)], note(text));
        assert_eq!(keys[0].to_string(), known);
        assert_eq!(note.to_string(), text);
        assert_eq!(note.verify(&keys), Ok(vec![Signed { key: &keys[0], time: None }]));
    }
}

#[test]
fn signatures_of_unknown_keys_are_passed_over() {
    let keys = [key(EXAMPLE_KEY)];
    let other = Key::new("example.com/foo", Kind::Ed25519, 7);
    let two = other.sign(note(EXAMPLE), 0);
    assert_eq!(two.signatures().len(), 2);
    assert_eq!(two.verify(&keys).unwrap().len(), 1);
    // Its name alone, or its id alone, is not the key.
    let garbage = Signature { bytes: vec![1, 2, 3], ..two.signatures()[1].clone() };
    assert_eq!(note(EXAMPLE).with(garbage).unwrap().verify(&keys).unwrap().len(), 1);
    assert_eq!(two.verify(&[key(GO_KEY)]), Err(NoteError::NoneKnown));
    assert_eq!(two.verify(&[]), Err(NoteError::NoneKnown));
    let both = [keys[0].clone(), other.1];
    assert_eq!(two.verify(&both).unwrap().len(), 2);
}

#[test]
fn one_wrong_signature_of_a_known_key_spoils_the_note() {
    let other = Key::new("another", Kind::Ed25519, 7);
    let keys = [key(EXAMPLE_KEY), other.1.clone()];
    let wrong = Signature::ed25519(&other.1, &[0; SIGNATURE_LENGTH]);
    let spoiled = note(EXAMPLE).with(wrong).unwrap();
    assert_eq!(spoiled.verify(&keys), Err(NoteError::Forged { name: "another".to_owned() }));
    let edited = note(&EXAMPLE.replace("example message", "another message"));
    assert_eq!(edited.verify(&keys), Err(NoteError::Forged { name: "example.com/foo".to_owned() }));
}

#[test]
fn what_is_not_a_note_is_refused() {
    let line = EXAMPLE.lines().last().unwrap();
    let wrong = [
        String::new(),
        "\n".to_owned(),
        "\n\n".to_owned(),
        "text\n".to_owned(),
        "text\n\n".to_owned(),
        format!("text\n{line}\n"),
        format!("text\n\n{line}"),
        format!("text\n\n{line}\n\n"),
        format!("te\txt\n\n{line}\n"),
        format!("text\r\n\n{line}\n"),
        format!("text\n\n{}\n", line.replace('—', "-")),
        format!("text\n\n{line} \n"),
        format!("text\n\n{}\n", line.replace("foo", "f+o")),
        format!("text\n\n{}\n", line.replace("foo", "f\u{a0}o")),
        format!("text\n\n{}\n", line.replace("example.com/foo", "")),
        "text\n\n— a AAAA\n".to_owned(),
        "text\n\n— a AAAAAA\n".to_owned(),
        format!("text\n\n{line}\nmore\n"),
        format!("text\n\n{line}\u{0}\n"),
    ];
    for text in wrong {
        assert_eq!(Note::parse(text.as_bytes()), Err(NoteError::Malformed), "{text:?}");
    }
    assert_eq!(Note::parse(b"\xff\n\n"), Err(NoteError::Malformed));
    assert_eq!(Note::new("no end"), Err(NoteError::Malformed));
    let long = format!("{}\n\n{line}\n", "a".repeat(LONGEST_NOTE));
    assert_eq!(Note::parse(long.as_bytes()), Err(NoteError::TooLong));
    let many = format!("text\n\n{}", format!("{line}\n").repeat(MOST_SIGNATURES + 1));
    assert_eq!(Note::parse(many.as_bytes()), Err(NoteError::TooLong));
    // The text may have empty lines; the last one divides.
    assert_eq!(note(&format!("a\n\nb\n\n{line}\n")).text(), "a\n\nb\n");
}

#[test]
fn a_verifier_key_has_one_spelling_and_one_id() {
    let wrong = [
        String::new(),
        "+".to_owned(),
        "++".to_owned(),
        EXAMPLE_KEY.replace("530d903a", "530d903b"),
        EXAMPLE_KEY.replace("530d903a", "530D903A"),
        EXAMPLE_KEY.replace("example.com/foo", "example.com/bar"),
        EXAMPLE_KEY.replace("foo+", "f oo+"),
        EXAMPLE_KEY.replace("+Aek", "+Auk"),
        EXAMPLE_KEY.trim_end_matches("3U2k").to_owned(),
        format!("{EXAMPLE_KEY}AAAA"),
        format!(" {EXAMPLE_KEY}"),
    ];
    for text in wrong {
        assert_eq!(text.parse::<VerifierKey>(), Err(NotAKey), "{text}");
    }
    // The neutral point verifies anything.
    let mut weak = [0; 32];
    weak[0] = 1;
    assert_eq!(VerifierKey::new("name", Kind::Ed25519, &weak), Err(NotAKey));
    assert_eq!(VerifierKey::new(&"n".repeat(256), Kind::Ed25519, Key::log().1.as_bytes()), Err(NotAKey));
    // One pair of keys, two kinds: two ids, and neither passes for the other.
    let (log, witness) = (Key::new("name", Kind::Ed25519, 3), Key::new("name", Kind::Cosignature, 3));
    assert_ne!(log.1.id(), witness.1.id());
    let text = Note::new("text\n").unwrap();
    assert_eq!(log.sign(text.clone(), 0).verify(std::slice::from_ref(&witness.1)), Err(NoteError::NoneKnown));
    assert_eq!(witness.sign(text, 5).verify(&[log.1]), Err(NoteError::NoneKnown));
}

#[test]
fn a_file_of_keys_is_understood_or_refused() {
    let (log, witness) = (Key::log().1, Key::witness().1);
    let text = format!("# Countersign\nlog {log}\n\nwitness {witness}\r\n");
    assert_eq!(read_keys(&text), Ok(vec![log.clone(), witness.clone()]));
    assert_eq!(read_keys(""), Ok(vec![]));
    let retired = read_keys(&format!("log {log} until 77\n")).unwrap();
    assert_eq!(retired, [log.clone().until(77)]);
    assert!(retired[0].is(&log) && retired[0] != log);
    assert!(retired[0].speaks_for(77) && !retired[0].speaks_for(78) && log.speaks_for(u64::MAX));
    let wrong = [
        format!("log {log} until"),
        format!("log {log} until 7x"),
        format!("log {log} until -7"),
        format!("log {log} until +7"),
        format!("log {log} until 7 8"),
        format!("log {log} since 7"),
        format!("witness {witness} until 7"),
        format!("log {witness}"),
        format!("witness {log}"),
        format!("{log}"),
        format!("key {log}"),
        format!("log  {log}"),
        format!(" log {log}"),
        format!("log {log}x"),
    ];
    for line in wrong {
        assert_eq!(read_keys(&format!("log {log}\n{line}\n")), Err(NotKeys { line: 2 }), "{line}");
    }
    assert_eq!(read_keys(&format!("log {log}\n").repeat(1_001)), Err(NotKeys { line: 1_001 }));
}

#[test]
fn a_cosignature_says_when_and_its_time_is_signed() {
    let (log, witness) = (Key::log(), Key::witness());
    let keys = [log.1.clone(), witness.1.clone()];
    let cosigned = witness.sign(signed(3), 1_795_000_000);
    insta::assert_snapshot!(format!("{cosigned}\n{}\n{}", keys[0], keys[1]));
    insta::assert_snapshot!(cosigned_message(cosigned.text(), 1_795_000_000));
    let times: Vec<Option<u64>> = cosigned.verify(&keys).unwrap().iter().map(|signed| signed.time).collect();
    assert_eq!(times, [None, Some(1_795_000_000)]);
    let forged = NoteError::Forged { name: witness.1.name().to_owned() };
    let mut later = cosigned.signatures()[1].clone();
    later.bytes[7] ^= 1;
    assert_eq!(signed(3).with(later).unwrap().verify(&keys), Err(forged.clone()));
    // No time is that late.
    assert_eq!(witness.sign(signed(3), u64::MAX).verify(&keys), Err(forged.clone()));
    let short = Signature { bytes: vec![0; 8], ..cosigned.signatures()[1].clone() };
    assert_eq!(signed(3).with(short).unwrap().verify(&keys), Err(forged));
}

proptest! {
    #[test]
    fn no_flipped_bit_verifies(at in any::<usize>(), bit in 0u8..8) {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let keys = [key(EXAMPLE_KEY)];
        prop_assert!(Note::parse(&bytes).is_ok_and(|note| note.verify(&keys).is_ok()).eq(&false));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "(?s).{0,80}") {
        let _ = Note::parse(&bytes);
        let _ = Note::parse(text.as_bytes());
        let _ = Note::parse(format!("{text}\n\n— {text} AAAAAAA=\n").as_bytes());
        let _ = text.parse::<VerifierKey>();
    }
}

#[test]
fn a_note_is_as_long_as_it_may_be_and_no_longer() {
    let (_, line) = EXAMPLE.split_once("\n\n").unwrap();
    let of = |length: usize| format!("{}\n\n{line}", "x".repeat(length - line.len() - 2));
    assert_eq!(Note::parse(of(LONGEST_NOTE).as_bytes()).unwrap().signatures().len(), 1);
    assert_eq!(Note::parse(of(LONGEST_NOTE + 1).as_bytes()), Err(NoteError::TooLong));
}
