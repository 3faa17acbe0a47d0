//! Texts that a type's input function surely does not read: PostgreSQL tries it wherever a literal gets its type.

/// Why a text is not a value of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// 22P02.
    Syntax,
    /// 22007: dates, times and intervals.
    Moment,
    /// 22003.
    Range,
}

/// The type that a number is read as (manual, 4.1.2.6).
pub(super) fn number(digits: &str) -> &'static str {
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

/// What keeps a text from being a value of a built-in type; `None` where it is one, or where that is not known here: how
/// dates, addresses and documents are read is the server's affair.
pub(super) fn unreadable(text: &str, base: &str) -> Option<Unreadable> {
    let text = text.trim();
    let wrong = |wrong: bool| wrong.then_some(Unreadable::Syntax);
    let has_digit = text.bytes().any(|b| b.is_ascii_digit());
    match base {
        "smallint" => integer(text, i64::from(i16::MIN), i64::from(i16::MAX)),
        "integer" => integer(text, i64::from(i32::MIN), i64::from(i32::MAX)),
        "bigint" => integer(text, i64::MIN, i64::MAX),
        "numeric" | "real" | "double precision" => wrong(!is_number(text)),
        "boolean" => wrong(!is_truth(text)),
        "uuid" => wrong(!is_uuid(text)),
        "date"
        | "timestamp without time zone"
        | "timestamp with time zone"
        | "time without time zone"
        | "time with time zone" => {
            const WORDS: [&str; 7] = ["now", "today", "tomorrow", "yesterday", "epoch", "infinity", "allballs"];
            let lower = text.to_ascii_lowercase();
            let word = WORDS.iter().any(|w| lower.contains(w));
            (!has_digit && !word).then_some(Unreadable::Moment)
        }
        "interval" => (!has_digit && !text.to_ascii_lowercase().contains("inf")).then_some(Unreadable::Moment),
        "json" | "jsonb" => wrong(!is_json(text)),
        "inet" | "cidr" => wrong(!has_digit && !text.contains(':')),
        "point" | "box" | "line" | "lseg" | "path" | "polygon" | "circle" => wrong(!has_digit),
        multirange if multirange.ends_with("multirange") => wrong(!text.starts_with('{')),
        range if range.ends_with("range") => {
            wrong(!text.starts_with(['[', '(']) && !text.eq_ignore_ascii_case("empty"))
        }
        _ => None,
    }
}

/// Whether a text is surely no array: one begins with a brace, or with its bounds.
pub(super) fn not_an_array(text: &str) -> bool {
    !text.trim_start().starts_with(['{', '['])
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

/// Underscores and other bases are read from 16 on.
fn is_newer_number(unsigned: &str) -> bool {
    let based = ["0x", "0X", "0o", "0O", "0b", "0B"].iter().any(|p| unsigned.starts_with(p));
    based || unsigned.contains('_') && unsigned.starts_with(|c: char| c.is_ascii_digit())
}

fn integer(text: &str, least: i64, most: i64) -> Option<Unreadable> {
    let digits = unsigned(text);
    if is_newer_number(digits) {
        return None;
    }
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Unreadable::Syntax);
    }
    let fits = text.parse::<i64>().is_ok_and(|n| (least..=most).contains(&n));
    (!fits).then_some(Unreadable::Range)
}

fn is_number(text: &str) -> bool {
    let digits = unsigned(text);
    let lower = digits.to_ascii_lowercase();
    is_newer_number(digits)
        || matches!(lower.as_str(), "nan" | "inf" | "infinity")
        || digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && digits.parse::<f64>().is_ok()
}

fn is_truth(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let prefix_of = |word: &str| !lower.is_empty() && word.starts_with(&lower);
    // `o` alone could be on or off.
    let switch = lower.len() > 1 && (prefix_of("on") || prefix_of("off"));
    switch || lower == "0" || lower == "1" || ["true", "false", "yes", "no"].into_iter().any(prefix_of)
}

fn is_uuid(text: &str) -> bool {
    let hexadecimal = text.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '-' | '{' | '}'));
    hexadecimal && text.chars().filter(char::is_ascii_hexdigit).count() == 32
}

/// How many brackets a document may have before it counts as one unseen: it could nest as deep.
const MAX_JSON_DEPTH: usize = 64;

/// RFC 8259, without a look into the escapes of strings.
fn is_json(text: &str) -> bool {
    if text.bytes().filter(|b| matches!(b, b'[' | b'{')).count() > MAX_JSON_DEPTH {
        return true;
    }
    let mut rest = text.as_bytes();
    json_value(&mut rest) && {
        json_space(&mut rest);
        rest.is_empty()
    }
}

fn json_space(rest: &mut &[u8]) {
    *rest = rest.trim_ascii_start();
}

fn json_eat(rest: &mut &[u8], byte: u8) -> bool {
    json_space(rest);
    match rest.split_first() {
        Some((first, after)) if *first == byte => {
            *rest = after;
            true
        }
        _ => false,
    }
}

fn json_value(rest: &mut &[u8]) -> bool {
    json_space(rest);
    match rest.first() {
        Some(b'{') => json_list(rest, b'{', b'}', |rest| json_string(rest) && json_eat(rest, b':') && json_value(rest)),
        Some(b'[') => json_list(rest, b'[', b']', json_value),
        Some(b'"') => json_string(rest),
        Some(_) => {
            let end = rest.iter().position(|b| b",:]} \t\r\n{[\"".contains(b)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            *rest = after;
            let word = std::str::from_utf8(word).unwrap_or_default();
            let digits = word.strip_prefix('-').unwrap_or(word);
            let leads = digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
            let number = digits.starts_with(|c: char| c.is_ascii_digit()) && !digits.ends_with('.') && !leads;
            matches!(word, "true" | "false" | "null") || number && word.parse::<f64>().is_ok()
        }
        None => false,
    }
}

fn json_list(rest: &mut &[u8], open: u8, close: u8, mut item: impl FnMut(&mut &[u8]) -> bool) -> bool {
    if !json_eat(rest, open) {
        return false;
    }
    if json_eat(rest, close) {
        return true;
    }
    loop {
        if !item(rest) {
            return false;
        }
        if !json_eat(rest, b',') {
            return json_eat(rest, close);
        }
    }
}

fn json_string(rest: &mut &[u8]) -> bool {
    if !json_eat(rest, b'"') {
        return false;
    }
    while let Some((first, after)) = rest.split_first() {
        *rest = after;
        match first {
            b'"' => return true,
            b'\\' => *rest = rest.get(1..).unwrap_or_default(),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line was tried on PostgreSQL 15 and 18.
    #[test]
    fn as_the_server_reads_them() {
        let text = |s: &str, t: &str| unreadable(s, t).is_none();
        assert!(text("of", "boolean") && text(" TRUE ", "boolean") && !text("o", "boolean") && !text("", "boolean"));
        assert!(text(" -7 ", "integer") && text("0x1F", "integer") && !text("none", "integer") && !text("", "integer"));
        assert!(!text("1.5", "integer") && !text("1e5", "integer") && !text("--5", "integer"));
        assert_eq!(unreadable("40000", "smallint"), Some(Unreadable::Range));
        assert!(text("1e5", "numeric") && text("-Infinity", "real") && text(".5", "real") && !text("x", "real"));
        assert!(text("{a0eebc999c0b4ef8bb6d6bb9bd380a11}", "uuid") && !text("x", "uuid"));
        assert!(text("anything", "text") && text("tomorrow", "date") && text("2024-02-30x", "date"));
        assert_eq!(unreadable("abc", "timestamp with time zone"), Some(Unreadable::Moment));
        assert!(text("1 day", "interval") && !text("day", "interval") && !text("", "interval"));
        assert!(text("{1,2}", "point") && not_an_array("a,b") && !not_an_array(" {a}") && !not_an_array("[0:1]={1,2}"));
    }

    #[test]
    fn documents() {
        for good in ["{}", "[]", " [1, -2.5e3, \"a\\\"b\", null] ", "{\"a\": {\"b\": [true]}}", "0", "\"x\"", "-0.1"] {
            assert!(is_json(good), "{good}");
        }
        for bad in ["", "{", "{a: 1}", "[1,]", "{\"a\" 1}", "'a'", "abc", "01", "[1 2]", "\"a", "{\"a\":1}}", "1."] {
            assert!(!is_json(bad), "{bad}");
        }
        assert!(is_json(&"[".repeat(100)), "too deep to be looked at");
    }
}
