//! CREATE INDEX, and the elements of indexes, exclusion constraints and partition keys.

use sqlparser::tokenizer::Token;

use super::common::{if_not_exists, parameters, relation_only, with_parameters};
use super::table::nulls_not_distinct;
use super::{Prefix, keywords};
use crate::change::{Change, CreateIndex, Expr, Ident, IndexColumn};
use crate::span::Span;
use crate::syntax::{Cursor, R, SyntaxError, end_of};

pub(super) fn create(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    create_index(c, false)
}

pub(super) fn create_unique(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    create_index(c, true)
}

fn create_index(c: &mut Cursor<'_>, unique: bool) -> R<Change> {
    let concurrently = c.eat("CONCURRENTLY");
    let if_not_exists = if_not_exists(c)?;
    if if_not_exists && c.at("ON") {
        return Err(SyntaxError::new("syntax-error", c.peek_span(), "syntax error at or near \"ON\"")
            .label("expected the index's name: IF NOT EXISTS has nothing to look for without one")
            .help("name the index: CREATE INDEX IF NOT EXISTS <table>_<column>_idx ON …"));
    }
    let name = if c.at("ON") { None } else { Some(c.name()?) };
    c.expect("ON")?;
    let (table, only) = relation_only(c)?;
    let method = if c.eat("USING") { Some(c.ident()?) } else { None };
    let columns = c.parens(|c| c.list(element))?;
    let include = if c.eat("INCLUDE") { c.parens(|c| c.list(included))? } else { Vec::new() };
    let nulls_not_distinct = nulls_not_distinct(c)?;
    with_parameters(c)?;
    if c.eat("TABLESPACE") {
        c.ident()?;
    }
    let predicate = if c.eat("WHERE") { Some(c.expr()?) } else { None };
    Ok(Change::CreateIndex(CreateIndex {
        name,
        table,
        only,
        unique,
        if_not_exists,
        concurrently,
        method,
        columns,
        include,
        predicate,
        nulls_not_distinct,
    }))
}

/// A column of INCLUDE: the grammar takes what it takes before, and the server takes the column alone.
fn included(c: &mut Cursor<'_>) -> R<Ident> {
    let mark = c.mark();
    let element = element(c)?;
    let what = match &element {
        IndexColumn { column: None, .. } => Some("expressions are not supported in included columns"),
        IndexColumn { collation: Some(_), .. } => Some("including column does not support a collation"),
        IndexColumn { operator_class: Some(_), .. } => Some("including column does not support an operator class"),
        e if e.order.contains("nulls") => Some("including column does not support NULLS FIRST/LAST options"),
        e if !e.order.is_empty() => Some("including column does not support ASC/DESC options"),
        _ => None,
    };
    match (element.column, what) {
        (Some(column), None) => Ok(column),
        (_, what) => {
            let message = what.unwrap_or_default();
            Err(SyntaxError::new("invalid-definition", c.span_from(mark), message).label("write the column alone"))
        }
    }
}

/// A column, a function call or an expression in parentheses.
pub(super) fn expression(c: &mut Cursor<'_>) -> R<IndexColumn> {
    let mut element =
        IndexColumn { column: None, expr: None, operator_class: None, collation: None, order: String::new() };
    if c.at_token(&Token::LParen) {
        let mark = c.mark();
        let inner = c.parens(Cursor::expr)?;
        let span = c.span_from(mark);
        element.expr = Some(Expr { span, text: c.definition(span), ..inner });
    } else if let Some(call) = call_extent(c)? {
        element.expr = Some(c.inside(call, Cursor::expr)?);
    } else {
        element.column = Some(c.ident()?);
    }
    Ok(element)
}

/// The same, with collation, operator class and order.
pub(super) fn element(c: &mut Cursor<'_>) -> R<IndexColumn> {
    let mut element = expression(c)?;
    if c.eat("COLLATE") {
        element.collation = Some(c.name()?);
    }
    let class = match c.peek() {
        Token::Word(w) => w.quote_style.is_some() || keywords::is_name(&w.value),
        _ => false,
    };
    if class && !c.at("NULLS") {
        element.operator_class = Some(c.name()?);
        if c.at_token(&Token::LParen) {
            parameters(c)?;
        }
    }
    let mark = c.mark();
    c.eat_any(&["ASC", "DESC"]);
    if c.eat("NULLS") && c.eat_any(&["FIRST", "LAST"]).is_none() {
        return Err(c.expected("FIRST or LAST"));
    }
    let order = c.span_from(mark);
    if order.start < order.end {
        element.order = c.definition(order);
    }
    Ok(element)
}

/// The extent of `name(…)`, where a function is called here.
fn call_extent(c: &Cursor<'_>) -> R<Option<Span>> {
    // These functions have a grammar of their own and no parentheses.
    const BARE: &[&str] = &[
        "CURRENT_DATE",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "LOCALTIME",
        "LOCALTIMESTAMP",
        "CURRENT_USER",
        "USER",
        "CURRENT_ROLE",
        "SESSION_USER",
        "CURRENT_CATALOG",
        "CURRENT_SCHEMA",
    ];
    let mut n = 0;
    let Token::Word(first) = c.peek() else { return Ok(None) };
    let bare = first.quote_style.is_none() && BARE.iter().any(|w| first.value.eq_ignore_ascii_case(w));
    while matches!(c.peek_nth(n + 1), Token::Period) && matches!(c.peek_nth(n + 2), Token::Word(_)) {
        n += 2;
    }
    if !matches!(c.peek_nth(n + 1), Token::LParen) {
        return Ok(bare.then(|| c.peek_span()));
    }
    if n == 0
        && first.quote_style.is_none()
        && keywords::category(&first.value) == keywords::Category::Reserved
        && !first.value.eq_ignore_ascii_case("cast")
        && !bare
    {
        return Ok(None);
    }
    let start = c.mark();
    let mut depth = 0usize;
    for t in c.tokens_in(Span::new(start, c.end())) {
        match t.token {
            Token::LParen => depth += 1,
            Token::RParen => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Ok(Some(Span::new(start, end_of(t))));
                }
            }
            _ => {}
        }
    }
    Err(SyntaxError::new("syntax-error", Span::new(c.end(), c.end()), "syntax error at end of input")
        .label("expected \")\""))
}
