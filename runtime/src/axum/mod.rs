//! Routes for a service on axum: health for monitors, readiness and liveness for Kubernetes, the state of the
//! migrations for programs and for people.
//!
//! ```no_run
//! # use glowplug::{Engine, Migrations, Runner};
//! # mod migrations {
//! #     pub static MIGRATIONS: glowplug::Migrations = glowplug::Migrations {
//! #         engine: glowplug::Engine::Sqlite, directory: "migrations", folder: None, list: &[], tables: &[] };
//! #     pub fn runner() -> glowplug::Runner { glowplug::Runner::new(&MIGRATIONS) }
//! # }
//! # #[cfg(feature = "sqlite")]
//! # fn main() {
//! use glowplug::axum::{at_url, router};
//!
//! let service: axum::Router = axum::Router::new()
//!     // .route("/households", …)
//!     .merge(router(migrations::runner(), at_url::<diesel::SqliteConnection>("app.db")));
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! | route | answers |
//! |---|---|
//! | `GET /health`, `GET /health/live` | 200: the process answers. No question to the database |
//! | `GET /health/ready` | 200 once every migration is applied, else 503 |
//! | `GET /health/database` | [`Health`](crate::Health); 503 where the database does not answer |
//! | `GET /database/migrations` | a page for people |
//! | `GET /database/migrations/status` | each migration and the totals |
//! | `GET /database/migrations/health` | the totals and what is wrong |
//! | `GET /database/migrations/openapi.json` | all of this as an OpenAPI document |
//! | `POST /database/migrations/run`, `…/reset` | only where [`admin`] is merged too |
//!
//! All `GET` routes answer from one look at the database, which is made when somebody asks and is good for 250 ms: however
//! many ask, the database is asked four times a second at most. The look has a thread of its own, never one of the
//! runtime's. Where it takes longer than 900 ms the answer is 503, with the reason, and does not wait; at most four looks
//! hang at a time. Nothing is written on a `GET`.
//!
//! A service that has a `/health` of its own nests these below a path: `.nest("/internal", router(…))`.
//!
//! What the routes say is for those who run the service: names of tables, messages of the database, and never a password.
//! Where it is not for everybody, they belong on a port of their own.

mod admin;
mod answers;
mod connect;
mod diagram;
mod page;
mod probe;

pub use admin::{admin, bearer};
pub use connect::{Connect, at_url};

use crate::backend::Backend;
use crate::connection::Connection;
use crate::runner::Runner;
use ::axum::Router;
use ::axum::body::{Body, Bytes};
use ::axum::extract::State;
use ::axum::http::{HeaderValue, StatusCode, header};
use ::axum::response::{IntoResponse, Response};
use ::axum::routing::get;
use answers::Look;
use probe::Probe;
use std::sync::Arc;

/// The document that describes every route.
const OPENAPI: &str = include_str!("openapi.json");

/// The routes that only read.
///
/// `connect` makes a connection for each look: [`at_url`], or any closure, such as `move || pool.get()` of an r2d2 pool.
/// It is called on a thread that may block, inside the context of the Tokio runtime, whose timers the routes need.
///
/// # Panics
///
/// Where the connections are to another engine than the migrations.
pub fn router<C: Connect>(runner: Runner, connect: C) -> Router {
    check_engine::<C>(&runner);
    let migrations = runner.migrations;
    let probe = Probe::new(
        move || match connect.connect() {
            Ok(mut connection) => Look::of(migrations, runner.look(&mut connection)),
            Err(error) => Look::silent(migrations, connect::reason(&*error)),
        },
        move |reason| Look::silent(migrations, reason),
    );
    Router::new()
        .route("/health", get(alive))
        .route("/health/live", get(alive))
        .route("/health/ready", get(async |State(probe): State<Arc<Probe>>| probe.look().await.ready()))
        .route("/health/database", get(async |State(probe): State<Arc<Probe>>| probe.look().await.health()))
        .route("/database/migrations", get(async |State(probe): State<Arc<Probe>>| page::answer(&*probe.look().await)))
        .route("/database/migrations/status", get(async |State(probe): State<Arc<Probe>>| probe.look().await.status()))
        .route("/database/migrations/health", get(async |State(probe): State<Arc<Probe>>| probe.look().await.summary()))
        .route(
            "/database/migrations/openapi.json",
            get(async || json(StatusCode::OK, Bytes::from_static(OPENAPI.as_bytes()))),
        )
        .with_state(Arc::new(probe))
}

async fn alive() -> Response {
    json(StatusCode::OK, answers::alive())
}

/// A mistake of whoever wrote the service; its first start shows it.
fn check_engine<C: Connect>(runner: &Runner) {
    if let Err(error) = runner.check_engine(<<C::Connection as Connection>::Session<'_>>::ENGINE) {
        panic!("{error}");
    }
}

/// An answer in JSON, which nobody may keep.
fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, body.into()).into_response()
}
