//! What is to be logged, and that it is.

use super::{Out, nth};
use crate::double::{Verb, World};
use crate::ports::{Fault, FindUnlogged, Logged, MarkLogged, Outbox, ReadOutbox, Unlogged};
use model::stream::{Place, Stream};
use model::time::Time;
use record::chain::Head;
use record::entry::EntryHash;
use std::collections::BTreeSet;

impl FindUnlogged for World {
    async fn unlogged(&self, limit: u32) -> Result<Vec<Stream>, Fault> {
        self.call(Verb::Unlogged, "", "", |inner| {
            let (now, lag) = (inner.now, inner.log.lag_seconds);
            // Times are a worker's: without a lag what is of the next second is shown as well.
            let is_late = |at: Time| lag > 0 && at.plus(lag) > now;
            let late = inner.log.listed.iter().rev().take_while(|(at, _)| is_late(*at)).count();
            inner.log.behind = inner.log.behind.saturating_add(u64::try_from(late).unwrap_or(u64::MAX));
            let seen = inner.log.listed.iter().take_while(|(at, _)| !is_late(*at));
            let mut found: BTreeSet<&Stream> = BTreeSet::new();
            let first = seen.map(|(_, place)| &place.stream).filter(|stream| found.insert(stream));
            Ok(first.take(nth(u64::from(limit))).cloned().collect())
        })
        .await
    }
}

impl ReadOutbox for World {
    async fn logged_up_to(&self, streams: &[Stream]) -> Result<Vec<Option<Head>>, Fault> {
        self.call(Verb::LoggedUpTo, "", streams.len(), |inner| {
            let log = &inner.log;
            let logged = |stream: &Stream| log.logged.get(stream).copied().unwrap_or(Head::START);
            let readable = |stream: &Stream| !log.unmarked.contains(stream);
            Ok(streams.iter().map(|stream| readable(stream).then(|| logged(stream))).collect())
        })
        .await
    }

    async fn outbox(&self, stream: &Stream, logged: Head, limit: u32) -> Result<Outbox, Fault> {
        self.call(Verb::Outbox, stream, "", |inner| {
            let log = &inner.log;
            let from = Place { stream: stream.clone(), seq: logged.seq.saturating_add(1) };
            let beyond = log.outs.range(from.clone()..).take_while(|(place, _)| place.stream == *stream);
            // That an item says of itself that its entry is logged says nothing: `logged` says that.
            let beyond: Vec<(u64, &Out)> = beyond.map(|(place, out)| (place.seq, out)).collect();
            let most = nth(u64::from(limit));
            let found = beyond.get(..most).unwrap_or(&beyond);
            let open = found.iter().filter(|(_, out)| !out.passed);
            let open = open.map(|(seq, out)| Unlogged { seq: *seq, at: out.at, hash: out.hash }).collect::<Vec<_>>();
            // Where one is passed over all are looked up that are: up to as many, and maybe farther.
            let looked_up = if found.iter().any(|(_, out)| out.passed) { most } else { 0 };
            let known = log.passed_over.range(from..).take_while(|place| place.stream == *stream).take(looked_up);
            let is_open = |seq: &u64| open.iter().any(|open| open.seq == *seq);
            let passed = known.map(|place| place.seq).filter(|seq| !is_open(seq)).collect();
            let open = inner.one_as_read(open, |reader, how, out| Ok(reader.unlogged(how, stream, out)))?;
            Ok(Outbox { logged, open, passed })
        })
        .await
    }
}

impl MarkLogged for World {
    async fn mark_logged(&self, logged: &[Logged], _at: Time) -> Result<(), Fault> {
        let streams: BTreeSet<&Stream> = logged.iter().map(|logged| &logged.place.stream).collect();
        self.call(Verb::MarkLogged, streams.len(), logged.len(), |inner| {
            for Logged { place, hash, at, index } in logged {
                let moment = inner.log.outs.get(place).map_or(0, |before| before.moment);
                let out = Out { at: *at, hash: *hash, index: Some(*index), listed: false, passed: false, moment };
                let before = inner.log.put(place.clone(), out);
                if before.and_then(|before| before.index).is_some_and(|before| before != *index) {
                    inner.breaches.push(format!("{place} was logged before, elsewhere than at {index}"));
                }
                let last = inner.log.logged.entry(place.stream.clone()).or_insert(Head::START);
                if last.seq < place.seq {
                    *last = Head { seq: place.seq, hash: *hash };
                }
            }
            Ok(())
        })
        .await
    }

    async fn pass_over(&self, place: &Place) -> Result<(), Fault> {
        self.call(Verb::PassOver, place, "", |inner| {
            let now = inner.now;
            inner.log.passed_over.insert(place.clone());
            let out = Out { at: now, hash: EntryHash::NONE, index: None, listed: false, passed: true, moment: 0 };
            inner.log.put(place.clone(), out);
            Ok(())
        })
        .await
    }
}
