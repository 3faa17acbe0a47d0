//! Clauses that many statements share.

use sqlparser::tokenizer::Token;

use super::{keywords, types};
use crate::change::{Change, Ident, Name, ObjectKind, Reads, Target, TypeName};
use crate::span::Span;
use crate::syntax::{Cursor, R, SyntaxError, span_of, word_of};

pub(super) fn if_exists(c: &mut Cursor<'_>) -> bool {
    c.eat_words("IF EXISTS")
}

pub(super) fn if_not_exists(c: &mut Cursor<'_>) -> R<bool> {
    // After an object named `if`, NOT cannot come.
    let guarded = c.at_words("IF NOT");
    if guarded {
        c.expect("IF NOT EXISTS")?;
    }
    Ok(guarded)
}

/// `CASCADE` (true) or `RESTRICT` or nothing.
pub(super) fn behavior(c: &mut Cursor<'_>) -> bool {
    c.eat_any(&["CASCADE", "RESTRICT"]) == Some("CASCADE")
}

/// A table as ALTER, TRUNCATE … take it: `ONLY t`, `ONLY (t)`, `t *`.
pub(super) fn relation(c: &mut Cursor<'_>) -> R<Name> {
    Ok(relation_only(c)?.0)
}

/// The same, and whether ONLY it is meant.
pub(super) fn relation_only(c: &mut Cursor<'_>) -> R<(Name, bool)> {
    if c.eat("ONLY") {
        let name = if c.at_token(&Token::LParen) { c.parens(Cursor::name)? } else { c.name()? };
        return Ok((name, true));
    }
    let name = c.name()?;
    c.eat_token(&Token::Mul);
    Ok((name, false))
}

/// The name of a function: words that name types may name it too.
pub(in crate::syntax) fn function_name(c: &mut Cursor<'_>) -> R<Name> {
    let qualified = matches!(c.peek_nth(1), Token::Period);
    let first = if qualified { c.ident()? } else { c.ident_if(keywords::is_function_name, "a function name")? };
    c.name_after(first)
}

/// A role: any word but the reserved, and `CURRENT_USER` and its like.
pub(super) fn role(c: &mut Cursor<'_>) -> R<Ident> {
    if c.at("CURRENT_ROLE") {
        c.needs(14, "CURRENT_ROLE as a role", c.mark())?;
    }
    c.ident_if(is_role, "a role")
}

fn is_role(word: &str) -> bool {
    keywords::is_not_reserved(word)
        || ["current_user", "current_role", "session_user"].iter().any(|w| w.eq_ignore_ascii_case(word))
}

pub(super) fn roles(c: &mut Cursor<'_>) -> R<Vec<Ident>> {
    c.list(role)
}

/// A language or encoding: a word or a string.
pub(super) fn word_or_string(c: &mut Cursor<'_>) -> R<String> {
    if matches!(c.peek(), Token::Word(_)) {
        return Ok(c.ident_if(keywords::is_not_reserved, "a name or a string")?.value);
    }
    Ok(c.string()?.0)
}

/// `(a = 1, b = integer, c)`: the attributes of operators, aggregates, types …; the names, folded, and where their
/// values stand.
pub(super) fn definition(c: &mut Cursor<'_>) -> R<Vec<(Ident, Span)>> {
    c.parens(|c| {
        c.list(|c| {
            let name = c.label_name()?;
            let mut value = Span::new(name.span.end, name.span.end);
            if c.eat_token(&Token::Eq) {
                let mark = c.mark();
                definition_value(c)?;
                value = c.span_from(mark);
            }
            Ok((name, value))
        })
    })
}

/// Storage parameters: `(fillfactor = 70, toast.autovacuum_enabled)`.
pub(super) fn parameters(c: &mut Cursor<'_>) -> R<()> {
    c.parens(|c| {
        c.list(|c| {
            c.label_name()?;
            if c.eat_token(&Token::Period) {
                c.label_name()?;
            }
            if c.eat_token(&Token::Eq) {
                definition_value(c)?;
            }
            Ok(())
        })
    })?;
    Ok(())
}

pub(super) fn with_parameters(c: &mut Cursor<'_>) -> R<()> {
    if c.eat("WITH") {
        parameters(c)?;
    }
    Ok(())
}

/// `(VERBOSE, PARALLEL 4, FORMAT json)`: the names, in capitals.
pub(super) fn utility_options(c: &mut Cursor<'_>) -> R<Vec<String>> {
    let named =
        |w: &str| keywords::is_not_reserved(w) || ["analyze", "analyse"].iter().any(|a| a.eq_ignore_ascii_case(w));
    c.parens(|c| {
        c.list(|c| {
            let name = c.ident_if(named, "an option")?.value.to_uppercase();
            if !matches!(c.peek(), Token::Comma | Token::RParen) {
                option_value(c)?;
            }
            Ok(name)
        })
    })
}

/// The options of COPY: as those, but for lists of columns and `*`.
pub(super) fn copy_options(c: &mut Cursor<'_>) -> R<()> {
    c.parens(|c| {
        c.list(|c| {
            c.label_name()?;
            match c.peek() {
                Token::Comma | Token::RParen => {}
                Token::LParen => {
                    c.parens(|c| c.list(option_value))?;
                }
                Token::Mul => c.advance(),
                _ if c.at("DEFAULT") => {
                    c.needs(17, "DEFAULT as an option's value", c.mark())?;
                    c.advance();
                }
                _ => option_value(c)?,
            }
            Ok(())
        })
    })?;
    Ok(())
}

/// A word (TRUE and ON among the reserved), a number or a string.
fn option_value(c: &mut Cursor<'_>) -> R<()> {
    const RESERVED: &[&str] = &["true", "false", "on"];
    match c.peek() {
        Token::Word(_) => {
            let allowed = |w: &str| keywords::is_not_reserved(w) || RESERVED.iter().any(|r| r.eq_ignore_ascii_case(w));
            c.ident_if(allowed, "a value").map(drop)
        }
        Token::Number(..) | Token::Plus | Token::Minus => c.number().map(drop),
        _ => c.string().map(drop),
    }
}

/// What stands after the `=` of an attribute.
pub(super) fn definition_value(c: &mut Cursor<'_>) -> R<()> {
    match c.peek() {
        Token::Number(..) => c.advance(),
        Token::Plus | Token::Minus if matches!(c.peek_nth(1), Token::Number(..)) => {
            c.number()?;
        }
        Token::Word(w) => {
            let reserved = w.quote_style.is_none() && !keywords::is_not_reserved(&w.value);
            if c.at("OPERATOR") && matches!(c.peek_nth(1), Token::LParen) {
                operator(c)?;
            } else if reserved || c.at("NONE") {
                c.label_name()?;
            } else {
                types::function_type(c)?;
            }
        }
        t if is_operator_token(t) => {
            operator(c)?;
        }
        _ => {
            c.string()?;
        }
    }
    Ok(())
}

/// `OPTIONS (host 'a', ADD port '1')`.
pub(super) fn options(c: &mut Cursor<'_>, altering: bool) -> R<()> {
    c.expect("OPTIONS")?;
    c.parens(|c| {
        c.list(|c| {
            let verb = matches!(c.peek_nth(1), Token::Word(_));
            if altering && verb && c.eat("DROP") {
                c.label_name()?;
                return Ok(());
            }
            if altering && verb {
                c.eat_any(&["ADD", "SET"]);
            }
            c.label_name()?;
            c.string()?;
            Ok(())
        })
    })?;
    Ok(())
}

/// Whether a token is made of the characters of operators.
pub(in crate::syntax) fn is_operator_token(t: &Token) -> bool {
    let text = t.to_string();
    // `=>` names an argument, nothing else.
    !matches!(t, Token::Word(_) | Token::Number(..) | Token::EOF | Token::RArrow)
        && !text.is_empty()
        && text.chars().all(|ch| "+-*/<>=~!@#%^&|`?".contains(ch))
}

/// An operator, bare (`@>`, `s.@>`) or as `OPERATOR(s.@>)`.
pub(in crate::syntax) fn operator(c: &mut Cursor<'_>) -> R<Name> {
    if c.at("OPERATOR") && matches!(c.peek_nth(1), Token::LParen) {
        c.advance();
        return c.parens(operator);
    }
    let mut schema = None;
    while matches!(c.peek(), Token::Word(_)) {
        schema = Some(c.ident_if(keywords::is_name, "an operator")?);
        c.expect_token(&Token::Period)?;
    }
    if !is_operator_token(c.peek()) {
        return Err(c.expected("an operator"));
    }
    let mut span = c.peek_span();
    c.advance();
    // The tokenizer may cut an operator that it does not know: what touches belongs together.
    while is_operator_token(c.peek()) && c.peek_span().start == span.end {
        span = span.to(c.peek_span());
        c.advance();
    }
    Ok(Name { schema, name: Ident::new(c.source(span).to_owned(), span) })
}

/// `+(integer, NONE)`.
pub(super) fn operator_target(c: &mut Cursor<'_>) -> R<Target> {
    let name = operator(c)?;
    let operand = |c: &mut Cursor<'_>| if c.eat("NONE") { Ok(None) } else { types::type_name(c).map(Some) };
    let arguments = c.parens(|c| {
        let left = operand(c)?;
        if c.at_token(&Token::RParen) {
            return Err(SyntaxError::new("syntax-error", c.peek_span(), "missing argument")
                .help("use NONE to denote the missing argument of a unary operator"));
        }
        c.expect_token(&Token::Comma)?;
        Ok([left, operand(c)?])
    })?;
    Ok(Target { name, on: None, arguments: Some(arguments.into_iter().flatten().collect()) })
}

/// `name`, `name(integer, OUT text)`: the IN arguments count.
pub(super) fn function_target(c: &mut Cursor<'_>) -> R<Target> {
    // Without arguments any name will do: the grammar looks at what follows.
    let Some(name) = c.attempt(function_name) else { return Ok(Target::plain(c.name()?)) };
    if !c.at_token(&Token::LParen) {
        return Ok(Target::plain(name));
    }
    let arguments = c.parens(argument_types)?;
    Ok(Target { name, on: None, arguments: Some(arguments) })
}

fn argument_types(c: &mut Cursor<'_>) -> R<Vec<TypeName>> {
    if c.at_token(&Token::RParen) {
        return Ok(Vec::new());
    }
    let all = c.list(super::routine::argument)?;
    Ok(all.into_iter().filter(|a| a.mode != crate::change::ArgumentMode::Out).map(|a| a.data_type).collect())
}

/// `sum(integer)`, `count(*)`, `percentile(real ORDER BY integer)`.
pub(super) fn aggregate_target(c: &mut Cursor<'_>) -> R<Target> {
    let name = function_name(c)?;
    let arguments = aggregate_arguments(c)?;
    Ok(Target { name, on: None, arguments: Some(arguments.into_iter().map(|a| a.data_type).collect()) })
}

pub(super) fn aggregate_arguments(c: &mut Cursor<'_>) -> R<Vec<crate::change::Argument>> {
    c.parens(|c| {
        if c.eat_token(&Token::Mul) {
            return Ok(Vec::new());
        }
        let mut all = if c.at("ORDER") { Vec::new() } else { c.list(super::routine::argument)? };
        if c.eat_words("ORDER BY") {
            all.extend(c.list(super::routine::argument)?);
        }
        Ok(all)
    })
}

/// A query that ends the statement, but for one of the `suffixes` (`WITH NO DATA`), which is left to be read.
pub(super) fn query_before(c: &mut Cursor<'_>, suffixes: &[&str]) -> R<Reads> {
    let rest = c.tokens_in(Span::new(c.mark(), c.end()));
    for suffix in suffixes {
        let words: Vec<&str> = suffix.split(' ').collect();
        if rest.len() > words.len()
            && rest[rest.len() - words.len()..]
                .iter()
                .zip(&words)
                .all(|(t, w)| word_of(&t.token).eq_ignore_ascii_case(w))
        {
            let last = &rest[rest.len() - words.len() - 1];
            let span = Span::new(c.mark(), span_of(last).end);
            return c.inside(span, Cursor::query);
        }
    }
    c.query()
}

/// The tails that most objects' ALTER have: RENAME TO, SET SCHEMA, OWNER TO, DEPENDS ON EXTENSION.
pub(super) fn alter_tail(
    c: &mut Cursor<'_>,
    kind: ObjectKind,
    target: Target,
    if_exists: bool,
    what: &'static str,
) -> R<Change> {
    match alter_tail_if(c, kind, &target, if_exists, what)? {
        Some(change) => Ok(change),
        None => Err(c.expected("RENAME TO, SET SCHEMA or OWNER TO")),
    }
}

pub(super) fn alter_tail_if(
    c: &mut Cursor<'_>,
    kind: ObjectKind,
    target: &Target,
    if_exists: bool,
    what: &'static str,
) -> R<Option<Change>> {
    if c.at_words("RENAME TO") {
        c.expect("RENAME TO")?;
        let to = c.ident()?;
        return Ok(Some(Change::Rename { kind, target: target.clone(), if_exists, to }));
    }
    if c.eat_words("SET SCHEMA") {
        let to = c.ident()?;
        return Ok(Some(Change::SetSchema { kind, target: target.clone(), if_exists, to }));
    }
    if c.eat_words("OWNER TO") {
        role(c)?;
    } else if c.eat_words("DEPENDS ON EXTENSION") || c.eat_words("NO DEPENDS ON EXTENSION") {
        c.ident()?;
    } else {
        return Ok(None);
    }
    Ok(Some(touch(what, kind, target.clone(), if_exists)))
}

pub(super) fn touch(what: &'static str, kind: ObjectKind, target: Target, if_exists: bool) -> Change {
    Change::Touch { what, targets: vec![(kind, target)], if_exists }
}

/// A name for what has only one part.
pub(super) fn unqualified(name: Ident) -> Name {
    Name { schema: None, name }
}

/// `a`, `a, b`: names of one part.
pub(super) fn idents(c: &mut Cursor<'_>) -> R<Vec<Ident>> {
    c.list(Cursor::ident)
}

/// Balanced tokens up to one of `stops` (words) outside of parentheses, or the end: their span.
pub(super) fn extent(c: &Cursor<'_>, stop: impl Fn(&Token, Option<&Token>) -> bool) -> Span {
    let start = c.mark();
    let mut end = start;
    let mut depth = 0usize;
    let mut previous: Option<&Token> = None;
    for t in c.tokens_in(Span::new(start, c.end())) {
        match &t.token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket if depth == 0 => break,
            Token::RParen | Token::RBracket => depth -= 1,
            Token::Comma if depth == 0 => break,
            other if depth == 0 && stop(other, previous) => break,
            other if word_of(other).eq_ignore_ascii_case("case") => depth += 1,
            other if depth > 0 && word_of(other).eq_ignore_ascii_case("end") => depth -= 1,
            _ => {}
        }
        previous = Some(&t.token);
        end = span_of(t).end;
    }
    Span::new(start, end)
}

/// The inside of a quoted text, and its place. Where quotes are doubled in it, they are made one with a space
/// beside, so that every other byte keeps its place in the file.
pub(super) fn body_text(c: &mut Cursor<'_>) -> R<(String, Span)> {
    let token = c.peek().clone();
    let (value, span) = c.string()?;
    match token {
        Token::DollarQuotedString(d) => {
            let mark = d.tag.as_ref().map_or(0, String::len) + 2;
            Ok((value, Span::new(span.start + mark, span.end - mark)))
        }
        Token::SingleQuotedString(_) => {
            let inner = Span::new(span.start + 1, span.end.saturating_sub(1).max(span.start + 1));
            Ok((undouble(c.source(inner)), inner))
        }
        _ => Ok((value, span)),
    }
}

fn undouble(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut open = false;
    let mut rest = source;
    while let Some(at) = rest.find('\'') {
        out.push_str(&rest[..at]);
        let run = rest[at..].bytes().take_while(|b| *b == b'\'').count();
        let quotes = run / 2;
        let spaces = run - quotes;
        let opens = quotes % 2 == 1 && !open;
        if quotes % 2 == 1 {
            open = !open;
        }
        if opens {
            out.extend(std::iter::repeat_n(' ', spaces));
        }
        out.extend(std::iter::repeat_n('\'', quotes));
        if !opens {
            out.extend(std::iter::repeat_n(' ', spaces));
        }
        rest = &rest[at + run..];
    }
    out.push_str(rest);
    out
}
