//! What the database says about its migrations.

use std::collections::BTreeMap;

/// The algorithm behind [`Migration::checksum`](crate::Migration::checksum), written before each checksum in the history,
/// so that a later algorithm is not taken for an edit.
pub(crate) const CHECKSUM_PREFIX: &str = "v1:";

/// What the runner's tables are called, without their schema.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// diesel's own: which versions are applied.
    pub(crate) applied: String,
    /// A row an attempt.
    pub(crate) history: String,
    /// A row that says who migrates, where the engine has no lock for it.
    pub(crate) lease: String,
    /// What tells this list from another one in the same database; empty for the only one.
    pub(crate) set: String,
}

impl Names {
    pub(crate) fn of(set: Option<&str>) -> Names {
        let set = set.unwrap_or_default();
        let name = |start: &str| if set.is_empty() { start.to_owned() } else { format!("{start}_{set}") };
        Names {
            applied: name("__diesel_schema_migrations"),
            history: name("__glowplug_history"),
            lease: name("__glowplug_lease"),
            set: set.to_owned(),
        }
    }
}

/// The tables, as they are named in SQL, and whether they are there.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    pub(crate) applied: String,
    pub(crate) history: String,
    pub(crate) lease: String,
    pub(crate) applied_exists: bool,
    pub(crate) history_exists: bool,
    /// What the lock is taken on, where it is a number.
    pub(crate) lock_key: i32,
    /// The same, where it is a name.
    pub(crate) lock_name: String,
}

/// All that the two tables hold, in one snapshot.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) versions: BTreeMap<String, Entry>,
}

/// What is known of one version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    /// Whether it is applied, by whatever tool.
    pub(crate) applied: bool,
    /// When, in UTC and RFC 3339.
    pub(crate) run_on: Option<String>,
    /// The newest attempt that this crate made.
    pub(crate) attempt: Option<Attempt>,
}

/// A row of `__glowplug_history`.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) id: i64,
    pub(crate) checksum: String,
    pub(crate) raw_checksum: String,
    pub(crate) status: String,
    pub(crate) statements_done: usize,
    pub(crate) started_at: Option<String>,
    pub(crate) finished_at: Option<String>,
    pub(crate) duration_ms: Option<i64>,
    pub(crate) error: Option<String>,
    pub(crate) runner: String,
}

impl Entry {
    /// The attempt that applied it; `None` where another tool did.
    pub(crate) fn completed(&self) -> Option<&Attempt> {
        self.attempt.as_ref().filter(|attempt| self.applied && matches!(&*attempt.status, "completed" | "baselined"))
    }
}

impl History {
    pub(crate) fn is_applied(&self, version: &str) -> bool {
        self.versions.get(version).is_some_and(|entry| entry.applied)
    }

    pub(crate) fn attempt(&self, version: &str) -> Option<&Attempt> {
        self.versions.get(version)?.attempt.as_ref()
    }

    /// The versions that are applied, in text order.
    pub(crate) fn applied(&self) -> impl Iterator<Item = &str> {
        self.versions.iter().filter(|(_, entry)| entry.applied).map(|(version, _)| version.as_str())
    }
}
