//! SQL inside a block: plain statements, PERFORM, INTO, and EXECUTE of what is put together.

use super::*;
use crate::syntax;

impl Reader<'_> {
    /// `PERFORM …` is `SELECT …` whose rows nobody wants.
    pub(super) fn perform(&mut self) -> R<Item> {
        let tokens = self.statement_tokens()?;
        let mut tokens = tokens.to_vec();
        tokens[0].token = Token::make_keyword("SELECT");
        let statement = self.sql(&tokens, Self::span_of(&tokens))?;
        let query = self.query(tokens);
        self.found_by(query);
        Ok(Item::Plain(vec![statement], Flow::FALLS))
    }

    /// FOUND says whether a query answered a row.
    pub(super) fn found_by(&mut self, query: Option<ast::Query>) {
        match query {
            Some(q) => {
                let found = ast::Expr::Exists { subquery: Box::new(q), negated: false };
                self.known.set("found", Known::Expr(Box::new(found), Vec::new()));
            }
            None => self.known.forget("found"),
        }
    }

    /// Any other statement is SQL's own.
    pub(super) fn sql_statement(&mut self) -> R<Item> {
        let first = self.here();
        let tokens = self.statement_tokens()?;
        if tokens.is_empty() {
            self.at -= 1;
            return Err(self.unexpected("a statement"));
        }
        let (plain, targets) = self.without_into(tokens)?;
        let query = targets.is_some().then(|| self.query(plain.clone())).flatten();
        let statement = self.sql(&plain, Self::span_of(tokens))?;
        let selects = ["SELECT", "VALUES", "TABLE"].iter().any(|w| word_of(&tokens[0].token).eq_ignore_ascii_case(w));
        match targets {
            Some(targets) => {
                for name in &targets {
                    self.known.forget(name);
                }
                self.set_from(&targets, query.as_ref());
                self.found_by(query);
            }
            None if selects => self.pending.push(
                self.error(first, "query has no destination for result data")
                    .label("its rows go nowhere")
                    .help("to run a query for what its functions do, write PERFORM instead of SELECT"),
            ),
            None => {}
        }
        if writes_rows(&statement) {
            self.known.forget("found");
        }
        Ok(Item::Plain(vec![statement], Flow::FALLS))
    }

    /// `SELECT a, b INTO x, y`: each variable is what its column shows.
    pub(super) fn set_from(&mut self, targets: &[String], query: Option<&ast::Query>) {
        let Some(query) = query else { return };
        let ast::SetExpr::Select(select) = &*query.body else { return };
        if select.projection.len() != targets.len() {
            return;
        }
        for (i, name) in targets.iter().enumerate() {
            let mut one = query.clone();
            if let ast::SetExpr::Select(s) = &mut *one.body {
                s.projection = vec![select.projection[i].clone()];
            }
            let value = condition::scalar(one);
            self.known.set(name, Known::Expr(Box::new(value), Vec::new()));
        }
    }

    /// A statement without its `INTO [STRICT] variable, …`, and the variables; `INSERT INTO` and `MERGE INTO` keep theirs.
    pub(super) fn without_into(&self, tokens: &[TokenWithSpan]) -> R<(Vec<TokenWithSpan>, Option<Vec<String>>)> {
        let word = |i: usize| tokens.get(i).map_or("", |t| word_of(&t.token));
        let is = |i: usize, w: &str| word(i).eq_ignore_ascii_case(w);
        if is(0, "IMPORT") || is(0, "CREATE") {
            return Ok((tokens.to_vec(), None));
        }
        let into = (1..tokens.len()).find(|i| is(*i, "INTO") && !is(*i - 1, "INSERT") && !is(*i - 1, "MERGE"));
        let Some(into) = into else { return Ok((tokens.to_vec(), None)) };
        let mut i = into + 1;
        if is(i, "STRICT") {
            i += 1;
        }
        let mut targets = Vec::new();
        loop {
            let Some(Token::Word(w)) = tokens.get(i).map(|t| &t.token) else {
                let span = tokens.get(i).map_or(Span::new(self.end, self.end), span_of);
                return Err(self.error(span, "syntax error in the INTO of a query").label("expected a variable"));
            };
            let name = if w.quote_style.is_some() { w.value.clone() } else { w.value.to_lowercase() };
            if !self.is_variable(&name) {
                let error = self.unknown_variable(span_of(&tokens[i]));
                return Err(if targets.is_empty() && is(0, "SELECT") {
                    error.help("in PL/pgSQL, INTO names a variable; CREATE TABLE … AS makes a table")
                } else {
                    error
                });
            }
            i += 1;
            while tokens.get(i).is_some_and(|t| t.token == Token::Period) {
                i += 2;
            }
            if tokens.get(i).is_some_and(|t| t.token == Token::LBracket) {
                i += tokens[i..].iter().position(|t| t.token == Token::RBracket).map_or(1, |n| n + 1);
            }
            targets.push(name);
            if tokens.get(i).is_none_or(|t| t.token != Token::Comma) {
                break;
            }
            i += 1;
        }
        let plain = tokens[..into].iter().chain(tokens.get(i..).unwrap_or_default()).cloned().collect();
        Ok((plain, Some(targets)))
    }

    /// One SQL statement, whose tokens are in the file's places.
    pub(super) fn sql(&mut self, tokens: &[TokenWithSpan], span: Span) -> R<BlockStatement> {
        let mut change = match syntax::statement(self.file, tokens, self.syntax) {
            Ok(change) => change,
            Err(e) if self.late => {
                self.wrong(e)?;
                return Ok(opaque("SQL that the server refuses when it runs", span));
            }
            Err(e) => return Err(e),
        };
        hide_variables(&mut change, &self.names);
        if !matches!(change, Change::Insert(_) | Change::Update(_) | Change::Delete { .. } | Change::Inert { .. }) {
            let calls = |r: &Reads| r.selects.iter().any(|s| !s.names.functions.is_empty() && s.sources.is_empty());
            let reads = matches!(&change, Change::Select(r) if !calls(r));
            if !reads {
                self.known.schema_changed();
            }
        }
        let outside_transaction = (self.syntax.outside_transaction)(&change, tokens);
        Ok(sql(Statement { span, change: Some(change), outside_transaction }))
    }

    /// `EXECUTE e [INTO [STRICT] variable, …] [USING e, …];`
    pub(super) fn execute(&mut self) -> R<Item> {
        let start = self.here();
        self.at += 1;
        let tokens = self.statement_tokens()?;
        let mut depth = 0usize;
        let end = tokens.iter().position(|t| {
            match &t.token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && ["INTO", "USING"].iter().any(|w| word_of(&t.token).eq_ignore_ascii_case(w))
        });
        let (text, rest) = tokens.split_at(end.unwrap_or(tokens.len()));
        if text.is_empty() {
            self.at -= 1;
            return Err(self.unexpected("an expression"));
        }
        let span = start.to(Self::span_of(text));
        self.evaluate(text)?;
        let e = self.expression(text);
        let known = e.as_ref().and_then(|e| self.values().text(e));
        self.forget_in(rest);
        let shape = || condition::Reader { any_literal: true, ..self.values() }.text(e.as_ref()?);
        let read = match known {
            Some(known) => Some(self.executed(&known, span)),
            None => shape().and_then(|shape| self.executed_shape(&shape, span)),
        };
        let statements = match read {
            Some(read) => read,
            None => match e.and_then(|e| self.template(&e)) {
                Some(changes) if changes.iter().all(is_harmless_here) => vec![BlockStatement::Inert],
                template => {
                    self.known.schema_changed();
                    let why = "EXECUTE of a text that is put together when it runs".to_owned();
                    vec![BlockStatement::Opaque { why, span, template }]
                }
            },
        };
        Ok(Item::Plain(statements, Flow::FALLS))
    }

    /// What a text does in which parts of names are not known.
    pub(super) fn template(&self, e: &ast::Expr) -> Option<Vec<Change>> {
        let template = self.values().template(e)?;
        let parsed = syntax::parse(&template, self.syntax);
        if !parsed.errors.is_empty() {
            return None;
        }
        parsed.statements.into_iter().map(|s| s.change).collect()
    }

    /// The statements of a text in which literals are not known; `None` where that is not enough to read it.
    pub(super) fn executed_shape(&mut self, text: &Text, span: Span) -> Option<Vec<BlockStatement>> {
        let pending = self.pending.len();
        let statements = self.executed(text, span);
        if self.pending.len() == pending {
            return Some(statements);
        }
        self.pending.truncate(pending);
        None
    }

    /// The statements of a text. What is wrong in it is an error when it runs: a handler may catch it.
    pub(super) fn executed(&mut self, text: &Text, span: Span) -> Vec<BlockStatement> {
        let tokens = match text.lex(self.file, self.syntax.backend) {
            Ok(Some(tokens)) => tokens,
            Ok(None) => {
                self.known.schema_changed();
                return vec![opaque("EXECUTE of a text too long to be followed", span)];
            }
            Err(e) => {
                self.pending.push(e);
                return Vec::new();
            }
        };
        let mut errors = Vec::new();
        let parts = syntax::split(self.file, &tokens, self.syntax, &mut errors);
        self.pending.append(&mut errors);
        let mut out = Vec::new();
        for part in parts {
            // Variables are not seen inside.
            let names = std::mem::take(&mut self.names);
            let statement = self.sql(&tokens[part.clone()], Self::span_of(&tokens[part]));
            self.names = names;
            match statement {
                Ok(s) => out.push(s),
                Err(e) => self.pending.push(e),
            }
        }
        out
    }
}

fn writes_rows(statement: &BlockStatement) -> bool {
    let BlockStatement::Sql(s) = statement else { return false };
    matches!(s.change, Some(Change::Insert(_) | Change::Update(_) | Change::Delete { .. }))
}
