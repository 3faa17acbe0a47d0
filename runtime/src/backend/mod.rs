//! What an engine has to be able to do for the runner. All that differs between engines is behind this trait.

use crate::error::{Error, Failure};
use crate::history::{Attempt, Entry, History, Tables};
use crate::migration::{Engine, Migration, Migrations, Table};
use crate::settings::Settings;
use std::collections::BTreeMap;
use std::time::Duration;

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

/// Who runs: `host:pid`, for the history.
pub(crate) fn runner() -> String {
    let host = hostname::get().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{host}:{}", std::process::id())
}

/// The version of this crate, for the history.
pub(crate) const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// How an attempt to apply several migrations at once went.
#[derive(Debug)]
pub(crate) enum AtOnce {
    /// All are committed; how long each took.
    Applied(Vec<Duration>),
    /// Another process was first; nothing is done.
    Overtaken,
    /// Something failed; nothing is committed.
    RolledBack(Box<Failure>),
}

/// A connection, as the runner sees it.
///
/// Nothing here decides what to apply; and nothing outside knows how an engine does it.
pub(crate) trait Backend {
    /// The engine.
    const ENGINE: Engine;

    /// Whether the lock of the run is each transaction's own, so that the history must be looked at again in each.
    const LOCKS_BY_TRANSACTION: bool;

    /// What has to be set for the time of a run; answers what undoes it.
    fn open(&mut self, settings: &Settings) -> Result<String, Box<Failure>>;

    /// Undoes [`open`](Self::open).
    fn close(&mut self, undo: &str);

    /// Whether a transaction is open on this connection.
    fn transaction_is_open(&mut self) -> bool;

    /// One read that tells whether all is applied as compiled. `false` where that cannot be told in one read.
    fn is_current(&mut self, migrations: &Migrations) -> Result<bool, Box<Failure>>;

    /// Where the two tables are or would be.
    fn tables(&mut self) -> Result<Tables, Box<Failure>>;

    /// All that the tables hold.
    fn history(&mut self, tables: &Tables) -> Result<History, Box<Failure>>;

    /// Takes the lock, for the whole run or, where the engine locks by transaction, for what needs it longer.
    fn lock(&mut self, tables: &Tables, settings: &Settings, longer: bool) -> Result<Lock, Error>;

    /// Gives it back.
    fn unlock(&mut self, lock: Lock);

    /// Whether somebody holds it just now.
    fn is_locked(&mut self, tables: &Tables) -> Result<bool, Box<Failure>>;

    /// Creates both tables where they are missing.
    fn create_tables(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>>;

    /// Applies all of these in one transaction, or nothing.
    fn apply_at_once(&mut self, tables: &Tables, settings: &Settings, migrations: &[&'static Migration]) -> AtOnce;

    /// Switches the enforcement of foreign keys off where the engine has such a switch and it is on; answers whether it
    /// did. Only outside a transaction.
    fn suspend_foreign_keys(&mut self) -> Result<bool, Box<Failure>> {
        Ok(false)
    }

    /// Fails where a row points at nothing: what enforcement would have refused while it was off.
    fn check_foreign_keys(&mut self) -> Result<(), Box<Failure>> {
        Ok(())
    }

    /// Switches it on again.
    fn resume_foreign_keys(&mut self) -> Result<(), Box<Failure>> {
        Ok(())
    }

    /// Begins a transaction with the limits of the run.
    fn begin(&mut self, settings: &Settings) -> Result<(), Box<Failure>>;

    /// Sets the limits for a statement outside a transaction, or with `None` takes them away.
    fn limit(&mut self, settings: Option<&Settings>, statement: &str) -> Result<(), Box<Failure>>;

    /// Commits.
    fn commit(&mut self, settings: &Settings) -> Result<(), Box<Failure>>;

    /// Rolls back; a failure is of no use to anybody.
    fn rollback(&mut self);

    /// Whether a version is applied, inside a transaction.
    fn is_applied(&mut self, tables: &Tables, version: &str) -> Result<bool, Box<Failure>>;

    /// Runs a statement. A failure is as precise as the engine allows.
    fn execute(&mut self, statement: &str, in_transaction: bool) -> Result<(), Box<Failure>>;

    /// Writes the row of an attempt that begins; answers its id.
    fn record_start(&mut self, tables: &Tables, migration: &Migration, done: usize) -> Result<i64, Box<Failure>>;

    /// Writes how many statements are done.
    fn record_progress(&mut self, tables: &Tables, id: i64, done: usize) -> Result<(), Box<Failure>>;

    /// Writes that it is completed and applied; answers how long it took by the engine's clock.
    fn record_completed(
        &mut self,
        tables: &Tables,
        id: i64,
        migration: &Migration,
        in_transaction: bool,
    ) -> Result<Duration, Box<Failure>>;

    /// Writes that it failed: into the row `id`, or into a new one where the first was rolled back.
    fn record_failed(
        &mut self,
        tables: &Tables,
        id: Option<i64>,
        migration: &Migration,
        done: usize,
        took: Duration,
        failure: &Failure,
    ) -> Result<(), Box<Failure>>;

    /// The live columns of those of `tables` that exist: the index of the table, and the names.
    fn columns(&mut self, tables: &[Table]) -> Result<BTreeMap<usize, Vec<String>>, Box<Failure>>;
}

/// A lock that is held, or none that needs giving back.
pub(crate) enum Lock {
    /// Nothing to give back.
    None,
    /// The key of a session's advisory lock.
    #[cfg(feature = "postgres")]
    Advisory(i32),
    /// A second connection that holds a lock file.
    #[cfg(feature = "sqlite")]
    File(
        #[expect(dead_code, reason = "it is there to be dropped, which gives the lock back")]
        Box<diesel::SqliteConnection>,
    ),
}

/// A row of the history query, the same for every engine.
#[derive(diesel::QueryableByName)]
pub(crate) struct HistoryRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    applied: i64,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    run_on: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    checksum: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    raw_checksum: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    status: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    statements_done: Option<i64>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    started_at: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    finished_at: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    duration_ms: Option<i64>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    error: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    runner: Option<String>,
}

/// The query for [`HistoryRow`], one snapshot of both tables. `instant` writes a column as RFC 3339 in UTC.
pub(crate) fn history_query(tables: &Tables, instant: impl Fn(&str) -> String) -> Option<String> {
    let (applied, history) = (&tables.applied, &tables.history);
    let attempt = format!(
        "h.checksum, h.raw_checksum, h.status, CAST(h.statements_done AS BIGINT) AS statements_done, \
         {} AS started_at, {} AS finished_at, h.duration_ms, h.error, h.runner",
        instant("h.started_at"),
        instant("h.finished_at")
    );
    let newest = format!("(SELECT * FROM {history} WHERE id IN (SELECT max(id) FROM {history} GROUP BY version)) h");
    let known = format!("a.version AS version, CAST(1 AS BIGINT) AS applied, {} AS run_on", instant("a.run_on"));
    let unknown = "h.version AS version, CAST(0 AS BIGINT) AS applied, CAST(NULL AS TEXT) AS run_on";
    Some(match (tables.applied_exists, tables.history_exists) {
        (true, true) => format!(
            "SELECT {known}, {attempt} FROM {applied} a LEFT JOIN {newest} ON h.version = a.version \
             UNION ALL SELECT {unknown}, {attempt} FROM {newest} \
             WHERE NOT EXISTS (SELECT 1 FROM {applied} a WHERE a.version = h.version)"
        ),
        (true, false) => {
            let none = |kind: &str, name: &str| format!("CAST(NULL AS {kind}) AS {name}");
            let columns = [
                none("TEXT", "checksum"),
                none("TEXT", "raw_checksum"),
                none("TEXT", "status"),
                none("BIGINT", "statements_done"),
                none("TEXT", "started_at"),
                none("TEXT", "finished_at"),
                none("BIGINT", "duration_ms"),
                none("TEXT", "error"),
                none("TEXT", "runner"),
            ];
            format!("SELECT {known}, {} FROM {applied} a", columns.join(", "))
        }
        (false, true) => format!("SELECT {unknown}, {attempt} FROM {newest}"),
        (false, false) => return None,
    })
}

/// The rows as a [`History`].
pub(crate) fn history_of(rows: Vec<HistoryRow>) -> History {
    let entry = |row: HistoryRow| {
        let attempt = row.status.map(|status| Attempt {
            checksum: row.checksum.unwrap_or_default(),
            raw_checksum: row.raw_checksum.unwrap_or_default(),
            status,
            statements_done: row.statements_done.and_then(|done| usize::try_from(done).ok()).unwrap_or(0),
            started_at: row.started_at,
            finished_at: row.finished_at,
            duration_ms: row.duration_ms,
            error: row.error,
            runner: row.runner.unwrap_or_default(),
        });
        (row.version, Entry { applied: row.applied == 1, run_on: row.run_on, attempt })
    };
    History { versions: rows.into_iter().map(entry).collect() }
}

/// The columns of an attempt that do not depend on how it goes.
pub(crate) const ATTEMPT_COLUMNS: &str =
    "version, name, checksum, raw_checksum, statements_total, runner, tool_version";

/// The values for [`ATTEMPT_COLUMNS`], with `quote` writing a text as the engine's literal.
pub(crate) fn attempt_values(migration: &Migration, quote: impl Fn(&str) -> String) -> String {
    [
        quote(migration.version),
        quote(migration.name),
        quote(&format!("{}{}", crate::history::CHECKSUM_PREFIX, migration.checksum)),
        quote(migration.raw_checksum),
        migration.statements.len().to_string(),
        quote(&runner()),
        quote(TOOL_VERSION),
    ]
    .join(", ")
}

/// A text as an SQL literal, or NULL.
pub(crate) fn optional(text: Option<&str>, quote: impl Fn(&str) -> String) -> String {
    text.map_or_else(|| "NULL".to_owned(), quote)
}
