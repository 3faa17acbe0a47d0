//! The floor: what has to be said to the engine, and nothing else. It reads what is applied, makes the two tables where
//! they are missing, and sends the SQL with the rows that glowplug keeps.

use super::glowplug::Line;
use super::{Done, Ran, Text, clock, floor_postgres, floor_sqlite, is_postgres, texts, timed};
use diesel::{Connection as _, RunQueryDsl as _};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::Path;

/// The C library of an engine.
pub(super) trait Library {
    /// `CREATE TABLE` of both tables.
    const TABLES: &'static str;
    /// The time now.
    const NOW: &'static str;

    /// Runs a text of several statements.
    fn execute(&mut self, sql: &str) -> Done<()>;

    /// The first two columns of a query's rows.
    fn pairs(&mut self, query: &str) -> Done<Vec<(String, String)>>;
}

/// What is known of the migrations before the database is asked.
pub(super) struct Known {
    text: Text,
    checksum: String,
}

/// What is applied: version and checksum. One table is enough to know it.
const APPLIED: &str = "SELECT version, checksum FROM __glowplug_history WHERE status = 'completed' ORDER BY id";

pub(super) fn each(folder: &Path, url: &str) -> Done<Ran> {
    floor(folder, url, false)
}

pub(super) fn one(folder: &Path, url: &str) -> Done<Ran> {
    floor(folder, url, true)
}

fn floor(folder: &Path, url: &str, one: bool) -> Done<Ran> {
    let known = known(folder)?;
    let since = clock();
    if is_postgres(url) {
        let mut library = floor_postgres::Postgres::connect(url)?;
        bring_up(&mut library, &known, one)?;
        timed(since, || Ok(""))
    } else {
        let mut library = floor_sqlite::Sqlite::open(url)?;
        bring_up(&mut library, &known, one)?;
        timed(since, || library.settings())
    }
}

/// The start alone, where nothing is pending.
pub(super) fn start_through_diesel(folder: &Path, url: &str) -> Done<Ran> {
    let known = known(folder)?;
    let query = APPLIED.replace("version, checksum", "version || ' ' || checksum AS line");
    let current = |lines: Vec<Line>| -> Done<()> {
        let pairs = lines.iter().map(|row| row.line.split_once(' ').unwrap_or_default());
        if is_current(&known, pairs) { Ok(()) } else { Err("something is pending".into()) }
    };
    let since = clock();
    if is_postgres(url) {
        let mut connection = diesel::PgConnection::establish(url)?;
        current(diesel::sql_query(query).load(&mut connection)?)?;
        timed(since, || Ok(""))
    } else {
        let mut connection = diesel::SqliteConnection::establish(url)?;
        current(diesel::sql_query(query).load(&mut connection)?)?;
        timed(since, || super::glowplug::settings(&mut connection))
    }
}

fn known(folder: &Path) -> Done<Vec<Known>> {
    let checksum = |text: &Text| Sha256::digest(text.sql).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(texts(folder)?.iter().map(|text| Known { text: *text, checksum: checksum(text) }).collect())
}

fn is_current<'a>(known: &[Known], applied: impl Iterator<Item = (&'a str, &'a str)>) -> bool {
    known
        .iter()
        .map(|one| (one.text.version, format!("v1:{}", one.checksum)))
        .eq(applied.map(|(version, checksum)| (version, checksum.to_owned())))
}

fn bring_up<L: Library>(library: &mut L, known: &[Known], one: bool) -> Done<()> {
    // Where there is no table yet the query fails.
    let applied = library.pairs(APPLIED).ok();
    let there: Vec<(&str, &str)> =
        applied.iter().flatten().map(|(version, checksum)| (version.as_str(), checksum.as_str())).collect();
    let (done, pending) = known.split_at(there.len().min(known.len()));
    if !is_current(done, there.into_iter()) {
        return Err("something else is applied".into());
    }
    if pending.is_empty() {
        return Ok(());
    }
    let tables = if applied.is_none() { L::TABLES } else { "" };
    let rows = |of: &[Known]| {
        let (mut versions, mut attempts) = (String::new(), String::new());
        for (index, Known { text, checksum }) in of.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let (version, name) = (text.version, text.name);
            let _ = write!(versions, "{comma}('{version}')");
            let _ = write!(
                attempts,
                "{comma}('{version}', '{name}', 'v1:{checksum}', '{checksum}', 'completed', 2, 2, {now}, {now}, 0, 'floor:1', '0.0.0')",
                now = L::NOW
            );
        }
        format!(
            "INSERT INTO __diesel_schema_migrations (version) VALUES {versions};\
             INSERT INTO __glowplug_history (version, name, checksum, raw_checksum, status, statements_done, \
               statements_total, started_at, finished_at, duration_ms, runner, tool_version) VALUES {attempts};"
        )
    };
    if one {
        let sql: String = pending.iter().map(|one| one.text.sql).collect();
        return library.execute(&format!("BEGIN;{tables}{sql}{}COMMIT", rows(pending)));
    }
    if !tables.is_empty() {
        library.execute(tables)?;
    }
    for one in pending {
        library.execute(&format!("BEGIN;{}{}COMMIT", one.text.sql, rows(std::slice::from_ref(one))))?;
    }
    Ok(())
}
