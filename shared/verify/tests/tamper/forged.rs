//! Records that were written anew, from the first entry to the last, by somebody who holds all keys: no hash, link,
//! signature or cosignature is wrong, and nothing was saved before. What they say is not allowed, and that is found.

mod approvals;
mod grants;

use crate::log::{Files, Publisher};
use crate::story::{Leaf, rechained};
use crate::untouched::{STORY, judged};
use crate::{Where, expect};
use serde_json::{Value, json};
use verify::Code;

/// A forgery: its name, of which request, what is done to the record, and what is found at which event.
pub(crate) type Forgery = (&'static str, &'static str, fn(&mut Record), Code, &'static str);

/// All entries as values, and which of them are of the request at hand.
pub(crate) struct Record {
    pub(crate) values: Vec<Value>,
    pub(crate) id: String,
}

impl Record {
    fn place(&self, kind: &str) -> usize {
        let is_it = |value: &Value| value["request"] == *self.id && value["event"]["type"] == kind;
        self.values.iter().position(is_it).unwrap_or_else(|| panic!("{kind} of {}", self.id))
    }

    fn entry(&mut self, kind: &str) -> &mut Value {
        let place = self.place(kind);
        &mut self.values[place]
    }

    fn data(&mut self, kind: &str) -> &mut Value {
        &mut self.entry(kind)["event"]["data"]
    }

    fn remove(&mut self, kind: &str) {
        let place = self.place(kind);
        self.values.remove(place);
    }

    fn double(&mut self, kind: &str) {
        let place = self.place(kind);
        let copy = self.values[place].clone();
        self.values.insert(place + 1, copy);
    }

    /// All that the request has of this kind.
    fn each(&mut self, kind: &str, change: impl Fn(&mut Value)) {
        let id = self.id.clone();
        let those = self.values.iter_mut().filter(|value| value["request"] == *id && value["event"]["type"] == kind);
        those.for_each(change);
    }

    fn digest(&mut self) -> String {
        self.data("requestSubmitted")["request"]["digest"].as_str().unwrap().to_owned()
    }
}

/// One entry of `stream`, as text, for another time.
fn moved(at: &Value, seconds: i64) -> Value {
    let at: model::time::Time = at.as_str().unwrap().parse().unwrap();
    json!(model::time::Time::from_second(at.as_second() + seconds).unwrap())
}

/// All of them.
pub(crate) fn forgeries() -> impl Iterator<Item = &'static Forgery> {
    approvals::FORGERIES.iter().chain(grants::FORGERIES)
}

fn forged(of: &str, change: fn(&mut Record)) -> (Vec<Leaf>, String) {
    let values: Vec<Value> = STORY.leaves.iter().map(Leaf::value).collect();
    let panic = values.iter().find(|v| v["event"]["type"] == "panicStarted").unwrap()["request"].clone();
    let id = match of {
        "panic" => panic.as_str().unwrap().to_owned(),
        "sys_policy" => of.to_owned(),
        of => STORY.ids[of].clone(),
    };
    let mut record = Record { values, id: id.clone() };
    change(&mut record);
    (rechained(record.values), id)
}

fn place(leaves: &[Leaf], id: &str, kind: &str) -> Where {
    let (id, kind) = match kind.split_once(':') {
        Some(("sweep", kind)) => ("swp_", kind),
        Some((_, kind)) => (id, kind),
        None => (id, kind),
    };
    let those: Vec<(usize, &Leaf)> = leaves
        .iter()
        .enumerate()
        .filter(|(_, leaf)| leaf.stream.starts_with(id) && (kind.is_empty() || leaf.kind() == kind))
        .collect();
    assert!(!those.is_empty(), "{kind} of {id}");
    Where::OneOf(those.into_iter().map(|(index, leaf)| (index, leaf.seq)).collect())
}

#[test]
fn every_forgery_is_found_where_it_is() {
    for (name, of, change, code, kind) in forgeries() {
        let (leaves, id) = forged(of, *change);
        let files: Files = Publisher::default().folder(&leaves);
        let verdict = judged(&files);
        let place = place(&leaves, &id, kind);
        expect(name, &verdict, *code, &place);
        // By what they say alone: all else fits.
        for other in [
            Code::RootMismatch,
            Code::TileDiffers,
            Code::Unlinked,
            Code::OutOfPlace,
            Code::Inconsistent,
            Code::TableEdited,
            Code::CheckpointUnsigned,
            Code::SummaryDiffers,
            Code::StateElsewhere,
        ] {
            assert!(verdict.findings.iter().all(|finding| finding.code != other), "{name}: {other}");
        }
    }
}
