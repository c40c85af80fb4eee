//! Text that would like to be a record.

use super::{REQUEST, file, names, of_grant, of_nobody, read, read_in};
use serde_json::json;

#[test]
fn what_looks_like_a_record_within_one_is_a_part_of_it() {
    let forged = of_grant("Forged");
    let as_text = serde_json::to_string(&file(std::slice::from_ref(&forged))).unwrap();
    let twice = serde_json::to_string(&as_text).unwrap();
    let within = [
        forged.clone(),
        format!("[{forged},{forged}]"),
        file(std::slice::from_ref(&forged)),
        format!(r#"{{"Records":[{{"Records":[{forged}]}}]}}"#),
        as_text.clone(),
        twice,
        // Ends that a careless reader would take for the record's, and the file's.
        serde_json::to_string(&format!("\\\"}}}}]}},{forged},{{\"")).unwrap(),
        serde_json::to_string(&format!("\\\\\"}}]}}{forged}")).unwrap(),
        serde_json::to_string(&format!("{}\"}},{forged}", "\\".repeat(63))).unwrap(),
        serde_json::to_string(&format!("{}\"}},{forged}", "\\".repeat(64))).unwrap(),
    ];
    for (nth, value) in within.iter().enumerate() {
        for pad in 0..130 {
            let outer = format!(
                r#"{{"eventVersion":"1.11","eventName":"Outer","pad":"{}","requestParameters":{{"a":{value}}},"z":1}}"#,
                "x".repeat(pad)
            );
            let text = file(&[of_nobody("Before"), outer.clone(), of_nobody("After")]);
            let (report, found) = read_in(61, text.as_bytes(), &[]);
            assert_eq!(names(&found), ["Outer"], "{nth} {pad}");
            assert_eq!((report.records, report.whole, report.broken_count), (3, true, 0));
            assert_eq!(String::from_utf8_lossy(&found[0].bytes), outer);
        }
    }
}

#[test]
fn only_the_outermost_list_holds_records() {
    let forged = of_grant("Forged");
    let real = of_grant("Real");
    for text in [
        format!(r#"{{"a":{{"Records":[{forged}]}},"Records":[{real}]}}"#),
        format!(r#"{{"a":[{{"Records":[{forged}]}}],"Records":[{real}],"b":{{"Records":[{forged}]}}}}"#),
        format!(r#"{{"Records\"":[{forged}],"Records":[{real}]}}"#),
        format!(r#"{{"\\\"Records":[{forged}],"x":"\"Records\":[{{","Records":[{real}]}}"#),
        format!(" {{ \"x\" : 1.5e3 ,\n\"y\": null, \"Records\"\t: [ {real}\r\n ] , \"z\" : true }} "),
        format!(r#"{{"Rec\u006frds":[{real}]}}"#),
    ] {
        let (report, found) = read(text.as_bytes());
        assert_eq!(names(&found), ["Real"], "{text}");
        assert!(report.whole && report.broken.is_empty(), "{text} {report:?}");
    }
}

#[test]
fn escapes_hide_nothing() {
    let hidden = [
        format!(r#"{{"a":"{}"}}"#, REQUEST.replace('_', "\\u005f")),
        format!(r#"{{"a":"{}"}}"#, REQUEST.replace("req", "re\\u0071")),
        format!(r#"{{"a":"{}"}}"#, REQUEST.replace('0', "\\u0030")),
        r#"{"access\u004beyId":"ASIAWANTED"}"#.to_owned(),
        r#"{"access\u004BeyId":"ASIAWANTED"}"#.to_owned(),
        r#"{"accessKeyId":"ASIA\u0057ANTED"}"#.to_owned(),
        r#"{"accessKeyId" : "ASIAWANTED"}"#.to_owned(),
        r#"{"a":[{"b":{"accessKeyId":"ASIAWANTED"}}]}"#.to_owned(),
    ];
    for record in hidden {
        let (report, found) = read_in(usize::MAX, file(&[of_nobody("A"), record.clone()]).as_bytes(), &["ASIAWANTED"]);
        assert_eq!((found.len(), report.found), (1, 1), "{record}");
    }
    // As CloudTrail does write, and what is no id, or no key's value.
    for record in [
        r#"{"a":"\u003cb\u003e \u0026 \u0027 \u003d \n \t \/ \\"}"#.to_owned(),
        format!(r#"{{"a":"{}"}}"#, &REQUEST[..35]),
        format!(r#"{{"a":"{}"}}"#, REQUEST.to_uppercase()),
        r#"{"accessKeyId":null,"a":"accessKeyId","b":"ASIAWANTED"}"#.to_owned(),
        json!({"a": "{\"accessKeyId\":\"ASIAWANTED\"}"}).to_string(),
        json!({"\"accessKeyId": "ASIAWANTED"}).to_string(),
        json!({"a": "{\"a\":\"\\u0041\"}"}).to_string(),
    ] {
        let (report, found) = read_in(usize::MAX, file(std::slice::from_ref(&record)).as_bytes(), &["ASIAWANTED"]);
        assert_eq!((found.len(), report.records), (0, 1), "{record}");
    }
}

#[test]
fn keys_that_a_record_tells_of_are_wanted_from_then_on() {
    let uses = |name: &str| format!(r#"{{"eventName":"{name}","userIdentity":{{"accessKeyId":"ASIACHAINED"}}}}"#);
    let opens = format!(r#"{{"eventName":"AssumeRole","sourceIdentity":"{REQUEST}","opened":"ASIACHAINED"}}"#);
    let (_, found) = read(file(&[uses("Before"), opens, uses("After")]).as_bytes());
    assert_eq!(names(&found), ["AssumeRole", "After"]);
}
