//! Triggers, routines and events, and the statements of their bodies (manual, "Compound Statement Syntax").

use sqlparser::tokenizer::Token;

use super::super::{Cursor, R, Syntax, word_of};
use super::{Flavour, MysqlCursor as _, guard, made, types};
use crate::change::{
    Block, BlockStatement, Change, Condition, Handler, Ident, InsertSource, Literal, MysqlChange, Names, ObjectKind,
    Reads, RoutineBody, RoutineDefinition, RowName, Statement, TriggerDefinition, Update,
};
use crate::config::Backend;

/// `CREATE TRIGGER …`, after TRIGGER.
pub(super) fn create_trigger(c: &mut Cursor<'_>, or_replace: bool) -> R<Change> {
    let if_not_exists = c.eat_words("IF NOT EXISTS");
    let name = c.name()?;
    let mark = c.mark();
    if c.eat_any(&["BEFORE", "AFTER"]).is_none() {
        return Err(c.expected("BEFORE or AFTER"));
    }
    let event = match c.eat_any(&["INSERT", "UPDATE", "DELETE"]) {
        Some(event) => ["INSERT", "UPDATE", "DELETE"].into_iter().find(|e| *e == event).unwrap_or("INSERT"),
        None => return Err(c.expected("INSERT, UPDATE or DELETE")),
    };
    if c.at("OR") {
        return Err(c.wrong_engine("a trigger is for one event", "write one for each"));
    }
    c.expect("ON")?;
    let table = c.name()?;
    c.expect("FOR EACH ROW")?;
    let mut beside = None;
    if c.eat_any(&["FOLLOWS", "PRECEDES"]).is_some() {
        beside = Some(c.ident()?);
    }
    if c.at_any(&["EXECUTE", "WHEN"]) && !c.at_nth(1, "IMMEDIATE") {
        return Err(c.wrong_engine("a trigger holds its statements itself", "write BEGIN …; END, with IF … THEN in it"));
    }
    let body = c.mark();
    let mut reader = Body::new(c, true);
    reader.one()?;
    let row_columns = row_columns(c, body, event)?;
    let text = c.definition(c.span_from(mark));
    let trigger = TriggerDefinition { name, table, or_replace, if_not_exists, row_columns, beside, event, text };
    Ok(made(MysqlChange::CreateTrigger(trigger)))
}

/// `NEW.x` and `OLD.x`.
fn row_columns(c: &Cursor<'_>, mark: usize, event: &str) -> R<Vec<(RowName, Ident)>> {
    let span = c.span_from(mark);
    let tokens = c.tokens_in(span);
    let mut out = Vec::new();
    for (i, t) in tokens.iter().enumerate() {
        let row = match word_of(&t.token).to_ascii_lowercase().as_str() {
            "new" => RowName::New,
            "old" => RowName::Old,
            _ => continue,
        };
        let (Some(dot), Some(column)) = (tokens.get(i + 1), tokens.get(i + 2)) else { continue };
        let (Token::Period, Token::Word(w)) = (&dot.token, &column.token) else { continue };
        let none = match (row, event) {
            (RowName::New, "DELETE") => Some("NEW"),
            (RowName::Old, "INSERT") => Some("OLD"),
            _ => None,
        };
        let span = super::super::span_of(column);
        if let Some(none) = none {
            let message = format!("1363 (HY000): There is no {none} row in on {event} trigger");
            return Err(super::SyntaxError::new("invalid-definition", super::super::span_of(t).to(span), message));
        }
        out.push((row, Ident::new(w.value.clone(), span)));
    }
    Ok(out)
}

/// `CREATE PROCEDURE` and `CREATE FUNCTION`, from their word on.
pub(super) fn create_routine(c: &mut Cursor<'_>, or_replace: bool) -> R<Change> {
    let kind = if c.eat("PROCEDURE") { ObjectKind::Procedure } else { ObjectKind::Function };
    c.eat("FUNCTION");
    let if_not_exists = c.eat_words("IF NOT EXISTS");
    let name = c.name()?;
    let mark = c.mark();
    // A function of a library: RETURNS … SONAME.
    if kind == ObjectKind::Function && c.at("RETURNS") {
        super::rest(c, "")?;
        let text = c.definition(c.span_from(mark));
        return Ok(routine(kind, name, or_replace, if_not_exists, None, text));
    }
    c.expect_token(&Token::LParen)?;
    let mut parameters = Vec::new();
    while !c.at_token(&Token::RParen) {
        if kind == ObjectKind::Procedure {
            c.eat_any(&["IN", "OUT", "INOUT"]);
        }
        parameters.push(c.ident()?.value);
        parameter_type(c)?;
        if c.eat("DEFAULT") {
            c.expr()?;
        }
        if !c.eat_token(&Token::Comma) {
            break;
        }
    }
    c.expect_token(&Token::RParen)?;
    if kind == ObjectKind::Function {
        c.expect("RETURNS")?;
        types::type_spec(c)?;
        types::charset(c)?;
    }
    characteristics(c)?;
    if c.at("AS") || c.at("LANGUAGE") {
        c.eat("AS");
        return Err(c.wrong_engine("a routine's body stands without AS and quotes", "write BEGIN …; END"));
    }
    let start = c.mark();
    Body::new(c, !parameters.is_empty()).one()?;
    let source = c.source(c.span_from(start)).to_owned();
    let read = if c.flavour() == Flavour::Mariadb { body_on_mariadb } else { body_on_mysql };
    let body = (kind == ObjectKind::Procedure).then_some(RoutineBody { parameters, text: source, read });
    let text = c.definition(c.span_from(mark));
    Ok(routine(kind, name, or_replace, if_not_exists, body, text))
}

fn body_on_mysql(body: &RoutineBody, arguments: &[Option<Literal>]) -> Option<Block> {
    body_of_call(body, arguments, super::of_server(Backend::Mysql, None))
}

fn body_on_mariadb(body: &RoutineBody, arguments: &[Option<Literal>]) -> Option<Block> {
    body_of_call(body, arguments, super::of_server(Backend::Mariadb, None))
}

/// What a CALL runs: a parameter stands for its argument, where that is a literal.
fn body_of_call(body: &RoutineBody, arguments: &[Option<Literal>], syntax: &'static Syntax) -> Option<Block> {
    let mut lexed = super::super::lex(&body.text, syntax.backend);
    let mut unknown = false;
    for (name, argument) in body.parameters.iter().zip(arguments) {
        let value = match argument {
            Some(Literal::Text(text)) => Token::SingleQuotedString(text.clone()),
            Some(Literal::Number(number)) => Token::Number(number.clone(), false),
            _ => {
                unknown = true;
                continue;
            }
        };
        let mut after_dot = false;
        for t in &mut lexed.tokens {
            let own = matches!(&t.token, Token::Word(w) if w.value.eq_ignore_ascii_case(name));
            let dot = t.token == Token::Period;
            if own && !after_dot {
                t.token = value.clone();
            }
            after_dot = dot;
        }
    }
    let mut cursor = Cursor::new(&body.text, &lexed.tokens, syntax);
    let statement = Body::new(&mut cursor, unknown).one().ok()?;
    Some(match statement {
        BlockStatement::Block(b) => b,
        other => Block { body: vec![other], ..Block::default() },
    })
}

fn routine(
    kind: ObjectKind,
    name: crate::change::Name,
    or_replace: bool,
    if_not_exists: bool,
    body: Option<RoutineBody>,
    text: String,
) -> Change {
    made(MysqlChange::CreateRoutine(RoutineDefinition { kind, name, or_replace, if_not_exists, body, text }))
}

/// A type, or MariaDB's `TYPE OF table.column`.
fn parameter_type(c: &mut Cursor<'_>) -> R<()> {
    if c.at_words("TYPE OF") || c.at_words("ROW TYPE") {
        while !c.at_end() && !c.at("OF") {
            c.advance();
        }
        c.expect("OF")?;
        c.name()?;
        return Ok(());
    }
    if c.at("ROW") && matches!(c.peek_nth(1), Token::LParen) {
        c.advance();
        c.skip_parens()?;
        return Ok(());
    }
    types::type_spec(c)?;
    types::charset(c)?;
    Ok(())
}

fn characteristics(c: &mut Cursor<'_>) -> R<()> {
    loop {
        if c.eat("COMMENT") {
            c.string()?;
        } else if c.eat_words("LANGUAGE SQL")
            || c.eat_words("NOT DETERMINISTIC")
            || c.eat("DETERMINISTIC")
            || c.eat_words("CONTAINS SQL")
            || c.eat_words("NO SQL")
            || c.eat_words("READS SQL DATA")
            || c.eat_words("MODIFIES SQL DATA")
            || c.eat_words("SQL SECURITY DEFINER")
            || c.eat_words("SQL SECURITY INVOKER")
        {
        } else {
            return Ok(());
        }
    }
}

/// `CREATE EVENT …`, after EVENT.
pub(super) fn create_event(c: &mut Cursor<'_>, or_replace: bool) -> R<Change> {
    let if_not_exists = c.eat_words("IF NOT EXISTS");
    let name = c.name()?;
    c.expect("ON SCHEDULE")?;
    while !c.at_end() && !c.at("DO") {
        if c.at_token(&Token::LParen) {
            c.skip_parens()?;
        } else {
            c.advance();
        }
    }
    c.expect("DO")?;
    Body::new(c, true).one()?;
    let kind = ObjectKind::EventTrigger;
    Ok(made(MysqlChange::CreateNamed { kind, name, or_replace, if_not_exists }))
}

/// MariaDB's `BEGIN NOT ATOMIC … END`.
pub(super) fn anonymous(c: &mut Cursor<'_>) -> R<Change> {
    c.mariadb_alone("BEGIN NOT ATOMIC", "write a procedure, CALL it, and drop it")?;
    c.expect("BEGIN NOT ATOMIC")?;
    let mut body = Body::new(c, false);
    let block = body.block_after_begin()?;
    Ok(Change::Do(block))
}

/// The statements of a body.
struct Body<'c, 'a> {
    c: &'c mut Cursor<'a>,
    /// Names may stand for parameters and variables: then no column is looked up.
    has_variables: bool,
    depth: usize,
}

impl<'c, 'a> Body<'c, 'a> {
    fn new(c: &'c mut Cursor<'a>, has_variables: bool) -> Self {
        Self { c, has_variables, depth: 0 }
    }

    /// Statements up to one of these words, which stays.
    fn until(&mut self, ends: &[&str]) -> R<Vec<BlockStatement>> {
        let mut out = Vec::new();
        while !self.c.at_any(ends) {
            if self.c.at_end() {
                return Err(self.c.expected(ends[0]));
            }
            out.push(self.one()?);
            self.c.expect_token(&Token::SemiColon)?;
        }
        Ok(out)
    }

    fn one(&mut self) -> R<BlockStatement> {
        if self.depth > 60 {
            return Err(super::SyntaxError::new("nesting-too-deep", self.c.peek_span(), "nested too deep to be read"));
        }
        self.depth += 1;
        let out = self.statement();
        self.depth -= 1;
        out
    }

    fn statement(&mut self) -> R<BlockStatement> {
        // `label: BEGIN`
        let label = matches!(self.c.peek(), Token::Word(_)) && matches!(self.c.peek_nth(1), Token::Colon);
        if label {
            self.c.label_name()?;
            self.c.advance();
        }
        match word_of(self.c.peek()).to_ascii_uppercase().as_str() {
            "BEGIN" => {
                self.c.advance();
                self.c.eat_words("NOT ATOMIC");
                let block = self.block_after_begin()?;
                self.label_at_end();
                Ok(BlockStatement::Block(block))
            }
            "IF" => self.if_statement(),
            "CASE" => self.case_statement(),
            "WHILE" => {
                self.c.advance();
                self.c.expr()?;
                self.c.expect("DO")?;
                let body = self.until(&["END"])?;
                self.c.expect("END WHILE")?;
                self.label_at_end();
                Ok(BlockStatement::Loop(body))
            }
            "LOOP" => {
                self.c.advance();
                let body = self.until(&["END"])?;
                self.c.expect("END LOOP")?;
                self.label_at_end();
                Ok(BlockStatement::Loop(body))
            }
            "REPEAT" => {
                self.c.advance();
                let body = self.until(&["UNTIL"])?;
                self.c.expect("UNTIL")?;
                self.c.expr()?;
                self.c.expect("END REPEAT")?;
                self.label_at_end();
                Ok(BlockStatement::Loop(body))
            }
            "FOR" => {
                self.c.mariadb_alone("FOR", "write a WHILE")?;
                self.has_variables = true;
                while !self.c.at_end() && !self.c.at("DO") {
                    self.c.advance();
                }
                self.c.expect("DO")?;
                let body = self.until(&["END"])?;
                self.c.expect("END FOR")?;
                self.label_at_end();
                Ok(BlockStatement::Loop(body))
            }
            "LEAVE" | "ITERATE" | "OPEN" | "CLOSE" => {
                self.c.advance();
                self.c.ident()?;
                Ok(BlockStatement::Inert)
            }
            "FETCH" => {
                self.c.advance();
                self.c.eat("NEXT");
                self.c.eat("FROM");
                self.c.ident()?;
                self.c.expect("INTO")?;
                self.c.list(|c| {
                    if matches!(c.peek(), Token::Placeholder(_)) {
                        c.advance();
                        Ok(())
                    } else {
                        c.ident().map(drop)
                    }
                })?;
                Ok(BlockStatement::Inert)
            }
            "RETURN" => {
                self.c.advance();
                self.c.expr()?;
                Ok(BlockStatement::Inert)
            }
            "SIGNAL" => {
                let span = self.c.peek_span();
                self.skip_statement();
                Ok(BlockStatement::Raise { span })
            }
            "RESIGNAL" | "GET" => {
                self.skip_statement();
                Ok(BlockStatement::Inert)
            }
            "SET" => self.set(),
            _ => self.sql(),
        }
    }

    fn skip_statement(&mut self) {
        while !self.c.at_end() && !self.c.at_token(&Token::SemiColon) {
            self.c.advance();
        }
    }

    fn label_at_end(&mut self) {
        if matches!(self.c.peek(), Token::Word(_)) {
            self.c.advance();
        }
    }

    /// `SET x = …`, where `NEW.x` may be set, too.
    fn set(&mut self) -> R<BlockStatement> {
        let row = (self.c.at_nth(1, "NEW") || self.c.at_nth(1, "OLD")) && matches!(self.c.peek_nth(2), Token::Period);
        if !row {
            return self.sql();
        }
        self.c.advance();
        loop {
            self.c.name()?;
            self.c.assignment()?;
            self.c.expr()?;
            if !self.c.eat_token(&Token::Comma) {
                return Ok(BlockStatement::Inert);
            }
        }
    }

    /// A statement that could stand by itself.
    fn sql(&mut self) -> R<BlockStatement> {
        let mark = self.c.mark();
        let mut change = super::read(self.c)?;
        if self.has_variables {
            forget_columns(&mut change);
        }
        let outside_transaction = super::outside_transaction(&change, &[]);
        let statement = Statement { span: self.c.span_from(mark), change: Some(change), outside_transaction };
        Ok(BlockStatement::Sql(Box::new(statement)))
    }

    /// What follows BEGIN: declarations, statements, END.
    fn block_after_begin(&mut self) -> R<Block> {
        let mut leaving = Vec::new();
        let mut going_on = Vec::new();
        while self.c.eat("DECLARE") {
            let continues = self.c.at("CONTINUE");
            if continues || self.c.at_any(&["EXIT", "UNDO"]) {
                self.c.advance();
                let handler = self.handler()?;
                if continues { &mut going_on } else { &mut leaving }.push(handler);
            } else {
                self.declaration()?;
            }
            self.c.expect_token(&Token::SemiColon)?;
        }
        let mut body = self.until(&["END"])?;
        self.c.expect("END")?;
        // A handler that goes on stands around each statement by itself.
        if !going_on.is_empty() {
            body = body
                .into_iter()
                .map(|s| BlockStatement::Block(Block { body: vec![s], handlers: going_on.clone(), ..Block::default() }))
                .collect();
        }
        Ok(Block { body, handlers: leaving, ..Block::default() })
    }

    /// `DECLARE a, b type [DEFAULT x]`, `DECLARE c CURSOR FOR query`, `DECLARE d CONDITION FOR …`.
    fn declaration(&mut self) -> R<()> {
        self.has_variables = true;
        self.c.list(Cursor::ident)?;
        if self.c.eat("CURSOR") {
            if self.c.at_token(&Token::LParen) {
                self.c.skip_parens()?;
            }
            self.c.expect("FOR")?;
            self.c.query()?;
            return Ok(());
        }
        if self.c.eat("CONDITION") {
            self.c.expect("FOR")?;
            return self.caught().map(drop);
        }
        parameter_type(self.c)?;
        if self.c.eat("DEFAULT") {
            self.c.expr()?;
        }
        Ok(())
    }

    /// `HANDLER FOR conditions statement`.
    fn handler(&mut self) -> R<Handler> {
        let mark = self.c.mark();
        self.c.expect("HANDLER FOR")?;
        let mut catches = Vec::new();
        let mut all = false;
        loop {
            match self.caught()? {
                Some(codes) => catches.extend(codes),
                None => all = true,
            }
            if !self.c.eat_token(&Token::Comma) {
                break;
            }
        }
        let span = self.c.span_from(mark);
        let body = vec![self.one()?];
        if all {
            catches.clear();
        }
        Ok(Handler { catches, body, span })
    }

    /// What one condition of a handler catches: SQLSTATEs and error numbers; `None` for SQLEXCEPTION.
    fn caught(&mut self) -> R<Option<Vec<String>>> {
        if self.c.eat("SQLEXCEPTION") {
            return Ok(None);
        }
        if self.c.eat("SQLWARNING") {
            return Ok(Some(vec!["01000".to_owned()]));
        }
        if self.c.eat_words("NOT FOUND") {
            return Ok(Some(vec!["02000".to_owned()]));
        }
        if self.c.eat("SQLSTATE") {
            self.c.eat("VALUE");
            return Ok(Some(vec![self.c.string()?.0]));
        }
        if matches!(self.c.peek(), Token::Number(..)) {
            return Ok(Some(vec![self.c.number()?]));
        }
        self.c.ident()?;
        Ok(None)
    }

    fn if_statement(&mut self) -> R<BlockStatement> {
        self.c.expect("IF")?;
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            let condition = self.condition()?;
            self.c.expect("THEN")?;
            let body = self.until(&["ELSEIF", "ELSE", "END"])?;
            branches.push((condition, body));
            if self.c.eat("ELSEIF") {
                continue;
            }
            if self.c.eat("ELSE") {
                otherwise = self.until(&["END"])?;
            }
            self.c.expect("END IF")?;
            return Ok(BlockStatement::If { branches, otherwise });
        }
    }

    fn condition(&mut self) -> R<Condition> {
        let mark = self.c.mark();
        self.c.expr()?;
        let span = self.c.span_from(mark);
        Ok(guard::condition(&mut self.c.within(span)))
    }

    fn case_statement(&mut self) -> R<BlockStatement> {
        self.c.expect("CASE")?;
        let searched = self.c.at("WHEN");
        if !searched {
            self.c.expr()?;
        }
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        while self.c.eat("WHEN") {
            let condition = self.condition()?;
            self.c.expect("THEN")?;
            let body = self.until(&["WHEN", "ELSE", "END"])?;
            branches.push((if searched { condition } else { Condition::Unknown }, body));
        }
        if self.c.eat("ELSE") {
            otherwise = self.until(&["END"])?;
        }
        self.c.expect("END CASE")?;
        Ok(BlockStatement::If { branches, otherwise })
    }
}

/// Names in a body may be variables: what is read by them is not looked up.
fn forget_columns(change: &mut Change) {
    match change {
        Change::Insert(i) => {
            forget(&mut i.names);
            if let InsertSource::Query(q) = &mut i.source {
                forget_in(q);
            }
        }
        Change::Update(Update { reads, .. }) | Change::Delete { reads, .. } | Change::Select(reads) => forget_in(reads),
        _ => {}
    }
}

fn forget_in(reads: &mut Reads) {
    for select in &mut reads.selects {
        forget(&mut select.names);
        forget(&mut select.loose);
        for source in &mut select.sources {
            if let crate::change::SourceKind::Query(q) = &mut source.kind {
                forget_in(q);
            }
        }
    }
}

fn forget(names: &mut Names) {
    names.columns.clear();
    names.queries.iter_mut().for_each(forget_in);
}
