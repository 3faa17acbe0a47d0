//! The same list for diesel's own harness.

use crate::migration::{Migration, Migrations};
use diesel::backend::Backend;
use diesel::connection::BoxableConnection;
use diesel::migration::{
    Migration as DieselMigration, MigrationMetadata, MigrationName, MigrationSource, MigrationVersion, Result,
};
use std::fmt;

/// `diesel_migrations::MigrationHarness` takes the compiled list as it is:
///
/// ```ignore
/// connection.run_pending_migrations(migrations::MIGRATIONS)?;
/// ```
///
/// It applies them without a lock and without a history; what it applied counts as applied for the runner.
impl<DB: Backend> MigrationSource<DB> for Migrations {
    fn migrations(&self) -> Result<Vec<Box<dyn DieselMigration<DB>>>> {
        Ok(self.list.iter().map(|migration| Box::new(ForDiesel(migration)) as Box<dyn DieselMigration<DB>>).collect())
    }
}

struct ForDiesel(&'static Migration);

impl<DB: Backend> DieselMigration<DB> for ForDiesel {
    fn run(&self, connection: &mut dyn BoxableConnection<DB>) -> Result<()> {
        let statements: Vec<&str> = (0..self.0.statements.len()).filter_map(|index| self.0.statement(index)).collect();
        if !(self.0.transactional && self.0.foreign_keys_off) {
            return statements.into_iter().try_for_each(|statement| Ok(connection.batch_execute(statement)?));
        }
        // Inside the transaction that diesel would make the switch does nothing, and dropping the old table would
        // delete what points at it. So the file's own pragmas stand before and behind a transaction made here.
        let is_pragma = |statement: &&&str| statement.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("pragma"));
        let before = statements.iter().take_while(is_pragma).count();
        let behind = statements[before..].iter().rev().take_while(is_pragma).count();
        let (rest, after) = statements.split_at(statements.len() - behind);
        let (first, inside) = rest.split_at(before);
        let mut run = |statement: &&str| connection.batch_execute(statement);
        first.iter().try_for_each(&mut run)?;
        run(&"BEGIN IMMEDIATE")?;
        let result = inside.iter().try_for_each(&mut run).and_then(|()| run(&"COMMIT"));
        if result.is_err() {
            let _ = run(&"ROLLBACK");
        }
        after.iter().try_for_each(&mut run)?;
        Ok(result?)
    }

    fn revert(&self, connection: &mut dyn BoxableConnection<DB>) -> Result<()> {
        match self.0.down_scripts() {
            Some(scripts) => scripts.into_iter().try_for_each(|script| Ok(connection.batch_execute(script)?)),
            None => Err(format!("{} has no file that undoes it", self.0.file).into()),
        }
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        self
    }

    fn name(&self) -> &dyn MigrationName {
        self
    }
}

impl MigrationMetadata for ForDiesel {
    fn run_in_transaction(&self) -> bool {
        self.0.transactional && !self.0.foreign_keys_off
    }
}

impl MigrationName for ForDiesel {
    fn version(&self) -> MigrationVersion<'_> {
        MigrationVersion::from(self.0.version)
    }
}

impl fmt::Display for ForDiesel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.0.version, self.0.name)
    }
}
