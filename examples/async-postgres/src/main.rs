//! A small service on PostgreSQL that never blocks: diesel-async, a deadpool pool and axum. No libpq is needed, neither to
//! build nor to run.
//!
//! ```text
//! DATABASE_URL=postgres://localhost/household cargo run -p async-postgres
//! curl localhost:3000/health/database
//! curl localhost:3000/households --json '{"name": "Elm Street 4"}'
//! ```

use std::env;
use std::error::Error;
use std::io::IsTerminal as _;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use diesel::{Insertable, QueryDsl as _, Queryable, Selectable, SelectableHelper as _};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl as _};
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
    }
}

type Database = Pool<AsyncPgConnection>;
type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    match start().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

async fn start() -> Result<(), Failure> {
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
    let connection =
        AsyncPgConnection::establish(&url).await.map_err(|error| glowplug::Error::connection(&error, &url))?;
    let (_, report) = migrations::runner().run_pending_async(connection).await;
    println!("{}", report?);

    let pool = Pool::builder(AsyncDieselConnectionManager::new(url.as_str())).max_size(8).build()?;
    serve(pool, &url, port).await
}

async fn serve(pool: Database, url: &str, port: u16) -> Result<(), Failure> {
    // The routes look at the database from a thread of their own, through a connection of their own: that the pool is
    // busy does not mean that the database is down.
    let url = url.to_owned();
    let connect = move || glowplug::establish::<AsyncConnectionWrapper<AsyncPgConnection>>(&url);
    let service = Router::new()
        .route("/households", get(list_households).post(create_household))
        .with_state(pool)
        .merge(glowplug::axum::router(migrations::runner(), connect));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
        .await
        .map_err(|error| format!("cannot listen on port {port}: {error}"))?;
    println!("listening on port {}", listener.local_addr()?.port());
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

async fn list_households(State(pool): State<Database>) -> Result<Json<Vec<Household>>, Refusal> {
    let mut connection = pool.get().await.map_err(unavailable)?;
    let found = households::table.select(Household::as_select()).order(households::id).load(&mut connection).await;
    found.map(Json).map_err(refused)
}

async fn create_household(
    State(pool): State<Database>,
    Json(new): Json<NewHousehold>,
) -> Result<(StatusCode, Json<Household>), Refusal> {
    let mut connection = pool.get().await.map_err(unavailable)?;
    let insert = diesel::insert_into(households::table).values(new).returning(Household::as_returning());
    insert.get_result(&mut connection).await.map(|created| (StatusCode::CREATED, Json(created))).map_err(refused)
}

fn unavailable(error: impl Error) -> Refusal {
    eprintln!("households: {error}");
    (StatusCode::SERVICE_UNAVAILABLE, "the database is busy\n".to_owned())
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
