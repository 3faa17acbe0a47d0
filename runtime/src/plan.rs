//! What is to be done, from what the program has and what the database says. No I/O.

use crate::error::{Error, counted, listed};
use crate::history::{CHECKSUM_PREFIX, History};
use crate::migration::{Migration, Migrations};
use crate::settings::OutOfOrder;
use std::cmp::Ordering;

/// What is to be done.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// To apply, in order.
    pub(crate) pending: Vec<&'static Migration>,
    /// How many of the list are applied.
    pub(crate) applied: usize,
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
pub(crate) fn plan(migrations: &'static Migrations, history: &History, order: OutOfOrder) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let (mut edited, mut cosmetic) = (Vec::new(), Vec::new());
    for migration in migrations.list {
        if !history.is_applied(migration.version) {
            plan.pending.push(migration);
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
        let late: Vec<String> = migrations
            .list
            .iter()
            .take_while(|migration| migration.version != highest.version)
            .filter(|migration| !history.is_applied(migration.version))
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

/// The applied versions that the program has no file for, in order.
pub(crate) fn unknown(migrations: &Migrations, history: &History) -> Vec<String> {
    let known: std::collections::BTreeSet<&str> = migrations.list.iter().map(|migration| migration.version).collect();
    let mut unknown: Vec<String> =
        history.applied().filter(|version| !known.contains(version)).map(str::to_owned).collect();
    unknown.sort_by(|a, b| by_number(a, b));
    unknown
}

/// Versions by number, whatever their width.
fn by_number(a: &str, b: &str) -> Ordering {
    let digits = |version: &str| version.trim_start_matches('0').len();
    digits(a)
        .cmp(&digits(b))
        .then_with(|| a.trim_start_matches('0').cmp(b.trim_start_matches('0')))
        .then_with(|| a.cmp(b))
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
        versions.sort_by(|a, b| by_number(a, b));
        assert_eq!(versions, ["0001", "1", "2", "010", "10", "20240101"]);
    }
}
