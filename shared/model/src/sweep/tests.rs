use super::*;
use crate::identity::Identity;

fn actor(person: &str) -> Actor {
    Actor { person: person.parse().unwrap(), identity: Identity::Api { principal: String::new() }, mfa: false }
}

fn words() -> Words {
    crate::samples::words("keys were found in a public place")
}

fn noon() -> Time {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn id() -> SweepId {
    "swp_0198c0ffee0070000000000000000001".parse().unwrap()
}

fn yes() -> Permission {
    Permission { granted: true, rules: vec!["rule".to_owned()] }
}

fn no() -> Permission {
    Permission { granted: false, rules: Vec::new() }
}

fn proposed() -> Sweep {
    let event = panic(&actor("bob"), Scope::All, words(), &yes(), &no(), noon()).unwrap();
    Sweep::evolve(None, &id(), &event, noon()).unwrap()
}

fn after(sweep: Sweep, event: &Event, at: Time) -> Sweep {
    Sweep::evolve(Some(sweep), &id(), event, at).unwrap()
}

#[test]
fn a_panic_takes_two_persons_unless_policy_trusts_one() {
    assert!(panic(&actor("mallory"), Scope::All, words(), &no(), &no(), noon()).is_err());
    let alone = panic(&actor("erin"), Scope::All, words(), &no(), &yes(), noon()).unwrap();
    assert!(matches!(alone, Event::PanicStarted { .. }));
    let sweep = proposed();
    assert_eq!(sweep.confirm(&actor("bob"), &yes(), noon()), Err(Refusal::SelfConfirmation));
    assert!(matches!(sweep.confirm(&actor("carol"), &no(), noon()), Err(Refusal::NotPermitted { .. })));
    let event = sweep.confirm(&actor("carol"), &yes(), noon().plus(CONFIRM_WITHIN - 1)).unwrap().unwrap();
    let running = after(sweep, &event, noon());
    assert_eq!(running.phase, Phase::Running { since: noon() });
    assert_eq!(running.confirm(&actor("dave"), &yes(), noon()), Ok(None));
}

#[test]
fn a_proposal_lapses() {
    let at = noon().plus(CONFIRM_WITHIN);
    assert_eq!(proposed().confirm(&actor("carol"), &yes(), at), Err(Refusal::ProposalLapsed { at }));
}

#[test]
fn a_sweep_is_over_only_after_every_worker_from_before_it() {
    let event = panic(&actor("erin"), Scope::All, words(), &no(), &yes(), noon()).unwrap();
    let running = Sweep::evolve(None, &id(), &event, noon()).unwrap();
    assert_eq!(running.finish(noon().plus(SETTLES_AFTER - 1)), None);
    let finished = running.finish(noon().plus(SETTLES_AFTER)).unwrap();
    let finished = after(running, &finished, noon().plus(100));
    assert_eq!(finished.finish(noon().plus(1_000)), None);
    assert_eq!(finished.reinstate(words(), &yes()), Err(Refusal::NotBarred));
}

#[test]
fn a_person_is_let_back_in_once_everything_is_ended() {
    assert!(offboard("alice".parse().unwrap(), words(), &no()).is_err());
    let event = offboard("alice".parse().unwrap(), words(), &yes()).unwrap();
    let running = Sweep::evolve(None, &id(), &event, noon()).unwrap();
    assert_eq!(running.reinstate(words(), &yes()), Err(Refusal::StillRunning));
    let finished = after(running, &Event::SweepFinished {}, noon());
    assert!(finished.reinstate(words(), &no()).is_err());
    let event = finished.reinstate(words(), &yes()).unwrap();
    let back = after(finished, &event, noon());
    assert_eq!(back.reinstate(words(), &yes()), Err(Refusal::NotBarred));
    assert_eq!(Sweep::evolve(Some(back), &id(), &event, noon()), None);
}

#[test]
fn words_are_erased_of_what_is_over_and_of_nothing_else() {
    let lapses = noon().plus(CONFIRM_WITHIN);
    let event = panic(&actor("erin"), Scope::All, words(), &no(), &yes(), noon()).unwrap();
    let running = Sweep::evolve(None, &id(), &event, noon()).unwrap();
    let finished = after(running.clone(), &Event::SweepFinished {}, noon());
    let before = Time::from_second(lapses.as_second() - 1).unwrap();
    for (sweep, at, over) in
        [(proposed(), before, false), (proposed(), lapses, true), (running, lapses, false), (finished, noon(), true)]
    {
        let erased = Event::WordsErased { by: "arn".to_owned() };
        let follows = Sweep::evolve(Some(sweep.clone()), &id(), &erased, at);
        assert_eq!(follows.is_some(), over, "{:?}", sweep.phase);
        assert_eq!(sweep.erase(false, "arn", at), if over { Ok(Some(erased)) } else { Err(Refusal::StillOpen) });
        let Some(after) = follows else { continue };
        assert_eq!((after.reason.said(), &after.phase), (None, &sweep.phase));
        assert_eq!(after.erase(false, "arn", at), Ok(None), "nothing is left");
    }
}

#[test]
fn the_names_are_those_of_the_events() {
    let unknown =
        serde_json::from_value::<Event>(serde_json::json!({"type": "?", "data": {}})).unwrap_err().to_string();
    for name in Event::NAMES {
        assert!(unknown.contains(&format!("`{name}`")), "{name}");
    }
    assert_eq!(unknown.matches('`').count(), 2 + 2 * Event::NAMES.len());
}
