//! CREATE TABLE, ALTER TABLE, CREATE INDEX.

use sqlparser::tokenizer::Token;

use super::super::{Cursor, R};
use super::types::{charset, type_spec};
use super::{Flavour, MysqlCursor as _};
use crate::change::{
    Action, Alteration, Change, CheckSpec, ColumnSpec, Expr, ForeignKeySpec, Generated, Ident, KeyDefinition, KeyKind,
    KeyPart, MysqlChange, Names, NodeId, Position, TableAlteration, TableDefinition, TableOptions,
};
use crate::span::Span;

fn made(change: MysqlChange) -> Change {
    Change::Mysql(Box::new(change))
}

/// `IF NOT EXISTS`, which only MariaDB has here.
pub(super) fn guard_of_mariadb(c: &mut Cursor<'_>, what: &str) -> R<bool> {
    if !c.at_words("IF NOT EXISTS") {
        return Ok(false);
    }
    let help = "look into information_schema and PREPARE the statement, or give it a migration of its own";
    c.mariadb_alone(&format!("IF NOT EXISTS of {what}"), help)?;
    Ok(c.eat_words("IF NOT EXISTS"))
}

fn if_exists_of_mariadb(c: &mut Cursor<'_>, what: &str) -> R<bool> {
    if !c.at_words("IF EXISTS") {
        return Ok(false);
    }
    let help = "look into information_schema and PREPARE the statement, or give it a migration of its own";
    c.mariadb_alone(&format!("IF EXISTS of {what}"), help)?;
    Ok(c.eat_words("IF EXISTS"))
}

// ---- CREATE TABLE

pub(super) fn create_table(c: &mut Cursor<'_>, or_replace: bool, temporary: bool) -> R<Change> {
    let if_not_exists = c.eat_words("IF NOT EXISTS");
    let name = c.name()?;
    let mut t = TableDefinition {
        name,
        or_replace,
        if_not_exists,
        temporary,
        columns: Vec::new(),
        keys: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        like: None,
        query: None,
        options: TableOptions::default(),
    };
    if c.eat("LIKE") {
        t.like = Some(c.name()?);
        return Ok(made(MysqlChange::CreateTable(t)));
    }
    if c.at_token(&Token::LParen) && c.at_nth(1, "LIKE") {
        c.advance();
        c.advance();
        t.like = Some(c.name()?);
        c.expect_token(&Token::RParen)?;
        return Ok(made(MysqlChange::CreateTable(t)));
    }
    if c.at_token(&Token::LParen) && !c.at_nth(1, "SELECT") && !c.at_nth(1, "WITH") {
        c.advance();
        loop {
            element(c, &mut t)?;
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
        c.expect_token(&Token::RParen)?;
    }
    t.options = table_options(c)?;
    if c.at("PARTITION") {
        t.options.partitioned = true;
        partition_by(c)?;
    }
    c.eat_any(&["IGNORE", "REPLACE"]);
    let marked = c.eat("AS");
    if marked || c.at_any(&["SELECT", "WITH", "VALUES"]) || c.at_token(&Token::LParen) {
        t.query = Some(super::query::query(c)?);
    }
    if t.columns.is_empty() && t.query.is_none() {
        return Err(c.expected("columns, LIKE or a query"));
    }
    Ok(made(MysqlChange::CreateTable(t)))
}

/// What may stand between the parentheses: a column, a key or a constraint.
fn element(c: &mut Cursor<'_>, t: &mut TableDefinition) -> R<()> {
    if at_constraint(c) {
        match constraint(c)? {
            Constraint::Key(k) => t.keys.push(k),
            Constraint::Foreign(f) => t.foreign_keys.push(f),
            Constraint::Check(k) => t.checks.push(k),
        }
        return Ok(());
    }
    if c.at("PERIOD") && c.at_nth(1, "FOR") {
        c.mariadb_alone("PERIOD FOR", "keep the two columns, and no period")?;
        c.advance();
        c.advance();
        c.label_name()?;
        c.ident_list()?;
        return Ok(());
    }
    t.columns.push(column(c)?);
    Ok(())
}

/// Whether a key or a constraint is next, and no column.
fn at_constraint(c: &Cursor<'_>) -> bool {
    c.at_any(&["CONSTRAINT", "PRIMARY", "UNIQUE", "INDEX", "KEY", "FULLTEXT", "SPATIAL", "FOREIGN", "CHECK"])
}

enum Constraint {
    Key(KeyDefinition),
    Foreign(ForeignKeySpec),
    Check(CheckSpec),
}

/// `[CONSTRAINT [name]] PRIMARY KEY | UNIQUE | FOREIGN KEY | CHECK …`, `KEY …`, `FULLTEXT …`.
fn constraint(c: &mut Cursor<'_>) -> R<Constraint> {
    let mark = c.mark();
    let mut name = None;
    let mut guarded = false;
    let symbol = c.eat("CONSTRAINT");
    if symbol {
        guarded = guard_of_mariadb(c, "a constraint")?;
        if !c.at_any(&["PRIMARY", "UNIQUE", "FOREIGN", "CHECK"]) {
            name = Some(c.ident()?);
        }
    }
    if c.eat("PRIMARY") {
        c.expect("KEY")?;
        return key(c, KeyKind::Primary, None, guarded, mark).map(Constraint::Key);
    }
    if c.eat("UNIQUE") {
        c.eat_any(&["INDEX", "KEY"]);
        return key(c, KeyKind::Unique, name, guarded, mark).map(Constraint::Key);
    }
    if c.eat("FOREIGN") {
        c.expect("KEY")?;
        let guarded = guarded | guard_of_mariadb(c, "a foreign key")?;
        let index = if c.at_token(&Token::LParen) { None } else { Some(c.ident()?) };
        let columns = c.ident_list()?;
        return references(c, name, index, columns, guarded, false, mark).map(Constraint::Foreign);
    }
    if c.at("CHECK") {
        return check(c, name, guarded, mark).map(Constraint::Check);
    }
    if symbol {
        return Err(c.expected("PRIMARY KEY, UNIQUE, FOREIGN KEY or CHECK"));
    }
    let kind = match c.eat_any(&["FULLTEXT", "SPATIAL", "INDEX", "KEY"]) {
        Some("FULLTEXT") => KeyKind::Fulltext,
        Some("SPATIAL") => KeyKind::Spatial,
        Some(_) => return key(c, KeyKind::Plain, None, guarded, mark).map(Constraint::Key),
        None => return Err(c.expected("a column or a key")),
    };
    c.eat_any(&["INDEX", "KEY"]);
    key(c, kind, None, guarded, mark).map(Constraint::Key)
}

/// What follows KEY: `[IF NOT EXISTS] [name] [USING …] (parts) [options]`.
fn key(c: &mut Cursor<'_>, kind: KeyKind, symbol: Option<Ident>, guarded: bool, mark: usize) -> R<KeyDefinition> {
    let if_not_exists = guard_of_mariadb(c, "an index")? || guarded;
    let mut name = symbol;
    if !c.at_token(&Token::LParen) && !c.at_any(&["USING", "TYPE"]) {
        let written = c.ident()?;
        // The name of a primary key is PRIMARY, whatever is written.
        if kind != KeyKind::Primary {
            name = Some(written);
        }
    }
    index_type(c)?;
    if c.at("ON") {
        return Err(c.wrong_engine("an index of a table has no ON", "write INDEX name (columns)"));
    }
    let parts = c.parens(|c| c.list(key_part))?;
    key_options(c)?;
    Ok(KeyDefinition { kind, name, parts, if_not_exists, span: c.span_from(mark) })
}

fn index_type(c: &mut Cursor<'_>) -> R<()> {
    if c.eat_any(&["USING", "TYPE"]).is_some() && c.eat_any(&["BTREE", "HASH", "RTREE"]).is_none() {
        return Err(c.expected("BTREE or HASH"));
    }
    Ok(())
}

fn key_part(c: &mut Cursor<'_>) -> R<KeyPart> {
    if c.at_token(&Token::LParen) {
        c.mysql_alone("an expression in a key", "add a generated column, and index that")?;
        let expr = c.parens(Cursor::expr)?;
        let descending = c.eat_any(&["ASC", "DESC"]) == Some("DESC");
        return Ok(KeyPart { column: None, prefix: None, expr: Some(expr), descending });
    }
    let column = c.ident()?;
    let prefix = if c.at_token(&Token::LParen) {
        if !matches!(c.peek_nth(1), Token::Number(..)) {
            return Err(c.wrong_engine(
                "an expression in a key stands in parentheses of its own",
                "write ((expression)) on MySQL 8; on MariaDB index a generated column",
            ));
        }
        Some(c.parens(Cursor::number)?)
    } else {
        None
    };
    let descending = c.eat_any(&["ASC", "DESC"]) == Some("DESC");
    if c.at("WITHOUT") {
        c.mariadb_alone("WITHOUT OVERLAPS", "leave it out")?;
        c.expect("WITHOUT OVERLAPS")?;
    }
    Ok(KeyPart { column: Some(column), prefix, expr: None, descending })
}

fn key_options(c: &mut Cursor<'_>) -> R<()> {
    loop {
        if c.at_any(&["USING", "TYPE"]) {
            index_type(c)?;
        } else if c.eat("KEY_BLOCK_SIZE") || c.eat("CLUSTERING") {
            c.eat_token(&Token::Eq);
            c.advance();
        } else if c.eat_words("WITH PARSER") {
            c.ident()?;
        } else if c.eat_any(&["COMMENT", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"]).is_some() {
            c.eat_token(&Token::Eq);
            c.string()?;
        } else if c.at_any(&["VISIBLE", "INVISIBLE"]) {
            c.mysql_alone("an invisible index", "write IGNORED")?;
            c.advance();
        } else if c.at("IGNORED") || c.at_words("NOT IGNORED") {
            c.mariadb_alone("an ignored index", "write INVISIBLE")?;
            c.eat("NOT");
            c.advance();
        } else {
            return Ok(());
        }
    }
}

/// `REFERENCES t (columns) [MATCH …] [ON DELETE …] [ON UPDATE …]`.
fn references(
    c: &mut Cursor<'_>,
    name: Option<Ident>,
    index: Option<Ident>,
    columns: Vec<Ident>,
    if_not_exists: bool,
    inline: bool,
    mark: usize,
) -> R<ForeignKeySpec> {
    c.expect("REFERENCES")?;
    let table = c.name()?;
    let referenced = if inline && !c.at_token(&Token::LParen) { Vec::new() } else { c.ident_list()? };
    let mut spec = ForeignKeySpec {
        name,
        index,
        columns,
        table,
        referenced,
        on_delete: Action::NoAction,
        on_update: Action::NoAction,
        if_not_exists,
        inline,
        span: Span::default(),
    };
    if c.eat("MATCH") && c.eat_any(&["FULL", "PARTIAL", "SIMPLE"]).is_none() {
        return Err(c.expected("FULL, PARTIAL or SIMPLE"));
    }
    // A column has an ON UPDATE of its own behind its REFERENCES.
    while c.at("ON") && (c.at_nth(1, "DELETE") || c.at_nth(1, "UPDATE") && !(inline && at_now(c, 2))) {
        c.advance();
        let delete = c.at("DELETE");
        c.advance();
        let action = if c.eat("RESTRICT") {
            Action::Restrict
        } else if c.eat("CASCADE") {
            Action::Cascade
        } else if c.eat_words("SET NULL") {
            Action::SetNull
        } else if c.eat_words("SET DEFAULT") {
            Action::SetDefault
        } else {
            c.expect("NO ACTION")?;
            Action::NoAction
        };
        *(if delete { &mut spec.on_delete } else { &mut spec.on_update }) = action;
    }
    if c.at_any(&["DEFERRABLE", "INITIALLY"]) {
        return Err(c.wrong_engine("MySQL checks foreign keys at once", "leave DEFERRABLE out"));
    }
    spec.span = c.span_from(mark);
    Ok(spec)
}

fn at_now(c: &Cursor<'_>, n: usize) -> bool {
    ["CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"].iter().any(|w| c.at_nth(n, w))
}

fn check(c: &mut Cursor<'_>, name: Option<Ident>, if_not_exists: bool, mark: usize) -> R<CheckSpec> {
    c.expect("CHECK")?;
    let expr = c.parens(Cursor::expr)?;
    if c.at("ENFORCED") || c.at_words("NOT ENFORCED") {
        c.mysql_alone("NOT ENFORCED", "leave it out")?;
        c.eat("NOT");
        c.advance();
    }
    Ok(CheckSpec { name, expr, if_not_exists, span: c.span_from(mark) })
}

// ---- columns

/// `name type attributes …`.
fn column(c: &mut Cursor<'_>) -> R<ColumnSpec> {
    let mark = c.mark();
    let name = c.ident()?;
    definition(c, name, mark)
}

/// A column's type and attributes.
fn definition(c: &mut Cursor<'_>, name: Ident, mark: usize) -> R<ColumnSpec> {
    let data_type = type_spec(c)?;
    let mut spec = ColumnSpec {
        name,
        data_type,
        not_null: None,
        default: None,
        on_update: false,
        auto_increment: None,
        generated: None,
        keys: Vec::new(),
        checks: Vec::new(),
        references: None,
        span: Span::default(),
    };
    while attribute(c, &mut spec)? {}
    spec.span = c.span_from(mark);
    Ok(spec)
}

/// One attribute. Answers whether there was one.
fn attribute(c: &mut Cursor<'_>, spec: &mut ColumnSpec) -> R<bool> {
    let mark = c.mark();
    if c.eat_words("NOT NULL") {
        spec.not_null = Some(true);
    } else if c.at_words("NOT INVISIBLE") || c.at_words("NOT SECONDARY") {
        return Err(c.expected("NULL"));
    } else if c.eat("NULL") {
        spec.not_null = Some(false);
    } else if c.eat("DEFAULT") {
        spec.default = Some(default_value(c)?);
    } else if c.eat_words("ON UPDATE") {
        now(c)?;
        spec.on_update = true;
    } else if c.at("AUTO_INCREMENT") {
        spec.auto_increment = Some(c.peek_span());
        c.advance();
    } else if c.at("AUTOINCREMENT") {
        return Err(c.wrong_engine("AUTOINCREMENT is SQLite's", "write AUTO_INCREMENT"));
    } else if c.eat("UNIQUE") {
        c.eat("KEY");
        spec.keys.push(own_key(spec, KeyKind::Unique, c.span_from(mark)));
    } else if c.at("PRIMARY") || c.at("KEY") {
        c.eat("PRIMARY");
        c.expect("KEY")?;
        spec.keys.push(own_key(spec, KeyKind::Primary, c.span_from(mark)));
    } else if c.eat("COMMENT") {
        c.string()?;
    } else if c.eat("COLLATE") {
        spec.data_type.charset.collation = Some(c.charset_name()?);
    } else if c.at_words("CHARACTER SET") || c.at("CHARSET") {
        let found = charset(c)?;
        spec.data_type.charset = found;
    } else if c.at("REFERENCES") {
        spec.references = Some(references(c, None, None, vec![spec.name.clone()], false, true, mark)?);
    } else if c.at("CHECK") {
        spec.checks.push(check(c, None, false, mark)?);
    } else if c.at("CONSTRAINT") {
        c.advance();
        let name = if c.at_any(&["CHECK", "REFERENCES"]) { None } else { Some(c.ident()?) };
        if c.at("REFERENCES") {
            return Err(c.expected("CHECK: a foreign key with a name is written by itself"));
        }
        spec.checks.push(check(c, name, false, mark)?);
    } else if c.at("GENERATED") || c.at("AS") {
        if c.eat("GENERATED") {
            c.expect("ALWAYS")?;
            if c.at_words("AS IDENTITY") || c.at_words("AS ROW") {
                return system_column(c);
            }
        }
        c.expect("AS")?;
        let expr = c.parens(Cursor::expr)?;
        let stored = match c.eat_any(&["STORED", "VIRTUAL", "PERSISTENT"]) {
            Some("PERSISTENT") => {
                if c.flavour() == Flavour::Mysql {
                    return Err(c.expected("STORED: MySQL has no PERSISTENT"));
                }
                true
            }
            word => word == Some("STORED"),
        };
        spec.generated = Some(Generated { expr, stored });
    } else if c.eat_any(&["VISIBLE", "INVISIBLE", "COMPRESSED"]).is_some() {
    } else if c.eat("COLUMN_FORMAT") || c.eat("STORAGE") {
        c.advance();
    } else if c.eat_any(&["SRID", "REF_SYSTEM_ID"]).is_some() {
        c.eat_token(&Token::Eq);
        c.number()?;
    } else if c.eat_any(&["ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"]).is_some() {
        c.eat_token(&Token::Eq);
        c.string()?;
    } else if c.eat_words("SERIAL DEFAULT VALUE") {
        spec.not_null = Some(true);
        spec.auto_increment = Some(c.span_from(mark));
        spec.keys.push(own_key(spec, KeyKind::Unique, c.span_from(mark)));
    } else if c.at_words("WITH SYSTEM VERSIONING") || c.at_words("WITHOUT SYSTEM VERSIONING") {
        c.mariadb_alone("SYSTEM VERSIONING", "keep a history table of your own")?;
        for _ in 0..3 {
            c.advance();
        }
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// `AS ROW START`, of system-versioned tables.
fn system_column(c: &mut Cursor<'_>) -> R<bool> {
    if c.at_words("AS IDENTITY") {
        return Err(c.wrong_engine("an identity column is not MySQL's", "write AUTO_INCREMENT, and make it a key"));
    }
    c.mariadb_alone("AS ROW", "keep a history table of your own")?;
    c.expect("AS ROW")?;
    if c.eat_any(&["START", "END"]).is_none() {
        return Err(c.expected("START or END"));
    }
    c.eat_any(&["INVISIBLE"]);
    Ok(true)
}

fn own_key(spec: &ColumnSpec, kind: KeyKind, span: Span) -> KeyDefinition {
    let part = KeyPart { column: Some(spec.name.clone()), prefix: None, expr: None, descending: false };
    KeyDefinition { kind, name: None, parts: vec![part], if_not_exists: false, span }
}

/// CURRENT_TIMESTAMP by one of its names.
fn now(c: &mut Cursor<'_>) -> R<()> {
    if !at_now(c, 0) {
        return Err(c.expected("CURRENT_TIMESTAMP"));
    }
    let call = c.at("NOW");
    c.advance();
    if c.at_token(&Token::LParen) {
        c.skip_parens()?;
    } else if call {
        return Err(c.expected("\"(\""));
    }
    Ok(())
}

/// What follows DEFAULT.
pub(super) fn default_value(c: &mut Cursor<'_>) -> R<Expr> {
    let mark = c.mark();
    if c.at_token(&Token::LParen) {
        return c.parens(Cursor::expr).map(|e| Expr { literal: None, ..e });
    }
    if at_now(c, 0) {
        now(c)?;
        let span = c.span_from(mark);
        let text = c.definition(span);
        return Ok(Expr { span, text, names: Names::default(), literal: None, root: NodeId::NONE, label: None });
    }
    if c.flavour() == Flavour::Mysql && matches!(c.peek_nth(1), Token::LParen) {
        c.advance();
        return Err(c
            .expected("a literal")
            .help("MySQL wants parentheses around a call: DEFAULT (uuid()); MariaDB takes it without"));
    }
    super::expression::operand(c)
}

// ---- options

/// `ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 …`, with commas or without.
pub(super) fn table_options(c: &mut Cursor<'_>) -> R<TableOptions> {
    let mut options = TableOptions::default();
    while table_option(c, &mut options)? {
        c.eat_token(&Token::Comma);
    }
    Ok(options)
}

/// Options whose value is a word, a number or a string.
const PLAIN_OPTIONS: &[&str] = &[
    "AUTO_INCREMENT",
    "AVG_ROW_LENGTH",
    "CHECKSUM",
    "TABLE_CHECKSUM",
    "PAGE_CHECKSUM",
    "COMMENT",
    "COMPRESSION",
    "CONNECTION",
    "DELAY_KEY_WRITE",
    "ENCRYPTION",
    "ENCRYPTED",
    "ENCRYPTION_KEY_ID",
    "INSERT_METHOD",
    "KEY_BLOCK_SIZE",
    "MAX_ROWS",
    "MIN_ROWS",
    "PACK_KEYS",
    "PAGE_COMPRESSED",
    "PAGE_COMPRESSION_LEVEL",
    "PASSWORD",
    "ROW_FORMAT",
    "SEQUENCE",
    "STATS_AUTO_RECALC",
    "STATS_PERSISTENT",
    "STATS_SAMPLE_PAGES",
    "STORAGE",
    "SECONDARY_ENGINE",
    "AUTOEXTEND_SIZE",
    "ENGINE_ATTRIBUTE",
    "SECONDARY_ENGINE_ATTRIBUTE",
    "TRANSACTIONAL",
    "IETF_QUOTES",
    "TABLESPACE",
];

/// One option. Answers whether there was one.
fn table_option(c: &mut Cursor<'_>, options: &mut TableOptions) -> R<bool> {
    let default = c.at("DEFAULT") && (c.at_nth(1, "CHARSET") || c.at_nth(1, "CHARACTER") || c.at_nth(1, "COLLATE"));
    if default {
        c.advance();
    }
    if c.eat_any(&["ENGINE", "TYPE"]).is_some() {
        c.eat_token(&Token::Eq);
        options.engine = Some(match c.string() {
            Ok((value, span)) => Ident::new(value, span),
            Err(_) => c.label_name()?,
        });
    } else if c.eat_words("CHARACTER SET") || c.eat("CHARSET") {
        c.eat_token(&Token::Eq);
        options.charset.charset = Some(c.charset_name()?);
    } else if c.eat("COLLATE") {
        c.eat_token(&Token::Eq);
        options.charset.collation = Some(c.charset_name()?);
    } else if c.eat_words("DATA DIRECTORY") || c.eat_words("INDEX DIRECTORY") {
        c.eat_token(&Token::Eq);
        c.string()?;
    } else if c.at_words("WITH SYSTEM VERSIONING") {
        c.mariadb_alone("SYSTEM VERSIONING", "keep a history table of your own")?;
        c.expect("WITH SYSTEM VERSIONING")?;
    } else if c.at("UNION") && !c.at_nth(1, "SELECT") && !c.at_nth(1, "ALL") {
        c.advance();
        c.eat_token(&Token::Eq);
        c.skip_parens()?;
    } else if c.eat_words("START TRANSACTION") {
    } else if let Some(word) = c.eat_any(PLAIN_OPTIONS) {
        let marked = c.eat_token(&Token::Eq);
        match c.peek() {
            Token::Number(..) => c.advance(),
            Token::SingleQuotedString(_) => c.advance(),
            Token::Word(w) if word != "AUTO_INCREMENT" && (marked || w.quote_style.is_some() || !c.at("COMMENT")) => {
                c.advance();
            }
            _ => return Err(c.expected("a value")),
        }
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// PARTITION BY …, as far as it nests: what stands in it is no name of the schema's.
fn partition_by(c: &mut Cursor<'_>) -> R<()> {
    c.expect("PARTITION BY")?;
    c.eat("LINEAR");
    if c.eat_any(&["RANGE", "LIST", "HASH", "KEY", "SYSTEM_TIME"]).is_none() {
        return Err(c.expected("RANGE, LIST, HASH or KEY"));
    }
    while !c.at_end() && !c.at_any(&["SELECT", "AS", "WITH", "IGNORE", "REPLACE"]) {
        if c.at_token(&Token::LParen) {
            c.skip_parens()?;
        } else {
            c.advance();
        }
    }
    Ok(())
}

// ---- ALTER TABLE

pub(super) fn alter_table(c: &mut Cursor<'_>) -> R<Change> {
    let if_exists = if_exists_of_mariadb(c, "ALTER TABLE")?;
    let name = c.name()?;
    c.lock_wait()?;
    let mut actions = Vec::new();
    if c.at_end() {
        return Ok(made(MysqlChange::AlterTable(TableAlteration { name, if_exists, actions })));
    }
    loop {
        let mark = c.mark();
        for action in alteration(c)? {
            actions.push((action, c.span_from(mark)));
        }
        if c.at("PARTITION") && c.at_nth(1, "BY") {
            partition_by(c)?;
        }
        if c.eat_words("REMOVE PARTITIONING") || !c.eat_token(&Token::Comma) {
            break;
        }
    }
    Ok(made(MysqlChange::AlterTable(TableAlteration { name, if_exists, actions })))
}

fn position(c: &mut Cursor<'_>) -> R<Position> {
    if c.eat("FIRST") {
        return Ok(Position::First);
    }
    if c.eat("AFTER") {
        return Ok(Position::After(c.ident()?));
    }
    Ok(Position::Last)
}

fn alteration(c: &mut Cursor<'_>) -> R<Vec<Alteration>> {
    if c.eat("ADD") {
        return add(c);
    }
    let one = if c.eat("DROP") {
        drop_action(c)?
    } else if c.eat("CHANGE") {
        c.eat("COLUMN");
        let if_exists = if_exists_of_mariadb(c, "CHANGE COLUMN")?;
        let from = c.ident()?;
        let column = column(c)?;
        let position = position(c)?;
        Alteration::ChangeColumn { from, column, position, if_exists, renames: true }
    } else if c.eat("MODIFY") {
        c.eat("COLUMN");
        let if_exists = if_exists_of_mariadb(c, "MODIFY COLUMN")?;
        let column = column(c)?;
        let position = position(c)?;
        Alteration::ChangeColumn { from: column.name.clone(), column, position, if_exists, renames: false }
    } else if c.eat("ALTER") {
        alter_action(c)?
    } else if c.eat("RENAME") {
        rename_action(c)?
    } else if c.eat_words("CONVERT TO") {
        if !c.eat_words("CHARACTER SET") && !c.eat("CHARSET") {
            return Err(c.expected("CHARACTER SET"));
        }
        let mut to = crate::change::Charset { charset: Some(c.charset_name()?), collation: None };
        if c.eat("COLLATE") {
            to.collation = Some(c.charset_name()?);
        }
        Alteration::Convert(to)
    } else if c.eat_any(&["ALGORITHM", "LOCK"]).is_some() {
        c.eat_token(&Token::Eq);
        c.advance();
        Alteration::Other
    } else if c.eat_any(&["DISABLE", "ENABLE"]).is_some() {
        c.expect("KEYS")?;
        Alteration::Other
    } else if c.eat_any(&["DISCARD", "IMPORT"]).is_some() {
        if c.eat("PARTITION") {
            partitions(c)?;
        }
        c.expect("TABLESPACE")?;
        Alteration::Other
    } else if c.eat("FORCE") {
        Alteration::Other
    } else if c.eat_any(&["WITH", "WITHOUT"]).is_some() {
        if c.eat("VALIDATION") {
        } else {
            c.mariadb_alone("SYSTEM VERSIONING", "keep a history table of your own")?;
            c.expect("SYSTEM VERSIONING")?;
        }
        Alteration::Other
    } else if c.eat_words("ORDER BY") {
        loop {
            c.name()?;
            c.eat_any(&["ASC", "DESC"]);
            // The list and the actions both go on with a comma.
            if !c.at_token(&Token::Comma) || at_alteration(c) {
                break;
            }
            c.advance();
        }
        Alteration::Other
    } else if c
        .eat_any(&[
            "TRUNCATE",
            "COALESCE",
            "REORGANIZE",
            "EXCHANGE",
            "ANALYZE",
            "CHECK",
            "OPTIMIZE",
            "REBUILD",
            "REPAIR",
        ])
        .is_some()
    {
        c.expect("PARTITION")?;
        while !c.at_end() && !c.at_token(&Token::Comma) {
            if c.at_token(&Token::LParen) {
                c.skip_parens()?;
            } else {
                c.advance();
            }
        }
        while !c.at_end() {
            c.advance();
        }
        Alteration::Other
    } else if c.at_words("PARTITION BY") {
        partition_by(c)?;
        Alteration::Other
    } else if c.at_words("REMOVE PARTITIONING") {
        c.advance();
        c.advance();
        Alteration::Other
    } else {
        let options = table_options(c)?;
        if c.previous().is_none_or(|t| t.token == Token::Comma) && c.at_any(&["OWNER", "SET", "ENABLE", "VALIDATE"]) {
            return Err(c.wrong_engine("this is no action of MySQL's ALTER TABLE", "leave it out"));
        }
        if options.engine.is_none() && options.charset == crate::change::Charset::default() && at_no_option(c) {
            return Err(c.expected("ADD, DROP, CHANGE, MODIFY, RENAME or ALTER"));
        }
        // The commas between options are eaten with them; what follows one is the next action.
        if matches!(c.previous().map(|t| &t.token), Some(Token::Comma)) {
            let mut all = vec![Alteration::Options(options)];
            all.extend(alteration(c)?);
            return Ok(all);
        }
        Alteration::Options(options)
    };
    Ok(vec![one])
}

/// Whether nothing was read as an option.
fn at_no_option(c: &Cursor<'_>) -> bool {
    let partitions = c.at("PARTITION") && c.at_nth(1, "BY");
    !(c.at_end() || c.at_token(&Token::Comma) || partitions)
}

fn at_alteration(c: &Cursor<'_>) -> bool {
    ["ADD", "DROP", "CHANGE", "MODIFY", "ALTER", "RENAME", "CONVERT", "ALGORITHM", "LOCK", "ENGINE"]
        .iter()
        .any(|w| c.at_nth(1, w))
}

fn partitions(c: &mut Cursor<'_>) -> R<()> {
    if c.eat("ALL") {
        return Ok(());
    }
    c.list(Cursor::ident).map(drop)
}

fn add(c: &mut Cursor<'_>) -> R<Vec<Alteration>> {
    if c.at("PARTITION") && !matches!(c.peek_nth(1), Token::Word(w) if w.quote_style.is_some()) {
        c.advance();
        while !c.at_end() {
            c.advance();
        }
        return Ok(vec![Alteration::Other]);
    }
    if at_constraint(c) {
        return Ok(vec![match constraint(c)? {
            Constraint::Key(k) => Alteration::AddKey(k),
            Constraint::Foreign(f) => Alteration::AddForeignKey(f),
            Constraint::Check(k) => Alteration::AddCheck(k),
        }]);
    }
    if c.at("SYSTEM") || c.at("PERIOD") && c.at_nth(1, "FOR") {
        c.mariadb_alone("SYSTEM VERSIONING", "keep a history table of your own")?;
        if c.eat("SYSTEM") {
            c.expect("VERSIONING")?;
        } else {
            c.advance();
            c.advance();
            c.label_name()?;
            c.ident_list()?;
        }
        return Ok(vec![Alteration::Other]);
    }
    c.eat("COLUMN");
    let if_not_exists = guard_of_mariadb(c, "ADD COLUMN")?;
    if c.at_token(&Token::LParen) {
        let mut t = Vec::new();
        c.advance();
        loop {
            if at_constraint(c) {
                t.push(match constraint(c)? {
                    Constraint::Key(k) => Alteration::AddKey(k),
                    Constraint::Foreign(f) => Alteration::AddForeignKey(f),
                    Constraint::Check(k) => Alteration::AddCheck(k),
                });
            } else {
                t.push(Alteration::AddColumn { column: column(c)?, position: Position::Last, if_not_exists });
            }
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
        c.expect_token(&Token::RParen)?;
        return Ok(t);
    }
    let column = column(c)?;
    let position = position(c)?;
    Ok(vec![Alteration::AddColumn { column, position, if_not_exists }])
}

fn drop_action(c: &mut Cursor<'_>) -> R<Alteration> {
    if c.eat("PRIMARY") {
        c.expect("KEY")?;
        return Ok(Alteration::DropPrimaryKey { if_exists: false });
    }
    if c.eat("FOREIGN") {
        c.expect("KEY")?;
        let if_exists = if_exists_of_mariadb(c, "DROP FOREIGN KEY")?;
        return Ok(Alteration::DropForeignKey { name: c.ident()?, if_exists });
    }
    if c.eat_any(&["INDEX", "KEY"]).is_some() {
        let if_exists = if_exists_of_mariadb(c, "DROP INDEX")?;
        return drop_key(c, if_exists);
    }
    if c.at("CHECK") && c.flavour() == Flavour::Mysql {
        c.advance();
        return Ok(Alteration::DropConstraint { name: c.ident()?, if_exists: false, check: true });
    }
    if c.eat("CONSTRAINT") {
        let if_exists = if_exists_of_mariadb(c, "DROP CONSTRAINT")?;
        let name = c.ident_if(is_key_name, "a name")?;
        return Ok(Alteration::DropConstraint { name, if_exists, check: false });
    }
    if c.at("PARTITION") && matches!(c.peek_nth(1), Token::Word(_)) {
        c.advance();
        if_exists_of_mariadb(c, "DROP PARTITION")?;
        partitions(c)?;
        return Ok(Alteration::Other);
    }
    if c.at("SYSTEM") && c.at_nth(1, "VERSIONING") || c.at("PERIOD") && c.at_nth(1, "FOR") {
        c.mariadb_alone("SYSTEM VERSIONING", "keep a history table of your own")?;
        let period = c.eat("PERIOD");
        c.advance();
        c.advance();
        if !period {
            // SYSTEM VERSIONING are two words.
        }
        return Ok(Alteration::Other);
    }
    c.eat("COLUMN");
    let if_exists = if_exists_of_mariadb(c, "DROP COLUMN")?;
    let name = c.ident()?;
    if c.at("CASCADE") && c.flavour() == Flavour::Mysql {
        return Err(c.wrong_engine("DROP COLUMN has no CASCADE", "leave it out: drop the foreign key first"));
    }
    c.eat_any(&["RESTRICT", "CASCADE"]);
    Ok(Alteration::DropColumn { name, if_exists })
}

fn is_key_name(word: &str) -> bool {
    word.eq_ignore_ascii_case("primary") || super::words::names_on_mariadb(word)
}

fn drop_key(c: &mut Cursor<'_>, if_exists: bool) -> R<Alteration> {
    let name = c.ident_if(is_key_name, "a name")?;
    Ok(if name.value.eq_ignore_ascii_case("primary") {
        Alteration::DropPrimaryKey { if_exists }
    } else {
        Alteration::DropKey { name, if_exists }
    })
}

fn alter_action(c: &mut Cursor<'_>) -> R<Alteration> {
    if c.eat_any(&["INDEX", "KEY"]).is_some() {
        let if_exists = if_exists_of_mariadb(c, "ALTER INDEX")?;
        let name = c.ident()?;
        key_options(c)?;
        return Ok(Alteration::AlterKey { name, if_exists });
    }
    if c.at("CHECK") || c.at("CONSTRAINT") {
        c.mysql_alone("ALTER CHECK", "drop the constraint, and add it again")?;
        c.advance();
        let name = c.ident()?;
        c.eat("NOT");
        c.expect("ENFORCED")?;
        return Ok(Alteration::AlterConstraint { name });
    }
    c.eat("COLUMN");
    let if_exists = if_exists_of_mariadb(c, "ALTER COLUMN")?;
    let column = c.ident()?;
    if c.eat("SET") {
        if c.at_any(&["VISIBLE", "INVISIBLE"]) {
            c.advance();
            return Ok(Alteration::SetDefault { column, default: None, if_exists });
        }
        if c.at_any(&["NOT", "DATA"]) {
            return Err(c.wrong_engine("MySQL's ALTER COLUMN sets defaults alone", "write MODIFY COLUMN name type …"));
        }
        c.expect("DEFAULT")?;
        let default = default_value(c)?;
        return Ok(Alteration::SetDefault { column, default: Some(default), if_exists });
    }
    if c.at("TYPE") {
        return Err(c.wrong_engine("MySQL's ALTER COLUMN sets defaults alone", "write MODIFY COLUMN name type …"));
    }
    c.expect("DROP")?;
    if c.at("NOT") {
        return Err(c.wrong_engine("MySQL's ALTER COLUMN sets defaults alone", "write MODIFY COLUMN name type NULL"));
    }
    c.expect("DEFAULT")?;
    Ok(Alteration::SetDefault { column, default: None, if_exists })
}

fn rename_action(c: &mut Cursor<'_>) -> R<Alteration> {
    if c.eat("COLUMN") {
        let if_exists = if_exists_of_mariadb(c, "RENAME COLUMN")?;
        let from = c.ident()?;
        c.expect("TO")?;
        let to = c.ident()?;
        return Ok(Alteration::RenameColumn { from, to, if_exists });
    }
    if c.at_any(&["INDEX", "KEY"]) {
        c.advance();
        let if_exists = if_exists_of_mariadb(c, "RENAME INDEX")?;
        let from = c.ident()?;
        c.expect("TO")?;
        let to = c.ident()?;
        return Ok(Alteration::RenameKey { from, to, if_exists });
    }
    if c.eat_any(&["TO", "AS"]).is_none() {
        c.eat_token(&Token::Eq);
    }
    Ok(Alteration::RenameTo(c.name()?))
}

// ---- indexes

/// `CREATE [OR REPLACE] [UNIQUE | FULLTEXT | SPATIAL] INDEX …`, after INDEX.
pub(super) fn create_index(c: &mut Cursor<'_>, kind: KeyKind, or_replace: bool, mark: usize) -> R<Change> {
    if_concurrently(c)?;
    let if_not_exists = guard_of_mariadb(c, "CREATE INDEX")?;
    let name = c.ident()?;
    index_type(c)?;
    c.expect("ON")?;
    let table = c.name()?;
    if c.at("USING") {
        return Err(c.wrong_engine("the kind of an index stands behind its columns", "write USING BTREE at the end"));
    }
    c.lock_wait()?;
    let parts = c.parens(|c| c.list(key_part))?;
    loop {
        key_options(c)?;
        if c.eat_any(&["ALGORITHM", "LOCK"]).is_some() {
            c.eat_token(&Token::Eq);
            c.advance();
        } else {
            break;
        }
    }
    if c.at("WHERE") {
        return Err(c.wrong_engine("there are no partial indexes", "leave WHERE out, or index a generated column"));
    }
    let key = KeyDefinition { kind, name: Some(name), parts, if_not_exists, span: c.span_from(mark) };
    Ok(made(MysqlChange::CreateIndex { table, key, or_replace }))
}

fn if_concurrently(c: &Cursor<'_>) -> R<()> {
    if c.at("CONCURRENTLY") && !c.at_nth(1, "ON") {
        return Err(c.wrong_engine(
            "CONCURRENTLY is PostgreSQL's",
            "leave it out: InnoDB builds an index while rows are written",
        ));
    }
    Ok(())
}

/// `DROP INDEX name ON table`, after INDEX.
pub(super) fn drop_index(c: &mut Cursor<'_>) -> R<Change> {
    if_concurrently(c)?;
    let if_exists = if_exists_of_mariadb(c, "DROP INDEX")?;
    let name = c.ident_if(is_key_name, "a name")?;
    if !c.at("ON") {
        return Err(c.expected("ON").help("an index belongs to its table: DROP INDEX name ON table"));
    }
    c.advance();
    let table = c.name()?;
    c.lock_wait()?;
    while c.eat_any(&["ALGORITHM", "LOCK"]).is_some() {
        c.eat_token(&Token::Eq);
        c.advance();
    }
    Ok(made(MysqlChange::DropIndex { table, name, if_exists }))
}
