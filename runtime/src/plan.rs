//! What is to be done, from what the program has and what the database says. No I/O.

use crate::error::{Error, counted, listed};
use crate::history::{CHECKSUM_PREFIX, History};
use crate::migration::{Migration, Migrations};
use crate::settings::{OnFailure, OutOfOrder, Settings};
use std::cmp::Ordering;

/// What is to be done.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    /// To apply, in order.
    pub(crate) pending: Vec<&'static Migration>,
    /// How many of the list are applied.
    pub(crate) applied: usize,
    /// How many are behind the version that the run is to end with.
    pub(crate) left: usize,
    pub(crate) notices: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// How a migration that is applied compares with what was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drift {
    None,
    /// Comments, white space or line ends alone.
    Cosmetic,
    Edited,
}

pub(crate) fn drift(migration: &Migration, history: &History) -> Drift {
    let Some(attempt) = history.versions.get(migration.version).and_then(|entry| entry.completed()) else {
        return Drift::None;
    };
    match attempt.checksum.strip_prefix(CHECKSUM_PREFIX) {
        Some(checksum) if checksum == migration.checksum => {
            if attempt.raw_checksum == migration.raw_checksum {
                Drift::None
            } else {
                Drift::Cosmetic
            }
        }
        Some(_) => Drift::Edited,
        // Another algorithm: the bytes alone can be compared, and they say nothing of comments.
        None if attempt.raw_checksum == migration.raw_checksum => Drift::None,
        None => Drift::Cosmetic,
    }
}

/// What to do with a database in this state, or why not to touch it.
pub(crate) fn decide(
    migrations: &'static Migrations,
    history: &History,
    settings: &Settings,
) -> Result<Decision, Error> {
    let mut plan = Decision::default();
    let order = settings.out_of_order;
    let target = settings.target.as_deref().map(|version| position(migrations, version)).transpose()?;
    let (mut edited, mut cosmetic) = (Vec::new(), Vec::new());
    for (index, migration) in migrations.list.iter().enumerate() {
        if !history.is_applied(migration.version) {
            if target.is_none_or(|target| index <= target) {
                plan.pending.push(migration);
            } else {
                plan.left += 1;
            }
            continue;
        }
        plan.applied += 1;
        match drift(migration, history) {
            Drift::None => {}
            Drift::Cosmetic => cosmetic.push(migration.file),
            Drift::Edited => edited.push(path(migrations, migration)),
        }
    }
    if !edited.is_empty() {
        return Err(Error::Edited { files: edited });
    }
    if !cosmetic.is_empty() {
        plan.notices.push(format!(
            "{} changed since {} applied, in comments or white space alone",
            listed(&cosmetic),
            if cosmetic.len() == 1 { "it was" } else { "they were" }
        ));
    }

    let unknown = unknown(migrations, history);
    if !unknown.is_empty() {
        if !plan.pending.is_empty() && order == OutOfOrder::Reject {
            return Err(Error::UnknownVersions {
                versions: unknown,
                pending: plan.pending.iter().map(|migration| path(migrations, migration)).collect(),
            });
        }
        plan.warnings.push(format!(
            "the database has {} that this program does not know: {}",
            counted(unknown.len(), "migration"),
            listed(&unknown)
        ));
    }

    let highest = migrations.list.iter().rev().find(|migration| history.is_applied(migration.version));
    if let (Some(highest), false) = (highest, plan.pending.is_empty()) {
        // What failed in a run that was to go on behind it is late by that alone.
        let failed = |migration: &Migration| {
            settings.on_failure == OnFailure::Continue
                && history.attempt(migration.version).is_some_and(|attempt| attempt.status == "failed")
        };
        let late: Vec<String> = migrations
            .list
            .iter()
            .take_while(|migration| migration.version != highest.version)
            .filter(|migration| !history.is_applied(migration.version) && !failed(migration))
            .map(|migration| path(migrations, migration))
            .collect();
        if !late.is_empty() {
            if order == OutOfOrder::Reject {
                return Err(Error::OutOfOrder { files: late, highest: highest.version.to_owned() });
            }
            plan.warnings.push(format!("{} came after {}, and out of order", listed(&late), highest.version));
        }
    }
    Ok(plan)
}

/// Where a version stands in the list.
pub(crate) fn position(migrations: &Migrations, version: &str) -> Result<usize, Error> {
    // As a number: `42` is `0042`.
    let same = |migration: &Migration| by_number(migration.version, version) == Ordering::Equal;
    let exact = migrations.list.iter().position(|migration| migration.version == version);
    exact.or_else(|| migrations.list.iter().position(same)).ok_or_else(|| Error::NoSuchVersion {
        version: version.to_owned(),
        last: migrations.list.last().map(|migration| migration.version.to_owned()),
    })
}

/// The applied versions that the program has no file for, in order.
pub(crate) fn unknown(migrations: &Migrations, history: &History) -> Vec<String> {
    let known: std::collections::BTreeSet<&str> = migrations.list.iter().map(|migration| migration.version).collect();
    let mut unknown: Vec<String> =
        history.applied().filter(|version| !known.contains(version)).map(str::to_owned).collect();
    unknown.sort_by(|a, b| by_number(a, b).then_with(|| a.cmp(b)));
    unknown
}

/// Versions by number, whatever their width.
pub(crate) fn by_number(a: &str, b: &str) -> Ordering {
    let digits = |version: &str| version.trim_start_matches('0').len();
    digits(a).cmp(&digits(b)).then_with(|| a.trim_start_matches('0').cmp(b.trim_start_matches('0')))
}

/// The file with its folder, as a person can open it.
pub(crate) fn path(migrations: &Migrations, migration: &Migration) -> String {
    match migrations.directory.trim_end_matches('/') {
        "" | "." => migration.file.to_owned(),
        directory => format!("{directory}/{}", migration.file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_numbers() {
        let mut versions = vec!["10", "2", "0001", "20240101", "010", "1"];
        versions.sort_by(|a, b| by_number(a, b).then_with(|| a.cmp(b)));
        assert_eq!(versions, ["0001", "1", "2", "010", "10", "20240101"]);
    }
}
