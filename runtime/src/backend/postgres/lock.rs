//! Who migrates: an advisory lock of the session, one of the transaction behind a pooler, or a lease.
//!
//! None of them is waited for inside the server: a waiter there holds a snapshot, which `CREATE INDEX CONCURRENTLY` of the
//! process that has the lock would wait for, and neither would ever end. So they are asked for again and again.

use super::{Pg, Session, Yes, batch, limits, quote, row, rows};
use crate::backend::lock::{LEASE, TAKING, Until, Waiting, owner, set_end};
use crate::backend::process_token;
use crate::backoff::pause;
use crate::error::{Cause, Error, Failure, Holder};
use crate::history::Tables;
use crate::settings::{LockKind, Mode, Settings};
use diesel::QueryableByName;
use diesel::connection::LoadConnection;
use diesel::sql_types::{BigInt, Bool, Double, Integer, Nullable, Text};
use std::time::{Duration, Instant};

/// The first half of the advisory lock's key: the letters `glow`. The second half is made of the schema's name.
/// PostgreSQL keeps the locks of each database apart by itself.
const LOCK_CLASS: i32 = i32::from_be_bytes(*b"glow");

/// How long it is tried to give back a lock that a pooler's other session has.
const GIVING_BACK: Duration = Duration::from_secs(5);

/// What the guards of a transaction say in the error they make.
pub(super) const OTHER_SESSION: &str = "glowplug: this is another session than the one that has the lock";
pub(super) const OTHER_OWNER: &str = "glowplug: the lease has another owner by now";

/// What keeps others out.
#[derive(Debug)]
pub(super) enum Held {
    /// Nothing yet, or each transaction's own lock.
    Nothing,
    /// The session's advisory lock, which the server process `pid` has.
    /// `checks`: how often it looked whether its client is still there, before it was told to do so often.
    Advisory { key: i32, pid: i32, checks: Option<String> },
    /// The lease, by the number that no later owner has.
    Lease { fence: i64, table: String, pid: Option<i32>, renewed_elsewhere: bool },
}

impl Held {
    /// A statement that fails where what was held is not held any more: before each transaction, and before each
    /// statement outside of one.
    pub(super) fn guard(&self, tables: &Tables, until: Until) -> Option<String> {
        match self {
            Held::Nothing => None,
            Held::Advisory { .. } => {
                self.session_check().map(|(ours, fails)| format!("SELECT CASE WHEN {ours} THEN 0 ELSE {fails} END"))
            }
            Held::Lease { fence, renewed_elsewhere, .. } => Some(format!(
                "WITH mine AS ({} RETURNING 1) SELECT CASE WHEN EXISTS (SELECT 1 FROM mine) THEN 0 ELSE {} END",
                renewal(&tables.lease, *fence, until.lasts(*renewed_elsewhere)),
                fail(OTHER_OWNER)
            )),
        }
    }

    /// Where the lock is a session's: the condition that this is the session, and what fails where it is not.
    pub(super) fn session_check(&self) -> Option<(String, String)> {
        match self {
            Held::Advisory { pid, .. } => Some((format!("pg_backend_pid() = {pid}"), fail(OTHER_SESSION))),
            Held::Nothing | Held::Lease { .. } => None,
        }
    }

    /// The server's process behind this connection, where that stays the same.
    pub(super) fn pid(&self) -> Option<i32> {
        match self {
            Held::Nothing => None,
            Held::Advisory { pid, .. } => Some(*pid),
            Held::Lease { pid, .. } => *pid,
        }
    }
}

/// An integer that nobody gets: an error with this text. Nothing constant may be cast: the planner would do it, and fail,
/// before anybody asks.
fn fail(said: &str) -> String {
    format!("(({}) || ' ' || pg_backend_pid())::int", quote(said))
}

/// Puts the end of a lease off, where it is still ours.
pub(super) fn renewal(table: &str, fence: i64, lasts: Duration) -> String {
    set_end(table, fence, &format!("clock_timestamp() + interval '{} seconds'", lasts.as_secs()), quote)
}

impl<C: LoadConnection<Backend = Pg>> Session<'_, C> {
    /// Takes what is held for a whole run. Behind a pooler nothing is: each transaction has its own.
    pub(super) fn take_lock(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Error> {
        let database = |failure| Error::database(TAKING, failure);
        let taken = match (settings.lock, settings.mode) {
            (LockKind::Lease, _) => self.take_lease(tables, settings),
            // Their advisory locks are not there, or do not hold across nodes.
            (LockKind::Auto, _) if ["CockroachDB", "-YB-"].iter().any(|name| self.server.contains(name)) => {
                self.take_lease(tables, settings)
            }
            (_, Mode::Pooled) => return Ok(()),
            (_, Mode::Direct) => self.take_advisory(tables, settings),
        };
        taken.map_err(database)
    }

    fn take_advisory(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>> {
        #[derive(QueryableByName)]
        struct Asked {
            #[diesel(sql_type = Bool)]
            taken: bool,
            #[diesel(sql_type = Bool)]
            foreign: bool,
            #[diesel(sql_type = Integer)]
            pid: i32,
            /// None before PostgreSQL 14.
            #[diesel(sql_type = Nullable<Text>)]
            checks: Option<String>,
        }
        let key = tables.lock_key;
        // Through a transaction pooler two clients meet in one session of the server, where both have the lock. Who
        // comes second finds the first one's mark, and takes nothing.
        let foreign =
            format!("coalesce(current_setting('glowplug.session', true), '') NOT IN ('', {})", quote(process_token()));
        let query = format!(
            "SELECT coalesce(CASE WHEN {foreign} THEN false WHEN pg_try_advisory_lock({LOCK_CLASS}, {key}) \
               THEN set_config('glowplug.session', {}, false) <> '' END, false) AS taken, {foreign} AS foreign, \
             pg_backend_pid() AS pid, current_setting('client_connection_check_interval', true) AS checks",
            quote(process_token())
        );
        let mut waiting = Waiting::new();
        let asked = loop {
            let asked: Asked = row(self.connection, &query)?;
            if asked.taken {
                break asked;
            }
            if asked.foreign {
                return Err(pooler());
            }
            let connection = &mut *self.connection;
            waiting.pause(settings, || holder(connection, key).unwrap_or_default())?;
        };
        waiting.done();
        // A server that notices that its client is dead gives the lock back at once, not at the end of a statement.
        // There are systems where it cannot; they refuse the setting.
        let checks = asked.checks.filter(|_| self.batch("SET client_connection_check_interval = 250").is_ok());
        self.held = Held::Advisory { key, pid: asked.pid, checks };
        // The session that has the lock has to be the one that answers now. A pooler gives the session that was used last
        // to who asks first: where a second connection can be made, it asks, and keeps what it got.
        let mut other = settings.url.as_ref().and_then(|url| C::establish(&url.0).ok());
        if let Some(other) = &mut other {
            let _ = batch(other, "BEGIN; SELECT 1");
        }
        if let Some(guard) = self.held.guard(tables, Until::Commit)
            && let Err(failure) = self.batch(&guard)
        {
            drop(other);
            self.give_back();
            return Err(failure);
        }
        Ok(())
    }

    fn take_lease(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>> {
        #[derive(QueryableByName)]
        struct Fence {
            #[diesel(sql_type = BigInt)]
            fence: i64,
            #[diesel(sql_type = Integer)]
            pid: i32,
        }
        self.create_lease(tables)?;
        let table = &tables.lease;
        // A row that a transaction of its owner has locked is passed over: that owner is at work.
        let query = format!(
            "WITH free AS (SELECT name FROM {table} WHERE name = 'run' AND expires_at < clock_timestamp() FOR UPDATE SKIP LOCKED) \
             UPDATE {table} l SET owner = {}, fence = l.fence + 1, \
               expires_at = clock_timestamp() + interval '{} seconds' \
             FROM free WHERE l.name = free.name RETURNING l.fence, pg_backend_pid() AS pid",
            quote(&owner()),
            LEASE.as_secs()
        );
        let mut waiting = Waiting::new();
        let Fence { fence, pid } = loop {
            if let Some(ours) = rows(self.connection, &query)?.into_iter().next() {
                break ours;
            }
            let connection = &mut *self.connection;
            waiting.pause(settings, || tenant(connection, table).unwrap_or_default())?;
        };
        waiting.done();
        tracing::debug!(fence, "the lease is ours");
        self.held = Held::Lease {
            fence,
            table: table.clone(),
            pid: (settings.mode == Mode::Direct).then_some(pid),
            renewed_elsewhere: settings.url.is_some(),
        };
        Ok(())
    }

    /// Creates the table of the lease, and its row. Several may do so at once, and IF NOT EXISTS keeps nobody out: who
    /// fails looks whether somebody else has done it.
    fn create_lease(&mut self, tables: &Tables) -> Result<(), Box<Failure>> {
        let table = &tables.lease;
        let exists =
            format!("SELECT EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = to_regclass({})) AS yes", quote(table));
        let row_there = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE name = 'run') AS yes");
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {table} (name VARCHAR(50) PRIMARY KEY NOT NULL, owner TEXT NOT NULL, \
               fence BIGINT NOT NULL, expires_at TIMESTAMPTZ NOT NULL); \
             INSERT INTO {table} (name, owner, fence, expires_at) VALUES ('run', '', 0, '-infinity') ON CONFLICT DO NOTHING"
        );
        let mut tries = 0;
        loop {
            if row::<_, Yes>(self.connection, &exists)?.yes && row::<_, Yes>(self.connection, &row_there)?.yes {
                return Ok(());
            }
            match batch(self.connection, &create) {
                Err(failure) if failure.is_lost() || tries >= 10 => return Err(failure),
                // A right that is missing stays missing.
                Err(failure) if matches!(failure.sqlstate.as_deref(), Some("42501" | "25006")) => return Err(failure),
                _ => {}
            }
            tries += 1;
            std::thread::sleep(pause() / 4);
        }
    }

    /// Gives back what is held. A dead connection has done so already.
    pub(super) fn give_back(&mut self) {
        match std::mem::replace(&mut self.held, Held::Nothing) {
            Held::Nothing => {}
            Held::Advisory { key, pid, checks } => {
                let checks = checks.map_or_else(String::new, |before| {
                    format!(" AND set_config('client_connection_check_interval', {}, false) <> ''", quote(&before))
                });
                let query = format!(
                    "SELECT CASE WHEN pg_backend_pid() = {pid} THEN pg_advisory_unlock({LOCK_CLASS}, {key}) \
                       AND set_config('glowplug.session', '', false) = ''{checks} ELSE false END AS yes"
                );
                // Behind a pooler the session that has it may answer now and then. Where it does not, it would keep the
                // lock for as long as the pooler keeps it: it is ended, as soon as nobody is using it.
                let gone = format!(
                    "SELECT NOT EXISTS (SELECT 1 FROM pg_locks l WHERE {} AND l.pid = {pid}) OR coalesce((SELECT pg_terminate_backend(pid) \
                       FROM pg_stat_activity WHERE pid = {pid} AND state = 'idle' AND usename = current_user AND pid <> pg_backend_pid()), \
                       false) AS yes",
                    held(key)
                );
                let since = Instant::now();
                let mut given = false;
                while !given && since.elapsed() < GIVING_BACK {
                    for _ in 0..20 {
                        match row::<_, Yes>(self.connection, &query) {
                            Ok(row) if !row.yes => {}
                            // Or there is no session any longer that could have it.
                            _ => {
                                given = true;
                                break;
                            }
                        }
                    }
                    given = given || row::<_, Yes>(self.connection, &gone).map_or(true, |row| row.yes);
                    if !given {
                        std::thread::sleep(pause() / 4);
                    }
                }
            }
            Held::Lease { fence, table, .. } => {
                let _ = self.batch(&set_end(&table, fence, "'-infinity'", quote));
            }
        }
    }

    /// The start of a transaction, as one message: its limits, and the guard of what is held.
    pub(super) fn beginning(&self, tables: &Tables, settings: &Settings) -> String {
        let guard = self.held.guard(tables, Until::Commit);
        let parts = ["BEGIN".to_owned(), limits(settings)].into_iter().chain(guard);
        parts.collect::<Vec<_>>().join("; ")
    }

    /// The start of a transaction that has the lock itself. It is begun anew for each try, so that no snapshot and no
    /// server connection is kept while another one migrates.
    pub(super) fn begin_locked(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>> {
        let begin = self.beginning(tables, settings);
        if matches!(self.held, Held::Lease { .. }) {
            return batch(self.connection, &begin).inspect_err(|_| {
                let _ = batch(self.connection, "ROLLBACK");
            });
        }
        let query = format!("SELECT pg_try_advisory_xact_lock({LOCK_CLASS}, {}) AS yes", tables.lock_key);
        let mut waiting = Waiting::new();
        loop {
            batch(self.connection, &begin)?;
            let taken = row::<_, Yes>(self.connection, &query);
            if let Ok(Yes { yes: true }) = taken {
                waiting.done();
                return Ok(());
            }
            batch(self.connection, "ROLLBACK")?;
            taken?;
            let connection = &mut *self.connection;
            waiting.pause(settings, || holder(connection, tables.lock_key).unwrap_or_default())?;
        }
    }

    /// Whether somebody migrates just now, by whatever lock.
    pub(super) fn somebody_migrates(&mut self, tables: &Tables) -> Result<bool, Box<Failure>> {
        #[derive(QueryableByName)]
        struct Asked {
            #[diesel(sql_type = Bool)]
            locked: bool,
            #[diesel(sql_type = Bool)]
            lease: bool,
        }
        let asked: Asked = row(
            self.connection,
            &format!(
                "SELECT EXISTS (SELECT 1 FROM pg_locks l WHERE {}) AS locked, to_regclass({}) IS NOT NULL AS lease",
                held(tables.lock_key),
                quote(&tables.lease)
            ),
        )?;
        if asked.locked || !asked.lease {
            return Ok(asked.locked);
        }
        let query =
            format!("SELECT EXISTS (SELECT 1 FROM {} WHERE expires_at > clock_timestamp()) AS yes", tables.lease);
        Ok(row::<_, Yes>(self.connection, &query)?.yes)
    }
}

fn pooler() -> Box<Failure> {
    Box::new(Failure {
        cause: Cause::Pooler,
        ..Failure::new("another client has marked this session of the server as its own")
    })
}

/// The condition on `pg_locks l` that finds the lock of a run.
fn held(key: i32) -> String {
    format!(
        "l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = ({LOCK_CLASS})::int4::oid \
         AND l.objid = ({key})::int4::oid AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
}

#[derive(QueryableByName)]
struct Holding {
    #[diesel(sql_type = Nullable<Integer>)]
    pid: Option<i32>,
    #[diesel(sql_type = Text)]
    application: String,
    #[diesel(sql_type = Double)]
    seconds: f64,
}

impl From<Holding> for Holder {
    fn from(row: Holding) -> Holder {
        Holder {
            pid: row.pid,
            application: row.application,
            connected: Duration::try_from_secs_f64(row.seconds).unwrap_or_default(),
            end: row.pid.map(|pid| format!("SELECT pg_terminate_backend({pid})")),
        }
    }
}

fn holder<C: LoadConnection<Backend = Pg>>(connection: &mut C, key: i32) -> Result<Option<Holder>, Box<Failure>> {
    let query = format!(
        "SELECT l.pid, coalesce(a.application_name, '') AS application, \
           coalesce(extract(epoch FROM clock_timestamp() - a.backend_start), 0)::float8 AS seconds \
         FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE {} LIMIT 1",
        held(key)
    );
    Ok(rows::<_, Holding>(connection, &query)?.into_iter().next().map(Holder::from))
}

/// The owner of the lease. When it came is not known: how long the lease still lasts is of no use to who waits.
fn tenant<C: LoadConnection<Backend = Pg>>(connection: &mut C, table: &str) -> Result<Option<Holder>, Box<Failure>> {
    let query = format!(
        "SELECT NULL::int AS pid, split_part(owner, ' ', 1) AS application, 0::float8 AS seconds \
         FROM {table} WHERE name = 'run' AND expires_at >= clock_timestamp()"
    );
    Ok(rows::<_, Holding>(connection, &query)?.into_iter().next().map(Holder::from))
}
