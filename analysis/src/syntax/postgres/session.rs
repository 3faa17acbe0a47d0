//! Statements about the session, transactions, maintenance and cursors.

use sqlparser::tokenizer::Token;

use super::common::{relation, touch, unqualified, utility_options, word_or_string};
use super::{keywords, privileges, statement};
use crate::change::{
    BlockStatement, Change, Ident, Name, ObjectKind, TIME_ZONE, TIME_ZONE_IS_UTC, Target, Transaction,
};
use crate::span::Span;
use crate::syntax::{Cursor, R, SyntaxError, plpgsql, word_of};

// ---- settings

pub(super) fn set(c: &mut Cursor<'_>) -> R<Change> {
    if c.eat("CONSTRAINTS") {
        if !c.eat("ALL") {
            c.list(Cursor::name)?;
        }
        if c.eat_any(&["DEFERRED", "IMMEDIATE"]).is_none() {
            return Err(c.expected("DEFERRED or IMMEDIATE"));
        }
        return Ok(Change::Inert { what: "SET CONSTRAINTS" });
    }
    // `session` and `local` may be settings' names themselves.
    let own = c.at("SESSION") && (c.at_nth(1, "AUTHORIZATION") || c.at_nth(1, "CHARACTERISTICS"));
    if matches!(c.peek_nth(1), Token::Word(_)) && !c.at_nth(1, "TO") && !own {
        c.eat_any(&["SESSION", "LOCAL"]);
    }
    Ok(match setting(c)? {
        Some(Setting::SearchPath(path)) => Change::SetSearchPath(path),
        Some(Setting::CheckBodies(on)) => Change::CheckBodies(on),
        Some(Setting::TimeZone(zone)) => {
            Change::Inert { what: if is_utc(&zone) { TIME_ZONE_IS_UTC } else { TIME_ZONE } }
        }
        Some(Setting::Unknown(name)) => Change::UnknownSetting(name),
        None => Change::Inert { what: "SET" },
    })
}

/// Whether a zone is what `DateTimeParseTZ` finds no offset in.
fn is_utc(zone: &str) -> bool {
    let zone = zone.to_ascii_lowercase();
    matches!(zone.strip_prefix("etc/").unwrap_or(&zone), "utc" | "gmt" | "uct" | "zulu" | "universal" | "0")
}

/// A setting that changes what statements mean.
pub(super) enum Setting {
    SearchPath(Vec<Ident>),
    CheckBodies(bool),
    /// Its name; empty where that is not known.
    TimeZone(String),
    /// One that no PostgreSQL has.
    Unknown(Ident),
}

/// What follows SET, in a statement and in a function's options.
pub(super) fn setting(c: &mut Cursor<'_>) -> R<Option<Setting>> {
    if c.eat_words("SESSION CHARACTERISTICS AS TRANSACTION") {
        transaction_modes(c)?;
        return Ok(None);
    }
    if c.at("TRANSACTION") && !assigns(c, 1) {
        c.advance();
        if c.eat("SNAPSHOT") {
            c.string()?;
        } else {
            transaction_modes(c)?;
        }
        return Ok(None);
    }
    if c.eat_words("TIME ZONE") {
        let zone = if c.at("INTERVAL") {
            c.expr()?;
            String::new()
        } else if c.eat_any(&["LOCAL", "DEFAULT"]).is_none() {
            value(c)?.value
        } else {
            String::new()
        };
        return Ok(Some(Setting::TimeZone(zone)));
    }
    if c.at("ROLE") && !assigns(c, 1) {
        c.advance();
        word_or_string(c)?;
        return Ok(None);
    }
    if c.eat_words("SESSION AUTHORIZATION") {
        if !c.eat("DEFAULT") {
            word_or_string(c)?;
        }
        return Ok(None);
    }
    if c.at("SCHEMA") && matches!(c.peek_nth(1), Token::SingleQuotedString(_)) {
        c.advance();
        let (value, span) = c.string()?;
        return Ok(Some(Setting::SearchPath(vec![Ident::new(value, span)])));
    }
    if c.eat("NAMES") {
        if !c.at_end() && !c.eat("DEFAULT") {
            c.string()?;
        }
        return Ok(None);
    }
    if c.at_words("XML OPTION") {
        c.expect("XML OPTION")?;
        if c.eat_any(&["DOCUMENT", "CONTENT"]).is_none() {
            return Err(c.expected("DOCUMENT or CONTENT"));
        }
        return Ok(None);
    }
    let name = setting_name(c)?;
    if c.eat_words("FROM CURRENT") {
        return Ok(unknown(name).map(Setting::Unknown));
    }
    if !c.eat("TO") && !c.eat_token(&Token::Eq) {
        return Err(c.expected("TO or \"=\""));
    }
    let default = c.at("DEFAULT").then(|| c.peek_span());
    let values = if default.is_some() { Vec::new() } else { c.list(value)? };
    if default.is_some() {
        c.advance();
    }
    Ok(match (name.value.as_str(), default) {
        ("search_path", Some(span)) => Some(Setting::SearchPath(default_path(span))),
        ("search_path", None) => Some(Setting::SearchPath(values.into_iter().filter(|v| v.value != "$user").collect())),
        ("timezone", _) => Some(Setting::TimeZone(values.first().map_or_else(String::new, |v| v.value.clone()))),
        ("check_function_bodies", Some(_)) => Some(Setting::CheckBodies(true)),
        ("check_function_bodies", None) => {
            let off = |v: &Ident| ["off", "false", "no", "0", "f", "n"].contains(&v.value.to_lowercase().as_str());
            Some(Setting::CheckBodies(!values.iter().any(off)))
        }
        _ => unknown(name).map(Setting::Unknown),
    })
}

/// The settings that PostgreSQL has.
static SETTINGS: &str = include_str!("../../../data/postgres/parameters.txt");

/// The names of PostgreSQL's settings, of whatever version, in lower case.
pub(crate) fn settings() -> impl Iterator<Item = &'static str> {
    SETTINGS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split('\t').next())
}

/// A setting that no version has. Those with a dot are anybody's.
fn unknown(name: Ident) -> Option<Ident> {
    (!name.value.contains('.') && !settings().any(|s| s == name.value)).then_some(name)
}

/// The search path of a session that has set none.
fn default_path(span: Span) -> Vec<Ident> {
    vec![Ident::new("public".to_owned(), span)]
}

fn assigns(c: &Cursor<'_>, n: usize) -> bool {
    c.at_nth(n, "TO") || matches!(c.peek_nth(n), Token::Eq)
}

/// `a`, `a.b`, whose case does not count.
fn setting_name(c: &mut Cursor<'_>) -> R<Ident> {
    let mark = c.mark();
    let mut name = c.ident()?.value;
    while c.eat_token(&Token::Period) {
        name.push('.');
        name.push_str(&c.ident()?.value);
    }
    name.make_ascii_lowercase();
    Ok(Ident::new(name, c.span_from(mark)))
}

/// A word (ON, TRUE), a string or a number.
fn value(c: &mut Cursor<'_>) -> R<Ident> {
    let span = c.peek_span();
    match c.peek() {
        Token::Word(_) => {
            const RESERVED: &[&str] = &["on", "true", "false"];
            c.ident_if(
                |w| keywords::is_not_reserved(w) || RESERVED.iter().any(|r| r.eq_ignore_ascii_case(w)),
                "a value",
            )
        }
        Token::Number(..) | Token::Minus | Token::Plus => Ok(Ident::new(c.number()?, span)),
        _ => {
            let (value, span) = c.string()?;
            Ok(Ident::new(value, span))
        }
    }
}

pub(super) fn reset(c: &mut Cursor<'_>) -> R<Change> {
    let Some(name) = reset_name(c)? else { return Ok(Change::Inert { what: "RESET" }) };
    Ok(match name.value.as_str() {
        "search_path" => Change::SetSearchPath(default_path(name.span)),
        "check_function_bodies" => Change::CheckBodies(true),
        "timezone" => Change::Inert { what: TIME_ZONE },
        _ => unknown(name).map_or(Change::Inert { what: "RESET" }, Change::UnknownSetting),
    })
}

/// What follows RESET and SHOW; none where it is no setting by its name.
fn reset_name(c: &mut Cursor<'_>) -> R<Option<Ident>> {
    if c.eat("ALL")
        || c.eat_words("TIME ZONE")
        || c.eat_words("SESSION AUTHORIZATION")
        || c.eat_words("TRANSACTION ISOLATION LEVEL")
    {
        return Ok(None);
    }
    setting_name(c).map(Some)
}

pub(super) fn show(c: &mut Cursor<'_>) -> R<Change> {
    let unknown = reset_name(c)?.and_then(unknown);
    Ok(unknown.map_or(Change::Inert { what: "SHOW" }, Change::UnknownSetting))
}

/// `SET …` of a function, role or database: the setting, where no PostgreSQL has it.
pub(super) fn set_of(c: &mut Cursor<'_>) -> R<Option<Ident>> {
    Ok(match setting(c)? {
        Some(Setting::Unknown(name)) => Some(name),
        _ => None,
    })
}

/// `RESET …` of a function, role or database, likewise; a role and a database do not mind.
pub(super) fn reset_of(c: &mut Cursor<'_>) -> R<Option<Ident>> {
    Ok(reset_name(c)?.and_then(unknown))
}

pub(super) fn alter_system(c: &mut Cursor<'_>) -> R<Change> {
    if c.eat("SET") {
        setting_name(c)?;
        if !c.eat("TO") && !c.eat_token(&Token::Eq) {
            return Err(c.expected("TO or \"=\""));
        }
        if !c.eat("DEFAULT") {
            c.list(value)?;
        }
    } else if c.eat("RESET") {
        reset_name(c)?;
    } else {
        return Err(c.expected("SET or RESET"));
    }
    Ok(Change::Inert { what: "ALTER SYSTEM" })
}

// ---- transactions

/// The modes of a transaction: at least one.
fn transaction_modes(c: &mut Cursor<'_>) -> R<()> {
    if !transaction_mode(c)? {
        return Err(c.expected("ISOLATION LEVEL, READ WRITE, READ ONLY or DEFERRABLE"));
    }
    loop {
        let comma = c.eat_token(&Token::Comma);
        if !transaction_mode(c)? {
            return if comma { Err(c.expected("another mode")) } else { Ok(()) };
        }
    }
}

fn transaction_mode(c: &mut Cursor<'_>) -> R<bool> {
    if c.eat("ISOLATION") {
        c.expect("LEVEL")?;
        if !["READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"].iter().any(|l| c.eat_words(l)) {
            return Err(c.expected("READ COMMITTED, REPEATABLE READ or SERIALIZABLE"));
        }
    } else if c.eat("READ") {
        if c.eat_any(&["WRITE", "ONLY"]).is_none() {
            return Err(c.expected("WRITE or ONLY"));
        }
    } else if !(c.eat("DEFERRABLE") || c.eat_words("NOT DEFERRABLE")) {
        return Ok(false);
    }
    Ok(true)
}

pub(super) fn begin(c: &mut Cursor<'_>) -> R<Change> {
    c.eat_any(&["WORK", "TRANSACTION"]);
    if !c.at_end() {
        transaction_modes(c)?;
    }
    Ok(Change::Transaction(Transaction::Begin))
}

pub(super) fn start(c: &mut Cursor<'_>) -> R<Change> {
    if !c.at_end() {
        transaction_modes(c)?;
    }
    Ok(Change::Transaction(Transaction::Begin))
}

pub(super) fn commit(c: &mut Cursor<'_>) -> R<Change> {
    if c.eat("PREPARED") {
        c.string()?;
        return Ok(Change::Inert { what: "COMMIT PREPARED" });
    }
    end(c)
}

pub(super) fn end(c: &mut Cursor<'_>) -> R<Change> {
    c.eat_any(&["WORK", "TRANSACTION"]);
    chain(c)?;
    Ok(Change::Transaction(Transaction::Commit))
}

pub(super) fn rollback(c: &mut Cursor<'_>) -> R<Change> {
    if c.eat("PREPARED") {
        c.string()?;
        return Ok(Change::Inert { what: "ROLLBACK PREPARED" });
    }
    c.eat_any(&["WORK", "TRANSACTION"]);
    if c.eat("TO") {
        if matches!(c.peek_nth(1), Token::Word(_)) {
            c.eat("SAVEPOINT");
        }
        c.ident()?;
        return Ok(Change::Transaction(Transaction::Savepoint));
    }
    chain(c)?;
    Ok(Change::Transaction(Transaction::Rollback))
}

pub(super) fn abort(c: &mut Cursor<'_>) -> R<Change> {
    c.eat_any(&["WORK", "TRANSACTION"]);
    chain(c)?;
    Ok(Change::Transaction(Transaction::Rollback))
}

fn chain(c: &mut Cursor<'_>) -> R<()> {
    if c.eat("AND") {
        c.eat("NO");
        c.expect("CHAIN")?;
    }
    Ok(())
}

pub(super) fn savepoint(c: &mut Cursor<'_>) -> R<Change> {
    c.ident()?;
    Ok(Change::Transaction(Transaction::Savepoint))
}

pub(super) fn release(c: &mut Cursor<'_>) -> R<Change> {
    if matches!(c.peek_nth(1), Token::Word(_)) {
        c.eat("SAVEPOINT");
    }
    savepoint(c)
}

// ---- code

/// `DO [LANGUAGE x] 'body' [LANGUAGE x]`.
pub(super) fn do_block(c: &mut Cursor<'_>) -> R<Change> {
    let mut language = None;
    let mut body: Option<(String, Span)> = None;
    while !c.at_end() {
        if c.eat("LANGUAGE") {
            language = Some(word_or_string(c)?.to_lowercase());
        } else if body.is_none() {
            body = Some(c.string()?);
        } else {
            return Err(c.expected("LANGUAGE or the end of the statement"));
        }
    }
    let Some((text, span)) = body else { return Err(c.expected("the block, between $$ and $$")) };
    match language.as_deref() {
        None | Some("plpgsql") => Ok(Change::Do(plpgsql::block(c, &text, span)?)),
        Some(other) => {
            let why = format!("a block of {other} is not read");
            let body = vec![BlockStatement::Opaque { why, span, template: None }];
            Ok(Change::Do(crate::change::Block { body, ..Default::default() }))
        }
    }
}

pub(super) fn prepare(c: &mut Cursor<'_>) -> R<Change> {
    if c.at("TRANSACTION") && matches!(c.peek_nth(1), Token::SingleQuotedString(_)) {
        c.advance();
        c.string()?;
        return Ok(Change::Inert { what: "PREPARE TRANSACTION" });
    }
    c.ident()?;
    if c.at_token(&Token::LParen) {
        c.parens(|c| c.list(super::types::type_name))?;
    }
    c.expect("AS")?;
    statement(c)?;
    Ok(Change::Inert { what: "PREPARE" })
}

pub(super) fn execute(c: &mut Cursor<'_>) -> R<Change> {
    c.ident()?;
    if c.at_token(&Token::LParen) {
        c.parens(|c| c.list(Cursor::expr))?;
    }
    // What can be prepared reads and writes rows; the schema stays.
    Ok(Change::Inert { what: "EXECUTE" })
}

pub(super) fn deallocate(c: &mut Cursor<'_>) -> R<Change> {
    if matches!(c.peek_nth(1), Token::Word(_)) {
        c.eat("PREPARE");
    }
    if !c.eat("ALL") {
        c.ident()?;
    }
    Ok(Change::Inert { what: "DEALLOCATE" })
}

/// EXPLAIN runs nothing, EXPLAIN ANALYZE does.
pub(super) fn explain(c: &mut Cursor<'_>) -> R<Change> {
    let mut runs = false;
    if c.at_token(&Token::LParen) && !(c.at_nth(1, "SELECT") || c.at_nth(1, "WITH") || c.at_nth(1, "VALUES")) {
        runs = utility_options(c)?.iter().any(|o| o == "ANALYZE" || o == "ANALYSE");
    } else {
        runs |= c.eat_any(&["ANALYZE", "ANALYSE"]).is_some();
        c.eat("VERBOSE");
    }
    let change = statement(c)?;
    Ok(if runs { change } else { Change::Inert { what: "EXPLAIN" } })
}

// ---- cursors and notices

pub(super) fn declare(c: &mut Cursor<'_>) -> R<Change> {
    c.ident()?;
    loop {
        if c.at("ASENSITIVE") {
            c.needs(14, "ASENSITIVE", c.mark())?;
        }
        if c.eat_any(&["BINARY", "INSENSITIVE", "ASENSITIVE", "SCROLL"]).is_none() && !c.eat_words("NO SCROLL") {
            break;
        }
    }
    c.expect("CURSOR")?;
    if (c.at("WITH") || c.at("WITHOUT")) && c.at_nth(1, "HOLD") {
        c.advance();
        c.advance();
    }
    c.expect("FOR")?;
    Ok(Change::Select(c.query()?))
}

pub(super) fn fetch(c: &mut Cursor<'_>) -> R<Change> {
    let directions = ["NEXT", "PRIOR", "FIRST", "LAST", "ALL"];
    let named = matches!(c.peek_nth(1), Token::EOF);
    if !named {
        if c.eat_any(&directions).is_some() {
        } else if c.eat_any(&["ABSOLUTE", "RELATIVE"]).is_some() {
            c.number()?;
        } else if c.eat_any(&["FORWARD", "BACKWARD"]).is_some() {
            if !c.eat("ALL") && matches!(c.peek(), Token::Number(..) | Token::Minus | Token::Plus) {
                c.number()?;
            }
        } else if matches!(c.peek(), Token::Number(..) | Token::Minus | Token::Plus) {
            c.number()?;
        }
        c.eat_any(&["FROM", "IN"]);
    }
    c.ident()?;
    Ok(Change::Inert { what: "FETCH" })
}

pub(super) fn close(c: &mut Cursor<'_>) -> R<Change> {
    if !c.eat("ALL") {
        c.ident()?;
    }
    Ok(Change::Inert { what: "CLOSE" })
}

pub(super) fn listen(c: &mut Cursor<'_>) -> R<Change> {
    c.ident()?;
    Ok(Change::Inert { what: "LISTEN" })
}

pub(super) fn unlisten(c: &mut Cursor<'_>) -> R<Change> {
    if !c.eat_token(&Token::Mul) {
        c.ident()?;
    }
    Ok(Change::Inert { what: "UNLISTEN" })
}

pub(super) fn notify(c: &mut Cursor<'_>) -> R<Change> {
    c.ident()?;
    if c.eat_token(&Token::Comma) {
        c.string()?;
    }
    Ok(Change::Inert { what: "NOTIFY" })
}

pub(super) fn discard(c: &mut Cursor<'_>) -> R<Change> {
    match c.eat_any(&["ALL", "PLANS", "SEQUENCES", "TEMP", "TEMPORARY"]) {
        Some(_) => Ok(Change::Inert { what: "DISCARD" }),
        None => Err(c.expected("ALL, PLANS, SEQUENCES or TEMP")),
    }
}

pub(super) fn load(c: &mut Cursor<'_>) -> R<Change> {
    c.string()?;
    Ok(Change::Inert { what: "LOAD" })
}

pub(super) fn checkpoint(c: &mut Cursor<'_>) -> R<Change> {
    if c.at_token(&Token::LParen) {
        utility_options(c)?;
    }
    Ok(Change::Inert { what: "CHECKPOINT" })
}

// ---- tables, from outside

pub(super) fn truncate(c: &mut Cursor<'_>) -> R<Change> {
    c.eat("TABLE");
    let tables = c.list(relation)?;
    let restart_identity = c.eat_words("RESTART IDENTITY");
    if !restart_identity {
        c.eat_words("CONTINUE IDENTITY");
    }
    Ok(Change::Truncate { tables, restart_identity, cascade: super::common::behavior(c) })
}

pub(super) fn lock(c: &mut Cursor<'_>) -> R<Change> {
    c.eat("TABLE");
    let tables = c.list(relation)?;
    let mut what = "LOCK ACCESS EXCLUSIVE";
    if c.eat("IN") {
        const MODES: &[(&str, &str)] = &[
            ("ACCESS SHARE", "LOCK ACCESS SHARE"),
            ("ROW SHARE", "LOCK ROW SHARE"),
            ("ROW EXCLUSIVE", "LOCK ROW EXCLUSIVE"),
            ("SHARE UPDATE EXCLUSIVE", "LOCK SHARE UPDATE EXCLUSIVE"),
            ("SHARE ROW EXCLUSIVE", "LOCK SHARE ROW EXCLUSIVE"),
            ("SHARE", "LOCK SHARE"),
            ("EXCLUSIVE", "LOCK EXCLUSIVE"),
            ("ACCESS EXCLUSIVE", "LOCK ACCESS EXCLUSIVE"),
        ];
        let Some((_, found)) = MODES.iter().find(|(mode, _)| c.eat_words(mode)) else {
            return Err(c.expected("a lock's mode: ACCESS SHARE … ACCESS EXCLUSIVE"));
        };
        what = found;
        c.expect("MODE")?;
    }
    c.eat("NOWAIT");
    Ok(tables_touched(what, tables))
}

fn tables_touched(what: &'static str, tables: Vec<Name>) -> Change {
    let targets = tables.into_iter().map(|t| (ObjectKind::Table, Target::plain(t))).collect();
    Change::Touch { what, targets, if_exists: false }
}

/// `COPY t (a) FROM …`, `COPY (query) TO …`.
pub(super) fn copy(c: &mut Cursor<'_>) -> R<Change> {
    c.eat("BINARY");
    let query = c.at_token(&Token::LParen);
    let change = if c.at_token(&Token::LParen) {
        c.advance();
        let end = super::routine::statement_end(c);
        let change = c.inside(Span::new(c.mark(), end), statement)?;
        c.expect_token(&Token::RParen)?;
        change
    } else {
        let table = c.name()?;
        if c.at_token(&Token::LParen) {
            c.ident_list()?;
        }
        touch("COPY", ObjectKind::Table, Target::plain(table), false)
    };
    let from = match c.eat_any(if query { &["TO"] } else { &["FROM", "TO"] }) {
        Some(word) => word == "FROM",
        None => return Err(c.expected(if query { "TO" } else { "FROM or TO" })),
    };
    c.eat("PROGRAM");
    if c.at("STDIN") && from {
        return Err(SyntaxError::new(
            "psql-command",
            c.peek_span(),
            "COPY FROM STDIN needs a client that sends the rows",
        )
        .label("nothing sends them in a migration")
        .help("write INSERT INTO … VALUES (…), (…) ON CONFLICT DO NOTHING; it can be run twice too"));
    }
    if c.eat_any(&["STDIN", "STDOUT"]).is_none() {
        c.string()?;
    }
    if c.eat("USING") {
        c.expect("DELIMITERS")?;
        c.string()?;
    }
    c.eat("WITH");
    if c.at_token(&Token::LParen) {
        super::common::copy_options(c)?;
    } else {
        old_copy_options(c)?;
    }
    if c.at("WHERE") {
        if !from {
            return Err(SyntaxError::new("syntax-error", c.peek_span(), "WHERE clause not allowed with COPY TO")
                .help("write COPY (SELECT … WHERE …) TO …"));
        }
        c.advance();
        c.expr()?;
    }
    Ok(change)
}

/// The options of COPY as they were before parentheses.
fn old_copy_options(c: &mut Cursor<'_>) -> R<()> {
    loop {
        if c.eat_any(&["BINARY", "FREEZE", "CSV", "HEADER"]).is_some() {
        } else if c.eat_any(&["DELIMITER", "NULL", "QUOTE", "ESCAPE"]).is_some() {
            c.eat("AS");
            c.string()?;
        } else if c.eat("ENCODING") {
            c.string()?;
        } else if c.eat("FORCE") {
            c.eat("NOT");
            if c.eat_any(&["QUOTE", "NULL"]).is_none() {
                return Err(c.expected("QUOTE, NOT NULL or NULL"));
            }
            if !c.eat_token(&Token::Mul) {
                c.list(Cursor::ident)?;
            }
        } else {
            return Ok(());
        }
    }
}

// ---- maintenance

/// `t (a, b)`, of which there may be several.
fn tables_and_columns(c: &mut Cursor<'_>) -> R<Vec<Name>> {
    if c.at_end() {
        return Ok(Vec::new());
    }
    c.list(|c| {
        if c.at("ONLY") {
            c.needs(18, "ONLY in VACUUM and ANALYZE", c.mark())?;
        }
        let table = relation(c)?;
        if c.at_token(&Token::LParen) {
            c.ident_list()?;
        }
        Ok(table)
    })
}

pub(super) fn vacuum(c: &mut Cursor<'_>) -> R<Change> {
    let full = if c.at_token(&Token::LParen) {
        utility_options(c)?.iter().any(|o| o == "FULL")
    } else {
        let full = c.eat("FULL");
        c.eat("FREEZE");
        c.eat("VERBOSE");
        c.eat_any(&["ANALYZE", "ANALYSE"]);
        full
    };
    Ok(tables_touched(if full { "VACUUM FULL" } else { "VACUUM" }, tables_and_columns(c)?))
}

pub(super) fn analyze(c: &mut Cursor<'_>) -> R<Change> {
    if c.at_token(&Token::LParen) {
        utility_options(c)?;
    } else {
        c.eat("VERBOSE");
    }
    Ok(tables_touched("ANALYZE", tables_and_columns(c)?))
}

pub(super) fn cluster(c: &mut Cursor<'_>) -> R<Change> {
    if c.at_token(&Token::LParen) {
        c.needs(14, "CLUSTER (…)", c.mark())?;
        utility_options(c)?;
    } else {
        c.eat("VERBOSE");
    }
    if c.at_end() {
        return Ok(Change::Inert { what: "CLUSTER" });
    }
    let first = c.name()?;
    // Before `CLUSTER t USING i` there was `CLUSTER i ON t`.
    let (table, index) = if c.eat("ON") {
        (c.name()?, Some(first))
    } else if c.eat("USING") {
        let index = c.ident()?;
        let schema = first.schema.clone();
        (first, Some(Name { schema, name: index }))
    } else {
        (first, None)
    };
    let mut targets = vec![(ObjectKind::Table, Target::plain(table))];
    targets.extend(index.map(|i| (ObjectKind::Index, Target::plain(i))));
    Ok(Change::Touch { what: "CLUSTER", targets, if_exists: false })
}

pub(super) fn reindex(c: &mut Cursor<'_>) -> R<Change> {
    let mark = c.mark();
    let options = if c.at_token(&Token::LParen) { utility_options(c)? } else { Vec::new() };
    if options.iter().any(|o| o != "VERBOSE") {
        c.needs(14, "REINDEX with an option but VERBOSE", mark)?;
    }
    let kind = match c.eat_any(&["INDEX", "TABLE", "SCHEMA", "SYSTEM", "DATABASE"]) {
        Some("INDEX") => ObjectKind::Index,
        Some("TABLE") => ObjectKind::Table,
        Some("SCHEMA") => ObjectKind::Schema,
        Some(_) => ObjectKind::Database,
        None => return Err(c.expected("INDEX, TABLE, SCHEMA, SYSTEM or DATABASE")),
    };
    let concurrently = c.eat("CONCURRENTLY") || options.iter().any(|o| o == "CONCURRENTLY");
    let what = if concurrently { "REINDEX CONCURRENTLY" } else { "REINDEX" };
    let name = match kind {
        ObjectKind::Index => c.name()?,
        ObjectKind::Table => relation(c)?,
        ObjectKind::Schema => unqualified(c.ident()?),
        _ => {
            if c.at_end() {
                c.needs(16, "REINDEX of a database without its name", mark)?;
            } else {
                c.ident()?;
            }
            return Ok(Change::Inert { what });
        }
    };
    Ok(touch(what, kind, Target::plain(name), false))
}

pub(super) fn reassign_owned(c: &mut Cursor<'_>) -> R<Change> {
    super::common::roles(c)?;
    c.expect("TO")?;
    super::common::role(c)?;
    Ok(Change::Inert { what: "REASSIGN OWNED" })
}

pub(super) fn security_label(c: &mut Cursor<'_>) -> R<Change> {
    if c.eat("FOR") {
        word_or_string(c)?;
    }
    c.expect("ON")?;
    let target = privileges::object(c)?;
    c.expect("IS")?;
    if !c.eat("NULL") {
        c.string()?;
    }
    Ok(Change::Touch { what: "SECURITY LABEL", targets: vec![target], if_exists: false })
}

/// `SELECT set_config('search_path', 'a, b', false)` sets the search path as SET does.
pub(super) fn set_config(change: &Change) -> Option<Vec<Ident>> {
    use crate::change::Literal;
    let Change::Select(reads) = change else { return None };
    let [select] = reads.selects.as_slice() else { return None };
    let [call] = select.names.functions.as_slice() else { return None };
    let (Some(Some(Literal::Text(name))), Some(Some(Literal::Text(path)))) =
        (call.literals.first(), call.literals.get(1))
    else {
        return None;
    };
    if call.name.name.value != "set_config" || name != "search_path" {
        return None;
    }
    let span = call.name.span();
    let parts = path.split(',').map(str::trim).filter(|p| !p.is_empty() && *p != "\"$user\"");
    Some(
        parts
            .map(|p| {
                let bare = p.strip_prefix('"').and_then(|p| p.strip_suffix('"'));
                let value = bare.map_or_else(|| p.to_lowercase(), |p| p.replace("\"\"", "\""));
                Ident::new(value, span)
            })
            .collect(),
    )
}

/// Whether an option list holds a word: `(CONCURRENTLY)`.
pub(super) fn names_word(tokens: &[sqlparser::tokenizer::TokenWithSpan], word: &str) -> bool {
    tokens.iter().any(|t| word_of(&t.token).eq_ignore_ascii_case(word))
}
