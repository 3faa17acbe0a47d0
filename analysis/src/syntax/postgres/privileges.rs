//! What names any kind of object: COMMENT, SECURITY LABEL, GRANT and REVOKE.

use sqlparser::tokenizer::Token;

use super::common::{aggregate_target, behavior, function_target, operator_target, role, roles, unqualified};
use super::{routine, types};
use crate::change::{Change, Ident, Name, ObjectKind, Target};
use crate::span::Span;
use crate::syntax::{Cursor, R, SyntaxError};

pub(super) fn comment(c: &mut Cursor<'_>) -> R<Change> {
    let target = object(c)?;
    c.expect("IS")?;
    if !c.eat("NULL") {
        c.string()?;
    }
    Ok(Change::Touch { what: "COMMENT", targets: vec![target], if_exists: false })
}

/// An object after its kind: `TABLE t`, `COLUMN t.c`, `CONSTRAINT k ON t`, `FUNCTION f(integer)` …
pub(super) fn object(c: &mut Cursor<'_>) -> R<(ObjectKind, Target)> {
    use ObjectKind as K;
    const PLAIN: &[(&str, ObjectKind)] = &[
        ("TABLE", K::Table),
        ("MATERIALIZED VIEW", K::MaterializedView),
        ("VIEW", K::View),
        ("FOREIGN TABLE", K::ForeignTable),
        ("SEQUENCE", K::Sequence),
        ("INDEX", K::Index),
        ("COLLATION", K::Collation),
        ("CONVERSION", K::Conversion),
        ("STATISTICS", K::Statistics),
        ("TEXT SEARCH CONFIGURATION", K::TextSearch),
        ("TEXT SEARCH DICTIONARY", K::TextSearch),
        ("TEXT SEARCH PARSER", K::TextSearch),
        ("TEXT SEARCH TEMPLATE", K::TextSearch),
    ];
    const SINGLE: &[(&str, ObjectKind)] = &[
        ("ACCESS METHOD", K::AccessMethod),
        ("DATABASE", K::Database),
        ("EVENT TRIGGER", K::EventTrigger),
        ("EXTENSION", K::Extension),
        ("FOREIGN DATA WRAPPER", K::ForeignDataWrapper),
        ("PROCEDURAL LANGUAGE", K::Language),
        ("LANGUAGE", K::Language),
        ("PUBLICATION", K::Publication),
        ("ROLE", K::Role),
        ("SCHEMA", K::Schema),
        ("SERVER", K::ForeignServer),
        ("SUBSCRIPTION", K::Subscription),
        ("TABLESPACE", K::Tablespace),
    ];
    for (words, kind) in PLAIN {
        if c.eat_words(words) {
            return Ok((*kind, Target::plain(c.name()?)));
        }
    }
    for (words, kind) in SINGLE {
        if c.eat_words(words) {
            let name = if *kind == K::Role { role(c)? } else { c.ident()? };
            return Ok((*kind, Target::plain(unqualified(name))));
        }
    }
    if c.eat("COLUMN") {
        return Ok((K::Column, column(c)?));
    }
    if c.eat("CONSTRAINT") {
        let name = unqualified(c.ident()?);
        c.expect("ON")?;
        if c.at("DOMAIN") && matches!(c.peek_nth(1), Token::Word(_)) && !c.at_nth(1, "IS") {
            c.advance();
            c.name()?;
            return Ok((K::Constraint, Target::plain(name)));
        }
        let on = c.name()?;
        return Ok((K::Constraint, Target { name, on: Some(on), arguments: None }));
    }
    for (word, kind) in [("TRIGGER", K::Trigger), ("POLICY", K::Policy), ("RULE", K::Rule)] {
        if c.eat(word) {
            return Ok((kind, routine::on_table(c)?));
        }
    }
    for (word, kind) in [("FUNCTION", K::Function), ("PROCEDURE", K::Procedure), ("ROUTINE", K::Routine)] {
        if c.eat(word) {
            return Ok((kind, function_target(c)?));
        }
    }
    for (word, kind) in [("TYPE", K::Type), ("DOMAIN", K::Domain)] {
        if c.eat(word) {
            return Ok((kind, Target::plain(types::type_name(c)?.name)));
        }
    }
    if c.eat("AGGREGATE") {
        return Ok((K::Aggregate, aggregate_target(c)?));
    }
    if c.eat_words("OPERATOR CLASS") {
        return Ok((K::OperatorClass, using(c)?));
    }
    if c.eat_words("OPERATOR FAMILY") {
        return Ok((K::OperatorFamily, using(c)?));
    }
    if c.eat("OPERATOR") {
        return Ok((K::Operator, operator_target(c)?));
    }
    if c.at("CAST") {
        c.advance();
        return Ok((K::Cast, cast(c)?));
    }
    if c.eat_words("TRANSFORM FOR") {
        return Ok((K::Transform, transform(c)?));
    }
    if c.eat_words("LARGE OBJECT") {
        let span = c.peek_span();
        let value = c.number()?;
        return Ok((K::LargeObject, Target::plain(unqualified(Ident::new(value, span)))));
    }
    Err(c.expected("a kind of object: TABLE, COLUMN, FUNCTION, TYPE …"))
}

/// `t.c`, `s.t.c`.
fn column(c: &mut Cursor<'_>) -> R<Target> {
    let mut parts = vec![c.ident()?];
    while c.eat_token(&Token::Period) {
        parts.push(c.label_name()?);
    }
    if parts.len() == 1 && !c.at("IS") {
        return Err(c.expected("\".\""));
    }
    let last = parts.pop();
    match (last, parts.pop()) {
        (Some(name), Some(table)) => {
            let on = Name { schema: parts.pop(), name: table };
            Ok(Target { name: unqualified(name), on: Some(on), arguments: None })
        }
        (last, _) => {
            let span = last.map_or_else(|| c.peek_span(), |l| l.span);
            Err(SyntaxError::new("syntax-error", span, "column name must be qualified").label("expected table.column"))
        }
    }
}

/// `name USING method`.
pub(super) fn using(c: &mut Cursor<'_>) -> R<Target> {
    let name = c.name()?;
    c.expect("USING")?;
    c.ident()?;
    Ok(Target::plain(name))
}

/// `(a AS b)`: a cast has no name but its types.
pub(super) fn cast(c: &mut Cursor<'_>) -> R<Target> {
    let mark = c.mark();
    c.parens(|c| {
        types::type_name(c)?;
        c.expect("AS")?;
        types::type_name(c)
    })?;
    Ok(text_target(c, mark))
}

/// `type LANGUAGE l`.
pub(super) fn transform(c: &mut Cursor<'_>) -> R<Target> {
    let mark = c.mark();
    types::type_name(c)?;
    c.expect("LANGUAGE")?;
    c.ident()?;
    Ok(text_target(c, mark))
}

fn text_target(c: &Cursor<'_>, mark: usize) -> Target {
    let span: Span = c.span_from(mark);
    Target::plain(unqualified(Ident::new(c.definition(span), span)))
}

pub(super) fn grant(c: &mut Cursor<'_>) -> R<Change> {
    grant_or_revoke(c, true, false)
}

pub(super) fn revoke(c: &mut Cursor<'_>) -> R<Change> {
    grant_or_revoke(c, false, false)
}

/// Manual, 5.8.
const PRIVILEGES: &[&str] = &[
    "select",
    "insert",
    "update",
    "delete",
    "truncate",
    "references",
    "trigger",
    "create",
    "connect",
    "temporary",
    "temp",
    "execute",
    "usage",
    "set",
    "maintain",
    "rule",
];

fn grant_or_revoke(c: &mut Cursor<'_>, grant: bool, defaults: bool) -> R<Change> {
    let what = if grant { "GRANT" } else { "REVOKE" };
    if !grant {
        for option in ["GRANT", "ADMIN", "INHERIT", "SET"] {
            if c.at(option) && c.at_nth(1, "OPTION") {
                if option == "INHERIT" || option == "SET" {
                    c.needs(16, &format!("{option} OPTION FOR"), c.mark())?;
                }
                c.advance();
                c.expect("OPTION FOR")?;
                break;
            }
        }
    }
    // Or roles: that is to be seen behind them.
    let mut privileges = Vec::new();
    if c.eat("ALL") {
        c.eat("PRIVILEGES");
        if c.at_token(&Token::LParen) {
            c.ident_list()?;
        }
    } else {
        c.list(|c| {
            if c.at_words("ALTER SYSTEM") {
                c.needs(15, "the privilege ALTER SYSTEM", c.mark())?;
                return c.expect("ALTER SYSTEM");
            }
            let privilege = c.ident_if(
                |w| {
                    super::keywords::is_name(w)
                        || ["select", "references", "create"].iter().any(|r| r.eq_ignore_ascii_case(w))
                },
                "a privilege or a role",
            )?;
            privileges.push(privilege);
            if c.at_token(&Token::LParen) {
                c.ident_list()?;
            }
            Ok(())
        })?;
    }
    let mut targets = Vec::new();
    let on = c.eat("ON");
    if on {
        if let Some(unknown) = privileges.iter().find(|p| !PRIVILEGES.contains(&p.value.as_str())) {
            let message = format!("unrecognized privilege type \"{}\"", unknown.value);
            return Err(SyntaxError::new("syntax-error", unknown.span, message));
        }
        if defaults {
            let mark = c.mark();
            if c.eat_words("LARGE OBJECTS") {
                c.needs(18, "default privileges on LARGE OBJECTS", mark)?;
            } else if c.eat_any(&["TABLES", "SEQUENCES", "FUNCTIONS", "ROUTINES", "TYPES", "SCHEMAS"]).is_none() {
                return Err(c.expected("TABLES, SEQUENCES, FUNCTIONS, TYPES or SCHEMAS"));
            }
        } else {
            targets = privilege_targets(c)?;
        }
    } else if defaults {
        return Err(c.expected("ON"));
    }
    let word = if grant { "TO" } else { "FROM" };
    if !c.eat(word) {
        return Err(c.expected(word));
    }
    let grantees = c.list(|c| {
        c.eat("GROUP");
        role(c)
    })?;
    targets.extend(grantees.into_iter().map(|r| (ObjectKind::Role, Target::plain(unqualified(r)))));
    if grant && on {
        if c.eat("WITH") {
            c.expect("GRANT OPTION")?;
        }
    } else if grant && c.eat("WITH") {
        c.list(|c| {
            let mark = c.mark();
            let option = c.label_name()?;
            if option.value != "admin" || !c.at("OPTION") {
                c.needs(16, "GRANT … WITH an option but ADMIN OPTION", mark)?;
            }
            if c.eat_any(&["OPTION", "TRUE", "FALSE"]).is_none() {
                return Err(c.expected("OPTION, TRUE or FALSE"));
            }
            Ok(())
        })?;
    }
    let mark = c.mark();
    if c.eat("GRANTED") {
        c.expect("BY")?;
        if on {
            c.needs(14, "GRANTED BY of a privilege", mark)?;
        }
        role(c)?;
    }
    if !grant {
        behavior(c);
    }
    Ok(Change::Touch { what, targets, if_exists: false })
}

/// What follows ON: kinds and names, or ALL … IN SCHEMA.
fn privilege_targets(c: &mut Cursor<'_>) -> R<Vec<(ObjectKind, Target)>> {
    use ObjectKind as K;
    if c.eat("ALL") {
        if c.eat_any(&["TABLES", "SEQUENCES", "FUNCTIONS", "PROCEDURES", "ROUTINES"]).is_none() {
            return Err(c.expected("TABLES, SEQUENCES, FUNCTIONS, PROCEDURES or ROUTINES"));
        }
        c.expect("IN SCHEMA")?;
        let schemas = super::common::idents(c)?;
        return Ok(schemas.into_iter().map(|s| (K::Schema, Target::plain(unqualified(s)))).collect());
    }
    // A table may bear any of these names: then no name follows.
    let named = matches!(c.peek_nth(1), Token::Word(_)) && !c.at_nth(1, "TO") && !c.at_nth(1, "FROM");
    if named {
        for (word, kind) in [("FUNCTION", K::Function), ("PROCEDURE", K::Procedure), ("ROUTINE", K::Routine)] {
            if c.eat(word) {
                return Ok(c.list(function_target)?.into_iter().map(|t| (kind, t)).collect());
            }
        }
        if c.eat_words("FOREIGN DATA WRAPPER") {
            return singles(c, K::ForeignDataWrapper);
        }
        if c.eat_words("FOREIGN SERVER") {
            return singles(c, K::ForeignServer);
        }
        for (word, kind) in
            [("DATABASE", K::Database), ("LANGUAGE", K::Language), ("SCHEMA", K::Schema), ("TABLESPACE", K::Tablespace)]
        {
            if c.eat(word) {
                return singles(c, kind);
            }
        }
        for (word, kind) in [("SEQUENCE", K::Sequence), ("TYPE", K::Type), ("DOMAIN", K::Domain), ("TABLE", K::Table)] {
            if c.eat(word) {
                return names(c, kind);
            }
        }
        if c.at("PARAMETER") {
            c.needs(15, "privileges on a PARAMETER", c.mark())?;
            c.advance();
            c.list(Cursor::name)?;
            return Ok(Vec::new());
        }
        if c.eat_words("LARGE OBJECT") {
            c.list(Cursor::number)?;
            return Ok(Vec::new());
        }
    }
    names(c, K::Table)
}

fn singles(c: &mut Cursor<'_>, kind: ObjectKind) -> R<Vec<(ObjectKind, Target)>> {
    Ok(c.list(Cursor::ident)?.into_iter().map(|n| (kind, Target::plain(unqualified(n)))).collect())
}

fn names(c: &mut Cursor<'_>, kind: ObjectKind) -> R<Vec<(ObjectKind, Target)>> {
    Ok(c.list(Cursor::name)?.into_iter().map(|n| (kind, Target::plain(n))).collect())
}

pub(super) fn alter_default_privileges(c: &mut Cursor<'_>) -> R<Change> {
    loop {
        if c.eat_words("IN SCHEMA") {
            super::common::idents(c)?;
        } else if c.eat_words("FOR ROLE") || c.eat_words("FOR USER") {
            roles(c)?;
        } else {
            break;
        }
    }
    if c.eat("GRANT") {
        grant_or_revoke(c, true, true)
    } else if c.eat("REVOKE") {
        grant_or_revoke(c, false, true)
    } else {
        Err(c.expected("GRANT or REVOKE"))
    }
}
