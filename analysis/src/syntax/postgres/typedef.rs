//! Types and domains.

use sqlparser::tokenizer::Token;

use super::common::{alter_tail, alter_tail_if, behavior, definition, if_exists, if_not_exists};
use super::{Prefix, types};
use crate::change::{Change, Ident, ObjectKind, Target, TypeAction, TypeDefinition, TypeName};
use crate::syntax::{Cursor, R};

pub(super) fn create_type(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let name = c.name()?;
    let kind = if c.eat("AS") {
        if c.eat("ENUM") {
            TypeDefinition::Enum(c.parens(|c| {
                if c.at_token(&Token::RParen) {
                    return Ok(Vec::new());
                }
                c.list(Cursor::string)
            })?)
        } else if c.eat("RANGE") {
            range(c)?
        } else if c.at_token(&Token::LParen) {
            TypeDefinition::Composite(c.parens(|c| {
                if c.at_token(&Token::RParen) {
                    return Ok(Vec::new());
                }
                c.list(attribute)
            })?)
        } else {
            return Err(c.expected("ENUM, RANGE or \"(\" and the attributes"));
        }
    } else if c.at_token(&Token::LParen) {
        definition(c)?;
        TypeDefinition::Base
    } else {
        TypeDefinition::Base
    };
    Ok(Change::CreateType { name, kind })
}

/// `(subtype = int, multirange_type_name = name)`.
fn range(c: &mut Cursor<'_>) -> R<TypeDefinition> {
    let (mut subtype, mut multirange) = (None, None);
    for (name, value) in definition(c)? {
        let mut value = c.within(value);
        match name.value.as_str() {
            "subtype" => subtype = types::type_name(&mut value).ok(),
            "multirange_type_name" => multirange = value.name().ok().map(|n| n.name),
            _ => {}
        }
    }
    Ok(TypeDefinition::Range { subtype, multirange })
}

fn attribute(c: &mut Cursor<'_>) -> R<(Ident, TypeName)> {
    let name = c.ident()?;
    let data_type = types::type_name(c)?;
    if c.eat("COLLATE") {
        c.name()?;
    }
    Ok((name, data_type))
}

pub(super) fn alter_type(c: &mut Cursor<'_>) -> R<Change> {
    let name = c.name()?;
    if c.eat_words("ADD VALUE") {
        return add_value(c, name);
    }
    if c.eat_words("RENAME VALUE") {
        let (from, span) = c.string()?;
        c.expect("TO")?;
        let (to, _) = c.string()?;
        return Ok(Change::AlterType { name, actions: vec![TypeAction::RenameValue { from, span, to }] });
    }
    if c.eat_words("RENAME ATTRIBUTE") {
        let from = c.ident()?;
        c.expect("TO")?;
        let to = c.ident()?;
        behavior(c);
        return Ok(Change::AlterType { name, actions: vec![TypeAction::RenameAttribute { from, to }] });
    }
    if c.at("SET") && matches!(c.peek_nth(1), Token::LParen) {
        c.advance();
        definition(c)?;
        return Ok(Change::AlterType { name, actions: vec![TypeAction::Other] });
    }
    if c.eat_words("OWNER TO") {
        super::common::role(c)?;
        return Ok(Change::AlterType { name, actions: vec![TypeAction::Other] });
    }
    if c.at_words("RENAME TO") || c.at_words("SET SCHEMA") {
        return alter_tail(c, ObjectKind::Type, Target::plain(name), false, "ALTER TYPE");
    }
    let actions = c.list(|c| {
        if c.eat_words("ADD ATTRIBUTE") {
            let (name, data_type) = attribute(c)?;
            behavior(c);
            Ok(TypeAction::AddAttribute { name, data_type })
        } else if c.eat_words("DROP ATTRIBUTE") {
            let if_exists = if_exists(c);
            let name = c.ident()?;
            behavior(c);
            Ok(TypeAction::DropAttribute { name, if_exists })
        } else if c.eat_words("ALTER ATTRIBUTE") {
            let name = c.ident()?;
            c.eat_words("SET DATA");
            c.expect("TYPE")?;
            let data_type = types::type_name(c)?;
            if c.eat("COLLATE") {
                c.name()?;
            }
            behavior(c);
            Ok(TypeAction::AlterAttribute { name, data_type })
        } else {
            for word in ["ADD", "DROP", "ALTER", "RENAME", "SET"] {
                if c.eat(word) {
                    return Err(c.expected(match word {
                        "ADD" => "VALUE or ATTRIBUTE",
                        "RENAME" => "TO, VALUE or ATTRIBUTE",
                        "SET" => "SCHEMA or (…)",
                        _ => "ATTRIBUTE",
                    }));
                }
            }
            Err(c.expected("ADD VALUE, RENAME VALUE, ADD ATTRIBUTE, RENAME TO, SET SCHEMA …"))
        }
    })?;
    Ok(Change::AlterType { name, actions })
}

fn add_value(c: &mut Cursor<'_>, name: crate::change::Name) -> R<Change> {
    let if_not_exists = if_not_exists(c)?;
    let (value, span) = c.string()?;
    let neighbour = match c.eat_any(&["BEFORE", "AFTER"]) {
        Some(word) => {
            let (value, span) = c.string()?;
            Some((value, span, word == "BEFORE"))
        }
        None => None,
    };
    Ok(Change::AlterType { name, actions: vec![TypeAction::AddValue { value, span, if_not_exists, neighbour }] })
}

pub(super) fn create_domain(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let name = c.name()?;
    c.eat("AS");
    let base = types::type_name(c)?;
    let mut not_null = false;
    let mut default = None;
    let mut constraints = Vec::new();
    loop {
        if c.eat("COLLATE") {
            c.name()?;
            continue;
        }
        let named = c.eat("CONSTRAINT");
        let constraint = if named { Some(c.ident()?) } else { None };
        if c.at_words("NOT NULL") {
            c.expect("NOT NULL")?;
            not_null = true;
        } else if c.eat("NULL") {
        } else if c.eat("CHECK") {
            constraints.push((constraint, c.parens(Cursor::expr)?));
            c.eat_words("NO INHERIT");
        } else if c.eat("DEFAULT") {
            default = Some(super::table::default_value(c)?);
        } else if named {
            return Err(c.expected("CHECK or NOT NULL"));
        } else {
            break;
        }
    }
    Ok(Change::CreateType { name, kind: TypeDefinition::Domain { base, not_null, default, constraints } })
}

pub(super) fn alter_domain(c: &mut Cursor<'_>) -> R<Change> {
    let name = c.name()?;
    if let Some(change) = alter_tail_if(c, ObjectKind::Domain, &Target::plain(name.clone()), false, "ALTER DOMAIN")? {
        return Ok(change);
    }
    let action = if c.eat("SET") {
        if c.eat("DEFAULT") {
            TypeAction::SetDefault(Some(c.expr()?))
        } else if c.at("NOT") {
            c.expect("NOT NULL")?;
            TypeAction::SetNotNull(true)
        } else {
            return Err(c.expected("DEFAULT, NOT NULL or SCHEMA"));
        }
    } else if c.eat("DROP") {
        if c.eat("DEFAULT") {
            TypeAction::SetDefault(None)
        } else if c.at("NOT") {
            c.expect("NOT NULL")?;
            TypeAction::SetNotNull(false)
        } else if c.eat("CONSTRAINT") {
            let if_exists = if_exists(c);
            let name = c.ident()?;
            behavior(c);
            TypeAction::DropConstraint { name, if_exists }
        } else {
            return Err(c.expected("DEFAULT, NOT NULL or CONSTRAINT"));
        }
    } else if c.eat("ADD") {
        let constraint = if c.eat("CONSTRAINT") { Some(c.ident()?) } else { None };
        let action = if c.eat("CHECK") {
            let expr = c.parens(Cursor::expr)?;
            TypeAction::AddConstraint { name: constraint, expr: Some(expr) }
        } else if c.at("NOT") {
            c.needs(17, "ADD NOT NULL to a domain", c.mark())?;
            c.expect("NOT NULL")?;
            if constraint.is_some() {
                TypeAction::AddConstraint { name: constraint, expr: None }
            } else {
                TypeAction::SetNotNull(true)
            }
        } else {
            return Err(c.expected("CONSTRAINT, CHECK or NOT NULL"));
        };
        c.eat_words("NOT VALID");
        action
    } else if c.eat_words("RENAME CONSTRAINT") {
        let from = c.ident()?;
        c.expect("TO")?;
        TypeAction::RenameConstraint { from, to: c.ident()? }
    } else if c.eat_words("VALIDATE CONSTRAINT") {
        TypeAction::ValidateConstraint(c.ident()?)
    } else {
        return Err(c.expected("SET, DROP, ADD, RENAME, VALIDATE or OWNER TO"));
    };
    Ok(Change::AlterType { name, actions: vec![action] })
}
