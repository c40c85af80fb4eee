//! A site with a log, and what has to hold of it.

use crate::support::{HALF_AN_HOUR, Kind, Site};
use model::stream::{Place, Stream};
use model::time::Time;
use record::checkpoint::{self, Checkpoint};
use record::entry::Entry;
use record::proof::{Consistency, Inclusion};
use record::tile;
use record::tree::{Edge, leaf};
use std::collections::BTreeMap;
use workflow::double::World;
use workflow::log::{Ran, minute, sequence};
use workflow::ports::{Fault, LogSettings as _};

pub(crate) struct Scene {
    pub(crate) site: Site,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self { site: Site::new() }
    }

    /// A log that began, with a request of each kind in it and what they did since not.
    pub(crate) fn with_work() -> Self {
        let scene = Self::new();
        let ids = Kind::ALL.map(|kind| scene.site.pending(kind, HALF_AN_HOUR));
        scene.minute().unwrap().unwrap();
        for (id, kind) in ids.iter().zip(Kind::ALL) {
            for approver in kind.approvers() {
                scene.site.act(approver, id, &scene.site.approval(id)).unwrap();
            }
        }
        scene.site.pending(Kind::Session, HALF_AN_HOUR);
        scene.world().forget_calls();
        scene
    }

    pub(crate) fn fork(&self) -> Self {
        Self { site: self.site.fork() }
    }

    pub(crate) fn world(&self) -> &World {
        &self.site.world
    }

    /// What the stream of changes tells of.
    pub(crate) fn streams(&self) -> BTreeMap<Stream, u64> {
        let length = |stream: &Stream| u64::try_from(self.world().stream_chain(stream).len()).unwrap();
        self.world().streams().into_iter().map(|stream| (stream.clone(), length(&stream))).collect()
    }

    /// What the function does when told of all of them; `None`: the worker died.
    pub(crate) fn told(&self) -> Option<Result<Ran, Fault>> {
        self.site.run(sequence(self.world(), self.streams()))
    }

    /// What the timer does.
    pub(crate) fn minute(&self) -> Option<Result<Ran, Fault>> {
        self.site.run(minute(self.world()))
    }

    /// Some minutes in which nothing goes wrong.
    #[track_caller]
    pub(crate) fn settle(&self) {
        self.world().heal();
        self.world().set_outbox_lag(0);
        for _ in 0..4 {
            self.world().pass(61);
            self.world().witness_answers();
            self.minute().unwrap().unwrap();
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.world().log().map_or(0, |head| head.edge.size())
    }

    /// The places of all leaves, in order.
    pub(crate) fn places(&self) -> Vec<Place> {
        let size = self.size();
        self.world().batches().into_iter().filter(|batch| batch.first < size).flat_map(|batch| batch.places).collect()
    }

    /// The leaves that lie in the bucket, in order.
    pub(crate) fn leaves(&self) -> Vec<Vec<u8>> {
        let files = self.world().log_files();
        (0..self.size()).map(|index| tile::entry(&files, index, self.size()).unwrap()).collect()
    }

    /// The log's own events, in order, as name and data.
    pub(crate) fn said(&self) -> Vec<(String, serde_json::Value)> {
        let entries = self.world().stream_chain(&"sys_log".parse().unwrap());
        let read = entries.iter().map(|bytes| serde_json::from_slice::<Entry>(bytes).unwrap());
        read.map(|entry| (entry.event_name().to_owned(), entry.event["data"].clone())).collect()
    }

    /// What was found broken: code and place.
    pub(crate) fn defects(&self) -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let said = self.said().into_iter().filter(|(name, _)| name == "defectFound");
        said.map(|(_, data)| (text(&data["code"]), text(&data["entry"]))).collect()
    }

    /// What holds at every moment, whatever happened: INV-8.
    #[track_caller]
    pub(crate) fn append_only(&self) {
        let (files, head) = (self.world().log_files(), self.world().log());
        let mut roots = BTreeMap::new();
        for body in self.world().signed_checkpoints() {
            let signed = Checkpoint::parse(&body).unwrap();
            let before = roots.insert(signed.size(), *signed.root());
            assert!(before.is_none_or(|before| before == *signed.root()), "two roots for {}", signed.size());
        }
        let Some(head) = head.filter(|head| head.applied) else { return };
        let (size, root) = (head.edge.size(), head.edge.root());
        for (old, old_root) in roots.range(..=size) {
            let proof = Consistency::read(&files, *old, size).unwrap();
            proof.check(old_root, &root).unwrap();
        }
        let keys = [self.world().log_key().parse().unwrap()];
        let newest = checkpoint::open(&files["checkpoint"], &keys).unwrap();
        assert!(newest.checkpoint.size() >= size, "an older checkpoint over a newer");
    }

    /// What holds once everything that waited was logged: INV-7, and that the files say the same.
    #[track_caller]
    pub(crate) fn complete(&self) {
        self.append_only();
        let (places, leaves, head) = (self.places(), self.leaves(), self.world().log().unwrap());
        let mut next: BTreeMap<&Stream, u64> = BTreeMap::new();
        for (index, (place, bytes)) in (0..).zip(places.iter().zip(&leaves)) {
            let seq = next.entry(&place.stream).or_insert(1);
            assert_eq!(place.seq, *seq, "{place}: twice, or out of order");
            *seq += 1;
            assert_eq!(self.world().stream_chain(&place.stream)[usize::try_from(place.seq - 1).unwrap()], *bytes);
            assert_eq!(self.world().logged_at(place), Some(index), "{place}");
        }
        for stream in self.world().streams() {
            let entries = u64::try_from(self.world().stream_chain(&stream).len()).unwrap();
            assert_eq!(next.get(&stream).copied().unwrap_or(1), entries + 1, "{stream}: not all of it is in the log");
        }
        let mut edge = Edge::EMPTY;
        for bytes in &leaves {
            edge.append(leaf(bytes)).unwrap();
        }
        assert_eq!(edge, head.edge);
        let files = self.world().log_files();
        let keys = [self.world().log_key().parse().unwrap()];
        let newest = checkpoint::open(&files["checkpoint"], &keys).unwrap().checkpoint;
        assert_eq!((newest.size(), *newest.root()), (head.edge.size(), head.edge.root()));
        for index in [0, head.edge.size() / 2, head.edge.size() - 1] {
            let proof = Inclusion::read(&files, index, head.edge.size()).unwrap();
            proof.check(&leaf(&leaves[usize::try_from(index).unwrap()]), newest.root()).unwrap();
        }
        assert_eq!(self.world().breaches(), Vec::<String>::new());
    }

    pub(crate) fn now(&self) -> Time {
        self.world().aws_now()
    }
}
