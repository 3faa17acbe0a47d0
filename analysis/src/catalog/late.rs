//! What bodies name that the server looks up only when they are called: nothing keeps it from being dropped or renamed.

use std::collections::BTreeSet;

use super::object::{Function, Table};
use super::{Catalog, Found, Key, Mark, Object};
use crate::change::{
    Block, BlockStatement, Change, Code, CreateFunction, Ident, InsertSource, Name, Names, Reads, SourceKind,
    TableActionKind,
};

/// A relation that a body names, or one of its columns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Late {
    pub(crate) relation: Key,
    pub(crate) column: Option<String>,
}

/// All that a body names. Two functions are the same whatever is there of that.
#[derive(Clone, Debug, Default)]
pub(crate) struct LateNames(BTreeSet<Late>);

impl PartialEq for LateNames {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A function whose body names what is gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Break {
    pub(crate) function: Key,
    arguments: String,
    pub(crate) gone: Late,
}

impl Break {
    /// Whether a change takes away what is gone.
    pub(crate) fn is_by(&self, change: &Change) -> bool {
        let relation = self.gone.relation.name();
        let is = |name: &Ident| self.gone.column.as_ref() == Some(&name.value);
        match change {
            Change::AlterTable(a) => {
                a.name.name.value == relation
                    && a.actions.iter().any(|a| match &a.kind {
                        TableActionKind::DropColumn { name, .. } | TableActionKind::RenameColumn { from: name, .. } => {
                            is(name)
                        }
                        _ => false,
                    })
            }
            Change::Drop(d) => d.targets.iter().any(|t| t.name.name.value == relation),
            Change::Rename { target, .. } | Change::SetSchema { target, .. } => target.name.name.value == relation,
            _ => false,
        }
    }
}

/// Whether a change may take away what somebody names.
pub(crate) fn takes_away(change: &Change) -> bool {
    matches!(
        change,
        Change::AlterTable(_)
            | Change::Drop(_)
            | Change::Rename { .. }
            | Change::SetSchema { .. }
            | Change::AlterType { .. }
            | Change::Do(_)
    )
}

impl Catalog {
    /// The relations and columns that a body surely names, and that are there.
    pub(super) fn late_names(&self, f: &CreateFunction) -> LateNames {
        let mut names = LateNames::default();
        match &f.code {
            Code::Block(block) => self.late_in_block(block, &mut names),
            Code::Sql(body) if !body.bound => {
                body.statements.iter().filter_map(|s| s.change.as_ref()).for_each(|c| self.late_in(c, &mut names));
            }
            _ => {}
        }
        names
    }

    fn late_in_block(&self, block: &Block, names: &mut LateNames) {
        self.late_in_statements(&block.body, names);
        block.handlers.iter().for_each(|h| self.late_in_statements(&h.body, names));
    }

    fn late_in_statements(&self, statements: &[BlockStatement], names: &mut LateNames) {
        for s in statements {
            match s {
                BlockStatement::Sql(s) | BlockStatement::Evaluated(s) => {
                    s.change.iter().for_each(|c| self.late_in(c, names));
                }
                BlockStatement::If { branches, otherwise } => {
                    branches.iter().for_each(|(_, body)| self.late_in_statements(body, names));
                    self.late_in_statements(otherwise, names);
                }
                BlockStatement::Block(block) => self.late_in_block(block, names),
                BlockStatement::Loop(body) => self.late_in_statements(body, names),
                BlockStatement::Raise { .. } | BlockStatement::Inert | BlockStatement::Opaque { .. } => {}
            }
        }
    }

    fn late_in(&self, change: &Change, names: &mut LateNames) {
        match change {
            Change::Select(reads) => self.late_in_query(reads, names),
            Change::Insert(i) => {
                self.late_table(&i.table, i.columns.iter(), names);
                self.late_in_names(&i.names, names);
                if let InsertSource::Query(reads) = &i.source {
                    self.late_in_query(reads, names);
                }
            }
            Change::Update(u) => {
                self.late_table(&u.table, u.set.iter().map(|(column, ..)| column), names);
                self.late_in_query(&u.reads, names);
            }
            Change::Delete { table, reads, .. } => {
                self.late_table(table, std::iter::empty(), names);
                self.late_in_query(reads, names);
            }
            _ => {}
        }
    }

    fn late_table<'i>(&self, name: &Name, columns: impl Iterator<Item = &'i Ident>, names: &mut LateNames) {
        let Some((key, table)) = self.late_relation(name) else { return };
        for column in columns.filter(|c| table.columns.iter().any(|own| own.name == c.value)) {
            names.0.insert(Late { relation: key.clone(), column: Some(column.value.clone()) });
        }
        names.0.insert(Late { relation: key, column: None });
    }

    fn late_relation(&self, name: &Name) -> Option<(Key, &Table)> {
        let Found::Yes(key) = self.find_relation(name) else { return None };
        let table = self.table(&key).filter(|t| !t.temporary)?;
        Some((key, table))
    }

    fn late_in_query(&self, reads: &Reads, names: &mut LateNames) {
        for select in &reads.selects {
            for source in &select.sources {
                match &source.kind {
                    SourceKind::Table(name) => {
                        let Some((relation, table)) = self.late_relation(name) else { continue };
                        let columns = super::resolve::columns_named(select, source, table);
                        names
                            .0
                            .extend(columns.map(|c| Late { relation: relation.clone(), column: Some(c.to_owned()) }));
                        names.0.insert(Late { relation, column: None });
                    }
                    SourceKind::Query(inner) => self.late_in_query(inner, names),
                    SourceKind::Cte(_) | SourceKind::Unknown => {}
                }
            }
            self.late_in_names(&select.names, names);
            self.late_in_names(&select.loose, names);
        }
    }

    fn late_in_names(&self, inside: &Names, names: &mut LateNames) {
        inside.queries.iter().for_each(|q| self.late_in_query(q, names));
    }

    /// Remembers which functions name a relation: what has gone is looked for in their bodies alone.
    pub(super) fn remember_late(&mut self, function: &Key, all: &[Function]) {
        for late in all.iter().flat_map(|f| &f.late.0).filter(|late| late.column.is_none()) {
            self.named_late.entry(late.relation.clone()).or_default().insert(function.clone());
        }
    }

    /// The functions whose bodies name what has gone since the mark, where that was not said before.
    pub(crate) fn new_breaks(&mut self, since: &Mark) -> Vec<Break> {
        let mut asked = BTreeSet::new();
        for key in self.changed(since) {
            match key {
                Key::Relation(..) => asked.extend(self.named_late.get(&key).into_iter().flatten().cloned()),
                Key::Function(..) => {
                    asked.insert(key);
                }
                _ => {}
            }
        }
        let mut fresh = Vec::new();
        for function in asked {
            let mut broken = BTreeSet::new();
            if let Some(Object::Function(all)) = self.get(&function) {
                for f in all {
                    for gone in f.late.0.iter().filter(|late| self.is_gone(late)) {
                        let arguments = f.arguments.join(", ");
                        broken.insert(Break { function: function.clone(), arguments, gone: gone.clone() });
                    }
                }
            }
            let before = self.broken.remove(&function).unwrap_or_default();
            // Of a table that is gone its columns need no word of their own.
            let whole =
                |b: &Break| Break { gone: Late { relation: b.gone.relation.clone(), column: None }, ..b.clone() };
            let unsaid = broken.iter().filter(|b| !before.contains(b));
            fresh.extend(unsaid.filter(|b| b.gone.column.is_none() || !broken.contains(&whole(b))).cloned());
            if !broken.is_empty() {
                self.broken.insert(function, broken);
            }
        }
        fresh
    }

    fn is_gone(&self, late: &Late) -> bool {
        let name = late.relation.name();
        match (self.table(&late.relation), &late.column) {
            (Some(table), Some(column)) => !table.open && !self.has_column(table, column),
            (Some(_), None) => false,
            (None, _) => {
                // It may have gone to another schema of the path.
                let first = Key::Relation(String::new(), name.to_owned());
                let elsewhere = self
                    .objects
                    .range(first..)
                    .next()
                    .is_some_and(|(k, _)| matches!(k, Key::Relation(_, n) if n == name));
                !self.may_be_there(&late.relation) && !self.is_blurred(name) && !elsewhere
            }
        }
    }
}
