//! Medium risk: one other person countersigns, in Slack.

use end_to_end::cloud::Cloud;
use end_to_end::failure::Failure;
use end_to_end::stage::Stage;

use crate::story::Story;

/// A grant with credentials that somebody holds.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) id: String,
    pub(crate) cloud: Cloud,
}

pub(crate) async fn play(story: &mut Story, stage: &Stage) -> Result<Held, Failure> {
    story.chapter("Medium risk: somebody else countersigns");
    let command = "orders-db-debug 30m order-1002 is stuck in paying";
    let outcome = stage.chat.command("alice", command).await?;
    let waits = outcome.said().contains("waits to be countersigned");
    story.check(&format!("alice: /access {command}"), "waits", &outcome.said(), waits);
    let id = outcome.request_id()?;
    let card = stage.chat.card(&id).await?;
    story.check("the card appears in #approvals", "with Approve and Deny", &card.text, card.has_button("deny"));
    story.quote(card.words());
    for (person, code) in [("alice", "self_approval"), ("mallory", "not_an_approver")] {
        let pressed = stage.chat.press(person, &card, "approve").await?;
        let answer = &pressed.answer;
        story.check(&format!("{person} presses Approve"), code, &answer.text, answer.text.contains(code));
    }
    let pressed = stage.chat.press("bob", &card, "approve").await?;
    let done = pressed.answer.text.starts_with("You countersigned");
    story.check("bob presses Approve", "countersigned", &pressed.answer.text, done);
    stage.alice.reaches(&id, "active").await?;
    let cloud = stage.granted(&id).await?;
    use_it(story, stage, &cloud).await;
    Ok(Held { id, cloud })
}

/// What was countersigned, and nothing else.
async fn use_it(story: &mut Story, stage: &Stage, cloud: &Cloud) {
    story.allowed("alice reads the order", &cloud.get_order("order-1002").await);
    story.allowed("she repairs it", &cloud.set_order("order-1002", "paid").await);
    story.denied("she can't delete it", &cloud.delete_order("order-1002").await);
    story.denied("she can't make a user", &cloud.create_user("backdoor").await);
    let role = stage.outputs.stack_outputs.get("BaseRoleArn").cloned().unwrap_or_default();
    story.denied("she can't go on into another role", &cloud.assume(&role, None).await.0);
}
