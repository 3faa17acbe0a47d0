use super::{Done, Ran, SETTINGS, Text, clock, is_postgres, texts, timed};
use crate::generate::COLUMNS;
use diesel::RunQueryDsl as _;
use glowplug::{Engine, Migrations};
use std::path::Path;

// The tests of the runner make their lists so, without the analysis: it is compiled optimised for nobody but this.
#[path = "../../../runtime/tests/statics/mod.rs"]
mod statics;

/// What the macro writes.
fn compiled(texts: &[Text], engine: Engine) -> &'static Migrations {
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let file = |text: &Text| statics::file(leak(format!("{}_{}.sql", text.version, text.name)), text.sql);
    let table = |text: &Text| (text.name.trim_start_matches("create_"), COLUMNS);
    let (files, tables): (Vec<_>, Vec<_>) = texts.iter().map(|text| (file(text), table(text))).unzip();
    statics::with_tables(engine, &files, &tables)
}

#[derive(diesel::QueryableByName)]
pub(super) struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(super) line: String,
}

pub(super) fn settings(connection: &mut diesel::SqliteConnection) -> Done<String> {
    Ok(diesel::sql_query(SETTINGS).get_result::<Line>(connection)?.line)
}

pub(super) fn run(folder: &Path, url: &str) -> Done<Ran> {
    let engine = if is_postgres(url) { Engine::Postgres } else { Engine::Sqlite };
    let runner = glowplug::Runner::new(compiled(texts(folder)?, engine));
    let since = clock();
    if is_postgres(url) {
        let mut connection = glowplug::establish::<diesel::PgConnection>(url)?;
        runner.run_pending(&mut connection)?;
        timed(since, || Ok(""))
    } else {
        let mut connection = glowplug::establish::<diesel::SqliteConnection>(url)?;
        runner.run_pending(&mut connection)?;
        timed(since, || settings(&mut connection))
    }
}
