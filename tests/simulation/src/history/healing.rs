//! Everything heals, and comes to rest.

use super::History;
use crate::mail::{Letter, To};
use crate::plan::Fault;
use crate::policies::Version;
use crate::recording::Recording;
use crate::site::Site;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::lifecycle::{Phase, Verification};
use model::sweep::Phase as SweepPhase;
use serde_json::json;
use workflow::double::ORIGIN;
use workflow::ports::LogSettings as _;

/// How many rounds it may take until nothing is left.
const ROUNDS: usize = 600;

/// How many invocations one round may take.
const INVOCATIONS: usize = 3_000;

impl History {
    /// Nothing goes wrong any more; what still runs may go on or die.
    pub(super) fn heal(&mut self) {
        let world = &self.site.world;
        world.heal();
        world.set_iam_unordered(0);
        world.set_index_lag(0);
        world.set_outbox_lag(0);
        world.set_policy_quotas(1_500, 20);
        world.set_policy(Some(self.version.policy()));
        self.site.side().partial = 0;
        self.site.side().slack_down = 0;
        // What failed before is tried anew.
        let now = self.now();
        self.letters.iter_mut().for_each(|letter| (letter.tries, letter.due) = (0, now));
        self.plan.faults.clear();
        self.healed = true;
        self.recording.healed = Some((self.site.world.done(), now.as_second()));
        self.say(|| "everything heals".to_owned());
        self.heal_trail();
        while let Some(mut worker) = self.running.pop() {
            if self.dice.percent(60) {
                worker.frozen = false;
                self.running.push(worker);
                self.finish_last();
            } else {
                self.failed(worker);
            }
        }
    }

    /// Runs the worker that began last until it is done.
    fn finish_last(&mut self) {
        let last = self.running.len() - 1;
        for _ in 0..100_000 {
            if self.poll(last) {
                return;
            }
        }
        self.recording.unfinished.push("a worker runs for ever".to_owned());
        self.running.pop();
    }

    /// The clock runs on until nothing is left to be done.
    pub(super) fn come_to_rest(&mut self) {
        for _ in 0..ROUNDS {
            self.settle();
            let left = self.left();
            if self.stuck || (left.is_none() && self.unsettled().is_none()) {
                return;
            }
            let now = self.now();
            let due = self.site.world.next_due().into_iter().chain(self.site.world.schedules().into_values());
            let due = due.chain(self.letters.iter().map(|letter| letter.due)).min();
            self.trail_comes_to_rest(left.is_some());
            // While anything is to be logged or sealed, the log's timer runs every minute, as it does.
            let longest = match left {
                None => 900,
                Some(_) if self.is_sealed() => 300,
                Some(_) => 60,
            };
            let next = due.unwrap_or(now.plus(60)).max(now.plus(1)).min(now.plus(longest));
            let minute = next.plus((60 - next.as_second().unsigned_abs() % 60) % 60);
            self.site.world.set_now(if self.site.world.schedules().values().any(|at| *at == next) {
                next
            } else {
                minute
            });
            self.next_minute = self.now();
            self.ring();
        }
        let left = self.left().or_else(|| self.unsettled()).unwrap_or_default();
        self.recording.unfinished.push(left);
    }

    /// Everything that is on its way arrives.
    fn settle(&mut self) {
        for _ in 0..INVOCATIONS {
            self.tell_witness();
            let now = self.now();
            let due = |letter: &Letter| letter.due <= now;
            if !self.letters.iter().any(due) {
                self.feed();
            }
            let Some(at) = self.letters.iter().position(due) else { return };
            let letter = self.letters.remove(at);
            self.begin(letter);
            self.finish_last();
            if self.stuck {
                return;
            }
        }
        self.recording.unfinished.push("messages go round for ever".to_owned());
    }

    /// What is still to be done; `None`: nothing.
    fn left(&self) -> Option<String> {
        let world = &self.site.world;
        for id in world.ids() {
            let phase = world.stored(&id)?.state.phase;
            let over = matches!(
                phase,
                Phase::Denied { .. }
                    | Phase::Cancelled { .. }
                    | Phase::Lapsed { .. }
                    | Phase::Ended { residue: None, verification: Verification::Verified { .. }, .. }
            );
            if !over {
                return Some(format!("{id} is {phase:?}"));
            }
        }
        for id in world.sweep_ids() {
            let phase = world.stored_sweep(&id)?.sweep.phase;
            if matches!(phase, SweepPhase::Running { .. }) {
                return Some(format!("{id} is {phase:?}"));
            }
        }
        let planted = &self.recording.planted;
        let ours: Vec<String> = world.roles().into_keys().chain(world.policies().into_keys()).collect();
        if let Some(name) = ours.iter().find(|name| !planted.contains(*name)) {
            return Some(format!("{name} is still in IAM"));
        }
        if !world.schedules().is_empty() {
            return Some(format!("schedules: {:?}", world.schedules()));
        }
        if let Some((role, name)) = world.kills().iter().find(|(_, name)| !planted.contains(name)) {
            return Some(format!("{name} is still on {role}"));
        }
        if !self.stream.is_through() || !self.letters.is_empty() {
            return Some(format!("messages: {:?}", self.letters.iter().map(|letter| &letter.what).collect::<Vec<_>>()));
        }
        let (entries, size) = self.logged();
        if entries != size {
            return Some(format!("{size} of {entries} entries are logged"));
        }
        if !self.is_sealed() {
            return Some(format!("the log has {size} entries; anchored is {:?}", world.anchored_up_to()));
        }
        None
    }

    /// How many entries there are, and how many of them the log has.
    fn logged(&self) -> (u64, u64) {
        let world = &self.site.world;
        let entries: usize = world.streams().iter().map(|stream| world.stream_chain(stream).len()).sum();
        (u64::try_from(entries).unwrap_or(u64::MAX), world.log().map_or(0, |head| head.edge.size()))
    }

    /// Whether every entry lies in the log where nobody can delete it, and the witness, if there is one, vouches for it.
    fn is_sealed(&self) -> bool {
        let world = &self.site.world;
        let (entries, size) = self.logged();
        let anchor = world.anchored_up_to().filter(|anchor| anchor.size == size && entries == size);
        anchor.is_some_and(|anchor| anchor.cosigned || world.witness_key().is_none())
    }

    /// Another policy is in force from now on.
    pub(super) fn change_policy(&mut self, version: Version) {
        self.version = version;
        self.site.world.set_policy(Some(version.policy()));
        self.note_version();
        self.say(|| format!("the policy is {version:?}"));
    }

    /// A message that was delivered comes once more.
    pub(super) fn redeliver(&mut self) {
        if self.delivered.is_empty() || !self.happens(Fault::Redelivery, 50) {
            return;
        }
        let at = self.dice.below(self.delivered.len());
        let mut again: Letter = self.delivered.swap_remove(at);
        if again.to == To::Reconciliation {
            return;
        }
        again.due = self.now();
        self.letters.push(again);
    }
}

/// The folder that the verifier judges: the log's files, its anchors, and a copy of the table.
pub(crate) fn folder(site: &Site, recording: &mut Recording) {
    let world = &site.world;
    let mut files = world.anchor_files();
    files.extend(world.log_files().into_iter().map(|(path, bytes)| (format!("log/{path}"), bytes)));
    let mut keys = format!("log {}\n", world.log_key());
    if let Some(witness) = world.witness_key() {
        keys = format!("{keys}witness {witness}\n");
    }
    debug_assert!(world.log_key().starts_with(ORIGIN));
    files.insert("keys".to_owned(), keys.into_bytes());
    for (stream, entries) in &recording.streams {
        for (at, entry) in entries.iter().enumerate() {
            let item = json!({"event": STANDARD.encode(&entry.bytes), "words": {}});
            files.insert(format!("table/streams/{stream}/{:06}.json", at + 1), item.to_string().into_bytes());
        }
    }
    for (stream, (seq, hash)) in &recording.ends {
        let state = json!({"version": seq, "head": hash});
        files.insert(format!("table/states/{stream}.json"), state.to_string().into_bytes());
    }
    recording.folder = files;
}
