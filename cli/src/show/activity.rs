//! What was done under a grant: numbers, what is odd, how much is known, and the calls.

use super::{card, items, number, table as columns, text, texts};
use model::text::inert;
use model::time::Time;
use serde_json::Value;

/// Longest name of something that was called, done or counted.
const NAME: usize = 120;

/// Longest sentence.
const SENTENCE: usize = 600;

/// Names of one kind that the numbers name, the most frequent first.
const MOST: usize = 5;

/// What was asked for, and what came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    /// The API's pages, joined.
    pub(crate) all: &'a Value,
    /// Whether only some calls were asked for.
    pub(crate) is_filtered: bool,
    /// From when on.
    pub(crate) after: Option<Time>,
    /// Until when.
    pub(crate) before: Option<Time>,
}

impl Shown<'_> {
    fn calls(&self) -> &[Value] {
        items(self.all, "items")
    }

    /// The time of the last call that is shown, if others follow it.
    fn goes_on_after(&self) -> Option<&str> {
        self.all.get("cursor").filter(|cursor| !cursor.is_null())?;
        self.calls().last().map(|one| text(call(one), "at"))
    }

    fn more(&self) -> Option<String> {
        let last = inert(self.goes_on_after()?, NAME);
        let shown = self.calls().len();
        Some(format!("There are more calls than these {shown}: --limit shows more, --after {last} those that follow."))
    }
}

/// What is said where there never was access.
const NEVER: &str = "It never was access, so nothing was done with it.";

/// Numbers first, then what is odd, what is known, what was run, and the calls.
pub(crate) fn table(shown: &Shown<'_>) -> String {
    let Some(activity) = shown.all.get("activity").filter(|activity| !activity.is_null()) else {
        return NEVER.to_owned();
    };
    let mut parts = vec![numbers(shown.all, activity)];
    parts.push(under("findings", &findings(items(shown.all, "findings"))));
    parts.push(under("known", &coverage(shown.all.get("coverage").unwrap_or(&Value::Null))));
    let runs: Vec<String> =
        items(shown.all, "runs").iter().map(|run| format!("{}  {}", at(run), told_run(run))).collect();
    if !runs.is_empty() {
        parts.push(under("said to have been run by the requester", &runs.join("\n")));
    }
    let nothing = if shown.is_filtered { "no such calls" } else { "no calls" };
    let rows = shown.calls().iter().map(|one| {
        let call = call(one);
        vec![at(call), done(call), result(one), on(call), inert(text(one, "rule"), NAME), flags(one)]
    });
    let rows = columns(&["time", "action", "result", "resource", "known by", "flags"], rows.collect(), nothing);
    parts.push(under("calls", &rows));
    parts.extend(shown.more());
    parts.join("\n\n")
}

/// Calls, findings and runs in the order of their time, one a line.
pub(crate) fn timeline(shown: &Shown<'_>) -> String {
    if shown.all.get("activity").is_none_or(Value::is_null) {
        return NEVER.to_owned();
    }
    let calls =
        shown.calls().iter().map(|one| (time(call(one)), format!("{}  call     {}", at(call(one)), told_call(one))));
    // Behind the last call that is shown there are others, so nothing is said of that time.
    let last = shown.goes_on_after().and_then(|at| at.parse::<Time>().ok());
    let is_shown = |at: Option<Time>| {
        at.is_none_or(|at| {
            shown.after.is_none_or(|after| after <= at)
                && shown.before.is_none_or(|before| at < before)
                && last.is_none_or(|last| at <= last)
        })
    };
    let findings = items(shown.all, "findings").iter().map(|one| {
        let told = format!("{} {}: {}", word(one, "severity"), word(one, "rule"), inert(text(one, "reason"), SENTENCE));
        (time(one), format!("{}  finding  {told}", at(one)))
    });
    let runs =
        items(shown.all, "runs").iter().map(|run| (time(run), format!("{}  run      {}", at(run), told_run(run))));
    let mut lines: Vec<(Option<Time>, String)> = calls.collect();
    lines.extend(findings.chain(runs).filter(|(at, _)| is_shown(*at)));
    lines.sort_by_key(|(at, _)| *at);
    let mut lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    if lines.is_empty() {
        lines.push(if shown.is_filtered { "nothing of that kind" } else { "nothing was recorded" }.to_owned());
    }
    lines.extend(shown.more().map(|more| format!("\n{more}")));
    let known = shown.all.get("coverage").unwrap_or(&Value::Null);
    lines.push(format!("\n{}", state(known)));
    lines.join("\n")
}

fn under(heading: &str, text: &str) -> String {
    format!("{}\n{text}", heading.to_uppercase())
}

fn word(value: &Value, field: &str) -> String {
    inert(text(value, field), NAME)
}

fn call(entry: &Value) -> &Value {
    entry.get("call").unwrap_or(&Value::Null)
}

fn time(value: &Value) -> Option<Time> {
    text(value, "at").parse().ok()
}

fn at(value: &Value) -> String {
    word(value, "at")
}

fn numbers(all: &Value, activity: &Value) -> String {
    let count = |field: &str| number(activity, field);
    let (calls, reads) = (count("calls"), count("reads"));
    let mut of = vec![format!("{reads} read"), format!("{} write", calls.saturating_sub(reads))];
    of.push(format!("{} denied", count("denied")));
    of.push(format!("{} after the end", count("afterEnd")));
    let others = [
        ("failed", "failed otherwise"),
        ("dataCalls", "on data"),
        ("chained", "by sessions of other roles"),
        ("byServices", "by services on its behalf"),
    ];
    of.extend(
        others.iter().filter(|(field, _)| count(field) > 0).map(|(field, what)| format!("{} {what}", count(field))),
    );
    let span = match (word(activity, "first"), word(activity, "last")) {
        (first, _) if first.is_empty() => String::new(),
        (first, last) => format!("{first} to {last}"),
    };
    let left_out = [("uncounted", "without a place in these lists"), ("notKept", "counted and not listed below")];
    let left_out: Vec<String> = left_out
        .iter()
        .filter(|(field, _)| count(field) > 0)
        .map(|(field, what)| format!("{} {what}", count(field)))
        .collect();
    card(vec![
        ("request", word(all, "requestId")),
        ("calls", format!("{calls}: {}", of.join(", "))),
        ("when", span),
        ("most", most(activity, "actions")),
        ("on", most(activity, "resources")),
        ("from", most(activity, "addresses")),
        ("with", most(activity, "agents")),
        ("errors", most(activity, "errors")),
        ("regions", most(activity, "regions")),
        ("known by", most(activity, "rules")),
        ("also", left_out.join(", ")),
    ])
}

/// What of a map of counts is most frequent.
fn most(activity: &Value, field: &str) -> String {
    let counted = activity.get(field).and_then(Value::as_object);
    let times = |value: &Value| value.as_u64().unwrap_or_else(|| number(value, "times"));
    let mut all: Vec<(u64, &String)> =
        counted.into_iter().flatten().map(|(name, value)| (times(value), name)).collect();
    all.sort_by(|one, other| (other.0, one.1).cmp(&(one.0, other.1)));
    let more = all.len().saturating_sub(MOST);
    let mut shown: Vec<String> =
        all.iter().take(MOST).map(|(times, name)| format!("{} ({times})", inert(name, NAME))).collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown.join(", ")
}

fn findings(found: &[Value]) -> String {
    if found.is_empty() {
        return "nothing odd was noticed".to_owned();
    }
    let lines = found.iter().map(|one| {
        let (severity, rule) = (word(one, "severity"), word(one, "rule"));
        format!("{severity:<8}  {rule:<18}  {}  {}", at(one), inert(text(one, "reason"), SENTENCE))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn state(known: &Value) -> String {
    let word = text(known, "state");
    let meaning = match word {
        "collecting" => "the grant goes on or ended a moment ago; records are expected still",
        "provisional" => "the usual delay of records is over, and nothing proves yet that none is missing",
        "final" => "CloudTrail's signed digests prove that no file is missing or changed",
        _ => "this program does not know that word",
    };
    format!("{}: {meaning}", inert(word, NAME))
}

fn coverage(known: &Value) -> String {
    let sources = items(known, "sources").iter().map(|one| {
        let state = match text(one, "state") {
            "off" => "not set up".to_owned(),
            "awaited" => "nothing came yet".to_owned(),
            "in" => format!("in, {} calls", number(one, "calls")),
            other => inert(other, NAME),
        };
        format!("{}: {state}", word(one, "source"))
    });
    let regions = items(known, "regions").iter().map(|one| {
        let proven = one.get("validated").and_then(Value::as_bool).unwrap_or_default();
        let (files, records) = (number(one, "files"), number(one, "records"));
        let aside = match number(one, "quarantined") {
            0 => String::new(),
            aside => format!(", {aside} put aside"),
        };
        let proven = if proven { "proven whole" } else { "not proven" };
        format!("{} ({proven}; {files} files, {records} records{aside})", word(one, "region"))
    });
    let kinds = known.get("kinds").unwrap_or(&Value::Null);
    let told = card(vec![
        ("state", state(known)),
        ("hours", format!("{} to {}", word(known, "from"), word(known, "until"))),
        ("settled by", if text(known, "state") == "final" { String::new() } else { word(known, "finalBy") }),
        ("sources", sources.collect::<Vec<_>>().join("; ")),
        ("regions", regions.collect::<Vec<_>>().join("; ")),
        ("kinds", inert(text(kinds, "sentence"), SENTENCE)),
    ]);
    let gaps = items(known, "gaps")
        .iter()
        .map(|gap| format!("\ngap {}: {}", word(gap, "code"), inert(text(gap, "sentence"), SENTENCE)));
    let more = match number(known, "moreGaps") {
        0 => String::new(),
        more => format!("\nand {more} more gaps"),
    };
    format!("{told}{}{more}", gaps.collect::<String>())
}

/// The IAM action of a call, or what was called if that is not known.
fn done(call: &Value) -> String {
    match text(call, "action") {
        "" => inert(&format!("{}:{}", text(call, "service"), text(call, "name")), NAME),
        action => inert(action, NAME),
    }
}

fn result(entry: &Value) -> String {
    let denied = entry.get("denied").and_then(Value::as_bool).unwrap_or_default();
    match (text(call(entry), "error"), denied) {
        ("", _) => "ok".to_owned(),
        (_, true) => "denied".to_owned(),
        (code, false) => inert(code, NAME),
    }
}

/// The first resource, shortened at its front, where all ARNs are alike; and how many more there are.
fn on(call: &Value) -> String {
    const LONGEST: usize = 70;
    let resources = items(call, "resources");
    let first = inert(resources.first().and_then(Value::as_str).unwrap_or_default(), 2_000);
    let over = first.chars().count().saturating_sub(LONGEST);
    let first = if over == 0 { first } else { format!("…{}", first.chars().skip(over).collect::<String>()) };
    match resources.len() {
        0 | 1 => first,
        several => format!("{first} +{}", several.saturating_sub(1)),
    }
}

fn flags(entry: &Value) -> String {
    let call = call(entry);
    let caller = call.get("caller").unwrap_or(&Value::Null);
    let is = |value: &Value, field: &str| value.get(field).and_then(Value::as_bool).unwrap_or_default();
    let mut flags = Vec::new();
    match text(entry, "when") {
        "after" => flags.push("after the end".to_owned()),
        "justBefore" => flags.push("before the beginning".to_owned()),
        _ => {}
    }
    let shown = [
        (!is(call, "readOnly"), "write"),
        (is(entry, "chained"), "another role"),
        (text(call, "category") == "data", "data"),
        (text(call, "category") == "kubernetes", "kubernetes"),
        (is(caller, "console"), "console"),
        (is(call, "incomplete"), "record cut"),
    ];
    flags.extend(shown.iter().filter(|(set, _)| *set).map(|(_, flag)| (*flag).to_owned()));
    if !text(caller, "invokedBy").is_empty() {
        flags.push(format!("by {}", word(caller, "invokedBy")));
    }
    flags.join(", ")
}

fn told_call(entry: &Value) -> String {
    let call = call(entry);
    let resources = texts(call, "resources");
    let on = if resources.is_empty() { String::new() } else { format!(" on {resources}") };
    let result = match result(entry).as_str() {
        "ok" => String::new(),
        "denied" => format!(" – denied ({})", word(call, "error")),
        failed => format!(" – failed ({failed})"),
    };
    let flags = flags(entry);
    let flags = if flags.is_empty() { flags } else { format!(" [{flags}]") };
    format!("{}{on} from {}{result}{flags}", done(call), word(call, "address"))
}

fn told_run(run: &Value) -> String {
    let code = run.get("exitCode").and_then(Value::as_i64).unwrap_or_default();
    format!(
        "{} {}: {} made, {} changed, {} destroyed; exit code {code}",
        word(run, "tool"),
        word(run, "phase"),
        number(run, "created"),
        number(run, "changed"),
        number(run, "destroyed"),
    )
}
