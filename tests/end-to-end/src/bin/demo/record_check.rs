//! The record: an auditor fetches it and checks it offline.

use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::trail::{Trail, refused};

use crate::story::Story;

pub(crate) async fn play(story: &mut Story, stage: &Stage, requests: &[(&str, &String)]) -> Result<(), Failure> {
    story.chapter("The record: nobody can rewrite it unseen");
    let mut attempts = Vec::new();
    let mut countersigned = None;
    for (name, id) in requests {
        let trail = Trail::fetch(&stage.dave, id).await?;
        let (answer, right) = match trail.verify() {
            Ok(entries) => {
                attempts.extend(refused(&entries));
                (format!("whole: {} entries, head {}", entries.len(), trail.head.hash), entries.len() > 3)
            }
            Err(broken) => (broken.to_string(), false),
        };
        story.check(&format!("dave verifies the record of {name}"), "whole", &answer, right);
        let with_bob = trail.forged(BOB, FORGED).ok();
        countersigned = countersigned.or(with_bob);
    }
    attempts.sort();
    let all = attempts.iter().map(|(person, code)| format!("{person} {code}")).collect::<Vec<_>>().join(", ");
    let wanted = [("alice", "self_approval"), ("alice", "not_active"), ("mallory", "not_an_approver")];
    let right = wanted.iter().all(|(person, code)| attempts.iter().any(|(who, what)| who == person && what == code));
    story.check("what was refused is in it", "all of it", &all, right);

    let (forged, place) = countersigned.ok_or_else(|| Failure::new("no record has bob's countersignature"))?;
    // The next entry names the hash of the one that was changed.
    let next = u64::try_from(place).unwrap_or(u64::MAX).saturating_add(1);
    let what = format!("one byte of entry {place} is changed (bob → rob)");
    match forged.verify() {
        Ok(_) => story.check(&what, "found out", "it still verifies", false),
        Err(broken) => story.check(&what, "found out", &broken.to_string(), broken.seq == next),
    }
    let not_hers = stage.mallory.get(&format!("/v1/requests/{}/events", forged.request)).await?;
    story.refused("mallory reads the record", 404, "request_not_found", &not_hers);
    Ok(())
}

/// What one bit makes of bob in his countersignature.
const BOB: &str = r#""person":"bob""#;
const FORGED: &str = r#""person":"rob""#;
