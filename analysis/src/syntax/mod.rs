//! SQL text → statements with spans.
//!
//! `lexer.rs` cuts the text, once a file. Each statement is then read by the engine's own grammar
//! (`postgres/`, `sqlite.rs`, and `expression/` for expressions, queries and DML), written on [`Cursor`]: a list of what
//! the engine takes. sqlparser's own grammar takes every engine's clauses at once, refuses some of what PostgreSQL takes,
//! and loses half of the places; it reads the conditions of PL/pgSQL (`plpgsql/condition.rs`), where neither matters.

mod cursor;
mod expression;
mod lexer;
mod mysql;
mod newer;
pub(crate) mod plpgsql;
mod postgres;
mod sqlite;

use sqlparser::tokenizer::{Token, TokenWithSpan};

pub(crate) use cursor::{Cursor, R, SyntaxError};
pub(crate) use lexer::{LONGEST_NAME, cut, end_of, lex, place, span_of, start_of, with_keyword};
pub(crate) use postgres::settings;

use crate::change::{Change, Statement};
use crate::config::Backend;
use crate::span::Span;

/// How deep parentheses, brackets and CASE may nest. PostgreSQL's own limit is its stack (`max_stack_depth`); no
/// migration comes near, and a parser without a limit overflows.
const MAX_NESTING: usize = 200;

/// What differs between engines in reading.
pub(crate) struct Syntax {
    pub(crate) backend: Backend,
    /// The major version of the oldest server that must read it; the greatest number where none is stated.
    pub(crate) server: u32,
    /// Reads one whole statement.
    pub(crate) statement: fn(&mut Cursor<'_>) -> R<Change>,
    /// Whether an unquoted word may name a column or table.
    pub(crate) is_name: fn(&str) -> bool,
    /// Folds an unquoted name.
    pub(crate) fold: fn(&str) -> String,
    /// Whether the engine refuses the statement inside a transaction block.
    pub(crate) outside_transaction: fn(&Change, &[TokenWithSpan]) -> bool,
    /// Whether a statement that starts with these words holds statements of its own between BEGIN and END.
    pub(crate) opens_body: fn(words: &[&str], at: &Token, next: Option<&Token>) -> bool,
}

impl std::fmt::Debug for Syntax {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Syntax").field("backend", &self.backend).finish_non_exhaustive()
    }
}

/// The grammar of an engine.
pub(crate) fn of(backend: Backend) -> &'static Syntax {
    match backend {
        Backend::Postgres => &postgres::SYNTAX,
        Backend::Sqlite => &sqlite::SYNTAX,
        Backend::Mysql | Backend::Mariadb => mysql::of_server(backend, None),
    }
}

/// The grammar of an engine as the oldest server that is stated reads it.
pub(crate) fn of_server(backend: Backend, version: Option<(u32, u32)>) -> &'static Syntax {
    match (backend, version) {
        (Backend::Postgres, Some((major, _))) => postgres::of_server(major),
        (Backend::Mysql | Backend::Mariadb, version) => mysql::of_server(backend, version),
        _ => of(backend),
    }
}

/// A comment's place.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) span: Span,
}

/// A file, cut and read.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) statements: Vec<Statement>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) errors: Vec<SyntaxError>,
    /// The places of the tokens that count for a checksum.
    pub(crate) significant: Vec<Span>,
}

/// Reads a whole file.
pub(crate) fn parse(text: &str, syntax: &'static Syntax) -> Parsed {
    let mut lexed = lex(text, syntax.backend);
    let mut parsed = Parsed {
        comments: std::mem::take(&mut lexed.comments),
        significant: lexed.tokens.iter().map(span_of).collect(),
        ..Parsed::default()
    };
    let broken_from = lexed.error.as_ref().map(|e| e.span.start);
    for part in split(text, &lexed.tokens, syntax, &mut parsed.errors) {
        let tokens = &lexed.tokens[part];
        let span = Span::new(start_of(&tokens[0]), end_of(&tokens[tokens.len() - 1]));
        // A statement cut short by a token that could not be read is reported there, not twice.
        let cut_short =
            broken_from.is_some() && std::ptr::eq(tokens.as_ptr_range().end, lexed.tokens.as_ptr_range().end);
        let change = if cut_short {
            None
        } else {
            match statement(text, tokens, syntax) {
                Ok(change) => Some(change),
                Err(e) => {
                    parsed.errors.push(e);
                    None
                }
            }
        };
        let outside_transaction = change.as_ref().is_some_and(|c| {
            (syntax.outside_transaction)(c, tokens) || matches!(c, Change::Do(block) if block.ends_transaction())
        });
        parsed.statements.push(Statement { span, change, outside_transaction });
    }
    parsed.errors.extend(lexed.error);
    parsed
}

/// Reads one statement, whole.
pub(crate) fn statement(text: &str, tokens: &[TokenWithSpan], syntax: &'static Syntax) -> R<Change> {
    if let Some(span) = too_deep(tokens) {
        return Err(SyntaxError::new("nesting-too-deep", span, format!("nested more than {MAX_NESTING} deep"))
            .help("split the expression: no engine reads this much nesting without trouble"));
    }
    let mut cursor = Cursor::new(text, tokens, syntax);
    let change = (syntax.statement)(&mut cursor)?;
    cursor.expect_end()?;
    Ok(change)
}

fn too_deep(tokens: &[TokenWithSpan]) -> Option<Span> {
    let mut depth = 0usize;
    for t in tokens {
        match &t.token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
            Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case("case") => depth += 1,
            Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case("end") => {
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        if depth > MAX_NESTING {
            return Some(span_of(t));
        }
    }
    None
}

/// Cuts the tokens at the semicolons that end statements. Client commands (`\i`, `.read`) are reported and left out.
fn split(
    text: &str,
    tokens: &[TokenWithSpan],
    syntax: &'static Syntax,
    errors: &mut Vec<SyntaxError>,
) -> Vec<std::ops::Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut body = 0usize;
    let mut parens = 0usize;
    let mut i = 0;
    while i < tokens.len() {
        if i == start && is_client_command(&tokens[i].token) {
            let line_end = text[start_of(&tokens[i])..].find('\n').map_or(text.len(), |n| start_of(&tokens[i]) + n);
            let span = Span::new(
                start_of(&tokens[i]),
                start_of(&tokens[i]) + text[start_of(&tokens[i])..line_end].trim_end().len(),
            );
            errors.push(
                SyntaxError::new("psql-command", span, "this is a command of the client program, not SQL")
                    .help("psql reads it, a server does not: write the SQL itself, or put it in a file of its own"),
            );
            while i < tokens.len() && start_of(&tokens[i]) < line_end {
                i += 1;
            }
            start = i;
            continue;
        }
        match &tokens[i].token {
            Token::LParen => parens += 1,
            Token::RParen => parens = parens.saturating_sub(1),
            Token::SemiColon if body == 0 && (parens == 0 || !holds_statements_in_parens(&tokens[start..i])) => {
                if start < i {
                    parts.push(start..i);
                }
                start = i + 1;
                parens = 0;
            }
            Token::Word(w) if w.quote_style.is_none() => {
                if body > 0 {
                    if w.value.eq_ignore_ascii_case("case") || w.value.eq_ignore_ascii_case("begin") {
                        body += 1;
                    } else if w.value.eq_ignore_ascii_case("end") {
                        let closes = tokens.get(i + 1).map(|t| word_of(&t.token)).unwrap_or_default();
                        // `END IF` closes what opened no body; the word of `END CASE` opens none.
                        if !["if", "while", "loop", "repeat", "for"].iter().any(|w| closes.eq_ignore_ascii_case(w)) {
                            body -= 1;
                        }
                        i += usize::from(closes.eq_ignore_ascii_case("case"));
                    }
                } else if w.value.eq_ignore_ascii_case("begin") {
                    let words: Vec<&str> = tokens[start..i].iter().take(12).map(|t| word_of(&t.token)).collect();
                    if (syntax.opens_body)(&words, &tokens[i].token, tokens.get(i + 1).map(|t| &t.token)) {
                        body = 1;
                    }
                }
            }
            _ => {}
        }
        i += 1;
    }
    if start < tokens.len() {
        parts.push(start..tokens.len());
    }
    parts
}

/// An unquoted word, or the empty text.
pub(crate) fn word_of(token: &Token) -> &str {
    match token {
        Token::Word(w) if w.quote_style.is_none() => &w.value,
        _ => "",
    }
}

fn is_client_command(token: &Token) -> bool {
    matches!(token, Token::Backslash | Token::Period)
}

/// CREATE RULE … DO (a; b): the one statement with semicolons between parentheses.
fn holds_statements_in_parens(tokens: &[TokenWithSpan]) -> bool {
    tokens.iter().take(4).any(|t| word_of(&t.token).eq_ignore_ascii_case("rule"))
        && tokens.first().is_some_and(|t| word_of(&t.token).eq_ignore_ascii_case("create"))
}
