//! What can be set about a run, in code and by the operator.

use crate::connection::redact_url;
use crate::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What to do with a migration whose number is below one that is applied already.
///
/// It happens when two branches are merged: `012` was written before `013` and reached the database after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutOfOrder {
    /// Stop before anything runs, and name the migrations.
    #[default]
    Reject,
    /// Apply them, and say so in the report.
    Allow,
}

/// What to do with the migrations behind one that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// Leave them.
    #[default]
    Stop,
    /// Try them as well. The result is an error all the same, and names all that failed.
    Continue,
}

/// What stands between the program and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// A connection is a session of the server. The lock and the limits of a run are the session's. Where a transaction
    /// pooler shows itself all the same, the run stops before it changes anything.
    #[default]
    Direct,
    /// A pooler hands out a server connection for each transaction (PgBouncer's `pool_mode = transaction`). Everything,
    /// the lock too, then lives in one transaction for many migrations; what cannot run in a transaction is refused
    /// before anything runs. Of meaning on PostgreSQL alone.
    Pooled,
}

/// How one run keeps others out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LockKind {
    /// The engine's own lock; [`Lease`](Self::Lease) where the server is of a kind whose own lock does not hold.
    #[default]
    Auto,
    /// The engine's own lock: an advisory lock on PostgreSQL, `GET_LOCK` on MySQL, the database's write lock on SQLite.
    Native,
    /// A row in a table, with an owner, a time at which it ends and a number that rises with each owner: for
    /// distributed databases that speak an engine's language without its locks. SQLite has no use for it and keeps its
    /// own lock.
    Lease,
}

/// Whether a run looks, once it has applied something, if the tables and columns are there that the program was built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// It does not look.
    Off,
    /// What is missing is a warning of the report.
    #[default]
    Warn,
    /// What is missing is [`Error::Schema`].
    Deny,
}

/// The settings of a run.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) lock_wait: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) statement_timeout: Option<Duration>,
    pub(crate) out_of_order: OutOfOrder,
    pub(crate) on_failure: OnFailure,
    pub(crate) mode: Mode,
    pub(crate) lock: LockKind,
    pub(crate) retries: u32,
    pub(crate) target: Option<String>,
    /// Whether the operator said it on a command line, which is more than a variable.
    pub(crate) exact_target: bool,
    pub(crate) verify: Verify,
    /// Names the history, where several lists share a database.
    pub(crate) set: Option<String>,
    pub(crate) url: Option<Url>,
    pub(crate) stop: Option<Arc<AtomicBool>>,
    /// What `lock_wait` may be at most, whatever the operator says: somebody waits for an answer.
    pub(crate) lock_wait_at_most: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            lock_wait: Duration::from_secs(60),
            lock_timeout: Duration::from_secs(5),
            statement_timeout: None,
            out_of_order: OutOfOrder::default(),
            on_failure: OnFailure::default(),
            mode: Mode::default(),
            lock: LockKind::default(),
            retries: 10,
            target: None,
            exact_target: false,
            verify: Verify::default(),
            set: None,
            url: None,
            stop: None,
            lock_wait_at_most: Duration::MAX,
        }
    }
}

/// A URL that does not show its password.
#[derive(Clone)]
pub(crate) struct Url(pub(crate) String);

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact_url(&self.0))
    }
}

impl Settings {
    /// These settings, with what the operator says in the environment on top.
    pub(crate) fn with_environment(&self) -> Result<Settings, Error> {
        self.clone().overridden_by(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Whether somebody asked the run to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    fn overridden_by(mut self, variable: impl Fn(&str) -> Option<String>) -> Result<Settings, Error> {
        let read = Read { variable };
        read.duration("GLOWPLUG_LOCK_WAIT", &mut self.lock_wait)?;
        self.lock_wait = self.lock_wait.min(self.lock_wait_at_most);
        read.duration("GLOWPLUG_LOCK_TIMEOUT", &mut self.lock_timeout)?;
        let mut statement_timeout = self.statement_timeout.unwrap_or_default();
        if read.duration("GLOWPLUG_STATEMENT_TIMEOUT", &mut statement_timeout)? {
            self.statement_timeout = Some(statement_timeout);
        }
        read.word(
            "GLOWPLUG_OUT_OF_ORDER",
            "`reject` or `allow`",
            &[("reject", OutOfOrder::Reject), ("allow", OutOfOrder::Allow)],
            &mut self.out_of_order,
        )?;
        read.word(
            "GLOWPLUG_ON_FAILURE",
            "`stop` or `continue`",
            &[("stop", OnFailure::Stop), ("continue", OnFailure::Continue)],
            &mut self.on_failure,
        )?;
        read.word(
            "GLOWPLUG_MODE",
            "`direct` or `pooled`",
            &[("direct", Mode::Direct), ("pooled", Mode::Pooled)],
            &mut self.mode,
        )?;
        read.word(
            "GLOWPLUG_LOCK",
            "`auto`, `native` or `lease`",
            &[("auto", LockKind::Auto), ("native", LockKind::Native), ("lease", LockKind::Lease)],
            &mut self.lock,
        )?;
        read.word(
            "GLOWPLUG_VERIFY",
            "`off`, `warn` or `deny`",
            &[("off", Verify::Off), ("warn", Verify::Warn), ("deny", Verify::Deny)],
            &mut self.verify,
        )?;
        if let Some(value) = (read.variable)("GLOWPLUG_RETRIES") {
            let expected = "a number: how often to try again, 0 for never";
            self.retries =
                value.trim().parse().map_err(|_| Error::Setting { variable: "GLOWPLUG_RETRIES", value, expected })?;
        }
        if let Some(value) = (read.variable)("GLOWPLUG_TARGET").filter(|_| !self.exact_target) {
            self.target = Some(value.trim().to_owned()).filter(|version| !version.is_empty());
        }
        Ok(self)
    }
}

/// Reads variables, and says what a bad one should be.
struct Read<V> {
    variable: V,
}

impl<V: Fn(&str) -> Option<String>> Read<V> {
    /// Whether the variable is there.
    fn duration(&self, name: &'static str, into: &mut Duration) -> Result<bool, Error> {
        let Some(value) = (self.variable)(name) else { return Ok(false) };
        let expected = "a number of seconds, or a duration such as `5s`, `500ms` or `2min`";
        *into = parse_duration(&value).ok_or(Error::Setting { variable: name, value, expected })?;
        Ok(true)
    }

    fn word<T: Copy>(
        &self,
        name: &'static str,
        expected: &'static str,
        words: &[(&str, T)],
        into: &mut T,
    ) -> Result<(), Error> {
        let Some(value) = (self.variable)(name) else { return Ok(()) };
        match words.iter().find(|(word, _)| value.trim().eq_ignore_ascii_case(word)) {
            Some((_, meaning)) => *into = *meaning,
            None => return Err(Error::Setting { variable: name, value, expected }),
        }
        Ok(())
    }
}

/// Seconds (`5`, `0.5`), or a number with its unit (`500ms`, `2min`).
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Result<Settings, Error> {
        Settings::default().overridden_by(|asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn durations_are_seconds_or_carry_a_unit() {
        assert_eq!(with("GLOWPLUG_LOCK_WAIT", "90").unwrap().lock_wait, Duration::from_secs(90));
        assert_eq!(with("GLOWPLUG_LOCK_WAIT", " 1.5 ").unwrap().lock_wait, Duration::from_millis(1500));
        assert_eq!(with("GLOWPLUG_LOCK_TIMEOUT", "500ms").unwrap().lock_timeout, Duration::from_millis(500));
        assert_eq!(
            with("GLOWPLUG_STATEMENT_TIMEOUT", "2min").unwrap().statement_timeout,
            Some(Duration::from_secs(120))
        );
        assert_eq!(with("SOMETHING_ELSE", "x").unwrap().lock_wait, Duration::from_secs(60));
    }

    #[test]
    fn words_are_words() {
        assert_eq!(with("GLOWPLUG_OUT_OF_ORDER", "Allow").unwrap().out_of_order, OutOfOrder::Allow);
        assert_eq!(with("GLOWPLUG_OUT_OF_ORDER", "reject").unwrap().out_of_order, OutOfOrder::Reject);
        assert_eq!(with("GLOWPLUG_ON_FAILURE", "continue").unwrap().on_failure, OnFailure::Continue);
        assert_eq!(with("GLOWPLUG_MODE", " pooled ").unwrap().mode, Mode::Pooled);
        assert_eq!(with("GLOWPLUG_LOCK", "lease").unwrap().lock, LockKind::Lease);
        assert_eq!(with("GLOWPLUG_VERIFY", "deny").unwrap().verify, Verify::Deny);
        assert_eq!(with("GLOWPLUG_RETRIES", "0").unwrap().retries, 0);
        assert_eq!(with("GLOWPLUG_TARGET", "0042").unwrap().target.as_deref(), Some("0042"));
        assert_eq!(with("GLOWPLUG_TARGET", "").unwrap().target, None);
    }

    #[test]
    fn a_bad_value_names_the_variable_and_what_it_takes() {
        for value in ["", "soon", "-1", "nan", "5 parsecs", "1e300"] {
            let error = with("GLOWPLUG_LOCK_WAIT", value).unwrap_err();
            assert_eq!(error.code(), "setting-invalid");
            assert_eq!(
                error.to_string(),
                format!(
                    "the environment variable GLOWPLUG_LOCK_WAIT is `{value}`\n  \
                     = it takes a number of seconds, or a duration such as `5s`, `500ms` or `2min`"
                )
            );
        }
        for (name, takes) in [
            ("GLOWPLUG_OUT_OF_ORDER", "`reject` or `allow`"),
            ("GLOWPLUG_ON_FAILURE", "`stop` or `continue`"),
            ("GLOWPLUG_MODE", "`direct` or `pooled`"),
            ("GLOWPLUG_LOCK", "`auto`, `native` or `lease`"),
            ("GLOWPLUG_VERIFY", "`off`, `warn` or `deny`"),
            ("GLOWPLUG_RETRIES", "a number: how often to try again, 0 for never"),
        ] {
            let error = with(name, "yes").unwrap_err();
            assert_eq!(error.to_string(), format!("the environment variable {name} is `yes`\n  = it takes {takes}"));
        }
    }

    #[test]
    fn no_password_in_the_settings() {
        let settings = Settings { url: Some(Url("postgres://ann:s3cret@db/app".to_owned())), ..Settings::default() };
        let text = format!("{settings:?}");
        assert!(!text.contains("s3cret") && text.contains("ann:***@db"), "{text}");
    }
}
