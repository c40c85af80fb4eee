//! What may be wrong with an object of the bucket: each has its code, and takes nothing with it but itself.

use super::{REQUEST, codes, file, names, of_grant, of_nobody, packed, read, read_in, read_within};
use serde_json::Value;
use trail::scan::{Bounds, Breakage, MOST_LISTED};

fn three() -> String {
    file(&[of_grant("One"), of_nobody("Two"), of_grant("Three")])
}

#[test]
fn what_is_no_trail_file_is_told() {
    for (object, code) in [
        (&b""[..], Breakage::Empty),
        (b" \n ", Breakage::Empty),
        (&packed(b" ", 10), Breakage::Empty),
        (b"\x89PNG\r\n\x1a\n", Breakage::ForeignObject),
        (b"hello", Breakage::ForeignObject),
        (b"[{}]", Breakage::ForeignObject),
        (b"\"Records\"", Breakage::ForeignObject),
        (b"{}", Breakage::ForeignObject),
        (br#"{"Records":null}"#, Breakage::ForeignObject),
        (br#"{"Records":{"a":[]}}"#, Breakage::ForeignObject),
        (br#"{"records":[]}"#, Breakage::ForeignObject),
        (br#"{"a":{"b":[}},"Records":[]}"#, Breakage::ForeignObject),
        (b"\x1f\x9d\x90 compress", Breakage::ForeignObject),
        (b"\x1f", Breakage::CutGzip),
        (b"\x1f\x8b\x08", Breakage::CutGzip),
        (b"\x1f\x8b\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", Breakage::BadGzip),
        (br#"{"Rec"#, Breakage::CutJson),
        (br#"{"Records":["#, Breakage::CutJson),
        (br#"{"Records":[]"#, Breakage::CutJson),
    ] {
        for pieces in [usize::MAX, 1] {
            let (report, found) = read_in(pieces, object, &[]);
            assert_eq!(codes(&report), [code], "{}", String::from_utf8_lossy(object));
            assert!(found.is_empty() && !report.whole && report.bytes_in == object.len() as u64);
        }
    }
}

#[test]
fn an_empty_list_is_whole() {
    for text in [r#"{"Records":[]}"#, " {\"Records\" : [ ] }\n"] {
        let (report, _) = read(text.as_bytes());
        assert!(report.whole && report.broken.is_empty() && report.records == 0);
    }
}

/// Cut anywhere: the records before the cut are found, and it is told.
#[test]
fn a_cut_file_gives_what_was_before_the_cut() {
    let text = three();
    let ends: Vec<usize> = ["One", "Two", "Three"]
        .iter()
        .map(|name| text.find(name).unwrap() + text[text.find(name).unwrap()..].find('}').unwrap() + 1)
        .collect();
    for cut in 1..text.len() {
        let (report, found) = read(&text.as_bytes()[..cut]);
        assert_eq!(codes(&report), [Breakage::CutJson], "{cut}");
        assert_eq!(report.records, ends.iter().filter(|end| **end <= cut).count() as u64);
        assert_eq!(found.len(), [ends[0], ends[2]].iter().filter(|end| **end <= cut).count());
        assert!(!report.whole && found.iter().all(|record| !record.after_damage));
    }
    let stored = packed(text.as_bytes(), usize::MAX);
    for cut in 1..stored.len() {
        let (report, _) = read(&stored[..cut]);
        assert_eq!(codes(&report), [Breakage::CutGzip], "{cut}");
        assert!(!report.whole);
    }
    // All of the text, and half of the checksum.
    assert_eq!(names(&read(&stored[..stored.len() - 5]).1), ["One", "Three"]);
    // Between two members the gzip is whole, the JSON is not.
    let members = packed(text.as_bytes(), text.len() - 1);
    let (report, found) = read(&members[..members.len() - packed(b"}", 1).len()]);
    assert_eq!((codes(&report), found.len()), (vec![Breakage::CutJson], 2));
}

#[test]
fn a_wrong_checksum_is_told() {
    let mut stored = packed(three().as_bytes(), usize::MAX);
    let at = stored.len() - 8;
    stored[at] ^= 1;
    let (report, _) = read(&stored);
    assert_eq!((codes(&report), report.whole), (vec![Breakage::BadGzip], false));
}

#[test]
fn what_follows_the_end_is_told_and_marked() {
    for (more, records) in [(three().as_bytes(), 2), (b"x", 0), (b"{}", 0)] {
        let (report, found) = read(&[three().as_bytes(), more].concat());
        assert_eq!((codes(&report), found.len()), (vec![Breakage::TrailingBytes], 2 + records));
        assert!(!report.whole && found.iter().map(|record| record.after_damage).is_sorted());
        assert_eq!(found.iter().filter(|record| record.after_damage).count(), records);
    }
    let stored = packed(three().as_bytes(), usize::MAX);
    for more in [&b"x"[..], b"\0\0\0", b"\x1f\x8c"] {
        let (report, found) = read(&[&stored, more].concat());
        assert_eq!((codes(&report), found.len(), report.whole), (vec![Breakage::TrailingBytes], 2, true));
    }
}

#[test]
fn a_bomb_is_left_at_its_bounds() {
    let zeros = file(&[format!(r#"{{"a":"{}"}}"#, "0".repeat(100_000)), of_grant("One")]);
    let text = file(&vec![zeros.replace(r#"{"Records":["#, "").replace("]}", ""); 300]);
    let stored = packed(text.as_bytes(), usize::MAX);
    assert!(text.len() as u64 > Bounds::RATIO_FROM && text.len() > stored.len() * 300);
    let (report, found) = read(&stored);
    assert_eq!((codes(&report), report.whole), (vec![Breakage::TooLarge], false));
    assert!(!found.is_empty() && report.bytes_out < Bounds::RATIO_FROM * 2);

    let bounds = Bounds { object: 1_000_000, ..Bounds::default() };
    for object in [text.as_bytes(), &stored] {
        let (report, _) = read_within(bounds, 4_096, object, &[]);
        assert_eq!(codes(&report), [Breakage::TooLarge]);
        assert!(report.bytes_out < 1_200_000 && report.bytes_in == object.len() as u64);
    }
    // Members cost something each, however small.
    let (report, _) = read(&[packed(b" ", 1).repeat(2_000), stored].concat());
    assert_eq!(codes(&report), [Breakage::TooLarge]);
}

/// One record damaged in many ways, between others: all others are found, those before as they are, those after marked.
#[test]
fn a_broken_record_takes_no_other_with_it() {
    let whole = format!(
        r#"{{"eventVersion":"1.11","eventName":"Two","a":[{{"b":"c"}},{{"d":[1,2]}}],"e":{{"f":"g \" h"}},"i":"{REQUEST}"}}"#
    );
    let mut damaged: Vec<String> = (1..whole.len()).map(|cut| whole[..cut].to_owned()).collect();
    damaged.extend((1..whole.len()).map(|cut| whole[cut..].to_owned()));
    damaged.push(format!("{whole}}}"));
    damaged.push(format!("{whole}]"));
    damaged.push(format!("{whole} x"));
    damaged.push(String::new());
    damaged.push("1".to_owned());
    damaged.push("[]".to_owned());
    damaged.push("null".to_owned());
    damaged.push("\"".to_owned());
    let mut swallowed = 0;
    for broken in damaged {
        let text = file(&[of_grant("One"), broken.clone(), of_grant("Three"), of_nobody("N"), of_grant("Four")]);
        if serde_json::from_str::<Value>(&format!("{text}]}}")).is_ok() {
            // Cut within a list: by JSON's grammar all that follows is in that list, and only the file's end is missing.
            let (report, _) = read(text.as_bytes());
            assert_eq!((codes(&report), report.whole), (vec![Breakage::CutJson], false), "{broken}");
            swallowed += 1;
            continue;
        }
        for pieces in [usize::MAX, 7] {
            let (report, found) = read_in(pieces, text.as_bytes(), &[]);
            let itself = broken.starts_with(&whole).then_some("Two");
            let expected: Vec<&str> = ["One"].into_iter().chain(itself).chain(["Three", "Four"]).collect();
            assert_eq!(names(&found), expected, "{broken} {report:?}");
            let told = report.has(Breakage::BadRecord) || report.has(Breakage::TrailingBytes);
            assert!(told && !report.whole, "{broken} {report:?}");
            let marked = found.iter().filter(|record| record.after_damage).count();
            assert!(marked == 2 && found.iter().map(|record| record.after_damage).is_sorted(), "{broken}");
        }
    }
    assert_eq!(swallowed, 2);
}

#[test]
fn what_is_found_behind_damage_is_marked() {
    // Somebody's text, which is a record once the one around it has lost a quote.
    let forged = of_grant("Forged");
    let outer = format!(r#"{{"eventVersion":"1.11","a":"b,"requestParameters":[{forged}]}}"#);
    let (report, found) = read(file(&[of_grant("One"), outer, of_grant("Three")]).as_bytes());
    assert!(report.has(Breakage::BadRecord));
    assert!(found.iter().all(|record| record.after_damage != (record.value()["eventName"] == "One")), "{found:?}");
    assert!(names(&found).contains(&"Three".to_owned()));
}

#[test]
fn a_record_that_is_found_is_json() {
    let records = [of_grant("One"), of_grant("Two").replace("\"1.11\"", "1.1.1"), of_grant("Three")];
    let (report, found) = read(file(&records).as_bytes());
    assert_eq!(
        (codes(&report), names(&found)),
        (vec![Breakage::BadRecord], vec!["One".to_owned(), "Three".to_owned()])
    );
    assert_eq!(report.broken[0].request.as_deref(), Some(REQUEST));
    assert_eq!(report.broken[0].offset, (12 + records[0].len() + 1) as u64);
    // Its end was found, so that no other is in doubt.
    assert!(report.whole && !found[1].after_damage);
}

#[test]
fn a_record_that_is_too_large_is_left_out_alone() {
    for size in [262_000, 262_145, 300_000, 1_000_000] {
        let large = format!(r#"{{"eventVersion":"1.11","i":"{REQUEST}","a":"{}"}}"#, "x".repeat(size));
        let text = file(&[of_grant("One"), large.clone(), of_grant("Three")]);
        let (report, found) = read_in(10_000, text.as_bytes(), &[]);
        if large.len() <= Bounds::default().record {
            assert_eq!((found.len(), report.broken_count), (3, 0));
            continue;
        }
        assert_eq!(
            (codes(&report), names(&found)),
            (vec![Breakage::RecordTooLarge], vec!["One".to_owned(), "Three".to_owned()])
        );
        assert_eq!(report.broken[0].request.as_deref(), Some(REQUEST));
        assert!(report.whole && report.records == 3 && found.iter().all(|record| !record.after_damage));
    }
}

/// An end that was lost in a list: all that follows would be a part of it, however much.
#[test]
fn records_behind_a_lost_end_are_found() {
    let mut records = vec![of_grant("One"), r#"{"eventVersion":"1.11","a":[1"#.to_owned()];
    records.extend((0..5_000).map(|_| of_grant("After")));
    let (report, found) = read(file(&records).as_bytes());
    assert_eq!(found.len(), 5_001);
    assert!(report.has(Breakage::BadRecord) && found[1..].iter().all(|record| record.after_damage));
}

#[test]
fn what_is_no_text_is_left_out_alone() {
    let text = file(&[of_grant("One"), of_grant("T@o"), of_grant("Grün"), of_nobody("@")]);
    let text: Vec<u8> = text.bytes().map(|byte| if byte == b'@' { 0xff } else { byte }).collect();
    let (report, found) = read(&text);
    assert_eq!(
        (codes(&report), names(&found)),
        (vec![Breakage::BadText; 2], vec!["One".to_owned(), "Grün".to_owned()])
    );
    assert_eq!(report.broken[0].request.as_deref(), Some(REQUEST));
    assert!(report.whole && report.records == 4);
}

#[test]
fn what_is_nested_too_deep_is_left_out_alone() {
    for depth in [90, 150, 10_000, 120_000] {
        let deep = format!(r#"{{"i":"{REQUEST}","a":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let (report, found) = read(file(&[of_grant("One"), deep, of_grant("Three")]).as_bytes());
        let expected = if depth < 100 { vec![] } else { vec![Breakage::TooDeep] };
        assert_eq!((codes(&report), found.len()), (expected.clone(), 3 - expected.len()));
        assert!(report.whole && found.iter().all(|record| !record.after_damage));
    }
}

#[test]
fn the_list_of_what_is_broken_is_bounded() {
    let (report, found) = read(file(&vec!["{\"a\" 1 \"b\"}{".to_owned(); 10_000]).as_bytes());
    assert!(report.broken.len() <= MOST_LISTED && found.is_empty());
    let (report, _) = read(file(&vec![format!("{{\"eventVersion\":\"{REQUEST}\"x}}"); 10_000]).as_bytes());
    assert_eq!((report.broken.len(), report.broken_count), (MOST_LISTED, 10_000));
}

/// Openings within openings: each could be tried up to the same end.
#[test]
fn hostile_damage_costs_no_more_than_its_size_allows() {
    let nested = r#"{"eventVersion":"#.repeat(200_000);
    let (report, found) = read(format!(r#"{{"Records":[{nested}}}]}}"#).as_bytes());
    assert!(found.is_empty() && !report.whole && report.broken_count > 0);
}

#[test]
fn codes_and_reasons_are_stable() {
    let all = [
        (Breakage::Empty, "empty"),
        (Breakage::ForeignObject, "foreign_object"),
        (Breakage::CutGzip, "cut_gzip"),
        (Breakage::BadGzip, "bad_gzip"),
        (Breakage::CutJson, "cut_json"),
        (Breakage::TooLarge, "too_large"),
        (Breakage::BadRecord, "bad_record"),
        (Breakage::RecordTooLarge, "record_too_large"),
        (Breakage::TooDeep, "too_deep"),
        (Breakage::BadText, "bad_text"),
        (Breakage::TrailingBytes, "trailing_bytes"),
    ];
    for (breakage, code) in all {
        assert_eq!(serde_json::to_value(breakage).unwrap(), code);
        assert!(breakage.reason().ends_with('.'));
    }
}
