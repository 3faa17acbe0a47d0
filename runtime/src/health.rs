//! Whether a database is what the service was built for.

use crate::backend::Backend;
use crate::error::{Error, Failure, counted, listed};
use crate::history::{History, Names};
use crate::migration::{Migrations, Table};
use crate::plan::{self, Drift};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Instant, SystemTime};

/// Whether a database is what the service was built for, in the shape that a monitor reads
/// (`GET /health/database`; with the feature `serde` it serializes as such).
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Health {
    /// The verdict.
    pub status: HealthStatus,
    /// When it was found, in UTC, RFC 3339, by this machine's clock.
    pub timestamp: String,
    /// Whether the database answers.
    pub database: DatabaseHealth,
    /// Which migrations it has.
    pub migrations: MigrationsHealth,
    /// Whether the tables and columns are there that the migrations make.
    pub schema: SchemaHealth,
}

/// The verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum HealthStatus {
    /// All is there.
    Healthy,
    /// The database answers, and something is missing or differs.
    Degraded,
    /// The database does not answer.
    Unhealthy,
}

impl HealthStatus {
    /// The word for it: `healthy`, `degraded` or `unhealthy`.
    pub const fn as_str(self) -> &'static str {
        match self {
            HealthStatus::Healthy => "healthy",
            HealthStatus::Degraded => "degraded",
            HealthStatus::Unhealthy => "unhealthy",
        }
    }
}

/// Whether the database answers.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DatabaseHealth {
    /// Whether it answered.
    pub connected: bool,
    /// How long its first answer took, in milliseconds.
    pub response_time_ms: Option<u64>,
    /// What went wrong, without any password.
    pub error: Option<String>,
}

/// Which migrations the database has.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MigrationsHealth {
    /// The applied versions that the program knows, in order.
    pub applied: Vec<String>,
    /// The last of them.
    pub latest: Option<String>,
    /// How many they are.
    pub count: usize,
    /// How many the program has.
    pub expected: usize,
    /// The versions that are not applied.
    pub pending: Vec<String>,
    /// Of these, those whose newest attempt failed.
    pub failed: Vec<String>,
    /// Of these, those that are being applied now.
    pub running: Vec<String>,
    /// Of these, those that were begun by a process that is gone. The next run goes on with them.
    pub stuck: Vec<String>,
    /// The applied versions whose file was edited since.
    pub drifted: Vec<String>,
    /// What is wrong, in words.
    pub warning: Option<String>,
    /// The same, one by one.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(crate) issues: Vec<String>,
}

/// Whether the tables and columns are there that the migrations make.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SchemaHealth {
    /// Each table of the compiled schema.
    pub tables: Vec<TableHealth>,
    /// Whether all of them exist.
    pub all_tables_exist: bool,
    /// The columns that the tables that exist do not have, as `table.column`.
    pub missing_columns: Vec<String>,
}

/// Whether a table is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TableHealth {
    /// Its name, with its schema where that is not the default one.
    pub name: String,
    /// Whether it exists.
    pub exists: bool,
}

/// A few lines for a person.
impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (database, migrations, schema) = (&self.database, &self.migrations, &self.schema);
        write!(f, "{}", self.status.as_str())?;
        if let Some(error) = &database.error {
            return write!(f, "\n  {}", error.replace('\n', "\n  "));
        }
        let took = database.response_time_ms.map_or_else(String::new, |millis| format!(" in {millis} ms"));
        write!(
            f,
            ": the database answered{took}; {} of {} migrations are applied",
            migrations.count, migrations.expected
        )?;
        if let Some(latest) = &migrations.latest {
            write!(f, ", the latest is {latest}")?;
        }
        if let Some(warning) = &migrations.warning {
            write!(f, "\n  {}", warning.replace('\n', "\n  "))?;
        }
        // The warning has the rest; but of tables and columns it speaks only where nothing is pending.
        let mut lists = vec![("pending", migrations.pending.clone()), ("running", migrations.running.clone())];
        if !migrations.pending.is_empty() {
            let missing = schema.tables.iter().filter(|table| !table.exists).map(|table| table.name.clone()).collect();
            lists.extend([("missing columns", schema.missing_columns.clone()), ("missing tables", missing)]);
        }
        for (what, names) in lists.into_iter().filter(|(_, names)| !names.is_empty()) {
            write!(f, "\n  {what}: {}", listed(&names))?;
        }
        Ok(())
    }
}

impl SchemaHealth {
    /// What is missing, as an error; `None` where nothing is.
    pub(crate) fn missing(self) -> Option<Error> {
        if self.all_tables_exist && self.missing_columns.is_empty() {
            return None;
        }
        let tables = self.tables.into_iter().filter(|table| !table.exists).map(|table| table.name).collect();
        Some(Error::Schema { tables, columns: self.missing_columns })
    }
}

impl Health {
    /// The health of a database that could not be reached, for a service that found out while connecting.
    pub fn unreachable(migrations: &Migrations, error: &Error) -> Health {
        Health::silent(migrations, error.to_string())
    }

    /// The same, with the reason in words.
    pub(crate) fn silent(migrations: &Migrations, reason: String) -> Health {
        let found = MigrationsHealth {
            expected: migrations.list.len(),
            issues: vec![reason.clone()],
            ..MigrationsHealth::default()
        };
        Health {
            status: HealthStatus::Unhealthy,
            timestamp: now(),
            database: DatabaseHealth { connected: false, response_time_ms: None, error: Some(reason) },
            migrations: found,
            schema: SchemaHealth::default(),
        }
    }

    /// The HTTP status code to answer with: 200 where the database answers, 503 where it does not. A degraded service
    /// still serves; taking it out of rotation would not bring its table back.
    pub const fn http_status(&self) -> u16 {
        match self.status {
            HealthStatus::Healthy | HealthStatus::Degraded => 200,
            HealthStatus::Unhealthy => 503,
        }
    }

    /// The health, and the history that it was read from, where it could be.
    pub(crate) fn of<B: Backend>(
        migrations: &Migrations,
        names: &Names,
        connection: &mut B,
    ) -> (Health, Option<History>) {
        let since = Instant::now();
        let mut response_time = None;
        let read = (|| {
            let tables = connection.tables(names)?;
            response_time = u64::try_from(since.elapsed().as_millis()).ok();
            let history = connection.history(&tables)?;
            let running = history.versions.values().any(|entry| {
                !entry.applied && entry.attempt.as_ref().is_some_and(|attempt| attempt.status == "running")
            });
            let locked = running && connection.is_locked(&tables)?;
            Ok::<_, Box<Failure>>((history, locked, connection.columns(migrations.tables)?))
        })();
        match read {
            Ok((history, locked, columns)) => {
                let database = DatabaseHealth { connected: true, response_time_ms: response_time, error: None };
                (Health::judge(migrations, database, &history, locked, &columns), Some(history))
            }
            Err(failure) => {
                let error = Error::database("looking at the database", failure);
                let mut health = Health::unreachable(migrations, &error);
                health.database.connected = response_time.is_some();
                health.database.response_time_ms = response_time;
                (health, None)
            }
        }
    }

    fn judge(
        migrations: &Migrations,
        database: DatabaseHealth,
        history: &History,
        locked: bool,
        columns: &BTreeMap<usize, Vec<String>>,
    ) -> Health {
        let mut found = MigrationsHealth { expected: migrations.list.len(), ..MigrationsHealth::default() };
        for migration in migrations.list {
            let version = || migration.version.to_owned();
            if history.is_applied(migration.version) {
                found.applied.push(version());
                if plan::drift(migration, history) == Drift::Edited {
                    found.drifted.push(version());
                }
                continue;
            }
            found.pending.push(version());
            match history.attempt(migration.version).map(|attempt| attempt.status.as_str()) {
                Some("failed") => found.failed.push(version()),
                Some("running") if locked => found.running.push(version()),
                Some("running") => found.stuck.push(version()),
                _ => {}
            }
        }
        found.count = found.applied.len();
        found.latest = found.applied.last().cloned();

        let schema = compare(migrations.tables, columns);
        found.issues = issues(&found, &schema, &plan::unknown(migrations, history));
        found.warning = (!found.issues.is_empty()).then(|| found.issues.join("; "));
        let whole = found.pending.is_empty()
            && found.drifted.is_empty()
            && schema.all_tables_exist
            && schema.missing_columns.is_empty();
        let status = if whole { HealthStatus::Healthy } else { HealthStatus::Degraded };
        Health { status, timestamp: now(), database, migrations: found, schema }
    }
}

/// Whether the tables that the migrations make are among the live ones, and their columns.
pub(crate) fn compare(tables: &[Table], live: &BTreeMap<usize, Vec<String>>) -> SchemaHealth {
    let mut schema = SchemaHealth { all_tables_exist: true, ..SchemaHealth::default() };
    for (index, table) in tables.iter().enumerate() {
        let live = live.get(&index);
        schema.tables.push(TableHealth { name: shown(table), exists: live.is_some() });
        schema.all_tables_exist &= live.is_some();
        let missing = |name: &&str| live.is_some_and(|live| !live.iter().any(|there| there == name));
        let names = table.columns.iter().map(|column| column.name);
        schema.missing_columns.extend(names.filter(missing).map(|name| format!("{}.{name}", shown(table))));
    }
    schema
}

/// What is wrong, in words; also what is odd and does not degrade: migrations of a newer program.
fn issues(found: &MigrationsHealth, schema: &SchemaHealth, unknown: &[String]) -> Vec<String> {
    let mut parts = Vec::new();
    if found.count < found.expected {
        parts.push(format!("Expected {}, only {} applied", counted(found.expected, "migration"), found.count));
    }
    if !found.failed.is_empty() {
        parts.push(format!("failed: {}", listed(&found.failed)));
    }
    if !found.stuck.is_empty() {
        parts.push(format!("begun and left by a process that is gone: {}", listed(&found.stuck)));
    }
    if !found.drifted.is_empty() {
        parts.push(format!("edited after they were applied: {}", listed(&found.drifted)));
    }
    let missing: Vec<&str> =
        schema.tables.iter().filter(|table| !table.exists).map(|table| table.name.as_str()).collect();
    // Before the migrations are applied the tables they make cannot be there.
    if !missing.is_empty() && found.pending.is_empty() {
        let what = if missing.len() == 1 { "table" } else { "tables" };
        parts.push(format!("missing {what}: {}", listed(&missing)));
    }
    if !schema.missing_columns.is_empty() && found.pending.is_empty() {
        let what = if schema.missing_columns.len() == 1 { "column" } else { "columns" };
        parts.push(format!("missing {what}: {}", listed(&schema.missing_columns)));
    }
    if !unknown.is_empty() {
        parts.push(format!("unknown to this program: {}", listed(unknown)));
    }
    parts
}

/// The name of a table, with its schema where that is not the default one.
fn shown(table: &Table) -> String {
    qualified(table.schema, table.name)
}

/// The same, of what points at it.
pub(crate) fn qualified(schema: &str, name: &str) -> String {
    match schema {
        "public" | "main" | "database" | "" => name.to_owned(),
        schema => format!("{schema}.{name}"),
    }
}

pub(crate) fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}
