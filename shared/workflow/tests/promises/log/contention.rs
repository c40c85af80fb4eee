//! Grants that begin at the same moment, and what all of them are conditioned on.

use crate::support::{HALF_AN_HOUR, NOON, actor, wish};
use futures_util::StreamExt as _;
use model::lifecycle::{Command, submit};
use model::names::RequestId;
use model::policy::Policy;
use model::request::Status;
use model::submission::judge;
use model::time::Time;
use model::words::Salt;
use record::chain::{Head, append};
use record::entry::EntryHash;
use serde_json::json;
use workflow::double::{Aws, Wait, World, percentile};
use workflow::ports::{ANCHOR_COPIES, Commit, CommitError, CommitRequest as _, Guard, Stored};

/// Commits that begin access, of so many requests that policy alone lets through.
fn beginning(count: u64) -> Vec<Commit> {
    let (policy, now) = (Policy::load(&World::sample_bundle()).unwrap(), NOON.parse().unwrap());
    let one = |nth: u64| {
        // As ids are: the end has no pattern.
        let end: String = EntryHash::of(&nth.to_be_bytes()).to_string().chars().take(16).collect();
        let id: RequestId = format!("req_0198c0ffee107fff{end}").parse().unwrap();
        let salt = Salt::new(u128::from(nth).to_be_bytes());
        let judged = judge(&policy, id.clone(), &actor("alice"), &wish("logs-read", HALF_AN_HOUR), salt, now);
        let (request, decision) = judged.unwrap();
        let begun = submit(request, &decision, now).then(&Command::StartProvisioning, now);
        let (mut head, mut links) = (Head::START, Vec::new());
        for event in &begun.events {
            let (cause, event) = (json!({"kind": "system"}), serde_json::to_value(event).unwrap());
            let (link, next) = append(head, id.as_str(), NOON, cause, event).unwrap();
            links.push(link);
            head = next;
        }
        let next = Stored { state: begun.next, head, at: now };
        assert_eq!(next.state.status(), Status::Provisioning);
        Commit { id, expected: 0, links, next, guards: vec![Guard::Anchored { not_before: Time::EPOCH }] }
    };
    (0..count).map(one).collect()
}

/// So many grants a second, or all at once, with so many copies: how long each commit took, and how many gave up.
#[expect(clippy::print_stdout, reason = "the figures, for whoever asks for them with --nocapture")]
fn burst(commits: &[Commit], rate: Option<u64>, copies: u8) -> (Vec<Wait>, usize) {
    let (world, mut aws) = (&World::new(NOON.parse().unwrap()), Aws::new(11, u64::MAX));
    world.set_durations(move |call, now| aws.takes(call, now));
    world.contend(copies, 12);
    let commits = (0..).zip(commits.iter().cloned()).map(|(nth, commit)| async move {
        world.wait(rate.map_or(0, |rate| nth * 1_000_000 / rate)).await;
        let since = world.elapsed();
        let done = world.commit(commit).await;
        (Wait { since, waited: world.elapsed() - since }, done)
    });
    let all = futures_util::stream::iter(commits).buffer_unordered(usize::MAX).collect::<Vec<_>>();
    let all = world.play(all).unwrap();
    assert!(all.iter().all(|(_, done)| matches!(done, Ok(()) | Err(CommitError::Conflict))));
    let failed = all.iter().filter(|(_, done)| done.is_err()).count();
    let waits: Vec<Wait> = all.into_iter().map(|(wait, _)| wait).collect();
    let (count, what) = (waits.len(), rate.map_or_else(|| "at once".to_owned(), |rate| format!("at {rate}/s")));
    let [half, most, last] = [50, 99, 100].map(|percent| percentile(&waits, percent));
    let conflicts = world.conflicts();
    println!(
        "{count} grants {what}, {copies} copies: p50 {half} ms, p99 {most} ms, last {last} ms; {conflicts} conflicts, {failed} gave up"
    );
    (waits, failed)
}

#[test]
fn a_hundred_that_begin_at_once_do_not_hold_each_other_up() {
    let commits = beginning(100);
    let (waits, failed) = burst(&commits, None, ANCHOR_COPIES);
    assert!(failed <= 2 && percentile(&waits, 99) < 400, "{failed}");
    // What that is worth: with one item for all, most of them give up.
    assert!(burst(&commits, None, 1).1 > 50);
}

#[test]
fn two_hundred_a_second_begin_as_fast_as_one() {
    let commits = beginning(400);
    let (waits, failed) = burst(&commits, Some(200), ANCHOR_COPIES);
    assert!(failed == 0 && percentile(&waits, 99) < 200);
    assert!(burst(&commits, Some(200), 1).1 > 200);
    burst(&commits, Some(20), 1);
    burst(&commits, Some(200), 16);
}
