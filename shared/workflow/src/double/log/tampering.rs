//! Somebody with all rights to table and buckets.

use super::Out;
use crate::double::World;
use crate::ports::LogHead;
use model::stream::{Place, Stream};
use model::time::Time;
use record::entry::EntryHash;

impl World {
    /// Puts other bytes where an entry is, or takes it out, as somebody with all rights to the table could.
    pub fn tamper(&self, place: &Place, bytes: Option<Vec<u8>>) {
        self.lock().log.tampered.insert(place.clone(), bytes);
    }

    /// Damages the state of a stream so that where it ends can't be read, likewise.
    pub fn damage_end(&self, stream: &Stream) {
        self.lock().log.damaged.insert(stream.clone());
    }

    /// Damages the mark up to where a stream is logged, likewise.
    pub fn damage_logged(&self, stream: &Stream) {
        self.lock().log.unmarked.insert(stream.clone());
    }

    /// Takes an item out of the outbox, likewise.
    pub fn lose_out(&self, place: &Place) {
        let log = &mut self.lock().log;
        if let Some(out) = log.outs.remove(place) {
            log.listed.remove(&(out.at, place.clone()));
        }
    }

    /// Puts an item into the outbox for which there is no entry, likewise.
    pub fn plant_out(&self, place: &Place, at: Time) {
        let out = Out { at, hash: EntryHash::NONE, index: None, listed: true, passed: false, moment: 0 };
        self.lock().log.put(place.clone(), out);
    }

    /// Puts a file into the log's bucket, likewise.
    pub fn plant_log_file(&self, path: &str, bytes: Vec<u8>) {
        self.lock().log.objects.insert(path.to_owned(), bytes);
    }

    /// Makes another head, likewise.
    pub fn plant_log_head(&self, head: LogHead) {
        self.lock().log.head = Some(head);
    }
}
