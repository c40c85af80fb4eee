use super::*;
use crate::call::Caller;
use proptest::prelude::*;
use serde_json::json;

/// A record with these fields in place of its own; `null` takes one out.
fn record(change: &Value) -> Value {
    let mut record = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAEXAMPLE:req_0198c0ffee00700080000000deadbeef",
            "arn": "arn:aws:sts::111111111111:assumed-role/debug/req_0198c0ffee00700080000000deadbeef",
            "accountId": "111111111111", "accessKeyId": "ASIAEXAMPLE", "invokedBy": "athena.amazonaws.com",
            "onBehalfOf": {"userId": "94a8", "identityStoreArn": "arn:aws:identitystore::111111111111:identitystore/d-1"},
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE", "arn": "arn:aws:iam::111111111111:role/a/debug"},
                "sourceIdentity": "req_0198c0ffee00700080000000deadbeef",
                "attributes": {"creationDate": "2026-11-20T12:00:00Z", "mfaAuthenticated": "true"},
            },
        },
        "eventTime": "2026-11-20T12:30:00Z", "eventSource": "dynamodb.amazonaws.com", "eventName": "GetItem",
        "awsRegion": "eu-central-1", "sourceIPAddress": "192.0.2.1", "userAgent": "aws-cli/2.31 md/awscrt",
        "requestParameters": {"tableName": "orders", "key": {"id": "1"}}, "responseElements": null,
        "eventID": "11111111-1111-4111-8111-111111111111", "sharedEventID": "22222222-2222-4222-8222-222222222222",
        "readOnly": true, "eventType": "AwsApiCall", "managementEvent": false, "recipientAccountId": "111111111111",
        "eventCategory": "Data", "sessionCredentialFromConsole": "true",
        "resources": [{"accountId": "111111111111", "type": "AWS::DynamoDB::Table", "ARN": "arn:aws:dynamodb:eu-central-1:111111111111:table/orders"}],
    });
    for (name, value) in change.as_object().into_iter().flatten() {
        record[name] = value.clone();
    }
    record.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    record
}

fn parse(change: &Value) -> Result<Call, Broken> {
    Call::parse(record(change).to_string().as_bytes())
}

fn parsed(change: &Value) -> Call {
    parse(change).unwrap()
}

#[test]
fn a_data_event_is_read_whole() {
    let call = parsed(&json!({}));
    assert_eq!(
        call.caller,
        Caller {
            kind: "AssumedRole".to_owned(),
            principal_id: "AROAEXAMPLE:req_0198c0ffee00700080000000deadbeef".to_owned(),
            arn: "arn:aws:sts::111111111111:assumed-role/debug/req_0198c0ffee00700080000000deadbeef".to_owned(),
            account: "111111111111".to_owned(),
            access_key_id: "ASIAEXAMPLE".to_owned(),
            issuer_arn: "arn:aws:iam::111111111111:role/a/debug".to_owned(),
            source_identity: "req_0198c0ffee00700080000000deadbeef".to_owned(),
            invoked_by: "athena.amazonaws.com".to_owned(),
            on_behalf_of: "94a8".to_owned(),
            console: true,
        }
    );
    assert_eq!(call.caller.session_name(), "req_0198c0ffee00700080000000deadbeef");
    assert_eq!((call.category, call.read_only, call.incomplete), (Category::Data, true, false));
    assert_eq!(call.action.as_deref(), Some("dynamodb:GetItem"));
    assert_eq!(call.resources, ["arn:aws:dynamodb:eu-central-1:111111111111:table/orders"]);
    assert_eq!(call.shared.as_deref(), Some("22222222-2222-4222-8222-222222222222"));
    assert_eq!((call.update, call.opened, call.error), (None, None, None));
}

#[test]
fn minor_versions_may_rise_and_major_ones_may_not() {
    for version in ["1.0", "1.08", "1.11", "1.12", "1.999"] {
        let unknown = json!({"eventVersion": version, "somethingNew": {"deep": [1, {"a": null}]}});
        assert!(parse(&unknown).is_ok(), "{version}");
    }
    for version in [json!("2.0"), json!("0.9"), json!("11.1"), json!("1."), json!("1.x"), json!(""), json!(null)] {
        let refused = parse(&json!({"eventVersion": version})).unwrap_err();
        assert_eq!(refused.code(), "unknown_version", "{version}");
    }
}

#[test]
fn what_cant_be_done_without_is_named() {
    for name in ["eventID", "awsRegion", "eventSource", "eventName", "eventTime"] {
        for absent in [json!(null), json!(""), json!({}), json!([1])] {
            assert_eq!(parse(&json!({name: absent})).unwrap_err(), Broken::Missing(name));
        }
    }
    assert_eq!(parse(&json!({"eventTime": "yesterday"})).unwrap_err().code(), "bad_time");
    for text in ["", "null", "[]1", "{", "\"x\"", "{\"eventVersion\":\"1.1\",\"eventVersion\":\"1.1\"}"] {
        assert_eq!(Call::parse(text.as_bytes()).unwrap_err().code(), "not_a_record", "{text}");
    }
    assert_eq!(Call::parse(b"{\"eventID\":\"\xff\"}").unwrap_err().code(), "not_a_record");
    let nested = "[".repeat(10_000) + &"]".repeat(10_000);
    assert_eq!(
        Call::parse(format!("{{\"requestParameters\":{nested}}}").as_bytes()).unwrap_err().code(),
        "not_a_record"
    );
    let large = record(&json!({"additionalEventData": "x".repeat(LARGEST_RECORD)})).to_string();
    assert_eq!(Call::parse(large.as_bytes()), Err(Broken::TooLarge));
}

#[test]
fn what_is_absent_is_empty() {
    let call = parsed(&json!({
        "userIdentity": null, "recipientAccountId": null, "requestParameters": null, "resources": null,
        "sourceIPAddress": null, "userAgent": null, "eventCategory": null, "managementEvent": null,
    }));
    assert_eq!((call.caller, call.account.as_str()), (Caller { console: true, ..Caller::default() }, ""));
    assert_eq!((call.category, call.resources.len()), (Category::Management, 0));

    let call = parsed(&json!({"recipientAccountId": null, "eventCategory": null}));
    assert_eq!(call.account, "111111111111", "the caller's");
    assert_eq!(call.category, Category::Data, "it says it is no management event");

    let bare = parsed(&json!({"userIdentity": {"type": "AssumedRole", "principalId": "AROA:x", "accessKeyId": ""}}));
    assert_eq!((bare.caller.issuer_arn.as_str(), bare.caller.session_name()), ("", "x"));
}

#[test]
fn other_forms_than_documented_are_taken_as_absent() {
    for odd in [
        json!("text"),
        json!(5),
        json!([]),
        json!({"sessionContext": "none"}),
        json!({"sessionContext": {"sessionIssuer": 1}}),
    ] {
        let call =
            parsed(&json!({"userIdentity": odd, "requestParameters": odd, "responseElements": [], "resources": odd}));
        assert_eq!((call.caller.issuer_arn.as_str(), call.resources.len()), ("", 0), "{odd}");
    }
    assert_eq!(parsed(&json!({"errorCode": 404})).error.as_deref(), Some("404"));
}

#[test]
fn what_changes_nothing_is_known_from_the_action() {
    for (name, given, wanted) in [
        ("GetItem", json!(null), true),
        ("PutItem", json!(null), false),
        ("PutItem", json!("true"), true),
        ("GetItem", json!(false), false),
        ("Unheard", json!(null), false),
    ] {
        assert_eq!(parsed(&json!({"eventName": name, "readOnly": given})).read_only, wanted, "{name} {given}");
    }
}

#[test]
fn fractions_of_a_second_are_dropped() {
    for time in ["2026-11-20T12:30:00.999Z", "2026-11-20T12:30:00.5+00:00", "2026-11-20T13:30:00+01:00"] {
        assert_eq!(parsed(&json!({"eventTime": time})).at.to_string(), "2026-11-20T12:30:00Z", "{time}");
    }
}

#[test]
fn an_update_has_the_id_of_what_it_updates() {
    let addendum =
        json!({"reason": "UPDATED_DATA", "updatedFields": "responseElements", "originalEventID": "original"});
    let call = parsed(&json!({"addendum": addendum}));
    assert_eq!((call.id.as_str(), call.incomplete), ("original", true));
    assert_eq!(call.update.as_deref(), Some("11111111-1111-4111-8111-111111111111"));
    // One that came late is itself.
    let late = parsed(&json!({"addendum": {"reason": "DELIVERY_DELAY"}}));
    assert_eq!((late.id.as_str(), late.update), ("11111111-1111-4111-8111-111111111111", None));
}

#[test]
fn parts_that_were_left_out_are_noticed() {
    let left_out = json!({"omitted": true, "originalSize": 120_000, "reason": "too large"});
    for part in ["requestParameters", "responseElements"] {
        assert!(parsed(&json!({part: left_out})).incomplete, "{part}");
    }
    assert!(!parsed(&json!({"requestParameters": {"omitted": "no"}})).incomplete);
}

#[test]
fn openings_are_read_granted_or_not() {
    let asked = json!({"roleArn": "arn:aws:iam::1:role/r", "roleSessionName": "s", "sourceIdentity": "i"});
    let given = json!({
        "credentials": {"accessKeyId": "ASIANEW", "sessionToken": "SECRET"}, "sourceIdentity": "j",
        "assumedRoleUser": {"assumedRoleId": "AROA:given", "arn": "arn:aws:sts::1:assumed-role/r/given"},
    });
    let sts = |name: &str, asked: &Value, given: &Value| {
        parsed(
            &json!({"eventSource": "sts.amazonaws.com", "eventName": name, "requestParameters": asked, "responseElements": given}),
        )
    };
    let opened = |session: &str, identity: &str, key: &str| {
        let text = str::to_owned;
        Some(Opened {
            role_arn: text("arn:aws:iam::1:role/r"),
            session_name: text(session),
            source_identity: text(identity),
            access_key_id: text(key),
        })
    };
    assert_eq!(sts("AssumeRole", &asked, &given).opened, opened("s", "i", "ASIANEW"));
    assert_eq!(sts("AssumeRole", &asked, &json!(null)).opened, opened("s", "i", ""));
    assert_eq!(
        sts("AssumeRoleWithSAML", &json!({"roleArn": "arn:aws:iam::1:role/r"}), &given).opened,
        opened("given", "j", "ASIANEW")
    );
    assert_eq!(sts("AssumeRoleWithWebIdentity", &asked, &given).opened, opened("s", "i", "ASIANEW"));
    assert_eq!(sts("AssumeRole", &json!(null), &json!(null)).opened, Some(Opened::default()));
    assert_eq!(sts("GetCallerIdentity", &asked, &given).opened, None);
    let elsewhere = json!({"eventName": "AssumeRole", "requestParameters": asked, "responseElements": given});
    assert_eq!(parsed(&elsewhere).opened, None, "another service's");
    assert!(!serde_json::to_string(&sts("AssumeRole", &asked, &given)).unwrap().contains("SECRET"));
}

#[test]
fn nothing_becomes_a_name_by_being_cleaned() {
    let id = "req_0198c0ffee00700080000000deadbeef";
    for spoilt in [
        format!("{id}\u{200b}"),
        format!(" {id}"),
        format!("{id}\n"),
        format!("req_\u{0}{}", id.trim_start_matches("req_")),
        format!("{id}{}", "x".repeat(5_000)),
    ] {
        let identity = json!({
            "type": "AssumedRole", "principalId": format!("AROA:{spoilt}"), "accessKeyId": spoilt,
            "sessionContext": {"sourceIdentity": spoilt, "sessionIssuer": {"arn": spoilt}},
        });
        let caller = parsed(&json!({"userIdentity": identity})).caller;
        for kept in [caller.session_name(), &caller.source_identity, &caller.access_key_id, &caller.issuer_arn] {
            assert!(kept != id, "{spoilt:?} became {kept:?}");
        }
    }
}

/// Every text in a value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(values) => values.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "(?s).{0,40}".prop_map(Value::from),
        "[a-z:/\u{202e}\n]{900,3000}".prop_map(Value::from),
        Just(Value::from("arn:aws:s3:::b/\u{7}k")),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let name = prop_oneof![
            "[a-z]{1,4}",
            prop::sample::select(vec![
                "arn",
                "accountId",
                "ARN",
                "sessionContext",
                "sessionIssuer",
                "originalEventID",
                "key",
                "bucketName"
            ])
            .prop_map(str::to_owned)
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_a_field_holds_what_is_kept_is_bounded_and_inert(
        field in prop::sample::select(vec![
            "userIdentity", "requestParameters", "responseElements", "resources", "addendum", "userAgent", "eventName",
            "eventSource", "eventID", "errorCode", "sourceIPAddress", "awsRegion", "readOnly", "sharedEventID",
        ]),
        value in any_json(),
    ) {
        if let Ok(call) = parse(&json!({field: value})) {
            prop_assert!(call.resources.len() <= 10);
            for text in texts(&serde_json::to_value(&call).unwrap()) {
                prop_assert!(text.chars().count() <= Bounds::ARN, "{}", text.len());
                prop_assert_eq!(inert(&text, usize::MAX), text);
            }
            let stored = serde_json::to_string(&call).unwrap();
            prop_assert_eq!(serde_json::from_str::<Call>(&stored).unwrap(), call);
        }
    }

    #[test]
    fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Call::parse(&bytes);
    }
}
