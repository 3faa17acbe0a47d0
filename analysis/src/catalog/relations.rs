//! Indexes, views and sequences.

use super::infer::Place;
use super::object::{Index, Table, TableKind};
use super::operators::{Inferred, Ty};
use super::resolve::Scope;
use super::{Catalog, Found, Key, Object, Outcome, Part, Problem, Refusal, builtins};
use crate::change::{CreateIndex, CreateView, Ident, IndexColumn, Name, ObjectKind};
use crate::span::Span;
use crate::syntax::LONGEST_NAME;

impl Catalog {
    /// The key a new relation gets; reports a name that is taken, unless a guard says not to.
    pub(crate) fn new_relation(
        &mut self,
        name: &Name,
        guarded: bool,
        temporary: bool,
        kind: ObjectKind,
        out: &mut Outcome,
    ) -> Option<Key> {
        self.remember(&name.name.value);
        self.check_length(&name.name, out);
        let schema = match self.engine.temporary_schema {
            Some(own) if temporary && name.schema.is_none() => own.to_owned(),
            _ => {
                let Some(schema) = self.target_schema(name, out) else {
                    self.poison(&name.text());
                    return None;
                };
                schema
            }
        };
        let key = Key::Relation(schema.clone(), self.folded(&name.name.value));
        if !guarded {
            self.give_way(&key);
        }
        if let Some(existing) = self.get(&key) {
            if guarded {
                let found = relation_kind(existing);
                if kind == ObjectKind::Table && !matches!(existing, Object::Table(t) if t.kind.is_table()) {
                    let problem = Problem::Other {
                        rule: "if-not-exists-shape",
                        sqlstate: None,
                        message: format!("\"{}\" exists, but it is not a table: it is a {}", name.text(), found.text()),
                    };
                    out.remarks.push(Refusal { problem, span: name.span(), help: None });
                }
                return None;
            }
            let kind = relation_kind(existing);
            self.report(Problem::DuplicateRelation { name: name.name.value.clone(), kind }, name.span(), None, out);
            return None;
        }
        if self.engine.tables_are_types
            && matches!(kind, ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView)
            && self.has(&Key::Type(schema, self.folded(&name.name.value)))
        {
            let problem =
                Problem::DuplicateObject { kind: ObjectKind::Type, name: name.name.value.clone(), relation: None };
            let help = "a relation has a type of the same name, so it needs a name that no type has".to_owned();
            self.report(problem, name.span(), Some(help), out);
            return None;
        }
        Some(key)
    }

    /// Says that a name was cut, if it was: how long it is only the text knows, with its quotes or without.
    pub(crate) fn check_length(&self, name: &Ident, out: &mut Outcome) {
        // A character has four bytes at most.
        let full = name.value.len() + 4 > LONGEST_NAME && name.span.end - name.span.start > LONGEST_NAME;
        if full && self.engine.cuts_names {
            let problem = Problem::NameCut(name.value.clone());
            out.remarks.push(Refusal { problem, span: name.span, help: None });
        }
    }

    /// A table, view or materialized view that must be there.
    pub(crate) fn expect_table(&mut self, name: &Name, out: &mut Outcome) -> Option<Key> {
        match self.find_relation(name) {
            Found::Yes(key) => match self.get(&key) {
                Some(Object::Table(_)) => Some(key),
                Some(other) => {
                    let _ = other;
                    let problem = Problem::WrongKind { name: name.name.value.clone(), wanted: ObjectKind::Table };
                    self.report(problem, name.span(), None, out);
                    None
                }
                None => None,
            },
            Found::No => {
                self.report_relation(name, out);
                None
            }
            Found::Perhaps => {
                self.expect_system_relation(name, out);
                None
            }
        }
    }

    pub(crate) fn create_index(&mut self, index: &CreateIndex, out: &mut Outcome) {
        if let Some(name) = &index.name {
            self.check_length(&name.name, out);
        }
        let Some(table) = self.expect_table(&index.table, out) else {
            if let Some(name) = &index.name {
                self.remember(&name.name.value);
                self.poison(&name.text());
            }
            return;
        };
        let Some(t) = self.held(&table) else { return };
        if t.kind == TableKind::View {
            let problem = Problem::Other {
                rule: "invalid-definition",
                sqlstate: Some("42809"),
                message: format!("cannot create index on relation \"{}\"", t.name),
            };
            self.report(problem, index.table.span(), Some("it is a view".to_owned()), out);
            return;
        }
        for column in index.columns.iter().filter_map(|c| c.column.as_ref()).chain(&index.include) {
            self.expect_column(&t, column, false, out);
        }
        self.check_index_method(index.method.as_ref(), "btree", &index.columns, out);
        let plain: Vec<Option<String>> = index.columns.iter().map(|c| plain_column(c, &t)).collect();
        if index.unique {
            let columns: Vec<String> = plain.iter().flatten().cloned().collect();
            if !self.check_partition_key(&t, &columns, "UNIQUE", index.table.span(), out) {
                return;
            }
        }
        let scope = Scope::of_table(self, &table, None);
        self.check_index(index, &t, &scope, out);
        let schema = table.schema().to_owned();
        let (name, key) = match &index.name {
            Some(name) => {
                let key = Key::Relation(schema, self.folded(&name.name.value));
                self.remember(&name.name.value);
                if !index.if_not_exists {
                    self.give_way(&key);
                }
                if let Some(existing) = self.get(&key) {
                    let kind = relation_kind(existing);
                    if index.if_not_exists {
                        self.compare_index(&key, &table, index, name, out);
                    } else {
                        let problem = Problem::DuplicateRelation { name: name.name.value.clone(), kind };
                        self.report(problem, name.span(), None, out);
                    }
                    return;
                }
                (self.stored(&name.name.value), key)
            }
            None => {
                let columns = index_labels(&index.columns, &index.include).join("_");
                let name = self.free_name(&schema, &t.name, &columns, "idx", false);
                let key = Key::Relation(schema, name.clone());
                (name, key)
            }
        };
        let made = Index {
            name,
            unique: index.unique,
            ways: ways(&index.columns, &plain),
            columns: plain,
            predicate: index.predicate.as_ref().map(|p| p.text.clone()),
            reads: index
                .columns
                .iter()
                .filter_map(|c| c.expr.as_ref())
                .chain(&index.predicate)
                .flat_map(|e| e.names.columns.iter().filter_map(|path| path.last()))
                .chain(&index.include)
                .map(|i| i.value.clone())
                .collect(),
            constraint: false,
            lenient: false,
            definition: index_definition(index),
            labels: index_labels(&index.columns, &index.include),
            plain: index.columns.iter().all(|c| c.operator_class.is_none() && matches!(c.order.as_str(), "" | "asc")),
            parent: None,
            implicit: false,
            method: kept_method(index.method.as_ref().map_or("", |m| m.value.as_str())),
            nulls_not_distinct: index.nulls_not_distinct,
            place: self.place(index.name.as_ref().map_or(index.table.span(), |n| n.span())),
        };
        self.put(key, Object::Index(table.clone()));
        let part = Part::Index(made.name.clone());
        for expr in index.columns.iter().filter_map(|c| c.expr.as_ref()).chain(&index.predicate) {
            self.link_names(&table, &part, &expr.names);
        }
        for class in index.columns.iter().filter_map(|c| c.operator_class.as_ref()) {
            let method = index.method.as_ref().map_or("btree", |m| m.value.as_str());
            let brought = self.installed_extensions().find(|e| e.has_operator_class(method, &class.name.value));
            if let Some(e) = brought.map(|e| e.name) {
                self.link(Key::Extension(e.to_owned()), table.clone(), part.clone());
            }
        }
        self.change_table(&table, |t| t.indexes.push(made.clone()));
        if !index.only {
            self.index_partitions(&table, &made, None);
        }
    }

    /// What an index is over: its expressions always answer the same, and its method can hold their types.
    fn check_index(&mut self, index: &CreateIndex, table: &Table, scope: &Scope, out: &mut Outcome) {
        let scopes = std::slice::from_ref(scope);
        let method = index.method.as_ref().map_or("btree", |m| m.value.as_str());
        self.check_elements(method, &index.columns, table, scope, out);
        if let Some(predicate) = &index.predicate {
            let types = self.resolve_names(&predicate.names, scopes, out);
            self.must_be_boolean(predicate, &types, "WHERE", out);
            self.must_be_of_one_row(predicate, &types, Place::PREDICATE, out);
            self.must_be_immutable(&types, "functions in index predicate must be marked IMMUTABLE", out);
        }
    }

    /// The columns and expressions of an index or of what has one.
    pub(super) fn check_elements(
        &mut self,
        method: &str,
        elements: &[IndexColumn],
        table: &Table,
        scope: &Scope,
        out: &mut Outcome,
    ) {
        let scopes = std::slice::from_ref(scope);
        for element in elements {
            let (own, span) = match (&element.expr, &element.column) {
                (Some(expr), _) => {
                    let types = self.resolve_names(&expr.names, scopes, out);
                    self.must_be_of_one_row(expr, &types, Place::INDEX, out);
                    self.must_be_immutable(&types, "functions in index expression must be marked IMMUTABLE", out);
                    (types.of(expr.root).clone(), expr.span)
                }
                (None, Some(column)) => {
                    let own = table.columns.iter().find(|c| self.same(&c.name, &column.value));
                    let own = own.and_then(|c| Ty::of(&c.data_type)).map_or(Inferred::Unknown, Inferred::Known);
                    (own, column.span)
                }
                (None, None) => continue,
            };
            if let Some(refusal) = self.unindexable(method, &own, element.operator_class.as_ref(), span) {
                self.report_all(vec![refusal], out);
            }
        }
    }

    /// The access method and the operator classes are there (manual, 11.10).
    pub(super) fn check_index_method(
        &mut self,
        written: Option<&Ident>,
        usual: &str,
        columns: &[IndexColumn],
        out: &mut Outcome,
    ) {
        if !self.engine.checks_types || self.is_open() || self.unknown_extension_installed() {
            return;
        }
        let method = written.map_or(usual, |m| m.value.as_str());
        let made_here =
            |catalog: &Self, kind, name: &Name| catalog.find(name, |s, n| Key::Other(kind, s, n)) != Found::No;
        let known = builtins::index_method(method) || self.installed_extensions().any(|e| e.has_method(method));
        if let Some(written) = written
            && !known
        {
            let name = Name { schema: None, name: written.clone() };
            if !made_here(self, ObjectKind::AccessMethod, &name) {
                let methods = ["btree", "hash", "gist", "spgist", "gin", "brin"];
                let problem = Problem::UndefinedObject { kind: ObjectKind::AccessMethod, name: method.to_owned() };
                self.report(problem, written.span, out.suggestion(method, methods.into_iter()), out);
            }
            return;
        }
        for collation in columns.iter().filter_map(|c| c.collation.as_ref()) {
            self.expect_collation(collation, out);
        }
        for class in columns.iter().filter_map(|c| c.operator_class.as_ref()) {
            let word = class.name.value.as_str();
            let there = builtins::operator_class(method, word)
                || self.installed_extensions().any(|e| e.has_operator_class(method, word))
                || made_here(self, ObjectKind::OperatorClass, class);
            if there {
                continue;
            }
            let help = builtins::extensions()
                .find(|e| e.has_operator_class(method, word))
                .map(|e| format!("it comes with an extension: CREATE EXTENSION IF NOT EXISTS {};", e.written()));
            let problem = Problem::Other {
                rule: "undefined-object",
                sqlstate: Some("42704"),
                message: format!("operator class \"{word}\" does not exist for access method \"{method}\""),
            };
            self.report(problem, class.span(), help, out);
        }
    }

    /// `CREATE INDEX IF NOT EXISTS` of a name that is taken by something else: the guard hides the difference.
    fn compare_index(&mut self, key: &Key, table: &Key, index: &CreateIndex, name: &Name, out: &mut Outcome) {
        let same = match self.get(key) {
            Some(Object::Index(owner)) if owner == table => self
                .table(table)
                .and_then(|t| t.indexes.iter().find(|i| self.same(&i.name, &name.name.value)))
                .is_some_and(|i| i.constraint || i.definition == index_definition(index)),
            _ => false,
        };
        if !same {
            let problem = Problem::Other {
                rule: "if-not-exists-shape",
                sqlstate: None,
                message: format!(
                    "index \"{}\" exists with another definition, and IF NOT EXISTS hides it",
                    name.name.value
                ),
            };
            let help = "give this index a name of its own, or drop the old one first".to_owned();
            out.remarks.push(Refusal { problem, span: name.span(), help: Some(help) });
        }
    }

    /// A column that a key, an index or an ALTER names.
    pub(crate) fn expect_column(&mut self, table: &Table, column: &Ident, in_key: bool, out: &mut Outcome) -> bool {
        if self.has_column(table, &column.value) {
            return true;
        }
        let help = out.suggestion(&column.value, table.columns.iter().map(|c| c.name.as_str()));
        let problem = if in_key {
            Problem::UndefinedKeyColumn { column: column.value.clone(), table: table.name.clone() }
        } else {
            Problem::UndefinedColumn {
                column: column.value.clone(),
                relation: if in_key { None } else { Some(table.name.clone()) },
            }
        };
        self.report(problem, column.span, help, out);
        false
    }

    pub(crate) fn has_column(&self, table: &Table, column: &str) -> bool {
        table.open
            || self.may_have_part(&table.name, column)
            || self.is_blurred(column)
            || table.columns.iter().any(|c| self.same(&c.name, column))
            || self.engine.system_columns.contains(&column)
            || self.is_poisoned(&format!("column {}.{column}", table.name))
    }

    pub(crate) fn create_view(&mut self, view: &CreateView, out: &mut Outcome) {
        let kind = if view.materialized { ObjectKind::MaterializedView } else { ObjectKind::View };
        // A recursive view reads itself.
        let own = view.recursive.then_some(view.name.name.value.as_str());
        let answered = if self.engine.checks_views {
            let resolved = self.resolve_reads_with(&view.query, &[], own, out);
            self.check_arms(&view.query, &resolved, out);
            self.answered(&view.query, &resolved)
        } else {
            self.output_columns(&view.query, &[], own)
        };
        let columns = self.view_columns(view, answered);
        let existing = match self.find_relation(&view.name) {
            Found::Yes(key) if view.or_replace => Some(key),
            _ => None,
        };
        let key = match existing {
            Some(key) => {
                if !self.replace_view(&key, view, columns.as_deref(), out) {
                    return;
                }
                key
            }
            None => {
                let temporary = view.temporary;
                let Some(key) = self.new_relation(&view.name, view.if_not_exists, temporary, kind, out) else { return };
                key
            }
        };
        let mut table = match self.table(&key) {
            Some(old) => old.clone(),
            None => Table::new(
                &view.name.name.value,
                if view.materialized { TableKind::MaterializedView } else { TableKind::View },
            ),
        };
        table.open = columns.is_none();
        table.columns = columns.unwrap_or_default();
        table.definition.clone_from(&view.query.text);
        table.temporary = view.temporary;
        self.link_view(&key, &view.query);
        self.put(key, Object::Table(table));
    }

    /// OR REPLACE keeps the columns that are there, in their order (manual, CREATE VIEW).
    fn replace_view(
        &mut self,
        key: &Key,
        view: &CreateView,
        columns: Option<&[super::object::Column]>,
        out: &mut Outcome,
    ) -> bool {
        let Some(old) = self.held(key) else { return true };
        if old.kind == TableKind::View && self.engine.commits_each_change {
            // MySQL puts the new view in the place of the old one, whatever its columns.
            return true;
        }
        if old.kind != TableKind::View {
            let problem = Problem::WrongKind { name: view.name.name.value.clone(), wanted: ObjectKind::View };
            self.report(problem, view.name.span(), None, out);
            return false;
        }
        let Some(new) = columns else { return true };
        if old.open {
            return true;
        }
        let help =
            Some("OR REPLACE can only add columns at the end: DROP VIEW IF EXISTS …, then CREATE VIEW".to_owned());
        if new.len() < old.columns.len() {
            let problem = Problem::Other {
                rule: "invalid-definition",
                sqlstate: Some("42P16"),
                message: "cannot drop columns from view".to_owned(),
            };
            self.report(problem, view.name.span(), help, out);
            return false;
        }
        if let Some((was, is)) = old.columns.iter().zip(new).find(|(a, b)| a.name != b.name) {
            let problem = Problem::Other {
                rule: "invalid-definition",
                sqlstate: Some("42P16"),
                message: format!("cannot change name of view column \"{}\" to \"{}\"", was.name, is.name),
            };
            self.report(problem, view.name.span(), help, out);
            return false;
        }
        true
    }

    pub(crate) fn create_sequence(
        &mut self,
        name: &Name,
        guarded: bool,
        temporary: bool,
        owned_by: Option<&(Name, Ident)>,
        out: &mut Outcome,
    ) {
        let owner = self.sequence_owner(owned_by, out);
        if let Some(key) = self.new_relation(name, guarded, temporary, ObjectKind::Sequence, out) {
            match owner {
                Some((table, column)) => self.put_owned_sequence(key, &table, &column),
                None => self.put(key, Object::Sequence { owned_by: None }),
            }
        }
    }

    /// Gives a sequence to a column, or to none.
    pub(crate) fn own(&mut self, key: &Key, name: &Name, owner: Option<(Key, String)>, out: &mut Outcome) {
        let identity = match self.get(key) {
            Some(Object::Sequence { owned_by: Some((table, column)) }) => {
                self.table(table).is_some_and(|t| t.columns.iter().any(|c| c.name == *column && c.identity.is_some()))
            }
            _ => false,
        };
        let message = match &owner {
            _ if identity => "cannot change ownership of identity sequence",
            Some((table, _)) if table.schema() != key.schema() => {
                "sequence must be in same schema as table it is linked to"
            }
            _ => "",
        };
        if !message.is_empty() {
            let code = if identity { "0A000" } else { "55000" };
            self.report(super::inherit::invalid(code, message.to_owned()), name.span(), None, out);
            return;
        }
        for edge in self.needs_of(key).into_iter().filter(|e| matches!(e.part, Part::Column(_))) {
            self.unlink(&edge);
        }
        match owner {
            Some((table, column)) => self.put_owned_sequence(key.clone(), &table, &column),
            None => self.put(key.clone(), Object::Sequence { owned_by: None }),
        }
    }

    pub(crate) fn sequence_owner(
        &mut self,
        owned_by: Option<&(Name, Ident)>,
        out: &mut Outcome,
    ) -> Option<(Key, String)> {
        let (table, column) = owned_by?;
        let key = self.expect_table(table, out)?;
        let t = self.table(&key)?.clone();
        self.expect_column(&t, column, false, out).then(|| (key, column.value.clone()))
    }

    /// A name as the engine stores it.
    pub(crate) fn stored(&self, name: &str) -> String {
        if self.engine.ignores_case { name.to_owned() } else { self.folded(name) }
    }

    /// The name the engine gives to what has none: `table_columns_label`, each part cut to fit in 63 bytes, with a
    /// number behind it until nothing else has it (PostgreSQL, `ChooseRelationName`).
    pub(crate) fn free_name(&self, schema: &str, table: &str, columns: &str, label: &str, constraint: bool) -> String {
        first_free(table, columns, label, |name| {
            self.has(&Key::Relation(schema.to_owned(), name.to_owned()))
                || (constraint && self.constraint_taken(schema, name))
        })
    }
}

/// `table_columns_label`, with a number behind it until it is free.
pub(super) fn first_free(table: &str, columns: &str, label: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut number = 0;
    loop {
        let numbered = if number == 0 { label.to_owned() } else { format!("{label}{number}") };
        let name = object_name(table, columns, &numbered);
        if !taken(&name) {
            return name;
        }
        number += 1;
    }
}

/// The column that an element of an index is: written so, or alone between parentheses.
fn plain_column(c: &IndexColumn, table: &Table) -> Option<String> {
    if let Some(column) = &c.column {
        return Some(column.value.clone());
    }
    let expr = c.expr.as_ref()?;
    let [path] = expr.names.columns.as_slice() else { return None };
    let column = &path.last()?.value;
    let written = expr.text.trim_matches(|c: char| c == '(' || c == ')' || c.is_whitespace());
    let alone = written.rsplit('.').next().is_some_and(|w| w.trim().trim_matches('"') == column);
    (alone && table.columns.iter().any(|x| x.name == *column)).then(|| column.clone())
}

/// PostgreSQL's `makeObjectName`: the longer of the first two parts is cut first.
pub(crate) fn object_name(first: &str, second: &str, label: &str) -> String {
    let overhead = usize::from(!second.is_empty()) + usize::from(!label.is_empty()) + label.len();
    let available = 63usize.saturating_sub(overhead);
    let (mut a, mut b) = (first.len(), second.len());
    while a + b > available {
        if a > b {
            a -= 1;
        } else {
            b -= 1;
        }
    }
    while !first.is_char_boundary(a) {
        a -= 1;
    }
    while !second.is_char_boundary(b) {
        b -= 1;
    }
    let mut name = first[..a].to_owned();
    for part in [&second[..b], label] {
        if !part.is_empty() {
            name.push('_');
            name.push_str(part);
        }
    }
    name
}

/// What the columns of an index are called: an expression as an output column would be, or `expr`; each once
/// (PostgreSQL, `ChooseIndexColumnNames`).
pub(super) fn index_labels(columns: &[IndexColumn], include: &[Ident]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let all = columns
        .iter()
        .map(|c| match (&c.column, &c.expr) {
            (Some(i), _) => i.value.as_str(),
            (None, Some(e)) => e.label.as_deref().unwrap_or("expr"),
            (None, None) => "expr",
        })
        .chain(include.iter().map(|i| i.value.as_str()));
    for base in all {
        let mut name = base.to_owned();
        let mut number = 0;
        while names.contains(&name) {
            number += 1;
            name = format!("{base}{number}");
        }
        names.push(name);
    }
    names
}

/// An access method as an index keeps it.
pub(super) fn kept_method(method: &str) -> String {
    if method == "btree" { String::new() } else { method.to_owned() }
}

/// What tells the keys of an index from plain columns in the usual order; `columns` are those that are plain.
pub(super) fn ways(elements: &[IndexColumn], columns: &[Option<String>]) -> Vec<String> {
    let way = |(e, column): (&IndexColumn, &Option<String>)| {
        let mut way = e.expr.as_ref().filter(|_| column.is_none()).map(|e| e.text.clone()).unwrap_or_default();
        for name in e.collation.iter().chain(&e.operator_class) {
            way.push(' ');
            way.push_str(&name.text());
        }
        if !matches!(e.order.as_str(), "" | "asc" | "asc nulls last" | "nulls last") {
            way.push(' ');
            way.push_str(&e.order);
        }
        way
    };
    let all: Vec<String> = elements.iter().zip(columns).map(way).collect();
    if all.iter().all(String::is_empty) { Vec::new() } else { all }
}

fn index_definition(index: &CreateIndex) -> String {
    let mut text = String::new();
    for c in &index.columns {
        match (&c.column, &c.expr) {
            (Some(i), _) => text.push_str(&i.value),
            (None, Some(e)) => text.push_str(&e.text),
            (None, None) => {}
        }
        if let Some(class) = &c.operator_class {
            text.push(' ');
            text.push_str(&class.text());
        }
        text.push(' ');
        text.push_str(&c.order);
        text.push(',');
    }
    if let Some(m) = &index.method
        && m.value != "btree"
    {
        text.push_str(&m.value);
    }
    if index.unique {
        text.push_str(" unique");
    }
    if !index.include.is_empty() {
        text.push_str(" include ");
        text.push_str(&index.include.iter().map(|i| i.value.as_str()).collect::<Vec<_>>().join(","));
    }
    if index.nulls_not_distinct {
        text.push_str(" nulls not distinct");
    }
    if let Some(p) = &index.predicate {
        text.push_str(" where ");
        text.push_str(&p.text);
    }
    text
}

/// What a relation is.
pub(crate) fn relation_kind(object: &Object) -> ObjectKind {
    match object {
        Object::Table(t) => t.kind.object_kind(),
        Object::Index(_) => ObjectKind::Index,
        Object::Sequence { .. } => ObjectKind::Sequence,
        _ => ObjectKind::Table,
    }
}

/// An empty place, for what has none of its own.
pub(crate) const NOWHERE: Span = Span { start: 0, end: 0 };
