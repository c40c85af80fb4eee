#![expect(clippy::needless_pass_by_value, reason = "values are written where they are used")]

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn plan(changes: Value) -> Value {
    json!({
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "variables": {"greeting": {"value": "variable-secret-1"}, "region": {"value": "eu-west-1"}},
        "configuration": {"root_module": {"variables": {"greeting": {"sensitive": true}, "region": {}}}},
        "planned_values": {"anything": "else"},
        "resource_changes": changes,
        "output_changes": {
            "url": {"actions": ["create"], "before": null, "after": "https://example.com", "after_unknown": false,
                "before_sensitive": false, "after_sensitive": false},
            "admin": {"actions": ["update"], "before": "output-secret-1", "after": "output-secret-2",
                "after_unknown": false, "before_sensitive": true, "after_sensitive": true},
            "same": {"actions": ["no-op"], "before": "x", "after": "x", "after_unknown": false,
                "before_sensitive": false, "after_sensitive": false},
        },
    })
}

fn resource(address: &str, change: Value) -> Value {
    json!({"address": address, "mode": "managed", "type": "aws_thing", "name": "x", "provider_name": "aws", "change": change})
}

fn change(actions: &[&str], before: Value, after: Value) -> Value {
    json!({"actions": actions, "before": before, "after": after, "after_unknown": {}, "before_sensitive": {},
        "after_sensitive": {}})
}

fn told(changes: Value) -> Diff {
    diff(plan(changes).to_string().as_bytes()).unwrap()
}

fn lines(resource: &Resource) -> Vec<String> {
    let shown = |value: &Option<String>| value.clone().unwrap_or("-".to_owned());
    resource.changed.iter().map(|one| format!("{}: {} → {}", one.path, shown(&one.before), shown(&one.after))).collect()
}

fn one(change: Value) -> Vec<String> {
    lines(&told(json!([resource("aws_thing.x", change)])).resources[0])
}

#[test]
fn it_says_what_changes_attribute_by_attribute() {
    let mut update = change(
        &["update"],
        json!({"size": 1, "on": true, "tags": {"a": "1", "b": "2"}, "rules": [{"port": 80}, {"port": 443}], "id": "i", "gone": "x"}),
        json!({"size": 2, "on": false, "tags": {"a": "1", "b": "3", "c": "4"}, "rules": [{"port": 80}, {"port": 8443}, {"port": 1}],
            "id": "i"}),
    );
    update["after_unknown"] = json!({"arn": true, "rules": [{}, {"id": true}], "tags": {}});
    assert_eq!(
        one(update),
        [
            "arn: - → (known after apply)",
            "gone: x → -",
            "on: true → false",
            "rules[1].id: - → (known after apply)",
            "rules[1].port: 443 → 8443",
            "rules[2].port: - → 1",
            "size: 1 → 2",
            "tags.b: 2 → 3",
            "tags.c: - → 4"
        ]
    );
    assert_eq!(
        one(change(&["create"], Value::Null, json!({"a": "x", "b": null, "c": [], "d": {}}))),
        ["a: - → x", "c: - → []", "d: - → {}"]
    );
    assert_eq!(one(change(&["delete"], json!({"a": {"b": "x"}}), Value::Null)), ["a.b: x → -"]);
    assert_eq!(one(change(&["update"], json!({"a": {"b": "x"}}), json!({"a": "y"}))), ["a: … → y"]);
}

#[test]
fn resources_are_counted_by_what_becomes_of_them() {
    let of = |actions: &[&str]| resource("aws_thing.x", change(actions, json!({"a": 1}), json!({"a": 2})));
    let diff = told(json!([
        of(&["create"]),
        of(&["update"]),
        of(&["delete", "create"]),
        of(&["create", "delete"]),
        of(&["delete"]),
        of(&["read"]),
        of(&["no-op"]),
        of(&["forget"]),
        of(&["a verb of tomorrow"])
    ]));
    let counts: Vec<(&str, u64)> = diff.counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    let one = |name| (name, 1);
    let names = ["create", "delete", "forget", "no-op", "other", "read"].map(one);
    assert_eq!(counts, [&names[..], &[("replace", 2), ("update", 1)]].concat());
    assert_eq!(diff.resources.len(), 8);
    assert_eq!(diff.resources[2].actions, ["delete", "create"]);
    assert_eq!((diff.terraform_version.as_str(), diff.outputs.len()), ("1.11.4", 2));
}

#[test]
fn what_is_marked_is_not_kept() {
    let mut marked = change(
        &["update"],
        json!({"a": "geheim-1", "b": {"c": "geheim-2", "d": "plain"}, "e": [{"f": "geheim-3"}], "g": "geheim-4", "h": "was open"}),
        json!({"a": "geheim-5", "b": {"c": "geheim-6", "d": "other"}, "e": [{"f": "geheim-7"}], "g": "now open", "h": "geheim-8"}),
    );
    marked["before_sensitive"] = json!({"a": true, "b": {"c": true}, "e": [{"f": true}], "g": true});
    marked["after_sensitive"] = json!({"a": true, "b": {"c": true}, "e": true, "h": true, "i": true});
    marked["after_unknown"] = json!({"i": true});
    assert_eq!(
        one(marked),
        [
            "a: (sensitive) → (sensitive)",
            "b.c: (sensitive) → (sensitive)",
            "b.d: plain → other",
            "e: (sensitive) → (sensitive)",
            "g: (sensitive) → (sensitive)",
            "h: (sensitive) → (sensitive)",
            "i: - → (sensitive)"
        ]
    );
    let outputs = told(json!([])).outputs;
    assert_eq!((outputs[0].path.as_str(), outputs[0].after.as_deref()), ("admin", Some("(sensitive)")));
    assert_eq!((outputs[1].path.as_str(), outputs[1].after.as_deref()), ("url", Some("https://example.com")));
}

/// What Terraform 1.11 wrote of a plan that replaces a `terraform_data` with a sensitive input. It marks the input, and not
/// the output that is the same.
#[test]
fn a_real_plan_is_told_without_the_secret_that_it_fails_to_mark() {
    let plan = include_str!("samples/replaced.json");
    assert!(plan.matches("geheim-4711-x").count() > 5);
    let diff = serde_json::to_string_pretty(&diff(plan.as_bytes()).unwrap()).unwrap();
    assert!(!diff.contains("geheim"));
    insta::assert_snapshot!(diff);
}

#[test]
fn what_the_plan_does_not_say_or_says_strangely_counts_as_sensitive() {
    let values = || (json!({"a": "geheim"}), json!({"a": "geheimer"}));
    for field in ["before_sensitive", "after_sensitive"] {
        let mut unsaid = change(&["update"], values().0, values().1);
        unsaid.as_object_mut().unwrap().remove(field);
        assert_eq!(one(unsaid), [": (sensitive) → (sensitive)"]);
        let mut strange = change(&["update"], values().0, values().1);
        strange[field] = json!({"a": "yes"});
        assert_eq!(one(strange), ["a: (sensitive) → (sensitive)"]);
    }
}

#[test]
fn what_is_named_like_a_secret_is_not_kept() {
    for name in [
        "password",
        "masterPassword",
        "db_passwd",
        "ssh-private-key",
        "api_key",
        "AccessKey",
        "client_secret",
        "secret_string",
        "auth_token",
        "connection_string",
        "user_data_base64",
        "kube_config",
        "containerDefinitions",
        "credentials_json",
    ] {
        let hidden = [format!("{name}: (sensitive) → (sensitive)")];
        let named = change(&["update"], json!({name: "geheim-1"}), json!({name: "geheim-2"}));
        assert_eq!(one(named), hidden, "{name}");
    }
    let block = change(&["create"], Value::Null, json!({"environment": [{"variables": {"X": "geheim-1"}}]}));
    assert_eq!(one(block), ["environment: - → (sensitive)"]);
    // A tag of that name is what everybody has.
    let tag =
        change(&["create"], Value::Null, json!({"tags": {"environment": "prod"}, "kms_key_id": "k", "on": "prod-1"}));
    assert_eq!(one(tag), ["kms_key_id: - → k", "on: - → prod-1", "tags.environment: - → prod"]);
    let switch = change(&["update"], json!({"manage_password": false}), json!({"manage_password": true}));
    assert_eq!(one(switch), ["manage_password: false → true"]);
}

#[test]
fn a_secret_is_found_wherever_else_its_text_turns_up() {
    let mut create = change(
        &["create"],
        Value::Null,
        json!({
            "key": "geheim\"1",
            "script": "login --with geheim\"1 now",
            "document": json!({"login": "geheim\"1"}).to_string(),
            "long": format!("{}geheim\"1", "x".repeat(LONGEST_VALUE.saturating_sub(3))),
            "map": {"a geheim\"1 b": "plain"},
            "greeting": "say variable-secret-1",
            "copy": "output-secret-2",
            "harmless": "geheim",
        }),
    );
    create["after_sensitive"] = json!({"key": true});
    let diff = told(json!([resource("aws_thing.x[\"geheim\\\"1\"]", create)]));
    assert_eq!(
        lines(&diff.resources[0]),
        [
            "copy: - → (sensitive)",
            "document: - → (sensitive)",
            "greeting: - → (sensitive)",
            "harmless: - → geheim",
            "key: - → (sensitive)",
            "long: - → (sensitive)",
            "map.(sensitive): - → plain",
            "script: - → (sensitive)"
        ]
    );
    assert_eq!(diff.resources[0].address, "(sensitive)");
}

#[test]
fn it_is_bounded_and_says_what_was_left_out() {
    let attributes: serde_json::Map<String, Value> =
        (0..80).map(|n| (format!("a{n:02}"), json!("x".repeat(1_000)))).collect();
    let many =
        told(json!([resource("aws_thing.x", change(&["create"], Value::Null, Value::Object(attributes.clone())))]));
    assert_eq!((many.resources[0].changed.len(), many.resources[0].more_changed), (50, 30));
    let value = many.resources[0].changed[0].after.clone().unwrap();
    assert!(value.chars().count() == LONGEST_VALUE && value.ends_with('…'));

    let small: Vec<Value> =
        (0..700).map(|n| resource(&format!("a.b{n}"), change(&["create"], Value::Null, json!({"a": n})))).collect();
    let few = told(json!(small));
    assert_eq!((few.resources.len(), few.more_resources, few.counts["create"]), (500, 200, 700));

    let large: Vec<Value> = (0..400)
        .map(|n| resource(&format!("a.b{n}"), change(&["create"], Value::Null, Value::Object(attributes.clone()))))
        .collect();
    let cut = told(json!(large));
    let report = Report::Terraform { phase: Phase::Plan, exit_code: 0, diff: Some(cut.clone()) };
    let json = serde_json::to_vec(&report).unwrap();
    assert!(json.len() <= LONGEST_REPORT && json.len() > LONGEST_REPORT / 2, "{}", json.len());
    assert_eq!(u64::try_from(cut.resources.len()).unwrap().saturating_add(cut.more_resources), 400);
}

#[test]
fn what_is_no_plan_is_told_by_code() {
    let code = |plan: &Value| diff(plan.to_string().as_bytes()).map_err(Broken::code);
    let mut later = plan(json!([]));
    later["format_version"] = json!("2.0");
    assert_eq!(code(&later), Err("unknown_plan_version"));
    assert_eq!(code(&json!({"format_version": "1.2", "resource_changes": [{}]})), Err("bad_plan"));
    assert_eq!(code(&json!([])), Err("bad_plan"));
    assert_eq!(code(&json!({"format_version": "1.2"})), Ok(Diff::default()));
    assert_eq!(diff(&vec![b' '; LONGEST_PLAN.saturating_add(1)]), Err(Broken::TooLong));
}

#[test]
fn a_report_is_taken_bounded_inert_and_without_what_is_named_like_a_secret() {
    let attribute = json!({"path": "login.password", "before": null, "after": "geheim"});
    let hostile = json!({"path": "a\u{202e}\nb", "after": "\u{1b}[2J".repeat(200)});
    let report = json!({"kind": "terraform", "phase": "plan", "exitCode": 0, "diff": {
        "terraformVersion": "1\n2", "counts": {"create": 1}, "new": 1,
        "resources": [{"address": "a.b", "type": "a", "actions": ["create"], "changed": [attribute, hostile]}],
        "outputs": (0..60).map(|n| json!({"path": n.to_string(), "after": "x"})).collect::<Vec<_>>(),
    }});
    let Report::Terraform { phase, exit_code, diff } = Report::parse(report.to_string().as_bytes()).unwrap();
    let diff = diff.unwrap();
    assert_eq!((phase, exit_code, diff.terraform_version.as_str()), (Phase::Plan, 0, "1 2"));
    assert_eq!(diff.resources[0].changed[0].after.as_deref(), Some("(sensitive)"));
    let Changed { path, after, .. } = &diff.resources[0].changed[1];
    assert_eq!(path, "a b");
    assert!(after.as_ref().unwrap().chars().all(|c| !c.is_control()));
    assert_eq!((diff.outputs.len(), diff.more_outputs), (50, 10));

    let bare = Report::parse(br#"{"kind": "terraform", "phase": "apply", "exitCode": 1}"#).unwrap();
    assert_eq!(bare, Report::Terraform { phase: Phase::Apply, exit_code: 1, diff: None });
    for bad in [&br#"{"kind": "pulumi"}"#[..], b"[]", br#"{"kind": "terraform", "phase": "later", "exitCode": 0}"#] {
        assert_eq!(Report::parse(bad), Err(Broken::Form));
    }
    assert_eq!(Report::parse(&vec![b' '; LONGEST_REPORT.saturating_add(1)]), Err(Broken::TooLong));
}

/// A value and marks for it, with secrets that can be told from everything else, and where they are copied to.
fn marked(depth: u32) -> BoxedStrategy<(Value, Value)> {
    let leaf = prop_oneof![
        "[a-z]{0,8}".prop_map(|text| (json!(text), json!(false))),
        any::<i32>().prop_map(|number| (json!(number), json!({}))),
        "s3cr3t[-\"\\\\\nä🔑]{0,2}[0-9]{6}".prop_map(|text| (json!(text), json!(true))),
        // Not marked, and named innocently: found since another one that is marked has the same text.
        Just((json!("prefix s3cr3t-000000 suffix"), json!(false))),
        Just((json!("s3cr3t-000000"), json!(true))),
    ];
    leaf.prop_recursive(depth, 24, 4, |inner| {
        let values = || prop::collection::btree_map("[a-z]{1,6}", inner.clone(), 0..4);
        let mark = |of: Value, all: bool| if all { json!(true) } else { of };
        prop_oneof![
            (values(), prop::bool::weighted(0.1)).prop_map(move |(map, all)| {
                let value: serde_json::Map<_, _> =
                    map.iter().map(|(key, (value, _))| (key.clone(), value.clone())).collect();
                let marks: serde_json::Map<_, _> = map.into_iter().map(|(key, (_, mark))| (key, mark)).collect();
                (Value::Object(value), mark(Value::Object(marks), all))
            }),
            (prop::collection::vec(inner.clone(), 0..4), prop::bool::weighted(0.1)).prop_map(move |(list, all)| {
                let (values, marks): (Vec<_>, Vec<_>) = list.into_iter().unzip();
                (Value::Array(values), mark(Value::Array(marks), all))
            }),
        ]
    })
    .boxed()
}

proptest! {
    /// Whatever the plan: no text of a leaf that is marked on its side is anywhere in what is kept.
    #[test]
    fn no_sensitive_text_is_ever_kept(before in marked(4), after in marked(4), output in marked(2)) {
        let document = json!({
            "format_version": "1.2",
            "resource_changes": [{"address": "a.b", "type": "a", "change": {"actions": ["update"],
                "before": before.0, "after": after.0, "before_sensitive": before.1, "after_sensitive": after.1,
                "after_unknown": {}}}],
            "output_changes": {"o": {"actions": ["create"], "before": null, "after": output.0, "before_sensitive": false,
                "after_sensitive": output.1, "after_unknown": {}}},
        });
        let kept = diff(document.to_string().as_bytes()).unwrap();
        let mut texts: Vec<String> = vec![kept.terraform_version.clone()];
        let resources = kept.resources.iter().flat_map(|resource| &resource.changed);
        for one in resources.chain(&kept.outputs) {
            texts.push(one.path.clone());
            texts.extend(one.before.clone());
            texts.extend(one.after.clone());
        }
        let mut secrets = Vec::new();
        for (value, mark) in [&before, &after, &output] {
            leaves(value, mark, false, &mut secrets);
        }
        for secret in secrets.iter().filter(|secret| secret.starts_with("s3cr3t")) {
            let shown = model::text::inert(secret, 1_000);
            for text in &texts {
                prop_assert!(!text.contains(secret.as_str()) && !text.contains(&shown), "{secret:?} is in {text:?}");
            }
        }
        // What is not marked is still told.
        let plain = |pair: &(Value, Value)| pair.0.is_object() || pair.0.is_array() || pair.1 == json!(true);
        let tells = !kept.resources[0].changed.is_empty() || before.0 == after.0 || plain(&before) || plain(&after);
        prop_assert!(tells);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = diff(&bytes);
        let _ = Report::parse(&bytes);
    }
}

fn leaves(value: &Value, mark: &Value, secret: bool, found: &mut Vec<String>) {
    let secret = secret || mark == &json!(true);
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| leaves(value, &mark[key], secret, found)),
        Value::Array(list) => list.iter().enumerate().for_each(|(n, value)| leaves(value, &mark[n], secret, found)),
        Value::String(text) if secret => found.push(text.clone()),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}
