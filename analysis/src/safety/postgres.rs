//! PostgreSQL: locks that last as long as an index is built or a table is read or written.
//!
//! What locks what is in chapter 13.3 of the manual and on the commands' pages; which statement reads, writes or copies a
//! table, `tests/tests/postgres_safety.rs` asks the server.

use super::{Look, asks_not_null, proves_not_null, types};
use crate::catalog::object::{Constraint, ConstraintType, Table, TableKind};
use crate::catalog::types::{quoted, serial_type};
use crate::catalog::{Found, Key, Object};
use crate::change::{
    AlterTable, Change, ColumnDefinition, ConstraintDefinition, ConstraintKind, CreateIndex, Drop, Expr, Form, Ident,
    IndexColumn, Insert, InsertSource, Literal, Name, Names, NodeId, ObjectKind, Reads, TableAction, TableActionKind,
    Target,
};
use crate::span::Span;
use crate::table_locks::{LockMode, mode_of_lock};

pub(super) fn look(l: &mut Look<'_>, change: &Change) {
    match change {
        Change::CreateIndex(index) => create_index(l, index),
        Change::Drop(drop) => drop_index(l, drop),
        Change::AlterTable(alter) => alter_table(l, alter),
        Change::Touch { what, targets, .. } => touch(l, what, targets),
        Change::Inert { what: "REINDEX" } => {
            reindex(l, "every table of the database", "REINDEX (CONCURRENTLY) DATABASE …", Span::default());
        }
        Change::Update(update) => {
            let everything = !update.has_where || asks_for_all(l, &update.table, &update.reads);
            written(l, &update.table, &update.reads, everything, "UPDATE");
        }
        Change::Delete { table, reads, has_where, .. } => written(l, table, reads, !has_where, "DELETE"),
        Change::Insert(insert) => copied(l, insert),
        _ => {}
    }
}

// ---- indexes

/// `(a, lower(b) DESC) WHERE …`, as it would be written.
fn key_of(columns: &[IndexColumn]) -> String {
    let one = |c: &IndexColumn| {
        let what = match (&c.column, &c.expr) {
            (Some(column), _) => quoted(&column.value),
            (None, Some(expr)) => format!("({})", expr.text),
            (None, None) => "…".to_owned(),
        };
        if c.order.is_empty() { what } else { format!("{what} {}", c.order) }
    };
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn create_index(l: &mut Look<'_>, index: &CreateIndex) {
    if index.concurrently || index.only {
        return;
    }
    let there = |name: &Name| matches!(l.catalog.find_relation(name), Found::Yes(_));
    if index.if_not_exists && index.name.as_ref().is_some_and(there) {
        return;
    }
    let Some((key, table)) = l.busy(&index.table) else { return };
    // A materialized view is written by REFRESH alone.
    if table.kind == TableKind::MaterializedView {
        return;
    }
    let sql = l.sql(&key);
    let unique = if index.unique { "UNIQUE " } else { "" };
    let name = index.name.as_ref().map_or_else(
        || {
            format!(
                "{}_{}_idx",
                key.name(),
                index.columns.first().and_then(|c| c.column.as_ref()).map_or("expr", |c| &c.value)
            )
        },
        |n| n.name.value.clone(),
    );
    let name = quoted(&name);
    let method = index.method.as_ref().map_or_else(String::new, |m| format!(" USING {}", m.value));
    let predicate = index.predicate.as_ref().map_or_else(String::new, |p| format!(" WHERE {}", p.text));
    let on = format!("{method} ({}){predicate}", key_of(&index.columns));
    let message =
        format!("building this index locks \"{}\" (SHARE): nobody writes to it until the index is done", key.name());
    let help = if table.kind == TableKind::Partitioned {
        format!(
            "make it on the parent alone, CREATE {unique}INDEX IF NOT EXISTS {name} ON ONLY {sql}{on}; build it on each partition with CONCURRENTLY in migrations of their own, and ALTER INDEX {name} ATTACH PARTITION each"
        )
    } else {
        format!("give it a migration of its own: CREATE {unique}INDEX CONCURRENTLY IF NOT EXISTS {name} ON {sql}{on};")
    };
    l.say("index-not-concurrent", index.table.span(), message, help);
}

fn drop_index(l: &mut Look<'_>, drop: &Drop) {
    if drop.kind != ObjectKind::Index || drop.concurrently || drop.cascade {
        return;
    }
    for target in &drop.targets {
        let Found::Yes(key) = l.catalog.find_relation(&target.name) else { continue };
        let Some(Object::Index(of)) = l.catalog.get(&key) else { continue };
        let Some(table) = l.busy_at(of).filter(|t| t.kind == TableKind::Table) else { continue };
        // An index of a parent's goes with that.
        let whole = table.indexes.iter().any(|i| i.name == key.name() && i.parent.is_none());
        if !whole || l.catalog.may_be_gone(&key) {
            continue;
        }
        let message = format!(
            "dropping an index locks \"{}\" (ACCESS EXCLUSIVE): it waits for every query that uses the table, and all others wait behind it",
            of.name()
        );
        let help = format!("give it a migration of its own: DROP INDEX CONCURRENTLY IF EXISTS {};", l.sql(&key));
        l.say("drop-index-not-concurrent", target.name.span(), message, help);
    }
}

fn reindex(l: &mut Look<'_>, what: &str, instead: &str, span: Span) {
    let message = format!(
        "building indexes anew locks {what} (SHARE, and the index itself ACCESS EXCLUSIVE): nobody writes to it meanwhile, and what would use the index waits"
    );
    l.say("reindex-not-concurrent", span, message, format!("give it a migration of its own: {instead};"));
}

fn touch(l: &mut Look<'_>, what: &str, targets: &[(ObjectKind, Target)]) {
    match what {
        "REINDEX" => {
            for (kind, target) in targets {
                let Found::Yes(key) = l.catalog.find_relation(&target.name) else {
                    if *kind == ObjectKind::Schema {
                        let name = target.name.text();
                        let instead = format!("REINDEX (CONCURRENTLY) SCHEMA {name}");
                        reindex(l, &format!("every table of the schema \"{name}\""), &instead, target.name.span());
                    }
                    continue;
                };
                let table = match l.catalog.get(&key) {
                    Some(Object::Index(of)) => of.clone(),
                    _ => key.clone(),
                };
                if l.busy_at(&table).is_some() {
                    let word = if *kind == ObjectKind::Index { "INDEX" } else { "TABLE" };
                    let instead = format!("REINDEX {word} CONCURRENTLY {}", l.sql(&key));
                    reindex(l, &format!("\"{}\"", table.name()), &instead, target.name.span());
                }
            }
        }
        "REFRESH MATERIALIZED VIEW" => {
            for (_, target) in targets {
                let Some((key, view)) = l.busy(&target.name).filter(|(_, t)| t.kind == TableKind::MaterializedView)
                else {
                    continue;
                };
                let unique = |i: &crate::catalog::object::Index| {
                    i.unique && i.predicate.is_none() && i.columns.iter().all(Option::is_some)
                };
                let first = if view.indexes.iter().any(unique) {
                    String::new()
                } else {
                    format!("CREATE UNIQUE INDEX IF NOT EXISTS … ON {} (…); and in a later migration ", l.sql(&key))
                };
                let message = format!("nobody reads \"{}\" until it is filled anew (ACCESS EXCLUSIVE)", key.name());
                let help = format!("{first}REFRESH MATERIALIZED VIEW CONCURRENTLY {};", l.sql(&key));
                l.say("refresh-not-concurrent", target.name.span(), message, help);
            }
        }
        "VACUUM FULL" | "CLUSTER" => {
            let help = "VACUUM without FULL frees the room for new rows while others read and write; to give it back to the disk, use an extension that copies the table beside its users (pg_repack)";
            if targets.is_empty() {
                let message = "this copies every table of the database, and locks each meanwhile: nobody reads it (ACCESS EXCLUSIVE)";
                l.say("vacuum-full-locks", Span::default(), message.to_owned(), help.to_owned());
            }
            for (_, target) in targets.iter().filter(|(kind, _)| *kind == ObjectKind::Table) {
                let Some((key, _)) = l.busy(&target.name) else { continue };
                let message = format!(
                    "this copies \"{}\", and nobody reads or writes it until that is done (ACCESS EXCLUSIVE)",
                    key.name()
                );
                l.say("vacuum-full-locks", target.name.span(), message, help.to_owned());
            }
        }
        what => {
            let Some(mode) = mode_of_lock(what).filter(|mode| *mode >= LockMode::Share) else { return };
            for (_, target) in targets {
                let Some((key, _)) = l.busy(&target.name) else { continue };
                let waits = if mode == LockMode::AccessExclusive { "reads or writes" } else { "writes to" };
                let message = format!("nobody {waits} \"{}\" until this migration commits ({mode})", key.name());
                let help = "leave it out: each statement takes the lock that it needs; or keep the migration to what the lock is for, and say so: -- glowplug: allow(lock-table, reason = \"…\")";
                l.say("lock-table", target.name.span(), message, help.to_owned());
            }
        }
    }
}

// ---- ALTER TABLE

fn alter_table(l: &mut Look<'_>, alter: &AlterTable) {
    if alter.kind != ObjectKind::Table {
        return;
    }
    let Some((key, table)) = l.busy(&alter.name) else {
        // The parent may have no rows, and the new partition may.
        let Found::Yes(key) = l.catalog.find_relation(&alter.name) else { return };
        let Some(table) = l.catalog.table(&key) else { return };
        attaches(l, alter, &key, table);
        return;
    };
    let of = Altered { key: &key, table, sql: l.sql(&key), alter };
    attaches(l, alter, &key, table);
    for action in &alter.actions {
        of.action(l, action);
    }
}

struct Altered<'a> {
    key: &'a Key,
    table: &'a Table,
    sql: String,
    alter: &'a AlterTable,
}

impl Altered<'_> {
    fn name(&self) -> &str {
        self.key.name()
    }

    fn column(&self, name: &str) -> Option<&crate::catalog::object::Column> {
        self.table.columns.iter().find(|c| c.name == name)
    }

    fn action(&self, l: &mut Look<'_>, action: &TableAction) {
        let span = action.span;
        match &action.kind {
            TableActionKind::AddColumn { column, .. } if self.column(&column.name.value).is_none() => {
                self.add_column(l, column, span);
            }
            TableActionKind::AddConstraint(c) => {
                let taken = |n: &Ident| self.table.constraints.iter().any(|x| x.name == n.value);
                let taken = c.name.as_ref().is_some_and(taken);
                if !taken {
                    self.add_constraint(l, c, span, None);
                }
            }
            TableActionKind::ValidateConstraint(name) => {
                let new = l.journal.unvalidated.contains(&(self.key.clone(), name.value.clone()));
                if new && l.journal.transaction {
                    let message = format!(
                        "the lock that adding \"{}\" took on \"{}\" is held while all its rows are read: nobody writes to it meanwhile",
                        name.value,
                        self.name()
                    );
                    let help = format!(
                        "validate it in a migration of its own: ALTER TABLE {} VALIDATE CONSTRAINT {};",
                        self.sql,
                        quoted(&name.value)
                    );
                    l.say("validate-in-same-transaction", span, message, help);
                }
            }
            TableActionKind::SetNotNull(column) => self.not_null(l, &column.value, span),
            TableActionKind::SetType { column, data_type, using } => {
                let Some(own) = self.column(&column.value) else { return };
                let Some(to) = l.catalog.lookup_type(data_type) else { return };
                self.set_type(l, own, &to, using.as_ref(), span);
            }
            TableActionKind::SetExpression { column, .. } => {
                let message = self.rewritten(&format!("computing \"{}\" of \"{}\" anew", column.value, self.name()));
                let help = "make a second column, fill it in batches, and let the code read that one".to_owned();
                l.say("stored-generated-rewrites", span, message, help);
            }
            TableActionKind::DetachPartition { name, concurrently: false } => self.detach(l, name, span),
            TableActionKind::Other(what @ ("SET LOGGED" | "SET UNLOGGED" | "SET TABLESPACE" | "SET ACCESS METHOD")) => {
                let message = format!(
                    "{what} copies \"{}\", and nobody reads or writes it until that is done (ACCESS EXCLUSIVE)",
                    self.name()
                );
                let help = format!(
                    "make a new table that is so from the start, copy the rows in batches and let it take the place of {}; or say that nobody waits: -- glowplug: allow(set-logged-rewrites, reason = \"…\")",
                    self.sql
                );
                l.say("set-logged-rewrites", span, message, help);
            }
            _ => {}
        }
    }

    fn rewritten(&self, by: &str) -> String {
        format!(
            "{by} writes all of \"{}\" anew, and nobody reads or writes it until that is done (ACCESS EXCLUSIVE)",
            self.name()
        )
    }

    fn add_column(&self, l: &mut Look<'_>, column: &ColumnDefinition, span: Span) {
        let (name, sql) = (quoted(&column.name.value), &self.sql);
        let shown = &column.name.value;
        let own_type = column.data_type.as_ref();
        let serial = own_type.and_then(|t| serial_type(&t.name.name.value));
        let written = own_type
            .map_or_else(|| "…".to_owned(), |t| l.catalog.lookup_type(t).map_or_else(|| t.name.text(), |t| t.text));
        let mut filled = column.default.is_some();
        if serial.is_some() || column.identity.is_some() {
            let message = self.rewritten(&format!("numbering the rows for \"{shown}\""));
            let kind = serial.unwrap_or(&written);
            let help = format!(
                "add it empty, ALTER TABLE {sql} ADD COLUMN IF NOT EXISTS {name} {kind}; let new rows take numbers from a sequence, SET DEFAULT nextval('…'); and number the old ones in batches"
            );
            l.say("serial-or-identity-rewrites", span, message, help);
            filled = true;
        } else if let Some(generated) = &column.generated {
            filled = true;
            if generated.stored {
                let message = self.rewritten(&format!("computing \"{shown}\""));
                let help = format!(
                    "add a plain column, ALTER TABLE {sql} ADD COLUMN IF NOT EXISTS {name} {written}; keep it right with a trigger, and fill the old rows in batches"
                );
                l.say("stored-generated-rewrites", span, message, help);
            }
        } else {
            let volatile = column.default.as_ref().and_then(|d| l.catalog.infer(&d.names, &[], None).volatile());
            let checked = own_type
                .and_then(|t| l.catalog.lookup_type(t))
                .is_some_and(|t| types::is_checked(l.catalog, &t) == Some(true));
            if volatile.is_some() || checked {
                let default = column.default.as_ref().map_or("…", |d| d.text.as_str());
                let by = if checked {
                    format!("checking each row's \"{shown}\" against its domain")
                } else {
                    format!("computing the default of \"{shown}\" for each row")
                };
                let help = if checked {
                    format!(
                        "add it as {sql}'s own CHECK … NOT VALID on a column of the domain's type, and validate that in a later migration"
                    )
                } else {
                    format!(
                        "add it without the default, ALTER TABLE {sql} ADD COLUMN IF NOT EXISTS {name} {written}; then ALTER TABLE {sql} ALTER COLUMN {name} SET DEFAULT {default}; and fill the old rows in batches"
                    )
                };
                let message = self.rewritten(&by);
                l.say("volatile-default-rewrites", volatile.unwrap_or(span), message, help);
            }
        }
        let null = column.default.as_ref().is_some_and(|d| d.literal == Some(Literal::Null));
        let key = column.constraints.iter().any(|c| matches!(c.kind, ConstraintKind::PrimaryKey { .. }));
        if (column.not_null == Some(true) || key) && (!filled || null) && !self.has_default(l, column) {
            let message =
                format!("\"{}\" has rows, and this fails on the first: what would their \"{shown}\" be?", self.name());
            let help = format!(
                "give it a default, ADD COLUMN {name} {written} NOT NULL DEFAULT …, which is quick; or add it without NOT NULL, fill it in batches, and see `cargo glowplug explain set-not-null-scans`"
            );
            l.say("not-null-without-default", span, message, help);
        }
        for constraint in &column.constraints {
            // A column that is NULL everywhere points at nothing; of one with a default, NULL even, the server does not know.
            let trivial = matches!(constraint.kind, ConstraintKind::ForeignKey(_)) && !filled;
            if !trivial {
                self.add_constraint(l, constraint, span, Some(&column.name));
            }
        }
    }

    /// A domain may have one.
    fn has_default(&self, l: &Look<'_>, column: &ColumnDefinition) -> bool {
        let own = column.data_type.as_ref().and_then(|t| l.catalog.lookup_type(t));
        own.is_none_or(|t| t.unknown || t.user.is_some())
    }

    fn add_constraint(&self, l: &mut Look<'_>, c: &ConstraintDefinition, span: Span, of: Option<&Ident>) {
        if c.not_valid {
            return;
        }
        let (sql, table) = (&self.sql, self.name());
        let said = |columns: &[Ident]| -> Vec<String> {
            let own: Vec<&Ident> = if columns.is_empty() { of.into_iter().collect() } else { columns.iter().collect() };
            own.iter().map(|c| quoted(&c.value)).collect()
        };
        let named = |suffix: &str, columns: &[String]| {
            let made = || {
                format!(
                    "{table}_{}{suffix}",
                    columns.iter().map(|c| format!("{}_", c.trim_matches('"'))).collect::<String>()
                )
            };
            quoted(&c.name.as_ref().map_or_else(made, |n| n.value.clone()))
        };
        let partitioned = self.table.kind == TableKind::Partitioned;
        match &c.kind {
            ConstraintKind::ForeignKey(foreign) => {
                let columns = said(&foreign.columns);
                let name = named("fkey", &columns);
                let referenced: Vec<String> = foreign.referenced.iter().map(|c| quoted(&c.value)).collect();
                let target = foreign.table.text();
                let target =
                    if referenced.is_empty() { target } else { format!("{target} ({})", referenced.join(", ")) };
                let message = format!(
                    "every row of \"{table}\" is looked up in \"{}\", and nobody writes to either meanwhile (SHARE ROW EXCLUSIVE)",
                    foreign.table.name.value
                );
                let new = |c: &Ident| l.journal.added.get(&(self.key.clone(), c.value.clone())) == Some(&true);
                let here = |c: &Ident| {
                    self.alter.actions.iter().any(|a| {
                        matches!(&a.kind, TableActionKind::AddColumn { column, .. } if column.name.value == c.value && column.default.is_none())
                    })
                };
                let help = if let [only] = foreign.columns.as_slice()
                    && (new(only) || here(only))
                {
                    format!(
                        "say it with the column, which reads no row: ADD COLUMN {} … REFERENCES {target};",
                        quoted(&only.value)
                    )
                } else if partitioned && l.catalog.server_version.is_none_or(|(major, _)| major < 18) {
                    format!(
                        "add it to each partition as NOT VALID and validate it there in later migrations; then adding it to {sql} reads no row"
                    )
                } else {
                    format!(
                        "ALTER TABLE {sql} ADD CONSTRAINT {name} FOREIGN KEY ({}) REFERENCES {target} NOT VALID; and in a later migration ALTER TABLE {sql} VALIDATE CONSTRAINT {name};",
                        columns.join(", ")
                    )
                };
                l.say("foreign-key-validates", span, message, help);
            }
            ConstraintKind::Check(expr) => {
                let name = named("check", &said(&[]));
                let message = format!(
                    "every row of \"{table}\" is checked, and nobody reads or writes it meanwhile (ACCESS EXCLUSIVE)"
                );
                let help = format!(
                    "ALTER TABLE {sql} ADD CONSTRAINT {name} CHECK ({}) NOT VALID; and in a later migration ALTER TABLE {sql} VALIDATE CONSTRAINT {name};",
                    expr.text
                );
                l.say("check-validates", span, message, help);
            }
            ConstraintKind::NotNull(column) => self.not_null(l, &column.value, span),
            ConstraintKind::Unique { columns, using_index: None, .. } => {
                let columns = said(columns);
                let name = named("key", &columns);
                self.builds(l, "unique-builds-index", "UNIQUE", &name, &columns, span);
            }
            ConstraintKind::PrimaryKey { columns, using_index: None, .. } => {
                let columns = said(columns);
                let name = if c.name.is_some() { named("", &[]) } else { quoted(&format!("{table}_pkey")) };
                self.builds(l, "primary-key-builds-index", "PRIMARY KEY", &name, &columns, span);
            }
            ConstraintKind::PrimaryKey { using_index: Some(index), .. } => {
                let found = self.table.indexes.iter().find(|i| i.name == index.value);
                let columns: Vec<String> =
                    found.into_iter().flat_map(|i| i.columns.iter().flatten().cloned()).collect();
                columns.iter().for_each(|column| self.not_null(l, column, span));
            }
            ConstraintKind::Exclude { .. } => {
                let message = format!(
                    "building the index that this constraint needs locks \"{table}\" (ACCESS EXCLUSIVE): nobody reads or writes it until that is done"
                );
                let help = format!(
                    "there is no way to build it beside the table's users: make a new table that has it, copy the rows in batches, let it take the place of {sql}; or say that nobody waits: -- glowplug: allow(exclusion-builds-index, reason = \"…\")"
                );
                l.say("exclusion-builds-index", span, message, help);
            }
            ConstraintKind::Unique { using_index: Some(_), .. } => {}
        }
    }

    fn builds(&self, l: &mut Look<'_>, rule: &'static str, what: &str, name: &str, columns: &[String], span: Span) {
        let (sql, table) = (&self.sql, self.name());
        let message = format!(
            "building the index of this key locks \"{table}\" (ACCESS EXCLUSIVE): nobody reads or writes it until that is done"
        );
        let columns = columns.join(", ");
        let help = if self.table.kind == TableKind::Partitioned {
            format!(
                "CREATE UNIQUE INDEX IF NOT EXISTS {name} ON ONLY {sql} ({columns}); build it on each partition with CONCURRENTLY in migrations of their own, and ALTER INDEX {name} ATTACH PARTITION each"
            )
        } else {
            format!(
                "build it first, in a migration of its own: CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {sql} ({columns}); and in a later one ALTER TABLE {sql} ADD CONSTRAINT {name} {what} USING INDEX {name};"
            )
        };
        l.say(rule, span, message, help);
    }

    fn not_null(&self, l: &mut Look<'_>, column: &str, span: Span) {
        let Some(own) = self.column(column) else { return };
        // Dropped by the same statement, it is gone before.
        let goes = |c: &Constraint| {
            self.alter
                .actions
                .iter()
                .any(|a| matches!(&a.kind, TableActionKind::DropConstraint { name, .. } if name.value == c.name))
        };
        let unproved =
            |c: &&Constraint| c.kind == ConstraintType::NotNull && !c.valid && c.columns.iter().any(|x| x == column);
        let half = self.table.constraints.iter().any(|c| unproved(&c));
        if own.not_null && !half || self.table.constraints.iter().any(|c| proves_not_null(c, column) && !goes(c)) {
            return;
        }
        let (sql, quoted_column) = (&self.sql, quoted(column));
        let message = format!(
            "every row of \"{}\" is looked at for a NULL in \"{column}\", and nobody reads or writes it meanwhile (ACCESS EXCLUSIVE)",
            self.name()
        );
        let name = quoted(&format!("{}_{column}_not_null", self.name()));
        let waiting = self
            .table
            .constraints
            .iter()
            .find(|c| !c.valid && c.kind == ConstraintType::Check && asks_not_null(&c.definition, column));
        let help = match waiting {
            Some(c) => {
                format!("first, in a migration of its own: ALTER TABLE {sql} VALIDATE CONSTRAINT {};", quoted(&c.name))
            }
            None => format!(
                "three migrations: ALTER TABLE {sql} ADD CONSTRAINT {name} CHECK ({quoted_column} IS NOT NULL) NOT VALID; then ALTER TABLE {sql} VALIDATE CONSTRAINT {name}; then this, which needs no look at the rows any more, and ALTER TABLE {sql} DROP CONSTRAINT {name}"
            ),
        };
        l.say("set-not-null-scans", span, message, help);
    }

    fn set_type(
        &self,
        l: &mut Look<'_>,
        own: &crate::catalog::object::Column,
        to: &crate::catalog::object::Type,
        using: Option<&Expr>,
        span: Span,
    ) {
        let (sql, column) = (&self.sql, quoted(&own.name));
        let Some(rewrites) = types::rewrites(l.catalog, &own.name, &own.data_type, to, using, l.journal.utc) else {
            return;
        };
        let change = format!("\"{}\" from {} to {}", own.name, own.data_type.text, to.text);
        if rewrites {
            let zone = own.data_type.base.starts_with("timestamp ")
                && to.base.starts_with("timestamp ")
                && own.data_type.base != to.base
                && using.is_none();
            let hint = if zone {
                "where the stored times are UTC, say so before it, and no row is written: SET LOCAL timezone = 'UTC'; else ".to_owned()
            } else {
                String::new()
            };
            let message = self.rewritten(&format!("changing {change}"));
            let help = format!(
                "{hint}add a column of the new type, ALTER TABLE {sql} ADD COLUMN IF NOT EXISTS {} {}; keep both alike by a trigger, fill it in batches, switch the code, and drop {column}",
                quoted(&format!("{}_new", own.name)),
                to.text
            );
            l.say("column-type-rewrites", span, message, help);
            return;
        }
        let reads = |name: &String| *name == own.name;
        let mut again: Vec<String> = Vec::new();
        let moved = own.data_type.base != to.base && to.base.starts_with("timestamp ");
        for index in &self.table.indexes {
            let expressed = index.reads.iter().any(reads)
                && (index.predicate.is_some() || index.columns.iter().any(Option::is_none));
            if expressed || moved && index.columns.iter().flatten().any(reads) {
                again.push(format!("the index \"{}\" is built anew", index.name));
            }
        }
        let checks = self
            .table
            .constraints
            .iter()
            .filter(|c| c.valid && c.kind == ConstraintType::Check && c.columns.iter().any(reads));
        again.extend(checks.map(|c| format!("every row is checked against \"{}\" again", c.name)));
        if let Some(first) = again.first() {
            let message = format!(
                "changing {change} writes no row, but {first}, and nobody reads or writes \"{}\" meanwhile (ACCESS EXCLUSIVE)",
                self.name()
            );
            let help = format!(
                "take away what reads {column} first, and make it again in later migrations: an index with CONCURRENTLY, a CHECK as NOT VALID and then VALIDATE"
            );
            l.say("column-type-rewrites", span, message, help);
        }
    }

    fn detach(&self, l: &mut Look<'_>, name: &Name, span: Span) {
        let Some((part, _)) = l.busy(name) else { return };
        let newer = l.catalog.server_version.is_none_or(|(major, _)| major >= 14);
        let default =
            |key: &Key| l.catalog.table(key).is_some_and(|t| matches!(t.bound, Some(crate::change::Bound::Default)));
        // Beside a default partition, it cannot be done otherwise.
        if !newer || l.catalog.children(self.key).iter().any(default) {
            return;
        }
        let message = format!(
            "nobody reads or writes \"{}\" or \"{}\" until this migration commits (ACCESS EXCLUSIVE)",
            self.name(),
            part.name()
        );
        let help = format!(
            "give it a migration of its own: ALTER TABLE {} DETACH PARTITION {} CONCURRENTLY;",
            self.sql,
            l.sql(&part)
        );
        l.say("detach-not-concurrent", span, message, help);
    }
}

/// A table with rows that becomes a partition is read, but where a CHECK says that all its rows belong there.
fn attaches(l: &mut Look<'_>, alter: &AlterTable, parent: &Key, table: &Table) {
    for action in &alter.actions {
        let TableActionKind::AttachPartition { name, .. } = &action.kind else { continue };
        let Some((part, own)) = l.busy(name) else { continue };
        let columns: Vec<&String> = table.partition_by.iter().flat_map(|p| p.columns.iter().flatten()).collect();
        let asked = |c: &&String| {
            own.constraints.iter().any(|x| x.valid && x.kind == ConstraintType::Check && x.columns.contains(c))
        };
        if columns.is_empty() || columns.iter().any(asked) {
            continue;
        }
        let shown = columns.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(", ");
        let message = format!(
            "every row of \"{}\" is read to see that it belongs into \"{}\", and nobody reads or writes it meanwhile (ACCESS EXCLUSIVE)",
            part.name(),
            parent.name()
        );
        let sql = l.sql(&part);
        let check = quoted(&format!("{}_bound", part.name()));
        let help = format!(
            "say it beforehand: ALTER TABLE {sql} ADD CONSTRAINT {check} CHECK ({shown} … as the partition's bound has it, and IS NOT NULL) NOT VALID; in a later migration VALIDATE CONSTRAINT {check}; then attach it"
        );
        l.say("attach-without-check", action.span, message, help);
    }
}

// ---- rows

/// Whether the condition of an UPDATE holds for each row: it asks for NULL in a column that this migration added.
fn asks_for_all(l: &Look<'_>, table: &Name, reads: &Reads) -> bool {
    let Found::Yes(key) = l.catalog.find_relation(table) else { return false };
    if reads.selects.first().is_none_or(|s| s.sources.len() != 1) {
        return false;
    }
    let Some((_, text)) = reads.text.rsplit_once(" where ") else { return false };
    let Some(subject) = text.trim().strip_suffix("is null") else { return false };
    let subject = super::inner(subject.trim());
    l.journal
        .added
        .iter()
        .any(|((of, column), null)| *null && *of == key && (subject == column || subject == quoted(column)))
}

fn written(l: &mut Look<'_>, table: &Name, reads: &Reads, everything: bool, what: &str) {
    let Some((key, own)) = l.busy(table) else { return };
    let (sql, name) = (l.sql(&key), key.name().to_owned());
    if everything && (what == "UPDATE" || reads.selects.iter().all(|s| s.sources.len() <= 1)) {
        let id = own.primary_key().and_then(|p| p.columns.first()).map_or_else(|| "id".to_owned(), |c| quoted(c));
        let (rule, rest) = if what == "UPDATE" {
            (
                "update-all-rows",
                format!("UPDATE {sql} SET … WHERE {id} IN (SELECT {id} FROM {sql} WHERE … is not done LIMIT 5000)"),
            )
        } else {
            ("delete-all-rows", format!("DELETE FROM {sql} WHERE {id} IN (SELECT {id} FROM {sql} LIMIT 5000)"))
        };
        let message = format!(
            "every row of \"{name}\" is written in one transaction: whoever writes one of them waits until it commits, and nothing is cleaned up meanwhile"
        );
        let help = format!(
            "in batches, each with a commit of its own, in a migration with `-- glowplug: no-transaction`: a loop in a DO block around {rest}, COMMIT after each; see docs/guide/multi-phase.md"
        );
        l.say(rule, table.span(), message, help);
        return;
    }
    mixed(l, &key, own, Some(reads), table.span());
}

fn copied(l: &mut Look<'_>, insert: &Insert) {
    let InsertSource::Query(reads) = &insert.source else { return };
    // Rows that are written out are few.
    if reads.values.is_some() || reads.selects.iter().all(|s| s.sources.is_empty()) {
        return;
    }
    let Some((key, table)) = l.busy(&insert.table) else { return };
    mixed(l, &key, table, None, insert.table.span());
}

/// Rows are written while the lock of a change of a table is held.
fn mixed(l: &mut Look<'_>, key: &Key, table: &Table, reads: Option<&Reads>, span: Span) {
    if !l.journal.transaction || l.journal.altered.is_empty() || reads.is_some_and(|r| is_one_row(table, r)) {
        return;
    }
    let locked: Vec<String> = l.journal.altered.iter().map(|k| format!("\"{}\"", k.name())).collect();
    let message = format!(
        "rows of \"{}\" are written while this migration keeps others out of {}, which it altered: they wait until it commits",
        key.name(),
        locked.join(", ")
    );
    let help = "write the rows in a migration of their own, after this one; many of them in batches".to_owned();
    l.say("data-and-schema-mixed", span, message, help);
}

/// Whether the condition names few rows: a unique key equals literals.
fn is_one_row(table: &Table, reads: &Reads) -> bool {
    let Some(select) = reads.selects.first() else { return false };
    let Some((root, _)) = select.names.conditions.iter().find(|(_, clause)| *clause == "WHERE") else { return false };
    let mut equal: Vec<&str> = Vec::new();
    gather(&select.names, *root, &mut equal);
    table.indexes.iter().any(|i| {
        i.unique
            && i.predicate.is_none()
            && i.columns.iter().all(|c| c.as_ref().is_some_and(|c| equal.contains(&c.as_str())))
    })
}

/// The columns that a condition compares with literals.
fn gather<'n>(names: &'n Names, id: NodeId, equal: &mut Vec<&'n str>) {
    let Some(node) = names.at(id) else { return };
    let parts = names.parts_of(node);
    let is_literal = |id: &NodeId| {
        let cast = names.at(*id).is_some_and(|n| matches!(n.form, Form::Cast(_)));
        let within = names.at(*id).and_then(|n| names.parts_of(n).first());
        names.literal_at(*id).is_some() || cast && within.is_some_and(|w| names.literal_at(*w).is_some())
    };
    let column = |id: &NodeId| match names.at(*id).map(|n| &n.form) {
        Some(Form::Column(at)) => {
            names.columns.get(*at as usize).and_then(|path| path.last()).map(|c| c.value.as_str())
        }
        _ => None,
    };
    match &node.form {
        Form::Logic("AND" | "and") => parts.iter().for_each(|part| gather(names, *part, equal)),
        Form::Operator(op) if op == "=" => {
            if let [a, b] = parts {
                equal.extend(column(a).filter(|_| is_literal(b)));
                equal.extend(column(b).filter(|_| is_literal(a)));
            }
        }
        Form::In => {
            if let [first, rest @ ..] = parts
                && rest.iter().all(is_literal)
            {
                equal.extend(column(first));
            }
        }
        _ => {}
    }
}
