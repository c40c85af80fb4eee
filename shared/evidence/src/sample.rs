//! Which grants an auditor looks at one by one: chosen by the population itself, so that nobody picks them.

use crate::tables::GrantRow;
use sha2::{Digest as _, Sha256};

/// The rule, as the report states it.
pub const RULE: &str = "All grants of a population of up to 25; 25 of up to 250; 40 of up to 1,000; 60 of more. Those are taken \
    whose SHA-256(\"countersign.sample.v1\\n\" population digest \"\\n\" request id) is lowest.";

/// How many of a population are sampled.
pub fn size(population: usize) -> usize {
    match population {
        0..=25 => population,
        26..=250 => 25,
        251..=1_000 => 40,
        _ => 60,
    }
}

/// The sampled grants' places in the population, in the order of their rank. `seed` is the population's digest.
pub fn choose(population: &[GrantRow], seed: &str) -> Vec<usize> {
    let rank = |(place, grant): (usize, &GrantRow)| {
        let text = format!("countersign.sample.v1\n{seed}\n{}", grant.request);
        (<[u8; 32]>::from(Sha256::digest(text)), place)
    };
    let mut ranked: Vec<([u8; 32], usize)> = population.iter().enumerate().map(rank).collect();
    ranked.sort_unstable();
    ranked.into_iter().take(size(population.len())).map(|(_, place)| place).collect()
}
