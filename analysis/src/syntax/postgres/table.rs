//! CREATE TABLE: columns, constraints, and what follows the parentheses.

use sqlparser::tokenizer::Token;

use super::common::{definition, if_not_exists, options, query_before, with_parameters};
use super::{Prefix, foreign, index, keywords, sequence, types};
use crate::change::{
    Action, Bound, Change, ColumnDefinition, ConstraintDefinition, ConstraintKind, CreateTable, Expr, ForeignKey,
    Generated, Ident, Identity, Like, Name, PartitionBy,
};
use crate::syntax::{Cursor, R, SyntaxError};

pub(super) fn create(c: &mut Cursor<'_>, prefix: &Prefix) -> R<Change> {
    let if_not_exists = if_not_exists(c)?;
    let name = c.name()?;
    let mut t = empty(name, if_not_exists, prefix.temporary);
    let mut as_query = true;
    if c.eat_words("PARTITION OF") {
        t.partition_of = Some(c.name()?);
        typed_elements(c, &mut t)?;
        t.bound = Some(partition_bound(c)?);
        as_query = false;
    } else if c.eat("OF") {
        t.of_type = Some(c.name()?);
        typed_elements(c, &mut t)?;
        as_query = false;
    } else if c.at_token(&Token::LParen) && !at_column_names(c) {
        elements(c, &mut t)?;
        if c.eat("INHERITS") {
            t.inherits = c.parens(|c| c.list(Cursor::name))?;
        }
        as_query = false;
    }
    let names = if as_query && c.at_token(&Token::LParen) { c.ident_list()? } else { Vec::new() };
    if !as_query && c.at_words("PARTITION BY") {
        t.partition_by = Some(partition_by(c)?);
    }
    if c.eat("USING") {
        c.ident()?;
    }
    if !c.eat_words("WITHOUT OIDS") {
        with_parameters(c)?;
    }
    if c.eat_words("ON COMMIT") && !(c.eat("DROP") || c.eat_words("DELETE ROWS") || c.eat_words("PRESERVE ROWS")) {
        return Err(c.expected("DROP, DELETE ROWS or PRESERVE ROWS"));
    }
    if c.eat("TABLESPACE") {
        c.ident()?;
    }
    if as_query {
        if !c.at("AS") {
            return Err(c.expected("\"(\" and the columns, or AS and a query"));
        }
        c.advance();
        if c.eat("EXECUTE") {
            c.ident()?;
            if c.at_token(&Token::LParen) {
                c.parens(|c| c.list(Cursor::expr))?;
            }
            t.columns_unknown = true;
        } else {
            t.query = Some((names, query_before(c, &["WITH NO DATA", "WITH DATA"])?));
        }
        if c.eat("WITH") {
            c.eat("NO");
            c.expect("DATA")?;
        }
    } else if let Some(e) = foreign::table_option(c) {
        return Err(e);
    }
    Ok(Change::CreateTable(t))
}

pub(super) fn create_foreign(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let if_not_exists = if_not_exists(c)?;
    let name = c.name()?;
    let mut t = empty(name, if_not_exists, false);
    t.foreign = true;
    if c.eat_words("PARTITION OF") {
        t.partition_of = Some(c.name()?);
        typed_elements(c, &mut t)?;
        t.bound = Some(partition_bound(c)?);
    } else {
        elements(c, &mut t)?;
        if c.eat("INHERITS") {
            t.inherits = c.parens(|c| c.list(Cursor::name))?;
        }
    }
    c.expect("SERVER")?;
    c.ident()?;
    if c.at("OPTIONS") {
        options(c, false)?;
    }
    Ok(Change::CreateTable(t))
}

fn empty(name: Name, if_not_exists: bool, temporary: bool) -> CreateTable {
    CreateTable {
        name,
        if_not_exists,
        temporary,
        columns: Vec::new(),
        constraints: Vec::new(),
        like: Vec::new(),
        inherits: Vec::new(),
        partition_of: None,
        bound: None,
        partition_by: None,
        query: None,
        of_type: None,
        foreign: false,
        columns_unknown: false,
        without_rowid: false,
        strict: false,
    }
}

/// `(a, b)` before AS: names alone, where columns have types.
fn at_column_names(c: &Cursor<'_>) -> bool {
    matches!(c.peek_nth(1), Token::Word(_)) && matches!(c.peek_nth(2), Token::Comma | Token::RParen)
}

fn elements(c: &mut Cursor<'_>, t: &mut CreateTable) -> R<()> {
    c.expect_token(&Token::LParen)?;
    if c.eat_token(&Token::RParen) {
        return Ok(());
    }
    loop {
        if c.at("LIKE") {
            t.like.push(like(c, t.columns.len())?);
        } else if at_constraint(c) {
            t.constraints.push(constraint(c, Some(&t.name))?);
        } else {
            let columns: Vec<&str> = t.columns.iter().map(|c| c.name.value.as_str()).collect();
            if let Some(e) = foreign::inline_index(c, &t.name, &columns) {
                return Err(e);
            }
            t.columns.push(column(c, Some(&t.name), true)?);
        }
        if !c.eat_token(&Token::Comma) {
            break;
        }
    }
    close(c)
}

fn close(c: &mut Cursor<'_>) -> R<()> {
    if c.eat_token(&Token::RParen) { Ok(()) } else { Err(c.expected("\",\" or \")\"")) }
}

/// The elements of a partition or of a typed table: columns without types.
fn typed_elements(c: &mut Cursor<'_>, t: &mut CreateTable) -> R<()> {
    if !c.eat_token(&Token::LParen) {
        return Ok(());
    }
    loop {
        if at_constraint(c) {
            t.constraints.push(constraint(c, Some(&t.name))?);
        } else {
            let mark = c.mark();
            let name = c.ident()?;
            c.eat_words("WITH OPTIONS");
            let mut column = bare_column(name);
            qualifiers(c, &mut column, Some(&t.name))?;
            column.span = c.span_from(mark);
            t.columns.push(column);
        }
        if !c.eat_token(&Token::Comma) {
            break;
        }
    }
    close(c)
}

/// Whether a table constraint comes next. Some of its first words may name a column too: what follows decides.
pub(super) fn at_constraint(c: &Cursor<'_>) -> bool {
    c.at("CONSTRAINT")
        || c.at("CHECK")
        || c.at("UNIQUE")
        || c.at("PRIMARY")
        || c.at("FOREIGN")
        || c.at_words("NOT NULL")
        || (c.at("EXCLUDE") && (c.at_nth(1, "USING") || matches!(c.peek_nth(1), Token::LParen)))
}

fn like(c: &mut Cursor<'_>, at: usize) -> R<Like> {
    c.expect("LIKE")?;
    let table = c.name()?;
    let mut like =
        Like { table, at, defaults: false, constraints: false, indexes: false, generated: false, identity: false };
    while let Some(word) = c.eat_any(&["INCLUDING", "EXCLUDING"]) {
        let yes = word == "INCLUDING";
        const OPTIONS: &[&str] = &[
            "DEFAULTS",
            "CONSTRAINTS",
            "INDEXES",
            "GENERATED",
            "IDENTITY",
            "COMMENTS",
            "COMPRESSION",
            "STATISTICS",
            "STORAGE",
            "ALL",
        ];
        if c.at("COMPRESSION") {
            c.needs(14, "INCLUDING COMPRESSION", c.mark())?;
        }
        match c.eat_any(OPTIONS) {
            Some("DEFAULTS") => like.defaults = yes,
            Some("CONSTRAINTS") => like.constraints = yes,
            Some("INDEXES") => like.indexes = yes,
            Some("GENERATED") => like.generated = yes,
            Some("IDENTITY") => like.identity = yes,
            Some("ALL") => {
                like.defaults = yes;
                like.constraints = yes;
                like.indexes = yes;
                like.generated = yes;
                like.identity = yes;
            }
            Some(_) => {}
            None => return Err(c.expected("what to include: DEFAULTS, CONSTRAINTS, INDEXES, ALL …")),
        }
    }
    Ok(like)
}

fn bare_column(name: Ident) -> ColumnDefinition {
    let span = name.span;
    ColumnDefinition {
        name,
        data_type: None,
        collation: None,
        not_null: None,
        not_null_name: None,
        default: None,
        generated: None,
        identity: None,
        sequence: None,
        constraints: Vec::new(),
        span,
    }
}

/// `name type …`. `creating` where it stands in CREATE TABLE.
pub(super) fn column(c: &mut Cursor<'_>, table: Option<&Name>, creating: bool) -> R<ColumnDefinition> {
    let mark = c.mark();
    let name = c.ident()?;
    if let Some(e) = foreign::column_type(c, &name) {
        return Err(e);
    }
    let mut column = bare_column(name);
    column.data_type = Some(types::type_name(c)?);
    let storage_mark = c.mark();
    if c.eat("STORAGE") {
        storage(c)?;
        c.needs(16, "STORAGE of a new column", storage_mark)?;
    }
    let compression_mark = c.mark();
    if c.eat("COMPRESSION") {
        if !c.eat("DEFAULT") {
            c.ident()?;
        }
        c.needs(14, "COMPRESSION", compression_mark)?;
    }
    if c.at("OPTIONS") {
        options(c, false)?;
    }
    qualifiers(c, &mut column, table)?;
    if let Some(e) = foreign::column_word(c, table, &column, creating) {
        return Err(e);
    }
    column.span = c.span_from(mark);
    Ok(column)
}

pub(super) fn storage(c: &mut Cursor<'_>) -> R<()> {
    if c.eat("DEFAULT") {
        return Ok(());
    }
    let name = c.ident()?;
    if ["plain", "external", "extended", "main", "default"].iter().any(|w| name.value.eq_ignore_ascii_case(w)) {
        return Ok(());
    }
    let message = format!("invalid storage type \"{}\"", name.value);
    Err(SyntaxError::new("invalid-definition", name.span, message).help("PLAIN, EXTERNAL, EXTENDED, MAIN or DEFAULT"))
}

/// What follows a column's type, in any order.
fn qualifiers(c: &mut Cursor<'_>, column: &mut ColumnDefinition, table: Option<&Name>) -> R<()> {
    // Whether the last was a key or reference, which DEFERRABLE and ENFORCED may follow.
    let mut deferrable_last = false;
    let mut enforceable_last = false;
    loop {
        let mark = c.mark();
        let named = c.eat("CONSTRAINT");
        let name = if named { Some(c.ident()?) } else { None };
        let mut key = None;
        let mut no_inherit = false;
        if c.at_words("NOT NULL") {
            let span = c.peek_span();
            c.expect("NOT NULL")?;
            if column.not_null == Some(false) {
                return Err(conflicting(column, table, span));
            }
            column.not_null = Some(true);
            column.not_null_name = name.clone().or_else(|| column.not_null_name.take());
            let inherit = c.mark();
            if c.eat_words("NO INHERIT") {
                c.needs(18, "NOT NULL NO INHERIT", inherit)?;
            }
        } else if c.at("NULL") {
            let span = c.peek_span();
            c.advance();
            if column.not_null == Some(true) {
                return Err(conflicting(column, table, span));
            }
            column.not_null = Some(false);
        } else if c.eat("UNIQUE") {
            let nulls_not_distinct = nulls_not_distinct(c)?;
            index_parameters(c)?;
            key = Some(ConstraintKind::Unique {
                columns: vec![column.name.clone()],
                using_index: None,
                nulls_not_distinct,
            });
        } else if c.at("PRIMARY") {
            c.expect("PRIMARY KEY")?;
            index_parameters(c)?;
            key = Some(ConstraintKind::PrimaryKey {
                columns: vec![column.name.clone()],
                using_index: None,
                autoincrement: false,
            });
        } else if c.eat("CHECK") {
            let expr = c.parens(Cursor::expr)?;
            no_inherit = c.eat_words("NO INHERIT");
            key = Some(ConstraintKind::Check(expr));
        } else if c.at("DEFAULT") {
            let span = c.peek_span();
            c.advance();
            let expr = default_value(c)?;
            if column.default.is_some() {
                return Err(twice(span, "default values", column, table));
            }
            column.default = Some(expr);
        } else if c.at("GENERATED") {
            generated(c, column, table)?;
        } else if c.at("REFERENCES") {
            let reference = references(c, vec![column.name.clone()])?;
            key = Some(ConstraintKind::ForeignKey(reference));
        } else if named {
            return Err(
                c.expected("a constraint: NOT NULL, CHECK, UNIQUE, PRIMARY KEY, REFERENCES, DEFAULT or GENERATED")
            );
        } else if c.eat("COLLATE") {
            column.collation = Some(c.name()?);
            continue;
        } else if c.at("DEFERRABLE") || c.at("INITIALLY") || c.at_words("NOT DEFERRABLE") {
            if !deferrable_last {
                let what = if c.at("INITIALLY") { "INITIALLY" } else { "DEFERRABLE" };
                return Err(SyntaxError::new("syntax-error", c.peek_span(), format!("misplaced {what} clause"))
                    .label("only a UNIQUE, PRIMARY KEY or REFERENCES before it can be deferred"));
            }
            let deferrable = deferral(c)?;
            if let Some(last) = column.constraints.last_mut() {
                last.deferrable = deferrable.unwrap_or(last.deferrable);
                last.span = last.span.to(c.span_from(mark));
            }
            continue;
        } else if c.at("ENFORCED") || c.at_words("NOT ENFORCED") {
            if !enforceable_last {
                return Err(SyntaxError::new("syntax-error", c.peek_span(), "misplaced ENFORCED clause")
                    .label("only a CHECK or REFERENCES before it can be enforced or not"));
            }
            let said = c.mark();
            c.eat("NOT");
            c.expect("ENFORCED")?;
            c.needs(18, "ENFORCED", said)?;
            continue;
        } else if c.at("NOT") {
            c.advance();
            return Err(c.expected("NULL"));
        } else {
            return Ok(());
        }
        deferrable_last = matches!(
            key,
            Some(ConstraintKind::Unique { .. } | ConstraintKind::PrimaryKey { .. } | ConstraintKind::ForeignKey(_))
        );
        enforceable_last = matches!(key, Some(ConstraintKind::Check(_) | ConstraintKind::ForeignKey(_)));
        if let Some(kind) = key {
            let span = c.span_from(mark);
            column.constraints.push(ConstraintDefinition {
                name,
                kind,
                span,
                not_valid: false,
                deferrable: false,
                no_inherit,
                include: Vec::new(),
            });
        }
    }
}

fn of_table(column: &ColumnDefinition, table: Option<&Name>) -> String {
    match table {
        Some(t) => format!("for column \"{}\" of table \"{}\"", column.name.value, t.name.value),
        None => format!("for column \"{}\"", column.name.value),
    }
}

fn conflicting(column: &ColumnDefinition, table: Option<&Name>, span: crate::span::Span) -> SyntaxError {
    SyntaxError::new(
        "syntax-error",
        span,
        format!("conflicting NULL/NOT NULL declarations {}", of_table(column, table)),
    )
    .label("the other one stands before")
}

fn twice(span: crate::span::Span, what: &str, column: &ColumnDefinition, table: Option<&Name>) -> SyntaxError {
    SyntaxError::new("syntax-error", span, format!("multiple {what} specified {}", of_table(column, table)))
        .label("a second time")
}

fn generated(c: &mut Cursor<'_>, column: &mut ColumnDefinition, table: Option<&Name>) -> R<()> {
    let span = c.peek_span();
    c.expect("GENERATED")?;
    let when_span = c.peek_span();
    let when = generated_when(c)?;
    c.expect("AS")?;
    if c.eat("IDENTITY") {
        column.sequence = sequence::of_identity(c)?;
        if column.identity.is_some() {
            return Err(twice(span, "identity specifications", column, table));
        }
        column.identity = Some(when);
        return Ok(());
    }
    if !c.at_token(&Token::LParen) {
        return Err(c.expected("IDENTITY, or \"(\" and an expression"));
    }
    let expr = c.parens(Cursor::expr)?;
    // From PostgreSQL 18 a column is virtual where neither word stands.
    let stored = c.eat("STORED");
    if !stored {
        let kind = c.mark();
        let named = c.eat("VIRTUAL");
        c.needs(18, "a generated column that is not STORED", if named { kind } else { span.start })?;
    }
    if when == Identity::ByDefault {
        return Err(SyntaxError::new(
            "syntax-error",
            when_span,
            "for a generated column, GENERATED ALWAYS must be specified",
        )
        .label("write ALWAYS"));
    }
    if column.generated.is_some() {
        return Err(twice(span, "generation clauses", column, table));
    }
    column.generated = Some(Generated { expr, stored });
    Ok(())
}

/// `ALWAYS` or `BY DEFAULT`.
pub(super) fn generated_when(c: &mut Cursor<'_>) -> R<Identity> {
    if c.eat("ALWAYS") {
        Ok(Identity::Always)
    } else if c.eat("BY") {
        c.expect("DEFAULT")?;
        Ok(Identity::ByDefault)
    } else {
        Err(c.expected("ALWAYS or BY DEFAULT"))
    }
}

/// The expression of a column's DEFAULT: the grammar's `b_expr`, which ends before what could start the next clause.
pub(super) fn default_value(c: &mut Cursor<'_>) -> R<Expr> {
    let expr = c.simple_expr()?;
    if c.at_any(&["AND", "OR", "IN", "LIKE", "ILIKE", "SIMILAR", "BETWEEN", "ISNULL", "NOTNULL", "AT", "OVERLAPS"]) {
        return Err(c.expected("a simple expression").help("put the whole default between parentheses"));
    }
    Ok(expr)
}

/// `NULLS [NOT] DISTINCT`.
pub(super) fn nulls_not_distinct(c: &mut Cursor<'_>) -> R<bool> {
    let mark = c.mark();
    if !c.eat("NULLS") {
        return Ok(false);
    }
    let not = c.eat("NOT");
    c.expect("DISTINCT")?;
    c.needs(15, "NULLS DISTINCT", mark)?;
    Ok(not)
}

/// `WITH (…) USING INDEX TABLESPACE …`, after a key's columns.
fn index_parameters(c: &mut Cursor<'_>) -> R<()> {
    if c.eat("WITH") {
        definition(c)?;
    }
    if c.at_words("USING INDEX TABLESPACE") {
        c.expect("USING INDEX TABLESPACE")?;
        c.ident()?;
    }
    Ok(())
}

/// A constraint of a table, with its name.
pub(super) fn constraint(c: &mut Cursor<'_>, table: Option<&Name>) -> R<ConstraintDefinition> {
    let mark = c.mark();
    let name = if c.eat("CONSTRAINT") {
        if let Some(e) = foreign::guarded_constraint(c, table) {
            return Err(e);
        }
        Some(c.ident()?)
    } else {
        None
    };
    let mut included = Vec::new();
    let kind = if c.eat("CHECK") {
        ConstraintKind::Check(c.parens(Cursor::expr)?)
    } else if c.at_words("NOT NULL") {
        c.expect("NOT NULL")?;
        c.needs(18, "NOT NULL as a constraint of the table", mark)?;
        ConstraintKind::NotNull(c.ident()?)
    } else if c.eat("UNIQUE") {
        if let Some(e) = foreign::unique_key(c, table) {
            return Err(e);
        }
        let nulls_not_distinct = nulls_not_distinct(c)?;
        let (columns, using_index) = key(c, &mut included)?;
        ConstraintKind::Unique { columns, using_index, nulls_not_distinct }
    } else if c.at("PRIMARY") {
        c.expect("PRIMARY KEY")?;
        let (columns, using_index) = key(c, &mut included)?;
        ConstraintKind::PrimaryKey { columns, using_index, autoincrement: false }
    } else if c.at("FOREIGN") {
        c.expect("FOREIGN KEY")?;
        let columns = period_columns(c)?;
        ConstraintKind::ForeignKey(references(c, columns)?)
    } else if c.eat("EXCLUDE") {
        let method = if c.eat("USING") { Some(c.ident()?) } else { None };
        let elements = c.parens(|c| {
            c.list(|c| {
                let element = index::element(c)?;
                c.expect("WITH")?;
                super::common::operator(c)?;
                Ok(element)
            })
        })?;
        included = include(c)?;
        index_parameters(c)?;
        let predicate = if c.eat("WHERE") { Some(c.parens(Cursor::expr)?) } else { None };
        ConstraintKind::Exclude { method, elements, predicate }
    } else {
        return Err(c.expected("a constraint: CHECK, UNIQUE, PRIMARY KEY, FOREIGN KEY or EXCLUDE"));
    };
    let attributes = attributes(c)?;
    let span = c.span_from(mark);
    let Attributes { not_valid, deferrable, no_inherit } = attributes;
    Ok(ConstraintDefinition { name, kind, span, not_valid, deferrable, no_inherit, include: included })
}

pub(super) struct Attributes {
    not_valid: bool,
    deferrable: bool,
    no_inherit: bool,
}

/// What follows a constraint, in any order: DEFERRABLE, INITIALLY …, NOT VALID, NO INHERIT, ENFORCED.
pub(super) fn attributes(c: &mut Cursor<'_>) -> R<Attributes> {
    // What was said, each with its opposite.
    const PAIRS: &[(&str, &str)] = &[
        ("DEFERRABLE", "NOT DEFERRABLE"),
        ("INITIALLY DEFERRED", "INITIALLY IMMEDIATE"),
        ("ENFORCED", "NOT ENFORCED"),
    ];
    let mut said: Vec<&str> = Vec::new();
    loop {
        let span = c.peek_span();
        let word = PAIRS.iter().flat_map(|(a, b)| [*a, *b]).chain(["NOT VALID", "NO INHERIT"]).find(|w| c.at_words(w));
        let Some(word) = word else {
            if c.at("NOT") {
                c.advance();
                return Err(c.expected("DEFERRABLE, ENFORCED or VALID"));
            }
            if c.at("INITIALLY") {
                c.advance();
                return Err(c.expected("DEFERRED or IMMEDIATE"));
            }
            break;
        };
        c.expect(word)?;
        if word.ends_with("ENFORCED") {
            c.needs(18, word, span.start)?;
        }
        said.push(word);
        if said.contains(&"NOT DEFERRABLE") && said.contains(&"INITIALLY DEFERRED") {
            return Err(SyntaxError::new(
                "syntax-error",
                span,
                "constraint declared INITIALLY DEFERRED must be DEFERRABLE",
            ));
        }
        if PAIRS.iter().any(|(a, b)| said.contains(a) && said.contains(b)) {
            return Err(SyntaxError::new("syntax-error", span, "conflicting constraint properties"));
        }
    }
    let not_valid = said.contains(&"NOT VALID");
    let deferrable = said.contains(&"DEFERRABLE") || said.contains(&"INITIALLY DEFERRED");
    Ok(Attributes { not_valid, deferrable, no_inherit: said.contains(&"NO INHERIT") })
}

/// One of `DEFERRABLE`, `NOT DEFERRABLE`, `INITIALLY DEFERRED` (which implies the first), `INITIALLY IMMEDIATE`.
pub(super) fn deferral(c: &mut Cursor<'_>) -> R<Option<bool>> {
    if c.eat("DEFERRABLE") {
        Ok(Some(true))
    } else if c.eat_words("NOT DEFERRABLE") {
        Ok(Some(false))
    } else if c.eat("INITIALLY") {
        match c.eat_any(&["DEFERRED", "IMMEDIATE"]) {
            Some("DEFERRED") => Ok(Some(true)),
            Some(_) => Ok(Some(false)),
            None => Err(c.expected("DEFERRED or IMMEDIATE")),
        }
    } else {
        Ok(None)
    }
}

/// The columns of a key, or the index that it takes over.
fn key(c: &mut Cursor<'_>, included: &mut Vec<Ident>) -> R<(Vec<Ident>, Option<Ident>)> {
    if c.at_words("USING INDEX") {
        c.expect("USING INDEX")?;
        return Ok((Vec::new(), Some(c.ident()?)));
    }
    let columns = c.parens(|c| {
        let columns = c.list(Cursor::ident)?;
        let mark = c.mark();
        if c.eat_words("WITHOUT OVERLAPS") {
            c.needs(18, "WITHOUT OVERLAPS", mark)?;
        }
        Ok(columns)
    })?;
    *included = include(c)?;
    index_parameters(c)?;
    Ok((columns, None))
}

fn include(c: &mut Cursor<'_>) -> R<Vec<Ident>> {
    if c.eat("INCLUDE") { c.ident_list() } else { Ok(Vec::new()) }
}

/// `(a, b)`, `(a, PERIOD b)`.
fn period_columns(c: &mut Cursor<'_>) -> R<Vec<Ident>> {
    c.parens(|c| {
        c.list(|c| {
            let mark = c.mark();
            if matches!(c.peek_nth(1), Token::Word(_)) && c.eat("PERIOD") {
                c.needs(18, "PERIOD in a key", mark)?;
            }
            c.ident()
        })
    })
}

fn references(c: &mut Cursor<'_>, columns: Vec<Ident>) -> R<ForeignKey> {
    c.expect("REFERENCES")?;
    let table = c.name()?;
    let referenced = if c.at_token(&Token::LParen) { period_columns(c)? } else { Vec::new() };
    if c.eat("MATCH") && c.eat_any(&["FULL", "PARTIAL", "SIMPLE"]).is_none() {
        return Err(c.expected("FULL, PARTIAL or SIMPLE"));
    }
    let mut key = ForeignKey { columns, table, referenced, on_delete: Action::default(), on_update: Action::default() };
    while c.at_words("ON DELETE") || c.at_words("ON UPDATE") {
        if let Some(e) = foreign::on_update(c) {
            return Err(e);
        }
        let delete = c.at_nth(1, "DELETE");
        c.advance();
        c.advance();
        let action = action(c, delete)?;
        if delete { key.on_delete = action } else { key.on_update = action }
    }
    Ok(key)
}

fn action(c: &mut Cursor<'_>, of_delete: bool) -> R<Action> {
    if c.eat_words("NO ACTION") {
        Ok(Action::NoAction)
    } else if c.eat("RESTRICT") {
        Ok(Action::Restrict)
    } else if c.eat("CASCADE") {
        Ok(Action::Cascade)
    } else if c.eat("SET") {
        let action = match c.eat_any(&["NULL", "DEFAULT"]) {
            Some("NULL") => Action::SetNull,
            Some(_) => Action::SetDefault,
            None => return Err(c.expected("NULL or DEFAULT")),
        };
        let mark = c.mark();
        if c.at_token(&Token::LParen) {
            c.ident_list()?;
            c.needs(15, "SET NULL or SET DEFAULT of some columns", mark)?;
            if !of_delete {
                let message = "a column list with SET NULL is only supported for ON DELETE actions";
                return Err(SyntaxError::new("syntax-error", c.span_from(mark), message));
            }
        }
        Ok(action)
    } else {
        Err(c.expected("CASCADE, RESTRICT, SET NULL, SET DEFAULT or NO ACTION"))
    }
}

fn partition_by(c: &mut Cursor<'_>) -> R<PartitionBy> {
    c.expect("PARTITION BY")?;
    let strategy = c.ident_if(keywords::is_name, "RANGE, LIST or HASH")?;
    if !["range", "list", "hash"].contains(&strategy.value.as_str()) && c.at_token(&Token::LParen) {
        let message = format!("unrecognized partitioning strategy \"{}\"", strategy.value);
        return Err(SyntaxError::new("syntax-error", strategy.span, message).label("expected RANGE, LIST or HASH"));
    }
    let columns = c.parens(|c| c.list(index::element))?;
    Ok(PartitionBy { strategy, columns })
}

/// `FOR VALUES …` or `DEFAULT`.
pub(super) fn partition_bound(c: &mut Cursor<'_>) -> R<Bound> {
    if c.eat("DEFAULT") {
        return Ok(Bound::Default);
    }
    if !c.eat_words("FOR VALUES") {
        return Err(c.expected("FOR VALUES or DEFAULT"));
    }
    if c.eat("IN") {
        c.parens(|c| c.list(Cursor::expr))?;
        Ok(Bound::List)
    } else if c.eat("FROM") {
        c.parens(|c| c.list(Cursor::expr))?;
        c.expect("TO")?;
        c.parens(|c| c.list(Cursor::expr))?;
        Ok(Bound::Range)
    } else if c.eat("WITH") {
        c.parens(|c| {
            c.list(|c| {
                let span = c.peek_span();
                let what = c.ident_if(keywords::is_not_reserved, "MODULUS or REMAINDER")?.value;
                if what != "modulus" && what != "remainder" {
                    let message = format!("unrecognized hash partition bound specification \"{what}\"");
                    return Err(SyntaxError::new("syntax-error", span, message).label("expected MODULUS or REMAINDER"));
                }
                types::integer(c, "a number")
            })
        })?;
        Ok(Bound::Hash)
    } else {
        Err(c.expected("IN, FROM or WITH"))
    }
}
