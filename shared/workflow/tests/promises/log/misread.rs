//! What is read wrong once is looked at again before that it is wrong goes on record for ever.

use super::scene::Scene;
use model::names::SweepId;
use model::stream::Stream;
use model::time::Time;
use record::chain::Link;
use record::entry::EntryHash;
use std::sync::Arc;
use workflow::double::{Misread, Trouble, Verb};
use workflow::ports::{Anchor, Fault, LogHead, Stored, StoredEntry, StoredSweep, Unlogged};

/// Entries are cut, and an outbox says nothing that can be read.
#[derive(Debug)]
struct Torn;

fn torn<T>() -> Result<T, Fault> {
    Err(Fault::new("read", "unreadable_state"))
}

impl Misread for Torn {
    fn request(&self, _: u64, _: &Stored) -> Result<Stored, Fault> {
        torn()
    }

    fn sweep(&self, _: u64, _: &SweepId, _: &StoredSweep) -> Result<StoredSweep, Fault> {
        torn()
    }

    fn entry(&self, how: u64, _: &Stream, link: &Link) -> Result<StoredEntry, Fault> {
        if how.is_multiple_of(2) {
            return torn();
        }
        let bytes = link.bytes.iter().take(100).copied().collect();
        Ok(StoredEntry { seq: link.seq, bytes, words: link.words.clone() })
    }

    fn unlogged(&self, _: u64, _: &Stream, out: &Unlogged) -> Unlogged {
        Unlogged { seq: out.seq, at: Time::EPOCH, hash: EntryHash::NONE }
    }

    fn log_head(&self, _: u64, _: &LogHead) -> Result<LogHead, Fault> {
        torn()
    }

    fn anchor(&self, _: u64, _: &Anchor) -> Result<Anchor, Fault> {
        torn()
    }
}

#[test]
fn what_is_read_wrong_once_is_no_defect() {
    for verb in [Verb::EntriesAt, Verb::Outbox, Verb::LogHead] {
        for how in [0, 1] {
            let scene = Scene::with_work();
            scene.world().read_by(Arc::new(Torn));
            let mut left = 1;
            scene.world().trouble(move |call| {
                let strikes = call.verb == verb && left > 0;
                left -= i32::from(strikes);
                strikes.then_some(Trouble::Misread(how))
            });
            let ran = scene.told().unwrap();
            assert_eq!(ran.is_err(), verb == Verb::LogHead, "{verb:?}");
            assert_eq!(scene.world().hits(), 1, "{verb:?}");
            scene.settle();
            assert_eq!(scene.defects(), [], "{verb:?} {how}");
            scene.complete();
        }
    }
}
