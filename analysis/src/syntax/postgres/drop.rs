//! DROP of everything.

use sqlparser::tokenizer::Token;

use super::common::{
    aggregate_target, behavior, function_target, if_exists, operator_target, role, roles, unqualified, utility_options,
};
use super::objects::mapping;
use super::{privileges, types};
use crate::change::{Change, Drop, ObjectKind, Target};
use crate::syntax::{Cursor, R};

/// `DROP <kind> …`, after DROP.
pub(super) fn any(c: &mut Cursor<'_>) -> R<Change> {
    use ObjectKind as K;
    const NAMES: &[(&str, ObjectKind)] = &[
        ("TABLE", K::Table),
        ("VIEW", K::View),
        ("MATERIALIZED VIEW", K::MaterializedView),
        ("FOREIGN TABLE", K::ForeignTable),
        ("SEQUENCE", K::Sequence),
        ("COLLATION", K::Collation),
        ("CONVERSION", K::Conversion),
        ("STATISTICS", K::Statistics),
        ("TEXT SEARCH CONFIGURATION", K::TextSearch),
        ("TEXT SEARCH DICTIONARY", K::TextSearch),
        ("TEXT SEARCH PARSER", K::TextSearch),
        ("TEXT SEARCH TEMPLATE", K::TextSearch),
    ];
    const SINGLES: &[(&str, ObjectKind)] = &[
        ("SCHEMA", K::Schema),
        ("EXTENSION", K::Extension),
        ("ACCESS METHOD", K::AccessMethod),
        ("EVENT TRIGGER", K::EventTrigger),
        ("FOREIGN DATA WRAPPER", K::ForeignDataWrapper),
        ("PROCEDURAL LANGUAGE", K::Language),
        ("LANGUAGE", K::Language),
        ("PUBLICATION", K::Publication),
        ("SERVER", K::ForeignServer),
    ];
    for (words, kind) in NAMES {
        if c.eat_words(words) {
            return dropped(c, *kind, |c| Ok(Target::plain(c.name()?)), false);
        }
    }
    for (words, kind) in SINGLES {
        if c.eat_words(words) {
            return dropped(c, *kind, |c| Ok(Target::plain(unqualified(c.ident()?))), false);
        }
    }
    if c.eat("INDEX") {
        let concurrently = c.eat("CONCURRENTLY");
        let change = dropped(c, K::Index, |c| Ok(Target::plain(c.name()?)), concurrently)?;
        if c.at("ON") {
            return Err(c.wrong_engine(
                "DROP INDEX … ON is not PostgreSQL",
                "leave ON and the table out: an index's name is unique in its schema",
            ));
        }
        return Ok(change);
    }
    for (word, kind) in [("TYPE", K::Type), ("DOMAIN", K::Domain)] {
        if c.eat(word) {
            return dropped(c, kind, |c| Ok(Target::plain(types::type_name(c)?.name)), false);
        }
    }
    for (word, kind) in [("FUNCTION", K::Function), ("PROCEDURE", K::Procedure), ("ROUTINE", K::Routine)] {
        if c.eat(word) {
            return dropped(c, kind, function_target, false);
        }
    }
    if c.eat("AGGREGATE") {
        return dropped(c, K::Aggregate, aggregate_target, false);
    }
    for (word, kind) in [("TRIGGER", K::Trigger), ("POLICY", K::Policy), ("RULE", K::Rule)] {
        if c.eat(word) {
            return dropped_one(c, kind, |c| {
                let name = c.ident()?;
                if !c.at("ON") {
                    let e = c.expected("ON and the table");
                    return Err(e.help(format!("it belongs to a table: DROP {word} … ON <table>")));
                }
                c.advance();
                let on = c.name()?;
                Ok(Target { name: unqualified(name), on: Some(on), arguments: None })
            });
        }
    }
    if c.eat_words("OPERATOR CLASS") {
        return dropped_one(c, K::OperatorClass, privileges::using);
    }
    if c.eat_words("OPERATOR FAMILY") {
        return dropped_one(c, K::OperatorFamily, privileges::using);
    }
    if c.eat("OPERATOR") {
        return dropped(c, K::Operator, operator_target, false);
    }
    if c.eat("CAST") {
        return dropped_one(c, K::Cast, privileges::cast);
    }
    if c.eat("TRANSFORM") {
        return dropped_one(c, K::Transform, |c| {
            c.expect("FOR")?;
            privileges::transform(c)
        });
    }
    if c.eat_words("USER MAPPING") {
        return dropped_one(c, K::UserMapping, mapping);
    }
    for word in ["ROLE", "USER", "GROUP"] {
        if c.eat(word) {
            return dropped(c, K::Role, |c| Ok(Target::plain(unqualified(role(c)?))), false);
        }
    }
    if c.eat("SUBSCRIPTION") {
        return dropped_one(c, K::Subscription, |c| Ok(Target::plain(unqualified(c.ident()?))));
    }
    if c.eat("TABLESPACE") {
        return dropped_one(c, K::Tablespace, |c| Ok(Target::plain(unqualified(c.ident()?))));
    }
    if c.eat("DATABASE") {
        let change = dropped_one(c, K::Database, |c| Ok(Target::plain(unqualified(c.ident()?))))?;
        c.eat("WITH");
        if c.at_token(&Token::LParen) {
            utility_options(c)?;
        }
        return Ok(change);
    }
    if c.eat_words("OWNED BY") {
        roles(c)?;
        behavior(c);
        return Ok(Change::Opaque { why: "DROP OWNED drops whatever the role has".to_owned() });
    }
    Err(super::unknown_kind(c, "DROP"))
}

fn dropped(
    c: &mut Cursor<'_>,
    kind: ObjectKind,
    target: impl Fn(&mut Cursor<'_>) -> R<Target>,
    concurrently: bool,
) -> R<Change> {
    let if_exists = if_exists(c);
    let mut targets = vec![target(c)?];
    while c.eat_token(&Token::Comma) {
        targets.push(target(c)?);
    }
    Ok(Change::Drop(Drop { kind, targets, if_exists, cascade: behavior(c), concurrently }))
}

fn dropped_one(c: &mut Cursor<'_>, kind: ObjectKind, target: impl Fn(&mut Cursor<'_>) -> R<Target>) -> R<Change> {
    let if_exists = if_exists(c);
    let targets = vec![target(c)?];
    Ok(Change::Drop(Drop { kind, targets, if_exists, cascade: behavior(c), concurrently: false }))
}
