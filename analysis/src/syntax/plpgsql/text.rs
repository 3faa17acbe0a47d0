//! SQL that stands inside a literal: its text without the quotes, and where each byte of it stands in the file.

use sqlparser::tokenizer::TokenWithSpan;

use crate::config::Backend;
use crate::span::Span;
use crate::syntax::{SyntaxError, end_of, lex, place, start_of};

/// A text put together from literals of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    text: String,
    pieces: Vec<Piece>,
}

/// A run of the text that stands in one place of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    /// Where it starts in the text.
    at: usize,
    /// Where it stands in the file.
    file: Span,
    /// Byte for byte the same there.
    exact: bool,
}

impl Text {
    /// The value of a string constant. `span` is the constant with its quotes.
    pub(super) fn of_literal(value: &str, span: Span, file: &str) -> Self {
        let raw = file.get(span.range()).unwrap_or_default();
        let exact = |start: usize| Self {
            text: value.to_owned(),
            pieces: vec![Piece { at: 0, file: Span::new(start, start + value.len()), exact: true }],
        };
        if raw == value {
            return exact(span.start);
        }
        if let Some(rest) = raw.strip_prefix('$') {
            let open = rest.find('$').map_or(0, |n| n + 2);
            if raw.get(open..open + value.len()) == Some(value) {
                return exact(span.start + open);
            }
        }
        Self::of_quoted(value, raw, span).unwrap_or_else(|| Self::plain(value, span))
    }

    /// `'it''s'`: each doubled quote is one. `E'it\'s'`: so is a backslash and what follows it, but for numbered characters.
    fn of_quoted(value: &str, raw: &str, span: Span) -> Option<Self> {
        let escapes = raw.starts_with(['E', 'e']);
        let inner = raw.get(usize::from(escapes)..)?.strip_prefix('\'')?.strip_suffix('\'')?;
        let start = span.end - 1 - inner.len();
        let mut out = Self::default();
        let mut run = 0;
        let mut chars = inner.char_indices();
        while let Some((i, c)) = chars.next() {
            if c != '\'' && !(escapes && c == '\\') {
                continue;
            }
            out.push_exact(&inner[run..i], start + run);
            let (j, second) = chars.next()?;
            let meant = match second {
                _ if c == '\'' => '\'',
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            };
            run = j + second.len_utf8();
            out.pieces.push(Piece { at: out.text.len(), file: Span::new(start + i, start + run), exact: true });
            out.text.push(meant);
        }
        out.push_exact(&inner[run..], start + run);
        (out.text == value).then_some(out)
    }

    /// A text that stands for what is at `span`.
    pub(super) fn plain(text: &str, span: Span) -> Self {
        Self { text: text.to_owned(), pieces: vec![Piece { at: 0, file: span, exact: false }] }
    }

    fn push_exact(&mut self, text: &str, at: usize) {
        if !text.is_empty() {
            self.pieces.push(Piece { at: self.text.len(), file: Span::new(at, at + text.len()), exact: true });
            self.text.push_str(text);
        }
    }

    /// Appends a text.
    pub(super) fn push(&mut self, other: &Self) {
        let by = self.text.len();
        self.pieces.extend(other.pieces.iter().map(|p| Piece { at: p.at + by, ..p.clone() }));
        self.text.push_str(&other.text);
    }

    /// The part between two bytes of the text.
    pub(super) fn slice(&self, from: usize, to: usize) -> Self {
        let mut out = Self { text: self.text[from..to].to_owned(), pieces: Vec::new() };
        for (i, p) in self.pieces.iter().enumerate() {
            let end = self.pieces.get(i + 1).map_or(self.text.len(), |n| n.at);
            if p.at >= to || end <= from {
                continue;
            }
            let mut file = p.file;
            if p.exact {
                file.start += from.saturating_sub(p.at);
                if to < end {
                    file.end = p.file.start + (to - p.at);
                }
            }
            out.pieces.push(Piece { at: p.at.max(from) - from, file, exact: p.exact });
        }
        out
    }

    /// Where the part between two bytes of the text stands in the file.
    pub(super) fn place(&self, from: usize, to: usize) -> Span {
        let start = self.start(from);
        Span::new(start, self.end(to).max(start))
    }

    /// Whether it is longer than any SQL that somebody would put together: such a text is not followed further, for a
    /// few lines that double it again and again could fill any memory.
    pub(super) fn is_too_long(&self) -> bool {
        self.text.len() > 1 << 20
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The piece that a byte of the text is in, and where that piece ends in the text.
    fn piece(&self, at: usize) -> Option<(&Piece, usize)> {
        let after = self.pieces.partition_point(|p| p.at <= at);
        let end = self.pieces.get(after).map_or(self.text.len(), |p| p.at);
        Some((self.pieces.get(after.checked_sub(1)?)?, end))
    }

    fn start(&self, at: usize) -> usize {
        self.piece(at).map_or(0, |(p, _)| (p.file.start + (at - p.at)).min(p.file.end))
    }

    fn end(&self, at: usize) -> usize {
        let Some(last) = at.checked_sub(1) else { return self.start(0) };
        match self.piece(last) {
            Some((p, end)) if at < end => (p.file.start + (at - p.at)).min(p.file.end),
            Some((p, _)) => p.file.end,
            None => 0,
        }
    }

    /// Its tokens, with their places in the file. Places rise strictly, as every grammar expects: where a text that was put
    /// in is longer than what stands for it, the places after it are moved on. `None` where the file has no room for that.
    pub(super) fn lex(&self, file: &str, backend: Backend) -> Result<Option<Vec<TokenWithSpan>>, SyntaxError> {
        let lexed = lex(&self.text, backend);
        if let Some(mut e) = lexed.error {
            let (start, end) = (self.start(e.span.start), self.end(e.span.end));
            e.span = Span::new(boundary(file, start), boundary(file, end.max(start)));
            return Err(e);
        }
        let mut free = 0;
        let mut places = Vec::with_capacity(lexed.tokens.len());
        for t in &lexed.tokens {
            let start = boundary(file, self.start(start_of(t)).max(free));
            if start >= file.len() {
                return Ok(None);
            }
            free = boundary(file, start + 1);
            places.push(Span::new(start, boundary(file, self.end(end_of(t))).max(free)));
        }
        for i in 1..places.len() {
            places[i - 1].end = places[i - 1].end.min(places[i].start);
        }
        let tokens = lexed.tokens.into_iter().zip(places);
        Ok(Some(tokens.map(|(t, p)| TokenWithSpan::new(t.token, place(p.start, p.end))).collect()))
    }
}

/// The first place at or after a byte where a character starts.
fn boundary(file: &str, mut at: usize) -> usize {
    at = at.min(file.len());
    while !file.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn places(text: &Text, file: &str) -> Vec<String> {
        let tokens = text.lex(file, Backend::Postgres).unwrap().unwrap();
        tokens.iter().map(|t| file[start_of(t)..end_of(t)].to_owned()).collect()
    }

    #[test]
    fn each_token_is_found_in_the_file() {
        let file = "EXECUTE $q$DROP TABLE \"é\"$q$";
        let text = Text::of_literal("DROP TABLE \"é\"", Span::new(8, file.len()), file);
        assert_eq!(places(&text, file), ["DROP", "TABLE", "\"é\""]);
        let file = "EXECUTE 'ALTER TYPE m ADD VALUE ''é'' AFTER ''b'''";
        let text = Text::of_literal("ALTER TYPE m ADD VALUE 'é' AFTER 'b'", Span::new(8, file.len()), file);
        assert_eq!(places(&text, file), ["ALTER", "TYPE", "m", "ADD", "VALUE", "''é''", "AFTER", "''b''"]);
        let file = "DO 'a \"é\" DEFAULT ''x''; END'";
        let text = Text::of_literal("a \"é\" DEFAULT 'x'; END", Span::new(3, file.len()), file);
        assert_eq!(places(&text, file), ["a", "\"é\"", "DEFAULT", "''x''", ";", "END"]);
        let file = r"E'a \'x\'\n; \u0041'";
        let text = Text::of_literal("a 'x'\n; A", Span::new(0, file.len()), file);
        assert_eq!(places(&text, file)[0], "E", "what is not followed stands for the whole");
        let file = r"E'a \'x\'\n;'";
        let text = Text::of_literal("a 'x'\n;", Span::new(0, file.len()), file);
        assert_eq!(places(&text, file), ["a", r"\'x\'", ";"]);
    }

    #[test]
    fn what_is_put_in_stands_where_it_was_asked_for() {
        let file = "format('DROP TABLE %I CASCADE', 'users') -- and more";
        let format = Text::of_literal("DROP TABLE %I CASCADE", Span::new(7, 30), file);
        let mut text = format.slice(0, 11);
        text.push(&Text::plain("\"users\"", Span::new(19, 21)));
        text.push(&format.slice(13, 21));
        assert_eq!(text.as_str(), "DROP TABLE \"users\" CASCADE");
        assert_eq!(places(&text, file), ["DROP", "TABLE", "%I", "CASCADE"]);
    }

    #[test]
    fn a_longer_text_moves_what_follows_and_no_two_tokens_share_a_place() {
        let file = "format('A %s B', x) -- and more of the file";
        let mut text = Text::of_literal("A ", Span::new(7, 15), file).slice(0, 2);
        text.push(&Text::plain("a.b.c.d", Span::new(10, 12)));
        text.push(&Text::plain(" B", Span::new(12, 14)));
        let tokens = text.lex(file, Backend::Postgres).unwrap().unwrap();
        let starts: Vec<usize> = tokens.iter().map(start_of).collect();
        assert!(starts.windows(2).all(|w| w[0] < w[1]), "{starts:?}");
        assert_eq!(Text::plain("a b c", Span::new(0, 1)).lex("ab", Backend::Postgres), Ok(None));
    }
}
