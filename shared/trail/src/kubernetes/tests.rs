use super::read::unpacked;
use super::*;
use base64::Engine as _;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::json;
use std::io::Write as _;

const ID: &str = "req_0198c0ffee0070000000000000000004";

fn cluster() -> Cluster {
    Cluster { name: "prod".to_owned(), account: "111122223333".to_owned(), region: "eu-west-1".to_owned() }
}

/// A read of a container's log with a session of a grant.
fn event() -> Value {
    json!({
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Request",
        "auditID": "0d3ff0a4-6a53-4a1e-9a7c-0a53d1c2b3e4",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/shop/pods/orders-7d9f/log?container=app&follow=true",
        "verb": "get",
        "user": {
            "username": format!("arn:aws:sts::111122223333:assumed-role/orders-debug/{ID}"),
            "uid": "aws-iam-authenticator:111122223333:AROAEXAMPLEROLE",
            "groups": ["debuggers", "system:authenticated"],
            "extra": {
                "accessKeyId": ["ASIAEXAMPLEKEY"],
                "arn": [format!("arn:aws:sts::111122223333:assumed-role/orders-debug/{ID}")],
                "canonicalArn": ["arn:aws:iam::111122223333:role/orders-debug"],
                "principalId": ["AROAEXAMPLEROLE"],
                "sessionName": [ID],
                "sigs.k8s.io/aws-iam-authenticator/principalId": ["AROAEXAMPLEROLE"]
            }
        },
        "sourceIPs": ["198.51.100.66", "203.0.113.9"],
        "userAgent": "kubectl/v1.34.1 (linux/amd64) kubernetes/abcdef0",
        "objectRef": {"resource": "pods", "namespace": "shop", "name": "orders-7d9f", "apiVersion": "v1", "subresource": "log"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": "2026-11-20T10:20:30.118374Z",
        "stageTimestamp": "2026-11-20T10:21:30.902611Z",
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "RBAC: allowed"}
    })
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut event = event();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let fields = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        if value.is_null() {
            fields.remove(name)
        } else {
            fields.insert(name.to_owned(), value.clone())
        };
    }
    event
}

fn read(event: &Value) -> Audited {
    Audited::parse(event.to_string().as_bytes(), &cluster()).unwrap().unwrap()
}

fn call(changes: &[(&str, Value)]) -> Call {
    read(&with(changes)).call
}

#[test]
fn a_request_becomes_a_call() {
    let read = read(&event());
    insta::assert_snapshot!(serde_json::to_string_pretty(&read.call).unwrap());
    assert_eq!(read.call.caller.session_name(), ID);
    assert_eq!(read.finished_at, Some("2026-11-20T10:21:30Z".parse().unwrap()));
    assert_eq!(read.impersonated, None);
}

#[test]
fn what_was_asked_is_named_as_kubectl_names_it() {
    let object = |resource: &str, group: &str, sub: &str| json!({"resource": resource, "apiGroup": group, "subresource": sub, "namespace": "shop", "name": "x"});
    for (verb, object, name, reads) in [
        ("list", object("secrets", "", ""), "list secrets", true),
        ("get", object("secrets", "", ""), "get secrets", true),
        ("create", object("pods", "", "exec"), "create pods/exec", false),
        // Over WebSocket.
        ("get", object("pods", "", "exec"), "get pods/exec", false),
        ("create", object("pods", "", "attach"), "create pods/attach", false),
        ("create", object("pods", "", "portforward"), "create pods/portforward", false),
        ("get", object("nodes", "", "proxy"), "get nodes/proxy", false),
        ("watch", object("pods", "", ""), "watch pods", true),
        ("patch", object("deployments", "apps", "scale"), "patch deployments.apps/scale", false),
        ("deletecollection", object("pods", "", ""), "deletecollection pods", false),
        ("create", object("serviceaccounts", "", "token"), "create serviceaccounts/token", false),
        (
            "create",
            object("selfsubjectaccessreviews", "authorization.k8s.io", ""),
            "create selfsubjectaccessreviews.authorization.k8s.io",
            true,
        ),
    ] {
        let call = call(&[("/verb", json!(verb)), ("/objectRef", object)]);
        assert_eq!((call.name.as_str(), call.read_only), (name, reads));
    }
    let listed = call(&[("/objectRef", json!({"resource": "secrets", "namespace": "shop"}))]);
    assert_eq!(listed.resources, ["kubernetes:prod:shop/secrets"]);
    let node = call(&[("/objectRef", json!({"resource": "nodes", "name": "ip-10-0-0-1"}))]);
    assert_eq!(node.resources, ["kubernetes:prod:nodes/ip-10-0-0-1"]);
}

#[test]
fn a_path_is_kept_without_its_parameters() {
    let uri = json!("/openapi/v2?token=geheim&timeout=32s");
    let path = call(&[("/objectRef", Value::Null), ("/requestURI", uri)]);
    assert_eq!(
        (path.name.as_str(), path.resources.as_slice()),
        ("get path", &["kubernetes:prod:/openapi/v2".into()][..])
    );
    let exec = "/api/v1/namespaces/shop/pods/x/exec?command=echo&command=geheim";
    let shell = read(&with(&[("/requestURI", json!(exec))]));
    assert!(!serde_json::to_string(&shell.call).unwrap().contains("geheim"));
}

#[test]
fn only_answered_requests_count_and_a_stream_counts_once_it_runs() {
    let stage = |stage: &str| {
        let event = with(&[("/stage", json!(stage)), ("/stageTimestamp", json!("2026-11-20T10:20:31.5Z"))]);
        Audited::parse(event.to_string().as_bytes(), &cluster()).unwrap()
    };
    assert_eq!(stage("RequestReceived"), None);
    assert_eq!(stage("a stage of tomorrow"), None);
    let (begun, over) = (stage("ResponseStarted").unwrap(), stage("ResponseComplete").unwrap());
    assert_eq!(begun.finished_at, None);
    assert!(over.finished_at.is_some());
    // The same call in both lines, so that whichever comes, and in whichever order, it is one.
    assert_eq!(begun.call, over.call);
    assert_eq!(stage("Panic").unwrap().call.error.as_deref(), Some("Panic"));
}

#[test]
fn a_refusal_is_one_however_it_is_written() {
    let error = |code: i64, reason: &str, decision: &str| {
        let status = json!({"code": code, "reason": reason, "status": "Failure", "message": "x"});
        let decision = json!({"authorization.k8s.io/decision": decision});
        call(&[("/responseStatus", status), ("/annotations", decision)])
    };
    assert!(error(403, "Forbidden", "forbid").is_denied());
    assert!(error(403, "", "allow").is_denied());
    assert!(error(0, "", "forbid").is_denied());
    assert_eq!(error(404, "NotFound", "allow").error.as_deref(), Some("NotFound"));
    assert_eq!(error(500, "", "allow").error.as_deref(), Some("HTTP 500"));
    assert_eq!(error(101, "", "allow").error, None);
    assert_eq!(call(&[("/responseStatus", Value::Null)]).error, None);
}

#[test]
fn the_address_is_the_one_that_the_server_saw() {
    // All but the last are whatever the client writes into X-Forwarded-For.
    assert_eq!(call(&[]).address, "203.0.113.9");
    assert_eq!(call(&[("/sourceIPs", json!([]))]).address, "");
}

#[test]
fn who_is_no_iam_identity_has_no_session() {
    let account = format!("system:serviceaccount:shop:{ID}");
    for user in [
        json!({"username": account, "extra": {"authentication.kubernetes.io/pod-name": [ID]}}),
        json!({"username": format!("x:{ID}")}),
        json!({"username": format!("x:{ID}"), "extra": {"sessionName": [ID]}}),
        json!({"username": format!("x:{ID}"), "extra": {"arn": [], "sessionName": [ID]}}),
        json!({"username": format!("x:{ID}"), "extra": {"arn": ["a", "b"]}}),
        json!({"username": format!("x:{ID}"), "extra": [1]}),
        json!({}),
    ] {
        let caller = call(&[("/user", user.clone())]).caller;
        assert_eq!((caller.kind.as_str(), caller.session_name()), ("KubernetesUser", ""), "{user}");
        assert_eq!((caller.arn.as_str(), caller.issuer_arn.as_str()), ("", ""));
    }
}

#[test]
fn fields_under_longer_names_and_plain_texts_are_found_too() {
    let extra = json!({
        "sigs.k8s.io/aws-iam-authenticator/arn": [format!("arn:aws:sts::111122223333:assumed-role/r/{ID}")],
        "sigs.k8s.io/aws-iam-authenticator/sessionname": [ID],
        "example.com/principalId": "AROAX",
        "example.com/accessKeyId": ["ASIAX"],
    });
    let caller = call(&[("/user/extra", extra)]).caller;
    assert_eq!(
        (caller.principal_id.as_str(), caller.access_key_id.as_str()),
        (format!("AROAX:{ID}").as_str(), "ASIAX")
    );
    assert_eq!((caller.kind.as_str(), caller.account.as_str()), ("AssumedRole", "111122223333"));
    // Without the canonical ARN the session's own names the role.
    assert_eq!(caller.issuer_arn, "");
    let user = json!({"arn": ["arn:aws:iam::111122223333:user/ann"], "canonicalArn": ["arn:aws:iam::111122223333:user/ann"],
        "sessionName": [""]});
    let caller = call(&[("/user/extra", user)]).caller;
    assert_eq!((caller.kind.as_str(), caller.session_name(), caller.issuer_arn.as_str()), ("IAMUser", "", ""));
}

#[test]
fn whoever_pretends_to_be_somebody_else_is_named_and_so_is_the_other() {
    let other = json!({"username": "jane", "groups": ["system:masters"], "extra": {"sessionName": ["someone-else"]}});
    let read = read(&with(&[("/impersonatedUser", other)]));
    assert_eq!(read.impersonated.as_deref(), Some("jane"));
    assert_eq!(read.call.caller.session_name(), ID);
    assert_eq!(read.call.resources.last().unwrap(), "kubernetes:prod:impersonate/users/jane");
}

#[test]
fn nothing_hostile_comes_through_and_nothing_becomes_equal_to_a_name() {
    let evil = format!("{ID}\u{200b}");
    let caller = call(&[("/user/extra/sessionName", json!([evil]))]).caller;
    assert_ne!(caller.session_name(), ID);
    let long = "x".repeat(100_000);
    let event = with(&[
        ("/userAgent", json!(format!("a\u{1b}[2J\u{202e}{long}"))),
        ("/verb", json!(long)),
        ("/objectRef/name", json!(long)),
        ("/objectRef/resource", json!(long)),
        ("/auditID", json!(long)),
        ("/sourceIPs", json!([long])),
        ("/user/extra/arn", json!([format!("arn:aws:iam::1:user/{long}")])),
        ("/impersonatedUser", json!({"username": long})),
    ]);
    let kept = serde_json::to_string(&read(&event).call).unwrap();
    assert!(kept.len() < 10_000 && !kept.contains("\\u001b") && !kept.contains('\u{202e}'), "{}", kept.len());
}

#[test]
fn a_broken_line_is_told_and_the_rest_goes_on() {
    let good = event().to_string();
    let old = with(&[("/apiVersion", json!("audit.k8s.io/v1beta1"))]).to_string();
    let nameless = with(&[("/auditID", json!(""))]).to_string();
    let timeless = with(&[("/requestReceivedTimestamp", json!("soon")), ("/stageTimestamp", json!(""))]).to_string();
    let twice = good.replacen("\"verb\":", "\"verb\":\"delete\",\"verb\":", 1);
    let cut: String = good.chars().take(200).collect();
    let long = format!("{good}{}", " ".repeat(LONGEST_LINE));
    let long = format!("[{long}]");
    let text =
        [&good, &cut, "", &old, &nameless, "\r", &timeless, &twice, "[]", &long, &good].map(str::to_owned).join("\n");
    let found = lines(text.as_bytes(), &cluster(), |_| true);
    assert_eq!((found.requests.len(), found.read, found.broken_count), (2, 9, 7));
    let codes: Vec<(u64, &str)> = found.broken.iter().map(|(line, broken)| (*line, broken.code())).collect();
    assert_eq!(
        codes,
        [
            (1, "bad_record"),
            (2, "unknown_version"),
            (3, "bad_record"),
            (4, "bad_record"),
            (5, "bad_record"),
            (6, "bad_record"),
            (7, "record_too_large")
        ]
    );
    let none = lines(text.as_bytes(), &cluster(), |line| line.starts_with(b"nobody"));
    assert_eq!((none.requests.len(), none.passed_over, none.broken_count), (0, 9, 0));
}

fn packed(envelope: &Value) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(envelope.to_string().as_bytes()).unwrap();
    base64::engine::general_purpose::STANDARD.encode(encoder.finish().unwrap())
}

fn envelope() -> Value {
    json!({
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "logGroup": "/aws/eks/prod/cluster",
        "logStream": "kube-apiserver-audit-0123456789abcdef",
        "subscriptionFilters": ["countersign"],
        "logEvents": [
            {"id": "1", "timestamp": 1_795_000_000_000_u64, "message": event().to_string()},
            {"id": "2", "timestamp": 1_795_000_000_000_u64, "message": "{"},
        ]
    })
}

#[test]
fn a_subscription_of_the_audit_log_is_read() {
    let batch = subscription(&packed(&envelope())).unwrap();
    let cluster = batch.cluster("eu-west-1").unwrap();
    assert_eq!(cluster, self::cluster());
    let found = batch.read(&cluster, |line| line.windows(ID.len()).any(|part| part == ID.as_bytes()));
    assert_eq!((found.requests.len(), found.passed_over), (1, 1));
    assert_eq!(batch.read(&cluster, |_| true).broken, [(1, Broken::Form)]);
}

#[test]
fn other_groups_other_streams_and_questions_are_not_audit_logs() {
    let of = |field: &str, value: &str| {
        let mut envelope = envelope();
        envelope[field] = json!(value);
        subscription(&packed(&envelope)).unwrap()
    };
    for (field, value) in [
        ("logStream", "authenticator-0123"),
        ("logStream", "kube-scheduler-0123"),
        ("logGroup", "/aws/lambda/orders"),
        ("logGroup", "/aws/eks//cluster"),
        ("logGroup", "/aws/eks/a/b/cluster"),
    ] {
        assert_eq!(of(field, value).cluster("eu-west-1"), None, "{value}");
    }
    assert!(of("messageType", "CONTROL_MESSAGE").lines.is_empty());
}

#[test]
fn a_batch_that_is_broken_or_too_large_is_told_by_code() {
    let whole = packed(&envelope());
    let cut: String = whole.chars().take(whole.len().saturating_sub(40)).collect();
    assert_eq!(subscription(&cut).map_err(Broken::code), Err("cut_gzip"));
    assert_eq!(subscription("%").map_err(Broken::code), Err("cut_gzip"));
    assert_eq!(subscription(&packed(&json!([1]))).map_err(Broken::code), Err("bad_record"));
    let length = u64::try_from(envelope().to_string().len()).unwrap();
    assert!(unpacked(&whole, length).is_ok());
    assert_eq!(unpacked(&whole, length.saturating_sub(1)).map_err(Broken::code), Err("too_large"));
}

proptest! {
    #[test]
    fn no_line_makes_it_panic(line in "\\PC{0,300}", at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let _ = Audited::parse(line.as_bytes(), &cluster());
        let mut event = event().to_string().into_bytes();
        let at = at.index(event.len());
        event[at] = with;
        let _ = Audited::parse(&event, &cluster());
        let _ = subscription(&line);
    }
}
