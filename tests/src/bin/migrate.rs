//! Applies the migrations of a folder to a database, as a service does when it starts: what the proofs start many of,
//! and kill.
//!
//! `migrate FOLDER URL` prints the report as a line of JSON, or the error; the settings are the runner's variables.
//! With `GLOWPLUG_TEST_GATE` it connects, prints `ready` and waits for a line of input before it migrates. With
//! `GLOWPLUG_TEST_RECONNECT` it connects anew where a connection breaks. With `GLOWPLUG_TEST_HALT=N` it prints the
//! N-th point of its run (the runner's boundaries, and each of its messages to the engine, before and behind it) and
//! waits there to be killed; `GLOWPLUG_TEST_HALT=0` prints them all and halts at none.

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::{MysqlConnection, PgConnection, SqliteConnection};
use glowplug::{Engine, Migrations, Report, Runner};
use glowplug_tests::folder::compiled;
use glowplug_tests::process::{GATE, HALT, RECONNECT};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() -> ExitCode {
    match migrated() {
        Ok(report) => {
            println!("{}", serde_json::to_string(&report).unwrap_or_default());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn migrated() -> Result<Report, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, url] = arguments.as_slice() else { return Err("usage: migrate FOLDER URL".to_owned()) };
    let migrations = compiled(Path::new(folder))?;
    if let Ok(halt) = std::env::var(HALT) {
        HALT_AT.get_or_init(|| halt.parse().unwrap_or(0));
        set_default_instrumentation(|| {
            Some(Box::new(messages as fn(InstrumentationEvent<'_>)) as Box<dyn Instrumentation>)
        })
        .map_err(|error| error.to_string())?;
    }
    let log = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(std::io::stderr);
    let log = log.with_filter(tracing_subscriber::filter::LevelFilter::INFO);
    tracing_subscriber::registry().with(log).with(Boundaries).init();
    match migrations.engine {
        Engine::Postgres => run::<PgConnection>(migrations, url),
        Engine::Sqlite => run::<SqliteConnection>(migrations, url),
        Engine::Mysql => run::<MysqlConnection>(migrations, url),
    }
}

fn run<C: glowplug::Connection + diesel::Connection>(
    migrations: &'static Migrations,
    url: &str,
) -> Result<Report, String> {
    let runner = Runner::new(migrations);
    if std::env::var_os(RECONNECT).is_some() {
        let (_, report) =
            runner.run_pending_at::<C>(url, Duration::from_secs(30)).map_err(|error| error.to_string())?;
        return Ok(report);
    }
    let mut connection = glowplug::establish::<C>(url).map_err(|error| error.to_string())?;
    if std::env::var_os(GATE).is_some() {
        say("ready");
        wait();
    }
    runner.run_pending(&mut connection).map_err(|error| error.to_string())
}

/// Which point to halt at, counted from one.
static HALT_AT: OnceLock<usize> = OnceLock::new();

fn point(name: &str) {
    static POINTS: AtomicUsize = AtomicUsize::new(0);
    let Some(&halt) = HALT_AT.get() else { return };
    let number = POINTS.fetch_add(1, Ordering::Relaxed) + 1;
    if halt == 0 {
        say(&format!("point {name}"));
    } else if halt == number {
        say(&format!("point {name}"));
        wait();
    }
}

/// Prints a line at once; nobody may be left to read it.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Waits for a line of input.
fn wait() {
    let _ = std::io::stdin().lock().read_line(&mut String::new());
}

fn messages(event: InstrumentationEvent<'_>) {
    let first = |query: &dyn std::fmt::Display| -> String {
        query.to_string().split_whitespace().collect::<Vec<_>>().join(" ").chars().take(60).collect()
    };
    match event {
        InstrumentationEvent::StartQuery { query, .. } => point(&format!("before {}", first(query))),
        InstrumentationEvent::FinishQuery { query, .. } => point(&format!("behind {}", first(query))),
        _ => {}
    }
}

/// The runner's own boundaries.
struct Boundaries;

impl<S: tracing::Subscriber> Layer<S> for Boundaries {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct At(String);
        impl tracing::field::Visit for At {
            fn record_str(&mut self, _: &tracing::field::Field, value: &str) {
                value.clone_into(&mut self.0);
            }
            fn record_debug(&mut self, _: &tracing::field::Field, _: &dyn std::fmt::Debug) {}
        }
        if event.metadata().target() == "glowplug::boundary" {
            let mut at = At(String::new());
            event.record(&mut at);
            point(&format!("at the boundary {}", at.0));
        }
    }
}
