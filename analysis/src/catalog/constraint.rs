//! Constraints of tables: their names, what they need, and foreign keys.

use std::borrow::Cow;

use super::infer::Place as At;
use super::inherit::invalid;
use super::object::{Constraint, ConstraintType, Index, Place, Table};
use super::operators::{Inferred, Sure, Ty};
use super::relations::{first_free, index_labels, kept_method, object_name, ways};
use super::resolve::Scope;
use super::{Catalog, Key, Object, Outcome, Part, Problem};
use crate::change::{ConstraintDefinition, ConstraintKind, Expr, ForeignKey, Ident, ObjectKind};

impl Catalog {
    /// Whether there is a foreign key that may be looked at no sooner than at the commit.
    pub(crate) fn has_deferrable_keys(&self) -> bool {
        let deferred = |c: &Constraint| matches!(c.kind, ConstraintType::ForeignKey { .. }) && c.deferrable;
        self.iter().any(|(_, object)| matches!(object, Object::Table(t) if t.constraints.iter().any(deferred)))
    }

    /// The name a constraint gets, or `None` where its name is taken (and that has been said).
    pub(super) fn constraint_name(
        &mut self,
        table: &Table,
        key: &Key,
        c: &ConstraintDefinition,
        columns: &[String],
        out: &mut Outcome,
    ) -> Option<String> {
        let makes_index = matches!(
            c.kind,
            ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. } | ConstraintKind::Exclude { .. }
        );
        if let Some(name) = &c.name {
            self.check_length(name, out);
            if !self.engine.names_constraints {
                return Some(name.value.clone());
            }
            let stored = self.stored(&name.value);
            if table.constraints.iter().any(|e| e.name == stored) {
                let in_index = makes_index && self.has(&Key::Relation(key.schema().to_owned(), stored.clone()));
                let problem = if in_index {
                    Problem::DuplicateRelation { name: name.value.clone(), kind: ObjectKind::Index }
                } else {
                    Problem::DuplicateObject {
                        kind: ObjectKind::Constraint,
                        name: name.value.clone(),
                        relation: Some(table.name.clone()),
                    }
                };
                self.report(problem, name.span, None, out);
                return None;
            }
            if makes_index
                && self.has(&Key::Relation(key.schema().to_owned(), stored.clone()))
                && using_index(c).is_none()
            {
                let problem = Problem::DuplicateRelation { name: name.value.clone(), kind: ObjectKind::Index };
                self.report(problem, name.span, None, out);
                return None;
            }
            return Some(stored);
        }
        if !self.engine.names_constraints {
            return Some(String::new());
        }
        let (middle, label) = match &c.kind {
            ConstraintKind::PrimaryKey { .. } => (String::new(), "pkey"),
            ConstraintKind::Unique { .. } => (columns.join("_"), "key"),
            ConstraintKind::ForeignKey(_) => (columns.join("_"), "fkey"),
            ConstraintKind::Exclude { .. } => (columns.join("_"), "excl"),
            ConstraintKind::Check(_) => (if columns.len() == 1 { columns[0].clone() } else { String::new() }, "check"),
            ConstraintKind::NotNull(_) => (columns.join("_"), "not_null"),
        };
        let taken = |name: &str| {
            self.constraint_taken(key.schema(), name)
                || (makes_index && self.has(&Key::Relation(key.schema().to_owned(), name.to_owned())))
        };
        Some(first_free(&table.name, &middle, label, taken))
    }

    /// Whether a constraint of some table of the schema has this name: the names that PostgreSQL chooses are its own.
    pub(super) fn constraint_taken(&self, schema: &str, name: &str) -> bool {
        !self.dependents(&constraint_key(schema, name)).is_empty()
    }

    fn plain_constraint(
        &self,
        name: String,
        kind: ConstraintType,
        columns: Vec<String>,
        c: &ConstraintDefinition,
    ) -> Constraint {
        Constraint {
            name,
            kind,
            columns,
            definition: String::new(),
            valid: !c.not_valid,
            parent: None,
            local: true,
            no_inherit: false,
            deferrable: c.deferrable,
            place: self.place(c.span),
        }
    }

    /// Adds a constraint to a table, under its name.
    pub(super) fn put_constraint(&mut self, key: &Key, c: Constraint) {
        self.link_constraint(key, &c.name);
        self.change_table(key, |t| t.constraints.push(c));
    }

    pub(super) fn link_constraint(&mut self, key: &Key, name: &str) {
        if self.engine.names_constraints {
            self.link(constraint_key(key.schema(), name), key.clone(), Part::Constraint(name.to_owned()));
        }
    }

    /// Adds a constraint to a table and, unless `only` it is meant, to its children.
    pub(crate) fn add_constraint(&mut self, key: &Key, c: &ConstraintDefinition, only: bool, out: &mut Outcome) {
        let Some(table) = self.held(key) else { return };
        match &c.kind {
            ConstraintKind::PrimaryKey { columns, using_index: Some(index), .. }
            | ConstraintKind::Unique { columns, using_index: Some(index), .. } => {
                let _ = columns;
                self.constraint_from_index(key, &table, c, index, out);
            }
            ConstraintKind::PrimaryKey { columns, .. } => {
                let doubted = table.primary_key().filter(|p| self.part_may_be_gone(&table.name, &p.name));
                if let Some(gone) = doubted.map(|p| Ident::new(p.name.clone(), c.span)) {
                    // Where the new one can be made, it is.
                    self.drop_constraint(key, &table, &gone, true, true, &mut Outcome::default());
                }
                let Some(table) = self.held(key) else { return };
                if table.primary_key().is_some() {
                    let help = Some(
                        "a table has one primary key; make this one UNIQUE, or one key of several columns".to_owned(),
                    );
                    self.report(Problem::SecondPrimaryKey { table: table.name.clone() }, c.span, help, out);
                    return;
                }
                if let Some(made) = self.keyed(key, &table, c, columns, ConstraintType::PrimaryKey, only, out)
                    && self.engine.names_constraints
                {
                    self.make_not_null(key, &made);
                }
            }
            ConstraintKind::Unique { columns, .. } => {
                self.keyed(key, &table, c, columns, ConstraintType::Unique, only, out);
            }
            ConstraintKind::Check(expr) => {
                let scope = Scope::of_table(self, key, None);
                let types = self.resolve_names(&expr.names, std::slice::from_ref(&scope), out);
                self.must_be_boolean(expr, &types, "CHECK", out);
                self.must_be_of_one_row(expr, &types, At::CHECK, out);
                let mut columns: Vec<String> = Vec::new();
                for path in &expr.names.columns {
                    if let Some(last) = path.last()
                        && !columns.contains(&last.value)
                        // A whole row is no column.
                        && (table.open || table.columns.iter().any(|x| self.same(&x.name, &last.value)))
                    {
                        columns.push(last.value.clone());
                    }
                }
                self.add_check(key, &table, c, expr, columns, only, out);
            }
            ConstraintKind::NotNull(column) => {
                self.expect_column(&table, column, false, out);
                let columns = vec![column.value.clone()];
                let Some(name) = self.constraint_name(&table, key, c, &columns, out) else { return };
                let made = self.plain_constraint(name, ConstraintType::NotNull, columns.clone(), c);
                self.put_constraint(key, made);
                self.make_not_null(key, &columns);
            }
            ConstraintKind::Exclude { method, elements, predicate } => {
                let scope = Scope::of_table(self, key, None);
                for c in elements.iter().filter_map(|e| e.column.as_ref()) {
                    self.expect_column(&table, c, true, out);
                }
                self.check_index_method(method.as_ref(), "btree", elements, out);
                let method = method.as_ref().map_or("btree", |m| m.value.as_str());
                self.check_elements(method, elements, &table, &scope, out);
                if let Some(p) = predicate {
                    let types = self.resolve_names(&p.names, std::slice::from_ref(&scope), out);
                    self.must_be_boolean(p, &types, "WHERE", out);
                    self.must_be_of_one_row(p, &types, At::PREDICATE, out);
                }
                let columns: Vec<String> =
                    elements.iter().filter_map(|e| e.column.as_ref()).map(|c| c.value.clone()).collect();
                let labels = index_labels(elements, &c.include);
                let Some(name) = self.constraint_name(&table, key, c, &labels, out) else { return };
                let expressions = || elements.iter().filter_map(|e| e.expr.as_ref()).chain(predicate);
                let keys: Vec<Option<String>> =
                    elements.iter().map(|e| e.column.as_ref().map(|c| c.value.clone())).collect();
                let index = Index {
                    reads: expressions()
                        .flat_map(|e| e.names.columns.iter().filter_map(|path| path.last()))
                        .chain(&c.include)
                        .map(|i| i.value.clone())
                        .collect(),
                    ways: ways(elements, &keys),
                    columns: keys,
                    labels,
                    method: kept_method(method),
                    place: self.place(c.span),
                    ..key_index(&name, false, &[], c)
                };
                for x in expressions() {
                    self.link_names(key, &Part::Constraint(name.clone()), &x.names);
                }
                self.push_keyed(key, index, ConstraintType::Exclude, &columns, c, only);
            }
            ConstraintKind::ForeignKey(fk) => self.add_foreign_key(key, &table, c, fk, out),
        }
    }

    /// The keys of one statement, the primary key first. PostgreSQL makes one of two that are about the same columns
    /// (`transformIndexConstraints`): the first, under the name of the one that has a name.
    pub(super) fn distinct_keys<'c>(
        &self,
        constraints: impl Iterator<Item = &'c ConstraintDefinition>,
    ) -> Vec<Cow<'c, ConstraintDefinition>> {
        let mut all: Vec<Cow<'c, ConstraintDefinition>> = constraints.map(Cow::Borrowed).collect();
        if !self.engine.names_constraints || all.len() < 2 {
            return all;
        }
        // A key's columns, and whether it is primary.
        fn key_of(c: &ConstraintDefinition) -> Option<(&[Ident], bool)> {
            match &c.kind {
                ConstraintKind::PrimaryKey { columns, using_index: None, .. } => Some((columns, true)),
                ConstraintKind::Unique { columns, using_index: None, nulls_not_distinct: false } => {
                    Some((columns, false))
                }
                _ => None,
            }
        }
        all.sort_by_key(|c| !matches!(c.kind, ConstraintKind::PrimaryKey { .. }));
        let mut kept: Vec<Cow<'c, ConstraintDefinition>> = Vec::with_capacity(all.len());
        for c in all {
            let twin = key_of(&c).and_then(|(columns, primary)| {
                kept.iter().position(|k| {
                    k.deferrable == c.deferrable
                        && k.include.iter().map(|i| &i.value).eq(c.include.iter().map(|i| &i.value))
                        && key_of(k).is_some_and(|(others, of_primary)| {
                            // A second primary key is an error of its own.
                            !(primary && of_primary)
                                && columns.iter().map(|i| &i.value).eq(others.iter().map(|i| &i.value))
                        })
                })
            });
            match twin {
                Some(at) if kept[at].name.is_none() && c.name.is_some() => {
                    kept[at].to_mut().name.clone_from(&c.name);
                }
                Some(_) => {}
                None => kept.push(c),
            }
        }
        kept
    }

    /// PRIMARY KEY and UNIQUE: the columns are there, once each; an index is made. Answers the columns.
    #[allow(clippy::too_many_arguments, reason = "one place that both come to")]
    pub(super) fn keyed(
        &mut self,
        key: &Key,
        table: &Table,
        c: &ConstraintDefinition,
        columns: &[Ident],
        kind: ConstraintType,
        only: bool,
        out: &mut Outcome,
    ) -> Option<Vec<String>> {
        let mut names = Vec::new();
        let mut all = true;
        for column in columns {
            if names.contains(&column.value) && self.engine.names_constraints {
                let what = if kind == ConstraintType::PrimaryKey { "primary key" } else { "unique" };
                let problem = Problem::Other {
                    rule: "duplicate-column",
                    sqlstate: Some("42701"),
                    message: format!("column \"{}\" appears twice in {what} constraint", column.value),
                };
                self.report(problem, column.span, None, out);
                all = false;
            }
            all &= self.expect_column(table, column, true, out);
            let own = table.columns.iter().find(|c| self.same(&c.name, &column.value));
            let own = own.and_then(|c| Ty::of(&c.data_type)).map_or(Inferred::Unknown, Inferred::Known);
            if let Some(refusal) = self.unindexable("btree", &own, None, column.span) {
                self.report_all(vec![refusal], out);
                all = false;
            }
            names.push(column.value.clone());
        }
        if !all {
            return None;
        }
        for column in &c.include {
            all &= self.expect_column(table, column, false, out);
        }
        let what = if kind == ConstraintType::PrimaryKey { "PRIMARY KEY" } else { "UNIQUE" };
        if !all || !self.check_partition_key(table, &names, what, c.span, out) {
            return None;
        }
        let labels: Vec<String> = names.iter().cloned().chain(c.include.iter().map(|i| i.value.clone())).collect();
        let name = self.constraint_name(table, key, c, &labels, out)?;
        let index = Index {
            nulls_not_distinct: matches!(c.kind, ConstraintKind::Unique { nulls_not_distinct: true, .. }),
            place: self.place(c.span),
            ..key_index(&name, true, &names, c)
        };
        self.push_keyed(key, index, kind, &names, c, only);
        Some(names)
    }

    fn push_keyed(
        &mut self,
        key: &Key,
        index: Index,
        kind: ConstraintType,
        columns: &[String],
        c: &ConstraintDefinition,
        only: bool,
    ) {
        let made = self.plain_constraint(index.name.clone(), kind, columns.to_vec(), c);
        if self.engine.names_constraints {
            self.put(Key::Relation(key.schema().to_owned(), index.name.clone()), Object::Index(key.clone()));
        }
        self.put_constraint(key, made.clone());
        self.change_table(key, |t| t.indexes.push(index.clone()));
        if !only {
            self.index_partitions(key, &index, Some(&made));
        }
    }

    /// What is made on a partitioned table is made on its partitions.
    pub(super) fn index_partitions(&mut self, key: &Key, index: &Index, constraint: Option<&Constraint>) {
        if self.table(key).is_some_and(|t| t.partition_by.is_some()) {
            for child in self.children(key) {
                self.ensure_index(index, constraint, &child);
            }
        }
    }

    /// A CHECK, on the table and its children: one that has it already keeps it.
    #[allow(clippy::too_many_arguments, reason = "one place that all of it comes to")]
    fn add_check(
        &mut self,
        key: &Key,
        table: &Table,
        c: &ConstraintDefinition,
        expr: &Expr,
        columns: Vec<String>,
        only: bool,
        out: &mut Outcome,
    ) {
        let children = if self.engine.names_constraints { self.descendants(key) } else { Vec::new() };
        if only && !children.is_empty() && !c.no_inherit {
            let message = "constraint must be added to child tables too".to_owned();
            self.report(invalid("42P16", message), c.span, None, out);
            return;
        }
        let inherited = c.name.as_ref().and_then(|n| table.constraints.iter().find(|x| x.name == n.value));
        if let Some(found) = inherited
            && !found.local
            && found.kind == ConstraintType::Check
            && found.definition == expr.text
        {
            let name = found.name.clone();
            self.change_table(key, |t| {
                t.constraints.iter_mut().filter(|x| x.name == name).for_each(|x| x.local = true)
            });
            return;
        }
        let Some(name) = self.constraint_name(table, key, c, &columns, out) else { return };
        self.link_names(key, &Part::Constraint(name.clone()), &expr.names);
        let mut made = self.plain_constraint(name.clone(), ConstraintType::Check, columns, c);
        made.definition.clone_from(&expr.text);
        made.no_inherit = c.no_inherit;
        self.put_constraint(key, made.clone());
        if c.no_inherit {
            return;
        }
        for child in children {
            let Some(t) = self.table(&child) else { continue };
            match t.constraints.iter().find(|x| x.name == name) {
                None => {
                    self.link_names(&child, &Part::Constraint(name.clone()), &expr.names);
                    self.put_constraint(&child, Constraint { local: false, ..made.clone() });
                }
                Some(own) if own.definition == made.definition => {}
                Some(_) => {
                    let relation = Some(t.name.clone());
                    let problem =
                        Problem::DuplicateObject { kind: ObjectKind::Constraint, name: name.clone(), relation };
                    self.report(problem, c.span, None, out);
                }
            }
        }
    }

    pub(super) fn constraint_from_index(
        &mut self,
        key: &Key,
        table: &Table,
        c: &ConstraintDefinition,
        index: &Ident,
        out: &mut Outcome,
    ) {
        let Some(found) = table.indexes.iter().find(|i| i.name == index.value).cloned() else {
            if table.open || self.is_open() || self.is_poisoned(&format!("relation {}", index.value)) {
                return;
            }
            let help = out.suggestion(&index.value, table.indexes.iter().map(|i| i.name.as_str()));
            let problem = Problem::UndefinedObject { kind: ObjectKind::Index, name: index.value.clone() };
            self.report(problem, index.span, help, out);
            return;
        };
        let kind = match &c.kind {
            ConstraintKind::PrimaryKey { .. } => {
                if table.primary_key().is_some() {
                    self.report(Problem::SecondPrimaryKey { table: table.name.clone() }, c.span, None, out);
                    return;
                }
                ConstraintType::PrimaryKey
            }
            _ => ConstraintType::Unique,
        };
        if found.constraint {
            let problem = Problem::Other {
                rule: "invalid-definition",
                sqlstate: Some("55000"),
                message: format!("index \"{}\" is already associated with a constraint", index.value),
            };
            self.report(problem, index.span, None, out);
            return;
        }
        let fault = if !found.unique {
            Some(format!("\"{}\" is not a unique index", index.value))
        } else if found.columns.iter().any(Option::is_none) {
            Some(format!("index \"{}\" contains expressions", index.value))
        } else if found.predicate.is_some() {
            Some(format!("\"{}\" is a partial index", index.value))
        } else if !found.plain {
            Some(format!("index \"{}\" column number 1 does not have default sorting behavior", index.value))
        } else {
            None
        };
        if let Some(message) = fault {
            self.report(invalid("42809", message), index.span, None, out);
            return;
        }
        let name = c.name.as_ref().map_or_else(|| index.value.clone(), |n| n.value.clone());
        let columns: Vec<String> = found.columns.iter().flatten().cloned().collect();
        let primary = kind == ConstraintType::PrimaryKey;
        let made = self.plain_constraint(name.clone(), kind, columns.clone(), c);
        if name != index.value {
            self.forget(&Key::Relation(key.schema().to_owned(), index.value.clone()));
            self.put(Key::Relation(key.schema().to_owned(), name.clone()), Object::Index(key.clone()));
        }
        self.change_table(key, |t| {
            for i in t.indexes.iter_mut().filter(|i| i.name == index.value) {
                i.name.clone_from(&name);
                i.constraint = true;
                i.lenient = c.deferrable;
            }
        });
        if primary {
            self.make_not_null(key, &columns);
        }
        self.put_constraint(key, made);
    }

    pub(super) fn add_foreign_key(
        &mut self,
        key: &Key,
        table: &Table,
        c: &ConstraintDefinition,
        fk: &ForeignKey,
        out: &mut Outcome,
    ) {
        let mut known = true;
        for column in &fk.columns {
            if !self.has_column(table, &column.value) {
                let help = out.suggestion(&column.value, table.columns.iter().map(|c| c.name.as_str()));
                let problem = if self.engine.checks_foreign_keys {
                    Problem::UndefinedKeyForeign(column.value.clone())
                } else {
                    Problem::Other {
                        rule: "undefined-column",
                        sqlstate: None,
                        message: format!("unknown column \"{}\" in foreign key definition", column.value),
                    }
                };
                self.report(problem, column.span, help, out);
                known = false;
            }
        }
        let columns: Vec<String> = fk.columns.iter().map(|c| c.value.clone()).collect();
        let mut referenced: Vec<String> = fk.referenced.iter().map(|c| c.value.clone()).collect();
        let target = if self.engine.checks_foreign_keys {
            let target = self.expect_table(&fk.table, out);
            if let Some(target) = &target
                && known
                && !self.check_foreign_key(table, target, c, fk, &mut referenced, out)
            {
                return;
            }
            target
        } else {
            if !fk.referenced.is_empty() && fk.referenced.len() != fk.columns.len() {
                self.report(Problem::ForeignKeyCount, c.span, None, out);
                return;
            }
            Some(Key::Relation(key.schema().to_owned(), self.folded(&fk.table.name.value)))
        };
        if !known {
            return;
        }
        let Some(name) = self.constraint_name(table, key, c, &columns, out) else { return };
        let Some(target) = target else {
            if let Some(n) = &c.name {
                self.poison(&format!("constraint {}", n.value));
            }
            // Remembered without its target, so that its name is known when it is dropped.
            let kind = ConstraintType::ForeignKey {
                table: key.clone(),
                columns: Vec::new(),
                on_delete: fk.on_delete,
                on_update: fk.on_update,
            };
            let made = self.plain_constraint(name, kind, columns, c);
            self.put_constraint(key, made);
            return;
        };
        if self.engine.checks_foreign_keys {
            self.link(target.clone(), key.clone(), Part::Constraint(name.clone()));
        }
        let kind = ConstraintType::ForeignKey {
            table: target,
            columns: referenced,
            on_delete: fk.on_delete,
            on_update: fk.on_update,
        };
        let made = self.plain_constraint(name, kind, columns, c);
        self.put_constraint(key, made.clone());
        if table.partition_by.is_some() {
            for child in self.children(key) {
                self.hand_down_key(&made, &child);
            }
        }
    }

    /// The referenced columns exist, are unique together, and compare with the referencing ones.
    pub(super) fn check_foreign_key(
        &mut self,
        table: &Table,
        target: &Key,
        c: &ConstraintDefinition,
        fk: &ForeignKey,
        referenced: &mut Vec<String>,
        out: &mut Outcome,
    ) -> bool {
        let Some(parent) = self.held(target) else { return true };
        if !parent.kind.is_table() {
            let problem = Problem::Other {
                rule: "invalid-definition",
                sqlstate: Some("42809"),
                message: format!("referenced relation \"{}\" is not a table", parent.name),
            };
            self.report(problem, fk.table.span(), None, out);
            return false;
        }
        if fk.referenced.is_empty() {
            match parent.primary_key() {
                Some(p) => referenced.clone_from(&p.columns),
                None if parent.open => return true,
                None => {
                    let problem = Problem::Other {
                        rule: "undefined-object",
                        sqlstate: Some("42704"),
                        message: format!("there is no primary key for referenced table \"{}\"", parent.name),
                    };
                    let help = format!("give {} a primary key, or name the unique columns", parent.name);
                    self.report(problem, fk.table.span(), Some(help), out);
                    return false;
                }
            }
        } else {
            for column in &fk.referenced {
                if !self.has_column(&parent, &column.value) {
                    let help = out.suggestion(&column.value, parent.columns.iter().map(|c| c.name.as_str()));
                    self.report(Problem::UndefinedKeyForeign(column.value.clone()), column.span, help, out);
                    return false;
                }
            }
        }
        if referenced.len() != fk.columns.len() {
            self.report(Problem::ForeignKeyCount, c.span, None, out);
            return false;
        }
        let wanted: std::collections::BTreeSet<&str> = referenced.iter().map(String::as_str).collect();
        let unique = parent.indexes.iter().any(|i| {
            i.unique
                && i.predicate.is_none()
                && i.columns.len() == wanted.len()
                && i.columns.iter().all(|c| c.as_deref().is_some_and(|c| wanted.contains(c)))
        });
        if !unique && !parent.open {
            let help = format!(
                "a foreign key points at a primary key or a unique constraint: add UNIQUE ({}) to {}",
                referenced.join(", "),
                parent.name
            );
            let problem = Problem::ForeignKeyNotUnique { table: parent.name.clone() };
            let span = fk.referenced.first().map_or(fk.table.span(), |c| c.span);
            self.report(problem, span, Some(help), out);
            return false;
        }
        for (own, other) in fk.columns.iter().zip(referenced.iter()) {
            let a = table.columns.iter().find(|c| c.name == own.value);
            let b = parent.columns.iter().find(|c| c.name == *other);
            if let (Some(a), Some(b)) = (a, b)
                && self.keys_compare(&a.data_type, &b.data_type) == Sure::No
            {
                let name =
                    c.name.as_ref().map_or_else(|| object_name(&table.name, &own.value, "fkey"), |n| n.value.clone());
                let problem = Problem::ForeignKeyType {
                    constraint: name,
                    column: own.value.clone(),
                    own: a.data_type.text.clone(),
                    referenced: b.data_type.text.clone(),
                };
                let help = format!("make {} {}, as {}.{other} is", own.value, b.data_type.text, parent.name);
                self.report(problem, own.span, Some(help), out);
                return false;
            }
        }
        true
    }

    pub(super) fn rename_constraint(&mut self, key: &Key, table: &Table, from: &Ident, to: &Ident, out: &mut Outcome) {
        if !self.expect_constraint(table, from, out) {
            return;
        }
        let found = table.constraints.iter().find(|c| c.name == from.value);
        let with_index = found.is_some_and(|c| table.indexes.iter().any(|i| i.constraint && i.name == c.name));
        let relation = Key::Relation(key.schema().to_owned(), to.value.clone());
        if let Some(existing) = self.get(&relation).filter(|_| with_index) {
            let kind = super::relations::relation_kind(existing);
            self.report(Problem::DuplicateRelation { name: to.value.clone(), kind }, to.span, None, out);
            return;
        }
        if table.constraints.iter().any(|c| c.name == to.value) {
            let problem = Problem::DuplicateObject {
                kind: ObjectKind::Constraint,
                name: to.value.clone(),
                relation: Some(table.name.clone()),
            };
            self.report(problem, to.span, None, out);
            return;
        }
        let check = found.is_some_and(|c| c.kind == ConstraintType::Check);
        if check && found.is_some_and(|c| self.is_inherited_constraint(table, c)) {
            let message = format!("cannot rename inherited constraint \"{}\"", from.value);
            self.report(invalid("42P16", message), from.span, None, out);
            return;
        }
        let handed_down = check && found.is_some_and(|c| !c.no_inherit);
        self.rename_constraint_to(key, &from.value, &to.value);
        if handed_down {
            for child in self.descendants(key) {
                self.rename_constraint_to(&child, &from.value, &to.value);
            }
        }
    }

    /// Gives a constraint, and the index behind it, another name.
    pub(super) fn rename_constraint_to(&mut self, key: &Key, from: &str, to: &str) {
        let index = Key::Relation(key.schema().to_owned(), from.to_owned());
        if matches!(self.get(&index), Some(Object::Index(t)) if t == key) {
            self.forget(&index);
            self.put(Key::Relation(key.schema().to_owned(), to.to_owned()), Object::Index(key.clone()));
        }
        self.change_table(key, |t| {
            for c in t.constraints.iter_mut().filter(|c| c.name == from) {
                to.clone_into(&mut c.name);
            }
            for i in t.indexes.iter_mut().filter(|i| i.name == from) {
                to.clone_into(&mut i.name);
            }
        });
        self.rename_parent(key, from, to);
        self.unlink(&super::Edge {
            target: constraint_key(key.schema(), from),
            from: key.clone(),
            part: Part::Constraint(from.to_owned()),
        });
        self.link_constraint(key, to);
        for edge in self.needs_of(key).into_iter().filter(|e| e.part == Part::Constraint(from.to_owned())) {
            self.unlink(&edge);
            self.link(edge.target, edge.from, Part::Constraint(to.to_owned()));
        }
    }

    /// The partitions' indexes and keys know those of their parent by name.
    pub(super) fn rename_parent(&mut self, key: &Key, from: &str, to: &str) {
        for child in self.children(key) {
            self.change_table(&child, |t| {
                let parents =
                    t.indexes.iter_mut().map(|i| &mut i.parent).chain(t.constraints.iter_mut().map(|c| &mut c.parent));
                for p in parents.filter(|p| p.as_deref() == Some(from)) {
                    *p = Some(to.to_owned());
                }
            });
        }
    }

    pub(crate) fn expect_constraint(&mut self, table: &Table, name: &Ident, out: &mut Outcome) -> bool {
        if table.constraints.iter().any(|c| c.name == name.value) {
            return true;
        }
        if self.perhaps_constraint(table, &name.value) {
            return false;
        }
        let help = out.suggestion(&name.value, table.constraints.iter().map(|c| c.name.as_str()));
        let problem = Problem::UndefinedOn {
            kind: ObjectKind::Constraint,
            name: name.value.clone(),
            relation: table.name.clone(),
        };
        self.report(problem, name.span, help, out);
        false
    }

    /// A constraint that may be there though it was not written: the catalog is open, or the server names it.
    pub(crate) fn perhaps_constraint(&self, table: &Table, name: &str) -> bool {
        // PostgreSQL 18 names every NOT NULL (table_column_not_null).
        table.open
            || self.may_have_part(&table.name, name)
            || self.is_blurred(name)
            || name.contains("_not_null")
            || self.is_poisoned(&format!("relation constraint {name}"))
    }
}

fn using_index(c: &ConstraintDefinition) -> Option<&Ident> {
    match &c.kind {
        ConstraintKind::PrimaryKey { using_index, .. } | ConstraintKind::Unique { using_index, .. } => {
            using_index.as_ref()
        }
        _ => None,
    }
}

/// The key under which the name of a constraint is kept.
pub(super) fn constraint_key(schema: &str, name: &str) -> Key {
    Key::Other(ObjectKind::Constraint, schema.to_owned(), name.to_owned())
}

/// The index behind a key.
fn key_index(name: &str, unique: bool, columns: &[String], c: &ConstraintDefinition) -> Index {
    let include: Vec<String> = c.include.iter().map(|i| i.value.clone()).collect();
    let mut definition: String = columns.iter().map(|c| format!("{c} ,")).collect();
    if unique {
        definition.push_str(" unique");
    }
    if !include.is_empty() {
        definition.push_str(" include ");
        definition.push_str(&include.join(","));
    }
    Index {
        name: name.to_owned(),
        unique,
        columns: columns.iter().cloned().map(Some).collect(),
        predicate: None,
        constraint: true,
        lenient: c.deferrable,
        definition,
        labels: columns.iter().chain(&include).cloned().collect(),
        reads: include,
        plain: true,
        parent: None,
        implicit: false,
        method: String::new(),
        ways: Vec::new(),
        nulls_not_distinct: false,
        place: Place::default(),
    }
}
