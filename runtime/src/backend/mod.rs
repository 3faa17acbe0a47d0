//! What an engine has to be able to do for the runner. All that differs between engines is behind this trait.

use crate::error::{Error, Failure};
use crate::history::{Attempt, CHECKSUM_PREFIX, Entry, History, Names, Tables};
use crate::migration::{Engine, Migration, Migrations, Table};
use crate::settings::Settings;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

pub(crate) mod companion;
pub(crate) mod lock;
#[cfg(feature = "mysql")]
pub(crate) mod mysql;
#[cfg(any(feature = "postgres", feature = "async"))]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

/// Who runs: `host:pid`, for the history.
pub(crate) fn runner() -> String {
    let host = hostname::get().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{host}:{}", std::process::id())
}

/// The version of this crate, for the history.
pub(crate) const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// A word of this process alone, for what has to be told from the same of another one.
pub(crate) fn process_token() -> &'static str {
    static TOKEN: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    TOKEN.get_or_init(|| {
        use std::hash::{BuildHasher as _, Hasher as _};
        let random = std::hash::RandomState::new().build_hasher().finish();
        format!("{}:{random:016x}", std::process::id())
    })
}

/// How an attempt to apply several migrations at once went.
#[derive(Debug)]
pub(crate) struct AtOnce {
    /// How long each took of those that are committed: they are the first of them.
    pub(crate) took: Vec<Duration>,
    /// Why the next one is not. Nothing of it is left.
    pub(crate) stopped: Option<Box<Failure>>,
}

impl AtOnce {
    pub(crate) fn nothing(failure: Box<Failure>) -> AtOnce {
        AtOnce { took: Vec::new(), stopped: Some(failure) }
    }
}

/// What a statement was kept from by others.
#[derive(Debug)]
pub(crate) struct Blocker {
    pub(crate) pid: i32,
    pub(crate) application: String,
    pub(crate) state: String,
    pub(crate) query: String,
    pub(crate) since: Duration,
}

/// How an engine writes what all of them say.
#[derive(Debug)]
pub(crate) struct Words {
    /// What a whole number is cast to, and what a text is.
    pub(crate) integer: &'static str,
    pub(crate) text: &'static str,
    /// The engine's clock.
    pub(crate) now: &'static str,
    /// The same, so long ago.
    pub(crate) ago: fn(Duration) -> String,
    /// A text as a literal.
    pub(crate) quote: fn(&str) -> String,
    /// A column as RFC 3339 in UTC.
    pub(crate) instant: fn(&str) -> String,
    /// The column of the history with the SQLSTATE: MySQL keeps the word to itself.
    pub(crate) sqlstate: &'static str,
    /// An expression for the `id` of a new row of this table, where the engine's own numbers can fall behind the rows.
    pub(crate) next_id: Option<fn(&str) -> String>,
}

/// A connection for the time of a run, as the runner sees it.
///
/// Nothing here decides what to apply; and nothing outside knows how an engine does it.
pub trait Backend {
    /// The connection itself.
    type Inner;

    /// The engine.
    const ENGINE: Engine;

    /// Its words.
    const WORDS: Words;

    /// Whether a change of the schema commits whatever was done before it.
    const COMMITS_EACH_CHANGE: bool = false;

    /// The connection itself, for what the caller does with it.
    fn inner(&mut self) -> &mut Self::Inner;

    /// The URL with which a look ends by itself where nobody answers, and makes nothing.
    fn url_to_look(url: &str) -> String {
        url.to_owned()
    }

    /// Lets a look wait a moment for what passes, on a connection of its own.
    fn be_patient(&mut self) {}

    /// Sets what has to be set for the time of a run.
    fn open(&mut self, settings: &Settings) -> Result<(), Box<Failure>>;

    /// Undoes [`open`](Self::open).
    fn close(&mut self);

    /// Whether a transaction is open on this connection.
    fn transaction_is_open(&mut self) -> bool;

    /// One read that tells whether all is applied as compiled. `false` where that cannot be told in one read.
    fn is_current(&mut self, names: &Names, migrations: &Migrations) -> Result<bool, Box<Failure>>;

    /// Where the tables are or would be.
    fn tables(&mut self, names: &Names) -> Result<Tables, Box<Failure>>;

    /// The newest attempt of each version, and what is applied.
    fn history(&mut self, tables: &Tables) -> Result<History, Box<Failure>>;

    /// Every attempt, the oldest first; none where there is no table of them.
    fn attempts(&mut self, tables: &Tables) -> Result<Vec<AttemptRow>, Box<Failure>>;

    /// Takes the lock, for the whole run or, where it is each transaction's own, for what needs it longer.
    /// `longer`: something will run outside a transaction.
    fn lock(&mut self, tables: &Tables, settings: &Settings, longer: bool) -> Result<(), Error>;

    /// Gives it back.
    fn unlock(&mut self);

    /// Before a statement outside a transaction: fails where it is not held any longer, and keeps it for as long as a
    /// statement may take.
    fn hold(&mut self, _tables: &Tables) -> Result<(), Box<Failure>> {
        Ok(())
    }

    /// Whether somebody holds it just now.
    fn is_locked(&mut self, tables: &Tables) -> Result<bool, Box<Failure>>;

    /// Creates the tables where they are missing.
    fn create_tables(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>>;

    /// Whether nothing can run outside a transaction.
    fn in_transactions_alone(&self) -> bool {
        false
    }

    /// How many migrations are to go into one transaction, on a database that has no history at all (`new`) or one.
    fn together(&self, new: bool) -> usize;

    /// Applies these in one transaction: all of them, or none, or those before the one that fails.
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

    /// Keeps what is set for the session, before a migration that may set something else.
    fn remember_session(&mut self) -> Result<(), Box<Failure>> {
        Ok(())
    }

    /// Sets it again. Called before the record is written, inside the migration's transaction where it has one, and once
    /// more when that is over.
    fn restore_session(&mut self, _in_transaction: bool) -> Result<(), Box<Failure>> {
        Ok(())
    }

    /// Begins a transaction with the limits of the run. Where the lock is each transaction's own, it is held then.
    fn begin(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>>;

    /// Commits.
    fn commit(&mut self, settings: &Settings) -> Result<(), Box<Failure>>;

    /// Rolls back; a failure is of no use to anybody.
    fn rollback(&mut self);

    /// Writes inside a transaction that a version is applied. Fails with [`Cause::Overtaken`](crate::error::Cause) where
    /// it is already: whatever became of the lock, no two transactions get past this.
    fn claim(&mut self, tables: &Tables, migration: &Migration) -> Result<(), Box<Failure>>;

    /// Runs a statement inside a transaction. A failure is as precise as the engine allows, and leaves the transaction
    /// to be rolled back.
    fn execute(&mut self, statement: &str) -> Result<(), Box<Failure>>;

    /// Runs a statement of a migration outside a transaction (its own one at most), and writes into the row `id` that
    /// it is done. `begun`: an earlier attempt may have run it already.
    fn step(
        &mut self,
        tables: &Tables,
        settings: &Settings,
        migration: &'static Migration,
        index: usize,
        id: i64,
        begun: bool,
    ) -> Result<(), Box<Failure>>;

    /// Who keeps the tables that a statement names, as far as the engine tells.
    fn blockers(&mut self, _statement: &str) -> Vec<Blocker> {
        Vec::new()
    }

    /// Writes the row of an attempt that begins; answers its id. Where the version was not claimed, fails as
    /// [`claim`](Self::claim) does if it is applied already.
    fn record_start(
        &mut self,
        tables: &Tables,
        migration: &Migration,
        done: usize,
        claimed: bool,
    ) -> Result<i64, Box<Failure>>;

    /// Writes that it is completed, and applied where that was not claimed; answers how long it took by the engine's
    /// clock.
    fn record_completed(
        &mut self,
        tables: &Tables,
        id: i64,
        migration: &Migration,
        claimed: bool,
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
    ) -> Result<(), Box<Failure>> {
        let words = Self::WORDS;
        let (error, sqlstate) = (Some(failure.message.as_str()), failure.sqlstate.as_deref());
        let row = match id {
            Some(id) => format!(
                "UPDATE {} SET status = 'failed', statements_done = {done}, finished_at = {}, duration_ms = {}, \
                 error = {}, {} = {} WHERE id = {id}",
                tables.history,
                words.now,
                took.as_millis(),
                optional(error, words.quote),
                words.sqlstate,
                optional(sqlstate, words.quote),
            ),
            None => ended(&words, tables, migration, "failed", done, took, error, sqlstate),
        };
        self.script(&row)
    }

    /// Writes a row of a status that nothing ran for, such as `baselined`. The transaction is the caller's.
    fn record_status(
        &mut self,
        tables: &Tables,
        migration: &Migration,
        status: &str,
        note: Option<&str>,
    ) -> Result<(), Box<Failure>> {
        self.script(&ended(&Self::WORDS, tables, migration, status, 0, Duration::ZERO, note, None))
    }

    /// Takes a version out of what is applied. The transaction is the caller's.
    fn unclaim(&mut self, tables: &Tables, version: &str) -> Result<(), Box<Failure>> {
        self.script(&format!("DELETE FROM {} WHERE version = {}", tables.applied, (Self::WORDS.quote)(version)))
    }

    /// Ends the row of an attempt whose process is gone. The transaction is the caller's.
    fn record_abandoned(&mut self, tables: &Tables, id: i64, note: &str) -> Result<(), Box<Failure>> {
        let words = Self::WORDS;
        self.script(&format!(
            "UPDATE {} SET status = 'failed', finished_at = {}, error = {} WHERE id = {id}",
            tables.history,
            words.now,
            (words.quote)(note)
        ))
    }

    /// Runs a text of several statements as it is; the transaction is the caller's, or none.
    fn script(&mut self, sql: &str) -> Result<(), Box<Failure>>;

    /// The live columns of those of `tables` that exist: the index of the table, and the names.
    fn columns(&mut self, tables: &[Table]) -> Result<BTreeMap<usize, Vec<String>>, Box<Failure>>;

    /// The columns of a table of another tool; none where there is no such table.
    fn foreign_columns(&mut self, table: &str) -> Result<Vec<String>, Box<Failure>>;

    /// A column of a table of another tool as texts, of the rows where `condition` holds.
    fn foreign_texts(&mut self, table: &str, column: &str, condition: &str) -> Result<Vec<String>, Box<Failure>>;

    /// The name of the database.
    fn database_name(&mut self) -> Result<String, Box<Failure>>;

    /// Drops everything in the database that is not the engine's or an extension's.
    fn drop_everything(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>>;
}

/// What a query for [`StateRow`] selects: no join, no order and nothing computed, which would cost more than reading.
/// `lines` is a text with a line for each row, of these columns one behind the other.
pub(crate) fn state_columns(applied: &str, history: &str, lines: impl Fn(&[&str]) -> String) -> String {
    format!(
        "(SELECT {} FROM {history} WHERE status <> 'failed') AS attempts, (SELECT {} FROM {applied}) AS applied",
        lines(&["version", "checksum", "raw_checksum", "status"]),
        lines(&["version"]),
    )
}

/// All that tells whether everything is applied as compiled, in one row: a line for each attempt that did not fail, and
/// one for each applied version.
#[derive(diesel::QueryableByName)]
pub(crate) struct StateRow {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    attempts: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    applied: Option<String>,
}

impl StateRow {
    /// Whether each migration of the list is applied, by one attempt as it was compiled, and nothing else is.
    ///
    /// A second attempt at a version that was taken back makes this false. That is no error: the history is then read
    /// as a whole.
    pub(crate) fn is_current(&self, migrations: &Migrations) -> bool {
        let lines = |text: &Option<String>| text.as_deref().map_or(0, |text| text.lines().count());
        let count = migrations.list.len();
        if lines(&self.attempts) != count || lines(&self.applied) != count {
            return false;
        }
        let attempts = self.attempts.iter().flat_map(|text| text.lines());
        let attempts: HashMap<&str, &str> = attempts.filter_map(|line| line.split_once(CHECKSUM_PREFIX)).collect();
        let applied: HashSet<&str> = self.applied.iter().flat_map(|text| text.lines()).collect();
        let is_done = |migration: &Migration| {
            let rest = attempts.get(migration.version)?.strip_prefix(migration.checksum)?;
            Some(matches!(rest.strip_prefix(migration.raw_checksum)?, "completed" | "baselined"))
        };
        migrations.list.iter().all(|one| applied.contains(one.version) && is_done(one) == Some(true))
    }
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
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    id: Option<i64>,
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

/// The query for [`HistoryRow`], one snapshot of both tables.
pub(crate) fn history_query(words: &Words, tables: &Tables) -> Option<String> {
    let Words { integer, text, instant, .. } = words;
    let (applied, history) = (&tables.applied, &tables.history);
    let attempt = format!(
        "h.id, h.checksum, h.raw_checksum, h.status, CAST(h.statements_done AS {integer}) AS statements_done, \
         {} AS started_at, {} AS finished_at, h.duration_ms, h.error, h.runner",
        instant("h.started_at"),
        instant("h.finished_at")
    );
    let newest = format!("(SELECT * FROM {history} WHERE id IN (SELECT max(id) FROM {history} GROUP BY version)) h");
    let known = format!("a.version AS version, CAST(1 AS {integer}) AS applied, {} AS run_on", instant("a.run_on"));
    let unknown = format!("h.version AS version, CAST(0 AS {integer}) AS applied, CAST(NULL AS {text}) AS run_on");
    Some(match (tables.applied_exists, tables.history_exists) {
        (true, true) => format!(
            "SELECT {known}, {attempt} FROM {applied} a LEFT JOIN {newest} ON h.version = a.version \
             UNION ALL SELECT {unknown}, {attempt} FROM {newest} \
             WHERE NOT EXISTS (SELECT 1 FROM {applied} a WHERE a.version = h.version)"
        ),
        (true, false) => {
            let none = |kind: &str, name: &str| format!("CAST(NULL AS {kind}) AS {name}");
            let columns = [
                none(integer, "id"),
                none(text, "checksum"),
                none(text, "raw_checksum"),
                none(text, "status"),
                none(integer, "statements_done"),
                none(text, "started_at"),
                none(text, "finished_at"),
                none(integer, "duration_ms"),
                none(text, "error"),
                none(text, "runner"),
            ];
            format!("SELECT {known}, {} FROM {applied} a", columns.join(", "))
        }
        (false, true) => format!("SELECT {unknown}, {attempt} FROM {newest}"),
        (false, false) => return None,
    })
}

/// A row of the history, the same for every engine.
#[derive(diesel::QueryableByName)]
pub(crate) struct AttemptRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(crate) version: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(crate) name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(crate) status: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub(crate) statements_done: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub(crate) statements_total: i64,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(crate) started_at: String,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    pub(crate) finished_at: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    pub(crate) duration_ms: Option<i64>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    pub(crate) error: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    pub(crate) sqlstate: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(crate) runner: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(crate) tool_version: String,
}

/// The query for [`AttemptRow`].
pub(crate) fn attempts_query(words: &Words, tables: &Tables) -> String {
    let Words { integer, instant, sqlstate, .. } = words;
    format!(
        "SELECT version, name, status, CAST(statements_done AS {integer}) AS statements_done, \
           CAST(statements_total AS {integer}) AS statements_total, {} AS started_at, {} AS finished_at, \
           duration_ms, error, {sqlstate}, runner, tool_version FROM {} ORDER BY id",
        instant("started_at"),
        instant("finished_at"),
        tables.history
    )
}

/// The rows as a [`History`].
pub(crate) fn history_of(rows: Vec<HistoryRow>) -> History {
    let entry = |row: HistoryRow| {
        let attempt = row.status.map(|status| Attempt {
            id: row.id.unwrap_or(0),
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

/// The row of an attempt that is over.
#[allow(clippy::too_many_arguments, reason = "the columns of a row")]
pub(crate) fn ended(
    words: &Words,
    tables: &Tables,
    migration: &Migration,
    status: &str,
    done: usize,
    took: Duration,
    error: Option<&str>,
    sqlstate: Option<&str>,
) -> String {
    let (id, next) =
        words.next_id.map_or_else(Default::default, |next| ("id, ", format!("{}, ", next(&tables.history))));
    format!(
        "INSERT INTO {} ({id}{ATTEMPT_COLUMNS}, status, statements_done, started_at, finished_at, duration_ms, error, {}) \
         VALUES ({next}{}, {}, {done}, {}, {}, {}, {}, {})",
        tables.history,
        words.sqlstate,
        attempt_values(migration, words.quote),
        (words.quote)(status),
        (words.ago)(took),
        words.now,
        took.as_millis(),
        optional(error, words.quote),
        optional(sqlstate, words.quote),
    )
}

/// Applies these in one transaction, each with a savepoint, where `apply` applies one of them inside of it.
pub(crate) fn at_once<B: Backend>(
    session: &mut B,
    tables: &Tables,
    settings: &Settings,
    migrations: &[&'static Migration],
    apply: impl Fn(&mut B, &Tables, &'static Migration) -> Result<Duration, Box<Failure>>,
) -> AtOnce {
    if let Err(failure) = session.begin(tables, settings) {
        return AtOnce::nothing(failure);
    }
    // One alone needs none: the transaction is its savepoint.
    let savepoints = migrations.len() > 1;
    let mut took = Vec::with_capacity(migrations.len());
    let mut stopped = None;
    for migration in migrations {
        let applied = (|| {
            if savepoints {
                session.script("SAVEPOINT glowplug")?;
            }
            let took = apply(session, tables, migration)?;
            if savepoints {
                session.script("RELEASE SAVEPOINT glowplug")?;
            }
            Ok(took)
        })();
        match applied {
            Ok(duration) => took.push(duration),
            Err(failure) => {
                stopped = Some(failure);
                break;
            }
        }
    }
    let back = "ROLLBACK TO SAVEPOINT glowplug; RELEASE SAVEPOINT glowplug";
    if stopped.is_some() && (took.is_empty() || session.script(back).is_err()) {
        session.rollback();
        return AtOnce { took: Vec::new(), stopped };
    }
    // What stands before the one that failed is kept.
    match session.commit(settings) {
        Ok(()) => AtOnce { took, stopped },
        Err(failure) => {
            session.rollback();
            AtOnce::nothing(stopped.unwrap_or(failure))
        }
    }
}

/// Where a word stands in a statement, in bytes: where it stands there once it is the place of an error that names it;
/// of two places the second, where the `second` is what the engine complains of.
pub(crate) fn place_of(statement: &str, word: &str, second: bool) -> Option<usize> {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut places = statement.match_indices(word).map(|(at, _)| at).filter(|&at| {
        let starts_as_word = word.starts_with(part_of_word);
        let before = statement[..at].chars().next_back();
        let after = statement[at + word.len()..].chars().next();
        !(starts_as_word && (before.is_some_and(part_of_word) || after.is_some_and(part_of_word)))
    });
    let first = places.next()?;
    match (places.next(), places.next()) {
        (None, _) => Some(first),
        (two, None) if second => two,
        _ => None,
    }
}

/// A condition that holds where a version is not applied yet; always, where it was claimed.
pub(crate) fn not_applied(
    tables: &Tables,
    migration: &Migration,
    claimed: bool,
    quote: impl Fn(&str) -> String,
) -> String {
    if claimed {
        return "1 = 1".to_owned();
    }
    format!("NOT EXISTS (SELECT 1 FROM {} WHERE version = {})", tables.applied, quote(migration.version))
}

/// What says that another process has applied a migration.
pub(crate) fn already_applied() -> Box<Failure> {
    Box::new(Failure {
        cause: crate::error::Cause::Overtaken,
        ..Failure::new("another process has applied it already")
    })
}

/// A text as an SQL literal, or NULL.
pub(crate) fn optional(text: Option<&str>, quote: impl Fn(&str) -> String) -> String {
    text.map_or_else(|| "NULL".to_owned(), quote)
}
