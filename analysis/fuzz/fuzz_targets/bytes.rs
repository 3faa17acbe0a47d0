//! Any bytes as a migration, for each engine.
#![no_main]

#[path = "../../tests/broken/mod.rs"]
#[allow(dead_code, reason = "the other target uses the rest")]
mod broken;

use glowplug_analysis::Backend;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes).into_owned();
    for backend in [Backend::Postgres, Backend::Sqlite] {
        broken::hold(backend, &[("001_m.sql".to_owned(), text.clone())]);
    }
});
