//! The runtime of glowplug: applies the migrations that were compiled into a service.
#![deny(missing_docs)]

// Without both engines a part of it has no user.
#[cfg_attr(not(all(feature = "postgres", feature = "sqlite")), allow(dead_code))]
mod backend;
mod connection;
pub mod engine;
mod error;
mod folder;
mod health;
#[cfg_attr(not(all(feature = "postgres", feature = "sqlite")), allow(dead_code))]
mod history;
mod migration;
mod plan;
mod report;
mod runner;
mod settings;
mod snippet;
mod source;
mod status;

pub use connection::{Connection, establish, redact_url};
pub use error::{Error, Failure, Holder, Refusal, StatementError};
pub use glowplug_macros::migrations;
pub use health::{DatabaseHealth, Health, HealthStatus, MigrationsHealth, SchemaHealth, TableHealth};
pub use migration::{Column, Engine, Migration, Migrations, Statement, Table};
pub use report::{Applied, Report};
pub use runner::Runner;
pub use settings::OutOfOrder;
pub use status::{MigrationStatus, State, Status};
