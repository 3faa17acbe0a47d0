//! PostgreSQL. `lock.rs` keeps others out, `companion.rs` looks on from a second connection.

use super::lock::Until;
use super::{
    ATTEMPT_COLUMNS, AtOnce, AttemptRow, Backend, Blocker, HistoryRow, StateRow, Words, already_applied,
    attempt_values, attempts_query, history_of, history_query, not_applied, state_columns,
};
use crate::error::{Cause, Error, Failure, Meaning};
use crate::history::{History, Names, Tables};
use crate::migration::{Engine, Migration, Migrations, Table};
use crate::settings::{Mode, Settings};
use diesel::connection::{LoadConnection, TransactionManager as _};
use diesel::pg::Pg;
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use sqlstate::Again;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

mod companion;
mod lock;
mod session;
mod sqlstate;

/// The time now, as `run_on` keeps it.
const RUN_ON: &str = "clock_timestamp() AT TIME ZONE 'UTC'";

/// So many go into one transaction on a new database: PostgreSQL's table of locks, as it is set by default, takes
/// about 2,000 migrations that make a table each.
const AT_ONCE: usize = 500;

/// A connection for the time of a run.
#[derive(Debug)]
pub struct Session<'a, C> {
    connection: &'a mut C,
    mode: Mode,
    held: lock::Held,
    /// What the server says that it is, once it was asked.
    server: String,
    /// What was set for the session before a migration that sets something.
    remembered: Option<Vec<(String, String)>>,
    prepared: Prepared,
}

/// The statements that every migration repeats, as the server keeps them ready for this session: read and planned anew,
/// they are a tenth of what a small migration costs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prepared {
    /// Nothing went yet: for one migration they are not worth it.
    NotYet,
    /// One migration went, and here is another.
    Next,
    There,
    /// Something failed, perhaps because a migration let go of them.
    Spoilt,
}

/// A text as a literal, whatever `standard_conforming_strings` says.
fn quote(text: &str) -> String {
    let text = text.replace('\0', "").replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", text.replace('\\', "\\\\")) } else { format!("'{text}'") }
}

fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What diesel says, with what can be told of its code and its cause.
fn explained(error: diesel::result::Error) -> Box<Failure> {
    let mut failure = Box::<Failure>::from(error);
    if failure.sqlstate.is_none() {
        failure.sqlstate = sqlstate::known(&failure.message).map(str::to_owned);
    }
    if failure.message.contains(lock::OTHER_SESSION) {
        failure.cause = Cause::Pooler;
    } else if failure.message.contains(lock::OTHER_OWNER) {
        failure.cause = Cause::LeaseLost;
    } else if failure.message.starts_with("terminating connection") {
        failure.cause = Cause::Lost;
    }
    failure
}

/// Runs SQL of the runner's own, in one message: without a BEGIN it is one transaction.
fn batch<C: LoadConnection<Backend = Pg>>(connection: &mut C, sql: &str) -> Result<(), Box<Failure>> {
    connection.batch_execute(sql).map_err(explained)
}

/// Asks a question of the runner's own, in one round trip and without a named prepared statement.
fn rows<C, R>(connection: &mut C, sql: &str) -> Result<Vec<R>, Box<Failure>>
where
    C: LoadConnection<Backend = Pg>,
    R: QueryableByName<Pg> + 'static,
{
    sql_query(sql).load(connection).map_err(explained)
}

/// What is told of another session, of the row `a` of `pg_stat_activity`: the columns that [`other_sessions`] reads.
const OTHER_SESSION: &str = "a.pid, coalesce(a.application_name, '') AS application, coalesce(a.state, '') AS state, \
     left(coalesce(a.query, ''), 500) AS query, \
     coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::float8 AS seconds";

/// The sessions that a query finds.
fn other_sessions<C: LoadConnection<Backend = Pg>>(
    connection: &mut C,
    query: &str,
) -> Result<Vec<Blocker>, Box<Failure>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Integer)]
        pid: i32,
        #[diesel(sql_type = Text)]
        application: String,
        #[diesel(sql_type = Text)]
        state: String,
        #[diesel(sql_type = Text)]
        query: String,
        #[diesel(sql_type = Double)]
        seconds: f64,
    }
    let blocker = |row: Row| Blocker {
        pid: row.pid,
        application: row.application,
        state: row.state,
        query: row.query,
        since: Duration::try_from_secs_f64(row.seconds).unwrap_or_default(),
    };
    Ok(rows(connection, query)?.into_iter().map(blocker).collect())
}

/// The one row of a question that has one.
fn row<C, R>(connection: &mut C, sql: &str) -> Result<R, Box<Failure>>
where
    C: LoadConnection<Backend = Pg>,
    R: QueryableByName<Pg> + 'static,
{
    sql_query(sql).get_result(connection).map_err(explained)
}

#[derive(QueryableByName)]
struct Yes {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// `SET LOCAL` of the limits of a run.
fn limits(settings: &Settings) -> String {
    let mut sql = format!("SET LOCAL lock_timeout = {}", settings.lock_timeout.as_millis());
    if let Some(timeout) = settings.statement_timeout {
        let _ = write!(sql, "; SET LOCAL statement_timeout = {}", timeout.as_millis());
    }
    sql
}

/// The start of a migration: what no two transactions get past. `run_on` is when, or `DEFAULT`: when the transaction
/// began.
fn claimed(tables: &Tables, migration: &Migration, run_on: &str) -> String {
    format!("INSERT INTO {} (version, run_on) VALUES ({}, {run_on})", tables.applied, quote(migration.version))
}

/// Prepares the start and the end of migrations, each a transaction of its own. `guard` is what says whether the lock is
/// this session's, `fails` what makes the error where it is not.
fn prepare(tables: &Tables, (guard, fails): &(String, String)) -> String {
    let columns = ATTEMPT_COLUMNS.split(',').count();
    let values: Vec<String> = (1..=columns).map(|nth| format!("${nth}")).collect();
    format!(
        "PREPARE glowplug_claim AS INSERT INTO {} (version) VALUES (CASE WHEN {guard} THEN $1 ELSE ({fails})::text END); \
         PREPARE glowplug_completed AS {}",
        tables.applied,
        completed_alone(tables, &values.join(", "), &format!("${}", columns + 1)),
    )
}

fn ago(took: Duration) -> String {
    format!("clock_timestamp() - interval '{} milliseconds'", took.as_millis())
}

/// A column as RFC 3339 in UTC.
fn instant(column: &str) -> String {
    // run_on has no zone: diesel's sessions are in UTC.
    let zone = if column == "a.run_on" { "" } else { " AT TIME ZONE 'UTC'" };
    format!("to_char({column}{zone}, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
}

/// Milliseconds since `started`. The clock of a server may be set back.
fn millis_since(started: &str) -> String {
    format!("greatest(0, (extract(epoch FROM clock_timestamp() - {started}) * 1000)::bigint)")
}

/// The `id` of the next attempt. A sequence would be behind the rows where the database came by logical replication or
/// by a restore of its data alone, and may be after a crash of the server; whoever inserts has the lock.
fn next_id(history: &str) -> String {
    format!("(SELECT coalesce(max(id), 0) + 1 FROM {history})")
}

/// The insert of attempts that went well, up to its values.
fn insert_completed(tables: &Tables) -> String {
    format!(
        "INSERT INTO {} (id, {ATTEMPT_COLUMNS}, status, statements_done, started_at, finished_at, duration_ms)",
        tables.history
    )
}

/// The end of an attempt that began with its transaction, of these values for [`ATTEMPT_COLUMNS`].
fn completed_alone(tables: &Tables, values: &str, done: &str) -> String {
    format!(
        "{} VALUES ({}, {values}, 'completed', {done}, now(), clock_timestamp(), {})",
        insert_completed(tables),
        next_id(&tables.history),
        millis_since("now()"),
    )
}

/// The end of attempts that went well, as the last statement in their transaction: of one that began with it, or of
/// several of which each was claimed when it began.
fn completed(tables: &Tables, migrations: &[&Migration]) -> String {
    if let [migration] = migrations {
        return completed_alone(tables, &attempt_values(migration, quote), &migration.statements.len().to_string());
    }
    // One statement for all of them: a row is a tenth of a statement.
    let rows: Vec<String> = (0..)
        .zip(migrations)
        .map(|(nth, migration)| format!("({nth}, {})", attempt_values(migration, quote)))
        .collect();
    format!(
        "{} SELECT {} + nth, {ATTEMPT_COLUMNS}, 'completed', statements_total, began AT TIME ZONE 'UTC', ended AT TIME ZONE 'UTC', \
           greatest(0, (extract(epoch FROM ended - began) * 1000)::bigint) \
         FROM (SELECT v.*, a.run_on AS began, coalesce(lead(a.run_on) OVER (ORDER BY nth), {RUN_ON}) AS ended \
               FROM (VALUES {}) v (nth, {ATTEMPT_COLUMNS}) LEFT JOIN {} a ON a.version = v.version) v ORDER BY nth",
        insert_completed(tables),
        next_id(&tables.history),
        rows.join(", "),
        tables.applied,
    )
}

impl<'a, C: LoadConnection<Backend = Pg>> Session<'a, C> {
    pub(crate) fn new(connection: &'a mut C) -> Self {
        Session {
            connection,
            mode: Mode::Direct,
            held: lock::Held::Nothing,
            server: String::new(),
            remembered: None,
            prepared: Prepared::NotYet,
        }
    }

    fn batch(&mut self, sql: &str) -> Result<(), Box<Failure>> {
        batch(self.connection, sql)
    }

    /// Whether a failure says that a version is applied already, rather than something of a migration.
    fn overtaken(tables: &Tables, mut failure: Box<Failure>) -> Box<Failure> {
        if failure.sqlstate.as_deref() == Some("23505")
            && failure.table.as_deref().is_some_and(|table| tables.applied.ends_with(&quote_name(table)))
        {
            failure.cause = Cause::Overtaken;
        }
        failure
    }

    /// How long these took, by the server's clock, and which of them are completed. They are committed: not to know it
    /// is no failure.
    fn durations(&mut self, tables: &Tables, migrations: &[&Migration]) -> BTreeMap<String, Duration> {
        #[derive(QueryableByName)]
        struct Took {
            #[diesel(sql_type = Text)]
            version: String,
            #[diesel(sql_type = BigInt)]
            millis: i64,
        }
        let versions: Vec<String> = migrations.iter().map(|migration| quote(migration.version)).collect();
        let took: Vec<Took> = rows(
            self.connection,
            &format!(
                "SELECT version::text AS version, duration_ms AS millis FROM {} \
                 WHERE status = 'completed' AND version IN ({}) ORDER BY id",
                tables.history,
                versions.join(", ")
            ),
        )
        .unwrap_or_default();
        let duration = |millis: i64| Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        took.into_iter().map(|row| (row.version, duration(row.millis))).collect()
    }

    /// Drops an index that a build left invalid. Answers whether it was whole; `None` where there is no such index.
    fn repair_index(&mut self, settings: &Settings, index: &str) -> Result<Option<bool>, Box<Failure>> {
        let found: Vec<Yes> = rows(
            self.connection,
            &format!("SELECT indisvalid AS yes FROM pg_index WHERE indexrelid = to_regclass({})", quote(index)),
        )?;
        let whole = found.first().map(|row| row.yes);
        if whole == Some(false) {
            tracing::warn!(index, "the index is invalid, a build of it was stopped: it is dropped");
            match self.batch(&format!("DROP INDEX CONCURRENTLY IF EXISTS {index}")) {
                Err(failure) if failure.is_lost() || failure.is_passing() || settings.is_stopped() => {
                    return Err(failure);
                }
                // The server drops so only what comes first in its transaction, and an event trigger may write before it.
                // Nobody reads an invalid index: the lock that a plain drop takes is an instant's.
                Err(failure) => {
                    let sql = format!("BEGIN; {}; DROP INDEX IF EXISTS {index}; COMMIT", limits(settings));
                    self.batch(&sql).map_err(|_| {
                        self.rollback();
                        failure
                    })?;
                }
                Ok(()) => {}
            }
        }
        Ok(whole)
    }

    /// A statement outside a transaction, under the session's limits.
    fn alone(&mut self, tables: &Tables, settings: &Settings, statement: &str) -> Result<(), Box<Failure>> {
        // A concurrent build waits for the transactions that were there before it, and nobody waits for the build:
        // to cut its wait short gains nothing and leaves an invalid index.
        let concurrent = statement.to_ascii_uppercase().contains("CONCURRENTLY");
        let timeout = if concurrent { Duration::ZERO } else { settings.lock_timeout };
        let mut sql = format!("SET lock_timeout = {}", timeout.as_millis());
        if let Some(timeout) = settings.statement_timeout {
            let _ = write!(sql, "; SET statement_timeout = {}", timeout.as_millis());
        }
        if let Some(guard) = self.held.guard(tables, Until::Alone) {
            let _ = write!(sql, "; {guard}");
        }
        self.batch(&sql)?;
        let ran = self.accompanied(tables, settings, |connection| connection.batch_execute(statement));
        let reset = self.batch("RESET lock_timeout; RESET statement_timeout");
        ran.map_err(|error| self.precise(statement, error, false))?;
        reset
    }

    /// What is known of a failure without asking anew.
    fn told(&self, error: diesel::result::Error) -> Box<Failure> {
        let mut failure = explained(error);
        if failure.sqlstate.is_none()
            && let (Some(detail), Some(pid)) = (&failure.detail, self.held.pid())
            && sqlstate::is_deadlock(detail, pid)
        {
            failure.sqlstate = Some("40P01".to_owned());
        }
        failure
    }

    /// The failure of a statement with the code that the server gave it. Inside a transaction, there is a savepoint to
    /// go back to; outside one is made, and rolled back.
    fn precise(&mut self, statement: &str, error: diesel::result::Error, in_transaction: bool) -> Box<Failure> {
        let mut failure = self.told(error);
        if failure.sqlstate.is_some() || failure.is_lost() {
            return failure;
        }
        let opened = self.batch(if in_transaction { "ROLLBACK TO SAVEPOINT glowplug_statement" } else { "BEGIN" });
        match opened.and_then(|()| sqlstate::of(self.connection, statement, &failure.message)) {
            Ok(Again::Fails(code)) => failure.sqlstate = Some(code),
            // Somebody was in the way, in words that are not known: servers speak many languages.
            Ok(Again::GoesWell) => failure.meaning = Some(Meaning::Conflict),
            Err(second) if second.is_lost() => failure.cause = Cause::Lost,
            Ok(Again::FailsOtherwise) | Err(_) => {}
        }
        // Which code a full disk has depends on what fills it.
        let full = ["could not extend file", "could not write to file"];
        if failure.meaning() == Meaning::Other && full.iter().any(|start| failure.message.starts_with(start)) {
            failure.meaning = Some(Meaning::NoRoom);
        }
        if !in_transaction {
            self.rollback();
        }
        failure
    }
}

impl<C: LoadConnection<Backend = Pg>> Backend for Session<'_, C> {
    type Inner = C;
    const ENGINE: Engine = Engine::Postgres;
    const WORDS: Words = Words {
        integer: "BIGINT",
        text: "TEXT",
        now: "clock_timestamp()",
        ago,
        quote,
        instant,
        sqlstate: "sqlstate",
        next_id: Some(next_id),
    };

    fn inner(&mut self) -> &mut C {
        self.connection
    }

    fn url_to_look(url: &str) -> String {
        // Seconds; libpq knows none below two. Who accepts and never answers, or is cut off, keeps no thread for ever.
        let limits = [
            ("connect_timeout", 2),
            ("tcp_user_timeout", 5_000),
            ("keepalives_idle", 5),
            ("keepalives_interval", 2),
            ("keepalives_count", 2),
        ];
        let mut limited = url.to_owned();
        for (name, value) in limits {
            if url.contains(name) {
                continue;
            }
            limited.push(match (url.contains("://"), limited.contains('?')) {
                (true, true) => '&',
                (true, false) => '?',
                (false, _) => ' ',
            });
            limited.push_str(&format!("{name}={value}"));
        }
        limited
    }

    fn open(&mut self, settings: &Settings) -> Result<(), Box<Failure>> {
        self.mode = settings.mode;
        Ok(())
    }

    fn close(&mut self) {}

    fn transaction_is_open(&mut self) -> bool {
        let status = C::TransactionManager::transaction_manager_status_mut(self.connection);
        !matches!(status.transaction_depth(), Ok(None))
    }

    fn is_current(&mut self, names: &Names, migrations: &Migrations) -> Result<bool, Box<Failure>> {
        // Without a schema: the search_path finds them, as it does for `tables`.
        let lines = |columns: &[&str]| format!("string_agg({}, chr(10))", columns.join(" || "));
        let query = format!("SELECT {}", state_columns(&names.applied, &names.history, lines));
        match row::<_, StateRow>(self.connection, &query) {
            Ok(state) => Ok(state.is_current(migrations)),
            Err(failure) if failure.is_lost() => Err(failure),
            // Most likely the tables are not there, which the next question finds out; diesel does not hand on the code.
            Err(_) => Ok(false),
        }
    }

    fn tables(&mut self, names: &Names) -> Result<Tables, Box<Failure>> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Nullable<Text>)]
            schema: Option<String>,
            #[diesel(sql_type = Bool)]
            applied: bool,
            #[diesel(sql_type = Bool)]
            history: bool,
            #[diesel(sql_type = Integer)]
            key: i32,
            #[diesel(sql_type = Text)]
            server: String,
        }
        // The schema is asked for once: a migration may set search_path, and the tables must not move with it.
        let found: Row = row(
            self.connection,
            &format!(
                "SELECT s.schema, to_regclass(quote_ident(s.schema) || '.{applied}') IS NOT NULL AS applied, \
                   to_regclass(quote_ident(s.schema) || '.{history}') IS NOT NULL AS history, \
                   hashtext(coalesce(s.schema, '') || '{set}') AS key, \
                   version() AS server \
                 FROM (SELECT coalesce((SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                                        WHERE c.oid = to_regclass('{applied}')), current_schema())::text AS schema) s",
                applied = names.applied,
                history = names.history,
                // Of the only list, the schema alone.
                set = if names.set.is_empty() { String::new() } else { format!("/{}", names.set) },
            ),
        )?;
        self.server = found.server;
        let Some(schema) = found.schema else {
            return Err(Box::new(Failure {
                hint: Some("create the schema, or set search_path for the role or in the URL".to_owned()),
                sqlstate: Some("3F000".to_owned()),
                ..Failure::new("no schema of the search_path exists, so there is none to keep the history in")
            }));
        };
        let within = |name: &str| format!("{}.{}", quote_name(&schema), quote_name(name));
        Ok(Tables {
            applied: within(&names.applied),
            history: within(&names.history),
            lease: within(&names.lease),
            applied_exists: found.applied,
            history_exists: found.history,
            lock_key: found.key,
            lock_name: String::new(),
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
        self.take_lock(tables, settings)
    }

    fn unlock(&mut self) {
        if matches!(self.prepared, Prepared::There | Prepared::Spoilt) {
            let _ = self.batch("DEALLOCATE glowplug_claim; DEALLOCATE glowplug_completed");
        }
        self.prepared = Prepared::NotYet;
        self.give_back();
    }

    fn is_locked(&mut self, tables: &Tables) -> Result<bool, Box<Failure>> {
        self.somebody_migrates(tables)
    }

    fn hold(&mut self, tables: &Tables) -> Result<(), Box<Failure>> {
        self.held.guard(tables, Until::Alone).map_or(Ok(()), |guard| self.batch(&guard))
    }

    fn create_tables(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>> {
        if tables.applied_exists && tables.history_exists {
            return Ok(());
        }
        // Where the lock is the transaction's, it has to be had first.
        let mut sql = if self.mode == Mode::Pooled {
            self.begin(tables, settings)?;
            String::new()
        } else {
            self.beginning(tables, settings) + "; "
        };
        let _ = write!(
            sql,
            "CREATE TABLE IF NOT EXISTS {} (\
               version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP); \
             CREATE TABLE IF NOT EXISTS {} (\
               id BIGINT PRIMARY KEY, version VARCHAR(50) NOT NULL, name TEXT NOT NULL, \
               checksum TEXT NOT NULL, raw_checksum TEXT NOT NULL, \
               status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'reverted', 'baselined')), \
               statements_done INTEGER NOT NULL, statements_total INTEGER NOT NULL, \
               started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ, duration_ms BIGINT, error TEXT, sqlstate TEXT, \
               runner TEXT NOT NULL, tool_version TEXT NOT NULL); COMMIT",
            tables.applied, tables.history
        );
        self.batch(&sql).inspect_err(|_| self.rollback())
    }

    fn in_transactions_alone(&self) -> bool {
        self.mode == Mode::Pooled
    }

    fn together(&self, new: bool) -> usize {
        if new || self.mode == Mode::Pooled { AT_ONCE } else { 1 }
    }

    fn apply_at_once(&mut self, tables: &Tables, settings: &Settings, migrations: &[&'static Migration]) -> AtOnce {
        let alone = migrations.len() == 1;
        let mut sql = String::new();
        // Behind a pooler the next transaction may have another session, and a lease is renewed with each.
        let session = self.held.session_check().filter(|_| alone && self.mode == Mode::Direct);
        if let (Some(session), Prepared::Next) = (&session, self.prepared) {
            sql = prepare(tables, session) + "; ";
            self.prepared = Prepared::There;
        }
        let prepared = session.is_some() && self.prepared == Prepared::There;
        if prepared {
            let _ = write!(sql, "BEGIN; {}; ", limits(settings));
        } else if self.mode == Mode::Pooled {
            if let Err(failure) = self.begin(tables, settings) {
                return AtOnce::nothing(failure);
            }
        } else {
            sql = self.beginning(tables, settings);
            sql.push_str("; ");
        }
        // No savepoints: with hundreds of them in it, a transaction is an eighth slower. Where one of many fails, all of
        // them go one by one.
        for migration in migrations {
            if prepared {
                let _ = write!(sql, "EXECUTE glowplug_claim({})", quote(migration.version));
            } else {
                sql.push_str(&claimed(tables, migration, if alone { "DEFAULT" } else { RUN_ON }));
            }
            for index in 0..migration.statements.len() {
                // A statement may end in a comment: the semicolon goes on a line of its own.
                sql.push_str("\n;");
                sql.push_str(migration.statement(index).unwrap_or_default());
            }
            sql.push_str("\n;");
        }
        match migrations {
            [migration] if prepared => {
                let (values, done) = (attempt_values(migration, quote), migration.statements.len());
                let _ = write!(sql, "EXECUTE glowplug_completed({values}, {done})");
            }
            _ => sql.push_str(&completed(tables, migrations)),
        }
        sql.push_str("; COMMIT");
        let since = Instant::now();
        match self.accompanied(tables, settings, |connection| connection.batch_execute(&sql)) {
            Ok(()) if alone => {
                if self.prepared == Prepared::NotYet {
                    self.prepared = Prepared::Next;
                }
                AtOnce { took: vec![since.elapsed()], stopped: None }
            }
            Ok(()) => {
                let took = self.durations(tables, migrations);
                let each = |migration: &&Migration| took.get(migration.version).copied().unwrap_or_default();
                AtOnce { took: migrations.iter().map(each).collect(), stopped: None }
            }
            Err(error) => {
                if prepared {
                    self.prepared = Prepared::Spoilt;
                }
                let failure = Self::overtaken(tables, self.told(error));
                if !failure.is_lost() {
                    self.rollback();
                }
                AtOnce::nothing(failure)
            }
        }
    }

    fn remember_session(&mut self) -> Result<(), Box<Failure>> {
        self.remembered = Some(session::settings(self.connection)?);
        Ok(())
    }

    fn restore_session(&mut self, in_transaction: bool) -> Result<(), Box<Failure>> {
        // Behind a pooler, what is outside the transaction is somebody else's session.
        if self.mode == Mode::Pooled && !in_transaction {
            return Ok(());
        }
        match &self.remembered {
            Some(before) => session::restore(self.connection, before),
            None => Ok(()),
        }
    }

    fn begin(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>> {
        if self.mode == Mode::Pooled {
            return self.begin_locked(tables, settings);
        }
        let sql = self.beginning(tables, settings);
        self.batch(&sql).inspect_err(|_| self.rollback())
    }

    fn commit(&mut self, _: &Settings) -> Result<(), Box<Failure>> {
        self.batch("COMMIT")
    }

    fn rollback(&mut self) {
        let _ = self.batch("ROLLBACK");
    }

    fn claim(&mut self, tables: &Tables, migration: &Migration) -> Result<(), Box<Failure>> {
        self.batch(&claimed(tables, migration, "DEFAULT")).map_err(|failure| Self::overtaken(tables, failure))
    }

    fn execute(&mut self, statement: &str) -> Result<(), Box<Failure>> {
        self.batch("SAVEPOINT glowplug_statement")?;
        match self.connection.batch_execute(statement) {
            Ok(()) => self.batch("RELEASE SAVEPOINT glowplug_statement"),
            Err(error) => Err(self.precise(statement, error, true)),
        }
    }

    fn step(
        &mut self,
        tables: &Tables,
        settings: &Settings,
        migration: &'static Migration,
        index: usize,
        id: i64,
        begun: bool,
    ) -> Result<(), Box<Failure>> {
        let statement = migration.statement(index).unwrap_or_default();
        let facts = &migration.statements[index];
        let progress = format!("UPDATE {} SET statements_done = {} WHERE id = {id}", tables.history, index + 1);
        if facts.transactional {
            let sql = format!("{}; {statement}\n; {progress}; COMMIT", self.beginning(tables, settings));
            return match self.accompanied(tables, settings, |connection| connection.batch_execute(&sql)) {
                Ok(()) => Ok(()),
                Err(error) => {
                    // The place in the whole message, as the place in the statement.
                    let before = sql.find(statement).map_or(0, |at| sql[..at].chars().count());
                    self.rollback();
                    let mut failure = self.precise(statement, error, false);
                    failure.position = failure.position.and_then(|position| position.checked_sub(before));
                    Err(failure)
                }
            };
        }
        if let Some(name) = facts.index {
            // An earlier attempt may have built it and died before it could say so.
            if self.repair_index(settings, name)? == Some(true) && begun {
                return self.batch(&progress);
            }
        }
        let ran = self.alone(tables, settings, statement);
        if let Some(name) = facts.index {
            // A build that fails leaves its index behind; the reason for the failure says more than that of the drop.
            let repaired = self.repair_index(settings, name);
            ran?;
            if repaired? == Some(false) {
                // IF NOT EXISTS has found the invalid one that another session was building.
                self.alone(tables, settings, statement)?;
            }
        } else {
            ran?;
        }
        self.batch(&progress)
    }

    fn blockers(&mut self, statement: &str) -> Vec<Blocker> {
        // The wait is over, so pg_blocking_pids has nothing to say: whoever holds a lock on a table that the text names.
        let query = format!(
            "SELECT DISTINCT {OTHER_SESSION} \
             FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a ON a.pid = l.pid \
             WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid() \
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
               AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) \
               AND strpos(lower({}), lower(c.relname)) > 0 ORDER BY seconds DESC LIMIT 10",
            quote(statement)
        );
        other_sessions(self.connection, &query).unwrap_or_default()
    }

    fn record_start(
        &mut self,
        tables: &Tables,
        migration: &Migration,
        done: usize,
        claimed: bool,
    ) -> Result<i64, Box<Failure>> {
        #[derive(QueryableByName)]
        struct Id {
            #[diesel(sql_type = BigInt)]
            id: i64,
        }
        let query = format!(
            "INSERT INTO {} (id, {ATTEMPT_COLUMNS}, status, statements_done, started_at) \
             SELECT {}, {}, 'running', {done}, clock_timestamp() WHERE {} RETURNING id",
            tables.history,
            next_id(&tables.history),
            attempt_values(migration, quote),
            not_applied(tables, migration, claimed, quote),
        );
        rows::<_, Id>(self.connection, &query)?.first().map(|row| row.id).ok_or_else(already_applied)
    }

    fn record_completed(
        &mut self,
        tables: &Tables,
        id: i64,
        migration: &Migration,
        claimed: bool,
    ) -> Result<Duration, Box<Failure>> {
        // Outside a transaction the two statements of one message are one.
        let claim = if claimed {
            String::new()
        } else {
            format!("INSERT INTO {} (version) VALUES ({}); ", tables.applied, quote(migration.version))
        };
        let millis = millis_since("started_at");
        let history = &tables.history;
        self.batch(&format!(
            "{claim}UPDATE {history} SET status = 'completed', statements_done = statements_total, \
               finished_at = clock_timestamp(), duration_ms = {millis} WHERE id = {id}",
        ))
        .map_err(|failure| Self::overtaken(tables, failure))?;
        Ok(self.durations(tables, &[migration]).remove(migration.version).unwrap_or_default())
    }

    fn script(&mut self, sql: &str) -> Result<(), Box<Failure>> {
        self.batch(sql)
    }

    fn columns(&mut self, tables: &[Table]) -> Result<BTreeMap<usize, Vec<String>>, Box<Failure>> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            schema: String,
            #[diesel(sql_type = Text)]
            relation: String,
            #[diesel(sql_type = Bool)]
            visible: bool,
            #[diesel(sql_type = Array<Text>)]
            attributes: Vec<String>,
        }
        let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
        // Not information_schema, which shows a role only what it has rights on.
        let live: Vec<Row> = sql_query(
            "SELECT n.nspname::text AS schema, c.relname::text AS relation, pg_table_is_visible(c.oid) AS visible, \
               coalesce(array_agg(a.attname::text) FILTER (WHERE a.attname IS NOT NULL), '{}') AS attributes \
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname = ANY($1) GROUP BY n.nspname, c.relname, c.oid",
        )
        .bind::<Array<Text>, _>(names)
        .load(self.connection)
        .map_err(explained)?;
        let find = |table: &Table| {
            // The analysis writes `public` where no schema is named: there the search_path decides.
            live.iter()
                .find(|row| row.relation == table.name && table.schema == "public" && row.visible)
                .or_else(|| live.iter().find(|row| row.relation == table.name && row.schema == table.schema))
        };
        Ok(tables
            .iter()
            .enumerate()
            .filter_map(|(index, table)| {
                let live = find(table)?;
                let names = table.columns.iter().map(|column| column.name.to_owned());
                Some((index, names.filter(|name| live.attributes.contains(name)).collect()))
            })
            .collect())
    }

    fn foreign_columns(&mut self, table: &str) -> Result<Vec<String>, Box<Failure>> {
        let found: Vec<Line> = rows(
            self.connection,
            &format!(
                "SELECT attname::text AS line FROM pg_attribute \
                 WHERE attrelid = to_regclass({}) AND attnum > 0 AND NOT attisdropped",
                quote(table)
            ),
        )?;
        Ok(found.into_iter().map(|row| row.line).collect())
    }

    fn foreign_texts(&mut self, table: &str, column: &str, condition: &str) -> Result<Vec<String>, Box<Failure>> {
        let found: Vec<Line> = rows(
            self.connection,
            &format!("SELECT {column}::text AS line FROM {table} WHERE {column} IS NOT NULL AND {condition}"),
        )?;
        Ok(found.into_iter().map(|row| row.line).collect())
    }

    fn database_name(&mut self) -> Result<String, Box<Failure>> {
        Ok(row::<_, Line>(self.connection, "SELECT current_database()::text AS line")?.line)
    }

    fn drop_everything(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>> {
        self.begin(tables, settings)?;
        self.batch(&format!("{}; COMMIT", session::drop_everything(&tables.applied))).inspect_err(|_| self.rollback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_has_limits_of_its_own() {
        use crate::backend::Backend as _;
        let look = <Session<'_, diesel::PgConnection>>::url_to_look;
        let rest = "tcp_user_timeout=5000&keepalives_idle=5&keepalives_interval=2&keepalives_count=2";
        assert_eq!(look("postgres://db/app"), format!("postgres://db/app?connect_timeout=2&{rest}"));
        assert_eq!(look("postgres://db/app?connect_timeout=9"), format!("postgres://db/app?connect_timeout=9&{rest}"));
        assert_eq!(look("host=db"), format!("host=db connect_timeout=2 {}", rest.replace('&', " ")));
    }

    #[test]
    fn a_literal_is_quoted() {
        assert_eq!(quote("it's"), "'it''s'");
        assert_eq!(quote(r"C:\it's"), r"E'C:\\it''s'");
        assert_eq!(quote_name("a\"b"), "\"a\"\"b\"");
    }
}
