//! What takes a migration back: folded into the catalog that the migration leaves, held against the one before it, and
//! forgotten again.
//!
//! It need not be idempotent, nor safe. It has to run, and what is there after it should be what was there before.

mod difference;

use std::sync::Arc;

use crate::Migration;
use crate::catalog::{Catalog, Mark, Object, Outcome, Problem};
use crate::change::{Change, Statement};
use crate::diagnostics::{Diagnostic, Group, Label};
use crate::fold::{self, Folded};
use crate::rules;
use crate::sources::SourceFile;
use crate::span::Span;
use crate::syntax::{Parsed, Syntax};
use difference::Difference;

/// The migration that is taken back.
#[derive(Debug)]
pub(crate) struct Up<'u> {
    pub(crate) file: &'u SourceFile,
    pub(crate) statements: &'u [Statement],
    /// Whether all of it was read, and nothing refused: else it is not known what it leaves.
    pub(crate) is_whole: bool,
}

/// The file that does it.
#[derive(Debug)]
pub(crate) struct Down<'d> {
    pub(crate) file: &'d SourceFile,
    pub(crate) parsed: Parsed,
    /// Whether somebody will be told.
    pub(crate) enforced: bool,
}

/// A migration that no file takes back.
pub(crate) fn missing(up: &Up<'_>) -> Diagnostic {
    let path = &up.file.path;
    let file = match path.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/down.sql"),
        None => format!("{}.down.sql", path.trim_end_matches(".sql").trim_end_matches(".up")),
    };
    Diagnostic::new("down-missing", path, Span::default(), format!("nothing takes `{path}` back"))
        .help(format!("write `{file}`, or say why it stays: {}", allow("down-missing")))
}

fn allow(rule: &str) -> String {
    format!("`-- glowplug: allow({rule}, reason = \"…\")`")
}

/// Folds what takes a migration back, which was folded since `base`; the catalog is what it was after it. What is to be
/// said of the migration itself goes to `of_up`.
pub(crate) fn fold(
    up: &Up<'_>,
    down: Down<'_>,
    syntax: &'static Syntax,
    catalog: &mut Catalog,
    base: &Mark,
    migration: &mut Migration,
    of_up: &mut Vec<Diagnostic>,
) -> Folded {
    let Down { file, mut parsed, enforced } = down;
    let (mut folded, by_choice) = fold::begun(file, &parsed, syntax);
    let readable = parsed.errors.is_empty();
    migration.down_statements = statements(file, &mut parsed, by_choice, readable, catalog, &mut folded.diagnostics);
    if !enforced || !up.is_whole {
        return folded;
    }
    let aside = catalog.aside();
    let after = catalog.mark();
    catalog.start_over();
    catalog.begin(&file.path, migration.down_statements.iter().all(|s| s.transaction));
    let mut runs = readable;
    for statement in &parsed.statements {
        let Some(change) = &statement.change else {
            catalog.blur(fold::names_in(&file.text[statement.span.range()]));
            continue;
        };
        let mut out = Outcome::default();
        catalog.apply(change, None, &mut out);
        // It says on purpose that there is no way back.
        if out.refusals.iter().any(|r| matches!(r.problem, Problem::Other { sqlstate: Some("P0001"), .. })) {
            runs = false;
            of_up.push(missing(up));
            break;
        }
        runs &= out.refusals.is_empty();
        folded
            .diagnostics
            .extend(fold::what_was_said(file, &out, statement.span, catalog).into_iter().filter(concerns));
    }
    if runs {
        compare(up, file, &parsed.statements, catalog, base, &after, of_up, &mut folded.diagnostics);
    }
    catalog.roll_back(&after);
    catalog.put_back(aside);
    folded
}

/// Whether the engine would refuse it, or it can never have been meant. The rest is the affair of what runs forward.
fn concerns(d: &Diagnostic) -> bool {
    rules::find(d.rule).is_none_or(|rule| rule.group == Group::Correctness)
}

/// What the runner sends, where that is not the whole text at once.
fn statements(
    file: &SourceFile,
    parsed: &mut Parsed,
    by_choice: bool,
    readable: bool,
    catalog: &Catalog,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<crate::StatementSpan> {
    let all = parsed.statements.len();
    if !catalog.engine.commits_each_change {
        let own = &mut parsed.statements;
        fold::take_over_transaction(&file.path, &file.text, by_choice, catalog, own, diagnostics);
    }
    let outside = by_choice || parsed.statements.iter().any(|s| s.outside_transaction);
    if !readable || !(outside || parsed.statements.len() < all) {
        return Vec::new();
    }
    let placed = parsed.statements.iter().map(|s| fold::placed(s, file));
    placed.map(|s| crate::StatementSpan { transaction: !outside, ..s }).collect()
}

/// Holds the catalog against the one before the migration.
#[allow(clippy::too_many_arguments, reason = "one question, asked once")]
fn compare(
    up: &Up<'_>,
    file: &SourceFile,
    statements: &[Statement],
    catalog: &Catalog,
    base: &Mark,
    after: &Mark,
    of_up: &mut Vec<Diagnostic>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let before = catalog.before(base);
    let same = |key, old: &Option<Arc<Object>>| catalog.get(key) == old.as_deref();
    if before.iter().all(|(key, old)| same(key, old)) {
        return;
    }
    let left = catalog.before(after);
    // Who writes nothing, or a note, or `SELECT 1`, has decided that there is no way back.
    if left.is_empty() && statements.iter().all(does_nothing) {
        of_up.push(missing(up));
        return;
    }
    let guarded = difference::extensions_that_may_have_been_there(up.statements);
    for found in difference::all(catalog, base, &before, &left, &guarded) {
        let Difference { message, help, names } = found;
        let reason = allow("down-not-inverse");
        let help = match help {
            Some(statement) => format!("add `{statement}`, or say why it stays: {reason}"),
            None => format!("write what makes it as it was, or say why not: {reason}"),
        };
        let message = format!("`{}` is not all taken back: {message}", up.file.path);
        let place = named(file, statements, &names).unwrap_or_default();
        let mut d = Diagnostic::new("down-not-inverse", &file.path, place, message).help(help);
        if let Some(span) = named(up.file, up.statements, &names) {
            let text = "what this did".to_owned();
            d.labels.push(Label { file: Some(up.file.path.clone()), span, text });
        }
        diagnostics.push(d);
    }
}

fn does_nothing(statement: &Statement) -> bool {
    matches!(statement.change, Some(Change::Inert { .. } | Change::Select(_) | Change::Do(_)))
}

/// The last statement that has all of these words.
fn named(file: &SourceFile, statements: &[Statement], names: &[String]) -> Option<Span> {
    let has = |statement: &&Statement, name: &String| {
        fold::names_in(&file.text[statement.span.range()]).any(|word| word.eq_ignore_ascii_case(name))
    };
    statements.iter().rfind(|statement| names.iter().all(|name| has(statement, name))).map(|s| s.span)
}
