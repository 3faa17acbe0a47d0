//! Expressions, queries and DML → the names in them.
//!
//! Written by hand on the [`Cursor`]: a list of what an engine takes, so that another engine's form is refused where
//! the server would refuse it, and every name keeps its place. No tree is built; what stays of an expression is
//! what the catalog asks for: columns, functions, types and subqueries with their scopes.

mod dml;
mod operators;
mod query;

use sqlparser::tokenizer::Token;

use super::{Cursor, R, SyntaxError, postgres, sqlite, word_of};
use crate::change::{Call, Change, Expr, Ident, Literal, Name, Names, Reads, TypeName};
use crate::config::Backend;
use operators::{AND, LIKE};

/// How deep expressions may nest in one another, operators included. Below it a thread's smallest stack is enough.
const MAX_DEPTH: usize = 450;

/// An expression.
pub(super) fn expr(c: &mut Cursor<'_>) -> R<Expr> {
    let mark = c.mark();
    let mut names = Names::default();
    let shape = Reader::new(c).climb(&mut names, 0)?;
    let span = c.span_from(mark);
    Ok(Expr { span, text: c.definition(span), names, literal: shape.literal })
}

/// A query, with or without WITH.
pub(super) fn query(c: &mut Cursor<'_>) -> R<Reads> {
    Reader::new(c).query()
}

/// SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE and what starts with WITH, as a change.
pub(super) fn dml(c: &mut Cursor<'_>) -> R<Change> {
    Reader::new(c).statement()
}

/// What is known of an expression beside its names.
#[derive(Debug, Default)]
struct Shape {
    literal: Option<Literal>,
    /// The literal under a cast to `regclass`, which names a relation all the same.
    regclass: Option<Literal>,
    /// What the engine calls an output column that shows this.
    name: Option<Ident>,
    /// The name gives way to that of a cast around it.
    weak: bool,
    /// `[1]` and `.field` may follow.
    indirect: bool,
    /// `(a, b)`.
    row: bool,
    /// `(x).*`: as many columns as the type has.
    expands: bool,
    /// The outermost form is a function that changes nothing when it is applied to its own result.
    settles: bool,
}

impl Shape {
    fn literal(literal: Literal) -> Self {
        Self { literal: Some(literal), ..Self::default() }
    }

    fn named(name: Ident) -> Self {
        Self { name: Some(name), ..Self::default() }
    }
}

/// What stands between parentheses.
enum Paren {
    Query(Box<Reads>),
    List(Vec<Shape>),
}

struct Reader<'c, 'a> {
    c: &'c mut Cursor<'a>,
    /// What WITH has bound, innermost last.
    ctes: Vec<query::Bound>,
    depth: usize,
}

/// Names of functions and types that are not names of columns (PostgreSQL's `type_func_name_keyword`).
const FUNCTION_WORDS: &[&str] = &[
    "authorization",
    "binary",
    "collation",
    "concurrently",
    "cross",
    "current_schema",
    "freeze",
    "full",
    "ilike",
    "inner",
    "is",
    "isnull",
    "join",
    "left",
    "like",
    "natural",
    "notnull",
    "outer",
    "overlaps",
    "right",
    "similar",
    "tablesample",
    "verbose",
];

/// Values that are spelt as words.
const VALUE_WORDS: &[&str] = &[
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
    "system_user",
    "user",
];

/// The types that the grammar spells out and that may stand before a string.
const TYPE_WORDS: &[&str] = &[
    "bigint",
    "bit",
    "boolean",
    "char",
    "character",
    "dec",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "interval",
    "national",
    "nchar",
    "numeric",
    "real",
    "smallint",
    "time",
    "timestamp",
    "varchar",
];

/// Functions whose second application changes nothing.
const SETTLING: &[&str] = &[
    "abs",
    "btrim",
    "ceil",
    "ceiling",
    "coalesce",
    "date_trunc",
    "floor",
    "greatest",
    "ifnull",
    "initcap",
    "least",
    "lower",
    "ltrim",
    "max",
    "min",
    "normalize",
    "nullif",
    "round",
    "rtrim",
    "trim",
    "trunc",
    "upper",
];

impl<'c, 'a> Reader<'c, 'a> {
    fn new(c: &'c mut Cursor<'a>) -> Self {
        Self { c, ctes: Vec::new(), depth: 0 }
    }

    fn postgres(&self) -> bool {
        self.c.syntax.backend == Backend::Postgres
    }

    fn sqlite(&self) -> bool {
        self.c.syntax.backend == Backend::Sqlite
    }

    /// Counts one level of nesting, and `weight` more for the larger forms.
    fn deeper<T>(&mut self, weight: usize, read: impl FnOnce(&mut Self) -> R<T>) -> R<T> {
        if self.depth + weight > MAX_DEPTH {
            return Err(SyntaxError::new("nesting-too-deep", self.c.peek_span(), "nested too deep to be read")
                .help("split the expression: no engine reads this much nesting without trouble"));
        }
        self.depth += weight;
        let out = read(self);
        self.depth -= weight;
        out
    }

    // ---- expressions

    /// An expression of operators that bind at least as tight as `min`.
    fn climb(&mut self, n: &mut Names, min: u8) -> R<Shape> {
        self.deeper(1, |r| {
            let left = r.prefix(n)?;
            r.infix(n, left, min)
        })
    }

    fn whole(&mut self, n: &mut Names) -> R<Shape> {
        self.climb(n, 0)
    }

    fn list(&mut self, n: &mut Names) -> R<Vec<Shape>> {
        let mut out = vec![self.whole(n)?];
        while self.c.eat_token(&Token::Comma) {
            out.push(self.whole(n)?);
        }
        Ok(out)
    }

    /// A literal, a name, a call or something in parentheses, with what may be attached to it.
    fn operand(&mut self, n: &mut Names) -> R<Shape> {
        let mut shape = self.primary(n)?;
        if !self.postgres() {
            return Ok(shape);
        }
        loop {
            match self.c.peek() {
                Token::DoubleColon => {
                    self.c.advance();
                    let t = postgres::types::type_name(self.c)?;
                    shape = cast(shape, &t);
                    n.types.push(t);
                }
                Token::LBracket if shape.indirect => {
                    self.subscript(n)?;
                    shape = Shape { name: shape.name, indirect: true, ..Shape::default() };
                }
                Token::Period if shape.indirect => {
                    self.c.advance();
                    if self.c.eat_token(&Token::Mul) {
                        shape = Shape { expands: true, ..Shape::default() };
                    } else {
                        let field = self.c.label_name()?;
                        shape = Shape { name: Some(field), indirect: true, ..Shape::default() };
                    }
                }
                _ => return Ok(shape),
            }
        }
    }

    /// `[1]`, `[1:2]`, `[:]`.
    fn subscript(&mut self, n: &mut Names) -> R<()> {
        self.c.expect_token(&Token::LBracket)?;
        if !self.c.at_token(&Token::Colon) {
            self.whole(n)?;
        }
        if self.c.eat_token(&Token::Colon) && !self.c.at_token(&Token::RBracket) {
            self.whole(n)?;
        }
        self.c.expect_token(&Token::RBracket)
    }

    fn primary(&mut self, n: &mut Names) -> R<Shape> {
        match self.c.peek() {
            Token::LParen => self.parenthesis(n),
            Token::Number(v, _) => {
                let v = v.clone();
                let span = self.c.peek_span();
                self.c.advance();
                if matches!(self.c.peek(), Token::Word(_)) && self.c.peek_span().start == span.end {
                    let span = span.to(self.c.peek_span());
                    let found = self.c.source(span);
                    let message = if self.postgres() {
                        format!("trailing junk after numeric literal at or near \"{found}\"")
                    } else {
                        format!("unrecognized token: \"{found}\"")
                    };
                    return Err(SyntaxError::new("syntax-error", span, message));
                }
                Ok(Shape::literal(Literal::Number(v)))
            }
            Token::SingleQuotedString(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::DollarQuotedString(_) => self.text(),
            // Bit strings on PostgreSQL, blobs on SQLite.
            Token::SingleQuotedByteStringLiteral(_) if self.postgres() => {
                self.c.advance();
                Ok(Shape::default())
            }
            Token::HexStringLiteral(_) => {
                self.c.advance();
                Ok(Shape::default())
            }
            Token::Placeholder(_) => {
                self.c.advance();
                Ok(Shape { indirect: true, ..Shape::default() })
            }
            Token::Colon | Token::AtSign if self.sqlite() && matches!(self.c.peek_nth(1), Token::Word(_)) => {
                self.c.advance();
                self.c.advance();
                Ok(Shape::default())
            }
            Token::Word(w) if w.quote_style.is_none() => {
                let word = w.value.to_ascii_lowercase();
                self.word(n, &word)
            }
            Token::Word(_) => self.name(n),
            _ => Err(self.c.expected("an expression")),
        }
    }

    /// A string constant. On PostgreSQL one goes on in the next, when a line end stands between them.
    fn text(&mut self) -> R<Shape> {
        let (mut value, mut span) = self.c.string()?;
        if self.postgres() {
            while let Token::SingleQuotedString(more) = self.c.peek() {
                let next = self.c.peek_span();
                if !self.c.source(crate::span::Span::new(span.end, next.start)).contains('\n') {
                    break;
                }
                value.push_str(more);
                span = next;
                self.c.advance();
            }
            if self.c.eat("UESCAPE") {
                self.c.string()?;
            }
        }
        Ok(Shape::literal(Literal::Text(value)))
    }

    fn parenthesis(&mut self, n: &mut Names) -> R<Shape> {
        let mark = self.c.mark();
        match self.parens(n)? {
            Paren::Query(q) => {
                let name = match q.outputs.first() {
                    Some(query::Named(name)) => Some(name.clone()),
                    _ => None,
                };
                n.queries.push(*q);
                Ok(Shape { name, indirect: true, ..Shape::default() })
            }
            Paren::List(mut shapes) if shapes.len() == 1 => {
                let inner = shapes.remove(0);
                Ok(Shape { indirect: true, ..inner })
            }
            Paren::List(_) => {
                let span = self.c.span_from(mark);
                Ok(Shape { indirect: true, row: true, ..Shape::named(Ident { value: "row".to_owned(), span }) })
            }
        }
    }

    /// `(query)` or `(expression, …)`.
    fn parens(&mut self, n: &mut Names) -> R<Paren> {
        self.deeper(1, |r| {
            if r.opens_query() {
                return Ok(Paren::Query(Box::new(r.query_in_parens()?)));
            }
            r.c.expect_token(&Token::LParen)?;
            let shapes = r.list(n)?;
            r.c.expect_token(&Token::RParen)?;
            Ok(Paren::List(shapes))
        })
    }

    fn followed_by_paren(&self) -> bool {
        matches!(self.c.peek_nth(1), Token::LParen)
    }

    /// An expression that starts with an unquoted word.
    fn word(&mut self, n: &mut Names, word: &str) -> R<Shape> {
        let paren = self.followed_by_paren();
        match word {
            "null" => self.constant(Literal::Null),
            "true" => self.constant(Literal::Boolean(true)),
            "false" => self.constant(Literal::Boolean(false)),
            "case" => self.case(n),
            "cast" if paren => self.cast_call(n),
            "exists" if paren => {
                let name = self.c.label_name()?;
                if !self.opens_query() {
                    self.c.expect_token(&Token::LParen)?;
                    return Err(self.c.expected("a query"));
                }
                let q = self.query_in_parens()?;
                n.queries.push(q);
                Ok(Shape::named(name))
            }
            "current_date" | "current_time" | "current_timestamp" if self.sqlite() => {
                let name = self.c.label_name()?;
                Ok(Shape::named(name))
            }
            "raise" if self.sqlite() && paren => self.raise(),
            _ if self.postgres() => self.postgres_word(n, word, paren),
            _ => self.name(n),
        }
    }

    fn constant(&mut self, literal: Literal) -> R<Shape> {
        let name = self.c.label_name()?;
        // `true` and `false` are casts of a string to PostgreSQL, and named so.
        let name = (self.postgres() && literal != Literal::Null).then(|| Ident { value: "bool".to_owned(), ..name });
        Ok(Shape { literal: Some(literal), weak: true, name, ..Shape::default() })
    }

    fn postgres_word(&mut self, n: &mut Names, word: &str, paren: bool) -> R<Shape> {
        if VALUE_WORDS.contains(&word) && !(word == "current_schema" && paren) {
            let name = self.c.label_name()?;
            if word.contains("time") && self.c.at_token(&Token::LParen) {
                self.c.parens(Cursor::number)?;
            }
            return Ok(Shape::named(name));
        }
        if TYPE_WORDS.contains(&word) && self.starts_typed_literal(word) {
            return self.typed_literal(n);
        }
        match word {
            "array" if matches!(self.c.peek_nth(1), Token::LBracket) => {
                let name = self.c.label_name()?;
                self.array(n)?;
                Ok(Shape::named(name))
            }
            "array" if paren => {
                let name = self.c.label_name()?;
                let q = self.query_in_parens()?;
                n.queries.push(q);
                Ok(Shape::named(name))
            }
            "row" if paren => {
                let name = self.c.label_name()?;
                self.arguments_of_form(n)?;
                Ok(Shape { indirect: true, row: true, ..Shape::named(name) })
            }
            "coalesce" | "greatest" | "least" | "nullif" | "grouping" | "normalize" | "xmlconcat" if paren => {
                let name = self.c.label_name()?;
                self.arguments_of_form(n)?;
                Ok(Shape { settles: SETTLING.contains(&word), ..Shape::named(name) })
            }
            "extract" | "overlay" | "position" | "substring" | "trim" | "treat" if paren => self.sql_call(n, word),
            "collation" if self.c.at_nth(1, "FOR") => {
                let name = self.c.label_name()?;
                self.c.advance();
                self.c.expect_token(&Token::LParen)?;
                self.whole(n)?;
                self.c.expect_token(&Token::RParen)?;
                Ok(Shape::named(name))
            }
            _ if paren && (word.starts_with("xml") || word.starts_with("json")) && is_sql_json_or_xml(word) => {
                let name = self.c.label_name()?;
                self.c.skip_parens()?;
                n.opaque = true;
                self.call_tail(n)?;
                Ok(Shape::named(name))
            }
            _ => self.name(n),
        }
    }

    /// `ARRAY[…]`, with arrays inside: `ARRAY[[1, 2], [3, 4]]`.
    fn array(&mut self, n: &mut Names) -> R<()> {
        self.c.expect_token(&Token::LBracket)?;
        if self.c.eat_token(&Token::RBracket) {
            return Ok(());
        }
        loop {
            if self.c.at_token(&Token::LBracket) {
                self.deeper(1, |r| r.array(n))?;
            } else {
                self.whole(n)?;
            }
            if !self.c.eat_token(&Token::Comma) {
                break;
            }
        }
        self.c.expect_token(&Token::RBracket)
    }

    /// `(a, b)` of a form that is no function of the catalog.
    fn arguments_of_form(&mut self, n: &mut Names) -> R<()> {
        self.c.expect_token(&Token::LParen)?;
        if !self.c.at_token(&Token::RParen) {
            self.list(n)?;
        }
        self.c.expect_token(&Token::RParen)
    }

    /// Whether the word of a type is followed by what makes it one here: columns may be called `time`, too.
    fn starts_typed_literal(&self, word: &str) -> bool {
        let next = self.c.peek_nth(1);
        is_string(next)
            || matches!(next, Token::LParen)
            || match word {
                "double" => self.c.at_nth(1, "PRECISION"),
                "time" | "timestamp" => self.c.at_nth(2, "TIME") && self.c.at_nth(3, "ZONE"),
                "bit" | "char" | "character" | "nchar" => self.c.at_nth(1, "VARYING"),
                "national" => self.c.at_nth(1, "CHARACTER") || self.c.at_nth(1, "CHAR"),
                _ => false,
            }
    }

    /// `interval '1 day'`, `timestamp with time zone '…'`.
    fn typed_literal(&mut self, n: &mut Names) -> R<Shape> {
        let interval = self.c.at("INTERVAL");
        let t = postgres::types::type_name(self.c)?;
        if !is_string(self.c.peek()) {
            return Err(self.c.expected("a string"));
        }
        self.text()?;
        if interval {
            self.interval_fields()?;
        }
        let shape = cast(Shape::default(), &t);
        n.types.push(t);
        Ok(shape)
    }

    fn interval_fields(&mut self) -> R<()> {
        const FIELDS: &[&str] = &["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];
        if self.c.eat_any(FIELDS).is_none() {
            return Ok(());
        }
        if self.c.eat("TO") && self.c.eat_any(FIELDS).is_none() {
            return Err(self.c.expected("a field of an interval"));
        }
        if self.c.at_token(&Token::LParen) {
            self.c.parens(Cursor::number)?;
        }
        Ok(())
    }

    fn case(&mut self, n: &mut Names) -> R<Shape> {
        let mut name = self.c.label_name()?;
        if !self.c.at("WHEN") {
            self.whole(n)?;
        }
        if !self.c.at("WHEN") {
            return Err(self.c.expected("WHEN"));
        }
        while self.c.eat("WHEN") {
            self.whole(n)?;
            self.c.expect("THEN")?;
            self.whole(n)?;
        }
        let mut weak = true;
        if self.c.eat("ELSE") {
            let otherwise = self.whole(n)?;
            if let (Some(other), false) = (otherwise.name, otherwise.weak) {
                name = other;
                weak = false;
            }
        }
        self.c.expect("END")?;
        Ok(Shape { weak, ..Shape::named(name) })
    }

    /// `CAST(x AS type)`.
    fn cast_call(&mut self, n: &mut Names) -> R<Shape> {
        self.c.advance();
        self.c.expect_token(&Token::LParen)?;
        let inner = self.whole(n)?;
        self.c.expect("AS")?;
        let shape = if self.postgres() {
            let t = postgres::types::type_name(self.c)?;
            let shape = cast(inner, &t);
            n.types.push(t);
            shape
        } else {
            // Any words are a type to SQLite, and none at all.
            while matches!(self.c.peek(), Token::Word(_) | Token::SingleQuotedString(_)) {
                self.c.advance();
            }
            if self.c.at_token(&Token::LParen) {
                self.c.parens(|c| c.list(Cursor::number))?;
            }
            Shape::default()
        };
        self.c.expect_token(&Token::RParen)?;
        Ok(shape)
    }

    /// Calls that PostgreSQL spells with words between the arguments.
    fn sql_call(&mut self, n: &mut Names, word: &str) -> R<Shape> {
        let name = self.c.label_name()?;
        self.c.expect_token(&Token::LParen)?;
        match word {
            "extract" => {
                if is_string(self.c.peek()) {
                    self.c.string()?;
                } else {
                    self.c.label_name()?;
                }
                self.c.expect("FROM")?;
                self.whole(n)?;
            }
            "position" => {
                self.climb(n, LIKE + 1)?;
                self.c.expect("IN")?;
                self.climb(n, LIKE + 1)?;
            }
            "overlay" => {
                self.whole(n)?;
                if self.c.eat("PLACING") {
                    self.whole(n)?;
                    self.c.expect("FROM")?;
                    self.whole(n)?;
                    if self.c.eat("FOR") {
                        self.whole(n)?;
                    }
                } else {
                    self.more_arguments(n)?;
                }
            }
            "substring" => {
                self.whole(n)?;
                if self.c.eat("SIMILAR") {
                    self.whole(n)?;
                    self.c.expect("ESCAPE")?;
                    self.whole(n)?;
                } else if self.c.at("FROM") || self.c.at("FOR") {
                    while self.c.eat_any(&["FROM", "FOR"]).is_some() {
                        self.whole(n)?;
                    }
                } else {
                    self.more_arguments(n)?;
                }
            }
            "trim" => {
                self.c.eat_any(&["BOTH", "LEADING", "TRAILING"]);
                if !self.c.eat("FROM") {
                    self.whole(n)?;
                    if self.c.eat("FROM") {
                        self.whole(n)?;
                    }
                } else {
                    self.whole(n)?;
                }
                self.more_arguments(n)?;
            }
            _ => {
                self.whole(n)?;
                self.c.expect("AS")?;
                n.types.push(postgres::types::type_name(self.c)?);
            }
        }
        self.c.expect_token(&Token::RParen)?;
        // `trim` is a word for `btrim`, and its column is called that.
        let value = if word == "trim" { "btrim".to_owned() } else { name.value };
        Ok(Shape { settles: word == "trim", ..Shape::named(Ident { value, span: name.span }) })
    }

    fn more_arguments(&mut self, n: &mut Names) -> R<()> {
        while self.c.eat_token(&Token::Comma) {
            self.whole(n)?;
        }
        Ok(())
    }

    /// SQLite's `RAISE(IGNORE)`, `RAISE(ABORT, 'message')`, in triggers.
    fn raise(&mut self) -> R<Shape> {
        self.c.advance();
        self.c.expect_token(&Token::LParen)?;
        if !self.c.eat("IGNORE") {
            if self.c.eat_any(&["ROLLBACK", "ABORT", "FAIL"]).is_none() {
                return Err(self.c.expected("IGNORE, ROLLBACK, ABORT or FAIL"));
            }
            self.c.expect_token(&Token::Comma)?;
            // 3.40 takes a name or a string here; newer ones an expression.
            if matches!(self.c.peek(), Token::Word(_)) {
                self.c.label_name()?;
            } else {
                self.c.string()?;
            }
        }
        self.c.expect_token(&Token::RParen)?;
        Ok(Shape::default())
    }

    // ---- names and calls

    fn is_plain_name(&self, word: &str) -> bool {
        (self.c.syntax.is_name)(word) || self.sqlite() && sqlite::is_join_word(word)
    }

    /// A column, a call, or a type before its literal.
    fn name(&mut self, n: &mut Names) -> R<Shape> {
        let mark = self.c.mark();
        let double_quoted = matches!(self.c.peek(), Token::Word(w) if w.quote_style == Some('"'));
        let calls = self.followed_by_paren() || self.postgres() && is_string(self.c.peek_nth(1));
        let first = {
            let plain =
                |w: &str| self.is_plain_name(w) || calls && FUNCTION_WORDS.iter().any(|f| f.eq_ignore_ascii_case(w));
            let known = matches!(self.c.peek(), Token::Word(w) if w.quote_style.is_some() || plain(&w.value));
            if !known {
                return Err(self.c.expected("an expression"));
            }
            self.c.label_name()?
        };
        let mut path = vec![first];
        while self.c.at_token(&Token::Period) {
            if self.postgres() && matches!(self.c.peek_nth(1), Token::Mul) {
                self.c.advance();
                self.c.advance();
                n.columns.push(path);
                return Ok(Shape { expands: true, ..Shape::default() });
            }
            if self.sqlite() && path.len() == 3 {
                break;
            }
            self.c.advance();
            path.push(self.c.label_name()?);
        }
        if self.c.at_token(&Token::LParen) {
            let name = name_of(&path);
            let shape = self.call(n, name)?;
            // `type(3) 'text'`, a type that is not a word of the grammar.
            if self.postgres() && is_string(self.c.peek()) {
                n.functions.pop();
                self.text()?;
                return Ok(Shape { weak: true, indirect: false, ..shape });
            }
            return Ok(shape);
        }
        if self.postgres() && is_string(self.c.peek()) {
            let name = name_of(&path);
            let span = self.c.span_from(mark);
            self.text()?;
            let t = TypeName {
                name,
                modifiers: Vec::new(),
                dimensions: 0,
                set_of: false,
                of_column: false,
                keyword: false,
                span,
            };
            let shape = cast(Shape::default(), &t);
            n.types.push(t);
            return Ok(shape);
        }
        let last = path[path.len() - 1].clone();
        // To SQLite a double-quoted name that is no column is a string: it proves nothing.
        if !(self.sqlite() && double_quoted && path.len() == 1) {
            n.columns.push(path);
        }
        Ok(Shape { indirect: true, ..Shape::named(last) })
    }

    /// `(…)` after a function's name, and what belongs to the call.
    fn call(&mut self, n: &mut Names, name: Name) -> R<Shape> {
        let mut arguments = Some(0);
        let mut literals = Vec::new();
        self.c.expect_token(&Token::LParen)?;
        if self.c.eat_token(&Token::Mul) {
            arguments = None;
        } else if !self.c.at_token(&Token::RParen) {
            self.c.eat_any(&["DISTINCT", "ALL"]);
            loop {
                if self.postgres() {
                    if self.c.eat("VARIADIC") {
                        arguments = None;
                    }
                    let named = matches!(self.c.peek(), Token::Word(_))
                        && matches!(self.c.peek_nth(1), Token::RArrow | Token::Assignment);
                    if named {
                        self.c.label_name()?;
                        self.c.advance();
                    }
                }
                let shape = self.whole(n)?;
                literals.push(shape.literal.or(shape.regclass));
                arguments = arguments.map(|a| a + 1);
                if !self.c.eat_token(&Token::Comma) {
                    break;
                }
            }
            if self.postgres() && self.c.at_words("ORDER BY") {
                self.order_by(n)?;
            }
        }
        self.c.expect_token(&Token::RParen)?;
        let settles = name.schema.is_none() && SETTLING.contains(&name.name.value.to_ascii_lowercase().as_str());
        let shown = name.name.clone();
        n.functions.push(Call { name, arguments, literals });
        self.call_tail(n)?;
        Ok(Shape { settles, ..Shape::named(shown) })
    }

    /// `WITHIN GROUP (…) FILTER (…) OVER …`.
    fn call_tail(&mut self, n: &mut Names) -> R<()> {
        if self.postgres() && self.c.at_words("WITHIN GROUP") {
            self.c.expect("WITHIN GROUP")?;
            self.c.expect_token(&Token::LParen)?;
            self.order_by(n)?;
            self.c.expect_token(&Token::RParen)?;
        }
        if self.c.at("FILTER") && self.followed_by_paren() {
            self.c.advance();
            self.c.expect_token(&Token::LParen)?;
            self.c.expect("WHERE")?;
            self.whole(n)?;
            self.c.expect_token(&Token::RParen)?;
        }
        let over = self.c.at("OVER") && matches!(self.c.peek_nth(1), Token::LParen | Token::Word(_));
        if over && (self.postgres() || self.followed_by_paren() || !self.c.at_nth(1, "FROM")) {
            self.c.advance();
            if self.c.at_token(&Token::LParen) {
                self.window(n)?;
            } else {
                self.c.ident()?;
            }
        }
        Ok(())
    }

    /// `([name] [PARTITION BY …] [ORDER BY …] [frame])`.
    fn window(&mut self, n: &mut Names) -> R<()> {
        const FRAMES: &[&str] = &["ROWS", "RANGE", "GROUPS"];
        self.c.expect_token(&Token::LParen)?;
        if matches!(self.c.peek(), Token::Word(_))
            && !self.c.at_words("PARTITION BY")
            && !self.c.at_words("ORDER BY")
            && !self.c.at_any(FRAMES)
        {
            self.c.ident()?;
        }
        if self.c.eat_words("PARTITION BY") {
            self.list(n)?;
        }
        if self.c.at_words("ORDER BY") {
            self.order_by(n)?;
        }
        if self.c.eat_any(FRAMES).is_some() {
            if self.c.eat("BETWEEN") {
                self.frame_bound(n)?;
                self.c.expect("AND")?;
            }
            self.frame_bound(n)?;
            if self.c.eat("EXCLUDE")
                && !["NO OTHERS", "CURRENT ROW", "GROUP", "TIES"].iter().any(|w| self.c.eat_words(w))
            {
                return Err(self.c.expected("NO OTHERS, CURRENT ROW, GROUP or TIES"));
            }
        }
        self.c.expect_token(&Token::RParen)
    }

    fn frame_bound(&mut self, n: &mut Names) -> R<()> {
        if self.c.eat_words("CURRENT ROW") {
            return Ok(());
        }
        if !self.c.eat("UNBOUNDED") {
            self.climb(n, AND + 1)?;
        }
        if self.c.eat_any(&["PRECEDING", "FOLLOWING"]).is_none() {
            return Err(self.c.expected("PRECEDING or FOLLOWING"));
        }
        Ok(())
    }

    /// `ORDER BY a DESC NULLS LAST, …`, all names into `n`.
    fn order_by(&mut self, n: &mut Names) -> R<()> {
        self.c.expect("ORDER BY")?;
        loop {
            self.whole(n)?;
            self.direction()?;
            if !self.c.eat_token(&Token::Comma) {
                return Ok(());
            }
        }
    }

    fn direction(&mut self) -> R<()> {
        if self.postgres() && self.c.eat("USING") {
            operators::operator(self.c)?;
        } else {
            self.c.eat_any(&["ASC", "DESC"]);
        }
        if self.c.eat("NULLS") && self.c.eat_any(&["FIRST", "LAST"]).is_none() {
            return Err(self.c.expected("FIRST or LAST"));
        }
        Ok(())
    }
}

/// The words of SQL/JSON and SQL/XML whose arguments have a grammar of their own.
fn is_sql_json_or_xml(word: &str) -> bool {
    matches!(
        word,
        "json"
            | "json_array"
            | "json_arrayagg"
            | "json_exists"
            | "json_object"
            | "json_objectagg"
            | "json_query"
            | "json_scalar"
            | "json_serialize"
            | "json_value"
            | "xmlelement"
            | "xmlexists"
            | "xmlforest"
            | "xmlparse"
            | "xmlpi"
            | "xmlroot"
            | "xmlserialize"
    )
}

fn is_string(t: &Token) -> bool {
    matches!(
        t,
        Token::SingleQuotedString(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::DollarQuotedString(_)
    )
}

/// The last two parts of a dotted path.
fn name_of(path: &[Ident]) -> Name {
    let last = path.len() - 1;
    Name { schema: last.checked_sub(1).map(|i| path[i].clone()), name: path[last].clone() }
}

/// What a cast makes of an expression: its column keeps a name of its own, or is called by the type.
fn cast(inner: Shape, t: &TypeName) -> Shape {
    let regclass = if t.name.name.value == "regclass" { inner.literal } else { None };
    let (name, weak) = match inner.name {
        Some(name) if !inner.weak => (name, false),
        _ => (Ident { value: internal_name(&t.name.name.value).to_owned(), span: t.span }, true),
    };
    Shape { regclass, name: Some(name), weak, ..Shape::default() }
}

/// The name in `pg_type` of a type that the grammar spells with words.
fn internal_name(name: &str) -> &str {
    match name {
        "integer" => "int4",
        "smallint" => "int2",
        "bigint" => "int8",
        "real" => "float4",
        "double precision" => "float8",
        "boolean" => "bool",
        "character varying" => "varchar",
        "character" => "bpchar",
        "bit varying" => "varbit",
        "timestamp without time zone" => "timestamp",
        "timestamp with time zone" => "timestamptz",
        "time without time zone" => "time",
        "time with time zone" => "timetz",
        _ if name.starts_with("interval") => "interval",
        _ => name,
    }
}

/// Puts the names of one expression with others.
fn merge(into: &mut Names, from: Names) {
    into.columns.extend(from.columns);
    into.functions.extend(from.functions);
    into.types.extend(from.types);
    into.queries.extend(from.queries);
    into.opaque |= from.opaque;
}

/// Whether a token is an unquoted word among these.
fn is_word(t: &Token, words: &[&str]) -> bool {
    let word = word_of(t);
    !word.is_empty() && words.iter().any(|w| w.eq_ignore_ascii_case(word))
}
