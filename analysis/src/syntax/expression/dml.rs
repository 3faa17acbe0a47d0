//! INSERT, UPDATE, DELETE and MERGE, alone or inside WITH.

use sqlparser::tokenizer::Token;

use super::operators::refused;
use super::query::With;
use super::{Paren, Q, Reader, Shape, is_word};
use crate::change::{
    Change, ConflictTarget, Ident, Insert, InsertSource, Join, Name, Names, NodeId, OnConflict, Output, Reads, Select,
    Source, SourceKind, Update,
};
use crate::span::Span;
use crate::syntax::{SyntaxError, word_of};

impl Reader<'_, '_> {
    /// A whole statement.
    pub(super) fn statement(&mut self) -> Q<Change> {
        if self.postgres() && self.c.at_token(&Token::LParen)
            || self.c.at("VALUES")
            || self.at_query() && !self.c.at("WITH")
        {
            return self.query().map(Change::Select);
        }
        let mark = self.c.mark();
        let with = if self.c.at("WITH") { Some(self.with()?) } else { None };
        if with.is_some() && (self.at_query() || self.c.at_token(&Token::LParen)) {
            let mut q = self.query_body(false)?;
            q.span = self.c.span_from(mark);
            q.text = self.c.definition(q.span);
            if let Some(with) = with {
                with.into_reads(&mut q);
            }
            return Ok(Change::Select(q));
        }
        Ok(self.write(mark, with)?.change)
    }

    /// A statement that writes, with its RETURNING, as what a WITH binds.
    pub(super) fn writing_query(&mut self) -> Q<Reads> {
        self.deeper(4, |r| {
            let mark = r.c.mark();
            let written = r.write(mark, None)?;
            let span = r.c.span_from(mark);
            let mut q = match written.change {
                Change::Insert(insert) => insert_reads(insert),
                Change::Update(update) => {
                    let mut q = update.reads;
                    q.writes.push(update.table.clone());
                    let target = update.alias.as_ref().unwrap_or(&update.table.name).clone();
                    // The columns set are the target's alone.
                    let set = update.set.into_iter().map(|(column, ..)| vec![target.clone(), column]);
                    q.selects[0].names.columns.extend(set);
                    q
                }
                Change::Delete { table, reads, .. } => {
                    let mut q = reads;
                    q.writes.push(table);
                    q
                }
                Change::Select(q) => q,
                _ => Reads { opaque: true, ..Reads::default() },
            };
            q.outputs = written.outputs;
            q.opaque |= written.expands;
            q.span = span;
            Ok(q)
        })
    }

    fn write(&mut self, mark: usize, with: Option<With>) -> Q<Written> {
        let mut written = if self.c.at("INSERT") || self.c.at("REPLACE") {
            self.insert()?
        } else if self.c.at("UPDATE") {
            self.update()?
        } else if self.c.at("DELETE") {
            self.delete()?
        } else if self.postgres() && self.c.at("MERGE") {
            self.merge_into()?
        } else {
            return Err(Box::new(self.c.expected("a statement")));
        };
        let span = self.c.span_from(mark);
        let text = self.c.definition(span);
        match &mut written.change {
            Change::Update(Update { reads, .. }) | Change::Delete { reads, .. } | Change::Select(reads) => {
                (reads.span, reads.text) = (span, text);
                if let Some(with) = with {
                    with.into_reads(reads);
                }
            }
            Change::Insert(insert) => match (&mut insert.source, with) {
                (InsertSource::Query(q), Some(with)) => with.into_reads(q),
                (InsertSource::Default, Some(with)) => {
                    let mut q = Reads::default();
                    with.into_reads(&mut q);
                    insert.names.queries.push(q);
                }
                (_, None) => {}
            },
            _ => {}
        }
        Ok(written)
    }

    // ---- INSERT

    fn insert(&mut self) -> Q<Written> {
        let ignore = self.insert_verb()?;
        let table = if self.postgres() { self.c.name()? } else { self.relation()? };
        let alias = self.marked_alias()?;
        let mut columns = Vec::new();
        let mut in_part = false;
        if self.c.at_token(&Token::LParen) && !self.opens_query() {
            (columns, in_part) = self.target_columns()?;
        }
        if self.postgres() && self.c.eat("OVERRIDING") {
            if self.c.eat_any(&["SYSTEM", "USER"]).is_none() {
                return Err(Box::new(self.c.expected("SYSTEM or USER")));
            }
            self.c.expect("VALUE")?;
        }
        let source = if self.c.eat_words("DEFAULT VALUES") {
            InsertSource::Default
        } else {
            InsertSource::Query(self.insert_source()?)
        };
        let mut names = Names::default();
        let mut on_conflict = None;
        while self.c.at_words("ON CONFLICT") {
            if on_conflict.is_some() && self.postgres() {
                return Err(Box::new(self.c.expected("one ON CONFLICT alone")));
            }
            let clause = self.on_conflict(&mut names)?;
            on_conflict.get_or_insert(clause);
        }
        if self.c.at_words("ON DUPLICATE") {
            self.c.advance();
            return Err(Box::new(refused(
                self.c,
                "write ON CONFLICT (columns) DO UPDATE SET column = excluded.column",
            )));
        }
        let (outputs, expands) = self.returning(&mut names)?;
        let insert = Insert { table, alias, columns, source, on_conflict, names, ignore, in_part };
        Ok(Written { change: Change::Insert(insert), outputs, expands })
    }

    /// `INSERT [OR action] INTO`, `REPLACE INTO`; whether rows that are there already do not fail.
    fn insert_verb(&mut self) -> Q<bool> {
        if self.c.at("REPLACE") {
            if self.postgres() {
                return Err(Box::new(refused(
                    self.c,
                    "write INSERT … ON CONFLICT (columns) DO UPDATE SET column = excluded.column",
                )));
            }
            self.c.advance();
            self.c.expect("INTO")?;
            return Ok(true);
        }
        self.c.expect("INSERT")?;
        let mut ignore = false;
        if self.postgres() {
            if self.c.at_any(&["OR", "IGNORE"]) {
                return Err(Box::new(refused(self.c, "write INSERT INTO … ON CONFLICT DO NOTHING")));
            }
        } else if self.c.at("IGNORE") {
            return Err(Box::new(refused(self.c, "write INSERT OR IGNORE INTO")));
        } else {
            ignore = matches!(self.or_action()?, Some("IGNORE" | "REPLACE"));
        }
        self.c.expect("INTO")?;
        Ok(ignore)
    }

    /// SQLite's `OR IGNORE` …
    fn or_action(&mut self) -> Q<Option<&'static str>> {
        if !self.c.eat("OR") {
            return Ok(None);
        }
        match self.c.eat_any(&["ROLLBACK", "ABORT", "REPLACE", "FAIL", "IGNORE"]) {
            Some(action) => Ok(Some(action)),
            None => Err(Box::new(self.c.expected("ROLLBACK, ABORT, REPLACE, FAIL or IGNORE"))),
        }
    }

    /// `AS alias`, which INSERT and SQLite want marked.
    fn marked_alias(&mut self) -> Q<Option<Ident>> {
        if !self.c.eat("AS") {
            return Ok(None);
        }
        Ok(Some(if self.postgres() { self.c.ident()? } else { self.sqlite_name()? }))
    }

    /// `(a, b.field, c[1])`: the columns, and whether a part of one is meant.
    fn target_columns(&mut self) -> Q<(Vec<Ident>, bool)> {
        self.c.expect_token(&Token::LParen)?;
        let mut out = Vec::new();
        let mut in_part = false;
        loop {
            let (column, part) = self.target_column()?;
            out.push(column);
            in_part |= part;
            if !self.c.eat_token(&Token::Comma) {
                break;
            }
        }
        self.c.expect_token(&Token::RParen)?;
        Ok((out, in_part))
    }

    /// A column, and whether a part of it is meant.
    fn target_column(&mut self) -> Q<(Ident, bool)> {
        if !self.postgres() {
            return Ok((self.sqlite_name()?, false));
        }
        let column = self.c.ident()?;
        let mut in_part = false;
        loop {
            if self.c.eat_token(&Token::Period) {
                self.c.label_name()?;
            } else if self.c.at_token(&Token::LBracket) {
                self.subscript(&mut Names::default())?;
            } else {
                return Ok((column, in_part));
            }
            in_part = true;
        }
    }

    fn insert_source(&mut self) -> Q<Reads> {
        if !(self.at_query() || self.postgres() && self.c.at_token(&Token::LParen)) {
            if self.c.eat("VALUES") {
                return Err(Box::new(self.c.expected("\"(\" and the values")));
            }
            return Err(Box::new(self.c.expected("VALUES, SELECT or DEFAULT VALUES")));
        }
        let mark = self.c.mark();
        let mut q = if self.c.at("WITH") { self.query()? } else { self.query_body(true)? };
        q.span = self.c.span_from(mark);
        q.text = self.c.definition(q.span);
        // SQLite takes an ON right after FROM for a join's.
        let joins = q.values.is_none() && self.sqlite() && self.c.at_words("ON CONFLICT");
        if joins && !q.selects.iter().all(|s| s.sources.is_empty()) && !is_after_clause(self, q.span) {
            self.c.advance();
            return Err(Box::new(
                self.c
                    .expected("WHERE before ON CONFLICT")
                    .help("SQLite reads this ON as a join's: write WHERE true before ON CONFLICT"),
            ));
        }
        Ok(q)
    }

    fn on_conflict(&mut self, names: &mut Names) -> Q<OnConflict> {
        let mark = self.c.mark();
        self.c.expect("ON CONFLICT")?;
        let target = if self.postgres() && self.c.eat_words("ON CONSTRAINT") {
            ConflictTarget::Constraint(self.c.ident()?)
        } else if self.c.at_token(&Token::LParen) {
            self.conflict_target(names)?
        } else {
            ConflictTarget::Any
        };
        let mut update = Vec::new();
        if self.c.eat_words("DO NOTHING") {
        } else if self.c.at_words("DO UPDATE") {
            if self.postgres() && matches!(target, ConflictTarget::Any) {
                return Err(Box::new(
                    SyntaxError::new(
                        "syntax-error",
                        self.c.span_from(mark),
                        "ON CONFLICT DO UPDATE requires inference specification or constraint name",
                    )
                    .help("name the columns of the unique key: ON CONFLICT (column) DO UPDATE …"),
                ));
            }
            self.c.expect("DO UPDATE SET")?;
            update = self.set_list(names, "", None)?.into_iter().map(|(column, _, value)| (column, value)).collect();
            if self.c.eat("WHERE") {
                self.condition(names, "WHERE")?;
            }
        } else {
            return Err(Box::new(self.c.expected("DO NOTHING or DO UPDATE SET")));
        }
        Ok(OnConflict { target, span: self.c.span_from(mark), update })
    }

    /// `(column [COLLATE c] [opclass], (expression)) [WHERE …]`.
    fn conflict_target(&mut self, names: &mut Names) -> Q<ConflictTarget> {
        let mut columns = Some(Vec::new());
        self.c.expect_token(&Token::LParen)?;
        loop {
            let plain =
                matches!(self.c.peek(), Token::Word(_)) && matches!(self.c.peek_nth(1), Token::Comma | Token::RParen);
            if plain {
                let column = if self.postgres() { self.c.ident()? } else { self.sqlite_name()? };
                if let Some(all) = &mut columns {
                    all.push(column);
                }
            } else {
                columns = None;
                self.whole(names)?;
                // An operator class.
                if self.postgres() && matches!(self.c.peek(), Token::Word(_)) {
                    self.c.name()?;
                }
            }
            if !self.c.eat_token(&Token::Comma) {
                break;
            }
        }
        self.c.expect_token(&Token::RParen)?;
        let has_predicate = self.c.eat("WHERE");
        if has_predicate {
            self.condition(names, "WHERE")?;
        }
        Ok(match columns {
            Some(columns) => ConflictTarget::Columns { columns, has_predicate },
            None => ConflictTarget::Opaque,
        })
    }

    fn returning(&mut self, names: &mut Names) -> Q<(Vec<Output>, bool)> {
        if !self.c.eat("RETURNING") {
            return Ok((Vec::new(), false));
        }
        let mut q = Reads::default();
        let mut select = Select::default();
        let mark = self.c.mark();
        if self.postgres() && self.c.at("WITH") && matches!(self.c.peek_nth(1), Token::LParen) {
            self.c.advance();
            self.c.expect_token(&Token::LParen)?;
            loop {
                if self.c.eat_any(&["OLD", "NEW"]).is_none() {
                    return Err(Box::new(self.c.expected("OLD or NEW")));
                }
                self.c.expect("AS")?;
                self.c.ident()?;
                if !self.c.eat_token(&Token::Comma) {
                    break;
                }
            }
            self.c.expect_token(&Token::RParen)?;
            self.c.needs(18, "RETURNING WITH (…)", mark)?;
            // Its aliases are relations that nothing else names.
            q.opaque = true;
            select.names.opaque = true;
        }
        self.target_list(&mut q, &mut select)?;
        names.absorb(select.names);
        Ok((q.outputs, q.opaque))
    }

    // ---- UPDATE

    fn update(&mut self) -> Q<Written> {
        self.c.expect("UPDATE")?;
        if self.sqlite() {
            self.or_action()?;
        }
        let table = self.relation()?;
        let alias = self.target_alias()?;
        self.index_hint()?;
        let mut select = Select::default();
        select.sources.push(target_source(&table, alias.as_ref()));
        self.c.expect("SET")?;
        let own = alias.as_ref().unwrap_or(&table.name).value.clone();
        let set = self.set_list(&mut select.names, &own, Some(&table))?;
        let first = select.names.columns.len();
        if self.c.eat("FROM") {
            self.sources_list(&mut select)?;
            select.in_from = first..select.names.columns.len();
        } else if self.c.at_any(&["JOIN", "LEFT", "INNER", "RIGHT", "CROSS"]) {
            return Err(Box::new(self.c.expected("FROM or WHERE")));
        }
        let has_where = self.write_filter(&mut select)?;
        let (outputs, expands) = self.returning(&mut select.names)?;
        self.order_and_limit("UPDATE", &mut select.names)?;
        let reads = Reads { selects: vec![select], ..Reads::default() };
        Ok(Written { change: Change::Update(Update { table, alias, set, reads, has_where }), outputs, expands })
    }

    /// `[AS] alias` of UPDATE and DELETE: on PostgreSQL a bare one, too, but for SET.
    fn target_alias(&mut self) -> Q<Option<Ident>> {
        if self.c.at("AS") {
            return self.marked_alias();
        }
        let bare = match self.c.peek() {
            Token::Word(w) => w.quote_style.is_some() || (self.c.syntax.is_name)(&w.value) && !self.c.at("SET"),
            _ => false,
        };
        Ok(if self.postgres() && bare { Some(self.c.ident()?) } else { None })
    }

    fn index_hint(&mut self) -> Q<()> {
        if self.sqlite() {
            if self.c.eat_words("INDEXED BY") {
                self.sqlite_name()?;
            } else {
                self.c.eat_words("NOT INDEXED");
            }
        }
        Ok(())
    }

    /// `a = 1, (b, c) = (…)`: each column, whether its new value is made from its old one, and that value.
    fn set_list(&mut self, names: &mut Names, own: &str, table: Option<&Name>) -> Q<Vec<(Ident, bool, NodeId)>> {
        let mut out = Vec::new();
        loop {
            if self.c.at_token(&Token::LParen) {
                let (columns, _) = self.target_columns()?;
                self.c.expect_token(&Token::Eq)?;
                self.set_row(names, &columns, own, table, &mut out)?;
            } else {
                let (column, in_part) = self.target_column()?;
                if self.postgres() && self.c.at_token(&Token::DoubleEq) {
                    return Err(Box::new(refused(self.c, "assign with a single =")));
                }
                if !self.c.eat_token(&Token::DoubleEq) {
                    self.c.expect_token(&Token::Eq)?;
                }
                let (accumulates, value) = self.set_value(names, &column, own, table)?;
                out.push((column, accumulates, if in_part { NodeId::NONE } else { value }));
            }
            if !self.c.eat_token(&Token::Comma) {
                return Ok(out);
            }
        }
    }

    fn set_value(&mut self, names: &mut Names, column: &Ident, own: &str, table: Option<&Name>) -> Q<(bool, NodeId)> {
        if self.postgres() && self.c.eat("DEFAULT") {
            return Ok((false, NodeId::NONE));
        }
        let mut inner = Names::default();
        let shape = self.whole(&mut inner)?;
        let accumulates = self.accumulates(&shape, &inner, column, own, table);
        let shift = names.absorb(inner);
        Ok((accumulates, shift.of(shape.node)))
    }

    fn accumulates(&self, shape: &Shape, names: &Names, column: &Ident, own: &str, table: Option<&Name>) -> bool {
        !shape.settles && reads_column(names, column, own, table.map_or("", |t| &t.name.value), self.sqlite(), false)
    }

    fn set_row(
        &mut self,
        names: &mut Names,
        columns: &[Ident],
        own: &str,
        table: Option<&Name>,
        out: &mut Vec<(Ident, bool, NodeId)>,
    ) -> Q<()> {
        let row = self.postgres() && self.c.at("ROW") && self.followed_by_paren();
        if row {
            self.c.advance();
        }
        if !row && (self.opens_query() || !self.c.at_token(&Token::LParen)) {
            let mut inner = Names::default();
            if self.opens_query() {
                if let Paren::Query(q) = self.parens(&mut inner)? {
                    inner.queries.push(*q);
                }
            } else {
                self.whole(&mut inner)?;
            }
            for column in columns {
                let reads = self.accumulates(&Shape::default(), &inner, column, own, table);
                out.push((column.clone(), reads, NodeId::NONE));
            }
            names.absorb(inner);
            return Ok(());
        }
        let mark = self.c.mark();
        self.c.expect_token(&Token::LParen)?;
        let mut count = 0;
        let mut expands = false;
        loop {
            match columns.get(count) {
                Some(column) => {
                    // Which of the columns is written in part is not kept.
                    let (accumulates, _) = self.set_value(names, column, own, table)?;
                    out.push((column.clone(), accumulates, NodeId::NONE));
                }
                None => {
                    self.whole(names)?;
                }
            }
            count += 1;
            // `(t.*)`: how many there are is not to be seen.
            expands |= self.c.previous().is_some_and(|t| t.token == Token::Mul);
            if !self.c.eat_token(&Token::Comma) {
                break;
            }
        }
        self.c.expect_token(&Token::RParen)?;
        if count != columns.len() && !expands {
            let message = if self.postgres() {
                "number of columns does not match number of values".to_owned()
            } else {
                format!("{} columns assigned {count} values", columns.len())
            };
            return Err(Box::new(
                SyntaxError::new("syntax-error", self.c.span_from(mark), message)
                    .label(format!("{count} here, {} columns", columns.len())),
            ));
        }
        Ok(())
    }

    /// WHERE of UPDATE and DELETE: whether there is one.
    fn write_filter(&mut self, select: &mut Select) -> Q<bool> {
        if !self.c.eat("WHERE") {
            return Ok(false);
        }
        if self.postgres() && self.c.eat_words("CURRENT OF") {
            self.c.ident()?;
        } else {
            self.condition(&mut select.names, "WHERE")?;
        }
        Ok(true)
    }

    /// SQLite may be built to take ORDER BY and LIMIT here, as Debian's is; PostgreSQL never does.
    fn order_and_limit(&mut self, verb: &str, names: &mut Names) -> Q<()> {
        if self.postgres() && self.c.at_any(&["ORDER", "LIMIT"]) {
            let help = format!("write {verb} … WHERE key IN (SELECT key … ORDER BY … LIMIT …)");
            return Err(Box::new(self.c.expected("the end of the statement").help(help)));
        }
        if self.sqlite() && self.c.at("ORDER") {
            self.order_by(names)?;
        }
        if self.sqlite() && self.c.eat("LIMIT") {
            self.whole(names)?;
            if self.c.eat("OFFSET") || self.c.eat_token(&Token::Comma) {
                self.whole(names)?;
            }
        }
        Ok(())
    }

    // ---- DELETE

    fn delete(&mut self) -> Q<Written> {
        self.c.expect("DELETE")?;
        self.c.expect("FROM")?;
        let table = self.relation()?;
        let alias = self.target_alias()?;
        self.index_hint()?;
        let mut select = Select::default();
        select.sources.push(target_source(&table, alias.as_ref()));
        if self.postgres() && self.c.eat("USING") {
            self.sources_list(&mut select)?;
            select.in_from = 0..select.names.columns.len();
        }
        let has_where = self.write_filter(&mut select)?;
        let (outputs, expands) = self.returning(&mut select.names)?;
        self.order_and_limit("DELETE FROM", &mut select.names)?;
        let reads = Reads { selects: vec![select], ..Reads::default() };
        Ok(Written { change: Change::Delete { table, alias, reads, has_where }, outputs, expands })
    }

    // ---- MERGE

    fn merge_into(&mut self) -> Q<Written> {
        let mark = self.c.mark();
        self.c.expect("MERGE INTO")?;
        self.c.needs(15, "MERGE", mark)?;
        let table = self.relation()?;
        let alias = self.target_alias()?;
        let own = alias.as_ref().unwrap_or(&table.name).clone();
        let mut select = Select::default();
        select.sources.push(target_source(&table, alias.as_ref()));
        self.c.expect("USING")?;
        self.source_without_joins(&mut select)?;
        self.joins(&mut select)?;
        self.c.expect("ON")?;
        self.condition(&mut select.names, "JOIN/ON")?;
        if !self.c.at("WHEN") {
            return Err(Box::new(self.c.expected("WHEN")));
        }
        // A clause without a condition leaves nothing for those of its kind after it.
        let mut closed = Vec::new();
        while self.c.at("WHEN") {
            let span = self.c.peek_span();
            self.c.advance();
            let not = self.c.eat("NOT");
            self.c.expect("MATCHED")?;
            let by = self.c.mark();
            let mut kind = if not { "NOT MATCHED BY TARGET" } else { "MATCHED" };
            if not && self.c.eat("BY") {
                match self.c.eat_any(&["SOURCE", "TARGET"]) {
                    Some("SOURCE") => kind = "NOT MATCHED BY SOURCE",
                    Some(_) => {}
                    None => return Err(Box::new(self.c.expected("SOURCE or TARGET"))),
                }
                self.c.needs(17, "WHEN NOT MATCHED BY", by)?;
            }
            if closed.contains(&kind) {
                let message = "unreachable WHEN clause specified after unconditional WHEN clause";
                return Err(Box::new(SyntaxError::new("syntax-error", span, message)));
            }
            if self.c.eat("AND") {
                self.condition(&mut select.names, "WHEN")?;
            } else {
                closed.push(kind);
            }
            self.c.expect("THEN")?;
            self.merge_action(&mut select, &own, kind == "NOT MATCHED BY TARGET")?;
        }
        if self.c.at("RETURNING") {
            self.c.needs(17, "MERGE with RETURNING", self.c.mark())?;
        }
        let (outputs, expands) = self.returning(&mut select.names)?;
        // What WHEN NOT MATCHED sees is the source alone.
        select.in_from = 0..usize::MAX;
        let reads = Reads { selects: vec![select], writes: vec![table], ..Reads::default() };
        Ok(Written { change: Change::Select(reads), outputs, expands })
    }

    /// `inserts`: there is no row of the table to update or delete.
    fn merge_action(&mut self, select: &mut Select, own: &Ident, inserts: bool) -> Q<()> {
        if self.c.eat_words("DO NOTHING") || !inserts && self.c.eat("DELETE") {
            return Ok(());
        }
        let mut columns = Vec::new();
        if !inserts {
            if !self.c.eat("UPDATE") {
                return Err(Box::new(self.c.expected("UPDATE, DELETE or DO NOTHING")));
            }
            self.c.expect("SET")?;
            columns = self.set_list(&mut select.names, "", None)?.into_iter().map(|(c, ..)| c).collect();
        } else {
            self.c.expect("INSERT")?;
            if self.c.at_token(&Token::LParen) {
                (columns, _) = self.target_columns()?;
            }
            if self.c.eat("OVERRIDING") {
                if self.c.eat_any(&["SYSTEM", "USER"]).is_none() {
                    return Err(Box::new(self.c.expected("SYSTEM or USER")));
                }
                self.c.expect("VALUE")?;
            }
            let bare = columns.is_empty()
                && self.c.previous().is_some_and(|t| word_of(&t.token).eq_ignore_ascii_case("insert"));
            if !(bare && self.c.eat_words("DEFAULT VALUES")) {
                self.c.expect("VALUES")?;
                self.c.expect_token(&Token::LParen)?;
                loop {
                    if !self.c.eat("DEFAULT") {
                        self.whole(&mut select.names)?;
                    }
                    if !self.c.eat_token(&Token::Comma) {
                        break;
                    }
                }
                self.c.expect_token(&Token::RParen)?;
            }
        }
        select.names.columns.extend(columns.into_iter().map(|c| vec![own.clone(), c]));
        Ok(())
    }
}

/// A statement that writes, and what its RETURNING shows.
struct Written {
    change: Change,
    outputs: Vec<Output>,
    expands: bool,
}

fn target_source(table: &Name, alias: Option<&Ident>) -> Source {
    Source { alias: alias.cloned(), columns: Vec::new(), kind: SourceKind::Table(table.clone()), join: Join::Start }
}

/// An INSERT inside WITH, as a query over its table.
fn insert_reads(insert: Insert) -> Reads {
    let target = insert.alias.as_ref().unwrap_or(&insert.table.name).clone();
    let mut select = Select { names: insert.names, ..Select::default() };
    select.sources.push(target_source(&insert.table, insert.alias.as_ref()));
    if insert.on_conflict.is_some() {
        let excluded = Ident::new("excluded".to_owned(), target.span);
        select.sources.push(target_source(&insert.table, Some(&excluded)));
    }
    select.names.columns.extend(insert.columns.into_iter().map(|c| vec![target.clone(), c]));
    let mut q = Reads { selects: vec![select], writes: vec![insert.table], ..Reads::default() };
    if let InsertSource::Query(source) = insert.source {
        // It does not see the table it is for.
        let names = Names { queries: vec![source], ..Names::default() };
        q.selects.push(Select { names, ..Select::default() });
    }
    q
}

/// Whether the names show a column of the table that is written: bare, or by the table's name.
fn reads_column(names: &Names, column: &Ident, own: &str, table: &str, any_case: bool, in_query: bool) -> bool {
    let same = |a: &str, b: &str| if any_case { a.eq_ignore_ascii_case(b) } else { a == b };
    let here = names.columns.iter().any(|path| match path.as_slice() {
        // In a subquery a bare name is mostly the subquery's own.
        [c] => !in_query && same(&c.value, &column.value),
        [.., t, c] => same(&c.value, &column.value) && (same(&t.value, own) || same(&t.value, table)),
        [] => false,
    });
    here || names.queries.iter().flat_map(|q| &q.selects).any(|s| {
        // A relation of the same name in the subquery hides the table.
        let hidden = s.sources.iter().any(|source| match (&source.alias, &source.kind) {
            (Some(a), _) => same(&a.value, own),
            (None, SourceKind::Table(t)) => same(&t.name.value, own),
            _ => false,
        });
        !hidden && reads_column(&s.names, column, own, table, any_case, true)
    })
}

/// Whether a query has a clause after its FROM.
fn is_after_clause(r: &Reader<'_, '_>, span: Span) -> bool {
    let mut depth = 0usize;
    r.c.tokens_in(span).iter().any(|t| {
        match t.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && is_word(&t.token, &["WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "WINDOW"])
    })
}
