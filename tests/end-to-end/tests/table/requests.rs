//! Steps with requests: submitted, changed, and sent again.

use end_to_end::failure::Failure;
use model::digest::Digest;
use model::identity::Cause;
use model::lifecycle::{Command, EndReason, Evidence, Permission, State, Transition, Vote, decide, submit};
use model::limits::{Slot, SlotKind};
use model::names::{PersonId, RequestId};
use model::submission::{Wish, judge};
use model::text::FreeText;
use model::time::Time;
use model::words::{Salt, Words};
use record::chain::Head;
use workflow::ports::{Commit, CommitRequest as _, Guard, LoadRequest as _, Stored};

use crate::both::ask;
use crate::times::{about, before, lasting};
use crate::walk::{ENTITLEMENTS, PEOPLE, Walk, actor, links, named};

/// Signatures, idempotency keys and messages' targets, each few.
pub(crate) const FEW: [&str; 3] = ["number-one", "number-two", "number-three"];

/// Most guards of a commit.
const GUARDS: u64 = 5;

/// Something that somebody says.
pub(crate) fn words(salt: u64) -> Result<Words, Failure> {
    let said = FreeText::new("the orders are stuck").map_err(|error| Failure::of("writing words", &error))?;
    Ok(Words::new(said, Salt::new(u128::from(salt).to_be_bytes())))
}

/// Whoever may.
pub(crate) fn granted() -> Permission {
    Permission { granted: true, rules: Vec::new() }
}

impl Walk<'_> {
    /// Somebody asks for something. Now and then by an id that there is.
    pub(crate) async fn submit(&mut self) -> Result<(), Failure> {
        let id = if self.dice.below(10) == 0 { self.request()? } else { self.new_request()? };
        let by = actor(self.dice.one(&PEOPLE).copied().unwrap_or_default())?;
        let wish = Wish {
            entitlement: self.dice.one(&ENTITLEMENTS).copied().unwrap_or_default().to_owned(),
            duration_seconds: 900,
            justification: "orders are stuck".to_owned(),
            ..Wish::default()
        };
        let now = about(self.now(), &mut self.dice);
        let salt = Salt::new(u128::from(self.dice.number()).to_be_bytes());
        let (request, decision) = judge(&self.policy, id.clone(), &by, &wish, salt, now)
            .map_err(|errors| Failure::new(format!("{errors:?}")))?;
        let mut transition = submit(request, &decision, now);
        if self.dice.below(2) == 0 {
            transition = transition.then(&Command::StartProvisioning, now);
        }
        self.store(id, Head::START, &Cause::Person(by), transition, now).await
    }

    /// Something happens to a request that there is, whichever of all commands it takes first.
    pub(crate) async fn change(&mut self) -> Result<(), Failure> {
        let id = self.request()?;
        let Some(versions) = self.requests.get(&id).cloned() else { return self.submit().await };
        let ahead = |stored: &mut Stored, places: u64| stored.head.seq = stored.head.seq.saturating_add(places);
        let Some(stored) = self.version(&versions, ahead) else { return self.submit().await };
        let now = about(self.now(), &mut self.dice).max(stored.at);
        let mut commands = commands(&stored.state, now, self.dice.number())?;
        while !commands.is_empty() {
            let nth = self.dice.below(u64::try_from(commands.len()).unwrap_or(u64::MAX));
            let command = commands.swap_remove(usize::try_from(nth).unwrap_or_default());
            if let Ok(transition) = decide(&stored.state, &command, now)
                && !transition.events.is_empty()
            {
                return self.store(id, stored.head, &Cause::system("walk"), transition, now).await;
            }
        }
        Ok(())
    }

    async fn store(
        &mut self,
        id: RequestId,
        head: Head,
        cause: &Cause,
        transition: Transition,
        now: Time,
    ) -> Result<(), Failure> {
        let (links, after) = links(head, id.as_str(), cause, &transition.events, now)?;
        let next = Stored { state: transition.next, head: after, at: now };
        let guards = self.guards(now)?;
        self.commit(Commit { id, expected: head.seq, links, next, guards }).await
    }

    /// The commit before, as it was, or with other guards.
    pub(crate) async fn again(&mut self) -> Result<(), Failure> {
        let Some(mut last) = self.last.clone() else { return self.submit().await };
        if self.dice.below(2) == 0 {
            last.guards = self.guards(last.next.at)?;
        }
        self.commit(last).await
    }

    async fn commit(&mut self, commit: Commit) -> Result<(), Failure> {
        let outcome = ask!(self.both, commit(commit.clone()))?;
        if outcome.is_ok() {
            for guard in &commit.guards {
                match guard {
                    Guard::Replay { key, forget_at } => {
                        self.marks.insert(*key, *forget_at);
                    }
                    Guard::Slot { person, slot, .. } => {
                        self.holders.insert((person.clone(), *slot), commit.id.clone());
                    }
                    Guard::NotBarred { .. } | Guard::Anchored { .. } | Guard::Idempotency { .. } => {}
                }
            }
            self.requests.entry(commit.id.clone()).or_default().push(commit.next.clone());
        }
        self.came_to(&outcome);
        // Also what was there before, if it was not stored.
        if self.dice.below(4) == 0 {
            ask!(self.both, load(&commit.id))?.ok();
        }
        self.last = Some(commit);
        Ok(())
    }

    /// Some of all kinds of guards, mostly none or one.
    fn guards(&mut self, now: Time) -> Result<Vec<Guard>, Failure> {
        let most = self.dice.below(GUARDS);
        let count = self.dice.below(most.saturating_add(1));
        (0..count).map(|_| self.guard(now)).collect()
    }

    fn guard(&mut self, now: Time) -> Result<Guard, Failure> {
        let person = self.person()?;
        let one = self.dice.one(&FEW).copied().unwrap_or_default();
        let until = now.plus(lasting(&mut self.dice));
        Ok(match self.dice.below(9) {
            0 | 1 => Guard::Replay { key: Digest::of(one.as_bytes()), forget_at: until },
            2 => Guard::NotBarred { person },
            3 => Guard::Anchored { not_before: before(now, lasting(&mut self.dice)) },
            4 | 5 => {
                let payload = Digest::of(&self.dice.below(2).to_be_bytes());
                Guard::Idempotency { person, key: named(one)?, payload, forget_at: until }
            }
            _ => {
                let kinds = [SlotKind::Hour, SlotKind::Open, SlotKind::Vote];
                let kind = self.dice.one(&kinds).copied().unwrap_or(SlotKind::Open);
                let slot = Slot { kind, number: u32::try_from(self.dice.below(2)).unwrap_or_default() };
                let instead_of = self.instead_of(&person, slot)?;
                Guard::Slot { person, slot, until, instead_of }
            }
        })
    }

    /// Whoever holds the slot, another request, or nobody.
    fn instead_of(&mut self, person: &PersonId, slot: Slot) -> Result<Option<RequestId>, Failure> {
        Ok(match self.dice.below(3) {
            0 => None,
            1 => Some(self.request()?),
            _ => self.holders.get(&(person.clone(), slot)).cloned(),
        })
    }
}

/// Whatever can be attempted, all of it.
fn commands(state: &State, now: Time, drawn: u64) -> Result<Vec<Command>, Failure> {
    let evidence = || Evidence { checked_at: now, findings: vec!["as it should be".to_owned()] };
    let code = || "ServiceException".to_owned();
    let requester = actor(state.request.requester.as_str())?;
    let approve = |by: &str| {
        Ok::<_, Failure>(Command::Approve {
            by: actor(by)?,
            digest: state.terms().digest(),
            permission: granted(),
            judged: Some(state.request.judged),
            vote: Box::new(Vote { note: Some(words(drawn)?), ..Vote::default() }),
        })
    };
    Ok(vec![
        approve("bob")?,
        approve("carol")?,
        approve("dave")?,
        Command::Deny { by: actor("bob")?, reason: words(drawn)?, permission: granted() },
        Command::Cancel { by: requester.clone() },
        Command::Revoke { by: actor("carol")?, reason: words(drawn)?, permission: granted() },
        Command::Lapse,
        Command::Remind,
        Command::Warn,
        Command::StartProvisioning,
        Command::ProvisioningFailed { code: code() },
        Command::Activate { evidence: evidence() },
        Command::RequestCredentials { by: requester },
        Command::IssueCredentials { access_key_id: "ASIAEXAMPLE".to_owned(), expires_at: now.plus(900) },
        Command::CredentialsFailed { code: code() },
        Command::StartRevocation { reason: EndReason::Expired },
        Command::Stop { reason: EndReason::Panic },
        Command::PlaceTombstone,
        Command::RevocationFailed { code: code() },
        Command::End { evidence: evidence() },
        Command::Verify { evidence: evidence() },
        Command::RemoveTombstone,
        Command::EraseWords { by: "arn:aws:iam::111111111111:user/erin".to_owned() },
        Command::NoteRefusal { command: "approve".to_owned(), code: "not_permitted".to_owned() },
    ])
}
