//! Types as information_schema.columns writes them, what can point at what, and defaults that a column cannot have.

use super::super::object::Type;
use super::super::{Catalog, Outcome};
use crate::change::{Charset, ColumnSpec, Literal, TypeSpec};

/// A table's character set and collation, as its definition keeps them.
pub(super) fn table_charset(c: &Charset) -> String {
    match (&c.charset, &c.collation) {
        (None, None) => String::new(),
        (charset, collation) => {
            let charset = charset.clone().or_else(|| collation.as_deref().map(|c| charset_of(c).to_owned()));
            format!("charset {} collate {}", charset.unwrap_or_default(), collation.as_deref().unwrap_or_default())
        }
    }
}

/// `utf8mb4` of `utf8mb4_unicode_ci`.
fn charset_of(collation: &str) -> &str {
    collation.split('_').next().unwrap_or_default()
}

/// `utf8` and `utf8mb3` are one.
fn same_charset(a: &str, b: &str) -> bool {
    let plain = |c: &str| if c == "utf8" { "utf8mb3".to_owned() } else { c.to_owned() };
    plain(a) == plain(b)
}

/// The catalog's type of a column: its text, and behind a bar in `base` the character set where one is known.
pub(super) fn column_type(t: &TypeSpec, table: &str, mariadb: bool) -> Type {
    let own = table_charset(&t.charset);
    let charset = if own.is_empty() { table } else { &own };
    let base = if is_text(&t.base) && !charset.is_empty() { format!("{}|{charset}", t.base) } else { t.base.clone() };
    Type { text: text(t, mariadb), base, user: None, array: false, unknown: false }
}

/// After CONVERT TO CHARACTER SET.
pub(super) fn converted(t: &Type, to: &Charset) -> Type {
    let word = t.base.split('|').next().unwrap_or_default();
    if !is_text(word) {
        return t.clone();
    }
    Type { base: format!("{word}|{}", table_charset(to)), ..t.clone() }
}

fn is_text(base: &str) -> bool {
    matches!(base, "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set")
}

fn text(t: &TypeSpec, mariadb: bool) -> String {
    let first = t.modifiers.first().map(String::as_str);
    let width = |w: &str| match first {
        Some(given) if mariadb || t.zerofill || (t.base == "tinyint" && given == "1" && !t.unsigned) => {
            format!("({given})")
        }
        None if mariadb || t.zerofill => format!("({w})"),
        _ => String::new(),
    };
    let sign = |signed: &'static str, unsigned: &'static str| if t.unsigned { unsigned } else { signed };
    let mut out = match t.base.as_str() {
        "tinyint" => format!("tinyint{}", width(sign("4", "3"))),
        "smallint" => format!("smallint{}", width(sign("6", "5"))),
        "mediumint" => format!("mediumint{}", width(sign("9", "8"))),
        "int" => format!("int{}", width(sign("11", "10"))),
        "bigint" => format!("bigint{}", width("20")),
        "decimal" => match t.modifiers.as_slice() {
            [p, s, ..] => format!("decimal({p},{s})"),
            [p] => format!("decimal({p},0)"),
            [] => "decimal(10,0)".to_owned(),
        },
        // One number is how many bits it must hold.
        "float" => match t.modifiers.as_slice() {
            [p, s, ..] => format!("float({p},{s})"),
            [p] if p.parse::<u32>().is_ok_and(|p| p > 24) => "double".to_owned(),
            _ => "float".to_owned(),
        },
        "double" => match t.modifiers.as_slice() {
            [p, s, ..] => format!("double({p},{s})"),
            _ => "double".to_owned(),
        },
        "bit" | "char" | "binary" => format!("{}({})", t.base, first.unwrap_or("1")),
        "varchar" | "varbinary" | "vector" => format!("{}({})", t.base, first.unwrap_or_default()),
        "enum" | "set" => format!("{}({})", t.base, t.modifiers.join(",")),
        "time" | "datetime" | "timestamp" => match first {
            Some(n) if n != "0" => format!("{}({n})", t.base),
            _ => t.base.clone(),
        },
        "year" if mariadb => "year(4)".to_owned(),
        "json" if mariadb => "longtext".to_owned(),
        // With a length it is the smallest that holds it.
        "text" | "blob" => match first.and_then(|n| n.parse::<u64>().ok()) {
            Some(n) => {
                let bytes = if t.base == "text" { n.saturating_mul(4) } else { n };
                let size = match bytes {
                    0..=255 => "tiny",
                    256..=65_535 => "",
                    65_536..=16_777_215 => "medium",
                    _ => "long",
                };
                format!("{size}{}", t.base)
            }
            None => t.base.clone(),
        },
        other => other.to_owned(),
    };
    if t.unsigned {
        out.push_str(" unsigned");
    }
    if t.zerofill {
        out.push_str(" zerofill");
    }
    out
}

/// Whether AUTO_INCREMENT can be said of it.
pub(super) fn counts(t: &TypeSpec) -> bool {
    matches!(t.base.as_str(), "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "float" | "double")
}

/// What a foreign key compares, as far as it is told apart here (InnoDB: integers by size and sign, text by character set
/// and collation).
pub(super) fn comparable(own: &Type, referenced: &Type) -> bool {
    let (a, b) = (class(own), class(referenced));
    if a != b {
        return a.is_empty() || b.is_empty();
    }
    if a != "text" {
        return true;
    }
    match (charset_in(own), charset_in(referenced)) {
        (Some((ca, la)), Some((cb, lb))) => {
            (ca.is_empty() || cb.is_empty() || same_charset(ca, cb)) && (la.is_empty() || lb.is_empty() || la == lb)
        }
        _ => true,
    }
}

/// `charset x collate y` of a type.
fn charset_in(t: &Type) -> Option<(&str, &str)> {
    let mut words = t.base.split_once('|')?.1.split(' ');
    let (mut charset, mut collation) = ("", "");
    while let Some(word) = words.next() {
        match word {
            "charset" => charset = words.next().unwrap_or_default(),
            "collate" => collation = words.next().unwrap_or_default(),
            _ => {}
        }
    }
    Some((charset, collation))
}

/// A word for types that can be compared with each other; empty where that is not known.
fn class(t: &Type) -> String {
    if t.unknown {
        return String::new();
    }
    let base = t.base.split('|').next().unwrap_or_default();
    match base {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => {
            format!("{base}{}", if t.text.contains("unsigned") { " unsigned" } else { "" })
        }
        "char" | "varchar" => "text".to_owned(),
        "tinytext" | "text" | "mediumtext" | "longtext" | "json" | "tinyblob" | "blob" | "mediumblob" | "longblob" => {
            "large".to_owned()
        }
        "float" | "double" => base.to_owned(),
        _ => String::new(),
    }
}

/// Whether a key needs a length of it.
pub(super) fn is_large(t: &Type) -> bool {
    class(t) == "large"
}

impl Catalog {
    /// A default that the column cannot have, whatever the mode.
    pub(super) fn check_mysql_default(&mut self, c: &ColumnSpec, out: &mut Outcome) {
        let Some(default) = &c.default else { return };
        let base = c.data_type.base.as_str();
        let large = matches!(
            base,
            "tinytext"
                | "text"
                | "mediumtext"
                | "longtext"
                | "json"
                | "tinyblob"
                | "blob"
                | "mediumblob"
                | "longblob"
                | "geometry"
                | "point"
        );
        let parenthesised = default.literal.is_none();
        if large && !self.is_mariadb() && !parenthesised && default.literal != Some(Literal::Null) {
            let text = format!("BLOB, TEXT, GEOMETRY or JSON column '{}' can't have a default value", c.name.value);
            let help = format!("MySQL takes an expression: DEFAULT ({})", default.text);
            self.report(super::problem("default-type-mismatch", 1101, &text), default.span, Some(help), out);
            return;
        }
        let invalid = match &default.literal {
            Some(Literal::Null) => c.not_null == Some(true),
            Some(Literal::Text(value)) => match base {
                "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "float" | "double" => {
                    !is_numeric(value)
                }
                "enum" => {
                    let quoted = format!("'{}'", value.replace('\'', "''"));
                    !c.data_type.modifiers.iter().any(|l| l.eq_ignore_ascii_case(&quoted))
                }
                "set" => value.split(',').filter(|v| !v.is_empty()).any(|v| {
                    let quoted = format!("'{}'", v.replace('\'', "''"));
                    !c.data_type.modifiers.iter().any(|l| l.eq_ignore_ascii_case(&quoted))
                }),
                "char" | "varchar" => {
                    let most = c.data_type.modifiers.first().map_or(Some(1), |m| m.parse::<usize>().ok());
                    most.is_some_and(|m| value.trim_end().chars().count() > m)
                }
                "date" | "datetime" | "timestamp" => !value.bytes().any(|b| b.is_ascii_digit()),
                _ => false,
            },
            _ => false,
        };
        if invalid {
            let text = format!("Invalid default value for '{}'", c.name.value);
            self.report(super::problem("default-type-mismatch", 1067, &text), default.span, None, out);
        }
    }
}

/// A number with nothing behind it.
fn is_numeric(value: &str) -> bool {
    value.trim().parse::<f64>().is_ok()
}
