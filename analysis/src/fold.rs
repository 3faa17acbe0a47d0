//! One migration, from its text to its diagnostics: read, folded, proved.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::catalog::rows::Rows;
use crate::catalog::{Catalog, Mark, Outcome, Place, Problem, Refusal, late};
use crate::change::{Change, FOREIGN_KEYS_OFF, Statement, Transaction};
use crate::diagnostics::{Diagnostic, Label};
use crate::directive::{self, Allow, Directive};
use crate::down;
use crate::proof::{self, Proof};
use crate::safety::{self, Finding, Shut};
use crate::sources::SourceFile;
use crate::span::Span;
use crate::syntax::{self, Parsed, Syntax, SyntaxError};
use crate::{Migration, StatementSpan, table_locks};

/// A migration, and what takes it back where that can be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<'f> {
    pub(crate) up: &'f SourceFile,
    pub(crate) down: Option<&'f SourceFile>,
}

/// What came of both.
#[derive(Debug)]
pub(crate) struct FoldedPair {
    pub(crate) up: Folded,
    pub(crate) down: Option<Folded>,
}

/// What came of one file.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) allows: Vec<Allow>,
    /// The places of its statements, for the directives above them.
    pub(crate) places: Vec<Span>,
}

/// Folds what exists before the first migration. What is wrong with it is said, but nothing is proved.
pub(crate) fn preamble(file: &SourceFile, syntax: &'static Syntax, catalog: &mut Catalog) -> Vec<Diagnostic> {
    let parsed = syntax::parse(&file.text, syntax);
    let mut diagnostics: Vec<Diagnostic> = parsed.errors.iter().map(|e| unreadable(&file.path, e, syntax)).collect();
    for statement in &parsed.statements {
        if let Some(change) = &statement.change {
            let mut out = Outcome::default();
            catalog.apply(change, None, &mut out);
            diagnostics.extend(out.refusals.iter().map(|r| refused(&file.path, r, statement.span, catalog)));
        }
    }
    catalog.settle();
    diagnostics
}

/// All that the texts of a migration and of what takes it back say alone.
#[derive(Debug)]
pub(crate) struct ReadPair {
    parsed: Parsed,
    checksum: String,
    raw_checksum: String,
    down: Option<Parsed>,
}

/// Reads both files; what stood before them does not matter.
pub(crate) fn read(pair: Pair<'_>, syntax: &'static Syntax) -> ReadPair {
    let file = pair.up;
    let parsed = syntax::parse(&file.text, syntax);
    let checksum = checksum(&file.text, &parsed);
    let down = pair.down.map(|down| syntax::parse(&down.text, syntax));
    ReadPair { parsed, checksum, raw_checksum: hex(&Sha256::digest(file.text.as_bytes())), down }
}

/// What a file's text says without a catalog, and whether it asks to be run outside a transaction.
pub(crate) fn begun(file: &SourceFile, parsed: &Parsed, syntax: &'static Syntax) -> (Folded, bool) {
    let path = file.path.as_str();
    let mut folded = Folded {
        diagnostics: parsed.errors.iter().map(|e| unreadable(path, e, syntax)).collect(),
        allows: Vec::new(),
        places: parsed.statements.iter().map(|s| s.span).collect(),
    };
    let mut outside_by_choice = false;
    for comment in &parsed.comments {
        let Some(found) = directive::read(path, &file.text, comment.span) else { continue };
        folded.diagnostics.extend(found.diagnostics);
        match found.directive {
            Some(Directive::Allow(allow)) => folded.allows.push(allow),
            Some(Directive::NoTransaction) => outside_by_choice = true,
            None => {}
        }
    }
    (folded, outside_by_choice)
}

/// Folds and proves a migration, and fills in what is known of it; then folds what takes it back, and judges that where
/// the folder's rules are `enforced`.
pub(crate) fn migration(
    pair: Pair<'_>,
    read: ReadPair,
    syntax: &'static Syntax,
    catalog: &mut Catalog,
    no_transaction: bool,
    enforced: bool,
    migration: &mut Migration,
) -> FoldedPair {
    let file = pair.up;
    let path = file.path.as_str();
    let ReadPair { mut parsed, checksum, raw_checksum, down } = read;
    migration.checksum = checksum;
    migration.raw_checksum = raw_checksum;
    let (mut folded, mut outside_by_choice) = begun(file, &parsed, syntax);
    outside_by_choice |= no_transaction;
    if parsed.statements.is_empty() && parsed.errors.is_empty() {
        folded.diagnostics.push(crate::numbering::empty_migration(path));
    }
    let (statements, said) = (&mut parsed.statements, &mut folded.diagnostics);
    let own_transaction = take_over_transaction(path, &file.text, outside_by_choice, catalog, statements, said);
    let statements = parsed.statements;
    migration.foreign_keys_off =
        statements.iter().any(|s| matches!(s.change, Some(Change::Inert { what }) if what == FOREIGN_KEYS_OFF));
    let outside = statements.iter().find(|s| s.outside_transaction);
    let in_transaction = !catalog.engine.commits_each_change;
    if let Some(statement) = outside.filter(|_| in_transaction) {
        check_outside(
            path,
            &file.text,
            statement,
            statements.len(),
            own_transaction,
            outside_by_choice,
            syntax,
            &mut folded,
        );
    }
    migration.transaction = outside.is_none() && !outside_by_choice;
    migration.statements = statements.iter().map(|s| placed(s, file)).collect();

    catalog.begin(path, migration.transaction);
    let base = catalog.mark();
    let mut failed = BTreeSet::new();
    let (mut findings, mut shut, mut rows) = (Vec::new(), Shut::default(), Rows::default());
    for (i, statement) in statements.iter().enumerate() {
        let Some(change) = &statement.change else {
            catalog.blur(names_in(&file.text[statement.span.range()]));
            failed.insert(i);
            continue;
        };
        if catalog.engine.locks_tables {
            migration.statements[i].locks = table_locks::of(change, &file.text[statement.span.range()], catalog);
        }
        // What a block does hangs on what it finds.
        let known = migration.statements[i].locks.as_ref().filter(|_| !matches!(change, Change::Do(_)));
        let shuts = known.and_then(|locks| shut.add(locks, catalog));
        findings.extend(shuts.map(|finding| (finding, statement.span)));
        let mut out = Outcome::of_a_run();
        catalog.statement = statement.span;
        catalog.apply(change, None, &mut out);
        if out.refusals.is_empty() {
            out.refusals.extend(rows.take(change, catalog));
        }
        if !out.refusals.is_empty() {
            failed.insert(i);
        }
        folded.diagnostics.extend(what_was_said(file, &out, statement.span, catalog));
        findings.extend(out.findings.into_iter().map(|finding| (finding, statement.span)));
    }
    findings.extend(safety::finish(catalog).into_iter().map(|finding| (finding, Span::default())));
    let hurts = findings.iter().filter(|(finding, _)| !finding.is_made_up_for(catalog));
    folded.diagnostics.extend(hurts.map(|(finding, statement)| hurting(path, finding, *statement)));
    folded.diagnostics.extend(late_breaks(path, &statements, &base, catalog));
    let proof = proof::prove(catalog, &statements, &base, migration.transaction, &failed);
    take_proof(path, proof, migration, &mut folded.diagnostics);
    let up = down::Up { file, statements: &statements, is_whole: failed.is_empty() };
    let down = match (pair.down, down) {
        (Some(file), Some(parsed)) => {
            let back = down::Down { file, parsed, enforced };
            Some(down::fold(&up, back, syntax, catalog, &base, migration, &mut folded.diagnostics))
        }
        _ => {
            if migration.down.is_none() {
                folded.diagnostics.push(down::missing(&up));
            }
            None
        }
    };
    catalog.settle();
    FoldedPair { up: folded, down }
}

/// What folding a statement had to say.
pub(crate) fn what_was_said(file: &SourceFile, out: &Outcome, statement: Span, catalog: &Catalog) -> Vec<Diagnostic> {
    let path = file.path.as_str();
    let mut said = Vec::new();
    for refusal in out.refusals.iter().chain(&out.remarks) {
        let mut d = refused(path, refusal, statement, catalog);
        if let Problem::NameCut(kept) = &refusal.problem {
            let Some(all) = written_name(&file.text[refusal.span.range()], kept) else { continue };
            d.message = format!("identifier \"{all}\" will be truncated to \"{kept}\"");
            d.help = Some(format!("a name has at most {} bytes; this one has {}", syntax::LONGEST_NAME, all.len()));
        }
        let earlier = out.earlier.iter().find(|(span, _)| *span == refusal.span);
        if let Some((_, Place(Some((file, span))))) = earlier {
            let file = (**file != *path).then(|| file.to_string());
            d.labels.push(Label { file, span: *span, text: "first added here".to_owned() });
        }
        said.push(d);
    }
    said
}

/// What a runner has to know of a statement by itself.
pub(crate) fn placed(statement: &Statement, file: &SourceFile) -> StatementSpan {
    let (line, column) = file.lines.line_column(&file.text, statement.span.start);
    StatementSpan {
        span: statement.span,
        line,
        column,
        transaction: shares_a_transaction(statement, &file.text),
        index: statement.change.as_ref().and_then(index_built_concurrently),
        locks: None,
    }
}

/// Whether a statement can share a transaction with a record of it. A procedure may commit by itself, and what only sets
/// something for the session (SQLite's `PRAGMA foreign_keys`) may do nothing in a transaction.
fn shares_a_transaction(statement: &Statement, text: &str) -> bool {
    let calls = || text[statement.span.range()].get(..4).is_some_and(|word| word.eq_ignore_ascii_case("call"));
    match &statement.change {
        // MySQL's own either commit or are the session's.
        None
        | Some(
            Change::Inert { .. }
            | Change::SetSearchPath(_)
            | Change::CheckBodies(_)
            | Change::UnknownSetting(_)
            | Change::Opaque { .. }
            | Change::Mysql(_),
        ) => false,
        Some(Change::Select(_)) => !calls(),
        Some(_) => !statement.outside_transaction,
    }
}

/// The index of a `CREATE INDEX CONCURRENTLY`, which is in the schema of its table. The server chooses the name of one
/// that has none, and chooses another one the next time: of that nothing can be said.
fn index_built_concurrently(change: &Change) -> Option<String> {
    let Change::CreateIndex(index) = change else { return None };
    let name = index.name.as_ref().filter(|_| index.concurrently)?;
    let quoted = |ident: &crate::change::Ident| format!("\"{}\"", ident.value.replace('"', "\"\""));
    let schema = name.schema.as_ref().or(index.table.schema.as_ref());
    Some(schema.into_iter().chain([&name.name]).map(quoted).collect::<Vec<_>>().join("."))
}

/// The functions that fail from here on, because their bodies name what the migration took away.
fn late_breaks(path: &str, statements: &[Statement], base: &Mark, catalog: &mut Catalog) -> Vec<Diagnostic> {
    let taking = || statements.iter().filter(|s| s.change.as_ref().is_some_and(late::takes_away));
    if catalog.is_open() || taking().next().is_none() {
        return Vec::new();
    }
    let breaks = catalog.new_breaks(base);
    let said = breaks.iter().filter_map(|b| {
        let by = taking().rfind(|s| s.change.as_ref().is_some_and(|c| b.is_by(c))).or_else(|| taking().next_back())?;
        let relation = b.gone.relation.name();
        let what = match &b.gone.column {
            Some(column) => format!("column \"{column}\" of \"{relation}\""),
            None => format!("relation \"{relation}\""),
        };
        let message =
            format!("the body of function \"{}\" still names {what}: it fails when it is called", b.function.name());
        let help = format!(
            "replace the function in this migration, or drop it: CREATE OR REPLACE FUNCTION {} …",
            b.function.name()
        );
        Some(Diagnostic::new("late-bound-break", path, by.span, message).help(help))
    });
    said.collect()
}

fn take_proof(path: &str, proof: Proof, migration: &mut Migration, diagnostics: &mut Vec<Diagnostic>) {
    migration.idempotent = proof.idempotent;
    migration.resumable = migration.transaction || proof.resumable;
    for f in proof.findings {
        let d = Diagnostic::new(f.rule, path, f.span, f.message);
        diagnostics.push(if f.help.is_empty() { d } else { d.help(f.help) });
    }
}

/// The transactions of a file are the runner's affair: BEGIN and COMMIT are left out where that changes nothing but that
/// all of the file is one transaction. Any other transaction statement would end the runner's own. Answers whether the
/// file had them.
pub(crate) fn take_over_transaction(
    path: &str,
    text: &str,
    outside_by_choice: bool,
    catalog: &Catalog,
    statements: &mut Vec<Statement>,
    diagnostics: &mut Vec<Diagnostic>,
) -> bool {
    let kind = |s: &Statement| match s.change {
        Some(Change::Transaction(t)) if t != Transaction::Savepoint => Some(t),
        _ => None,
    };
    let mut marks: Vec<usize> = (0..statements.len()).filter(|i| kind(&statements[*i]).is_some()).collect();
    let Some(first) = marks.first().map(|i| statements[*i].span) else { return false };
    let is = |i: usize, t: Transaction| kind(&statements[i]) == Some(t);
    // Rows that a deferred key has yet to look at keep their table from being altered until the commit (55006).
    let writes =
        |s: &Statement| matches!(s.change, Some(Change::Insert(_) | Change::Update(_) | Change::Delete { .. }));
    let waits = || statements.iter().any(writes) && catalog.has_deferrable_keys();
    // Asked where it matters alone: it may read the catalog as a whole.
    let one_would_do = || !outside_by_choice && !catalog.engine.commits_each_change && !waits();
    // A COMMIT at the end, where nothing was begun, does nothing.
    let at_end = |i: usize| i + 1 == statements.len() && is(i, Transaction::Commit);
    let stray = marks.len() % 2 == 1 && marks.last().is_some_and(|i| at_end(*i));
    if stray && catalog.engine.commits_nothing && one_would_do() {
        marks.pop();
    }
    let (pairs, rest) = marks.as_chunks::<2>();
    let balanced =
        rest.is_empty() && pairs.iter().all(|[b, c]| is(*b, Transaction::Begin) && is(*c, Transaction::Commit));
    // What stands around it may only be what has no effect inside a transaction anyway (a rebuild in SQLite) …
    let around = |s: &Statement| matches!(s.change, Some(Change::Inert { .. }));
    let whole =
        balanced && matches!(pairs, [[b, c]] if statements[..*b].iter().chain(&statements[*c + 1..]).all(around));
    // … or anything, where nothing ends with the first of the transactions that would not end with the file.
    let lasting = |s: &Statement| ends_with_transaction(&text[s.span.range()]);
    // A label cannot be used in the transaction that adds it.
    let labels = |s: &Statement| text[s.span.range()].to_uppercase().contains("ADD VALUE");
    let one = || {
        balanced
            && !statements.iter().any(labels)
            && !pairs.iter().any(|[b, c]| statements[*b..*c].iter().any(lasting))
            && one_would_do()
    };
    if !whole && !one() {
        let lone_begin = marks.len() == 1 && is(marks[0], Transaction::Begin);
        let message = if lone_begin {
            "this transaction is never committed".to_owned()
        } else {
            "this would end the transaction that the migration and its record are written in".to_owned()
        };
        diagnostics.push(Diagnostic::new("unbalanced-transaction", path, first, message).help(
            "leave BEGIN and COMMIT out: every migration runs in a transaction of its own. Where each BEGIN has its COMMIT they are left out as it is",
        ));
    }
    statements.retain(|s| kind(s).is_none());
    whole
}

/// Whether a statement is about the transaction that it is in, and means something else in a longer one.
fn ends_with_transaction(text: &str) -> bool {
    let upper = text.to_uppercase();
    [
        "SET LOCAL",
        "SET TRANSACTION",
        "SET CONSTRAINTS",
        "INITIALLY DEFERRED",
        "ON COMMIT",
        "SET_CONFIG",
        "_XACT_",
        "CREATE TEMP",
        "PRAGMA",
    ]
    .iter()
    .any(|words| upper.contains(words))
}

#[allow(clippy::too_many_arguments, reason = "one question, asked once")]
fn check_outside(
    path: &str,
    text: &str,
    statement: &Statement,
    count: usize,
    own_transaction: bool,
    by_choice: bool,
    syntax: &'static Syntax,
    folded: &mut Folded,
) {
    if own_transaction || (count > 1 && !by_choice) {
        let what = leading_words(&text[statement.span.range()]);
        let problem = Problem::NotInTransaction(what);
        let help = if own_transaction {
            "take the BEGIN and COMMIT away, and give this statement a migration of its own"
        } else {
            "give it a migration of its own, or say `-- glowplug: no-transaction` at the top: then each statement of the file is run by itself, and every one must be safe to run again"
        };
        let refusal = Refusal { problem, span: statement.span, help: Some(help.to_owned()) };
        let mut d =
            Diagnostic::new(refusal.problem.rule(), path, refusal.span, refusal.problem.message(syntax.backend));
        d.sqlstate = syntax.backend.answers_sqlstate().then(|| refusal.problem.sqlstate()).flatten();
        d.help = refusal.help;
        folded.diagnostics.push(d);
    }
}

/// The words that PostgreSQL names a statement by when it refuses it inside a transaction.
fn leading_words(text: &str) -> &'static str {
    let upper = text.trim_start().to_uppercase();
    let concurrently = upper.contains("CONCURRENTLY");
    let known: [(&str, &str); 12] = [
        ("CREATE UNIQUE INDEX", "CREATE INDEX CONCURRENTLY"),
        ("CREATE INDEX", "CREATE INDEX CONCURRENTLY"),
        ("DROP INDEX", "DROP INDEX CONCURRENTLY"),
        ("REINDEX", if concurrently { "REINDEX CONCURRENTLY" } else { "REINDEX" }),
        ("ALTER TABLE", "ALTER TABLE ... DETACH CONCURRENTLY"),
        ("VACUUM", "VACUUM"),
        ("CREATE DATABASE", "CREATE DATABASE"),
        ("DROP DATABASE", "DROP DATABASE"),
        ("CREATE TABLESPACE", "CREATE TABLESPACE"),
        ("DROP TABLESPACE", "DROP TABLESPACE"),
        ("ALTER SYSTEM", "ALTER SYSTEM"),
        ("CLUSTER", "CLUSTER"),
    ];
    known.iter().find(|(start, _)| upper.starts_with(start)).map_or("this statement", |(_, name)| name)
}

fn unreadable(path: &str, e: &SyntaxError, syntax: &'static Syntax) -> Diagnostic {
    let mut d = Diagnostic::new(e.rule, path, e.span, e.message.clone());
    d.label.clone_from(&e.label);
    d.help.clone_from(&e.help);
    if syntax.backend.answers_sqlstate() && matches!(e.rule, "syntax-error" | "wrong-engine" | "newer-than-server") {
        d.sqlstate = Some(if syntax.backend.is_mysql() { "42000" } else { "42601" });
    }
    d
}

fn hurting(path: &str, finding: &Finding, statement: Span) -> Diagnostic {
    let span = if finding.span == Span::default() { statement } else { finding.span };
    Diagnostic::new(finding.rule, path, span, finding.message.clone()).help(finding.help.clone())
}

fn refused(path: &str, refusal: &Refusal, statement: Span, catalog: &Catalog) -> Diagnostic {
    let backend = catalog.engine.backend;
    let span = if refusal.span == Span::default() { statement } else { refusal.span };
    let mut d = Diagnostic::new(refusal.problem.rule(), path, span, refusal.problem.message(backend));
    d.help.clone_from(&refusal.help);
    d.sqlstate = backend.answers_sqlstate().then(|| refusal.problem.sqlstate_of(backend)).flatten();
    d
}

/// All of a name of which the server keeps the beginning alone; `None` where it keeps it whole.
fn written_name(text: &str, kept: &str) -> Option<String> {
    let all = match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => text.to_owned(),
    };
    let begins = all.get(..kept.len()).is_some_and(|start| start.eq_ignore_ascii_case(kept));
    (begins && all.len() > syntax::LONGEST_NAME).then_some(all)
}

/// The words of a statement, quoted or not.
pub(crate) fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).filter(|w| !w.is_empty())
}

/// Over the tokens, so that comments, white space and line ends do not count. No token holds a NUL.
fn checksum(text: &str, parsed: &Parsed) -> String {
    let mut significant = Vec::with_capacity(text.len() + parsed.significant.len());
    for token in &parsed.significant {
        significant.extend_from_slice(text[token.range()].as_bytes());
        significant.push(0);
    }
    hex(&Sha256::digest(&significant))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}
