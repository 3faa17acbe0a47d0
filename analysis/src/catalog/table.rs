//! CREATE TABLE, and the columns of tables.

use super::literals::{self, Misfit};
use super::object::{Column, Constraint, ConstraintType, Index, Table, TableKind, Type, UserTypeKind};
use super::relations::object_name;
use super::resolve::Scope;
use super::types::{builtin, serial_type};
use super::{Catalog, Found, Key, Object, Outcome, Part, Problem};
use crate::change::{ColumnDefinition, ConstraintDefinition, ConstraintKind, CreateTable, Literal, ObjectKind};

impl Catalog {
    pub(crate) fn create_table(&mut self, t: &CreateTable, out: &mut Outcome) {
        let kind = if t.foreign { ObjectKind::ForeignTable } else { ObjectKind::Table };
        let exists = matches!(self.find_relation(&t.name), Found::Yes(_)) && t.if_not_exists;
        let Some(key) = self.new_relation(&t.name, t.if_not_exists, t.temporary, kind, out) else {
            if exists {
                self.compare_shape(t, out);
            } else {
                // The names of a table that could not be made are not reported where it is used.
                self.poison(&t.name.text());
            }
            return;
        };
        let table_kind = match (t.foreign, &t.partition_by) {
            (true, _) => TableKind::Foreign,
            (false, Some(_)) => TableKind::Partitioned,
            (false, None) => TableKind::Table,
        };
        let mut table = Table::new(&t.name.name.value, table_kind);
        table.temporary = t.temporary;
        table.open = t.columns_unknown || t.of_type.is_some();
        for parent in t.inherits.iter().chain(&t.partition_of) {
            match self.expect_table(parent, out) {
                Some(parent) => {
                    self.inherit(&mut table, &parent, t.partition_of.is_some());
                    self.link(parent.clone(), key.clone(), Part::Whole);
                    table.parents.push(parent);
                }
                None => table.open = true,
            }
        }
        for like in &t.like {
            match self.expect_table(&like.table, out) {
                Some(source) => {
                    let source = self.table(&source).cloned();
                    if let Some(source) = source {
                        table.open |= source.open;
                        for mut c in source.columns {
                            if !like.defaults {
                                c.default = None;
                            }
                            if !like.generated {
                                c.generated = None;
                            }
                            if !like.identity {
                                c.identity = None;
                            }
                            table.columns.push(c);
                        }
                        if like.constraints {
                            table.constraints.extend(
                                source.constraints.into_iter().filter(|c| matches!(c.kind, ConstraintType::Check)),
                            );
                        }
                    }
                }
                None => table.open = true,
            }
        }
        if let Some((names, reads)) = &t.query {
            self.resolve_reads(reads, &[], out);
            match self.output_columns(reads) {
                Some(columns) => {
                    table.columns.extend(columns.into_iter().map(|c| Column {
                        not_null: false,
                        default: None,
                        generated: None,
                        identity: None,
                        ..c
                    }));
                    for (c, n) in table.columns.iter_mut().zip(names) {
                        c.name.clone_from(&n.value);
                    }
                }
                None => table.open = true,
            }
        }
        for c in &t.columns {
            self.add_column(&key, &mut table, c, out);
        }
        // The table must be there before what names it: a key may point at itself.
        self.put(key.clone(), Object::Table(table));
        for c in &t.columns {
            self.own_sequence(&key, c);
        }
        // Primary keys and unique keys first: a foreign key may point at one further down.
        let is_key = |c: &&ConstraintDefinition| {
            matches!(c.kind, ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. })
        };
        let all = || t.columns.iter().flat_map(|c| c.constraints.iter()).chain(&t.constraints);
        for c in self.distinct_keys(all().filter(is_key)) {
            self.add_constraint(&key, &c, out);
        }
        for c in all().filter(|c| !is_key(c)) {
            self.add_constraint(&key, c, out);
        }
        self.check_generated(&key, &t.columns, out);
        if let Some(by) = &t.partition_by {
            let table = self.table(&key).cloned();
            if let Some(table) = table {
                for c in by.iter().filter_map(|c| c.column.as_ref()) {
                    self.expect_column(&table, c, true, out);
                }
            }
        }
        if let Some(of) = &t.of_type {
            self.expect_type(of, out);
        }
        for like in t.like.iter().filter(|l| l.indexes) {
            if let Found::Yes(source) = self.find_relation(&like.table) {
                self.copy_indexes(&source, &key);
            }
        }
        if t.partition_of.is_some()
            && let Some(parent) = t.partition_of.as_ref()
            && let Found::Yes(source) = self.find_relation(parent)
        {
            self.copy_indexes(&source, &key);
            self.copy_foreign_keys(&source, &key);
        }
        self.check_strict(t, out);
    }

    /// STRICT tables of SQLite take six types ("STRICT Tables", section 2).
    pub(super) fn check_strict(&mut self, t: &CreateTable, out: &mut Outcome) {
        if !t.strict {
            return;
        }
        for c in &t.columns {
            let known = c.data_type.as_ref().is_some_and(|d| {
                matches!(
                    d.name.name.value.to_ascii_lowercase().as_str(),
                    "int" | "integer" | "real" | "text" | "blob" | "any"
                )
            });
            if !known {
                let message = match &c.data_type {
                    Some(d) => {
                        format!("unknown datatype for {}.{}: \"{}\"", t.name.text(), c.name.value, d.name.text())
                    }
                    None => format!("missing datatype for {}.{}", t.name.text(), c.name.value),
                };
                let problem = Problem::Other { rule: "invalid-definition", sqlstate: None, message };
                self.report(
                    problem,
                    c.span,
                    Some("a STRICT table takes INT, INTEGER, REAL, TEXT, BLOB or ANY".to_owned()),
                    out,
                );
            }
        }
    }

    pub(super) fn inherit(&self, table: &mut Table, parent: &Key, partition: bool) {
        let Some(source) = self.table(parent) else { return };
        table.open |= source.open;
        for c in &source.columns {
            if !table.columns.iter().any(|own| own.name == c.name) {
                table.columns.push(c.clone());
            }
        }
        if partition {
            for c in &mut table.columns {
                c.identity = None;
            }
        }
        table
            .constraints
            .extend(source.constraints.iter().filter(|c| matches!(c.kind, ConstraintType::Check)).cloned());
    }

    pub(super) fn copy_indexes(&mut self, source: &Key, to: &Key) {
        let Some(from) = self.table(source).cloned() else { return };
        let Some(target) = self.table(to).cloned() else { return };
        for index in &from.indexes {
            let kind =
                from.constraints.iter().find(|c| index.constraint && c.name == index.name).map(|c| c.kind.clone());
            let columns: Vec<&str> = index.columns.iter().map(|c| c.as_deref().unwrap_or("expr")).collect();
            let (middle, label) = match kind {
                Some(ConstraintType::PrimaryKey) => (String::new(), "pkey"),
                Some(ConstraintType::Unique) => (columns.join("_"), "key"),
                Some(ConstraintType::Exclude) => (columns.join("_"), "excl"),
                _ => (columns.join("_"), "idx"),
            };
            if label == "pkey" && self.table(to).is_some_and(|t| t.primary_key().is_some()) {
                continue;
            }
            let name = self.free_name(to.schema(), &target.name, &middle, label);
            self.put(Key::Relation(to.schema().to_owned(), name.clone()), Object::Index(to.clone()));
            let constraint = from.constraints.iter().find(|c| index.constraint && c.name == index.name).cloned();
            self.change_table(to, |t| {
                t.indexes.push(Index { name: name.clone(), ..index.clone() });
                if let Some(c) = constraint {
                    if matches!(c.kind, ConstraintType::PrimaryKey) {
                        for column in &mut t.columns {
                            column.not_null |= c.columns.contains(&column.name);
                        }
                    }
                    t.constraints.push(Constraint { name, ..c });
                }
            });
        }
    }

    pub(super) fn copy_foreign_keys(&mut self, source: &Key, to: &Key) {
        let Some(from) = self.table(source).cloned() else { return };
        for c in from.constraints {
            if let ConstraintType::ForeignKey { table, .. } = &c.kind {
                self.link(table.clone(), to.clone(), Part::Constraint(c.name.clone()));
                self.change_table(to, |t| t.constraints.push(c));
            }
        }
    }

    /// `CREATE TABLE IF NOT EXISTS` of a table that has other columns: the guard hides the difference.
    pub(super) fn compare_shape(&mut self, t: &CreateTable, out: &mut Outcome) {
        let Found::Yes(key) = self.find_relation(&t.name) else { return };
        let Some(existing) = self.table(&key) else { return };
        if existing.open
            || t.query.is_some()
            || !t.like.is_empty()
            || !t.inherits.is_empty()
            || t.partition_of.is_some()
        {
            return;
        }
        if t.of_type.is_some() || t.columns_unknown {
            return;
        }
        let missing = t.columns.iter().find(|c| !existing.columns.iter().any(|e| self.same(&e.name, &c.name.value)));
        if let Some(missing) = missing {
            let problem = Problem::Other {
                rule: "if-not-exists-shape",
                sqlstate: None,
                message: format!(
                    "table \"{}\" exists without the column \"{}\", and IF NOT EXISTS hides it",
                    existing.name, missing.name.value
                ),
            };
            let help = Some("the table is kept as it is: add the column with ALTER TABLE … ADD COLUMN".to_owned());
            out.remarks.push(super::Refusal { problem, span: missing.name.span, help });
        }
    }

    /// Adds a column to a table that is being made or altered; its constraints come later.
    pub(super) fn add_column(&mut self, key: &Key, table: &mut Table, c: &ColumnDefinition, out: &mut Outcome) -> bool {
        self.check_length(&c.name, out);
        let duplicate = table.columns.iter().position(|e| self.same(&e.name, &c.name.value));
        if let Some(at) = duplicate {
            // A column of a parent may be repeated in a child.
            if table.parents.is_empty() {
                let problem = Problem::DuplicateColumn { column: c.name.value.clone(), relation: None };
                self.report(problem, c.name.span, None, out);
                return false;
            }
            table.columns.remove(at);
        }
        if !self.engine.ignores_case && self.engine.system_columns.contains(&c.name.value.as_str()) {
            let problem = Problem::Other {
                rule: "duplicate-column",
                sqlstate: Some("42701"),
                message: format!("column name \"{}\" conflicts with a system column name", c.name.value),
            };
            self.report(problem, c.name.span, None, out);
            return false;
        }
        let mut data_type = match &c.data_type {
            Some(t) => self.resolve_type(t, out),
            None => Type { text: String::new(), base: String::new(), user: None, array: false, unknown: false },
        };
        let mut default = c.default.as_ref().and_then(|d| self.kept_default(&data_type, d));
        let mut not_null = c.not_null == Some(true) || c.identity.is_some();
        if let Some(serial) = self.serial_of(c) {
            data_type =
                Type { text: serial.to_owned(), base: serial.to_owned(), user: None, array: false, unknown: false };
            let sequence = object_name(&table.name, &c.name.value, "seq");
            default = Some(format!("nextval ( '{sequence}' )"));
            not_null = true;
        }
        if let Some(d) = &c.default {
            self.check_default(&c.name.value, &data_type, d, out);
            self.resolve_names(&d.names, &[], out);
        }
        self.check_null(table, c, out);
        if let Some(user) = &data_type.user {
            self.link(user.clone(), key.clone(), Part::Column(c.name.value.clone()));
        }
        if let Some(d) = &c.default {
            self.link_default(key, &c.name.value, &d.names);
        }
        table.columns.push(Column {
            name: self.stored(&c.name.value),
            data_type,
            not_null,
            default,
            generated: c.generated.as_ref().map(|g| g.expr.text.clone()),
            identity: c.identity,
        });
        true
    }

    pub(super) fn serial_of(&self, c: &ColumnDefinition) -> Option<&'static str> {
        if !self.engine.checks_types {
            return None;
        }
        serial_type(&c.data_type.as_ref()?.name.name.value)
    }

    /// The sequence behind a serial or identity column.
    pub(super) fn own_sequence(&mut self, table: &Key, c: &ColumnDefinition) {
        if !self.engine.checks_types || (self.serial_of(c).is_none() && c.identity.is_none()) {
            return;
        }
        let Some(t) = self.table(table) else { return };
        let name = self.free_name(table.schema(), &t.name, &c.name.value, "seq");
        let sequence = Key::Relation(table.schema().to_owned(), name.clone());
        self.put_owned_sequence(sequence.clone(), table, &c.name.value);
        if c.identity.is_none() {
            self.link(sequence, table.clone(), Part::Default(c.name.value.clone()));
            self.change_table(table, |t| {
                if let Some(column) = t.columns.iter_mut().find(|x| x.name == c.name.value) {
                    column.default = Some(format!("nextval ( '{name}' )"));
                }
            });
        }
    }

    /// A column's default as it is kept. PostgreSQL keeps none for a NULL that is of the column's type as it is: a length
    /// is applied, and a domain checks, so these have one (`AddRelationNewConstraints`; seen on 15 and 18).
    pub(super) fn kept_default(&self, data_type: &Type, default: &crate::change::Expr) -> Option<String> {
        let bare = || {
            let text = default.text.trim_start_matches("( ").trim_end_matches(" )");
            let of = |name: &str| builtin(name).is_some_and(|b| b.text == data_type.text);
            text == "null"
                || text.strip_prefix("null :: ").is_some_and(of)
                || text.strip_prefix("cast ( null as ").is_some_and(of)
        };
        let applied = data_type.text.contains('(')
            || data_type.user.as_ref().is_some_and(
                |user| matches!(self.get(user), Some(Object::Type(t)) if matches!(t.kind, UserTypeKind::Domain { .. })),
            );
        (!(self.engine.forgets_null_defaults && !applied && bare())).then(|| default.text.clone())
    }

    /// A default that draws from a sequence needs it.
    pub(super) fn link_default(&mut self, table: &Key, column: &str, names: &crate::change::Names) {
        for call in names.functions.iter().filter(|c| c.name.name.value == "nextval") {
            if let Some(Some(Literal::Text(text))) = call.literals.first()
                && let Found::Yes(sequence) =
                    self.find_relation(&super::functions::name_in_text(text, call.name.name.span))
            {
                self.link(sequence, table.clone(), Part::Default(column.to_owned()));
            }
        }
    }

    /// A sequence that goes when its column does.
    pub(crate) fn put_owned_sequence(&mut self, sequence: Key, table: &Key, column: &str) {
        self.link(table.clone(), sequence.clone(), Part::Column(column.to_owned()));
        self.put(sequence, Object::Sequence { owned_by: Some((table.clone(), column.to_owned())) });
    }

    /// `NULL` is said of a column that something else makes NOT NULL.
    pub(super) fn check_null(&mut self, table: &Table, c: &ColumnDefinition, out: &mut Outcome) {
        if !self.engine.refuses_null_in_key || c.not_null != Some(false) {
            return;
        }
        let key = c.constraints.iter().any(|k| matches!(k.kind, ConstraintKind::PrimaryKey { .. }));
        if key || c.identity.is_some() || self.serial_of(c).is_some() {
            let problem = Problem::Other {
                // PostgreSQL refuses NULL in a key from 18 on, and always in the two others.
                rule: if key { "null-in-key" } else { "invalid-definition" },
                sqlstate: Some("42601"),
                message: format!(
                    "conflicting NULL/NOT NULL declarations for column \"{}\" of table \"{}\"",
                    c.name.value, table.name
                ),
            };
            self.report(problem, c.name.span, Some("leave NULL out".to_owned()), out);
        }
    }

    /// A literal DEFAULT must be a value of the column's type: of an enum, one of its labels.
    pub(super) fn check_default(
        &mut self,
        column: &str,
        data_type: &Type,
        default: &crate::change::Expr,
        out: &mut Outcome,
    ) {
        if self.engine.checks_types
            && let Some(literal) = &default.literal
            && let Some(misfit) = literals::misfit(literal, data_type)
        {
            let (sqlstate, message) = match misfit {
                Misfit::NoCast(own) => (
                    "42804",
                    format!(
                        "column \"{column}\" is of type {} but default expression is of type {own}",
                        data_type.text
                    ),
                ),
                Misfit::Unreadable(text) => {
                    ("22P02", format!("invalid input syntax for type {}: \"{text}\"", data_type.base))
                }
            };
            let problem = Problem::Other { rule: "default-type-mismatch", sqlstate: Some(sqlstate), message };
            self.report(problem, default.span, None, out);
            return;
        }
        let Some(Literal::Text(text)) = &default.literal else { return };
        let Some(labels) = self.enum_labels(data_type) else { return };
        if labels.contains(text) {
            return;
        }
        let help = out
            .suggestion(text, labels.iter().map(String::as_str))
            .or_else(|| Some(format!("its labels are: {}", labels.join(", "))));
        let problem = Problem::UndefinedEnumLabel { label: text.clone(), type_name: data_type.text.clone() };
        self.report(problem, default.span, help, out);
    }

    pub(super) fn check_generated(&mut self, key: &Key, columns: &[ColumnDefinition], out: &mut Outcome) {
        let scope = Scope::of_table(self, key, None);
        for g in columns.iter().filter_map(|c| c.generated.as_ref()) {
            self.resolve_names(&g.expr.names, std::slice::from_ref(&scope), out);
        }
    }
}
