//! The target that `COUNTERSIGN_FUZZ_TARGET` names, under libFuzzer.
#![no_main]

use fuzz::Target;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("COUNTERSIGN_FUZZ_TARGET").expect("COUNTERSIGN_FUZZ_TARGET names the target");
    Target::named(&name).expect("there is no such target in this build")
});

fuzz_target!(|data: &[u8]| TARGET.run(data));
