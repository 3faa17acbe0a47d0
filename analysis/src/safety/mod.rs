//! What a migration does to those who use the database while it runs, and to the code that still runs: locks that keep
//! others waiting, tables that are read or written as a whole, things that go which somebody reads.
//!
//! Every change is looked at with the catalog as it is *before* it, and with what this migration did so far
//! ([`Journal`]): a table that it made itself has no other users. What a change has to say counts only once the change
//! went through, so a statement behind a guard that does nothing says nothing. Each engine has its watchers
//! ([`Engine::watchers`](crate::catalog::Engine)); nobody else knows which engine it is.

mod code;
mod mysql;
mod postgres;
mod rebuild;
mod sqlite;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalog::object::{Constraint, ConstraintType, Table, TableKind};
use crate::catalog::types::quoted;
use crate::catalog::{Catalog, Found, HeldTable, Key, Outcome};
use crate::change::{AlterTable, Change, ConstraintDefinition, ConstraintKind, Name, ObjectKind, TableActionKind};
use crate::span::Span;
use crate::table_locks::{LockMode, TableLock};

/// Looks at one change.
pub(crate) type Watcher = fn(&mut Look<'_>, &Change);

/// PostgreSQL's.
pub(crate) static OF_POSTGRES: &[Watcher] = &[postgres::look, code::look];
/// SQLite's.
pub(crate) static OF_SQLITE: &[Watcher] = &[code::look, sqlite::look];
/// MySQL's and MariaDB's.
pub(crate) static OF_MYSQL: &[Watcher] = &[code::look, mysql::look];

/// Locks on so many tables in one transaction are no cause for worry.
pub(crate) const FEW: usize = 3;

/// Something that hurts.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) rule: &'static str,
    /// [`Span::default`]: the whole statement.
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) help: String,
    /// What makes up for it by the end of the migration.
    pub(crate) unless: Option<Unless>,
}

/// What makes up for a finding, where it is there when the migration is over.
#[derive(Clone, Debug)]
pub(crate) enum Unless {
    /// A relation of this name.
    Relation(Key),
    /// A constraint of the table, of this name or of the same kind on the same columns.
    Constraint(Key, Box<Constraint>),
}

impl Finding {
    /// Whether something makes up for it.
    pub(crate) fn is_made_up_for(&self, catalog: &Catalog) -> bool {
        match &self.unless {
            None => false,
            Some(Unless::Relation(key)) => catalog.has(key),
            Some(Unless::Constraint(table, gone)) => catalog.table(table).is_some_and(|t| {
                t.constraints.iter().any(|c| {
                    let key = |c: &Constraint| matches!(c.kind, ConstraintType::PrimaryKey | ConstraintType::Unique);
                    let same = std::mem::discriminant(&c.kind) == std::mem::discriminant(&gone.kind);
                    // A primary key does for a unique one.
                    let does = same || key(gone) && matches!(c.kind, ConstraintType::PrimaryKey);
                    let columns = |c: &Constraint| c.columns.iter().cloned().collect::<BTreeSet<_>>();
                    c.name == gone.name || does && !c.columns.is_empty() && columns(c) == columns(gone)
                })
            }),
        }
    }
}

/// What a migration did so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    transaction: bool,
    /// The tables that it made, each with whether rows went in.
    born: BTreeMap<Key, bool>,
    /// The tables of others to which it gave another name or schema.
    moved: BTreeSet<Key>,
    /// The constraints that it added as NOT VALID.
    unvalidated: BTreeSet<(Key, String)>,
    /// The columns that it added, each with whether it is NULL in each row.
    added: BTreeMap<(Key, String), bool>,
    /// The types and functions that it made.
    types: BTreeSet<Key>,
    /// The tables of others that it altered.
    altered: BTreeSet<Key>,
    /// The tables of others that its foreign keys point at.
    referenced: BTreeSet<Key>,
    /// The tables of others that it dropped, as they were, and where.
    dropped: BTreeMap<Key, (HeldTable, Span)>,
    /// Whether it switched foreign keys off.
    keys_off: bool,
    /// Whether the session's time zone is one without an offset, as the migration says.
    utc: bool,
}

impl Journal {
    /// Of a migration that begins.
    pub(crate) fn new(transaction: bool) -> Self {
        Self { transaction, ..Self::default() }
    }
}

/// What goes into the journal once the change went through.
#[derive(Debug)]
enum Deed {
    /// A table is made, with rows or without.
    Made {
        name: Name,
        filled: bool,
    },
    /// A table gets another name or schema.
    Moved {
        from: Key,
        to: Key,
    },
    Filled(Key),
    /// Constraints are added to a table; those that were not validated before.
    Constrained {
        table: Key,
        unvalidated: Vec<String>,
    },
    /// A column is added: whether without a value.
    Added {
        table: Key,
        column: String,
        null: bool,
    },
    Type(Name),
    Altered(Key),
    Referenced(Key),
    Dropped(Key, HeldTable, Span),
    KeysOff,
    Utc(bool),
}

/// What there is to say of a change, and to remember.
#[derive(Debug)]
pub(crate) struct Seen {
    findings: Vec<Finding>,
    deeds: Vec<Deed>,
}

/// Looks at a change before it is folded.
pub(crate) fn look(change: &Change, catalog: &Catalog) -> Seen {
    let mut look = Look::new(catalog);
    for watcher in catalog.engine.watchers {
        watcher(&mut look, change);
    }
    look.remember(change);
    look.seen
}

/// Gathers the tables of others that nobody reads until a migration commits, statement by statement.
#[derive(Debug, Default)]
pub(crate) struct Shut(BTreeSet<String>);

impl Shut {
    /// What a statement locks; to be asked before it is folded.
    pub(crate) fn add(&mut self, locks: &[TableLock], catalog: &Catalog) -> Option<Finding> {
        let look = Look::new(catalog);
        if !look.journal.transaction || self.0.len() > FEW {
            return None;
        }
        let shut = locks.iter().filter(|lock| lock.mode == LockMode::AccessExclusive).filter(|lock| {
            let (schema, name) = lock.table.rsplit_once('.').unwrap_or((catalog.engine.default_schema, &lock.table));
            look.busy_at(&Key::Relation(schema.to_owned(), name.to_owned())).is_some()
        });
        self.0.extend(shut.map(|lock| lock.table.clone()));
        (self.0.len() > FEW).then(|| Finding {
            rule: "many-locks-one-transaction",
            span: Span::default(),
            message: format!(
                "this migration keeps others out of {} tables until it commits (ACCESS EXCLUSIVE), and waits for each while it holds the others: {}",
                self.0.len(),
                self.0.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
            ),
            help: "change a table or two in each migration: every one is a transaction of its own".to_owned(),
            unless: None,
        })
    }
}

impl Seen {
    /// What is left of it where the change was refused: it hurts nobody, and what it was to make is nobody else's, so
    /// that what comes after the error is not judged as done to others.
    pub(crate) fn of_refused(mut self) -> Self {
        self.findings.clear();
        self.deeds.retain(|deed| matches!(deed, Deed::Made { .. } | Deed::Type(_)));
        self
    }

    /// The change went through.
    pub(crate) fn take_note(self, catalog: &mut Catalog, out: &mut Outcome) {
        out.findings.extend(self.findings);
        if self.deeds.is_empty() {
            return;
        }
        let mut journal = Arc::clone(&catalog.journal);
        let noted = Arc::make_mut(&mut journal);
        for deed in self.deeds {
            match deed {
                Deed::Made { name, filled } => {
                    if let Found::Yes(key) = catalog.find_relation(&name) {
                        noted.born.insert(key, filled);
                    }
                }
                Deed::Moved { from, to } => {
                    if !catalog.has(&to) {
                        continue;
                    }
                    match noted.born.remove(&from) {
                        Some(filled) => drop(noted.born.insert(to.clone(), filled)),
                        None => drop(noted.moved.insert(to.clone())),
                    }
                    let at = |key: Key| if key == from { to.clone() } else { key };
                    noted.added =
                        std::mem::take(&mut noted.added).into_iter().map(|((k, c), n)| ((at(k), c), n)).collect();
                    noted.unvalidated =
                        std::mem::take(&mut noted.unvalidated).into_iter().map(|(k, c)| (at(k), c)).collect();
                    noted.altered = std::mem::take(&mut noted.altered).into_iter().map(at).collect();
                }
                Deed::Filled(key) => {
                    noted.born.entry(key).and_modify(|filled| *filled = true);
                }
                Deed::Constrained { table, unvalidated } => {
                    let now = unvalidated_of(catalog.table(&table));
                    let new = now.into_iter().filter(|name| !unvalidated.contains(name));
                    noted.unvalidated.extend(new.map(|name| (table.clone(), name)));
                }
                Deed::Added { table, column, null } => {
                    noted.added.insert((table, column), null);
                }
                Deed::Type(name) => {
                    if let Found::Yes(key) = catalog.find(&name, Key::Type) {
                        noted.types.insert(key);
                    }
                }
                Deed::Altered(table) => {
                    noted.altered.insert(table);
                }
                Deed::Referenced(table) => {
                    noted.referenced.insert(table);
                }
                Deed::Dropped(key, table, span) => {
                    noted.dropped.insert(key, (table, span));
                }
                Deed::KeysOff => noted.keys_off = true,
                Deed::Utc(utc) => noted.utc = utc,
            }
        }
        catalog.journal = journal;
    }
}

/// What shows only once the migration is over.
pub(crate) fn finish(catalog: &Catalog) -> Vec<Finding> {
    rebuild::losses(catalog, &catalog.journal)
}

fn unvalidated_of(table: Option<&Table>) -> Vec<String> {
    let constraints = table.map(|t| t.constraints.as_slice()).unwrap_or_default();
    constraints.iter().filter(|c| !c.valid).map(|c| c.name.clone()).collect()
}

/// One change, and what is known when it comes.
#[derive(Debug)]
pub(crate) struct Look<'a> {
    catalog: &'a Catalog,
    journal: &'a Journal,
    seen: Seen,
}

impl<'a> Look<'a> {
    fn new(catalog: &'a Catalog) -> Self {
        Self { catalog, journal: &catalog.journal, seen: Seen { findings: Vec::new(), deeds: Vec::new() } }
    }

    fn say(&mut self, rule: &'static str, span: Span, message: String, help: String) {
        self.seen.findings.push(Finding { rule, span, message, help, unless: None });
    }

    fn say_unless(&mut self, unless: Unless, rule: &'static str, span: Span, message: String, help: String) {
        self.seen.findings.push(Finding { rule, span, message, help, unless: Some(unless) });
    }

    /// A table or view that is surely there, and that the migration did not make itself.
    fn others(&self, name: &Name) -> Option<(Key, &'a Table)> {
        let Found::Yes(key) = self.catalog.find_relation(name) else { return None };
        let table = self.of_others(&key)?;
        Some((key, table))
    }

    fn of_others(&self, key: &Key) -> Option<&'a Table> {
        let table = self.catalog.table(key)?;
        let own = match self.journal.born.get(key) {
            // Nobody else sees it before the commit.
            Some(filled) => self.journal.transaction || !filled,
            None => false,
        };
        (!own && !table.temporary && !self.catalog.may_be_gone(key)).then_some(table)
    }

    /// A table of others of which somebody minds a lock, or that it is read or written as a whole.
    fn busy(&self, name: &Name) -> Option<(Key, &'a Table)> {
        let Found::Yes(key) = self.catalog.find_relation(name) else { return None };
        let table = self.busy_at(&key)?;
        Some((key, table))
    }

    fn busy_at(&self, key: &Key) -> Option<&'a Table> {
        let table = self.of_others(key)?;
        let holds_rows = match table.kind {
            TableKind::Table | TableKind::MaterializedView => true,
            // Its rows are in its partitions.
            TableKind::Partitioned => !self.catalog.children(key).is_empty(),
            TableKind::Foreign | TableKind::View => false,
        };
        (holds_rows && !self.catalog.is_small(key)).then_some(table)
    }

    /// A table that the migration made and filled.
    fn filled(&self, name: &Name) -> Option<(Key, &'a Table)> {
        let Found::Yes(key) = self.catalog.find_relation(name) else { return None };
        let table = self.catalog.table(&key)?;
        (self.journal.born.get(&key) == Some(&true)).then_some((key, table))
    }

    fn sql(&self, key: &Key) -> String {
        self.catalog.sql(key)
    }

    /// What the journal has to know of a change.
    fn remember(&mut self, change: &Change) {
        match change {
            Change::CreateTable(create) => {
                if !matches!(self.catalog.find_relation(&create.name), Found::Yes(_)) {
                    let filled = create.query.is_some();
                    self.seen.deeds.push(Deed::Made { name: create.name.clone(), filled });
                }
                let keys = create.columns.iter().flat_map(|c| &c.constraints).chain(&create.constraints);
                keys.for_each(|c| self.remember_reference(c));
            }
            Change::CreateView(view) if view.materialized => {
                let there = matches!(self.catalog.find_relation(&view.name), Found::Yes(_));
                let made = (!there).then(|| Deed::Made { name: view.name.clone(), filled: true });
                self.seen.deeds.extend(made);
            }
            Change::Select(reads) => {
                if let Some(into) = &reads.into {
                    self.seen.deeds.push(Deed::Made { name: into.clone(), filled: true });
                }
            }
            Change::Rename { kind, target, to, .. } if kind.is_relation() => {
                if let Found::Yes(from) = self.catalog.find_relation(&target.name) {
                    let to = Key::Relation(from.schema().to_owned(), self.catalog.folded(&to.value));
                    self.seen.deeds.push(Deed::Moved { from, to });
                }
            }
            Change::SetSchema { kind, target, to, .. } if kind.is_relation() => {
                if let Found::Yes(from) = self.catalog.find_relation(&target.name) {
                    let to = Key::Relation(self.catalog.folded(&to.value), from.name().to_owned());
                    self.seen.deeds.push(Deed::Moved { from, to });
                }
            }
            Change::CreateType { name, .. } => self.seen.deeds.push(Deed::Type(name.clone())),
            Change::Insert(insert) => {
                if let Found::Yes(key) = self.catalog.find_relation(&insert.table) {
                    self.seen.deeds.push(Deed::Filled(key));
                }
            }
            Change::AlterTable(alter) => self.remember_actions(alter),
            Change::Inert { what } if *what == crate::change::FOREIGN_KEYS_OFF => self.seen.deeds.push(Deed::KeysOff),
            Change::Inert { what } if what.starts_with(crate::change::TIME_ZONE) => {
                self.seen.deeds.push(Deed::Utc(*what == crate::change::TIME_ZONE_IS_UTC));
            }
            _ => {}
        }
    }

    fn remember_actions(&mut self, alter: &AlterTable) {
        let Found::Yes(key) = self.catalog.find_relation(&alter.name) else { return };
        for action in &alter.actions {
            match &action.kind {
                TableActionKind::AddColumn { column, .. } => {
                    column.constraints.iter().for_each(|c| self.remember_reference(c));
                    let there = |t: &Table| t.columns.iter().any(|c| self.catalog.same(&c.name, &column.name.value));
                    if !self.catalog.table(&key).is_some_and(there) {
                        let own = column.default.is_some() || column.generated.is_some() || column.identity.is_some();
                        let column = column.name.value.clone();
                        self.seen.deeds.push(Deed::Added { table: key.clone(), column, null: !own });
                    }
                }
                // Nobody knew it under that name.
                TableActionKind::RenameColumn { to, .. } => {
                    let column = to.value.clone();
                    self.seen.deeds.push(Deed::Added { table: key.clone(), column, null: false });
                }
                TableActionKind::AddConstraint(constraint) => {
                    self.remember_reference(constraint);
                    let unvalidated = unvalidated_of(self.catalog.table(&key));
                    self.seen.deeds.push(Deed::Constrained { table: key.clone(), unvalidated });
                }
                _ => {}
            }
        }
        let validates = |kind: &TableActionKind| matches!(kind, TableActionKind::ValidateConstraint(_));
        if alter.kind == ObjectKind::Table
            && self.busy_at(&key).is_some()
            && !alter.actions.iter().all(|a| validates(&a.kind))
        {
            self.seen.deeds.push(Deed::Altered(key));
        }
    }

    /// Many tables that nobody writes to while one transaction lasts.
    fn remember_reference(&mut self, constraint: &ConstraintDefinition) {
        let ConstraintKind::ForeignKey(foreign) = &constraint.kind else { return };
        let Some((key, _)) = self.busy(&foreign.table) else { return };
        let new = |d: &Deed| matches!(d, Deed::Referenced(other) if *other == key);
        if self.journal.referenced.contains(&key) || self.seen.deeds.iter().any(new) {
            return;
        }
        let others: BTreeSet<&Key> = self
            .journal
            .referenced
            .iter()
            .chain(self.seen.deeds.iter().filter_map(|d| if let Deed::Referenced(k) = d { Some(k) } else { None }))
            .collect();
        if others.len() == FEW && self.journal.transaction && self.catalog.engine.locks_tables {
            let names: Vec<String> = others.into_iter().chain([&key]).map(|k| self.sql(k)).collect();
            let message = format!(
                "the foreign keys of this migration lock {} tables against writes (SHARE ROW EXCLUSIVE) until it commits: {}",
                names.len(),
                names.join(", ")
            );
            let help = "make the tables or their foreign keys in several migrations: each then waits for a few tables, and holds few".to_owned();
            self.say("wide-foreign-keys", foreign.table.span(), message, help);
        }
        self.seen.deeds.push(Deed::Referenced(key));
    }
}

/// Whether a constraint says that the column is not NULL, by itself or with more.
fn proves_not_null(constraint: &Constraint, column: &str) -> bool {
    constraint.valid
        && match constraint.kind {
            ConstraintType::NotNull => constraint.columns.iter().any(|c| c == column),
            ConstraintType::Check => asks_not_null(&constraint.definition, column),
            _ => false,
        }
}

/// Whether one of the conditions that a text joins with AND is `column IS NOT NULL`.
fn asks_not_null(text: &str, column: &str) -> bool {
    let text = inner(text.trim());
    let (mut depth, mut from, mut word) = (0_usize, 0, 0);
    let mut parts = Vec::new();
    let mut between = false;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c.is_alphanumeric() || c == '_' || c == '"' || c == '\'' {
            continue;
        }
        if depth == 0 {
            match text[word..at].trim() {
                "or" | "case" => return false,
                "between" => between = true,
                "and" if between => between = false,
                "and" => {
                    parts.push(&text[from..word]);
                    from = at;
                }
                _ => {}
            }
        }
        word = at + c.len_utf8();
        word = word.min(text.len());
    }
    parts.push(&text[from..]);
    if parts.len() > 1 {
        return parts.iter().any(|part| asks_not_null(part, column));
    }
    let Some(subject) = text.strip_suffix("is not null") else { return false };
    let subject = inner(subject.trim());
    subject == column || subject == quoted(column)
}

/// Without the parentheses around the whole.
fn inner(text: &str) -> &str {
    let Some(within) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) else { return text };
    let mut depth = 0_i32;
    for c in within.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return text;
        }
    }
    inner(within.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_check_says_of_null() {
        for yes in [
            "a is not null",
            "( a is not null )",
            "( a ) is not null",
            "b > 0 and a is not null",
            "( b > 0 ) and ( a is not null and c = 1 )",
            "b between 1 and 2 and a is not null",
        ] {
            assert!(asks_not_null(yes, "a"), "{yes}");
        }
        for no in [
            "a > 0",
            "a is not null or b > 0",
            "( a is not null ) = true",
            "b is not null",
            "not ( a is not null )",
            "b between 1 and a is not null",
            "case when b then a is not null else true end",
        ] {
            assert!(!asks_not_null(no, "a"), "{no}");
        }
    }
}
