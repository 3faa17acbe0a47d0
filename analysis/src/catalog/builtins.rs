//! What the engine and the known extensions bring along, from data files made on real servers.
//!
//! The files are sorted, so a name is found where it stands: nothing is read before it is asked for, and nothing is
//! built. See `analysis/data/generate.py` for their form.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// PostgreSQL's own functions.
static FUNCTIONS: &str = include_str!("../../data/postgres/functions.txt");

/// SQLite's.
static SQLITE_FUNCTIONS: &str = include_str!("../../data/sqlite/functions.txt");

/// PostgreSQL's own operator classes, by access method.
static OPERATOR_CLASSES: &str = include_str!("../../data/postgres/opclasses.txt");

/// Its operators.
static OPERATORS: &str = include_str!("../../data/postgres/operators.txt");

/// Its casts.
static CASTS: &str = include_str!("../../data/postgres/casts.txt");

/// Its system catalogs and the information schema.
static RELATIONS: &str = include_str!("../../data/postgres/relations.txt");

/// The extensions whose contents are known, with their files.
static EXTENSIONS: &[(&str, &str)] = include!("../../data/postgres/extensions.in");

/// Procedural languages: their files are not read, because nothing that they bring is called by name.
const LANGUAGES: &[&str] =
    &["plpgsql", "plperl", "plperlu", "plpython3u", "pltcl", "pltclu", "plv8", "bool_plperl", "jsonb_plpython3u"];

/// The lines of a sorted file that begin with `key` and a tab, without those two.
fn lines(file: &'static str, key: &str) -> impl Iterator<Item = &'static str> + use<> {
    // A tab sorts before all that names are made of, so a name stands before the longer ones that begin with it.
    let key = format!("{key}\t");
    let (mut low, mut high) = (0, file.len());
    // Both are starts of lines, and the first line that is not before the key lies between them.
    while low < high {
        let middle = low + (high - low) / 2;
        let start = file[low..middle].rfind('\n').map_or(low, |n| low + n + 1);
        let end = file[start..].find('\n').map_or(file.len(), |n| start + n + 1);
        let line = &file[start..end];
        // Operators begin with `#`, too; the header's lines go on with a space.
        if line.starts_with("# ") || *line < *key {
            low = end;
        } else {
            high = start;
        }
    }
    file[low..].lines().map_while(move |line| line.strip_prefix(&key))
}

/// Whether a function that a line describes can be called with so many arguments; `None` is any number.
fn takes(line: &str, count: Option<usize>) -> bool {
    let mut fields = line.split('\t');
    let (Some(types), Some(defaults), _, kind) = (fields.next(), fields.next(), fields.next(), fields.next()) else {
        return false;
    };
    // An aggregate's arguments may stand in WITHIN GROUP.
    let Some(count) = count.filter(|_| kind != Some("a")) else { return true };
    let written = if types.is_empty() { 0 } else { types.split(',').count() };
    let variadic = types.contains("VARIADIC");
    let least = written - defaults.parse().unwrap_or(0).min(written) - usize::from(variadic);
    // `concat("any" …)` takes none of its last ones, or any number of them.
    count >= least && (variadic || count <= written)
}

/// Whether PostgreSQL has a function of this name that takes so many arguments; `None` is any number.
pub(crate) fn function(name: &str, arguments: Option<usize>) -> bool {
    lines(FUNCTIONS, name).any(|line| takes(line, arguments))
}

/// The same of SQLite, whatever its version and options: `pragma_…` functions answer what their pragmas do.
pub(crate) fn sqlite_function(name: &str, arguments: Option<usize>) -> bool {
    let takes = |count: &str, given: usize| match count.strip_suffix('+') {
        Some(least) => least.parse().is_ok_and(|least: usize| given >= least),
        None => count.parse() == Ok(given),
    };
    name.starts_with("pragma_")
        || lines(SQLITE_FUNCTIONS, name)
            .any(|counts| arguments.is_none_or(|given| counts.split(',').any(|count| takes(count, given))))
}

/// The names of SQLite's functions.
pub(crate) fn sqlite_function_names() -> impl Iterator<Item = &'static str> {
    SQLITE_FUNCTIONS.lines().filter(|line| !line.starts_with("# ")).filter_map(|line| line.split('\t').next())
}

/// Whether PostgreSQL has an access method of this name for indexes.
pub(crate) fn index_method(name: &str) -> bool {
    static METHODS: OnceLock<BTreeSet<&str>> = OnceLock::new();
    let lines = || OPERATOR_CLASSES.lines().filter(|line| !line.starts_with("# "));
    METHODS.get_or_init(|| lines().filter_map(|line| line.split('\t').next()).collect()).contains(name)
}

/// Whether PostgreSQL has an operator class of this name for an access method.
pub(crate) fn operator_class(method: &str, name: &str) -> bool {
    lines(OPERATOR_CLASSES, &format!("{method}\t{name}")).next().is_some()
}

/// The cast from one type to another, both as `format_type()` writes them: `i` is done by itself, `a` in assignments
/// too, `e` only where it is written.
pub(crate) fn cast(from: &str, to: &str) -> Option<char> {
    lines(CASTS, &format!("{from}\t{to}")).next()?.chars().next()
}

/// The columns of one of PostgreSQL's own relations, of whatever version, each with its type where versions agree;
/// none where there is no such relation.
pub(crate) fn relation_columns(schema: &str, name: &str) -> Vec<(&'static str, Option<&'static str>)> {
    let mut all: Vec<(&'static str, Option<&'static str>)> = Vec::new();
    for line in lines(RELATIONS, &format!("{schema}\t{name}")) {
        let columns = line.split('\t').nth(1).unwrap_or_default();
        for (column, of) in columns.split(',').filter_map(|c| c.split_once(' ')) {
            match all.iter_mut().find(|(n, _)| *n == column) {
                Some((_, known)) if *known != Some(of) => *known = None,
                Some(_) => {}
                None => all.push((column, Some(of))),
            }
        }
    }
    all
}

/// The relation of PostgreSQL's that was meant, where a name is that of one but for a slip.
pub(crate) fn misspelt_relation(schema: &str, name: &str) -> Option<&'static str> {
    let slips = if name.len() < 8 { 1 } else { 2 };
    lines(RELATIONS, schema)
        .filter_map(|line| line.split('\t').next())
        .filter(|known| known.len().abs_diff(name.len()) <= slips)
        .find(|known| strsim::osa_distance(known, name) <= slips)
}

/// PostgreSQL's functions of a name: arguments, defaults, result, kind, volatility, versions.
pub(crate) fn functions(name: &str) -> impl Iterator<Item = &'static str> + use<> {
    lines(FUNCTIONS, name)
}

/// PostgreSQL's operators of a name: left, right, result, versions.
pub(crate) fn operators(name: &str) -> impl Iterator<Item = &'static str> + use<> {
    lines(OPERATORS, name)
}

/// What the operator for exactly these operands answers; the left one is empty before an operand.
pub(crate) fn operator(name: &str, left: &str, right: &str) -> Option<&'static str> {
    lines(OPERATORS, &format!("{name}\t{left}\t{right}")).next()?.split('\t').next()
}

/// The default operator class of a type for an access method.
pub(crate) fn default_class(method: &str, name: &str) -> Option<&'static str> {
    static DEFAULTS: OnceLock<BTreeMap<(&str, &str), &str>> = OnceLock::new();
    let defaults = DEFAULTS.get_or_init(|| {
        let lines = OPERATOR_CLASSES.lines().filter(|line| !line.starts_with("# "));
        let defaults = lines.filter_map(|line| {
            let mut fields = line.split('\t');
            let (method, class, of) = (fields.next()?, fields.next()?, fields.next()?);
            (fields.next()? == "default").then_some(((of, method), class))
        });
        defaults.collect()
    });
    defaults.get(&(name, method)).copied()
}

fn default_among(mut lines: impl Iterator<Item = &'static str>, name: &str) -> Option<&'static str> {
    lines.find_map(|line| {
        let mut fields = line.split('\t');
        let class = fields.next()?;
        (fields.next()? == name && fields.next()? == "default").then_some(class)
    })
}

/// The types that an operator class is for.
pub(crate) fn class_types(method: &str, class: &str) -> impl Iterator<Item = &'static str> + use<> {
    lines(OPERATOR_CLASSES, &format!("{method}\t{class}")).filter_map(|line| line.split('\t').next())
}

/// The names of PostgreSQL's own functions, for a suggestion.
pub(crate) fn function_names<'a>() -> impl Iterator<Item = &'a str> {
    FUNCTIONS.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split('\t').next())
}

/// What is known of an extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extension {
    pub(crate) name: &'static str,
    file: &'static str,
}

impl Extension {
    /// Whether it has a type of this name.
    pub(crate) fn has_type(self, name: &str) -> bool {
        lines(self.file, &format!("type\t{name}")).next().is_some()
    }

    /// `pg_type.typcategory` of its type of this name.
    pub(crate) fn category(self, name: &str) -> Option<char> {
        lines(self.file, &format!("type\t{name}")).next()?.split('\t').nth(1)?.chars().next()
    }

    /// The context of its cast from one type to another.
    pub(crate) fn cast(self, from: &str, to: &str) -> Option<char> {
        lines(self.file, &format!("cast\t{from}\t{to}")).next()?.chars().next()
    }

    /// Its functions of a name.
    pub(crate) fn functions(self, name: &str) -> impl Iterator<Item = &'static str> + use<> {
        lines(self.file, &format!("function\t{name}"))
    }

    /// Its operators of a name.
    pub(crate) fn operators(self, name: &str) -> impl Iterator<Item = &'static str> + use<> {
        lines(self.file, &format!("operator\t{name}"))
    }

    /// What its operator for exactly these operands answers.
    pub(crate) fn operator(self, name: &str, left: &str, right: &str) -> Option<&'static str> {
        lines(self.file, &format!("operator\t{name}\t{left}\t{right}")).next()?.split('\t').next()
    }

    /// Its default operator class of a type for an access method.
    pub(crate) fn default_class(self, method: &str, name: &str) -> Option<&'static str> {
        default_among(lines(self.file, &format!("opclass\t{method}")), name)
    }

    /// The types that its operator class is for.
    pub(crate) fn class_types(self, method: &str, class: &str) -> impl Iterator<Item = &'static str> + use<> {
        lines(self.file, &format!("opclass\t{method}\t{class}")).filter_map(|line| line.split('\t').next())
    }

    /// Whether it has a function of this name that takes so many arguments; `None` is any number.
    pub(crate) fn has_function(self, name: &str, arguments: Option<usize>) -> bool {
        lines(self.file, &format!("function\t{name}")).any(|line| takes(line, arguments))
    }

    /// Whether it has an access method of this name.
    pub(crate) fn has_method(self, name: &str) -> bool {
        lines(self.file, &format!("method\t{name}")).next().is_some()
    }

    /// Whether it has an operator class of this name for an access method.
    pub(crate) fn has_operator_class(self, method: &str, name: &str) -> bool {
        lines(self.file, &format!("opclass\t{method}\t{name}")).next().is_some()
    }

    /// The extensions that it needs, and that CASCADE brings along.
    pub(crate) fn requires(self) -> impl Iterator<Item = Extension> {
        lines(self.file, "requires").filter_map(|line| extension(line.split('\t').next()?))
    }

    /// Its name as SQL has to write it.
    pub(crate) fn written(self) -> String {
        super::types::quoted(self.name)
    }
}

/// An extension by its name, where its contents are known.
pub(crate) fn extension(name: &str) -> Option<Extension> {
    if let Some(language) = LANGUAGES.iter().find(|l| **l == name) {
        return Some(Extension { name: language, file: "" });
    }
    let at = EXTENSIONS.binary_search_by(|(n, _)| (*n).cmp(name)).ok()?;
    let (name, file) = EXTENSIONS[at];
    Some(Extension { name, file })
}

/// All extensions whose contents are known.
pub(crate) fn extensions() -> impl Iterator<Item = Extension> {
    EXTENSIONS.iter().map(|(name, file)| Extension { name, file })
}

/// The extension that was meant, where a name is that of a known one but for a slip. There are extensions that nobody
/// here knows, so a name must be long, and the slip small and inside it.
pub(crate) fn misspelt_extension(name: &str) -> Option<&'static str> {
    if extension(name).is_some() || name.len() < 5 {
        return None;
    }
    let slips = if name.len() < 8 { 1 } else { 2 };
    extensions()
        .map(|e| e.name)
        .filter(|known| !known.starts_with(name) && !name.starts_with(known))
        .find(|known| strsim::osa_distance(known, name) <= slips)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_name_is_one() {
        for (wrong, meant) in [
            ("citxet", "citext"),
            ("pgcyrpto", "pgcrypto"),
            ("pg_tgrm", "pg_trgm"),
            ("uuid_ossp", "uuid-ossp"),
            ("pg_tsat_statements", "pg_stat_statements"),
        ] {
            assert_eq!(misspelt_extension(wrong), Some(meant));
        }
        for other in [
            "citext",
            "pg_stat_kcache",
            "pg_stat_monitor",
            "pg_cron",
            "pg_ivm",
            "pg_tle",
            "pgtap",
            "pgmq",
            "pgroonga",
            "vectors",
            "vector",
            "postgis",
            "timescaledb",
            "citus",
            "semver",
            "prefix",
            "hypopg",
            "rum",
            "hll",
            "h3",
            "age",
            "http",
            "pg_hint_plan",
            "pg_partman",
            "pg_repack",
            "pgaudit",
            "pgjwt",
            "pgsodium",
            "pg_net",
            "pg_graphql",
            "pg_uuidv7",
            "ip4r",
            "orafce",
            "tdigest",
            "topn",
            "periods",
            "temporal_tables",
            "unit",
            "wrappers",
            "supabase_vault",
        ] {
            assert_eq!(misspelt_extension(other), None, "{other}");
        }
    }

    #[test]
    fn every_line_is_found_by_its_name() {
        for name in function_names() {
            assert!(function(name, None), "{name}");
        }
        assert_eq!(function_names().count(), FUNCTIONS.lines().count() - 2);
        for extension in extensions() {
            for line in extension.file.lines().filter(|l| !l.starts_with('#')) {
                let mut fields = line.split('\t');
                match (fields.next(), fields.next()) {
                    (Some("type"), Some(name)) => assert!(extension.has_type(name), "{} {name}", extension.name),
                    (Some("function"), Some(name)) => {
                        assert!(extension.has_function(name, None), "{} {name}", extension.name);
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn arguments_are_counted() {
        assert!(function("now", Some(0)));
        assert!(!function("now", Some(1)));
        assert!(function("generate_series", Some(3)) && !function("generate_series", Some(1)));
        // Defaults: make_interval(days => 1).
        assert!(function("make_interval", Some(1)) && !function("make_interval", Some(8)));
        // VARIADIC "any".
        assert!(function("concat", Some(9)) && function("format", Some(1)) && function("format", Some(5)));
        // The aggregated argument stands elsewhere.
        assert!(function("percentile_cont", Some(1)));
        assert!(!function("gen_random_uid", None) && !function("", None) && !function("zzz", None));
    }

    #[test]
    fn casts_have_a_context() {
        assert_eq!(cast("integer", "bigint"), Some('i'));
        assert_eq!(cast("bigint", "integer"), Some('a'));
        assert_eq!(cast("integer", "boolean"), Some('e'));
        assert_eq!(cast("integer", "uuid"), None);
    }

    #[test]
    fn extensions_bring_what_they_bring() {
        let has = |extension_name: &str, name: &str| extension(extension_name).unwrap().has_function(name, None);
        assert!(has("uuid-ossp", "uuid_generate_v4") && has("pgcrypto", "crypt") && has("unaccent", "unaccent"));
        assert!(extension("citext").unwrap().has_type("citext") && extension("hstore").unwrap().has_type("hstore"));
        assert_eq!(extension("earthdistance").unwrap().requires().map(|e| e.name).collect::<Vec<_>>(), ["cube"]);
        assert_eq!(extension("uuid-ossp").unwrap().written(), "\"uuid-ossp\"");
        assert!(extension("pg_trgm").unwrap().has_operator_class("gin", "gin_trgm_ops"));
        assert!(extension("bloom").unwrap().has_method("bloom") && index_method("brin") && !index_method("btere"));
        assert!(operator_class("btree", "text_pattern_ops") && !operator_class("gin", "text_pattern_ops"));
        assert!(
            extension("plpgsql").is_some()
                && extension("timescaledb").is_none()
                && extension("postgis").unwrap().has_type("geometry")
        );
    }
}
