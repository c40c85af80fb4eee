//! Whether an approver took away and added nothing.

/// Whether every pattern of `narrower` is one of `before`, or a plain name that one of them covers.
pub(crate) fn within(narrower: &[String], before: &[String], case_counts: bool) -> bool {
    !narrower.is_empty()
        && narrower.iter().all(|pattern| {
            let plain = !pattern.contains(['*', '?']) && !pattern.contains("${");
            before.contains(pattern) || plain && before.iter().any(|wider| covers(wider, pattern, case_counts))
        })
}

/// Whether a pattern with `*` and `?` matches a whole text.
fn covers(pattern: &str, text: &str, case_counts: bool) -> bool {
    let of = |text: &str| -> Vec<char> {
        text.chars().map(|c| if case_counts { c } else { c.to_ascii_lowercase() }).collect()
    };
    let text = of(text);
    // Which beginnings of the text the pattern so far matches: of length 0, 1, 2 …
    let mut matched: Vec<bool> = std::iter::once(true).chain(text.iter().map(|_| false)).collect();
    for wanted in of(pattern) {
        matched = if wanted == '*' {
            let mut any = false;
            matched
                .into_iter()
                .map(|this| {
                    any |= this;
                    any
                })
                .collect()
        } else {
            let longer =
                matched.iter().zip(&text).map(|(before, found)| *before && (wanted == '?' || wanted == *found));
            std::iter::once(false).chain(longer).collect()
        };
    }
    matched.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, wanted) in [
            ("*", "", true),
            ("*", "s3:GetObject", true),
            ("s3:Get*", "s3:GetObject", true),
            ("s3:get*", "S3:GetObject", true),
            ("s3:Get*", "s3:PutObject", false),
            ("s3:G?t", "s3:Get", true),
            ("s3:G?t", "s3:Geet", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("abc", "abcd", false),
            ("abcd", "abc", false),
        ] {
            assert_eq!(covers(pattern, text, false), wanted, "{pattern} {text}");
        }
        assert!(!covers("arn:A", "arn:a", true));
    }

    #[test]
    fn an_approver_takes_away() {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let before = texts(&["s3:Get*", "logs:FilterLogEvents"]);
        for (narrower, wanted) in [
            (&["s3:GetObject"][..], true),
            (&["s3:Get*"], true),
            (&["s3:GetObj*"], false),
            (&["s3:PutObject"], false),
            (&["s3:GetObject", "s3:PutObject"], false),
            (&[], false),
        ] {
            assert_eq!(within(&texts(narrower), &before, false), wanted, "{narrower:?}");
        }
    }
}
