//! What needs what: the edges that DROP, and ALTER … TYPE, look at.

use super::object::{Part, Type};
use super::{Catalog, Found, Key, Object, builtins, types};
use crate::change::{Call, Literal, Name, Names, Reads};

impl Catalog {
    /// A column needs its type: one of the user's, or one that an extension brought.
    pub(super) fn link_column(&mut self, table: &Key, column: &str, data_type: &Type) {
        self.link_type(table, &Part::Column(column.to_owned()), data_type);
    }

    pub(super) fn link_type(&mut self, from: &Key, part: &Part, data_type: &Type) {
        if let Some(target) = self.type_needed(data_type) {
            self.link(target, from.clone(), part.clone());
        }
    }

    fn type_needed(&self, data_type: &Type) -> Option<Key> {
        match &data_type.user {
            Some(user) => Some(user.clone()),
            None if data_type.unknown || types::builtin(&data_type.base).is_some() => None,
            None => self.extension_with(|e| e.has_type(&data_type.base)),
        }
    }

    fn extension_with(&self, has: impl Fn(&builtins::Extension) -> bool) -> Option<Key> {
        self.installed_extensions().find(|e| has(e)).map(|e| Key::Extension(e.name.to_owned()))
    }

    /// What an expression names is needed by what it stands in.
    pub(super) fn link_names(&mut self, from: &Key, part: &Part, names: &Names) {
        let mut needed = Vec::new();
        self.needed_by_names(names, &mut needed);
        for target in needed {
            self.link(target, from.clone(), part.clone());
        }
    }

    /// What a query reads is needed by what it stands in.
    pub(super) fn link_query(&mut self, from: &Key, part: &Part, query: &Reads) {
        let mut needed = Vec::new();
        self.needed_by_query(query, &mut needed);
        for target in needed {
            self.link(target, from.clone(), part.clone());
        }
    }

    /// A view needs what its query reads, and nothing else. Told again, mostly it is the same.
    pub(super) fn link_view(&mut self, view: &Key, query: &Reads) {
        let mut needed = Vec::new();
        self.needed_by_query(query, &mut needed);
        needed.retain(|target| target != view);
        needed.sort();
        needed.dedup();
        let edges = self.needs_of(view);
        let before = edges.iter().filter(|e| e.part == Part::Whole).map(|e| &e.target);
        if before.eq(&needed) {
            return;
        }
        self.unlink_part(view, &Part::Whole);
        for target in needed {
            self.link(target, view.clone(), Part::Whole);
        }
    }

    /// The functions, types and sequences that an expression names. A function that has overloads is left out: which of
    /// them is meant is not known here.
    fn needed_by_names(&self, names: &Names, needed: &mut Vec<Key>) {
        for call in &names.functions {
            needed.extend(self.called(call));
            needed.extend(self.sequence_named(call));
        }
        for t in &names.types {
            needed.extend(self.lookup_type(t).and_then(|found| self.type_needed(&found)));
        }
        for query in &names.queries {
            self.needed_by_query(query, needed);
        }
    }

    /// Everything that a query reads.
    fn needed_by_query(&self, query: &Reads, needed: &mut Vec<Key>) {
        for source in self.view_sources(query) {
            needed.extend(self.columns_read(query, &source).iter().map(|column| column_key(&source, column)));
            needed.push(source);
        }
        self.needed_by_calls(query, needed);
    }

    /// The functions and types in a query, at any depth.
    fn needed_by_calls(&self, query: &Reads, needed: &mut Vec<Key>) {
        for select in &query.selects {
            for source in &select.sources {
                if let crate::change::SourceKind::Query(inner) = &source.kind {
                    self.needed_by_calls(inner, needed);
                }
            }
            for names in [&select.names, &select.loose] {
                self.needed_by_names(names, needed);
            }
        }
    }

    /// The columns of a table that an expression names.
    pub(super) fn link_columns(&mut self, from: &Key, part: &Part, table: &Key, names: &Names) {
        let Some(t) = self.table(table) else { return };
        let mut columns: Vec<&String> = names.columns.iter().filter_map(|p| p.last()).map(|i| &i.value).collect();
        columns.retain(|n| t.columns.iter().any(|c| c.name == **n));
        let columns: Vec<String> = columns.into_iter().cloned().collect();
        for c in columns {
            self.link(column_key(table, &c), from.clone(), part.clone());
        }
    }

    fn called(&self, call: &Call) -> Option<Key> {
        if let Found::Yes(key) = self.find(&call.name, Key::Function) {
            let alone = matches!(self.get(&key), Some(Object::Function(all)) if all.len() == 1);
            return (alone && !builtins::function(&call.name.name.value, call.arguments)).then_some(key);
        }
        let name = call.name.name.value.as_str();
        if builtins::function(name, None) {
            return None;
        }
        self.extension_with(|e| e.has_function(name, call.arguments))
    }

    /// `nextval('seq')`: the literal names a sequence for good.
    fn sequence_named(&self, call: &Call) -> Option<Key> {
        if call.name.name.value != "nextval" {
            return None;
        }
        let Some(Some(Literal::Text(text))) = call.literals.first() else { return None };
        let name: Name = super::functions::name_in_text(text, call.name.name.span);
        match self.find_relation(&name) {
            Found::Yes(key) => Some(key),
            _ => None,
        }
    }
}

/// The key under which what reads one column is kept.
pub(crate) fn column_key(table: &Key, column: &str) -> Key {
    Key::Other(crate::change::ObjectKind::Column, format!("{}.{}", table.schema(), table.name()), column.to_owned())
}
