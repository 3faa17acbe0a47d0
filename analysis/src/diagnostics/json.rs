//! The JSON of `cargo glowplug check`.
