//! MariaDB: a throwaway server, and databases on it. Its own client program is asked, so that the tests need no library.

use std::fmt;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use diesel::{Connection as _, MysqlConnection};

use crate::Stop;
use crate::postgres::{SUPERVISOR, as_user, give_to, start_process, stop_process, unprivileged_user};

/// Names the folder with `mariadbd` of the version to start. Unset: the one installed.
pub const BIN_VARIABLE: &str = "GLOWPLUG_TEST_MARIADB_BIN";

/// No text of a test holds this: the client sends a whole script as one message, as a service does.
const DELIMITER: &str = "//glowplug//";

/// A fresh, empty database on the test server.
///
/// # Panics
/// Where no server can be had, with what to do about it.
#[must_use]
pub fn mariadb() -> MariadbDatabase {
    MariadbServer::shared().database()
}

/// A MariaDB server for tests, which ends with the process that started it, however that ends.
#[derive(Debug)]
pub struct MariadbServer {
    port: u16,
    folder: PathBuf,
    /// The supervisor waits for the end of its standard input.
    supervisor: Mutex<Option<Child>>,
}

impl MariadbServer {
    /// The one server of this process.
    ///
    /// # Panics
    /// Where no server can be started.
    pub fn shared() -> &'static MariadbServer {
        static SHARED: OnceLock<MariadbServer> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[]).unwrap_or_else(|problem| panic!("{problem}")))
    }

    /// A server of the test's own, with these settings besides. It stays until the process ends.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn own(settings: &[&str]) -> &'static MariadbServer {
        Box::leak(Box::new(Self::start(settings).unwrap_or_else(|problem| panic!("{problem}"))))
    }

    /// Starts a server from the programs installed here, in a temporary folder, on a free port of 127.0.0.1, with these
    /// settings besides.
    ///
    /// # Errors
    /// A sentence that says what is missing, or the server's own log where it did not start.
    pub fn start(settings: &[&str]) -> Result<MariadbServer, String> {
        let server = find("mariadbd")?;
        let install = find("mariadb-install-db")?;
        let user = unprivileged_user()?;
        let folder = tempfile::Builder::new()
            .prefix("glowplug-mariadb-")
            .tempdir()
            .map_err(|e| format!("no temporary folder for a MariaDB server: {e}"))?;
        let (data, log) = (folder.path().join("data"), folder.path().join("log"));
        fs::write(&log, "")
            .and_then(|()| give_to([folder.path(), &log], user))
            .map_err(|e| format!("{}: {e}", folder.path().display()))?;
        let made = as_user(Command::new(&install), user)
            .arg("--no-defaults")
            .arg(format!("--datadir={}", data.display()))
            .args(["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"])
            .current_dir("/")
            .output()
            .map_err(|e| format!("{}: {e}", install.display()))?;
        if !made.status.success() {
            return Err(format!(
                "{} failed:\n{}{}",
                install.display(),
                String::from_utf8_lossy(&made.stdout),
                String::from_utf8_lossy(&made.stderr)
            ));
        }
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|l| l.local_addr())
            .map_err(|e| format!("no free port on 127.0.0.1: {e}"))?
            .port();
        let log_file = fs::OpenOptions::new().append(true).open(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let mut supervisor = as_user(Command::new("sh"), user)
            .args(["-c", SUPERVISOR, "glowplug-mariadb", "QUIT"])
            .arg(folder.path())
            .arg(&server)
            .arg("--no-defaults")
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", folder.path().join("s").display()))
            .arg(format!("--port={port}"))
            .args(SETTINGS)
            .args(settings)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log_file)
            .process_group(0)
            .spawn()
            .map_err(|e| format!("sh: {e}"))?;
        // From here on the supervisor removes the folder.
        let kept = folder.keep();
        let began = Instant::now();
        loop {
            let started = Self { port, folder: kept.clone(), supervisor: Mutex::new(None) };
            match started.ask(None, "SELECT 1") {
                Ok(_) => {
                    *started.supervisor.lock().expect("nobody else has it") = Some(supervisor);
                    return Ok(started);
                }
                Err(refused) => {
                    let ended = matches!(supervisor.try_wait(), Ok(Some(_)));
                    if ended || began.elapsed() > Duration::from_secs(60) {
                        let said = fs::read_to_string(kept.join("log")).unwrap_or_default();
                        drop(supervisor.stdin.take());
                        _ = supervisor.wait();
                        return Err(format!("{} does not start: {refused}\n{said}", server.display()));
                    }
                }
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops it, as an operator does (SIGTERM) or as a crash does (SIGKILL);
    /// [`start_again`](Self::start_again) brings it back.
    ///
    /// # Panics
    /// Where it does not stop.
    pub fn stop(&self, how: Stop) {
        let file = self.folder.join("process");
        let pid = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        stop_process(&self.folder, pid.trim(), if how == Stop::Fast { "-TERM" } else { "-KILL" });
    }

    /// Starts it again where it was, and waits until it answers.
    ///
    /// # Panics
    /// Where it does not.
    pub fn start_again(&self) {
        start_process(&self.folder, || self.ask(None, "SELECT 1"));
    }

    /// The URL of a database on it, with a user who may do everything.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{database}", self.port)
    }

    /// A fresh, empty database with a name of its own.
    ///
    /// # Panics
    /// Where the server refuses.
    #[must_use]
    pub fn database(&'static self) -> MariadbDatabase {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("glowplug_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        self.database_called(&name, "utf8mb4")
    }

    /// A fresh, empty database with this name and character set.
    ///
    /// # Panics
    /// Where the server refuses.
    #[must_use]
    pub fn database_called(&'static self, name: &str, charset: &str) -> MariadbDatabase {
        self.administer(&format!("CREATE DATABASE `{name}` CHARACTER SET {charset}"));
        MariadbDatabase { name: name.to_owned(), server: self }
    }

    /// Runs a statement of the whole server's.
    ///
    /// # Panics
    /// Where the server refuses it.
    pub fn administer(&self, statement: &str) {
        self.ask(None, statement).unwrap_or_else(|refusal| panic!("{statement}\n{refusal}"));
    }

    /// Sends a script as one message; answers the rows, tabs between their columns.
    fn ask(&self, database: Option<&str>, script: &str) -> Result<String, Refusal> {
        let broken = |text: String| Refusal { number: 0, sqlstate: String::new(), message: text };
        let program = find("mariadb").map_err(broken)?;
        let mut client = Command::new(&program)
            .args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--user=root", "--batch", "--raw"])
            .args(["--skip-column-names", "--binary-mode", "--comments", "--default-character-set=utf8mb4"])
            .arg(format!("--delimiter={DELIMITER}"))
            .arg(format!("--port={}", self.port))
            .args(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| broken(format!("{}: {e}", program.display())))?;
        if let Some(mut input) = client.stdin.take() {
            // A client that has ended says why on its way out.
            _ = input.write_all(script.as_bytes());
        }
        let answer = client.wait_with_output().map_err(|e| broken(e.to_string()))?;
        if answer.status.success() {
            return Ok(String::from_utf8_lossy(&answer.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
        Err(Refusal::read(&said).unwrap_or_else(|| broken(said)))
    }
}

impl Drop for MariadbServer {
    fn drop(&mut self) {
        if let Some(mut supervisor) = self.supervisor.lock().ok().and_then(|mut s| s.take()) {
            drop(supervisor.stdin.take());
            _ = supervisor.wait();
        }
    }
}

/// A test server forgets everything; it need not wait for disks.
const SETTINGS: &[&str] = &[
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=32M",
    "--skip-log-bin",
    "--max-connections=500",
];

/// A program of MariaDB's.
fn find(name: &str) -> Result<PathBuf, String> {
    let chosen = std::env::var_os(BIN_VARIABLE).map(PathBuf::from);
    let path = std::env::var_os("PATH");
    let folders = chosen.into_iter().chain(path.iter().flat_map(std::env::split_paths));
    let more = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"].map(PathBuf::from);
    let mut all = folders.chain(more).map(|folder: PathBuf| folder.join(name));
    all.find(|p: &PathBuf| Path::is_file(p)).ok_or_else(|| {
        format!(
            "no {name} is installed here: run ./tests/run, it installs MariaDB where it can and says what to do where \
             it cannot"
        )
    })
}

/// What the server said when it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its number, such as 1146; 0 where the server did not answer.
    pub number: u16,
    /// Five characters, such as `42S02`.
    pub sqlstate: String,
    /// The message, in the server's words.
    pub message: String,
}

impl Refusal {
    /// `ERROR 1146 (42S02) at line 1: Table 'x.t' doesn't exist`.
    fn read(said: &str) -> Option<Self> {
        let rest = said.lines().find_map(|line| line.strip_prefix("ERROR "))?;
        let (number, rest) = rest.split_once(" (")?;
        let (sqlstate, rest) = rest.split_once(')')?;
        let message = rest.split_once(": ")?.1.to_owned();
        Some(Self { number: number.parse().ok()?, sqlstate: sqlstate.to_owned(), message })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.number, self.sqlstate, self.message)
    }
}

/// A database of one test; it is dropped with the value.
#[derive(Debug)]
pub struct MariadbDatabase {
    name: String,
    server: &'static MariadbServer,
}

impl MariadbDatabase {
    /// The database's URL, as diesel takes it.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its server.
    #[must_use]
    pub fn server(&self) -> &'static MariadbServer {
        self.server
    }

    /// The URL with which another user comes to it.
    #[must_use]
    pub fn url_of(&self, user: &str) -> String {
        self.url().replacen("root@", &format!("{user}@"), 1)
    }

    /// A new connection to it.
    ///
    /// # Panics
    /// Where the server refuses it.
    #[must_use]
    pub fn connect(&self) -> MysqlConnection {
        MysqlConnection::establish(&self.url()).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// All that is in it, as the server writes it, without the runner's own.
    ///
    /// # Panics
    /// Where the server refuses the questions.
    #[must_use]
    #[track_caller]
    pub fn dump(&self) -> Vec<String> {
        let names = self.rows(
            "SELECT IF(table_type = 'VIEW', 'VIEW', 'TABLE'), table_name FROM information_schema.tables \
               WHERE table_schema = DATABASE() AND table_name NOT LIKE '\\_\\_%' \
             UNION ALL SELECT 'TRIGGER', trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() \
             UNION ALL SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = DATABASE() \
             ORDER BY 1, 2",
        );
        let shown = |name: &String| {
            let (kind, name) = name.split_once('|').expect("two columns");
            let lines = self.rows(&format!("SHOW CREATE {kind} `{name}`")).join("\n");
            // The time at which a trigger was made, and the next number of a key.
            let end = if kind == "TRIGGER" { lines.rfind('|').unwrap_or(lines.len()) } else { lines.len() };
            lines[..end].split(' ').filter(|word| !word.starts_with("AUTO_INCREMENT=")).collect::<Vec<_>>().join(" ")
        };
        names.iter().map(shown).collect()
    }

    /// Runs a script in one message on a connection of its own. What stands before the statement that is refused stays.
    ///
    /// # Errors
    /// The server's refusal.
    ///
    /// # Panics
    /// Where the connection breaks.
    pub fn try_execute(&self, script: &str) -> Result<(), Refusal> {
        match self.server.ask(Some(&self.name), script) {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.number == 0 => panic!("{script}\n{}", refusal.message),
            Err(refusal) => Err(refusal),
        }
    }

    /// Runs a script, as [`MariadbDatabase::try_execute`] does.
    ///
    /// # Panics
    /// Where the server refuses it.
    #[track_caller]
    pub fn execute(&self, script: &str) {
        self.try_execute(script).unwrap_or_else(|refusal| panic!("{script}\n{refusal}"));
    }

    /// The rows that a query answers, a text each: its columns with `|` between them, NULL as `NULL`.
    ///
    /// # Panics
    /// Where the server refuses the query.
    #[must_use]
    #[track_caller]
    pub fn rows(&self, query: &str) -> Vec<String> {
        let answer = self.server.ask(Some(&self.name), query).unwrap_or_else(|refusal| panic!("{query}\n{refusal}"));
        answer.lines().map(|line| line.replace('\t', "|")).collect()
    }
}

impl Drop for MariadbDatabase {
    fn drop(&mut self) {
        // Nothing depends on it, and a second panic would hide the first.
        if let Err(refusal) = self.server.ask(None, &format!("DROP DATABASE IF EXISTS `{}`", self.name)) {
            eprintln!("{} stays: {refusal}", self.name);
        }
    }
}
