//! Conditions that ask information_schema, answered from the catalog: `IF NOT EXISTS (SELECT … FROM
//! information_schema.columns WHERE …)`. Names are those of MySQL's manual, "INFORMATION_SCHEMA Tables".

use super::super::object::{ConstraintType, Table};
use super::super::{Catalog, Key, Object};
use super::keys::PRIMARY;
use crate::change::{CatalogQuery, ObjectKind};

/// A row: what is not in it is not known.
type Row = Vec<(&'static str, Option<String>)>;

/// Whether a query finds a row; `None` where that is known only when it runs.
pub(in crate::catalog) fn exists(query: &CatalogQuery, catalog: &Catalog) -> Option<bool> {
    let relation = query.relations.first()?.strip_prefix("information_schema.")?;
    let mut found = false;
    let mut perhaps = false;
    let known = rows(catalog, relation, &mut |row| match matches(&row, query) {
        Some(true) if !query.partial => found = true,
        Some(false) => {}
        _ => perhaps = true,
    });
    if found {
        return Some(true);
    }
    let mut asked = query.filters.iter().flat_map(|(_, values)| values);
    let certain = known && !perhaps && asked.all(|value| !catalog.may_be_anything(value));
    certain.then_some(false)
}

fn matches(row: &Row, query: &CatalogQuery) -> Option<bool> {
    let mut answer = Some(true);
    for (column, values) in &query.filters {
        match row.iter().find(|(name, _)| name == column) {
            Some((_, Some(cell))) if values.iter().any(|v| v.eq_ignore_ascii_case(cell)) => {}
            Some(_) => return Some(false),
            None => answer = None,
        }
    }
    answer
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn yes(value: bool) -> Option<String> {
    text(if value { "YES" } else { "NO" })
}

/// Every row of a relation. Answers whether it is one that is known here.
fn rows(catalog: &Catalog, relation: &str, each: &mut dyn FnMut(Row)) -> bool {
    if relation == "schemata" {
        for (key, _) in catalog.iter() {
            if let Key::Schema(name) = key {
                each(vec![("schema_name", text(name))]);
            }
        }
        return false;
    }
    let kind = match relation {
        "routines" => {
            others(catalog, ObjectKind::Procedure, "routine_name", Some(("routine_type", "PROCEDURE")), each);
            Some((ObjectKind::Function, "routine_name", Some(("routine_type", "FUNCTION"))))
        }
        "events" => Some((ObjectKind::EventTrigger, "event_name", None)),
        _ => None,
    };
    if let Some((kind, column, more)) = kind {
        others(catalog, kind, column, more, each);
        return true;
    }
    let tables = catalog.iter().filter_map(|(k, o)| match o {
        Object::Table(t) if !t.temporary => Some((k, t)),
        _ => None,
    });
    for (key, table) in tables {
        if !of_table(relation, key, table, each) {
            return false;
        }
        if table.open && relation != "tables" {
            each(vec![("table_name", text(key.name()))]);
        }
    }
    matches!(
        relation,
        "tables"
            | "views"
            | "columns"
            | "statistics"
            | "table_constraints"
            | "key_column_usage"
            | "referential_constraints"
            | "check_constraints"
            | "triggers"
    )
}

fn others(
    catalog: &Catalog,
    kind: ObjectKind,
    column: &'static str,
    more: Option<(&'static str, &str)>,
    each: &mut dyn FnMut(Row),
) {
    for (key, _) in catalog.iter() {
        if matches!(key, Key::Other(of, ..) if *of == kind) {
            let mut row = vec![(column, text(key.name()))];
            row.extend(more.map(|(name, value)| (name, text(value))));
            each(row);
        }
    }
}

/// The rows that one table has in a relation. Answers whether the relation is known here.
fn of_table(relation: &str, key: &Key, t: &Table, each: &mut dyn FnMut(Row)) -> bool {
    let name = || ("table_name", text(key.name()));
    match relation {
        "tables" => {
            let kind = if t.kind.is_table() { "BASE TABLE" } else { "VIEW" };
            each(vec![name(), ("table_type", text(kind))]);
        }
        "views" => {
            if !t.kind.is_table() {
                each(vec![name()]);
            }
        }
        "columns" => {
            for c in &t.columns {
                let mut row = vec![name(), ("column_name", text(&c.name)), ("is_nullable", yes(!c.not_null))];
                if !c.data_type.unknown {
                    let word = c.data_type.text.split(['(', ' ']).next().unwrap_or_default();
                    row.push(("data_type", text(word)));
                    row.push(("column_type", text(&c.data_type.text)));
                    let length = c.data_type.text.split_once('(').and_then(|(_, rest)| rest.split(')').next());
                    if matches!(word, "char" | "varchar" | "binary" | "varbinary") {
                        row.push(("character_maximum_length", length.map(str::to_owned)));
                    }
                }
                each(row);
            }
        }
        "statistics" => {
            for i in &t.indexes {
                for (at, column) in i.columns.iter().enumerate() {
                    each(vec![
                        name(),
                        ("index_name", text(&i.name)),
                        ("column_name", column.clone()),
                        ("non_unique", text(if i.unique { "0" } else { "1" })),
                        ("seq_in_index", Some((at + 1).to_string())),
                    ]);
                }
            }
        }
        "table_constraints" | "check_constraints" | "key_column_usage" | "referential_constraints" => {
            for c in &t.constraints {
                let kind = match &c.kind {
                    ConstraintType::PrimaryKey => "PRIMARY KEY",
                    ConstraintType::Unique => "UNIQUE",
                    ConstraintType::ForeignKey { .. } => "FOREIGN KEY",
                    ConstraintType::Check => "CHECK",
                    ConstraintType::Exclude | ConstraintType::NotNull => continue,
                };
                let shown = if kind == "PRIMARY KEY" { PRIMARY } else { &c.name };
                let base = vec![name(), ("constraint_name", text(shown)), ("constraint_type", text(kind))];
                match (relation, &c.kind) {
                    ("table_constraints", _) => each(base),
                    ("check_constraints", ConstraintType::Check) => each(base),
                    ("key_column_usage", ConstraintType::Check) => {}
                    ("key_column_usage", of) => {
                        let (target, columns) = match of {
                            ConstraintType::ForeignKey { table, columns, .. } => {
                                (text(table.name()), columns.as_slice())
                            }
                            _ => (None, &[][..]),
                        };
                        for (at, column) in c.columns.iter().enumerate() {
                            let mut row = base.clone();
                            row.push(("column_name", text(column)));
                            row.push(("referenced_table_name", target.clone()));
                            row.push(("referenced_column_name", columns.get(at).cloned()));
                            each(row);
                        }
                    }
                    ("referential_constraints", ConstraintType::ForeignKey { table, .. }) => {
                        let mut row = base;
                        row.push(("referenced_table_name", text(table.name())));
                        each(row);
                    }
                    _ => {}
                }
            }
        }
        "triggers" => {
            for (trigger, _) in &t.triggers {
                each(vec![("trigger_name", text(trigger)), ("event_object_table", text(key.name()))]);
            }
        }
        _ => return false,
    }
    true
}
