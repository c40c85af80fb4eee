//! The environment that a function starts in: the variables that the templates name for it, with values of a stack that
//! could be, and those that Lambda adds.

use crate::aws::{ACCOUNT, Aws, BOUNDARY, REGION, TABLE};
use contracts::repository;
use contracts::template::Template;
use record::note::{Kind, VerifierKey};
use std::collections::BTreeMap;

pub(crate) const ORIGIN: &str = "countersign.111111111111.us-east-1/countersign";
const WITNESS: &str = "witness.222222222222.us-east-1/countersign";
pub(crate) const ANCHORS: &str = "countersign-anchors";

/// Variables by name.
pub(crate) type Environment = BTreeMap<String, String>;

/// What Lambda sets for every function, and the address that stands for AWS.
pub(crate) fn lambdas(aws: &Aws, name: &str, memory: &str) -> Environment {
    let given = [
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "ASIASPEED0000000000"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/countersign"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/20/[$LATEST]1"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ];
    let mut all: Environment = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    all.insert("AWS_ENDPOINT_URL".to_owned(), format!("http://127.0.0.1:{}", aws.port));
    all
}

/// The functions that the templates deploy, by the names of their programs, each with its environment.
///
/// # Errors
/// A template can't be read, or gives a function a variable that has no value here.
pub(crate) fn deployed(aws: &Aws) -> Result<BTreeMap<String, Environment>, String> {
    let mut functions = BTreeMap::new();
    for file in ["template.yaml", "infra/log-archive.yaml"] {
        let template = Template::read(&repository::text(file)?)?;
        for function in template.functions() {
            let program = function.binary().ok_or_else(|| format!("{} has no program", function.name))?;
            let memory = template.setting(&function, &["MemorySize"]).and_then(contracts::yaml::Node::text);
            let mut environment = lambdas(aws, program, memory.unwrap_or("128"));
            for (name, _) in template.environment(&function) {
                environment.insert(name.to_owned(), value(aws, name)?);
            }
            functions.insert(program.to_owned(), environment);
        }
    }
    Ok(functions)
}

fn value(aws: &Aws, name: &str) -> Result<String, String> {
    let role = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/countersign-system/countersign-{name}");
    let key = |kind, name: &str| {
        let key = VerifierKey::new(name, kind, &Aws::public_key()).map_err(|error| error.to_string());
        key.map(|key| key.to_string())
    };
    Ok(match name {
        "TABLE_NAME" => TABLE.to_owned(),
        "SLACK_SECRET_ID" => "countersign/slack".to_owned(),
        "SLACK_TEAM_IDS" => "T0COUNTER1".to_owned(),
        "SLACK_APP_ID" => "A0COUNTER1".to_owned(),
        "SLACK_API_URL" => format!("http://127.0.0.1:{}/slack/api", aws.port),
        "ACCOUNTS" | "ACCOUNT_ID" => ACCOUNT.to_owned(),
        "SCHEDULE_GROUP" => "countersign-expiry".to_owned(),
        "SCHEDULE_ROLE_ARN" => role("schedule"),
        "CREDENTIALS_ROLE_ARN" => role("credentials"),
        "OWN_ROLES" => ["credentials", "grant", "revocation", "reconciliation"].map(role).join(","),
        "REVOCATION_FUNCTION_ARN" => format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:countersign-revocation"),
        "SCHEDULE_DLQ_ARN" => format!("arn:aws:sqs:{REGION}:{ACCOUNT}:countersign-schedule-dlq"),
        "BOUNDARY_ARN" => BOUNDARY.to_owned(),
        "ORPHAN_OBSERVATION_HOURS" => "24".to_owned(),
        "ACTIVITY_DELAY_SECONDS" => "900".to_owned(),
        "BUS_NAME" => "countersign".to_owned(),
        "LOG_BUCKET" => "countersign-log".to_owned(),
        "ANCHOR_BUCKET" => ANCHORS.to_owned(),
        "LOG_KEY_ARN" | "WITNESS_KEY_ARN" => format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/1"),
        "LOG_ORIGIN" => ORIGIN.to_owned(),
        "WITNESS_NAME" => WITNESS.to_owned(),
        "WITNESS_KEY" => key(Kind::Cosignature, WITNESS)?,
        "LOG_KEYS" => key(Kind::Ed25519, ORIGIN)?,
        "FUNCTION_NAMES" => "countersign-conversation,countersign-intake,countersign-approval".to_owned(),
        // As the templates have them where nobody sets them.
        "PROVISIONER_ROLE" | "SPOKE_EXTERNAL_ID" | "TRAIL_BUCKET" | "COPIES_BUCKET" | "TRAIL_DATA_EVENTS"
        | "TRAIL_REGIONS" | "FORMER_LOG_KEY_ARN" | "RELEASE" => String::new(),
        _ => return Err(format!("the templates set {name}, and nobody said here what it is like")),
    })
}
