//! What people do in Slack, one at a time.

use std::collections::VecDeque;
use std::time::Duration;

use end_to_end::chat::{APPROVALS, Message};
use end_to_end::failure::Failure;
use end_to_end::modals::View;
use end_to_end::stage::Stage;
use end_to_end::waiting::until;
use serde_json::{Value, json};

/// How long it may take until all cards are posted.
const PATIENCE: Duration = Duration::from_mins(3);

/// Something that somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Ask,
    OpenForm,
    LookUp,
    Choose,
    SendForm,
    Approve,
    PressDeny,
    SendReason,
    Details,
    Home,
}

impl Act {
    pub(crate) const ALL: [Self; 10] = [
        Self::Ask,
        Self::OpenForm,
        Self::LookUp,
        Self::Choose,
        Self::SendForm,
        Self::Approve,
        Self::PressDeny,
        Self::SendReason,
        Self::Details,
        Self::Home,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ask => "/access that asks",
            Self::OpenForm => "/access alone: the form",
            Self::LookUp => "form: options while typing",
            Self::Choose => "form: choosing",
            Self::SendForm => "form: sending",
            Self::Approve => "approve",
            Self::PressDeny => "deny: the form that asks why",
            Self::SendReason => "deny: sending the reason",
            Self::Details => "details",
            Self::Home => "Home tab",
        }
    }

    /// How many cards it takes to do it so many times.
    fn cards(self, times: usize) -> usize {
        match self {
            Self::Approve | Self::PressDeny | Self::SendReason => times,
            Self::Details => 1,
            Self::Ask | Self::OpenForm | Self::LookUp | Self::Choose | Self::SendForm | Self::Home => 0,
        }
    }
}

/// An act that only has to be done: the call of the local Slack, and its body.
#[derive(Debug)]
pub(crate) struct Ready {
    path: &'static str,
    body: Value,
}

/// What acts need.
#[derive(Debug)]
pub(crate) struct Acts<'a> {
    stage: &'a Stage,
    cards: VecDeque<Message>,
}

impl<'a> Acts<'a> {
    /// With a Slack in which nothing happened yet: looking for messages is to take no longer for the last act than for the
    /// first.
    pub(crate) async fn new(stage: &'a Stage) -> Result<Self, Failure> {
        stage.chat.control("reset", &json!({})).await?;
        Ok(Self { stage, cards: VecDeque::new() })
    }

    /// Has as many requests posted as `act` takes to be done so many times.
    pub(crate) async fn provide(&mut self, act: Act, times: usize) -> Result<(), Failure> {
        let wanted = act.cards(times);
        if wanted == 0 {
            return Ok(());
        }
        for _ in 0..wanted {
            self.stage.alice.submit("orders-db-debug", 900, "order-1002 is stuck").await?.expect(201)?;
        }
        let cards = until("all cards are posted", PATIENCE, || async {
            let messages = self.stage.chat.messages(APPROVALS, None).await?;
            let cards: Vec<Message> = messages.into_iter().filter(|message| message.has_button("approve")).collect();
            Ok((cards.len() >= wanted).then_some(cards))
        })
        .await?;
        self.cards = cards.into();
        Ok(())
    }

    /// Everything up to the act itself.
    pub(crate) async fn prepare(&mut self, act: Act) -> Result<Ready, Failure> {
        let command =
            |text: &str| Ready { path: "command", body: json!({"user": "alice", "command": "/access", "text": text}) };
        Ok(match act {
            Act::Ask => command("orders-db-debug 30m order-1002 is stuck"),
            Act::OpenForm => command(""),
            Act::LookUp => look_up(&self.form().await?),
            Act::Choose => self.choice().await?.1,
            Act::SendForm => {
                let (form, choice) = self.choice().await?;
                self.perform(&choice).await?;
                let filled = self.stage.chat.modal("the form follows", "alice", |view| {
                    view.id() == form.id() && view.block("justification").is_some()
                });
                let block = filled.await?.block("justification").unwrap_or_default().to_owned();
                let why = json!({"justification": {"type": "plain_text_input", "value": "order-1002 is stuck"}});
                send("alice", &form, &block, &why)
            }
            Act::Approve => press(&self.card()?, "approve"),
            Act::PressDeny => press(&self.card()?, "deny"),
            Act::SendReason => {
                let pressed = press(&self.card()?, "deny");
                self.perform(&pressed).await?;
                let form = self.stage.chat.modal("it asks why", "bob", |view| view.kind() == "deny").await?;
                let why = json!({"reason": {"type": "plain_text_input", "value": "not today"}});
                send("bob", &form, "reason", &why)
            }
            Act::Details => press(self.cards.front().ok_or_else(none_left)?, "details"),
            Act::Home => Ready { path: "home", body: json!({"user": "alice"}) },
        })
    }

    /// Does it: what came of it, as the local Slack tells.
    pub(crate) async fn perform(&self, ready: &Ready) -> Result<Value, Failure> {
        self.stage.chat.control(ready.path, &ready.body).await
    }

    async fn form(&self) -> Result<View, Failure> {
        self.stage.chat.command("alice", "").await?;
        self.stage.chat.modal("the form is open", "alice", |view| view.kind() == "ask").await
    }

    /// The form, and a choice in it. Only what was offered can be chosen.
    async fn choice(&self) -> Result<(View, Ready), Failure> {
        let form = self.form().await?;
        self.perform(&look_up(&form)).await?;
        let body = json!({"user": "alice", "viewId": form.id(), "actionId": "entitlement",
            "optionValue": "orders-db-debug"});
        Ok((form, Ready { path: "press", body }))
    }

    fn card(&mut self) -> Result<Message, Failure> {
        self.cards.pop_front().ok_or_else(none_left)
    }
}

fn none_left() -> Failure {
    Failure::new("no card is left")
}

fn look_up(form: &View) -> Ready {
    let body = json!({"user": "alice", "viewId": form.id(), "actionId": "entitlement", "value": "orders"});
    Ready { path: "options", body }
}

fn press(card: &Message, button: &str) -> Ready {
    let body = json!({"user": "bob", "channel": card.channel, "ts": card.ts, "actionId": button});
    Ready { path: "press", body }
}

fn send(user: &str, form: &View, block: &str, state: &Value) -> Ready {
    Ready { path: "submit", body: json!({"user": user, "viewId": form.id(), "values": {block: state}}) }
}
