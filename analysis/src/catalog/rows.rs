//! The rows that a migration certainly has written: a second one of the same key is refused.

use std::collections::HashSet;

use super::object::Table;
use super::{Catalog, Found, Key, Problem, Refusal};
use crate::change::{Change, Insert, InsertSource, Literal, Reads};

/// The keys of rows that are written as literals. What might take one away, or keep one out, makes it forget all.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The table, the name of its key, and the values.
    keys: HashSet<(Key, String, Vec<String>)>,
}

/// A key of a table that holds for each row at once.
struct UniqueKey {
    name: String,
    columns: Vec<String>,
}

impl Rows {
    /// Takes a statement that went through: what it writes twice is refused.
    pub(crate) fn take(&mut self, change: &Change, catalog: &Catalog) -> Option<Refusal> {
        let refusal = match change {
            Change::Insert(insert) if !catalog.is_open() && !catalog.engine.commits_each_change => {
                return self.insert(insert, catalog);
            }
            // None of these touches a row.
            Change::CreateTable(_)
            | Change::CreateIndex(_)
            | Change::CreateType { .. }
            | Change::CreateFunction(_)
            | Change::CreateSequence { .. }
            | Change::CreateExtension { .. }
            | Change::Touch { .. }
            | Change::SetSearchPath(_) => return None,
            Change::Inert { what } if *what != "EXECUTE" => return None,
            _ => None,
        };
        self.keys.clear();
        refusal
    }

    fn insert(&mut self, insert: &Insert, catalog: &Catalog) -> Option<Refusal> {
        let table = match catalog.find_relation(&insert.table) {
            Found::Yes(key) => catalog.table(&key).map(|table| (key, table)),
            _ => None,
        };
        // A trigger or a rule may write something else, or take rows away from any table.
        let plain = |t: &Table| {
            t.kind.is_table()
                && !t.triggers.iter().any(fires)
                && t.rules.is_empty()
                && t.partition_by.is_none()
                && !t.open
        };
        let (Some((key, table)), InsertSource::Query(reads)) = (table, &insert.source) else {
            self.keys.clear();
            return None;
        };
        let updates = insert.on_conflict.as_ref().is_some_and(|on| !on.update.is_empty());
        if !plain(table) || insert.ignore || updates || !reads.writes.is_empty() {
            self.keys.clear();
            return None;
        }
        // What a guard leaves out is not known to be there.
        if insert.on_conflict.is_some() || insert.in_part {
            return None;
        }
        let rows = literal_rows(reads)?;
        let named: Vec<&str> = if insert.columns.is_empty() {
            table.columns.iter().map(|c| c.name.as_str()).collect()
        } else {
            insert.columns.iter().map(|c| c.value.as_str()).collect()
        };
        for unique in unique_keys(&key, table, catalog) {
            let place = |column: &String| named.iter().position(|n| catalog.same(n, column));
            let Some(places) = unique.columns.iter().map(place).collect::<Option<Vec<_>>>() else { continue };
            for (row, span) in &rows {
                let value = |at: &usize| row.get(*at).copied().flatten().and_then(text_of);
                let Some(values) = places.iter().map(value).collect::<Option<Vec<_>>>() else { continue };
                // Two equal literals are one value, whatever their type.
                if !self.keys.insert((key.clone(), unique.name.clone(), values)) {
                    let (key, columns) = (unique.name, unique.columns);
                    let problem = Problem::DuplicateKey { key, table: table.name.clone(), columns };
                    let help = "another row of this migration has the same key".to_owned();
                    return Some(Refusal { problem, span: *span, help: Some(help) });
                }
            }
        }
        None
    }
}

/// Whether a trigger may fire for an INSERT; its text has the events before ON.
fn fires((name, text): &(String, String)) -> bool {
    name.contains(" on ") || text.split(" on ").next().is_none_or(|events| events.contains("insert"))
}

type Row<'a> = (Vec<Option<&'a Literal>>, crate::span::Span);

/// The rows of a VALUES list, each with those of its values that are literals.
fn literal_rows(reads: &Reads) -> Option<Vec<Row<'_>>> {
    let (Some(rows), [select]) = (&reads.values, &reads.selects[..]) else { return None };
    let width = rows.first()?.0;
    if width == 0 || rows.iter().any(|(w, _)| *w != width) || select.targets.len() != rows.len() * width {
        return None;
    }
    let literals = |row: &[crate::change::NodeId]| row.iter().map(|id| select.names.literal_at(*id)).collect();
    Some(select.targets.chunks(width).zip(rows).map(|(row, (_, span))| (literals(row), *span)).collect())
}

/// A literal that equals no other than its like; NULLs are no two alike.
fn text_of(literal: &Literal) -> Option<String> {
    match literal {
        Literal::Null => None,
        Literal::Number(n) => Some(format!("n{n}")),
        Literal::Text(t) => Some(format!("t{t}")),
        Literal::Boolean(b) => Some(format!("b{b}")),
    }
}

/// The keys of a table that are there for sure and are looked at for every row.
fn unique_keys(key: &Key, table: &Table, catalog: &Catalog) -> Vec<UniqueKey> {
    let there = |name: &str| {
        !catalog.may_be_gone(&Key::Relation(key.schema().to_owned(), name.to_owned()))
            && !catalog.part_may_be_gone(&table.name, name)
    };
    let indexes = table.indexes.iter().filter(|i| i.unique && !i.lenient && i.predicate.is_none() && there(&i.name));
    let keys = indexes.filter_map(|i| {
        let columns = i.columns.iter().cloned().collect::<Option<Vec<_>>>()?;
        Some(UniqueKey { name: i.name.clone(), columns })
    });
    keys.filter(|key| !key.columns.is_empty()).collect()
}
