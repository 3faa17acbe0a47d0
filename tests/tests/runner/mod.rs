//! What the tests of the runner on PostgreSQL share: lists of migrations, and a log.

#![allow(dead_code, unreachable_pub)] // Each test binary uses a part.

#[path = "../../../runtime/tests/statics/mod.rs"]
pub mod statics;

use glowplug::{Engine, Error, Migrations, Report, Runner};
use glowplug_tests::TestDatabase;
pub use statics::{File, file};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use tracing_subscriber::util::SubscriberInitExt;

pub fn migrations(files: &[File]) -> &'static Migrations {
    statics::migrations(Engine::Postgres, files)
}

pub fn users() -> File {
    file(
        "001_create_users.sql",
        "CREATE TABLE users (id integer PRIMARY KEY, email text);\nCREATE UNIQUE INDEX users_email ON users (email);\n",
    )
}

pub fn tasks() -> File {
    file("002_create_tasks.sql", "CREATE TABLE tasks (id integer PRIMARY KEY, owner integer REFERENCES users (id));\n")
}

pub fn concurrent_index() -> File {
    file("003_index_tasks.sql", "CREATE INDEX CONCURRENTLY IF NOT EXISTS tasks_owner ON tasks (owner);\n")
        .without_transaction()
}

pub fn run(database: &TestDatabase, list: &'static Migrations) -> Result<Report, Error> {
    Runner::new(list).run_pending(&mut database.connect())
}

pub fn files(report: &Report) -> Vec<&str> {
    report.applied.iter().map(|applied| applied.file.as_str()).collect()
}

pub fn history(database: &TestDatabase) -> Vec<String> {
    database.rows(
        "SELECT version || ' ' || status || ' ' || statements_done || '/' || statements_total || ' ' || coalesce(sqlstate, '-') \
         FROM __glowplug_history ORDER BY id",
    )
}

/// The versions that are applied, in order.
pub fn applied(database: &TestDatabase) -> Vec<String> {
    database.rows("SELECT version FROM __diesel_schema_migrations ORDER BY 1")
}

/// Nobody holds a lock in this database.
pub fn nothing_is_locked(database: &TestDatabase) -> bool {
    database
        .rows(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .is_empty()
}

/// What is logged on this thread.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// A log, and what keeps it open.
    pub fn open() -> (Log, tracing::subscriber::DefaultGuard) {
        let log = Log::default();
        let writer = log.clone();
        let guard = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).set_default();
        (log, guard)
    }

    /// A log of every thread that has none of its own, once for the process.
    pub fn everywhere() -> (Log, ()) {
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
        (log, ())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A wire to the server that can be cut: what the system does with the sockets of a process that is killed, while the
/// client lives and knows nothing of it.
pub struct Wire {
    url: String,
    sockets: Arc<Mutex<Vec<TcpStream>>>,
}

impl Wire {
    pub fn to(database: &TestDatabase) -> Wire {
        let (before, address) = database.url().rsplit_once('@').unwrap();
        let (server, name) = address.split_once('/').unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("{before}@{}/{name}", listener.local_addr().unwrap());
        Wire::between(listener, server.to_owned(), url)
    }

    pub fn between(listener: TcpListener, server: String, url: String) -> Wire {
        let sockets = Arc::new(Mutex::new(Vec::new()));
        let kept = sockets.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
                kept.lock().unwrap().extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                let ends = [(client.try_clone(), server.try_clone()), (Ok(server), Ok(client))];
                for (from, to) in ends {
                    std::thread::spawn(move || {
                        let (mut from, mut to) = (from.unwrap(), to.unwrap());
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        Wire { url, sockets }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Cuts the connections that there are. New ones can be made.
    pub fn cut(&self) {
        for socket in self.sockets.lock().unwrap().drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}
