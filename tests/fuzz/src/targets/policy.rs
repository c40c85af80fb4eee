//! The files of a policy bundle, and what the policy is asked about: callers, and documents as IAM gives them back.

use super::text;
use model::catalog::{Catalog, Problems};
use model::documents::{guarded_target, kill_all_before, same_document};
use model::names::PrincipalArn;
use model::policy::{Bundle, Policy};
use model::time::Time;
use serde_json::Value;
use std::sync::LazyLock;
use workflow::double::{CREDENTIALS_ROLE, World};

/// A noon in November, as the rest of the tests have it.
static NOON: LazyLock<Time> = LazyLock::new(|| "2026-11-20T12:00:00Z".parse().expect("a time"));

static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::read("catalog.yaml", &World::sample_bundle().catalog).expect("the sample catalog"));

static ROLE: LazyLock<PrincipalArn> = LazyLock::new(|| CREDENTIALS_ROLE.parse().expect("a role"));

/// Problems are of the file, at a line that it has, and fit for a terminal.
fn tell(problems: &Problems, files: &[&str]) {
    assert!(!problems.0.is_empty(), "refused for no reason");
    let lines = files.iter().map(|file| lines(file)).max().unwrap_or(0);
    for problem in &problems.0 {
        assert!(problem.line <= lines.saturating_add(1), "{problem}: there are {lines} lines");
        assert!(!problem.reason.is_empty());
        let harmful = |c: char| c.is_control() && c != '\n' && c != '\t';
        assert!(!problem.to_string().chars().any(harmful), "{:?}", problem.to_string());
    }
}

/// Lines as YAML has them: a carriage return alone ends one too. Source: YAML 1.2.2, 5.4.
fn lines(file: &str) -> usize {
    file.replace("\r\n", "\n").split(['\n', '\r']).count()
}

fn loaded(bundle: &Bundle) {
    match Policy::load(bundle) {
        Ok(policy) => {
            assert_eq!(policy.bundle_digest(), bundle.digest());
            for person in policy.catalog().persons().take(2) {
                let arn = person.principals.first().map(ToString::to_string).unwrap_or_default();
                if let Some(actor) = policy.catalog().by_caller(&arn) {
                    assert_eq!(actor.person, person.id, "a principal is somebody else's");
                    let _ = policy.requestable(&actor, *NOON).take(3).count();
                }
            }
        }
        Err(problems) => tell(&problems, &[&bundle.catalog, &bundle.policies, &bundle.schema]),
    }
}

/// A catalog by itself, and with the sample's policies. What is in force keeps to the bounds.
pub(crate) fn catalog_file(data: &[u8]) {
    let Some(text) = text(data) else { return };
    match Catalog::read("catalog.yaml", text) {
        Ok(catalog) => {
            for entitlement in catalog.entitlements() {
                assert!(entitlement.approvals_needed <= 10 && entitlement.max_duration_seconds >= 1);
                assert!(!entitlement.permissions.is_empty() && !entitlement.resources.is_empty());
            }
            assert!(catalog.warnings().iter().all(|warning| !warning.contains('\0')));
            loaded(&Bundle { catalog: text.to_owned(), ..World::sample_bundle() });
        }
        Err(problems) => tell(&problems, &[text]),
    }
}

/// Cedar policies with the sample's catalog and schema.
pub(crate) fn cedar_policies(data: &[u8]) {
    let Some(text) = text(data) else { return };
    loaded(&Bundle { policies: text.to_owned(), ..World::sample_bundle() });
}

/// A schema with the sample's catalog and policies.
pub(crate) fn cedar_schema(data: &[u8]) {
    let Some(text) = text(data) else { return };
    loaded(&Bundle { schema: text.to_owned(), ..World::sample_bundle() });
}

/// Callers as API Gateway names them. Whoever is somebody, is whom the catalog lists; by rules read anew here.
pub(crate) fn caller_arn(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Some(actor) = CATALOG.by_caller(text) else { return };
    let person = CATALOG.person(&actor.person).expect("a person of the catalog");
    let listed = person.principals.iter().any(|principal| principal.as_str() == text && !principal.is_role());
    let parts: Vec<&str> = text.split(':').collect();
    let session = match parts.as_slice() {
        ["arn", "aws", "sts", "", "111111111111", resource] => {
            let names: Vec<&str> = resource.split('/').collect();
            let ["assumed-role", role, name] = names.as_slice() else { return assert!(listed, "{text}") };
            let own = |principal: &PrincipalArn| principal.is_role() && principal.name() == *role;
            let mail = |email: &String| email.eq_ignore_ascii_case(name);
            person.principals.iter().any(own)
                || (role.starts_with("AWSReservedSSO_") && person.email.as_ref().is_some_and(mail))
        }
        _ => false,
    };
    assert!(listed || session, "{text} is taken for {}", actor.person);
}

/// Two documents, parted by a line of `---`, as IAM could give them back.
pub(crate) fn iam_document(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let (one, other) = text.split_once("\n---\n").unwrap_or((text, text));
    let same = same_document(one, other);
    assert_eq!(same, same_document(other, one), "sameness goes both ways");
    let value: Option<Value> = serde_json::from_str(one).ok();
    assert_eq!(same_document(one, one), value.is_some());
    if same {
        assert_eq!(guarded_target(one, &ROLE), guarded_target(other, &ROLE), "the same document is judged twice");
        assert_eq!(kill_all_before(one).is_some(), kill_all_before(other).is_some());
    }
    if guarded_target(one, &ROLE).is_ok() {
        let value = value.expect("what can't be read guards nothing");
        let principals = value.to_string();
        assert!(!principals.contains("\"Allow\"") || !principals.contains("\"AWS\":\"*\"") || !tags(&value));
    }
}

/// Whether some Allow is of tagging sessions, by its plain name.
fn tags(document: &Value) -> bool {
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    statements.iter().any(|statement| {
        statement["Effect"] == "Allow"
            && statement["Principal"]["AWS"] == "*"
            && statement["Action"].to_string().contains("\"sts:TagSession\"")
    })
}
