//! Text → tokens, by each engine's own lexical rules (PostgreSQL's manual, 4.1; SQLite's `tokenize.c`; MySQL's manual,
//! 11.1, whose rules are in `lexer/mysql.rs`).
//!
//! The tokens are sqlparser's, which every grammar here is written on, and which its parser reads. Its tokenizer walks
//! characters through iterators: in the unoptimised build that a macro runs in, that alone took longer than the whole
//! analysis may. It also cuts some of PostgreSQL's operators and numbers otherwise than the server does.

use sqlparser::ast::DollarQuotedString;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span as Place, Token, TokenWithSpan, Word};

mod mysql;

use super::{Comment, R, SyntaxError};
use crate::config::Backend;
use crate::span::Span;

/// The bytes that PostgreSQL keeps of a name (manual, 4.1.1).
pub(crate) const LONGEST_NAME: usize = 63;

#[derive(Debug, Default)]
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<TokenWithSpan>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) error: Option<SyntaxError>,
}

/// Cuts a text into tokens whose places are byte offsets. What comes before a token that cannot be read is kept.
pub(crate) fn lex(text: &str, backend: Backend) -> Lexed {
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    if let Some(nul) = text.find('\0') {
        let error = SyntaxError::new("syntax-error", Span::new(nul, nul + 1), "a NUL byte stands in the file")
            .help("no engine takes a NUL byte in SQL text; the file may be UTF-16: save it as UTF-8");
        return Lexed { error: Some(error), ..Lexed::default() };
    }
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        at,
        postgres: backend == Backend::Postgres,
        mysql: backend.is_mysql().then(|| mysql::State::new(backend)),
        out: Lexed::default(),
    };
    // A guess that spares most of the growing.
    lexer.out.tokens.reserve(text.len() / 6);
    while lexer.at < text.len() {
        if let Err(e) = lexer.next() {
            lexer.out.error = Some(e);
            break;
        }
    }
    lexer.out
}

/// Byte offsets travel through sqlparser in `Location::line`, from 1 (0 is its "nowhere").
pub(crate) fn place(start: usize, end: usize) -> Place {
    Place::new(Location::new(start as u64 + 1, 1), Location::new(end as u64 + 1, 1))
}

pub(crate) fn start_of(t: &TokenWithSpan) -> usize {
    (t.span.start.line.max(1) - 1) as usize
}

pub(crate) fn end_of(t: &TokenWithSpan) -> usize {
    (t.span.end.line.max(1) - 1) as usize
}

pub(crate) fn span_of(t: &TokenWithSpan) -> Span {
    Span::new(start_of(t), end_of(t))
}

/// The same token as sqlparser's parser wants it: a word that says which keyword it is. No grammar here asks for that,
/// and looking each one up would cost as much as all else.
pub(crate) fn with_keyword(t: &TokenWithSpan) -> TokenWithSpan {
    let token = match &t.token {
        Token::Word(w) => Token::make_word(&w.value, w.quote_style),
        other => other.clone(),
    };
    TokenWithSpan::new(token, t.span)
}

/// Starts a name.
const NAME_START: u8 = 1;
/// Goes on in a name; `$` does too, but not in the tag of a dollar-quoted string.
const NAME: u8 = 2;
const DOLLAR: u8 = 4;
const DIGIT: u8 = 8;
const HEX: u8 = 16;
const SPACE: u8 = 32;
/// May stand in one of PostgreSQL's operators.
const OPERATOR: u8 = 64;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut i = 0;
    while i < 256 {
        let byte = i as u8;
        classes[i] = match byte {
            // Every byte of a character beyond ASCII is one of a name, for both engines.
            b'a'..=b'f' | b'A'..=b'F' => NAME_START | NAME | HEX,
            b'g'..=b'z' | b'G'..=b'Z' | b'_' | 0x80.. => NAME_START | NAME,
            b'0'..=b'9' => NAME | DIGIT | HEX,
            b'$' => DOLLAR,
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => SPACE,
            b'~' | b'!' | b'@' | b'#' | b'^' | b'&' | b'|' | b'`' | b'?' | b'+' | b'-' | b'*' | b'/' | b'%' | b'<'
            | b'>' | b'=' => OPERATOR,
            _ => 0,
        };
        i += 1;
    }
    classes
}

// Written as loops over bytes: without optimisation every adapter of an iterator is a call for each byte.
struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    postgres: bool,
    /// MySQL and MariaDB: what their comments and their client's DELIMITER leave open.
    mysql: Option<mysql::State>,
    out: Lexed,
}

impl Lexer<'_> {
    /// The byte at a place; at the end NUL, which no text holds.
    fn byte(&self, at: usize) -> u8 {
        if at < self.bytes.len() { self.bytes[at] } else { 0 }
    }

    fn is(&self, at: usize, class: u8) -> bool {
        CLASSES[self.byte(at) as usize] & class != 0
    }

    /// Where a run of bytes of these classes ends.
    fn run(&self, mut at: usize, classes: u8) -> usize {
        let bytes = self.bytes;
        while at < bytes.len() && CLASSES[bytes[at] as usize] & classes != 0 {
            at += 1;
        }
        at
    }

    /// A token from here to `end`.
    fn push(&mut self, token: Token, end: usize) {
        self.out.tokens.push(TokenWithSpan::new(token, place(self.at, end)));
        self.at = end;
    }

    fn push_word(&mut self, mut value: String, quote_style: Option<char>, end: usize) {
        // PostgreSQL cuts a name where it reads it, so that two that differ further on are one.
        if value.len() > LONGEST_NAME && self.postgres {
            value.truncate(cut(&value).len());
        }
        self.push(Token::Word(Word { value, quote_style, keyword: Keyword::NoKeyword }), end);
    }

    fn comment(&mut self, end: usize) {
        self.out.comments.push(Comment { span: Span::new(self.at, end) });
        self.at = end;
    }

    /// What opens here is never closed.
    fn unterminated(&self, what: &str, help: &str) -> SyntaxError {
        let span = Span::new(self.at, self.at + 1);
        SyntaxError::new("syntax-error", span, format!("unterminated {what}")).help(help)
    }

    /// Reads a token, a comment or white space.
    fn next(&mut self) -> R<()> {
        if self.mysql.is_some() && self.next_of_mysql()? {
            return Ok(());
        }
        let start = self.at;
        let byte = self.bytes[start];
        let class = CLASSES[byte as usize];
        if class & SPACE != 0 {
            self.at = self.run(start + 1, SPACE);
            return Ok(());
        }
        if class & NAME_START != 0 {
            let end = self.run(start + 1, NAME | DOLLAR);
            if end == start + 1 && matches!(self.byte(end), b'\'' | b'&') && self.prefixed(byte)? {
                return Ok(());
            }
            self.push_word(self.text[start..end].to_owned(), None, end);
            return Ok(());
        }
        let next = self.byte(start + 1);
        let single = match byte {
            b',' => Token::Comma,
            b'(' => Token::LParen,
            b')' => Token::RParen,
            b';' => Token::SemiColon,
            b'\'' => {
                let (value, end) = self.string(start)?;
                self.push(Token::SingleQuotedString(value), end);
                return Ok(());
            }
            b'"' => return self.name(start, '"', b'"'),
            b'`' if !self.postgres => return self.name(start, '`', b'`'),
            b'[' if !self.postgres => return self.name(start, '[', b']'),
            b'0'..=b'9' => return self.number(),
            b'.' if next.is_ascii_digit() => return self.number(),
            // `1..2` in PL/pgSQL: the second is no decimal point.
            b'.' if next == b'.' => {
                self.push(Token::Period, start + 1);
                Token::Period
            }
            b'.' => Token::Period,
            b'-' if next == b'-' => {
                let mut end = start + 2;
                while end < self.bytes.len() && self.bytes[end] != b'\n' && !(self.postgres && self.bytes[end] == b'\r')
                {
                    end += 1;
                }
                self.comment(end);
                return Ok(());
            }
            b'/' if next == b'*' => return self.block_comment(),
            b'$' => return self.dollar(),
            b'?' if !self.postgres => {
                let end = self.run(start + 1, DIGIT);
                self.push(Token::Placeholder(self.text[start..end].to_owned()), end);
                return Ok(());
            }
            b':' if next == b':' || next == b'=' => {
                self.push(if next == b':' { Token::DoubleColon } else { Token::Assignment }, start + 2);
                return Ok(());
            }
            b':' => Token::Colon,
            b'[' => Token::LBracket,
            b']' => Token::RBracket,
            b'{' => Token::LBrace,
            b'}' => Token::RBrace,
            b'\\' => Token::Backslash,
            _ if class & OPERATOR != 0 => {
                let end = match &self.mysql {
                    _ if self.postgres => self.postgres_operator(),
                    Some(_) => self.mysql_operator(),
                    None => self.sqlite_operator(),
                };
                self.push(operator(&self.text[start..end]), end);
                return Ok(());
            }
            _ => Token::Char(byte.into()),
        };
        self.push(single, self.at + 1);
        Ok(())
    }

    /// A constant that a letter opens: `E'…'`, `X'…'`. Answers whether it is one.
    fn prefixed(&mut self, letter: u8) -> R<bool> {
        let quote = self.at + 1;
        let (token, end) = match letter.to_ascii_lowercase() {
            b'u' if self.postgres && self.byte(quote) == b'&' => match self.byte(quote + 1) {
                b'\'' => {
                    let (value, end) = self.string(quote + 1)?;
                    (Token::UnicodeStringLiteral(unicode(&value).unwrap_or(value)), end)
                }
                b'"' => {
                    let (value, end) = self.quoted(quote + 1, b'"')?;
                    self.push_word(unicode(&value).unwrap_or(value), Some('"'), end);
                    return Ok(true);
                }
                _ => return Ok(false),
            },
            _ if self.byte(quote) != b'\'' => return Ok(false),
            b'x' => {
                let (value, end) = self.string(quote)?;
                (Token::HexStringLiteral(value), end)
            }
            b'e' if self.postgres => {
                let (value, end) = self.escaped(quote)?;
                (Token::EscapedStringLiteral(value), end)
            }
            b'b' if self.postgres => {
                let (value, end) = self.string(quote)?;
                (Token::SingleQuotedByteStringLiteral(value), end)
            }
            b'n' if self.postgres => {
                let (value, end) = self.string(quote)?;
                (Token::NationalStringLiteral(value), end)
            }
            _ => return Ok(false),
        };
        self.push(token, end);
        Ok(true)
    }

    fn string(&self, open: usize) -> R<(String, usize)> {
        self.quoted(open, b'\'')
    }

    /// What stands between the quote at `open` and the next `close`, and where that ends. A doubled quote is one.
    fn quoted(&self, open: usize, close: u8) -> R<(String, usize)> {
        let mut value = String::new();
        let (mut from, mut at) = (open + 1, open + 1);
        while at < self.bytes.len() {
            if self.bytes[at] == close {
                if close == b']' || self.byte(at + 1) != close {
                    value.push_str(&self.text[from..at]);
                    return Ok((value, at + 1));
                }
                value.push_str(&self.text[from..=at]);
                at += 1;
                from = at + 1;
            }
            at += 1;
        }
        Err(if close == b'\'' { self.unterminated_string() } else { self.unterminated_name() })
    }

    fn unterminated_string(&self) -> SyntaxError {
        let help = "the quote that opens here is never closed; a quote inside a string is written twice: ''";
        self.unterminated("quoted string", help)
    }

    fn unterminated_name(&self) -> SyntaxError {
        self.unterminated("quoted identifier", "the quote that opens here is never closed")
    }

    fn name(&mut self, open: usize, quote: char, close: u8) -> R<()> {
        let (value, end) = self.quoted(open, close)?;
        self.push_word(value, Some(quote), end);
        Ok(())
    }

    /// `E'…'`, from its quote (manual, 4.1.2.2).
    fn escaped(&self, open: usize) -> R<(String, usize)> {
        let mut value = Vec::new();
        let mut at = open + 1;
        while at < self.bytes.len() {
            let byte = self.bytes[at];
            at += 1;
            match byte {
                b'\'' if self.byte(at) != b'\'' => {
                    let value = String::from_utf8(value)
                        .unwrap_or_else(|bytes| String::from_utf8_lossy(bytes.as_bytes()).into_owned());
                    return Ok((value, at));
                }
                b'\'' => {
                    value.push(byte);
                    at += 1;
                }
                b'\\' => at = self.escape(at, &mut value)?,
                _ => value.push(byte),
            }
        }
        Err(self.unterminated_string())
    }

    /// What stands for one character after a backslash at `at - 1`; answers where that ends.
    fn escape(&self, at: usize, value: &mut Vec<u8>) -> R<usize> {
        let number = |from: usize, most: usize, radix: u32| {
            let mut to = from;
            while to < from + most && char::from(self.byte(to)).is_digit(radix) {
                to += 1;
            }
            (u32::from_str_radix(&self.text[from..to], radix).ok(), to)
        };
        match self.byte(at) {
            0 => return Ok(at),
            b'b' => value.push(8),
            b'f' => value.push(12),
            b'n' => value.push(b'\n'),
            b'r' => value.push(b'\r'),
            b't' => value.push(b'\t'),
            b'0'..=b'7' => {
                let (code, end) = number(at, 3, 8);
                value.push(code.unwrap_or_default() as u8);
                return Ok(end);
            }
            b'x' if self.is(at + 1, HEX) => {
                let (code, end) = number(at + 1, 2, 16);
                value.push(code.unwrap_or_default() as u8);
                return Ok(end);
            }
            letter @ (b'u' | b'U') => {
                let length = if letter == b'u' { 4 } else { 8 };
                let (code, mut end) = number(at + 1, length, 16);
                let Some(mut code) = code.filter(|_| end == at + 1 + length) else {
                    let span = Span::new(at - 1, end.max(at + 1));
                    return Err(SyntaxError::new("syntax-error", span, "invalid Unicode escape")
                        .help("Unicode escapes are \\uXXXX or \\UXXXXXXXX"));
                };
                // Two halves of a surrogate pair are one character.
                if (0xd800..0xdc00).contains(&code) && self.byte(end) == b'\\' && self.byte(end + 1) == b'u' {
                    let (low, low_end) = number(end + 2, 4, 16);
                    if let Some(low @ 0xdc00..=0xdfff) = low {
                        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                        end = low_end;
                    }
                }
                let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(end);
            }
            // The bytes that follow, where it is one beyond ASCII, come as they are.
            other => value.push(other),
        }
        Ok(at + 1)
    }

    /// `1`, `1.5`, `.5`, `1e-5`, `0xFF`; on PostgreSQL also `0o17`, `0b1`, `1_000`. What is glued to it is another token.
    fn number(&mut self) -> R<()> {
        let start = self.at;
        let based = if self.byte(start) == b'0' { self.based(start + 2) } else { None };
        let end = match based {
            Some(end) => end,
            None => {
                let mut end = self.digits(start, DIGIT);
                if self.byte(end) == b'.' && !(self.postgres && self.byte(end + 1) == b'.') {
                    end = self.digits(end + 1, DIGIT);
                }
                if matches!(self.byte(end), b'e' | b'E') {
                    let sign = usize::from(matches!(self.byte(end + 1), b'+' | b'-'));
                    if self.is(end + 1 + sign, DIGIT) {
                        end = self.digits(end + 1 + sign, DIGIT);
                    }
                }
                end
            }
        };
        self.push(Token::Number(self.text[start..end].to_owned(), false), end);
        Ok(())
    }

    /// Where the digits end that start at `at`, after `0x` and its like; `None` where there are none of that base.
    fn based(&self, at: usize) -> Option<usize> {
        let (class, most) = match self.byte(at - 1) {
            b'x' | b'X' => (HEX, b'f'),
            b'o' | b'O' if self.postgres => (DIGIT, b'7'),
            b'b' | b'B' if self.postgres => (DIGIT, b'1'),
            _ => return None,
        };
        let end = self.digits(at, class);
        let fits = self.bytes[at..end].iter().all(|byte| *byte == b'_' || byte.to_ascii_lowercase() <= most);
        (end > at && fits).then_some(end)
    }

    /// Where digits end; on PostgreSQL an underscore may stand before each.
    fn digits(&self, at: usize, class: u8) -> usize {
        let mut end = self.run(at, class);
        while self.postgres && self.byte(end) == b'_' && self.is(end + 1, class) {
            end = self.run(end + 1, class);
        }
        end
    }

    /// `$1`, `$$…$$`, `$tag$…$tag$`; SQLite's `$name`.
    fn dollar(&mut self) -> R<()> {
        let start = self.at;
        if !self.postgres || self.is(start + 1, DIGIT) {
            let end = self.run(start + 1, if self.postgres { DIGIT } else { NAME | DOLLAR });
            self.push(Token::Placeholder(self.text[start..end].to_owned()), end);
            return Ok(());
        }
        let tag = self.run(start + 1, NAME);
        if self.byte(tag) != b'$' {
            self.push(Token::Char('$'), start + 1);
            return Ok(());
        }
        let delimiter = &self.text[start..=tag];
        let mut at = tag + 1;
        while let Some(dollar) = self.text[at..].find('$') {
            let end = at + dollar;
            if self.text[end..].starts_with(delimiter) {
                let value = self.text[tag + 1..end].to_owned();
                let name = Some(&self.text[start + 1..tag]).filter(|t| !t.is_empty()).map(str::to_owned);
                let after = end + delimiter.len();
                self.push(Token::DollarQuotedString(DollarQuotedString { value, tag: name }), after);
                return Ok(());
            }
            at = end + 1;
        }
        Err(self.unterminated("dollar-quoted string", "the text that opens here must end with the same $tag$"))
    }

    /// `/* … */`. PostgreSQL's nest, SQLite's do not, and the last may stay open.
    fn block_comment(&mut self) -> R<()> {
        let mut depth = 1;
        let mut at = self.at + 2;
        while at < self.bytes.len() {
            match self.bytes[at] {
                b'*' if self.byte(at + 1) == b'/' => {
                    at += 2;
                    depth -= 1;
                    if depth == 0 {
                        self.comment(at);
                        return Ok(());
                    }
                }
                b'/' if self.postgres && self.byte(at + 1) == b'*' => {
                    at += 2;
                    depth += 1;
                }
                _ => at += 1,
            }
        }
        if self.postgres {
            return Err(self.unterminated("/* comment", "comments nest: every /* needs its own */"));
        }
        self.comment(at);
        Ok(())
    }

    /// The end of an operator of PostgreSQL: the longest run of its characters, up to a comment. Where none but those of
    /// arithmetic and comparison are in it, a sign at its end is the next operand's (manual, 4.1.3).
    fn postgres_operator(&self) -> usize {
        let start = self.at;
        let mut end = start + 1;
        let special = |byte: u8| matches!(byte, b'~' | b'!' | b'@' | b'#' | b'^' | b'&' | b'|' | b'`' | b'?' | b'%');
        let mut any_special = special(self.bytes[start]);
        while self.is(end, OPERATOR) {
            let (byte, next) = (self.bytes[end], self.byte(end + 1));
            if byte == b'-' && next == b'-' || byte == b'/' && next == b'*' {
                break;
            }
            any_special |= special(byte);
            end += 1;
        }
        while end > start + 1 && !any_special && matches!(self.bytes[end - 1], b'+' | b'-') {
            end -= 1;
        }
        end
    }

    fn sqlite_operator(&self) -> usize {
        let start = self.at;
        match (self.bytes[start], self.byte(start + 1)) {
            (b'-', b'>') if self.byte(start + 2) == b'>' => start + 3,
            (b'-', b'>') | (b'=' | b'!' | b'<' | b'>', b'=') | (b'<', b'<' | b'>') | (b'>', b'>') | (b'|', b'|') => {
                start + 2
            }
            _ => start + 1,
        }
    }
}

fn operator(text: &str) -> Token {
    match text {
        "=" => Token::Eq,
        "*" => Token::Mul,
        "-" => Token::Minus,
        "+" => Token::Plus,
        "<" => Token::Lt,
        ">" => Token::Gt,
        "<=" => Token::LtEq,
        ">=" => Token::GtEq,
        "<>" | "!=" => Token::Neq,
        "||" => Token::StringConcat,
        "->>" => Token::LongArrow,
        "->" => Token::Arrow,
        "/" => Token::Div,
        "%" => Token::Mod,
        "==" => Token::DoubleEq,
        "=>" => Token::RArrow,
        "<<" => Token::ShiftLeft,
        ">>" => Token::ShiftRight,
        "^" => Token::Caret,
        "~" => Token::Tilde,
        "!" => Token::ExclamationMark,
        "&" => Token::Ampersand,
        "|" => Token::Pipe,
        "#" => Token::Sharp,
        "@" => Token::AtSign,
        "?" => Token::Question,
        // Those with a meaning in sqlparser's parser.
        "&&" => Token::Overlap,
        "~*" => Token::TildeAsterisk,
        "!~" => Token::ExclamationMarkTilde,
        "!~*" => Token::ExclamationMarkTildeAsterisk,
        "~~" => Token::DoubleTilde,
        "~~*" => Token::DoubleTildeAsterisk,
        "!~~" => Token::ExclamationMarkDoubleTilde,
        "!~~*" => Token::ExclamationMarkDoubleTildeAsterisk,
        "@>" => Token::AtArrow,
        "<@" => Token::ArrowAt,
        "#>" => Token::HashArrow,
        "#>>" => Token::HashLongArrow,
        "#-" => Token::HashMinus,
        "@?" => Token::AtQuestion,
        "@@" => Token::AtAt,
        "<=>" => Token::Spaceship,
        ":=" => Token::Assignment,
        "?&" => Token::QuestionAnd,
        "?|" => Token::QuestionPipe,
        "^@" => Token::CaretAt,
        "|/" => Token::PGSquareRoot,
        "||/" => Token::PGCubeRoot,
        other => Token::CustomBinaryOperator(other.to_owned()),
    }
}

/// What PostgreSQL keeps of a name.
pub(crate) fn cut(name: &str) -> &str {
    let mut end = name.len().min(LONGEST_NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// `\0061` and `\+000061` in `U&'…'`; `None` where UESCAPE must have named another escape.
fn unicode(raw: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('\\') {
            out.push('\\');
            rest = after;
            continue;
        }
        let (digits, length) = rest.strip_prefix('+').map_or((rest, 4), |digits| (digits, 6));
        let code = u32::from_str_radix(digits.get(..length)?, 16).ok()?;
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = &digits[length..];
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens of a text as they stand in it, between bars.
    fn barred(text: &str, backend: Backend) -> String {
        let lexed = lex(text, backend);
        assert_eq!(lexed.error, None, "{text}");
        let tokens: Vec<&str> = lexed.tokens.iter().map(|t| &text[span_of(t).range()]).collect();
        tokens.join("¦")
    }

    #[track_caller]
    fn postgres(text: &str, expected: &str) {
        assert_eq!(barred(text, Backend::Postgres), expected);
    }

    #[track_caller]
    fn sqlite(text: &str, expected: &str) {
        assert_eq!(barred(text, Backend::Sqlite), expected);
    }

    fn only(text: &str, backend: Backend) -> Token {
        let mut lexed = lex(text, backend);
        assert_eq!(lexed.tokens.len(), 1, "{text}: {:?}", lexed.tokens);
        lexed.tokens.remove(0).token
    }

    #[test]
    fn operators_are_cut_as_the_server_does() {
        postgres("a!=-1", "a¦!=-¦1");
        postgres("a<>-1", "a¦<>¦-¦1");
        postgres("a<+1", "a¦<¦+¦1");
        postgres("a=-1*-2", "a¦=¦-¦1¦*¦-¦2");
        postgres("a@-1", "a¦@-¦1");
        postgres("a&>b|>c", "a¦&>¦b¦|>¦c");
        postgres("a<-- b\n1", "a¦<¦1");
        postgres("a*/* b */1", "a¦*¦1");
        postgres("a->>'b'#>>'{c}'", "a¦->>¦'b'¦#>>¦'{c}'");
        postgres("x:=y::int[1:2]", "x¦:=¦y¦::¦int¦[¦1¦:¦2¦]");
        postgres("f(a=>-1)", "f¦(¦a¦=>¦-¦1¦)");
        sqlite("a<-1", "a¦<¦-¦1");
        sqlite("a||-1->>'$'", "a¦||¦-¦1¦->>¦'$'");
        sqlite("a==b!=c<>d<<e", "a¦==¦b¦!=¦c¦<>¦d¦<<¦e");
        assert_eq!(only("&>", Backend::Postgres), Token::CustomBinaryOperator("&>".to_owned()));
        assert_eq!(only("!=", Backend::Sqlite), Token::Neq);
    }

    #[test]
    fn numbers() {
        postgres("1 1.5 .5 1. 1e5 1.5e-10 1_000", "1¦1.5¦.5¦1.¦1e5¦1.5e-10¦1_000");
        postgres("0xFF 0o17 0b101 0x_1f", "0xFF¦0o17¦0b101¦0x_1f");
        postgres("1..3", "1¦.¦.¦3");
        postgres("a..5", "a¦.¦.¦5");
        postgres("12abc 1e 0b2 1_", "12¦abc¦1¦e¦0¦b2¦1¦_");
        sqlite("0x1F 1_0 1.e3", "0x1F¦1¦_0¦1.e3");
    }

    #[test]
    fn names() {
        postgres("a$b größe _x$1 é\u{a0}f", "a$b¦größe¦_x$1¦é\u{a0}f");
        postgres(r#""a""b"c"#, r#""a""b"¦c"#);
        sqlite("[a b]`c``d`", "[a b]¦`c``d`");
        let quoted = |value: &str, quote| {
            Token::Word(Word { value: value.to_owned(), quote_style: Some(quote), keyword: Keyword::NoKeyword })
        };
        assert_eq!(only(r#""a""b""#, Backend::Postgres), quoted("a\"b", '"'));
        assert_eq!(only(r#"U&"d\0061t\+000061""#, Backend::Postgres), quoted("data", '"'));
        assert_eq!(only("[a]", Backend::Sqlite), quoted("a", '['));
        postgres("t[1]", "t¦[¦1¦]");
    }

    #[test]
    fn strings() {
        assert_eq!(only("'it''s'", Backend::Postgres), Token::SingleQuotedString("it's".to_owned()));
        assert_eq!(only(r"'a\'", Backend::Postgres), Token::SingleQuotedString("a\\".to_owned()));
        let escaped = |text: &str| match only(text, Backend::Postgres) {
            Token::EscapedStringLiteral(value) => value,
            other => panic!("{other:?}"),
        };
        assert_eq!(escaped(r"E'a\'b''\n\\\t\q'"), "a'b'\n\\\tq");
        assert_eq!(escaped(r"e'\101\x41\u0041\U00000041\xc3\xa9é\é'"), "AAAAééé");
        assert_eq!(escaped(r"E'\uD83D\uDE00'"), "😀");
        assert_eq!(only(r"U&'\0041\\'", Backend::Postgres), Token::UnicodeStringLiteral("A\\".to_owned()));
        assert_eq!(only("U&'!0041'", Backend::Postgres), Token::UnicodeStringLiteral("!0041".to_owned()));
        assert_eq!(only("N'x'", Backend::Postgres), Token::NationalStringLiteral("x".to_owned()));
        assert_eq!(only("b'01'", Backend::Postgres), Token::SingleQuotedByteStringLiteral("01".to_owned()));
        assert_eq!(only("x'ff'", Backend::Sqlite), Token::HexStringLiteral("ff".to_owned()));
        sqlite("N'x'", "N¦'x'");
        postgres("be'x'", "be¦'x'");
    }

    #[test]
    fn dollars() {
        let dollar = |value: &str, tag: Option<&str>| {
            Token::DollarQuotedString(DollarQuotedString { value: value.to_owned(), tag: tag.map(str::to_owned) })
        };
        assert_eq!(only("$$a$b$$", Backend::Postgres), dollar("a$b", None));
        assert_eq!(only("$x$a$$b$y$x$", Backend::Postgres), dollar("a$$b$y", Some("x")));
        assert_eq!(only("$$$$", Backend::Postgres), dollar("", None));
        postgres("$1,$22", "$1¦,¦$22");
        sqlite("$name ?1 ? :a @b", "$name¦?1¦?¦:¦a¦@¦b");
    }

    #[test]
    fn comments() {
        let comments = |text: &str, backend| {
            lex(text, backend).comments.iter().map(|c| text[c.span.range()].to_owned()).collect::<Vec<_>>()
        };
        let text = "-- one\r\n/* two /* in */ */ -- three";
        assert_eq!(comments(text, Backend::Postgres), ["-- one", "/* two /* in */ */", "-- three"]);
        assert_eq!(comments("--\n/**/", Backend::Postgres), ["--", "/**/"]);
        assert_eq!(comments("/* a /* b */ c", Backend::Sqlite), ["/* a /* b */"]);
        assert_eq!(comments("/* open", Backend::Sqlite), ["/* open"]);
    }

    #[test]
    fn what_is_never_closed_is_said_where_it_opens() {
        for (text, message) in [
            ("SELECT 'a", "unterminated quoted string"),
            ("SELECT E'a\\'", "unterminated quoted string"),
            ("SELECT \"a", "unterminated quoted identifier"),
            ("SELECT $$a$", "unterminated dollar-quoted string"),
            ("SELECT /* /* */", "unterminated /* comment"),
            ("SELECT E'\\u12'", "invalid Unicode escape"),
        ] {
            let lexed = lex(text, Backend::Postgres);
            let error = lexed.error.unwrap();
            assert_eq!((lexed.tokens.len(), error.message.as_str()), (1, message), "{text}");
            assert_eq!(error.span.start, if message.starts_with("inv") { 9 } else { 7 }, "{text}");
        }
    }
}
