//! A second connection that looks on while the first one runs a statement, where the runner knows the database's URL: it
//! says who is in the way, keeps the lease, and cancels when the run is to end.

use super::Blocker;
use crate::error::{Failure, seconds};
use crate::settings::Settings;
use diesel::Connection;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How often it looks. A statement that is over sooner costs no connection.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How often it renews a lease.
const RENEW_EVERY: Duration = Duration::from_secs(5);

/// A question to the engine.
pub(crate) type Asking<'a, C> = dyn Fn(&mut C) -> Result<Vec<Blocker>, Box<Failure>> + Sync + 'a;

/// What it does, in the engine's words.
pub(crate) struct Companion<'a, C> {
    pub(crate) settings: &'a Settings,
    /// Renews the lease, without waiting for a row that the run's own transaction has locked.
    pub(crate) renew: Option<String>,
    /// Cancels the statement that runs, where the connection is one session of the server.
    pub(crate) cancel: Option<String>,
    /// Who is in the way of that statement, asked where it could be cancelled.
    pub(crate) blocking: &'a Asking<'a, C>,
}

impl<C: Connection> Companion<'_, C> {
    /// Runs something on the connection while the companion looks on.
    pub(crate) fn accompany<R>(self, connection: &mut C, run: impl FnOnce(&mut C) -> R) -> R {
        let Some(url) = &self.settings.url else { return run(connection) };
        std::thread::scope(|scope| {
            // It ends when this end of the channel does, however `run` ends.
            let (running, over) = channel::<()>();
            scope.spawn(move || self.look_on(&url.0, &over));
            let result = run(connection);
            drop(running);
            result
        })
    }

    fn look_on(&self, url: &str, over: &Receiver<()>) {
        let mut companion: Option<C> = None;
        let (mut renewed, mut seen) = (Instant::now(), Vec::new());
        while over.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
            let stopped = self.settings.is_stopped();
            let connection = match &mut companion {
                Some(connection) => connection,
                none => match C::establish(url) {
                    Ok(connection) => none.insert(connection),
                    Err(_) => continue,
                },
            };
            if let Some(renew) = &self.renew
                && renewed.elapsed() >= RENEW_EVERY
            {
                renewed = Instant::now();
                if connection.batch_execute(renew).is_err() {
                    // The row may be locked by the run itself, or this connection be broken: that shows.
                    if connection.batch_execute("SELECT 1").is_err() {
                        companion = None;
                        continue;
                    }
                }
            }
            let Some(cancel) = &self.cancel else { continue };
            if stopped {
                let _ = connection.batch_execute(cancel);
            }
            match (self.blocking)(connection) {
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
