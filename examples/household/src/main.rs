//! A small service on SQLite: nothing to install. Its migrations were proved when it was built, and they run before
//! anything else does.
//!
//! ```text
//! cargo run -p household
//! curl localhost:3000/health/database            # for a monitor
//! open http://localhost:3000/database/migrations # for people
//! curl localhost:3000/households --json '{"name": "Elm Street 4"}'
//! ```

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use diesel::prelude::*;
use glowplug::axum::{at_url, router};
use serde::{Deserialize, Serialize};

mod migrations {
    // In a crate of its own this is `migrations!("migrations")`; these files are shared with the tests.
    glowplug::migrations!("../../migrations/sqlite");
}

diesel::table! {
    households (id) {
        id -> BigInt,
        name -> Text,
        time_zone -> Text,
        created_at -> Text,
    }
}

/// One connection: SQLite lets one write at a time anyway.
type Database = Arc<Mutex<SqliteConnection>>;
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), Failure> {
    let url = env::var("DATABASE_URL").unwrap_or_else(|_| "household.db".to_owned());
    let port = match env::var("PORT") {
        Ok(port) => port.parse().map_err(|_| format!("PORT={port} is not a port: it takes a number up to 65535"))?,
        Err(_) => 3000,
    };

    // Migrations first: what comes after may rely on every table.
    let mut connection: SqliteConnection = glowplug::establish(&url)?;
    println!("{}", migrations::run_pending(&mut connection)?);
    diesel::sql_query("PRAGMA foreign_keys = ON").execute(&mut connection)?;

    tokio::runtime::Runtime::new()?.block_on(serve(Arc::new(Mutex::new(connection)), url, port))
}

async fn serve(database: Database, url: String, port: u16) -> Result<(), Failure> {
    let service = Router::new()
        .route("/households", get(list_households).post(create_household))
        .with_state(database)
        // /health, /health/database, /database/migrations …
        .merge(router(migrations::runner(), at_url::<SqliteConnection>(url)));
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
async fn blocking<T: Send + 'static>(
    database: Database,
    work: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
) -> T {
    tokio::task::spawn_blocking(move || work(&mut database.lock().unwrap_or_else(PoisonError::into_inner)))
        .await
        .unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
}

#[derive(Serialize, Queryable, Selectable)]
struct Household {
    id: i64,
    name: String,
    time_zone: String,
    created_at: String,
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
    let found = blocking(database, |connection| {
        households::table.select(Household::as_select()).order(households::id).load(connection)
    });
    found.await.map(Json).map_err(refused)
}

async fn create_household(
    State(database): State<Database>,
    Json(new): Json<NewHousehold>,
) -> Result<(StatusCode, Json<Household>), Refusal> {
    let created = blocking(database, move |connection| {
        diesel::insert_into(households::table).values(new).returning(Household::as_returning()).get_result(connection)
    });
    created.await.map(|created| (StatusCode::CREATED, Json(created))).map_err(refused)
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
