//! What the second connection asks PostgreSQL.

use super::lock::{Held, renewal};
use super::{OTHER_SESSION, Pg, Session, other_sessions};
use crate::backend::companion::Companion;
use crate::backend::lock::LEASE;
use crate::history::Tables;
use crate::settings::Settings;
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

impl<C: LoadConnection<Backend = Pg>> Session<'_, C> {
    /// Runs something on the connection while the companion looks on.
    pub(super) fn accompanied(
        &mut self,
        tables: &Tables,
        settings: &Settings,
        run: impl FnOnce(&mut C) -> QueryResult<()>,
    ) -> QueryResult<()> {
        let renew = match &self.held {
            Held::Lease { fence, .. } => {
                Some(format!("SET lock_timeout = 100; {}", renewal(&tables.lease, *fence, LEASE)))
            }
            _ => None,
        };
        let pid = self.held.pid();
        let blocking = move |connection: &mut C| {
            let pid = pid.unwrap_or_default();
            let query =
                format!("SELECT {OTHER_SESSION} FROM pg_stat_activity a WHERE a.pid = ANY (pg_blocking_pids({pid}))");
            other_sessions(connection, &query)
        };
        let cancel = pid.map(|pid| format!("SELECT pg_cancel_backend({pid})"));
        Companion { settings, renew, cancel, blocking: &blocking }.accompany(self.connection, run)
    }
}
