//! PostgreSQL: a throwaway server, and databases on it.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use ::postgres::{Client, NoTls, SimpleQueryMessage};
use diesel::{Connection, PgConnection};

/// Names a running server on which the tests may create databases and roles, as a URL with a superuser in it.
/// Unset: the tests start one.
pub const URL_VARIABLE: &str = "GLOWPLUG_TEST_POSTGRES_URL";

/// Names the folder with `initdb` and `postgres` of the version to start. Unset: the newest one installed.
pub const BIN_VARIABLE: &str = "GLOWPLUG_TEST_POSTGRES_BIN";

/// The throwaway server's superuser, and its password: tests of a wrong password need a server that asks for one.
const SUPERUSER: &str = "glowplug";

/// A fresh, empty database on the test server; see [`PostgresServer::shared`] for which server that is.
///
/// # Panics
/// Where no server can be had, with what to do about it.
#[must_use]
pub fn postgres() -> TestDatabase {
    PostgresServer::shared().database()
}

/// A PostgreSQL server for tests. Where this process started it, it ends with the value or with the process,
/// however that ends, and its files go with it.
#[derive(Debug)]
pub struct PostgresServer {
    url: String,
    major: u32,
    /// Present where this process started the server. The supervisor waits for the end of its standard input.
    supervisor: Mutex<Option<Child>>,
    /// Its files, where this process started it.
    folder: Option<PathBuf>,
}

/// How a server of a test's own differs from the one that the tests share.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    settings: Vec<String>,
    environment: Vec<(String, String)>,
    largest_file: Option<u64>,
}

impl Setup {
    /// No differences.
    #[must_use]
    pub fn new() -> Setup {
        Setup::default()
    }

    /// With a line of `postgresql.conf`.
    #[must_use]
    pub fn setting(mut self, line: &str) -> Setup {
        self.settings.push(line.to_owned());
        self
    }

    /// With an environment variable.
    #[must_use]
    pub fn environment(mut self, variable: &str, value: &str) -> Setup {
        self.environment.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// The system lets no file of it grow beyond so many bytes: a disk that has no room left, which needs no disk.
    #[must_use]
    pub fn largest_file(mut self, bytes: u64) -> Setup {
        self.largest_file = Some(bytes);
        self
    }

    /// Starts it. It ends with the process.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start(&self) -> &'static PostgresServer {
        let server = PostgresServer::start_with(self).unwrap_or_else(|problem| panic!("{problem}"));
        Box::leak(Box::new(server))
    }

    /// What the server's program is started by.
    fn below(&self) -> Vec<String> {
        let Some(bytes) = self.largest_file else { return Vec::new() };
        // A shell counts in 512 bytes.
        let limit = format!("ulimit -f {}; exec \"$@\"", bytes / 512);
        ["sh", "-c", &limit, "sh"].map(str::to_owned).into()
    }
}

/// How a server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// As an operator does: sessions are ended, everything is written out.
    Fast,
    /// As a crash does: the next start has to recover.
    Immediate,
}

impl PostgresServer {
    /// The one server of this process: the one that `GLOWPLUG_TEST_POSTGRES_URL` names, else a started one.
    ///
    /// # Panics
    /// Where the named server does not answer or no server can be started.
    pub fn shared() -> &'static PostgresServer {
        static SHARED: OnceLock<PostgresServer> = OnceLock::new();
        SHARED.get_or_init(|| {
            let server = match std::env::var(URL_VARIABLE) {
                Ok(url) => PostgresServer::at(&url),
                Err(_) => PostgresServer::start(),
            };
            server.unwrap_or_else(|problem| panic!("{problem}"))
        })
    }

    /// The server that answers at `url`; nothing is started and nothing will be stopped.
    ///
    /// # Errors
    /// A sentence where it does not answer.
    pub fn at(url: &str) -> Result<PostgresServer, String> {
        let mut client = Client::connect(url, NoTls)
            .map_err(|error| format!("{URL_VARIABLE} names a server that does not answer: {}", in_full(&error)))?;
        let major = major_version(&mut client)?;
        Ok(PostgresServer { url: url.to_owned(), major, supervisor: Mutex::new(None), folder: None })
    }

    /// Starts a server from the binaries installed here, in a temporary folder, on a free port of 127.0.0.1, without
    /// fsync. PostgreSQL refuses to run as root; there it runs as `postgres` or `nobody`.
    ///
    /// # Errors
    /// A sentence that says what is missing, or the server's own log where it did not start.
    pub fn start() -> Result<PostgresServer, String> {
        Self::start_with(&Setup::new())
    }

    fn start_with(setup: &Setup) -> Result<PostgresServer, String> {
        let binaries = Binaries::find()?;
        let user = unprivileged_user()?;
        // Another process may take the free port between the question and the start.
        let mut problem = String::new();
        for _ in 0..5 {
            match Self::start_once(&binaries, user, setup) {
                Ok(server) => return Ok(server),
                Err(e) if e.contains("Address already in use") => problem = e,
                Err(e) => return Err(e),
            }
        }
        Err(problem)
    }

    fn start_once(binaries: &Binaries, user: Option<(u32, u32)>, setup: &Setup) -> Result<PostgresServer, String> {
        let folder = tempfile::Builder::new()
            .prefix("glowplug-postgres-")
            .tempdir()
            .map_err(|e| format!("no temporary folder for a PostgreSQL server: {e}"))?;
        let (data, log, password) =
            (folder.path().join("data"), folder.path().join("log"), folder.path().join("password"));
        fs::write(&password, SUPERUSER)
            .and_then(|()| fs::write(&log, ""))
            .and_then(|()| give_to([folder.path(), &password, &log], user))
            .map_err(|e| format!("{}: {e}", folder.path().display()))?;

        // Passwords are asked for in clear text, on the loopback alone: the client's half of SCRAM takes a debug build
        // longer than everything else that a test does.
        let made = as_user(Command::new(&binaries.initdb), user)
            .arg("--pgdata")
            .arg(&data)
            .args(["--username", SUPERUSER, "--auth", "password", "--encoding", "UTF8", "--no-locale", "--no-sync"])
            .arg("--pwfile")
            .arg(&password)
            .current_dir("/")
            .output()
            .map_err(|e| format!("{}: {e}", binaries.initdb.display()))?;
        if !made.status.success() {
            return Err(format!(
                "{} failed:\n{}{}",
                binaries.initdb.display(),
                String::from_utf8_lossy(&made.stdout),
                String::from_utf8_lossy(&made.stderr)
            ));
        }

        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|l| l.local_addr())
            .map_err(|e| format!("no free port on 127.0.0.1: {e}"))?
            .port();
        // Read through a handle: the supervisor of a server that does not start removes the folder at once.
        let mut log_reader = fs::File::open(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let log_file = fs::OpenOptions::new().append(true).open(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let mut supervisor = as_user(Command::new("sh"), user)
            .args(["-c", SUPERVISOR, "glowplug-postgres", "QUIT"])
            .arg(folder.path())
            .args(setup.below())
            .arg(&binaries.postgres)
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-k", ""])
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .args(setup.settings.iter().flat_map(|setting| ["-c", setting]))
            .envs(setup.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log_file)
            // Ctrl-C is for the tests; the server goes when they are gone.
            .process_group(0)
            .spawn()
            .map_err(|e| format!("sh: {e}"))?;
        // From here on the supervisor removes the folder.
        let folder = folder.keep();

        let url = format!("postgres://{SUPERUSER}:{SUPERUSER}@127.0.0.1:{port}/postgres");
        let began = Instant::now();
        loop {
            let refused = match Client::connect(&url, NoTls) {
                Ok(mut client) => {
                    let major = major_version(&mut client)?;
                    let supervisor = Mutex::new(Some(supervisor));
                    return Ok(PostgresServer { url, major, supervisor, folder: Some(folder) });
                }
                Err(error) => in_full(&error),
            };
            let ended = matches!(supervisor.try_wait(), Ok(Some(_)));
            if ended || began.elapsed() > Duration::from_secs(60) {
                drop(supervisor.stdin.take());
                _ = supervisor.wait();
                let mut log = String::new();
                _ = log_reader.read_to_string(&mut log);
                return Err(format!("{} does not start: {refused}\n{log}", binaries.postgres.display()));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The URL of the server's `postgres` database, with a superuser and its password.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The major version that the server states, such as 15.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The process that keeps a started server; it ends the server when its standard input ends. For tests of the
    /// harness itself.
    #[must_use]
    pub fn supervisor(&self) -> Option<u32> {
        self.supervisor.lock().expect("no panic while the lock is held").as_ref().map(Child::id)
    }

    /// Stops a started server; [`start_again`](Self::start_again) brings it back.
    ///
    /// # Panics
    /// Where it is not this process's, or does not stop.
    pub fn stop(&self, how: Stop) {
        let folder = self.folder.as_ref().expect("a server of this process");
        let file = folder.join("data/postmaster.pid");
        let pid = fs::read_to_string(&file).ok().and_then(|text| text.lines().next().map(str::to_owned));
        let pid = pid.unwrap_or_else(|| panic!("{}: no process", file.display()));
        let signal = if how == Stop::Fast { "-INT" } else { "-QUIT" };
        stop_process(folder, &pid, signal);
    }

    /// Starts it again where it was, and waits until it answers.
    ///
    /// # Panics
    /// Where it does not.
    pub fn start_again(&self) {
        let folder = self.folder.as_ref().expect("a server of this process");
        start_process(folder, || Client::connect(&self.url, NoTls).map_err(|error| in_full(&error)));
    }

    /// Writes a file among a started server's data, as the server's own user does.
    ///
    /// # Panics
    /// Where it is not this process's, or the system refuses it.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.folder.as_ref().expect("a server of this process").join("data").join(name);
        let user = unprivileged_user().unwrap_or_else(|problem| panic!("{problem}"));
        let written = fs::write(&path, text).and_then(|()| give_to([&path], user));
        written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// A fresh, empty database with a name of its own.
    ///
    /// # Panics
    /// Where the server refuses.
    #[must_use]
    pub fn database(&'static self) -> TestDatabase {
        self.database_like("template0")
    }

    /// A database with all that another one has, which nobody may be connected to.
    ///
    /// # Panics
    /// Where the server refuses.
    #[must_use]
    pub fn database_like(&'static self, template: &str) -> TestDatabase {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // The time keeps a name apart from what an earlier process of the same id left on a server that stays.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
        let name = format!("glowplug_{}_{now}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        self.administer(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        TestDatabase { url: with_database(&self.url, &name), name, server: self }
    }

    /// Runs one statement in the server's `postgres` database.
    ///
    /// # Panics
    /// Where the server refuses it.
    pub fn administer(&self, sql: &str) {
        let done = Client::connect(&self.url, NoTls).and_then(|mut client| client.batch_execute(sql));
        done.unwrap_or_else(|error| panic!("{sql}: {}", in_full(&error)));
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Some(mut supervisor) = self.supervisor.lock().ok().and_then(|mut s| s.take()) {
            drop(supervisor.stdin.take());
            _ = supervisor.wait();
        }
    }
}

/// Runs the server until standard input ends, which it does when the process that asked for it is gone, even when it
/// was killed: statics are not dropped, and a killed process cannot clean up. The folder goes with the server. A server
/// that ends while there is a file `stopped` is started again when that, as `waiting`, is gone.
pub(crate) const SUPERVISOR: &str = r#"
signal=$1; folder=$2; shift 2
exec 3<&0
start() { "$@" </dev/null 3<&- & server=$!; echo "$server" >"$folder/process"; }
start "$@"
{ cat <&3 >/dev/null; : >"$folder/over"; kill -"$signal" "$(cat "$folder/process")" 2>/dev/null; } &
exec 3<&-
wait "$server"
while [ -e "$folder/stopped" ] && [ ! -e "$folder/over" ]; do
    mv "$folder/stopped" "$folder/waiting"
    while [ -e "$folder/waiting" ] && [ ! -e "$folder/over" ]; do sleep 0.05; done
    [ -e "$folder/over" ] && break
    start "$@"
    [ -e "$folder/over" ] && kill -"$signal" "$server"
    wait "$server"
done
rm -rf -- "$folder"
"#;

/// Ends the process of a server whose supervisor is to wait.
pub(crate) fn stop_process(folder: &Path, pid: &str, signal: &str) {
    fs::write(folder.join("stopped"), "").expect("a file beside the server's");
    let sent = Command::new("kill").args([signal, pid]).status();
    assert!(sent.is_ok_and(|status| status.success()), "kill {signal} {pid}");
    let since = Instant::now();
    // The supervisor says that it has ended, and waits.
    while !folder.join("waiting").exists() {
        assert!(since.elapsed() < Duration::from_secs(60), "the server does not stop");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Lets the supervisor start it again, and waits until it answers.
pub(crate) fn start_process<T, E: fmt::Display>(folder: &Path, mut ask: impl FnMut() -> Result<T, E>) {
    fs::remove_file(folder.join("waiting")).expect("it was stopped");
    let since = Instant::now();
    while let Err(error) = ask() {
        assert!(since.elapsed() < Duration::from_secs(60), "it does not start again: {error}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A test server forgets everything; it need not wait for disks. Enough connections for tests of many runners.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "shared_buffers=64MB",
    "log_min_messages=fatal",
];

/// The programs of one PostgreSQL version.
struct Binaries {
    initdb: PathBuf,
    postgres: PathBuf,
}

impl Binaries {
    fn find() -> Result<Binaries, String> {
        if let Some(folder) = std::env::var_os(BIN_VARIABLE) {
            let folder = PathBuf::from(folder);
            return Self::within(&folder)
                .ok_or_else(|| format!("{BIN_VARIABLE}: no initdb and postgres in {}", folder.display()));
        }
        // Debian and Ubuntu keep a folder a version off PATH; newest first.
        let mut folders = installed("/usr/lib/postgresql");
        let from_config = Command::new("pg_config").arg("--bindir").output().ok().filter(|o| o.status.success());
        folders.extend(from_config.map(|o| PathBuf::from(String::from_utf8_lossy(&o.stdout).trim())));
        folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
        folders.extend(["/usr/local/pgsql/bin", "/usr/pgsql/bin"].map(PathBuf::from));
        folders.iter().find_map(|folder| Self::within(folder)).ok_or_else(|| {
            format!(
                "no PostgreSQL server is installed here: run ./tests/run, it installs PostgreSQL where it can and says \
                 what to do where it cannot (or name a running server in {URL_VARIABLE})"
            )
        })
    }

    fn within(folder: &Path) -> Option<Binaries> {
        let found = Binaries { initdb: folder.join("initdb"), postgres: folder.join("postgres") };
        (found.initdb.is_file() && found.postgres.is_file()).then_some(found)
    }
}

/// `<parent>/<version>/bin` for each version below `parent`, the newest first.
fn installed(parent: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> =
        entries.filter_map(|e| Some((e.file_name().to_str()?.parse().ok()?, e.path().join("bin")))).collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, path)| path).collect()
}

/// Who shall run the server: nobody else where this process is not root.
pub(crate) fn unprivileged_user() -> Result<Option<(u32, u32)>, String> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let answer = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
        String::from_utf8_lossy(&answer.stdout).trim().parse().ok()
    };
    if id(&["-u"]).ok_or("`id -u` does not answer")? != 0 {
        return Ok(None);
    }
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| Some(Some((id(&["-u", name])?, id(&["-g", name])?))))
        .ok_or_else(|| "a server refuses to run as root, and there is no user postgres or nobody".to_owned())
}

pub(crate) fn as_user(mut command: Command, user: Option<(u32, u32)>) -> Command {
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

pub(crate) fn give_to<const N: usize>(paths: [&Path; N], user: Option<(u32, u32)>) -> io::Result<()> {
    let Some((uid, gid)) = user else { return Ok(()) };
    paths.iter().try_for_each(|path| std::os::unix::fs::chown(path, Some(uid), Some(gid)))
}

/// The same server and parameters, another database.
fn with_database(url: &str, database: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, None), |(a, p)| (a, Some(p)));
    let authority = address.find("://").map_or(0, |scheme| scheme + 3);
    let end = address[authority..].find('/').map_or(address.len(), |slash| authority + slash);
    let parameters = parameters.map(|p| format!("?{p}")).unwrap_or_default();
    format!("{}/{database}{parameters}", &address[..end])
}

fn major_version(client: &mut Client) -> Result<u32, String> {
    let number = client.query_one("SELECT current_setting('server_version_num')::int", &[]);
    let number: i32 = number.and_then(|row| row.try_get(0)).map_err(|error| in_full(&error))?;
    u32::try_from(number / 10_000).map_err(|e| e.to_string())
}

/// An error with its causes: the client's own text ends at "db error".
fn in_full(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// A database of one test; it is dropped, whoever is still connected, with the value.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    name: String,
    server: &'static PostgresServer,
}

/// What the server said when it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Five characters, such as `42P01`.
    pub sqlstate: String,
    /// The primary message, in the server's words.
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.sqlstate, self.message)
    }
}

impl TestDatabase {
    /// The database's URL, with a superuser and its password.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server it is on.
    #[must_use]
    pub fn server(&self) -> &'static PostgresServer {
        self.server
    }

    /// A new connection, as a service has one.
    ///
    /// # Panics
    /// Where the server refuses it.
    #[must_use]
    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// A new connection of another client library, which shows more of what the server says than diesel's does.
    ///
    /// # Panics
    /// Where the server refuses it.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::connect(&self.url, NoTls).unwrap_or_else(|error| panic!("{}: {}", self.name, in_full(&error)))
    }

    /// Runs a script in one message on a connection of its own, and answers what the server refused it with.
    /// Statements without a BEGIN of their own are one transaction, as PostgreSQL takes such a message.
    ///
    /// # Errors
    /// The server's refusal.
    ///
    /// # Panics
    /// Where the connection breaks.
    pub fn try_execute(&self, script: &str) -> Result<(), Refusal> {
        self.client().batch_execute(script).map_err(|error| match error.as_db_error() {
            Some(said) => Refusal { sqlstate: said.code().code().to_owned(), message: said.message().to_owned() },
            None => panic!("{}: {}", self.name, in_full(&error)),
        })
    }

    /// Runs a script, as [`TestDatabase::try_execute`] does.
    ///
    /// # Panics
    /// Where the server refuses it.
    #[track_caller]
    pub fn execute(&self, script: &str) {
        self.try_execute(script).unwrap_or_else(|refusal| panic!("{script}\n{refusal}"));
    }

    /// The rows that a query answers, a text each: its columns as the server writes them, with `|` between them and
    /// nothing for NULL, as `psql -At` prints them.
    ///
    /// # Panics
    /// Where the server refuses the query.
    #[must_use]
    #[track_caller]
    pub fn rows(&self, query: &str) -> Vec<String> {
        let messages = self.client().simple_query(query).unwrap_or_else(|error| panic!("{query}\n{}", in_full(&error)));
        let rows = messages.iter().filter_map(|m| if let SimpleQueryMessage::Row(row) = m { Some(row) } else { None });
        rows.map(|row| (0..row.len()).map(|i| row.get(i).unwrap_or_default()).collect::<Vec<_>>().join("|")).collect()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // Nothing depends on it, and a second panic would hide the first.
        let dropped = Client::connect(&self.server.url, NoTls)
            .and_then(|mut client| client.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)));
        if let Err(error) = dropped {
            eprintln!("{} stays: {}", self.name, in_full(&error));
        }
    }
}
