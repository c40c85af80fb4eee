//! How long: a duration as people type it.

/// Why a duration was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a duration: write hours, minutes or seconds with their unit, as in 30m, 2h or 1h30m")]
pub struct DurationError {
    /// What was given, inert and cut to 40 characters.
    pub given: String,
}

/// Reads `2h`, `30m`, `1h30m`, `90s`, `1d` as seconds. A number without a unit is refused, since
/// nobody can tell whether it meant minutes or seconds; so is 0.
///
/// # Errors
/// If the text is anything else, or more than a year.
pub fn parse_duration(text: &str) -> Result<u64, DurationError> {
    read(text)
        .filter(|seconds| (1..=366 * 86_400).contains(seconds))
        .ok_or_else(|| DurationError { given: crate::text::inert(text, 40) })
}

fn read(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = text.trim();
    let mut largest_allowed = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let unit = match tail.chars().next()?.to_ascii_lowercase() {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        // Each unit once, large before small: `30m1h` and `5m5m` are more likely slips than wishes.
        if unit >= largest_allowed || number.len() > 9 {
            return None;
        }
        largest_allowed = unit;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = tail.get(1..)?;
    }
    Some(total)
}

/// Seconds as people read them: `1h30m`, `45s`.
pub fn display_duration(seconds: u64) -> String {
    let parts = [
        (seconds.div_euclid(86_400), 'd'),
        (seconds.rem_euclid(86_400).div_euclid(3_600), 'h'),
        (seconds.rem_euclid(3_600).div_euclid(60), 'm'),
        (seconds.rem_euclid(60), 's'),
    ];
    let shown: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if shown.is_empty() { "0s".to_owned() } else { shown.concat() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_type() {
        for (text, seconds) in
            [("30m", 1_800), ("2h", 7_200), ("1h30m", 5_400), ("90s", 90), ("1d", 86_400), (" 2H ", 7_200)]
        {
            assert_eq!(parse_duration(text), Ok(seconds), "{text}");
        }
        for bad in [
            "90",
            "5 weeks",
            "0",
            "0m",
            "-1h",
            "",
            "h",
            "1h 30m",
            "30m1h",
            "5m5m",
            "1.5h",
            "9999999999h",
            "400d",
            "1y",
            "٣h",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn shown_and_read_again(seconds in 1u64..31_622_400) {
            prop_assert_eq!(parse_duration(&display_duration(seconds)), Ok(seconds));
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            let _ = parse_duration(&text);
        }
    }
}
