//! How deep policies and schemas may be nested. Cedar's parser goes down one level of the stack for each bracket that is
//! open, without asking how much is left: what is too deep ends the process, before anybody can be told where.

/// Most brackets that may be open at once. Policies that people write have half a dozen; in an unoptimised build and a
/// thread's 2 MiB, fifty are too many.
pub(super) const MOST_NESTED: usize = 20;

/// Where brackets are nested deeper than [`MOST_NESTED`], as a byte offset; `None`: nowhere. Those in texts and comments
/// don't count.
pub(super) fn too_deep(text: &str, brackets: Brackets) -> Option<usize> {
    let mut open = 0_usize;
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => {
                while let Some((_, inside)) = bytes.next() {
                    match inside {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'/' if bytes.next_if(|(_, next)| *next == b'/').is_some() => {
                while bytes.next_if(|(_, next)| *next != b'\n').is_some() {}
            }
            opens if brackets.opening().contains(&opens) => {
                open = open.saturating_add(1);
                if open > MOST_NESTED {
                    return Some(at);
                }
            }
            closes if brackets.closing().contains(&closes) => open = open.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// What counts as a bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brackets {
    /// In policies, where `<` compares.
    OfPolicies,
    /// In a schema, where it holds what a set is of.
    OfSchema,
}

impl Brackets {
    fn opening(self) -> &'static [u8] {
        match self {
            Self::OfPolicies => b"([{",
            Self::OfSchema => b"([{<",
        }
    }

    fn closing(self) -> &'static [u8] {
        match self {
            Self::OfPolicies => b")]}",
            Self::OfSchema => b")]}>",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_texts_and_comments_does_not_count() {
        let deep = "(".repeat(MOST_NESTED + 1);
        assert_eq!(too_deep(&deep, Brackets::OfPolicies), Some(MOST_NESTED));
        assert_eq!(too_deep(&"(".repeat(MOST_NESTED), Brackets::OfPolicies), None);
        for text in [format!("\"{deep}\""), format!("\"\\\"{deep}\""), format!("// {deep}\n"), "()".repeat(100)] {
            assert_eq!(too_deep(&text, Brackets::OfPolicies), None, "{text}");
        }
        // Neither ends where it seems to.
        for text in
            [format!("\"\\\\\"{deep}"), format!("// \"\n{deep}"), format!("a / {deep}"), format!("\"//\"{deep}")]
        {
            assert!(too_deep(&text, Brackets::OfPolicies).is_some(), "{text}");
        }
        let sets = "Set<".repeat(MOST_NESTED + 1);
        assert_eq!(too_deep(&sets, Brackets::OfPolicies), None);
        assert!(too_deep(&sets, Brackets::OfSchema).is_some());
        // One that closes nothing takes none away.
        assert!(too_deep(&format!("))))){deep}"), Brackets::OfPolicies).is_some());
    }
}
