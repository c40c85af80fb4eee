//! The report: one HTML file that needs nothing else, no script among it, and reads the same on paper.
//!
//! INVARIANT (inert): every text that is not this module's own goes through [`escaped`], and the page's own policy lets it
//! load nothing.

mod charts;
mod style;

use crate::figures::Figures;
use crate::pack::{ENTRIES, Parameters, SampleRow};
use crate::sample::RULE;
use crate::tables::GrantRow;
use crate::tests_of_control::{ExceptionRow, test};

/// Rows of the population that are shown; all are in population.csv.
const ROWS_SHOWN: usize = 500;

/// What a report is made of.
pub(crate) struct Report<'a> {
    pub(crate) parameters: &'a Parameters,
    pub(crate) population: &'a [GrantRow],
    pub(crate) sample: &'a [SampleRow],
    pub(crate) exceptions: &'a [ExceptionRow],
    pub(crate) figures: &'a Figures,
    pub(crate) digest: &'a str,
}

/// A text that can't become markup, nor turn the line it stands in around.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(c),
            // Bidirectional marks could show one thing and say another.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => safe.push('\u{fffd}'),
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// A number as people read it: those of seconds as a time.
fn shown(name: &str, value: u64) -> String {
    if name.contains("seconds") { duration(value) } else { value.to_string() }
}

/// Seconds as people read them, exactly.
fn duration(seconds: u64) -> String {
    let part = |unit: u64, word: &str| (unit > 0).then(|| format!("{unit} {word}"));
    let (hours, minutes) = (seconds.div_euclid(3_600), seconds.rem_euclid(3_600).div_euclid(60));
    let parts = [part(hours, "h"), part(minutes, "min"), part(seconds.rem_euclid(60), "s")];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if text.is_empty() { "0 s".to_owned() } else { text }
}

/// A number of the report, marked so that it can be found and recomputed.
fn number(figures: &Figures, name: &str) -> String {
    let value = figures.get(name).copied().unwrap_or_default();
    format!("<b data-number=\"{}\" data-value=\"{value}\">{}</b>", escaped(name), shown(name, value))
}

/// The numbers that a report shows: name, and value. One whose words say another value than its mark is told as its words.
pub(crate) fn numbers(html: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for piece in html.split("data-number=\"").skip(1) {
        let Some((name, rest)) = piece.split_once('"') else { continue };
        let Some((value, rest)) = rest.strip_prefix(" data-value=\"").and_then(|rest| rest.split_once("\">")) else {
            found.push((name.to_owned(), "no value".to_owned()));
            continue;
        };
        let words = rest.split_once('<').map_or(rest, |(words, _)| words);
        let same = value.parse().is_ok_and(|value| shown(name, value) == words);
        found.push((name.to_owned(), if same { value.to_owned() } else { words.to_owned() }));
    }
    found
}

fn words(name: &str) -> String {
    if let Some(test) = name.strip_prefix("exceptions.").and_then(test) {
        return format!("exceptions: {}", test.code.replace('_', " "));
    }
    name.replace("ended.", "ended as ")
        .replace("findings.", "findings of severity ")
        .replace("_seconds", "")
        .replace('_', " ")
}

fn cells(tag: &str, all: &[String]) -> String {
    let cells: Vec<String> = all.iter().map(|cell| format!("<{tag}>{cell}</{tag}>")).collect();
    format!("<tr>{}</tr>\n", cells.concat())
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let rows: String = rows.map(|row| cells("td", &row)).collect();
    format!("<table><thead>{}</thead><tbody>\n{rows}</tbody></table>\n", cells("th", &head))
}

fn section(id: &str, title: &str, body: &str) -> String {
    format!("<section id=\"{id}\"><h2>{title}</h2>\n{body}</section>\n")
}

impl Report<'_> {
    pub(crate) fn html(&self) -> String {
        let control = self.parameters.control;
        let body = [
            self.head(),
            section("questions", "What the control asks, and what answers", &self.questions()),
            section("charts", "The period in pictures", &charts::all(self.figures, self.parameters)),
            section("exceptions", "Exceptions", &self.exceptions()),
            section("sample", "Sample", &self.sample()),
            section("population", "Population", &self.population()),
            section("method", "How this was made, and how to check it", &self.method()),
        ];
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{}: {} to {}</title>\n<style>{}</style></head>\n\
             <body><main>\n{}</main></body></html>\n",
            escaped(control.name),
            self.parameters.from,
            self.parameters.to,
            style::CSS,
            body.concat(),
        )
    }

    fn head(&self) -> String {
        let Parameters { control, from, to, as_of, .. } = self.parameters;
        let figure = |name: &str, words: &str| format!("<li>{}<span>{words}</span></li>", number(self.figures, name));
        let strip = [
            figure("grants", "grants in the period"),
            figure("grants_countersigned", "countersigned by enough others"),
            figure("ends_verified", "ends verified with IAM"),
            figure("exceptions", "exceptions"),
        ];
        format!(
            "<header><p class=\"framework\">{}</p><h1>{}</h1><p>{}</p>\n<p class=\"period\">{from} to {to} (UTC; the end is not \
             part of it). The record was taken at {as_of}.</p>\n<ul class=\"strip\">{}</ul></header>\n",
            escaped(control.framework),
            escaped(control.name),
            escaped(control.about),
            strip.concat(),
        )
    }

    fn questions(&self) -> String {
        let answer =
            |name: &&str| format!("<li>{} <span>{}</span></li>", number(self.figures, name), escaped(&words(name)));
        let row = |question: &crate::control::Question| {
            let answers: String = question.numbers.iter().map(answer).collect();
            vec![escaped(question.asks), format!("<ul class=\"answers\">{answers}</ul>")]
        };
        table(&["Question", "Answer"], self.parameters.control.questions.iter().map(row))
    }

    fn exceptions(&self) -> String {
        let tests = self.parameters.control.tests.iter().filter_map(|code| test(code));
        let row = |test: crate::tests_of_control::Test| {
            let failed = number(self.figures, &format!("exceptions.{}", test.code));
            vec![escaped(test.asks), format!("<code>{}</code>", test.code), test.severity.to_owned(), failed]
        };
        let tests = table(
            &["Each grant of the population is put to these tests", "Code", "Severity", "Exceptions"],
            tests.map(row),
        );
        if self.exceptions.is_empty() {
            return format!("{tests}<p>Nothing failed a test.</p>\n");
        }
        let row = |exception: &ExceptionRow| {
            let text = |text: &Option<String>| escaped(text.as_deref().unwrap_or("–"));
            let at = exception.happened_at.map_or("–".to_owned(), |at| at.to_string());
            vec![
                format!("<code>{}</code>", escaped(&exception.test)),
                escaped(&exception.severity),
                format!("<code>{}</code>", escaped(&exception.request)),
                text(&exception.requester),
                text(&exception.entitlement),
                at,
                escaped(&exception.sentence),
            ]
        };
        let head = ["Test", "Severity", "Request", "Requester", "Entitlement", "When", "What did not hold"];
        let shown = table(&head, self.exceptions.iter().take(ROWS_SHOWN).map(row));
        format!("{tests}{shown}{}", rest(self.exceptions.len(), "exceptions.csv"))
    }

    fn sample(&self) -> String {
        let row = |row: &SampleRow| {
            vec![
                row.rank.to_string(),
                format!("<code>{}</code>", escaped(&row.request)),
                escaped(&row.requester),
                escaped(&row.entitlement),
                row.decided_at.to_string(),
                escaped(&row.outcome),
                row.entries.to_string(),
                row.proofs.to_string(),
                escaped(&row.chain),
            ]
        };
        let head =
            ["", "Request", "Requester", "Entitlement", "Decided", "Ended as", "Entries", "Proven in the log", "Chain"];
        format!(
            "<p>{} of {} grants. {} The population's digest is <code>{}</code>. What happened to each is in \
             <code>sample/&lt;request&gt;.jsonl</code>.</p>\n{}",
            number(self.figures, "sample"),
            number(self.figures, "grants"),
            escaped(RULE),
            escaped(self.digest),
            table(&head, self.sample.iter().map(row)),
        )
    }

    fn population(&self) -> String {
        let row = |grant: &GrantRow| {
            let why = grant.justification.as_deref().map_or("[erased]".to_owned(), escaped);
            vec![
                format!("<code>{}</code>", escaped(&grant.request)),
                escaped(&grant.requester),
                escaped(&grant.entitlement),
                escaped(&grant.account),
                grant.starts_at.to_string(),
                duration(grant.window_seconds),
                escaped(&grant.approvers.0.join(", ")),
                escaped(grant.ticket.as_deref().unwrap_or("–")),
                why,
                escaped(&grant.outcome),
            ]
        };
        let head = [
            "Request",
            "Requester",
            "Entitlement",
            "Account",
            "From",
            "For",
            "Countersigned by",
            "Ticket",
            "Why",
            "Ended as",
        ];
        format!(
            "<p>Every grant that was decided to be made within the period, whether or not it came to be.</p>\n{}{}",
            table(&head, self.population.iter().take(ROWS_SHOWN).map(row)),
            rest(self.population.len(), "population.csv"),
        )
    }

    fn method(&self) -> String {
        let checkpoint = match &self.parameters.checkpoint {
            Some(note) => format!(
                "<p>The log's checkpoint that the proofs are under, with who signed it:</p><pre>{}</pre>\n\
                 <p>The pack was made only because every entry of the log was among those that it was made from. The pack by \
                 itself does not show that: it holds one period, and nothing in it shows that none of that period is missing. \
                 <code>countersign audit verify</code> of the whole record does.</p>\n",
                escaped(note.trim_end())
            ),
            None => {
                "<p>The record was taken without a checkpoint of the log: its chains show that nothing in them was \
                     changed, and nothing here shows that none is missing.</p>\n"
                    .to_owned()
            }
        };
        format!(
            "<p>All of this was computed from {} entries of {} streams, which are in <code>{ENTRIES}</code> byte for byte as \
             they were recorded: each names the SHA-256 of the one before it. {} of them are proven to be in the log, in \
             <code>proofs/</code>. Nothing was typed in.</p>\n{checkpoint}\
             <p><code>countersign audit evidence --check &lt;folder&gt;</code> computes every number and file anew from the \
             entries and says each difference. <code>countersign audit check &lt;proof&gt;</code> checks a proof, and \
             <code>countersign audit verify</code> the whole record. <code>manifest.json</code> lists every file with its \
             SHA-256, and every number by its name.</p>\n\
             <p>Made by {}. This is evidence for an auditor's judgement of the control, and not that judgement.</p>\n",
            number(self.figures, "entries"),
            number(self.figures, "streams"),
            number(self.figures, "proofs"),
            escaped(&self.parameters.tool),
        )
    }
}

fn rest(all: usize, file: &str) -> String {
    let more = all.saturating_sub(ROWS_SHOWN);
    if more == 0 { String::new() } else { format!("<p>{more} more are in <code>{file}</code>.</p>\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let ugly = "<img src=x onerror=alert(1)>'\"&\u{202e}\u{1b}[31m</table>";
        let safe = escaped(ugly);
        assert!(!safe.contains(['<', '>', '"', '\'', '\u{202e}', '\u{1b}']), "{safe}");
        assert_eq!(escaped("two\nlines"), "two\nlines");
    }

    #[test]
    fn numbers_are_found_with_what_they_show() {
        let figures = Figures::from([("grants".to_owned(), 12), ("median_window_seconds".to_owned(), 5_405)]);
        let html = number(&figures, "grants") + &number(&figures, "median_window_seconds");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(numbers(&html), [pair("grants", "12"), pair("median_window_seconds", "5405")]);
        assert!(html.contains("1 h 30 min 5 s"));
        let told = html.replace(">12<", ">13<");
        assert_eq!(numbers(&told).first(), Some(&pair("grants", "13")));
    }
}
