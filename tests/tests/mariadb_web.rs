//! The routes of the feature `axum` on MariaDB: on connections of their own, on an r2d2 pool's, on diesel-async's.

mod shared;

use std::time::Duration;

use diesel::MysqlConnection;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncConnection as _, AsyncMysqlConnection};
use glowplug::Runner;
use glowplug::axum::{Connect, admin, at_url, bearer, router};
use glowplug_tests::process::until;
use glowplug_tests::web::{Answer, Server, Silent};
use glowplug_tests::{Database as _, MariadbDatabase, mariadb};
use shared::{TASKS, UNIQUE, USERS, applied, list};

const ALLOWED: (&str, &str) = ("Authorization", "Bearer open sesame");
const JSON: (&str, &str) = ("Content-Type", "application/json");

fn serve<C: Connect + Clone>(runner: &Runner, connect: C) -> Server {
    let routes = router(runner.clone(), connect.clone());
    Server::start(routes.merge(admin(runner.clone(), connect, bearer("open sesame"))))
}

/// Waits until an answer is as it should be: what was true a quarter of a second ago may still be told.
#[track_caller]
fn soon(server: &Server, path: &str, so: impl Fn(&Answer) -> bool) -> Answer {
    let mut last = server.get(path);
    until(path, Duration::from_secs(20), || {
        last = server.get(path);
        so(&last)
    });
    last
}

fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.body))
}

/// From nothing to a service that is ready, a failure, and sessions that the server ends.
fn all_of_it(database: &MariadbDatabase, server: &Server) {
    assert_eq!(server.get("/health/live").status, 200);
    assert_eq!(server.get("/health/ready").status, 503);
    assert_eq!(server.send("POST", "/database/migrations/run", &[], "").status, 401);
    let ran = server.send("POST", "/database/migrations/run", &[ALLOWED, JSON], "");
    assert_eq!(ran.status, 200, "{}", ran.body);
    assert_eq!(applied(database), ["001", "002"]);
    soon(server, "/health/ready", |answer| answer.status == 200);
    let health = json(&server.get("/health/database"));
    assert_eq!(health["status"], "healthy", "{health}");
    let tables: Vec<&str> =
        health["schema"]["tables"].as_array().unwrap().iter().filter_map(|table| table["name"].as_str()).collect();
    assert_eq!(tables, ["tasks", "users"]);
    let status = server.get("/database/migrations/status");
    assert!(status.body.contains("002_create_tasks.sql"), "{}", status.body);
    let page = server.get("/database/migrations");
    assert!(page.status == 200 && page.body.contains("tasks"), "{}", page.body);

    // Somebody drops a table by hand.
    database.execute("DROP TABLE tasks");
    let degraded = soon(server, "/health/database", |answer| json(answer)["status"] == "degraded");
    assert_eq!((degraded.status, &json(&degraded)["schema"]["all_tables_exist"]), (200, &false.into()));
    database.execute("CREATE TABLE tasks (id INTEGER PRIMARY KEY, owner INTEGER)");
    soon(server, "/health/database", |answer| json(answer)["status"] == "healthy");

    // The server ends all sessions: a moment later there are new ones.
    database.end_sessions();
    soon(server, "/health/ready", |answer| answer.status == 200);
}

#[test]
fn connections_of_the_routes_own() {
    let database = mariadb();
    let runner = Runner::new(list::<MariadbDatabase>(&[USERS, TASKS]));
    let url = database.url();
    all_of_it(&database, &serve(&runner, move || glowplug::establish::<MysqlConnection>(&url)));
    // And by the URL, where a table is wanted that cannot be made.
    database.execute("INSERT INTO users VALUES (1, 'a'), (2, 'a')");
    let failing = Runner::new(list::<MariadbDatabase>(&[USERS, TASKS, UNIQUE]));
    let routes = router(failing.clone(), at_url::<MysqlConnection>(database.url()));
    let server =
        Server::start(routes.merge(admin(failing, at_url::<MysqlConnection>(database.url()), bearer("open sesame"))));
    let ran = server.send("POST", "/database/migrations/run", &[ALLOWED, JSON], "");
    assert!(ran.status >= 400 && ran.body.contains("Duplicate entry"), "{} {}", ran.status, ran.body);
    let health = soon(&server, "/health/database", |answer| json(answer)["migrations"]["failed"][0] == "004");
    assert_eq!(health.status, 200);
    // A server that nobody listens at, one that never answers, and a password that nobody sees.
    let hanging = Silent::start();
    for port in [1, hanging.port()] {
        let nobody = Runner::new(list::<MariadbDatabase>(&[USERS]));
        let url = format!("mysql://ann:s3cret@127.0.0.1:{port}/app");
        let server = Server::start(router(nobody, at_url::<MysqlConnection>(url)));
        let health = server.get("/health/database");
        assert_eq!(health.status, 503);
        assert!(!health.body.contains("s3cret"), "{}", health.body);
        let said = if port == 1 { "127.0.0.1:1" } else { "the database has not answered for" };
        assert!(health.body.contains(said), "{}", health.body);
    }
}

#[test]
fn connections_of_a_pool() {
    let database = mariadb();
    let runner = Runner::new(list::<MariadbDatabase>(&[USERS, TASKS]));
    let pool = Pool::builder().max_size(3).build(ConnectionManager::<MysqlConnection>::new(database.url())).unwrap();
    all_of_it(&database, &serve(&runner, move || pool.get()));
}

#[test]
fn connections_of_diesel_async() {
    let database = mariadb();
    let runner = Runner::new(list::<MariadbDatabase>(&[USERS, TASKS]));
    let url = database.url();
    let connect = move || {
        let connecting = AsyncMysqlConnection::establish(&url);
        tokio::runtime::Handle::current().block_on(connecting).map(AsyncConnectionWrapper::<_>::from)
    };
    all_of_it(&database, &serve(&runner, connect));
}
