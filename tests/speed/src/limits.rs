//! What must not be exceeded: ratios, counts and sizes, and no time. `limits.json` beside this crate has them.

use crate::stage::{Act, Started};
use serde::Deserialize;
use std::collections::BTreeMap;

const LIMITS: &str = include_str!("../limits.json");

/// See the file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Limits {
    /// Starts, to those of one that does nothing.
    init_ratio: f64,
    first_ratio: f64,
    /// Bytes of an archive.
    zipped: u64,
    /// KiB that a function holds after all requests.
    kibibytes: u64,
    /// Where a function is over the bars above, and how far it may be: by its name, then by the name of the bar.
    over: BTreeMap<String, BTreeMap<String, f64>>,
    /// Round trips in sequence, by function and act.
    rounds: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Limits {
    /// # Errors
    /// The file is not of this form.
    pub(crate) fn read() -> Result<Self, String> {
        serde_json::from_str(LIMITS).map_err(|error| format!("limits.json: {error}"))
    }

    fn of(&self, function: &str, bar: &str, usual: f64) -> f64 {
        self.over.get(function).and_then(|own| own.get(bar)).copied().unwrap_or(usual)
    }

    /// What is over its limit, one sentence each. `is_shipped`: the programs are built as they are deployed; else nothing
    /// but round trips can be judged.
    pub(crate) fn exceeded(
        &self,
        is_shipped: bool,
        started: &[Started],
        acts: &[Act],
        sizes: &BTreeMap<String, (u64, u64)>,
    ) -> Vec<String> {
        let mut found = Vec::new();
        let mut hold = |function: &str, what: &str, figure: f64, limit: f64| {
            if figure > limit {
                found.push(format!("{function}: {what} is {figure:.2}, and at most {limit:.2} is allowed"));
            }
        };
        for act in acts {
            let rounds = self.rounds.get(&act.function).and_then(|own| own.get(&act.name));
            #[expect(clippy::cast_precision_loss, reason = "round trips are few")]
            let (rounds, limit) = (act.rounds as f64, rounds.map_or(0.0, |limit| *limit as f64));
            hold(&act.function, &format!("round trips of {}", act.name), rounds, limit);
        }
        if !is_shipped {
            return found;
        }
        for one in started {
            let name = one.function.as_str();
            hold(name, "init beside a hello's", one.init_ratio, self.of(name, "initRatio", self.init_ratio));
            hold(name, "first answer beside a hello's", one.first_ratio, self.of(name, "firstRatio", self.first_ratio));
        }
        #[expect(clippy::cast_precision_loss, reason = "far below where it would lose any")]
        for act in acts {
            let limit = self.of(&act.function, "kibibytes", self.kibibytes as f64);
            hold(&act.function, &format!("KiB after {}", act.name), act.kibibytes as f64, limit);
        }
        #[expect(clippy::cast_precision_loss, reason = "far below where it would lose any")]
        for (function, (_, zipped)) in sizes {
            hold(function, "bytes of its archive", *zipped as f64, self.of(function, "zipped", self.zipped as f64));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Aws;
    use crate::settings::deployed;
    use crate::stage::Start;

    fn started(init_ratio: f64) -> Started {
        let start = Start::default();
        Started { function: "intake".to_owned(), own: start.clone(), hello: start, init_ratio, first_ratio: 1.0 }
    }

    fn act(name: &str, rounds: usize, kibibytes: u64) -> Act {
        Act {
            function: "intake".to_owned(),
            name: name.to_owned(),
            cpu_micros: 0.0,
            own_cpu_micros: 0.0,
            calls: rounds,
            rounds,
            sequence: Vec::new(),
            kibibytes,
            peak_kibibytes: kibibytes,
        }
    }

    #[test]
    fn what_is_over_its_limit_is_said_and_nothing_else() {
        let limits = Limits::read().unwrap();
        let sizes = |zipped| BTreeMap::from([("intake".to_owned(), (zipped, zipped))]);
        let told = |is_shipped, ratio, acts: &[Act], zipped| {
            limits.exceeded(is_shipped, &[started(ratio)], acts, &sizes(zipped)).len()
        };
        assert_eq!(told(true, 1.0, &[act("POST /v1/requests", 1, 1)], 1), 0);
        assert_eq!(told(true, 100.0, &[act("POST /v1/requests", 2, 1_000_000)], 1_000_000_000), 4);
        // Not as it is deployed: calls are the same, the rest says nothing.
        assert_eq!(told(false, 100.0, &[act("POST /v1/requests", 2, 1_000_000)], 1_000_000_000), 1);
        assert_eq!(told(true, 1.0, &[act("an act without a limit", 1, 1)], 1), 1);
    }

    #[test]
    fn every_function_that_is_deployed_has_limits_and_no_other() {
        let limits = Limits::read().unwrap();
        let deployed = deployed(&Aws::start().unwrap()).unwrap();
        assert_eq!(limits.rounds.keys().collect::<Vec<_>>(), deployed.keys().collect::<Vec<_>>());
        assert!(limits.over.keys().all(|name| deployed.contains_key(name)));
    }
}
