//! SQLite: the lock is `BEGIN IMMEDIATE`, waiting is `busy_timeout`.

use super::{
    ATTEMPT_COLUMNS, AtOnce, AttemptRow, Backend, HistoryRow, StateRow, Words, already_applied, attempt_values,
    attempts_query, history_of, history_query, not_applied, place_of, state_columns,
};
use crate::error::{Cause, Error, Failure, Meaning, seconds};
use crate::history::{History, Names, Tables};
use crate::migration::{Engine, Migration, Migrations, Table};
use crate::settings::Settings;
use diesel::connection::{Connection as _, SimpleConnection as _, TransactionManager};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The engine's clock, in UTC with milliseconds.
const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

/// How long SQLite waits on its own before the wait is looked at, and a line written to the log.
const SLICE: Duration = Duration::from_secs(3);

/// Between two tries where SQLite does not wait on its own: connections that share memory.
const PAUSE: Duration = Duration::from_millis(10);

/// So many go into one transaction on a new database.
const AT_ONCE: usize = 500;

/// What a file may set for its connection, and whether it can be set inside a transaction.
const SWITCHES: [&str; 5] =
    ["foreign_keys", "legacy_alter_table", "recursive_triggers", "ignore_check_constraints", "writable_schema"];

/// A connection for the time of a run.
#[allow(missing_debug_implementations, reason = "diesel's connection has none")]
pub struct Session<'a> {
    connection: &'a mut SqliteConnection,
    busy_timeout: i64,
    /// How long the run waits for others; `None` outside of a run.
    lock_wait: Option<Duration>,
    /// A second connection that holds a lock file.
    lock: Option<Box<SqliteConnection>>,
    /// What was set before a migration that sets something.
    remembered: Option<Vec<i64>>,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn quote(text: &str) -> String {
    // SQLite ends a text at a NUL byte, whatever the literal says.
    format!("'{}'", text.replace('\0', "").replace('\'', "''"))
}

fn is_busy(failure: &Failure) -> bool {
    ["database is locked", "database table is locked", "database schema is locked"]
        .iter()
        .any(|start| failure.message.starts_with(start))
}

fn number(connection: &mut SqliteConnection, query: &str) -> Result<i64, Box<Failure>> {
    Ok(sql_query(query).get_result::<Number>(connection).map_err(explained)?.number)
}

fn batch(connection: &mut SqliteConnection, sql: &str) -> Result<(), Box<Failure>> {
    connection.batch_execute(sql).map_err(explained)
}

/// What diesel says, and what it means: SQLite's codes stay with diesel, its words are always the same.
fn explained(error: diesel::result::Error) -> Box<Failure> {
    let mut failure = Box::<Failure>::from(error);
    failure.meaning = match &*failure.message {
        "database or disk is full" => Some(Meaning::NoRoom),
        "attempt to write a readonly database" => Some(Meaning::ReadOnly),
        message if message.starts_with("no such column: ") => Some(Meaning::NoColumn),
        _ => None,
    };
    failure
}

/// Sets how long SQLite waits on its own for a lock. Not a read of the database, so it cannot meet one.
fn wait(connection: &mut SqliteConnection, timeout: Duration) -> Result<(), Box<Failure>> {
    batch(connection, &format!("PRAGMA busy_timeout = {}", timeout.as_millis().min(i32::MAX as u128)))
}

/// Runs `sql` again while the database is locked, for as long as a run waits, and says that it waits.
fn patiently(connection: &mut SqliteConnection, settings: &Settings, sql: &str) -> Result<(), Box<Failure>> {
    wait(connection, settings.lock_wait.min(SLICE))?;
    let result = again_while_busy(connection, settings, sql);
    wait(connection, settings.lock_wait)?;
    result
}

/// What was waited for is not to be had.
fn waited(mut failure: Box<Failure>, since: Instant) -> Box<Failure> {
    failure.cause = Cause::Waited { waited: since.elapsed(), holder: None };
    failure
}

fn again_while_busy(connection: &mut SqliteConnection, settings: &Settings, sql: &str) -> Result<(), Box<Failure>> {
    let since = Instant::now();
    let mut logged: Option<Instant> = None;
    loop {
        match batch(connection, sql) {
            Err(failure) if is_busy(&failure) => {
                if since.elapsed() >= settings.lock_wait {
                    return Err(waited(failure, since));
                }
                if logged.is_none_or(|at| at.elapsed() >= SLICE) {
                    logged = Some(Instant::now());
                    tracing::info!(waited = %seconds(since.elapsed()), "another process writes to this database; waiting for it");
                }
                std::thread::sleep(PAUSE);
            }
            other => return other,
        }
    }
}

impl<'a> Session<'a> {
    pub(crate) fn new(connection: &'a mut SqliteConnection) -> Self {
        Session { connection, busy_timeout: 0, lock_wait: None, lock: None, remembered: None }
    }

    fn batch(&mut self, sql: &str) -> Result<(), Box<Failure>> {
        batch(self.connection, sql)
    }

    /// Reads, and waits where a writer shares the memory: SQLite itself waits for those of a file alone. A run that has
    /// waited for as long as it may has met another one.
    fn read<T>(&mut self, read: impl Fn(&mut SqliteConnection) -> diesel::QueryResult<T>) -> Result<T, Box<Failure>> {
        let since = Instant::now();
        loop {
            match (read(self.connection).map_err(explained), self.lock_wait) {
                (Err(failure), Some(limit)) if is_busy(&failure) && since.elapsed() < limit => {
                    std::thread::sleep(PAUSE);
                }
                (Err(failure), Some(_)) if is_busy(&failure) => return Err(waited(failure, since)),
                (other, _) => return other,
            }
        }
    }

    /// The file of the database; empty for one in memory.
    fn file(&mut self) -> Result<String, Box<Failure>> {
        let query = "SELECT coalesce(file, '') AS line FROM pragma_database_list WHERE name = 'main'";
        Ok(self.read(|connection| sql_query(query).get_result::<Line>(connection))?.line)
    }

    /// The path of the lock beside the database; `None` for one in memory, which nobody else can open.
    fn lock_path(&mut self) -> Result<Option<String>, Box<Failure>> {
        let path = self.file()?;
        Ok((!path.is_empty()).then(|| format!("{path}-glowplug")))
    }

    fn number(&mut self, query: &str) -> Result<i64, Box<Failure>> {
        number(self.connection, query)
    }

    /// Applies these inside a transaction, with their records: one statement claims them, and one says that they are
    /// completed.
    fn apply(&mut self, tables: &Tables, migrations: &[&'static Migration]) -> Result<Vec<Duration>, Box<Failure>> {
        let versions: Vec<String> =
            migrations.iter().map(|migration| format!("({})", quote(migration.version))).collect();
        let claims = format!("INSERT INTO {} (version) VALUES {}", tables.applied, versions.join(", "));
        self.batch(&claims).map_err(|failure| overtaken(tables, failure))?;
        let mut times = Vec::with_capacity(migrations.len());
        for migration in migrations {
            let began = Instant::now();
            for index in 0..migration.statements.len() {
                self.batch(migration.statement(index).unwrap_or_default())?;
            }
            times.push((began, began.elapsed()));
        }
        // The engine is in this process: its clock is ours.
        let row = |(migration, (began, took)): (&&Migration, &(Instant, Duration))| {
            let since = began.elapsed();
            format!(
                "({}, 'completed', {}, {}, {}, {})",
                attempt_values(migration, quote),
                migration.statements.len(),
                ago(since),
                ago(since.saturating_sub(*took)),
                took.as_millis()
            )
        };
        let rows: Vec<String> = migrations.iter().zip(&times).map(row).collect();
        self.batch(&format!(
            "INSERT INTO {} ({ATTEMPT_COLUMNS}, status, statements_done, started_at, finished_at, duration_ms) VALUES {}",
            tables.history,
            rows.join(", ")
        ))?;
        Ok(times.into_iter().map(|(_, took)| took).collect())
    }
}

/// So long ago.
fn ago(took: Duration) -> String {
    format!("strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{:.3} seconds')", took.as_secs_f64())
}

impl Backend for Session<'_> {
    type Inner = SqliteConnection;
    const ENGINE: Engine = Engine::Sqlite;
    const WORDS: Words =
        Words { integer: "BIGINT", text: "TEXT", now: NOW, ago, quote, instant, sqlstate: "sqlstate", next_id: None };

    fn inner(&mut self) -> &mut SqliteConnection {
        self.connection
    }

    /// A file that is not there is an error then, where SQLite would make an empty one.
    fn url_to_look(url: &str) -> String {
        // diesel's own form of a URI.
        let uri = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("file:"));
        match (url, uri) {
            ("" | ":memory:", _) => url.to_owned(),
            (_, Some(uri)) if uri.contains("mode=") => url.to_owned(),
            (_, Some(uri)) => format!("file:{uri}{}mode=rw", if uri.contains('?') { '&' } else { '?' }),
            (path, None) => {
                format!("file:{}?mode=rw", path.replace('%', "%25").replace('?', "%3f").replace('#', "%23"))
            }
        }
    }

    fn be_patient(&mut self) {
        // While somebody commits nobody can read; it is over in a moment.
        let _ = wait(self.connection, Duration::from_millis(500));
    }

    fn open(&mut self, settings: &Settings) -> Result<(), Box<Failure>> {
        #[derive(QueryableByName)]
        struct Timeout {
            #[diesel(sql_type = BigInt)]
            timeout: i64,
        }
        // As a statement and not as a table: that one would read the schema, and meet a lock before it may wait.
        self.lock_wait = Some(settings.lock_wait);
        let before =
            |connection: &mut SqliteConnection| sql_query("PRAGMA busy_timeout").get_result::<Timeout>(connection);
        self.busy_timeout = self.read(before)?.timeout;
        wait(self.connection, settings.lock_wait)
    }

    fn close(&mut self) {
        let _ = self.batch(&format!("PRAGMA busy_timeout = {}", self.busy_timeout));
    }

    fn transaction_is_open(&mut self) -> bool {
        use diesel::connection::AnsiTransactionManager as Manager;
        !matches!(Manager::transaction_manager_status_mut(&mut *self.connection).transaction_depth(), Ok(None))
    }

    fn is_current(&mut self, names: &Names, migrations: &Migrations) -> Result<bool, Box<Failure>> {
        let (applied, history) = (format!("main.{}", names.applied), format!("main.{}", names.history));
        let lines = |columns: &[&str]| format!("group_concat({}, char(10))", columns.join(" || "));
        let query = format!("SELECT {}", state_columns(&applied, &history, lines));
        match self.read(|connection| sql_query(&query).get_result::<StateRow>(connection)) {
            Ok(state) => Ok(state.is_current(migrations)),
            Err(failure) if matches!(failure.cause, Cause::Waited { .. }) => Err(failure),
            // Most likely the tables are not there, which the next question finds out.
            Err(_) => Ok(false),
        }
    }

    fn tables(&mut self, names: &Names) -> Result<Tables, Box<Failure>> {
        let (applied, history) = (&names.applied, &names.history);
        let query = format!(
            "SELECT name AS line FROM main.sqlite_master WHERE type = 'table' AND name IN ('{applied}', '{history}')"
        );
        let found = self.read(|connection| sql_query(&query).get_results::<Line>(connection))?;
        let exists = |name: &str| found.iter().any(|row| row.line == name);
        Ok(Tables {
            applied: format!("main.{applied}"),
            history: format!("main.{history}"),
            lease: format!("main.{}", names.lease),
            applied_exists: exists(applied),
            history_exists: exists(history),
            lock_key: 0,
            lock_name: String::new(),
        })
    }

    fn history(&mut self, tables: &Tables) -> Result<History, Box<Failure>> {
        let Some(query) = history_query(&Self::WORDS, tables) else { return Ok(History::default()) };
        Ok(history_of(self.read(|connection| sql_query(&query).get_results::<HistoryRow>(connection))?))
    }

    fn attempts(&mut self, tables: &Tables) -> Result<Vec<AttemptRow>, Box<Failure>> {
        if !tables.history_exists {
            return Ok(Vec::new());
        }
        sql_query(attempts_query(&Self::WORDS, tables)).get_results(self.connection).map_err(explained)
    }

    /// Transactions lock by themselves. What runs outside of one is kept apart by a lock on a second, empty database
    /// beside the first: the operating system gives it back when the process dies.
    fn lock(&mut self, _: &Tables, settings: &Settings, longer: bool) -> Result<(), Error> {
        if !longer {
            return Ok(());
        }
        let database = |failure| Error::database("taking the lock for migrating", failure);
        let Some(path) = self.lock_path().map_err(database)? else { return Ok(()) };
        let mut lock = SqliteConnection::establish(&path).map_err(|error| Error::Connection {
            url: path.clone(),
            message: error.to_string(),
            reason: crate::error::Refusal::of(&error.to_string()),
        })?;
        patiently(&mut lock, settings, "BEGIN EXCLUSIVE").map_err(database)?;
        self.lock = Some(Box::new(lock));
        Ok(())
    }

    fn unlock(&mut self) {
        self.lock = None;
    }

    fn is_locked(&mut self, _: &Tables) -> Result<bool, Box<Failure>> {
        let Some(path) = self.lock_path()?.filter(|path| std::path::Path::new(path).exists()) else {
            return Ok(false);
        };
        let Ok(mut lock) = SqliteConnection::establish(&path) else { return Ok(false) };
        match batch(&mut lock, "BEGIN EXCLUSIVE; ROLLBACK") {
            Ok(()) => Ok(false),
            Err(failure) => Ok(is_busy(&failure)),
        }
    }

    fn create_tables(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>> {
        if tables.applied_exists && tables.history_exists {
            return Ok(());
        }
        self.begin(tables, settings)?;
        let created = self
            .batch(&format!(
                "CREATE TABLE IF NOT EXISTS {} (\
                   version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);\
                 CREATE TABLE IF NOT EXISTS {} (\
                   id INTEGER PRIMARY KEY AUTOINCREMENT, version VARCHAR(50) NOT NULL, name TEXT NOT NULL, \
                   checksum TEXT NOT NULL, raw_checksum TEXT NOT NULL, \
                   status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'reverted', 'baselined')), \
                   statements_done INTEGER NOT NULL, statements_total INTEGER NOT NULL, \
                   started_at TEXT NOT NULL, finished_at TEXT, duration_ms INTEGER, error TEXT, sqlstate TEXT, \
                   runner TEXT NOT NULL, tool_version TEXT NOT NULL)",
                tables.applied, tables.history
            ))
            .and_then(|()| self.commit(settings));
        if created.is_err() {
            self.rollback();
        }
        created
    }

    fn together(&self, new: bool) -> usize {
        if new { AT_ONCE } else { 1 }
    }

    fn apply_at_once(&mut self, tables: &Tables, settings: &Settings, migrations: &[&'static Migration]) -> AtOnce {
        if let Err(failure) = self.begin(tables, settings) {
            return AtOnce::nothing(failure);
        }
        match self.apply(tables, migrations).and_then(|took| self.commit(settings).map(|()| took)) {
            Ok(took) => AtOnce { took, stopped: None },
            Err(failure) => {
                self.rollback();
                AtOnce::nothing(failure)
            }
        }
    }

    fn suspend_foreign_keys(&mut self) -> Result<bool, Box<Failure>> {
        #[derive(QueryableByName)]
        struct Switch {
            #[diesel(sql_type = BigInt)]
            foreign_keys: i64,
        }
        let on = sql_query("PRAGMA foreign_keys").get_result::<Switch>(self.connection)?.foreign_keys == 1;
        if on {
            self.batch("PRAGMA foreign_keys = OFF")?;
        }
        Ok(on)
    }

    fn check_foreign_keys(&mut self) -> Result<(), Box<Failure>> {
        // The last step of the rebuild that SQLite's manual describes (lang_altertable.html, "Making Other Kinds Of
        // Table Schema Changes").
        let violations = sql_query(
            "SELECT \"table\" || coalesce(' (rowid ' || rowid || ')', '') || ' → ' || parent AS line \
             FROM pragma_foreign_key_check LIMIT 10",
        )
        .get_results::<Line>(self.connection)?;
        if violations.is_empty() {
            return Ok(());
        }
        let rows: Vec<&str> = violations.iter().map(|row| row.line.as_str()).collect();
        Err(Box::new(Failure {
            detail: Some(rows.join(", ")),
            ..Failure::new("FOREIGN KEY constraint failed: rows point at what is not there")
        }))
    }

    fn resume_foreign_keys(&mut self) -> Result<(), Box<Failure>> {
        self.batch("PRAGMA foreign_keys = ON")
    }

    fn remember_session(&mut self) -> Result<(), Box<Failure>> {
        let switch = |name: &&str| self.number(&format!("SELECT {name} AS number FROM pragma_{name}"));
        self.remembered = Some(SWITCHES.iter().map(switch).collect::<Result<_, _>>()?);
        Ok(())
    }

    /// Some are without effect inside a transaction, and none bothers the record.
    fn restore_session(&mut self, in_transaction: bool) -> Result<(), Box<Failure>> {
        let Some(before) = self.remembered.take_if(|_| !in_transaction) else { return Ok(()) };
        for (name, was) in SWITCHES.iter().zip(before) {
            if self.number(&format!("SELECT {name} AS number FROM pragma_{name}"))? != was {
                self.batch(&format!("PRAGMA {name} = {was}"))?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, _: &Tables, settings: &Settings) -> Result<(), Box<Failure>> {
        patiently(self.connection, settings, "BEGIN IMMEDIATE")
    }

    fn commit(&mut self, settings: &Settings) -> Result<(), Box<Failure>> {
        // A reader that is still reading makes COMMIT busy and leaves the transaction open: it can be tried again.
        patiently(self.connection, settings, "COMMIT")
    }

    fn rollback(&mut self) {
        // Some failures (a full disk) have rolled back already.
        let _ = self.batch("ROLLBACK");
    }

    fn claim(&mut self, tables: &Tables, migration: &Migration) -> Result<(), Box<Failure>> {
        let row = format!("INSERT INTO {} (version) VALUES ({})", tables.applied, quote(migration.version));
        self.batch(&row).map_err(|failure| overtaken(tables, failure))
    }

    fn execute(&mut self, statement: &str) -> Result<(), Box<Failure>> {
        self.batch(statement).map_err(|mut failure| {
            failure.position = position(statement, &failure.message);
            failure
        })
    }

    fn step(
        &mut self,
        tables: &Tables,
        settings: &Settings,
        migration: &'static Migration,
        index: usize,
        id: i64,
        _: bool,
    ) -> Result<(), Box<Failure>> {
        let statement = migration.statement(index).unwrap_or_default();
        let progress = format!("UPDATE {} SET statements_done = {} WHERE id = {id}", tables.history, index + 1);
        if !migration.statements[index].transactional {
            self.execute(statement)?;
            return self.batch(&progress);
        }
        self.begin(tables, settings)?;
        let ran = self.execute(statement).and_then(|()| self.batch(&progress)).and_then(|()| self.commit(settings));
        if ran.is_err() {
            self.rollback();
        }
        ran
    }

    fn record_start(
        &mut self,
        tables: &Tables,
        migration: &Migration,
        done: usize,
        claimed: bool,
    ) -> Result<i64, Box<Failure>> {
        self.batch(&format!(
            "INSERT INTO {} ({ATTEMPT_COLUMNS}, status, statements_done, started_at) SELECT {}, 'running', {done}, {NOW} WHERE {}",
            tables.history,
            attempt_values(migration, quote),
            not_applied(tables, migration, claimed, quote),
        ))?;
        match self.number("SELECT changes() AS number")? {
            0 => Err(already_applied()),
            _ => self.number("SELECT last_insert_rowid() AS number"),
        }
    }

    fn record_completed(
        &mut self,
        tables: &Tables,
        id: i64,
        migration: &Migration,
        claimed: bool,
    ) -> Result<Duration, Box<Failure>> {
        let history = &tables.history;
        let row = format!(
            "UPDATE {history} SET status = 'completed', statements_done = statements_total, finished_at = {NOW}, \
               duration_ms = max(0, CAST(round((julianday('now') - julianday(started_at)) * 86400000) AS INTEGER)) \
             WHERE id = {id}"
        );
        if claimed {
            self.batch(&row)?;
        } else {
            let version = quote(migration.version);
            let rows =
                format!("BEGIN IMMEDIATE; INSERT INTO {} (version) VALUES ({version}); {row}; COMMIT", tables.applied);
            if let Err(failure) = self.batch(&rows) {
                self.rollback();
                return Err(overtaken(tables, failure));
            }
        }
        let took = self.number(&format!("SELECT duration_ms AS number FROM {history} WHERE id = {id}"))?;
        Ok(Duration::from_millis(u64::try_from(took).unwrap_or(0)))
    }

    fn script(&mut self, sql: &str) -> Result<(), Box<Failure>> {
        self.batch(sql)
    }

    fn columns(&mut self, tables: &[Table]) -> Result<BTreeMap<usize, Vec<String>>, Box<Failure>> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            relation: String,
            #[diesel(sql_type = Text)]
            attribute: String,
        }
        let rows = sql_query(
            "SELECT m.name AS relation, c.name AS attribute FROM main.sqlite_master m, pragma_table_xinfo(m.name) c \
             WHERE m.type IN ('table', 'view')",
        )
        .get_results::<Row>(self.connection)?;
        // SQLite's names are the same whatever their case.
        let mut live: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in rows {
            live.entry(row.relation.to_ascii_lowercase()).or_default().push(row.attribute.to_ascii_lowercase());
        }
        Ok(tables
            .iter()
            .enumerate()
            .filter_map(|(index, table)| {
                let live = live.get(&table.name.to_ascii_lowercase())?;
                let names = table.columns.iter().map(|column| column.name);
                let there = names.filter(|name| live.contains(&name.to_ascii_lowercase()));
                Some((index, there.map(str::to_owned).collect()))
            })
            .collect())
    }

    fn foreign_columns(&mut self, table: &str) -> Result<Vec<String>, Box<Failure>> {
        let query = format!("SELECT name AS line FROM pragma_table_info({})", quote(table));
        let found = sql_query(query).get_results::<Line>(self.connection)?;
        Ok(found.into_iter().map(|row| row.line).collect())
    }

    fn foreign_texts(&mut self, table: &str, column: &str, condition: &str) -> Result<Vec<String>, Box<Failure>> {
        let query =
            format!("SELECT CAST({column} AS TEXT) AS line FROM {table} WHERE {column} IS NOT NULL AND {condition}");
        let found = sql_query(query).get_results::<Line>(self.connection)?;
        Ok(found.into_iter().map(|row| row.line).collect())
    }

    fn database_name(&mut self) -> Result<String, Box<Failure>> {
        let path = self.file()?;
        Ok(if path.is_empty() { ":memory:".to_owned() } else { path })
    }

    fn drop_everything(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>> {
        #[derive(QueryableByName)]
        struct Object {
            #[diesel(sql_type = Text)]
            kind: String,
            #[diesel(sql_type = Text)]
            name: String,
        }
        // Dropping a table deletes its rows, which would meet those that point at them.
        let suspended = self.suspend_foreign_keys()?;
        let dropped = (|| {
            self.begin(tables, settings)?;
            // Views first: some would not bear the loss of a table. Shadow tables go with their virtual one.
            let objects = sql_query(
                "SELECT type AS kind, name FROM main.sqlite_master WHERE type IN ('view', 'table') \
                   AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type = 'table', sql LIKE 'CREATE VIRTUAL%' DESC",
            )
            .get_results::<Object>(self.connection)?;
            for Object { kind, name } in objects {
                let name = name.replace('"', "\"\"");
                self.batch(&format!("DROP {kind} IF EXISTS main.\"{name}\""))?;
            }
            self.commit(settings)
        })();
        if dropped.is_err() {
            self.rollback();
        }
        if suspended {
            self.resume_foreign_keys()?;
        }
        dropped
    }
}

/// A column as RFC 3339 in UTC.
fn instant(column: &str) -> String {
    format!("strftime('%Y-%m-%dT%H:%M:%fZ', {column})")
}

/// Whether a failure says that a version is applied already, rather than something of a migration.
fn overtaken(tables: &Tables, mut failure: Box<Failure>) -> Box<Failure> {
    let table = tables.applied.trim_start_matches("main.");
    if failure.message == format!("UNIQUE constraint failed: {table}.version") {
        failure.cause = Cause::Overtaken;
    }
    failure
}

/// Where in the statement the error lies, in characters from 1. SQLite says what it stumbled over and not where;
/// diesel has no way to ask. A name that stands there once is the place.
fn position(statement: &str, message: &str) -> Option<usize> {
    let word = if let Some(rest) = message.strip_prefix("near \"") {
        &rest[..rest.find("\": ")?]
    } else {
        let rest =
            ["no such table: ", "no such column: ", "no such function: ", "no such index: ", "duplicate column name: "]
                .iter()
                .find_map(|start| message.strip_prefix(start))?;
        rest.rsplit('.').next()?
    };
    // The second mention of a column is the double one; of anything else that stands there twice nothing is known.
    let at = place_of(statement, word, message.starts_with("duplicate column"))?;
    Some(statement[..at].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_makes_no_file() {
        use crate::backend::Backend as _;
        for (url, look) in [
            (":memory:", ":memory:"),
            ("app.db", "file:app.db?mode=rw"),
            ("a 100%? #1.db", "file:a 100%25%3f %231.db?mode=rw"),
            ("file:app.db?cache=shared", "file:app.db?cache=shared&mode=rw"),
            ("file:app.db?mode=ro", "file:app.db?mode=ro"),
            ("sqlite://app.db", "file:app.db?mode=rw"),
        ] {
            assert_eq!(Session::url_to_look(url), look);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a 100%? #1.db");
        let path = path.to_str().expect("a name of ours");
        assert!(SqliteConnection::establish(&Session::url_to_look(path)).is_err());
        SqliteConnection::establish(path)
            .and_then(|_| SqliteConnection::establish(&Session::url_to_look(path)))
            .expect("it is there");
    }

    #[test]
    fn a_name_that_stands_once_is_the_place() {
        let sql = "CREATE TABLE é (a INT REFERENCES usres (id)); ";
        assert_eq!(position(sql, "no such table: main.usres"), Some(34));
        assert_eq!(position("SELECT x, xx FROM t WHERE x = 1", "no such column: x"), None);
        assert_eq!(position("SELECT x, xx FROM t", "no such column: x"), Some(8));
        assert_eq!(position("CREATE TABEL t (a)", "near \"TABEL\": syntax error"), Some(8));
        assert_eq!(position("CREATE TABLE t (a, a)", "duplicate column name: a"), Some(20));
        assert_eq!(position("INSERT INTO t VALUES (1)", "UNIQUE constraint failed: t.a"), None);
    }

    #[test]
    fn a_literal_is_quoted() {
        assert_eq!(quote("it's\0"), "'it''s'");
    }
}
