//! PostgreSQL's words: which may name what.

use std::cmp::Ordering;
use std::sync::LazyLock;

/// The four categories of `pg_get_keywords()`, from every server version that is read for.
static DATA: &str = include_str!("../../../data/postgres/keywords.txt");

/// Sorted by word. Where versions differ, the newest one's category counts: it is where a migration runs next.
static WORDS: LazyLock<Vec<(&'static str, Category)>> = LazyLock::new(|| {
    let mut words: Vec<(&str, Category)> = Vec::new();
    for line in DATA.lines().filter(|l| !l.starts_with('#')) {
        let mut fields = line.split('\t');
        let (Some(word), Some(category), Some(versions)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        if !(versions.is_empty() || versions.ends_with('-')) {
            continue;
        }
        let category = match category {
            "R" => Category::Reserved,
            "C" => Category::ColumnName,
            "T" => Category::FunctionName,
            _ => Category::Unreserved,
        };
        words.push((word, category));
    }
    words.sort_by_key(|(w, _)| *w);
    words
});

/// The words that all versions have.
static OLD: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let lines = DATA.lines().filter(|l| !l.starts_with('#'));
    let mut words: Vec<&str> =
        lines.filter_map(|l| l.split_once('\t')).filter(|(_, rest)| rest.ends_with('\t')).map(|(w, _)| w).collect();
    words.sort_unstable();
    words
});

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    /// Names anything.
    Unreserved,
    /// Names columns and tables; not functions or types.
    ColumnName,
    /// Names functions and types; not columns and tables.
    FunctionName,
    /// Names nothing without quotes.
    Reserved,
}

/// The words by their first letter and length: few have both.
static GROUPS: LazyLock<Vec<Vec<(&'static str, Category)>>> = LazyLock::new(|| {
    let mut groups = vec![Vec::new(); usize::from(b'z' - b'a' + 1) * (LONGEST + 1)];
    for (word, category) in WORDS.iter() {
        if let Some(at) = group(word) {
            groups[at].push((*word, *category));
        }
    }
    groups
});

/// The length of the longest words that are looked up: no keyword is longer.
const LONGEST: usize = 24;

/// Where a word's group stands.
fn group(word: &str) -> Option<usize> {
    let first = word.as_bytes().first()?.to_ascii_lowercase();
    let plain = first.is_ascii_lowercase() && word.len() <= LONGEST;
    plain.then(|| usize::from(first - b'a') * (LONGEST + 1) + word.len())
}

fn look_up(word: &str) -> Option<Category> {
    let group = &GROUPS[group(word)?];
    group.iter().find(|(w, _)| word.eq_ignore_ascii_case(w)).map(|(_, category)| *category)
}

/// The category of a word in any case; a word that is no keyword is like an unreserved one.
pub(super) fn category(word: &str) -> Category {
    look_up(word).unwrap_or(Category::Unreserved)
}

pub(super) fn is_keyword(word: &str) -> bool {
    look_up(word).is_some()
}

/// Whether a word is a keyword in every version.
pub(super) fn is_old_keyword(word: &str) -> bool {
    OLD.binary_search_by(|w| compare(w, word)).is_ok()
}

/// Every keyword, in small letters.
pub(super) fn all() -> Vec<&'static str> {
    WORDS.iter().map(|(w, _)| *w).collect()
}

fn compare(keyword: &str, word: &str) -> Ordering {
    keyword.bytes().cmp(word.bytes().map(|b| b.to_ascii_lowercase()))
}

/// Columns, tables and most objects (the grammar's `ColId`).
pub(super) fn is_name(word: &str) -> bool {
    matches!(category(word), Category::Unreserved | Category::ColumnName)
}

/// Functions, types, parameters (`type_function_name`).
pub(super) fn is_function_name(word: &str) -> bool {
    matches!(category(word), Category::Unreserved | Category::FunctionName)
}

/// Roles, languages, settings' values (`NonReservedWord`).
pub(super) fn is_not_reserved(word: &str) -> bool {
    category(word) != Category::Reserved
}
