//! The same runner on connections of diesel-async: it runs on a thread that may block, over diesel-async's own bridge.

use crate::backend::Backend;
use crate::connection::Connection;
use crate::error::Error;
use crate::report::Report;
use crate::runner::Runner;
use diesel::connection::LoadConnection;
use diesel_async::AsyncConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;

/// An engine whose asynchronous connections can be migrated through. The trait is sealed.
#[diagnostic::on_unimplemented(message = "glowplug cannot migrate through asynchronous connections of `{Self}`")]
pub trait AsyncEngine: diesel::backend::Backend + Sized {
    #[doc(hidden)]
    type Engine;

    #[doc(hidden)]
    type Session<'a, C: LoadConnection<Backend = Self> + 'a>: Backend<Inner = C>;

    #[doc(hidden)]
    fn session<C: LoadConnection<Backend = Self>>(connection: &mut C, _: Sealed) -> Self::Session<'_, C>;
}

/// Keeps [`AsyncEngine`] to this crate.
#[derive(Debug, Clone, Copy)]
pub struct Sealed(());

impl AsyncEngine for diesel::pg::Pg {
    type Engine = crate::engine::Postgres;
    type Session<'a, C: LoadConnection<Backend = Self> + 'a> = crate::backend::postgres::Session<'a, C>;

    fn session<C: LoadConnection<Backend = Self>>(connection: &mut C, _: Sealed) -> Self::Session<'_, C> {
        crate::backend::postgres::Session::new(connection)
    }
}

#[cfg(feature = "mysql")]
impl AsyncEngine for diesel::mysql::Mysql {
    type Engine = crate::engine::Mysql;
    type Session<'a, C: LoadConnection<Backend = Self> + 'a> = crate::backend::mysql::Session<'a, C>;

    fn session<C: LoadConnection<Backend = Self>>(connection: &mut C, _: Sealed) -> Self::Session<'_, C> {
        crate::backend::mysql::Session::new(connection)
    }
}

/// A connection of diesel-async on a thread that may block, inside the context of a Tokio runtime: everything that the
/// runner does, it does through this one too.
impl<C> Connection for AsyncConnectionWrapper<C>
where
    C: AsyncConnection + 'static,
    C::Backend: AsyncEngine,
{
    type Engine = <C::Backend as AsyncEngine>::Engine;
    type Inner = Self;
    type Session<'a> = <C::Backend as AsyncEngine>::Session<'a, Self>;

    fn session(&mut self) -> Self::Session<'_> {
        C::Backend::session(self, Sealed(()))
    }
}

impl Runner {
    /// [`run_pending`](Self::run_pending) on a connection of diesel-async, which is given back: an `AsyncPgConnection`,
    /// an `AsyncMysqlConnection` (feature `mysql`), or what a pool (bb8, deadpool, mobc) hands out of these.
    ///
    /// The run itself is the same; it takes a thread of the runtime's pool for blocking tasks for as long as it lasts.
    /// Where the future is dropped, the run goes on to its end: a migration is not stopped half-way.
    ///
    /// diesel-async asks its questions with named prepared statements, so [`Mode::Pooled`](crate::Mode::Pooled) needs
    /// PgBouncer 1.21 with `max_prepared_statements`, or a `diesel::PgConnection`.
    ///
    /// ```no_run
    /// # use glowplug::{Engine, Migrations};
    /// # static MIGRATIONS: Migrations = Migrations {
    /// #     engine: Engine::Postgres, directory: "migrations", folder: None, list: &[], tables: &[] };
    /// use diesel_async::{AsyncConnection as _, AsyncPgConnection};
    ///
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let connection = AsyncPgConnection::establish("postgres://localhost/app").await?;
    /// let (connection, report) = glowplug::Runner::new(&MIGRATIONS).run_pending_async(connection).await;
    /// println!("{}", report?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run_pending`](Self::run_pending); the connection is given back in any case.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub async fn run_pending_async<C>(&self, connection: C) -> (C, Result<Report, Error>)
    where
        C: AsyncConnection + 'static,
        C::Backend: AsyncEngine,
    {
        let runner = self.clone();
        let span = tracing::Span::current();
        let run = tokio::task::spawn_blocking(move || {
            let _entered = span.enter();
            let mut bridge = AsyncConnectionWrapper::<C>::from(connection);
            let result = runner.run_pending(&mut bridge);
            (bridge.into_inner(), result)
        });
        match run.await {
            Ok(done) => done,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // A blocking task is not cancelled once it runs; before that the whole runtime is going down.
                Err(cancelled) => panic!("{cancelled}"),
            },
        }
    }
}
