//! What MySQL and MariaDB cut otherwise (manual, "Language Structure"): `#` and `-- ` comments, comments that are code,
//! backslash escapes, names that may start with a digit, variables, and their client's DELIMITER.

use sqlparser::tokenizer::Token;

use super::super::R;
use super::{DIGIT, DOLLAR, HEX, Lexer, NAME, NAME_START, SPACE};
use crate::config::Backend;
use crate::span::Span;

/// What is open while a text is cut.
#[derive(Debug)]
pub(super) struct State {
    mariadb: bool,
    /// Where a comment that is code opened, and how many tokens came before it.
    code: Option<(usize, usize)>,
    /// What the client was told ends a statement.
    delimiter: Option<String>,
}

impl State {
    pub(super) fn new(backend: Backend) -> Self {
        Self { mariadb: backend == Backend::Mariadb, code: None, delimiter: None }
    }

    /// Whether `/*!` with this version, or `/*M!`, is code. MariaDB leaves out what is of MySQL alone: 50700 to 99999.
    fn runs(&self, version: Option<u32>, of_mariadb: bool) -> bool {
        match version {
            _ if of_mariadb && !self.mariadb => false,
            None => true,
            Some(v) if self.mariadb => !(50_700..100_000).contains(&v),
            Some(v) => v < 100_000,
        }
    }
}

impl Lexer<'_> {
    /// Reads what the common rules would read otherwise. Answers whether it did.
    pub(super) fn next_of_mysql(&mut self) -> R<bool> {
        let start = self.at;
        let (byte, next) = (self.bytes[start], self.byte(start + 1));
        if let Some(delimiter) = self.mysql.as_ref().and_then(|s| s.delimiter.as_ref())
            && self.text[start..].starts_with(delimiter.as_str())
        {
            let end = start + delimiter.len();
            self.push(Token::SemiColon, end);
            return Ok(true);
        }
        match byte {
            b'#' => self.line_comment(),
            b'-' if next == b'-' => {
                // Two signs, where no white space follows.
                let after = self.byte(start + 2);
                if start + 2 < self.bytes.len() && !self.is(start + 2, SPACE) && after >= b' ' {
                    self.push(Token::Minus, start + 1);
                } else {
                    self.line_comment();
                }
            }
            b'/' if next == b'*' => return self.mysql_comment(),
            b'*' if next == b'/' && self.mysql.as_ref().is_some_and(|s| s.code.is_some()) => self.end_code(),
            b'\'' | b'"' => {
                let (value, end) = self.mysql_string(start)?;
                self.push(Token::SingleQuotedString(value), end);
            }
            b'[' => self.push(Token::LBracket, start + 1),
            b'?' => self.push(Token::Placeholder("?".to_owned()), start + 1),
            b'@' if next == b'@' => self.push(Token::AtAt, start + 2),
            b'@' => self.variable()?,
            b'0'..=b'9' | b'.' => return Ok(self.name_of_digits()),
            b'$' => {
                let end = self.word_end(start);
                self.push_word(self.text[start..end].to_owned(), None, end);
            }
            b'n' | b'N' | b'x' | b'X' | b'b' | b'B' if next == b'\'' => {
                let (value, end) = self.mysql_string(start + 1)?;
                let token = match byte.to_ascii_lowercase() {
                    b'n' => Token::NationalStringLiteral(value),
                    b'x' => Token::HexStringLiteral(value),
                    _ => Token::SingleQuotedByteStringLiteral(value),
                };
                self.push(token, end);
            }
            _ if self.is(start, NAME_START) => {
                let end = self.word_end(start);
                let word = &self.text[start..end];
                if word.eq_ignore_ascii_case("delimiter") && self.starts_statement() {
                    self.client_delimiter(end);
                } else {
                    self.push_word(word.to_owned(), None, end);
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Where a word ends: a delimiter of the client's ends it, too.
    fn word_end(&self, start: usize) -> usize {
        let end = self.run(start + 1, NAME | DOLLAR);
        let delimiter = self.mysql.as_ref().and_then(|s| s.delimiter.as_deref());
        delimiter.and_then(|d| self.text[start..end].find(d)).filter(|at| *at > 0).map_or(end, |at| start + at)
    }

    fn starts_statement(&self) -> bool {
        self.out.tokens.last().is_none_or(|t| t.token == Token::SemiColon)
    }

    /// `DELIMITER //`: the rest of the line is the client's, and is kept as one token.
    fn client_delimiter(&mut self, end: usize) {
        self.push_word("DELIMITER".to_owned(), None, end);
        let line = self.text[end..].find('\n').map_or(self.text.len(), |n| end + n);
        let wanted = self.text[end..line].trim().to_owned();
        if !wanted.is_empty() {
            let from = end + self.text[end..line].find(wanted.as_str()).unwrap_or_default();
            self.at = from;
            self.push(Token::Placeholder(wanted.clone()), from + wanted.len());
        }
        self.push(Token::SemiColon, self.at);
        self.at = line;
        if let Some(state) = &mut self.mysql {
            state.delimiter = Some(wanted).filter(|d| !d.is_empty() && d != ";");
        }
    }

    fn line_comment(&mut self) {
        let end = self.text[self.at..].find('\n').map_or(self.text.len(), |n| self.at + n);
        self.comment(end);
    }

    /// `/* … */`, and the `/*! … */` whose inside is code.
    fn mysql_comment(&mut self) -> R<bool> {
        let start = self.at;
        let of_mariadb = matches!(self.byte(start + 2), b'M' | b'm') && self.byte(start + 3) == b'!';
        if self.byte(start + 2) != b'!' && !of_mariadb {
            let Some(length) = self.text[start + 2..].find("*/") else {
                return Err(self.unterminated("/* comment", "the comment that opens here is never closed"));
            };
            self.comment(start + 2 + length + 2);
            return Ok(true);
        }
        let digits = start + if of_mariadb { 4 } else { 3 };
        let mut end = self.run(digits, DIGIT);
        // Five or six digits right behind it are a version; fewer are code.
        if end - digits < 5 {
            end = digits;
        }
        end = end.min(digits + 6);
        let version = self.text[digits..end].parse().ok();
        let Some(state) = &mut self.mysql else { return Ok(false) };
        if state.runs(version, of_mariadb) {
            state.code = Some((start, self.out.tokens.len()));
            self.at = end;
            return Ok(true);
        }
        let Some(length) = self.text[start + 2..].find("*/") else {
            return Err(self.unterminated("/* comment", "the comment that opens here is never closed"));
        };
        self.comment(start + 2 + length + 2);
        Ok(true)
    }

    /// The end of a comment that is code: its first and its last token reach over its marks, so that what is sent of it
    /// is whole.
    fn end_code(&mut self) {
        let end = self.at + 2;
        let Some((open, before)) = self.mysql.as_mut().and_then(|s| s.code.take()) else { return };
        if self.out.tokens.len() == before {
            self.at = open;
            self.comment(end);
            return;
        }
        self.out.tokens[before].span.start = super::place(open, open).start;
        if let Some(last) = self.out.tokens.last_mut() {
            last.span.end = super::place(end, end).end;
        }
        self.at = end;
    }

    /// A string in either kind of quotes, with backslash escapes.
    fn mysql_string(&self, open: usize) -> R<(String, usize)> {
        let quote = self.bytes[open];
        let mut value = String::new();
        let (mut from, mut at) = (open + 1, open + 1);
        while at < self.bytes.len() {
            let byte = self.bytes[at];
            if byte == b'\\' && at + 1 < self.bytes.len() {
                value.push_str(&self.text[from..at]);
                from = at + 1;
                let stands_for = match self.bytes[at + 1] {
                    b'n' => Some('\n'),
                    b't' => Some('\t'),
                    b'r' => Some('\r'),
                    b'0' => Some('\0'),
                    b'b' => Some('\u{8}'),
                    b'Z' => Some('\u{1a}'),
                    // These two keep their backslash: they matter to LIKE.
                    b'%' | b'_' => Some('\\'),
                    _ => None,
                };
                if let Some(c) = stands_for {
                    value.push(c);
                    from += usize::from(c != '\\');
                }
                at += 2;
                continue;
            }
            if byte == quote {
                value.push_str(&self.text[from..at]);
                if self.byte(at + 1) != quote {
                    return Ok((value, at + 1));
                }
                at += 1;
                from = at;
            }
            at += 1;
        }
        let help =
            "the quote that opens here is never closed; a quote inside a string is written twice, or after a backslash";
        Err(self.unterminated_at(open, "quoted string", help))
    }

    /// `@name`, `@'name'`, and the host of an account.
    fn variable(&mut self) -> R<()> {
        let start = self.at;
        let end = match self.byte(start + 1) {
            b'\'' | b'"' => self.mysql_string(start + 1)?.1,
            b'`' => self.quoted(start + 1, b'`')?.1,
            _ => {
                let mut end = start + 1;
                while self.is(end, NAME | DOLLAR) || self.byte(end) == b'.' {
                    end += 1;
                }
                end
            }
        };
        if end == start + 1 {
            self.push(Token::AtSign, end);
        } else {
            self.push(Token::Placeholder(self.text[start..end].to_owned()), end);
        }
        Ok(())
    }

    /// `1st_column`: a name, where letters follow that make no number of it. `t.1st` after a period is one, too.
    fn name_of_digits(&mut self) -> bool {
        let start = self.at;
        if self.bytes[start] == b'.' {
            let after_name = matches!(self.out.tokens.last(), Some(t) if super::end_of(t) == start)
                && matches!(self.out.tokens.last().map(|t| &t.token), Some(Token::Word(_)));
            if after_name && self.is(start + 1, NAME | DOLLAR) {
                self.push(Token::Period, start + 1);
                if self.is(self.at, DIGIT) {
                    let end = self.word_end(self.at);
                    self.push_word(self.text[self.at..end].to_owned(), None, end);
                }
                return true;
            }
            return false;
        }
        let digits = self.run(start, DIGIT);
        let end = self.run(start, NAME | DOLLAR);
        if end == digits {
            return false;
        }
        let (letter, rest) = (self.bytes[digits], digits + 1);
        let number = match letter {
            b'x' if digits == start + 1 && self.bytes[start] == b'0' => self.run(rest, HEX) == end && end > rest,
            b'b' if digits == start + 1 && self.bytes[start] == b'0' => {
                self.bytes[rest..end].iter().all(|b| matches!(b, b'0' | b'1')) && end > rest
            }
            b'e' | b'E' => {
                let signed = end == rest && matches!(self.byte(rest), b'+' | b'-') && self.is(rest + 1, DIGIT);
                signed || self.run(rest, DIGIT) == end && end > rest
            }
            _ => false,
        };
        if number && letter == b'b' {
            self.push(Token::SingleQuotedByteStringLiteral(self.text[rest..end].to_owned()), end);
            return true;
        }
        if number {
            return false;
        }
        let end = self.word_end(start);
        self.push_word(self.text[start..end].to_owned(), None, end);
        true
    }

    /// The longest operator that starts here.
    pub(super) fn mysql_operator(&self) -> usize {
        let start = self.at;
        match (self.bytes[start], self.byte(start + 1), self.byte(start + 2)) {
            (b'<', b'=', b'>') | (b'-', b'>', b'>') => start + 3,
            (b'-', b'>', _)
            | (b'!' | b'<' | b'>', b'=', _)
            | (b'<', b'<' | b'>', _)
            | (b'>', b'>', _)
            | (b'|', b'|', _)
            | (b'&', b'&', _) => start + 2,
            _ => start + 1,
        }
    }

    fn unterminated_at(&self, at: usize, what: &str, help: &str) -> super::SyntaxError {
        super::SyntaxError::new("syntax-error", Span::new(at, at + 1), format!("unterminated {what}")).help(help)
    }
}
