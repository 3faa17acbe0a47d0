//! The grammar of MySQL 8 and MariaDB 10.5 and newer, by hand: what a migration may hold is listed here word by word.
//!
//! The two part mostly in their guards: MariaDB has IF [NOT] EXISTS and OR REPLACE nearly everywhere, MySQL on few
//! statements. MySQL has expressions in keys, `->`, and row aliases; MariaDB has sequences, RETURNING and OFFSET … FETCH.

mod expression;
mod guard;
mod program;
mod query;
mod table;
#[cfg(test)]
mod tests;
mod types;
mod words;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{Cursor, R, Syntax, SyntaxError, word_of};
use crate::change::{Change, CreateView, Expr, Ident, KeyKind, MysqlChange, ObjectKind, Reads, Transaction};
use crate::config::Backend;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    Mysql,
    Mariadb,
}

const fn syntax(backend: Backend, server: u32) -> Syntax {
    let is_name = match backend {
        Backend::Mariadb => words::names_on_mariadb,
        _ => words::names_on_mysql,
    };
    Syntax { backend, server, statement, is_name, fold, outside_transaction, opens_body }
}

/// Versions in one number: 8.4 is 804, 10.11 is 1011.
static MYSQL: [Syntax; 5] = [
    syntax(Backend::Mysql, u32::MAX),
    syntax(Backend::Mysql, 800),
    syntax(Backend::Mysql, 804),
    syntax(Backend::Mysql, 900),
    syntax(Backend::Mysql, 901),
];

static MARIADB: [Syntax; 8] = [
    syntax(Backend::Mariadb, u32::MAX),
    syntax(Backend::Mariadb, 1005),
    syntax(Backend::Mariadb, 1006),
    syntax(Backend::Mariadb, 1007),
    syntax(Backend::Mariadb, 1010),
    syntax(Backend::Mariadb, 1011),
    syntax(Backend::Mariadb, 1104),
    syntax(Backend::Mariadb, 1107),
];

/// The grammar as the newest server that is not newer than the one stated reads it.
pub(super) fn of_server(backend: Backend, version: Option<(u32, u32)>) -> &'static Syntax {
    let all: &'static [Syntax] = if backend == Backend::Mariadb { &MARIADB } else { &MYSQL };
    let Some((major, minor)) = version else { return &all[0] };
    let wanted = major * 100 + minor;
    all[1..].iter().rev().find(|s| s.server <= wanted).unwrap_or(&all[1])
}

/// What both grammars ask of a cursor.
pub(super) trait MysqlCursor {
    fn flavour(&self) -> Flavour;
    /// Refuses on MariaDB what stands next.
    fn mysql_alone(&self, what: &str, help: &str) -> R<()>;
    /// Refuses on MySQL what stands next.
    fn mariadb_alone(&self, what: &str, help: &str) -> R<()>;
    /// Says that what was read since the mark needs a server this new; 0 where no version of that flavour has it.
    fn since(&self, what: &str, mysql: u32, mariadb: u32, mark: usize) -> R<()>;
    /// A character set or a collation, in lower case.
    fn charset_name(&mut self) -> R<String>;
    /// `[WAIT n | NOWAIT | SKIP LOCKED]`.
    fn lock_wait(&mut self) -> R<()>;
    /// `@@global.x`.
    fn system_variable(&mut self) -> R<()>;
    /// `=` or `:=`.
    fn assignment(&mut self) -> R<()>;
    /// Whether `VALUES(column)` is next, and no row.
    fn at_values_call(&self) -> bool;
}

impl MysqlCursor for Cursor<'_> {
    fn flavour(&self) -> Flavour {
        if self.syntax.backend == Backend::Mariadb { Flavour::Mariadb } else { Flavour::Mysql }
    }

    fn mysql_alone(&self, what: &str, help: &str) -> R<()> {
        match self.flavour() {
            Flavour::Mysql => Ok(()),
            Flavour::Mariadb => Err(self.wrong_engine(format!("MariaDB has not: {what}"), help)),
        }
    }

    fn mariadb_alone(&self, what: &str, help: &str) -> R<()> {
        match self.flavour() {
            Flavour::Mariadb => Ok(()),
            Flavour::Mysql => Err(self.wrong_engine(
                format!("MySQL has not: {what}"),
                format!("{help}; for MariaDB, which has it, say backend = \"mariadb\""),
            )),
        }
    }

    fn since(&self, what: &str, mysql: u32, mariadb: u32, mark: usize) -> R<()> {
        let (name, since) = match self.flavour() {
            Flavour::Mysql => ("MySQL", mysql),
            Flavour::Mariadb => ("MariaDB", mariadb),
        };
        let server = self.syntax.server;
        if server >= since {
            return Ok(());
        }
        let shown = |v: u32| format!("{}.{}", v / 100, v % 100);
        let message = format!("{what} needs {name} {}, and `server-version` says {}", shown(since), shown(server));
        Err(SyntaxError::new("newer-than-server", self.span_from(mark), message)
            .label(format!("since {name} {}", shown(since)))
            .help("write it as the older server reads it, or raise `server-version`"))
    }

    fn charset_name(&mut self) -> R<String> {
        let span = self.peek_span();
        let quoted = matches!(self.peek(), Token::SingleQuotedString(_));
        let written = if quoted { self.string()?.0 } else { self.label_name()?.value };
        let name = written.to_lowercase();
        // A collation starts with its character set; MariaDB's newest stand for one of each.
        let charset = name.split('_').next().unwrap_or_default();
        if CHARSETS.contains(&charset) || name == "default" || charset == "uca1400" {
            return Ok(name);
        }
        let (number, state, what) =
            if name.contains('_') { (1273, "HY000", "collation") } else { (1115, "42000", "character set") };
        let message = format!("{number} ({state}): Unknown {what}: '{written}'");
        let near = crate::diagnostics::closest(charset, CHARSETS.iter().copied());
        let error = SyntaxError::new("undefined-object", span, message);
        Err(match near {
            Some(near) => error.help(format!("did you mean {}?", name.replacen(charset, near, 1))),
            None => error,
        })
    }

    fn lock_wait(&mut self) -> R<()> {
        if self.eat("WAIT") {
            self.number()?;
        } else if !self.eat("NOWAIT") {
            self.eat_words("SKIP LOCKED");
        }
        Ok(())
    }

    fn system_variable(&mut self) -> R<()> {
        self.expect_token(&Token::AtAt)?;
        self.label_name()?;
        while self.eat_token(&Token::Period) {
            self.label_name()?;
        }
        Ok(())
    }

    fn assignment(&mut self) -> R<()> {
        if self.eat_token(&Token::Eq) || self.eat_token(&Token::Assignment) {
            return Ok(());
        }
        Err(self.expected("="))
    }

    fn at_values_call(&self) -> bool {
        matches!(self.peek_nth(2), Token::Word(_)) && {
            let mut n = 3;
            while matches!(self.peek_nth(n), Token::Period) {
                n += 2;
            }
            matches!(self.peek_nth(n), Token::RParen)
        }
    }
}

/// An expression of this grammar.
pub(super) fn expr(c: &mut Cursor<'_>) -> R<Expr> {
    expression::expr(c)
}

/// A query of this grammar.
pub(super) fn query(c: &mut Cursor<'_>) -> R<Reads> {
    query::query(c)
}

/// The error of a word that MySQL 8 reserves.
fn reserved(error: SyntaxError, word: &str) -> SyntaxError {
    let help = format!("{} is a reserved word: write `{word}`, in backticks", word.to_uppercase());
    error.help(help)
}

/// Names keep their case: tables are told apart by it on most servers, columns are not.
fn fold(word: &str) -> String {
    word.to_owned()
}

/// The character sets of both (`SHOW CHARACTER SET`; `gb18030` is MySQL's).
const CHARSETS: &[&str] = &[
    "armscii8", "ascii", "big5", "binary", "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "cp932",
    "dec8", "eucjpms", "euckr", "gb18030", "gb2312", "gbk", "geostd8", "greek", "hebrew", "hp8", "keybcs2", "koi8r",
    "koi8u", "latin1", "latin2", "latin5", "latin7", "macce", "macroman", "sjis", "swe7", "tis620", "ucs2", "ujis",
    "utf16", "utf16le", "utf32", "utf8", "utf8mb3", "utf8mb4",
];

/// What ends a transaction: nearly all that is not about rows.
fn outside_transaction(change: &Change, _: &[TokenWithSpan]) -> bool {
    match change {
        Change::Insert(_) | Change::Update(_) | Change::Delete { .. } | Change::Select(_) | Change::Transaction(_) => {
            false
        }
        Change::Inert { what } => !matches!(*what, "SET" | "SHOW" | "EXPLAIN" | "DO" | "SIGNAL"),
        Change::Mysql(m) => !m.is_of_the_session(),
        _ => true,
    }
}

/// Whether a BEGIN holds statements: of triggers, routines and events, and MariaDB's BEGIN NOT ATOMIC.
fn opens_body(words: &[&str], _: &Token, next: Option<&Token>) -> bool {
    let is = |word: &str, list: &[&str]| list.iter().any(|w| w.eq_ignore_ascii_case(word));
    match words.first() {
        None => next.is_some_and(|t| is(word_of(t), &["NOT"])),
        Some(first) => {
            (is(first, &["CREATE"]) || is(first, &["ALTER"]) && words.iter().any(|w| is(w, &["EVENT"])))
                && words.iter().any(|w| is(w, &["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"]))
        }
    }
}

/// A statement, whole.
fn statement(c: &mut Cursor<'_>) -> R<Change> {
    read(c).map_err(|e| explained(c, e))
}

/// A reserved word where a name should be: what to do about it.
fn explained(c: &Cursor<'_>, error: SyntaxError) -> SyntaxError {
    if error.help.is_some() || error.rule != "syntax-error" {
        return error;
    }
    let word = c.tokens_in(error.span).first().map(|t| word_of(&t.token)).unwrap_or_default().to_owned();
    let wants_name = error.label.as_deref().is_some_and(|l| l.contains("name") || l.contains("column"));
    if wants_name && !word.is_empty() && !(c.syntax.is_name)(&word) { reserved(error, &word) } else { error }
}

fn made(change: MysqlChange) -> Change {
    Change::Mysql(Box::new(change))
}

fn read(c: &mut Cursor<'_>) -> R<Change> {
    if c.at_token(&Token::LParen) {
        return query::dml(c);
    }
    match word_of(c.peek()).to_ascii_uppercase().as_str() {
        "CREATE" => create(c),
        "ALTER" => alter(c),
        "DROP" => drop_statement(c),
        "RENAME" => rename(c),
        "TRUNCATE" => {
            c.advance();
            c.eat("TABLE");
            let table = c.name()?;
            c.lock_wait()?;
            Ok(Change::Truncate { tables: vec![table], restart_identity: true, cascade: false })
        }
        "SELECT" | "VALUES" | "TABLE" | "WITH" | "INSERT" | "REPLACE" | "UPDATE" | "DELETE" => {
            if c.at("SELECT")
                && let Some(variables) = guard::select_into(c)?
            {
                return Ok(variables);
            }
            query::dml(c)
        }
        "SET" => guard::set(c),
        "PREPARE" => guard::prepare(c),
        "EXECUTE" => guard::execute(c),
        "DEALLOCATE" => {
            c.advance();
            c.expect("PREPARE")?;
            Ok(made(MysqlChange::Deallocate { name: c.ident()? }))
        }
        "CALL" => call(c),
        "USE" => {
            c.advance();
            Ok(made(MysqlChange::Use(c.ident()?)))
        }
        "BEGIN" if c.at_nth(1, "NOT") => program::anonymous(c),
        "BEGIN" | "START" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => transaction(c),
        "DELIMITER" => Err(SyntaxError::new(
            "psql-command",
            c.peek_span(),
            "DELIMITER is a command of the client program, not SQL",
        )
        .help(
            "the mysql client reads it, a server does not: leave it out, a body between BEGIN and END is read whole",
        )),
        "GRANT" | "REVOKE" => privileges(c),
        "LOCK" | "UNLOCK" => lock_tables(c),
        "ANALYZE" | "OPTIMIZE" | "CHECK" | "REPAIR" | "CHECKSUM" => maintenance(c),
        "LOAD" => load(c),
        "DO" => {
            c.advance();
            if matches!(c.peek(), Token::DollarQuotedString(_) | Token::SingleQuotedString(_)) || c.at("LANGUAGE") {
                return Err(c.wrong_engine("DO $$ … $$ is PostgreSQL's", "write a procedure, and CALL it"));
            }
            c.list(Cursor::expr)?;
            Ok(Change::Inert { what: "DO" })
        }
        "FLUSH" => rest(c, "FLUSH"),
        "SHOW" => rest(c, "SHOW"),
        "DESCRIBE" | "DESC" | "EXPLAIN" => rest(c, "EXPLAIN"),
        "SIGNAL" | "RESIGNAL" => rest(c, "SIGNAL"),
        "KILL" | "RESET" | "PURGE" | "HANDLER" | "INSTALL" | "UNINSTALL" | "SHUTDOWN" | "CACHE" | "HELP" | "BINLOG" => {
            rest(c, "this statement")
        }
        "XA" | "CHANGE" | "STOP" => rest(c, "this statement"),
        "COMMENT" => {
            Err(c.wrong_engine("COMMENT ON is PostgreSQL's", "write COMMENT '…' with the column or the table"))
        }
        "PRAGMA" => Err(c.wrong_engine("PRAGMA is SQLite's", "write SET name = value")),
        "REINDEX" | "VACUUM" => Err(c.wrong_engine("this is another engine's", "write OPTIMIZE TABLE")),
        "MERGE" => Err(c.wrong_engine("there is no MERGE", "write INSERT … ON DUPLICATE KEY UPDATE …")),
        "REFRESH" => Err(c.wrong_engine("there are no materialized views", "keep a table, and fill it")),
        _ => Err(c.expected("a statement")),
    }
}

/// A statement whose words are the server's affair.
fn rest(c: &mut Cursor<'_>, what: &'static str) -> R<Change> {
    while !c.at_end() {
        c.advance();
    }
    Ok(Change::Inert { what })
}

// ---- CREATE

/// `DEFINER = user@host` and what else may stand before the kind of object.
fn definer(c: &mut Cursor<'_>) -> R<()> {
    if c.eat("ALGORITHM") {
        c.expect_token(&Token::Eq)?;
        c.label_name()?;
    }
    if c.eat("DEFINER") {
        c.expect_token(&Token::Eq)?;
        account(c)?;
    }
    if c.at_words("SQL SECURITY") {
        c.advance();
        c.advance();
        c.label_name()?;
    }
    Ok(())
}

/// `'user'@'host'`, `CURRENT_USER`, a role.
fn account(c: &mut Cursor<'_>) -> R<()> {
    if c.eat_any(&["CURRENT_USER", "CURRENT_ROLE"]).is_some() {
        if c.at_token(&Token::LParen) {
            c.skip_parens()?;
        }
        return Ok(());
    }
    if matches!(c.peek(), Token::SingleQuotedString(_)) {
        c.advance();
    } else {
        c.ident()?;
    }
    if matches!(c.peek(), Token::Placeholder(p) if p.starts_with('@')) || c.eat_token(&Token::AtSign) {
        c.advance();
    }
    Ok(())
}

fn create(c: &mut Cursor<'_>) -> R<Change> {
    let mark = c.mark();
    c.expect("CREATE")?;
    let or_replace = c.eat_words("OR REPLACE");
    if c.at_any(&["ALGORITHM", "DEFINER", "SQL"]) {
        definer(c)?;
    }
    if or_replace && !c.at("VIEW") {
        // MySQL replaces views alone (and spatial reference systems).
        c.mariadb_alone("OR REPLACE of this", "drop it first: DROP … IF EXISTS")?;
    }
    if c.eat_any(&["TEMPORARY", "TEMP"]) == Some("TEMPORARY") {
        if c.eat("SEQUENCE") {
            return named(c, ObjectKind::Sequence, or_replace);
        }
        c.expect("TABLE")?;
        return table::create_table(c, or_replace, true);
    }
    if c.eat("TABLE") {
        return table::create_table(c, or_replace, false);
    }
    let kind = match c.eat_any(&["UNIQUE", "FULLTEXT", "SPATIAL"]) {
        Some("UNIQUE") => KeyKind::Unique,
        Some("FULLTEXT") => KeyKind::Fulltext,
        Some(_) => KeyKind::Spatial,
        None => KeyKind::Plain,
    };
    if c.eat("INDEX") {
        return table::create_index(c, kind, or_replace, mark);
    }
    if kind != KeyKind::Plain {
        return Err(c.expected("INDEX"));
    }
    if c.at("AGGREGATE") {
        c.advance();
    }
    if c.eat("VIEW") {
        return create_view(c, or_replace);
    }
    if c.eat("TRIGGER") {
        return program::create_trigger(c, or_replace);
    }
    if c.at_any(&["PROCEDURE", "FUNCTION"]) {
        return program::create_routine(c, or_replace);
    }
    if c.eat("EVENT") {
        return program::create_event(c, or_replace);
    }
    if c.eat_any(&["DATABASE", "SCHEMA"]).is_some() {
        let if_not_exists = c.eat_words("IF NOT EXISTS");
        let name = c.ident()?;
        database_options(c)?;
        return Ok(made(MysqlChange::CreateDatabase { name, or_replace, if_not_exists }));
    }
    if c.at("SEQUENCE") {
        c.mariadb_alone("sequences", "use an AUTO_INCREMENT column")?;
        c.advance();
        return named(c, ObjectKind::Sequence, or_replace);
    }
    if c.eat_any(&["USER", "ROLE"]).is_some() {
        return rest(c, "CREATE USER");
    }
    if c.at_any(&["SERVER", "TABLESPACE", "UNDO", "LOGFILE", "RESOURCE", "SPATIAL", "PACKAGE"]) {
        return rest(c, "CREATE SERVER");
    }
    let help = match word_of(c.peek()).to_ascii_uppercase().as_str() {
        "EXTENSION" => "leave it out: MySQL's functions are there",
        "TYPE" | "DOMAIN" => "write the type with each column: ENUM('a', 'b')",
        "MATERIALIZED" => "keep a table, and fill it",
        "POLICY" => "MySQL has no row-level security: use views",
        "UNLOGGED" => "leave UNLOGGED out",
        "VIRTUAL" => "write CREATE TABLE",
        _ => return Err(c.expected("TABLE, INDEX, VIEW, TRIGGER, PROCEDURE, FUNCTION or EVENT")),
    };
    Err(c.wrong_engine("this is another engine's", help))
}

/// A sequence and its like: `[IF NOT EXISTS] name …`.
fn named(c: &mut Cursor<'_>, kind: ObjectKind, or_replace: bool) -> R<Change> {
    let if_not_exists = c.eat_words("IF NOT EXISTS");
    let name = c.name()?;
    while !c.at_end() {
        c.advance();
    }
    Ok(made(MysqlChange::CreateNamed { kind, name, or_replace, if_not_exists }))
}

fn database_options(c: &mut Cursor<'_>) -> R<()> {
    while !c.at_end() {
        c.eat("DEFAULT");
        if c.eat_words("CHARACTER SET") || c.eat_any(&["CHARSET", "COLLATE"]).is_some() {
            c.eat_token(&Token::Eq);
            c.charset_name()?;
        } else if c.eat_any(&["COMMENT", "ENCRYPTION"]).is_some() {
            c.eat_token(&Token::Eq);
            c.string()?;
        } else if c.eat_words("READ ONLY") {
            c.eat_token(&Token::Eq);
            c.advance();
        } else {
            return Err(c.expected("CHARACTER SET or COLLATE"));
        }
    }
    Ok(())
}

fn create_view(c: &mut Cursor<'_>, or_replace: bool) -> R<Change> {
    let mark = c.mark();
    let if_not_exists = c.at_words("IF NOT EXISTS");
    if if_not_exists {
        for _ in 0..3 {
            c.advance();
        }
        c.since("CREATE VIEW IF NOT EXISTS", 901, 0, mark)?;
    }
    view(c, or_replace, if_not_exists)
}

/// What follows VIEW in CREATE and in ALTER, which makes it anew.
fn view(c: &mut Cursor<'_>, or_replace: bool, if_not_exists: bool) -> R<Change> {
    let name = c.name()?;
    let columns = if c.at_token(&Token::LParen) { c.ident_list()? } else { Vec::new() };
    c.expect("AS")?;
    let query = c.query()?;
    if c.eat("WITH") {
        c.eat_any(&["CASCADED", "LOCAL"]);
        c.expect("CHECK OPTION")?;
    }
    Ok(Change::CreateView(CreateView {
        name,
        or_replace,
        if_not_exists,
        temporary: false,
        materialized: false,
        recursive: false,
        columns,
        query,
    }))
}

// ---- ALTER, DROP, RENAME

fn alter(c: &mut Cursor<'_>) -> R<Change> {
    c.expect("ALTER")?;
    c.eat("ONLINE");
    c.eat("IGNORE");
    if c.eat("TABLE") {
        return table::alter_table(c);
    }
    if c.at_any(&["ALGORITHM", "DEFINER", "SQL"]) {
        definer(c)?;
    }
    let kind = match c.eat_any(&["VIEW", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE"]) {
        Some("VIEW") => return view(c, true, false),
        Some("PROCEDURE") => ObjectKind::Procedure,
        Some("FUNCTION") => ObjectKind::Function,
        Some("EVENT") => ObjectKind::EventTrigger,
        Some(_) => ObjectKind::Sequence,
        None => {
            if c.eat_any(&["DATABASE", "SCHEMA"]).is_some() {
                if !c.at_any(&["CHARACTER", "CHARSET", "COLLATE", "DEFAULT", "COMMENT", "ENCRYPTION", "READ"]) {
                    c.ident()?;
                }
                database_options(c)?;
                return Ok(Change::Inert { what: "ALTER DATABASE" });
            }
            if c.at_any(&["USER", "ROLE", "SERVER", "INSTANCE", "TABLESPACE", "UNDO", "LOGFILE", "RESOURCE"]) {
                return rest(c, "ALTER USER");
            }
            if c.at_any(&["INDEX", "TYPE", "DOMAIN", "TRIGGER", "POLICY", "MATERIALIZED", "EXTENSION"]) {
                return Err(c.wrong_engine("this cannot be altered", "drop it and create it, or ALTER its TABLE"));
            }
            return Err(c.expected("TABLE, VIEW, PROCEDURE, FUNCTION, EVENT or DATABASE"));
        }
    };
    let if_exists = kind != ObjectKind::Procedure && c.eat_words("IF EXISTS");
    let name = c.name()?;
    let mut rename_to = None;
    while !c.at_end() {
        if kind == ObjectKind::EventTrigger && c.eat_words("RENAME TO") {
            rename_to = Some(c.name()?);
        } else {
            c.advance();
        }
    }
    Ok(made(MysqlChange::AlterNamed { kind, name, if_exists, rename_to }))
}

fn drop_statement(c: &mut Cursor<'_>) -> R<Change> {
    c.expect("DROP")?;
    let temporary = c.eat("TEMPORARY");
    let kind = match c.eat_any(&["TABLE", "TABLES", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE"]) {
        Some("TABLE" | "TABLES") => ObjectKind::Table,
        Some("VIEW") => ObjectKind::View,
        Some("TRIGGER") => ObjectKind::Trigger,
        Some("PROCEDURE") => ObjectKind::Procedure,
        Some("FUNCTION") => ObjectKind::Function,
        Some("EVENT") => ObjectKind::EventTrigger,
        Some(_) => ObjectKind::Sequence,
        None => {
            if c.eat("INDEX") {
                return table::drop_index(c);
            }
            if c.eat_any(&["DATABASE", "SCHEMA"]).is_some() {
                let if_exists = c.eat_words("IF EXISTS");
                return Ok(made(MysqlChange::DropDatabase { name: c.ident()?, if_exists }));
            }
            if c.eat("PREPARE") {
                return Ok(made(MysqlChange::Deallocate { name: c.ident()? }));
            }
            if c.at_any(&["USER", "ROLE", "SERVER", "TABLESPACE", "UNDO", "LOGFILE", "RESOURCE", "SPATIAL", "PACKAGE"])
            {
                return rest(c, "DROP USER");
            }
            if c.at_any(&["TYPE", "EXTENSION", "DOMAIN", "MATERIALIZED", "POLICY", "COLUMN", "CONSTRAINT"]) {
                return Err(c.wrong_engine("there is nothing of this kind to drop", "leave it out, or ALTER the TABLE"));
            }
            return Err(c.expected("TABLE, INDEX, VIEW, TRIGGER, PROCEDURE, FUNCTION or EVENT"));
        }
    };
    let if_exists = c.eat_words("IF EXISTS");
    let several = matches!(kind, ObjectKind::Table | ObjectKind::View | ObjectKind::Sequence);
    let names = if several { c.list(Cursor::name)? } else { vec![c.name()?] };
    if kind == ObjectKind::Trigger && c.at("ON") {
        return Err(c.wrong_engine("a trigger has a name of its own", "leave ON … out"));
    }
    if several {
        c.lock_wait()?;
        c.eat_any(&["RESTRICT", "CASCADE"]);
    }
    Ok(made(MysqlChange::Drop { kind, names, if_exists, temporary }))
}

fn rename(c: &mut Cursor<'_>) -> R<Change> {
    c.expect("RENAME")?;
    if c.eat("USER") {
        return rest(c, "RENAME USER");
    }
    if c.eat_any(&["TABLE", "TABLES"]).is_none() {
        return Err(c.expected("TABLE"));
    }
    let if_exists = c.at_words("IF EXISTS");
    if if_exists {
        c.mariadb_alone("IF EXISTS of RENAME TABLE", "look into information_schema, and PREPARE the statement")?;
        c.eat_words("IF EXISTS");
    }
    let mut pairs = Vec::new();
    loop {
        let from = c.name()?;
        c.lock_wait()?;
        c.expect("TO")?;
        pairs.push((from, c.name()?));
        if !c.eat_token(&Token::Comma) {
            break;
        }
    }
    Ok(made(MysqlChange::RenameTables { pairs, if_exists }))
}

// ---- the rest

fn call(c: &mut Cursor<'_>) -> R<Change> {
    c.expect("CALL")?;
    let name = c.name()?;
    let mut arguments = Vec::new();
    if c.at_token(&Token::LParen) && matches!(c.peek_nth(1), Token::RParen) {
        c.advance();
        c.advance();
    } else if c.at_token(&Token::LParen) {
        arguments = c.parens(|c| c.list(Cursor::expr))?.into_iter().map(|e| e.literal).collect();
    }
    Ok(made(MysqlChange::Call { name, arguments }))
}

fn transaction(c: &mut Cursor<'_>) -> R<Change> {
    let verb = c.eat_any(&["BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"]).unwrap_or_default();
    if verb == "START" {
        if !c.at("TRANSACTION") {
            return rest(c, "this statement");
        }
        c.advance();
        while c.at_any(&["READ", "WITH"]) {
            if c.eat("READ") {
                if c.eat_any(&["ONLY", "WRITE"]).is_none() {
                    return Err(c.expected("ONLY or WRITE"));
                }
            } else {
                c.expect("WITH CONSISTENT SNAPSHOT")?;
            }
            c.eat_token(&Token::Comma);
        }
        return Ok(Change::Transaction(Transaction::Begin));
    }
    if matches!(verb, "SAVEPOINT" | "RELEASE") {
        if verb == "RELEASE" {
            c.expect("SAVEPOINT")?;
        }
        c.ident()?;
        return Ok(Change::Transaction(Transaction::Savepoint));
    }
    if c.at("TRANSACTION") {
        return Err(c.wrong_engine("MySQL writes no TRANSACTION here", "write START TRANSACTION, COMMIT, ROLLBACK"));
    }
    c.eat("WORK");
    if verb == "ROLLBACK" && c.eat("TO") {
        c.eat("SAVEPOINT");
        c.ident()?;
        return Ok(Change::Transaction(Transaction::Savepoint));
    }
    if c.eat("AND") {
        c.eat("NO");
        c.expect("CHAIN")?;
    }
    if c.at_words("NO RELEASE") || c.at("RELEASE") {
        c.eat("NO");
        c.advance();
    }
    Ok(Change::Transaction(match verb {
        "BEGIN" => Transaction::Begin,
        "ROLLBACK" => Transaction::Rollback,
        _ => Transaction::Commit,
    }))
}

/// GRANT and REVOKE: their balance is looked at, and that a TO or FROM is there.
fn privileges(c: &mut Cursor<'_>) -> R<Change> {
    let word = if c.eat("GRANT") { "TO" } else { "FROM" };
    c.eat("REVOKE");
    let mut found = false;
    while !c.at_end() {
        found |= c.at(word);
        if c.at_token(&Token::LParen) {
            c.skip_parens()?;
        } else {
            c.advance();
        }
    }
    if found { Ok(Change::Inert { what: "GRANT" }) } else { Err(c.expected(word)) }
}

fn lock_tables(c: &mut Cursor<'_>) -> R<Change> {
    let lock = c.at("LOCK");
    c.advance();
    if c.eat_any(&["TABLES", "TABLE", "INSTANCE"]).is_none() {
        return Err(c.expected("TABLES"));
    }
    if !lock {
        return Ok(Change::Inert { what: "UNLOCK TABLES" });
    }
    loop {
        c.name()?;
        if c.eat("AS") || !c.at_any(&["READ", "WRITE", "LOW_PRIORITY"]) {
            c.ident()?;
        }
        c.eat("LOW_PRIORITY");
        match c.eat_any(&["READ", "WRITE"]) {
            Some("READ") => {
                c.eat("LOCAL");
            }
            Some(_) => {
                c.eat("CONCURRENT");
            }
            None => return Err(c.expected("READ or WRITE")),
        }
        if !c.eat_token(&Token::Comma) {
            break;
        }
    }
    c.lock_wait()?;
    Ok(Change::Inert { what: "LOCK TABLES" })
}

/// ANALYZE, OPTIMIZE, CHECK, REPAIR TABLE: the tables must be there to be of use, and a missing one is a row, no error.
fn maintenance(c: &mut Cursor<'_>) -> R<Change> {
    c.advance();
    c.eat_any(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
    if c.eat_any(&["TABLE", "TABLES", "VIEW"]).is_none() {
        // ANALYZE SELECT … of MariaDB.
        return rest(c, "EXPLAIN");
    }
    c.list(Cursor::name)?;
    while !c.at_end() {
        c.advance();
    }
    Ok(Change::Inert { what: "ANALYZE TABLE" })
}

fn load(c: &mut Cursor<'_>) -> R<Change> {
    c.expect("LOAD")?;
    if c.eat_any(&["DATA", "XML"]).is_none() {
        return rest(c, "this statement");
    }
    while !c.at_end() && !c.at("INTO") {
        c.advance();
    }
    c.expect("INTO TABLE")?;
    let table = c.name()?;
    while !c.at_end() {
        c.advance();
    }
    let target = crate::change::Target::plain(table);
    Ok(Change::Touch { what: "LOAD DATA", targets: vec![(ObjectKind::Table, target)], if_exists: false })
}

/// A name from a text.
fn ident(value: &str, span: crate::span::Span) -> Ident {
    Ident::new(value.to_owned(), span)
}
