//! The state of each migration in a database.

use crate::error::{counted, listed, seconds};
use crate::history::History;
use crate::migration::Migrations;
use crate::plan::{self, Drift};
use std::fmt;
use std::time::Duration;

/// The state of each migration in a database.
///
/// `Display` is a table.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Status {
    /// An entry for each migration of the program, in order.
    pub migrations: Vec<MigrationStatus>,
    /// How many there are in the program.
    pub total: usize,
    /// How many of them are applied.
    pub applied: usize,
    /// How many are not.
    pub pending: usize,
    /// The versions that are applied and unknown to the program.
    pub unknown: Vec<String>,
}

/// The state of one migration.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MigrationStatus {
    /// Its version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Where it stands.
    pub state: State,
    /// When its newest attempt began, in UTC, RFC 3339; by the engine's clock, as all times here.
    pub started_at: Option<String>,
    /// When it was applied. Where another tool applied it, that is all that is known.
    pub completed_at: Option<String>,
    /// How long its newest attempt took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// What the engine said, where its newest attempt failed.
    pub error_message: Option<String>,
    /// Whether the file is not what was applied: comments and white space do not count.
    pub edited: bool,
}

/// An attempt at a migration, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct HistoryEntry {
    /// The migration's version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// How it went: `running`, `completed`, `failed`, `reverted` or `baselined`.
    pub status: String,
    /// How many statements are done and stay.
    pub statements_done: i64,
    /// How many it has.
    pub statements_total: i64,
    /// When it began, in UTC, RFC 3339; by the engine's clock, as all times here.
    pub started_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// What the engine said, where it failed; or what else is to be known.
    pub error: Option<String>,
    /// The engine's code for it.
    pub sqlstate: Option<String>,
    /// Who ran it: `host:pid`.
    pub runner: String,
    /// The version of this crate.
    pub tool_version: String,
}

impl From<crate::backend::AttemptRow> for HistoryEntry {
    fn from(row: crate::backend::AttemptRow) -> HistoryEntry {
        HistoryEntry {
            version: row.version,
            name: row.name,
            status: row.status,
            statements_done: row.statements_done,
            statements_total: row.statements_total,
            started_at: row.started_at,
            finished_at: row.finished_at,
            duration_ms: row.duration_ms,
            error: row.error,
            sqlstate: row.sqlstate,
            runner: row.runner,
            tool_version: row.tool_version,
        }
    }
}

/// Where a migration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum State {
    /// Not applied, and never tried.
    Pending,
    /// Begun and not finished: it is running now, or what ran it is gone.
    Running,
    /// Applied.
    Completed,
    /// Not applied; its newest attempt failed.
    Failed,
    /// Not applied; it was, and was taken back.
    Reverted,
    /// Recorded as applied without having been run.
    Baselined,
}

impl State {
    /// The word for it, as the history has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Running => "running",
            State::Completed => "completed",
            State::Failed => "failed",
            State::Reverted => "reverted",
            State::Baselined => "baselined",
        }
    }

    /// Whether it is in the database.
    pub const fn is_applied(self) -> bool {
        matches!(self, State::Completed | State::Baselined)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Status {
    pub(crate) fn new(migrations: &Migrations, history: &History) -> Status {
        let entries: Vec<MigrationStatus> = migrations
            .list
            .iter()
            .map(|migration| {
                let entry = history.versions.get(migration.version);
                let applied = entry.is_some_and(|entry| entry.applied);
                let attempt = entry.and_then(|entry| entry.attempt.as_ref());
                let completed = entry.and_then(|entry| entry.completed());
                // An attempt that failed says nothing of a migration that another tool then applied.
                let attempt = if applied { completed } else { attempt };
                let state = match (applied, attempt.map(|attempt| attempt.status.as_str())) {
                    (true, Some("baselined")) => State::Baselined,
                    (true, _) => State::Completed,
                    (false, Some("running")) => State::Running,
                    (false, Some("failed")) => State::Failed,
                    (false, Some("reverted")) => State::Reverted,
                    (false, _) => State::Pending,
                };
                let finished = attempt.and_then(|attempt| attempt.finished_at.clone());
                MigrationStatus {
                    version: migration.version.to_owned(),
                    name: migration.name.to_owned(),
                    file: migration.file.to_owned(),
                    state,
                    started_at: attempt.and_then(|attempt| attempt.started_at.clone()),
                    completed_at: if applied {
                        finished.or_else(|| entry.and_then(|entry| entry.run_on.clone()))
                    } else {
                        None
                    },
                    duration_ms: attempt.and_then(|attempt| attempt.duration_ms),
                    error_message: attempt.and_then(|attempt| attempt.error.clone()),
                    edited: plan::drift(migration, history) == Drift::Edited,
                }
            })
            .collect();
        let applied = entries.iter().filter(|entry| entry.state.is_applied()).count();
        Status {
            total: entries.len(),
            applied,
            pending: entries.len() - applied,
            unknown: plan::unknown(migrations, history),
            migrations: entries,
        }
    }
}

impl Status {
    /// The table, with `paint` colouring the word for a state.
    pub(crate) fn table(&self, paint: impl Fn(State, String) -> String) -> String {
        let width = self.migrations.iter().map(|entry| entry.file.chars().count()).max().unwrap_or(0).max(9);
        let mut text = format!("{:width$}  {:9}  {:24}  {:>10}\n", "MIGRATION", "STATE", "APPLIED", "TOOK");
        for entry in &self.migrations {
            let took = entry.duration_ms.and_then(|millis| u64::try_from(millis).ok());
            text.push_str(&format!(
                "{:width$}  {}  {:24}  {:>10}",
                entry.file,
                paint(entry.state, format!("{:9}", entry.state)),
                entry.completed_at.as_deref().unwrap_or("-"),
                took.map_or_else(|| "-".to_owned(), |millis| seconds(Duration::from_millis(millis))),
            ));
            if entry.edited {
                text.push_str("  edited since");
            }
            if let Some(error) = &entry.error_message {
                text.push_str(&format!("\n  {}", error.replace('\n', "\n  ")));
            }
            text.push('\n');
        }
        text.push_str(&format!("{} applied, {} pending", self.applied, self.pending));
        if !self.unknown.is_empty() {
            text.push_str(&format!(
                "; {} that this program does not know: {}",
                counted(self.unknown.len(), "migration"),
                listed(&self.unknown)
            ));
        }
        text
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table(|_, word| word))
    }
}
