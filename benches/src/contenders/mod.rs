//! Who runs: each connects, brings the database up to the folder, and says how long that took.
//!
//! The folder is read before the clock starts, whatever the tool: in a service it is compiled in. How each is called:
//!
//! - `glowplug`: `Runner::run_pending`, its defaults (the lock, the history, the look for missing tables afterwards).
//! - `diesel_migrations`: `run_pending_migrations` with what `embed_migrations!` makes.
//! - `sqlx`: `Migrator::run` on a connection, which is what `migrate!` makes, with its lock.
//! - `refinery`: `Runner::run`, which checks for divergent and missing ones; each migration has two transactions.
//! - `floor-each`, `floor-one`: the C libraries, the same SQL, the rows that glowplug writes; nothing keeps anybody out.
//! - `floor-diesel`: the start of the floor through diesel's connection.

mod diesel_migrations;
mod floor;
mod floor_postgres;
mod floor_sqlite;
mod glowplug;
mod refinery;
mod sqlx;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// A migration of the folder, as text that lives as long as the process: as a compiled one does.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    pub(crate) version: &'static str,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// How long a contender took; what its SQLite was set to, so that they can be compared.
pub(crate) struct Ran {
    pub(crate) took: Duration,
    pub(crate) settings: String,
}

type Done<T> = Result<T, Box<dyn std::error::Error>>;

/// What is asked of a SQLite connection behind the clock.
const SETTINGS: &str = "SELECT 'SQLite ' || sqlite_version() || ', journal_mode ' || j.journal_mode || ', synchronous ' || \
     s.synchronous || ', foreign_keys ' || f.foreign_keys || ', page_size ' || p.page_size AS line \
     FROM pragma_journal_mode j, pragma_synchronous s, pragma_foreign_keys f, pragma_page_size p";

/// Runs one, and prints how it went.
pub(crate) fn run(name: &str, folder: &Path, url: &str) -> Result<(), String> {
    let run = match name {
        "glowplug" => glowplug::run,
        "diesel_migrations" => diesel_migrations::run,
        "sqlx" => sqlx::run,
        "refinery" => refinery::run,
        "floor-each" => floor::each,
        "floor-one" => floor::one,
        "floor-diesel" => floor::start_through_diesel,
        _ => return Err(format!("{name} is no contender")),
    };
    let ran = run(folder, url).map_err(|error| format!("{name}: {error}"))?;
    println!("{} {}", ran.took.as_nanos(), ran.settings);
    Ok(())
}

/// Where this is set, a contender ends when its clock would start: what it does before can be taken off a count.
pub(crate) const BEFORE_THE_CLOCK: &str = "GLOWPLUG_BENCHES_BEFORE_THE_CLOCK";

/// Starts the clock.
fn clock() -> Instant {
    if std::env::var_os(BEFORE_THE_CLOCK).is_some() {
        std::process::exit(0);
    }
    Instant::now()
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://")
}

fn timed<T>(since: Instant, settings: impl FnOnce() -> Done<T>) -> Done<Ran>
where
    T: Into<String>,
{
    let took = since.elapsed();
    Ok(Ran { took, settings: settings()?.into() })
}

/// The folder's texts, in order.
fn texts(folder: &Path) -> Done<&'static [Text]> {
    let mut files: Vec<_> =
        fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?.iter().map(fs::DirEntry::path).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let text = |file: &std::path::PathBuf| -> Done<Text> {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let (version, name) = stem.split_once('_').ok_or("a file without a number")?;
        Ok(Text { version: leak(version), name: leak(name), sql: leak(&fs::read_to_string(file)?) })
    };
    Ok(Box::leak(files.iter().map(text).collect::<Done<Vec<_>>>()?.into_boxed_slice()))
}
