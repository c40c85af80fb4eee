use super::*;
use crate::double::{NOW, World, bundle};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

fn store(world: &World) -> PolicyStore {
    world.clients().policies("countersign")
}

fn shown(bundle: &Bundle, digest: &str, previous: Option<&str>) -> (u16, Value) {
    let files = BASE64_STANDARD.encode(packed::pack(bundle).unwrap());
    let mut item = json!({"files": {"B": files}, "digest": {"S": digest}});
    if let Some(previous) = previous {
        item["previous"] = json!({"S": previous});
    }
    (200, json!({"Item": item}))
}

fn broken() -> Bundle {
    Bundle { policies: "permit(".to_owned(), ..bundle() }
}

/// As if the last look at the table was a while ago.
fn age(store: &PolicyStore, seconds: i64) {
    let mut held = store.held.write().unwrap();
    let held = held.as_mut().unwrap();
    held.checked_at = Time::from_second(held.checked_at.as_second().saturating_sub(seconds)).unwrap();
}

#[tokio::test]
async fn a_policy_is_read_once_in_ten_seconds() {
    let digest = bundle().digest().to_string();
    let world = World::answering(vec![shown(&bundle(), &digest, None), shown(&bundle(), &digest, None)]);
    let store = store(&world);
    let first = store.policy().await.unwrap();
    assert_eq!(first.bundle_digest(), bundle().digest());
    assert!(Arc::ptr_eq(&first, &store.policy().await.unwrap()));
    assert_eq!(world.sent().len(), 1);
    age(&store, 11);
    assert!(Arc::ptr_eq(&first, &store.policy().await.unwrap()), "the same bundle is not loaded anew");
    assert_eq!(world.sent().len(), 2);
}

#[tokio::test]
async fn a_broken_bundle_is_refused_and_the_last_good_one_decides() {
    let digest = bundle().digest().to_string();
    let world = World::answering(vec![
        shown(&bundle(), &digest, None),
        shown(&broken(), &broken().digest().to_string(), Some(&digest)),
    ]);
    let store = store(&world);
    let good = store.policy().await.unwrap();
    age(&store, 11);
    assert!(Arc::ptr_eq(&good, &store.policy().await.unwrap()));
    assert!(Arc::ptr_eq(&good, &store.policy().await.unwrap()), "and it is not asked again at once");
    assert_eq!(world.sent().len(), 2);
}

#[tokio::test]
async fn a_fresh_process_falls_back_to_the_bundle_before() {
    let digest = bundle().digest().to_string();
    let world = World::answering(vec![
        // It says that it is another bundle than it is.
        shown(
            &Bundle { catalog: format!("{}\n# more", bundle().catalog), ..bundle() },
            &broken().digest().to_string(),
            Some(&digest),
        ),
        shown(&bundle(), &digest, None),
    ]);
    assert_eq!(store(&world).policy().await.unwrap().bundle_digest(), bundle().digest());
    assert_eq!(world.json(1)["Key"]["sk"]["S"], format!("BUNDLE#{digest}"));

    let world = World::answering(vec![shown(&broken(), &broken().digest().to_string(), None)]);
    assert_eq!(store(&world).policy().await.unwrap_err().code, "policy_refused");
    let world = World::answering(vec![(200, json!({}))]);
    assert_eq!(store(&world).policy().await.unwrap_err().code, "no_policy");
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_bridged_for_a_minute() {
    let digest = bundle().digest().to_string();
    let denied = || (400, json!({"__type": "AccessDeniedException"}));
    let world = World::answering(vec![shown(&bundle(), &digest, None), denied(), denied()]);
    let store = store(&world);
    let good = store.policy().await.unwrap();
    age(&store, 30);
    assert!(Arc::ptr_eq(&good, &store.policy().await.unwrap()));
    age(&store, 40);
    assert_eq!(store.policy().await.unwrap_err().code, "AccessDenied");
}

#[tokio::test]
async fn what_is_published_was_checked_and_follows_what_was_in_force() {
    let now: Time = NOW.parse().unwrap();
    let world =
        World::answering(vec![(200, json!({"Item": {"digest": {"S": "before"}}})), (200, json!({})), (200, json!({}))]);
    let digest = store(&world).publish(&bundle(), "dave", now).await.unwrap();
    let sent = world.json(2);
    let active = &sent["TransactItems"][0]["Put"];
    assert_eq!(active["Item"]["sk"]["S"], "ACTIVE");
    assert_eq!(active["Item"]["previous"]["S"], "before");
    assert_eq!(active["ConditionExpression"], "#digest = :before");
    assert_eq!(sent["TransactItems"][1]["Put"]["Item"]["sk"]["S"], format!("BUNDLE#{digest}"));

    let world = World::answering(Vec::<(u16, Value)>::new());
    let refused = store(&world).publish(&broken(), "dave", now).await;
    assert!(matches!(refused, Err(PublishError::Invalid(_))));
    assert!(world.sent().is_empty(), "nothing is written of what does not load");

    let cancelled =
        json!({"__type": "TransactionCanceledException", "CancellationReasons": [{"Code": "ConditionalCheckFailed"}]});
    let world = World::answering(vec![(200, json!({})), (200, json!({})), (400, cancelled)]);
    assert!(matches!(store(&world).publish(&bundle(), "dave", now).await, Err(PublishError::Conflict)));
}

#[tokio::test]
async fn what_is_published_is_on_record_in_the_same_transaction() {
    let (now, before): (Time, _) = (NOW.parse().unwrap(), bundle().digest().to_string());
    let other = Bundle { catalog: bundle().catalog.replace("logs-read", "logs-look"), ..bundle() };
    let world = World::answering(vec![shown(&bundle(), &before, None), (200, json!({})), (200, json!({}))]);
    let digest = store(&world).publish(&other, "dave", now).await.unwrap();
    let sent = world.json(2);
    let item = |n: usize| sent["TransactItems"][n]["Put"]["Item"].clone();
    let keys: Vec<String> = (2..5)
        .map(|n| format!("{}/{}", item(n)["pk"]["S"].as_str().unwrap(), item(n)["sk"]["S"].as_str().unwrap()))
        .collect();
    assert_eq!(keys, ["SYSTEM#sys_policy/STATE", "SYSTEM#sys_policy/EVENT#000001", "OUT#sys_policy/000001"]);
    let bytes =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, item(3)["event"]["B"].as_str().unwrap());
    let entry: Value = serde_json::from_slice(&bytes.unwrap()).unwrap();
    let data = &entry["event"]["data"];
    assert_eq!((&data["digest"], &data["previous"]), (&json!(digest.to_string()), &json!(before)));
    assert_eq!((&data["by"], &data["more"]), (&json!("dave"), &json!(0)));
    let told = |change: Value| data["changes"].as_array().unwrap().contains(&change);
    assert!(told(json!({"part": "entitlement", "name": "logs-look", "how": "added"})), "{data}");
    assert!(told(json!({"part": "entitlement", "name": "logs-read", "how": "removed"})));
}

/// What was checked when it was published is read with its seal; what has another bundle's seal is checked again.
#[tokio::test]
async fn a_seal_is_published_and_believed_for_its_own_bundle_alone() {
    let now: Time = NOW.parse().unwrap();
    let world = World::answering(vec![(200, json!({})), (200, json!({})), (200, json!({}))]);
    store(&world).publish(&bundle(), "dave", now).await.unwrap();
    let written = world.json(2)["TransactItems"][0]["Put"]["Item"].clone();
    assert_eq!(written["seal"]["S"], bundle().seal().to_string());

    let wrong = "\nforbid (principal, action, resource is Countersign::Entitlement) when { context.ticket < 5 };";
    let mistaken = Bundle { policies: bundle().policies + wrong, ..bundle() };
    for (seal, refused) in [(mistaken.seal(), false), (bundle().seal(), true)] {
        let (status, mut shown) = shown(&mistaken, &mistaken.digest().to_string(), None);
        shown["Item"]["seal"] = json!({"S": seal.to_string()});
        let world = World::answering(vec![(status, shown)]);
        assert_eq!(store(&world).policy().await.is_err(), refused);
    }
}

#[cfg(feature = "damage")]
#[test]
fn a_damaged_item_is_no_other_policy() {
    use crate::table::damage::Damage;
    let (bundle, now) = (bundle(), NOW.parse().unwrap());
    let files = packed::pack(&bundle).unwrap();
    let mut refused = 0;
    let cuts = std::iter::once(None).chain((0..40).map(|nth| Some(nth * 97)));
    for damage in cuts.flat_map(|cut| (0..5).map(move |attribute| Damage { attribute, cut })) {
        match opened(&damage.of(stored(&bundle, files.clone(), active(), "erin", now))) {
            Ok(policy) => assert_eq!(policy.bundle_digest(), bundle.digest(), "{damage:?}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused >= 80, "{refused}");
}
