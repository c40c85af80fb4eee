//! Who did what when, in few bytes, so that those who were barred can be looked for at the end.

use std::collections::HashMap;

/// Something that a person who is barred must not do, or have done for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Act {
    /// Who, as a number of [`Persons`].
    pub(crate) person: u32,
    /// When.
    pub(crate) at: i64,
    /// The leaf.
    pub(crate) index: u64,
    /// Its place in its stream.
    pub(crate) seq: u64,
}

/// Everybody who did something, and what.
#[derive(Debug, Default)]
pub(crate) struct Persons {
    numbers: HashMap<String, u32>,
    acts: Vec<Act>,
}

impl Persons {
    /// Notes that `person` did something.
    pub(crate) fn did(&mut self, person: &str, at: i64, index: u64, seq: u64) {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        let person = match self.numbers.get(person) {
            Some(number) => *number,
            None => *self.numbers.entry(person.to_owned()).or_insert(next),
        };
        self.acts.push(Act { person, at, index, seq });
    }

    /// What `person` did.
    pub(crate) fn acts<'a>(&'a self, person: &str) -> impl Iterator<Item = &'a Act> + use<'a> {
        let number = self.numbers.get(person).copied();
        self.acts.iter().filter(move |act| Some(act.person) == number)
    }
}
