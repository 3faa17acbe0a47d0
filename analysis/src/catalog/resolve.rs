//! Names inside expressions and queries.

use std::sync::Arc;

use super::infer::{Resolved, Types};
use super::object::{Column, Type, UserTypeKind};
use super::operators::{Inferred, Ty};
use super::system::System;
use super::{Catalog, Found, Key, Object, Outcome, Problem, Refusal};
use crate::change::{Call, CreateView, Ident, Join, Literal, Name, Names, Output, Reads, Select, Source, SourceKind};

/// One thing that columns can come from.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// What qualifies its columns: the alias, or the table's own name.
    pub(crate) qualifier: Option<String>,
    /// Its columns; `None` where they are not all known.
    pub(crate) columns: Option<Vec<String>>,
    /// How many queries are around the one that it belongs to.
    pub(super) depth: usize,
    /// Its columns are the arguments of a function in SQL: `argument.field` is one of theirs.
    arguments: bool,
    origin: Origin,
}

/// Where the types of a scope's columns are found, in the order of their names.
#[derive(Clone, Debug)]
enum Origin {
    Table(Key),
    Columns(Arc<[Column]>),
    Unknown,
}

impl Scope {
    /// The columns of a table, under its name or an alias.
    pub(crate) fn of_table(catalog: &Catalog, key: &Key, alias: Option<&Ident>) -> Self {
        let table = catalog.table(key);
        Self {
            qualifier: Some(alias.map_or_else(|| key.name().to_owned(), |a| a.value.clone())),
            columns: table.filter(|t| !t.open).map(|t| t.columns.iter().map(|c| c.name.clone()).collect()),
            depth: 0,
            arguments: false,
            origin: Origin::Table(key.clone()),
        }
    }

    /// Columns that are known one by one.
    pub(crate) fn of_columns(qualifier: Option<&str>, columns: Option<Vec<Column>>) -> Self {
        Self::of_shared(qualifier, columns.map(Arc::from))
    }

    fn of_shared(qualifier: Option<&str>, columns: Option<Arc<[Column]>>) -> Self {
        Self {
            qualifier: qualifier.map(str::to_owned),
            columns: columns.as_ref().map(|all| all.iter().map(|c| c.name.clone()).collect()),
            depth: 0,
            arguments: false,
            origin: columns.map_or(Origin::Unknown, Origin::Columns),
        }
    }

    /// The arguments of a function in SQL.
    pub(super) fn of_arguments(function: &str, arguments: Vec<Column>) -> Self {
        Self { arguments: true, ..Self::of_columns(Some(function), Some(arguments)) }
    }

    /// The table that its columns are of.
    pub(super) fn table(&self) -> Option<&Key> {
        match &self.origin {
            Origin::Table(key) => Some(key),
            _ => None,
        }
    }

    /// The same under another name.
    pub(crate) fn called(self, name: &str) -> Self {
        Self { qualifier: Some(name.to_owned()), ..self }
    }

    /// Something whose columns are not known.
    pub(crate) fn unknown(qualifier: Option<&str>) -> Self {
        Self::of_columns(qualifier, None)
    }

    /// The type of one of its columns, by its place.
    pub(crate) fn type_at<'c>(&'c self, catalog: &'c Catalog, at: usize) -> Option<&'c Type> {
        match &self.origin {
            Origin::Table(key) => catalog.table(key)?.columns.get(at).map(|c| &c.data_type),
            Origin::Columns(columns) => columns.get(at).map(|c| &c.data_type),
            Origin::Unknown => None,
        }
    }

    /// Its columns with their types, under the names they have here.
    fn typed(&self, catalog: &Catalog) -> Option<Vec<(String, Inferred)>> {
        let names = self.columns.as_ref()?.iter().enumerate();
        let typed = names.map(|(at, name)| {
            let t = self.type_at(catalog, at).and_then(Ty::of);
            (name.clone(), t.map_or(Inferred::Unknown, Inferred::Known))
        });
        Some(typed.collect())
    }
}

impl Catalog {
    /// Resolves what an expression names. Answers the types of its parts.
    pub(crate) fn resolve_names(&mut self, names: &Names, scopes: &[Scope], out: &mut Outcome) -> Types {
        if !names.opaque {
            for path in &names.columns {
                self.resolve_column(path, scopes, out);
            }
        }
        for t in &names.types {
            self.resolve_type(t, out);
        }
        for collation in &names.collations {
            self.expect_collation(collation, out);
        }
        for call in &names.functions {
            self.resolve_call(call, out);
        }
        for query in &names.queries {
            self.resolve_reads(query, scopes, out);
        }
        self.resolve_parameters(names, out);
        let mut found = Vec::new();
        let types = self.infer(names, scopes, Some(&mut found));
        self.report_all(found, out);
        types
    }

    /// The schema of a collation. A collation itself may be one of the machine's.
    pub(super) fn expect_collation(&mut self, name: &Name, out: &mut Outcome) {
        if let Some(schema) = &name.schema
            && !self.schema_known(&self.folded(&schema.value))
        {
            self.report_schema(schema, out);
        }
    }

    pub(super) fn report_all(&mut self, found: Vec<Refusal>, out: &mut Outcome) {
        for Refusal { problem, span, help } in found {
            self.report(problem, span, help, out);
        }
    }

    fn resolve_column(&mut self, path: &[Ident], scopes: &[Scope], out: &mut Outcome) {
        let doubted = || path.iter().any(|p| self.may_be_anything(&p.value));
        if self.is_open() || path.iter().any(|p| self.is_blurred(&p.value)) || doubted() {
            return;
        }
        match path {
            [column] => {
                let found = scopes.iter().any(|s| {
                    s.columns.as_ref().is_none_or(|cs| cs.iter().any(|c| self.same(c, &column.value)))
                        || s.qualifier.as_ref().is_some_and(|q| self.same(q, &column.value))
                        || s.qualifier
                            .as_ref()
                            .is_some_and(|q| self.is_poisoned(&format!("column {q}.{}", column.value)))
                });
                if found || self.engine.system_columns.contains(&column.value.to_lowercase().as_str()) {
                    return;
                }
                let known = scopes.iter().flat_map(|s| s.columns.iter().flatten()).map(String::as_str);
                let help = out.suggestion(&column.value, known);
                self.report(Problem::UndefinedColumnIn { column: column.value.clone() }, column.span, help, out);
            }
            [.., qualifier, column] => {
                let entry =
                    scopes.iter().find(|s| s.qualifier.as_ref().is_some_and(|q| self.same(q, &qualifier.value)));
                let Some(entry) = entry else {
                    // `schema.table.column`, `NEW.x`: more than two parts, or a field of an argument.
                    let known = |s: &Scope| match &s.columns {
                        None => true,
                        Some(columns) => {
                            let at = columns.iter().position(|c| self.same(c, &qualifier.value));
                            at.is_some_and(|at| s.arguments && self.may_have_field(s.type_at(self, at), &column.value))
                        }
                    };
                    if path.len() == 2 && !scopes.iter().any(known) {
                        let names = scopes.iter().filter_map(|s| s.qualifier.as_deref());
                        let help = out.suggestion(&qualifier.value, names);
                        let problem = Problem::MissingFromEntry(qualifier.value.clone());
                        self.report(problem, qualifier.span, help, out);
                    }
                    return;
                };
                let Some(columns) = &entry.columns else { return };
                let known = columns.iter().any(|c| self.same(c, &column.value))
                    || self.engine.system_columns.contains(&column.value.to_lowercase().as_str())
                    || self.is_poisoned(&format!("column {}.{}", qualifier.value, column.value))
                    || self.is_function(&column.value);
                if !known {
                    let help = out.suggestion(&column.value, columns.iter().map(String::as_str));
                    let column = Problem::UndefinedColumnIn { column: format!("{}.{}", qualifier.value, column.value) };
                    let span = path[path.len() - 2].span.to(path[path.len() - 1].span);
                    self.report(column, span, help, out);
                }
            }
            [] => {}
        }
    }

    /// Whether a value of a type may have a field of this name.
    fn may_have_field(&self, of: Option<&Type>, field: &str) -> bool {
        let Some(key) = of.and_then(|t| t.user.as_ref()) else { return of.is_none_or(|t| t.unknown) };
        match self.get(key) {
            Some(Object::Table(table)) => table.open || self.has_column(table, field) || self.is_function(field),
            Some(Object::Type(t)) => match &t.kind {
                UserTypeKind::Composite(fields) => fields.iter().any(|(n, _)| n == field) || self.is_function(field),
                _ => true,
            },
            _ => true,
        }
    }

    /// A function is there, and so is the sequence or relation that it is given as a literal.
    fn resolve_call(&mut self, call: &Call, out: &mut Outcome) {
        self.check_function(call, out);
        let name = call.name.name.value.as_str();
        if matches!(name, "nextval" | "currval" | "setval" | "pg_get_serial_sequence")
            && let Some(Some(Literal::Text(text))) = call.literals.first()
            && !self.engine.ignores_case
        {
            let relation = super::functions::name_in_text(text, call.name.name.span);
            if name == "pg_get_serial_sequence" || self.is_open() {
                return;
            }
            if self.find_relation(&relation) == Found::No {
                self.report_relation(&relation, out);
            }
        }
    }

    /// Resolves a query inside `outer` scopes.
    pub(crate) fn resolve_reads(&mut self, reads: &Reads, outer: &[Scope], out: &mut Outcome) -> Resolved {
        let resolved = self.resolve_reads_with(reads, outer, None, out);
        self.check_arms(reads, &resolved, out);
        resolved
    }

    /// The same, where `own` names the relation that the query defines: it may read itself.
    pub(crate) fn resolve_reads_with(
        &mut self,
        reads: &Reads,
        outer: &[Scope],
        own: Option<&str>,
        out: &mut Outcome,
    ) -> Resolved {
        let mut resolved = Resolved::default();
        for (at, select) in reads.selects.iter().enumerate() {
            let mut scopes: Vec<Scope> = Vec::new();
            for source in &select.sources {
                // Only a query looks around: LATERAL reads what stands before it.
                let inner: Vec<Scope> = match source.kind {
                    SourceKind::Query(_) => scopes.iter().chain(outer).cloned().collect(),
                    _ => Vec::new(),
                };
                let columns = self.resolve_source(source, &inner, own, out);
                scopes.push(Scope { depth: depth_within(outer), ..self.source_scope(source, columns, own) });
            }
            self.check_scope(select, &scopes, out);
            scopes.extend_from_slice(outer);
            if reads.opaque {
                scopes.push(Scope::unknown(None));
            }
            let types = self.resolve_names(&select.names, &scopes, out);
            self.check_grouping(select, &scopes, &types, out);
            let loose = loose_names(select, self);
            self.resolve_names(&loose, &scopes, out);
            resolved.arms.push(self.arm(reads, at, &scopes, types));
        }
        for name in &reads.writes {
            self.expect_table(name, out);
        }
        resolved
    }

    /// Each source has a name of its own, and a bare column belongs to one of them.
    fn check_scope(&mut self, select: &Select, scopes: &[Scope], out: &mut Outcome) {
        if self.engine.ignores_case || self.is_open() || scopes.len() < 2 {
            return;
        }
        for (i, (source, scope)) in select.sources.iter().zip(scopes).enumerate() {
            let Some(name) = scope.qualifier.as_ref() else { continue };
            let same = |(other, s): &(&Source, &Scope)| {
                let bare = source.alias.is_none() && other.alias.is_none();
                s.qualifier.as_ref() == Some(name)
                    && (!bare || written(source).map(Name::text) == written(other).map(Name::text))
            };
            // What a function is called is not followed.
            let named = |s: &Source| matches!(s.kind, SourceKind::Table(_) | SourceKind::Query(_));
            let before = select.sources[..i].iter().zip(scopes).find(same);
            if let Some((before, _)) = before
                && named(source)
                && named(before)
            {
                let span = source.alias.as_ref().map(|a| a.span).or_else(|| written(source).map(|n| n.span()));
                let problem = Problem::Other {
                    rule: "duplicate-table",
                    sqlstate: Some("42712"),
                    message: format!("table name \"{name}\" specified more than once"),
                };
                let help = Some("give one of them an alias of its own".to_owned());
                self.report(problem, span.unwrap_or_default(), help, out);
                return;
            }
        }
        for (i, path) in select.names.columns.iter().enumerate() {
            let ([column], false) = (path.as_slice(), select.in_from.contains(&i)) else { continue };
            let has = |s: &Scope| s.columns.as_ref().is_some_and(|cs| cs.contains(&column.value));
            let merged = |join: &Join| match join {
                Join::Start | Join::Beside => false,
                Join::Using(names) => names.iter().any(|n| n.value == column.value),
                Join::Natural => true,
            };
            let found = select.sources.iter().zip(scopes).filter(|(s, scope)| has(scope) && !merged(&s.join)).count();
            if found > 1 {
                let problem = Problem::Other {
                    rule: "undefined-column",
                    sqlstate: Some("42702"),
                    message: format!("column reference \"{}\" is ambiguous", column.value),
                };
                let help = Some("write the table's name or alias before it".to_owned());
                self.report(problem, column.span, help, out);
            }
        }
    }

    /// Resolves a source of a FROM. Answers a query's columns.
    fn resolve_source(
        &mut self,
        source: &Source,
        outer: &[Scope],
        own: Option<&str>,
        out: &mut Outcome,
    ) -> Option<Vec<Column>> {
        match &source.kind {
            SourceKind::Table(name) if !own.is_some_and(|o| self.same(o, &name.name.value)) => {
                self.expect_table(name, out);
                None
            }
            SourceKind::Query(reads) if reads.elsewhere => self.output_columns(reads, outer, own),
            SourceKind::Query(reads) => {
                let resolved = self.resolve_reads_with(reads, outer, own, out);
                self.check_arms(reads, &resolved, out);
                self.answered(reads, &resolved)
            }
            _ => None,
        }
    }

    /// What a source of a FROM shows; `columns` are those of a query.
    fn source_scope(&self, source: &Source, columns: Option<Vec<Column>>, own: Option<&str>) -> Scope {
        let mut scope = match &source.kind {
            SourceKind::Table(name) => match self.find_relation(name) {
                Found::Yes(key) if !own.is_some_and(|o| self.same(o, &name.name.value)) => {
                    Scope::of_table(self, &key, None)
                }
                _ => match self.system_relation(name) {
                    System::Relation(columns) => Scope::of_shared(Some(&name.name.value), Some(columns)),
                    _ => Scope::unknown(Some(&name.name.value)),
                },
            },
            SourceKind::Query(_) => Scope::of_columns(None, columns),
            SourceKind::Cte(name) => Scope::unknown(Some(name)),
            SourceKind::Unknown => Scope::unknown(None),
        };
        if let Some(alias) = &source.alias {
            scope.qualifier = Some(alias.value.clone());
        }
        if let Some(columns) = &mut scope.columns {
            for (slot, name) in columns.iter_mut().zip(&source.columns) {
                slot.clone_from(&name.value);
            }
        }
        scope
    }

    /// What the sources of a FROM show, and then what is around it.
    pub(super) fn select_scopes(&self, select: &Select, outer: &[Scope], own: Option<&str>) -> Vec<Scope> {
        let mut scopes = outer.to_vec();
        for (at, source) in select.sources.iter().enumerate() {
            // Those before it come first, as LATERAL sees them.
            let columns = match &source.kind {
                SourceKind::Query(reads) => self.output_columns(reads, &scopes, own),
                _ => None,
            };
            let scope = self.source_scope(source, columns, own);
            scopes.insert(at, Scope { depth: depth_within(outer), ..scope });
        }
        scopes
    }

    /// The columns that a `*` stands for: those that USING and NATURAL merge come once, and first.
    pub(super) fn expand_star(
        &self,
        select: &Select,
        scopes: &[Scope],
        qualifier: Option<&[Ident]>,
        into: &mut Vec<(String, Inferred)>,
    ) -> Option<()> {
        let wanted = qualifier.and_then(<[Ident]>::last);
        let mut tree: Vec<(String, Inferred)> = Vec::new();
        for (source, scope) in select.sources.iter().zip(scopes) {
            if into.len() + tree.len() > WIDEST {
                return None;
            }
            if let Some(wanted) = wanted {
                if scope.qualifier.as_ref().is_some_and(|n| self.same(n, &wanted.value)) {
                    into.extend(scope.typed(self)?);
                }
                continue;
            }
            let mut columns = scope.typed(self)?;
            let merged: Vec<String> = match &source.join {
                Join::Start => {
                    into.append(&mut tree);
                    Vec::new()
                }
                Join::Beside => Vec::new(),
                Join::Using(names) => names.iter().map(|n| n.value.clone()).collect(),
                Join::Natural => {
                    let both = tree.iter().filter(|(n, _)| columns.iter().any(|(c, _)| self.same(c, n)));
                    both.map(|(n, _)| n.clone()).collect()
                }
            };
            if !merged.is_empty() {
                let mut first = Vec::with_capacity(tree.len() + columns.len());
                for name in &merged {
                    let at = tree.iter().position(|(n, _)| self.same(n, name))?;
                    let (name, mine) = tree.remove(at);
                    let at = columns.iter().position(|(n, _)| self.same(n, &name))?;
                    let (_, theirs) = columns.remove(at);
                    // The type that both sides take together.
                    let common = self.common_type(&[&mine, &theirs]).ok().flatten();
                    first.push((name, common.map_or(Inferred::Unknown, Inferred::Known)));
                }
                first.append(&mut tree);
                tree = first;
            }
            tree.append(&mut columns);
        }
        into.append(&mut tree);
        Some(())
    }

    /// The parts of a set operation, and the rows of VALUES, have types that go together.
    pub(super) fn check_arms(&mut self, reads: &Reads, resolved: &Resolved, out: &mut Outcome) {
        let found = self.unmatched_arms(reads, resolved);
        self.report_all(found, out);
    }

    /// A view's columns: those written, or those of its query.
    pub(crate) fn view_columns(&self, view: &CreateView, answered: Option<Vec<Column>>) -> Option<Vec<Column>> {
        let mut columns = match answered {
            Some(c) => c,
            None if !view.columns.is_empty() => {
                return Some(view.columns.iter().map(|i| unknown_column(&i.value)).collect());
            }
            None => return None,
        };
        for (column, name) in columns.iter_mut().zip(&view.columns) {
            column.name.clone_from(&name.value);
        }
        for c in &mut columns {
            c.not_null = false;
            c.default = None;
            c.generated = None;
            c.identity = None;
            c.local = true;
        }
        Some(columns)
    }

    /// The relations that a query reads, at any depth.
    pub(crate) fn view_sources(&self, reads: &Reads) -> Vec<Key> {
        let mut keys = Vec::new();
        self.collect_sources(reads, &mut keys);
        keys
    }

    fn collect_sources(&self, reads: &Reads, keys: &mut Vec<Key>) {
        for select in &reads.selects {
            for source in &select.sources {
                match &source.kind {
                    SourceKind::Table(name) => {
                        if let Found::Yes(key) = self.find_relation(name) {
                            keys.push(key);
                        }
                    }
                    SourceKind::Query(inner) => self.collect_sources(inner, keys),
                    SourceKind::Cte(_) | SourceKind::Unknown => {}
                }
            }
            for inner in select.names.queries.iter().chain(&select.loose.queries) {
                self.collect_sources(inner, keys);
            }
        }
    }

    /// The columns of one table that a query surely reads: named with its name, or named alone where no other source
    /// of the same FROM has them.
    pub(crate) fn columns_read(&self, reads: &Reads, table: &Key) -> Vec<String> {
        let mut columns = Vec::new();
        let Some(wanted) = self.table(table) else { return columns };
        for select in &reads.selects {
            let mine = |s: &&Source| matches!(&s.kind, SourceKind::Table(n) if matches!(self.find_relation(n), Found::Yes(k) if k == *table));
            let Some(source) = select.sources.iter().find(mine) else { continue };
            let qualifier = source_name(source);
            let outputs = reads.outputs.iter().filter_map(|o| match o {
                Output::Star(q) => Some(q),
                _ => None,
            });
            for star in outputs {
                let named = star.as_ref().and_then(|q| q.last()).map(|q| q.value.as_str());
                if named.is_none() || named == qualifier {
                    columns.extend(wanted.columns.iter().map(|c| c.name.clone()));
                }
            }
            columns.extend(columns_named(select, source, wanted).map(str::to_owned));
        }
        columns.sort();
        columns.dedup();
        columns
    }

    /// Whether a name is that of a function of the user's: `t.f` may mean `f(t)`.
    fn is_function(&self, name: &str) -> bool {
        self.iter().any(|(k, o)| matches!((k, o), (Key::Function(_, n), Object::Function(_)) if n == name))
    }
}

/// The columns of a table that a SELECT surely names: with its name, or alone where no other source has them.
pub(super) fn columns_named<'t>(
    select: &Select,
    source: &Source,
    table: &'t super::Table,
) -> impl Iterator<Item = &'t str> {
    let qualifier = source_name(source);
    let named =
        select.names.columns.iter().chain(&select.loose.columns).filter_map(move |path| match path.as_slice() {
            [column] => (select.sources.len() == 1).then_some(column),
            [.., q, column] => (Some(q.value.as_str()) == qualifier).then_some(column),
            [] => None,
        });
    named.filter_map(|column| table.columns.iter().find(|c| c.name == column.value)).map(|c| c.name.as_str())
}

fn source_name(source: &Source) -> Option<&str> {
    source.alias.as_ref().map(|a| a.value.as_str()).or(match &source.kind {
        SourceKind::Table(n) => Some(n.name.value.as_str()),
        SourceKind::Cte(n) => Some(n.as_str()),
        _ => None,
    })
}

/// The depth of a query inside these.
fn depth_within(outer: &[Scope]) -> usize {
    outer.iter().map(|s| s.depth + 1).max().unwrap_or(0)
}

/// No query has more columns (PostgreSQL's `MaxTupleAttributeNumber`; SQLite has 2,000): what a wider one has is not
/// worked out, for a few views that each double the one before would fill any memory.
const WIDEST: usize = 2000;

/// The table that a source names.
fn written(source: &Source) -> Option<&Name> {
    match &source.kind {
        SourceKind::Table(name) => Some(name),
        _ => None,
    }
}

fn unknown_column(name: &str) -> Column {
    Column::plain(name, Type::unknown("unknown"))
}

/// The names of ORDER BY and GROUP BY that are no output columns.
fn loose_names(select: &Select, catalog: &Catalog) -> Names {
    let mut names = select.loose.clone();
    names.columns.retain(|path| match path.as_slice() {
        [one] => !select.aliases.iter().any(|a| catalog.same(a, &one.value)),
        _ => true,
    });
    names
}
