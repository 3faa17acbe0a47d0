//! The connections that the runner knows, and how to make one.

use crate::backend::Backend;
use crate::error::{Error, Refusal};

/// A connection that migrations can be applied through.
///
/// Implemented for `diesel::PgConnection` (feature `postgres`), for `diesel::MysqlConnection`, which speaks to MariaDB too
/// (feature `mysql`), for `diesel::SqliteConnection` (feature `sqlite`, or
/// `sqlite-bundled` where nothing is to be installed), and for what a pool hands out of these (feature `r2d2`):
/// `run_pending(&mut pool.get()?)`. For connections of `diesel-async` there is
#[cfg_attr(feature = "async", doc = " [`Runner::run_pending_async`](crate::Runner::run_pending_async).")]
#[cfg_attr(not(feature = "async"), doc = " `Runner::run_pending_async` (feature `async`).")]
///
/// The trait is sealed.
#[diagnostic::on_unimplemented(
    message = "glowplug cannot migrate through a `{Self}`",
    note = "a `diesel::PgConnection` needs glowplug's feature `postgres`",
    note = "a `diesel::MysqlConnection` needs glowplug's feature `mysql`",
    note = "a `diesel::SqliteConnection` needs glowplug's feature `sqlite` or `sqlite-bundled`",
    note = "what an r2d2 pool hands out needs glowplug's feature `r2d2`"
)]
pub trait Connection {
    /// The engine it speaks to, as a type: migrations that were checked for one engine do not compile with the
    /// connection of another.
    type Engine;

    /// The connection that hooks are given: itself, or what a pooled one holds.
    type Inner;

    /// The connection for the time of a run.
    #[doc(hidden)]
    type Session<'a>: Backend<Inner = Self::Inner>
    where
        Self: 'a;

    #[doc(hidden)]
    fn session(&mut self) -> Self::Session<'_>;
}

#[cfg(feature = "postgres")]
impl Connection for diesel::PgConnection {
    type Engine = crate::engine::Postgres;
    type Inner = diesel::PgConnection;
    type Session<'a> = crate::backend::postgres::Session<'a, diesel::PgConnection>;

    fn session(&mut self) -> Self::Session<'_> {
        crate::backend::postgres::Session::new(self)
    }
}

#[cfg(feature = "sqlite")]
impl Connection for diesel::SqliteConnection {
    type Engine = crate::engine::Sqlite;
    type Inner = diesel::SqliteConnection;
    type Session<'a> = crate::backend::sqlite::Session<'a>;

    fn session(&mut self) -> Self::Session<'_> {
        crate::backend::sqlite::Session::new(self)
    }
}

#[cfg(feature = "mysql")]
impl Connection for diesel::MysqlConnection {
    type Engine = crate::engine::Mysql;
    type Inner = diesel::MysqlConnection;
    type Session<'a> = crate::backend::mysql::Session<'a, diesel::MysqlConnection>;

    fn session(&mut self) -> Self::Session<'_> {
        crate::backend::mysql::Session::new(self)
    }
}

#[cfg(feature = "r2d2")]
impl<M> Connection for diesel::r2d2::PooledConnection<M>
where
    M: diesel::r2d2::ManageConnection,
    M::Connection: Connection,
{
    type Engine = <M::Connection as Connection>::Engine;
    type Inner = <M::Connection as Connection>::Inner;
    type Session<'a>
        = <M::Connection as Connection>::Session<'a>
    where
        Self: 'a;

    fn session(&mut self) -> Self::Session<'_> {
        (**self).session()
    }
}

/// Connects, and says in an [`Error::Connection`] what a person can do when it does not work: wrong password,
/// no such database, nobody listening. The error never shows the password.
///
/// `url` is what diesel takes: `postgres://user:password@host/database`, `mysql://user:password@host/database`, or the path
/// of a SQLite file.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # fn main() -> Result<(), glowplug::Error> {
/// let mut connection = glowplug::establish::<diesel::SqliteConnection>(":memory:")?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
///
/// # Errors
///
/// [`Error::Connection`].
pub fn establish<C: Connection + diesel::Connection>(url: &str) -> Result<C, Error> {
    C::establish(url).map_err(|error| Error::connection(&error, url))
}

impl Error {
    /// What diesel said when it could not connect to `url`, with what can be done about it and without the password.
    ///
    /// For programs that connect by themselves; [`establish`] calls it.
    pub fn connection(error: &diesel::ConnectionError, url: &str) -> Error {
        let mut message = match error {
            diesel::ConnectionError::BadConnection(message) => message.trim_end().to_owned(),
            other => other.to_string(),
        };
        // libpq quotes the whole string when it cannot read it.
        for secret in passwords(url) {
            message = message.replace(&secret, "***");
        }
        Error::Connection { url: redact_url(url), reason: Refusal::of(&message), message }
    }
}

/// The URL with `***` for its password, fit for a log. Understands URLs (`postgres://user:password@host/database`,
/// a `password` in the query too) and libpq's `password=… host=…`.
///
/// ```
/// assert_eq!(glowplug::redact_url("postgres://ann:s3cret@db/app"), "postgres://ann:***@db/app");
/// assert_eq!(glowplug::redact_url("host=db password='s 3' user=ann"), "host=db password=*** user=ann");
/// assert_eq!(glowplug::redact_url("household.db"), "household.db");
/// ```
pub fn redact_url(url: &str) -> String {
    let mut text = url.to_owned();
    let mut places = secret_places(url);
    places.sort_unstable();
    for (start, end) in places.into_iter().rev() {
        text.replace_range(start..end, "***");
    }
    text
}

/// The passwords in a URL as they may turn up in a message: as written, and unquoted.
fn passwords(url: &str) -> Vec<String> {
    let mut secrets: Vec<String> = Vec::new();
    for (start, end) in secret_places(url) {
        let written = &url[start..end];
        secrets.push(written.to_owned());
        secrets.push(written.trim_matches('\'').to_owned());
    }
    secrets.retain(|secret| !secret.is_empty());
    secrets
}

/// The byte ranges of passwords; they do not overlap.
fn secret_places(url: &str) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let mut rest = 0;
    if let Some(scheme) = url.find("://") {
        let start = scheme + 3;
        let authority = url[start..].find(['/', '?', '#']).map_or(url.len(), |end| start + end);
        // A password with a bare `/` or `?` in it ends the authority too early; the last `@` is then behind it.
        let at = url[start..authority].rfind('@').or_else(|| url[start..].rfind('@')).map(|at| start + at);
        if let Some(at) = at {
            if let Some(colon) = url[start..at].find(':') {
                places.push((start + colon + 1, at));
            }
            rest = at;
        }
    }
    let lower = url.to_ascii_lowercase();
    while let Some(found) = lower[rest..].find("password") {
        let after = rest + found + "password".len();
        let equals = after + (url[after..].len() - url[after..].trim_start().len());
        rest = after;
        if !url[equals..].starts_with('=') {
            continue;
        }
        let start = equals + 1 + (url[equals + 1..].len() - url[equals + 1..].trim_start().len());
        let end = if url[start..].starts_with('\'') {
            let mut escaped = false;
            url[start + 1..]
                .find(|c| {
                    let ends = c == '\'' && !escaped;
                    escaped = c == '\\' && !escaped;
                    ends
                })
                .map_or(url.len(), |end| start + 1 + end + 1)
        } else {
            url[start..].find(|c: char| c == '&' || c.is_whitespace()).map_or(url.len(), |end| start + end)
        };
        places.push((start, end));
        rest = end;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        for (url, shown) in [
            ("postgres://ann:s3cret@db:5432/app", "postgres://ann:***@db:5432/app"),
            ("postgres://ann:p@ss@db/app", "postgres://ann:***@db/app"),
            ("postgres://ann:p/ss@db/app", "postgres://ann:***@db/app"),
            ("postgres://ann@db/app", "postgres://ann@db/app"),
            (
                "postgres://db/app?user=ann&password=s3cret&sslmode=require",
                "postgres://db/app?user=ann&password=***&sslmode=require",
            ),
            ("postgres://ann:a@db/app?sslpassword=b", "postgres://ann:***@db/app?sslpassword=***"),
            ("host=db PASSWORD = s3cret dbname=app", "host=db PASSWORD = *** dbname=app"),
            ("password='it\\'s s3cret' host=db", "password=*** host=db"),
            ("password=", "password=***"),
            ("household.db", "household.db"),
            ("", ""),
        ] {
            assert_eq!(redact_url(url), shown);
        }
    }

    #[test]
    fn a_message_that_quotes_the_url_is_cleaned() {
        let said = diesel::ConnectionError::BadConnection("invalid connection string: password='s 3cret' x\n".into());
        let error = Error::connection(&said, "password='s 3cret' x");
        assert!(!error.to_string().contains("3cret"), "{error}");
        assert_eq!(error.code(), "connection-failed");
    }
}
