use super::{Done, Ran, SETTINGS, clock, is_postgres, texts, timed};
use refinery::{Migration, Runner};
use std::path::Path;

pub(super) fn run(folder: &Path, url: &str) -> Done<Ran> {
    let migration = |text: &super::Text| {
        // Its numbers have no zeros before them.
        let version = text.version.trim_start_matches('0');
        Migration::unapplied(&format!("V{version}__{}", text.name), text.sql)
    };
    let migrations: Vec<Migration> = texts(folder)?.iter().map(migration).collect::<Result<_, _>>()?;
    let runner = Runner::new(&migrations);
    let since = clock();
    if is_postgres(url) {
        let mut connection = postgres::Client::connect(url, postgres::NoTls)?;
        runner.run(&mut connection)?;
        timed(since, || Ok(""))
    } else {
        let mut connection = rusqlite::Connection::open(url)?;
        runner.run(&mut connection)?;
        timed(since, || Ok(connection.query_row(SETTINGS, [], |row| row.get::<_, String>(0))?))
    }
}
