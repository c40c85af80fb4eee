//! Calls that come together are attributed alike in any order.

use super::*;
use proptest::prelude::*;

/// A session of one of a few roles, with one of a few keys, names and source identities, that may open another.
fn any_record() -> impl Strategy<Value = Record> {
    let key = || prop::sample::select(vec!["ASIA1", "ASIA2", "ASIA3", "ASIA4", ALICES_KEY, BOBS_KEY]);
    let role = || prop::sample::select(vec![BASE, BOBS, SHARED, OTHER]);
    let name = || prop::sample::select(vec!["x", ALICE, BOB, CAROL]);
    let identity = || prop::sample::select(vec!["", "", ALICE, CAROL]);
    let opened =
        prop::option::of((role(), name(), identity(), prop::sample::select(vec!["ASIA1", "ASIA2", "ASIA3", "ASIA4"])));
    let caller = (role(), name(), identity(), key(), prop::sample::select(vec!["12:20", "12:21", "12:22"]));
    (caller, opened).prop_map(|((role, name, identity, key, at), opened)| {
        let caller = session(role, name).key(key).at(at);
        let caller = if identity.is_empty() { caller } else { caller.identity(identity) };
        opened.map_or(caller.clone(), |(role, name, identity, key)| caller.opens(role, name, identity, key))
    })
}

/// The same calls with ids of their own, and these in another order.
fn shuffled() -> impl Strategy<Value = (Vec<Call>, Vec<usize>)> {
    prop::collection::vec(any_record(), 1..12).prop_flat_map(|records| {
        let calls: Vec<Call> =
            records.iter().enumerate().map(|(n, record)| Call { id: format!("id-{n:02}"), ..record.call() }).collect();
        let places: Vec<usize> = (0..calls.len()).collect();
        (Just(calls), Just(places).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn the_order_of_calls_changes_nothing((calls, places) in shuffled()) {
        let found = attribute_all(&calls, &mut grants());
        let other: Vec<Call> = places.iter().map(|place| calls[*place].clone()).collect();
        let other_found = attribute_all(&other, &mut grants());
        for (place, attribution) in places.iter().zip(&other_found) {
            prop_assert_eq!(attribution, &found[*place]);
        }
        // And once all is known, each alone is what it was together.
        let mut known = grants();
        let found = attribute_all(&calls, &mut known);
        for (call, attribution) in calls.iter().zip(found) {
            prop_assert_eq!(attribute(call, &known), attribution);
        }
    }

    #[test]
    fn nobody_gets_what_bears_no_name_role_or_key_of_theirs(record in any_record()) {
        let call = record.call();
        if let Attribution::Of { id, .. } = attribute(&call, &grants()) {
            let caller = &call.caller;
            let key = [(ALICES_KEY, ALICE), (BOBS_KEY, BOB)].iter().any(|(key, of)| *key == caller.access_key_id && *of == id.as_str());
            let opened = call.opened.as_ref().is_some_and(|opened| opened.source_identity == id.as_str() || opened.role_arn.contains(id.as_str()));
            let named = [caller.source_identity.as_str(), caller.session_name()].contains(&id.as_str());
            prop_assert!(key || opened || named || caller.issuer_arn.contains(id.as_str()));
        }
    }
}
