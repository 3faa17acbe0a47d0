//! The routes of the feature `axum`, on SQLite and PostgreSQL: what they answer, how fast, and what they never do.

mod runner;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::{Connection as _, PgConnection, SqliteConnection};
use glowplug::axum::{admin, at_url, bearer, router};
use glowplug::{Engine, Migrations, Runner};
use glowplug_tests::TestDatabase;
use glowplug_tests::browser::{Browser, View};
use glowplug_tests::folder::compiled;
use glowplug_tests::process::{long, until};
use glowplug_tests::web::{Answer, Server, Silent};
use runner::statics::{self, File, file};
use serde_json::{Value, json};

const GETS: [&str; 8] = [
    "/health",
    "/health/live",
    "/health/ready",
    "/health/database",
    "/database/migrations",
    "/database/migrations/status",
    "/database/migrations/health",
    "/database/migrations/openapi.json",
];

/// Those that ask the database.
const ASKING: [&str; 5] = [
    "/health/ready",
    "/health/database",
    "/database/migrations",
    "/database/migrations/status",
    "/database/migrations/health",
];

const RUN: &str = "/database/migrations/run";
const RESET: &str = "/database/migrations/reset";
const TOKEN: &str = "open sesame";
const ALLOWED: (&str, &str) = ("Authorization", "Bearer open sesame");
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// What a machine that does nothing else answers within a second.
fn second() -> Duration {
    if long() { Duration::from_secs(1) } else { Duration::from_secs(10) }
}

/// A database of either kind.
enum Database {
    Postgres(TestDatabase),
    Sqlite { folder: tempfile::TempDir, name: &'static str },
}

impl Database {
    fn both() -> [Database; 2] {
        [Database::Postgres(glowplug_tests::postgres()), Database::sqlite("app.db")]
    }

    fn sqlite(name: &'static str) -> Database {
        Database::Sqlite { folder: tempfile::tempdir().expect("a temporary folder"), name }
    }

    fn url(&self) -> String {
        match self {
            Database::Postgres(database) => database.url().to_owned(),
            Database::Sqlite { folder, name } => folder.path().join(name).to_str().expect("a name of ours").to_owned(),
        }
    }

    fn engine(&self) -> Engine {
        match self {
            Database::Postgres(_) => Engine::Postgres,
            Database::Sqlite { .. } => Engine::Sqlite,
        }
    }

    fn list(&self, files: &[File]) -> &'static Migrations {
        statics::migrations(self.engine(), files)
    }

    fn routes(&self, runner: Runner) -> axum::Router {
        match self {
            Database::Postgres(_) => router(runner, at_url::<PgConnection>(self.url())),
            Database::Sqlite { .. } => router(runner, at_url::<SqliteConnection>(self.url())),
        }
    }

    fn admin(&self, runner: Runner) -> axum::Router {
        match self {
            Database::Postgres(_) => admin(runner, at_url::<PgConnection>(self.url()), bearer(TOKEN)),
            Database::Sqlite { .. } => admin(runner, at_url::<SqliteConnection>(self.url()), bearer(TOKEN)),
        }
    }

    /// All of it.
    fn serve(&self, list: &'static Migrations) -> Server {
        Server::start(self.routes(Runner::new(list)).merge(self.admin(Runner::new(list))))
    }

    fn run(&self, runner: &Runner) -> Result<glowplug::Report, glowplug::Error> {
        match self {
            Database::Postgres(database) => runner.run_pending(&mut database.connect()),
            Database::Sqlite { .. } => runner.run_pending(&mut self.open()),
        }
    }

    fn open(&self) -> SqliteConnection {
        SqliteConnection::establish(&self.url()).expect("a file of ours")
    }

    fn execute(&self, sql: &str) {
        match self {
            Database::Postgres(database) => database.execute(sql),
            Database::Sqlite { .. } => self.open().batch_execute(sql).expect(sql),
        }
    }
}

/// So many small files.
fn files(count: usize) -> Vec<File> {
    let names: [&'static str; 8] =
        ["001_a.sql", "002_b.sql", "003_c.sql", "004_d.sql", "005_e.sql", "006_f.sql", "007_g.sql", "008_h.sql"];
    (0..count).map(|n| file(names[n], &format!("CREATE TABLE t{} (id integer PRIMARY KEY);\n", n + 1))).collect()
}

/// Waits until an answer is as it should be: what was true a quarter of a second ago may still be told.
#[track_caller]
fn soon(server: &Server, path: &str, so: impl Fn(&Answer) -> bool) -> Answer {
    let since = Instant::now();
    loop {
        let answer = server.get(path);
        if so(&answer) {
            return answer;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{path}: {answer:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn health_before_between_and_behind() {
    for database in Database::both() {
        let list = statics::with_tables(database.engine(), &files(8), &[("t1", &["id"]), ("t8", &["id"])]);
        database.run(&Runner::new(list).target("002")).expect("it runs");
        let server = database.serve(list);

        let answer = server.get("/health/database");
        let health = answer.json();
        assert_eq!((answer.status, &health["status"]), (200, &json!("degraded")), "{health}");
        assert_eq!(health["migrations"]["warning"], "Expected 8 migrations, only 2 applied");
        assert_eq!(health["migrations"]["applied"], json!(["001", "002"]));
        assert_eq!(health["migrations"]["pending"].as_array().map(Vec::len), Some(6));
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        let ready = server.get("/health/ready");
        assert_eq!((ready.status, &ready.json()["ready"]), (503, &json!(false)));
        assert_eq!(ready.json()["reason"], "Expected 8 migrations, only 2 applied");
        let live = server.get("/health/live");
        assert_eq!((live.status, &live.json()["status"]), (200, &json!("healthy")));

        database.run(&Runner::new(list)).expect("it runs");
        let health = soon(&server, "/health/database", |answer| answer.json()["status"] == "healthy");
        assert_eq!(health.status, 200);
        assert_eq!(health.json()["migrations"]["warning"], Value::Null);
        let ready = server.get("/health/ready");
        assert_eq!((ready.status, &ready.json()["ready"], &ready.json()["reason"]), (200, &json!(true), &Value::Null));

        // A table less is no reason to take the service out of rotation.
        database.execute("DROP TABLE t8");
        let health = soon(&server, "/health/database", |answer| answer.json()["status"] == "degraded");
        assert_eq!((health.status, &health.json()["migrations"]["warning"]), (200, &json!("missing table: t8")));
        assert_eq!(server.get("/health/ready").status, 200);
    }
}

#[test]
fn the_state_of_each_migration() {
    for database in Database::both() {
        let mut four = files(4);
        four[2] = file("003_c.sql", "CREATE TABLE t3 (id integer PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);\n");
        let list = database.list(&four);
        let error = database.run(&Runner::new(list)).expect_err("the third fails");
        assert_eq!(error.code(), "statement-failed");
        let server = database.serve(list);
        let status = server.get("/database/migrations/status").json();
        let states: Vec<&Value> = list_of(&status["migrations"]).iter().map(|migration| &migration["status"]).collect();
        assert_eq!(json!(states), json!(["completed", "completed", "failed", "pending"]), "{status}");
        assert_eq!(
            status["totals"],
            json!({ "total": 4, "completed": 2, "failed": 1, "running": 0, "pending": 1, "stuck": 0 })
        );
        let [first, _, third, fourth] = list_of(&status["migrations"]) else { panic!("{status}") };
        assert!(first["completed_at"].is_string() && first["duration_ms"].is_number(), "{first}");
        assert_eq!(first["error_message"], Value::Null);
        assert!(third["error_message"].as_str().is_some_and(|said| said.contains("nowhere")), "{third}");
        assert!(third["started_at"].is_string() && third["completed_at"].is_null(), "{third}");
        assert_eq!(fourth["started_at"], Value::Null);
        assert_eq!(status["issues"], json!(["Expected 4 migrations, only 2 applied", "failed: 003"]));
        let health = server.get("/database/migrations/health").json();
        assert_eq!((&health["status"], &health["issues"]), (&json!("degraded"), &status["issues"]));
        assert_eq!(health["totals"], status["totals"]);

        // A process that was killed leaves this; and somebody edited a file, and another program knows more.
        database.execute(
            "UPDATE __glowplug_history SET status = 'running', error = NULL, finished_at = NULL WHERE version = '003';\
             UPDATE __glowplug_history SET checksum = 'v1:0', raw_checksum = '0' WHERE version = '001';\
             INSERT INTO __diesel_schema_migrations (version) VALUES ('900')",
        );
        let status =
            soon(&server, "/database/migrations/status", |answer| answer.json()["totals"]["stuck"] == 1).json();
        assert_eq!((&status["totals"]["running"], &status["totals"]["failed"]), (&json!(1), &json!(0)));
        let [first, _, third, _] = list_of(&status["migrations"]) else { panic!("{status}") };
        assert_eq!(
            (&first["edited"], &third["status"], &third["stuck"]),
            (&json!(true), &json!("running"), &json!(true))
        );
        assert_eq!(
            status["issues"],
            json!([
                "Expected 4 migrations, only 2 applied",
                "begun and left by a process that is gone: 003",
                "edited after they were applied: 001",
                "unknown to this program: 900",
            ])
        );
        assert_eq!(status["unknown"], json!(["900"]));
        let page = server.get("/database/migrations").body;
        assert!(page.contains("class=\"stuck\"") && page.contains("unknown to this program: 900"), "{page}");
    }
}

fn list_of(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn nothing_is_written_on_a_get() {
    for database in Database::both() {
        let server = database.serve(database.list(&files(2)));
        if let Database::Sqlite { .. } = database {
            for path in ASKING {
                assert_eq!(server.get(path).status, 503, "{path}: there is no file");
            }
            assert!(!Path::new(&database.url()).exists(), "and none is made");
            drop(database.open());
            soon(&server, "/health/database", |answer| answer.status == 200);
        }
        for path in GETS {
            let answer = server.get(path);
            assert_eq!(answer.status, if path == "/health/ready" { 503 } else { 200 }, "{path}: {answer:?}");
        }
        match &database {
            Database::Postgres(database) => {
                let relations = database.rows(
                    "SELECT relname FROM pg_class WHERE relnamespace NOT IN \
                       ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace)",
                );
                assert_eq!(relations, [""; 0]);
            }
            Database::Sqlite { folder, .. } => {
                assert_eq!(
                    std::fs::metadata(database.url()).expect("it is there").len(),
                    0,
                    "SQLite has written nothing"
                );
                assert_eq!(folder.path().read_dir().expect("a folder").count(), 1);
            }
        }
    }
}

#[test]
fn a_database_that_is_gone() {
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|l| l.local_addr()).expect("a free port");
    let url = format!("postgres://ann:s3cret@{nobody}/app");
    let list = statics::migrations(Engine::Postgres, &files(2));
    let server = Server::start(router(Runner::new(list), at_url::<PgConnection>(url)));
    silent(&server, "cannot connect to postgres://ann:***@127.0.0.1");
    assert!(server.get("/health/database").body.contains("is the server started"));
}

/// Every route that asks the database says within a second that it does not answer, and why.
#[track_caller]
fn silent(server: &Server, reason: &str) {
    for path in ASKING {
        let since = Instant::now();
        let answer = server.get(path);
        assert!(since.elapsed() < second(), "{path} took {:?}", since.elapsed());
        assert_eq!(answer.status, 503, "{path}: {answer:?}");
        assert!(answer.body.contains(reason), "{path}: {answer:?}");
        assert!(!answer.body.contains("s3cret"), "{path}: {answer:?}");
    }
    assert_eq!(server.get("/health").status, 200, "the process itself is well");
    assert_eq!(server.get("/health/live").status, 200);
    let health = server.get("/health/database").json();
    assert_eq!((&health["status"], &health["database"]["connected"]), (&json!("unhealthy"), &json!(false)));
    let summary = server.get("/database/migrations/health").json();
    assert_eq!((&summary["status"], &summary["totals"]), (&json!("unhealthy"), &Value::Null));
    assert!(summary["issues"][0].as_str().is_some_and(|issue| issue.contains(reason)), "{summary}");
    assert_eq!(server.get("/database/migrations/status").json()["migrations"], json!([]));
}

#[test]
fn a_database_that_hangs_and_comes_back() {
    let database = glowplug_tests::postgres();
    let list = statics::migrations(Engine::Postgres, &files(2));
    Runner::new(list).run_pending(&mut database.connect()).expect("it runs");
    let hanging = Silent::start();
    let (user, address) = database.url().rsplit_once('@').expect("a URL with a user");
    let (address, name) = address.split_once('/').expect("a URL with a database");
    let url = format!("{user}@127.0.0.1:{}/{name}?password=s3cret", hanging.port());
    let server = Server::start(router(Runner::new(list), at_url::<PgConnection>(url)));

    let since = Instant::now();
    thread::scope(|scope| {
        for path in ASKING.iter().cycle().take(50) {
            let server = &server;
            scope.spawn(move || {
                let answer = server.get(path);
                assert_eq!(answer.status, 503, "{path}: {answer:?}");
            });
        }
    });
    assert!(since.elapsed() < second(), "50 at once took {:?}", since.elapsed());
    assert!(hanging.accepted() <= 1 + since.elapsed().as_secs() as usize, "{} connections", hanging.accepted());
    silent(&server, "not");
    assert!(hanging.accepted() <= 2 + since.elapsed().as_secs() as usize, "{} connections", hanging.accepted());

    // It gives the dead connection up by itself, and asks again. The password is wrong, which is an answer too.
    hanging.let_through_to(address);
    let health = soon(&server, "/health/database", |answer| answer.body.contains("password authentication failed"));
    assert_eq!(health.status, 503);
    assert!(!health.body.contains("s3cret"), "{health:?}");
}

#[test]
fn a_look_that_never_ends_keeps_nothing_else() {
    static LOOKS: AtomicUsize = AtomicUsize::new(0);
    let connect = || -> Result<SqliteConnection, glowplug::Error> {
        LOOKS.fetch_add(1, Ordering::SeqCst);
        loop {
            thread::park();
        }
    };
    let server = Server::start(router(Runner::new(statics::migrations(Engine::Sqlite, &files(1))), connect));
    silent(&server, "the database has not answered for");
    assert_eq!(LOOKS.load(Ordering::SeqCst), 1);
    let since = Instant::now();
    if long() {
        // Another try each five seconds, and no more than four threads.
        while since.elapsed() < Duration::from_secs(30) {
            assert_eq!(server.get("/health/database").status, 503);
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(LOOKS.load(Ordering::SeqCst), 4);
    }
    let since = Instant::now();
    server.stop();
    assert!(since.elapsed() < Duration::from_secs(10), "the service ends all the same");
}

#[test]
fn a_connection_that_panics_is_an_answer() {
    // Without the hook, whose backtrace takes longer than anybody waits.
    let panics = || -> Result<SqliteConnection, glowplug::Error> { std::panic::resume_unwind(Box::new("s3cret")) };
    let server = Server::start(router(Runner::new(statics::migrations(Engine::Sqlite, &files(1))), panics));
    silent(&server, "panic");
}

#[test]
fn whatever_error_a_closure_has_and_no_password() {
    let fails = || Err::<SqliteConnection, _>("no route to postgres://ann:s3cret@db/app".to_owned());
    let server = Server::start(router(Runner::new(statics::migrations(Engine::Sqlite, &files(1))), fails));
    silent(&server, "no route to postgres://ann:***@db/app");
}

#[test]
fn a_pool_is_a_closure() {
    let database = glowplug_tests::postgres();
    let list = statics::migrations(Engine::Postgres, &files(2));
    let pool =
        Pool::builder().max_size(2).build(ConnectionManager::<PgConnection>::new(database.url())).expect("a pool");
    let (looks, runs) = (pool.clone(), pool.clone());
    let routes = router(Runner::new(list), move || looks.get());
    let allowed = async |request: axum::http::request::Parts| request.headers.contains_key("x-allowed");
    let server = Server::start(routes.merge(admin(Runner::new(list), move || runs.get(), allowed)));
    assert_eq!(server.get("/health/ready").status, 503);
    assert_eq!(server.send("POST", RUN, &[], "").status, 401);
    assert_eq!(server.send("POST", RUN, &[("X-Allowed", "")], "").status, 200);
    soon(&server, "/health/ready", |answer| answer.status == 200);
    until("every connection is given back", Duration::from_secs(10), || pool.state().idle_connections == 2);
}

#[test]
fn a_connection_of_diesel_async_is_one_too() {
    use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
    use diesel_async::{AsyncConnection as _, AsyncPgConnection};
    let database = glowplug_tests::postgres();
    let list = statics::migrations(Engine::Postgres, &files(2));
    let connect = |url: &str| {
        let url = url.to_owned();
        move || {
            let connection = tokio::runtime::Handle::current().block_on(AsyncPgConnection::establish(&url));
            connection.map(AsyncConnectionWrapper::<AsyncPgConnection>::from)
        }
    };
    let routes = router(Runner::new(list), connect(database.url()));
    let server = Server::start(routes.merge(admin(Runner::new(list), connect(database.url()), bearer(TOKEN))));
    assert_eq!(server.get("/health/ready").status, 503);
    let report = server.send("POST", RUN, &[ALLOWED], "");
    assert_eq!(report.status, 200, "{report:?}");
    soon(&server, "/health/ready", |answer| answer.status == 200);
    let hanging = Silent::start();
    let url = format!("postgres://ann:s3cret@127.0.0.1:{}/app", hanging.port());
    silent(&Server::start(router(Runner::new(list), connect(&url))), "the database has not answered for");
}

#[test]
fn many_who_ask_are_one_who_looks() {
    static LOOKS: AtomicUsize = AtomicUsize::new(0);
    let database = Database::sqlite("app.db");
    let list = database.list(&files(2));
    database.run(&Runner::new(list)).expect("it runs");
    let url = database.url();
    let connect = move || {
        LOOKS.fetch_add(1, Ordering::SeqCst);
        glowplug::establish::<SqliteConnection>(&url)
    };
    let server = Server::start(router(Runner::new(list), connect));
    let since = Instant::now();
    let answers = AtomicUsize::new(0);
    thread::scope(|scope| {
        for path in ASKING.iter().cycle().take(8) {
            let (server, answers) = (&server, &answers);
            scope.spawn(move || {
                while since.elapsed() < Duration::from_secs(1) {
                    assert_eq!(server.get(path).status, 200, "{path}");
                    answers.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    let (looks, answers) = (LOOKS.load(Ordering::SeqCst), answers.load(Ordering::SeqCst));
    assert!(looks as u128 <= 1 + since.elapsed().as_millis() / 250, "{looks} looks in {:?}", since.elapsed());
    assert!(answers >= looks, "{answers} answers");
}

#[test]
fn heads_and_wrong_methods() {
    let database = Database::sqlite("app.db");
    let list = database.list(&files(1));
    database.run(&Runner::new(list)).expect("it runs");
    let readers = Server::start(database.routes(Runner::new(list)));
    let server = database.serve(list);
    for path in GETS {
        let (head, get) = (server.send("HEAD", path, &[], ""), server.get(path));
        assert_eq!((head.status, head.body.as_str()), (200, ""), "HEAD {path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "HEAD {path}");
        assert_ne!(head.header("content-length"), "", "HEAD {path}");
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
            let answer = server.send(method, path, &[ALLOWED], "");
            assert_eq!((answer.status, answer.header("allow")), (405, "GET,HEAD"), "{method} {path}");
        }
    }
    for path in [RUN, RESET] {
        for method in ["GET", "HEAD", "PUT", "DELETE"] {
            let answer = server.send(method, path, &[ALLOWED], "");
            assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{method} {path}");
        }
        assert_eq!(
            readers.send("POST", path, &[ALLOWED], "").status,
            404,
            "without the admin router there is no {path}"
        );
    }
    assert_eq!(server.get("/database").status, 404);
}

#[test]
fn a_run_asks_who_you_are() {
    for database in Database::both() {
        let list = database.list(&files(3));
        if let Database::Sqlite { .. } = database {
            drop(database.open());
        }
        let server = database.serve(list);
        for path in [RUN, RESET] {
            for headers in [
                &[][..],
                &[("Authorization", "Bearer open")],
                &[("Authorization", "Bearer open sesame!")],
                &[("Authorization", "Basic b3BlbiBzZXNhbWU=")],
            ] {
                let answer = server.send("POST", path, headers, "");
                assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"), "{path} {headers:?}");
                assert_eq!(answer.json()["code"], "unauthorized");
            }
        }
        assert_eq!(server.get("/health/ready").status, 503, "nothing ran");

        let answer = server.send("POST", RUN, &[ALLOWED], "");
        let report = answer.json();
        assert_eq!(answer.status, 200, "{report}");
        assert_eq!((list_of(&report["applied"]).len(), &report["already_applied"]), (3, &json!(0)), "{report}");
        let again = server.send("POST", RUN, &[ALLOWED, JSON], "{}");
        assert_eq!((again.status, &again.json()["already_applied"]), (200, &json!(3)));
        soon(&server, "/health/ready", |answer| answer.status == 200);
    }
}

#[test]
fn a_run_that_fails_says_how() {
    for database in Database::both() {
        if let Database::Sqlite { .. } = database {
            drop(database.open());
        }
        let server =
            database.serve(database.list(&[file("001_a.sql", "CREATE TABLE t (id integer);\nSELECT nothing;\n")]));
        let answer = server.send("POST", RUN, &[ALLOWED], "");
        assert_eq!((answer.status, &answer.json()["code"]), (500, &json!("statement-failed")));
        let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(error.contains("migrations/001_a.sql:2:8") && error.contains("rolled back"), "{error}");
    }
    let server = Database::sqlite("absent/app.db");
    let server = server.serve(server.list(&files(1)));
    let answer = server.send("POST", RUN, &[ALLOWED], "");
    assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("connection-failed")), "{answer:?}");
}

#[test]
fn a_body_of_a_hundred_megabytes_is_not_read() {
    const WHOLE: usize = 100 * 1024 * 1024;
    let database = Database::sqlite("app.db");
    drop(database.open());
    let server = database.serve(database.list(&files(1)));
    let head =
        format!("POST {RUN} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}: {}\r\n", ALLOWED.0, ALLOWED.1);
    let piece = vec![b'x'; 64 * 1024];
    let (sent, answer) = server.flood(&format!("{head}Content-Length: {WHOLE}\r\n\r\n"), &piece, WHOLE);
    assert_eq!((answer.status, &answer.json()["code"]), (413, &json!("body-too-long")));
    assert!(sent < WHOLE / 2, "{sent} bytes went out");

    // One that does not say how long it is.
    let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat();
    let (sent, answer) = server.flood(&format!("{head}Transfer-Encoding: chunked\r\n\r\n"), &chunk, WHOLE);
    assert_eq!(answer.status, 413);
    assert!(sent < WHOLE / 2, "{sent} bytes went out");

    // Who may not send it has nothing of it read at all.
    let head =
        format!("POST {RUN} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {WHOLE}\r\n\r\n");
    let (sent, answer) = server.flood(&head, &piece, WHOLE);
    assert_eq!(answer.status, 401);
    assert!(sent < WHOLE / 2, "{sent} bytes went out");
    assert_eq!(server.get("/health/ready").status, 503, "nothing ran");
}

#[test]
fn a_run_beside_a_run_names_who_is_at_it() {
    let database = glowplug_tests::postgres();
    let slow = file("002_slow.sql", "SELECT pg_sleep(120);\n");
    let list = statics::migrations(Engine::Postgres, &[files(1).remove(0), slow]);
    let server = Server::start(router(Runner::new(list), at_url::<PgConnection>(database.url())).merge(admin(
        Runner::new(list),
        at_url::<PgConnection>(database.url()),
        bearer(TOKEN),
    )));
    let sleeps = || {
        let query = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
        database.rows(query).pop()
    };
    let end = || {
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE wait_event = 'PgSleep' AND datname = current_database()",
        );
    };

    // Another process: it has the lock.
    thread::scope(|scope| {
        scope.spawn(|| Runner::new(list).run_pending(&mut database.connect()).expect_err("it is ended"));
        until("it runs", Duration::from_secs(60), || sleeps().is_some());
        let pid = sleeps().expect("it runs");
        let answer = server.send("POST", RUN, &[ALLOWED], "");
        let problem = answer.json();
        assert_eq!((answer.status, &problem["code"]), (409, &json!("lock-wait")), "{problem}");
        assert!(
            problem["holder"].as_str().is_some_and(|holder| holder.starts_with(&format!("process {pid}"))),
            "{problem}"
        );
        assert_eq!(server.get("/health/ready").status, 503);
        end();
    });

    // This one.
    thread::scope(|scope| {
        let first = scope.spawn(|| server.send("POST", RUN, &[ALLOWED], ""));
        until("it runs", Duration::from_secs(60), || sleeps().is_some());
        let body = json!({ "database": database.name() }).to_string();
        for (path, body) in [(RUN, ""), (RESET, body.as_str())] {
            let answer = server.send("POST", path, &[ALLOWED, JSON], body);
            let problem = answer.json();
            assert_eq!((answer.status, &problem["code"]), (409, &json!("lock-wait")), "{problem}");
            let holder = problem["holder"].as_str().unwrap_or_default();
            assert!(
                holder.starts_with("this process (") && holder.contains(&std::process::id().to_string()),
                "{problem}"
            );
        }
        end();
        let first = first.join().expect("an answer");
        assert!(matches!(first.status, 500 | 503), "{first:?}");
    });

    // Who writes lets others read, until it commits.
    let database = Database::sqlite("app.db");
    let list = database.list(&files(1));
    let list = Box::leak(Box::new(Migrations { folder: Some("/no/such/folder"), ..*list }));
    let server = database.serve(list);
    let body = json!({ "database": database.url() }).to_string();
    let mut writer = database.open();
    for lock in ["IMMEDIATE", "EXCLUSIVE"] {
        writer.batch_execute(&format!("BEGIN {lock}")).expect("nobody else is there");
        for (path, body) in [(RUN, ""), (RESET, body.as_str())] {
            let answer = server.send("POST", path, &[ALLOWED, JSON], body);
            assert_eq!(
                (answer.status, &answer.json()["code"]),
                (409, &json!("lock-wait")),
                "{lock} {path}: {answer:?}"
            );
        }
        writer.batch_execute("ROLLBACK").expect("it is open");
        assert_eq!(server.send("POST", RUN, &[ALLOWED], "").status, 200);
        assert_eq!(server.send("POST", RESET, &[ALLOWED, JSON], &body).status, 200);
    }
}

#[test]
fn a_reset_is_for_development() {
    let development = |list: &'static Migrations| -> &'static Migrations {
        Box::leak(Box::new(Migrations { folder: Some("/no/such/folder"), ..*list }))
    };
    for database in [Database::Postgres(glowplug_tests::postgres()), Database::sqlite("app.db")] {
        let list = database.list(&files(2));
        database.run(&Runner::new(list)).expect("it runs");
        let name = match &database {
            Database::Postgres(database) => database.name().to_owned(),
            Database::Sqlite { .. } => database.url(),
        };
        let body = json!({ "database": name }).to_string();
        database.execute("INSERT INTO t1 VALUES (1)");
        let rows = |database: &Database| -> Result<(), glowplug::Error> {
            // A second row of the same key fails where the first is still there.
            match database {
                Database::Postgres(database) => assert_eq!(database.rows("SELECT count(*) FROM t1"), ["1"]),
                Database::Sqlite { .. } => {
                    assert!(database.open().batch_execute("INSERT INTO t1 VALUES (1)").is_err());
                }
            }
            Ok(())
        };

        let release = database.serve(list);
        let refused = release.send("POST", RESET, &[ALLOWED, JSON], &body);
        assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("reset-refused")));
        assert!(refused.body.contains("built for release"), "{refused:?}");

        let server = database.serve(development(list));
        let wrong = [
            (415, "not-json", vec![ALLOWED], body.as_str()),
            (415, "not-json", vec![ALLOWED, ("Content-Type", "text/plain")], body.as_str()),
            (400, "no-database-named", vec![ALLOWED, JSON], ""),
            (400, "no-database-named", vec![ALLOWED, JSON], "{\"database\": 1}"),
            (400, "no-database-named", vec![ALLOWED, JSON], "[]"),
            (403, "reset-refused", vec![ALLOWED, JSON], "{\"database\": \"another\"}"),
        ];
        for (status, code, headers, body) in wrong {
            let answer = server.send("POST", RESET, &headers, body);
            assert_eq!((answer.status, &answer.json()["code"]), (status, &json!(code)), "{body}: {answer:?}");
        }
        rows(&database).expect("nothing was emptied");

        let done = server.send("POST", RESET, &[ALLOWED, JSON], &body);
        assert_eq!((done.status, list_of(&done.json()["applied"]).len()), (200, 2), "{done:?}");
        database.execute("INSERT INTO t1 VALUES (1)");
    }

    let production = Database::sqlite("app_prod.db");
    let list = production.list(&files(1));
    production.run(&Runner::new(list)).expect("it runs");
    let body = json!({ "database": production.url() }).to_string();
    let refused = production.serve(development(list)).send("POST", RESET, &[ALLOWED, JSON], &body);
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("is for production"), "{refused:?}");
}

#[test]
#[should_panic(expected = "these migrations were checked for SQLite, and this connection is to PostgreSQL")]
fn another_engine_shows_when_the_service_starts() {
    let list = statics::migrations(Engine::Sqlite, &files(1));
    let _ = router(Runner::new(list), at_url::<PgConnection>("postgres://localhost/app"));
}

// --- the OpenAPI document -------------------------------------------------------------------------------------------

static OPENAPI: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../runtime/src/axum/openapi.json")).expect("JSON"));

#[test]
fn the_document_lists_every_route() {
    let source =
        [include_str!("../../runtime/src/axum/mod.rs"), include_str!("../../runtime/src/axum/admin.rs")].concat();
    let mut routes: Vec<&str> = source.split(".route(").skip(1).filter_map(|rest| rest.split('"').nth(1)).collect();
    // One of them stands in an example.
    routes.retain(|route| *route != "/households");
    routes.sort_unstable();
    let paths: Vec<&str> = OPENAPI["paths"].as_object().expect("paths").keys().map(String::as_str).collect();
    assert_eq!(routes, paths);
    assert_eq!(OPENAPI["info"]["version"], env!("CARGO_PKG_VERSION"), "both are of the workspace's version");

    let database = Database::sqlite("app.db");
    let server = database.serve(database.list(&files(1)));
    assert_eq!(server.get("/database/migrations/openapi.json").json(), *OPENAPI);
    for (path, methods) in OPENAPI["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            let status = server.send(&method.to_uppercase(), path, &[], "").status;
            assert!(!matches!(status, 404 | 405), "{method} {path}: {status}");
        }
    }
}

/// What is not as the schema says.
fn differences(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema =
            OPENAPI.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} is not there"));
        return differences(schema, value, at);
    }
    if let Some(one_of) = schema["oneOf"].as_array() {
        let fits = one_of.iter().filter(|schema| differences(schema, value, at).is_empty()).count();
        return if fits == 1 { Vec::new() } else { vec![format!("{at}: fits {fits} of oneOf: {value}")] };
    }
    let mut found = Vec::new();
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        one => vec![one.clone()],
    };
    if !kinds.contains(&json!(kind)) {
        return vec![format!("{at}: {kind} is none of {kinds:?}")];
    }
    if schema.get("enum").is_some_and(|words| !list_of(words).contains(value))
        || schema.get("const").is_some_and(|c| c != value)
    {
        found.push(format!("{at}: {value} is no word of it"));
    }
    for (index, item) in list_of(value).iter().enumerate() {
        found.extend(differences(&schema["items"], item, &format!("{at}[{index}]")));
    }
    if let Some(object) = value.as_object() {
        let none = serde_json::Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&none);
        for name in
            list_of(&schema["required"]).iter().filter_map(Value::as_str).filter(|name| !object.contains_key(*name))
        {
            found.push(format!("{at}.{name} is missing"));
        }
        for (name, value) in object {
            match properties.get(name) {
                Some(schema) => found.extend(differences(schema, value, &format!("{at}.{name}"))),
                None => found.push(format!("{at}.{name} is not in the document")),
            }
        }
    }
    found
}

#[track_caller]
fn is_as_documented(method: &str, path: &str, answer: &Answer) {
    let pointer = format!("/paths/{}/{method}/responses/{}", path.replace('/', "~1"), answer.status);
    let response = OPENAPI.pointer(&pointer).unwrap_or_else(|| panic!("{pointer} is not in the document"));
    let kind = answer.header("content-type").split(';').next().unwrap_or_default().to_owned();
    let schema = &response["content"][kind.as_str()]["schema"];
    assert!(schema.is_object(), "{pointer}: {kind}");
    if kind == "application/json" && path != "/database/migrations/openapi.json" {
        let found = differences(schema, &answer.json(), "");
        assert!(found.is_empty(), "{method} {path} {}: {found:#?}\n{}", answer.status, answer.body);
    }
}

#[test]
fn the_answers_are_as_the_document_says() {
    let mut seen: Vec<(String, u16)> = Vec::new();
    let mut asked = |server: &Server, method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        let answer = server.send(&method.to_uppercase(), path, headers, body);
        is_as_documented(method, path, &answer);
        seen.push((path.to_owned(), answer.status));
    };
    for database in Database::both() {
        let mut four = files(4);
        four[2] = file("003_c.sql", "SELECT nothing;\n");
        let list = statics::with_tables(database.engine(), &four, &[("t1", &["id", "absent"]), ("t4", &["id"])]);
        let (broken, whole) = (database.serve(list), database.serve(database.list(&files(2))));
        for path in GETS {
            asked(&whole, "get", path, &[], "");
        }
        if let Database::Sqlite { .. } = database {
            drop(database.open());
        }
        let name = match &database {
            Database::Postgres(database) => database.name().to_owned(),
            Database::Sqlite { .. } => database.url(),
        };
        let named = json!({ "database": name }).to_string();
        asked(&whole, "post", RUN, &[], "");
        asked(&whole, "post", RUN, &[ALLOWED], "");
        asked(&broken, "post", RUN, &[ALLOWED], "");
        asked(&whole, "post", RESET, &[ALLOWED], "");
        asked(&whole, "post", RESET, &[ALLOWED, JSON], "");
        asked(&whole, "post", RESET, &[ALLOWED, JSON], &named);
        asked(&whole, "post", RESET, &[ALLOWED, JSON], &"x".repeat(20_000));
        soon(&whole, "/health/ready", |answer| answer.status == 200);
        for server in [&whole, &broken] {
            for path in GETS {
                asked(server, "get", path, &[], "");
            }
        }
        if let Database::Sqlite { .. } = database {
            let mut writer = database.open();
            writer.batch_execute("BEGIN IMMEDIATE").expect("nobody else is there");
            asked(&broken, "post", RUN, &[ALLOWED], "");
        }
    }
    for (path, status) in [
        ("/health/database", 200),
        ("/health/database", 503),
        ("/health/ready", 200),
        ("/health/ready", 503),
        (RUN, 200),
        (RUN, 401),
        (RUN, 409),
        (RUN, 500),
        (RESET, 400),
        (RESET, 403),
        (RESET, 413),
        (RESET, 415),
    ] {
        assert!(seen.contains(&(path.to_owned(), status)), "{path} never answered {status}");
    }
}

// --- the page -------------------------------------------------------------------------------------------------------

/// The sample schema, its first migrations applied, one failed and one edited, a column gone.
fn troubled() -> (TestDatabase, &'static Migrations) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/postgres");
    let list = compiled(&folder).unwrap_or_else(|errors| panic!("{errors}"));
    let database = glowplug_tests::postgres();
    Runner::new(list).target("015").run_pending(&mut database.connect()).expect("it runs");
    // Somebody has made something of that name, and has dropped a column.
    database.execute("CREATE VIEW task_completions AS SELECT 1 AS \"<script>alert(1)</script>\"");
    Runner::new(list).run_pending(&mut database.connect()).expect_err("it cannot have an index");
    database.execute("ALTER TABLE tasks DROP COLUMN description");
    database.execute("UPDATE __glowplug_history SET checksum = 'v1:0', raw_checksum = '0' WHERE version = '011'");
    (database, list)
}

fn serving(database: &TestDatabase, list: &'static Migrations) -> Server {
    Server::start(router(Runner::new(list), at_url::<PgConnection>(database.url())))
}

#[test]
fn the_page_says_all_of_it_and_takes_nothing_from_elsewhere() {
    let (database, list) = troubled();
    database
        .execute("UPDATE __glowplug_history SET error = error || '<script>alert(2)</script>' WHERE version = '016'");
    let server = serving(&database, list);
    let answer = server.get("/database/migrations");
    let page = &answer.body;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{answer:?}");
    for part in [
        "Expected 9 migrations, only 7 applied",
        "failed: 016",
        "edited after they were applied: 011",
        "edited after it had been applied",
        "<span class=\"version\">015</span> <b>create task assignments table</b>",
        "&lt;script&gt;alert(2)&lt;/script&gt;",
        "column gone\" x=\"12\"",
        "<span class=\"to\">→ households</span>",
        "tasks.household_id → households.id",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    for never in ["<script", "http:", "https:", "src=", "<link", "@import", "url(h", "onload", "javascript"] {
        assert!(!page.contains(never), "{never} in {page}");
    }
    assert!(page.contains("class=\"table missing\""), "rewards is not there yet");

    // What it links to is there.
    for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        let path = match link.strip_prefix("../") {
            Some(above) => format!("/{above}"),
            None => format!("/database/{link}"),
        };
        assert_eq!(server.get(&path).status, 200, "{link}");
    }
}

/// What is wrong with how a page looks, found out in the page: what is wider than the window, and text that is hard to
/// read. Of text in a drawing the box below it is the ground.
const LOOK: &str = r#"(() => {
    const rgb = text => text.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
    const ground = element => {
        const box = element.closest('.drawing');
        for (let e = box || element; e; e = e.parentElement) {
            const color = rgb(getComputedStyle(e).backgroundColor);
            if (color.length < 4 || color[3] > 0) return color;
        }
        return [255, 255, 255];
    };
    const faint = [];
    for (const element of document.querySelectorAll('body *')) {
        const text = [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join('');
        if (!text || !element.getClientRects().length || element.tagName === 'title') continue;
        const style = getComputedStyle(element);
        const [a, b] = [light(rgb(element.closest('svg') ? style.fill : style.color)), light(ground(element))];
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${element.tagName} ${text}`);
    }
    const scrolls = element => !!element.closest('.drawing');
    const wide = [...document.querySelectorAll('body *')]
        .filter(e => !scrolls(e) && e.getBoundingClientRect().right > innerWidth + .5).map(e => e.outerHTML.slice(0, 80));
    return {
        faint, wide, window: innerWidth, page: document.documentElement.scrollWidth,
        ground: light(rgb(getComputedStyle(document.body).backgroundColor)), text: document.body.innerText,
        drawn: document.querySelectorAll('.drawing svg')[0]?.getClientRects().length > 0,
        boxes: document.querySelectorAll('svg .box').length, cards: document.querySelectorAll('.cards details').length,
        cardsShown: document.querySelector('.cards')?.getClientRects().length > 0,
    };
})()"#;

const DESKTOP: View = View { width: 1440, height: 900, scale: 1.0, dark: false, phone: false };
const PHONE: View = View { width: 360, height: 740, scale: 2.0, dark: false, phone: true };

/// `docs/screenshots/make` says where the pictures go.
fn pictures() -> Option<PathBuf> {
    std::env::var_os("GLOWPLUG_TEST_PICTURES").map(PathBuf::from)
}

#[test]
fn the_page_in_a_browser() {
    let (troubled, list) = troubled();
    let healthy = glowplug_tests::postgres();
    Runner::new(list).run_pending(&mut healthy.connect()).expect("it runs");
    let hanging = Silent::start();
    let nobody = format!("postgres://ann:s3cret@127.0.0.1:{}/household", hanging.port());
    let pages = [
        ("healthy", serving(&healthy, list)),
        ("degraded", serving(&troubled, list)),
        ("unhealthy", Server::start(router(Runner::new(list), at_url::<PgConnection>(nobody)))),
    ];
    let mut browser = Browser::start();
    for (verdict, server) in &pages {
        let url = server.url("/database/migrations");
        for (name, view) in [("desktop", DESKTOP), ("phone", PHONE)] {
            for dark in [false, true] {
                browser.open(&url, View { dark, ..view });
                let look = browser.evaluate(LOOK);
                let shown = format!("{verdict} on the {name}, dark: {dark}: {look:#}");
                assert_eq!((&look["window"], &look["page"]), (&json!(view.width), &json!(view.width)), "{shown}");
                assert_eq!((&look["wide"], &look["faint"]), (&json!([]), &json!([])), "{shown}");
                let ground = look["ground"].as_f64().expect("a number");
                assert!(if dark { ground < 0.05 } else { ground > 0.8 }, "{shown}");
                assert_eq!((&look["boxes"], &look["cards"]), (&json!(9), &json!(9)), "{shown}");
                assert_eq!((&look["drawn"], &look["cardsShown"]), (&json!(!view.phone), &json!(view.phone)), "{shown}");
                let text = look["text"].as_str().unwrap_or_default();
                for part in ["Migrations", *verdict, "create task assignments table", "Schema", "household_members"] {
                    assert!(text.contains(part), "{part}: {shown}");
                }
                let tells = match *verdict {
                    "healthy" => "answered in",
                    "degraded" => "Expected 9 migrations, only 7 applied",
                    _ => "does not answer",
                };
                assert!(text.contains(tells), "{shown}");
                if let Some(folder) = pictures() {
                    let shade = if dark { "dark" } else { "light" };
                    browser.picture(&folder.join(format!("page-{verdict}-{name}-{shade}.png")));
                }
            }
        }
    }
}
