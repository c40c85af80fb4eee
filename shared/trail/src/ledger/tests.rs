use super::*;
use crate::entry::{Rule, When};
use crate::summary::{MOST_ERRORS, MOST_RESOURCES, MOST_SOURCES};
use proptest::prelude::*;
use serde_json::json;

mod pages;

/// One call as some record of it says.
#[derive(Debug, Clone)]
struct Said {
    /// Which call.
    call: usize,
    origin: usize,
    /// What an update says; 0: it is none.
    update: usize,
}

/// When the first call was made.
const START: i64 = 1_795_176_000;

fn entry(said: &Said) -> Entry {
    let Said { call: n, origin, update } = *said;
    // Few of most, many of those whose maps are small, so that these overflow.
    let error = [None, Some("AccessDenied".to_owned()), Some(format!("Error{}", n % 151))];
    let at = Time::from_second(START).unwrap().plus(u64::try_from(n % 37).unwrap().saturating_mul(97));
    let service = ["s3", "dynamodb", "sts"][n % 3];
    let record = json!({
        "eventVersion": "1.11", "eventID": format!("id-{n}"), "eventTime": at.to_string(),
        "awsRegion": (["eu-central-1", "us-east-1"][n % 2]), "eventSource": format!("{service}.amazonaws.com"),
        "eventName": (["GetObject", "PutItem", "AssumeRole"][n % 3]), "readOnly": n.is_multiple_of(3),
        "eventCategory": if n.is_multiple_of(5) { "Data" } else { "Management" },
        "sourceIPAddress": format!("192.0.2.{}", n % 90), "userAgent": format!("agent-{}/1.{n}", n % 70),
        "errorCode": error[n.saturating_add(update) % 3], "recipientAccountId": "111111111111",
        "sharedEventID": if n.is_multiple_of(7) { json!(format!("shared-{n}")) } else { json!(null) },
        "responseElements": {"credentials": {"accessKeyId": format!("ASIA{}", n % 40)}},
        "userIdentity": {"type": "AssumedRole", "invokedBy": if n.is_multiple_of(11) { "a.amazonaws.com" } else { "" }},
        "resources": [{"ARN": format!("arn:aws:s3:::bucket/{}", n.saturating_add(update))}, {"ARN": "arn:aws:s3:::bucket"}],
    });
    let mut call = Call::parse(record.to_string().as_bytes()).unwrap();
    call.update = (update > 0).then(|| format!("update-{update}"));
    let origin = match origin {
        0 => Origin::Bus {},
        1 => Origin::Lookup {},
        2 => Origin::Logs { group: "trail".to_owned() },
        file => Origin::Trail { bucket: "b".to_owned(), key: format!("k{file}"), offset: 0, length: 100 },
    };
    let when = if n.is_multiple_of(4) { When::After } else { When::Within };
    Entry { call, rule: [Rule::SourceIdentity, Rule::KeyChain][n % 2], when, chained: n % 2 == 1, origin }
}

/// A grant's ledger as it is stored, and the summary beside it.
#[derive(Default)]
struct Store {
    summary: Summary,
    parts: BTreeMap<PartKey, Vec<u8>>,
    rebuild: bool,
}

impl Store {
    /// As the caller does it: loads the slots, merges, writes what has changed.
    fn take(&mut self, most: u64, incoming: Vec<Entry>) -> Merged {
        let slots = slots_of(&incoming);
        let loaded = self.parts.iter().filter(|(key, _)| slots.contains(&key.slot));
        let loaded = loaded.map(|(key, packed)| (*key, decode(packed).unwrap())).collect();
        let merged = merge_within(most, std::mem::take(&mut self.summary), &loaded, incoming);
        for (key, entries) in &merged.changed {
            assert!(loaded.get(key) != Some(entries), "a part that is as it was");
            let packed = encode(entries).unwrap();
            assert!(packed.len() <= LARGEST_PART);
            self.parts.insert(*key, packed);
        }
        self.summary = merged.summary.clone();
        self.rebuild |= merged.rebuild;
        merged
    }

    fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.parts.values().flat_map(|packed| decode(packed).unwrap()).collect();
        entries.sort_by_key(|entry| (entry.call.at, Key::of(entry)));
        entries
    }
}

/// The best record of each call: what should be there in the end.
fn best(all: &[Entry]) -> Vec<Entry> {
    let mut best: BTreeMap<(Time, Key), Entry> = BTreeMap::new();
    for entry in all {
        let known = best.entry((entry.call.at, Key::of(entry))).or_insert_with(|| entry.clone());
        if compare(entry, known) == Ordering::Greater {
            *known = entry.clone();
        }
    }
    best.into_values().collect()
}

/// Without what [`Merged::rebuild`] warns of.
fn totals(mut summary: Summary) -> Summary {
    summary.uncounted = 0;
    for map in [&mut summary.resources, &mut summary.addresses, &mut summary.agents] {
        map.clear();
    }
    summary.actions.clear();
    summary.errors.clear();
    summary
}

fn said(calls: usize, updates: usize) -> impl Strategy<Value = Said> {
    (0..calls, 0..5_usize, 0..=updates).prop_map(|(call, origin, update)| Said { call, origin, update })
}

/// What comes, some of it again, in batches of some order.
fn arrivals(updates: usize) -> impl Strategy<Value = (Vec<Said>, Vec<Vec<Said>>)> {
    prop::collection::vec(said(600, updates), 1..200).prop_flat_map(|all| {
        let again = prop::collection::vec(prop::sample::select(all.clone()), 0..60);
        (Just(all), again).prop_flat_map(|(all, again)| {
            let shuffled = Just([all.clone(), again].concat()).prop_shuffle();
            (Just(all), shuffled, (10..60_usize)).prop_map(|(all, shuffled, size)| {
                let batches = shuffled.chunks(size).map(<[Said]>::to_vec).collect();
                (all, batches)
            })
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn order_repetition_and_grouping_change_nothing((all, batches) in arrivals(0)) {
        let all: Vec<Entry> = all.iter().map(entry).collect();
        let wanted = best(&all);
        let mut store = Store::default();
        for batch in batches {
            store.take(MOST_ENTRIES, batch.iter().map(entry).collect());
        }
        prop_assert!(!store.rebuild);
        prop_assert_eq!(&store.summary, &Summary::of(&wanted));
        prop_assert_eq!(store.entries(), wanted);
        // All of it once more changes nothing.
        let before = store.summary.clone();
        let merged = store.take(MOST_ENTRIES, all);
        prop_assert!(merged.changed.is_empty() && merged.added.is_empty() && merged.replaced.is_empty());
        prop_assert_eq!(merged.summary, before);
    }

    #[test]
    fn updates_win_whenever_they_come((all, batches) in arrivals(2)) {
        let all: Vec<Entry> = all.iter().map(entry).collect();
        let wanted = best(&all);
        let mut store = Store::default();
        for batch in batches {
            store.take(MOST_ENTRIES, batch.iter().map(entry).collect());
        }
        prop_assert_eq!(store.entries(), wanted.clone());
        prop_assert_eq!(totals(store.summary.clone()), totals(Summary::of(&wanted)));
        if !store.rebuild {
            prop_assert_eq!(store.summary, Summary::of(&wanted));
        }
    }

    #[test]
    fn totals_count_beyond_what_is_kept((all, batches) in arrivals(0)) {
        let mut store = Store::default();
        let (mut added, most) = (0_usize, 20);
        for batch in &batches {
            let merged = store.take(most, batch.iter().map(entry).collect());
            added = added.saturating_add(merged.added.len());
        }
        let kept = u64::try_from(store.entries().len()).unwrap();
        prop_assert!(kept <= most);
        prop_assert_eq!(store.summary.calls, u64::try_from(added).unwrap());
        prop_assert_eq!(store.summary.calls, kept.saturating_add(store.summary.not_kept));
        prop_assert!(store.summary.calls >= u64::try_from(best(&all.iter().map(entry).collect::<Vec<_>>()).len()).unwrap());
    }
}

fn plain(call: usize, origin: usize) -> Entry {
    entry(&Said { call, origin, update: 0 })
}

#[test]
fn the_trails_record_takes_the_place_of_the_events() {
    let mut store = Store::default();
    assert_eq!(store.take(MOST_ENTRIES, vec![plain(1, 0)]).added.len(), 1);
    let merged = store.take(MOST_ENTRIES, vec![plain(1, 3)]);
    assert_eq!((merged.added.len(), merged.replaced.len(), merged.changed.len()), (0, 0, 1));
    assert_eq!((store.summary.calls, store.entries()), (1, vec![plain(1, 3)]));
    assert_eq!(store.summary.origins, BTreeMap::from([("trail".to_owned(), 1)]));
    assert!(store.take(MOST_ENTRIES, vec![plain(1, 0)]).changed.is_empty(), "and it stays");
}

#[test]
fn an_update_is_told_as_such() {
    let mut store = Store::default();
    store.take(MOST_ENTRIES, vec![plain(1, 3)]);
    let update = entry(&Said { call: 1, origin: 0, update: 1 });
    let merged = store.take(MOST_ENTRIES, vec![update.clone()]);
    assert_eq!((merged.added, merged.replaced), (vec![], vec![update]));
    // Coming together with what it updates, it is simply the call.
    let mut together = Store::default();
    let merged = together.take(MOST_ENTRIES, vec![plain(1, 3), entry(&Said { call: 1, origin: 0, update: 1 })]);
    assert_eq!((merged.added.len(), merged.replaced.len()), (1, 0));
    assert_eq!(merged.added[0].call.update.as_deref(), Some("update-1"));
}

#[test]
fn records_of_two_accounts_of_one_call_are_one() {
    let (mine, mut theirs) = (plain(7, 3), plain(7, 3));
    theirs.call.id = "of-their-own".to_owned();
    theirs.call.account = "222222222222".to_owned();
    let mut store = Store::default();
    store.take(MOST_ENTRIES, vec![theirs, mine]);
    assert_eq!(store.summary.calls, 1);
    // The same id in another region is another call.
    let mut elsewhere = plain(7, 3);
    elsewhere.call.region = "eu-west-1".to_owned();
    store.take(MOST_ENTRIES, vec![elsewhere]);
    assert_eq!(store.summary.calls, 2);
}

#[test]
fn full_maps_keep_the_same_names_in_any_order_and_count_the_rest() {
    let entries: Vec<Entry> = (0..1_000).map(|n| plain(n, 3)).collect();
    let forwards = Summary::of(&entries);
    let backwards = Summary::of(entries.iter().rev());
    assert_eq!(forwards, backwards);
    assert_eq!((forwards.addresses.len(), forwards.agents.len()), (MOST_SOURCES, MOST_SOURCES));
    assert_eq!((forwards.errors.len(), forwards.resources.len()), (MOST_ERRORS, MOST_RESOURCES));
    let counted: u64 = forwards
        .addresses
        .values()
        .chain(forwards.agents.values())
        .chain(forwards.resources.values())
        .map(|seen| seen.times)
        .sum();
    let errors: u64 = forwards.errors.values().sum();
    let failing = forwards.denied + forwards.failed;
    assert_eq!(counted + errors + forwards.uncounted, 1_000 * 4 + failing);
    // What is rare is not pushed out by a bulk of objects.
    assert_eq!(forwards.resources["arn:aws:s3:::bucket"].times, 1_000);
}

#[test]
fn a_slot_is_ten_minutes() {
    let at = |time: &str| {
        let mut entry = plain(1, 0);
        entry.call.at = time.parse().unwrap();
        slot_of(&entry.call).to_string()
    };
    assert_eq!(at("2026-11-20T12:39:59Z"), "2026-11-20T12:30:00Z");
    assert_eq!(at("2026-11-20T12:40:00Z"), "2026-11-20T12:40:00Z");
    let key = PartKey { slot: "2026-11-20T12:40:00Z".parse().unwrap(), part: 12 };
    assert_eq!(key.to_string(), "2026-11-20T12:40:00Z#0012");
    assert_eq!(key.to_string().parse::<PartKey>().unwrap(), key);
    assert!("2026-11-20T12:40:00Z#12".parse::<PartKey>().is_err());
}

#[test]
fn a_busy_slot_has_several_parts_each_of_which_fits() {
    // Texts that don't compress.
    let noise = |n: usize| -> String {
        let mut state = u64::try_from(n).unwrap().wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        (0..3_000)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                char::from(b'!' + u8::try_from(state % 90).unwrap())
            })
            .collect()
    };
    let entries: Vec<Entry> = (0..400)
        .map(|n| {
            let mut entry = plain(n, 3);
            entry.call.at = Time::from_second(START).unwrap();
            entry.call.agent = noise(n);
            entry
        })
        .collect();
    let mut store = Store::default();
    for batch in entries.chunks(150) {
        store.take(MOST_ENTRIES, batch.to_vec());
    }
    assert!(store.parts.len() > 3, "{}", store.parts.len());
    assert_eq!(store.entries().len(), 400);
    let merged = store.take(MOST_ENTRIES, entries);
    assert!(merged.changed.is_empty());
}

#[test]
fn what_was_not_written_as_a_part_is_refused() {
    assert!(matches!(decode(b"nothing"), Err(BadPart::Packing(_))));
    let packed = |text: &[u8]| {
        use std::io::Write as _;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    };
    assert!(matches!(decode(&packed(b"{\"version\":2}")), Err(BadPart::Version(2))));
    assert!(matches!(decode(&packed(b"{\"version\":1}\n{}")), Err(BadPart::Line { line: 2, .. })));
    assert!(matches!(decode(&packed(b"")), Err(BadPart::Line { line: 1, .. })));
    // A few KB that stand for more than a part may hold.
    assert!(matches!(decode(&packed(&vec![b' '; 5 * 1024 * 1024])), Err(BadPart::TooLarge)));
    let cut = encode(&[plain(1, 0)]).unwrap();
    assert!(matches!(decode(&cut[..cut.len() / 2]), Err(BadPart::Packing(_))));
}
