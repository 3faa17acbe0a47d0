//! The command line of a service's migrations, as an operator has it: a process, its exit code, and what it prints; on
//! a terminal too.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use glowplug_tests::process::until;
use glowplug_tests::{TestDatabase, postgres};
use serde_json::Value;
use tempfile::TempDir;

const SQLITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/sqlite");
const POSTGRES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/postgres");

/// Migrations, and a database for them.
struct Place {
    folder: String,
    url: String,
    _kept: Option<TempDir>,
}

impl Place {
    fn sqlite() -> Place {
        let kept = tempfile::tempdir().expect("a temporary folder");
        let url = kept.path().join("app.db").display().to_string();
        Place { folder: SQLITE.to_owned(), url, _kept: Some(kept) }
    }

    fn postgres(database: &TestDatabase) -> Place {
        Place { folder: POSTGRES.to_owned(), url: database.url().to_owned(), _kept: None }
    }

    /// With migrations of the test's own.
    fn of(url: &str, engine: &str, files: &[(&str, &str)]) -> Place {
        let kept = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| std::fs::write(kept.path().join(name), text).expect("written");
        write(
            "glowplug.toml",
            &format!("backend = \"{engine}\"\n[lints]\nsafety = \"allow\"\nidempotency = \"allow\"\n"),
        );
        for (name, text) in files {
            write(name, text);
        }
        Place { folder: kept.path().display().to_string(), url: url.to_owned(), _kept: Some(kept) }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_manage"));
        // An operator's settings are not the tests'.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("GLOWPLUG_") || name.ends_with("ENV")) {
                command.env_remove(name);
            }
        }
        command.env_remove("ENVIRONMENT").args(arguments);
        command.env("GLOWPLUG_TEST_FOLDER", &self.folder).env("DATABASE_URL", &self.url);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.command(arguments).stdin(Stdio::null()).output().expect("it starts"))
    }
}

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ended {
    fn of(output: &Output) -> Ended {
        Ended {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Self {
        assert!(self.out.contains(text) || self.err.contains(text), "{text}\nnot in\n{}{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// From nothing to all applied and back, as one would do it; the same on both engines.
fn from_nothing_to_all(place: &Place) {
    assert_eq!(place.run(&["status", "--json"]).expect(0).json()["pending"], 9);
    place.run(&["verify"]).expect(6).says("pending: 017_add_rewards_table.sql");
    place.run(&["plan", "--to", "1"]).expect(0).says("CREATE TABLE IF NOT EXISTS users").says("2 migrations to apply");
    place.run(&["run", "--to", "011"]).expect(0).says("applied 3 migrations").says("6 migrations are left");
    place.run(&["health"]).expect(6).says("Expected 9 migrations, only 3 applied");
    let report = place.run(&["run", "--json"]).expect(0).json();
    assert_eq!(report["applied"].as_array().map(Vec::len), Some(6), "{report}");
    place.run(&["run"]).expect(0).says("nothing is pending");
    place.run(&["verify"]).expect(0).says("9 applied, as compiled");
    assert_eq!(place.run(&["health", "--json"]).expect(0).json()["status"], "healthy");
    let history = place.run(&["history", "--json"]).expect(0).json();
    assert_eq!(history["attempts"].as_array().map(Vec::len), Some(9), "{history}");
    place.run(&["history", "11"]).expect(0).says("create_households_table");
    let shown = place.run(&["show", "16", "--json"]).expect(0).json();
    assert_eq!((&shown["idempotent"], &shown["migration"]["state"]), (&true.into(), &"completed".into()), "{shown}");
    place
        .run(&["show", "16"])
        .expect(0)
        .says("can be run twice: yes")
        .says("CREATE TABLE IF NOT EXISTS task_completions");
    place.run(&["repair"]).expect(0).says("nothing to repair");
    place.run(&["wait"]).expect(0).says("the database answers");
}

#[test]
fn from_nothing_to_all_on_sqlite() {
    from_nothing_to_all(&Place::sqlite());
}

#[test]
fn from_nothing_to_all_on_postgres() {
    from_nothing_to_all(&Place::postgres(&postgres()));
}

#[test]
fn what_was_migrated_otherwise_is_taken_over() {
    let place = Place::sqlite();
    place.run(&["baseline", "11"]).expect(2).says("--yes");
    assert_eq!(place.run(&["status", "--json"]).json()["applied"], 0, "nothing was done");
    place.run(&["baseline", "11", "--yes"]).expect(0).says("recorded 3 migrations as applied");
    assert_eq!(place.run(&["status", "--json"]).json()["applied"], 3);

    let database = postgres();
    let place = Place::postgres(&database);
    place.run(&["adopt", "--yes"]).expect(5).says("there is no table of one that is known");
    database.execute(
        "CREATE TABLE schema_migrations (version text PRIMARY KEY); INSERT INTO schema_migrations VALUES ('000'), ('001')",
    );
    place.run(&["adopt", "--yes"]).expect(0).says("as schema_migrations says");
    assert_eq!(place.run(&["status", "--json"]).json()["applied"], 2);
}

#[test]
fn what_can_be_taken_back_is() {
    let kept = Place::sqlite();
    let place = Place::of(
        &kept.url,
        "sqlite",
        &[
            ("1_a.up.sql", "CREATE TABLE IF NOT EXISTS a (id INTEGER PRIMARY KEY);\n"),
            ("1_a.down.sql", "DROP TABLE IF EXISTS a;\n"),
            ("2_b.up.sql", "CREATE TABLE IF NOT EXISTS b (id INTEGER PRIMARY KEY);\n"),
        ],
    );
    place.run(&["run", "--to", "1"]).expect(0);
    place.run(&["revert", "--to", "0"]).expect(2).says("DROP TABLE IF EXISTS a").says("no terminal");
    place.run(&["revert", "--to", "0", "--yes"]).expect(0).says("taken back: 1_a.up.sql");
    assert_eq!(place.run(&["status", "--json"]).json()["migrations"][0]["state"], "reverted");
    place.run(&["run"]).expect(0);
    place.run(&["revert", "--to", "0", "--yes"]).expect(5).says("2_b.up.sql cannot be taken back");
}

#[test]
fn production_is_not_emptied() {
    let database = postgres();
    let place = Place::postgres(&database);
    place.run(&["run"]).expect(0);
    let reset = ["reset", "--yes", "--database", database.name()];
    place.run(&reset).expect(5).says("built for release");
    let in_production =
        place.command(&reset).env("ENVIRONMENT", "production").env("GLOWPLUG_ALLOW_RESET", database.name()).output();
    Ended::of(&in_production.expect("it starts")).expect(5).says("production is not emptied");
    let other = place.command(&["reset", "--yes", "--database", "other"]).env("GLOWPLUG_ALLOW_RESET", "other").output();
    Ended::of(&other.expect("it starts")).expect(5).says("and `other` was to be emptied");
    database.execute("INSERT INTO users (email, display_name) VALUES ('ann@example.org', 'Ann')");
    let allowed = place.command(&reset).env("GLOWPLUG_ALLOW_RESET", database.name()).output();
    Ended::of(&allowed.expect("it starts")).expect(0).says("applied 9 migrations");
    assert_eq!(database.rows("SELECT count(*) FROM users"), ["0"]);
}

#[test]
fn each_way_to_fail_has_its_code() {
    let place = Place::sqlite();
    place.run(&["status", "--database-url", ""]).expect(2).says("which database?");
    place.run(&["juggle"]).expect(2).says("unrecognized subcommand");
    place.run(&["show", "99"]).expect(2).says("no migration 99");
    let error = place.run(&["show", "99", "--json"]).expect(2).json();
    assert_eq!((&error["error"]["code"], &error["exit_code"]), (&"no-such-version".into(), &2.into()));
    let nowhere = Place { url: "postgres://ann:s3cret@127.0.0.1:1/app".into(), ..Place::postgres(&postgres()) };
    for command in [&["run"][..], &["status"], &["health"], &["wait", "--up-to", "200ms"], &["run", "--wait", "200ms"]]
    {
        let ended = nowhere.run(command).expect(3).says("127.0.0.1");
        assert!(!ended.out.contains("s3cret") && !ended.err.contains("s3cret"), "{}{}", ended.out, ended.err);
    }
    let failing = Place::of(&place.url, "sqlite", &[("1_a.sql", "INSERT INTO users (id) VALUES (1);\n")]);
    std::fs::write(
        Path::new(&failing.folder).join("1_a.sql"),
        "CREATE TABLE IF NOT EXISTS a (id INTEGER PRIMARY KEY CHECK (id > 1));\nINSERT INTO a (id) VALUES (1);\n",
    )
    .expect("written");
    failing.run(&["run"]).expect(1).says("CHECK constraint failed").says("migrations/1_a.sql:2:1");
    let error = failing.run(&["run", "--json"]).expect(1).json();
    assert_eq!(error["error"]["code"], "statement-failed");
    // Edited behind the program's back.
    let place =
        Place::of(&place.url, "sqlite", &[("1_a.sql", "CREATE TABLE IF NOT EXISTS a (id INTEGER PRIMARY KEY);\n")]);
    place.run(&["run"]).expect(0);
    std::fs::write(Path::new(&place.folder).join("1_a.sql"), "CREATE TABLE IF NOT EXISTS a (id INTEGER);\n")
        .expect("written");
    place.run(&["run"]).expect(5).says("1_a.sql");
    place.run(&["verify"]).expect(6).says("edited since it was applied: 1_a.sql");
    place.run(&["repair", "--accept", "1", "--yes"]).expect(0).says("accepted");
    place.run(&["run"]).expect(0);
}

/// A migration that takes its time, on PostgreSQL.
fn slow(database: &TestDatabase) -> Place {
    Place::of(
        database.url(),
        "postgres",
        &[
            ("1_a.sql", "CREATE TABLE IF NOT EXISTS a (id bigint PRIMARY KEY);\n"),
            (
                "2_b.sql",
                "CREATE TABLE IF NOT EXISTS b (id bigint PRIMARY KEY);\nDO $$ BEGIN PERFORM pg_sleep(100); END $$;\n",
            ),
        ],
    )
}

fn sleeps(database: &TestDatabase) {
    until("the migration sleeps", Duration::from_secs(60), || {
        !database
            .rows("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
            .is_empty()
    });
}

#[test]
fn a_signal_ends_a_run_and_gives_the_lock_back() {
    let database = postgres();
    let place = slow(&database);
    // On a database with history each migration has a transaction of its own.
    place.run(&["run", "--to", "1"]).expect(0);
    let first = place.command(&["run"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    sleeps(&database);
    // Who comes second waits, and says for whom.
    let mut second = place.command(&["run"]);
    let second = Ended::of(&second.env("GLOWPLUG_LOCK_WAIT", "300ms").output().expect("it starts"));
    second.expect(4).says("another process");

    let since = Instant::now();
    // Twice, as `timeout` sends it: one request.
    for _ in 0..2 {
        assert!(Command::new("kill").args(["-TERM", &first.id().to_string()]).status().expect("kill").success());
    }
    let ended = Ended::of(&first.wait_with_output().expect("it ends"));
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    ended.expect(130).says("1_a.sql");
    assert_eq!(database.rows("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"), ["0"]);
    assert_eq!(place.run(&["status", "--json"]).json()["applied"], 1, "rolled back");
}

/// On a terminal.
fn on_terminal(place: &Place, arguments: &[&str]) -> rexpect::session::PtySession {
    let mut command = place.command(arguments);
    command.env("TERM", "xterm").env("GLOWPLUG_ALLOW_RESET", &place.url);
    rexpect::session::spawn_command(command, Some(60_000)).expect("a terminal")
}

fn code(mut session: rexpect::session::PtySession) -> String {
    let rest = session.exp_eof().unwrap_or_default();
    format!("{:?} {rest}", session.process_mut().wait())
}

#[test]
fn on_a_terminal_it_asks_and_names_what_is_lost() {
    let place = Place::sqlite();
    place.run(&["run"]).expect(0);

    let mut asked = on_terminal(&place, &["reset"]);
    asked.exp_string("app.db").expect("the database is named");
    asked.exp_string("users").expect("the tables are named");
    asked.exp_string("to go on").expect("asked");
    asked.send_line("something else").expect("typed");
    let ended = code(asked);
    assert!(ended.contains("Exited(") && ended.contains(", 7)"), "{ended}");
    place.run(&["verify"]).expect(0);

    let mut interrupted = on_terminal(&place, &["reset"]);
    interrupted.exp_string("to go on").expect("asked");
    interrupted.send_control('c').expect("typed");
    let ended = code(interrupted);
    assert!(!ended.contains(", 0)"), "{ended}");
    place.run(&["verify"]).expect(0);

    let mut meant = on_terminal(&place, &["reset"]);
    meant.exp_string("to go on").expect("asked");
    meant.send_line(&place.url).expect("typed");
    meant.exp_string("applied 9 migrations").expect("done");
    let ended = code(meant);
    assert!(ended.contains(", 0)"), "{ended}");
}

#[test]
fn on_a_terminal_a_run_shows_where_it_is_and_who_is_in_the_way() {
    let database = postgres();
    let place = Place::of(
        database.url(),
        "postgres",
        &[
            ("1_a.sql", "CREATE TABLE IF NOT EXISTS a (id bigint PRIMARY KEY);\n"),
            ("2_b.sql", "ALTER TABLE a ADD COLUMN IF NOT EXISTS b text;\n"),
        ],
    );
    place.run(&["run", "--to", "1"]).expect(0);
    let mut reader = database.client();
    reader.batch_execute("BEGIN; SET application_name = 'the report'; SELECT * FROM a").expect("read");
    let mut run = on_terminal(&place, &["run"]);
    run.exp_string("2_b.sql").expect("the one that runs");
    run.exp_string("the report").expect("who is in the way");
    reader.batch_execute("ROLLBACK").expect("done");
    run.exp_string("applied 1 migration").expect("the report");
    let ended = code(run);
    assert!(ended.contains(", 0)"), "{ended}");
}

#[test]
fn completions_and_a_manual_page_are_of_this_program() {
    let place = Place::sqlite();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        place.run(&["completions", shell]).expect(0).says("baseline");
    }
    let bash = place.run(&["completions", "bash"]).expect(0);
    let checked = Command::new("bash").args(["-n", "-c", &bash.out]).status().expect("bash");
    assert!(checked.success(), "bash reads its completions");
    place.run(&["man"]).expect(0).says(".TH manage 1").says("revert");
}
