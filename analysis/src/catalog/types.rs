//! Types: the engine's own, from data files, and the user's.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::object::Type;
use super::{Catalog, Found, Key, Outcome, Problem};
use crate::change::TypeName;

/// A built-in type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Builtin {
    /// As `format_type()` writes it.
    pub(crate) text: &'static str,
    /// `pg_type.typcategory`.
    pub(crate) category: char,
    /// Of its category, the one that is taken where several would do.
    pub(crate) preferred: bool,
}

static POSTGRES_TYPES: &str = include_str!("../../data/postgres/types.txt");

/// PostgreSQL's own types by name; read when first asked.
fn builtins() -> &'static BTreeMap<&'static str, Builtin> {
    static TYPES: OnceLock<BTreeMap<&'static str, Builtin>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let mut all = BTreeMap::new();
        for line in POSTGRES_TYPES.lines().filter(|l| !l.starts_with('#')) {
            let mut parts = line.split('\t');
            if let (Some(name), Some(text), Some(category)) = (parts.next(), parts.next(), parts.next()) {
                let preferred = category.ends_with('!');
                all.insert(name, Builtin { text, category: category.chars().next().unwrap_or('U'), preferred });
            }
        }
        // Pseudo-types of columns that are not types at all.
        for serial in ["serial", "serial4", "bigserial", "serial8", "smallserial", "serial2"] {
            all.insert(
                serial,
                Builtin { text: serial_type(serial).unwrap_or("integer"), category: 'N', preferred: false },
            );
        }
        all
    })
}

/// A built-in type by the name a person writes or by what `format_type()` writes.
pub(crate) fn builtin(name: &str) -> Option<Builtin> {
    // By length: asked for with each column, and few names have the same.
    static BY_LENGTH: OnceLock<Vec<Vec<(&str, Builtin)>>> = OnceLock::new();
    let by_length = BY_LENGTH.get_or_init(|| {
        let mut all = builtins().clone();
        for own in builtins().values() {
            all.entry(own.text).or_insert(*own);
        }
        let longest = all.keys().map(|name| name.len()).max().unwrap_or(0);
        let mut by_length = vec![Vec::new(); longest + 1];
        for (name, own) in all {
            by_length[name.len()].push((name, own));
        }
        by_length
    });
    by_length.get(name.len())?.iter().find(|(n, _)| *n == name).map(|(_, own)| *own)
}

/// The column type that a serial stands for (manual, 8.1.4).
pub(crate) fn serial_type(name: &str) -> Option<&'static str> {
    Some(match name {
        "serial" | "serial4" => "integer",
        "bigserial" | "serial8" => "bigint",
        "smallserial" | "serial2" => "smallint",
        _ => return None,
    })
}

/// `text(mods)` in the place where `format_type()` has it: before `with time zone`.
fn with_modifiers(text: &str, modifiers: &[String]) -> String {
    if modifiers.is_empty() {
        return match text {
            "character" => "character(1)".to_owned(),
            "bit" => "bit(1)".to_owned(),
            other => other.to_owned(),
        };
    }
    let modifiers =
        if text == "numeric" && modifiers.len() == 1 { format!("{},0", modifiers[0]) } else { modifiers.join(",") };
    // A second has six digits; what is more is cut with a warning.
    let modifiers = match (text.split(' ').next(), modifiers.parse::<u32>()) {
        (Some("timestamp" | "time" | "interval"), Ok(7..)) => "6".to_owned(),
        _ => modifiers,
    };
    match text.split_once(' ') {
        Some((first @ ("timestamp" | "time"), rest)) => format!("{first}({modifiers}) {rest}"),
        _ => format!("{text}({modifiers})"),
    }
}

/// A name as SQL would have to write it.
pub(crate) fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '$');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

impl Catalog {
    /// Finds a type, or reports that it is not there.
    pub(crate) fn resolve_type(&mut self, name: &TypeName, out: &mut Outcome) -> Type {
        if !self.engine.checks_types {
            let mut text = name.name.text();
            if !name.modifiers.is_empty() {
                text = format!("{text}({})", name.modifiers.join(","));
            }
            return Type { base: text.clone(), text, user: None, array: false, unknown: false };
        }
        match self.lookup_type(name) {
            Some(t) => t,
            None => {
                let text = name.name.text();
                // Said already; looking for a suggestion costs most.
                if self.is_poisoned(&format!("type {text}")) {
                    return Type::unknown(&text);
                }
                if let Some(schema) = &name.name.schema {
                    let folded = self.folded(&schema.value);
                    if !self.schema_known(&folded) {
                        self.report_schema(schema, out);
                        return Type::unknown(&text);
                    }
                }
                let help = match name.name.name.value.as_str() {
                    "datetime" => Some("PostgreSQL calls it timestamp with time zone".to_owned()),
                    "tinyint" => Some("PostgreSQL has smallint, or boolean for yes and no".to_owned()),
                    "mediumtext" | "longtext" | "tinytext" => Some("PostgreSQL has text, without a limit".to_owned()),
                    "blob" | "varbinary" | "binary" | "longblob" => Some("PostgreSQL calls it bytea".to_owned()),
                    "double" => Some("PostgreSQL calls it double precision".to_owned()),
                    "nvarchar" => Some("PostgreSQL calls it varchar or text".to_owned()),
                    wrong => self.extension_of_type(wrong).map_or_else(
                        || {
                            let users = self.iter().filter_map(|(k, _)| match k {
                                Key::Type(_, n) => Some(n.as_str()),
                                _ => None,
                            });
                            out.suggestion(
                                wrong,
                                users.chain(builtins().keys().copied().filter(|k| !k.starts_with('_'))),
                            )
                        },
                        |e| Some(format!("it comes with an extension: CREATE EXTENSION IF NOT EXISTS {e};")),
                    ),
                };
                self.report(Problem::UndefinedType(text.clone()), name.name.span(), help, out);
                Type::unknown(&text)
            }
        }
    }

    /// A type by its name, or `None` where it is surely not there.
    pub(crate) fn lookup_type(&self, name: &TypeName) -> Option<Type> {
        if name.of_column {
            return Some(Type::unknown(&name.name.text()));
        }
        let array = name.dimensions > 0;
        let finish = |mut t: Type| {
            if array {
                t.text.push_str("[]");
                t.array = true;
            }
            t
        };
        let word = name.name.name.value.as_str();
        let in_catalog = name.name.schema.as_ref().is_none_or(|s| s.value == "pg_catalog");
        if name.keyword && word.starts_with("interval ") {
            let text = with_modifiers(word, &name.modifiers);
            return Some(finish(Type { text, base: "interval".to_owned(), user: None, array: false, unknown: false }));
        }
        if in_catalog && let Some(b) = builtin(word) {
            let base = b.text.to_owned();
            let text = with_modifiers(b.text, &name.modifiers);
            // `bpchar` and `char` differ: only the keyword means one character.
            let text =
                if !name.keyword && word == "bpchar" && name.modifiers.is_empty() { "bpchar".to_owned() } else { text };
            return Some(finish(Type { text, base, user: None, array: false, unknown: false }));
        }
        if let Found::Yes(key) = self.find(&name.name, Key::Type) {
            let text = self.type_text(&key);
            return Some(finish(Type { base: text.clone(), text, user: Some(key), array: false, unknown: false }));
        }
        if let Found::Yes(key) = self.find_relation(&name.name)
            && self.table(&key).is_some()
        {
            let text = self.type_text(&key);
            return Some(finish(Type { base: text.clone(), text, user: Some(key), array: false, unknown: false }));
        }
        // A leading underscore is the array type of the rest.
        if let Some(element) = word.strip_prefix('_') {
            let mut inner = name.clone();
            inner.name.name.value = element.to_owned();
            inner.dimensions = 1;
            if let Some(t) = self.lookup_type(&inner) {
                return Some(t);
            }
        }
        if self.extension_type_installed(word) {
            let text = with_modifiers(word, &name.modifiers);
            return Some(finish(Type { base: word.to_owned(), text, user: None, array: false, unknown: false }));
        }
        let system = name.name.schema.as_ref().is_some_and(|s| self.engine.system_schemas.contains(&s.value.as_str()));
        let unseen = || self.may_be_there(&Key::Type(String::new(), self.folded(word)));
        if system || unseen() || self.is_blurred(word) || self.unknown_extension_installed() {
            let text = with_modifiers(&name.name.text(), &name.modifiers);
            return Some(finish(Type::unknown(&text)));
        }
        None
    }

    /// A user's type as `format_type()` writes it: with its schema where that is not on the search path.
    pub(crate) fn type_text(&self, key: &Key) -> String {
        let name = quoted(key.name());
        if self.search_path.iter().any(|s| s == key.schema()) {
            name
        } else {
            format!("{}.{name}", quoted(key.schema()))
        }
    }

    /// A label that this transaction added to an enum cannot be used in it (manual, ALTER TYPE): an index that has it could
    /// not be undone. From 17 on it can be where the type is of the same transaction, too.
    pub(crate) fn label_too_soon(&self, key: &Key, label: &str) -> Option<(Problem, String)> {
        let young = self.young_labels.iter().find(|y| y.of == *key && y.label == label)?;
        if young.with_type && self.server_version.is_some_and(|(major, _)| major >= 17) {
            return None;
        }
        let problem = Problem::Other {
            rule: "enum-value-used-too-soon",
            sqlstate: Some("55P04"),
            message: format!("unsafe use of new value \"{label}\" of enum type {}", self.type_text(key)),
        };
        let help = if young.with_type {
            "name it in CREATE TYPE, or add it in a migration before this one"
        } else {
            "it can be used once it is committed: add it in a migration before this one"
        };
        Some((problem, help.to_owned()))
    }
}

/// What SQLite's CREATE TABLE … AS writes as the type of a column that is read from one of this type: the name of its
/// affinity ("CREATE TABLE", section 2.1; "Datatypes In SQLite", section 3.1).
pub(crate) fn affinity(declared: &str) -> &'static str {
    let declared = declared.to_ascii_lowercase();
    let has = |word: &str| declared.contains(word);
    match () {
        () if has("int") => "int",
        () if has("char") || has("clob") || has("text") => "text",
        () if has("blob") || declared.is_empty() => "",
        () if has("real") || has("floa") || has("doub") => "real",
        () => "num",
    }
}
