//! SQLite: the lock is `BEGIN IMMEDIATE`, waiting is `busy_timeout`.

use super::{ATTEMPT_COLUMNS, AtOnce, Backend, HistoryRow, Lock, attempt_values, history_of, history_query, optional};
use crate::error::{Error, Failure, seconds};
use crate::history::{CHECKSUM_PREFIX, History, Tables};
use crate::migration::{Engine, Migration, Migrations, Table};
use crate::settings::Settings;
use diesel::connection::{Connection as _, SimpleConnection as _, TransactionManager};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// The engine's clock, in UTC with milliseconds.
const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

/// How long SQLite waits on its own before the wait is looked at, and a line written to the log.
const SLICE: Duration = Duration::from_secs(3);

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
    failure.message.starts_with("database is locked") || failure.message.starts_with("database table is locked")
}

fn number(connection: &mut SqliteConnection, query: &str) -> Result<i64, Box<Failure>> {
    Ok(sql_query(query).get_result::<Number>(connection)?.number)
}

fn batch(connection: &mut SqliteConnection, sql: &str) -> Result<(), Box<Failure>> {
    connection.batch_execute(sql).map_err(Box::<Failure>::from)
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

fn again_while_busy(connection: &mut SqliteConnection, settings: &Settings, sql: &str) -> Result<(), Box<Failure>> {
    let since = Instant::now();
    loop {
        match batch(connection, sql) {
            Err(mut failure) if is_busy(&failure) => {
                if since.elapsed() >= settings.lock_wait {
                    failure.waited = Some(since.elapsed());
                    return Err(failure);
                }
                tracing::info!(waited = %seconds(since.elapsed()), "another process writes to this database; waiting for it");
            }
            other => return other,
        }
    }
}

impl Backend for SqliteConnection {
    const ENGINE: Engine = Engine::Sqlite;
    const LOCKS_BY_TRANSACTION: bool = true;

    fn open(&mut self, settings: &Settings) -> Result<String, Box<Failure>> {
        #[derive(QueryableByName)]
        struct Timeout {
            #[diesel(sql_type = BigInt)]
            timeout: i64,
        }
        // As a statement and not as a table: that one would read the schema, and meet a lock before it may wait.
        let before = sql_query("PRAGMA busy_timeout").get_result::<Timeout>(self)?.timeout;
        wait(self, settings.lock_wait)?;
        Ok(format!("PRAGMA busy_timeout = {before}"))
    }

    fn close(&mut self, undo: &str) {
        let _ = batch(self, undo);
    }

    fn transaction_is_open(&mut self) -> bool {
        use diesel::connection::AnsiTransactionManager as Manager;
        !matches!(Manager::transaction_manager_status_mut(self).transaction_depth(), Ok(None))
    }

    fn is_current(&mut self, migrations: &Migrations) -> Result<bool, Box<Failure>> {
        let tables = self.tables()?;
        if !tables.applied_exists || !tables.history_exists {
            return Ok(false);
        }
        let (applied, history) = (&tables.applied, &tables.history);
        let state = sql_query(format!(
            "SELECT coalesce(group_concat(line, ''), '') AS line FROM (\
               SELECT a.version || ' ' || coalesce(h.checksum, '') || ' ' || coalesce(h.raw_checksum, '') || char(10) AS line \
               FROM {applied} a LEFT JOIN {history} h ON h.version = a.version AND h.status IN ('completed', 'baselined') \
                 AND h.id IN (SELECT max(id) FROM {history} GROUP BY version) \
               ORDER BY length(ltrim(a.version, '0')), ltrim(a.version, '0'), a.version)"
        ))
        .get_result::<Line>(self)?;
        let mut expected = String::with_capacity(migrations.list.len() * 150);
        for migration in migrations.list {
            let _ = writeln!(
                expected,
                "{} {CHECKSUM_PREFIX}{} {}",
                migration.version, migration.checksum, migration.raw_checksum
            );
        }
        Ok(state.line == expected)
    }

    fn tables(&mut self) -> Result<Tables, Box<Failure>> {
        let names = sql_query(
            "SELECT name AS line FROM main.sqlite_master WHERE type = 'table' \
             AND name IN ('__diesel_schema_migrations', '__glowplug_history')",
        )
        .get_results::<Line>(self)?;
        let exists = |name: &str| names.iter().any(|row| row.line == name);
        Ok(Tables {
            applied: "main.__diesel_schema_migrations".to_owned(),
            history: "main.__glowplug_history".to_owned(),
            applied_exists: exists("__diesel_schema_migrations"),
            history_exists: exists("__glowplug_history"),
            lock_key: 0,
        })
    }

    fn history(&mut self, tables: &Tables) -> Result<History, Box<Failure>> {
        let Some(query) = history_query(tables, |column| format!("strftime('%Y-%m-%dT%H:%M:%fZ', {column})")) else {
            return Ok(History::default());
        };
        Ok(history_of(sql_query(query).get_results::<HistoryRow>(self)?))
    }

    /// Transactions lock by themselves. What runs outside of one is kept apart by a lock on a second, empty database
    /// beside the first: the operating system gives it back when the process dies.
    fn lock(&mut self, _: &Tables, settings: &Settings, longer: bool) -> Result<Lock, Error> {
        if !longer {
            return Ok(Lock::None);
        }
        let database = |failure| Error::database("taking the lock for migrating", failure);
        let Some(path) = lock_path(self).map_err(database)? else { return Ok(Lock::None) };
        let mut lock = SqliteConnection::establish(&path).map_err(|error| Error::Connection {
            url: path.clone(),
            message: error.to_string(),
            reason: crate::error::Refusal::of(&error.to_string()),
        })?;
        lock.open(settings).map_err(database)?;
        patiently(&mut lock, settings, "BEGIN EXCLUSIVE").map_err(database)?;
        Ok(Lock::File(Box::new(lock)))
    }

    fn unlock(&mut self, lock: Lock) {
        drop(lock);
    }

    fn is_locked(&mut self, _: &Tables) -> Result<bool, Box<Failure>> {
        let Some(path) = lock_path(self)?.filter(|path| std::path::Path::new(path).exists()) else { return Ok(false) };
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
        self.begin(settings)?;
        let created = batch(
            self,
            "CREATE TABLE IF NOT EXISTS main.__diesel_schema_migrations (\
               version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);\
             CREATE TABLE IF NOT EXISTS main.__glowplug_history (\
               id INTEGER PRIMARY KEY AUTOINCREMENT, version VARCHAR(50) NOT NULL, name TEXT NOT NULL, \
               checksum TEXT NOT NULL, raw_checksum TEXT NOT NULL, \
               status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'reverted', 'baselined')), \
               statements_done INTEGER NOT NULL, statements_total INTEGER NOT NULL, \
               started_at TEXT NOT NULL, finished_at TEXT, duration_ms INTEGER, error TEXT, sqlstate TEXT, \
               runner TEXT NOT NULL, tool_version TEXT NOT NULL)",
        )
        .and_then(|()| self.commit(settings));
        if created.is_err() {
            self.rollback();
        }
        created
    }

    fn apply_at_once(&mut self, tables: &Tables, settings: &Settings, migrations: &[&'static Migration]) -> AtOnce {
        let result = (|| {
            self.begin(settings)?;
            if let Some(first) = migrations.first()
                && self.is_applied(tables, first.version)?
            {
                return Ok(None);
            }
            let mut took = Vec::with_capacity(migrations.len());
            for migration in migrations {
                let id = self.record_start(tables, migration, 0)?;
                for index in 0..migration.statements.len() {
                    batch(self, migration.statement(index).unwrap_or_default())?;
                }
                took.push(self.record_completed(tables, id, migration, true)?);
            }
            self.commit(settings)?;
            Ok(Some(took))
        })();
        match result {
            Ok(Some(took)) => AtOnce::Applied(took),
            Ok(None) => {
                self.rollback();
                AtOnce::Overtaken
            }
            Err(failure) => {
                self.rollback();
                AtOnce::RolledBack(failure)
            }
        }
    }

    fn suspend_foreign_keys(&mut self) -> Result<bool, Box<Failure>> {
        #[derive(QueryableByName)]
        struct Switch {
            #[diesel(sql_type = BigInt)]
            foreign_keys: i64,
        }
        let on = sql_query("PRAGMA foreign_keys").get_result::<Switch>(self)?.foreign_keys == 1;
        if on {
            batch(self, "PRAGMA foreign_keys = OFF")?;
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
        .get_results::<Line>(self)?;
        if violations.is_empty() {
            return Ok(());
        }
        let rows: Vec<&str> = violations.iter().map(|row| row.line.as_str()).collect();
        Err(Box::new(Failure {
            message: "FOREIGN KEY constraint failed: rows point at what is not there".to_owned(),
            detail: Some(rows.join(", ")),
            hint: None,
            sqlstate: None,
            position: None,
            source: None,
            waited: None,
            lost: false,
        }))
    }

    fn resume_foreign_keys(&mut self) -> Result<(), Box<Failure>> {
        batch(self, "PRAGMA foreign_keys = ON")
    }

    fn begin(&mut self, settings: &Settings) -> Result<(), Box<Failure>> {
        patiently(self, settings, "BEGIN IMMEDIATE")
    }

    fn limit(&mut self, _: Option<&Settings>, _: &str) -> Result<(), Box<Failure>> {
        Ok(())
    }

    fn commit(&mut self, settings: &Settings) -> Result<(), Box<Failure>> {
        // A reader that is still reading makes COMMIT busy and leaves the transaction open: it can be tried again.
        patiently(self, settings, "COMMIT")
    }

    fn rollback(&mut self) {
        // Some failures (a full disk) have rolled back already.
        let _ = batch(self, "ROLLBACK");
    }

    fn is_applied(&mut self, tables: &Tables, version: &str) -> Result<bool, Box<Failure>> {
        let query = format!("SELECT count(*) AS number FROM {} WHERE version = {}", tables.applied, quote(version));
        Ok(number(self, &query)? > 0)
    }

    fn execute(&mut self, statement: &str, _: bool) -> Result<(), Box<Failure>> {
        batch(self, statement).map_err(|mut failure| {
            failure.position = position(statement, &failure.message);
            failure
        })
    }

    fn record_start(&mut self, tables: &Tables, migration: &Migration, done: usize) -> Result<i64, Box<Failure>> {
        batch(
            self,
            &format!(
                "INSERT INTO {} ({ATTEMPT_COLUMNS}, status, statements_done, started_at) VALUES ({}, 'running', {done}, {NOW})",
                tables.history,
                attempt_values(migration, quote),
            ),
        )?;
        number(self, "SELECT last_insert_rowid() AS number")
    }

    fn record_progress(&mut self, tables: &Tables, id: i64, done: usize) -> Result<(), Box<Failure>> {
        batch(self, &format!("UPDATE {} SET statements_done = {done} WHERE id = {id}", tables.history))
    }

    fn record_completed(
        &mut self,
        tables: &Tables,
        id: i64,
        migration: &Migration,
        in_transaction: bool,
    ) -> Result<Duration, Box<Failure>> {
        let rows = format!(
            "INSERT INTO {applied} (version) VALUES ({version}); \
             UPDATE {history} SET status = 'completed', statements_done = statements_total, finished_at = {NOW}, \
               duration_ms = max(0, CAST(round((julianday('now') - julianday(started_at)) * 86400000) AS INTEGER)) \
             WHERE id = {id}",
            applied = tables.applied,
            history = tables.history,
            version = quote(migration.version),
        );
        if in_transaction {
            batch(self, &rows)?;
        } else if let Err(failure) = batch(self, &format!("BEGIN IMMEDIATE; {rows}; COMMIT")) {
            self.rollback();
            return Err(failure);
        }
        let took = number(self, &format!("SELECT duration_ms AS number FROM {} WHERE id = {id}", tables.history))?;
        Ok(Duration::from_millis(u64::try_from(took).unwrap_or(0)))
    }

    fn record_failed(
        &mut self,
        tables: &Tables,
        id: Option<i64>,
        migration: &Migration,
        done: usize,
        took: Duration,
        failure: &Failure,
    ) -> Result<(), Box<Failure>> {
        let millis = took.as_millis();
        let error = quote(&failure.message);
        let sqlstate = optional(failure.sqlstate.as_deref(), quote);
        let row = match id {
            Some(id) => format!(
                "UPDATE {} SET status = 'failed', statements_done = {done}, finished_at = {NOW}, duration_ms = {millis}, \
                 error = {error}, sqlstate = {sqlstate} WHERE id = {id}",
                tables.history
            ),
            None => format!(
                "INSERT INTO {} ({ATTEMPT_COLUMNS}, status, statements_done, started_at, finished_at, duration_ms, error, sqlstate) \
                 VALUES ({}, 'failed', {done}, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{:.3} seconds'), {NOW}, {millis}, {error}, {sqlstate})",
                tables.history,
                attempt_values(migration, quote),
                took.as_secs_f64(),
            ),
        };
        batch(self, &row)
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
        .get_results::<Row>(self)?;
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
}

/// The path of the lock beside the database; `None` for one in memory, which nobody else can open.
fn lock_path(connection: &mut SqliteConnection) -> Result<Option<String>, Box<Failure>> {
    let path = sql_query("SELECT coalesce(file, '') AS line FROM pragma_database_list WHERE name = 'main'")
        .get_result::<Line>(connection)?;
    Ok((!path.line.is_empty()).then(|| format!("{}-glowplug", path.line)))
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
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut places = statement.match_indices(word).map(|(at, _)| at).filter(|&at| {
        let starts_as_word = word.starts_with(part_of_word);
        let before = statement[..at].chars().next_back();
        let after = statement[at + word.len()..].chars().next();
        !(starts_as_word && (before.is_some_and(part_of_word) || after.is_some_and(part_of_word)))
    });
    let only = places.next()?;
    // The second mention of a column is the double one; of anything else that stands there twice nothing is known.
    let at = match places.next() {
        None => only,
        Some(second) if message.starts_with("duplicate column") && places.next().is_none() => second,
        Some(_) => return None,
    };
    Some(statement[..at].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

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
