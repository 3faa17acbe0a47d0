//! SELECT, VALUES, TABLE and WITH; INSERT, REPLACE, UPDATE, DELETE, LOAD DATA.

use sqlparser::tokenizer::Token;

use super::super::{Cursor, R, SyntaxError};
use super::MysqlCursor as _;
use super::expression::{Q, Reader, output};
use crate::change::{
    Change, ConflictTarget, Ident, Insert, InsertSource, Join, Name, Names, NodeId, OnConflict, Output, Reads, Select,
    Source, SourceKind, Update,
};

/// A query, whole.
pub(super) fn query(c: &mut Cursor<'_>) -> R<Reads> {
    Reader::new(c).query().map_err(|e| *e)
}

/// SELECT, VALUES, TABLE, WITH, INSERT, REPLACE, UPDATE and DELETE as a change.
pub(super) fn dml(c: &mut Cursor<'_>) -> R<Change> {
    Reader::new(c).statement().map_err(|e| *e)
}

const SET_OPERATORS: &[&str] = &["UNION", "INTERSECT", "EXCEPT", "MINUS"];

impl<'a> Reader<'_, 'a> {
    fn at_query_word(&self, n: usize) -> bool {
        ["SELECT", "WITH"].iter().any(|w| self.c.at_nth(n, w))
            || self.c.at_nth(n, "VALUES") && matches!(self.c.peek_nth(n + 1), Token::LParen | Token::Word(_))
            || self.c.at_nth(n, "TABLE")
    }

    /// Whether the parenthesis after `n` tokens holds a query.
    pub(super) fn opens_query_at(&self, n: usize) -> bool {
        if !matches!(self.c.peek_nth(n), Token::LParen) {
            return false;
        }
        let mut at = n + 1;
        while matches!(self.c.peek_nth(at), Token::LParen) {
            at += 1;
        }
        if !self.at_query_word(at) {
            return false;
        }
        if at == n + 1 {
            return true;
        }
        // `((SELECT 1) + 1)` is an expression, `((SELECT 1) UNION …)` a query: what follows the inner parenthesis says.
        let mut depth = at - n;
        let inner = depth;
        while depth >= inner {
            match self.c.peek_nth(at) {
                Token::LParen => depth += 1,
                Token::RParen => depth -= 1,
                Token::EOF => return true,
                _ => {}
            }
            at += 1;
        }
        matches!(self.c.peek_nth(at), Token::RParen)
            || SET_OPERATORS.iter().chain(&["ORDER", "LIMIT"]).any(|w| self.c.at_nth(at, w))
    }

    fn statement(&mut self) -> Q<Change> {
        if self.c.at_token(&Token::LParen) || self.c.at_any(&["SELECT", "VALUES", "TABLE"]) {
            return self.query().map(Change::Select);
        }
        let mark = self.c.mark();
        if self.c.at("WITH") {
            let mut with = Names::default();
            let bound = self.ctes.len();
            self.with(&mut with)?;
            if self.c.at_any(&["UPDATE", "DELETE"]) {
                let mut change = if self.c.at("UPDATE") { self.update()? } else { self.delete()? };
                if let Change::Update(Update { reads, .. }) | Change::Delete { reads, .. } = &mut change {
                    reads.selects.extend(self.of_names(with).selects);
                }
                return Ok(change);
            }
            let mut q = self.query_body()?;
            self.ctes.truncate(bound);
            q.selects.extend(self.of_names(with).selects);
            q.span = self.c.span_from(mark);
            q.text = self.c.definition(q.span);
            return Ok(Change::Select(q));
        }
        if self.c.at_any(&["INSERT", "REPLACE"]) {
            return self.insert();
        }
        if self.c.at("UPDATE") {
            return self.update();
        }
        if self.c.at("DELETE") {
            return self.delete();
        }
        Err(Box::new(self.c.expected("a statement")))
    }

    // ---- queries

    pub(super) fn query_in_parens(&mut self) -> Q<Reads> {
        self.c.expect_token(&Token::LParen)?;
        let q = self.query()?;
        self.c.expect_token(&Token::RParen)?;
        Ok(q)
    }

    pub(super) fn query(&mut self) -> Q<Reads> {
        self.deeper(3, |r| {
            let mark = r.c.mark();
            let bound = r.ctes.len();
            let mut with = Names::default();
            let has_with = r.c.at("WITH");
            if has_with {
                r.with(&mut with)?;
            }
            let mut q = r.query_body()?;
            r.ctes.truncate(bound);
            if has_with {
                q.selects.extend(r.of_names(with).selects);
            }
            q.span = r.c.span_from(mark);
            q.text = r.c.definition(q.span);
            Ok(q)
        })
    }

    /// `WITH [RECURSIVE] name [(columns)] AS (query), …`: the queries are resolved where they stand.
    fn with(&mut self, n: &mut Names) -> Q<()> {
        self.c.expect("WITH")?;
        let recursive = self.c.eat("RECURSIVE");
        loop {
            let name = self.c.ident()?;
            if self.c.at_token(&Token::LParen) {
                self.c.ident_list()?;
            }
            self.c.expect("AS")?;
            if recursive {
                self.ctes.push(name.value.clone());
            }
            let q = self.query_in_parens()?;
            n.queries.push(q);
            if !recursive {
                self.ctes.push(name.value);
            }
            if self.c.eat("CYCLE") {
                self.c.list(Cursor::ident)?;
                self.c.expect("RESTRICT")?;
            }
            if !self.c.eat_token(&Token::Comma) {
                return Ok(());
            }
        }
    }

    fn query_body(&mut self) -> Q<Reads> {
        let mut q = self.query_operand()?;
        let mut combined = false;
        while let Some(word) = self.c.eat_any(SET_OPERATORS) {
            self.c.eat_any(&["ALL", "DISTINCT"]);
            let mark = self.c.mark();
            let mut other = self.query_operand()?;
            if let (Some(a), Some(b)) = (width(&q), width(&other))
                && a != b
            {
                let message = "1222 (21000): The used SELECT statements have a different number of columns";
                let error = SyntaxError::new("syntax-error", self.c.span_from(mark), message);
                return Err(Box::new(error.label(format!("{b} here, {a} before {word}"))));
            }
            q.selects.append(&mut other.selects);
            q.opaque |= other.opaque;
            q.values = None;
            combined = true;
        }
        self.tails(&mut q, combined)?;
        Ok(q)
    }

    fn query_operand(&mut self) -> Q<Reads> {
        if self.c.at_token(&Token::LParen) {
            return self.deeper(1, Self::query_in_parens);
        }
        if self.c.eat("VALUES") {
            return self.values();
        }
        if self.c.at("TABLE") {
            self.c.mysql_alone("TABLE as a query", "write SELECT * FROM the table")?;
            self.c.advance();
            let name = self.c.name()?;
            let source = Source { alias: None, columns: Vec::new(), kind: SourceKind::Table(name), join: Join::Start };
            let select = Select { sources: vec![source], targets: vec![NodeId::NONE], ..Select::default() };
            return Ok(Reads { selects: vec![select], outputs: vec![Output::Star(None)], ..Reads::default() });
        }
        self.c.expect("SELECT")?;
        self.select()
    }

    /// The rows after VALUES, with MySQL's ROW before each or not.
    pub(super) fn values(&mut self) -> Q<Reads> {
        let mut select = Select::default();
        let mut rows: Vec<(usize, crate::span::Span)> = Vec::new();
        loop {
            self.c.eat("ROW");
            let mark = self.c.mark();
            self.c.expect_token(&Token::LParen)?;
            let mut count = 0;
            if !self.c.at_token(&Token::RParen) {
                loop {
                    self.value(&mut select.names)?;
                    count += 1;
                    if !self.c.eat_token(&Token::Comma) {
                        break;
                    }
                }
            }
            self.c.expect_token(&Token::RParen)?;
            rows.push((count, self.c.span_from(mark)));
            if !self.c.eat_token(&Token::Comma) {
                break;
            }
        }
        Ok(Reads { selects: vec![select], values: Some(rows), ..Reads::default() })
    }

    /// An expression or DEFAULT. Answers whether a second application would change nothing.
    fn value(&mut self, n: &mut Names) -> Q<bool> {
        if self.c.at("DEFAULT") && !matches!(self.c.peek_nth(1), Token::LParen) {
            self.c.advance();
            return Ok(true);
        }
        Ok(self.whole(n)?.settles)
    }

    fn select(&mut self) -> Q<Reads> {
        const MODIFIERS: &[&str] = &[
            "ALL",
            "DISTINCT",
            "DISTINCTROW",
            "HIGH_PRIORITY",
            "STRAIGHT_JOIN",
            "SQL_SMALL_RESULT",
            "SQL_BIG_RESULT",
            "SQL_BUFFER_RESULT",
            "SQL_NO_CACHE",
            "SQL_CACHE",
            "SQL_CALC_FOUND_ROWS",
        ];
        let mut q = Reads::default();
        let mut select = Select::default();
        while self.c.eat_any(MODIFIERS).is_some() {}
        loop {
            let item = self.target(&mut select)?;
            q.outputs.push(item);
            if !self.c.eat_token(&Token::Comma) {
                break;
            }
        }
        self.variables_of_into()?;
        if self.c.eat("FROM") && !self.c.eat("DUAL") {
            self.sources(&mut select)?;
        }
        if self.c.eat("WHERE") {
            self.whole(&mut select.names)?;
        }
        if self.c.eat_words("GROUP BY") {
            loop {
                self.whole(&mut select.loose)?;
                self.c.eat_any(&["ASC", "DESC"]);
                if !self.c.eat_token(&Token::Comma) {
                    break;
                }
            }
            self.c.eat_words("WITH ROLLUP");
        }
        if self.c.eat("HAVING") {
            self.whole(&mut select.loose)?;
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
        select.aliases = q.outputs.iter().filter_map(named).collect();
        q.selects.push(select);
        Ok(q)
    }

    /// `a`, `a AS b`, `t.*`.
    fn target(&mut self, select: &mut Select) -> Q<Output> {
        select.targets.push(NodeId::NONE);
        if self.c.eat_token(&Token::Mul) {
            return Ok(Output::Star(None));
        }
        for parts in 1..=2 {
            let dotted = (0..parts).all(|i| {
                matches!(self.c.peek_nth(2 * i), Token::Word(_)) && matches!(self.c.peek_nth(2 * i + 1), Token::Period)
            });
            if dotted && matches!(self.c.peek_nth(2 * parts), Token::Mul) {
                let mut path = Vec::new();
                for _ in 0..parts {
                    path.push(self.c.label_name()?);
                    self.c.advance();
                }
                self.c.advance();
                return Ok(Output::Star(Some(path)));
            }
        }
        let shape = self.whole(&mut select.names)?;
        Ok(match self.column_alias()? {
            Some(alias) => Output::Named(alias),
            None => output(shape),
        })
    }

    /// `[AS] name`, where the name may be a string.
    fn column_alias(&mut self) -> Q<Option<Ident>> {
        let marked = self.c.eat("AS");
        if let Token::SingleQuotedString(s) = self.c.peek() {
            let ident = Ident::new(s.clone(), self.c.peek_span());
            self.c.advance();
            return Ok(Some(ident));
        }
        let bare = match self.c.peek() {
            Token::Word(w) => w.quote_style.is_some() || (self.c.syntax.is_name)(&w.value),
            _ => false,
        };
        if marked || bare { Ok(Some(self.c.ident()?)) } else { Ok(None) }
    }

    /// `INTO @a, b`, `INTO OUTFILE '…'`.
    fn variables_of_into(&mut self) -> Q<()> {
        if !self.c.eat("INTO") {
            return Ok(());
        }
        if self.c.eat_any(&["OUTFILE", "DUMPFILE"]).is_some() {
            self.c.string()?;
            if self.c.eat_words("CHARACTER SET") || self.c.eat("CHARSET") {
                self.c.charset_name()?;
            }
            return self.file_format();
        }
        loop {
            if matches!(self.c.peek(), Token::Placeholder(_)) {
                self.c.advance();
            } else {
                self.c.ident()?;
            }
            if !self.c.eat_token(&Token::Comma) {
                return Ok(());
            }
        }
    }

    /// `FIELDS TERMINATED BY ',' … LINES …`, of files.
    pub(super) fn file_format(&mut self) -> Q<()> {
        while self.c.eat_any(&["FIELDS", "COLUMNS", "LINES"]).is_some() {
            while self.c.at_any(&["TERMINATED", "ENCLOSED", "ESCAPED", "STARTING", "OPTIONALLY"]) {
                self.c.eat("OPTIONALLY");
                self.c.advance();
                self.c.expect("BY")?;
                self.c.string()?;
            }
        }
        Ok(())
    }

    fn tails(&mut self, q: &mut Reads, combined: bool) -> Q<()> {
        let mut loose = Names::default();
        if self.c.at_words("ORDER BY") {
            self.order_by(&mut loose)?;
            self.c.eat_words("WITH ROLLUP");
        }
        let mut names = Names::default();
        if self.c.at("LIMIT") {
            self.limit(&mut names)?;
            if self.c.eat_words("ROWS EXAMINED") {
                self.whole(&mut names)?;
            }
        } else if self.c.at_any(&["OFFSET", "FETCH"]) {
            self.c.mariadb_alone("OFFSET … FETCH", "write LIMIT count OFFSET start")?;
            if self.c.eat("OFFSET") {
                self.whole(&mut names)?;
                self.c.eat_any(&["ROW", "ROWS"]);
            }
            if self.c.eat("FETCH") {
                self.c.eat_any(&["FIRST", "NEXT"]);
                if !self.c.at_any(&["ROW", "ROWS"]) {
                    self.whole(&mut names)?;
                }
                self.c.eat_any(&["ROW", "ROWS"]);
                if !self.c.eat("ONLY") {
                    self.c.expect("WITH TIES")?;
                }
            }
        }
        if self.c.at("PROCEDURE") {
            self.c.advance();
            self.primary(&mut names)?;
        }
        self.variables_of_into()?;
        while self.c.at_any(&["FOR", "LOCK"]) {
            if self.c.eat_words("LOCK IN SHARE MODE") {
                self.c.lock_wait()?;
                continue;
            }
            self.c.expect("FOR")?;
            if self.c.eat_any(&["UPDATE", "SHARE"]).is_none() {
                return Err(Box::new(self.c.expected("UPDATE")));
            }
            if self.c.eat("OF") {
                self.c.list(Cursor::ident)?;
            }
            self.c.lock_wait()?;
        }
        if let (false, Some(select)) = (combined, q.selects.first_mut()) {
            select.loose.absorb(loose);
            select.names.absorb(names);
        }
        Ok(())
    }

    // ---- FROM

    pub(super) fn sources(&mut self, select: &mut Select) -> Q<()> {
        loop {
            self.joined(select)?;
            if !self.c.eat_token(&Token::Comma) {
                return Ok(());
            }
        }
    }

    fn joined(&mut self, select: &mut Select) -> Q<()> {
        self.source(select)?;
        loop {
            let natural = self.c.eat("NATURAL");
            let straight = self.c.at("STRAIGHT_JOIN");
            let outer = self.c.at_any(&["LEFT", "RIGHT"]);
            if straight {
                self.c.advance();
            } else if outer {
                self.c.advance();
                self.c.eat("OUTER");
                self.c.expect("JOIN")?;
            } else if self.c.at_any(&["INNER", "CROSS"]) {
                self.c.advance();
                self.c.expect("JOIN")?;
            } else if !self.c.eat("JOIN") {
                return if natural { Err(Box::new(self.c.expected("JOIN"))) } else { Ok(()) };
            }
            let at = select.sources.len();
            self.source(select)?;
            let mut join = if natural { Join::Natural } else { Join::Beside };
            if self.c.eat("ON") {
                self.whole(&mut select.names)?;
            } else if self.c.at("USING") {
                self.c.advance();
                let columns = self.c.ident_list()?;
                join = Join::Using(columns);
            } else if outer && !natural {
                // `a LEFT JOIN b JOIN c ON … ON …`: the conditions come later.
                if !self.c.at_any(&["JOIN", "LEFT", "RIGHT", "INNER", "CROSS", "STRAIGHT_JOIN"]) {
                    return Err(Box::new(self.c.expected("ON or USING")));
                }
                self.joined_rest(select)?;
                self.c.expect("ON")?;
                self.whole(&mut select.names)?;
            }
            if let Some(source) = select.sources.get_mut(at) {
                source.join = join;
            }
        }
    }

    /// The inner joins of `a LEFT JOIN b JOIN c ON … ON …`.
    fn joined_rest(&mut self, select: &mut Select) -> Q<()> {
        self.deeper(1, |r| {
            let outer = r.c.eat_any(&["LEFT", "RIGHT"]).is_some();
            if outer {
                r.c.eat("OUTER");
            } else {
                r.c.eat_any(&["INNER", "CROSS"]);
            }
            r.c.expect("JOIN")?;
            r.source(select)?;
            if !r.c.at("ON") {
                r.joined_rest(select)?;
            }
            r.c.expect("ON")?;
            r.whole(&mut select.names)?;
            Ok(())
        })
    }

    fn source(&mut self, select: &mut Select) -> Q<()> {
        let lateral = self.c.at("LATERAL") && matches!(self.c.peek_nth(1), Token::LParen);
        if lateral {
            self.c.mysql_alone("LATERAL", "join with what the query needs")?;
            self.c.advance();
        }
        if self.opens_query_at(0) {
            let q = self.deeper(1, Self::query_in_parens)?;
            let mark = self.c.mark();
            let (alias, columns) = self.table_alias()?;
            if alias.is_none() {
                return Err(Box::new(
                    SyntaxError::new(
                        "syntax-error",
                        self.c.span_from(mark),
                        "1248 (42000): Every derived table must have its own alias",
                    )
                    .help("write (SELECT …) AS name"),
                ));
            }
            let kind = SourceKind::Query(Box::new(q));
            select.sources.push(Source { alias, columns, kind, join: Join::Start });
            return Ok(());
        }
        if self.c.at_token(&Token::LParen) {
            return self.deeper(2, |r| {
                r.c.expect_token(&Token::LParen)?;
                r.sources(select)?;
                Ok(r.c.expect_token(&Token::RParen)?)
            });
        }
        if self.c.at("JSON_TABLE") && matches!(self.c.peek_nth(1), Token::LParen) {
            self.c.advance();
            self.c.skip_parens()?;
            let (alias, columns) = self.table_alias()?;
            select.sources.push(Source { alias, columns, kind: SourceKind::Unknown, join: Join::Start });
            return Ok(());
        }
        let name = self.c.name()?;
        if self.c.eat("PARTITION") {
            self.c.ident_list()?;
        }
        if self.c.at_words("FOR SYSTEM_TIME") {
            self.system_time(select)?;
        }
        let cte = name.schema.is_none() && self.ctes.iter().any(|c| c.eq_ignore_ascii_case(&name.name.value));
        let (alias, columns) = self.table_alias()?;
        while self.c.at_any(&["USE", "FORCE", "IGNORE"]) && (self.c.at_nth(1, "INDEX") || self.c.at_nth(1, "KEY")) {
            self.index_hint()?;
        }
        let kind = if cte { SourceKind::Cte(name.name.value.clone()) } else { SourceKind::Table(name) };
        select.sources.push(Source { alias, columns, kind, join: Join::Start });
        Ok(())
    }

    fn system_time(&mut self, select: &mut Select) -> Q<()> {
        self.c.expect("FOR SYSTEM_TIME")?;
        if self.c.eat("ALL") {
            return Ok(());
        }
        if self.c.eat_words("AS OF") {
            self.c.eat_any(&["TIMESTAMP", "TRANSACTION"]);
            self.primary(&mut select.names)?;
            return Ok(());
        }
        let between = self.c.eat("BETWEEN");
        if !between {
            self.c.expect("FROM")?;
        }
        self.primary(&mut select.names)?;
        self.c.expect(if between { "AND" } else { "TO" })?;
        self.primary(&mut select.names)?;
        Ok(())
    }

    fn index_hint(&mut self) -> Q<()> {
        self.c.advance();
        self.c.advance();
        if self.c.eat("FOR") && !self.c.eat("JOIN") && !self.c.eat_words("ORDER BY") {
            self.c.expect("GROUP BY")?;
        }
        self.c.expect_token(&Token::LParen)?;
        if !self.c.at_token(&Token::RParen) {
            self.c.list(|c| c.ident_if(c_is_name, "an index"))?;
        }
        Ok(self.c.expect_token(&Token::RParen)?)
    }

    fn table_alias(&mut self) -> Q<(Option<Ident>, Vec<Ident>)> {
        let marked = self.c.eat("AS");
        let bare = match self.c.peek() {
            Token::Word(w) => {
                w.quote_style.is_some()
                    || (self.c.syntax.is_name)(&w.value) && !self.c.at_any(&["WINDOW", "OFFSET", "FETCH"])
            }
            _ => false,
        };
        if !marked && !bare {
            return Ok((None, Vec::new()));
        }
        let alias = self.c.ident()?;
        let columns = if self.c.at_token(&Token::LParen) { self.c.ident_list()? } else { Vec::new() };
        Ok((Some(alias), columns))
    }

    // ---- INSERT, REPLACE

    fn insert(&mut self) -> Q<Change> {
        let replace = self.c.at("REPLACE");
        self.c.advance();
        self.c.eat_any(&["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY"]);
        let ignore = !replace && self.c.eat("IGNORE");
        if self.c.at("OR") {
            return Err(Box::new(
                self.c.wrong_engine("INSERT OR is SQLite's", "write INSERT IGNORE INTO or REPLACE INTO"),
            ));
        }
        self.c.eat("INTO");
        let table = self.c.name()?;
        if self.c.eat("PARTITION") {
            self.c.ident_list()?;
        }
        let mut columns = Vec::new();
        if self.c.at_token(&Token::LParen) && !self.opens_query_at(0) {
            self.c.advance();
            if !self.c.at_token(&Token::RParen) {
                columns = self.c.list(column_name)?;
            }
            self.c.expect_token(&Token::RParen)?;
        }
        let mark = self.c.mark();
        let mut names = Names::default();
        let mut of_query = false;
        let mut q = if self.c.eat("SET") {
            let mut select = Select::default();
            let mut count = 0;
            loop {
                columns.push(column_name(self.c)?);
                self.c.assignment()?;
                self.value(&mut select.names)?;
                count += 1;
                if !self.c.eat_token(&Token::Comma) {
                    break;
                }
            }
            // The values may read the columns set before them.
            select.names.opaque = true;
            let span = self.c.span_from(mark);
            Reads { selects: vec![select], values: Some(vec![(count, span)]), ..Reads::default() }
        } else if self.c.at_any(&["VALUES", "VALUE"]) {
            self.c.advance();
            let mut q = self.values()?;
            // What stands in a row may be a column that came before it.
            for select in &mut q.selects {
                select.names.opaque |= !select.names.columns.is_empty();
            }
            q
        } else if self.c.at_token(&Token::LParen) || self.at_query_word(0) {
            of_query = true;
            self.query()?
        } else {
            return Err(Box::new(self.c.expected("VALUES, SET or SELECT")));
        };
        q.span = self.c.span_from(mark);
        q.text = self.c.definition(q.span);
        let mut row_alias = None;
        if self.c.at("AS") {
            self.c.mysql_alone("an alias of the row", "write VALUES(column)")?;
            self.c.advance();
            row_alias = Some(self.c.ident()?);
            if self.c.at_token(&Token::LParen) {
                self.c.ident_list()?;
            }
        }
        let on = self.c.mark();
        let mut on_conflict = None;
        if self.c.at_words("ON CONFLICT") {
            self.c.advance();
            return Err(Box::new(self.c.wrong_engine(
                "ON CONFLICT is not MySQL's",
                "write ON DUPLICATE KEY UPDATE column = VALUES(column), or INSERT IGNORE",
            )));
        }
        if self.c.eat_words("ON DUPLICATE KEY UPDATE") {
            let mut update = Vec::new();
            loop {
                let column = column_name(self.c)?;
                self.c.assignment()?;
                self.value(&mut names)?;
                update.push((column, NodeId::NONE));
                if !self.c.eat_token(&Token::Comma) {
                    break;
                }
            }
            on_conflict = Some(OnConflict { target: ConflictTarget::Any, span: self.c.span_from(on), update });
            // Columns of the query, or of the row's alias, may stand in it, too.
            names.opaque |= of_query || row_alias.is_some();
        }
        self.returning(&mut names)?;
        Ok(Change::Insert(Insert {
            table,
            alias: None,
            columns,
            source: InsertSource::Query(q),
            on_conflict,
            names,
            ignore: ignore || replace,
            in_part: false,
        }))
    }

    fn returning(&mut self, names: &mut Names) -> Q<()> {
        if !self.c.at("RETURNING") {
            return Ok(());
        }
        self.c.mariadb_alone("RETURNING", "SELECT the rows in a statement of its own")?;
        self.c.advance();
        let mut select = Select::default();
        loop {
            self.target(&mut select)?;
            if !self.c.eat_token(&Token::Comma) {
                break;
            }
        }
        names.absorb(select.names);
        Ok(())
    }

    // ---- UPDATE, DELETE

    fn update(&mut self) -> Q<Change> {
        let mark = self.c.mark();
        self.c.expect("UPDATE")?;
        self.c.eat("LOW_PRIORITY");
        self.c.eat("IGNORE");
        let mut select = Select::default();
        self.sources(&mut select)?;
        if self.c.eat_words("FOR PORTION OF") {
            self.c.ident()?;
            self.c.expect("FROM")?;
            self.whole(&mut select.names)?;
            self.c.expect("TO")?;
            self.whole(&mut select.names)?;
        }
        self.c.expect("SET")?;
        let mut set = Vec::new();
        loop {
            let first = select.names.columns.len();
            let path = column_path(self.c)?;
            self.c.assignment()?;
            let column = path[path.len() - 1].clone();
            let settles = self.value(&mut select.names)?;
            let reads_itself = select.names.columns[first..]
                .iter()
                .any(|p| p.last().is_some_and(|l| l.value.eq_ignore_ascii_case(&column.value)));
            set.push((path, column, reads_itself && !settles));
            if !self.c.eat_token(&Token::Comma) {
                break;
            }
        }
        let has_where = self.c.eat("WHERE");
        if has_where {
            self.whole(&mut select.names)?;
        }
        if self.c.at_words("ORDER BY") {
            self.order_by(&mut select.names)?;
        }
        if self.c.at("LIMIT") {
            self.limit(&mut select.names)?;
        }
        if self.c.at("FROM") {
            return Err(Box::new(
                self.c.wrong_engine("UPDATE … FROM is not MySQL's", "write UPDATE a JOIN b ON … SET a.x = b.y"),
            ));
        }
        let (table, alias) = match select.sources.first() {
            Some(Source { kind: SourceKind::Table(name), alias, .. }) => (name.clone(), alias.clone()),
            _ => {
                let reads = Reads { selects: vec![select], ..Reads::default() };
                return Ok(Change::Select(reads));
            }
        };
        // The columns of several tables are looked up together.
        let single = select.sources.len() == 1;
        let own = |path: &[Ident]| {
            let qualifier = path.len().checked_sub(2).map(|i| path[i].value.as_str());
            single || qualifier.is_some_and(|q| q == alias.as_ref().map_or(table.name.value.as_str(), |a| &a.value))
        };
        let mut assigned = Vec::new();
        for (path, column, accumulates) in set {
            if own(&path) {
                assigned.push((column, accumulates, NodeId::NONE));
            } else {
                select.names.columns.push(path);
            }
        }
        let span = self.c.span_from(mark);
        let reads = Reads { span, text: self.c.definition(span), selects: vec![select], ..Reads::default() };
        Ok(Change::Update(Update { table, alias, set: assigned, reads, has_where }))
    }

    fn delete(&mut self) -> Q<Change> {
        let mark = self.c.mark();
        self.c.expect("DELETE")?;
        while self.c.eat_any(&["LOW_PRIORITY", "QUICK", "IGNORE"]).is_some() {}
        let mut select = Select::default();
        if !self.c.at("FROM") {
            // DELETE a, b FROM …
            self.c.list(target_of_delete)?;
            self.c.expect("FROM")?;
            self.sources(&mut select)?;
        } else {
            self.c.advance();
            let several = {
                let mut n = 0;
                while matches!(self.c.peek_nth(n), Token::Word(_) | Token::Period | Token::Mul | Token::Comma)
                    && !self.c.at_nth(n, "USING")
                    && !self.c.at_nth(n, "WHERE")
                {
                    n += 1;
                }
                self.c.at_nth(n, "USING")
            };
            if several {
                self.c.list(target_of_delete)?;
                self.c.expect("USING")?;
            }
            self.sources(&mut select)?;
        }
        if self.c.eat_words("FOR PORTION OF") {
            self.c.ident()?;
            self.c.expect("FROM")?;
            self.whole(&mut select.names)?;
            self.c.expect("TO")?;
            self.whole(&mut select.names)?;
        }
        let has_where = self.c.eat("WHERE");
        if has_where {
            self.whole(&mut select.names)?;
        }
        if self.c.at_words("ORDER BY") {
            self.order_by(&mut select.names)?;
        }
        if self.c.at("LIMIT") {
            self.limit(&mut select.names)?;
        }
        let mut names = Names::default();
        self.returning(&mut names)?;
        select.names.absorb(names);
        let first = select.sources.first().map(|s| (s.kind.clone(), s.alias.clone()));
        let span = self.c.span_from(mark);
        let reads = Reads { span, text: self.c.definition(span), selects: vec![select], ..Reads::default() };
        Ok(match first {
            Some((SourceKind::Table(table), alias)) => Change::Delete { table, alias, reads, has_where },
            _ => Change::Select(reads),
        })
    }
}

/// How many columns a query has, where the text alone says it.
fn width(q: &Reads) -> Option<usize> {
    if let Some(rows) = &q.values {
        return rows.first().map(|r| r.0);
    }
    let known = !q.opaque && !q.outputs.is_empty() && !q.outputs.iter().any(|o| matches!(o, Output::Star(_)));
    known.then_some(q.outputs.len())
}

fn named(output: &Output) -> Option<String> {
    match output {
        Output::Named(name) => Some(name.value.clone()),
        _ => None,
    }
}

/// PRIMARY is a key's name.
fn c_is_name(word: &str) -> bool {
    word.eq_ignore_ascii_case("primary") || super::words::names_on_mysql(word) || super::words::names_on_mariadb(word)
}

/// A column, with its table or without; or a variable, of LOAD DATA.
fn column_name(c: &mut Cursor<'_>) -> R<Ident> {
    let mut path = column_path(c)?;
    Ok(path.swap_remove(path.len() - 1))
}

fn column_path(c: &mut Cursor<'_>) -> R<Vec<Ident>> {
    let mut path = vec![c.ident()?];
    while c.eat_token(&Token::Period) {
        path.push(c.label_name()?);
    }
    Ok(path)
}

/// `t`, `t.*`, `db.t.*`.
fn target_of_delete(c: &mut Cursor<'_>) -> R<Name> {
    let mut name = Name { schema: None, name: c.ident()? };
    while c.eat_token(&Token::Period) {
        if c.eat_token(&Token::Mul) {
            break;
        }
        name = Name { schema: Some(name.name), name: c.label_name()? };
    }
    Ok(name)
}
