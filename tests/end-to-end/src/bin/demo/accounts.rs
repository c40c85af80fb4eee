//! Three accounts, a mechanism in each: asked for in one place, held there and nowhere else, and gone.

use std::time::Duration;

use end_to_end::cloud::Cloud;
use end_to_end::door::text;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;
use end_to_end::waiting::{DENIED_WITHIN, until};
use model::lifecycle::QUARANTINE;

use crate::story::Story;

/// The hub's own account, and the two that it makes grants in.
const HUB: &str = "111111111111";
const INVOICES: &str = "222222222222";
const ARCHIVE: &str = "333333333333";

pub(crate) async fn play(story: &mut Story, stage: &Stage) -> Result<(), Failure> {
    story.chapter("Sessions of a base role in another account");
    let session = granted(story, stage, "invoices-debug").await?;
    let cloud = stage.granted(&session).await?;
    look(story, &cloud, "invoices", INVOICES).await;
    story.denied("nor make a user there", &cloud.create_user("backdoor").await);

    story.chapter("A role of its own in another account");
    let role = granted(story, stage, "invoices-repair").await?;
    let arn = format!("arn:aws:iam::{INVOICES}:role/countersign/{role}");
    let (answer, keys) = stage.as_person("alice")?.assume(&arn, None).await;
    story.allowed("alice takes it up with her own identity, from her own account", &answer);
    story.denied("mallory can't", &stage.as_person("mallory")?.assume(&arn, None).await.0);
    let keys = keys.ok_or_else(|| Failure::new("there is no way in"))?;
    let own = stage.cloud(keys)?;
    look(story, &own, "invoices", INVOICES).await;

    story.chapter("A policy on a role of a third account");
    let policy = granted(story, stage, "archive-debug").await?;
    let archive = stage.granted(&policy).await?;
    look(story, &archive, "archive", ARCHIVE).await;

    story.chapter("The way in that the hub has");
    let provisioner = format!("arn:aws:iam::{INVOICES}:role/countersign-system/countersign-provisioner");
    for person in ["alice", "bob"] {
        let (answer, _) = stage.as_person(person)?.assume(&provisioner, None).await;
        story.denied(&format!("{person} can't use it"), &answer);
    }
    let (answer, _) = stage.root_of(HUB)?.assume(&provisioner, None).await;
    story.denied("nor can the hub's own root: it is for three roles, and for one request at a time", &answer);

    story.chapter("Ended early, in every account");
    for (id, cloud, table) in
        [(&session, &cloud, "invoices"), (&role, &own, "invoices"), (&policy, &archive, "archive")]
    {
        stage.bob.revoke(id, "the story is told").await?.expect(200)?;
        let item = format!("{table}-1");
        let denied = until("IAM denies", DENIED_WITHIN, || async {
            let answer = cloud.get_item(table, &item).await;
            Ok((!answer.is_allowed()).then_some(answer))
        })
        .await?;
        story.denied(&format!("what was held in {table}"), &denied);
    }
    story.tell(&format!("the role goes {QUARANTINE} s later: no worker is left that could bring it back"));
    let bound = Duration::from_secs(QUARANTINE).saturating_add(Duration::from_mins(4));
    let ended = until("the role is gone", bound, || async {
        let shown = stage.alice.request(&role).await?.expect(200)?;
        Ok((text(&shown, "status") == "ended").then_some(shown))
    })
    .await?;
    let finding = ended.pointer("/evidence/findings/0").and_then(|finding| finding.as_str()).unwrap_or_default();
    story.check("what AWS says of it", "absent", finding, finding.contains("absent"));
    Ok(())
}

/// Asked for by alice, countersigned by bob, active.
async fn granted(story: &mut Story, stage: &Stage, entitlement: &str) -> Result<String, Failure> {
    let asked = stage.alice.submit(entitlement, 900, "invoice-1 is open for weeks").await?.expect(201)?;
    let id = text(&asked, "id").to_owned();
    stage.bob.approve(&id, text(&asked, "digest")).await?.expect(200)?;
    stage.alice.reaches(&id, "active").await?;
    story.check(&format!("{entitlement}: alice asks, bob countersigns"), "active", &id, true);
    Ok(id)
}

/// What is there, and what is not.
async fn look(story: &mut Story, cloud: &Cloud, table: &str, account: &str) {
    story.allowed(&format!("she reads {table} of {account}"), &cloud.get_item(table, &format!("{table}-1")).await);
    let elsewhere = cloud.dynamodb().get_item().table_name(format!("arn:aws:dynamodb:us-east-1:{HUB}:table/orders"));
    let key = aws_sdk_dynamodb::types::AttributeValue::S("order-1001".to_owned());
    let answer = end_to_end::cloud::Answer::of(elsewhere.key("id", key).send().await, |_| "read".to_owned());
    story.check("and can't read the orders of the hub", "not let through", &answer.to_string(), !answer.is_allowed());
}
