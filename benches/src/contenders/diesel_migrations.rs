use super::glowplug::settings;
use super::{Done, Ran, clock, is_postgres, texts, timed};
use diesel::Connection as _;
use diesel_migrations::{
    EmbeddedMigration, EmbeddedMigrations, EmbeddedName, MigrationHarness as _, TomlMetadataWrapper,
};
use std::path::Path;

pub(super) fn run(folder: &Path, url: &str) -> Done<Ran> {
    // What the macro writes.
    let embedded = texts(folder)?.iter().map(|text| {
        let name: &'static str = Box::leak(format!("{}_{}", text.version, text.name).into_boxed_str());
        EmbeddedMigration::new(text.sql, None, EmbeddedName::new(name), TomlMetadataWrapper::new(true))
    });
    let migrations = EmbeddedMigrations::new(Box::leak(embedded.collect::<Vec<_>>().into_boxed_slice()));
    let since = clock();
    if is_postgres(url) {
        let mut connection = diesel::PgConnection::establish(url)?;
        connection.run_pending_migrations(migrations).map_err(|error| error.to_string())?;
        timed(since, || Ok(""))
    } else {
        let mut connection = diesel::SqliteConnection::establish(url)?;
        connection.run_pending_migrations(migrations).map_err(|error| error.to_string())?;
        timed(since, || settings(&mut connection))
    }
}
