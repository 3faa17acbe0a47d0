//! The connections that the runner knows, and how to make one.

use crate::backend::Backend;
use crate::error::{Error, Refusal};

/// A connection that migrations can be applied through.
///
/// Implemented for `diesel::PgConnection` (feature `postgres`) and `diesel::SqliteConnection` (feature `sqlite`, or
/// `sqlite-bundled` where nothing is to be installed). A `&mut` to a pooled connection is one too, once dereferenced:
/// `run_pending(&mut *pooled)`.
///
/// The trait is sealed.
#[diagnostic::on_unimplemented(
    message = "glowplug cannot migrate through a `{Self}`",
    note = "a `diesel::PgConnection` needs glowplug's feature `postgres`",
    note = "a `diesel::SqliteConnection` needs glowplug's feature `sqlite` or `sqlite-bundled`"
)]
#[allow(private_bounds)] // What an engine must be able to do is no part of the interface.
pub trait Connection: Backend {
    /// The engine it speaks to, as a type: migrations that were checked for one engine do not compile with the
    /// connection of another.
    type Engine;
}

#[cfg(feature = "postgres")]
impl Connection for diesel::PgConnection {
    type Engine = crate::engine::Postgres;
}

#[cfg(feature = "sqlite")]
impl Connection for diesel::SqliteConnection {
    type Engine = crate::engine::Sqlite;
}

/// Connects, and says in an [`Error::Connection`] what a person can do when it does not work: wrong password,
/// no such database, nobody listening. The error never shows the password.
///
/// `url` is what diesel takes: `postgres://user:password@host/database`, or the path of a SQLite file.
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
