//! One run: what is pending is applied, in order, once, whatever else starts at the same moment.

use crate::backend::Backend;
use crate::backoff::Backoff;
use crate::boundary;
use crate::error::{Cause, Error, Failure, Meaning, StatementError, counted, listed, seconds};
use crate::health;
use crate::history::{Attempt, CHECKSUM_PREFIX, Names, Tables};
use crate::hooks::{HookResult, Hooks};
use crate::migration::{Migration, Migrations};
use crate::plan::{self, Decision};
use crate::report::{Applied, Report};
use crate::settings::{OnFailure, Settings, Verify};
use crate::snippet::{Place, Snippet};
use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

/// What a run reads and writes, in an error's words.
pub(crate) const READING: &str = "reading the history of migrations";
/// The events that tell how far a run is: what is to be applied, what is being applied, what is.
pub(crate) const PROGRESS: &str = "glowplug::progress";
/// The events that tell how a run ended: what its caller is answered, for the log.
pub(crate) const OUTCOME: &str = "glowplug::outcome";

pub(crate) const LOOKING: &str = "looking whether all tables are there";
const WRITING: &str = "writing the history of migrations";

/// So much text goes into one transaction of several migrations: all of it is one message.
const BYTES_AT_ONCE: usize = 16 << 20;

/// A run in progress.
pub(crate) struct Run<'a, 'h, B: Backend> {
    pub(crate) migrations: &'static Migrations,
    pub(crate) settings: &'a Settings,
    pub(crate) session: &'a mut B,
    pub(crate) hooks: &'a mut Hooks<'h, B::Inner>,
    pub(crate) report: &'a mut Report,
    /// The files that are applied, in the list's order.
    applied: Vec<&'static Migration>,
}

/// How one migration went.
enum Outcome {
    Applied(Duration),
    /// Another process was first.
    Overtaken,
    Failed(Broken),
}

/// A migration that failed.
struct Broken {
    failure: Box<Failure>,
    /// The statement it stopped at, counted from zero; `None` at the commit.
    index: Option<usize>,
    /// The row of the attempt, where that was not rolled back too.
    row: Option<i64>,
    /// How many statements are done and stay.
    done: usize,
    took: Duration,
}

/// How often the next migration was tried, and how it is to be tried now.
#[derive(Default)]
struct Trying {
    tries: u32,
    backoff: Backoff,
    stepwise: bool,
    /// The statement to go on with, of what has no transaction.
    resume: Option<usize>,
}

/// Why a migration stopped.
enum Stop {
    /// At a statement of its own, or at its commit.
    At(Option<usize>, Box<Failure>),
    /// At something that belongs to the runner.
    Us(Box<Failure>),
    /// At a hook; whether it is the one behind the migration.
    Hook(bool, Box<dyn std::error::Error + Send + Sync>),
}

impl<'a, 'h, B: Backend> Run<'a, 'h, B> {
    pub(crate) fn new(
        migrations: &'static Migrations,
        settings: &'a Settings,
        session: &'a mut B,
        hooks: &'a mut Hooks<'h, B::Inner>,
        report: &'a mut Report,
    ) -> Self {
        Run { migrations, settings, session, hooks, report, applied: Vec::new() }
    }

    pub(crate) fn go(&mut self) -> Result<(), Error> {
        let reading = |failure| Error::database(READING, failure);
        let names = Names::of(self.settings.set.as_deref());
        // Of a list that ends early nothing is compiled to compare with.
        if self.settings.target.is_none() && self.session.is_current(&names, self.migrations).map_err(reading)? {
            tracing::debug!("one read: all is applied as it was compiled");
            self.report.already_applied = self.before(self.migrations.list.len());
            return Ok(());
        }
        boundary!("looked");
        let tables = self.session.tables(&names).map_err(reading)?;
        let decision = self.decide(&tables)?;
        if decision.pending.is_empty() {
            self.take_over(decision);
            return Ok(());
        }
        self.refuse_outside_transactions(&decision.pending)?;
        let longer = decision.pending.iter().any(|migration| !migration.transactional);
        let since = Instant::now();
        self.session.lock(&tables, self.settings, longer)?;
        self.report.waited = since.elapsed();
        boundary!("locked");
        let result = self.locked(&names);
        self.session.unlock();
        boundary!("unlocked");
        result
    }

    fn decide(&mut self, tables: &Tables) -> Result<Decision, Error> {
        let history = self.session.history(tables).map_err(|failure| Error::database(READING, failure))?;
        plan::decide(self.migrations, &history, self.settings)
    }

    fn take_over(&mut self, decision: Decision) {
        self.report.already_applied = self.before(decision.applied);
        self.report.left = decision.left;
        self.report.notices.extend(decision.notices);
        self.report.warnings.extend(decision.warnings);
    }

    /// How many of those that are applied were so before: not by this run, nor by its tries with an earlier connection.
    fn before(&self, applied: usize) -> usize {
        applied.saturating_sub(self.report.applied.len())
    }

    fn refuse_outside_transactions(&self, pending: &[&'static Migration]) -> Result<(), Error> {
        let outside: Vec<String> = pending
            .iter()
            .filter(|migration| self.session.in_transactions_alone() && !migration.transactional)
            .map(|migration| plan::path(self.migrations, migration))
            .collect();
        if outside.is_empty() { Ok(()) } else { Err(Error::NotInTransaction { files: outside }) }
    }

    /// What is done while the lock is held, or, where each transaction locks, what each of them finds out for itself.
    fn locked(&mut self, names: &Names) -> Result<(), Error> {
        let reading = |failure| Error::database(READING, failure);
        let creating = |failure| Error::database("creating the tables that keep the history of migrations", failure);
        // Somebody else may have been here while we waited.
        let tables = self.session.tables(names).map_err(reading)?;
        self.session.create_tables(&tables, self.settings).map_err(creating)?;
        let tables = Tables { applied_exists: true, history_exists: true, ..tables };
        boundary!("tables");
        let mut failures = Vec::new();
        let mut tried = BTreeSet::new();
        let mut first = true;
        // Anew wherever another process turns out to have been first.
        loop {
            let history = self.session.history(&tables).map_err(|failure| self.database(READING, failure))?;
            let decision = plan::decide(self.migrations, &history, self.settings)?;
            let pending: VecDeque<&'static Migration> =
                decision.pending.iter().copied().filter(|migration| !tried.contains(migration.version)).collect();
            self.applied =
                self.migrations.list.iter().filter(|migration| history.is_applied(migration.version)).collect();
            if first {
                self.take_over(decision);
                if !pending.is_empty() {
                    tracing::debug!(target: PROGRESS, pending = pending.len() as u64, "to apply");
                    let called = self.hooks.call_run(false, self.session.inner());
                    self.hooked(called, || "before the run".to_owned())?;
                }
                first = false;
            } else {
                // What others applied meanwhile.
                self.report.already_applied = self.before(decision.applied);
            }
            let new = history.versions.is_empty();
            if self.apply(&tables, pending, new, |version| history.attempt(version), &mut tried, &mut failures)? {
                break;
            }
        }
        if failures.len() == 1 {
            return Err(Error::Statement(Box::new(failures.remove(0))));
        } else if !failures.is_empty() {
            return Err(Error::Failures { failures, applied: self.applied_files() });
        }
        if !self.report.applied.is_empty() {
            let called = self.hooks.call_run(true, self.session.inner());
            self.hooked(called, || "after the run".to_owned())?;
            self.verify()?;
        }
        Ok(())
    }

    /// Applies these; `false` where another process was first with one of them, and the history has to be read again.
    fn apply<'s>(
        &mut self,
        tables: &Tables,
        mut pending: VecDeque<&'static Migration>,
        new: bool,
        attempt_of: impl Fn(&str) -> Option<&'s Attempt>,
        tried: &mut BTreeSet<&'static str>,
        failures: &mut Vec<StatementError>,
    ) -> Result<bool, Error> {
        // Of the first of them.
        let mut state = Trying::default();
        // So many go alone: they did not go together.
        let mut alone = 0_usize;
        while let Some(&migration) = pending.front() {
            if self.settings.is_stopped() {
                return Err(Error::Stopped { applied: self.applied_files() });
            }
            tracing::debug!(target: PROGRESS, file = migration.file, "applying");
            if !state.stepwise && goes_in_one_go(migration) && !self.hooks.has_each() {
                let together = if alone > 0 { 1 } else { self.together(&pending, new) };
                let outcome = self.session.apply_at_once(tables, self.settings, &pending.make_contiguous()[..together]);
                boundary!("committed");
                let committed = outcome.took.len();
                for took in outcome.took {
                    if let Some(migration) = pending.pop_front() {
                        self.record(migration, took);
                        state = Trying::default();
                        alone = alone.saturating_sub(1);
                    }
                }
                let (Some(failure), Some(&migration)) = (outcome.stopped, pending.front()) else { continue };
                self.ended_by_request(&failure)?;
                match failure.cause {
                    Cause::Overtaken => return Ok(false),
                    Cause::Lost => {
                        let running: Vec<_> = pending.iter().copied().take(together - committed).collect();
                        return Err(lost(&running, None, failure, &self.applied));
                    }
                    // It is one of them, or they do not bear one transaction. Nothing of them is left.
                    Cause::Said if together > 1 && committed == 0 => {
                        tracing::debug!(file = migration.file, together, %failure, "not in one transaction; one by one");
                        alone = together;
                    }
                    Cause::Said if self.wait_and_try_again(migration, &failure, &mut state) => {}
                    Cause::Said => {
                        // Nothing of it is left. Statement by statement it is known which one it was.
                        tracing::debug!(file = migration.file, %failure, "not in one go; statement by statement");
                        state.stepwise = true;
                    }
                    _ => return Err(self.database("applying migrations", failure)),
                }
                continue;
            }
            let from = match state.resume {
                Some(from) => from,
                None if migration.transactional => 0,
                None => self.resume_at(migration, attempt_of(migration.version)),
            };
            match self.stepwise(tables, migration, from)? {
                Outcome::Applied(took) => {
                    self.record(migration, took);
                    pending.pop_front();
                    state = Trying::default();
                    alone = alone.saturating_sub(1);
                }
                Outcome::Overtaken => return Ok(false),
                Outcome::Failed(broken) => {
                    if let Err(stopped) = self.ended_by_request(&broken.failure) {
                        self.write_failed(tables, broken.row, migration, broken.done, broken.took, &broken.failure);
                        return Err(stopped);
                    }
                    let again = self.wait_and_try_again(migration, &broken.failure, &mut state);
                    if again && migration.transactional {
                        state.stepwise = false;
                        continue;
                    }
                    self.write_failed(tables, broken.row, migration, broken.done, broken.took, &broken.failure);
                    if again {
                        state.resume = Some(broken.done);
                        continue;
                    }
                    let error = self.statement_error(migration, broken.index, broken.failure);
                    if self.settings.on_failure == OnFailure::Stop {
                        return Err(Error::Statement(Box::new(error)));
                    }
                    tracing::error!(file = migration.file, "{}", error.failure);
                    tried.insert(migration.version);
                    failures.push(error);
                    pending.pop_front();
                    state = Trying::default();
                    alone = alone.saturating_sub(1);
                }
            }
        }
        Ok(true)
    }

    /// Fails where a statement was cancelled because the run is to end.
    fn ended_by_request(&self, failure: &Failure) -> Result<(), Error> {
        if failure.meaning() == Meaning::Cancelled && self.settings.is_stopped() {
            return Err(Error::Stopped { applied: self.applied_files() });
        }
        Ok(())
    }

    /// Waits, where a failure may be gone a moment later and nobody is tired of it; `false` where that is not so.
    fn wait_and_try_again(&mut self, migration: &Migration, failure: &Failure, state: &mut Trying) -> bool {
        if !failure.is_passing() || state.tries >= self.settings.retries || self.settings.is_stopped() {
            return false;
        }
        state.tries += 1;
        self.report.retries += 1;
        let wait = state.backoff.next();
        for blocker in self.session.blockers(migration.sql) {
            tracing::warn!(
                pid = blocker.pid, application = %blocker.application, state = %blocker.state, query = %blocker.query,
                for_ = %seconds(blocker.since), "another session uses a table of this migration"
            );
        }
        tracing::warn!(
            file = migration.file,
            sqlstate = failure.sqlstate.as_deref().unwrap_or_default(),
            "{}; tried again in {} ({} of {})",
            failure.message,
            seconds(wait),
            state.tries,
            self.settings.retries
        );
        std::thread::sleep(wait);
        true
    }

    /// How many of these go into one transaction.
    fn together(&self, pending: &VecDeque<&'static Migration>, new: bool) -> usize {
        let most = self.session.together(new);
        let mut bytes = 0;
        let small = |migration: &&&Migration| {
            bytes += migration.sql.len();
            bytes <= BYTES_AT_ONCE
        };
        pending.iter().take(most).take_while(|migration| goes_in_one_go(migration)).take_while(small).count().max(1)
    }

    fn record(&mut self, migration: &'static Migration, took: Duration) {
        tracing::info!(target: PROGRESS, file = migration.file, took = %seconds(took), "applied");
        self.applied.push(migration);
        self.report.applied.push(Applied {
            version: migration.version.to_owned(),
            name: migration.name.to_owned(),
            file: migration.file.to_owned(),
            duration: took,
        });
    }

    /// The statement to go on with, counted from zero, where an earlier run did not come to the end.
    fn resume_at(&mut self, migration: &Migration, attempt: Option<&Attempt>) -> usize {
        let Some(attempt) = attempt.filter(|attempt| matches!(&*attempt.status, "running" | "failed")) else {
            return 0;
        };
        let done = attempt.statements_done.min(migration.statements.len());
        // Where all of it is done, nothing is run again: what is proved is that a part of it can be.
        let at = if migration.resumable && done < migration.statements.len() { 0 } else { done };
        let edited = attempt.checksum != format!("{CHECKSUM_PREFIX}{}", migration.checksum);
        let mut text = format!(
            "{} was begun by {} and not finished ({done} of {} statements); {}",
            migration.file,
            attempt.runner,
            migration.statements.len(),
            match at {
                0 => "run again from the top".to_owned(),
                at if at == migration.statements.len() => "recorded as applied".to_owned(),
                at => format!("gone on with statement {}", at + 1),
            },
        );
        if edited && at > 0 {
            text.push_str(
                ", though the file was edited since: look whether its first statements are still what was run",
            );
        }
        self.report.warnings.push(text);
        at
    }

    /// Applies one migration a statement at a time.
    fn stepwise(&mut self, tables: &Tables, migration: &'static Migration, resume: usize) -> Result<Outcome, Error> {
        let suspended = migration.transactional && migration.foreign_keys_off && {
            let suspended = self.session.suspend_foreign_keys();
            suspended.map_err(|failure| self.database("switching foreign keys off", failure))?
        };
        let sets = sets_something(migration);
        if sets {
            let kept = self.session.remember_session();
            kept.map_err(|failure| self.database("reading the session's settings", failure))?;
        }
        let result = self.attempt(tables, migration, resume, suspended, sets);
        let restored = if sets { self.session.restore_session(false) } else { Ok(()) };
        let resumed = if suspended { self.session.resume_foreign_keys() } else { Ok(()) };
        // What the migration failed of says more.
        let outcome = result?;
        restored.map_err(|failure| self.database("restoring the session's settings", failure))?;
        resumed.map_err(|failure| self.database("switching foreign keys on again", failure))?;
        Ok(outcome)
    }

    /// One attempt at a migration, in its transaction where it has one.
    fn attempt(
        &mut self,
        tables: &Tables,
        migration: &'static Migration,
        resume: usize,
        foreign_keys_suspended: bool,
        sets: bool,
    ) -> Result<Outcome, Error> {
        let since = Instant::now();
        let transactional = migration.transactional;
        let (mut done, mut id, mut began) = (resume, None, false);
        let result = (|| {
            if transactional {
                self.session.begin(tables, self.settings).map_err(Stop::Us)?;
                began = true;
                boundary!("begun");
                self.session.claim(tables, migration).map_err(Stop::Us)?;
            }
            let row = self.session.record_start(tables, migration, resume, transactional).map_err(Stop::Us)?;
            id = Some(row);
            self.hooks.call_each(false, self.session.inner(), migration).map_err(|error| Stop::Hook(false, error))?;
            // What was set for a session went with it.
            for (index, statement) in (0..resume).filter_map(|index| Some((index, migration.statement(index)?))) {
                if is_setting(statement) {
                    self.session.script(statement).map_err(|failure| Stop::At(Some(index), failure))?;
                }
            }
            for index in resume..migration.statements.len() {
                tracing::debug!(file = migration.file, statement = index + 1, "running");
                let ran = if transactional {
                    self.session.execute(migration.statement(index).unwrap_or_default())
                } else {
                    self.session.step(tables, self.settings, migration, index, row, index == resume && resume > 0)
                };
                ran.map_err(|failure| Stop::At(Some(index), failure))?;
                done = index + 1;
                boundary!("statement");
            }
            self.hooks.call_each(true, self.session.inner(), migration).map_err(|error| Stop::Hook(true, error))?;
            if sets && transactional {
                self.session.restore_session(true).map_err(Stop::Us)?;
            }
            let took = self.session.record_completed(tables, row, migration, transactional).map_err(Stop::Us)?;
            boundary!("recorded");
            if foreign_keys_suspended {
                self.session.check_foreign_keys().map_err(|failure| Stop::At(None, failure))?;
            }
            if transactional {
                self.session.commit(self.settings).map_err(|failure| Stop::At(None, failure))?;
            }
            boundary!("committed");
            Ok(took)
        })();
        if began && result.is_err() {
            self.session.rollback();
        }
        let done_now = if transactional { 0 } else { done };
        // Rolled back with everything else, or still there and `running`.
        let row = if transactional { None } else { id };
        let (index, failure) = match result {
            Ok(took) => return Ok(Outcome::Applied(took)),
            Err(Stop::Hook(after, error)) => {
                let when = format!("{} {}", if after { "after" } else { "before" }, migration.file);
                let failure = Failure::new(format!("the hook {when}: {error}"));
                self.write_failed(tables, row, migration, done_now, since.elapsed(), &failure);
                return Err(Error::Hook { when, error, applied: self.applied_files() });
            }
            Err(Stop::Us(failure) | Stop::At(_, failure)) if failure.is_lost() => {
                return Err(lost(&[migration], (!transactional).then_some(done), failure, &self.applied));
            }
            Err(Stop::Us(failure)) if matches!(failure.cause, Cause::Overtaken) => return Ok(Outcome::Overtaken),
            // Two runs that met at the record: nothing of this one is left.
            Err(Stop::Us(failure)) if failure.is_passing() && transactional => (None, failure),
            Err(Stop::Us(failure)) => return Err(self.database(WRITING, failure)),
            Err(Stop::At(_, failure)) if !matches!(failure.cause, Cause::Said) => {
                return Err(self.database("running a migration", failure));
            }
            Err(Stop::At(index, failure)) => (index, failure),
        };
        Ok(Outcome::Failed(Broken { failure, index, row, done: done_now, took: since.elapsed() }))
    }

    fn write_failed(
        &mut self,
        tables: &Tables,
        row: Option<i64>,
        migration: &Migration,
        done: usize,
        took: Duration,
        failure: &Failure,
    ) {
        if let Err(second) = self.session.record_failed(tables, row, migration, done, took, failure) {
            tracing::warn!(%second, "the failure could not be written to the history");
        }
    }

    fn statement_error(
        &self,
        migration: &'static Migration,
        index: Option<usize>,
        failure: Box<Failure>,
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
            applied: self.applied_files(),
            advice: advice(migration, &file, &failure),
            snippet: Snippet::of(migration.sql, place),
            file,
            failure: *failure,
        }
    }

    /// Whether the tables and columns are there that the program was built for.
    fn verify(&mut self) -> Result<(), Error> {
        if self.settings.verify == Verify::Off || self.report.left > 0 || self.migrations.tables.is_empty() {
            return Ok(());
        }
        let live = self.session.columns(self.migrations.tables);
        let live = live.map_err(|failure| self.database(LOOKING, failure))?;
        let Some(error) = health::compare(self.migrations.tables, &live).missing() else { return Ok(()) };
        if self.settings.verify == Verify::Deny {
            return Err(error);
        }
        self.report.warnings.push(error.to_string());
        Ok(())
    }

    fn hooked(&self, called: HookResult, when: impl FnOnce() -> String) -> Result<(), Error> {
        called.map_err(|error| Error::Hook { when: when(), error, applied: self.applied_files() })
    }

    /// The files that are applied, in the list's order.
    fn applied_files(&self) -> Vec<String> {
        self.applied.iter().map(|migration| migration.file.to_owned()).collect()
    }

    fn database(&self, doing: &'static str, failure: Box<Failure>) -> Error {
        // What was applied before this run does not make "nothing was changed" untrue. Of a lease that was lost that is
        // not said: a statement may be done.
        let nothing = self.report.applied.is_empty() && !matches!(failure.cause, Cause::LeaseLost);
        let applied = if nothing { Vec::new() } else { self.applied_files() };
        Error::database_after(doing, failure, &applied)
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
    Error::ConnectionLost { doing: format!("{names} ran"), state: Some(state), applied: files(applied), failure }
}

/// Whether a migration is sent as one message. What sets something for its session is watched step by step, so that it
/// can be set back before the record is written.
fn goes_in_one_go(migration: &Migration) -> bool {
    migration.transactional && !migration.foreign_keys_off && !sets_something(migration)
}

/// Whether a file sets something for its session or transaction: that would reach the files behind it, where alone it
/// would not.
fn sets_something(migration: &Migration) -> bool {
    (0..migration.statements.len()).filter_map(|index| migration.statement(index)).any(is_setting)
}

/// Whether a statement sets something for its session or transaction.
pub(crate) fn is_setting(statement: &str) -> bool {
    let first = |word: &str| {
        statement.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && !statement[word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
    };
    ["set", "reset", "discard", "pragma", "use", "prepare", "deallocate"].into_iter().any(first)
        || contains(statement, "set_config")
        // MySQL: a query into variables of the session.
        || contains(statement, "into @")
}

/// Whether a text contains a word, in whatever case. Looked for by what has no case, which is quick in a long text.
fn contains(text: &str, word: &str) -> bool {
    let Some((at, anchor)) = word.char_indices().find(|(_, c)| !c.is_ascii_alphabetic()) else {
        return text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
    };
    text.match_indices(anchor).any(|(found, _)| {
        let part = found.checked_sub(at).and_then(|start| text.as_bytes().get(start..start + word.len()));
        part.is_some_and(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    })
}

/// What a person should know beyond what the engine said, and the ways on.
fn advice(migration: &Migration, file: &str, failure: &Failure) -> Vec<String> {
    let correct = format!("next: correct {file}, which is not applied and may be edited; build and start again");
    let advice = match failure.meaning() {
        Meaning::Exists => {
            return vec![
                "no migration that is applied made it: someone made it by hand, with another tool, or a base file did"
                    .to_owned(),
                format!(
                    "next, if it is what {} makes: record it as applied (INSERT INTO __diesel_schema_migrations (version) VALUES ('{}'))",
                    migration.file, migration.version
                ),
                format!(
                    "next, if it is something else: rename or drop it, and start again; or write CREATE TABLE IF NOT EXISTS in {file}, and build again"
                ),
            ];
        }
        Meaning::Locked => {
            return vec![
                "others use what it needs; nothing is wrong with the file".to_owned(),
                "next: start again when they are done, or let it wait longer (GLOWPLUG_LOCK_TIMEOUT=30s)".to_owned(),
            ];
        }
        Meaning::Cancelled => "next: let it run longer (GLOWPLUG_STATEMENT_TIMEOUT=10min), and start again",
        Meaning::Denied => "next: give the role the right, or run the migrations as the role that owns the tables",
        Meaning::Conflict => "next: start again; it met with another transaction",
        Meaning::NoRoom => "next: give the server room (disk, memory, connections), and start again",
        Meaning::Rows => {
            return vec![format!(
                "next: correct the rows that are there, or {file}, which is not applied and may be edited; build and start again"
            )];
        }
        Meaning::NoColumn | Meaning::ReadOnly | Meaning::Other => &correct,
    };
    vec![advice.to_owned()]
}
