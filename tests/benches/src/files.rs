//! Real trail files, over and over, with one record in a thousand made one of a grant.

use crate::GRANTS;
use crate::contenders::{Live, ours};
use benches::time::Clock;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use memchr::memmem;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::rc::Rc;

/// One record in so many is a grant's.
const RARE: usize = 1_000;

/// A file as it lies there.
struct Original {
    stored: Rc<Vec<u8>>,
    text: Vec<u8>,
    records: usize,
}

/// The files of a round.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// As they are stored.
    pub(crate) objects: Vec<Rc<Vec<u8>>>,
    /// Records in them.
    pub(crate) records: usize,
    /// Of those, records of grants.
    pub(crate) changed: usize,
    text: usize,
}

/// Which records are made a grant's: counts them, and makes every other one so by its access key.
struct Changes<'a> {
    live: &'a Live,
    seen: usize,
    changed: usize,
}

impl Changes<'_> {
    /// The text with some records changed, if any is to be.
    fn apply(&mut self, original: &Original) -> Option<Vec<u8>> {
        let first = RARE - self.seen % RARE;
        self.seen += original.records;
        if first > original.records {
            return None;
        }
        let mut text = original.text.clone();
        let mut nth = first;
        while nth <= original.records {
            let (field, value) = if self.changed.is_multiple_of(2) {
                let request = self.live.requests.get(self.changed % GRANTS)?;
                ("\"principalId\":\"", format!("AROATFQR7NSC5EXAMPLE:{request}"))
            } else {
                ("\"accessKeyId\":\"", self.live.keys.get(self.changed % GRANTS)?.clone())
            };
            // Services' own calls have neither field: the next record that has it.
            let from = memmem::find_iter(&text, "{\"eventVersion\"").nth(nth - 1)?;
            let at = from + memmem::find(text.get(from..)?, field.as_bytes())? + field.len();
            let end = at + memchr::memchr(b'"', text.get(at..)?)?;
            text.splice(at..end, value.into_bytes());
            self.changed += 1;
            nth += RARE;
        }
        Some(text)
    }
}

fn originals(folder: &Path) -> Result<Vec<Original>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    paths.sort();
    let read = |path: &Path| -> std::io::Result<Original> {
        let stored = std::fs::read(path)?;
        let mut text = Vec::new();
        GzDecoder::new(stored.as_slice()).read_to_end(&mut text)?;
        let records = memmem::find_iter(&text, "{\"eventVersion\"").count();
        Ok(Original { stored: Rc::new(stored), text, records })
    };
    let originals = paths.iter().map(|path| read(path).map_err(|error| format!("{}: {error}", path.display())));
    let originals: Vec<Original> = originals.collect::<Result<_, _>>()?;
    if originals.is_empty() { Err(format!("{} holds no .json.gz", folder.display())) } else { Ok(originals) }
}

impl Files {
    /// So many bytes of JSON.
    pub(crate) fn read(folder: &Path, bytes: usize, live: &Live) -> Result<Self, String> {
        let originals = originals(folder)?;
        let mut changes = Changes { live, seen: 0, changed: 0 };
        let mut files = Self::default();
        for original in originals.iter().cycle() {
            let object = match changes.apply(original) {
                Some(text) => Rc::new(packed(&text).map_err(|error| error.to_string())?),
                None => Rc::clone(&original.stored),
            };
            files.objects.push(object);
            files.text += original.text.len();
            if files.text >= bytes {
                break;
            }
        }
        (files.records, files.changed) = (changes.seen, changes.changed);
        Ok(files)
    }

    pub(crate) fn size(&self) -> usize {
        self.text
    }

    pub(crate) fn ratio(&self) -> f64 {
        self.text as f64 / self.objects.iter().map(|object| object.len()).sum::<usize>() as f64
    }

    /// Seconds that it takes to read all.
    pub(crate) fn timed(&self, read: impl Fn(&[u8]) -> Result<(), String>) -> Result<f64, String> {
        let clock = Clock::start();
        self.objects.iter().try_for_each(|object| read(object))?;
        Ok(clock.seconds())
    }

    /// MB of JSON a second.
    pub(crate) fn speed(&self, seconds: f64) -> f64 {
        self.text as f64 / seconds / 1e6
    }

    /// How many records ours built, and of how many.
    pub(crate) fn told(&self, live: &Live) -> Result<(u64, u64), String> {
        self.objects.iter().try_fold((0, 0), |(built, records), object| {
            let report = ours(object, live, false)?;
            Ok((built + report.found, records + report.records))
        })
    }
}

fn packed(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text)?;
    encoder.finish()
}

/// One file with so many bytes of JSON. How many it has.
pub(crate) fn write_one(folder: &Path, path: &Path, bytes: usize, live: &Live) -> Result<usize, String> {
    let originals = originals(folder)?;
    let mut changes = Changes { live, seen: 0, changed: 0 };
    let mut write = || -> std::io::Result<usize> {
        let mut encoder = GzEncoder::new(std::fs::File::create(path)?, Compression::fast());
        encoder.write_all(b"{\"Records\":[")?;
        let mut size = 0;
        for original in originals.iter().cycle() {
            let text = changes.apply(original);
            let text = text.as_deref().unwrap_or(&original.text).trim_ascii();
            let records = text.strip_prefix(b"{\"Records\":[").and_then(|text| text.strip_suffix(b"]}"));
            let records = records.ok_or_else(|| std::io::Error::other("a file that is no trail file"))?;
            if size > 0 {
                encoder.write_all(b",")?;
            }
            encoder.write_all(records)?;
            size += records.len();
            if size >= bytes {
                break;
            }
        }
        encoder.write_all(b"]}")?;
        encoder.finish()?.flush()?;
        Ok(size)
    };
    write().map_err(|error| format!("{}: {error}", path.display()))
}
