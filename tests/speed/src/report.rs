//! The figures, as a table for people and as JSON.

use crate::stage::Stage;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;

pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn kibibytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
}

/// Says all that the stage measured.
pub(crate) fn table(stage: &Stage, sizes: &BTreeMap<String, (u64, u64)>) {
    say(&format!(
        "\n{:<16}{:>9}{:>7}{:>11}{:>7}{:>10}{:>10}{:>10}{:>11}",
        "function", "init ms", "x", "answer ms", "x", "CPU ms", "KiB", "zip KiB", "bare ms"
    ));
    for one in &stage.started {
        let zipped = sizes.get(&one.function).map_or(0, |(_, zipped)| *zipped);
        say(&format!(
            "{:<16}{:>9.1}{:>7.2}{:>11.1}{:>7.2}{:>10.1}{:>10.0}{:>10.0}{:>5.1}{:>6.1}",
            one.function,
            one.own.init_millis,
            one.init_ratio,
            one.own.first_millis,
            one.first_ratio,
            one.own.first_cpu_millis,
            one.own.first_kibibytes,
            kibibytes(zipped),
            one.hello.init_millis,
            one.hello.first_millis,
        ));
    }
    say(&format!(
        "\nof an event that nothing is done for {:.0} µs, of one call of AWS {:.0} µs\n{:<16}{:<24}{:>8}{:>8}{:>7}{:>7}{:>9}",
        stage.event_micros, stage.call_micros, "function", "act", "CPU µs", "own µs", "calls", "rounds", "KiB"
    ));
    for act in &stage.acts {
        say(&format!(
            "{:<16}{:<24}{:>8.0}{:>8.0}{:>7}{:>7}{:>9}",
            act.function, act.name, act.cpu_micros, act.own_cpu_micros, act.calls, act.rounds, act.kibibytes
        ));
    }
}

/// Says figures that are all of one form, under their names.
pub(crate) fn rows(title: &str, rows: &[Value]) {
    let Some(names) = rows.first().and_then(Value::as_object) else { return };
    say(&format!("\n{title}"));
    say(&names.keys().map(|name| format!("{name:>16}")).collect::<Vec<_>>().concat());
    for row in rows.iter().filter_map(Value::as_object) {
        let cell = |value: &Value| value.as_f64().map_or_else(|| value.to_string(), |number| format!("{number:.1}"));
        say(&row.values().map(|value| format!("{:>16}", cell(value))).collect::<Vec<_>>().concat());
    }
}

/// All of it.
pub(crate) fn json(stage: &Stage, sizes: &BTreeMap<String, (u64, u64)>, more: &Value) -> Value {
    let sizes: BTreeMap<&String, Value> =
        sizes.iter().map(|(name, (bytes, zipped))| (name, json!({"bytes": bytes, "zipped": zipped}))).collect();
    json!({
        "bench": "speed", "starts": stage.started, "acts": stage.acts, "sizes": sizes,
        "eventMicros": stage.event_micros, "callMicros": stage.call_micros, "more": more,
    })
}
