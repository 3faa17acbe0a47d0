//! Reads a folder of SQL migrations, understands what it does to the schema, and says what would fail.
//!
//! The pipeline is [`analyze`]: sources → numbering → statements → changes → the fold into a catalog →
//! proof by folding again → diagnostics. It answers an [`Analysis`], always; it never panics.
#![deny(missing_docs)]

use std::collections::BTreeMap;

use config::Parity;
use schema::parity;
use sources::SourceFile;

mod ahead;
mod catalog;
mod change;
pub mod config;
mod design;
pub mod diagnostics;
mod directive;
mod down;
mod fold;
pub mod lock;
mod numbering;
mod proof;
pub mod rules;
mod safety;
pub mod schema;
pub mod sources;
mod span;
mod syntax;
mod table_locks;

pub use config::{Backend, Config};
pub use diagnostics::{Diagnostic, Group, Level};
pub use numbering::{Adoption, NextPath, adoption, next_path};
pub use schema::Schema;
pub use sources::Sources;
pub use span::{LineIndex, Span};
pub use table_locks::{LockMode, TableLock};

/// A migration as the analysis understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The digits of its name, as written (dashes dropped, as diesel does): `0042`, `20240501120000`.
    pub version: String,
    /// The words of its name: `create_users`.
    pub name: String,
    /// Its file, relative to the folder.
    pub file: String,
    /// The file that takes it back, relative to the folder.
    pub down: Option<String>,
    /// The statements of that file, where it is not run as it stands: one by one, where one of them cannot run in a
    /// transaction (then `transaction` is false of each), or without its `BEGIN` and `COMMIT` (then it is true).
    pub down_statements: Vec<StatementSpan>,
    /// SHA-256 over its tokens, hex: comments, white space, line ends and a byte-order mark do not count.
    pub checksum: String,
    /// SHA-256 over its bytes, hex.
    pub raw_checksum: String,
    /// Its statements in order, without the semicolon. `BEGIN` and `COMMIT` are left out.
    pub statements: Vec<StatementSpan>,
    /// Whether it runs in one transaction.
    pub transaction: bool,
    /// Whether it switches foreign keys off for itself (SQLite's `PRAGMA foreign_keys = OFF`, which the engine ignores
    /// inside a transaction: the runner has to do it around its own).
    pub foreign_keys_off: bool,
    /// Whether a second run neither fails nor changes anything: the verdict of the second fold.
    pub idempotent: bool,
    /// Whether, after a stop at any statement, the whole file can be run again and converges.
    pub resumable: bool,
}

/// Where a statement stands in its file, and what a runner has to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementSpan {
    /// Its bytes.
    pub span: Span,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Whether it can share a transaction with a record of it.
    pub transaction: bool,
    /// The index that it builds beside the table's other users (`CREATE INDEX CONCURRENTLY`), as its name is written in
    /// SQL. Such a build that is stopped leaves an invalid index behind.
    pub index: Option<String>,
    /// The tables that were there before it and that it locks more strongly than reading does (PostgreSQL); `None` where
    /// that is known only when it runs, and for the other engines, which have no such locks.
    pub locks: Option<Vec<TableLock>>,
}

/// All that is known of a folder.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The engine it was read for.
    pub backend: Backend,
    /// Its migrations in order.
    pub migrations: Vec<Migration>,
    /// What the schema will be after the last one.
    pub schema: Schema,
    /// What is wrong with it, in the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub sources: Sources,
}

/// Reads everything, and says everything.
#[must_use]
pub fn analyze(mut sources: Sources, config: &Config) -> Analysis {
    let syntax = syntax::of_server(config.backend, config.server_version);
    let mut catalog = catalog::Catalog::new(config.backend);
    catalog.server_version = config.server_version;
    catalog.registered = config.functions.iter().map(|name| name.to_lowercase()).collect();
    catalog.small_tables = config.small_tables.iter().map(|small| small.name.clone()).collect();
    let mut diagnostics = Vec::new();
    sources.others.extend(config.file.clone());
    for file in &config.preamble {
        diagnostics.extend(fold::preamble(file, syntax, &mut catalog));
        sources.attach(file.clone());
    }
    let numbered = numbering::number(&sources, config);
    diagnostics.extend(numbered.diagnostics);
    let mut migrations = Vec::with_capacity(numbered.entries.len());
    let mut directives = Vec::new();
    // Whether all of it runs: else there is no last schema to judge.
    let mut runs = !diagnostics.iter().any(Diagnostic::is_refusal);
    let pair = |entry: &numbering::Entry| {
        let down = entry.down.map(|down| &sources.files[down]).filter(|file| file.problem.is_none());
        fold::Pair { up: &sources.files[entry.file], down }
    };
    let readable: Vec<_> = numbered.entries.iter().map(pair).filter(|pair| pair.up.problem.is_none()).collect();
    let bytes = readable.iter().flat_map(|pair| [Some(pair.up), pair.down]).flatten().map(|file| file.text.len()).sum();
    ahead::read_ahead(
        &readable,
        bytes,
        |pair| fold::read(pair, syntax),
        |next| {
            for entry in numbered.entries {
                let pair = pair(&entry);
                let file = pair.up;
                let mut migration = Migration {
                    version: entry.version,
                    name: entry.name,
                    file: file.path.clone(),
                    down: entry.down.map(|d| sources.files[d].path.clone()),
                    down_statements: Vec::new(),
                    checksum: String::new(),
                    raw_checksum: String::new(),
                    statements: Vec::new(),
                    transaction: true,
                    foreign_keys_off: false,
                    idempotent: false,
                    resumable: false,
                };
                if file.problem.is_some() {
                    // Numbering has said so; what the file would have made is not reported as missing.
                    catalog.open("a file before this could not be read");
                } else {
                    let read = next(pair);
                    let enforced = config.enforces(&migration.version);
                    let by_choice = entry.no_transaction;
                    let folded = fold::migration(pair, read, syntax, &mut catalog, by_choice, enforced, &mut migration);
                    runs &= !folded.up.diagnostics.iter().any(Diagnostic::is_refusal);
                    if enforced {
                        for (file, folded) in [(Some(entry.file), Some(folded.up)), (entry.down, folded.down)] {
                            let (Some(file), Some(folded)) = (file, folded) else { continue };
                            diagnostics.extend(folded.diagnostics);
                            directives.push((file, folded.places, folded.allows));
                        }
                    }
                }
                migrations.push(migration);
            }
        },
    );
    let schema = Schema::of(&catalog);
    diagnostics.extend(config.small_tables.iter().filter_map(|small| unknown_table(small, &catalog)));
    if let Some(parity) = &config.parity {
        diagnostics.extend(compare(config.backend, &schema, parity, &mut sources));
    }
    if let Some(file) = &sources.lock {
        diagnostics.extend(lock::verify(file, &migrations));
    }
    if runs && !catalog.is_open() {
        let enforced = migrations.iter().filter(|m| config.enforces(&m.version)).map(|m| m.file.as_str()).collect();
        diagnostics.extend(design::judge(&catalog, &migrations, &enforced));
    } else {
        // What is not judged was not allowed for nothing.
        for (_, _, allows) in &mut directives {
            allows.iter_mut().for_each(|allow| allow.forget(Group::Design));
        }
    }
    let allows: Vec<_> = directives
        .into_iter()
        .map(|(file, statements, allows)| directive::FileAllows { file: &sources.files[file].path, statements, allows })
        .collect();
    directive::apply(&allows, &mut diagnostics);
    diagnostics.retain_mut(|d| {
        d.level = config.level_of(d.rule);
        d.level != Level::Allow
    });
    // A file that takes a migration back stands behind it.
    let files = migrations.iter().flat_map(|m| [Some(&m.file), m.down.as_ref()]).enumerate();
    let order: BTreeMap<&str, usize> = files.filter_map(|(i, file)| Some((file?.as_str(), i))).collect();
    diagnostics.sort_by(|a, b| {
        let place = |d: &Diagnostic| (order.get(d.file.as_str()).copied(), d.span);
        place(a).cmp(&place(b))
    });
    // A statement in a loop is folded once for each round, and says the same each time.
    diagnostics.dedup();
    Analysis { backend: config.backend, migrations, schema, diagnostics, sources }
}

/// A small table that no migration ever made.
fn unknown_table(small: &config::SmallTable, catalog: &catalog::Catalog) -> Option<Diagnostic> {
    let name = small.name.rsplit('.').next().unwrap_or_default();
    if catalog.ever_was(name) {
        return None;
    }
    let d = Diagnostic::new(
        "config",
        config::CONFIG_FILE,
        small.span,
        format!("no migration makes a table `{}`", small.name),
    );
    let near = catalog::nearest(name, catalog.relation_names());
    Some(match near {
        Some(near) => d.help(format!("did you mean `{near}`?")),
        None => d.help("`small-tables` lists tables that the migrations make, or that a preamble has"),
    })
}

/// What differs between this schema and the one that another folder ends in.
fn compare(backend: Backend, schema: &Schema, parity: &Parity, sources: &mut Sources) -> Vec<Diagnostic> {
    let Parity { path, span, config, sources: files } = parity;
    let other = analyze(files.clone(), config);
    let broken = |d: &&Diagnostic| {
        d.level == Level::Deny && rules::find(d.rule).is_none_or(|rule| rule.group == Group::Correctness)
    };
    match other.diagnostics.iter().filter(broken).count() {
        0 => {}
        n => {
            let errors = if n == 1 { "1 error".to_owned() } else { format!("{n} errors") };
            let message = format!("what `{path}` ends in is not known: it has {errors}");
            let help = format!("`cargo glowplug check` of that folder shows {}", if n == 1 { "it" } else { "them" });
            return vec![Diagnostic::new("schema-parity", config::CONFIG_FILE, *span, message).help(help)];
        }
    }
    let prefix = format!("{path}/");
    let ours = parity::Side { backend, schema, prefix: "" };
    let theirs = parity::Side { backend: config.backend, schema: &other.schema, prefix: &prefix };
    let diagnostics = parity::compare(&ours, &theirs);
    for file in other.sources.files {
        let file = SourceFile { path: format!("{prefix}{}", file.path), ..file };
        let named = |d: &Diagnostic| {
            d.file == file.path || d.labels.iter().any(|label| label.file.as_ref() == Some(&file.path))
        };
        if diagnostics.iter().any(named) {
            sources.attach(file);
        }
    }
    diagnostics
}
