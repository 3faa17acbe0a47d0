//! The project's own migrations, broken, several in a folder.
#![no_main]

#[path = "../../tests/broken/mod.rs"]
mod broken;

use std::path::Path;
use std::sync::LazyLock;

static SEEDS: LazyLock<broken::Seeds> =
    LazyLock::new(|| broken::Seeds::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (backend, files) = broken::mutated(&SEEDS, bytes);
    broken::hold(backend, &files);
});
