//! Schemas, extensions, policies, rules and the rarer objects; DROP of everything.

use sqlparser::tokenizer::Token;

use super::common::{
    alter_tail, alter_tail_if, definition, function_target, idents, if_exists, if_not_exists, operator,
    operator_target, options, relation, role, roles, touch, unqualified, word_or_string,
};
use super::{Prefix, privileges, routine, types};
use crate::change::{Change, Ident, Name, ObjectKind, Target};
use crate::span::Span;
use crate::syntax::{Cursor, R, SyntaxError, span_of, word_of};

/// An object of which only kind and name are kept.
pub(super) fn other(kind: ObjectKind, name: Name) -> Change {
    Change::CreateOther { kind, name, if_not_exists: false, or_replace: false, uses: Vec::new(), on: Vec::new() }
}

fn other_of(kind: ObjectKind, name: Ident) -> Change {
    other(kind, unqualified(name))
}

// ---- schemas and extensions

pub(super) fn create_schema(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let if_not_exists = if_not_exists(c)?;
    let name = if c.at("AUTHORIZATION") { None } else { Some(c.ident()?) };
    if c.eat("AUTHORIZATION") {
        role(c)?;
    }
    let mut elements = Vec::new();
    while c.at("CREATE") || c.at("GRANT") {
        let span = element_extent(c);
        if if_not_exists {
            let message = "CREATE SCHEMA IF NOT EXISTS cannot include schema elements";
            return Err(SyntaxError::new("syntax-error", c.peek_span(), message)
                .help("make them by statements of their own, with the schema before their names"));
        }
        elements.push(c.inside(span, super::statement)?);
    }
    Ok(Change::CreateSchema { name, if_not_exists, elements })
}

/// The elements of CREATE SCHEMA have nothing between them: the next begins at CREATE or GRANT, which are reserved.
fn element_extent(c: &Cursor<'_>) -> Span {
    let start = c.mark();
    let mut end = start;
    let mut previous = String::new();
    for t in c.tokens_in(Span::new(start, c.end())) {
        let word = word_of(&t.token).to_ascii_uppercase();
        let starts = (word == "CREATE" && !matches!(previous.as_str(), "GRANT" | ","))
            || (word == "GRANT" && previous != "WITH");
        if starts && span_of(t).start > start {
            break;
        }
        previous = if matches!(t.token, Token::Comma) { ",".to_owned() } else { word };
        end = span_of(t).end;
    }
    Span::new(start, end)
}

pub(super) fn alter_schema(c: &mut Cursor<'_>) -> R<Change> {
    let name = c.ident()?;
    alter_tail(c, ObjectKind::Schema, Target::plain(unqualified(name)), false, "ALTER SCHEMA")
}

pub(super) fn create_extension(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let if_not_exists = if_not_exists(c)?;
    let name = c.ident()?;
    c.eat("WITH");
    let mut schema = None;
    let mut cascade = false;
    loop {
        if c.eat("SCHEMA") {
            schema = Some(c.ident()?);
        } else if c.eat("VERSION") {
            word_or_string(c)?;
        } else if c.eat("CASCADE") {
            cascade = true;
        } else {
            break;
        }
    }
    Ok(Change::CreateExtension { name, if_not_exists, schema, cascade })
}

pub(super) fn alter_extension(c: &mut Cursor<'_>) -> R<Change> {
    let target = Target::plain(unqualified(c.ident()?));
    let mut targets = vec![(ObjectKind::Extension, target.clone())];
    if c.eat("UPDATE") {
        if c.eat("TO") {
            word_or_string(c)?;
        }
    } else if c.eat("ADD") || c.eat("DROP") {
        targets.push(privileges::object(c)?);
    } else {
        return alter_tail(c, ObjectKind::Extension, target, false, "ALTER EXTENSION");
    }
    Ok(Change::Touch { what: "ALTER EXTENSION", targets, if_exists: false })
}

// ---- policies and rules

const COMMANDS: &[&str] = &["ALL", "SELECT", "INSERT", "UPDATE", "DELETE"];

pub(super) fn create_policy(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let name = c.ident()?;
    c.expect("ON")?;
    let table = c.name()?;
    if c.eat("AS") && c.eat_any(&["PERMISSIVE", "RESTRICTIVE"]).is_none() {
        return Err(c.expected("PERMISSIVE or RESTRICTIVE"));
    }
    if c.eat("FOR") && c.eat_any(COMMANDS).is_none() {
        return Err(c.expected("ALL, SELECT, INSERT, UPDATE or DELETE"));
    }
    let (roles, exprs) = policy_rest(c)?;
    Ok(Change::CreatePolicy { name, table, roles, exprs })
}

fn policy_rest(c: &mut Cursor<'_>) -> R<(Vec<Ident>, Vec<crate::change::Expr>)> {
    let to = if c.eat("TO") { roles(c)? } else { Vec::new() };
    let mut exprs = Vec::new();
    if c.eat("USING") {
        exprs.push(c.parens(Cursor::expr)?);
    }
    if c.at("WITH") {
        c.expect("WITH CHECK")?;
        exprs.push(c.parens(Cursor::expr)?);
    }
    Ok((to, exprs))
}

pub(super) fn alter_policy(c: &mut Cursor<'_>) -> R<Change> {
    let if_exists = if_exists(c);
    let name = c.ident()?;
    c.expect("ON")?;
    let table = c.name()?;
    if c.eat("RENAME") {
        c.expect("TO")?;
        let to = c.ident()?;
        if if_exists {
            let target = Target { name: unqualified(name), on: Some(table), arguments: None };
            return Ok(Change::Rename { kind: ObjectKind::Policy, target, if_exists, to });
        }
        return Ok(Change::AlterPolicy { name, table, rename_to: Some(to), roles: Vec::new(), exprs: Vec::new() });
    }
    if if_exists {
        return Err(c.expected("RENAME TO: the other forms have no IF EXISTS"));
    }
    let (roles, exprs) = policy_rest(c)?;
    Ok(Change::AlterPolicy { name, table, rename_to: None, roles, exprs })
}

pub(super) fn create_rule(c: &mut Cursor<'_>, prefix: &Prefix) -> R<Change> {
    let name = c.ident()?;
    c.expect("AS ON")?;
    if c.eat_any(&["SELECT", "INSERT", "UPDATE", "DELETE"]).is_none() {
        return Err(c.expected("SELECT, INSERT, UPDATE or DELETE"));
    }
    c.expect("TO")?;
    let table = c.name()?;
    if c.eat("WHERE") {
        c.expr()?;
    }
    c.expect("DO")?;
    c.eat_any(&["ALSO", "INSTEAD"]);
    if c.eat("NOTHING") {
    } else if c.at_token(&Token::LParen) {
        c.advance();
        loop {
            let span = Span::new(c.mark(), routine::statement_end(c));
            if span.start < span.end {
                c.inside(span, super::statement)?;
            }
            if !c.eat_token(&Token::SemiColon) {
                break;
            }
        }
        c.expect_token(&Token::RParen)?;
    } else {
        super::statement(c)?;
    }
    Ok(Change::CreateRule { name, table, or_replace: prefix.or_replace })
}

pub(super) fn alter_rule(c: &mut Cursor<'_>) -> R<Change> {
    let target = routine::on_table(c)?;
    c.expect("RENAME TO")?;
    let to = c.ident()?;
    Ok(Change::Rename { kind: ObjectKind::Rule, target, if_exists: false, to })
}

// ---- statistics, collations, conversions

pub(super) fn create_statistics(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let if_not_exists = if_not_exists(c)?;
    // From PostgreSQL 16 the name may be left out.
    let name = if c.at("ON") || c.at_token(&Token::LParen) {
        c.needs(16, "CREATE STATISTICS without a name", c.mark())?;
        unqualified(Ident::new(String::new(), c.peek_span()))
    } else {
        c.name()?
    };
    if c.at_token(&Token::LParen) {
        c.ident_list()?;
    }
    c.expect("ON")?;
    let mark = c.mark();
    let on = c.list(super::index::expression)?;
    if on.iter().any(|e| e.column.is_none()) {
        c.needs(14, "CREATE STATISTICS on an expression", mark)?;
    }
    c.expect("FROM")?;
    let uses = c.list(|c| {
        let table = relation(c)?;
        if c.eat("AS") || !c.at_end() && !c.at_token(&Token::Comma) {
            c.ident()?;
        }
        Ok(table)
    })?;
    Ok(Change::CreateOther { kind: ObjectKind::Statistics, name, if_not_exists, or_replace: false, uses, on })
}

pub(super) fn alter_statistics(c: &mut Cursor<'_>) -> R<Change> {
    let if_exists = if_exists(c);
    let target = Target::plain(c.name()?);
    if c.eat_words("SET STATISTICS") {
        super::alter_table::statistics(c)?;
        return Ok(touch("ALTER STATISTICS", ObjectKind::Statistics, target, if_exists));
    }
    alter_tail(c, ObjectKind::Statistics, target, if_exists, "ALTER STATISTICS")
}

pub(super) fn create_collation(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let if_not_exists = if_not_exists(c)?;
    let name = c.name()?;
    if c.eat("FROM") {
        c.name()?;
    } else {
        definition(c)?;
    }
    Ok(Change::CreateOther {
        kind: ObjectKind::Collation,
        name,
        if_not_exists,
        or_replace: false,
        uses: Vec::new(),
        on: Vec::new(),
    })
}

pub(super) fn alter_collation(c: &mut Cursor<'_>) -> R<Change> {
    let target = Target::plain(c.name()?);
    if c.eat_words("REFRESH VERSION") {
        return Ok(touch("ALTER COLLATION", ObjectKind::Collation, target, false));
    }
    alter_tail(c, ObjectKind::Collation, target, false, "ALTER COLLATION")
}

pub(super) fn create_conversion(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    conversion(c)
}

fn conversion(c: &mut Cursor<'_>) -> R<Change> {
    let name = c.name()?;
    c.expect("FOR")?;
    c.string()?;
    c.expect("TO")?;
    c.string()?;
    c.expect("FROM")?;
    c.name()?;
    Ok(other(ObjectKind::Conversion, name))
}

pub(super) fn create_default_conversion(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    conversion(c)
}

pub(super) fn alter_conversion(c: &mut Cursor<'_>) -> R<Change> {
    let target = Target::plain(c.name()?);
    alter_tail(c, ObjectKind::Conversion, target, false, "ALTER CONVERSION")
}

// ---- operators, casts, transforms, languages, access methods

pub(super) fn create_operator(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let name = operator(c)?;
    definition(c)?;
    Ok(other(ObjectKind::Operator, name))
}

pub(super) fn alter_operator(c: &mut Cursor<'_>) -> R<Change> {
    let target = operator_target(c)?;
    if c.at("SET") && matches!(c.peek_nth(1), Token::LParen) {
        c.advance();
        definition(c)?;
        return Ok(touch("ALTER OPERATOR", ObjectKind::Operator, target, false));
    }
    alter_tail(c, ObjectKind::Operator, target, false, "ALTER OPERATOR")
}

pub(super) fn create_operator_class(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let name = c.name()?;
    c.eat("DEFAULT");
    c.expect("FOR TYPE")?;
    types::type_name(c)?;
    c.expect("USING")?;
    c.ident()?;
    if c.eat("FAMILY") {
        c.name()?;
    }
    c.expect("AS")?;
    c.list(class_item)?;
    Ok(other(ObjectKind::OperatorClass, name))
}

/// `OPERATOR 1 < (a, b) FOR SEARCH`, `FUNCTION 1 (a, b) f(a, b)`, `STORAGE t`.
fn class_item(c: &mut Cursor<'_>) -> R<()> {
    if c.eat("OPERATOR") {
        types::integer(c, "a strategy number")?;
        operator(c)?;
        if c.at_token(&Token::LParen) {
            operand_types(c)?;
        }
        if c.eat("FOR") {
            if c.eat("ORDER") {
                c.expect("BY")?;
                c.name()?;
            } else {
                c.expect("SEARCH")?;
            }
        }
        c.eat("RECHECK");
    } else if c.eat("FUNCTION") {
        types::integer(c, "a support number")?;
        if c.at_token(&Token::LParen) {
            operand_types(c)?;
        }
        function_target(c)?;
    } else if c.eat("STORAGE") {
        types::type_name(c)?;
    } else {
        return Err(c.expected("OPERATOR, FUNCTION or STORAGE"));
    }
    Ok(())
}

fn operand_types(c: &mut Cursor<'_>) -> R<()> {
    c.parens(|c| c.list(|c| if c.eat("NONE") { Ok(()) } else { types::type_name(c).map(drop) }))?;
    Ok(())
}

pub(super) fn create_operator_family(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let target = privileges::using(c)?;
    Ok(other(ObjectKind::OperatorFamily, target.name))
}

pub(super) fn alter_operator_class(c: &mut Cursor<'_>) -> R<Change> {
    let target = privileges::using(c)?;
    alter_tail(c, ObjectKind::OperatorClass, target, false, "ALTER OPERATOR CLASS")
}

pub(super) fn alter_operator_family(c: &mut Cursor<'_>) -> R<Change> {
    let target = privileges::using(c)?;
    if c.eat("ADD") {
        c.list(class_item)?;
    } else if c.eat("DROP") {
        c.list(|c| {
            if c.eat_any(&["OPERATOR", "FUNCTION"]).is_none() {
                return Err(c.expected("OPERATOR or FUNCTION"));
            }
            types::integer(c, "a number")?;
            operand_types(c)
        })?;
    } else {
        return alter_tail(c, ObjectKind::OperatorFamily, target, false, "ALTER OPERATOR FAMILY");
    }
    Ok(touch("ALTER OPERATOR FAMILY", ObjectKind::OperatorFamily, target, false))
}

pub(super) fn create_cast(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let target = privileges::cast(c)?;
    if c.eat("WITHOUT") {
        c.expect("FUNCTION")?;
    } else {
        c.expect("WITH")?;
        if c.eat("FUNCTION") {
            function_target(c)?;
        } else {
            c.expect("INOUT")?;
        }
    }
    if c.eat("AS") && c.eat_any(&["ASSIGNMENT", "IMPLICIT"]).is_none() {
        return Err(c.expected("ASSIGNMENT or IMPLICIT"));
    }
    Ok(other(ObjectKind::Cast, target.name))
}

pub(super) fn create_transform(c: &mut Cursor<'_>, prefix: &Prefix) -> R<Change> {
    c.expect("FOR")?;
    let target = privileges::transform(c)?;
    c.parens(|c| {
        c.list(|c| {
            if c.eat_any(&["FROM", "TO"]).is_none() {
                return Err(c.expected("FROM or TO"));
            }
            c.expect("SQL WITH FUNCTION")?;
            function_target(c)
        })
    })?;
    Ok(Change::CreateOther {
        kind: ObjectKind::Transform,
        name: target.name,
        if_not_exists: false,
        or_replace: prefix.or_replace,
        uses: Vec::new(),
        on: Vec::new(),
    })
}

pub(super) fn create_language(c: &mut Cursor<'_>, prefix: &Prefix) -> R<Change> {
    let name = c.ident()?;
    if c.eat("HANDLER") {
        c.name()?;
        if c.eat("INLINE") {
            c.name()?;
        }
        if c.eat("VALIDATOR") {
            c.name()?;
        } else if c.eat("NO") {
            c.expect("VALIDATOR")?;
        }
    }
    Ok(Change::CreateOther {
        kind: ObjectKind::Language,
        name: unqualified(name),
        if_not_exists: false,
        or_replace: prefix.or_replace,
        uses: Vec::new(),
        on: Vec::new(),
    })
}

pub(super) fn alter_language(c: &mut Cursor<'_>) -> R<Change> {
    let target = Target::plain(unqualified(c.ident()?));
    alter_tail(c, ObjectKind::Language, target, false, "ALTER LANGUAGE")
}

pub(super) fn create_access_method(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let name = c.ident()?;
    c.expect("TYPE")?;
    if c.eat_any(&["INDEX", "TABLE"]).is_none() {
        return Err(c.expected("INDEX or TABLE"));
    }
    c.expect("HANDLER")?;
    c.name()?;
    Ok(other_of(ObjectKind::AccessMethod, name))
}

// ---- publications and subscriptions

fn publication_objects(c: &mut Cursor<'_>) -> R<Vec<Name>> {
    let mut tables = Vec::new();
    // What a bare name continues: a list of tables or of schemas.
    let mut schemas = false;
    loop {
        if c.at("TABLES") {
            c.needs(15, "TABLES IN SCHEMA", c.mark())?;
            c.expect("TABLES IN SCHEMA")?;
            schemas = true;
        } else if c.at("TABLE") {
            c.advance();
            schemas = false;
        } else if tables.is_empty() && !schemas {
            return Err(c.expected("TABLE, TABLES IN SCHEMA or ALL TABLES"));
        }
        if schemas {
            c.ident_if(|w| super::keywords::is_name(w) || w.eq_ignore_ascii_case("current_schema"), "a schema")?;
        } else {
            tables.push(relation(c)?);
            let mark = c.mark();
            if c.at_token(&Token::LParen) {
                c.ident_list()?;
                c.needs(15, "a publication of some columns", mark)?;
            }
            let mark = c.mark();
            if c.eat("WHERE") {
                c.parens(Cursor::expr)?;
                c.needs(15, "a publication of some rows", mark)?;
            }
        }
        if !c.eat_token(&Token::Comma) {
            return Ok(tables);
        }
    }
}

pub(super) fn create_publication(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let name = c.ident()?;
    let mut uses = Vec::new();
    if c.eat("FOR") && !c.eat_words("ALL TABLES") {
        uses = publication_objects(c)?;
    }
    if c.eat("WITH") {
        definition(c)?;
    }
    Ok(Change::CreateOther {
        kind: ObjectKind::Publication,
        name: unqualified(name),
        if_not_exists: false,
        or_replace: false,
        uses,
        on: Vec::new(),
    })
}

pub(super) fn alter_publication(c: &mut Cursor<'_>) -> R<Change> {
    let target = Target::plain(unqualified(c.ident()?));
    let mut targets = vec![(ObjectKind::Publication, target.clone())];
    if c.at("SET") && matches!(c.peek_nth(1), Token::LParen) {
        c.advance();
        definition(c)?;
    } else if c.at("SET") && (c.at_nth(1, "TABLE") || c.at_nth(1, "TABLES")) || c.at("ADD") || c.at("DROP") {
        c.advance();
        let tables = publication_objects(c)?;
        targets.extend(tables.into_iter().map(|t| (ObjectKind::Table, Target::plain(t))));
    } else {
        return alter_tail(c, ObjectKind::Publication, target, false, "ALTER PUBLICATION");
    }
    Ok(Change::Touch { what: "ALTER PUBLICATION", targets, if_exists: false })
}

pub(super) fn create_subscription(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let name = c.ident()?;
    c.expect("CONNECTION")?;
    c.string()?;
    c.expect("PUBLICATION")?;
    c.list(Cursor::label_name)?;
    if c.eat("WITH") {
        definition(c)?;
    }
    Ok(other_of(ObjectKind::Subscription, name))
}

pub(super) fn alter_subscription(c: &mut Cursor<'_>) -> R<Change> {
    let target = Target::plain(unqualified(c.ident()?));
    if c.at("SET") && matches!(c.peek_nth(1), Token::LParen) {
        c.advance();
        definition(c)?;
    } else if c.eat("CONNECTION") {
        c.string()?;
    } else if c.eat("REFRESH") {
        c.expect("PUBLICATION")?;
        if c.eat("WITH") {
            definition(c)?;
        }
    } else if (c.at("SET") || c.at("ADD") || c.at("DROP")) && c.at_nth(1, "PUBLICATION") {
        if !c.at("SET") {
            c.needs(14, "ADD and DROP PUBLICATION", c.mark())?;
        }
        c.advance();
        c.advance();
        c.list(Cursor::label_name)?;
        if c.eat("WITH") {
            definition(c)?;
        }
    } else if c.eat_any(&["ENABLE", "DISABLE"]).is_some() {
    } else if c.at("SKIP") {
        c.needs(15, "SKIP", c.mark())?;
        c.advance();
        definition(c)?;
    } else {
        return alter_tail(c, ObjectKind::Subscription, target, false, "ALTER SUBSCRIPTION");
    }
    Ok(touch("ALTER SUBSCRIPTION", ObjectKind::Subscription, target, false))
}

// ---- foreign data

pub(super) fn create_server(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let if_not_exists = if_not_exists(c)?;
    let name = c.ident()?;
    if c.eat("TYPE") {
        c.string()?;
    }
    if c.eat("VERSION") && !c.eat("NULL") {
        c.string()?;
    }
    c.expect("FOREIGN DATA WRAPPER")?;
    c.ident()?;
    if c.at("OPTIONS") {
        options(c, false)?;
    }
    Ok(Change::CreateOther {
        kind: ObjectKind::ForeignServer,
        name: unqualified(name),
        if_not_exists,
        or_replace: false,
        uses: Vec::new(),
        on: Vec::new(),
    })
}

pub(super) fn alter_server(c: &mut Cursor<'_>) -> R<Change> {
    let target = Target::plain(unqualified(c.ident()?));
    if let Some(change) = alter_tail_if(c, ObjectKind::ForeignServer, &target, false, "ALTER SERVER")? {
        return Ok(change);
    }
    let version = c.eat("VERSION");
    if version && !c.eat("NULL") {
        c.string()?;
    }
    if !version || c.at("OPTIONS") {
        options(c, true)?;
    }
    Ok(touch("ALTER SERVER", ObjectKind::ForeignServer, target, false))
}

fn wrapper_function(c: &mut Cursor<'_>) -> R<bool> {
    if c.eat_any(&["HANDLER", "VALIDATOR"]).is_some() {
        c.name()?;
    } else if c.eat("NO") {
        if c.eat_any(&["HANDLER", "VALIDATOR"]).is_none() {
            return Err(c.expected("HANDLER or VALIDATOR"));
        }
    } else {
        return Ok(false);
    }
    Ok(true)
}

pub(super) fn create_wrapper(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let name = c.ident()?;
    while wrapper_function(c)? {}
    if c.at("OPTIONS") {
        options(c, false)?;
    }
    Ok(other_of(ObjectKind::ForeignDataWrapper, name))
}

pub(super) fn alter_wrapper(c: &mut Cursor<'_>) -> R<Change> {
    let target = Target::plain(unqualified(c.ident()?));
    if let Some(change) =
        alter_tail_if(c, ObjectKind::ForeignDataWrapper, &target, false, "ALTER FOREIGN DATA WRAPPER")?
    {
        return Ok(change);
    }
    let mut any = false;
    while wrapper_function(c)? {
        any = true;
    }
    if !any || c.at("OPTIONS") {
        options(c, true)?;
    }
    Ok(touch("ALTER FOREIGN DATA WRAPPER", ObjectKind::ForeignDataWrapper, target, false))
}

/// `FOR role SERVER s`: a mapping has no name but these.
pub(super) fn mapping(c: &mut Cursor<'_>) -> R<Target> {
    let mark = c.mark();
    c.expect("FOR")?;
    if !c.eat("USER") {
        role(c)?;
    }
    c.expect("SERVER")?;
    c.ident()?;
    let span = c.span_from(mark);
    Ok(Target::plain(unqualified(Ident::new(c.definition(span), span))))
}

pub(super) fn create_user_mapping(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let if_not_exists = if_not_exists(c)?;
    let target = mapping(c)?;
    if c.at("OPTIONS") {
        options(c, false)?;
    }
    Ok(Change::CreateOther {
        kind: ObjectKind::UserMapping,
        name: target.name,
        if_not_exists,
        or_replace: false,
        uses: Vec::new(),
        on: Vec::new(),
    })
}

pub(super) fn alter_user_mapping(c: &mut Cursor<'_>) -> R<Change> {
    let target = mapping(c)?;
    options(c, true)?;
    Ok(touch("ALTER USER MAPPING", ObjectKind::UserMapping, target, false))
}

pub(super) fn import_foreign_schema(c: &mut Cursor<'_>) -> R<Change> {
    c.ident()?;
    if c.eat_words("LIMIT TO") || c.eat("EXCEPT") {
        c.parens(|c| c.list(relation))?;
    }
    c.expect("FROM SERVER")?;
    c.ident()?;
    c.expect("INTO")?;
    c.ident()?;
    if c.at("OPTIONS") {
        options(c, false)?;
    }
    Ok(Change::Opaque { why: "IMPORT FOREIGN SCHEMA makes the tables that another server has".to_owned() })
}

// ---- text search

pub(super) fn create_text_search(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    text_search_kind(c)?;
    let name = c.name()?;
    definition(c)?;
    Ok(other(ObjectKind::TextSearch, name))
}

fn text_search_kind(c: &mut Cursor<'_>) -> R<&'static str> {
    const KINDS: &[&str] = &["CONFIGURATION", "DICTIONARY", "PARSER", "TEMPLATE"];
    c.eat_any(KINDS).ok_or_else(|| c.expected("CONFIGURATION, DICTIONARY, PARSER or TEMPLATE"))
}

pub(super) fn alter_text_search(c: &mut Cursor<'_>) -> R<Change> {
    let kind = text_search_kind(c)?;
    let target = Target::plain(c.name()?);
    if kind == "DICTIONARY" && c.at_token(&Token::LParen) {
        definition(c)?;
    } else if kind == "CONFIGURATION" && (c.at_words("ADD MAPPING") || c.at_words("ALTER MAPPING")) {
        c.advance();
        c.advance();
        if c.eat("FOR") {
            idents(c)?;
        }
        if c.eat("REPLACE") {
            c.name()?;
        }
        c.expect("WITH")?;
        c.list(Cursor::name)?;
    } else if kind == "CONFIGURATION" && c.eat_words("DROP MAPPING") {
        if_exists(c);
        c.expect("FOR")?;
        idents(c)?;
    } else {
        return alter_tail(c, ObjectKind::TextSearch, target, false, "ALTER TEXT SEARCH");
    }
    Ok(touch("ALTER TEXT SEARCH", ObjectKind::TextSearch, target, false))
}
