//! MySQL and MariaDB. Each change of the schema commits, so most migrations go statement by statement, with a record of
//! how far they came. `lock.rs` keeps others out, `session.rs` is what a run and a migration set, `schema.rs` looks at
//! what is there, `failure.rs` finds out what went wrong.

use super::lock::Until;
use super::{
    ATTEMPT_COLUMNS, AtOnce, AttemptRow, Backend, Blocker, HistoryRow, StateRow, Words, already_applied, at_once,
    attempt_values, attempts_query, ended, history_of, history_query, not_applied, state_columns,
};
use crate::error::{Cause, Error, Failure};
use crate::history::{History, Names, Tables};
use crate::migration::{Engine, Migration, Migrations, Table};
use crate::run::is_setting;
use crate::settings::Settings;
use diesel::connection::{LoadConnection, TransactionManager as _};
use diesel::mysql::Mysql;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

mod failure;
mod lock;
mod schema;
mod session;

use failure::explained;

/// The engine's clock, in UTC whatever the session's zone is.
const NOW: &str = "UTC_TIMESTAMP(6)";

/// So many go into one transaction on a new database.
const AT_ONCE: usize = 500;

/// A connection for the time of a run.
#[derive(Debug)]
pub struct Session<'a, C> {
    connection: &'a mut C,
    held: lock::Held,
    /// What the server says that it is, once it was asked.
    server: String,
    /// What was set before the run set its limits.
    limits: Vec<(String, String)>,
    /// What was set before a migration that sets something.
    remembered: Option<session::Remembered>,
}

/// A text as a literal, whatever `sql_mode` and the character set of the session say.
fn quote(text: &str) -> String {
    if text.is_ascii() && !text.contains(['\\', '\0']) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut hex = String::with_capacity(text.len() * 2 + 16);
    for byte in text.bytes().filter(|byte| *byte != 0) {
        let _ = write!(hex, "{byte:02x}");
    }
    format!("_utf8mb4 X'{hex}'")
}

fn quote_name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A column as RFC 3339 in UTC.
fn instant(column: &str) -> String {
    // run_on is a TIMESTAMP, which is shown in the session's zone; the seconds behind it have none.
    let utc = if column == "a.run_on" {
        format!("DATE_ADD('1970-01-01 00:00:00', INTERVAL UNIX_TIMESTAMP({column}) SECOND)")
    } else {
        column.to_owned()
    };
    format!("CONCAT(LEFT(DATE_FORMAT({utc}, '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z')")
}

fn ago(took: Duration) -> String {
    format!("{NOW} - INTERVAL {} MICROSECOND", took.as_micros())
}

/// Runs SQL of the runner's own, in one message.
fn batch<C: LoadConnection<Backend = Mysql>>(connection: &mut C, sql: &str) -> Result<(), Box<Failure>> {
    connection.batch_execute(sql).map_err(|error| explained(connection, sql, error))
}

/// Asks a question of the runner's own.
fn rows<C, R>(connection: &mut C, sql: &str) -> Result<Vec<R>, Box<Failure>>
where
    C: LoadConnection<Backend = Mysql>,
    R: QueryableByName<Mysql> + 'static,
{
    sql_query(sql).load(connection).map_err(|error| explained(connection, sql, error))
}

/// The one row of a question that has one.
fn row<C, R>(connection: &mut C, sql: &str) -> Result<R, Box<Failure>>
where
    C: LoadConnection<Backend = Mysql>,
    R: QueryableByName<Mysql> + 'static,
{
    sql_query(sql).get_result(connection).map_err(|error| explained(connection, sql, error))
}

/// Runs a statement that changes rows; answers how many it found.
fn changed<C: LoadConnection<Backend = Mysql>>(connection: &mut C, sql: &str) -> Result<usize, Box<Failure>> {
    sql_query(sql).execute(connection).map_err(|error| explained(connection, sql, error))
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

impl<'a, C: LoadConnection<Backend = Mysql>> Session<'a, C> {
    pub(crate) fn new(connection: &'a mut C) -> Self {
        Session { connection, held: lock::Held::Nothing, server: String::new(), limits: Vec::new(), remembered: None }
    }

    fn batch(&mut self, sql: &str) -> Result<(), Box<Failure>> {
        batch(self.connection, sql)
    }

    /// Applies one migration inside a transaction, with its record.
    fn apply(
        &mut self,
        tables: &Tables,
        settings: &Settings,
        migration: &'static Migration,
    ) -> Result<Duration, Box<Failure>> {
        let since = Instant::now();
        self.claim(tables, migration)?;
        let mut statements = (0..migration.statements.len()).filter_map(|index| migration.statement(index));
        self.accompanied(tables, settings, migration.sql, |connection| {
            statements.try_for_each(|statement| batch(connection, statement))
        })?;
        let took = since.elapsed();
        let done = migration.statements.len();
        self.batch(&ended(&Self::WORDS, tables, migration, "completed", done, took, None, None))?;
        Ok(took)
    }

    /// Whether a version is applied already, where its row was refused as a double.
    fn overtaken(mut failure: Box<Failure>) -> Box<Failure> {
        if failure.number == Some(failure::DUPLICATE) {
            failure.cause = Cause::Overtaken;
        }
        failure
    }

    /// Before a statement that commits by itself, where the whole file cannot be run again: notes the state of what it
    /// names, so that a run behind a crash can tell whether it was carried out. Answers whether that was so already.
    fn note_before(
        &mut self,
        tables: &Tables,
        migration: &Migration,
        index: usize,
        id: i64,
        statement: &str,
    ) -> Result<bool, Box<Failure>> {
        let history = &tables.history;
        let now = schema::state(self.connection, statement)?;
        // The note of a statement that failed, or was recorded, is gone.
        let noted: Vec<Line> = rows(
            self.connection,
            &format!(
                "SELECT state_before AS line FROM {history} WHERE version = {} AND id < {id} AND statements_done = {index} \
                   AND state_before IS NOT NULL ORDER BY id DESC LIMIT 1",
                quote(migration.version)
            ),
        )?;
        if noted.first().is_some_and(|noted| noted.line != now) {
            tracing::warn!(
                file = migration.file,
                statement = index + 1,
                "carried out by the run that did not come to its end: what it names has changed since it was begun"
            );
            return Ok(true);
        }
        self.batch(&format!("UPDATE {history} SET state_before = {} WHERE id = {id}", quote(&now)))?;
        Ok(false)
    }
}

impl<C: LoadConnection<Backend = Mysql>> Backend for Session<'_, C> {
    type Inner = C;
    const ENGINE: Engine = Engine::Mysql;
    const COMMITS_EACH_CHANGE: bool = true;
    const WORDS: Words =
        Words { integer: "SIGNED", text: "CHAR", now: NOW, ago, quote, instant, sqlstate: "`sqlstate`", next_id: None };

    fn inner(&mut self) -> &mut C {
        self.connection
    }

    /// Nothing yet: where all is applied, a run is one read.
    fn open(&mut self, _: &Settings) -> Result<(), Box<Failure>> {
        Ok(())
    }

    fn close(&mut self) {
        session::set(self.connection, &std::mem::take(&mut self.limits)).unwrap_or_default();
    }

    fn transaction_is_open(&mut self) -> bool {
        let status = C::TransactionManager::transaction_manager_status_mut(self.connection);
        !matches!(status.transaction_depth(), Ok(None))
    }

    fn is_current(&mut self, names: &Names, migrations: &Migrations) -> Result<bool, Box<Failure>> {
        // What GROUP_CONCAT puts together has a limit, which each of the two engines lifts in a comment of its own.
        let lines = |columns: &[&str]| format!("GROUP_CONCAT({} SEPARATOR '\n')", columns.join(", "));
        let query = format!(
            "/*M!100101 SET STATEMENT group_concat_max_len = 1073741824 FOR */ \
             SELECT /*+ SET_VAR(group_concat_max_len = 1073741824) */ {}",
            state_columns(&names.applied, &names.history, lines)
        );
        // Most likely the tables are not there, which the next question finds out, as it does where nobody answers.
        let state = sql_query(query).get_result::<StateRow>(self.connection);
        Ok(state.is_ok_and(|state| state.is_current(migrations)))
    }

    fn tables(&mut self, names: &Names) -> Result<Tables, Box<Failure>> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Nullable<Text>)]
            base: Option<String>,
            #[diesel(sql_type = BigInt)]
            applied: i64,
            #[diesel(sql_type = BigInt)]
            history: i64,
            #[diesel(sql_type = Nullable<Text>)]
            lock_name: Option<String>,
            #[diesel(sql_type = Text)]
            server: String,
        }
        // The database is asked for once: a migration may USE another one, and the tables must not move with it. A lock
        // has at most 64 characters, and is the whole server's.
        let exists = |name: &str| {
            format!(
                "(SELECT CAST(COUNT(*) AS SIGNED) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '{name}')"
            )
        };
        let found: Row = row(
            self.connection,
            &format!(
                "SELECT DATABASE() AS base, {} AS applied, {} AS history, \
                   CONCAT('glowplug:', LEFT(SHA2(CONCAT(LOWER(DATABASE()), '/', '{}'), 256), 48)) AS lock_name, \
                   VERSION() AS server",
                exists(&names.applied),
                exists(&names.history),
                names.set,
            ),
        )?;
        self.server = found.server;
        let (Some(base), Some(lock_name)) = (found.base, found.lock_name) else {
            return Err(Box::new(Failure {
                hint: Some("name the database in the URL: mysql://user@host/database".to_owned()),
                sqlstate: Some("3D000".to_owned()),
                ..Failure::new("no database is selected, so there is none to keep the history in")
            }));
        };
        let within = |name: &str| format!("{}.{}", quote_name(&base), quote_name(name));
        Ok(Tables {
            applied: within(&names.applied),
            history: within(&names.history),
            lease: within(&names.lease),
            applied_exists: found.applied > 0,
            history_exists: found.history > 0,
            lock_key: 0,
            lock_name,
        })
    }

    fn history(&mut self, tables: &Tables) -> Result<History, Box<Failure>> {
        let Some(query) = history_query(&Self::WORDS, tables) else { return Ok(History::default()) };
        Ok(history_of(rows::<_, HistoryRow>(self.connection, &query)?))
    }

    fn attempts(&mut self, tables: &Tables) -> Result<Vec<AttemptRow>, Box<Failure>> {
        if tables.history_exists {
            rows(self.connection, &attempts_query(&Self::WORDS, tables))
        } else {
            Ok(Vec::new())
        }
    }

    fn lock(&mut self, tables: &Tables, settings: &Settings, _: bool) -> Result<(), Error> {
        self.limits = session::limit(self.connection, settings)
            .map_err(|failure| Error::database("preparing the connection for migrating", failure))?;
        self.take_lock(tables, settings)
    }

    fn unlock(&mut self) {
        self.give_back();
    }

    fn is_locked(&mut self, tables: &Tables) -> Result<bool, Box<Failure>> {
        self.somebody_migrates(tables)
    }

    fn hold(&mut self, tables: &Tables) -> Result<(), Box<Failure>> {
        self.keep(tables, Until::Alone)
    }

    fn create_tables(&mut self, tables: &Tables, _: &Settings) -> Result<(), Box<Failure>> {
        if tables.applied_exists && tables.history_exists {
            return Ok(());
        }
        // The first is diesel's own. Both have to be of an engine with transactions, and of the same collation.
        let options = "ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin";
        self.batch(&format!(
            "CREATE TABLE IF NOT EXISTS {} (\
               version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) {options}; \
             CREATE TABLE IF NOT EXISTS {} (\
               id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, version VARCHAR(50) NOT NULL, name TEXT NOT NULL, \
               checksum VARCHAR(100) NOT NULL, raw_checksum VARCHAR(100) NOT NULL, status VARCHAR(20) NOT NULL, \
               statements_done INTEGER NOT NULL, statements_total INTEGER NOT NULL, \
               started_at DATETIME(6) NOT NULL, finished_at DATETIME(6), duration_ms BIGINT, error TEXT, \
               `sqlstate` VARCHAR(5), runner TEXT NOT NULL, tool_version VARCHAR(50) NOT NULL, state_before VARCHAR(100), \
               KEY (version, id), \
               CHECK (status IN ('running', 'completed', 'failed', 'reverted', 'baselined'))) {options}",
            tables.applied, tables.history
        ))
    }

    fn together(&self, new: bool) -> usize {
        if new { AT_ONCE } else { 1 }
    }

    fn apply_at_once(&mut self, tables: &Tables, settings: &Settings, migrations: &[&'static Migration]) -> AtOnce {
        at_once(self, tables, settings, migrations, |session, tables, migration| {
            session.apply(tables, settings, migration)
        })
    }

    fn remember_session(&mut self) -> Result<(), Box<Failure>> {
        self.remembered = Some(session::remember(self.connection)?);
        Ok(())
    }

    fn restore_session(&mut self, in_transaction: bool) -> Result<(), Box<Failure>> {
        // Some settings end a transaction, and none bothers the record.
        let Some(before) = self.remembered.take_if(|_| !in_transaction) else { return Ok(()) };
        session::restore(self.connection, before)
    }

    fn begin(&mut self, tables: &Tables, _: &Settings) -> Result<(), Box<Failure>> {
        self.batch("START TRANSACTION")?;
        self.keep(tables, Until::Commit).inspect_err(|_| self.rollback())
    }

    fn commit(&mut self, _: &Settings) -> Result<(), Box<Failure>> {
        self.batch("COMMIT")
    }

    fn rollback(&mut self) {
        let _ = self.batch("ROLLBACK");
    }

    fn claim(&mut self, tables: &Tables, migration: &Migration) -> Result<(), Box<Failure>> {
        let row = format!("INSERT INTO {} (version) VALUES ({})", tables.applied, quote(migration.version));
        self.batch(&row).map_err(Self::overtaken)
    }

    fn execute(&mut self, statement: &str) -> Result<(), Box<Failure>> {
        self.batch(statement)
    }

    /// The statement and the note that it is done are one message: where the server has carried out the first it goes on
    /// to the second, whether anybody still listens or not.
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
        let done = format!(
            "UPDATE {} SET statements_done = {}, state_before = NULL WHERE id = {id}",
            tables.history,
            index + 1
        );
        // A transaction for the note as well: the file may have switched off that each statement commits.
        let sql = if migration.statements[index].transactional {
            self.begin(tables, settings)?;
            format!("{statement}\n; {done}; COMMIT")
        } else {
            let runs_again = migration.resumable && migration.idempotent || is_setting(statement);
            if !runs_again && self.note_before(tables, migration, index, id, statement)? {
                return self.batch(&done);
            }
            self.keep(tables, Until::Alone)?;
            format!("{statement}\n; START TRANSACTION; {done}; COMMIT")
        };
        match self.accompanied(tables, settings, statement, |connection| connection.batch_execute(&sql)) {
            Ok(()) => Ok(()),
            Err(error) => {
                let failure = explained(self.connection, &sql, error);
                if !failure.is_lost() {
                    self.rollback();
                    // It was not carried out, and that is known.
                    let _ = self.batch(&format!("UPDATE {} SET state_before = NULL WHERE id = {id}", tables.history));
                }
                Err(failure)
            }
        }
    }

    fn blockers(&mut self, statement: &str) -> Vec<Blocker> {
        schema::in_the_way(self.connection, statement, None).unwrap_or_default()
    }

    fn record_start(
        &mut self,
        tables: &Tables,
        migration: &Migration,
        done: usize,
        claimed: bool,
    ) -> Result<i64, Box<Failure>> {
        let row = format!(
            "INSERT INTO {} ({ATTEMPT_COLUMNS}, status, statements_done, started_at) SELECT {}, 'running', {done}, {NOW} FROM DUAL WHERE {}",
            tables.history,
            attempt_values(migration, quote),
            not_applied(tables, migration, claimed, quote),
        );
        match changed(self.connection, &row)? {
            0 => Err(already_applied()),
            _ => {
                Ok(self::row::<_, Number>(self.connection, "SELECT CAST(LAST_INSERT_ID() AS SIGNED) AS number")?.number)
            }
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
        let completed = format!(
            "UPDATE {history} SET status = 'completed', statements_done = statements_total, finished_at = {NOW}, \
               duration_ms = GREATEST(0, TIMESTAMPDIFF(MICROSECOND, started_at, {NOW}) DIV 1000) WHERE id = {id}"
        );
        if claimed {
            self.batch(&completed)?;
        } else {
            let claim = format!("INSERT INTO {} (version) VALUES ({})", tables.applied, quote(migration.version));
            if let Err(failure) = self.batch(&format!("START TRANSACTION; {claim}; {completed}; COMMIT")) {
                if !failure.is_lost() {
                    self.rollback();
                }
                return Err(Self::overtaken(failure));
            }
        }
        let took = format!("SELECT duration_ms AS number FROM {history} WHERE id = {id}");
        let took = row::<_, Number>(self.connection, &took)?.number;
        Ok(Duration::from_millis(u64::try_from(took).unwrap_or(0)))
    }

    fn script(&mut self, sql: &str) -> Result<(), Box<Failure>> {
        self.batch(sql)
    }

    fn columns(&mut self, tables: &[Table]) -> Result<BTreeMap<usize, Vec<String>>, Box<Failure>> {
        schema::columns(self.connection, tables)
    }

    fn foreign_columns(&mut self, table: &str) -> Result<Vec<String>, Box<Failure>> {
        let query = format!(
            "SELECT column_name AS line FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = {}",
            quote(table)
        );
        Ok(rows::<_, Line>(self.connection, &query)?.into_iter().map(|row| row.line).collect())
    }

    fn foreign_texts(&mut self, table: &str, column: &str, condition: &str) -> Result<Vec<String>, Box<Failure>> {
        let query =
            format!("SELECT CAST({column} AS CHAR) AS line FROM {table} WHERE {column} IS NOT NULL AND {condition}");
        Ok(rows::<_, Line>(self.connection, &query)?.into_iter().map(|row| row.line).collect())
    }

    fn database_name(&mut self) -> Result<String, Box<Failure>> {
        Ok(row::<_, Line>(self.connection, "SELECT COALESCE(DATABASE(), '') AS line")?.line)
    }

    fn drop_everything(&mut self, tables: &Tables, _: &Settings) -> Result<(), Box<Failure>> {
        // The table of a lease that is held keeps others out meanwhile.
        let kept = if let lock::Held::Lease { table, .. } = &self.held { Some(table.clone()) } else { None };
        let checks = row::<_, Line>(self.connection, "SELECT CAST(@@SESSION.foreign_key_checks AS CHAR) AS line")?.line;
        let drops = schema::drops(self.connection, tables, kept.as_deref())?;
        let dropped = self
            .batch("SET SESSION foreign_key_checks = 0")
            .and_then(|()| drops.iter().try_for_each(|drop| self.hold(tables).and_then(|()| self.batch(drop))));
        self.batch(&format!("SET SESSION foreign_key_checks = {checks}"))?;
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_quoted() {
        assert_eq!(quote("it's"), "'it''s'");
        assert_eq!(quote(r"a\b"), "_utf8mb4 X'615c62'");
        assert_eq!(quote("é\0"), "_utf8mb4 X'c3a9'");
        assert_eq!(quote_name("a`b"), "`a``b`");
    }
}
