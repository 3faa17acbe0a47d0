//! Words of other engines, refused with the PostgreSQL form beside.

use sqlparser::tokenizer::Token;

use crate::change::{ColumnDefinition, Ident, Name};
use crate::span::Span;
use crate::syntax::{Cursor, SyntaxError, word_of};

fn quoted(name: &str) -> String {
    let plain = !name.is_empty()
        && name.chars().all(|ch| ch.is_ascii_lowercase() || ch.is_ascii_digit() || ch == '_')
        && !name.starts_with(|ch: char| ch.is_ascii_digit())
        && super::keywords::is_name(name);
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A name as it would be written.
pub(super) fn sql(name: &Name) -> String {
    match &name.schema {
        Some(s) => format!("{}.{}", quoted(&s.value), quoted(&name.name.value)),
        None => quoted(&name.name.value),
    }
}

fn refusal(span: Span, message: impl Into<String>, help: impl Into<String>) -> SyntaxError {
    SyntaxError::new("wrong-engine", span, message).help(help)
}

/// `INDEX idx ON t(a)`, `KEY idx (a)`, `FULLTEXT KEY …` among the columns of a CREATE TABLE. `key` and `index` may also be
/// columns, so what follows decides; `columns` are those read before.
pub(super) fn inline_index(c: &Cursor<'_>, table: &Name, columns: &[&str]) -> Option<SyntaxError> {
    let mut n = 0;
    if c.at("FULLTEXT") || c.at("SPATIAL") {
        n += 1;
    }
    if !(c.at_nth(n, "INDEX") || c.at_nth(n, "KEY")) {
        return None;
    }
    let word = word_of(c.peek_nth(n)).to_uppercase();
    let name = match c.peek_nth(n + 1) {
        Token::Word(w) => Some(w.value.clone()),
        Token::LParen => None,
        _ => return None,
    };
    let mut at = n + 1 + usize::from(name.is_some());
    let mut on = None;
    if name.is_some() && c.at_nth(at, "ON") {
        on = Some(word_of(c.peek_nth(at + 1)).to_owned());
        at += 2;
    } else if c.at_nth(at, "USING") {
        at += 2;
    }
    if !matches!(c.peek_nth(at), Token::LParen) {
        return None;
    }
    let inner = list_after(c, at);
    // `key geometry(point)` is a column whose type has a modifier: it is an index where the words are columns.
    let listed: Vec<&str> = inner.iter().map(|s| s.split_whitespace().next().unwrap_or("")).collect();
    let sure = on.is_some() || name.is_none() || n > 0;
    if !sure && !listed.iter().all(|w| columns.iter().any(|c| c.eq_ignore_ascii_case(w))) {
        return None;
    }
    let start = c.peek_span();
    let span = if n > 0 { start.to(Span::new(start.start, start.end + 1 + word.len())) } else { start };
    let span = Span::new(span.start, span.end.min(c.end()));
    let index = name.unwrap_or_else(|| format!("{}_{}_idx", table.name.value, listed.join("_")));
    let method = if n > 0 && c.at("FULLTEXT") { " USING gin" } else { "" };
    Some(
        refusal(
            span,
            format!("{word} inside CREATE TABLE is not PostgreSQL"),
            format!(
                "after the table: CREATE INDEX IF NOT EXISTS {index} ON {}{method} ({});",
                sql(table),
                inner.join(", ")
            ),
        )
        .label("an index is a statement of its own"),
    )
}

/// The items between the parentheses whose opening one is `n` tokens ahead, as written.
fn list_after(c: &Cursor<'_>, n: usize) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut depth = 0;
    let mut i = n + 1;
    loop {
        match c.peek_nth(i) {
            Token::EOF => break,
            Token::RParen if depth == 0 => break,
            Token::Comma if depth == 0 => items.push(String::new()),
            t => {
                match t {
                    Token::LParen => depth += 1,
                    Token::RParen => depth -= 1,
                    _ => {}
                }
                let text = t.to_string();
                if let Some(last) = items.last_mut() {
                    let glued = matches!(t, Token::LParen | Token::RParen) || last.ends_with('(') || last.is_empty();
                    if !glued {
                        last.push(' ');
                    }
                    last.push_str(&text);
                }
            }
        }
        i += 1;
    }
    items
}

/// `UNIQUE KEY name (a)`, `UNIQUE INDEX name (a)`: at the word after UNIQUE.
pub(super) fn unique_key(c: &Cursor<'_>, _: Option<&Name>) -> Option<SyntaxError> {
    if !(c.at("KEY") || c.at("INDEX")) {
        return None;
    }
    let word = word_of(c.peek()).to_uppercase();
    let named = matches!(c.peek_nth(1), Token::Word(_));
    let columns = list_after(c, 1 + usize::from(named)).join(", ");
    let constraint = if named { format!("CONSTRAINT {} ", c.peek_nth(1)) } else { String::new() };
    Some(
        refusal(
            c.peek_span(),
            format!("UNIQUE {word} is not PostgreSQL"),
            format!("write {constraint}UNIQUE ({columns})"),
        )
        .label("not a word of PostgreSQL's UNIQUE"),
    )
}

/// `status ENUM('a', 'b')`: at the type.
pub(super) fn column_type(c: &Cursor<'_>, column: &Ident) -> Option<SyntaxError> {
    let text = matches!(c.peek_nth(2), Token::SingleQuotedString(_));
    if !(text && matches!(c.peek_nth(1), Token::LParen) && (c.at("ENUM") || c.at("SET"))) {
        return None;
    }
    let labels = list_after(c, 1).join(", ");
    let what = word_of(c.peek()).to_uppercase();
    let help = if what == "ENUM" {
        format!(
            "make a type first: CREATE TYPE {} AS ENUM ({labels}); or write text CHECK ({} IN ({labels}))",
            quoted(&column.value),
            quoted(&column.value)
        )
    } else {
        format!("write text[], with CHECK ({} <@ ARRAY[{labels}])", quoted(&column.value))
    };
    Some(refusal(c.peek_span(), format!("{what}(…) as a column's type is not PostgreSQL"), help))
}

/// Another engine's word after a column's type and constraints.
pub(super) fn column_word(
    c: &Cursor<'_>,
    table: Option<&Name>,
    column: &ColumnDefinition,
    creating: bool,
) -> Option<SyntaxError> {
    let name = quoted(&column.name.value);
    let at = c.peek_span();
    let of = table.map_or_else(|| "t".to_owned(), sql);
    let data_type = column.data_type.as_ref().map_or_else(|| "bigint".to_owned(), |t| t.name.name.value.clone());
    let whole =
        if ["smallint", "integer", "bigint"].contains(&data_type.as_str()) { data_type.as_str() } else { "bigint" };
    let word = word_of(c.peek()).to_uppercase();
    let (message, help) = match word.as_str() {
        "AUTO_INCREMENT" | "AUTOINCREMENT" => (
            format!("{word} is not PostgreSQL"),
            format!("write {name} {whole} GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"),
        ),
        "IDENTITY" if matches!(c.peek_nth(1), Token::LParen) => (
            "IDENTITY(…) is not PostgreSQL".to_owned(),
            format!("write {name} {whole} GENERATED BY DEFAULT AS IDENTITY"),
        ),
        "UNSIGNED" | "ZEROFILL" => {
            (format!("{word} is not PostgreSQL"), format!("write {name} {data_type} CHECK ({name} >= 0)"))
        }
        "COMMENT" => {
            let text = match c.peek_nth(1) {
                Token::SingleQuotedString(s) => s.replace('\'', "''"),
                _ => return None,
            };
            (
                "COMMENT on a column is not PostgreSQL".to_owned(),
                format!("after the table: COMMENT ON COLUMN {of}.{name} IS '{text}';"),
            )
        }
        "ON" if c.at_nth(1, "UPDATE") => on_update_words(),
        "CHARACTER" | "CHARSET" => (
            "a column's character set is not PostgreSQL".to_owned(),
            "leave it out: the database has one encoding; a collation is written COLLATE \"…\"".to_owned(),
        ),
        "AFTER" | "FIRST" if !creating => {
            (format!("{word} is not PostgreSQL"), "leave it out: a new column is always the last".to_owned())
        }
        _ => return None,
    };
    Some(refusal(at, message, help))
}

fn on_update_words() -> (String, String) {
    (
        "ON UPDATE CURRENT_TIMESTAMP is not PostgreSQL".to_owned(),
        "write DEFAULT now(), and a BEFORE UPDATE trigger whose function sets NEW.<column> := now()".to_owned(),
    )
}

/// `REFERENCES t ON UPDATE CURRENT_TIMESTAMP`: at ON.
pub(super) fn on_update(c: &Cursor<'_>) -> Option<SyntaxError> {
    let time = ["CURRENT_TIMESTAMP", "NOW", "LOCALTIMESTAMP"].iter().any(|w| c.at_nth(2, w));
    (c.at_nth(1, "UPDATE") && time).then(|| {
        let (message, help) = on_update_words();
        refusal(c.peek_span(), message, help)
    })
}

/// `ENGINE=InnoDB` and its like after the columns.
pub(super) fn table_option(c: &Cursor<'_>) -> Option<SyntaxError> {
    let word = word_of(c.peek()).to_uppercase();
    let help = match word.as_str() {
        "ENGINE" | "ROW_FORMAT" | "KEY_BLOCK_SIZE" | "STRICT" | "AVG_ROW_LENGTH" | "PACK_KEYS" => "leave it out",
        "DEFAULT" | "CHARSET" | "CHARACTER" | "COLLATE" => {
            "leave it out: the database has one encoding and one default collation"
        }
        "AUTO_INCREMENT" => "leave it out; a sequence is set by ALTER TABLE … ALTER COLUMN … RESTART WITH n",
        "COMMENT" => "after the table: COMMENT ON TABLE … IS '…';",
        "WITHOUT" if c.at_nth(1, "ROWID") => "leave it out: that is SQLite's",
        _ => return None,
    };
    let shown = if word == "DEFAULT" { format!("DEFAULT {}", word_of(c.peek_nth(1)).to_uppercase()) } else { word };
    Some(refusal(c.peek_span(), format!("{} after the columns is not PostgreSQL", shown.trim_end()), help))
}

/// `ADD CONSTRAINT IF NOT EXISTS c …`: at IF.
pub(super) fn guarded_constraint(c: &Cursor<'_>, table: Option<&Name>) -> Option<SyntaxError> {
    if !c.at_words("IF NOT EXISTS") {
        return None;
    }
    let span = words_span(c, 3);
    let name = c.peek_nth(3).to_string();
    let of = table.map_or_else(|| "t".to_owned(), sql);
    Some(
        refusal(
            span,
            "PostgreSQL has no ADD CONSTRAINT IF NOT EXISTS",
            format!("write ALTER TABLE {of} DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} …; or guard it with DO and a look into pg_constraint"),
        )
        .label("not with ADD CONSTRAINT"),
    )
}

/// The span of the next `n` tokens.
pub(super) fn words_span(c: &Cursor<'_>, n: usize) -> Span {
    let all = c.tokens_in(Span::new(c.mark(), c.end()));
    all.iter().take(n).map(crate::syntax::span_of).reduce(Span::to).unwrap_or_else(|| c.peek_span())
}

/// `MODIFY`, `CHANGE`, `ADD INDEX` … as an action of ALTER TABLE.
pub(super) fn table_action(c: &Cursor<'_>, table: &Name) -> Option<SyntaxError> {
    let of = sql(table);
    let at = c.peek_span();
    let word = word_of(c.peek()).to_uppercase();
    let second = word_of(c.peek_nth(1)).to_uppercase();
    let column = |n: usize| {
        let n = if c.at_nth(n, "COLUMN") { n + 1 } else { n };
        c.peek_nth(n).to_string()
    };
    let (message, help) = match (word.as_str(), second.as_str()) {
        ("MODIFY", _) => {
            let name = column(1);
            (
                "MODIFY COLUMN is not PostgreSQL".to_owned(),
                format!(
                    "write ALTER TABLE {of} ALTER COLUMN {name} TYPE …, with SET NOT NULL or SET DEFAULT as actions of their own"
                ),
            )
        }
        ("CHANGE", _) => {
            let name = column(1);
            (
                "CHANGE COLUMN is not PostgreSQL".to_owned(),
                format!(
                    "write ALTER TABLE {of} RENAME COLUMN {name} TO …; and ALTER TABLE {of} ALTER COLUMN … TYPE …;"
                ),
            )
        }
        ("ADD", "INDEX" | "KEY" | "FULLTEXT") if matches!(c.peek_nth(2), Token::Word(_) | Token::LParen) => {
            let named = matches!(c.peek_nth(2), Token::Word(_));
            let open = 2 + usize::from(named);
            if !matches!(c.peek_nth(open), Token::LParen) || matches!(c.peek_nth(open + 1), Token::Number(..)) {
                return None;
            }
            let columns = list_after(c, open).join(", ");
            let name = if named { c.peek_nth(2).to_string() } else { format!("{}_idx", table.name.value) };
            (
                format!("ADD {second} is not PostgreSQL"),
                format!("write CREATE INDEX IF NOT EXISTS {name} ON {of} ({columns});"),
            )
        }
        ("DROP", "INDEX" | "KEY")
            if matches!(c.peek_nth(2), Token::Word(_)) && !c.at_nth(2, "CASCADE") && !c.at_nth(2, "RESTRICT") =>
        {
            (
                format!("DROP {second} as an action of ALTER TABLE is not PostgreSQL"),
                format!("write DROP INDEX IF EXISTS {};", c.peek_nth(2)),
            )
        }
        ("DROP", "PRIMARY") => (
            "DROP PRIMARY KEY is not PostgreSQL".to_owned(),
            format!("write ALTER TABLE {of} DROP CONSTRAINT IF EXISTS {}_pkey;", table.name.value),
        ),
        ("DROP", "FOREIGN") => (
            "DROP FOREIGN KEY is not PostgreSQL".to_owned(),
            format!("write ALTER TABLE {of} DROP CONSTRAINT IF EXISTS {};", c.peek_nth(3)),
        ),
        _ => return None,
    };
    Some(refusal(at, message, help))
}
