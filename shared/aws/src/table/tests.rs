use super::*;
use crate::double::{NOW, TOKEN, World, commit, id};
use model::lifecycle::Phase;
use model::limits::{Held, Slot, SlotKind};
use model::names::EntitlementName;
use model::request::Status;
use model::stream::Stream;
use model::time::Time;
use record::chain::Head;
use serde_json::{Value, json};
use workflow::ports::{
    Claim, Commit, CommitError, CommitRequest, FindByKey, FindChanged as _, FindDue, FindDueActivity as _,
    FindSweeps as _, Guard, KnowDigests as _, ListRequests, Listing, LoadActivity as _, LoadUses as _, Note, Page,
    Parts, ReadOutbox as _, RememberNotes, Sent,
};

fn table(world: &World) -> Table {
    world.clients().table("countersign")
}

fn error(code: &str) -> Value {
    json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "Item: {\"secret\": 1}"})
}

fn cancelled(codes: &[&str]) -> Value {
    let mut answer = error("TransactionCanceledException");
    answer["CancellationReasons"] = codes.iter().map(|code| json!({"Code": code})).collect();
    answer
}

fn replay() -> Guard {
    Guard::Replay { key: Digest::of(b"signature"), forget_at: "2026-11-20T19:15:00Z".parse().unwrap() }
}

fn idempotency() -> Guard {
    Guard::Idempotency {
        person: "alice".parse().unwrap(),
        key: "a-key".parse().unwrap(),
        payload: Digest::of(b"wish"),
        forget_at: "2026-11-21T19:00:00Z".parse().unwrap(),
    }
}

fn slot(instead_of: Option<RequestId>) -> Guard {
    Guard::Slot {
        person: "alice".parse().unwrap(),
        slot: Slot { kind: SlotKind::Open, number: 7 },
        until: "2026-11-20T20:00:00Z".parse().unwrap(),
        instead_of,
    }
}

#[tokio::test]
async fn a_slot_is_taken_if_nobody_holds_it_and_read_back() {
    let other: RequestId = "req_0198c0ffee00700080000000000000ff".parse().unwrap();
    for (instead_of, before) in [(None, "-"), (Some(other.clone()), other.as_str())] {
        let world = World::answering(vec![(200, json!({}))]);
        table(&world).commit(commit(vec![slot(instead_of)])).await.unwrap();
        let put = written(&world, 0, 3);
        assert_eq!(put["ConditionExpression"], "attribute_not_exists(pk) OR #ttl <= :now OR #request = :before");
        assert_eq!(put["ExpressionAttributeValues"][":before"]["S"], before);
        assert_eq!(
            (put["Item"]["pk"]["S"].as_str(), put["Item"]["sk"]["S"].as_str()),
            (Some("IDEM#alice#SLOTS"), Some("OPEN#00007"))
        );
        let world = World::answering(vec![(200, json!({"Items": [put["Item"]]}))]);
        let held = table(&world).slots(&"alice".parse().unwrap()).await.unwrap();
        let until = "2026-11-20T20:00:00Z".parse().unwrap();
        assert_eq!(held, [Held { slot: Slot { kind: SlotKind::Open, number: 7 }, request: id(), until }]);
        assert_eq!(world.json(0)["ConsistentRead"], true);
    }
    let (ok, failed) = ("None", "ConditionalCheckFailed");
    for (codes, expected) in
        [([ok, ok, ok, ok, failed], CommitError::SlotTaken), ([ok, ok, ok, failed, failed], CommitError::KeyUsed)]
    {
        let world = World::answering(vec![(400, cancelled(&codes))]);
        assert_eq!(table(&world).commit(commit(vec![idempotency(), slot(None)])).await, Err(expected));
    }
}

/// The item of write `n` in call `call`.
fn written(world: &World, call: usize, n: usize) -> Value {
    world.json(call)["TransactItems"][n]["Put"].clone()
}

fn empty() -> Page<RequestId> {
    Page { items: Vec::new(), cursor: None }
}

/// The commit's state item, as DynamoDB would give it back.
async fn stored_item(commit: Commit) -> Value {
    let world = World::answering(vec![(200, json!({}))]);
    table(&world).commit(commit).await.unwrap();
    written(&world, 0, 0)["Item"].clone()
}

#[tokio::test]
async fn a_change_its_events_and_its_guards_are_one_transaction() {
    let world = World::answering(vec![(200, json!({}))]);
    table(&world).commit(commit(vec![replay(), idempotency()])).await.unwrap();
    assert_eq!(world.operations(), ["TransactWriteItems"]);
    let put = |n| written(&world, 0, n);

    let state = put(0);
    assert_eq!(state["ConditionExpression"], "attribute_not_exists(pk)");
    let item = &state["Item"];
    assert_eq!(item["pk"]["S"], format!("REQ#{}", id()));
    assert_eq!(item["sk"]["S"], "STATE");
    assert_eq!(item["version"]["N"], "1");
    assert_eq!(item["duePk"]["S"], "OPEN");
    // Approvers are reminded when half of the hour is over.
    assert_eq!(item["dueSk"]["S"], format!("2026-11-20T19:30:00Z#{}", id()));
    assert_eq!(item["requesterPk"]["S"], "alice");
    assert_eq!(item["queuePk"]["S"], "orders-db-debug");
    assert_eq!(item["statusPk"]["S"], "pending");
    assert!(item.get("ttl").is_none(), "a request never goes by itself");

    let event = put(1);
    assert_eq!(event["ConditionExpression"], "attribute_not_exists(pk)");
    assert_eq!(event["Item"]["sk"]["S"], "EVENT#000001");
    assert_eq!(event["Item"]["type"]["S"], "requestSubmitted");

    let out = &put(2)["Item"];
    assert_eq!((out["pk"]["S"].as_str(), &out["sk"]["S"]), (Some(format!("OUT#{}", id()).as_str()), &json!("000001")));
    assert_eq!(out["hash"], event["Item"]["hash"]);
    assert!(out["duePk"]["S"].as_str().is_some_and(|shard| shard.starts_with("UNLOGGED#")), "{out}");

    let mark = put(3);
    assert_eq!(mark["ConditionExpression"], "attribute_not_exists(pk)");
    assert_eq!(mark["Item"]["pk"]["S"], format!("REPLAY#{}", Digest::of(b"signature")));
    assert_eq!(mark["Item"]["ttl"]["N"], "1795202100");

    let key = put(4);
    assert_eq!(key["ConditionExpression"], "attribute_not_exists(pk) OR #ttl < :now");
    assert_eq!(key["Item"]["pk"]["S"], format!("IDEM#alice#{}", Digest::of(b"a-key")));
    assert_eq!(key["Item"]["request"]["S"], id().as_str());

    let token = world.json(0)["ClientRequestToken"].as_str().unwrap().to_owned();
    assert!(uuid::Uuid::parse_str(&token).is_ok() && token.len() <= 36, "{token}");
    assert_eq!(event["Item"]["commit"]["S"], token);
}

#[tokio::test]
async fn a_later_change_is_conditioned_on_the_version_it_was_decided_on() {
    let world = World::answering(vec![(200, json!({}))]);
    let mut commit = commit(vec![]);
    commit.expected = 7;
    commit.next.state.phase = Phase::Cancelled { at: NOW.parse().unwrap(), reason: None };
    table(&world).commit(commit).await.unwrap();
    let state = written(&world, 0, 0);
    assert_eq!(state["ConditionExpression"], "#version = :expected");
    assert_eq!(state["ExpressionAttributeValues"][":expected"]["N"], "7");
    for index in ["duePk", "dueSk", "queuePk", "queueSk"] {
        assert!(state["Item"].get(index).is_none(), "{index} of a request that is over");
    }
}

#[tokio::test]
async fn every_cancellation_is_told_apart() {
    let (ok, failed, busy) = ("None", "ConditionalCheckFailed", "TransactionConflict");
    let foreign = json!({"Item": {"hash": {"S": "another"}}});
    let cases: Vec<(Vec<Value>, CommitError)> = vec![
        (vec![cancelled(&[failed, ok, ok, ok, ok]), foreign.clone()], CommitError::Conflict),
        (vec![cancelled(&[ok, failed, ok, ok, ok]), json!({})], CommitError::Conflict),
        (vec![cancelled(&[busy, ok, ok, ok, ok])], CommitError::Conflict),
        (vec![cancelled(&[ok, ok, ok, failed, ok])], CommitError::Replayed),
        (vec![cancelled(&[ok, ok, ok, ok, failed])], CommitError::KeyUsed),
        (vec![cancelled(&[ok, ok, ok, failed, failed])], CommitError::Replayed),
        (vec![cancelled(&[failed, ok, ok, failed, failed]), foreign], CommitError::Replayed),
        (vec![cancelled(&[ok, ok, ok, busy, ok]), cancelled(&[ok, ok, ok, failed, ok])], CommitError::Replayed),
        (
            vec![cancelled(&["ThrottlingError", ok, ok, ok, ok])],
            Fault::new("store the change", "ThrottlingError").into(),
        ),
        (vec![error("AccessDeniedException")], Fault::new("store the change", "AccessDenied").into()),
    ];
    for (answers, expected) in cases {
        let answers: Vec<(u16, Value)> = answers
            .into_iter()
            .map(|answer| (if answer.get("__type").is_some() { 400 } else { 200 }, answer))
            .collect();
        let calls = answers.len();
        let world = World::answering(answers.clone());
        assert_eq!(table(&world).commit(commit(vec![replay(), idempotency()])).await, Err(expected), "{answers:?}");
        assert_eq!(world.sent().len(), calls, "{answers:?}");
    }
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_recognised_as_ours() {
    for refusal in [
        cancelled(&["ConditionalCheckFailed", "ConditionalCheckFailed", "None", "ConditionalCheckFailed"]),
        error("IdempotentParameterMismatchException"),
    ] {
        let commit = commit(vec![replay()]);
        let ours = json!({"Item": {"hash": {"S": commit.links[0].hash.to_string()}, "commit": {"S": TOKEN}}});
        let world = World::answering(vec![(400, refusal), (200, ours)]);
        assert_eq!(table(&world).commit(commit).await, Ok(()));
        assert_eq!(world.json(1)["Key"]["sk"]["S"], "EVENT#000001");
        assert_eq!(world.json(1)["ConsistentRead"], true);
    }
}

#[tokio::test]
async fn of_two_equal_changes_at_once_one_is_told_that_it_lost() {
    let (first, second) = (commit(vec![]), commit(vec![]));
    assert_eq!(first.links, second.links, "the same command in the same second is the same bytes");
    let hash = first.links[0].hash.to_string();
    let world = World::answering(vec![(200, json!({}))]);
    table(&world).commit(first).await.unwrap();
    let token = |world: &World| world.json(0)["ClientRequestToken"].as_str().unwrap().to_owned();
    let theirs = json!({"Item": {"hash": {"S": hash}, "commit": {"S": token(&world)}}});
    for (refusal, expected) in [
        (cancelled(&["ConditionalCheckFailed", "ConditionalCheckFailed", "None"]), CommitError::Conflict),
        (
            error("IdempotentParameterMismatchException"),
            Fault::new("store the change", "IdempotentParameterMismatchException").into(),
        ),
    ] {
        let other = World::answering(vec![(400, refusal), (200, theirs.clone())]);
        assert_eq!(table(&other).commit(second.clone()).await, Err(expected));
        assert_ne!(token(&other), token(&world), "DynamoDB would take it for the same call");
    }
}

#[tokio::test]
async fn what_is_sent_again_within_a_call_keeps_its_token() {
    let (ok, busy) = ("None", "TransactionConflict");
    let world = World::answering(vec![(400, cancelled(&[ok, ok, ok, busy])), (500, json!({})), (200, json!({}))]);
    table(&world).commit(commit(vec![replay()])).await.unwrap();
    let sent = |n| (world.json(n)["ClientRequestToken"].clone(), world.json(n)["TransactItems"].clone());
    assert_eq!(sent(0), sent(1));
    assert_eq!(sent(0), sent(2));
}

#[tokio::test]
async fn what_was_stored_loads_again() {
    let commit = commit(vec![]);
    let item = stored_item(commit.clone()).await;
    let world = World::answering(vec![(200, json!({"Item": item})), (200, json!({}))]);
    let table = table(&world);
    assert_eq!(table.load(&id()).await, Ok(Some(commit.next)));
    assert_eq!(table.load(&id()).await, Ok(None));
    assert_eq!(world.json(0)["ConsistentRead"], true);
}

#[tokio::test]
async fn a_state_that_was_tampered_with_does_not_load() {
    let item = stored_item(commit(vec![])).await;
    let edit = |from: &str, to: &str| {
        let mut item = item.clone();
        let snapshot = item["snapshot"]["S"].as_str().unwrap();
        assert!(snapshot.contains(from), "{snapshot}");
        item["snapshot"]["S"] = snapshot.replace(from, to).into();
        item
    };
    let mut without_version = item.clone();
    without_version.as_object_mut().unwrap().remove("version");
    let mut of_the_future = item.clone();
    of_the_future["format"]["N"] = "2".into();
    for item in
        [edit("alice", "mallory"), edit("3600", "36000"), edit("deadbeef", "deadbee0"), without_version, of_the_future]
    {
        let world = World::answering(vec![(200, json!({"Item": item}))]);
        assert_eq!(table(&world).load(&id()).await, Err(Fault::new("read the request", "unreadable_state")));
    }
}

#[tokio::test]
async fn a_state_that_no_command_leads_to_does_not_load() {
    let at: Time = NOW.parse().unwrap();
    let mut forged = commit(vec![]);
    forged.next.state.phase = Phase::Approved { approvals: Vec::new(), at };
    assert_eq!(forged.next.state.request.quorum.needed, 1);
    let world = World::answering(vec![(200, json!({"Item": stored_item(forged).await}))]);
    assert_eq!(table(&world).load(&id()).await, Err(Fault::new("read the request", "unsound_state")));
}

#[tokio::test]
async fn entries_are_read_to_the_limit_across_pages() {
    let page = |entries: &[(&str, &str)], more: bool| {
        let item = |(sk, text): &(&str, &str)| json!({"sk": {"S": format!("EVENT#{sk}")}, "event": {"B": text}});
        let mut page = json!({"Items": entries.iter().map(item).collect::<Vec<_>>()});
        if more {
            page["LastEvaluatedKey"] = json!({"pk": {"S": "REQ#x"}, "sk": {"S": "EVENT#000004"}});
        }
        (200, page)
    };
    let world = World::answering(vec![
        page(&[("000003", "YQ=="), ("000004", "Yg==")], true),
        page(&[("000006", "Yw==")], true),
    ]);
    let entries = table(&world).entries(&id(), 2, 3).await.unwrap();
    // Where they lie: one may be gone.
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [3, 4, 6]);
    assert_eq!(entries.into_iter().map(|entry| entry.bytes).collect::<Vec<_>>(), [b"a", b"b", b"c"]);
    let (first, second) = (world.json(0), world.json(1));
    assert_eq!(first["ConsistentRead"], true);
    assert_eq!(first["ExpressionAttributeValues"][":from"]["S"], "EVENT#000003");
    assert_eq!((&first["Limit"], &second["Limit"]), (&json!(3), &json!(1)));
    assert_eq!(second["ExclusiveStartKey"]["sk"]["S"], "EVENT#000004");
}

#[tokio::test]
async fn words_lie_beside_the_bytes_and_are_read_back() {
    let said = "Order 4711 is stuck: <!channel> \u{1f62c}";
    let world = World::answering(vec![(200, json!({}))]);
    table(&world).commit(commit(vec![])).await.unwrap();
    let item = written(&world, 0, 1)["Item"].clone();
    let (hash, words) = item["words"]["M"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(words["M"], json!({"salt": {"S": "07".repeat(16)}, "text": {"S": said}}));
    let world = World::answering(vec![(200, json!({"Items": [item]}))]);
    let entry = table(&world).entries(&id(), 0, 1).await.unwrap().remove(0);
    assert_eq!(world.json(0)["ProjectionExpression"], "sk, #event, #words");
    let bytes = String::from_utf8(entry.bytes).unwrap();
    assert!(bytes.contains(&format!(r#""justification":{{"hash":"{hash}"}}"#)) && !bytes.contains("stuck"), "{bytes}");
    assert!(record::words::is(&entry.words[hash], hash));
}

#[tokio::test]
async fn words_are_taken_from_an_entry_that_is_there_and_nothing_else_is() {
    let world = World::answering(vec![(200, json!({})), (400, error("ConditionalCheckFailedException"))]);
    let table = table(&world);
    let place = |seq| Place { stream: Stream::Request(id()), seq };
    table.erase_words(&place(7)).await.unwrap();
    let sent = world.json(0);
    assert_eq!(sent["Key"], json!({"pk": {"S": format!("REQ#{}", id())}, "sk": {"S": "EVENT#000007"}}));
    assert_eq!(sent["UpdateExpression"], "REMOVE #words");
    assert_eq!(sent["ConditionExpression"], "attribute_exists(#event)");
    assert_eq!(sent["ExpressionAttributeNames"], json!({"#words": "words", "#event": "event"}));
    assert_eq!(table.erase_words(&place(8)).await.unwrap_err().code, "ConditionalCheckFailedException");
}

#[tokio::test]
async fn sweeps_and_accounts_are_found_by_when_they_changed() {
    let key =
        |at: &str, of: &str| json!({"pk": {"S": "x"}, "sk": {"S": "STATE"}, "statusSk": {"S": format!("{at}#{of}")}});
    let sweep = "swp_0198c0ffee00700080000000deadbeef";
    let world = World::answering(vec![
        (200, json!({"Items": [key("2026-11-20T19:05:00Z", sweep)]})),
        (
            200,
            json!({"Items": [key("2026-11-20T19:07:00Z", "acc_111111111111"), key("2026-11-20T19:01:00Z", "nobody")]}),
        ),
    ]);
    let since = "2026-11-20T19:00:00Z".parse().unwrap();
    let found = table(&world).changed(since, 100).await.unwrap();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["acc_111111111111", sweep], "the newest first");
    for (nth, partition) in ["CHANGED#SWEEPS", "CHANGED#ACCOUNTS"].into_iter().enumerate() {
        let sent = world.json(nth);
        assert_eq!((&sent["IndexName"], &sent["ScanIndexForward"]), (&json!("by-status"), &json!(false)));
        assert_eq!(sent["ExpressionAttributeValues"][":changed"], json!({"S": partition}));
        assert_eq!(sent["ExpressionAttributeValues"][":since"], json!({"S": "2026-11-20T19:00:00Z"}));
    }
}

#[tokio::test]
async fn nothing_is_asked_for_where_there_can_be_nothing() {
    let world = World::answering(Vec::<(u16, Value)>::new());
    let (table, now) = (table(&world), NOW.parse().unwrap());
    let stream = Stream::Request(id());
    assert_eq!(table.due(now, 0).await, Ok(Vec::new()));
    assert_eq!(table.due_activity(now, 0).await, Ok(Vec::new()));
    assert_eq!(table.running_sweeps(0).await, Ok(Vec::new()));
    assert_eq!(table.changed(now, 0).await, Ok(Vec::new()));
    assert_eq!(table.entries(&id(), 0, 0).await, Ok(Vec::new()));
    assert_eq!(table.parts_from(&id(), None, 0).await, Ok(Parts::new()));
    assert_eq!(table.uses(&"orders-db-debug".parse().unwrap(), 0).await, Ok(Vec::new()));
    assert!(table.outbox(&stream, Head::START, 0).await.unwrap().open.is_empty());
    // Of no time at all: DynamoDB refuses a range that ends before it begins.
    assert_eq!(table.digests("111111111111", now, now).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_cursor_works_in_its_own_listing_only() {
    let queue = Listing::Queue("orders-db-debug".parse::<EntitlementName>().unwrap());
    let key = json!({"pk": {"S": format!("REQ#{}", id())}, "sk": {"S": "STATE"}});
    let next = json!({"pk": {"S": format!("REQ#req_{}", "9".repeat(32))}, "sk": {"S": "STATE"}});
    let world = World::answering(vec![
        (200, json!({"Items": [key, next], "LastEvaluatedKey": next})),
        (200, json!({"Items": []})),
    ]);
    let table = table(&world);
    let page = table.list(&queue, None, 1).await.unwrap();
    assert_eq!(page.items, [id()]);
    assert_eq!(world.json(0)["Limit"], 2, "one more, to see whether there is more");
    let cursor = page.cursor.unwrap();
    assert!(cursor.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)), "{cursor}");
    assert_eq!(table.list(&queue, Some(&cursor), 1).await, Ok(empty()));
    assert_eq!(world.json(0)["ScanIndexForward"], true);
    assert_eq!(
        world.json(1)["ExclusiveStartKey"],
        json!({"pk": {"S": format!("REQ#{}", id())}, "sk": {"S": "STATE"}, "queuePk": {"S": "orders-db-debug"}, "queueSk": {"S": id().as_str()}})
    );
    for (listing, cursor) in [
        (Listing::Status(Status::Pending), cursor.as_str()),
        (Listing::Queue("logs-read".parse().unwrap()), cursor.as_str()),
        (queue.clone(), "e30"),
        (queue, "not a cursor"),
    ] {
        assert_eq!(table.list(&listing, Some(cursor), 1).await, Ok(empty()), "{cursor}");
    }
    assert_eq!(world.sent().len(), 2, "a foreign cursor is not even asked about");
}

#[tokio::test]
async fn a_full_page_that_nothing_follows_is_the_last() {
    let item = |digit: &str| json!({"pk": {"S": format!("REQ#req_{}", digit.repeat(32))}, "sk": {"S": "STATE"}});
    let cut = json!({"Items": [item("8")], "LastEvaluatedKey": item("8")});
    let world = World::answering(vec![(200, json!({"Items": [item("8"), item("9")]})), (200, cut)]);
    let (table, mine) = (table(&world), Listing::Requester("alice".parse().unwrap()));
    let page = table.list(&mine, None, 2).await.unwrap();
    assert_eq!((page.items.len(), page.cursor), (2, None));
    // A page that DynamoDB cut short for its length has more.
    let page = table.list(&mine, None, 2).await.unwrap();
    assert_eq!((page.items.len(), page.cursor.is_some()), (1, true));
}

#[tokio::test]
async fn what_is_due_is_found_by_time() {
    let key = json!({"pk": {"S": format!("REQ#{}", id())}, "sk": {"S": "STATE"}});
    let world = World::answering(vec![(200, json!({"Items": [key]}))]);
    let before: Time = NOW.parse().unwrap();
    assert_eq!(table(&world).due(before, 25).await, Ok(vec![id()]));
    let sent = world.json(0);
    assert_eq!((&sent["IndexName"], &sent["Limit"]), (&json!("by-due"), &json!(25)));
    assert_eq!(sent["ExpressionAttributeValues"][":before"]["S"], NOW);
}

#[tokio::test]
async fn a_message_is_claimed_once() {
    let refused = |item: Value| {
        let mut answer = error("ConditionalCheckFailedException");
        answer["Item"] = item;
        (400, answer)
    };
    let world = World::answering(vec![
        (200, json!({})),
        refused(json!({"claimant": {"S": "somebody else"}, "claimedAt": {"N": "1795201200"}})),
        refused(json!({"channel": {"S": "C1"}, "ts": {"S": "1.2"}})),
        refused(json!({"unreachable": {"S": "is_archived"}})),
    ]);
    let table = table(&world);
    let now: Time = NOW.parse().unwrap();
    assert_eq!(table.claim(&id(), 2, "channel", now).await, Ok(Claim::Ours));
    assert_eq!(table.claim(&id(), 2, "channel", now).await, Ok(Claim::Held), "that they will send it is not known");
    assert_eq!(table.claim(&id(), 2, "channel", now).await, Ok(Claim::Posted));
    assert_eq!(table.claim(&id(), 2, "channel", now).await, Ok(Claim::Unreachable));
    let sent = world.json(0);
    assert_eq!(sent["Item"]["pk"]["S"], format!("NOTE#{}", id()), "not where requests are");
    assert_eq!(sent["Item"]["sk"]["S"], "000002#channel");
    assert_eq!(sent["ExpressionAttributeValues"][":stale"]["N"], "1795201140");
    assert_eq!(sent["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
}

#[tokio::test]
async fn a_claim_is_given_up_by_whoever_has_it() {
    let lost = (400, error("ConditionalCheckFailedException"));
    let world = World::answering(vec![(200, json!({})), lost, (400, error("AccessDeniedException"))]);
    let table = table(&world);
    let claimed_at: Time = NOW.parse().unwrap();
    assert_eq!(table.release(&id(), 2, "channel", claimed_at).await, Ok(()));
    assert_eq!(table.release(&id(), 2, "channel", claimed_at).await, Ok(()), "somebody else has it by now");
    let refused = table.release(&id(), 2, "channel", claimed_at).await;
    assert_eq!(refused, Err(Fault::new("give up a message", "AccessDenied")));
    let sent = world.json(0);
    assert_eq!(sent["Item"]["claimedAt"]["N"], "0", "lapsed for whoever claims next");
    assert_eq!(
        sent["ConditionExpression"],
        "attribute_not_exists(#ts) AND attribute_not_exists(unreachable) AND claimedAt = :claimed"
    );
    assert_eq!(sent["ExpressionAttributeValues"][":claimed"]["N"], "1795201200");
}

#[tokio::test]
async fn what_became_of_messages_is_read_back() {
    let shown = Digest::of(b"shown");
    let world = World::answering(vec![
        (200, json!({})),
        (200, json!({})),
        (
            200,
            json!({
                "Items": [
                    {"sk": {"S": "000001#card"}, "channel": {"S": "C1"}, "ts": {"S": "1.2"}, "shown": {"S": shown.to_string()}},
                    {"sk": {"S": "000001#asked"}, "claimedAt": {"N": "1795201200"}},
                ],
                "LastEvaluatedKey": {"pk": {"S": "NOTE"}, "sk": {"S": "000001#card"}},
            }),
        ),
        (200, json!({"Items": [{"sk": {"S": "000004#card@U0BOB"}, "unreachable": {"S": "user_disabled"}}]})),
    ]);
    let table = table(&world);
    let posted = Sent::Posted { channel: "C1".to_owned(), ts: "1.2".to_owned(), shown };
    let gone = Sent::Unreachable { code: "user_disabled".to_owned() };
    assert_eq!(table.note(&id(), 1, "card", &posted).await, Ok(()));
    assert_eq!(table.note(&id(), 4, "card@U0BOB", &gone).await, Ok(()));
    assert_eq!(world.json(0)["Item"]["shown"]["S"], shown.to_string());
    assert_eq!(world.json(1)["Item"]["unreachable"]["S"], "user_disabled");
    // Both pages; what is only claimed was not sent.
    assert_eq!(
        table.notes(&id()).await,
        Ok(vec![
            Note { seq: 1, target: "card".to_owned(), sent: posted },
            Note { seq: 4, target: "card@U0BOB".to_owned(), sent: gone },
        ])
    );
    assert_eq!(world.json(2)["ConsistentRead"], true);
}

#[tokio::test]
async fn a_fault_says_the_code_and_nothing_of_the_data() {
    let world = World::answering(vec![(400, error("ResourceNotFoundException"))]);
    let fault = table(&world).load(&id()).await.unwrap_err();
    assert_eq!(fault.to_string(), "could not read the request: ResourceNotFoundException");
}

#[tokio::test]
async fn many_requests_are_read_at_once_in_the_order_asked_for() {
    let commit = commit(Vec::new());
    let sent = World::answering(vec![(200, "{}")]);
    table(&sent).commit(commit.clone()).await.unwrap();
    let item = sent.json(0)["TransactItems"][0]["Put"]["Item"].clone();
    let none: RequestId = "req_0198c0ffee00700080000000deadbeed".parse().unwrap();
    let key = |id: &RequestId| json!({"pk": {"S": format!("REQ#{id}")}, "sk": {"S": "STATE"}});
    // The first answer leaves one key out.
    let open = json!({"countersign": {"Keys": [key(&id())], "ConsistentRead": true}});
    let world = World::answering(vec![
        (200, json!({"Responses": {"countersign": []}, "UnprocessedKeys": open})),
        (200, json!({"Responses": {"countersign": [item]}, "UnprocessedKeys": {}})),
    ]);
    let found = table(&world).load_many(&[id(), none.clone(), id()]).await.unwrap();
    assert_eq!(found, [commit.next.clone(), commit.next]);
    assert_eq!(world.operations(), ["BatchGetItem", "BatchGetItem"]);
    let asked = world.json(0)["RequestItems"]["countersign"].clone();
    assert_eq!(asked["ConsistentRead"], true);
    assert_eq!(asked["Keys"], json!([key(&none), key(&id())]), "a key that is asked for twice would be refused");
    assert_eq!(world.json(1)["RequestItems"], open);
    let tampered = json!({"pk": {"S": format!("REQ#{}", id())}, "sk": {"S": "STATE"}});
    let world = World::answering(vec![(200, json!({"Responses": {"countersign": [tampered]}}))]);
    assert_eq!(table(&world).load_many(&[id()]).await, Err(Fault::new("read the request", "unreadable_state")));
    let world = World::answering(Vec::<(u16, String)>::new());
    assert_eq!(table(&world).load_many(&[]).await, Ok(Vec::new()));
}
