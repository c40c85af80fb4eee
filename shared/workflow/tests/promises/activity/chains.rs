//! Sessions that show nothing of their grant, found by their keys.

use super::records::{hidden, opening, own};
use super::scene::Scene;
use trail::entry::{Origin, Rule};
use workflow::double::Verb;

const FIRST: &str = "ASIACHAIN00000000001";
const SECOND: &str = "ASIACHAIN00000000002";

#[test]
fn told_of_later_in_the_same_file() {
    let scene = Scene::new();
    let file = [
        // A chain of two links, told in reverse.
        hidden(SECOND, "deep", scene.at(140)),
        opening(hidden(FIRST, "opening-2", scene.at(130)), SECOND),
        hidden(FIRST, "hidden", scene.at(120)),
        opening(own(&scene.id, "opening-1", scene.at(100)), FIRST),
    ];
    scene.world().set_piece(100);
    scene.file(5, "all", &file);
    assert_eq!(scene.calls(), ["opening-1", "hidden", "opening-2", "deep"]);
    let rules: Vec<Rule> = scene.entries().into_iter().map(|entry| entry.rule).collect();
    assert_eq!(rules, [Rule::SourceIdentity, Rule::KeyChain, Rule::KeyChain, Rule::KeyChain]);
    assert!(scene.entries().iter().all(|entry| matches!(entry.origin, Origin::Trail { .. })));
    assert_eq!(scene.world().kept_keys().len(), 2);
    let read = scene.world().files_read();
    assert_eq!((read[0].calls, read[0].records), (4, 4), "each counts once, however often the file was read");
}

#[test]
fn a_file_without_keys_is_read_once() {
    let scene = Scene::new();
    scene.world().set_piece(usize::MAX);
    scene.file(5, "all", &[own(&scene.id, "own-1", scene.at(20))]);
    assert_eq!(scene.world().count(Verb::ReadObject), 1);
    scene.file(6, "chain", &[opening(own(&scene.id, "opening", scene.at(20)), FIRST)]);
    assert_eq!(scene.world().count(Verb::ReadObject), 3, "again, for what stood before");
    scene.file(7, "same", &[opening(own(&scene.id, "opening", scene.at(20)), FIRST)]);
    assert_eq!(scene.world().count(Verb::ReadObject), 4, "it is known by now");
}

#[test]
fn told_of_in_an_earlier_file() {
    let scene = Scene::new();
    scene.file(5, "one", &[opening(own(&scene.id, "opening", scene.at(100)), FIRST)]);
    scene.file(6, "two", &[hidden(FIRST, "hidden", scene.at(120))]);
    assert_eq!(scene.calls(), ["opening", "hidden"]);
}

#[test]
fn told_of_in_a_later_file_the_history_is_asked_by_key() {
    let scene = Scene::new();
    let (open, call) =
        (opening(own(&scene.id, "opening", scene.at(100)), FIRST), hidden(FIRST, "hidden", scene.at(120)));
    scene.file(5, "one", std::slice::from_ref(&call));
    scene.file(6, "two", &[open]);
    scene.world().remember(&call);
    assert_eq!(scene.calls(), ["opening"]);
    scene.settled();
    assert_eq!(scene.calls(), ["opening", "hidden"]);
    assert_eq!(scene.entries()[1].origin, Origin::Lookup {});
}

#[test]
fn told_of_by_the_history_itself() {
    let scene = Scene::new();
    scene.world().remember(&opening(own(&scene.id, "opening-1", scene.at(100)), FIRST));
    scene.world().remember(&opening(hidden(FIRST, "opening-2", scene.at(130)), SECOND));
    scene.world().remember(&hidden(SECOND, "deep", scene.at(140)));
    scene.settled();
    assert_eq!(scene.calls(), ["opening-1", "opening-2", "deep"]);
}

#[test]
fn told_of_when_all_was_summed_up_the_history_is_asked_again() {
    let scene = Scene::new();
    let call = hidden(FIRST, "hidden", scene.at(120));
    scene.world().remember(&call);
    scene.settled();
    assert_eq!(scene.summaries(), [("provisional".to_owned(), 0)]);
    scene.file(60, "late", &[opening(own(&scene.id, "opening", scene.at(100)), FIRST)]);
    scene.pass(2 * 3_600);
    scene.settle();
    assert_eq!(scene.calls(), ["opening", "hidden"]);
    assert_eq!(scene.summaries()[1], ("provisional".to_owned(), 2));
}

#[test]
fn more_sessions_than_a_transaction_takes() {
    let scene = Scene::new();
    let key = |nth: u64| format!("ASIACHAIN{nth:011}");
    let records: Vec<_> = (0..250)
        .flat_map(|nth| {
            let open = opening(own(&scene.id, &format!("opening-{nth}"), scene.at(100)), &key(nth));
            [open, hidden(&key(nth), &format!("hidden-{nth}"), scene.at(120))]
        })
        .collect();
    scene.file(5, "all", &records);
    assert_eq!(scene.summary().calls, 500);
}
