//! What is different between two catalogs.

use super::Catalog;
use crate::system::{Change, How, Part};
use std::collections::{BTreeMap, BTreeSet};

/// What is different between two sets of named things.
pub(crate) fn between<V: PartialEq>(
    part: Part,
    before: &BTreeMap<String, V>,
    after: &BTreeMap<String, V>,
) -> Vec<Change> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names.into_iter().filter_map(|name| {
        let how = match (before.get(name), after.get(name)) {
            (None, Some(_)) => How::Added,
            (Some(_), None) => How::Removed,
            (Some(before), Some(after)) if before != after => How::Changed,
            (Some(_), Some(_)) | (None, None) => return None,
        };
        Some(Change { part, name: name.clone(), how })
    });
    changed.collect()
}

/// Things by the text of their names, each as a text that differs if anything of it does.
fn named<'a, K: ToString + 'a, V: std::fmt::Debug + 'a>(
    things: impl IntoIterator<Item = (&'a K, &'a V)>,
) -> BTreeMap<String, String> {
    things.into_iter().map(|(name, thing)| (name.to_string(), format!("{thing:?}"))).collect()
}

impl Catalog {
    /// What there is of each kind, by name.
    fn parts(&self) -> [(Part, BTreeMap<String, String>); 5] {
        let settings = [
            ("limits", format!("{:?}", self.limits)),
            ("floors", format!("{:?}", self.floors)),
            ("sessionNames", format!("{:?}", self.session_names)),
        ];
        [
            (Part::Entitlement, named(&self.entitlements)),
            (Part::Group, self.groups.iter().map(|group| (group.to_string(), String::new())).collect()),
            (Part::Person, named(&self.persons)),
            (Part::Schedule, named(&self.schedules)),
            (Part::Setting, settings.map(|(name, setting)| (name.to_owned(), setting)).into()),
        ]
    }

    /// What is different from `before`; without one, everything is new.
    pub(crate) fn changes(&self, before: Option<&Self>) -> Vec<Change> {
        let nothing = BTreeMap::new();
        let was: BTreeMap<Part, BTreeMap<String, String>> = before.into_iter().flat_map(Self::parts).collect();
        let changes = self.parts().map(|(part, is)| between(part, was.get(&part).unwrap_or(&nothing), &is));
        changes.into_iter().flatten().collect()
    }
}
