//! ALTER TABLE, and the actions that ALTER INDEX, VIEW, MATERIALIZED VIEW, FOREIGN TABLE share with it.

use sqlparser::tokenizer::Token;

use super::common::{
    alter_tail_if, behavior, if_exists, if_not_exists, options, parameters, relation_only, role, roles,
};
use super::{foreign, sequence, table, types};
use crate::change::{AlterTable, Change, Name, ObjectKind, TableAction, TableActionKind as Kind, Target};
use crate::syntax::{Cursor, R, SyntaxError};

pub(super) fn alter_table(c: &mut Cursor<'_>) -> R<Change> {
    alter(c, ObjectKind::Table, "ALTER TABLE")
}

pub(super) fn alter_foreign_table(c: &mut Cursor<'_>) -> R<Change> {
    alter(c, ObjectKind::ForeignTable, "ALTER FOREIGN TABLE")
}

pub(super) fn alter_index(c: &mut Cursor<'_>) -> R<Change> {
    alter(c, ObjectKind::Index, "ALTER INDEX")
}

pub(super) fn alter_view(c: &mut Cursor<'_>) -> R<Change> {
    alter(c, ObjectKind::View, "ALTER VIEW")
}

pub(super) fn alter_materialized_view(c: &mut Cursor<'_>) -> R<Change> {
    alter(c, ObjectKind::MaterializedView, "ALTER MATERIALIZED VIEW")
}

fn alter(c: &mut Cursor<'_>, kind: ObjectKind, what: &'static str) -> R<Change> {
    if c.eat_words("ALL IN TABLESPACE") {
        c.ident()?;
        if c.eat("OWNED") {
            c.expect("BY")?;
            roles(c)?;
        }
        c.expect("SET TABLESPACE")?;
        c.ident()?;
        c.eat("NOWAIT");
        return Ok(Change::Inert { what });
    }
    let if_exists = if_exists(c);
    let (name, only) = if matches!(kind, ObjectKind::Table | ObjectKind::ForeignTable) {
        relation_only(c)?
    } else {
        (c.name()?, false)
    };
    if let Some(change) = rename(c, kind, &name, if_exists, only)? {
        return Ok(change);
    }
    if c.at_words("SET SCHEMA") || c.at_words("DEPENDS ON") || c.at_words("NO DEPENDS") {
        let target = Target::plain(name);
        return alter_tail_if(c, kind, &target, if_exists, what)?.ok_or_else(|| c.expected("an action"));
    }
    let mut actions = Vec::new();
    loop {
        let mark = c.mark();
        let kind = action(c, kind, &name)?;
        let span = c.span_from(mark);
        // A partition comes and goes alone.
        let alone = matches!(kind, Kind::AttachPartition { .. } | Kind::DetachPartition { .. });
        actions.push(TableAction { kind, span });
        if alone || !c.eat_token(&Token::Comma) {
            break;
        }
    }
    Ok(Change::AlterTable(AlterTable { kind, name, if_exists, only, actions }))
}

fn rename(c: &mut Cursor<'_>, kind: ObjectKind, name: &Name, if_exists: bool, only: bool) -> R<Option<Change>> {
    if !c.at("RENAME") {
        return Ok(None);
    }
    let mark = c.mark();
    c.advance();
    if c.eat("TO") {
        let to = c.ident()?;
        return Ok(Some(Change::Rename { kind, target: Target::plain(name.clone()), if_exists, to }));
    }
    if (c.at("INDEX") || c.at("KEY")) && matches!(c.peek_nth(1), Token::Word(_)) && c.at_nth(2, "TO") {
        return Err(c.wrong_engine(
            "RENAME INDEX is not PostgreSQL",
            format!("write ALTER INDEX {} RENAME TO …;", c.peek_nth(1)),
        ));
    }
    if kind == ObjectKind::Index {
        return Err(c.expected("TO"));
    }
    let constraint = kind == ObjectKind::Table && c.eat("CONSTRAINT");
    if !constraint {
        c.eat("COLUMN");
    }
    let from = c.ident()?;
    c.expect("TO")?;
    let to = c.ident()?;
    let action = if constraint { Kind::RenameConstraint { from, to } } else { Kind::RenameColumn { from, to } };
    let actions = vec![TableAction { kind: action, span: c.span_from(mark) }];
    Ok(Some(Change::AlterTable(AlterTable { kind, name: name.clone(), if_exists, only, actions })))
}

fn action(c: &mut Cursor<'_>, of: ObjectKind, table: &Name) -> R<Kind> {
    if let Some(e) = foreign::table_action(c, table) {
        return Err(e);
    }
    if c.eat("ADD") {
        add(c, table)
    } else if c.eat("ALTER") {
        alter_part(c)
    } else if c.eat("DROP") {
        drop_part(c)
    } else if c.eat("VALIDATE") {
        c.expect("CONSTRAINT")?;
        Ok(Kind::ValidateConstraint(c.ident()?))
    } else if c.eat("SET") {
        set(c)
    } else if c.eat("RESET") {
        parameters(c)?;
        Ok(Kind::Other("RESET"))
    } else if c.at("ENABLE") || c.at("DISABLE") {
        enable(c)
    } else if c.eat("FORCE") || c.eat_words("NO FORCE") {
        c.expect("ROW LEVEL SECURITY")?;
        Ok(Kind::Other("ROW LEVEL SECURITY"))
    } else if c.eat("INHERIT") {
        Ok(Kind::Inherit(c.name()?))
    } else if c.eat("NO") {
        c.expect("INHERIT")?;
        Ok(Kind::NoInherit(c.name()?))
    } else if c.eat("OF") {
        c.name()?;
        Ok(Kind::Other("OF"))
    } else if c.eat("NOT") {
        c.expect("OF")?;
        Ok(Kind::Other("NOT OF"))
    } else if c.eat("OWNER") {
        c.expect("TO")?;
        role(c)?;
        Ok(Kind::Other("OWNER TO"))
    } else if c.eat("CLUSTER") {
        c.expect("ON")?;
        Ok(Kind::ClusterOn(c.ident()?))
    } else if c.eat("REPLICA") {
        c.expect("IDENTITY")?;
        if c.eat("USING") {
            c.expect("INDEX")?;
            return Ok(Kind::ReplicaIdentityIndex(c.ident()?));
        }
        match c.eat_any(&["NOTHING", "FULL", "DEFAULT"]) {
            Some(_) => Ok(Kind::Other("REPLICA IDENTITY")),
            None => Err(c.expected("NOTHING, FULL, DEFAULT or USING INDEX")),
        }
    } else if c.at("OPTIONS") {
        options(c, true)?;
        Ok(Kind::Other("OPTIONS"))
    } else if matches!(of, ObjectKind::Table | ObjectKind::Index) && c.eat("ATTACH") {
        c.expect("PARTITION")?;
        let name = c.name()?;
        let bound = if of == ObjectKind::Table { Some(table::partition_bound(c)?) } else { None };
        Ok(Kind::AttachPartition { name, bound })
    } else if of == ObjectKind::Table && c.eat("DETACH") {
        c.expect("PARTITION")?;
        let name = c.name()?;
        let mark = c.mark();
        let concurrently = c.eat("CONCURRENTLY");
        if concurrently || c.eat("FINALIZE") {
            c.needs(14, "DETACH PARTITION CONCURRENTLY", mark)?;
        }
        Ok(Kind::DetachPartition { name, concurrently })
    } else {
        Err(c.expected("an action: ADD, ALTER, DROP, RENAME, SET, OWNER TO …"))
    }
}

fn add(c: &mut Cursor<'_>, table: &Name) -> R<Kind> {
    if table::at_constraint(c) {
        return Ok(Kind::AddConstraint(table::constraint(c, Some(table))?));
    }
    c.eat("COLUMN");
    if c.at_token(&Token::LParen) {
        return Err(c.expected("a name").help("PostgreSQL adds one column at a time: ADD COLUMN a …, ADD COLUMN b …"));
    }
    let if_not_exists = if_not_exists(c)?;
    let column = table::column(c, Some(table), false)?;
    Ok(Kind::AddColumn { column, if_not_exists })
}

fn drop_part(c: &mut Cursor<'_>) -> R<Kind> {
    if c.eat("CONSTRAINT") {
        let if_exists = if_exists(c);
        let name = c.ident()?;
        return Ok(Kind::DropConstraint { name, if_exists, cascade: behavior(c) });
    }
    c.eat("COLUMN");
    let if_exists = if_exists(c);
    let name = c.ident()?;
    Ok(Kind::DropColumn { name, if_exists, cascade: behavior(c) })
}

fn alter_part(c: &mut Cursor<'_>) -> R<Kind> {
    if c.eat("CONSTRAINT") {
        let name = c.ident()?;
        let mark = c.mark();
        if c.eat("INHERIT") {
            c.needs(18, "ALTER CONSTRAINT … INHERIT", mark)?;
        } else {
            table::attributes(c)?;
        }
        return Ok(Kind::AlterConstraint(name));
    }
    c.eat("COLUMN");
    if matches!(c.peek(), Token::Number(..)) {
        let span = c.peek_span();
        let number = types::integer(c, "a column's number")?;
        if !number.parse::<u16>().is_ok_and(|n| (1..=0x7fff).contains(&n)) {
            let message = "column number must be in range from 1 to 32767";
            return Err(SyntaxError::new("syntax-error", span, message));
        }
        c.expect("SET STATISTICS")?;
        statistics(c)?;
        return Ok(Kind::Other("SET STATISTICS"));
    }
    let column = c.ident()?;
    if c.eat("SET") {
        if c.eat("DEFAULT") {
            return Ok(Kind::SetDefault { column, default: c.expr()? });
        } else if c.eat("NOT") {
            c.expect("NULL")?;
            return Ok(Kind::SetNotNull(column));
        } else if c.at("EXPRESSION") {
            c.needs(17, "SET EXPRESSION", c.mark())?;
            c.expect("EXPRESSION AS")?;
            return Ok(Kind::SetExpression { column, expr: c.parens(Cursor::expr)? });
        } else if c.eat("STATISTICS") {
            statistics(c)?;
        } else if c.at_token(&Token::LParen) {
            parameters(c)?;
        } else if c.eat("STORAGE") {
            if c.at("DEFAULT") {
                c.needs(16, "SET STORAGE DEFAULT", c.mark())?;
            }
            table::storage(c)?;
        } else if c.at("COMPRESSION") {
            c.needs(14, "COMPRESSION", c.mark())?;
            c.advance();
            if !c.eat("DEFAULT") {
                c.ident()?;
            }
        } else if c.eat("DATA") {
            c.expect("TYPE")?;
            return set_type(c, column);
        } else if c.eat("GENERATED") {
            let identity = table::generated_when(c)?;
            identity_options(c, sequence::Options::default())?;
            return Ok(Kind::SetIdentity { column, identity });
        } else {
            let mut options = sequence::Options::default();
            if !options.one(c)? {
                return Err(c.expected("DEFAULT, NOT NULL, DATA TYPE, STATISTICS, STORAGE …"));
            }
            identity_options(c, options)?;
        }
        return Ok(Kind::TouchColumn(column));
    }
    if c.eat("DROP") {
        if c.eat("DEFAULT") {
            return Ok(Kind::DropDefault(column));
        } else if c.eat("NOT") {
            c.expect("NULL")?;
            return Ok(Kind::DropNotNull(column));
        } else if c.eat("EXPRESSION") {
            return Ok(Kind::DropExpression { column, if_exists: if_exists(c) });
        } else if c.eat("IDENTITY") {
            return Ok(Kind::DropIdentity { column, if_exists: if_exists(c) });
        }
        return Err(c.expected("DEFAULT, NOT NULL, IDENTITY or EXPRESSION"));
    }
    if c.eat("TYPE") {
        return set_type(c, column);
    }
    if c.eat("ADD") {
        c.expect("GENERATED")?;
        let identity = table::generated_when(c)?;
        c.expect("AS IDENTITY")?;
        let sequence = sequence::of_identity(c)?;
        return Ok(Kind::AddIdentity { column, identity, sequence });
    }
    if c.at("RESTART") {
        identity_options(c, sequence::Options::default())?;
        return Ok(Kind::TouchColumn(column));
    }
    if c.at("RESET") {
        c.advance();
        parameters(c)?;
        return Ok(Kind::TouchColumn(column));
    }
    if c.at("OPTIONS") {
        options(c, true)?;
        return Ok(Kind::TouchColumn(column));
    }
    Err(c.expected("SET, DROP, TYPE or ADD GENERATED"))
}

fn set_type(c: &mut Cursor<'_>, column: crate::change::Ident) -> R<Kind> {
    let data_type = types::type_name(c)?;
    if c.eat("COLLATE") {
        c.name()?;
    }
    let using = if c.eat("USING") { Some(c.expr()?) } else { None };
    if let (None, true) = (&using, c.at_words("NOT NULL") || c.at("DEFAULT") || c.at("NULL")) {
        let e: SyntaxError = c.expected("\",\" or the end of the statement");
        return Err(e.help("TYPE takes a type alone: SET NOT NULL and SET DEFAULT are actions of their own"));
    }
    Ok(Kind::SetType { column, data_type, using })
}

fn identity_options(c: &mut Cursor<'_>, mut options: sequence::Options) -> R<()> {
    loop {
        if c.at("RESTART") {
            options.one(c)?;
        } else if c.eat("SET") {
            if c.eat("GENERATED") {
                table::generated_when(c)?;
            } else if !options.one(c)? {
                return Err(c.expected("a sequence option"));
            }
        } else {
            return Ok(());
        }
    }
}

pub(super) fn statistics(c: &mut Cursor<'_>) -> R<()> {
    let mark = c.mark();
    if c.eat("DEFAULT") {
        c.needs(17, "SET STATISTICS DEFAULT", mark)?;
    } else {
        c.number()?;
    }
    Ok(())
}

fn set(c: &mut Cursor<'_>) -> R<Kind> {
    if c.at_token(&Token::LParen) {
        parameters(c)?;
        return Ok(Kind::Other("SET"));
    }
    if c.eat_words("WITHOUT OIDS") {
        return Ok(Kind::Other("SET WITHOUT OIDS"));
    }
    if c.eat_words("WITHOUT CLUSTER") {
        return Ok(Kind::Other("SET WITHOUT CLUSTER"));
    }
    if c.eat("LOGGED") {
        return Ok(Kind::Other("SET LOGGED"));
    }
    if c.eat("UNLOGGED") {
        return Ok(Kind::Other("SET UNLOGGED"));
    }
    if c.eat("TABLESPACE") {
        c.ident()?;
        return Ok(Kind::Other("SET TABLESPACE"));
    }
    let mark = c.mark();
    if c.eat_words("ACCESS METHOD") {
        c.needs(15, "SET ACCESS METHOD", mark)?;
        if c.eat("DEFAULT") {
            c.needs(17, "SET ACCESS METHOD DEFAULT", mark)?;
        } else {
            c.ident()?;
        }
        return Ok(Kind::Other("SET ACCESS METHOD"));
    }
    Err(c.expected("SCHEMA, TABLESPACE, LOGGED, UNLOGGED, ACCESS METHOD or (…)"))
}

fn enable(c: &mut Cursor<'_>) -> R<Kind> {
    let enable = c.eat("ENABLE");
    if !enable {
        c.expect("DISABLE")?;
    }
    if c.eat_words("ROW LEVEL SECURITY") {
        return Ok(Kind::Other("ROW LEVEL SECURITY"));
    }
    if enable {
        c.eat_any(&["ALWAYS", "REPLICA"]);
    }
    if c.eat("RULE") {
        return Ok(Kind::EnableRule(c.ident()?));
    }
    if c.eat("TRIGGER") {
        if c.eat("ALL") || c.eat("USER") {
            return Ok(Kind::EnableTrigger { name: None });
        }
        return Ok(Kind::EnableTrigger { name: Some(c.ident()?) });
    }
    Err(c.expected("TRIGGER, RULE or ROW LEVEL SECURITY"))
}
