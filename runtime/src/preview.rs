//! What a run would do.

use crate::error::counted;
use crate::migration::{Engine, Migration, TableLock};
use crate::plan::Decision;
use std::fmt;

/// What a run would do.
///
/// `Display` is the SQL, with a comment before each migration and what is to be known of it.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Plan {
    /// What would be applied, in order.
    pub pending: Vec<PlannedMigration>,
    /// How many are applied.
    pub already_applied: usize,
    /// How many would be left, behind the version that the run is to end with.
    pub left: usize,
    /// What changed and does not matter.
    pub notices: Vec<String>,
    /// What a person should look at.
    pub warnings: Vec<String>,
    /// Whether the engine locks tables: then what is not known is said.
    #[cfg_attr(feature = "serde", serde(skip))]
    names_locks: bool,
}

/// A migration that would be applied.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PlannedMigration {
    /// Its version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Whether it would run in one transaction.
    pub transactional: bool,
    /// What would be sent, in order.
    pub statements: Vec<PlannedStatement>,
}

/// A statement that would be sent.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PlannedStatement {
    /// Its text.
    pub sql: String,
    /// The line of its file, counted from 1.
    pub line: u32,
    /// Whether it would run in a transaction: the migration's, or one of its own.
    pub transactional: bool,
    /// The tables that were there before it and that it locks more strongly than reading does (PostgreSQL); `None` where
    /// that is known only when it runs, and for the other engines.
    pub locks: Option<Vec<TableLock>>,
}

impl Plan {
    pub(crate) fn new(engine: Engine, decision: Decision) -> Plan {
        Plan {
            names_locks: engine == Engine::Postgres,
            pending: decision.pending.into_iter().map(PlannedMigration::new).collect(),
            already_applied: decision.applied,
            left: decision.left,
            notices: decision.notices,
            warnings: decision.warnings,
        }
    }
}

impl PlannedMigration {
    fn new(migration: &'static Migration) -> PlannedMigration {
        let statements = migration.statements.iter().enumerate().map(|(index, statement)| PlannedStatement {
            sql: migration.statement(index).unwrap_or_default().to_owned(),
            line: statement.line,
            transactional: migration.transactional || statement.transactional,
            locks: statement.locks.map(<[TableLock]>::to_vec),
        });
        PlannedMigration {
            version: migration.version.to_owned(),
            name: migration.name.to_owned(),
            file: migration.file.to_owned(),
            transactional: migration.transactional,
            statements: statements.collect(),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-- {} to apply, {} applied", counted(self.pending.len(), "migration"), self.already_applied)?;
        for warning in &self.warnings {
            write!(f, "\n-- warning: {}", warning.replace('\n', "\n--   "))?;
        }
        for notice in &self.notices {
            write!(f, "\n-- notice: {notice}")?;
        }
        for migration in &self.pending {
            let how = if migration.transactional { "in one transaction" } else { "statement by statement" };
            write!(f, "\n\n-- {}, {how}", migration.file)?;
            for statement in &migration.statements {
                match statement.locks.as_deref() {
                    Some([]) => {}
                    Some(locks) => {
                        let locks: Vec<_> =
                            locks.iter().map(|lock| format!("{} on {}", lock.mode, lock.table)).collect();
                        write!(f, "\n-- locks: {}", locks.join(", "))?;
                    }
                    None if self.names_locks => f.write_str("\n-- locks: known only when it runs")?,
                    None => {}
                }
                write!(f, "\n{};", statement.sql)?;
            }
        }
        Ok(())
    }
}
