//! A place in a statement's tokens, and the words that the engines' grammars are written in.

use std::cell::Cell;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{Syntax, end_of, expression, span_of, start_of, word_of};
use crate::change::{Expr, Ident, Name, Reads};
use crate::span::Span;

/// What could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) rule: &'static str,
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) label: Option<String>,
    pub(crate) help: Option<String>,
}

impl SyntaxError {
    pub(crate) fn new(rule: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { rule, span, message: message.into(), label: None, help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

/// What a grammar answers.
pub(crate) type R<T> = Result<T, SyntaxError>;

static EOF: Token = Token::EOF;

/// A statement's tokens and a place among them.
pub(crate) struct Cursor<'a> {
    tokens: &'a [TokenWithSpan],
    /// The index of the next token.
    next: usize,
    text: &'a str,
    pub(crate) syntax: &'static Syntax,
    partial: Cell<Partial>,
}

/// Words that came in part: `ALTER TABLE t SET SCHEM`. A server stops where they part, not where they begin.
#[derive(Clone, Copy, Default)]
struct Partial {
    start: usize,
    /// Where the words part.
    stop: usize,
    /// How many came.
    depth: usize,
    /// The word that did not; empty where several could have come.
    next: &'static str,
}

impl<'a> Cursor<'a> {
    /// At the first of `tokens`, which are one statement of `text`.
    pub(crate) fn new(text: &'a str, tokens: &'a [TokenWithSpan], syntax: &'static Syntax) -> Self {
        Self { tokens, next: 0, text, syntax, partial: Cell::default() }
    }

    // ---- looking

    pub(crate) fn peek(&self) -> &'a Token {
        self.peek_nth(0)
    }

    /// The token after `n` others.
    pub(crate) fn peek_nth(&self, n: usize) -> &'a Token {
        self.tokens.get(self.next + n).map_or(&EOF, |t| &t.token)
    }

    pub(crate) fn at_end(&self) -> bool {
        matches!(self.peek(), Token::EOF)
    }

    /// The bytes of the next token; at the end, the empty place after the last.
    pub(crate) fn peek_span(&self) -> Span {
        match self.tokens.get(self.next) {
            Some(t) => span_of(t),
            None => Span::new(self.end(), self.end()),
        }
    }

    /// Where the next token starts: the start of what is read next.
    pub(crate) fn mark(&self) -> usize {
        self.peek_span().start
    }

    /// From a mark to the end of the last token read.
    pub(crate) fn span_from(&self, mark: usize) -> Span {
        let end = self.previous().map_or(mark, end_of);
        Span::new(mark, end.max(mark))
    }

    /// Whether the next token is this unquoted word.
    pub(crate) fn at(&self, word: &str) -> bool {
        word_of(self.peek()).eq_ignore_ascii_case(word)
    }

    /// Whether the token after `n` others is this unquoted word.
    pub(crate) fn at_nth(&self, n: usize, word: &str) -> bool {
        word_of(self.peek_nth(n)).eq_ignore_ascii_case(word)
    }

    /// Whether the next words are these: `at_words("IF NOT EXISTS")`.
    pub(crate) fn at_words(&self, words: &'static str) -> bool {
        for (n, w) in words.split(' ').enumerate() {
            if !self.at_nth(n, w) {
                if n > 0 {
                    self.came_in_part(n, w);
                }
                return false;
            }
        }
        true
    }

    fn came_in_part(&self, depth: usize, next: &'static str) {
        let start = self.mark();
        let mut partial = self.partial.get();
        if partial.start != start || partial.depth < depth {
            let stop = self.tokens.get(self.next + depth).map_or(self.end(), start_of);
            partial = Partial { start, stop, depth, next };
        } else if partial.depth == depth && partial.next != next {
            partial.next = "";
        }
        self.partial.set(partial);
    }

    /// Whether the next token is one of these words.
    pub(crate) fn at_any(&self, words: &[&str]) -> bool {
        words.iter().any(|w| self.at(w))
    }

    pub(crate) fn at_token(&self, token: &Token) -> bool {
        self.peek() == token
    }

    /// The tokens that a span covers.
    pub(crate) fn tokens_in(&self, span: Span) -> &'a [TokenWithSpan] {
        let from = self.tokens.partition_point(|t| start_of(t) < span.start);
        let to = self.tokens.partition_point(|t| start_of(t) < span.end);
        &self.tokens[from..to.max(from)]
    }

    /// The text of a span as a definition: tokens joined by one space, unquoted words folded.
    pub(crate) fn definition(&self, span: Span) -> String {
        let mut out = String::new();
        for t in self.tokens_in(span) {
            if !out.is_empty() {
                out.push(' ');
            }
            match &t.token {
                Token::Word(w) if w.quote_style.is_none() => out.push_str(&w.value.to_lowercase()),
                other => out.push_str(&other.to_string()),
            }
        }
        out
    }

    /// The bytes of a span as they stand in the file.
    pub(crate) fn source(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// The end of the last token of the statement.
    pub(crate) fn end(&self) -> usize {
        self.tokens.last().map_or(0, end_of)
    }

    /// The token before the next one.
    pub(crate) fn previous(&self) -> Option<&'a TokenWithSpan> {
        self.tokens[..self.next].last()
    }

    /// A cursor over the tokens of a span alone.
    pub(crate) fn within(&self, span: Span) -> Cursor<'a> {
        Cursor::new(self.text, self.tokens_in(span), self.syntax)
    }

    // ---- moving

    /// Passes over the tokens that start before `offset`.
    pub(crate) fn go_to(&mut self, offset: usize) {
        while !self.at_end() && self.mark() < offset {
            self.advance();
        }
    }

    /// Reads the tokens of a span, which starts at the next one, with `read`, and all of them.
    pub(crate) fn inside<T>(&mut self, span: Span, read: impl FnOnce(&mut Cursor<'a>) -> R<T>) -> R<T> {
        let mut inner = self.within(span);
        let out = read(&mut inner).and_then(|v| inner.expect_end().map(|()| v));
        match out {
            Ok(v) => {
                self.go_to(span.end);
                Ok(v)
            }
            // What ended too early ends at the token that follows, as the engine sees it.
            Err(e) if e.span.start >= inner.end() && e.rule == "syntax-error" => {
                self.go_to(span.end);
                let label = e.label.unwrap_or_default();
                Err(SyntaxError { label: Some(label), help: e.help, ..self.unexpected(self.peek_span()) })
            }
            Err(e) => Err(e),
        }
    }

    /// Whether the next token and the one behind it do not touch.
    pub(crate) fn gap_after_next(&self) -> bool {
        let next = self.tokens.get(self.next + 1);
        next.is_none_or(|t| start_of(t) > self.peek_span().end)
    }

    pub(crate) fn advance(&mut self) {
        self.next = self.tokens.len().min(self.next + 1);
    }

    /// Takes this word if it is next.
    pub(crate) fn eat(&mut self, word: &str) -> bool {
        let yes = self.at(word);
        if yes {
            self.advance();
        }
        yes
    }

    /// Takes these words if they all come next: `eat_words("IF NOT EXISTS")`.
    pub(crate) fn eat_words(&mut self, words: &'static str) -> bool {
        let yes = self.at_words(words);
        if yes {
            words.split(' ').for_each(|_| self.advance());
        }
        yes
    }

    /// Takes the first of these words that is next.
    pub(crate) fn eat_any<'w>(&mut self, words: &[&'w str]) -> Option<&'w str> {
        let found = words.iter().find(|w| self.at(w)).copied();
        if found.is_some() {
            self.advance();
        }
        found
    }

    pub(crate) fn eat_token(&mut self, token: &Token) -> bool {
        let yes = self.at_token(token);
        if yes {
            self.advance();
        }
        yes
    }

    /// Takes these words, or says what was expected.
    pub(crate) fn expect(&mut self, words: &str) -> R<()> {
        for w in words.split(' ') {
            if !self.eat(w) {
                return Err(self.expected(w));
            }
        }
        Ok(())
    }

    pub(crate) fn expect_token(&mut self, token: &Token) -> R<()> {
        if self.eat_token(token) { Ok(()) } else { Err(self.expected(&format!("\"{token}\""))) }
    }

    pub(crate) fn expect_end(&mut self) -> R<()> {
        if self.at_end() { Ok(()) } else { Err(self.expected("the end of the statement")) }
    }

    /// The error of not finding `what` here.
    pub(crate) fn expected(&self, what: &str) -> SyntaxError {
        let partial = self.partial.get();
        if partial.depth > 0 && partial.start == self.mark() {
            let what = if partial.next.is_empty() { what } else { partial.next };
            let span = self.tokens_in(Span::new(partial.stop, partial.stop + 1)).first().map(span_of);
            return self
                .unexpected(span.unwrap_or(Span::new(partial.stop, partial.stop)))
                .label(format!("expected {what}"));
        }
        self.unexpected(self.peek_span()).label(format!("expected {what}"))
    }

    fn unexpected(&self, span: Span) -> SyntaxError {
        let found = self.tokens_in(span).first();
        let message = match (self.syntax.backend, found) {
            (crate::config::Backend::Postgres, Some(t)) => {
                format!("syntax error at or near \"{}\"", clip(self.source(span_of(t))))
            }
            (crate::config::Backend::Postgres, None) => "syntax error at end of input".to_owned(),
            (crate::config::Backend::Sqlite, Some(t)) => {
                format!("near \"{}\": syntax error", clip(self.source(span_of(t))))
            }
            (crate::config::Backend::Sqlite, None) => "incomplete input".to_owned(),
            (_, Some(t)) => {
                format!("1064 (42000): You have an error in your SQL syntax near '{}'", clip(self.source(span_of(t))))
            }
            (_, None) => "1064 (42000): You have an error in your SQL syntax near the end".to_owned(),
        };
        SyntaxError::new("syntax-error", span, message)
    }

    /// A refusal of the next token: another engine's word.
    pub(crate) fn wrong_engine(&self, message: impl Into<String>, help: impl Into<String>) -> SyntaxError {
        SyntaxError::new("wrong-engine", self.peek_span(), message).help(help)
    }

    /// Tries `read`; where it fails, stays where it was.
    pub(crate) fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> R<T>) -> Option<T> {
        let at = self.next;
        let out = read(self);
        if out.is_err() {
            self.next = at;
        }
        out.ok()
    }

    /// `a, b, c`: at least one.
    pub(crate) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> R<T>) -> R<Vec<T>> {
        let mut out = vec![item(self)?];
        while self.eat_token(&Token::Comma) {
            out.push(item(self)?);
        }
        Ok(out)
    }

    /// `(…)`.
    pub(crate) fn parens<T>(&mut self, inner: impl FnOnce(&mut Self) -> R<T>) -> R<T> {
        self.expect_token(&Token::LParen)?;
        let out = inner(self)?;
        self.expect_token(&Token::RParen)?;
        Ok(out)
    }

    /// Passes over `(…)` with whatever is balanced inside.
    pub(crate) fn skip_parens(&mut self) -> R<Span> {
        let mark = self.mark();
        self.expect_token(&Token::LParen)?;
        let mut depth = 1;
        while depth > 0 {
            match self.peek() {
                Token::LParen => depth += 1,
                Token::RParen => depth -= 1,
                Token::EOF => return Err(self.expected("\")\"")),
                _ => {}
            }
            self.advance();
        }
        Ok(self.span_from(mark))
    }

    // ---- names and literals

    /// The name of a column, table, … (PostgreSQL's ColId).
    pub(crate) fn ident(&mut self) -> R<Ident> {
        self.ident_if(self.syntax.is_name, "a name")
    }

    /// Any word, reserved or not (PostgreSQL's ColLabel).
    pub(crate) fn label_name(&mut self) -> R<Ident> {
        self.ident_if(|_| true, "a name")
    }

    /// A name among the words that `allowed` takes; a quoted one always.
    pub(crate) fn ident_if(&mut self, allowed: impl Fn(&str) -> bool, what: &str) -> R<Ident> {
        let span = self.peek_span();
        let value = match self.peek() {
            Token::Word(w) if w.quote_style.is_some() => w.value.clone(),
            Token::Word(w) if allowed(&w.value) => (self.syntax.fold)(&w.value),
            _ => return Err(self.expected(what)),
        };
        if value.is_empty() {
            return Err(SyntaxError::new("syntax-error", span, "zero-length delimited identifier"));
        }
        self.advance();
        Ok(Ident::new(value, span))
    }

    /// `name` or `schema.name`. A third part (`database.schema.name`) keeps the last two.
    pub(crate) fn name(&mut self) -> R<Name> {
        let first = self.ident()?;
        self.name_after(first)
    }

    pub(crate) fn name_after(&mut self, first: Ident) -> R<Name> {
        let mut name = Name { schema: None, name: first };
        while self.eat_token(&Token::Period) {
            let next = self.label_name()?;
            name = Name { schema: Some(name.name), name: next };
        }
        Ok(name)
    }

    /// `(a, b)`.
    pub(crate) fn ident_list(&mut self) -> R<Vec<Ident>> {
        self.parens(|c| c.list(Self::ident))
    }

    /// A string constant of any form, with its place. On PostgreSQL one goes on in the next, where a line ends
    /// between them.
    pub(crate) fn string(&mut self) -> R<(String, Span)> {
        let mut span = self.peek_span();
        let mut value = match self.peek() {
            Token::SingleQuotedString(s)
            | Token::EscapedStringLiteral(s)
            | Token::UnicodeStringLiteral(s)
            | Token::NationalStringLiteral(s) => s.clone(),
            Token::DollarQuotedString(d) => {
                let value = d.value.clone();
                self.advance();
                return Ok((value, span));
            }
            _ => return Err(self.expected("a string")),
        };
        self.advance();
        while let (crate::config::Backend::Postgres, Token::SingleQuotedString(more)) =
            (self.syntax.backend, self.peek())
        {
            let next = self.peek_span();
            if !self.source(Span::new(span.end, next.start)).contains('\n') {
                break;
            }
            value.push_str(more);
            span = span.to(next);
            self.advance();
        }
        Ok((value, span))
    }

    /// A number with an optional sign, as written.
    pub(crate) fn number(&mut self) -> R<String> {
        let mut out = String::new();
        if self.eat_token(&Token::Minus) {
            out.push('-');
        } else {
            self.eat_token(&Token::Plus);
        }
        match self.peek() {
            Token::Number(n, _) => out.push_str(n),
            _ => return Err(self.expected("a number")),
        }
        self.advance();
        Ok(out)
    }

    // ---- expressions and queries

    /// An expression.
    pub(crate) fn expr(&mut self) -> R<Expr> {
        if self.syntax.backend.is_mysql() { super::mysql::expr(self) } else { expression::expr(self) }
    }

    /// An expression that ends before AND, IN, COLLATE and their like: PostgreSQL's `b_expr`.
    pub(crate) fn simple_expr(&mut self) -> R<Expr> {
        expression::simple_expr(self)
    }

    /// A query: SELECT, VALUES, WITH, TABLE, in parentheses or not.
    pub(crate) fn query(&mut self) -> R<Reads> {
        if self.syntax.backend.is_mysql() { super::mysql::query(self) } else { expression::query(self) }
    }
}

/// At most forty characters of a token, for a message.
fn clip(text: &str) -> String {
    if text.chars().count() <= 40 { text.to_owned() } else { text.chars().take(39).chain(['…']).collect() }
}
