//! What a decision takes: what is asked for is checked, its risk computed, and policy asked, all in memory. With ever more
//! entitlements and policies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use benches::time::Clock;
use contracts::repository;
use flate2::Compression;
use flate2::write::GzEncoder;
use model::identity::{Actor, Identity};
use model::names::RequestId;
use model::policy::{Bundle, Decision, Policy};
use model::submission::{Wish, judge};
use model::time::Time;
use model::words::Salt;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// A second's worth of measuring at the most, at each size.
const SECONDS: f64 = 0.5;

/// Decisions that are counted apart: what comes before them is counted with each of both runs.
const FEW: usize = 100;
const MANY: usize = 1_100;

/// The sample bundle, with more entitlements and policies, each policy about one of them.
fn bundle(entitlements: usize, policies: usize) -> Result<Bundle, String> {
    let mut catalog = repository::text("infra/policy/catalog.yaml")?;
    for nth in 0..entitlements {
        let _ = write!(
            catalog,
            "\n  more-{nth}:\n    description: For figures\n    account: \"111111111111\"\n    environment: prod\n    \
             mechanism: session\n    baseRole: arn:aws:iam::111111111111:role/countersign-base/more-{nth}\n    \
             permissions: [dynamodb:GetItem]\n    resources: [\"arn:aws:dynamodb:us-east-1:111111111111:table/more-{nth}\"]\n    \
             maxDuration: 2h\n    approvals: 1\n    approvers: [approvers]\n    channel: C0APPROVALS\n"
        );
    }
    let mut cedar = repository::text("infra/policy/policies.cedar")?;
    for nth in 0..policies {
        let about = nth.checked_rem(entitlements).map_or_else(|| "logs-read".to_owned(), |nth| format!("more-{nth}"));
        let _ = write!(
            cedar,
            "\n@id(\"more-{nth}\")\nforbid (\n  principal in Countersign::Group::\"auditors\",\n  action == \
             Countersign::Action::\"request\",\n  resource == Countersign::Entitlement::\"{about}\"\n) when {{\n  \
             context.durationSeconds > 3600 && context.hour < 6\n}};\n"
        );
    }
    Ok(Bundle { catalog, policies: cedar, schema: repository::text("infra/policy/schema.cedarschema")? })
}

/// Alice asks, once.
fn decide(policy: &Policy, nth: usize) -> Result<Decision, String> {
    let refused = |what: &str| format!("{what} is none");
    let principal = "arn:aws:iam::111111111111:user/alice".to_owned();
    let actor = Actor {
        person: "alice".parse().map_err(|_| refused("a person"))?,
        identity: Identity::Api { principal },
        mfa: false,
    };
    let wish = Wish {
        entitlement: "orders-db-debug".to_owned(),
        duration_seconds: 1_800,
        justification: "orders are stuck".to_owned(),
        ..Wish::default()
    };
    let id: RequestId = format!("req_0198c0ffee007000{nth:016x}").parse().map_err(|_| refused("an id"))?;
    let now: Time = "2026-11-20T12:00:00Z".parse().map_err(|_| refused("a time"))?;
    let judged = judge(policy, id, &actor, &wish, Salt::new([7; 16]), now);
    judged.map(|(_, decision)| decision).map_err(|errors| format!("{errors:?}"))
}

fn loaded(bundle: &Bundle) -> Result<Policy, String> {
    Policy::load(bundle).map_err(|problems| problems.to_string())
}

/// What it takes at one size, on average: to load the bundle, and to decide.
fn measured(entitlements: usize, policies: usize) -> Result<Value, String> {
    let bundle = bundle(entitlements, policies)?;
    // The kernel tells this thread's time in steps, which may be longer than many decisions: no single one is measured.
    let times = |work: &mut dyn FnMut(usize) -> Result<(), String>| {
        let clock = Clock::start();
        let mut done = 0_usize;
        while done < 5 || clock.seconds() < SECONDS {
            work(done)?;
            done += 1;
        }
        Ok::<_, String>(clock.seconds() * 1e6 / done as f64)
    };
    let load = times(&mut |_| loaded(&bundle).map(drop))?;
    let policy = loaded(&bundle)?;
    let each = times(&mut |nth| match decide(&policy, nth)? {
        Decision::NeedsApprovals { .. } => Ok(()),
        other @ (Decision::Deny { .. } | Decision::AutoApprove { .. }) => {
            Err(format!("{other:?}, and was to need approvals"))
        }
    })?;
    Ok(json!({"entitlements": policy.catalog().entitlements().count(), "morePolicies": policies, "loadMicros": load,
        "decisionMicros": each}))
}

/// Ever more entitlements, then ever more policies.
///
/// # Errors
/// A bundle does not load, or something else is decided.
pub(crate) fn growth() -> Result<Vec<Value>, String> {
    let sizes = [10, 100, 1_000, 10_000];
    let entitlements = sizes.iter().map(|size| measured(*size, 0));
    entitlements.chain(sizes.iter().map(|size| measured(10, *size))).collect()
}

/// Takes so many decisions, for who counts what they take.
///
/// # Errors
/// As [`growth`].
pub(crate) fn repeated(times: usize) -> Result<(), String> {
    let policy = loaded(&bundle(0, 0)?)?;
    (0..times).try_for_each(|nth| decide(&policy, nth).map(|decision| drop(std::hint::black_box(decision))))
}

/// Instructions of one decision, by callgrind; `None`: there is no valgrind here.
///
/// # Errors
/// It is there, and says nothing that can be read.
pub(crate) fn instructions() -> Result<Option<u64>, String> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Ok(None);
    }
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let few = counted(&this, FEW)?;
    let many = counted(&this, MANY)?;
    Ok(many.checked_sub(few).map(|all| all / (MANY - FEW) as u64))
}

fn counted(program: &Path, times: usize) -> Result<u64, String> {
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["decide", &times.to_string()])
        .output()
        .map_err(|error| format!("can't start valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&ran.stderr);
    let line = said.lines().find_map(|line| line.split_once("Collected :"));
    let count = line.and_then(|(_, count)| count.trim().parse().ok());
    count.ok_or_else(|| format!("callgrind counted nothing: {said}"))
}

/// The sample bundle as the item of the table that it is published as, sealed.
///
/// # Errors
/// It can't be read or packed.
pub(crate) fn published() -> Result<Value, String> {
    let bundle = bundle(0, 0)?;
    let files = json!({"catalog": bundle.catalog, "cedar": bundle.policies, "schema": bundle.schema}).to_string();
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let packed =
        packed.write_all(files.as_bytes()).and_then(|()| packed.finish()).map_err(|error| error.to_string())?;
    let text = |text: &str| json!({"S": text});
    Ok(json!({"pk": text("POLICY"), "sk": text("ACTIVE"), "files": {"B": STANDARD.encode(packed)},
        "digest": text(&bundle.digest().to_string()), "seal": text(&bundle.seal().to_string()),
        "by": text("erin"), "at": text("2026-11-20T12:00:00Z")}))
}
