//! Sequences and their options, which identity columns have too.

use sqlparser::tokenizer::Token;

use super::Prefix;
use super::common::{alter_tail_if, if_exists, if_not_exists};
use crate::change::{Change, Ident, Name, ObjectKind, Target};
use crate::syntax::{Cursor, R, SyntaxError};

pub(super) fn create(c: &mut Cursor<'_>, prefix: &Prefix) -> R<Change> {
    let if_not_exists = if_not_exists(c)?;
    let name = c.name()?;
    let mut options = Options::default();
    while options.one(c)? {}
    let owned_by = options.owned_by.flatten();
    Ok(Change::CreateSequence { name, if_not_exists, temporary: prefix.temporary, owned_by })
}

pub(super) fn alter(c: &mut Cursor<'_>) -> R<Change> {
    let if_exists = if_exists(c);
    let name = c.name()?;
    if let Some(change) =
        alter_tail_if(c, ObjectKind::Sequence, &Target::plain(name.clone()), if_exists, "ALTER SEQUENCE")?
    {
        return Ok(change);
    }
    if c.at_words("SET LOGGED") || c.at_words("SET UNLOGGED") {
        c.needs(15, "ALTER SEQUENCE … SET LOGGED", c.mark())?;
        c.advance();
        c.advance();
        return Ok(Change::AlterSequence { name, if_exists, owned_by: None });
    }
    let mut options = Options::default();
    if !options.one(c)? {
        return Err(c.expected("a sequence option: RESTART, OWNED BY, INCREMENT BY …"));
    }
    while options.one(c)? {}
    Ok(Change::AlterSequence { name, if_exists, owned_by: options.owned_by })
}

/// `(START 1 INCREMENT 2)` of an identity column, where it is there: the name that it gives to its sequence.
pub(super) fn of_identity(c: &mut Cursor<'_>) -> R<Option<Name>> {
    if !c.at_token(&Token::LParen) {
        return Ok(None);
    }
    c.parens(|c| {
        // The sequence's type is the column's.
        let mut options = Options { seen: vec!["AS"], named: true, ..Options::default() };
        if !options.one(c)? {
            return Err(c.expected("a sequence option: START, INCREMENT, MINVALUE, MAXVALUE, CACHE or CYCLE"));
        }
        while options.one(c)? {}
        Ok(options.name)
    })
}

/// The options of a sequence as they are read.
#[derive(Default)]
pub(super) struct Options {
    /// `OWNED BY NONE` is `Some(None)`.
    #[allow(clippy::option_option, reason = "not said, NONE, and a column are three things")]
    owned_by: Option<Option<(Name, Ident)>>,
    name: Option<Name>,
    /// Whether SEQUENCE NAME may come.
    named: bool,
    /// Those that were said: none may be said again, nor together with its opposite.
    seen: Vec<&'static str>,
}

impl Options {
    /// One option, if one comes.
    pub(super) fn one(&mut self, c: &mut Cursor<'_>) -> R<bool> {
        const ALL: &[&str] =
            &["AS", "CACHE", "CYCLE", "INCREMENT", "MAXVALUE", "MINVALUE", "OWNED", "RESTART", "SEQUENCE", "START"];
        let mark = c.mark();
        let word = ALL.iter().find(|word| if c.at("NO") { c.at_nth(1, word) } else { c.at(word) });
        if !option(c, &mut self.owned_by, &mut self.name)? {
            return Ok(false);
        }
        let Some(word) = word else { return Ok(true) };
        let span = c.span_from(mark);
        if *word == "SEQUENCE" && !self.named {
            return Err(SyntaxError::new("syntax-error", span, "invalid sequence option SEQUENCE NAME"));
        }
        if self.seen.contains(word) {
            return Err(SyntaxError::new("syntax-error", span, "conflicting or redundant options"));
        }
        self.seen.push(word);
        Ok(true)
    }
}

#[allow(clippy::option_option, reason = "not said, NONE, and a column are three things")]
fn option(c: &mut Cursor<'_>, owned_by: &mut Option<Option<(Name, Ident)>>, named: &mut Option<Name>) -> R<bool> {
    if c.eat("AS") {
        let t = super::types::type_name(c)?;
        let whole = ["smallint", "integer", "bigint", "int2", "int4", "int8"].contains(&t.name.name.value.as_str());
        if !whole || t.dimensions > 0 {
            let message = "sequence type must be smallint, integer, or bigint";
            return Err(SyntaxError::new("invalid-definition", t.span, message));
        }
    } else if c.eat("CACHE") || c.eat("MAXVALUE") || c.eat("MINVALUE") {
        c.number()?;
    } else if c.at("LOGGED") || c.at("UNLOGGED") {
        c.needs(15, "LOGGED or UNLOGGED of a sequence", c.mark())?;
        c.advance();
    } else if c.eat("CYCLE") {
    } else if c.eat("NO") {
        if c.eat_any(&["CYCLE", "MAXVALUE", "MINVALUE"]).is_none() {
            return Err(c.expected("CYCLE, MAXVALUE or MINVALUE"));
        }
    } else if c.eat("INCREMENT") {
        c.eat("BY");
        c.number()?;
    } else if c.eat("OWNED") {
        c.expect("BY")?;
        *owned_by = Some(owner(c)?);
    } else if c.eat_words("SEQUENCE NAME") {
        *named = Some(c.name()?);
    } else if c.eat("START") {
        c.eat("WITH");
        c.number()?;
    } else if c.eat("RESTART") {
        let with = c.eat("WITH");
        if with || is_number(c) {
            c.number()?;
        }
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn is_number(c: &Cursor<'_>) -> bool {
    matches!(c.peek(), Token::Number(..) | Token::Plus | Token::Minus)
}

/// `NONE`, `t.c`, `s.t.c`.
fn owner(c: &mut Cursor<'_>) -> R<Option<(Name, Ident)>> {
    let mut parts = vec![c.ident()?];
    while c.eat_token(&Token::Period) {
        parts.push(c.label_name()?);
    }
    let last = parts.pop();
    let (Some(column), Some(table)) = (last.clone(), parts.pop()) else {
        let Some(only) = last else { return Ok(None) };
        if only.value == "none" {
            return Ok(None);
        }
        return Err(SyntaxError::new("syntax-error", only.span, "invalid OWNED BY option")
            .label("expected table.column or NONE")
            .help("specify OWNED BY table.column or OWNED BY NONE"));
    };
    Ok(Some((Name { schema: parts.pop(), name: table }, column)))
}
