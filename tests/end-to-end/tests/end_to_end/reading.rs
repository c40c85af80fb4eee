//! Reading: requests, lists and records, and for whom.

use end_to_end::door::{Api, text};
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::trail::Trail;
use serde_json::Value;

use crate::{logs_read, pending};

/// The ids of a whole list, page by page.
async fn all(api: &Api, query: &str) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = api.get(&format!("/v1/requests?{query}{cursor}")).await?.expect(200)?;
        found.extend(ids(&page));
        match page.get("cursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(found),
        }
    }
}

fn ids(page: &Value) -> Vec<String> {
    let items = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    items.iter().map(|item| text(item, "id").to_owned()).collect()
}

#[tokio::test]
async fn a_request_is_for_its_requester_its_approvers_and_auditors() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let asked = pending(&stage, "orders-db-debug").await?;
    let id = text(&asked, "id");
    for person in [&stage.alice, &stage.bob, &stage.carol, &stage.dave] {
        let shown = person.request(id).await?.expect(200)?;
        assert_eq!(text(&shown, "digest"), text(&asked, "digest"));
        person.get(&format!("/v1/requests/{id}/events")).await?.expect(200)?;
    }
    for path in [format!("/v1/requests/{id}"), format!("/v1/requests/{id}/events")] {
        let reply = stage.mallory.get(&path).await?;
        assert_eq!((reply.status, reply.code()), (404, "request_not_found"), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn lists_come_in_pages() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let mine = [pending(&stage, "orders-db-debug").await?, pending(&stage, "orders-db-debug").await?];
    let page = stage.alice.get("/v1/requests?limit=1").await?.expect(200)?;
    assert_eq!(ids(&page).len(), 1);
    let mut found = all(&stage.alice, "limit=2").await?;
    let count = found.len();
    found.sort();
    found.dedup();
    assert_eq!(found.len(), count, "nothing comes twice");
    for asked in &mine {
        assert!(found.contains(&text(asked, "id").to_owned()));
    }
    let waiting = all(&stage.bob, "status=pending&limit=100").await?;
    assert!(mine.iter().all(|asked| waiting.contains(&text(asked, "id").to_owned())), "approvers find what waits");
    let nothing = stage.mallory.get("/v1/requests?requester=alice").await?.expect(200)?;
    assert!(ids(&nothing).is_empty());
    for (query, code) in
        [("limit=101", "invalid_limit"), ("limit=0", "invalid_limit"), ("status=open", "invalid_status")]
    {
        let reply = stage.alice.get(&format!("/v1/requests?{query}")).await?;
        assert_eq!((reply.status, reply.code()), (422, code), "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn the_record_is_whole_and_shows_every_change_of_a_byte() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let id = logs_read(&stage).await?;
    stage.alice.keys(&id).await?;
    let trail = Trail::fetch(&stage.dave, &id).await?;
    let entries = trail.verify().map_err(|broken| Failure::new(broken.to_string()))?;
    assert!(entries.len() >= 6, "{} entries", entries.len());
    let (forged, place) = trail.forged("logs-read", "logs-reed")?;
    assert_eq!(place, 1);
    let broken = forged.verify().err().ok_or_else(|| Failure::new("a forged record verifies"))?;
    assert_eq!(broken.seq, 2, "the entry after it names the hash that it had");
    // One page or many, the bytes are the same.
    let first = stage.dave.get(&format!("/v1/requests/{id}/events?limit=1")).await?.expect(200)?;
    assert_eq!(
        first.pointer("/items/0/canonical").and_then(Value::as_str).map(str::as_bytes),
        trail.entries.first().map(Vec::as_slice)
    );
    assert_eq!(first.get("cursor").and_then(Value::as_str), Some("1"));
    Ok(())
}
