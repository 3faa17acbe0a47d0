//! What is certain after something ran that cannot be read.
//!
//! Before, everything is: what the catalog has is there, and what it has not is not. Once it is open nothing is, but for
//! what was made, changed or dropped since. And what stands under a condition that cannot be answered is not certain
//! even where the catalog is closed.

use super::store::Store;
use super::{Catalog, Key, Object, Outcome, Problem, StoreMark, Table};

/// Which names are known for certain.
#[derive(Debug, Default)]
pub(super) struct Certainty {
    /// Why anything may exist: what was run cannot be known.
    open: Option<String>,
    /// The names for which it is otherwise than `open` says: certain, or not. A part of a table is `table.part`.
    apart: Store<String, bool>,
}

/// A place to go back to.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    open: Option<String>,
    apart: StoreMark,
}

impl Certainty {
    pub(super) fn mark(&self) -> Mark {
        Mark { open: self.open.clone(), apart: self.apart.mark() }
    }

    pub(super) fn roll_back(&mut self, mark: &Mark) {
        self.open.clone_from(&mark.open);
        self.apart.roll_back(mark.apart);
    }

    pub(super) fn settle(&mut self) {
        self.apart.settle();
    }

    fn is_certain(&self, name: &str) -> bool {
        self.apart.get(name).copied().unwrap_or(self.open.is_none())
    }

    /// A statement said what this is.
    fn know(&mut self, name: String) {
        if !self.is_certain(&name) {
            self.apart.set(name, true);
        }
    }

    fn doubt(&mut self, name: String) {
        self.apart.set(name, false);
    }
}

impl Catalog {
    fn part(&self, table: &str, name: &str) -> String {
        format!("{}.{}", self.folded(table), self.folded(name))
    }

    pub(crate) fn is_open(&self) -> bool {
        self.certainty.open.is_some()
    }

    pub(crate) fn open(&mut self, why: &str) {
        if self.certainty.open.is_none() {
            self.certainty.open = Some(why.to_owned());
        }
    }

    /// Whether what the catalog says of this name is so: that it is there, or that it is not.
    pub(crate) fn is_certain(&self, name: &str) -> bool {
        self.certainty.is_certain(name)
    }

    /// Whether what the catalog says of a column, constraint or index of a table is so.
    pub(crate) fn is_part_certain(&self, table: &str, name: &str) -> bool {
        if self.certainty.apart.is_empty() {
            return !self.is_open();
        }
        match self.certainty.apart.get(&self.part(table, name)) {
            Some(certain) => *certain,
            None => self.is_certain(&self.folded(table)),
        }
    }

    /// A statement made an object, or dropped it.
    pub(super) fn know(&mut self, key: &Key) {
        self.certainty.know(key.name().to_owned());
    }

    /// A statement changed a table: what it made and dropped there is certain now.
    pub(super) fn know_parts(&mut self, key: &Key, before: &Table, after: &Table) {
        if !self.is_open() {
            return;
        }
        let parts = |t: &Table| -> Vec<String> {
            let columns = t.columns.iter().map(|c| &c.name);
            let constraints = t.constraints.iter().map(|c| &c.name);
            let triggers = t.triggers.iter().map(|(name, _)| name);
            columns.chain(constraints).chain(triggers).chain(&t.policies).chain(&t.rules).cloned().collect()
        };
        let (before, after) = (parts(before), parts(after));
        for name in before.iter().filter(|n| !after.contains(n)).chain(after.iter().filter(|n| !before.contains(n))) {
            let part = self.part(key.name(), name);
            self.certainty.know(part);
        }
    }

    /// What was changed since the mark may have been changed, or not.
    pub(super) fn doubt_since(&mut self, mark: &super::Mark) {
        for key in self.changed(mark) {
            if self.was_there(mark, &key) && matches!(self.get(&key), Some(Object::Table(_))) {
                self.change_table(&key, |t| t.open = true);
            } else {
                self.certainty.doubt(key.name().to_owned());
            }
        }
    }

    /// Takes back what was refused because of something that may not be as the catalog has it.
    pub(super) fn keep_certain(&self, out: &mut Outcome) {
        out.refusals.retain(|refusal| match &refusal.problem {
            Problem::DuplicateColumn { column: name, relation: Some(relation) }
            | Problem::DuplicateObject { name, relation: Some(relation), .. } => self.is_part_certain(relation, name),
            Problem::DuplicateRelation { name, .. }
            | Problem::DuplicateObject { name, relation: None, .. }
            | Problem::DuplicateFunction(name)
            | Problem::DuplicateSchema(name)
            | Problem::WrongKind { name, .. }
            | Problem::Dependents { name, .. }
            | Problem::SecondPrimaryKey { table: name } => self.is_certain(&self.folded(name)),
            _ => true,
        });
    }
}
