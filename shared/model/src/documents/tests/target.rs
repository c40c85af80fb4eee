//! Trust policies, and whether somebody else than we could pose as a grant.

use super::*;

const US: &str = "arn:aws:iam::111111111111:role/countersign-system/countersign-credentials";

fn judged(statements: &Value) -> Result<(), OpenTarget> {
    guarded_target(&json!({"Version": "2012-10-17", "Statement": statements}).to_string(), &US.parse().unwrap())
}

macro_rules! allow {
    ($principal:expr, $action:expr $(,)?) => {
        json!({"Effect": "Allow", "Principal": $principal, "Action": $action})
    };
}

#[test]
fn roles_that_only_we_can_tag_are_used() {
    let us = || json!({"AWS": US});
    let dave = || json!({"AWS": "arn:aws:iam::111111111111:user/dave"});
    let all = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "*"});
    for statements in [
        json!([allow!(us(), json!(all))]),
        allow!(us(), json!("sts:*")),
        json!([allow!(json!({"AWS": [US]}), json!(all)), allow!(dave(), json!("sts:AssumeRole"))]),
        json!([allow!(json!("*"), json!(["sts:AssumeRole", "sts:AssumeRoleWith*"]))]),
        json!([allow!(json!({"Service": "ec2.amazonaws.com"}), json!("sts:AssumeRole"))]),
        json!([allow!(json!({"Federated": "cognito-identity.amazonaws.com"}), json!("sts:AssumeRoleWithWebIdentity"))]),
        json!([{"Effect": "Allow", "Principal": dave(), "NotAction": "sts:*"}]),
        json!([{"Effect": "Allow", "Principal": dave(), "NotAction": ["sts:Tag*", "STS:setsourceidentity"]}]),
        json!([deny]),
        json!([]),
    ] {
        assert_eq!(judged(&statements), Ok(()), "{statements}");
    }
}

#[test]
fn roles_that_somebody_else_could_tag_are_not() {
    let dave = "arn:aws:iam::111111111111:user/dave";
    let alone = |action: &str| allow!(json!({"AWS": dave}), json!(action));
    let posing = json!(["sts:AssumeRole", "sts:TagSession"]);
    for statements in [
        json!([alone("sts:TagSession")]),
        json!([alone("sts:SetSourceIdentity")]),
        json!([alone("STS:tagsession")]),
        json!([alone("sts:*")]),
        json!([alone("*")]),
        json!([alone("sts:?agSession")]),
        json!([alone("sts:Set*")]),
        json!([alone("s*:*Session")]),
        // Several statements, and a Deny that may or may not hold.
        json!([allow!(json!({"AWS": US}), json!("sts:*")), alone("sts:TagSession")]),
        json!([alone("sts:TagSession"), {"Effect": "Deny", "Principal": {"AWS": dave}, "Action": "sts:TagSession"}]),
        json!([allow!(json!({"AWS": [US, dave]}), posing)]),
        json!([allow!(json!({"AWS": []}), posing)]),
        json!([allow!(json!("*"), posing)]),
        json!([allow!(json!({"AWS": "*"}), posing)]),
        json!([allow!(json!({"AWS": "arn:aws:iam::111111111111:root"}), posing)]),
        json!([allow!(json!({"AWS": "111111111111"}), posing)]),
        json!([allow!(json!({"AWS": "AROAEXAMPLE0DELETED00"}), posing)]),
        json!([allow!(json!({"AWS": US.replace("111111111111", "222222222222")}), posing)]),
        json!([allow!(json!({"AWS": US.replace("credentials", "credential?")}), posing)]),
        json!([allow!(json!({"AWS": US, "Service": "lambda.amazonaws.com"}), posing)]),
        json!([allow!(json!({"Federated": "arn:aws:iam::111111111111:saml-provider/x"}), posing)]),
        json!([{"Effect": "Allow", "NotPrincipal": {"AWS": dave}, "Action": posing}]),
        json!([{"Effect": "Allow", "Principal": {"AWS": US}, "NotPrincipal": {"AWS": dave}, "Action": "sts:*"}]),
        json!([{"Effect": "Allow", "Principal": {"AWS": dave}, "NotAction": "sts:TagSession"}]),
        json!([{"Effect": "Allow", "Principal": {"AWS": dave}, "NotAction": "iam:*"}]),
        // A condition may never hold; whether it does is not for us to say.
        json!([{"Effect": "Allow", "Principal": {"AWS": dave}, "Action": "sts:*",
                "Condition": {"StringEquals": {"aws:PrincipalTag/x": "y"}}}]),
    ] {
        assert_eq!(judged(&statements), Err(OpenTarget::Open), "{statements}");
    }
}

#[test]
fn what_can_not_be_read_is_not_used() {
    let us = || json!({"AWS": US});
    for statements in [
        json!("Allow"),
        json!(["Allow"]),
        json!([{"Principal": us(), "Action": "sts:*"}]),
        json!([{"Effect": "allow", "Principal": us(), "Action": "sts:*"}]),
        json!([{"Effect": "Allow", "Principal": us()}]),
        json!([{"Effect": "Allow", "Action": "sts:*"}]),
        json!([{"Effect": "Allow", "Principal": us(), "Action": "sts:*", "NotAction": "iam:*"}]),
        json!([allow!(us(), json!([]))]),
        json!([allow!(us(), json!(["sts:AssumeRole", 1]))]),
        json!([allow!(us(), json!({"0": "sts:*"}))]),
        json!([allow!(us(), json!("sts"))]),
        json!([allow!(us(), json!("sts:TagSession:x"))]),
        json!([allow!(json!({"AWS": {"a": US}}), json!("sts:*"))]),
    ] {
        assert_eq!(judged(&statements), Err(OpenTarget::Unreadable), "{statements}");
    }
    for text in ["", "{}", "[]", "null", r#"{"Statement":null}"#, r#"{"Version":"2012-10-17""#] {
        assert_eq!(guarded_target(text, &US.parse().unwrap()), Err(OpenTarget::Unreadable), "{text}");
    }
}
