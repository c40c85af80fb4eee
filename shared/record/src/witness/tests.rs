#![expect(clippy::arithmetic_side_effects, reason = "a sum that overflows fails the test")]

use super::*;
use crate::note::Kind;
use crate::sample::{self, Key, ORIGIN, log, root, signed};
use proptest::prelude::*;

fn submission(old: u64, new: u64) -> Submission {
    let proof = Consistency::read(&log(&[new]).0, old, new).unwrap().path;
    Submission { old, proof, note: signed(new) }
}

fn known(size: u64) -> (u64, Hash) {
    (size, root(0, size))
}

fn logs() -> Vec<VerifierKey> {
    vec![Key::log().1]
}

fn status(known: impl Into<Option<(u64, Hash)>>, submission: &Submission) -> u16 {
    judge(known.into(), submission, &logs()).map_or_else(|refusal| refusal.status(), |_| 200)
}

#[test]
fn what_goes_on_is_vouched_for() {
    let first = judge(None, &submission(0, 5), &logs()).unwrap();
    assert_eq!((first.checkpoint().size(), *first.checkpoint().root()), (5, root(0, 5)));
    assert_eq!(first.message(7), format!("cosignature/v1\ntime 7\n{}", signed(5).text()));
    assert_eq!(status(known(5), &submission(5, 300)), 200);
    // The same tree again: who lost the answer asks anew.
    assert_eq!(status(known(300), &submission(300, 300)), 200);
    assert_eq!(status(None, &submission(0, 0)), 200);
    assert_eq!(status(known(0), &submission(0, 3)), 200);
}

#[test]
fn a_stale_submission_is_told_the_size() {
    for (size, old) in [(7, 5), (5, 7), (3, 0), (300, 5)] {
        let refusal = judge(Some(known(size)), &submission(old, 300), &logs()).unwrap_err();
        assert_eq!((refusal.status(), refusal.body()), (409, format!("{size}\n")));
    }
    let refusal = judge(None, &submission(5, 300), &logs()).unwrap_err();
    assert_eq!((refusal.status(), refusal.body().as_str()), (409, "0\n"));
}

#[test]
fn another_tree_is_never_vouched_for() {
    let fork = Checkpoint::new(ORIGIN, 9, sample::root(1, 10)).unwrap().note().unwrap();
    let fork = Key::log().sign(fork, 0);
    for (old, new) in [(5, 9), (9, 9), (8, 9)] {
        let forked = Submission { note: fork.clone(), ..submission(old, new) };
        assert_eq!(status(known(old), &forked), 422, "{old} to {new}");
        // The other way around: what is known is another tree.
        assert_eq!(status((old, root(1, old + 1)), &submission(old, new)), 422, "{old} to {new}");
    }
    // A proof too many, one too few, and one from nothing.
    let honest = submission(5, 9);
    assert_eq!(
        status(known(5), &Submission { proof: [honest.proof.clone(), vec![Hash::EMPTY]].concat(), ..honest.clone() }),
        422
    );
    assert_eq!(status(known(5), &Submission { proof: honest.proof[1..].to_vec(), ..honest.clone() }), 422);
    assert_eq!(status(None, &Submission { old: 0, ..honest.clone() }), 422);
    assert_eq!(status(known(9), &Submission { old: 9, note: signed(9), ..honest }), 422);
    let hollow = Key::log().sign(Checkpoint::new(ORIGIN, 0, root(0, 1)).unwrap().note().unwrap(), 0);
    assert_eq!(status(None, &Submission { old: 0, proof: vec![], note: hollow }), 422);
}

#[test]
fn only_a_log_that_is_watched_and_signed_is_vouched_for() {
    let honest = submission(0, 5);
    let unsigned = signed(5).text().to_owned();
    let sign = |key: &Key| Submission { note: key.sign(Note::new(unsigned.clone()).unwrap(), 0), ..honest.clone() };
    let other = Key::new("another/log", Kind::Ed25519, 4);
    assert_eq!(judge(None, &honest, std::slice::from_ref(&other.1)).unwrap_err().status(), 404);
    assert_eq!(judge(None, &honest, &[]).unwrap_err().status(), 404);
    assert_eq!(status(None, &sign(&other)), 403);
    assert_eq!(status(None, &sign(&Key::new(ORIGIN, Kind::Ed25519, 8))), 403);
    // The watched log's own line, with another's signature.
    let forged = Submission::parse(honest.to_string().replace("\n5\n", "\n6\n").as_bytes()).unwrap();
    assert_eq!(status(None, &forged), 403);
    // Another watched log can't speak for this one.
    let both = [logs(), vec![other.1.clone()]].concat();
    assert_eq!(judge(None, &sign(&other), &both).unwrap_err().status(), 403);
}

#[test]
fn the_request_has_one_spelling() {
    let honest = submission(5, 9);
    let text = honest.to_string();
    insta::assert_snapshot!(text);
    assert_eq!(Submission::parse(text.as_bytes()), Ok(honest.clone()));
    assert_eq!(honest.origin(), ORIGIN);
    assert_eq!(status(known(9), &Submission { old: 10, ..honest.clone() }), 400);
    let no_checkpoint = Key::log().sign(Note::new("not a checkpoint\n").unwrap(), 0);
    assert_eq!(status(None, &Submission { note: no_checkpoint, ..honest }), 400);
    let empty_line = Submission::parse(text.replacen("\n\n", "\n\n\n", 1).as_bytes()).unwrap();
    assert_eq!(status(known(5), &empty_line), 400);
    let wrong = [
        String::new(),
        "old 5\n\n".to_owned(),
        text.replace("old 5", "old 05"),
        text.replace("old 5", "old +5"),
        text.replace("old 5", "new 5"),
        text.replace("old 5\n", ""),
        text.replacen("\n\n", "\n", 1),
        text.replacen("=\n", "\n", 1),
        text.replacen('\n', "\r\n", 1),
        text.trim_end().to_owned(),
        text.replacen("\n\n", &format!("\n{}\n", "AAAA\n".repeat(64)), 1),
        text.replacen("old 5\n", &format!("old 5\n{}", format!("{}\n", Hash::EMPTY.to_base64()).repeat(64)), 1),
        "a".repeat(LONGEST_SUBMISSION + 1),
    ];
    for text in wrong {
        assert_eq!(Submission::parse(text.as_bytes()).map_err(|refusal| refusal.status()), Err(400), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn nothing_but_what_goes_on_is_vouched_for(had in 0u64..40, old in 0u64..40, more in 0u64..40, foreign in any::<bool>()) {
        let known = Some((had, if foreign { root(1, had + 1) } else { root(0, had) }));
        let new = old + more;
        let right = had == old && (!foreign || had == 0);
        prop_assert_eq!(status(known, &submission(old, new)) == 200, right);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "(?s).{0,80}") {
        let _ = Submission::parse(&bytes);
        let _ = Submission::parse(format!("old 3\n\n{text}").as_bytes());
    }
}
