//! Conditions that ask a system catalog, answered from this one.
//!
//! A catalog of the engine is the rows that this catalog would have there: `pg_constraint` is the constraints of its
//! tables. The names of relations and columns are those of PostgreSQL's manual, "System Catalogs" and "The Information
//! Schema". What is not kept here is unknown; a condition is answered only where no unknown can change the answer.

use super::functions::name_in_text;
use super::object::{Column, Constraint, ConstraintType, Key, Object, Table, TableKind, Type, UserTypeKind};
use super::{Catalog, mysql, types};
use crate::change::{Action, CatalogQuery, Condition, ObjectKind};
use crate::span::Span;

/// Whether a condition holds; `None` where that is known only when it runs.
pub(crate) fn holds(condition: &Condition, catalog: &Catalog) -> Option<bool> {
    match condition {
        Condition::Constant(b) => Some(*b),
        Condition::Unknown => None,
        Condition::ZeroVariable(name) => catalog.session.is_zero(name),
        Condition::Not(c) => holds(c, catalog).map(|b| !b),
        // What is false (or true, for OR) decides, whatever is unknown beside it.
        Condition::And(all) => decided(all.iter().map(|c| holds(c, catalog)), false),
        Condition::Or(all) => decided(all.iter().map(|c| holds(c, catalog)), true),
        Condition::Resolves { kind, name } => resolves(*kind, name, catalog),
        Condition::Exists(query) if catalog.engine.commits_each_change => mysql::information::exists(query, catalog),
        Condition::Exists(query) => exists(query, catalog),
    }
}

fn decided(answers: impl Iterator<Item = Option<bool>>, by: bool) -> Option<bool> {
    let mut answer = Some(!by);
    for a in answers {
        match a {
            Some(b) if b == by => return Some(by),
            Some(_) => {}
            None => answer = None,
        }
    }
    answer
}

/// Not found under this name: surely not there, unless something unreadable may have made it.
fn absent(name: &str, catalog: &Catalog) -> Option<bool> {
    if catalog.may_be_anything(name) { None } else { Some(false) }
}

/// `to_regclass('x') IS NOT NULL` and its like.
fn resolves(kind: ObjectKind, text: &str, catalog: &Catalog) -> Option<bool> {
    let name = name_in_text(text.trim(), Span::default());
    let word = name.name.value.as_str();
    let schema = name.schema.as_ref().map(|s| s.value.as_str());
    let system = schema.is_some_and(|s| catalog.is_system(s));
    let is_there = |key: &dyn Fn(String, String) -> Key| {
        let has = |s: &str| catalog.has(&key(s.to_owned(), catalog.folded(word)));
        match schema {
            Some(s) => has(s),
            None => catalog.search_path.iter().any(|s| has(s)) || has("pg_temp"),
        }
    };
    let there = match kind {
        ObjectKind::Schema => catalog.has(&Key::Schema(word.to_owned())) || catalog.is_system(word),
        ObjectKind::Table if system || (schema.is_none() && word.starts_with("pg_")) => return None,
        ObjectKind::Table => is_there(&Key::Relation),
        ObjectKind::Type => {
            let plain = text.split(['(', '[']).next().unwrap_or_default().trim();
            let builtin = schema.is_none_or(|s| s == "pg_catalog")
                && (types::builtin(word).is_some() || types::builtin(&plain.to_lowercase()).is_some());
            if !builtin && (system || plain != text.trim()) {
                return None;
            }
            let relation = is_there(&Key::Relation)
                && catalog
                    .search_path
                    .iter()
                    .map(String::as_str)
                    .chain(schema)
                    .any(|s| catalog.table(&Key::Relation(s.to_owned(), word.to_owned())).is_some());
            builtin || is_there(&Key::Type) || relation || extension_brings(word, catalog)
        }
        ObjectKind::Function => {
            let plain = text.split('(').next().unwrap_or_default().trim();
            let name = name_in_text(plain, Span::default());
            return match catalog.find(&name, Key::Function) {
                // One of several, or one with these arguments: the engine looks closer.
                super::Found::Yes(key) => match catalog.get(&key) {
                    Some(Object::Function(all)) if all.len() == 1 && plain == text.trim() => Some(true),
                    _ => None,
                },
                super::Found::Perhaps => None,
                super::Found::No => function_absent(&name.name.value, catalog),
            };
        }
        _ => return None,
    };
    if there { Some(true) } else { absent(word, catalog) }
}

/// Types mostly have the name of their extension, where the extension is for one.
fn extension_brings(type_name: &str, catalog: &Catalog) -> bool {
    catalog.has(&Key::Extension(type_name.to_owned())) || catalog.extension_type_installed(type_name)
}

fn function_absent(name: &str, catalog: &Catalog) -> Option<bool> {
    if catalog.extension_function_installed(name) {
        return Some(true);
    }
    if catalog.unknown_extension_installed() || is_builtin_function(name) { None } else { absent(name, catalog) }
}

fn is_builtin_function(name: &str) -> bool {
    static FUNCTIONS: &str = include_str!("../../data/postgres/functions.txt");
    FUNCTIONS.lines().any(|l| l.strip_prefix(name).is_some_and(|rest| rest.starts_with('\t')))
}

// ---- rows

/// What a column of a row holds.
#[derive(Clone, Debug)]
enum Cell {
    Text(String),
    Flag(bool),
    /// The `oid` of another object.
    Object(Key),
    Null,
    Unknown,
}

/// A row of a system catalog. A column that is not among the cells is not kept here.
#[derive(Debug)]
struct Row {
    cells: Vec<(&'static str, Cell)>,
    /// Whether some servers have it and others do not.
    perhaps: bool,
}

fn text(s: &str) -> Cell {
    Cell::Text(s.to_owned())
}

fn schema(key: &Key) -> Cell {
    Cell::Object(Key::Schema(key.schema().to_owned()))
}

fn row(cells: Vec<(&'static str, Cell)>) -> Row {
    Row { cells, perhaps: false }
}

fn exists(query: &CatalogQuery, catalog: &Catalog) -> Option<bool> {
    let relation = query.relations.first()?;
    let asked = Asked { catalog, filters: &query.filters };
    let mut perhaps = false;
    let mut found = false;
    let known = asked.rows(relation, &mut |row| match asked.matches(&row) {
        Some(true) if !query.partial && !row.perhaps => found = true,
        Some(false) => {}
        _ => perhaps = true,
    });
    match (found, perhaps, known) {
        (true, _, _) => Some(true),
        (false, false, true) => {
            let mut asked = query.filters.iter().flat_map(|(_, values)| values);
            asked.all(|value| absent(value, catalog).is_some()).then_some(false)
        }
        _ => None,
    }
}

/// A query put to a catalog.
struct Asked<'a> {
    catalog: &'a Catalog,
    filters: &'a [(String, Vec<String>)],
}

impl<'a> Asked<'a> {
    /// What a column must be, where the query says it.
    fn wanted(&self, columns: &[&str]) -> Option<&'a [String]> {
        self.filters.iter().find(|(c, _)| columns.contains(&c.as_str())).map(|(_, v)| v.as_slice())
    }

    /// Whether a name can be meant: rows are made for these alone.
    fn may_be(&self, columns: &[&str], name: &str) -> bool {
        self.wanted(columns).is_none_or(|values| values.iter().any(|v| v == name))
    }

    /// Whether a row passes every filter; `None` where that hangs on what is not known.
    fn matches(&self, row: &Row) -> Option<bool> {
        decided(
            self.filters.iter().map(|(path, values)| {
                let cell = self.cell(row, path);
                decided(values.iter().map(|v| self.equals(&cell, v)), true)
            }),
            false,
        )
    }

    fn cell(&self, row: &Row, path: &str) -> Cell {
        let get = |cells: &[(&str, Cell)], column: &str| {
            cells.iter().find(|(c, _)| *c == column).map_or(Cell::Unknown, |(_, cell)| cell.clone())
        };
        let whole = get(&row.cells, path);
        if !matches!(whole, Cell::Unknown) {
            return whole;
        }
        let mut steps = path.split('.');
        let mut cell = get(&row.cells, steps.next().unwrap_or_default());
        for column in steps {
            cell = match cell {
                Cell::Object(key) => get(&self.object(&key), column),
                _ => Cell::Unknown,
            };
        }
        cell
    }

    fn equals(&self, cell: &Cell, value: &str) -> Option<bool> {
        let on_path = |schema: &str| self.catalog.search_path.iter().any(|s| s == schema);
        match cell {
            Cell::Unknown => None,
            Cell::Null => Some(false),
            Cell::Flag(b) => Some(matches!(value, "true" | "t" | "1" | "yes" | "on") == *b),
            Cell::Text(s) => Some(match value {
                "current_schema()" => self.catalog.search_path.first() == Some(s),
                "current_schemas()" => on_path(s),
                value => s == value,
            }),
            Cell::Object(Key::Schema(s)) => self.equals(&Cell::Text(s.clone()), value),
            // A name as an oid: `'public.users'::regclass`.
            Cell::Object(key) => {
                let name = name_in_text(value.split('(').next().unwrap_or_default(), Span::default());
                let here = match &name.schema {
                    Some(s) => s.value == key.schema(),
                    None => on_path(key.schema()) || key.schema() == "pg_temp",
                };
                Some(here && key.name() == self.catalog.folded(&name.name.value))
            }
        }
    }

    /// The row that an `oid` stands for.
    fn object(&self, key: &Key) -> Vec<(&'static str, Cell)> {
        match key {
            Key::Schema(s) => vec![("nspname", text(s)), ("oid", Cell::Object(key.clone()))],
            Key::Relation(..) => match self.catalog.get(key) {
                Some(object) => relation(key, object),
                None => Vec::new(),
            },
            Key::Type(..) => match self.catalog.get(key) {
                Some(Object::Type(t)) => type_row(key, &t.kind),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// All objects of a namespace by the names that are asked for, or all there are.
    fn objects(
        &self,
        names: &[&str],
        oids: &[&str],
        key: impl Fn(String, String) -> Key,
        is: impl Fn(&Key) -> bool,
    ) -> Vec<(&'a Key, &'a Object)> {
        let mut wanted: Vec<String> = match (self.wanted(names), self.wanted(oids)) {
            (Some(names), _) => names.to_vec(),
            (None, Some(oids)) => {
                oids.iter().map(|v| self.catalog.folded(&name_in_text(v, Span::default()).name.value)).collect()
            }
            (None, None) => {
                let first = key(String::new(), String::new());
                let all = self.catalog.objects.range(first..).take_while(|(k, _)| is(k));
                return all.map(|(k, o)| (k, o.as_ref())).collect();
            }
        };
        wanted.sort();
        wanted.dedup();
        let schemas = self.catalog.iter().map_while(|(k, _)| match k {
            Key::Schema(s) => Some(s.as_str()),
            _ => None,
        });
        let keys = schemas
            .chain(["pg_temp"])
            .flat_map(|s| wanted.iter().map(|n| key(s.to_owned(), n.clone())).collect::<Vec<_>>());
        keys.filter_map(|k| self.catalog.objects.range(k.clone()..=k).next()).map(|(k, o)| (k, o.as_ref())).collect()
    }

    fn relations(&self, names: &[&str], oids: &[&str]) -> Vec<(&'a Key, &'a Object)> {
        self.objects(names, oids, Key::Relation, |k| matches!(k, Key::Relation(..)))
    }

    fn tables(&self, names: &[&str], oids: &[&str]) -> Vec<(&'a Key, &'a Table)> {
        let all = self.relations(names, oids).into_iter();
        all.filter_map(|(k, o)| if let Object::Table(t) = o { Some((k, t)) } else { None }).collect()
    }

    /// The tables that may have a constraint or a trigger that is asked for, by their names or by its own.
    fn tables_with(&self, names: &[&str], oids: &[&str], parts: &[&str]) -> Vec<(&'a Key, &'a Table)> {
        match self.wanted(parts) {
            Some(wanted) if self.wanted(names).is_none() && self.wanted(oids).is_none() => {
                let homes = self.catalog.whereabouts.borrow_mut().of(wanted, |key| self.catalog.get(key));
                let found = homes.into_iter().filter_map(|k| self.catalog.objects.range(k.clone()..=k).next());
                found.filter_map(|(k, o)| if let Object::Table(t) = &**o { Some((k, t)) } else { None }).collect()
            }
            _ => self.tables(names, oids),
        }
    }

    /// Each row of a system catalog; `false` where there may be more than are known here.
    #[allow(clippy::too_many_lines, reason = "one arm a catalog, each a few lines")]
    fn rows(&self, relation_name: &str, each: &mut dyn FnMut(Row)) -> bool {
        let catalog = self.catalog;
        match relation_name {
            "pg_namespace" => {
                for (k, _) in catalog.iter().filter(|(k, _)| matches!(k, Key::Schema(_))) {
                    each(row(vec![("nspname", text(k.name()))]));
                }
                for s in ["pg_catalog", "information_schema", "pg_toast"] {
                    each(row(vec![("nspname", text(s))]));
                }
            }
            "information_schema.schemata" => {
                for (k, _) in catalog.iter().filter(|(k, _)| matches!(k, Key::Schema(_))) {
                    each(row(vec![("schema_name", text(k.name()))]));
                }
                for s in ["pg_catalog", "information_schema", "pg_toast"] {
                    each(row(vec![("schema_name", text(s))]));
                }
            }
            "pg_class" => {
                for (k, o) in self.relations(&["relname"], &["oid"]) {
                    each(row(relation(k, o)));
                }
                return !self.asks_for_system(&["relname"]);
            }
            "pg_tables" | "pg_views" | "pg_matviews" | "pg_sequences" | "pg_indexes" => {
                let name = match relation_name {
                    "pg_tables" => "tablename",
                    "pg_views" => "viewname",
                    "pg_matviews" => "matviewname",
                    "pg_sequences" => "sequencename",
                    _ => "indexname",
                };
                for (k, o) in self.relations(&[name], &[]) {
                    let table = match (relation_name, o) {
                        ("pg_indexes", Object::Index(table)) => text(table.name()),
                        ("pg_indexes", _) => continue,
                        ("pg_tables", Object::Table(t))
                            if matches!(t.kind, TableKind::Table | TableKind::Partitioned) =>
                        {
                            Cell::Unknown
                        }
                        ("pg_views", Object::Table(t)) if t.kind == TableKind::View => Cell::Unknown,
                        ("pg_matviews", Object::Table(t)) if t.kind == TableKind::MaterializedView => Cell::Unknown,
                        ("pg_sequences", Object::Sequence { .. }) => Cell::Unknown,
                        _ => continue,
                    };
                    let mut cells = vec![("schemaname", text(k.schema())), (name, text(k.name()))];
                    if relation_name == "pg_indexes" {
                        cells.push(("tablename", table));
                    }
                    each(row(cells));
                }
                return !self.asks_for_system(&[name]);
            }
            "pg_index" => {
                for (k, o) in self.relations(&["indexrelid.relname"], &["indexrelid"]) {
                    let Object::Index(owner) = o else { continue };
                    let Some(table) = catalog.table(owner) else { continue };
                    let index = table.indexes.iter().find(|i| catalog.same(&i.name, k.name()));
                    let primary = table.primary_key().is_some_and(|c| catalog.same(&c.name, k.name()));
                    each(row(vec![
                        ("indexrelid", Cell::Object(k.clone())),
                        ("indrelid", Cell::Object(owner.clone())),
                        ("indisunique", index.map_or(Cell::Unknown, |i| Cell::Flag(i.unique))),
                        ("indisprimary", Cell::Flag(primary)),
                        ("indisvalid", Cell::Flag(true)),
                        ("indisready", Cell::Flag(true)),
                    ]));
                }
            }
            "pg_attribute" => {
                for (k, t) in self.tables(&["attrelid.relname"], &["attrelid"]) {
                    for c in t.columns.iter().filter(|c| self.may_be(&["attname"], &c.name)) {
                        each(row(attribute(k, c)));
                    }
                    if t.open {
                        each(row(vec![("attrelid", Cell::Object(k.clone())), ("attisdropped", Cell::Flag(false))]));
                    }
                }
            }
            "pg_constraint" => {
                for (k, t) in self.tables_with(&["conrelid.relname"], &["conrelid"], &["conname"]) {
                    for c in t.constraints.iter().filter(|c| self.may_be(&["conname"], &c.name)) {
                        each(Row { cells: constraint(k, c), perhaps: c.kind == ConstraintType::NotNull });
                    }
                    if t.open {
                        each(row(vec![("conrelid", Cell::Object(k.clone()))]));
                    }
                }
                if self.wanted(&["conrelid.relname", "conrelid"]).is_none() {
                    self.domain_constraints(each);
                }
            }
            "pg_trigger" => {
                for (k, t) in self.tables_with(&["tgrelid.relname"], &["tgrelid"], &["tgname"]) {
                    for (name, _) in t.triggers.iter().filter(|(n, _)| self.may_be(&["tgname"], n)) {
                        let table = Cell::Object(k.clone());
                        each(row(vec![
                            ("tgname", text(name)),
                            ("tgrelid", table),
                            ("tgisinternal", Cell::Flag(false)),
                        ]));
                    }
                }
            }
            "information_schema.triggers" => {
                for (k, t) in self.tables_with(&["event_object_table"], &[], &["trigger_name"]) {
                    for (name, _) in t.triggers.iter().filter(|(n, _)| self.may_be(&["trigger_name"], n)) {
                        each(row(vec![
                            ("trigger_name", text(name)),
                            ("trigger_schema", text(k.schema())),
                            ("event_object_table", text(k.name())),
                            ("event_object_schema", text(k.schema())),
                        ]));
                    }
                }
            }
            "pg_policy" => {
                for (k, t) in self.tables(&["polrelid.relname"], &["polrelid"]) {
                    for name in &t.policies {
                        each(row(vec![("polname", text(name)), ("polrelid", Cell::Object(k.clone()))]));
                    }
                }
            }
            "pg_policies" | "pg_rules" => {
                for (k, t) in self.tables(&["tablename"], &[]) {
                    let (names, column) =
                        if relation_name == "pg_rules" { (&t.rules, "rulename") } else { (&t.policies, "policyname") };
                    for name in names {
                        let place = [("schemaname", text(k.schema())), ("tablename", text(k.name()))];
                        each(row([(column, text(name))].into_iter().chain(place).collect()));
                    }
                }
            }
            "pg_rewrite" => {
                for (k, t) in self.tables(&["ev_class.relname"], &["ev_class"]) {
                    for name in &t.rules {
                        each(row(vec![("rulename", text(name)), ("ev_class", Cell::Object(k.clone()))]));
                    }
                }
            }
            "pg_inherits" => {
                for (k, t) in self.tables(&["inhrelid.relname"], &["inhrelid"]) {
                    for parent in &t.parents {
                        let child = Cell::Object(k.clone());
                        each(row(vec![("inhrelid", child), ("inhparent", Cell::Object(parent.clone()))]));
                    }
                }
            }
            "pg_type" => {
                for (k, o) in self.objects(&["typname"], &["oid"], Key::Type, |k| matches!(k, Key::Type(..))) {
                    if let Object::Type(t) = o {
                        each(row(type_row(k, &t.kind)));
                    }
                }
                for (k, _) in self.tables(&["typname"], &["oid"]) {
                    let mut cells =
                        vec![("typname", text(k.name())), ("typnamespace", schema(k)), ("typtype", text("c"))];
                    cells.push(("oid", Cell::Object(k.clone())));
                    each(row(cells));
                }
                for name in self.wanted(&["typname"]).unwrap_or_default() {
                    if types::builtin(name).is_some() && types::serial_type(name).is_none() {
                        let place = Cell::Object(Key::Schema("pg_catalog".to_owned()));
                        each(row(vec![("typname", text(name)), ("typnamespace", place)]));
                    } else if extension_brings(name, catalog) {
                        each(row(vec![("typname", text(name)), ("typtype", text("b"))]));
                    } else if name.starts_with('_') {
                        return false;
                    }
                }
            }
            "pg_enum" => {
                for (k, o) in
                    self.objects(&["enumtypid.typname"], &["enumtypid"], Key::Type, |k| matches!(k, Key::Type(..)))
                {
                    let Object::Type(t) = o else { continue };
                    let UserTypeKind::Enum(labels) = &t.kind else { continue };
                    for label in labels {
                        each(row(vec![("enumlabel", text(label)), ("enumtypid", Cell::Object(k.clone()))]));
                    }
                }
            }
            "pg_extension" => {
                for (k, o) in catalog.iter() {
                    if let Object::Extension { schema } = o {
                        let place = Cell::Object(Key::Schema(schema.clone()));
                        each(row(vec![("extname", text(k.name())), ("extnamespace", place)]));
                    }
                }
                // A new database has it; a person may have dropped it.
                each(Row { cells: vec![("extname", text("plpgsql"))], perhaps: true });
            }
            "pg_proc" | "information_schema.routines" => {
                let column = if relation_name == "pg_proc" { "proname" } else { "routine_name" };
                for (k, o) in self.objects(&[column], &[], Key::Function, |k| matches!(k, Key::Function(..))) {
                    let Object::Function(all) = o else { continue };
                    for f in all {
                        let (prokind, routine) = match f.kind {
                            ObjectKind::Procedure => ("p", text("PROCEDURE")),
                            ObjectKind::Aggregate => ("a", Cell::Null),
                            _ => ("f", text("FUNCTION")),
                        };
                        each(row(vec![
                            (column, text(k.name())),
                            ("pronamespace", schema(k)),
                            ("prokind", text(prokind)),
                            ("pronargs", Cell::Text(f.arguments.len().to_string())),
                            ("routine_schema", text(k.schema())),
                            ("routine_type", routine),
                        ]));
                    }
                }
                let names = self.wanted(&[column]);
                return names.is_some_and(|all| all.iter().all(|n| function_absent(n, catalog) == Some(false)));
            }
            "pg_publication" => self.others(ObjectKind::Publication, "pubname", each),
            "pg_event_trigger" => self.others(ObjectKind::EventTrigger, "evtname", each),
            "pg_statistic_ext" => self.others(ObjectKind::Statistics, "stxname", each),
            "information_schema.tables" => {
                for (k, t) in self.tables(&["table_name"], &[]) {
                    let kind = match t.kind {
                        TableKind::Table | TableKind::Partitioned => {
                            text(if t.temporary { "LOCAL TEMPORARY" } else { "BASE TABLE" })
                        }
                        TableKind::Foreign => text("FOREIGN"),
                        TableKind::View => text("VIEW"),
                        TableKind::MaterializedView => continue,
                    };
                    each(row(vec![
                        ("table_schema", text(k.schema())),
                        ("table_name", text(k.name())),
                        ("table_type", kind),
                    ]));
                }
                return !self.asks_for_system(&["table_name"]);
            }
            "information_schema.views" => {
                for (k, t) in self.tables(&["table_name"], &[]) {
                    if t.kind == TableKind::View {
                        each(row(vec![("table_schema", text(k.schema())), ("table_name", text(k.name()))]));
                    }
                }
                return !self.asks_for_system(&["table_name"]);
            }
            "information_schema.columns" => {
                for (k, t) in self.tables(&["table_name"], &[]) {
                    if t.kind == TableKind::MaterializedView {
                        continue;
                    }
                    for c in t.columns.iter().filter(|c| self.may_be(&["column_name"], &c.name)) {
                        each(row(column(k, c, catalog)));
                    }
                    if t.open {
                        each(row(vec![("table_schema", text(k.schema())), ("table_name", text(k.name()))]));
                    }
                }
                return !self.asks_for_system(&["table_name"]);
            }
            "information_schema.sequences" => {
                for (k, o) in self.relations(&["sequence_name"], &[]) {
                    if matches!(o, Object::Sequence { .. }) {
                        each(row(vec![("sequence_schema", text(k.schema())), ("sequence_name", text(k.name()))]));
                    }
                }
            }
            "information_schema.domains" => {
                for (k, o) in self.objects(&["domain_name"], &[], Key::Type, |k| matches!(k, Key::Type(..))) {
                    if matches!(o, Object::Type(t) if matches!(t.kind, UserTypeKind::Domain { .. })) {
                        each(row(vec![("domain_schema", text(k.schema())), ("domain_name", text(k.name()))]));
                    }
                }
            }
            "information_schema.table_constraints" => {
                for (k, t) in self.tables_with(&["table_name"], &[], &["constraint_name"]) {
                    for c in t.constraints.iter().filter(|c| self.may_be(&["constraint_name"], &c.name)) {
                        if let Some(kind) = constraint_type(&c.kind) {
                            each(Row {
                                cells: standard_constraint(k, c, kind),
                                perhaps: c.kind == ConstraintType::NotNull,
                            });
                        }
                    }
                    if t.columns.iter().any(|c| c.not_null) {
                        // Its name is made of numbers on servers before 18: nobody asks for it by name.
                        let place = [("table_schema", text(k.schema())), ("table_name", text(k.name()))];
                        let kind = [("constraint_type", text("CHECK")), ("constraint_name", Cell::Null)];
                        each(row(place.into_iter().chain(kind).collect()));
                    }
                    self.open_table(k, t, each);
                }
            }
            "information_schema.key_column_usage" => {
                for (k, t) in
                    self.tables_with(&["table_name", "table_constraints.table_name"], &[], &["constraint_name"])
                {
                    for c in t.constraints.iter().filter(|c| self.may_be(&["constraint_name"], &c.name)) {
                        let Some(kind @ ("PRIMARY KEY" | "UNIQUE" | "FOREIGN KEY")) = constraint_type(&c.kind) else {
                            continue;
                        };
                        for name in &c.columns {
                            let mut cells = standard_constraint(k, c, kind);
                            cells.push(("column_name", text(name)));
                            each(row(cells));
                        }
                    }
                    self.open_table(k, t, each);
                }
            }
            "information_schema.constraint_column_usage" | "information_schema.constraint_table_usage" => {
                for (k, t) in self.tables_with(&["table_constraints.table_name"], &[], &["constraint_name"]) {
                    for c in t.constraints.iter().filter(|c| self.may_be(&["constraint_name"], &c.name)) {
                        let Some(kind) = constraint_type(&c.kind) else { continue };
                        let (table, columns) = match &c.kind {
                            ConstraintType::ForeignKey { table, columns, .. } => (table, columns),
                            _ => (k, &c.columns),
                        };
                        for name in columns {
                            let mut cells = standard_constraint(k, c, kind);
                            cells.retain(|(n, _)| *n != "table_schema" && *n != "table_name");
                            cells.push(("table_schema", text(table.schema())));
                            cells.push(("table_name", text(table.name())));
                            cells.push(("column_name", text(name)));
                            each(Row { cells, perhaps: c.kind == ConstraintType::NotNull });
                        }
                    }
                    self.open_table(k, t, each);
                }
            }
            "information_schema.referential_constraints" => {
                for (k, t) in self.tables_with(&["table_constraints.table_name"], &[], &["constraint_name"]) {
                    for c in t.constraints.iter().filter(|c| self.may_be(&["constraint_name"], &c.name)) {
                        if let ConstraintType::ForeignKey { on_delete, on_update, .. } = &c.kind {
                            let mut cells = standard_constraint(k, c, "FOREIGN KEY");
                            cells.push(("delete_rule", text(action(*on_delete))));
                            cells.push(("update_rule", text(action(*on_update))));
                            each(row(cells));
                        }
                    }
                }
            }
            "information_schema.check_constraints" => {
                for (k, t) in self.tables_with(&[], &[], &["constraint_name"]) {
                    for c in t.constraints.iter().filter(|c| self.may_be(&["constraint_name"], &c.name)) {
                        if c.kind == ConstraintType::Check {
                            each(row(standard_constraint(k, c, "CHECK")));
                        }
                    }
                }
            }
            // Roles, settings, statistics, privileges …: not of the schema.
            _ => return false,
        }
        true
    }

    /// A table whose parts are not all known may have any constraint.
    fn open_table(&self, k: &Key, t: &Table, each: &mut dyn FnMut(Row)) {
        if t.open {
            each(row(vec![("table_schema", text(k.schema())), ("table_name", text(k.name()))]));
        }
    }

    /// Whether a name that is asked for may be the engine's own.
    fn asks_for_system(&self, names: &[&str]) -> bool {
        let system = |n: &String| n.starts_with("pg_");
        let schemas = ["schemaname", "table_schema", "relnamespace.nspname", "relnamespace"];
        self.wanted(names).is_some_and(|all| all.iter().any(system))
            || self.wanted(&schemas).is_some_and(|all| all.iter().any(|s| self.catalog.is_system(s)))
    }

    fn domain_constraints(&self, each: &mut dyn FnMut(Row)) {
        let first = Key::Type(String::new(), String::new());
        let types = self.catalog.objects.range(first..).take_while(|(k, _)| matches!(k, Key::Type(..)));
        for (k, o) in types {
            let Object::Type(t) = &**o else { continue };
            let UserTypeKind::Domain { constraints, .. } = &t.kind else { continue };
            for (name, _) in constraints.iter().filter(|(n, _)| self.may_be(&["conname"], n)) {
                each(row(vec![
                    ("conname", text(name)),
                    ("contype", text("c")),
                    ("conrelid", Cell::Null),
                    ("contypid", Cell::Object(k.clone())),
                    ("connamespace", schema(k)),
                ]));
            }
        }
    }

    fn others(&self, kind: ObjectKind, column: &'static str, each: &mut dyn FnMut(Row)) {
        for (k, _) in self.catalog.iter() {
            if matches!(k, Key::Other(found, ..) if *found == kind) {
                each(row(vec![(column, text(k.name()))]));
            }
        }
    }
}

fn relation(key: &Key, object: &Object) -> Vec<(&'static str, Cell)> {
    let kind = match object {
        Object::Table(t) => text(match t.kind {
            TableKind::Table => "r",
            TableKind::Partitioned => "p",
            TableKind::Foreign => "f",
            TableKind::View => "v",
            TableKind::MaterializedView => "m",
        }),
        // An index of a partitioned table is another kind.
        Object::Index(_) => text("i"),
        Object::Sequence { .. } => text("S"),
        _ => Cell::Unknown,
    };
    let temporary = matches!(object, Object::Table(t) if t.temporary);
    vec![
        ("relname", text(key.name())),
        ("relnamespace", schema(key)),
        ("relkind", kind),
        ("relpersistence", if temporary { text("t") } else { Cell::Unknown }),
        ("oid", Cell::Object(key.clone())),
    ]
}

fn type_row(key: &Key, kind: &UserTypeKind) -> Vec<(&'static str, Cell)> {
    let letter = match kind {
        UserTypeKind::Enum(_) => "e",
        UserTypeKind::Composite(_) => "c",
        UserTypeKind::Domain { .. } => "d",
        UserTypeKind::Range => "r",
        UserTypeKind::Base => "b",
    };
    vec![
        ("typname", text(key.name())),
        ("typnamespace", schema(key)),
        ("typtype", text(letter)),
        ("oid", Cell::Object(key.clone())),
    ]
}

fn attribute(table: &Key, c: &Column) -> Vec<(&'static str, Cell)> {
    vec![
        ("attrelid", Cell::Object(table.clone())),
        ("attname", text(&c.name)),
        ("attisdropped", Cell::Flag(false)),
        ("attnotnull", Cell::Flag(c.not_null)),
        ("atthasdef", Cell::Flag(c.default.is_some() || c.generated.is_some())),
        (
            "attidentity",
            text(match c.identity {
                None => "",
                Some(crate::change::Identity::Always) => "a",
                Some(crate::change::Identity::ByDefault) => "d",
            }),
        ),
        (
            "atttypid",
            if c.data_type.array {
                Cell::Unknown
            } else {
                c.data_type.user.clone().map_or(Cell::Unknown, Cell::Object)
            },
        ),
    ]
}

fn column(table: &Key, c: &Column, catalog: &Catalog) -> Vec<(&'static str, Cell)> {
    let yes = |b: bool| text(if b { "YES" } else { "NO" });
    let length = |t: &Type| match t.text.split_once('(') {
        Some((name, rest)) if name.starts_with("character") => text(rest.trim_end_matches([')', '[', ']'])),
        _ => Cell::Null,
    };
    vec![
        ("table_schema", text(table.schema())),
        ("table_name", text(table.name())),
        ("column_name", text(&c.name)),
        ("is_nullable", yes(!c.not_null)),
        ("is_identity", yes(c.identity.is_some())),
        ("is_generated", text(if c.generated.is_some() { "ALWAYS" } else { "NEVER" })),
        ("data_type", data_type(&c.data_type, catalog)),
        ("character_maximum_length", if c.data_type.unknown { Cell::Unknown } else { length(&c.data_type) }),
        (
            "udt_name",
            match &c.data_type.user {
                Some(key) if !c.data_type.array => text(key.name()),
                _ => Cell::Unknown,
            },
        ),
    ]
}

/// `information_schema.columns.data_type`: a domain is its base, what the user made is USER-DEFINED.
fn data_type(t: &Type, catalog: &Catalog) -> Cell {
    if t.unknown {
        return Cell::Unknown;
    }
    if t.array {
        return text("ARRAY");
    }
    match &t.user {
        None if types::builtin(&t.base).is_some() => text(&t.base),
        None => text("USER-DEFINED"),
        Some(key) => match catalog.get(key) {
            Some(Object::Type(u)) => match &u.kind {
                UserTypeKind::Domain { base, .. } if base.user.as_ref() != Some(key) => data_type(base, catalog),
                _ => text("USER-DEFINED"),
            },
            _ => text("USER-DEFINED"),
        },
    }
}

fn constraint(table: &Key, c: &Constraint) -> Vec<(&'static str, Cell)> {
    let (letter, referenced) = match &c.kind {
        ConstraintType::PrimaryKey => ("p", Cell::Null),
        ConstraintType::Unique => ("u", Cell::Null),
        ConstraintType::Check => ("c", Cell::Null),
        ConstraintType::Exclude => ("x", Cell::Null),
        ConstraintType::NotNull => ("n", Cell::Null),
        ConstraintType::ForeignKey { table, .. } => ("f", Cell::Object(table.clone())),
    };
    vec![
        ("conname", text(&c.name)),
        ("contype", text(letter)),
        ("conrelid", Cell::Object(table.clone())),
        ("confrelid", referenced),
        ("connamespace", schema(table)),
        ("convalidated", Cell::Flag(c.valid)),
        ("contypid", Cell::Null),
    ]
}

/// As the standard calls it; it knows no exclusion constraints.
fn constraint_type(kind: &ConstraintType) -> Option<&'static str> {
    Some(match kind {
        ConstraintType::PrimaryKey => "PRIMARY KEY",
        ConstraintType::Unique => "UNIQUE",
        ConstraintType::Check | ConstraintType::NotNull => "CHECK",
        ConstraintType::ForeignKey { .. } => "FOREIGN KEY",
        ConstraintType::Exclude => return None,
    })
}

/// The columns that the standard's views of constraints share, and those of `table_constraints` for a join with it.
fn standard_constraint(table: &Key, c: &Constraint, kind: &'static str) -> Vec<(&'static str, Cell)> {
    vec![
        ("constraint_name", text(&c.name)),
        ("constraint_schema", text(table.schema())),
        ("table_schema", text(table.schema())),
        ("table_name", text(table.name())),
        ("constraint_type", text(kind)),
        ("table_constraints.constraint_name", text(&c.name)),
        ("table_constraints.constraint_schema", text(table.schema())),
        ("table_constraints.table_schema", text(table.schema())),
        ("table_constraints.table_name", text(table.name())),
        ("table_constraints.constraint_type", text(kind)),
    ]
}

fn action(a: Action) -> &'static str {
    match a {
        Action::NoAction => "NO ACTION",
        Action::Restrict => "RESTRICT",
        Action::Cascade => "CASCADE",
        Action::SetNull => "SET NULL",
        Action::SetDefault => "SET DEFAULT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Outcome;
    use crate::change::{BlockStatement, Change};
    use crate::config::Backend;

    const SCHEMA: &str = r#"
        CREATE SCHEMA app;
        CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE DOMAIN email AS text CONSTRAINT email_at CHECK (VALUE LIKE '%@%');
        CREATE TABLE users (id bigserial PRIMARY KEY, name varchar(40) NOT NULL UNIQUE, feeling mood, mail email, tags text[]);
        CREATE TABLE app.posts (id int PRIMARY KEY, author bigint CONSTRAINT posts_author_fkey REFERENCES users (id) ON DELETE CASCADE,
            CONSTRAINT positive CHECK (id > 0));
        CREATE TABLE "Mixed" ("Id" int);
        CREATE INDEX users_mood_idx ON users (feeling);
        CREATE VIEW names AS SELECT name FROM users;
        CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM users;
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
        CREATE POLICY own ON users USING (true);
        CREATE EXTENSION citext;
        CREATE PUBLICATION changes;
    "#;

    fn fold(catalog: &mut Catalog, sql: &str) {
        let parsed = crate::syntax::parse(sql, crate::syntax::of(Backend::Postgres));
        assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
        for s in parsed.statements {
            let mut out = Outcome::default();
            catalog.apply(&s.change.unwrap(), None, &mut out);
            assert!(out.refusals.is_empty(), "{:?}", out.refusals);
        }
    }

    #[track_caller]
    fn check_in(catalog: &Catalog, sql: &str, expected: Option<bool>) {
        let file = format!("DO $$ BEGIN IF {sql} THEN NULL; END IF; END $$");
        let mut parsed = crate::syntax::parse(&file, crate::syntax::of(Backend::Postgres));
        assert!(parsed.errors.is_empty(), "{sql}\n{:?}", parsed.errors);
        let Some(Change::Do(block)) = parsed.statements.remove(0).change else { panic!("{sql}") };
        let Some(BlockStatement::If { branches, .. }) = block.body.last() else { panic!("{sql}") };
        assert_eq!(holds(&branches[0].0, catalog), expected, "{sql}\n{:?}", branches[0].0);
    }

    /// Each line is a condition and what PostgreSQL 15 and 18 answer on this schema.
    const ANSWERS: &[(&str, bool)] = &[
        ("EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood')", true),
        ("EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mod')", false),
        ("EXISTS (SELECT 1 FROM pg_type WHERE typname = 'int4')", true),
        ("EXISTS (SELECT 1 FROM pg_type WHERE typname = 'users')", true),
        ("EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood' AND typtype = 'e')", true),
        ("EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood' AND typtype = 'd')", false),
        (
            "EXISTS (SELECT 1 FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typname = 'mood' AND n.nspname = 'app')",
            false,
        ),
        ("EXISTS (SELECT 1 FROM pg_enum WHERE enumtypid = 'mood'::regtype AND enumlabel = 'ok')", true),
        (
            "EXISTS (SELECT 1 FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = 'mood' AND e.enumlabel = 'new')",
            false,
        ),
        ("EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'users_pkey')", true),
        (
            "EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'users_name_key' AND contype = 'u' AND conrelid = 'public.users'::regclass)",
            true,
        ),
        ("EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'users_name_key' AND contype = 'f')", false),
        (
            "EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = 'app.posts'::regclass AND confrelid = 'users'::regclass)",
            true,
        ),
        (
            "EXISTS (SELECT 1 FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid WHERE t.relname = 'posts' AND c.conname = 'positive')",
            true,
        ),
        (
            "EXISTS (SELECT 1 FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid WHERE t.relname = 'users' AND c.conname = 'positive')",
            false,
        ),
        ("EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'email_at')", true),
        ("EXISTS (SELECT 1 FROM pg_class WHERE relname = 'users_mood_idx' AND relkind = 'i')", true),
        ("EXISTS (SELECT 1 FROM pg_class WHERE relname = 'users_id_seq' AND relkind = 'S')", true),
        ("EXISTS (SELECT 1 FROM pg_class WHERE relname = 'posts' AND pg_table_is_visible(oid))", false),
        ("EXISTS (SELECT 1 FROM pg_class WHERE oid = 'users'::regclass AND relkind IN ('r', 'p'))", true),
        ("EXISTS (SELECT 1 FROM pg_class WHERE relname = 'mixed')", false),
        ("EXISTS (SELECT 1 FROM pg_class WHERE relname = 'Mixed')", true),
        ("EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'app' AND tablename = 'posts')", true),
        ("EXISTS (SELECT 1 FROM pg_tables WHERE tablename = 'names')", false),
        ("EXISTS (SELECT 1 FROM pg_views WHERE viewname = 'names')", true),
        ("EXISTS (SELECT 1 FROM pg_matviews WHERE matviewname = 'counted')", true),
        (
            "EXISTS (SELECT 1 FROM pg_indexes WHERE schemaname = current_schema() AND indexname = 'users_name_key')",
            true,
        ),
        ("EXISTS (SELECT 1 FROM pg_indexes WHERE tablename = 'users' AND indexname = 'nope')", false),
        (
            "EXISTS (SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = 'users_mood_idx' AND indisunique)",
            false,
        ),
        ("EXISTS (SELECT 1 FROM pg_sequences WHERE sequencename = 'users_id_seq')", true),
        (
            "EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'feeling' AND NOT attisdropped)",
            true,
        ),
        (
            "EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'name' AND attnotnull)",
            true,
        ),
        ("EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'feelings')", false),
        ("EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'users_touch' AND NOT tgisinternal)", true),
        ("EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'users_touch' AND tgrelid = 'app.posts'::regclass)", false),
        ("EXISTS (SELECT 1 FROM pg_policies WHERE policyname = 'own' AND tablename = 'users')", true),
        ("EXISTS (SELECT 1 FROM pg_policy WHERE polname = 'own' AND polrelid = 'users'::regclass)", true),
        ("EXISTS (SELECT 1 FROM pg_policies WHERE policyname = 'others')", false),
        ("EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'app')", true),
        ("EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'nope')", false),
        ("EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citext')", true),
        ("EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'hstore')", false),
        ("EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'touch')", true),
        ("EXISTS (SELECT 1 FROM pg_publication WHERE pubname = 'changes')", true),
        (
            "EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'users')",
            true,
        ),
        ("EXISTS (SELECT 1 FROM information_schema.tables WHERE table_name = 'counted')", false),
        (
            "EXISTS (SELECT 1 FROM information_schema.tables WHERE table_name = 'names' AND table_type = 'BASE TABLE')",
            false,
        ),
        ("EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'mail')", true),
        (
            "EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'email')",
            false,
        ),
        (
            "EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'name' AND is_nullable = 'YES')",
            false,
        ),
        (
            "(SELECT data_type FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'id') = 'bigint'",
            true,
        ),
        (
            "(SELECT data_type FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'name') = 'character varying'",
            true,
        ),
        (
            "(SELECT data_type FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'mail') = 'text'",
            true,
        ),
        (
            "(SELECT data_type FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'tags') <> 'ARRAY'",
            false,
        ),
        (
            "(SELECT data_type FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'feeling') = 'USER-DEFINED'",
            true,
        ),
        (
            "(SELECT character_maximum_length FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'name') = 40",
            true,
        ),
        (
            "EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'feeling' AND udt_name = 'mood')",
            true,
        ),
        (
            "EXISTS (SELECT 1 FROM information_schema.table_constraints WHERE constraint_name = 'posts_author_fkey' AND table_name = 'posts')",
            true,
        ),
        (
            "EXISTS (SELECT 1 FROM information_schema.table_constraints WHERE constraint_type = 'PRIMARY KEY' AND table_name = 'Mixed')",
            false,
        ),
        (
            "EXISTS (SELECT 1 FROM information_schema.table_constraints tc JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name) WHERE tc.table_name = 'posts' AND k.column_name = 'author' AND tc.constraint_type = 'FOREIGN KEY')",
            true,
        ),
        (
            "EXISTS (SELECT 1 FROM information_schema.constraint_column_usage WHERE table_name = 'users' AND constraint_name = 'posts_author_fkey')",
            true,
        ),
        (
            "EXISTS (SELECT 1 FROM information_schema.constraint_column_usage WHERE table_name = 'posts' AND constraint_name = 'posts_author_fkey')",
            false,
        ),
        (
            "EXISTS (SELECT 1 FROM information_schema.referential_constraints WHERE constraint_name = 'posts_author_fkey' AND delete_rule = 'CASCADE')",
            true,
        ),
        ("EXISTS (SELECT 1 FROM information_schema.check_constraints WHERE constraint_name = 'positive')", true),
        ("EXISTS (SELECT 1 FROM information_schema.sequences WHERE sequence_name = 'users_id_seq')", true),
        ("EXISTS (SELECT 1 FROM information_schema.schemata WHERE schema_name = 'app')", true),
        (
            "EXISTS (SELECT 1 FROM information_schema.routines WHERE routine_name = 'touch' AND routine_type = 'FUNCTION')",
            true,
        ),
        (
            "EXISTS (SELECT 1 FROM information_schema.triggers WHERE trigger_name = 'users_touch' AND event_object_table = 'users')",
            true,
        ),
        ("EXISTS (SELECT 1 FROM information_schema.views WHERE table_name = 'names')", true),
        ("EXISTS (SELECT 1 FROM information_schema.domains WHERE domain_name = 'email')", true),
        ("to_regclass('users') IS NOT NULL", true),
        ("to_regclass('posts') IS NOT NULL", false),
        ("to_regclass('app.posts') IS NULL", false),
        ("to_regclass('\"Mixed\"') IS NULL", false),
        ("to_regclass('Mixed') IS NULL", true),
        ("to_regtype('mood') IS NULL", false),
        ("to_regtype('character varying') IS NULL", false),
        ("to_regtype('nope') IS NULL", true),
        ("to_regnamespace('app') IS NULL", false),
        ("to_regproc('touch') IS NULL", false),
        ("(SELECT count(*) FROM pg_indexes WHERE tablename = 'Mixed') = 0", true),
    ];

    #[test]
    fn answers_as_the_server_does() {
        let mut catalog = Catalog::new(Backend::Postgres);
        fold(&mut catalog, SCHEMA);
        for (sql, expected) in ANSWERS {
            check_in(&catalog, sql, Some(*expected));
        }
    }

    #[test]
    fn what_is_not_kept_is_not_answered() {
        let mut catalog = Catalog::new(Backend::Postgres);
        fold(&mut catalog, SCHEMA);
        for sql in [
            "EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'app')",
            "EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'positive' AND pg_get_constraintdef(oid) LIKE '%0%')",
            "EXISTS (SELECT 1 FROM pg_class WHERE relname = 'users' AND relrowsecurity)",
            "EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'id' AND column_default = '0')",
            "EXISTS (SELECT 1 FROM pg_class WHERE relname = 'pg_stat_statements')",
            "EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'gen_random_uuid')",
            "EXISTS (SELECT 1 FROM pg_proc WHERE proname LIKE 't%')",
            "EXISTS (SELECT 1 FROM pg_settings WHERE name = 'x')",
            "to_regrole('app') IS NULL",
        ] {
            check_in(&catalog, sql, None);
        }
        // What is asked besides does not matter where nothing has the name.
        check_in(&catalog, "EXISTS (SELECT 1 FROM pg_class WHERE relname = 'nope' AND relrowsecurity)", Some(false));
        check_in(
            &catalog,
            "EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'nope' AND consrc LIKE '%x%')",
            Some(false),
        );
        check_in(
            &catalog,
            "EXISTS (SELECT 1 FROM pg_roles) AND EXISTS (SELECT 1 FROM pg_type WHERE typname = 'x')",
            Some(false),
        );
        check_in(
            &catalog,
            "EXISTS (SELECT 1 FROM pg_roles) OR EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood')",
            Some(true),
        );
        // Where anything may exist, what is not found may be there.
        catalog.open("a test");
        check_in(&catalog, "EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood')", Some(true));
        check_in(&catalog, "EXISTS (SELECT 1 FROM pg_type WHERE typname = 'nope')", None);
        check_in(&catalog, "to_regclass('nope') IS NULL", None);
    }
}
