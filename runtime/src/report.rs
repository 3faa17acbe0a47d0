//! What a run did.

use crate::error::{counted, seconds};
use std::fmt;
use std::time::Duration;

/// What a run did.
///
/// `Display` is a small table for the log of a deploy.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Report {
    /// What was applied now, in order.
    pub applied: Vec<Applied>,
    /// How many of the program's migrations were applied before.
    pub already_applied: usize,
    /// How many are left since the run was to end before them ([`Runner::target`](crate::Runner::target)).
    pub left: usize,
    /// How often something was tried again: a table that others used, a deadlock, a connection that broke.
    pub retries: u32,
    /// What changed and does not matter: a comment in a file that is applied.
    pub notices: Vec<String>,
    /// What a person should look at.
    pub warnings: Vec<String>,
    /// How long it waited for another process that was migrating. In JSON, milliseconds (`waited_ms`).
    #[cfg_attr(feature = "serde", serde(rename = "waited_ms", serialize_with = "crate::report::millis"))]
    pub waited: Duration,
    /// How long all of it took, waiting included. In JSON, milliseconds (`duration_ms`).
    #[cfg_attr(feature = "serde", serde(rename = "duration_ms", serialize_with = "crate::report::millis"))]
    pub duration: Duration,
}

/// A migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Applied {
    /// Its version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// How long it took, by the engine's clock. In JSON, milliseconds (`duration_ms`).
    #[cfg_attr(feature = "serde", serde(rename = "duration_ms", serialize_with = "crate::report::millis"))]
    pub duration: Duration,
}

#[cfg(feature = "serde")]
pub(crate) fn millis<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.already_applied;
        if self.applied.is_empty() {
            write!(f, "nothing is pending, {} applied ({})", is_or_are(before), seconds(self.duration))?;
        } else {
            write!(f, "applied {} in {}", counted(self.applied.len(), "migration"), seconds(self.duration))?;
            if before > 0 {
                write!(f, ", {before} before")?;
            }
            let width = self.applied.iter().map(|applied| applied.file.chars().count()).max().unwrap_or(0);
            for applied in &self.applied {
                write!(f, "\n  {:width$}  {:>8}", applied.file, seconds(applied.duration))?;
            }
        }
        if self.left > 0 {
            write!(f, "\n{} left, behind the version that was asked for", is_or_are(self.left))?;
        }
        for warning in &self.warnings {
            write!(f, "\nwarning: {warning}")?;
        }
        for notice in &self.notices {
            write!(f, "\nnotice: {notice}")?;
        }
        Ok(())
    }
}

fn is_or_are(count: usize) -> String {
    format!("{} {}", counted(count, "migration"), if count == 1 { "is" } else { "are" })
}
