//! Steps of the log: what waits is found, batches are staged and become the head, entries are marked, the log is anchored.

use end_to_end::failure::Failure;
use model::stream::{Place, Stream};
use record::chain::Head;
use record::entry::EntryHash;
use record::tree::{Edge, Hash, leaf};
use workflow::ports::{
    Anchor, Batch, FindUnlogged as _, KeepAnchor as _, LogHead, Logged, MarkLogged as _, MoveLog as _, Outbox,
    ReadLog as _, ReadOutbox as _, ReadStreams as _, Unlogged,
};

use crate::both::{ask, same};
use crate::times::about;
use crate::walk::Walk;

/// More streams than a walk makes, and more than there are in one partition of the index.
pub(crate) const ALL: u32 = 1_000;

/// What the log is about to do, and did.
#[derive(Debug)]
pub(crate) struct Logging {
    pub(crate) edge: Edge,
    pub(crate) head: Option<LogHead>,
    /// Where each batch begins.
    pub(crate) firsts: Vec<u64>,
    staged: Option<(Batch, Vec<Logged>)>,
    /// What is in the log and may not be marked yet.
    marks: Vec<Logged>,
    before: Option<LogHead>,
    anchor: Option<Anchor>,
}

impl Default for Logging {
    fn default() -> Self {
        let (firsts, marks) = (Vec::new(), Vec::new());
        Self { edge: Edge::EMPTY, head: None, firsts, staged: None, marks, before: None, anchor: None }
    }
}

impl Walk<'_> {
    /// A step of the log.
    pub(crate) async fn log(&mut self) -> Result<(), Failure> {
        match self.dice.below(20) {
            0..2 => self.find_unlogged().await,
            2..6 => self.read_outbox().await,
            6..9 => self.stage().await,
            9..12 => self.move_head().await,
            12..14 => self.mark().await,
            14 | 15 => self.applied().await,
            16 => self.pass_over().await,
            17 => self.read_streams().await,
            18 => self.anchor().await,
            _ => self.read_log().await,
        }
    }

    /// The table looks at a page of each partition of the index, so it may know of fewer streams than it is asked for; what
    /// it knows of is in the right order, and begins with the one that waits longest.
    async fn find_unlogged(&mut self) -> Result<(), Failure> {
        let all = ask!(self.both, unlogged(ALL))?.unwrap_or_default();
        let limit = self.limit();
        let double = self.both.double.unlogged(limit).await;
        let table = self.both.table.unlogged(limit).await;
        let shown = table.as_deref().unwrap_or_default();
        let mut rest = all.iter();
        let in_order = shown.iter().all(|stream| rest.any(|other| other == stream));
        let first = double.as_deref().unwrap_or_default().first() == shown.first();
        if table.is_ok() && first && in_order && shown.len() <= usize::try_from(limit).unwrap_or(usize::MAX) {
            return Ok(());
        }
        same("unlogged", &double, &table, || limit.to_string())
    }

    async fn read_outbox(&mut self) -> Result<(), Failure> {
        let stream = self.stream()?;
        let other = self.stream()?;
        let streams = [stream.clone(), other, stream.clone()];
        let logged = ask!(self.both, logged_up_to(&streams))?.unwrap_or_default();
        let from = match logged.first() {
            Some(Some(head)) if self.dice.below(4) > 0 => *head,
            _ => Head { seq: self.dice.below(3), hash: EntryHash::NONE },
        };
        let limit = self.limit();
        ask!(self.both, outbox(&stream, from, limit))?.ok();
        Ok(())
    }

    /// What waits, of some streams; without what is in the log already, and not marked.
    async fn open(&mut self) -> Result<Vec<(Stream, Unlogged)>, Failure> {
        let streams = ask!(self.both, unlogged(ALL))?.unwrap_or_default();
        let mut open = Vec::new();
        for stream in streams.into_iter().take(4) {
            let logged = ask!(self.both, logged_up_to(std::slice::from_ref(&stream)))?.unwrap_or_default();
            let head = logged.first().copied().flatten().unwrap_or(Head::START);
            let outbox: Result<Outbox, _> = ask!(self.both, outbox(&stream, head, 3))?;
            let outbox = outbox.map(|outbox| outbox.open).unwrap_or_default();
            let is_in = |seq: u64| {
                self.logging.marks.iter().any(|logged| logged.place.stream == stream && logged.place.seq == seq)
            };
            open.extend(outbox.into_iter().filter(|out| !is_in(out.seq)).map(|out| (stream.clone(), out)));
        }
        Ok(open)
    }

    async fn stage(&mut self) -> Result<(), Failure> {
        let open = self.open().await?;
        if open.is_empty() {
            return Ok(());
        }
        let (first, at) = (self.logging.edge.size(), self.now());
        let mut edge = self.logging.edge.clone();
        let (mut places, mut leaves, mut logged) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (stream, out)) in (first..).zip(open) {
            let place = Place { stream, seq: out.seq };
            let hash = leaf(out.hash.to_string().as_bytes());
            edge.append(hash).map_err(|error| Failure::of("appending a leaf", &error))?;
            logged.push(Logged { place: place.clone(), hash: out.hash, at: out.at, index });
            places.push(place);
            leaves.push(hash);
        }
        let before = if first == 0 { Hash::EMPTY } else { self.logging.edge.root() };
        let batch = Batch { first, places, leaves, before, root: edge.root(), at, note: None };
        if ask!(self.both, stage(&batch))? == Ok(true) {
            self.logging.staged = Some((batch, logged));
        }
        Ok(())
    }

    /// What was staged becomes the head; or not, as something does not fit.
    async fn move_head(&mut self) -> Result<(), Failure> {
        let Some((staged, logged)) = self.logging.staged.clone() else { return self.stage().await };
        let mut edge = self.logging.edge.clone();
        if staged.first == edge.size() {
            for leaf in &staged.leaves {
                edge.append(*leaf).map_err(|error| Failure::of("appending a leaf", &error))?;
            }
        }
        let note = format!("note {} {}", staged.size(), self.dice.number());
        let at = about(self.now(), &mut self.dice);
        let head = LogHead {
            origin: "a log".to_owned(),
            edge: edge.clone(),
            note: note.clone(),
            at,
            batch: staged.first,
            applied: false,
        };
        let mut signed = Batch { note: Some(note), ..staged };
        let mut before = self.logging.head.as_ref().map(|head| head.note.clone());
        match self.dice.below(10) {
            0 => before = None,
            1 => before = Some("another".to_owned()),
            2 => signed.root = leaf(b"another"),
            _ => {}
        }
        let moved = ask!(self.both, move_head(&head, &signed, before.as_deref()))?;
        if moved.is_ok() {
            let logging = &mut self.logging;
            logging.firsts.push(signed.first);
            logging.edge = edge;
            logging.before = logging.head.replace(head);
            // What was staged stays in hand: it can't become the head twice.
            logging.marks.extend(logged);
        }
        self.came_to(&moved);
        Ok(())
    }

    /// Some of what is in the log is marked: the first of it, or a later one, perhaps again.
    async fn mark(&mut self) -> Result<(), Failure> {
        let waiting = u64::try_from(self.logging.marks.len()).unwrap_or_default();
        let count = usize::try_from(self.dice.below(waiting.saturating_add(1))).unwrap_or_default();
        let marked: Vec<Logged> = self.logging.marks.iter().take(count).cloned().collect();
        let at = self.now();
        ask!(self.both, mark_logged(&marked, at))?.ok();
        if self.dice.below(3) > 0 {
            self.logging.marks.drain(..count);
        }
        Ok(())
    }

    async fn applied(&mut self) -> Result<(), Failure> {
        let logging = &self.logging;
        let older = if self.dice.below(4) == 0 { &logging.before } else { &None };
        let Some(head) = older.clone().or_else(|| logging.head.clone()) else { return Ok(()) };
        if ask!(self.both, applied(&head))? == Ok(true)
            && let Some(head) = &mut self.logging.head
        {
            head.applied = true;
        }
        Ok(())
    }

    async fn pass_over(&mut self) -> Result<(), Failure> {
        let stream = self.stream()?;
        let place = Place { stream, seq: self.dice.below(3).saturating_add(1) };
        ask!(self.both, pass_over(&place))?.ok();
        Ok(())
    }

    async fn read_streams(&mut self) -> Result<(), Failure> {
        let mut places = Vec::new();
        for _ in 0..self.dice.below(6) {
            places.push(Place { stream: self.stream()?, seq: self.dice.below(4) });
        }
        ask!(self.both, entries_at(&places))?.ok();
        let stream = self.stream()?;
        ask!(self.both, stream_end(&stream))?.ok();
        Ok(())
    }

    /// What is anchored is noted; now and then over what is not there, and again.
    async fn anchor(&mut self) -> Result<(), Failure> {
        let size = self.logging.edge.size();
        let known = self.logging.anchor.clone();
        let at = about(self.now(), &mut self.dice);
        let next = match &known {
            Some(known) if self.dice.below(4) == 0 => known.clone(),
            _ => Anchor { size, at, cosigned: self.dice.below(2) == 0, submitted: size },
        };
        let before = match self.dice.below(6) {
            0 => None,
            1 => Some(Anchor { size: 7_777, at, cosigned: false, submitted: 7_777 }),
            _ => known,
        };
        if ask!(self.both, keep_anchor(&next, before.as_ref()))? == Ok(true) {
            self.logging.anchor = Some(next);
        }
        Ok(())
    }

    pub(crate) async fn read_log(&mut self) -> Result<(), Failure> {
        ask!(self.both, log_head())?.ok();
        ask!(self.both, anchor())?.ok();
        let first = self.dice.one(&self.logging.firsts).copied().unwrap_or_default();
        ask!(self.both, batch(first))?.ok();
        Ok(())
    }
}
