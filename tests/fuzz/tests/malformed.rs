//! Inputs that are wrong on purpose, each in a folder that bears the code it has to be refused with:
//! `malformed/<what it is>/<code>/<what is wrong with it>`. None of them is our own failure.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use fuzz::corpus::{files, root};
use fuzz::malformed::refusal;
use std::fs;
use std::path::Path;

fn folders(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap().map(Result::unwrap);
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn every_malformed_input_is_refused_with_its_code() {
    let all = root().join("malformed");
    let (mut count, mut wrong) = (0, Vec::new());
    for kind in folders(&all) {
        for code in folders(&all.join(&kind)) {
            for (name, data) in files(&all.join(&kind).join(&code)).unwrap() {
                count += 1;
                let given = refusal(&kind, &data).unwrap_or_else(|| panic!("{kind} is nothing that is known"));
                assert!(!given.starts_with('5'), "{kind}/{code}/{name}: {given}");
                // A folder's name has a dash where an answer has a space.
                if given.replace(' ', "-") != code {
                    wrong.push(format!("{kind}/{code}/{name}: {given}"));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(count >= 200, "{count}");
}
