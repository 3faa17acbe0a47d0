//! SQLite's grammar, as the syntax diagrams of 3.40 have it (<https://www.sqlite.org/lang.html>).
//!
//! What a statement may hold is listed here word by word; what another engine would take is refused where SQLite
//! refuses it, with SQLite's own form as the help.

#[cfg(test)]
mod tests;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{Cursor, R, Syntax, SyntaxError, expression, word_of};
use crate::change::{
    Action, AlterTable, Change, ColumnDefinition, ConstraintDefinition, ConstraintKind, CreateIndex, CreateTable,
    CreateTrigger, CreateView, Drop, Expr, ForeignKey, Generated, Ident, IndexColumn, Literal, Name, Names, NodeId,
    ObjectKind, Reads, Select, TableAction, TableActionKind, Target, Transaction, TypeName,
};
use crate::config::Backend;

pub(super) static SYNTAX: Syntax =
    Syntax { backend: Backend::Sqlite, server: u32::MAX, statement, is_name, fold, outside_transaction, opens_body };

/// The words that name nothing without quotes. All other keywords fall back to names (`%fallback` in `parse.y`).
/// Sorted.
const RESERVED: &[&str] = &[
    "add",
    "all",
    "alter",
    "and",
    "as",
    "autoincrement",
    "between",
    "case",
    "check",
    "collate",
    "commit",
    "constraint",
    "create",
    "default",
    "deferrable",
    "delete",
    "distinct",
    "drop",
    "else",
    "escape",
    "except",
    "exists",
    "foreign",
    "from",
    "group",
    "having",
    "in",
    "index",
    "insert",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "limit",
    "not",
    "nothing",
    "notnull",
    "null",
    "on",
    "or",
    "order",
    "primary",
    "references",
    "returning",
    "select",
    "set",
    "table",
    "then",
    "to",
    "transaction",
    "union",
    "unique",
    "update",
    "using",
    "values",
    "when",
    "where",
];

/// JOIN_KW: names, too, but not where a join may stand, nor in a type.
const JOIN_WORDS: &[&str] = &["cross", "full", "inner", "left", "natural", "outer", "right"];

/// What SQLite has no ALTER TABLE for.
const REBUILD: &str = "SQLite's ALTER TABLE renames, adds a column or drops one; for the rest make a new table, copy \
                       the rows with INSERT INTO … SELECT, drop the old one and rename";

fn is_name(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    RESERVED.binary_search(&lower.as_str()).is_err() && !is_join_word(word)
}

/// Whether a word names something wherever a join cannot stand.
pub(super) fn is_join_word(word: &str) -> bool {
    JOIN_WORDS.iter().any(|w| w.eq_ignore_ascii_case(word))
}

/// Names keep their case; they are looked up without it.
fn fold(word: &str) -> String {
    word.to_owned()
}

/// VACUUM, and the PRAGMAs that answer with an error inside a transaction.
fn outside_transaction(change: &Change, tokens: &[TokenWithSpan]) -> bool {
    let Change::Inert { what } = change else { return false };
    match *what {
        "VACUUM" => true,
        "PRAGMA" => {
            let setting = tokens.iter().any(|t| matches!(t.token, Token::Eq | Token::LParen));
            let named = |name: &str| tokens.iter().take(4).any(|t| word_of(&t.token).eq_ignore_ascii_case(name));
            named("wal_checkpoint") || setting && named("synchronous")
        }
        _ => false,
    }
}

fn opens_body(words: &[&str], _: &Token, _: Option<&Token>) -> bool {
    let at = |n: usize, w: &str| words.get(n).is_some_and(|x| x.eq_ignore_ascii_case(w));
    at(0, "create") && (at(1, "trigger") || (at(1, "temp") || at(1, "temporary")) && at(2, "trigger"))
}

fn statement(c: &mut Cursor<'_>) -> R<Change> {
    match word_of(c.peek()).to_ascii_uppercase().as_str() {
        "CREATE" => create(c),
        "ALTER" => alter(c),
        "DROP" => drop_statement(c),
        "SELECT" | "VALUES" | "WITH" | "INSERT" | "REPLACE" | "UPDATE" | "DELETE" => expression::dml(c),
        "PRAGMA" => pragma(c),
        "BEGIN" | "COMMIT" | "END" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => transaction(c),
        "EXPLAIN" => {
            c.advance();
            c.eat_words("QUERY PLAN");
            statement(c)?;
            Ok(Change::Inert { what: "EXPLAIN" })
        }
        "VACUUM" => {
            c.advance();
            if !c.at_end() && !c.at("INTO") {
                name(c)?;
            }
            if c.eat("INTO") {
                c.expr()?;
            }
            Ok(Change::Inert { what: "VACUUM" })
        }
        "ANALYZE" | "REINDEX" => {
            let what = if c.at("ANALYZE") { "ANALYZE" } else { "REINDEX" };
            c.advance();
            if !c.at_end() {
                qualified(c)?;
            }
            Ok(Change::Inert { what })
        }
        "ATTACH" => {
            c.advance();
            c.eat("DATABASE");
            c.expr()?;
            c.expect("AS")?;
            c.expr()?;
            if c.eat("KEY") {
                c.expr()?;
            }
            Ok(Change::Opaque { why: "ATTACH brings another database".to_owned() })
        }
        "DETACH" => {
            c.advance();
            c.eat("DATABASE");
            c.expr()?;
            Ok(Change::Inert { what: "DETACH" })
        }
        word => Err(foreign_statement(c, word)),
    }
}

/// The error of a statement that SQLite does not have.
fn foreign_statement(c: &Cursor<'_>, word: &str) -> SyntaxError {
    let help = match word {
        "TRUNCATE" => "write DELETE FROM table",
        "COMMENT" => "SQLite keeps no comments on objects: write -- in the CREATE statement",
        "DO" | "CALL" | "EXECUTE" | "PREPARE" => "SQLite has no procedural statements: write plain SQL, or a trigger",
        "GRANT" | "REVOKE" => "SQLite has no users: the file's permissions decide",
        "SET" => "SQLite sets with PRAGMA name = value",
        "START" => "write BEGIN",
        "USE" => "SQLite has one database a connection; others come with ATTACH",
        "LOCK" | "UNLOCK" => "SQLite locks the file by itself: BEGIN IMMEDIATE takes the write lock",
        "RENAME" => "write ALTER TABLE … RENAME TO …",
        "MERGE" => "write INSERT … ON CONFLICT (columns) DO UPDATE SET …",
        "COPY" => "write INSERT INTO … VALUES …",
        "SHOW" | "DESCRIBE" | "DESC" => "SQLite answers that with PRAGMA table_info(name) or from sqlite_schema",
        _ => return c.expected("a statement"),
    };
    foreign(c, help)
}

/// The engine's own words for the next token, and its own form for what was meant.
fn foreign(c: &Cursor<'_>, help: &str) -> SyntaxError {
    let e = c.expected("");
    SyntaxError { rule: "wrong-engine", label: None, ..e }.help(help)
}

// ---- names

/// A name wherever no join can stand: a word, a quoted one, or a string.
pub(super) fn name(c: &mut Cursor<'_>) -> R<Ident> {
    if let Token::SingleQuotedString(s) = c.peek() {
        let ident = Ident::new(s.clone(), c.peek_span());
        c.advance();
        return Ok(ident);
    }
    c.ident_if(|w| is_name(w) || is_join_word(w), "a name")
}

/// `name` or `schema.name`.
fn qualified(c: &mut Cursor<'_>) -> R<Name> {
    let first = name(c)?;
    if c.eat_token(&Token::Period) {
        return Ok(Name { schema: Some(first), name: name(c)? });
    }
    Ok(Name { schema: None, name: first })
}

fn names_in_parens(c: &mut Cursor<'_>) -> R<Vec<Ident>> {
    c.parens(|c| c.list(name))
}

fn if_not_exists(c: &mut Cursor<'_>) -> bool {
    c.eat_words("IF NOT EXISTS")
}

// ---- CREATE

fn create(c: &mut Cursor<'_>) -> R<Change> {
    c.expect("CREATE")?;
    if c.at("OR") {
        return Err(foreign(c, "SQLite has no OR REPLACE: write DROP … IF EXISTS before CREATE"));
    }
    let temporary = c.eat_any(&["TEMP", "TEMPORARY"]).is_some();
    if c.eat("TABLE") {
        return create_table(c, temporary);
    }
    if c.eat("VIEW") {
        return create_view(c, temporary);
    }
    if c.eat("TRIGGER") {
        return create_trigger(c, temporary);
    }
    if temporary {
        return Err(c.expected("TABLE, VIEW or TRIGGER"));
    }
    let unique = c.eat("UNIQUE");
    if c.eat("INDEX") {
        return create_index(c, unique);
    }
    if unique {
        return Err(c.expected("INDEX"));
    }
    if c.eat_words("VIRTUAL TABLE") {
        return create_virtual_table(c);
    }
    let help = match word_of(c.peek()).to_ascii_uppercase().as_str() {
        "TYPE" | "DOMAIN" => "SQLite has no types of its own: write CHECK (column IN ('a', 'b'))",
        "EXTENSION" => "SQLite's extensions are loaded by the program, not by SQL",
        "FUNCTION" | "PROCEDURE" | "AGGREGATE" => "SQLite's functions are registered by the program, not by SQL",
        "SCHEMA" | "DATABASE" => "SQLite has one schema a file; others come with ATTACH",
        "SEQUENCE" => "INTEGER PRIMARY KEY counts by itself",
        "MATERIALIZED" => "SQLite's views are never stored: write CREATE VIEW, or a table kept by triggers",
        "UNLOGGED" | "GLOBAL" | "LOCAL" => "write CREATE TABLE or CREATE TEMP TABLE",
        "FULLTEXT" | "SPATIAL" | "CLUSTERED" => {
            "write CREATE INDEX; full text search is CREATE VIRTUAL TABLE … USING fts5"
        }
        "CONSTRAINT" => "write CREATE TRIGGER",
        "ROLE" | "USER" | "POLICY" => "SQLite has no users: the file's permissions decide",
        _ => return Err(c.expected("TABLE, INDEX, VIEW, TRIGGER or VIRTUAL TABLE")),
    };
    Err(foreign(c, help))
}

fn create_table(c: &mut Cursor<'_>, temporary: bool) -> R<Change> {
    let if_not_exists = if_not_exists(c);
    let mut table = CreateTable {
        name: qualified(c)?,
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
    };
    if c.eat("AS") {
        table.query = Some((Vec::new(), c.query()?));
        return Ok(Change::CreateTable(table));
    }
    if c.at_any(&["LIKE"]) {
        return Err(foreign(c, "write CREATE TABLE … AS SELECT * FROM … WHERE false, or the columns themselves"));
    }
    c.expect_token(&Token::LParen)?;
    loop {
        if at_table_constraint(c) {
            break;
        }
        table.columns.push(column(c)?);
        if !c.eat_token(&Token::Comma) {
            break;
        }
    }
    if table.columns.is_empty() {
        return Err(c.expected("a column"));
    }
    while at_table_constraint(c) {
        table_constraint(c, &mut table.constraints)?;
        // The comma between constraints may be left out.
        if c.eat_token(&Token::Comma) && !at_table_constraint(c) {
            return Err(c.expected("a constraint: columns stand before them"));
        }
    }
    if !c.at_token(&Token::RParen) {
        return Err(not_in_a_table(c));
    }
    c.advance();
    table_options(c, &mut table)?;
    table_makes_sense(&table)?;
    Ok(Change::CreateTable(table))
}

fn at_table_constraint(c: &Cursor<'_>) -> bool {
    c.at_any(&["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"])
}

/// The error of what stands in a column list and is no column.
fn not_in_a_table(c: &Cursor<'_>) -> SyntaxError {
    let help = match word_of(c.peek()).to_ascii_uppercase().as_str() {
        "INDEX" => "write CREATE INDEX name ON table (columns) as a statement of its own",
        "AUTO_INCREMENT" | "IDENTITY" => {
            "INTEGER PRIMARY KEY counts by itself; AUTOINCREMENT never uses a number twice"
        }
        "COMMENT" => "SQLite keeps no comments on columns: write --",
        "ON" => "SQLite has no ON UPDATE of a value: write a trigger",
        "EXCLUDE" => "SQLite has no exclusion constraints: write a trigger",
        "USING" => "SQLite has one kind of index: leave USING out",
        _ => return c.expected("\",\" or \")\""),
    };
    foreign(c, help)
}

fn table_options(c: &mut Cursor<'_>, table: &mut CreateTable) -> R<()> {
    if c.at_end() {
        return Ok(());
    }
    c.eat_token(&Token::Comma);
    loop {
        if c.eat("WITHOUT") {
            if !c.eat("ROWID") {
                return Err(c.expected("ROWID"));
            }
            table.without_rowid = true;
        } else if c.eat("STRICT") {
            table.strict = true;
        } else if c.at_any(&["ENGINE", "DEFAULT", "CHARSET", "CHARACTER", "COLLATE", "AUTO_INCREMENT", "COMMENT"]) {
            return Err(foreign(c, "SQLite's tables end with the parenthesis, WITHOUT ROWID or STRICT"));
        } else if c.at_any(&["PARTITION", "INHERITS", "TABLESPACE", "WITH"]) {
            return Err(foreign(c, "SQLite has no partitions, inheritance or storage parameters"));
        } else {
            return Err(c.expected("WITHOUT ROWID or STRICT"));
        }
        if !c.eat_token(&Token::Comma) {
            return Ok(());
        }
    }
}

/// What SQLite says of a definition that reads well.
fn table_makes_sense(table: &CreateTable) -> R<()> {
    let invalid = |span, message: String| SyntaxError::new("invalid-definition", span, message);
    let key = table
        .columns
        .iter()
        .flat_map(|c| &c.constraints)
        .chain(&table.constraints)
        .any(|k| matches!(k.kind, ConstraintKind::PrimaryKey { .. }));
    if table.without_rowid && !key {
        return Err(invalid(table.name.span(), format!("PRIMARY KEY missing on table {}", table.name.name.value)));
    }
    for column in &table.columns {
        for k in &column.constraints {
            column_makes_sense(table, column, k)?;
        }
        if let (Some(t), false) = (&column.data_type, table.strict) {
            other_engines_counter(column, t)?;
        }
    }
    if let Some(last) = table.columns.last()
        && table.columns.iter().all(|c| c.generated.is_some())
    {
        return Err(invalid(last.span, "must have at least one non-generated column".to_owned()));
    }
    Ok(())
}

fn column_makes_sense(table: &CreateTable, column: &ColumnDefinition, k: &ConstraintDefinition) -> R<()> {
    let ConstraintKind::PrimaryKey { autoincrement, .. } = &k.kind else { return Ok(()) };
    if column.generated.is_some() {
        let message = "generated columns cannot be part of the PRIMARY KEY";
        return Err(SyntaxError::new("invalid-definition", k.span, message));
    }
    if !autoincrement {
        return Ok(());
    }
    if table.without_rowid {
        let message = "AUTOINCREMENT not allowed on WITHOUT ROWID tables";
        return Err(SyntaxError::new("invalid-definition", k.span, message));
    }
    let integer = column
        .data_type
        .as_ref()
        .is_some_and(|t| t.name.name.value.eq_ignore_ascii_case("integer") && t.modifiers.is_empty());
    if integer {
        return Ok(());
    }
    Err(SyntaxError::new("invalid-definition", k.span, "AUTOINCREMENT is only allowed on an INTEGER PRIMARY KEY")
        .help("write INTEGER, in this very word: INT or BIGINT will not do"))
}

/// Words of other engines for a column that counts: SQLite takes them for a type, and the column stays NULL.
fn other_engines_counter(column: &ColumnDefinition, t: &TypeName) -> R<()> {
    const COUNTERS: &[&str] = &["serial", "bigserial", "smallserial", "auto_increment", "identity"];
    let words = t.name.name.value.to_ascii_lowercase();
    let Some(word) = words.split(' ').find(|w| COUNTERS.contains(w)) else { return Ok(()) };
    let key = column.constraints.iter().any(|k| matches!(k.kind, ConstraintKind::PrimaryKey { .. }));
    if !key && word != "auto_increment" {
        return Ok(());
    }
    let message = format!("SQLite takes {} for the name of a type: the column does not count", word.to_uppercase());
    Err(SyntaxError::new("wrong-engine", t.span, message)
        .help("write INTEGER PRIMARY KEY: SQLite fills such a column by itself"))
}

// ---- columns

fn column(c: &mut Cursor<'_>) -> R<ColumnDefinition> {
    let mark = c.mark();
    if !matches!(c.peek(), Token::Word(_) | Token::SingleQuotedString(_)) || c.at("INDEX") || c.at("EXCLUDE") {
        return Err(if c.at("EXCLUDE") && !matches!(c.peek_nth(1), Token::LParen) && !c.at_nth(1, "USING") {
            c.expected("a column")
        } else {
            not_in_a_table(c)
        });
    }
    let name = name(c)?;
    let data_type = data_type(c, &name)?;
    let mut column = ColumnDefinition {
        name,
        data_type,
        collation: None,
        not_null: None,
        not_null_name: None,
        default: None,
        generated: None,
        identity: None,
        sequence: None,
        constraints: Vec::new(),
        span: c.span_from(mark),
    };
    while column_constraint(c, &mut column)? {}
    column.span = c.span_from(mark);
    Ok(column)
}

/// Any words, and one or two numbers in parentheses.
fn data_type(c: &mut Cursor<'_>, column: &Ident) -> R<Option<TypeName>> {
    let mark = c.mark();
    let mut words = Vec::new();
    loop {
        let takes = match c.peek() {
            Token::SingleQuotedString(_) => true,
            Token::Word(w) if w.quote_style.is_some() => true,
            Token::Word(w) => is_name(&w.value) && !c.at("INDEXED") && !c.at_words("GENERATED ALWAYS AS"),
            _ => false,
        };
        if !takes {
            break;
        }
        if let Token::Word(w) = c.peek() {
            words.push(w.value.clone());
            c.advance();
        } else {
            words.push(c.string()?.0);
        }
    }
    if words.is_empty() {
        return Ok(None);
    }
    let span = c.span_from(mark);
    let mut modifiers = Vec::new();
    if c.at_token(&Token::LParen) {
        let enumerates = matches!(c.peek_nth(1), Token::SingleQuotedString(_));
        if enumerates && words[0].eq_ignore_ascii_case("enum") {
            c.advance();
            let help = format!("SQLite has no ENUM: write TEXT CHECK ({} IN ('a', 'b'))", column.value);
            return Err(foreign(c, &help));
        }
        let lists = matches!(c.peek_nth(1), Token::Word(_));
        if lists && ["key", "index", "fulltext"].iter().any(|w| w.eq_ignore_ascii_case(&column.value)) {
            c.advance();
            return Err(foreign(c, "write CREATE INDEX name ON table (columns) as a statement of its own"));
        }
        modifiers = c.parens(|c| {
            let mut numbers = vec![c.number()?];
            if c.eat_token(&Token::Comma) {
                numbers.push(c.number()?);
            }
            Ok(numbers)
        })?;
    }
    Ok(Some(TypeName {
        name: Name { schema: None, name: Ident::new(words.join(" "), span) },
        modifiers,
        dimensions: 0,
        set_of: false,
        of_column: false,
        keyword: true,
        span: c.span_from(mark),
    }))
}

fn column_constraint(c: &mut Cursor<'_>, column: &mut ColumnDefinition) -> R<bool> {
    let mark = c.mark();
    let mut constraint = None;
    while c.eat("CONSTRAINT") {
        constraint = Some(name(c)?);
    }
    let own = || vec![column.name.clone()];
    let mut lenient = false;
    let kind = if c.eat_words("PRIMARY KEY") {
        let descends = c.eat_any(&["ASC", "DESC"]) == Some("DESC");
        lenient = on_conflict(c)?;
        if c.at("AUTO_INCREMENT") {
            return Err(not_in_a_table(c));
        }
        if descends && c.at("AUTOINCREMENT") {
            let message = "AUTOINCREMENT is only allowed on an INTEGER PRIMARY KEY";
            return Err(SyntaxError::new("invalid-definition", c.peek_span(), message).help("leave DESC out"));
        }
        let autoincrement = c.eat("AUTOINCREMENT");
        ConstraintKind::PrimaryKey { columns: own(), using_index: None, autoincrement }
    } else if c.eat("UNIQUE") {
        lenient = on_conflict(c)?;
        ConstraintKind::Unique { columns: own(), using_index: None, nulls_not_distinct: false }
    } else if c.eat("CHECK") {
        ConstraintKind::Check(c.parens(Cursor::expr)?)
    } else if c.at("REFERENCES") {
        let columns = own();
        ConstraintKind::ForeignKey(references(c, columns)?)
    } else if c.at_words("NOT NULL") || c.at("NULL") {
        let not = c.eat("NOT");
        c.advance();
        on_conflict(c)?;
        column.not_null = Some(not || column.not_null == Some(true));
        if not && column.not_null_name.is_none() {
            column.not_null_name = constraint;
        }
        return Ok(true);
    } else if c.eat("DEFAULT") {
        column.default = Some(default(c)?);
        return Ok(true);
    } else if c.eat("COLLATE") {
        column.collation = Some(Name { schema: None, name: name(c)? });
        return Ok(true);
    } else if c.at_words("GENERATED ALWAYS AS") || c.at("AS") {
        c.eat_words("GENERATED ALWAYS");
        c.expect("AS")?;
        if c.at("IDENTITY") {
            return Err(foreign(c, "INTEGER PRIMARY KEY counts by itself"));
        }
        let expr = c.parens(Cursor::expr)?;
        let stored = c.eat("STORED");
        if !stored {
            c.eat("VIRTUAL");
        }
        column.generated = Some(Generated { expr, stored });
        return Ok(true);
    } else if c.at("DEFERRABLE") || c.at_words("NOT DEFERRABLE") {
        let deferrable = deferrable(c)?;
        if let Some(k) = column.constraints.last_mut() {
            k.deferrable = deferrable;
        }
        return Ok(true);
    } else {
        // A name with no constraint after it is taken.
        return match c.peek() {
            Token::Comma | Token::RParen | Token::EOF => Ok(false),
            _ => Err(not_in_a_table(c)),
        };
    };
    column.constraints.push(constraint_definition(c, constraint, kind, lenient, mark)?);
    Ok(true)
}

fn constraint_definition(
    c: &mut Cursor<'_>,
    name: Option<Ident>,
    kind: ConstraintKind,
    lenient: bool,
    mark: usize,
) -> R<ConstraintDefinition> {
    let deferrable = lenient || matches!(kind, ConstraintKind::ForeignKey(_)) && deferrable(c)?;
    Ok(ConstraintDefinition {
        name,
        kind,
        span: c.span_from(mark),
        not_valid: false,
        deferrable,
        no_inherit: false,
        include: Vec::new(),
    })
}

fn table_constraint(c: &mut Cursor<'_>, out: &mut Vec<ConstraintDefinition>) -> R<()> {
    let mark = c.mark();
    let mut constraint = None;
    while c.eat("CONSTRAINT") {
        constraint = Some(name(c)?);
    }
    let mut lenient = false;
    let kind = if c.eat_words("PRIMARY KEY") {
        let mut autoincrement = false;
        let columns = c.parens(|c| {
            let columns = c.list(key_column)?;
            autoincrement = c.eat("AUTOINCREMENT");
            Ok(columns)
        })?;
        lenient = on_conflict(c)?;
        ConstraintKind::PrimaryKey { columns, using_index: None, autoincrement }
    } else if c.eat("UNIQUE") {
        if c.at_any(&["KEY", "INDEX"]) {
            return Err(foreign(c, "write UNIQUE (columns)"));
        }
        let columns = c.parens(|c| c.list(key_column))?;
        lenient = on_conflict(c)?;
        ConstraintKind::Unique { columns, using_index: None, nulls_not_distinct: false }
    } else if c.eat("CHECK") {
        let expr = c.parens(Cursor::expr)?;
        on_conflict(c)?;
        ConstraintKind::Check(expr)
    } else if c.eat_words("FOREIGN KEY") {
        let columns = names_in_parens(c)?;
        ConstraintKind::ForeignKey(references(c, columns)?)
    } else if constraint.is_some() && matches!(c.peek(), Token::Comma | Token::RParen) {
        return Ok(());
    } else {
        return Err(c.expected("PRIMARY KEY, UNIQUE, CHECK or FOREIGN KEY"));
    };
    out.push(constraint_definition(c, constraint, kind, lenient, mark)?);
    Ok(())
}

/// A column of a PRIMARY KEY or UNIQUE, with its collation and direction.
fn key_column(c: &mut Cursor<'_>) -> R<Ident> {
    let mark = c.mark();
    let plain = matches!(c.peek(), Token::Word(_) | Token::SingleQuotedString(_))
        && (matches!(c.peek_nth(1), Token::Comma | Token::RParen)
            || ["COLLATE", "ASC", "DESC", "AUTOINCREMENT", "NULLS"].iter().any(|w| c.at_nth(1, w)));
    if !plain {
        c.expr()?;
        let message = "expressions prohibited in PRIMARY KEY and UNIQUE constraints";
        return Err(SyntaxError::new("syntax-error", c.span_from(mark), message)
            .help("write CREATE UNIQUE INDEX … ON table (expression)"));
    }
    let column = name(c)?;
    if c.eat("COLLATE") {
        name(c)?;
    }
    direction(c)?;
    Ok(column)
}

fn direction(c: &mut Cursor<'_>) -> R<()> {
    c.eat_any(&["ASC", "DESC"]);
    if c.at_words("NULLS FIRST") || c.at_words("NULLS LAST") {
        let which = if c.at_words("NULLS FIRST") { "FIRST" } else { "LAST" };
        let message = format!("unsupported use of NULLS {which}");
        return Err(SyntaxError::new("wrong-engine", c.peek_span(), message)
            .help("SQLite orders NULLs in queries alone: ORDER BY … NULLS LAST"));
    }
    Ok(())
}

/// `ON CONFLICT ROLLBACK` …, which every constraint may have: whether it lets a statement go on.
fn on_conflict(c: &mut Cursor<'_>) -> R<bool> {
    if !c.eat_words("ON CONFLICT") {
        return Ok(false);
    }
    match c.eat_any(&["ROLLBACK", "ABORT", "FAIL", "IGNORE", "REPLACE"]) {
        Some(what) => Ok(matches!(what, "IGNORE" | "REPLACE")),
        None => Err(c.expected("ROLLBACK, ABORT, FAIL, IGNORE or REPLACE")),
    }
}

fn references(c: &mut Cursor<'_>, columns: Vec<Ident>) -> R<ForeignKey> {
    c.expect("REFERENCES")?;
    let table = Name { schema: None, name: name(c)? };
    let referenced = if c.at_token(&Token::LParen) { names_in_parens(c)? } else { Vec::new() };
    let mut key = ForeignKey { columns, table, referenced, on_delete: Action::default(), on_update: Action::default() };
    loop {
        if c.eat("MATCH") {
            name(c)?;
        } else if c.eat("ON") {
            match c.eat_any(&["DELETE", "UPDATE", "INSERT"]) {
                Some("DELETE") => key.on_delete = action(c)?,
                Some("UPDATE") => key.on_update = action(c)?,
                Some(_) => drop(action(c)?),
                None => return Err(c.expected("DELETE or UPDATE")),
            }
        } else {
            return Ok(key);
        }
    }
}

fn action(c: &mut Cursor<'_>) -> R<Action> {
    for (words, action) in [
        ("SET NULL", Action::SetNull),
        ("SET DEFAULT", Action::SetDefault),
        ("CASCADE", Action::Cascade),
        ("RESTRICT", Action::Restrict),
        ("NO ACTION", Action::NoAction),
    ] {
        if c.eat_words(words) {
            return Ok(action);
        }
    }
    Err(c.expected("SET NULL, SET DEFAULT, CASCADE, RESTRICT or NO ACTION"))
}

/// `[NOT] DEFERRABLE [INITIALLY DEFERRED | IMMEDIATE]`.
fn deferrable(c: &mut Cursor<'_>) -> R<bool> {
    let not = c.eat_words("NOT DEFERRABLE");
    let yes = !not && c.eat("DEFERRABLE");
    if (not || yes) && c.eat("INITIALLY") && c.eat_any(&["DEFERRED", "IMMEDIATE"]).is_none() {
        return Err(c.expected("DEFERRED or IMMEDIATE"));
    }
    Ok(yes)
}

/// A literal, a word, or an expression in parentheses.
fn default(c: &mut Cursor<'_>) -> R<Expr> {
    if c.at_token(&Token::LParen) {
        return c.parens(Cursor::expr);
    }
    let mark = c.mark();
    let signed = matches!(c.peek(), Token::Plus | Token::Minus);
    if signed {
        let number = c.number()?;
        return Ok(constant(c, mark, Some(Literal::Number(number))));
    }
    let literal = match c.peek() {
        Token::Number(n, _) => Some(Literal::Number(n.clone())),
        Token::SingleQuotedString(s) => Some(Literal::Text(s.clone())),
        Token::HexStringLiteral(_) => None,
        Token::Word(w) if w.quote_style.is_some() => Some(Literal::Text(w.value.clone())),
        Token::Word(_) if c.at("NULL") => Some(Literal::Null),
        Token::Word(_) if c.at("TRUE") => Some(Literal::Boolean(true)),
        Token::Word(_) if c.at("FALSE") => Some(Literal::Boolean(false)),
        Token::Word(_) if c.at_any(&["CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"]) => None,
        // Any other word is a string.
        Token::Word(w) if is_name(&w.value) => Some(Literal::Text(w.value.clone())),
        _ => return Err(c.expected("a literal, or an expression in parentheses")),
    };
    c.advance();
    if c.at_token(&Token::LParen) {
        return Err(foreign(
            c,
            "SQLite wants parentheses around a call: DEFAULT (lower('X')); for the time of day DEFAULT \
             CURRENT_TIMESTAMP",
        ));
    }
    if c.at_token(&Token::DoubleColon) || c.at_token(&Token::Colon) {
        return Err(foreign(c, "SQLite has no :: casts: leave it out"));
    }
    Ok(constant(c, mark, literal))
}

fn constant(c: &Cursor<'_>, mark: usize, literal: Option<Literal>) -> Expr {
    let span = c.span_from(mark);
    Expr { span, text: c.definition(span), names: Names::default(), literal, root: NodeId::NONE, label: None }
}

// ---- indexes, views, triggers, virtual tables

fn create_index(c: &mut Cursor<'_>, unique: bool) -> R<Change> {
    if c.at("CONCURRENTLY") && !c.at_nth(1, "ON") {
        return Err(foreign(c, "SQLite builds an index at once: leave CONCURRENTLY out"));
    }
    let if_not_exists = if_not_exists(c);
    if c.at("ON") {
        return Err(c.expected("the index's name: SQLite does not choose one"));
    }
    let index = qualified(c)?;
    c.expect("ON")?;
    if c.at("ONLY") && matches!(c.peek_nth(1), Token::Word(_)) {
        c.advance();
        return Err(foreign(c, "leave ONLY out"));
    }
    let table = Name { schema: None, name: name(c)? };
    if c.at("USING") {
        return Err(foreign(c, "SQLite has one kind of index: leave USING out"));
    }
    let columns = c.parens(|c| c.list(index_column))?;
    if c.at_any(&["INCLUDE", "WITH", "TABLESPACE", "NULLS", "USING"]) {
        return Err(foreign(c, "an index ends with its columns or WHERE"));
    }
    let predicate = if c.eat("WHERE") { Some(c.expr()?) } else { None };
    Ok(Change::CreateIndex(CreateIndex {
        name: Some(index),
        table,
        only: false,
        unique,
        if_not_exists,
        concurrently: false,
        method: None,
        columns,
        include: Vec::new(),
        predicate,
        nulls_not_distinct: false,
    }))
}

fn index_column(c: &mut Cursor<'_>) -> R<IndexColumn> {
    let plain = matches!(c.peek(), Token::Word(_) | Token::SingleQuotedString(_))
        && (matches!(c.peek_nth(1), Token::Comma | Token::RParen)
            || ["COLLATE", "ASC", "DESC", "NULLS"].iter().any(|w| c.at_nth(1, w)));
    let mut column = None;
    let mut expr = None;
    let mut collation = None;
    if plain {
        column = Some(name(c)?);
        if c.eat("COLLATE") {
            collation = Some(Name { schema: None, name: name(c)? });
        }
    } else {
        expr = Some(c.expr()?);
    }
    let mark = c.mark();
    direction(c)?;
    let order = if c.mark() == mark { String::new() } else { c.definition(c.span_from(mark)) };
    if let (Token::Word(w), false) = (c.peek(), c.at_end())
        && w.value.to_ascii_lowercase().ends_with("_ops")
    {
        return Err(foreign(c, "SQLite has no operator classes: leave it out"));
    }
    Ok(IndexColumn { column, expr, operator_class: None, collation, order })
}

fn create_view(c: &mut Cursor<'_>, temporary: bool) -> R<Change> {
    let if_not_exists = if_not_exists(c);
    let view = qualified(c)?;
    let columns = if c.at_token(&Token::LParen) { names_in_parens(c)? } else { Vec::new() };
    c.expect("AS")?;
    let query = c.query()?;
    if c.at("WITH") {
        return Err(foreign(c, "SQLite's views are read-only: leave WITH … out, write INSTEAD OF triggers"));
    }
    Ok(Change::CreateView(CreateView {
        name: view,
        or_replace: false,
        if_not_exists,
        temporary,
        materialized: false,
        recursive: false,
        columns,
        query,
    }))
}

fn create_trigger(c: &mut Cursor<'_>, temporary: bool) -> R<Change> {
    let if_not_exists = if_not_exists(c);
    let trigger = qualified(c)?;
    let definition = c.mark();
    let instead_of = c.eat_words("INSTEAD OF");
    if !instead_of {
        c.eat_any(&["BEFORE", "AFTER"]);
    }
    let mut columns = Vec::new();
    match c.eat_any(&["DELETE", "INSERT", "UPDATE"]) {
        Some("UPDATE") if c.eat("OF") => columns = c.list(name)?,
        Some(_) => {}
        None => return Err(c.expected("DELETE, INSERT or UPDATE")),
    }
    if c.at("OR") {
        return Err(foreign(c, "SQLite's triggers are for one event each: write one for each"));
    }
    c.expect("ON")?;
    let table = qualified(c)?;
    if c.eat("FOR") {
        c.expect("EACH")?;
        if c.at("STATEMENT") {
            return Err(foreign(c, "SQLite's triggers run for each row"));
        }
        c.expect("ROW")?;
    }
    let mut body = Vec::new();
    if c.eat("WHEN") {
        let condition = c.expr()?;
        let select = Select { names: condition.names, ..Select::default() };
        let reads = Reads { span: condition.span, text: condition.text, selects: vec![select], ..Reads::default() };
        body.push(Change::Select(reads));
    }
    if c.at("EXECUTE") {
        return Err(foreign(c, "SQLite's triggers hold their statements: BEGIN …; END"));
    }
    c.expect("BEGIN")?;
    loop {
        body.push(trigger_statement(c)?);
        c.expect_token(&Token::SemiColon)?;
        if c.eat("END") {
            break;
        }
    }
    Ok(Change::CreateTrigger(CreateTrigger {
        name: trigger.name,
        schema: trigger.schema,
        table,
        or_replace: false,
        if_not_exists,
        temporary,
        instead_of,
        columns,
        when: None,
        function: None,
        body,
        text: c.definition(c.span_from(definition)),
    }))
}

fn trigger_statement(c: &mut Cursor<'_>) -> R<Change> {
    if c.at_any(&["SET", "IF", "DECLARE", "RETURN"]) {
        return Err(foreign(
            c,
            "a trigger's body holds INSERT, UPDATE, DELETE and SELECT alone; write conditions in WHEN",
        ));
    }
    if !c.at_any(&["UPDATE", "INSERT", "REPLACE", "DELETE", "SELECT", "VALUES", "WITH"]) {
        return Err(c.expected("INSERT, UPDATE, DELETE or SELECT"));
    }
    let change = expression::dml(c)?;
    let target = match &change {
        Change::Insert(i) => Some(&i.table),
        Change::Update(u) => Some(&u.table),
        Change::Delete { table, .. } => Some(table),
        _ => None,
    };
    if let Some(schema) = target.and_then(|t| t.schema.as_ref()) {
        let message = "qualified table names are not allowed on INSERT, UPDATE, and DELETE statements within triggers";
        return Err(SyntaxError::new("syntax-error", schema.span, message));
    }
    Ok(change)
}

fn create_virtual_table(c: &mut Cursor<'_>) -> R<Change> {
    let if_not_exists = if_not_exists(c);
    let table = qualified(c)?;
    c.expect("USING")?;
    name(c)?;
    if c.at_token(&Token::LParen) {
        c.skip_parens()?;
    }
    Ok(Change::CreateTable(CreateTable {
        name: table,
        if_not_exists,
        temporary: false,
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
        columns_unknown: true,
        without_rowid: false,
        strict: false,
    }))
}

// ---- ALTER, DROP

fn alter(c: &mut Cursor<'_>) -> R<Change> {
    c.expect("ALTER")?;
    if !c.at("TABLE") {
        if c.at_any(&["TYPE", "INDEX", "VIEW", "SEQUENCE", "DATABASE", "SCHEMA", "DOMAIN", "TRIGGER", "ROLE", "USER"]) {
            return Err(foreign(c, "SQLite alters tables alone: drop the object and create it"));
        }
        return Err(c.expected("TABLE"));
    }
    c.advance();
    if c.at_words("IF EXISTS") {
        c.advance();
        return Err(foreign(c, "SQLite's ALTER TABLE has no IF EXISTS; a migration is applied once"));
    }
    if c.at("ONLY") && matches!(c.peek_nth(1), Token::Word(_)) && !c.at_nth(1, "RENAME") && !c.at_nth(1, "ADD") {
        c.advance();
        return Err(foreign(c, "leave ONLY out"));
    }
    let table = qualified(c)?;
    let mark = c.mark();
    if c.eat("RENAME") {
        if c.eat("TO") {
            let to = name(c)?;
            return Ok(Change::Rename { kind: ObjectKind::Table, target: Target::plain(table), if_exists: false, to });
        }
        if c.at("CONSTRAINT") {
            return Err(foreign(c, REBUILD));
        }
        c.eat("COLUMN");
        let from = name(c)?;
        c.expect("TO")?;
        let to = name(c)?;
        return altered(c, table, mark, TableActionKind::RenameColumn { from, to });
    }
    if c.eat("ADD") {
        if at_table_constraint(c) || c.at("INDEX") || c.at("EXCLUDE") && c.at_nth(1, "USING") {
            return Err(foreign(c, REBUILD));
        }
        c.eat("COLUMN");
        if c.at_words("IF NOT EXISTS") {
            c.advance();
            c.advance();
            return Err(foreign(c, "SQLite's ADD COLUMN has no IF NOT EXISTS; a migration is applied once"));
        }
        let column = column(c)?;
        addable(&column)?;
        return altered(c, table, mark, TableActionKind::AddColumn { column, if_not_exists: false });
    }
    if c.eat("DROP") {
        if at_table_constraint(c) || c.at("INDEX") {
            return Err(foreign(c, REBUILD));
        }
        c.eat("COLUMN");
        if c.at_words("IF EXISTS") {
            c.advance();
            return Err(foreign(c, "SQLite's DROP COLUMN has no IF EXISTS; a migration is applied once"));
        }
        let column = name(c)?;
        if c.at_any(&["CASCADE", "RESTRICT"]) {
            return Err(foreign(c, "leave it out: SQLite refuses to drop a column that is used"));
        }
        let kind = TableActionKind::DropColumn { name: column, if_exists: false, cascade: false };
        return altered(c, table, mark, kind);
    }
    let wanted = "RENAME TO, RENAME COLUMN, ADD COLUMN or DROP COLUMN";
    if c.at_any(&["ALTER", "MODIFY", "CHANGE", "OWNER", "SET", "ENABLE", "VALIDATE", "ATTACH", "CONVERT", "ENGINE"]) {
        return Err(foreign(c, REBUILD));
    }
    Err(c.expected(wanted))
}

fn altered(c: &Cursor<'_>, name: Name, mark: usize, kind: TableActionKind) -> R<Change> {
    if c.at_token(&Token::Comma) {
        return Err(foreign(c, "SQLite's ALTER TABLE does one thing: write a statement for each"));
    }
    let actions = vec![TableAction { kind, span: c.span_from(mark) }];
    Ok(Change::AlterTable(AlterTable { kind: ObjectKind::Table, name, if_exists: false, only: false, actions }))
}

/// What ADD COLUMN refuses whatever the table holds. Rows decide the rest.
fn addable(column: &ColumnDefinition) -> R<()> {
    let invalid = |span, message: &str| Err(SyntaxError::new("invalid-definition", span, message).help(REBUILD));
    for k in &column.constraints {
        match k.kind {
            ConstraintKind::PrimaryKey { .. } => return invalid(k.span, "Cannot add a PRIMARY KEY column"),
            ConstraintKind::Unique { .. } => {
                return Err(SyntaxError::new("invalid-definition", k.span, "Cannot add a UNIQUE column")
                    .help("add the column, then CREATE UNIQUE INDEX on it"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn drop_statement(c: &mut Cursor<'_>) -> R<Change> {
    c.expect("DROP")?;
    let kind = match c.eat_any(&["TABLE", "INDEX", "VIEW", "TRIGGER"]) {
        Some("TABLE") => ObjectKind::Table,
        Some("INDEX") => ObjectKind::Index,
        Some("VIEW") => ObjectKind::View,
        Some(_) => ObjectKind::Trigger,
        None if c.at_any(&[
            "TYPE",
            "EXTENSION",
            "FUNCTION",
            "PROCEDURE",
            "SCHEMA",
            "SEQUENCE",
            "DOMAIN",
            "MATERIALIZED",
            "POLICY",
            "ROLE",
            "USER",
            "DATABASE",
            "COLUMN",
        ]) =>
        {
            return Err(foreign(c, "SQLite has tables, indexes, views and triggers to drop"));
        }
        None => return Err(c.expected("TABLE, INDEX, VIEW or TRIGGER")),
    };
    if c.at("CONCURRENTLY") && matches!(c.peek_nth(1), Token::Word(_)) {
        c.advance();
        return Err(foreign(c, "leave CONCURRENTLY out"));
    }
    let if_exists = c.eat_words("IF EXISTS");
    let target = Target::plain(qualified(c)?);
    if c.at_any(&["CASCADE", "RESTRICT"]) {
        return Err(foreign(c, "leave it out: SQLite drops a table with its indexes and triggers"));
    }
    if c.at("ON") {
        return Err(foreign(c, "SQLite's indexes and triggers have names of their own: leave ON … out"));
    }
    if c.at_token(&Token::Comma) {
        return Err(foreign(c, "SQLite drops one at a time: write a statement for each"));
    }
    Ok(Change::Drop(Drop { kind, targets: vec![target], if_exists, cascade: false, concurrently: false }))
}

// ---- PRAGMA and transactions

/// `PRAGMA [schema.]name [= value | (value)]`.
fn pragma(c: &mut Cursor<'_>) -> R<Change> {
    let mark = c.mark();
    c.expect("PRAGMA")?;
    qualified(c)?;
    if c.eat_token(&Token::Eq) || c.eat_token(&Token::DoubleEq) {
        pragma_value(c)?;
    } else if c.at_token(&Token::LParen) {
        c.parens(pragma_value)?;
    }
    let text = c.definition(c.span_from(mark)).replace(['=', '(', ')'], " ");
    let off = matches!(
        text.split_whitespace().collect::<Vec<_>>().as_slice(),
        ["pragma", "foreign_keys", "off" | "0" | "false" | "no"]
    );
    Ok(Change::Inert { what: if off { crate::change::FOREIGN_KEYS_OFF } else { "PRAGMA" } })
}

fn pragma_value(c: &mut Cursor<'_>) -> R<()> {
    match c.peek() {
        Token::Plus | Token::Minus | Token::Number(..) => c.number().map(drop),
        Token::Word(_) if c.at_any(&["ON", "DELETE", "DEFAULT"]) => {
            c.advance();
            Ok(())
        }
        _ => name(c).map(drop),
    }
}

fn transaction(c: &mut Cursor<'_>) -> R<Change> {
    let verb = c.eat_any(&["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"]).unwrap_or_default();
    let kind = match verb {
        "SAVEPOINT" => {
            name(c)?;
            Transaction::Savepoint
        }
        "RELEASE" => {
            c.eat("SAVEPOINT");
            name(c)?;
            Transaction::Savepoint
        }
        _ => {
            if verb == "BEGIN" {
                c.eat_any(&["DEFERRED", "IMMEDIATE", "EXCLUSIVE"]);
            }
            if c.eat("TRANSACTION") && !c.at_end() && !c.at("TO") {
                name(c)?;
            }
            match verb {
                "BEGIN" => Transaction::Begin,
                "ROLLBACK" if c.eat("TO") => {
                    c.eat("SAVEPOINT");
                    name(c)?;
                    Transaction::Savepoint
                }
                "ROLLBACK" => Transaction::Rollback,
                _ => Transaction::Commit,
            }
        }
    };
    Ok(Change::Transaction(kind))
}
