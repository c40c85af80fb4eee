#![expect(clippy::arithmetic_side_effects, reason = "a sum that overflows fails the test")]

use super::*;
use crate::sample::{self, Key, ORIGIN, signed};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Source: C2SP tlog-checkpoint.
const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

#[test]
fn a_checkpoint_has_one_spelling() {
    let read = Checkpoint::parse(EXAMPLE).unwrap();
    assert_eq!((read.origin(), read.size()), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(read.to_string(), EXAMPLE);
    let extended = format!("{EXAMPLE}one\ntwo\n");
    assert_eq!(Checkpoint::parse(&extended).unwrap().extensions(), ["one", "two"]);
    let size = |with: &str| EXAMPLE.replace("20852163", with);
    let wrong = [
        String::new(),
        "\n\n\n".to_owned(),
        EXAMPLE.trim_end().to_owned(),
        format!("{EXAMPLE}\n"),
        format!("{EXAMPLE}one\n\ntwo\n"),
        EXAMPLE.replacen("example.com/behind-the-sofa", "", 1),
        size(""),
        size("020852163"),
        size("+1"),
        size("-1"),
        size(" 1"),
        size("4611686018427387905"),
        size("99999999999999999999"),
        EXAMPLE.replace("q2I=", "q2J="),
        EXAMPLE.replace("q2I=", "q2I"),
        EXAMPLE.replacen('\n', "\r\n", 1),
        EXAMPLE.replacen("CsUY", "", 1),
        "o".repeat(256) + "\n0\n" + &Hash::EMPTY.to_base64() + "\n",
    ];
    for text in wrong {
        assert_eq!(Checkpoint::parse(&text), Err(NotACheckpoint), "{text:?}");
    }
    assert_eq!(Checkpoint::new("a\nb", 0, Hash::EMPTY), Err(NotACheckpoint));
}

#[test]
fn only_its_own_log_speaks_for_a_checkpoint() {
    let (log, witness, other) = (Key::log(), Key::witness(), Key::new("another/log", Kind::Ed25519, 4));
    let keys = [log.1.clone(), witness.1.clone(), other.1.clone()];
    let note = witness.sign(signed(5), 77);
    let opened = open(note.to_string().as_bytes(), &keys).unwrap();
    assert_eq!((opened.checkpoint.size(), *opened.checkpoint.root()), (5, sample::root(0, 5)));
    assert_eq!(opened.by, [log.1]);
    assert_eq!(opened.cosigned, [Cosigned { key: witness.1.clone(), time: 77 }]);
    let unsigned = Checkpoint::new(ORIGIN, 5, sample::root(0, 5)).unwrap().note().unwrap();
    let by_another = witness.sign(other.sign(unsigned.clone(), 0), 77).to_string();
    assert_eq!(open(by_another.as_bytes(), &keys), Err(OpenError::NotByItsLog { origin: ORIGIN.to_owned() }));
    // A witness of the log's name is none of its keys.
    let false_friend = Key::new(ORIGIN, Kind::Cosignature, 5);
    let note = false_friend.sign(unsigned, 77).to_string();
    assert_eq!(open(note.as_bytes(), &[false_friend.1]).unwrap_err().code(), "unknown_signer");
}

#[test]
fn a_retired_key_speaks_for_what_was_before() {
    let (log, next) = (Key::log(), Key::new(ORIGIN, Kind::Ed25519, 9));
    let note = signed(5).to_string();
    let retired = |size| vec![log.1.clone().until(size), next.1.clone()];
    let before = log.1.clone().until(5);
    assert_eq!(open(note.as_bytes(), &retired(5)).unwrap().by, [before]);
    let refused = OpenError::Retired { origin: ORIGIN.to_owned(), until: 4 };
    assert_eq!(refused.code(), "retired_key");
    assert_eq!(open(note.as_bytes(), &retired(4)), Err(refused));
    // The other one is enough.
    let both = next.sign(signed(5), 0).to_string();
    assert_eq!(open(both.as_bytes(), &retired(4)).unwrap().by, std::slice::from_ref(&next.1));
    assert_eq!(open(both.as_bytes(), &[log.1.clone(), next.1.clone()]).unwrap().by, [log.1, next.1]);
}

proptest! {
    #[test]
    fn what_is_written_is_read(origin in "[a-z./ ]{1,40}", size in 0..=LARGEST_SIZE, root in any::<[u8; 32]>()) {
        let written = Checkpoint::new(&origin, size, Hash::new(root)).unwrap();
        prop_assert_eq!(Checkpoint::parse(&written.to_string()), Ok(written));
    }

    #[test]
    fn no_flipped_bit_opens(at in any::<usize>(), bit in 0u8..8) {
        static SIGNED: LazyLock<Vec<u8>> = LazyLock::new(|| signed(5).to_string().into_bytes());
        let mut bytes = SIGNED.clone();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert!(open(&bytes, &[Key::log().1]).is_err());
    }
}
