//! What is different between two bundles: what a publication puts on record.

use super::Policy;
use crate::catalog::between;
use crate::system::{Change, Part};
use std::collections::BTreeMap;

impl Policy {
    /// What is different from `before`, by name; without one, everything is new.
    pub fn changes(&self, before: Option<&Self>) -> Vec<Change> {
        let mut changes = self.catalog.changes(before.map(|before| &before.catalog));
        let was = before.map(Self::rules).unwrap_or_default();
        changes.extend(between(Part::Policy, &was, &self.rules()));
        let schema = |policy: &Self| BTreeMap::from([("schema".to_owned(), format!("{:?}", policy.schema_text))]);
        changes.extend(between(Part::Setting, &before.map(schema).unwrap_or_default(), &schema(self)));
        changes
    }

    /// The Cedar policies, by the name that decisions give them. Names need not be distinct.
    fn rules(&self) -> BTreeMap<String, Vec<String>> {
        let mut rules: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for policy in self.policies.policies() {
            let name = policy.annotation("id").map_or_else(|| policy.id().to_string(), str::to_owned);
            rules.entry(crate::text::inert(&name, 64)).or_default().push(policy.to_string());
        }
        for texts in rules.values_mut() {
            texts.sort();
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Bundle;
    use crate::system::How;

    fn bundle() -> Bundle {
        Bundle {
            catalog: include_str!("../../../../infra/policy/catalog.yaml").to_owned(),
            policies: include_str!("../../../../infra/policy/policies.cedar").to_owned(),
            schema: include_str!("../../../../infra/policy/schema.cedarschema").to_owned(),
        }
    }

    #[test]
    fn changes_are_told_by_name() {
        let before = Policy::load(&bundle()).unwrap();
        assert_eq!(before.changes(Some(&before)), Vec::new());
        let first = before.changes(None);
        assert!(first.iter().all(|change| change.how == How::Added));
        let count = |part| first.iter().filter(|change| change.part == part).count();
        assert_eq!(count(Part::Entitlement), before.catalog().entitlements().count());
        assert_eq!(count(Part::Person), before.catalog().persons().count());
        assert!(count(Part::Policy) > 0 && count(Part::Group) > 0);
        let mut other = bundle();
        other.catalog = other.catalog.replace("logs-read", "logs-look");
        other.policies =
            format!("{}\n@id(\"new-rule\")\nforbid (principal, action, resource) when {{ false }};\n", other.policies);
        let after = Policy::load(&other).unwrap();
        let changes = after.changes(Some(&before));
        let told = |part, name: &str, how| changes.contains(&Change { part, name: name.to_owned(), how });
        assert!(told(Part::Entitlement, "logs-look", How::Added), "{changes:?}");
        assert!(told(Part::Entitlement, "logs-read", How::Removed));
        assert!(told(Part::Policy, "new-rule", How::Added));
        assert!(!changes.iter().any(|change| change.part == Part::Person));
    }
}
