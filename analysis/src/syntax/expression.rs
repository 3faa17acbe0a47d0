//! sqlparser's expressions, queries and DML → the names in them.

use sqlparser::ast;

use super::{Cursor, R};
use crate::change::{Change, Expr, Names, Reads};
use crate::span::Span;

/// An expression's names, text and literal.
pub(super) fn expr(c: &Cursor<'_>, ast: &ast::Expr, span: Span) -> Expr {
    let _ = ast;
    Expr { span, text: c.definition(span), names: Names { opaque: true, ..Names::default() }, literal: None }
}

/// What a query reads.
pub(super) fn query(c: &Cursor<'_>, ast: &ast::Query, span: Span) -> R<Reads> {
    let _ = ast;
    Ok(Reads { span, text: c.definition(span), opaque: true, ..Reads::default() })
}

/// SELECT, INSERT, UPDATE, DELETE and what else sqlparser reads rightly, as a change; an error for another engine's form.
pub(super) fn dml(c: &mut Cursor<'_>) -> R<Change> {
    let _ = c.sqlparser_statement()?;
    Ok(Change::Inert { what: "statement" })
}
