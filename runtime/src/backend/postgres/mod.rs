//! PostgreSQL: the lock is a session's advisory lock, asked for again and again rather than waited for.

use super::{ATTEMPT_COLUMNS, AtOnce, Backend, HistoryRow, Lock, attempt_values, history_of, history_query, optional};
use crate::error::{Error, Failure, Holder, seconds};
use crate::history::{History, Tables};
use crate::migration::{Engine, Migration, Migrations, Table};
use crate::settings::Settings;
use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl as _, sql_query};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::{Duration, Instant};

/// The first half of the advisory lock's key: the letters `glow`. The second half is made of the schema's name.
/// PostgreSQL keeps the locks of each database apart by itself.
const LOCK_CLASS: i32 = i32::from_be_bytes(*b"glow");

/// How often a wait for the lock says that it still waits.
const LOG_EVERY: Duration = Duration::from_secs(3);

/// The key of the setting that carries a migration's start through its transaction.
const STARTED: &str = "current_setting('glowplug.started')::timestamptz";

#[derive(QueryableByName)]
struct Yes {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// A text as a literal, whatever `standard_conforming_strings` says.
fn quote(text: &str) -> String {
    let text = text.replace('\0', "").replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", text.replace('\\', "\\\\")) } else { format!("'{text}'") }
}

fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Runs SQL of the runner's own.
fn batch(connection: &mut PgConnection, sql: &str) -> Result<(), Box<Failure>> {
    connection.batch_execute(sql).map_err(|error| {
        let mut failure = Box::<Failure>::from(error);
        if failure.sqlstate.is_none() {
            failure.sqlstate = known_sqlstate(&failure.message).map(str::to_owned);
        }
        failure
    })
}

/// `SET LOCAL` of the limits of a run.
fn limits(settings: &Settings) -> String {
    let mut sql = format!("SET LOCAL lock_timeout = {}", settings.lock_timeout.as_millis());
    if let Some(timeout) = settings.statement_timeout {
        let _ = write!(sql, "; SET LOCAL statement_timeout = {}", timeout.as_millis());
    }
    sql
}

/// The end of an attempt that went well, as one statement more in its transaction.
fn completed(tables: &Tables, migration: &Migration) -> String {
    format!(
        "INSERT INTO {} (version) VALUES ({}); \
         INSERT INTO {} ({ATTEMPT_COLUMNS}, status, statements_done, started_at, finished_at, duration_ms) \
         VALUES ({}, 'completed', {}, {STARTED}, clock_timestamp(), \
           (extract(epoch FROM clock_timestamp() - {STARTED}) * 1000)::bigint)",
        tables.applied,
        quote(migration.version),
        tables.history,
        attempt_values(migration, quote),
        migration.statements.len(),
    )
}

impl Backend for PgConnection {
    const ENGINE: Engine = Engine::Postgres;
    const LOCKS_BY_TRANSACTION: bool = false;

    fn open(&mut self, _: &Settings) -> Result<String, Box<Failure>> {
        Ok(String::new())
    }

    fn close(&mut self, _: &str) {}

    fn transaction_is_open(&mut self) -> bool {
        !matches!(AnsiTransactionManager::transaction_manager_status_mut(self).transaction_depth(), Ok(None))
    }

    fn is_current(&mut self, migrations: &Migrations) -> Result<bool, Box<Failure>> {
        #[derive(QueryableByName)]
        struct State {
            #[diesel(sql_type = Text)]
            digest: String,
            #[diesel(sql_type = BigInt)]
            raw: i64,
        }
        // The order is by number, as the list's is. The raw checksums are only summed up: a difference is looked into.
        let state = sql_query(
            "SELECT encode(sha256(convert_to(coalesce(string_agg(a.version || ' ' || coalesce(substr(h.checksum, 4), '') || chr(10), '' \
               ORDER BY length(ltrim(a.version, '0')), ltrim(a.version, '0') COLLATE \"C\", a.version COLLATE \"C\"), ''), 'UTF8')), 'hex') AS digest, \
             coalesce(sum(('x' || substr(h.raw_checksum, 1, 8))::bit(32)::bigint), 0)::bigint AS raw \
             FROM __diesel_schema_migrations a \
             LEFT JOIN (SELECT DISTINCT ON (version) version, status, checksum, raw_checksum \
                        FROM __glowplug_history ORDER BY version, id DESC) h \
               ON h.version = a.version AND h.status IN ('completed', 'baselined') AND h.checksum LIKE 'v1:%'",
        )
        .get_result::<State>(self);
        let state = match state {
            Ok(state) => state,
            // Most likely the tables are not there, which the next question finds out; diesel does not hand on the code.
            Err(diesel::result::Error::DatabaseError(_, _)) => return Ok(false),
            Err(other) => return Err(other.into()),
        };
        let first_word =
            |checksum: &str| checksum.get(..8).and_then(|word| i64::from_str_radix(word, 16).ok()).unwrap_or(0);
        let raw: i64 = migrations.list.iter().map(|migration| first_word(migration.raw_checksum)).sum();
        Ok(state.digest == migrations.digest && state.raw == raw)
    }

    fn tables(&mut self) -> Result<Tables, Box<Failure>> {
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
        }
        // The schema is asked for once: a migration may set search_path, and the tables must not move with it.
        let row = sql_query(
            "SELECT s.schema, to_regclass(quote_ident(s.schema) || '.__diesel_schema_migrations') IS NOT NULL AS applied, \
               to_regclass(quote_ident(s.schema) || '.__glowplug_history') IS NOT NULL AS history, \
               ('x' || substr(encode(sha256(convert_to(coalesce(s.schema, ''), 'UTF8')), 'hex'), 1, 8))::bit(32)::int AS key \
             FROM (SELECT coalesce((SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                                    WHERE c.oid = to_regclass('__diesel_schema_migrations')), current_schema())::text AS schema) s",
        )
        .get_result::<Row>(self)?;
        let Some(schema) = row.schema else {
            return Err(Box::new(Failure {
                message: "no schema of the search_path exists, so there is none to keep the history in".to_owned(),
                detail: None,
                hint: Some("create the schema, or set search_path for the role or in the URL".to_owned()),
                sqlstate: Some("3F000".to_owned()),
                position: None,
                source: None,
                waited: None,
                lost: false,
            }));
        };
        let schema = quote_name(&schema);
        Ok(Tables {
            applied: format!("{schema}.__diesel_schema_migrations"),
            history: format!("{schema}.__glowplug_history"),
            applied_exists: row.applied,
            history_exists: row.history,
            lock_key: row.key,
        })
    }

    fn history(&mut self, tables: &Tables) -> Result<History, Box<Failure>> {
        let instant = |column: &str| {
            // run_on has no zone: diesel's sessions are in UTC.
            let zone = if column == "a.run_on" { "" } else { " AT TIME ZONE 'UTC'" };
            format!("to_char({column}{zone}, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
        };
        let Some(query) = history_query(tables, instant) else { return Ok(History::default()) };
        Ok(history_of(sql_query(query).get_results::<HistoryRow>(self)?))
    }

    fn lock(&mut self, tables: &Tables, settings: &Settings, _: bool) -> Result<Lock, Error> {
        let database = |failure| Error::database("taking the lock for migrating", failure);
        let query = format!("SELECT pg_try_advisory_lock({LOCK_CLASS}, {}) AS yes", tables.lock_key);
        let since = Instant::now();
        let mut logged = None::<Instant>;
        loop {
            // Not pg_advisory_lock: a waiter inside it holds a snapshot, which CREATE INDEX CONCURRENTLY of the
            // process that has the lock would wait for, and neither would ever end.
            if sql_query(&query).get_result::<Yes>(self).map_err(|error| database(error.into()))?.yes {
                if logged.is_some() {
                    tracing::info!(waited = ?since.elapsed(), "the lock for migrating is ours");
                }
                return Ok(Lock::Advisory(tables.lock_key));
            }
            let waited = since.elapsed();
            let over = waited >= settings.lock_wait;
            if over || logged.is_none_or(|at| at.elapsed() >= LOG_EVERY) {
                logged = Some(Instant::now());
                let holder = holder(self, tables.lock_key).unwrap_or_default();
                if over {
                    return Err(Error::LockWait { waited, holder });
                }
                match &holder {
                    Some(holder) => tracing::info!(
                        waited = %seconds(waited), pid = holder.pid, application = %holder.application,
                        connected = %seconds(holder.connected),
                        "another process is migrating this database; waiting for it"
                    ),
                    None => tracing::info!(waited = %seconds(waited), "another process was migrating this database"),
                }
            }
            std::thread::sleep(pause().min(settings.lock_wait.saturating_sub(waited)));
        }
    }

    fn unlock(&mut self, lock: Lock) {
        // A dead connection has given it back already.
        if let Lock::Advisory(key) = lock {
            let _ = batch(self, &format!("SELECT pg_advisory_unlock({LOCK_CLASS}, {key})"));
        }
    }

    fn is_locked(&mut self, tables: &Tables) -> Result<bool, Box<Failure>> {
        let query = format!("SELECT EXISTS (SELECT 1 FROM pg_locks l WHERE {}) AS yes", held(tables.lock_key));
        Ok(sql_query(query).get_result::<Yes>(self)?.yes)
    }

    fn create_tables(&mut self, tables: &Tables, _: &Settings) -> Result<(), Box<Failure>> {
        if tables.applied_exists && tables.history_exists {
            return Ok(());
        }
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS {} (\
               version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP); \
             CREATE TABLE IF NOT EXISTS {} (\
               id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, version VARCHAR(50) NOT NULL, name TEXT NOT NULL, \
               checksum TEXT NOT NULL, raw_checksum TEXT NOT NULL, \
               status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'reverted', 'baselined')), \
               statements_done INTEGER NOT NULL, statements_total INTEGER NOT NULL, \
               started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ, duration_ms BIGINT, error TEXT, sqlstate TEXT, \
               runner TEXT NOT NULL, tool_version TEXT NOT NULL)",
            tables.applied, tables.history
        );
        batch(self, &sql)
    }

    fn apply_at_once(&mut self, tables: &Tables, settings: &Settings, migrations: &[&'static Migration]) -> AtOnce {
        let mut sql = format!("BEGIN; {}", limits(settings));
        for migration in migrations {
            sql.push_str("; SELECT set_config('glowplug.started', clock_timestamp()::text, true)");
            for index in 0..migration.statements.len() {
                // A statement may end in a comment: the semicolon goes on a line of its own.
                sql.push_str("\n;");
                sql.push_str(migration.statement(index).unwrap_or_default());
            }
            sql.push_str("\n;");
            sql.push_str(&completed(tables, migration));
        }
        sql.push_str("; COMMIT");
        let since = Instant::now();
        if let Err(failure) = batch(self, &sql) {
            self.rollback();
            return AtOnce::RolledBack(failure);
        }
        if migrations.len() == 1 {
            return AtOnce::Applied(vec![since.elapsed()]);
        }
        AtOnce::Applied(self.durations(tables, migrations))
    }

    fn begin(&mut self, settings: &Settings) -> Result<(), Box<Failure>> {
        batch(self, &format!("BEGIN; {}", limits(settings)))
    }

    fn limit(&mut self, settings: Option<&Settings>, statement: &str) -> Result<(), Box<Failure>> {
        let Some(settings) = settings else {
            return batch(self, "RESET lock_timeout; RESET statement_timeout");
        };
        // A concurrent build waits for the transactions that were there before it, and nobody waits for the build:
        // to cut its wait short gains nothing and leaves an invalid index.
        let concurrent = statement.to_ascii_uppercase().contains("CONCURRENTLY");
        let timeout = if concurrent { Duration::ZERO } else { settings.lock_timeout };
        let mut sql = format!("SET lock_timeout = {}", timeout.as_millis());
        if let Some(timeout) = settings.statement_timeout {
            let _ = write!(sql, "; SET statement_timeout = {}", timeout.as_millis());
        }
        batch(self, &sql)
    }

    fn commit(&mut self, _: &Settings) -> Result<(), Box<Failure>> {
        batch(self, "COMMIT")
    }

    fn rollback(&mut self) {
        let _ = batch(self, "ROLLBACK");
    }

    fn is_applied(&mut self, tables: &Tables, version: &str) -> Result<bool, Box<Failure>> {
        let query =
            format!("SELECT EXISTS (SELECT 1 FROM {} WHERE version = {}) AS yes", tables.applied, quote(version));
        Ok(sql_query(query).get_result::<Yes>(self)?.yes)
    }

    fn execute(&mut self, statement: &str, in_transaction: bool) -> Result<(), Box<Failure>> {
        if in_transaction {
            batch(self, "SAVEPOINT glowplug_statement")?;
        }
        let Err(mut failure) = self.batch_execute(statement).map_err(Box::<Failure>::from) else {
            return if in_transaction { batch(self, "RELEASE SAVEPOINT glowplug_statement") } else { Ok(()) };
        };
        if failure.sqlstate.is_none() && !failure.lost {
            let opened = if in_transaction {
                batch(self, "ROLLBACK TO SAVEPOINT glowplug_statement")
            } else {
                batch(self, "BEGIN")
            };
            failure.sqlstate = opened
                .and_then(|()| sqlstate(self, statement, &failure.message))
                .unwrap_or_default()
                .or_else(|| known_sqlstate(&failure.message).map(str::to_owned));
            if !in_transaction {
                self.rollback();
            }
        }
        Err(failure)
    }

    fn record_start(&mut self, tables: &Tables, migration: &Migration, done: usize) -> Result<i64, Box<Failure>> {
        #[derive(QueryableByName)]
        struct Id {
            #[diesel(sql_type = BigInt)]
            id: i64,
        }
        let query = format!(
            "INSERT INTO {} ({ATTEMPT_COLUMNS}, status, statements_done, started_at) \
             VALUES ({}, 'running', {done}, clock_timestamp()) RETURNING id",
            tables.history,
            attempt_values(migration, quote),
        );
        Ok(sql_query(query).get_result::<Id>(self)?.id)
    }

    fn record_progress(&mut self, tables: &Tables, id: i64, done: usize) -> Result<(), Box<Failure>> {
        batch(self, &format!("UPDATE {} SET statements_done = {done} WHERE id = {id}", tables.history))
    }

    fn record_completed(
        &mut self,
        tables: &Tables,
        id: i64,
        migration: &Migration,
        _: bool,
    ) -> Result<Duration, Box<Failure>> {
        // Outside a transaction the two statements of one message are one.
        batch(
            self,
            &format!(
                "INSERT INTO {applied} (version) VALUES ({version}); \
                 UPDATE {history} SET status = 'completed', statements_done = statements_total, finished_at = clock_timestamp(), \
                   duration_ms = (extract(epoch FROM clock_timestamp() - started_at) * 1000)::bigint WHERE id = {id}",
                applied = tables.applied,
                history = tables.history,
                version = quote(migration.version),
            ),
        )?;
        Ok(self.durations(tables, &[migration])[0])
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
                "UPDATE {} SET status = 'failed', statements_done = {done}, finished_at = clock_timestamp(), \
                 duration_ms = {millis}, error = {error}, sqlstate = {sqlstate} WHERE id = {id}",
                tables.history
            ),
            None => format!(
                "INSERT INTO {} ({ATTEMPT_COLUMNS}, status, statements_done, started_at, finished_at, duration_ms, error, sqlstate) \
                 VALUES ({}, 'failed', {done}, clock_timestamp() - interval '{millis} milliseconds', clock_timestamp(), \
                   {millis}, {error}, {sqlstate})",
                tables.history,
                attempt_values(migration, quote),
            ),
        };
        batch(self, &row)
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
        let live = sql_query(
            "SELECT n.nspname::text AS schema, c.relname::text AS relation, pg_table_is_visible(c.oid) AS visible, \
               coalesce(array_agg(a.attname::text) FILTER (WHERE a.attname IS NOT NULL), '{}') AS attributes \
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname = ANY($1) GROUP BY n.nspname, c.relname, c.oid",
        )
        .bind::<Array<Text>, _>(names)
        .get_results::<Row>(self)?;
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
}

/// What only PostgreSQL's side needs of itself.
trait Durations {
    fn durations(&mut self, tables: &Tables, migrations: &[&Migration]) -> Vec<Duration>;
}

impl Durations for PgConnection {
    /// How long these took, by the server's clock. They are committed: not to know it is no failure.
    fn durations(&mut self, tables: &Tables, migrations: &[&Migration]) -> Vec<Duration> {
        #[derive(QueryableByName)]
        struct Took {
            #[diesel(sql_type = Text)]
            version: String,
            #[diesel(sql_type = BigInt)]
            millis: i64,
        }
        let versions: Vec<&str> = migrations.iter().map(|migration| migration.version).collect();
        let took: BTreeMap<String, i64> = sql_query(format!(
            "SELECT version::text AS version, duration_ms AS millis FROM {} \
             WHERE status = 'completed' AND version = ANY($1) ORDER BY id",
            tables.history
        ))
        .bind::<Array<Text>, _>(versions)
        .get_results::<Took>(self)
        .unwrap_or_default()
        .into_iter()
        .map(|row| (row.version, row.millis))
        .collect();
        let millis = |migration: &&Migration| took.get(migration.version).and_then(|&took| u64::try_from(took).ok());
        migrations.iter().map(|migration| Duration::from_millis(millis(migration).unwrap_or(0))).collect()
    }
}

/// Between 100 and 500 ms, so that those who wait do not all ask at once.
fn pause() -> Duration {
    let random = std::hash::RandomState::new().build_hasher().finish();
    Duration::from_millis(100 + random % 400)
}

/// The condition on `pg_locks l` that finds the lock of a run.
fn held(key: i32) -> String {
    format!(
        "l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = ({LOCK_CLASS})::int4::oid \
         AND l.objid = ({key})::int4::oid AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
}

fn holder(connection: &mut PgConnection, key: i32) -> Result<Option<Holder>, Box<Failure>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Integer)]
        pid: i32,
        #[diesel(sql_type = Text)]
        application: String,
        #[diesel(sql_type = Double)]
        seconds: f64,
    }
    let query = format!(
        "SELECT l.pid, coalesce(a.application_name, '') AS application, \
           coalesce(extract(epoch FROM clock_timestamp() - a.backend_start), 0)::float8 AS seconds \
         FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE {} LIMIT 1",
        held(key)
    );
    let rows = sql_query(query).get_results::<Row>(connection)?;
    Ok(rows.into_iter().next().map(|row| Holder {
        pid: row.pid,
        application: row.application,
        connected: Duration::try_from_secs_f64(row.seconds).unwrap_or_default(),
    }))
}

/// The SQLSTATE of a statement that has just failed with `message`, from inside a transaction that will be rolled back.
///
/// libpq knows the code, and diesel keeps it to itself. PL/pgSQL says it: the statement is run once more where its
/// error is caught, under short limits, and the code is believed if the message is the same.
fn sqlstate(connection: &mut PgConnection, statement: &str, message: &str) -> Result<Option<String>, Box<Failure>> {
    #[derive(QueryableByName)]
    struct Said {
        #[diesel(sql_type = Nullable<Text>)]
        sqlstate: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        message: Option<String>,
    }
    let block = format!(
        "DECLARE code text; said text; BEGIN EXECUTE {}; \
         EXCEPTION WHEN query_canceled OR others THEN \
         GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, said = MESSAGE_TEXT; \
         PERFORM set_config('glowplug.sqlstate', code, true), set_config('glowplug.message', said, true); END",
        quote(statement)
    );
    // Two messages: the limit of a statement counts from the start of its message.
    batch(connection, "SET LOCAL lock_timeout = 100; SET LOCAL statement_timeout = 2000")?;
    batch(connection, &format!("DO {}", quote(&block)))?;
    let said = sql_query(
        "SELECT current_setting('glowplug.sqlstate', true) AS sqlstate, current_setting('glowplug.message', true) AS message",
    )
    .get_result::<Said>(connection)?;
    Ok(said.sqlstate.filter(|_| said.message.is_some_and(|said| said.trim_end() == message)))
}

/// The code of messages that are known by their (English) words, for what cannot be run again inside a block.
fn known_sqlstate(message: &str) -> Option<&'static str> {
    let starts = |start: &str| message.starts_with(start);
    let ends = |end: &str| message.ends_with(end);
    Some(if starts("relation \"") && ends("does not exist") {
        "42P01"
    } else if starts("relation \"") && ends("already exists") {
        "42P07"
    } else if starts("column \"") && message.contains("does not exist") {
        "42703"
    } else if starts("syntax error at") {
        "42601"
    } else if starts("permission denied") || starts("must be owner") {
        "42501"
    } else if starts("deadlock detected") {
        "40P01"
    } else if ends("due to lock timeout") || starts("could not obtain lock") {
        "55P03"
    } else if starts("canceling statement due to") {
        "57014"
    } else if starts("terminating connection due to administrator command") {
        "57P01"
    } else if ends("cannot run inside a transaction block") {
        "25001"
    } else if starts("could not extend file") {
        "53100"
    } else {
        return None;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_quoted() {
        assert_eq!(quote("it's"), "'it''s'");
        assert_eq!(quote(r"C:\it's"), r"E'C:\\it''s'");
        assert_eq!(quote_name("a\"b"), "\"a\"\"b\"");
    }

    #[test]
    fn pauses_lie_between_their_limits() {
        for _ in 0..200 {
            let pause = pause().as_millis();
            assert!((100..500).contains(&pause), "{pause}");
        }
    }
}
