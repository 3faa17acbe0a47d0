//! Throwaway database servers for the tests, one module per kind of server; and services that migrate, as processes of
//! their own.
//!
//! A test asks for a database of its own and gets it; the server behind it is the one named by an environment
//! variable or, where there is none, one that this process starts from the binaries installed here:
//!
//! ```no_run
//! let database = glowplug_tests::postgres();
//! database.execute("CREATE TABLE notes (id integer PRIMARY KEY)");
//! assert_eq!(database.rows("SELECT count(*) FROM notes"), ["0"]);
//! ```
//!
//! A test never passes because a server is missing: without one the harness panics and says what to run.
#![deny(missing_docs)]

pub mod browser;
pub mod cable;
pub mod database;
pub mod fences;
pub mod folder;
#[cfg(doctest)]
mod guide;
pub mod log;
pub mod mariadb;
pub mod pgbouncer;
pub mod postgres;
pub mod process;
pub mod shape;
pub mod web;
pub mod wire;

pub use database::Database;
pub use mariadb::{MariadbDatabase, MariadbServer, mariadb};
pub use postgres::{PostgresServer, Refusal, Setup, Stop, TestDatabase, postgres};
