//! Many who ask for the health beside a run: none is refused, the run is as long as it would be, no connection stays.
//!
//! `tests/prove load` runs the long form, whose figures docs/LOAD.md keeps.

mod runner;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use diesel::PgConnection;
use glowplug::axum::{at_url, router};
use glowplug::{Engine, Migrations, Runner};
use glowplug_tests::process::{long, until};
use glowplug_tests::web::Server;
use glowplug_tests::{TestDatabase, postgres};
use runner::statics::{self, file};

/// Connections of clients. Each asks at its own times, and does not wait with the next request for a slow answer more
/// than it must: what is late is counted as late.
const CLIENTS: u32 = 16;

/// A migration that takes about as long as it is told, in tables with rows.
fn list(seconds: u32) -> &'static Migrations {
    const NAMES: [&str; 5] = ["001_a.sql", "002_b.sql", "003_c.sql", "004_d.sql", "005_e.sql"];
    let files: Vec<_> = (1..)
        .zip(NAMES)
        .map(|(number, name)| {
            let pause = f64::from(seconds) / 5.0;
            file(
                name,
                &format!(
                    "CREATE TABLE t{number} (id integer PRIMARY KEY, n integer);\n\
                     INSERT INTO t{number} SELECT n, n FROM generate_series(1, 20000) n;\n\
                     CREATE INDEX t{number}_n ON t{number} (n);\nSELECT pg_sleep({pause});\n"
                ),
            )
        })
        .collect();
    statics::migrations(Engine::Postgres, &files)
}

fn run(database: &TestDatabase, list: &'static Migrations) -> Duration {
    let since = Instant::now();
    let report = Runner::new(list).run_pending(&mut database.connect()).expect("the run is unhurt");
    assert_eq!((report.applied.len(), report.retries), (5, 0));
    since.elapsed()
}

/// What one client has seen.
#[derive(Default)]
struct Seen {
    /// How long each answer took, counted from when it was to be asked for.
    took: Vec<Duration>,
    wrong: Vec<String>,
}

/// Asks so often in a second until `until`, on one connection.
fn ask(address: SocketAddr, rate: f64, until: Instant) -> Seen {
    let mut seen = Seen::default();
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_nodelay(true).expect("a socket");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
    let (mut writer, mut reader) = (&stream, BufReader::new(&stream));
    let began = Instant::now();
    for number in 0.. {
        let due = began + Duration::from_secs_f64(f64::from(number) / rate);
        if due >= until {
            break;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        match once(&mut writer, &mut reader) {
            Ok((200, _)) => seen.took.push(due.elapsed()),
            Ok((status, body)) => seen.wrong.push(format!("{status} {body}")),
            Err(error) => {
                seen.wrong.push(error.to_string());
                break;
            }
        }
    }
    seen
}

fn once(writer: &mut &TcpStream, reader: &mut BufReader<&TcpStream>) -> std::io::Result<(u16, String)> {
    writer.write_all(b"GET /health/database HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        match line.split_once(": ") {
            Some(("content-length", said)) => length = said.parse().unwrap_or(0),
            None if line.is_empty() => break,
            None => status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0),
            Some(_) => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// The server's processes for this database, without the one that asks.
fn connections(database: &TestDatabase) -> usize {
    database
        .rows(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )
        .first()
        .and_then(|count| count.parse().ok())
        .expect("a number")
}

#[test]
fn two_thousand_a_second_beside_a_run() {
    let (rate, seconds) = if long() { (2_000, 30) } else { (200, 3) };
    let list = list(seconds);
    let alone = run(&postgres(), list);

    let database = postgres();
    let server = Server::start(router(Runner::new(list), at_url::<PgConnection>(database.url())));
    let until_then = Instant::now() + Duration::from_secs(seconds.into());
    let each = f64::from(rate) / f64::from(CLIENTS);
    let began = Instant::now();
    let (beside, seen, most, lasted) = thread::scope(|scope| {
        let run = scope.spawn(|| run(&database, list));
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| ask(server.address(), each, until_then))).collect();
        let mut most = 0;
        while Instant::now() < until_then {
            most = most.max(connections(&database));
            thread::sleep(Duration::from_millis(100));
        }
        let seen: Vec<Seen> = clients.into_iter().map(|client| client.join().expect("no panic")).collect();
        let lasted = began.elapsed();
        (run.join().expect("no panic"), seen, most, lasted)
    });

    let wrong: Vec<&String> = seen.iter().flat_map(|seen| &seen.wrong).collect();
    assert!(wrong.is_empty(), "{} of them, such as {:?}", wrong.len(), wrong.first());
    let mut took: Vec<Duration> = seen.iter().flat_map(|seen| seen.took.iter().copied()).collect();
    took.sort_unstable();
    // One is the run's, one that of the look, and one that just ends.
    assert!(most <= 4, "{most} connections at a time");
    until("no connection stays", Duration::from_secs(10), || connections(&database) == 0);
    // What the database counted: the run and these questions of ours are among them.
    let sessions: usize = if glowplug_tests::PostgresServer::shared().major() >= 14 {
        database.rows("SELECT sessions FROM pg_stat_database WHERE datname = current_database()")[0]
            .parse()
            .expect("a number")
    } else {
        0
    };
    let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize];
    println!("{} requests in {lasted:.1?}, {} of them not answered with 200", took.len() + wrong.len(), wrong.len());
    println!(
        "answered within {:.1?} (half), {:.1?} (99 %), {:.1?} (99.9 %), {:.1?} (all)",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
    println!("at most {most} connections at a time; {sessions} sessions in all; none stays");
    println!("the run alone {alone:.2?}, beside the requests {beside:.2?}");
    if long() {
        assert!(lasted < Duration::from_secs(33), "the rate was not held: {lasted:.1?}");
        assert!(took.len() >= 59_000, "{} of 60,000", took.len());
        assert!(beside < alone.mul_f64(1.2), "the run is unhurt");
    }
}
