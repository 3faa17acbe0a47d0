//! A database of a test whatever its engine, for what has to be the same on all of them.

use diesel::{MysqlConnection, PgConnection};

use crate::wire::{Break, Wire};
use crate::{MariadbDatabase, TestDatabase};

/// A fresh database on a server that other clients use too.
pub trait Database: Sized + Sync {
    /// What a service connects with.
    type Connection: diesel::Connection + glowplug::Connection<Inner = Self::Connection> + Send;

    /// The engine, as `glowplug.toml` calls it.
    const BACKEND: &'static str;

    /// The type of a column of bytes.
    const BYTES: &'static str;

    /// Whether a change of the schema can be rolled back.
    const TRANSACTIONAL: bool;

    /// One without anything in it.
    ///
    /// # Panics
    /// Where no server can be had.
    #[must_use]
    fn empty() -> Self;

    /// Its URL, with a user who may do everything.
    #[must_use]
    fn url(&self) -> String;

    /// The same with a wrong password.
    #[must_use]
    fn url_with_wrong_password(&self) -> String;

    /// Its name.
    #[must_use]
    fn name(&self) -> &str;

    /// Runs a script on a connection of its own.
    ///
    /// # Panics
    /// Where the server refuses it.
    fn execute(&self, script: &str);

    /// The rows that a query answers, a text each: its columns with `|` between them.
    ///
    /// # Panics
    /// Where the server refuses it.
    #[must_use]
    fn rows(&self, query: &str) -> Vec<String>;

    /// A way to it that counts messages.
    #[must_use]
    fn wire(&self, at: Option<(usize, Break)>) -> Wire;

    /// Ends the sessions of everybody else in it.
    fn end_sessions(&self);

    /// Whether there is a table of that name.
    #[must_use]
    fn has_table(&self, name: &str) -> bool {
        let query = format!(
            "SELECT count(*) FROM information_schema.tables WHERE table_name = '{name}' AND table_schema IN ('public', '{}')",
            self.name()
        );
        self.rows(&query) == ["1"]
    }

    /// A new connection to it.
    ///
    /// # Panics
    /// Where the server refuses it.
    #[must_use]
    fn connect(&self) -> Self::Connection {
        diesel::Connection::establish(&self.url()).unwrap_or_else(|error| panic!("{}: {error}", self.name()))
    }
}

impl Database for TestDatabase {
    type Connection = PgConnection;
    const BACKEND: &'static str = "postgres";
    const BYTES: &'static str = "BYTEA";
    const TRANSACTIONAL: bool = true;

    fn empty() -> Self {
        crate::postgres()
    }

    fn url(&self) -> String {
        TestDatabase::url(self).to_owned()
    }

    fn url_with_wrong_password(&self) -> String {
        TestDatabase::url(self).replacen(":glowplug@", ":wr0ng@", 1)
    }

    fn name(&self) -> &str {
        TestDatabase::name(self)
    }

    fn execute(&self, script: &str) {
        TestDatabase::execute(self, script);
    }

    fn rows(&self, query: &str) -> Vec<String> {
        TestDatabase::rows(self, query)
    }

    fn wire(&self, at: Option<(usize, Break)>) -> Wire {
        Wire::to(self, at)
    }

    fn end_sessions(&self) {
        TestDatabase::execute(
            self,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
    }
}

impl Database for MariadbDatabase {
    type Connection = MysqlConnection;
    const BACKEND: &'static str = "mariadb";
    const BYTES: &'static str = "BLOB";
    const TRANSACTIONAL: bool = false;

    fn empty() -> Self {
        crate::mariadb()
    }

    fn url(&self) -> String {
        MariadbDatabase::url(self)
    }

    fn url_with_wrong_password(&self) -> String {
        MariadbDatabase::url(self).replacen("root@", "root:wr0ng@", 1)
    }

    fn name(&self) -> &str {
        MariadbDatabase::name(self)
    }

    fn execute(&self, script: &str) {
        MariadbDatabase::execute(self, script);
    }

    fn rows(&self, query: &str) -> Vec<String> {
        MariadbDatabase::rows(self, query)
    }

    fn wire(&self, at: Option<(usize, Break)>) -> Wire {
        Wire::to_mariadb(self, at)
    }

    fn end_sessions(&self) {
        let others = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()";
        for id in MariadbDatabase::rows(self, others) {
            // It may have ended meanwhile.
            _ = self.try_execute(&format!("KILL CONNECTION {id}"));
        }
    }
}
