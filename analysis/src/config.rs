//! `glowplug.toml`: what a folder of migrations says of itself.

use std::collections::BTreeMap;

use crate::diagnostics::Level;

/// The engine a folder is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Backend {
    /// PostgreSQL 13 and newer.
    Postgres,
    /// SQLite 3.
    Sqlite,
}

impl Backend {
    /// The name in `glowplug.toml`, on the command line and in the JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }

    /// Reads a name; `postgresql` and `pg` are taken for `postgres`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "postgres" | "postgresql" | "pg" => Some(Self::Postgres),
            "sqlite" | "sqlite3" => Some(Self::Sqlite),
            _ => None,
        }
    }
}

/// A range of numbers that were never used, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first number.
    pub first: u64,
    /// The last number.
    pub last: u64,
}

/// The settings of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The engine.
    pub backend: Backend,
    /// The oldest server it must run on, `(major, minor)`; the engine's oldest supported where absent.
    pub server_version: Option<(u32, u32)>,
    /// Migrations below this version are folded, but not linted.
    pub enforce_from: Option<String>,
    /// Numbers never used, said out loud.
    pub gaps: Vec<Gap>,
    /// Files (relative to the folder) that describe what exists before the first migration, with their text.
    pub preamble: Vec<crate::sources::SourceFile>,
    /// `[lints]`: a group's or a rule's level.
    pub lints: BTreeMap<String, Level>,
}

impl Config {
    /// The defaults for an engine.
    #[must_use]
    pub fn new(backend: Backend) -> Self {
        Self {
            backend,
            server_version: None,
            enforce_from: None,
            gaps: Vec::new(),
            preamble: Vec::new(),
            lints: BTreeMap::new(),
        }
    }
}
