//! Names inside expressions and queries.

use super::object::{Column, Type};
use super::{Catalog, Found, Key, Object, Outcome, Problem};
use crate::change::{Call, CreateView, Ident, Literal, Names, Output, Reads, Select, Source, SourceKind};

/// One thing that columns can come from.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// What qualifies its columns: the alias, or the table's own name.
    pub(crate) qualifier: Option<String>,
    /// Its columns; `None` where they are not all known.
    pub(crate) columns: Option<Vec<String>>,
}

impl Scope {
    /// The columns of a table, under its name or an alias.
    pub(crate) fn of_table(catalog: &Catalog, key: &Key, alias: Option<&Ident>) -> Self {
        let table = catalog.table(key);
        Self {
            qualifier: Some(alias.map_or_else(|| key.name().to_owned(), |a| a.value.clone())),
            columns: table.filter(|t| !t.open).map(|t| t.columns.iter().map(|c| c.name.clone()).collect()),
        }
    }

    /// Something whose columns are not known.
    pub(crate) fn unknown(qualifier: Option<&str>) -> Self {
        Self { qualifier: qualifier.map(str::to_owned), columns: None }
    }
}

impl Catalog {
    /// Resolves what an expression names.
    pub(crate) fn resolve_names(&mut self, names: &Names, scopes: &[Scope], out: &mut Outcome) {
        if !names.opaque {
            for path in &names.columns {
                self.resolve_column(path, scopes, out);
            }
        }
        for t in &names.types {
            self.resolve_type(t, out);
        }
        self.check_cast_labels(names, out);
        for call in &names.functions {
            self.resolve_call(call, out);
        }
        for query in &names.queries {
            self.resolve_reads(query, scopes, out);
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
                    // `(composite).field`, `schema.table.column`, `NEW.x`: more than two parts, or a column of a row type.
                    let row_column = scopes
                        .iter()
                        .any(|s| s.columns.as_ref().is_none_or(|cs| cs.iter().any(|c| self.same(c, &qualifier.value))));
                    if path.len() == 2 && !row_column {
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
    pub(crate) fn resolve_reads(&mut self, reads: &Reads, outer: &[Scope], out: &mut Outcome) {
        self.resolve_reads_with(reads, outer, None, out);
    }

    /// The same, where `own` names the relation that the query defines: it may read itself.
    pub(crate) fn resolve_reads_with(&mut self, reads: &Reads, outer: &[Scope], own: Option<&str>, out: &mut Outcome) {
        for select in &reads.selects {
            let mut scopes: Vec<Scope> = Vec::new();
            for source in &select.sources {
                let mut inner = scopes.clone();
                inner.extend_from_slice(outer);
                let scope = self.resolve_source(source, &inner, own, out);
                scopes.push(scope);
            }
            scopes.extend_from_slice(outer);
            if reads.opaque {
                scopes.push(Scope::unknown(None));
            }
            self.resolve_names(&select.names, &scopes, out);
            let loose = loose_names(select, self);
            self.resolve_names(&loose, &scopes, out);
        }
        for name in &reads.writes {
            self.expect_table(name, out);
        }
    }

    fn resolve_source(&mut self, source: &Source, outer: &[Scope], own: Option<&str>, out: &mut Outcome) -> Scope {
        let alias = source.alias.as_ref();
        let mut scope = match &source.kind {
            SourceKind::Table(name) => {
                if own.is_some_and(|o| self.same(o, &name.name.value)) {
                    Scope::unknown(Some(&name.name.value))
                } else {
                    match self.expect_table(name, out) {
                        Some(key) => Scope::of_table(self, &key, None),
                        None => Scope::unknown(Some(&name.name.value)),
                    }
                }
            }
            SourceKind::Query(reads) => {
                self.resolve_reads_with(reads, outer, own, out);
                let columns = self.output_names(reads);
                Scope { qualifier: None, columns }
            }
            SourceKind::Cte(name) => Scope::unknown(Some(name)),
            SourceKind::Unknown => Scope::unknown(None),
        };
        if let Some(alias) = alias {
            scope.qualifier = Some(alias.value.clone());
        }
        if !source.columns.is_empty() {
            scope.columns = match scope.columns {
                Some(mut columns) => {
                    for (slot, name) in columns.iter_mut().zip(&source.columns) {
                        slot.clone_from(&name.value);
                    }
                    Some(columns)
                }
                None => None,
            };
        }
        scope
    }

    /// The names of a query's output columns, where all of them are known.
    pub(crate) fn output_names(&self, reads: &Reads) -> Option<Vec<String>> {
        Some(self.output_columns(reads)?.into_iter().map(|c| c.name).collect())
    }

    /// The output columns of a query, where all of them are known; a type that is not is `unknown`.
    pub(crate) fn output_columns(&self, reads: &Reads) -> Option<Vec<Column>> {
        if reads.opaque {
            return None;
        }
        let mut columns = Vec::new();
        if let Some(values) = &reads.values
            && reads.outputs.is_empty()
        {
            let width = values.first()?.0;
            return Some((1..=width).map(|n| unknown_column(&format!("column{n}"))).collect());
        }
        let select = reads.selects.first();
        for output in &reads.outputs {
            match output {
                Output::Named(i) => columns.push(self.find_output(select, i)),
                Output::Unnamed => columns.push(unknown_column("?column?")),
                Output::Star(qualifier) => {
                    let select = select?;
                    for source in &select.sources {
                        let name = source_name(source);
                        let wanted = qualifier.as_ref().and_then(|q| q.last());
                        if wanted.is_some_and(|w| !name.is_some_and(|n| self.same(n, &w.value))) {
                            continue;
                        }
                        columns.extend(self.source_columns(source)?);
                    }
                }
            }
        }
        Some(columns)
    }

    fn source_columns(&self, source: &Source) -> Option<Vec<Column>> {
        let mut columns = match &source.kind {
            SourceKind::Table(name) => match self.find_relation(name) {
                Found::Yes(key) => self.table(&key).filter(|t| !t.open).map(|t| t.columns.clone())?,
                _ => return None,
            },
            SourceKind::Query(reads) => self.output_columns(reads)?,
            SourceKind::Cte(_) | SourceKind::Unknown => return None,
        };
        for (column, name) in columns.iter_mut().zip(&source.columns) {
            column.name.clone_from(&name.value);
        }
        Some(columns)
    }

    fn find_output(&self, select: Option<&Select>, name: &Ident) -> Column {
        let sources = select.map(|s| s.sources.as_slice()).unwrap_or_default();
        let same = |c: &&Column| self.same(&c.name, &name.value);
        let found = sources.iter().find_map(|s| {
            let columns = self.source_columns(s)?;
            columns.iter().find(same).cloned()
        });
        match found {
            // An alias may hide another column: the name is sure, the type is where the text names a column.
            Some(c) => Column { name: name.value.clone(), ..c },
            None => unknown_column(&name.value),
        }
    }

    /// A view's columns: those written, or those of its query.
    pub(crate) fn view_columns(&self, view: &CreateView) -> Option<Vec<Column>> {
        let mut columns = match self.output_columns(&view.query) {
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
            for path in select.names.columns.iter().chain(&select.loose.columns) {
                let (named, column) = match path.as_slice() {
                    [column] => (None, column),
                    [.., q, column] => (Some(q.value.as_str()), column),
                    [] => continue,
                };
                let sure = match named {
                    Some(q) => Some(q) == qualifier,
                    None => select.sources.len() == 1,
                };
                if sure && wanted.columns.iter().any(|c| c.name == column.value) {
                    columns.push(column.value.clone());
                }
            }
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

fn source_name(source: &Source) -> Option<&str> {
    source.alias.as_ref().map(|a| a.value.as_str()).or(match &source.kind {
        SourceKind::Table(n) => Some(n.name.value.as_str()),
        SourceKind::Cte(n) => Some(n.as_str()),
        _ => None,
    })
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
