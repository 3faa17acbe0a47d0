//! The settings of a run, and what can be done with a list of migrations.

use crate::backend::Backend;
use crate::connection::Connection;
use crate::error::{Error, seconds};
use crate::health::{self, Health};
use crate::history::Names;
use crate::hooks::Hooks;
use crate::migration::{Engine, Migrations};
use crate::preview::Plan;
use crate::report::Report;
use crate::run::{LOOKING, OUTCOME, READING, Run};
use crate::settings::{LockKind, Mode, OnFailure, OutOfOrder, Settings, Url, Verify};
use crate::status::{HistoryEntry, Status};
use crate::{backoff::Backoff, plan};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Applies migrations to a database, with settings.
///
/// The function `runner()` that `migrations!` writes makes one. Each setting has an environment variable, which wins:
/// the operator of a service does not rebuild it.
///
/// | setting | default | variable |
/// |---|---|---|
/// | [`lock_wait`](Self::lock_wait) | 60 s | `GLOWPLUG_LOCK_WAIT` |
/// | [`lock_timeout`](Self::lock_timeout) | 5 s | `GLOWPLUG_LOCK_TIMEOUT` |
/// | [`statement_timeout`](Self::statement_timeout) | the server's | `GLOWPLUG_STATEMENT_TIMEOUT` |
/// | [`retries`](Self::retries) | 10 | `GLOWPLUG_RETRIES` |
/// | [`out_of_order`](Self::out_of_order) | reject | `GLOWPLUG_OUT_OF_ORDER` |
/// | [`on_failure`](Self::on_failure) | stop | `GLOWPLUG_ON_FAILURE` |
/// | [`target`](Self::target) | the last one | `GLOWPLUG_TARGET` |
/// | [`mode`](Self::mode) | direct | `GLOWPLUG_MODE` |
/// | [`lock`](Self::lock) | auto | `GLOWPLUG_LOCK` |
/// | [`verify`](Self::verify) | warn | `GLOWPLUG_VERIFY` |
///
/// Durations are seconds (`90`) or carry a unit (`500ms`, `2min`).
///
/// ```
/// # use glowplug::{Engine, Migrations};
/// # static MIGRATIONS: Migrations = Migrations {
/// #     engine: Engine::Sqlite, directory: "migrations", folder: None, list: &[], tables: &[] };
/// # #[cfg(feature = "sqlite")]
/// # fn main() -> Result<(), glowplug::Error> {
/// use std::time::Duration;
///
/// let mut connection = glowplug::establish::<diesel::SqliteConnection>(":memory:")?;
/// let report = glowplug::Runner::new(&MIGRATIONS).lock_wait(Duration::from_secs(120)).run_pending(&mut connection)?;
/// println!("{report}");
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
#[must_use = "a runner does nothing until `run_pending` is called"]
pub struct Runner {
    pub(crate) migrations: &'static Migrations,
    pub(crate) settings: Settings,
}

impl Runner {
    /// A runner for these migrations, with the defaults.
    pub fn new(migrations: &'static Migrations) -> Self {
        Runner { migrations, settings: Settings::default() }
    }

    /// How long to wait while another process migrates the same database. 60 seconds where nothing is said.
    pub fn lock_wait(mut self, wait: Duration) -> Self {
        self.settings.lock_wait = wait;
        self
    }

    /// How long a statement may wait for a table that others use, before it gives up; in the meantime everybody who
    /// wants that table waits behind it. 5 seconds where nothing is said, zero for no limit.
    /// PostgreSQL's [`lock_timeout`](https://www.postgresql.org/docs/current/runtime-config-client.html); MySQL's
    /// `lock_wait_timeout` and `innodb_lock_wait_timeout`, which are whole seconds; without meaning on SQLite.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.settings.lock_timeout = timeout;
        self
    }

    /// How long a statement may run; zero for no limit. Where nothing is said, what the server has set for the role
    /// holds. PostgreSQL's [`statement_timeout`](https://www.postgresql.org/docs/current/runtime-config-client.html);
    /// MariaDB's `max_statement_time`; MySQL has `max_execution_time`, for what reads alone; without meaning on SQLite.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.settings.statement_timeout = Some(timeout);
        self
    }

    /// What to do with a migration whose number is below one that is applied already.
    pub fn out_of_order(mut self, order: OutOfOrder) -> Self {
        self.settings.out_of_order = order;
        self
    }

    /// How often a migration is tried again that met with a lock which was not to be had (SQLSTATE 55P03, MySQL's 1205), a
    /// deadlock (40P01, 1213) or a conflict of transactions (40001), with 100 ms to 5 s in between. 10 times where nothing is said. Only
    /// what left nothing behind is tried again; who was in the way is logged, with the query.
    pub fn retries(mut self, retries: u32) -> Self {
        self.settings.retries = retries;
        self
    }

    /// What to do with the migrations behind one that failed.
    pub fn on_failure(mut self, what: OnFailure) -> Self {
        self.settings.on_failure = what;
        self
    }

    /// The version to end with; those behind it are left. The last one where nothing is said. A number is enough: `42`
    /// is `0042`.
    pub fn target(mut self, version: impl Into<String>) -> Self {
        self.settings.target = Some(version.into());
        self
    }

    /// The same, whatever the environment says.
    #[cfg(feature = "cli")]
    pub(crate) fn exact_target(mut self, version: &str) -> Self {
        self.settings.exact_target = true;
        self.target(version)
    }

    /// What stands between the program and the server.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.settings.mode = mode;
        self
    }

    /// How one run keeps others out.
    pub fn lock(mut self, lock: LockKind) -> Self {
        self.settings.lock = lock;
        self
    }

    /// Whether to look, once something was applied, if the tables and columns are there that the program was built for.
    pub fn verify(mut self, verify: Verify) -> Self {
        self.settings.verify = verify;
        self
    }

    /// Names the history of this list, where another list of migrations shares the database: its tables are called
    /// `__diesel_schema_migrations_<name>` and `__glowplug_history_<name>`, and its lock is its own. A service that has
    /// the database to itself names nothing.
    ///
    /// # Panics
    ///
    /// Where the name is not 1 to 30 lower-case letters, digits and underscores.
    pub fn history_name(mut self, name: &str) -> Self {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(
            (1..=30).contains(&name.len()) && name.chars().all(good),
            "the name of a history is 1 to 30 lower-case letters, digits and underscores, and not {name:?}"
        );
        self.settings.set = Some(name.to_owned());
        self
    }

    /// Where a second connection can be made while a statement runs (PostgreSQL, MySQL and MariaDB). It tells in the log whose locks the
    /// statement waits for, keeps a lease from running out, and cancels the statement when the run is to
    /// [`stop`](Self::stop_when). It is made when a statement takes longer than half a second.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.settings.url = Some(Url(url.into()));
        self
    }

    /// Ends the run when `flag` becomes true (from a signal handler, say): between two migrations, or, where the runner
    /// knows the [`url`](Self::url), by cancelling the statement that runs.
    pub fn stop_when(mut self, flag: Arc<AtomicBool>) -> Self {
        self.settings.stop = Some(flag);
        self
    }

    /// Applies what is pending.
    ///
    /// Where nothing is, this is one read: no lock, no write, and a role that may only read is enough.
    ///
    /// Each migration runs in a transaction of its own together with its rows in the history, so neither can be there
    /// without the other; on a database without any history, hundreds go in one, and one by one where one of them
    /// fails. What cannot run in a transaction is run statement by statement, and after a crash goes on from where it
    /// was.
    ///
    /// # Errors
    ///
    /// Every [`Error`] but those of connecting and of taking back. What was applied before the error stays, and the
    /// error says what that is; the migration that failed is rolled back and has a row `failed` in `__glowplug_history`.
    pub fn run_pending<C: Connection>(&self, connection: &mut C) -> Result<Report, Error> {
        self.run_pending_with(connection, &mut Hooks::new())
    }

    /// The same, with [`Hooks`] that are called with the connection before and after each migration and the run.
    ///
    /// # Errors
    ///
    /// As [`run_pending`](Self::run_pending), and [`Error::Hook`].
    pub fn run_pending_with<C: Connection>(
        &self,
        connection: &mut C,
        hooks: &mut Hooks<'_, C::Inner>,
    ) -> Result<Report, Error> {
        self.run_session(&mut connection.session(), hooks)
    }

    pub(crate) fn run_session<B: Backend>(
        &self,
        session: &mut B,
        hooks: &mut Hooks<'_, B::Inner>,
    ) -> Result<Report, Error> {
        let settings = self.settings.with_environment()?;
        let ((), report) = self.told(|report| self.run(session, &settings, hooks, report))?;
        Ok(report)
    }

    /// Connects, waiting for the database for at most `up_to` ([`wait_for_database`](crate::wait_for_database)), and
    /// applies what is pending. Where the connection breaks on the way, connects anew and goes on, as often as
    /// [`retries`](Self::retries) says: whatever had become of the last migration is read from the history.
    ///
    /// The runner knows the [`url`](Self::url) then.
    ///
    /// # Errors
    ///
    /// As [`run_pending`](Self::run_pending), and [`Error::Connection`].
    pub fn run_pending_at<C>(&self, url: &str, up_to: Duration) -> Result<(C, Report), Error>
    where
        C: Connection + diesel::Connection,
    {
        let mut settings = self.settings.with_environment()?;
        settings.url = Some(Url(url.to_owned()));
        self.told(|report| {
            let (mut backoff, mut tries) = (Backoff::default(), 0);
            loop {
                let mut connection: C = crate::wait::wait_unless(url, up_to, || settings.is_stopped())?;
                let result = self.run(&mut connection.session(), &settings, &mut Hooks::new(), report);
                match result {
                    Ok(()) => return Ok(connection),
                    Err(error) if error.is_lost() && tries < settings.retries && !settings.is_stopped() => {
                        tracing::warn!("{error}");
                        tries += 1;
                        report.retries += 1;
                        std::thread::sleep(backoff.next());
                    }
                    Err(error) => return Err(error),
                }
            }
        })
    }

    /// What [`run_pending`](Self::run_pending) would do: the exact SQL. Reads alone, takes no lock.
    ///
    /// # Errors
    ///
    /// Those with which a run would end before it changes anything.
    pub fn plan<C: Connection>(&self, connection: &mut C) -> Result<Plan, Error> {
        let settings = self.settings.with_environment()?;
        self.check_engine(<C::Session<'_>>::ENGINE)?;
        let reading = |failure| Error::database(READING, failure);
        let session = &mut connection.session();
        let tables = session.tables(&Names::of(settings.set.as_deref())).map_err(reading)?;
        let history = session.history(&tables).map_err(reading)?;
        Ok(Plan::new(self.migrations.engine, plan::decide(self.migrations, &history, &settings)?))
    }

    /// The state of each migration in this database. Reads alone, takes no lock.
    ///
    /// # Errors
    ///
    /// [`Error::WrongEngine`], and [`Error::Database`] where the history cannot be read.
    pub fn status<C: Connection>(&self, connection: &mut C) -> Result<Status, Error> {
        self.check_engine(<C::Session<'_>>::ENGINE)?;
        let reading = |failure| Error::database(READING, failure);
        let session = &mut connection.session();
        let tables = session.tables(&self.names()).map_err(reading)?;
        let history = session.history(&tables).map_err(reading)?;
        Ok(Status::new(self.migrations, &history))
    }

    /// Every attempt that was made at a migration of this database, the oldest first. Reads alone, takes no lock.
    ///
    /// # Errors
    ///
    /// [`Error::WrongEngine`], and [`Error::Database`] where the history cannot be read.
    pub fn history<C: Connection>(&self, connection: &mut C) -> Result<Vec<HistoryEntry>, Error> {
        self.check_engine(<C::Session<'_>>::ENGINE)?;
        let reading = |failure| Error::database(READING, failure);
        let session = &mut connection.session();
        let tables = session.tables(&self.names()).map_err(reading)?;
        let attempts = session.attempts(&tables).map_err(reading)?;
        Ok(attempts.into_iter().map(HistoryEntry::from).collect())
    }

    /// Fails where a table or a column is missing that the program was built for. Reads alone, takes no lock.
    ///
    /// # Errors
    ///
    /// [`Error::Schema`] with all that is missing, and [`Error::Database`] where that cannot be found out.
    pub fn check_schema<C: Connection>(&self, connection: &mut C) -> Result<(), Error> {
        self.check_engine(<C::Session<'_>>::ENGINE)?;
        let live = connection.session().columns(self.migrations.tables);
        let live = live.map_err(|failure| Error::database(LOOKING, failure))?;
        health::compare(self.migrations.tables, &live).missing().map_or(Ok(()), Err)
    }

    /// Whether this database is what the service was built for: the migrations, the tables, the columns.
    ///
    /// Never an error: a database that does not answer is unhealthy, with the reason.
    /// Reads alone, takes no lock.
    pub fn health<C: Connection>(&self, connection: &mut C) -> Health {
        self.look(connection).0
    }

    /// The health and the state of each migration, from one look.
    pub(crate) fn look<C: Connection>(&self, connection: &mut C) -> (Health, Option<Status>) {
        if let Err(error) = self.check_engine(<C::Session<'_>>::ENGINE) {
            return (Health::unreachable(self.migrations, &error), None);
        }
        let (health, history) = Health::of(self.migrations, &self.names(), &mut connection.session());
        (health, history.map(|history| Status::new(self.migrations, &history)))
    }

    pub(crate) fn names(&self) -> Names {
        Names::of(self.settings.set.as_deref())
    }

    pub(crate) fn check_engine(&self, connection: Engine) -> Result<(), Error> {
        let migrations = self.migrations.engine;
        if migrations == connection { Ok(()) } else { Err(Error::WrongEngine { migrations, connection }) }
    }

    /// Runs, and tells the log how it went.
    fn told<T>(&self, run: impl FnOnce(&mut Report) -> Result<T, Error>) -> Result<(T, Report), Error> {
        let span =
            tracing::info_span!("migrate", directory = self.migrations.directory, engine = %self.migrations.engine);
        let _entered = span.enter();
        let since = Instant::now();
        let mut report = Report::default();
        report.warnings.extend(crate::folder::difference(self.migrations));
        let result = run(&mut report);
        report.duration = since.elapsed();
        for warning in &report.warnings {
            tracing::warn!(target: OUTCOME, "{warning}");
        }
        for notice in &report.notices {
            tracing::info!(target: OUTCOME, "{notice}");
        }
        match result {
            Ok(done) => {
                tracing::info!(
                    target: OUTCOME,
                    applied = report.applied.len(),
                    already = report.already_applied,
                    took = %seconds(report.duration),
                    "migrations are up to date"
                );
                Ok((done, report))
            }
            // The first line: who called gets the whole, and prints it.
            Err(error) => {
                let first = error.to_string();
                tracing::error!(target: OUTCOME, code = error.code(), "{}", first.lines().next().unwrap_or_default());
                Err(error)
            }
        }
    }

    fn run<B: Backend>(
        &self,
        session: &mut B,
        settings: &Settings,
        hooks: &mut Hooks<'_, B::Inner>,
        report: &mut Report,
    ) -> Result<(), Error> {
        self.check_engine(B::ENGINE)?;
        self.within(session, settings, |session| Run::new(self.migrations, settings, session, hooks, report).go())
    }

    /// Does something on a connection that is ready for a run.
    pub(crate) fn within<B: Backend, T>(
        &self,
        session: &mut B,
        settings: &Settings,
        run: impl FnOnce(&mut B) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if session.transaction_is_open() {
            return Err(Error::TransactionOpen);
        }
        let preparing = |failure| Error::database("preparing the connection for migrating", failure);
        session.open(settings).map_err(preparing)?;
        let result = run(session);
        session.close();
        result
    }
}
