//! Operators: what may stand before an operand and between two, and how tight it binds.
//!
//! Levels follow PostgreSQL's `gram.y` and SQLite's `parse.y`. To collect names they hardly matter; they do to see
//! where an expression ends (`BETWEEN a AND b`) and what cannot be chained (`a < b < c` on PostgreSQL).

use sqlparser::tokenizer::Token;

use std::borrow::Cow;

use super::{Paren, Q, Reader, Shape, is_word, nodes, query};
use crate::change::{Form, Join, Literal, Names, NodeId, QueryForm};
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
        let mark = self.c.mark();
        match self.c.peek() {
            Token::Minus | Token::Plus => {
                let minus = self.c.at_token(&Token::Minus);
                self.c.advance();
                let inner = self.climb(n, UNARY)?;
                Ok(self.signed(n, mark, inner, minus))
            }
            Token::Tilde => {
                let sign = self.operator_text();
                self.c.advance();
                let inner = self.climb(n, if self.postgres() { OTHER + 1 } else { UNARY })?;
                Ok(self.prefixed(n, mark, sign, &inner))
            }
            Token::ExclamationMark if self.postgres() => {
                Err(Box::new(self.c.wrong_engine("operator does not exist: !", "PostgreSQL writes NOT")))
            }
            t if self.postgres() && is_prefix_operator(t) => {
                let sign = self.operator_text();
                self.c.advance();
                let inner = self.climb(n, OTHER + 1)?;
                Ok(self.prefixed(n, mark, sign, &inner))
            }
            t if is_word(t, &["NOT"]) && !self.simple => {
                self.c.advance();
                let inner = self.climb(n, NOT)?;
                Ok(Shape::node(self.keep(n, mark, Form::Logic("NOT"), &[inner.node])))
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
    pub(super) fn infix(&mut self, n: &mut Names, left: Shape, min: u8, mark: usize) -> Q<Shape> {
        let mut shape = left;
        loop {
            let collates = self.c.at("COLLATE");
            let Some(node) = self.one_infix(n, &shape, min, mark)? else { return Ok(shape) };
            // The result of an operator has no name; a collated column keeps its own.
            shape = Shape { name: shape.name.filter(|_| collates), ..Shape::node(node) };
        }
    }

    /// Answers the node of what it made, or nothing where no operator of that level is next.
    fn one_infix(&mut self, n: &mut Names, left: &Shape, min: u8, mark: usize) -> Q<Option<NodeId>> {
        if self.postgres() {
            return self.postgres_infix(n, left, min, mark);
        }
        Ok(self.sqlite_infix(n, min)?.then_some(NodeId::NONE))
    }

    /// A number stays a literal under its sign.
    fn signed(&self, n: &mut Names, mark: usize, inner: Shape, minus: bool) -> Shape {
        match n.literal_at(inner.literal) {
            Some(Literal::Number(v)) if minus => {
                let negative = Literal::Number(format!("-{v}"));
                Shape::literal(n.node(Form::Literal(negative), self.c.span_from(mark), &[]))
            }
            Some(Literal::Number(_)) => Shape::literal(inner.literal),
            _ => self.prefixed(n, mark, Some(Cow::Borrowed(if minus { "-" } else { "+" })), &inner),
        }
    }

    fn prefixed(&self, n: &mut Names, mark: usize, sign: Option<Cow<'static, str>>, inner: &Shape) -> Shape {
        let node = sign.map_or(NodeId::NONE, |s| self.keep(n, mark, Form::Operator(s), &[inner.node]));
        Shape::node(node)
    }

    /// The operator that is next, as PostgreSQL cuts it; `None` where the tokens may cut it otherwise.
    fn operator_text(&self) -> Option<Cow<'static, str>> {
        let text = match self.c.peek() {
            Token::Eq => "=",
            Token::Lt => "<",
            Token::Gt => ">",
            Token::LtEq => "<=",
            Token::GtEq => ">=",
            Token::Neq => "<>",
            Token::Plus => "+",
            Token::Minus => "-",
            Token::Mul => "*",
            Token::Div => "/",
            Token::Mod => "%",
            Token::Caret => "^",
            Token::StringConcat => "||",
            Token::Arrow => "->",
            Token::LongArrow => "->>",
            other => {
                let text = self.c.source(self.c.peek_span());
                let whole = !is_operator(self.c.peek_nth(1)) || self.c.gap_after_next();
                return (whole && text == other.to_string()).then(|| Cow::Owned(text.to_owned()));
            }
        };
        // A sign right after it is an operand's; anything else may belong to a longer operator.
        let next = self.c.peek_nth(1);
        let sign = matches!(next, Token::Plus | Token::Minus) && !matches!(text, "%" | "^" | "||");
        (sign || !is_operator(next) || self.c.gap_after_next()).then_some(Cow::Borrowed(text))
    }

    fn postgres_infix(&mut self, n: &mut Names, left: &Shape, min: u8, mark: usize) -> Q<Option<NodeId>> {
        let level = match self.c.peek() {
            Token::Eq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq | Token::Neq => COMPARE,
            Token::Plus | Token::Minus => ADD,
            Token::Mul | Token::Div | Token::Mod => MULTIPLY,
            Token::Caret => POWER,
            Token::Word(w) if w.quote_style.is_none() => return self.postgres_word_infix(n, left, min, mark),
            Token::DoubleEq => {
                return Err(Box::new(
                    self.c.wrong_engine("operator does not exist: ==", "PostgreSQL compares with a single ="),
                ));
            }
            t if is_operator(t) => OTHER,
            _ => return Ok(None),
        };
        if level < min {
            return Ok(None);
        }
        let sign = self.operator_text();
        self.c.advance();
        let node = self.right_of_operator(n, left, level, mark, sign)?;
        if level == COMPARE && is_comparison(self.c.peek()) {
            return Err(Box::new(self.c.expected("no second comparison: these do not chain")));
        }
        Ok(Some(node))
    }

    /// The right side: an expression, or `ANY (…)`. Answers the node of the whole.
    fn right_of_operator(
        &mut self,
        n: &mut Names,
        left: &Shape,
        level: u8,
        mark: usize,
        sign: Option<Cow<'static, str>>,
    ) -> Q<NodeId> {
        if self.c.eat_any(&["ANY", "ALL", "SOME"]).is_some() {
            return match self.parens(n)? {
                q @ Paren::Query(_) => {
                    let form = QueryForm::Compared(sign.unwrap_or_default());
                    Ok(q.into_names(n, form, self.c.span_from(mark), &[left.node]))
                }
                Paren::List(shapes) if shapes.len() == 1 => {
                    let parts = [left.node, shapes[0].node];
                    Ok(sign.map_or(NodeId::NONE, |s| self.keep(n, mark, Form::Quantified(s), &parts)))
                }
                Paren::List(_) => Err(Box::new(self.c.expected("one array or query"))),
            };
        }
        let right = self.climb(n, level + 1)?;
        Ok(sign.map_or(NodeId::NONE, |s| self.keep(n, mark, Form::Operator(s), &[left.node, right.node])))
    }

    fn postgres_word_infix(&mut self, n: &mut Names, left: &Shape, min: u8, mark: usize) -> Q<Option<NodeId>> {
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
        let Some((word, level)) = INFIX.iter().copied().find(|(w, _)| self.c.at(w)) else { return Ok(None) };
        if level < min || self.simple && !self.is_simple(word) {
            return Ok(None);
        }
        let mut parts = vec![left.node];
        let form = match word {
            "AND" | "OR" => {
                self.c.advance();
                parts.push(self.climb(n, level + 1)?.node);
                Form::Logic(word)
            }
            "ISNULL" | "NOTNULL" => {
                self.c.advance();
                Form::Test
            }
            "IS" => {
                self.c.advance();
                self.is_test(n, &mut parts)?
            }
            "COLLATE" => {
                self.c.advance();
                let name = self.c.name()?;
                n.collations.extend(name.schema.is_some().then_some(name));
                Form::Collate
            }
            "AT" => {
                if self.c.eat_words("AT TIME ZONE") {
                    parts.insert(0, self.climb(n, AT + 1)?.node);
                } else if self.c.at_words("AT LOCAL") {
                    self.c.needs(17, "AT LOCAL", self.c.mark())?;
                    self.c.expect("AT LOCAL")?;
                } else {
                    return Ok(None);
                }
                Form::Function("timezone")
            }
            "OPERATOR" => {
                if !self.followed_by_paren() {
                    return Ok(None);
                }
                operator(self.c)?;
                return self.right_of_operator(n, left, OTHER, mark, None).map(Some);
            }
            "OVERLAPS" => {
                if !left.row {
                    return Err(Box::new(self.c.expected("a row on both sides of OVERLAPS")));
                }
                self.c.advance();
                self.climb(n, OTHER + 1)?;
                return Ok(Some(NodeId::NONE));
            }
            _ => return self.like_in_between(n, left, mark),
        };
        Ok(Some(self.keep(n, mark, form, &parts)))
    }

    /// Whether a test belongs to a `b_expr`.
    fn is_simple(&self, word: &str) -> bool {
        let not = usize::from(self.c.at_nth(1, "NOT"));
        word == "OPERATOR" || word == "IS" && (self.c.at_nth(1 + not, "DISTINCT") || self.c.at_nth(1 + not, "DOCUMENT"))
    }

    /// `[NOT] LIKE`, `ILIKE`, `SIMILAR TO`, `IN`, `BETWEEN`. A NOT that belongs to none of these is not ours.
    fn like_in_between(&mut self, n: &mut Names, left: &Shape, mark: usize) -> Q<Option<NodeId>> {
        let skip = usize::from(self.c.at("NOT"));
        let next = self.c.peek_nth(skip);
        let similar = is_word(next, &["SIMILAR"]) && self.c.at_nth(skip + 1, "TO");
        if !similar && !is_word(next, &["LIKE", "ILIKE", "IN", "BETWEEN"]) {
            return Ok(None);
        }
        let not = self.c.eat("NOT");
        let mut node = if self.c.eat("BETWEEN") {
            self.c.eat_any(&["SYMMETRIC", "ASYMMETRIC"]);
            let low = self.climb(n, LIKE + 1)?.node;
            self.c.expect("AND")?;
            let high = self.climb(n, LIKE + 1)?.node;
            self.keep(n, mark, Form::Between, &[left.node, low, high])
        } else if self.c.eat("IN") {
            if !self.c.at_token(&Token::LParen) {
                return Err(Box::new(self.c.expected("\"(\"")));
            }
            match self.parens(n)? {
                Paren::List(shapes) => {
                    let mut parts = nodes(&shapes);
                    parts.insert(0, left.node);
                    self.keep(n, mark, Form::In, &parts)
                }
                q @ Paren::Query(_) => {
                    let form = QueryForm::Compared(Cow::Borrowed(if not { "<>" } else { "=" }));
                    q.into_names(n, form, self.c.span_from(mark), &[left.node])
                }
            }
        } else {
            let sign = match (self.c.at("ILIKE"), not) {
                _ if similar => "~",
                (true, false) => "~~*",
                (true, true) => "!~~*",
                (false, false) => "~~",
                (false, true) => "!~~",
            };
            self.c.advance();
            self.c.eat("TO");
            let sign = Cow::Borrowed(sign);
            if !similar && self.c.at_any(&["ANY", "ALL", "SOME"]) {
                self.right_of_operator(n, left, LIKE, mark, Some(sign))?
            } else {
                let right = self.climb(n, LIKE + 1)?;
                self.keep(n, mark, Form::Operator(sign), &[left.node, right.node])
            }
        };
        if self.c.eat("ESCAPE") {
            self.climb(n, LIKE + 1)?;
            node = NodeId::NONE;
        }
        if self.c.at_any(&["LIKE", "ILIKE", "IN", "BETWEEN"]) {
            return Err(Box::new(self.c.expected("no second test: these do not chain")));
        }
        Ok(Some(node))
    }

    /// What follows PostgreSQL's IS.
    fn is_test(&mut self, n: &mut Names, parts: &mut Vec<NodeId>) -> Q<Form> {
        self.c.eat("NOT");
        if self.c.eat_words("DISTINCT FROM") {
            parts.push(self.climb(n, IS + 1)?.node);
            return Ok(Form::Distinct);
        }
        if self.c.at("JSON") {
            self.c.needs(16, "IS JSON", self.c.mark())?;
            self.c.advance();
            self.c.eat_any(&["VALUE", "SCALAR", "ARRAY", "OBJECT"]);
            self.unique_keys()?;
            return Ok(Form::Test);
        }
        if self.c.eat_any(&["NFC", "NFD", "NFKC", "NFKD"]).is_some() {
            self.c.expect("NORMALIZED")?;
            return Ok(Form::Test);
        }
        match self.c.eat_any(&["NULL", "TRUE", "FALSE", "UNKNOWN", "DOCUMENT", "NORMALIZED"]) {
            Some("TRUE" | "FALSE" | "UNKNOWN") => Ok(Form::Logic("IS")),
            Some(_) => Ok(Form::Test),
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
            select.sources.push(crate::change::Source { alias: None, columns, kind, join: Join::Start });
        }
        let span = self.c.span_from(mark);
        n.queries.push(query::reads(self.c, span, select));
        Ok(())
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
