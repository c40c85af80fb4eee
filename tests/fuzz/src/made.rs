//! A small record and its log, made by production code in the in-memory world: what fuzzed inputs are held against.

use crate::driven::done;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::identity::{Actor, Identity};
use model::lifecycle::State;
use model::names::RequestId;
use model::submission::Wish;
use model::text::FreeText;
use model::time::Time;
use record::entry::EntryHash;
use record::note::VerifierKey;
use record::tile::Tile;
use record::tree::Hash;
use record::words::Beside;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use workflow::credentials::credentials;
use workflow::decisions::{Wanted, act};
use workflow::double::{World, home};
use workflow::log::minute;
use workflow::ports::LogSettings as _;
use workflow::provision::provision;
use workflow::reconcile::reconcile;
use workflow::submission::submit;

/// Files by their paths.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// When the story begins.
const BEGINS: &str = "2026-11-20T12:00:00Z";

/// The record, the log over it, and what an auditor would have of both.
pub(crate) struct Made {
    /// Where everything came to be.
    pub(crate) world: World,
    /// A request that waits for its countersignature, one with access, and one that was denied.
    pub(crate) pending: RequestId,
    pub(crate) active: RequestId,
    pub(crate) denied: RequestId,
    /// The log's and the witness's keys.
    pub(crate) keys: Vec<VerifierKey>,
    /// The lines of the file of keys.
    pub(crate) pinned: String,
    /// Texts that the log signed.
    pub(crate) signed: BTreeSet<String>,
    /// Trees that a witness may know.
    pub(crate) trees: Vec<Option<(u64, Hash)>>,
    /// All entries.
    pub(crate) entries: BTreeSet<Vec<u8>>,
    /// An auditor's folder.
    pub(crate) folder: Files,
}

pub(crate) static MADE: LazyLock<Made> = LazyLock::new(make);

pub(crate) fn actor(person: &str) -> Actor {
    let identity = Identity::Api { principal: format!("arn:aws:iam::111111111111:user/{person}") };
    Actor { person: person.parse().expect("a person"), identity, mfa: false }
}

pub(crate) fn wish(entitlement: &str) -> Wish {
    Wish {
        entitlement: entitlement.to_owned(),
        duration_seconds: 1_800,
        justification: "orders are stuck".to_owned(),
        ..Wish::default()
    }
}

fn ask(world: &World, entitlement: &str) -> RequestId {
    let stored = done(submit(world, &actor("alice"), &wish(entitlement), None, None)).expect("it is taken");
    stored.state.request.id.clone()
}

fn digest(world: &World, id: &RequestId) -> model::digest::Digest {
    world.stored(id).expect("it is there").state.terms().digest()
}

fn log(world: &World) {
    done(Box::pin(minute(world))).expect("the log goes on");
    world.witness_answers();
    world.pass(60);
    done(Box::pin(minute(world))).expect("the log goes on");
}

fn make() -> Made {
    let begins: Time = BEGINS.parse().expect("a time");
    let world = World::new(begins);
    world.set_witness(true);
    done(reconcile(&world, &[home()])).expect("the account is seen");
    let active = ask(&world, "orders-db-debug");
    world.pass(30);
    done(act(&world, &actor("bob"), &active, &Wanted::approve(digest(&world, &active)), None)).expect("it is approved");
    done(provision(&world, "grant", &active, None)).expect("it is made");
    done(credentials(&world, &actor("alice"), &active)).expect("they are handed out");
    log(&world);
    let denied = ask(&world, "orders-db-debug");
    let reason = FreeText::new("not today").expect("a reason");
    done(act(&world, &actor("bob"), &denied, &Wanted::Deny { reason }, None)).expect("it is denied");
    let pending = ask(&world, "orders-db-debug");
    log(&world);
    log(&world);
    let folder = folder(&world);
    let pinned = String::from_utf8_lossy(&folder["keys"]).into_owned();
    let keys = [Some(world.log_key()), world.witness_key()].into_iter().flatten();
    let keys = keys.map(|key| key.parse().expect("a key")).collect();
    let signed = world.signed_checkpoints().into_iter().collect();
    let entries = world.streams().iter().flat_map(|stream| world.stream_chain(stream)).collect();
    let heads: Vec<Option<(u64, Hash)>> = world
        .signed_checkpoints()
        .iter()
        .filter_map(|text| record::checkpoint::Checkpoint::parse(text).ok())
        .map(|checkpoint| Some((checkpoint.size(), *checkpoint.root())))
        .collect();
    let trees = [vec![None], heads].concat();
    Made { world, pending, active, denied, keys, pinned, signed, trees, entries, folder }
}

/// As `countersign audit fetch` lays it out.
fn folder(world: &World) -> Files {
    let mut files = Files::new();
    let mut keys = format!("log {}\n", world.log_key());
    keys.extend(world.witness_key().map(|key| format!("witness {key}\n")));
    files.insert("keys".to_owned(), keys.into_bytes());
    files.extend(world.log_files().into_iter().map(|(path, bytes)| (format!("log/{path}"), bytes)));
    files.extend(world.anchor_files().into_iter().filter(|(key, _)| !key.starts_with("submissions/")));
    for stream in world.streams() {
        let chain = world.stream_chain(&stream);
        let words: Beside = world.ids().iter().flat_map(|id| world.words(id)).collect();
        for (seq, bytes) in (1..).zip(&chain) {
            let text = String::from_utf8_lossy(bytes);
            let said: BTreeMap<_, _> = words.iter().filter(|(hash, _)| text.contains(*hash)).collect();
            let item = json!({"event": STANDARD.encode(bytes), "words": said});
            files.insert(format!("table/streams/{stream}/{seq:06}.json"), item.to_string().into_bytes());
        }
        if let Some(last) = chain.last() {
            let state = json!({"version": chain.len(), "head": EntryHash::of(last).to_string()});
            files.insert(format!("table/states/{stream}.json"), state.to_string().into_bytes());
        }
    }
    files
}

impl Made {
    /// The state of a request of the story.
    pub(crate) fn state(&self, id: &RequestId) -> State {
        self.world.stored(id).expect("it is there").state
    }

    /// The entries of a request, with the words in them.
    pub(crate) fn spoken(&self, id: &RequestId) -> Vec<Value> {
        let words = self.world.words(id);
        let read = |bytes: &Vec<u8>| serde_json::from_slice(bytes).expect("an entry");
        self.world.chain(id).iter().map(read).map(|entry| record::words::fill(entry, &words)).collect()
    }
}

/// Whether a path is one of a tile, whose bytes the log's root stands for.
pub(crate) fn is_proven(path: &str) -> bool {
    path.strip_prefix("log/").and_then(Tile::parse).is_some()
}
