//! What is certain after something ran that cannot be read.
//!
//! Before, everything is: what the catalog has is there, and what it has not is not. Once it is open nothing is, but for
//! what was made, changed or dropped since. Where it is known at least how something is called that may have been made
//! or dropped (`CREATE INDEX events_%s_idx …`), or where it stands under a condition that cannot be answered, these
//! names alone are in doubt.

use super::store::Store;
use super::{Catalog, Edge, Key, Object, Outcome, Part, Problem, StoreMark, Table};
use crate::change::{
    Block, BlockStatement, Change, ConstraintDefinition, Drop, Ident, ObjectKind, TableAction, TableActionKind,
    UNKNOWN_PART,
};

/// What has names of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Space {
    Schema,
    Relation,
    /// What shares the names of relations, and DROP INDEX alone drops.
    Index,
    Type,
    Function,
    /// Columns, constraints, triggers, policies and rules of a table.
    Part,
    Other,
}

impl Space {
    pub(super) fn of(key: &Key) -> Self {
        match key {
            Key::Schema(_) => Self::Schema,
            Key::Relation(..) => Self::Relation,
            Key::Type(..) => Self::Type,
            Key::Function(..) => Self::Function,
            Key::Extension(_) | Key::Other(..) => Self::Other,
        }
    }

    fn of_kind(kind: ObjectKind) -> Self {
        match kind {
            ObjectKind::Schema => Self::Schema,
            ObjectKind::Type | ObjectKind::Domain => Self::Type,
            ObjectKind::Trigger
            | ObjectKind::Policy
            | ObjectKind::Rule
            | ObjectKind::Constraint
            | ObjectKind::Column => Self::Part,
            kind if kind.is_relation() => Self::Relation,
            kind if kind.is_routine() => Self::Function,
            _ => Self::Other,
        }
    }
}

/// A name that something may make or drop; [`UNKNOWN_PART`] in it stands for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Touched {
    space: Space,
    name: String,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Made,
    Dropped,
}

impl Touched {
    fn is(&self, name: &str) -> bool {
        let mut parts = self.name.split(UNKNOWN_PART);
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        let mut last = None;
        for part in parts {
            // The last one must end the name; the others are taken where they come first.
            if let Some(middle) = last.replace(part) {
                let Some(at) = rest.find(middle) else { return false };
                rest = &rest[at + middle.len()..];
            }
        }
        last.map_or(rest.is_empty(), |last| rest.ends_with(last))
    }
}

/// The names that changes may make or drop; `None` where that may be any.
pub(crate) fn touched<'c>(changes: impl IntoIterator<Item = &'c Change>) -> Option<Vec<Touched>> {
    let mut names = Names(Vec::new());
    changes.into_iter().all(|c| names.change(c)).then_some(names.0)
}

/// The names that a block may make or drop; `None` where that may be any.
pub(crate) fn touched_by_block(block: &Block) -> Option<Vec<Touched>> {
    let mut names = Names(Vec::new());
    names.block(block).then_some(names.0)
}

/// Gathers names; each function answers whether these are all.
struct Names(Vec<Touched>);

impl Names {
    fn made(&mut self, space: Space, name: &str) {
        self.0.push(Touched { space, name: name.to_owned(), how: How::Made });
    }

    fn dropped(&mut self, space: Space, name: &str) {
        self.0.push(Touched { space, name: name.to_owned(), how: How::Dropped });
    }

    /// What the engine names after a table.
    fn of_table(&mut self, table: &str, how: How) {
        let name = format!("{table}_{UNKNOWN_PART}");
        self.0.push(Touched { space: Space::Relation, name: name.clone(), how });
        self.0.push(Touched { space: Space::Part, name, how });
    }

    fn block(&mut self, block: &Block) -> bool {
        self.statements(&block.body) && block.handlers.iter().all(|h| self.statements(&h.body))
    }

    fn statements(&mut self, statements: &[BlockStatement]) -> bool {
        statements.iter().all(|s| match s {
            BlockStatement::Sql(s) | BlockStatement::Evaluated(s) => s.change.as_ref().is_some_and(|c| self.change(c)),
            BlockStatement::If { branches, otherwise } => {
                branches.iter().all(|(_, body)| self.statements(body)) && self.statements(otherwise)
            }
            BlockStatement::Block(block) => self.block(block),
            BlockStatement::Loop(body) => self.statements(body),
            BlockStatement::Raise { .. } | BlockStatement::Inert => true,
            BlockStatement::Opaque { template, .. } => {
                template.as_ref().is_some_and(|changes| changes.iter().all(|c| self.change(c)))
            }
        })
    }

    fn change(&mut self, change: &Change) -> bool {
        match change {
            Change::CreateSchema { name: Some(name), elements, .. } => {
                self.made(Space::Schema, &name.value);
                return elements.iter().all(|e| self.change(e));
            }
            // It goes with its session.
            Change::CreateTable(t) if t.temporary => {}
            Change::CreateTable(t) => {
                self.made(Space::Relation, &t.name.name.value);
                self.made(Space::Type, &t.name.name.value);
                self.of_table(&t.name.name.value, How::Made);
                t.columns.iter().flat_map(|c| &c.constraints).chain(&t.constraints).for_each(|c| self.constraint(c));
            }
            Change::AlterTable(a) => return a.actions.iter().all(|x| self.action(&a.name.name.value, x)),
            Change::CreateIndex(i) => match &i.name {
                Some(name) => self.made(Space::Relation, &name.name.value),
                None => self.of_table(&i.table.name.value, How::Made),
            },
            Change::CreateView(v) => {
                self.made(Space::Relation, &v.name.name.value);
                self.made(Space::Type, &v.name.name.value);
            }
            Change::CreateSequence { name, .. } => self.made(Space::Relation, &name.name.value),
            Change::CreateType { name, .. } => self.made(Space::Type, &name.name.value),
            Change::CreateFunction(f) => self.made(Space::Function, &f.name.name.value),
            Change::CreateTrigger(t) => self.made(Space::Part, &t.name.value),
            Change::CreatePolicy { name, .. } | Change::CreateRule { name, .. } => self.made(Space::Part, &name.value),
            Change::CreateOther { kind, name, .. } => self.made(Space::of_kind(*kind), &name.name.value),
            Change::Drop(d) => return self.drop(d),
            Change::Rename { kind, target, to, .. } => {
                let space = Space::of_kind(*kind);
                self.dropped(space, &target.name.name.value);
                self.made(space, &to.value);
                if space == Space::Relation {
                    self.dropped(Space::Type, &target.name.name.value);
                    self.made(Space::Type, &to.value);
                }
            }
            Change::Select(reads) if reads.into.is_none() => {}
            Change::Do(block) => return self.block(block),
            Change::AlterSequence { .. }
            | Change::AlterPolicy { rename_to: None, .. }
            | Change::Touch { .. }
            | Change::Insert(_)
            | Change::Update(_)
            | Change::Delete { .. }
            | Change::Truncate { .. }
            | Change::Transaction(_)
            | Change::SetSearchPath(_)
            | Change::CheckBodies(_)
            | Change::UnknownSetting(_)
            | Change::Inert { .. } => {}
            _ => return false,
        }
        true
    }

    fn drop(&mut self, d: &Drop) -> bool {
        // What depends on it may be anything.
        if d.cascade || d.kind == ObjectKind::Extension {
            return false;
        }
        let space = if d.kind == ObjectKind::Index { Space::Index } else { Space::of_kind(d.kind) };
        for target in &d.targets {
            let name = &target.name.name.value;
            self.dropped(space, name);
            if space == Space::Relation && d.kind != ObjectKind::Sequence {
                self.dropped(Space::Type, name);
            }
            if d.kind == ObjectKind::Table {
                self.of_table(name, How::Dropped);
            }
        }
        true
    }

    fn constraint(&mut self, c: &ConstraintDefinition) {
        if let Some(name) = &c.name {
            self.part_or_index(name, How::Made);
        }
    }

    /// A constraint, which may have an index of its name.
    fn part_or_index(&mut self, name: &Ident, how: How) {
        for space in [Space::Part, Space::Relation] {
            self.0.push(Touched { space, name: name.value.clone(), how });
        }
    }

    fn action(&mut self, table: &str, action: &TableAction) -> bool {
        match &action.kind {
            TableActionKind::AddColumn { column, .. } => {
                self.made(Space::Part, &column.name.value);
                self.of_table(table, How::Made);
                column.constraints.iter().for_each(|c| self.constraint(c));
            }
            TableActionKind::DropColumn { cascade: true, .. }
            | TableActionKind::DropConstraint { cascade: true, .. } => {
                return false;
            }
            TableActionKind::DropColumn { name, .. } => {
                self.dropped(Space::Part, &name.value);
                self.of_table(table, How::Dropped);
            }
            TableActionKind::RenameColumn { from, to } => {
                self.dropped(Space::Part, &from.value);
                self.made(Space::Part, &to.value);
            }
            TableActionKind::RenameConstraint { from, to } => {
                self.part_or_index(from, How::Dropped);
                self.part_or_index(to, How::Made);
            }
            TableActionKind::AddConstraint(c) => {
                self.of_table(table, How::Made);
                self.constraint(c);
            }
            TableActionKind::DropConstraint { name, .. } => self.part_or_index(name, How::Dropped),
            // What has a name stays as it is.
            _ => {}
        }
        true
    }
}

/// Which names are known for certain.
#[derive(Debug, Default)]
pub(super) struct Certainty {
    /// Why anything may exist: what was run cannot be known.
    open: Option<String>,
    /// The names for which it is otherwise than `open` and `doubts` say: certain, or not. A part is `table.part`.
    apart: Store<(Space, String), bool>,
    doubts: Vec<Touched>,
}

/// A place to go back to.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    open: Option<String>,
    apart: StoreMark,
    doubts: usize,
}

impl Certainty {
    pub(super) fn mark(&self) -> Mark {
        Mark { open: self.open.clone(), apart: self.apart.mark(), doubts: self.doubts.len() }
    }

    pub(super) fn roll_back(&mut self, mark: &Mark) {
        self.open.clone_from(&mark.open);
        self.apart.roll_back(mark.apart);
        self.doubts.truncate(mark.doubts);
    }

    pub(super) fn settle(&mut self) {
        self.apart.settle();
    }

    /// Whether there is nothing that cannot be known.
    fn is_whole(&self) -> bool {
        self.open.is_none() && self.doubts.is_empty() && self.apart.is_empty()
    }

    /// Whether something that cannot be read may have done this to whatever has the name.
    fn may_be(&self, how: How, space: Space, name: &str) -> bool {
        if self.is_whole() {
            return false;
        }
        match self.apart.get(&(space, name.to_owned())) {
            Some(certain) => !certain,
            None => self.open.is_some() || self.is_doubted(how, space, name),
        }
    }

    /// Whether all that is said of a name is so, now and at a mark.
    fn is_sure_since(&self, mark: &Mark, space: Space, name: &str) -> bool {
        if self.is_whole() && mark.open.is_none() {
            return true;
        }
        let key = (space, name.to_owned());
        let then = match self.apart.at(mark.apart, &key) {
            Some(certain) => *certain,
            None => mark.open.is_none() && !self.doubts[..mark.doubts].iter().any(|d| d.space == space && d.is(name)),
        };
        then && ![How::Made, How::Dropped].iter().any(|how| self.may_be(*how, space, name))
    }

    fn is_doubted(&self, how: How, space: Space, name: &str) -> bool {
        self.doubts.iter().any(|d| d.how == how && d.space == space && d.is(name))
    }

    fn index_may_be_gone(&self, name: &str) -> bool {
        match self.apart.get(&(Space::Relation, name.to_owned())) {
            Some(certain) => !certain,
            None => {
                self.open.is_some()
                    || [Space::Relation, Space::Index].iter().any(|s| self.is_doubted(How::Dropped, *s, name))
            }
        }
    }

    /// A statement said what this is.
    fn know(&mut self, space: Space, name: &str) {
        let index = space == Space::Relation && self.index_may_be_gone(name);
        if index || self.may_be(How::Made, space, name) || self.may_be(How::Dropped, space, name) {
            self.apart.set((space, name.to_owned()), true);
        }
    }
}

impl Catalog {
    pub(crate) fn is_open(&self) -> bool {
        self.certainty.open.is_some()
    }

    pub(crate) fn open(&mut self, why: &str) {
        if self.certainty.open.is_none() {
            self.certainty.open = Some(why.to_owned());
        }
    }

    /// Whether nothing was run that cannot be read.
    pub(super) fn is_all_certain(&self) -> bool {
        self.certainty.is_whole()
    }

    /// Whether there may be what the catalog does not have.
    pub(crate) fn may_be_there(&self, key: &Key) -> bool {
        self.certainty.may_be(How::Made, Space::of(key), key.name())
    }

    /// Whether there may be relations that the catalog does not have, whatever they are called.
    pub(crate) fn may_have_more_relations(&self) -> bool {
        let made = |d: &Touched| d.how == How::Made && matches!(d.space, Space::Relation | Space::Index);
        self.is_open() || self.certainty.doubts.iter().any(made)
    }

    /// Whether what the catalog has may be there no more.
    pub(crate) fn may_be_gone(&self, key: &Key) -> bool {
        match self.get(key) {
            Some(Object::Index(_)) => self.certainty.index_may_be_gone(key.name()),
            _ => self.certainty.may_be(How::Dropped, Space::of(key), key.name()),
        }
    }

    /// Whether an object is for certain what the catalog says, or not there where it says so, now and at a mark.
    pub(crate) fn is_sure_since(&self, mark: &super::Mark, key: &Key) -> bool {
        let index = matches!(self.get(key), Some(Object::Index(_))) && self.certainty.index_may_be_gone(key.name());
        !index
            && !self.is_blurred(key.name())
            && self.certainty.is_sure_since(&mark.certainty, Space::of(key), key.name())
    }

    /// The same of a column, constraint, trigger, policy or rule of a table.
    pub(crate) fn is_part_sure_since(&self, mark: &super::Mark, table: &Key, name: &str) -> bool {
        let (table, name) = (self.folded(table.name()), self.folded(name));
        let part = format!("{table}.{name}");
        !self.is_blurred(&name)
            && self.certainty.is_sure_since(&mark.certainty, Space::Part, &part)
            && ![How::Made, How::Dropped].iter().any(|how| self.part_may_be(*how, &table, &name))
    }

    /// Takes away what may be gone: a statement makes it without asking.
    pub(super) fn give_way(&mut self, key: &Key) {
        if !self.may_be_gone(key) {
            return;
        }
        if let Some(Object::Index(table)) = self.get(key) {
            let table = table.clone();
            let name = key.name();
            self.change_table(&table, |t| t.indexes.retain(|i| i.name != name));
        }
        self.forget(key);
    }

    /// Whether what needs something may be gone.
    pub(super) fn edge_may_be_gone(&self, edge: &Edge) -> bool {
        !self.certainty.is_whole()
            && (self.may_be_gone(&edge.from)
                || match &edge.part {
                    Part::Whole | Part::Overload(_) => false,
                    Part::Index(name) => self.certainty.index_may_be_gone(&self.folded(name)),
                    Part::Constraint(name)
                    | Part::Column(name)
                    | Part::Default(name)
                    | Part::Generated(name)
                    | Part::Trigger(name)
                    | Part::Policy(name) => self.part_may_be(How::Dropped, edge.from.name(), name),
                })
    }

    /// Whether a table may have a column, constraint, trigger, policy or rule that the catalog does not have.
    pub(crate) fn may_have_part(&self, table: &str, name: &str) -> bool {
        self.part_may_be(How::Made, table, name)
    }

    /// Whether a part that the catalog has may be there no more.
    pub(crate) fn part_may_be_gone(&self, table: &str, name: &str) -> bool {
        self.part_may_be(How::Dropped, table, name)
    }

    fn part_may_be(&self, how: How, table: &str, name: &str) -> bool {
        if self.certainty.is_whole() {
            return false;
        }
        let (table, name) = (self.folded(table), self.folded(name));
        match self.certainty.apart.get(&(Space::Part, format!("{table}.{name}"))) {
            Some(certain) => !certain,
            None => {
                // Where the table may have been made anew, so may all of it.
                self.certainty.is_doubted(how, Space::Part, &name)
                    || self.certainty.may_be(How::Made, Space::Relation, &table)
                    || self.certainty.may_be(How::Dropped, Space::Relation, &table)
            }
        }
    }

    /// Whether something of this name may be there, whatever it is.
    pub(crate) fn may_be_anything(&self, name: &str) -> bool {
        let c = &self.certainty;
        c.open.is_some()
            || c.doubts.iter().any(|d| d.how == How::Made && d.is(name))
            || c.apart.iter().any(|((_, n), certain)| !certain && (n == name || n.rsplit('.').next() == Some(name)))
    }

    /// A statement made an object, or dropped it.
    pub(super) fn know(&mut self, key: &Key) {
        self.certainty.know(Space::of(key), key.name());
    }

    /// A statement changed a table: what it made and dropped there is certain now.
    pub(super) fn know_parts(&mut self, key: &Key, before: &Table, after: &Table) {
        if self.certainty.is_whole() {
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
            if self.part_may_be(How::Made, key.name(), name) || self.part_may_be(How::Dropped, key.name(), name) {
                let part = format!("{}.{}", key.name(), self.folded(name));
                self.certainty.apart.set((Space::Part, part), true);
            }
        }
    }

    /// Something was run of which no more is known than the names that it may have made or dropped.
    pub(super) fn doubt(&mut self, touched: &[Touched]) {
        for t in touched {
            // What was said of this very name before is said no more.
            self.certainty.apart.remove(&(t.space, t.name.clone()));
            if !self.certainty.doubts.contains(t) {
                self.certainty.doubts.push(t.clone());
            }
        }
    }

    /// What was changed since the mark may have been changed, or not.
    pub(super) fn doubt_since(&mut self, mark: &super::Mark) {
        for key in self.changed(mark) {
            if self.was_there(mark, &key) && matches!(self.get(&key), Some(Object::Table(_))) {
                self.change_table(&key, |t| t.open = true);
            } else {
                self.certainty.apart.set((Space::of(&key), key.name().to_owned()), false);
            }
        }
    }

    /// Takes back what was refused because of something that may not be as the catalog has it.
    pub(super) fn keep_certain(&self, out: &mut Outcome) {
        if self.certainty.is_whole() {
            return;
        }
        let there = |spaces: &[Space], name: &str| {
            spaces.iter().all(|s| !self.certainty.may_be(How::Dropped, *s, &self.folded(name)))
        };
        out.refusals.retain(|refusal| match &refusal.problem {
            Problem::DuplicateColumn { column: name, relation: Some(relation) }
            | Problem::DuplicateObject { name, relation: Some(relation), .. } => {
                !self.part_may_be(How::Dropped, relation, name)
            }
            Problem::DuplicateRelation { name, .. }
            | Problem::WrongKind { name, .. }
            | Problem::SecondPrimaryKey { table: name } => there(&[Space::Relation], name),
            Problem::DuplicateObject { kind, name, relation: None } => {
                there(&[Space::of_kind(*kind), Space::Relation], name)
            }
            Problem::DuplicateFunction(name) => there(&[Space::Function], name),
            Problem::DuplicateSchema(name) => there(&[Space::Schema], name),
            Problem::Dependents { name, .. } => {
                there(&[Space::Relation, Space::Type, Space::Function, Space::Schema], name)
            }
            _ => true,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_unknown_parts() {
        let is = |pattern: &str, name: &str| {
            let name_of = pattern.replace('*', &UNKNOWN_PART.to_string());
            Touched { space: Space::Relation, name: name_of, how: How::Made }.is(name)
        };
        for (pattern, yes, no) in [
            ("*", &["", "a"][..], &[][..]),
            ("a", &["a"], &["ab", "", "b"]),
            ("a_*_b", &["a_1_b", "a__b", "a_x_b_b"], &["a_b", "a_1_bc", "x_a_1_b"]),
            ("*.b", &["a.b", ".b"], &["b", "a.bc"]),
            ("a*b*", &["ab", "a1b2"], &["a", "ba"]),
        ] {
            for name in yes {
                assert!(is(pattern, name), "{pattern} {name}");
            }
            for name in no {
                assert!(!is(pattern, name), "{pattern} {name}");
            }
        }
    }
}
