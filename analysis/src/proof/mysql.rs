//! What a second run of MySQL's own statements breaks, and the form that works there.

use super::Finding;
use crate::catalog::{Catalog, Refusal};
use crate::change::{Alteration, Change, MysqlChange, ObjectKind, TableAlteration};
use crate::config::Backend;
use crate::span::Span;

/// How to do something once where the engine has no guard for it.
const NO_GUARD: &str = "MySQL has no guard for this: give it a migration of its own, which is recorded as soon as it is done, \
                        or ask information_schema and PREPARE the statement";

/// Whether a statement ends the transaction that it is in.
pub(super) fn commits(change: &Change) -> bool {
    match change {
        Change::Insert(_) | Change::Update(_) | Change::Delete { .. } | Change::Select(_) | Change::Inert { .. } => {
            false
        }
        Change::Mysql(m) => !m.is_of_the_session(),
        _ => true,
    }
}

/// Whether the engine has no guard for a statement.
pub(super) fn has_no_guard(change: &Change) -> bool {
    let Change::Mysql(m) = change else { return false };
    matches!(
        **m,
        MysqlChange::AlterTable(_)
            | MysqlChange::CreateIndex { .. }
            | MysqlChange::DropIndex { .. }
            | MysqlChange::RenameTables { .. }
    )
}

/// The rule that a statement breaks the second time, and what to write instead.
pub(super) fn failure(catalog: &Catalog, change: &MysqlChange, refusal: &Refusal) -> (&'static str, String) {
    let mariadb = catalog.engine.backend == Backend::Mariadb;
    let guarded = |form: String| if mariadb { form } else { NO_GUARD.to_owned() };
    match change {
        MysqlChange::CreateTable(t) => {
            ("create-without-guard", format!("CREATE TABLE IF NOT EXISTS {} …", t.name.text()))
        }
        MysqlChange::CreateIndex { table, key, .. } => {
            let name = key.name.as_ref().map(|n| n.value.as_str()).unwrap_or_default();
            ("create-without-guard", guarded(format!("CREATE INDEX IF NOT EXISTS {name} ON {} …", table.text())))
        }
        MysqlChange::DropIndex { table, name, .. } => {
            ("drop-without-guard", guarded(format!("DROP INDEX IF EXISTS {} ON {};", name.value, table.text())))
        }
        MysqlChange::Drop { kind, names, .. } => {
            let name = names.first().map(crate::change::Name::text).unwrap_or_default();
            ("drop-without-guard", format!("DROP {} IF EXISTS {name};", word(*kind)))
        }
        MysqlChange::RenameTables { pairs, .. } => {
            let (from, to) = pairs.first().map(|(a, b)| (a.text(), b.text())).unwrap_or_default();
            ("rename-without-guard", guarded(format!("RENAME TABLE IF EXISTS {from} TO {to};")))
        }
        MysqlChange::CreateTrigger(t) => (
            "create-without-guard",
            format!("CREATE TRIGGER IF NOT EXISTS {} …, or DROP TRIGGER IF EXISTS {0}; before it", t.name.text()),
        ),
        MysqlChange::CreateRoutine(r) => {
            let drop = format!("DROP {} IF EXISTS {}; before it", word(r.kind), r.name.text());
            (
                "create-without-or-replace",
                if mariadb { format!("CREATE OR REPLACE {} …, or {drop}", word(r.kind)) } else { drop },
            )
        }
        MysqlChange::CreateNamed { kind, name, .. } => {
            ("create-without-guard", format!("CREATE {} IF NOT EXISTS {} …", word(*kind), name.text()))
        }
        MysqlChange::CreateDatabase { name, .. } => {
            ("create-without-guard", format!("CREATE DATABASE IF NOT EXISTS {};", name.value))
        }
        MysqlChange::AlterTable(a) => alteration(a, refusal.span, mariadb),
        _ => (
            "changes-on-rerun",
            "guard it, or put it in a migration whose other statements do not undo what it needs".to_owned(),
        ),
    }
}

fn word(kind: ObjectKind) -> String {
    match kind {
        ObjectKind::EventTrigger => "EVENT".to_owned(),
        kind => kind.text().to_uppercase(),
    }
}

/// The rule of the action that failed.
fn alteration(a: &TableAlteration, at: Span, mariadb: bool) -> (&'static str, String) {
    let table = a.name.text();
    let inside = |span: &Span| span.start <= at.start && at.end <= span.end;
    let Some((action, _)) = a.actions.iter().find(|(_, span)| inside(span)).or_else(|| a.actions.first()) else {
        return ("changes-on-rerun", String::new());
    };
    let guarded = |form: String| if mariadb { format!("ALTER TABLE {table} {form}") } else { NO_GUARD.to_owned() };
    match action {
        Alteration::AddColumn { column, .. } => {
            ("create-without-guard", guarded(format!("ADD COLUMN IF NOT EXISTS {} …", column.name.value)))
        }
        Alteration::DropColumn { name, .. } => {
            ("drop-without-guard", guarded(format!("DROP COLUMN IF EXISTS {};", name.value)))
        }
        Alteration::ChangeColumn { from, column, renames: true, .. } => {
            ("rename-without-guard", guarded(format!("CHANGE COLUMN IF EXISTS {} {} …", from.value, column.name.value)))
        }
        Alteration::RenameColumn { from, to, .. } => {
            ("rename-without-guard", guarded(format!("RENAME COLUMN IF EXISTS {} TO {};", from.value, to.value)))
        }
        Alteration::RenameKey { from, to, .. } => {
            ("rename-without-guard", guarded(format!("RENAME INDEX IF EXISTS {} TO {};", from.value, to.value)))
        }
        Alteration::RenameTo(to) => {
            ("rename-without-guard", guarded(format!("IF EXISTS …: RENAME TABLE IF EXISTS {table} TO {};", to.text())))
        }
        Alteration::AddKey(k) => {
            let name = k.name.as_ref().map_or("name", |n| n.value.as_str());
            let form = match k.kind {
                crate::change::KeyKind::Primary => "ADD PRIMARY KEY IF NOT EXISTS (…);".to_owned(),
                crate::change::KeyKind::Unique => format!("ADD UNIQUE KEY IF NOT EXISTS {name} (…);"),
                _ => format!("ADD INDEX IF NOT EXISTS {name} (…);"),
            };
            ("create-without-guard", guarded(form))
        }
        Alteration::AddForeignKey(f) => {
            let name = f.name.as_ref().map_or("name", |n| n.value.as_str());
            (
                "add-constraint-without-guard",
                guarded(format!("ADD CONSTRAINT {name} FOREIGN KEY IF NOT EXISTS (…) REFERENCES …;")),
            )
        }
        Alteration::AddCheck(c) => {
            let name = c.name.as_ref().map_or("name", |n| n.value.as_str());
            ("add-constraint-without-guard", guarded(format!("ADD CONSTRAINT IF NOT EXISTS {name} CHECK (…);")))
        }
        Alteration::DropKey { name, .. } => {
            ("drop-without-guard", guarded(format!("DROP INDEX IF EXISTS {};", name.value)))
        }
        Alteration::DropPrimaryKey { .. } => {
            ("drop-without-guard", guarded("DROP INDEX IF EXISTS `PRIMARY`;".to_owned()))
        }
        Alteration::DropForeignKey { name, .. } => {
            ("drop-without-guard", guarded(format!("DROP FOREIGN KEY IF EXISTS {};", name.value)))
        }
        Alteration::DropConstraint { name, .. } => {
            ("drop-without-guard", guarded(format!("DROP CONSTRAINT IF EXISTS {};", name.value)))
        }
        _ => ("changes-on-rerun", NO_GUARD.to_owned()),
    }
}

/// A key or a constraint without a name: a second run makes a twin.
pub(super) fn twin(change: &MysqlChange) -> Option<Finding> {
    let MysqlChange::AlterTable(a) = change else { return None };
    a.actions.iter().find_map(|(action, span)| {
        let what = match action {
            Alteration::AddKey(k) if k.name.is_none() => "a key",
            Alteration::AddForeignKey(f) if f.name.is_none() => "a foreign key",
            Alteration::AddCheck(c) if c.name.is_none() => "a check",
            _ => return None,
        };
        Some(Finding {
            rule: "unnamed-constraint",
            span: *span,
            message: format!("{what} without a name: a second run makes another one on \"{}\"", a.name.text()),
            help: "name it: then a second run finds it".to_owned(),
        })
    })
}
