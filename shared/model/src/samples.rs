//! The sample bundle, its people and their requests, for the tests of this crate.

pub(crate) mod spelled;

use crate::identity::{Actor, Identity};
use crate::names::{PersonId, RequestId};
use crate::policy::{Bundle, Decision, Policy};
use crate::request::{Request, RequestFacts};
use crate::submission::{Wish, judge};
use crate::text::FreeText;
use crate::time::Time;
use crate::words::{Salt, Words};
use std::sync::LazyLock;

pub(crate) const CATALOG: &str = include_str!("../../../infra/policy/catalog.yaml");
pub(crate) const POLICIES: &str = include_str!("../../../infra/policy/policies.cedar");
pub(crate) const SCHEMA: &str = include_str!("../../../infra/policy/schema.cedarschema");

/// The entitlements of the sample catalog whose grants hold by one document: the others need a tag besides.
pub(crate) const GRANTABLE: [&str; 3] = ["logs-read", "orders-db-debug", "prod-admin"];

pub(crate) fn bundle() -> Bundle {
    Bundle { catalog: CATALOG.to_owned(), policies: POLICIES.to_owned(), schema: SCHEMA.to_owned() }
}

/// The sample bundle, loaded once.
pub(crate) fn policy() -> &'static Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::load(&bundle()).unwrap());
    &POLICY
}

pub(crate) fn person(id: &str) -> PersonId {
    id.parse().unwrap()
}

/// A person of the sample catalog, come in through Slack.
pub(crate) fn by_slack(id: &str) -> Actor {
    let user = policy().catalog().person(&person(id)).unwrap().slack.first().unwrap().clone();
    policy().catalog().by_slack(&user).unwrap()
}

/// The same person, come in through the API.
pub(crate) fn by_api(id: &str) -> Actor {
    let principal = format!("arn:aws:iam::111111111111:user/{id}");
    Actor { person: person(id), identity: Identity::Api { principal }, mfa: false }
}

pub(crate) fn text(words: &str) -> FreeText {
    FreeText::new(words).unwrap()
}

/// The same as it is stored.
pub(crate) fn words(said: &str) -> Words {
    Words::new(text(said), SALT)
}

/// The salt of all words here.
pub(crate) const SALT: Salt = Salt::new([7; 16]);

/// A Friday, 12:00.
pub(crate) fn noon() -> Time {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

pub(crate) fn request_id() -> RequestId {
    "req_0198c0ffee00700080000000deadbeef".parse().unwrap()
}

pub(crate) fn wish(entitlement: &str) -> Wish {
    Wish {
        entitlement: entitlement.to_owned(),
        duration_seconds: 1_800,
        justification: "orders are stuck".to_owned(),
        ..Wish::default()
    }
}

/// Alice's wish, judged by the sample bundle.
pub(crate) fn judged(wish: &Wish) -> (Request, Decision) {
    judge(policy(), request_id(), &by_slack("alice"), wish, SALT, noon()).unwrap()
}

/// What Alice's request for all of an entitlement, for 30 minutes, says.
pub(crate) fn facts(entitlement: &str) -> RequestFacts {
    (*judged(&wish(entitlement)).0).clone()
}
