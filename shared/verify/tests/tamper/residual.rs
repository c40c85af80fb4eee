//! What can't be found from the record alone: `docs/record.md`, "What is not found".

use crate::log::{Key, Publisher};
use crate::story::{Leaf, rechained};
use crate::untouched::{FOLDER, STORY, judged};
use crate::{Where, expect};
use serde_json::{Value, json};
use verify::{Code, Outcome};

/// A countersignature that somebody else never gave, with cause and all.
fn invented() -> Vec<Leaf> {
    let id = &STORY.ids["used"];
    let mut values: Vec<Value> = STORY.leaves.iter().map(Leaf::value).collect();
    let is_it = |value: &Value| value["request"] == **id && value["event"]["type"] == "approvalGiven";
    let index = values.iter().position(is_it).unwrap();
    for value in values.iter_mut().skip(index).take(3) {
        value["cause"]["person"] = json!("carol");
    }
    values[index]["event"]["data"]["person"] = json!("carol");
    values[index + 1]["event"]["data"]["approvers"] = json!(["carol"]);
    rechained(values)
}

#[test]
fn not_found_a_countersignature_invented_by_who_holds_all_keys_and_saved_by_nobody() {
    let verdict = judged(&Publisher::default().folder(&invented()));
    assert_eq!((verdict.outcome, verdict.findings), (Outcome::Intact, Vec::new()));
}

#[test]
fn but_found_by_one_checkpoint_that_somebody_saved() {
    let mut files = Publisher::default().folder(&invented());
    let own = FOLDER["log/checkpoint"].clone();
    files.insert("saved/mine".to_owned(), own);
    expect("saved", &judged(&files), Code::TwoRoots, &Where::File("saved/mine".to_owned()));
}

#[test]
fn not_found_a_request_taken_out_with_its_state_before_it_was_logged_or_summed_up() {
    let id = &STORY.ids["again"];
    let values: Vec<Value> = STORY.leaves.iter().filter(|leaf| leaf.stream != *id).map(Leaf::value).collect();
    let verdict = judged(&Publisher::default().folder(&rechained(values)));
    assert_eq!((verdict.outcome, verdict.findings), (Outcome::Intact, Vec::new()));
}

#[test]
fn not_found_without_a_witness_entries_that_were_signed_much_later_than_they_say() {
    let files = Publisher { witness: None, after: 86_400, ..Publisher::default() }.folder(&STORY.leaves);
    let pinned = format!("log {}\n", Key::log().public);
    let trusted = verify::Trusted { keys: Some(&pinned), as_of: None, known: &[], rsa: &crate::untouched::rsa };
    let mut files = files;
    files.insert("keys".to_owned(), pinned.clone().into_bytes());
    let verdict = verify::verify(&files, &trusted).unwrap();
    assert_eq!(verdict.outcome, Outcome::Intact);
    expect("no witness", &verdict, Code::NoWitness, &Where::File("keys".to_owned()));
}
