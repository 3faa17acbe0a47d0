//! Views and materialized views.

use super::Prefix;
use super::common::{if_not_exists, query_before, touch, with_parameters};
use crate::change::{Change, CreateView, ObjectKind, Target};
use crate::syntax::{Cursor, R, word_of};
use sqlparser::tokenizer::Token;

const CHECK_OPTIONS: &[&str] = &["WITH LOCAL CHECK OPTION", "WITH CASCADED CHECK OPTION", "WITH CHECK OPTION"];

pub(super) fn create(c: &mut Cursor<'_>, prefix: &Prefix) -> R<Change> {
    create_view(c, prefix, false)
}

pub(super) fn create_recursive(c: &mut Cursor<'_>, prefix: &Prefix) -> R<Change> {
    create_view(c, prefix, true)
}

fn create_view(c: &mut Cursor<'_>, prefix: &Prefix, recursive: bool) -> R<Change> {
    let name = c.name()?;
    let columns = if recursive || c.at_token(&Token::LParen) { c.ident_list()? } else { Vec::new() };
    let mark = c.mark();
    with_parameters(c)?;
    let options = c.tokens_in(c.span_from(mark));
    if options.iter().any(|t| word_of(&t.token).eq_ignore_ascii_case("security_invoker")) {
        c.needs(15, "a view with security_invoker", mark)?;
    }
    c.expect("AS")?;
    let query = query_before(c, CHECK_OPTIONS)?;
    if c.eat("WITH") {
        c.eat_any(&["LOCAL", "CASCADED"]);
        c.expect("CHECK OPTION")?;
    }
    Ok(Change::CreateView(CreateView {
        name,
        or_replace: prefix.or_replace,
        if_not_exists: false,
        temporary: prefix.temporary,
        materialized: false,
        recursive,
        columns,
        query,
    }))
}

pub(super) fn create_materialized(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let if_not_exists = if_not_exists(c)?;
    let name = c.name()?;
    let columns = if c.at_token(&Token::LParen) { c.ident_list()? } else { Vec::new() };
    if c.eat("USING") {
        c.ident()?;
    }
    with_parameters(c)?;
    if c.eat("TABLESPACE") {
        c.ident()?;
    }
    c.expect("AS")?;
    let query = query_before(c, &["WITH NO DATA", "WITH DATA"])?;
    if c.eat("WITH") {
        c.eat("NO");
        c.expect("DATA")?;
    }
    Ok(Change::CreateView(CreateView {
        name,
        or_replace: false,
        if_not_exists,
        temporary: false,
        materialized: true,
        recursive: false,
        columns,
        query,
    }))
}

pub(super) fn refresh(c: &mut Cursor<'_>) -> R<Change> {
    let concurrently = c.eat("CONCURRENTLY");
    let name = c.name()?;
    if c.eat("WITH") {
        c.eat("NO");
        c.expect("DATA")?;
    }
    let what = if concurrently { "REFRESH MATERIALIZED VIEW CONCURRENTLY" } else { "REFRESH MATERIALIZED VIEW" };
    Ok(touch(what, ObjectKind::MaterializedView, Target::plain(name), false))
}
