//! Which tables a statement locks, and how strongly (PostgreSQL): whom others who use them have to wait for.
//!
//! As chapter 13.3 of the manual and the pages of the commands say; `tests/tests/postgres_table_locks.rs` holds it against
//! `pg_locks`. What triggers, functions and foreign keys lock for the sake of rows is not in it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use crate::catalog::object::{Constraint, ConstraintType, TableKind};
use crate::catalog::{Catalog, Found, Key, Object, Part, Table};
use crate::change::{
    AlterTable, Block, BlockStatement, Change, ColumnDefinition, ConstraintDefinition, ConstraintKind, CreateTable,
    Drop, Name, ObjectKind, Reads, TableActionKind, Target, TypeAction,
};

/// How a table is locked. A later one keeps out more than an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// Keeps out ACCESS EXCLUSIVE alone, as reading does.
    AccessShare,
    /// As SELECT FOR UPDATE does.
    RowShare,
    /// As writing rows does.
    RowExclusive,
    /// Others read and write; no second one, no change of the schema.
    ShareUpdateExclusive,
    /// Others read.
    Share,
    /// Others read, and there is no second one.
    ShareRowExclusive,
    /// Others read without locking rows.
    Exclusive,
    /// Nobody else does anything.
    AccessExclusive,
}

/// The modes as SQL writes them, in their order.
const MODES: [(LockMode, &str); 8] = [
    (LockMode::AccessShare, "ACCESS SHARE"),
    (LockMode::RowShare, "ROW SHARE"),
    (LockMode::RowExclusive, "ROW EXCLUSIVE"),
    (LockMode::ShareUpdateExclusive, "SHARE UPDATE EXCLUSIVE"),
    (LockMode::Share, "SHARE"),
    (LockMode::ShareRowExclusive, "SHARE ROW EXCLUSIVE"),
    (LockMode::Exclusive, "EXCLUSIVE"),
    (LockMode::AccessExclusive, "ACCESS EXCLUSIVE"),
];

// A mode's place is its number.
const _: () = {
    let mut at = 0;
    while at < MODES.len() {
        assert!(MODES[at].0 as usize == at);
        at += 1;
    }
};

impl fmt::Display for LockMode {
    /// As SQL writes it: `ACCESS EXCLUSIVE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MODES[*self as usize].1)
    }
}

/// A table that a statement locks more strongly than reading does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableLock {
    /// Its name, with its schema where that is not `public`.
    pub table: String,
    /// The strongest lock.
    pub mode: LockMode,
}

/// The mode of a `LOCK`, as its change is called.
pub(crate) fn mode_of_lock(what: &str) -> Option<LockMode> {
    let said = what.strip_prefix("LOCK ")?;
    MODES.into_iter().find(|(_, name)| *name == said).map(|(mode, _)| mode)
}

/// The tables that were there before and that a statement locks, by name; `None` where that is known only when it runs.
pub(crate) fn of(change: &Change, text: &str, catalog: &Catalog) -> Option<Vec<TableLock>> {
    let said = RefCell::default();
    let mut locks = Locks { catalog, text, said, held: BTreeMap::new(), unknown: false };
    locks.change(change);
    (!locks.unknown).then(|| locks.held.into_iter().map(|(table, mode)| TableLock { table, mode }).collect())
}

struct Locks<'a> {
    catalog: &'a Catalog,
    text: &'a str,
    /// What was asked of the text already: a block asks the same for each of its statements.
    said: RefCell<BTreeMap<String, bool>>,
    held: BTreeMap<String, LockMode>,
    unknown: bool,
}

use LockMode::{AccessExclusive, Exclusive, RowExclusive, Share, ShareRowExclusive, ShareUpdateExclusive};

impl Locks<'_> {
    /// Whether the statement has these words, in whatever case and however far apart.
    fn says(&self, words: &str) -> bool {
        if let Some(said) = self.said.borrow().get(words) {
            return *said;
        }
        let text = self.text.split_whitespace().map(str::to_ascii_uppercase).collect::<Vec<_>>().join(" ");
        let said = text.contains(words);
        self.said.borrow_mut().insert(words.to_owned(), said);
        said
    }

    fn add(&mut self, key: &Key, mode: LockMode) {
        let public = key.schema() == self.catalog.engine.default_schema;
        let name = if public { key.name().to_owned() } else { format!("{}.{}", key.schema(), key.name()) };
        let held = self.held.entry(name).or_insert(mode);
        *held = mode.max(*held);
    }

    fn found(&self, name: &Name) -> Option<Key> {
        match self.catalog.find_relation(name) {
            Found::Yes(key) => Some(key),
            // Perhaps it is there.
            Found::Perhaps => {
                let schema = name.schema.as_ref().map_or(self.catalog.engine.default_schema, |s| s.value.as_str());
                Some(Key::Relation(schema.to_owned(), name.name.value.clone()))
            }
            Found::No => None,
        }
    }

    fn table(&mut self, name: &Name, mode: LockMode) {
        if let Some(key) = self.found(name) {
            self.add(&key, mode);
        }
    }

    /// A table and, where it is altered as a whole, its children and partitions.
    fn with_children(&mut self, key: &Key, mode: LockMode) {
        let mut ahead = vec![key.clone()];
        while let Some(key) = ahead.pop() {
            self.add(&key, mode);
            for edge in self.catalog.dependents(&key) {
                if self.catalog.table(&edge.from).is_some_and(|t| t.parents.contains(&key))
                    && !ahead.contains(&edge.from)
                {
                    ahead.push(edge.from);
                }
            }
        }
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::CreateSchema { elements, .. } => elements.iter().for_each(|e| self.change(e)),
            Change::CreateTable(create) => self.create_table(create),
            Change::AlterTable(alter) => self.alter_table(alter),
            Change::CreateIndex(index) => {
                let mode = if index.concurrently { ShareUpdateExclusive } else { Share };
                let Some(key) = self.found(&index.table) else { return };
                if index.only { self.add(&key, mode) } else { self.with_children(&key, mode) }
            }
            Change::CreateView(view) => {
                if view.or_replace {
                    self.table(&view.name, AccessExclusive);
                }
                self.reads(&view.query);
            }
            Change::CreateTrigger(trigger) => {
                let Some(key) = self.found(&trigger.table) else { return };
                self.with_children(&key, ShareRowExclusive);
            }
            Change::CreatePolicy { table, .. }
            | Change::AlterPolicy { table, .. }
            | Change::CreateRule { table, .. } => {
                self.table(table, AccessExclusive);
            }
            Change::CreateOther { kind: ObjectKind::Statistics, uses, .. } => {
                uses.iter().for_each(|table| self.table(table, ShareUpdateExclusive));
            }
            Change::CreateOther { kind: ObjectKind::Publication, uses, .. } => {
                uses.iter().for_each(|table| self.table(table, ShareUpdateExclusive));
            }
            Change::AlterType { name, actions } => self.alter_type(name, actions),
            Change::Drop(drop) => self.drop(drop),
            Change::Rename { kind, target, .. } => self.whole(*kind, target),
            Change::SetSchema { kind, target, .. } => self.whole(*kind, target),
            Change::Touch { what, targets, .. } => {
                targets.iter().for_each(|(kind, target)| self.touch(what, *kind, target));
            }
            Change::Insert(insert) => {
                self.table(&insert.table, RowExclusive);
                if let crate::change::InsertSource::Query(reads) = &insert.source {
                    self.reads(reads);
                }
            }
            Change::Update(update) => {
                if let Some(key) = self.found(&update.table) {
                    self.with_children(&key, RowExclusive);
                }
                self.reads(&update.reads);
            }
            Change::Delete { table, reads, .. } => {
                if let Some(key) = self.found(table) {
                    self.with_children(&key, RowExclusive);
                }
                self.reads(reads);
            }
            Change::Truncate { tables, cascade, .. } => {
                for key in tables.iter().filter_map(|table| self.found(table)).collect::<Vec<_>>() {
                    self.with_children(&key, AccessExclusive);
                    if *cascade {
                        self.referring(&key, false, true);
                    }
                }
            }
            Change::Select(reads) => {
                // What is called may do anything.
                self.unknown |= reads.selects.iter().any(|s| s.names.functions.iter().any(|f| self.is_own(&f.name)));
                self.unknown |=
                    self.says("CALL ") && self.text.get(..4).is_some_and(|w| w.eq_ignore_ascii_case("call"));
                self.reads(reads);
            }
            Change::Do(block) => self.block(block),
            Change::Opaque { .. } | Change::Mysql(_) => self.unknown = true,
            Change::Inert { what }
                if matches!(*what, "EXECUTE" | "CLUSTER" | "REINDEX" | "REINDEX CONCURRENTLY" | "REASSIGN OWNED") =>
            {
                self.unknown = true;
            }
            Change::CreateSequence { .. }
            | Change::AlterSequence { .. }
            | Change::CreateType { .. }
            | Change::CreateExtension { .. }
            | Change::CreateFunction(_)
            | Change::CreateOther { .. }
            | Change::Transaction(_)
            | Change::SetSearchPath(_)
            | Change::CheckBodies(_)
            | Change::UnknownSetting(_)
            | Change::Inert { .. } => {}
        }
    }

    /// Whether a function is one of the migrations'.
    fn is_own(&self, name: &Name) -> bool {
        matches!(self.catalog.find(name, Key::Function), Found::Yes(_))
    }

    fn reads(&mut self, reads: &Reads) {
        reads.writes.iter().for_each(|table| self.table(table, RowExclusive));
    }

    fn create_table(&mut self, create: &CreateTable) {
        if create.if_not_exists && matches!(self.catalog.find_relation(&create.name), Found::Yes(_)) {
            return;
        }
        create.columns.iter().for_each(|column| self.column(column));
        create.constraints.iter().for_each(|constraint| self.constraint(constraint));
        create.inherits.iter().for_each(|parent| self.table(parent, ShareUpdateExclusive));
        if let Some(parent) = create.partition_of.as_ref().and_then(|parent| self.found(parent)) {
            self.add(&parent, AccessExclusive);
            // Its foreign keys are the partition's.
            self.referred(&parent, |_| true, ShareRowExclusive);
        }
    }

    fn column(&mut self, column: &ColumnDefinition) {
        column.constraints.iter().for_each(|constraint| self.constraint(constraint));
    }

    /// The other side of a foreign key that is made.
    fn constraint(&mut self, constraint: &ConstraintDefinition) {
        if let ConstraintKind::ForeignKey(key) = &constraint.kind {
            self.table(&key.table, ShareRowExclusive);
        }
    }

    /// The other sides of those of a table's foreign keys that `which` holds for.
    fn referred(&mut self, key: &Key, which: impl Fn(&Constraint) -> bool, mode: LockMode) {
        let Some(table) = self.catalog.table(key) else { return };
        let others: Vec<Key> = table
            .constraints
            .iter()
            .filter(|c| which(c))
            .filter_map(|c| match &c.kind {
                ConstraintType::ForeignKey { table, .. } => Some(table.clone()),
                _ => None,
            })
            .collect();
        others.iter().for_each(|other| self.add(other, mode));
    }

    /// The tables whose foreign keys point at this one (`onward`: and at those in turn); and, where they fall with it, the
    /// views that are made of it.
    fn referring(&mut self, key: &Key, views: bool, onward: bool) {
        let (mut ahead, mut seen) = (vec![key.clone()], vec![key.clone()]);
        while let Some(key) = ahead.pop() {
            for edge in self.catalog.dependents(&key) {
                let Some(table) = self.catalog.table(&edge.from).filter(|_| !seen.contains(&edge.from)) else {
                    continue;
                };
                let foreign = matches!(edge.part, Part::Constraint(_));
                let view = views && !table.kind.is_table();
                if foreign || view {
                    self.add(&edge.from, AccessExclusive);
                    seen.push(edge.from.clone());
                    if view || onward {
                        ahead.push(edge.from);
                    }
                }
            }
        }
    }

    fn alter_table(&mut self, alter: &AlterTable) {
        if matches!(alter.kind, ObjectKind::Index | ObjectKind::Sequence) {
            return;
        }
        let Some(key) = self.found(&alter.name) else { return };
        let table: Option<&Table> = self.catalog.table(&key);
        let mut strongest = LockMode::AccessShare;
        for action in &alter.actions {
            let mode = match &action.kind {
                TableActionKind::AddColumn { column, .. } => {
                    self.column(column);
                    AccessExclusive
                }
                TableActionKind::AddConstraint(constraint) => {
                    self.constraint(constraint);
                    let foreign = matches!(constraint.kind, ConstraintKind::ForeignKey(_));
                    if foreign { ShareRowExclusive } else { AccessExclusive }
                }
                TableActionKind::DropConstraint { name, cascade, .. } => {
                    self.referred(&key, |c| c.name == name.value, AccessExclusive);
                    // Those of others that need it.
                    if *cascade {
                        self.referring(&key, false, false);
                    }
                    AccessExclusive
                }
                TableActionKind::DropColumn { name, cascade, .. } => {
                    self.referred(&key, |c| c.columns.contains(&name.value), AccessExclusive);
                    if *cascade {
                        self.referring(&key, true, false);
                    }
                    AccessExclusive
                }
                TableActionKind::SetType { column, .. } => {
                    // Foreign keys of the column, on both sides, are made anew.
                    self.referred(&key, |c| c.columns.contains(&column.value), AccessExclusive);
                    let pointing =
                        self.catalog.dependents(&key).into_iter().filter(|e| matches!(e.part, Part::Constraint(_)));
                    let pointing: Vec<Key> = pointing
                        .filter(|e| {
                            let constraints = self.catalog.table(&e.from).map(|t| t.constraints.as_slice());
                            constraints.unwrap_or_default().iter().any(|c| {
                                matches!(&c.kind, ConstraintType::ForeignKey { table, columns, .. }
                                    if *table == key && columns.contains(&column.value))
                            })
                        })
                        .map(|e| e.from)
                        .collect();
                    pointing.iter().for_each(|other| self.add(other, AccessExclusive));
                    AccessExclusive
                }
                TableActionKind::ValidateConstraint(name) => {
                    self.referred(&key, |c| c.name == name.value, LockMode::RowShare);
                    ShareUpdateExclusive
                }
                TableActionKind::TouchColumn(_) => {
                    let mild = self.says("SET STATISTICS") || self.says("SET (") || self.says("RESET (");
                    if mild { ShareUpdateExclusive } else { AccessExclusive }
                }
                TableActionKind::AttachPartition { name, .. } => {
                    self.table(name, AccessExclusive);
                    ShareUpdateExclusive
                }
                TableActionKind::DetachPartition { name, concurrently } => {
                    let mode = if *concurrently { ShareUpdateExclusive } else { AccessExclusive };
                    self.table(name, mode);
                    mode
                }
                TableActionKind::Inherit(parent) => {
                    self.table(parent, ShareUpdateExclusive);
                    AccessExclusive
                }
                TableActionKind::EnableTrigger { .. } => ShareRowExclusive,
                TableActionKind::ClusterOn(_) => ShareUpdateExclusive,
                TableActionKind::Other("SET STATISTICS" | "SET WITHOUT CLUSTER") => ShareUpdateExclusive,
                // Of the parameters of storage, those of the planner and of vacuuming are mild.
                TableActionKind::Other("SET" | "RESET") => {
                    if self.says("USER_CATALOG_TABLE") {
                        AccessExclusive
                    } else {
                        ShareUpdateExclusive
                    }
                }
                _ => AccessExclusive,
            };
            strongest = strongest.max(mode);
        }
        let attaches = alter.actions.iter().any(|a| {
            matches!(a.kind, TableActionKind::AttachPartition { .. } | TableActionKind::DetachPartition { .. })
        });
        let partitioned = table.is_some_and(|t| t.kind == TableKind::Partitioned);
        let alone = alter.actions.iter().all(|a| {
            matches!(
                a.kind,
                TableActionKind::Other(_)
                    | TableActionKind::Inherit(_)
                    | TableActionKind::NoInherit(_)
                    | TableActionKind::EnableRule(_)
                    | TableActionKind::ReplicaIdentityIndex(_)
                    | TableActionKind::ClusterOn(_)
            )
        });
        if alter.only || attaches || (alone && !partitioned) {
            self.add(&key, strongest);
        } else {
            self.with_children(&key, strongest);
        }
    }

    fn alter_type(&mut self, name: &Name, actions: &[TypeAction]) {
        let Found::Yes(key) = self.catalog.find(name, Key::Type) else { return };
        for action in actions {
            let checks = match action {
                // Each table is looked through.
                TypeAction::AddConstraint { .. } => !self.says("NOT VALID"),
                TypeAction::ValidateConstraint(_) | TypeAction::SetNotNull(true) => true,
                _ => false,
            };
            if checks {
                for edge in self.catalog.dependents(&key) {
                    if matches!(self.catalog.get(&edge.from), Some(Object::Table(t)) if t.kind.is_table()) {
                        self.add(&edge.from, Share);
                    }
                }
            }
            // What a table of the type would have to become.
            let shape = matches!(
                action,
                TypeAction::AddAttribute { .. } | TypeAction::DropAttribute { .. } | TypeAction::AlterAttribute { .. }
            );
            if shape && self.says("CASCADE") {
                self.unknown = true;
            }
        }
    }

    fn drop(&mut self, drop: &Drop) {
        for target in &drop.targets {
            match drop.kind {
                ObjectKind::Table | ObjectKind::ForeignTable | ObjectKind::View | ObjectKind::MaterializedView => {
                    let Found::Yes(key) = self.catalog.find_relation(&target.name) else { continue };
                    self.with_children(&key, AccessExclusive);
                    self.referred(&key, |_| true, AccessExclusive);
                    if let Some(parents) = self.catalog.table(&key).map(|t| t.parents.clone()) {
                        let partition = self.catalog.table(&key).is_some_and(|t| t.bound.is_some());
                        parents.iter().filter(|_| partition).for_each(|p| self.add(p, AccessExclusive));
                    }
                    if drop.cascade {
                        self.referring(&key, true, false);
                    }
                }
                ObjectKind::Index => {
                    let Found::Yes(key) = self.catalog.find_relation(&target.name) else { continue };
                    let mode = if drop.concurrently { ShareUpdateExclusive } else { AccessExclusive };
                    if let Some(Object::Index(table)) = self.catalog.get(&key) {
                        let table = table.clone();
                        self.with_children(&table, mode);
                    }
                }
                ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule => {
                    if let Some(on) = &target.on {
                        self.table(on, AccessExclusive);
                    }
                }
                // What falls with it may be of any table.
                _ => self.unknown |= drop.cascade,
            }
        }
    }

    /// A rename or a move of a whole object; an index is locked by itself.
    fn whole(&mut self, kind: ObjectKind, target: &Target) {
        match kind {
            ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::ForeignTable => {
                self.table(&target.name, AccessExclusive);
            }
            ObjectKind::Trigger
            | ObjectKind::Policy
            | ObjectKind::Rule
            | ObjectKind::Constraint
            | ObjectKind::Column => {
                if let Some(on) = &target.on {
                    self.table(on, AccessExclusive);
                }
            }
            _ => {}
        }
    }

    fn touch(&mut self, what: &str, kind: ObjectKind, target: &Target) {
        let mode = match what {
            "COMMENT" | "SECURITY LABEL" => {
                let on = match kind {
                    ObjectKind::Column => target.on.as_ref(),
                    k if k.is_relation() && k != ObjectKind::Index && k != ObjectKind::Sequence => Some(&target.name),
                    _ => None,
                };
                if let Some(on) = on.cloned() {
                    self.table(&on, ShareUpdateExclusive);
                }
                return;
            }
            "REFRESH MATERIALIZED VIEW" => AccessExclusive,
            "REFRESH MATERIALIZED VIEW CONCURRENTLY" => Exclusive,
            "REINDEX" | "REINDEX CONCURRENTLY" => {
                let mode = if what == "REINDEX" { Share } else { ShareUpdateExclusive };
                match kind {
                    ObjectKind::Table => mode,
                    ObjectKind::Index => {
                        let Found::Yes(key) = self.catalog.find_relation(&target.name) else { return };
                        if let Some(Object::Index(table)) = self.catalog.get(&key) {
                            let table = table.clone();
                            self.add(&table, mode);
                        }
                        return;
                    }
                    _ => {
                        self.unknown = true;
                        return;
                    }
                }
            }
            "CLUSTER" | "VACUUM FULL" => AccessExclusive,
            "VACUUM" | "ANALYZE" => ShareUpdateExclusive,
            what if what.starts_with("LOCK ") => mode_of_lock(what).unwrap_or(AccessExclusive),
            // Rights lock nothing; OWNER TO and the like of a view.
            what if what.starts_with("ALTER ") && matches!(kind, ObjectKind::View | ObjectKind::MaterializedView) => {
                AccessExclusive
            }
            _ => return,
        };
        if kind.is_relation() && kind != ObjectKind::Index && mode > LockMode::AccessShare {
            let Some(key) = self.found(&target.name) else { return };
            if (what.starts_with("LOCK ") || what.starts_with("VACUUM") || what == "ANALYZE") && !self.says("ONLY ") {
                self.with_children(&key, mode);
            } else {
                self.add(&key, mode);
            }
        }
    }

    /// All that a block may do.
    fn block(&mut self, block: &Block) {
        self.statements(&block.body);
        block.handlers.iter().for_each(|handler| self.statements(&handler.body));
    }

    fn statements(&mut self, statements: &[BlockStatement]) {
        for statement in statements {
            match statement {
                BlockStatement::Sql(statement) | BlockStatement::Evaluated(statement) => match &statement.change {
                    Some(change) => self.change(change),
                    None => self.unknown = true,
                },
                BlockStatement::If { branches, otherwise } => {
                    branches.iter().for_each(|(_, body)| self.statements(body));
                    self.statements(otherwise);
                }
                BlockStatement::Block(block) => self.block(block),
                BlockStatement::Loop(body) => self.statements(body),
                BlockStatement::Opaque { .. } => self.unknown = true,
                BlockStatement::Raise { .. } | BlockStatement::Inert => {}
            }
        }
    }
}
