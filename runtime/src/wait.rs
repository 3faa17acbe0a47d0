//! Waiting for a database that is starting.

use crate::backoff::Backoff;
use crate::connection::{Connection, establish, redact_url};
use crate::error::{Error, Refusal, seconds};
use std::time::{Duration, Instant};

/// Connects, and where nobody answers yet tries again, with 100 ms to 5 s in between, for at most `up_to`.
///
/// What waiting does not mend fails at once: a wrong password, a database or a role that is not there.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # fn main() -> Result<(), glowplug::Error> {
/// use std::time::Duration;
///
/// let connection: diesel::SqliteConnection = glowplug::wait_for_database(":memory:", Duration::from_secs(30))?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
///
/// # Errors
///
/// [`Error::Connection`], with what the last try said.
pub fn wait_for_database<C: Connection + diesel::Connection>(url: &str, up_to: Duration) -> Result<C, Error> {
    wait_unless(url, up_to, || false)
}

/// The same, until `stopped` holds.
pub(crate) fn wait_unless<C: Connection + diesel::Connection>(
    url: &str,
    up_to: Duration,
    stopped: impl Fn() -> bool,
) -> Result<C, Error> {
    let since = Instant::now();
    let mut backoff = Backoff::default();
    loop {
        let error = match establish::<C>(url) {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        let Error::Connection { reason, message, .. } = &error else { return Err(error) };
        let left = if stopped() { Duration::ZERO } else { up_to.saturating_sub(since.elapsed()) };
        if matches!(reason, Refusal::Password | Refusal::NoDatabase | Refusal::Role) || left.is_zero() {
            return Err(error);
        }
        tracing::info!(
            url = %redact_url(url), waited = %seconds(since.elapsed()), "{}; waiting for the database",
            message.lines().next().unwrap_or_default()
        );
        let pause = Instant::now() + backoff.next().min(left);
        while !stopped() && Instant::now() < pause {
            std::thread::sleep(pause.saturating_duration_since(Instant::now()).min(Duration::from_millis(100)));
        }
    }
}
