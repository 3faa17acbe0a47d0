//! CREATE TABLE and ALTER TABLE.

use super::object::{Column, Constraint, ConstraintType, Index, Table, TableKind, Type};
use super::relations::{object_name, relation_kind};
use super::resolve::Scope;
use super::types::{comparable, serial_type};
use super::{Catalog, Data, Found, Key, Mark, Object, Outcome, Part, Problem, suggestion};
use crate::change::{
    AlterTable, ColumnDefinition, ConstraintDefinition, ConstraintKind, CreateTable, ForeignKey, Ident, Literal, Name,
    ObjectKind, TableAction, TableActionKind,
};

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
        let keys_first = |c: &&ConstraintDefinition| {
            matches!(c.kind, ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. })
        };
        let of_columns = || t.columns.iter().flat_map(|c| c.constraints.iter());
        for c in of_columns().chain(&t.constraints).filter(keys_first) {
            self.add_constraint(&key, c, out);
        }
        for c in of_columns().chain(&t.constraints).filter(|c| !keys_first(c)) {
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
    fn check_strict(&mut self, t: &CreateTable, out: &mut Outcome) {
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

    fn inherit(&self, table: &mut Table, parent: &Key, partition: bool) {
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

    fn copy_indexes(&mut self, source: &Key, to: &Key) {
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

    fn copy_foreign_keys(&mut self, source: &Key, to: &Key) {
        let Some(from) = self.table(source).cloned() else { return };
        for c in from.constraints {
            if let ConstraintType::ForeignKey { table, .. } = &c.kind {
                self.link(table.clone(), to.clone(), Part::Constraint(c.name.clone()));
                self.change_table(to, |t| t.constraints.push(c));
            }
        }
    }

    /// `CREATE TABLE IF NOT EXISTS` of a table that has other columns: the guard hides the difference.
    fn compare_shape(&mut self, t: &CreateTable, out: &mut Outcome) {
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
    fn add_column(&mut self, key: &Key, table: &mut Table, c: &ColumnDefinition, out: &mut Outcome) -> bool {
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
        let mut default = c.default.as_ref().map(|d| d.text.clone());
        let mut not_null = c.not_null == Some(true) || c.identity.is_some();
        if let Some(serial) = self.serial_of(c) {
            data_type =
                Type { text: serial.to_owned(), base: serial.to_owned(), user: None, array: false, unknown: false };
            let sequence = object_name(&table.name, &c.name.value, "seq");
            default = Some(format!("nextval ( '{sequence}' )"));
            not_null = true;
        }
        if let Some(d) = &c.default {
            self.check_default(&data_type, d, out);
            self.resolve_names(&d.names, &[], out);
        }
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

    fn serial_of(&self, c: &ColumnDefinition) -> Option<&'static str> {
        if !self.engine.checks_types {
            return None;
        }
        serial_type(&c.data_type.as_ref()?.name.name.value)
    }

    /// The sequence behind a serial or identity column.
    fn own_sequence(&mut self, table: &Key, c: &ColumnDefinition) {
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

    /// A default that draws from a sequence needs it.
    fn link_default(&mut self, table: &Key, column: &str, names: &crate::change::Names) {
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

    /// A literal DEFAULT of an enum must be one of its labels.
    fn check_default(&mut self, data_type: &Type, default: &crate::change::Expr, out: &mut Outcome) {
        let Some(Literal::Text(text)) = &default.literal else { return };
        let Some(labels) = self.enum_labels(data_type) else { return };
        if labels.contains(text) {
            return;
        }
        let help = suggestion(text, labels.iter().map(String::as_str))
            .or_else(|| Some(format!("its labels are: {}", labels.join(", "))));
        let problem = Problem::UndefinedEnumLabel { label: text.clone(), type_name: data_type.text.clone() };
        self.report(problem, default.span, help, out);
    }

    fn check_generated(&mut self, key: &Key, columns: &[ColumnDefinition], out: &mut Outcome) {
        let scope = Scope::of_table(self, key, None);
        for g in columns.iter().filter_map(|c| c.generated.as_ref()) {
            self.resolve_names(&g.expr.names, std::slice::from_ref(&scope), out);
        }
    }

    /// The name a constraint gets, or `None` where its name is taken (and that has been said).
    fn constraint_name(
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
        let mut number = 0;
        loop {
            let numbered = if number == 0 { label.to_owned() } else { format!("{label}{number}") };
            let name = object_name(&table.name, &middle, &numbered);
            let taken = table.constraints.iter().any(|e| e.name == name)
                || (makes_index && self.has(&Key::Relation(key.schema().to_owned(), name.clone())));
            if !taken {
                return Some(name);
            }
            number += 1;
        }
    }

    pub(crate) fn add_constraint(&mut self, key: &Key, c: &ConstraintDefinition, out: &mut Outcome) {
        let Some(table) = self.table(key).cloned() else { return };
        match &c.kind {
            ConstraintKind::PrimaryKey { columns, using_index: Some(index), .. }
            | ConstraintKind::Unique { columns, using_index: Some(index), .. } => {
                let _ = columns;
                self.constraint_from_index(key, &table, c, index, out);
            }
            ConstraintKind::PrimaryKey { columns, .. } => {
                if table.primary_key().is_some() {
                    let help = Some(
                        "a table has one primary key; make this one UNIQUE, or one key of several columns".to_owned(),
                    );
                    self.report(Problem::SecondPrimaryKey { table: table.name.clone() }, c.span, help, out);
                    return;
                }
                if let Some(made) = self.keyed(key, &table, c, columns, ConstraintType::PrimaryKey, out) {
                    let implies = self.engine.names_constraints;
                    self.change_table(key, |t| {
                        for column in &mut t.columns {
                            column.not_null |= implies && made.contains(&column.name);
                        }
                    });
                }
            }
            ConstraintKind::Unique { columns, .. } => {
                self.keyed(key, &table, c, columns, ConstraintType::Unique, out);
            }
            ConstraintKind::Check(expr) => {
                let scope = Scope::of_table(self, key, None);
                self.resolve_names(&expr.names, std::slice::from_ref(&scope), out);
                let mut columns: Vec<String> = Vec::new();
                for path in &expr.names.columns {
                    if let Some(last) = path.last()
                        && !columns.contains(&last.value)
                    {
                        columns.push(last.value.clone());
                    }
                }
                let Some(name) = self.constraint_name(&table, key, c, &columns, out) else { return };
                let made = Constraint {
                    name,
                    kind: ConstraintType::Check,
                    columns,
                    definition: expr.text.clone(),
                    valid: !c.not_valid,
                };
                self.change_table(key, |t| t.constraints.push(made));
            }
            ConstraintKind::NotNull(column) => {
                self.expect_column(&table, column, false, out);
                let columns = vec![column.value.clone()];
                let Some(name) = self.constraint_name(&table, key, c, &columns, out) else { return };
                let made = Constraint {
                    name,
                    kind: ConstraintType::NotNull,
                    columns,
                    definition: String::new(),
                    valid: !c.not_valid,
                };
                self.change_table(key, |t| {
                    if let Some(x) = t.columns.iter_mut().find(|x| x.name == column.value) {
                        x.not_null = true;
                    }
                    t.constraints.push(made);
                });
            }
            ConstraintKind::Exclude { elements, predicate } => {
                let scope = Scope::of_table(self, key, None);
                for e in elements {
                    if let Some(c) = &e.column {
                        self.expect_column(&table, c, true, out);
                    }
                    if let Some(x) = &e.expr {
                        self.resolve_names(&x.names, std::slice::from_ref(&scope), out);
                    }
                }
                if let Some(p) = predicate {
                    self.resolve_names(&p.names, std::slice::from_ref(&scope), out);
                }
                let columns: Vec<String> = elements
                    .iter()
                    .map(|e| e.column.as_ref().map_or("expr", |c| c.value.as_str()).to_owned())
                    .collect();
                let Some(name) = self.constraint_name(&table, key, c, &columns, out) else { return };
                self.push_keyed(key, name, ConstraintType::Exclude, &columns, false, c);
            }
            ConstraintKind::ForeignKey(fk) => self.add_foreign_key(key, &table, c, fk, out),
        }
    }

    /// PRIMARY KEY and UNIQUE: the columns are there, once each; an index is made. Answers the columns.
    fn keyed(
        &mut self,
        key: &Key,
        table: &Table,
        c: &ConstraintDefinition,
        columns: &[Ident],
        kind: ConstraintType,
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
            names.push(column.value.clone());
        }
        if !all {
            return None;
        }
        let name = self.constraint_name(table, key, c, &names, out)?;
        self.push_keyed(key, name, kind, &names, true, c);
        Some(names)
    }

    fn push_keyed(
        &mut self,
        key: &Key,
        name: String,
        kind: ConstraintType,
        columns: &[String],
        unique: bool,
        c: &ConstraintDefinition,
    ) {
        let index = Index {
            name: name.clone(),
            unique,
            columns: columns.iter().cloned().map(Some).collect(),
            predicate: None,
            constraint: true,
            definition: columns.join(","),
        };
        let made = Constraint {
            name: name.clone(),
            kind,
            columns: columns.to_vec(),
            definition: String::new(),
            valid: !c.not_valid,
        };
        if self.engine.names_constraints {
            self.put(Key::Relation(key.schema().to_owned(), name), Object::Index(key.clone()));
        }
        self.change_table(key, |t| {
            t.indexes.push(index);
            t.constraints.push(made);
        });
    }

    fn constraint_from_index(
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
            let help = suggestion(&index.value, table.indexes.iter().map(|i| i.name.as_str()));
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
        let name = c.name.as_ref().map_or_else(|| index.value.clone(), |n| n.value.clone());
        let columns: Vec<String> = found.columns.iter().flatten().cloned().collect();
        let primary = kind == ConstraintType::PrimaryKey;
        let made =
            Constraint { name: name.clone(), kind, columns: columns.clone(), definition: String::new(), valid: true };
        if name != index.value {
            self.forget(&Key::Relation(key.schema().to_owned(), index.value.clone()));
            self.put(Key::Relation(key.schema().to_owned(), name.clone()), Object::Index(key.clone()));
        }
        self.change_table(key, |t| {
            for i in t.indexes.iter_mut().filter(|i| i.name == index.value) {
                i.name.clone_from(&name);
                i.constraint = true;
            }
            for x in t.columns.iter_mut().filter(|x| primary && columns.contains(&x.name)) {
                x.not_null = true;
            }
            t.constraints.push(made);
        });
    }

    fn add_foreign_key(
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
                let help = suggestion(&column.value, table.columns.iter().map(|c| c.name.as_str()));
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
            let made = Constraint {
                name,
                kind: ConstraintType::ForeignKey {
                    table: key.clone(),
                    columns: Vec::new(),
                    on_delete: fk.on_delete,
                    on_update: fk.on_update,
                },
                columns,
                definition: String::new(),
                valid: !c.not_valid,
            };
            self.change_table(key, |t| t.constraints.push(made));
            return;
        };
        if self.engine.checks_foreign_keys {
            self.link(target.clone(), key.clone(), Part::Constraint(name.clone()));
        }
        let made = Constraint {
            name,
            kind: ConstraintType::ForeignKey {
                table: target,
                columns: referenced,
                on_delete: fk.on_delete,
                on_update: fk.on_update,
            },
            columns,
            definition: if c.deferrable { "deferrable".to_owned() } else { String::new() },
            valid: !c.not_valid,
        };
        self.change_table(key, |t| t.constraints.push(made));
    }

    /// The referenced columns exist, are unique together, and compare with the referencing ones.
    fn check_foreign_key(
        &mut self,
        table: &Table,
        target: &Key,
        c: &ConstraintDefinition,
        fk: &ForeignKey,
        referenced: &mut Vec<String>,
        out: &mut Outcome,
    ) -> bool {
        let Some(parent) = self.table(target).cloned() else { return true };
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
                    let help = suggestion(&column.value, parent.columns.iter().map(|c| c.name.as_str()));
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
                && !comparable(&a.data_type, &b.data_type)
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

    // ---- ALTER TABLE

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

    fn table_action(&mut self, key: &Key, action: &TableAction, since: Option<&Mark>, out: &mut Outcome) {
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
                    for c in &column.constraints {
                        self.add_constraint(key, c, out);
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
                if self.has_column(&table, &to.value) && !table.open {
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
                    if reads_itself && !plain && !since.is_some_and(|m| !self.was_there(m, key)) {
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
                    self.check_default(&data_type, default, out);
                }
                self.resolve_names(&default.names, &[], out);
                self.unlink_part(key, &Part::Default(column.value.clone()));
                self.link_default(key, &column.value, &default.names);
                self.change_column(key, column, |c| c.default = Some(default.text.clone()));
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
                        rule: "invalid-definition",
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
            TableActionKind::DropExpression { column, .. } => {
                if self.expect_column(&table, column, false, out) {
                    self.change_column(key, column, |c| c.generated = None);
                }
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
                    let help = suggestion(&name.value, table.triggers.iter().map(|(n, _)| n.as_str()));
                    let problem = Problem::UndefinedOn {
                        kind: ObjectKind::Trigger,
                        name: name.value.clone(),
                        relation: table.name.clone(),
                    };
                    self.report(problem, name.span, help, out);
                }
            }
            TableActionKind::ReplicaIdentityIndex(name) | TableActionKind::ClusterOn(name) => {
                if !table.open && !self.is_open() && !table.indexes.iter().any(|i| i.name == name.value) {
                    let help = suggestion(&name.value, table.indexes.iter().map(|i| i.name.as_str()));
                    let problem = Problem::UndefinedObject { kind: ObjectKind::Index, name: name.value.clone() };
                    self.report(problem, name.span, help, out);
                }
            }
            TableActionKind::EnableRule(_)
            | TableActionKind::EnableTrigger { name: None }
            | TableActionKind::Other(_) => {}
        }
    }

    /// `c::type`: the second time it casts a type to itself.
    fn is_plain_cast(&self, using: &crate::change::Expr, column: &str) -> bool {
        let text = using.text.replace(['(', ')', '"'], " ");
        let words: Vec<&str> = text.split_whitespace().collect();
        using.names.functions.is_empty()
            && using.names.queries.is_empty()
            && (words.first() == Some(&column) || words.first() == Some(&"cast"))
            && !words
                .iter()
                .any(|w| matches!(*w, "case" | "when" | "+" | "-" | "*" | "/" | "||" | "at" | "=" | "<" | ">"))
    }

    fn disinherit(&mut self, parent: &Key, child: &Key) {
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

    fn change_column(&mut self, key: &Key, column: &Ident, change: impl Fn(&mut Column)) {
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

    fn poison_column(&mut self, table: &str, column: &str) {
        self.poisoned.insert(format!("column {table}.{column}"));
    }

    fn rename_column(&mut self, key: &Key, from: &str, to: &str) {
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
                for n in i.columns.iter_mut().flatten().filter(|n| is_from(n)) {
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

    fn rename_constraint(&mut self, key: &Key, table: &Table, from: &Ident, to: &Ident, out: &mut Outcome) {
        if !self.expect_constraint(table, from, out) {
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
        let index = Key::Relation(key.schema().to_owned(), from.value.clone());
        if matches!(self.get(&index), Some(Object::Index(t)) if t == key) {
            self.forget(&index);
            self.put(Key::Relation(key.schema().to_owned(), to.value.clone()), Object::Index(key.clone()));
        }
        self.change_table(key, |t| {
            for c in t.constraints.iter_mut().filter(|c| c.name == from.value) {
                c.name.clone_from(&to.value);
            }
            for i in t.indexes.iter_mut().filter(|i| i.name == from.value) {
                i.name.clone_from(&to.value);
            }
        });
        for edge in self.needs_of(key).into_iter().filter(|e| e.part == Part::Constraint(from.value.clone())) {
            self.unlink(&edge);
            self.link(edge.target, edge.from, Part::Constraint(to.value.clone()));
        }
    }

    pub(crate) fn expect_constraint(&mut self, table: &Table, name: &Ident, out: &mut Outcome) -> bool {
        if table.constraints.iter().any(|c| c.name == name.value) {
            return true;
        }
        if self.perhaps_constraint(table, &name.value) {
            return false;
        }
        let help = suggestion(&name.value, table.constraints.iter().map(|c| c.name.as_str()));
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
            || self.is_open()
            || self.is_blurred(name)
            || name.contains("_not_null")
            || self.is_poisoned(&format!("relation constraint {name}"))
    }

    pub(crate) fn rename_relation(&mut self, key: &Key, to: &Ident, out: &mut Outcome) {
        self.check_length(to, out);
        self.remember(&to.value);
        let target = Key::Relation(key.schema().to_owned(), self.folded(&to.value));
        if let Some(existing) = self.get(&target) {
            if target != *key {
                let kind = relation_kind(existing);
                self.report(Problem::DuplicateRelation { name: to.value.clone(), kind }, to.span, None, out);
                return;
            }
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

fn using_index(c: &ConstraintDefinition) -> Option<&Ident> {
    match &c.kind {
        ConstraintKind::PrimaryKey { using_index, .. } | ConstraintKind::Unique { using_index, .. } => {
            using_index.as_ref()
        }
        _ => None,
    }
}
