//! The runtime of glowplug: applies the migrations that were compiled into a service.
#![deny(missing_docs)]

mod migration;

pub use migration::{Column, Engine, Migration, Migrations, Statement, Table};
