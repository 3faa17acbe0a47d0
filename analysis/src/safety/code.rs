//! What running code still reads: while a deploy rolls out, the old one is there, and where it fails, it comes back.

use super::{Deed, Look, Unless, proves_not_null};
use crate::catalog::depend::column_key;
use crate::catalog::object::ConstraintType;
use crate::catalog::types::quoted;
use crate::catalog::{Edge, Found, Key, Object, Part};
use crate::change::{AlterTable, Change, Drop, Name, ObjectKind, TableAction, TableActionKind, TypeAction};
use crate::span::Span;

const STEPS: &str = "where nothing reads it any more, say so above the statement: -- glowplug: allow";

pub(super) fn look(l: &mut Look<'_>, change: &Change) {
    match change {
        Change::AlterTable(alter) => actions(l, alter),
        Change::Drop(drop) => dropped(l, drop),
        Change::Rename { kind: ObjectKind::Table, target, to, .. } => renamed(l, &target.name, Some(&to.value), None),
        Change::SetSchema { kind: ObjectKind::Table, target, to, .. } => {
            renamed(l, &target.name, None, Some(&to.value))
        }
        Change::Truncate { tables, .. } => {
            for name in tables {
                let Some((key, _)) = l.others(name) else { continue };
                let table = l.sql(&key);
                let message = format!("all rows of \"{}\" are deleted, and nothing can bring them back", key.name());
                let help = format!(
                    "delete what is not needed in batches, or where all of {table} may go, say so: -- glowplug: allow(truncate, reason = \"…\")"
                );
                l.say("truncate", name.span(), message, help);
            }
        }
        Change::AlterType { name, actions } => {
            for action in actions {
                let TypeAction::RenameValue { from, span, to } = action else { continue };
                let Found::Yes(key) = l.catalog.find(name, Key::Type) else { continue };
                if l.catalog.may_be_gone(&key) || l.is_new(&key) {
                    continue;
                }
                let shown = quoted(key.name());
                let message =
                    format!("code that still runs writes '{from}', which \"{}\" does not have any more", key.name());
                let help = format!(
                    "add the new label, switch the code, then move the rows: ALTER TYPE {shown} ADD VALUE IF NOT EXISTS '{to}'; {STEPS}(rename-enum-value, reason = \"…\")"
                );
                l.say("rename-enum-value", *span, message, help);
            }
        }
        _ => {}
    }
}

impl Look<'_> {
    /// Whether the migration made an object.
    fn is_new(&self, key: &Key) -> bool {
        self.journal.types.contains(key)
    }
}

fn actions(l: &mut Look<'_>, alter: &AlterTable) {
    let Some((key, table)) = l.others(&alter.name) else { return };
    if !table.kind.is_table() {
        return;
    }
    let name = key.name();
    for TableAction { kind, span } in &alter.actions {
        let column_of = |wanted: &str| table.columns.iter().find(|c| l.catalog.same(&c.name, wanted));
        match kind {
            TableActionKind::DropColumn { name: column, cascade, .. } => {
                let column = &column.value;
                if column_gone(l, &key, column, *span) && *cascade {
                    let needs = l.catalog.dependents(&column_key(&key, column)).into_iter().filter(|e| e.from != key);
                    let pointing: Vec<Edge> = keys_at(l, &key, |own| own.contains(column)).collect();
                    cascades(l, &format!("the column \"{column}\""), needs.chain(pointing), *span);
                }
            }
            TableActionKind::RenameColumn { from, to } => column_renamed(l, &key, &from.value, &to.value, *span),
            TableActionKind::DropNotNull(column) => {
                if !column_of(&column.value).is_some_and(|c| c.not_null) {
                    continue;
                }
                let column = &column.value;
                let message =
                    format!("\"{column}\" of \"{name}\" may be NULL from here on, which running code may not expect");
                let help = format!(
                    "deploy code that reads NULL there first; {STEPS}(drop-not-null, reason = \"{column} is read as an option since …\")"
                );
                l.say("drop-not-null", *span, message, help);
            }
            TableActionKind::DropConstraint { name: constraint, cascade, .. } => {
                let Some(gone) = table.constraints.iter().find(|c| c.name == constraint.value) else { continue };
                let new = l.journal.unvalidated.contains(&(key.clone(), gone.name.clone()));
                // Of what the column itself says, nothing is lost.
                let said_twice = gone.kind == ConstraintType::Check
                    && table.columns.iter().any(|c| {
                        c.not_null
                            && gone.columns.len() == 1
                            && gone.columns[0] == c.name
                            && proves_not_null(gone, &c.name)
                    });
                if new || said_twice || !gone.valid {
                    continue;
                }
                let message = format!(
                    "the rows of \"{name}\" need not keep to \"{}\" from here on, which running code may count on",
                    gone.name
                );
                let help =
                    format!("deploy code that does not count on it first; {STEPS}(drop-constraint, reason = \"…\")");
                let unless = Unless::Constraint(key.clone(), Box::new(gone.clone()));
                l.say_unless(unless, "drop-constraint", *span, message, help);
                if *cascade && matches!(gone.kind, ConstraintType::PrimaryKey | ConstraintType::Unique) {
                    let pointing: Vec<Edge> = keys_at(l, &key, |own| own == gone.columns).collect();
                    cascades(l, &format!("the constraint \"{}\"", gone.name), pointing.into_iter(), *span);
                }
            }
            _ => {}
        }
    }
}

fn dropped(l: &mut Look<'_>, drop: &Drop) {
    for target in &drop.targets {
        let span = target.name.span();
        match drop.kind {
            ObjectKind::Table | ObjectKind::ForeignTable => {
                let Some(key) = table_gone(l, &target.name) else { continue };
                if drop.cascade {
                    // Partitions are the table itself.
                    let parts = |e: &Edge| l.catalog.table(&e.from).is_some_and(|t| t.parents.contains(&key));
                    let needs: Vec<Edge> = l.catalog.dependents(&key).into_iter().filter(|e| !parts(e)).collect();
                    let together: Vec<Key> =
                        drop.targets.iter().filter_map(|t| l.others(&t.name)).map(|(k, _)| k).collect();
                    let needs = needs.into_iter().filter(|e| !together.contains(&e.from));
                    cascades(l, &format!("the table \"{}\"", key.name()), needs, span);
                }
            }
            ObjectKind::Schema => {
                let key = Key::Schema(l.catalog.folded(&target.name.name.value));
                let holds = l.catalog.iter().any(|(k, o)| {
                    k.schema() == key.schema() && matches!(o, Object::Table(_)) && l.of_others(k).is_some()
                });
                if !l.catalog.has(&key) || l.catalog.may_be_gone(&key) || !holds || !drop.cascade {
                    continue;
                }
                let message = format!("the schema \"{}\" and all that is in it are gone", key.name());
                let help = format!(
                    "drop its tables one by one, as nothing uses them any more; {STEPS}(drop-schema, reason = \"…\")"
                );
                l.say("drop-schema", span, message, help);
            }
            kind if drop.cascade => {
                let Some(key) = key_of(l, kind, &target.name) else { continue };
                if l.catalog.has(&key) && !l.catalog.may_be_gone(&key) && !l.is_new(&key) {
                    let needs = l.catalog.dependents(&key).into_iter();
                    cascades(l, &format!("the {} \"{}\"", kind.text(), key.name()), needs, span);
                }
            }
            _ => {}
        }
    }
}

/// What a DROP of this kind names, where it is surely there.
fn key_of(l: &Look<'_>, kind: ObjectKind, name: &Name) -> Option<Key> {
    let found = match kind {
        ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Sequence => l.catalog.find_relation(name),
        ObjectKind::Type | ObjectKind::Domain => l.catalog.find(name, Key::Type),
        kind if kind.is_routine() => l.catalog.find(name, Key::Function),
        ObjectKind::Extension => Found::Yes(Key::Extension(name.name.value.clone())),
        _ => Found::No,
    };
    if let Found::Yes(key) = found { Some(key) } else { None }
}

/// CASCADE: what others made and that goes, too, though it is not written here.
fn cascades(l: &mut Look<'_>, what: &str, needs: impl Iterator<Item = Edge>, span: Span) {
    let mut gone: Vec<String> = needs
        .filter(|e| l.of_others(&e.from).is_some())
        .map(|e| match &e.part {
            Part::Constraint(name) => format!("\"{name}\" of \"{}\"", e.from.name()),
            Part::Column(name) => format!("the column \"{name}\" of \"{}\"", e.from.name()),
            Part::Trigger(name) => format!("the trigger \"{name}\" of \"{}\"", e.from.name()),
            Part::Policy(name) => format!("the policy \"{name}\" of \"{}\"", e.from.name()),
            Part::Default(name) => format!("the default of \"{name}\" of \"{}\"", e.from.name()),
            _ => format!("\"{}\"", e.from.name()),
        })
        .collect();
    gone.sort_unstable();
    gone.dedup();
    if gone.is_empty() {
        return;
    }
    let message = format!("with {what} CASCADE takes away what needs it: {}", gone.join(", "));
    let help = "drop or change that by itself first, where a reader sees it, and leave CASCADE out".to_owned();
    l.say("drop-cascade", span, message, help);
}

/// The foreign keys of other tables that point at some columns of a table.
fn keys_at<'c>(
    l: &Look<'c>,
    key: &'c Key,
    columns: impl Fn(&[String]) -> bool + 'c,
) -> impl Iterator<Item = Edge> + 'c {
    let catalog = l.catalog;
    catalog.dependents(key).into_iter().filter(move |e| {
        let Part::Constraint(name) = &e.part else { return false };
        let found = catalog.table(&e.from).and_then(|t| t.constraints.iter().find(|c| c.name == *name));
        matches!(found.map(|c| &c.kind), Some(ConstraintType::ForeignKey { columns: own, .. }) if columns(own))
    })
}

/// Whether a column of others is there; the migration's own is nobody's.
fn is_read(l: &Look<'_>, key: &Key, column: &str) -> bool {
    let known = |t: &crate::catalog::Table| t.columns.iter().any(|c| l.catalog.same(&c.name, column));
    l.of_others(key).is_some_and(known) && !l.journal.added.contains_key(&(key.clone(), column.to_owned()))
}

/// A column goes: whether somebody reads it.
pub(super) fn column_gone(l: &mut Look<'_>, key: &Key, column: &str, span: Span) -> bool {
    if !is_read(l, key, column) {
        return false;
    }
    let message = format!("code that still runs reads \"{column}\" of \"{}\": it fails from here on", key.name());
    let help = format!(
        "first deploy a release that does not read {column}, then drop it; {STEPS}(drop-column, reason = \"nothing reads {column} since …\")"
    );
    l.say("drop-column", span, message, help);
    true
}

/// A column gets another name.
pub(super) fn column_renamed(l: &mut Look<'_>, key: &Key, from: &str, to: &str, span: Span) {
    if !is_read(l, key, from) || l.catalog.same(from, to) {
        return;
    }
    let message = format!("code that still runs reads \"{from}\" of \"{}\": it fails from here on", key.name());
    let help = format!(
        "add {to} beside it, keep both alike by a trigger, switch the code, then drop {from}: ALTER TABLE {} ADD COLUMN {} …; {STEPS}(rename-column, reason = \"…\")",
        l.sql(key),
        quoted(to)
    );
    l.say("rename-column", span, message, help);
}

/// A table goes: its key, where others use it.
pub(super) fn table_gone(l: &mut Look<'_>, name: &Name) -> Option<Key> {
    let (key, table) = l.others(name)?;
    let what = if table.bound.is_some() { "partition" } else { "table" };
    let message = format!("the {what} \"{}\" and its rows are gone, and code that still runs fails", key.name());
    let help = format!(
        "first deploy a release that does not use {}, then drop it; {STEPS}(drop-table, reason = \"nothing uses it since …\")",
        l.sql(&key)
    );
    l.say_unless(Unless::Relation(key.clone()), "drop-table", name.span(), message, help);
    if let Some(held) = l.catalog.held(&key) {
        l.seen.deeds.push(Deed::Dropped(key.clone(), held, name.span()));
    }
    Some(key)
}

/// A table gets another name or schema.
pub(super) fn renamed(l: &mut Look<'_>, name: &Name, to: Option<&str>, schema: Option<&str>) {
    let Some((key, table)) = l.others(name) else { return };
    if !table.kind.is_table() || schema == Some(key.schema()) || l.journal.moved.contains(&key) {
        return;
    }
    let (old, new) = (key.name(), to.unwrap_or(key.name()));
    let now = match schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(new)),
        None => quoted(new),
    };
    let message = format!("code that still runs uses \"{old}\", which is called {now} from here on");
    let help = format!(
        "let a view take the old name in this migration: CREATE OR REPLACE VIEW {} AS SELECT * FROM {now}; {STEPS}(rename-table, reason = \"…\")",
        l.sql(&key)
    );
    l.say_unless(Unless::Relation(key), "rename-table", name.span(), message, help);
}
