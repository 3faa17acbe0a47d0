//! Children of tables: inheritance, partitions, and what is copied from one table to another.

use super::object::{Column, Constraint, ConstraintType, Index, PartitionBy, Table, TableKind};
use super::{Catalog, Found, Key, Object, Outcome, Part, Problem};
use crate::change::{Bound, Ident, Like, Name, ObjectKind};
use crate::span::Span;

/// A refusal that has no words of its own in [`Problem`].
pub(super) fn invalid(sqlstate: &'static str, message: String) -> Problem {
    Problem::Other { rule: "invalid-definition", sqlstate: Some(sqlstate), message }
}

impl Catalog {
    /// The tables that inherit from this one, or are its partitions.
    pub(crate) fn children(&self, key: &Key) -> Vec<Key> {
        self.dependents(key)
            .into_iter()
            .filter(|e| e.part == Part::Whole && self.table(&e.from).is_some_and(|t| t.parents.contains(key)))
            .map(|e| e.from)
            .collect()
    }

    /// Its children, theirs, and so on.
    pub(crate) fn descendants(&self, key: &Key) -> Vec<Key> {
        let mut all = self.children(key);
        let mut next = 0;
        while let Some(one) = all.get(next).cloned() {
            next += 1;
            for child in self.children(&one) {
                if !all.contains(&child) {
                    all.push(child);
                }
            }
        }
        all
    }

    /// Whether a parent has a column of this name.
    pub(crate) fn is_inherited(&self, table: &Table, column: &str) -> bool {
        table.parents.iter().filter_map(|p| self.table(p)).any(|p| p.columns.iter().any(|c| self.same(&c.name, column)))
    }

    /// Whether a parent has a CHECK of this name that it hands down, or the constraint belongs to one of the parent's.
    pub(crate) fn is_inherited_constraint(&self, table: &Table, c: &Constraint) -> bool {
        c.parent.is_some()
            || c.kind == ConstraintType::Check
                && table.parents.iter().filter_map(|p| self.table(p)).any(|p| {
                    p.constraints.iter().any(|x| x.kind == ConstraintType::Check && x.name == c.name && !x.no_inherit)
                })
    }

    /// Takes over the columns and checks of a parent, in its order.
    pub(super) fn inherit(
        &mut self,
        table: &mut Table,
        parent: &Key,
        written: &Name,
        partition: bool,
        out: &mut Outcome,
    ) {
        let Some(source) = self.held(parent) else { return };
        if !self.may_inherit(table, parent, &source, written.span(), partition, out) {
            return;
        }
        table.open |= source.open;
        for mut c in source.columns.iter().cloned() {
            if let Some(own) = table.columns.iter_mut().find(|own| own.name == c.name) {
                if differ(own, &c) {
                    let message = format!("inherited column \"{}\" has a type conflict", c.name);
                    self.report(invalid("42804", message), written.span(), None, out);
                    continue;
                }
                own.not_null |= c.not_null;
                continue;
            }
            c.local = false;
            if partition {
                c.not_null |= c.identity.is_some();
            } else {
                c.identity = None;
            }
            table.columns.push(c);
        }
        for c in source.constraints.iter().cloned() {
            if c.kind == ConstraintType::Check && !c.no_inherit && !table.constraints.iter().any(|x| x.name == c.name) {
                table.constraints.push(Constraint { local: false, ..c });
            }
        }
    }

    fn may_inherit(
        &mut self,
        table: &Table,
        key: &Key,
        parent: &Table,
        span: Span,
        partition: bool,
        out: &mut Outcome,
    ) -> bool {
        let partitioned = parent.kind == TableKind::Partitioned;
        let problem = if table.parents.contains(key) {
            invalid("42P07", format!("relation \"{}\" would be inherited from more than once", parent.name))
        } else if partition && !partitioned {
            invalid("42P17", format!("\"{}\" is not partitioned", parent.name))
        } else if !partition && partitioned {
            invalid("42809", format!("cannot inherit from partitioned table \"{}\"", parent.name))
        } else if !partition && parent.bound.is_some() {
            invalid("42809", format!("cannot inherit from partition \"{}\"", parent.name))
        } else if !parent.kind.is_table() {
            invalid("42809", format!("inherited relation \"{}\" is not a table or foreign table", parent.name))
        } else {
            return true;
        };
        self.report(problem, span, None, out);
        false
    }

    /// Whether the bound is one of the parent's kind, and the only DEFAULT.
    pub(super) fn check_bound(&mut self, parent: &Key, name: &Ident, bound: &Bound, span: Span, out: &mut Outcome) {
        let Some(by) = self.table(parent).and_then(|t| t.partition_by.clone()) else { return };
        let fits = match bound {
            Bound::Default => by.strategy != "hash",
            Bound::List => by.strategy == "list",
            Bound::Range => by.strategy == "range",
            Bound::Hash => by.strategy == "hash",
        };
        if !fits {
            let problem = if *bound == Bound::Default {
                invalid("42P16", "a hash-partitioned table may not have a default partition".to_owned())
            } else {
                invalid("42P16", format!("invalid bound specification for a {} partition", by.strategy))
            };
            self.report(problem, span, None, out);
            return;
        }
        if *bound == Bound::Default {
            let other = self
                .children(parent)
                .into_iter()
                .find(|c| self.table(c).is_some_and(|t| t.bound == Some(Bound::Default)));
            if let Some(other) = other {
                let message = format!(
                    "partition \"{}\" conflicts with existing default partition \"{}\"",
                    name.value,
                    other.name()
                );
                self.report(invalid("42P17", message), span, None, out);
            }
        }
    }

    /// The columns of PARTITION BY are there, and of a kind that rows can be told apart by.
    pub(super) fn partition_key(
        &mut self,
        table: &Table,
        by: &crate::change::PartitionBy,
        out: &mut Outcome,
    ) -> PartitionBy {
        if by.strategy.value == "list" && by.columns.len() > 1 {
            let message = "cannot use \"list\" partition strategy with more than one column".to_owned();
            self.report(invalid("42P17", message), by.strategy.span, None, out);
        }
        for c in by.columns.iter().filter_map(|c| c.column.as_ref()) {
            let generated = table.columns.iter().any(|x| x.name == c.value && x.generated.is_some());
            if generated {
                let message = "cannot use generated column in partition key".to_owned();
                self.report(invalid("42P17", message), c.span, None, out);
            } else if !self.has_column(table, &c.value) {
                let problem = Problem::Other {
                    rule: "undefined-column",
                    sqlstate: Some("42703"),
                    message: format!("column \"{}\" named in partition key does not exist", c.value),
                };
                let help = out.suggestion(&c.value, table.columns.iter().map(|c| c.name.as_str()));
                self.report(problem, c.span, help, out);
            }
        }
        PartitionBy {
            strategy: by.strategy.value.clone(),
            columns: by.columns.iter().map(|c| c.column.as_ref().map(|i| i.value.clone())).collect(),
        }
    }

    /// A unique key of a partitioned table has the columns that rows are parted by (manual, 5.12.2.3).
    pub(super) fn check_partition_key(
        &mut self,
        table: &Table,
        columns: &[String],
        what: &str,
        span: Span,
        out: &mut Outcome,
    ) -> bool {
        let Some(by) = &table.partition_by else { return true };
        let message = if by.columns.iter().any(Option::is_none) {
            format!("unsupported {what} constraint with partition key definition")
        } else if by.columns.iter().flatten().all(|c| columns.contains(c)) {
            return true;
        } else {
            "unique constraint on partitioned table must include all partitioning columns".to_owned()
        };
        let keys: Vec<&str> = by.columns.iter().flatten().map(String::as_str).collect();
        let help = format!("rows are parted by {}: the key needs every one of its columns", keys.join(", "));
        self.report(invalid("0A000", message), span, Some(help), out);
        false
    }

    /// LIKE: the columns of another table, or of a composite type.
    pub(super) fn like_columns(&mut self, key: &Key, table: &mut Table, like: &Like, out: &mut Outcome) {
        let name = &like.table;
        if self.find_relation(name) == Found::No
            && let Found::Yes(found) = self.find(name, Key::Type)
            && let Some(columns) = self.composite_columns(&found)
        {
            table.columns.extend(columns);
            return;
        }
        let Some(source_key) = self.expect_table(name, out) else {
            table.open = true;
            return;
        };
        let Some(source) = self.held(&source_key) else { return };
        table.open |= source.open;
        for mut c in source.columns.iter().cloned() {
            if !like.defaults {
                c.default = None;
            }
            if !like.generated {
                c.generated = None;
            }
            if !like.identity {
                c.identity = None;
            }
            c.local = true;
            c.place = self.place(name.span());
            c.typed.clone_from(&c.place);
            if let Some(own) = table.columns.iter_mut().find(|own| own.name == c.name) {
                if own.local {
                    let problem = Problem::DuplicateColumn { column: c.name.clone(), relation: None };
                    self.report(problem, name.span(), None, out);
                } else {
                    own.local = true;
                }
                continue;
            }
            if c.default.is_some() {
                self.copy_needs(&source_key, &Part::Default(c.name.clone()), key);
            }
            if let Some(user) = &c.data_type.user {
                self.link(user.clone(), key.clone(), Part::Column(c.name.clone()));
            }
            table.columns.push(c);
        }
    }

    /// What LIKE brings beside columns, once the table is there.
    pub(super) fn like_rest(&mut self, key: &Key, like: &Like, out: &mut Outcome) {
        let Found::Yes(source_key) = self.find_relation(&like.table) else { return };
        let Some(source) = self.held(&source_key) else { return };
        if like.constraints {
            for c in source.constraints.iter().filter(|c| c.kind == ConstraintType::Check) {
                let Some(table) = self.table(key) else { return };
                match table.constraints.iter().find(|x| x.name == c.name) {
                    Some(own) if own.definition == c.definition => {}
                    Some(_) => {
                        let problem = Problem::DuplicateObject {
                            kind: ObjectKind::Constraint,
                            name: c.name.clone(),
                            relation: Some(table.name.clone()),
                        };
                        self.report(problem, like.table.span(), None, out);
                    }
                    None => {
                        let c =
                            Constraint { local: true, valid: true, place: self.place(like.table.span()), ..c.clone() };
                        self.put_constraint(key, c);
                    }
                }
            }
        }
        if like.indexes {
            for index in &source.indexes {
                let constraint = source.constraints.iter().find(|c| index.constraint && c.name == index.name);
                let primary = constraint.is_some_and(|c| c.kind == ConstraintType::PrimaryKey);
                if primary && self.table(key).is_some_and(|t| t.primary_key().is_some()) {
                    let table = self.table(key).map(|t| t.name.clone()).unwrap_or_default();
                    self.report(Problem::SecondPrimaryKey { table }, like.table.span(), None, out);
                    continue;
                }
                self.copy_index(index, constraint, key, None);
            }
        }
    }

    /// The attributes of a composite type, as columns.
    pub(super) fn composite_columns(&self, key: &Key) -> Option<Vec<Column>> {
        match self.get(key)? {
            Object::Type(t) => match &t.kind {
                super::object::UserTypeKind::Composite(fields) => {
                    Some(fields.iter().map(|(n, t)| Column::plain(n, t.clone())).collect())
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// What a part of one object needs, another needs too.
    pub(super) fn copy_needs(&mut self, from: &Key, part: &Part, to: &Key) {
        for edge in self.needs_of(from).into_iter().filter(|e| e.part == *part) {
            self.link(edge.target, to.clone(), edge.part);
        }
    }

    /// Makes an index, and the constraint that it is behind, once more on another table. `parent` is the index of a
    /// partitioned table that the copy belongs to.
    pub(super) fn copy_index(
        &mut self,
        index: &Index,
        constraint: Option<&Constraint>,
        to: &Key,
        parent: Option<&str>,
    ) {
        let Some(target) = self.table(to) else { return };
        let labels = index.labels.join("_");
        let (middle, label) = match constraint.map(|c| &c.kind) {
            Some(ConstraintType::PrimaryKey) => (String::new(), "pkey"),
            Some(ConstraintType::Unique) => (labels, "key"),
            Some(ConstraintType::Exclude) => (labels, "excl"),
            _ => (labels, "idx"),
        };
        let name = self.free_name(to.schema(), &target.name, &middle, label, constraint.is_some());
        // A copy of another table's is made by this one's statement.
        let place = if parent.is_some() { index.place.clone() } else { target.place.clone() };
        let parent = parent.map(str::to_owned);
        self.put(Key::Relation(to.schema().to_owned(), name.clone()), Object::Index(to.clone()));
        let made = Index { name: name.clone(), parent: parent.clone(), place: place.clone(), ..index.clone() };
        if let Some(c) = constraint {
            if c.kind == ConstraintType::PrimaryKey {
                self.make_not_null(to, &c.columns);
            }
            let c = Constraint { name, local: parent.is_none(), parent: parent.clone(), place, ..c.clone() };
            self.put_constraint(to, c);
        }
        self.change_table(to, |t| t.indexes.push(made));
        if self.table(to).is_some_and(|t| t.kind == TableKind::Partitioned) {
            let own = self.table(to).and_then(|t| t.indexes.last().cloned());
            let constraint = own.as_ref().and_then(|i| self.constraint_of(to, i));
            if let Some(own) = own {
                for child in self.children(to) {
                    self.ensure_index(&own, constraint.as_ref(), &child);
                }
            }
        }
    }

    pub(super) fn constraint_of(&self, table: &Key, index: &Index) -> Option<Constraint> {
        self.table(table)?.constraints.iter().find(|c| index.constraint && c.name == index.name).cloned()
    }

    pub(super) fn make_not_null(&mut self, key: &Key, columns: &[String]) {
        let change = |t: &mut Table| {
            for c in t.columns.iter_mut().filter(|c| columns.contains(&c.name)) {
                c.not_null = true;
            }
        };
        self.change_table(key, change);
        for child in self.descendants(key) {
            self.change_table(&child, change);
        }
    }

    /// A partition has an index for each of its parent's: one that it has already, or a new one.
    pub(super) fn ensure_index(&mut self, index: &Index, constraint: Option<&Constraint>, child: &Key) {
        let Some(table) = self.table(child) else { return };
        let fits = |i: &&Index| {
            i.parent.is_none()
                && i.definition == index.definition
                && match constraint {
                    None => true,
                    Some(c) => table.constraints.iter().any(|x| i.constraint && x.name == i.name && x.kind == c.kind),
                }
        };
        match table.indexes.iter().find(fits).map(|i| i.name.clone()) {
            Some(found) => {
                let parent = index.name.clone();
                self.change_table(child, |t| {
                    for i in t.indexes.iter_mut().filter(|i| i.name == found) {
                        i.parent = Some(parent.clone());
                    }
                    for c in t.constraints.iter_mut().filter(|c| constraint.is_some() && c.name == found) {
                        c.parent = Some(parent.clone());
                    }
                });
            }
            None => self.copy_index(index, constraint, child, Some(&index.name)),
        }
    }

    /// The indexes and foreign keys of a partitioned table, made on a partition.
    pub(super) fn become_partition(&mut self, parent: &Key, child: &Key) {
        let Some(source) = self.held(parent) else { return };
        for index in &source.indexes {
            let constraint = source.constraints.iter().find(|c| index.constraint && c.name == index.name);
            self.ensure_index(index, constraint, child);
        }
        for c in source.constraints.iter().filter(|c| matches!(c.kind, ConstraintType::ForeignKey { .. })) {
            self.hand_down_key(c, child);
        }
    }

    /// A foreign key of a partitioned table, made on a partition.
    pub(super) fn hand_down_key(&mut self, c: &Constraint, child: &Key) {
        let Some(table) = self.table(child) else { return };
        let same = |x: &&Constraint| x.parent.is_none() && x.kind == c.kind && x.columns == c.columns;
        if let Some(found) = table.constraints.iter().find(same).map(|x| x.name.clone()) {
            self.change_table(child, |t| {
                for x in t.constraints.iter_mut().filter(|x| x.name == found) {
                    x.parent = Some(c.name.clone());
                }
            });
        } else {
            let mut name = c.name.clone();
            if table.constraints.iter().any(|x| x.name == name) {
                let taken = |n: &str| table.constraints.iter().any(|x| x.name == n);
                name = super::relations::first_free(&table.name, &c.columns.join("_"), "fkey", taken);
            }
            if let ConstraintType::ForeignKey { table: target, .. } = &c.kind {
                self.link(target.clone(), child.clone(), Part::Constraint(name.clone()));
            }
            let made = Constraint { name, parent: Some(c.name.clone()), local: false, ..c.clone() };
            self.put_constraint(child, made);
        }
        let own =
            self.table(child).and_then(|t| t.constraints.iter().find(|x| x.parent.as_ref() == Some(&c.name)).cloned());
        if let Some(own) = own {
            for grandchild in self.children(child) {
                self.hand_down_key(&own, &grandchild);
            }
        }
    }

    /// ATTACH PARTITION and INHERIT: the child has the parent's columns and checks, and then is its child.
    pub(super) fn adopt(&mut self, parent: &Key, child: &Key, span: Span, bound: Option<Bound>, out: &mut Outcome) {
        let (Some(p), Some(c)) = (self.held(parent), self.held(child)) else { return };
        let partition = bound.is_some();
        let refused = if c.parents.contains(parent) && !partition {
            Some(("42P07", format!("relation \"{}\" would be inherited from more than once", p.name)))
        } else if c.bound.is_some() {
            Some(("42809", format!("\"{}\" is already a partition", c.name)))
        } else if parent == child || self.descendants(child).contains(parent) {
            Some(("42P07", "circular inheritance not allowed".to_owned()))
        } else if p.open || c.open || self.is_open() {
            None
        } else {
            misfit(&p, &c, partition)
        };
        if let Some((sqlstate, message)) = refused {
            self.report(invalid(sqlstate, message), span, None, out);
            return;
        }
        self.link(parent.clone(), child.clone(), Part::Whole);
        self.change_table(child, |t| {
            t.parents.push(parent.clone());
            t.bound.clone_from(&bound);
            if partition {
                t.columns.iter_mut().for_each(|c| c.local = false);
                for x in &mut t.constraints {
                    x.local &= x.kind != ConstraintType::Check || !p.constraints.iter().any(|y| y.name == x.name);
                }
            }
        });
        if partition {
            if let Some(key) = p.primary_key() {
                let columns = key.columns.clone();
                self.make_not_null(child, &columns);
            }
            self.become_partition(parent, child);
        }
    }

    /// DETACH PARTITION and NO INHERIT: what the child has it keeps, as its own.
    pub(super) fn disinherit(&mut self, parent: &Key, child: &Key) {
        self.unlink(&super::Edge { target: parent.clone(), from: child.clone(), part: Part::Whole });
        self.change_table(child, |t| {
            t.parents.retain(|p| p != parent);
            t.bound = None;
            t.columns.iter_mut().for_each(|c| c.local = true);
            for c in &mut t.constraints {
                c.local = true;
                c.parent = None;
            }
            t.indexes.iter_mut().for_each(|i| i.parent = None);
        });
    }
}

fn differ(a: &Column, b: &Column) -> bool {
    !a.data_type.unknown && !b.data_type.unknown && a.data_type.text != b.data_type.text
}

/// What keeps a table from being the other's child.
fn misfit(parent: &Table, child: &Table, partition: bool) -> Option<(&'static str, String)> {
    for c in &parent.columns {
        let Some(own) = child.columns.iter().find(|own| own.name == c.name) else {
            return Some(("42804", format!("child table is missing column \"{}\"", c.name)));
        };
        if differ(own, c) {
            return Some((
                "42804",
                format!("child table \"{}\" has different type for column \"{}\"", child.name, c.name),
            ));
        }
        let by_key = partition && parent.primary_key().is_some_and(|k| k.columns.contains(&c.name));
        if c.not_null && !own.not_null && !by_key {
            return Some((
                "42804",
                format!("column \"{}\" in child table \"{}\" must be marked NOT NULL", c.name, child.name),
            ));
        }
    }
    if partition && let Some(c) = child.columns.iter().find(|c| !parent.columns.iter().any(|p| p.name == c.name)) {
        let message =
            format!("table \"{}\" contains column \"{}\" not found in parent \"{}\"", child.name, c.name, parent.name);
        return Some(("42804", message));
    }
    for c in parent.constraints.iter().filter(|c| c.kind == ConstraintType::Check && !c.no_inherit) {
        match child.constraints.iter().find(|x| x.name == c.name) {
            None => return Some(("42804", format!("child table is missing constraint \"{}\"", c.name))),
            Some(x) if x.definition != c.definition => {
                let message = format!(
                    "child table \"{}\" has different definition for check constraint \"{}\"",
                    child.name, c.name
                );
                return Some(("42804", message));
            }
            Some(_) => {}
        }
    }
    None
}
