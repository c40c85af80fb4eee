//! Requests, countersignatures and terms.

use super::Forgery;
use serde_json::json;
use verify::Code;

pub(super) const FORGERIES: &[Forgery] = &[
    (
        "the requester countersigns",
        "used",
        |r| {
            let cause = r.entry("requestSubmitted")["cause"].clone();
            r.entry("approvalGiven")["cause"] = cause;
            r.data("approvalGiven")["person"] = json!("alice");
            r.data("requestApproved")["approvers"] = json!(["alice"]);
        },
        Code::SelfApproval,
        "approvalGiven",
    ),
    (
        "an approval is invented for somebody",
        "used",
        |r| {
            r.data("approvalGiven")["person"] = json!("carol");
            r.data("requestApproved")["approvers"] = json!(["carol"]);
        },
        Code::ForgedCause,
        "approvalGiven",
    ),
    (
        "an approval is taken out",
        "role",
        |r| {
            let id = r.id.clone();
            let last =
                r.values.iter().rposition(|v| v["request"] == *id && v["event"]["type"] == "approvalGiven").unwrap();
            r.values.remove(last);
            r.data("requestApproved")["approvers"] = json!(["carol"]);
        },
        Code::TooFewApprovals,
        "requestApproved",
    ),
    (
        "one person counts twice",
        "role",
        |r| {
            let id = r.id.clone();
            let last =
                r.values.iter().rposition(|v| v["request"] == *id && v["event"]["type"] == "approvalGiven").unwrap();
            r.values[last]["event"]["data"]["person"] = json!("carol");
            r.values[last]["cause"]["person"] = json!("carol");
            r.data("requestApproved")["approvers"] = json!(["carol", "carol"]);
        },
        Code::TooFewApprovals,
        "requestApproved",
    ),
    ("an approval is there twice", "used", |r| r.double("approvalGiven"), Code::DoubledApproval, "approvalGiven"),
    (
        "the approval is of something else",
        "used",
        |r| {
            r.data("approvalGiven")["digest"] = json!("c".repeat(64));
        },
        Code::ApprovalOfSomethingElse,
        "approvalGiven",
    ),
    (
        "the approval is of the wider terms",
        "role",
        |r| {
            let digest = r.digest();
            let id = r.id.clone();
            let last =
                r.values.iter().rposition(|v| v["request"] == *id && v["event"]["type"] == "approvalGiven").unwrap();
            r.values[last]["event"]["data"]["digest"] = json!(digest);
        },
        Code::ApprovalOfSomethingElse,
        "approvalGiven",
    ),
    (
        "other approvers are named",
        "used",
        |r| {
            r.data("requestApproved")["approvers"] = json!(["carol"]);
        },
        Code::ApproversDiffer,
        "requestApproved",
    ),
    (
        "all approvals are taken out",
        "used",
        |r| {
            r.remove("approvalGiven");
            r.data("requestApproved")["approvers"] = json!([]);
            r.data("requestApproved")["rules"] = json!(["auto"]);
        },
        Code::TooFewApprovals,
        "requestApproved",
    ),
    (
        "policy alone, without a rule",
        "alone",
        |r| {
            r.data("requestApproved")["rules"] = json!([]);
        },
        Code::ApprovedByNobody,
        "requestApproved",
    ),
    (
        "the request asked for more",
        "used",
        |r| {
            r.data("requestSubmitted")["request"]["permissions"] = json!(["dynamodb:GetItem", "dynamodb:DeleteTable"]);
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "the quorum was smaller",
        "role",
        |r| {
            r.data("requestSubmitted")["request"]["quorum"]["needed"] = json!(0);
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "the risk was lower",
        "role",
        |r| {
            r.data("requestSubmitted")["request"]["risk"]["reasons"][0]["level"] = json!("low");
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "somebody else asked",
        "used",
        |r| {
            r.data("requestSubmitted")["request"]["requester"] = json!("frank");
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "other words",
        "used",
        |r| {
            r.data("requestSubmitted")["request"]["justification"] = json!({"hash": "e".repeat(64)});
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "approvers were told otherwise",
        "used",
        |r| {
            r.data("requestSubmitted")["request"]["notices"]["directly"] = json!(true);
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "it extends another request",
        "longer",
        |r| {
            r.data("requestSubmitted")["request"]["extends"] = json!("req_00000000000000000000000000000000");
        },
        Code::DigestDiffers,
        "requestSubmitted",
    ),
    (
        "the terms are wider than they were",
        "role",
        |r| {
            r.data("termsNarrowed")["permissions"] = json!(["iam:CreateUser"]);
        },
        Code::TermsWidened,
        "termsNarrowed",
    ),
    (
        "the terms are longer than they were",
        "role",
        |r| {
            r.data("termsNarrowed")["durationSeconds"] = json!(7_200);
        },
        Code::TermsWidened,
        "termsNarrowed",
    ),
    (
        "the terms are others than their digest",
        "role",
        |r| {
            r.data("termsNarrowed")["durationSeconds"] = json!(600);
        },
        Code::TermsDigestDiffers,
        "termsNarrowed",
    ),
    (
        "votes for more are kept",
        "role",
        |r| {
            r.data("termsNarrowed")["superseded"] = json!([]);
        },
        Code::ApproversDiffer,
        "termsNarrowed",
    ),
];
