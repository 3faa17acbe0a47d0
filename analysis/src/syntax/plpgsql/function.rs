//! The bodies of functions: what is read of them when they are made.

use super::text::Text;
use super::whole_block;
use crate::change::{ArgumentMode, Code, CreateFunction, SqlBody, Statement};
use crate::span::Span;
use crate::syntax::{Cursor, R, end_of, split, start_of, statement, word_of};

/// What every trigger function has.
const OF_TRIGGERS: &[&str] = &[
    "new",
    "old",
    "tg_name",
    "tg_when",
    "tg_level",
    "tg_op",
    "tg_relid",
    "tg_relname",
    "tg_table_name",
    "tg_table_schema",
    "tg_nargs",
    "tg_argv",
];

/// What every function of an event trigger has.
const OF_EVENT_TRIGGERS: &[&str] = &["tg_event", "tg_tag"];

/// Reads a body in PL/pgSQL. `span` is the literal's place in the file, with its quotes.
pub(in crate::syntax) fn code(c: &Cursor<'_>, f: &CreateFunction, body: &str, span: Span) -> Code {
    let mut names = vec!["found".to_owned(), f.name.name.value.clone()];
    names.extend(f.arguments.iter().filter_map(|a| a.name.as_ref()).map(|n| n.value.clone()));
    names.extend(f.returns_table.iter().map(|(n, _)| n.value.clone()));
    let special: &[&str] = match f.returns.as_ref().map(|r| r.name.name.value.as_str()) {
        Some("trigger") => OF_TRIGGERS,
        Some("event_trigger") => OF_EVENT_TRIGGERS,
        _ => &[],
    };
    names.extend(special.iter().map(|n| (*n).to_owned()));
    match whole_block(c, body, span, names, true) {
        Ok(block) => Code::Block(block),
        Err(e) => Code::Broken(e),
    }
}

/// Reads a body in SQL.
pub(in crate::syntax) fn sql_code(c: &Cursor<'_>, f: &CreateFunction, body: &str, span: Span) -> Code {
    // Of one with a polymorphic argument the server reads the grammar alone.
    let polymorphic = f
        .arguments
        .iter()
        .filter(|a| a.mode != ArgumentMode::Out)
        .any(|a| a.data_type.name.name.value.starts_with("any"));
    match sql_body(c, body, span) {
        Ok(Some(_)) if polymorphic => Code::Unread,
        Ok(Some(body)) => Code::Sql(body),
        Ok(None) => Code::Unread,
        Err(e) => Code::Broken(e),
    }
}

fn sql_body(c: &Cursor<'_>, body: &str, span: Span) -> R<Option<SqlBody>> {
    let file = c.source(Span::new(0, span.end));
    let Some(tokens) = Text::of_literal(body, span, file).lex(file, c.syntax.backend)? else { return Ok(None) };
    let mut errors = Vec::new();
    let mut read = SqlBody::default();
    for part in split(file, &tokens, c.syntax, &mut errors) {
        let tokens = &tokens[part];
        let span = Span::new(start_of(&tokens[0]), end_of(&tokens[tokens.len() - 1]));
        let change = statement(file, tokens, c.syntax)?;
        read.returning = tokens.iter().any(|t| word_of(&t.token).eq_ignore_ascii_case("RETURNING"));
        read.statements.push(Statement { span, change: Some(change), outside_transaction: false });
    }
    Ok(errors.is_empty().then_some(read))
}
