//! What a role may do it needs: with a statement really taken out of it, what stands on that statement fails.
//!
//! `cargo xtask test` judges every statement of every role by the calls that these tests make; here one is taken out in
//! earnest, so that the judge's word for it is seen to be true.

use std::time::Duration;

use aws_sdk_iam::Client;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::waiting::until;
use serde_json::Value;

const ROLE: &str = "countersign-intake";
const POLICY: &str = "intake";

async fn policy(iam: &Client) -> Result<Value, Failure> {
    let read = iam.get_role_policy().role_name(ROLE).policy_name(POLICY).send().await;
    let read = read.map_err(|error| Failure::of("reading the policy", &error))?;
    let text = percent_encoding::percent_decode_str(read.policy_document()).decode_utf8_lossy().into_owned();
    serde_json::from_str(&text).map_err(|error| Failure::of("reading the policy", &error))
}

async fn put(iam: &Client, document: &Value) -> Result<(), Failure> {
    let put = iam.put_role_policy().role_name(ROLE).policy_name(POLICY).policy_document(document.to_string());
    put.send().await.map(drop).map_err(|error| Failure::of("writing the policy", &error))
}

#[tokio::test]
async fn without_a_statement_that_is_needed_what_stands_on_it_fails() -> Result<(), Failure> {
    let stage = Stage::find()?;
    let iam = stage.root()?.iam();
    let whole = policy(&iam).await?;
    let list = || stage.alice.get("/v1/requests?limit=1");
    list().await?.expect(200)?;
    let mut without = whole.clone();
    let statements = without.pointer_mut("/Statement").and_then(Value::as_array_mut);
    let statements = statements.ok_or_else(|| Failure::new("the policy has no statements"))?;
    let before = statements.len();
    statements.retain(|statement| statement.get("Sid").and_then(Value::as_str) != Some("FindRequests"));
    assert_eq!(statements.len(), before.saturating_sub(1));
    put(&iam, &without).await?;
    let refused = list().await;
    // What the role is for goes on.
    let submitted = stage.alice.submit("orders-db-debug", 900, "order-1002 is stuck in paying").await;
    put(&iam, &whole).await?;
    let refused = refused?;
    assert!(refused.status >= 500, "{refused:?}");
    submitted?.expect(201)?;
    until("it lists again", Duration::from_mins(2), || async { Ok((list().await?.status == 200).then_some(())) })
        .await?;
    assert_eq!(policy(&iam).await?, whole);
    Ok(())
}
