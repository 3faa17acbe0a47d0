//! The example services as a newcomer meets them: built, started on a free port, asked for their health, started again.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{LazyLock, mpsc};
use std::time::{Duration, Instant};
use std::{env, thread};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use glowplug_tests::TestDatabase;
use serde_json::{Value, json};

const FILES: [&str; 9] = [
    "000_create_migrations_table.sql",
    "001_create_users_table.sql",
    "011_create_households_table.sql",
    "012_create_household_members_table.sql",
    "013_create_children_table.sql",
    "014_create_tasks_table.sql",
    "015_create_task_assignments_table.sql",
    "016_create_task_completions_table.sql",
    "017_add_rewards_table.sql",
];
const VERSIONS: [&str; 9] = ["000", "001", "011", "012", "013", "014", "015", "016", "017"];

/// Long enough for a service on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn household_starts_on_a_file_and_knows_when_a_table_is_gone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("household.db");
    let start = || Service::start(Command::new(&*HOUSEHOLD).current_dir(folder.path()).env_remove("DATABASE_URL"));

    let first = start();
    first.said_that_it_applied_everything();
    assert!(file.is_file(), "household.db is made in the current folder");
    assert_eq!(first.get("/health").0, 200);
    first.is_healthy();
    first.serves_a_household();
    assert!(first.stop().success(), "SIGTERM is an ordinary end");

    let second = start();
    second.said_that_nothing_is_pending();
    second.is_healthy();

    let mut by_hand = SqliteConnection::establish(file.to_str().expect("a name of ours")).expect("the file is there");
    by_hand.batch_execute("DROP TABLE rewards").expect("dropped");
    second.is_degraded_without("rewards");
}

#[test]
fn household_needs_no_library_of_the_system() {
    let tree = |package: &str| {
        let arguments = ["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p} {f}"];
        let output = cargo().args(arguments).output().expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let tree_of_household = tree("household");
    assert!(!tree_of_household.contains("pq-sys "), "{tree_of_household}");
    let sqlite = tree_of_household.lines().find(|line| line.starts_with("libsqlite3-sys ")).expect("SQLite is in it");
    assert!(sqlite.contains("bundled"), "{sqlite}");
    assert!(tree("household-postgres").contains("pq-sys "), "the name that was looked for is right");
}

/// What the Dockerfile, the workflow, the Job and the unit in examples/deploy call.
#[test]
fn the_commands_of_the_deploy_files_run() {
    let database = glowplug_tests::postgres();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/deploy/commands");
    let mut command = Command::new(script);
    command.arg(&*HOUSEHOLD_POSTGRES).env("GLOWPLUG_TEST_POSTGRES_URL", database.server().url());
    let output = command.output().expect("it starts");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("applied 9 migrations in").count(), 2, "once alone, and once of eight: {said}");
    assert_eq!(said.matches("nothing is pending").count(), 8, "seven of eight, and the service: {said}");
    assert!(said.contains("ended by SIGTERM with code 0"), "{said}");
}

#[test]
fn household_that_cannot_have_its_database_says_so_and_ends() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(&*HOUSEHOLD);
    command.current_dir(folder.path()).env("DATABASE_URL", "no/such/folder/household.db").env("PORT", "0");
    let output = command.output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no/such/folder/household.db"), "{said}");
    assert!(!folder.path().join("no").exists(), "nothing is made");
}

#[test]
fn household_postgres_starts_on_a_server_and_knows_when_a_table_is_gone() {
    let database = glowplug_tests::postgres();
    let first = Service::start(Command::new(&*HOUSEHOLD_POSTGRES).env("DATABASE_URL", database.url()));
    first.said_that_it_applied_everything();
    assert_eq!(first.get("/health").0, 200);
    first.is_healthy();
    first.serves_a_household();
    assert_eq!(
        database.rows("SELECT count(*) FROM __diesel_schema_migrations"),
        ["9"],
        "each version is recorded where diesel records it"
    );
    assert!(first.stop().success(), "SIGTERM is an ordinary end");

    let second = Service::start(Command::new(&*HOUSEHOLD_POSTGRES).env("DATABASE_URL", database.url()));
    second.said_that_nothing_is_pending();
    second.is_healthy();

    database.execute("DROP TABLE rewards");
    second.is_degraded_without("rewards");

    cut_off(&database);
    let (status, health) = second.health_that_is("unhealthy");
    assert_eq!(status, 503, "{health}");
    assert_eq!(health["database"]["connected"], false, "{health}");
    assert!(health["database"]["error"].is_string(), "{health}");
    assert_eq!(second.get("/health").0, 200, "the process itself is well");
}

#[test]
fn replicas_of_household_postgres_that_start_at_once_apply_each_migration_once() {
    let database = glowplug_tests::postgres();
    let replicas: Vec<_> = thread::scope(|scope| {
        let start = || Service::start(Command::new(&*HOUSEHOLD_POSTGRES).env("DATABASE_URL", database.url()));
        let starting: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        starting.into_iter().map(|replica| replica.join().expect("it starts")).collect()
    });
    for replica in &replicas {
        replica.is_healthy();
    }
    let attempts = database.rows("SELECT version, count(*) FROM __glowplug_history GROUP BY 1 ORDER BY 1");
    assert_eq!(attempts, VERSIONS.map(|version| format!("{version}|1")));
}

#[test]
fn household_postgres_without_its_database_ends_and_shows_no_password() {
    let database = glowplug_tests::postgres();
    let url = database.url().replace(database.name(), "household_that_is_not");
    let mut command = Command::new(&*HOUSEHOLD_POSTGRES);
    let output = command.env("DATABASE_URL", &url).env("PORT", "0").output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("household_that_is_not"), "{said}");
    if let Some((_, password)) =
        url.split_once('@').and_then(|(user, _)| user.trim_start_matches("postgres://").split_once(':'))
    {
        assert!(!said.contains(&format!(":{password}@")), "{said}");
    }
}

/// The same words, and the same answers, on either engine.
#[test]
fn two_backends_is_one_service_on_sqlite_and_on_postgres() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("notes.db");
    let database = glowplug_tests::postgres();
    for url in [file.to_str().expect("a name of ours"), database.url()] {
        let run = |arguments: &[&str]| {
            let output =
                Command::new(&*TWO_BACKENDS).args(arguments).env("DATABASE_URL", url).output().expect("it starts");
            let text = |bytes| String::from_utf8(bytes).expect("text");
            (output.status.code(), text(output.stdout), text(output.stderr))
        };
        let (code, _, said) = run(&["add", "buy milk"]);
        assert!(code == Some(0) && said.contains("applied 2 migrations in "), "{url}: {said}");
        assert_eq!(run(&["add", "write tests"]).0, Some(0));
        assert_eq!(run(&["done", "1"]).0, Some(0));
        let (code, notes, said) = run(&["list"]);
        assert_eq!((code, notes.as_str()), (Some(0), "1 [x] buy milk\n2 [ ] write tests\n"), "{url}: {said}");
        assert!(said.contains("nothing is pending"), "{url}: {said}");
        let (code, _, said) = run(&["add", ""]);
        assert!(code == Some(1) && said.to_lowercase().contains("constraint"), "{url}: {said}");
    }
}

static TWO_BACKENDS: LazyLock<PathBuf> = LazyLock::new(|| built("two-backends"));
#[test]
fn async_postgres_starts_without_libpq_and_knows_when_a_table_is_gone() {
    let database = glowplug_tests::postgres();
    let start = || Service::start(Command::new(&*ASYNC_POSTGRES).env("DATABASE_URL", database.url()));
    let first = start();
    first.said_that_it_applied_everything();
    first.is_healthy();
    first.serves_a_household();
    assert!(first.stop().success(), "SIGTERM is an ordinary end");

    let second = start();
    second.said_that_nothing_is_pending();
    database.execute("DROP TABLE rewards");
    second.is_degraded_without("rewards");
    cut_off(&database);
    let (status, health) = second.health_that_is("unhealthy");
    assert_eq!(status, 503, "{health}");
}

static HOUSEHOLD: LazyLock<PathBuf> = LazyLock::new(|| built("household"));
static HOUSEHOLD_POSTGRES: LazyLock<PathBuf> = LazyLock::new(|| built("household-postgres"));
static ASYNC_POSTGRES: LazyLock<PathBuf> = LazyLock::new(|| built("async-postgres"));

fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is below the workspace"));
    cargo
}

/// Builds the services and answers a binary. The selection is that of `tests/run`, which has all of it built already.
fn built(package: &str) -> PathBuf {
    static MESSAGES: LazyLock<String> = LazyLock::new(|| {
        let output = cargo()
            .args(["build", "--workspace", "--all-features", "--all-targets"])
            .args(["--message-format", "json-render-diagnostics"])
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo starts");
        assert!(output.status.success(), "the workspace does not build");
        String::from_utf8(output.stdout).expect("JSON is UTF-8")
    });
    MESSAGES
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == package && message["profile"]["test"] == false)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the binary")
}

/// Makes the server refuse every connection to the database, as if it were gone.
fn cut_off(database: &TestDatabase) {
    database.server().administer(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", database.name()));
    database.server().administer(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
        database.name()
    ));
}

/// A running service; it is killed with the value.
struct Service {
    process: Child,
    port: u16,
    /// What it printed before it listened.
    output: String,
}

impl Service {
    /// Starts it on a free port and waits until it listens.
    fn start(command: &mut Command) -> Service {
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|l| l.local_addr()).expect("a free port").port();
        let process = command.env("PORT", port.to_string()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut service = Service { process: process.expect("it starts"), port, output: String::new() };

        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(service.process.stdout.take().expect("a pipe"));
        // Goes on reading to the end: a service must not stop at a full pipe.
        thread::spawn(move || stdout.lines().map_while(Result::ok).for_each(|line| _ = sender.send(line)));
        let began = Instant::now();
        loop {
            let Ok(line) = lines.recv_timeout(PATIENCE.saturating_sub(began.elapsed())) else {
                _ = service.process.kill();
                let mut said = String::new();
                _ = service.process.stderr.take().expect("a pipe").read_to_string(&mut said);
                panic!("it does not listen\n{}{said}", service.output);
            };
            if line == format!("listening on port {port}") {
                return service;
            }
            service.output += &line;
            service.output.push('\n');
        }
    }

    fn agent() -> ureq::Agent {
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into()
    }

    /// The status and body of an answer; a body that is not JSON is a string.
    fn get(&self, path: &str) -> (u16, Value) {
        let answer = Self::agent().get(format!("http://127.0.0.1:{}{path}", self.port)).call();
        Self::read(answer.expect("it answers"))
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = Self::agent().post(format!("http://127.0.0.1:{}{path}", self.port));
        Self::read(request.header("content-type", "application/json").send(body.to_string()).expect("it answers"))
    }

    fn read(mut answer: ureq::http::Response<ureq::Body>) -> (u16, Value) {
        let body = answer.body_mut().read_to_string().expect("text");
        (answer.status().as_u16(), serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    /// The report of the run, which follows whatever was logged.
    fn said_that_it_applied_everything(&self) {
        let mut lines = self.output.lines().skip_while(|line| !line.starts_with("applied 9 migrations in "));
        assert!(lines.next().is_some(), "{}", self.output);
        let files: Vec<_> = lines.map_while(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
        assert_eq!(files, FILES, "{}", self.output);
    }

    fn said_that_nothing_is_pending(&self) {
        let said = |line: &str| line.starts_with("nothing is pending, 9 migrations are applied ");
        assert!(self.output.lines().any(said), "{}", self.output);
    }

    /// The health, once it is this: what was found a quarter of a second ago may still be told.
    fn health_that_is(&self, verdict: &str) -> (u16, Value) {
        let began = Instant::now();
        loop {
            let (status, health) = self.get("/health/database");
            if health["status"] == verdict {
                return (status, health);
            }
            assert!(began.elapsed() < PATIENCE, "{verdict}: {health}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Everything of it but what depends on the clock.
    fn is_healthy(&self) {
        let (status, health) = self.health_that_is("healthy");
        assert_eq!(status, 200, "{health}");
        assert_eq!((&health["database"]["connected"], &health["database"]["error"]), (&json!(true), &Value::Null));
        let migrations = json!({
            "applied": VERSIONS, "latest": "017", "count": 9, "expected": 9, "pending": [], "failed": [], "running": [],
            "stuck": [], "drifted": [], "warning": null,
        });
        assert_eq!(health["migrations"], migrations, "{health}");
        let mut tables = Vec::from_iter(health["schema"]["tables"].as_array().expect("an array"));
        tables.sort_by_key(|table| table["name"].to_string());
        let expected = [
            "children",
            "household_members",
            "households",
            "rewards",
            "schema_migrations",
            "task_assignments",
            "task_completions",
            "tasks",
            "users",
        ];
        assert_eq!(json!(tables), json!(expected.map(|name| json!({ "name": name, "exists": true }))));
        assert_eq!(health["schema"]["all_tables_exist"], true);
        assert_eq!(health["schema"]["missing_columns"], json!([]));
    }

    fn is_degraded_without(&self, table: &str) {
        let (status, health) = self.health_that_is("degraded");
        assert_eq!(status, 200, "{health}");
        assert_eq!(health["schema"]["all_tables_exist"], false);
        let missing = |t: &&Value| t["exists"] == false;
        let tables: Vec<_> = health["schema"]["tables"].as_array().expect("an array").iter().filter(missing).collect();
        assert_eq!(json!(tables), json!([{ "name": table, "exists": false }]));
        let warning = health["migrations"]["warning"].as_str().unwrap_or_default();
        assert!(warning.contains(table), "the warning names the table: {health}");
    }

    fn serves_a_household(&self) {
        let (status, made) = self.post("/households", &json!({ "name": "Elm Street 4" }));
        assert_eq!((status, &made["name"]), (201, &json!("Elm Street 4")), "{made}");
        assert_eq!(self.get("/households"), (200, json!([made])));
    }

    /// Asks it to end, as `docker stop` does, and answers how it ended.
    fn stop(mut self) -> ExitStatus {
        let asked = Command::new("kill").arg(self.process.id().to_string()).status();
        assert!(asked.expect("kill starts").success());
        self.process.wait().expect("it ends")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
