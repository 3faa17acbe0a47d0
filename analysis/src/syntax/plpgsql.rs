//! PL/pgSQL blocks: the bodies of `DO`, as far as they can be known before they run.
//!
//! The statements of the language are read here; each SQL statement inside goes to the engine's own grammar, with the
//! places of the file. Conditions that look into the system catalogs become queries (`condition.rs`), and variables are
//! followed while their value is known. What depends on rows, or on a text put together at run time, is said to be so.
//!
//! The grammar is that of PostgreSQL's manual, chapter "PL/pgSQL"; where the manual is silent the servers were asked.

mod condition;
mod flow;
mod function;
mod reach;
mod sql;
mod text;
mod variables;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sqlparser::ast;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{Cursor, MAX_NESTING, R, Syntax, SyntaxError, postgres, span_of, start_of, word_of};
use crate::change::{
    Block, BlockStatement, Change, Condition, Declared, Handler, Name, Reads, Statement, TableActionKind, Transaction,
};
use crate::span::Span;
use condition::{Known, Variables};
use flow::{Flow, Item, Statements, in_a_row};
use text::Text;
use variables::hide_variables;

pub(super) use function::{code, sql_code};
pub(crate) use reach::{Reach, reach};

/// What a loop's variables are in each of its rounds.
type Rounds = Vec<Vec<(String, Text)>>;

/// Longer expressions than this, in tokens, are not looked into.
const MAX_EXPRESSION: usize = 1000;

/// More rounds than this, of all loops of a block together, are not written out.
const MAX_ROUNDS: usize = 500;

static ERROR_CONDITIONS: &str = include_str!("../../data/postgres/errcodes.txt");

/// Reads the text of a `DO` body. `span` is the literal's place in the file, with its quotes.
pub(super) fn block(c: &Cursor<'_>, body: &str, span: Span) -> R<Block> {
    whole_block(c, body, span, vec!["found".to_owned()], false)
}

/// Reads a whole body. `late`: it runs when it is called, and of its SQL only the grammar counts before that.
fn whole_block(c: &Cursor<'_>, body: &str, span: Span, names: Vec<String>, late: bool) -> R<Block> {
    let file = c.source(Span::new(0, span.end));
    let Some(tokens) = Text::of_literal(body, span, file).lex(file, c.syntax.backend)? else {
        return Ok(Block { body: vec![opaque("a body that cannot be read here", span)], ..Block::default() });
    };
    let mut reader = Reader {
        file,
        syntax: c.syntax,
        tokens: &tokens,
        at: 0,
        end: span.end,
        names,
        loops: 0,
        known: Variables::default(),
        pending: Vec::new(),
        depth: 0,
        rounds: MAX_ROUNDS,
        late,
        evaluated: Vec::new(),
        declared: Vec::new(),
    };
    reader.options();
    let (mut block, _) = reader.block()?;
    reader.eat_token(&Token::SemiColon);
    if reader.at < reader.tokens.len() {
        return Err(reader.unexpected("the end of the block"));
    }
    block.declared = reader.declared;
    if late || reader.pending.is_empty() { Ok(block) } else { Err(reader.pending.remove(0)) }
}

fn string_of(token: &Token) -> Option<&str> {
    match token {
        Token::SingleQuotedString(s) | Token::EscapedStringLiteral(s) => Some(s),
        Token::DollarQuotedString(d) => Some(&d.value),
        _ => None,
    }
}

/// Whether a statement leaves the catalog as it is, whatever its names are.
fn is_harmless(change: &Change) -> bool {
    match change {
        Change::AlterTable(a) => a.actions.iter().all(|a| matches!(a.kind, TableActionKind::Other(_))),
        Change::Inert { .. } | Change::Touch { .. } => true,
        _ => false,
    }
}

/// The same for what EXECUTE runs, whose rows go nowhere.
fn is_harmless_here(change: &Change) -> bool {
    is_harmless(change) || matches!(change, Change::Select(r) if r.into.is_none())
}

/// The SQLSTATEs of a condition name: a few names have two.
fn sqlstates(name: &str) -> Vec<String> {
    static CODES: LazyLock<BTreeMap<&str, Vec<&str>>> = LazyLock::new(|| {
        let mut codes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in ERROR_CONDITIONS.lines().filter(|l| !l.starts_with('#')) {
            let mut fields = line.split('\t');
            if let (Some(name), Some(code)) = (fields.next(), fields.next()) {
                codes.entry(name).or_default().push(code);
            }
        }
        codes
    });
    CODES.get(name).into_iter().flatten().map(|code| (*code).to_owned()).collect()
}

fn opaque(why: &str, span: Span) -> BlockStatement {
    BlockStatement::Opaque { why: why.to_owned(), span, template: None }
}

/// A place in the tokens of a block, and what is known there.
struct Reader<'a> {
    file: &'a str,
    syntax: &'static Syntax,
    tokens: &'a [TokenWithSpan],
    at: usize,
    /// The end of the body in the file.
    end: usize,
    /// The names of variables and labels, innermost last.
    names: Vec<String>,
    /// How many loops are open.
    loops: usize,
    known: Variables,
    /// Errors of statements that a handler of the block may yet catch when it runs.
    pending: Vec<SyntaxError>,
    depth: usize,
    /// How many rounds of loops may yet be written out.
    rounds: usize,
    late: bool,
    /// The expressions that are evaluated before the statement that is being read.
    evaluated: Vec<BlockStatement>,
    /// The types of all variables.
    declared: Vec<Declared>,
}

impl<'a> Reader<'a> {
    // ---- looking and moving

    fn token(&self, n: usize) -> &'a Token {
        self.tokens.get(self.at + n).map_or(&Token::EOF, |t| &t.token)
    }

    fn word(&self, n: usize) -> &'a str {
        word_of(self.token(n))
    }

    fn is(&self, word: &str) -> bool {
        self.word(0).eq_ignore_ascii_case(word)
    }

    fn eat(&mut self, word: &str) -> bool {
        let yes = self.is(word);
        self.at += usize::from(yes);
        yes
    }

    fn eat_token(&mut self, token: &Token) -> bool {
        let yes = self.token(0) == token;
        self.at += usize::from(yes);
        yes
    }

    fn expect(&mut self, word: &str) -> R<()> {
        if self.eat(word) { Ok(()) } else { Err(self.unexpected(word)) }
    }

    fn semicolon(&mut self) -> R<()> {
        if self.eat_token(&Token::SemiColon) { Ok(()) } else { Err(self.unexpected("\";\"")) }
    }

    fn here(&self) -> Span {
        self.tokens.get(self.at).map_or(Span::new(self.end, self.end), span_of)
    }

    fn unexpected(&self, wanted: &str) -> SyntaxError {
        let message = match self.tokens.get(self.at) {
            Some(t) => format!("syntax error at or near \"{}\"", &self.file[span_of(t).range()]),
            None => "syntax error at end of input".to_owned(),
        };
        self.error(self.here(), message).label(format!("expected {wanted}"))
    }

    #[allow(clippy::unused_self, reason = "reads as the reader's own word")]
    fn error(&self, span: Span, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new("syntax-error", span, message)
    }

    /// A name, folded.
    fn name(&mut self) -> R<String> {
        match self.token(0) {
            Token::Word(w) => {
                self.at += 1;
                Ok(if w.quote_style.is_some() { w.value.clone() } else { w.value.to_lowercase() })
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    fn is_variable(&self, name: &str) -> bool {
        self.names.iter().any(|n| n == name)
    }

    fn span_of(tokens: &[TokenWithSpan]) -> Span {
        match (tokens.first(), tokens.last()) {
            (Some(a), Some(b)) => span_of(a).to(span_of(b)),
            _ => Span::default(),
        }
    }

    /// The tokens up to a semicolon, which is passed.
    fn statement_tokens(&mut self) -> R<&'a [TokenWithSpan]> {
        let start = self.at;
        // CREATE FUNCTION … BEGIN ATOMIC … END holds semicolons.
        let mut atomic = 0usize;
        while self.at < self.tokens.len() {
            match self.token(0) {
                Token::SemiColon if atomic == 0 => {
                    self.at += 1;
                    return Ok(&self.tokens[start..self.at - 1]);
                }
                _ if self.is("BEGIN") && self.word(1).eq_ignore_ascii_case("ATOMIC") => atomic += 1,
                _ if atomic > 0 && self.is("CASE") => atomic += 1,
                _ if atomic > 0 && self.is("END") => atomic -= 1,
                _ => {}
            }
            self.at += 1;
        }
        Err(self.unexpected("\";\""))
    }

    /// The tokens of an expression, up to one of these words outside parentheses, which is left.
    fn expression_tokens(&mut self, until: &[&str]) -> R<&'a [TokenWithSpan]> {
        let start = self.at;
        let mut depth = 0usize;
        loop {
            match self.token(0) {
                Token::LParen | Token::LBracket => depth += 1,
                Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
                Token::SemiColon | Token::EOF => {
                    let message = if depth > 0 {
                        "mismatched parentheses".to_owned()
                    } else {
                        format!("missing \"{}\" at end of SQL expression", until[0])
                    };
                    return Err(self.error(self.here(), message).label(format!("expected {}", until[0])));
                }
                _ if depth == 0 && until.iter().any(|w| self.is(w)) => break,
                _ => {}
            }
            self.at += 1;
        }
        if start == self.at {
            return Err(self.error(self.here(), "missing expression").label("expected an expression"));
        }
        Ok(&self.tokens[start..self.at])
    }

    // ---- expressions

    /// An expression as the server reads it, which puts SELECT before it.
    fn read(&mut self, tokens: &[TokenWithSpan]) -> R<Option<Change>> {
        let Some(first) = tokens.first() else { return Ok(None) };
        let at = self.tokens.partition_point(|t| start_of(t) < start_of(first));
        let place = at.checked_sub(1).map_or(first.span, |before| self.tokens[before].span);
        let select = TokenWithSpan::new(Token::make_keyword("SELECT"), place);
        let all: Vec<TokenWithSpan> = std::iter::once(select).chain(tokens.iter().cloned()).collect();
        match super::statement(self.file, &all, self.syntax) {
            Ok(mut change) => {
                hide_variables(&mut change, &self.names);
                Ok(Some(change))
            }
            Err(e) => self.wrong(e).map(|()| None),
        }
    }

    /// The same of one that is evaluated before the statement that it stands in does anything.
    fn evaluate(&mut self, tokens: &[TokenWithSpan]) -> R<()> {
        let change = self.read(tokens)?;
        if change.is_some() {
            let span = Self::span_of(tokens);
            let statement = Statement { span, change, outside_transaction: false };
            self.evaluated.push(BlockStatement::Evaluated(Box::new(statement)));
        }
        Ok(())
    }

    /// What is wrong with SQL: its grammar is looked at before anything runs, all else when it runs.
    fn wrong(&mut self, e: SyntaxError) -> R<()> {
        if matches!(e.rule, "wrong-engine" | "newer-than-server") || e.message.starts_with("syntax error at") {
            return Err(e);
        }
        self.pending.push(e);
        Ok(())
    }

    /// An expression as PL/pgSQL takes it: all that can follow SELECT.
    fn expression(&self, tokens: &[TokenWithSpan]) -> Option<ast::Expr> {
        let first = tokens.first()?;
        let select = TokenWithSpan::new(Token::make_keyword("SELECT"), first.span);
        self.query(std::iter::once(select).chain(tokens.iter().cloned()).collect()).map(condition::scalar)
    }

    fn query(&self, tokens: Vec<TokenWithSpan>) -> Option<ast::Query> {
        if tokens.len() > MAX_EXPRESSION || super::too_deep(&tokens).is_some() {
            return None;
        }
        let tokens = tokens.iter().map(super::with_keyword).collect();
        let mut parser =
            Parser::new(&PostgreSqlDialect {}).with_recursion_limit(MAX_NESTING * 2).with_tokens_with_locations(tokens);
        let query = parser.parse_query().ok()?;
        (parser.peek_token_ref().token == Token::EOF).then_some(*query)
    }

    fn values(&self) -> condition::Reader<'_> {
        condition::Reader { file: self.file, variables: &self.known, any_literal: false }
    }

    fn condition(&self, tokens: &[TokenWithSpan]) -> Condition {
        self.expression(tokens).map_or(Condition::Unknown, |e| self.values().condition(&e))
    }

    /// The variables that tokens name.
    fn variables_in(&self, tokens: &[TokenWithSpan]) -> Vec<String> {
        let names = tokens.iter().filter_map(|t| match &t.token {
            Token::Word(w) if w.quote_style.is_some() => Some(w.value.clone()),
            Token::Word(w) => Some(w.value.to_lowercase()),
            _ => None,
        });
        names.filter(|n| self.is_variable(n)).collect()
    }

    /// `variable := expression`.
    fn assign(&mut self, variable: &str, tokens: &[TokenWithSpan]) -> R<()> {
        self.evaluate(tokens)?;
        let value = self.expression(tokens);
        let text = value.as_ref().and_then(|e| self.values().text(e));
        let reads = self.variables_in(tokens);
        match (text, value) {
            (Some(text), _) => self.known.set(variable, Known::Text(text)),
            (None, Some(e)) if !reads.iter().any(|r| r == variable) => {
                self.known.set(variable, Known::Expr(Box::new(e), reads));
            }
            _ => self.known.forget(variable),
        }
        Ok(())
    }

    /// Variables that a statement sets in a way that is not followed.
    fn forget_in(&mut self, tokens: &[TokenWithSpan]) {
        for name in self.variables_in(tokens) {
            self.known.forget(&name);
        }
    }

    // ---- blocks

    /// `#variable_conflict use_column` and its like, before everything.
    fn options(&mut self) {
        while self.token(0) == &Token::Sharp {
            self.at += 3;
        }
    }

    fn labels(&mut self) -> R<usize> {
        let before = self.names.len();
        while self.eat_token(&Token::ShiftLeft) {
            let label = self.name()?;
            self.names.push(label);
            if !self.eat_token(&Token::ShiftRight) {
                return Err(self.unexpected("\">>\""));
            }
        }
        Ok(before)
    }

    fn deeper(&mut self) -> R<()> {
        self.depth += 1;
        if self.depth > MAX_NESTING / 2 {
            let message = format!("blocks nested more than {} deep", MAX_NESTING / 2);
            return Err(SyntaxError::new("nesting-too-deep", self.here(), message));
        }
        Ok(())
    }

    /// `[<<label>>] [DECLARE …] BEGIN … [EXCEPTION …] END [label]`, without the semicolon.
    fn block(&mut self) -> R<(Block, Flow)> {
        self.deeper()?;
        let scope = self.labels()?;
        let declared = self.names.len();
        let evaluated = self.evaluated.len();
        while self.eat("DECLARE") {
            while !self.is("BEGIN") && !self.is("DECLARE") {
                if self.token(0) == &Token::ShiftLeft {
                    self.labels()?;
                    continue;
                }
                self.declaration(declared)?;
            }
        }
        self.expect("BEGIN")?;
        let values = self.evaluated.split_off(evaluated);
        let pending = self.pending.len();
        let before = self.known.clone();
        let (body, mut flow) = self.statements()?;
        let mut handlers = Vec::new();
        if self.eat("EXCEPTION") {
            self.pending.truncate(pending);
            let after = std::mem::take(&mut self.known);
            let mut meets = vec![after.clone()];
            self.names.extend(["sqlstate".to_owned(), "sqlerrm".to_owned()]);
            if !self.is("WHEN") {
                return Err(self.unexpected("WHEN"));
            }
            while self.is("WHEN") {
                // The body may have stopped anywhere.
                self.known = before.clone();
                self.known.meet(&after);
                let (handler, handled) = self.handler()?;
                if handled.falls {
                    meets.push(std::mem::take(&mut self.known));
                }
                flow = flow.or(handled);
                handlers.push(handler);
            }
            self.known = after;
            meets.iter().for_each(|m| self.known.meet(m));
        }
        self.end_of_block("END")?;
        for name in self.names.drain(scope..).collect::<Vec<_>>() {
            self.known.forget(&name);
        }
        self.depth -= 1;
        let plain = handlers.is_empty();
        let mut block = Block { body, handlers, declared: Vec::new() };
        if plain {
            block.body.splice(..0, values);
        } else if !values.is_empty() {
            // The handlers are not there for what the variables start with.
            let body = values.into_iter().chain([BlockStatement::Block(block)]).collect();
            block = Block { body, ..Block::default() };
        }
        Ok((block, flow))
    }

    /// `END [IF|LOOP|CASE] [label]`.
    fn end_of_block(&mut self, words: &str) -> R<()> {
        for w in words.split(' ') {
            self.expect(w)?;
        }
        if matches!(self.token(0), Token::Word(_))
            && matches!(self.token(1), Token::SemiColon | Token::EOF)
            && words != "END IF"
        {
            let span = self.here();
            let label = self.name()?;
            if !self.is_variable(&label) {
                let found = &self.file[span.range()];
                return Err(self.error(span, format!("end label \"{found}\" specified for unlabeled block")));
            }
        }
        Ok(())
    }

    /// `name [CONSTANT] type [COLLATE c] [NOT NULL] [DEFAULT e];`, `name ALIAS FOR other;`, `name CURSOR FOR query;`
    fn declaration(&mut self, block: usize) -> R<()> {
        let span = self.here();
        let name = self.name()?;
        if self.names[block..].contains(&name) {
            let message = format!("duplicate declaration at or near \"{}\"", &self.file[span.range()]);
            return Err(self.error(span, message));
        }
        let start = self.at;
        let mut depth = 0usize;
        let mut value = None;
        loop {
            match self.token(0) {
                Token::LParen | Token::LBracket => depth += 1,
                Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
                Token::SemiColon => break,
                Token::EOF => return Err(self.unexpected("\";\"")),
                Token::Assignment | Token::Eq if depth == 0 && value.is_none() => value = Some(self.at + 1),
                _ if depth == 0 && value.is_none() && self.is("DEFAULT") => value = Some(self.at + 1),
                _ if depth == 0 && value.is_none() && self.is("BEGIN") => return Err(self.unexpected("\";\"")),
                _ => {}
            }
            self.at += 1;
        }
        if self.at == start {
            return Err(self.error(self.here(), "missing data type declaration at or near \";\""));
        }
        let end = self.at;
        self.at += 1;
        self.known.forget(&name);
        let declared = &self.tokens[start..value.map_or(end, |v| v - 1)];
        let has = |word: &str| declared.iter().any(|t| word_of(&t.token).eq_ignore_ascii_case(word));
        let cursor = has("CURSOR");
        if !cursor && !has("ALIAS") {
            self.variable_type(declared)?;
        }
        if let Some(from) = value.filter(|_| !cursor) {
            self.assign(&name, &self.tokens[from..end])?;
        }
        self.names.push(name);
        Ok(())
    }

    /// `[CONSTANT] type [COLLATE c] [NOT NULL]`.
    fn variable_type(&mut self, tokens: &[TokenWithSpan]) -> R<()> {
        let is = |t: &TokenWithSpan, words: &[&str]| words.iter().any(|w| word_of(&t.token).eq_ignore_ascii_case(w));
        let constant = tokens.first().is_some_and(|t| is(t, &["CONSTANT"]));
        let tokens = &tokens[usize::from(constant)..];
        let end = tokens.iter().position(|t| is(t, &["COLLATE", "NOT"])).unwrap_or(tokens.len());
        let tokens = &tokens[..end];
        let mut c = Cursor::new(self.file, tokens, self.syntax);
        let of = tokens.iter().position(|t| t.token == Token::Mod);
        match of.and_then(|at| Some((at, tokens.get(at + 1)?))) {
            Some((at, word)) if is(word, &["TYPE", "ROWTYPE"]) => {
                let mut c = Cursor::new(self.file, &tokens[..at], self.syntax);
                let Ok(name) = c.name() else { return Ok(()) };
                if is(word, &["ROWTYPE"]) {
                    self.declared.push(Declared::Row(name));
                } else if let Some(table) = name.schema.clone()
                    && !self.is_variable(&table.value)
                {
                    // Of `s.t.c` the cursor keeps the last two.
                    let first = Cursor::new(self.file, &tokens[..at], self.syntax).ident()?;
                    let schema = (at == 5).then_some(first);
                    self.declared.push(Declared::Column(Name { schema, name: table }, name.name));
                }
            }
            _ if tokens.is_empty() => return Err(self.error(self.here(), "missing data type declaration")),
            _ => {
                let t = postgres::types::type_name(&mut c)?;
                c.expect_end()?;
                self.declared.push(Declared::Type(t));
            }
        }
        Ok(())
    }

    /// `WHEN condition [OR condition …] THEN statements`.
    fn handler(&mut self) -> R<(Handler, Flow)> {
        let start = self.here();
        self.expect("WHEN")?;
        let mut catches = Vec::new();
        let mut others = false;
        loop {
            let span = self.here();
            if self.eat("SQLSTATE") {
                let code = string_of(self.token(0)).ok_or_else(|| self.unexpected("a string"))?;
                let valid = code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
                if !valid {
                    return Err(self.error(self.here(), "invalid SQLSTATE code"));
                }
                catches.push(code.to_owned());
                self.at += 1;
            } else {
                let name = self.name()?;
                let codes = sqlstates(&name);
                if name == "others" {
                    others = true;
                } else if codes.is_empty() {
                    return Err(unknown_condition(&name, span));
                }
                catches.extend(codes);
            }
            if !self.eat("OR") {
                break;
            }
        }
        let span = start.to(span_of(&self.tokens[self.at - 1]));
        self.expect("THEN")?;
        let (body, flow) = self.statements()?;
        if others {
            catches.clear();
        }
        Ok((Handler { catches, body, span }, flow))
    }

    /// Statements up to a word that ends them.
    fn statements(&mut self) -> R<Statements> {
        let mut items = Vec::new();
        while !["END", "ELSE", "ELSIF", "ELSEIF", "WHEN", "EXCEPTION"].iter().any(|w| self.is(w)) {
            if self.at >= self.tokens.len() {
                return Err(self.unexpected("END"));
            }
            let before = self.evaluated.len();
            let item = self.statement()?;
            let evaluated = self.evaluated.split_off(before);
            if !evaluated.is_empty() {
                items.push(Item::Plain(evaluated, Flow::FALLS));
            }
            items.push(item);
        }
        Ok(in_a_row(items))
    }

    fn statement(&mut self) -> R<Item> {
        if self.token(0) == &Token::ShiftLeft {
            let scope = self.labels()?;
            let item = match self.word(0).to_ascii_uppercase().as_str() {
                "BEGIN" | "DECLARE" => self.nested_block(),
                "LOOP" | "WHILE" | "FOR" | "FOREACH" => self.a_loop(),
                _ => Err(self.unexpected("a block or a loop")),
            };
            self.names.truncate(scope);
            return item;
        }
        if let Some(item) = self.assignment()? {
            return Ok(item);
        }
        match self.word(0).to_ascii_uppercase().as_str() {
            "BEGIN" | "DECLARE" => self.nested_block(),
            "IF" => self.an_if(),
            "CASE" => self.a_case(),
            "LOOP" | "WHILE" | "FOR" | "FOREACH" => self.a_loop(),
            "EXIT" | "CONTINUE" => self.exit(),
            "RETURN" => self.a_return(),
            "RAISE" => self.raise(),
            "NULL" => {
                self.at += 1;
                self.semicolon()?;
                Ok(Item::inert())
            }
            "ASSERT" => {
                self.at += 1;
                let tokens = self.statement_tokens()?;
                self.evaluate(tokens)?;
                Ok(Item::inert())
            }
            "GET" | "OPEN" | "FETCH" | "MOVE" | "CLOSE" => {
                let tokens = self.statement_tokens()?;
                self.forget_in(tokens);
                self.known.forget("found");
                Ok(Item::inert())
            }
            "PERFORM" => self.perform(),
            "EXECUTE" => self.execute(),
            word @ ("COMMIT" | "ROLLBACK") => {
                let change = if word == "COMMIT" { Transaction::Commit } else { Transaction::Rollback };
                let span = Self::span_of(self.statement_tokens()?);
                self.known.schema_changed();
                let change = Some(Change::Transaction(change));
                Ok(Item::Plain(vec![sql(Statement { span, change, outside_transaction: true })], Flow::FALLS))
            }
            _ => self.sql_statement(),
        }
    }

    fn nested_block(&mut self) -> R<Item> {
        let (block, flow) = self.block()?;
        self.semicolon()?;
        Ok(Item::Plain(vec![BlockStatement::Block(block)], flow))
    }

    // ---- statements

    /// `name := e;`, `name = e;`, `name.field[1] := e;`
    fn assignment(&mut self) -> R<Option<Item>> {
        // `$1` is the first argument of a function.
        if !matches!(self.token(0), Token::Word(_) | Token::Placeholder(_)) {
            return Ok(None);
        }
        let mut n = 1;
        loop {
            match self.token(n) {
                Token::Period => n += 2,
                Token::LBracket => {
                    while !matches!(self.token(n), Token::RBracket | Token::SemiColon | Token::EOF) {
                        n += 1;
                    }
                    n += 1;
                }
                _ => break,
            }
        }
        if !matches!(self.token(n), Token::Assignment | Token::Eq) {
            return Ok(None);
        }
        let span = self.here();
        if let Token::Placeholder(_) = self.token(0) {
            self.at += n + 1;
            let value = self.statement_tokens()?;
            self.evaluate(value)?;
            return Ok(Some(Item::inert()));
        }
        let name = self.name()?;
        if !self.is_variable(&name) {
            return Err(self.unknown_variable(span));
        }
        self.at += n;
        let value = self.statement_tokens()?;
        if n == 1 {
            self.assign(&name, value)?;
        } else {
            self.evaluate(value)?;
            self.known.forget(&name);
        }
        Ok(Some(Item::inert()))
    }

    fn unknown_variable(&self, span: Span) -> SyntaxError {
        self.error(span, format!("\"{}\" is not a known variable", &self.file[span.range()]))
            .help("a variable must be declared: DECLARE name type; before BEGIN")
    }

    /// `RETURN [e];`, `RETURN NEXT [e];`, `RETURN QUERY query;`, `RETURN QUERY EXECUTE e [USING e, …];`
    fn a_return(&mut self) -> R<Item> {
        self.at += 1;
        let tokens = self.statement_tokens()?;
        let is = |n: usize, w: &str| tokens.get(n).is_some_and(|t| word_of(&t.token).eq_ignore_ascii_case(w));
        if is(0, "QUERY") && is(1, "EXECUTE") {
            let using = tokens.iter().position(|t| word_of(&t.token).eq_ignore_ascii_case("USING"));
            self.evaluate(&tokens[2..using.unwrap_or(tokens.len()).max(2)])?;
        } else if is(0, "QUERY") && tokens.len() > 1 {
            let rest = &tokens[1..];
            let statement = self.sql(rest, Self::span_of(rest))?;
            return Ok(Item::Plain(vec![statement], Flow::FALLS));
        } else {
            self.evaluate(&tokens[usize::from(is(0, "NEXT"))..])?;
        }
        let more = is(0, "NEXT") || is(0, "QUERY");
        Ok(Item::Plain(vec![BlockStatement::Inert], if more { Flow::FALLS } else { Flow::ENDS }))
    }

    /// `IF c THEN … [ELSIF c THEN …] [ELSE …] END IF;`
    fn an_if(&mut self) -> R<Item> {
        self.deeper()?;
        self.at += 1;
        let mut branches = Vec::new();
        let mut ends = Vec::new();
        let before = loop {
            let condition = self.expression_tokens(&["THEN"])?;
            // The others are looked at where those before them are false.
            if branches.is_empty() {
                self.evaluate(condition)?;
            } else {
                self.read(condition)?;
            }
            let condition = self.condition(condition);
            self.at += 1;
            let before = self.known.clone();
            let body = self.statements()?;
            let after = std::mem::replace(&mut self.known, before.clone());
            if body.1.falls {
                ends.push(after);
            }
            branches.push((condition, body));
            if !(self.eat("ELSIF") || self.eat("ELSEIF")) {
                break before;
            }
        };
        self.known = before;
        let otherwise = if self.eat("ELSE") { self.statements()? } else { (Vec::new(), Flow::FALLS) };
        self.end_of_block("END IF")?;
        self.semicolon()?;
        self.after_branches(ends, otherwise.1.falls);
        self.depth -= 1;
        Ok(Item::If { branches, otherwise })
    }

    /// What is known after branches: what all that go on agree on. The last one's end is the present.
    fn after_branches(&mut self, mut ends: Vec<Variables>, last_falls: bool) {
        if !last_falls {
            match ends.pop() {
                Some(end) => self.known = end,
                None => self.known.clear(),
            }
        }
        ends.iter().for_each(|end| self.known.meet(end));
    }

    /// `CASE [e] WHEN … THEN … [ELSE …] END CASE;` Without ELSE, what matches nothing is an error.
    fn a_case(&mut self) -> R<Item> {
        self.deeper()?;
        let case = self.here();
        self.at += 1;
        let searched = self.is("WHEN");
        if !searched {
            let operand = self.expression_tokens(&["WHEN"])?;
            self.evaluate(operand)?;
        }
        let mut branches = Vec::new();
        let mut ends = Vec::new();
        let before = self.known.clone();
        while self.eat("WHEN") {
            let condition = self.expression_tokens(&["THEN"])?;
            if branches.is_empty() && searched {
                self.evaluate(condition)?;
            } else {
                self.read(condition)?;
            }
            let condition = if searched { self.condition(condition) } else { Condition::Unknown };
            self.at += 1;
            let body = self.statements()?;
            let after = std::mem::replace(&mut self.known, before.clone());
            if body.1.falls {
                ends.push(after);
            }
            branches.push((condition, body));
        }
        let otherwise = if self.eat("ELSE") {
            self.statements()?
        } else {
            (vec![BlockStatement::Raise { span: case }], Flow::FALLS)
        };
        self.end_of_block("END CASE")?;
        self.semicolon()?;
        self.after_branches(ends, otherwise.1.falls);
        self.depth -= 1;
        Ok(Item::If { branches, otherwise })
    }

    /// `LOOP`, `WHILE e LOOP`, `FOR … IN … LOOP`, `FOREACH … IN ARRAY … LOOP`.
    fn a_loop(&mut self) -> R<Item> {
        self.deeper()?;
        let scope = self.names.len();
        let mut out = Vec::new();
        let rounds = self.loop_head(&mut out)?;
        self.expect("LOOP")?;
        self.loops += 1;
        let start = self.at;
        // Once to see where it ends and what it sets; then with what is known in every round, or in each.
        let outer = std::mem::take(&mut self.known);
        let left = self.rounds;
        let (mut body, mut flow) = self.statements()?;
        self.rounds = left;
        let end = self.at;
        let inside = &self.tokens[start..end];
        let exits = inside.iter().any(|t| word_of(&t.token).eq_ignore_ascii_case("exit"));
        let assigned = self.assigned(inside);
        self.known = outer;
        let again = self.depth < 4;
        match rounds.filter(|r| again && !exits && r.len() <= self.rounds) {
            Some(rounds) => {
                self.rounds -= rounds.len();
                let mut items = Vec::new();
                for round in rounds {
                    round.iter().for_each(|(name, value)| self.known.set(name, Known::Text(value.clone())));
                    self.at = start;
                    let (body, flow) = self.statements()?;
                    let flow = Flow { falls: flow.falls || flow.round, round: false, out: flow.out };
                    items.push(Item::Plain(body, flow));
                    round.iter().for_each(|(name, _)| self.known.forget(name));
                }
                let (written_out, whole) = in_a_row(items);
                out.extend(written_out);
                flow = whole;
            }
            None => {
                self.known.schema_changed();
                self.known.forget_all(&assigned);
                if again {
                    let before = self.known.clone();
                    self.at = start;
                    (body, flow) = self.statements()?;
                    self.known = before;
                }
                out.push(BlockStatement::Loop(body));
                flow = Flow { falls: true, round: false, out: flow.out };
            }
        }
        self.at = end;
        self.loops -= 1;
        self.known.forget("found");
        self.end_of_block("END LOOP")?;
        self.semicolon()?;
        for name in self.names.drain(scope..).collect::<Vec<_>>() {
            self.known.forget(&name);
        }
        self.depth -= 1;
        Ok(Item::Plain(out, flow))
    }

    /// All before LOOP. The query of a loop over rows is put out; the answer is what the variables are in each round, where
    /// the rounds are constants.
    fn loop_head(&mut self, out: &mut Vec<BlockStatement>) -> R<Option<Rounds>> {
        if self.eat("WHILE") {
            let condition = self.expression_tokens(&["LOOP"])?;
            self.evaluate(condition)?;
            return Ok(None);
        }
        if self.eat("FOREACH") {
            let target = self.here();
            let variable = self.loop_variables()?;
            if !self.is_variable(&variable) {
                let message = "loop variable of FOREACH must be a known variable or list of variables";
                return Err(self.error(target, message));
            }
            let slice = self.eat("SLICE");
            self.at += usize::from(slice);
            self.expect("IN")?;
            self.expect("ARRAY")?;
            let array = self.expression_tokens(&["LOOP"])?;
            self.evaluate(array)?;
            let elements = self.expression(array).and_then(|e| self.values().elements(&e));
            self.known.forget(&variable);
            let span = Self::span_of(array);
            let round = |v: &String| vec![(variable.clone(), Text::plain(v, span))];
            return Ok(elements.filter(|_| !slice).map(|all| all.iter().map(round).collect()));
        }
        if !self.eat("FOR") {
            return Ok(None);
        }
        let target = self.here();
        let variable = self.loop_variables()?;
        self.expect("IN")?;
        let reverse = self.eat("REVERSE");
        let tokens = self.expression_tokens(&["LOOP"])?;
        if is_query(&tokens[0].token) {
            if !self.is_variable(&variable) {
                let message = "loop variable of loop over rows must be a record variable or list of scalar variables";
                return Err(self.error(target, message));
            }
            let query = self.query(tokens.to_vec());
            let rounds = query.and_then(|q| self.values().constant_rows(&q, &variable));
            self.known.forget(&variable);
            out.push(self.sql(tokens, Self::span_of(tokens))?);
            return Ok(rounds);
        }
        if word_of(&tokens[0].token).eq_ignore_ascii_case("EXECUTE") || self.is_variable_alone(tokens) {
            self.known.forget(&variable);
            return Ok(None);
        }
        self.names.push(variable.clone());
        self.known.forget(&variable);
        let round = |v: Text| vec![(variable.clone(), v)];
        Ok(self.range(tokens).filter(|_| !reverse).map(|all| all.into_iter().map(round).collect()))
    }

    /// The variables that statements may set: rather one too many.
    fn assigned(&self, tokens: &[TokenWithSpan]) -> Vec<String> {
        let mut all = Vec::new();
        for statement in tokens.split(|t| t.token == Token::SemiColon) {
            let sets = |t: &TokenWithSpan| {
                ["INTO", "FETCH", "GET", "MOVE", "FOR", "FOREACH"]
                    .iter()
                    .any(|w| word_of(&t.token).eq_ignore_ascii_case(w))
                    || matches!(t.token, Token::Assignment | Token::Eq)
            };
            // What is on the right of `:=` too, which does no harm.
            if statement.iter().any(sets) {
                all.extend(self.variables_in(statement));
            }
        }
        all
    }

    /// `name` or `a, b`: the first.
    fn loop_variables(&mut self) -> R<String> {
        let first = self.name()?;
        while self.eat_token(&Token::Comma) || self.eat_token(&Token::Period) {
            self.name()?;
        }
        Ok(first)
    }

    /// A cursor's name, with its arguments or without.
    fn is_variable_alone(&self, tokens: &[TokenWithSpan]) -> bool {
        let names = self.variables_in(&tokens[..1]);
        !names.is_empty() && (tokens.len() == 1 || tokens[1].token == Token::LParen)
    }

    /// `1..3`: each number.
    fn range(&self, tokens: &[TokenWithSpan]) -> Option<Vec<Text>> {
        let span = Self::span_of(tokens);
        let (from, to) = self.file[span.range()].split_once("..")?;
        let (from, to) = (from.trim().parse::<i64>().ok()?, to.trim().parse::<i64>().ok()?);
        let count = usize::try_from(to.checked_sub(from)?.checked_add(1)?.max(0)).ok()?;
        (count <= MAX_ROUNDS).then(|| (from..=to).map(|n| Text::plain(&n.to_string(), span)).collect())
    }

    /// `EXIT|CONTINUE [label] [WHEN e];`
    fn exit(&mut self) -> R<Item> {
        let start = self.here();
        let exit = self.is("EXIT");
        self.at += 1;
        let mut labelled = false;
        if matches!(self.token(0), Token::Word(_)) && !self.is("WHEN") {
            let span = self.here();
            let label = self.name()?;
            labelled = true;
            if !self.is_variable(&label) {
                let found = &self.file[span.range()];
                let message =
                    format!("there is no label \"{found}\" attached to any block or loop enclosing this statement");
                return Err(self.error(span, message));
            }
        }
        if self.loops == 0 && !(exit && labelled) {
            let message = if exit {
                "EXIT cannot be used outside a loop, unless it has a label"
            } else {
                "CONTINUE cannot be used outside a loop"
            };
            return Err(self.error(start, message));
        }
        let flow = if labelled { Flow::ENDS } else { Flow::ENDS_ROUND };
        if !self.eat("WHEN") {
            self.semicolon()?;
            return Ok(Item::Plain(vec![BlockStatement::Inert], flow));
        }
        let condition = self.statement_tokens()?;
        self.evaluate(condition)?;
        let branches = vec![(self.condition(condition), (Vec::new(), flow))];
        Ok(Item::If { branches, otherwise: (Vec::new(), Flow::FALLS) })
    }

    /// `RAISE [level] 'format' [, value …] [USING …];`, `RAISE name;`, `RAISE SQLSTATE '…';`, `RAISE;`
    fn raise(&mut self) -> R<Item> {
        let start = self.here();
        self.at += 1;
        let tokens = self.statement_tokens()?;
        let span = if tokens.is_empty() { start } else { start.to(Self::span_of(tokens)) };
        let level = tokens.first().map_or("", |t| word_of(&t.token)).to_ascii_uppercase();
        let is_level = ["DEBUG", "LOG", "INFO", "NOTICE", "WARNING", "EXCEPTION"].contains(&level.as_str());
        let rest = &tokens[usize::from(is_level)..];
        if let Some(format) = rest.first().and_then(|t| string_of(&t.token)) {
            let wanted = format.replace("%%", "").matches('%').count();
            let given = parameters(&rest[1..]);
            if wanted != given {
                let few = if given < wanted { "few" } else { "many" };
                let message = format!("too {few} parameters specified for RAISE");
                let label = format!("{wanted} in the format, {given} given");
                return Err(self.error(span_of(&rest[0]), message).label(label));
            }
            let using = rest.iter().position(|t| word_of(&t.token).eq_ignore_ascii_case("USING"));
            if wanted > 0 {
                self.evaluate(&rest[2..using.unwrap_or(rest.len())])?;
            }
        } else if let Some(Token::Word(w)) = rest.first().map(|t| &t.token) {
            let name = w.value.to_lowercase();
            let keyword = ["using", "sqlstate"].contains(&name.as_str());
            if !keyword && sqlstates(&name).is_empty() {
                return Err(unknown_condition(&name, span_of(&rest[0])));
            }
        }
        if is_level && level != "EXCEPTION" {
            return Ok(Item::inert());
        }
        Ok(Item::Plain(vec![BlockStatement::Raise { span }], Flow::FALLS))
    }
}

fn sql(statement: Statement) -> BlockStatement {
    BlockStatement::Sql(Box::new(statement))
}

fn unknown_condition(name: &str, span: Span) -> SyntaxError {
    let names = ERROR_CONDITIONS.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split('\t').next());
    let near = names.map(|n| (strsim::osa_distance(n, name), n)).min().filter(|(d, _)| *d <= 2 + name.len() / 8);
    let error = SyntaxError::new("undefined-object", span, format!("unrecognized exception condition \"{name}\""));
    match near {
        Some((_, n)) => error.help(format!("did you mean \"{n}\"?")),
        None => error.help("the names are in appendix A of PostgreSQL's manual; OTHERS catches nearly all"),
    }
}

fn is_query(token: &Token) -> bool {
    ["SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE", "TABLE"]
        .iter()
        .any(|w| word_of(token).eq_ignore_ascii_case(w))
}

/// The values after a RAISE's format: `, a, b USING …`.
fn parameters(tokens: &[TokenWithSpan]) -> usize {
    let mut depth = 0usize;
    let mut count = 0;
    for t in tokens {
        match &t.token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
            Token::Comma if depth == 0 => count += 1,
            t if depth == 0 && word_of(t).eq_ignore_ascii_case("using") => break,
            _ => {}
        }
    }
    count
}
