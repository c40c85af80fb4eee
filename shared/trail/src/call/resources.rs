//! What a call was about, as ARNs.

use super::parse::{Bounds, exact};
use serde_json::{Map, Value};

/// Most resources that are kept of one call.
const MOST: usize = 10;

/// Parameters whose ARN is not what the call is about but what it hands on: IAM asks about them apart, if at all.
const HANDED_ON: [&str; 9] = [
    "executionRoleArn",
    "kMSKeyId",
    "kmsKeyArn",
    "kmsKeyId",
    "permissionsBoundary",
    "policyArn",
    "role",
    "roleArn",
    "serviceRoleArn",
];

/// Where a call was made, for names that are only good there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) service: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
}

/// ARNs of what a call was about, at most ten: those the record lists, else those that its parameters name.
///
/// A name is made an ARN only where it says all of it. An IAM name leaves the path out and a secret's the six characters
/// behind it, so neither is guessed: what isn't known can't be taken for outside.
pub(super) fn resources<'a>(
    listed: impl Iterator<Item = &'a str>,
    parameters: Option<&Map<String, Value>>,
    place: Place<'_>,
) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |arn: &str| {
        let arn = exact(arn, Bounds::ARN);
        if !arn.is_empty() && found.len() < MOST && !found.contains(&arn) {
            found.push(arn);
        }
    };
    let mut any = false;
    for arn in listed.filter(|arn| !arn.is_empty()) {
        any = true;
        add(arn);
    }
    if let Some(parameters) = parameters.filter(|_| !any) {
        for arn in named(parameters, place) {
            add(&arn);
        }
        for (name, value) in parameters {
            let is_own = match place.service {
                "sts" | "kms" => name != "policyArn",
                "iam" => name == "policyArn" && !parameters.keys().any(|key| is_principal(key)),
                _ => !HANDED_ON.contains(&name.as_str()),
            };
            if is_own {
                texts(value).filter(|text| text.starts_with("arn:")).for_each(&mut add);
            }
        }
    }
    found
}

fn is_principal(parameter: &str) -> bool {
    matches!(parameter, "roleName" | "userName" | "groupName")
}

/// ARNs of what is named without one.
fn named(parameters: &Map<String, Value>, place: Place<'_>) -> Vec<String> {
    let Place { service, region, account } = place;
    let partition = partition(region);
    let text = |name: &str| parameters.get(name).and_then(Value::as_str).filter(|text| is_bare(text));
    let here = |what: String| format!("arn:{partition}:{service}:{region}:{account}:{what}");
    let one = |name: &str, prefix: &str| -> Vec<String> {
        text(name).map(|name| here(format!("{prefix}{name}"))).into_iter().collect()
    };
    match service {
        "s3" => {
            match (parameters.get("bucketName").and_then(Value::as_str), parameters.get("key").and_then(Value::as_str))
            {
                (Some(bucket), _) if !is_bare(bucket) => Vec::new(),
                (Some(bucket), Some(key)) if !key.is_empty() => vec![format!("arn:{partition}:s3:::{bucket}/{key}")],
                (Some(bucket), _) => vec![format!("arn:{partition}:s3:::{bucket}")],
                (None, _) => Vec::new(),
            }
        }
        "dynamodb" => {
            let batch = parameters.get("requestItems").and_then(Value::as_object);
            let tables = batch.into_iter().flat_map(Map::keys).filter(|name| is_bare(name));
            tables.map(|name| here(format!("table/{name}"))).chain(one("tableName", "table/")).collect()
        }
        // A version or alias behind a colon names the same function.
        "lambda" => text("functionName")
            .filter(|name| !name.contains(':'))
            .map(|name| here(format!("function:{name}")))
            .into_iter()
            .collect(),
        "ssm" => {
            let many = parameters.get("names").into_iter().flat_map(texts);
            let names = text("name").into_iter().chain(many).filter(|name| is_bare(name));
            names.map(|name| here(format!("parameter/{}", name.trim_start_matches('/')))).collect()
        }
        "sqs" => text("queueUrl")
            .and_then(|url| url.split_once("://"))
            .and_then(|(_, rest)| {
                let mut parts = rest.split('/').skip(1);
                match (parts.next(), parts.next(), parts.next()) {
                    (Some(owner), Some(queue), None) => Some(format!("arn:{partition}:sqs:{region}:{owner}:{queue}")),
                    _ => None,
                }
            })
            .into_iter()
            .collect(),
        "kms" => {
            text("keyId").filter(|key| !key.contains('/')).map(|key| here(format!("key/{key}"))).into_iter().collect()
        }
        "kinesis" => one("streamName", "stream/"),
        "ecr" => one("repositoryName", "repository/"),
        "rds" => one("dBInstanceIdentifier", "db:"),
        _ => Vec::new(),
    }
}

/// Whether a parameter is a name rather than an ARN.
fn is_bare(text: &str) -> bool {
    !text.is_empty() && !text.starts_with("arn:")
}

/// A text, or the texts of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let many = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    value.as_str().into_iter().chain(many)
}

/// Source: IAM user guide, "Partitions".
fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(service: &str, region: &str, parameters: &Value) -> Vec<String> {
        let place = Place { service, region, account: "111111111111" };
        resources(std::iter::empty(), parameters.as_object(), place)
    }

    #[test]
    fn parameters_name_what_a_call_was_about() {
        let here = "eu-central-1";
        for (service, parameters, wanted) in [
            ("s3", json!({"bucketName": "b", "key": "a/k", "Host": "h"}), vec!["arn:aws:s3:::b/a/k"]),
            ("s3", json!({"bucketName": "b"}), vec!["arn:aws:s3:::b"]),
            ("dynamodb", json!({"tableName": "t"}), vec!["arn:aws:dynamodb:eu-central-1:111111111111:table/t"]),
            (
                "dynamodb",
                json!({"requestItems": {"t": {}, "arn:aws:dynamodb:eu-central-1:2:table/u": {}}}),
                vec!["arn:aws:dynamodb:eu-central-1:111111111111:table/t"],
            ),
            ("lambda", json!({"functionName": "f"}), vec!["arn:aws:lambda:eu-central-1:111111111111:function:f"]),
            (
                "lambda",
                json!({"functionName": "f", "role": "arn:aws:iam::1:role/r"}),
                vec!["arn:aws:lambda:eu-central-1:111111111111:function:f"],
            ),
            (
                "secretsmanager",
                json!({"secretId": "arn:aws:secretsmanager:x:1:secret:s-AbCdEf"}),
                vec!["arn:aws:secretsmanager:x:1:secret:s-AbCdEf"],
            ),
            ("secretsmanager", json!({"secretId": "prod/db"}), vec![]),
            ("iam", json!({"roleName": "r", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}), vec![]),
            ("iam", json!({"policyArn": "arn:aws:iam::1:policy/p"}), vec!["arn:aws:iam::1:policy/p"]),
            (
                "ssm",
                json!({"names": ["/a/b", "c"]}),
                vec![
                    "arn:aws:ssm:eu-central-1:111111111111:parameter/a/b",
                    "arn:aws:ssm:eu-central-1:111111111111:parameter/c",
                ],
            ),
            (
                "sqs",
                json!({"queueUrl": "https://sqs.eu-central-1.amazonaws.com/222222222222/q"}),
                vec!["arn:aws:sqs:eu-central-1:222222222222:q"],
            ),
            ("sts", json!({"roleArn": "arn:aws:iam::1:role/r"}), vec!["arn:aws:iam::1:role/r"]),
            ("kms", json!({"keyId": "alias/a"}), vec![]),
            ("ec2", json!({"filterSet": {"items": [{"name": "arn:aws:x"}]}}), vec![]),
        ] {
            assert_eq!(of(service, here, &parameters), wanted, "{service} {parameters}");
        }
        assert_eq!(of("s3", "cn-north-1", &json!({"bucketName": "b"})), ["arn:aws-cn:s3:::b"]);
        assert_eq!(of("s3", "us-gov-west-1", &json!({"bucketName": "b"})), ["arn:aws-us-gov:s3:::b"]);
    }

    #[test]
    fn what_the_record_lists_wins_and_is_bounded() {
        let many: Vec<String> = (0..50).map(|n| format!("arn:aws:s3:::b/{n}")).collect();
        let place = Place { service: "s3", region: "eu-central-1", account: "1" };
        let parameters = json!({"bucketName": "other"});
        let found = resources(many.iter().map(String::as_str), parameters.as_object(), place);
        assert_eq!(found, many[..10]);
    }
}
