//! Entries as grants' are, committed at a rate: many streams at once, each with the story of one real grant.

use super::World;
use super::pace::Aws;
use crate::ports::Fault;
use model::stream::Stream;
use record::chain::{Head, Link, append};
use serde_json::Value;
use std::collections::BTreeMap;

/// The first half of the first series' ids.
const FIRST: u64 = 0x0198_c0ff_ee10_7000;

/// What is committed, in which order.
#[derive(Debug)]
pub struct Load {
    /// What each commit of a grant puts on record, as cause and event.
    story: Vec<Vec<(Value, Value)>>,
    /// By number of the grant: where it is in the story, and where its stream ends.
    open: BTreeMap<u64, (usize, Head)>,
    begun: u64,
    series: u64,
    dice: Aws,
}

impl Load {
    /// Grants with the story of the one whose chain this is: what it has of one cause and one second was one commit. Those of
    /// one series have other ids than those of another.
    ///
    /// # Errors
    /// The chain is none.
    pub fn like(chain: &[Vec<u8>], series: u64) -> Result<Self, Fault> {
        let mut story: Vec<Vec<(Value, Value)>> = Vec::new();
        let mut before = None;
        for bytes in chain {
            let mut entry: Value = serde_json::from_slice(bytes).map_err(|_| Fault::new("read a chain", "no_entry"))?;
            let mut take = |name: &str| entry.get_mut(name).map(Value::take).unwrap_or_default();
            let (at, cause, event) = (take("at"), take("cause"), take("event"));
            let same = Some((at, cause.clone()));
            if same != before {
                story.push(Vec::new());
            }
            before = same;
            story.last_mut().into_iter().for_each(|commit| commit.push((cause.clone(), event.clone())));
        }
        Ok(Self { story, open: BTreeMap::new(), begun: 0, series, dice: Aws::new(series, u64::MAX) })
    }

    /// Opens a grant, of which nothing is committed yet.
    fn grant(&mut self) -> u64 {
        self.begun = self.begun.saturating_add(1);
        self.open.insert(self.begun, (0, Head::START));
        self.begun
    }

    /// The next commit of the grant with this number. Gives back how many entries it has.
    fn commit(&mut self, world: &World, number: u64) -> Result<u64, Fault> {
        let Some((place, head)) = self.open.get(&number).copied() else { return Ok(0) };
        let id = format!("req_{:016x}{number:016x}", FIRST.saturating_add(self.series));
        let impossible = |_| Fault::new("commit a load", "impossible_entry");
        let stream: Stream = id.parse().map_err(|_| Fault::new("commit a load", "impossible_id"))?;
        let (mut head, mut links) = (head, Vec::<Link>::new());
        let at = world.aws_now().to_string();
        for (cause, event) in self.story.get(place).into_iter().flatten() {
            let (link, next) = append(head, &id, &at, cause.clone(), event.clone()).map_err(impossible)?;
            links.push(link);
            head = next;
        }
        let count = u64::try_from(links.len()).unwrap_or(u64::MAX);
        world.lock().append_loose(&stream, links);
        let place = place.saturating_add(1);
        if place < self.story.len() {
            self.open.insert(number, (place, head));
        } else {
            self.open.remove(&number);
        }
        Ok(count)
    }

    /// Commits `rate` entries a second for so many seconds, at moments without a pattern, of `streams` grants at once: whose
    /// story is over makes room for a new one. Gives back how many there were.
    ///
    /// # Errors
    /// An entry can't be made.
    pub async fn run(&mut self, world: &World, rate: u64, seconds: u64, streams: u64) -> Result<u64, Fault> {
        let begun = world.elapsed();
        let mut count: u64 = 0;
        while count < rate.saturating_mul(seconds) {
            while self.open.len() < usize::try_from(streams).unwrap_or(usize::MAX) {
                self.grant();
            }
            let nth = usize::try_from(self.dice.below(streams)).unwrap_or(0);
            let number = self.open.keys().nth(nth).copied().unwrap_or(1);
            let commit = self.commit(world, number)?;
            count = count.saturating_add(commit);
            let due = count.saturating_mul(1_000_000).checked_div(rate).unwrap_or(0);
            let jitter = self.dice.below(1_000_000u64.checked_div(rate).unwrap_or(0));
            let due = begun.saturating_add(due).saturating_add(jitter);
            world.wait(due.saturating_sub(world.elapsed())).await;
        }
        Ok(count)
    }

    /// Commits what comes next in each of `grants` new grants, `at_once` at a time, each as long as a transaction takes:
    /// what a panic does. Gives back how many entries there were.
    ///
    /// # Errors
    /// An entry can't be made.
    pub async fn burst(&mut self, world: &World, grants: u64, at_once: u64) -> Result<u64, Fault> {
        let numbers: Vec<u64> = (0..grants).map(|_| self.grant()).collect();
        let mut count: u64 = 0;
        for some in numbers.chunks(usize::try_from(at_once).unwrap_or(usize::MAX).max(1)) {
            for number in some {
                count = count.saturating_add(self.commit(world, *number)?);
            }
            world.wait(35_000).await;
        }
        Ok(count)
    }
}
