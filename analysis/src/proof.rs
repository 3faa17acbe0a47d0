//! Idempotency and resumption, by folding again.
//!
//! A migration is idempotent where a second fold right after the first finds nothing to refuse and leaves the same
//! catalog. What cannot run in one transaction can be resumed where, for every k, folding the first k statements and
//! then the whole file does the same.

mod mysql;

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, Data, Key, Mark, Outcome, Problem, Refusal};
use crate::change::{
    Change, ConstraintDefinition, ConstraintKind, InsertSource, MysqlChange, ObjectKind, Reads, SourceKind, Statement,
    TableAction, TableActionKind, TableDefinition, TypeDefinition,
};
use crate::span::Span;

/// What the second fold found.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    pub(crate) idempotent: bool,
    pub(crate) resumable: bool,
    pub(crate) findings: Vec<Finding>,
}

/// A reason why a second run is not the same as none.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) rule: &'static str,
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// Proves a migration that was folded once since `base`. `refused` are the statements that the first fold refused:
/// what they do a second time says nothing.
pub(crate) fn prove(
    catalog: &mut Catalog,
    statements: &[Statement],
    base: &Mark,
    transaction: bool,
    refused: &BTreeSet<usize>,
) -> Proof {
    let mut proof = Proof { idempotent: true, resumable: true, findings: Vec::new() };
    let after = catalog.mark();
    let recorded = transaction || recorded_at_once(catalog, statements);
    catalog.start_over();
    // Which statement touched which object last, for what differs in the end.
    let mut last_touch: BTreeMap<Key, usize> = BTreeMap::new();
    let mut dropped: Vec<(Key, Span)> = Vec::new();
    let mut failed: BTreeSet<usize> = BTreeSet::new();
    for (i, statement) in statements.iter().enumerate() {
        let Some(change) = &statement.change else { continue };
        let before = catalog.mark();
        let mut out = Outcome::of_a_proof();
        catalog.apply(change, Some(&after), &mut out);
        for key in catalog.changed(&before) {
            last_touch.insert(key, i);
        }
        if refused.contains(&i) {
            continue;
        }
        if let Some(refusal) = out.refusals.first() {
            failed.insert(i);
            proof.idempotent = false;
            // The record in the history is the guard where the engine has none.
            if !(recorded && recorded_instead(catalog, change)) {
                proof.findings.push(second_failure(catalog, change, refusal));
            }
        }
        for data in out.data {
            match data {
                Data::DropsTable { table, span } => dropped.push((table, span)),
                other => {
                    proof.idempotent = false;
                    proof.findings.push(row_finding(catalog, &other));
                }
            }
        }
    }
    for key in catalog.changed(&after) {
        proof.idempotent = false;
        let Some(&i) = last_touch.get(&key) else { continue };
        if failed.contains(&i) || refused.contains(&i) || !failed.insert(i) {
            continue;
        }
        if let Some(change) = &statements[i].change
            && !(recorded && recorded_instead(catalog, change))
        {
            proof.findings.push(second_difference(change, statements[i].span, &key));
        }
    }
    for (table, span) in dropped {
        let rebuilt = statements.iter().filter_map(|s| s.change.as_ref()).any(|c| copies_from(c, table.name()));
        if catalog.has(&table) && !rebuilt {
            proof.findings.push(Finding {
                rule: "drop-then-create-loses-data",
                span,
                message: format!("a second run drops \"{}\" again, with the rows it has by then", table.name()),
                help: format!("CREATE TABLE IF NOT EXISTS {} alone keeps them", table.name()),
            });
        }
    }
    catalog.roll_back(&after);
    if !transaction {
        resume(catalog, statements, base, refused, &mut proof);
    }
    proof.findings.sort_by_key(|f| f.span);
    proof
}

/// At how many places a migration is stopped, and run again whole from there: each costs as much as the whole file. One
/// of more statements than that is stopped at places that lie evenly among them.
const MAX_STOPS: usize = 64;

/// Stops after every statement, and runs the file again.
fn resume(catalog: &mut Catalog, statements: &[Statement], base: &Mark, refused: &BTreeSet<usize>, proof: &mut Proof) {
    if !proof.idempotent {
        // A file of one statement stops before it or after it.
        proof.resumable = statements.len() < 2;
        return;
    }
    let goal: BTreeMap<_, _> = catalog.touched(base).into_iter().collect();
    catalog.roll_back(base);
    let step = statements.len().div_ceil(MAX_STOPS);
    for k in 1..statements.len() {
        fold_quietly(catalog, &statements[k - 1..k], refused);
        if k % step != 0 {
            continue;
        }
        let stopped = catalog.mark();
        catalog.start_over();
        let refusal = fold_quietly(catalog, statements, refused);
        let reached = refusal.is_none()
            && catalog.touched(base).into_iter().all(|(key, object)| match goal.get(&key) {
                Some(wanted) => *wanted == object,
                None => !catalog.changed(base).contains(&key),
            });
        if !reached {
            proof.resumable = false;
            let why = match refusal {
                Some((_, r)) => r.problem.message(catalog.engine.backend),
                None => "the schema is not the same in the end".to_owned(),
            };
            proof.findings.push(Finding {
                rule: "not-resumable",
                span: statements[k - 1].span,
                message: format!("stopped after this statement, the migration cannot be run again: {why}"),
                help: "this file cannot run in one transaction: give each statement a guard, or a file of its own"
                    .to_owned(),
            });
            break;
        }
        catalog.roll_back(&stopped);
    }
    catalog.roll_back(base);
    fold_quietly(catalog, statements, refused);
}

/// Folds statements, and answers the first refusal that the first fold did not have.
fn fold_quietly(
    catalog: &mut Catalog,
    statements: &[Statement],
    refused: &BTreeSet<usize>,
) -> Option<(usize, Refusal)> {
    let mut first = None;
    for (i, statement) in statements.iter().enumerate() {
        let Some(change) = &statement.change else { continue };
        catalog.statement = statement.span;
        let mut out = Outcome::of_a_proof();
        catalog.apply(change, None, &mut out);
        if first.is_none() && !refused.contains(&i) {
            first = out.refusals.into_iter().next().map(|r| (i, r));
        }
    }
    first
}

/// Whether the runner's record is the guard: the engine has none for this, and the whole migration is one transaction.
fn recorded_instead(catalog: &Catalog, change: &Change) -> bool {
    catalog.engine.alters_without_guard
        && (matches!(change, Change::AlterTable(_) | Change::Rename { .. }) || mysql::has_no_guard(change))
}

/// Whether the only statement that changes the schema is recorded as soon as it is done: there is no other behind it
/// that could stop the migration half-way.
fn recorded_at_once(catalog: &Catalog, statements: &[Statement]) -> bool {
    let commits = |s: &&Statement| s.change.as_ref().is_none_or(mysql::commits);
    catalog.engine.commits_each_change && statements.iter().filter(commits).count() == 1
}

/// `INSERT INTO … SELECT … FROM table`: the rows are carried over.
fn copies_from(change: &Change, table: &str) -> bool {
    let reads = match change {
        Change::Insert(i) => match &i.source {
            InsertSource::Query(r) => r,
            InsertSource::Default => return false,
        },
        Change::CreateTable(t) => match &t.query {
            Some((_, r)) => r,
            None => return false,
        },
        Change::Mysql(m) => match &**m {
            MysqlChange::CreateTable(TableDefinition { query: Some(r), .. }) => r,
            _ => return false,
        },
        _ => return false,
    };
    reads_from(reads, table)
}

fn reads_from(reads: &Reads, table: &str) -> bool {
    reads.selects.iter().any(|s| {
        s.sources.iter().any(|source| match &source.kind {
            SourceKind::Table(n) => n.name.value.eq_ignore_ascii_case(table),
            SourceKind::Query(inner) => reads_from(inner, table),
            _ => false,
        }) || s.names.queries.iter().any(|q| reads_from(q, table))
    })
}

fn row_finding(catalog: &Catalog, data: &Data) -> Finding {
    match data {
        Data::Inserts { table, span } => Finding {
            rule: "insert-without-guard",
            span: *span,
            message: format!("a second run inserts the same rows into \"{}\" again", table.name()),
            help: catalog.engine.insert_guard.to_owned(),
        },
        Data::Accumulates { column, span } => Finding {
            rule: "update-accumulates",
            span: *span,
            message: format!("a second run changes \"{column}\" again: its new value is made from the old one"),
            help: format!(
                "say what \"{column}\" was before in the WHERE, or set it to a value that does not depend on it"
            ),
        },
        Data::ConvertsAgain { column, span } => Finding {
            rule: "type-change-using",
            span: *span,
            message: format!("a second run converts \"{column}\" again, from the type it has by then"),
            help: "put it in a DO block that looks at information_schema.columns for the old type first".to_owned(),
        },
        Data::MakesTriggers { function, span } => Finding {
            rule: "create-without-guard",
            span: *span,
            message: format!("a second run fails here: {function} makes a trigger that is there by then"),
            help: format!(
                "have {function} say CREATE OR REPLACE TRIGGER (PostgreSQL 14), or DROP TRIGGER IF EXISTS first"
            ),
        },
        Data::DropsTable { table, span } => Finding {
            rule: "drop-then-create-loses-data",
            span: *span,
            message: format!("a second run drops \"{}\" again", table.name()),
            help: String::new(),
        },
    }
}

/// A statement that fails the second time: which rule it breaks, and the form that works.
fn second_failure(catalog: &Catalog, change: &Change, refusal: &Refusal) -> Finding {
    let said = refusal.problem.message(catalog.engine.backend);
    let message = format!("a second run fails here: {said}");
    let replace = catalog.engine.replaces;
    let (rule, help) = match (change, &refusal.problem) {
        (_, Problem::Other { rule: "guard-catches-wrong-error", .. }) => {
            ("guard-catches-wrong-error", refusal.help.clone().unwrap_or_default())
        }
        (Change::Mysql(change), _) => mysql::failure(catalog, change, refusal),
        (Change::CreateTable(t), _) => {
            ("create-without-guard", format!("CREATE TABLE IF NOT EXISTS {} …", t.name.text()))
        }
        (Change::CreateIndex(i), _) => {
            let name = i.name.as_ref().map(|n| format!("{} ", n.text())).unwrap_or_default();
            let unique = if i.unique { "UNIQUE " } else { "" };
            let concurrently = if i.concurrently { "CONCURRENTLY " } else { "" };
            (
                "create-without-guard",
                format!("CREATE {unique}INDEX {concurrently}IF NOT EXISTS {name}ON {} …", i.table.text()),
            )
        }
        (Change::CreateSequence { name, .. }, _) => {
            ("create-without-guard", format!("CREATE SEQUENCE IF NOT EXISTS {} …", name.text()))
        }
        (Change::CreateSchema { name: Some(name), .. }, _) => {
            ("create-without-guard", format!("CREATE SCHEMA IF NOT EXISTS {};", name.value))
        }
        (Change::CreateExtension { name, .. }, _) => {
            ("create-without-guard", format!("CREATE EXTENSION IF NOT EXISTS {};", name.value))
        }
        (Change::CreateView(v), _) if v.materialized => {
            ("create-without-guard", format!("CREATE MATERIALIZED VIEW IF NOT EXISTS {} …", v.name.text()))
        }
        (Change::CreateView(v), _) if replace => {
            ("create-without-or-replace", format!("CREATE OR REPLACE VIEW {} …", v.name.text()))
        }
        (Change::CreateView(v), _) => {
            ("create-without-guard", format!("CREATE VIEW IF NOT EXISTS {} …", v.name.text()))
        }
        (Change::CreateFunction(f), _) => (
            "create-without-or-replace",
            format!("CREATE OR REPLACE {} {} …", f.kind.text().to_uppercase(), f.name.text()),
        ),
        (Change::CreateTrigger(t), _) if replace => (
            "create-without-or-replace",
            format!(
                "CREATE OR REPLACE TRIGGER {} … (PostgreSQL 14), or DROP TRIGGER IF EXISTS {} ON {}; before it",
                t.name.value,
                t.name.value,
                t.table.text()
            ),
        ),
        (Change::CreateTrigger(t), _) => {
            ("create-without-guard", format!("CREATE TRIGGER IF NOT EXISTS {} …", t.name.value))
        }
        (Change::Select(_), Problem::DuplicateObject { .. } | Problem::DuplicateRelation { .. }) => (
            "create-without-guard",
            "have the function look first, or say OR REPLACE, IF NOT EXISTS, or DROP … IF EXISTS before it".to_owned(),
        ),
        (Change::CreateRule { name, .. }, _) => {
            ("create-without-or-replace", format!("CREATE OR REPLACE RULE {} …", name.value))
        }
        (Change::CreatePolicy { name, table, .. }, _) => {
            ("create-without-guard", format!("DROP POLICY IF EXISTS {} ON {}; before it", name.value, table.text()))
        }
        (Change::CreateType { name, kind }, _) => {
            let what = if matches!(kind, TypeDefinition::Domain { .. }) { "DOMAIN" } else { "TYPE" };
            (
                "create-without-guard",
                format!(
                    "DO $$ BEGIN CREATE {what} {} …; EXCEPTION WHEN duplicate_object THEN NULL; END $$;",
                    name.text()
                ),
            )
        }
        (Change::CreateOther { kind, name, .. }, _) => (
            "create-without-guard",
            format!(
                "DROP {} IF EXISTS {}; before it, or a DO block that catches duplicate_object",
                kind.text().to_uppercase(),
                name.text()
            ),
        ),
        (Change::Drop(d), _) => {
            let what = d.kind.text().to_uppercase();
            let concurrently = if d.concurrently { " CONCURRENTLY" } else { "" };
            let name = d.targets.first().map(|t| t.name.text()).unwrap_or_default();
            ("drop-without-guard", format!("DROP {what}{concurrently} IF EXISTS {name} …"))
        }
        (Change::Rename { kind, target, to, .. }, _) => {
            ("rename-without-guard", rename_guard(*kind, &target.name.text(), &to.value))
        }
        (Change::SetSchema { target, .. }, _) => (
            "rename-without-guard",
            format!("a DO block that moves {} only where it is still in its old schema", target.name.text()),
        ),
        (Change::AlterTable(a), problem) => action_failure(&a.name.text(), &a.actions, problem, refusal.span),
        (Change::AlterType { name, .. }, Problem::Other { message, .. }) if message.contains("already exists") => {
            ("create-without-guard", format!("ALTER TYPE {} ADD VALUE IF NOT EXISTS '…';", name.text()))
        }
        (Change::AlterType { name, .. }, _) => (
            "rename-without-guard",
            format!("a DO block that looks at pg_enum for the old label of {} first", name.text()),
        ),
        (Change::AlterPolicy { .. }, _) => {
            ("rename-without-guard", "DROP POLICY IF EXISTS …; CREATE POLICY …".to_owned())
        }
        _ => (
            "changes-on-rerun",
            "guard it, or put it in a migration whose other statements do not undo what it needs".to_owned(),
        ),
    };
    Finding { rule, span: refusal.span, message, help }
}

fn rename_guard(kind: ObjectKind, from: &str, to: &str) -> String {
    let what = kind.text().to_uppercase();
    match kind {
        ObjectKind::Table
        | ObjectKind::View
        | ObjectKind::Index
        | ObjectKind::Sequence
        | ObjectKind::MaterializedView => {
            format!("ALTER {what} IF EXISTS {from} RENAME TO {to};")
        }
        _ => format!("a DO block that renames {from} only where it is there and {to} is not"),
    }
}

/// The rule that an ALTER TABLE breaks the second time: of the action that failed.
fn action_failure(table: &str, actions: &[TableAction], problem: &Problem, at: Span) -> (&'static str, String) {
    let failed = actions.iter().find(|a| a.span.start <= at.start && at.end <= a.span.end).or_else(|| actions.first());
    let Some(action) = failed else { return ("changes-on-rerun", String::new()) };
    match &action.kind {
        TableActionKind::AddColumn { column, .. } => match problem {
            Problem::DuplicateColumn { .. } => (
                "create-without-guard",
                format!("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {} …", column.name.value),
            ),
            _ => ("changes-on-rerun", String::new()),
        },
        TableActionKind::AddConstraint(c) => ("add-constraint-without-guard", constraint_guard(table, c)),
        TableActionKind::DropColumn { name, .. } => {
            ("drop-without-guard", format!("ALTER TABLE {table} DROP COLUMN IF EXISTS {};", name.value))
        }
        TableActionKind::DropConstraint { name, .. } => {
            ("drop-without-guard", format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {};", name.value))
        }
        TableActionKind::RenameColumn { from, to } => (
            "rename-without-guard",
            format!(
                "DO $$ BEGIN ALTER TABLE {table} RENAME COLUMN {} TO {}; EXCEPTION WHEN undefined_column THEN NULL; END $$;",
                from.value, to.value
            ),
        ),
        TableActionKind::RenameConstraint { from, to } => (
            "rename-without-guard",
            format!(
                "DO $$ BEGIN ALTER TABLE {table} RENAME CONSTRAINT {} TO {}; EXCEPTION WHEN undefined_object THEN NULL; END $$;",
                from.value, to.value
            ),
        ),
        TableActionKind::AddIdentity { column, .. } => (
            "create-without-guard",
            format!(
                "a DO block that looks at information_schema.columns.is_identity of {table}.{} first",
                column.value
            ),
        ),
        TableActionKind::DropIdentity { column, .. } => (
            "drop-without-guard",
            format!("ALTER TABLE {table} ALTER COLUMN {} DROP IDENTITY IF EXISTS;", column.value),
        ),
        TableActionKind::AttachPartition { name, .. } => {
            ("add-constraint-without-guard", format!("a DO block that looks at pg_inherits for {} first", name.text()))
        }
        _ => ("changes-on-rerun", "guard it with a DO block that looks whether it was done".to_owned()),
    }
}

/// The guard that catches what this constraint raises (RULES.md, "Guards in DO").
fn constraint_guard(table: &str, c: &ConstraintDefinition) -> String {
    let (condition, what) = match &c.kind {
        ConstraintKind::PrimaryKey { .. } => ("invalid_table_definition", "PRIMARY KEY (…)"),
        ConstraintKind::Unique { .. } => ("duplicate_table", "UNIQUE (…)"),
        ConstraintKind::Exclude { .. } => ("duplicate_table", "EXCLUDE (…)"),
        ConstraintKind::ForeignKey(_) => ("duplicate_object", "FOREIGN KEY (…) …"),
        ConstraintKind::Check(_) => ("duplicate_object", "CHECK (…)"),
        ConstraintKind::NotNull(_) => ("duplicate_object", "NOT NULL …"),
    };
    match &c.name {
        Some(n) => format!(
            "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {0}; before it, or \
             DO $$ BEGIN ALTER TABLE {table} ADD CONSTRAINT {0} {what}; EXCEPTION WHEN {condition} THEN NULL; END $$;",
            n.value
        ),
        None => format!("DO $$ BEGIN ALTER TABLE {table} ADD {what}; EXCEPTION WHEN {condition} THEN NULL; END $$;"),
    }
}

/// A statement that runs a second time and leaves another catalog.
fn second_difference(change: &Change, span: Span, key: &Key) -> Finding {
    if let Change::Mysql(change) = change
        && let Some(finding) = mysql::twin(change)
    {
        return finding;
    }
    let unnamed = match change {
        Change::CreateIndex(i) if i.name.is_none() => Some((
            span,
            format!("an index without a name: a second run makes another one on \"{}\"", i.table.text()),
            "name it, and guard it: CREATE INDEX IF NOT EXISTS name ON …".to_owned(),
        )),
        Change::AlterTable(a) => a.actions.iter().find_map(|action| match &action.kind {
            TableActionKind::AddConstraint(c) if c.name.is_none() => Some((
                action.span,
                format!("a constraint without a name: a second run makes another one on \"{}\"", a.name.text()),
                format!(
                    "name it: ALTER TABLE {0} DROP CONSTRAINT IF EXISTS name; ALTER TABLE {0} ADD CONSTRAINT name …",
                    a.name.text()
                ),
            )),
            _ => None,
        }),
        _ => None,
    };
    match unnamed {
        Some((span, message, help)) => Finding { rule: "unnamed-constraint", span, message, help },
        None => Finding {
            rule: "changes-on-rerun",
            span,
            message: format!("a second run runs, but \"{}\" is not the same after it", key.name()),
            help: "write it so that the second time finds the first one's work".to_owned(),
        },
    }
}
