//! MySQL and MariaDB: what old rows silently get, and what copies a table.
//!
//! What copies and what does not was asked of MariaDB 10.11 (`ALGORITHM=INSTANT`, `NOCOPY`, `INPLACE`); what is MySQL's
//! alone is from its manual, 17.12.1.

use super::{Deed, Look, code};
use crate::catalog::object::{Column, Type};
use crate::catalog::types::quoted;
use crate::catalog::{Found, Key};
use crate::change::{Alteration, Change, ColumnSpec, Literal, MysqlChange, Name, ObjectKind, TableAlteration};
use crate::config::Backend;
use crate::span::Span;

pub(super) fn look(l: &mut Look<'_>, change: &Change) {
    let Change::Mysql(change) = change else { return };
    match change.as_ref() {
        MysqlChange::CreateTable(create) => {
            if !matches!(l.catalog.find_relation(&create.name), Found::Yes(_)) {
                l.seen.deeds.push(Deed::Made { name: create.name.clone(), filled: create.query.is_some() });
            }
            create.columns.iter().for_each(|column| inline_references(l, &create.name, column));
        }
        MysqlChange::AlterTable(alter) => alter_table(l, alter),
        MysqlChange::Drop { kind: ObjectKind::Table, names, temporary: false, .. } => {
            for name in names {
                code::table_gone(l, name);
            }
        }
        MysqlChange::RenameTables { pairs, .. } => {
            for (from, to) in pairs {
                rename(l, from, to);
            }
        }
        _ => {}
    }
}

fn rename(l: &mut Look<'_>, from: &Name, to: &Name) {
    let schema = to.schema.as_ref().map(|s| s.value.as_str());
    code::renamed(l, from, Some(&to.name.value), schema);
    if let Found::Yes(key) = l.catalog.find_relation(from) {
        let schema = schema.unwrap_or(key.schema()).to_owned();
        l.seen.deeds.push(Deed::Moved { from: key, to: Key::Relation(schema, l.catalog.folded(&to.name.value)) });
    }
}

fn alter_table(l: &mut Look<'_>, alter: &TableAlteration) {
    for (action, _) in &alter.actions {
        match action {
            Alteration::AddColumn { column, .. } => {
                inline_references(l, &alter.name, column);
                let Found::Yes(key) = l.catalog.find_relation(&alter.name) else { continue };
                if !has(l, &key, &column.name.value) {
                    let column = column.name.value.clone();
                    l.seen.deeds.push(Deed::Added { table: key, column, null: false });
                }
            }
            Alteration::RenameTo(to) => rename(l, &alter.name, to),
            _ => {}
        }
    }
    let Some((key, table)) = l.others(&alter.name) else { return };
    let busy = l.busy(&alter.name).is_some();
    for (action, span) in &alter.actions {
        match action {
            Alteration::DropColumn { name, .. } => {
                code::column_gone(l, &key, &name.value, *span);
            }
            Alteration::RenameColumn { from, to, .. } => code::column_renamed(l, &key, &from.value, &to.value, *span),
            Alteration::AddColumn { column, .. } if !has(l, &key, &column.name.value) => implicit(l, &key, column),
            Alteration::ChangeColumn { from, column, renames, .. } => {
                if *renames {
                    code::column_renamed(l, &key, &from.value, &column.name.value, *span);
                }
                let old = table.columns.iter().find(|c| l.catalog.same(&c.name, &from.value));
                if let Some(old) = old.filter(|_| busy) {
                    change_column(l, &key, old, column, *span);
                }
            }
            Alteration::Convert(_) if busy => {
                copied(l, "algorithm-copy", &key, "converting every text to another character set", *span);
            }
            _ => {}
        }
    }
}

fn has(l: &Look<'_>, key: &Key, column: &str) -> bool {
    l.catalog.table(key).is_some_and(|t| t.columns.iter().any(|c| l.catalog.same(&c.name, column)))
}

/// What old rows have in a column that may not be NULL and has no default: zero, nothing, the day 0000-00-00.
fn implicit(l: &mut Look<'_>, key: &Key, column: &ColumnSpec) {
    let null = column.default.as_ref().is_none_or(|d| d.literal == Some(Literal::Null));
    let own = column.generated.is_some() || column.auto_increment.is_some() || column.data_type.serial;
    if column.not_null != Some(true) || !null || own {
        return;
    }
    let value = match column.data_type.base.as_str() {
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "binary" | "varbinary" | "tinyblob"
        | "blob" | "mediumblob" | "longblob" | "set" => "an empty text",
        "date" | "datetime" | "timestamp" => "the day 0000-00-00",
        "enum" => "the first label",
        "json" | "geometry" | "point" => return,
        _ => "0",
    };
    let name = &column.name.value;
    let message = format!("every row of \"{}\" gets {value} as its \"{name}\", without a word", key.name());
    let help = format!(
        "say what old rows have, ADD COLUMN {} … NOT NULL DEFAULT …; or add it without NOT NULL, fill it, and MODIFY it later",
        quoted(name)
    );
    l.say("not-null-implicit-zero", column.span, message, help);
}

/// A key that is written beside its column is read and forgotten (MySQL before 9).
fn inline_references(l: &mut Look<'_>, table: &Name, column: &ColumnSpec) {
    let Some(references) = column.references.as_ref().filter(|r| r.inline) else { return };
    let newer = l.catalog.server_version.is_some_and(|(major, _)| major >= 9);
    if l.catalog.engine.backend != Backend::Mysql || newer {
        return;
    }
    let (column, target) = (&column.name.value, references.table.text());
    let message = format!("MySQL before 9 reads this and makes no foreign key: \"{}\" may hold anything", column);
    let columns: Vec<String> = references.referenced.iter().map(|c| quoted(&c.value)).collect();
    let columns = if columns.is_empty() { "…".to_owned() } else { columns.join(", ") };
    let help = format!(
        "write it as a line of its own in {}: FOREIGN KEY ({}) REFERENCES {target} ({columns})",
        table.text(),
        quoted(column)
    );
    l.say("inline-references-ignored", references.span, message, help);
}

fn copied(l: &mut Look<'_>, rule: &'static str, key: &Key, by: &str, span: Span) {
    let message = format!("{by} copies all of \"{}\", and nobody writes to it until that is done", key.name());
    let help = "add a second column, fill it in batches, switch the code, and drop the first; or use a tool that copies the table beside its users (gh-ost, pt-online-schema-change)";
    l.say(rule, span, message, help.to_owned());
}

fn change_column(l: &mut Look<'_>, key: &Key, old: &Column, new: &ColumnSpec, span: Span) {
    let (from, to) = (word(&old.data_type), new.data_type.base.as_str());
    let what = format!("changing \"{}\" from {} to {}", old.name, old.data_type.text, shown(new));
    match (from, to) {
        ("enum", "enum") => {
            let labels = labels(&old.data_type.text);
            // New labels at the end change nothing that is stored.
            if labels.is_empty() || new.data_type.modifiers.is_empty() {
                return;
            }
            let kept = labels.len() <= new.data_type.modifiers.len()
                && labels
                    .iter()
                    .zip(&new.data_type.modifiers)
                    .all(|(a, b)| a.trim_matches('\'') == b.trim_matches('\''));
            if !kept {
                copied(l, "enum-reordered", key, &format!("{what}, with other labels in front of those it had,"), span);
            }
        }
        ("varchar", "varchar") => {
            let width = bytes(&old.data_type);
            let (Some(a), Some(b)) =
                (length(&old.data_type.text), new.data_type.modifiers.first().and_then(|n| n.parse::<usize>().ok()))
            else {
                return;
            };
            if b < a {
                copied(l, "algorithm-copy", key, &what, span);
            } else if let Some(width) =
                width.filter(|_| new.data_type.charset.charset.is_none() && new.data_type.charset.collation.is_none())
            {
                // One byte holds the length up to 255. MariaDB keeps short ones so that they can grow.
                let mariadb = l.catalog.engine.backend == Backend::Mariadb;
                let stays = b * width <= 255 || a * width > 255 || mariadb && a * width < 128;
                if !stays {
                    copied(l, "varchar-crosses-255", key, &format!("{what}, past 255 bytes,"), span);
                }
            }
        }
        (a, b) if a != b => copied(l, "algorithm-copy", key, &what, span),
        _ => {}
    }
}

fn shown(column: &ColumnSpec) -> String {
    let t = &column.data_type;
    if t.modifiers.is_empty() { t.base.clone() } else { format!("{}({})", t.base, t.modifiers.join(",")) }
}

/// The type's word: without length, sign and character set.
fn word(t: &Type) -> &str {
    let plain = t.base.split('|').next().unwrap_or_default();
    plain.split(['(', ' ']).next().unwrap_or_default()
}

fn length(text: &str) -> Option<usize> {
    text.split_once('(')?.1.split_once(')')?.0.trim().parse().ok()
}

/// The most bytes of a character, where its set is known.
fn bytes(t: &Type) -> Option<usize> {
    let charset = t.base.split_once("charset ")?.1.split(' ').next()?;
    Some(match charset {
        "utf8mb4" | "utf16" | "utf32" => 4,
        "utf8" | "utf8mb3" => 3,
        "latin1" | "ascii" | "binary" => 1,
        _ => return None,
    })
}

/// The labels of `enum('a','b')`.
fn labels(text: &str) -> Vec<&str> {
    let Some((_, rest)) = text.split_once('(') else { return Vec::new() };
    let within = rest.rsplit_once(')').map_or(rest, |(within, _)| within);
    within.split(',').map(str::trim).collect()
}
