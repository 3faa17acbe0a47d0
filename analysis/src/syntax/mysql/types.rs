//! Types (manual, "Data Types"; MariaDB's "Data Types").

use sqlparser::tokenizer::Token;

use super::super::{Cursor, R, word_of};
use super::{Flavour, MysqlCursor as _};
use crate::change::{Charset, TypeSpec};

/// What a type takes behind its word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    /// `(n)`, and UNSIGNED, SIGNED, ZEROFILL.
    Integer,
    /// `(n)` or `(n, m)`, and the same words.
    Number,
    /// `(n)`.
    Length,
    /// `(n)`, and a character set.
    Text,
    /// `(n)` must be there, and a character set.
    LongText,
    /// `(n)` must be there.
    Bytes,
    /// `('a', 'b')`, and a character set.
    Labels,
}

/// Each word with the type it is.
const TYPES: &[(&str, &str, Takes)] = &[
    ("tinyint", "tinyint", Takes::Integer),
    ("int1", "tinyint", Takes::Integer),
    ("smallint", "smallint", Takes::Integer),
    ("int2", "smallint", Takes::Integer),
    ("mediumint", "mediumint", Takes::Integer),
    ("middleint", "mediumint", Takes::Integer),
    ("int3", "mediumint", Takes::Integer),
    ("int", "int", Takes::Integer),
    ("integer", "int", Takes::Integer),
    ("int4", "int", Takes::Integer),
    ("bigint", "bigint", Takes::Integer),
    ("int8", "bigint", Takes::Integer),
    ("float", "float", Takes::Number),
    ("float4", "float", Takes::Number),
    ("double", "double", Takes::Number),
    ("float8", "double", Takes::Number),
    ("real", "double", Takes::Number),
    ("decimal", "decimal", Takes::Number),
    ("dec", "decimal", Takes::Number),
    ("numeric", "decimal", Takes::Number),
    ("fixed", "decimal", Takes::Number),
    ("bit", "bit", Takes::Length),
    ("char", "char", Takes::Text),
    ("character", "char", Takes::Text),
    ("nchar", "char", Takes::Text),
    ("varchar", "varchar", Takes::LongText),
    ("varcharacter", "varchar", Takes::LongText),
    ("nvarchar", "varchar", Takes::LongText),
    ("binary", "binary", Takes::Length),
    ("varbinary", "varbinary", Takes::Bytes),
    ("tinytext", "tinytext", Takes::Text),
    ("text", "text", Takes::Text),
    ("mediumtext", "mediumtext", Takes::Text),
    ("longtext", "longtext", Takes::Text),
    ("tinyblob", "tinyblob", Takes::Nothing),
    ("blob", "blob", Takes::Length),
    ("mediumblob", "mediumblob", Takes::Nothing),
    ("longblob", "longblob", Takes::Nothing),
    ("enum", "enum", Takes::Labels),
    ("set", "set", Takes::Labels),
    ("date", "date", Takes::Nothing),
    ("time", "time", Takes::Length),
    ("datetime", "datetime", Takes::Length),
    ("timestamp", "timestamp", Takes::Length),
    ("year", "year", Takes::Length),
    ("json", "json", Takes::Nothing),
    ("geometry", "geometry", Takes::Nothing),
    ("point", "point", Takes::Nothing),
    ("linestring", "linestring", Takes::Nothing),
    ("polygon", "polygon", Takes::Nothing),
    ("multipoint", "multipoint", Takes::Nothing),
    ("multilinestring", "multilinestring", Takes::Nothing),
    ("multipolygon", "multipolygon", Takes::Nothing),
    ("geometrycollection", "geometrycollection", Takes::Nothing),
    ("geomcollection", "geometrycollection", Takes::Nothing),
    ("vector", "vector", Takes::Length),
];

/// Types of MariaDB alone, with the version that brought them.
const OF_MARIADB: &[(&str, u32)] = &[("uuid", 1007), ("inet4", 1010), ("inet6", 1005), ("xmltype", 1203)];

/// Types of other engines, and what stands for them here.
const FOREIGN: &[(&str, &str)] = &[
    ("bigserial", "write BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, and make it a key"),
    ("smallserial", "write SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT, and make it a key"),
    ("bytea", "write BLOB, or VARBINARY(n)"),
    ("timestamptz", "write TIMESTAMP (kept in UTC) or DATETIME"),
    ("jsonb", "write JSON"),
    ("citext", "write VARCHAR(n): the usual collations ignore case"),
    ("uuid", "write CHAR(36), or BINARY(16) with UUID_TO_BIN()"),
    ("inet", "write VARBINARY(16) with INET6_ATON()"),
    ("money", "write DECIMAL(19, 4)"),
    ("clob", "write LONGTEXT"),
    ("hstore", "write JSON"),
    ("string", "write VARCHAR(n) or TEXT"),
    ("number", "write DECIMAL(p, s)"),
    ("varchar2", "write VARCHAR(n)"),
    ("bool_", "write BOOLEAN"),
];

/// A column's type.
pub(super) fn type_spec(c: &mut Cursor<'_>) -> R<TypeSpec> {
    let mark = c.mark();
    let word = word_of(c.peek()).to_ascii_lowercase();
    let mut spec = TypeSpec {
        base: String::new(),
        modifiers: Vec::new(),
        unsigned: false,
        zerofill: false,
        charset: Charset::default(),
        serial: false,
        span: c.peek_span(),
    };
    let of = |base: &str| base.to_owned();
    match word.as_str() {
        "bool" | "boolean" => {
            c.advance();
            spec.base = of("tinyint");
            spec.modifiers = vec!["1".to_owned()];
        }
        "serial" => {
            c.advance();
            spec.base = of("bigint");
            spec.unsigned = true;
            spec.serial = true;
        }
        // LONG is MEDIUMTEXT, LONG VARBINARY is MEDIUMBLOB.
        "long" => {
            c.advance();
            let bytes = c.eat("VARBINARY");
            if !bytes && (c.eat("VARCHAR") || c.eat_any(&["CHAR", "CHARACTER"]).is_some()) {
                c.eat("VARYING");
            }
            spec.base = of(if bytes { "mediumblob" } else { "mediumtext" });
            spec.charset = charset(c)?;
        }
        "national" => {
            c.advance();
            let (short, long) = (c.eat_any(&["CHAR", "CHARACTER"]).is_some(), c.eat_any(&["VARCHAR", "VARCHARACTER"]));
            if !short && long.is_none() {
                return Err(c.expected("CHAR or VARCHAR"));
            }
            let varies = long.is_some() || c.eat("VARYING");
            spec.base = of(if varies { "varchar" } else { "char" });
            modifiers(c, &mut spec, if varies { Takes::LongText } else { Takes::Text })?;
        }
        _ => {
            let known = TYPES.iter().find(|(name, ..)| *name == word);
            let of_mariadb = OF_MARIADB.iter().find(|(name, _)| *name == word);
            match (known, of_mariadb) {
                (Some((_, base, takes)), _) => {
                    c.advance();
                    let mut takes = *takes;
                    let mut base = *base;
                    if word == "double" {
                        c.eat("PRECISION");
                    }
                    if matches!(word.as_str(), "char" | "character" | "nchar") && c.eat("VARYING") {
                        (base, takes) = ("varchar", Takes::LongText);
                    }
                    if matches!(word.as_str(), "nchar") && c.eat_any(&["VARCHAR", "VARCHARACTER"]).is_some() {
                        (base, takes) = ("varchar", Takes::LongText);
                    }
                    if word == "vector" {
                        c.since("VECTOR", 900, 1107, mark)?;
                    }
                    spec.base = of(base);
                    modifiers(c, &mut spec, takes)?;
                }
                (None, Some((name, since))) if c.flavour() == Flavour::Mariadb => {
                    c.advance();
                    c.since(&name.to_uppercase(), 0, *since, mark)?;
                    spec.base = of(name);
                }
                _ => {
                    if let Some((name, help)) = FOREIGN.iter().find(|(name, _)| *name == word) {
                        return Err(c.wrong_engine(format!("there is no type {}", name.to_uppercase()), *help));
                    }
                    return Err(c.expected("a type"));
                }
            }
        }
    }
    spec.span = c.span_from(mark);
    Ok(spec)
}

fn modifiers(c: &mut Cursor<'_>, spec: &mut TypeSpec, takes: Takes) -> R<()> {
    let open = c.at_token(&Token::LParen);
    match takes {
        Takes::Labels => {
            spec.modifiers = c.parens(|c| c.list(label))?;
        }
        Takes::Nothing => {}
        Takes::LongText | Takes::Bytes if !open => {
            return Err(c.expected("the length: (255)"));
        }
        _ if open => {
            spec.modifiers = c.parens(|c| c.list(Cursor::number))?;
            let most = if takes == Takes::Number { 2 } else { 1 };
            if spec.modifiers.len() > most {
                return Err(c.expected("one length"));
            }
        }
        _ => {}
    }
    match takes {
        Takes::Integer | Takes::Number => loop {
            if c.eat("UNSIGNED") {
                spec.unsigned = true;
            } else if c.eat("ZEROFILL") {
                spec.unsigned = true;
                spec.zerofill = true;
            } else if !c.eat("SIGNED") {
                break;
            }
        },
        Takes::Text | Takes::LongText | Takes::Labels => spec.charset = charset(c)?,
        Takes::Length if spec.base == "blob" => {}
        _ => {}
    }
    Ok(())
}

/// A label of ENUM and SET, quoted as information_schema has it.
fn label(c: &mut Cursor<'_>) -> R<String> {
    if matches!(c.peek(), Token::HexStringLiteral(_)) {
        c.advance();
        return Ok(String::new());
    }
    Ok(format!("'{}'", c.string()?.0.replace('\'', "''")))
}

/// `CHARACTER SET x`, `ASCII`, `BINARY`, `COLLATE y` behind a type.
pub(super) fn charset(c: &mut Cursor<'_>) -> R<Charset> {
    let mut found = Charset::default();
    loop {
        if c.eat_words("CHARACTER SET") || c.eat_words("CHAR SET") || c.eat("CHARSET") {
            found.charset = Some(c.charset_name()?);
        } else if c.eat("COLLATE") {
            found.collation = Some(c.charset_name()?);
        } else if c.eat("ASCII") {
            found.charset = Some("latin1".to_owned());
        } else if c.eat("UNICODE") {
            found.charset = Some("ucs2".to_owned());
        } else if c.eat_any(&["BYTE", "BINARY"]).is_none() {
            return Ok(found);
        }
    }
}

/// The type of CAST and CONVERT.
pub(super) fn cast_type(c: &mut Cursor<'_>) -> R<()> {
    if c.eat_any(&["SIGNED", "UNSIGNED"]).is_some() {
        c.eat_any(&["INTEGER", "INT"]);
        return Ok(());
    }
    if c.eat("INTERVAL") {
        return Err(c.expected("a type"));
    }
    // VARCHAR and the rest of the columns' types are MariaDB's.
    const BOTH: &[&str] = &[
        "BINARY",
        "CHAR",
        "CHARACTER",
        "NCHAR",
        "NATIONAL",
        "DATE",
        "DATETIME",
        "TIME",
        "DECIMAL",
        "DEC",
        "DOUBLE",
        "FLOAT",
        "REAL",
        "JSON",
        "YEAR",
        "POINT",
        "LINESTRING",
        "POLYGON",
        "MULTIPOINT",
        "MULTILINESTRING",
        "MULTIPOLYGON",
        "GEOMETRYCOLLECTION",
        "GEOMETRY",
    ];
    if c.at_any(BOTH) {
        let text = c.at_any(&["CHAR", "CHARACTER", "NCHAR"]);
        c.advance();
        c.eat_any(&["PRECISION", "CHAR", "CHARACTER"]);
        if c.at_token(&Token::LParen) {
            c.parens(|c| c.list(Cursor::number))?;
        }
        if text {
            charset(c)?;
        }
        c.eat("ARRAY");
        return Ok(());
    }
    if c.flavour() == Flavour::Mariadb {
        type_spec(c)?;
        return Ok(());
    }
    Err(c.expected("a type: SIGNED, UNSIGNED, CHAR, DECIMAL, DATE, DATETIME, JSON …"))
}
