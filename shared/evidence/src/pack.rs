//! An evidence pack: everything that a report on one control over one period says, and the entries it all follows from.
//!
//! INVARIANT (a pack is a function of its entries): every file but `entries.jsonl`, `proofs/…` and the manifest's parameters
//! follows from those, so that checking a pack is making it again.

use crate::control::{Control, control};
use crate::figures::{Counted, Figures};
use crate::life::count;
use crate::moment::Moment;
use crate::report::{Report, numbers};
use crate::schema::table;
use crate::source::{Given, Unreadable};
use crate::tables::{GrantRow, RequestRow, Tables, newest, read};
use crate::tests_of_control::{ExceptionRow, Subject, told};
use crate::{csv, jsonl, logged, sample};
use record::note::VerifierKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The form of packs that this module makes and checks.
pub const FORMAT: &str = "countersign.evidence.v1";

/// The file that lists the others.
pub const MANIFEST: &str = "manifest.json";

/// The file with the entries.
pub const ENTRIES: &str = "entries.jsonl";

/// The folder with proofs that entries are in the log: `<stream>-<seq>.tlog-proof`.
pub const PROOFS: &str = "proofs/";

/// Files by their paths in a pack's folder.
pub type Files = BTreeMap<String, Vec<u8>>;

table! {
    #[doc = "A grant of the sample, and what shows that its record is whole."]
    "sample" SampleRow {
        #[doc = "Its place in the sample, from 1."] rank: u64,
        #[doc = "The request's id; its entries are in `sample/<id>.jsonl`."] request: String,
        #[doc = "Who had it."] requester: String,
        #[doc = "The entitlement's name."] entitlement: String,
        #[doc = "When it was decided to make it."] decided_at: Moment,
        #[doc = "How it ended."] outcome: String,
        #[doc = "Entries of its record."] entries: u64,
        #[doc = "The hash of the last of them."] head: String,
        #[doc = "`whole`, or what is wrong with its chain."] chain: String,
        #[doc = "Of its entries, those whose place in the log is proven here."] proofs: u64,
        #[doc = "Tests of the control that it failed."] exceptions: u64,
    }
}

/// What a pack is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// The control.
    pub control: &'static Control,
    /// The period's beginning.
    pub from: Moment,
    /// Its end, which is not part of it.
    pub to: Moment,
    /// As of when what is open is judged: when the newest entry of the whole record was written; beside a log, of all that it
    /// holds.
    pub as_of: Moment,
    /// A checkpoint of the log that the entries were taken with, as its signed note: the one that the proofs are under.
    pub checkpoint: Option<String>,
    /// What makes the pack, with its version.
    pub tool: String,
}

/// Why no pack can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPack {
    /// The period ends before it begins.
    #[error("the period ends at {to}, before it begins at {from}")]
    NoPeriod {
        /// Its beginning.
        from: Moment,
        /// Its end.
        to: Moment,
    },
    /// There is no entry at all.
    #[error("there are no entries to make it of")]
    NoEntries,
}

/// The list of a pack's files, with what it is about and every number in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Manifest {
    format: String,
    tool: String,
    control: String,
    from: String,
    to: String,
    as_of: String,
    checkpoint: Option<String>,
    population_digest: String,
    sample_rule: String,
    numbers: Figures,
    files: Vec<Listed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    path: String,
    bytes: u64,
    sha256: String,
}

/// The streams that a pack over a period is made of: requests that were asked for or granted in it, everything of the
/// system but the log's own heartbeats, and whatever can't be read.
pub fn relevant(given: &[Given], from: Moment, to: Moment) -> Vec<Given> {
    let (events, unreadable) = read(given);
    let within = |at: Moment| from <= at && at < to;
    let mut streams: BTreeSet<&str> = unreadable.iter().map(|error| error.stream.as_str()).collect();
    let mut begun: BTreeSet<&str> = BTreeSet::new();
    for event in &events {
        let counts = matches!(event.name.as_str(), "requestSubmitted" | "provisioningStarted") && within(event.at);
        let of_the_system = !event.stream.starts_with("req_") && event.stream != "sys_log";
        if counts || of_the_system {
            streams.insert(&event.stream);
        }
        if event.seq == 1 {
            begun.insert(&event.stream);
        }
    }
    let headless = |stream: &str| stream.starts_with("req_") && !begun.contains(stream);
    given.iter().filter(|given| streams.contains(given.stream.as_str()) || headless(&given.stream)).cloned().collect()
}

/// Makes a pack of these entries. Proofs are taken along for entries that are in it.
///
/// # Errors
/// See [`NoPack`].
pub fn make(given: &[Given], parameters: &Parameters, proofs: &Files) -> Result<Files, NoPack> {
    let given = taken(given, parameters)?;
    let places: BTreeSet<String> = given.iter().map(proof_path).collect();
    let proofs: Files =
        proofs.iter().filter(|(path, _)| places.contains(*path)).map(|(p, b)| (p.clone(), b.clone())).collect();
    Ok(Made::of(&given, parameters, &proofs).files(&given, parameters, proofs))
}

/// Where the proof of an entry lies in a pack.
pub fn proof_path(given: &Given) -> String {
    format!("{PROOFS}{}-{:06}.tlog-proof", given.stream, given.seq)
}

/// Which entries of a pack a proof is wanted for: those of its sample.
///
/// # Errors
/// See [`NoPack`].
pub fn wanted_proofs(given: &[Given], parameters: &Parameters) -> Result<Vec<Given>, NoPack> {
    let mut given = taken(given, parameters)?;
    let tables = Tables::of(&read(&given).0, parameters.as_of);
    let drawn = Drawn::of(&tables, parameters.from, parameters.to);
    let sampled: BTreeSet<&str> = drawn.sample().map(|grant| grant.request.as_str()).collect();
    given.retain(|given| sampled.contains(given.stream.as_str()));
    Ok(given)
}

/// The entries that a pack is made of, each once, by stream and place.
fn taken(given: &[Given], parameters: &Parameters) -> Result<Vec<Given>, NoPack> {
    let Parameters { from, to, .. } = *parameters;
    if to <= from {
        return Err(NoPack::NoPeriod { from, to });
    }
    if given.is_empty() {
        return Err(NoPack::NoEntries);
    }
    let mut given = relevant(given, from, to);
    given.sort_by(|one, other| (&one.stream, one.seq).cmp(&(&other.stream, other.seq)));
    given.dedup();
    Ok(given)
}

/// The grants of a period, and which of them are looked at one by one.
struct Drawn {
    population: Vec<GrantRow>,
    /// The population's.
    digest: String,
    /// The sample's places in it, by rank.
    places: Vec<usize>,
}

impl Drawn {
    fn of(tables: &Tables, from: Moment, to: Moment) -> Self {
        let within = |grant: &&GrantRow| from <= grant.decided_at && grant.decided_at < to;
        let population: Vec<GrantRow> = tables.grants.iter().filter(within).cloned().collect();
        let digest = sha256(jsonl::write(&population).as_bytes());
        let places = sample::choose(&population, &digest);
        Self { population, digest, places }
    }

    fn sample(&self) -> impl Iterator<Item = &GrantRow> {
        self.places.iter().filter_map(|place| self.population.get(*place))
    }
}

/// Everything that follows from the entries.
struct Made {
    population: Vec<GrantRow>,
    requests: Vec<RequestRow>,
    sample: Vec<SampleRow>,
    sampled: BTreeMap<String, String>,
    exceptions: Vec<ExceptionRow>,
    figures: Figures,
    digest: String,
}

impl Made {
    fn of(given: &[Given], parameters: &Parameters, proofs: &Files) -> Self {
        let Parameters { from, to, as_of, control, .. } = *parameters;
        let (events, unreadable) = read(given);
        let tables = Tables::of(&events, as_of);
        let drawn = Drawn::of(&tables, from, to);
        let within = |at: Moment| from <= at && at < to;
        let requests: Vec<RequestRow> =
            tables.requests.iter().filter(|request| within(request.submitted_at)).cloned().collect();
        let chains = chains(given);
        let broken = broken(&chains, &unreadable);
        let exceptions = Subject::new(&drawn.population, &tables, &broken, as_of).exceptions(control.tests);
        let (mut sample, mut sampled) = (Vec::new(), BTreeMap::new());
        for (rank, grant) in (1u64..).zip(drawn.sample()) {
            let rows: Vec<_> = tables.events.iter().filter(|row| row.stream == grant.request).cloned().collect();
            sampled.insert(format!("sample/{}.jsonl", grant.request), jsonl::write(&rows));
            let prefix = format!("{PROOFS}{}-", grant.request);
            sample.push(SampleRow {
                rank,
                request: grant.request.clone(),
                requester: grant.requester.clone(),
                entitlement: grant.entitlement.clone(),
                decided_at: grant.decided_at,
                outcome: grant.outcome.clone(),
                entries: count(rows.len()),
                head: rows.last().map(|row| row.hash.clone()).unwrap_or_default(),
                chain: broken.get(&grant.request).cloned().unwrap_or_else(|| "whole".to_owned()),
                proofs: count(proofs.keys().filter(|path| path.starts_with(&prefix)).count()),
                exceptions: count(exceptions.iter().filter(|exception| exception.request == grant.request).count()),
            });
        }
        let counted = Counted {
            tables: &tables,
            population: &drawn.population,
            requests: &requests,
            exceptions: &exceptions,
            sampled: sample.len(),
            from,
            to,
        };
        let mut figures = counted.figures();
        figures.insert("streams".to_owned(), count(chains.len()));
        figures.insert("entries".to_owned(), count(given.len()));
        figures.insert("proofs".to_owned(), count(proofs.len()));
        let Drawn { population, digest, .. } = drawn;
        Self { population, requests, sample, sampled, exceptions, figures, digest }
    }

    fn files(&self, given: &[Given], parameters: &Parameters, proofs: Files) -> Files {
        let mut files = proofs;
        let mut put = |path: &str, text: String| files.insert(path.to_owned(), text.into_bytes());
        put("population.csv", csv::write(&self.population));
        put("population.jsonl", jsonl::write(&self.population));
        put("requests.csv", csv::write(&self.requests));
        put("sample.csv", csv::write(&self.sample));
        put("exceptions.csv", csv::write(&self.exceptions));
        put(ENTRIES, given.iter().map(Given::to_line).collect());
        for (path, text) in &self.sampled {
            put(path, text.clone());
        }
        put("report.html", self.report(parameters));
        let manifest = self.manifest(parameters, &files);
        let text = serde_json::to_value(manifest).unwrap_or_default();
        files.insert(MANIFEST.to_owned(), format!("{text:#}\n").into_bytes());
        files
    }

    fn report(&self, parameters: &Parameters) -> String {
        let (population, exceptions, sample) = (&self.population, &self.exceptions, &self.sample);
        let (figures, digest) = (&self.figures, self.digest.as_str());
        Report { parameters, population, sample, exceptions, figures, digest }.html()
    }

    fn manifest(&self, parameters: &Parameters, files: &Files) -> Manifest {
        let listed = |(path, bytes): (&String, &Vec<u8>)| Listed {
            path: path.clone(),
            bytes: count(bytes.len()),
            sha256: sha256(bytes),
        };
        Manifest {
            format: FORMAT.to_owned(),
            tool: parameters.tool.clone(),
            control: parameters.control.id.to_owned(),
            from: parameters.from.to_string(),
            to: parameters.to.to_string(),
            as_of: parameters.as_of.to_string(),
            checkpoint: parameters.checkpoint.clone(),
            population_digest: self.digest.clone(),
            sample_rule: sample::RULE.to_owned(),
            numbers: self.figures.clone(),
            files: files.iter().map(listed).collect(),
        }
    }
}

/// The entries of each stream, in order.
fn chains(given: &[Given]) -> BTreeMap<&str, Vec<Vec<u8>>> {
    let mut chains: BTreeMap<&str, Vec<Vec<u8>>> = BTreeMap::new();
    for given in given {
        chains.entry(&given.stream).or_default().push(given.bytes.clone());
    }
    chains
}

fn broken(chains: &BTreeMap<&str, Vec<Vec<u8>>>, unreadable: &[Unreadable]) -> BTreeMap<String, String> {
    let fault = |(stream, entries): (&&str, &Vec<Vec<u8>>)| {
        let broken = record::chain::verify(stream, entries, None).err()?;
        Some(((*stream).to_owned(), told(&broken)))
    };
    let mut broken: BTreeMap<String, String> = chains.iter().filter_map(fault).collect();
    for error in unreadable {
        broken.entry(error.stream.clone()).or_insert_with(|| error.to_string());
    }
    broken
}

/// Where a pack is not what its entries give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The stable code.
    pub code: &'static str,
    /// The file, or the file and the number.
    pub place: String,
    /// What differs, as a sentence.
    pub sentence: String,
}

pub(crate) fn difference(code: &'static str, place: impl Into<String>, sentence: impl Into<String>) -> Difference {
    Difference { code, place: place.into(), sentence: sentence.into() }
}

/// Checks a pack by making it again from its entries; says each difference. `tool` is what checks: a report that another
/// version wrote is held to its numbers, not to its words. With `keys`, proofs have to be under a checkpoint that one of them
/// signed.
pub fn check(files: &Files, tool: &str, keys: Option<&[VerifierKey]>) -> Vec<Difference> {
    let Some(manifest) = files.get(MANIFEST) else {
        return vec![difference("no_manifest", MANIFEST, "there is no manifest: this is no evidence pack")];
    };
    let manifest: Manifest = match serde_json::from_slice(manifest) {
        Ok(manifest) => manifest,
        Err(error) => return vec![difference("no_manifest", MANIFEST, format!("the manifest can't be read: {error}"))],
    };
    let parameters = match manifest.parameters() {
        Ok(parameters) => parameters,
        Err(what) => return vec![difference("no_manifest", MANIFEST, what)],
    };
    let mut differences = manifest.digests(files);
    let (given, unreadable) = entries(files);
    differences.extend(unreadable.into_iter().map(|error| difference("unreadable_entry", ENTRIES, error.to_string())));
    if let Some(newest) = newest(&read(&given).0).filter(|newest| *newest > parameters.as_of) {
        let sentence = format!("an entry is of {newest}, later than the pack says the record was taken");
        differences.push(difference("later_entry", ENTRIES, sentence));
    }
    differences.extend(logged::differences(files, &given, parameters.checkpoint.as_deref(), keys));
    let proofs =
        files.iter().filter(|(path, _)| path.starts_with(PROOFS)).map(|(p, b)| (p.clone(), b.clone())).collect();
    let made = match make(&given, &parameters, &proofs) {
        Ok(made) => made,
        Err(error) => {
            differences.push(difference("no_entries", ENTRIES, error.to_string()));
            return differences;
        }
    };
    let again: Option<Manifest> = made.get(MANIFEST).and_then(|text| serde_json::from_slice(text).ok());
    let figures = again.map(|again| again.numbers).unwrap_or_default();
    differences.extend(number_differences(MANIFEST, &manifest.numbers, &figures));
    let shown = files.get("report.html").map(|html| numbers(&String::from_utf8_lossy(html))).unwrap_or_default();
    for (name, text) in shown {
        let given = figures.get(&name).map(u64::to_string);
        if given.as_ref() != Some(&text) {
            let sentence =
                format!("the report says {text}; the entries give {}", given.as_deref().unwrap_or("no such number"));
            differences.push(difference("number_differs", format!("report.html {name}"), sentence));
        }
    }
    for (path, bytes) in &made {
        let same_tool = manifest.tool == tool;
        let skipped = path == MANIFEST || (path == "report.html" && !same_tool);
        if let Some(found) = files.get(path).filter(|found| !skipped && *found != bytes) {
            differences.push(difference("file_differs", path.as_str(), told_apart(found, bytes)));
        }
    }
    for path in files.keys().filter(|path| !made.contains_key(*path)) {
        differences.push(difference("file_not_given", path.as_str(), "the entries give no such file"));
    }
    for path in made.keys().filter(|path| !files.contains_key(*path)) {
        differences.push(difference("file_missing", path.as_str(), "the entries give this file, and it is missing"));
    }
    differences
}

/// The entries of a pack, with their proofs' paths.
pub fn entries(files: &Files) -> (Vec<Given>, Vec<Unreadable>) {
    let text = files.get(ENTRIES).map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
    let (mut given, mut unreadable) = (Vec::new(), Vec::new());
    for (number, line) in (1u64..).zip(text.lines()) {
        match Given::of_line(number, line) {
            Ok(one) => given.push(one),
            Err(error) => unreadable.push(error),
        }
    }
    (given, unreadable)
}

impl Manifest {
    fn parameters(&self) -> Result<Parameters, String> {
        if self.format != FORMAT {
            return Err(format!("the manifest is of form `{}`; this program reads {FORMAT}", self.format));
        }
        let control = control(&self.control).ok_or_else(|| format!("there is no control `{}`", self.control))?;
        let time = |text: &str| text.parse::<Moment>().map_err(|error| format!("`{text}`: {error}"));
        Ok(Parameters {
            control,
            from: time(&self.from)?,
            to: time(&self.to)?,
            as_of: time(&self.as_of)?,
            checkpoint: self.checkpoint.clone(),
            tool: self.tool.clone(),
        })
    }

    fn digests(&self, files: &Files) -> Vec<Difference> {
        let mut differences = Vec::new();
        for listed in &self.files {
            match files.get(&listed.path) {
                None => differences.push(difference(
                    "file_missing",
                    listed.path.as_str(),
                    "the manifest lists it, and it is missing",
                )),
                Some(bytes) if sha256(bytes) != listed.sha256 || count(bytes.len()) != listed.bytes => {
                    let sentence = "it is not the file that the manifest gives the SHA-256 of";
                    differences.push(difference("digest_differs", listed.path.as_str(), sentence));
                }
                Some(_) => {}
            }
        }
        let listed: BTreeSet<&str> = self.files.iter().map(|listed| listed.path.as_str()).collect();
        for path in files.keys().filter(|path| *path != MANIFEST && !listed.contains(path.as_str())) {
            differences.push(difference("file_not_listed", path.as_str(), "the manifest does not list it"));
        }
        differences
    }
}

fn number_differences(place: &str, said: &Figures, given: &Figures) -> Vec<Difference> {
    let names: BTreeSet<&String> = said.keys().chain(given.keys()).collect();
    let text = |figures: &Figures, name: &str| figures.get(name).map_or("no such number".to_owned(), u64::to_string);
    let differs = names.into_iter().filter(|name| said.get(*name) != given.get(*name));
    let told = |name: &String| {
        let sentence = format!("it says {}; the entries give {}", text(said, name), text(given, name));
        difference("number_differs", format!("{place} {name}"), sentence)
    };
    differs.map(told).collect()
}

/// The first line in which two texts differ.
fn told_apart(found: &[u8], given: &[u8]) -> String {
    let (found, given) = (String::from_utf8_lossy(found), String::from_utf8_lossy(given));
    let same = found.lines().zip(given.lines()).take_while(|(one, other)| one == other).count();
    format!("from line {} on it is not what the entries give", same.saturating_add(1))
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
