//! ALTER TABLE, and relations that move.

use super::object::{Column, ConstraintType, Table, TableKind};
use super::relations::relation_kind;
use super::resolve::Scope;
use super::{Catalog, Data, Found, Key, Mark, Object, Outcome, Part, Problem};
use crate::change::{AlterTable, Ident, Name, ObjectKind, TableAction, TableActionKind};

impl Catalog {
    pub(crate) fn alter_table(&mut self, a: &AlterTable, since: Option<&Mark>, out: &mut Outcome) {
        let key = match self.find_relation(&a.name) {
            Found::Yes(key) => key,
            Found::No => {
                if !a.if_exists {
                    self.report_relation(&a.name, out);
                }
                return;
            }
            Found::Perhaps => return,
        };
        match self.get(&key) {
            Some(Object::Table(_)) => {}
            // ALTER TABLE works on indexes and sequences for what they share with tables.
            Some(_) => return,
            None => return,
        }
        if let Some(t) = self.table(&key) {
            let right = match a.kind {
                ObjectKind::View => t.kind == TableKind::View,
                ObjectKind::MaterializedView => t.kind == TableKind::MaterializedView,
                _ => true,
            };
            if !right {
                let problem = Problem::WrongKind { name: a.name.name.value.clone(), wanted: a.kind };
                self.report(problem, a.name.span(), None, out);
                return;
            }
        }
        for action in &a.actions {
            self.table_action(&key, action, since, out);
        }
    }

    pub(super) fn table_action(&mut self, key: &Key, action: &TableAction, since: Option<&Mark>, out: &mut Outcome) {
        let Some(table) = self.table(key).cloned() else { return };
        match &action.kind {
            TableActionKind::AddColumn { column, if_not_exists } => {
                if table.columns.iter().any(|c| self.same(&c.name, &column.name.value)) {
                    if !if_not_exists {
                        let relation = Some(table.name.clone());
                        let problem = Problem::DuplicateColumn { column: column.name.value.clone(), relation };
                        self.report(problem, column.name.span, None, out);
                    }
                    return;
                }
                let mut changed = table;
                changed.parents.clear();
                if self.add_column(key, &mut changed, column, out) {
                    let added = changed.columns.pop();
                    self.change_table(key, |t| t.columns.extend(added));
                    self.own_sequence(key, column);
                    for c in self.distinct_keys(column.constraints.iter()) {
                        self.add_constraint(key, &c, out);
                    }
                    self.check_generated(key, std::slice::from_ref(column), out);
                    self.for_children(key, |catalog, child| {
                        let copy = catalog.table(key).and_then(|t| t.columns.last().cloned());
                        catalog.change_table(child, |t| {
                            if let Some(c) = copy
                                && !t.columns.iter().any(|x| x.name == c.name)
                            {
                                t.columns.push(c);
                            }
                        });
                    });
                } else {
                    self.poison_column(&changed.name, &column.name.value);
                }
            }
            TableActionKind::DropColumn { name, if_exists, cascade } => {
                self.drop_column(key, &table, name, *if_exists, *cascade, out);
            }
            TableActionKind::RenameColumn { from, to } => {
                self.check_length(to, out);
                if !self.expect_column(&table, from, false, out) {
                    return;
                }
                if table.columns.iter().any(|c| self.same(&c.name, &to.value)) {
                    let problem =
                        Problem::DuplicateColumn { column: to.value.clone(), relation: Some(table.name.clone()) };
                    self.report(problem, to.span, None, out);
                    return;
                }
                self.rename_column(key, &from.value, &to.value);
                self.for_children(key, |catalog, child| catalog.rename_column(child, &from.value, &to.value));
            }
            TableActionKind::AddConstraint(c) => self.add_constraint(key, c, out),
            TableActionKind::DropConstraint { name, if_exists, cascade } => {
                self.drop_constraint(key, &table, name, *if_exists, *cascade, out);
            }
            TableActionKind::RenameConstraint { from, to } => self.rename_constraint(key, &table, from, to, out),
            TableActionKind::ValidateConstraint(name) => {
                if self.expect_constraint(&table, name, out) {
                    self.change_table(key, |t| {
                        for c in t.constraints.iter_mut().filter(|c| c.name == name.value) {
                            c.valid = true;
                        }
                    });
                }
            }
            TableActionKind::AlterConstraint(name) => {
                self.expect_constraint(&table, name, out);
            }
            TableActionKind::SetType { column, data_type, using } => {
                if !self.expect_column(&table, column, false, out) {
                    return;
                }
                let resolved = self.resolve_type(data_type, out);
                if let Some(using) = using {
                    let scope = Scope::of_table(self, key, None);
                    self.resolve_names(&using.names, std::slice::from_ref(&scope), out);
                    let reads_itself =
                        using.names.columns.iter().any(|p| p.last().is_some_and(|c| c.value == column.value));
                    // A cast of the column to its own new type is the same again; anything else computes anew.
                    let plain = self.is_plain_cast(using, &column.value);
                    if reads_itself && !plain && since.is_none_or(|m| self.was_there(m, key)) {
                        out.data.push(Data::ConvertsAgain { column: column.value.clone(), span: using.span });
                    }
                }
                self.unlink_part(key, &Part::Column(column.value.clone()));
                if let Some(user) = &resolved.user {
                    self.link(user.clone(), key.clone(), Part::Column(column.value.clone()));
                }
                self.change_table(key, |t| {
                    if let Some(c) = t.columns.iter_mut().find(|c| c.name == column.value) {
                        c.data_type = resolved;
                    }
                });
            }
            TableActionKind::SetDefault { column, default } => {
                if !self.expect_column(&table, column, false, out) {
                    return;
                }
                if let Some(c) = table.columns.iter().find(|c| self.same(&c.name, &column.value)) {
                    let data_type = c.data_type.clone();
                    self.check_default(&column.value, &data_type, default, out);
                }
                self.resolve_names(&default.names, &[], out);
                self.unlink_part(key, &Part::Default(column.value.clone()));
                self.link_default(key, &column.value, &default.names);
                let kept = table.columns.iter().find(|c| self.same(&c.name, &column.value));
                let kept =
                    kept.map_or_else(|| Some(default.text.clone()), |c| self.kept_default(&c.data_type, default));
                self.change_column(key, column, |c| c.default.clone_from(&kept));
            }
            TableActionKind::DropDefault(column) => {
                if self.expect_column(&table, column, false, out) {
                    self.unlink_part(key, &Part::Default(column.value.clone()));
                    self.change_column(key, column, |c| c.default = None);
                }
            }
            TableActionKind::SetNotNull(column) => {
                if self.expect_column(&table, column, false, out) {
                    self.change_column(key, column, |c| c.not_null = true);
                }
            }
            TableActionKind::DropNotNull(column) => {
                if !self.expect_column(&table, column, false, out) {
                    return;
                }
                if table.primary_key().is_some_and(|p| p.columns.contains(&column.value)) {
                    let problem = Problem::Other {
                        rule: "null-in-key",
                        sqlstate: Some("42P16"),
                        message: format!("column \"{}\" is in a primary key", column.value),
                    };
                    self.report(problem, column.span, None, out);
                    return;
                }
                self.change_column(key, column, |c| c.not_null = false);
            }
            TableActionKind::AddIdentity { column, identity } => {
                if !self.expect_column(&table, column, false, out) {
                    return;
                }
                let has = table.columns.iter().any(|c| c.name == column.value && c.identity.is_some());
                if has {
                    let problem = Problem::Other {
                        rule: "invalid-definition",
                        sqlstate: Some("55000"),
                        message: format!(
                            "column \"{}\" of relation \"{}\" is already an identity column",
                            column.value, table.name
                        ),
                    };
                    self.report(problem, column.span, None, out);
                    return;
                }
                let identity = *identity;
                self.change_column(key, column, |c| c.identity = Some(identity));
                let name = self.free_name(key.schema(), &table.name, &column.value, "seq");
                self.put_owned_sequence(Key::Relation(key.schema().to_owned(), name), key, &column.value);
            }
            TableActionKind::DropIdentity { column, if_exists } => {
                if !self.expect_column(&table, column, false, out) {
                    return;
                }
                let has = table.open || table.columns.iter().any(|c| c.name == column.value && c.identity.is_some());
                if !has && !if_exists {
                    let problem = Problem::Other {
                        rule: "invalid-definition",
                        sqlstate: Some("55000"),
                        message: format!(
                            "column \"{}\" of relation \"{}\" is not an identity column",
                            column.value, table.name
                        ),
                    };
                    self.report(problem, column.span, None, out);
                    return;
                }
                self.change_column(key, column, |c| c.identity = None);
                self.drop_owned_sequences(key, Some(&column.value));
            }
            TableActionKind::SetExpression { column, expr } => {
                if self.expect_column(&table, column, false, out) {
                    let scope = Scope::of_table(self, key, None);
                    self.resolve_names(&expr.names, std::slice::from_ref(&scope), out);
                    self.change_column(key, column, |c| c.generated = Some(expr.text.clone()));
                }
            }
            TableActionKind::DropExpression { column, if_exists } => {
                if !self.expect_column(&table, column, false, out) {
                    return;
                }
                let plain = table.columns.iter().any(|c| c.name == column.value && c.generated.is_none());
                if plain && !if_exists && !table.open {
                    let problem = Problem::Other {
                        rule: "invalid-definition",
                        sqlstate: Some("55000"),
                        message: format!(
                            "column \"{}\" of relation \"{}\" is not a generated column",
                            column.value, table.name
                        ),
                    };
                    self.report(problem, column.span, None, out);
                    return;
                }
                self.change_column(key, column, |c| c.generated = None);
            }
            TableActionKind::TouchColumn(column) => {
                self.expect_column(&table, column, false, out);
            }
            TableActionKind::AttachPartition(child) => {
                if let Some(child) = self.expect_table(child, out) {
                    if self.table(&child).is_some_and(|t| t.parents.contains(key)) {
                        let problem = Problem::Other {
                            rule: "invalid-definition",
                            sqlstate: Some("42809"),
                            message: format!("\"{}\" is already a partition", child.name()),
                        };
                        self.report(problem, action.span, None, out);
                        return;
                    }
                    self.link(key.clone(), child.clone(), Part::Whole);
                    self.change_table(&child, |t| t.parents.push(key.clone()));
                }
            }
            TableActionKind::DetachPartition { name, .. } => {
                if let Some(child) = self.expect_table(name, out) {
                    if !self.table(&child).is_some_and(|t| t.open || t.parents.contains(key)) {
                        let problem = Problem::Other {
                            rule: "undefined-table",
                            sqlstate: Some("42P01"),
                            message: format!(
                                "relation \"{}\" is not a partition of relation \"{}\"",
                                child.name(),
                                table.name
                            ),
                        };
                        self.report(problem, name.span(), None, out);
                        return;
                    }
                    self.disinherit(key, &child);
                }
            }
            TableActionKind::Inherit(parent) => {
                if let Some(parent) = self.expect_table(parent, out) {
                    self.link(parent.clone(), key.clone(), Part::Whole);
                    self.change_table(key, |t| t.parents.push(parent));
                }
            }
            TableActionKind::NoInherit(parent) => {
                if let Some(parent) = self.expect_table(parent, out) {
                    self.disinherit(&parent, key);
                }
            }
            TableActionKind::EnableTrigger { name: Some(name) } => {
                if !table.open
                    && !self.is_open()
                    && !self.open_triggers
                    && !table.triggers.iter().any(|(n, _)| *n == name.value)
                {
                    let help = out.suggestion(&name.value, table.triggers.iter().map(|(n, _)| n.as_str()));
                    let problem = Problem::UndefinedOn {
                        kind: ObjectKind::Trigger,
                        name: name.value.clone(),
                        relation: table.name.clone(),
                    };
                    self.report(problem, name.span, help, out);
                }
            }
            TableActionKind::EnableRule(name) => {
                if !table.open && !self.is_open() && !table.rules.contains(&name.value) {
                    let help = out.suggestion(&name.value, table.rules.iter().map(String::as_str));
                    let problem = Problem::UndefinedOn {
                        kind: ObjectKind::Rule,
                        name: name.value.clone(),
                        relation: table.name.clone(),
                    };
                    self.report(problem, name.span, help, out);
                }
            }
            TableActionKind::ReplicaIdentityIndex(name) | TableActionKind::ClusterOn(name) => {
                if !table.open && !self.is_open() && !table.indexes.iter().any(|i| i.name == name.value) {
                    let help = out.suggestion(&name.value, table.indexes.iter().map(|i| i.name.as_str()));
                    let problem = Problem::UndefinedObject { kind: ObjectKind::Index, name: name.value.clone() };
                    self.report(problem, name.span, help, out);
                }
            }
            TableActionKind::EnableTrigger { name: None } | TableActionKind::Other(_) => {}
        }
    }

    /// `c::type`: the second time it casts a type to itself.
    pub(super) fn is_plain_cast(&self, using: &crate::change::Expr, column: &str) -> bool {
        let text = using.text.replace(['(', ')', '"'], " ");
        let words: Vec<&str> = text.split_whitespace().collect();
        using.names.functions.is_empty()
            && using.names.queries.is_empty()
            && (words.first() == Some(&column) || words.first() == Some(&"cast"))
            && !words
                .iter()
                .any(|w| matches!(*w, "case" | "when" | "+" | "-" | "*" | "/" | "||" | "at" | "=" | "<" | ">"))
    }

    pub(super) fn disinherit(&mut self, parent: &Key, child: &Key) {
        self.unlink(&super::Edge { target: parent.clone(), from: child.clone(), part: Part::Whole });
        self.change_table(child, |t| t.parents.retain(|p| p != parent));
    }

    pub(crate) fn for_children(&mut self, key: &Key, mut each: impl FnMut(&mut Self, &Key)) {
        for edge in self.dependents(key) {
            if edge.part == Part::Whole && self.table(&edge.from).is_some_and(|t| t.parents.contains(key)) {
                each(self, &edge.from);
            }
        }
    }

    pub(super) fn change_column(&mut self, key: &Key, column: &Ident, change: impl Fn(&mut Column)) {
        let folded = self.engine.ignores_case;
        let apply = |t: &mut Table| {
            let same = |c: &&mut Column| {
                if folded { c.name.eq_ignore_ascii_case(&column.value) } else { c.name == column.value }
            };
            if let Some(c) = t.columns.iter_mut().find(same) {
                change(c);
            }
        };
        self.change_table(key, apply);
        self.for_children(key, |catalog, child| {
            catalog.change_table(child, apply);
        });
    }

    pub(super) fn poison_column(&mut self, table: &str, column: &str) {
        self.poisoned.insert(format!("column {table}.{column}"));
    }

    pub(super) fn rename_column(&mut self, key: &Key, from: &str, to: &str) {
        let ignores_case = self.engine.ignores_case;
        let stored = self.stored(to);
        let is_from = move |n: &str| if ignores_case { n.eq_ignore_ascii_case(from) } else { n == from };
        self.change_table(key, |t| {
            for c in t.columns.iter_mut().filter(|c| is_from(&c.name)) {
                c.name.clone_from(&stored);
            }
            for c in &mut t.constraints {
                for n in c.columns.iter_mut().filter(|n| is_from(n)) {
                    n.clone_from(&stored);
                }
                if let ConstraintType::ForeignKey { table, columns, .. } = &mut c.kind
                    && table == key
                {
                    for n in columns.iter_mut().filter(|n| is_from(n)) {
                        n.clone_from(&stored);
                    }
                }
            }
            for i in &mut t.indexes {
                for n in i.columns.iter_mut().flatten().chain(&mut i.reads).filter(|n| is_from(n)) {
                    n.clone_from(&stored);
                }
            }
        });
        for edge in self.dependents(key) {
            self.change_table(&edge.from.clone(), |t| {
                for c in &mut t.constraints {
                    if let ConstraintType::ForeignKey { table, columns, .. } = &mut c.kind
                        && table == key
                    {
                        for n in columns.iter_mut().filter(|n| is_from(n)) {
                            n.clone_from(&stored);
                        }
                    }
                }
            });
        }
        for edge in self.needs_of(key) {
            let part = match &edge.part {
                Part::Column(c) if is_from(c) => Part::Column(stored.clone()),
                Part::Default(c) if is_from(c) => Part::Default(stored.clone()),
                _ => continue,
            };
            self.unlink(&edge);
            self.link(edge.target, edge.from, part);
        }
        for (sequence, owner) in self.owned_sequences(key) {
            if is_from(&owner) {
                self.forget(&sequence);
                self.put_owned_sequence(sequence, key, &stored);
            }
        }
        self.relink(&super::drop::column_key(key, from), &super::drop::column_key(key, &stored));
    }

    pub(crate) fn rename_relation(&mut self, key: &Key, to: &Ident, out: &mut Outcome) {
        self.check_length(to, out);
        self.remember(&to.value);
        let target = Key::Relation(key.schema().to_owned(), self.folded(&to.value));
        if let Some(existing) = self.get(&target)
            && target != *key
        {
            let kind = relation_kind(existing);
            self.report(Problem::DuplicateRelation { name: to.value.clone(), kind }, to.span, None, out);
            return;
        }
        self.move_relation(key, target, &to.value);
    }

    /// Moves a relation to another key, and everything that points at it.
    pub(crate) fn move_relation(&mut self, key: &Key, target: Key, name: &str) {
        let Some(object) = self.get(key).cloned() else { return };
        match object {
            Object::Table(mut t) => {
                t.name = self.stored(name);
                for c in &mut t.constraints {
                    if let ConstraintType::ForeignKey { table, .. } = &mut c.kind
                        && table == key
                    {
                        *table = target.clone();
                    }
                }
                let owned = self.owned_sequences(key);
                let indexes: Vec<String> = t.indexes.iter().map(|i| i.name.clone()).collect();
                for c in &t.columns {
                    let moved = super::drop::column_key(&target, &c.name);
                    self.relink(&super::drop::column_key(key, &c.name), &moved);
                }
                // What needs this table knows it by its key.
                for edge in self.dependents(key) {
                    self.change_table(&edge.from, |t| {
                        for c in &mut t.constraints {
                            if let ConstraintType::ForeignKey { table, .. } = &mut c.kind
                                && table == key
                            {
                                *table = target.clone();
                            }
                        }
                        for p in t.parents.iter_mut().filter(|p| *p == key) {
                            *p = target.clone();
                        }
                    });
                }
                self.relink(key, &target);
                self.forget(key);
                self.put(target.clone(), Object::Table(t));
                for i in indexes {
                    let old = Key::Relation(key.schema().to_owned(), self.folded(&i));
                    if matches!(self.get(&old), Some(Object::Index(_))) {
                        self.forget(&old);
                        let new = Key::Relation(target.schema().to_owned(), self.folded(&i));
                        self.put(new, Object::Index(target.clone()));
                    }
                }
                for (sequence, column) in owned {
                    self.put_owned_sequence(sequence, &target, &column);
                }
            }
            Object::Index(table) => {
                let from = key.name().to_owned();
                let to = self.stored(name);
                self.forget(key);
                self.put(target, Object::Index(table.clone()));
                let ignores_case = self.engine.ignores_case;
                let is_from = |n: &str| if ignores_case { n.eq_ignore_ascii_case(&from) } else { n == from };
                self.change_table(&table, |t| {
                    for i in t.indexes.iter_mut().filter(|i| is_from(&i.name)) {
                        i.name.clone_from(&to);
                    }
                    for c in t.constraints.iter_mut().filter(|c| {
                        is_from(&c.name)
                            && matches!(
                                c.kind,
                                ConstraintType::PrimaryKey | ConstraintType::Unique | ConstraintType::Exclude
                            )
                    }) {
                        c.name.clone_from(&to);
                    }
                });
            }
            other => {
                self.relink(key, &target);
                self.forget(key);
                self.put(target, other);
            }
        }
    }

    /// The relation that an ALTER … RENAME or SET SCHEMA names.
    pub(crate) fn alter_relation(&mut self, name: &Name, if_exists: bool, out: &mut Outcome) -> Option<Key> {
        match self.find_relation(name) {
            Found::Yes(key) => Some(key),
            Found::No => {
                if !if_exists {
                    self.report_relation(name, out);
                }
                None
            }
            Found::Perhaps => None,
        }
    }
}
