//! A table that takes another one's place: what the old one had and the new one has not.

use super::{Finding, Journal};
use crate::catalog::Catalog;
use crate::catalog::object::{ConstraintType, Index, Table};

/// What a migration's rebuilds lost, now that it is over.
pub(super) fn losses(catalog: &Catalog, journal: &Journal) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, (old, span)) in &journal.dropped {
        let Some(new) = catalog.table(key).filter(|new| new.kind.is_table() && !new.open && !old.open) else {
            continue;
        };
        let lost = lost(catalog, old, new);
        if lost.is_empty() {
            continue;
        }
        findings.push(Finding {
            rule: "rebuild-loses",
            span: *span,
            message: format!("the table that takes the place of \"{}\" lacks what this one has: {}", old.name, lost.join(", ")),
            help: "make it again, behind the rename; or where it is to go, say so above this statement: -- glowplug: allow(rebuild-loses, reason = \"…\")".to_owned(),
            unless: None,
        });
    }
    findings
}

fn lost(catalog: &Catalog, old: &Table, new: &Table) -> Vec<String> {
    let has = |name: &str| new.columns.iter().any(|c| catalog.same(&c.name, name));
    let same = |a: &[String], b: &[String]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| catalog.same(a, b));
    let mut lost = Vec::new();
    for column in old.columns.iter().filter(|c| !has(&c.name)) {
        lost.push(format!("the column \"{}\"", column.name));
    }
    // What is about a column that is gone is gone with it.
    let mut keys: Vec<&[String]> = Vec::new();
    for constraint in &old.constraints {
        let columns = &constraint.columns;
        if !columns.iter().all(|c| has(c)) {
            continue;
        }
        let there = match &constraint.kind {
            ConstraintType::PrimaryKey | ConstraintType::Unique => {
                keys.push(columns);
                is_unique(catalog, new, columns)
            }
            ConstraintType::ForeignKey { table, .. } => new.constraints.iter().any(|c| {
                matches!(&c.kind, ConstraintType::ForeignKey { table: to, .. } if to == table)
                    && same(&c.columns, columns)
            }),
            _ => true,
        };
        if !there {
            let what = match constraint.kind {
                ConstraintType::PrimaryKey => "the primary key",
                ConstraintType::Unique => "the unique key",
                _ => "the foreign key",
            };
            lost.push(format!("{what} ({})", columns.join(", ")));
        }
    }
    for index in old.indexes.iter().filter(|i| !i.constraint && !i.implicit) {
        let columns: Option<Vec<String>> = index.columns.iter().cloned().collect();
        let about = columns.as_deref().unwrap_or(&index.reads);
        if !about.iter().all(|c| has(c)) || columns.as_ref().is_some_and(|c| keys.contains(&c.as_slice())) {
            continue;
        }
        let again = new.indexes.iter().any(|i| serves(catalog, i, index))
            || columns.as_ref().is_some_and(|c| index.predicate.is_none() && is_unique(catalog, new, c));
        if !again {
            lost.push(format!("the index \"{}\"", index.name));
        }
    }
    for (trigger, _) in old.triggers.iter().filter(|(name, _)| !new.triggers.iter().any(|(n, _)| catalog.same(n, name)))
    {
        lost.push(format!("the trigger \"{trigger}\""));
    }
    lost
}

fn is_unique(catalog: &Catalog, table: &Table, columns: &[String]) -> bool {
    let all =
        |own: &[String]| own.len() == columns.len() && columns.iter().all(|c| own.iter().any(|o| catalog.same(o, c)));
    table
        .constraints
        .iter()
        .any(|c| matches!(c.kind, ConstraintType::PrimaryKey | ConstraintType::Unique) && all(&c.columns))
        || table.indexes.iter().any(|i| {
            let own: Option<Vec<String>> = i.columns.iter().cloned().collect();
            i.unique && i.predicate.is_none() && own.is_some_and(|own| all(&own))
        })
}

fn serves(catalog: &Catalog, new: &Index, old: &Index) -> bool {
    let columns = || {
        new.columns.len() == old.columns.len()
            && new.columns.iter().zip(&old.columns).all(|(a, b)| match (a, b) {
                (Some(a), Some(b)) => catalog.same(a, b),
                (None, None) => new.definition == old.definition,
                _ => false,
            })
    };
    (new.unique || !old.unique) && new.predicate == old.predicate && columns()
}
