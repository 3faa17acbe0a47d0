//! The grammar of this engine.

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{Cursor, R, Syntax, expression};
use crate::change::Change;
use crate::config::Backend;

pub(super) static SYNTAX: Syntax = Syntax {
    backend: Backend::Postgres,
    dialect: &PostgreSqlDialect {},
    statement,
    is_name,
    fold,
    outside_transaction,
    opens_body,
};

fn statement(c: &mut Cursor<'_>) -> R<Change> {
    expression::dml(c)
}

fn is_name(word: &str) -> bool {
    let _ = word;
    true
}

fn fold(word: &str) -> String {
    word.to_lowercase()
}

fn outside_transaction(change: &Change, tokens: &[TokenWithSpan]) -> bool {
    let _ = (change, tokens);
    false
}

fn opens_body(words: &[&str], at: &Token, next: Option<&Token>) -> bool {
    let _ = (words, at, next);
    false
}
