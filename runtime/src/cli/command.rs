//! What each command does.

use super::ask::{Question, ask};
use super::output::{Answer, Stop, table, to_json};
use super::{Command, Common, progress, shown};
use crate::backend::Backend as _;
use crate::connection::{Connection, establish};
use crate::error::{Error, counted, listed};
use crate::health::{Health, HealthStatus};
use crate::plan::position;
use crate::runner::Runner;
use serde_json::json;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a command works on.
pub(super) struct Context<'a, C> {
    runner: Runner,
    url: &'a str,
    yes: bool,
    connection: PhantomData<C>,
}

impl<'a, C: Connection + diesel::Connection> Context<'a, C> {
    pub(super) fn new(runner: &Runner, url: &'a str, common: &Common) -> Self {
        Context { runner: runner.clone().url(url), url, yes: common.yes, connection: PhantomData }
    }

    pub(super) fn run(self, command: &Command) -> Result<Answer, Stop> {
        match command {
            Command::Status => {
                let status = self.runner.status(&mut self.connect()?)?;
                Ok(Answer { text: table(&status), json: to_json(&status), code: 0 })
            }
            Command::Plan(to) => Ok(Answer::of(&self.aimed(to.to.as_deref()).plan(&mut self.connect()?)?)),
            Command::Run(run) => {
                let runner = self.aimed(run.to.to.as_deref());
                let stopped = stop_on_signal();
                let _followed = progress::follow();
                let result = runner.stop_when(Arc::clone(&stopped)).run_pending_at::<C>(self.url, run.wait);
                let (_, report) = result.map_err(|error| ended(error, &stopped))?;
                Ok(Answer::of(&report))
            }
            Command::Verify => self.verify(),
            Command::History { version } => self.history(version.as_deref()),
            Command::Show { version } => self.show(version),
            Command::Revert { to } => self.revert(to),
            Command::Baseline { version } => {
                let mut connection = self.connect()?;
                let last = position(self.runner.migrations, version)?;
                let files: Vec<&str> = self.runner.migrations.list[..=last].iter().map(|one| one.file).collect();
                let what = format!(
                    "{} of {} will count as applied without being run, where they do not already:\n  {}",
                    counted(files.len(), "migration"),
                    self.database(&mut connection)?,
                    files.join("\n  ")
                );
                self.sure(&what)?;
                Ok(Answer::of(&self.runner.baseline(&mut connection, version)?))
            }
            Command::Adopt => {
                let mut connection = self.connect()?;
                let what = format!(
                    "what another tool says it has applied to {} is recorded as applied",
                    self.database(&mut connection)?
                );
                self.sure(&what)?;
                Ok(Answer::of(&self.runner.adopt(&mut connection)?))
            }
            Command::Repair { accept } => {
                let mut connection = self.connect()?;
                let accept: Vec<&str> = accept.iter().map(String::as_str).collect();
                if !accept.is_empty() {
                    let what = format!(
                        "the files of {} count from now on as what was applied to {}, whatever was",
                        listed(&accept),
                        self.database(&mut connection)?
                    );
                    self.sure(&what)?;
                }
                Ok(Answer::of(&self.runner.repair(&mut connection, &accept)?))
            }
            Command::Reset { database } => self.reset(database.as_deref()),
            Command::Health => {
                let health = match establish::<C>(self.url) {
                    Ok(mut connection) => self.runner.health(&mut connection),
                    Err(error) => Health::unreachable(self.runner.migrations, &error),
                };
                let code = match health.status {
                    HealthStatus::Healthy => 0,
                    HealthStatus::Degraded => 6,
                    HealthStatus::Unhealthy => 3,
                };
                Ok(Answer { text: health.to_string(), json: to_json(&health), code })
            }
            Command::Wait { up_to } => {
                let since = Instant::now();
                let _followed = progress::follow();
                drop(crate::wait::wait_for_database::<C>(self.url, *up_to)?);
                let waited = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
                let text = format!("the database answers, after {}", crate::error::seconds(since.elapsed()));
                Ok(Answer { text, json: json!({ "waited_ms": waited }), code: 0 })
            }
        }
    }

    fn connect(&self) -> Result<C, Stop> {
        Ok(establish(self.url)?)
    }

    /// The runner, ending where the command line says.
    fn aimed(&self, version: Option<&str>) -> Runner {
        let runner = self.runner.clone();
        match version {
            Some(version) => runner.exact_target(version),
            None => runner,
        }
    }

    fn name(&self, connection: &mut C) -> Result<String, Stop> {
        let name = connection.session().database_name();
        Ok(name.map_err(|failure| Error::database("reading the name of the database", failure))?)
    }

    fn database(&self, connection: &mut C) -> Result<String, Stop> {
        Ok(shown(&self.name(connection)?, self.url))
    }

    fn sure(&self, what: &str) -> Result<(), Stop> {
        if self.yes { Ok(()) } else { ask(what, &Question::Sure) }
    }

    fn verify(&self) -> Result<Answer, Stop> {
        let mut connection = self.connect()?;
        let status = self.runner.status(&mut connection)?;
        let files = |wanted: &dyn Fn(&crate::MigrationStatus) -> bool| -> Vec<&str> {
            status.migrations.iter().filter(|entry| wanted(entry)).map(|entry| entry.file.as_str()).collect()
        };
        let (pending, edited) = (files(&|entry| !entry.state.is_applied()), files(&|entry| entry.edited));
        let (mut tables, mut columns) = (Vec::new(), Vec::new());
        match self.runner.check_schema(&mut connection) {
            Ok(()) => {}
            Err(Error::Schema { tables: t, columns: c }) => (tables, columns) = (t, c),
            Err(error) => return Err(error.into()),
        }
        let mut lines = Vec::new();
        for (what, names) in [("pending", &pending), ("edited since it was applied", &edited)] {
            lines.extend(names.iter().map(|name| format!("{what}: {name}")));
        }
        lines.extend(status.unknown.iter().map(|name| format!("applied and unknown: {name}")));
        // What a pending migration makes is missing by right.
        if pending.is_empty() {
            for (what, names) in [("missing table", &tables), ("missing column", &columns)] {
                lines.extend(names.iter().map(|name| format!("{what}: {name}")));
            }
        }
        // An older program beside a newer one is no fault of the database.
        let good = pending.is_empty() && edited.is_empty() && tables.is_empty() && columns.is_empty();
        if good {
            lines.insert(0, format!("{} applied, as compiled; tables and columns are there", status.applied));
        }
        let json = json!({
            "ok": good, "applied": status.applied, "pending": pending, "edited": edited, "unknown": status.unknown,
            "missing_tables": tables, "missing_columns": columns,
        });
        Ok(Answer { text: lines.join("\n"), json, code: if good { 0 } else { 6 } })
    }

    fn history(&self, version: Option<&str>) -> Result<Answer, Stop> {
        let mut attempts = self.runner.history(&mut self.connect()?)?;
        if let Some(version) = version {
            let list = self.runner.migrations.list;
            let version = position(self.runner.migrations, version).map_or(version, |at| list[at].version);
            attempts.retain(|attempt| attempt.version == version);
        }
        let width = |of: &dyn Fn(&crate::HistoryEntry) -> usize| attempts.iter().map(of).max().unwrap_or(0);
        let (versions, names) =
            (width(&|entry| entry.version.chars().count()), width(&|entry| entry.name.chars().count()));
        let mut lines = Vec::new();
        for entry in &attempts {
            let took = entry.duration_ms.and_then(|millis| u64::try_from(millis).ok()).map(Duration::from_millis);
            lines.push(format!(
                "{}  {:versions$}  {:names$}  {:9}  {:>3} of {:<3}  {:>10}  {}",
                entry.started_at,
                entry.version,
                entry.name,
                entry.status,
                entry.statements_done,
                entry.statements_total,
                took.map_or_else(|| "-".to_owned(), crate::error::seconds),
                entry.runner,
            ));
            if let Some(error) = &entry.error {
                lines.push(format!("    {}", error.replace('\n', "\n    ")));
            }
        }
        if lines.is_empty() {
            lines.push("no attempt was made".to_owned());
        }
        Ok(Answer { text: lines.join("\n"), json: json!({ "attempts": to_json(&attempts) }), code: 0 })
    }

    fn show(&self, version: &str) -> Result<Answer, Stop> {
        let migration = &self.runner.migrations.list[position(self.runner.migrations, version)?];
        let mut connection = self.connect()?;
        let status = self.runner.status(&mut connection)?;
        let mut attempts = self.runner.history(&mut connection)?;
        attempts.retain(|attempt| attempt.version == migration.version);
        let Some(entry) = status.migrations.into_iter().find(|entry| entry.version == migration.version) else {
            return Err(Stop::usage(format!("{version} has no state")));
        };
        let yes = |fact: bool| if fact { "yes" } else { "no" };
        let mut text = format!(
            "{}\n  state: {}{}\n  applied: {}\n  statements: {}\n  in one transaction: {}\n  can be run twice: {}\n  \
             can be resumed: {}\n  can be taken back: {}\n  checksum: {}\n",
            migration.file,
            entry.state,
            if entry.edited { ", edited since" } else { "" },
            entry.completed_at.as_deref().unwrap_or("-"),
            migration.statements.len(),
            yes(migration.transactional),
            yes(migration.idempotent),
            yes(migration.resumable),
            yes(migration.down.is_some()),
            migration.checksum,
        );
        for attempt in &attempts {
            text.push_str(&format!("  attempt: {} {} by {}\n", attempt.started_at, attempt.status, attempt.runner));
            if let Some(error) = &attempt.error {
                text.push_str(&format!("    {}\n", error.replace('\n', "\n    ")));
            }
        }
        text.push_str(&format!("\n{}", migration.sql.trim_start_matches('\u{feff}').trim_end()));
        let json = json!({
            "migration": to_json(&entry), "attempts": to_json(&attempts), "transactional": migration.transactional,
            "idempotent": migration.idempotent, "resumable": migration.resumable, "checksum": migration.checksum,
            "raw_checksum": migration.raw_checksum, "sql": migration.sql, "down": migration.down,
        });
        Ok(Answer { text, json, code: 0 })
    }

    fn revert(&self, to: &str) -> Result<Answer, Stop> {
        let mut connection = self.connect()?;
        let reversal = self.runner.reversal(&mut connection, to)?;
        if reversal.steps.is_empty() {
            return Ok(Answer::of(&reversal));
        }
        let what = format!(
            "{reversal}\n\n{} of {} taken back, and what is in what these drop is lost",
            counted(reversal.steps.len(), "migration"),
            self.database(&mut connection)?,
        );
        self.sure(&what)?;
        let done = self.runner.revert_to(&mut connection, to)?;
        let files: Vec<&str> = done.steps.iter().map(|step| step.file.as_str()).collect();
        Ok(Answer { text: format!("taken back: {}", listed(&files)), json: to_json(&done), code: 0 })
    }

    fn reset(&self, database: Option<&str>) -> Result<Answer, Stop> {
        let mut connection = self.connect()?;
        let name = self.name(&mut connection)?;
        let typed = match database {
            Some(typed) if self.yes => typed,
            _ => {
                // Refused before anybody is asked.
                self.runner.may_reset(&name, database.unwrap_or(&name))?;
                let live = connection.session().columns(self.runner.migrations.tables);
                let live = live.map_err(|failure| Error::database("looking at the tables", failure))?;
                let tables: Vec<&str> = live.keys().map(|at| self.runner.migrations.tables[*at].name).collect();
                let what = format!(
                    "everything in {} is dropped, with all rows{}",
                    shown(&name, self.url),
                    if tables.is_empty() {
                        String::new()
                    } else {
                        format!(": {}, and what else is there", listed(&tables))
                    }
                );
                ask(&what, &Question::Type(&name))?;
                &name
            }
        };
        Ok(Answer::of(&self.runner.reset(&mut connection, typed)?))
    }
}

/// Signals within so long of the first are the same request: `timeout` sends its own to the process, and to the group
/// that the process is in.
const ONE_REQUEST: Duration = Duration::from_secs(1);

/// A flag that is set when the process is to end. A second request ends it at once.
fn stop_on_signal() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    let mut first: Option<Instant> = None;
    // Where the service handles signals already, it keeps them.
    let _ = ctrlc::set_handler(move || match first {
        Some(first) if first.elapsed() >= ONE_REQUEST => std::process::exit(130),
        Some(_) => {}
        None => {
            first = Some(Instant::now());
            set.store(true, Ordering::Relaxed);
            eprintln!("ending: what is running is cancelled; once more ends at once");
        }
    });
    flag
}

/// An error of a run that was to end is the signal's.
fn ended(error: Error, stopped: &AtomicBool) -> Stop {
    let stop = Stop::from(error);
    if stopped.load(Ordering::Relaxed) { stop.signalled() } else { stop }
}
