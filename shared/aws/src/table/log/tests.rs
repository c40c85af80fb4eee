use super::*;
use crate::double::{NOW, World, commit, id};
use model::identity::Cause;
use model::stream::SystemStream;
use model::system::{Event, Known};
use record::chain::Head;
use serde_json::{Value, json};
use workflow::ports::{
    ANCHOR_COPIES, CommitError, CommitRequest as _, CommitSystem as _, FindUnlogged as _, Guard, KeepAnchor as _,
    LoadSystem as _, MarkLogged as _, MoveLog as _, ReadLog as _, ReadOutbox as _, ReadStreams as _,
};
use workflow::system::next;

fn table(world: &World) -> Table {
    world.clients().table("countersign")
}

fn now() -> Time {
    NOW.parse().unwrap()
}

fn place(seq: u64) -> Place {
    Place { stream: Stream::Request(id()), seq }
}

fn cancelled(codes: &[&str]) -> (u16, Value) {
    let reasons: Vec<Value> = codes.iter().map(|code| json!({"Code": code})).collect();
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    (400, json!({"__type": kind, "CancellationReasons": reasons}))
}

fn failed() -> (u16, Value) {
    (400, json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}))
}

fn some_batch() -> Batch {
    let leaf = record::tree::leaf(b"entry");
    Batch {
        first: 0,
        places: vec![place(1)],
        leaves: vec![leaf],
        before: Hash::EMPTY,
        root: leaf,
        at: now(),
        note: None,
    }
}

fn some_head() -> LogHead {
    let edge = Edge::new(1, vec![record::tree::leaf(b"entry")]).unwrap();
    LogHead { origin: "o".to_owned(), edge, note: "a note".to_owned(), at: now(), batch: 0, applied: false }
}

#[tokio::test]
async fn a_commit_puts_its_entries_into_the_outbox() {
    let world = World::answering(vec![(200, "{}")]);
    let commit = commit(Vec::new());
    table(&world).commit(commit.clone()).await.unwrap();
    let sent = world.json(0);
    let items: Vec<&Value> =
        sent["TransactItems"].as_array().unwrap().iter().map(|item| &item["Put"]["Item"]).collect();
    assert_eq!(items.len(), 1 + 2 * commit.links.len());
    let (entry, out) = (items[1], items[2]);
    assert_eq!(out["pk"]["S"], format!("OUT#{}", id()));
    assert_eq!(out["sk"]["S"], "000001");
    assert_eq!(out["hash"], entry["hash"]);
    assert_eq!(out["duePk"]["S"], format!("UNLOGGED#{:x}", keys::shard(&place(1).stream)));
    assert_eq!(out["dueSk"]["S"], format!("{NOW}#{}#000001", id()));
    assert_eq!(out["ttl"], Value::Null, "nothing is forgotten before it is logged");
}

#[tokio::test]
async fn what_begins_access_is_conditioned_on_the_anchor() {
    let guard = Guard::Anchored { not_before: now() };
    let ok = "None";
    for (codes, error) in [
        (vec![ok, ok, ok, "ConditionalCheckFailed"], CommitError::NotAnchored),
        (vec!["ConditionalCheckFailed", ok, ok, "ConditionalCheckFailed"], CommitError::Conflict),
    ] {
        let world = World::answering(vec![cancelled(&codes), (200, json!({}))]);
        assert_eq!(table(&world).commit(commit(vec![guard.clone()])).await, Err(error));
        let check = &world.json(0)["TransactItems"][3]["ConditionCheck"];
        assert_eq!(check["Key"], json!({"pk": {"S": "LOG"}, "sk": {"S": "ANCHOR#47"}}), "0xef of 64");
        assert_eq!(check["ConditionExpression"], "#at >= :not_before");
        assert_eq!(check["ExpressionAttributeValues"][":not_before"]["S"], NOW);
    }
    // Held by another transaction for a moment: tried again with the same token.
    let world = World::answering(vec![cancelled(&[ok, ok, ok, "TransactionConflict"]), (200, json!({}))]);
    assert_eq!(table(&world).commit(commit(vec![guard])).await, Ok(()));
    assert_eq!(world.json(0)["ClientRequestToken"], world.json(1)["ClientRequestToken"]);
}

#[tokio::test]
async fn more_than_a_transaction_holds_is_refused_before_it_is_sent() {
    let world = World::answering(Vec::<(u16, Value)>::new());
    let mut commit = commit(Vec::new());
    let link = commit.links[0].clone();
    commit.links = (1..=60).map(|seq| Link { seq, ..link.clone() }).collect();
    assert_eq!(
        table(&world).commit(commit).await,
        Err(CommitError::Unavailable(Fault::new("store the change", "too_many_events")))
    );
}

#[tokio::test]
async fn the_outbox_is_read_beyond_what_is_logged() {
    let hash = EntryHash::of(b"entry").to_string();
    let item = |sk: &str, more: Value| {
        let mut item = json!({"sk": {"S": sk}, "at": {"S": NOW}, "hash": {"S": hash}});
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        item
    };
    let passed = || json!({"passed": {"BOOL": true}});
    let last = |stream: &str| json!({"pk": {"S": format!("LOGGED#{stream}")}, "sk": {"S": "LAST"}});
    let mut logged = last(id().as_str());
    logged
        .as_object_mut()
        .unwrap()
        .extend([("seq".to_owned(), json!({"N": "2"})), ("hash".to_owned(), json!({"S": hash}))]);
    let world = World::answering(vec![
        (200, json!({"Responses": {"countersign": [logged, last("sys_policy")]}})),
        (
            200,
            json!({"Items": [
                item("000003", json!({})), item("000004", passed()), item("000005", json!({"index": {"N": "9"}})),
                item("000006", passed()), item("000007", json!({})), {"sk": {"S": "000008"}},
            ]}),
        ),
        (
            200,
            json!({"Items": [{"sk": {"S": "000004"}, "seq": {"N": "4"}}, {"sk": {"S": "000007"}, "seq": {"N": "7"}}]}),
        ),
    ]);
    let streams = [place(1).stream, Stream::System(SystemStream::Log), Stream::System(SystemStream::Policy)];
    let logged = table(&world).logged_up_to(&streams).await.unwrap();
    let head = Head { seq: 2, hash: EntryHash::of(b"entry") };
    assert_eq!(logged, [Some(head), Some(Head::START), None], "logged, nothing yet, unreadable");
    let outbox = table(&world).outbox(&place(1).stream, head, 500).await.unwrap();
    assert_eq!(outbox.logged, head);
    // An outbox that says of itself that something is logged, or passed over, says nothing.
    assert_eq!(outbox.open.iter().map(|open| open.seq).collect::<Vec<_>>(), [3, 5, 6, 7, 8]);
    assert_eq!(outbox.passed, [4]);
    // What can't be read fits no entry.
    assert_eq!(outbox.open[4].hash, EntryHash::NONE);
    let asked = &world.json(0)["RequestItems"]["countersign"];
    assert_eq!((&asked["ConsistentRead"], &asked["Keys"][0]["sk"]["S"]), (&json!(true), &json!("LAST")));
    let (query, known) = (world.json(1), world.json(2));
    assert_eq!(query["ExpressionAttributeValues"][":from"]["S"], "000003");
    assert_eq!(known["ExpressionAttributeValues"][":pk"]["S"], format!("LOGGED#{}", place(1).stream));
    assert_eq!((&known["ConsistentRead"], &query["ConsistentRead"]), (&Value::from(true), &Value::from(true)));
}

#[tokio::test]
async fn waiting_streams_are_found_in_all_shards() {
    let key = |pk: &str, since: &str| json!({"pk": {"S": pk}, "sk": {"S": "000001"}, "dueSk": {"S": since}});
    let mut answers = vec![(200, json!({"Items": []})); 16];
    answers[3] = (200, json!({"Items": [key("OUT#sys_log", "2026-11-20T19:00:01Z#"), key("OUT#nothing", "2")]}));
    answers[7] = (200, json!({"Items": [key(&format!("OUT#{}", id()), "2026-11-20T19:00:00Z#")]}));
    let world = World::answering(answers);
    let found = table(&world).unlogged(10).await.unwrap();
    assert_eq!(found, [place(1).stream, Stream::System(SystemStream::Log)]);
    let asked: std::collections::BTreeSet<String> = (0..16)
        .map(|n| world.json(n)["ExpressionAttributeValues"][":shard"]["S"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(asked.len(), 16);
    assert!(asked.contains("UNLOGGED#f"));
}

#[tokio::test]
async fn what_is_logged_is_written_over_and_forgotten_later() {
    let logged = |seq| Logged { place: place(seq), hash: EntryHash::of(b"entry"), at: now(), index: seq + 40 };
    let world = World::answering(vec![(200, json!({})), (200, json!({})), failed()]);
    let all: Vec<Logged> = (1..=101).map(logged).collect();
    table(&world).mark_logged(&all, now()).await.unwrap();
    assert_eq!(world.operations(), ["TransactWriteItems", "TransactWriteItems", "PutItem"]);
    let item = &world.json(0)["TransactItems"][0]["Put"]["Item"];
    assert_eq!(item["index"]["N"], "41");
    assert_eq!(item["ttl"]["N"], now().plus(KEPT).as_second().to_string());
    assert_eq!((&item["duePk"], &item["dueSk"]), (&Value::Null, &Value::Null));
    let last = world.json(2);
    assert_eq!(last["Item"]["seq"]["N"], "101");
    assert_eq!(last["ConditionExpression"], "attribute_not_exists(pk) OR #seq <= :seq");
}

#[tokio::test]
async fn entries_come_back_in_the_order_asked_for() {
    let item = |seq: u64, bytes: &str| json!({"pk": {"S": format!("REQ#{}", id())}, "sk": {"S": format!("EVENT#{seq:06}")}, "event": {"B": bytes}});
    let open = json!({"countersign": {"Keys": [{"pk": {"S": "x"}, "sk": {"S": "y"}}]}});
    let world = World::answering(vec![
        (200, json!({"Responses": {"countersign": [item(2, "Yg==")]}, "UnprocessedKeys": open})),
        (200, json!({"Responses": {"countersign": [item(1, "YQ==")]}, "UnprocessedKeys": {}})),
    ]);
    let found = table(&world).entries_at(&[place(1), place(3), place(2), place(1)]).await.unwrap();
    let bytes = |text: &[u8]| Some(text.to_vec());
    assert_eq!(found, [bytes(b"a"), None, bytes(b"b"), bytes(b"a")]);
    assert_eq!(world.json(0)["RequestItems"]["countersign"]["ConsistentRead"], true);
    assert_eq!(world.json(0)["RequestItems"]["countersign"]["Keys"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_log_reads_back_as_it_was_written() {
    let (batch, head) = (some_batch(), some_head());
    let world = World::answering(vec![(200, json!({})), (200, json!({}))]);
    let writing = table(&world);
    assert_eq!(writing.stage(&batch).await, Ok(true));
    let signed = Batch { note: Some(head.note.clone()), ..batch.clone() };
    assert_eq!(writing.move_head(&head, &signed, Some("before")).await, Ok(()));
    let sent = world.json(1);
    let (head_put, batch_put) = (&sent["TransactItems"][0]["Put"], &sent["TransactItems"][1]["Put"]);
    for (put, (pk, sk)) in [head_put, batch_put].into_iter().zip([keys::log_head(), keys::log_batch(0)]) {
        assert_eq!((&put["Item"]["pk"]["S"], &put["Item"]["sk"]["S"]), (&json!(pk), &json!(sk)));
    }
    assert_eq!(batch_put["Item"]["sk"]["S"], "BATCH#000000000000");
    assert_eq!(head_put["ConditionExpression"], "#note = :note AND #applied = :true");
    assert_eq!(head_put["ExpressionAttributeValues"][":note"]["S"], "before");
    assert_eq!(batch_put["ConditionExpression"], "#root = :root AND attribute_not_exists(#note)");
    let lying = World::answering(vec![
        (200, json!({"Item": head_put["Item"]})),
        (200, json!({"Item": batch_put["Item"]})),
        (200, json!({"Item": world.json(0)["Item"]})),
    ]);
    let reading = table(&lying);
    assert_eq!(reading.log_head().await, Ok(Some(head)));
    assert_eq!(reading.batch(0).await, Ok(Some(signed)));
    assert_eq!(reading.batch(0).await, Ok(Some(batch)));
    let mut forged = head_put["Item"].clone();
    forged["root"]["S"] = json!(Hash::EMPTY.to_string());
    let world = World::answering(vec![(200, json!({"Item": forged}))]);
    assert_eq!(table(&world).log_head().await, Err(Fault::new("read where the log is", "unreadable_log")));
}

#[tokio::test]
async fn another_batch_that_is_staged_stays() {
    let written = World::answering(vec![(200, json!({}))]);
    table(&written).stage(&some_batch()).await.unwrap();
    let item = written.json(0)["Item"].clone();
    // Ours, by an attempt whose answer was lost; and another's.
    for (at, ours) in [(NOW, true), ("2026-11-20T19:00:01Z", false)] {
        let mut there = item.clone();
        there["at"]["S"] = json!(at);
        let world = World::answering(vec![failed(), (200, json!({"Item": there}))]);
        assert_eq!(table(&world).stage(&some_batch()).await, Ok(ours));
        assert_eq!(world.json(0)["ConditionExpression"], "attribute_not_exists(pk)");
    }
    let world = World::answering(vec![cancelled(&["ConditionalCheckFailed", "None"])]);
    assert_eq!(table(&world).move_head(&some_head(), &some_batch(), None).await, Err(CommitError::Conflict));
    let world = World::answering(vec![failed()]);
    assert_eq!(table(&world).applied(&some_head()).await, Ok(false));
}

#[tokio::test]
async fn an_anchor_takes_the_place_of_the_one_that_was_read() {
    let before = Anchor { size: 1, at: now(), cosigned: false, submitted: 1 };
    let next = Anchor { size: 2, ..before.clone() };
    let conflict = || cancelled(&["ConditionalCheckFailed"]);
    let lying = |kept: &Anchor| {
        (
            200,
            json!({"Item": {
                "size": {"N": kept.size.to_string()}, "at": {"S": NOW}, "cosigned": {"BOOL": false},
                "submitted": {"N": kept.submitted.to_string()},
            }}),
        )
    };
    let other = Anchor { size: 5, ..before.clone() };
    for (there, outcome) in [
        (&next, Ok(true)),
        (&other, Ok(false)),
        (&before, Err(Fault::new("note what is anchored", "TransactionConflict"))),
    ] {
        let world = World::answering(vec![conflict(), lying(there)]);
        assert_eq!(table(&world).keep_anchor(&next, Some(&before)).await, outcome);
    }
    let mut answers = vec![(200, json!({})); usize::from(ANCHOR_COPIES) + 1];
    answers.push(lying(&next));
    let world = World::answering(answers);
    assert_eq!(table(&world).keep_anchor(&next, None).await, Ok(true));
    assert_eq!(table(&world).anchor().await, Ok(Some(next)));
}

#[tokio::test]
async fn every_copy_is_told_when_the_log_was_anchored_and_before_the_anchor_itself() {
    let before = Anchor { size: 1, at: now(), cosigned: false, submitted: 1 };
    let next = Anchor { size: 2, at: now().plus(60), ..before.clone() };
    let copies = usize::from(ANCHOR_COPIES);
    let mut answers = vec![(200, json!({})); copies + 2];
    // One is held by a transaction that begins access, and told again; one knows of later.
    answers[3] = (400, json!({"__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException"}));
    answers[4] = failed();
    let world = World::answering(answers);
    assert_eq!(table(&world).keep_anchor(&next, Some(&before)).await, Ok(true));
    let operations = world.operations();
    assert_eq!(operations.last().map(String::as_str), Some("TransactWriteItems"));
    // All at once would be late together where calls are slow; one after the other takes too long where they are not.
    assert!((2..=16).contains(&world.most_at_once()), "{} at once", world.most_at_once());
    assert!(operations.iter().take(copies + 1).all(|operation| operation == "PutItem"), "{operations:?}");
    let told: std::collections::BTreeSet<String> =
        (0..=copies).map(|n| world.json(n)["Item"]["sk"]["S"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, (0..ANCHOR_COPIES).map(|copy| keys::log_anchor_copy(copy).1).collect());
    let put = world.json(0);
    assert_eq!(put["Item"]["at"]["S"], next.at.to_string());
    assert_eq!(put["ConditionExpression"], "attribute_not_exists(pk) OR #at <= :at");
    // Who can't be told keeps the anchor from counting: the next minute begins anew.
    let world =
        World::answering(vec![
            (400, json!({"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException"}));
            copies
        ]);
    assert!(table(&world).keep_anchor(&next, Some(&before)).await.is_err());
    assert!(!world.operations().contains(&"TransactWriteItems".to_owned()));
}

#[tokio::test]
async fn the_systems_own_streams_are_stored_as_all_others() {
    let event = Event::Heartbeat { size: 1 };
    let begun = Event::LogStarted { origin: "o".to_owned(), key: "k".to_owned() };
    let commit = next(None, &Cause::system("audit"), &[begun, event], now()).unwrap();
    let world = World::answering(vec![(200, json!({}))]);
    table(&world).commit_system(commit.clone()).await.unwrap();
    let sent = world.json(0);
    let keys: Vec<String> = sent["TransactItems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            format!(
                "{}/{}",
                item["Put"]["Item"]["pk"]["S"].as_str().unwrap(),
                item["Put"]["Item"]["sk"]["S"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        keys,
        [
            "SYSTEM#sys_log/STATE",
            "SYSTEM#sys_log/EVENT#000001",
            "OUT#sys_log/000001",
            "SYSTEM#sys_log/EVENT#000002",
            "OUT#sys_log/000002"
        ]
    );
    let item = sent["TransactItems"][0]["Put"]["Item"].clone();
    let world = World::answering(vec![(200, json!({"Item": item.clone()})), (200, json!({"Item": item}))]);
    let stored = table(&world).load_system(SystemStream::Log).await.unwrap().unwrap();
    assert_eq!(stored, commit.next);
    assert!(matches!(stored.known, Known::Log { .. }));
    let end = table(&world).stream_end(&Stream::System(SystemStream::Log)).await.unwrap();
    assert_eq!(end, Some((stored.head, stored.at)));
}
