//! Expressions, queries and DML → the names in them.
//!
//! Written by hand on the [`Cursor`]: a list of what an engine takes, so that another engine's form is refused where
//! the server would refuse it, and every name keeps its place. No tree is built; what stays of an expression is
//! what the catalog asks for: columns, functions, types and subqueries with their scopes.

mod dml;
#[cfg(test)]
mod forms;
mod json_xml;
mod operators;
mod query;
#[cfg(test)]
mod tests;

use sqlparser::tokenizer::Token;

use super::{Cursor, R, SyntaxError, postgres, sqlite, start_of, word_of};
use crate::change::{Call, Change, Expr, Form, Ident, Literal, Name, Names, NodeId, QueryForm, Reads, TypeName};
use crate::config::Backend;
use crate::span::Span;
use operators::AND;

/// How deep expressions may nest in one another, in calls of [`Reader::climb`]; a query counts for several. A thread of
/// two megabytes is enough for it without optimisation.
const MAX_DEPTH: usize = 300;

/// An expression.
pub(super) fn expr(c: &mut Cursor<'_>) -> R<Expr> {
    let mark = c.mark();
    let mut names = Names::default();
    let shape = Reader::new(c).climb(&mut names, 0).map_err(|e| *e)?;
    Ok(finished(c, mark, names, &shape))
}

fn finished(c: &Cursor<'_>, mark: usize, names: Names, shape: &Shape) -> Expr {
    let span = c.span_from(mark);
    let literal = names.literal_at(shape.literal).filter(|_| !shape.regclass).cloned();
    let label = shape.name.as_ref().map(|i| i.value.clone());
    Expr { span, text: c.definition(span), names, literal, root: shape.node, label }
}

/// An expression that ends before AND, IN, COLLATE and their like: PostgreSQL's `b_expr`.
pub(super) fn simple_expr(c: &mut Cursor<'_>) -> R<Expr> {
    let mark = c.mark();
    let mut names = Names::default();
    let shape = Reader::new(c).b_expr(&mut names).map_err(|e| *e)?;
    Ok(finished(c, mark, names, &shape))
}

/// A query, with or without WITH.
pub(super) fn query(c: &mut Cursor<'_>) -> R<Reads> {
    Reader::new(c).query().map_err(|e| *e)
}

/// SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE and what starts with WITH, as a change.
pub(super) fn dml(c: &mut Cursor<'_>) -> R<Change> {
    Reader::new(c).statement().map_err(|e| *e)
}

/// The error in a box, and [`Shape`] small: what nests is bounded by the stack that its frames take.
type Q<T> = Result<T, Box<SyntaxError>>;

/// What is known of an expression beside its names.
#[derive(Debug, Default)]
struct Shape {
    /// Its node, where its form is kept.
    node: NodeId,
    /// The node of the literal that it is.
    literal: NodeId,
    /// The literal stands under a cast to `regclass`, and names a relation all the same.
    regclass: bool,
    /// What the engine calls an output column that shows this.
    name: Option<Box<Ident>>,
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
    fn literal(literal: NodeId) -> Self {
        Self { node: literal, literal, ..Self::default() }
    }

    fn node(node: NodeId) -> Self {
        Self { node, ..Self::default() }
    }

    fn named(name: Ident) -> Self {
        Self { name: Some(Box::new(name)), ..Self::default() }
    }
}

/// What stands between parentheses.
enum Paren {
    Query(Box<Reads>),
    List(Vec<Shape>),
}

impl Paren {
    /// Puts a query among the names of the expression around it. Answers the node of what it is there.
    fn into_names(self, n: &mut Names, form: QueryForm, span: Span, left: &[NodeId]) -> NodeId {
        let Self::Query(q) = self else { return NodeId::NONE };
        n.queries.push(*q);
        n.node(Form::Query(last(&n.queries), form), span, left)
    }
}

struct Reader<'c, 'a> {
    c: &'c mut Cursor<'a>,
    /// What WITH has bound, innermost last.
    ctes: Vec<query::Bound>,
    depth: usize,
    /// Only what the grammar calls a `b_expr` is read: no AND, IN, LIKE …
    simple: bool,
    /// Where a function stands whose rows are read: no OVER belongs to it.
    table_function: Option<usize>,
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
    "json",
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
        Self { c, ctes: Vec::new(), depth: 0, simple: false, table_function: None }
    }

    fn postgres(&self) -> bool {
        self.c.syntax.backend == Backend::Postgres
    }

    fn sqlite(&self) -> bool {
        self.c.syntax.backend == Backend::Sqlite
    }

    /// Counts one level of nesting, and `weight` more for the larger forms.
    fn deeper<T>(&mut self, weight: usize, read: impl FnOnce(&mut Self) -> Q<T>) -> Q<T> {
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

    // ---- expressions

    /// An expression of operators that bind at least as tight as `min`.
    fn climb(&mut self, n: &mut Names, min: u8) -> Q<Shape> {
        self.deeper(1, |r| {
            let mark = r.c.mark();
            let left = r.prefix(n)?;
            r.infix(n, left, min, mark)
        })
    }

    fn whole(&mut self, n: &mut Names) -> Q<Shape> {
        let simple = std::mem::replace(&mut self.simple, false);
        let out = self.climb(n, 0);
        self.simple = simple;
        out
    }

    /// An expression without AND, OR, NOT, IN, LIKE, BETWEEN, COLLATE, IS NULL … outside of parentheses.
    fn b_expr(&mut self, n: &mut Names) -> Q<Shape> {
        let simple = std::mem::replace(&mut self.simple, true);
        let out = self.climb(n, 0);
        self.simple = simple;
        out
    }

    /// Whether the call that starts there is a function whose rows are read.
    fn is_table_function(&self, mark: usize) -> bool {
        self.table_function == Some(mark)
    }

    fn list(&mut self, n: &mut Names) -> Q<Vec<Shape>> {
        let mut out = vec![self.whole(n)?];
        while self.c.eat_token(&Token::Comma) {
            out.push(self.whole(n)?);
        }
        Ok(out)
    }

    /// Keeps the form of what was read since the mark.
    fn keep(&self, n: &mut Names, mark: usize, form: Form, parts: &[NodeId]) -> NodeId {
        if self.postgres() { n.node(form, self.c.span_from(mark), parts) } else { NodeId::NONE }
    }

    /// A literal, a name, a call or something in parentheses, with what may be attached to it.
    fn operand(&mut self, n: &mut Names) -> Q<Shape> {
        self.attached(n, true)
    }

    /// The same without a cast.
    fn c_expr(&mut self, n: &mut Names) -> Q<Shape> {
        self.attached(n, false)
    }

    fn attached(&mut self, n: &mut Names, casts: bool) -> Q<Shape> {
        let mark = self.c.mark();
        let mut shape = self.primary(n)?;
        if !self.postgres() {
            return Ok(shape);
        }
        loop {
            match self.c.peek() {
                Token::DoubleColon if casts => {
                    self.c.advance();
                    let t = postgres::types::type_name(self.c)?;
                    shape = self.cast(n, mark, shape, t);
                }
                Token::LBracket if shape.indirect => {
                    let slice = self.subscript(n)?;
                    let node = self.keep(n, mark, Form::Subscript { slice }, &[shape.node]);
                    shape = Shape { name: shape.name, indirect: true, ..Shape::node(node) };
                }
                Token::Period if shape.indirect => {
                    self.c.advance();
                    if self.c.eat_token(&Token::Mul) {
                        shape = Shape { expands: true, ..Shape::default() };
                    } else {
                        let field = self.c.label_name()?;
                        let node = self.keep(n, mark, Form::Field(field.value.clone()), &[shape.node]);
                        shape = Shape { indirect: true, node, ..Shape::named(field) };
                    }
                }
                _ => return Ok(shape),
            }
        }
    }

    /// `[1]`, `[1:2]`, `[:]`: whether it is a slice.
    fn subscript(&mut self, n: &mut Names) -> Q<bool> {
        self.c.expect_token(&Token::LBracket)?;
        if !self.c.at_token(&Token::Colon) {
            self.whole(n)?;
        }
        let slice = self.c.eat_token(&Token::Colon);
        if slice && !self.c.at_token(&Token::RBracket) {
            self.whole(n)?;
        }
        self.c.expect_token(&Token::RBracket)?;
        Ok(slice)
    }

    fn primary(&mut self, n: &mut Names) -> Q<Shape> {
        match self.c.peek() {
            Token::LParen => self.parenthesis(n),
            Token::Number(..) => self.number(n),
            Token::SingleQuotedString(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::DollarQuotedString(_) => self.constant_text(n),
            // Bit strings on PostgreSQL, blobs on SQLite.
            Token::SingleQuotedByteStringLiteral(_) if self.postgres() => self.bits(n),
            Token::HexStringLiteral(_) => self.bits(n),
            Token::Placeholder(text) => {
                let span = self.c.peek_span();
                self.c.advance();
                let node = match text.strip_prefix('$').and_then(|n| n.parse().ok()) {
                    Some(number) if self.postgres() => {
                        n.parameters.push((number, span));
                        n.node(Form::Parameter(number), span, &[])
                    }
                    _ => NodeId::NONE,
                };
                Ok(Shape { indirect: true, ..Shape::node(node) })
            }
            Token::Colon | Token::AtSign if self.sqlite() => self.parameter(),
            Token::Word(w) if w.quote_style.is_none() => {
                let word = w.value.to_ascii_lowercase();
                self.word(n, &word)
            }
            Token::Word(_) => self.name(n),
            _ => Err(Box::new(self.c.expected("an expression"))),
        }
    }

    /// SQLite's `:name` and `@name`.
    fn parameter(&mut self) -> Q<Shape> {
        let span = self.c.peek_span();
        self.c.advance();
        if !matches!(self.c.peek(), Token::Word(_)) || self.c.peek_span().start != span.end {
            let message = format!("unrecognized token: \"{}\"", self.c.source(span));
            return Err(Box::new(SyntaxError::new("syntax-error", span, message)));
        }
        self.c.advance();
        Ok(Shape::default())
    }

    fn bits(&mut self, n: &mut Names) -> Q<Shape> {
        let mark = self.c.mark();
        self.c.advance();
        Ok(Shape::node(self.keep(n, mark, Form::Bits, &[])))
    }

    fn number(&mut self, n: &mut Names) -> Q<Shape> {
        let span = self.c.peek_span();
        let digits = self.c.number()?;
        if self.postgres() && digits.contains('_') {
            self.c.needs(16, "a number with _ in it", span.start)?;
        }
        if matches!(self.c.peek(), Token::Word(_)) && self.c.peek_span().start == span.end {
            let span = span.to(self.c.peek_span());
            let found = self.c.source(span);
            let message = if self.postgres() {
                format!("trailing junk after numeric literal at or near \"{found}\"")
            } else {
                format!("unrecognized token: \"{found}\"")
            };
            return Err(Box::new(SyntaxError::new("syntax-error", span, message)));
        }
        if self.postgres() && digits.starts_with('0') && digits.contains(['x', 'X', 'o', 'O', 'b', 'B']) {
            self.c.needs(16, "a number that is not decimal", span.start)?;
            return Ok(Shape::default());
        }
        Ok(Shape::literal(n.node(Form::Literal(Literal::Number(digits)), span, &[])))
    }

    /// A string constant.
    fn text(&mut self) -> Q<(String, Span)> {
        let text = self.c.string()?;
        if self.postgres() && self.c.eat("UESCAPE") {
            self.c.string()?;
        }
        Ok(text)
    }

    fn constant_text(&mut self, n: &mut Names) -> Q<Shape> {
        let (value, span) = self.text()?;
        Ok(Shape::literal(n.node(Form::Literal(Literal::Text(value)), span, &[])))
    }

    fn parenthesis(&mut self, n: &mut Names) -> Q<Shape> {
        let mark = self.c.mark();
        match self.parens(n)? {
            Paren::Query(q) => {
                let name = match q.outputs.first() {
                    Some(query::Named(name)) => Some(Box::new(name.clone())),
                    _ => None,
                };
                let node = Paren::Query(q).into_names(n, QueryForm::Scalar, self.c.span_from(mark), &[]);
                Ok(Shape { name, indirect: true, ..Shape::node(node) })
            }
            Paren::List(mut shapes) if shapes.len() == 1 => {
                let inner = shapes.remove(0);
                Ok(Shape { indirect: true, ..inner })
            }
            Paren::List(shapes) => {
                let span = self.c.span_from(mark);
                let node = self.keep(n, mark, Form::Row, &nodes(&shapes));
                Ok(Shape { indirect: true, row: true, node, ..Shape::named(Ident::new("row".to_owned(), span)) })
            }
        }
    }

    /// `(query)` or `(expression, …)`.
    fn parens(&mut self, n: &mut Names) -> Q<Paren> {
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
    fn word(&mut self, n: &mut Names, word: &str) -> Q<Shape> {
        let paren = self.followed_by_paren();
        match word {
            "null" => self.constant(n, Literal::Null),
            "true" => self.constant(n, Literal::Boolean(true)),
            "false" => self.constant(n, Literal::Boolean(false)),
            "case" => self.case(n),
            "cast" if paren || self.sqlite() => self.cast_call(n),
            "exists" if paren => self.exists(n),
            "current_date" | "current_time" | "current_timestamp" if self.sqlite() => {
                Ok(Shape::named(self.c.label_name()?))
            }
            "raise" if self.sqlite() && paren => self.raise(),
            _ if self.postgres() => self.postgres_word(n, word, paren),
            _ => self.name(n),
        }
    }

    /// `EXISTS (query)`, `ARRAY(query)`.
    fn exists(&mut self, n: &mut Names) -> Q<Shape> {
        let mark = self.c.mark();
        let form = if self.c.at("ARRAY") { QueryForm::Array } else { QueryForm::Exists };
        let name = self.c.label_name()?;
        if !self.opens_query() {
            self.c.expect_token(&Token::LParen)?;
            return Err(Box::new(self.c.expected("a query")));
        }
        let query = self.parens(n)?;
        let node = query.into_names(n, form, self.c.span_from(mark), &[]);
        Ok(Shape { node, ..Shape::named(name) })
    }

    fn constant(&mut self, n: &mut Names, literal: Literal) -> Q<Shape> {
        let name = self.c.label_name()?;
        let span = name.span;
        // `true` and `false` are casts of a string to PostgreSQL, and named so.
        let named = self.postgres() && literal != Literal::Null;
        let name = named.then(|| Box::new(Ident::new("bool".to_owned(), name.span)));
        Ok(Shape { weak: true, name, ..Shape::literal(n.node(Form::Literal(literal), span, &[])) })
    }

    fn postgres_word(&mut self, n: &mut Names, word: &str, paren: bool) -> Q<Shape> {
        if VALUE_WORDS.contains(&word) && !(word == "current_schema" && paren) {
            return self.value_word(n, word);
        }
        if TYPE_WORDS.contains(&word) && self.starts_typed_literal(word) {
            return self.typed_literal(n);
        }
        match word {
            "array" if matches!(self.c.peek_nth(1), Token::LBracket) => self.array_constructor(n),
            "array" if paren => self.exists(n),
            "row" | "coalesce" | "greatest" | "least" | "nullif" | "grouping" | "normalize" | "xmlconcat" if paren => {
                self.form(n, word)
            }
            "extract" | "overlay" | "position" | "substring" | "trim" | "treat" if paren => self.sql_call(n, word),
            "collation" if self.c.at_nth(1, "FOR") => self.collation_for(n),
            "array" => {
                self.c.advance();
                Err(Box::new(self.c.expected("\"[\" or \"(\"")))
            }
            "merge_action" if paren => {
                self.c.needs(17, "MERGE_ACTION", self.c.mark())?;
                self.c.advance();
                self.c.expect_token(&Token::LParen)?;
                self.c.expect_token(&Token::RParen)?;
                Ok(Shape::default())
            }
            _ if paren && json_xml::is_call(word) => self.json_or_xml(n, word),
            _ => self.name(n),
        }
    }

    fn value_word(&mut self, n: &mut Names, word: &str) -> Q<Shape> {
        let mark = self.c.mark();
        let name = self.c.label_name()?;
        if word == "system_user" {
            self.c.needs(16, "SYSTEM_USER", mark)?;
        }
        if word.contains("time") && self.c.at_token(&Token::LParen) {
            self.c.parens(Cursor::number)?;
        }
        let node = self.keep(n, mark, Form::Value(type_of_word(word)), &[]);
        Ok(Shape { node, ..Shape::named(name) })
    }

    fn array_constructor(&mut self, n: &mut Names) -> Q<Shape> {
        let mark = self.c.mark();
        let name = self.c.label_name()?;
        let node = self.array(n, mark)?;
        Ok(Shape { node, ..Shape::named(name) })
    }

    /// `ROW(…)`, `COALESCE(…)` and the like.
    fn form(&mut self, n: &mut Names, word: &str) -> Q<Shape> {
        let mark = self.c.mark();
        let name = self.c.label_name()?;
        let parts = if word == "nullif" { self.two(n)? } else { nodes(&self.arguments_of_form(n)?) };
        let row = word == "row";
        if parts.is_empty() && self.postgres() && !row {
            let last = self.c.previous().map_or(mark, start_of);
            let span = Span::new(last, self.c.span_from(mark).end);
            let error = SyntaxError::new("syntax-error", span, "syntax error at or near \")\"");
            return Err(Box::new(error.label("expected an expression")));
        }
        let form = match word {
            "row" => Some(Form::Row),
            "coalesce" => Some(Form::Common("COALESCE")),
            "greatest" => Some(Form::Common("GREATEST")),
            "least" => Some(Form::Common("LEAST")),
            "nullif" => Some(Form::Nullif),
            "normalize" => Some(Form::Function("normalize")),
            _ => None,
        };
        let node = form.map_or(NodeId::NONE, |form| self.keep(n, mark, form, &parts));
        Ok(Shape { indirect: row, row, node, settles: SETTLING.contains(&word), ..Shape::named(name) })
    }

    /// `(a, b)`.
    fn two(&mut self, n: &mut Names) -> Q<Vec<NodeId>> {
        self.c.expect_token(&Token::LParen)?;
        let first = self.whole(n)?.node;
        self.c.expect_token(&Token::Comma)?;
        let second = self.whole(n)?.node;
        self.c.expect_token(&Token::RParen)?;
        Ok(vec![first, second])
    }

    fn collation_for(&mut self, n: &mut Names) -> Q<Shape> {
        let name = self.c.label_name()?;
        self.c.advance();
        self.arguments_of_form(n)?;
        Ok(Shape::named(name))
    }

    /// `ARRAY[…]`, with arrays inside: `ARRAY[[1, 2], [3, 4]]`.
    fn array(&mut self, n: &mut Names, mark: usize) -> Q<NodeId> {
        self.c.expect_token(&Token::LBracket)?;
        if self.c.eat_token(&Token::RBracket) {
            return Ok(self.keep(n, mark, Form::Array, &[]));
        }
        let mut parts = Vec::new();
        loop {
            parts.push(if self.c.at_token(&Token::LBracket) {
                self.deeper(1, |r| r.array(n, r.c.mark()))?
            } else {
                self.whole(n)?.node
            });
            if !self.c.eat_token(&Token::Comma) {
                break;
            }
        }
        self.c.expect_token(&Token::RBracket)?;
        Ok(self.keep(n, mark, Form::Array, &parts))
    }

    /// `(a, b)` of a form that is no function of the catalog.
    fn arguments_of_form(&mut self, n: &mut Names) -> Q<Vec<Shape>> {
        self.c.expect_token(&Token::LParen)?;
        let shapes = if self.c.at_token(&Token::RParen) { Vec::new() } else { self.list(n)? };
        self.c.expect_token(&Token::RParen)?;
        Ok(shapes)
    }

    /// Whether the word of a type is followed by what makes it one here: columns may be called `time`, too.
    fn starts_typed_literal(&self, word: &str) -> bool {
        let next = self.c.peek_nth(1);
        is_string(next)
            || matches!(next, Token::LParen) && word != "json"
            || match word {
                "double" => self.c.at_nth(1, "PRECISION"),
                "time" | "timestamp" => self.c.at_nth(2, "TIME") && self.c.at_nth(3, "ZONE"),
                "bit" | "char" | "character" | "nchar" => self.c.at_nth(1, "VARYING"),
                "national" => self.c.at_nth(1, "CHARACTER") || self.c.at_nth(1, "CHAR"),
                _ => false,
            }
    }

    /// `interval '1 day'`, `timestamp with time zone '…'`.
    fn typed_literal(&mut self, n: &mut Names) -> Q<Shape> {
        let mark = self.c.mark();
        let interval = self.c.at("INTERVAL");
        let t = postgres::types::type_name(self.c)?;
        if !is_string(self.c.peek()) {
            return Err(Box::new(self.c.expected("a string")));
        }
        let (value, span) = self.text()?;
        // `interval '1' day` is read with its field.
        if interval && self.interval_fields()? {
            let shape = self.cast(n, mark, Shape::default(), t);
            return Ok(shape);
        }
        let literal = n.node(Form::Literal(Literal::Text(value)), span, &[]);
        Ok(self.cast(n, mark, Shape::node(literal), t))
    }

    /// Whether there are fields behind an interval's text.
    fn interval_fields(&mut self) -> Q<bool> {
        const FIELDS: &[&str] = &["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];
        if self.c.eat_any(FIELDS).is_none() {
            return Ok(false);
        }
        if self.c.eat("TO") && self.c.eat_any(FIELDS).is_none() {
            return Err(Box::new(self.c.expected("a field of an interval")));
        }
        if self.c.at_token(&Token::LParen) {
            self.c.parens(Cursor::number)?;
        }
        Ok(true)
    }

    fn case(&mut self, n: &mut Names) -> Q<Shape> {
        let mark = self.c.mark();
        let mut name = self.c.label_name()?;
        let mut parts = Vec::new();
        let operand = !self.c.at("WHEN");
        if operand {
            parts.push(self.whole(n)?.node);
        }
        if !self.c.at("WHEN") {
            return Err(Box::new(self.c.expected("WHEN")));
        }
        while self.c.eat("WHEN") {
            parts.push(self.whole(n)?.node);
            self.c.expect("THEN")?;
            parts.push(self.whole(n)?.node);
        }
        let mut weak = true;
        let has_else = self.c.eat("ELSE");
        if has_else {
            let otherwise = self.whole(n)?;
            parts.push(otherwise.node);
            if let (Some(other), false) = (otherwise.name, otherwise.weak) {
                name = *other;
                weak = false;
            }
        }
        self.c.expect("END")?;
        let node = self.keep(n, mark, Form::Case { operand, otherwise: has_else }, &parts);
        Ok(Shape { weak, node, ..Shape::named(name) })
    }

    /// `CAST(x AS type)`.
    fn cast_call(&mut self, n: &mut Names) -> Q<Shape> {
        let mark = self.c.mark();
        self.c.advance();
        self.c.expect_token(&Token::LParen)?;
        let inner = self.whole(n)?;
        self.c.expect("AS")?;
        let shape = if self.postgres() {
            let t = postgres::types::type_name(self.c)?;
            self.cast(n, mark, inner, t)
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
    fn sql_call(&mut self, n: &mut Names, word: &str) -> Q<Shape> {
        let mark = self.c.mark();
        let mut function = None;
        let mut parts = Vec::new();
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
                parts = vec![NodeId::NONE, self.whole(n)?.node];
                function = Some("extract");
            }
            "position" => {
                let part = self.b_expr(n)?.node;
                self.c.expect("IN")?;
                parts = vec![self.b_expr(n)?.node, part];
                function = Some("position");
            }
            "overlay" => {
                parts.push(self.whole(n)?.node);
                if self.c.eat("PLACING") {
                    parts.push(self.whole(n)?.node);
                    self.c.expect("FROM")?;
                    parts.push(self.whole(n)?.node);
                    if self.c.eat("FOR") {
                        parts.push(self.whole(n)?.node);
                    }
                } else {
                    while self.c.eat_token(&Token::Comma) {
                        parts.push(self.whole(n)?.node);
                    }
                }
                function = Some("overlay");
            }
            "substring" => {
                parts.push(self.whole(n)?.node);
                if self.c.eat("SIMILAR") {
                    parts.push(self.whole(n)?.node);
                    self.c.expect("ESCAPE")?;
                    parts.push(self.whole(n)?.node);
                    self.c.needs(14, "SUBSTRING … SIMILAR … ESCAPE", mark)?;
                } else if self.c.at("FROM") || self.c.at("FOR") {
                    // FOR alone puts a 1 before it.
                    function = self.c.at("FROM").then_some("substring");
                    while self.c.eat_any(&["FROM", "FOR"]).is_some() {
                        parts.push(self.whole(n)?.node);
                    }
                } else {
                    function = Some("substring");
                    while self.c.eat_token(&Token::Comma) {
                        parts.push(self.whole(n)?.node);
                    }
                }
            }
            "trim" => {
                self.c.eat_any(&["BOTH", "LEADING", "TRAILING"]);
                function = Some("btrim");
                if self.c.eat("FROM") {
                    parts.push(self.whole(n)?.node);
                } else {
                    parts.push(self.whole(n)?.node);
                    if self.c.eat("FROM") {
                        // The characters to take away stand before it.
                        parts.insert(0, self.whole(n)?.node);
                    }
                }
                while self.c.eat_token(&Token::Comma) {
                    parts.push(self.whole(n)?.node);
                }
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
        let node = function.map_or(NodeId::NONE, |f| self.keep(n, mark, Form::Function(f), &parts));
        Ok(Shape { settles: word == "trim", node, ..Shape::named(Ident::new(value, name.span)) })
    }

    /// SQLite's `RAISE(IGNORE)`, `RAISE(ABORT, 'message')`, in triggers.
    fn raise(&mut self) -> Q<Shape> {
        self.c.advance();
        self.c.expect_token(&Token::LParen)?;
        if !self.c.eat("IGNORE") {
            if self.c.eat_any(&["ROLLBACK", "ABORT", "FAIL"]).is_none() {
                return Err(Box::new(self.c.expected("IGNORE, ROLLBACK, ABORT or FAIL")));
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
    fn name(&mut self, n: &mut Names) -> Q<Shape> {
        let mark = self.c.mark();
        let double_quoted = matches!(self.c.peek(), Token::Word(w) if w.quote_style == Some('"'));
        let first = word_of(self.c.peek());
        let mut path = self.path()?;
        // Some words name columns, and neither functions nor types: `values`, `row`.
        let callable = self.sqlite() || path.len() > 1 || first.is_empty() || postgres::names_functions(first);
        if self.postgres() && self.c.at_token(&Token::Period) {
            // `t.*`
            self.c.advance();
            self.c.advance();
            n.columns.push(path);
            return Ok(Shape { expands: true, ..Shape::default() });
        }
        if self.c.at_token(&Token::LParen) && callable {
            return self.call(n, name_of(path), mark);
        }
        if self.postgres() && callable && is_string(self.c.peek()) {
            let span = self.c.span_from(mark);
            return self.named_literal(n, name_of(path), span);
        }
        // To SQLite a double-quoted name that is no column is a string: it proves nothing.
        if self.sqlite() && double_quoted && path.len() == 1 {
            let name = path.swap_remove(0);
            return Ok(Shape { indirect: true, ..Shape::named(name) });
        }
        let name = path[path.len() - 1].clone();
        n.columns.push(path);
        let node = self.keep(n, mark, Form::Column(last(&n.columns)), &[]);
        Ok(Shape { indirect: true, node, ..Shape::named(name) })
    }

    /// `a.b.c`, up to the period of a `.*`.
    fn path(&mut self) -> Q<Vec<Ident>> {
        let calls = self.followed_by_paren() || self.postgres() && is_string(self.c.peek_nth(1));
        let known = match self.c.peek() {
            Token::Word(w) if w.quote_style.is_none() => {
                self.is_plain_name(&w.value) || calls && FUNCTION_WORDS.iter().any(|f| f.eq_ignore_ascii_case(&w.value))
            }
            _ => true,
        };
        if !known {
            return Err(Box::new(self.c.expected("an expression")));
        }
        let joins = self.sqlite() && sqlite::is_join_word(word_of(self.c.peek()));
        let mut path = vec![self.c.label_name()?];
        if joins && self.c.at_token(&Token::LParen) {
            return Err(Box::new(self.c.expected("an operator")));
        }
        while self.c.at_token(&Token::Period) {
            let star = self.postgres() && matches!(self.c.peek_nth(1), Token::Mul);
            if star || self.sqlite() && path.len() == 3 {
                break;
            }
            self.c.advance();
            path.push(if self.postgres() { self.c.label_name()? } else { self.sqlite_name()? });
        }
        Ok(path)
    }

    /// `type 'text'`, of a type that is no word of the grammar.
    fn named_literal(&mut self, n: &mut Names, name: Name, span: Span) -> Q<Shape> {
        let (value, place) = self.text()?;
        let literal = n.node(Form::Literal(Literal::Text(value)), place, &[]);
        let t = TypeName {
            name,
            modifiers: Vec::new(),
            dimensions: 0,
            set_of: false,
            of_column: false,
            keyword: false,
            span,
        };
        Ok(self.cast(n, span.start, Shape::node(literal), t))
    }

    /// `(…)` after a function's name, and what belongs to the call.
    fn call(&mut self, n: &mut Names, name: Name, mark: usize) -> Q<Shape> {
        let call = Call { name, arguments: Some(0), literals: Vec::new() };
        let mut read = Called {
            call,
            parts: Vec::new(),
            aggregate: false,
            named: false,
            distinct: false,
            variadic: false,
            ordered: false,
        };
        self.c.expect_token(&Token::LParen)?;
        if self.c.eat_token(&Token::Mul) {
            read.call.arguments = None;
            read.aggregate = true;
        } else if !self.c.at_token(&Token::RParen) {
            self.call_arguments(n, &mut read)?;
        }
        self.c.expect_token(&Token::RParen)?;
        self.called(n, read, mark)
    }

    /// What follows a call's parenthesis.
    fn called(&mut self, n: &mut Names, read: Called, mark: usize) -> Q<Shape> {
        let Called { call, parts, aggregate, named, distinct, variadic, ordered } = read;
        let shown = call.name.name.clone();
        let rows = self.is_table_function(mark);
        if self.postgres() && !rows && !named && call.arguments != Some(0) && is_string(self.c.peek()) {
            // `type(3) 'text'`: no call at all.
            self.text()?;
            return Ok(Shape { weak: true, ..Shape::named(shown) });
        }
        let settles = call.name.schema.is_none() && SETTLING.iter().any(|f| f.eq_ignore_ascii_case(&shown.value));
        n.functions.push(call);
        let call = last(&n.functions);
        let within = self.c.at_words("WITHIN GROUP");
        if within && (ordered || distinct || variadic) {
            let what = match (ordered, distinct) {
                (true, _) => "multiple ORDER BY clauses",
                (_, true) => "DISTINCT",
                _ => "VARIADIC",
            };
            let message = format!("cannot use {what} with WITHIN GROUP");
            return Err(Box::new(SyntaxError::new("syntax-error", self.c.peek_span(), message)));
        }
        let tail = if rows { CallTail::default() } else { self.call_tail(n)? };
        let aggregate = aggregate || tail.filter;
        let form = Form::Call { call, aggregate, window: tail.over, named: named || tail.within };
        let node = self.keep(n, mark, form, &parts);
        Ok(Shape { settles, node, ..Shape::named(shown) })
    }

    fn call_arguments(&mut self, n: &mut Names, read: &mut Called) -> Q<()> {
        let quantifier = self.c.eat_any(&["DISTINCT", "ALL"]);
        read.aggregate |= quantifier.is_some();
        read.distinct = quantifier == Some("DISTINCT");
        loop {
            if self.postgres() {
                let (variadic, named) = self.argument_mark()?;
                read.named |= variadic || named;
                if variadic {
                    read.variadic = true;
                    read.call.arguments = None;
                }
            }
            let shape = self.whole(n)?;
            read.call.literals.push(n.literal_at(shape.literal).cloned());
            read.call.arguments = read.call.arguments.map(|a| a + 1);
            read.parts.push(shape.node);
            if !self.c.eat_token(&Token::Comma) {
                break;
            }
        }
        if self.postgres() && self.c.at_words("ORDER BY") {
            self.order_by(n)?;
            read.aggregate = true;
            read.ordered = true;
        }
        Ok(())
    }

    /// `VARIADIC`, `name =>`: whether each is there.
    fn argument_mark(&mut self) -> Q<(bool, bool)> {
        let variadic = self.c.eat("VARIADIC");
        Ok((variadic, self.argument_name()?))
    }

    /// `name =>`, `name :=`: whether it is there.
    fn argument_name(&mut self) -> Q<bool> {
        let named =
            matches!(self.c.peek(), Token::Word(_)) && matches!(self.c.peek_nth(1), Token::RArrow | Token::Assignment);
        if named {
            self.c.ident_if(postgres::names_functions, "a parameter's name")?;
            self.c.advance();
        }
        Ok(named)
    }

    /// `WITHIN GROUP (…) FILTER (…) OVER …`.
    fn call_tail(&mut self, n: &mut Names) -> Q<CallTail> {
        let mut tail = CallTail::default();
        if self.postgres() && self.c.at_words("WITHIN GROUP") {
            self.c.expect("WITHIN GROUP")?;
            self.c.expect_token(&Token::LParen)?;
            self.order_by(n)?;
            self.c.expect_token(&Token::RParen)?;
            tail.within = true;
        }
        if self.c.at("FILTER") && self.followed_by_paren() {
            self.c.advance();
            self.c.expect_token(&Token::LParen)?;
            self.c.expect("WHERE")?;
            self.condition(n, "FILTER")?;
            self.c.expect_token(&Token::RParen)?;
            tail.filter = true;
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
        tail.over = over;
        Ok(tail)
    }

    /// An expression that must be true or false.
    fn condition(&mut self, n: &mut Names, clause: &'static str) -> Q<()> {
        let shape = self.whole(n)?;
        if shape.node != NodeId::NONE {
            n.conditions.push((shape.node, clause));
        }
        Ok(())
    }

    /// What a cast makes of an expression.
    fn cast(&self, n: &mut Names, mark: usize, inner: Shape, t: TypeName) -> Shape {
        let part = inner.node;
        let shape = cast(inner, &t);
        n.types.push(t);
        let node = self.keep(n, mark, Form::Cast(last(&n.types)), &[part]);
        Shape { node, ..shape }
    }

    /// `([name] [PARTITION BY …] [ORDER BY …] [frame])`.
    fn window(&mut self, n: &mut Names) -> Q<()> {
        const FRAMES: &[&str] = &["ROWS", "RANGE", "GROUPS"];
        self.c.expect_token(&Token::LParen)?;
        if matches!(self.c.peek(), Token::Word(_))
            && !self.c.at_any(if self.postgres() { &["PARTITION"] } else { &[] })
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
                return Err(Box::new(self.c.expected("NO OTHERS, CURRENT ROW, GROUP or TIES")));
            }
        }
        Ok(self.c.expect_token(&Token::RParen)?)
    }

    fn frame_bound(&mut self, n: &mut Names) -> Q<()> {
        if self.c.eat_words("CURRENT ROW") {
            return Ok(());
        }
        // A column may be called so, too.
        let word = !self.postgres() || self.c.at_nth(1, "PRECEDING") || self.c.at_nth(1, "FOLLOWING");
        if !(word && self.c.eat("UNBOUNDED")) {
            self.climb(n, if self.postgres() { 0 } else { AND + 1 })?;
        }
        if self.c.eat_any(&["PRECEDING", "FOLLOWING"]).is_none() {
            return Err(Box::new(self.c.expected("PRECEDING or FOLLOWING")));
        }
        Ok(())
    }

    /// `ORDER BY a DESC NULLS LAST, …`, all names into `n`.
    fn order_by(&mut self, n: &mut Names) -> Q<()> {
        self.c.expect("ORDER BY")?;
        loop {
            self.whole(n)?;
            self.direction()?;
            if !self.c.eat_token(&Token::Comma) {
                return Ok(());
            }
        }
    }

    fn direction(&mut self) -> Q<()> {
        if self.postgres() && self.c.eat("USING") {
            operators::operator(self.c)?;
        } else {
            self.c.eat_any(&["ASC", "DESC"]);
        }
        if self.c.eat("NULLS") && self.c.eat_any(&["FIRST", "LAST"]).is_none() {
            return Err(Box::new(self.c.expected("FIRST or LAST")));
        }
        Ok(())
    }
}

/// A call while it is read.
struct Called {
    call: Call,
    parts: Vec<NodeId>,
    aggregate: bool,
    named: bool,
    distinct: bool,
    variadic: bool,
    /// ORDER BY stands among the arguments.
    ordered: bool,
}

/// What stands behind a call.
#[derive(Default)]
struct CallTail {
    within: bool,
    filter: bool,
    over: bool,
}

fn nodes(shapes: &[Shape]) -> Vec<NodeId> {
    shapes.iter().map(|s| s.node).collect()
}

/// The position of the last of a list.
fn last<T>(list: &[T]) -> u32 {
    u32::try_from(list.len().saturating_sub(1)).unwrap_or(u32::MAX)
}

/// The type of a value that is spelt as a word (manual, 9.9.5 and 9.27).
fn type_of_word(word: &str) -> &'static str {
    match word {
        "current_date" => "date",
        "current_time" => "time with time zone",
        "current_timestamp" => "timestamp with time zone",
        "localtime" => "time without time zone",
        "localtimestamp" => "timestamp without time zone",
        "system_user" => "text",
        _ => "name",
    }
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
fn name_of(mut path: Vec<Ident>) -> Name {
    let name = path.swap_remove(path.len() - 1);
    Name { schema: path.pop(), name }
}

/// What a cast makes of an expression: its column keeps a name of its own, or is called by the type.
fn cast(inner: Shape, t: &TypeName) -> Shape {
    let regclass = t.name.name.value == "regclass";
    let (name, weak) = match inner.name {
        Some(name) if !inner.weak => (name, false),
        _ => (Box::new(Ident::new(internal_name(&t.name.name.value).to_owned(), t.span)), true),
    };
    let literal = if regclass { inner.literal } else { NodeId::NONE };
    Shape { literal, regclass, name: Some(name), weak, ..Shape::default() }
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

/// Whether a token is an unquoted word among these.
fn is_word(t: &Token, words: &[&str]) -> bool {
    let word = word_of(t);
    !word.is_empty() && words.iter().any(|w| w.eq_ignore_ascii_case(word))
}
