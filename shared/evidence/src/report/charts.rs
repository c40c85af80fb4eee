//! The charts: plain bars as inline SVG, each with its number beside it.

use super::{escaped, shown};
use crate::figures::{DURATIONS, Figures, OUTCOMES, SEVERITIES, WAITS, days};
use crate::moment::{DAY, Moment};
use crate::pack::Parameters;

/// One bar: its label, the name of its number, and that.
type Bar = (String, String, u64);

/// Width of the bars that lie, at most; and of the chart with labels and numbers.
const LONGEST: u64 = 230;
const LYING: u64 = 360;

/// Width and height of the chart of days.
const WIDE: u64 = 1_000;
const HIGH: u64 = 120;

pub(super) fn all(figures: &Figures, parameters: &Parameters) -> String {
    let bars = |prefix: &str, labels: &[&str]| -> Vec<Bar> {
        let bar = |label: &&str| {
            let name = format!("{prefix}.{label}");
            let value = figures.get(&name).copied().unwrap_or_default();
            ((*label).to_owned(), name, value)
        };
        labels.iter().map(bar).collect()
    };
    let days = days(parameters.from, parameters.to);
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    let bounds = |all: &[(u64, &'static str)]| all.iter().map(|(_, label)| *label).collect::<Vec<_>>();
    let charts = [
        figure("wide", title_of(&days), &standing(&bars("per_day", &days))),
        figure("", "How long grants were for, at most", &lying(&bars("duration", &bounds(&DURATIONS)))),
        figure(
            "",
            "From request to approval, at most, where people countersign",
            &lying(&bars("to_approve", &bounds(&WAITS))),
        ),
        figure("", "How grants ended", &lying(&bars("ended", &OUTCOMES))),
        figure("", "Findings by severity", &lying(&bars("findings", &SEVERITIES))),
    ];
    format!("<div class=\"charts\">\n{}</div>\n", charts.concat())
}

fn title_of(days: &[&str]) -> &'static str {
    let time = |day: &&str| day.parse::<Moment>().ok();
    let step = days.get(1).and_then(time).zip(days.first().and_then(time)).map(|(second, first)| second.since(first));
    if step.is_some_and(|step| step > DAY.unsigned_abs()) { "Grants per week, by its Monday" } else { "Grants per day" }
}

fn figure(class: &str, title: &str, svg: &str) -> String {
    format!("<figure class=\"{class}\"><h3>{title}</h3>{svg}</figure>\n")
}

/// A part of `most`, on a scale of `length`.
fn scaled(value: u64, most: u64, length: u64) -> u64 {
    value.saturating_mul(length).checked_div(most).unwrap_or_default()
}

fn described(bars: &[Bar]) -> String {
    let told: Vec<String> =
        bars.iter().filter(|bar| bar.2 > 0).map(|(label, _, value)| format!("{label}: {value}")).collect();
    escaped(&if told.is_empty() { "nothing".to_owned() } else { told.join(", ") })
}

fn marked(tag: &str, attributes: &str, name: &str, value: u64) -> String {
    format!(
        "<{tag}{attributes} data-number=\"{}\" data-value=\"{value}\">{}</{tag}>",
        escaped(name),
        shown(name, value)
    )
}

/// Bars that lie, one below the other.
fn lying(bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.2).max().unwrap_or_default();
    let row = |(place, (label, name, value)): (u64, &Bar)| {
        let top = place.saturating_mul(22);
        let (text, width) = (top.saturating_add(15), scaled(*value, most, LONGEST));
        let number = marked("text", &format!(" x=\"{}\" y=\"{text}\"", width.saturating_add(76)), name, *value);
        format!(
            "<text class=\"label\" x=\"64\" y=\"{text}\" text-anchor=\"end\">{}</text>\
             <rect x=\"70\" y=\"{}\" width=\"{width}\" height=\"14\"/>{number}",
            escaped(label),
            top.saturating_add(4),
        )
    };
    let rows: Vec<String> = (0..).zip(bars).map(row).collect();
    let height = (0u64..).zip(bars).count().saturating_mul(22);
    format!(
        "<svg viewBox=\"0 0 {LYING} {height}\" role=\"img\" aria-label=\"{}\">{}</svg>",
        described(bars),
        rows.concat()
    )
}

/// Bars that stand, side by side.
fn standing(bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.2).max().unwrap_or_default();
    let slots = crate::life::count(bars.len()).max(1);
    let (each, few) = (WIDE.div_euclid(slots).clamp(1, 80), slots <= 40);
    let label_every = slots.div_ceil(10);
    let bar = |(place, (label, name, value)): (u64, &Bar)| {
        let (left, height) = (place.saturating_mul(each), scaled(*value, most, HIGH));
        let (top, middle) = (HIGH.saturating_sub(height).saturating_add(16), left.saturating_add(each.div_euclid(2)));
        let width = each.saturating_sub(if each > 3 { 2 } else { 0 });
        let title = format!("<title>{}: {value}</title>", escaped(label));
        let number = match (few, *value) {
            (true, 1..) => {
                let above = top.saturating_sub(4);
                marked("text", &format!(" x=\"{middle}\" y=\"{above}\" text-anchor=\"middle\""), name, *value)
            }
            (_, _) => marked("desc", "", name, *value),
        };
        let tick = if place.checked_rem(label_every) == Some(0) {
            let bottom = HIGH.saturating_add(32);
            format!("<text class=\"label\" x=\"{left}\" y=\"{bottom}\">{}</text>", escaped(label))
        } else {
            String::new()
        };
        format!("<g><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>{number}{title}{tick}</g>")
    };
    let drawn: Vec<String> = (0..).zip(bars).map(bar).collect();
    format!(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">{}</svg>",
        WIDE.saturating_add(40),
        HIGH.saturating_add(38),
        described(bars),
        drawn.concat(),
    )
}
