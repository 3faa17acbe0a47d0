//! What the runner does on every server alike: each test is written once, and run on the database that a test binary
//! names. What differs between the engines is asked of [`Database`], or is a test of that engine's own.

#![allow(dead_code, unreachable_pub, unused_macros, unused_imports)] // Each test binary uses a part.

pub mod managing;
pub mod running;

use glowplug::{Error, Migrations, Report, Runner};
use glowplug_tests::Database;
use glowplug_tests::folder::compiled;

/// Makes a test of each of these, on this database.
macro_rules! tests_on {
    ($database:ty, $module:ident: $($test:ident)+) => {
        $(#[test]
        fn $test() {
            shared::$module::$test::<$database>();
        })+
    };
}
pub(crate) use tests_on;

pub type File = (&'static str, &'static str);

pub const USERS: File = (
    "001_create_users.sql",
    "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, email VARCHAR(200));\n\
     CREATE INDEX IF NOT EXISTS users_email ON users (email);\n",
);

pub const TASKS: File = (
    "002_create_tasks.sql",
    "CREATE TABLE IF NOT EXISTS tasks (id INTEGER PRIMARY KEY, owner INTEGER, FOREIGN KEY (owner) REFERENCES users (id));\n",
);

pub const PETS: File = ("003_create_pets.sql", "CREATE TABLE IF NOT EXISTS pets (id INTEGER PRIMARY KEY);\n");

/// A file that fails where two users have the same address.
pub const UNIQUE: File = ("004_unique.sql", "CREATE UNIQUE INDEX IF NOT EXISTS users_once ON users (email);\n");

/// Files, as a build takes them for the database's engine.
#[track_caller]
pub fn list<D: Database>(files: &[(&str, &str)]) -> &'static Migrations {
    let folder = tempfile::tempdir().unwrap();
    // What a migration does to others is not what is tested here.
    let config = format!("backend = \"{}\"\n{}[lints]\nsafety = \"allow\"\n", D::BACKEND, gaps(files));
    std::fs::write(folder.path().join("glowplug.toml"), config).unwrap();
    for (name, sql) in files {
        std::fs::write(folder.path().join(name), sql).unwrap();
    }
    compiled(folder.path()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Says of the numbers that are left out that they are.
fn gaps(files: &[(&str, &str)]) -> String {
    let mut numbers: Vec<u32> = files.iter().filter_map(|(name, _)| name.split('_').next()?.parse().ok()).collect();
    numbers.sort_unstable();
    let between =
        |pair: &[u32]| (pair[1] > pair[0] + 1).then(|| format!("\"{:03}..={:03}\"", pair[0] + 1, pair[1] - 1));
    let gaps: Vec<String> = numbers.windows(2).filter_map(between).collect();
    if gaps.is_empty() { String::new() } else { format!("gaps = [{}]\n", gaps.join(", ")) }
}

pub fn runner<D: Database>(files: &[(&str, &str)]) -> Runner {
    Runner::new(list::<D>(files))
}

pub fn run<D: Database>(database: &D, files: &[(&str, &str)]) -> Result<Report, Error> {
    runner::<D>(files).run_pending(&mut database.connect())
}

pub fn files(report: &Report) -> Vec<&str> {
    report.applied.iter().map(|applied| applied.file.as_str()).collect()
}

/// Each attempt: its version, its state, and how far it came.
pub fn history<D: Database>(database: &D) -> Vec<String> {
    database.rows("SELECT concat(version, ' ', status, ' ', statements_done, '/', statements_total) FROM __glowplug_history ORDER BY id")
}

/// The versions that are applied, in order.
pub fn applied<D: Database>(database: &D) -> Vec<String> {
    database.rows("SELECT version FROM __diesel_schema_migrations ORDER BY 1")
}
