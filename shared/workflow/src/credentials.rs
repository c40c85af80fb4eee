//! The requester's live sessions. Credentials pass through and are neither stored nor logged.

use crate::command::{CommandError, carry_out_on};
use crate::ports::{AssumeBaseRole, Clock, CommitRequest, Credentials, Fault, Guard, LoadRequest, Policies, Stored};
use model::documents::session_policy;
use model::identity::{Actor, Cause};
use model::lifecycle::{Command, Phase};
use model::names::RequestId;
use model::refusal::Refusal;
use model::request::{Mechanism, Status};
use model::time::Time;

/// Shortest session STS gives, in seconds. Source: STS API reference, `AssumeRole`.
const SHORTEST_SESSION: u64 = 900;

/// Longest session a function can get, in seconds: its own credentials are a role session, and
/// role chaining ends after an hour. Source: STS API reference, `AssumeRole`.
const LONGEST_SESSION: u64 = 3_600;

/// Packed policy size from which it is logged as a warning, in percent.
const PACKED_WARNING: i32 = 70;

/// Gets credentials for `actor`, who must be the requester of the active grant `id`.
///
/// The intent is recorded before STS is called and the outcome before anything is handed out. The
/// session outlives the window if less than 15 minutes are left; its policy does not.
///
/// # Errors
/// See [`CommandError`].
pub async fn credentials<P>(ports: &P, actor: &Actor, id: &RequestId) -> Result<Credentials, CommandError>
where
    P: Policies + LoadRequest + CommitRequest + Clock + AssumeBaseRole,
{
    let cause = Cause::Person(actor.clone());
    let (policy, read) = futures_util::join!(ports.policy(), ports.load(id));
    let (policy, read) = (policy?, read?);
    if let Some(stored) = &read
        && stored.state.request.requester == actor.person
        && !policy.may_still_ask(&stored.state.request)
    {
        // Whoever could not ask for it any more gets no further sessions of it.
        let refusal = Refusal::NotPermitted { action: "use" };
        let note =
            |_: &Stored, _| Command::NoteRefusal { command: "credentials".to_owned(), code: refusal.code().to_owned() };
        let done = Box::pin(carry_out_on(ports, read.clone(), id, &cause, note, None, &[])).await?;
        return Err(CommandError::Refused { refusal, stored: Box::new(done.stored) });
    }
    let ask = |_: &Stored, _| Command::RequestCredentials { by: actor.clone() };
    let unbarred = [Guard::NotBarred { person: actor.person.clone() }];
    // Boxed: what is awaited here is large.
    let stored = Box::pin(carry_out_on(ports, read, id, &cause, ask, None, &unbarred)).await?.stored;
    match assume(ports, &stored).await {
        Ok(mut credentials) => {
            let window_end = crate::ports::window(&stored).map(model::time::Window::expires_at);
            if let Some(end) = window_end.filter(|_| !model::seeded!("credentials-past-the-window")) {
                credentials.expires_at = credentials.expires_at.min(end);
            }
            let secret = model::seeded!("a-secret-in-the-record");
            let recorded = if secret { &credentials.secret_access_key } else { &credentials.access_key_id };
            let note = |_: &Stored, _| Command::IssueCredentials {
                access_key_id: recorded.clone(),
                expires_at: credentials.expires_at,
            };
            let done = Box::pin(carry_out_on(ports, Some(stored), id, &cause, note, None, &[])).await?;
            // Ended meanwhile: what STS gave is denied everything already, and is not handed out.
            let ended = !matches!(done.stored.state.phase, Phase::Active { .. });
            if ended && !model::seeded!("credentials-after-the-end") {
                let refusal = Refusal::NotActive { status: done.stored.state.status() };
                return Err(CommandError::Refused { refusal, stored: Box::new(done.stored) });
            }
            Ok(credentials)
        }
        Err(fault) => {
            tracing::error!(request.id = %id, error.code = %fault.code, "no credentials for {id}: {fault}");
            let note = |_: &Stored, _| Command::CredentialsFailed { code: fault.code.clone() };
            Box::pin(carry_out_on(ports, Some(stored), id, &cause, note, None, &[])).await?;
            Err(fault.into())
        }
    }
}

async fn assume<P: AssumeBaseRole + Clock>(ports: &P, stored: &Stored) -> Result<Credentials, Fault> {
    let request = &stored.state.request;
    let not_active = || Fault::new("get credentials", Status::Ended.as_str());
    let window = crate::ports::window(stored).ok_or_else(not_active)?;
    let role = match &request.mechanism {
        Mechanism::Session { base_role } => base_role,
        Mechanism::Policy { target_role } => target_role,
        Mechanism::Role { .. } => return Err(not_active()),
    };
    let policy = session_policy(stored.state.terms(), window)
        .map_err(|_| Fault::new("write the session policy", "too_large"))?;
    let left = ports.now().seconds_until(window.expires_at());
    if left == 0 {
        return Err(not_active());
    }
    let seconds = i32::try_from(left.clamp(SHORTEST_SESSION, LONGEST_SESSION)).unwrap_or(900);
    let credentials = ports.assume(request, role, &policy, seconds).await?;
    if let Some(percent) = credentials.packed_percent.filter(|percent| *percent >= PACKED_WARNING) {
        tracing::warn!(request.id = %request.id, percent, "the packed session policy of {} is at {percent} %", request.id);
    }
    Ok(credentials)
}

/// The `credential_process` document. Source: AWS SDKs reference, process credential provider.
pub fn credential_process(credentials: &Credentials) -> serde_json::Value {
    let expiration: Time = credentials.expires_at;
    serde_json::json!({
        "Version": 1,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token,
        "Expiration": expiration.to_string(),
    })
}
