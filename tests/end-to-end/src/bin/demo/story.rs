//! How the story is told, and what was expected of it.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Instant;

use end_to_end::cloud::Answer;
use end_to_end::door::Reply;
use end_to_end::failure::Failure;

/// Longest answer shown, in characters.
const SHOWN: usize = 150;

/// The same in the table at the end.
const SHOWN_IN_TABLE: usize = 60;

/// Longest description of a step there.
const STEP_IN_TABLE: usize = 50;

/// One answer.
#[derive(Debug)]
struct Step {
    what: String,
    expected: String,
    answer: String,
    right: bool,
}

/// What has been told so far.
#[derive(Debug)]
pub(crate) struct Story {
    steps: Vec<Step>,
    chapters: usize,
    began: Instant,
    colour: bool,
}

impl Story {
    /// Nothing yet.
    pub(crate) fn begin() -> Self {
        let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { steps: Vec::new(), chapters: 0, began: Instant::now(), colour }
    }

    /// A new chapter.
    pub(crate) fn chapter(&mut self, title: &str) {
        self.chapters = self.chapters.saturating_add(1);
        let heading = format!("{}. {title}", self.chapters);
        line("");
        line(&self.painted("1", &heading));
    }

    /// A line that nothing is expected of.
    pub(crate) fn tell(&self, words: &str) {
        line(&self.painted("2", &format!("  {words}")));
    }

    /// Lines as somebody reads them in Slack.
    pub(crate) fn quote(&self, words: impl IntoIterator<Item = impl Display>) {
        for words in words {
            for one in words.to_string().lines() {
                line(&self.painted("2", &format!("      | {}", cut(one, SHOWN))));
            }
        }
    }

    /// An answer, and whether it is the right one.
    pub(crate) fn check(&mut self, what: &str, expected: &str, answer: &str, right: bool) {
        let mark = if right { self.painted("32", "✓") } else { self.painted("31;1", "✗") };
        let seconds = self.began.elapsed().as_secs_f32();
        line(&format!("{seconds:>6.1} s {mark} {what}"));
        // What went wrong is shown whole.
        line(&format!("           {}", cut(answer, if right { SHOWN } else { usize::MAX })));
        if !right {
            line(&self.painted("31", &format!("           expected: {expected}")));
        }
        let step = Step { what: what.to_owned(), expected: expected.to_owned(), answer: answer.to_owned(), right };
        self.steps.push(step);
    }

    /// IAM has to let it through.
    pub(crate) fn allowed(&mut self, what: &str, answer: &Answer) {
        self.check(what, "IAM allows", &answer.to_string(), answer.is_allowed());
    }

    /// IAM has to say no.
    pub(crate) fn denied(&mut self, what: &str, answer: &Answer) {
        self.check(what, "IAM denies", &answer.to_string(), answer.is_denied());
    }

    /// Countersign has to refuse with this status and code.
    pub(crate) fn refused(&mut self, what: &str, status: u16, code: &str, reply: &Reply) {
        let answer = match reply.code() {
            "" => format!("{} {}", reply.status, reply.text("status")),
            given => format!("{} {given}: {}", reply.status, reply.text("detail")),
        };
        let right = reply.status == status && reply.code() == code;
        self.check(what, &format!("{status} {code}"), &answer, right);
    }

    /// It can't go on.
    pub(crate) fn broke_off(&mut self, failure: &Failure) {
        self.check("the story goes on", "to its end", &failure.to_string(), false);
    }

    /// The table of all answers. Whether all are right, and there are any.
    pub(crate) fn close(self) -> bool {
        let expected = self.steps.iter().map(|step| step.expected.chars().count()).max().unwrap_or(0);
        line("");
        line(&self.painted("1", "What was expected, and what the answer was"));
        for step in &self.steps {
            let mark = if step.right { self.painted("32", "✓") } else { self.painted("31;1", "✗") };
            let answer = cut(&step.answer, SHOWN_IN_TABLE);
            let what = cut(&step.what, STEP_IN_TABLE);
            line(&format!("  {mark} {what:<STEP_IN_TABLE$}  {:<expected$}  {answer}", step.expected));
        }
        let right = self.steps.iter().filter(|step| step.right).count();
        let all = right == self.steps.len() && right > 0;
        let sum =
            format!("{right} of {} as expected, in {:.0} s", self.steps.len(), self.began.elapsed().as_secs_f32());
        line("");
        line(&self.painted(if all { "32;1" } else { "31;1" }, &sum));
        all
    }

    fn painted(&self, code: &str, words: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{words}\u{1b}[0m") } else { words.to_owned() }
    }
}

/// On standard output. A closed pipe is the reader's choice, not a failure.
fn line(words: &str) {
    let _ = writeln!(io::stdout(), "{words}");
}

fn cut(words: &str, longest: usize) -> String {
    let one_line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if one_line.chars().count() <= longest {
        return one_line;
    }
    let kept: String = one_line.chars().take(longest.saturating_sub(1)).collect();
    format!("{kept}…")
}
