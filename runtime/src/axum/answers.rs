//! What one look at the database found, as the documents that the routes answer.

use super::json;
use crate::health::{Health, HealthStatus, now};
use crate::migration::Migrations;
use crate::status::{MigrationStatus, State, Status};
use ::axum::body::Bytes;
use ::axum::http::StatusCode;
use ::axum::response::Response;
use serde::Serialize;
use std::sync::OnceLock;

/// What one look found. The documents are written once, for all who ask while it is fresh.
pub(super) struct Look {
    pub(super) migrations: &'static Migrations,
    pub(super) health: Health,
    /// Absent where the database could not be read.
    pub(super) status: Option<Status>,
    documents: [OnceLock<Bytes>; 3],
}

/// The state of all migrations, in numbers. `completed`, `failed`, `running` and `pending` add up to `total`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Totals {
    pub(super) total: usize,
    pub(super) completed: usize,
    pub(super) failed: usize,
    /// Those that are stuck among them.
    pub(super) running: usize,
    pub(super) pending: usize,
    /// Begun by a process that is gone.
    pub(super) stuck: usize,
}

impl Look {
    pub(super) fn of(migrations: &'static Migrations, (health, status): (Health, Option<Status>)) -> Look {
        Look { migrations, health, status, documents: Default::default() }
    }

    /// Nobody answered.
    pub(super) fn silent(migrations: &'static Migrations, reason: String) -> Look {
        Look::of(migrations, (Health::silent(migrations, reason), None))
    }

    /// What is wrong, each in a sentence.
    pub(super) fn issues(&self) -> &[String] {
        &self.health.migrations.issues
    }

    /// 503 where the database does not answer.
    pub(super) fn code(&self) -> StatusCode {
        StatusCode::from_u16(self.health.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(super) fn is_stuck(&self, migration: &MigrationStatus) -> bool {
        self.health.migrations.stuck.contains(&migration.version)
    }

    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals { total: self.migrations.list.len(), ..Totals::default() };
        for migration in self.status.iter().flat_map(|status| &status.migrations) {
            match four(migration.state) {
                "completed" => totals.completed += 1,
                "failed" => totals.failed += 1,
                "running" => totals.running += 1,
                _ => totals.pending += 1,
            }
        }
        totals.stuck = self.health.migrations.stuck.len();
        totals
    }

    pub(super) fn health(&self) -> Response {
        json(self.code(), self.document(0, || bytes(&self.health)))
    }

    /// Once every migration is applied. That a table is missing is no reason to take every replica out of rotation.
    pub(super) fn ready(&self) -> Response {
        let found = &self.health.migrations;
        let ready = self.health.database.connected && self.status.is_some() && found.pending.is_empty();
        let reason = if ready { None } else { self.health.database.error.as_ref().or(found.warning.as_ref()) };
        let body =
            Ready { ready, status: self.health.status, timestamp: &self.health.timestamp, reason: reason.cloned() };
        json(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, bytes(&body))
    }

    pub(super) fn status(&self) -> Response {
        let body = self.document(1, || {
            let migrations = self.status.iter().flat_map(|status| &status.migrations).map(|migration| Entry {
                status: four(migration.state),
                stuck: self.is_stuck(migration),
                migration,
            });
            bytes(&StatusAnswer {
                summary: self.summary_of(),
                migrations: migrations.collect(),
                unknown: self.status.as_ref().map_or(&[], |status| &status.unknown),
            })
        });
        json(self.code(), body)
    }

    pub(super) fn summary(&self) -> Response {
        json(self.code(), self.document(2, || bytes(&self.summary_of())))
    }

    fn summary_of(&self) -> Summary<'_> {
        Summary {
            status: self.health.status,
            timestamp: &self.health.timestamp,
            // Nothing is known of them where nobody answers.
            totals: self.status.is_some().then(|| self.totals()),
            issues: self.issues(),
        }
    }

    fn document(&self, which: usize, write: impl FnOnce() -> Bytes) -> Bytes {
        self.documents[which].get_or_init(write).clone()
    }
}

/// The four words that a monitor knows. The finer ones are in `state`.
fn four(state: State) -> &'static str {
    match state {
        State::Completed | State::Baselined => "completed",
        State::Failed => "failed",
        State::Running => "running",
        State::Pending | State::Reverted => "pending",
    }
}

#[derive(Serialize)]
struct Alive {
    status: &'static str,
    timestamp: String,
}

pub(super) fn alive() -> Bytes {
    bytes(&Alive { status: "healthy", timestamp: now() })
}

#[derive(Serialize)]
struct Ready<'a> {
    ready: bool,
    status: HealthStatus,
    timestamp: &'a str,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Summary<'a> {
    status: HealthStatus,
    timestamp: &'a str,
    totals: Option<Totals>,
    issues: &'a [String],
}

#[derive(Serialize)]
struct StatusAnswer<'a> {
    #[serde(flatten)]
    summary: Summary<'a>,
    migrations: Vec<Entry<'a>>,
    unknown: &'a [String],
}

#[derive(Serialize)]
struct Entry<'a> {
    status: &'static str,
    stuck: bool,
    #[serde(flatten)]
    migration: &'a MigrationStatus,
}

/// What went wrong, as every route that fails answers it.
#[derive(Serialize)]
pub(super) struct Problem {
    pub(super) error: String,
    /// A word for programs, which stays the same.
    pub(super) code: &'static str,
    /// Who is migrating, where somebody is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) holder: Option<String>,
}

impl Problem {
    pub(super) fn answer(self, status: StatusCode) -> Response {
        json(status, bytes(&self))
    }
}

/// Texts and numbers alone: there is nothing in it that could fail.
pub(super) fn bytes(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).unwrap_or_default().into()
}
