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
        for index in 0..self.0.statements.len() {
            if let Some(statement) = self.0.statement(index) {
                connection.batch_execute(statement)?;
            }
        }
        Ok(())
    }

    fn revert(&self, connection: &mut dyn BoxableConnection<DB>) -> Result<()> {
        match self.0.down {
            Some(down) => Ok(connection.batch_execute(down.trim_start_matches('\u{feff}'))?),
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
        self.0.transactional
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
