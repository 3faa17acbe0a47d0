//! The static types that `migrations!` fills at compile time.
//!
//! All that the runner needs to know about a migration was found out while the service was built: where each statement
//! lies, whether the whole can be one transaction, what its checksum is, which tables there will be in the end.
//! Nothing here reads SQL.

use std::fmt;

/// The database engine that a list of migrations was written and checked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
    /// MySQL, and MariaDB, which speaks its protocol.
    Mysql,
}

impl Engine {
    /// The engine's name as `glowplug.toml` writes it: `postgres`, `sqlite` or `mysql`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Engine::Postgres => "postgres",
            Engine::Sqlite => "sqlite",
            Engine::Mysql => "mysql",
        }
    }
}

impl fmt::Display for Engine {
    /// The engine's name as its makers write it: `PostgreSQL`, `SQLite`, `MySQL`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Postgres => "PostgreSQL",
            Engine::Sqlite => "SQLite",
            Engine::Mysql => "MySQL",
        })
    }
}

/// A folder of migrations as it was compiled into the program: the order, the text, and what the analysis proved of it.
///
/// `migrations!` writes one of these as `MIGRATIONS`. It is also a `diesel::migration::MigrationSource`, so that
/// `diesel_migrations::MigrationHarness` takes it as it is.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// The engine these migrations were checked for.
    pub engine: Engine,
    /// The folder as the macro call names it, for example `migrations`. Error messages put it before a file's name.
    pub directory: &'static str,
    /// The folder's absolute path on the machine that compiled, in debug builds alone: there a run looks whether the
    /// folder is still what was compiled.
    pub folder: Option<&'static str>,
    /// The migrations, in the order in which they are applied.
    pub list: &'static [Migration],
    /// The tables that exist once all of them are applied. Health compares the live database with it.
    pub tables: &'static [Table],
}

/// One migration.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The number at the start of its name, as it is written there: `001`, `20240131120000`.
    pub version: &'static str,
    /// The rest of its name: `create_users` of `001_create_users.sql`.
    pub name: &'static str,
    /// The file, relative to the folder: `001_create_users.sql`, `2024-01-31-120000_create_users/up.sql`.
    pub file: &'static str,
    /// The file's text as it is on disk, a byte order mark included.
    pub sql: &'static str,
    /// The text that undoes it, where the folder has one.
    pub down: Option<&'static str>,
    /// The statements of [`down`](Self::down), where it is not run as it stands: one by one, where one of them cannot run
    /// in a transaction (then [`transactional`](Statement::transactional) is false of each), or without its `BEGIN` and
    /// `COMMIT` (then it is true).
    pub down_statements: &'static [Statement],
    /// Checksum over the file's tokens, in hexadecimal. Comments, white space and line ends do not count.
    pub checksum: &'static str,
    /// Checksum over the file's bytes, in hexadecimal.
    pub raw_checksum: &'static str,
    /// The statements, in order. They alone are sent to the engine: the file's `BEGIN` and `COMMIT` are not
    /// among them, since the runner owns the transaction.
    pub statements: &'static [Statement],
    /// Whether all of it can run in one transaction.
    pub transactional: bool,
    /// Whether it switches foreign keys off for itself (SQLite's `PRAGMA foreign_keys = OFF`). The engine ignores that
    /// inside a transaction, so the runner does it around the transaction.
    pub foreign_keys_off: bool,
    /// Whether it was proved that a second run changes nothing.
    pub idempotent: bool,
    /// Whether it was proved that, after a crash behind any statement, running the whole file again ends in the same
    /// schema. Matters where [`transactional`](Self::transactional) is false.
    pub resumable: bool,
}

impl Migration {
    /// The text of the statement at `index`, counted from zero, without its semicolon; `None` past the last one.
    ///
    /// ```
    /// # use glowplug::{Migration, Statement};
    /// let migration = Migration {
    ///     version: "001",
    ///     name: "create_users",
    ///     file: "001_create_users.sql",
    ///     sql: "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY);\n",
    ///     down: None,
    ///     down_statements: &[],
    ///     checksum: "",
    ///     raw_checksum: "",
    ///     statements: &[Statement {
    ///         start: 0,
    ///         end: 57,
    ///         line: 1,
    ///         column: 1,
    ///         transactional: true,
    ///         index: None,
    ///         locks: Some(&[]),
    ///     }],
    ///     transactional: true,
    ///     foreign_keys_off: false,
    ///     idempotent: true,
    ///     resumable: true,
    /// };
    /// assert_eq!(migration.statement(0), Some("CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY)"));
    /// assert_eq!(migration.statement(1), None);
    /// ```
    pub fn statement(&self, index: usize) -> Option<&'static str> {
        let statement = self.statements.get(index)?;
        self.sql.get(statement.start as usize..statement.end as usize)
    }

    /// What is sent to undo it: the text as it stands, or the statements that are run in place of it; `None` where the
    /// folder has no such text.
    pub(crate) fn down_scripts(&self) -> Option<Vec<&'static str>> {
        let down = self.down?;
        if self.down_statements.is_empty() {
            return Some(vec![down.trim_start_matches('\u{feff}')]);
        }
        Some(self.down_statements.iter().filter_map(|s| down.get(s.start as usize..s.end as usize)).collect())
    }
}

/// Where a statement lies in its file.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    /// Its first byte in [`Migration::sql`].
    pub start: u32,
    /// The byte behind its last one; the semicolon is not part of it.
    pub end: u32,
    /// The line it starts on, counted from 1.
    pub line: u32,
    /// The column it starts at, in characters, counted from 1. A byte order mark is not a column.
    pub column: u32,
    /// Whether it can share a transaction with the record of it. Matters where [`Migration::transactional`] is false.
    pub transactional: bool,
    /// The index that it builds while others use the table (`CREATE INDEX CONCURRENTLY`), as its name is written in
    /// SQL. Such a build that is stopped leaves an invalid index behind.
    pub index: Option<&'static str>,
    /// The tables that were there before it and that it locks more strongly than reading does (PostgreSQL); `None` where
    /// that is known only when it runs, and for the other engines, which have no such locks. What triggers, functions
    /// and foreign keys lock for the sake of rows is not among them.
    pub locks: Option<&'static [TableLock]>,
}

/// A table that a statement locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TableLock {
    /// Its name, with its schema where that is not `public`.
    pub table: &'static str,
    /// The strongest of its locks.
    pub mode: LockMode,
}

/// How a table is locked, as [PostgreSQL's manual](https://www.postgresql.org/docs/current/explicit-locking.html) calls
/// it. A later one keeps out more than an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum LockMode {
    /// As reading does.
    AccessShare,
    /// As `SELECT … FOR UPDATE` does.
    RowShare,
    /// As writing rows does.
    RowExclusive,
    /// Others read and write.
    ShareUpdateExclusive,
    /// Others read.
    Share,
    /// Others read.
    ShareRowExclusive,
    /// Others read without locking rows.
    Exclusive,
    /// Nobody else does anything.
    AccessExclusive,
}

impl fmt::Display for LockMode {
    /// As SQL writes it: `ACCESS EXCLUSIVE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LockMode::AccessShare => "ACCESS SHARE",
            LockMode::RowShare => "ROW SHARE",
            LockMode::RowExclusive => "ROW EXCLUSIVE",
            LockMode::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            LockMode::Share => "SHARE",
            LockMode::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            LockMode::Exclusive => "EXCLUSIVE",
            LockMode::AccessExclusive => "ACCESS EXCLUSIVE",
        })
    }
}

/// A table of the schema in which the migrations end.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The schema that holds it: `public` on PostgreSQL where no other is named, `main` on SQLite.
    pub schema: &'static str,
    /// Its name, as the engine stores it.
    pub name: &'static str,
    /// Its columns, in order.
    pub columns: &'static [Column],
    /// The columns of its primary key; none where it has none.
    pub primary_key: &'static [&'static str],
    /// What it points at.
    pub foreign_keys: &'static [ForeignKey],
}

/// A foreign key of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct ForeignKey {
    /// The table's own columns.
    pub columns: &'static [&'static str],
    /// The schema of the table that it points at.
    pub schema: &'static str,
    /// That table's name.
    pub table: &'static str,
    /// That table's columns, one for each of its own.
    pub references: &'static [&'static str],
}

/// A column of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name, as the engine stores it.
    pub name: &'static str,
    /// Its type, as the engine writes it: `character varying(255)`, `INTEGER`.
    pub sql_type: &'static str,
    /// Whether it takes NULL.
    pub nullable: bool,
}
