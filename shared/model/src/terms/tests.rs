use super::*;
use crate::actions::{pattern_covers, resource_covers};
use crate::documents::session_policy;
use crate::request::RequestFacts;
use crate::samples::{facts, noon, person};
use proptest::prelude::*;

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn request(change: impl FnOnce(&mut RequestFacts)) -> Request {
    let mut facts = facts("orders-db-debug");
    facts.permissions = texts(&["s3:Get*", "logs:FilterLogEvents"]);
    facts.resources = texts(&["arn:aws:s3:::orders/*", "arn:aws:logs:us-east-1:111111111111:log-group:orders:*"]);
    change(&mut facts);
    Request::new(facts)
}

fn narrow(terms: Terms<'_>, wanted: &Narrower) -> Result<Option<Narrowed>, NotNarrower> {
    terms.narrow(wanted, &person("bob"), noon())
}

fn actions(list: &[&str]) -> Narrower {
    Narrower { permissions: Some(texts(list)), ..Narrower::default() }
}

fn lasting(seconds: u64) -> Narrower {
    Narrower { duration_seconds: Some(seconds), ..Narrower::default() }
}

#[test]
fn an_approver_takes_away_and_adds_nothing() {
    let request = request(|_| {});
    let asked = Terms::as_asked(&request);
    let to = |list: &[&str]| narrow(asked, &actions(list)).map(|narrowed| narrowed.unwrap().permissions);
    assert_eq!(to(&["logs:FilterLogEvents"]).unwrap(), ["logs:FilterLogEvents"]);
    assert_eq!(to(&["s3:Get*"]).unwrap(), ["s3:Get*"], "a pattern that was asked for, as it stands");
    assert_eq!(to(&["s3:GetObject"]).unwrap(), ["s3:GetObject"], "one thing that it covers");
    for more in ["s3:PutObject", "s3:*", "s3:GetObj*", "*"] {
        assert!(matches!(to(&[more]), Err(NotNarrower::Outside(_))), "{more}");
    }
    assert!(matches!(to(&[]), Err(NotNarrower::Scope(ScopeError::Empty))));
    let elsewhere = Narrower { resources: Some(texts(&["arn:aws:s3:::payments/1"])), ..Narrower::default() };
    assert!(matches!(narrow(asked, &elsewhere), Err(NotNarrower::Outside(_))));
    for seconds in [1_801, 64, 0, u64::MAX] {
        assert_eq!(narrow(asked, &lasting(seconds)), Err(NotNarrower::Duration { now: 1_800 }), "{seconds}");
    }
    assert_eq!(narrow(asked, &lasting(65)).unwrap().unwrap().duration_seconds, 65);
}

#[test]
fn what_is_the_same_is_no_narrowing() {
    let request = request(|_| {});
    let asked = Terms::as_asked(&request);
    for same in [Narrower::default(), lasting(1_800), actions(&["logs:FilterLogEvents", "s3:Get*", "s3:Get*"])] {
        assert_eq!(narrow(asked, &same), Ok(None));
    }
}

#[test]
fn it_is_narrowed_further_and_never_back() {
    let request = request(|_| {});
    let mut narrowed = narrow(Terms::as_asked(&request), &lasting(600)).unwrap().unwrap();
    let mut terms = Terms { request: &request, narrowed: Some(&narrowed) };
    assert_eq!(narrow(terms, &lasting(900)), Err(NotNarrower::Duration { now: 600 }));
    let mut digests = vec![request.digest(), terms.digest()];
    for time in 2..=MOST_NARROWINGS {
        narrowed = narrow(terms, &lasting(600 - u64::from(time))).unwrap().unwrap();
        terms = Terms { request: &request, narrowed: Some(&narrowed) };
        digests.push(terms.digest());
    }
    assert_eq!(narrow(terms, &lasting(100)), Err(NotNarrower::TooOften));
    digests.dedup();
    assert_eq!(digests.len(), 9, "each has a digest of its own");
}

/// One action of a pattern takes less than its pattern, but a hundred of them are longer.
#[test]
fn whatever_goes_beyond_in_one_thing_alone_is_not_within() {
    let asked = request(|_| {});
    let within = |change: fn(&mut RequestFacts)| {
        let other = request(change);
        Terms::as_asked(&other).within(Terms::as_asked(&asked))
    };
    assert!(within(|_| {}));
    assert!(within(|facts| facts.permissions = texts(&["s3:GetObject"])));
    assert!(within(|facts| facts.resources = texts(&["arn:aws:s3:::orders/1"])));
    assert!(within(|facts| facts.duration_seconds = 65));
    assert!(!within(|facts| facts.permissions = texts(&["s3:Get*", "s3:PutObject"])));
    assert!(!within(|facts| facts.resources = texts(&["arn:aws:s3:::payments/*"])));
    assert!(!within(|facts| facts.duration_seconds = 1_801));
    assert!(!within(|facts| facts.duration_seconds = 64), "shorter than any grant");
}

#[test]
fn what_would_not_fit_is_not_taken() {
    let request = request(|facts| facts.permissions = texts(&["s3:*"]));
    let long: Vec<String> = (0..100).map(|number| format!("s3:GetSomethingOfAVeryLongName{number}")).collect();
    let wanted = Narrower { permissions: Some(long), ..Narrower::default() };
    assert!(matches!(narrow(Terms::as_asked(&request), &wanted), Err(NotNarrower::TooLarge(_))));
}

#[test]
fn the_documents_say_what_is_left() {
    let request = request(|_| {});
    let narrowed = narrow(Terms::as_asked(&request), &actions(&["s3:GetObject"])).unwrap().unwrap();
    let terms = Terms { request: &request, narrowed: Some(&narrowed) };
    let window = Window::starting(noon(), terms.duration_seconds()).unwrap();
    let document = session_policy(terms, window).unwrap();
    assert!(document.contains("s3:GetObject") && !document.contains("FilterLogEvents"), "{document}");
}

fn wanted() -> impl Strategy<Value = Narrower> {
    let action = prop::sample::select(vec![
        "s3:Get*",
        "s3:GetObject",
        "s3:GetObjectTagging",
        "s3:PutObject",
        "s3:G*",
        "logs:FilterLogEvents",
        "logs:*",
    ]);
    let resource = prop::sample::select(vec![
        "arn:aws:s3:::orders/*",
        "arn:aws:s3:::orders/7",
        "arn:aws:s3:::orders/7/*",
        "arn:aws:s3:::*",
        "arn:aws:logs:us-east-1:111111111111:log-group:orders:*",
    ]);
    let list = |one: prop::sample::Select<&'static str>| {
        prop::option::of(prop::collection::vec(one.prop_map(str::to_owned), 0..4))
    };
    (list(action), list(resource), prop::option::of(0u64..2_000))
        .prop_map(|(permissions, resources, duration_seconds)| Narrower { permissions, resources, duration_seconds })
}

proptest! {
    /// However often it is narrowed, and by what: what is left is part of what was there, and so of what was asked
    /// for; and two terms have one digest only if they are the same.
    #[test]
    fn what_is_left_is_part_of_what_was_asked_for(all in prop::collection::vec(wanted(), 0..6)) {
        let request = request(|_| {});
        let mut current: Option<Narrowed> = None;
        for wanted in all {
            let before = Terms { request: &request, narrowed: current.as_ref() };
            let Ok(Some(narrowed)) = narrow(before, &wanted) else { continue };
            let after = Terms { request: &request, narrowed: Some(&narrowed) };
            for terms in [before, Terms::as_asked(&request)] {
                prop_assert!(after.within(terms));
                prop_assert!(after.permissions().iter().all(|one| terms.permissions().iter().any(|own| pattern_covers(own, one))));
                prop_assert!(after.resources().iter().all(|one| terms.resources().iter().any(|own| resource_covers(own, one))));
                prop_assert!(after.duration_seconds() <= terms.duration_seconds());
                prop_assert_ne!(after.digest(), terms.digest());
            }
            current = Some(narrowed);
        }
    }
}
