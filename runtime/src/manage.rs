//! What is done to a history besides applying: taking over, repairing, taking back, beginning anew.

use crate::backend::Backend;
use crate::connection::Connection;
use crate::error::{Cause, Error, Failure, counted, listed};
use crate::history::{History, Tables};
use crate::migration::{Migration, Migrations};
use crate::plan::{self, Drift, by_number};
use crate::report::Report;
use crate::run::READING;
use crate::runner::Runner;
use crate::settings::Settings;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

/// What was recorded as applied without having been run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Recorded {
    /// The table of the other tool that said so, where there was one.
    pub from: Option<String>,
    /// The versions, in order. Those that were applied already are not among them.
    pub versions: Vec<String>,
}

/// What a repair did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Repaired {
    /// The versions whose attempt was begun by a process that is gone: it is `failed` now.
    pub abandoned: Vec<String>,
    /// The applied versions that the history knew nothing of: another tool had applied them.
    pub recorded: Vec<String>,
    /// The versions whose edit was accepted.
    pub accepted: Vec<String>,
}

/// What is taken back, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Reversal {
    /// In the order in which they are taken back: the last one first.
    pub steps: Vec<ReversalStep>,
}

/// A migration that is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ReversalStep {
    /// Its version.
    pub version: String,
    /// Its file.
    pub file: String,
    /// The text that takes it back: it names what is lost.
    pub sql: String,
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "recorded {} as applied", counted(self.versions.len(), "migration"))?;
        if let Some(from) = &self.from {
            write!(f, ", as {from} says")?;
        }
        if self.versions.is_empty() { Ok(()) } else { write!(f, ": {}", listed(&self.versions)) }
    }
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("left by a process that is gone, failed now", &self.abandoned),
            ("applied by another tool, recorded now", &self.recorded),
            ("edited, accepted as it is", &self.accepted),
        ];
        let mut lines = parts.iter().filter(|(_, versions)| !versions.is_empty()).peekable();
        if lines.peek().is_none() {
            return f.write_str("nothing to repair");
        }
        for (index, (what, versions)) in lines.enumerate() {
            write!(f, "{}{what}: {}", if index == 0 { "" } else { "\n" }, listed(versions))?;
        }
        Ok(())
    }
}

impl fmt::Display for Reversal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-- {} to take back", counted(self.steps.len(), "migration"))?;
        for step in &self.steps {
            write!(f, "\n\n-- {}\n{}", step.file, step.sql.trim_end())?;
        }
        Ok(())
    }
}

const RECORDING: &str = "recording migrations as applied";

impl Runner {
    /// Records all migrations up to `version` as applied, without running them: for a database that has what they make.
    /// Each gets a row `baselined`. What is applied already stays as it is.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchVersion`], and those of a run that come before its first migration.
    pub fn baseline<C: Connection>(&self, connection: &mut C, version: &str) -> Result<Recorded, Error> {
        let last = plan::position(self.migrations, version)?;
        self.managed(connection, |session, tables, history, settings| {
            let upto: Vec<_> = self.migrations.list[..=last].iter().collect();
            let versions = record(session, tables, settings, history, &upto, None)?;
            Ok(Recorded { from: None, versions })
        })
    }

    /// Records as applied what another tool has applied to this database: reads the tables of sqlx
    /// (`_sqlx_migrations`), refinery (`refinery_schema_history`), Flyway (`flyway_schema_history`), Alembic
    /// (`alembic_version`), golang-migrate and all that keep a plain `schema_migrations`. They are left as they are. What
    /// diesel has applied needs no adopting.
    ///
    /// # Errors
    ///
    /// [`Error::Adopt`] where there is no such table or more than one, where the last run of the other tool failed, and
    /// where it has applied what this program has no file for. Nothing is recorded then.
    pub fn adopt<C: Connection>(&self, connection: &mut C) -> Result<Recorded, Error> {
        self.managed(connection, |session, tables, history, settings| {
            let (from, applied) = foreign(session, self.migrations)?;
            let note = format!("applied by another tool: {from}");
            let versions = record(session, tables, settings, history, &applied, Some(&note))?;
            Ok(Recorded { from: Some(from), versions })
        })
    }

    /// Mends the history: creates its tables where they are missing, ends attempts whose process is gone, and records
    /// what another tool applied without a word in the history. Nothing of the schema is touched.
    ///
    /// `accept_edits` are versions whose file was edited after it had been applied, and may be so: from now on the file
    /// as it is counts as what was applied. That the database has what the new text says is for the caller to know.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchVersion`], and those of a run that come before its first migration.
    pub fn repair<C: Connection>(&self, connection: &mut C, accept_edits: &[&str]) -> Result<Repaired, Error> {
        let accepted: BTreeSet<usize> =
            accept_edits.iter().map(|version| plan::position(self.migrations, version)).collect::<Result<_, _>>()?;
        self.managed(connection, |session, tables, history, settings| {
            let mut repaired = Repaired::default();
            let repairing = |failure| Error::database("repairing the history of migrations", failure);
            transaction(session, tables, settings, |session| {
                for (version, entry) in &history.versions {
                    // Under the lock, so nobody is at it.
                    if let Some(attempt) = entry.attempt.as_ref().filter(|attempt| attempt.status == "running") {
                        let note = format!("begun by {} and not finished", attempt.runner);
                        session.record_abandoned(tables, attempt.id, &note)?;
                        repaired.abandoned.push(version.clone());
                    }
                }
                for (index, migration) in self.migrations.list.iter().enumerate() {
                    let entry = history.versions.get(migration.version);
                    if !entry.is_some_and(|entry| entry.applied) {
                        continue;
                    }
                    if entry.and_then(|entry| entry.completed()).is_none() {
                        session.record_status(tables, migration, "baselined", Some("applied by another tool"))?;
                        repaired.recorded.push(migration.version.to_owned());
                    } else if accepted.contains(&index) && plan::drift(migration, history) != Drift::None {
                        session.record_status(tables, migration, "completed", Some("edited since, and accepted"))?;
                        repaired.accepted.push(migration.version.to_owned());
                    }
                }
                Ok(())
            })
            .map_err(repairing)?;
            Ok(repaired)
        })
    }

    /// What [`revert_to`](Self::revert_to) would take back: the SQL names what is lost. Reads alone, takes no lock.
    ///
    /// # Errors
    ///
    /// As [`revert_to`](Self::revert_to), before anything is changed.
    pub fn reversal<C: Connection>(&self, connection: &mut C, version: &str) -> Result<Reversal, Error> {
        self.check_engine(<C::Session<'_>>::ENGINE)?;
        let reading = |failure| Error::database(READING, failure);
        let session = &mut connection.session();
        let tables = session.tables(&self.names()).map_err(reading)?;
        let history = session.history(&tables).map_err(reading)?;
        Ok(Reversal { steps: steps(&self.to_revert(&history, version)?) })
    }

    /// Takes back all that is applied behind `version`, the last one first, each with its `.down.sql` in a transaction
    /// together with its record, where the engine takes a change of the schema into one. `0` takes back everything.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchVersion`]; [`Error::Irreversible`] where one of them has no such file, before anything is changed;
    /// [`Error::Revert`] where one fails: what was taken back before it stays so.
    pub fn revert_to<C: Connection>(&self, connection: &mut C, version: &str) -> Result<Reversal, Error> {
        self.managed(connection, |session, tables, history, settings| {
            let migrations = self.to_revert(history, version)?;
            let mut reverted: Vec<String> = Vec::new();
            for migration in &migrations {
                // Inside a transaction the switch does nothing, and dropping the old table of a rebuild would delete the
                // rows that point at it.
                let suspended = migration.down.is_some_and(|down| down.to_ascii_lowercase().contains("foreign_keys"))
                    && session.suspend_foreign_keys().map_err(|f| Error::database("switching foreign keys off", f))?;
                // What cannot run in a transaction (CONCURRENTLY) is run a statement at a time; of what has its own, all
                // but that is run in the runner's.
                let whole = migration.down_statements.iter().all(|statement| statement.transactional)
                    && !<C::Session<'_>>::COMMITS_EACH_CHANGE;
                let scripts = migration.down_scripts().unwrap_or_default();
                let mut alone = |sql: &&str| session.hold(tables).and_then(|()| session.script(sql));
                let before = if whole { Ok(()) } else { scripts.iter().try_for_each(&mut alone) };
                let result = before.and_then(|()| {
                    transaction(session, tables, settings, |session| {
                        if whole {
                            scripts.iter().try_for_each(|sql| session.script(sql))?;
                        }
                        session.unclaim(tables, migration.version)?;
                        session.record_status(tables, migration, "reverted", None)?;
                        if suspended { session.check_foreign_keys() } else { Ok(()) }
                    })
                });
                if suspended {
                    session.resume_foreign_keys().map_err(|f| Error::database("switching foreign keys on again", f))?;
                }
                result.map_err(|failure| {
                    if matches!(failure.cause, Cause::LeaseLost) {
                        let stays = |migration: &&Migration| {
                            history.is_applied(migration.version) && !reverted.iter().any(|file| file == migration.file)
                        };
                        let stay = self.migrations.list.iter().filter(stays).map(|migration| migration.file.to_owned());
                        return Error::LeaseLost { applied: stay.collect() };
                    }
                    Error::Revert {
                        file: plan::path(self.migrations, migration),
                        reverted: reverted.clone(),
                        rolled_back: whole,
                        failure,
                    }
                })?;
                tracing::info!(file = migration.file, "taken back");
                reverted.push(migration.file.to_owned());
            }
            Ok(Reversal { steps: steps(&migrations) })
        })
    }

    /// Drops everything in the database, and applies all migrations anew. For development.
    ///
    /// Refused unless `name` is the name of the database (of SQLite, the file's path or `:memory:`), and where anything
    /// says that this is production: a variable such as `APP_ENV`, `ENVIRONMENT` or `GLOWPLUG_ENV`, the database's name,
    /// or a program built for release. The last two are overruled by the operator alone, with
    /// `GLOWPLUG_ALLOW_RESET=<name>`.
    ///
    /// # Errors
    ///
    /// [`Error::ResetRefused`], and those of a run.
    pub fn reset<C: Connection>(&self, connection: &mut C, name: &str) -> Result<Report, Error> {
        self.check_engine(<C::Session<'_>>::ENGINE)?;
        let reading = |failure| Error::database("reading the name of the database", failure);
        // As patient as what follows.
        let name_of = |session: &mut C::Session<'_>| session.database_name().map_err(reading);
        let real = self.within(&mut connection.session(), &self.settings.with_environment()?, name_of)?;
        self.may_reset(&real, name)?;
        self.managed(connection, |session, tables, _, settings| {
            tracing::warn!(database = %real, "everything in this database is dropped");
            session.drop_everything(tables, settings).map_err(|f| Error::database("dropping everything", f))
        })?;
        self.run_pending(connection)
    }

    /// Fails where a database may not be emptied.
    pub(crate) fn may_reset(&self, real: &str, asked: &str) -> Result<(), Error> {
        let development = self.migrations.folder.is_some();
        may_reset(real, asked, development, |name| std::env::var(name).ok())
            .map_err(|reason| Error::ResetRefused { reason })
    }

    /// What is applied behind a version, the last one first, all of which can be taken back.
    fn to_revert(&self, history: &History, version: &str) -> Result<Vec<&'static Migration>, Error> {
        let from = match by_number(version, "0") {
            Ordering::Equal => 0,
            _ => plan::position(self.migrations, version)? + 1,
        };
        let applied = |migration: &&Migration| history.is_applied(migration.version);
        let behind: Vec<&'static Migration> = self.migrations.list[from..].iter().filter(applied).rev().collect();
        let mut lacking: Vec<String> = plan::unknown(self.migrations, history)
            .into_iter()
            .filter(|unknown| by_number(unknown, version) == Ordering::Greater)
            .collect();
        let no_file = behind.iter().filter(|migration| migration.down.is_none());
        lacking.extend(no_file.map(|migration| plan::path(self.migrations, migration)));
        if lacking.is_empty() { Ok(behind) } else { Err(Error::Irreversible { files: lacking }) }
    }

    /// Does something to the history under the lock, once its tables are there.
    fn managed<C: Connection, T>(
        &self,
        connection: &mut C,
        run: impl FnOnce(&mut C::Session<'_>, &Tables, &History, &Settings) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let settings = self.settings.with_environment()?;
        self.check_engine(<C::Session<'_>>::ENGINE)?;
        let names = self.names();
        self.within(&mut connection.session(), &settings, |session| {
            let reading = |failure| Error::database(READING, failure);
            let tables = session.tables(&names).map_err(reading)?;
            session.lock(&tables, &settings, false)?;
            let result = (|| {
                let creating =
                    |failure| Error::database("creating the tables that keep the history of migrations", failure);
                let tables = session.tables(&names).map_err(reading)?;
                session.create_tables(&tables, &settings).map_err(creating)?;
                let tables = Tables { applied_exists: true, history_exists: true, ..tables };
                let history = session.history(&tables).map_err(reading)?;
                run(session, &tables, &history, &settings)
            })();
            session.unlock();
            result
        })
    }
}

fn steps(migrations: &[&'static Migration]) -> Vec<ReversalStep> {
    let step = |migration: &&'static Migration| ReversalStep {
        version: migration.version.to_owned(),
        file: migration.file.to_owned(),
        sql: migration.down.unwrap_or_default().to_owned(),
    };
    migrations.iter().map(step).collect()
}

/// Does something in one transaction.
fn transaction<B: Backend>(
    session: &mut B,
    tables: &Tables,
    settings: &Settings,
    run: impl FnOnce(&mut B) -> Result<(), Box<Failure>>,
) -> Result<(), Box<Failure>> {
    session.begin(tables, settings)?;
    let result = run(session).and_then(|()| session.commit(settings));
    if result.is_err() {
        session.rollback();
    }
    result
}

/// Records these as applied where they are not; answers which those are.
fn record<B: Backend>(
    session: &mut B,
    tables: &Tables,
    settings: &Settings,
    history: &History,
    migrations: &[&'static Migration],
    note: Option<&str>,
) -> Result<Vec<String>, Error> {
    let new: Vec<_> = migrations.iter().filter(|migration| !history.is_applied(migration.version)).collect();
    transaction(session, tables, settings, |session| {
        for migration in &new {
            session.claim(tables, migration)?;
            session.record_status(tables, migration, "baselined", note)?;
        }
        Ok(())
    })
    .map_err(|failure| Error::database(RECORDING, failure))?;
    Ok(new.iter().map(|migration| migration.version.to_owned()).collect())
}

/// How a tool keeps what it has applied.
enum Keeps {
    /// A row for each, where a condition holds.
    Each(&'static str),
    /// The last one alone; a column that is true where it failed.
    Last(Option<&'static str>),
}

/// Tables of other tools, by the columns that tell them apart: the first that fits is it.
const TOOLS: &[(&str, &[&str], &str, Keeps)] = &[
    ("_sqlx_migrations", &["version", "success"], "version", Keeps::Each("success")),
    ("refinery_schema_history", &["version", "applied_on"], "version", Keeps::Each("1 = 1")),
    (
        "flyway_schema_history",
        &["version", "success", "type"],
        "version",
        Keeps::Each("success AND type <> 'BASELINE'"),
    ),
    ("alembic_version", &["version_num"], "version_num", Keeps::Last(None)),
    ("schema_migrations", &["version", "dirty"], "version", Keeps::Last(Some("dirty"))),
    ("schema_migrations", &["version"], "version", Keeps::Each("1 = 1")),
];

/// What another tool has applied, and which table says so.
fn foreign<B: Backend>(
    session: &mut B,
    migrations: &'static Migrations,
) -> Result<(String, Vec<&'static Migration>), Error> {
    let reading = |failure| Error::database("reading the history of another tool", failure);
    let refuse = |reason: String| Error::Adopt { reason };
    let mut found: Vec<(&str, &str, &Keeps)> = Vec::new();
    for (table, columns, version, keeps) in TOOLS {
        let live = session.foreign_columns(table).map_err(reading)?;
        let fits = columns.iter().all(|column| live.iter().any(|there| there == column));
        if fits && !found.iter().any(|(other, ..)| other == table) {
            found.push((*table, *version, keeps));
        }
    }
    let (table, column, keeps) = match found.as_slice() {
        [one] => *one,
        [] => {
            let known: BTreeSet<&str> = TOOLS.iter().map(|(table, ..)| *table).collect();
            return Err(refuse(format!(
                "there is no table of one that is known: {}\n  = next: say up to which version it is applied (baseline)",
                known.into_iter().collect::<Vec<_>>().join(", ")
            )));
        }
        several => {
            let names: Vec<&str> = several.iter().map(|(table, ..)| *table).collect();
            return Err(refuse(format!(
                "there are several: {}\n  = next: drop those that are out of use, or say up to which version it is applied (baseline)",
                names.join(", ")
            )));
        }
    };
    let (each, last) = match keeps {
        Keeps::Each(condition) => {
            let each = session.foreign_texts(table, column, condition).map_err(reading)?;
            // Flyway's own baseline stands for all that came before it.
            let baseline = if table.starts_with("flyway") {
                session.foreign_texts(table, column, "success AND type = 'BASELINE'").map_err(reading)?
            } else {
                Vec::new()
            };
            (each, baseline)
        }
        Keeps::Last(failed) => {
            if let Some(failed) = failed {
                let dirty = session.foreign_texts(table, column, failed).map_err(reading)?;
                if let Some(version) = dirty.first() {
                    return Err(refuse(format!(
                        "{table} says that version {version} failed half-way (dirty)\n  = next: mend it with the tool that ran it, or by hand, and adopt then"
                    )));
                }
            }
            (Vec::new(), session.foreign_texts(table, column, "1 = 1").map_err(reading)?)
        }
    };
    let position = |text: &String| {
        let plain: String = text.chars().filter(|c| !matches!(c, '.' | '-' | '_')).collect();
        let named = migrations.list.iter().position(|migration| migration.version == text || migration.name == text);
        named.or_else(|| plan::position(migrations, &plain).ok())
    };
    let (mut applied, mut unknown) = (BTreeSet::new(), Vec::new());
    for (versions, all_before) in [(&each, false), (&last, true)] {
        for version in versions {
            match position(version) {
                Some(at) if all_before => applied.extend(0..=at),
                Some(at) => _ = applied.insert(at),
                None => unknown.push(version.clone()),
            }
        }
    }
    if !unknown.is_empty() {
        return Err(refuse(format!(
            "{table} has applied what this program has no file for: {}\n  = next: add the files, or say up to which version it is applied (baseline)",
            listed(&unknown)
        )));
    }
    Ok((table.to_owned(), applied.into_iter().map(|at| &migrations.list[at]).collect()))
}

/// Whether a database may be emptied, or why not.
fn may_reset(
    real: &str,
    asked: &str,
    development: bool,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), String> {
    if real != asked {
        return Err(format!("it is called `{real}`, and `{asked}` was to be emptied"));
    }
    let production = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| matches!(word, "prod" | "production" | "live"))
    };
    for name in ["GLOWPLUG_ENV", "APP_ENV", "ENVIRONMENT", "RUST_ENV", "ENV"] {
        if let Some(value) = variable(name).filter(|value| production(value)) {
            return Err(format!("{name} is `{value}`, and production is not emptied"));
        }
    }
    let allowed = variable("GLOWPLUG_ALLOW_RESET").is_some_and(|allowed| allowed == real);
    let overrule = format!("\n  = next: if it is to be emptied all the same, say so: GLOWPLUG_ALLOW_RESET='{real}'");
    if production(real) && !allowed {
        return Err(format!("by its name `{real}` is for production{overrule}"));
    }
    if !development && !allowed {
        return Err(format!("this program was built for release{overrule}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::may_reset;

    #[test]
    fn production_is_not_emptied() {
        let none = |_: &str| None;
        assert_eq!(may_reset("app", "app", true, none), Ok(()));
        assert!(may_reset("app", "app2", true, none).is_err());
        assert!(may_reset("app_prod", "app_prod", true, none).is_err());
        assert_eq!(may_reset("reproduction", "reproduction", true, none), Ok(()));
        assert!(may_reset("app", "app", false, none).is_err());
        let allows = |name: &str| (name == "GLOWPLUG_ALLOW_RESET").then(|| "app".to_owned());
        assert_eq!(may_reset("app", "app", false, allows), Ok(()));
        assert!(may_reset("app_prod", "app_prod", false, allows).is_err());
        for name in ["GLOWPLUG_ENV", "APP_ENV", "ENVIRONMENT", "RUST_ENV", "ENV"] {
            let says = |asked: &str| (asked == name).then(|| "Production".to_owned());
            assert!(may_reset("app", "app", true, says).unwrap_err().contains(name));
        }
    }
}
