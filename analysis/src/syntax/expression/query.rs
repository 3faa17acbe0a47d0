//! SELECT, VALUES, TABLE and WITH: the relations of each scope and the names that are resolved in it.

use sqlparser::tokenizer::Token;

pub(super) use crate::change::Output::Named;

use super::operators::refused;
use super::{Q, Reader, Shape, is_word, postgres, sqlite};
use crate::change::{Groups, Ident, Join, Name, Names, NodeId, Output, Reads, Select, Source, SourceKind};
use crate::span::Span;
use crate::syntax::{Cursor, SyntaxError, span_of, start_of};

/// A name that WITH has bound.
#[derive(Debug)]
pub(super) struct Bound {
    name: String,
    columns: Vec<Ident>,
    /// What shows its columns, once it has been read: nothing in it is resolved a second time.
    shell: Option<Reads>,
}

/// The parts of a name that looking ahead goes through: database, schema, table.
const MAX_PARTS: usize = 3;

/// How many scopes a CTE's columns may be traced through; beyond, they count as unknown.
const MAX_SHELL: usize = 64;

/// Words that PostgreSQL does not take as a column's alias without AS.
const NOT_BARE: &[&str] = &[
    "array",
    "as",
    "char",
    "character",
    "create",
    "day",
    "except",
    "fetch",
    "filter",
    "for",
    "from",
    "grant",
    "group",
    "having",
    "hour",
    "intersect",
    "into",
    "isnull",
    "limit",
    "minute",
    "month",
    "notnull",
    "offset",
    "on",
    "order",
    "over",
    "overlaps",
    "precision",
    "returning",
    "second",
    "to",
    "union",
    "varying",
    "where",
    "window",
    "with",
    "within",
    "without",
    "year",
];

const SET_OPERATORS: &[&str] = &["UNION", "INTERSECT", "EXCEPT"];
const TAILS: &[&str] = &["ORDER", "LIMIT", "OFFSET", "FETCH", "FOR"];

/// Reads of one select.
pub(super) fn reads(c: &Cursor<'_>, span: Span, select: Select) -> Reads {
    Reads { span, text: c.definition(span), selects: vec![select], ..Reads::default() }
}

impl Reader<'_, '_> {
    fn starts_query(&self, first: &Token, second: Option<&Token>) -> bool {
        if self.postgres() {
            is_word(first, &["SELECT", "WITH", "TABLE"])
                || is_word(first, &["VALUES"]) && matches!(second, Some(Token::LParen))
        } else {
            is_word(first, &["SELECT", "WITH", "VALUES"])
        }
    }

    pub(super) fn at_query(&self) -> bool {
        self.starts_query(self.c.peek(), Some(self.c.peek_nth(1)))
    }

    /// Whether the parenthesis that is next holds a query. Of several, `((SELECT 1) + 1)` does not, and
    /// `((SELECT 1) UNION (SELECT 2))` does.
    pub(super) fn opens_query(&self) -> bool {
        if !self.c.at_token(&Token::LParen) {
            return false;
        }
        if !matches!(self.c.peek_nth(1), Token::LParen) {
            return self.starts_query(self.c.peek_nth(1), Some(self.c.peek_nth(2)));
        }
        if !self.postgres() {
            // SQLite's queries stand between parentheses of their own, never in more.
            return false;
        }
        let rest = self.c.tokens_in(Span::new(self.c.mark(), usize::MAX));
        let open = rest.iter().take_while(|t| t.token == Token::LParen).count();
        let Some(first) = rest.get(open) else { return false };
        if !self.starts_query(&first.token, rest.get(open + 1).map(|t| &t.token)) {
            return false;
        }
        let (mut depth, mut group) = (open, open);
        for (i, t) in rest.iter().enumerate().skip(open) {
            match t.token {
                Token::LParen => depth += 1,
                Token::RParen => {
                    depth -= 1;
                    if depth < group {
                        group -= 1;
                        if group == 0 {
                            return true;
                        }
                        let next = rest.get(i + 1).map_or(&Token::EOF, |t| &t.token);
                        let goes_on = matches!(next, Token::RParen | Token::EOF)
                            || is_word(next, SET_OPERATORS)
                            || is_word(next, TAILS);
                        if !goes_on {
                            return false;
                        }
                    }
                }
                _ => {}
            }
        }
        true
    }

    pub(super) fn query_in_parens(&mut self) -> Q<Reads> {
        self.c.expect_token(&Token::LParen)?;
        let q = self.query()?;
        self.c.expect_token(&Token::RParen)?;
        Ok(q)
    }

    /// A query with its WITH, set operations and tails.
    pub(super) fn query(&mut self) -> Q<Reads> {
        self.deeper(4, |r| {
            let mark = r.c.mark();
            let bound = r.ctes.len();
            let with = if r.c.at("WITH") { Some(r.with()?) } else { None };
            let mut q = r.query_body(false)?;
            r.ctes.truncate(bound);
            q.span = r.c.span_from(mark);
            q.text = r.c.definition(q.span);
            if let Some(with) = with {
                with.into_reads(&mut q);
            }
            Ok(q)
        })
    }

    /// A query after its WITH. `defaults`: DEFAULT may stand in VALUES.
    pub(super) fn query_body(&mut self, defaults: bool) -> Q<Reads> {
        let mut rows = self.c.at("VALUES");
        let mut q = self.query_operand(defaults)?;
        let mut combined = false;
        while let Some(word) = self.c.eat_any(SET_OPERATORS) {
            if self.postgres() {
                self.c.eat_any(&["ALL", "DISTINCT"]);
            } else if word == "UNION" {
                self.c.eat("ALL");
            }
            let mark = self.c.mark();
            rows = self.c.at("VALUES");
            let mut other = self.query_operand(false)?;
            self.same_width(word, &q, &other, self.c.span_from(mark))?;
            if let Some(first) = other.selects.first_mut() {
                first.arm = Some((word, std::mem::take(&mut other.outputs)));
            }
            q.selects.extend(other.selects);
            q.writes.extend(other.writes);
            q.opaque |= other.opaque;
            q.values = None;
            combined = true;
        }
        // To SQLite, ORDER BY and LIMIT belong to a SELECT.
        if self.postgres() || !rows {
            self.tails(&mut q, combined)?;
        }
        Ok(q)
    }

    fn same_width(&self, word: &str, left: &Reads, right: &Reads, span: Span) -> Q<()> {
        let (Some(a), Some(b)) = (width(left), width(right)) else { return Ok(()) };
        if a == b {
            return Ok(());
        }
        let message = if self.postgres() {
            format!("each {word} query must have the same number of columns")
        } else {
            format!("SELECTs to the left and right of {word} do not have the same number of result columns")
        };
        Err(Box::new(SyntaxError::new("syntax-error", span, message).label(format!("{b} here, {a} before"))))
    }

    fn query_operand(&mut self, defaults: bool) -> Q<Reads> {
        let mark = self.c.mark();
        let mut q = if self.postgres() && self.c.at_token(&Token::LParen) {
            self.deeper(1, Self::query_in_parens)?
        } else if self.c.eat("VALUES") {
            self.values(defaults)?
        } else if self.postgres() && self.c.at("TABLE") {
            self.c.advance();
            let name = self.relation()?;
            let (kind, columns) = self.bound_or_table(&name);
            let alias = Some(name.name).filter(|_| !matches!(kind, SourceKind::Table(_)));
            let source = Source { alias, columns, kind, join: Join::Start };
            let select = Select { sources: vec![source], targets: vec![NodeId::NONE], ..Select::default() };
            Reads { selects: vec![select], outputs: vec![Output::Star(None)], ..Reads::default() }
        } else if self.c.eat("SELECT") {
            self.select()?
        } else if self.c.at("FROM") {
            return Err(Box::new(self.c.expected("SELECT: a query starts with it")));
        } else {
            return Err(Box::new(self.c.expected("a query")));
        };
        q.span = self.c.span_from(mark);
        Ok(q)
    }

    /// The rows after VALUES.
    fn values(&mut self, defaults: bool) -> Q<Reads> {
        let mut select = Select::default();
        let mut rows: Vec<(usize, Span)> = Vec::new();
        let mut expands = false;
        loop {
            let mark = self.c.mark();
            self.c.expect_token(&Token::LParen)?;
            let mut count = 0;
            loop {
                let default = defaults && self.postgres() && self.c.eat("DEFAULT");
                let value = if default { Shape::default() } else { self.whole(&mut select.names)? };
                expands |= value.expands;
                select.targets.push(value.node);
                count += 1;
                if !self.c.eat_token(&Token::Comma) {
                    break;
                }
            }
            self.c.expect_token(&Token::RParen)?;
            rows.push((count, self.c.span_from(mark)));
            if !self.c.eat_token(&Token::Comma) {
                break;
            }
        }
        let (width, first) = rows[0];
        if expands {
            // `(t.*, 1)`: how many there are is not to be seen.
            select.targets.clear();
            return Ok(Reads { selects: vec![select], opaque: true, ..Reads::default() });
        }
        if let Some((count, span)) = rows.iter().find(|(count, _)| *count != width) {
            let message = if self.postgres() {
                "VALUES lists must all be the same length"
            } else {
                "all VALUES must have the same number of terms"
            };
            return Err(Box::new(
                SyntaxError::new("syntax-error", *span, message)
                    .label(format!("{count} here, {width} in the first row")),
            ));
        }
        let outputs = (1..=width).map(|i| Named(Ident::new(format!("column{i}"), first))).collect();
        Ok(Reads { selects: vec![select], outputs, values: Some(rows), ..Reads::default() })
    }

    /// What follows SELECT.
    fn select(&mut self) -> Q<Reads> {
        let mut q = Reads::default();
        let mut select = Select::default();
        let distinct = self.c.eat("DISTINCT");
        if distinct {
            if self.postgres() && self.c.eat("ON") {
                self.c.expect_token(&Token::LParen)?;
                self.list(&mut select.loose)?;
                self.c.expect_token(&Token::RParen)?;
            }
        } else {
            self.c.eat("ALL");
        }
        if distinct || !(self.postgres() && self.ends_target_list()) {
            self.target_list(&mut q, &mut select)?;
        }
        if self.postgres() && self.c.eat("INTO") {
            q.into_temporary = matches!(self.c.eat_any(&["TEMPORARY", "TEMP", "UNLOGGED"]), Some("TEMPORARY" | "TEMP"));
            self.c.eat("TABLE");
            let into = self.c.name()?;
            q.into = Some(into);
        }
        if self.c.eat("FROM") {
            let first = select.names.columns.len();
            self.sources_list(&mut select)?;
            select.in_from = first..select.names.columns.len();
        }
        if self.c.eat("WHERE") {
            self.filter(&mut select, "WHERE")?;
        }
        if self.c.eat("GROUP") {
            self.c.expect("BY")?;
            let mark = self.c.mark();
            if self.postgres() && self.c.eat_any(&["ALL", "DISTINCT"]).is_some() {
                self.c.needs(14, "GROUP BY DISTINCT", mark)?;
            }
            select.groups = Groups::Columns(Vec::new());
            loop {
                self.grouping(&mut select)?;
                if !self.c.eat_token(&Token::Comma) {
                    break;
                }
            }
        }
        if self.c.eat("HAVING") {
            if matches!(select.groups, Groups::None) {
                select.groups = Groups::Columns(Vec::new());
            }
            self.filter(&mut select, "HAVING")?;
        }
        if self.c.eat("WINDOW") {
            loop {
                self.c.ident()?;
                self.c.expect("AS")?;
                self.window(&mut select.names)?;
                if !self.c.eat_token(&Token::Comma) {
                    break;
                }
            }
        }
        if self.postgres() && self.c.at("QUALIFY") {
            return Err(Box::new(refused(self.c, "put the window function in a subquery")));
        }
        select.aliases = aliases(&q.outputs);
        q.selects.push(select);
        Ok(q)
    }

    /// A condition: to SQLite the columns' aliases may be used in it.
    fn filter(&mut self, select: &mut Select, clause: &'static str) -> Q<()> {
        self.condition(if self.sqlite() { &mut select.loose } else { &mut select.names }, clause)
    }

    fn ends_target_list(&self) -> bool {
        const AFTER: &[&str] = &["FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "INTO"];
        matches!(self.c.peek(), Token::EOF | Token::RParen | Token::SemiColon)
            || self.c.at_any(AFTER)
            || self.c.at_any(SET_OPERATORS)
            || self.c.at_any(TAILS)
    }

    /// `a, b AS c, t.*`: of SELECT and RETURNING.
    pub(super) fn target_list(&mut self, q: &mut Reads, select: &mut Select) -> Q<()> {
        loop {
            let output = self.target(q, select)?;
            q.outputs.push(output);
            if !self.c.eat_token(&Token::Comma) {
                return Ok(());
            }
        }
    }

    fn target(&mut self, q: &mut Reads, select: &mut Select) -> Q<Output> {
        if self.c.eat_token(&Token::Mul) {
            select.targets.push(NodeId::NONE);
            return Ok(Output::Star(None));
        }
        if let Some(path) = self.qualified_star()? {
            select.targets.push(NodeId::NONE);
            // PostgreSQL takes an alias here, and has no use for it.
            if self.postgres() {
                self.column_alias()?;
            }
            return Ok(Output::Star(Some(path)));
        }
        let mark = self.c.mark();
        let shape = match self.whole(&mut select.names) {
            Ok(shape) => shape,
            Err(e) => {
                let Some(label) = self.operator_as_label(mark, &e) else { return Err(e) };
                select.targets.push(NodeId::NONE);
                return Ok(Named(label));
            }
        };
        select.targets.push(shape.node);
        q.opaque |= shape.expands;
        if let Some(alias) = self.column_alias()? {
            return Ok(Named(alias));
        }
        // What SQLite calls an expression is its text; a name it has only where a column is shown.
        Ok(match shape.name {
            Some(name) if self.postgres() || shape.indirect => Named(*name),
            _ => Output::Unnamed,
        })
    }

    /// `SELECT 1 is FROM t`: a word that begins an operator, and names the column where nothing of one follows.
    fn operator_as_label(&self, mark: usize, e: &SyntaxError) -> Option<Ident> {
        const WORDS: &[&str] = &["AND", "OR", "IS", "NOT", "IN", "LIKE", "ILIKE", "SIMILAR", "BETWEEN", "COLLATE"];
        const OPENS: &[&str] = &["CASE", "END", "BETWEEN"];
        let ends = matches!(self.c.peek(), Token::EOF | Token::Comma | Token::SemiColon) || self.ends_target_list();
        let [first, before @ .., label] = self.c.tokens_in(self.c.span_from(mark)) else { return None };
        let operand = before.last().unwrap_or(first);
        let Token::Word(w) = &label.token else { return None };
        let plain =
            ends && self.postgres()
                && e.rule == "syntax-error"
                && e.span.start == self.c.mark()
                && is_word(&label.token, WORDS)
                && !is_word(&operand.token, WORDS)
                && !super::operators::is_operator(&operand.token)
                && !before.iter().chain([first]).any(|t| {
                    matches!(t.token, Token::LParen | Token::LBracket | Token::Comma) || is_word(&t.token, OPENS)
                });
        plain.then(|| Ident::new((self.c.syntax.fold)(&w.value), span_of(label)))
    }

    /// `t.*`, `s.t.*`.
    fn qualified_star(&mut self) -> Q<Option<Vec<Ident>>> {
        let mut n = 0;
        let most = if self.sqlite() { 1 } else { MAX_PARTS };
        while n < 2 * most
            && matches!(self.c.peek_nth(n), Token::Word(_))
            && matches!(self.c.peek_nth(n + 1), Token::Period)
        {
            n += 2;
            if matches!(self.c.peek_nth(n), Token::Mul) {
                // `t.*::text`, `t.* = u.*`: the row as a value.
                let next = self.c.peek_nth(n + 1);
                if self.postgres() && (matches!(next, Token::DoubleColon) || super::operators::is_operator(next)) {
                    return Ok(None);
                }
                let mut path = vec![self.c.ident()?];
                self.c.advance();
                while !self.c.at_token(&Token::Mul) {
                    path.push(self.c.label_name()?);
                    self.c.advance();
                }
                self.c.advance();
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    fn column_alias(&mut self) -> Q<Option<Ident>> {
        if self.c.eat("AS") {
            return Ok(Some(if self.postgres() { self.c.label_name()? } else { self.sqlite_name()? }));
        }
        if self.postgres() {
            return match self.c.peek() {
                Token::Word(w) if w.quote_style.is_some() => Ok(Some(self.c.label_name()?)),
                t @ Token::Word(w) if !is_word(t, NOT_BARE) => {
                    if postgres::is_keyword(&w.value) {
                        let what = format!("the keyword {} as a column's name without AS", w.value.to_uppercase());
                        self.c.needs(14, &what, self.c.mark())?;
                    }
                    Ok(Some(self.c.label_name()?))
                }
                _ => Ok(None),
            };
        }
        self.sqlite_bare_alias()
    }

    /// A name where SQLite takes any: a word, a quoted one, or a string.
    pub(super) fn sqlite_name(&mut self) -> Q<Ident> {
        Ok(sqlite::name(self.c)?)
    }

    fn sqlite_bare_alias(&mut self) -> Q<Option<Ident>> {
        let takes = match self.c.peek() {
            Token::SingleQuotedString(_) => true,
            Token::Word(w) if w.quote_style.is_some() => true,
            t @ Token::Word(w) => {
                (self.c.syntax.is_name)(&w.value)
                    && !is_word(t, &["INDEXED", "WINDOW"])
                    && !(is_word(t, &["OVER", "FILTER"]) && self.followed_by_paren())
            }
            _ => false,
        };
        if takes { self.sqlite_name().map(Some) } else { Ok(None) }
    }

    // ---- FROM

    pub(super) fn sources_list(&mut self, select: &mut Select) -> Q<()> {
        loop {
            self.source_item(select)?;
            if !self.c.eat_token(&Token::Comma) {
                return Ok(());
            }
        }
    }

    /// Whether there was a join, or parentheses around one.
    fn source_item(&mut self, select: &mut Select) -> Q<bool> {
        let nested = self.c.at_token(&Token::LParen) && !self.opens_query();
        self.source_without_joins(select)?;
        let mark = self.c.mark();
        self.joins(select)?;
        Ok(nested || self.c.mark() != mark)
    }

    /// `JOIN … ON …`, as many as there are.
    pub(super) fn joins(&mut self, select: &mut Select) -> Q<()> {
        loop {
            let mark = self.c.mark();
            let natural = self.c.eat("NATURAL");
            let cross = self.c.eat("CROSS");
            if self.c.eat_any(&["LEFT", "RIGHT", "FULL"]).is_some() {
                self.c.eat("OUTER");
            } else {
                self.c.eat("INNER");
            }
            if !self.c.eat("JOIN") {
                return if self.c.mark() == mark { Ok(()) } else { Err(Box::new(self.c.expected("JOIN"))) };
            }
            let joined = select.sources.len();
            self.source_without_joins(select)?;
            set_join(select, joined, if natural { Join::Natural } else { Join::Beside });
            if self.sqlite() {
                self.join_condition(select, joined)?;
            } else if !cross && !natural {
                if !self.c.at("ON") && !self.c.at("USING") {
                    // `a JOIN b JOIN c ON … ON …`
                    self.deeper(1, |r| r.joins(select))?;
                }
                if !self.join_condition(select, joined)? {
                    return Err(Box::new(self.c.expected("ON or USING")));
                }
            }
        }
    }

    fn join_condition(&mut self, select: &mut Select, joined: usize) -> Q<bool> {
        if self.c.eat("ON") {
            self.condition(&mut select.names, "JOIN/ON")?;
            return Ok(true);
        }
        if self.c.eat("USING") {
            let columns = self.c.ident_list()?;
            select.names.columns.extend(columns.iter().map(|c| vec![c.clone()]));
            set_join(select, joined, Join::Using(columns));
            let mark = self.c.mark();
            if self.postgres() && self.c.eat("AS") {
                let alias = self.c.ident()?;
                self.c.needs(14, "an alias of JOIN … USING", mark)?;
                let kind = SourceKind::Unknown;
                select.sources.push(Source { alias: Some(alias), columns: Vec::new(), kind, join: Join::Beside });
            }
            return Ok(true);
        }
        Ok(false)
    }

    pub(super) fn source_without_joins(&mut self, select: &mut Select) -> Q<()> {
        if self.postgres() && self.c.at("LATERAL") {
            self.c.advance();
            if !self.c.at_token(&Token::LParen) {
                if !self.at_table_function() {
                    self.c.name()?;
                    return Err(Box::new(self.c.expected("\"(\"")));
                }
                return self.table_function(select);
            }
            let q = self.query_in_parens()?;
            // It sees its neighbours: resolved where a subquery of an expression is, and shown by its columns here.
            let kind = shell(&q).map_or(SourceKind::Unknown, |s| SourceKind::Query(Box::new(s)));
            select.names.queries.push(q);
            return self.push_query(select, kind);
        }
        if self.c.at_token(&Token::LParen) {
            if self.opens_query() {
                let q = self.deeper(1, Self::query_in_parens)?;
                return self.push_query(select, SourceKind::Query(Box::new(q)));
            }
            return self.deeper(3, |r| r.joined_in_parens(select));
        }
        if self.postgres() && self.c.at_words("ROWS FROM") && matches!(self.c.peek_nth(2), Token::LParen) {
            self.c.expect("ROWS FROM")?;
            self.c.expect_token(&Token::LParen)?;
            loop {
                let mut names = Names::default();
                self.table_function = Some(self.c.mark());
                self.primary(&mut names)?;
                select.names.absorb(names);
                if self.c.eat("AS") {
                    self.column_definitions(select, Typed::Yes)?;
                }
                if !self.c.eat_token(&Token::Comma) {
                    break;
                }
            }
            self.c.expect_token(&Token::RParen)?;
            self.c.eat_words("WITH ORDINALITY");
            return self.push_source(select, None, SourceKind::Unknown);
        }
        let value = self.postgres() && is_word(self.c.peek(), super::VALUE_WORDS);
        if value || self.postgres() && self.c.at("COLLATION") && self.c.at_nth(1, "FOR") {
            return self.table_function(select);
        }
        if self.at_table_function() {
            return self.table_function(select);
        }
        self.table_reference(select)?;
        if self.postgres() && self.c.eat("TABLESAMPLE") {
            self.c.name()?;
            self.arguments_of_form(&mut select.names)?;
            if self.c.eat("REPEATABLE") {
                self.arguments_of_form(&mut select.names)?;
            }
        }
        Ok(())
    }

    /// Whether a name with an opening parenthesis is next.
    pub(super) fn at_table_function(&self) -> bool {
        let mut n = 0;
        while n < 2 * MAX_PARTS && matches!(self.c.peek_nth(n + 1), Token::Period) {
            n += 2;
        }
        matches!(self.c.peek_nth(n), Token::Word(_))
            && matches!(self.c.peek_nth(n + 1), Token::LParen)
            && !(self.postgres() && self.c.at("ONLY"))
    }

    /// `(a JOIN b ON …) [AS j]`.
    fn joined_in_parens(&mut self, select: &mut Select) -> Q<()> {
        let mark = self.c.mark();
        self.c.expect_token(&Token::LParen)?;
        let mut inner = Select::default();
        let joined = self.source_item(&mut inner)?;
        if self.postgres() && !joined {
            return Err(Box::new(self.c.expected("JOIN")));
        }
        if self.sqlite() {
            while self.c.eat_token(&Token::Comma) {
                self.source_item(&mut inner)?;
            }
        }
        self.c.expect_token(&Token::RParen)?;
        let span = self.c.span_from(mark);
        let (alias, columns) = self.table_alias(select, false)?;
        if alias.is_none() {
            select.sources.extend(inner.sources);
            select.names.absorb(inner.names);
            return Ok(());
        }
        inner.targets.push(NodeId::NONE);
        let q = Reads { outputs: vec![Output::Star(None)], ..reads(self.c, span, inner) };
        let kind = SourceKind::Query(Box::new(q));
        select.sources.push(Source { alias, columns, kind, join: Join::Start });
        Ok(())
    }

    /// A function whose rows are read.
    fn table_function(&mut self, select: &mut Select) -> Q<()> {
        let special = self.postgres() && self.c.at_any(&["XMLTABLE", "JSON_TABLE"]);
        if special {
            let mark = self.c.mark();
            let json = self.c.at("JSON_TABLE");
            let name = self.c.label_name()?;
            let mut names = Names::default();
            if json {
                self.c.needs(17, "JSON_TABLE", mark)?;
                self.deeper(1, |r| r.json_table(&mut names))?;
            } else {
                self.deeper(1, |r| r.xml_table(&mut names))?;
            }
            select.names.absorb(names);
            let (alias, columns) = self.table_alias(select, false)?;
            let kind = SourceKind::Unknown;
            select.sources.push(Source { alias: alias.or(Some(name)), columns, kind, join: Join::Start });
            return Ok(());
        }
        let name = {
            let mut names = Names::default();
            self.table_function = Some(self.c.mark());
            let shape = self.primary(&mut names)?;
            select.names.absorb(names);
            shape.name.map(|name| *name)
        };
        if self.postgres() {
            self.c.eat_words("WITH ORDINALITY");
        }
        self.push_source(select, name, SourceKind::Unknown)
    }

    /// `[ONLY] t [*]`, with its alias.
    pub(super) fn table_reference(&mut self, select: &mut Select) -> Q<()> {
        let name = self.relation()?;
        let (kind, columns) = self.bound_or_table(&name);
        let shown = Some(name.name).filter(|_| !matches!(kind, SourceKind::Table(_)));
        let (alias, renamed) = self.table_alias(select, false)?;
        if self.sqlite() {
            if self.c.eat_words("INDEXED BY") {
                self.sqlite_name()?;
            } else {
                self.c.eat_words("NOT INDEXED");
            }
        }
        let columns = if renamed.is_empty() { columns } else { renamed };
        select.sources.push(Source { alias: alias.or(shown), columns, kind, join: Join::Start });
        Ok(())
    }

    /// A table's name where PostgreSQL takes ONLY and `*` with it.
    pub(super) fn relation(&mut self) -> Q<Name> {
        if self.postgres() {
            if self.c.eat("ONLY") {
                let nested = self.c.at_token(&Token::LParen);
                return Ok(if nested { self.c.parens(Cursor::name)? } else { self.c.name()? });
            }
            let name = self.c.name()?;
            self.c.eat_token(&Token::Mul);
            return Ok(name);
        }
        let first = self.sqlite_name()?;
        if self.c.eat_token(&Token::Period) {
            let name = self.sqlite_name()?;
            return Ok(Name { schema: Some(first), name });
        }
        Ok(Name { schema: None, name: first })
    }

    /// What WITH has bound to a name, or the table of that name.
    pub(super) fn bound_or_table(&self, name: &Name) -> (SourceKind, Vec<Ident>) {
        let same = |b: &&Bound| {
            if self.sqlite() { b.name.eq_ignore_ascii_case(&name.name.value) } else { b.name == name.name.value }
        };
        let bound = if name.schema.is_some() { None } else { self.ctes.iter().rev().find(same) };
        match bound {
            None => (SourceKind::Table(name.clone()), Vec::new()),
            Some(Bound { shell: Some(s), columns, .. }) => (SourceKind::Query(Box::new(s.clone())), columns.clone()),
            Some(Bound { columns, .. }) => (SourceKind::Cte(name.name.value.clone()), columns.clone()),
        }
    }

    /// A query in FROM, with its alias.
    fn push_query(&mut self, select: &mut Select, kind: SourceKind) -> Q<()> {
        let (alias, columns) = self.table_alias(select, false)?;
        if self.postgres() && alias.is_none() {
            self.c.needs(16, "a query in FROM without an alias", self.c.previous().map_or(0, start_of))?;
        }
        select.sources.push(Source { alias, columns, kind, join: Join::Start });
        Ok(())
    }

    /// A function in FROM, with its alias.
    fn push_source(&mut self, select: &mut Select, name: Option<Ident>, kind: SourceKind) -> Q<()> {
        let (alias, columns) = self.table_alias(select, true)?;
        select.sources.push(Source { alias: alias.or(name), columns, kind, join: Join::Start });
        Ok(())
    }

    /// `[AS] t [(a, b)]`; of a function, `AS (a integer)` and `t (a integer)` too.
    fn table_alias(&mut self, select: &mut Select, function: bool) -> Q<(Option<Ident>, Vec<Ident>)> {
        let marked = self.c.eat("AS");
        if self.sqlite() {
            let alias = if marked { Some(self.sqlite_name()?) } else { self.sqlite_bare_alias()? };
            return Ok((alias, Vec::new()));
        }
        if marked && function && self.c.at_token(&Token::LParen) {
            return Ok((None, self.column_definitions(select, Typed::Yes)?));
        }
        let bare = match self.c.peek() {
            Token::Word(w) => w.quote_style.is_some() || (self.c.syntax.is_name)(&w.value),
            _ => false,
        };
        if !marked && !bare {
            return Ok((None, Vec::new()));
        }
        let alias = self.c.ident()?;
        let typed = if function { Typed::AsTheFirst } else { Typed::No };
        let columns =
            if self.c.at_token(&Token::LParen) { self.column_definitions(select, typed)? } else { Vec::new() };
        Ok((Some(alias), columns))
    }

    /// `(a, b)` or `(a integer, b text)`.
    fn column_definitions(&mut self, select: &mut Select, mut typed: Typed) -> Q<Vec<Ident>> {
        let columns = self.c.parens(|c| {
            c.list(|c| {
                let name = c.ident()?;
                if typed == Typed::AsTheFirst {
                    let bare = matches!(c.peek(), Token::Comma | Token::RParen);
                    typed = if bare { Typed::No } else { Typed::Yes };
                }
                if typed == Typed::Yes {
                    select.names.types.push(postgres::types::type_name(c)?);
                    if c.eat("COLLATE") {
                        c.name()?;
                    }
                }
                Ok(name)
            })
        })?;
        Ok(columns)
    }

    // ---- GROUP BY, ORDER BY, LIMIT, FOR

    fn grouping(&mut self, select: &mut Select) -> Q<()> {
        if self.postgres() {
            let sets = self.c.at_words("GROUPING SETS");
            if sets || self.c.at_any(&["ROLLUP", "CUBE"]) && self.followed_by_paren() {
                select.groups = Groups::Other;
                self.c.advance();
                if sets {
                    self.c.advance();
                }
                return self.deeper(1, |r| {
                    r.c.expect_token(&Token::LParen)?;
                    loop {
                        r.grouping(select)?;
                        if !r.c.eat_token(&Token::Comma) {
                            break;
                        }
                    }
                    Ok(r.c.expect_token(&Token::RParen)?)
                });
            }
            if self.c.at_token(&Token::LParen) && matches!(self.c.peek_nth(1), Token::RParen) {
                self.c.advance();
                self.c.advance();
                return Ok(());
            }
        }
        let mark = self.c.mark();
        self.loose(select)?;
        let path = self.column_path(self.c.span_from(mark));
        match (&mut select.groups, path) {
            (Groups::Columns(all), Some(path)) => all.push(path),
            (groups, _) => *groups = Groups::Other,
        }
        Ok(())
    }

    /// The column that is all that stands there.
    fn column_path(&self, span: Span) -> Option<Vec<Ident>> {
        let tokens = self.c.tokens_in(span);
        let name = |t: &sqlparser::tokenizer::TokenWithSpan| match &t.token {
            Token::Word(w) if w.quote_style.is_some() => Some(Ident::new(w.value.clone(), span_of(t))),
            Token::Word(w) if (self.c.syntax.is_name)(&w.value) => {
                Some(Ident::new((self.c.syntax.fold)(&w.value), span_of(t)))
            }
            _ => None,
        };
        let dots = tokens.iter().skip(1).step_by(2).all(|t| t.token == Token::Period);
        (dots && tokens.len() % 2 == 1).then(|| tokens.iter().step_by(2).map(name).collect())?
    }

    /// A column, or what may be the name of an output.
    fn loose(&mut self, select: &mut Select) -> Q<()> {
        let mut names = Names::default();
        let mark = self.c.mark();
        self.whole(&mut names)?;
        // An output's name counts for PostgreSQL only where it stands alone.
        let alone = self.c.tokens_in(self.c.span_from(mark)).len() == 1;
        if alone || self.sqlite() { &mut select.loose } else { &mut select.names }.absorb(names);
        Ok(())
    }

    fn tails(&mut self, q: &mut Reads, combined: bool) -> Q<()> {
        let sorts = self.c.eat("ORDER");
        if sorts {
            self.c.expect("BY")?;
            let mut sorted = Select::default();
            let select = if combined { &mut sorted } else { &mut q.selects[0] };
            loop {
                self.loose(select)?;
                self.direction()?;
                if !self.c.eat_token(&Token::Comma) {
                    break;
                }
            }
            if combined {
                // Of a set operation only outputs can be named; SQLite looks at those of every part.
                let known = self.postgres() && width(q).is_some();
                sorted.aliases = aliases(&q.outputs);
                // What its names stand for is not followed.
                sorted.names.tree.clear();
                if !known {
                    sorted.names.columns.clear();
                    sorted.loose.columns.clear();
                }
                q.selects.push(sorted);
            }
        }
        let mut names = Names::default();
        let mut ties = false;
        let mut skips = None;
        loop {
            if self.c.eat("LIMIT") {
                if !(self.postgres() && self.c.eat("ALL")) {
                    self.whole(&mut names)?;
                }
                if self.c.at_token(&Token::Comma) {
                    if self.postgres() {
                        return Err(Box::new(
                            self.c.wrong_engine("LIMIT #,# syntax is not supported", "write LIMIT count OFFSET start"),
                        ));
                    }
                    self.c.advance();
                    self.whole(&mut names)?;
                }
                if self.sqlite() && self.c.eat("OFFSET") {
                    self.whole(&mut names)?;
                }
            } else if self.sqlite() {
                break;
            } else if self.c.eat("OFFSET") {
                self.whole(&mut names)?;
                self.c.eat_any(&["ROW", "ROWS"]);
            } else if self.c.eat("FETCH") {
                ties |= self.fetch(&mut names, sorts)?;
            } else if self.c.at("FOR") {
                let mark = self.c.mark();
                if self.locking()? {
                    skips = Some(self.c.span_from(mark));
                }
            } else {
                break;
            }
        }
        if let (true, Some(span)) = (ties, skips) {
            let message = "SKIP LOCKED and WITH TIES options cannot be used together";
            return Err(Box::new(SyntaxError::new("syntax-error", span, message)));
        }
        q.selects[0].names.absorb(names);
        Ok(())
    }

    /// Whether it is WITH TIES.
    fn fetch(&mut self, names: &mut Names, sorts: bool) -> Q<bool> {
        if self.c.eat_any(&["FIRST", "NEXT"]).is_none() {
            return Err(Box::new(self.c.expected("FIRST or NEXT")));
        }
        if !self.c.at_any(&["ROW", "ROWS"]) {
            self.prefix(names)?;
        }
        if self.c.eat_any(&["ROW", "ROWS"]).is_none() {
            return Err(Box::new(self.c.expected("ROW or ROWS")));
        }
        let mark = self.c.mark();
        if self.c.eat_words("WITH TIES") {
            let message = "WITH TIES cannot be specified without ORDER BY clause";
            let refusal = SyntaxError::new("syntax-error", self.c.span_from(mark), message);
            return if sorts { Ok(true) } else { Err(Box::new(refusal)) };
        }
        if self.c.eat("ONLY") {
            return Ok(false);
        }
        Err(Box::new(self.c.expected("ONLY or WITH TIES")))
    }

    /// Whether it skips what is locked.
    fn locking(&mut self) -> Q<bool> {
        self.c.expect("FOR")?;
        if self.c.eat_words("READ ONLY") {
            return Ok(false);
        }
        if !["UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"].iter().any(|w| self.c.eat_words(w)) {
            return Err(Box::new(self.c.expected("UPDATE, NO KEY UPDATE, SHARE or KEY SHARE")));
        }
        if self.c.eat("OF") {
            self.c.list(Cursor::name)?;
        }
        Ok(!self.c.eat("NOWAIT") && self.c.eat_words("SKIP LOCKED"))
    }

    // ---- WITH

    pub(super) fn with(&mut self) -> Q<With> {
        self.c.expect("WITH")?;
        let recursive = self.c.eat("RECURSIVE");
        let first = self.ctes.len();
        // With RECURSIVE each sees itself and those after it; to SQLite the word changes nothing.
        let ahead = recursive || self.sqlite();
        if ahead {
            let names = self.names_ahead();
            self.ctes.extend(names.into_iter().map(|name| Bound { name, columns: Vec::new(), shell: None }));
        }
        let mut with = With::default();
        let mut index = first;
        loop {
            let name = if self.postgres() { self.c.ident()? } else { self.sqlite_name()? };
            let columns = if self.c.at_token(&Token::LParen) { self.c.ident_list()? } else { Vec::new() };
            self.c.expect("AS")?;
            if self.c.at_words("NOT MATERIALIZED") {
                self.c.advance();
            }
            self.c.eat("MATERIALIZED");
            if let Some(bound) = self.ctes.get_mut(index) {
                bound.columns.clone_from(&columns);
            }
            let q = self.deeper(1, Self::cte_body)?;
            let mut known = shell(&q);
            if self.postgres() {
                known = known.filter(|_| !self.c.at("SEARCH") && !self.c.at("CYCLE"));
                self.search_and_cycle()?;
            }
            with.writes.extend(q.writes.iter().cloned());
            with.bodies.push(q);
            let bound = Bound { name: name.value, columns, shell: known };
            match self.ctes.get_mut(index) {
                Some(b) => *b = bound,
                None => self.ctes.push(bound),
            }
            index += 1;
            if !self.c.eat_token(&Token::Comma) {
                return Ok(with);
            }
        }
    }

    fn cte_body(&mut self) -> Q<Reads> {
        if self.postgres() && is_word(self.c.peek_nth(1), &["INSERT", "UPDATE", "DELETE", "MERGE"]) {
            self.c.expect_token(&Token::LParen)?;
            if self.c.at("MERGE") {
                self.c.needs(17, "MERGE in WITH", self.c.mark())?;
            }
            let q = self.writing_query()?;
            self.c.expect_token(&Token::RParen)?;
            return Ok(q);
        }
        self.query_in_parens()
    }

    /// The names that a WITH binds, from its tokens: as far as they follow the usual shape.
    fn names_ahead(&self) -> Vec<String> {
        let rest = self.c.tokens_in(Span::new(self.c.mark(), usize::MAX));
        let mut out = Vec::new();
        let mut i = 0;
        loop {
            let Some(Token::Word(w)) = rest.get(i).map(|t| &t.token) else { return out };
            let name = if w.quote_style.is_some() { w.value.clone() } else { (self.c.syntax.fold)(&w.value) };
            i += 1;
            i = after_parens(rest, i);
            if !rest.get(i).is_some_and(|t| is_word(&t.token, &["AS"])) {
                return out;
            }
            i += 1;
            while rest.get(i).is_some_and(|t| is_word(&t.token, &["NOT", "MATERIALIZED"])) {
                i += 1;
            }
            i = after_parens(rest, i);
            out.push(name);
            if rest.get(i).is_none_or(|t| t.token != Token::Comma) {
                return out;
            }
            i += 1;
        }
    }

    fn search_and_cycle(&mut self) -> Q<()> {
        let mark = self.c.mark();
        if self.c.eat("SEARCH") {
            self.c.needs(14, "SEARCH", mark)?;
            if self.c.eat_any(&["DEPTH", "BREADTH"]).is_none() {
                return Err(Box::new(self.c.expected("DEPTH or BREADTH")));
            }
            self.c.expect("FIRST BY")?;
            self.c.list(Cursor::ident)?;
            self.c.expect("SET")?;
            self.c.ident()?;
        }
        let mark = self.c.mark();
        if self.c.eat("CYCLE") {
            self.c.needs(14, "CYCLE", mark)?;
            self.c.list(Cursor::ident)?;
            self.c.expect("SET")?;
            self.c.ident()?;
            let mut names = Names::default();
            if self.c.eat("TO") {
                self.whole(&mut names)?;
                self.c.expect("DEFAULT")?;
                self.whole(&mut names)?;
            }
            self.c.expect("USING")?;
            self.c.ident()?;
        }
        Ok(())
    }
}

/// Whether the columns of an alias have types.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Typed {
    Yes,
    No,
    AsTheFirst,
}

/// What a WITH clause holds.
#[derive(Debug, Default)]
pub(super) struct With {
    bodies: Vec<Reads>,
    writes: Vec<Name>,
}

impl With {
    /// The bodies in a scope without relations: they do not see those of the query they are for.
    pub(super) fn into_reads(self, q: &mut Reads) {
        q.writes.extend(self.writes);
        let names = Names { queries: self.bodies, ..Names::default() };
        q.selects.push(Select { names, ..Select::default() });
    }
}

/// The index after `(…)`, if that is what stands at `i`.
fn after_parens(tokens: &[sqlparser::tokenizer::TokenWithSpan], mut i: usize) -> usize {
    if tokens.get(i).is_none_or(|t| t.token != Token::LParen) {
        return i;
    }
    let mut depth = 0usize;
    while let Some(t) = tokens.get(i) {
        match t.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        i += 1;
        if depth == 0 {
            break;
        }
    }
    i
}

/// How many columns a query has, where its text says it.
fn width(q: &Reads) -> Option<usize> {
    let known = !q.opaque && !q.outputs.iter().any(|o| matches!(o, Output::Star(_)));
    known.then_some(q.outputs.len())
}

/// How the sources from `first` on are joined with those before them: the first of them, the others being its own.
fn set_join(select: &mut Select, first: usize, join: Join) {
    if let Some(source) = select.sources.get_mut(first) {
        source.join = join;
    }
}

fn aliases(outputs: &[Output]) -> Vec<String> {
    outputs
        .iter()
        .filter_map(|o| match o {
            Named(name) => Some(name.value.clone()),
            _ => None,
        })
        .collect()
}

/// A query's columns without what is to be resolved in it: for the places that refer to a query read elsewhere.
fn shell(q: &Reads) -> Option<Reads> {
    if q.opaque {
        return None;
    }
    let mut budget = MAX_SHELL;
    shell_within(q, &mut budget)
}

fn shell_within(q: &Reads, budget: &mut usize) -> Option<Reads> {
    *budget = budget.checked_sub(1)?;
    let stars = q.outputs.iter().any(|o| matches!(o, Output::Star(_)));
    let selects = match q.selects.iter().map(|s| shell_of_select(s, budget)).collect::<Option<Vec<_>>>() {
        Some(selects) => selects,
        None if stars => return None,
        // The names of its columns are known without.
        None => Vec::new(),
    };
    let (outputs, values) = (q.outputs.clone(), q.values.clone());
    Some(Reads { span: q.span, selects, outputs, values, opaque: q.opaque, elsewhere: true, ..Reads::default() })
}

fn shell_of_select(select: &Select, budget: &mut usize) -> Option<Select> {
    let mut sources = Vec::with_capacity(select.sources.len());
    for s in &select.sources {
        let kind = match &s.kind {
            SourceKind::Query(inner) => SourceKind::Query(Box::new(shell_within(inner, budget)?)),
            other => other.clone(),
        };
        let join = s.join.clone();
        sources.push(Source { alias: s.alias.clone(), columns: s.columns.clone(), kind, join });
    }
    // The types of its columns come from the forms of its expressions; those of queries in them stay unknown.
    let n = &select.names;
    let names = Names {
        columns: n.columns.clone(),
        functions: n.functions.clone(),
        types: n.types.clone(),
        tree: n.tree.clone(),
        parts: n.parts.clone(),
        ..Names::default()
    };
    Some(Select { sources, names, targets: select.targets.clone(), arm: select.arm.clone(), ..Select::default() })
}
