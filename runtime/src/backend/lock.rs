//! What waiting for the lock and keeping a lease have in common, whatever the engine.

use crate::backoff::pause;
use crate::error::{Cause, Failure, Holder, seconds};
use crate::settings::Settings;
use std::time::{Duration, Instant};

/// Taking the lock, in an error's words.
pub(crate) const TAKING: &str = "taking the lock for migrating";

/// How often a wait for the lock says that it still waits.
const LOG_EVERY: Duration = Duration::from_secs(3);

/// How long a lease lasts without being renewed.
pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// How long it lasts while a statement runs outside a transaction and there is no second connection to renew it.
const LONG_LEASE: Duration = Duration::from_secs(3600);

/// What a lease is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// A transaction, which locks the row itself.
    Commit,
    /// A statement outside a transaction, for as long as it takes.
    Alone,
}

impl Until {
    /// How long it has to last then; `renewed_elsewhere`: by a second connection.
    pub(crate) fn lasts(self, renewed_elsewhere: bool) -> Duration {
        if self == Until::Alone && !renewed_elsewhere { LONG_LEASE } else { LEASE }
    }
}

/// Sets the end of a lease, where it is still ours: changes no row where it is not.
pub(crate) fn set_end(table: &str, fence: i64, expires_at: &str, quote: impl Fn(&str) -> String) -> String {
    format!(
        "UPDATE {table} SET expires_at = {expires_at} WHERE name = 'run' AND owner = {} AND fence = {fence}",
        quote(&owner())
    )
}

/// Who this process is among the owners of a lease.
pub(crate) fn owner() -> String {
    format!("{} {}", super::runner(), super::process_token())
}

/// Waits, with a limit, and says who is waited for.
pub(crate) struct Waiting {
    since: Instant,
    logged: Option<Instant>,
}

impl Waiting {
    pub(crate) fn new() -> Waiting {
        Waiting { since: Instant::now(), logged: None }
    }

    /// Pauses, and now and then says for whom; fails where the limit is over.
    pub(crate) fn pause(
        &mut self,
        settings: &Settings,
        holder: impl FnOnce() -> Option<Holder>,
    ) -> Result<(), Box<Failure>> {
        let waited = self.since.elapsed();
        let over = waited >= settings.lock_wait || settings.is_stopped();
        if over || self.logged.is_none_or(|at| at.elapsed() >= LOG_EVERY) {
            self.logged = Some(Instant::now());
            let holder = holder();
            if over {
                return Err(Box::new(Failure {
                    cause: Cause::Waited { waited, holder },
                    ..Failure::new("the lock for migrating is not to be had")
                }));
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
        Ok(())
    }

    pub(crate) fn done(&self) {
        if self.logged.is_some() {
            tracing::info!(waited = %seconds(self.since.elapsed()), "the lock for migrating is ours");
        }
    }
}
