//! Type names: the keyword types with their odd places for modifiers, and plain names.

use sqlparser::tokenizer::Token;

use super::keywords;
use crate::change::{Ident, Name, TypeName};
use crate::span::Span;
use crate::syntax::{Cursor, R, word_of};

/// A type where a column, domain, cast … takes one.
pub(in crate::syntax) fn type_name(c: &mut Cursor<'_>) -> R<TypeName> {
    read(c, false)
}

/// A type where a function's argument or result takes one: `%TYPE` too.
pub(in crate::syntax) fn function_type(c: &mut Cursor<'_>) -> R<TypeName> {
    read(c, true)
}

fn read(c: &mut Cursor<'_>, of_column: bool) -> R<TypeName> {
    let mark = c.mark();
    let set_of = c.eat("SETOF");
    let mut t = keyword_type(c)?.map_or_else(|| plain_type(c, of_column), Ok)?;
    t.set_of = set_of;
    if !t.of_column {
        t.dimensions = dimensions(c)?;
    }
    t.span = c.span_from(mark);
    Ok(t)
}

fn dimensions(c: &mut Cursor<'_>) -> R<usize> {
    if c.eat("ARRAY") {
        if c.eat_token(&Token::LBracket) {
            c.number()?;
            c.expect_token(&Token::RBracket)?;
        }
        return Ok(1);
    }
    let mut n = 0;
    while c.eat_token(&Token::LBracket) {
        if !c.at_token(&Token::RBracket) {
            c.number()?;
        }
        c.expect_token(&Token::RBracket)?;
        n += 1;
    }
    Ok(n)
}

fn plain_type(c: &mut Cursor<'_>, of_column: bool) -> R<TypeName> {
    let first = c.ident_if(keywords::is_function_name, "a type")?;
    let name = c.name_after(first)?;
    if of_column && name.schema.is_some() && c.at_token(&Token::Mod) && c.at_nth(1, "TYPE") {
        c.advance();
        c.advance();
        return Ok(TypeName { of_column: true, ..bare(name, Vec::new(), false) });
    }
    let modifiers = expressions(c)?;
    Ok(bare(name, modifiers, false))
}

fn bare(name: Name, modifiers: Vec<String>, keyword: bool) -> TypeName {
    let span = name.span();
    TypeName { name, modifiers, dimensions: 0, set_of: false, of_column: false, keyword, span }
}

/// The types that are words of the grammar. Their names come out as `format_type()` writes them.
fn keyword_type(c: &mut Cursor<'_>) -> R<Option<TypeName>> {
    let mark = c.mark();
    let word = word_of(c.peek()).to_ascii_lowercase();
    let mut modifiers = Vec::new();
    let name = match word.as_str() {
        "int" | "integer" => one(c, "integer"),
        "smallint" => one(c, "smallint"),
        "bigint" => one(c, "bigint"),
        "real" => one(c, "real"),
        "boolean" => one(c, "boolean"),
        "json" if !matches!(c.peek_nth(1), Token::Period) => one(c, "json"),
        "double" if c.at_nth(1, "PRECISION") => {
            c.advance();
            one(c, "double precision")
        }
        "float" => {
            c.advance();
            float(c)?
        }
        "decimal" | "dec" | "numeric" => {
            c.advance();
            modifiers = expressions(c)?;
            "numeric"
        }
        "bit" => {
            c.advance();
            let name = if c.eat("VARYING") { "bit varying" } else { "bit" };
            modifiers = expressions(c)?;
            if modifiers.is_empty() && name == "bit" {
                modifiers = vec!["1".to_owned()];
            }
            name
        }
        "character" | "char" | "nchar" | "national" | "varchar" => {
            c.advance();
            if word == "national" && c.eat_any(&["CHARACTER", "CHAR"]).is_none() {
                return Err(c.expected("CHARACTER"));
            }
            let varying = word == "varchar" || c.eat("VARYING");
            modifiers = length(c)?;
            if varying {
                "character varying"
            } else {
                if modifiers.is_empty() {
                    modifiers = vec!["1".to_owned()];
                }
                "character"
            }
        }
        "time" | "timestamp" => {
            c.advance();
            modifiers = length(c)?;
            let with = c.eat_words("WITH TIME ZONE");
            if !with {
                c.eat_words("WITHOUT TIME ZONE");
            }
            match (word.as_str(), with) {
                ("time", true) => "time with time zone",
                ("time", false) => "time without time zone",
                (_, true) => "timestamp with time zone",
                (_, false) => "timestamp without time zone",
            }
        }
        "interval" => {
            c.advance();
            modifiers = length(c)?;
            if modifiers.is_empty() { interval_fields(c, &mut modifiers)? } else { "interval" }
        }
        _ => return Ok(None),
    };
    let span = c.span_from(mark);
    let name = Name { schema: None, name: Ident::new(name.to_owned(), span) };
    Ok(Some(bare(name, modifiers, true)))
}

fn one(c: &mut Cursor<'_>, name: &'static str) -> &'static str {
    c.advance();
    name
}

/// `float(24)` is real, `float(25)` is double precision.
fn float(c: &mut Cursor<'_>) -> R<&'static str> {
    if !c.at_token(&Token::LParen) {
        return Ok("double precision");
    }
    let mut span = Span::default();
    let digits = c.parens(|c| {
        span = c.peek_span();
        integer(c, "a precision")
    })?;
    match digits.parse::<u32>() {
        Ok(1..=24) => Ok("real"),
        Ok(25..=53) => Ok("double precision"),
        Ok(0) => Err(refused(span, "precision for type float must be at least 1 bit")),
        _ => Err(refused(span, "precision for type float must be less than 54 bits")),
    }
}

fn refused(span: Span, message: &str) -> crate::syntax::SyntaxError {
    crate::syntax::SyntaxError::new("syntax-error", span, message)
}

/// Modifiers as the grammar takes them where it does not know the type: any expressions.
fn expressions(c: &mut Cursor<'_>) -> R<Vec<String>> {
    if !c.at_token(&Token::LParen) {
        return Ok(Vec::new());
    }
    let exprs = c.parens(|c| c.list(Cursor::expr))?;
    Ok(exprs.iter().map(|e| c.source(e.span).to_owned()).collect())
}

fn length(c: &mut Cursor<'_>) -> R<Vec<String>> {
    if !c.at_token(&Token::LParen) {
        return Ok(Vec::new());
    }
    Ok(vec![c.parens(|c| integer(c, "a length"))?])
}

/// An integer without a sign.
pub(super) fn integer(c: &mut Cursor<'_>, what: &str) -> R<String> {
    match c.peek() {
        Token::Number(n, _) if n.bytes().all(|b| b.is_ascii_digit()) => {
            let n = n.clone();
            c.advance();
            Ok(n)
        }
        _ => Err(c.expected(what)),
    }
}

/// `interval year to month`: the fields belong to the name, a precision of the seconds is a modifier.
fn interval_fields(c: &mut Cursor<'_>, modifiers: &mut Vec<String>) -> R<&'static str> {
    const RANGES: &[(&str, &str)] = &[
        ("YEAR TO MONTH", "interval year to month"),
        ("DAY TO HOUR", "interval day to hour"),
        ("DAY TO MINUTE", "interval day to minute"),
        ("DAY TO SECOND", "interval day to second"),
        ("HOUR TO MINUTE", "interval hour to minute"),
        ("HOUR TO SECOND", "interval hour to second"),
        ("MINUTE TO SECOND", "interval minute to second"),
        ("YEAR", "interval year"),
        ("MONTH", "interval month"),
        ("DAY", "interval day"),
        ("HOUR", "interval hour"),
        ("MINUTE", "interval minute"),
        ("SECOND", "interval second"),
    ];
    for (words, name) in RANGES {
        if c.eat_words(words) {
            if words.ends_with("SECOND") {
                *modifiers = length(c)?;
            }
            return Ok(name);
        }
    }
    Ok("interval")
}
