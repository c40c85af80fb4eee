//! Documents of every shape, against `serde_json`.

use super::{REQUEST, Record, packed, read_in};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use std::fmt::Write as _;

const WANTED: &str = "ASIAWANTED";

fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "req_",
        REQUEST,
        "0190f3c2a1b27def8123456789abcdef",
        "accessKeyId",
        WANTED,
        "\"",
        "\\",
        "\\\"",
        "\\u005f",
        "{\"eventVersion\":\"1\"}",
        "\"}]},{",
        "Records",
        "ü€😀",
        "\n\t ",
        ":,[]{}",
        "plain words of some length",
    ]);
    prop::collection::vec(pieces, 0..5).prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => text(), 1 => Just("accessKeyId".to_owned()), 1 => Just("Records".to_owned())]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f32>().prop_map(|number| Value::from(f64::from(number))),
        4 => text().prop_map(Value::from),
        1 => Just(Value::from(WANTED)),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
        let object = prop::collection::vec((name(), inner), 0..4).prop_map(|fields| fields.into_iter().collect());
        prop_oneof![list, object.prop_map(Value::Object)]
    })
}

fn object() -> impl Strategy<Value = Value> {
    prop::collection::vec((name(), value()), 0..5).prop_map(|fields| Value::Object(fields.into_iter().collect()))
}

/// How a document is written: blanks and escapes that nobody asked for.
#[derive(Debug, Clone, Copy)]
struct Hand {
    seed: u64,
    blanks: bool,
    escapes: bool,
}

impl Hand {
    fn next(&mut self, of: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % of
    }

    fn blank(&mut self, out: &mut String) {
        if self.blanks && self.next(3) == 0 {
            out.push_str(
                [" ", "\n", "\r\n\t ", "                                                    "]
                    [usize::try_from(self.next(4)).unwrap()],
            );
        }
    }

    fn text(&mut self, text: &str, out: &mut String) {
        if !self.escapes {
            out.push_str(&serde_json::to_string(text).unwrap());
            return;
        }
        out.push('"');
        for letter in text.chars() {
            let plain = letter != '"' && letter != '\\' && letter >= ' ';
            if plain && self.next(8) != 0 {
                out.push(letter);
            } else {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}").unwrap();
                }
            }
        }
        out.push('"');
    }

    fn write(&mut self, value: &Value, out: &mut String) {
        self.blank(out);
        match value {
            Value::Array(values) => {
                out.push('[');
                for (nth, value) in values.iter().enumerate() {
                    out.push_str(if nth == 0 { "" } else { "," });
                    self.write(value, out);
                }
                self.blank(out);
                out.push(']');
            }
            Value::Object(fields) => {
                out.push('{');
                for (nth, (name, value)) in fields.iter().enumerate() {
                    out.push_str(if nth == 0 { "" } else { "," });
                    self.blank(out);
                    self.text(name, out);
                    self.blank(out);
                    out.push(':');
                    self.write(value, out);
                }
                self.blank(out);
                out.push('}');
            }
            Value::String(text) => self.text(text, out),
            Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
        }
        self.blank(out);
    }
}

fn hand() -> impl Strategy<Value = Hand> {
    (any::<u64>(), any::<bool>(), prop::bool::weighted(0.3)).prop_map(|(seed, blanks, escapes)| Hand {
        seed,
        blanks,
        escapes,
    })
}

fn document() -> impl Strategy<Value = Value> {
    let records = prop::collection::vec(object(), 0..8);
    let others = prop::collection::vec((text(), value()), 0..3);
    (records, others).prop_map(|(records, others)| {
        let mut document: Map<String, Value> = others.into_iter().collect();
        document.insert("Records".to_owned(), Value::from(records));
        Value::Object(document)
    })
}

fn holds_id(text: &str) -> bool {
    text.match_indices("req_").any(|(at, _)| {
        text.as_bytes()[at + 4..].get(..32).is_some_and(|id| id.iter().all(|byte| b"0123456789abcdef".contains(byte)))
    })
}

/// What a record is looked at for, judged from what it means.
fn concerns(value: &Value) -> bool {
    match value {
        Value::String(text) => holds_id(text),
        Value::Array(values) => values.iter().any(concerns),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| holds_id(name) || (name == "accessKeyId" && value == WANTED) || concerns(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_is_what_concerns_a_grant(
        document in document(),
        mut hand in hand(),
        pieces in 1_usize..300,
        member in 1_usize..2_000,
        pack in any::<bool>(),
    ) {
        let mut text = String::new();
        hand.write(&document, &mut text);
        let again: Value = serde_json::from_str(&text).unwrap();
        let records = again["Records"].as_array().unwrap();
        // An object has a thousand members at most.
        let member = member.max(text.len().div_ceil(900));
        let object = if pack { packed(text.as_bytes(), member) } else { text.clone().into_bytes() };
        let (report, found) = read_in(pieces, &object, &[WANTED]);

        prop_assert!(report.whole, "{:?}", report);
        prop_assert_eq!((report.records, report.broken_count), (records.len() as u64, 0));
        let values: Vec<Value> = found.iter().map(super::Record::value).collect();
        if hand.escapes {
            // Others may be looked at too; none that matters is missed, and each is a record.
            let mut rest = values.iter();
            let missed = records.iter().filter(|record| concerns(record)).any(|record| !rest.any(|one| one == record));
            prop_assert!(!missed);
            let mut rest = records.iter();
            let strange = values.iter().any(|value| !rest.any(|record| record == value));
            prop_assert!(!strange);
        } else {
            let expected: Vec<Value> = records.iter().filter(|record| concerns(record)).cloned().collect();
            prop_assert_eq!(values, expected);
        }
        for record in found {
            let from = usize::try_from(record.offset).unwrap();
            prop_assert_eq!(&text.as_bytes()[from..from + record.bytes.len()], record.bytes.as_slice());
        }
    }

    /// Every way to cut a document in two, and every size of pieces up to some.
    #[test]
    fn pieces_make_no_difference(document in document(), mut hand in hand()) {
        let mut text = String::new();
        hand.write(&document, &mut text);
        text.truncate(text.char_indices().map(|(at, _)| at).take_while(|at| *at <= 1_500).last().unwrap_or(0));
        let expected = read_in(usize::MAX, text.as_bytes(), &[WANTED]);
        for size in (1..text.len()).step_by(text.len() / 60 + 1) {
            prop_assert_eq!(&read_in(size, text.as_bytes(), &[WANTED]), &expected);
        }
    }

    /// Whatever bytes come, reading ends, and what is handed on is JSON.
    #[test]
    fn any_bytes_are_survived(
        document in document(),
        mut hand in hand(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut text = String::new();
        hand.write(&document, &mut text);
        let mut bytes = text.into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let (whole, found) = read_in(usize::MAX, &bytes, &[WANTED]);
        let (pieced, found_pieced) = read_in(11, &bytes, &[WANTED]);
        prop_assert_eq!(whole.records, pieced.records);
        prop_assert_eq!(&found, &found_pieced);
        // Half a surrogate is JSON, though no text: whoever reads the record puts it aside.
        let json = |record: &&Record| record.bytes.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(&record.bytes).is_ok();
        prop_assert_eq!(found.iter().filter(json).count(), found.len());
    }
}
