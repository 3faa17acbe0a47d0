//! SET, PREPARE and EXECUTE: how MySQL does something only where it was not done. A text is chosen by what
//! information_schema says, and run.

use sqlparser::tokenizer::Token;

use super::super::{Cursor, R};
use super::{MysqlCursor as _, made};
use crate::change::{CatalogQuery, Change, Condition, MysqlChange, Text};
use crate::span::Span;

/// SET, in all of its forms.
pub(super) fn set(c: &mut Cursor<'_>) -> R<Change> {
    c.expect("SET")?;
    let inert = Ok(Change::Inert { what: "SET" });
    if c.at_any(&["PASSWORD", "ROLE", "DEFAULT", "RESOURCE"]) {
        return super::rest(c, "SET");
    }
    if c.at_words("STATEMENT") {
        c.mariadb_alone("SET STATEMENT", "SET the variable in a statement of its own")?;
        return super::rest(c, "SET STATEMENT");
    }
    let scoped = usize::from(c.at_any(&["GLOBAL", "SESSION", "LOCAL"]));
    if c.at_nth(scoped, "TRANSACTION") {
        return super::rest(c, "SET");
    }
    let mut variables = Vec::new();
    let mut checks = None;
    loop {
        if c.eat("NAMES") || c.eat_words("CHARACTER SET") || c.eat("CHARSET") {
            c.charset_name()?;
            if c.eat("COLLATE") {
                c.charset_name()?;
            }
        } else if let Token::Placeholder(name) = c.peek() {
            let name = name.to_lowercase();
            c.advance();
            c.assignment()?;
            let span = value(c)?;
            variables.push((name, text(&mut c.within(span))));
        } else {
            let local = matches!(c.peek_nth(1), Token::Eq | Token::Assignment);
            let name = setting(c)?;
            c.assignment()?;
            let mark = c.mark();
            if c.at_any(&["ON", "OFF", "DEFAULT", "ALL", "BINARY"]) || is_word_value(c) {
                c.advance();
            } else {
                value(c)?;
            }
            if name.eq_ignore_ascii_case("foreign_key_checks") {
                let off = c.source(c.span_from(mark)).trim().to_ascii_lowercase();
                checks = Some(!matches!(off.as_str(), "0" | "off" | "false"));
            } else if local {
                // A variable of a body, where it is no setting.
                let text = text(&mut c.within(c.span_from(mark)));
                variables.push((name.to_lowercase(), text));
            }
        }
        if !c.eat_token(&Token::Comma) {
            break;
        }
    }
    match checks {
        Some(on) => Ok(made(MysqlChange::ForeignKeyChecks(on))),
        None if variables.is_empty() => inert,
        None => Ok(made(MysqlChange::SetVariables(variables))),
    }
}

/// The name of a system variable: `x`, `GLOBAL x`, `@@session.x`, or a local one.
fn setting(c: &mut Cursor<'_>) -> R<String> {
    if c.eat_token(&Token::AtAt) {
        let mut name = c.label_name()?.value;
        while c.eat_token(&Token::Period) {
            name = c.label_name()?.value;
        }
        return Ok(name);
    }
    c.eat_any(&["GLOBAL", "SESSION", "LOCAL", "PERSIST", "PERSIST_ONLY"]);
    let mut name = c.ident()?.value;
    while c.eat_token(&Token::Period) {
        name = c.label_name()?.value;
    }
    Ok(name)
}

/// `utf8mb4`, `InnoDB`: words that are values, as system variables take them.
fn is_word_value(c: &Cursor<'_>) -> bool {
    matches!(c.peek(), Token::Word(w) if w.quote_style.is_none() && (c.syntax.is_name)(&w.value))
        && matches!(c.peek_nth(1), Token::EOF | Token::Comma | Token::SemiColon)
}

/// An expression, for its place.
fn value(c: &mut Cursor<'_>) -> R<Span> {
    c.expr().map(|e| e.span)
}

/// `SELECT … INTO @a`: a variable set by a query.
pub(super) fn select_into(c: &mut Cursor<'_>) -> R<Option<Change>> {
    let rest = c.tokens_in(Span::new(c.mark(), usize::MAX));
    let mut depth = 0usize;
    let mut into = None;
    for (i, t) in rest.iter().enumerate() {
        match &t.token {
            Token::SemiColon => break,
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Word(w) if depth == 0 && w.quote_style.is_none() && w.value.eq_ignore_ascii_case("into") => {
                into = Some(i);
            }
            _ => {}
        }
    }
    let Some(at) = into else { return Ok(None) };
    let name = match rest.get(at + 1).map(|t| &t.token) {
        Some(Token::Placeholder(name)) => name.to_lowercase(),
        Some(Token::Word(w)) if !matches!(rest.get(at + 2).map(|t| &t.token), Some(Token::SingleQuotedString(_))) => {
            w.value.to_lowercase()
        }
        _ => return Ok(None),
    };
    if rest.get(at + 2).is_some_and(|t| t.token == Token::Comma) {
        return Ok(None);
    }
    let mark = c.mark();
    super::query::dml(c)?;
    let span = c.span_from(mark);
    // `SELECT COUNT(*) INTO @a FROM …` is the query without its INTO; where INTO is last, what stands before it.
    let from = rest.get(at + 2).map(super::super::start_of);
    let before = Span::new(span.start, super::super::start_of(&rest[at]));
    let found = match from.filter(|f| *f < span.end) {
        Some(from) => count_of(&mut c.within(before), Some(&mut c.within(Span::new(from, span.end)))),
        None => {
            let mut inner = c.within(before);
            count_of(&mut inner, None)
        }
    };
    let text = match found {
        Some(query) => Text::Zero(Box::new(Condition::Not(Box::new(Condition::Exists(query))))),
        None => {
            let mut inner = c.within(before);
            inner.advance();
            text(&mut inner)
        }
    };
    Ok(Some(made(MysqlChange::SetVariables(vec![(name, text)]))))
}

pub(super) fn prepare(c: &mut Cursor<'_>) -> R<Change> {
    c.expect("PREPARE")?;
    let name = c.ident()?;
    c.expect("FROM")?;
    let span = value(c)?;
    Ok(made(MysqlChange::Prepare { name, text: text(&mut c.within(span)) }))
}

pub(super) fn execute(c: &mut Cursor<'_>) -> R<Change> {
    let mark = c.mark();
    c.expect("EXECUTE")?;
    let immediate = c.at("IMMEDIATE");
    if immediate {
        c.mariadb_alone("EXECUTE IMMEDIATE", "PREPARE the statement first")?;
        c.advance();
    }
    let name = if immediate { super::ident("", c.span_from(mark)) } else { c.ident()? };
    let mut run = None;
    if immediate {
        let span = value(c)?;
        run = Some(text(&mut c.within(span)));
    }
    if c.eat("USING") {
        c.list(Cursor::expr)?;
    }
    Ok(made(match run {
        Some(text) => MysqlChange::ExecuteText { span: name.span, text },
        None => MysqlChange::Execute { name },
    }))
}

// ---- texts

/// What an expression is as the text of a statement, as far as it can be worked out.
fn text(c: &mut Cursor<'_>) -> Text {
    // Parentheses around the whole, and a SELECT without FROM.
    if c.at_token(&Token::LParen) {
        if let Some(query) = zero_count(c) {
            return Text::Zero(Box::new(Condition::Not(Box::new(Condition::Exists(query)))));
        }
        let mut inner = c.within(inside(c));
        inner.eat("SELECT");
        return text(&mut inner);
    }
    if let Token::Placeholder(name) = c.peek() {
        return Text::Variable(name.to_lowercase());
    }
    if let Token::Word(w) = c.peek()
        && matches!(c.peek_nth(1), Token::EOF)
    {
        return Text::Variable(w.value.to_lowercase());
    }
    if let Token::Number(n, _) = c.peek() {
        return Text::Zero(Box::new(Condition::Constant(n.parse() == Ok(0.0))));
    }
    if c.at("IF") && matches!(c.peek_nth(1), Token::LParen) {
        c.advance();
        let parts = arguments(&mut c.within(inside(c)));
        let [when, yes, no] = parts.as_slice() else { return Text::Unknown };
        let condition = condition(&mut c.within(*when));
        return Text::If(Box::new(condition), Box::new(text(&mut c.within(*yes))), Box::new(text(&mut c.within(*no))));
    }
    match joined(c) {
        Some(sql) => {
            let parsed = super::super::parse(&sql, c.syntax);
            let mut statements = parsed.statements.into_iter();
            let change = statements.next().and_then(|s| s.change).filter(|_| parsed.errors.is_empty());
            Text::Known(change.map(Box::new))
        }
        None => Text::Unknown,
    }
}

/// One string, several beside each other, or CONCAT of strings alone.
fn joined(c: &mut Cursor<'_>) -> Option<String> {
    let mut out = String::new();
    let call = c.at("CONCAT");
    if call {
        c.advance();
        c.eat_token(&Token::LParen).then_some(())?;
    }
    loop {
        match c.peek() {
            Token::SingleQuotedString(s) => out.push_str(s),
            Token::Comma if call => {}
            Token::RParen if call => {}
            Token::EOF => break,
            _ => return None,
        }
        c.advance();
    }
    (!out.is_empty()).then_some(out)
}

/// The place between the parenthesis that is next and the one that closes it.
fn inside(c: &Cursor<'_>) -> Span {
    let mut ahead = c.within(Span::new(c.mark(), usize::MAX));
    match ahead.skip_parens() {
        Ok(span) => Span::new(span.start + 1, span.end - 1),
        Err(_) => c.peek_span(),
    }
}

/// The places of what commas part.
fn arguments(c: &mut Cursor<'_>) -> Vec<Span> {
    let mut out = Vec::new();
    let mut mark = c.mark();
    loop {
        match c.peek() {
            Token::EOF => {
                out.push(c.span_from(mark));
                return out;
            }
            Token::Comma => {
                out.push(c.span_from(mark));
                c.advance();
                mark = c.mark();
            }
            Token::LParen => {
                if c.skip_parens().is_err() {
                    return out;
                }
            }
            _ => c.advance(),
        }
    }
}

// ---- conditions

/// A condition, as far as it asks information_schema.
pub(super) fn condition(c: &mut Cursor<'_>) -> Condition {
    let mut any = vec![conjunction(c)];
    while c.eat("OR") || c.eat_token(&Token::StringConcat) {
        any.push(conjunction(c));
    }
    if !c.at_end() {
        return Condition::Unknown;
    }
    if any.len() == 1 { any.swap_remove(0) } else { Condition::Or(any) }
}

fn conjunction(c: &mut Cursor<'_>) -> Condition {
    let mut all = vec![test(c)];
    while c.eat("AND") || c.eat_token(&Token::Overlap) {
        all.push(test(c));
    }
    if all.len() == 1 { all.swap_remove(0) } else { Condition::And(all) }
}

fn test(c: &mut Cursor<'_>) -> Condition {
    if c.eat("NOT") || c.eat_token(&Token::ExclamationMark) {
        return Condition::Not(Box::new(test(c)));
    }
    if c.at("EXISTS") && matches!(c.peek_nth(1), Token::LParen) {
        c.advance();
        let place = inside(c);
        let found = catalog_query(&mut c.within(place), None);
        if c.skip_parens().is_err() {
            return Condition::Unknown;
        }
        return found.map_or(Condition::Unknown, Condition::Exists);
    }
    let zero = operand(c);
    let compared = compared(c);
    match (zero, compared) {
        // `(SELECT COUNT(*) …) = 0`, `@n = 0`.
        (Some(zero), Some(Compared::Zero)) => zero,
        (Some(zero), Some(Compared::More)) => Condition::Not(Box::new(zero)),
        (Some(zero), None) if at_end_of_test(c) => Condition::Not(Box::new(zero)),
        _ => {
            while !at_end_of_test(c) {
                if c.at_token(&Token::LParen) {
                    if c.skip_parens().is_err() {
                        return Condition::Unknown;
                    }
                } else {
                    c.advance();
                }
            }
            Condition::Unknown
        }
    }
}

fn at_end_of_test(c: &Cursor<'_>) -> bool {
    matches!(c.peek(), Token::EOF | Token::StringConcat | Token::Overlap) || c.at_any(&["AND", "OR", "THEN"])
}

/// Whether a count is zero: of a query in parentheses, of a variable, of a condition in parentheses.
fn operand(c: &mut Cursor<'_>) -> Option<Condition> {
    let variable = match c.peek() {
        Token::Placeholder(name) => Some(name.to_lowercase()),
        Token::Word(w) if !matches!(c.peek_nth(1), Token::LParen | Token::Period) => Some(w.value.to_lowercase()),
        _ => None,
    };
    if let Some(name) = variable {
        c.advance();
        return Some(Condition::ZeroVariable(name));
    }
    if !c.at_token(&Token::LParen) {
        return None;
    }
    let place = inside(c);
    let counted = zero_count(c);
    c.skip_parens().ok()?;
    if let Some(query) = counted {
        return Some(Condition::Not(Box::new(Condition::Exists(query))));
    }
    match condition(&mut c.within(place)) {
        Condition::Unknown => None,
        inner => Some(Condition::Not(Box::new(inner))),
    }
}

enum Compared {
    Zero,
    More,
}

/// `= 0`, `< 1`, `> 0`, `>= 1`, `<> 0`, `= 1`, `IS NULL`: what is said of a count.
fn compared(c: &mut Cursor<'_>) -> Option<Compared> {
    if c.eat_words("IS NULL") {
        return Some(Compared::Zero);
    }
    if c.eat_words("IS NOT NULL") {
        return Some(Compared::More);
    }
    let (sign, number) = (c.peek().clone(), c.peek_nth(1).clone());
    let Token::Number(number, _) = number else { return None };
    let found = match (&sign, number.as_str()) {
        (Token::Eq, "0") | (Token::Lt, "1") | (Token::LtEq, "0") | (Token::Neq, "1") => Compared::Zero,
        (Token::Gt, "0") | (Token::GtEq, "1") | (Token::Neq, "0") | (Token::Eq, "1") => Compared::More,
        _ => return None,
    };
    c.advance();
    c.advance();
    Some(found)
}

/// `(SELECT COUNT(*) FROM information_schema.… WHERE …)`, without moving.
fn zero_count(c: &Cursor<'_>) -> Option<CatalogQuery> {
    let place = inside(c);
    count_of(&mut c.within(place), None)
}

fn count_of(c: &mut Cursor<'_>, tail: Option<&mut Cursor<'_>>) -> Option<CatalogQuery> {
    if !c.at("SELECT") {
        return None;
    }
    let counts = c.at_nth(1, "COUNT") && matches!(c.peek_nth(2), Token::LParen);
    let names = matches!(c.peek_nth(1), Token::Word(_)) && matches!(c.peek_nth(2), Token::EOF) || c.at_nth(2, "FROM");
    (counts || names).then_some(())?;
    catalog_query(c, tail)
}

/// `SELECT … FROM information_schema.x WHERE a = 'b' AND …`.
fn catalog_query(c: &mut Cursor<'_>, tail: Option<&mut Cursor<'_>>) -> Option<CatalogQuery> {
    c.eat("SELECT").then_some(())?;
    while !c.at_end() && !c.at("FROM") {
        if c.at_token(&Token::LParen) {
            c.skip_parens().ok()?;
        } else {
            c.advance();
        }
    }
    match tail {
        Some(tail) => filters(tail),
        None => filters(c),
    }
}

/// `FROM information_schema.x [alias] WHERE …`.
fn filters(c: &mut Cursor<'_>) -> Option<CatalogQuery> {
    c.eat("FROM").then_some(())?;
    let name = c.name().ok()?;
    name.schema.as_ref()?.value.eq_ignore_ascii_case("information_schema").then_some(())?;
    let relation = format!("information_schema.{}", name.name.value.to_lowercase());
    if !c.at_end() && !c.at_any(&["WHERE", "LIMIT"]) {
        c.eat("AS");
        c.ident().ok()?;
    }
    let mut query = CatalogQuery { relations: vec![relation], filters: Vec::new(), partial: false };
    if c.eat("WHERE") {
        loop {
            match filter(c) {
                Some(Some(found)) => query.filters.push(found),
                Some(None) => {}
                None => {
                    query.partial = true;
                    break;
                }
            }
            if !c.eat("AND") {
                break;
            }
        }
    }
    if !c.at_end() && !c.at("LIMIT") {
        query.partial = true;
    }
    Some(query)
}

/// `column = 'x'`, `column IN ('a', 'b')`; nothing of `table_schema = DATABASE()`, which is where all of this lies.
fn filter(c: &mut Cursor<'_>) -> Option<Option<(String, Vec<String>)>> {
    let mut column = c.label_name().ok()?.value.to_lowercase();
    if c.eat_token(&Token::Period) {
        column = c.label_name().ok()?.value.to_lowercase();
    }
    if c.eat("IN") {
        let values = c.parens(|c| c.list(|c| c.string().map(|s| s.0))).ok()?;
        return Some(Some((column, values)));
    }
    if !c.eat_token(&Token::Eq) && !c.eat("LIKE") {
        return None;
    }
    if c.eat_any(&["DATABASE", "SCHEMA"]).is_some() {
        c.skip_parens().ok()?;
        return Some(None);
    }
    if c.at_token(&Token::LParen) {
        // `(SELECT DATABASE())`
        let place = c.skip_parens().ok()?;
        let text = c.definition(place);
        return matches!(text.as_str(), "( select database ( ) )" | "( database ( ) )").then_some(None);
    }
    // A database by its name: that of the connection, as far as can be known.
    let value = c.string().ok()?.0;
    if value.contains(['%']) {
        return None;
    }
    if column.ends_with("_schema") {
        return Some(None);
    }
    Some(Some((column, vec![value])))
}
