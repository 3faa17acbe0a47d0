//! SQL/JSON and SQL/XML on PostgreSQL: calls whose arguments have a grammar of their own.

use sqlparser::tokenizer::Token;

use super::{Q, Reader, Shape, is_string, postgres};
use crate::change::Names;
use crate::syntax::SyntaxError;

/// The words of these calls.
const WORDS: &[&str] = &[
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_value",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
];

pub(super) fn is_call(word: &str) -> bool {
    WORDS.contains(&word)
}

impl Reader<'_, '_> {
    /// One of these calls, whole.
    pub(super) fn json_or_xml(&mut self, n: &mut Names, word: &str) -> Q<Shape> {
        let mark = self.c.mark();
        let name = self.c.label_name()?;
        match word {
            "json_array" | "json_arrayagg" | "json_objectagg" => self.c.needs(16, &word.to_uppercase(), mark)?,
            "json_exists" | "json_query" | "json_scalar" | "json_serialize" | "json_value" => {
                self.c.needs(17, &word.to_uppercase(), mark)?;
            }
            _ => {}
        }
        self.c.expect_token(&Token::LParen)?;
        self.deeper(1, |r| r.json_or_xml_arguments(n, word))?;
        self.c.expect_token(&Token::RParen)?;
        if word.ends_with("agg") && !self.is_table_function(mark) {
            self.call_tail(n)?;
        }
        Ok(Shape::named(name))
    }

    fn json_or_xml_arguments(&mut self, n: &mut Names, word: &str) -> Q<()> {
        match word {
            "json" => {
                self.json_value(n)?;
                self.unique_keys()
            }
            "json_array" => self.json_array(n),
            "json_arrayagg" => {
                self.json_value(n)?;
                if self.c.at_words("ORDER BY") {
                    self.order_by(n)?;
                }
                self.nulls()?;
                self.json_returning(n)
            }
            "json_object" => self.json_object(n),
            "json_objectagg" => {
                self.whole(n)?;
                self.json_member(n)?;
                self.nulls()?;
                self.unique_keys()?;
                self.json_returning(n)
            }
            "json_scalar" => self.whole(n).map(drop),
            "json_serialize" => {
                self.json_value(n)?;
                self.json_returning(n)
            }
            "json_exists" | "json_query" | "json_value" => {
                self.json_value(n)?;
                self.c.expect_token(&Token::Comma)?;
                self.whole(n)?;
                self.json_passing(n)?;
                if word == "json_exists" {
                    return self.behaviors(n, false);
                }
                self.json_returning(n)?;
                if word == "json_query" {
                    self.wrapper_and_quotes()?;
                }
                self.behaviors(n, true)
            }
            "xmlelement" => self.xml_element(n),
            "xmlexists" => {
                self.c_expr(n)?;
                self.xml_passing(n)
            }
            "xmlforest" => self.xml_attributes(n),
            "xmlparse" => {
                self.document_or_content()?;
                self.whole(n)?;
                if self.c.eat_any(&["PRESERVE", "STRIP"]).is_some() {
                    self.c.expect("WHITESPACE")?;
                }
                Ok(())
            }
            "xmlpi" => {
                self.c.expect("NAME")?;
                self.c.label_name()?;
                if self.c.eat_token(&Token::Comma) {
                    self.whole(n)?;
                }
                Ok(())
            }
            "xmlroot" => self.xml_root(n),
            _ => {
                self.document_or_content()?;
                self.whole(n)?;
                self.c.expect("AS")?;
                n.types.push(postgres::types::type_name(self.c)?);
                let mark = self.c.mark();
                let indent = self.c.at("NO") || self.c.at("INDENT");
                self.c.eat("NO");
                if indent {
                    self.c.expect("INDENT")?;
                    self.c.needs(16, "XMLSERIALIZE with INDENT", mark)?;
                }
                Ok(())
            }
        }
    }

    // ---- JSON

    /// `JSON_OBJECT('a': 1, 'b' VALUE 2 …)`, or the function of that name.
    fn json_object(&mut self, n: &mut Names) -> Q<()> {
        let mark = self.c.mark();
        if self.c.at_token(&Token::RParen) || self.c.at("RETURNING") {
            self.c.needs(16, "JSON_OBJECT without a member", mark)?;
            return self.json_returning(n);
        }
        let named = self.argument_name()?;
        self.whole(n)?;
        if named || !(self.c.at("VALUE") || self.c.at_token(&Token::Colon)) {
            while self.c.eat_token(&Token::Comma) {
                self.argument_name()?;
                self.whole(n)?;
            }
            return Ok(());
        }
        self.c.needs(16, "JSON_OBJECT with keys and values", mark)?;
        loop {
            self.json_member(n)?;
            if !self.c.eat_token(&Token::Comma) {
                break;
            }
            self.whole(n)?;
        }
        self.nulls()?;
        self.unique_keys()?;
        self.json_returning(n)
    }

    /// `: value`, `VALUE value`, after the key.
    fn json_member(&mut self, n: &mut Names) -> Q<()> {
        if !self.c.eat("VALUE") {
            self.c.expect_token(&Token::Colon)?;
        }
        self.json_value(n)
    }

    fn json_array(&mut self, n: &mut Names) -> Q<()> {
        if self.at_query() {
            let q = self.query()?;
            n.queries.push(q);
            self.json_format()?;
        } else if !self.c.at_token(&Token::RParen) && !self.c.at("RETURNING") {
            loop {
                self.json_value(n)?;
                if !self.c.eat_token(&Token::Comma) {
                    break;
                }
            }
            self.nulls()?;
        }
        self.json_returning(n)
    }

    fn json_value(&mut self, n: &mut Names) -> Q<()> {
        self.whole(n)?;
        self.json_format()
    }

    /// `FORMAT JSON [ENCODING utf8]`.
    fn json_format(&mut self) -> Q<()> {
        if !(self.c.at("FORMAT") && self.c.at_nth(1, "JSON")) {
            return Ok(());
        }
        self.c.expect("FORMAT JSON")?;
        if self.c.eat("ENCODING") {
            let encoding = self.c.ident()?;
            if !["utf8", "utf16", "utf32"].contains(&encoding.value.as_str()) {
                let message = format!("unrecognized JSON encoding: {}", encoding.value);
                return Err(Box::new(SyntaxError::new("syntax-error", encoding.span, message)));
            }
        }
        Ok(())
    }

    fn json_returning(&mut self, n: &mut Names) -> Q<()> {
        if self.c.eat("RETURNING") {
            n.types.push(postgres::types::type_name(self.c)?);
            self.json_format()?;
        }
        Ok(())
    }

    /// `NULL ON NULL`, `ABSENT ON NULL`.
    fn nulls(&mut self) -> Q<()> {
        if self.c.eat_any(&["NULL", "ABSENT"]).is_some() {
            self.c.expect("ON NULL")?;
        }
        Ok(())
    }

    /// `WITH UNIQUE KEYS` and its opposite.
    pub(super) fn unique_keys(&mut self) -> Q<()> {
        if (self.c.at("WITH") || self.c.at("WITHOUT")) && self.c.at_nth(1, "UNIQUE") {
            self.c.advance();
            self.c.advance();
            self.c.eat("KEYS");
        }
        Ok(())
    }

    fn json_passing(&mut self, n: &mut Names) -> Q<()> {
        if !self.c.eat("PASSING") {
            return Ok(());
        }
        loop {
            self.json_value(n)?;
            self.c.expect("AS")?;
            self.c.label_name()?;
            if !self.c.eat_token(&Token::Comma) {
                return Ok(());
            }
        }
    }

    /// `WITH CONDITIONAL ARRAY WRAPPER`, `KEEP QUOTES ON SCALAR STRING`.
    fn wrapper_and_quotes(&mut self) -> Q<()> {
        if self.c.at("WITH") || self.c.at("WITHOUT") {
            if self.c.eat("WITH") {
                self.c.eat_any(&["CONDITIONAL", "UNCONDITIONAL"]);
            } else {
                self.c.advance();
            }
            self.c.eat("ARRAY");
            self.c.expect("WRAPPER")?;
        }
        if self.c.eat_any(&["KEEP", "OMIT"]).is_some() {
            self.c.expect("QUOTES")?;
            if self.c.eat("ON") {
                self.c.expect("SCALAR STRING")?;
            }
        }
        Ok(())
    }

    /// `… ON EMPTY … ON ERROR`, the first of which not everything has.
    fn behaviors(&mut self, n: &mut Names, mut empty: bool) -> Q<()> {
        while self.behavior(n)? {
            self.c.expect("ON")?;
            if empty && self.c.eat("EMPTY") {
                empty = false;
                continue;
            }
            return Ok(self.c.expect("ERROR")?);
        }
        Ok(())
    }

    fn behavior(&mut self, n: &mut Names) -> Q<bool> {
        if self.c.eat("DEFAULT") {
            self.whole(n)?;
        } else if self.c.eat("EMPTY") {
            self.c.eat_any(&["ARRAY", "OBJECT"]);
        } else if self.c.eat_any(&["ERROR", "NULL", "TRUE", "FALSE", "UNKNOWN"]).is_none() {
            return Ok(false);
        }
        Ok(true)
    }

    /// What follows the word JSON_TABLE.
    pub(super) fn json_table(&mut self, n: &mut Names) -> Q<()> {
        self.c.expect_token(&Token::LParen)?;
        self.json_value(n)?;
        self.c.expect_token(&Token::Comma)?;
        self.whole(n)?;
        if self.c.eat("AS") {
            self.c.ident()?;
        }
        self.json_passing(n)?;
        self.json_columns(n)?;
        self.behaviors(n, false)?;
        Ok(self.c.expect_token(&Token::RParen)?)
    }

    fn json_columns(&mut self, n: &mut Names) -> Q<()> {
        self.c.expect("COLUMNS")?;
        self.c.expect_token(&Token::LParen)?;
        loop {
            if self.c.at("NESTED") && (self.c.at_nth(1, "PATH") || is_string(self.c.peek_nth(1))) {
                self.c.advance();
                self.c.eat("PATH");
                self.c.string()?;
                if self.c.eat("AS") {
                    self.c.ident()?;
                }
                self.deeper(1, |r| r.json_columns(n))?;
            } else {
                self.json_column(n)?;
            }
            if !self.c.eat_token(&Token::Comma) {
                return Ok(self.c.expect_token(&Token::RParen)?);
            }
        }
    }

    fn json_column(&mut self, n: &mut Names) -> Q<()> {
        self.c.ident()?;
        if self.c.eat_words("FOR ORDINALITY") {
            return Ok(());
        }
        n.types.push(postgres::types::type_name(self.c)?);
        let exists = self.c.eat("EXISTS");
        if !exists {
            self.json_format()?;
        }
        if self.c.eat("PATH") {
            self.c.string()?;
        }
        if !exists {
            self.wrapper_and_quotes()?;
        }
        self.behaviors(n, !exists)
    }

    // ---- XML

    fn document_or_content(&mut self) -> Q<()> {
        match self.c.eat_any(&["DOCUMENT", "CONTENT"]) {
            Some(_) => Ok(()),
            None => Err(Box::new(self.c.expected("DOCUMENT or CONTENT"))),
        }
    }

    fn xml_element(&mut self, n: &mut Names) -> Q<()> {
        self.c.expect("NAME")?;
        self.c.label_name()?;
        if !self.c.eat_token(&Token::Comma) {
            return Ok(());
        }
        if self.c.at("XMLATTRIBUTES") && self.followed_by_paren() {
            self.c.advance();
            self.c.expect_token(&Token::LParen)?;
            self.xml_attributes(n)?;
            self.c.expect_token(&Token::RParen)?;
            if !self.c.eat_token(&Token::Comma) {
                return Ok(());
            }
        }
        self.list(n).map(drop)
    }

    /// `a AS b, c`.
    fn xml_attributes(&mut self, n: &mut Names) -> Q<()> {
        loop {
            self.whole(n)?;
            if self.c.eat("AS") {
                self.c.label_name()?;
            }
            if !self.c.eat_token(&Token::Comma) {
                return Ok(());
            }
        }
    }

    /// `PASSING [BY REF] xml [BY VALUE]`.
    fn xml_passing(&mut self, n: &mut Names) -> Q<()> {
        self.c.expect("PASSING")?;
        self.passing_mechanism();
        self.c_expr(n)?;
        self.passing_mechanism();
        Ok(())
    }

    fn passing_mechanism(&mut self) {
        if self.c.at("BY") && (self.c.at_nth(1, "REF") || self.c.at_nth(1, "VALUE")) {
            self.c.advance();
            self.c.advance();
        }
    }

    fn xml_root(&mut self, n: &mut Names) -> Q<()> {
        self.whole(n)?;
        self.c.expect_token(&Token::Comma)?;
        self.c.expect("VERSION")?;
        if !self.c.eat_words("NO VALUE") {
            self.whole(n)?;
        }
        if self.c.eat_token(&Token::Comma) {
            self.c.expect("STANDALONE")?;
            if !self.c.eat("YES") {
                self.c.expect("NO")?;
                self.c.eat("VALUE");
            }
        }
        Ok(())
    }

    /// What follows the word XMLTABLE.
    pub(super) fn xml_table(&mut self, n: &mut Names) -> Q<()> {
        self.c.expect_token(&Token::LParen)?;
        if self.c.at("XMLNAMESPACES") && self.followed_by_paren() {
            self.c.advance();
            self.c.expect_token(&Token::LParen)?;
            loop {
                if self.c.eat("DEFAULT") {
                    self.b_expr(n)?;
                } else {
                    self.b_expr(n)?;
                    self.c.expect("AS")?;
                    self.c.label_name()?;
                }
                if !self.c.eat_token(&Token::Comma) {
                    break;
                }
            }
            self.c.expect_token(&Token::RParen)?;
            self.c.expect_token(&Token::Comma)?;
        }
        self.c_expr(n)?;
        self.xml_passing(n)?;
        self.c.expect("COLUMNS")?;
        loop {
            self.xml_column(n)?;
            if !self.c.eat_token(&Token::Comma) {
                return Ok(self.c.expect_token(&Token::RParen)?);
            }
        }
    }

    fn xml_column(&mut self, n: &mut Names) -> Q<()> {
        let column = self.c.ident()?;
        if self.c.eat_words("FOR ORDINALITY") {
            return Ok(());
        }
        n.types.push(postgres::types::type_name(self.c)?);
        let (mut default, mut path, mut null) = (false, false, false);
        loop {
            let span = self.c.peek_span();
            let message = if self.c.eat("DEFAULT") {
                self.b_expr(n)?;
                std::mem::replace(&mut default, true).then(|| "only one DEFAULT value is allowed".to_owned())
            } else if self.c.eat("PATH") {
                self.b_expr(n)?;
                std::mem::replace(&mut path, true).then(|| "only one PATH value per column is allowed".to_owned())
            } else if self.c.at("NULL") || self.c.at("NOT") {
                self.c.eat("NOT");
                self.c.expect("NULL")?;
                std::mem::replace(&mut null, true).then(|| {
                    format!("conflicting or redundant NULL / NOT NULL declarations for column \"{}\"", column.value)
                })
            } else {
                return Ok(());
            };
            if let Some(message) = message {
                return Err(Box::new(SyntaxError::new("syntax-error", span, message).label("a second time")));
            }
        }
    }
}
