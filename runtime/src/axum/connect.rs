//! Where the routes get their connections.

use crate::backend::Backend;
use crate::connection::{Connection, redact_url};
use crate::error::Error;
use std::error::Error as StdError;
use std::marker::PhantomData;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Where the routes get their connections: every closure that answers one is it, whatever its error, and so is
/// [`at_url`].
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # fn main() {
/// fn is_one<C: glowplug::axum::Connect>(_: C) {}
/// is_one(|| glowplug::establish::<diesel::SqliteConnection>("app.db"));
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
///
/// A connection of diesel-async, or what a pool of these hands out, is put into its bridge (feature `async`):
///
/// ```ignore
/// let handle = tokio::runtime::Handle::current();
/// let connect = move || handle.block_on(pool.get_owned()).map(AsyncConnectionWrapper::<_>::from);
/// ```
pub trait Connect: Send + Sync + 'static {
    /// What it makes.
    type Connection: Connection;

    /// Makes a connection. It may block, and is never called on a thread of the async runtime.
    ///
    /// # Errors
    ///
    /// Why there is none; it is shown to whoever asks for the health. Passwords in URLs are left out of it.
    fn connect(&self) -> Result<Self::Connection, BoxError>;
}

impl<F, C, E> Connect for F
where
    F: Fn() -> Result<C, E> + Send + Sync + 'static,
    C: Connection,
    E: Into<BoxError>,
{
    type Connection = C;

    fn connect(&self) -> Result<C, BoxError> {
        self().map_err(Into::into)
    }
}

/// A connection of its own for each look: that a pool is busy does not mean that the database is down. It gives up by
/// itself on a server that is gone or accepts and never answers (`connect_timeout`, `tcp_user_timeout` and keepalives,
/// where the URL does not say otherwise), and it makes no SQLite file that is not there.
///
/// `url` is what diesel takes, as in [`establish`](crate::establish). Every look at `:memory:` would find an empty
/// database of its own.
pub fn at_url<C>(url: impl Into<String>) -> impl Connect<Connection = C>
where
    C: Connection + diesel::Connection + 'static,
{
    AtUrl { url: url.into(), connection: PhantomData }
}

struct AtUrl<C> {
    url: String,
    connection: PhantomData<fn() -> C>,
}

impl<C: Connection + diesel::Connection + 'static> Connect for AtUrl<C> {
    type Connection = C;

    fn connect(&self) -> Result<C, BoxError> {
        let url = <C::Session<'_>>::url_to_look(&self.url);
        let mut connection = C::establish(&url).map_err(|error| Error::connection(&error, &self.url))?;
        connection.session().be_patient();
        Ok(connection)
    }
}

/// Why there is no connection, without a password.
pub(super) fn reason(error: &(dyn StdError + Send + Sync + 'static)) -> String {
    // Ours are clean already.
    match error.downcast_ref::<Error>() {
        Some(error) => error.to_string(),
        None => redact_url(&error.to_string()),
    }
}
