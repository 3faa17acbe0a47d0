//! PostgreSQL's grammar, by hand: what PostgreSQL 13 to 18 take is taken, all else is an error where the server
//! would stop. Expressions and queries are sqlparser's ([`Cursor::expr`], [`Cursor::query`]).
//!
//! A statement is a line in one of the tables below and a function that reads what follows the words.

mod alter_table;
pub(in crate::syntax) mod common;
mod drop;
mod foreign;
mod index;
mod keywords;
mod objects;
mod privileges;
mod roles;
mod routine;
mod sequence;
mod session;
mod table;
#[cfg(test)]
mod tests;
mod typedef;
pub(in crate::syntax) mod types;
mod view;
pub(crate) use session::settings;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{Cursor, R, Syntax, SyntaxError, expression, span_of, word_of};
use crate::change::{Change, ObjectKind};
use crate::config::Backend;
use crate::span::Span;

pub(super) static SYNTAX: Syntax = syntax(u32::MAX);

/// The same for each server that can be stated; a newer one reads all that is known here.
static OF_SERVERS: [Syntax; 5] = [syntax(13), syntax(14), syntax(15), syntax(16), syntax(17)];

const fn syntax(server: u32) -> Syntax {
    Syntax {
        backend: Backend::Postgres,
        server,
        statement: whole,
        is_name: keywords::is_name,
        fold,
        outside_transaction,
        opens_body,
    }
}

/// Whether an unquoted word may name a function or a type.
pub(super) fn names_functions(word: &str) -> bool {
    keywords::is_function_name(word)
}

/// Whether the oldest servers that are read for have the word as a keyword.
pub(super) fn is_keyword(word: &str) -> bool {
    keywords::is_old_keyword(word)
}

pub(super) fn of_server(major: u32) -> &'static Syntax {
    OF_SERVERS.iter().find(|s| s.server == major).unwrap_or(&SYNTAX)
}

/// What stands between CREATE and the kind of object.
#[derive(Clone, Copy, Debug, Default)]
struct Prefix {
    or_replace: bool,
    temporary: bool,
}

/// Reads a statement after its first words.
type Reader = fn(&mut Cursor<'_>) -> R<Change>;

/// Reads what follows `CREATE … <kind>`.
type Creator = fn(&mut Cursor<'_>, &Prefix) -> R<Change>;

/// What may stand around the kind of a CREATE.
#[derive(Clone, Copy)]
struct Takes(u8);

const NOTHING: Takes = Takes(0);
/// CREATE … IF NOT EXISTS: the reader takes it.
const GUARD: Takes = Takes(1);
const REPLACE: Takes = Takes(2);
/// TEMPORARY; UNLOGGED.
const TEMPORARY: Takes = Takes(4);
const UNLOGGED: Takes = Takes(8);

impl Takes {
    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Longer words before shorter ones that they start with.
static CREATE: &[(&str, Takes, Creator)] = &[
    ("TABLE", GUARD.and(TEMPORARY).and(UNLOGGED), table::create),
    ("INDEX", GUARD, index::create),
    ("UNIQUE INDEX", GUARD, index::create_unique),
    ("VIEW", REPLACE.and(TEMPORARY), view::create),
    ("RECURSIVE VIEW", REPLACE.and(TEMPORARY), view::create_recursive),
    ("MATERIALIZED VIEW", GUARD.and(UNLOGGED), view::create_materialized),
    ("SEQUENCE", GUARD.and(TEMPORARY).and(UNLOGGED), sequence::create),
    ("TYPE", NOTHING, typedef::create_type),
    ("DOMAIN", NOTHING, typedef::create_domain),
    ("FUNCTION", REPLACE, routine::create_function),
    ("PROCEDURE", REPLACE, routine::create_procedure),
    ("AGGREGATE", REPLACE, routine::create_aggregate),
    ("TRIGGER", REPLACE, routine::create_trigger),
    ("CONSTRAINT TRIGGER", REPLACE, routine::create_constraint_trigger),
    ("EVENT TRIGGER", NOTHING, routine::create_event_trigger),
    ("SCHEMA", GUARD, objects::create_schema),
    ("EXTENSION", GUARD, objects::create_extension),
    ("POLICY", NOTHING, objects::create_policy),
    ("RULE", REPLACE, objects::create_rule),
    ("STATISTICS", GUARD, objects::create_statistics),
    ("COLLATION", GUARD, objects::create_collation),
    ("CONVERSION", NOTHING, objects::create_conversion),
    ("DEFAULT CONVERSION", NOTHING, objects::create_default_conversion),
    ("OPERATOR CLASS", NOTHING, objects::create_operator_class),
    ("OPERATOR FAMILY", NOTHING, objects::create_operator_family),
    ("OPERATOR", NOTHING, objects::create_operator),
    ("CAST", NOTHING, objects::create_cast),
    ("TRANSFORM", REPLACE, objects::create_transform),
    ("LANGUAGE", REPLACE, objects::create_language),
    ("PROCEDURAL LANGUAGE", REPLACE, objects::create_language),
    ("TRUSTED LANGUAGE", REPLACE, objects::create_language),
    ("TRUSTED PROCEDURAL LANGUAGE", REPLACE, objects::create_language),
    ("ACCESS METHOD", NOTHING, objects::create_access_method),
    ("PUBLICATION", NOTHING, objects::create_publication),
    ("SUBSCRIPTION", NOTHING, objects::create_subscription),
    ("FOREIGN TABLE", GUARD, table::create_foreign),
    ("FOREIGN DATA WRAPPER", NOTHING, objects::create_wrapper),
    ("SERVER", GUARD, objects::create_server),
    ("USER MAPPING", GUARD, objects::create_user_mapping),
    ("TEXT SEARCH", NOTHING, objects::create_text_search),
    ("ROLE", NOTHING, roles::create_role),
    ("USER", NOTHING, roles::create_role),
    ("GROUP", NOTHING, roles::create_role),
    ("DATABASE", NOTHING, roles::create_database),
    ("TABLESPACE", NOTHING, roles::create_tablespace),
];

static STATEMENTS: &[(&str, Reader)] = &[
    ("CREATE", create),
    ("DROP", drop::any),
    ("ALTER TABLE", alter_table::alter_table),
    ("ALTER INDEX", alter_table::alter_index),
    ("ALTER VIEW", alter_table::alter_view),
    ("ALTER MATERIALIZED VIEW", alter_table::alter_materialized_view),
    ("ALTER FOREIGN TABLE", alter_table::alter_foreign_table),
    ("ALTER FOREIGN DATA WRAPPER", objects::alter_wrapper),
    ("ALTER SEQUENCE", sequence::alter),
    ("ALTER TYPE", typedef::alter_type),
    ("ALTER DOMAIN", typedef::alter_domain),
    ("ALTER FUNCTION", routine::alter_function),
    ("ALTER PROCEDURE", routine::alter_procedure),
    ("ALTER ROUTINE", routine::alter_routine),
    ("ALTER AGGREGATE", routine::alter_aggregate),
    ("ALTER TRIGGER", routine::alter_trigger),
    ("ALTER EVENT TRIGGER", routine::alter_event_trigger),
    ("ALTER SCHEMA", objects::alter_schema),
    ("ALTER EXTENSION", objects::alter_extension),
    ("ALTER POLICY", objects::alter_policy),
    ("ALTER RULE", objects::alter_rule),
    ("ALTER STATISTICS", objects::alter_statistics),
    ("ALTER COLLATION", objects::alter_collation),
    ("ALTER CONVERSION", objects::alter_conversion),
    ("ALTER OPERATOR CLASS", objects::alter_operator_class),
    ("ALTER OPERATOR FAMILY", objects::alter_operator_family),
    ("ALTER OPERATOR", objects::alter_operator),
    ("ALTER LANGUAGE", objects::alter_language),
    ("ALTER PROCEDURAL LANGUAGE", objects::alter_language),
    ("ALTER PUBLICATION", objects::alter_publication),
    ("ALTER SUBSCRIPTION", objects::alter_subscription),
    ("ALTER SERVER", objects::alter_server),
    ("ALTER USER MAPPING", objects::alter_user_mapping),
    ("ALTER TEXT SEARCH", objects::alter_text_search),
    ("ALTER ROLE", roles::alter_role),
    ("ALTER USER", roles::alter_role),
    ("ALTER GROUP", roles::alter_group),
    ("ALTER DATABASE", roles::alter_database),
    ("ALTER TABLESPACE", roles::alter_tablespace),
    ("ALTER DEFAULT PRIVILEGES", privileges::alter_default_privileges),
    ("ALTER SYSTEM", session::alter_system),
    ("ALTER LARGE OBJECT", roles::alter_large_object),
    ("COMMENT ON", privileges::comment),
    ("GRANT", privileges::grant),
    ("REVOKE", privileges::revoke),
    ("SECURITY LABEL", session::security_label),
    ("IMPORT FOREIGN SCHEMA", objects::import_foreign_schema),
    ("REFRESH MATERIALIZED VIEW", view::refresh),
    ("DO", session::do_block),
    ("CALL", routine::call),
    ("TRUNCATE", session::truncate),
    ("LOCK", session::lock),
    ("COPY", session::copy),
    ("REINDEX", session::reindex),
    ("VACUUM", session::vacuum),
    ("ANALYZE", session::analyze),
    ("ANALYSE", session::analyze),
    ("CLUSTER", session::cluster),
    ("REASSIGN OWNED BY", session::reassign_owned),
    ("SET", session::set),
    ("RESET", session::reset),
    ("SHOW", session::show),
    ("BEGIN", session::begin),
    ("START TRANSACTION", session::start),
    ("COMMIT", session::commit),
    ("END", session::end),
    ("ROLLBACK", session::rollback),
    ("ABORT", session::abort),
    ("SAVEPOINT", session::savepoint),
    ("RELEASE", session::release),
    ("PREPARE", session::prepare),
    ("EXECUTE", session::execute),
    ("DEALLOCATE", session::deallocate),
    ("EXPLAIN", session::explain),
    ("DECLARE", session::declare),
    ("FETCH", session::fetch),
    ("MOVE", session::fetch),
    ("CLOSE", session::close),
    ("LISTEN", session::listen),
    ("UNLISTEN", session::unlisten),
    ("NOTIFY", session::notify),
    ("DISCARD", session::discard),
    ("LOAD", session::load),
    ("CHECKPOINT", session::checkpoint),
];

/// Read by sqlparser.
const ROWS: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES", "TABLE", "MERGE"];

fn whole(c: &mut Cursor<'_>) -> R<Change> {
    statement(c).and_then(|change| c.expect_end().map(|()| change)).map_err(|e| explain(c, e))
}

/// A statement, where another one holds it too: EXPLAIN, PREPARE, the actions of a rule.
fn statement(c: &mut Cursor<'_>) -> R<Change> {
    for (words, reader) in STATEMENTS {
        if c.eat_words(words) {
            return reader(c);
        }
    }
    if c.at_any(ROWS) || c.at_token(&Token::LParen) {
        if c.at("INSERT") && (c.at_nth(1, "IGNORE") || c.at_nth(1, "OR")) {
            c.advance();
            let word = word_of(c.peek()).to_uppercase();
            let what = if word == "OR" { format!("OR {}", word_of(c.peek_nth(1)).to_uppercase()) } else { word };
            return Err(c.wrong_engine(
                format!("INSERT {} is not PostgreSQL", what.trim_end()),
                "write INSERT INTO … VALUES … ON CONFLICT DO NOTHING, or ON CONFLICT (…) DO UPDATE SET …",
            ));
        }
        let change = expression::dml(c)?;
        return Ok(session::set_config(&change).map_or(change, Change::SetSearchPath));
    }
    if c.at_words("REPLACE INTO") {
        return Err(c.wrong_engine(
            "REPLACE INTO is not PostgreSQL",
            "write INSERT INTO … VALUES … ON CONFLICT (…) DO UPDATE SET …",
        ));
    }
    Err(unknown_statement(c))
}

fn create(c: &mut Cursor<'_>) -> R<Change> {
    let mark = c.mark();
    let or_replace = c.at_words("OR REPLACE");
    let mut prefix = Prefix { or_replace, temporary: false };
    if or_replace {
        c.expect("OR REPLACE")?;
    }
    let scoped = (c.at("LOCAL") || c.at("GLOBAL")) && c.eat_any(&["LOCAL", "GLOBAL"]).is_some();
    prefix.temporary = c.eat_any(&["TEMP", "TEMPORARY"]).is_some();
    if scoped && !prefix.temporary {
        return Err(c.expected("TEMPORARY"));
    }
    let unlogged = !prefix.temporary && c.eat("UNLOGGED");
    for (words, takes, creator) in CREATE {
        if !c.at_words(words) || (*words == "USER MAPPING" && !c.at_nth(2, "FOR") && !c.at_nth(2, "IF")) {
            continue;
        }
        let lost = if prefix.or_replace && !takes.has(REPLACE) {
            Some(no_replace(c, words))
        } else if (prefix.temporary && !takes.has(TEMPORARY)) || (unlogged && !takes.has(UNLOGGED)) {
            Some(c.expected("TABLE, VIEW or SEQUENCE"))
        } else {
            None
        };
        if let Some(e) = lost {
            return Err(e);
        }
        c.expect(words)?;
        if prefix.or_replace && words.ends_with("TRIGGER") {
            c.needs(14, "CREATE OR REPLACE TRIGGER", mark)?;
        }
        if unlogged && *words == "SEQUENCE" {
            c.needs(15, "CREATE UNLOGGED SEQUENCE", mark)?;
        }
        if c.at_words("IF NOT EXISTS") && !takes.has(GUARD) {
            return Err(no_guard(c, words, takes.has(REPLACE)));
        }
        return creator(c, &prefix);
    }
    Err(unknown_kind(c, "CREATE"))
}

/// `CREATE OR REPLACE TABLE`: at the kind, where the server stops.
fn no_replace(c: &Cursor<'_>, kind: &str) -> SyntaxError {
    let help = match kind {
        "TABLE" | "INDEX" | "UNIQUE INDEX" | "SEQUENCE" | "SCHEMA" | "EXTENSION" => {
            format!("write CREATE {kind} IF NOT EXISTS …")
        }
        "MATERIALIZED VIEW" => "write DROP MATERIALIZED VIEW IF EXISTS …; and CREATE MATERIALIZED VIEW …;".to_owned(),
        "POLICY" => "write DROP POLICY IF EXISTS … ON …; and CREATE POLICY … ON …;".to_owned(),
        _ => format!("write CREATE {kind} …; what is there already has to be altered, or dropped before"),
    };
    c.wrong_engine(format!("PostgreSQL has no CREATE OR REPLACE {kind}"), help)
}

/// `CREATE VIEW IF NOT EXISTS`: at IF.
fn no_guard(c: &Cursor<'_>, kind: &str, or_replace: bool) -> SyntaxError {
    let help = match kind {
        _ if or_replace => format!("write CREATE OR REPLACE {kind} …"),
        "POLICY" => "write DROP POLICY IF EXISTS … ON …; and CREATE POLICY … ON …;".to_owned(),
        "DATABASE" | "TABLESPACE" | "SUBSCRIPTION" => {
            format!("make it outside of the migrations: CREATE {kind} cannot run in a transaction either")
        }
        _ => format!("guard it: DO $$ BEGIN CREATE {kind} …; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"),
    };
    SyntaxError::new(
        "wrong-engine",
        foreign::words_span(c, 3),
        format!("PostgreSQL has no CREATE {kind} IF NOT EXISTS"),
    )
    .help(help)
}

/// The error of a first word that starts no statement.
fn unknown_statement(c: &Cursor<'_>) -> SyntaxError {
    let mut known: Vec<&str> = STATEMENTS.iter().filter_map(|(w, _)| w.split(' ').next()).collect();
    known.extend(ROWS);
    // `ALTER xyz`: the first word is fine, the second is not.
    if known.iter().any(|w| c.at(w)) {
        let first = word_of(c.peek()).to_uppercase();
        return unknown_kind(c, &first);
    }
    let e = c.expected("a statement");
    suggest(c, e, &known)
}

/// The error of a second word that no statement has after the first.
fn unknown_kind(c: &Cursor<'_>, first: &str) -> SyntaxError {
    let mut known: Vec<&str> = match first {
        "CREATE" | "DROP" => CREATE.iter().filter_map(|(w, ..)| w.split(' ').next()).collect(),
        _ => STATEMENTS
            .iter()
            .filter_map(|(w, _)| w.strip_prefix(first).and_then(|rest| rest.trim_start().split(' ').next()))
            .filter(|w| !w.is_empty())
            .collect(),
    };
    known.sort_unstable();
    known.dedup();
    let what = if first == "CREATE" || first == "DROP" || first == "ALTER" {
        "a kind of object: TABLE, INDEX, VIEW, TYPE, FUNCTION …".to_owned()
    } else {
        known.join(" or ")
    };
    let e = c.expected(&what);
    suggest(c, e, &known)
}

fn suggest(c: &Cursor<'_>, e: SyntaxError, known: &[&str]) -> SyntaxError {
    let word = c.tokens_in(e.span).first().map_or("", |t| word_of(&t.token)).to_ascii_uppercase();
    match nearest(&word, known) {
        Some(k) => e.help(format!("did you mean {k}?")),
        None => e,
    }
}

/// The word that `word` was probably meant to be.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let most = match word.len() {
        0..3 => return None,
        3..6 => 1,
        _ => 2,
    };
    let word = word.to_ascii_lowercase();
    let distance = |k: &str| strsim::damerau_levenshtein(&word, &k.to_ascii_lowercase());
    known
        .iter()
        .filter(|k| k.len().abs_diff(word.len()) <= most)
        .map(|k| (distance(k), *k))
        .filter(|(d, _)| (1..=most).contains(d))
        .min()
        .map(|(_, k)| k)
}

/// A misspelt keyword at the error or shortly before it: `DEFUALT now()`, `ADD COLUM a integer`.
fn misspelt(c: &Cursor<'_>, at: Span) -> Option<String> {
    let known = keywords::all();
    let up_to = c.tokens_in(Span::new(0, at.end.max(at.start + 1)));
    for (n, t) in up_to.iter().rev().take(4).enumerate() {
        let word = word_of(&t.token).to_ascii_uppercase();
        if word.is_empty() || keywords::is_keyword(&word) {
            continue;
        }
        // What stands before the error was a name to the server: only the nearest miss is worth a word.
        let Some(near) = nearest(&word, &known).map(str::to_ascii_uppercase) else { continue };
        let distance = strsim::damerau_levenshtein(word.as_str(), &near);
        let plural = word.strip_suffix('S') == Some(&near);
        if n == 0 || (distance == 1 && word.len() > 4 && !plural) {
            return Some(format!("did you mean {near} for {}?", word_of(&t.token)));
        }
    }
    None
}

/// Adds to an error what its token tells: a comma too much, a template's braces, another engine's quotes.
fn explain(c: &Cursor<'_>, e: SyntaxError) -> SyntaxError {
    if e.rule != "syntax-error" || e.help.is_some() {
        return e;
    }
    let before = c.tokens_in(Span::new(0, e.span.start)).last();
    let Some(at) = c.tokens_in(Span::new(e.span.start, e.span.start + 1)).first() else { return e };
    let text = c.source(span_of(at));
    if text.starts_with('`') || text.ends_with('`') && text.len() > 1 {
        let all = c.tokens_in(Span::new(e.span.start, c.end()));
        let name = all.get(1).map(|t| word_of(&t.token)).unwrap_or_default();
        let mut out = SyntaxError::new("wrong-engine", e.span, "names are not quoted with ` in PostgreSQL");
        out.label = Some("another engine's quote".to_owned());
        let help = if name.is_empty() {
            "write \"…\", or no quotes".to_owned()
        } else {
            format!("write {name} or \"{name}\"")
        };
        return out.help(help);
    }
    if text == "#" && c.tokens_in(Span::new(0, c.end())).first().is_some_and(|t| span_of(t) == span_of(at)) {
        return SyntaxError::new("wrong-engine", e.span, "a comment does not start with # in PostgreSQL")
            .help("write -- before a comment");
    }
    if text == "{" || text == "$" && c.source(Span::new(e.span.start, (e.span.start + 2).min(c.end()))).ends_with('{') {
        return e.help("this looks like a template: a migration is compiled as it stands, nothing is filled in");
    }
    if before.is_some_and(|t| matches!(t.token, Token::Comma)) && matches!(at.token, Token::RParen | Token::SemiColon) {
        return e.help("remove the comma before it");
    }
    match misspelt(c, e.span) {
        Some(help) => e.help(help),
        None => e,
    }
}

fn fold(word: &str) -> String {
    // The server folds ASCII, and other letters only in single-byte encodings.
    word.to_ascii_lowercase()
}

fn outside_transaction(change: &Change, tokens: &[TokenWithSpan]) -> bool {
    let words: Vec<String> = tokens.iter().take(12).map(|t| word_of(&t.token).to_ascii_uppercase()).collect();
    let at = |n: usize| words.get(n).map_or("", String::as_str);
    let has = |w: &str| session::names_word(tokens, w);
    match (at(0), at(1)) {
        ("VACUUM", _) | ("ALTER", "SYSTEM") | ("COMMIT" | "ROLLBACK", "PREPARED") => true,
        ("DISCARD", what) => what == "ALL",
        ("CREATE" | "DROP", "DATABASE" | "TABLESPACE") => true,
        ("CREATE", "SUBSCRIPTION") => {
            let options = option_values(tokens);
            !options.iter().any(|(name, value)| (name == "connect" || name == "create_slot") && is_false(value))
        }
        ("DROP", "SUBSCRIPTION") => true,
        ("ALTER", "SUBSCRIPTION") => {
            let publication = words.iter().skip(3).take(2).any(|w| w == "PUBLICATION");
            publication && !option_values(tokens).iter().any(|(name, value)| name == "refresh" && is_false(value))
        }
        ("ALTER", "DATABASE") => words.windows(2).any(|w| w[0] == "SET" && w[1] == "TABLESPACE"),
        ("CLUSTER", _) => matches!(change, Change::Inert { .. }),
        ("REINDEX", _) => {
            has("CONCURRENTLY") || words.iter().skip(1).any(|w| matches!(w.as_str(), "DATABASE" | "SYSTEM" | "SCHEMA"))
        }
        _ => match change {
            Change::CreateIndex(i) => i.concurrently,
            Change::Drop(d) => d.concurrently,
            Change::AlterTable(a) => a
                .actions
                .iter()
                .any(|a| matches!(a.kind, crate::change::TableActionKind::DetachPartition { concurrently: true, .. })),
            Change::Touch { targets, .. } => {
                targets.iter().any(|(k, _)| *k == ObjectKind::Database) && at(0) == "REINDEX"
            }
            _ => false,
        },
    }
}

/// `name = value` pairs of a WITH list, folded.
fn option_values(tokens: &[TokenWithSpan]) -> Vec<(String, String)> {
    tokens
        .windows(3)
        .filter(|w| matches!(w[1].token, Token::Eq))
        .map(|w| {
            let value = match &w[2].token {
                Token::SingleQuotedString(s) => s.to_ascii_lowercase(),
                other => other.to_string().to_ascii_lowercase(),
            };
            (word_of(&w[0].token).to_ascii_lowercase(), value)
        })
        .collect()
}

fn is_false(value: &str) -> bool {
    matches!(value, "false" | "off" | "0" | "no")
}

/// The body of a function in standard SQL: `BEGIN ATOMIC …; END`.
fn opens_body(words: &[&str], _: &Token, next: Option<&Token>) -> bool {
    next.is_some_and(|t| word_of(t).eq_ignore_ascii_case("atomic"))
        && words.first().is_some_and(|w| w.eq_ignore_ascii_case("create"))
        && words.iter().any(|w| w.eq_ignore_ascii_case("function") || w.eq_ignore_ascii_case("procedure"))
}
