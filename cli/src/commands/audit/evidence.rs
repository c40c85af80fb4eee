//! `audit evidence`: a pack about one control over one period, and checking one.

use super::copies::Copies;
use super::exported::streams;
use super::folder::Disk;
use super::log::{Log, unreadable};
use super::{keys, keys_or_own};
use crate::failure::{Answer, Exit, Failure};
use ::verify::Folder as _;
use clap::Args;
use clap::builder::PossibleValuesParser;
use evidence::control::{CONTROLS, control};
use evidence::logged::{Places, proofs};
use evidence::moment::Moment;
use evidence::pack::{Files, MANIFEST, NoPack, Parameters, check, make, wanted_proofs};
use evidence::source::Given;
use evidence::tables::{newest, read};
use model::text::inert;
use record::checkpoint::SignedCheckpoint;
use record::note::VerifierKey;
use record::proof::TlogProof;
use record::tile::TileReader;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What this program is, in a pack.
const TOOL: &str = concat!("countersign ", env!("CARGO_PKG_VERSION"));

/// What to do about a log that is not what it should be.
const VERIFY: &str = "`countersign audit verify` says what is wrong.";

/// Longest file of a pack, in bytes.
const LONGEST: u64 = 4_294_967_296;

/// What a pack is about, or which one to check.
#[derive(Debug, Args)]
pub(crate) struct Evidence {
    /// The folder that `audit export` wrote; with the log, if `audit fetch` wrote there too.
    #[arg(required_unless_present = "check")]
    folder: Option<PathBuf>,
    /// The period's beginning: 2026-07-01, or a time in UTC.
    #[arg(long, value_name = "TIME", required_unless_present = "check")]
    from: Option<Moment>,
    /// Its end, which is not part of it: 2026-10-01.
    #[arg(long, value_name = "TIME", required_unless_present = "check")]
    to: Option<Moment>,
    /// The control.
    #[arg(long, value_name = "CONTROL", required_unless_present = "check", value_parser = PossibleValuesParser::new(CONTROLS.map(|control| control.id)))]
    control: Option<String>,
    /// The folder to write, which must not be there yet.
    #[arg(long, value_name = "FOLDER", required_unless_present = "check")]
    out: Option<PathBuf>,
    /// A pack to check: makes it again from its own entries, and says each difference.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["folder", "from", "to", "control", "out"])]
    check: Option<PathBuf>,
    /// Whose word counts for the log's checkpoint. Else, when making one: the folder's own file `keys`.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

/// Makes a pack, or checks one.
///
/// # Errors
/// Files can't be read or written, there is nothing to make it of, or the log's checkpoint is signed by nobody who counts.
pub(crate) fn evidence(wanted: &Evidence) -> Result<Answer, Failure> {
    if let Some(pack) = &wanted.check {
        return checked(pack, wanted.keys.as_deref());
    }
    let (Some(folder), Some(from), Some(to), Some(id), Some(out)) =
        (&wanted.folder, wanted.from, wanted.to, &wanted.control, &wanted.out)
    else {
        return Err(Failure::new(
            Exit::Usage,
            "incomplete",
            "a pack takes a folder, --from, --to, --control and --out",
        ));
    };
    let control =
        control(id).ok_or_else(|| Failure::new(Exit::Usage, "no_control", format!("there is no control {id}")))?;
    if !Disk::new(out).names("")?.is_empty() {
        let failure = Failure::new(Exit::Failed, "folder_exists", format!("{} is not empty", out.display()));
        return Err(failure.advise("A pack is a folder of its own: give another --out."));
    }
    let mut given = streams(folder)?;
    let all = given.len();
    let logged = Logged::read(folder, wanted.keys.as_deref())?;
    if let Some(logged) = &logged {
        given = logged.held(given)?;
    }
    let not_logged = all.saturating_sub(given.len());
    let as_of = newest(&read(&given).0).ok_or_else(|| no_pack(&NoPack::NoEntries))?;
    let mut parameters = Parameters { control, from, to, as_of, checkpoint: None, tool: TOOL.to_owned() };
    let proofs = match &logged {
        Some(logged) => logged.proofs(&given, &mut parameters)?,
        None => Files::new(),
    };
    let files = make(&given, &parameters, &proofs).map_err(|error| no_pack(&error))?;
    let copies = Copies::new(out, false);
    for (path, bytes) in &files {
        copies.write(path, bytes)?;
    }
    let manifest: Value = files.get(MANIFEST).and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default();
    let number = |name: &str| manifest.pointer(&format!("/numbers/{name}")).and_then(Value::as_u64).unwrap_or_default();
    let left_out = match not_logged {
        0 => String::new(),
        some => format!("left out, as the log does not hold them: {some} entries of the folder\n"),
    };
    let human = format!(
        "{}\n{} grants, {} sampled, {} exceptions, {} proofs\n{left_out}written: {}",
        control.name,
        number("grants"),
        number("sample"),
        number("exceptions"),
        number("proofs"),
        out.join("report.html").display(),
    );
    Ok(Answer::new(human, json!({"folder": out, "manifest": manifest, "notLogged": not_logged})))
}

fn no_pack(error: &NoPack) -> Failure {
    let code = match error {
        NoPack::NoPeriod { .. } => "no_period",
        NoPack::NoEntries => "no_entries",
    };
    Failure::new(Exit::Usage, code, error.to_string())
        .advise("`countersign audit export --to <folder>` writes the entries.")
}

/// The log beside the entries, and what it says of them.
struct Logged {
    log: Log,
    keys: Vec<VerifierKey>,
    newest: SignedCheckpoint,
    places: Places,
}

impl Logged {
    /// Reads the folder's log; `None`: it has none.
    fn read(folder: &Path, pinned: Option<&Path>) -> Result<Option<Self>, Failure> {
        let log = Log::new(folder);
        if log.read("checkpoint")?.is_none() {
            return Ok(None);
        }
        let keys = keys_or_own(pinned, folder)?;
        let newest = log.checkpoint(&keys)?;
        let places = Places::read(&log, newest.checkpoint.size()).map_err(unreadable)?;
        Ok(Some(Self { log, keys, newest, places }))
    }

    /// The entries that the log holds, with their places. What it does not hold, nobody vouches for: it is too new, or
    /// somebody put it there.
    fn held(&self, given: Vec<Given>) -> Result<Vec<Given>, Failure> {
        let held = self.places.held(given);
        whole(&self.places, &self.newest, &held)?;
        Ok(held)
    }

    /// Puts the checkpoint into what the pack is made of, and gives the sample's proofs under it.
    fn proofs(&self, given: &[Given], parameters: &mut Parameters) -> Result<Files, Failure> {
        let Self { log, keys, newest, places } = self;
        let wanted = wanted_proofs(given, parameters).map_err(|error| no_pack(&error))?;
        // What a witness vouches for is worth more than what is newer, as long as all that is to be proven is in it.
        let last = wanted.iter().filter_map(|given| given.index).max();
        let cosigned = log.cosigned(newest.checkpoint.origin(), keys)?;
        let of_all = cosigned.filter(|signed| last.is_none_or(|last| last < signed.checkpoint.size()));
        let signed = of_all.as_ref().unwrap_or(newest);
        let note = signed.note.to_string();
        let proofs = proofs(log, places, &note, signed.checkpoint.size(), &wanted).map_err(unreadable)?;
        parameters.checkpoint = Some(note);
        for (path, proof) in &proofs {
            TlogProof::parse(proof).and_then(|proof| proof.check(keys)).map_err(|error| {
                Failure::new(Exit::Failed, error.code(), format!("the log does not prove {path}: {error}"))
                    .advise(VERIFY)
            })?;
        }
        Ok(proofs)
    }
}

/// Refuses entries that are not all that the log holds: what is cut off a stream's end, or a stream that is left out, breaks
/// no chain.
fn whole(places: &Places, signed: &SignedCheckpoint, given: &[Given]) -> Result<(), Failure> {
    if places.root() != signed.checkpoint.root() {
        let sentence = "the log is not whole: its entries give another root than the one that was signed";
        return Err(Failure::new(Exit::Failed, "damaged_log", sentence).advise(VERIFY));
    }
    let missing = places.missing(given);
    let Some(first) = missing.first() else { return Ok(()) };
    let more = match missing.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(", nor are {more} after it"),
    };
    let sentence = format!("leaf {first} of the log is not among the folder's entries{more}");
    Err(Failure::new(Exit::Failed, "entries_missing", sentence)
        .advise(format!("Export anew, after the log was fetched. If it stays, {VERIFY}")))
}

/// The files of a pack's folder, by their paths in it.
fn pack(folder: &Path) -> Result<Files, Failure> {
    let disk = Disk::new(folder);
    let mut files = Files::new();
    for path in disk.list("")? {
        let bytes = disk.given(&path, LONGEST)?;
        files.insert(path, bytes);
    }
    Ok(files)
}

fn checked(folder: &Path, pinned: Option<&Path>) -> Result<Answer, Failure> {
    let files = pack(folder)?;
    let keys = pinned.map(keys).transpose()?;
    let differences = check(&files, TOOL, keys.as_deref());
    let told = |one: &evidence::pack::Difference| json!({"code": one.code, "place": one.place, "detail": one.sentence});
    let all: Vec<Value> = differences.iter().map(told).collect();
    let json = json!({"holds": all.is_empty(), "files": files.len(), "differences": all});
    if differences.is_empty() {
        return Ok(Answer::new(
            format!("{} files: every one, and every number, follows from the entries", files.len()),
            json,
        ));
    }
    let line = |one: &evidence::pack::Difference| {
        format!("{}: {} ({})", inert(&one.place, 200), inert(&one.sentence, 400), one.code)
    };
    let mut lines: Vec<String> = differences.iter().map(line).collect();
    lines.push(format!("{} differences", differences.len()));
    Ok(Answer { human: lines.join("\n"), json, exit: Exit::Failed })
}
