//! The table's stream: shards whose records come in order, at least once, to each of two consumers, in batches.

use super::History;
use crate::mail::{Letter, Record, To};
use crate::plan::Fault;
use std::collections::BTreeSet;
use workflow::double::Change;

/// Shards of the stream.
const SHARDS: usize = 2;

/// Who reads it. Source: `template.yaml`, the event source mappings.
const CONSUMERS: [To; 2] = [To::Publication, To::Audit];

/// How often a batch is tried that begins with the same record, before that record goes into the queue of failures, if
/// nobody can read it.
const TRIES: u32 = 3;

/// How far one consumer is in one shard.
#[derive(Debug, Default, Clone, Copy)]
struct Cursor {
    at: usize,
    busy: bool,
    tries: u32,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Records {
    shards: [Vec<Record>; SHARDS],
    cursors: [[Cursor; CONSUMERS.len()]; SHARDS],
    number: u64,
    /// Records that nobody could read, and that were set aside.
    pub(super) set_aside: BTreeSet<u64>,
}

impl Records {
    /// Takes in what was committed.
    pub(super) fn take(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.number += 1;
            let of: usize = change.place.stream.to_string().bytes().map(usize::from).sum();
            self.shards[of % SHARDS].push(Record::Entry(self.number, change));
        }
    }

    fn poison(&mut self, shard: usize) {
        self.number += 1;
        self.shards[shard].push(Record::Poison(self.number));
    }

    /// The next batch of a consumer that has none in work.
    fn next(&mut self, shard: usize, consumer: usize, most: usize) -> Option<&[Record]> {
        let cursor = &mut self.cursors[shard][consumer];
        let left = &self.shards[shard][cursor.at..];
        if cursor.busy || left.is_empty() {
            return None;
        }
        cursor.busy = true;
        Some(&left[..left.len().min(most)])
    }

    /// A batch came through: all of it, or, as its answer says, up to a record.
    pub(super) fn taken(&mut self, letter: &Letter, from: Option<&str>) {
        let Some((shard, consumer, count)) = letter.batch else { return };
        let cursor = &mut self.cursors[shard][consumer];
        cursor.busy = false;
        let records = &self.shards[shard][cursor.at..cursor.at + count];
        let failed = from.and_then(|from| from.parse::<u64>().ok());
        let through = match failed {
            Some(from) => records.iter().take_while(|record| record.number() < from).count(),
            None => count,
        };
        cursor.at += through;
        cursor.tries = if through == 0 { cursor.tries + 1 } else { 0 };
        if let Some(Record::Poison(number)) = self.shards[shard].get(cursor.at)
            && cursor.tries >= TRIES
        {
            self.set_aside.insert(*number);
            (cursor.at, cursor.tries) = (cursor.at + 1, 0);
        }
    }

    /// A batch did not come through: all of it comes again.
    pub(super) fn failed(&mut self, letter: &Letter) {
        if let Some((shard, consumer, _)) = letter.batch {
            self.cursors[shard][consumer].busy = false;
        }
    }

    /// Whether every consumer has everything.
    pub(super) fn is_through(&self) -> bool {
        self.cursors
            .iter()
            .zip(&self.shards)
            .all(|(cursors, shard)| cursors.iter().all(|cursor| cursor.at == shard.len()))
    }

    fn rewind(&mut self, shard: usize, consumer: usize, by: usize) {
        let cursor = &mut self.cursors[shard][consumer];
        if !cursor.busy {
            cursor.at = cursor.at.saturating_sub(by);
        }
    }

    fn skip(&mut self, shard: usize, consumer: usize) {
        let cursor = &mut self.cursors[shard][consumer];
        if !cursor.busy && cursor.at < self.shards[shard].len() {
            cursor.at += 1;
        }
    }
}

impl History {
    /// Every consumer that is idle gets its next batch.
    pub(super) fn feed(&mut self) {
        for shard in 0..SHARDS {
            if self.happens(Fault::Poison, 2) {
                self.recording.poison.0 += 1;
                self.stream.poison(shard);
            }
            for (consumer, to) in CONSUMERS.into_iter().enumerate() {
                if self.happens(Fault::Duplicate, 5) {
                    let by = self.dice.below(4);
                    self.stream.rewind(shard, consumer, by);
                }
                // A record that the log is not told of: its timer finds the entry.
                if to == To::Audit && self.happens(Fault::Lost, 5) {
                    self.stream.skip(shard, consumer);
                }
                let (most, now) = (1 + self.dice.below(8), self.now());
                if let Some(records) = self.stream.next(shard, consumer, most) {
                    let letter = Letter::batch(to, (shard, consumer), records, now);
                    self.letters.push(letter);
                }
            }
        }
    }
}
