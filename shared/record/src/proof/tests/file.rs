use super::super::*;
use crate::checkpoint::OpenError;
use crate::note::{Kind, Note, NoteError, VerifierKey};
use crate::sample::{self, Key, log, signed};
use crate::tree::leaf;
use proptest::prelude::*;
use std::sync::LazyLock;

fn proof() -> TlogProof {
    static PROOF: LazyLock<TlogProof> = LazyLock::new(made);
    PROOF.clone()
}

fn made() -> TlogProof {
    let (files, edge) = log(&[300]);
    let inclusion = Inclusion::read(&files, 257, edge.size()).unwrap();
    let checkpoint = Key::witness().sign(signed(300), 1_795_000_000).to_string();
    TlogProof { entry: sample::entry(257), index: 257, path: inclusion.path, checkpoint }
}

fn keys() -> Vec<VerifierKey> {
    vec![Key::log().1, Key::witness().1]
}

#[test]
fn a_file_needs_nothing_but_the_keys() {
    let text = proof().to_string();
    insta::assert_snapshot!(text);
    let read = TlogProof::parse(text.as_bytes()).unwrap();
    assert_eq!(read, proof());
    let checked = read.check(&keys()).unwrap();
    assert_eq!((checked.signed.checkpoint.size(), checked.signed.cosigned.len()), (300, 1));
    assert_eq!(checked.leaf, leaf(&sample::entry(257)));
}

#[test]
fn a_file_of_a_log_that_is_not_trusted_proves_nothing() {
    let other = Key::new("another/log", Kind::Ed25519, 9).1;
    let none = FileError::Checkpoint(OpenError::Note(NoteError::NoneKnown));
    assert_eq!(proof().check(&[other]), Err(none.clone()));
    assert_eq!(proof().check(&[]), Err(none));
    // A witness alone does not speak for the log.
    let alone = proof().check(&[Key::witness().1]).unwrap_err();
    assert_eq!(alone.code(), "unknown_signer");
    let stolen = TlogProof { entry: sample::entry(256), ..proof() };
    assert_eq!(stolen.check(&keys()), Err(FileError::Proof(ProofError::OtherRoot)));
    let longer = Note::parse(proof().checkpoint.replace("\n300\n", "\n301\n").as_bytes()).unwrap().to_string();
    assert_eq!(TlogProof { checkpoint: longer, ..proof() }.check(&keys()).unwrap_err().code(), "forged_signature");
}

#[test]
fn what_is_not_of_the_form_is_refused() {
    let text = proof().to_string();
    let (long, many) = (
        text.clone() + &" ".repeat(LONGEST_PROOF),
        text.replacen("\n\n", &("\n".to_owned() + &"AAAA\n".repeat(70) + "\n"), 1),
    );
    let extra = text.lines().find(|line| line.starts_with("extra")).unwrap();
    let without = text.replacen(&format!("{extra}\n"), "", 1);
    let wrong = [
        String::new(),
        "c2sp.org/tlog-proof@v1\n\n".to_owned(),
        text.replace("@v1", "@v2"),
        text.replace("extra ", "extra  "),
        text.replace("index 257", "index 0257"),
        text.replace("index 257", "index +257"),
        text.replace("index 257", "index"),
        text.replace("index 257\n", ""),
        text.replacen('\n', "\r\n", 1),
        long,
        many,
        without,
    ];
    for text in wrong {
        assert_eq!(TlogProof::parse(text.as_bytes()), Err(FileError::Malformed), "{text}");
    }
    assert_eq!(TlogProof::parse(&[0xff, 0xfe]), Err(FileError::Malformed));
}

proptest! {
    #[test]
    fn no_flipped_byte_proves(at in any::<usize>(), bit in 0u8..8) {
        let mut bytes = proof().to_string().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let done = TlogProof::parse(&bytes).and_then(|read| read.check(&keys()));
        // The witness's line is of no known key if its name or id is changed: then it is passed over.
        let told = done.map(|checked| (checked.signed.by.len(), checked.signed.cosigned.len()));
        prop_assert!(!matches!(told, Ok((_, 1))), "byte {at} changed nothing");
    }
}
