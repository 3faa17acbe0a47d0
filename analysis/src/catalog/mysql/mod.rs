//! MySQL's and MariaDB's tables: keys that belong to their table, foreign keys that InnoDB checks when they are made, and
//! an ALTER TABLE that is done as a whole. What is said here of an engine was executed on MariaDB 10.11; what is MySQL's
//! alone is from its manual.

mod alter;
pub(super) mod information;
mod keys;
mod problem;
mod session;
mod types;

use std::collections::BTreeSet;

pub(crate) use problem::code_of;
pub(super) use session::{Bodies, Session, number_of};

use super::object::{Column, Index, Table, TableKind};
use super::{Catalog, Data, Found, Key, Mark, Object, Outcome, Part, Problem, Refusal};
use crate::change::{
    ColumnSpec, Ident, MysqlChange, Name, ObjectKind, RoutineDefinition, RowName, TableDefinition, TriggerDefinition,
};
use crate::config::Backend;
use crate::span::Span;
use problem::problem;

/// A table while it is made or altered, before the catalog has it.
#[derive(Debug)]
struct Work {
    key: Key,
    table: Table,
    /// Names of keys that are replaced or dropped by the same statement.
    failed: bool,
}

impl Catalog {
    /// Folds what only MySQL and MariaDB have.
    pub(super) fn mysql(&mut self, change: &MysqlChange, since: Option<&Mark>, out: &mut Outcome) {
        match change {
            MysqlChange::CreateTable(t) => self.create_mysql_table(t, since, out),
            MysqlChange::AlterTable(a) => self.alter_mysql_table(a, out),
            MysqlChange::CreateIndex { table, key, or_replace } => {
                self.create_mysql_index(table, key, *or_replace, out)
            }
            MysqlChange::DropIndex { table, name, if_exists } => self.drop_mysql_index(table, name, *if_exists, out),
            MysqlChange::Drop { kind, names, if_exists, temporary } => {
                self.drop_mysql(*kind, names, *if_exists, *temporary, since, out);
            }
            MysqlChange::RenameTables { pairs, if_exists } => {
                for (from, to) in pairs {
                    self.rename_mysql_table(from, to, *if_exists, out);
                }
            }
            MysqlChange::CreateTrigger(t) => self.create_mysql_trigger(t, out),
            MysqlChange::CreateRoutine(r) => self.create_routine(r, out),
            MysqlChange::CreateNamed { kind, name, or_replace, if_not_exists } => {
                self.create_named(*kind, name, *or_replace, *if_not_exists, String::new(), out);
            }
            MysqlChange::AlterNamed { kind, name, if_exists, rename_to } => {
                let key = self.named_key(*kind, name);
                if !self.expect_named(*kind, name, *if_exists, out) {
                    return;
                }
                if let (Some(to), Some(object)) = (rename_to, self.get(&key).cloned()) {
                    self.forget(&key);
                    let to = self.named_key(*kind, to);
                    self.put(to, object);
                }
            }
            MysqlChange::CreateDatabase { name, or_replace, if_not_exists } => {
                let key = Key::Schema(name.value.clone());
                if self.has(&key) {
                    if !*if_not_exists && !*or_replace {
                        self.report(Problem::DuplicateSchema(name.value.clone()), name.span, None, out);
                    }
                    return;
                }
                self.put(key, Object::Schema);
            }
            MysqlChange::DropDatabase { name, if_exists } => {
                let key = Key::Schema(name.value.clone());
                if !self.has(&key) {
                    // It may have been there before the first migration.
                    let _ = if_exists;
                    return;
                }
                let inside: Vec<Key> =
                    self.iter().map(|(k, _)| k.clone()).filter(|k| k.schema() == name.value).collect();
                for k in inside {
                    self.forget(&k);
                }
                self.forget(&key);
            }
            MysqlChange::Use(name) => self.search_path = vec![name.value.clone()],
            MysqlChange::Call { name, arguments } => self.call(name, arguments, since, out),
            MysqlChange::ForeignKeyChecks(on) => self.session.foreign_keys_off = !on,
            MysqlChange::SetVariables(all) => {
                for (name, text) in all {
                    let value = self.value_of(text);
                    self.session.variables.insert(name.clone(), value);
                }
            }
            MysqlChange::Prepare { name, text } => {
                let value = self.value_of(text);
                self.session.prepared.insert(name.value.to_lowercase(), value);
            }
            MysqlChange::Execute { name } => {
                let value = self.session.prepared.get(&name.value.to_lowercase()).cloned();
                self.execute(value, name, since, out);
            }
            MysqlChange::ExecuteText { span, text } => {
                let value = Some(self.value_of(text));
                let name = Ident::new("the statement".to_owned(), *span);
                self.execute(value, &name, since, out);
            }
            MysqlChange::Deallocate { name } => {
                self.session.prepared.remove(&name.value.to_lowercase());
            }
        }
    }

    pub(super) fn is_mariadb(&self) -> bool {
        self.engine.backend == Backend::Mariadb
    }

    /// Refuses in the engine's words.
    fn say(
        &mut self,
        rule: &'static str,
        number: u16,
        text: String,
        span: Span,
        help: Option<&str>,
        out: &mut Outcome,
    ) {
        self.report(problem(rule, number, &text), span, help.map(str::to_owned), out);
    }

    /// A name of more than 64 characters is an error.
    fn check_name(&mut self, name: &Ident, out: &mut Outcome) {
        if name.value.chars().count() > 64 {
            let text = format!("Identifier name '{}' is too long", name.value);
            self.say("identifier-too-long", 1059, text, name.span, Some("a name has at most 64 characters"), out);
        } else if name.value.ends_with(' ') {
            let text = format!("Incorrect column name '{}'", name.value);
            self.say("invalid-definition", 1166, text, name.span, None, out);
        }
    }

    // ---- CREATE TABLE

    fn create_mysql_table(&mut self, t: &TableDefinition, since: Option<&Mark>, out: &mut Outcome) {
        self.check_name(&t.name.name, out);
        if t.or_replace
            && let Found::Yes(key) = self.find_relation(&t.name)
            && self.table(&key).is_some_and(|t| t.kind.is_table())
        {
            if since.is_some_and(|m| self.was_there(m, &key)) {
                out.data.push(Data::DropsTable { table: key.clone(), span: t.name.span() });
            }
            if !self.may_drop_mysql(&key, t.name.span(), &BTreeSet::new(), out) {
                return;
            }
            self.remove_mysql_table(&key);
        }
        let exists = matches!(self.find_relation(&t.name), Found::Yes(_)) && t.if_not_exists && !t.temporary;
        let Some(key) = self.new_relation(&t.name, t.if_not_exists, t.temporary, ObjectKind::Table, out) else {
            if exists {
                self.compare_mysql_shape(t, out);
            } else {
                self.poison(&t.name.text());
            }
            return;
        };
        let mut table = Table::new(&t.name.name.value, TableKind::Table);
        table.place = self.place(t.name.span());
        table.temporary = t.temporary;
        table.definition = types::table_charset(&t.options.charset);
        let mut work = Work { key: key.clone(), table, failed: false };
        if let Some(like) = &t.like {
            self.copy_mysql_table(&mut work, like, out);
        }
        for c in &t.columns {
            self.check_name(&c.name, out);
            self.add_mysql_column(&mut work, c, None, out);
        }
        if let Some(reads) = &t.query {
            self.resolve_reads(reads, &[], out);
            match self.output_columns(reads, &[], None) {
                Some(columns) => {
                    for c in columns {
                        if !work.table.columns.iter().any(|x| x.name.eq_ignore_ascii_case(&c.name)) {
                            work.table.columns.push(Column { place: self.place(reads.span), ..c });
                        }
                    }
                }
                None => work.table.open = true,
            }
        }
        for k in t.columns.iter().flat_map(|c| &c.keys).chain(&t.keys) {
            self.add_mysql_key(&mut work, k, out);
        }
        for c in &t.columns {
            self.add_column_checks(&mut work, c, out);
        }
        for check in &t.checks {
            self.add_mysql_check(&mut work, check, None, out);
        }
        self.check_generated_columns(&work, t.columns.iter(), out);
        let innodb = t.options.engine.as_ref().is_none_or(|e| e.value.eq_ignore_ascii_case("innodb"));
        // MySQL forgets what stands beside a column.
        let inline = t.columns.iter().filter_map(|c| c.references.as_ref()).filter(|_| self.is_mariadb());
        let foreign: Vec<_> = inline.chain(&t.foreign_keys).filter(|_| innodb).collect();
        for f in foreign {
            self.add_mysql_foreign_key(&mut work, f, out);
        }
        self.check_auto_increment(&work, t.name.span(), out);
        self.finish(work, true);
    }

    /// The table goes into the catalog, with what its foreign keys point at.
    fn finish(&mut self, work: Work, new: bool) {
        let Work { key, table, .. } = work;
        let keys: Vec<(String, Key)> = keys::foreign_keys(&table);
        if new {
            self.put(key.clone(), Object::Table(table));
        } else {
            let here = self.here();
            self.change_table(&key, |t| {
                let keyed = t.primary_key().is_some();
                *t = table;
                if keyed && t.primary_key().is_none() {
                    t.lost.key(here);
                }
            });
        }
        let wanted: BTreeSet<&String> = keys.iter().map(|(name, _)| name).collect();
        for edge in self.needs_of(&key) {
            if let Part::Constraint(name) = &edge.part
                && !wanted.contains(name)
            {
                self.unlink(&edge);
                let gone = keys::constraint_key(key.schema(), name);
                self.forget(&gone);
            }
        }
        for (name, target) in &keys {
            self.link(target.clone(), key.clone(), Part::Constraint(name.clone()));
            let named = keys::constraint_key(key.schema(), name);
            if !self.has(&named) {
                self.put(named, Object::Other { definition: String::new() });
            }
        }
    }

    /// CREATE TABLE … LIKE: columns and keys, and no foreign keys.
    fn copy_mysql_table(&mut self, work: &mut Work, like: &Name, out: &mut Outcome) {
        let Some(source) = self.expect_table(like, out) else {
            work.table.open = true;
            return;
        };
        let Some(source) = self.held(&source) else { return };
        if !source.kind.is_table() {
            let text = format!("'{}' is not of type 'BASE TABLE'", like.text());
            self.say("invalid-definition", 1347, text, like.span(), None, out);
        }
        let place = work.table.place.clone();
        let copied = |c: &Column| Column { place: place.clone(), typed: place.clone(), ..c.clone() };
        work.table.columns = source.columns.iter().map(copied).collect();
        work.table.open = source.open;
        work.table.definition.clone_from(&source.definition);
        let copy = |i: &Index| Index { implicit: false, place: place.clone(), ..i.clone() };
        work.table.indexes = source.indexes.iter().map(copy).collect();
        let copied =
            |c: &&super::object::Constraint| !matches!(c.kind, super::object::ConstraintType::ForeignKey { .. });
        work.table.constraints = source.constraints.iter().filter(copied).cloned().collect();
    }

    /// `IF NOT EXISTS` of a table that has other columns: the guard hides the difference.
    fn compare_mysql_shape(&mut self, t: &TableDefinition, out: &mut Outcome) {
        let Found::Yes(key) = self.find_relation(&t.name) else { return };
        let Some(existing) = self.table(&key) else { return };
        if existing.open || t.query.is_some() || t.like.is_some() {
            return;
        }
        let missing = t.columns.iter().find(|c| !existing.columns.iter().any(|e| self.same(&e.name, &c.name.value)));
        let Some(missing) = missing else { return };
        let message = format!(
            "table \"{}\" exists without the column \"{}\", and IF NOT EXISTS hides it",
            existing.name, missing.name.value
        );
        let problem = Problem::Other { rule: "if-not-exists-shape", sqlstate: None, message };
        let help = Some("the table is kept as it is: add the column with ALTER TABLE … ADD COLUMN".to_owned());
        out.remarks.push(Refusal { problem, span: missing.name.span, help });
    }

    /// A column at a place, or at the end. Answers whether it is there now.
    fn add_mysql_column(&mut self, work: &mut Work, c: &ColumnSpec, at: Option<usize>, out: &mut Outcome) -> bool {
        if work.table.columns.iter().any(|e| e.name.eq_ignore_ascii_case(&c.name.value)) {
            let problem = Problem::DuplicateColumn { column: c.name.value.clone(), relation: None };
            self.report(problem, c.name.span, None, out);
            work.failed = true;
            return false;
        }
        let column = self.mysql_column(c, &work.table.definition, out);
        let at = at.unwrap_or(work.table.columns.len()).min(work.table.columns.len());
        work.table.columns.insert(at, column);
        if c.data_type.serial {
            let key = crate::change::KeyDefinition {
                kind: crate::change::KeyKind::Unique,
                name: None,
                parts: vec![crate::change::KeyPart {
                    column: Some(c.name.clone()),
                    prefix: None,
                    expr: None,
                    descending: false,
                }],
                if_not_exists: false,
                span: c.span,
            };
            self.add_mysql_key(work, &key, out);
        }
        true
    }

    /// What a column's definition makes of it.
    fn mysql_column(&mut self, c: &ColumnSpec, table_charset: &str, out: &mut Outcome) -> Column {
        let data_type = types::column_type(&c.data_type, table_charset, self.is_mariadb());
        self.check_mysql_default(c, out);
        let auto = c.auto_increment.is_some() || c.data_type.serial;
        if let Some(span) = c.auto_increment {
            if !types::counts(&c.data_type) {
                let text = format!("Incorrect column specifier for column '{}'", c.name.value);
                self.say("invalid-definition", 1063, text, span, Some("AUTO_INCREMENT numbers integers"), out);
            } else if c.default.as_ref().is_some_and(|d| d.literal != Some(crate::change::Literal::Null)) {
                let text = format!("Invalid default value for '{}'", c.name.value);
                self.say(
                    "default-type-mismatch",
                    1067,
                    text,
                    span,
                    Some("an AUTO_INCREMENT column has no default"),
                    out,
                );
            }
        }
        Column {
            name: c.name.value.clone(),
            data_type,
            not_null: c.not_null == Some(true) || auto,
            default: c
                .default
                .as_ref()
                .filter(|d| d.literal != Some(crate::change::Literal::Null))
                .map(|d| d.text.clone()),
            generated: c.generated.as_ref().map(|g| g.expr.text.clone()),
            identity: auto.then_some(crate::change::Identity::ByDefault),
            local: true,
            place: self.place(c.name.span),
            typed: self.place(c.name.span),
        }
    }

    /// The columns that generated columns and defaults are made of.
    fn check_generated_columns<'c>(
        &mut self,
        work: &Work,
        columns: impl Iterator<Item = &'c ColumnSpec>,
        out: &mut Outcome,
    ) {
        for c in columns {
            for expr in c.generated.iter().map(|g| &g.expr).chain(&c.default) {
                self.resolve_in(&work.table, &expr.names, out);
            }
        }
    }

    /// Resolves an expression over the columns of a table that is being made.
    fn resolve_in(&mut self, table: &Table, names: &crate::change::Names, out: &mut Outcome) {
        let columns = (!table.open).then(|| table.columns.clone());
        let scope = super::resolve::Scope::of_columns(Some(&table.name), columns);
        self.resolve_names(names, std::slice::from_ref(&scope), out);
    }

    /// One column counts, and it leads a key.
    fn check_auto_increment(&mut self, work: &Work, span: Span, out: &mut Outcome) {
        if work.table.open || work.failed {
            return;
        }
        let mut counting = work.table.columns.iter().filter(|c| c.identity.is_some());
        let Some(column) = counting.next() else { return };
        let second = counting.next().is_some();
        let leads = work.table.indexes.iter().any(|i| {
            i.columns.first().is_some_and(|c| c.as_ref().is_some_and(|c| c.eq_ignore_ascii_case(&column.name)))
        });
        if second || !leads {
            let text = "Incorrect table definition; there can be only one auto column and it must be defined as a key";
            let span = column
                .place
                .0
                .as_ref()
                .map_or(span, |(file, at)| if self.file.as_deref() == Some(&**file) { *at } else { span });
            let help = if second { None } else { Some("make it the PRIMARY KEY, or give it a KEY of its own") };
            self.say("invalid-definition", 1075, text.to_owned(), span, help, out);
        }
    }

    // ---- DROP, RENAME

    fn drop_mysql(
        &mut self,
        kind: ObjectKind,
        names: &[Name],
        if_exists: bool,
        temporary: bool,
        since: Option<&Mark>,
        out: &mut Outcome,
    ) {
        if !matches!(kind, ObjectKind::Table | ObjectKind::View) {
            for name in names {
                self.drop_named(kind, name, if_exists, out);
            }
            return;
        }
        let mut together = BTreeSet::new();
        for name in names {
            if let Found::Yes(key) = self.find_relation(name) {
                // MySQL drops what is named together; MariaDB one after the other.
                if !self.is_mariadb() {
                    together.insert(key);
                }
            }
        }
        for name in names {
            let key = match self.find_relation(name) {
                Found::Yes(key) => key,
                Found::Perhaps => continue,
                Found::No => {
                    self.missing_relation(kind, name, if_exists || temporary, out);
                    continue;
                }
            };
            let Some(table) = self.table(&key) else { continue };
            let is_table = table.kind.is_table();
            if is_table != (kind == ObjectKind::Table) {
                if !if_exists || is_table {
                    let (number, text, help) = if is_table && self.is_mariadb() {
                        (4092, format!("Unknown VIEW: '{}'", name.text()), "it is a table: DROP TABLE")
                    } else if is_table {
                        (1347, format!("'{}' is not of type 'VIEW'", name.text()), "it is a table: DROP TABLE")
                    } else {
                        (1965, format!("'{}' is a view", name.text()), "it is a view: DROP VIEW")
                    };
                    self.say("invalid-definition", number, text, name.span(), Some(help), out);
                }
                continue;
            }
            if is_table && !table.temporary && since.is_some_and(|m| self.was_there(m, &key)) {
                out.data.push(Data::DropsTable { table: key.clone(), span: name.span() });
            }
            if is_table && !self.may_drop_mysql(&key, name.span(), &together, out) {
                continue;
            }
            self.remove_mysql_table(&key);
        }
    }

    fn missing_relation(&mut self, kind: ObjectKind, name: &Name, guarded: bool, out: &mut Outcome) {
        let word = &name.name.value;
        if guarded {
            if !self.ever_was(word)
                && let Some(help) = out.suggestion(word, self.relation_names())
            {
                let message = format!("no {} \"{word}\" ever existed: this drops nothing", kind.text());
                let problem = Problem::Other { rule: "vacuous-if-exists", sqlstate: None, message };
                out.remarks.push(Refusal { problem, span: name.span(), help: Some(help) });
            }
            return;
        }
        if self.is_poisoned(&format!("relation {}", name.text())) {
            return;
        }
        let help = out.suggestion(word, self.relation_names());
        self.report(Problem::UndefinedObject { kind, name: name.text() }, name.span(), help, out);
    }

    /// Whether a foreign key of another table points here.
    fn may_drop_mysql(&mut self, key: &Key, span: Span, together: &BTreeSet<Key>, out: &mut Outcome) -> bool {
        if self.session.foreign_keys_off {
            return true;
        }
        let edges = self.dependents(key);
        let child = edges.iter().find(|e| {
            matches!(e.part, Part::Constraint(_))
                && e.from != *key
                && !together.contains(&e.from)
                && !self.edge_may_be_gone(e)
        });
        let Some(child) = child else { return true };
        let Part::Constraint(name) = &child.part else { return true };
        let (number, text) = if self.is_mariadb() {
            (1451, "Cannot delete or update a parent row: a foreign key constraint fails".to_owned())
        } else {
            let text = format!(
                "Cannot drop table '{}' referenced by a foreign key constraint '{name}' on table '{}'.",
                key.name(),
                child.from.name()
            );
            (3730, text)
        };
        let help = format!("\"{name}\" of \"{}\" points at it: drop that table or that key first", child.from.name());
        self.report(problem("dependent-objects", number, &text), span, Some(help), out);
        false
    }

    /// Takes a table away with its triggers and the names of its foreign keys. What points at it keeps its keys.
    fn remove_mysql_table(&mut self, key: &Key) {
        let Some(table) = self.held(key) else { return };
        for (name, _) in &table.triggers {
            let trigger = Key::Other(ObjectKind::Trigger, key.schema().to_owned(), name.clone());
            self.forget(&trigger);
        }
        for (name, _) in keys::foreign_keys(&table) {
            let named = keys::constraint_key(key.schema(), &name);
            self.forget(&named);
        }
        self.forget(key);
    }

    fn rename_mysql_table(&mut self, from: &Name, to: &Name, if_exists: bool, out: &mut Outcome) {
        let key = match self.find_relation(from) {
            Found::Yes(key) => key,
            Found::No if if_exists => return,
            Found::No => {
                self.report_relation(from, out);
                self.poison(&to.text());
                return;
            }
            Found::Perhaps => return,
        };
        self.check_name(&to.name, out);
        let schema = to.schema.as_ref().map_or_else(|| key.schema().to_owned(), |s| s.value.clone());
        let target = Key::Relation(schema, self.folded(&to.name.value));
        self.remember(&to.name.value);
        if target == key {
            return;
        }
        self.give_way(&target);
        if let Some(object) = self.get(&target) {
            let kind = super::relations::relation_kind(object);
            let problem = Problem::DuplicateRelation { name: to.name.value.clone(), kind };
            self.report(problem, to.span(), None, out);
            return;
        }
        let Some(held) = self.held(&key) else { return };
        let mut table = Table::clone(&held);
        to.name.value.clone_into(&mut table.name);
        // The names that InnoDB gave are those of the table.
        let generated = format!("{}_ibfk_", key.name());
        for c in &mut table.constraints {
            if let Some(number) = c.name.strip_prefix(&generated) {
                c.name = format!("{}_ibfk_{number}", to.name.value);
            }
            if let super::object::ConstraintType::ForeignKey { table, .. } = &mut c.kind
                && *table == key
            {
                table.clone_from(&target);
            }
        }
        let children: Vec<Key> = self.dependents(&key).into_iter().map(|e| e.from).filter(|k| *k != key).collect();
        self.relink(&key, &target);
        for (name, _) in keys::foreign_keys(&held) {
            let named = keys::constraint_key(key.schema(), &name);
            self.forget(&named);
        }
        for edge in self.needs_of(&target) {
            if matches!(edge.part, Part::Constraint(_)) {
                self.unlink(&edge);
            }
        }
        self.forget(&key);
        let work = Work { key: target.clone(), table, failed: false };
        self.finish(work, true);
        for child in children {
            self.change_table(&child, |t| {
                for c in &mut t.constraints {
                    if let super::object::ConstraintType::ForeignKey { table, .. } = &mut c.kind
                        && *table == key
                    {
                        table.clone_from(&target);
                    }
                }
            });
        }
    }

    // ---- triggers, routines, events

    fn create_mysql_trigger(&mut self, t: &TriggerDefinition, out: &mut Outcome) {
        let Some(table) = self.expect_table(&t.table, out) else { return };
        let Some(owner) = self.held(&table) else { return };
        if !owner.kind.is_table() {
            let text = format!("'{}' is not of type 'BASE TABLE'", t.table.text());
            self.say("invalid-definition", 1347, text, t.table.span(), Some("a trigger belongs to a table"), out);
            return;
        }
        for (row, column) in &t.row_columns {
            if !self.has_column(&owner, &column.value) {
                let help = out.suggestion(&column.value, owner.columns.iter().map(|c| c.name.as_str()));
                let row = if *row == RowName::New { "NEW" } else { "OLD" };
                let text = format!("Unknown column '{}' in '{row}'", column.value);
                self.report(problem("undefined-column", 1054, &text), column.span, help, out);
            }
        }
        if let Some(other) = &t.beside
            && !owner.triggers.iter().any(|(n, _)| *n == other.value)
            && !owner.open
        {
            let text = format!(
                "Referenced trigger '{}' for the given action time and event type does not exist.",
                other.value
            );
            self.say("undefined-object", 4031, text, other.span, None, out);
        }
        let key = Key::Other(ObjectKind::Trigger, table.schema().to_owned(), t.name.name.value.clone());
        if self.has(&key) {
            if t.if_not_exists {
                return;
            }
            if !t.or_replace {
                let name = t.name.name.value.clone();
                let problem = Problem::DuplicateObject { kind: ObjectKind::Trigger, name, relation: None };
                self.report(problem, t.name.span(), None, out);
                return;
            }
        }
        self.remember(&t.name.name.value);
        self.put(key, Object::Other { definition: t.text.clone() });
        let entry = (t.name.name.value.clone(), t.text.clone());
        self.change_table(&table, |table| {
            table.triggers.retain(|(n, _)| *n != entry.0);
            table.triggers.push(entry);
            table.triggers.sort();
        });
    }

    fn named_key(&self, kind: ObjectKind, name: &Name) -> Key {
        let schema = name.schema.as_ref().map(|s| s.value.clone());
        let schema = schema.or_else(|| self.search_path.first().cloned()).unwrap_or_default();
        match kind {
            ObjectKind::Sequence => Key::Relation(schema, name.name.value.clone()),
            // Routines and events are found in any case, triggers are not.
            ObjectKind::Trigger => Key::Other(kind, schema, name.name.value.clone()),
            _ => Key::Other(kind, schema, name.name.value.to_lowercase()),
        }
    }

    fn create_named(
        &mut self,
        kind: ObjectKind,
        name: &Name,
        or_replace: bool,
        if_not_exists: bool,
        definition: String,
        out: &mut Outcome,
    ) {
        self.check_name(&name.name, out);
        let key = self.named_key(kind, name);
        self.give_way(&key);
        if self.has(&key) && !or_replace {
            if !if_not_exists {
                let problem = Problem::DuplicateObject { kind, name: name.name.value.clone(), relation: None };
                self.report(problem, name.span(), None, out);
            }
            return;
        }
        self.remember(&name.name.value);
        let object = match kind {
            ObjectKind::Sequence => Object::Sequence { owned_by: None },
            _ => Object::Other { definition },
        };
        self.put(key, object);
    }

    fn create_routine(&mut self, r: &RoutineDefinition, out: &mut Outcome) {
        self.create_named(r.kind, &r.name, r.or_replace, r.if_not_exists, r.text.clone(), out);
        if r.kind == ObjectKind::Procedure {
            let key = self.named_key(r.kind, &r.name);
            self.session.set_body(key.name(), r.body.clone());
        }
    }

    /// Whether a routine, an event or a trigger is there; says so where it is not.
    fn expect_named(&mut self, kind: ObjectKind, name: &Name, guarded: bool, out: &mut Outcome) -> bool {
        let key = self.named_key(kind, name);
        if self.has(&key) {
            return true;
        }
        let unsure = self.may_be_there(&key) || self.is_blurred(&name.name.value) || !self.has_schema(key.schema());
        if guarded || unsure {
            return false;
        }
        let names: Vec<String> = self
            .iter()
            .filter(|(k, _)| matches!(k, Key::Other(of, ..) if *of == kind))
            .map(|(k, _)| k.name().to_owned())
            .collect();
        let help = out.suggestion(&name.name.value, names.iter().map(String::as_str));
        self.report(Problem::UndefinedObject { kind, name: name.text() }, name.span(), help, out);
        false
    }

    fn has_schema(&self, schema: &str) -> bool {
        schema == self.engine.default_schema || self.has(&Key::Schema(schema.to_owned()))
    }

    fn drop_named(&mut self, kind: ObjectKind, name: &Name, guarded: bool, out: &mut Outcome) {
        if !self.expect_named(kind, name, guarded, out) {
            return;
        }
        let key = self.named_key(kind, name);
        if kind == ObjectKind::Trigger {
            let word = name.name.value.clone();
            let owner = self.iter().find_map(|(k, o)| match o {
                Object::Table(t) if k.schema() == key.schema() && t.triggers.iter().any(|(n, _)| *n == word) => {
                    Some(k.clone())
                }
                _ => None,
            });
            if let Some(owner) = owner {
                self.change_table(&owner, |t| t.triggers.retain(|(n, _)| *n != word));
            }
        }
        self.forget(&key);
    }
}
