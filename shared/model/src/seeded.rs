//! Defects on purpose, to test the tests: `cargo xtask defects` shows that each of them is caught.
//!
//! As everything is built, there is none: [`seeded!`](crate::seeded) is the constant `false`. With the feature `seeded`,
//! which nothing asks for but that job, one of them is chosen when a program starts, so that one build shows them all.
//! A feature and not a `--cfg` for the whole build: with that, every dependency would be compiled once more.

/// Whether a defect of these names is there: never.
#[cfg(not(feature = "seeded"))]
#[macro_export]
macro_rules! seeded {
    ($($name:literal),+) => {
        false
    };
}

/// Whether a defect of these names is there.
#[cfg(feature = "seeded")]
#[macro_export]
macro_rules! seeded {
    ($($name:literal),+) => {
        $crate::seeded::is(&[$($name),+])
    };
}

/// Names the defect that is there.
#[cfg(feature = "seeded")]
pub const CHOSEN: &str = "COUNTERSIGN_SEEDED_DEFECT";

/// Whether one of `names` is what [`CHOSEN`] says, as it was when this was first asked.
#[cfg(feature = "seeded")]
pub fn is(names: &[&str]) -> bool {
    static NAME: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| std::env::var(CHOSEN).unwrap_or_default());
    names.contains(&NAME.as_str())
}

// What is shipped pays nothing, and has none.
#[cfg(not(feature = "seeded"))]
const _: () = assert!(!seeded!("any"));
