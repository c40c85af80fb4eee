//! `infra/spoke.yaml`: what bounds grants in other accounts is what bounds them in the hub's, and who makes them there
//! touches nothing else.

use crate::{holds, template};
use contracts::repository;
use contracts::template::{Template, access};
use contracts::yaml::Node;
use std::collections::BTreeMap;

fn spoke() -> Template {
    Template::read(&repository::text("infra/spoke.yaml").unwrap()).unwrap()
}

/// The statements of a document that `resource` holds under `keys`, as JSON, by their Sid.
fn statements(template: &Template, resource: &str, keys: &[&str]) -> BTreeMap<String, serde_json::Value> {
    let found = template.resource(resource).unwrap();
    let keys: Vec<&str> = keys.iter().copied().chain(["Statement"]).collect();
    let all = found.property(&keys).map(Node::items).unwrap_or_default();
    assert!(!all.is_empty(), "{resource} has no statements");
    let sid = |node: &Node| node.text_at(&["Sid"]).unwrap_or("(under a condition)").to_owned();
    all.iter().map(|node| (sid(node), node.to_json())).collect()
}

#[test]
fn a_spoke_has_the_hubs_boundary() {
    let of = |template: &Template| {
        let mut boundary = statements(template, "Boundary", &["PolicyDocument"]);
        // What the system itself is differs: nearly all of it is in the hub.
        boundary.remove("NotTheSystem").unwrap();
        boundary.remove("NotTheStream");
        boundary
    };
    assert_eq!(of(&spoke()), of(&template()));
}

#[test]
fn a_spokes_base_role_trusts_as_the_hubs_does() {
    let of = |template: &Template| {
        let mut trust = statements(template, "BaseRole", &["AssumeRolePolicyDocument"]);
        for statement in trust.values_mut() {
            let principal = statement.as_object_mut().unwrap().remove("Principal").unwrap();
            let arn = principal.get("AWS").unwrap().as_str().unwrap();
            assert!(arn == "CredentialsRole.Arn" || arn.ends_with("${HubStackName}-credentials"), "{arn}");
        }
        trust
    };
    assert_eq!(of(&spoke()), of(&template()));
    let kill = |template: &Template| {
        let role = template.resource("BaseRole").unwrap();
        let policies = role.property(&["Policies"]).unwrap().items();
        policies.iter().find(|one| one.text_at(&["PolicyName"]) == Some("countersign-kill-all")).unwrap().to_json()
    };
    assert_eq!(kill(&spoke()), kill(&template()));
}

#[test]
fn the_provisioner_touches_what_goes_by_its_sessions_name() {
    let spoke = spoke();
    holds(&access::stars_are_explained(&spoke));
    let role = spoke.resource("Provisioner").unwrap();
    let policies = role.property(&["Policies"]).unwrap();
    let all: Vec<&Node> = policies.walk().into_iter().filter(|node| node.get("Effect").is_some()).collect();
    assert!(all.len() > 10);
    let allowed = all.into_iter().filter(|statement| statement.get("Effect").unwrap().is("", "Allow"));
    for statement in allowed {
        // To read, and to ask what IAM would decide, changes nothing.
        let sid = statement.text_at(&["Sid"]).unwrap();
        let condition = statement.get("Condition").map(|node| node.to_json().to_string()).unwrap_or_default();
        for resource in statement.get("Resource").unwrap().items() {
            let arn = resource.text().unwrap();
            let own = arn.ends_with("/${!aws:SourceIdentity}");
            let base = arn.ends_with(":role/countersign-base/*")
                && (condition.contains("iam:PermissionsBoundary") || ["ReadBack", "ProbeSessions"].contains(&sid));
            let target = resource.is("Ref", "PolicyTargetRoleArns")
                && (condition.contains(":policy/countersign/${!aws:SourceIdentity}")
                    || ["ReadTargetRole", "ProbeTargetSessions"].contains(&sid));
            let listing = arn == "*" && condition.contains("countersign-system");
            assert!(own || base || target || listing, "{sid}: {arn}");
        }
    }
}

#[test]
fn a_provisioner_is_entered_by_three_roles_of_the_hub_and_for_one_request() {
    let trust = statements(&spoke(), "Provisioner", &["AssumeRolePolicyDocument"]);
    assert_eq!(trust.len(), 2);
    for (sid, action) in [("ForOneRequest", "sts:AssumeRole"), ("IdentifiedByRequest", "sts:SetSourceIdentity")] {
        assert_eq!(trust[sid]["Action"], action);
        let condition = &trust[sid]["Condition"];
        let callers = condition["ArnEquals"]["aws:PrincipalArn"].as_array().unwrap().clone();
        let names: Vec<&str> = callers.iter().map(|arn| arn.as_str().unwrap().rsplit('-').next().unwrap()).collect();
        assert_eq!(names, ["grant", "revocation", "reconciliation"]);
        assert_eq!(condition["StringLike"]["sts:SourceIdentity"], serde_json::json!(["req_*", "countersign-system"]));
    }
    assert_eq!(trust["ForOneRequest"]["Condition"]["StringEquals"]["sts:ExternalId"], "ExternalId");
    // And these three may enter nothing else.
    let hub = template();
    for function in hub.functions() {
        let role = hub.resource(function.text(&["Role"]).unwrap().trim_end_matches(".Arn")).unwrap();
        let enters = role.node.walk().into_iter().filter(|node| {
            node.get("Effect").is_some()
                && node.get("Action").is_some_and(|it| it.to_json().to_string().contains("sts:"))
                && node.get("Principal").is_none()
        });
        for statement in enters {
            let sid = statement.text_at(&["Sid"]).unwrap();
            let known = match function.binary().unwrap() {
                "grant" | "revocation" | "reconciliation" => ["EnterSpokes"].contains(&sid),
                "credentials" => ["EnterBaseRole", "TagSession", "EnterTargetRole", "TagTargetSession"].contains(&sid),
                _ => false,
            };
            assert!(known, "{}: {sid}", function.name);
        }
    }
}
