//! CloudTrail's records, files and digests, Kubernetes' audit lines, reports of runs, and what is kept of them.

use super::{first_line, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::io::Write as _;
use trail::attribution::{Grants, attribute, mentioned};
use trail::call::Call;
use trail::digest::verdict::{Evidence, MOST_FINDINGS, Reading as Looked, judge};
use trail::digest::{Digest, Object, open};
use trail::entry::{Entry, Origin, Rule, When};
use trail::kubernetes::{Cluster, lines, subscription};
use trail::ledger::{decode, encode};
use trail::scan::{Bounds, Found, Reading, Report as Scanned, Sink};
use trail::terraform::Report;

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::fast());
    packing.write_all(bytes).expect("memory takes it");
    packing.finish().expect("memory takes it")
}

/// One record. What is read of it is bounded, says what the record says, and is stored so that it is read the same.
pub(crate) fn cloudtrail_record(data: &[u8]) {
    let ids: Vec<_> = mentioned(data).collect();
    assert!(ids.iter().all(|id| id.as_str().len() == 36));
    let Ok(call) = Call::parse(data) else { return };
    // What is passed over is not looked into: half a surrogate may be in it.
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    for (ours, theirs) in [(&call.id, "eventID"), (&call.region, "awsRegion"), (&call.name, "eventName")] {
        let written = value[theirs].as_str();
        if let Some(written) = written.filter(|_| call.update.is_none() || theirs != "eventID") {
            // As it is, or visibly another.
            assert!(written == ours || ours.ends_with('…'), "{theirs}: {written:?} became {ours:?}");
        }
    }
    let kept = serde_json::to_vec(&call).expect("a call is written");
    assert!(kept.len() <= 64 * 1024, "{} bytes are kept of one call", kept.len());
    assert!(!String::from_utf8_lossy(&kept).chars().any(char::is_control));
    assert_eq!(serde_json::from_slice::<Call>(&kept).ok().as_ref(), Some(&call));
    // Nobody's call without a grant.
    assert!(attribute(&call, &Grants::new([])).id().is_none(), "a call is given to a grant that nobody knows");
    let entry = Entry {
        call,
        rule: Rule::SessionName,
        when: When::Within,
        chained: false,
        origin: Origin::Trail { bucket: "trail".to_owned(), key: "key".to_owned(), offset: 0, length: 2 },
    };
    let part = encode(std::slice::from_ref(&entry)).expect("an entry is written");
    assert_eq!(decode(&part).ok(), Some(vec![entry]));
}

#[derive(Default)]
struct Kept(Vec<(u64, Vec<u8>, bool)>);

impl Sink for Kept {
    fn wants_key(&self, id: &str) -> bool {
        id == "ASIAWANTED"
    }

    fn record(&mut self, found: Found<'_>) {
        self.0.push((found.offset, found.bytes.to_vec(), found.after_damage));
    }
}

/// Reads in pieces of so many bytes.
fn scanned(data: &[u8], piece: usize) -> (Scanned, Kept) {
    let mut kept = Kept::default();
    let mut reading = Reading::hashing(&mut kept, Bounds::default());
    for piece in data.chunks(piece.max(1)) {
        reading.feed(piece);
    }
    let report = reading.finish();
    (report, kept)
}

/// A file, packed or not. However it comes in pieces, it is read the same; what is found are whole objects of JSON at
/// their place; and of a file that `serde_json` reads, every record that names a request is found.
pub(crate) fn cloudtrail_file(data: &[u8]) {
    let (report, kept) = scanned(data, 64 * 1024);
    let (mut again, others) = scanned(data, 7);
    if !report.whole {
        // How much was looked at of what is given up follows the pieces.
        (again.bytes_in, again.bytes_out, again.sha256) = (report.bytes_in, report.bytes_out, report.sha256);
    }
    assert_eq!((&report, &kept.0), (&again, &others.0), "pieces of other sizes give something else");
    assert_eq!(report.found, u64::try_from(kept.0.len()).unwrap_or(u64::MAX));
    assert!(report.found <= report.records);
    for (offset, bytes, after_damage) in &kept.0 {
        assert!(bytes.starts_with(b"{") && bytes.ends_with(b"}"));
        if data.starts_with(b"{") {
            let from = usize::try_from(*offset).unwrap_or(usize::MAX);
            assert_eq!(data.get(from..from.saturating_add(bytes.len())), Some(bytes.as_slice()));
        }
        if report.whole && !after_damage {
            assert!(serde_json::from_slice::<Value>(bytes).is_ok_and(|value| value.is_object()) || !is_json(data));
        }
    }
    if data.len() <= 16 * 1024 && !data.starts_with(&[0x1f, 0x8b]) {
        let (inside, _) = scanned(&packed(data), 512);
        assert_eq!(inside.records, report.records, "packed, it is read otherwise");
        assert!(inside.sha256 == report.sha256 || !report.whole);
    }
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    // A key twice has two meanings: serde_json takes the last, and this reader looks into both.
    let alone = value.as_object().filter(|file| file.len() == 1);
    let Some(records) = alone.and_then(|file| file.get("Records")?.as_array()) else { return };
    if report.whole && records.iter().all(Value::is_object) {
        let named = |record: &&Value| mentioned(record.to_string().as_bytes()).next().is_some();
        let naming = records.iter().filter(named).count();
        assert!(kept.0.len() >= naming, "{naming} records name a request, {} are found", kept.0.len());
    }
}

fn is_json(data: &[u8]) -> bool {
    serde_json::from_slice::<Value>(data).is_ok()
}

/// A digest under the key on the first line. Without CloudTrail's signature none is valid, whatever it says of itself;
/// what is found wrong is bounded.
pub(crate) fn cloudtrail_digest(data: &[u8]) {
    let Some((key, inside)) = first_line(data) else { return };
    let object = Object { bucket: "trail".to_owned(), key: key.to_owned() };
    if let Ok(opened) = open(inside) {
        let _ = Digest::parse(&opened, &object);
    }
    let Ok(digest) = Digest::parse(inside, &object) else { return };
    assert_eq!(open(&packed(inside)).ok().as_deref(), Some(inside));
    // Four parts, and no more: what is signed can be read in one way.
    assert!(digest.to_sign().ends_with(digest.previous.as_ref().map_or("null", |before| &before.signature)));
    let link = digest.link("00");
    for evidence in [
        Evidence { signature: None, key: None, before: None },
        Evidence { signature: Some("00"), key: Some(b"key"), before: Some(&link) },
        Evidence { signature: Some("not hexadecimal"), key: Some(b"key"), before: None },
    ] {
        let verdict = judge(&digest, evidence, |_| Looked::Missing, |_, _, _| false);
        assert!(verdict.state != trail::digest::verdict::State::Validated, "valid without a signature");
        assert!(!verdict.findings.is_empty() && verdict.findings.len() <= MOST_FINDINGS);
    }
    let _ = digest.keys_between(None);
}

/// Audit lines of a Kubernetes cluster, and CloudWatch's envelope of them.
pub(crate) fn kubernetes_lines(data: &[u8]) {
    let cluster =
        Cluster { name: "orders".to_owned(), account: "111111111111".to_owned(), region: "us-east-1".to_owned() };
    let all = lines(data, &cluster, |_| true);
    let none = lines(data, &cluster, |_| false);
    assert_eq!((none.requests.len(), none.broken_count, none.passed_over), (0, 0, none.read));
    assert_eq!(all.read, none.read);
    let taken = u64::try_from(all.requests.len()).unwrap_or(u64::MAX);
    assert_eq!(taken.saturating_add(all.broken_count).saturating_add(all.passed_over), all.read);
    let Some(text) = text(data) else { return };
    let _ = subscription(text);
    let envelope = serde_json::json!({
        "messageType": "DATA_MESSAGE", "owner": "111111111111", "logGroup": "/aws/eks/orders/cluster",
        "logStream": "kube-apiserver-audit-1", "logEvents": [{"id": "1", "timestamp": 1, "message": text}],
    });
    let encoded = STANDARD.encode(packed(envelope.to_string().as_bytes()));
    let unpacked = subscription(&encoded).expect("CloudWatch's own envelope");
    assert_eq!(unpacked.cluster("us-east-1"), Some(cluster));
}

/// What the command line says of a run. What is taken is bounded, inert, and stays as it is when it is taken again.
pub(crate) fn terraform_report(data: &[u8]) {
    let Ok(report) = Report::parse(data) else { return };
    let kept = serde_json::to_vec(&report).expect("a report is written");
    assert!(!String::from_utf8_lossy(&kept).chars().any(char::is_control));
    if let Ok(again) = Report::parse(&kept) {
        assert_eq!(again, report, "what was bounded is bounded otherwise");
    } else {
        assert!(kept.len() > trail::terraform::LONGEST_REPORT, "what was taken is not taken again");
    }
}

/// A part as it is stored.
pub(crate) fn ledger_part(data: &[u8]) {
    let packed_here = packed(data);
    for bytes in [data, packed_here.as_slice()] {
        let Ok(entries) = decode(bytes) else { continue };
        let again = encode(&entries).expect("what was read is written");
        assert_eq!(decode(&again).ok(), Some(entries));
    }
}
