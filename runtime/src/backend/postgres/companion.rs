//! A second connection that looks on while the first one runs a statement, where the runner knows the database's URL: it
//! says who is in the way, keeps the lease, and cancels when the run is to end.

use super::lock::{Held, renewal};
use super::{OTHER_SESSION, Pg, Session, batch, other_sessions};
use crate::backend::Blocker;
use crate::error::{Failure, seconds};
use crate::history::Tables;
use crate::settings::Settings;
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How often it looks. A statement that is over sooner costs no connection.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How often it renews a lease.
const RENEW_EVERY: Duration = Duration::from_secs(5);

/// What it looks on at.
struct Watched<'a> {
    url: &'a str,
    /// The server's process, where the connection is one session of it.
    pid: Option<i32>,
    lease: Option<(&'a str, i64)>,
    settings: &'a Settings,
}

impl<C: LoadConnection<Backend = Pg>> Session<'_, C> {
    /// Runs something on the connection while the companion looks on.
    pub(super) fn accompanied(
        &mut self,
        tables: &Tables,
        settings: &Settings,
        run: impl FnOnce(&mut C) -> QueryResult<()>,
    ) -> QueryResult<()> {
        let Some(url) = &settings.url else { return run(self.connection) };
        let lease = match &self.held {
            Held::Lease { fence, .. } => Some((tables.lease.as_str(), *fence)),
            _ => None,
        };
        let watched = Watched { url: &url.0, pid: self.held.pid(), lease, settings };
        let connection = &mut *self.connection;
        std::thread::scope(|scope| {
            // It ends when this end of the channel does, however `run` ends.
            let (running, over) = channel::<()>();
            scope.spawn(move || watched.look_on::<C>(&over));
            let result = run(connection);
            drop(running);
            result
        })
    }
}

impl Watched<'_> {
    fn look_on<C: LoadConnection<Backend = Pg>>(&self, over: &Receiver<()>) {
        let mut companion: Option<C> = None;
        let (mut renewed, mut seen) = (Instant::now(), Vec::new());
        while over.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
            let stopped = self.settings.is_stopped();
            let connection = match &mut companion {
                Some(connection) => connection,
                none => match C::establish(self.url) {
                    Ok(connection) => none.insert(connection),
                    Err(_) => continue,
                },
            };
            if let Some((table, fence)) = self.lease
                && renewed.elapsed() >= RENEW_EVERY
            {
                renewed = Instant::now();
                // A row that the run's own transaction has locked needs no renewing.
                let renew = format!("SET lock_timeout = 100; {}", renewal(table, fence, Duration::from_secs(30)));
                if batch(connection, &renew).is_err_and(|failure| failure.is_lost()) {
                    companion = None;
                    continue;
                }
            }
            let Some(pid) = self.pid else { continue };
            if stopped {
                let _ = batch(connection, &format!("SELECT pg_cancel_backend({pid})"));
            }
            match blocking(connection, pid) {
                Ok(found) => {
                    for blocker in found.iter().filter(|blocker| !seen.contains(&blocker.pid)) {
                        tracing::warn!(
                            pid = blocker.pid, application = %blocker.application, state = %blocker.state,
                            query = %blocker.query, for_ = %seconds(blocker.since),
                            "another session is in the way of this migration"
                        );
                    }
                    seen = found.iter().map(|blocker| blocker.pid).collect();
                }
                Err(_) => companion = None,
            }
        }
    }
}

fn blocking<C: LoadConnection<Backend = Pg>>(connection: &mut C, pid: i32) -> Result<Vec<Blocker>, Box<Failure>> {
    let query = format!("SELECT {OTHER_SESSION} FROM pg_stat_activity a WHERE a.pid = ANY (pg_blocking_pids({pid}))");
    other_sessions(connection, &query)
}
