//! Whether a literal can be a column's default: PostgreSQL tries it when the column is made.

use super::object::Type;
use super::{builtins, types};
use crate::change::Literal;

/// Why a literal cannot be a value of a type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// A number or a truth value that no assignment cast brings to the type: 42804, with the literal's own type.
    NoCast(&'static str),
    /// A text that the type does not read: 22P02, with the text.
    Unreadable(String),
}

/// What keeps a literal from being a value of a built-in type; `None` where it fits, or where that is not known here.
pub(crate) fn misfit(literal: &Literal, data_type: &Type) -> Option<Misfit> {
    if data_type.unknown || data_type.user.is_some() || data_type.array {
        return None;
    }
    let base = data_type.base.as_str();
    let from = match literal {
        Literal::Null => return None,
        Literal::Text(text) => return (!readable(text.trim(), base)).then(|| Misfit::Unreadable(text.clone())),
        Literal::Boolean(_) => "boolean",
        Literal::Number(digits) => number(digits),
    };
    // Every type has an assignment to those of the category string: its output (manual, CREATE CAST).
    let fits = from == base
        || types::builtin(base).is_none_or(|t| t.category == 'S')
        || builtins::cast(from, base).is_some_and(|context| context != 'e');
    (!fits).then_some(Misfit::NoCast(from))
}

/// The type that a number is read as (manual, 4.1.2.6).
fn number(digits: &str) -> &'static str {
    let digits = digits.trim_start_matches(['-', '+', ' ']);
    if digits.parse::<i32>().is_ok() {
        "integer"
    } else if digits.parse::<i64>().is_ok() {
        "bigint"
    } else if digits.starts_with("0x") || digits.starts_with("0o") || digits.starts_with("0b") {
        "integer"
    } else {
        "numeric"
    }
}

/// Whether a type's input function reads a text. Only what is surely refused is: how dates, addresses and documents
/// are read is the server's affair.
fn readable(text: &str, base: &str) -> bool {
    let unsigned = text.trim_start_matches(['-', '+']);
    let digit_first = unsigned.starts_with(|c: char| c.is_ascii_digit());
    match base {
        "smallint" | "integer" | "bigint" => digit_first,
        "numeric" | "real" | "double precision" => {
            let lower = unsigned.to_ascii_lowercase();
            digit_first || lower.starts_with('.') || lower.starts_with("nan") || lower.starts_with("inf")
        }
        "boolean" => {
            let lower = text.to_ascii_lowercase();
            let prefix_of = |word: &str| !lower.is_empty() && word.starts_with(&lower);
            // `o` alone could be on or off.
            let switch = lower.len() > 1 && (prefix_of("on") || prefix_of("off"));
            switch || lower == "0" || lower == "1" || ["true", "false", "yes", "no"].into_iter().any(prefix_of)
        }
        "uuid" => {
            let digits = text.chars().filter(|c| !matches!(c, '-' | '{' | '}'));
            let hexadecimal = text.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '-' | '{' | '}'));
            hexadecimal && digits.count() == 32
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(literal: &Literal, base: &str) -> bool {
        let base = base.to_owned();
        misfit(literal, &Type { text: base.clone(), base, user: None, array: false, unknown: false }).is_none()
    }

    /// Each line was tried on PostgreSQL 15 and 18.
    #[test]
    fn as_the_server_takes_them() {
        let number = |n: &str, t: &str| fits(&Literal::Number(n.to_owned()), t);
        for t in ["integer", "smallint", "bigint", "numeric", "real", "money", "oid", "text", "character varying"] {
            assert!(number("1", t), "{t}");
        }
        for t in ["boolean", "bytea", "json", "date", "interval", "inet", "uuid", "bit", "xml"] {
            assert!(!number("1", t), "{t}");
        }
        assert!(number("1.5", "integer") && !number("1.5", "boolean"));
        let truth = |t: &str| fits(&Literal::Boolean(true), t);
        assert!(truth("boolean") && truth("text") && !truth("integer") && !truth("date") && !truth("money"));
        let text = |s: &str, t: &str| fits(&Literal::Text(s.to_owned()), t);
        assert!(text("of", "boolean") && text(" TRUE ", "boolean") && !text("o", "boolean") && !text("", "boolean"));
        assert!(text(" -7 ", "integer") && text("0x1F", "integer") && !text("none", "integer") && !text("", "integer"));
        assert!(text("1e5", "numeric") && text("-Infinity", "real") && !text("x", "real"));
        assert!(text("{a0eebc999c0b4ef8bb6d6bb9bd380a11}", "uuid") && !text("x", "uuid"));
        assert!(text("anything", "text") && text("tomorrow", "date") && fits(&Literal::Null, "boolean"));
    }
}
