//! What differs between two catalogs, as far as it does for certain.
//!
//! Rows are not compared, nor is the order of columns, nor what only a server could tell apart from another way to write
//! the same: two texts that differ count where the file that takes back has left the migration's own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalog::object::{
    Column, Constraint, ConstraintType, Function, Index, Table, TableKind, Type, UserType, UserTypeKind,
};
use crate::catalog::types::quoted;
use crate::catalog::{Catalog, Key, Mark, Object};
use crate::change::{Change, ObjectKind, Statement};

/// Something that is not as it was.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) message: String,
    /// The statement that would mend it, where one is known.
    pub(super) help: Option<String>,
    /// The names that stand in the statements about it.
    pub(super) names: Vec<String>,
}

type Objects = BTreeMap<Key, Option<Arc<Object>>>;

/// The extensions that a guard may have found there.
pub(super) fn extensions_that_may_have_been_there(statements: &[Statement]) -> BTreeSet<String> {
    let guarded = |s: &Statement| match &s.change {
        Some(Change::CreateExtension { name, if_not_exists: true, .. }) => Some(name.value.clone()),
        _ => None,
    };
    statements.iter().filter_map(guarded).collect()
}

/// All differences between the catalog and what its objects were before; `left` are those that were changed since the
/// migration, as the migration left them.
pub(super) fn all(
    catalog: &Catalog,
    base: &Mark,
    before: &Objects,
    left: &Objects,
    may_have_been: &BTreeSet<String>,
) -> Vec<Difference> {
    let mut found = Finder { catalog, base, differs: BTreeSet::new(), all: Vec::new() };
    let changed: Vec<_> = before
        .iter()
        .map(|(key, old)| (key, old.as_deref(), catalog.get(key)))
        .filter(|(_, old, now)| old != now)
        .collect();
    found.differs = changed.iter().filter(|(_, old, now)| old.is_none() || now.is_none()).map(|c| c.0).collect();
    for (key, old, now) in changed {
        let mine = matches!(key, Key::Extension(name) if may_have_been.contains(name));
        if mine || is_part(key, old.or(now)) || !catalog.is_sure_since(base, key) {
            continue;
        }
        match (old, now) {
            (None, Some(now)) => found.left(key, now),
            (Some(old), None) => found.gone(key, old),
            (Some(old), Some(now)) => {
                let after = left.get(key).map_or(Some(now), |object| object.as_deref());
                found.changed(key, old, now, after);
            }
            (None, None) => {}
        }
    }
    found.all
}

/// Whether an object is told of with another one, or goes with its session.
fn is_part(key: &Key, object: Option<&Object>) -> bool {
    match object {
        Some(Object::Index(_) | Object::Sequence { owned_by: Some(_) }) => true,
        Some(Object::Table(t)) => t.temporary,
        Some(Object::Other { .. }) => {
            matches!(key, Key::Other(ObjectKind::Constraint | ObjectKind::Trigger, ..))
        }
        _ => false,
    }
}

/// How an object is called, and how it would be dropped.
fn words(key: &Key, object: &Object) -> (&'static str, Option<&'static str>) {
    match object {
        Object::Schema => ("schema", Some("SCHEMA")),
        Object::Table(t) => match t.kind {
            TableKind::Table | TableKind::Partitioned => ("table", Some("TABLE")),
            TableKind::Foreign => ("foreign table", Some("FOREIGN TABLE")),
            TableKind::View => ("view", Some("VIEW")),
            TableKind::MaterializedView => ("materialized view", Some("MATERIALIZED VIEW")),
        },
        Object::Index(_) => ("index", Some("INDEX")),
        Object::Sequence { .. } => ("sequence", Some("SEQUENCE")),
        Object::Type(UserType { kind: UserTypeKind::Domain { .. }, .. }) => ("domain", Some("DOMAIN")),
        Object::Type(_) => ("type", Some("TYPE")),
        Object::Function(_) => ("function", None),
        Object::Extension { .. } => ("extension", Some("EXTENSION")),
        Object::Other { .. } => match key {
            Key::Other(kind, ..) => (kind.text(), None),
            _ => ("object", None),
        },
    }
}

/// Two texts but for white space, case and OR REPLACE.
fn reads_alike(a: &str, b: &str) -> bool {
    let plain = |text: &str| -> String {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        text.to_lowercase().replacen("orreplace", "", 1)
    };
    plain(a) == plain(b)
}

/// The value of a number or a text that is written out.
fn literal(text: &str) -> Option<&str> {
    let plain = text.split("::").next().unwrap_or_default().trim();
    let inner = plain.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')).filter(|t| !t.contains('\''));
    let number = || plain.bytes().all(|b| b.is_ascii_digit()).then_some(plain).filter(|n| !n.is_empty());
    inner.or_else(number)
}

/// Whether two types are for certain not one.
fn types_differ(a: &Type, b: &Type) -> bool {
    !a.unknown && !b.unknown && !a.text.eq_ignore_ascii_case(&b.text)
}

struct Finder<'c> {
    catalog: &'c Catalog,
    base: &'c Mark,
    /// What is there on one side alone.
    differs: BTreeSet<&'c Key>,
    all: Vec<Difference>,
}

impl Finder<'_> {
    /// The schema, where it has to be said.
    fn schema<'k>(&self, key: &'k Key) -> Option<&'k str> {
        let usual = |schema: &str| schema.is_empty() || schema == self.catalog.engine.default_schema;
        Some(key.schema()).filter(|schema| !usual(schema) && !matches!(key, Key::Schema(_)))
    }

    fn name(&self, key: &Key) -> String {
        match self.schema(key) {
            Some(schema) => format!("{schema}.{}", key.name()),
            None => key.name().to_owned(),
        }
    }

    /// As it is written in SQL.
    fn written(&self, key: &Key) -> String {
        match self.schema(key) {
            Some(schema) => format!("{}.{}", quoted(schema), quoted(key.name())),
            None => quoted(key.name()),
        }
    }

    fn say(&mut self, message: String, help: Option<String>, names: &[&str]) {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.all.push(Difference { message, help, names });
    }

    fn left(&mut self, key: &Key, now: &Object) {
        if let Object::Function(all) = now {
            all.iter().for_each(|f| self.left_function(key, f));
            return;
        }
        let (kind, drop) = words(key, now);
        let help = drop.map(|word| format!("DROP {word} {};", self.written(key)));
        self.say(format!("{kind} \"{}\" is left behind", self.name(key)), help, &[key.name()]);
    }

    fn gone(&mut self, key: &Key, old: &Object) {
        if let Object::Function(all) = old {
            all.iter().for_each(|f| self.gone_function(key, f));
            return;
        }
        let (kind, _) = words(key, old);
        self.say(format!("{kind} \"{}\" does not come back", self.name(key)), None, &[key.name()]);
    }

    fn changed(&mut self, key: &Key, old: &Object, now: &Object, after: Option<&Object>) {
        match (old, now) {
            (Object::Table(old), Object::Table(now)) => {
                let after = match after {
                    Some(Object::Table(t)) => Some(t),
                    _ => None,
                };
                self.table(key, old, now, after);
            }
            (Object::Type(old), Object::Type(now)) => self.user_type(key, &old.kind, &now.kind),
            (Object::Function(old), Object::Function(now)) => {
                let after = match after {
                    Some(Object::Function(f)) => f.as_slice(),
                    _ => &[],
                };
                self.functions(key, old, now, after);
            }
            (Object::Other { definition: was }, Object::Other { definition: is }) => {
                let untouched = matches!(after, Some(Object::Other { definition }) if definition == is);
                if untouched && !reads_alike(was, is) {
                    let (kind, _) = words(key, now);
                    let message = format!("{kind} \"{}\" stays as the migration made it", self.name(key));
                    self.say(message, None, &[key.name()]);
                }
            }
            _ if std::mem::discriminant(old) != std::mem::discriminant(now) => {
                let ((was, _), (is, _)) = (words(key, old), words(key, now));
                let message = format!("\"{}\" is a {is} then, and was a {was}", self.name(key));
                self.say(message, None, &[key.name()]);
            }
            _ => {}
        }
    }

    // ---- functions

    fn left_function(&mut self, key: &Key, f: &Function) {
        let (kind, arguments) = (f.kind.text(), f.arguments.join(", "));
        let help = format!("DROP {} {}({arguments});", kind.to_uppercase(), self.written(key));
        self.say(format!("{kind} {}({arguments}) is left behind", self.name(key)), Some(help), &[key.name()]);
    }

    fn gone_function(&mut self, key: &Key, f: &Function) {
        let message = format!("{} {}({}) does not come back", f.kind.text(), self.name(key), f.arguments.join(", "));
        self.say(message, None, &[key.name()]);
    }

    fn functions(&mut self, key: &Key, old: &[Function], now: &[Function], after: &[Function]) {
        let of = |all: &[Function], f: &Function| all.iter().find(|o| o.arguments == f.arguments).cloned();
        for f in now {
            let Some(was) = of(old, f) else {
                self.left_function(key, f);
                continue;
            };
            // The text of a body is what the engine keeps.
            let body = !reads_alike(&was.definition, &f.definition);
            let own = of(after, f).is_some_and(|a| a.definition == f.definition);
            if body && own || !was.returns.eq_ignore_ascii_case(&f.returns) {
                let arguments = f.arguments.join(", ");
                let message =
                    format!("{} {}({arguments}) stays as the migration made it", f.kind.text(), self.name(key));
                self.say(message, None, &[key.name()]);
            }
        }
        old.iter().filter(|f| of(now, f).is_none()).for_each(|f| self.gone_function(key, f));
    }

    // ---- types

    fn user_type(&mut self, key: &Key, old: &UserTypeKind, now: &UserTypeKind) {
        let name = self.name(key);
        match (old, now) {
            (UserTypeKind::Enum(old), UserTypeKind::Enum(now)) => {
                for label in now.iter().filter(|l| !old.contains(l)) {
                    let message = format!("label '{label}' of type \"{name}\" is left behind");
                    self.say(message, None, &[key.name(), label]);
                }
                for label in old.iter().filter(|l| !now.contains(l)) {
                    let message = format!("label '{label}' of type \"{name}\" does not come back");
                    self.say(message, None, &[key.name(), label]);
                }
                let both = |a: &[String], b: &[String]| -> Vec<String> {
                    a.iter().filter(|l| b.contains(l)).cloned().collect()
                };
                if both(old, now) != both(now, old) {
                    self.say(format!("the labels of type \"{name}\" are in another order"), None, &[key.name()]);
                }
            }
            (UserTypeKind::Composite(old), UserTypeKind::Composite(now)) => {
                let named = |all: &[(String, Type)], name: &str| all.iter().find(|(n, _)| n == name).cloned();
                for (attribute, t) in now {
                    match named(old, attribute) {
                        None => {
                            let message = format!("attribute \"{attribute}\" of type \"{name}\" is left behind");
                            self.say(message, None, &[key.name(), attribute]);
                        }
                        Some((_, was)) if types_differ(&was, t) => {
                            let message = format!(
                                "attribute \"{attribute}\" of type \"{name}\" is {} then, and was {}",
                                t.text, was.text
                            );
                            self.say(message, None, &[key.name(), attribute]);
                        }
                        Some(_) => {}
                    }
                }
                for (attribute, _) in old.iter().filter(|(n, _)| named(now, n).is_none()) {
                    let message = format!("attribute \"{attribute}\" of type \"{name}\" does not come back");
                    self.say(message, None, &[key.name(), attribute]);
                }
            }
            (
                UserTypeKind::Domain { base: was, not_null: old_null, constraints: old, .. },
                UserTypeKind::Domain { base: is, not_null: now_null, constraints: now, .. },
            ) => {
                if types_differ(was, is) {
                    let message = format!("domain \"{name}\" is over {} then, and was over {}", is.text, was.text);
                    self.say(message, None, &[key.name()]);
                }
                if old_null != now_null {
                    let message = format!("domain \"{name}\" {} then", takes_null(*now_null));
                    self.say(message, None, &[key.name()]);
                }
                for (constraint, _) in now.iter().filter(|(n, _)| !old.iter().any(|(o, _)| o == n)) {
                    let message = format!("constraint \"{constraint}\" of domain \"{name}\" is left behind");
                    self.say(message, None, &[key.name()]);
                }
                for (constraint, _) in old.iter().filter(|(o, _)| !now.iter().any(|(n, _)| o == n)) {
                    let message = format!("constraint \"{constraint}\" of domain \"{name}\" does not come back");
                    self.say(message, None, &[key.name()]);
                }
            }
            _ if std::mem::discriminant(old) != std::mem::discriminant(now) => {
                self.say(format!("type \"{name}\" is of another kind"), None, &[key.name()]);
            }
            _ => {}
        }
    }

    // ---- tables

    fn table(&mut self, key: &Key, old: &Table, now: &Table, after: Option<&Table>) {
        if old.kind != now.kind {
            let word = |t: &Table| t.kind.object_kind().text();
            let message = format!("\"{}\" is a {} then, and was a {}", self.name(key), word(now), word(old));
            self.say(message, None, &[key.name()]);
            return;
        }
        if old.open || now.open {
            return;
        }
        let same = |a: &str, b: &str| self.catalog.same(a, b);
        let find = |t: &Table, name: &str| t.columns.iter().find(|c| same(&c.name, name)).cloned();
        let of_now = now.columns.iter().map(|c| (&c.name, find(old, &c.name)));
        let lost: Vec<String> = of_now
            .filter(|(_, was)| was.is_none())
            .map(|(name, _)| name.clone())
            .chain(old.columns.iter().filter(|c| find(now, &c.name).is_none()).map(|c| c.name.clone()))
            .collect();
        let before = self.all.len();
        for c in &now.columns {
            match find(old, &c.name) {
                None => self.part(key, "column", &c.name, true),
                Some(was) => {
                    let left = after.and_then(|t| find(t, &c.name));
                    self.column(key, &was, c, left.as_ref());
                }
            }
        }
        for c in old.columns.iter().filter(|c| find(now, &c.name).is_none()) {
            self.part(key, "column", &c.name, false);
        }
        if !now.kind.is_table() {
            // The texts of two queries: only where the migration's own is still there.
            let own = after.is_some_and(|t| t.definition == now.definition);
            if before == self.all.len() && own && !reads_alike(&old.definition, &now.definition) {
                let word = now.kind.object_kind().text();
                let message = format!("{word} \"{}\" stays as the migration made it", self.name(key));
                self.say(message, None, &[key.name()]);
            }
        }
        // What a column takes with it needs no word of its own.
        let with_column = |columns: &[String]| columns.iter().any(|c| lost.iter().any(|l| same(l, c)));
        let (was, is) = (told(old, &with_column), told(now, &with_column));
        self.constraints(key, &was, &is, after);
        self.indexes(key, old, now, after, &with_column);
        let names = |all: &[(String, String)]| all.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
        for (kind, was, is) in [
            ("trigger", &names(&old.triggers), &names(&now.triggers)),
            ("policy", &old.policies, &now.policies),
            ("rule", &old.rules, &now.rules),
        ] {
            is.iter().filter(|n| !was.contains(n)).for_each(|n| self.part(key, kind, n, true));
            was.iter().filter(|n| !is.contains(n)).for_each(|n| self.part(key, kind, n, false));
        }
        let parents = |t: &Table| t.parents.iter().cloned().collect::<BTreeSet<_>>();
        if parents(old) != parents(now) && !old.parents.iter().chain(&now.parents).any(|p| self.differs.contains(p)) {
            let message = format!("table \"{}\" is not a child of the same tables", self.name(key));
            self.say(message, None, &[key.name()]);
        }
    }

    /// A part of a table that is left behind, or does not come back.
    fn part(&mut self, table: &Key, kind: &str, name: &str, left: bool) {
        if !self.catalog.is_part_sure_since(self.base, table, name) {
            return;
        }
        let message = format!(
            "{kind} \"{name}\" of \"{}\" {}",
            self.name(table),
            if left { "is left behind" } else { "does not come back" }
        );
        let (written, part) = (self.written(table), quoted(name));
        let help = match kind {
            "column" if left => Some(format!("ALTER TABLE {written} DROP COLUMN {part};")),
            "trigger" | "policy" | "rule" if left && self.catalog.engine.locks_tables => {
                Some(format!("DROP {} {part} ON {written};", kind.to_uppercase()))
            }
            "trigger" if left => Some(format!("DROP TRIGGER {part};")),
            _ => None,
        };
        self.say(message, help, &[table.name(), name]);
    }

    fn column(&mut self, table: &Key, old: &Column, now: &Column, after: Option<&Column>) {
        if !self.catalog.is_part_sure_since(self.base, table, &now.name) {
            return;
        }
        let mut what = Vec::new();
        let user = |t: &Type| t.user.as_ref().is_some_and(|key| self.differs.contains(key));
        if types_differ(&old.data_type, &now.data_type) && !user(&old.data_type) && !user(&now.data_type) {
            what.push(format!("is {} then, and was {}", now.data_type.text, old.data_type.text));
        }
        if old.not_null != now.not_null {
            what.push(format!("{} then", takes_null(now.not_null)));
        }
        let untouched = |of: fn(&Column) -> Option<&String>| after.is_some_and(|a| of(a) == of(now));
        match (&old.default, &now.default) {
            (None, Some(default)) => what.push(format!("has the default {default} then")),
            (Some(default), None) => what.push(format!("has lost its default {default}")),
            (Some(was), Some(is)) if was != is => {
                let differ = match (literal(was), literal(is)) {
                    (Some(a), Some(b)) => a != b,
                    _ => untouched(|c| c.default.as_ref()) && !reads_alike(was, is),
                };
                if differ {
                    what.push(format!("has the default {is} then, and had {was}"));
                }
            }
            _ => {}
        }
        if old.generated.is_some() != now.generated.is_some() {
            let not = if now.generated.is_some() { "" } else { "not " };
            what.push(format!("is {not}generated then"));
        }
        if old.identity.is_some() != now.identity.is_some() {
            what.push(format!("is {}an identity then", if now.identity.is_some() { "" } else { "not " }));
        }
        if !what.is_empty() {
            let message = format!("column \"{}\" of \"{}\" {}", now.name, self.name(table), what.join(", "));
            self.say(message, None, &[table.name(), &now.name]);
        }
    }

    fn constraints(&mut self, table: &Key, old: &[&Constraint], now: &[&Constraint], after: Option<&Table>) {
        let mut rest: Vec<&Constraint> = old.to_vec();
        for c in now {
            let aims_elsewhere = |c: &Constraint| match &c.kind {
                ConstraintType::ForeignKey { table, .. } => self.differs.contains(table),
                _ => false,
            };
            // SQLite has constraints without a name.
            let at = rest.iter().position(|o| {
                if c.name.is_empty() { o.name.is_empty() && alike(o, c) } else { self.catalog.same(&o.name, &c.name) }
            });
            let Some(was) = at.map(|at| rest.swap_remove(at)) else {
                if !aims_elsewhere(c) {
                    self.constraint(table, c, "is left behind");
                }
                continue;
            };
            let own = after.is_some_and(|t| t.constraints.iter().any(|a| a.name == c.name && a == *c));
            let text = own && !reads_alike(&was.definition, &c.definition);
            if !aims_elsewhere(c) && !aims_elsewhere(was) && (!alike(was, c) || text) {
                self.constraint(table, c, "is not as it was");
            }
        }
        for c in rest {
            let aims_elsewhere =
                matches!(&c.kind, ConstraintType::ForeignKey { table, .. } if self.differs.contains(table));
            if !aims_elsewhere {
                self.constraint(table, c, "does not come back");
            }
        }
    }

    fn constraint(&mut self, table: &Key, c: &Constraint, how: &str) {
        let kind = match c.kind {
            ConstraintType::PrimaryKey => "primary key",
            ConstraintType::Unique => "unique constraint",
            ConstraintType::Check => "check",
            ConstraintType::Exclude => "exclusion constraint",
            ConstraintType::NotNull => "NOT NULL",
            ConstraintType::ForeignKey { .. } => "foreign key",
        };
        if !self.catalog.is_part_sure_since(self.base, table, &c.name) {
            return;
        }
        let own = self.name(table);
        if c.name.is_empty() {
            let columns = c.columns.join(", ");
            self.say(format!("{kind} ({columns}) of \"{own}\" {how}"), None, &[table.name()]);
        } else {
            let help = (how == "is left behind" && self.catalog.engine.locks_tables)
                .then(|| format!("ALTER TABLE {} DROP CONSTRAINT {};", self.written(table), quoted(&c.name)));
            self.say(format!("{kind} \"{}\" of \"{own}\" {how}", c.name), help, &[table.name()]);
        }
    }

    fn indexes(
        &mut self,
        table: &Key,
        old: &Table,
        now: &Table,
        after: Option<&Table>,
        with_column: &dyn Fn(&[String]) -> bool,
    ) {
        let told = |i: &&Index| {
            let columns: Vec<String> = i.columns.iter().flatten().chain(&i.reads).cloned().collect();
            !i.constraint && !with_column(&columns)
        };
        let find = |t: &Table, name: &str| t.indexes.iter().find(|i| self.catalog.same(&i.name, name)).cloned();
        let mut said = Vec::new();
        for i in now.indexes.iter().filter(told) {
            let how = match find(old, &i.name) {
                None => "is left behind",
                Some(was) => {
                    let shape = |i: &Index| {
                        let columns: Vec<_> = i.columns.iter().map(|c| c.as_ref().map(|c| c.to_lowercase())).collect();
                        (i.unique, columns, i.predicate.is_some())
                    };
                    let own = after.and_then(|t| find(t, &i.name)).is_some_and(|a| a == *i);
                    let alike = !own || reads_alike(&was.definition, &i.definition);
                    if alike && shape(&was) == shape(i) {
                        continue;
                    }
                    "is not as it was"
                }
            };
            said.push((i, how));
        }
        said.extend(
            old.indexes.iter().filter(told).filter(|i| find(now, &i.name).is_none()).map(|i| (i, "does not come back")),
        );
        for (index, how) in said {
            let key = Key::Relation(table.schema().to_owned(), self.catalog.folded(&index.name));
            let unsure = !self.catalog.is_sure_since(self.base, &key)
                || !self.catalog.is_part_sure_since(self.base, table, &index.name);
            if unsure {
                continue;
            }
            let help = (how == "is left behind").then(|| {
                let on = if self.catalog.engine.backend.is_mysql() {
                    format!(" ON {}", self.written(table))
                } else {
                    String::new()
                };
                format!("DROP INDEX {}{on};", quoted(&index.name))
            });
            let message = format!("index \"{}\" of \"{}\" {how}", index.name, self.name(table));
            self.say(message, help, &[index.name.as_str()]);
        }
    }
}

fn takes_null(not_null: bool) -> &'static str {
    if not_null { "does not take NULL" } else { "takes NULL" }
}

/// The constraints that are looked at: NOT NULL is the columns' affair.
fn told<'t>(table: &'t Table, with_column: &dyn Fn(&[String]) -> bool) -> Vec<&'t Constraint> {
    let own = |c: &&Constraint| c.kind != ConstraintType::NotNull && !with_column(&c.columns);
    table.constraints.iter().filter(own).collect()
}

/// Whether two constraints are of one kind and about the same columns.
fn alike(a: &Constraint, b: &Constraint) -> bool {
    let columns = |all: &[String]| all.iter().map(|c| c.to_lowercase()).collect::<Vec<_>>();
    let aim = |c: &Constraint| match &c.kind {
        ConstraintType::ForeignKey { table, columns: theirs, on_delete, on_update } => {
            Some((table.clone(), columns(theirs), *on_delete, *on_update))
        }
        _ => None,
    };
    let check = a.kind == ConstraintType::Check;
    std::mem::discriminant(&a.kind) == std::mem::discriminant(&b.kind)
        && (check || columns(&a.columns) == columns(&b.columns))
        && aim(a) == aim(b)
        && a.valid == b.valid
}
