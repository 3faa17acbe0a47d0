//! What can be set about a run, in code and by the operator.

use crate::error::Error;
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

/// The limits of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) lock_wait: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) statement_timeout: Option<Duration>,
    pub(crate) out_of_order: OutOfOrder,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            lock_wait: Duration::from_secs(60),
            lock_timeout: Duration::from_secs(5),
            statement_timeout: None,
            out_of_order: OutOfOrder::Reject,
        }
    }
}

impl Settings {
    /// These settings, with what the operator says in the environment on top.
    pub(crate) fn with_environment(self) -> Result<Settings, Error> {
        self.overridden_by(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    fn overridden_by(mut self, variable: impl Fn(&str) -> Option<String>) -> Result<Settings, Error> {
        let duration = |name: &'static str| match variable(name) {
            Some(value) => parse_duration(&value).map(Some).ok_or(Error::Setting {
                variable: name,
                value,
                expected: "a number of seconds, or a duration such as `5s`, `500ms` or `2min`",
            }),
            None => Ok(None),
        };
        if let Some(wait) = duration("GLOWPLUG_LOCK_WAIT")? {
            self.lock_wait = wait;
        }
        if let Some(timeout) = duration("GLOWPLUG_LOCK_TIMEOUT")? {
            self.lock_timeout = timeout;
        }
        if let Some(timeout) = duration("GLOWPLUG_STATEMENT_TIMEOUT")? {
            self.statement_timeout = Some(timeout);
        }
        if let Some(value) = variable("GLOWPLUG_OUT_OF_ORDER") {
            self.out_of_order = match value.trim().to_ascii_lowercase().as_str() {
                "reject" => OutOfOrder::Reject,
                "allow" => OutOfOrder::Allow,
                _ => {
                    return Err(Error::Setting {
                        variable: "GLOWPLUG_OUT_OF_ORDER",
                        value,
                        expected: "`reject` or `allow`",
                    });
                }
            };
        }
        Ok(self)
    }
}

/// Seconds (`5`, `0.5`), or a number with its unit (`500ms`, `2min`).
fn parse_duration(text: &str) -> Option<Duration> {
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
    fn order_is_named() {
        assert_eq!(with("GLOWPLUG_OUT_OF_ORDER", "Allow").unwrap().out_of_order, OutOfOrder::Allow);
        assert_eq!(with("GLOWPLUG_OUT_OF_ORDER", "reject").unwrap().out_of_order, OutOfOrder::Reject);
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
        let error = with("GLOWPLUG_OUT_OF_ORDER", "yes").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment variable GLOWPLUG_OUT_OF_ORDER is `yes`\n  = it takes `reject` or `allow`"
        );
    }
}
