//! The relations that the engine brings along: the system catalogs and the information schema.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::object::{Column, Type};
use super::operators::Ty;
use super::{Catalog, Found, Outcome, Problem, builtins, types};
use crate::change::Name;

/// What a name is among the engine's own relations.
pub(super) enum System {
    /// One that some version has, with the columns that any version has.
    Relation(Arc<[Column]>),
    /// None has it.
    Missing(Option<String>),
    /// It may be anything.
    Perhaps,
}

impl Catalog {
    /// Looks up a name that is not among what the migrations made, and that may be the engine's own.
    pub(super) fn system_relation(&self, name: &Name) -> System {
        if !self.engine.checks_types || !matches!(self.find_relation(name), Found::Perhaps) {
            return System::Perhaps;
        }
        let word = name.name.value.as_str();
        let schema = name.schema.as_ref().map_or("pg_catalog", |s| s.value.as_str());
        if !matches!(schema, "pg_catalog" | "information_schema") {
            return System::Perhaps;
        }
        let columns = columns(schema, word);
        if !columns.is_empty() {
            return System::Relation(columns);
        }
        let certain =
            !self.is_open() && !self.is_blurred(word) && (name.schema.is_some() || !self.may_be_anything(word));
        if !certain {
            return System::Perhaps;
        }
        // The standard says what the information schema has. Of `pg_…` extensions and other servers have more: there a
        // slip in a name that is known is one.
        let near = builtins::misspelt_relation(schema, word);
        match (schema, near) {
            ("information_schema", near) => System::Missing(near.map(|n| format!("did you mean \"{n}\"?"))),
            (_, Some(near)) => System::Missing(Some(format!("did you mean \"{near}\"?"))),
            (_, None) => System::Perhaps,
        }
    }

    /// Reports a relation of the engine's that no version has.
    pub(super) fn expect_system_relation(&mut self, name: &Name, out: &mut Outcome) {
        if let System::Missing(help) = self.system_relation(name) {
            self.report(Problem::UndefinedRelation(name.text()), name.span(), help, out);
        }
    }
}

/// The columns of one of the engine's relations. Guards ask the same few of them over and over.
fn columns(schema: &str, name: &str) -> Arc<[Column]> {
    static READ: Mutex<BTreeMap<String, Arc<[Column]>>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let full = format!("{schema}.{name}");
    if let Some(known) = read.get(&full) {
        return Arc::clone(known);
    }
    let columns = builtins::relation_columns(schema, name).into_iter();
    let columns: Arc<[Column]> = columns.map(|(name, t)| Column::plain(name, data_type(t))).collect();
    if !columns.is_empty() {
        read.insert(full, Arc::clone(&columns));
    }
    columns
}

/// A column's type, where versions agree on it and it is a plain one: the information schema has domains of its own.
fn data_type(text: Option<&'static str>) -> Type {
    let plain = text.filter(|t| {
        let builtin = types::builtin(t.strip_suffix("[]").unwrap_or(t));
        !t.contains('.') && builtin.is_some_and(|b| b.category != 'P')
    });
    plain.map_or_else(|| Type::unknown("unknown"), |t| Ty::named(t).to_type())
}
