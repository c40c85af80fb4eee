//! What people do, and what happens around them.

use super::History;
use crate::mail::{Letter, TEAM, To};
use crate::people::{PERSONS, api, command, press, slack};
use crate::plan::Fault;
use crate::policies::Version;
use crate::recording::Click;
use crate::site::SECRETS;
use model::lifecycle::Phase;
use model::names::RequestId;
use model::time::Time;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use workflow::double::{Managed, Role};

/// How one person does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Api,
    Slack,
}

const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const DENIED: [&str; 3] = ["alice", "bob", "carol"];

impl History {
    pub(super) fn somebody_acts(&mut self) {
        self.acts += 1;
        let ids = self.site.world.ids();
        let room = ids.len() < self.plan.requests;
        if ids.is_empty() || (room && self.dice.percent(35)) {
            return self.ask();
        }
        let id = ids[self.dice.below(ids.len())].clone();
        self.look(&id);
        let waits =
            self.site.world.stored(&id).is_some_and(|stored| matches!(stored.state.phase, Phase::Pending { .. }));
        match self.dice.below(100) {
            0..60 if waits => self.approve(&id),
            0..8 => self.approve(&id),
            8..40 | 62..76 => self.fetch(&id),
            40..47 => self.decide(&id, "deny"),
            47..51 => self.decide(&id, "cancel"),
            51..62 => self.decide(&id, "revoke"),
            76..80 => self.extend(&id),
            80..83 => self.erase(&id),
            83..88 => self.sweep(),
            88..96 if room => self.ask(),
            _ => self.forge(&id),
        }
    }

    /// Somebody looks at a request, and remembers what they saw.
    fn look(&mut self, id: &RequestId) {
        if let Some(stored) = self.site.world.stored(id) {
            let seen = (id.to_string(), stored.state.terms().digest().to_string());
            if self.seen.last() != Some(&seen) {
                self.seen.push(seen);
            }
        }
    }

    fn digest(&mut self, id: &RequestId) -> String {
        if self.happens(Fault::StaleClick, 12)
            && let Some((_, digest)) = self.dice.one(&self.seen)
        {
            return digest.clone();
        }
        self.site.world.stored(id).map(|stored| stored.state.terms().digest().to_string()).unwrap_or_default()
    }

    fn arn(&mut self, person: &str) -> &'static str {
        let of = PERSONS.iter().find(|(name, ..)| *name == person).map_or(&[][..], |(_, arns, _)| arns);
        self.dice.one(of).copied().unwrap_or("user/nobody")
    }

    fn user(&mut self, person: &str) -> Option<&'static str> {
        let of = PERSONS.iter().find(|(name, ..)| *name == person).map_or(&[][..], |(.., users)| users);
        self.dice.one(of).copied()
    }

    fn person(&mut self, likely: &[&'static str]) -> &'static str {
        if self.dice.percent(85) {
            self.dice.one(likely).copied().unwrap_or("alice")
        } else {
            PERSONS[self.dice.below(PERSONS.len())].0
        }
    }

    /// Through whichever door they have.
    fn door(&mut self, person: &str) -> (Door, Option<&'static str>) {
        match self.user(person) {
            Some(user) if self.dice.percent(50) => (Door::Slack, Some(user)),
            _ => (Door::Api, None),
        }
    }

    /// Sends what somebody does, as often as they do it.
    fn send(&mut self, to: To, what: String, event: Value) {
        self.send_signed(to, what, event, None);
    }

    fn send_signed(&mut self, to: To, what: String, event: Value, signed: Option<&'static str>) {
        let now = self.now();
        let letter = Letter { signed, ..Letter::new(to, what, event, now) };
        if to == To::Conversation && self.happens(Fault::SlackRetry, 40) {
            let mut again = letter.clone();
            again.due = now.plus([1, 5, 60][self.dice.below(3)]);
            self.letters.push(again);
        }
        self.letters.push(letter);
    }

    /// What Slack sends of a body, signed now; and once more, if they click twice.
    fn send_slack(&mut self, route: &str, what: &str, body: impl Fn(u64) -> String) {
        let times = if self.happens(Fault::DoubleClick, 30) { 2 } else { 1 };
        for nth in 0..times {
            let secret = self.signs_with();
            let event = slack(route, &body(self.acts * 10 + nth), secret, self.now());
            self.send_signed(To::Conversation, what.to_owned(), event, Some(secret));
        }
    }

    fn signs_with(&mut self) -> &'static str {
        let secrets = self.site.side().secrets.clone();
        // While two are valid, either signs.
        self.dice.one(&secrets).copied().unwrap_or(SECRETS[0])
    }

    fn ask(&mut self) {
        let person = self.person(&["alice", "alice", "frank", "grace"]);
        let entitlement = ["logs-read", "orders-db-debug", "prod-admin", "legacy-debug"][self.dice.below(4)];
        let seconds = [65, 100, 300, 900, 3_600][self.dice.below(5)];
        let justification = format!("orders are stuck {}", self.acts);
        match self.door(person) {
            (Door::Slack, Some(user)) => {
                let text = format!("{entitlement} {seconds}s {justification}");
                // The same signed message takes effect once, however often it comes.
                let twice = self.plan.has(Fault::DoubleClick);
                if !twice {
                    self.recording.once.insert(justification);
                }
                self.send_slack("POST /slack/commands", &format!("{person} asks for {entitlement} in Slack"), |nth| {
                    command(TEAM, user, &text, nth)
                });
            }
            (Door::Api | Door::Slack, _) => {
                let signer = self.arn(person);
                let body =
                    json!({"entitlement": entitlement, "durationSeconds": seconds, "justification": justification});
                let key = self.dice.percent(60).then(|| format!("key-{}", self.acts));
                let event = api("POST /v1/requests", signer, "", &body, key.as_deref());
                let what = format!("{person} asks for {entitlement}");
                if key.is_some() {
                    self.recording.once.insert(justification);
                    if self.happens(Fault::DoubleClick, 50) {
                        self.send(To::Intake, what.clone(), event.clone());
                    }
                }
                self.send(To::Intake, what, event);
            }
        }
    }

    fn approve(&mut self, id: &RequestId) {
        let person = self.person(&["bob", "carol", "bob", "carol", "alice"]);
        let digest = self.digest(id);
        let click = Click { person: person.to_owned(), id: id.to_string(), digest, permissions: None, seconds: None };
        if let (Door::Slack, Some(user)) = self.door(person) {
            // What the message around the button says is nobody's concern.
            let shown = self.dice.one(&self.seen).map_or_else(String::new, |(id, digest)| format!("{id} {digest}"));
            let value = format!("{id}:{}", click.digest);
            self.recording.clicks.insert(click);
            return self.send_slack("POST /slack/interactions", &format!("{person} approves {id} in Slack"), |nth| {
                press(user, "approve", &value, &shown, nth)
            });
        }
        let (mut click, mut body) = (click.clone(), json!({"digest": click.digest}));
        if self.dice.percent(20)
            && let Some(stored) = self.site.world.stored(id)
        {
            let terms = stored.state.terms();
            let seconds = (terms.duration_seconds() / 2).max(65);
            body["durationSeconds"] = json!(seconds);
            click.seconds = Some(seconds);
            if self.dice.percent(50) {
                let left: Vec<String> = terms.permissions().iter().take(1).cloned().collect();
                body["permissions"] = json!(left);
                click.permissions = Some(left);
            }
        }
        if self.dice.percent(20) {
            body["note"] = json!("seen");
        }
        self.recording.clicks.insert(click);
        let signer = self.arn(person);
        let event = api("POST /v1/requests/{id}/approve", signer, id.as_str(), &body, None);
        self.send(To::Approval, format!("{person} approves {id}"), event);
    }

    fn decide(&mut self, id: &RequestId, how: &'static str) {
        let likely: &[&'static str] = if how == "cancel" { &["alice", "frank"] } else { &DENIED };
        let person = self.person(likely);
        if let (Door::Slack, Some(user)) = self.door(person) {
            let value = format!("{id}:{}", self.digest(id));
            return self.send_slack("POST /slack/interactions", &format!("{person} presses {how} of {id}"), |nth| {
                press(user, how, &value, "", nth)
            });
        }
        let body = if how == "cancel" { json!({}) } else { json!({"reason": "because"}) };
        let signer = self.arn(person);
        let event = api(&format!("POST /v1/requests/{{id}}/{how}"), signer, id.as_str(), &body, None);
        self.send(To::Approval, format!("{person}: {how} {id}"), event);
    }

    fn requester(&self, id: &RequestId) -> Option<&'static str> {
        let requester = self.site.world.stored(id)?.state.request.requester.to_string();
        PERSONS.iter().map(|(name, ..)| *name).find(|name| *name == requester)
    }

    fn fetch(&mut self, id: &RequestId) {
        let own = self.requester(id).unwrap_or("alice");
        let person = self.person(&[own]);
        let signer = self.arn(person);
        let event = api("POST /v1/requests/{id}/credentials", signer, id.as_str(), &json!({}), None);
        self.send(To::Credentials, format!("{person} fetches credentials of {id}"), event);
    }

    fn extend(&mut self, id: &RequestId) {
        let own = self.requester(id).unwrap_or("alice");
        let person = self.person(&[own]);
        let signer = self.arn(person);
        let body = json!({"durationSeconds": 600, "justification": format!("not done yet {}", self.acts)});
        let event = api("POST /v1/requests/{id}/extend", signer, id.as_str(), &body, None);
        self.send(To::Intake, format!("{person} extends {id}"), event);
    }

    fn erase(&mut self, id: &RequestId) {
        self.send(To::Operator, format!("erin erases the words of {id}"), json!({"requestId": id.to_string()}));
    }

    /// Somebody orders that everything of a scope ends, confirms that, or lets a person back in.
    fn sweep(&mut self) {
        let reason = json!("now");
        let whom = self.person(&["alice", "frank", "bob"]);
        let (person, route, of, body) = match self.dice.below(10) {
            0..4 => {
                let scope = [json!({"all": true}), json!({"person": whom}), json!({"account": "111111111111"})]
                    [self.dice.below(3)]
                .clone();
                (
                    self.person(&["erin", "bob", "carol"]),
                    "POST /v1/panic",
                    String::new(),
                    json!({"scope": scope, "reason": reason}),
                )
            }
            4..6 => {
                let ids = self.site.world.sweep_ids();
                let Some(id) = self.dice.one(&ids).map(ToString::to_string) else { return };
                (self.person(&["bob", "carol"]), "POST /v1/panic/{id}/confirm", id, json!({}))
            }
            6..8 => {
                (self.person(&["erin"]), "POST /v1/persons/{id}/offboard", whom.to_owned(), json!({"reason": reason}))
            }
            8 => {
                let event =
                    json!({"source": "countersign.identity", "detail-type": "personLeft", "detail": {"person": whom}});
                return self.send(To::Revocation, format!("the identity provider says that {whom} left"), event);
            }
            _ => {
                (self.person(&["erin"]), "POST /v1/persons/{id}/reinstate", whom.to_owned(), json!({"reason": reason}))
            }
        };
        let signer = self.arn(person);
        let event = api(route, signer, &of, &body, None);
        self.send(To::Approval, format!("{person}: {route} {of} {body}"), event);
    }

    /// Somebody sends what nobody signed, or in the name of nobody we know.
    fn forge(&mut self, id: &RequestId) {
        if !self.happens(Fault::Forged, 90) {
            return;
        }
        let now = self.now();
        let value = format!("{id}:{}", self.digest(id));
        let body = press("U0BOB00001", "approve", &value, "", self.acts);
        let secret = self.signs_with();
        let (to, event) = match self.dice.below(6) {
            0 => (To::Conversation, slack("POST /slack/interactions", &body, "ffffffffffffffffffffffffffffffff", now)),
            1 => {
                let foreign = body.replace("T0COUNTER1", "T0FOREIGN1");
                (To::Conversation, slack("POST /slack/interactions", &foreign, secret, now))
            }
            2 => {
                let mut event = slack("POST /slack/interactions", &body, secret, now);
                event["headers"]["x-slack-signature"] = json!("v0=");
                (To::Conversation, event)
            }
            3 => {
                // Signed as it should be, and long ago: older than Slack's five minutes by more than any clock is wrong.
                let long_ago = Time::from_second(now.as_second() - 1_000).unwrap_or(now);
                (To::Conversation, slack("POST /slack/interactions", &body, secret, long_ago))
            }
            4 => {
                let body = json!({"entitlement": "logs-read", "durationSeconds": 600, "justification": "let me in"});
                (To::Intake, api("POST /v1/requests", "user/eve", "", &body, None))
            }
            _ => {
                let body = json!({"digest": self.digest(id)});
                (To::Approval, api("POST /v1/requests/{id}/approve", "role/eve/bob", id.as_str(), &body, None))
            }
        };
        let mut letter = Letter::new(to, format!("forged about {id}"), event, now);
        letter.forged = true;
        self.letters.push(letter);
    }

    /// Something that nobody of ours does.
    pub(super) fn something_happens(&mut self) {
        match self.dice.below(9) {
            0 => self.redeliver(),
            1 => {
                if self.happens(Fault::PolicyChange, 50) {
                    let to = if self.version == Version::First { Version::Narrower } else { Version::First };
                    self.change_policy(to);
                }
            }
            2 => {
                if self.happens(Fault::Membership, 50) {
                    let to = [Version::WithoutCarol, Version::WithoutAlice, Version::First][self.dice.below(3)];
                    self.change_policy(to);
                }
            }
            3 => {
                if self.happens(Fault::NoPolicy, 30) {
                    self.site.world.set_policy(None);
                } else {
                    self.site.world.set_policy(Some(self.version.policy()));
                }
            }
            4 => {
                if self.may(Fault::Rotation, 40) {
                    // The new one is valid beside the old one, and later alone.
                    let mut side = self.site.side();
                    side.secrets =
                        if side.secrets.len() == 1 { vec![SECRETS[1], SECRETS[0]] } else { vec![SECRETS[1]] };
                }
            }
            5 => {
                if self.may(Fault::Quota, 40) {
                    let room = self.dice.below(3);
                    self.site.world.set_policy_quotas(room, 1 + room);
                } else {
                    self.site.world.set_policy_quotas(1_500, 20);
                }
            }
            6 => self.squat(),
            7 => self.drift(),
            _ => self.tell_witness(),
        }
    }

    /// Somebody is at a name before us: of a request that waits, or of the next one.
    fn squat(&mut self) {
        let ids = self.site.world.ids();
        let open = |id: &&RequestId| {
            self.site.world.stored(id).is_some_and(|stored| matches!(stored.state.phase, Phase::Pending { .. }))
        };
        let Some(id) = ids.iter().find(open).cloned() else { return };
        if !self.happens(Fault::Squatting, 60) {
            return;
        }
        let (name, now) = (id.to_string(), self.now());
        match self.dice.below(3) {
            0 if !self.site.world.roles().contains_key(&name) => {
                let role = Role {
                    request: None,
                    digest: None,
                    trust: "{}".to_owned(),
                    bounded: false,
                    created_at: now,
                    policies: BTreeMap::new(),
                };
                self.site.world.plant_role(&name, role);
                self.recording.planted_roles.insert(name.clone());
            }
            1 if !self.site.world.policies().contains_key(&name) => {
                let policy = Managed {
                    request: None,
                    digest: None,
                    managed: false,
                    elsewhere: false,
                    versions: BTreeMap::from([(1, ALL.to_owned())]),
                    default: 1,
                    created_at: now,
                };
                self.site.world.plant_policy(&name, policy);
            }
            _ => self.site.world.plant_schedule(&id),
        }
        self.say(|| format!("somebody else is at the name {name}"));
        self.recording.planted.insert(name);
        self.recording.picture(&self.site);
    }

    /// Somebody changes what we made.
    fn drift(&mut self) {
        let (roles, policies) = (self.site.world.roles(), self.site.world.policies());
        let made = |id: &RequestId| roles.contains_key(id.as_str()) || policies.contains_key(id.as_str());
        let mut ids = self.site.world.ids();
        ids.retain(|id| made(id) && !self.recording.planted.contains(id.as_str()));
        let Some(id) = self.dice.one(&ids).cloned() else { return };
        if !self.happens(Fault::Drift, 60) {
            return;
        }
        let world = &self.site.world;
        match self.dice.below(3) {
            0 => {
                world.change_role(&id, |role| drop(role.policies.insert("more".to_owned(), ALL.to_owned())));
                world.change_policy(&id, |policy| drop(policy.versions.insert(policy.default, ALL.to_owned())));
            }
            1 => world.change_role(&id, |role| role.bounded = false),
            _ => world.take_out(&id),
        }
        self.say(|| format!("somebody changes what is in IAM for {id}"));
        self.recording.tampered.insert(id.to_string());
        self.recording.picture(&self.site);
    }
}
