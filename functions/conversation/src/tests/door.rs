//! Nothing that Slack did not sign, just now, for us, has any effect; and nothing has one twice.

use super::acts::{COMMANDS, EVENTS, INTERACTIONS, OPTIONS, Sent, command, home_opened, in_form, pressed};
use super::*;
use serde_json::{Value, json};

/// One thing that would have an effect, for each route, and a request that waits.
async fn effective(site: &Site) -> (RequestId, Vec<Sent>) {
    let id = asked(site, "orders-db-debug").await;
    let other = Site::new();
    let form = other.form(ALICE).await;
    let press = pressed(BOB, "approve", &site.value_of(&id), &acts::trigger());
    let all = vec![
        site.signed(COMMANDS, command(ALICE, "", &acts::trigger())),
        site.signed(COMMANDS, command(ALICE, "orders-db-debug 30m orders are stuck", &acts::trigger())),
        site.signed(INTERACTIONS, in_form(&press)),
        site.signed(OPTIONS, other.suggestion(ALICE, &form, "")),
        site.signed(EVENTS, home_opened(ALICE, "home").to_string()),
    ];
    (id, all)
}

/// Sends it, and nothing must come of it.
async fn refused(site: &Site, id: &RequestId, sent: &Sent) -> Value {
    let before = (site.world.ids(), record(site, id));
    let reads = site.world.policy_reads();
    let answer = site.deliver(sent).await;
    assert!((400..500).contains(&answer.status_code), "{} {}", answer.status_code, answer.body);
    assert!(site.is_untouched(), "{sent:?}");
    assert_eq!((site.world.ids(), record(site, id)), before);
    assert_eq!(site.world.policy_reads(), reads, "not even the policy is looked at");
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    json!([answer.status_code, body["code"]])
}

#[tokio::test]
async fn what_is_not_signed_rightly_has_no_effect() {
    let site = Site::new();
    let (id, all) = effective(&site).await;
    for sent in all {
        let unsigned = Sent { signature: None, ..sent.clone() };
        assert_eq!(refused(&site, &id, &unsigned).await, json!([401, "missing_signature"]));
        let timestamp = sent.timestamp.parse().unwrap();
        let by_another = local_slack::sign("0123456789abcdef0123456789abcdef", timestamp, sent.body.as_bytes());
        let forged = Sent { signature: Some(by_another), ..sent.clone() };
        assert_eq!(refused(&site, &id, &forged).await, json!([401, "wrong_signature"]));
        let changed = Sent { body: format!("{} ", sent.body), ..sent.clone() };
        assert_eq!(refused(&site, &id, &changed).await, json!([401, "wrong_signature"]));
        let later = Sent { timestamp: (timestamp + 1).to_string(), ..sent };
        assert_eq!(refused(&site, &id, &later).await, json!([401, "wrong_signature"]));
    }
}

#[tokio::test]
async fn what_was_signed_long_ago_has_no_effect() {
    let site = Site::new();
    let (id, all) = effective(&site).await;
    site.world.pass(301);
    for sent in all {
        assert_eq!(refused(&site, &id, &sent).await, json!([401, "stale_timestamp"]));
    }
}

#[tokio::test]
async fn what_is_somebody_elses_has_no_effect() {
    let site = Site::new();
    let (id, all) = effective(&site).await;
    for sent in all {
        for (ours, theirs, code) in
            [("T0COUNTER1", "T0FOREIGN1", "foreign_team"), ("A0COUNTER1", "A0FOREIGN1", "foreign_app")]
        {
            let foreign = site.signed(sent.route, sent.body.replace(ours, theirs));
            assert_eq!(refused(&site, &id, &foreign).await, json!([401, code]), "{}", sent.route);
        }
    }
    // Of another workspace, in a channel that is shared with it.
    let mut press = pressed(BOB, "approve", &site.value_of(&id), &acts::trigger());
    press["user"]["team_id"] = json!("T0FOREIGN1");
    let foreign = site.signed(INTERACTIONS, in_form(&press));
    assert_eq!(refused(&site, &id, &foreign).await, json!([401, "foreign_person"]));
}

#[tokio::test]
async fn what_is_unreadable_has_no_effect() {
    let site = Site::new();
    let (id, _) = effective(&site).await;
    let mut two = pressed(BOB, "approve", &site.value_of(&id), &acts::trigger());
    let action = two["actions"][0].clone();
    two["actions"] = json!([action, action]);
    let unknown = pressed(BOB, "explode", &site.value_of(&id), &acts::trigger());
    for (route, body) in [
        (COMMANDS, "text=%zz".to_owned()),
        (INTERACTIONS, "payload={".to_owned()),
        (INTERACTIONS, in_form(&two)),
        (INTERACTIONS, in_form(&unknown)),
        (OPTIONS, "value=".to_owned()),
        (EVENTS, "{".to_owned()),
        ("POST /slack/anything", String::new()),
    ] {
        refused(&site, &id, &site.signed(route, body)).await;
    }
}

#[tokio::test]
async fn what_was_received_before_has_no_effect_again() {
    let site = Site::new();
    let (id, all) = effective(&site).await;
    for sent in &all {
        assert_eq!(site.deliver(sent).await.status_code, 200, "{sent:?}");
    }
    let before = (site.world.ids(), record(&site, &id));
    assert_eq!(before.0.len(), 2, "the command made one");
    let opened = site.side().opened.len();
    let told = site.side().told.len();
    site.world.pass(120);
    for sent in &all {
        site.deliver(sent).await;
    }
    assert_eq!((site.world.ids(), record(&site, &id)), before);
    assert_eq!(site.side().opened.len(), opened, "a trigger opens one view");
    assert_eq!(site.side().told.len(), told);
    for (sent, stored) in all.iter().zip([false, true, true, false, false]) {
        let answer = site.deliver(sent).await;
        assert_eq!(answer.status_code == 401, stored, "{sent:?}");
    }
}

#[tokio::test]
async fn a_refused_press_is_on_record_once() {
    let site = Site::new();
    let id = asked(&site, "orders-db-debug").await;
    let press = pressed(ALICE, "approve", &site.value_of(&id), &acts::trigger());
    let sent = site.signed(INTERACTIONS, in_form(&press));
    assert_eq!(site.deliver(&sent).await.status_code, 200);
    assert!(site.take_told().contains("self_approval"));
    site.deliver(&sent).await;
    assert_eq!(record(&site, &id).matches("commandRefused").count(), 1);
}

#[tokio::test]
async fn slack_asking_whether_we_speak_tls_is_answered() {
    let site = Site::new();
    let answer = site.send(COMMANDS, "token=x&ssl_check=1".to_owned()).await;
    assert_eq!((answer.status_code, answer.body.as_str()), (200, ""));
}
