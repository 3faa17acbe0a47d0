//! The harness itself: what it starts it also ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use glowplug_tests::PostgresServer;
use glowplug_tests::postgres::BIN_VARIABLE;

fn with_servers() -> Command {
    Command::new(env!("CARGO_BIN_EXE_with-servers"))
}

#[test]
fn a_database_is_of_its_own_and_goes_with_its_value() {
    let (one, two) = (glowplug_tests::postgres(), glowplug_tests::postgres());
    one.execute("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (NULL)");
    assert_eq!(one.rows("SELECT n, n IS NULL FROM t ORDER BY n"), ["1|f", "|t"]);
    let refusal = two.try_execute("SELECT * FROM t").expect_err("the other database has no such table");
    assert_eq!(refusal.to_string(), r#"42P01: relation "t" does not exist"#);

    let open = one.client();
    let listed = format!("SELECT count(*) FROM pg_database WHERE datname = '{}'", one.name());
    assert_eq!(two.rows(&listed), ["1"]);
    drop(one);
    assert_eq!(two.rows(&listed), ["0"], "an open connection does not keep it");
    drop(open);
}

#[test]
fn the_exit_code_of_the_command_is_the_answer() {
    let ended = with_servers().args(["sh", "-c", "exit 7"]).status().expect("with-servers starts");
    assert_eq!(ended.code(), Some(7));
}

#[test]
fn a_missing_server_is_said_with_what_to_do() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let out = with_servers().arg("true").env(BIN_VARIABLE, empty.path()).output().expect("with-servers starts");
    assert_eq!(out.status.code(), Some(1));
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(said, format!("{BIN_VARIABLE}: no initdb and postgres in {}\n", empty.path().display()));
}

#[test]
fn a_killed_owner_leaves_no_server_and_no_folder() {
    let folder = tempfile::Builder::new().prefix("harness-").tempdir().expect("a temporary folder");
    // The server may run as another user, who has to reach and to write the folder.
    open_to_everybody(folder.path());
    let mut owner = with_servers()
        .args(["sh", "-c", r#"echo "$GLOWPLUG_TEST_POSTGRES_URL"; exec cat"#])
        .env("TMPDIR", folder.path())
        // Ends the command, which outlives its killed owner.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("with-servers starts");
    let mut output = BufReader::new(owner.stdout.take().expect("it is a pipe"));
    let mut url = String::new();
    output.read_line(&mut url).expect("the command prints the URL");
    let url = url.trim();
    PostgresServer::at(url).expect("the server answers");
    let wrong = url.replace(":glowplug@", ":guessed@");
    let refused = PostgresServer::at(&wrong).expect_err("the password is asked for");
    assert!(refused.contains("password authentication failed"), "{refused}");

    owner.kill().expect("SIGKILL");
    owner.wait().expect("it ends");
    let began = Instant::now();
    while PostgresServer::at(url).is_ok() || folder.path().read_dir().expect("it is there").next().is_some() {
        assert!(began.elapsed() < Duration::from_secs(30), "the server or its folder is still there");
        thread::sleep(Duration::from_millis(20));
    }
}

fn open_to_everybody(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).expect("it is ours");
}
