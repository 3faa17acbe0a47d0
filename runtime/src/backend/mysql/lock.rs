//! Who migrates: the server's named lock (`GET_LOCK`), or a lease. Both are asked for again and again: who waits inside
//! the server keeps a connection busy there, and cannot be told for whom.

use super::{Line, Mysql, NOW, Number, Session, batch, changed, quote, row, rows, schema};
use crate::backend::companion::Companion;
use crate::backend::lock::{LEASE, TAKING, Until, Waiting, owner, set_end};
use crate::error::{Cause, Error, Failure, Holder};
use crate::history::Tables;
use crate::settings::{LockKind, Settings};
use diesel::QueryableByName;
use diesel::connection::LoadConnection;
use diesel::sql_types::{BigInt, Nullable, Text};
use std::time::Duration;

/// What keeps others out.
#[derive(Debug)]
pub(super) enum Held {
    Nothing,
    /// The session's named lock.
    Named {
        name: String,
        session: i64,
    },
    /// The lease, by the number that no later owner has.
    Lease {
        fence: i64,
        table: String,
        session: i64,
        renewed_elsewhere: bool,
    },
}

/// Puts the end of a lease off, where it is still ours.
fn renewal(table: &str, fence: i64, lasts: Duration) -> String {
    set_end(table, fence, &format!("{NOW} + INTERVAL {} SECOND", lasts.as_secs()), quote)
}

impl<C: LoadConnection<Backend = Mysql>> Session<'_, C> {
    pub(super) fn take_lock(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Error> {
        let lease = match settings.lock {
            LockKind::Lease => Ok(true),
            LockKind::Native => Ok(false),
            LockKind::Auto => self.lock_is_local(),
        };
        let taken =
            lease.and_then(
                |lease| {
                    if lease { self.take_lease(tables, settings) } else { self.take_named(tables, settings) }
                },
            );
        taken.map_err(|failure| Error::database(TAKING, failure))
    }

    /// Whether the lock of one server would not hold for all that serve the database.
    fn lock_is_local(&mut self) -> Result<bool, Box<Failure>> {
        #[derive(QueryableByName)]
        struct Variable {
            #[diesel(sql_type = Text)]
            #[diesel(column_name = "Value")]
            value: String,
        }
        if ["TiDB", "Vitess"].iter().any(|name| self.server.contains(name)) {
            return Ok(true);
        }
        // A Galera cluster.
        let found: Vec<Variable> = rows(self.connection, "SHOW VARIABLES LIKE 'wsrep_on'")?;
        Ok(found.first().is_some_and(|row| row.value == "ON"))
    }

    fn take_named(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>> {
        #[derive(QueryableByName)]
        struct Asked {
            #[diesel(sql_type = Nullable<BigInt>)]
            taken: Option<i64>,
            #[diesel(sql_type = BigInt)]
            session: i64,
        }
        let name = &tables.lock_name;
        let query = format!(
            "SELECT CAST(GET_LOCK({}, 0) AS SIGNED) AS taken, CAST(CONNECTION_ID() AS SIGNED) AS session",
            quote(name)
        );
        let mut waiting = Waiting::new();
        let session = loop {
            let asked: Asked = row(self.connection, &query)?;
            if asked.taken == Some(1) {
                break asked.session;
            }
            let connection = &mut *self.connection;
            waiting.pause(settings, || holder(connection, name).unwrap_or_default())?;
        };
        waiting.done();
        self.held = Held::Named { name: name.clone(), session };
        Ok(())
    }

    fn number(&mut self, what: &str) -> Result<i64, Box<Failure>> {
        Ok(row::<_, Number>(self.connection, &format!("SELECT CAST({what} AS SIGNED) AS number"))?.number)
    }

    fn take_lease(&mut self, tables: &Tables, settings: &Settings) -> Result<(), Box<Failure>> {
        let table = &tables.lease;
        let there = format!(
            "(SELECT COUNT(*) FROM information_schema.tables \
             WHERE CONCAT('`', REPLACE(table_schema, '`', '``'), '`.`', table_name, '`') = {})",
            quote(table)
        );
        if self.number(&there)? == 0 {
            batch(
                self.connection,
                &format!(
                    "CREATE TABLE IF NOT EXISTS {table} (name VARCHAR(50) PRIMARY KEY NOT NULL, owner VARCHAR(500) NOT NULL, \
                       fence BIGINT NOT NULL, expires_at DATETIME(6) NOT NULL) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4"
                ),
            )?;
        }
        // An owner's transaction has the row for as long as it lasts: to wait for that is for us to do, and to say.
        let limit = self.number("@@innodb_lock_wait_timeout")?;
        batch(self.connection, "SET SESSION innodb_lock_wait_timeout = 1")?;
        if self.number(&format!("(SELECT COUNT(*) FROM {table})"))? == 0 {
            let first = format!(
                "INSERT INTO {table} (name, owner, fence, expires_at) VALUES ('run', '', 0, '1970-01-01') \
                 ON DUPLICATE KEY UPDATE fence = fence"
            );
            match batch(self.connection, &first) {
                // Of many that meet here one writes the row, and the server gives the others up.
                Err(failure) if !failure.is_passing() => return Err(failure),
                _ => {}
            }
        }
        let take = format!(
            "UPDATE {table} SET owner = {}, fence = LAST_INSERT_ID(fence + 1), expires_at = {NOW} + INTERVAL {} SECOND \
             WHERE name = 'run' AND expires_at < {NOW}",
            quote(&owner()),
            LEASE.as_secs()
        );
        let mut waiting = Waiting::new();
        loop {
            match changed(self.connection, &take) {
                Ok(0) => {}
                Ok(_) => break,
                // The owner's own transaction has the row: it is at work.
                Err(failure) if failure.is_passing() => {}
                Err(failure) => return Err(failure),
            }
            let connection = &mut *self.connection;
            waiting.pause(settings, || tenant(connection, table).unwrap_or_default())?;
        }
        waiting.done();
        let fence = self.number("LAST_INSERT_ID()")?;
        let session = self.number("CONNECTION_ID()")?;
        batch(self.connection, &format!("SET SESSION innodb_lock_wait_timeout = {limit}"))?;
        tracing::debug!(fence, "the lease is ours");
        self.held = Held::Lease { fence, table: table.clone(), session, renewed_elsewhere: settings.url.is_some() };
        Ok(())
    }

    /// Before a transaction's first statement, and before each statement outside of one: renews the lease, and fails where
    /// it has another owner.
    pub(super) fn keep(&mut self, tables: &Tables, until: Until) -> Result<(), Box<Failure>> {
        let Held::Lease { fence, renewed_elsewhere, .. } = &self.held else { return Ok(()) };
        match changed(self.connection, &renewal(&tables.lease, *fence, until.lasts(*renewed_elsewhere)))? {
            0 => {
                Err(Box::new(Failure { cause: Cause::LeaseLost, ..Failure::new("the lease has another owner by now") }))
            }
            _ => Ok(()),
        }
    }

    /// Gives back what is held. A dead connection has done so already.
    pub(super) fn give_back(&mut self) {
        let sql = match std::mem::replace(&mut self.held, Held::Nothing) {
            Held::Nothing => return,
            Held::Named { name, .. } => format!("DO RELEASE_LOCK({})", quote(&name)),
            Held::Lease { fence, table, .. } => set_end(&table, fence, "'1970-01-01'", quote),
        };
        let _ = self.batch(&sql);
    }

    /// Whether somebody migrates just now, by whatever lock.
    pub(super) fn somebody_migrates(&mut self, tables: &Tables) -> Result<bool, Box<Failure>> {
        let named = format!("SELECT CAST(IS_USED_LOCK({}) IS NOT NULL AS SIGNED) AS number", quote(&tables.lock_name));
        if row::<_, Number>(self.connection, &named)?.number == 1 {
            return Ok(true);
        }
        // Where there is no such table nobody has a lease.
        Ok(tenant(self.connection, &tables.lease).is_ok_and(|tenant| tenant.is_some()))
    }

    /// Runs something on the connection while the companion looks on.
    pub(super) fn accompanied<R>(
        &mut self,
        tables: &Tables,
        settings: &Settings,
        statement: &str,
        run: impl FnOnce(&mut C) -> R,
    ) -> R {
        let (session, renew) = match &self.held {
            Held::Nothing => return run(self.connection),
            Held::Named { session, .. } => (*session, None),
            Held::Lease { fence, session, .. } => {
                let renew = renewal(&tables.lease, *fence, LEASE);
                (*session, Some(format!("SET SESSION innodb_lock_wait_timeout = 1; {renew}")))
            }
        };
        let blocking = |connection: &mut C| schema::in_the_way(connection, statement, Some(session));
        let cancel = Some(format!("KILL QUERY {session}"));
        Companion { settings, renew, cancel, blocking: &blocking }.accompany(self.connection, run)
    }
}

fn holder<C: LoadConnection<Backend = Mysql>>(connection: &mut C, name: &str) -> Result<Option<Holder>, Box<Failure>> {
    #[derive(QueryableByName)]
    struct Holding {
        #[diesel(sql_type = BigInt)]
        pid: i64,
        #[diesel(sql_type = Text)]
        application: String,
    }
    // Another role's sessions are seen with the right PROCESS alone; the number is everybody's to see.
    let name = quote(name);
    let query = format!(
        "SELECT CAST(u.id AS SIGNED) AS pid, COALESCE((SELECT CONCAT(p.user, '@', p.host) FROM information_schema.processlist p \
           WHERE p.id = u.id), '') AS application FROM (SELECT IS_USED_LOCK({name}) AS id) u WHERE u.id IS NOT NULL"
    );
    let found = rows::<_, Holding>(connection, &query)?.into_iter().next();
    Ok(found.map(|row| Holder {
        pid: i32::try_from(row.pid).ok(),
        application: row.application,
        connected: Duration::ZERO,
        end: Some(format!("KILL {}", row.pid)),
    }))
}

/// The owner of the lease.
fn tenant<C: LoadConnection<Backend = Mysql>>(connection: &mut C, table: &str) -> Result<Option<Holder>, Box<Failure>> {
    let query = format!(
        "SELECT SUBSTRING_INDEX(owner, ' ', 1) AS line FROM {table} WHERE name = 'run' AND expires_at >= {NOW}"
    );
    let found = rows::<_, Line>(connection, &query)?.into_iter().next();
    Ok(found.map(|row| Holder { pid: None, application: row.line, connected: Duration::ZERO, end: None }))
}
