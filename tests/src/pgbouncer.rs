//! PgBouncer in transaction mode, before the test server.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::TestDatabase;
use crate::postgres::{SUPERVISOR, as_user, give_to, unprivileged_user};

/// A pooler that hands out a connection of the server for each transaction. It ends with the value or with the process.
#[derive(Debug)]
pub struct PgBouncer {
    url: String,
    supervisor: Child,
}

impl PgBouncer {
    /// Starts one before a database, with so many connections to the server.
    ///
    /// # Panics
    /// Where it is not installed or does not start, with what to do about it.
    #[must_use]
    pub fn before(database: &TestDatabase, connections: usize) -> PgBouncer {
        let program =
            ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"];
        let program = program.into_iter().find(|program| Path::new(program).is_file());
        let program = program.expect("PgBouncer is not installed: run ./tests/run, which installs it where it can");
        let user = unprivileged_user().unwrap_or_else(|problem| panic!("{problem}"));
        let (who, address) = database.url().trim_start_matches("postgres://").rsplit_once('@').expect("a user");
        let (name, password) = who.split_once(':').unwrap_or((who, ""));
        let (server, _) = address.split_once('/').expect("a database");
        let (host, server_port) = server.rsplit_once(':').unwrap_or((server, "5432"));
        let port =
            TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a free port").port();

        let folder = tempfile::Builder::new().prefix("glowplug-pgbouncer-").tempdir().expect("a temporary folder");
        let (settings, log) = (folder.path().join("pgbouncer.ini"), folder.path().join("log"));
        let text = format!(
            "[databases]\n* = host={host} port={server_port} user={name} password={password}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             max_client_conn = 400\ndefault_pool_size = {connections}\nignore_startup_parameters = extra_float_digits,options\n"
        );
        let written = fs::write(&settings, text).and_then(|()| fs::write(&log, ""));
        written.and_then(|()| give_to([folder.path(), &settings, &log], user)).expect("a folder to write to");
        let supervisor = as_user(Command::new("sh"), user)
            .args(["-c", SUPERVISOR, "glowplug-pgbouncer", "TERM"])
            .arg(folder.path())
            .arg(program)
            .arg(&settings)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(fs::OpenOptions::new().append(true).open(&log).expect("its log"))
            .process_group(0)
            .spawn()
            .expect("sh");
        // From here on the supervisor removes the folder.
        let folder = folder.keep();
        let bouncer = PgBouncer { url: format!("postgres://{who}@127.0.0.1:{port}/{}", database.name()), supervisor };
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(since.elapsed() < Duration::from_secs(20), "{program} does not start\n{}", log());
            thread::sleep(Duration::from_millis(20));
        }
        bouncer
    }

    /// The database's URL through the pooler.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}
