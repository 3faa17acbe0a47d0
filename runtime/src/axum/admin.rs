//! The routes that change something. They exist only where a service has said who may use them.

use super::answers::{Problem, bytes};
use super::connect::{Connect, reason};
use super::{check_engine, json};
use crate::error::{Error, seconds};
use crate::report::Report;
use crate::runner::Runner;
use ::axum::Router;
use ::axum::body::{Body, Bytes, to_bytes};
use ::axum::extract::{Request, State};
use ::axum::http::request::Parts;
use ::axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use ::axum::response::Response;
use ::axum::routing::post;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a body may have at most. The longest that means anything names a database.
const LONGEST_BODY: usize = 16 * 1024;

/// How long a body may take.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// How long a request waits for the end of the run. Whatever stands in front of a service gives up after half a minute
/// or a minute; the run goes on all the same.
const ANSWER_WITHIN: Duration = Duration::from_secs(25);

/// How long to wait for another process that migrates, before it is named.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// The routes that change something: `POST /database/migrations/run` applies what is pending,
/// `POST /database/migrations/reset` drops everything and begins anew, in development.
///
/// There is no way to have them without saying who may use them: `authorize` sees the head of each request, before
/// anything of its body is read, and answers whether it may; [`bearer`] is one that asks for a token. Where requests are
/// told apart by a cookie alone, it has to see to it that no other site's page can send them.
///
/// ```no_run
/// # use glowplug::{Engine, Migrations, Runner};
/// # mod migrations {
/// #     pub static MIGRATIONS: glowplug::Migrations = glowplug::Migrations {
/// #         engine: glowplug::Engine::Sqlite, directory: "migrations", folder: None, list: &[], tables: &[] };
/// #     pub fn runner() -> glowplug::Runner { glowplug::Runner::new(&MIGRATIONS) }
/// # }
/// # #[cfg(feature = "sqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::http::request::Parts;
/// use glowplug::axum::{admin, at_url, bearer, router};
///
/// let database = || at_url::<diesel::SqliteConnection>("app.db");
/// let service: axum::Router = router(migrations::runner(), database())
///     .merge(admin(migrations::runner(), database(), bearer(std::env::var("ADMIN_TOKEN")?)));
///
/// // Or anything else, which may ask somebody:
/// let by_network = async |request: Parts| request.headers.get("x-from").is_some_and(|from| from == "the vpn");
/// let service: axum::Router = admin(migrations::runner(), database(), by_network);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
///
/// One run at a time: while this process or another one migrates, the answer is 409 and names it. A request waits 25 s
/// for the end of the run and then answers 202; the run goes on, and `GET /database/migrations/status` tells of it. It goes
/// on as well where the client is gone.
///
/// A reset needs the database's name (`{"database": "app_dev"}`), and is refused in production as
/// [`Runner::reset`] says.
///
/// # Panics
///
/// Where the connections are to another engine than the migrations.
pub fn admin<C, A, F>(mut runner: Runner, connect: C, authorize: A) -> Router
where
    C: Connect,
    A: Fn(Parts) -> F + Send + Sync + 'static,
    F: Future<Output = bool> + Send + 'static,
{
    check_engine::<C>(&runner);
    runner.settings.lock_wait_at_most = LOCK_WAIT;
    let work = move |work: Work| {
        let mut connection = connect.connect().map_err(|error| Trouble::NoConnection(reason(&*error)))?;
        let done = match work {
            Work::Run => runner.run_pending(&mut connection),
            Work::Reset(name) => runner.reset(&mut connection, &name),
        };
        done.map_err(Trouble::Failed)
    };
    let admin = Admin {
        authorize: Box::new(move |parts| Box::pin(authorize(parts))),
        work: Box::new(work),
        going: Mutex::default(),
    };
    Router::new()
        .route("/database/migrations/run", post(run))
        .route("/database/migrations/reset", post(reset))
        .with_state(Arc::new(admin))
}

/// Lets in who sends `Authorization: Bearer <token>`. An empty token lets nobody in.
pub fn bearer(token: impl Into<String>) -> impl Fn(Parts) -> Ready<bool> + Clone + Send + Sync + 'static {
    let token: String = token.into();
    move |request: Parts| {
        let sent = request.headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().split_at_checked(7));
        let right = sent.is_some_and(|(scheme, sent)| {
            scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty() && same(sent, token.as_bytes())
        });
        ready(right)
    }
}

/// Whether two texts are the same, in a time that does not tell how far they are.
fn same(sent: &[u8], token: &[u8]) -> bool {
    let different = sent.iter().zip(token).fold(0, |different, (a, b)| std::hint::black_box(different | (a ^ b)));
    different == 0 && sent.len() == token.len()
}

enum Work {
    Run,
    /// The name that the database is to have.
    Reset(String),
}

enum Trouble {
    NoConnection(String),
    Failed(Error),
}

type Authorize = dyn Fn(Parts) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync;

struct Admin {
    authorize: Box<Authorize>,
    work: Box<dyn Fn(Work) -> Result<Report, Trouble> + Send + Sync>,
    /// Since when this process is at it.
    going: Mutex<Option<Instant>>,
}

impl Admin {
    fn going(&self) -> MutexGuard<'_, Option<Instant>> {
        self.going.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The body, once it is known that the request may be made.
    async fn admitted(&self, request: Request) -> Result<(HeaderMap, Bytes), Response> {
        let (parts, body) = request.into_parts();
        let headers = parts.headers.clone();
        if !(self.authorize)(parts).await {
            let mut response = problem("unauthorized", "this needs an authorization", StatusCode::UNAUTHORIZED);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return Err(response);
        }
        let body = read(&headers, body).await?;
        Ok((headers, body))
    }

    /// Does it on a thread that may block, alone.
    async fn work(self: Arc<Self>, work: Work) -> Response {
        match &mut *self.going() {
            Some(since) => {
                let holder = format!("this process ({}), for {}", crate::backend::runner(), seconds(since.elapsed()));
                let error = format!("a run is going on already: {holder}");
                return Problem { error, code: "lock-wait", holder: Some(holder) }.answer(StatusCode::CONFLICT);
            }
            free => *free = Some(Instant::now()),
        }
        let going = Going(self);
        let span = tracing::Span::current();
        let work = tokio::task::spawn_blocking(move || {
            let _entered = span.enter();
            (going.0.work)(work)
        });
        match tokio::time::timeout(ANSWER_WITHIN, work).await {
            Ok(Ok(Ok(report))) => json(StatusCode::OK, bytes(&report)),
            Ok(Ok(Err(trouble))) => trouble.answer(),
            Ok(Err(_)) => problem("panic", "the run ended in a panic", StatusCode::INTERNAL_SERVER_ERROR),
            Err(_) => {
                let body = r#"{"status":"running"}"#;
                let mut response = json(StatusCode::ACCEPTED, body);
                response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("status"));
                response
            }
        }
    }
}

/// That this process is at it. It ends with the value, however the work does.
struct Going(Arc<Admin>);

impl Drop for Going {
    fn drop(&mut self) {
        *self.0.going() = None;
    }
}

impl Trouble {
    fn answer(self) -> Response {
        let error = match self {
            Trouble::NoConnection(error) => {
                return Problem { error, code: "connection-failed", holder: None }
                    .answer(StatusCode::SERVICE_UNAVAILABLE);
            }
            Trouble::Failed(error) => error,
        };
        let (status, holder) = match &error {
            Error::LockWait { holder, .. } => {
                let holder = holder.as_ref().map(ToString::to_string);
                (
                    StatusCode::CONFLICT,
                    Some(holder.unwrap_or_else(|| "somebody whom the engine does not name".to_owned())),
                )
            }
            Error::ResetRefused { .. } => (StatusCode::FORBIDDEN, None),
            Error::Connection { .. } | Error::ConnectionLost { .. } => (StatusCode::SERVICE_UNAVAILABLE, None),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, None),
        };
        Problem { error: error.to_string(), code: error.code(), holder }.answer(status)
    }
}

async fn run(State(admin): State<Arc<Admin>>, request: Request) -> Response {
    match admin.admitted(request).await {
        Ok(_) => admin.work(Work::Run).await,
        Err(refused) => refused,
    }
}

async fn reset(State(admin): State<Arc<Admin>>, request: Request) -> Response {
    let (headers, body) = match admin.admitted(request).await {
        Ok(admitted) => admitted,
        Err(refused) => return refused,
    };
    // A form on another site's page cannot send this type.
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/json")) {
        let says = "a reset takes JSON (Content-Type: application/json)";
        return problem("not-json", says, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let name = serde_json::from_slice::<serde_json::Value>(&body)
        .ok()
        .and_then(|body| body.get("database").and_then(|name| name.as_str()).map(str::to_owned));
    match name {
        Some(name) => admin.work(Work::Reset(name)).await,
        None => {
            let says = r#"say which database is to be emptied: {"database": "its name"}"#;
            problem("no-database-named", says, StatusCode::BAD_REQUEST)
        }
    }
}

fn problem(code: &'static str, error: &str, status: StatusCode) -> Response {
    Problem { error: error.to_owned(), code, holder: None }.answer(status)
}

/// The body, where it is short.
async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Response> {
    let too_long = || {
        let says = format!("the body may have {LONGEST_BODY} bytes");
        problem("body-too-long", &says, StatusCode::PAYLOAD_TOO_LARGE)
    };
    let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|length| length > LONGEST_BODY as u64) {
        return Err(too_long());
    }
    match tokio::time::timeout(BODY_WITHIN, to_bytes(body, LONGEST_BODY)).await {
        Ok(Ok(body)) => Ok(body),
        // Or it broke off, and nobody reads the answer.
        Ok(Err(_)) => Err(too_long()),
        Err(_) => Err(problem("body-too-slow", "the body does not come", StatusCode::REQUEST_TIMEOUT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(authorization: Option<&str>, token: &str) -> bool {
        let mut request = Request::new(Body::empty());
        if let Some(value) = authorization {
            request.headers_mut().insert(header::AUTHORIZATION, value.parse().expect("a header's value"));
        }
        bearer(token)(request.into_parts().0).into_inner()
    }

    #[test]
    fn a_token_is_the_whole_token() {
        assert!(asks(Some("Bearer s3cret"), "s3cret"));
        assert!(asks(Some("bearer s3cret"), "s3cret"));
        for wrong in
            ["Bearer s3cre", "Bearer s3cret1", "Bearer S3cret", "Bearer ", "Bearer", "Basic s3cret", "s3cret", ""]
        {
            assert!(!asks(Some(wrong), "s3cret"), "{wrong}");
        }
        assert!(!asks(None, "s3cret"));
        assert!(!asks(Some("Bearer "), "") && !asks(None, ""), "an empty token lets nobody in");
    }
}
