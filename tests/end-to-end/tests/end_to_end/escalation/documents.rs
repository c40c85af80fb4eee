//! IAM policies that open a path: in every way to write one.

use serde_json::{Value, json};

/// The ways to write an action that IAM takes for it.
const SPELLINGS: [fn(&str) -> String; 13] = [
    str::to_owned,
    str::to_ascii_lowercase,
    str::to_ascii_uppercase,
    |action| format!("{action}*"),
    |action| but_last(action, "*"),
    |action| but_last(action, "?"),
    |action| named(action, |name| format!("*{}", name.chars().skip(3).collect::<String>())),
    |action| named(action, |name| format!("{}*", name.chars().take(3).collect::<String>())),
    |action| named(action, |name| "?".repeat(name.len())),
    |action| named(action, |name| name.chars().flat_map(|c| [c, '*']).collect()),
    |action| named(action, |_| "*".to_owned()),
    |_| "*:*".to_owned(),
    |_| "*".to_owned(),
];

/// Conditions that always hold.
fn always() -> [Value; 8] {
    [
        json!({"DateGreaterThan": {"aws:CurrentTime": "2000-01-01T00:00:00Z"}}),
        json!({"DateLessThan": {"aws:CurrentTime": "2999-01-01T00:00:00Z"}}),
        json!({"NumericGreaterThan": {"aws:EpochTime": "1"}}),
        json!({"StringLike": {"aws:PrincipalArn": "*"}}),
        json!({"StringNotEquals": {"aws:PrincipalArn": "nobody"}}),
        json!({"Null": {"aws:PrincipalArn": "false"}}),
        json!({"StringEqualsIfExists": {"aws:PrincipalTag/nobody-has-this": "x"}}),
        json!({"ForAllValues:StringEquals": {"aws:PrincipalTag/nobody-has-this": ["x"]}}),
    ]
}

fn but_last(action: &str, end: &str) -> String {
    let kept = action.chars().count().saturating_sub(1);
    format!("{}{end}", action.chars().take(kept).collect::<String>())
}

fn named(action: &str, change: impl FnOnce(&str) -> String) -> String {
    let (service, name) = action.split_once(':').unwrap_or((action, ""));
    format!("{service}:{}", change(name))
}

fn policy(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// Every variant of a policy that allows `actions`: the documents that make it up.
pub(crate) fn variants(actions: &[&str]) -> Vec<Vec<String>> {
    let allow = |actions: &[String]| json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    let plain: Vec<String> = actions.iter().map(|action| (*action).to_owned()).collect();
    let mut all = Vec::new();
    for spelling in SPELLINGS {
        let written: Vec<String> = actions.iter().map(|action| spelling(action)).collect();
        all.push(vec![policy(&[allow(&written)])]);
        all.push(vec![policy(&[json!({"Effect": "Allow", "Action": written, "NotResource": "arn:aws:s3:::nothing"})])]);
    }
    for condition in always() {
        all.push(vec![policy(&[json!({"Effect": "Allow", "Action": plain, "Resource": "*", "Condition": condition})])]);
        all.push(vec![policy(&[
            json!({"Effect": "Allow", "NotAction": "logs:*", "Resource": "*", "Condition": condition}),
        ])]);
    }
    // What is not named.
    all.push(vec![policy(&[json!({"Effect": "Allow", "NotAction": ["logs:*"], "Resource": "*"})])]);
    all.push(vec![policy(&[
        json!({"Effect": "Allow", "NotAction": "none:Such", "NotResource": ["arn:aws:s3:::nothing"]}),
    ])]);
    // Split: over statements, over policies.
    let single: Vec<Value> = actions.iter().map(|action| allow(&[(*action).to_owned()])).collect();
    all.push(vec![policy(&single)]);
    all.push(single.iter().map(|statement| policy(std::slice::from_ref(statement))).collect());
    // Twice, and among others.
    all.push(vec![policy(&[allow(&plain), allow(&plain)])]);
    all.push(vec![policy(&[allow(&[plain.clone(), plain.clone()].concat())])]);
    let noise: Vec<String> = (0..40).map(|number| format!("dynamodb:Get{number}")).chain(plain.clone()).collect();
    all.push(vec![policy(&[json!({"Effect": "Deny", "Action": "none:Such", "Resource": "*"}), allow(&noise)])]);
    all.push(vec![json!({"Version": "2012-10-17", "Statement": allow(&plain)}).to_string()]);
    all
}
