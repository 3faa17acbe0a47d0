//! Functions, procedures, aggregates, and what calls them: triggers, event triggers.

use sqlparser::tokenizer::Token;

use super::common::{
    aggregate_arguments, aggregate_target, alter_tail, alter_tail_if, body_text, definition, extent, function_name,
    function_target, touch, unqualified, word_or_string,
};
use super::{Prefix, keywords, session, table, types};
use crate::change::{
    Aggregate, Argument, ArgumentMode, Change, Code, CreateFunction, CreateTrigger, Ident, Name, ObjectKind, Output,
    Reads, SqlBody, Statement, Target, TypeName,
};
use crate::span::Span;
use crate::syntax::{Cursor, R, SyntaxError, plpgsql, span_of, word_of};

pub(super) fn create_function(c: &mut Cursor<'_>, prefix: &Prefix) -> R<Change> {
    create(c, prefix, ObjectKind::Function)
}

pub(super) fn create_procedure(c: &mut Cursor<'_>, prefix: &Prefix) -> R<Change> {
    create(c, prefix, ObjectKind::Procedure)
}

fn create(c: &mut Cursor<'_>, prefix: &Prefix, kind: ObjectKind) -> R<Change> {
    let name = function_name(c)?;
    let arguments = c.parens(|c| {
        if c.at_token(&Token::RParen) {
            return Ok(Vec::new());
        }
        c.list(argument_with_default)
    })?;
    let mark = c.mark();
    let mut f = CreateFunction {
        kind,
        name,
        or_replace: prefix.or_replace,
        arguments,
        returns: None,
        returns_table: Vec::new(),
        language: None,
        volatility: 'v',
        body: None,
        code: Code::Unread,
        search_path: None,
        unknown_setting: None,
        aggregate: None,
        text: String::new(),
    };
    // The body as it is written, with its quotes.
    let mut literal = None;
    if kind == ObjectKind::Function && c.eat("RETURNS") {
        if c.at("TABLE") && matches!(c.peek_nth(1), Token::LParen) {
            c.advance();
            f.returns_table = c.parens(|c| {
                c.list(|c| {
                    let name = c.ident_if(keywords::is_function_name, "a column's name")?;
                    Ok((name, types::function_type(c)?))
                })
            })?;
        } else {
            f.returns = Some(types::function_type(c)?);
        }
    }
    while create_option(c, &mut f, &mut literal)? {}
    sql_body(c, &mut f)?;
    let all = c.span_from(mark);
    if !c.at_end() {
        return Err(c.expected("a function option: LANGUAGE, AS, IMMUTABLE, STABLE, STRICT, SECURITY DEFINER …"));
    }
    if let Some((body, span)) = &literal {
        match f.language.as_deref() {
            Some("sql") => f.code = plpgsql::sql_code(c, &f, body, *span),
            Some("plpgsql") => f.code = plpgsql::code(c, &f, body, *span),
            _ => {}
        }
    }
    f.text = c.definition(all);
    for word in c.tokens_in(all).iter().map(|t| word_of(&t.token)) {
        for (name, volatility) in [("immutable", 'i'), ("stable", 's'), ("volatile", 'v')] {
            if word.eq_ignore_ascii_case(name) {
                f.volatility = volatility;
            }
        }
    }
    Ok(Change::CreateFunction(f))
}

fn create_option(c: &mut Cursor<'_>, f: &mut CreateFunction, literal: &mut Option<(String, Span)>) -> R<bool> {
    if c.at("AS") {
        let span = c.peek_span();
        c.advance();
        if f.body.is_some() {
            return Err(
                SyntaxError::new("syntax-error", span, "conflicting or redundant options").label("a second body")
            );
        }
        let mark = c.mark();
        f.body = Some(body_text(c)?);
        *literal = c.within(c.span_from(mark)).string().ok();
        if c.eat_token(&Token::Comma) {
            c.string()?;
        }
    } else if c.at("LANGUAGE") {
        let span = c.peek_span();
        c.advance();
        if f.language.is_some() {
            return Err(
                SyntaxError::new("syntax-error", span, "conflicting or redundant options").label("a second LANGUAGE")
            );
        }
        f.language = Some(word_or_string(c)?.to_lowercase());
    } else if c.eat("TRANSFORM") {
        c.list(|c| {
            c.expect("FOR TYPE")?;
            types::type_name(c)
        })?;
    } else if c.eat("WINDOW") {
    } else if c.eat("SET") {
        match session::setting(c)? {
            Some(session::Setting::SearchPath(path)) => f.search_path = Some(path),
            Some(session::Setting::Unknown(name)) => f.unknown_setting = Some(name),
            _ => {}
        }
    } else {
        return common_option(c, &mut f.unknown_setting);
    }
    Ok(true)
}

/// The options that ALTER FUNCTION takes too; `unknown`: a setting that no server has.
fn common_option(c: &mut Cursor<'_>, unknown: &mut Option<Ident>) -> R<bool> {
    if c.eat("CALLED") {
        c.expect("ON NULL INPUT")?;
    } else if c.at_words("RETURNS NULL") {
        c.expect("RETURNS NULL ON NULL INPUT")?;
    } else if c.eat_any(&["STRICT", "IMMUTABLE", "STABLE", "VOLATILE", "LEAKPROOF"]).is_some() {
    } else if c.at_words("NOT LEAKPROOF") {
        c.expect("NOT LEAKPROOF")?;
    } else if c.at("EXTERNAL") || c.at("SECURITY") {
        c.eat("EXTERNAL");
        c.expect("SECURITY")?;
        if c.eat_any(&["DEFINER", "INVOKER"]).is_none() {
            return Err(c.expected("DEFINER or INVOKER"));
        }
    } else if c.eat("COST") || c.eat("ROWS") {
        c.number()?;
    } else if c.eat("SUPPORT") {
        c.name()?;
    } else if c.eat("PARALLEL") {
        let name = c.ident()?;
        if !["safe", "restricted", "unsafe"].contains(&name.value.to_ascii_lowercase().as_str()) {
            let message = "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE";
            return Err(SyntaxError::new("syntax-error", name.span, message));
        }
    } else if c.eat("SET") {
        *unknown = session::set_of(c)?.or(unknown.take());
    } else if c.eat("RESET") {
        *unknown = session::reset_of(c)?.or(unknown.take());
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// `RETURN expression` or `BEGIN ATOMIC … END`.
fn sql_body(c: &mut Cursor<'_>, f: &mut CreateFunction) -> R<()> {
    let mark = c.mark();
    if c.at("RETURN") || c.at("BEGIN") {
        c.needs(14, "a body in standard SQL", mark)?;
    }
    let mut body = SqlBody { bound: true, ..SqlBody::default() };
    if c.eat("RETURN") {
        body.statements.push(returned(c)?);
    } else if c.at("BEGIN") {
        c.expect("BEGIN ATOMIC")?;
        while !c.at("END") {
            let end = statement_end(c);
            let span = Span::new(c.mark(), end);
            if span.start < span.end {
                body.returning = c.tokens_in(span).iter().any(|t| word_of(&t.token).eq_ignore_ascii_case("RETURNING"));
                body.statements.push(c.inside(span, |c| {
                    if c.eat("RETURN") {
                        return returned(c);
                    }
                    let change = Some(super::statement(c)?);
                    Ok(Statement { span, change, outside_transaction: false })
                })?);
            }
            c.expect_token(&Token::SemiColon)?;
        }
        c.expect("END")?;
    } else {
        return Ok(());
    }
    let span = c.span_from(mark);
    f.language.get_or_insert_with(|| "sql".to_owned());
    f.body = Some((c.source(span).to_owned(), span));
    f.code = Code::Sql(body);
    Ok(())
}

/// `RETURN expression`: a query that shows it.
fn returned(c: &mut Cursor<'_>) -> R<Statement> {
    let e = c.expr()?;
    let targets = vec![e.root];
    let select = crate::change::Select { names: e.names, targets, ..Default::default() };
    let outputs = vec![Output::Unnamed];
    let reads = Reads { span: e.span, text: e.text, selects: vec![select], outputs, ..Default::default() };
    Ok(Statement { span: e.span, change: Some(Change::Select(reads)), outside_transaction: false })
}

/// Where the statement that starts here ends: before the next semicolon outside parentheses.
pub(super) fn statement_end(c: &Cursor<'_>) -> usize {
    let start = c.mark();
    let mut end = start;
    let mut depth = 0usize;
    for t in c.tokens_in(Span::new(start, c.end())) {
        match &t.token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => break,
            Token::RParen => depth -= 1,
            Token::SemiColon if depth == 0 => break,
            _ => {}
        }
        end = span_of(t).end;
    }
    end
}

fn argument_with_default(c: &mut Cursor<'_>) -> R<Argument> {
    let mut argument = argument(c)?;
    if c.eat("DEFAULT") || c.eat_token(&Token::Eq) || c.eat_token(&Token::Assignment) {
        let span = extent(c, |_, _| false);
        argument.default = Some(c.inside(span, Cursor::expr)?);
    }
    Ok(argument)
}

/// `[IN|OUT|INOUT|VARIADIC] [name] type`, or the name first.
pub(super) fn argument(c: &mut Cursor<'_>) -> R<Argument> {
    let mut mode = argument_mode(c);
    let name = if at_argument_name(c) { Some(c.ident_if(keywords::is_function_name, "a name")?) } else { None };
    if mode.is_none() && name.is_some() {
        mode = argument_mode(c);
    }
    let data_type = types::function_type(c)?;
    Ok(Argument { name, mode: mode.unwrap_or(ArgumentMode::In), data_type, default: None })
}

fn argument_mode(c: &mut Cursor<'_>) -> Option<ArgumentMode> {
    if c.eat("IN") {
        Some(if c.eat("OUT") { ArgumentMode::InOut } else { ArgumentMode::In })
    } else if c.eat("OUT") {
        Some(ArgumentMode::Out)
    } else if c.eat("INOUT") {
        Some(ArgumentMode::InOut)
    } else if c.eat("VARIADIC") {
        Some(ArgumentMode::Variadic)
    } else {
        None
    }
}

/// A name stands before a type: two words that are not one type.
fn at_argument_name(c: &Cursor<'_>) -> bool {
    let Token::Word(first) = c.peek() else { return false };
    if first.quote_style.is_none()
        && (!keywords::is_function_name(&first.value) || (c.at("DOUBLE") && c.at_nth(1, "PRECISION")))
    {
        return false;
    }
    match c.peek_nth(1) {
        Token::Word(w) if w.quote_style.is_some() => true,
        Token::Word(_) => !["DEFAULT", "ARRAY", "ORDER"].iter().any(|w| c.at_nth(1, w)),
        _ => false,
    }
}

pub(super) fn create_aggregate(c: &mut Cursor<'_>, prefix: &Prefix) -> R<Change> {
    let name = function_name(c)?;
    let mark = c.mark();
    // The old form has one list, in which `basetype` says the argument.
    let old = matches!(c.peek_nth(1), Token::Word(_)) && matches!(c.peek_nth(2), Token::Eq);
    let arguments = if old { Vec::new() } else { aggregate_arguments(c)? };
    if old {
        let span = Span::new(c.mark(), c.end());
        let tokens = c.tokens_in(span);
        let named =
            tokens.windows(2).filter(|w| matches!(w[1].token, Token::Eq) && keywords::is_keyword(word_of(&w[0].token)));
        // The old form takes no keyword as an attribute.
        if let Some(w) = named.into_iter().next() {
            let mut at = c.within(span);
            at.go_to(span_of(&w[0]).start);
            return Err(at.expected("an attribute: BASETYPE, SFUNC, STYPE …"));
        }
    }
    let parts = definition(c)?;
    let text = c.definition(c.span_from(mark));
    let arguments = if old { base_type(c, mark).into_iter().collect() } else { arguments };
    Ok(Change::CreateFunction(CreateFunction {
        kind: ObjectKind::Aggregate,
        name,
        or_replace: prefix.or_replace,
        arguments,
        returns: None,
        returns_table: Vec::new(),
        language: None,
        volatility: 'v',
        body: None,
        code: Code::Unread,
        search_path: None,
        unknown_setting: None,
        aggregate: Some(aggregate(c, parts)),
        text,
    }))
}

/// The functions of an aggregate and the type of its state. The old names end in 1 (manual, CREATE AGGREGATE).
fn aggregate(c: &Cursor<'_>, parts: Vec<(Ident, Span)>) -> Aggregate {
    let mut made = Aggregate::default();
    for (name, value) in parts {
        let mut value = c.within(value);
        match name.value.as_str() {
            "stype" | "stype1" => made.state = types::function_type(&mut value).ok(),
            "sfunc" | "sfunc1" => made.functions.extend(value.name().ok().map(|n| ("sfunc".to_owned(), n))),
            "finalfunc" | "combinefunc" | "serialfunc" | "deserialfunc" | "msfunc" | "minvfunc" | "mfinalfunc" => {
                made.functions.extend(value.name().ok().map(|n| (name.value, n)));
            }
            _ => {}
        }
    }
    made
}

fn base_type(c: &Cursor<'_>, mark: usize) -> Option<Argument> {
    let mut inner = c.within(c.span_from(mark));
    while !(inner.at_end() || inner.at("BASETYPE") && matches!(inner.peek_nth(1), Token::Eq)) {
        inner.advance();
    }
    inner.advance();
    inner.advance();
    let data_type: TypeName = types::type_name(&mut inner).ok()?;
    Some(Argument { name: None, mode: ArgumentMode::In, data_type, default: None })
}

pub(super) fn alter_function(c: &mut Cursor<'_>) -> R<Change> {
    alter(c, ObjectKind::Function, "ALTER FUNCTION")
}

pub(super) fn alter_procedure(c: &mut Cursor<'_>) -> R<Change> {
    alter(c, ObjectKind::Procedure, "ALTER PROCEDURE")
}

pub(super) fn alter_routine(c: &mut Cursor<'_>) -> R<Change> {
    alter(c, ObjectKind::Routine, "ALTER ROUTINE")
}

fn alter(c: &mut Cursor<'_>, kind: ObjectKind, what: &'static str) -> R<Change> {
    let target = function_target(c)?;
    if let Some(change) = alter_tail_if(c, kind, &target, false, what)? {
        return Ok(change);
    }
    let mut unknown = None;
    if !common_option(c, &mut unknown)? {
        return Err(c.expected("RENAME TO, OWNER TO, SET SCHEMA or an option of the function"));
    }
    while common_option(c, &mut unknown)? {}
    c.eat("RESTRICT");
    if let Some(name) = unknown {
        return Ok(Change::UnknownSetting(name));
    }
    Ok(touch(what, kind, target, false))
}

pub(super) fn alter_aggregate(c: &mut Cursor<'_>) -> R<Change> {
    let target = aggregate_target(c)?;
    alter_tail(c, ObjectKind::Aggregate, target, false, "ALTER AGGREGATE")
}

pub(super) fn create_trigger(c: &mut Cursor<'_>, prefix: &Prefix) -> R<Change> {
    trigger(c, prefix, false)
}

pub(super) fn create_constraint_trigger(c: &mut Cursor<'_>, prefix: &Prefix) -> R<Change> {
    trigger(c, prefix, true)
}

fn trigger(c: &mut Cursor<'_>, prefix: &Prefix, constraint: bool) -> R<Change> {
    let name = c.ident()?;
    let mark = c.mark();
    let mut instead_of = false;
    match c.eat_any(&["BEFORE", "AFTER", "INSTEAD"]) {
        Some("INSTEAD") if !constraint => {
            c.expect("OF")?;
            instead_of = true;
        }
        Some("AFTER") => {}
        Some("BEFORE") if !constraint => {}
        _ => return Err(c.expected(if constraint { "AFTER" } else { "BEFORE, AFTER or INSTEAD OF" })),
    }
    let mut columns = Vec::new();
    let mut events = Vec::new();
    loop {
        let mut span = c.peek_span();
        let Some(event) = c.eat_any(&["INSERT", "DELETE", "TRUNCATE", "UPDATE"]) else {
            return Err(c.expected("INSERT, UPDATE, DELETE or TRUNCATE"));
        };
        if event == "UPDATE" {
            if c.eat("OF") {
                columns.extend(c.list(Cursor::ident)?);
            }
            // The server has to look one word further to know that no OF follows.
            span = c.peek_span();
        }
        if events.contains(&event) {
            let message = format!("duplicate trigger events specified at or near \"{}\"", c.source(span));
            return Err(SyntaxError::new("syntax-error", span, message).label(format!("{event} stands twice")));
        }
        events.push(event);
        if !c.eat("OR") {
            break;
        }
    }
    c.expect("ON")?;
    let table = c.name()?;
    if constraint {
        if c.eat("FROM") {
            c.name()?;
        }
        table::attributes(c)?;
    }
    if c.eat("REFERENCING") {
        while c.eat_any(&["NEW", "OLD"]).is_some() {
            if c.eat_any(&["TABLE", "ROW"]).is_none() {
                return Err(c.expected("TABLE"));
            }
            c.eat("AS");
            c.ident()?;
        }
    }
    if c.eat("FOR") {
        c.eat("EACH");
        if c.eat_any(&["ROW", "STATEMENT"]).is_none() {
            return Err(c.expected("ROW or STATEMENT"));
        }
    }
    let when = if c.eat("WHEN") { Some(c.parens(Cursor::expr)?) } else { None };
    if !c.at("EXECUTE") {
        return Err(c
            .expected("EXECUTE FUNCTION")
            .help("a trigger calls a function: CREATE FUNCTION … RETURNS trigger, then EXECUTE FUNCTION name();"));
    }
    let function = execute(c)?;
    let text = c.definition(c.span_from(mark));
    Ok(Change::CreateTrigger(CreateTrigger {
        name,
        schema: None,
        table,
        or_replace: prefix.or_replace,
        if_not_exists: false,
        temporary: false,
        instead_of,
        columns,
        when,
        function: Some(function),
        body: Vec::new(),
        text,
    }))
}

/// `EXECUTE FUNCTION f`.
fn executed(c: &mut Cursor<'_>) -> R<Name> {
    c.expect("EXECUTE")?;
    if c.eat_any(&["FUNCTION", "PROCEDURE"]).is_none() {
        return Err(c.expected("FUNCTION or PROCEDURE"));
    }
    function_name(c)
}

fn execute_without_arguments(c: &mut Cursor<'_>) -> R<Name> {
    let function = executed(c)?;
    c.expect_token(&Token::LParen)?;
    c.expect_token(&Token::RParen)?;
    Ok(function)
}

/// `EXECUTE FUNCTION f('a', 1)`.
fn execute(c: &mut Cursor<'_>) -> R<Name> {
    let function = executed(c)?;
    c.parens(|c| {
        if c.at_token(&Token::RParen) {
            return Ok(());
        }
        c.list(|c| match c.peek() {
            Token::Number(..) | Token::Word(_) => {
                c.advance();
                Ok(())
            }
            _ => c.string().map(drop),
        })
        .map(drop)
    })?;
    Ok(function)
}

pub(super) fn create_event_trigger(c: &mut Cursor<'_>, _: &Prefix) -> R<Change> {
    let name = c.ident()?;
    c.expect("ON")?;
    c.label_name()?;
    if c.eat("WHEN") {
        loop {
            c.ident()?;
            c.expect("IN")?;
            c.parens(|c| c.list(Cursor::string))?;
            if !c.eat("AND") {
                break;
            }
        }
    }
    execute_without_arguments(c)?;
    Ok(super::objects::other(ObjectKind::EventTrigger, unqualified(name)))
}

pub(super) fn alter_event_trigger(c: &mut Cursor<'_>) -> R<Change> {
    let name = c.ident()?;
    let target = Target::plain(unqualified(name));
    if c.eat("DISABLE") {
    } else if c.eat("ENABLE") {
        c.eat_any(&["REPLICA", "ALWAYS"]);
    } else {
        return alter_tail(c, ObjectKind::EventTrigger, target, false, "ALTER EVENT TRIGGER");
    }
    Ok(touch("ALTER EVENT TRIGGER", ObjectKind::EventTrigger, target, false))
}

pub(super) fn alter_trigger(c: &mut Cursor<'_>) -> R<Change> {
    let target = on_table(c)?;
    if c.eat_words("DEPENDS ON EXTENSION") || c.eat_words("NO DEPENDS ON EXTENSION") {
        c.ident()?;
        return Ok(touch("ALTER TRIGGER", ObjectKind::Trigger, target, false));
    }
    c.expect("RENAME TO")?;
    let to = c.ident()?;
    Ok(Change::Rename { kind: ObjectKind::Trigger, target, if_exists: false, to })
}

/// `name ON table`.
pub(super) fn on_table(c: &mut Cursor<'_>) -> R<Target> {
    let name: Ident = c.ident()?;
    c.expect("ON")?;
    let on = c.name()?;
    Ok(Target { name: unqualified(name), on: Some(on), arguments: None })
}

/// `CALL p(1)`: what it reads.
pub(super) fn call(c: &mut Cursor<'_>) -> R<Change> {
    let mark = c.mark();
    if c.at_end() {
        return Err(c.expected("a procedure"));
    }
    let mut ahead = c.within(Span::new(mark, c.end()));
    function_name(&mut ahead)?;
    if !ahead.at_token(&Token::LParen) {
        return Err(ahead.expected("\"(\" and the arguments"));
    }
    let expr = c.expr()?;
    let span = c.span_from(mark);
    let select = crate::change::Select { names: expr.names, ..Default::default() };
    Ok(Change::Select(crate::change::Reads { span, text: expr.text, selects: vec![select], ..Default::default() }))
}
