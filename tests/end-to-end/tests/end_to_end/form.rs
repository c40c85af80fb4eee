//! The form, the modals that ask and show, and the Home tab. One at a time: a person has one stack of modals.

use std::time::Duration;

use end_to_end::chat::APPROVALS;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::modals::View;
use end_to_end::stage::Stage;
use end_to_end::waiting::until;
use serde_json::{Value, json};

use crate::{orders_db_debug, pending};

/// A test's turn: where one process runs several.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Opens the form by `/access` alone. Slack has to take it within 1.3 s of being asked for it, which a busy machine does not
/// always do: then somebody asks again, and so does this.
async fn opened(stage: &Stage, person: &str) -> Result<View, Failure> {
    until("the form is open", Duration::from_mins(3), || async {
        let (before, _) = stage.chat.views(person).await?;
        let given = stage.chat.command(person, "").await?;
        assert!(given.ok && given.body.as_deref() == Some(""), "{}", given.said());
        let new = |view: &View| view.kind() == "ask" && !before.iter().any(|old| old.id() == view.id());
        Ok(stage.chat.modal("the form is open", person, new).await.ok())
    })
    .await
}

/// Opens the form by `/access` alone and chooses `entitlement` in it.
async fn form(stage: &Stage, entitlement: &str) -> Result<View, Failure> {
    let chosen = opened(stage, "alice").await?;
    assert_eq!(stage.chat.offered("alice", &chosen, "entitlement", entitlement).await?, [entitlement]);
    let outcome = stage.chat.choose("alice", &chosen, "entitlement", json!({"optionValue": entitlement})).await?;
    assert!(outcome.ok, "{}", outcome.said());
    stage.chat.modal("the form follows the choice", "alice", |view| view.block("justification").is_some()).await
}

#[tokio::test]
async fn access_is_asked_for_in_the_form_and_narrowed() -> Result<(), Failure> {
    let _turn = TURN.lock().await;
    let stage = Stage::find()?;
    let form = form(&stage, "orders-db-debug").await?;
    assert!(form.says("medium") && form.says("U0BOB00001") && form.says("U0CAROL001"), "{form:?}");

    // Less is less of a risk, and it says so at once.
    let get_item = form.option("permissions", "dynamodb:GetItem").unwrap_or_default();
    let choice = json!({"optionValues": [get_item]});
    stage.chat.choose("alice", &form, "permissions", choice).await?;
    let narrowed = stage.chat.modal("the preview follows", "alice", |view| !view.says("medium")).await?;

    let sent = stage.chat.submit("alice", &narrowed, &[("justification", "order-1002 is stuck <!channel>")]).await?;
    assert_eq!(sent.get("ok"), Some(&json!(true)), "{sent}");
    let confirmed = stage.chat.modal("it is confirmed", "alice", |view| view.says("req_")).await?;
    let id = request_in(&confirmed)?;
    let shown = stage.alice.request(&id).await?.expect(200)?;
    assert_eq!(shown.get("permissions"), Some(&json!(["dynamodb:GetItem"])));
    assert_eq!(text(&shown, "justification"), "order-1002 is stuck <!channel>");
    assert_eq!(shown.get("durationSeconds"), Some(&json!(3_600)));
    Ok(())
}

/// The id that a view names.
fn request_in(view: &View) -> Result<String, Failure> {
    let shown = view.0.to_string();
    let found = shown.find("req_").and_then(|at| shown.get(at..at.checked_add(36)?));
    found.map(str::to_owned).ok_or_else(|| Failure::new(format!("no request is named: {shown}")))
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_nothing_is_stored() -> Result<(), Failure> {
    let _turn = TURN.lock().await;
    let stage = Stage::find()?;
    let form = form(&stage, "orders-db-debug").await?;
    let block = form.block("justification").unwrap_or_default().to_owned();
    // Slack itself wants something there; what is invisible is told by us.
    let empty = stage.chat.submit("alice", &form, &[]).await?;
    assert_eq!(empty.get("error"), Some(&json!("required_field")));
    let sent =
        stage.chat.submit("alice", &form, &[("justification", "\u{200b}\u{202e}"), ("ticket", "no ticket!")]).await?;
    let wrong = stage.chat.modal("the errors are shown", "alice", |view| view.errors() != json!({})).await?;
    assert!(wrong.errors().get(&block).and_then(Value::as_str).is_some_and(|said| said.contains("sentence")), "{sent}");
    let ticket = wrong.block("ticket").unwrap_or_default().to_owned();
    assert!(wrong.errors().get(&ticket).is_some(), "{:?}", wrong.errors());
    // Put right, the same modal makes the request; sent once more, it makes no other.
    let good = [("justification", "order-1003 is stuck"), ("ticket", "OPS-7")];
    stage.chat.submit("alice", &wrong, &good).await?;
    let confirmed = stage.chat.modal("it is confirmed", "alice", |view| view.says("req_")).await?;
    assert_eq!(text(&stage.alice.request(&request_in(&confirmed)?).await?.expect(200)?, "ticketId"), "OPS-7");
    Ok(())
}

#[tokio::test]
async fn only_what_one_may_ask_for_is_offered() -> Result<(), Failure> {
    let _turn = TURN.lock().await;
    let stage = Stage::find()?;
    let form = opened(&stage, "mallory").await?;
    assert_eq!(stage.chat.offered("mallory", &form, "entitlement", "").await?, [""; 0]);
    // What another test has left open is not it.
    let (before, _) = stage.chat.views("alice").await?;
    let shortcut = stage.chat.control("shortcut", &json!({"user": "alice", "callbackId": "ask_for_access"})).await?;
    assert_eq!(shortcut.get("ok"), Some(&json!(true)), "{shortcut}");
    let new = |view: &View| view.kind() == "ask" && !before.iter().any(|old| old.id() == view.id());
    let form = stage.chat.modal("the form is open", "alice", new).await?;
    let offered = stage.chat.offered("alice", &form, "entitlement", "prod 1111").await?;
    assert!(["logs-read", "orders-db-debug", "prod-admin"].iter().all(|name| offered.contains(&(*name).to_owned())));
    Ok(())
}

#[tokio::test]
async fn whoever_denies_says_why_and_whoever_is_late_hears_who_did() -> Result<(), Failure> {
    let _turn = TURN.lock().await;
    let stage = Stage::find()?;
    let asked = pending(&stage, "orders-db-debug").await?;
    let id = text(&asked, "id");
    let card = stage.chat.card(id).await?;
    stage.chat.press_with("bob", &card, "deny", &json!({})).await?;
    let why = stage.chat.modal("it asks why", "bob", |view| view.kind() == "deny").await?;
    assert_eq!(text(&stage.alice.request(id).await?.expect(200)?, "status"), "pending", "not before that is said");
    let sent = stage.chat.submit("bob", &why, &[("reason", "not *today* <!here>")]).await?;
    assert_eq!(sent.get("ok"), Some(&json!(true)), "{sent}");
    let shown = stage.alice.reaches(id, "denied").await?;
    assert_eq!(text(&shown, "reason"), "not *today* <!here>");

    // Carol still sees the card as it was.
    let late = stage.chat.press("carol", &card, "approve").await;
    match late {
        Ok(late) => assert!(late.answer.text.contains("U0BOB00001"), "{}", late.answer.text),
        // The card was brought up to date by then, and has no such button any more.
        Err(failure) => assert!(failure.to_string().contains("approve"), "{failure}"),
    }
    let wanted = |message: &end_to_end::chat::Message| message.ts == card.ts && !message.has_button("approve");
    let card = stage.chat.message("the card shows it", APPROVALS, wanted).await?;
    assert!(card.names("U0BOB00001") && card.has_button("details"), "{}", card.text);
    Ok(())
}

#[tokio::test]
async fn details_show_everything_to_those_who_may_see_it() -> Result<(), Failure> {
    let _turn = TURN.lock().await;
    let stage = Stage::find()?;
    let asked = pending(&stage, "orders-db-debug").await?;
    let card = stage.chat.card(text(&asked, "id")).await?;
    stage.chat.press_with("carol", &card, "details", &json!({})).await?;
    let details = stage.chat.modal("the details are shown", "carol", |view| view.kind() == "details").await?;
    for wanted in ["dynamodb:UpdateItem", "table/orders", "engineers-may-ask", text(&asked, "digest")] {
        assert!(details.says(wanted), "the details lack {wanted}");
    }
    let pressed = stage.chat.press("mallory", &card, "details").await?;
    assert!(pressed.answer.text.contains("request_not_found"), "{}", pressed.answer.text);
    Ok(())
}

/// Somebody's Home tab, opened now. Slack tells it again if nobody takes it.
async fn home(stage: &Stage, person: &str) -> Result<View, Failure> {
    until("the Home tab is opened", Duration::from_mins(1), || async {
        let opened = stage.chat.control("home", &json!({"user": person})).await?;
        Ok((opened.get("ok") == Some(&json!(true))).then_some(()))
    })
    .await?;
    let (_, home) = stage.chat.views(person).await?;
    home.ok_or_else(|| Failure::new("there is no Home tab"))
}

#[tokio::test]
async fn the_home_tab_shows_what_is_mine_and_what_waits_for_me() -> Result<(), Failure> {
    let _turn = TURN.lock().await;
    let stage = Stage::find()?;
    // It shows the ten newest, and other tests ask in her name as well.
    let (live, waits, hers) = until("her Home tab shows both", Duration::from_mins(3), || async {
        let live = orders_db_debug(&stage).await?;
        let waits = pending(&stage, "orders-db-debug").await?;
        let hers = home(&stage, "alice").await?;
        Ok((hers.says(&live) && hers.says(text(&waits, "id"))).then_some((live, waits, hers)))
    })
    .await?;
    let id = text(&waits, "id");
    assert!(hers.says("logs-read"), "{hers:?}");
    let mallorys = home(&stage, "mallory").await?;
    assert!(!mallorys.says("req_") && !mallorys.says("logs-read"), "{mallorys:?}");
    let his = home(&stage, "bob").await?;
    assert!(!his.says(&live), "that is decided");
    // Many may wait for Bob; this one is countersigned from where he sees it, or from the card.
    if his.says(id) {
        let digest = text(&waits, "digest");
        let button = json!({"blockId": block_with(&his, &format!("{id}:{digest}"))});
        stage.chat.choose("bob", &his, "approve", button).await?;
        stage.alice.reaches(id, "active").await?;
        // Drawn anew with the answer to his press, and access may be there before that.
        until("it does not wait for him any more", Duration::from_mins(1), || async {
            let (_, after) = stage.chat.views("bob").await?;
            Ok(after.filter(|after| !after.says(id)).map(drop))
        })
        .await?;
    }
    Ok(())
}

/// The block that holds the button with this value.
fn block_with(view: &View, value: &str) -> Option<String> {
    let blocks = view.0.get("blocks")?.as_array()?;
    let block = blocks.iter().find(|block| block.to_string().contains(value))?;
    block.get("block_id")?.as_str().map(str::to_owned)
}
