//! What a command answers, for people and for programs.

use super::exit_code;
use crate::error::Error;
use crate::status::{State, Status};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use std::io::Write as _;

/// What a command answers.
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) json: Value,
    pub(super) code: u8,
}

impl Answer {
    /// The same for people and for programs.
    pub(super) fn of<T: std::fmt::Display + serde::Serialize>(value: &T) -> Answer {
        Answer { text: value.to_string(), json: to_json(value), code: 0 }
    }
}

/// Why a command was not done.
pub(super) struct Stop {
    message: String,
    code: u8,
    word: &'static str,
    sqlstate: Option<String>,
}

impl Stop {
    pub(super) fn usage(message: impl Into<String>) -> Stop {
        Stop { message: message.into(), code: 2, word: "usage", sqlstate: None }
    }

    pub(super) fn declined() -> Stop {
        Stop { message: "nothing was done: the answer was no".to_owned(), code: 7, word: "declined", sqlstate: None }
    }

    /// As ended by a signal, whatever the engine made of it.
    pub(super) fn signalled(self) -> Stop {
        Stop { code: 130, word: "stopped", ..self }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop {
            message: error.to_string(),
            code: exit_code(&error),
            word: error.code(),
            sqlstate: error.sqlstate().map(str::to_owned),
        }
    }
}

/// A value as JSON. What is serialised here has nothing in it that JSON lacks.
pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// Prints it, and answers the exit code.
pub(super) fn print(answer: Result<Answer, Stop>, as_json: bool) -> u8 {
    let (mut out, mut err) = (anstream::stdout().lock(), anstream::stderr().lock());
    // Where nobody reads any more there is nobody to tell.
    match answer {
        Ok(answer) => {
            let _ = if as_json { writeln!(out, "{:#}", answer.json) } else { writeln!(out, "{}", answer.text) };
            answer.code
        }
        Err(stop) => {
            let Stop { message, code, word, sqlstate } = stop;
            let _ = if as_json {
                let error = json!({ "code": word, "sqlstate": sqlstate, "message": message });
                writeln!(out, "{:#}", json!({ "error": error, "exit_code": code }))
            } else {
                let style = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
                writeln!(err, "{style}error{style:#}: {message}")
            };
            code
        }
    }
}

/// The table of states, coloured; where the stream is no terminal, it drops the colours.
pub(super) fn table(status: &Status) -> String {
    status.table(|state, word| {
        let colour = match state {
            State::Completed | State::Baselined => AnsiColor::Green,
            State::Failed => AnsiColor::Red,
            State::Running => AnsiColor::Cyan,
            State::Pending | State::Reverted => AnsiColor::Yellow,
        };
        let style = Style::new().fg_color(Some(colour.into()));
        format!("{style}{word}{style:#}")
    })
}
