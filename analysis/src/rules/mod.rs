//! The rules: one file a rule, listed once.

use crate::diagnostics::{Group, Level};

/// What is known of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its id: names the pattern, never the remedy.
    pub id: &'static str,
    /// Its family.
    pub group: Group,
    /// Its level where `glowplug.toml` says nothing.
    pub default: Level,
    /// Its page, Markdown: what it catches, why, what to write instead, a flagged and an accepted example.
    pub page: &'static str,
}
