//! What IAM would answer: asked of its simulator, which in the local cloud is the engine that enforces calls.

use crate::cloud::Cloud;
use crate::failure::Failure;

/// Most decisions that are asked for at once. Source: IAM API reference, `SimulatePrincipalPolicy`.
const PAGE: &str = "1000";

/// Who would act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// A user or a role, by its ARN.
    Principal(String),
    /// A live session, by its access key's id: with its session policy, tags and source identity. Only the local cloud
    /// can be asked about one.
    Session(String),
    /// Whoever had the added policies and no others.
    Nobody,
}

/// What they would do.
#[derive(Debug, Clone)]
pub struct Question {
    /// Who.
    pub whom: Whom,
    /// The actions, each on each resource.
    pub actions: Vec<String>,
    /// The resources.
    pub resources: Vec<String>,
    /// Condition keys of the call, with their values.
    pub keys: Vec<(&'static str, Vec<String>)>,
    /// Policies to take for attached besides.
    pub added: Vec<String>,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decided {
    /// The action, as it was asked for.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// Whether it is allowed.
    pub allowed: bool,
}

/// Asks, over all pages. `cloud` is the root of the account that the principal is in.
///
/// # Errors
/// No answer, or a refusal.
pub async fn simulate(cloud: &Cloud, question: &Question) -> Result<Vec<Decided>, Failure> {
    let mut fields: Vec<(String, String)> = match &question.whom {
        Whom::Principal(arn) => vec![field("Action", "SimulatePrincipalPolicy"), field("PolicySourceArn", arn)],
        Whom::Session(key) => vec![field("Action", "SimulateSession"), field("AccessKeyId", key)],
        Whom::Nobody => vec![field("Action", "SimulateCustomPolicy")],
    };
    fields.extend([field("Version", "2010-05-08"), field("MaxItems", PAGE)]);
    fields.extend(members("ActionNames", &question.actions));
    fields.extend(members("ResourceArns", &question.resources));
    fields.extend(members("PolicyInputList", &question.added));
    for (number, (name, values)) in (1..).zip(&question.keys) {
        let entry = format!("ContextEntries.member.{number}");
        let kind = if *name == "aws:TagKeys" { "stringList" } else { "string" };
        fields
            .extend([field(&format!("{entry}.ContextKeyName"), name), field(&format!("{entry}.ContextKeyType"), kind)]);
        fields.extend(members(&format!("{entry}.ContextKeyValues"), values));
    }
    let mut decided = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page: Vec<(String, String)> =
            fields.iter().cloned().chain(marker.take().map(|marker| ("Marker".to_owned(), marker))).collect();
        let answered = cloud.query("iam", &page).await?;
        if answered.status != 200 {
            return Err(Failure::new(format!("{:?} can't be simulated: {}", question.whom, answered.body)));
        }
        for part in answered.body.split("<EvalActionName>").skip(1) {
            decided.push(Decided {
                action: until_tag(part).to_owned(),
                resource: element(part, "EvalResourceName")?.to_owned(),
                allowed: element(part, "EvalDecision")? == "allowed",
            });
        }
        match element(&answered.body, "Marker") {
            Ok(next) => marker = Some(next.to_owned()),
            Err(_) => break,
        }
    }
    let asked = question.actions.len().saturating_mul(question.resources.len());
    if decided.len() == asked {
        return Ok(decided);
    }
    Err(Failure::new(format!("{asked} decisions were asked for, {} were given", decided.len())))
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn members<'a>(name: &'a str, values: &'a [String]) -> impl Iterator<Item = (String, String)> + 'a {
    (1..).zip(values).map(move |(number, value): (u32, _)| (format!("{name}.member.{number}"), value.clone()))
}

/// The text of the first element of this name.
fn element<'a>(xml: &'a str, name: &str) -> Result<&'a str, Failure> {
    let rest = xml.split_once(&format!("<{name}>")).map(|(_, rest)| rest);
    rest.map(until_tag).ok_or_else(|| Failure::new(format!("the answer has no {name}")))
}

fn until_tag(text: &str) -> &str {
    text.split_once('<').map_or(text, |(text, _)| text)
}
