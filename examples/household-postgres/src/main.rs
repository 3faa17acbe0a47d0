//! A small service on PostgreSQL. Its migrations were proved when it was built, and they run before anything else does.
//!
//! ```text
//! DATABASE_URL=postgres://localhost/household cargo run -p household-postgres
//! DATABASE_URL=postgres://localhost/household cargo run -p household-postgres -- migrations status
//! curl localhost:3000/health/database            # for a monitor
//! open http://localhost:3000/database/migrations # for people
//! curl localhost:3000/households --json '{"name": "Elm Street 4"}'
//! ```
//!
//! With a secret in `ADMIN_TOKEN` there are `POST /database/migrations/run` and `…/reset`, too, for whoever knows it.

use std::env;
use std::error::Error;
use std::io::IsTerminal as _;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use clap::Parser as _;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use glowplug::axum::{admin, at_url, bearer, router};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

mod migrations {
    // In a crate of its own this is `migrations!("migrations")`; these files are shared with the tests.
    glowplug::migrations!("../../migrations/postgres");
}

diesel::table! {
    households (id) {
        id -> Uuid,
        name -> Text,
        time_zone -> Text,
        created_at -> Timestamptz,
    }
}

type Database = Pool<ConnectionManager<PgConnection>>;
type Failure = Box<dyn Error + Send + Sync>;

#[derive(clap::Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Look at the migrations, and run them; without a command, the service starts
    Migrations(glowplug::cli::Migrate),
}

fn main() -> ExitCode {
    if let Some(Command::Migrations(migrate)) = Arguments::parse().command {
        return migrate.run(migrations::runner());
    }
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), Failure> {
    // What the runner does step by step, and whom it waits for: RUST_LOG=glowplug=debug shows more.
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "glowplug=info".into());
    let terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(terminal).init();

    let url = env::var("DATABASE_URL")
        .map_err(|_| "DATABASE_URL is not set: it says where the database is, postgres://user:password@host/name")?;
    let port = match env::var("PORT") {
        Ok(port) => port.parse().map_err(|_| format!("PORT={port} is not a port: it takes a number up to 65535"))?,
        Err(_) => 3000,
    };

    // Migrations first, on a connection of their own: what comes after may rely on every table.
    let mut connection: PgConnection = glowplug::establish(&url)?;
    println!("{}", migrations::run_pending(&mut connection)?);
    drop(connection);

    let pool = Pool::builder()
        .max_size(8)
        .connection_timeout(Duration::from_secs(5))
        .build(ConnectionManager::new(&url))
        .map_err(|error| format!("no connection for the pool: {error}"))?;
    tokio::runtime::Runtime::new()?.block_on(serve(pool, &url, port))
}

async fn serve(database: Database, url: &str, port: u16) -> Result<(), Failure> {
    // A connection of its own for each look: that the pool is busy does not mean that the database is down.
    let mut service = Router::new()
        .route("/households", get(list_households).post(create_household))
        .with_state(database)
        .merge(router(migrations::runner(), at_url::<PgConnection>(url)));
    if let Ok(token) = env::var("ADMIN_TOKEN") {
        service = service.merge(admin(migrations::runner(), at_url::<PgConnection>(url), bearer(token)));
    }
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
        .await
        .map_err(|error| format!("cannot listen on port {port}: {error}"))?;
    println!("listening on port {port}");
    axum::serve(listener, service).with_graceful_shutdown(stopped()).await?;
    Ok(())
}

/// Ctrl-C, or what `docker stop` sends.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Diesel waits for the database; the threads that serve requests must not.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
}

#[derive(Serialize, Queryable, Selectable)]
struct Household {
    id: Uuid,
    name: String,
    time_zone: String,
}

#[derive(Deserialize, Insertable)]
#[diesel(table_name = households)]
struct NewHousehold {
    name: String,
    /// The column's default where absent.
    time_zone: Option<String>,
}

type Refusal = (StatusCode, String);

async fn list_households(State(database): State<Database>) -> Result<Json<Vec<Household>>, Refusal> {
    let found = blocking(move || {
        let mut connection = database.get().map_err(unavailable)?;
        let all = households::table.select(Household::as_select()).order(households::created_at);
        all.load(&mut connection).map_err(refused)
    });
    found.await.map(Json)
}

async fn create_household(
    State(database): State<Database>,
    Json(new): Json<NewHousehold>,
) -> Result<(StatusCode, Json<Household>), Refusal> {
    let created = blocking(move || {
        let mut connection = database.get().map_err(unavailable)?;
        let insert = diesel::insert_into(households::table).values(new).returning(Household::as_returning());
        insert.get_result(&mut connection).map_err(refused)
    });
    Ok((StatusCode::CREATED, Json(created.await?)))
}

fn unavailable(error: diesel::r2d2::PoolError) -> Refusal {
    eprintln!("households: {error}");
    (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be reached\n".to_owned())
}

/// A constraint of the schema said no to the request; anything else is this service's own trouble.
fn refused(error: diesel::result::Error) -> Refusal {
    match error {
        diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::CheckViolation, info) => {
            (StatusCode::UNPROCESSABLE_ENTITY, format!("{}\n", info.message()))
        }
        other => {
            eprintln!("households: {other}");
            (StatusCode::INTERNAL_SERVER_ERROR, "the database did not answer as it should\n".to_owned())
        }
    }
}
