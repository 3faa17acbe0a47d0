//! Keys, foreign keys and checks of a table that is being made or altered.

use super::super::object::{Column, Constraint, ConstraintType, Index, Place, Table};
use super::super::{Catalog, Found, Key, Outcome, Problem};
use super::{Work, problem, types};
use crate::change::{Action, CheckSpec, ColumnSpec, ForeignKeySpec, Ident, KeyDefinition, KeyKind, Name, ObjectKind};

/// The name that the key of every primary key has.
pub(super) const PRIMARY: &str = "PRIMARY";

/// Where the name of a foreign key is kept: InnoDB has one of each in a database.
pub(super) fn constraint_key(schema: &str, name: &str) -> Key {
    Key::Other(ObjectKind::Constraint, schema.to_owned(), name.to_lowercase())
}

/// The foreign keys of a table: their names, and the tables they point at.
pub(super) fn foreign_keys(table: &Table) -> Vec<(String, Key)> {
    let of = |c: &Constraint| match &c.kind {
        ConstraintType::ForeignKey { table, .. } => Some((c.name.clone(), table.clone())),
        _ => None,
    };
    table.constraints.iter().filter_map(of).collect()
}

pub(super) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

pub(super) fn column<'t>(table: &'t Table, name: &str) -> Option<&'t Column> {
    table.columns.iter().find(|c| same(&c.name, name))
}

/// Whether the first columns of a key are these, in this order.
pub(super) fn leads(index: &Index, columns: &[String]) -> bool {
    index.columns.len() >= columns.len()
        && index.columns.iter().zip(columns).all(|(i, c)| i.as_ref().is_some_and(|i| same(i, c)))
}

/// Whether the first columns of a key are these, in any order: enough for the table that points.
fn covers(index: &Index, columns: &[String]) -> bool {
    leads(index, columns)
}

fn constraint(
    name: String,
    kind: ConstraintType,
    columns: Vec<String>,
    definition: String,
    place: Place,
) -> Constraint {
    Constraint {
        name,
        kind,
        columns,
        definition,
        valid: true,
        parent: None,
        local: true,
        no_inherit: false,
        deferrable: false,
        place,
    }
}

fn index(name: String, unique: bool, constraint: bool, columns: Vec<Option<String>>, definition: String) -> Index {
    Index {
        labels: columns.iter().flatten().cloned().collect(),
        name,
        unique,
        columns,
        predicate: None,
        reads: Vec::new(),
        constraint,
        lenient: false,
        definition,
        plain: true,
        parent: None,
        implicit: false,
        method: String::new(),
        ways: Vec::new(),
        nulls_not_distinct: false,
        place: Place::default(),
    }
}

impl Catalog {
    /// A name that no key of the table has: the first column's, with a number behind it from the second on.
    fn free_key_name(table: &Table, first: &str) -> String {
        let taken = |name: &str| same(name, PRIMARY) || table.indexes.iter().any(|i| same(&i.name, name));
        if !taken(first) {
            return first.to_owned();
        }
        let mut number = 2u32;
        loop {
            let name = format!("{first}_{number}");
            if !taken(&name) {
                return name;
            }
            number += 1;
        }
    }

    pub(super) fn add_mysql_key(&mut self, work: &mut Work, k: &KeyDefinition, out: &mut Outcome) {
        let primary = k.kind == KeyKind::Primary;
        if primary && work.table.indexes.iter().any(|i| i.name == PRIMARY) {
            if !k.if_not_exists {
                self.report(Problem::SecondPrimaryKey { table: work.table.name.clone() }, k.span, None, out);
                work.failed = true;
            }
            return;
        }
        let mut columns: Vec<Option<String>> = Vec::new();
        let (mut shown, mut ways) = (Vec::new(), Vec::new());
        for part in &k.parts {
            let order = if part.descending { " desc" } else { "" };
            let Some(name) = &part.column else {
                if let Some(expr) = &part.expr {
                    self.resolve_in(&work.table.clone(), &expr.names, out);
                    shown.push(format!("({}){order}", expr.text));
                    ways.push(format!("({}){order}", expr.text));
                }
                columns.push(None);
                continue;
            };
            if !self.has_key_column(work, name, out) {
                return;
            }
            let found = column(&work.table, &name.value);
            let stored = found.map_or_else(|| name.value.clone(), |c| c.name.clone());
            if columns.iter().flatten().any(|c| same(c, &stored)) {
                let problem = Problem::DuplicateColumn { column: stored, relation: None };
                self.report(problem, name.span, None, out);
                return;
            }
            let large = found.is_some_and(|c| types::is_large(&c.data_type));
            if large && part.prefix.is_none() && matches!(k.kind, KeyKind::Primary | KeyKind::Unique | KeyKind::Plain) {
                // MariaDB cuts the key of a plain index, and hashes a unique one.
                if !self.is_mariadb() || primary {
                    let text = format!("BLOB/TEXT column '{stored}' used in key specification without a key length");
                    let help = format!("write {stored}(191), as many characters as the key may hold");
                    self.report(problem("invalid-definition", 1170, &text), name.span, Some(help), out);
                }
            }
            let prefix = part.prefix.as_ref().map(|p| format!("({p})")).unwrap_or_default();
            shown.push(format!("{stored}{prefix}{order}"));
            ways.push(format!("{prefix}{order}"));
            columns.push(Some(stored));
        }
        let kind = match k.kind {
            KeyKind::Primary => "primary",
            KeyKind::Unique => "unique",
            KeyKind::Plain => "key",
            KeyKind::Fulltext => "fulltext",
            KeyKind::Spatial => "spatial",
        };
        let definition = format!("{kind} {}", shown.join(", "));
        let name = match &k.name {
            _ if primary => PRIMARY.to_owned(),
            Some(name) => {
                self.check_name(name, out);
                self.remember(&name.value);
                if same(&name.value, PRIMARY) {
                    let text = format!("Incorrect index name '{}'", name.value);
                    self.say("invalid-definition", 1280, text, name.span, None, out);
                    return;
                }
                if let Some(other) = work.table.indexes.iter().position(|i| same(&i.name, &name.value)) {
                    // What a foreign key made gives way to what is written out.
                    if !work.table.indexes[other].implicit {
                        self.taken_key(work, k, name, other, &definition, out);
                        return;
                    }
                    work.table.indexes.remove(other);
                }
                name.value.clone()
            }
            None => {
                let first = columns.iter().flatten().next().cloned().unwrap_or_else(|| "functional_index".to_owned());
                // A guard needs a name: without one it is that of the first column.
                if k.if_not_exists && work.table.indexes.iter().any(|i| same(&i.name, &first)) {
                    return;
                }
                Self::free_key_name(&work.table, &first)
            }
        };
        let plain: Vec<String> = columns.iter().flatten().cloned().collect();
        if primary {
            for c in &mut work.table.columns {
                c.not_null |= plain.iter().any(|p| same(p, &c.name));
            }
            let (name, definition) = (PRIMARY.to_owned(), definition.clone());
            let c = constraint(name, ConstraintType::PrimaryKey, plain.clone(), definition, self.place(k.span));
            work.table.constraints.push(c);
        }
        if k.kind == KeyKind::Unique {
            let (name, definition) = (name.clone(), definition.clone());
            let c = constraint(name, ConstraintType::Unique, plain.clone(), definition, self.place(k.span));
            work.table.constraints.push(c);
        }
        let unique = matches!(k.kind, KeyKind::Primary | KeyKind::Unique);
        let method = if matches!(k.kind, KeyKind::Fulltext | KeyKind::Spatial) { kind } else { "" };
        let made = Index {
            method: method.to_owned(),
            ways,
            place: self.place(k.span),
            ..index(name, unique, unique, columns, definition)
        };
        if matches!(k.kind, KeyKind::Primary | KeyKind::Unique | KeyKind::Plain) {
            // An index that only a foreign key asked for goes when another one serves it.
            work.table.indexes.retain(|i| {
                let own: Vec<String> = i.columns.iter().flatten().cloned().collect();
                !(i.implicit && leads(&made, &own))
            });
        }
        work.table.indexes.push(made);
    }

    /// A key's name that another one has.
    fn taken_key(
        &mut self,
        work: &mut Work,
        k: &KeyDefinition,
        name: &Ident,
        other: usize,
        definition: &str,
        out: &mut Outcome,
    ) {
        if !k.if_not_exists {
            let text = format!("Duplicate key name '{}'", name.value);
            self.say("duplicate-object", 1061, text, name.span, None, out);
            work.failed = true;
        } else if work.table.indexes[other].definition != definition {
            let message =
                format!("index \"{}\" exists with another definition, and IF NOT EXISTS hides it", name.value);
            let problem = Problem::Other { rule: "if-not-exists-shape", sqlstate: None, message };
            let help = Some("give this index a name of its own, or drop the old one first".to_owned());
            out.remarks.push(super::Refusal { problem, span: name.span, help });
        }
    }

    /// The checks beside a column. MariaDB gives one that has no name the column's, and JSON has one of its own.
    pub(super) fn add_column_checks(&mut self, work: &mut Work, c: &ColumnSpec, out: &mut Outcome) {
        for check in &c.checks {
            self.add_mysql_check(work, check, Some(&c.name.value), out);
        }
        if self.is_mariadb() && c.data_type.base == "json" && c.checks.is_empty() {
            let own = vec![c.name.value.clone()];
            let definition = format!("check json_valid ( {} )", c.name.value);
            let (name, place) = (c.name.value.clone(), self.place(c.name.span));
            work.table.constraints.push(constraint(name, ConstraintType::Check, own, definition, place));
        }
    }

    pub(super) fn add_mysql_check(&mut self, work: &mut Work, c: &CheckSpec, column: Option<&str>, out: &mut Outcome) {
        self.resolve_in(&work.table.clone(), &c.expr.names, out);
        let name = match &c.name {
            Some(name) => {
                self.check_name(name, out);
                let taken = |x: &Constraint| x.kind == ConstraintType::Check && same(&x.name, &name.value);
                if work.table.constraints.iter().any(taken) {
                    if !c.if_not_exists {
                        let (number, what) = if self.is_mariadb() { (1826, "CHECK") } else { (3822, "check") };
                        let text = format!("Duplicate {what} constraint name '{}'", name.value);
                        self.say("duplicate-object", number, text, name.span, None, out);
                        work.failed = true;
                    }
                    return;
                }
                self.remember(&name.value);
                name.value.clone()
            }
            None if column.is_some() && self.is_mariadb() => column.unwrap_or_default().to_owned(),
            None => {
                let form = |n: usize| {
                    if self.is_mariadb() { format!("CONSTRAINT_{n}") } else { format!("{}_chk_{n}", work.table.name) }
                };
                let taken = |name: &str| work.table.constraints.iter().any(|c| same(&c.name, name));
                (1..).map(form).find(|n| !taken(n)).unwrap_or_default()
            }
        };
        let mut columns: Vec<String> =
            c.expr.names.columns.iter().filter_map(|p| p.last()).map(|i| i.value.clone()).collect();
        columns.sort();
        columns.dedup();
        let (definition, place) = (format!("check {}", c.expr.text), self.place(c.expr.span));
        work.table.constraints.push(constraint(name, ConstraintType::Check, columns, definition, place));
    }

    // ---- foreign keys

    /// What InnoDB says of a foreign key that it cannot make.
    fn malformed(
        &mut self,
        work: &mut Work,
        f: &ForeignKeySpec,
        rule: &'static str,
        mysql: (u16, String),
        why: String,
        out: &mut Outcome,
    ) {
        let (number, text) = if self.is_mariadb() {
            let text = format!(
                "Can't create table '{}' (errno: 150 \"Foreign key constraint is incorrectly formed\")",
                work.table.name
            );
            (1005, text)
        } else {
            mysql
        };
        self.report(problem(rule, number, &text), f.span, Some(why), out);
        work.failed = true;
    }

    /// Whether a table has a column that a key names; where it has not, that is reported.
    fn has_key_column(&mut self, work: &mut Work, name: &Ident, out: &mut Outcome) -> bool {
        if self.has_column(&work.table, &name.value) {
            return true;
        }
        let help = out.suggestion(&name.value, work.table.columns.iter().map(|c| c.name.as_str()));
        let problem = Problem::UndefinedKeyColumn { column: name.value.clone(), table: work.table.name.clone() };
        self.report(problem, name.span, help, out);
        work.failed = true;
        false
    }

    pub(super) fn add_mysql_foreign_key(&mut self, work: &mut Work, f: &ForeignKeySpec, out: &mut Outcome) {
        let mut columns = Vec::new();
        for name in &f.columns {
            if !self.has_key_column(work, name, out) {
                return;
            }
            columns.push(column(&work.table, &name.value).map_or_else(|| name.value.clone(), |c| c.name.clone()));
        }
        let name = match &f.name {
            Some(name) => {
                self.check_name(name, out);
                if !self.free_constraint(work, f, name, out) {
                    return;
                }
                name.value.clone()
            }
            None => {
                // MariaDB's guard goes by the name of the index, where there is one.
                if let Some(index) = f.index.as_ref().filter(|_| f.if_not_exists)
                    && work.table.constraints.iter().any(|c| same(&c.name, &index.value))
                {
                    return;
                }
                match &f.index {
                    Some(index) if self.is_mariadb() && f.if_not_exists => index.value.clone(),
                    _ => self.next_foreign_key(work),
                }
            }
        };
        if f.referenced.len() != f.columns.len() && !f.referenced.is_empty() {
            let text = format!(
                "Incorrect foreign key definition for '{}': Key reference and table reference don't match",
                f.name.as_ref().map_or("foreign key without name", |n| &n.value)
            );
            self.say("fk-target-not-unique", 1239, text, f.span, None, out);
            work.failed = true;
            return;
        }
        let target = self.referenced_table(work, f, &name, &columns, out);
        let Some(target) = target else { return };
        let referenced: Vec<String> = f.referenced.iter().map(|i| i.value.clone()).collect();
        if f.on_delete == Action::SetNull || f.on_update == Action::SetNull {
            let strict = columns.iter().find(|c| column(&work.table, c).is_some_and(|c| c.not_null));
            if let Some(c) = strict.cloned() {
                let text =
                    format!("Column '{c}' cannot be NOT NULL: needed in a foreign key constraint '{name}' SET NULL");
                let why = format!("SET NULL needs a column that takes NULL, and '{c}' does not");
                self.malformed(work, f, "invalid-definition", (1830, text), why, out);
                return;
            }
        }
        let kind = ConstraintType::ForeignKey {
            table: target,
            columns: referenced.clone(),
            on_delete: f.on_delete,
            on_update: f.on_update,
        };
        let definition =
            format!("foreign key ({}) references {} ({})", columns.join(", "), f.table.text(), referenced.join(", "));
        // The table that points has an index, too: InnoDB makes one where there is none.
        if !work.table.indexes.iter().any(|i| covers(i, &columns)) {
            let wanted = f.name.as_ref().or(f.index.as_ref()).map_or_else(|| columns[0].clone(), |n| n.value.clone());
            let wanted = match (&f.index, self.is_mariadb()) {
                (Some(index), false) => index.value.clone(),
                _ => wanted,
            };
            let own = Self::free_key_name(&work.table, &wanted);
            let parts = columns.iter().cloned().map(Some).collect();
            let mut made = index(own, false, false, parts, format!("key {}", columns.join(", ")));
            made.implicit = true;
            made.place = self.place(f.span);
            work.table.indexes.push(made);
        }
        work.table.constraints.push(constraint(name, kind, columns, definition, self.place(f.span)));
    }

    /// A foreign key's name is one in its database.
    fn free_constraint(&mut self, work: &mut Work, f: &ForeignKeySpec, name: &Ident, out: &mut Outcome) -> bool {
        let own = work.table.constraints.iter().any(|c| same(&c.name, &name.value));
        let named = constraint_key(work.key.schema(), &name.value);
        if own && f.if_not_exists {
            return false;
        }
        let own_before =
            self.table(&work.key).is_some_and(|t| t.constraints.iter().any(|c| same(&c.name, &name.value)));
        if own || (self.has(&named) && !own_before) {
            let index = work.table.indexes.iter().any(|i| same(&i.name, &name.value));
            let (number, text) = if self.is_mariadb() && own && index {
                // The index that it would make is looked at first.
                (1061, format!("Duplicate key name '{}'", name.value))
            } else if self.is_mariadb() {
                (
                    1005,
                    format!(
                        "Can't create table '{}' (errno: 121 \"Duplicate key on write or update\")",
                        work.table.name
                    ),
                )
            } else {
                (1826, format!("Duplicate foreign key constraint name '{}'", name.value))
            };
            let help = format!(
                "the name \"{}\" is taken: a foreign key has a name of its own in the whole database",
                name.value
            );
            self.report(problem("duplicate-object", number, &text), name.span, Some(help), out);
            work.failed = true;
            return false;
        }
        self.remember(&name.value);
        true
    }

    /// `t_ibfk_1`: one more than the greatest that there is.
    fn next_foreign_key(&self, work: &Work) -> String {
        let form = format!("{}_ibfk_", work.table.name);
        let numbers = work.table.constraints.iter().filter_map(|c| c.name.strip_prefix(&form)?.parse::<u32>().ok());
        format!("{form}{}", numbers.max().unwrap_or(0) + 1)
    }

    /// The table that is pointed at, with the columns, types and the key that it must have.
    fn referenced_table(
        &mut self,
        work: &mut Work,
        f: &ForeignKeySpec,
        name: &str,
        columns: &[String],
        out: &mut Outcome,
    ) -> Option<Key> {
        let itself = f.table.schema.is_none() && f.table.name.value == work.table.name;
        let key = match self.find_relation(&f.table) {
            _ if itself => work.key.clone(),
            Found::Yes(key) => key,
            Found::Perhaps => return Some(self.key_of(&f.table)),
            Found::No => {
                // With the checks off a table may be named that comes later.
                if !self.session.foreign_keys_off && !self.is_poisoned(&format!("relation {}", f.table.text())) {
                    let wrong = f.table.name.value.clone();
                    let near = out.suggestion(&wrong, self.relation_names());
                    let why = near.unwrap_or_else(|| format!("there is no table '{wrong}'"));
                    let text = format!("Failed to open the referenced table '{wrong}'");
                    let spec = ForeignKeySpec { span: f.table.span(), ..f.clone() };
                    self.malformed(work, &spec, "undefined-table", (1824, text), why, out);
                    self.poison(&f.table.text());
                    return None;
                }
                return Some(self.key_of(&f.table));
            }
        };
        let target = if itself { work.table.clone() } else { self.table(&key)?.clone() };
        if target.open || work.table.open {
            return Some(key);
        }
        if !target.kind.is_table() {
            let text = format!("Failed to open the referenced table '{}'", f.table.text());
            self.malformed(work, f, "invalid-definition", (1824, text), "it is a view".to_owned(), out);
            return None;
        }
        let mut referenced = Vec::new();
        for c in &f.referenced {
            if !self.has_column(&target, &c.value) {
                let near = out.suggestion(&c.value, target.columns.iter().map(|c| c.name.as_str()));
                let why = near.unwrap_or_else(|| format!("\"{}\" has no column \"{}\"", target.name, c.value));
                let text = format!(
                    "Failed to add the foreign key constraint. Missing column '{}' for constraint '{name}' in the referenced table '{}'",
                    c.value, target.name
                );
                let spec = ForeignKeySpec { span: c.span, ..f.clone() };
                self.malformed(work, &spec, "undefined-column", (3734, text), why, out);
                return None;
            }
            referenced.push(column(&target, &c.value).map_or_else(|| c.value.clone(), |c| c.name.clone()));
        }
        if referenced.is_empty() {
            let why = format!("name the columns: REFERENCES {} (…)", f.table.text());
            let text =
                format!("Incorrect foreign key definition for '{name}': Key reference and table reference don't match");
            self.malformed(work, f, "fk-target-not-unique", (1239, text), why, out);
            return None;
        }
        for (own, other) in columns.iter().zip(&referenced) {
            let (Some(a), Some(b)) = (column(&work.table, own), column(&target, other)) else { continue };
            if !types::comparable(&a.data_type, &b.data_type) {
                let shown = |c: &Column| match c.data_type.base.split_once('|') {
                    Some((_, charset)) => format!("{} {charset}", c.data_type.text),
                    None => c.data_type.text.clone(),
                };
                let why = format!("'{}' is {}, and '{}' is {}", a.name, shown(a), b.name, shown(b));
                let text = format!(
                    "Referencing column '{}' and referenced column '{}' in foreign key constraint '{name}' are incompatible.",
                    a.name, b.name
                );
                self.malformed(work, f, "fk-type-mismatch", (3780, text), why, out);
                return None;
            }
        }
        let served = target.indexes.iter().any(|i| leads(i, &referenced) && !i.definition.starts_with("fulltext"));
        if !served {
            let why = format!("\"{}\" needs a key that starts with ({})", target.name, referenced.join(", "));
            let text = format!(
                "Failed to add the foreign key constraint. Missing index for constraint '{name}' in the referenced table '{}'",
                target.name
            );
            self.malformed(work, f, "fk-target-not-unique", (1822, text), why, out);
            return None;
        }
        Some(key)
    }

    /// Where a table of that name would be.
    fn key_of(&self, name: &Name) -> Key {
        let schema = name.schema.as_ref().map(|s| s.value.clone());
        let schema = schema.or_else(|| self.search_path.first().cloned()).unwrap_or_default();
        Key::Relation(schema, self.folded(&name.name.value))
    }
}
