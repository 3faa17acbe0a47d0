//! One run: what is pending is applied, in order, once, whatever else starts at the same moment.

use crate::backend::{AtOnce, Lock};
use crate::connection::Connection;
use crate::error::{Error, Failure, StatementError, counted, listed, seconds};
use crate::health::Health;
use crate::history::Tables;
use crate::migration::{Engine, Migration, Migrations};
use crate::plan::{self, Plan};
use crate::report::{Applied, Report};
use crate::settings::{OutOfOrder, Settings};
use crate::snippet::{Place, Snippet};
use crate::status::Status;
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
/// | [`out_of_order`](Self::out_of_order) | reject | `GLOWPLUG_OUT_OF_ORDER` |
///
/// Durations are seconds (`90`) or carry a unit (`500ms`, `2min`).
///
/// ```
/// # use glowplug::{Engine, Migrations};
/// # static MIGRATIONS: Migrations = Migrations {
/// #     engine: Engine::Sqlite, directory: "migrations", folder: None, list: &[], tables: &[],
/// #     digest: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" };
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
    migrations: &'static Migrations,
    settings: Settings,
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
    /// PostgreSQL's [`lock_timeout`](https://www.postgresql.org/docs/current/runtime-config-client.html);
    /// without meaning on SQLite.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.settings.lock_timeout = timeout;
        self
    }

    /// How long a statement may run; zero for no limit. Where nothing is said, what the server has set for the role
    /// holds. PostgreSQL's [`statement_timeout`](https://www.postgresql.org/docs/current/runtime-config-client.html);
    /// without meaning on SQLite.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.settings.statement_timeout = Some(timeout);
        self
    }

    /// What to do with a migration whose number is below one that is applied already.
    pub fn out_of_order(mut self, order: OutOfOrder) -> Self {
        self.settings.out_of_order = order;
        self
    }

    /// Applies what is pending.
    ///
    /// Where nothing is, this is one read: no lock, no write, and a role that may only read is enough.
    ///
    /// Each migration runs in a transaction of its own together with its rows in the history, so neither can be there
    /// without the other; on a database without any history, all that can be goes in one. What cannot run in a
    /// transaction is run statement by statement, and after a crash goes on from where it was.
    ///
    /// # Errors
    ///
    /// Every [`Error`] but those of connecting. What was applied before the error stays, and the error says what that
    /// is; the migration that failed is rolled back and has a row `failed` in `__glowplug_history`.
    pub fn run_pending<C: Connection>(&self, connection: &mut C) -> Result<Report, Error> {
        let span =
            tracing::info_span!("migrate", directory = self.migrations.directory, engine = %self.migrations.engine);
        let _entered = span.enter();
        let result = self.run(connection);
        match &result {
            Ok(report) => {
                for warning in &report.warnings {
                    tracing::warn!("{warning}");
                }
                for notice in &report.notices {
                    tracing::info!("{notice}");
                }
                tracing::info!(
                    applied = report.applied.len(),
                    already = report.already_applied,
                    took = %seconds(report.duration),
                    "migrations are up to date"
                );
            }
            // The first line: who called gets the whole, and prints it.
            Err(error) => {
                tracing::error!(code = error.code(), "{}", error.to_string().lines().next().unwrap_or_default());
            }
        }
        result
    }

    /// The state of each migration in this database. Reads alone, takes no lock.
    ///
    /// # Errors
    ///
    /// [`Error::WrongEngine`], and [`Error::Database`] where the history cannot be read.
    pub fn status<C: Connection>(&self, connection: &mut C) -> Result<Status, Error> {
        self.check_engine::<C>()?;
        let reading = |failure| Error::database("reading the history of migrations", failure);
        let tables = connection.tables().map_err(reading)?;
        let history = connection.history(&tables).map_err(reading)?;
        Ok(Status::new(self.migrations, &history))
    }

    /// Whether this database is what the service was built for: the migrations, the tables, the columns.
    ///
    /// Never an error: a database that does not answer is unhealthy, with the reason.
    /// Reads alone, takes no lock.
    pub fn health<C: Connection>(&self, connection: &mut C) -> Health {
        if let Err(error) = self.check_engine::<C>() {
            return Health::unreachable(self.migrations, &error);
        }
        Health::of(self.migrations, connection)
    }

    fn check_engine<C: Connection>(&self) -> Result<(), Error> {
        let (migrations, connection): (Engine, Engine) = (self.migrations.engine, C::ENGINE);
        if migrations == connection { Ok(()) } else { Err(Error::WrongEngine { migrations, connection }) }
    }

    fn run<C: Connection>(&self, connection: &mut C) -> Result<Report, Error> {
        let since = Instant::now();
        self.check_engine::<C>()?;
        let settings = self.settings.with_environment()?;
        if connection.transaction_is_open() {
            return Err(Error::TransactionOpen);
        }
        let preparing = |failure| Error::database("preparing the connection for migrating", failure);
        let undo = connection.open(&settings).map_err(preparing)?;
        let mut run = Run { migrations: self.migrations, settings, report: Report::default() };
        run.report.warnings.extend(crate::folder::difference(self.migrations));
        let result = run.go(connection);
        connection.close(&undo);
        result?;
        run.report.duration = since.elapsed();
        Ok(run.report)
    }
}

struct Run {
    migrations: &'static Migrations,
    settings: Settings,
    report: Report,
}

/// So many go into one transaction on a new database: PostgreSQL's table of locks, as it is set by default, takes
/// about 2,000 migrations that make a table each.
const AT_ONCE: usize = 500;

impl Run {
    fn go<C: Connection>(&mut self, connection: &mut C) -> Result<(), Error> {
        let reading = |failure| Error::database("reading the history of migrations", failure);
        if connection.is_current(self.migrations).map_err(reading)? {
            tracing::debug!("one read: all is applied as it was compiled");
            self.report.already_applied = self.migrations.list.len();
            return Ok(());
        }
        let tables = connection.tables().map_err(reading)?;
        let plan = self.plan(connection, &tables)?;
        if plan.pending.is_empty() {
            self.take_over(plan);
            return Ok(());
        }
        let longer = plan.pending.iter().any(|migration| !migration.transactional);
        let lock = connection.lock(&tables, &self.settings, longer)?;
        let result = self.locked(connection, tables, &lock);
        connection.unlock(lock);
        result
    }

    fn plan<C: Connection>(&self, connection: &mut C, tables: &Tables) -> Result<Plan, Error> {
        let reading = |failure| Error::database("reading the history of migrations", failure);
        let history = connection.history(tables).map_err(reading)?;
        plan::plan(self.migrations, &history, self.settings.out_of_order)
    }

    fn take_over(&mut self, plan: Plan) {
        self.report.already_applied = plan.applied;
        self.report.notices.extend(plan.notices);
        self.report.warnings.extend(plan.warnings);
    }

    /// What is done while the lock is held, or, where each transaction locks, what each of them looks at again.
    fn locked<C: Connection>(&mut self, connection: &mut C, tables: Tables, _: &Lock) -> Result<(), Error> {
        let writing = |failure| Error::database("creating the tables that keep the history of migrations", failure);
        let reading = |failure| Error::database("reading the history of migrations", failure);
        connection.create_tables(&tables, &self.settings).map_err(writing)?;
        let tables = Tables { applied_exists: true, history_exists: true, ..tables };
        // Somebody else may have been here while we waited.
        let history = connection.history(&tables).map_err(reading)?;
        let plan = plan::plan(self.migrations, &history, self.settings.out_of_order)?;
        let mut pending = plan.pending.clone();
        let mut applied: Vec<&'static Migration> =
            self.migrations.list.iter().filter(|migration| history.is_applied(migration.version)).collect();
        self.take_over(plan);

        let new = history.versions.is_empty();
        let mut stepwise = false;
        while !pending.is_empty() {
            let group = if new && !stepwise { at_once(&pending) } else { 1 };
            let rest = pending.split_off(group);
            if !stepwise && pending[0].transactional && !pending[0].foreign_keys_off {
                match connection.apply_at_once(&tables, &self.settings, &pending) {
                    AtOnce::Applied(took) => {
                        for (migration, took) in pending.drain(..).zip(took) {
                            applied.push(migration);
                            self.applied(migration, took);
                        }
                        pending = rest;
                        continue;
                    }
                    // Nothing is committed. Statement by statement it is known which one it was; and where it was a
                    // lock that could not be had, or a set of migrations that do not bear one transaction, it works.
                    AtOnce::RolledBack(failure) if failure.lost => {
                        return Err(lost(&pending, None, failure, &applied));
                    }
                    AtOnce::RolledBack(failure) => {
                        tracing::debug!(file = pending[0].file, %failure, "not in one go; statement by statement");
                        stepwise = true;
                    }
                    AtOnce::Overtaken => stepwise = true,
                }
            }
            for migration in pending.drain(..) {
                let resume = if migration.transactional {
                    0
                } else {
                    // The history was read under the lock; nobody else has run this since.
                    self.resume_at(migration, history.attempt(migration.version))
                };
                match self.stepwise(connection, &tables, migration, resume, &applied)? {
                    Some(took) => self.applied(migration, took),
                    None => self.report.already_applied += 1,
                }
                applied.push(migration);
            }
            // What follows a single migration that failed in one go has not been tried yet.
            stepwise = stepwise && group > 1;
            pending = rest;
        }
        Ok(())
    }

    fn applied(&mut self, migration: &'static Migration, took: Duration) {
        tracing::info!(file = migration.file, took = %seconds(took), "applied");
        self.report.applied.push(Applied {
            version: migration.version.to_owned(),
            name: migration.name.to_owned(),
            file: migration.file.to_owned(),
            duration: took,
        });
    }

    /// The statement to go on with, counted from zero, where an earlier run did not come to the end.
    fn resume_at(&mut self, migration: &Migration, attempt: Option<&crate::history::Attempt>) -> usize {
        let Some(attempt) = attempt.filter(|attempt| matches!(&*attempt.status, "running" | "failed")) else {
            return 0;
        };
        let done = attempt.statements_done.min(migration.statements.len());
        let at = if migration.resumable { 0 } else { done };
        let edited = attempt.checksum != format!("{}{}", crate::history::CHECKSUM_PREFIX, migration.checksum);
        let mut text = format!(
            "{} was begun by {} and not finished ({done} of {} statements); {}",
            migration.file,
            attempt.runner,
            migration.statements.len(),
            if at == 0 { "run again from the top".to_owned() } else { format!("gone on with statement {}", at + 1) },
        );
        if edited && at > 0 {
            text.push_str(
                ", though the file was edited since: look whether its first statements are still what was run",
            );
        }
        self.report.warnings.push(text);
        at
    }

    /// Applies one migration a statement at a time; `None` where another process was first.
    fn stepwise<C: Connection>(
        &self,
        connection: &mut C,
        tables: &Tables,
        migration: &'static Migration,
        resume: usize,
        applied: &[&'static Migration],
    ) -> Result<Option<Duration>, Error> {
        let suspended = migration.transactional && migration.foreign_keys_off && {
            let suspending = |failure| Error::database("switching foreign keys off", failure);
            connection.suspend_foreign_keys().map_err(suspending)?
        };
        let result = self.attempt(connection, tables, migration, resume, suspended, applied);
        let resumed = if suspended { connection.resume_foreign_keys() } else { Ok(()) };
        // What the migration failed of says more.
        let took = result?;
        resumed.map_err(|failure| Error::database("switching foreign keys on again", failure))?;
        Ok(took)
    }

    /// One attempt at a migration, in its transaction where it has one.
    fn attempt<C: Connection>(
        &self,
        connection: &mut C,
        tables: &Tables,
        migration: &'static Migration,
        resume: usize,
        foreign_keys_suspended: bool,
        applied: &[&'static Migration],
    ) -> Result<Option<Duration>, Error> {
        let since = Instant::now();
        let transactional = migration.transactional;
        let writing = |failure| Error::database("writing the history of migrations", failure);
        if transactional {
            let beginning = |failure| Error::database("beginning a transaction", failure);
            connection.begin(&self.settings).map_err(beginning)?;
        }
        let mut done = resume;
        let mut id = None;
        let result = (|| {
            // Outside a transaction the run's own lock has kept others away since the history was read.
            if transactional
                && C::LOCKS_BY_TRANSACTION
                && connection.is_applied(tables, migration.version).map_err(Stop::Us)?
            {
                return Ok(None);
            }
            let row = connection.record_start(tables, migration, resume).map_err(Stop::Us)?;
            id = Some(row);
            for index in resume..migration.statements.len() {
                let statement = migration.statement(index).unwrap_or_default();
                if !transactional {
                    connection.limit(Some(&self.settings), statement).map_err(Stop::Us)?;
                }
                tracing::debug!(file = migration.file, statement = index + 1, "running");
                let ran = connection.execute(statement, transactional);
                if !transactional {
                    let reset = connection.limit(None, statement);
                    if ran.is_ok() {
                        reset.map_err(Stop::Us)?;
                    }
                }
                ran.map_err(|failure| Stop::At(Some(index), failure))?;
                done = index + 1;
                if !transactional {
                    connection.record_progress(tables, row, done).map_err(Stop::Us)?;
                }
            }
            let took = connection.record_completed(tables, row, migration, transactional).map_err(Stop::Us)?;
            if foreign_keys_suspended {
                connection.check_foreign_keys().map_err(|failure| Stop::At(None, failure))?;
            }
            if transactional {
                connection.commit(&self.settings).map_err(|failure| Stop::At(None, failure))?;
            }
            Ok(Some(took))
        })();
        if transactional && !matches!(result, Ok(Some(_))) {
            connection.rollback();
        }
        let (index, failure) = match result {
            Ok(took) => return Ok(took),
            Err(Stop::Us(failure) | Stop::At(_, failure)) if failure.lost => {
                let done = (!transactional).then_some(done);
                return Err(lost(&[migration], done, failure, applied));
            }
            Err(Stop::Us(failure)) => return Err(writing(failure)),
            Err(Stop::At(index, failure)) => (index, failure),
        };
        // Rolled back with everything else, or still there and `running`.
        let row = if transactional { None } else { id };
        let done_now = if transactional { 0 } else { done };
        if let Err(second) = connection.record_failed(tables, row, migration, done_now, since.elapsed(), &failure) {
            tracing::warn!(%second, "the failure could not be written to the history");
        }
        Err(Error::Statement(Box::new(self.statement_error(migration, index, failure, applied))))
    }

    fn statement_error(
        &self,
        migration: &'static Migration,
        index: Option<usize>,
        failure: Box<Failure>,
        applied: &[&'static Migration],
    ) -> StatementError {
        let file = plan::path(self.migrations, migration);
        let at = index.unwrap_or(migration.statements.len().saturating_sub(1));
        let offset = migration.statements.get(at).map_or(0, |statement| {
            let start = statement.start as usize;
            let text = migration.statement(at).unwrap_or_default();
            let within = failure
                .position
                .filter(|_| index.is_some())
                .and_then(|position| text.char_indices().nth(position.saturating_sub(1)).map(|(offset, _)| offset));
            start + within.unwrap_or(0)
        });
        let place = Place::of(migration.sql, offset);
        StatementError {
            version: migration.version.to_owned(),
            line: place.line,
            column: place.column,
            statement: index.map(|index| index + 1),
            statements: migration.statements.len(),
            rolled_back: migration.transactional,
            applied: applied.iter().map(|migration| migration.file.to_owned()).collect(),
            advice: advice(migration, &file, &failure),
            snippet: Snippet::of(migration.sql, place),
            file,
            failure: *failure,
        }
    }
}

/// The connection broke while these ran; `done` statements of what cannot be in a transaction are known to be done.
fn lost(
    running: &[&'static Migration],
    done: Option<usize>,
    failure: Box<Failure>,
    applied: &[&'static Migration],
) -> Error {
    let files = |migrations: &[&'static Migration]| -> Vec<String> {
        migrations.iter().map(|migration| migration.file.to_owned()).collect()
    };
    let names = listed(&files(running));
    let state = match done {
        Some(done) => format!(
            "{names} cannot run in a transaction; {done} of its {} {} known to be done, and the next start goes on",
            counted(running[0].statements.len(), "statement"),
            if done == 1 { "is" } else { "are" },
        ),
        None => format!(
            "{names} {} applied whole or not at all, and the next start finds out which",
            if running.len() == 1 { "is" } else { "are" }
        ),
    };
    Error::ConnectionLost { files: files(running), state, applied: files(applied), failure }
}

/// Why a migration stopped.
enum Stop {
    /// At a statement of its own, or at its commit.
    At(Option<usize>, Box<Failure>),
    /// At something that belongs to the runner.
    Us(Box<Failure>),
}

/// How many of these may share a transaction.
fn at_once(pending: &[&'static Migration]) -> usize {
    // What a file sets for its session or transaction would reach the files behind it, where alone it would not.
    let sets = |migration: &Migration| {
        (0..migration.statements.len()).filter_map(|index| migration.statement(index)).any(|statement| {
            let word: String = statement.chars().take(6).collect::<String>().to_ascii_uppercase();
            word.starts_with("SET") || word == "PRAGMA" || statement.to_ascii_lowercase().contains("set_config")
        })
    };
    let together = pending
        .iter()
        .take(AT_ONCE)
        .take_while(|migration| migration.transactional && !migration.foreign_keys_off && !sets(migration));
    together.count().max(1)
}

/// What a person should know beyond what the engine said, and the ways on.
fn advice(migration: &Migration, file: &str, failure: &Failure) -> Vec<String> {
    let mut advice = Vec::new();
    let message = &failure.message;
    let exists = failure.sqlstate.as_deref() == Some("42P07")
        || (message.starts_with("table ") && message.ends_with(" already exists"));
    let sqlstate = failure.sqlstate.as_deref().unwrap_or_default();
    if exists {
        advice.push(
            "no migration that is applied made it: someone made it by hand, with another tool, or a base file did"
                .to_owned(),
        );
        advice.push(format!(
            "next, if it is what {} makes: record it as applied (INSERT INTO __diesel_schema_migrations (version) VALUES ('{}'))",
            migration.file, migration.version
        ));
        advice.push(format!(
            "next, if it is something else: rename or drop it, and start again; or write CREATE TABLE IF NOT EXISTS in {file}, and build again"
        ));
    } else if sqlstate == "55P03" {
        advice.push("others use what it needs; nothing is wrong with the file".to_owned());
        advice
            .push("next: start again when they are done, or let it wait longer (GLOWPLUG_LOCK_TIMEOUT=30s)".to_owned());
    } else if sqlstate == "57014" {
        advice.push("next: let it run longer (GLOWPLUG_STATEMENT_TIMEOUT=10min), and start again".to_owned());
    } else if sqlstate == "42501" {
        advice.push("next: give the role the right, or run the migrations as the role that owns the tables".to_owned());
    } else if matches!(sqlstate, "40P01" | "40001") {
        advice.push("next: start again; it met with another transaction".to_owned());
    } else if sqlstate.starts_with("23") || message.contains("constraint failed") {
        advice.push(format!(
            "next: correct the rows that are there, or {file}, which is not applied and may be edited; build and start again"
        ));
    } else {
        advice.push(format!("next: correct {file}, which is not applied and may be edited; build and start again"));
    }
    advice
}
