//! SQLite: what works on a developer's empty file and fails, or deletes, where there are rows.

use super::Look;
use crate::catalog::object::{ConstraintType, Object};
use crate::catalog::types::quoted;
use crate::change::{
    Action, AlterTable, Change, ColumnDefinition, ConstraintKind, Drop, Expr, Form, Literal, ObjectKind,
    TableActionKind,
};

pub(super) fn look(l: &mut Look<'_>, change: &Change) {
    match change {
        Change::AlterTable(alter) => add_column(l, alter),
        Change::Drop(drop) if drop.kind == ObjectKind::Table => drop_table(l, drop),
        _ => {}
    }
}

/// ADD COLUMN writes no row, so it takes only what old rows can have without that ("ALTER TABLE ADD COLUMN").
fn add_column(l: &mut Look<'_>, alter: &AlterTable) {
    let Some((key, _)) = l.others(&alter.name).or_else(|| l.filled(&alter.name)) else { return };
    for action in &alter.actions {
        let TableActionKind::AddColumn { column, .. } = &action.kind else { continue };
        let Some(why) = impossible(column) else { continue };
        let (table, name) = (quoted(key.name()), quoted(&column.name.value));
        let message = format!("this fails as soon as \"{}\" has a row: {why}", key.name());
        let help = format!(
            "add it with a constant default, ALTER TABLE {table} ADD COLUMN {name} … NOT NULL DEFAULT …; or without any, and fill it; or build the table anew: CREATE TABLE {}, INSERT … SELECT, DROP TABLE {table}, ALTER TABLE … RENAME TO {table}",
            quoted(&format!("{}_new", key.name()))
        );
        l.say("add-column-constraint", action.span, message, help);
    }
}

/// Why a column cannot be added to a table with rows.
fn impossible(column: &ColumnDefinition) -> Option<&'static str> {
    if let Some(generated) = &column.generated {
        return generated.stored.then_some("the values of a STORED column would have to be written");
    }
    let null = column.default.as_ref().is_none_or(|d| d.literal == Some(Literal::Null));
    if column.not_null == Some(true) && null {
        return Some("it may not be NULL, and old rows have nothing else");
    }
    if !column.default.as_ref().is_none_or(is_constant) {
        return Some("its default is not a constant");
    }
    let references = column.constraints.iter().any(|c| matches!(c.kind, ConstraintKind::ForeignKey(_)));
    (references && !null).then_some("a column with REFERENCES takes no default but NULL while foreign keys are on")
}

/// A literal, with a sign or a cast (`sqlite3ValueFromExpr`).
fn is_constant(default: &Expr) -> bool {
    let text = default.text.to_ascii_lowercase();
    let text = super::inner(text.trim());
    let signed = text.trim_start_matches(['-', '+', ' ']);
    let blob = default.names.at(default.root).is_some_and(|node| matches!(node.form, Form::Bits));
    blob || default.literal.is_some()
        || signed.parse::<f64>().is_ok()
        || is_one_string(signed.strip_prefix('x').unwrap_or(signed))
        || matches!(signed, "null" | "true" | "false")
        || signed.starts_with("cast")
        || signed.starts_with("0x")
        || signed.starts_with('"')
}

/// Two strings with something between them are none.
fn is_one_string(text: &str) -> bool {
    let within = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\''));
    within.is_some_and(|t| !t.replace("''", "").contains('\''))
}

/// DROP TABLE deletes the rows first, and foreign keys do what they do where a row goes.
fn drop_table(l: &mut Look<'_>, drop: &Drop) {
    if l.journal.keys_off {
        return;
    }
    for target in &drop.targets {
        let Some((key, _)) = l.others(&target.name) else { continue };
        let catalog = l.catalog;
        let mut hit: Vec<(&str, &str)> = Vec::new();
        for (from, object) in catalog.iter() {
            let Object::Table(table) = object else { continue };
            if *from == key || l.of_others(from).is_none() {
                continue;
            }
            for constraint in &table.constraints {
                let ConstraintType::ForeignKey { table: to, on_delete, .. } = &constraint.kind else { continue };
                let what = match on_delete {
                    Action::Cascade => "are deleted",
                    Action::SetNull => "lose their key",
                    Action::SetDefault => "get another key",
                    Action::NoAction | Action::Restrict => continue,
                };
                if *to == key && !hit.contains(&(table.name.as_str(), what)) {
                    hit.push((table.name.as_str(), what));
                }
            }
        }
        if hit.is_empty() {
            continue;
        }
        let hit: Vec<String> = hit.into_iter().map(|(table, what)| format!("rows of \"{table}\" {what}")).collect();
        let message = format!("dropping \"{}\" deletes its rows first, and with them {}", key.name(), hit.join(", "));
        let help = "write PRAGMA foreign_keys = OFF; as the first statement of the file, and PRAGMA foreign_keys = ON; as the last: the runner carries them out around its transaction";
        l.say("drop-deletes-children", target.name.span(), message, help.to_owned());
    }
}
