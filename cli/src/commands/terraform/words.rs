//! What was said to Terraform on its command line, as far as it has to be taken apart.

use std::ffi::{OsStr, OsString};

/// Options that take a value, which may be the next word. Source: `terraform plan -help`, `terraform apply -help` (1.11),
/// and `-exclude` of `OpenTofu`.
const WITH_VALUE: [&str; 14] = [
    "var",
    "var-file",
    "target",
    "target-file",
    "exclude",
    "exclude-file",
    "replace",
    "out",
    "state",
    "state-out",
    "backup",
    "lock-timeout",
    "parallelism",
    "generate-config-out",
];

/// Options of `apply` that `plan` does not know.
const APPLY_ONLY: [&str; 3] = ["auto-approve", "state-out", "backup"];

/// Options that both know. All others say what to plan, and a saved plan takes none of them.
const BOTH: [&str; 8] =
    ["compact-warnings", "input", "json", "lock", "lock-timeout", "no-color", "parallelism", "state"];

/// An option with its value, as it was written, or a word that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Its name without dashes; empty if it is no option.
    name: String,
    /// Its value, if it has one.
    value: Option<OsString>,
    /// As it was written: one or two words.
    written: Vec<OsString>,
}

/// The words after the subcommand. As Go's `flag` reads them: the first word that is no option ends the options.
pub(super) fn read(words: &[OsString]) -> Vec<Word> {
    let mut read = Vec::new();
    let mut rest = words.iter();
    let mut options = true;
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy();
        let dashed = text.strip_prefix("--").or_else(|| text.strip_prefix('-')).filter(|name| !name.is_empty());
        let Some(option) = dashed.filter(|_| options) else {
            if !(options && text == "--") {
                read.push(Word { name: String::new(), value: None, written: vec![word.clone()] });
            }
            options = false;
            continue;
        };
        let mut written = vec![word.clone()];
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(OsString::from(value))),
            None if WITH_VALUE.contains(&option) => {
                let value = rest.next().cloned();
                written.extend(value.clone());
                (option.to_owned(), value)
            }
            None => (option.to_owned(), None),
        };
        read.push(Word { name, value, written });
    }
    read
}

/// What was asked of Terraform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Plan,
    Apply,
    Destroy,
}

impl Step {
    fn of(word: &OsStr) -> Option<Self> {
        match word.to_str()? {
            "plan" => Some(Self::Plan),
            "apply" => Some(Self::Apply),
            "destroy" => Some(Self::Destroy),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Destroy => "destroy",
        }
    }
}

/// The options before the subcommand, the subcommand, and what follows it. `None`: nothing that is recorded, among it
/// questions for help.
pub(super) fn split(words: &[OsString]) -> Option<(Vec<OsString>, Step, Vec<OsString>)> {
    let at = words.iter().position(|word| !word.to_string_lossy().starts_with('-'))?;
    let (before, rest) = words.split_at(at);
    let (step, rest) = rest.split_first()?;
    let helps =
        |word: &OsString| matches!(word.to_string_lossy().trim_start_matches('-'), "h" | "help" | "version" | "v");
    let asks = |words: &[OsString]| words.iter().any(|word| word.to_string_lossy().starts_with('-') && helps(word));
    if asks(before) || asks(rest) {
        return None;
    }
    Some((before.to_vec(), Step::of(step)?, rest.to_vec()))
}

/// The value of the last option of this name.
pub(super) fn value<'a>(words: &'a [Word], name: &str) -> Option<&'a OsStr> {
    words.iter().rev().find(|word| word.name == name)?.value.as_deref()
}

/// Whether a switch is on, as Go reads it.
pub(super) fn is_on(words: &[Word], name: &str) -> bool {
    words.iter().rev().find(|word| word.name == name).is_some_and(|word| {
        let said = word.value.as_deref().map(OsStr::to_string_lossy);
        said.is_none_or(|said| ["1", "t", "T", "true", "TRUE", "True"].contains(&said.as_ref()))
    })
}

/// The words that are no options.
pub(super) fn others(words: &[Word]) -> impl Iterator<Item = &OsString> {
    words.iter().filter(|word| word.name.is_empty()).flat_map(|word| &word.written)
}

/// The first of them: of `apply`, a saved plan.
pub(super) fn saved(words: &[Word]) -> Option<&OsString> {
    others(words).next()
}

/// What `plan` has to be told for an `apply` with these words.
pub(super) fn for_plan(words: &[Word]) -> Vec<OsString> {
    written(words, |word| !APPLY_ONLY.contains(&word.name.as_str()))
}

/// What `apply` of a saved plan has to be told, the plan itself aside.
pub(super) fn for_apply(words: &[Word]) -> Vec<OsString> {
    written(words, |word| APPLY_ONLY.contains(&word.name.as_str()) || BOTH.contains(&word.name.as_str()))
}

fn written(words: &[Word], wanted: impl Fn(&Word) -> bool) -> Vec<OsString> {
    let options = words.iter().filter(|word| !word.name.is_empty() && wanted(word));
    options.flat_map(|word| word.written.iter().cloned()).collect()
}

/// Words of `TF_CLI_ARGS…`, split as a shell would.
pub(super) fn of_variable(text: &str) -> Vec<OsString> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            (letter, Some(open)) if letter == open => quote = None,
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(letters.next()),
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (letter, None) if letter.is_whitespace() => words.extend(word.take().map(OsString::from)),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word.map(OsString::from));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    fn joined(words: &[OsString]) -> String {
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_what_changes_things_is_recorded() {
        for (said, step) in [
            ("plan", Some(Step::Plan)),
            ("-chdir=prod apply -auto-approve", Some(Step::Apply)),
            ("destroy", Some(Step::Destroy)),
            ("init", None),
            ("state rm a.b", None),
            ("workspace select apply", None),
            ("-help apply", None),
            ("apply -help", None),
            ("apply --help", None),
            ("plan -h", None),
            ("-version", None),
            ("", None),
        ] {
            assert_eq!(split(&words(said)).map(|(_, step, _)| step), step, "{said}");
        }
        let (before, _, rest) = split(&words("-chdir=prod apply -lock=false x")).unwrap();
        assert_eq!((joined(&before), joined(&rest)), ("-chdir=prod".to_owned(), "-lock=false x".to_owned()));
    }

    #[test]
    fn what_was_said_goes_to_the_step_that_takes_it() {
        for (said, plan, apply) in [
            ("-auto-approve -var a=b --var-file x", "-var a=b --var-file x", "-auto-approve"),
            ("-no-color -input=false -target=a.b", "-no-color -input=false -target=a.b", "-no-color -input=false"),
            ("-destroy -refresh=false", "-destroy -refresh=false", ""),
            ("-state-out s -state t -parallelism 3", "-state t -parallelism 3", "-state-out s -state t -parallelism 3"),
            ("-backup=- -an-option-of-tomorrow", "-an-option-of-tomorrow", "-backup=-"),
        ] {
            let read = read(&words(said));
            assert_eq!((joined(&for_plan(&read)), joined(&for_apply(&read))), (plan.to_owned(), apply.to_owned()));
            assert_eq!(saved(&read), None, "{said}");
        }
    }

    #[test]
    fn a_saved_plan_is_told_from_an_options_value() {
        for (said, plan) in [
            ("my.plan", Some("my.plan")),
            ("-no-color my.plan", Some("my.plan")),
            ("-var a=b", None),
            ("-lock-timeout 5s my.plan", Some("my.plan")),
            ("-auto-approve my.plan -no-color", Some("my.plan")),
            ("-no-color -- -my.plan", Some("-my.plan")),
        ] {
            assert_eq!(saved(&read(&words(said))).map(|plan| plan.to_string_lossy().into_owned()).as_deref(), plan);
        }
    }

    #[test]
    fn a_switch_is_on_as_go_says() {
        for (said, on) in [
            ("", false),
            ("-auto-approve", true),
            ("--auto-approve", true),
            ("-auto-approve=true", true),
            ("-auto-approve=false", false),
            ("-auto-approve=0", false),
            ("-auto-approve -auto-approve=false", false),
            ("-var auto-approve", false),
            ("my.plan -auto-approve", false),
        ] {
            assert_eq!(is_on(&read(&words(said)), "auto-approve"), on, "{said}");
        }
        assert_eq!(value(&read(&words("-out a -out=b")), "out"), Some(OsStr::new("b")));
    }

    #[test]
    fn a_variable_is_split_as_a_shell_would() {
        let split = of_variable(r#"  -var 'a=b c' -var="d=\"e\"" f\ g '' "#);
        assert_eq!(split, ["-var", "a=b c", "-var=d=\"e\"", "f g", ""].map(OsString::from));
        assert!(of_variable(" ").is_empty());
    }
}
