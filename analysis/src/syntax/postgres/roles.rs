//! Roles, databases, tablespaces: what lives outside of any one database.

use sqlparser::tokenizer::Token;

use super::Prefix;
use super::common::{alter_tail, parameters, role, roles, unqualified, with_parameters};
use super::objects::other;
use super::session;
use crate::change::{Change, Ident, ObjectKind, Target};
use crate::syntax::{Cursor, R};

fn role_option(c: &mut Cursor<'_>) -> R<bool> {
    const FLAGS: &[&str] = &[
        "SUPERUSER",
        "NOSUPERUSER",
        "CREATEDB",
        "NOCREATEDB",
        "CREATEROLE",
        "NOCREATEROLE",
        "INHERIT",
        "NOINHERIT",
        "LOGIN",
        "NOLOGIN",
        "REPLICATION",
        "NOREPLICATION",
        "BYPASSRLS",
        "NOBYPASSRLS",
    ];
    if c.eat_any(FLAGS).is_some() {
    } else if c.eat("CONNECTION") {
        c.expect("LIMIT")?;
        c.number()?;
    } else if c.at("PASSWORD") || c.at_words("ENCRYPTED PASSWORD") {
        c.eat("ENCRYPTED");
        c.advance();
        if !c.eat("NULL") {
            c.string()?;
        }
    } else if c.eat("VALID") {
        c.expect("UNTIL")?;
        c.string()?;
    } else if c.eat("SYSID") {
        c.number()?;
    } else if c.eat_words("IN ROLE") || c.eat_words("IN GROUP") || c.eat_any(&["ROLE", "ADMIN", "USER"]).is_some() {
        roles(c)?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

pub(super) fn create_role(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let name = role(c)?;
    c.eat("WITH");
    while role_option(c)? {}
    Ok(other(ObjectKind::Role, unqualified(name)))
}

pub(super) fn alter_role(c: &mut Cursor<'_>) -> R<Change> {
    let span = c.peek_span();
    let name = if c.eat("ALL") { Ident::new("all".to_owned(), span) } else { role(c)? };
    let target = Target::plain(unqualified(name));
    if c.eat_words("RENAME TO") {
        let to = role(c)?;
        return Ok(Change::Rename { kind: ObjectKind::Role, target, if_exists: false, to });
    }
    if c.eat_words("IN DATABASE") {
        c.ident()?;
        if !c.at("SET") && !c.at("RESET") {
            return Err(c.expected("SET or RESET"));
        }
    }
    if c.eat("SET") {
        if let Some(name) = session::set_of(c)? {
            return Ok(Change::UnknownSetting(name));
        }
    } else if c.eat("RESET") {
        session::reset_of(c)?;
    } else {
        c.eat("WITH");
        while role_option(c)? {}
    }
    Ok(Change::Inert { what: "ALTER ROLE" })
}

pub(super) fn alter_group(c: &mut Cursor<'_>) -> R<Change> {
    let target = Target::plain(unqualified(role(c)?));
    if c.eat("RENAME") {
        c.expect("TO")?;
        let to = role(c)?;
        return Ok(Change::Rename { kind: ObjectKind::Role, target, if_exists: false, to });
    }
    if c.eat_any(&["ADD", "DROP"]).is_none() {
        return Err(c.expected("ADD USER, DROP USER or RENAME TO"));
    }
    c.expect("USER")?;
    roles(c)?;
    Ok(Change::Inert { what: "ALTER GROUP" })
}

fn database_options(c: &mut Cursor<'_>) -> R<()> {
    loop {
        if c.eat("CONNECTION") {
            c.expect("LIMIT")?;
        } else if c.at_end() || c.at("SET") || c.at("RESET") {
            return Ok(());
        } else {
            c.ident_if(super::keywords::is_not_reserved, "an option: OWNER, TEMPLATE, ENCODING …")?;
        }
        c.eat_token(&Token::Eq);
        if !c.eat("DEFAULT") {
            match c.peek() {
                Token::Number(..) | Token::Minus | Token::Plus => {
                    c.number()?;
                }
                Token::Word(_) => {
                    c.label_name()?;
                }
                _ => {
                    c.string()?;
                }
            }
        }
    }
}

pub(super) fn create_database(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let name = c.ident()?;
    c.eat("WITH");
    database_options(c)?;
    Ok(other(ObjectKind::Database, unqualified(name)))
}

pub(super) fn alter_database(c: &mut Cursor<'_>) -> R<Change> {
    let target = Target::plain(unqualified(c.ident()?));
    if c.at_words("RENAME TO") || c.at_words("OWNER TO") {
        return alter_tail(c, ObjectKind::Database, target, false, "ALTER DATABASE");
    }
    if c.eat_words("SET TABLESPACE") {
        c.ident()?;
    } else if c.at_words("REFRESH COLLATION VERSION") {
        c.needs(15, "REFRESH COLLATION VERSION", c.mark())?;
        c.expect("REFRESH COLLATION VERSION")?;
    } else if c.eat("SET") {
        if let Some(name) = session::set_of(c)? {
            return Ok(Change::UnknownSetting(name));
        }
    } else if c.eat("RESET") {
        session::reset_of(c)?;
    } else {
        c.eat("WITH");
        database_options(c)?;
    }
    Ok(Change::Inert { what: "ALTER DATABASE" })
}

pub(super) fn create_tablespace(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let name = c.ident()?;
    if c.eat("OWNER") {
        role(c)?;
    }
    c.expect("LOCATION")?;
    c.string()?;
    with_parameters(c)?;
    Ok(other(ObjectKind::Tablespace, unqualified(name)))
}

pub(super) fn alter_tablespace(c: &mut Cursor<'_>) -> R<Change> {
    let target = Target::plain(unqualified(c.ident()?));
    if (c.at("SET") || c.at("RESET")) && matches!(c.peek_nth(1), Token::LParen) {
        c.advance();
        parameters(c)?;
        return Ok(Change::Inert { what: "ALTER TABLESPACE" });
    }
    alter_tail(c, ObjectKind::Tablespace, target, false, "ALTER TABLESPACE")
}

pub(super) fn alter_large_object(c: &mut Cursor<'_>) -> R<Change> {
    c.number()?;
    c.expect("OWNER TO")?;
    role(c)?;
    Ok(Change::Inert { what: "ALTER LARGE OBJECT" })
}
