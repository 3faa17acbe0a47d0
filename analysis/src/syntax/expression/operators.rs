//! Operators: what may stand before an operand and between two, and how tight it binds.
//!
//! Levels follow PostgreSQL's `gram.y` and SQLite's `parse.y`. To collect names they hardly matter; they do to see
//! where an expression ends (`BETWEEN a AND b`) and what cannot be chained (`a < b < c` on PostgreSQL).

use sqlparser::tokenizer::Token;

use super::{Paren, Q, Reader, Shape, is_word, query};
use crate::change::{Literal, Names};
use crate::syntax::{Cursor, R, SyntaxError};

const OR: u8 = 1;
pub(super) const AND: u8 = 2;
const NOT: u8 = 3;
/// PostgreSQL: `IS`, below comparisons.
const IS: u8 = 4;
/// SQLite: `=`, `IS`, `IN`, `LIKE` …, all of one level, below `<`.
const EQUAL: u8 = 4;
const COMPARE: u8 = 5;
/// PostgreSQL: `LIKE`, `IN`, `BETWEEN`.
pub(super) const LIKE: u8 = 6;
/// SQLite: `&`, `|`, `<<`, `>>`.
const BITS: u8 = 6;
/// PostgreSQL: all operators without a level of their own.
const OTHER: u8 = 7;
const ADD: u8 = 8;
const MULTIPLY: u8 = 9;
/// PostgreSQL: `^`; SQLite: `||` and `->`.
const POWER: u8 = 10;
const AT: u8 = 11;
const COLLATE: u8 = 12;
const UNARY: u8 = 13;

impl Reader<'_, '_> {
    /// What stands before an operand, and the operand.
    pub(super) fn prefix(&mut self, n: &mut Names) -> Q<Shape> {
        match self.c.peek() {
            Token::Minus | Token::Plus => {
                let minus = self.c.at_token(&Token::Minus);
                self.c.advance();
                let inner = self.climb(n, UNARY)?;
                Ok(signed(inner, minus))
            }
            Token::Tilde => {
                self.c.advance();
                self.climb(n, if self.postgres() { OTHER + 1 } else { UNARY })?;
                Ok(Shape::default())
            }
            Token::ExclamationMark if self.postgres() => {
                Err(Box::new(self.c.wrong_engine("operator does not exist: !", "PostgreSQL writes NOT")))
            }
            t if self.postgres() && is_prefix_operator(t) => {
                self.c.advance();
                self.climb(n, OTHER + 1)?;
                Ok(Shape::default())
            }
            t if is_word(t, &["NOT"]) => {
                self.c.advance();
                self.climb(n, NOT)?;
                Ok(Shape::default())
            }
            t if self.postgres() && is_word(t, &["OPERATOR"]) && matches!(self.c.peek_nth(1), Token::LParen) => {
                operator(self.c)?;
                self.climb(n, OTHER + 1)?;
                Ok(Shape::default())
            }
            _ => self.operand(n),
        }
    }

    /// The operators after `left` that bind at least as tight as `min`.
    pub(super) fn infix(&mut self, n: &mut Names, left: Shape, min: u8) -> Q<Shape> {
        let mut shape = left;
        loop {
            let collates = self.c.at("COLLATE");
            if !self.one_infix(n, &shape, min)? {
                return Ok(shape);
            }
            // The result of an operator has no name; a collated column keeps its own.
            shape = Shape { name: shape.name.filter(|_| collates), ..Shape::default() };
        }
    }

    fn one_infix(&mut self, n: &mut Names, left: &Shape, min: u8) -> Q<bool> {
        if self.postgres() { self.postgres_infix(n, left, min) } else { self.sqlite_infix(n, min) }
    }

    fn postgres_infix(&mut self, n: &mut Names, left: &Shape, min: u8) -> Q<bool> {
        let level = match self.c.peek() {
            Token::Eq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq | Token::Neq => COMPARE,
            Token::Plus | Token::Minus => ADD,
            Token::Mul | Token::Div | Token::Mod => MULTIPLY,
            Token::Caret => POWER,
            Token::Word(w) if w.quote_style.is_none() => return self.postgres_word_infix(n, left, min),
            Token::DoubleEq => {
                return Err(Box::new(
                    self.c.wrong_engine("operator does not exist: ==", "PostgreSQL compares with a single ="),
                ));
            }
            t if is_operator(t) => OTHER,
            _ => return Ok(false),
        };
        if level < min {
            return Ok(false);
        }
        self.c.advance();
        self.right_of_operator(n, level)?;
        if level == COMPARE && is_comparison(self.c.peek()) {
            return Err(Box::new(self.c.expected("no second comparison: these do not chain")));
        }
        Ok(true)
    }

    /// The right side: an expression, or `ANY (…)`.
    fn right_of_operator(&mut self, n: &mut Names, level: u8) -> Q<()> {
        if self.c.eat_any(&["ANY", "ALL", "SOME"]).is_some() {
            match self.parens(n)? {
                Paren::Query(q) => n.queries.push(*q),
                Paren::List(shapes) if shapes.len() == 1 => {}
                Paren::List(_) => return Err(Box::new(self.c.expected("one array or query"))),
            }
            return Ok(());
        }
        self.climb(n, level + 1)?;
        Ok(())
    }

    fn postgres_word_infix(&mut self, n: &mut Names, left: &Shape, min: u8) -> Q<bool> {
        const INFIX: &[(&str, u8)] = &[
            ("AND", AND),
            ("OR", OR),
            ("IS", IS),
            ("NOT", LIKE),
            ("IN", LIKE),
            ("LIKE", LIKE),
            ("BETWEEN", LIKE),
            ("ILIKE", LIKE),
            ("SIMILAR", LIKE),
            ("COLLATE", COLLATE),
            ("AT", AT),
            ("OPERATOR", OTHER),
            ("ISNULL", IS),
            ("NOTNULL", IS),
            ("OVERLAPS", OTHER),
        ];
        let Some((word, level)) = INFIX.iter().copied().find(|(w, _)| self.c.at(w)) else { return Ok(false) };
        if level < min {
            return Ok(false);
        }
        match word {
            "AND" | "OR" => {
                self.c.advance();
                self.climb(n, level + 1)?;
            }
            "ISNULL" | "NOTNULL" => self.c.advance(),
            "IS" => {
                self.c.advance();
                self.is_test(n)?;
            }
            "COLLATE" => {
                self.c.advance();
                self.c.name()?;
            }
            "AT" => {
                if self.c.eat_words("AT TIME ZONE") {
                    self.climb(n, AT + 1)?;
                } else if !self.c.eat_words("AT LOCAL") {
                    return Ok(false);
                }
            }
            "OPERATOR" => {
                if !self.followed_by_paren() {
                    return Ok(false);
                }
                operator(self.c)?;
                self.right_of_operator(n, OTHER)?;
            }
            "OVERLAPS" => {
                if !left.row {
                    return Err(Box::new(self.c.expected("a row on both sides of OVERLAPS")));
                }
                self.c.advance();
                self.climb(n, OTHER + 1)?;
            }
            _ => return self.like_in_between(n),
        }
        Ok(true)
    }

    /// `[NOT] LIKE`, `ILIKE`, `SIMILAR TO`, `IN`, `BETWEEN`. A NOT that belongs to none of these is not ours.
    fn like_in_between(&mut self, n: &mut Names) -> Q<bool> {
        let skip = usize::from(self.c.at("NOT"));
        let next = self.c.peek_nth(skip);
        let similar = is_word(next, &["SIMILAR"]) && self.c.at_nth(skip + 1, "TO");
        if !similar && !is_word(next, &["LIKE", "ILIKE", "IN", "BETWEEN"]) {
            return Ok(false);
        }
        self.c.eat("NOT");
        if self.c.eat("BETWEEN") {
            self.c.eat_any(&["SYMMETRIC", "ASYMMETRIC"]);
            self.climb(n, LIKE + 1)?;
            self.c.expect("AND")?;
            self.climb(n, LIKE + 1)?;
        } else if self.c.eat("IN") {
            if !self.c.at_token(&Token::LParen) {
                return Err(Box::new(self.c.expected("\"(\"")));
            }
            if let Paren::Query(q) = self.parens(n)? {
                n.queries.push(*q);
            }
        } else {
            self.c.advance();
            self.c.eat("TO");
            if !similar && self.c.at_any(&["ANY", "ALL", "SOME"]) {
                self.right_of_operator(n, LIKE)?;
            } else {
                self.climb(n, LIKE + 1)?;
            }
            if self.c.eat("ESCAPE") {
                self.climb(n, LIKE + 1)?;
            }
        }
        if self.c.at_any(&["LIKE", "ILIKE", "IN", "BETWEEN"]) {
            return Err(Box::new(self.c.expected("no second test: these do not chain")));
        }
        Ok(true)
    }

    /// What follows PostgreSQL's IS.
    fn is_test(&mut self, n: &mut Names) -> Q<()> {
        self.c.eat("NOT");
        if self.c.eat_words("DISTINCT FROM") {
            self.climb(n, IS + 1)?;
            return Ok(());
        }
        if self.c.eat("JSON") {
            self.c.eat_any(&["VALUE", "SCALAR", "ARRAY", "OBJECT"]);
            if self.c.at_words("WITH UNIQUE") || self.c.at_words("WITHOUT UNIQUE") {
                self.c.advance();
                self.c.advance();
                self.c.eat("KEYS");
            }
            return Ok(());
        }
        if self.c.eat_any(&["NFC", "NFD", "NFKC", "NFKD"]).is_some() {
            return Ok(self.c.expect("NORMALIZED")?);
        }
        match self.c.eat_any(&["NULL", "TRUE", "FALSE", "UNKNOWN", "DOCUMENT", "NORMALIZED"]) {
            Some(_) => Ok(()),
            None => Err(Box::new(self.c.expected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM"))),
        }
    }

    fn sqlite_infix(&mut self, n: &mut Names, min: u8) -> Q<bool> {
        let level = match self.c.peek() {
            Token::Eq | Token::DoubleEq | Token::Neq => EQUAL,
            Token::Lt | Token::Gt | Token::LtEq | Token::GtEq => COMPARE,
            Token::Ampersand | Token::Pipe | Token::ShiftLeft | Token::ShiftRight => BITS,
            Token::Plus | Token::Minus => ADD,
            Token::Mul | Token::Div | Token::Mod => MULTIPLY,
            Token::StringConcat | Token::Arrow | Token::LongArrow => POWER,
            Token::Word(w) if w.quote_style.is_none() => return self.sqlite_word_infix(n, min),
            Token::DoubleColon => {
                return Err(Box::new(
                    self.c.wrong_engine("unrecognized token: \":\"", "SQLite casts with CAST(x AS type)"),
                ));
            }
            _ => return Ok(false),
        };
        if level < min {
            return Ok(false);
        }
        self.c.advance();
        self.climb(n, level + 1)?;
        Ok(true)
    }

    fn sqlite_word_infix(&mut self, n: &mut Names, min: u8) -> Q<bool> {
        const TESTS: &[&str] = &["LIKE", "GLOB", "REGEXP", "MATCH", "BETWEEN", "IN"];
        if self.c.at("COLLATE") && COLLATE >= min {
            self.c.advance();
            self.sqlite_name()?;
            return Ok(true);
        }
        for (word, level) in [("AND", AND), ("OR", OR)] {
            if self.c.at(word) {
                if level < min {
                    return Ok(false);
                }
                self.c.advance();
                self.climb(n, level + 1)?;
                return Ok(true);
            }
        }
        if EQUAL < min {
            return Ok(false);
        }
        if self.c.eat_any(&["ISNULL", "NOTNULL"]).is_some() || self.c.eat_words("NOT NULL") {
            return Ok(true);
        }
        if self.c.eat("IS") {
            self.c.eat("NOT");
            self.c.eat_words("DISTINCT FROM");
            self.climb(n, EQUAL + 1)?;
            return Ok(true);
        }
        let skip = usize::from(self.c.at("NOT"));
        if !is_word(self.c.peek_nth(skip), TESTS) {
            return Ok(false);
        }
        self.c.eat("NOT");
        match self.c.eat_any(TESTS) {
            Some("BETWEEN") => {
                self.climb(n, EQUAL)?;
                self.c.expect("AND")?;
                self.climb(n, EQUAL + 1)?;
            }
            Some("IN") => self.sqlite_in(n)?,
            _ => {
                self.climb(n, EQUAL + 1)?;
                if self.c.eat("ESCAPE") {
                    self.climb(n, EQUAL + 1)?;
                }
            }
        }
        Ok(true)
    }

    /// `IN (…)`, `IN ()`, `IN table`, `IN function(…)`.
    fn sqlite_in(&mut self, n: &mut Names) -> Q<()> {
        if self.c.at_token(&Token::LParen) {
            if matches!(self.c.peek_nth(1), Token::RParen) {
                self.c.advance();
                self.c.advance();
            } else if let Paren::Query(q) = self.parens(n)? {
                n.queries.push(*q);
            }
            return Ok(());
        }
        let mark = self.c.mark();
        let mut select = crate::change::Select::default();
        if self.at_table_function() {
            self.primary(&mut select.names)?;
        } else {
            let name = self.relation()?;
            let (kind, columns) = self.bound_or_table(&name);
            select.sources.push(crate::change::Source { alias: None, columns, kind });
        }
        let span = self.c.span_from(mark);
        n.queries.push(query::reads(self.c, span, select));
        Ok(())
    }
}

/// A number stays a literal under its sign.
fn signed(inner: Shape, minus: bool) -> Shape {
    match inner.literal.map(|l| *l) {
        Some(Literal::Number(v)) if minus => Shape::literal(Literal::Number(format!("-{v}"))),
        Some(Literal::Number(v)) => Shape::literal(Literal::Number(v)),
        _ => Shape::default(),
    }
}

fn is_comparison(t: &Token) -> bool {
    matches!(t, Token::Eq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq | Token::Neq)
}

/// What of PostgreSQL's operators may stand before an operand: not those with a level of their own.
fn is_prefix_operator(t: &Token) -> bool {
    is_operator(t) && !is_comparison(t) && !matches!(t, Token::Mul | Token::Div | Token::Mod | Token::Caret)
}

/// An operator of PostgreSQL's open set: any run of its characters that has no level of its own.
pub(super) fn is_operator(t: &Token) -> bool {
    !matches!(
        t,
        Token::EOF
            | Token::Word(_)
            | Token::Number(..)
            | Token::Char(_)
            | Token::Whitespace(_)
            | Token::Placeholder(_)
            | Token::Comma
            | Token::LParen
            | Token::RParen
            | Token::LBracket
            | Token::RBracket
            | Token::LBrace
            | Token::RBrace
            | Token::Period
            | Token::Colon
            | Token::DoubleColon
            | Token::Assignment
            | Token::SemiColon
            | Token::Backslash
            | Token::RArrow
            | Token::DoubleEq
            | Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::TripleSingleQuotedString(_)
            | Token::TripleDoubleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::SingleQuotedByteStringLiteral(_)
            | Token::DoubleQuotedByteStringLiteral(_)
            | Token::TripleSingleQuotedByteStringLiteral(_)
            | Token::TripleDoubleQuotedByteStringLiteral(_)
            | Token::SingleQuotedRawStringLiteral(_)
            | Token::DoubleQuotedRawStringLiteral(_)
            | Token::TripleSingleQuotedRawStringLiteral(_)
            | Token::TripleDoubleQuotedRawStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::QuoteDelimitedStringLiteral(_)
            | Token::NationalQuoteDelimitedStringLiteral(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::HexStringLiteral(_)
    )
}

/// `OPERATOR(schema.+)`, or an operator as it is.
pub(super) fn operator(c: &mut Cursor<'_>) -> R<()> {
    if c.eat("OPERATOR") {
        return c.parens(|c| {
            while matches!(c.peek(), Token::Word(_)) {
                c.ident()?;
                c.expect_token(&Token::Period)?;
            }
            operator(c)
        });
    }
    if !is_operator(c.peek()) {
        return Err(c.expected("an operator"));
    }
    c.advance();
    Ok(())
}

/// The error of another engine's word, which is next: the engine's own message, and what to write.
pub(super) fn refused(c: &Cursor<'_>, help: &str) -> SyntaxError {
    let e = c.expected("");
    SyntaxError { rule: "wrong-engine", label: None, ..e }.help(help)
}
