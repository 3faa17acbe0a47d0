//! SQL migrations, proved at `cargo build` and applied exactly once at the start of a service: if it builds, it runs.
//!
//! # In five minutes
//!
//! Put SQL files into a folder beside `Cargo.toml`:
//!
//! ```sql
//! -- migrations/001_create_users.sql
//! CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);
//! ```
//!
//! Say in `build.rs` that a new file there is a reason to build again:
//!
//! ```no_run
//! // build.rs
//! fn main() {
//!     println!("cargo::rerun-if-changed=migrations");
//! }
//! ```
//!
//! Compile them in, and apply them first of all. What PostgreSQL or SQLite would refuse is an error of this build, at
//! the line of the file:
//!
//! ```ignore
//! mod migrations {
//!     glowplug::migrations!("migrations", backend = sqlite);
//! }
//!
//! fn main() -> Result<(), glowplug::Error> {
//!     let mut connection = glowplug::establish::<diesel::SqliteConnection>("app.db")?;
//!     let report = migrations::run_pending(&mut connection)?;
//!     println!("{report}");
//!     Ok(())
//! }
//! ```
//!
//! ```text
//! applied 1 migration in 3 ms
//!   001_create_users.sql      1 ms
//! ```
//!
//! # What a start does
//!
//! Where all is applied it is one read, for which the right to read is enough. Otherwise the process takes a lock (of
//! many that start at once, one migrates and the others wait), looks again, and applies each pending migration in a
//! transaction together with its rows in `__diesel_schema_migrations`, which is diesel's own table, and
//! `__glowplug_history`, which has a row for every attempt. The first statement of that transaction is the row that says
//! that the version is applied: whatever became of the lock, no two transactions get past it. What cannot run in a
//! transaction, such as `CREATE INDEX CONCURRENTLY`, is run statement by statement, and after a crash goes on where it
//! was.
//!
//! What met with somebody else's lock, a deadlock or a conflict is tried again ([`Runner::retries`]), and who was in the
//! way is logged. Behind a transaction pooler there is [`Mode::Pooled`]; for databases whose locks do not hold, a lease
//! ([`LockKind::Lease`]). [`Hooks`] run what a service does besides.
//!
//! Around it: [`Runner::plan`] shows what would run, [`Runner::baseline`] and [`Runner::adopt`] take over a database that
//! another tool or nobody has migrated, [`Runner::repair`] mends the history, [`Runner::revert_to`] takes back,
//! [`Runner::reset`] begins anew, [`wait_for_database`] waits until somebody answers.
//!
//! [`Runner`] has the settings, and the environment variables for them. [`Report`] says what was done, [`Status`] where
//! each migration stands, [`Health`] whether the database is what the program was built for; [`Error`] says in words
//! what to do.
//!
//! The static list is also a `diesel::migration::MigrationSource`: `diesel_migrations` and the diesel command line go on
//! working.
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `postgres` | PostgreSQL, through the system's libpq |
//! | `mysql` | MySQL and MariaDB, through the system's libmysqlclient or libmariadb |
//! | `sqlite` | SQLite, through the system's library |
//! | `sqlite-bundled` | SQLite, compiled in: nothing to install |
//! | `r2d2` | what a pool hands out is a connection too |
//! | `axum` | routes for a service: health, readiness, the state of the migrations, a page for people |
//! | `async` | [`Runner::run_pending_async`](https://docs.rs/glowplug/latest/glowplug/struct.Runner.html), for connections of diesel-async |
//! | `cli` | a command line for the migrations, `glowplug::cli`: status, plan, run, history, revert, repair and more |
//! | `harness` | `MigrationHarness` of `diesel_migrations`, which takes `MIGRATIONS` too |
//! | `serde` | [`Report`], [`Status`] and [`Health`] as `serde::Serialize` |
#![deny(missing_docs)]
// The file of the example is a whole file.
#![allow(clippy::needless_doctest_main)]

// Without all engines a part of it has no user.
#[cfg(feature = "async")]
mod asynchronous;
#[cfg(feature = "axum")]
pub mod axum;
#[cfg_attr(not(all(feature = "mysql", feature = "postgres", feature = "sqlite")), allow(dead_code))]
#[allow(private_interfaces, unreachable_pub, reason = "the trait of connections is sealed by naming it")]
mod backend;
#[cfg_attr(not(all(feature = "mysql", feature = "postgres", feature = "sqlite")), allow(dead_code))]
mod backoff;
#[cfg(feature = "cli")]
pub mod cli;
mod connection;
pub mod engine;
#[cfg_attr(not(all(feature = "mysql", feature = "postgres", feature = "sqlite")), allow(dead_code))]
mod error;
mod folder;
mod health;
#[cfg_attr(not(all(feature = "mysql", feature = "postgres", feature = "sqlite")), allow(dead_code))]
mod history;
mod hooks;
mod manage;
mod migration;
mod plan;
mod preview;
mod report;
mod run;
mod runner;
mod settings;
mod snippet;
mod source;
mod status;
mod wait;

/// A point between two steps of a run, for tests that end a process there: an event of the target `glowplug::boundary`,
/// which costs a comparison where nobody listens.
macro_rules! boundary {
    ($at:literal) => {
        tracing::trace!(target: "glowplug::boundary", at = $at)
    };
}
use boundary;

/// diesel's own way to apply a list of migrations, which takes the compiled one as well. It has no lock and no history:
/// it is for a service that migrates with it so far, and for its command line.
#[cfg(feature = "harness")]
pub use diesel_migrations::MigrationHarness;

#[cfg(feature = "async")]
pub use asynchronous::AsyncEngine;
pub use connection::{Connection, establish, redact_url};
pub use error::{Error, Failure, Holder, Refusal, StatementError};
pub use glowplug_macros::migrations;
pub use health::{DatabaseHealth, Health, HealthStatus, MigrationsHealth, SchemaHealth, TableHealth};
pub use hooks::{HookResult, Hooks};
pub use manage::{Recorded, Repaired, Reversal, ReversalStep};
pub use migration::{Column, Engine, ForeignKey, LockMode, Migration, Migrations, Statement, Table, TableLock};
pub use preview::{Plan, PlannedMigration, PlannedStatement};
pub use report::{Applied, Report};
pub use runner::Runner;
pub use settings::{LockKind, Mode, OnFailure, OutOfOrder, Verify};
pub use status::{HistoryEntry, MigrationStatus, State, Status};
pub use wait::wait_for_database;
