//! A type for each engine, so that a connection to one cannot be given to the migrations of another.

/// PostgreSQL, as a type: the [`Engine`](crate::Connection::Engine) of `diesel::PgConnection`.
#[derive(Debug, Clone, Copy)]
pub struct Postgres;

/// SQLite, as a type: the [`Engine`](crate::Connection::Engine) of `diesel::SqliteConnection`.
#[derive(Debug, Clone, Copy)]
pub struct Sqlite;

/// MySQL and MariaDB, as a type: the [`Engine`](crate::Connection::Engine) of `diesel::MysqlConnection`.
#[derive(Debug, Clone, Copy)]
pub struct Mysql;
