//! How far calling a function reaches, from the words of its body.

use sqlparser::tokenizer::Token;

use super::string_of;
use crate::config::Backend;
use crate::syntax::{lex, word_of};

/// How far a function's body reaches into the schema when it is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// It reads and writes rows.
    #[default]
    Rows,
    /// It makes or drops triggers, as set-up functions do (`EXECUTE format('CREATE TRIGGER … ON %s', …)`).
    Triggers,
    /// The same, with nothing in it that would let a second call pass: it makes a trigger that is there.
    TriggersOnce,
    /// DDL of any kind, or EXECUTE of a text that is not known.
    Everything,
}

/// How far a function's body reaches.
pub(crate) fn reach(body: &str) -> Reach {
    let lexed = lex(body, Backend::Postgres);
    if lexed.error.is_some() {
        return Reach::Everything;
    }
    let tokens = &lexed.tokens;
    let word = |i: usize| tokens.get(i).map_or("", |t| word_of(&t.token));
    let is = |i: usize, words: &[&str]| words.iter().any(|w| w.eq_ignore_ascii_case(word(i)));
    let text = |i: usize| tokens.get(i).and_then(|t| string_of(&t.token));
    let reach = |i: usize| {
        let starts = i == 0
            || matches!(tokens[i - 1].token, Token::SemiColon | Token::ShiftRight)
            || is(i - 1, &["BEGIN", "THEN", "ELSE", "LOOP", "ATOMIC"]);
        if !starts {
            return Reach::Rows;
        }
        if is(i, &["CREATE"]) {
            // A temporary table goes with its session.
            return if is(i + 1, &["TEMP", "TEMPORARY"]) { Reach::Rows } else { Reach::Everything };
        }
        if is(i, &["EXECUTE"]) {
            let executed = if is(i + 1, &["format"]) { text(i + 3) } else { text(i + 1) };
            return executed.map_or(Reach::Everything, text_reach);
        }
        if is(i, &["ALTER", "DROP", "DO", "CALL", "IMPORT"]) { Reach::Everything } else { Reach::Rows }
    };
    let guarded = (0..tokens.len()).any(|i| is(i, &["EXISTS", "EXCEPTION"]) || text(i).is_some_and(has_guard));
    match (0..tokens.len()).map(reach).max().unwrap_or_default() {
        Reach::TriggersOnce if guarded => Reach::Triggers,
        other => other,
    }
}

fn has_guard(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    text.contains("OR REPLACE") || text.contains("EXISTS")
}

/// How far a statement reaches whose beginning is known.
fn text_reach(text: &str) -> Reach {
    let words: Vec<String> = text.split_whitespace().take(4).map(str::to_ascii_uppercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["CREATE", "TRIGGER", ..] | ["CREATE", "CONSTRAINT", "TRIGGER", ..] => Reach::TriggersOnce,
        ["DROP", "TRIGGER", ..] | ["CREATE", "OR", "REPLACE", "TRIGGER"] => Reach::Triggers,
        _ if ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE"]
            .contains(&first_word(text).as_str()) =>
        {
            Reach::Rows
        }
        _ => Reach::Everything,
    }
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_ascii_alphabetic()).collect::<String>().to_ascii_uppercase()
}
