//! Expressions: the names in them, and where they end (manual, "Expressions" and "Operator Precedence").

use sqlparser::tokenizer::Token;

use super::super::{Cursor, R, SyntaxError, word_of};
use super::{Flavour, MysqlCursor as _, words};
use crate::change::{Call, Expr, Form, Ident, Literal, Name, Names, NodeId, Output, Reads, Select};

/// How deep expressions and queries may nest in one another; a thread of two megabytes is enough for it.
const MAX_DEPTH: usize = 200;

const ASSIGN: u8 = 0;
const OR: u8 = 1;
const XOR: u8 = 2;
const AND: u8 = 3;
const NOT: u8 = 4;
const COMPARE: u8 = 6;
const BIT_OR: u8 = 7;
const BIT_AND: u8 = 8;
const SHIFT: u8 = 9;
const ADD: u8 = 10;
const MULTIPLY: u8 = 11;
const BIT_XOR: u8 = 12;
const UNARY: u8 = 13;
const COLLATE: u8 = 14;

/// The units of INTERVAL, EXTRACT and TIMESTAMPADD.
const UNITS: &[&str] = &[
    "MICROSECOND",
    "SECOND",
    "MINUTE",
    "HOUR",
    "DAY",
    "WEEK",
    "MONTH",
    "QUARTER",
    "YEAR",
    "SECOND_MICROSECOND",
    "MINUTE_MICROSECOND",
    "MINUTE_SECOND",
    "HOUR_MICROSECOND",
    "HOUR_SECOND",
    "HOUR_MINUTE",
    "DAY_MICROSECOND",
    "DAY_SECOND",
    "DAY_MINUTE",
    "DAY_HOUR",
    "YEAR_MONTH",
    "SQL_TSI_SECOND",
    "SQL_TSI_MINUTE",
    "SQL_TSI_HOUR",
    "SQL_TSI_DAY",
    "SQL_TSI_WEEK",
    "SQL_TSI_MONTH",
    "SQL_TSI_QUARTER",
    "SQL_TSI_YEAR",
];

/// Functions whose second application changes nothing.
const SETTLING: &[&str] = &[
    "abs", "ceil", "ceiling", "coalesce", "date", "floor", "greatest", "ifnull", "least", "lower", "ltrim", "nullif",
    "round", "rtrim", "trim", "truncate", "upper",
];

/// An expression, whole.
pub(super) fn expr(c: &mut Cursor<'_>) -> R<Expr> {
    let mark = c.mark();
    let mut names = Names::default();
    let shape = Reader::new(c).climb(&mut names, ASSIGN).map_err(|e| *e)?;
    let span = c.span_from(mark);
    let literal = shape.literal.and_then(|id| names.literal_at(id)).cloned();
    Ok(Expr { span, text: c.definition(span), names, literal, root: NodeId::NONE, label: None })
}

/// A boxed error keeps the frames of what nests small.
pub(super) type Q<T> = Result<T, Box<SyntaxError>>;

/// What is known of an expression beside its names.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) literal: Option<NodeId>,
    /// The column that it shows.
    pub(super) name: Option<Box<Ident>>,
    /// Its outermost form changes nothing when it is applied to its own result.
    pub(super) settles: bool,
}

pub(super) struct Reader<'c, 'a> {
    pub(super) c: &'c mut Cursor<'a>,
    /// What WITH has bound, innermost last.
    pub(super) ctes: Vec<String>,
    depth: usize,
}

impl<'c, 'a> Reader<'c, 'a> {
    pub(super) fn new(c: &'c mut Cursor<'a>) -> Self {
        Self { c, ctes: Vec::new(), depth: 0 }
    }

    /// Counts one level of nesting, and `weight` more for the larger forms.
    pub(super) fn deeper<T>(&mut self, weight: usize, read: impl FnOnce(&mut Self) -> Q<T>) -> Q<T> {
        if self.depth + weight > MAX_DEPTH {
            return Err(Box::new(
                SyntaxError::new("nesting-too-deep", self.c.peek_span(), "nested too deep to be read")
                    .help("split the expression: no engine reads this much nesting without trouble"),
            ));
        }
        self.depth += weight;
        let out = read(self);
        self.depth -= weight;
        out
    }

    pub(super) fn whole(&mut self, n: &mut Names) -> Q<Shape> {
        self.climb(n, ASSIGN)
    }

    pub(super) fn list(&mut self, n: &mut Names) -> Q<usize> {
        let mut count = 0;
        loop {
            self.whole(n)?;
            count += 1;
            if !self.c.eat_token(&Token::Comma) {
                return Ok(count);
            }
        }
    }

    /// An expression of operators that bind at least as tight as `min`.
    pub(super) fn climb(&mut self, n: &mut Names, min: u8) -> Q<Shape> {
        self.deeper(1, |r| {
            let mut shape = r.prefix(n)?;
            while let Some(keeps_name) = r.infix(n, min)? {
                shape = Shape { name: shape.name.filter(|_| keeps_name), ..Shape::default() };
            }
            Ok(shape)
        })
    }

    fn prefix(&mut self, n: &mut Names) -> Q<Shape> {
        match self.c.peek() {
            Token::Minus | Token::Plus => {
                let minus = self.c.at_token(&Token::Minus);
                let span = self.c.peek_span();
                self.c.advance();
                let inner = self.climb(n, UNARY)?;
                let negative = match inner.literal.and_then(|id| n.literal_at(id)) {
                    Some(Literal::Number(v)) if minus => Some(Literal::Number(format!("-{v}"))),
                    Some(Literal::Number(v)) => Some(Literal::Number(v.clone())),
                    _ => None,
                };
                let literal = negative.map(|l| n.node(Form::Literal(l), span, &[]));
                Ok(Shape { literal, ..Shape::default() })
            }
            Token::Tilde | Token::ExclamationMark => {
                self.c.advance();
                self.climb(n, UNARY)?;
                Ok(Shape::default())
            }
            _ if self.c.at("NOT") => {
                self.c.advance();
                self.climb(n, NOT)?;
                Ok(Shape::default())
            }
            _ if self.c.at("BINARY") => {
                self.c.advance();
                self.climb(n, UNARY)?;
                Ok(Shape::default())
            }
            _ => self.primary(n),
        }
    }

    /// One operator and its right side. Answers nothing where none of that level is next, else whether the left side's
    /// name stays.
    fn infix(&mut self, n: &mut Names, min: u8) -> Q<Option<bool>> {
        let level = match self.c.peek() {
            Token::Eq | Token::Spaceship | Token::GtEq | Token::Gt | Token::LtEq | Token::Lt | Token::Neq => COMPARE,
            Token::Pipe => BIT_OR,
            Token::Ampersand => BIT_AND,
            Token::ShiftLeft | Token::ShiftRight => SHIFT,
            Token::Plus | Token::Minus => ADD,
            Token::Mul | Token::Div | Token::Mod => MULTIPLY,
            Token::Caret => BIT_XOR,
            Token::StringConcat => OR,
            Token::Overlap => AND,
            Token::Arrow | Token::LongArrow => {
                self.c.mysql_alone("the operators -> and ->>", "write JSON_EXTRACT(column, '$.path')")?;
                COLLATE
            }
            Token::Word(w) if w.quote_style.is_none() => return self.word_infix(n, min),
            _ => return Ok(None),
        };
        if level < min {
            return Ok(None);
        }
        self.c.advance();
        if level == COMPARE && self.c.at_any(&["ALL", "ANY", "SOME"]) && self.opens_query_at(1) {
            self.c.advance();
            self.query_in_expression(n)?;
            return Ok(Some(false));
        }
        self.climb(n, level + 1)?;
        Ok(Some(false))
    }

    fn word_infix(&mut self, n: &mut Names, min: u8) -> Q<Option<bool>> {
        let not = usize::from(self.c.at("NOT"));
        let next = |r: &Self, word: &str| r.c.at_nth(not, word);
        let level = if self.c.at("OR") {
            OR
        } else if self.c.at("XOR") {
            XOR
        } else if self.c.at("AND") {
            AND
        } else if self.c.at_any(&["DIV", "MOD"]) {
            MULTIPLY
        } else if self.c.at("COLLATE") {
            COLLATE
        } else if self.c.at("IS")
            || ["IN", "LIKE", "REGEXP", "RLIKE", "BETWEEN"].iter().any(|w| next(self, w))
            || self.c.at("SOUNDS") && self.c.at_nth(1, "LIKE")
            || self.c.at("MEMBER") && self.c.at_nth(1, "OF")
        {
            COMPARE
        } else {
            return Ok(None);
        };
        if level < min {
            return Ok(None);
        }
        if self.c.eat("COLLATE") {
            self.c.charset_name()?;
            return Ok(Some(true));
        }
        if level != COMPARE {
            self.c.advance();
            self.climb(n, level + 1)?;
            return Ok(Some(false));
        }
        if self.c.eat("IS") {
            self.c.eat("NOT");
            if self.c.eat_any(&["NULL", "TRUE", "FALSE", "UNKNOWN"]).is_none() && !self.c.eat_words("JSON") {
                return Err(Box::new(self.c.expected("NULL, TRUE, FALSE or UNKNOWN")));
            }
            return Ok(Some(false));
        }
        self.c.eat("NOT");
        if self.c.eat("BETWEEN") {
            self.climb(n, BIT_OR)?;
            self.c.expect("AND")?;
            self.climb(n, NOT + 1)?;
        } else if self.c.eat("IN") {
            if self.opens_query_at(0) {
                self.query_in_expression(n)?;
            } else {
                self.c.expect_token(&Token::LParen)?;
                self.list(n)?;
                self.c.expect_token(&Token::RParen)?;
            }
        } else if self.c.eat("MEMBER") {
            self.c.expect("OF")?;
            self.c.mysql_alone("MEMBER OF", "write JSON_CONTAINS(…)")?;
            self.c.expect_token(&Token::LParen)?;
            self.whole(n)?;
            self.c.expect_token(&Token::RParen)?;
        } else {
            self.c.eat("SOUNDS");
            self.c.advance();
            self.climb(n, BIT_OR)?;
            if self.c.eat("ESCAPE") {
                self.climb(n, BIT_OR)?;
            }
        }
        Ok(Some(false))
    }

    // ---- operands

    fn literal(&mut self, n: &mut Names, literal: Literal) -> Shape {
        let span = self.c.peek_span();
        self.c.advance();
        Shape { literal: Some(n.node(Form::Literal(literal), span, &[])), ..Shape::default() }
    }

    pub(super) fn primary(&mut self, n: &mut Names) -> Q<Shape> {
        match self.c.peek() {
            Token::LParen => self.parenthesis(n),
            Token::Number(v, _) => {
                let v = v.clone();
                Ok(self.literal(n, Literal::Number(v)))
            }
            Token::SingleQuotedString(_) | Token::NationalStringLiteral(_) => self.text(n),
            Token::HexStringLiteral(_) | Token::SingleQuotedByteStringLiteral(_) => {
                self.c.advance();
                Ok(Shape::default())
            }
            Token::Placeholder(_) => {
                self.c.advance();
                if self.c.eat_token(&Token::Assignment) {
                    self.climb(n, ASSIGN)?;
                }
                Ok(Shape::default())
            }
            Token::AtAt => {
                self.c.system_variable()?;
                Ok(Shape::default())
            }
            // `{d '2020-01-01'}`
            Token::LBrace => {
                self.c.advance();
                self.c.label_name()?;
                self.whole(n)?;
                self.c.expect_token(&Token::RBrace)?;
                Ok(Shape::default())
            }
            Token::Word(w) if w.quote_style.is_none() => {
                let word = w.value.to_ascii_lowercase();
                self.word(n, &word)
            }
            Token::Word(_) => self.name(n),
            _ => Err(Box::new(self.c.expected("an expression"))),
        }
    }

    /// Strings that stand beside each other are one.
    fn text(&mut self, n: &mut Names) -> Q<Shape> {
        let mark = self.c.mark();
        let mut value = String::new();
        while matches!(self.c.peek(), Token::SingleQuotedString(_) | Token::NationalStringLiteral(_)) {
            value.push_str(&self.c.string()?.0);
        }
        let id = n.node(Form::Literal(Literal::Text(value)), self.c.span_from(mark), &[]);
        Ok(Shape { literal: Some(id), ..Shape::default() })
    }

    fn parenthesis(&mut self, n: &mut Names) -> Q<Shape> {
        if self.opens_query_at(0) {
            self.query_in_expression(n)?;
            return Ok(Shape::default());
        }
        self.deeper(1, |r| {
            r.c.expect_token(&Token::LParen)?;
            let shape = r.whole(n)?;
            let row = r.c.eat_token(&Token::Comma);
            if row {
                r.list(n)?;
            }
            r.c.expect_token(&Token::RParen)?;
            Ok(if row { Shape::default() } else { shape })
        })
    }

    fn query_in_expression(&mut self, n: &mut Names) -> Q<()> {
        self.deeper(2, |r| {
            let q = r.query_in_parens()?;
            n.queries.push(q);
            Ok(())
        })
    }

    fn followed_by_paren(&self) -> bool {
        matches!(self.c.peek_nth(1), Token::LParen)
    }

    fn word(&mut self, n: &mut Names, word: &str) -> Q<Shape> {
        let paren = self.followed_by_paren();
        let string_next = matches!(self.c.peek_nth(1), Token::SingleQuotedString(_) | Token::HexStringLiteral(_));
        match word {
            "null" => Ok(self.literal(n, Literal::Null)),
            "true" => Ok(self.literal(n, Literal::Boolean(true))),
            "false" => Ok(self.literal(n, Literal::Boolean(false))),
            "case" => self.case(n),
            "cast" | "convert" if paren => self.cast(n),
            "exists" if self.opens_query_at(1) => {
                self.c.advance();
                self.query_in_expression(n)?;
                Ok(Shape::default())
            }
            "interval" => self.interval(n),
            "match" if paren => self.match_against(n),
            "row" if paren => {
                self.c.advance();
                self.parenthesis(n)
            }
            "extract" | "trim" | "substring" | "substr" | "mid" | "position" | "group_concat" | "timestampadd"
            | "timestampdiff" | "char" | "get_format" | "weight_string" | "json_value" | "json_arrayagg"
            | "json_objectagg" | "percentile_cont" | "percentile_disc" | "median"
                if paren =>
            {
                self.call_with_words(n, word)
            }
            "date" | "time" | "timestamp" if string_next => {
                self.c.advance();
                self.text(n)
            }
            "current_date" | "current_time" | "current_timestamp" | "current_user" | "current_role" | "localtime"
            | "localtimestamp" | "utc_date" | "utc_time" | "utc_timestamp" => {
                self.c.advance();
                if self.c.eat_token(&Token::LParen) {
                    if !self.c.at_token(&Token::RParen) {
                        self.c.number()?;
                    }
                    self.c.expect_token(&Token::RParen)?;
                }
                Ok(Shape::default())
            }
            "default" if paren => {
                self.c.advance();
                self.c.expect_token(&Token::LParen)?;
                self.whole(n)?;
                self.c.expect_token(&Token::RParen)?;
                Ok(Shape::default())
            }
            // The value that an INSERT would have put there: MariaDB says VALUE, too.
            "values" | "value" if paren && self.c.at_values_call() => {
                self.c.advance();
                self.c.expect_token(&Token::LParen)?;
                let shape = self.name(n)?;
                self.c.expect_token(&Token::RParen)?;
                Ok(Shape { name: shape.name, ..Shape::default() })
            }
            "next" | "previous" if self.c.at_nth(1, "VALUE") && self.c.at_nth(2, "FOR") => {
                self.c.mariadb_alone("a sequence", "use an AUTO_INCREMENT column")?;
                for _ in 0..3 {
                    self.c.advance();
                }
                self.c.name()?;
                Ok(Shape::default())
            }
            // A character set before its string: `_utf8mb4'x'`.
            _ if word.starts_with('_') && string_next => {
                self.c.advance();
                if matches!(self.c.peek(), Token::HexStringLiteral(_)) {
                    self.c.advance();
                    return Ok(Shape::default());
                }
                self.text(n)
            }
            _ => self.name(n),
        }
    }

    fn case(&mut self, n: &mut Names) -> Q<Shape> {
        self.c.advance();
        if !self.c.at("WHEN") {
            self.whole(n)?;
        }
        if !self.c.at("WHEN") {
            return Err(Box::new(self.c.expected("WHEN")));
        }
        while self.c.eat("WHEN") {
            self.whole(n)?;
            self.c.expect("THEN")?;
            self.whole(n)?;
        }
        if self.c.eat("ELSE") {
            self.whole(n)?;
        }
        self.c.expect("END")?;
        Ok(Shape::default())
    }

    /// `CAST(x AS type)`, `CONVERT(x, type)`, `CONVERT(x USING charset)`.
    fn cast(&mut self, n: &mut Names) -> Q<Shape> {
        let convert = self.c.at("CONVERT");
        self.c.advance();
        self.c.expect_token(&Token::LParen)?;
        self.whole(n)?;
        if convert && self.c.eat("USING") {
            self.c.charset_name()?;
        } else {
            if convert {
                self.c.expect_token(&Token::Comma)?;
            } else {
                self.c.expect("AS")?;
            }
            super::types::cast_type(self.c)?;
        }
        self.c.expect_token(&Token::RParen)?;
        Ok(Shape::default())
    }

    /// `INTERVAL 1 DAY`, or the function of that name.
    fn interval(&mut self, n: &mut Names) -> Q<Shape> {
        self.c.advance();
        self.whole_or_row(n)?;
        if self.c.eat_any(UNITS).is_some() {
            return Ok(Shape::default());
        }
        // `INTERVAL(a, b, c)` has taken its arguments as a row.
        if matches!(self.c.previous().map(|t| &t.token), Some(Token::RParen)) {
            return Ok(Shape::default());
        }
        Err(Box::new(self.c.expected("a unit of time")))
    }

    fn whole_or_row(&mut self, n: &mut Names) -> Q<()> {
        self.climb(n, COMPARE).map(drop)
    }

    fn match_against(&mut self, n: &mut Names) -> Q<Shape> {
        self.c.advance();
        self.c.expect_token(&Token::LParen)?;
        self.list(n)?;
        self.c.expect_token(&Token::RParen)?;
        self.c.expect("AGAINST")?;
        self.c.expect_token(&Token::LParen)?;
        self.climb(n, BIT_OR)?;
        if self.c.eat("IN") {
            if self.c.eat("BOOLEAN") {
                self.c.expect("MODE")?;
            } else {
                self.c.expect("NATURAL LANGUAGE MODE")?;
            }
        }
        if self.c.eat("WITH") {
            self.c.expect("QUERY EXPANSION")?;
        }
        self.c.expect_token(&Token::RParen)?;
        Ok(Shape::default())
    }

    /// Calls with words between the arguments.
    fn call_with_words(&mut self, n: &mut Names, word: &str) -> Q<Shape> {
        self.c.advance();
        self.c.expect_token(&Token::LParen)?;
        match word {
            "extract" => {
                self.unit()?;
                self.c.expect("FROM")?;
                self.whole(n)?;
            }
            "trim" => {
                let side = self.c.eat_any(&["BOTH", "LEADING", "TRAILING"]).is_some();
                if !(side && self.c.at("FROM")) {
                    self.whole(n)?;
                }
                if self.c.eat("FROM") {
                    self.whole(n)?;
                }
            }
            "substring" | "substr" | "mid" => {
                self.whole(n)?;
                if self.c.eat("FROM") {
                    self.whole(n)?;
                    if self.c.eat("FOR") {
                        self.whole(n)?;
                    }
                } else {
                    while self.c.eat_token(&Token::Comma) {
                        self.whole(n)?;
                    }
                }
            }
            "position" => {
                self.climb(n, BIT_OR)?;
                self.c.expect("IN")?;
                self.whole(n)?;
            }
            "group_concat" | "json_arrayagg" | "json_objectagg" => {
                self.c.eat("DISTINCT");
                self.list(n)?;
                if self.c.at_words("ORDER BY") {
                    self.order_by(n)?;
                }
                if self.c.eat("SEPARATOR") {
                    self.c.string()?;
                }
                if self.c.at("LIMIT") {
                    self.limit(n)?;
                }
            }
            "timestampadd" | "timestampdiff" => {
                self.unit()?;
                self.c.expect_token(&Token::Comma)?;
                self.whole(n)?;
                self.c.expect_token(&Token::Comma)?;
                self.whole(n)?;
            }
            "get_format" => {
                self.c.label_name()?;
                self.c.expect_token(&Token::Comma)?;
                self.whole(n)?;
            }
            "char" => {
                self.list(n)?;
                if self.c.eat("USING") {
                    self.c.charset_name()?;
                }
            }
            "weight_string" => {
                self.whole(n)?;
                if self.c.eat("AS") {
                    super::types::cast_type(self.c)?;
                }
            }
            "json_value" => {
                self.list(n)?;
                if self.c.eat("RETURNING") {
                    super::types::cast_type(self.c)?;
                }
                self.on_empty_or_error(n)?;
            }
            _ => {
                self.list(n)?;
            }
        }
        self.c.expect_token(&Token::RParen)?;
        if self.c.eat_words("WITHIN GROUP") {
            self.c.expect_token(&Token::LParen)?;
            self.order_by(n)?;
            self.c.expect_token(&Token::RParen)?;
        }
        self.over(n)?;
        Ok(Shape { settles: SETTLING.contains(&word), ..Shape::default() })
    }

    /// `NULL ON EMPTY`, `DEFAULT x ON ERROR`.
    pub(super) fn on_empty_or_error(&mut self, n: &mut Names) -> Q<()> {
        while self.c.at_any(&["NULL", "ERROR", "DEFAULT"]) {
            if self.c.eat("DEFAULT") {
                self.primary(n)?;
            } else {
                self.c.advance();
            }
            self.c.expect("ON")?;
            if self.c.eat_any(&["EMPTY", "ERROR"]).is_none() {
                return Err(Box::new(self.c.expected("EMPTY or ERROR")));
            }
        }
        Ok(())
    }

    fn unit(&mut self) -> Q<()> {
        match self.c.eat_any(UNITS) {
            Some(_) => Ok(()),
            None => Err(Box::new(self.c.expected("a unit of time"))),
        }
    }

    /// A column or a call.
    fn name(&mut self, n: &mut Names) -> Q<Shape> {
        let first = word_of(self.c.peek());
        let paren = self.followed_by_paren();
        let known = first.is_empty() || (self.c.syntax.is_name)(first) || paren && words::is_function(first);
        if !known {
            let reserved = self.c.flavour() == Flavour::Mysql && words::reserved_on_mysql_alone(first);
            let error = self.c.expected("an expression");
            return Err(Box::new(if reserved { super::reserved(error, first) } else { error }));
        }
        let mut path = vec![self.c.label_name()?];
        while self.c.at_token(&Token::Period) && matches!(self.c.peek_nth(1), Token::Word(_)) && path.len() < 3 {
            self.c.advance();
            path.push(self.c.label_name()?);
        }
        if self.c.at_token(&Token::LParen) {
            return self.call(n, path);
        }
        let name = path[path.len() - 1].clone();
        n.columns.push(path);
        Ok(Shape { name: Some(Box::new(name)), ..Shape::default() })
    }

    fn call(&mut self, n: &mut Names, mut path: Vec<Ident>) -> Q<Shape> {
        let name = path.swap_remove(path.len() - 1);
        let name = Name { schema: path.pop(), name };
        let settles = SETTLING.iter().any(|f| f.eq_ignore_ascii_case(&name.name.value));
        self.c.expect_token(&Token::LParen)?;
        let mut arguments = Some(0);
        if self.c.eat_token(&Token::Mul) {
            arguments = None;
        } else if !self.c.at_token(&Token::RParen) {
            self.c.eat_any(&["DISTINCT", "ALL"]);
            arguments = Some(self.list(n)?);
        }
        self.c.expect_token(&Token::RParen)?;
        n.functions.push(Call { name, arguments, literals: Vec::new() });
        self.over(n)?;
        Ok(Shape { settles, ..Shape::default() })
    }

    /// `[FROM FIRST] [RESPECT NULLS] OVER (…)`.
    fn over(&mut self, n: &mut Names) -> Q<()> {
        if self.c.at_any(&["RESPECT", "IGNORE"]) && self.c.at_nth(1, "NULLS") {
            self.c.advance();
            self.c.advance();
        }
        if !self.c.eat("OVER") {
            return Ok(());
        }
        if self.c.at_token(&Token::LParen) { self.window(n) } else { Ok(self.c.ident().map(drop)?) }
    }

    /// `([name] [PARTITION BY …] [ORDER BY …] [frame])`.
    pub(super) fn window(&mut self, n: &mut Names) -> Q<()> {
        self.c.expect_token(&Token::LParen)?;
        if matches!(self.c.peek(), Token::Word(_)) && !self.c.at_any(&["PARTITION", "ORDER", "ROWS", "RANGE"]) {
            self.c.ident()?;
        }
        if self.c.eat_words("PARTITION BY") {
            self.list(n)?;
        }
        if self.c.at_words("ORDER BY") {
            self.order_by(n)?;
        }
        if self.c.eat_any(&["ROWS", "RANGE"]).is_some() {
            if self.c.eat("BETWEEN") {
                self.frame_bound(n)?;
                self.c.expect("AND")?;
            }
            self.frame_bound(n)?;
        }
        Ok(self.c.expect_token(&Token::RParen)?)
    }

    fn frame_bound(&mut self, n: &mut Names) -> Q<()> {
        if self.c.eat_words("CURRENT ROW") {
            return Ok(());
        }
        if !self.c.eat("UNBOUNDED") {
            self.climb(n, BIT_OR)?;
        }
        if self.c.eat_any(&["PRECEDING", "FOLLOWING"]).is_none() {
            return Err(Box::new(self.c.expected("PRECEDING or FOLLOWING")));
        }
        Ok(())
    }

    /// `ORDER BY a DESC, …`.
    pub(super) fn order_by(&mut self, n: &mut Names) -> Q<()> {
        self.c.expect("ORDER BY")?;
        loop {
            self.whole(n)?;
            self.c.eat_any(&["ASC", "DESC"]);
            if !self.c.eat_token(&Token::Comma) {
                return Ok(());
            }
        }
    }

    /// `LIMIT a [, b | OFFSET b]`.
    pub(super) fn limit(&mut self, n: &mut Names) -> Q<()> {
        self.c.expect("LIMIT")?;
        self.climb(n, BIT_OR)?;
        if self.c.eat_token(&Token::Comma) || self.c.eat("OFFSET") {
            self.climb(n, BIT_OR)?;
        }
        Ok(())
    }

    /// Reads of one select that nothing is read from.
    pub(super) fn of_names(&self, names: Names) -> Reads {
        Reads { selects: vec![Select { names, ..Select::default() }], ..Reads::default() }
    }
}

/// The output column that shows an expression.
pub(super) fn output(shape: Shape) -> Output {
    shape.name.map_or(Output::Unnamed, |name| Output::Named(*name))
}

/// An operand with its sign: what may stand behind DEFAULT.
pub(super) fn operand(c: &mut Cursor<'_>) -> R<Expr> {
    let mark = c.mark();
    let mut names = Names::default();
    let shape = Reader::new(c).climb(&mut names, UNARY).map_err(|e| *e)?;
    let span = c.span_from(mark);
    let literal = shape.literal.and_then(|id| names.literal_at(id)).cloned();
    Ok(Expr { span, text: c.definition(span), names, literal, root: NodeId::NONE, label: None })
}
