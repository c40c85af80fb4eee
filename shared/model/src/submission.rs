//! From what a person typed to a request: every field checked, everything wrong said at once.

use crate::amount::display_duration;
use crate::catalog::{EntitledMechanism, Entitlement, not_meant, told};
use crate::documents::{TooLarge, all_fit};
use crate::identity::Actor;
use crate::lifecycle::SHORTEST_GRANT;
use crate::names::{AccountId, GroupName, NameError, PersonId, RequestId, TicketId};
use crate::policy::{Circumstances, Decision, Policy};
use crate::request::{Mechanism, Quorum, Request, RequestFacts};
use crate::risk::{self, Risk, RiskInput};
use crate::scope::{narrow_actions, narrow_resources};
use crate::terms::Terms;
use crate::text::FreeText;
use crate::time::{Time, Window};
use crate::words::{Salt, Words};

/// What a person asks for, before anything is checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wish {
    /// The entitlement's name.
    pub entitlement: String,
    /// The actions, to narrow the entitlement's.
    pub permissions: Option<Vec<String>>,
    /// The resources, to narrow the entitlement's.
    pub resources: Option<Vec<String>>,
    /// How long, in seconds.
    pub duration_seconds: u64,
    /// Why.
    pub justification: String,
    /// The ticket.
    pub ticket: Option<String>,
    /// The request that this one extends.
    pub extends: Option<RequestId>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, by its name in the API.
    pub field: &'static str,
    /// A stable code.
    pub code: &'static str,
    /// What is wrong and what is allowed, as a sentence.
    pub message: String,
}

fn wrong(field: &'static str, code: &'static str, message: impl Into<String>) -> FieldError {
    FieldError { field, code, message: message.into() }
}

/// Whether what is wished for lies in one of `accounts`, in which this installation can make grants.
///
/// # Errors
/// If the entitlement is one of another account.
pub fn reachable(policy: &Policy, wish: &Wish, accounts: &[AccountId]) -> Result<(), FieldError> {
    match policy.catalog().entitlement(&wish.entitlement) {
        Some(entitlement) if !accounts.contains(&entitlement.account) => Err(wrong(
            "entitlement",
            "account_not_available",
            format!(
                "{} is in account {}, which is not connected to Countersign: whoever runs it adds the account to SpokeAccounts, once infra/spoke.yaml is deployed there",
                entitlement.name, entitlement.account,
            ),
        )),
        // One that does not exist is refused with what there is.
        Some(_) | None => Ok(()),
    }
}

/// Checks a wish and judges it. `salt` is that of the words in it.
///
/// # Errors
/// Everything that is wrong with it, field by field.
pub fn judge(
    policy: &Policy,
    id: RequestId,
    actor: &Actor,
    wish: &Wish,
    salt: Salt,
    now: Time,
) -> Result<(Request, Decision), Vec<FieldError>> {
    let Some(entitlement) = policy.catalog().entitlement(&wish.entitlement) else {
        return Err(vec![unknown_entitlement(policy, actor, &wish.entitlement, now)]);
    };
    let Checked { justification, ticket, permissions, resources, mechanism } = check(policy, entitlement, actor, wish)
        .map_err(|errors| {
            // What is allowed in an entitlement is told to those who may ask for it.
            if policy.requestable(actor, now).all(|allowed| allowed.name != entitlement.name) {
                return vec![unknown_entitlement(policy, actor, &wish.entitlement, now)];
            }
            errors
        })?;
    let duration = wish.duration_seconds;
    let risk = risk::assess(&RiskInput {
        actions: &permissions,
        resources: &resources,
        environment: &entitlement.environment,
        duration_seconds: duration,
    });
    let circumstances = Circumstances {
        requester: &actor.person,
        risk: risk.level,
        duration_seconds: duration,
        has_ticket: ticket.is_some(),
        now,
    };
    let quorum =
        Quorum { needed: policy.quorum(actor, entitlement, &circumstances), groups: entitlement.approvers.clone() };
    // A role's trust asks for the second factor itself.
    let at_door = matches!(mechanism, Mechanism::Session { .. } | Mechanism::Policy { .. });
    let request = Request::new(RequestFacts {
        id,
        requester: actor.person.clone(),
        identity: actor.identity.clone(),
        entitlement: entitlement.name.clone(),
        account: entitlement.account.clone(),
        environment: entitlement.environment.clone(),
        mechanism,
        permissions,
        resources,
        may_outlive: entitlement.may_outlive.clone(),
        source_ips: entitlement.source_ips.clone(),
        mfa_at_door: entitlement.mfa && at_door,
        duration_seconds: duration,
        justification: Words::new(justification, salt),
        ticket,
        channel: entitlement.channel.clone(),
        submitted_at: now,
        approval_window_seconds: entitlement.approval_window_seconds,
        risk,
        judged: policy.judged(entitlement),
        quorum,
        notices: entitlement.notices.clone(),
        extends: wish.extends.clone(),
    });
    if let Err(error) = fits(&request, now) {
        return Err(vec![wrong("resources", "too_large", error.to_string())]);
    }
    let decision = policy.decide(actor, &request, now);
    Ok((request, decision))
}

/// What would become of a wish, before all of it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// What could go wrong.
    pub risk: Risk,
    /// Whose countersignatures it would take.
    pub quorum: Quorum,
    /// Who would be asked for one first: never the requester.
    pub countersigners: Vec<PersonId>,
    /// Whether policy would refuse it whatever else is said.
    pub refused: bool,
}

/// Judges a wish that has no justification yet, and maybe no ticket. It promises nothing: [`judge`] decides.
///
/// # Errors
/// What is wrong with its actions, resources or duration, or that there is no such entitlement for this person.
pub fn preview(policy: &Policy, actor: &Actor, wish: &Wish, now: Time) -> Result<Preview, Vec<FieldError>> {
    let unknown = || vec![unknown_entitlement(policy, actor, &wish.entitlement, now)];
    let entitlement = policy.catalog().entitlement(&wish.entitlement).ok_or_else(unknown)?;
    if !policy.may_request(actor, entitlement, now) {
        return Err(unknown());
    }
    let (permissions, resources, duration) =
        (permissions(entitlement, wish), resources(entitlement, wish), duration(entitlement, wish));
    let (permissions, resources) = match (permissions, resources, duration) {
        (Ok(permissions), Ok(resources), Ok(())) => (permissions, resources),
        (permissions, resources, duration) => {
            return Err([permissions.err(), resources.err(), duration.err()].into_iter().flatten().collect());
        }
    };
    let risk = risk::assess(&RiskInput {
        actions: &permissions,
        resources: &resources,
        environment: &entitlement.environment,
        duration_seconds: wish.duration_seconds,
    });
    let circumstances = Circumstances {
        requester: &actor.person,
        risk: risk.level,
        duration_seconds: wish.duration_seconds,
        has_ticket: wish.ticket.as_deref().is_some_and(|ticket| !ticket.trim().is_empty()),
        now,
    };
    let quorum =
        Quorum { needed: policy.quorum(actor, entitlement, &circumstances), groups: entitlement.approvers.clone() };
    let asked: Vec<GroupName> = entitlement.notices.asked(&quorum.groups, 0).into_iter().cloned().collect();
    let countersigners = policy
        .catalog()
        .members(&asked, now)
        .map(|person| person.id.clone())
        .filter(|person| *person != actor.person && quorum.needed > 0)
        .collect();
    let refused = !policy.may_ask(actor, entitlement, &circumstances).granted;
    Ok(Preview { risk, quorum, countersigners, refused })
}

/// A wish's fields, each of them good.
struct Checked {
    justification: FreeText,
    ticket: Option<TicketId>,
    permissions: Vec<String>,
    resources: Vec<String>,
    mechanism: Mechanism,
}

/// Checks every field of a wish against the entitlement.
fn check(policy: &Policy, entitlement: &Entitlement, actor: &Actor, wish: &Wish) -> Result<Checked, Vec<FieldError>> {
    let justification = FreeText::new(&wish.justification).map_err(|error| {
        let message = format!("the justification {error}; say in a sentence why you need this");
        wrong("justification", "invalid_justification", message)
    });
    let fields = (
        duration(entitlement, wish),
        justification,
        ticket(entitlement, wish),
        permissions(entitlement, wish),
        resources(entitlement, wish),
        mechanism(policy, entitlement, actor),
    );
    match fields {
        (Ok(()), Ok(justification), Ok(ticket), Ok(permissions), Ok(resources), Ok(mechanism)) => {
            Ok(Checked { justification, ticket, permissions, resources, mechanism })
        }
        (duration, justification, ticket, permissions, resources, mechanism) => Err([
            duration.err(),
            justification.err(),
            ticket.err(),
            permissions.err(),
            resources.err(),
            mechanism.err(),
        ]
        .into_iter()
        .flatten()
        .collect()),
    }
}

fn permissions(entitlement: &Entitlement, wish: &Wish) -> Result<Vec<String>, FieldError> {
    let taken =
        narrow_actions(&entitlement.permissions, wish.permissions.as_deref(), entitlement.leeway).map_err(|error| {
            let message = format!("{error}; allowed: {}", some_of(&entitlement.permissions));
            wrong("permissions", "invalid_permissions", message)
        })?;
    // A catalog that was read holds no entitlement this could happen to. It is looked at again all the same, where it counts.
    let open = not_meant(entitlement, &taken);
    if open.is_empty() {
        return Ok(taken);
    }
    let message = format!("this {}, and {} is not meant to; ask its operators", told(&open), entitlement.name);
    Err(wrong("permissions", "opens_escalation_path", message))
}

fn resources(entitlement: &Entitlement, wish: &Wish) -> Result<Vec<String>, FieldError> {
    narrow_resources(&entitlement.resources, wish.resources.as_deref(), entitlement.leeway).map_err(|error| {
        let message = format!("{error}; allowed: {}", some_of(&entitlement.resources));
        wrong("resources", "invalid_resources", message)
    })
}

fn duration(entitlement: &Entitlement, wish: &Wish) -> Result<(), FieldError> {
    if (SHORTEST_GRANT..=entitlement.max_duration_seconds).contains(&wish.duration_seconds) {
        return Ok(());
    }
    let message = format!(
        "{} can be had for {} to {}, not for {}",
        entitlement.name,
        display_duration(SHORTEST_GRANT),
        display_duration(entitlement.max_duration_seconds),
        display_duration(wish.duration_seconds),
    );
    Err(wrong("durationSeconds", "invalid_duration", message))
}

fn ticket(entitlement: &Entitlement, wish: &Wish) -> Result<Option<TicketId>, FieldError> {
    match wish.ticket.as_deref().map(str::trim).filter(|ticket| !ticket.is_empty()) {
        Some(ticket) => {
            ticket.parse().map(Some).map_err(|error: NameError| wrong("ticketId", "invalid_ticket", error.to_string()))
        }
        None if entitlement.ticket_required => {
            Err(wrong("ticketId", "ticket_required", format!("{} takes a ticket", entitlement.name)))
        }
        None => Ok(None),
    }
}

/// Whether every document of the request fits AWS's limits; a window's length does not matter.
fn fits(request: &Request, now: Time) -> Result<(), TooLarge> {
    let Ok(window) = Window::starting(now, request.duration_seconds) else { return Ok(()) };
    all_fit(Terms::as_asked(request), window)
}

fn mechanism(policy: &Policy, entitlement: &Entitlement, actor: &Actor) -> Result<Mechanism, FieldError> {
    match &entitlement.mechanism {
        EntitledMechanism::Session { base_role } => Ok(Mechanism::Session { base_role: base_role.clone() }),
        EntitledMechanism::Role => {
            let mut principals =
                policy.catalog().person(&actor.person).map(|person| person.principals.clone()).unwrap_or_default();
            let known = !principals.is_empty();
            // Credentials of a role never carry a second factor into another one: through them a
            // role that asks for it can't be entered. Source: IAM user guide, MFA-protected API access.
            principals.retain(|principal| !entitlement.mfa || !principal.is_role());
            if principals.is_empty() && known {
                return Err(wrong(
                    "entitlement",
                    "no_principal",
                    format!(
                        "{} is entered with an IAM user of your own and a second factor, which sessions of roles do not carry; the catalog knows only roles of yours: ask its operators to add a user",
                        entitlement.name,
                    ),
                ));
            }
            if principals.is_empty() {
                return Err(wrong(
                    "entitlement",
                    "no_principal",
                    format!(
                        "{} is entered with an IAM user or role of your own, and the catalog knows none of yours; ask its operators to add it",
                        entitlement.name,
                    ),
                ));
            }
            Ok(Mechanism::Role { principals, mfa: entitlement.mfa })
        }
        EntitledMechanism::Policy { target_role } => Ok(Mechanism::Policy { target_role: target_role.clone() }),
    }
}

fn unknown_entitlement(policy: &Policy, actor: &Actor, name: &str, now: Time) -> FieldError {
    let names: Vec<String> = policy.requestable(actor, now).map(|entitlement| entitlement.name.to_string()).collect();
    let allowed = if names.is_empty() {
        "you may not ask for any".to_owned()
    } else {
        format!("you may ask for: {}", some_of(&names))
    };
    wrong(
        "entitlement",
        "unknown_entitlement",
        format!("there is no entitlement `{}`; {allowed}", crate::text::inert(name, 64)),
    )
}

/// A list as a person reads it, cut at ten.
fn some_of(all: &[String]) -> String {
    let shown: Vec<&str> = all.iter().take(10).map(String::as_str).collect();
    let more = all.len().saturating_sub(10);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

#[cfg(test)]
mod tests;
